//! From evidence to the worth of each rule.

use std::collections::BTreeMap;

use qingfeng::read::ReadError;
use qingfeng_rules::{Date, Month, SelectionKind};

use super::capacity::{OfScore, points};
use super::estimate::Estimate;
use super::overlap::{SetCounts, Sets};
use super::state::{Facts, state};
use super::tally::{Case, Tally, Way};
use super::trend::{OfMonth, trend};
use super::{
    Effect, EffectOptions, Figures, KnownRule, MonthEffect, Only, Overlap, Part, RuleEffect, Standing,
};
use crate::statistics::wilson;
use qingfeng_inspection::evidence::{Evidence, Judged, RuleAt};
use qingfeng_store::{Outcome, Verdict};

/// What is counted of a rule.
#[derive(Clone, Debug, Default)]
struct OfRule {
    tally: Tally,
    /// Declarations on which it fired as a shadow rule.
    as_shadow: u64,
    only: Only,
    first: Option<Date>,
    last: Option<Date>,
    months: Vec<OfMonth>,
}

impl OfRule {
    fn add(&mut self, case: &Case, judged: &Judged, alone: bool) {
        self.tally.add(case);
        if alone {
            self.only.add(case.found);
        }
        // Declarations come by day.
        let Some(day) = judged.day else { return };
        self.first = self.first.or(Some(day));
        self.last = Some(day);
        let month = Month::of(day);
        if self.months.last().is_none_or(|last| last.month != month) {
            self.months.push(OfMonth { month, fired: 0, results: [(0, 0); 2] });
        }
        let Some(of_month) = self.months.last_mut() else { return };
        of_month.fired += 1;
        if let Some(found) = case.found {
            let (inspected, findings) = &mut of_month.results[usize::from(case.way != Way::Certain)];
            *inspected += 1;
            *findings += u64::from(found);
        }
    }
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

impl Counted {
    fn add(&mut self, evidence: &Evidence, judged: &Judged, options: &EffectOptions) {
        let case = Case::of(evidence, judged, options.points_per_hour);
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
            self.offices.entry(inspection.office).or_default().add(&case);
        } else if case.way == Way::Drawable
            && let Some(office) = evidence.office_of(judged)
        {
            self.offices.entry(office).or_default().add(&case);
        }
        if case.way != Way::Out {
            let mut one = Tally::default();
            one.add(&case);
            let score = self.scores.entry(judged.score).or_default();
            score.count += 1;
            score.sums.add(&one.sums, 1.0);
        }
        let lines = options.lines.as_ref().filter(|_| case.found == Some(true));
        let mut of_rule = |rule: RuleAt, shadow: bool, alone: bool| {
            let case = match (lines, &judged.inspection) {
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
                of_rule.add(&case, judged, alone);
                of_rule.as_shadow += u64::from(shadow);
            }
        };
        let active = &judged.rules;
        active.iter().for_each(|&rule| of_rule(rule, false, active.len() == 1));
        for &rule in judged.shadow_rules.iter().filter(|rule| active.binary_search(rule).is_err()) {
            of_rule(rule, true, active.is_empty());
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
        evidence.each(|judged| counted.add(evidence, judged, options))?;
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
            unplanned: evidence.unplanned.total,
            planned_elsewhere: evidence.planned_elsewhere.total,
            guessed_channels: evidence.guessed_channels,
            thresholds: options.thresholds,
            all,
        };
        let sets = Sets::of(counted.sets, evidence);
        effect.rules = rules(evidence, &counted.rules, &sets, &effect, options);
        Ok(effect)
    }
}

/// What is known of rules from outside the evidence, and of all of them together.
struct Setting<'s> {
    effect: &'s Effect,
    options: &'s EffectOptions,
    known: BTreeMap<&'s str, &'s KnownRule>,
}

fn rules(
    evidence: &Evidence,
    counted: &[OfRule],
    sets: &Sets,
    effect: &Effect,
    options: &EffectOptions,
) -> Vec<RuleEffect> {
    let known = options.known.iter().map(|rule| (&*rule.id, rule)).collect();
    let setting = Setting { effect, options, known };
    let mut both = vec![0; evidence.rules.len()];
    let fired = |rule: usize| counted.get(rule).map_or(0, |of| of.tally.fired);
    let mut rules: Vec<RuleEffect> = Vec::with_capacity(counted.len());
    for (at, of) in counted.iter().enumerate() {
        let partners = sets.partners(at, options.partners, evidence, &fired, &mut both);
        let lines = options.lines.as_ref().and_then(|lines| lines.fired.get(at).copied());
        rules.push(setting.rule(&evidence.rules[at], of, partners, lines));
    }
    let never = setting.known.keys();
    for id in never.filter(|id| evidence.rules.binary_search_by(|rule| (**rule).cmp(id)).is_err()) {
        let lines = options.lines.as_ref().map(|_| 0);
        rules.push(setting.rule(id, &OfRule::default(), Vec::new(), lines));
    }
    // What a rule is estimated to find, else what it found.
    let worth = |rule: &RuleEffect| rule.figures.estimate.findings.unwrap_or(rule.figures.found as f64);
    rules.sort_by(|a, b| {
        let equal = b.figures.found.cmp(&a.figures.found).then_with(|| a.rule.cmp(&b.rule));
        worth(b).total_cmp(&worth(a)).then(equal)
    });
    rules
}

impl Setting<'_> {
    fn rule(&self, id: &str, of: &OfRule, overlaps: Vec<Overlap>, lines: Option<u64>) -> RuleEffect {
        let level = self.options.level;
        let figures = of.tally.figures(level);
        let known = self.known.get(id);
        let of_chance = self.effect.all.estimate.rate;
        let lift =
            figures.estimate.rate.zip(of_chance.filter(|rate| *rate > 0.0)).map(|(own, all)| own / all);
        let standing = standing(&figures, &self.effect.all, level);
        let trend = trend(&of.months);
        let facts = Facts {
            figures: &figures,
            fired: of.first.zip(of.last),
            days: self.effect.days,
            trend: trend.as_ref(),
            standing,
            of_chance,
        };
        let (state, reason) = state(&facts, &self.options.thresholds);
        let is_shadow = of.as_shadow > 0 && of.as_shadow == of.tally.fired;
        RuleEffect {
            rule: id.into(),
            title: known.map(|known| known.title.clone()),
            title_zh: known.and_then(|known| known.title_zh.clone()),
            shadow: known.map_or(is_shadow, |known| known.shadow),
            lines,
            first_fired: of.first,
            last_fired: of.last,
            lift,
            standing,
            only: of.only,
            overlaps,
            months: of.months.iter().map(month).collect(),
            trend,
            state,
            reason,
            words: None,
            figures,
        }
    }
}

/// How a group's rate compares with that of all, as far as intervals tell. An estimate speaks of the declarations that
/// came; for those that will come their number is a sample too, so its bounds are drawn apart by Wilson's interval.
fn standing(own: &Figures, all: &Figures, level: f64) -> Option<Standing> {
    all.estimate.rate?;
    if own.fired == 0 || own.estimate.covered <= 0.0 {
        return None;
    }
    let bounds = |figures: &Figures| {
        let Estimate { low, high, covered, .. } = figures.estimate;
        let size = covered * figures.fired as f64;
        let low = wilson(low * size, size, level).map_or(0.0, |rate| rate.low);
        (low, wilson(high * size, size, level).map_or(1.0, |rate| rate.high))
    };
    let (own, all) = (bounds(own), bounds(all));
    Some(if own.0 > all.1 {
        Standing::Above
    } else if own.1 < all.0 {
        Standing::Below
    } else {
        Standing::Alike
    })
}

fn month(of: &OfMonth) -> MonthEffect {
    MonthEffect { month: of.month.to_string(), fired: of.fired, inspected: of.inspected(), found: of.found() }
}
