//! Rows of results from tables and stores, before anything is made of them.

use std::collections::BTreeMap;

use qingfeng::read::{Input, ReadError, ReadOptions};
use qingfeng::tables::{self, Streamed};
use qingfeng_rules::Date;

use crate::{ChangeKind, Outcome, OutcomeColumns, SnapshotId, Store, StoreError, outcome_table};

/// The most results that are read at once.
pub const MAX_OUTCOMES: u64 = 50_000_000;

/// What came of rows that were not taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gathered {
    /// Rows that could not be read.
    pub rejects: Streamed,
    /// Rows that were not known yet, or without a day.
    pub later: u64,
}

/// Whether a row was known at the end of a day.
pub fn is_known(row: &Outcome, as_of: Option<Date>) -> bool {
    as_of.is_none_or(|day| row.known().is_some_and(|known| known <= day))
}

/// Gives out the rows of tables, of the declarations that `keep` says yes to, that were known at the end of a day.
pub fn each_row(
    inputs: &[Input],
    options: &ReadOptions,
    as_of: Option<Date>,
    keep: &mut dyn FnMut(&str) -> bool,
    take: &mut dyn FnMut(Outcome),
) -> Result<Gathered, ReadError> {
    let first = inputs.first().map(ToString::to_string).unwrap_or_default();
    let (mut later, mut kept) = (0, 0);
    let rejects = tables::stream(inputs, &OutcomeColumns::TABLE, options, &mut |row| {
        let row = match outcome_table::outcome(row) {
            Ok(row) => row,
            Err(mistake) => return Ok(Err(mistake)),
        };
        if !keep(&row.declaration_id) {
            return Ok(Ok(()));
        }
        if !is_known(&row, as_of) {
            later += 1;
            return Ok(Ok(()));
        }
        if kept == MAX_OUTCOMES {
            let reason = format!("more than {MAX_OUTCOMES} results; give a shorter time");
            return Err(ReadError::content(&first, reason));
        }
        kept += 1;
        take(row);
        Ok(Ok(()))
    })?;
    Ok(Gathered { rejects, later })
}

/// Gives out the results of a snapshot of a store that were known at the end of a day.
pub fn each_stored(
    store: &mut Store,
    snapshot: &SnapshotId,
    as_of: Option<Date>,
    keep: &mut dyn FnMut(&str) -> bool,
    take: &mut dyn FnMut(Outcome),
) -> Result<Gathered, StoreError> {
    let mut gathered = Gathered::default();
    // Of what became known on one day the later change counts.
    let mut last: BTreeMap<(Box<str>, Option<i64>, Date), Outcome> = BTreeMap::new();
    store.changes(snapshot, 1, &mut |change| {
        if let ChangeKind::Found(finding) = change.kind
            && keep(&finding.declaration_id)
        {
            let known = change.known_on.max(finding.day());
            let outcome = Outcome { known_on: Some(known), ..finding.outcome };
            last.insert((outcome.declaration_id.clone(), outcome.item_no, known), outcome);
        }
        Ok(())
    })?;
    for row in last.into_values() {
        if is_known(&row, as_of) { take(row) } else { gathered.later += 1 }
    }
    Ok(gathered)
}
