//! What every store promises.

use std::thread;
use std::time::Duration;

use qingfeng_rules::SelectionKind;
use qingfeng_store::{
    ChangeKind, Entry, Finding, NewChange, Store, StoreError, VALUE_BYTES_MAX, WAIT_SECONDS,
};
use qingfeng_store::{Disposal, Outcome, Verdict};

use crate::databases::Database;
use crate::support::{added, all, author, changed, changes, day, entry, finding, many};

macro_rules! contract {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name(&crate::databases::Sqlite::new());
            })*
        }

        mod postgres {
            $(#[test]
            #[ignore = "needs a PostgreSQL server: .ci/with-postgres"]
            fn $name() {
                super::$name(&crate::databases::Postgres::new(stringify!($name)));
            })*
        }
    };
}

contract!(
    what_is_appended_comes_back,
    snapshots_are_what_was_known,
    hostile_texts_come_back,
    what_cannot_be_taken_leaves_nothing,
    a_store_is_made_once,
    a_store_that_moved_refuses,
    writers_wait_for_each_other,
    a_writer_waits_for_another_to_end,
    nothing_is_overwritten,
    tampering_is_found_and_named,
    other_forms_are_refused,
    a_hundred_thousand_entries,
);

fn what_is_appended_comes_back(database: &dyn Database) {
    let mut store = database.create();
    let new = vec![
        added(entry(&[("exporter", "E1"), ("reason", "假冒")])),
        added(Entry {
            from: None,
            until: Some(day("9999-12-31")),
            source: None,
            grade: Some("A".to_owned()),
            ..entry(&[])
        }),
        NewChange { known_on: day("0001-01-01"), kind: ChangeKind::Found(finding()) },
        NewChange {
            known_on: day("2016-09-07"),
            kind: ChangeKind::Found(changed(&|outcome| {
                outcome.selected = Some(SelectionKind::Random);
                outcome.value = Some(0.1 + 0.2);
                outcome.case_number = Some("杭关缉 2016-17".into());
                outcome.disposal = Some(Disposal::Destroyed);
                outcome.disclosed_on = Some(day("2016-12-01"));
                outcome.hours = Some(1.5);
            })),
        },
        NewChange {
            known_on: day("2016-09-07"),
            kind: ChangeKind::Found(Finding::from(Outcome {
                waiver: Some("W03".into()),
                ..Outcome::new("D2", day("2016-09-05"), Verdict::Waived)
            })),
        },
        NewChange {
            known_on: day("2016-09-07"),
            kind: ChangeKind::Found(Outcome::new("D3", day("2016-09-05"), Verdict::Open).into()),
        },
        NewChange {
            known_on: day("2016-09-06"),
            kind: ChangeKind::Found(Outcome::new("D1", day("2016-09-05"), Verdict::Clear).into()),
        },
    ];
    let snapshot = store.append(&author("Li Wei"), &new).unwrap();
    let end = NewChange {
        known_on: day("2016-10-01"),
        kind: ChangeKind::Expired { entry: 1, until: day("2016-09-30") },
    };
    let mut other = author("王芳");
    other.reason = None;
    let last = store.append(&other, std::slice::from_ref(&end)).unwrap();
    assert_eq!((snapshot.change, last.change), (7, 8));

    let mut reopened = Store::open(&database.url()).unwrap();
    let found = all(&mut reopened).unwrap();
    let kinds: Vec<&ChangeKind> = found.iter().map(|change| &change.kind).collect();
    let expected: Vec<&ChangeKind> = new.iter().chain([&end]).map(|change| &change.kind).collect();
    assert_eq!(kinds, expected);
    assert_eq!(found.iter().map(|change| change.number).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
    assert_eq!(found[2].known_on, day("0001-01-01"));
    assert_eq!((found[0].by.as_str(), found[7].by.as_str()), ("Li Wei", "王芳"));
    assert_eq!((found[0].reason.as_deref(), found[7].reason.as_deref()), (Some("weekly list"), None));
    assert_eq!(found[0].at, "2016-09-06T08:30:00Z");
}

fn snapshots_are_what_was_known(database: &dyn Database) {
    let mut store = database.create();
    let empty = store.snapshot(None).unwrap();
    assert_eq!(empty.change, 0);
    assert_eq!(all(&mut store).unwrap(), []);
    let first = store.append(&author("a"), &many(0, 3)).unwrap();
    let second = store.append(&author("a"), &many(3, 2)).unwrap();
    assert_eq!(store.append(&author("a"), &[]).unwrap(), second, "nothing adds nothing");
    assert_eq!(store.snapshot(None).unwrap(), second);
    assert_eq!(store.snapshot(Some(3)).unwrap(), first);
    assert_eq!(store.snapshot(Some(0)).unwrap(), empty);
    assert_eq!(
        store.snapshot(Some(6)),
        Err(StoreError::NoSnapshot { store: store.to_string(), asked: 6, last: 5 })
    );
    assert!(store.snapshot(Some(u64::MAX)).is_err());
    for (snapshot, from, numbers) in [
        (&first, 1, vec![1, 2, 3]),
        (&first, 0, vec![1, 2, 3]),
        (&first, 3, vec![3]),
        (&first, 4, vec![]),
        (&second, 4, vec![4, 5]),
        (&empty, 1, vec![]),
    ] {
        let found = changes(&mut store, snapshot, from).unwrap();
        let found: Vec<u64> = found.iter().map(|change| change.number).collect();
        assert_eq!(found, numbers, "{snapshot} from {from}");
    }
    // The same changes give the same names in any store.
    assert_eq!(empty.to_string(), "0#47232aa26ff2");
    assert_eq!(first.to_string(), "3#86d4596f658e");
    // Another store with as many changes is not taken for this one.
    let mut foreign = second.clone();
    foreign.hash.replace_range(..1, if foreign.hash.starts_with('0') { "1" } else { "0" });
    for from in [1, 9] {
        assert!(matches!(changes(&mut store, &foreign, from), Err(StoreError::Tampered { change: 5, .. })));
    }
}

fn hostile_texts_come_back(database: &dyn Database) {
    let mut store = database.create();
    let long = "长".repeat(VALUE_BYTES_MAX / 3);
    let texts = [
        "",
        " ",
        "\0",
        "a\0b\u{1}\u{7f}\u{85}",
        "'; DROP TABLE changes; --",
        "\"\\\\\"",
        "\\N\t\r\n\\.\n",
        "🐉👨‍👩‍👧",
        "\u{202e}evil\u{feff}",
        "e\u{301} and \u{e9}",
        &long,
    ];
    let new: Vec<NewChange> = texts
        .iter()
        .map(|text| {
            let mut entry = entry(&[("exporter", *text), ("a'\"\\", *text)]);
            entry.source = Some("'; DROP TABLE changes; -- 🐉".to_owned());
            added(entry)
        })
        .collect();
    store.append(&author("O'Neill \"\\ 🐉"), &new).unwrap();
    for (change, text) in all(&mut store).unwrap().iter().zip(texts) {
        let ChangeKind::Added(entry) = &change.kind else { panic!("{change:?}") };
        assert_eq!(entry.values.iter().find(|(name, _)| name == "exporter").unwrap().1, text);
        assert_eq!(change.by, "O'Neill \"\\ 🐉");
    }
}

fn what_cannot_be_taken_leaves_nothing(database: &dyn Database) {
    let mut store = database.create();
    let before = store.append(&author("a"), &many(0, 2)).unwrap();
    let good = || added(entry(&[("exporter", "E9")]));
    let expired = |entry| NewChange {
        known_on: day("2016-09-06"),
        kind: ChangeKind::Expired { entry, until: day("2016-09-30") },
    };
    let long = "x".repeat(VALUE_BYTES_MAX + 1);
    let found =
        |finding: Finding| NewChange { known_on: day("2016-09-06"), kind: ChangeKind::Found(finding) };
    let cases: Vec<(NewChange, &str)> = vec![
        (added(Entry { table: String::new(), ..entry(&[]) }), "the name of its lookup table"),
        (added(Entry { table: "a\0".to_owned(), ..entry(&[]) }), "a control character"),
        (added(Entry { until: Some(day("2016-08-31")), ..entry(&[]) }), "from 2016-09-01 until 2016-08-31"),
        (added(Entry { source: Some("a\nb".to_owned()), ..entry(&[]) }), "the source of an entry"),
        (added(Entry { grade: Some("x".repeat(5000)), ..entry(&[]) }), "5000 bytes; 4096"),
        (added(entry(&[("a", "1"), ("b", "2"), ("a", "3")])), "two values of `a`"),
        (added(entry(&[("a", &long)])), "1048577 bytes; 1048576"),
        (expired(0), "has no entry 0"),
        (expired(3), "has no entry 3"),
        (expired(u64::MAX), "has no entry 18446744073709551615"),
        (found(changed(&|outcome| outcome.fine = Some(f64::NAN))), "NaN"),
        (found(changed(&|outcome| outcome.declaration_id = "".into())), "the id of its declaration"),
    ];
    for (change, reason) in cases {
        let error = store.append(&author("a"), &[good(), change, good()]).unwrap_err();
        assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(store.snapshot(None).unwrap(), before, "{reason}");
    }
    for (by, at, reason) in [
        ("", "2016-09-06T08:30:00Z", "--by"),
        ("  ", "2016-09-06T08:30:00Z", "--by"),
        ("a\0", "2016-09-06T08:30:00Z", "control character"),
        ("a", "yesterday", "no moment"),
        ("a", "2016-02-30T08:30:00Z", "no moment"),
        ("a", "2016-09-06T24:30:00Z", "no moment"),
        ("a", "2016-09-06T08:30:00+08:00", "no moment"),
    ] {
        let mut author = author(by);
        author.at = at.to_owned();
        let error = store.append(&author, &[good()]).unwrap_err().to_string();
        assert!(error.contains(reason), "{by:?} {at}: {error}");
    }
    // A finding is no entry.
    store.append(&author("a"), &[found(finding())]).unwrap();
    assert!(store.append(&author("a"), &[expired(3)]).unwrap_err().to_string().contains("no entry 3"));
}

fn a_store_is_made_once(database: &dyn Database) {
    let error = Store::open(&database.url()).unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
    // Several that make it at the same time all have it.
    thread::scope(|scope| {
        let makers: Vec<_> =
            (0..4).map(|_| scope.spawn(|| Store::create(&database.url()).map(drop))).collect();
        for maker in makers {
            maker.join().unwrap().unwrap();
        }
    });
    let snapshot = database.create().append(&author("a"), &many(0, 1)).unwrap();
    assert_eq!(database.create().snapshot(None).unwrap(), snapshot);
    assert_eq!(Store::open(&database.url()).unwrap().snapshot(None).unwrap(), snapshot);
}

fn a_store_that_moved_refuses(database: &dyn Database) {
    let (mut one, mut other) = (database.create(), database.create());
    let seen = one.snapshot(None).unwrap();
    let now = other.append(&author("b"), &many(0, 2)).unwrap();
    let error = one.append_after(&seen, &author("a"), &many(2, 1)).unwrap_err();
    assert_eq!(error, StoreError::Moved { store: one.to_string(), expected: 0, found: 2 });
    assert_eq!(one.append_after(&now, &author("a"), &many(2, 1)).unwrap().change, 3);
}

fn writers_wait_for_each_other(database: &dyn Database) {
    const TIMES: usize = 15;
    drop(database.create());
    thread::scope(|scope| {
        for by in ["a", "b", "c"] {
            scope.spawn(move || {
                let mut store = database.create();
                for at in 0..TIMES {
                    store.append(&author(by), &many(at, 3)).unwrap();
                }
            });
        }
        // A reader sees whole appends alone.
        scope.spawn(|| {
            let mut store = database.create();
            for _ in 0..TIMES {
                assert_eq!(all(&mut store).unwrap().len() % 3, 0);
            }
        });
    });
    let found = all(&mut database.create()).unwrap();
    assert_eq!(found.len(), 3 * 3 * TIMES);
    for part in found.chunks(3) {
        assert!(part.iter().all(|change| change.by == part[0].by), "{part:?}");
    }
}

fn a_writer_waits_for_another_to_end(database: &dyn Database) {
    let mut store = database.create();
    let lock = if store.to_string().starts_with("sqlite") {
        // Recursion to about a second of work.
        "BEGIN IMMEDIATE; CREATE TABLE busy AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n
         WHERE x < 1000000) SELECT max(x) FROM n; ROLLBACK;"
    } else {
        "BEGIN; LOCK TABLE CHANGES IN SHARE ROW EXCLUSIVE MODE; SELECT pg_sleep(1.0); ROLLBACK;"
    };
    // A second is short: the append waits and goes through. (The lock goes with the connection.)
    thread::scope(|scope| {
        scope.spawn(|| database.sql(lock).unwrap());
        thread::sleep(Duration::from_millis(100));
        const { assert!(WAIT_SECONDS > 1) };
        store.append(&author("a"), &many(0, 1)).unwrap();
    });
    assert_eq!(all(&mut store).unwrap().len(), 1);
}

fn nothing_is_overwritten(database: &dyn Database) {
    let mut store = database.create();
    store.append(&author("a"), &many(0, 3)).unwrap();
    let mut statements = vec![
        ("UPDATE CHANGES SET made_by = 'b'", "never altered"),
        ("UPDATE CHANGES SET number = 9 WHERE number = 3", "never altered"),
        ("DELETE FROM CHANGES WHERE number = 3", "removed"),
        ("DELETE FROM CHANGES", "removed"),
    ];
    if !store.to_string().starts_with("sqlite") {
        statements.push(("TRUNCATE CHANGES", "removed"));
    }
    for (sql, reason) in statements {
        let error = database.sql(sql).unwrap_err();
        assert!(error.contains(reason), "{sql}: {error}");
    }
    assert_eq!(all(&mut store).unwrap().len(), 3);
}

fn tampering_is_found_and_named(database: &dyn Database) {
    for (sql, change, reason) in [
        ("UPDATE CHANGES SET made_by = 'b' WHERE number = 3", 3, "not that of its content"),
        ("UPDATE CHANGES SET lookup = 'b' WHERE number = 3", 3, "not that of its content"),
        (
            "UPDATE CHANGES SET body = replace(body, 'E000002', 'E000009') WHERE number = 3",
            3,
            "not that of its",
        ),
        (
            "UPDATE CHANGES SET hash = (SELECT hash FROM CHANGES c WHERE c.number = 1) WHERE number = 2",
            2,
            "hash",
        ),
        ("DELETE FROM CHANGES WHERE number = 2", 2, "missing"),
        ("DELETE FROM CHANGES WHERE number = 5", 5, "missing"),
        (
            "DELETE FROM CHANGES WHERE number = 5; UPDATE CHANGES SET number = 5 WHERE number = 4",
            4,
            "missing",
        ),
    ] {
        let mut store = database.create();
        let count = store.snapshot(None).unwrap().change;
        if count == 0 {
            store.append(&author("a"), &many(0, 5)).unwrap();
            database.sql("CREATE TABLE backup AS SELECT * FROM CHANGES").unwrap();
            database.unguard();
        }
        let snapshot = store.snapshot(None).unwrap();
        database.sql(sql).unwrap();
        let error = changes(&mut store, &snapshot, 1).unwrap_err();
        let StoreError::Tampered { change: found, reason: why, .. } = &error else {
            panic!("{sql}: {error:?}")
        };
        assert_eq!(*found, change, "{sql}: {error}");
        assert!(why.contains(reason), "{sql}: {error}");
        database.sql("DELETE FROM CHANGES; INSERT INTO CHANGES SELECT * FROM backup").unwrap();
        assert_eq!(changes(&mut store, &snapshot, 1).unwrap().len(), 5);
    }
}

fn other_forms_are_refused(database: &dyn Database) {
    drop(database.create());
    database.set_form(99);
    for error in [Store::open(&database.url()), Store::create(&database.url())] {
        let error = error.unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 99, known: 1, .. }), "{error:?}");
        assert!(error.to_string().contains("update qingfeng"), "{error}");
    }
    database.set_form(0);
    assert!(matches!(Store::open(&database.url()).unwrap_err(), StoreError::Foreign { .. }));
}

fn a_hundred_thousand_entries(database: &dyn Database) {
    const COUNT: usize = 100_000;
    let new = many(0, COUNT);
    let mut store = database.create();
    let start = std::time::Instant::now();
    let snapshot = store.append(&author("a"), &new).unwrap();
    let written = start.elapsed();
    let start = std::time::Instant::now();
    let mut count = 0;
    store
        .changes(&snapshot, 1, &mut |_| {
            count += 1;
            Ok(())
        })
        .unwrap();
    let read = start.elapsed();
    assert_eq!(count, COUNT);
    // Generous, for a busy machine: what is quadratic takes minutes.
    assert!(written < Duration::from_secs(30) && read < Duration::from_secs(10), "{written:?} {read:?}");
}
