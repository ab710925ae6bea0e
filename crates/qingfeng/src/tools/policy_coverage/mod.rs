//! Coverage of the policy: which regions, groups of goods and trade modes the rules of a pack look at, and what they
//! can do there; against declarations also how much trade there is.
//!
//! The policy is cut into *cells*: a segment of the regions, one of the goods and one of the modes. The segments of
//! an axis are the groups of the reference data, [`Segment::All`] codes together, and those codes that are in no
//! group, [`Segment::Other`]. Groups may overlap, so a line can lie in several segments; sums over cells are never
//! made, as each sum of interest is a cell of its own (with [`Segment::All`] for what does not matter).
//!
//! - A rule *reaches* a cell if its keys fit at least one line that the cell can have, on some day: a code of each
//!   segment, the rule in force and all memberships holding on that same day. Keys `site` and conditions are not
//!   looked at: what a rule reaches it need not fire on.
//! - It covers the cell *wholly* if on every day of its validity its keys fit all codes of the cell.
//! - It *names* the cell if it has a key for an axis of which the cell has but a part. Every other rule that reaches it
//!   is there by not asking.
//! - It is *made for* the cell if it names at least two of the axes of which the cell has but a part, or the only one.
//! - The *points* within reach are those that the rules which reach the cell add up to, put together and bounded as the
//!   pack says: more no line of the cell can get. Points that lower a score are left out. Of points computed from the
//!   line the most counts that the formula shows ([`Closure::most`](qingfeng_rules::Closure::most)); where it shows
//!   none they are not known: [`Reach::computed`] counts such rules.
//! - A *gap* is a cell of which the rules that name its region or its goods do not lead to a control: [`Gap`].
//!
//! ```
//! use qingfeng::tools::policy_coverage::{CoverageOptions, Segment};
//! use qingfeng::{Engine, rules::Key};
//!
//! let engine = Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"))?;
//! let coverage = engine.policy_coverage(&CoverageOptions::default())?;
//! let africa = coverage.axis(Key::Region).find("africa").unwrap();
//! let toys = coverage.axis(Key::Commodity).find("toys").unwrap();
//! let cell = coverage.cell([africa, toys, 0]).unwrap();
//! assert!(coverage.axis(Key::Mode).segments[0].segment == Segment::All);
//! println!("{} rules name toys to Africa; up to {} points", cell.named.rules, cell.named.points);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod reach;
mod trade;

use qingfeng_rules::limits::POINTS_MAX;
use qingfeng_rules::{ChannelId, Combine, Date, Key, Pack, Points, Rule, Status};
use serde::Serialize;

use crate::engine::Engine;
use crate::eval::rule_set::RuleSet;
use reach::Reaches;
pub use trade::{Trade, TradeTotals};

/// The most cells of a coverage.
pub const CELLS_MAX: usize = 200_000;
/// The most steps that a coverage may take: cells by rules, and cells by periods by 64 rules.
pub const STEPS_MAX: u64 = 4_000_000_000;

/// The axes, in the order of the positions of a cell.
pub const AXES: [Key; 3] = [Key::Region, Key::Commodity, Key::Mode];

/// What is to be covered.
#[derive(Clone, Debug, Default)]
pub struct CoverageOptions {
    /// Rules and memberships as of this day; without it, of any day.
    pub as_of: Option<Date>,
    /// Of an axis only this segment, by its name; in the order of [`AXES`].
    pub only: [Option<String>; 3],
}

/// Why there is no coverage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CoverageError {
    /// No group of an axis has the name.
    #[error("the pack has no {axis} group `{name}`; {help}")]
    UnknownSegment {
        /// The axis, as the key of a rule.
        axis: &'static str,
        /// The name.
        name: String,
        /// The nearest name there is.
        help: String,
    },
    /// There are too many cells.
    #[error(
        "{regions} by {commodities} by {modes} segments (regions, goods, modes) are {cells} cells, more than the \
         {max} there can be; look at one region, goods group or mode at a time",
        max = CELLS_MAX
    )]
    TooManyCells {
        /// Segments of regions.
        regions: usize,
        /// Segments of goods.
        commodities: usize,
        /// Segments of modes.
        modes: usize,
        /// Cells.
        cells: usize,
    },
    /// Too many cells for so many rules.
    #[error(
        "{cells} cells of {rules} rules in {periods} periods with other memberships take too long; look at one \
         region, goods group or mode at a time, or at one day"
    )]
    TooManySteps {
        /// Cells.
        cells: usize,
        /// Rules.
        rules: usize,
        /// Periods.
        periods: usize,
    },
}

/// Which codes of an axis a segment has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Segment {
    /// All codes.
    All,
    /// Those of the group at this position of the reference data.
    Group(usize),
    /// Those that no group has.
    Other,
}

/// A segment with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSegment {
    /// Which codes.
    pub segment: Segment,
    /// The name of the group, `(all)` or `(other)`; no group can be named so.
    pub name: String,
    /// What people read, in English.
    pub title: String,
    /// What people read, in Chinese.
    pub title_zh: Option<String>,
}

/// The segments of an axis: all codes, the groups in the order of the pack, and the others, if there are groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The key of rules.
    pub key: Key,
    /// The segments.
    pub segments: Vec<NamedSegment>,
}

impl Axis {
    fn new(pack: &Pack, key: Key) -> Self {
        let what = match key {
            Key::Region => "regions",
            Key::Commodity => "goods",
            Key::Mode => "modes",
            Key::Site => "sites",
        };
        let whole = |segment, name: &str, title| NamedSegment {
            segment,
            name: name.to_owned(),
            title,
            title_zh: None,
        };
        let groups = pack.reference.groups(key);
        let mut segments = vec![whole(Segment::All, "(all)", format!("All {what}"))];
        segments.extend(groups.iter().enumerate().map(|(at, group)| NamedSegment {
            segment: Segment::Group(at),
            name: group.name.clone(),
            title: group.title.clone(),
            title_zh: group.title_zh.clone(),
        }));
        if !groups.is_empty() {
            segments.push(whole(Segment::Other, "(other)", format!("Other {what}, in no group")));
        }
        Self { key, segments }
    }

    /// The position of a segment by its name; `all` and `other` also without parentheses.
    pub fn find(&self, name: &str) -> Option<usize> {
        let is = |name: &str| self.segments.iter().position(|segment| segment.name == name);
        is(name).or_else(|| is(&format!("({name})")))
    }

    fn only(&mut self, name: &str) -> Result<(), CoverageError> {
        match self.find(name) {
            Some(at) => {
                self.segments = vec![self.segments.swap_remove(at)];
                Ok(())
            }
            None => {
                let names = self.segments.iter().map(|segment| segment.name.as_str());
                let help = qingfeng_rules::internals::suggestion(name, names);
                Err(CoverageError::UnknownSegment { axis: self.key.name(), name: name.to_owned(), help })
            }
        }
    }
}

/// What some active rules can do in a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// How many reach the cell.
    pub rules: u32,
    /// How many of them cover it wholly.
    pub wholly: u32,
    /// How many of them compute their points by a formula that shows no bound: these come on top.
    pub computed: u32,
    /// The points within reach: fixed ones and those with a bound, put together and bounded as the pack says.
    pub points: i64,
    /// The most severe channel within reach, by its position: by points, or as a rule asks for it with `at_least`.
    pub channel: u8,
}

/// Why a cell is a gap, from grave to slight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gap {
    /// No active rule reaches the cell.
    Nothing,
    /// Only rules that name neither its region nor its goods reach the cell.
    Unnamed,
    /// Rules name its region or goods, but without others they cannot lead out of the mildest channel.
    Weak,
}

impl Gap {
    /// All of them, from grave to slight.
    pub const ALL: [Self; 3] = [Self::Nothing, Self::Unnamed, Self::Weak];
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyCell {
    /// The positions of its segments, in the order of [`AXES`].
    pub at: [usize; 3],
    /// All active rules that reach it.
    pub all: Reach,
    /// Those that name it: its region, its goods, or, in a cell of all regions and goods, its mode.
    pub named: Reach,
    /// Those of them that are made for it: they name two of its segments at least, or the only one it has.
    pub made_for: Reach,
    /// Active rules that name its region, whatever else they ask for.
    pub by_region: u32,
    /// Active rules that name its goods, whatever else they ask for.
    pub by_commodity: u32,
    /// Active rules that name its mode, whatever else they ask for.
    pub by_mode: u32,
    /// Shadow rules that reach it.
    pub shadow: u32,
    /// Drafts that reach it.
    pub draft: u32,
    /// Whether no line can be in it on the days looked at, as of a group without members.
    pub is_empty: bool,
    /// Whether it is a gap. The cell of everything has none to be named by: it is one only if no rule is there.
    pub gap: Option<Gap>,
    /// The trade in it, once it was counted.
    pub trade: Trade,
}

/// A rule in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellRule {
    /// The position of the rule in the pack.
    pub rule: usize,
    /// Whether it covers the cell wholly.
    pub wholly: bool,
    /// Which axes of the cell it names, in the order of [`AXES`].
    pub names: [bool; 3],
}

/// The coverage of a policy.
#[derive(Clone, Debug)]
pub struct PolicyCoverage {
    axes: [Axis; 3],
    cells: Vec<PolicyCell>,
    reaches: Reaches,
    as_of: Option<Date>,
    /// What the trade amounts to, once it was counted.
    pub totals: Option<TradeTotals>,
}

impl PolicyCoverage {
    fn new(pack: &Pack, options: &CoverageOptions) -> Result<Self, CoverageError> {
        let mut axes = AXES.map(|key| Axis::new(pack, key));
        for (axis, only) in axes.iter_mut().zip(&options.only) {
            if let Some(name) = only {
                axis.only(name)?;
            }
        }
        let [regions, commodities, modes] = [0, 1, 2].map(|axis: usize| axes[axis].segments.len());
        let cells = regions.saturating_mul(commodities).saturating_mul(modes);
        if cells > CELLS_MAX {
            return Err(CoverageError::TooManyCells { regions, commodities, modes, cells });
        }
        let reaches = Reaches::new(pack, &axes, options.as_of, cells)?;
        let mut coverage =
            Self { axes, cells: Vec::with_capacity(cells), reaches, as_of: options.as_of, totals: None };
        for region in 0..regions {
            for commodity in 0..commodities {
                for mode in 0..modes {
                    let cell = coverage.covered(pack, [region, commodity, mode]);
                    coverage.cells.push(cell);
                }
            }
        }
        Ok(coverage)
    }

    /// The axis of a key; for sites, which are none, that of the modes.
    pub fn axis(&self, key: Key) -> &Axis {
        &self.axes[match key {
            Key::Region => 0,
            Key::Commodity => 1,
            Key::Mode | Key::Site => 2,
        }]
    }

    /// The axes, in the order of [`AXES`].
    pub fn axes(&self) -> &[Axis; 3] {
        &self.axes
    }

    /// The day as of which it is, if it is of one.
    pub fn as_of(&self) -> Option<Date> {
        self.as_of
    }

    /// All cells: by region, in it by goods, in it by mode.
    pub fn cells(&self) -> &[PolicyCell] {
        &self.cells
    }

    fn position(&self, at: [usize; 3]) -> Option<usize> {
        let inside = at.iter().zip(&self.axes).all(|(at, axis)| *at < axis.segments.len());
        let [_, commodities, modes] = [0, 1, 2].map(|axis: usize| self.axes[axis].segments.len());
        inside.then(|| (at[0] * commodities + at[1]) * modes + at[2])
    }

    /// The cell of three segments, by their positions.
    pub fn cell(&self, at: [usize; 3]) -> Option<&PolicyCell> {
        self.cells.get(self.position(at)?)
    }

    /// The evaluated and the draft rules that reach a cell, in the order of the pack.
    pub fn rules(&self, pack: &Pack, at: [usize; 3]) -> Vec<CellRule> {
        let (reach, wholly, _) = self.reaches.of_cell(at);
        let whole: Vec<u32> = wholly.iter().collect();
        let rule = |at_rule: u32| {
            let rule = self.reaches.rules[at_rule as usize];
            CellRule {
                rule,
                wholly: whole.binary_search(&at_rule).is_ok(),
                names: self.names(&pack.rules[rule], at),
            }
        };
        reach.iter().map(rule).collect()
    }

    /// Which axes of a cell a rule has a key for.
    fn names(&self, rule: &Rule, at: [usize; 3]) -> [bool; 3] {
        let is_part = self.parts(at);
        std::array::from_fn(|axis| !rule.key(AXES[axis]).is_empty() && is_part[axis])
    }

    /// Of which axes a cell has but a part.
    fn parts(&self, at: [usize; 3]) -> [bool; 3] {
        std::array::from_fn(|axis| self.axes[axis].segments[at[axis]].segment != Segment::All)
    }

    fn covered(&self, pack: &Pack, at: [usize; 3]) -> PolicyCell {
        let (reach, wholly, is_empty) = self.reaches.of_cell(at);
        let parts = self.parts(at);
        let mut cell = PolicyCell {
            at,
            all: Reach::default(),
            named: Reach::default(),
            made_for: Reach::default(),
            by_region: 0,
            by_commodity: 0,
            by_mode: 0,
            shadow: 0,
            draft: 0,
            is_empty,
            gap: None,
            trade: Trade::default(),
        };
        let parts_count = parts.iter().filter(|part| **part).count();
        let [mut all, mut named, mut made_for] = [(); 3].map(|()| Sum::default());
        let mut whole = wholly.iter().peekable();
        for at_rule in reach.iter() {
            while whole.next_if(|&next| next < at_rule).is_some() {}
            let wholly = whole.peek() == Some(&at_rule);
            let rule = &pack.rules[self.reaches.rules[at_rule as usize]];
            match rule.status {
                Status::Active => {}
                Status::Shadow => {
                    cell.shadow += 1;
                    continue;
                }
                Status::Draft | Status::Retired => {
                    cell.draft += 1;
                    continue;
                }
            }
            let [region, commodity, mode] = self.names(rule, at);
            cell.by_region += u32::from(region);
            cell.by_commodity += u32::from(commodity);
            cell.by_mode += u32::from(mode);
            all.add(pack, rule, wholly);
            if region || commodity || (mode && !parts[0] && !parts[1]) {
                named.add(pack, rule, wholly);
                let names = [region, commodity, mode].into_iter().filter(|named| *named).count();
                if names >= parts_count.min(2) {
                    made_for.add(pack, rule, wholly);
                }
            }
        }
        (cell.all, cell.named) = (all.reach(pack), named.reach(pack));
        cell.made_for = made_for.reach(pack);
        cell.gap = if is_empty {
            None
        } else if cell.all.rules == 0 {
            Some(Gap::Nothing)
        } else if parts == [false; 3] {
            None
        } else if cell.named.rules == 0 {
            Some(Gap::Unnamed)
        } else if cell.named.channel == 0 && cell.named.computed == 0 && pack.channels.len() > 1 {
            Some(Gap::Weak)
        } else {
            None
        };
        cell
    }
}

#[derive(Default)]
struct Sum {
    reach: Reach,
    points: Option<i64>,
    at_least: Option<ChannelId>,
}

impl Sum {
    fn add(&mut self, pack: &Pack, rule: &Rule, wholly: bool) {
        self.reach.rules += 1;
        self.reach.wholly += u32::from(wholly);
        self.at_least = self.at_least.max(rule.at_least);
        let most = match &rule.points {
            Points::Fixed(points) => Some(*points),
            Points::Computed(closure) => closure.most().map(|most| most.min(POINTS_MAX)),
        };
        match most {
            None => self.reach.computed += 1,
            Some(points) if points > 0 => {
                self.points = Some(match (self.points, pack.score.combine) {
                    (None, _) => points,
                    (Some(sum), Combine::Sum) => sum.saturating_add(points),
                    (Some(largest), Combine::Max) => largest.max(points),
                });
            }
            Some(_) => {}
        }
    }

    fn reach(self, pack: &Pack) -> Reach {
        let points = self.points.unwrap_or(0).clamp(pack.score.floor, pack.score.cap);
        let channel = pack.channel_of_score(points);
        let channel = self.at_least.map_or(channel, |at_least| channel.max(at_least));
        Reach { points, channel: channel.0, ..self.reach }
    }
}

impl Engine {
    /// Which regions, goods and modes the rules of the pack reach, name, and leave out.
    ///
    /// # Errors
    ///
    /// A segment that the pack does not have; more cells than can be looked at.
    pub fn policy_coverage(&self, options: &CoverageOptions) -> Result<PolicyCoverage, CoverageError> {
        PolicyCoverage::new(self.pack(), options)
    }
}

fn common(a: &RuleSet, b: &RuleSet, c: &RuleSet, d: &RuleSet) -> RuleSet {
    let mut set = a.clone();
    set.keep(b);
    set.keep(c);
    set.keep(d);
    set
}
