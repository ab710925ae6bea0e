//! What declarations are read from.

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::iter;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};

use super::error::ReadError;

/// Batches of a table, one after the other.
pub(crate) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// Something to read declarations from.
///
/// ```
/// use qingfeng::read::Input;
///
/// let inputs = [
///     Input::Path("declarations.csv".into()),
///     Input::bytes("message 17", "declaration_id,destination,mode,hs\nD1,KE,0110,8711209000\n"),
///     Input::reader("object store", std::io::empty()),
/// ];
/// assert_eq!(inputs[1].to_string(), "message 17");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Input {
    /// A file.
    Path(PathBuf),
    /// Standard input. It can be read once.
    Stdin,
    /// What a program gives: [`Input::bytes`], [`Input::reader`], [`Input::batches`].
    Given(Given),
}

/// An input that a program gives.
#[derive(Clone)]
pub struct Given {
    name: Arc<str>,
    what: What,
}

#[derive(Clone)]
enum What {
    Bytes(Shared),
    Reader(Arc<Mutex<Option<Box<dyn Read + Send>>>>),
    Batches(Arc<Mutex<Option<Batches>>>),
}

/// Bytes that clones share.
#[derive(Clone)]
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Bytes that can be read from any place on.
pub(crate) trait Seekable: Read + Seek + Send {}

impl<T: Read + Seek + Send> Seekable for T {}

/// What is read of an input that a program gives.
pub(crate) enum Stream {
    Bytes(Box<dyn Read + Send>),
    Batches(Batches),
}

impl Input {
    /// Bytes of any format that files have, packed or not. Rejects name them by `name`.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::given(name, What::Bytes(Shared(Arc::new(bytes.into()))))
    }

    /// A stream of bytes of any format that files have. It is read once, from one thread after the other.
    pub fn reader(name: impl Into<String>, reader: impl Read + Send + 'static) -> Self {
        Self::given(name, What::Reader(Arc::new(Mutex::new(Some(Box::new(reader))))))
    }

    /// The batches of one table: a declaration may go on from one batch to the next. Columns are found by name in each
    /// batch, in whatever order it has them. They are read once.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use qingfeng::arrow::{ArrayRef, RecordBatch, StringArray};
    /// use qingfeng::read::{Input, ReadOptions, Reader};
    /// use qingfeng::rules::Schema;
    ///
    /// let column = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    /// let line = || {
    ///     let columns = [("declaration_id", "D1"), ("destination", "KE"), ("mode", "0110"), ("hs", "8711209000")];
    ///     RecordBatch::try_from_iter(columns.map(|(name, value)| (name, column(value))))
    /// };
    /// let inputs = vec![Input::batches("the queue", [line()?, line()?])];
    /// let mut reader = Reader::new(Arc::new(Schema::export()), inputs, ReadOptions::default())?;
    /// let chunk = reader.next().unwrap()?;
    /// assert_eq!((chunk.lines.len(), chunk.lines.declaration_count()), (2, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn batches<I>(name: impl Into<String>, batches: I) -> Self
    where
        I: IntoIterator<Item = RecordBatch>,
        I::IntoIter: Send + 'static,
    {
        Self::batch_results(name, batches.into_iter().map(Ok))
    }

    /// The same of batches that may fail to come, as those of a database or of another Arrow reader. A failure ends the
    /// input, as a file does that is cut short.
    pub fn batch_results<I>(name: impl Into<String>, batches: I) -> Self
    where
        I: IntoIterator<Item = Result<RecordBatch, ArrowError>>,
        I::IntoIter: Send + 'static,
    {
        let batches: Batches = Box::new(batches.into_iter());
        Self::given(name, What::Batches(Arc::new(Mutex::new(Some(batches)))))
    }

    /// A table that says which columns it has before its batches come, so that it may have none: no declarations then, and
    /// not an input without columns.
    pub fn table<I>(name: impl Into<String>, columns: SchemaRef, batches: I) -> Self
    where
        I: IntoIterator<Item = Result<RecordBatch, ArrowError>>,
        I::IntoIter: Send + 'static,
    {
        let mut batches = batches.into_iter().fuse();
        // Where a batch comes, its columns are what counts.
        let mut none = Some(RecordBatch::new_empty(columns));
        let each = iter::from_fn(move || match batches.next() {
            Some(batch) => {
                none = None;
                Some(batch)
            }
            None => none.take().map(Ok),
        });
        Self::batch_results(name, each)
    }

    fn given(name: impl Into<String>, what: What) -> Self {
        Self::Given(Given { name: name.into().into(), what })
    }

    /// All of it, to be read from any place on, if it is a file or bytes in memory.
    pub(crate) fn seekable(&self) -> io::Result<Option<Box<dyn Seekable>>> {
        Ok(match self {
            Self::Path(path) if path.is_file() => Some(Box::new(File::open(path)?)),
            Self::Given(Given { what: What::Bytes(bytes), .. }) => Some(Box::new(Cursor::new(bytes.clone()))),
            _ => None,
        })
    }

    /// The number of its bytes, if that is known.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Self::Path(path) => path.metadata().ok().filter(|found| found.is_file()).map(|found| found.len()),
            Self::Stdin => None,
            Self::Given(given) => match &given.what {
                What::Bytes(bytes) => Some(bytes.0.len() as u64),
                What::Reader(_) | What::Batches(_) => None,
            },
        }
    }
}

impl Given {
    /// What is to be read.
    pub(crate) fn open(&self) -> Result<Stream, ReadError> {
        fn once<T>(place: &Mutex<Option<T>>) -> Option<T> {
            place.lock().unwrap_or_else(PoisonError::into_inner).take()
        }
        let stream = match &self.what {
            What::Bytes(bytes) => Some(Stream::Bytes(Box::new(Cursor::new(bytes.clone())))),
            What::Reader(reader) => once(reader).map(Stream::Bytes),
            What::Batches(batches) => once(batches).map(Stream::Batches),
        };
        let spent =
            || ReadError::open(&self.name, io::Error::other("it was read before, and can be read once"));
        stream.ok_or_else(spent)
    }
}

impl PartialEq for Given {
    /// It is the same as its clones alone.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.name, &other.name)
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Stdin => f.write_str("standard input"),
            Self::Given(given) => f.write_str(&given.name),
        }
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Given").field(&self.name).finish()
    }
}

impl From<PathBuf> for Input {
    /// The file of this path; `-` is standard input.
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::Path(path) }
    }
}
