//! A bar on standard error while a command works. Where that is no terminal nothing is drawn; how far a command is can be
//! asked all the same.

use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};
use qingfeng::Progress;

use crate::numbers::{count, grouped};
use crate::terminal::{Verbosity, verbosity};

/// The lines so far, and how much of the whole that is, in thousandths and one more; 0 where it is not known.
static LINES: AtomicU64 = AtomicU64::new(0);
static SHARE: AtomicU64 = AtomicU64::new(0);

/// The lines so far, if some were counted.
pub fn lines() -> Option<String> {
    match LINES.load(Ordering::Relaxed) {
        0 => None,
        lines => Some(count(lines, "line")),
    }
}

/// How far it is after so many seconds, for a log.
pub fn told(seconds: u64) -> String {
    let mut told = lines().unwrap_or_else(|| "at work".to_owned());
    if let share @ 1.. = SHARE.load(Ordering::Relaxed) {
        told += &format!(", {:.1} %", (share - 1) as f64 / 10.0);
    }
    told + &format!(" after {} s", grouped(seconds))
}

fn note(position: u64, total: Option<u64>, lines: Option<u64>) {
    if let Some(lines) = lines {
        LINES.store(lines, Ordering::Relaxed);
    }
    let share = total.filter(|total| *total > 0).map(|total| position.min(total) as f64 / total as f64);
    SHARE.store(share.map_or(0, |share| (share * 1000.0) as u64 + 1), Ordering::Relaxed);
}

pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar towards a total, if that is known: bytes of the inputs, or lines.
    pub fn new(total: Option<u64>) -> Self {
        if verbosity() == Verbosity::Quiet {
            return Self { bar: ProgressBar::hidden() };
        }
        let bar = Self { bar: ProgressBar::no_length() };
        bar.style("{spinner} {msg}");
        if let Some(total) = total {
            bar.towards(total);
        }
        bar
    }

    /// Draws it towards a total that has become known.
    fn towards(&self, total: u64) {
        if self.bar.length() != Some(total) {
            self.bar.set_length(total);
            self.style("{bar:30} {percent:>3} %  {msg}, {eta} left");
        }
    }

    fn style(&self, template: &str) {
        // A template that indicatif cannot read would leave its own, which does as well.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("━╸ "));
        }
    }

    /// Shows how far it is, and the number of lines.
    pub fn show(&self, position: u64, lines: u64) {
        note(position, self.bar.length(), Some(lines));
        self.bar.set_position(position);
        let elapsed = self.bar.elapsed().as_secs_f64();
        let mut message = count(lines, "line");
        if elapsed > 1.0 {
            message += &format!(", {} a second", grouped((lines as f64 / elapsed) as u64));
        }
        self.bar.set_message(message);
    }

    /// Shows how far it is, in words of the command's own.
    pub fn tell(&self, position: u64, total: u64, message: String) {
        note(position, Some(total), None);
        self.bar.set_length(total);
        self.bar.set_position(position);
        self.bar.set_message(message);
    }

    pub fn end(self) {
        self.bar.finish_and_clear();
    }

    /// Does work that reports its progress through inputs of so many bytes, and takes the bar away.
    pub fn during<R>(
        bytes_total: Option<u64>,
        work: impl FnOnce(&mut (dyn FnMut(Progress) + Send)) -> R,
    ) -> R {
        let bar = Self::new(bytes_total);
        let done = work(&mut |progress| {
            if let Some(total) = progress.bytes_total {
                bar.towards(total);
            }
            bar.show(progress.bytes_read, progress.lines);
        });
        bar.end();
        done
    }
}

#[cfg(test)]
mod tests;
