//! Opening an input: what it is, how it is compressed, and its bytes.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::ReadError;
use super::input::{Batches, Seekable, Stream};
use super::text::{Encoding, contradiction};
use super::{Format, Input};
use crate::write::PARTIAL;

/// The bytes looked at to find out what an input is.
const PEEKED: usize = 4096;

/// A stream of bytes.
pub(crate) type Bytes = Box<dyn Read + Send>;

/// An open input.
pub(crate) enum Source {
    /// Text, decompressed.
    Text { format: Format, bytes: Bytes },
    /// A Parquet file.
    #[cfg(feature = "parquet")]
    Parquet(Box<dyn Seekable>),
    /// An Arrow file.
    Arrow(Box<dyn Seekable>),
    /// An Arrow stream.
    Stream(Bytes),
    /// Batches in memory.
    Batches(Batches),
}

/// Opens an input and finds out its format: as demanded, or else from what only one format begins with, or else by
/// the extension, or else by the first letter.
pub(crate) fn open(
    input: &Input,
    demanded: Option<Format>,
    encoding: Encoding,
    read: &Arc<AtomicU64>,
) -> Result<Source, ReadError> {
    let failed = |source| ReadError::open(input, source);
    let inner: Bytes = match input {
        Input::Stdin => Box::new(io::stdin()),
        Input::Path(path) => {
            refuse_partial(input, path)?;
            Box::new(File::open(path).map_err(failed)?)
        }
        Input::Given(given) => match given.open()? {
            Stream::Bytes(bytes) => bytes,
            Stream::Batches(batches) => return Ok(Source::Batches(batches)),
        },
    };
    let mut raw: Bytes = Box::new(Counted { inner, read: Arc::clone(read) });
    let start = peek(&mut raw, 4).map_err(failed)?;
    let packing = Packing::of(&start);
    let mut bytes = packing.unpacked(Box::new(Cursor::new(start).chain(raw))).map_err(failed)?;
    let start = peek(&mut bytes, PEEKED).map_err(|error| ReadError::broken(input, "its start", &error))?;
    let name = input.to_string();
    let name = Some(Path::new(&name)).filter(|_| !matches!(input, Input::Stdin));
    let format = demanded.unwrap_or_else(|| guess(name, &start));
    if start.is_empty() {
        return Err(ReadError::content(
            input,
            "is empty; a file without declarations has at least its header",
        ));
    }
    let foreign = [
        (&b"PARE"[..], "is an encrypted Parquet file; write it without encryption"),
        (b"FEA1", "is a Feather file of version 1; write it as version 2, which is Arrow, or as Parquet"),
    ];
    if let Some((_, reason)) = foreign.iter().find(|(mark, _)| start.starts_with(mark)) {
        return Err(ReadError::content(input, *reason));
    }
    if format == Format::Parquet && cfg!(not(feature = "parquet")) {
        return Err(ReadError::content(input, format!("is a Parquet file; {WITHOUT_PARQUET}")));
    }
    match format {
        Format::Csv | Format::Ndjson => {
            check_text(input, format, &start)?;
            if let Some(reason) = contradiction(encoding, &start) {
                return Err(ReadError::content(input, reason));
            }
            Ok(Source::Text { format, bytes: Box::new(Cursor::new(start).chain(bytes)) })
        }
        Format::Parquet | Format::Arrow if packing != Packing::None => Err(ReadError::content(
            input,
            "is a compressed table; unpack it first (Parquet and Arrow compress their columns themselves)",
        )),
        Format::Arrow if !start.starts_with(b"ARROW1") => {
            Ok(Source::Stream(Box::new(Cursor::new(start).chain(bytes))))
        }
        Format::Parquet if !start.starts_with(b"PAR1") => {
            Err(ReadError::content(input, "is no Parquet file: it does not begin with `PAR1`"))
        }
        Format::Parquet | Format::Arrow => {
            // Both formats are read from their end, which a pipe does not let one reach.
            let file = match input.seekable().map_err(failed)? {
                Some(file) => {
                    read.fetch_add(input.size().unwrap_or(0), Ordering::Relaxed);
                    file
                }
                None => Box::new(spool(input, Cursor::new(start).chain(bytes))?),
            };
            #[cfg(feature = "parquet")]
            if format == Format::Parquet {
                return Ok(Source::Parquet(file));
            }
            Ok(Source::Arrow(file))
        }
    }
}

/// Why a build has no Parquet.
pub(crate) const WITHOUT_PARQUET: &str =
    "this build has no Parquet; use another format, or the feature `parquet` of the crate";

/// Why a build has no zstd.
#[cfg(not(feature = "parquet"))]
pub(crate) fn without_zstd() -> io::Error {
    let reason = "this build has no zstd; pack it with gzip, or use the feature `parquet` of the crate";
    io::Error::new(io::ErrorKind::Unsupported, reason)
}

/// The compression around bytes, by what they begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    fn of(start: &[u8]) -> Self {
        if start.starts_with(&[0x1F, 0x8B]) {
            Self::Gzip
        } else if start.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
            Self::Zstd
        } else {
            Self::None
        }
    }

    fn unpacked<'b>(self, bytes: Box<dyn Read + Send + 'b>) -> io::Result<Box<dyn Read + Send + 'b>> {
        Ok(match self {
            Self::None => bytes,
            Self::Gzip => {
                Box::new(flate2::read::MultiGzDecoder::new(io::BufReader::with_capacity(1 << 16, bytes)))
            }
            #[cfg(feature = "parquet")]
            Self::Zstd => Box::new(zstd::stream::read::Decoder::new(bytes)?),
            #[cfg(not(feature = "parquet"))]
            Self::Zstd => return Err(without_zstd()),
        })
    }
}

/// Bytes that may be packed with gzip or zstd, unpacked.
pub(crate) fn unpacked(bytes: &[u8]) -> io::Result<Box<dyn Read + Send + '_>> {
    Packing::of(bytes).unpacked(Box::new(bytes))
}

/// Checks before reading starts that a file is there.
pub(crate) fn check(input: &Input) -> Result<(), ReadError> {
    let Input::Path(path) = input else { return Ok(()) };
    refuse_partial(input, path)?;
    let found = path.metadata().map_err(|source| ReadError::open(input, source))?;
    if found.is_dir() {
        return Err(ReadError::content(input, "is a directory; name the files in it"));
    }
    Ok(())
}

/// Refuses a file that is given twice: by another name, by a link, or as a copy.
pub(crate) fn check_apart(inputs: &[Input]) -> Result<(), ReadError> {
    let mut seen: Vec<(&Input, std::path::PathBuf, u64)> = Vec::new();
    for input in inputs {
        let Input::Path(path) = input else { continue };
        let found = path.metadata().map_err(|source| ReadError::open(input, source))?;
        if !found.is_file() || found.len() == 0 {
            continue;
        }
        let real = path.canonicalize().map_err(|source| ReadError::open(input, source))?;
        for (other, other_real, length) in &seen {
            if *other_real == real {
                return Err(ReadError::content(input, format!("is the same file as {other}; give it once")));
            }
            if *length == found.len() && is_copy(&real, other_real) {
                return Err(ReadError::content(
                    input,
                    format!("has the same content as {other}; give one of them"),
                ));
            }
        }
        seen.push((input, real, found.len()));
    }
    Ok(())
}

/// Whether two files of one length have the same bytes. A file that cannot be read is reported when its turn comes.
fn is_copy(one: &Path, other: &Path) -> bool {
    let (Ok(one), Ok(other)) = (File::open(one), File::open(other)) else { return false };
    let (mut one, mut other) = (io::BufReader::new(one), io::BufReader::new(other));
    loop {
        let (Ok(a), Ok(b)) = (io::BufRead::fill_buf(&mut one), io::BufRead::fill_buf(&mut other)) else {
            return false;
        };
        let common = a.len().min(b.len());
        if a[..common] != b[..common] {
            return false;
        }
        if common == 0 {
            return a.len() == b.len();
        }
        io::BufRead::consume(&mut one, common);
        io::BufRead::consume(&mut other, common);
    }
}

/// Refuses a file that is being written, or that a run left which did not end.
fn refuse_partial(input: &Input, path: &Path) -> Result<(), ReadError> {
    let name = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if !name.to_string_lossy().to_ascii_lowercase().ends_with(PARTIAL) {
        return Ok(());
    }
    Err(ReadError::content(
        input,
        "is not whole: a run is writing it, or did not end; wait for that run or repeat it, and name the file that it makes",
    ))
}

/// A copy of the input in a temporary file, from its beginning.
fn spool(input: &Input, mut bytes: impl Read) -> Result<File, ReadError> {
    let mut file = tempfile::tempfile().map_err(ReadError::temporary)?;
    let mut block = vec![0; 1 << 18];
    loop {
        match bytes.read(&mut block) {
            Ok(0) => break,
            Ok(count) => io::Write::write_all(&mut file, &block[..count]).map_err(ReadError::temporary)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ReadError::broken(input, "its start", &error)),
        }
    }
    file.seek(SeekFrom::Start(0)).map_err(ReadError::temporary)?;
    Ok(file)
}

fn peek(bytes: &mut impl Read, count: usize) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(count);
    match bytes.take(count as u64).read_to_end(&mut start) {
        // What is wrong further on is reported when it is reached.
        Err(error) if start.is_empty() => Err(error),
        _ => Ok(start),
    }
}

fn guess(path: Option<&Path>, start: &[u8]) -> Format {
    if start.starts_with(b"PAR1") {
        return Format::Parquet;
    }
    if start.starts_with(b"ARROW1") {
        return Format::Arrow;
    }
    let first = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start().first();
    let looks_like_json = matches!(first, Some(b'{' | b'['));
    match path.and_then(extension).as_deref() {
        Some("csv" | "tsv") => Format::Csv,
        Some("ndjson" | "jsonl" | "json") => Format::Ndjson,
        Some("parquet") => Format::Parquet,
        Some("arrow" | "ipc" | "feather") => Format::Arrow,
        _ if start.starts_with(&[0xFF; 4]) => Format::Arrow,
        _ if looks_like_json => Format::Ndjson,
        _ => Format::Csv,
    }
}

/// The extension that tells the format, in lower case, without that of a compression.
fn extension(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    name.rsplit_once('.').map(|(_, extension)| extension.to_owned())
}

/// Refuses what looks like text of another kind, with the remedy.
fn check_text(input: &Input, format: Format, start: &[u8]) -> Result<(), ReadError> {
    if start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF]) {
        return Err(ReadError::content(input, "is UTF-16; save it as UTF-8"));
    }
    if start.starts_with(b"PAR1") || start.starts_with(b"ARROW1") {
        return Err(ReadError::content(
            input,
            "is a Parquet or Arrow table, not text; leave its format open",
        ));
    }
    if start.starts_with(b"PK\x03\x04") || start.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err(ReadError::content(input, "is a spreadsheet or an archive; save its table as CSV"));
    }
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    if format == Format::Ndjson {
        let first_line = text.split(|&byte| byte == b'\n').next().unwrap_or(text).trim_ascii();
        if first_line.starts_with(b"[") || first_line == b"{" {
            return Err(ReadError::content(
                input,
                "is JSON over several lines or in a list; write one object a line, without brackets and commas \
                 around them (`jq -c '.[]'` does it for a list, `jq -c .` for objects)",
            ));
        }
    }
    Ok(())
}

/// Counts the bytes that pass.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
