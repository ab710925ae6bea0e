//! Consignments of the generator as rows that can be rewritten, with the truth of each line.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, PrimitiveArray, RecordBatch,
    StringArray,
};
use arrow_schema::{ArrowError, DataType};

use crate::generate::{Generated, Generator};
use qingfeng_store::Verdict;
use qingfeng_store::Violation;

/// Columns of [`Generator::schema`], by position.
pub(super) mod column {
    pub(in super::super) const ID: usize = 0;
    pub(in super::super) const DECLARED_ON: usize = 1;
    pub(in super::super) const PORT: usize = 2;
    pub(in super::super) const OFFICE: usize = 3;
    pub(in super::super) const SITE_KIND: usize = 4;
    pub(in super::super) const PLACE: usize = 5;
    pub(in super::super) const MODE: usize = 11;
    pub(in super::super) const EXPORTER: usize = 13;
    pub(in super::super) const ITEM_NO: usize = 19;
    pub(in super::super) const HS: usize = 20;
    pub(in super::super) const BRAND: usize = 22;
    pub(in super::super) const BRAND_KIND: usize = 23;
    pub(in super::super) const QUANTITY: usize = 25;
    pub(in super::super) const NET: usize = 27;
    pub(in super::super) const GROSS: usize = 28;
    pub(in super::super) const VALUE: usize = 29;
    pub(in super::super) const PACKAGES: usize = 30;
}

/// A value of a line, or that it is missing.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Text(Option<String>),
    Whole(Option<i64>),
    Number(Option<f64>),
    Day(Option<i32>),
}

/// What a full inspection of a line finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LineTruth {
    pub(super) violation: Option<Violation>,
    pub(super) pieces: i64,
    pub(super) value_cents: i64,
    /// In yuan.
    pub(super) fine: i64,
    pub(super) major_case: bool,
}

/// A goods line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    /// In the order of [`Generator::schema`].
    pub(super) cells: Vec<Cell>,
    pub(super) truth: LineTruth,
}

/// A declaration and what it hides.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Consignment {
    pub(super) lines: Vec<Line>,
}

impl Line {
    pub(super) fn text(&self, column: usize) -> Option<&str> {
        match self.cells.get(column) {
            Some(Cell::Text(text)) => text.as_deref(),
            _ => None,
        }
    }

    pub(super) fn set_text(&mut self, column: usize, text: Option<String>) {
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = Cell::Text(text);
        }
    }

    /// An amount in hundredths, as the generator writes them; whole numbers in hundredths too.
    pub(super) fn hundredths(&self, column: usize) -> Option<i64> {
        match self.cells.get(column) {
            Some(Cell::Number(number)) => number.map(|number| (number * 100.0).round() as i64),
            Some(Cell::Whole(whole)) => whole.map(|whole| whole.saturating_mul(100)),
            _ => None,
        }
    }

    pub(super) fn set_hundredths(&mut self, column: usize, amount: Option<i64>) {
        match self.cells.get_mut(column) {
            Some(Cell::Number(number)) => *number = amount.map(|amount| amount as f64 / 100.0),
            Some(Cell::Whole(whole)) => *whole = amount.map(|amount| amount / 100),
            _ => {}
        }
    }

    pub(super) fn set_whole(&mut self, column: usize, value: i64) {
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = Cell::Whole(Some(value));
        }
    }
}

impl Consignment {
    /// A text of the header.
    pub(super) fn header(&self, column: usize) -> Option<&str> {
        self.lines.first()?.text(column)
    }

    pub(super) fn set_header(&mut self, column: usize, text: Option<&str>) {
        for line in &mut self.lines {
            line.set_text(column, text.map(str::to_owned));
        }
    }

    /// All of it that a full inspection finds.
    pub(super) fn truth(&self) -> LineTruth {
        combined(self.lines.iter().map(|line| line.truth))
    }
}

/// The truths of the lines of a declaration, put together: the first violation names it.
pub(super) fn combined(lines: impl Iterator<Item = LineTruth>) -> LineTruth {
    lines.fold(LineTruth::default(), |sum, line| LineTruth {
        violation: sum.violation.or(line.violation),
        pieces: sum.pieces + line.pieces,
        value_cents: sum.value_cents + line.value_cents,
        fine: sum.fine + line.fine,
        major_case: sum.major_case || line.major_case,
    })
}

/// The columns of generated lines that are read on every line.
pub(super) struct Columns<'g> {
    generated: &'g Generated,
    texts: [Option<&'g StringArray>; 33],
    result: &'g StringArray,
    pieces: &'g Int64Array,
    value: &'g Float64Array,
    fine: &'g Float64Array,
    major_case: &'g BooleanArray,
}

impl<'g> Columns<'g> {
    /// `None` for batches that are not the generator's.
    pub(super) fn new(generated: &'g Generated) -> Option<Self> {
        let mut texts = [None; 33];
        for (at, column) in generated.declarations.columns().iter().enumerate().take(33) {
            texts[at] = column.as_any().downcast_ref::<StringArray>();
        }
        let of = |at: usize| generated.outcomes.columns().get(at);
        Some(Self {
            generated,
            texts,
            result: of(3)?.as_any().downcast_ref()?,
            pieces: of(5)?.as_any().downcast_ref()?,
            value: of(6)?.as_any().downcast_ref()?,
            fine: of(7)?.as_any().downcast_ref()?,
            major_case: of(8)?.as_any().downcast_ref()?,
        })
    }

    pub(super) fn text(&self, column: usize, line: usize) -> Option<&'g str> {
        let texts = self.texts.get(column).copied().flatten()?;
        texts.is_valid(line).then(|| texts.value(line))
    }

    /// The declarations, by their lines.
    pub(super) fn declarations(&self) -> Vec<Range<usize>> {
        let lines = self.generated.declarations.num_rows();
        let mut ranges = Vec::new();
        let mut start = 0;
        for line in 1..=lines {
            if line == lines || self.text(column::ID, line) != self.text(column::ID, start) {
                ranges.push(start..line);
                start = line;
            }
        }
        ranges
    }

    pub(super) fn truth(&self, line: usize) -> LineTruth {
        match Verdict::from_name(self.result.value(line)) {
            Some(Verdict::Violation(violation)) => LineTruth {
                violation: Some(violation),
                pieces: self.pieces.value(line),
                value_cents: (self.value.value(line) * 100.0).round() as i64,
                fine: self.fine.value(line).round() as i64,
                major_case: self.major_case.value(line),
            },
            _ => LineTruth::default(),
        }
    }

    /// The lines of a declaration, to be rewritten.
    pub(super) fn consignment(&self, lines: Range<usize>) -> Consignment {
        let cells = |line: usize| {
            let columns = self.generated.declarations.columns().iter();
            columns.map(|column| cell(column, line)).collect()
        };
        Consignment {
            lines: lines.map(|line| Line { cells: cells(line), truth: self.truth(line) }).collect(),
        }
    }
}

fn cell(column: &ArrayRef, line: usize) -> Cell {
    let any = column.as_any();
    let is_valid = column.is_valid(line);
    if let Some(numbers) = any.downcast_ref::<Int64Array>() {
        return Cell::Whole(is_valid.then(|| numbers.value(line)));
    }
    if let Some(numbers) = any.downcast_ref::<Float64Array>() {
        return Cell::Number(is_valid.then(|| numbers.value(line)));
    }
    if let Some(days) = any.downcast_ref::<Date32Array>() {
        return Cell::Day(is_valid.then(|| days.value(line)));
    }
    let texts = any.downcast_ref::<StringArray>();
    Cell::Text(texts.filter(|_| is_valid).map(|texts| texts.value(line).to_owned()))
}

/// Consignments as a table like the generator's.
pub(super) fn table(consignments: &[Consignment]) -> Result<RecordBatch, ArrowError> {
    let schema = Generator::schema();
    let lines: Vec<&Line> = consignments.iter().flat_map(|consignment| &consignment.lines).collect();
    let columns = schema.fields().iter().enumerate().map(|(at, field)| -> ArrayRef {
        match field.data_type() {
            DataType::Int64 => Arc::new(PrimitiveArray::<Int64Type>::from_iter(lines.iter().map(|line| {
                match line.cells.get(at) {
                    Some(Cell::Whole(whole)) => *whole,
                    _ => None,
                }
            }))),
            DataType::Float64 => {
                Arc::new(PrimitiveArray::<Float64Type>::from_iter(lines.iter().map(|line| {
                    match line.cells.get(at) {
                        Some(Cell::Number(number)) => *number,
                        _ => None,
                    }
                })))
            }
            DataType::Date32 => Arc::new(PrimitiveArray::<Date32Type>::from_iter(lines.iter().map(|line| {
                match line.cells.get(at) {
                    Some(Cell::Day(day)) => *day,
                    _ => None,
                }
            }))),
            _ => Arc::new(StringArray::from_iter(lines.iter().map(|line| line.text(at)))),
        }
    });
    RecordBatch::try_new(Arc::clone(&schema), columns.collect())
}

#[cfg(test)]
mod tests;
