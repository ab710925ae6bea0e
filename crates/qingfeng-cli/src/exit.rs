//! How the command ends.

use std::fmt::Write as _;
use std::process::ExitCode;

use qingfeng::JobError;
use qingfeng::read::ReadError;
use qingfeng::write::WriteError;
use qingfeng_store::StoreError;

use crate::render::{Checked, human};
use crate::terminal::{self, ERROR, clean};

/// The exit codes. Their numbers never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All done. Also when nobody reads standard output any more.
    Done = 0,
    /// The command did its work and found something.
    Finding = 1,
    /// The command line is wrong. clap ends with this number by itself.
    Usage = 2,
    /// An input cannot be read or an output cannot be written.
    Files = 3,
    /// The rule pack is invalid.
    Pack = 4,
}

impl Exit {
    /// All of them, with what they mean, a line each.
    const ALL: [(Self, &'static [&'static str]); 5] = [
        (Self::Done, &["done"]),
        (
            Self::Finding,
            &[
                "check: the pack has errors, or what --deny names; explain: there is no such declaration;",
                "verify: the compiled rules differ from the interpreter;",
                "diff --exit-code: something differs;",
                "draw prove: the plan is not what the draw gives;",
                "test: a test fails or has a mistake, or there is none;",
                "score --strict: there are rejects or scattered declarations;",
                "plan --strict: a declaration that must be inspected is left out;",
                "lookup import --strict: there are rejects; lookup verify: a change is not as it was written;",
                "outcome import --strict: there are rejects, or results that do not fit the plan;",
                "outcome check --strict: there are results that do not fit the plan;",
                "watch --strict: there is a sign",
            ],
        ),
        (Self::Usage, &["the command line is wrong"]),
        (Self::Files, &["an input cannot be read, or an output cannot be written"]),
        (Self::Pack, &["the rule pack is invalid (`qingfeng check DIR` shows why)"]),
    ];
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What `--help` says at its end: examples, and the exit codes.
pub fn help(examples: &[&str]) -> String {
    let mut help = String::from(if examples.len() == 1 { "Example:\n" } else { "Examples:\n" });
    for example in examples {
        let _ = writeln!(help, "  {example}");
    }
    help.push_str("\nExit codes:");
    for (exit, meaning) in Exit::ALL {
        let _ = write!(help, "\n  {}  {}", exit as u8, meaning.join("\n     "));
    }
    help
}

/// Why a command could not do its work.
#[derive(Debug)]
pub enum Failure {
    /// What clap cannot see is wrong with the command line.
    Usage(String),
    /// An input or an output.
    Files(String),
    /// The pack in a directory.
    Pack(Box<Checked>),
    /// Nobody reads standard output any more: nothing to say, and nobody to say it to.
    Closed,
}

impl Failure {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Files(_) => Exit::Files,
            Self::Pack(_) => Exit::Pack,
            Self::Closed => Exit::Done,
        }
    }

    /// Tells it on standard error.
    pub fn report(&self) {
        match self {
            // The end is that of clap's own messages.
            Self::Usage(message) => terminal::note(&format!(
                "{ERROR}error:{ERROR:#} {}\n\nFor more information, try '--help'.\n",
                clean(message)
            )),
            Self::Files(message) => terminal::note(&format!("{ERROR}error:{ERROR:#} {}\n", clean(message))),
            Self::Pack(checked) => terminal::note(&human(checked)),
            Self::Closed => {}
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NoInput | ReadError::StdinTwice => Self::Usage(error.to_string()),
            error => Self::Files(error.to_string()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Url { .. } | StoreError::Refused { .. } | StoreError::NoSnapshot { .. } => {
                Self::Usage(error.to_string())
            }
            error => Self::Files(error.to_string()),
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::BrokenPipe => Self::Closed,
            WriteError::Extension { .. } => Self::Usage(error.to_string()),
            error => Self::Files(error.to_string()),
        }
    }
}

impl From<JobError> for Failure {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Read(error) => error.into(),
            JobError::Write(error) => error.into(),
            error => Self::Files(error.to_string()),
        }
    }
}
