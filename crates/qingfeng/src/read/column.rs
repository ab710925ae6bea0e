//! Columns while they grow.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{
    Array as _, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray, new_null_array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use qingfeng_rules::{CodeList, Date, Field, Kind, Level, Zone};

use super::cast::CastDictionary;
use super::cell;
use super::changes::{Change, Changes};
use super::lines::data_type;
use super::reject::{Problem, shown};

/// The number of writings of a code list's codes that a column remembers.
const REMEMBERED_CODES: usize = 4096;

/// The values of one field, line by line. A line can be taken back, which Arrow's builders do not offer.
#[derive(Debug)]
pub struct Column {
    field: Field,
    values: Values,
    /// The canonical forms of countries met before: looking a country up takes longer than all else here.
    codes: HashMap<Box<str>, (Box<str>, Option<Change>)>,
    /// The cell whose value was appended last, if the field belongs to the declaration: the next line mostly has the
    /// same one.
    last: Option<String>,
    /// What was done to the cell that was appended last, and to those before it.
    change: Option<Change>,
    changes: Changes,
    /// A column without any value, made once: files lack most fields that a declaration can have.
    absent: Option<ArrayRef>,
    /// The dictionary that was cast last: batches of one file mostly share it.
    pub(super) dictionary: Option<Arc<CastDictionary>>,
}

#[derive(Debug)]
enum Values {
    /// Text and codes, one after the other, with the end of each. An empty one is missing.
    Text {
        text: Vec<u8>,
        ends: Vec<i32>,
    },
    Integer(Cells<i64>),
    Number(Cells<f64>),
    Flag(Cells<bool>),
    Date(Cells<i32>),
}

/// Values that are no texts, and which of them are there.
#[derive(Debug, Default)]
struct Cells<T> {
    values: Vec<T>,
    valid: Vec<bool>,
}

impl<T: Copy + Default> Cells<T> {
    fn push(&mut self, value: T) {
        self.values.push(value);
        self.valid.push(true);
    }

    fn push_null(&mut self) {
        self.values.push(T::default());
        self.valid.push(false);
    }

    fn push_again(&mut self) {
        self.values.extend(self.values.last().copied());
        self.valid.extend(self.valid.last().copied());
    }

    fn reserve(&mut self, lines: usize) {
        self.values.reserve(lines);
        self.valid.reserve(lines);
    }

    fn truncate(&mut self, lines: usize) {
        self.values.truncate(lines);
        self.valid.truncate(lines);
    }
}

/// Does one thing with texts, and another with cells of any type.
macro_rules! each {
    ($values:expr, ($text:ident, $ends:ident) => $of_text:expr, $cells:ident => $of_cells:expr) => {
        match $values {
            Values::Text { text: $text, ends: $ends } => $of_text,
            Values::Integer($cells) => $of_cells,
            Values::Number($cells) => $of_cells,
            Values::Flag($cells) => $of_cells,
            Values::Date($cells) => $of_cells,
        }
    };
}

impl Values {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Code => Self::Text { text: Vec::new(), ends: vec![0] },
            Kind::Integer => Self::Integer(Cells::default()),
            Kind::Number => Self::Number(Cells::default()),
            Kind::Flag => Self::Flag(Cells::default()),
            Kind::Date => Self::Date(Cells::default()),
        }
    }
}

impl Column {
    pub fn new(field: &Field) -> Self {
        Self {
            field: field.clone(),
            values: Values::new(field.kind),
            codes: HashMap::new(),
            last: None,
            change: None,
            changes: Changes::default(),
            absent: None,
            dictionary: None,
        }
    }

    /// So many missing values; what was appended is left alone.
    pub fn absent(&mut self, lines: usize) -> ArrayRef {
        match &self.absent {
            Some(known) if known.len() == lines => Arc::clone(known),
            Some(known) if known.len() > lines => known.slice(0, lines),
            _ => Arc::clone(self.absent.insert(new_null_array(&data_type(self.field.kind), lines))),
        }
    }

    pub fn field(&self) -> &Field {
        &self.field
    }

    /// Appends the value of a cell; a blank one is missing.
    pub fn push(&mut self, raw: &str) -> Result<(), Problem> {
        if self.field.level == Level::Item && self.field.reading.part.is_none() {
            return self.push_new(raw);
        }
        if self.last.as_deref() == Some(raw) {
            self.push_again();
            return Ok(());
        }
        let mut last = self.last.take().unwrap_or_default();
        self.push_new(raw)?;
        last.clear();
        last.push_str(raw);
        self.last = Some(last);
        Ok(())
    }

    /// Appends the value that was appended last.
    pub fn push_again(&mut self) {
        each!(&mut self.values, (text, ends) => {
            if let [.., start, end] = ends[..] {
                text.extend_from_within(start as usize..end as usize);
            }
            ends.push(text.len() as i32);
        }, cells => cells.push_again());
        if let Some(change) = self.change {
            self.changes.count(0, change, String::new);
        }
    }

    /// The same without a look at the value before.
    pub fn push_new(&mut self, raw: &str) -> Result<(), Problem> {
        match self.field.reading.part {
            Some(part) => self.push_cell(&cell::part(part, raw)?),
            None => self.push_cell(raw),
        }
    }

    fn push_cell(&mut self, raw: &str) -> Result<(), Problem> {
        self.change = None;
        let mut change = None;
        match &mut self.values {
            Values::Text { text, ends } => {
                let start = text.len();
                let is_country = self.field.codes.is_some_and(CodeList::is_country);
                if self.field.kind == Kind::Text {
                    text.extend_from_slice(cell::text(raw, &self.field, &mut change)?.as_bytes());
                } else if !is_country {
                    text.extend_from_slice(cell::code(raw, &self.field, &mut change)?.as_bytes());
                } else if matches!(raw.as_bytes(), [b'A'..=b'Z', b'A'..=b'Z']) {
                    // The code of a country, or of none.
                    text.extend_from_slice(raw.as_bytes());
                } else if let Some((code, done)) = self.codes.get(raw) {
                    text.extend_from_slice(code.as_bytes());
                    change = *done;
                } else {
                    let code = cell::code(raw, &self.field, &mut change)?;
                    text.extend_from_slice(code.as_bytes());
                    if self.codes.len() < REMEMBERED_CODES && raw.len() < 32 {
                        self.codes.insert(raw.into(), (code.into(), change));
                    }
                }
                if text.len() == start && self.field.required {
                    return Err(cell::missing(&self.field));
                }
                ends.push(text.len() as i32);
            }
            values => {
                let raw = cell::trim(raw);
                if raw.is_empty() {
                    return self.push_missing();
                }
                if cell::is_null(raw, &self.field) {
                    self.push_missing()?;
                    change = Some(Change::Null);
                } else {
                    match values {
                        Values::Text { .. } => {}
                        Values::Integer(cells) => cells.push(cell::integer(raw, &self.field, &mut change)?),
                        Values::Number(cells) => cells.push(cell::number(raw, &self.field, &mut change)?),
                        Values::Flag(cells) => cells.push(cell::flag(&cell::bare(raw, &mut change))?),
                        Values::Date(cells) => match cell::date(raw, &self.field, &mut change)? {
                            Some(day) => cells.push(day),
                            None => self.push_missing()?,
                        },
                    }
                }
            }
        }
        if change.is_some() {
            self.changed(change, raw);
        }
        Ok(())
    }

    /// Counts what was done to the cell that was appended last.
    #[cold]
    fn changed(&mut self, change: Option<Change>, raw: &str) {
        self.change = change;
        if let Some(change) = change {
            let read = self.last_shown();
            self.changes.count(0, change, || match read {
                Some(read) => format!("`{}` is read as `{}`", shown(raw), shown(&read)),
                None => format!("`{}` is missing", shown(raw)),
            });
        }
    }

    /// Whether the value that was appended last is missing.
    pub fn is_last_missing(&self) -> bool {
        each!(&self.values, (_text, ends) => matches!(ends[..], [.., start, end] if start == end),
            cells => cells.valid.last() == Some(&false))
    }

    /// The value that was appended last, as people read it; `None` if it is missing.
    fn last_shown(&self) -> Option<String> {
        fn last<T: Copy>(cells: &Cells<T>) -> Option<T> {
            cells.values.last().copied().filter(|_| cells.valid.last() == Some(&true))
        }
        match &self.values {
            Values::Text { .. } => self.last_text().filter(|text| !text.is_empty()).map(str::to_owned),
            Values::Integer(cells) => last(cells).map(|value| value.to_string()),
            Values::Number(cells) => last(cells).map(|value| value.to_string()),
            Values::Flag(cells) => last(cells).map(|value| value.to_string()),
            Values::Date(cells) => last(cells).and_then(Date::from_days).map(|day| day.to_string()),
        }
    }

    /// Counts what was done to a cell elsewhere.
    pub fn add_changes(&mut self, changes: Changes) {
        self.changes.add(changes);
    }

    /// What was done to cells, and nothing from now on.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// Appends a text that is in its form already.
    pub fn push_as_is(&mut self, raw: &str) {
        (self.last, self.change) = (None, None);
        if let Values::Text { text, ends } = &mut self.values {
            text.extend_from_slice(raw.as_bytes());
            ends.push(text.len() as i32);
        }
    }

    /// Appends a missing value, if the field may lack one.
    pub fn push_missing(&mut self) -> Result<(), Problem> {
        if self.field.required {
            return Err(cell::missing(&self.field));
        }
        self.push_null();
        Ok(())
    }

    /// Appends a missing value whether the field may lack one or not, where it could not be read.
    pub fn push_null(&mut self) {
        (self.last, self.change) = (None, None);
        each!(&mut self.values, (text, ends) => ends.push(text.len() as i32), cells => cells.push_null());
    }

    /// Appends a whole number to a column of whole numbers, or of numbers.
    pub fn push_integer(&mut self, value: i64) -> Result<(), Problem> {
        self.last = None;
        match &mut self.values {
            Values::Integer(cells) => {
                cell::in_bounds_integer(value, &self.field)?;
                cells.push(value);
                Ok(())
            }
            Values::Number(..) => self.push_number(value as f64),
            _ => self.push(&value.to_string()),
        }
    }

    /// Appends a number to a column of numbers; in other columns it counts as [`cell::number_text`] writes it.
    pub fn push_number(&mut self, value: f64) -> Result<(), Problem> {
        self.last = None;
        match &mut self.values {
            // What is no number is missing, as in text.
            _ if value.is_nan() => {
                self.push_missing()?;
                self.changed(Some(Change::Null), "NaN");
                Ok(())
            }
            _ if !value.is_finite() => Err(cell::not_finite(&value.to_string())),
            Values::Number(cells) => {
                cell::in_bounds(value, &self.field)?;
                cells.push(value + 0.0);
                Ok(())
            }
            Values::Text { .. } if self.field.kind == Kind::Code || self.field.reading.is_id => {
                self.push(&cell::number_code(value)?)
            }
            _ => self.push(&cell::number_text(value)),
        }
    }

    /// Makes room for so many more lines.
    pub fn reserve(&mut self, lines: usize) {
        each!(&mut self.values, (_text, ends) => ends.reserve(lines), cells => cells.reserve(lines));
    }

    /// Appends the day of a moment in seconds since 1970-01-01. A column of text gets the day, too.
    pub fn push_moment(&mut self, seconds: i64, stated: Option<Zone>) -> Result<(), Problem> {
        let mut change = None;
        let shown =
            || Zone::UTC.day(seconds).map_or_else(|| seconds.to_string(), |day| format!("{day}, UTC"));
        let days = self.field.reading.zone;
        let day = cell::day_of(seconds, stated, days, &mut change)
            .ok_or_else(|| cell::moment_without_zone(&shown()))?;
        self.push_date(day)?;
        if change.is_some() && self.change.is_none() {
            self.changed(change, &shown());
        }
        Ok(())
    }

    /// Appends a day to a column of dates; in other columns it counts as it is written.
    pub fn push_date(&mut self, date: Date) -> Result<(), Problem> {
        match &mut self.values {
            Values::Date(_) if cell::is_no_day(date) => {
                self.push_missing()?;
                self.changed(Some(Change::NoDay), &date.to_string());
                Ok(())
            }
            Values::Date(cells) => {
                (self.last, self.change) = (None, None);
                cell::in_bounds(f64::from(date.days()), &self.field)?;
                cells.push(date.days());
                Ok(())
            }
            _ => self.push(&date.to_string()),
        }
    }

    /// The last text appended, of a column of text or codes.
    pub fn last_text(&self) -> Option<&str> {
        match &self.values {
            Values::Text { text, ends } => match ends[..] {
                [.., start, end] => std::str::from_utf8(text.get(start as usize..end as usize)?).ok(),
                _ => None,
            },
            _ => None,
        }
    }

    /// Takes back all lines after the first `lines`.
    pub fn truncate(&mut self, lines: usize) {
        (self.last, self.change) = (None, None);
        each!(&mut self.values, (text, ends) => {
            ends.truncate(lines + 1);
            text.truncate(ends.last().map_or(0, |&end| end as usize));
        }, cells => cells.truncate(lines));
    }

    /// The column as an array of the field's canonical type. The column is empty afterwards.
    pub fn finish(&mut self) -> ArrayRef {
        self.last = None;
        let next = match &self.values {
            Values::Text { text, ends } => {
                let mut next_ends = Vec::with_capacity(ends.len());
                next_ends.push(0);
                Values::Text { text: Vec::with_capacity(text.len()), ends: next_ends }
            }
            _ => Values::new(self.field.kind),
        };
        match std::mem::replace(&mut self.values, next) {
            Values::Text { text, ends } => {
                let missing = ends.windows(2).any(|ends| ends[1] == ends[0]);
                let nulls = missing.then(|| {
                    NullBuffer::new(BooleanBuffer::collect_bool(ends.len() - 1, |at| ends[at + 1] > ends[at]))
                });
                let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
                let bytes = Buffer::from_vec(text);
                Arc::new(StringArray::new(offsets, bytes, nulls))
            }
            Values::Integer(cells) => Arc::new(Int64Array::new(cells.values.into(), nulls(cells.valid))),
            Values::Number(cells) => Arc::new(Float64Array::new(cells.values.into(), nulls(cells.valid))),
            Values::Flag(cells) => Arc::new(BooleanArray::new(cells.values.into(), nulls(cells.valid))),
            Values::Date(cells) => Arc::new(Date32Array::new(cells.values.into(), nulls(cells.valid))),
        }
    }
}

fn nulls(valid: Vec<bool>) -> Option<NullBuffer> {
    valid.contains(&false).then(|| NullBuffer::from(valid))
}
