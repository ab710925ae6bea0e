//! Bodies of requests, with bounds: bytes, and the time for which a client keeps the service waiting.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::sync::mpsc;

use crate::options::Limits;
use crate::problem::{Problem, ProblemCode};
use crate::state::State;

/// How long was waited, and how long may be.
pub(crate) struct Patience {
    waited: Duration,
    bytes: u64,
    least: Duration,
    bytes_per_second: u64,
}

impl Patience {
    pub fn new(limits: &Limits) -> Self {
        Self {
            waited: Duration::ZERO,
            bytes: 0,
            least: limits.body_time,
            bytes_per_second: limits.bytes_per_second.max(1),
        }
    }

    /// How much longer may be waited.
    pub fn left(&self) -> Duration {
        let earned = Duration::from_millis(self.bytes.saturating_mul(1_000) / self.bytes_per_second);
        self.least.saturating_add(earned).saturating_sub(self.waited)
    }

    /// Notes that it was waited so long, and so many bytes came of it.
    pub fn note(&mut self, waited: Duration, bytes: usize) {
        self.waited = self.waited.saturating_add(waited);
        self.bytes = self.bytes.saturating_add(bytes as u64);
    }
}

fn too_slow() -> Problem {
    Problem::new(
        ProblemCode::TooSlow,
        "the body came too slowly, and was not waited for any longer",
        "send it at once and whole, with its `Content-Length`",
    )
}

pub(crate) fn too_large(bytes: u64) -> Problem {
    Problem::new(
        ProblemCode::TooLarge,
        format!("the body has more than {bytes} bytes"),
        "send less at a time, or start the service with a higher limit",
    )
}

/// The next piece of a body; `None` at its end.
async fn next(body: &mut Body, patience: &mut Patience) -> Result<Option<Bytes>, Problem> {
    loop {
        let began = Instant::now();
        let frame = tokio::time::timeout(patience.left(), body.frame()).await;
        let frame = frame.map_err(|_| too_slow())?;
        let Some(frame) = frame else { return Ok(None) };
        let frame = frame.map_err(|error| {
            Problem::new(
                ProblemCode::BadRequest,
                format!("the body breaks off: {error}"),
                "send it whole; nothing of it counts",
            )
        })?;
        // Trailers have nothing to say here.
        let Ok(data) = frame.into_data() else { continue };
        patience.note(began.elapsed(), data.len());
        return Ok(Some(data));
    }
}

/// Bytes in memory, given back when they are dropped.
pub(crate) struct Held {
    state: Arc<State>,
    bytes: usize,
}

impl Held {
    fn new(state: &Arc<State>) -> Self {
        Self { state: Arc::clone(state), bytes: 0 }
    }

    fn more(&mut self, bytes: usize) -> Result<(), Problem> {
        let before = self.state.bodies_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        if before.saturating_add(bytes) > self.state.options.limits.bodies_bytes {
            return Err(Problem::busy(
                "the bodies that are being received take all the memory that they may",
            ));
        }
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.state.bodies_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A whole body of at most so many bytes, and the room that it takes.
pub(crate) async fn whole(state: &Arc<State>, mut body: Body, most: usize) -> Result<(Bytes, Held), Problem> {
    use axum::body::HttpBody as _;
    let told = body.size_hint();
    if told.lower() > most as u64 {
        return Err(too_large(most as u64));
    }
    let mut held = Held::new(state);
    let mut patience = Patience::new(&state.options.limits);
    let Some(first) = next(&mut body, &mut patience).await? else { return Ok((Bytes::new(), held)) };
    held.more(first.len())?;
    if first.len() > most {
        return Err(too_large(most as u64));
    }
    if body.is_end_stream() {
        return Ok((first, held));
    }
    let mut all = BytesMut::from(first);
    while let Some(more) = next(&mut body, &mut patience).await? {
        held.more(more.len())?;
        if all.len() + more.len() > most {
            return Err(too_large(most as u64));
        }
        all.extend_from_slice(&more);
    }
    Ok((all.freeze(), held))
}

/// Gives the pieces of a body on, to a thread that reads them, until it reads no more.
pub(crate) async fn pump(limits: Limits, mut body: Body, to: mpsc::Sender<Result<Bytes, Problem>>) {
    let mut patience = Patience::new(&limits);
    let mut bytes = 0;
    loop {
        let piece = match next(&mut body, &mut patience).await {
            Ok(None) => return,
            Ok(Some(piece)) => {
                bytes += piece.len() as u64;
                if bytes > limits.batch_bytes { Err(too_large(limits.batch_bytes)) } else { Ok(piece) }
            }
            Err(problem) => Err(problem),
        };
        let is_last = piece.is_err();
        if to.send(piece).await.is_err() || is_last {
            return;
        }
    }
}
