//! Profiles of results and risks: what a rule asks of them is what was known of inspections before the day of its line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use qingfeng::read::{Input, ReadOptions, Reader};
use qingfeng::rules::Date;
use qingfeng::{Declaration, Engine, Evaluation, Pipeline};
use qingfeng_store::trade::{ResultsAdded, TradeRecord, WeightedResult};
use qingfeng_store::{Outcome, StoreLookups, Verdict};

const MANIFEST: &str = r#"
[pack]
name = "test"
version = "1"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[profiles.seen]
key = ["exporter"]
source = "results"
window = 6
least = 2
measures = { inspected = "inspected", found = "found", rate = "rate" }
[profiles.once]
key = ["exporter"]
source = "results"
weighted = false
measures = { inspected = "inspected", found = "found", rate = "rate" }
[risks.goods]
levels = [["hs2"], ["hs4", "exporter"]]
prior = 0.2
strength = [5, 2]
deviations = 1.5
"#;

const RULES: &str = r#"
for table in ["seen", "once"] {
    rule(table, #{ title: "t", when: |d| d.lookup(table) != (), reason: |d| {
        let e = d.lookup(table);
        `${e.inspected} ${e.found} ${e.rate}`
    }});
}
rule("goods", #{ title: "t", when: |d| d.goods_rate > 0.0, reason: |d|
    `${d.goods_inspected} ${d.goods_rate} ${d.goods_lower} ${d.goods_upper}`
});
"#;

fn pack(directory: &Path) {
    fs::write(directory.join("pack.toml"), MANIFEST).unwrap();
    fs::write(directory.join("a.rhai"), RULES).unwrap();
}

fn date(day: i32) -> Date {
    Date::from_days("2016-01-01".parse::<Date>().unwrap().days() + day).unwrap()
}

#[derive(Clone, Debug)]
struct Declared {
    id: usize,
    day: i32,
    exporter: u8,
    /// The goods of its lines.
    hs: Vec<&'static str>,
    probability: Option<f64>,
    /// Line, day of the result, days until it was known, what it is.
    results: Vec<(Option<i64>, i32, i32, Verdict)>,
}

impl Declared {
    fn rows(&self) -> impl Iterator<Item = WeightedResult> + '_ {
        self.results.iter().map(|&(item_no, after, late, verdict)| {
            let found_on = date(self.day + after);
            let known_on = Some(date(self.day + after + late));
            let outcome =
                Outcome { item_no, known_on, ..Outcome::new(&format!("D{}", self.id), found_on, verdict) };
            WeightedResult::new(outcome, self.probability)
        })
    }

    /// What was known at the end of a day: the day of the last result, and whether something was found.
    fn state(&self, day: i32) -> Option<(i32, bool)> {
        let mut lines: BTreeMap<Option<i64>, (i32, i32, Verdict)> = BTreeMap::new();
        for &(item_no, after, late, verdict) in &self.results {
            let (found_on, known_on) = (self.day + after, self.day + after + late);
            let last = lines.get(&item_no).is_none_or(|known| known.0 < known_on);
            if known_on <= day && last {
                lines.insert(item_no, (known_on, found_on, verdict));
            }
        }
        let found = Verdict::of_lines(lines.values().map(|line| line.2)).found()?;
        let coded = lines.values().filter(|line| line.2.found().is_some());
        Some((coded.map(|line| line.1).max()?, found))
    }

    /// The weight and whether something was found, as a line of the day counts it.
    fn counts(&self, day: i32, window: Option<i32>) -> Option<(f64, bool)> {
        let state = self.state(day - 1)?;
        let since = (0..).map(|back| day - 1 - back).find(|&before| self.state(before - 1) != Some(state))?;
        let weight = self.probability.map_or(1.0, |probability| 1.0 / probability);
        window.is_none_or(|window| since >= day - window).then_some((weight, state.1))
    }
}

/// How many equal results would tell as much, and the rate.
fn estimate(counted: &[(f64, bool)]) -> (f64, Option<f64>) {
    let sum = |of: &dyn Fn(&(f64, bool)) -> f64| counted.iter().map(of).sum::<f64>();
    let (weights, squares) = (sum(&|of| of.0), sum(&|of| of.0 * of.0));
    if counted.is_empty() {
        return (0.0, None);
    }
    (weights * weights / squares, Some(sum(&|of| if of.1 { of.0 } else { 0.0 }) / weights))
}

fn number(number: f64) -> String {
    format!("{number:.6}")
}

/// What is expected on a line, found by looking at all inspections.
fn expected(all: &[Declared], exporter: u8, hs: &str, day: i32) -> Vec<(String, String)> {
    let of = |keep: &dyn Fn(&Declared) -> bool, window| -> Vec<(f64, bool)> {
        all.iter().filter(|one| keep(one)).filter_map(|one| one.counts(day, window)).collect()
    };
    let same = |one: &Declared| one.exporter == exporter;
    let text = |(inspected, rate): (f64, Option<f64>), least: f64| {
        let shown = rate.filter(|_| inspected >= least).map_or(String::new(), number);
        format!("{} {} {shown}", number(inspected), number(inspected * rate.unwrap_or(0.0)))
    };
    let seen = text(estimate(&of(&same, Some(6))), 2.0);
    let once: Vec<(f64, bool)> = of(&same, None).into_iter().map(|(_, found)| (1.0, found)).collect();
    let once = text(estimate(&once), 1.0);
    let level = |(inspected, rate): (f64, Option<f64>), strength: f64, before: f64| {
        (inspected * rate.unwrap_or(0.0) + strength * before) / (inspected + strength)
    };
    let has = |one: &Declared, digits: usize| one.hs.iter().any(|of| of[..digits] == hs[..digits]);
    let first = level(estimate(&of(&|one| has(one, 2), None)), 5.0, 0.2);
    let narrow = estimate(&of(&|one| same(one) && has(one, 4), None));
    let rate = level(narrow, 2.0, first);
    let deviation = 1.5 * (rate * (1.0 - rate) / (narrow.0 + 3.0)).sqrt();
    let goods =
        [narrow.0, rate, (rate - deviation).max(0.0), (rate + deviation).min(1.0)].map(number).join(" ");
    [("goods", goods), ("once", once), ("seen", seen)].map(|(rule, text)| (rule.to_owned(), text)).into()
}

fn rounded(reason: &str) -> String {
    reason.split(' ').map(|part| part.parse().map_or(part.to_owned(), number)).collect::<Vec<_>>().join(" ")
}

/// What the rules say of a line, by both evaluations.
fn told(engine: &Engine, exporter: u8, hs: &str, day: i32) -> Vec<(String, String)> {
    let declaration = Declaration::new()
        .with("declaration_id", "L1")
        .with("destination", "KE")
        .with("mode", "0110")
        .with("hs", hs)
        .with("exporter", format!("E{exporter}").as_str())
        .with("declared_on", date(day).to_string().as_str());
    let [compiled, interpreted] = [Evaluation::Compiled, Evaluation::Interpreted].map(|evaluation| {
        let assessment = engine.clone().with_evaluation(evaluation).assess(&declaration).unwrap();
        assert!(assessment.items[0].faults.is_empty(), "{:?}", assessment.items[0].faults);
        let fired = assessment.items[0].fired.iter();
        let mut told: Vec<(String, String)> = fired
            .map(|fired| (fired.rule.clone(), rounded(&fired.reason.clone().unwrap_or_default())))
            .collect();
        told.sort();
        told
    });
    assert_eq!(compiled, interpreted);
    compiled
}

fn add(directory: &Path, all: &[Declared]) {
    let mut csv = String::from("declaration_id,declared_on,exporter,destination,mode,hs\n");
    for one in all {
        for hs in &one.hs {
            let _ = writeln!(csv, "D{},{},E{},KE,0110,{hs}", one.id, date(one.day), one.exporter);
        }
    }
    let lookups = StoreLookups::default().without_rows();
    let engine = Engine::builder().directory(directory).lookups(&lookups).build().unwrap();
    let inputs = vec![Input::bytes("a.csv", csv)];
    let reader = Reader::new(Arc::clone(&engine.pack().schema), inputs, ReadOptions::default()).unwrap();
    let record = directory.join("lookups/trade");
    TradeRecord::add(&record, &engine, reader, &Pipeline::new().threads(2), &mut |_| {}).unwrap();
}

fn add_results(directory: &Path, rows: impl IntoIterator<Item = WeightedResult>) -> ResultsAdded {
    TradeRecord::add_results(&directory.join("lookups/trade"), rows).unwrap()
}

fn engine(directory: &Path) -> Engine {
    Engine::builder().directory(directory).lookups(&StoreLookups::default()).build().unwrap()
}

fn declared() -> impl Strategy<Value = Vec<Declared>> {
    let hs = prop::sample::select(vec!["8711209000", "8711100000", "8703100000", "9608100000"]);
    let verdict = prop::sample::select(
        ["clear", "clear", "fake", "counterfeit", "waived", "open"]
            .map(|name| Verdict::from_name(name).unwrap())
            .to_vec(),
    );
    let result = (prop::option::of(1..3_i64), 0..6_i32, 0..5_i32, verdict);
    let probability = prop::sample::select(vec![None, Some(1.0), Some(0.5), Some(0.1)]);
    let one = (
        0..15_i32,
        0..3_u8,
        prop::collection::vec(hs, 1..4),
        probability,
        prop::collection::vec(result, 0..4),
    );
    prop::collection::vec(one, 0..25).prop_map(|all| {
        let all = all.into_iter().enumerate().map(|(id, (day, exporter, hs, probability, mut results))| {
            // Of two results of a line on one day nobody says which is the later.
            let mut seen = BTreeSet::new();
            results.retain(|(item_no, after, late, _)| seen.insert((*item_no, after + late)));
            Declared { id, day, exporter, hs, probability, results }
        });
        all.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Against all inspections looked at one by one, in whichever parts and order results come, before declarations or after.
    #[test]
    fn a_risk_tells_what_was_known_before(all in declared(), cut in 0..40_usize, first in any::<bool>()) {
        let directory = tempfile::tempdir().unwrap();
        pack(directory.path());
        let rows: Vec<WeightedResult> = all.iter().flat_map(Declared::rows).collect();
        let (early, late) = rows.split_at(cut.min(rows.len()));
        if first {
            add_results(directory.path(), late.to_vec());
        }
        add(directory.path(), &all);
        for part in [late, early, late] {
            add_results(directory.path(), part.to_vec());
        }
        let engine = engine(directory.path());
        for day in -1..30 {
            for exporter in 0..3_u8 {
                for hs in ["8711209000", "9608100000"] {
                    let told = told(&engine, exporter, hs, day);
                    prop_assert_eq!(told, expected(&all, exporter, hs, day), "E{} {} day {}", exporter, hs, day);
                }
            }
        }
    }
}

fn one(id: usize, verdict: &str) -> Declared {
    let verdict = Verdict::from_name(verdict).unwrap();
    Declared {
        id,
        day: 3,
        exporter: 1,
        hs: vec!["8711209000"],
        probability: None,
        results: vec![(None, 1, 0, verdict)],
    }
}

#[test]
fn a_result_that_is_there_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path());
    add(directory.path(), &[one(1, "fake")]);
    let of_both = || [one(1, "fake"), one(2, "clear")].iter().flat_map(Declared::rows).collect::<Vec<_>>();
    let added = add_results(directory.path(), of_both());
    assert_eq!((added.added, added.of_unknown, added.known, added.kept.results), (2, 1, 0, 2));
    let again = add_results(directory.path(), of_both());
    assert_eq!((again.added, again.known, &again.kept.digest), (0, 2, &added.kept.digest));
    assert!(engine(directory.path()).pack_id().ends_with(&format!("+trade@{}", added.kept.digest)));
    // What came before its declaration counts once that is there.
    assert_eq!(told(&engine(directory.path()), 1, "8711209000", 9)[1].1, "1.000000 1.000000 1.000000");
    add(directory.path(), &[one(2, "clear")]);
    assert_eq!(told(&engine(directory.path()), 1, "8711209000", 9)[1].1, "2.000000 1.000000 0.500000");
}

#[test]
fn a_probability_near_nothing_counts_as_one_in_a_million() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path());
    let all = [f64::MIN_POSITIVE, 0.0, 1e-6].map(Some).into_iter().zip(1..);
    let all: Vec<Declared> =
        all.map(|(probability, id)| Declared { probability, ..one(id, "fake") }).collect();
    add(directory.path(), &all);
    add_results(directory.path(), all.iter().flat_map(Declared::rows));
    assert_eq!(told(&engine(directory.path()), 1, "8711209000", 9)[2].1, "3.000000 3.000000 1.000000");
}

#[test]
fn a_file_of_results_that_was_cut_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path());
    add(directory.path(), &[one(1, "fake")]);
    add_results(directory.path(), one(1, "fake").rows());
    let file = directory.path().join("lookups/trade/results-000001.parquet");
    let whole = fs::read(&file).unwrap();
    for bytes in [&whole[..whole.len() / 2], b"", b"something else"] {
        fs::write(&file, bytes).unwrap();
        let refused = Engine::builder().directory(directory.path()).lookups(&StoreLookups::default()).build();
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("results-000001.parquet is not as it was written"), "{refused}");
    }
    fs::remove_file(&file).unwrap();
    let refused = Engine::builder().directory(directory.path()).lookups(&StoreLookups::default()).build();
    assert!(refused.unwrap_err().to_string().contains("results-000001.parquet"));
}
