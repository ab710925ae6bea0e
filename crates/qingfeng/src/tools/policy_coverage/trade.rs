//! How much trade there is in the cells of a coverage.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use foldhash::fast::FixedState;
use qingfeng_rules::reference::Groups;
use qingfeng_rules::{Date, Kind, Pack, Status, Value};
use serde::Serialize;

use super::reach::Member;
use super::{Axis, PolicyCoverage};
use crate::engine::Engine;
use crate::pipeline::{JobError, Pipeline, Progress};
use crate::read::{Chunk, Lines, Reader};

/// Goods lines and what they are worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Trade {
    /// Goods lines.
    pub lines: u64,
    /// Those on which an active rule fired.
    pub lines_fired: u64,
    /// Those whose channel is not the mildest.
    pub lines_controlled: u64,
    /// Those without a value.
    pub lines_without_value: u64,
    /// The sum of the field `value` in hundredths of its unit, each line rounded to whole ones. A value beyond 10¹⁵
    /// counts as that.
    pub value_cents: i128,
}

impl Trade {
    fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.lines_fired += other.lines_fired;
        self.lines_controlled += other.lines_controlled;
        self.lines_without_value += other.lines_without_value;
        self.value_cents += other.value_cents;
    }
}

/// What the trade in all cells amounts to, each line once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TradeTotals {
    /// All goods lines that could be read.
    pub all: Trade,
    /// Lines that could not be read, and so are in no cell.
    pub lines_rejected: u64,
    /// Declarations.
    pub declarations: u64,
}

impl TradeTotals {
    fn add(&mut self, other: &Self) {
        self.all.add(&other.all);
        self.lines_rejected += other.lines_rejected;
        self.declarations += other.declarations;
    }
}

/// The largest value that counts, in units.
const VALUE_MAX: f64 = 1e15;

/// A value in hundredths.
fn cents(value: Value<'_>) -> Option<i128> {
    let value = match value {
        Value::Number(number) => number,
        Value::Integer(integer) => integer as f64,
        _ => return None,
    };
    // Whole after rounding, so sums do not depend on their order.
    Some((value.clamp(-VALUE_MAX, VALUE_MAX) * 100.0).round() as i128)
}

/// Which positions of an axis a code is in, remembered for a batch.
struct Places<'a> {
    axis: &'a Axis,
    groups: &'a Groups,
    as_of: Option<Date>,
    known: HashMap<(Option<&'a str>, Option<Date>), usize, FixedState>,
    lists: Vec<Vec<usize>>,
}

impl<'a> Places<'a> {
    fn new(axis: &'a Axis, groups: &'a Groups, as_of: Option<Date>) -> Self {
        Self { axis, groups, as_of, known: HashMap::default(), lists: Vec::new() }
    }

    /// The number of the list of positions.
    fn of(&mut self, code: Option<&'a str>, day: Option<Date>) -> usize {
        let day = self.as_of.or(day);
        *self.known.entry((code, day)).or_insert_with(|| {
            let member = Member::of(self.groups, code, day);
            let segments = self.axis.segments.iter().enumerate();
            let places = segments.filter(|(_, segment)| member.is_in(segment.segment)).map(|(at, _)| at);
            self.lists.push(places.collect());
            self.lists.len() - 1
        })
    }
}

#[derive(Default)]
struct Added {
    /// By position of the cell.
    cells: BTreeMap<u32, Trade>,
    totals: TradeTotals,
}

impl Added {
    fn join(&mut self, other: Self) {
        for (cell, trade) in other.cells {
            self.cells.entry(cell).or_default().add(&trade);
        }
        self.totals.add(&other.totals);
    }
}

impl PolicyCoverage {
    fn traded(&self, engine: &Engine, groups: &[Groups; 3], lines: &Lines, rejected: u64) -> Added {
        let pack = engine.pack();
        let results = engine.evaluate(lines);
        let values = &results.values;
        let value_field = value_field(pack);
        let [regions, commodities, modes] =
            &mut [0, 1, 2].map(|axis: usize| Places::new(&self.axes()[axis], &groups[axis], self.as_of()));
        let mut by_places: HashMap<[usize; 3], usize, FixedState> = HashMap::default();
        let mut trades: Vec<([usize; 3], Trade)> = Vec::new();
        let mut totals = TradeTotals {
            lines_rejected: rejected,
            declarations: lines.declaration_count() as u64,
            ..TradeTotals::default()
        };
        for line in 0..lines.len() {
            let key = values.key(line);
            let fired = results.fired(line).iter();
            let has_fired =
                fired.into_iter().any(|&(rule, _)| pack.rules[rule as usize].status == Status::Active);
            let value = value_field.and_then(|field| cents(values.declared(line, field)));
            let trade = Trade {
                lines: 1,
                lines_fired: has_fired.into(),
                lines_controlled: (results.lines[line].channel.index() > 0).into(),
                lines_without_value: value.is_none().into(),
                value_cents: value.unwrap_or(0),
            };
            totals.all.add(&trade);
            let places = [
                regions.of(key.region, key.day),
                commodities.of(key.commodity, key.day),
                modes.of(key.mode, key.day),
            ];
            let at = *by_places.entry(places).or_insert_with(|| {
                trades.push((places, Trade::default()));
                trades.len() - 1
            });
            trades[at].1.add(&trade);
        }
        let mut cells: BTreeMap<u32, Trade> = BTreeMap::new();
        for ([region, commodity, mode], trade) in &trades {
            for &region in &regions.lists[*region] {
                for &commodity in &commodities.lists[*commodity] {
                    for &mode in &modes.lists[*mode] {
                        if let Some(cell) = self.position([region, commodity, mode]) {
                            cells.entry(cell as u32).or_default().add(trade);
                        }
                    }
                }
            }
        }
        Added { cells, totals }
    }

    fn add(&mut self, added: &Added) {
        for (cell, trade) in &added.cells {
            self.cells[*cell as usize].trade.add(trade);
        }
        self.totals.get_or_insert_default().add(&added.totals);
    }
}

/// The field whose values are summed: `value`, if it holds numbers.
fn value_field(pack: &Pack) -> Option<qingfeng_rules::FieldId> {
    let field = pack.schema.field("value")?;
    matches!(pack.schema[field].kind, Kind::Number | Kind::Integer).then_some(field)
}

impl Engine {
    /// Counts the goods lines of a reader, and their value, into the cells of a coverage of this engine's pack. A line
    /// is in each cell whose segments have its codes on its own day; if the coverage is as of a day, on that day. The
    /// counts do not depend on the number of threads.
    ///
    /// # Errors
    ///
    /// An input that cannot be read; threads that cannot be started.
    pub fn count_trade(
        &self,
        coverage: &mut PolicyCoverage,
        reader: Reader,
        pipeline: &Pipeline,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(), JobError> {
        let reference = &self.pack().reference;
        let groups = super::AXES.map(|key| Groups::new(reference.groups(key)));
        coverage.totals.get_or_insert_default();
        let counted = &*coverage;
        let each = |chunk: Chunk, _| counted.traded(self, &groups, &chunk.lines, chunk.lines_amiss());
        let mut all = Added::default();
        let mut take = |added: Added| {
            all.join(added);
            Ok(ControlFlow::Continue(()))
        };
        pipeline.map(reader, &each, &mut take, progress)?;
        coverage.add(&all);
        Ok(())
    }
}
