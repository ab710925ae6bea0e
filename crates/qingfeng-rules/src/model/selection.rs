//! The inspection policy of a pack: `[selection]` in `pack.toml`, checked.
//!
//! It says which declarations must be inspected, how many are drawn at random in each stratum, which sites have quotas,
//! what an inspection costs, when a trader is left alone, and what of the capacity is spent on learning. Nothing of it
//! changes a score or a channel.

use serde::{Deserialize, Serialize};

use crate::model::channel::ChannelId;
use crate::model::schema::FieldId;

/// The goods group of lines that belong to no group of the policy.
pub const OTHER_GROUP: &str = "other";

/// The class of traders that no lookup table of the policy lists.
pub const KNOWN_TRADERS: &str = "known";

/// The class of declarations without a trader.
pub const UNNAMED_TRADERS: &str = "unnamed";

/// Classes that no policy can name for itself.
pub(crate) const RESERVED_CLASSES: [&str; 2] = [KNOWN_TRADERS, UNNAMED_TRADERS];

/// Parts of a million: rates and shares, exact on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millionths(pub u32);

impl Millionths {
    /// All of it.
    pub const ONE: Self = Self(1_000_000);

    /// The least whole number that is no less than this part of a count.
    ///
    /// ```
    /// use qingfeng_rules::selection::Millionths;
    ///
    /// assert_eq!(Millionths(20_000).of_at_least(51), 2);
    /// assert_eq!(Millionths(20_000).of_at_least(50), 1);
    /// assert_eq!(Millionths(20_000).of_at_least(0), 0);
    /// ```
    pub fn of_at_least(self, count: u64) -> u64 {
        let parts = u128::from(count) * u128::from(self.0);
        u64::try_from(parts.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

/// Why a declaration is inspected.
///
/// ```
/// use qingfeng_rules::SelectionKind;
///
/// assert_eq!(SelectionKind::from_name("random"), Some(SelectionKind::Random));
/// assert_eq!(SelectionKind::Random.name(), "random");
/// assert_eq!(SelectionKind::from_name("Random"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SelectionKind {
    /// The policy requires it.
    Mandatory,
    /// For its expected worth, within the capacity.
    Targeted,
    /// Drawn at random.
    Random,
}

impl SelectionKind {
    /// All kinds, in the order in which a plan lists its inspections.
    pub const ALL: [Self; 3] = [Self::Mandatory, Self::Targeted, Self::Random];

    /// The name in packs, plans and tables of outcomes: `mandatory`, `targeted` or `random`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mandatory => "mandatory",
            Self::Targeted => "targeted",
            Self::Random => "random",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The inspection policy of a pack.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// Kinds of sites, in the order in which a declaration looks for the site that inspects it: the first to which
    /// one of its lines belongs and that has capacity.
    pub offices: Vec<String>,
    /// The field whose value is the trader, of kind text or code and of the header (`exporter`).
    pub trader: Option<FieldId>,
    /// Goods groups, in order: a line is of the first it belongs to, and else of `other`.
    pub groups: Vec<String>,
    /// Classes of traders, in order: a trader is of the first whose lookup table lists a line of the declaration, and
    /// else of `known`; without a trader of `unnamed`.
    pub trader_classes: Vec<TraderClass>,
    /// What a finding is worth.
    pub worth: Worth,
    /// The mildest channel whose declarations may be targeted.
    pub targeted_from: ChannelId,
    /// Which declarations must be inspected.
    pub mandatory: Mandatory,
    /// The random inspections.
    pub random: RandomRates,
    /// Least numbers of inspections for sites and kinds of sites.
    pub quotas: Vec<Quota>,
    /// What an inspection costs.
    pub cost: InspectionCost,
    /// When a trader is left alone.
    pub traders: TraderLimits,
    /// What is spent on learning.
    pub exploration: Exploration,
    /// Visits to enterprises, if there are any.
    pub visits: Option<Visits>,
    /// Inspections or hours a day at a site, where no capacity file says it.
    pub capacity: Vec<SiteCapacity>,
    /// Which changes of a plan need a second person; the first that fits counts.
    pub overrides: Vec<OverrideRule>,
}

/// A class of traders: those whose lines a lookup table lists.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraderClass {
    /// Its name.
    pub name: String,
    /// The lookup table, by its position in the pack.
    pub lookup: usize,
}

/// What a finding is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Worth {
    /// Every finding the same.
    #[default]
    Findings,
    /// The declared value of the declaration.
    Value,
}

/// Which declarations must be inspected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mandatory {
    /// Those on which an active rule fired whose `at_least` is the most severe channel.
    pub forced: bool,
    /// Those on which an active rule fired that has one of these tags.
    pub tags: Vec<String>,
}

/// What divides the declarations of an office and a day for the draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stratum {
    /// The goods group of the decisive line.
    Group,
    /// The class of the trader.
    TraderClass,
}

/// How many declarations are drawn at random.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RandomRates {
    /// The least share of the declarations of each stratum.
    pub rate: Millionths,
    /// What divides an office's day into strata.
    pub strata: Vec<Stratum>,
    /// Where the share is rounded up.
    pub at_least: RandomLeast,
    /// Rates of their own; the first that fits counts.
    pub rates: Vec<RateRule>,
}

/// Where the share of the draw is rounded up to whole inspections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RandomLeast {
    /// In each stratum: no day's stratum has less than its share. Costly where strata are small.
    #[default]
    Stratum,
    /// In the office's day as a whole: in each stratum the whole numbers next to its share are drawn, and no
    /// declaration is less likely to be drawn than the rate.
    Day,
}

/// A rate for strata of a kind. What is not given fits all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateRule {
    /// A site that inspects.
    pub office: Option<String>,
    /// A goods group, or `other`.
    pub group: Option<String>,
    /// A class of traders.
    pub trader_class: Option<String>,
    /// The least share of these strata.
    pub rate: Millionths,
}

/// A least number of inspections, at each office and day, of declarations of a site or a kind of site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Its name.
    pub name: String,
    /// Whose declarations.
    pub of: QuotaOf,
    /// How many.
    pub least: Least,
}

/// Whose declarations a quota counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuotaOf {
    /// Those of one site.
    Site(String),
    /// Those of all sites of a kind.
    Kind(String),
}

/// How many inspections a quota asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    /// So many, as far as there are.
    Count(u32),
    /// This share of the day's capacity, in inspections or points, as far as there are.
    Share(Millionths),
}

/// What an inspection costs, in points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectionCost {
    /// Points of a declaration.
    pub declaration: u32,
    /// Points of each line.
    pub line: u32,
    /// Points of each hundred packages, begun hundreds counted.
    pub hundred_packages: u32,
    /// The most points of an inspection: of a large consignment officers open a part. It also bounds the room that is
    /// kept for the draw, which is that of the most expensive declarations.
    pub most: Option<u32>,
    /// Points of a line of some goods groups, instead of `line`.
    pub groups: Vec<(String, u32)>,
    /// The points that an officer does in an hour.
    pub points_per_hour: u32,
}

/// When a trader is left alone. Mandatory and random selection do not ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraderLimits {
    /// This number of inspections without a finding within `days` ...
    pub inspections: Option<u32>,
    /// ... of this number of days ...
    pub days: u32,
    /// ... and the trader is not targeted for this number of days after the last of them.
    pub pause_days: u32,
    /// The most targeted inspections of a trader at an office in a day.
    pub per_day: Option<u32>,
}

/// How much of the capacity is spent on learning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exploration {
    /// The share of the capacity for declarations with young rules.
    pub share: Millionths,
    /// A rule is young for this number of days from its first day.
    pub young_days: u32,
    /// A rule is young too while fewer inspections than this have shown what it finds.
    pub young_results: u32,
    /// What makes a cell: a group of declarations that share experience.
    pub cell: Vec<CellPart>,
}

/// A part of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CellPart {
    /// Ten points of score.
    Band,
    /// The goods group.
    Group,
    /// The trade mode.
    Mode,
    /// The destination.
    Destination,
    /// The site that inspects.
    Office,
    /// The class of the trader.
    TraderClass,
}

/// Visits to enterprises at the sites of a kind: officers go to see who makes or sends goods, whether or not something of
/// theirs is declared that day. The enterprise is the trader of declarations.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Visits {
    /// The kind of site that has visits.
    pub kind: String,
    /// The most visits of a site in a month.
    pub per_month: u32,
    /// The share of these that is drawn.
    pub random: Millionths,
    /// For so many days after a visit the same enterprise is not visited again.
    pub pause_days: u32,
}

impl Visits {
    /// So many visits in each month at each site of a kind, none of them drawn and no enterprise paused.
    pub fn new(kind: &str, per_month: u32) -> Self {
        Self { kind: kind.to_owned(), per_month, random: Millionths(0), pause_days: 0 }
    }
}

/// What a site can do in a day.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SiteCapacity {
    /// The site.
    pub site: String,
    /// How much.
    pub amount: Amount,
}

/// An amount of inspections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Inspections, whatever each costs.
    Inspections(u32),
    /// Points, as [`InspectionCost`] counts them.
    Points(u32),
}

/// A change of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OverrideAction {
    /// A declaration is inspected that the plan does not have.
    Add,
    /// A declaration of the plan is not inspected.
    Drop,
    /// A declaration is inspected elsewhere.
    Reroute,
}

impl OverrideAction {
    /// All actions.
    pub const ALL: [Self; 3] = [Self::Add, Self::Drop, Self::Reroute];

    /// The name in packs and in the log of changes: `add`, `drop` or `reroute`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Drop => "drop",
            Self::Reroute => "reroute",
        }
    }
}

/// Changes that need a second person. What is not given fits all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OverrideRule {
    /// The changes.
    pub actions: Vec<OverrideAction>,
    /// How the declaration was selected.
    pub selected: Vec<SelectionKind>,
    /// The mildest channel.
    pub channel: Option<ChannelId>,
    /// The least score.
    pub score_from: Option<i64>,
    /// Whether a second person must agree.
    pub second_person: bool,
}
