//! A coverage as data.

use qingfeng::Engine;
use qingfeng::rules::{Date, Pack};
use qingfeng::tools::policy_coverage::{Gap, PolicyCell, PolicyCoverage, Reach, Trade, TradeTotals};
use serde::Serialize;

/// All that `coverage` tells.
#[derive(Serialize)]
pub struct Listing<'c> {
    pack: &'c str,
    digest: &'c str,
    as_of: Option<Date>,
    axes: Vec<ListedAxis<'c>>,
    /// What the trade amounts to, each line once; without declarations nothing.
    totals: Option<TradeTotals>,
    /// All cells that a line can be in.
    cells: Vec<ListedCell<'c>>,
}

#[derive(Serialize)]
struct ListedAxis<'c> {
    key: &'static str,
    segments: Vec<ListedSegment<'c>>,
}

#[derive(Serialize)]
struct ListedSegment<'c> {
    name: &'c str,
    title: &'c str,
    title_zh: Option<&'c str>,
}

#[derive(Serialize)]
struct ListedCell<'c> {
    region: &'c str,
    commodity: &'c str,
    mode: &'c str,
    gap: Option<Gap>,
    all: ListedReach<'c>,
    named: ListedReach<'c>,
    made_for: ListedReach<'c>,
    by_region: u32,
    by_commodity: u32,
    by_mode: u32,
    shadow: u32,
    draft: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    trade: Option<Trade>,
}

#[derive(Serialize)]
struct ListedReach<'c> {
    rules: u32,
    wholly: u32,
    computed: u32,
    points: i64,
    channel: &'c str,
}

impl<'c> ListedReach<'c> {
    fn new(pack: &'c Pack, reach: &Reach) -> Self {
        let channel = pack.channels.get(usize::from(reach.channel));
        Self {
            rules: reach.rules,
            wholly: reach.wholly,
            computed: reach.computed,
            points: reach.points,
            channel: channel.map_or("", |channel| &channel.name),
        }
    }
}

impl<'c> Listing<'c> {
    /// The coverage of an engine's pack.
    pub fn new(engine: &'c Engine, coverage: &'c PolicyCoverage) -> Self {
        let pack = engine.pack();
        let axes = coverage.axes().iter().map(|axis| ListedAxis {
            key: axis.key.name(),
            segments: axis
                .segments
                .iter()
                .map(|segment| ListedSegment {
                    name: &segment.name,
                    title: &segment.title,
                    title_zh: segment.title_zh.as_deref(),
                })
                .collect(),
        });
        let name = |cell: &PolicyCell, axis: usize| {
            let segment: &'c str = &coverage.axes()[axis].segments[cell.at[axis]].name;
            segment
        };
        let cells = coverage.cells().iter().filter(|cell| !cell.is_empty || cell.trade.lines > 0);
        let cells = cells.map(|cell| ListedCell {
            region: name(cell, 0),
            commodity: name(cell, 1),
            mode: name(cell, 2),
            gap: cell.gap,
            all: ListedReach::new(pack, &cell.all),
            named: ListedReach::new(pack, &cell.named),
            made_for: ListedReach::new(pack, &cell.made_for),
            by_region: cell.by_region,
            by_commodity: cell.by_commodity,
            by_mode: cell.by_mode,
            shadow: cell.shadow,
            draft: cell.draft,
            trade: coverage.totals.is_some().then_some(cell.trade),
        });
        Self {
            pack: engine.pack_id(),
            digest: engine.digest(),
            as_of: coverage.as_of(),
            axes: axes.collect(),
            totals: coverage.totals,
            cells: cells.collect(),
        }
    }
}
