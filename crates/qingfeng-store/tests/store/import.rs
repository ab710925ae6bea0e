//! Rows of files as entries of a store.

use std::path::Path;

use qingfeng::read::{Input, ReadOptions};
use qingfeng::rules::{Pack, PackFiles};
use qingfeng_store::{
    Import, ImportError, ImportOptions, Imported, Known, KnownEntry, Store, TableForm, add, entries, expire,
};

use crate::databases::{Database, Postgres, Sqlite};
use crate::support::{author, day};

const PACK: &str = r#"
[pack]
name = "harbour"
version = "1"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[[channels]]
name = "red"
from = 50
[lookups.blacklist]
store = "blacklist"
key = ["exporter"]
from = "listed_on"
until = "ends_on"
[lookups.blacklist.columns]
reason = "text"
pieces = "integer"
[lookups.old]
file = "lookups/old.csv"
key = ["exporter"]
"#;

fn pack() -> Pack {
    let mut files = PackFiles::default();
    files.insert("pack.toml", PACK.as_bytes().to_vec());
    Pack::load(&files).unwrap_or_else(|diagnostics| panic!("{diagnostics:?}"))
}

fn options() -> ImportOptions {
    ImportOptions {
        known: Known::On(day("2016-09-06")),
        source: Some("weekly list".to_owned()),
        grade: None,
        future: false,
        read: ReadOptions::default(),
    }
}

fn read(directory: &Path, rows: &str, options: &ImportOptions) -> Result<Import, ImportError> {
    let path = directory.join("rows.csv");
    std::fs::write(&path, rows).unwrap();
    Import::read(TableForm::new(&pack(), "blacklist").unwrap(), vec![Input::Path(path)], options)
}

fn import(store: &mut Store, directory: &Path, rows: &str, options: &ImportOptions) -> Imported {
    let import = read(directory, rows, options).unwrap();
    let preview = import.preview(Some(store)).unwrap();
    let (imported, _) = import.add(store, &author("Li Wei")).unwrap();
    assert_eq!(preview, imported, "a preview tells what will be");
    assert_eq!(imported.read, imported.added + imported.unchanged + imported.rejected);
    assert_eq!(imported.rejected, import.rejects().len() as u64);
    imported
}

fn counts(imported: &Imported) -> (u64, u64, u64, u64) {
    (imported.added, imported.unchanged, imported.rejected, imported.ended)
}

/// The entries that count on a day: key, reason, last day.
fn in_force(store: &mut Store, on: &str) -> Vec<String> {
    let snapshot = store.snapshot(None).unwrap();
    let on = day(on);
    let value = |known: &KnownEntry, column: &str| {
        let found = known.entry.values.iter().find(|(name, _)| name == column);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let mut found: Vec<String> = entries(store, &snapshot, Some("blacklist"))
        .unwrap()
        .iter()
        .filter(|known| known.counts_on(on))
        .map(|known| format!("{} {}", value(known, "exporter"), value(known, "reason")))
        .collect();
    found.sort();
    found
}

const HEAD: &str = "exporter,listed_on,ends_on,reason,pieces\n";

#[test]
fn a_list_imported_twice_adds_nothing() {
    importing_twice(&Sqlite::new());
}

#[test]
#[ignore = "needs a PostgreSQL server: .ci/with-postgres"]
fn a_list_imported_twice_adds_nothing_to_postgresql() {
    importing_twice(&Postgres::new("twice"));
}

fn importing_twice(database: &dyn Database) {
    let directory = tempfile::tempdir().unwrap();
    let mut store = database.create();
    let rows =
        format!("{HEAD}e1,2016-01-01,,fakes,7\nE2,20160101,2016/12/31,bags,\ne1,2016-01-01,,fakes,7.0\n");
    assert_eq!(counts(&import(&mut store, directory.path(), &rows, &options())), (2, 1, 0, 0));
    assert_eq!(counts(&import(&mut store, directory.path(), &rows, &options())), (0, 3, 0, 0));
    assert_eq!(store.snapshot(None).unwrap().change, 2);
    // Known since the import, not before.
    assert_eq!(in_force(&mut store, "2016-09-05"), Vec::<String>::new());
    assert_eq!(in_force(&mut store, "2016-09-06"), ["E1 fakes", "E2 bags"]);
    assert_eq!(in_force(&mut store, "2017-01-01"), ["E1 fakes"]);
}

#[test]
fn what_is_said_anew_follows_what_was_said() {
    let (database, directory) = (Sqlite::new(), tempfile::tempdir().unwrap());
    let mut store = database.create();
    let directory = directory.path();
    let backfill = ImportOptions { known: Known::FromFirstDay, ..options() };
    import(
        &mut store,
        directory,
        &format!("{HEAD}E1,2016-01-01,,fakes,\nE2,2016-01-01,2016-03-31,bags,\n"),
        &backfill,
    );
    assert_eq!(in_force(&mut store, "2016-01-01"), ["E1 fakes", "E2 bags"], "known from the first day");
    // Another reason from August on, known in September; days apart for E2.
    let rows = format!("{HEAD}E1,2016-08-01,,toys,\nE2,2016-06-01,,shoes,\n");
    assert_eq!(counts(&import(&mut store, directory, &rows, &options())), (2, 0, 0, 1));
    for (on, expected) in [
        ("2016-03-31", vec!["E1 fakes", "E2 bags"]),
        ("2016-04-01", vec!["E1 fakes"]),
        ("2016-08-15", vec!["E1 fakes"]),
        ("2016-09-05", vec!["E1 fakes"]),
        ("2016-09-06", vec!["E1 toys", "E2 shoes"]),
    ] {
        assert_eq!(in_force(&mut store, on), expected, "{on}");
    }
    // The first list again is said anew, from its first day.
    let rows = format!("{HEAD}E1,2016-01-01,,fakes,\n");
    let later = ImportOptions { known: Known::On(day("2016-10-01")), ..options() };
    assert_eq!(
        counts(&import(&mut store, directory, &rows, &later)),
        (1, 0, 0, 2),
        "both follow the first day"
    );
    assert_eq!(in_force(&mut store, "2016-09-30"), ["E1 toys", "E2 shoes"]);
    assert_eq!(in_force(&mut store, "2016-10-01"), ["E1 fakes", "E2 shoes"]);
    assert_eq!(counts(&import(&mut store, directory, &rows, &later)), (0, 1, 0, 0));
}

#[test]
fn what_an_officer_ended_stays_ended() {
    let (database, directory) = (Sqlite::new(), tempfile::tempdir().unwrap());
    let mut store = database.create();
    let rows = format!("{HEAD}E1,2016-01-01,,fakes,\nE2,,,bags,\n");
    import(&mut store, directory.path(), &rows, &options());
    let known = day("2016-09-10");
    expire(&mut store, &author("王芳"), 1, Some(day("2016-09-20")), known).unwrap();
    expire(&mut store, &author("王芳"), 2, None, known).unwrap();
    assert_eq!(in_force(&mut store, "2016-09-09"), ["E1 fakes", "E2 bags"]);
    assert_eq!(in_force(&mut store, "2016-09-20"), ["E1 fakes"]);
    assert_eq!(in_force(&mut store, "2016-09-21"), Vec::<String>::new());
    let again = import(&mut store, directory.path(), &rows, &options());
    assert_eq!((again.added, again.unchanged, again.unchanged_ended), (0, 2, 2));
    // By hand it comes back, as a new entry.
    let form = TableForm::new(&pack(), "blacklist").unwrap();
    let value = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut entry = form.entry(&[value("exporter", " e2 "), value("reason", "bags")]).unwrap();
    entry.source = Some("weekly list".to_owned());
    let at = day("2016-09-25");
    assert_eq!(add(&mut store, &author("a"), &form, &entry, at).unwrap(), (Some(5), vec![]));
    assert_eq!(add(&mut store, &author("a"), &form, &entry, at).unwrap(), (None, vec![]));
    entry.grade = Some("A".to_owned());
    assert_eq!(add(&mut store, &author("a"), &form, &entry, at).unwrap(), (Some(7), vec![5]));
    for (number, until, reason) in [
        (1, Some("2016-12-31"), "ends on 2016-09-20 already"),
        (1, Some("2015-12-31"), "begins on 2016-01-01"),
        (2, None, "is taken back already"),
        (6, None, "has no entry 6"),
        (99, None, "has no entry 99"),
    ] {
        let error = expire(&mut store, &author("a"), number, until.map(day), at).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn rows_that_cannot_be_taken_are_told_one_by_one() {
    let directory = tempfile::tempdir().unwrap();
    let rows = format!(
        "{HEAD}\
         E1,2016-01-01,,fakes,\n\
         ,2016-01-01,,no key,\n\
         E2,2016-02-30,,no day,\n\
         E3,2016-02-01,2016-01-01,ends before it begins,\n\
         E4,2061-01-01,,in the future,\n\
         E5,,,pieces,many\n\
         E1,2016-05-01,2016-06-01,something else of the same days,\n\
         E1,2015-01-01,2015-12-31,days apart,\n"
    );
    let import = read(directory.path(), &rows, &options()).unwrap();
    let told: Vec<String> = import
        .rejects()
        .iter()
        .map(|reject| format!("{} {:?} {}", reject.position, reject.field.as_deref(), reject.reason))
        .collect();
    let expected = [
        "line 3 Some(\"exporter\")",
        "line 4 Some(\"listed_on\")",
        "line 5 Some(\"ends_on\") the last day 2016-01-01 is before the first, 2016-02-01",
        "line 6 Some(\"listed_on\") the first day 2061-01-01 is after 2016-09-06",
        "line 7 Some(\"pieces\")",
        "line 8 None says something else of the same key and days as",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}");
    }
    let preview = import.preview(None).unwrap();
    assert_eq!((preview.read, preview.added, preview.rejected), (8, 2, 6));
    // Without a source nothing is taken; the future only where it is allowed.
    let bare = ImportOptions { source: None, future: true, ..options() };
    let import = read(directory.path(), &rows, &bare).unwrap();
    assert!(import.rejects().iter().any(|reject| reject.reason.contains("--source")));
    assert!(!import.rejects().iter().any(|reject| reject.reason.contains("2061")));
}

#[test]
fn files_that_do_not_fit_are_refused_whole() {
    let directory = tempfile::tempdir().unwrap();
    for (rows, reason) in [
        (
            "exporter,listed_on,ends_on,pieces,why\nE1,,,,x\n",
            "has no column `reason`; it has columns that the table has not: why",
        ),
        ("who,reason,pieces\nE1,x,\n", "exporter"),
        ("", "empty"),
    ] {
        let error = read(directory.path(), rows, &options()).err().unwrap().to_string();
        assert!(error.contains(reason), "{error}");
    }
    // Days, source and grade may be missing.
    let import = read(directory.path(), "exporter,reason,pieces\nE1,x,\n", &options()).unwrap();
    assert_eq!(import.preview(None).unwrap().added, 1);
    for (name, reason) in
        [("nowhere", "the pack has blacklist"), ("old", "come from elsewhere (lookups/old.csv)")]
    {
        let error = TableForm::new(&pack(), name).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let form = TableForm::new(&pack(), "blacklist").unwrap();
    for (values, reason) in [
        (vec![("reason", "x")], "exporter=VALUE"),
        (vec![("exporter", "E1"), ("colour", "red")], "no column `colour`; it has exporter"),
        (vec![("exporter", "E1"), ("pieces", "many")], "`pieces` is `many`"),
        (vec![("exporter", "E1"), ("exporter", "E2")], "given twice"),
        (
            vec![("exporter", "E1"), ("listed_on", "2016-02-01"), ("ends_on", "2016-01-01")],
            "before the first",
        ),
    ] {
        let values: Vec<(String, String)> =
            values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let error = form.entry(&values).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}
