//! Watching for displacement and unequal treatment: where trade goes when a rule comes into force, declarations that
//! gather just under a value limit, sites that treat the same score differently, rules that do harm, become worse or are
//! dead, and inspections that are still open.
//!
//! ```text
//! Evidence ───────────────▶ Watch::of ────▶ sites, rules, open
//! declarations, the pack ──▶ Trade::read ──▶ Watch::add_trade ──▶ displacement, limits
//! ```
//!
//! All that is found here is a sign and no proof: a number that chance alone would seldom give, with what it may mean
//! and what to look at next. The tests of one kind are corrected for their number (Benjamini and Hochberg 1995), so that
//! of the signs of a kind at most the share [`WatchOptions::level`] is expected to be chance.

mod bunching;
mod displacement;
mod flows;
mod open;
mod result;
mod rules;
mod signs;
mod sites;
#[cfg(test)]
mod tests;
mod trade;

use std::collections::BTreeMap;

use qingfeng::read::ReadError;
use qingfeng_rules::{Date, Pack};
use serde::Serialize;

use crate::rating::KnownRules;
use qingfeng_inspection::evidence::Evidence;

pub use result::{
    Against, BandTreatment, Bunching, BunchingAt, ByKind, Heterogeneity, OpenAtSite, OpenInspection,
    OpenInspections, OpenWhy, Proposal, RuleDisplacement, RuleWatch, Share, Shift, ShiftTo, SiteTreatment,
    Treatment, Watch,
};
pub use signs::{Sign, SignKind, SignWords};
pub use trade::{Since, Trade, TradeWatchOptions};

/// What is watched for, and how much it takes to be a sign.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchOptions {
    /// The day as of which it is asked: what became known later is not looked at. Without it, the last day of the
    /// evidence.
    pub as_of: Option<Date>,
    /// The share of the signs of a kind that may be chance, in (0, 1): the false discovery rate.
    pub level: f64,
    /// The least change that is a sign: a ratio above 1. `1.25` is a quarter more, or a fifth less.
    pub least_ratio: f64,
    /// The least number of declarations, consignments or inspections that a sign may rest on.
    pub least_count: u64,
    /// Days before and after the day of a rule that are compared, in whole weeks.
    pub window_days: u32,
    /// Width of a band of scores.
    pub band: u32,
    /// Days after which an inspection without a result is late.
    pub late_after_days: u32,
    /// The rules of the pack, and what each is for: without them nothing is said of rules but that they fire no more.
    pub known: KnownRules,
    /// Days without firing after which a rule that fired before is dead.
    pub silent_days: u32,
    /// Value limits of a declaration.
    pub limits: Vec<Limit>,
    /// Which site a declaration belongs to that was not selected: the first of its sites that is in the first of these
    /// lists, else in the next. Empty: the first of its sites that inspects anything.
    pub offices: Vec<Vec<Box<str>>>,
    /// The most open inspections, cells and traders that are listed; counts are of all.
    pub list_max: usize,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            as_of: None,
            level: 0.05,
            least_ratio: 1.25,
            least_count: 20,
            window_days: 91,
            band: 10,
            late_after_days: 30,
            known: KnownRules::default(),
            silent_days: 90,
            limits: Limit::known(),
            offices: Vec::new(),
            list_max: 1_000,
        }
    }
}

impl WatchOptions {
    /// Whether a ratio is as far from 1 as a sign needs.
    fn is_apart(&self, ratio: f64) -> bool {
        ratio >= self.least_ratio || ratio * self.least_ratio <= 1.0
    }

    /// The same, with the rules of a pack and the offices of its inspection policy.
    #[must_use]
    pub fn of_pack(mut self, pack: &Pack) -> Self {
        self.known = KnownRules::of(pack);
        if let Some(selection) = &pack.selection {
            let of_kind = |kind: &String| {
                let sites = pack.reference.sites.iter().filter(|site| site.kind.as_ref() == Some(kind));
                sites.map(|site| site.name.as_str().into()).collect()
            };
            self.offices = selection.offices.iter().map(of_kind).collect();
        }
        self
    }
}

/// The most that a declaration of a trade mode may be worth.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Limit {
    /// The trade mode's code.
    pub mode: String,
    /// The limit, in the unit of declared values.
    pub value: f64,
    /// Where it is laid down.
    pub source: String,
}

impl Limit {
    /// The limits that are watched unless others are named: market procurement, 150,000 US dollars a declaration
    /// (General Administration of Customs, announcement 2014 no. 54).
    pub fn known() -> Vec<Self> {
        vec![Self {
            mode: "1039".to_owned(),
            value: 150_000.0,
            source: "General Administration of Customs, announcement 2014 no. 54".to_owned(),
        }]
    }
}

impl Watch {
    /// What assessments, plans and outcomes show: treatment at sites, the worth of rules, open inspections.
    ///
    /// ```
    /// use qingfeng_inspection::evidence::Evidence;
    /// use qingfeng_insight::watch::{Watch, WatchOptions};
    ///
    /// let watch = Watch::of(&Evidence::default(), &WatchOptions::default())?;
    /// assert!(watch.signs.is_empty());
    /// # Ok::<(), qingfeng::read::ReadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Declarations that can no longer be read.
    pub fn of(evidence: &Evidence, options: &WatchOptions) -> Result<Self, ReadError> {
        let known = open::Known { evidence, as_of: options.as_of.or_else(|| evidence.last_day()) };
        let mut declarations = 0;
        let mut treatment = sites::TreatmentCounts::new(&known, options);
        let mut tallies = rules::RuleTallies::new(&known, options);
        known.each(|judged| {
            declarations += 1;
            treatment.add(&known, judged, options);
            tallies.add(judged, options);
        })?;
        let mut watch = Self {
            as_of: known.as_of,
            level: options.level,
            declarations,
            inspections: known.inspected().count() as u64,
            sites: sites::treatment(treatment, &known, options),
            rules: rules::rules(&tallies, &known, options),
            open: open::open(&known, options),
            ..Self::default()
        };
        watch.find_signs(options);
        Ok(watch)
    }

    /// Adds what the declarations themselves show: displacement after rules came into force, and declarations just
    /// under limits.
    pub fn add_trade(&mut self, trade: &Trade, options: &WatchOptions) {
        self.displacement = displacement::displacement(trade, options);
        self.limits = bunching::bunching(trade, options);
        self.find_signs(options);
    }

    /// Adds where rules stand in a pack, and what to write there where something is proposed.
    pub fn add_pack(&mut self, pack: &Pack, options: &WatchOptions) {
        let by_id: BTreeMap<&str, &qingfeng_rules::Rule> =
            pack.rules.iter().map(|rule| (rule.id.as_str(), rule)).collect();
        for watched in &mut self.rules {
            let rule = by_id.get(watched.rule.as_str());
            // What is retired already, or over, need not be.
            let Some(rule) = rule.filter(|rule| rules::counts(rule, self.as_of)) else {
                watched.proposal = Proposal::Keep;
                continue;
            };
            let (line, column) = pack.warnings.sources.line_and_column(&rule.place);
            watched.place = Some(format!("{}:{line}:{column}", rule.place.file));
            watched.change = rules::change(watched, rule, self.as_of);
        }
        self.find_signs(options);
    }

    fn find_signs(&mut self, options: &WatchOptions) {
        self.signs = signs::signs(self, options);
    }
}
