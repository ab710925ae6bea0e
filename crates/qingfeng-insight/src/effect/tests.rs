//! Worlds of which the truth is known: what rules seem to find, what they are estimated to find, and what they would find.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use qingfeng_rules::{Date, SelectionKind};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;

use super::{Effect, EffectOptions, FiredLines};
use qingfeng_inspection::evidence::{Evidence, Judged};
use qingfeng_inspection::outcomes::Outcomes;
use qingfeng_inspection::{AssessedDeclaration, PlanFile, PlanRow};
use qingfeng_store::{Outcome, Verdict, Violation};

const STRONG: u32 = 0;
const WEAK: u32 = 1;
const SHADOW: u32 = 2;
const RULES: [&str; 3] = ["strong", "weak", "xshadow"];

/// How a world is made.
#[derive(Clone, Copy)]
struct World {
    name: &'static str,
    /// Declarations of an office's day.
    a_day: u32,
    /// The part that violates without any rule.
    base: f64,
    /// How much more often where the strong rule fires.
    strong: f64,
    /// What part the weak rule fires on.
    weak_fires: f64,
    /// How much more often the second office finds.
    second: f64,
    /// The rates of the draw of the two offices.
    rates: [f64; 2],
    /// What part of the declarations is targeted: the best by score.
    targeted: f64,
    /// What part of the results of the two offices never comes.
    lost: [f64; 2],
    /// Whether the draw is by goods group.
    strata: bool,
}

const WORLDS: [World; 8] = {
    let plain = World {
        name: "plain",
        a_day: 60,
        base: 0.02,
        strong: 0.3,
        weak_fires: 0.3,
        second: 1.0,
        rates: [0.05, 0.05],
        targeted: 0.08,
        lost: [0.0, 0.0],
        strata: false,
    };
    [
        plain,
        World { name: "rare findings", base: 0.004, strong: 0.1, ..plain },
        World { name: "few drawn", a_day: 30, weak_fires: 0.1, rates: [0.03, 0.03], ..plain },
        World { name: "all is common", base: 0.3, strong: 0.3, ..plain },
        World { name: "unequal offices", second: 4.0, rates: [0.3, 0.03], ..plain },
        World { name: "strata", strata: true, ..plain },
        World { name: "results lost", lost: [0.2, 0.2], ..plain },
        // The office that finds more sends back a fifth of its results.
        World { name: "one sends a fifth", second: 2.0, rates: [0.2, 0.2], lost: [0.0, 0.8], ..plain },
    ]
};

/// The days of a world.
const DAYS: i32 = 20;

struct Dice(Pcg64Mcg);

impl Dice {
    fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, bound: usize) -> usize {
        ((self.unit() * bound as f64) as usize).min(bound - 1)
    }
}

fn day(at: i32) -> Date {
    Date::from_ymd(2016, 9, 1).and_then(|first| first.plus_days(at.into())).unwrap()
}

fn judged(id: String, day: Date, rules: &[u32], shadow: &[u32], site: u32, group: &str) -> Judged {
    let assessed = AssessedDeclaration {
        score: if rules.contains(&STRONG) { 40 } else { 0 } + if rules.contains(&WEAK) { 10 } else { 0 },
        rules: rules.into(),
        shadow_rules: shadow.into(),
        sites: Arc::new([site]),
        trader_class: "known".into(),
        group: group.into(),
        ..AssessedDeclaration::new(&id, Some(day))
    };
    Judged { assessed, inspection: None }
}

fn row(of: &Judged, office: usize, order: usize, drawn: Option<(usize, usize)>, strata: bool) -> PlanRow {
    PlanRow {
        day: of.day.unwrap(),
        office: SITES[office].to_owned(),
        order: order as u32,
        declaration_id: of.declaration_id.to_string(),
        selected: if drawn.is_some() { SelectionKind::Random } else { SelectionKind::Targeted },
        why: Vec::new(),
        probability: drawn.map_or(1.0, |(drawn, of)| drawn as f64 / of as f64),
        score: of.score,
        channel: "green".to_owned(),
        worth: None,
        cost: 15,
        trader: None,
        trader_class: None,
        group: None,
        mode: None,
        destination: None,
        items: None,
        packages: None,
        value: None,
        rules: Vec::new(),
        stratum: Some(if strata { of.group.to_string() } else { "all".to_owned() }),
        drawn: drawn.map(|(drawn, _)| drawn as u32),
        population: drawn.map(|(_, population)| population as u32),
        commitment: None,
        pack: "p".to_owned(),
        inputs: None,
        capacity: None,
        unreadable: Vec::new(),
    }
}

const SITES: [&str; 3] = ["closed", "first", "second"];

fn outcome(id: &str, item_no: i64, verdict: Verdict) -> Outcome {
    Outcome { item_no: Some(item_no), ..Outcome::undated(id, verdict) }
}

fn found(yes: bool) -> Verdict {
    if yes { Verdict::Violation(Violation::Fake) } else { Verdict::Clear }
}

fn plan(rows: Vec<PlanRow>) -> PlanFile {
    PlanFile { path: "plan.csv".into(), digest: String::new(), rows }
}

fn evidence(declarations: Vec<Judged>) -> Evidence {
    let mut evidence = Evidence {
        rules: RULES.iter().map(|&rule| rule.into()).collect(),
        sites: SITES.iter().map(|&site| site.into()).collect(),
        channels: vec!["green".into()],
        packs: vec!["p".into()],
        declarations: declarations.into(),
        ..Evidence::default()
    };
    evidence.declarations.held.sort_by(|a, b| (a.day, &a.declaration_id).cmp(&(b.day, &b.declaration_id)));
    evidence
}

/// What is true of a group: declarations that could be inspected, and how many violate.
type Truth = (f64, f64);

/// What is true of the best tenth by score: the share that violates, and what that is of all that do. Of equal scores a part
/// counts.
fn best_tenth(scores: &BTreeMap<i64, Truth>) -> (f64, f64) {
    let (count, violate) = scores.values().fold((0.0, 0.0), |(n, v), of| (n + of.0, v + of.1));
    let (mut room, mut found) = ((0.1_f64 * count).round(), 0.0);
    let best = room;
    for of in scores.values().rev() {
        let taken = of.0.min(room);
        room -= taken;
        found += of.1 * taken / of.0;
    }
    (found / best, found / violate)
}

/// A world, and what is true of each rule, of all, and of each score.
fn world(of: &World, seed: u64) -> (Evidence, [Truth; 4], BTreeMap<i64, Truth>) {
    let mut dice = Dice(Pcg64Mcg::new(u128::from(seed) * 2 + 1));
    let (mut all, mut rows, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
    let mut truth = [(0.0, 0.0); 4];
    let mut scores: BTreeMap<i64, Truth> = BTreeMap::new();
    for at in 0..DAYS {
        for office in 0..3 {
            let mut here: Vec<(Judged, bool)> = Vec::new();
            for number in 0..of.a_day {
                let mut rules = Vec::new();
                let strong = dice.unit() < 0.06;
                // The weak rule fires together with the strong one, and on much else.
                let weak = dice.unit() < if strong { 0.8 } else { of.weak_fires };
                rules.extend(strong.then_some(STRONG));
                rules.extend(weak.then_some(WEAK));
                let shadow = [SHADOW];
                let shadow = if dice.unit() < 0.2 { &shadow[..] } else { &[] };
                let times = if office == 2 { of.second } else { 1.0 };
                let chance = if strong { of.strong } else { of.base } * times;
                let violates = dice.unit() < chance * if shadow.is_empty() { 1.0 } else { 1.5 };
                let group = if number % 3 == 0 { "toys" } else { "other" };
                let id = format!("{at:02}-{office}-{number:03}");
                let judged = judged(id, day(at), &rules, shadow, office as u32, group);
                if office > 0 {
                    let of_score = scores.entry(judged.score).or_default();
                    of_score.0 += 1.0;
                    of_score.1 += f64::from(u8::from(violates));
                    let groups = [strong, weak, !shadow.is_empty(), true];
                    for (truth, _) in truth.iter_mut().zip(groups).filter(|(_, is)| *is) {
                        truth.0 += 1.0;
                        truth.1 += f64::from(u8::from(violates));
                    }
                }
                here.push((judged, violates));
            }
            here.sort_by_key(|(judged, _)| std::cmp::Reverse(judged.score));
            if office > 0 {
                let best = (of.targeted * f64::from(of.a_day)).ceil() as usize;
                let mut selected: Vec<(usize, Option<(usize, usize)>)> =
                    (0..best).map(|at| (at, None)).collect();
                for group in ["toys", "other"] {
                    let mut left: Vec<usize> =
                        (best..here.len()).filter(|&at| !of.strata || &*here[at].0.group == group).collect();
                    let population = left.len();
                    let drawn = ((of.rates[office - 1] * population as f64).ceil() as usize).min(population);
                    for _ in 0..drawn {
                        let at = left.swap_remove(dice.below(left.len()));
                        selected.push((at, Some((drawn, population))));
                    }
                    if !of.strata {
                        break;
                    }
                }
                for (order, (at, drawn)) in selected.into_iter().enumerate() {
                    let (judged, violates) = &here[at];
                    rows.push(row(judged, office, order + 1, drawn, of.strata));
                    if dice.unit() >= of.lost[office - 1] {
                        outcomes.push(outcome(&judged.declaration_id, 1, found(*violates)));
                    }
                }
            }
            all.extend(here.into_iter().map(|(judged, _)| judged));
        }
    }
    let mut evidence = evidence(all);
    evidence.inspect(&[plan(rows)], Outcomes::new(outcomes)).unwrap();
    (evidence, truth, scores)
}

/// What came of many worlds of a kind, for one group.
#[derive(Default)]
struct Record {
    worlds: f64,
    /// Those of them with an estimate.
    told: f64,
    truth: f64,
    seen: f64,
    estimate: f64,
    /// Sum and sum of squares of the differences from the truth.
    off: f64,
    off2: f64,
    held: f64,
    seen_held: f64,
    width: f64,
    drawn: f64,
}

impl Record {
    fn add(&mut self, truth: f64, rate: Option<f64>, low: f64, high: f64) {
        let slack = 1e-9;
        self.worlds += 1.0;
        self.truth += truth;
        // Where nothing was drawn there is an interval and no estimate.
        if let Some(rate) = rate {
            self.told += 1.0;
            self.estimate += rate;
            self.off += rate - truth;
            self.off2 += (rate - truth).powi(2);
        }
        self.held += f64::from(u8::from(low - slack <= truth && truth <= high + slack));
        self.width += high - low;
    }

    fn mean(&self, sum: f64) -> f64 {
        sum / self.worlds
    }
}

/// 300 worlds of each kind. The seen rate lies far off where others chose what was inspected; the estimated one does not, and
/// its interval of 95 in 100 holds the truth at least about that often: of rules, of all, and of precision and recall of
/// the best tenth. Where fewer than ten were drawn of a group, the estimate leans to where they were drawn, by less than half its
/// interval.
#[test]
fn estimates_and_intervals_hold_where_the_truth_is_known() {
    const RUNS: u64 = 300;
    const GROUPS: [&str; 6] = ["strong", "weak", "shadow", "all", "best tenth", "its recall"];
    let mut table = String::from(
        "| world | group | drawn | truth | seen | of all | width | held | held, seen |\n\
         | --- | --- | --: | --: | --: | --: | --: | --: | --: |\n",
    );
    let mut wrong = Vec::new();
    for kind in &WORLDS {
        let mut records: [Record; 6] = Default::default();
        for seed in 0..RUNS {
            let (evidence, truth, scores) = world(kind, seed);
            let options = EffectOptions { capacities: vec![0.1], ..EffectOptions::default() };
            let effect = Effect::of(&evidence, &options).unwrap();
            let figures = |rule: &str| &effect.rules.iter().find(|of| *of.rule == *rule).unwrap().figures;
            let groups = [figures(RULES[0]), figures(RULES[1]), figures(RULES[2]), &effect.all];
            for ((record, figures), (of, violate)) in records.iter_mut().zip(groups).zip(truth) {
                let (truth, seen) = (violate / of, figures.seen.unwrap());
                record.add(truth, figures.estimate.rate, figures.estimate.low, figures.estimate.high);
                record.seen += seen.rate;
                record.seen_held += f64::from(u8::from(seen.low <= truth && truth <= seen.high));
                record.drawn += figures.drawn as f64;
            }
            let (precision, recall) = best_tenth(&scores);
            let (point, best) = (&effect.capacity[0], &effect.capacity[0].precision);
            records[4].add(precision, best.rate, best.low, best.high);
            records[5].add(recall, point.recall.rate, point.recall.low, point.recall.high);
        }
        for (record, group) in records.iter().zip(GROUPS) {
            let percent = |share: f64| format!("{:.1} %", 100.0 * share);
            let has_seen = record.seen > 0.0;
            let of_seen = |text: String| if has_seen { text } else { "–".to_owned() };
            let _ = writeln!(
                table,
                "| {} | {group} | {} | {} | {} | {} | {} | {} | {} |",
                kind.name,
                of_seen(format!("{:.0}", record.mean(record.drawn))),
                percent(record.mean(record.truth)),
                of_seen(percent(record.mean(record.seen))),
                percent(record.estimate / record.told),
                percent(record.mean(record.width)),
                percent(record.mean(record.held)),
                of_seen(percent(record.mean(record.seen_held))),
            );
            let off = record.off / record.told;
            let spread = ((record.off2 / record.told - off.powi(2)).max(0.0) / record.told).sqrt();
            let mut check = |holds: bool, what: &str| {
                if !holds {
                    wrong.push(format!("{}, {group}: {what}", kind.name));
                }
            };
            check(record.mean(record.held) >= 0.93, "intervals hold the truth too seldom");
            let is_few = has_seen && record.mean(record.drawn) < 10.0;
            // A ratio of two estimates leans as well.
            let lean = if is_few || group == "its recall" { record.mean(record.width) / 2.0 } else { 0.002 };
            check(off.abs() <= 4.0 * spread + lean, "the estimate is biased");
            let is_misled = ["weak", "all"].contains(&group) && kind.base < 0.1;
            if is_misled {
                let misleads = record.mean(record.seen) > 1.3 * record.mean(record.truth);
                check(misleads, "what was seen misleads no one");
                check(record.mean(record.seen_held) < 0.7, "what was seen holds the truth");
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{table}", wrong.join("\n"));
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/effect.md")).unwrap();
    assert!(page.contains(&table), "docs/effect.md has another table; it should have\n{table}");
}

#[test]
fn what_no_draw_could_choose_is_told() {
    let (evidence, ..) = world(&WORLDS[0], 1);
    let effect = Effect::of(&evidence, &EffectOptions::default()).unwrap();
    // A third belongs to the office that was closed.
    assert_eq!(effect.without_chance * 3, effect.all.fired);
    assert!((effect.all.estimate.covered - 2.0 / 3.0).abs() < 1e-9);
    let offices: Vec<(&str, u64)> =
        effect.offices.iter().map(|part| (part.name.as_str(), part.figures.fired)).collect();
    assert_eq!(offices, [("first", 1200), ("second", 1200)]);
    assert_eq!(
        effect.kinds.iter().map(|part| part.name.as_str()).collect::<Vec<_>>(),
        ["targeted", "random"]
    );
}

#[test]
fn precision_and_recall_at_a_capacity_are_those_of_the_truth() {
    // Everything is known: 10 of score 40 with 5 violations, 90 of score 0 with 5.
    let mut all = Vec::new();
    let mut outcomes = Vec::new();
    for at in 0..100 {
        let rules: &[u32] = if at < 10 { &[STRONG] } else { &[] };
        all.push(judged(format!("D{at:03}"), day(0), rules, &[], 1, "toys"));
        let violates = at % 2 == 0 && at < 10 || (10..15).contains(&at);
        outcomes.push(outcome(&format!("D{at:03}"), 1, found(violates)));
    }
    let mut evidence = evidence(all);
    let rows = evidence.declarations.held.iter().enumerate().map(|(at, of)| row(of, 1, at + 1, None, false));
    let rows: Vec<PlanRow> = rows.collect();
    evidence.inspect(&[plan(rows)], Outcomes::new(outcomes)).unwrap();
    let options = EffectOptions { capacities: vec![0.55, 0.1, 1.0], ..EffectOptions::default() };
    let points = Effect::of(&evidence, &options).unwrap().capacity;
    let found: Vec<_> = points
        .iter()
        .map(|point| {
            let hundredths = |share: Option<f64>| (share.unwrap() * 1000.0).round() / 10.0;
            let precision = hundredths(point.precision.rate);
            let recall = hundredths(point.recall.rate);
            (point.inspections, point.score, precision, recall, hundredths(point.ideal))
        })
        .collect();
    // Of 90 with equal scores the half is inspected, and half of their violations found.
    let expected = [(10, 40, 50.0, 50.0, 100.0), (55, 0, 13.6, 75.0, 18.2), (100, 0, 10.0, 100.0, 10.0)];
    assert_eq!(found, expected);
    assert_eq!(points[0].random, Some(0.1));
}

#[test]
fn findings_by_line_count_for_the_rules_of_the_line() {
    let mut evidence = evidence(vec![judged("D1".to_owned(), day(0), &[STRONG, WEAK], &[], 1, "toys")]);
    let rows = vec![row(&evidence.declarations.held[0], 1, 1, None, false)];
    let lines = vec![outcome("D1", 1, Verdict::Clear), outcome("D1", 2, found(true))];
    evidence.inspect(&[plan(rows)], Outcomes::new(lines)).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("items.csv");
    std::fs::write(
        &path,
        "declaration_id,item_no,rules,shadow_rules\nD1,1,weak,\nD1,2,strong,\nD1,3,strong,\n",
    )
    .unwrap();
    let of = |options: &EffectOptions| -> Vec<(String, Option<u64>, u64, u64)> {
        let rules = Effect::of(&evidence, options).unwrap().rules;
        let mut rules: Vec<_> = rules
            .iter()
            .map(|rule| (rule.rule.to_string(), rule.lines, rule.figures.inspected, rule.figures.found))
            .collect();
        rules.sort();
        rules.truncate(2);
        rules
    };
    let options = EffectOptions::default();
    assert_eq!(of(&options), [("strong".into(), None, 1, 1), ("weak".into(), None, 1, 1)]);
    let lines = FiredLines::read(&[path.into()], &evidence).unwrap();
    assert_eq!((lines.lines, lines.missing), (3, 0));
    let options = EffectOptions { lines: Some(lines), ..options };
    assert_eq!(of(&options), [("strong".into(), Some(2), 1, 1), ("weak".into(), Some(1), 1, 0)]);
}
