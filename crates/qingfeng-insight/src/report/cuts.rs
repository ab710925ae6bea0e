//! Counts by what declarations belong to.

use std::collections::BTreeMap;

use qingfeng_rules::{Date, Month, SelectionKind};
use serde::Serialize;

use super::count::{Counter, Counts};
use super::{Names, Titled, channel, country, mode, site};
use crate::effect::tally::Case;
use crate::effect::{Estimate, Rate};
use qingfeng_inspection::evidence::{Evidence, Judged};
use qingfeng_store::{Disposal, Verdict, Violation};

/// Destinations that are listed.
const DESTINATIONS: usize = 25;

/// The goods group, region or mode of what belongs to none.
const NONE: &str = "other";

/// Counts of what belongs to one name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Row {
    /// What they belong to.
    #[serde(flatten)]
    pub of: Titled,
    /// The kind of a site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The counts.
    #[serde(flatten)]
    pub counts: Counts,
}

/// Results of one kind: a kind of violation, or what became of the goods.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Kind {
    /// Its name in files.
    pub name: String,
    /// Goods lines with it.
    pub lines: u64,
    /// Declarations with it. One can have several kinds.
    pub declarations: u64,
    /// Pieces of these lines.
    pub pieces: u64,
    /// Their value.
    pub value: f64,
    /// Fines for these lines, in yuan.
    pub fines: f64,
}

/// Destination regions by goods groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Matrix {
    /// The goods groups: columns.
    pub groups: Vec<Titled>,
    /// The regions, each with a cell for each goods group.
    pub rows: Vec<MatrixRow>,
}

/// A region.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MatrixRow {
    /// The region.
    #[serde(flatten)]
    pub of: Titled,
    /// A cell for each goods group.
    pub cells: Vec<Cell>,
}

/// A region and a goods group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Cell {
    /// Assessed declarations.
    pub declarations: u64,
    /// Inspections with a result.
    pub inspected: u64,
    /// With a violation.
    pub found: u64,
    /// Found among inspected.
    pub hit_rate: Option<Rate>,
    /// Of all declarations of the cell, where enough were drawn.
    pub estimate: Option<Estimate>,
}

/// A set of declarations, and the same by what they belong to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Cuts {
    /// All.
    pub all: Counts,
    /// By reason of selection: mandatory, targeted, random. All of them were inspected, so that nothing is estimated.
    pub by_selection: Vec<Row>,
    /// By month of the declaration.
    pub by_month: Vec<Row>,
    /// By site; a declaration counts at each of its sites.
    pub by_site: Vec<Row>,
    /// By kind of site.
    pub by_site_kind: Vec<Row>,
    /// By region of the destination. A country may be in several.
    pub by_region: Vec<Row>,
    /// By goods group.
    pub by_group: Vec<Row>,
    /// By trade mode.
    pub by_mode: Vec<Row>,
    /// By class of trader.
    pub by_trader_class: Vec<Row>,
    /// By channel.
    pub by_channel: Vec<Row>,
    /// By destination: those with the most found, then inspected, then declared.
    pub by_destination: Vec<Row>,
    /// How many destinations there are.
    pub destinations: u64,
    /// By kind of violation.
    pub by_violation: Vec<Kind>,
    /// By what became of the goods.
    pub by_disposal: Vec<Kind>,
    /// Regions by goods groups.
    pub matrix: Matrix,
}

/// A cut of all declarations, by a name and its order.
#[derive(Clone, Copy)]
enum Cut {
    Selection,
    Month,
    Site,
    SiteKind,
    Region,
    Group,
    Mode,
    TraderClass,
    Channel,
    Destination,
}

/// How many cuts there are.
const CUTS: usize = Cut::Destination as usize + 1;

/// Counters of a cut, by order and name.
type Counters = BTreeMap<usize, BTreeMap<Box<str>, Counter>>;

/// Counts a declaration, which is this case, by a name.
fn count_in(counters: &mut Counters, order: usize, name: &str, judged: &Judged, case: &Case) {
    let of = counters.entry(order).or_default();
    match of.get_mut(name) {
        Some(counter) => counter.add(judged, case),
        None => of.entry(name.into()).or_default().add(judged, case),
    }
}

/// Counts by what declarations belong to, in the making.
pub(crate) struct CutCounts<'n> {
    names: &'n Names<'n>,
    evidence: &'n Evidence,
    all: Counter,
    by: [Counters; CUTS],
    /// By region and goods group.
    cells: Counters,
    kinds: Kinds,
}

impl<'n> CutCounts<'n> {
    pub(crate) fn new(evidence: &'n Evidence, names: &'n Names<'n>) -> Self {
        let (by, cells) = (Default::default(), Counters::new());
        Self { names, evidence, all: Counter::default(), by, cells, kinds: Kinds::default() }
    }

    /// Counts the next declaration, which is this case.
    pub(crate) fn add(&mut self, judged: &Judged, case: &Case) {
        let Self { names, evidence, all, by, cells, kinds: of_kinds } = self;
        all.add(judged, case);
        of_kinds.add(judged);
        let mut count = |cut: Cut, order: usize, name: &str| {
            count_in(&mut by[cut as usize], order, name, judged, case);
        };
        if let Some(inspection) = &judged.inspection {
            let order = match inspection.selected {
                SelectionKind::Mandatory => 0,
                SelectionKind::Targeted => 1,
                SelectionKind::Random => 2,
            };
            count(Cut::Selection, order, inspection.selected.name());
        }
        count(Cut::Month, usize::from(judged.day.is_none()), &month(judged.day));
        let mut kinds: Vec<&str> = Vec::new();
        for site in sites_of(judged) {
            let name = evidence.sites.get(site as usize).map_or("", |site| site);
            let order = names.pack.reference.sites.iter().position(|group| group.name == name);
            count(Cut::Site, order.unwrap_or(usize::MAX), name);
            kinds.extend(names.kind(site));
        }
        if kinds.is_empty() {
            count(Cut::SiteKind, usize::MAX, NONE);
        }
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            let order = names.pack.schema.keys.site.iter().position(|(known, _)| known == kind);
            count(Cut::SiteKind, order.unwrap_or(usize::MAX - 1), kind);
        }
        let destination = judged.destination.as_deref();
        let regions = names.pack.reference.regions.len();
        let mut of_regions = destination.map_or(Vec::new(), |code| names.regions(code, judged.day));
        if of_regions.is_empty() {
            of_regions.push(regions);
        }
        for &region in &of_regions {
            let name = names.pack.reference.regions.get(region).map_or(NONE, |group| &group.name);
            count(Cut::Region, region, name);
        }
        count(Cut::Group, 0, &judged.group);
        count(Cut::Mode, usize::from(judged.mode.is_none()), judged.mode.as_deref().unwrap_or(NONE));
        count(Cut::TraderClass, 0, &judged.trader_class);
        let channel = evidence.channel(judged);
        let at = names.pack.channels.iter().rposition(|known| known.name == channel);
        count(Cut::Channel, at.unwrap_or(usize::MAX), channel);
        if let Some(code) = destination {
            count(Cut::Destination, 0, code);
        }
        for region in of_regions {
            count_in(cells, region, &judged.group, judged, case);
        }
    }

    /// What was counted.
    pub(crate) fn finish(self) -> Cuts {
        let Self { names, all, mut by, cells, kinds, .. } = self;
        let groups = goods_order(&by[Cut::Group as usize], names);
        let mut rows = |cut: Cut, title: &dyn Fn(&str) -> Titled| -> Vec<Row> {
            let counted = std::mem::take(&mut by[cut as usize]);
            let row = |(name, counter): (Box<str>, Counter)| Row {
                of: title(&name),
                kind: None,
                counts: counter.finish(),
            };
            counted.into_values().flatten().map(row).collect()
        };
        let plain = |name: &str| Titled::plain(name);
        let mut by_selection = rows(Cut::Selection, &plain);
        by_selection.iter_mut().for_each(|row| row.counts.estimate = None);
        let by_month = rows(Cut::Month, &plain);
        let mut by_site = rows(Cut::Site, &|name| site(names.pack, name));
        for row in &mut by_site {
            let group = names.pack.reference.sites.iter().find(|group| group.name == row.of.name);
            row.kind = group.and_then(|group| group.kind.clone());
        }
        let by_site_kind = rows(Cut::SiteKind, &plain);
        let by_region = rows(Cut::Region, &|name| Titled::of(&names.pack.reference.regions, name));
        let mut by_group = rows(Cut::Group, &|name| names.goods(name));
        by_group.sort_by_key(|row| groups.iter().position(|group| **group == row.of.name));
        let mut by_mode = rows(Cut::Mode, &|name| mode(names.pack, name));
        by_mode.sort_by(|a, b| {
            (a.of.name == NONE, b.counts.declarations, &a.of.name).cmp(&(
                b.of.name == NONE,
                a.counts.declarations,
                &b.of.name,
            ))
        });
        let by_trader_class = rows(Cut::TraderClass, &plain);
        let mut by_channel = rows(Cut::Channel, &|name| channel(names.pack, name));
        by_channel.reverse();
        let mut by_destination = rows(Cut::Destination, &country);
        let destinations = by_destination.len() as u64;
        by_destination.sort_by(|a, b| {
            let most = |row: &Row| (row.counts.found, row.counts.inspected, row.counts.declarations);
            most(b).cmp(&most(a)).then_with(|| a.of.name.cmp(&b.of.name))
        });
        by_destination.truncate(DESTINATIONS);
        let matrix = matrix(cells, &groups, names);
        let (by_violation, by_disposal) = kinds.finish();
        Cuts {
            all: all.finish(),
            by_selection,
            by_month,
            by_site,
            by_site_kind,
            by_region,
            by_group,
            by_mode,
            by_trader_class,
            by_channel,
            by_destination,
            destinations,
            by_violation,
            by_disposal,
            matrix,
        }
    }
}

/// The sites of a declaration, that of its inspection included, each once.
pub(super) fn sites_of(judged: &Judged) -> Vec<u32> {
    let office = judged.inspection.as_ref().map(|inspection| inspection.office);
    let mut sites: Vec<u32> = judged.sites.iter().copied().chain(office).collect();
    sites.sort_unstable();
    sites.dedup();
    sites
}

/// `2016-09`, or nothing.
fn month(day: Option<Date>) -> String {
    day.map_or_else(|| NONE.to_owned(), |day| Month::of(day).to_string())
}

/// The goods groups that occur: those of the policy in its order, then others by name, `other` at the end.
fn goods_order(by_group: &Counters, names: &Names<'_>) -> Vec<Box<str>> {
    let policy = names.pack.selection.as_ref().map_or(&[][..], |selection| &selection.groups);
    let mut groups: Vec<Box<str>> = by_group.values().flat_map(BTreeMap::keys).cloned().collect();
    groups.sort_by_cached_key(|name| {
        let place = policy.iter().position(|group| **group == **name);
        (**name == *NONE, place.unwrap_or(usize::MAX), name.clone())
    });
    groups
}

fn matrix(cells: Counters, groups: &[Box<str>], names: &Names<'_>) -> Matrix {
    let rows = cells.into_iter().map(|(region, mut of_groups)| {
        let name = names.pack.reference.regions.get(region).map_or(NONE, |group| &group.name);
        let mut cell = |group: &str| {
            let counts = of_groups.remove(group).map(Counter::finish).unwrap_or_default();
            Cell {
                declarations: counts.declarations,
                inspected: counts.inspected,
                found: counts.found,
                hit_rate: counts.hit_rate,
                estimate: counts.estimate,
            }
        };
        MatrixRow {
            of: Titled::of(&names.pack.reference.regions, name),
            cells: groups.iter().map(|group| cell(group)).collect(),
        }
    });
    Matrix { rows: rows.collect(), groups: groups.iter().map(|name| names.goods(name)).collect() }
}

/// The results with a violation by kind, and by what became of the goods.
#[derive(Default)]
struct Kinds {
    violations: BTreeMap<Violation, (Kind, u64)>,
    disposals: BTreeMap<Option<Disposal>, (Kind, u64)>,
    /// The declarations so far: each counts once.
    declarations: u64,
}

impl Kinds {
    fn add(&mut self, judged: &Judged) {
        self.declarations += 1;
        for outcome in judged.inspection.iter().flat_map(|inspection| &inspection.outcomes) {
            let Verdict::Violation(violation) = outcome.verdict else { continue };
            let disposal = Disposal::ALL.iter().find(|(_, known)| Some(*known) == outcome.disposal);
            let of = self.violations.entry(violation).or_default();
            of.0.name = outcome.verdict.name().to_owned();
            let what = self.disposals.entry(outcome.disposal).or_default();
            what.0.name = disposal.map_or("unknown", |(name, _)| name).to_owned();
            for (kind, last) in [of, what] {
                kind.lines += 1;
                kind.declarations += u64::from(*last != self.declarations);
                *last = self.declarations;
                kind.pieces += u64::try_from(outcome.pieces.unwrap_or(0)).unwrap_or(0);
                kind.value += outcome.value.filter(|value| value.is_finite()).unwrap_or(0.0);
                kind.fines += outcome.fine.filter(|fine| fine.is_finite()).unwrap_or(0.0);
            }
        }
    }

    fn finish(self) -> (Vec<Kind>, Vec<Kind>) {
        let mut violations: Vec<Kind> = self.violations.into_values().map(|(kind, _)| kind).collect();
        let mut disposals: Vec<Kind> = self.disposals.into_values().map(|(kind, _)| kind).collect();
        for kinds in [&mut violations, &mut disposals] {
            kinds.sort_by(|a, b| b.lines.cmp(&a.lines).then_with(|| a.name.cmp(&b.name)));
        }
        (violations, disposals)
    }
}
