//! Lookup tables and histories of a store: what counts on which day, and that nothing leaks from the future.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use qingfeng::rules::Date;
use qingfeng::{Declaration, Engine, Evaluation};
use qingfeng_store::StoreLookups;
use qingfeng_store::{
    Author, ChangeKind, Entry, Finding, NewChange, Party, Role, Store, StoreUrl, Violation,
};
use qingfeng_store::{Outcome, Verdict};

const MANIFEST: &str = r#"
[pack]
name = "test"
version = "1"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[lookups.blacklist]
store = "blacklist"
key = ["exporter"]
from = "listed_on"
until = "delisted_on"
columns = { weight = "integer" }
[lookups.past]
history = "exporter"
"#;

const RULES: &str = r#"
rule("LISTED", #{ title: "t", when: |d| d.listed("blacklist"), reason: |d| {
    let e = d.lookup("blacklist");
    `${e.weight} ${e.listed_on} ${e.delisted_on} ${e.source} ${e.grade}`
}});
rule("HEAVY", #{ title: "t", score: 10, when: |d| d.lookup("blacklist").weight >= 2 });
rule("PAST", #{ title: "t", when: |d| d.listed("past"), reason: |d| {
    let h = d.lookup("past");
    `${h.inspections_12m} ${h.inspections_36m} ${h.violations_12m} ${h.violations_36m} ${h.last_finding} ${h.last_inspection} ${h.clear_since_finding} ${h.grade}`
}});
rule("AGAIN", #{ title: "t", score: 20, when: |d| d.lookup("past").violations_12m > 0 && d.lookup("past").grade == "A" });
"#;

fn pack(directory: &Path, manifest: &str) {
    std::fs::write(directory.join("pack.toml"), manifest).unwrap();
    std::fs::write(directory.join("a.rhai"), RULES).unwrap();
}

fn date(day: i32) -> Date {
    Date::from_days("2014-01-01".parse::<Date>().unwrap().days() + day).unwrap()
}

fn store(path: &Path, changes: &[NewChange]) -> StoreUrl {
    let url = StoreUrl::Sqlite(path.to_owned());
    let author = Author { by: "test".to_owned(), at: "2016-09-06T08:30:00Z".to_owned(), reason: None };
    let mut store = Store::create(&url).unwrap();
    // An entry can end once it is there.
    for part in changes.chunk_by(|_, next| !matches!(next.kind, ChangeKind::Expired { .. })) {
        store.append(&author, part).unwrap();
    }
    url
}

fn opened(directory: &Path, store: StoreUrl) -> Engine {
    Engine::builder().directory(directory).lookups(&StoreLookups::default().store(store)).build().unwrap()
}

/// What fires on a line, by both evaluations, which must agree.
fn fired(engine: &Engine, exporter: &str, day: Option<Date>) -> BTreeMap<String, String> {
    let declaration = Declaration::new()
        .with("declaration_id", "L1")
        .with("destination", "KE")
        .with("mode", "0110")
        .with("hs", "9608100000")
        .with("exporter", exporter)
        .with("declared_on", day.map(|day| day.to_string()).as_deref());
    let answers = [Evaluation::Compiled, Evaluation::Interpreted].map(|evaluation| {
        let assessment = engine.clone().with_evaluation(evaluation).assess(&declaration).unwrap();
        let fired = &assessment.items[0].fired;
        assert!(assessment.items[0].faults.is_empty(), "{:?}", assessment.items[0].faults);
        fired.iter().map(|fired| (fired.rule.clone(), fired.reason.clone().unwrap_or_default())).collect()
    });
    let [compiled, interpreted]: [BTreeMap<String, String>; 2] = answers;
    assert_eq!(compiled, interpreted, "{exporter} {day:?}");
    compiled
}

fn entry(exporter: &str, from: Option<i32>, until: Option<i32>, weight: i32) -> ChangeKind {
    ChangeKind::Added(Entry {
        table: "blacklist".to_owned(),
        values: vec![("exporter".to_owned(), exporter.to_owned()), ("weight".to_owned(), weight.to_string())],
        from: from.map(date),
        until: until.map(date),
        source: Some("harbour".to_owned()),
        grade: None,
    })
}

fn found(id: u8, item: u8, exporter: &str, found_on: i32, violates: bool, major: bool) -> ChangeKind {
    let verdict = if violates { Verdict::Violation(Violation::Fake) } else { Verdict::Clear };
    let outcome = Outcome {
        item_no: Some(item.into()),
        major_case: violates && major,
        ..Outcome::new(&format!("D{id}"), date(found_on), verdict)
    };
    let parties = vec![Party { role: Role::Exporter, name: exporter.to_owned() }];
    ChangeKind::Found(Finding { outcome, parties })
}

/// A change: what it is, its day, when it became known, and numbers of which it is made.
fn change() -> impl Strategy<Value = (u8, i32, i32, u8, u8, u8)> {
    (0..6_u8, 0..900_i32, 0..60_i32, 0..3_u8, 0..6_u8, 0..4_u8)
}

fn changes(drawn: &[(u8, i32, i32, u8, u8, u8)]) -> Vec<NewChange> {
    let mut changes: Vec<NewChange> = Vec::new();
    for &(what, day, later, exporter, number, more) in drawn {
        let name = format!("E{exporter}");
        let added: Vec<u64> = (1..)
            .zip(&changes)
            .filter(|(_, change)| matches!(change.kind, ChangeKind::Added(_)))
            .map(|(number, _)| number)
            .collect();
        let kind = match what {
            0 | 1 => {
                let from = (number % 2 == 0).then_some(day);
                entry(&name, from, (more > 1).then_some(day + i32::from(number) * 40), more.into())
            }
            2 if !added.is_empty() => ChangeKind::Expired {
                entry: added[usize::from(number) % added.len()],
                until: date(day - i32::from(more) * 30),
            },
            _ => found(number, more % 2, &name, day, what != 5, more == 3),
        };
        changes.push(NewChange { known_on: date(day + later), kind });
    }
    changes
}

/// The changes that were known on a day; the numbers of entries are those that they have among these.
fn known_on(changes: &[NewChange], day: Date) -> Vec<NewChange> {
    let mut numbers: BTreeMap<u64, u64> = BTreeMap::new();
    let mut known: Vec<NewChange> = Vec::new();
    for (number, change) in (1..).zip(changes) {
        let mut change = change.clone();
        let is_known = match &mut change.kind {
            ChangeKind::Found(_) => change.known_on < day,
            ChangeKind::Added(_) => change.known_on <= day,
            ChangeKind::Expired { entry, .. } => match numbers.get(entry) {
                Some(&kept) => {
                    *entry = kept;
                    change.known_on <= day
                }
                None => false,
            },
        };
        if is_known {
            if matches!(change.kind, ChangeKind::Added(_)) {
                numbers.insert(number, known.len() as u64 + 1);
            }
            known.push(change);
        }
    }
    known
}

/// The day so many months before, by counting months.
fn months_before(day: Date, months: i64) -> Date {
    let total = day.year() * 12 + day.month() - 1 - months;
    let (year, month) = ((total / 12) as i32, (total % 12 + 1) as u32);
    (1..=day.day() as u32).rev().find_map(|day| Date::from_ymd(year, month, day)).unwrap()
}

/// A line of a declaration.
type Line = (Box<str>, Option<i64>);

/// What a history says, found by looking at every finding.
fn history(changes: &[NewChange], exporter: &str, day: Date) -> Option<String> {
    let mut lines: BTreeMap<Line, (Date, &Finding)> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.known_on < day) {
        let ChangeKind::Found(finding) = &change.kind else { continue };
        let line = (finding.declaration_id.clone(), finding.item_no);
        if lines.get(&line).is_none_or(|(on, _)| *on <= change.known_on) {
            lines.insert(line, (change.known_on, finding));
        }
    }
    let of_party: Vec<&Finding> = lines
        .values()
        .map(|(_, finding)| *finding)
        .filter(|finding| finding.parties[0].name == exporter)
        .collect();
    let ids: BTreeSet<&str> = of_party.iter().map(|finding| &*finding.declaration_id).collect();
    let last = |id: &str, violates: bool, major: bool| {
        of_party
            .iter()
            .filter(|line| *line.declaration_id == *id)
            .filter(|line| (!violates || line.violation().is_some()) && (!major || line.major_case))
            .map(|line| line.day())
            .max()
    };
    let days = |violates: bool, major: bool| -> Vec<Date> {
        ids.iter().filter_map(|id| last(id, violates, major)).collect()
    };
    let within =
        |days: &[Date], months: i64| days.iter().filter(|on| **on > months_before(day, months)).count();
    let (inspections, violations, majors) = (days(false, false), days(true, false), days(true, true));
    let last_inspection = inspections.iter().max()?;
    let last_finding = violations.iter().max();
    let clear = ids.iter().filter(|id| last(id, true, false).is_none());
    let clear = clear
        .filter(|id| last_finding.is_none_or(|finding| last(id, false, false).unwrap() > *finding))
        .count();
    let (year, three) = (within(&violations, 12), within(&violations, 36));
    let grade = match (within(&majors, 36), year, three) {
        (1.., _, _) | (_, 3.., _) => "A",
        (_, 2, _) | (_, _, 3..) => "B",
        (_, _, 1..) => "C",
        _ => "",
    };
    let last_finding = last_finding.map_or(String::new(), Date::to_string);
    Some(format!(
        "{} {} {year} {three} {last_finding} {last_inspection} {clear} {grade}",
        within(&inspections, 12),
        within(&inspections, 36),
    ))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A line of a day gets the same answer from the whole log and from what was known on that day.
    #[test]
    fn nothing_leaks_from_the_future(
        drawn in prop::collection::vec(change(), 1..40),
        days in prop::collection::vec(0..2200_i32, 4),
    ) {
        let directory = tempfile::tempdir().unwrap();
        pack(directory.path(), MANIFEST);
        let manifest = MANIFEST.replace("until = \"delisted_on\"", "until = \"delisted_on\"\nmay_be_empty = true");
        pack(directory.path(), &manifest);
        let changes = changes(&drawn);
        let whole = opened(directory.path(), store(&directory.path().join("whole.sqlite"), &changes));
        // Days on which something became known, and the days around them, besides days at random.
        let turns = changes.iter().take(4).flat_map(|change| [0, 1].map(|later| change.known_on.plus_days(later).unwrap()));
        for (at, day) in turns.chain(days.iter().map(|&day| date(day))).enumerate() {
            let cut = known_on(&changes, day);
            let path = directory.path().join(format!("{at}.sqlite"));
            let then = opened(directory.path(), store(&path, &cut));
            for exporter in ["E0", "E1", "E2"] {
                let now = fired(&whole, exporter, Some(day));
                prop_assert_eq!(&now, &fired(&then, exporter, Some(day)), "{} on {}", exporter, day);
                prop_assert_eq!(now.get("PAST").cloned(), history(&changes, exporter, day), "{} on {}", exporter, day);
            }
        }
    }
}

#[test]
fn entries_and_findings_count_from_when_they_are_known() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path(), MANIFEST);
    let change = |known_on: i32, kind: ChangeKind| NewChange { known_on: date(known_on), kind };
    let changes = [
        change(10, entry("E1", Some(5), None, 1)),
        change(20, entry("E1", Some(15), None, 2)),
        change(30, ChangeKind::Expired { entry: 2, until: date(25) }),
        change(40, found(1, 1, "E1", 38, true, true)),
        // The line was clear after all.
        change(50, found(1, 1, "E1", 38, false, false)),
        change(60, entry("E2", Some(100), None, 1)),
    ];
    let engine = opened(directory.path(), store(&directory.path().join("s.sqlite"), &changes));
    let id = engine.pack_id().to_string();
    assert!(id.contains("+lookups@6#"), "{id}");
    assert_eq!(engine.lookups().unwrap().snapshot.split_once('#').unwrap().0, "6");
    let day = |day: i32| date(day).to_string();
    let weight = |weight: i32, from: i32, until: Option<i32>| {
        Some(format!("{weight} {} {} harbour ", day(from), until.map_or(String::new(), day)))
    };
    let past = |text: &str| Some(text.replace("DAY", &day(38)));
    let none = || None;
    type Case = (&'static str, Option<i32>, Option<String>, Option<String>);
    let cases: Vec<Case> = vec![
        ("E1", Some(9), none(), none()),
        ("E1", Some(10), weight(1, 5, None), none()),
        // Of two entries that count the one that became known last.
        ("E1", Some(20), weight(2, 15, None), none()),
        ("E1", Some(29), weight(2, 15, None), none()),
        ("E1", Some(30), weight(1, 5, None), none()),
        ("E1", Some(40), weight(1, 5, None), none()),
        ("E1", Some(41), weight(1, 5, None), past("1 1 1 1 DAY DAY 0 A")),
        ("E1", Some(50), weight(1, 5, None), past("1 1 1 1 DAY DAY 0 A")),
        ("E1", Some(51), weight(1, 5, None), past("1 1 0 0  DAY 1 ")),
        // Without a day: the day after the last on which something became known.
        ("E1", None, weight(1, 5, None), past("1 1 0 0  DAY 1 ")),
        ("E2", None, none(), none()),
        ("E2", Some(100), weight(1, 100, None), none()),
        // The last day of a window of 12 months, and the first after it.
        ("E1", Some(38 + 364), weight(1, 5, None), past("1 1 0 0  DAY 1 ")),
        ("E1", Some(38 + 365), weight(1, 5, None), past("0 1 0 0  DAY 1 ")),
    ];
    for (exporter, day, listed, past) in cases {
        let fired = fired(&engine, exporter, day.map(date));
        assert_eq!(fired.get("LISTED").cloned(), listed, "{exporter} {day:?}");
        assert_eq!(fired.get("PAST").cloned(), past, "{exporter} {day:?}");
    }
    let url = StoreUrl::Sqlite(directory.path().join("s.sqlite"));
    let before = StoreLookups::default().store(url).snapshot(1);
    let before = Engine::builder().directory(directory.path()).lookups(&before).build().unwrap();
    assert!(before.pack_id().contains("+lookups@1#"));
    assert_eq!(fired(&before, "E1", Some(date(20))).get("LISTED").cloned(), weight(1, 5, None));
}

/// What is said of a store that does not fit the pack.
#[test]
fn a_store_that_does_not_fit_is_named() {
    let added = |weight: &str| {
        let mut kind = entry("E1", Some(5), None, 1);
        if let ChangeKind::Added(entry) = &mut kind {
            entry.values[1].1 = weight.to_owned();
        }
        NewChange { known_on: date(10), kind }
    };
    let ended =
        |entry: u64| NewChange { known_on: date(10), kind: ChangeKind::Expired { entry, until: date(1) } };
    /// A name, the table, what is in the store if there is one, and parts of the message.
    type Case = (&'static str, &'static str, Option<Vec<NewChange>>, &'static [&'static str]);
    let cases: Vec<Case> = vec![
        ("no store", "blacklist", None, &["QF0402", "there is no store", "qingfeng lookup import"]),
        (
            "another name",
            "blaklist",
            Some(vec![added("1")]),
            &["QF0403", "`blaklist`", "did you mean `blacklist`?"],
        ),
        ("nothing yet", "blacklist", Some(vec![]), &["QF0403", "it has no tables yet", "may_be_empty"]),
        (
            "a text",
            "blacklist",
            Some(vec![added("heavy")]),
            &["QF0404", "entry 1", "`weight` is `heavy`", "lookup expire"],
        ),
        ("a text that has ended", "blacklist", Some(vec![added("heavy"), ended(1)]), &[]),
        ("all is well", "blacklist", Some(vec![added("1")]), &[]),
    ];
    for (name, table, changes, expected) in cases {
        let directory = tempfile::tempdir().unwrap();
        pack(directory.path(), &MANIFEST.replace("store = \"blacklist\"", &format!("store = \"{table}\"")));
        let path = directory.path().join("lookups/store.sqlite");
        if let Some(changes) = changes {
            store(&path, &changes);
        }
        let lookups = StoreLookups::default();
        match (Engine::builder().directory(directory.path()).lookups(&lookups).build(), expected) {
            (Ok(_), []) => {}
            (Ok(_), expected) => panic!("{name}: opened, not {expected:?}"),
            (Err(error), expected) => {
                let message = error.to_string();
                assert!(!expected.is_empty(), "{name}: {message}");
                for part in expected {
                    assert!(message.contains(part), "{name}: {message} has no {part}");
                }
            }
        }
    }
}
