//! What data of the library say, put into words: the state of a rule, and signs.

use crate::numbers::{grouped, p_value, percent, ten_thousands, times};
use qingfeng::rules::Pack;
use qingfeng_insight::effect::Effect;
use qingfeng_insight::rating::{Rating, ReasonWords, Side, Standing, StateReason};
use qingfeng_insight::report::{self, Titled};
use qingfeng_insight::watch::{
    Against, BunchingAt, Proposal, ShiftTo, Sign, SignKind, SignWords, Watch, WatchOptions,
};

use super::Language::{self, En, Zh};

/// Puts the states of rules into words.
pub fn tell_effect(effect: &mut Effect) {
    for rule in &mut effect.rules {
        tell(&mut rule.rating, rule.title.is_some());
    }
}

/// Puts a rating into words; `is_known` where a pack has the rule.
fn tell(rating: &mut Rating, is_known: bool) {
    let [reason, reason_zh] = [En, Zh].map(|w| w.reason(&rating.reason, is_known));
    rating.words = Some(ReasonWords { reason, reason_zh });
}

/// Puts signs into words. `options` are those by which they were found; a pack gives names.
pub fn tell_watch(watch: &mut Watch, options: &WatchOptions, pack: Option<&Pack>) {
    watch.rules.iter_mut().for_each(|rule| tell(&mut rule.rating, pack.is_some()));
    let [en, zh] = [En, Zh].map(|w| Teller { w, watch, options, pack });
    let tell = |sign: &Sign| SignWords {
        to: en.went_to_place(sign),
        text: en.sign_text(sign),
        text_zh: zh.sign_text(sign),
    };
    let words: Vec<SignWords> = watch.signs.iter().map(tell).collect();
    watch.signs.iter_mut().zip(words).for_each(|(sign, words)| sign.words = Some(words));
}

/// Why an inspection is planned, in words. Plans say it in English; what is not of these forms stays as it is. `title` is
/// what people call a goods group, a channel or a quota.
pub fn tell_why(w: Language, why: &str, title: impl Fn(&str) -> Option<String>) -> String {
    let named = |name: &str| title(name).unwrap_or_else(|| w.named(name).to_owned());
    let parts = |prefix: &str, middle: &str| why.strip_prefix(prefix)?.split_once(middle);
    if let Some(quota) = why.strip_prefix("quota ") {
        return w.list_by_quota(named(quota));
    }
    if let Some((rule, _)) = parts("exploration: rule ", " is young") {
        return w.list_young(rule);
    }
    if let Some((share, _)) = parts("a finding is expected in ", " of 100 such inspections") {
        return w.list_expected(share);
    }
    if let Some((population, stratum)) = parts("drawn among ", " of ") {
        let stratum: Vec<String> = stratum.split('/').map(named).collect();
        return w.list_drawn_among(population, stratum.join(w.list_stratum_joint()));
    }
    if let Some((rule, channel)) = parts("rule ", " forces ") {
        return w.list_forces(rule, named(channel));
    }
    if let Some((rule, tag)) = parts("rule ", " has the tag ") {
        return w.list_has_tag(rule, named(tag));
    }
    if why == "drawn by its ticket" { w.list_by_ticket().to_owned() } else { why.to_owned() }
}

/// From which part on it is told that nothing of so much was drawn, and up to which that no more is covered.
const UNDRAWN: f64 = 0.2;
const COVERED: f64 = 0.95;

impl Language {
    /// Why a rule has its state; `is_known` where a pack has it.
    fn reason(self, reason: &StateReason, is_known: bool) -> String {
        match *reason {
            StateReason::NeverFires => self.never_fires().to_owned(),
            StateReason::Silent { since, days } => self.silent_since(since, days),
            StateReason::NoFinding { inspected } => self.no_finding(inspected),
            StateReason::FewResults { inspected: 0, least } => self.no_results(least),
            StateReason::FewResults { inspected: 1, least } => self.one_result(least),
            StateReason::FewResults { inspected, least } => self.few_results(inspected, least),
            StateReason::New { since, days } => self.fires_since(since, days),
            StateReason::Changed { earlier, later, p } => {
                let (before, after, p) = (percent(earlier), percent(later), p_value(p));
                if later < earlier { self.fell(before, after, p) } else { self.rose(before, after, p) }
            }
            StateReason::Compared { rate, chance, standing, side, covered, undrawn } => {
                let rate = rate.map_or_else(|| self.bounded_rate().to_owned(), percent);
                let chance = percent(chance);
                let told = match standing {
                    Standing::Above => self.above_chance(rate, chance),
                    Standing::Below => self.below_chance(rate, chance),
                    Standing::Alike => self.like_chance(rate, chance),
                };
                let means = match (standing, side) {
                    (Standing::Alike, _) | (Standing::Above, Some(Side::Risk)) => "",
                    (Standing::Below, Some(Side::Risk)) => self.burdens_the_clean(),
                    (Standing::Above, Some(Side::Relief)) => self.relieves_violators(),
                    (Standing::Below, Some(Side::Relief)) => self.relieves_the_clean(),
                    (_, None) if is_known => self.side_not_clear(),
                    (_, None) => self.side_not_known(),
                };
                let covered = Some(covered).filter(|covered| *covered < COVERED);
                let undrawn = Some(undrawn).filter(|undrawn| *undrawn >= UNDRAWN);
                let covered = covered.map_or_else(String::new, |covered| self.of_covered(percent(covered)));
                let undrawn = undrawn.map_or_else(String::new, |undrawn| self.of_undrawn(percent(undrawn)));
                told + means + &covered + &undrawn
            }
            _ => self.nothing_drawn().to_owned(),
        }
    }

    /// What a kind of sign is called, what it may mean, and what to look at next.
    pub(crate) fn sign_kind(self, kind: SignKind) -> [&'static str; 3] {
        match kind {
            SignKind::Displacement => {
                [self.displacement(), self.displacement_means(), self.displacement_next()]
            }
            SignKind::JustUnderLimit => [self.just_under(), self.just_under_means(), self.just_under_next()],
            SignKind::TraderUnderLimit => {
                [self.trader_under(), self.trader_under_means(), self.trader_under_next()]
            }
            SignKind::UnequalTreatment => {
                [self.unequal_treatment(), self.unequal_treatment_means(), self.unequal_treatment_next()]
            }
            SignKind::UnequalFindings => {
                [self.unequal_findings(), self.unequal_findings_means(), self.unequal_findings_next()]
            }
            SignKind::Harmful => [self.harmful(), self.harmful_means(), self.harmful_next()],
            SignKind::Tired => [self.tired(), self.tired_means(), self.tired_next()],
            SignKind::Dead => [self.dead(), self.dead_means(), self.dead_next()],
            SignKind::Open => [self.results_open(), self.results_open_means(), self.results_open_next()],
        }
    }

    /// Where trade may have gone, short.
    pub(crate) fn shift_to(self, to: ShiftTo) -> &'static str {
        match to {
            ShiftTo::Caught => self.shift_caught(),
            ShiftTo::Port => self.shift_port(),
            ShiftTo::Mode => self.shift_mode(),
            ShiftTo::Code => self.shift_code(),
            ShiftTo::ExportersPort => self.shift_exporters_port(),
            ShiftTo::ExportersMode => self.shift_exporters_mode(),
            ShiftTo::ExportersCode => self.shift_exporters_code(),
            ShiftTo::NewExporters => self.shift_new_exporters(),
        }
    }
}

/// Who puts the signs of a watch into words.
struct Teller<'t> {
    w: Language,
    watch: &'t Watch,
    options: &'t WatchOptions,
    pack: Option<&'t Pack>,
}

impl Teller<'_> {
    /// A whole number, as the rest of the page has it.
    fn count(&self, number: impl Into<i128>) -> String {
        self.w.digits(number)
    }

    /// What people call what has a name. English sentences have the names in files, by which one looks further.
    fn named(&self, name: &str, title: fn(&Pack, &str) -> Titled) -> String {
        let title_zh = self.pack.filter(|_| self.w == Zh).and_then(|pack| title(pack, name).title_zh);
        title_zh.unwrap_or_else(|| name.to_owned())
    }

    /// Value in hundredths, in whole units.
    fn amount(&self, cents: i64) -> String {
        match self.w {
            En => {
                format!("{}{}", if cents <= -100 { "-" } else { "" }, grouped((cents / 100).unsigned_abs()))
            }
            Zh => {
                let unit = self.pack.and_then(report::unit).map_or("", |unit| Zh.unit(unit));
                let sum = ten_thousands(cents as f64 / 100.0);
                let apart = if sum.ends_with(['万', '亿']) { "" } else { " " };
                format!("{sum}{apart}{unit}").trim_end().to_owned()
            }
        }
    }

    /// Where the trade of a sign went.
    fn went_to_place(&self, sign: &Sign) -> Option<String> {
        let shift = self.watch.shift(sign)?;
        let at = &shift.at;
        Some(match shift.to {
            ShiftTo::Port => self.w.to_port(self.named(at, report::place)),
            ShiftTo::Mode => self.w.to_mode(self.named(at, report::mode)),
            ShiftTo::Code => self.w.to_code(at),
            ShiftTo::ExportersPort => self.w.exporters_to_port(self.named(at, report::place)),
            ShiftTo::ExportersMode => self.w.exporters_to_mode(self.named(at, report::mode)),
            ShiftTo::ExportersCode => self.w.exporters_to_code(at),
            ShiftTo::NewExporters | ShiftTo::Caught => self.w.to_new_exporters().to_owned(),
        })
    }

    /// A sign in one sentence, with its numbers.
    fn sign_text(&self, sign: &Sign) -> String {
        let text = match sign.kind {
            SignKind::Displacement => self.moved_text(sign),
            SignKind::JustUnderLimit => self.gathers_text(sign),
            SignKind::TraderUnderLimit => self.crowds_text(sign),
            SignKind::UnequalTreatment | SignKind::UnequalFindings => self.unequal_text(sign),
            SignKind::Harmful | SignKind::Tired | SignKind::Dead => self.rule_text(sign),
            SignKind::Open => self.watch.open.sites.get(sign.of).map(|site| {
                self.w.stays_open(
                    self.named(&site.site, report::site),
                    self.count(site.open.hits),
                    self.count(site.inspections),
                    self.count(site.late),
                    self.options.late_after_days,
                    self.count(site.nothing),
                    self.count(site.uncoded),
                    self.count(site.partly),
                )
            }),
        };
        text.unwrap_or_default()
    }

    fn moved_text(&self, sign: &Sign) -> Option<String> {
        let of_rule = self.watch.displacement.get(sign.of)?;
        let shift = self.watch.shift(sign)?;
        let against = match shift.against {
            Against::All => self.w.against_all().to_owned(),
            Against::Port => self.w.against_port(self.named(&shift.at, report::place)),
            Against::Mode => self.w.against_mode(self.named(&shift.at, report::mode)),
            Against::NewExporters => self.w.against_new_exporters().to_owned(),
        };
        let unit = match shift.to {
            ShiftTo::NewExporters => self.w.unit_exporters(),
            _ => self.w.unit_consignments(),
        };
        let caught = of_rule.caught.as_ref().map(|caught| self.w.catches(times(caught.ratio)));
        Some(self.w.moved(
            &of_rule.rule,
            of_rule.since,
            self.went_to_place(sign)?,
            times(shift.ratio),
            times(shift.low),
            times(shift.high),
            p_value(shift.p_adjusted),
            against,
            unit,
            self.count(shift.before),
            self.count(shift.after),
            self.amount(shift.value_before_cents),
            self.amount(shift.value_after_cents),
            caught.unwrap_or_default(),
        ))
    }

    fn gathers_text(&self, sign: &Sign) -> Option<String> {
        let bunching = self.watch.limits.get(sign.of)?;
        let (low, high) = sign.interval?;
        let first = |list: &[BunchingAt], say: fn(Language, String, String, String) -> String| {
            list.first().map_or(String::new(), |at| {
                say(
                    self.w,
                    self.named(&at.name, report::place),
                    self.count(at.under),
                    format!("{:.1}", at.expected),
                )
            })
        };
        let most =
            first(&bunching.places, Language::most_at) + &first(&bunching.exporters, Language::most_by);
        Some(self.w.gathers(
            self.named(&bunching.limit.mode, report::mode),
            self.amount((bunching.limit.value * 100.0).round() as i64),
            self.count(bunching.under),
            times(sign.size),
            format!("{:.1}", bunching.expected?),
            times(low),
            times(high),
            p_value(sign.p_adjusted?),
            self.count(bunching.above),
            most,
        ))
    }

    fn crowds_text(&self, sign: &Sign) -> Option<String> {
        let bunching = self.watch.limits.get(sign.of)?;
        let at = bunching.exporters.get(sign.part?)?;
        Some(self.w.crowds(
            &at.name,
            self.named(&bunching.limit.mode, report::mode),
            self.amount((bunching.limit.value * 100.0).round() as i64),
            self.count(at.under),
            format!("{:.1}", at.expected),
            self.count(at.below),
            p_value(at.p_adjusted),
        ))
    }

    fn unequal_text(&self, sign: &Sign) -> Option<String> {
        let site = self.watch.sites.sites.get(sign.of)?;
        let (hits, of) = (self.count(site.found.hits), self.count(site.found.of));
        if sign.kind == SignKind::UnequalFindings {
            let expected = format!("{:.1}", site.found_expected);
            let p = p_value(site.found_p_adjusted);
            return Some(self.w.finds(
                self.named(&site.site, report::site),
                hits,
                of,
                times(site.found_ratio()),
                expected,
                p,
            ));
        }
        let finds = if site.found.of < self.options.least_count {
            self.w.finds_unknown().to_owned()
        } else if site.found_p_adjusted > self.options.level {
            self.w.finds_alike(hits, of)
        } else {
            self.w.finds_times(times(site.found_ratio()))
        };
        Some(self.w.treats(
            self.named(&site.site, report::site),
            self.count(site.selected.all()),
            self.count(site.declarations),
            times(site.ratio),
            times(site.funnel.0),
            times(site.funnel.1),
            p_value(site.p_adjusted),
            self.count(site.selected.mandatory),
            self.count(site.selected.targeted),
            self.count(site.selected.random),
            finds,
        ))
    }

    fn rule_text(&self, sign: &Sign) -> Option<String> {
        let watched = self.watch.rules.get(sign.of)?;
        let proposal = match watched.proposal {
            Proposal::Retire => self.w.retire_it(),
            _ => self.w.look_at_it(),
        };
        let reason = self.w.reason(&watched.rating.reason, self.pack.is_some());
        Some(self.w.rule_sign(&watched.rule, reason, self.count(watched.fired), proposal))
    }
}

#[cfg(test)]
mod tests;
