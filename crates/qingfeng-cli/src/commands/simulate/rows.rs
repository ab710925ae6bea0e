//! The counts of a simulation as a table: a row an arm, a world and a month.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use qingfeng::write::{Output, TableWriter, WriteError};
use qingfeng_lab::{Counts, Simulated};

use crate::exit::Failure;
use crate::outputs::output;

type Count = (&'static str, fn(&Counts) -> u64);

const COUNTS: [Count; 13] = [
    ("declarations", |counts| counts.declarations),
    ("disguised", |counts| counts.disguised),
    ("violations", |counts| counts.violations),
    ("violations_found", |counts| counts.violations_found),
    ("value_cents", |counts| counts.value_cents),
    ("value_found_cents", |counts| counts.value_found_cents),
    ("out_of_reach", |counts| counts.out_of_reach),
    ("inspections", |counts| counts.inspections),
    ("hits", |counts| counts.hits),
    ("targeted", |counts| counts.targeted),
    ("targeted_hits", |counts| counts.targeted_hits),
    ("drawn", |counts| counts.drawn),
    ("drawn_hits", |counts| counts.drawn_hits),
];

fn schema() -> SchemaRef {
    let mut fields = vec![
        Field::new("arm", DataType::Utf8, false),
        Field::new("seed", DataType::Utf8, false),
        Field::new("month", DataType::Utf8, false),
    ];
    fields.extend(COUNTS.map(|(name, _)| Field::new(name, DataType::UInt64, false)));
    Arc::new(Schema::new(fields))
}

/// The table, to be written when all is simulated; that it cannot be written is an error before.
pub struct Table {
    target: Output,
    writer: TableWriter,
}

impl Table {
    pub fn create(path: &PathBuf) -> Result<Self, Failure> {
        let target = output(Some(path));
        let writer = TableWriter::create(&target, schema())?;
        Ok(Self { target, writer })
    }

    pub fn write(mut self, simulated: &Simulated) -> Result<(), Failure> {
        let batch = batch(simulated);
        let fits = |source| WriteError::Table { output: self.target.to_string(), source };
        self.writer.write(&batch.map_err(fits)?)?;
        self.writer.finish()?;
        Ok(())
    }
}

fn batch(simulated: &Simulated) -> Result<RecordBatch, ArrowError> {
    let (mut texts, mut counts) = ([Vec::new(), Vec::new(), Vec::new()], COUNTS.map(|_| Vec::new()));
    for arm in &simulated.arms {
        for world in &arm.worlds {
            for month in &world.months {
                texts[0].push(arm.arm.to_string());
                texts[1].push(world.seed.to_string());
                texts[2].push(month.month.clone());
                for (column, (_, of)) in counts.iter_mut().zip(COUNTS) {
                    column.push(of(&month.counts));
                }
            }
        }
    }
    let texts = texts.into_iter().map(|texts| -> ArrayRef { Arc::new(StringArray::from(texts)) });
    let counts = counts.into_iter().map(|counts| -> ArrayRef { Arc::new(UInt64Array::from(counts)) });
    RecordBatch::try_new(schema(), texts.chain(counts).collect())
}
