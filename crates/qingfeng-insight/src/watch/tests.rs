//! What is planted is found, and of stationary trade and equal sites no more is said than chance allows.

use std::sync::Arc;

use qingfeng_rules::{Date, SelectionKind};

use super::flows::{Declared, FORMS, Flows, Row, WHOLE, WITHOUT_MODE, WITHOUT_SITE, WatchedRule};
use super::*;
use crate::rating::{KnownRule, State};
use qingfeng_inspection::AssessedDeclaration;
use qingfeng_inspection::evidence::{Inspection, Judged};
use qingfeng_inspection::outcomes::Outcomes;
use qingfeng_store::{Outcome, Verdict, Violation};

/// Numbers that look random (splitmix64, Steele and others 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn holds(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// A standard normal number (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.share()).ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos()
    }
}

fn day(days: i32) -> Date {
    Date::from_days(17_000 + days).unwrap()
}

/// What is planted in trade.
#[derive(Clone, Copy, Default)]
struct Planted {
    /// The share of caught trade that goes to another port once the rule is there.
    to_port: f64,
    /// The share that is declared in another mode.
    to_mode: f64,
    /// The share that new exporters declare.
    to_new: f64,
}

/// Half a year of trade at three ports, with a rule for one of them and one mode from the middle on.
fn trade(seed: u64, planted: Planted) -> Trade {
    let mut chance = Chance(seed);
    let mut flows = Flows::default();
    let rule = 0;
    let sets = [
        flows.set(&[]),
        flows.set(&[rule * FORMS + WHOLE, rule * FORMS + WITHOUT_SITE, rule * FORMS + WITHOUT_MODE]),
        flows.set(&[rule * FORMS + WITHOUT_SITE]),
        flows.set(&[rule * FORMS + WITHOUT_MODE]),
    ];
    for at in 0..364 {
        for _ in 0..30 {
            let is_bad = chance.holds(0.25);
            let exporter = if is_bad { chance.below(60) } else { chance.below(200) };
            // Someone is always new, before and after.
            let is_new = chance.holds(0.03);
            let mut exporter =
                if is_new { format!("F{at}-{}", flows.rows.len()) } else { format!("E{exporter}") };
            let mut port = ["NINGBO", "SHANGHAI", "YANTIAN"][chance.below(3) as usize];
            let mut mode = if chance.holds(0.7) { "1039" } else { "0110" };
            let is_after = at >= 182;
            if is_bad && is_after {
                if port == "NINGBO" && chance.holds(planted.to_port) {
                    port = "YANTIAN";
                }
                if mode == "1039" && chance.holds(planted.to_mode) {
                    mode = "0110";
                }
                if port == "NINGBO" && mode == "1039" && chance.holds(planted.to_new) {
                    exporter = format!("N{at}-{}", chance.below(3));
                }
            }
            let set = match (is_bad, port == "NINGBO", mode == "1039") {
                (true, true, true) => sets[1],
                (true, false, true) => sets[2],
                (true, true, false) => sets[3],
                _ => sets[0],
            };
            let code =
                if is_bad { "420221" } else { ["610910", "850760", "420292"][chance.below(3) as usize] };
            let row = Row {
                day: day(at).days(),
                exporter: flows.texts.number(&exporter),
                port: flows.texts.number(port),
                mode: flows.texts.number(mode),
                code: flows.texts.number(code),
                set,
                cents: 100_000 + chance.below(100) as i64,
            };
            flows.rows.push(row);
        }
    }
    let rules = vec![WatchedRule {
        id: "R".to_owned(),
        title: "a rule".to_owned(),
        title_zh: None,
        since: day(182),
        keyed: [true, true, false],
    }];
    Trade { flows, rules, ..Trade::default() }
}

fn watch_of(trade: &Trade) -> Watch {
    let mut watch = Watch::default();
    watch.add_trade(trade, &WatchOptions { window_days: 182, ..WatchOptions::default() });
    watch
}

fn signs_of(trade: &Trade) -> Vec<Sign> {
    watch_of(trade).signs
}

#[test]
fn planted_displacement_is_found_where_it_went() {
    for (planted, wanted) in [
        (Planted { to_port: 0.7, ..Planted::default() }, (ShiftTo::Port, "YANTIAN")),
        (Planted { to_mode: 0.7, ..Planted::default() }, (ShiftTo::Mode, "0110")),
        (Planted { to_new: 0.7, ..Planted::default() }, (ShiftTo::NewExporters, "")),
    ] {
        for seed in 0..10 {
            let watch = watch_of(&trade(seed, planted));
            let shifts = watch.signs.iter().filter_map(|sign| watch.shift(sign));
            let to: Vec<_> = shifts.map(|shift| (shift.to, shift.at.as_str())).collect();
            assert!(
                to.contains(&wanted),
                "seed {seed}: {wanted:?} is not among {to:?}: {:#?}",
                watch.displacement
            );
        }
    }
}

#[test]
fn of_stationary_trade_little_is_said() {
    let alarms = (0..200).filter(|&seed| !signs_of(&trade(seed, Planted::default())).is_empty()).count();
    // At most 5 % of all are expected; 18 of 200 or more would come by chance once in a hundred times.
    assert!(alarms < 18, "{alarms} of 200 stationary worlds have a sign of displacement");
}

#[test]
fn displacement_is_the_same_in_any_order_of_rows() {
    let straight = trade(7, Planted { to_port: 0.5, ..Planted::default() });
    let mut turned = Trade { rules: straight.rules.clone(), ..Trade::default() };
    // Numbers of texts and sets are given anew in the other order.
    let mut rows = straight.flows.rows.clone();
    rows.reverse();
    for row in rows {
        let text = |number| straight.flows.texts.text(number).to_owned();
        let (exporter, port) = (text(row.exporter), text(row.port));
        let (mode, code) = (text(row.mode), text(row.code));
        let flows = &mut turned.flows;
        let set = flows.set(&straight.flows.sets[row.set as usize]);
        let row = Row {
            exporter: flows.texts.number(&exporter),
            port: flows.texts.number(&port),
            mode: flows.texts.number(&mode),
            code: flows.texts.number(&code),
            set,
            ..row
        };
        flows.rows.push(row);
    }
    let watch = |trade: &Trade| {
        let mut watch = Watch::default();
        watch.add_trade(trade, &WatchOptions::default());
        serde_json::to_string(&watch).unwrap()
    };
    assert_eq!(watch(&straight), watch(&turned));
}

#[test]
fn a_rule_at_the_edge_of_the_time_is_not_judged() {
    let mut trade = trade(1, Planted::default());
    for (since, weeks) in
        [(day(10), (1, 13)), (day(350), (13, 2)), (day(4_000), (13, 0)), (Date::MIN, (0, 13))]
    {
        trade.rules[0].since = since;
        let found = &displacement::displacement(&trade, &WatchOptions::default())[0];
        assert_eq!(found.weeks, weeks, "{since}");
        assert!(found.not_judged.is_some() && found.shifts.is_empty(), "{found:?}");
    }
}

/// Declarations of lognormal value, a share of those above the limit split to just under it.
fn declared(seed: u64, number: u64, split: f64) -> Trade {
    let mut chance = Chance(seed);
    let mut flows = Flows::default();
    for _ in 0..number {
        let mut value = (11.0 + 0.6 * chance.normal()).exp();
        let exporter = chance.below(50);
        if value > 150_000.0 && chance.holds(split) {
            value = 150_000.0 * (0.92 + 0.08 * chance.share());
        }
        let place = flows.texts.number(["YIWU", "LINYI"][(exporter % 2) as usize]);
        let exporter = flows.texts.number(&format!("E{exporter}"));
        flows.declared.push(Declared { limit: 0, place, exporter, value });
    }
    Trade { flows, limits: Limit::known(), ..Trade::default() }
}

#[test]
fn what_gathers_under_a_limit_is_found_and_a_smooth_distribution_is_left_alone() {
    let found = signs_of(&declared(3, 5_000, 0.5));
    // All of them split, so the traders stand there too.
    let mut kinds: Vec<SignKind> = found.iter().map(|sign| sign.kind).collect();
    kinds.dedup();
    assert_eq!(kinds, [SignKind::JustUnderLimit, SignKind::TraderUnderLimit], "{found:#?}");
    for number in [300, 5_000] {
        let alarms = (0..200).filter(|&seed| !signs_of(&declared(seed, number, 0.0)).is_empty()).count();
        assert!(alarms < 18, "{alarms} of 200 smooth distributions of {number} have a sign");
    }
}

#[test]
fn a_trader_that_crowds_a_limit_is_named_and_others_are_not() {
    // One of 51 declares 8 times just under the limit and once below; of all that is too little to be seen.
    let planted = |seed| {
        let mut trade = declared(seed, 3_000, 0.0);
        let exporter = trade.flows.texts.number("CROWDS");
        let values = (0..9).map(|at| if at == 0 { 90_000.0 } else { 143_000.0 + 700.0 * f64::from(at) });
        let declared = values.map(|value| Declared { limit: 0, place: 0, exporter, value });
        trade.flows.declared.extend(declared);
        signs_of(&trade)
    };
    for seed in 0..20 {
        let signs = planted(seed);
        let named = |sign: &Sign| sign.kind == SignKind::TraderUnderLimit && sign.subject == "CROWDS";
        assert!(signs.iter().any(named), "{signs:?}");
    }
    let is_trader = |sign: &Sign| sign.kind == SignKind::TraderUnderLimit;
    let alarms = (0..200).filter(|&seed| signs_of(&declared(seed, 5_000, 0.0)).iter().any(is_trader)).count();
    assert!(alarms < 18, "{alarms} of 200 worlds name a trader that crowds nothing");
}

#[test]
fn values_at_the_limit_and_at_the_edges_of_bands() {
    let mut trade = declared(1, 0, 0.0);
    for value in [135_000.0, 135_000.01, 150_000.0, 150_000.01, 165_000.0, 165_000.01, f64::MAX, 1e-300] {
        trade.flows.declared.push(Declared { limit: 0, place: 0, exporter: 0, value });
    }
    let found = &bunching::bunching(&trade, &WatchOptions::default())[0];
    assert_eq!((found.declarations, found.under, found.above, found.expected), (8, 2, 2, None));
}

/// Declarations of some sites; each inspected at the rate of its site, with the findings of its score.
fn evidence(seed: u64, rates: &[f64], found: impl Fn(usize, i32) -> f64) -> Evidence {
    let mut chance = Chance(seed);
    let results = [outcome(Verdict::Clear), outcome(Verdict::Violation(Violation::Fake))];
    let mut evidence = Evidence {
        rules: vec!["R".into()],
        sites: (0..rates.len()).map(|at| format!("site-{at}").into()).collect(),
        channels: vec!["red".into()],
        packs: vec!["p".into()],
        ..Evidence::default()
    };
    for at in 0..4_000 {
        let site = chance.below(rates.len() as u64) as usize;
        let score = chance.below(5) as i64 * 20;
        let on = at * 360 / 4_000;
        let inspection = chance.holds(rates[site] * (0.5 + score as f64 / 80.0)).then(|| {
            let is_found = chance.holds(found(site, on));
            let result = results[usize::from(is_found)].clone();
            inspection(on, site as u32, vec![Outcome { found_on: Some(day(on)), ..result }])
        });
        evidence.declarations.held.push(judged(at, on, score, site as u32, inspection));
    }
    evidence
}

fn outcome(verdict: Verdict) -> Outcome {
    let rows = format!("declaration_id,item_no,found_on,result\nD,1,{},{}\n", day(0), verdict.name());
    let file = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
    std::fs::write(file.path(), rows).unwrap();
    let input = qingfeng::read::Input::Path(file.path().to_owned());
    Outcomes::read(&[input], &qingfeng::read::ReadOptions::default(), None, &mut |_| true).unwrap().of("D")[0]
        .clone()
}

fn inspection(on: i32, office: u32, outcomes: Vec<Outcome>) -> Inspection {
    Inspection {
        day: day(on),
        office,
        selected: SelectionKind::Targeted,
        probability: 1.0,
        cost: 1,
        stratum: None,
        outcomes,
    }
}

fn judged(at: i32, on: i32, score: i64, site: u32, inspection: Option<Inspection>) -> Judged {
    let assessed = AssessedDeclaration {
        score,
        rules: Arc::from([0]),
        sites: Arc::from([site]),
        trader_class: "known".into(),
        ..AssessedDeclaration::new(&format!("D{at:05}"), Some(day(on)))
    };
    Judged { assessed, inspection: inspection.map(Box::new) }
}

/// With the rule of the evidence, which adds risk.
fn options() -> WatchOptions {
    let mut options = WatchOptions::default();
    options.known.rules.push(KnownRule::with_points("R", 10));
    options
}

fn kinds(evidence: &Evidence) -> Vec<(SignKind, String)> {
    let watch = Watch::of(evidence, &options()).unwrap();
    watch.signs.into_iter().map(|sign| (sign.kind, sign.subject)).collect()
}

#[test]
fn a_site_that_looks_away_is_found_and_equal_sites_are_left_alone() {
    for seed in 0..5 {
        let found = kinds(&evidence(seed, &[0.3, 0.3, 0.1, 0.3, 0.3], |_, _| 0.2));
        assert!(found.contains(&(SignKind::UnequalTreatment, "site-2".to_owned())), "{found:?}");
    }
    let found = kinds(&evidence(1, &[0.4, 0.4, 0.4], |site, _| if site == 1 { 0.05 } else { 0.3 }));
    // The others find more than all together, but it is what stands out most.
    assert_eq!(found.first(), Some(&(SignKind::UnequalFindings, "site-1".to_owned())), "{found:?}");
    let alarms = |seed: &u64| !kinds(&evidence(*seed, &[0.3; 6], |_, _| 0.2)).is_empty();
    let alarms = (0..100).filter(alarms).count();
    // Three kinds of tests of 5 % each, with a least change: 15 of 100 at the most; 26 would be one time in a thousand.
    assert!(alarms < 26, "{alarms} of 100 worlds of equal sites have a sign");
}

#[test]
fn sites_whose_capacities_do_not_follow_trade_are_one_sentence_and_no_signs() {
    // Twelve sites that inspect between a tenth and half of what comes, as their capacities have it.
    let rates: Vec<f64> = (0..12).map(|at| 0.1 + f64::from(at * 5 % 12) * 0.03).collect();
    let signs_and_apart = |rates: &[f64], seed| {
        let watch = Watch::of(&evidence(seed, rates, |_, _| 0.2), &options()).unwrap();
        let signs = watch.signs.iter().filter(|sign| sign.kind == SignKind::UnequalTreatment);
        (signs.map(|sign| sign.subject.clone()).collect::<Vec<_>>(), watch.sites.apart)
    };
    for seed in 0..10 {
        let (signs, apart) = signs_and_apart(&rates, seed);
        assert!(signs.is_empty() && apart >= 6, "{signs:?}, {apart} apart");
    }
    // One that stands out among sites that differ is a sign.
    let mut with_one: Vec<f64> = (0..12).map(|at| 0.2 + f64::from(at * 5 % 12) * 0.01).collect();
    with_one[7] = 0.9;
    for seed in 0..10 {
        assert_eq!(signs_and_apart(&with_one, seed).0, ["site-7"]);
    }
}

#[test]
fn the_treatment_of_a_site_in_numbers() {
    // One band; 10 of 100 at one site, 30 of 100 at the other: the test of Mantel and Haenszel without strata is that
    // of two shares with N - 1: (10 - 20)² / (100 * 100 * 40 * 160 / (200² * 199)) = 12.4375.
    let mut evidence = evidence(0, &[0.0, 0.0], |_, _| 0.0);
    evidence.declarations.held.truncate(0);
    for at in 0..200 {
        let site = at / 100;
        let is_inspected = at % 100 < 10 + 20 * site;
        let inspection = is_inspected.then(|| inspection(0, site as u32, Vec::new()));
        evidence.declarations.held.push(judged(at, 0, 50, site as u32, inspection));
    }
    let options = WatchOptions { offices: vec![evidence.sites.clone()], ..WatchOptions::default() };
    let treatment = Watch::of(&evidence, &options).unwrap().sites;
    let test = treatment.inspected.unwrap();
    assert!((test.chi_square - 12.4375).abs() < 1e-9 && test.degrees == 1, "{test:?}");
    let sites: Vec<(f64, f64, f64, f64)> = treatment
        .sites
        .iter()
        .map(|site| (site.share, site.standardised, site.expected, site.ratio))
        .collect();
    assert_eq!(sites, [(0.1, 0.1, 20.0, 0.5), (0.3, 0.3, 20.0, 1.5)]);
    assert!((treatment.sites[0].p - test.p).abs() < 1e-12);
}

#[test]
fn a_rule_that_becomes_worse_is_proposed_and_one_that_does_not_is_kept() {
    let worse = evidence(5, &[0.8], |_, on| if on < 180 { 0.4 } else { 0.05 });
    assert_eq!(kinds(&worse), [(SignKind::Tired, "R".to_owned())]);
    let watched = &Watch::of(&worse, &options()).unwrap().rules[0];
    let trend = watched.rating.trend.unwrap();
    assert!(trend.z < -5.0 && trend.earlier > trend.later, "{trend:?}");
    assert_eq!(watched.proposal, Proposal::Retire);
    assert_eq!(watched.months.iter().map(|month| month.inspected).sum::<u64>(), {
        worse.declarations.held.iter().filter(|judged| judged.inspection.is_some()).count() as u64
    });
    // What is not known to add risk is not known to become worse.
    assert!(Watch::of(&worse, &WatchOptions::default()).unwrap().signs.is_empty());
    assert_eq!(kinds(&evidence(6, &[0.8], |_, _| 0.3)), []);
}

#[test]
fn a_rule_that_relieves_what_violates_is_told_and_one_that_relieves_the_clean_is_not() {
    let of = |share: f64| {
        let mut evidence = evidence(3, &[0.8], |_, on| if on % 2 == 0 { share } else { 0.1 });
        for judged in &mut evidence.declarations.held {
            if judged.day.is_some_and(|day| day.days() % 2 != 0) {
                judged.rules = Arc::from([]);
            }
        }
        // One inspection is drawn, so that there is chance to compare with.
        let inspection = evidence.declarations.held.iter_mut().find_map(|judged| judged.inspection.as_mut());
        inspection.unwrap().selected = SelectionKind::Random;
        let mut options = options();
        options.known.rules[0].points = Some(-10);
        Watch::of(&evidence, &options).unwrap()
    };
    let (harmful, good) = (of(0.4), of(0.02));
    let signs: Vec<SignKind> = harmful.signs.iter().map(|sign| sign.kind).collect();
    assert_eq!((signs, harmful.rules[0].proposal), (vec![SignKind::Harmful], Proposal::Retire));
    assert_eq!((good.signs, good.rules[0].rating.state), (Vec::new(), State::Good));
}

#[test]
fn a_rule_that_fires_no_more_is_told() {
    let mut silent = evidence(2, &[0.0], |_, _| 0.0);
    for judged in &mut silent.declarations.held {
        if judged.day > Some(day(200)) {
            judged.rules = Arc::from([]);
        }
    }
    assert_eq!(kinds(&silent), [(SignKind::Dead, "R".to_owned())]);
}

#[test]
fn what_is_open_is_never_clear() {
    let mut evidence = evidence(0, &[0.0], |_, _| 0.0);
    evidence.declarations.held.truncate(0);
    let clear = outcome(Verdict::Clear);
    let open = Outcome { verdict: Verdict::Open, item_no: Some(2), ..clear.clone() };
    let waived = Outcome { verdict: Verdict::Waived, waiver: Some("W1".into()), ..clear.clone() };
    let late = Outcome { known_on: Some(day(200)), ..clear.clone() };
    let cases = [
        ("nothing came back", vec![], Some(OpenWhy::Nothing)),
        ("clear", vec![clear.clone()], None),
        ("not coded", vec![open.clone()], Some(OpenWhy::Uncoded)),
        ("clear in part", vec![clear, open], Some(OpenWhy::Partly)),
        ("waived with a code", vec![waived], None),
        ("known only later", vec![late], Some(OpenWhy::Nothing)),
    ];
    for (at, (_, outcomes, _)) in (0..).zip(&cases) {
        evidence.declarations.held.push(judged(
            at,
            at * 20,
            50,
            0,
            Some(inspection(at * 20, 0, outcomes.clone())),
        ));
    }
    let watch =
        Watch::of(&evidence, &WatchOptions { as_of: Some(day(110)), ..WatchOptions::default() }).unwrap();
    for (at, (case, _, wanted)) in cases.iter().enumerate() {
        let id = format!("D{at:05}");
        let listed = watch.open.listed.iter().find(|open| open.declaration_id == id);
        assert_eq!(listed.map(|open| open.why), *wanted, "{case}");
    }
    assert_eq!((watch.open.inspections, watch.open.open, watch.open.sites[0].late), (6, 4, 3));
    assert_eq!(watch.open.sites[0].ages, [0, 1, 2, 1]);
    assert_eq!(watch.sites.sites[0].found, Share::new(0, 1));
}

#[test]
fn extreme_numbers_do_no_harm() {
    let mut evidence = evidence(0, &[0.5, 0.5], |_, _| 0.5);
    for (judged, score) in evidence.declarations.held.iter_mut().zip([i64::MIN, i64::MAX].into_iter().cycle())
    {
        judged.score = score;
        judged.day = None;
    }
    let options = WatchOptions {
        band: 0,
        level: 1.0,
        least_ratio: 1.0,
        least_count: 0,
        late_after_days: u32::MAX,
        silent_days: 0,
        list_max: 0,
        ..WatchOptions::default()
    };
    let watch = Watch::of(&evidence, &options).unwrap();
    assert!(watch.open.listed.is_empty());
    assert!(!serde_json::to_string(&watch).unwrap().is_empty());
}
