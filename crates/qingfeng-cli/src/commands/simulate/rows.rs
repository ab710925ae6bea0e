//! The counts of a simulation as a table: a row an arm, a world and a month.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use qingfeng::write::{Output, TableWriter, WriteError};
use qingfeng_lab::{Counts, Simulated};

use crate::exit::Failure;
use crate::outputs::output;

fn schema() -> SchemaRef {
    let mut fields = vec![
        Field::new("arm", DataType::Utf8, false),
        Field::new("seed", DataType::Utf8, false),
        Field::new("month", DataType::Utf8, false),
    ];
    let counts = Counts::default().named();
    fields.extend(counts.map(|(name, _)| Field::new(name, DataType::UInt64, false)));
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
    let mut texts = [Vec::new(), Vec::new(), Vec::new()];
    let mut counts = Counts::default().named().map(|_| Vec::new());
    for arm in &simulated.arms {
        for world in &arm.worlds {
            for month in &world.months {
                texts[0].push(arm.arm.to_string());
                texts[1].push(world.seed.to_string());
                texts[2].push(month.month.clone());
                for (column, (_, count)) in counts.iter_mut().zip(month.counts.named()) {
                    column.push(count);
                }
            }
        }
    }
    let texts = texts.into_iter().map(|texts| -> ArrayRef { Arc::new(StringArray::from(texts)) });
    let counts = counts.into_iter().map(|counts| -> ArrayRef { Arc::new(UInt64Array::from(counts)) });
    RecordBatch::try_new(schema(), texts.chain(counts).collect())
}
