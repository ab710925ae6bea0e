//! What watching found, as data.

use qingfeng_rules::{Date, SelectionKind};
use serde::Serialize;

use super::{Limit, Sign};
use crate::effect::MonthEffect;
use crate::rating::Rating;
use crate::statistics::wilson;

/// What watching found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
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
    /// The rules that fired as active ones, in the order of their ids.
    pub rules: Vec<RuleWatch>,
    /// Inspections without a coded result, which are never clear.
    pub open: OpenInspections,
    /// What became of trade after rules came into force; empty if no declarations were read.
    pub displacement: Vec<RuleDisplacement>,
    /// Declarations just under value limits; empty if no declarations were read.
    pub limits: Vec<Bunching>,
    /// What stands out: by kind, in it the strongest first.
    pub signs: Vec<Sign>,
}

impl Watch {
    /// Where the trade of a sign of displacement went.
    pub fn shift(&self, sign: &Sign) -> Option<&Shift> {
        self.displacement.get(sign.of)?.shifts.get(sign.part?)
    }
}

/// A number of inspections by kind of selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ByKind {
    /// Mandatory.
    pub mandatory: u64,
    /// Targeted.
    pub targeted: u64,
    /// Drawn at random.
    pub random: u64,
}

impl ByKind {
    pub(super) fn add(&mut self, kind: SelectionKind) {
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
#[non_exhaustive]
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
#[non_exhaustive]
pub struct Treatment {
    /// The sites, in the order of their names.
    pub sites: Vec<SiteTreatment>,
    /// Declarations that belong to no site, and are left out.
    pub without_site: u64,
    /// Sites that inspect more or less than all do in the same bands, by more than chance. Where capacities do not follow trade
    /// these are most, and no sign: that is a site which stands out among them.
    pub apart: u64,
    /// Sites that find more or less than all do, likewise.
    pub found_apart: u64,
    /// Whether shares inspected differ between sites more than by chance, scores and channels being equal.
    pub inspected: Option<Heterogeneity>,
    /// Whether hit rates do.
    pub found: Option<Heterogeneity>,
}

/// A test of whether sites are alike within bands of score (generalised Cochran-Mantel-Haenszel; Agresti 2002, 7.5).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
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
#[non_exhaustive]
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
    /// Inspected / expected.
    pub ratio: f64,
    /// Between which ratios 99.8 % of alike sites of its size lie: the funnel (Spiegelhalter 2005).
    pub funnel: (f64, f64),
    /// The probability of such a distance from the site in the middle by chance, given how sites differ as a rule, in both
    /// directions.
    pub p: f64,
    /// The same, corrected for the number of sites.
    pub p_adjusted: f64,
    /// Findings among inspections with a coded result.
    pub found: Share,
    /// How many findings there would be if it found as all sites do in the same bands.
    pub found_expected: f64,
    /// The probability of such a distance of findings, likewise.
    pub found_p: f64,
    /// The same, corrected for the number of sites.
    pub found_p_adjusted: f64,
    /// The bands in which it differs most, the largest first, some only.
    pub bands: Vec<BandTreatment>,
}

impl SiteTreatment {
    /// Findings by those expected; 1 where none are.
    pub fn found_ratio(&self) -> f64 {
        if self.found_expected > 0.0 { self.found.hits as f64 / self.found_expected } else { 1.0 }
    }
}

/// A site's declarations of one channel and band of scores.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
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

/// A rule, and what is to be done about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RuleWatch {
    /// The rule's id.
    pub rule: String,
    /// Declarations on which it fired as an active rule.
    pub fired: u64,
    /// The last day on which it fired.
    pub last_fired: Option<Date>,
    /// Month by month.
    pub months: Vec<MonthEffect>,
    /// What is to be thought of it.
    #[serde(flatten)]
    pub rating: Rating,
    /// What is proposed.
    pub proposal: Proposal,
    /// Where the rule stands, file, line and column, if the pack is known.
    pub place: Option<String>,
    /// What to write in the rule file, if the pack is known and something is proposed.
    pub change: Option<String>,
}

/// What is proposed for a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proposal {
    /// Nothing.
    #[default]
    Keep,
    /// To look at it: it becomes worse, but is still better than chance.
    Review,
    /// To retire it: it does harm, became no better than chance, finds nothing, or fires no more.
    Retire,
}

/// Inspections without a coded result and waivers without a coded reason. None of them counts as clear.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OpenInspections {
    /// Inspections that should have a result as of the day.
    pub inspections: u64,
    /// How many are open.
    pub open: u64,
    /// By site, in the order of names.
    pub sites: Vec<OpenAtSite>,
    /// The oldest first; as many as [`WatchOptions::list_max`](super::WatchOptions::list_max).
    pub listed: Vec<OpenInspection>,
}

/// What is open at a site.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
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
    /// Older than [`WatchOptions::late_after_days`](super::WatchOptions::late_after_days).
    pub late: u64,
}

/// An open inspection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct RuleDisplacement {
    /// The rule's id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// The same in Chinese.
    pub title_zh: Option<String>,
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

/// With what trade is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Against {
    /// All other trade: where a place has too little of it.
    All,
    /// Other trade of the same port.
    Port,
    /// Other trade in the same mode.
    Mode,
    /// Exporters as new with other trade.
    NewExporters,
}

/// Trade before and after a day, against other trade. Numbers are consignments, the lines of one declaration under one HS
/// code of six digits; of [`ShiftTo::NewExporters`] exporters.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
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
    pub against: Against,
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
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
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
#[non_exhaustive]
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
    /// The same, corrected for the number of places or exporters that declare from 40 % of the limit on.
    pub p_adjusted: f64,
}

impl BunchingAt {
    /// Declarations just under the limit by those expected; of fewer than one expected as if it were one.
    pub fn ratio(&self) -> f64 {
        self.under as f64 / self.expected.max(1.0)
    }
}
