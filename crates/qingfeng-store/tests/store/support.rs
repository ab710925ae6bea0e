//! Changes for tests.

use qingfeng::rules::Date;
use qingfeng_store::{
    Author, Change, ChangeKind, Entry, Finding, NewChange, Party, Role, SnapshotId, Store, StoreError,
    Violation,
};
use qingfeng_store::{Outcome, Verdict};

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn author(by: &str) -> Author {
    Author {
        by: by.to_owned(),
        at: "2016-09-06T08:30:00Z".to_owned(),
        reason: Some("weekly list".to_owned()),
    }
}

pub fn entry(values: &[(&str, &str)]) -> Entry {
    let values = values.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    Entry {
        table: "blacklist".to_owned(),
        values: values.collect(),
        from: Some(day("2016-09-01")),
        until: None,
        source: Some("市场监管".to_owned()),
        grade: None,
    }
}

pub fn added(entry: Entry) -> NewChange {
    NewChange { known_on: day("2016-09-06"), kind: ChangeKind::Added(entry) }
}

/// So many entries with keys from this number on.
pub fn many(first: usize, count: usize) -> Vec<NewChange> {
    (first..first + count).map(|at| added(entry(&[("exporter", &format!("E{at:06}"))]))).collect()
}

pub fn finding() -> Finding {
    let outcome = Outcome {
        item_no: Some(2),
        pieces: Some(i64::MAX),
        // A number that some readers of JSON give back a digit off.
        fine: Some(122.416_294_033_786_58),
        major_case: true,
        ..Outcome::new("D1", day("2016-09-05"), Verdict::Violation(Violation::Counterfeit))
    };
    Finding {
        outcome,
        parties: vec![
            Party { role: Role::Exporter, name: "E000001".to_owned() },
            Party { role: Role::Brand, name: "得力".to_owned() },
        ],
    }
}

/// The same with another result.
pub fn changed(change: &dyn Fn(&mut Outcome)) -> Finding {
    let mut finding = finding();
    change(&mut finding.outcome);
    finding
}

/// The changes of a snapshot from a number on.
pub fn changes(store: &mut Store, snapshot: &SnapshotId, from: u64) -> Result<Vec<Change>, StoreError> {
    let mut changes = Vec::new();
    store.changes(snapshot, from, &mut |change| {
        changes.push(change);
        Ok(())
    })?;
    Ok(changes)
}

/// All changes of the latest snapshot.
pub fn all(store: &mut Store) -> Result<Vec<Change>, StoreError> {
    let snapshot = store.snapshot(None)?;
    changes(store, &snapshot, 1)
}
