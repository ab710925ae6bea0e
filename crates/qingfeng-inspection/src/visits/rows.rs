//! Visits as an Arrow table.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use qingfeng::tables::RowWriter;

use super::month::PlannedVisits;
use crate::policy::Policy;
use crate::rows::PlanMarks;

qingfeng::columns! {
    /// The columns of visits: one row a visit, by month, site and order.
    pub VisitColumns = "visits, as `qingfeng plan --visits` writes them";
    month: Text Needed "The month: `2016-09`.";
    site: Text Needed "The site.";
    order: Integer Needed "Its place in the list of the site's month: targeted, random; within each by descending worth.";
    enterprise: Text Needed "Whom to visit: a trader, as assessments carry it.";
    selected: Text Needed "`targeted` or `random`.";
    why: Texts Always "What is expected, or the draw.";
    probability: Number Needed "With which it was to be visited.";
    worth: Integer Always "Of its declarations that may be targeted: expected, in millionths of a finding, or of the value's unit.";
    declarations: Integer Always "Its declarations at the site, of days before the month.";
    items: Integer Always "Their goods lines.";
    channel: Text Always "The gravest of their channels.";
    score: Integer Always "The highest score in that channel.";
    rules: Texts Always "Ids of the active rules that fired on most of them, five at most, the most frequent first.";
    drawn: Integer Always "How many enterprises of the site were drawn.";
    population: Integer Always "And of how many.";
    pack: Text Always "The packs of the assessments, with the snapshots of their store.";
    inputs: Text Always "From which inputs: those of the plan, and the digest of earlier visits.";
}

/// The visits of a site and month as rows.
///
/// # Errors
///
/// What Arrow says of rows that do not fit, which none should.
pub fn visit_rows(
    planned: &PlannedVisits,
    policy: &Policy,
    marks: &PlanMarks,
) -> Result<RecordBatch, ArrowError> {
    let columns = VisitColumns::COLUMNS;
    let mut rows = RowWriter::new(&VisitColumns::TABLE);
    let (month, drawn) = (planned.month.to_string(), planned.random());
    for (at, visit) in planned.visits.iter().enumerate() {
        let rules = visit.rules.iter().filter_map(|&rule| policy.rules.get(rule as usize));
        let channel = policy.channels.get(visit.channel.index()).map_or("", String::as_str);
        rows.text(columns.month, &*month)
            .text(columns.site, &*planned.site)
            .integer(columns.order, at as i64 + 1)
            .text(columns.enterprise, &*visit.enterprise)
            .text(columns.selected, visit.kind.name())
            .texts(columns.why, [&*visit.why])
            .number(columns.probability, visit.probability)
            .integer(columns.worth, visit.worth)
            .count(columns.declarations, visit.declarations)
            .count(columns.items, visit.items)
            .text(columns.channel, channel)
            .integer(columns.score, visit.score)
            .texts(columns.rules, rules.map(|rule| rule.id.as_str()))
            .count(columns.drawn, drawn)
            .count(columns.population, planned.population)
            .text(columns.pack, &*marks.pack)
            .text(columns.inputs, &*marks.inputs)
            .end();
    }
    rows.finish()
}
