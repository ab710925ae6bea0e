//! Tables with fixed columns: those that the commands write and read back, and those that people keep.
//!
//! A table's columns are declared once, with [`columns!`](crate::columns): name, type, whether a cell may be missing, unit,
//! other headers, and what it says. Reading ([`RowReader`], [`stream`]), writing ([`RowWriter`]), the Arrow schema, the table
//! in the documents and the texts of errors follow from it. A column is addressed by its handle, which knows its type.

mod arrays;
mod rows;
mod sheet;
mod write;

use std::fmt::Write as _;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};

pub use rows::{BatchRows, Row, RowReader};
pub(crate) use sheet::plain_field;
pub use sheet::{KEPT_REJECTS, Mistake, SheetRow, Streamed, Take, schema_of_rows, stream, stream_fields};
pub use write::RowWriter;

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// Text.
    Text,
    /// Days.
    Day,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
    /// Yes or no.
    Flag,
    /// Lists of texts.
    Texts,
}

/// Whether a cell may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// A table without the column is refused, and so is a row without a value.
    Needed,
    /// A table without the column is refused; a value may be missing.
    Headed,
    /// Each row that is written has a value; tables that are read may lack the column.
    Always,
    /// A value may be missing.
    Optional,
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What its cells hold.
    pub kind: CellKind,
    /// Whether a cell may be missing.
    pub presence: Presence,
    /// The unit of its numbers.
    pub unit: Option<&'static str>,
    /// Other headers under which it is found.
    pub headers: &'static [&'static str],
    /// What it says, in one sentence.
    pub doc: &'static str,
}

/// The columns of a table, and what the table is.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// What it is, as an error asks: `a plan, as qingfeng plan writes it`.
    pub what: &'static str,
    /// Its columns, in the order in which they are written.
    pub columns: &'static [Column],
}

/// A column's place in its table, with the type of its cells.
#[derive(Debug)]
pub struct Col<K> {
    at: usize,
    kind: PhantomData<fn() -> K>,
}

impl<K> Clone for Col<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Col<K> {}

impl<K> Col<K> {
    /// The column at a place; [`columns!`](crate::columns) counts them.
    pub const fn new(at: usize) -> Self {
        Self { at, kind: PhantomData }
    }

    /// Its place.
    pub const fn at(self) -> usize {
        self.at
    }
}

/// The type of a column's cells.
pub trait CellType: sealed::Sealed {
    /// What they hold.
    const KIND: CellKind;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! cell_types {
    ($($(#[$doc:meta])* $kind:ident),+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $kind {}
        impl sealed::Sealed for $kind {}
        impl CellType for $kind {
            const KIND: CellKind = CellKind::$kind;
        }
    )+ };
}

cell_types! {
    /// Cells of text.
    Text,
    /// Cells of days.
    Day,
    /// Cells of whole numbers.
    Integer,
    /// Cells of numbers.
    Number,
    /// Cells of yes or no.
    Flag,
    /// Cells of lists of texts.
    Texts
}

/// Declares the columns of a table: a struct with a handle for each, in its constant `COLUMNS`, and the table itself in
/// `TABLE`.
///
/// ```
/// qingfeng::columns! {
///     /// Who waits where.
///     pub Queue = "a table of queues";
///     site: Text Needed "The site." also "office";
///     waiting: Integer Optional "How many wait." unit "declarations";
/// }
/// assert_eq!(Queue::COLUMNS.waiting.at(), 1);
/// assert_eq!(Queue::TABLE.schema().field(0).name(), "site");
/// assert!(Queue::TABLE.markdown().contains("| `waiting` | integer, declarations | How many wait. |"));
/// ```
#[macro_export]
macro_rules! columns {
    (
        $(#[$meta:meta])*
        $vis:vis $set:ident = $what:literal;
        $(
            $column:ident: $kind:ident $presence:ident $doc:literal $(unit $unit:literal)? $(also $header:literal)*;
        )+
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        $vis struct $set {
            $( #[doc = $doc] pub $column: $crate::tables::Col<$crate::tables::$kind>, )+
        }

        impl $set {
            /// The table.
            $vis const TABLE: $crate::tables::Table = $crate::tables::Table {
                what: $what,
                columns: &[ $( $crate::tables::Column {
                    name: stringify!($column),
                    kind: <$crate::tables::$kind as $crate::tables::CellType>::KIND,
                    presence: $crate::tables::Presence::$presence,
                    unit: $crate::columns!(@unit $($unit)?),
                    headers: &[ $($header),* ],
                    doc: $doc,
                } ),+ ],
            };

            /// Its columns.
            $vis const COLUMNS: Self = {
                #[expect(non_camel_case_types, reason = "columns are counted by the numbers of these variants")]
                enum At { $($column),+ }
                Self { $( $column: $crate::tables::Col::new(At::$column as usize), )+ }
            };
        }
    };
    (@unit) => { None };
    (@unit $unit:literal) => { Some($unit) };
}

impl CellKind {
    /// Its name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Day => "date",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Flag => "flag",
            Self::Texts => "list",
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Day => DataType::Date32,
            Self::Integer => DataType::Int64,
            Self::Number => DataType::Float64,
            Self::Flag => DataType::Boolean,
            Self::Texts => DataType::List(Arc::new(Field::new("item", DataType::Utf8, false))),
        }
    }
}

impl Table {
    /// Its columns in Arrow.
    pub fn schema(&self) -> SchemaRef {
        let fields = self.columns.iter().map(|column| {
            Field::new(
                column.name,
                column.kind.data_type(),
                !matches!(column.presence, Presence::Needed | Presence::Always),
            )
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// The table of its columns as the documents have it, in Markdown.
    pub fn markdown(&self) -> String {
        let mut out = "| column | type | |\n| --- | --- | --- |\n".to_owned();
        for column in self.columns {
            let unit = column.unit.map(|unit| format!(", {unit}")).unwrap_or_default();
            let (name, kind) = (column.name, column.kind.name());
            let _ = writeln!(out, "| `{name}` | {kind}{unit} | {} |", column.doc);
        }
        out
    }
}
