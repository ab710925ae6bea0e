//! A coverage as data.

use qingfeng::Engine;
use qingfeng::tools::policy_coverage::{PolicyCell, PolicyCoverage, Reach};
use serde::Serialize;

use crate::record::{is_none, record};

/// All that `coverage` tells of an engine's pack.
pub fn listing<'c>(engine: &'c Engine, coverage: &'c PolicyCoverage) -> impl Serialize + use<'c> {
    let axes = coverage.axes().iter().map(|axis| {
        let segments = axis.segments.iter().map(|segment| {
            record!({ name: &segment.name, title: &segment.title, title_zh: segment.title_zh.as_deref() })
        });
        record!({ key: axis.key.name(), segments: segments.collect::<Vec<_>>() })
    });
    let reach = |reach: &Reach| {
        let channel = engine.pack().channels.get(usize::from(reach.channel));
        record!({
            rules: reach.rules,
            wholly: reach.wholly,
            computed: reach.computed,
            points: reach.points,
            channel: channel.map_or("", |channel| channel.name.as_str()),
        })
    };
    let name = |cell: &PolicyCell, axis: usize| &coverage.axes()[axis].segments[cell.at[axis]].name;
    // All cells that a line can be in.
    let cells = coverage.cells().iter().filter(|cell| !cell.is_empty || cell.trade.lines > 0);
    let cells = cells.map(|cell| {
        record!({
            region: name(cell, 0),
            commodity: name(cell, 1),
            mode: name(cell, 2),
            gap: cell.gap,
            all: reach(&cell.all),
            named: reach(&cell.named),
            made_for: reach(&cell.made_for),
            by_region: cell.by_region,
            by_commodity: cell.by_commodity,
            by_mode: cell.by_mode,
            shadow: cell.shadow,
            draft: cell.draft,
            #[serde(skip_serializing_if = "is_none")]
            trade: coverage.totals.is_some().then_some(cell.trade),
        })
    });
    record!({
        pack: engine.pack_id(),
        digest: engine.digest(),
        as_of: coverage.as_of(),
        axes: axes.collect::<Vec<_>>(),
        // What the trade amounts to, each line once; without declarations nothing.
        totals: coverage.totals,
        cells: cells.collect::<Vec<_>>(),
    })
}
