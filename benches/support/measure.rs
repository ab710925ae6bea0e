//! Times, pairs of times, and runs of the command.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Two things measured in turn, in seconds for each of their units.
#[derive(Default)]
pub struct Pair {
    a: Vec<f64>,
    b: Vec<f64>,
}

impl Pair {
    /// Measures A B A B ..., so that whatever slows the machine for a while slows both.
    pub fn measure(runs: usize, mut a: impl FnMut() -> f64, mut b: impl FnMut() -> f64) -> Self {
        let mut pair = Self::default();
        for _ in 0..runs {
            pair.add(a(), b());
        }
        pair
    }

    /// Adds a turn.
    pub fn add(&mut self, a: f64, b: f64) {
        self.a.push(a);
        self.b.push(b);
    }

    /// The medians.
    pub fn medians(&self) -> (f64, f64) {
        (median(&self.a), median(&self.b))
    }

    /// A to B in each turn: the median, the least and the largest.
    pub fn ratio(&self) -> (f64, f64, f64) {
        let ratios: Vec<f64> = self.a.iter().zip(&self.b).map(|(a, b)| a / b).collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        (median(&ratios), least, ratios.iter().copied().fold(0.0, f64::max))
    }
}

/// The value in the middle; of two in the middle their mean.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.get(middle), values.len() % 2) {
        (None, _) => 0.0,
        (Some(value), 1) => *value,
        (Some(value), _) => f64::midpoint(values[middle - 1], *value),
    }
}

/// Seconds that pass while something is done.
pub fn wall<T>(work: impl FnOnce() -> T) -> f64 {
    let started = Instant::now();
    std::hint::black_box(work());
    started.elapsed().as_secs_f64()
}

/// Seconds for which this thread has a processor while it does something, whatever else the machine does meanwhile;
/// where the system does not count them, the seconds that pass.
pub fn cpu<T>(work: impl FnOnce() -> T) -> f64 {
    let before = thread_seconds();
    let passed = wall(work);
    before.zip(thread_seconds()).map_or(passed, |(before, after)| after - before)
}

/// Linux counts the nanoseconds for which a thread ran.
pub fn thread_seconds() -> Option<f64> {
    // The count is some milliseconds late, unless the thread has just offered its processor to others.
    std::thread::yield_now();
    let counts = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(counts.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
}

/// What a run of a command took.
pub struct Run {
    /// From start to end.
    pub seconds: f64,
    /// The most memory that it had at once, in MiB, where the system says so.
    pub peak_mib: Option<f64>,
}

/// Runs a command to its end.
///
/// # Errors
///
/// It cannot be started, or it fails.
pub fn run(command: &mut Command) -> Result<Run, String> {
    let text = format!("{command:?}");
    let failed = |error: &dyn std::fmt::Display| format!("{text}: {error}");
    let started = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.map_err(|error| failed(&error))?;
    let mut peak_mib = None;
    let status = loop {
        peak_mib = peak(&child).or(peak_mib);
        match child.try_wait().map_err(|error| failed(&error))? {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let seconds = started.elapsed().as_secs_f64();
    if status.success() { Ok(Run { seconds, peak_mib }) } else { Err(failed(&status)) }
}

/// The peak so far; the system keeps it while the process lives.
fn peak(child: &Child) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?;
    Some(kib.parse::<f64>().ok()? / 1024.0)
}

/// Processor, number of processors, load, commit.
pub fn machine() -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let commit = Command::new("git").args(["rev-parse", "--short", "HEAD"]).current_dir(root).output();
    let commit = commit.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    format!(
        "{}, {processors} processors, load {}, commit {}",
        model.map_or("unknown processor", |(_, model)| model.trim()),
        load.split_whitespace().next().unwrap_or("unknown"),
        commit.unwrap_or_default(),
    )
}
