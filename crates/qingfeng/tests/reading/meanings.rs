//! Values as spreadsheets, databases, keyboards and other countries write them: the same in every format, in messages and in
//! the lookup tables of a pack; and files that are not what they seem.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, ListArray, RecordBatch, StringArray, StructArray,
    TimestampMillisecondArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field as ArrowField, Fields};
use qingfeng::read::{Encoding, Input, ReadOptions};
use qingfeng::rules::PackFiles;
use qingfeng::rules::countries::Numbers;
use qingfeng::{By, Engine};

use super::{files, read, read_bytes, read_inputs};

/// A pack with a lookup table by one field.
fn pack(field: &str, schema: &str) -> String {
    format!(
        "[pack]\nname = \"test\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n{schema}\n[[channels]]\nname = \"green\"\nfrom = 0\n\
         [[channels]]\nname = \"red\"\nfrom = 50\n[lookups.known]\nfile = \"known.csv\"\nkey = [\"{field}\"]\n"
    )
}

fn open(field: &str, schema: &str, keys: &[&str]) -> Result<Engine, String> {
    let mut table = format!("{field}\n");
    for key in keys {
        let _ = writeln!(table, "\"{}\"", key.replace('"', "\"\""));
    }
    let modes = "[all]\ntitle = \"all\"\nmembers = [\"0110\", \"1039\"]";
    let rules = "rule(\"KNOWN\", #{ title: \"t\", score: 60, when: |d| d.listed(\"known\") });\n\
                 rule(\"ALL\", #{ title: \"t\", mode: [\"all\"], score: 1 });";
    let mut files = PackFiles::default();
    files.insert("pack.toml", pack(field, schema).into_bytes());
    files.insert("reference/modes.toml", modes.into());
    files.insert("rules.rhai", rules.into());
    let engine = Engine::builder().pack(files).file("known.csv", table).build();
    engine.map_err(|error| error.to_string())
}

/// The line that has a value in one field, as text of JSON.
fn message(field: &str, raw: &str) -> String {
    let mut line = serde_json::json!({ "declaration_id": "D1", "destination": "KE", "mode": "0110", "hs": "8711209000" });
    line[field] = raw.into();
    line.to_string()
}

/// What a value of a field is read as in each format and by `assess`; `None` if it is unreadable.
#[track_caller]
fn is_read(field: &str, schema: &str, raw: &str, clean: Option<&str>) {
    let what = format!("{field} {raw:?}");
    let engine = open(field, schema, &[clean.unwrap_or("8711209000")]).unwrap();
    let json = message(field, raw);
    let mut line: std::collections::BTreeMap<String, String> = serde_json::from_str(&json).unwrap();
    line.retain(|_, value| !value.is_empty());
    let names: Vec<&String> = line.keys().collect();
    let header = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(",");
    let cells = line
        .values()
        .map(|value| format!("\"{}\"", value.replace('"', "\"\"")))
        .collect::<Vec<_>>()
        .join(",");
    let columns = line
        .iter()
        .map(|(name, value)| (name.as_str(), Arc::new(StringArray::from(vec![value.as_str()])) as ArrayRef));
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let inputs = [
        Input::bytes("d.csv", format!("{header}\n{cells}\n")),
        Input::bytes("d.ndjson", format!("{json}\n")),
        Input::batches("rows", [batch]),
    ];
    for input in inputs {
        let format = input.to_string();
        let mut rows = engine.score(input).by(By::Item).into_iter();
        let batch = rows.next().unwrap().unwrap().rows;
        let fired = crate::text(&fired_of(&batch), 0);
        let listed = fired.contains("KNOWN");
        assert_eq!(listed, clean.is_some(), "{what} in {format}: {fired}");
    }
    let assessment = engine.assess_json(json.as_bytes());
    match clean {
        Some(_) => {
            let assessment = assessment.unwrap();
            assert!(assessment.items[0].fired.iter().any(|rule| rule.rule == "KNOWN"), "{what} by assess");
            // A key that is written so finds the clean value, too.
            let engine = open(field, schema, &[raw]).unwrap_or_else(|error| panic!("{what}: {error}"));
            let clean = message(field, clean.unwrap_or_default());
            let assessment = engine.assess_json(clean.as_bytes()).unwrap();
            assert!(assessment.items[0].fired.iter().any(|rule| rule.rule == "KNOWN"), "{what} as a key");
            assert!(
                engine.pack().warnings.items.iter().any(|warning| warning.code.id() == "QF1405"),
                "{what}: check tells of the key"
            );
        }
        None => {
            if let Ok(assessment) = assessment {
                assert!(!assessment.items[0].unreadable.is_empty(), "{what} by assess");
                assert!(!assessment.items[0].undecided.is_empty(), "{what}: the rule is undecided");
            }
            let error = open(field, schema, &[raw]).err();
            assert!(
                error.is_some_and(|error| error.contains("known.csv")),
                "{what}: a key that is unreadable"
            );
        }
    }
}

fn fired_of(batch: &RecordBatch) -> ArrayRef {
    let lists = batch.column_by_name("rules").unwrap();
    let text = format!("{:?}", lists.slice(0, 1));
    Arc::new(StringArray::from(vec![text]))
}

#[test]
fn codes_mean_the_same_in_every_format_and_table() {
    for (field, raw, clean) in [
        ("exporter", "'E0009", "E0009"),
        ("exporter", "=\"E0009\"", "E0009"),
        ("exporter", "\"E0009\"", "E0009"),
        ("exporter", "E0009\u{200B}", "E0009"),
        ("exporter", "\u{202D}E0009\u{202C}", "E0009"),
        ("exporter", "E00\u{AD}09", "E0009"),
        ("exporter", "Ｅ０００９", "E0009"),
        ("exporter", "4403160001.0", "4403160001"),
        ("exporter", "4403160001.0000000000", "4403160001"),
        ("exporter", "某公司(E000997)", "E000997"),
        ("port", "蛇口海关", "5304"),
        ("transport", "水路运输", "2"),
        ("currency", "人民币", "CNY"),
        ("unit", "千克", "KG"),
        ("hs", "901210000", "0901210000"),
        ("hs", "８７１１２０９０００", "8711209000"),
        ("hs", "8711209000.0", "8711209000"),
        ("hs", "摩托车(8711209000)", "8711209000"),
        ("hs", "'8711209000", "8711209000"),
        ("destination", "肯尼亚(KEN)", "KE"),
        ("destination", "KE-Kenya", "KE"),
        ("destination", "Kenya", "KE"),
        ("destination", "ＫＥＮ", "KE"),
        ("destination", "24", "AO"),
        ("destination", "024", "AO"),
        ("mode", "110", "0110"),
        ("mode", "一般贸易(0110)", "0110"),
        ("mode", "0110-一般贸易", "0110"),
        ("mode", "1039.0", "1039"),
        ("mode", "０１１０", "0110"),
    ] {
        is_read(field, "", raw, Some(clean));
    }
    for (field, raw) in [
        ("exporter", "5.3002E+17"),
        ("exporter", "ACME TRADING (E000997)"),
        ("exporter", "#REF!"),
        ("hs", "8.71121E+09"),
        ("hs", "87112090001"),
        ("hs", "871120900"),
        ("hs", "871120.00"),
        ("hs", "99901"),
        ("destination", "404"),
        ("destination", "肯尼亚(404)"),
        ("destination", "肯尼亚(UG)"),
        ("mode", "一般贸易(0999)"),
        ("mode", "1.1E+2"),
    ] {
        is_read(field, "", raw, None);
    }
}

#[test]
fn countries_have_the_numbers_of_the_list_that_is_named() {
    for (schema, raw, clean) in [
        ("country_numbers = \"gac\"", "116", "JP"),
        ("country_numbers = \"gac\"", "404", "BS"),
        ("country_numbers = \"gac\"", "肯尼亚(224)", "KE"),
        ("country_numbers = \"gac\"", "502.0", "US"),
        ("country_numbers = \"gac\"", "３４４", "RU"),
        ("country_numbers = \"iso\"", "404", "KE"),
        ("country_numbers = \"iso\"", "404.0", "KE"),
        ("country_numbers = \"iso\"", "36", "AU"),
    ] {
        is_read("destination", schema, raw, Some(clean));
    }
    let numbers = |country_numbers| ReadOptions { country_numbers, ..ReadOptions::default() };
    let table = "declaration_id,destination,mode,hs\nD1,116,0110,8711209000\n";
    let by = |list| read_bytes("d.csv", table.as_bytes(), numbers(list)).values("destination");
    assert_eq!(by(Some(Numbers::Gac)), ["JP"]);
    assert_eq!(by(Some(Numbers::Iso)), ["KH"]);
    assert_eq!(by(None), [""]);
}

/// A day is in a table by the day on which a rule with a first day fires.
#[test]
fn days_and_moments_mean_the_same_in_every_format() {
    let zone = Some("+08:00".parse().unwrap());
    let days = |zone| ReadOptions { zone, ..ReadOptions::default() };
    let header = "declaration_id,destination,mode,hs,declared_on";
    let line = |day: &str| format!("{header}\nD1,KE,0110,8711209000,{day}\n");
    let json = |day: &str| message("declared_on", day) + "\n";
    for (raw, without, with) in [
        ("2016/9/6", "2016-09-06", "2016-09-06"),
        ("2016年9月6日", "2016-09-06", "2016-09-06"),
        ("20160906102311", "2016-09-06", "2016-09-06"),
        ("2016-9-6 14:05", "2016-09-06", "2016-09-06"),
        ("2016-09-06Z", "2016-09-06", "2016-09-06"),
        ("2016-09-05T16:00:00Z", "", "2016-09-06"),
        ("2016-09-05 16:00:00+00", "", "2016-09-06"),
        ("2016-09-06T00:00:00+08:00", "2016-09-06", "2016-09-06"),
        ("2016-09-06T00:00:00+09:00", "2016-09-06", "2016-09-05"),
        ("0000-00-00", "", ""),
        ("9999-12-31", "", ""),
        ("6/9/2016", "", ""),
    ] {
        for (zone, day) in [(None, without), (zone, with)] {
            assert_eq!(
                read_bytes("d.csv", line(raw).as_bytes(), days(zone)).values("declared_on"),
                [day],
                "{raw}"
            );
            assert_eq!(
                read_bytes("d.ndjson", json(raw).as_bytes(), days(zone)).values("declared_on"),
                [day],
                "{raw}"
            );
        }
    }
    let midnight_in_china = 1_473_091_200_000;
    let stamps = |zone: Option<&str>| {
        let stamps = TimestampMillisecondArray::from(vec![midnight_in_china]);
        let stamps = match zone {
            Some(zone) => stamps.with_timezone(zone),
            None => stamps,
        };
        let texts = |text: &str| Arc::new(StringArray::from(vec![text.to_owned()])) as ArrayRef;
        let columns = [
            ("declaration_id", texts("D1")),
            ("destination", texts("KE")),
            ("mode", texts("0110")),
            ("hs", texts("8711209000")),
            ("declared_on", Arc::new(stamps) as ArrayRef),
        ];
        Input::batches("rows", [RecordBatch::try_from_iter(columns).unwrap()])
    };
    for (of_column, without, with) in [
        (Some("UTC"), "", "2016-09-06"),
        (Some("+00:00"), "", "2016-09-06"),
        (Some("+08:00"), "2016-09-06", "2016-09-06"),
        (Some("Asia/Shanghai"), "2016-09-06", "2016-09-06"),
        (Some("PRC"), "2016-09-06", "2016-09-06"),
        (None, "2016-09-05", "2016-09-05"),
    ] {
        for (zone, day) in [(None, without), (zone, with)] {
            let outcome = read_inputs(vec![stamps(of_column)], days(zone));
            assert_eq!(outcome.values("declared_on"), [day], "{of_column:?}: {:?}", outcome.problems());
        }
    }
    let berlin = || vec![stamps(Some("Europe/Berlin"))];
    assert!(read_inputs(berlin(), days(None)).error().contains("name the zone that days are of"));
    assert_eq!(read_inputs(berlin(), days(zone)).values("declared_on"), ["2016-09-06"]);
    let last = Date32Array::from(vec![2_932_896]);
    let columns = [
        ("declaration_id", Arc::new(StringArray::from(vec!["D1"])) as ArrayRef),
        ("destination", Arc::new(StringArray::from(vec!["KE"]))),
        ("mode", Arc::new(StringArray::from(vec!["0110"]))),
        ("hs", Arc::new(StringArray::from(vec!["8711209000"]))),
        ("declared_on", Arc::new(last)),
    ];
    let rows = Input::batches("rows", [RecordBatch::try_from_iter(columns).unwrap()]);
    assert_eq!(read_inputs(vec![rows], days(None)).values("declared_on"), [""]);
}

#[test]
fn floats_and_decimals_are_no_ids_that_have_lost_digits() {
    let rows = |ids: ArrayRef| {
        let rows = ids.len();
        let texts = |text: &str| Arc::new(StringArray::from(vec![text.to_owned(); rows])) as ArrayRef;
        let columns = [
            ("declaration_id", ids),
            ("destination", texts("KE")),
            ("mode", texts("0110")),
            ("hs", texts("8711209000")),
        ];
        read_inputs(
            vec![Input::batches("rows", [RecordBatch::try_from_iter(columns).unwrap()])],
            ReadOptions::default(),
        )
    };
    let floats = rows(Arc::new(Float64Array::from(vec![530_020_160_000_001_234.0, 530_020_160_000_001.0])));
    assert_eq!(floats.values("declaration_id"), ["rows, row 1", "530020160000001"]);
    assert!(floats.problems()[0].contains("floating-point"), "{:?}", floats.problems());
    let decimals = Decimal128Array::from(vec![530_020_160_000_001_234_i128 * 10_000_000_000]);
    let decimals = rows(Arc::new(decimals.with_precision_and_scale(38, 10).unwrap()));
    assert_eq!(decimals.values("declaration_id"), ["530020160000001234"]);
}

#[test]
fn an_id_is_one_whatever_is_pasted_into_it() {
    let table = "declaration_id,destination,mode,hs\nD9,KE,0110,8711209000\nD9\u{200B},KE,0110,8711209000\n\"=\"\"D9\"\"\",KE,0110,8711209000\n";
    assert_eq!(read("d.csv", table).declarations, [3]);
}

#[test]
fn fields_of_a_declaration_that_contradict_each_other_are_unreadable() {
    let table = "declaration_id,destination,mode,hs,exporter\nD1,KE,0110,8711209000,E1\nD1,NG,0110,8711209000,E1\nD1,NG,0110,8711209000,\nD2,KE,0110,8711209000,E1\n";
    for batch_lines in [1, 2, 8192] {
        let options = ReadOptions { batch_lines, ..ReadOptions::default() };
        let outcome = read_bytes("d.csv", table.as_bytes(), options);
        assert_eq!(outcome.values("destination"), ["", "", "", "KE"]);
        assert_eq!(outcome.values("exporter"), ["E1", "E1", "", "E1"]);
        let [problem] = &outcome.problems()[..] else { panic!("{:?}", outcome.problems()) };
        assert!(
            problem.starts_with("line 3: [destination]") && problem.contains("has another `destination`"),
            "{problem}"
        );
    }
    let engine = open("destination", "", &["KE"]).unwrap();
    let items = r#"{"declaration_id":"D1","mode":"0110","items":[{"hs":"8711209000","destination":"KE"},{"hs":"8711209000","destination":"NG"}]}"#;
    let assessment = engine.assess_json(items.as_bytes()).unwrap();
    assert!(assessment.items.iter().all(|item| item.unreadable.len() == 1 && item.undecided.len() == 1));
}

#[test]
fn what_was_done_to_cells_is_counted() {
    let engine = open("exporter", "", &["E1"]).unwrap();
    let table = "declaration_id,destination,mode,hs,exporter,brand\nD1,36,110,901210000,'E1,NULL\nD1,36,110,901210000,'E1,NULL\nD2,KE,0110,8711209000,E2,DELI\n";
    let run = || {
        let mut rows = |_: &RecordBatch| Ok(());
        engine.score(Input::bytes("d.csv", table)).run(qingfeng::Outputs {
            assessments: &mut rows,
            rejects: &mut |_| Ok(()),
            progress: &mut |_| {},
        })
    };
    let summary = run().unwrap();
    let told: Vec<String> = summary
        .changed
        .iter()
        .flat_map(|(field, changes)| {
            changes.iter().map(move |(change, of)| format!("{field} {change:?} {} {}", of.cells, of.example))
        })
        .collect();
    assert_eq!(
        told,
        [
            "brand Null 2 `NULL` is missing",
            "destination NumberIso 2 `36` is read as `AU`",
            "exporter Quotes 2 `'E1` is read as `E1`",
            "hs Zeros 2 `901210000` is read as `0901210000`",
            "mode Zeros 2 `110` is read as `0110`",
        ]
    );
    let assessment = engine.assess_json(message("exporter", "'E1").as_bytes()).unwrap();
    assert_eq!(assessment.notes.changed.len(), 1);
}

#[test]
fn lines_above_the_header_are_told() {
    let header = "declaration_id;destination;mode;hs";
    let line = "D1;KE;0110;8711209000";
    for first in ["sep=;", "\u{FEFF}sep=;", "SEP=;"] {
        assert_eq!(
            read("d.csv", &format!("{first}\n{header}\n{line}\n")).values("hs"),
            ["8711209000"],
            "{first:?}"
        );
    }
    for above in ["Export declarations;;;\n", "出口报关单明细\n导出时间 2016-09-30\n", "a;b;c;d\n1;2;3;4\n\n"]
    {
        let error = read("d.csv", &format!("{above}{header}\n{line}\n")).error();
        let at = above.lines().count() + 1;
        assert!(error.contains(&format!("has its header in line {at}")), "{error}");
    }
    for separator in ['|', '^', '~'] {
        let table = format!("{header}\n{line}\n").replace(';', &separator.to_string());
        let error = read("d.csv", &table).error();
        assert!(error.contains(&format!("separated by `{separator}`")), "{error}");
    }
    assert!(read("d.csv", &format!("sep=|\n{header}\n{line}\n")).error().contains("names a separator"));
}

#[test]
fn files_put_one_after_the_other_show_a_second_header() {
    let table = "declaration_id,destination,mode,hs\nD1,KE,0110,8711209000\n";
    for second in [table.to_owned(), format!("\u{FEFF}{table}"), table.replace("D1", "D2")] {
        let outcome = read("d.csv", &format!("{table}{second}"));
        assert_eq!(outcome.problems().len(), 1, "{:?}", outcome.problems());
        assert!(
            outcome.problems()[0].contains("line 3: is the header once more"),
            "{:?}",
            outcome.problems()
        );
    }
}

#[test]
fn a_file_is_given_once() {
    let table = b"declaration_id,destination,mode,hs\nD1,KE,0110,8711209000\n";
    let (directory, paths) = files(&[
        ("a.csv", table),
        ("copy.csv", table),
        ("b.csv", b"declaration_id,destination,mode,hs\nD2,KE,0110,8711209000\n"),
    ]);
    let inputs = |names: &[&str]| names.iter().map(|name| Input::Path(directory.path().join(name))).collect();
    assert_eq!(read_inputs(inputs(&["a.csv", "b.csv"]), ReadOptions::default()).error(), "");
    let twice = read_inputs(inputs(&["a.csv", "b.csv", "./a.csv"]), ReadOptions::default()).error();
    assert!(twice.contains("is the same file as"), "{twice}");
    let copy = read_inputs(inputs(&["a.csv", "copy.csv"]), ReadOptions::default()).error();
    assert!(copy.contains("has the same content as"), "{copy}");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&paths[0], directory.path().join("link.csv")).unwrap();
        let link = read_inputs(inputs(&["a.csv", "link.csv"]), ReadOptions::default()).error();
        assert!(link.contains("is the same file as"), "{link}");
    }
}

#[test]
fn a_wrong_encoding_is_noticed() {
    let table =
        |goods: &str| format!("declaration_id,destination,mode,hs,goods\nD1,KE,0110,8711209000,{goods}\n");
    let gb18030 = || ReadOptions { encoding: Encoding::Gb18030, ..ReadOptions::default() };
    for goods in ["高仿手表", "sac Hermès", "皮具", "手袋 bag"] {
        for name in ["d.csv", "d.ndjson"] {
            let text = if name == "d.csv" { table(goods) } else { message("goods", goods) + "\n" };
            let error = read_bytes(name, text.as_bytes(), gb18030()).error();
            assert!(error.contains("is UTF-8 with letters beyond ASCII"), "{goods} {error}");
        }
    }
    let marked = format!("\u{FEFF}{}", table("watch"));
    assert!(
        read_bytes("d.csv", marked.as_bytes(), gb18030()).error().contains("begins with the mark of UTF-8")
    );
    // 目 and 联通 in GBK, the first of which is a letter of UTF-8 by chance.
    for goods in [&b"\xC4\xBF"[..], b"\xC1\xAA\xCD\xA8 watch", b"\xB8\xDF\xB7\xC2"] {
        let bytes = [table("X").as_bytes().strip_suffix(b"X\n").unwrap(), goods, b"\n"].concat();
        let outcome = read_bytes("d.csv", &bytes, gb18030());
        assert_eq!((outcome.error(), outcome.problems().len()), (String::new(), 0), "{goods:?}");
    }
    for (goods, told) in
        [(&b"sac Herm\xE8s cuir"[..], "Latin-1 or Windows-1252"), (b"\xB8\xDF\xB7\xC2", "--encoding gb18030")]
    {
        let bytes = [table("X").as_bytes().strip_suffix(b"X\n").unwrap(), goods, b"\n"].concat();
        let problems = read_bytes("d.csv", &bytes, ReadOptions::default()).problems();
        let (first, second) = (problems[0].find(told), problems[0].rfind("if it is"));
        assert!(first < second && first.is_some() && problems[0].contains("byte 0x"), "{problems:?}");
    }
}

#[test]
fn goods_lines_within_a_column_are_told() {
    let item = Fields::from(vec![ArrowField::new("hs", DataType::Utf8, true)]);
    let items = StructArray::new(
        item.clone(),
        vec![Arc::new(StringArray::from(vec!["8711209000", "8711209000"]))],
        None,
    );
    let list = |items: StructArray| {
        let field = Arc::new(ArrowField::new("item", DataType::Struct(item.clone()), true));
        ListArray::new(field, OffsetBuffer::new(vec![0, 2].into()), Arc::new(items), None)
    };
    let texts = |text: &str| Arc::new(StringArray::from(vec![text.to_owned()])) as ArrayRef;
    let columns = [
        ("declaration_id", texts("D1")),
        ("destination", texts("KE")),
        ("mode", texts("0110")),
        ("items", Arc::new(list(items)) as ArrayRef),
    ];
    let rows = Input::batches("rows", [RecordBatch::try_from_iter(columns).unwrap()]);
    let error = read_inputs(vec![rows], ReadOptions::default()).error();
    assert!(error.contains("`items` is a list of structures") && error.contains("unnest"), "{error}");
}
