//! Plans as Arrow tables.

use std::sync::Arc;

use arrow_array::builder::{Date32Builder, Float64Builder, Int64Builder, ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use qingfeng_rules::selection::Amount;

use super::candidate::Candidate;
use super::plan::PlannedDay;
use super::policy::{Policy, units};

/// What stands in every row of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanMarks {
    /// The pack of the assessments.
    pub pack: String,
    /// The digest of capacities and outcomes.
    pub inputs: String,
}

fn list() -> DataType {
    DataType::List(Arc::new(Field::new("item", DataType::Utf8, false)))
}

fn schema_of(columns: &[(&str, DataType, bool)]) -> SchemaRef {
    let fields = columns.iter().map(|(name, kind, nullable)| Field::new(*name, kind.clone(), *nullable));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// What both tables say of a declaration.
const OF_DECLARATION: [(&str, DataType, bool); 11] = [
    ("score", DataType::Int64, false),
    ("channel", DataType::Utf8, false),
    ("worth", DataType::Int64, false),
    ("cost", DataType::Int64, false),
    ("trader", DataType::Utf8, true),
    ("trader_class", DataType::Utf8, false),
    ("group", DataType::Utf8, false),
    ("mode", DataType::Utf8, true),
    ("destination", DataType::Utf8, true),
    ("items", DataType::Int64, false),
    ("packages", DataType::Int64, true),
];

/// The columns of a plan: one row an inspection, by day, office and order.
///
/// ```
/// let schema = qingfeng_inspection::plan_schema();
/// assert_eq!(schema.field(0).name(), "day");
/// assert!(!schema.field_with_name("probability").unwrap().is_nullable());
/// ```
pub fn plan_schema() -> SchemaRef {
    let mut columns = vec![
        ("day", DataType::Date32, false),
        ("office", DataType::Utf8, false),
        ("order", DataType::Int64, false),
        ("declaration_id", DataType::Utf8, false),
        ("selected", DataType::Utf8, false),
        ("why", list(), false),
        ("probability", DataType::Float64, false),
    ];
    columns.extend(OF_DECLARATION);
    columns.extend([
        ("value", DataType::Float64, true),
        ("rules", list(), false),
        ("stratum", DataType::Utf8, false),
        ("drawn", DataType::Int64, false),
        ("population", DataType::Int64, false),
        ("commitment", DataType::Utf8, true),
        ("pack", DataType::Utf8, false),
        ("inputs", DataType::Utf8, false),
        ("capacity", DataType::Int64, false),
        ("capacity_in", DataType::Utf8, false),
    ]);
    schema_of(&columns)
}

/// The columns of what a plan left out: one row a declaration, by day and office, the worthiest first.
pub fn left_out_schema() -> SchemaRef {
    let mut columns = vec![
        ("day", DataType::Date32, false),
        ("office", DataType::Utf8, false),
        ("declaration_id", DataType::Utf8, false),
        ("would_be", DataType::Utf8, false),
        ("why", DataType::Utf8, false),
        ("displaced_by", DataType::Utf8, true),
        ("probability", DataType::Float64, false),
    ];
    columns.extend(OF_DECLARATION);
    columns.extend([
        ("value", DataType::Float64, true),
        ("rules", list(), false),
        ("stratum", DataType::Utf8, false),
        ("pack", DataType::Utf8, false),
        ("inputs", DataType::Utf8, false),
    ]);
    schema_of(&columns)
}

/// A column in the making.
enum Column {
    Date(Date32Builder),
    Integer(Int64Builder),
    Number(Float64Builder),
    Text(StringBuilder),
    List(ListBuilder<StringBuilder>),
}

/// A cell.
enum Cell<'c> {
    Date(i32),
    Integer(Option<i64>),
    Number(Option<f64>),
    Text(Option<&'c str>),
    List(Vec<&'c str>),
}

/// Rows in the making.
struct Rows {
    schema: SchemaRef,
    columns: Vec<Column>,
    next: usize,
}

impl Rows {
    fn new(schema: SchemaRef) -> Self {
        let column = |field: &Arc<Field>| match field.data_type() {
            DataType::Date32 => Column::Date(Date32Builder::new()),
            DataType::Int64 => Column::Integer(Int64Builder::new()),
            DataType::Float64 => Column::Number(Float64Builder::new()),
            DataType::List(item) => {
                Column::List(ListBuilder::new(StringBuilder::new()).with_field(Arc::clone(item)))
            }
            _ => Column::Text(StringBuilder::new()),
        };
        let columns = schema.fields().iter().map(column).collect();
        Self { columns, schema, next: 0 }
    }

    /// The next cell of the row.
    fn put(&mut self, cell: Cell<'_>) {
        let at = self.next;
        self.next = (at + 1) % self.columns.len();
        match (&mut self.columns[at], cell) {
            (Column::Date(column), Cell::Date(day)) => column.append_value(day),
            (Column::Integer(column), Cell::Integer(value)) => column.append_option(value),
            (Column::Number(column), Cell::Number(value)) => column.append_option(value),
            (Column::Text(column), Cell::Text(text)) => column.append_option(text),
            (Column::List(column), Cell::List(texts)) => {
                texts.into_iter().for_each(|text| column.values().append_value(text));
                column.append(true);
            }
            _ => debug_assert!(false, "column {at} of {:?} is of another kind", self.schema),
        }
    }

    fn declaration(&mut self, policy: &Policy, candidate: &Candidate, worth: i64, cost: u32) {
        self.put(Cell::Integer(Some(candidate.score)));
        self.put(Cell::Text(Some(policy.channels.get(candidate.channel.index()).map_or("", String::as_str))));
        self.put(Cell::Integer(Some(worth)));
        self.put(Cell::Integer(Some(cost.into())));
        self.put(Cell::Text(candidate.trader.as_deref()));
        self.put(Cell::Text(Some(&candidate.trader_class)));
        self.put(Cell::Text(Some(&candidate.group)));
        self.put(Cell::Text(candidate.mode.as_deref()));
        self.put(Cell::Text(candidate.destination.as_deref()));
        self.put(Cell::Integer(Some(candidate.line_groups.len() as i64)));
        self.put(Cell::Integer(candidate.packages));
        self.put(Cell::Number(candidate.value.filter(|value| value.is_finite())));
        self.put(Cell::List(policy.rule_ids(candidate).collect()));
    }

    fn finish(self) -> Result<RecordBatch, ArrowError> {
        let columns = self.columns.into_iter().map(|column| -> ArrayRef {
            match column {
                Column::Date(mut column) => Arc::new(column.finish()),
                Column::Integer(mut column) => Arc::new(column.finish()),
                Column::Number(mut column) => Arc::new(column.finish()),
                Column::Text(mut column) => Arc::new(column.finish()),
                Column::List(mut column) => Arc::new(column.finish()),
            }
        });
        RecordBatch::try_new(self.schema, columns.collect())
    }
}

/// The unit of a capacity, as plans name it.
pub fn capacity_unit(capacity: Amount) -> &'static str {
    match capacity {
        Amount::Inspections(_) => "inspections",
        Amount::Points(_) => "points",
    }
}

/// The inspections of an office's day as rows of a plan. `commitment` is that of the day's key.
///
/// # Errors
///
/// What Arrow says of rows that do not fit, which none should.
pub fn plan_rows(
    planned: &PlannedDay,
    policy: &Policy,
    candidates: &[Candidate],
    commitment: Option<&str>,
    marks: &PlanMarks,
) -> Result<RecordBatch, ArrowError> {
    let mut rows = Rows::new(plan_schema());
    for (at, selected) in planned.selected.iter().enumerate() {
        let candidate = &candidates[selected.candidate];
        let stratum = &planned.strata[selected.stratum];
        rows.put(Cell::Date(planned.day.days()));
        rows.put(Cell::Text(Some(&planned.office)));
        rows.put(Cell::Integer(Some(at as i64 + 1)));
        rows.put(Cell::Text(Some(&candidate.declaration_id)));
        rows.put(Cell::Text(Some(selected.kind.name())));
        rows.put(Cell::List(selected.why.iter().map(String::as_str).collect()));
        rows.put(Cell::Number(Some(selected.probability)));
        rows.declaration(policy, candidate, selected.worth, selected.cost);
        rows.put(Cell::Text(Some(&stratum.name)));
        rows.put(Cell::Integer(Some(stratum.drawn as i64)));
        rows.put(Cell::Integer(Some(stratum.population as i64)));
        rows.put(Cell::Text(commitment));
        rows.put(Cell::Text(Some(&marks.pack)));
        rows.put(Cell::Text(Some(&marks.inputs)));
        rows.put(Cell::Integer(i64::try_from(units(planned.capacity)).ok()));
        rows.put(Cell::Text(Some(capacity_unit(planned.capacity))));
    }
    rows.finish()
}

/// What was left out of an office's day, as rows.
///
/// # Errors
///
/// What Arrow says of rows that do not fit, which none should.
pub fn left_out_rows(
    planned: &PlannedDay,
    policy: &Policy,
    candidates: &[Candidate],
    marks: &PlanMarks,
) -> Result<RecordBatch, ArrowError> {
    let mut rows = Rows::new(left_out_schema());
    for left_out in &planned.left_out {
        let candidate = &candidates[left_out.candidate];
        let stratum = &planned.strata[left_out.stratum];
        rows.put(Cell::Date(planned.day.days()));
        rows.put(Cell::Text(Some(&planned.office)));
        rows.put(Cell::Text(Some(&candidate.declaration_id)));
        rows.put(Cell::Text(Some(left_out.kind.name())));
        rows.put(Cell::Text(Some(&left_out.why)));
        rows.put(Cell::Text(left_out.displaced_by.as_deref()));
        rows.put(Cell::Number(Some(stratum.probability)));
        rows.declaration(policy, candidate, left_out.worth, left_out.cost);
        rows.put(Cell::Text(Some(&stratum.name)));
        rows.put(Cell::Text(Some(&marks.pack)));
        rows.put(Cell::Text(Some(&marks.inputs)));
    }
    rows.finish()
}

/// The digest of capacities and outcomes, whatever the order of their rows and the format of their files.
pub fn inputs_digest(capacity: &super::Capacity, outcomes: Option<&super::Outcomes>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"capacity\n");
    capacity.hash(&mut hasher);
    if let Some(outcomes) = outcomes {
        hasher.update(b"outcomes\n");
        outcomes.hash(&mut hasher);
    }
    hasher.finalize().to_hex().as_str()[..16].to_owned()
}
