//! Parquet files, their columns encoded side by side.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, DataType, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnWriter, ArrowLeafColumn, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression as ParquetCompression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use rayon::iter::{
    IndexedParallelIterator, IntoParallelIterator, IntoParallelRefMutIterator, ParallelIterator,
};

use super::encode::Sink;
use crate::threads::is_in_pool;

/// The rows of a group of a Parquet file. A group is held in memory until it is full.
const ROW_GROUP_ROWS: usize = 1 << 17;

/// Does what `ArrowWriter` does, but with the columns side by side.
pub(super) struct ParquetEncoder {
    file: SerializedFileWriter<Sink>,
    columns_of: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    /// The columns of the present group, and the number of its rows.
    columns: Vec<ArrowColumnWriter>,
    rows: usize,
}

impl ParquetEncoder {
    pub(super) fn new(sink: Sink, schema: SchemaRef) -> Result<Self, ArrowError> {
        let zstd = ParquetCompression::ZSTD(ZstdLevel::default());
        let mut properties = WriterProperties::builder().set_compression(zstd);
        for field in schema.fields() {
            let name = field.name();
            if let DataType::List(items) = field.data_type() {
                // The least and the greatest element of all lists help nobody to find one.
                let items = vec![name.clone(), "list".to_owned(), items.name().clone()];
                let items = ColumnPath::new(items);
                properties = properties.set_column_statistics_enabled(items, EnabledStatistics::None);
            } else if name == "declaration_id" {
                // Each is another one: a dictionary of them is given up when it is full.
                let column = ColumnPath::from(name.as_str());
                properties = properties.set_column_dictionary_enabled(column, false);
            }
        }
        let properties = properties.build();
        let writer = ArrowWriter::try_new(sink, Arc::clone(&schema), Some(properties))?;
        let (file, columns_of) = writer.into_serialized_writer()?;
        Ok(Self { file, columns_of, schema, columns: Vec::new(), rows: 0 })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let mut rest = batch.clone();
        while rest.num_rows() > 0 {
            if self.rows == 0 {
                self.columns = self.columns_of.create_column_writers(self.file.flushed_row_groups().len())?;
            }
            let count = rest.num_rows().min(ROW_GROUP_ROWS - self.rows);
            self.write_columns(&rest.slice(0, count))?;
            rest = rest.slice(count, rest.num_rows() - count);
            self.rows += count;
            if self.rows == ROW_GROUP_ROWS {
                self.end_group()?;
            }
        }
        Ok(())
    }

    fn write_columns(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let mut leaves = Vec::with_capacity(self.columns.len());
        for (field, column) in self.schema.fields().iter().zip(batch.columns()) {
            leaves.extend(compute_leaves(field, column)?);
        }
        let write = |(column, leaf): (&mut ArrowColumnWriter, &ArrowLeafColumn)| column.write(leaf);
        if is_in_pool() {
            self.columns.par_iter_mut().zip(&leaves).with_max_len(1).try_for_each(write)?;
        } else {
            self.columns.iter_mut().zip(&leaves).try_for_each(write)?;
        }
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), ArrowError> {
        if self.rows == 0 {
            return Ok(());
        }
        self.rows = 0;
        let columns = std::mem::take(&mut self.columns);
        let chunks: Vec<_> = if is_in_pool() {
            columns.into_par_iter().with_max_len(1).map(ArrowColumnWriter::close).collect()
        } else {
            columns.into_iter().map(ArrowColumnWriter::close).collect()
        };
        let mut group = self.file.next_row_group()?;
        for chunk in chunks {
            chunk?.append_to_row_group(&mut group)?;
        }
        group.close()?;
        Ok(())
    }

    pub(super) fn close(mut self) -> Result<Sink, ArrowError> {
        self.end_group()?;
        Ok(self.file.into_inner()?)
    }
}
