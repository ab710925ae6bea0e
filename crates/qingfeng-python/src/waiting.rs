//! Work beside Python: while it runs the lock of the interpreter is free, and signals such as Ctrl-C are seen.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;
use qingfeng::Cancel;

use crate::errors;

/// How long a signal waits at most until it is seen.
pub const POLL: Duration = Duration::from_millis(50);
/// The stack of a thread that works: that of a program's main thread.
const STACK_BYTES: usize = 8 << 20;

/// Starts a thread that works.
pub fn start(py: Python<'_>, work: impl FnOnce() + Send + 'static) -> PyResult<thread::JoinHandle<()>> {
    let thread = thread::Builder::new().name("qingfeng".to_owned()).stack_size(STACK_BYTES).spawn(work);
    thread.map_err(|error| errors::plain(py, &format!("a thread cannot be started: {error}")))
}

/// Does work on another thread and waits for it. A signal ends the waiting at once and cancels the work, which then ends by
/// itself; of work that looks at no [`Cancel`] the thread goes on to its end, and what it finds is dropped.
pub fn during<T: Send + 'static>(
    py: Python<'_>,
    cancel: &Cancel,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    let (sender, mut receiver) = sync_channel(1);
    let thread = start(py, move || {
        // Nobody waits any more after a signal.
        let _ = sender.send(work());
    })?;
    loop {
        let waited = py.detach(move || (receiver.recv_timeout(POLL), receiver));
        receiver = waited.1;
        match waited.0 {
            Ok(done) => return Ok(done),
            Err(RecvTimeoutError::Timeout) => py.check_signals().inspect_err(|_| cancel.cancel())?,
            Err(RecvTimeoutError::Disconnected) => match py.detach(|| thread.join()) {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => return Err(errors::plain(py, "the work ended without a result")),
            },
        }
    }
}
