//! Watching for displacement and unequal treatment: where trade goes when a rule comes into force, declarations that
//! gather just under a value limit, sites that treat the same score differently, rules whose hit rate decays, and
//! inspections that are still open.
//!
//! ```text
//! Evidence ───────────────▶ Watch::of ────▶ sites, decay, open
//! declarations, the pack ──▶ Trade::read ──▶ Watch::add_trade ──▶ displacement, limits
//! ```
//!
//! All that is found here is a sign and no proof: a number that chance alone would seldom give, with what it may mean
//! and what to look at next. The tests of one kind are corrected for their number (Benjamini and Hochberg 1995), so that
//! of the signs of a kind at most the share [`WatchOptions::level`] is expected to be chance.

mod bunching;
mod decay;
mod displacement;
mod flows;
mod open;
mod signs;
mod sites;
mod stats;
#[cfg(test)]
mod tests;
mod trade;

use std::collections::BTreeMap;

use qingfeng_rules::{Date, Pack};
use serde::Serialize;

use crate::effect::estimate::wilson;
use qingfeng_inspection::evidence::Evidence;
use qingfeng_rules::SelectionKind;

pub use signs::{Sign, SignKind};
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
    /// Days without firing after which a rule that fired before is silent.
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
            silent_days: 90,
            limits: Limit::known(),
            offices: Vec::new(),
            list_max: 1_000,
        }
    }
}

impl WatchOptions {
    /// The same, with the offices of a pack's inspection policy.
    #[must_use]
    pub fn of_pack(mut self, pack: &Pack) -> Self {
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
#[derive(Clone, Debug, PartialEq, Serialize)]
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

/// What watching found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Watch {
    /// The day as of which it is.
    pub as_of: Option<Date>,
    /// The share of the signs of a kind that may be chance.
    pub level: f64,
    /// Assessed declarations that were looked at.
    pub declarations: u64,
    /// Planned inspections among them.
    pub inspections: u64,
    /// How sites treat the same score.
    pub sites: Treatment,
    /// The hit rates of rules over time, in the order of their ids.
    pub decay: Vec<RuleDecay>,
    /// Inspections without a coded result, which are never clear.
    pub open: OpenInspections,
    /// What became of trade after rules came into force; empty if no declarations were read.
    pub displacement: Vec<RuleDisplacement>,
    /// Declarations just under value limits; empty if no declarations were read.
    pub limits: Vec<Bunching>,
    /// What stands out: by kind, in it the strongest first.
    pub signs: Vec<Sign>,
}

/// A number of inspections by kind of selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ByKind {
    /// Mandatory.
    pub mandatory: u64,
    /// Targeted.
    pub targeted: u64,
    /// Drawn at random.
    pub random: u64,
}

impl ByKind {
    fn add(&mut self, kind: SelectionKind) {
        match kind {
            SelectionKind::Mandatory => self.mandatory += 1,
            SelectionKind::Targeted => self.targeted += 1,
            SelectionKind::Random => self.random += 1,
        }
    }

    /// Of all kinds.
    pub fn all(&self) -> u64 {
        self.mandatory + self.targeted + self.random
    }
}

/// A share with what chance leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// How many.
    pub hits: u64,
    /// Of how many.
    pub of: u64,
    /// The share, 0 to 1; `None` of nothing.
    pub share: Option<f64>,
    /// The lower end of the 95 % interval (Wilson 1927).
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Share {
    /// So many of so many.
    ///
    /// ```
    /// let share = qingfeng_insight::watch::Share::new(8, 10);
    /// assert_eq!((share.share, (share.low * 1e4).round(), (share.high * 1e4).round()), (Some(0.8), 4902.0, 9433.0));
    /// ```
    pub fn new(hits: u64, of: u64) -> Self {
        let rate = wilson(hits as f64, of as f64, 0.95);
        let (low, high) = rate.map_or((0.0, 1.0), |rate| (rate.low, rate.high));
        Self { hits, of, share: (of > 0).then(|| hits as f64 / of as f64), low, high }
    }
}

/// How sites treat declarations of the same score and channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Treatment {
    /// The sites, in the order of their names.
    pub sites: Vec<SiteTreatment>,
    /// Declarations that belong to no site, and are left out.
    pub without_site: u64,
    /// Whether shares inspected differ between sites more than by chance, scores and channels being equal.
    pub inspected: Option<Heterogeneity>,
    /// Whether hit rates do.
    pub found: Option<Heterogeneity>,
}

/// A test of whether sites are alike within bands of score (generalised Cochran-Mantel-Haenszel; Agresti 2002, 7.5).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Heterogeneity {
    /// The statistic.
    pub chi_square: f64,
    /// Its degrees of freedom.
    pub degrees: u32,
    /// The probability of so much or more if all sites are alike.
    pub p: f64,
}

/// What a site does with declarations, compared with all others of the same bands.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SiteTreatment {
    /// Its name.
    pub site: String,
    /// Its declarations.
    pub declarations: u64,
    /// Those selected, by kind.
    pub selected: ByKind,
    /// Share inspected, as it is.
    pub share: f64,
    /// Share inspected if its declarations had the scores of all (direct standardisation), over the bands that it has.
    pub standardised: f64,
    /// Share of all declarations in the bands that it has.
    pub standardised_over: f64,
    /// How many would be inspected if it did as all sites do in the same bands (indirect standardisation).
    pub expected: f64,
    /// Inspected by expected.
    pub ratio: f64,
    /// Between which ratios 99.8 % of alike sites of its size lie: the funnel (Spiegelhalter 2005).
    pub funnel: (f64, f64),
    /// The probability of such a difference if it is like the others, by chance (Mantel-Haenszel), in both directions.
    pub p: f64,
    /// The same, corrected for the number of sites.
    pub p_adjusted: f64,
    /// Findings among inspections with a coded result.
    pub found: Share,
    /// How many findings there would be if it found as all sites do in the same bands.
    pub found_expected: f64,
    /// The probability of such a difference of findings, in both directions.
    pub found_p: f64,
    /// The same, corrected for the number of sites.
    pub found_p_adjusted: f64,
    /// The bands in which it differs most, the largest first, some only.
    pub bands: Vec<BandTreatment>,
}

/// A site's declarations of one channel and band of scores.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BandTreatment {
    /// The channel.
    pub channel: String,
    /// The lowest score of the band.
    pub from: i64,
    /// The site's declarations.
    pub declarations: u64,
    /// Those inspected.
    pub inspected: u64,
    /// Share inspected at all sites together.
    pub share_of_all: f64,
}

/// The hit rate of a rule over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleDecay {
    /// The rule's id.
    pub rule: String,
    /// Declarations on which it fired as an active rule.
    pub fired: u64,
    /// The last day on which it fired.
    pub last_fired: Option<Date>,
    /// By month, those without a coded result left out.
    pub months: Vec<MonthHits>,
    /// The first half of its inspections, by whole months.
    pub first: Share,
    /// The last three months with results.
    pub last: Share,
    /// The first month of the last three.
    pub last_from: Option<String>,
    /// The trend: the statistic of Cochran (1954) and Armitage (1955), summed over kinds of selection as Mantel (1963)
    /// does, so that a change of what is selected is no trend. Negative is falling. `None` for fewer than three months.
    pub z: Option<f64>,
    /// The probability of such a fall or a deeper one by chance.
    pub p: Option<f64>,
    /// The same, corrected for the number of rules.
    pub p_adjusted: Option<f64>,
    /// The trend within surprise inspections alone.
    pub z_random: Option<f64>,
    /// Days since it last fired, if it fired before so often that chance would seldom make it silent for so long.
    pub silent_days: Option<i32>,
    /// What is proposed.
    pub proposal: Proposal,
    /// Where the rule stands, file, line and column, if the pack is known.
    pub place: Option<String>,
    /// What to write in the rule file, if the pack is known and something is proposed.
    pub change: Option<String>,
}

/// A rule's inspections of a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MonthHits {
    /// The month, `2016-09`.
    pub month: String,
    /// Inspections with a coded result.
    pub inspected: u64,
    /// Findings.
    pub found: u64,
    /// Surprise inspections with a coded result.
    pub random: u64,
    /// Their findings.
    pub random_found: u64,
}

/// What is proposed for a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proposal {
    /// Nothing.
    #[default]
    Keep,
    /// To look at it: its hit rate falls, but is still above what a draw finds.
    Review,
    /// To retire it: its hit rate fell to what a draw finds, or it fires no more.
    Retire,
}

/// Inspections without a coded result and waivers without a coded reason. None of them counts as clear.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OpenInspections {
    /// Inspections that should have a result as of the day.
    pub inspections: u64,
    /// How many are open.
    pub open: u64,
    /// By site, in the order of names.
    pub sites: Vec<OpenAtSite>,
    /// The oldest first; as many as [`WatchOptions::list_max`].
    pub listed: Vec<OpenInspection>,
}

/// What is open at a site.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OpenAtSite {
    /// The site.
    pub site: String,
    /// Its inspections as of the day.
    pub inspections: u64,
    /// Those that are open.
    pub open: Share,
    /// Of these: nothing came back.
    pub nothing: u64,
    /// A result came back that is not coded, or a waiver without a coded reason.
    pub uncoded: u64,
    /// Some lines have a coded result, others none.
    pub partly: u64,
    /// By age in days: up to 7, up to 30, up to 90, older.
    pub ages: [u64; 4],
    /// Older than [`WatchOptions::late_after_days`].
    pub late: u64,
}

/// An open inspection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenInspection {
    /// The declaration.
    pub declaration_id: String,
    /// The site.
    pub site: String,
    /// The day of the inspection.
    pub day: Date,
    /// Days since, as of the day.
    pub age: i32,
    /// Why it is open.
    pub why: OpenWhy,
}

/// Why an inspection is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenWhy {
    /// Nothing came back.
    Nothing,
    /// A result that is not coded, or a waiver without a coded reason.
    Uncoded,
    /// Some lines have a coded result, others none.
    Partly,
}

/// What became of trade after a rule came into force.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleDisplacement {
    /// The rule's id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// The day on which it came into force.
    pub since: Date,
    /// Whole weeks before and after that are compared.
    pub weeks: (u32, u32),
    /// Why nothing is compared, if so.
    pub not_judged: Option<String>,
    /// The trade that its condition and its keys catch, before and after.
    pub caught: Option<Shift>,
    /// Where trade may have gone, those with the strongest evidence first.
    pub shifts: Vec<Shift>,
    /// How many places were compared.
    pub compared: u64,
}

/// Where trade may have gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShiftTo {
    /// The trade that the rule itself catches.
    Caught,
    /// Another port: the same trade but for the rule's sites.
    Port,
    /// Another trade mode: the same trade but for the rule's modes.
    Mode,
    /// Another HS code of the same chapter: the same trade but for the rule's goods.
    Code,
    /// Another port, where the exporters that it caught before send what it does not catch.
    ExportersPort,
    /// Another trade mode, in which the exporters that it caught before declare what it does not catch.
    ExportersMode,
    /// Another HS code of the same chapter, under which the exporters that it caught before declare.
    ExportersCode,
    /// Exporters that nobody saw in as many weeks before, with trade that the rule catches.
    NewExporters,
}

/// Trade before and after a day, against other trade. Numbers are consignments, the lines of one declaration under one HS
/// code of six digits; of [`ShiftTo::NewExporters`] exporters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shift {
    /// What it may have gone to.
    pub to: ShiftTo,
    /// The port, mode or code.
    pub at: String,
    /// Before the day.
    pub before: u64,
    /// After it.
    pub after: u64,
    /// Value before, in hundredths of the unit of declared values.
    pub value_before_cents: i64,
    /// Value after.
    pub value_after_cents: i64,
    /// Other trade before.
    pub other_before: u64,
    /// Other trade after.
    pub other_after: u64,
    /// What the other trade is.
    pub against: String,
    /// The same in Chinese.
    pub against_zh: String,
    /// After by before, a week, by the same of other trade: 1 is no change.
    pub ratio: f64,
    /// The lower end of its 95 % interval.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// How much weekly numbers vary beyond chance, at least 1; the test allows for it.
    pub dispersion: f64,
    /// The probability of such a rise (of caught trade: fall) or a larger one by chance.
    pub p: f64,
    /// The same, corrected for the number of places compared, over all rules.
    pub p_adjusted: f64,
}

/// Declarations of a mode just under its value limit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bunching {
    /// The limit.
    pub limit: Limit,
    /// Declarations of the mode that have a value.
    pub declarations: u64,
    /// From 90 % of the limit to the limit.
    pub under: u64,
    /// Above it, to 110 %.
    pub above: u64,
    /// How many a smooth distribution has there, continued from 40 to 90 % of the limit (after Saez 2010 and Kleven
    /// 2016); `None` if there are too few to say.
    pub expected: Option<f64>,
    /// Under by expected.
    pub ratio: Option<f64>,
    /// The lower end of its 95 % interval.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
    /// The probability of so many or more by chance.
    pub p: Option<f64>,
    /// The same, corrected for the number of limits.
    pub p_adjusted: Option<f64>,
    /// The value of those beyond what is expected, in the unit of declared values.
    pub excess_value: Option<f64>,
    /// Counts in bands of 2 % of the limit, from 40 to 120 %, the upper end of each inside.
    pub bins: Vec<u64>,
    /// Places where they are declared, the largest excess first.
    pub places: Vec<BunchingAt>,
    /// Exporters, the largest excess first.
    pub exporters: Vec<BunchingAt>,
}

/// Declarations just under a limit, at a place or by an exporter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BunchingAt {
    /// The place or the exporter.
    pub name: String,
    /// From 40 to 90 % of the limit.
    pub below: u64,
    /// From 90 % to the limit.
    pub under: u64,
    /// How many there would be if its declarations were spread as smoothly as those of all.
    pub expected: f64,
    /// The probability of so many or more by chance.
    pub p: f64,
    /// The same, corrected for the number of places or exporters.
    pub p_adjusted: f64,
}

impl Watch {
    /// What assessments, plans and outcomes show: treatment at sites, decay of rules, open inspections.
    ///
    /// ```
    /// use qingfeng_inspection::evidence::Evidence;
    /// use qingfeng_insight::watch::{Watch, WatchOptions};
    ///
    /// let watch = Watch::of(&Evidence::default(), &WatchOptions::default());
    /// assert!(watch.signs.is_empty());
    /// ```
    pub fn of(evidence: &Evidence, options: &WatchOptions) -> Self {
        let last = evidence
            .declarations
            .iter()
            .filter_map(|judged| judged.day.max(judged.inspection.as_ref().map(|inspection| inspection.day)));
        let as_of = options.as_of.or(last.max());
        let known = open::Known::new(evidence, as_of);
        let mut watch = Self {
            as_of,
            level: options.level,
            declarations: known.declarations,
            inspections: known.inspections,
            sites: sites::treatment(&known, options),
            decay: decay::decay(&known, options),
            open: open::open(&known, options),
            ..Self::default()
        };
        watch.find_signs(options);
        watch
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
        for decay in &mut self.decay {
            let rule = by_id.get(decay.rule.as_str());
            // What is retired already, or over, need not be.
            let Some(rule) = rule.filter(|rule| decay::counts(rule, self.as_of)) else {
                decay.proposal = Proposal::Keep;
                continue;
            };
            let (line, column) = pack.warnings.sources.line_and_column(&rule.place);
            decay.place = Some(format!("{}:{line}:{column}", rule.place.file));
            decay.change = decay::change(decay, rule, self.as_of);
        }
        self.find_signs(options);
    }

    fn find_signs(&mut self, options: &WatchOptions) {
        self.signs = signs::signs(self, options);
    }
}
