//! Lookup tables: how they are read, how lines find their entries, and what is said of a table that is wrong.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{Date32Array, Int64Array, RecordBatch, StringArray};
use qingfeng::write::{Output, TableWriter};
use qingfeng::{Declaration, Engine};

const MANIFEST: &str = r#"
[pack]
name = "test"
version = "1"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[lookups.rights]
file = "FILE"
key = ["brand", "exporter"]
from = "since"
until = "to"
[lookups.rights.columns]
grade = "integer"
note = "text"
"#;

const RULES: &str = r#"
rule("LISTED", #{ title: "t", when: |d| d.listed("rights") });
rule("GRADE", #{ title: "t", when: |d| d.lookup("rights").grade >= 2,
    reason: |d| `${d.lookup("rights").grade} ${d.lookup("rights").note} ${d.lookup("rights").since}` });
rule("NONE", #{ title: "t", when: |d| d.lookup("rights") == () });
"#;

fn pack(directory: &Path, file: &str) {
    std::fs::create_dir_all(directory.join("lookups")).unwrap();
    std::fs::write(directory.join("pack.toml"), MANIFEST.replace("FILE", file)).unwrap();
    std::fs::write(directory.join("a.rhai"), RULES).unwrap();
}

const TABLE: &str = "\
exporter,brand,since,to,grade,note,unused
E1,DELI,2016-01-01,2016-06-30,1,first half,x
e1 ,DELI,2016-07-01,,3,\"second, half\",x
E2,DELI,,,2,,x
E2,DELI,,,9,never reached,x
";

/// The rules that fire on a line, with their reasons.
fn fired(engine: &Engine, brand: Option<&str>, exporter: &str, day: Option<&str>) -> Vec<String> {
    let declaration = Declaration::new()
        .with("declaration_id", "D1")
        .with("destination", "KE")
        .with("mode", "0110")
        .with("hs", "9608100000")
        .with("brand", brand)
        .with("exporter", exporter)
        .with("declared_on", day);
    let assessment = engine.assess(&declaration).unwrap();
    let fired = &assessment.items[0].fired;
    fired.iter().map(|fired| format!("{} {}", fired.rule, fired.reason.as_deref().unwrap_or(""))).collect()
}

fn check_entries(engine: &Engine) {
    type Case = (Option<&'static str>, &'static str, Option<&'static str>, &'static [&'static str]);
    let cases: &[Case] = &[
        (Some("DELI"), "E1", Some("2016-03-01"), &["LISTED t"]),
        (Some("DELI"), "E1", Some("2016-06-30"), &["LISTED t"]),
        (Some("DELI"), "E1", Some("2016-07-01"), &["LISTED t", "GRADE 3 second, half 2016-07-01"]),
        (Some("DELI"), "E1", Some("2015-12-31"), &["NONE t"]),
        // Without a day no entry can be shown to be out of force; the first one counts.
        (Some("DELI"), "E1", None, &["LISTED t"]),
        (Some("DELI"), "E2", Some("1999-01-01"), &["LISTED t", "GRADE 2  "]),
        (Some("DELI"), "E3", Some("2016-03-01"), &["NONE t"]),
        (None, "E1", Some("2016-03-01"), &["NONE t"]),
        (Some("deli"), "E1", Some("2016-03-01"), &["NONE t"]),
    ];
    for (brand, exporter, day, expected) in cases {
        assert_eq!(fired(engine, *brand, exporter, *day), *expected, "{brand:?} {exporter} {day:?}");
    }
}

#[test]
fn entries_are_found_by_key_and_day_in_csv() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path(), "lookups/rights.csv");
    std::fs::write(directory.path().join("lookups/rights.csv"), TABLE).unwrap();
    check_entries(&Engine::open(directory.path()).unwrap());
}

#[test]
fn entries_are_found_by_key_and_day_in_parquet() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path(), "lookups/rights.parquet");
    let day = |year: i32, month: u32| qingfeng::rules::Date::from_ymd(year, month, 1).unwrap().days();
    let table = RecordBatch::try_from_iter([
        ("brand", Arc::new(StringArray::from(vec!["DELI"; 4])) as _),
        ("exporter", Arc::new(StringArray::from(vec!["E1", "e1", "E2", "E2"])) as _),
        ("since", Arc::new(Date32Array::from(vec![Some(day(2016, 1)), Some(day(2016, 7)), None, None])) as _),
        ("to", Arc::new(Date32Array::from(vec![Some(day(2016, 7) - 1), None, None, None])) as _),
        ("grade", Arc::new(Int64Array::from(vec![1, 3, 2, 9])) as _),
        (
            "note",
            Arc::new(StringArray::from(vec![Some("first half"), Some("second, half"), None, None])) as _,
        ),
    ])
    .unwrap();
    let output = Output::Path(directory.path().join("lookups/rights.parquet"));
    let mut writer = TableWriter::create(&output, table.schema()).unwrap();
    writer.write(&table).unwrap();
    writer.finish().unwrap();
    check_entries(&Engine::open(directory.path()).unwrap());
}

#[test]
fn a_table_may_have_many_rows_with_one_key_in_a_row() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path(), "lookups/rights.csv");
    let mut table = "brand,exporter,since,to,grade,note\n".to_owned();
    for row in 0..50_000 {
        writeln!(table, "DELI,E{row},,,1,").unwrap();
    }
    std::fs::write(directory.path().join("lookups/rights.csv"), table).unwrap();
    let engine = Engine::open(directory.path()).unwrap();
    assert_eq!(fired(&engine, Some("DELI"), "E49999", None), ["LISTED t"]);
}

#[test]
fn the_digest_covers_the_tables() {
    let digest = |table: &str| {
        let directory = tempfile::tempdir().unwrap();
        pack(directory.path(), "lookups/rights.csv");
        std::fs::write(directory.path().join("lookups/rights.csv"), table).unwrap();
        Engine::open(directory.path()).unwrap().digest().to_owned()
    };
    assert_eq!(digest(TABLE), digest(TABLE));
    assert_ne!(digest(TABLE), digest(&TABLE.replace("2016-07-01", "2016-07-02")));
}

#[test]
fn mistakes_in_tables_are_errors_of_the_pack() {
    let cases = [
        (None, "pack.toml:10:10: error[QF0401]: the lookup table `rights` cannot be read: "),
        (Some("".to_owned()), "pack.toml:10:10: error[QF0401]: the lookup table `rights` cannot be read: "),
        (
            Some(TABLE.replace("grade", "grad")),
            "pack.toml:10:10: error[QF0401]: lookups/rights.csv has no column `grade`; it has the unused columns grad, unused",
        ),
        (
            Some(TABLE.replace("2016-07-01", "2016-07-32")),
            "pack.toml:10:10: error[QF0401]: lookups/rights.csv, line 3: `since` is `2016-07-32`: ",
        ),
        (
            Some(TABLE.replace(",3,", ",three,")),
            "pack.toml:10:10: error[QF0401]: lookups/rights.csv, line 3: `grade` is `three`: ",
        ),
        (
            Some(TABLE.replace("E2,DELI,,,9", ",DELI,,,9")),
            "pack.toml:10:10: error[QF0401]: lookups/rights.csv, line 5: `exporter` is missing; ",
        ),
        (
            Some(TABLE.replace("second, half\"", "second, half")),
            "pack.toml:10:10: error[QF0401]: lookups/rights.csv, line 3: ",
        ),
    ];
    for (table, expected) in cases {
        let directory = tempfile::tempdir().unwrap();
        pack(directory.path(), "lookups/rights.csv");
        if let Some(table) = &table {
            std::fs::write(directory.path().join("lookups/rights.csv"), table).unwrap();
        }
        let checked = Engine::check(directory.path());
        assert!(checked.opened.is_none(), "{table:?}");
        let mistakes = checked.diagnostics;
        let first = mistakes.line(&mistakes.items[0]);
        assert!(first.starts_with(expected), "{first}\nis not\n{expected}");
    }
}

/// The pack with a table whose key is this field.
fn keyed(directory: &Path, field: &str, cells: &[&str]) -> qingfeng::Checked {
    std::fs::create_dir_all(directory.join("lookups")).unwrap();
    let manifest = format!(
        "[pack]\nname = \"test\"\nversion = \"1\"\n[schema]\nextends = \"export\"\ncountry_numbers = \"gac\"\n\
         [[channels]]\nname = \"green\"\nfrom = 0\n\
         [lookups.table]\nfile = \"lookups/table.csv\"\nkey = [\"{field}\"]\n"
    );
    std::fs::write(directory.join("pack.toml"), manifest).unwrap();
    let rule = r#"rule("LISTED", #{ title: "t", when: |d| d.listed("table") });"#;
    std::fs::write(directory.join("a.rhai"), rule).unwrap();
    let quoted = cells.iter().map(|cell| format!("\"{}\"\n", cell.replace('"', "\"\"")));
    let table: String = std::iter::once(format!("{field}\n")).chain(quoted).collect();
    std::fs::write(directory.join("lookups/table.csv"), table).unwrap();
    Engine::check(directory)
}

/// A cell has one meaning: in the table that a rule looks into, and in the declaration that is looked up in it.
#[test]
fn a_cell_means_the_same_in_a_table_as_in_a_declaration() {
    // The field, the value, and other writings of it.
    let same: &[(&str, &str, &[&str])] = &[
        ("exporter", "E000997", &["'E000997", "=\"E000997\"", "\"E000997\"", "'e000997'", "\" E000997 \""]),
        ("exporter", "4403160001", &["4403160001.0", "4403160001.00", "'4403160001", "４４０３１６０００１"]),
        (
            "exporter",
            "E000997",
            &["E000997\u{200B}", "\u{FEFF}E000997", "E000\u{AD}997", "\u{202D}E000997\u{202C}"],
        ),
        (
            "exporter",
            "E000997",
            &["Ｅ０００９９７", "ｅ０００９９７", "E０00997", "\u{3000}E000997\u{3000}", " e000997 "],
        ),
        (
            "hs",
            "8711209000",
            &["8711.2090.00", "8711209000.0", "'8711209000", "=\"8711209000\"", "８７１１２０９０００"],
        ),
        (
            "hs",
            "0901210000",
            &["901210000", "901210000.0", "'0901210000", "0901.21.00.00", "０９０１２１００００"],
        ),
        ("destination", "KE", &["KEN", "ken", "肯尼亚", "Kenya", "肯尼亚(KE)", "KE-Kenya", "ＫＥＮ", "224"]),
        ("destination", "JP", &["JPN", "116", "日本", "Japan", "日本(JPN)", "'116"]),
        (
            "declared_on",
            "2016-09-06",
            &["2016/9/6", "2016年9月6日", "20160906", "2016-09-06 00:00:00", "2016.09.06"],
        ),
        ("item_no", "12", &["12.0", " 12 ", "１２", "+12", "012"]),
    ];
    // The field, and cells that have no meaning.
    let none: &[(&str, &[&str])] = &[
        ("exporter", &["5.3E+17", "5,3E+17", "#REF!", "=A1", "ACME TRADING (E000997)", "\u{7}E1"]),
        ("hs", &["8.71121E+09", "871120.00", "87112", "871120900", "87112090001"]),
        ("destination", &["肯尼亚(NGA)", "Kenya (UG)", "#VALUE!", "K\u{0}E", "US-CA"]),
        ("declared_on", &["2016-09-31", "06/09/2016", "2016-13-01", "soon", "42619,5"]),
        ("item_no", &["12.5", "1e3x", "twelve", "99999999999999999999", "1 2"]),
    ];
    let declared = |field: &str, cell: &str| {
        let line = Declaration::new()
            .with("declaration_id", "D1")
            .with("destination", "KE")
            .with("mode", "0110")
            .with("hs", "9608100000");
        line.with(field, cell)
    };
    for (field, value, writings) in same {
        for written in writings.iter() {
            for (listed, cell) in [(written, value), (value, written), (written, written)] {
                let directory = tempfile::tempdir().unwrap();
                let checked = keyed(directory.path(), field, &[listed]);
                let errors = checked.diagnostics.items.iter().map(|item| checked.diagnostics.line(item));
                let engine =
                    checked.opened.unwrap_or_else(|| panic!("{listed:?}: {:?}", errors.collect::<Vec<_>>()));
                let assessment = engine.assess(&declared(field, cell)).unwrap();
                let fired = assessment.items[0].fired.len();
                assert_eq!(
                    fired, 1,
                    "{field}: {listed:?} of the table, {cell:?} of the declaration: {assessment:?}"
                );
            }
        }
    }
    for (field, cells) in none {
        let directory = tempfile::tempdir().unwrap();
        let engine = keyed(directory.path(), field, &[]).opened.unwrap();
        for cell in cells.iter() {
            let assessment = engine.assess(&declared(field, cell)).unwrap();
            let unreadable = &assessment.items[0].unreadable;
            assert!(
                unreadable.iter().any(|value| value.field.as_deref() == Some(*field)),
                "{field} {cell:?}: {assessment:?}"
            );
            let directory = tempfile::tempdir().unwrap();
            let checked = keyed(directory.path(), field, &[cell]);
            assert!(checked.opened.is_none(), "{field} {cell:?} is read in a table");
            let lines: Vec<String> =
                checked.diagnostics.items.iter().map(|item| checked.diagnostics.line(item)).collect();
            assert!(lines.iter().any(|line| line.contains("line 2") && line.contains(field)), "{lines:?}");
        }
    }
}
