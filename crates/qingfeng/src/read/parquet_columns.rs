//! Parquet files column by column: each bound column has a decoder of its own, so that threads share the work of a
//! file however large its row groups are, and only a few batches of each column are in memory.

use std::io::{BufReader, Read, Seek as _, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_schema::{ArrowError, DataType, Field, Fields, Schema};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Encoding;
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};

use super::bind::{Binding, CastColumn, FieldCaster};
use super::input::Seekable;
use super::spread;
use super::table::guarded;

/// The rows of a batch.
const ROWS: usize = super::PIECE_LINES;

/// The columns of a file, cast to the fields of a schema.
pub(crate) struct ParquetColumns {
    decoders: Vec<Decoder>,
    /// The rows that are left, by the file's own account.
    rows: u64,
    /// The batches that are decoded at once.
    ahead: usize,
}

/// The metadata of a file by which columns of texts come as dictionaries, where all of their pages are: each different text
/// is decoded and cast once then. Otherwise, and where the reader refuses, the metadata as it is.
pub(crate) fn with_dictionaries(metadata: ArrowReaderMetadata) -> ArrowReaderMetadata {
    let file = metadata.metadata();
    let leaves = file.file_metadata().schema_descr();
    let is_dictionary = |root: usize| {
        let mut of_root = (0..leaves.num_columns()).filter(|&leaf| leaves.get_column_root_idx(leaf) == root);
        let (Some(leaf), None) = (of_root.next(), of_root.next()) else { return false };
        let encoded = |chunk: &ColumnChunkMetaData| {
            let pages = chunk.page_encoding_stats_mask();
            pages.is_some_and(|pages| {
                pages.is_only(Encoding::RLE_DICTIONARY) || pages.is_only(Encoding::PLAIN_DICTIONARY)
            })
        };
        file.row_groups().iter().all(|group| encoded(group.column(leaf)))
    };
    let fields = metadata.schema().fields().iter().enumerate().map(|(root, field)| {
        if *field.data_type() != DataType::Utf8 || !is_dictionary(root) {
            return Arc::clone(field);
        }
        let texts = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
        Arc::new(Field::clone(field).with_data_type(texts))
    });
    let schema = Schema::new_with_metadata(fields.collect::<Fields>(), metadata.schema().metadata().clone());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    ArrowReaderMetadata::try_new(Arc::clone(file), options).unwrap_or(metadata)
}

/// Decodes the columns of one field.
struct Decoder {
    /// The columns in which its values stand, by their numbers in the file, with their batches.
    sources: Vec<(usize, ParquetRecordBatchReader)>,
    caster: FieldCaster,
}

/// Batches: the number of rows of each, and its columns, one for each field.
type Decoded = Vec<(usize, Vec<CastColumn>)>;

impl ParquetColumns {
    pub(crate) fn new(
        file: &SharedFile,
        metadata: &ArrowReaderMetadata,
        binding: &Binding,
        ahead: usize,
    ) -> Result<Self, ArrowError> {
        let decoders = binding.fields().map(|(field, sources)| {
            let batches = |column| {
                let builder =
                    ParquetRecordBatchReaderBuilder::new_with_metadata(file.clone(), metadata.clone());
                let projection = ProjectionMask::roots(builder.parquet_schema(), [column]);
                let batches = builder.with_projection(projection).with_batch_size(ROWS).build()?;
                Ok::<_, ArrowError>((column, batches))
            };
            let caster = FieldCaster::new(field, sources);
            let sources = sources.iter().map(|source| batches(source.column)).collect::<Result<_, _>>()?;
            Ok(Decoder { sources, caster })
        });
        let rows = metadata.metadata().file_metadata().num_rows();
        Ok(Self {
            decoders: decoders.collect::<Result<_, ArrowError>>()?,
            rows: u64::try_from(rows).unwrap_or(0),
            ahead,
        })
    }

    /// The next batches, and how the file ended if it did. After an error nothing is to be asked for.
    pub(crate) fn next(&mut self) -> (Decoded, Option<Result<(), ArrowError>>) {
        let rows: Vec<usize> = (0..self.ahead as u64)
            .map(|batch| self.rows.saturating_sub(batch * ROWS as u64).min(ROWS as u64) as usize)
            .take_while(|&rows| rows > 0)
            .collect();
        let work = vec![(); self.decoders.len()];
        let columns = spread::each(&mut self.decoders, work, |decoder, ()| decoder.next(&rows));

        // Of several columns that fail on the same rows, the first one in the file tells.
        let mut failure: Option<(usize, usize, ArrowError)> = None;
        let columns = columns.into_iter().zip(&self.decoders).map(|((batches, error), decoder)| {
            let place = (batches.len(), decoder.sources.first().map_or(0, |source| source.0));
            if let Some(error) = error
                && failure.as_ref().is_none_or(|(batch, column, _)| place < (*batch, *column))
            {
                failure = Some((place.0, place.1, error));
            }
            batches.into_iter()
        });
        let mut columns: Vec<_> = columns.collect();
        let (whole, end) = match failure {
            Some((batch, _, error)) => (batch, Some(Err(error))),
            None => (rows.len(), (rows.len() < self.ahead).then_some(Ok(()))),
        };
        self.rows = self.rows.saturating_sub(rows.iter().map(|&rows| rows as u64).sum());
        let batch = |&rows: &usize| (rows, columns.iter_mut().filter_map(Iterator::next).collect());
        (rows.iter().take(whole).map(batch).collect(), end)
    }
}

impl Decoder {
    /// Batches of these lengths, and why there are no more of them.
    fn next(&mut self, rows: &[usize]) -> (Vec<CastColumn>, Option<ArrowError>) {
        let mut columns = Vec::with_capacity(rows.len());
        let mut arrays = Vec::with_capacity(self.sources.len());
        for &rows in rows {
            arrays.clear();
            for (_, batches) in &mut self.sources {
                match guarded(|| batches.next().transpose()) {
                    Ok(Some(batch)) if batch.num_rows() == rows && batch.num_columns() == 1 => {
                        arrays.push(Arc::clone(batch.column(0)));
                    }
                    Ok(batch) => {
                        let found = batch.map_or(0, |batch| batch.num_rows());
                        let error = format!("a column has {found} rows where {rows} should follow");
                        return (columns, Some(ArrowError::ParquetError(error)));
                    }
                    Err(error) => return (columns, Some(error)),
                }
            }
            columns.push(self.caster.cast(&arrays, rows));
        }
        (columns, None)
    }
}

/// A file that several decoders read at different places.
#[derive(Clone)]
pub(crate) struct SharedFile {
    file: Arc<Mutex<Box<dyn Seekable>>>,
    length: u64,
}

impl SharedFile {
    pub(crate) fn new(mut file: Box<dyn Seekable>) -> Self {
        let length = file.seek(SeekFrom::End(0)).unwrap_or(0);
        Self { file: Arc::new(Mutex::new(file)), length }
    }
}

/// The bytes of a shared file from some place on.
pub(crate) struct Part {
    file: SharedFile,
    at: u64,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut file = self.file.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.at))?;
        let count = file.read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Length for SharedFile {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for SharedFile {
    type T = BufReader<Part>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(BufReader::new(Part { file: self.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        // A length that lies asks for no more memory than the file has bytes.
        let mut bytes = Vec::with_capacity(length.min(self.length as usize));
        let found = Part { file: self.clone(), at: start }.take(length as u64).read_to_end(&mut bytes)?;
        if found < length {
            let message = format!("expected to read {length} bytes, read only {found}");
            return Err(parquet::errors::ParquetError::EOF(message));
        }
        Ok(bytes.into())
    }
}
