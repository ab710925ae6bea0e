//! Which order of targeting finds most: a table over synthetic years.
//!
//! One office inspects a share of each day's declarations and learns from what it inspected alone, beginning with
//! nothing known. What is compared: the order (score, posterior mean, upper confidence bound), the share of the capacity
//! for young rules, and the share of the declarations that is drawn. The figure is the share of all declarations with a
//! finding that were inspected, the mean over the seeds.
//!
//! `cargo run --release --example targeting -- 60000 3` (goods lines of a year, seeds)
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::sync::Arc;

use qingfeng::read::{Input, ReadOptions};
use qingfeng::rules::ChannelId;
use qingfeng::rules::selection::{Amount, Millionths, RandomLeast};
use qingfeng::write::{Output, TableWriter};
use qingfeng::{By, Engine, Outputs};
use qingfeng_inspection::draw::Key;
use qingfeng_inspection::outcomes::Timeline;
use qingfeng_inspection::{
    AssessedDeclaration, Candidates, Capacity, Planner, Policy, PolicySite, Targeting,
};
use qingfeng_lab::Generator;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut numbers = std::env::args().skip(1).filter_map(|text| text.parse().ok());
    let (lines, seeds) = (numbers.next().unwrap_or(60_000), numbers.next().unwrap_or(3));
    let engine = Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"))?;
    let years: Vec<(Candidates, Timeline)> =
        (1..=seeds).map(|seed| year(&engine, lines, seed)).collect::<Result<_, Failure>>()?;
    println!(
        "| capacity | drawn | young | by score | by mean | by bound |\n| --- | --- | --- | --- | --- | --- |"
    );
    for percent in [2, 5, 10] {
        for drawn in [0, 2, 5] {
            for young in [0, 10] {
                if drawn >= percent && drawn > 0 {
                    continue;
                }
                let mut row = format!("| {percent} % | {drawn} % | {young} % |");
                for targeting in [Targeting::Score, Targeting::Mean, Targeting::UpperBound] {
                    let found: Vec<f64> = years
                        .iter()
                        .map(|year| found(&engine, year, [percent, drawn, young], targeting))
                        .collect::<Result<_, Failure>>()?;
                    row += &format!(" {:.3} |", found.iter().sum::<f64>() / found.len() as f64);
                }
                println!("{row}");
            }
        }
    }
    Ok(())
}

/// A year's declarations, all of one office, and what inspections of them would show.
fn year(engine: &Engine, lines: u64, seed: u64) -> Result<(Candidates, Timeline), Failure> {
    let directory = tempfile::tempdir()?;
    let path = |name: &str| directory.path().join(name);
    let mut declarations = TableWriter::create(&Output::Path(path("d.parquet")), Generator::schema())?;
    let mut outcomes = TableWriter::create(&Output::Path(path("o.parquet")), Generator::outcomes_schema())?;
    for generated in Generator::new(seed, lines) {
        declarations.write(&generated.declarations)?;
        outcomes.write(&generated.outcomes)?;
    }
    declarations.finish()?;
    outcomes.finish()?;
    let mut rows = Vec::new();
    let outputs = Outputs {
        assessments: &mut |batch| {
            rows.push(batch.clone());
            Ok(())
        },
        rejects: &mut |_| Ok(()),
        progress: &mut |_| {},
    };
    engine.score(Input::Path(path("d.parquet"))).run(outputs)?;
    let schema = engine.output_schema(By::Declaration, false);
    let mut assessments = TableWriter::create(&Output::Path(path("a.parquet")), schema)?;
    rows.iter().try_for_each(|batch| assessments.write(batch))?;
    assessments.finish()?;
    let mut candidates = Candidates::read(&[Input::Path(path("a.parquet"))], engine.opened())?;
    for candidate in &mut candidates.all {
        candidate.sites = Arc::from([0]);
    }
    Ok((candidates, Timeline::read(&[Input::Path(path("o.parquet"))], &ReadOptions::default(), None)?))
}

/// The share of all findings that were found.
fn found(
    engine: &Engine,
    (candidates, outcomes): &(Candidates, Timeline),
    [percent, drawn, young]: [u32; 3],
    targeting: Targeting,
) -> Result<f64, Failure> {
    let mut policy = Policy::of(engine.pack()).ok_or("the pack has a policy")?;
    policy.sites = vec![PolicySite { name: "office".into(), kind: Some("office".into()) }];
    policy.rules.iter_mut().for_each(|rule| rule.mandatory = None);
    let selection = &mut policy.selection;
    selection.offices = vec!["office".into()];
    selection.targeted_from = ChannelId(0);
    selection.quotas.clear();
    selection.traders = Default::default();
    selection.random.rate = Millionths(drawn * 10_000);
    selection.random.rates.clear();
    selection.random.strata.clear();
    selection.random.at_least = RandomLeast::Day;
    selection.exploration.share = Millionths(young * 10_000);
    let day = |candidate: Option<&AssessedDeclaration>| candidate.and_then(|candidate| candidate.day);
    let (Some(first), Some(last)) = (day(candidates.all.first()), day(candidates.all.last())) else {
        return Ok(0.0);
    };
    let days = last.days() - first.days() + 1;
    let a_day = candidates.all.len() as u32 * percent / 100 / days.unsigned_abs();
    let capacity = Capacity::of_sites([("office", Amount::Inspections(a_day))]);
    let planner = Planner::new(&policy, &capacity).with_outcomes(outcomes).with_targeting(targeting);
    let key = Key::parse("8f1d2c3b4a5968778695a4b3c2d1e0ff0123456789abcdeffedcba9876543210")?;
    let plan = planner.plan(candidates, first, last, &|day| Some(key.of_day(day)))?;
    let is_found = |at: usize| {
        let candidate = &candidates.all[at];
        let known = candidate.day.map_or_else(Vec::new, |day| outcomes.of(&candidate.declaration_id, day));
        known.last().is_some_and(|known| known.found.is_some_and(|(_, found)| found))
    };
    let all = (0..candidates.all.len()).filter(|&at| is_found(at)).count();
    let selected = plan.days.iter().flat_map(|day| &day.selected);
    Ok(selected.filter(|one| is_found(one.candidate)).count() as f64 / all.max(1) as f64)
}
