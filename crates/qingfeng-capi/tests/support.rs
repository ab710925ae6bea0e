//! The functions of the header, called from Rust as C calls them.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use std::ffi::c_char;
use std::path::{Path, PathBuf};
use std::ptr;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, RecordBatch, RecordBatchReader, StructArray};
use qingfeng_capi::{
    QingfengEngine, QingfengScoring, QingfengStatus, QingfengText, qingfeng_assess, qingfeng_assess_batch,
    qingfeng_close, qingfeng_explain, qingfeng_open_archive, qingfeng_open_directory, qingfeng_pack_id,
    qingfeng_score_close, qingfeng_score_next, qingfeng_score_open, qingfeng_text_free,
};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where cargo has put what it built for these tests.
pub fn built() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.parent().unwrap().parent().unwrap().to_owned()
}

/// A call's status and text. A status that is not that of success is an error.
pub type Answer<T> = Result<T, (QingfengStatus, String)>;

/// Makes a call and takes its text.
fn told(call: impl FnOnce(*mut QingfengText) -> QingfengStatus) -> Answer<String> {
    let mut text = QingfengText { bytes: ptr::null(), length: 0 };
    let status = call(&raw mut text);
    // SAFETY: each function writes a text, of which `length` bytes can be read.
    let bytes = unsafe { std::slice::from_raw_parts(text.bytes.cast::<u8>(), text.length) };
    let answer = String::from_utf8(bytes.to_vec()).unwrap();
    // SAFETY: it was written by the function and not changed.
    unsafe { qingfeng_text_free(&raw mut text) };
    if status == QingfengStatus::Ok { Ok(answer) } else { Err((status, answer)) }
}

/// An engine that is closed at its end.
pub struct Engine(*mut QingfengEngine);

impl Drop for Engine {
    fn drop(&mut self) {
        // SAFETY: a pointer stands there that a function wrote.
        unsafe { qingfeng_close(&raw mut self.0) };
    }
}

fn chars(text: &str) -> *const c_char {
    text.as_ptr().cast()
}

impl Engine {
    pub fn open(pack: &Path) -> Answer<(Self, String)> {
        let path = pack.to_str().unwrap();
        let mut engine = ptr::null_mut();
        let answer = told(|answer| {
            // SAFETY: the path is lent with its length, the others are places of this function.
            unsafe {
                qingfeng_open_directory(chars(path), path.len(), ptr::null(), 0, &raw mut engine, answer)
            }
        })?;
        Ok((Self(engine), answer))
    }

    pub fn open_archive(archive: &[u8], digest: &str) -> Answer<(Self, String)> {
        let mut engine = ptr::null_mut();
        let (bytes, length) = (archive.as_ptr(), archive.len());
        let answer = told(|answer| {
            // SAFETY: bytes and digest are lent with their lengths, the others are places of this function.
            unsafe {
                qingfeng_open_archive(bytes, length, chars(digest), digest.len(), &raw mut engine, answer)
            }
        })?;
        Ok((Self(engine), answer))
    }

    pub fn pack_id(&self) -> Answer<String> {
        // SAFETY: the text is written to a place of `told`.
        told(|answer| unsafe { qingfeng_pack_id(self.0, answer) })
    }

    pub fn assess(&self, json: &str) -> Answer<String> {
        // SAFETY: the message is lent with its length, the text written to a place of `told`.
        told(|answer| unsafe { qingfeng_assess(self.0, chars(json), json.len(), answer) })
    }

    pub fn explain(&self, json: &str) -> Answer<String> {
        // SAFETY: the message is lent with its length, the text written to a place of `told`.
        told(|answer| unsafe { qingfeng_explain(self.0, chars(json), json.len(), answer) })
    }

    /// Assesses a table: the rows, and what is told of it.
    pub fn assess_batch(&self, table: RecordBatch, flags: u32) -> Answer<(RecordBatch, String)> {
        let (mut array, schema) = to_ffi(&StructArray::from(table).into_data()).unwrap();
        let (mut rows, mut columns) = (FFI_ArrowArray::empty(), FFI_ArrowSchema::empty());
        let answer = told(|answer| {
            let (taken, rows, columns) = (&raw mut array, &raw mut rows, &raw mut columns);
            // SAFETY: the structures are Arrow's own, the others are places of this function.
            unsafe { qingfeng_assess_batch(self.0, &raw const schema, taken, flags, columns, rows, answer) }
        });
        assert!(array.is_released());
        let answer = answer.inspect_err(|_| assert!(rows.is_released()))?;
        Ok((imported(rows, &columns), answer))
    }

    /// Scores a stream to its end: the tables with rows, and what was told with each table and at the end.
    pub fn score(
        &self,
        tables: impl RecordBatchReader + Send + 'static,
        flags: u32,
        threads: u32,
    ) -> Answer<(Vec<RecordBatch>, Vec<String>)> {
        let mut stream = FFI_ArrowArrayStream::new(Box::new(tables));
        let mut scoring: *mut QingfengScoring = ptr::null_mut();
        told(|answer| {
            let (stream, scoring) = (&raw mut stream, &raw mut scoring);
            // SAFETY: the stream is Arrow's own, the others are places of this function.
            unsafe { qingfeng_score_open(self.0, stream, flags, threads, scoring, answer) }
        })?;
        let (mut batches, mut reports) = (Vec::new(), Vec::new());
        let result = loop {
            let (mut rows, mut columns) = (FFI_ArrowArray::empty(), FFI_ArrowSchema::empty());
            let report = told(|answer| {
                // SAFETY: the scoring was written by a function, the others are places of this one.
                unsafe { qingfeng_score_next(scoring, &raw mut columns, &raw mut rows, answer) }
            });
            match report {
                Ok(report) => reports.push(report),
                Err(problem) => break Err(problem),
            }
            if rows.is_released() {
                break Ok((batches, reports));
            }
            batches.push(imported(rows, &columns));
        };
        // SAFETY: a pointer stands there that a function wrote.
        unsafe { qingfeng_score_close(&raw mut scoring) };
        result
    }
}

fn imported(rows: FFI_ArrowArray, columns: &FFI_ArrowSchema) -> RecordBatch {
    // SAFETY: both were written by a function that says they are whole.
    let data = unsafe { from_ffi(rows, columns) }.unwrap();
    data.validate_full().unwrap();
    RecordBatch::from(StructArray::from(data))
}
