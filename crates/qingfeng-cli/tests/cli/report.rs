//! `qingfeng report`: a page that shows what its JSON has, and nothing else.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as they do")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{Desk, is_harmful};

/// Six declarations on two sites; D1 and D2 selected by rules, D3 drawn, D4 drawn and open, D5 and D6 not selected.
const ASSESSMENTS: &str = "\
declaration_id,score,channel,rules,shadow_rules,pack,declared_on,sites,trader,trader_class,group,mode,destination,line_groups,packages,value
D1,95,red,BLACK;PRICE,,harbour@3#ab,2016-03-01,shanghai,E1,known,motorcycles,0110,KE,motorcycles,13,2500
D2,35,blue,PRICE,TRIAL,harbour@3#ab,2016-03-01,shanghai,E9,known,motorcycles,0110,FJ,motorcycles,10,5000
D3,0,green,,,harbour@3#ab,2016-03-02,shanghai;khorgos,E2,known,other,4019,KZ,other,5,300
D4,2,green,BORDER,,harbour@3#ab,2016-03-02,khorgos,E9,known,batteries,4019,KZ,batteries,5,4000
D5,0,green,,,harbour@3#ab,2016-03-02,shanghai,,unnamed,other,9999,QQ,other,5,
D6,0,green,,,harbour@3#ab,2016-04-02,,E3,known,other,,,other,5,10
";

const PLAN: &str = "\
day,office,order,declaration_id,selected,why,probability,score,channel,worth,cost,stratum,drawn,population,pack,capacity,capacity_in
2016-03-01,shanghai,1,D1,mandatory,,1,95,red,300000,1,all,0,1,harbour@3#ab,3,inspections
2016-03-01,shanghai,2,D2,targeted,,1,35,blue,50000,1,all,0,1,harbour@3#ab,3,inspections
2016-03-02,khorgos,1,D3,random,,0.5,0,green,5000,15,all,2,4,harbour@3#ab,40,points
2016-03-02,khorgos,2,D4,random,,0.5,2,green,5000,15,all,2,4,harbour@3#ab,40,points
";

const OUTCOMES: &str = "\
declaration_id,item_no,found_on,result,pieces,value,fine,case_number,major_case,disposal
D1,1,2016-03-01,counterfeit,1000,2000,12000.5,A-1,true,destroyed
D1,2,2016-03-01,safety,234,100,800,A-1,false,returned
D2,1,2016-03-01,clear,,,,,,
D3,1,2016-03-03,inferior,5,50,0,,,
D4,1,2016-03-03,open,,,,,,
D99,1,2016-03-03,fake,1,1,1,,,
";

const ARGS: &str =
    "report assessments.csv --rules harbour --plan plan.csv --outcomes outcomes.csv --as-of 2016-03-31";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("assessments.csv", ASSESSMENTS);
    desk.write("plan.csv", PLAN);
    desk.write("outcomes.csv", OUTCOMES);
    desk
}

/// A figure of a page: where its JSON is, how it is written, and what is shown.
#[derive(Debug)]
struct Shown {
    path: String,
    kind: String,
    text: String,
}

/// The value of an attribute of a tag.
fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag[start..].split('"').next()
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

fn figures(page: &str) -> Vec<Shown> {
    page.split('<')
        .filter_map(|piece| {
            let (tag, text) = piece.split_once('>')?;
            let path = attribute(tag, "data-f")?.to_owned();
            Some(Shown { path, kind: attribute(tag, "data-as").unwrap().to_owned(), text: unescaped(text) })
        })
        .collect()
}

fn at<'v>(root: &'v Value, path: &str) -> &'v Value {
    let pointer: String =
        path.split(['.', '[']).map(|part| format!("/{}", part.trim_end_matches(']'))).collect();
    root.pointer(&pointer).unwrap_or(&Value::Null)
}

/// A number with its thousands apart, written here apart from the command.
fn thousands(number: f64) -> String {
    let digits = format!("{:.0}", number.round().abs());
    let mut parts: Vec<&str> =
        digits.as_bytes().rchunks(3).map(|part| std::str::from_utf8(part).unwrap()).collect();
    parts.reverse();
    format!("{}{}", if number.round() < 0.0 { "\u{2212}" } else { "" }, parts.join("\u{202f}"))
}

/// A number with decimals, the thousands of its whole part apart.
fn grouped(text: &str) -> String {
    let (whole, rest) = text.split_once('.').unwrap();
    let (sign, digits) = whole.strip_prefix('\u{2212}').map_or(("", whole), |digits| ("\u{2212}", digits));
    format!("{sign}{}.{rest}", thousands(digits.parse().unwrap()))
}

/// A sum as Chinese pages have it.
fn ten_thousands(number: f64) -> String {
    match number.abs() {
        size if size < 9_999.5 => thousands(number),
        size if size < 99_995_000.0 => grouped(&format!("{:.1}", number / 1e4)) + " 万",
        _ => grouped(&format!("{:.2}", number / 1e8)) + " 亿",
    }
}

fn written(value: &Value, kind: &str) -> String {
    let sign = |text: String| match text.strip_prefix('-') {
        Some(rest) if rest.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) => format!("\u{2212}{rest}"),
        Some(rest) => rest.to_owned(),
        None => text,
    };
    match (value, kind) {
        (Value::Null, _) => "–".to_owned(),
        (Value::String(text), "text") => text.clone(),
        (value, "text") => value.to_string(),
        (value, kind) => {
            let number = value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
            match kind {
                "count" | "round" => thousands(number),
                "share" => sign(format!("{:.1}", number * 100.0)) + "\u{202f}%",
                "per100" => sign(format!("{:.1}", number * 100.0)),
                "decimal" => grouped(&sign(format!("{number:.1}"))),
                "fine" => grouped(&sign(format!("{number:.2}"))),
                "sum" => ten_thousands(number),
                "yuan" => match ten_thousands(number) {
                    sum if sum.contains(' ') => sum + "元",
                    sum => sum + " 元",
                },
                "chance" if number < 0.001 => "< 0.001".to_owned(),
                "chance" => format!("{number:.3}"),
                other => panic!("nothing is written as {other}"),
            }
        }
    }
}

/// Every figure of the page is that of the JSON.
#[track_caller]
fn check_figures(page: &str, json: &Value) -> BTreeSet<String> {
    let shown = figures(page);
    let wrong: Vec<String> = shown
        .iter()
        .filter(|shown| written(at(json, &shown.path), &shown.kind) != shown.text)
        .map(|shown| format!("{shown:?}, the JSON has {}", at(json, &shown.path)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    shown.into_iter().map(|shown| shown.path).collect()
}

/// The places of the numbers of a table: of each row these fields.
fn places(json: &Value, table: &str, fields: &[&str]) -> Vec<String> {
    let rows = at(json, table).as_array().map_or(0, Vec::len);
    (0..rows).flat_map(|row| fields.iter().map(move |field| format!("{table}[{row}].{field}"))).collect()
}

const COUNTS: &[&str] = &["declarations", "inspected", "found", "cases", "major_cases", "pieces", "fines"];
const CUTS: &[&str] = &[
    "by_month",
    "by_selection",
    "by_channel",
    "by_site",
    "by_site_kind",
    "by_region",
    "by_group",
    "by_mode",
    "by_trader_class",
    "by_destination",
];

/// All numbers of the main tables are on the page.
#[track_caller]
fn check_complete(shown: &BTreeSet<String>, json: &Value) {
    let mut wanted: Vec<String> = COUNTS.iter().map(|field| format!("counts.all.{field}")).collect();
    for cut in CUTS {
        wanted.extend(places(json, &format!("counts.{cut}"), COUNTS));
    }
    for kinds in ["counts.by_violation", "counts.by_disposal"] {
        wanted.extend(places(json, kinds, &["lines", "declarations", "pieces", "value", "fines"]));
    }
    wanted.extend(places(
        json,
        "capacity.offices",
        &["days", "inspections", "mandatory", "targeted", "random", "used_share"],
    ));
    for checks in ["quality.declarations", "quality.inspections"] {
        wanted.extend(places(json, checks, &["count", "of"]));
    }
    wanted.extend(places(json, "quality.codes", &["code", "declarations"]));
    wanted.extend(places(json, "watch.sites.sites", &["declarations", "share", "expected"]));
    let missing: Vec<&String> = wanted.iter().filter(|path| !shown.contains(*path)).collect();
    assert!(missing.is_empty() && !wanted.is_empty(), "{missing:?}");
}

/// The JSON and the page of a report in a language.
fn report(desk: &Desk, more: &str) -> (Value, String) {
    desk.run(&format!("{ARGS} {more} -o report.html --json report.json")).exits(0);
    (serde_json::from_str(&desk.read("report.json")).unwrap(), desk.read("report.html"))
}

#[test]
fn counts_are_those_of_the_rows() {
    let (json, _) = report(&desk(), "");
    let all = at(&json, "counts.all");
    let expected: BTreeMap<&str, f64> = [
        ("declarations", 5.0),
        ("planned", 4.0),
        ("inspected", 3.0),
        ("clear", 1.0),
        ("found", 2.0),
        ("open", 1.0),
        // A-1 on two lines is one case, D3 one without a number.
        ("cases", 2.0),
        ("major_cases", 1.0),
        ("pieces", 1239.0),
        ("value", 2150.0),
        ("fines", 12_800.5),
    ]
    .into();
    for (field, number) in expected {
        assert_eq!(all[field].as_f64(), Some(number), "{field}");
    }
    let named = |path: &str, name: &str| -> Value {
        let rows = at(&json, path).as_array().unwrap();
        rows.iter()
            .find(|row| row["name"] == name)
            .cloned()
            .unwrap_or_else(|| panic!("{name} in {path}: {rows:?}"))
    };
    // D3 counts at both of its sites.
    assert_eq!(named("counts.by_site", "shanghai")["declarations"], 4);
    assert_eq!(named("counts.by_site", "khorgos")["declarations"], 2);
    assert_eq!(named("counts.by_site", "khorgos")["kind"], "border");
    assert_eq!(named("counts.by_region", "africa")["found"], 1);
    assert_eq!(named("counts.by_region", "others")["inspected"], 2);
    assert_eq!(named("counts.by_region", "other")["declarations"], 1);
    assert_eq!(named("counts.by_violation", "counterfeit")["pieces"], 1000);
    assert_eq!(named("counts.by_disposal", "unknown")["lines"], 1);
    assert_eq!(named("capacity.offices", "shanghai")["used_share"], 2.0 / 3.0);
    assert_eq!(named("capacity.offices", "khorgos")["used_share"], 0.75);
    let check = |path: &str, what: &str| -> u64 {
        let rows = at(&json, path).as_array().unwrap();
        rows.iter().find(|row| row["what"] == what).unwrap()["count"].as_u64().unwrap()
    };
    for (what, count) in [
        ("out_of_time", 1),
        ("without_trader", 1),
        ("without_value", 1),
        ("in_no_region", 1),
        ("group_other", 2),
        ("without_day", 0),
    ] {
        assert_eq!(check("quality.declarations", what), count, "{what}");
    }
    for (what, count) in
        [("result_open", 1), ("unplanned", 1), ("planned_elsewhere", 0), ("violation_without_case", 1)]
    {
        assert_eq!(check("quality.inspections", what), count, "{what}");
    }
    let codes: Vec<&str> = at(&json, "quality.codes")
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|code| code["code"].as_str())
        .collect();
    assert_eq!(codes, ["QQ", "9999"]);
}

#[test]
fn every_figure_of_the_page_is_that_of_the_json() {
    let desk = desk();
    desk.write(
        "aims.toml",
        "year = 2016\n[all]\ncases = 240\nmajor_cases = 20\n[notices]\nanswered = 0.3\ndays = 30\n",
    );
    desk.write(
        "notices.csv",
        "notice_id,received_on,country,status,answered_on\nN1,2016-01-04,SD,open,\nN2,2016-02-01,KE,answered,2016-02-20\n",
    );
    desk.write("tips.csv", "tip_id,received_on,kind,declaration_id,proceeds\nT1,2016-01-05,letter,D1,5000\n");
    let more = "--aims aims.toml --notices notices.csv --tip-offs tips.csv --survey Border=kind:border,group:batteries|other";
    for language in ["en", "zh"] {
        let (json, page) = report(&desk, &format!("--lang {language} {more}"));
        let shown = check_figures(&page, &json);
        check_complete(&shown, &json);
        for path in [
            "surveys[0].counts.all.found",
            "targets.all.cases.needed_a_month",
            "targets.notices.countries.SD.open",
            "targets.tip_offs.all.rewards",
            "statements[0].aim",
        ] {
            assert!(shown.contains(path), "{path} is not on the page");
        }
    }
}

#[test]
fn figures_of_a_half_year_are_those_of_the_json() {
    let desk = Desk::empty();
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind");
    desk.run("generate --lines 20000 --from 2016-05-20 --until 2016-07-10 --outcomes outcomes.csv -o declarations.parquet").exits(0);
    desk.run(&format!("score declarations.parquet --rules {rules} -o assessments.parquet")).exits(0);
    desk.write("draw.key", "8f1d2c3b4a5968778695a4b3c2d1e0ff0123456789abcdeffedcba9876543210\n");
    desk.run(&format!("plan assessments.parquet --rules {rules} --key-file draw.key -o plan.csv")).exits(0);
    for language in ["en", "zh"] {
        let run = format!(
            "report assessments.parquet --rules {rules} --plan plan.csv --outcomes outcomes.csv --as-of 2016-07-10 \
             --declarations declarations.parquet --survey Laos=destination:LA|MM --lang {language} -o report.html --json report.json"
        );
        desk.run(&run).exits(0);
        let json: Value = serde_json::from_str(&desk.read("report.json")).unwrap();
        let page = desk.read("report.html");
        let shown = check_figures(&page, &json);
        check_complete(&shown, &json);
        assert!(at(&json, "counts.all.found").as_u64() > Some(50), "{}", at(&json, "counts.all"));
        assert!(page.matches("<svg").count() >= 8, "charts: {}", page.matches("<svg").count());
        assert_eq!(
            page.matches("<svg").count(),
            page.matches("<title>").count() - 1,
            "each chart has a title"
        );
        desk.run(&run).exits(0);
        assert_eq!(page, desk.read("report.html"), "the same bytes");
        let needs = ["http:", "https:", "url(", "@import", "src=", " style=", "<link"];
        let outside: Vec<&&str> = needs
            .iter()
            .filter(|needs| page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "").contains(**needs))
            .collect();
        assert!(outside.is_empty(), "{outside:?}");
    }
}

#[test]
fn chinese_titles_are_on_chinese_pages() {
    let desk = desk();
    let rules = desk.read("harbour/campaign.rhai").replace(
        "title: \"Exporter on the blacklist\",",
        "title: \"Exporter on the blacklist\",\n    title_zh: \"列入黑名单的发货人\",",
    );
    desk.write("harbour/campaign.rhai", rules);
    let manifest = desk
        .read("harbour/pack.toml")
        .replace("title = \"open the goods\"", "title = \"open the goods\"\ntitle_zh = \"开箱\"");
    desk.write("harbour/pack.toml", manifest);
    desk.write("outcomes.csv", OUTCOMES.replace("12000.5", "123456").replace(",safety,", ",不合格,"));
    let rules = desk.run("rules harbour --format json").exits(0).json();
    assert_eq!(rules["rules"][1]["title_zh"], "列入黑名单的发货人");
    let explained = desk.run("explain D4 declarations.csv --rules harbour --format json").exits(0);
    assert!(explained.stdout.contains("列入黑名单的发货人"), "{}", explained.stdout);
    let more = "--survey 肯尼亚=destination:KE|FJ,group:motorcycles,channel:red";
    let (json, page) = report(&desk, &format!("--lang zh {more}"));
    check_figures(&page, &json);
    for shows in [
        "列入黑名单的发货人",
        "开箱",
        // Where the pack has no Chinese title of a channel.
        "绿：直接放行",
        "目的国：肯尼亚、斐济；商品类别：Motorcycles；通道：开箱",
        "一般贸易",
        "12.3 万元",
        "一般信用企业",
    ] {
        assert!(page.contains(shows), "{shows}");
    }
    for hides in ["Exporter on the blacklist", "destination:KE", "站点", "大案（", "贸易方式", "选查"]
    {
        assert!(!page.contains(hides), "{hides}");
    }
    let (_, page) = report(&desk, "");
    assert!(page.contains("Exporter on the blacklist") && !page.contains("开箱"));
    desk.run("worklist plan.csv --rules harbour --lang zh --format html -o list.html").exits(0);
    let list = desk.read("list.html");
    assert!(
        list.contains("开箱") && list.contains("绿：直接放行") && list.contains("人工分析布控"),
        "{list}"
    );
}

#[test]
fn what_others_wrote_stays_text() {
    let desk = desk();
    let long = "x".repeat(5000);
    let evil = "<script>alert(1)</script>\u{202e}\"'&";
    let hostile = ASSESSMENTS
        .replace("FJ,", &format!("\"{}\",", evil.replace('"', "\"\"")))
        .replace(",9999,", &format!(",{long},"))
        .replace("shanghai;khorgos", "</title><svg onload=alert(2)>;khorgos")
        .replace("harbour@3#ab", "harbour@3#ab<img src=x onerror=alert(3)>")
        .replace("BLACK;PRICE", "<b onclick=alert(4)>;PRICE");
    desk.write("assessments.csv", hostile);
    desk.write("outcomes.csv", OUTCOMES.replace("D99", "<iframe>\u{1b}[31m"));
    let run = desk
        .command(&format!("{ARGS} -o report.html --json report.json"))
        .args(["--title", "<h1>\u{7}title", "--survey", "</h3><script>alert(5)</script>=destination:KE"])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let page = desk.read("report.html");
    for tag in ["<script>alert", "<svg onload", "<img", "<b onclick", "<iframe", "<h1>\u{2407}title"] {
        assert!(!page.contains(tag), "{tag} is in the page");
    }
    assert_eq!(page.matches("<script>").count(), 1, "the page's own");
    assert!(!is_harmful(&page.replace('\t', " ")), "control characters");
}

#[test]
fn nothing_inspected_is_said() {
    let desk = desk();
    let header = |table: &str| format!("{}\n", table.lines().next().unwrap());
    desk.write("assessments.csv", header(ASSESSMENTS));
    desk.write("plan.csv", header(PLAN));
    desk.write("outcomes.csv", header(OUTCOMES));
    for (language, says) in [("en", "there is nothing to report"), ("zh", "无可报告内容")] {
        let (json, page) = report(&desk, &format!("--lang {language}"));
        check_figures(&page, &json);
        assert!(page.contains(says), "{page}");
    }
}

#[test]
fn order_of_inputs_does_not_matter() {
    let desk = desk();
    let (_, page) = report(&desk, "");
    let turned = |table: &str| {
        let mut lines: Vec<&str> = table.lines().collect();
        lines[1..].reverse();
        lines.join("\n") + "\n"
    };
    desk.write("assessments.csv", turned(ASSESSMENTS));
    desk.write("outcomes.csv", turned(OUTCOMES));
    assert_eq!(report(&desk, "").1, page);
}

#[test]
fn wrong_command_lines_are_told_with_a_remedy() {
    let desk = desk();
    for (more, says) in [
        ("--survey Myanmar", "write NAME=CONDITION"),
        ("--survey Myanmar=country:MM", "destination, region, site"),
        ("--survey Ruili=site:ruili", "it has khorgos, shanghai"),
        ("--survey Mars=destination:MARS", "ISO 3166-1"),
        ("--from 2016-05-01", "is after --as-of 2016-03-31"),
        ("-o plan.csv", "plan.csv"),
        ("--json -", "standard output"),
    ] {
        let run = desk.run(&format!("{ARGS} {more}")).exits(2);
        assert!(run.stderr.contains(says), "{more}: {}", run.stderr);
    }
}
