//! An answer on its way to a client: in memory as far as that goes, then in a temporary file. Many clients send all of their body
//! before they read anything; if the service waited for them to read, both would wait for ever.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

/// Bytes in memory.
const MEMORY_MAX: usize = 4 << 20;
/// Bytes that are read of the file at a time.
const PIECE: usize = 256 << 10;

#[derive(Default)]
struct Inner {
    pieces: VecDeque<Bytes>,
    in_memory: usize,
    file: Option<File>,
    /// What of the file was read and written.
    read: u64,
    written: u64,
    has_ended: bool,
    is_gone: bool,
}

/// The way from the thread that makes an answer to the connection that sends it.
pub(crate) struct Spool {
    inner: Mutex<Inner>,
    /// Tells the connection that there is more.
    more: Notify,
    /// Tells the thread that there is room.
    room: Condvar,
    bytes_max: u64,
}

enum Next {
    Piece(Bytes),
    InFile,
    Nothing,
    End,
}

impl Spool {
    /// One that keeps so many bytes in its file.
    pub fn new(bytes_max: u64) -> Arc<Self> {
        Arc::new(Self { inner: Mutex::default(), more: Notify::new(), room: Condvar::new(), bytes_max })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a piece. It waits for the client only when the file is full.
    pub fn push(&self, piece: Bytes) -> io::Result<()> {
        if piece.is_empty() {
            return Ok(());
        }
        let mut inner = self.inner();
        while !inner.is_gone && inner.written - inner.read >= self.bytes_max {
            inner = self.room.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        if inner.is_gone {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client is gone"));
        }
        if inner.written == inner.read && inner.in_memory + piece.len() <= MEMORY_MAX {
            inner.in_memory += piece.len();
            inner.pieces.push_back(piece);
        } else {
            let Inner { file, read, written, .. } = &mut *inner;
            let file = match file {
                Some(file) => file,
                None => file.insert(tempfile::tempfile()?),
            };
            if *written == *read {
                file.set_len(0)?;
                (*written, *read) = (0, 0);
            }
            file.seek(SeekFrom::Start(*written))?;
            file.write_all(&piece)?;
            *written += piece.len() as u64;
        }
        drop(inner);
        self.more.notify_one();
        Ok(())
    }

    /// Says that nothing more comes.
    pub fn end(&self) {
        self.inner().has_ended = true;
        self.more.notify_one();
    }

    fn leave(&self) {
        self.inner().is_gone = true;
        self.room.notify_all();
    }

    fn take(&self) -> Next {
        let mut inner = self.inner();
        if let Some(piece) = inner.pieces.pop_front() {
            inner.in_memory -= piece.len();
            return Next::Piece(piece);
        }
        match inner.written > inner.read {
            true => Next::InFile,
            false if inner.has_ended => Next::End,
            false => Next::Nothing,
        }
    }

    /// The next bytes of the file.
    fn take_of_file(&self) -> io::Result<Bytes> {
        let mut inner = self.inner();
        let Inner { file, read, written, .. } = &mut *inner;
        let length = usize::try_from(*written - *read).unwrap_or(PIECE).min(PIECE);
        let mut piece = vec![0; length];
        if let Some(file) = file {
            file.seek(SeekFrom::Start(*read))?;
            file.read_exact(&mut piece)?;
            *read += length as u64;
        }
        drop(inner);
        self.room.notify_all();
        Ok(piece.into())
    }
}

/// Where a connection reads an answer. When it is dropped, the thread that makes the answer stops.
pub(crate) struct SpoolReader(Arc<Spool>);

impl SpoolReader {
    pub fn new(spool: &Arc<Spool>) -> Self {
        Self(Arc::clone(spool))
    }

    /// The next piece; `None` at the end.
    pub async fn next(&self) -> Option<io::Result<Bytes>> {
        loop {
            match self.0.take() {
                Next::Piece(piece) => return Some(Ok(piece)),
                Next::End => return None,
                Next::Nothing => self.0.more.notified().await,
                Next::InFile => {
                    let spool = Arc::clone(&self.0);
                    let read = tokio::task::spawn_blocking(move || spool.take_of_file()).await;
                    return Some(read.unwrap_or_else(|error| Err(io::Error::other(error))));
                }
            }
        }
    }
}

impl Drop for SpoolReader {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::{MEMORY_MAX, Spool, SpoolReader};

    #[test]
    fn what_goes_in_comes_out_in_order_by_memory_and_by_file() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let spool = Spool::new(64 << 20);
        let reader = SpoolReader::new(&spool);
        let piece = |at: u8| vec![at; MEMORY_MAX / 3];
        let (mut expected, mut got) = (Vec::new(), Vec::new());
        runtime.block_on(async {
            for round in 0..3_u8 {
                for at in 0..10 {
                    expected.extend(piece(round * 10 + at));
                    spool.push(piece(round * 10 + at).into()).expect("there is room");
                }
                // Part of it is read between, so that the file is used again.
                while got.len() < expected.len() - usize::from(round == 1) * MEMORY_MAX {
                    got.extend(reader.next().await.expect("there is more").expect("it is read"));
                }
            }
            spool.end();
            while let Some(piece) = reader.next().await {
                got.extend(piece.expect("it is read"));
            }
        });
        assert!(got == expected);
        drop(reader);
        assert!(spool.push(piece(0).into()).is_err());
    }
}
