//! What crosses the border: bytes that callers lend, texts that they are given, and panics, which must not.

use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use crate::problem::{Problem, QingfengStatus};

/// A text that a function gives: a result, or what went wrong. It is yours: read `length` bytes at `bytes`, then free it
/// with `qingfeng_text_free`, whatever the status was. It is UTF-8, and a zero byte follows it, which `length` does not
/// count. Do not change its members.
#[repr(C)]
#[derive(Debug)]
pub struct QingfengText {
    /// Where it begins; NULL once it was freed.
    pub bytes: *const c_char,
    /// The number of its bytes.
    pub length: usize,
}

impl QingfengText {
    /// One that was freed.
    const NONE: Self = Self { bytes: ptr::null(), length: 0 };

    fn new(text: String) -> Self {
        let length = text.len();
        let mut bytes = text.into_bytes();
        bytes.push(0);
        Self { bytes: Box::into_raw(bytes.into_boxed_slice()).cast(), length }
    }

    /// Frees the text that stands at a place, and leaves none there.
    ///
    /// # Safety
    ///
    /// `text` is null, or a text that a function of this library wrote there, unchanged, or one that was freed.
    pub unsafe fn free(text: *mut Self) {
        if text.is_null() {
            return;
        }
        // SAFETY: not null, and the caller says that a text stands there.
        let Self { bytes, length } = unsafe { ptr::replace(text, Self::NONE) };
        if bytes.is_null() {
            return;
        }
        let all = ptr::slice_from_raw_parts_mut(bytes.cast_mut().cast::<u8>(), length.saturating_add(1));
        // SAFETY: `new` made these bytes, with the zero byte, of a box; and since `NONE` has taken their place, this text
        // gives them back once.
        drop(unsafe { Box::from_raw(all) });
    }
}

/// Does the work of a function, writes what there is to say, and gives the status. A panic becomes a status: to unwind
/// into C is undefined, and to abort would take the caller's other work with it.
///
/// # Safety
///
/// `answer` is null or can be written.
pub unsafe fn answered(
    answer: *mut QingfengText,
    work: impl FnOnce() -> Result<String, Problem>,
) -> QingfengStatus {
    // What a panic leaves half done is dropped with the closure: an engine does not change, results are written at the
    // end, a scoring is taken out of its place while it works, and locks are held for insertions and removals alone.
    let result = catch_unwind(AssertUnwindSafe(work));
    let result = result.unwrap_or_else(|panic| Err(Problem::panicked(&*panic)));
    let (status, text) = match result {
        Ok(text) => (QingfengStatus::Ok, text),
        Err(problem) => (problem.status, problem.json),
    };
    if !answer.is_null() {
        // SAFETY: not null, and the caller says that it can be written. What stood there is not read.
        unsafe { answer.write(QingfengText::new(text)) };
    }
    status
}

/// That a result has somewhere to go.
pub fn needed<T>(name: &str, place: *mut T) -> Result<(), Problem> {
    if place.is_null() { Err(Problem::argument(format!("`{name}` is NULL"))) } else { Ok(()) }
}

/// Writes a result, if there is a place for it.
///
/// # Safety
///
/// `place` is null or can be written.
pub unsafe fn write<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: not null, and the caller says that it can be written. What stood there is not dropped: it is the
        // caller's, and may never have been set.
        unsafe { place.write(value) };
    }
}

/// The bytes that a caller lends.
///
/// # Safety
///
/// `start` is null, or `length` bytes can be read there, which nobody changes while they are used.
pub unsafe fn bytes<'c>(name: &str, start: *const c_char, length: usize) -> Result<&'c [u8], Problem> {
    if length == 0 {
        return Ok(&[]);
    }
    if start.is_null() {
        return Err(Problem::argument(format!("`{name}` is NULL, and {length} bytes of it are to be read")));
    }
    if isize::try_from(length).is_err() {
        return Err(Problem::argument(format!(
            "`{name}` has {length} bytes, more than there can be; is the length negative?"
        )));
    }
    // SAFETY: not null, no longer than any object can be, and the caller says that the bytes can be read and stay.
    Ok(unsafe { std::slice::from_raw_parts(start.cast(), length) })
}

/// The same, of a text.
///
/// # Safety
///
/// As for [`bytes`].
pub unsafe fn text<'c>(name: &str, start: *const c_char, length: usize) -> Result<&'c str, Problem> {
    // SAFETY: the caller says the same.
    let bytes = unsafe { bytes(name, start, length) }?;
    std::str::from_utf8(bytes).map_err(|error| {
        Problem::argument(format!("`{name}` is not UTF-8 after byte {}", error.valid_up_to()))
    })
}

#[cfg(test)]
mod tests {
    use super::{QingfengStatus, QingfengText, answered};

    #[test]
    fn a_panic_is_a_status() {
        let mut answer = QingfengText::NONE;
        // SAFETY: a text can be written at `answer`.
        let status = unsafe { answered(&raw mut answer, || panic!("planted")) };
        assert_eq!(status, QingfengStatus::Panicked);
        assert!(answer.length > 0);
        // SAFETY: the text was written by `answered`.
        unsafe { QingfengText::free(&raw mut answer) };
        assert!(answer.bytes.is_null());
        // SAFETY: the text was freed.
        unsafe { QingfengText::free(&raw mut answer) };
    }
}
