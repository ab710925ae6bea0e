//! Lines that could not be read, while they are found: a few in memory, many in a temporary file, so that memory does not grow
//! with a table of which much cannot be read.

use std::io::{BufWriter, Write as _};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;
use qingfeng::read::Reject;
use qingfeng_cli::reports::{reject_rows, reject_schema};
use tempfile::NamedTempFile;

use crate::tables::{FileRows, Table};

/// The bytes of rejects that are held in memory; with more of them all are in a file.
const HELD_BYTES_MAX: usize = 16 << 20;

/// What was found so far.
#[derive(Default)]
pub struct Rejects {
    held: Vec<RecordBatch>,
    bytes: usize,
    file: Option<File>,
}

struct File {
    writer: StreamWriter<BufWriter<std::fs::File>>,
    file: Arc<NamedTempFile>,
    rows: usize,
}

impl File {
    fn new() -> Result<Self, ArrowError> {
        let file = NamedTempFile::with_prefix("qingfeng-rejects-")?;
        let writer = StreamWriter::try_new(BufWriter::new(file.reopen()?), &reject_schema())?;
        Ok(Self { writer, file: Arc::new(file), rows: 0 })
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.rows += batch.num_rows();
        self.writer.write(batch)
    }
}

impl Rejects {
    /// Adds what was found next.
    pub fn add(&mut self, rejects: &[Reject]) -> Result<(), ArrowError> {
        if rejects.is_empty() {
            return Ok(());
        }
        let batch = reject_rows(rejects)?;
        if self.file.is_none() && self.bytes + batch.get_array_memory_size() > HELD_BYTES_MAX {
            let mut file = File::new()?;
            std::mem::take(&mut self.held).iter().try_for_each(|held| file.add(held))?;
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => file.add(&batch)?,
            None => {
                self.bytes += batch.get_array_memory_size();
                self.held.push(batch);
            }
        }
        Ok(())
    }

    /// All that was found so far. The file stays as long as somebody has a table of it.
    pub fn table(&mut self) -> Result<Table, ArrowError> {
        let Some(File { writer, file, rows }) = &mut self.file else {
            return Ok(Table::new(reject_schema(), self.held.clone()));
        };
        writer.flush()?;
        writer.get_mut().flush()?;
        let length = file.as_file().metadata()?.len();
        Ok(Table::of_file(reject_schema(), FileRows { file: Arc::clone(file), length, rows: *rows }))
    }
}
