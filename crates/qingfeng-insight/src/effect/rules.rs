//! From evidence to the worth of each rule.

use std::collections::BTreeMap;

use qingfeng::read::ReadError;
use qingfeng_rules::{Date, SelectionKind};

use super::capacity::{OfScore, points};
use super::overlap::{SetCounts, Sets};
use super::tally::{Cases, Tally, Way};
use super::{Effect, EffectOptions, MonthEffect, Only, Part, RuleEffect};
use crate::rating::{Facts, KnownRule, OfMonth, RuleCounts, Setting, State, ratings};
use qingfeng_inspection::evidence::{Evidence, Judged, RuleAt};
use qingfeng_store::{Outcome, Verdict};

/// What is counted of a rule besides what it is judged by.
#[derive(Clone, Debug, Default)]
struct OfRule {
    counts: RuleCounts,
    /// Declarations on which it fired as a shadow rule.
    as_shadow: u64,
    only: Only,
}

/// Groups in the order of their keys.
type Groups<K> = BTreeMap<K, Tally>;

#[derive(Default)]
struct Counted {
    all: Tally,
    kinds: Groups<SelectionKind>,
    channels: Groups<u32>,
    bands: Groups<i64>,
    offices: Groups<u32>,
    packs: Groups<u32>,
    scores: BTreeMap<i64, OfScore>,
    rules: Vec<OfRule>,
    sets: SetCounts,
    /// The first and the last day.
    days: Option<(Date, Date)>,
}

/// By what declarations are counted.
struct Counting<'c> {
    cases: Cases<'c>,
    options: &'c EffectOptions,
    /// Where each rule of the evidence stands among the known ones.
    places: Vec<Option<usize>>,
}

impl Counted {
    fn add(&mut self, judged: &Judged, counting: &Counting<'_>) {
        let options = counting.options;
        let case = counting.cases.of(judged);
        self.sets.add(judged);
        if let Some(day) = judged.day {
            self.days = Some((self.days.map_or(day, |days| days.0), day));
        }
        self.all.add(&case);
        self.channels.entry(judged.channel.0.into()).or_default().add(&case);
        let band = judged.score.div_euclid(i64::from(options.band.max(1)));
        self.bands.entry(band).or_default().add(&case);
        self.packs.entry(judged.pack).or_default().add(&case);
        if let Some(inspection) = &judged.inspection {
            self.kinds.entry(inspection.selected).or_default().add(&case);
        }
        if let Some(office) = case.office {
            self.offices.entry(office).or_default().add(&case);
        }
        if !matches!(case.way, Way::Out | Way::Lost) {
            let score = self.scores.entry(judged.score).or_default();
            score.count += 1;
            case.add_to(&mut score.sums);
        }
        let lines = options.lines.as_ref().filter(|_| case.found == Some(true));
        let mut of_rule = |rule: RuleAt, shadow: bool, alone: bool| {
            let on_lines = match (lines, &judged.inspection) {
                (Some(lines), Some(inspection)) => {
                    let on = |outcome: &&Outcome| {
                        matches!(outcome.verdict, Verdict::Violation(_))
                            && lines.fired_on(&judged.declaration_id, outcome.item_no, rule)
                    };
                    case.on(inspection.outcomes.iter().filter(on))
                }
                _ => case,
            };
            if let Some(of_rule) = self.rules.get_mut(rule as usize) {
                of_rule.counts.add(judged.day, &case, &on_lines);
                of_rule.as_shadow += u64::from(shadow);
                if alone {
                    of_rule.only.add(on_lines.found);
                }
            }
        };
        let active = &judged.rules;
        active.iter().for_each(|&rule| of_rule(rule, false, active.len() == 1));
        for &rule in judged.shadow_rules.iter().filter(|rule| active.binary_search(rule).is_err()) {
            of_rule(rule, true, active.is_empty());
        }
        if let Some((rule, points)) = options.known.computed(judged, &counting.places) {
            self.rules[rule as usize].counts.gave(points);
        }
    }
}

impl Effect {
    /// What the rules of the evidence are worth.
    ///
    /// ```
    /// use qingfeng_insight::effect::{Effect, EffectOptions};
    /// use qingfeng_inspection::evidence::Evidence;
    ///
    /// let effect = Effect::of(&Evidence::default(), &EffectOptions::default())?;
    /// assert_eq!((effect.all.fired, effect.all.estimate.rate), (0, None));
    /// # Ok::<(), qingfeng::read::ReadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Declarations that can no longer be read.
    pub fn of(evidence: &Evidence, options: &EffectOptions) -> Result<Self, ReadError> {
        let mut counted =
            Counted { rules: vec![OfRule::default(); evidence.rules.len()], ..Counted::default() };
        let cases = Cases::new(evidence, options.points_per_hour);
        let places = options.known.places(&evidence.rules);
        let counting = Counting { cases, options, places };
        evidence.each(|judged| counted.add(judged, &counting))?;
        let level = options.level;
        let all = counted.all.figures(level);
        let parts = |groups: &Groups<u32>, names: &[Box<str>]| -> Vec<Part> {
            let named = groups.iter().filter_map(|(&at, tally)| Some((names.get(at as usize)?, tally)));
            named.map(|(name, tally)| tally.part(&**name, level)).collect()
        };
        let width = i64::from(options.band.max(1));
        let band = |(&band, tally): (&i64, &Tally)| {
            let first = band.saturating_mul(width);
            let name = if width == 1 {
                first.to_string()
            } else {
                format!("{first}–{}", first.saturating_add(width - 1))
            };
            tally.part(name, level)
        };
        let mut effect = Self {
            level,
            by_lines: options.lines.is_some(),
            days: counted.days,
            kinds: counted.kinds.iter().map(|(kind, tally)| tally.part(kind.name(), level)).collect(),
            channels: parts(&counted.channels, &evidence.channels),
            bands: counted.bands.iter().map(band).collect(),
            offices: parts(&counted.offices, &evidence.sites),
            packs: parts(&counted.packs, &evidence.packs),
            capacity: points(&counted.scores, options),
            rules: Vec::new(),
            without_chance: counted.all.without_chance,
            without_answer: counted.all.without_answer,
            unplanned: evidence.unplanned.total,
            planned_elsewhere: evidence.planned_elsewhere.total,
            guessed_channels: evidence.guessed_channels,
            thresholds: options.thresholds,
            all,
        };
        let sets = Sets::of(std::mem::take(&mut counted.sets), evidence);
        let chance = counting.cases.chance(&effect.all.estimate);
        effect.rules = rules(evidence, &counted, &sets, chance, options);
        Ok(effect)
    }
}

fn rules(
    evidence: &Evidence,
    counted: &Counted,
    sets: &Sets,
    chance: Option<f64>,
    options: &EffectOptions,
) -> Vec<RuleEffect> {
    let nothing = OfRule::default();
    // Those that fired, and those of the pack that never did.
    let known = &options.known.rules;
    let by_id: BTreeMap<&str, &KnownRule> = known.iter().map(|rule| (&*rule.id, rule)).collect();
    let fired = evidence.rules.iter().zip(&counted.rules).enumerate();
    let fired = fired.map(|(at, (id, of))| (&**id, of, Some(at)));
    let is_new = |id: &&str| evidence.rules.binary_search_by(|rule| (**rule).cmp(id)).is_err();
    let never = by_id.keys().copied().filter(is_new).map(|id| (id, &nothing, None));
    let all: Vec<(&str, &OfRule, Option<usize>)> = fired.chain(never).collect();
    let facts = all.iter().map(|(id, of, _)| Facts {
        counts: &of.counts,
        side: by_id.get(id).and_then(|known| known.side(of.counts.given)),
    });
    let setting = Setting { all: &counted.all, chance, days: counted.days, thresholds: &options.thresholds };
    let ratings = ratings(&facts.collect::<Vec<_>>(), &setting);
    let mut both = vec![0; evidence.rules.len()];
    let fired = |rule: usize| counted.rules.get(rule).map_or(0, |of| of.counts.tally.fired);
    let mut rules: Vec<RuleEffect> = Vec::with_capacity(all.len());
    for ((id, of, at), rating) in all.into_iter().zip(ratings) {
        let figures = of.counts.tally.figures(options.level);
        let known = by_id.get(id);
        let of_chance = setting.chance.filter(|rate| *rate > 0.0);
        let is_shadow = of.as_shadow > 0 && of.as_shadow == figures.fired;
        let lines = options.lines.as_ref();
        rules.push(RuleEffect {
            rule: id.into(),
            title: known.map(|known| known.title.clone()),
            title_zh: known.and_then(|known| known.title_zh.clone()),
            shadow: known.map_or(is_shadow, |known| known.shadow),
            lines: lines.map(|lines| at.and_then(|at| lines.fired.get(at).copied()).unwrap_or(0)),
            first_fired: of.counts.days.map(|days| days.0),
            last_fired: of.counts.days.map(|days| days.1),
            lift: figures.estimate.rate.zip(of_chance).map(|(own, all)| own / all),
            only: of.only,
            overlaps: at
                .map_or_else(Vec::new, |at| sets.partners(at, options.partners, evidence, &fired, &mut both)),
            months: of.counts.months.iter().map(MonthEffect::of).collect(),
            undrawn: of.counts.undrawn(),
            rating,
            figures,
        });
    }
    // What a rule is estimated to find, else what it found.
    let worth = |rule: &RuleEffect| rule.figures.estimate.findings.unwrap_or(rule.figures.found as f64);
    let is_harmful = |rule: &RuleEffect| rule.rating.state == State::Harmful;
    rules.sort_by(|a, b| {
        let equal = b.figures.found.cmp(&a.figures.found).then_with(|| a.rule.cmp(&b.rule));
        is_harmful(b).cmp(&is_harmful(a)).then(worth(b).total_cmp(&worth(a))).then(equal)
    });
    rules
}

impl MonthEffect {
    pub(crate) fn of(of: &OfMonth) -> Self {
        Self { month: of.month.to_string(), fired: of.fired, inspected: of.inspected(), found: of.found() }
    }
}
