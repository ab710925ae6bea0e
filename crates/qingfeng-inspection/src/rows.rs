//! Plans and decisions as Arrow tables.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use qingfeng_rules::selection::Amount;

use super::candidate::AssessedDeclaration;
use super::plan::{NoOffice, PlannedDay};
use super::policy::{Policy, units};
use qingfeng::tables::RowWriter;

/// What stands in every row of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanMarks {
    /// The pack of the assessments.
    pub pack: String,
    /// What the plan was made from, as [`PlanInputs`](super::PlanInputs) names it.
    pub inputs: String,
}

qingfeng::columns! {
    /// The columns of a plan: one row an inspection, by day, office and order.
    pub PlanColumns = "a plan, as `qingfeng plan` writes it";
    day: Day Needed "The day.";
    office: Text Needed "The site that inspects.";
    order: Integer Needed "Its place in the list of the office's day: mandatory, targeted, random; within each by descending worth.";
    declaration_id: Text Needed "The declaration.";
    selected: Text Needed "`mandatory`, `targeted` or `random`.";
    why: Texts Always "The rule, the quota, what is expected, or the draw.";
    probability: Number Needed "With which it was to be inspected.";
    score: Integer Needed "Of the assessment.";
    channel: Text Needed "Of the assessment.";
    worth: Integer Always "Expected, in millionths of a finding, or of the value's unit.";
    cost: Integer Needed "Points; 1 where capacity is in inspections.";
    trader: Text Optional "As carried by the assessment.";
    trader_class: Text Always "As carried by the assessment.";
    group: Text Always "As carried by the assessment.";
    mode: Text Optional "As carried by the assessment.";
    destination: Text Optional "As carried by the assessment.";
    items: Integer Always "Its goods lines.";
    packages: Integer Optional "All lines together.";
    value: Number Optional "All lines together.";
    rules: Texts Always "Ids of the active rules that fired.";
    stratum: Text Always "Its stratum of the draw.";
    drawn: Integer Always "How many of the stratum were drawn.";
    population: Integer Always "And of how many.";
    commitment: Text Optional "Of the day's key: to compare with what was published.";
    pack: Text Needed "The packs of the assessments, with the snapshots of their store.";
    inputs: Text Always "From which inputs: the planned days, and digests of assessments, capacities and outcomes.";
    capacity: Integer Always "Of the office on that day.";
    capacity_in: Text Always "`inspections` or `points`.";
    unreadable: Texts Optional "What of the declaration could not be read; rules that need it are undecided.";
}

qingfeng::columns! {
    /// The columns of what a plan left out: each assessment that the plan does not have, first those of the planned days by day
    /// and office, the worthiest first, then those that belong to no office.
    pub LeftOutColumns = "what `qingfeng plan --left-out` writes";
    day: Day Optional "The day of the declaration.";
    office: Text Optional "The site that would have inspected.";
    declaration_id: Text Needed "The declaration.";
    would_be: Text Always "`mandatory`, `targeted`, or `random` where only the draw could have fallen on it.";
    why: Text Always "Why it is not in the plan.";
    displaced_by: Text Optional "The quota that took its place.";
    probability: Number Optional "With which it was to be drawn; nothing where it belongs to no office.";
    score: Integer Always "Of the assessment.";
    channel: Text Always "Of the assessment.";
    worth: Integer Optional "Expected, in millionths of a finding, or of the value's unit.";
    cost: Integer Always "Points; 1 where capacity is in inspections.";
    trader: Text Optional "As carried by the assessment.";
    trader_class: Text Always "As carried by the assessment.";
    group: Text Always "As carried by the assessment.";
    mode: Text Optional "As carried by the assessment.";
    destination: Text Optional "As carried by the assessment.";
    items: Integer Always "Its goods lines.";
    packages: Integer Optional "All lines together.";
    value: Number Optional "All lines together.";
    rules: Texts Always "Ids of the active rules that fired.";
    stratum: Text Optional "Its stratum of the draw.";
    pack: Text Always "The packs of the assessments, with the snapshots of their store.";
    inputs: Text Always "From which inputs: the planned days, and digests of assessments, capacities and outcomes.";
    unreadable: Texts Optional "What of the declaration could not be read; rules that need it are undecided.";
}

qingfeng::columns! {
    /// The columns of what `qingfeng roll` decides: one row a declaration, in the order in which they came.
    pub DecisionColumns = "what `qingfeng roll` writes";
    number: Integer Optional "The number of the decision, from 1; a declaration that comes again has that of its decision.";
    day: Day Optional "Its day.";
    office: Text Optional "The site that inspects on its day.";
    declaration_id: Text Optional "The declaration.";
    selected: Text Optional "`mandatory`, `targeted`, `random`; nothing where it is not inspected.";
    why: Text Optional "Why, or why not.";
    probability: Number Optional "With which it was to be inspected, given all that was known when it came.";
    threshold: Number Optional "The worth per unit of capacity, in millionths, from which declarations were targeted when it came.";
    worth: Integer Optional "Expected, in millionths of a finding, or of the value's unit.";
    cost: Integer Optional "Points; 1 where capacity is in inspections.";
    left: Integer Optional "What is left of the capacity.";
    score: Integer Optional "Of the assessment.";
    channel: Text Optional "Of the assessment.";
    trader: Text Optional "As carried by the assessment.";
    group: Text Optional "As carried by the assessment.";
    pack: Text Optional "The pack that assessed it.";
    replaces: Integer Optional "The number of the decision that this one replaces, where the declaration was amended.";
    trader_class: Text Optional "As carried by the assessment.";
    mode: Text Optional "As carried by the assessment.";
    destination: Text Optional "As carried by the assessment.";
    rules: Texts Optional "Ids of the active rules that fired.";
    sites: Texts Optional "The sites to which its lines belong.";
    line_groups: Texts Optional "The goods group of each line.";
    packages: Integer Optional "All lines together.";
    value: Number Optional "All lines together.";
    unreadable: Texts Optional "What of the declaration could not be read; rules that need it are undecided.";
}

/// What both tables say of a declaration.
macro_rules! declaration {
    ($rows:expr, $columns:expr, $policy:expr, $candidate:expr, $worth:expr, $cost:expr) => {
        let channel = $policy.channels.get($candidate.channel.index()).map_or("", String::as_str);
        $rows
            .integer($columns.score, $candidate.score)
            .text($columns.channel, channel)
            .integer($columns.worth, $worth)
            .integer($columns.cost, i64::from($cost))
            .text($columns.trader, $candidate.trader.as_deref())
            .text($columns.trader_class, &*$candidate.trader_class)
            .text($columns.group, &*$candidate.group)
            .text($columns.mode, $candidate.mode.as_deref())
            .text($columns.destination, $candidate.destination.as_deref())
            .integer($columns.items, $candidate.line_groups.len() as i64)
            .integer($columns.packages, $candidate.packages)
            .number($columns.value, $candidate.value.filter(|value| value.is_finite()))
            .texts($columns.rules, $policy.rule_ids($candidate))
            .texts($columns.unreadable, $candidate.unreadable.iter().map(|cell| &**cell));
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
        declaration!(rows, columns, policy, candidate, selected.worth, selected.cost);
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
        declaration!(rows, columns, policy, candidate, left_out.worth, left_out.cost);
        rows.end();
    }
    rows.finish()
}

/// What belongs to no office's plan, as rows of what was left out.
///
/// # Errors
///
/// What Arrow says of rows that do not fit, which none should.
pub fn no_office_rows(
    no_office: &[NoOffice],
    policy: &Policy,
    candidates: &[AssessedDeclaration],
    marks: &PlanMarks,
) -> Result<RecordBatch, ArrowError> {
    let columns = LeftOutColumns::COLUMNS;
    let mut rows = RowWriter::new(&LeftOutColumns::TABLE);
    for of in no_office {
        let candidate = &candidates[of.candidate];
        rows.date(columns.day, candidate.day)
            .text(columns.declaration_id, &*candidate.declaration_id)
            .text(columns.would_be, policy.would_be(candidate).name())
            .text(columns.why, of.because.told())
            .text(columns.pack, &*marks.pack)
            .text(columns.inputs, &*marks.inputs);
        declaration!(rows, columns, policy, candidate, None, policy.points(candidate));
        rows.end();
    }
    rows.finish()
}
