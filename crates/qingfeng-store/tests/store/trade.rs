//! The record of past trade: what a profile tells of a line is what was declared on the days before its own.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use qingfeng::read::{Input, ReadOptions, Reader};
use qingfeng::rules::Date;
use qingfeng::{Declaration, Engine, Evaluation, Pipeline};
use qingfeng_store::StoreLookups;
use qingfeng_store::trade::{Added, TradeError, TradeRecord};

/// Two profiles with the same measures.
fn manifest() -> String {
    const MEASURES: &str = r#"measures]
lines = "lines"
declarations = "declarations"
first = "first_day"
last = "last_day"
total = { sum = "value" }
mean = { mean = "value" }
goods = { distinct = "hs6" }
median = { median = "value" }
high = { quantile = 0.9, of = "value" }
light = { share = "is_light" }
few = { count = "declarations", where = "is_light" }
few_lines = { count = "lines", where = "is_light" }
light_total = { sum = "value", where = "is_light" }
"#;
    let head = "[pack]\nname = \"test\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0\n";
    format!(
        "{head}[profiles.all]\nkey = [\"exporter\"]\n[profiles.all.{MEASURES}\
         [profiles.week]\nkey = [\"exporter\", \"hs4\"]\nwindow = 7\nleast = 3\n[profiles.week.{MEASURES}"
    )
}

const COLUMNS: [&str; 13] = [
    "lines",
    "declarations",
    "first",
    "last",
    "total",
    "mean",
    "goods",
    "median",
    "high",
    "light",
    "few",
    "few_lines",
    "light_total",
];

fn rules() -> String {
    let mut rules =
        String::from("field(\"is_light\", |d| if d.net_kg == () { () } else { d.net_kg < 10.0 });\n");
    for table in ["all", "week"] {
        let columns: Vec<String> = COLUMNS.iter().map(|column| format!("${{e.{column}}}")).collect();
        let _ = writeln!(
            rules,
            "rule(\"{table}\", #{{ title: \"t\", when: |d| d.lookup(\"{table}\") != (), reason: |d| {{\n    let e = \
             d.lookup(\"{table}\");\n    `{}`\n}}}});",
            columns.join(" ")
        );
    }
    rules
}

fn pack(directory: &Path) {
    fs::write(directory.join("pack.toml"), manifest()).unwrap();
    fs::write(directory.join("a.rhai"), rules()).unwrap();
}

fn engine(directory: &Path) -> Engine {
    Engine::builder().directory(directory).lookups(&StoreLookups::default()).build().unwrap()
}

fn add(directory: &Path, csv: String) -> Result<Added, TradeError> {
    add_all(directory, vec![Input::bytes("a.csv", csv)])
}

fn add_all(directory: &Path, inputs: Vec<Input>) -> Result<Added, TradeError> {
    let lookups = StoreLookups::default().without_rows();
    let engine = Engine::builder().directory(directory).lookups(&lookups).build().unwrap();
    let reader = Reader::new(Arc::clone(&engine.pack().schema), inputs, ReadOptions::default()).unwrap();
    let record = directory.join("lookups/trade");
    TradeRecord::add(&record, &engine, reader, &Pipeline::new().threads(2), &mut |_| {})
}

/// A goods line. Values are in hundredths, so that sums of theirs are known exactly.
#[derive(Clone, Debug)]
struct Line {
    declaration: u32,
    day: i32,
    exporter: u8,
    hs: &'static str,
    value: Option<u32>,
    net_kg: Option<u8>,
}

fn date(day: i32) -> Date {
    Date::from_days("2016-01-01".parse::<Date>().unwrap().days() + day).unwrap()
}

fn csv(lines: &[Line]) -> String {
    let mut csv = String::from("declaration_id,declared_on,exporter,destination,mode,hs,value,net_kg\n");
    for line in lines {
        let value = line.value.map_or(String::new(), |value| format!("{}", f64::from(value) / 100.0));
        let net_kg = line.net_kg.map_or(String::new(), |net_kg| net_kg.to_string());
        let Line { declaration, day, exporter, hs, .. } = line;
        let _ = writeln!(csv, "D{declaration},{},E{exporter},KE,0110,{hs},{value},{net_kg}", date(*day));
    }
    csv
}

/// What the lines before a day tell, found by looking at all of them.
fn expected(lines: &[&Line], least: usize) -> String {
    let missing = String::new();
    let days = || lines.iter().map(|line| line.day);
    let values: Vec<u32> = {
        let mut values: Vec<u32> = lines.iter().filter_map(|line| line.value).collect();
        values.sort_unstable();
        values
    };
    let number = |number: f64| format!("{number:.9}");
    let total: u64 = values.iter().map(|value| u64::from(*value)).sum();
    let enough = values.len() >= least.max(1);
    let quantile = |millionths: usize| match enough {
        true => {
            let rank = (values.len() * millionths).div_ceil(1_000_000).max(1);
            number(f64::from(values[rank - 1]) / 100.0)
        }
        false => missing.clone(),
    };
    let known: Vec<bool> = lines.iter().filter_map(|line| line.net_kg.map(|net_kg| net_kg < 10)).collect();
    let light = known.iter().filter(|light| **light).count();
    let are_light = || lines.iter().filter(|line| line.net_kg.is_some_and(|net_kg| net_kg < 10));
    let light_total: u64 = are_light().filter_map(|line| line.value).map(u64::from).sum();
    let day = |day: Option<i32>| day.map_or(missing.clone(), |day| date(day).to_string());
    [
        lines.len().to_string(),
        lines.iter().map(|line| line.declaration).collect::<BTreeSet<_>>().len().to_string(),
        day(days().min()),
        day(days().max()),
        number((total * 10_000) as f64 / 1e6),
        if enough { number((total * 10_000) as f64 / 1e6 / values.len() as f64) } else { missing.clone() },
        lines.iter().map(|line| &line.hs[..6]).collect::<BTreeSet<_>>().len().to_string(),
        quantile(500_000),
        quantile(900_000),
        if known.len() >= least.max(1) { number(light as f64 / known.len() as f64) } else { missing.clone() },
        are_light().map(|line| line.declaration).collect::<BTreeSet<_>>().len().to_string(),
        light.to_string(),
        number((light_total * 10_000) as f64 / 1e6),
    ]
    .join(" ")
}

/// A reason with nine digits behind each point.
fn rounded(reason: &str) -> String {
    let part = |part: &str| match part.contains('.') {
        true => part.parse().map_or(part.to_owned(), |number: f64| format!("{number:.9}")),
        false => part.to_owned(),
    };
    reason.split(' ').map(part).collect::<Vec<_>>().join(" ")
}

/// What the profiles tell of a line, by both evaluations.
fn told(engine: &Engine, exporter: u8, hs: &str, day: Option<i32>) -> Vec<(String, String)> {
    let declaration = Declaration::new()
        .with("declaration_id", "L1")
        .with("destination", "KE")
        .with("mode", "0110")
        .with("hs", hs)
        .with("exporter", format!("E{exporter}").as_str())
        .with("declared_on", day.map(|day| date(day).to_string()).as_deref());
    let answers = [Evaluation::Compiled, Evaluation::Interpreted].map(|evaluation| {
        let assessment = engine.clone().with_evaluation(evaluation).assess(&declaration).unwrap();
        assert!(assessment.items[0].faults.is_empty(), "{:?}", assessment.items[0].faults);
        let fired = assessment.items[0].fired.iter();
        fired.map(|fired| (fired.rule.clone(), rounded(&fired.reason.clone().unwrap_or_default()))).collect()
    });
    let [compiled, interpreted]: [Vec<(String, String)>; 2] = answers;
    assert_eq!(compiled, interpreted);
    compiled
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let hs = prop::sample::select(vec!["8711209000", "8711200000", "8711100000", "9608100000"]);
    let line = (hs, prop::option::of(1..500_u32), prop::option::of(5..15_u8));
    let declaration = (0..25_i32, 0..4_u8, prop::collection::vec(line, 1..4));
    prop::collection::vec(declaration, 0..40).prop_map(|declarations| {
        let declarations = (0..).zip(declarations);
        let lines = declarations.flat_map(|(declaration, (day, exporter, lines))| {
            lines.into_iter().map(move |(hs, value, net_kg)| Line {
                declaration,
                day,
                exporter,
                hs,
                value,
                net_kg,
            })
        });
        lines.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Against all lines looked at one by one, however they are cut into files and in whichever order these come.
    #[test]
    fn a_profile_tells_what_was_declared_before(lines in lines(), cuts in prop::collection::vec(0..120_usize, 0..3)) {
        let directory = tempfile::tempdir().unwrap();
        pack(directory.path());
        // Cut between declarations; the parts are added from the last to the first, and one of them twice.
        let mut parts: Vec<Vec<Line>> = vec![Vec::new()];
        for of_declaration in lines.chunk_by(|a, b| a.declaration == b.declaration) {
            if cuts.contains(&(of_declaration[0].declaration as usize)) {
                parts.push(Vec::new());
            }
            parts.last_mut().unwrap().extend_from_slice(of_declaration);
        }
        for part in parts.iter().rev().chain(parts.first()) {
            add(directory.path(), csv(part)).unwrap();
        }
        let engine = engine(directory.path());
        for day in -1..40 {
            for exporter in 0..5_u8 {
                for hs in ["8711209000", "9608100000"] {
                    let all: Vec<&Line> =
                        lines.iter().filter(|line| line.exporter == exporter && line.day < day).collect();
                    let week: Vec<&Line> = all.iter().copied()
                        .filter(|line| line.day >= day - 7 && line.hs[..4] == hs[..4])
                        .collect();
                    let expected = [("all", expected(&all, 1)), ("week", expected(&week, 3))]
                        .map(|(name, text)| (name.to_owned(), text));
                    let told = told(&engine, exporter, hs, Some(day));
                    prop_assert_eq!(told, expected, "exporter {} day {} hs {}", exporter, day, hs);
                }
            }
        }
        prop_assert!(told(&engine, 0, "8711209000", None).is_empty(), "a line without a day has no entry");
    }
}

fn one(declaration: u32, exporter: u8) -> Line {
    Line { declaration, day: 3, exporter, hs: "8711209000", value: Some(100), net_kg: None }
}

#[test]
fn a_declaration_that_is_there_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path());
    let added = add(directory.path(), csv(&[one(1, 1), one(1, 1), one(2, 1)])).unwrap();
    assert_eq!((added.lines, added.declarations, added.known), (3, 2, 0));
    let again = add(directory.path(), csv(&[one(2, 1), one(3, 1), one(3, 1)])).unwrap();
    assert_eq!((again.lines, again.declarations, again.known), (2, 1, 1));
    let digest = again.kept.digest.clone();
    let again = add(directory.path(), csv(&[one(3, 1)])).unwrap();
    assert_eq!((again.lines, again.known, again.kept.digest.as_str()), (0, 1, digest.as_str()));
    assert!(told(&engine(directory.path()), 1, "8711209000", Some(4))[0].1.starts_with("5 3 "));
    assert!(engine(directory.path()).pack_id().ends_with(&format!("+trade@{digest}")));
}

#[test]
fn a_declaration_is_known_by_its_id_whatever_its_day() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path());
    add(directory.path(), csv(&[one(1, 1)])).unwrap();
    let later = Line { day: 20, ..one(1, 1) };
    let again = add(directory.path(), csv(&[later, one(2, 1)])).unwrap();
    assert_eq!((again.declarations, again.known, again.kept.lines), (1, 1, 2));
}

#[test]
fn lines_that_do_not_stand_together_are_refused_and_not_lost() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path());
    let refused = add(directory.path(), csv(&[one(1, 1), one(2, 1), one(1, 1)])).unwrap_err().to_string();
    assert!(refused.contains("it begins at a.csv, line 2 and again at a.csv, line 4 (1 such"), "{refused}");
    assert!(matches!(TradeRecord::open(directory.path().join("lookups/trade")), Err(TradeError::Missing(_))));
    // Of files that overlap the second adds what is new, when it is added after the first.
    let [a, b] = [csv(&[one(1, 1), one(2, 1)]), csv(&[one(3, 1), one(1, 1)])];
    let inputs = vec![Input::bytes("a.csv", a.clone()), Input::bytes("b.csv", b.clone())];
    assert!(matches!(add_all(directory.path(), inputs), Err(TradeError::Scattered { .. })));
    let apart = [a, b].map(|csv| add(directory.path(), csv).unwrap().declarations);
    assert_eq!(apart, [2, 1]);
}

#[test]
fn tests_and_programs_give_rows_that_mean_what_counted_ones_do() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path());
    let tests = directory.path().join("tests/lookups");
    fs::create_dir_all(&tests).unwrap();
    fs::write(tests.join("all.csv"), format!("exporter,{}\nE1,7,5,,,,,,,,,,,\n", COLUMNS.join(","))).unwrap();
    fs::write(tests.join("week.csv"), format!("exporter,hs4,{}\n", COLUMNS.join(","))).unwrap();
    let engine = Engine::builder().directory(directory.path()).for_tests().build().unwrap();
    let of = |exporter, day| told(&engine, exporter, "8711209000", day).into_iter().map(|(_, told)| told);
    let nothing = expected(&[], 1);
    assert!(of(1, Some(3)).next().unwrap().starts_with("7 5 "));
    assert_eq!(of(2, Some(3)).collect::<Vec<_>>(), [nothing.clone(), nothing]);
    assert_eq!(of(1, None).count(), 0);
}

#[test]
fn a_file_that_cannot_be_read_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path());
    add(directory.path(), csv(&[one(1, 1)])).unwrap();
    let whole = csv(&[one(2, 1), one(3, 1)]);
    let inputs = vec![Input::bytes("a.csv", whole.clone()), Input::bytes("b.csv", "nothing\nof it\n")];
    assert!(matches!(add_all(directory.path(), inputs), Err(TradeError::Read(_))));
    let record = directory.path().join("lookups/trade");
    assert_eq!(TradeRecord::open(&record).unwrap().kept().lines, 1);
    let left: BTreeSet<String> = fs::read_dir(&record)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left, ["000001.parquet", "trade.json"].map(str::to_owned).into());
    // What a killed run left is no part of the record, and goes with the next that is added.
    fs::write(record.join("000002.parquet"), "half").unwrap();
    fs::write(record.join("mine.parquet"), "somebody's own").unwrap();
    assert_eq!(TradeRecord::open(&record).unwrap().kept().lines, 1);
    assert_eq!(add(directory.path(), whole).unwrap().kept.lines, 3);
    assert!(record.join("mine.parquet").exists());
    assert!(told(&engine(directory.path()), 1, "8711209000", Some(4))[0].1.starts_with("3 3 "));
}

#[test]
fn of_two_runs_at_once_the_second_gets_an_error() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path());
    add(directory.path(), csv(&[one(1, 1)])).unwrap();
    let contents = directory.path().join("lookups/trade/trade.json");
    let held = qingfeng::write::WholeFile::create(&contents).unwrap();
    let told = add(directory.path(), csv(&[one(2, 1)])).unwrap_err().to_string();
    assert!(told.contains("another run is writing it"), "{told}");
    drop(held);
    assert_eq!(add(directory.path(), csv(&[one(2, 1)])).unwrap().kept.lines, 2);
}

#[test]
fn a_profile_that_outgrows_its_bound_is_missing_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path());
    add(directory.path(), csv(&[one(1, 1), one(2, 2), one(3, 3)])).unwrap();
    let manifest = manifest().replace("key = [\"exporter\"]", "key = [\"exporter\"]\nmost_keys = 2");
    fs::write(directory.path().join("pack.toml"), manifest).unwrap();
    let engine = engine(directory.path());
    let warnings: Vec<String> = engine
        .pack()
        .warnings
        .items
        .iter()
        .map(|item| format!("{} {}", item.code.id(), item.title))
        .collect();
    assert_eq!(
        warnings,
        ["QF1406 the profile `all` has more than 2 keys in 3 lines, so it is missing on every line"]
    );
    let told = told(&engine, 1, "8711209000", Some(4));
    assert_eq!(told.iter().map(|(rule, _)| rule.as_str()).collect::<Vec<_>>(), ["week"]);
}

#[test]
fn a_record_that_does_not_fit_the_pack_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path());
    let opened = |manifest: &str, rules: &str| {
        fs::write(directory.path().join("pack.toml"), manifest).unwrap();
        fs::write(directory.path().join("a.rhai"), rules).unwrap();
        let opened = Engine::builder().directory(directory.path()).lookups(&StoreLookups::default()).build();
        opened.map(|_| ()).map_err(|error| error.diagnostics().items[0].title.clone())
    };
    let rules = rules();
    let missing = opened(&manifest(), &rules).unwrap_err();
    assert!(missing.starts_with("there is no record of past trade in "), "{missing}");
    add(directory.path(), csv(&[one(1, 1)])).unwrap();
    assert_eq!(opened(&manifest(), &rules), Ok(()));
    // Other windows and measures of what is kept need no new record.
    assert_eq!(opened(&manifest().replace("window = 7", "window = 30"), &rules), Ok(()));
    for (manifest, rules, reason) in [
        (manifest().replace("{ sum = \"value\" }", "{ sum = \"quantity\" }"), rules.clone(), "no `quantity`"),
        (manifest(), rules.replace("10.0", "20.0"), "its formula was another"),
    ] {
        let refused = opened(&manifest, &rules).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }
    // A part that was cut.
    let part = directory.path().join("lookups/trade/000001.parquet");
    let bytes = fs::read(&part).unwrap();
    fs::write(&part, &bytes[..bytes.len() / 2]).unwrap();
    let damaged = opened(&manifest(), &rules).unwrap_err();
    assert!(damaged.contains("000001.parquet is not as it was written"), "{damaged}");
}
