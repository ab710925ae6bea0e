//! A true plan is proved, and one with anything changed in it is not.

use std::path::Path;

use proptest::prelude::*;
use qingfeng::tables::{Col, RowWriter};
use qingfeng::tables::{Day, Integer, Number, Text, Texts};
use qingfeng::write::{Output, TableWriter};
use qingfeng_rules::ChannelId;
use qingfeng_rules::selection::{Amount, Least, Millionths, Quota, QuotaOf};

use super::super::proof::{Proof, ProofOf, ProofVerdict};
use super::super::{
    AssessedDeclaration, Capacity, PlanColumns, PlanFile, PlanInputs, PlanMarks, PlanRow, plan_rows,
};
use super::world::*;
use crate::outcomes::Timeline;

const PACK: &str = "harbour@3#ab";

/// A plan as its cells.
#[derive(Clone)]
struct Sheet(Vec<Vec<String>>);

impl World {
    /// The plan by a key, as its file has it.
    fn sheet(&self, number: u64) -> Sheet {
        let days = [date(DAYS[1]), date(DAYS[2])];
        let inputs = PlanInputs::new(days, &self.candidates, &self.capacity, self.outcomes.as_ref()).unwrap();
        let marks = PlanMarks { pack: PACK.to_owned(), inputs: inputs.to_string() };
        let rows = self.plan(number).days.into_iter().flat_map(|planned| {
            let commitment = self.commitment(number, planned.day);
            let all = &self.candidates.all;
            let batch = plan_rows(&planned, &self.policy, all, Some(&commitment), &marks).unwrap();
            PlanRow::of_batch(&batch).unwrap()
        });
        Sheet(rows.map(|row| row.cells()).collect())
    }

    fn commitment(&self, number: u64, day: qingfeng_rules::Date) -> String {
        key(number).of_day(day).commitment(&self.policy.draw_terms(PACK, &self.capacity, day))
    }

    /// What a proof says of a file; what cannot be read is no plan.
    fn prove(&self, path: &Path, number: u64, day: &str, published: Option<&str>) -> Option<Proof> {
        let plan = PlanFile::read(path).ok()?;
        let of = ProofOf {
            pack: PACK,
            policy: &self.policy,
            capacity: &self.capacity,
            outcomes: self.outcomes.as_ref(),
            candidates: &self.candidates,
            plan: &plan,
        };
        let key = key(number);
        Some(of.prove(&key.of_day(date(day)), Some(&key), None, published).unwrap())
    }
}

impl Sheet {
    /// Writes it; not if a cell is none of its column.
    fn write(&self, path: &Path) -> bool {
        let columns = PlanColumns::TABLE.columns;
        if path.extension().is_some_and(|extension| extension == "csv") {
            let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
            let mut text = names.join(",") + "\n";
            for row in &self.0 {
                let quoted = row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
                text += &(quoted.collect::<Vec<_>>().join(",") + "\n");
            }
            std::fs::write(path, text).unwrap();
            return true;
        }
        let mut rows = RowWriter::new(&PlanColumns::TABLE);
        for row in &self.0 {
            for (at, (column, cell)) in columns.iter().zip(row).enumerate() {
                let is_missing = cell.is_empty();
                use qingfeng::tables::CellKind;
                let is_right = match column.kind {
                    CellKind::Text => {
                        rows.text(Col::<Text>::new(at), Some(cell.as_str()).filter(|cell| !cell.is_empty()));
                        true
                    }
                    CellKind::Day => {
                        let day = cell.parse().ok();
                        rows.date(Col::<Day>::new(at), day);
                        day.is_some()
                    }
                    CellKind::Integer => {
                        let number = cell.parse::<i64>().ok();
                        rows.integer(Col::<Integer>::new(at), number);
                        is_missing || number.is_some()
                    }
                    CellKind::Number => {
                        let number = cell.parse::<f64>().ok();
                        rows.number(Col::<Number>::new(at), number);
                        is_missing || number.is_some()
                    }
                    CellKind::Texts => {
                        let texts = cell.split(';').filter(|_| !is_missing);
                        rows.texts(Col::<Texts>::new(at), texts);
                        true
                    }
                    CellKind::Flag => false,
                };
                if !is_right {
                    return false;
                }
            }
            rows.end();
        }
        let Ok(batch) = rows.finish() else { return false };
        let mut writer =
            TableWriter::create(&Output::Path(path.to_owned()), PlanColumns::TABLE.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        true
    }
}

/// Twenty-six declarations of two planned days and one before, of which something is known.
fn world() -> World {
    let mut selection = selection();
    selection.random.rate = Millionths(250_000);
    selection.quotas =
        vec![Quota { name: "ports".into(), of: QuotaOf::Kind("port".into()), least: Least::Count(1) }];
    selection.exploration.share = Millionths(100_000);
    let all: Vec<AssessedDeclaration> = (0..26_u32)
        .map(|number| AssessedDeclaration {
            sites: if number % 4 == 0 { [1].into() } else { [0].into() },
            group: ["batteries", "toys", "other"][(number % 7 % 3) as usize].into(),
            score: i64::from(number * 37 % 101),
            channel: ChannelId(if number % 4 < 2 { 1 } else { 0 }),
            rules: match number % 7 {
                0 => [0].into(),
                1 => [1, 2].into(),
                _ => [].into(),
            },
            trader: (number % 5 > 0).then(|| format!("E{}", number % 5).into()),
            mode: (number % 2 == 0).then(|| "0110".into()),
            destination: Some("KE".into()),
            packages: (number % 6 > 0).then(|| i64::from(number * 53 % 700)),
            value: Some(f64::from(number) * 12.34),
            unreadable: if number % 8 == 1 { ["item 1: quantity".into()].into() } else { [].into() },
            ..candidate(DAYS[((number + 1) % 3) as usize], number)
        })
        .collect();
    let results = all.iter().filter(|one| one.score % 2 == 0);
    let results = results.map(|one| outcome(&one.declaration_id, one.day.unwrap(), one.score % 4 == 0));
    let outcomes = Some(Timeline::new(results));
    let mut candidates = candidates(all);
    candidates.packs = vec![PACK.to_owned()];
    let capacity = Capacity::of_sites([("yiwu", Amount::Inspections(6)), ("ningbo", Amount::Points(70))]);
    World { policy: policy(selection), capacity, candidates, outcomes }
}

/// Each deletion, addition, exchange and edit of the rows of a day, with what it is.
fn forgeries(sheet: &Sheet, ids: &[String], day: &str) -> Vec<(String, Sheet)> {
    let rows = &sheet.0;
    let columns = PlanColumns::TABLE.columns;
    let id_at = columns.iter().position(|column| column.name == "declaration_id").unwrap();
    let mut all = Vec::new();
    let mut forge = |what: String, forge: &dyn Fn(&mut Vec<Vec<String>>)| {
        let mut forged = sheet.clone();
        forge(&mut forged.0);
        if forged.0 != *rows {
            all.push((what, forged));
        }
    };
    for at in (0..rows.len()).filter(|&at| rows[at][0] == day) {
        forge(format!("row {at} deleted"), &|rows| drop(rows.remove(at)));
        forge(format!("row {at} twice"), &|rows| rows.insert(at, rows[at].clone()));
        for id in ids {
            forge(format!("row {at} again for {id}"), &|rows| {
                let mut row = rows[at].clone();
                row[id_at].clone_from(id);
                row[2] = (at + 100).to_string();
                rows.insert(at + 1, row);
            });
        }
        for other in (at + 1..rows.len()).filter(|&other| rows[other][0] == day) {
            forge(format!("rows {at} and {other} exchanged"), &|rows| rows.swap(at, other));
            forge(format!("ids of {at} and {other} exchanged"), &|rows| {
                let id = rows[at][id_at].clone();
                rows[at][id_at] = std::mem::replace(&mut rows[other][id_at], id);
            });
        }
        for (column, of) in columns.iter().enumerate() {
            let cell = &rows[at][column];
            let mut edits = vec![String::new(), format!("{cell}x"), format!("{cell}1")];
            edits.extend(cell.parse::<f64>().ok().map(|number| number.next_down().to_string()));
            edits.extend(cell.parse::<i64>().ok().map(|number| (number + 1).to_string()));
            edits.extend(rows.iter().map(|row| &row[column]).find(|other| *other != cell).cloned());
            edits.extend(
                ["mandatory", "targeted", "random"]
                    .map(str::to_owned)
                    .into_iter()
                    .filter(|_| of.name == "selected"),
            );
            for edit in edits {
                let what = format!("`{}` of row {at} from `{cell}` to `{edit}`", of.name);
                forge(what, &|rows| rows[at][column].clone_from(&edit));
            }
        }
    }
    all
}

#[test]
fn every_deletion_addition_exchange_and_edit_is_found() {
    let world = world();
    let directory = tempfile::tempdir().unwrap();
    let sheet = world.sheet(7);
    let selected = PlanColumns::TABLE.columns.iter().position(|column| column.name == "selected").unwrap();
    let kinds = ["mandatory", "targeted", "random"];
    assert!(kinds.iter().all(|kind| sheet.0.iter().any(|row| row[0] == DAYS[2] && row[selected] == **kind)));
    assert!(
        sheet.0.iter().any(|row| row[0] == DAYS[2] && !row.last().unwrap().is_empty()),
        "something unreadable"
    );
    let published = world.commitment(7, date(DAYS[2]));
    let planned: Vec<&String> = sheet.0.iter().map(|row| &row[3]).collect();
    let others = world.candidates.all.iter().map(|one| one.declaration_id.to_string());
    let others: Vec<String> = others.filter(|id| !planned.contains(&id)).take(4).collect();
    for extension in ["csv", "parquet"] {
        let path = directory.path().join(format!("plan.{extension}"));
        assert!(sheet.write(&path));
        let true_plan = world.prove(&path, 7, DAYS[2], Some(&published)).unwrap();
        assert_eq!(true_plan.verdict(), ProofVerdict::Proved, "{true_plan:?}");
        let unpublished = world.prove(&path, 7, DAYS[2], None).unwrap();
        assert_eq!(unpublished.verdict(), ProofVerdict::Consistent);
        assert!(unpublished.unchecked[0].contains("--commitment"), "{unpublished:?}");
        let mut found = 0;
        for (what, forged) in forgeries(&sheet, &others, DAYS[2]) {
            if !forged.write(&path) {
                continue;
            }
            let proof = world.prove(&path, 7, DAYS[2], Some(&published));
            let verdict = proof.map(|proof| proof.verdict());
            assert!(matches!(verdict, None | Some(ProofVerdict::Refused)), "{extension}: {what}");
            found += 1;
        }
        assert!(found > 300, "{extension}: {found}");
    }
}

#[test]
fn other_inputs_than_those_of_the_plan_are_told() {
    let world = world();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plan.csv");
    assert!(world.sheet(7).write(&path));
    let published = world.commitment(7, date(DAYS[2]));
    let says = |world: &World, number: u64, what: &str| {
        let proof = world.prove(&path, number, DAYS[2], Some(&published)).unwrap();
        assert_eq!(proof.verdict(), ProofVerdict::Refused);
        assert!(proof.differences.iter().any(|of| of.contains(what)), "{what}: {proof:?}");
    };
    let without = World { outcomes: None, ..world.clone() };
    says(&without, 7, "the plan learnt from outcomes; give them");
    let mut fewer = world.clone();
    fewer.candidates.all.pop();
    says(&fewer, 7, "the assessments are not those that the plan names");
    let capacity = Capacity::of_sites([("yiwu", Amount::Inspections(5)), ("ningbo", Amount::Points(70))]);
    let other = World { capacity, ..world.clone() };
    says(&other, 7, "the capacities are not those that the plan names");
    says(&other, 7, "key does not match the commitment");
    says(&world, 8, "key does not match the commitment");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_true_plan_is_proved(mut world in any_world(), number in 0..20_u64) {
        world.candidates.packs = vec![PACK.to_owned()];
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plan.csv");
        let sheet = world.sheet(number);
        prop_assert!(sheet.write(&path));
        for day in &DAYS[1..] {
            let published = world.commitment(number, date(day));
            let proof = world.prove(&path, number, day, Some(&published)).unwrap();
            let is_there = world.candidates.all.iter().any(|one| one.day == Some(date(day)));
            if !sheet.0.is_empty() && is_there {
                prop_assert_eq!(proof.verdict(), ProofVerdict::Proved, "{:?}", proof);
            }
        }
    }
}
