//! Which cells a table shows, and the gaps among them.

use qingfeng::rules::Pack;
use qingfeng::tools::policy_coverage::{AXES, Axis, Gap, PolicyCell, PolicyCoverage, Segment};

/// Two axes of a coverage as a table; of the third axis the first segment, which is the whole or the one kept.
pub struct View {
    /// The axis of the rows.
    pub rows: usize,
    /// The axis of the columns; without one there is a single column.
    pub columns: Option<usize>,
}

/// The axes in the order in which they become rows and columns.
const ORDER: [usize; 3] = [1, 0, 2];

impl View {
    /// The table by these axes; without any, by those of which the pack has groups and nothing was chosen.
    pub fn new(pack: &Pack, by: &[usize], only: &[Option<String>; 3]) -> Self {
        let free = |axis: &usize| only[*axis].is_none();
        let grouped = |axis: &usize| !pack.reference.groups(AXES[*axis]).is_empty();
        let usual: Vec<usize> = ORDER.into_iter().filter(|axis| free(axis) && grouped(axis)).collect();
        let by = if by.is_empty() { &usual[..] } else { by };
        let rows = by.first().copied().or_else(|| ORDER.into_iter().find(free)).unwrap_or(1);
        Self { rows, columns: by.get(1).copied() }
    }

    /// Whether an axis is one of the table.
    pub fn shows(&self, axis: usize) -> bool {
        self.rows == axis || self.columns == Some(axis)
    }

    /// The axis that the table leaves out, if it leaves out only one.
    pub fn third(&self) -> Option<usize> {
        let columns = self.columns?;
        (0..AXES.len()).find(|&axis| axis != self.rows && axis != columns)
    }

    pub fn row_axis<'c>(&self, coverage: &'c PolicyCoverage) -> &'c Axis {
        &coverage.axes()[self.rows]
    }

    pub fn column_axis<'c>(&self, coverage: &'c PolicyCoverage) -> Option<&'c Axis> {
        self.columns.map(|columns| &coverage.axes()[columns])
    }

    /// The cell in a row and a column, with a segment of what the table leaves out.
    pub fn cell<'c>(
        &self,
        coverage: &'c PolicyCoverage,
        row: usize,
        column: usize,
        third: usize,
    ) -> Option<&'c PolicyCell> {
        let mut at = [third; 3];
        if self.third().is_none() {
            at = [0; 3];
        }
        at[self.rows] = row;
        if let Some(columns) = self.columns {
            at[columns] = column;
        }
        coverage.cell(at)
    }

    pub fn column_count(&self, coverage: &PolicyCoverage) -> usize {
        self.column_axis(coverage).map_or(1, |axis| axis.segments.len())
    }

    /// The rows in which some cell can have a line.
    pub fn rows_with_lines(&self, coverage: &PolicyCoverage, third: usize) -> Vec<usize> {
        let rows = 0..self.row_axis(coverage).segments.len();
        let has_lines = |row: &usize| {
            (0..self.column_count(coverage))
                .any(|column| self.cell(coverage, *row, column, third).is_some_and(|cell| !cell.is_empty))
        };
        rows.filter(has_lines).collect()
    }

    /// The gaps of the table, those with most value first, then the gravest. Rows and columns of all codes have none of
    /// their own.
    pub fn gaps<'c>(&self, coverage: &'c PolicyCoverage) -> Vec<(&'c PolicyCell, Gap)> {
        let mut gaps = Vec::new();
        for row in 0..self.row_axis(coverage).segments.len() {
            for column in 0..self.column_count(coverage) {
                if is_whole(self.row_axis(coverage), row)
                    || self.column_axis(coverage).is_some_and(|axis| is_whole(axis, column))
                {
                    continue;
                }
                let cell = self.cell(coverage, row, column, 0);
                gaps.extend(cell.and_then(|cell| Some((cell, cell.gap?))));
            }
        }
        gaps.sort_by_key(|(cell, gap)| (std::cmp::Reverse((cell.trade.value_cents, cell.trade.lines)), *gap));
        gaps
    }
}

/// Whether a segment is all codes of an axis that has others too.
pub fn is_whole(axis: &Axis, at: usize) -> bool {
    axis.segments.len() > 1 && axis.segments.get(at).is_some_and(|segment| segment.segment == Segment::All)
}

/// Whether a cell is of all regions, goods and modes: it has nothing that rules could name.
pub fn is_everything(cell: &PolicyCell) -> bool {
    cell.by_region + cell.by_commodity + cell.by_mode == 0 && cell.gap.is_none()
}

/// The name of the mildest channel.
pub fn mildest(pack: &Pack) -> &str {
    pack.channels.first().map_or("", |channel| channel.name.as_str())
}

/// Points within reach: `40`, `40+` where some are computed from the line.
pub fn points(reach: &qingfeng::tools::policy_coverage::Reach) -> String {
    match (reach.points, reach.computed) {
        (0, 0) => "0".to_owned(),
        (0, _) => "computed".to_owned(),
        (points, 0) => points.to_string(),
        (points, _) => format!("{points}+"),
    }
}

/// Why a cell is a gap.
pub fn why(gap: Gap, cell: &PolicyCell, mildest: &str) -> String {
    match gap {
        Gap::Nothing => "no rule is there".to_owned(),
        Gap::Unnamed => "no rule names it".to_owned(),
        Gap::Weak => {
            let rules = if cell.named.rules == 1 {
                "1 rule names".to_owned()
            } else {
                format!("{} rules name", cell.named.rules)
            };
            format!("{rules} it: {} points, stays {mildest}", cell.named.points)
        }
    }
}

/// Hundredths as whole units.
pub fn units(cents: i128) -> i128 {
    let half = if cents < 0 { -50 } else { 50 };
    (cents + half) / 100
}

/// Hundredths in few letters: `950`, `1.2k`, `35M`.
pub fn short(cents: i128) -> String {
    let units = units(cents);
    let scale = [(1_000_000_000_000, "T"), (1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")];
    match scale.into_iter().find(|(scale, _)| units.abs() >= *scale) {
        None => units.to_string(),
        Some((scale, letter)) if units.abs() < scale * 10 => {
            let tenths = units * 10 / scale;
            format!("{}.{}{letter}", tenths / 10, tenths.abs() % 10)
        }
        Some((scale, letter)) => format!("{}{letter}", units / scale),
    }
}

#[cfg(test)]
mod tests;
