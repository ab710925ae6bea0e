//! What data of the library say, put into words: the state of a rule, and signs.

use crate::numbers::{grouped, p_value, percent, times};
use qingfeng_insight::effect::{Effect, ReasonWords, Standing, StateReason};
use qingfeng_insight::watch::{
    Against, BunchingAt, Proposal, Share, ShiftTo, Sign, SignKind, SignWords, Watch, WatchOptions,
};

use super::Language::{self, En, Zh};

/// Puts the states of rules into words.
pub fn tell_effect(effect: &mut Effect) {
    for rule in &mut effect.rules {
        rule.words =
            Some(ReasonWords { reason: En.reason(&rule.reason), reason_zh: Zh.reason(&rule.reason) });
    }
}

/// Puts signs into words. `options` are those by which they were found.
pub fn tell_watch(watch: &mut Watch, options: &WatchOptions) {
    let tell = |sign: &Sign| SignWords {
        to: En.went_to_place(watch, sign),
        text: En.sign_text(watch, sign, options),
        text_zh: Zh.sign_text(watch, sign, options),
    };
    let words: Vec<SignWords> = watch.signs.iter().map(tell).collect();
    watch.signs.iter_mut().zip(words).for_each(|(sign, words)| sign.words = Some(words));
}

/// Whole units of value.
fn amount(cents: i64) -> String {
    format!("{}{}", if cents <= -100 { "-" } else { "" }, grouped((cents / 100).unsigned_abs()))
}

fn share(share: &Share) -> String {
    share.share.map_or("-".to_owned(), percent)
}

impl Language {
    /// Why a rule has its state.
    fn reason(self, reason: &StateReason) -> String {
        match *reason {
            StateReason::NeverFires => self.never_fires().to_owned(),
            StateReason::Silent { since, days } => self.silent_since(since, days),
            StateReason::NoFinding { inspected } => self.no_finding(inspected),
            StateReason::FewResults { inspected: 0, least } => self.no_results(least),
            StateReason::FewResults { inspected: 1, least } => self.one_result(least),
            StateReason::FewResults { inspected, least } => self.few_results(inspected, least),
            StateReason::New { since, days } => self.fires_since(since, days),
            StateReason::Fell { earlier, later, p } => {
                self.fell(percent(earlier), percent(later), format!("{p:.4}"))
            }
            StateReason::Compared { rate, chance, standing } => {
                let (rate, chance) = (percent(rate), percent(chance));
                match standing {
                    Some(Standing::Above) => self.above_chance(rate, chance),
                    Some(Standing::Below) => self.below_chance(rate, chance),
                    _ => self.like_chance(rate, chance),
                }
            }
            _ => self.nothing_drawn().to_owned(),
        }
    }

    /// What a kind of sign is called, what it may mean, and what to look at next.
    pub fn sign_kind(self, kind: SignKind) -> [&'static str; 3] {
        match kind {
            SignKind::Displacement => {
                [self.displacement(), self.displacement_means(), self.displacement_next()]
            }
            SignKind::JustUnderLimit => [self.just_under(), self.just_under_means(), self.just_under_next()],
            SignKind::UnequalTreatment => {
                [self.unequal_treatment(), self.unequal_treatment_means(), self.unequal_treatment_next()]
            }
            SignKind::UnequalFindings => {
                [self.unequal_findings(), self.unequal_findings_means(), self.unequal_findings_next()]
            }
            SignKind::Decay => [self.decay(), self.decay_means(), self.decay_next()],
            SignKind::Silent => [self.silent(), self.silent_means(), self.silent_next()],
            SignKind::Open => [self.results_open(), self.results_open_means(), self.results_open_next()],
        }
    }

    /// Where trade may have gone, short.
    pub fn shift_to(self, to: ShiftTo) -> &'static str {
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

    /// Where the trade of a sign went.
    fn went_to_place(self, watch: &Watch, sign: &Sign) -> Option<String> {
        let shift = watch.shift(sign)?;
        let at = &shift.at;
        Some(match shift.to {
            ShiftTo::Port => self.to_port(at),
            ShiftTo::Mode => self.to_mode(at),
            ShiftTo::Code => self.to_code(at),
            ShiftTo::ExportersPort => self.exporters_to_port(at),
            ShiftTo::ExportersMode => self.exporters_to_mode(at),
            ShiftTo::ExportersCode => self.exporters_to_code(at),
            ShiftTo::NewExporters | ShiftTo::Caught => self.to_new_exporters().to_owned(),
        })
    }

    /// A sign in one sentence, with its numbers.
    fn sign_text(self, watch: &Watch, sign: &Sign, options: &WatchOptions) -> String {
        let text = match sign.kind {
            SignKind::Displacement => self.moved_text(watch, sign),
            SignKind::JustUnderLimit => self.gathers_text(watch, sign),
            SignKind::UnequalTreatment | SignKind::UnequalFindings => self.unequal_text(watch, sign, options),
            SignKind::Decay | SignKind::Silent => self.decay_text(watch, sign),
            SignKind::Open => watch.open.sites.get(sign.of).map(|site| {
                self.stays_open(
                    &site.site,
                    grouped(site.open.hits),
                    grouped(site.inspections),
                    grouped(site.late),
                    options.late_after_days,
                    grouped(site.nothing),
                    grouped(site.uncoded),
                    grouped(site.partly),
                )
            }),
        };
        text.unwrap_or_default()
    }

    fn moved_text(self, watch: &Watch, sign: &Sign) -> Option<String> {
        let of_rule = watch.displacement.get(sign.of)?;
        let shift = watch.shift(sign)?;
        let against = match shift.against {
            Against::All => self.against_all().to_owned(),
            Against::Port => self.against_port(&shift.at),
            Against::Mode => self.against_mode(&shift.at),
            Against::NewExporters => self.against_new_exporters().to_owned(),
        };
        let unit = match shift.to {
            ShiftTo::NewExporters => self.unit_exporters(),
            _ => self.unit_consignments(),
        };
        let caught = of_rule.caught.as_ref().map(|caught| self.catches(times(caught.ratio)));
        Some(self.moved(
            &of_rule.rule,
            of_rule.since,
            self.went_to_place(watch, sign)?,
            times(shift.ratio),
            times(shift.low),
            times(shift.high),
            p_value(shift.p_adjusted),
            against,
            unit,
            grouped(shift.before),
            grouped(shift.after),
            amount(shift.value_before_cents),
            amount(shift.value_after_cents),
            caught.unwrap_or_default(),
        ))
    }

    fn gathers_text(self, watch: &Watch, sign: &Sign) -> Option<String> {
        let bunching = watch.limits.get(sign.of)?;
        let (low, high) = sign.interval?;
        let first = |list: &[BunchingAt], say: fn(Self, String, String, String) -> String| {
            list.first().map_or(String::new(), |at| {
                say(self, at.name.clone(), grouped(at.under), format!("{:.1}", at.expected))
            })
        };
        let most = first(&bunching.places, Self::most_at) + &first(&bunching.exporters, Self::most_by);
        Some(self.gathers(
            &bunching.limit.mode,
            amount((bunching.limit.value * 100.0).round() as i64),
            grouped(bunching.under),
            times(sign.size),
            format!("{:.1}", bunching.expected?),
            times(low),
            times(high),
            p_value(sign.p_adjusted?),
            grouped(bunching.above),
            most,
        ))
    }

    fn unequal_text(self, watch: &Watch, sign: &Sign, options: &WatchOptions) -> Option<String> {
        let site = watch.sites.sites.get(sign.of)?;
        let (hits, of) = (grouped(site.found.hits), grouped(site.found.of));
        if sign.kind == SignKind::UnequalFindings {
            let expected = format!("{:.1}", site.found_expected);
            let p = p_value(site.found_p_adjusted);
            return Some(self.finds(&site.site, hits, of, times(site.found_ratio()), expected, p));
        }
        let finds = if site.found.of < options.least_count {
            self.finds_unknown().to_owned()
        } else if site.found_p_adjusted > options.level {
            self.finds_alike(hits, of)
        } else {
            self.finds_times(times(site.found_ratio()))
        };
        Some(self.treats(
            &site.site,
            grouped(site.selected.all()),
            grouped(site.declarations),
            times(site.ratio),
            times(site.funnel.0),
            times(site.funnel.1),
            p_value(site.p_adjusted),
            grouped(site.selected.mandatory),
            grouped(site.selected.targeted),
            grouped(site.selected.random),
            finds,
        ))
    }

    fn decay_text(self, watch: &Watch, sign: &Sign) -> Option<String> {
        let decay = watch.decay.get(sign.of)?;
        let proposal = match decay.proposal {
            Proposal::Retire => self.retire_it(),
            _ => self.look_at_it(),
        };
        if let (SignKind::Silent, Some(days)) = (sign.kind, decay.silent_days) {
            return Some(self.is_silent(&decay.rule, grouped(decay.fired), days, proposal));
        }
        Some(self.decays(
            &decay.rule,
            share(&decay.first),
            grouped(decay.first.hits),
            grouped(decay.first.of),
            share(&decay.last),
            grouped(decay.last.hits),
            grouped(decay.last.of),
            decay.last_from.as_deref().unwrap_or("-"),
            percent(decay.last.low),
            percent(decay.last.high),
            p_value(decay.p_adjusted.unwrap_or(1.0)),
            proposal,
        ))
    }
}

#[cfg(test)]
mod tests;
