//! Qingfeng for C, and for what calls C: a shared and a static library with the header `include/qingfeng.h`, which is made
//! from this source.
//!
//! It is the engine of the crate `qingfeng` and decides nothing itself. What it adds is a border that holds: pointers are
//! looked at before they are followed, engines are known by numbers and not by addresses, and a panic becomes a status.
//! It is the only crate of the workspace in which `unsafe` may stand.
//!
//! The functions are documented for those who call them from C; `docs/c.md` is their guide.

mod abi;
mod border;
mod handles;
mod problem;
mod table;

use std::ffi::{CStr, c_char};
use std::sync::{Arc, Mutex, TryLockError};

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use qingfeng::read::{Input, Reject};
use qingfeng::rules::diagnostics::DiagnosticData;
use qingfeng::{AssessError, Engine, EngineBuilder, JobError, Notes, ScoredBatches, Summary};
use serde::Serialize;

pub use abi::QINGFENG_ABI_VERSION;
pub use border::QingfengText;
use border::{answered, bytes, needed, text, write};
use handles::Handles;
use problem::Problem;
pub use problem::QingfengStatus;
pub use table::{QINGFENG_BY_ITEM, QINGFENG_REASONS};

/// A pack that is open. It does not change, and any number of threads may use it at once. What the pointer points to is
/// none of your business: it is passed back to the functions of this header, and to nothing else. One that was closed, or
/// that no function gave, is found out and refused.
#[derive(Debug)]
pub struct QingfengEngine {
    _opaque: [u8; 0],
}

/// A stream of tables that is being scored. One thread at a time may use it. As with an engine the pointer is passed back,
/// and one that was closed is refused.
#[derive(Debug)]
pub struct QingfengScoring {
    _opaque: [u8; 0],
}

static ENGINES: Handles<Engine> = Handles::new();

/// Empty once it failed.
type Scored = Arc<Mutex<Option<ScoredBatches>>>;

static SCORINGS: Handles<Scored> = Handles::new();

fn engine_of(engine: *const QingfengEngine) -> Result<Engine, Problem> {
    let open = ENGINES.get(engine.addr());
    open.ok_or_else(|| Problem::argument("`engine` is no open engine: it is NULL, or was closed"))
}

/// The version of this library, such as `0.1.0`. The text is part of the library: do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn qingfeng_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}

/// The version of the interface of this library: `QINGFENG_ABI_VERSION` of the header that belongs to it.
#[unsafe(no_mangle)]
pub extern "C" fn qingfeng_abi_version() -> u32 {
    QINGFENG_ABI_VERSION
}

/// Opens the pack in a directory: checks its files and reads its lookup tables. The lookup tables must be files of the
/// pack.
///
/// `path`, `path_length`: the directory, UTF-8 on every system. Lent for the call.
///
/// `digest`, `digest_length`: the digest that the pack must have, in hexadecimal as results name it; NULL and 0 if any will
/// do. Lent for the call.
///
/// `engine`: where the engine is written; NULL is written where there is none. Close it with `qingfeng_close`.
///
/// `answer`: where a text is written, which you free. On success `{"pack": ID, "digest": TEXT, "diagnostics": [...]}` with
/// the warnings about the pack, else the problem. May be NULL.
///
/// # Safety
///
/// Texts can be read, results can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qingfeng_open_directory(
    path: *const c_char,
    path_length: usize,
    digest: *const c_char,
    digest_length: usize,
    engine: *mut *mut QingfengEngine,
    answer: *mut QingfengText,
) -> QingfengStatus {
    let work = || {
        // SAFETY: the caller says that the path can be read.
        let path = unsafe { text("path", path, path_length) }?;
        // SAFETY: the caller says that the digest can be read.
        let digest = unsafe { text("digest", digest, digest_length) }?;
        if path.is_empty() {
            return Err(Problem::argument("`path` is empty; name the directory of a pack"));
        }
        // SAFETY: the caller says that the engine can be written.
        unsafe { open(Engine::builder().directory(path), digest, engine) }
    };
    // SAFETY: the caller says that the answer can be written.
    unsafe { answered(answer, work) }
}

/// Opens the pack in a tar archive in memory, which may be packed with gzip or zstd. It holds the directory of one pack,
/// or its files.
///
/// `archive`, `archive_length`: the bytes of the archive. Lent for the call.
///
/// The others are as with `qingfeng_open_directory`.
///
/// # Safety
///
/// Bytes and texts can be read, results can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qingfeng_open_archive(
    archive: *const u8,
    archive_length: usize,
    digest: *const c_char,
    digest_length: usize,
    engine: *mut *mut QingfengEngine,
    answer: *mut QingfengText,
) -> QingfengStatus {
    let work = || {
        // SAFETY: the caller says that the archive can be read.
        let archive = unsafe { bytes("archive", archive.cast(), archive_length) }?;
        // SAFETY: the caller says that the digest can be read.
        let digest = unsafe { text("digest", digest, digest_length) }?;
        // SAFETY: the caller says that the engine can be written.
        unsafe { open(Engine::builder().archive(archive), digest, engine) }
    };
    // SAFETY: the caller says that the answer can be written.
    unsafe { answered(answer, work) }
}

#[derive(Serialize)]
struct Opened<'o> {
    pack: &'o str,
    digest: &'o str,
    diagnostics: Vec<DiagnosticData<'o>>,
}

/// Opens a pack, keeps the engine and writes what it is known by.
///
/// # Safety
///
/// `place` is null or can be written.
unsafe fn open(
    builder: EngineBuilder<'_>,
    digest: &str,
    place: *mut *mut QingfengEngine,
) -> Result<String, Problem> {
    needed("engine", place)?;
    // SAFETY: the caller says that it can be written.
    unsafe { write(place, std::ptr::null_mut()) };
    let builder = if digest.is_empty() { builder } else { builder.expected_digest(digest) };
    let engine = builder.build()?;
    let opened = Opened {
        pack: engine.pack_id(),
        digest: engine.digest(),
        diagnostics: engine.pack().warnings.data(),
    };
    let answer = serde_json::to_string(&opened)?;
    let number = ENGINES.add(engine);
    // SAFETY: the caller says that it can be written.
    unsafe { write(place, std::ptr::without_provenance_mut(number)) };
    Ok(answer)
}

/// The pack of an engine by name, version and digest: `clean-wind@2016.4#5d1f...`, as every result has it.
///
/// `answer`: where the id is written, as plain text, or the problem. You free it.
///
/// # Safety
///
/// `answer` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qingfeng_pack_id(
    engine: *const QingfengEngine,
    answer: *mut QingfengText,
) -> QingfengStatus {
    let work = || {
        needed("answer", answer)?;
        Ok(engine_of(engine)?.pack_id().to_string())
    };
    // SAFETY: the caller says that the answer can be written.
    unsafe { answered(answer, work) }
}

/// Assesses one declaration that is a JSON message: an object with its fields and `items`, or a flat one of one goods line.
///
/// `json`, `json_length`: the message, UTF-8, 16 MiB at most. Lent for the call.
///
/// `answer`: where the assessment is written, or the problem. You free it. `channel` and `score` are the decision, `items`
/// has what fired on each goods line, `notes` what was read and not understood, and where something cannot be read
/// `range` has what is possible.
///
/// # Safety
///
/// The message can be read, the answer can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qingfeng_assess(
    engine: *const QingfengEngine,
    json: *const c_char,
    json_length: usize,
    answer: *mut QingfengText,
) -> QingfengStatus {
    // SAFETY: the caller says the same.
    unsafe { of_message(engine, json, json_length, answer, Engine::assess_json) }
}

/// Explains the decision about one declaration: each goods line with its values, each rule whose key fits it, each part
/// of the rule's condition with what it saw, and how points, ceiling and floor lead to the channel.
///
/// The arguments are as with `qingfeng_assess`. The answer is that of `qingfeng explain --format json`, but for `rejects`.
///
/// # Safety
///
/// The message can be read, the answer can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qingfeng_explain(
    engine: *const QingfengEngine,
    json: *const c_char,
    json_length: usize,
    answer: *mut QingfengText,
) -> QingfengStatus {
    // SAFETY: the caller says the same.
    unsafe { of_message(engine, json, json_length, answer, Engine::explain_json) }
}

/// What an engine makes of a message.
///
/// # Safety
///
/// The message can be read, the answer can be written.
unsafe fn of_message<T: Serialize>(
    engine: *const QingfengEngine,
    json: *const c_char,
    json_length: usize,
    answer: *mut QingfengText,
    ask: impl FnOnce(&Engine, &[u8]) -> Result<T, AssessError>,
) -> QingfengStatus {
    let work = || {
        needed("answer", answer)?;
        let engine = engine_of(engine)?;
        // SAFETY: the caller says that the message can be read.
        let json = unsafe { bytes("json", json, json_length) }?;
        Ok(serde_json::to_string(&ask(&engine, json)?)?)
    };
    // SAFETY: the caller says that the answer can be written.
    unsafe { answered(answer, work) }
}

#[derive(Serialize)]
struct OfTable<'r> {
    rejects: &'r [Reject],
    scattered_declarations: u64,
    notes: Notes,
}

/// Assesses a table of whole declarations, one row a goods line, on the thread that calls. Columns are found by their names.
/// The lines of a declaration must stand together in this table: where one goes on in the next table, use
/// `qingfeng_score_open`, since here each part is assessed as if it were the whole. `scattered_declarations` counts those
/// of which two parts are in this table.
///
/// `schema`: the type of the table, a struct of its columns. Lent for the call; it stays yours to release.
///
/// `array`: the rows. They are taken: whatever the status, `array->release` is NULL afterwards and the rows are released,
/// during the call. (Not if `array` is NULL.) Offsets, texts and keys of dictionaries are looked through before they are
/// used; that buffers are as long as the interface demands cannot be seen, and is yours to ensure.
///
/// `flags`: `QINGFENG_BY_ITEM`, `QINGFENG_REASONS`, both or 0.
///
/// `result_schema`, `result`: where the assessments are written, a struct of columns with a row for each declaration, or
/// for each line. They are yours to release. What stands there before is not looked at. If the status is not
/// `QINGFENG_STATUS_OK`, `release` of both is NULL. `result` may be the same as `array`, `result_schema` not as `schema`.
///
/// `answer`: where a text is written, which you free: `{"rejects": [...], "scattered_declarations": N, "notes": {...}}` with
/// what could not be read or understood, or the problem. May be NULL.
///
/// # Safety
///
/// Schema and rows are as the Arrow C data interface describes them, results can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qingfeng_assess_batch(
    engine: *const QingfengEngine,
    schema: *const FFI_ArrowSchema,
    array: *mut FFI_ArrowArray,
    flags: u32,
    result_schema: *mut FFI_ArrowSchema,
    result: *mut FFI_ArrowArray,
    answer: *mut QingfengText,
) -> QingfengStatus {
    let work = || {
        let taken = (!array.is_null()).then(|| {
            // SAFETY: not null, and the caller says that an array stands there.
            unsafe { FFI_ArrowArray::from_raw(array) }
        });
        if std::ptr::eq(schema, result_schema) && !schema.is_null() {
            // SAFETY: the caller says that it can be written.
            unsafe { write(result, FFI_ArrowArray::empty()) };
            return Err(Problem::argument("`schema` and `result_schema` are the same; the schema is lent"));
        }
        // SAFETY: the caller says that both can be written; and nothing else is there, for the rows were taken and the schema
        // is elsewhere.
        unsafe { no_rows(result_schema, result) }?;
        let engine = engine_of(engine)?;
        let (by, reasons) = table::row_flags(flags)?;
        // SAFETY: null, or the caller says that a schema stands there, which nobody changes during the call.
        let schema = unsafe { schema.as_ref() };
        let (Some(taken), Some(schema)) = (taken, schema) else {
            return Err(Problem::argument("`schema` or `array` is NULL"));
        };
        if taken.is_released() {
            return Err(Problem::argument("`array` was released before"));
        }
        // SAFETY: the caller says that both are as the interface describes them.
        let table = unsafe { table::imported(taken, schema) }?;
        let results = engine.assess_batch(&table)?;
        let rows = results.rows(by, reasons).map_err(JobError::Batch)?;
        let report = OfTable {
            rejects: results.rejects(),
            scattered_declarations: results.scattered().count,
            notes: results.notes(),
        };
        let report = serde_json::to_string(&report)?;
        // SAFETY: the caller says that both can be written.
        unsafe { hand_over(table::exported(rows)?, result_schema, result) };
        Ok(report)
    };
    // SAFETY: the caller says that the answer can be written.
    unsafe { answered(answer, work) }
}

/// Writes that there are no rows.
///
/// # Safety
///
/// Both are null or can be written.
unsafe fn no_rows(schema: *mut FFI_ArrowSchema, array: *mut FFI_ArrowArray) -> Result<(), Problem> {
    // SAFETY: the caller says that both can be written.
    unsafe { hand_over((FFI_ArrowArray::empty(), FFI_ArrowSchema::empty()), schema, array) };
    needed("result_schema", schema)?;
    needed("result", array)
}

/// Writes rows.
///
/// # Safety
///
/// Both are null or can be written.
unsafe fn hand_over(
    (rows, columns): (FFI_ArrowArray, FFI_ArrowSchema),
    schema: *mut FFI_ArrowSchema,
    array: *mut FFI_ArrowArray,
) {
    // SAFETY: the caller says that it can be written.
    unsafe { write(schema, columns) };
    // SAFETY: the caller says that it can be written.
    unsafe { write(array, rows) };
}

/// Begins to score tables of any number, the parts of one table: a declaration may go on from one to the next. They are read
/// while results are asked for, so that memory does not grow with them.
///
/// `stream`: the tables, each a struct of columns. It is taken: whatever the status, `stream->release` is NULL afterwards.
/// (Not if `stream` is NULL.) Its functions are called by this library's threads, by one at a time, during
/// `qingfeng_score_open`, `qingfeng_score_next` and `qingfeng_score_close`; tables are released there too.
///
/// `flags`: as with `qingfeng_assess_batch`.
///
/// `threads`: the number of threads that score; 0 for one for each processor. No result depends on it.
///
/// `scoring`: where the scoring is written; NULL is written where there is none. Close it with `qingfeng_score_close`. It
/// goes on if the engine is closed meanwhile.
///
/// `answer`: where the problem is written, or an empty object. You free it. May be NULL.
///
/// # Safety
///
/// The stream is as the Arrow C stream interface describes it, results can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qingfeng_score_open(
    engine: *const QingfengEngine,
    stream: *mut FFI_ArrowArrayStream,
    flags: u32,
    threads: u32,
    scoring: *mut *mut QingfengScoring,
    answer: *mut QingfengText,
) -> QingfengStatus {
    let work = || {
        let taken = (!stream.is_null()).then(|| {
            // SAFETY: not null, and the caller says that a stream stands there.
            unsafe { FFI_ArrowArrayStream::from_raw(stream) }
        });
        // SAFETY: the caller says that it can be written.
        unsafe { write(scoring, std::ptr::null_mut()) };
        needed("scoring", scoring)?;
        let engine = engine_of(engine)?;
        let (by, reasons) = table::row_flags(flags)?;
        let taken = taken.ok_or_else(|| Problem::argument("`stream` is NULL"))?;
        if taken.release().is_none() {
            return Err(Problem::argument("`stream` was released before"));
        }
        let (columns, tables) = table::tables(taken)?;
        let input = Input::table("the stream", columns, tables);
        let mut batches = engine.score(input).by(by).reasons(reasons);
        if threads > 0 {
            batches = batches.threads(threads as usize);
        }
        let number = SCORINGS.add(Arc::new(Mutex::new(Some(batches.into_iter()))));
        // SAFETY: the caller says that it can be written.
        unsafe { write(scoring, std::ptr::without_provenance_mut(number)) };
        Ok("{}".to_owned())
    };
    // SAFETY: the caller says that the answer can be written.
    unsafe { answered(answer, work) }
}

#[derive(Serialize)]
struct OfScoring<'r> {
    rejects: &'r [Reject],
    summary: Option<&'r Summary>,
}

/// Scores the next declarations.
///
/// `result_schema`, `result`: where their assessments are written, as with `qingfeng_assess_batch`. There may be no rows
/// in them. When all was scored, `result->release` is NULL, and the status is `QINGFENG_STATUS_OK`.
///
/// `answer`: where a text is written, which you free: `{"rejects": [...], "summary": null}` with the lines that could not be
/// read, at the end with the summary of `qingfeng score --summary`, or the problem. A scoring that failed gives nothing
/// more; what it gave before is right. May be NULL.
///
/// # Safety
///
/// Results can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qingfeng_score_next(
    scoring: *const QingfengScoring,
    result_schema: *mut FFI_ArrowSchema,
    result: *mut FFI_ArrowArray,
    answer: *mut QingfengText,
) -> QingfengStatus {
    let work = || {
        // SAFETY: the caller says that both can be written.
        unsafe { no_rows(result_schema, result) }?;
        let open = SCORINGS.get(scoring.addr());
        let open =
            open.ok_or_else(|| Problem::argument("`scoring` is not open: it is NULL, or was closed"))?;
        let mut place = match open.try_lock() {
            Ok(place) => place,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return Err(Problem::argument(
                    "`scoring` is at work in another thread; ask it from one at a time",
                ));
            }
        };
        let failed = || Problem::argument("`scoring` failed before, and gives nothing more");
        let mut batches = place.take().ok_or_else(failed)?;
        let (rows, report) = match batches.next() {
            Some(batch) => {
                let batch = batch?;
                let report = OfScoring { rejects: &batch.rejects, summary: None };
                (Some(table::exported(batch.rows)?), serde_json::to_string(&report)?)
            }
            None => {
                let summary = Some(batches.summary().ok_or_else(failed)?);
                (None, serde_json::to_string(&OfScoring { rejects: &[], summary })?)
            }
        };
        *place = Some(batches);
        if let Some(rows) = rows {
            // SAFETY: the caller says that both can be written.
            unsafe { hand_over(rows, result_schema, result) };
        }
        Ok(report)
    };
    // SAFETY: the caller says that the answer can be written.
    unsafe { answered(answer, work) }
}

/// Closes a scoring and releases its stream, be it at its end or not, and writes NULL in its place. It does nothing if
/// `scoring` is NULL, or what stands there is NULL or was closed.
///
/// # Safety
///
/// `scoring` is null, or can be read and written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qingfeng_score_close(scoring: *mut *mut QingfengScoring) {
    // SAFETY: the caller says the same.
    unsafe { close(&SCORINGS, scoring) };
}

/// Closes an engine, and writes NULL in its place. Calls that are under way in other threads end as if it were open. It does
/// nothing if `engine` is NULL, or what stands there is NULL or was closed.
///
/// # Safety
///
/// `engine` is null, or can be read and written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qingfeng_close(engine: *mut *mut QingfengEngine) {
    // SAFETY: the caller says the same.
    unsafe { close(&ENGINES, engine) };
}

/// No longer keeps what the pointer at a place stands for.
///
/// # Safety
///
/// `place` is null, or can be read and written.
unsafe fn close<T: Clone, P>(kept: &Handles<T>, place: *mut *mut P) {
    if place.is_null() {
        return;
    }
    // SAFETY: not null, and the caller says that a pointer stands there.
    let pointer = unsafe { place.replace(std::ptr::null_mut()) };
    // A panic while it is dropped ends here; there is nobody to tell.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(kept.remove(pointer.addr()))));
}

/// Frees a text that a function gave, and leaves an empty one in its place. It does nothing if `text` is NULL or the text
/// was freed. A copy of the structure is the same text: free one of them.
///
/// # Safety
///
/// `text` is null, or a text that a function of this library wrote there, or one that was freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qingfeng_text_free(text: *mut QingfengText) {
    // SAFETY: the caller says the same.
    unsafe { QingfengText::free(text) };
}
