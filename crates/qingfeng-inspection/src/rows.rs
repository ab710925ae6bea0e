//! Plans and decisions as Arrow tables.

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use qingfeng_rules::Amount;

use super::candidate::AssessedDeclaration;
use super::plan::PlannedDay;
use super::policy::{Policy, units};
use qingfeng::tables::RowWriter;

/// What stands in every row of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanMarks {
    /// The pack of the assessments.
    pub pack: String,
    /// The digest of capacities and outcomes.
    pub inputs: String,
}

qingfeng::columns! {
    /// The columns of a plan: one row an inspection, by day, office and order.
    pub PlanColumns = "a plan, as `qingfeng plan` writes it";
    /// The day.
    day: Day, Needed;
    /// The site that inspects.
    office: Text, Needed;
    /// Its place in the list of the office's day: mandatory, targeted, random, within each the worthiest first.
    order: Integer, Needed;
    /// The declaration.
    declaration_id: Text, Needed;
    /// `mandatory`, `targeted` or `random`.
    selected: Text, Needed;
    /// The rule, the quota, what is expected, or the draw.
    why: Texts, Always;
    /// With which it was to be inspected.
    probability: Number, Needed;
    /// Of the assessment.
    score: Integer, Needed;
    /// Of the assessment.
    channel: Text, Needed;
    /// Expected, in millionths of a finding, or of the value's unit.
    worth: Integer, Always;
    /// Points; 1 where capacity is in inspections.
    cost: Integer, Needed;
    /// As carried by the assessment.
    trader: Text, Optional;
    /// As carried by the assessment.
    trader_class: Text, Always;
    /// As carried by the assessment.
    group: Text, Always;
    /// As carried by the assessment.
    mode: Text, Optional;
    /// As carried by the assessment.
    destination: Text, Optional;
    /// Its goods lines.
    items: Integer, Always;
    /// All lines together.
    packages: Integer, Optional;
    /// All lines together.
    value: Number, Optional;
    /// Ids of the active rules that fired.
    rules: Texts, Always;
    /// Its stratum of the draw.
    stratum: Text, Always;
    /// How many of the stratum were drawn.
    drawn: Integer, Always;
    /// And of how many.
    population: Integer, Always;
    /// Of the day's key: to compare with what was published.
    commitment: Text, Optional;
    /// The packs of the assessments, with the snapshots of their store.
    pack: Text, Needed;
    /// Digest of capacities and of which outcomes were known when.
    inputs: Text, Always;
    /// Of the office on that day.
    capacity: Integer, Always;
    /// `inspections` or `points`.
    capacity_in: Text, Always;
}

qingfeng::columns! {
    /// The columns of what a plan left out: one row a declaration, by day and office, the worthiest first.
    pub LeftOutColumns = "what `qingfeng plan --left-out` writes";
    /// The day.
    day: Day, Needed;
    /// The site that would have inspected.
    office: Text, Needed;
    /// The declaration.
    declaration_id: Text, Needed;
    /// `mandatory` or `targeted`.
    would_be: Text, Always;
    /// Why it is left out.
    why: Text, Always;
    /// The quota that took its place.
    displaced_by: Text, Optional;
    /// With which it was to be drawn.
    probability: Number, Needed;
    /// Of the assessment.
    score: Integer, Always;
    /// Of the assessment.
    channel: Text, Always;
    /// Expected, in millionths of a finding, or of the value's unit.
    worth: Integer, Always;
    /// Points; 1 where capacity is in inspections.
    cost: Integer, Always;
    /// As carried by the assessment.
    trader: Text, Optional;
    /// As carried by the assessment.
    trader_class: Text, Always;
    /// As carried by the assessment.
    group: Text, Always;
    /// As carried by the assessment.
    mode: Text, Optional;
    /// As carried by the assessment.
    destination: Text, Optional;
    /// Its goods lines.
    items: Integer, Always;
    /// All lines together.
    packages: Integer, Optional;
    /// All lines together.
    value: Number, Optional;
    /// Ids of the active rules that fired.
    rules: Texts, Always;
    /// Its stratum of the draw.
    stratum: Text, Needed;
    /// The packs of the assessments, with the snapshots of their store.
    pack: Text, Always;
    /// Digest of capacities and of which outcomes were known when.
    inputs: Text, Always;
}

qingfeng::columns! {
    /// The columns of what `qingfeng roll` decides: one row a declaration, in the order in which they came.
    pub DecisionColumns = "what `qingfeng roll` writes";
    /// Its number among all that came, from 1.
    number: Integer, Optional;
    /// Its day.
    day: Day, Optional;
    /// The site that inspects on its day.
    office: Text, Optional;
    /// The declaration.
    declaration_id: Text, Optional;
    /// `mandatory`, `targeted`, `random`; nothing where it is not inspected.
    selected: Text, Optional;
    /// Why, or why not.
    why: Text, Optional;
    /// With which it was to be inspected, given all that was known when it came.
    probability: Number, Optional;
    /// The worth per unit of capacity, in millionths, from which declarations were targeted when it came.
    threshold: Number, Optional;
    /// Expected, in millionths of a finding, or of the value's unit.
    worth: Integer, Optional;
    /// Points; 1 where capacity is in inspections.
    cost: Integer, Optional;
    /// What is left of the capacity.
    left: Integer, Optional;
    /// Of the assessment.
    score: Integer, Optional;
    /// Of the assessment.
    channel: Text, Optional;
    /// As carried by the assessment.
    trader: Text, Optional;
    /// As carried by the assessment.
    group: Text, Optional;
    /// The pack that assessed it.
    pack: Text, Optional;
}

/// The columns of a plan: one row an inspection, by day, office and order.
///
/// ```
/// let schema = qingfeng_inspection::plan_schema();
/// assert_eq!(schema.field(0).name(), "day");
/// assert!(!schema.field_with_name("probability").unwrap().is_nullable());
/// ```
pub fn plan_schema() -> SchemaRef {
    PlanColumns::TABLE.schema()
}

/// The columns of what a plan left out: one row a declaration, by day and office, the worthiest first.
pub fn left_out_schema() -> SchemaRef {
    LeftOutColumns::TABLE.schema()
}

/// What both tables say of a declaration.
macro_rules! declaration {
    ($rows:expr, $columns:expr, $policy:expr, $candidate:expr, $one:expr) => {
        let channel = $policy.channels.get($candidate.channel.index()).map_or("", String::as_str);
        $rows
            .integer($columns.score, $candidate.score)
            .text($columns.channel, channel)
            .integer($columns.worth, $one.worth)
            .integer($columns.cost, i64::from($one.cost))
            .text($columns.trader, $candidate.trader.as_deref())
            .text($columns.trader_class, &*$candidate.trader_class)
            .text($columns.group, &*$candidate.group)
            .text($columns.mode, $candidate.mode.as_deref())
            .text($columns.destination, $candidate.destination.as_deref())
            .integer($columns.items, $candidate.line_groups.len() as i64)
            .integer($columns.packages, $candidate.packages)
            .number($columns.value, $candidate.value.filter(|value| value.is_finite()))
            .texts($columns.rules, $policy.rule_ids($candidate));
    };
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
    candidates: &[AssessedDeclaration],
    commitment: Option<&str>,
    marks: &PlanMarks,
) -> Result<RecordBatch, ArrowError> {
    let columns = PlanColumns::COLUMNS;
    let mut rows = RowWriter::new(&PlanColumns::TABLE);
    for (at, selected) in planned.selected.iter().enumerate() {
        let candidate = &candidates[selected.candidate];
        let stratum = &planned.strata[selected.stratum];
        rows.date(columns.day, planned.day)
            .text(columns.office, &*planned.office)
            .integer(columns.order, at as i64 + 1)
            .text(columns.declaration_id, &*candidate.declaration_id)
            .text(columns.selected, selected.kind.name())
            .texts(columns.why, selected.why.iter().map(String::as_str))
            .number(columns.probability, selected.probability)
            .text(columns.stratum, &*stratum.name)
            .count(columns.drawn, stratum.drawn)
            .count(columns.population, stratum.population)
            .text(columns.commitment, commitment)
            .text(columns.pack, &*marks.pack)
            .text(columns.inputs, &*marks.inputs)
            .count(columns.capacity, units(planned.capacity))
            .text(columns.capacity_in, capacity_unit(planned.capacity));
        declaration!(rows, columns, policy, candidate, selected);
        rows.end();
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
    candidates: &[AssessedDeclaration],
    marks: &PlanMarks,
) -> Result<RecordBatch, ArrowError> {
    let columns = LeftOutColumns::COLUMNS;
    let mut rows = RowWriter::new(&LeftOutColumns::TABLE);
    for left_out in &planned.left_out {
        let candidate = &candidates[left_out.candidate];
        let stratum = &planned.strata[left_out.stratum];
        rows.date(columns.day, planned.day)
            .text(columns.office, &*planned.office)
            .text(columns.declaration_id, &*candidate.declaration_id)
            .text(columns.would_be, left_out.kind.name())
            .text(columns.why, &*left_out.why)
            .text(columns.displaced_by, left_out.displaced_by.as_deref())
            .number(columns.probability, stratum.probability)
            .text(columns.stratum, &*stratum.name)
            .text(columns.pack, &*marks.pack)
            .text(columns.inputs, &*marks.inputs);
        declaration!(rows, columns, policy, candidate, left_out);
        rows.end();
    }
    rows.finish()
}

/// The digest of capacities and of which outcomes were known when, whatever the order of their rows and the format of
/// their files.
pub fn inputs_digest(capacity: &super::Capacity, outcomes: Option<&crate::outcomes::Timeline>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"capacity\n");
    capacity.hash(&mut hasher);
    if let Some(outcomes) = outcomes {
        hasher.update(b"outcomes\n");
        outcomes.hash(&mut hasher);
    }
    hasher.finalize().to_hex().as_str()[..16].to_owned()
}
