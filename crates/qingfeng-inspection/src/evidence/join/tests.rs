use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::evidence::Judged;

const HEADER: &str =
    "declaration_id,score,channel,rules,shadow_rules,pack,declared_on,sites,trader_class,group,value";

/// A row of assessments. Ids come again, within a day and on others.
fn any_row() -> impl Strategy<Value = String> {
    let texts = |all: &'static [&'static str]| prop::sample::select(all);
    let of = (
        0..9,
        -5..90_i64,
        texts(&["green", "red", "grey"]),
        texts(&["", "R2", "R1;R3", "R3"]),
        texts(&["", "R1"]),
    );
    let at = (texts(&["p@1#a", "p@2#b"]), texts(&["", "2016-09-05", "2016-09-06", "2016-10-01"]));
    let other =
        (texts(&["", "yiwu", "yiwu;ningbo"]), texts(&["new", "known"]), texts(&["toys", "other"]), 0..3);
    (of, at, other).prop_map(
        |((id, score, channel, rules, shadow), (pack, day), (sites, class, group, value))| {
            format!("D{id},{score},{channel},{rules},{shadow},{pack},{day},{sites},{class},{group},{value}")
        },
    )
}

/// A plan of some declarations, drawn and targeted, one of which was not assessed.
fn plan() -> PlanFile {
    let mut text = String::from(
        "day,office,order,declaration_id,selected,probability,score,channel,cost,stratum,drawn,population,pack\n",
    );
    for (at, (day, id, selected, probability)) in [
        ("2016-09-05", "D1", "targeted", 1.0),
        ("2016-09-05", "D2", "random", 0.25),
        ("2016-09-06", "D1", "random", 0.25),
        ("2016-10-01", "D99", "random", 0.5),
    ]
    .into_iter()
    .enumerate()
    {
        let order = at + 1;
        let _ = writeln!(text, "{day},yiwu,{order},{id},{selected},{probability},1,red,1,toys/new,1,4,p@1#a");
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plan.csv");
    std::fs::write(&path, text).unwrap();
    PlanFile::read(&path).unwrap()
}

fn evidence(files: &[&[String]]) -> Evidence {
    let inputs: Vec<Input> = files
        .iter()
        .enumerate()
        .map(|(at, rows)| Input::bytes(format!("a{at}.csv"), format!("{HEADER}\n{}\n", rows.join("\n"))))
        .collect();
    let outcomes =
        "declaration_id,item_no,found_on,result\nD1,1,2016-09-07,fake\nD2,1,2016-09-07,clear\nD7,1,,clear\n";
    Evidence::read(&inputs, &[plan()], &[Input::bytes("outcomes.csv", outcomes)], None).unwrap()
}

/// The declarations; which could have been drawn, and where; names, inspections and counts.
type Told = (Vec<Judged>, Vec<(bool, Option<u32>)>, String);

/// All that evidence says.
fn told(evidence: Evidence) -> Told {
    let chances = |judged: &Judged| {
        (evidence.chance(judged) == crate::evidence::Chance::Drawable, evidence.office_of(judged))
    };
    let mut of = Vec::new();
    evidence.each(|judged| of.push(chances(judged))).unwrap();
    let inspections: Vec<_> = evidence
        .inspections()
        .map(|(day, id, inspection)| (day, id.to_owned(), inspection.clone()))
        .collect();
    let names = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {} {inspections:?}",
        evidence.rules,
        evidence.sites,
        evidence.channels,
        evidence.packs,
        evidence.planned_elsewhere,
        evidence.unplanned,
        evidence.guessed_channels
    );
    (evidence.loaded().unwrap().declarations.held, of, names)
}

proptest! {
    /// Any cut of the rows into files, in any order, on one thread or two: the evidence is the same, and each planned
    /// inspection stands at its declaration. In tests the declarations are in a file as soon as there are some.
    #[test]
    fn evidence_does_not_depend_on_files_or_threads(rows in prop::collection::vec(any_row(), 1..80), cut in 0_usize..80) {
        let whole = told(evidence(&[&rows]));
        let mut turned = rows.clone();
        turned.reverse();
        let (first, second) = turned.split_at(cut.min(rows.len()));
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let apart = pool.install(|| told(evidence(&[second, first])));
            prop_assert_eq!(&apart.0, &whole.0);
            prop_assert_eq!(&apart.1, &whole.1);
            prop_assert_eq!(&apart.2, &whole.2);
        }
        for judged in &whole.0 {
            let is_planned = plan().rows.iter().any(|row| {
                Some(row.day) == judged.day && *row.declaration_id == *judged.declaration_id
            });
            prop_assert_eq!(judged.inspection.is_some(), is_planned);
        }
        prop_assert!(whole.0.is_sorted_by(|a, b| (a.day, &a.declaration_id) < (b.day, &b.declaration_id)));
    }

    /// Days that do not count are as if their declarations had not been read.
    #[test]
    fn days_that_do_not_count_are_not_given_out(rows in prop::collection::vec(any_row(), 1..40)) {
        let (from, until) = ("2016-09-06".parse().unwrap(), "2016-09-30".parse().unwrap());
        let mut stored = evidence(&[&rows]);
        let mut held = evidence(&[&rows]).loaded().unwrap();
        let out = stored.keep_days(Some(from), Some(until));
        prop_assert_eq!(held.keep_days(Some(from), Some(until)), out);
        prop_assert_eq!(stored.last_day(), held.last_day());
        let ids = |evidence: &Evidence| -> Vec<String> {
            evidence.inspections().map(|(_, id, _)| id.to_owned()).collect()
        };
        prop_assert_eq!(ids(&stored), ids(&held));
        let stored = stored.loaded().unwrap().declarations.held;
        prop_assert!(stored.iter().all(|judged| judged.day.is_none_or(|day| from <= day && day <= until)));
        prop_assert_eq!(&stored, &held.declarations.held);
    }
}
