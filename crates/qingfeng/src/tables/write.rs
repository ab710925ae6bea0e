//! Rows of a table in the making.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, ListBuilder, StringBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use qingfeng_rules::Date;

use super::{Col, Day, Flag, Integer, Number, Table, Text, Texts};

/// Makes rows of a table, cell by cell in any order. A row without a cell for a column has none there.
///
/// ```
/// use qingfeng::tables::RowWriter;
///
/// qingfeng::columns! {
///     /// Who waits where.
///     pub Queue = "a table of queues";
///     site: Text Needed "The site.";
///     waiting: Integer Optional "How many wait.";
/// }
/// let columns = Queue::COLUMNS;
/// let mut rows = RowWriter::new(&Queue::TABLE);
/// rows.integer(columns.waiting, 3).text(columns.site, "yiwu").end();
/// rows.text(columns.site, "dalian").end();
/// assert_eq!(rows.finish()?.num_rows(), 2);
/// # Ok::<(), arrow_schema::ArrowError>(())
/// ```
#[derive(Debug)]
pub struct RowWriter {
    schema: SchemaRef,
    columns: Vec<Cells>,
    rows: usize,
}

#[derive(Debug)]
enum Cells {
    Day(Date32Builder),
    Integer(Int64Builder),
    Number(Float64Builder),
    Text(StringBuilder),
    Flag(BooleanBuilder),
    Texts(ListBuilder<StringBuilder>),
}

macro_rules! each {
    ($cells:expr, $builder:ident => $do:expr) => {
        match $cells {
            Cells::Day($builder) => $do,
            Cells::Integer($builder) => $do,
            Cells::Number($builder) => $do,
            Cells::Text($builder) => $do,
            Cells::Flag($builder) => $do,
            Cells::Texts($builder) => $do,
        }
    };
}

impl RowWriter {
    /// No rows of a table yet.
    pub fn new(table: &Table) -> Self {
        let schema = table.schema();
        let cells = |field: &Arc<arrow_schema::Field>| match field.data_type() {
            DataType::Date32 => Cells::Day(Date32Builder::new()),
            DataType::Int64 => Cells::Integer(Int64Builder::new()),
            DataType::Float64 => Cells::Number(Float64Builder::new()),
            DataType::Boolean => Cells::Flag(BooleanBuilder::new()),
            DataType::List(item) => {
                Cells::Texts(ListBuilder::new(StringBuilder::new()).with_field(Arc::clone(item)))
            }
            _ => Cells::Text(StringBuilder::new()),
        };
        let columns = schema.fields().iter().map(cells).collect();
        Self { schema, columns, rows: 0 }
    }

    /// A text.
    pub fn text<'t>(&mut self, column: Col<Text>, text: impl Into<Option<&'t str>>) -> &mut Self {
        if let Cells::Text(cells) = &mut self.columns[column.at()] {
            cells.append_option(text.into());
        }
        self
    }

    /// A day.
    pub fn date(&mut self, column: Col<Day>, day: impl Into<Option<Date>>) -> &mut Self {
        if let Cells::Day(cells) = &mut self.columns[column.at()] {
            cells.append_option(day.into().map(Date::days));
        }
        self
    }

    /// A whole number.
    pub fn integer(&mut self, column: Col<Integer>, number: impl Into<Option<i64>>) -> &mut Self {
        if let Cells::Integer(cells) = &mut self.columns[column.at()] {
            cells.append_option(number.into());
        }
        self
    }

    /// A count; what is beyond the whole numbers of tables is missing.
    pub fn count(&mut self, column: Col<Integer>, count: u64) -> &mut Self {
        self.integer(column, i64::try_from(count).ok())
    }

    /// A number.
    pub fn number(&mut self, column: Col<Number>, number: impl Into<Option<f64>>) -> &mut Self {
        if let Cells::Number(cells) = &mut self.columns[column.at()] {
            cells.append_option(number.into());
        }
        self
    }

    /// Yes or no.
    pub fn flag(&mut self, column: Col<Flag>, flag: impl Into<Option<bool>>) -> &mut Self {
        if let Cells::Flag(cells) = &mut self.columns[column.at()] {
            cells.append_option(flag.into());
        }
        self
    }

    /// A list of texts.
    pub fn texts<'t>(&mut self, column: Col<Texts>, texts: impl IntoIterator<Item = &'t str>) -> &mut Self {
        if let Cells::Texts(cells) = &mut self.columns[column.at()] {
            texts.into_iter().for_each(|text| cells.values().append_value(text));
            cells.append(true);
        }
        self
    }

    /// The end of a row: cells that were not given are missing.
    pub fn end(&mut self) {
        use arrow_array::builder::ArrayBuilder as _;
        self.rows += 1;
        for cells in &mut self.columns {
            each!(cells, cells => if cells.len() < self.rows { cells.append_null() });
        }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The rows; the next ones start from none.
    ///
    /// # Errors
    ///
    /// A cell that must be there is missing, or one was given twice.
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows = 0;
        let columns = self
            .columns
            .iter_mut()
            .map(|cells| -> ArrayRef { each!(cells, cells => Arc::new(cells.finish())) });
        RecordBatch::try_new(Arc::clone(&self.schema), columns.collect())
    }
}
