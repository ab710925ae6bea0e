//! A bar on standard error while a command works. Where that is no terminal nothing is drawn.

use indicatif::{ProgressBar, ProgressStyle};
use qingfeng::Progress;

use crate::numbers::{count, grouped};
use crate::terminal::{Verbosity, verbosity};

pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar towards a total, if that is known: bytes of the inputs, or lines.
    pub fn new(total: Option<u64>) -> Self {
        if verbosity() == Verbosity::Quiet {
            return Self { bar: ProgressBar::hidden() };
        }
        let (bar, template) = match total {
            Some(total) => (ProgressBar::new(total), "{bar:30} {percent:>3} %  {msg}, {eta} left"),
            None => (ProgressBar::no_length(), "{spinner} {msg}"),
        };
        // A template that indicatif cannot read would leave its own, which does as well.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸ "));
        }
        Self { bar }
    }

    /// Shows how far it is, and the number of lines.
    pub fn show(&self, position: u64, lines: u64) {
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
        let done = work(&mut |progress| bar.show(progress.bytes_read, progress.lines));
        bar.end();
        done
    }
}
