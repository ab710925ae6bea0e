//! Tables that come and go by Arrow's C interfaces.

use std::ffi::{CStr, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, RecordBatch, StructArray};
use qingfeng::By;
use qingfeng::arrow::schema::{ArrowError, DataType, Schema, SchemaRef};

use crate::problem::{Problem, QingfengStatus};

/// A row is a goods line, and not a declaration.
pub const QINGFENG_BY_ITEM: u32 = 1;

/// Rows have the column `reasons`.
pub const QINGFENG_REASONS: u32 = 2;

/// What rows stand for, and whether they have reasons.
pub fn row_flags(flags: u32) -> Result<(By, bool), Problem> {
    let unknown = flags & !(QINGFENG_BY_ITEM | QINGFENG_REASONS);
    if unknown != 0 {
        return Err(Problem::argument(format!(
            "`flags` has {unknown:#x}, which this version does not know; take QINGFENG_BY_ITEM and QINGFENG_REASONS"
        )));
    }
    let by = if flags & QINGFENG_BY_ITEM != 0 { By::Item } else { By::Declaration };
    Ok((by, flags & QINGFENG_REASONS != 0))
}

impl From<ArrowError> for Problem {
    /// A table of a caller's that cannot be taken over.
    fn from(error: ArrowError) -> Self {
        Self::new(QingfengStatus::BadTable, format!("the table cannot be taken over: {error}"))
    }
}

fn broken(what: impl Into<String>) -> ArrowError {
    ArrowError::CDataInterface(what.into())
}

/// Columns within columns at most. Schemas that go on without end are found out by it.
const DEPTH_MAX: usize = 64;

/// Lines of a table at most, so that no number of bytes is too large.
const LINES_MAX: i64 = u32::MAX as i64;

/// Checks of an array what Arrow's code believes, and would read beyond its memory for: numbers below zero, children and
/// buffers that are not there.
///
/// # Safety
///
/// What pointers of array and schema lead to can be read, as the Arrow C data interface describes it.
unsafe fn check(array: &FFI_ArrowArray, schema: &FFI_ArrowSchema, depth: usize) -> Result<(), ArrowError> {
    if depth == DEPTH_MAX {
        return Err(broken(format!("columns stand within columns more than {DEPTH_MAX} deep")));
    }
    // These come as unsigned numbers, whatever they were.
    let lines = i64::try_from(array.len()).ok().zip(i64::try_from(array.offset()).ok());
    let lines = lines.and_then(|(length, offset)| length.checked_add(offset));
    let lines = lines.filter(|&lines| lines <= LINES_MAX);
    let lines = lines.ok_or_else(|| broken("a length or an offset is below zero, or too large"))? as usize;
    let (format, buffers) = (schema.format(), array.num_buffers());
    // Of views the buffers after the second hold texts, but for the last, which holds their lengths.
    let buffers_most = if format.starts_with('v') { i32::MAX as usize } else { 3 };
    if buffers > buffers_most {
        return Err(broken(format!("a column of the format `{format}` has too many buffers")));
    }
    // The numbers of 4 or 8 bytes that say how long buffers of texts are, and where they begin.
    let ends = match format {
        "u" | "z" if buffers == 3 && lines > 0 => Some((array.buffer(1), lines, 1, false)),
        "U" | "Z" if buffers == 3 && lines > 0 => Some((array.buffer(1), lines, 1, true)),
        "vu" | "vz" if buffers < 3 => return Err(broken("a column of views has too few buffers")),
        "vu" | "vz" if buffers > 3 => Some((array.buffer(buffers - 1), 0, buffers - 3, true)),
        _ => None,
    };
    if let Some((start, first, count, wide)) = ends {
        for at in first..first + count {
            // Without its buffer of offsets a column is refused anyhow; that of lengths of views is not looked for.
            let end = match (start.is_null(), wide) {
                (true, _) => -1,
                // SAFETY: not null, and the caller says that there are as many numbers as the interface asks for: one
                // more than lines, or one for each buffer of texts.
                (false, true) => unsafe { start.cast::<i64>().wrapping_add(at).read_unaligned() },
                // SAFETY: the same.
                (false, false) => i64::from(unsafe { start.cast::<i32>().wrapping_add(at).read_unaligned() }),
            };
            if end < 0 {
                return Err(broken("a text ends before it begins"));
            }
        }
    }
    let children = schema.children().count();
    if array.num_children() != children {
        return Err(broken(format!("{} columns are {children} by their schema", array.num_children())));
    }
    for (at, child) in schema.children().enumerate() {
        // SAFETY: the caller says it of all that pointers lead to.
        unsafe { check(array.child(at), child, depth + 1) }?;
    }
    match (array.dictionary(), schema.dictionary()) {
        // SAFETY: the caller says it of all that pointers lead to.
        (Some(values), Some(schema)) => unsafe { check(values, schema, depth + 1) },
        (None, None) => Ok(()),
        _ => Err(broken("a dictionary is missing, or is not in the schema")),
    }
}

/// Does what reads structures of a caller. Arrow's code panics where they are not what the interface asks for, as where a
/// child is missing. That is a mistake of the caller and no bug of ours.
fn guarded<T>(read: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, ArrowError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(broken("it does not follow the interface")))
}

/// A table, from what a caller hands over.
///
/// # Safety
///
/// Array and schema are as the Arrow C data interface describes them, as far as [`check`] does not see it.
pub unsafe fn imported(array: FFI_ArrowArray, schema: &FFI_ArrowSchema) -> Result<RecordBatch, ArrowError> {
    guarded(|| {
        // SAFETY: the caller says that both are what the interface describes.
        unsafe { check(&array, schema, 0) }?;
        // SAFETY: the caller says that both are what the interface describes, and what they could break was checked.
        let data = unsafe { from_ffi(array, schema) }?;
        data.validate_full()?;
        of_struct(data.data_type())?;
        let rows = StructArray::from(data);
        match rows.null_count() {
            0 => Ok(RecordBatch::from(rows)),
            nulls => Err(ArrowError::InvalidArgumentError(format!(
                "{nulls} of its rows are null as a whole; leave them out"
            ))),
        }
    })
}

fn of_struct(found: &DataType) -> Result<(), ArrowError> {
    match found {
        DataType::Struct(_) => Ok(()),
        _ => Err(ArrowError::SchemaError(format!("its type is {found}, not a struct of columns"))),
    }
}

/// A stream of a caller's, with the schema of its tables.
struct Tables {
    stream: FFI_ArrowArrayStream,
    schema: FFI_ArrowSchema,
}

impl Tables {
    fn new(stream: FFI_ArrowArrayStream) -> Result<Self, ArrowError> {
        let mut tables = Self { stream, schema: FFI_ArrowSchema::empty() };
        let get_schema = tables.stream.get_schema().ok_or_else(|| broken("the stream has no get_schema"))?;
        // SAFETY: it is a function of this stream, which is not released, and the schema can be written.
        let code = unsafe { get_schema(&raw mut tables.stream, &raw mut tables.schema) };
        tables.succeeded(code)?;
        of_struct(&DataType::try_from(&tables.schema)?)?;
        Ok(tables)
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        let get_next = self.stream.get_next().ok_or_else(|| broken("the stream has no get_next"))?;
        let mut array = FFI_ArrowArray::empty();
        // SAFETY: it is a function of this stream, which is not released, and the array can be written.
        let code = unsafe { get_next(&raw mut self.stream, &raw mut array) };
        self.succeeded(code)?;
        if array.is_released() {
            return Ok(None);
        }
        // SAFETY: whoever handed over the stream says that its tables are what the interface describes.
        unsafe { imported(array, &self.schema) }.map(Some)
    }

    /// What a function of the stream gave, as an error with what the stream says about it.
    fn succeeded(&mut self, code: c_int) -> Result<(), ArrowError> {
        if code == 0 {
            return Ok(());
        }
        let mut text = format!("the stream failed with code {code}");
        if let Some(get_last_error) = self.stream.get_last_error() {
            // SAFETY: it is a function of this stream, whose last function failed.
            let said = unsafe { get_last_error(&raw mut self.stream) };
            if !said.is_null() {
                // SAFETY: the interface says that it is a text, which stays until the stream is called again.
                let said = unsafe { CStr::from_ptr(said) };
                text += &format!(": {}", said.to_string_lossy());
            }
        }
        Err(broken(text))
    }
}

/// The columns of a stream that a caller hands over, and its tables.
pub fn tables(
    stream: FFI_ArrowArrayStream,
) -> Result<(SchemaRef, impl Iterator<Item = Result<RecordBatch, ArrowError>> + Send + 'static), ArrowError> {
    let mut tables = guarded(|| Tables::new(stream))?;
    let columns = Arc::new(Schema::try_from(&tables.schema)?);
    let mut failed = false;
    let each = std::iter::from_fn(move || {
        // Of a stream that failed nothing is promised: it is not asked again.
        if failed {
            return None;
        }
        let table = guarded(|| tables.next());
        failed = table.is_err();
        table.transpose()
    });
    Ok((columns, each))
}

/// A table for a caller.
pub fn exported(rows: RecordBatch) -> Result<(FFI_ArrowArray, FFI_ArrowSchema), Problem> {
    let data = StructArray::from(rows).into_data();
    to_ffi(&data).map_err(|error| {
        Problem::new(QingfengStatus::Failed, format!("the rows cannot be handed over: {error}"))
    })
}
