//! What a run does besides its work: it listens for signals that end it, and tells a log from time to time how far it is.

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use qingfeng::write::give_up;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::progress;
use crate::terminal::{self, WARNING, clean, styled};

/// How long a signal waits at most until somebody sees it.
const POLL: Duration = Duration::from_millis(50);
/// Seconds between two lines of progress in a log.
const BEAT: u64 = 30;

/// The signal that came, or 0.
static SIGNAL: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

static IS_ENDING: AtomicBool = AtomicBool::new(false);

/// Whether signals are left to the command, which ends in its own way.
static IS_LEFT: AtomicBool = AtomicBool::new(false);

/// Leaves the next signal to the command, which asks for it by [`taken`].
#[cfg(feature = "serve")]
pub fn leave() {
    IS_LEFT.store(true, Ordering::Relaxed);
}

/// Whether a signal came that was left to the command. The one after it ends the process at once.
#[cfg(feature = "serve")]
pub fn taken() -> bool {
    let came = SIGNAL.get().is_some_and(|signal| signal.swap(0, Ordering::Relaxed) > 0);
    if came {
        IS_LEFT.store(false, Ordering::Relaxed);
    }
    came
}

/// Begins to watch. Without it a signal ends the run all the same, as it does any other program.
pub fn watch() {
    let signal = Arc::clone(SIGNAL.get_or_init(Arc::default));
    for known in [SIGINT, SIGTERM] {
        let _ = signal_hook::flag::register_usize(known, Arc::clone(&signal), known as usize);
    }
    let (is_log, started) = (!io::stderr().is_terminal(), Instant::now());
    let mut beats = 0;
    let watched = move || loop {
        thread::sleep(POLL);
        end_if_caught();
        let seconds = started.elapsed().as_secs();
        if is_log && seconds / BEAT > beats && !IS_LEFT.load(Ordering::Relaxed) {
            beats = seconds / BEAT;
            terminal::summary(&format!("{}\n", progress::told(seconds)));
        }
    };
    let _ = thread::Builder::new().name("watch".to_owned()).spawn(watched);
}

/// Ends the process if a signal came: what a command reports after it is no result.
pub fn end_if_caught() {
    if IS_LEFT.load(Ordering::Relaxed) {
        return;
    }
    let number = SIGNAL.get().map_or(0, |signal| signal.load(Ordering::Relaxed));
    if number > 0 {
        end(number as i32);
    }
}

/// Ends the process as the signal would, with nothing half written left behind.
fn end(signal: i32) -> ! {
    // One thread speaks; another one that sees the signal waits for the end.
    if IS_ENDING.swap(true, Ordering::Relaxed) {
        loop {
            thread::park();
        }
    }
    let names: Vec<String> = give_up().iter().map(|path| path.display().to_string()).collect();
    let what = match &names[..] {
        [] => String::new(),
        [one] => format!("; {one} was not written, and what was there before is unchanged"),
        many => format!("; {} were not written, and what was there before is unchanged", many.join(" and ")),
    };
    // A bar may stand in the line.
    let start = if io::stderr().is_terminal() { "\n" } else { "" };
    let done = progress::lines().map(|lines| format!(" after {lines}")).unwrap_or_default();
    terminal::note(&format!("{start}{}{done}{}\n", styled(WARNING, "stopped"), clean(&what)));
    #[cfg(unix)]
    let _ = signal_hook::low_level::emulate_default_handler(signal);
    std::process::exit(128 + signal)
}
