//! How the command ends.

use std::fmt::Write as _;
use std::io::ErrorKind;

use arrow_schema::ArrowError;
use qingfeng::JobError;
use qingfeng::read::ReadError;
use qingfeng::tools::rule_tests::BacktestError;
use qingfeng::write::WriteError;
use qingfeng_insight::calibrate::CalibrateError;
use qingfeng_inspection::PlanError;
use qingfeng_inspection::draw::KeyError;
use qingfeng_inspection::overrides::OverrideError;
use qingfeng_store::trade::TradeError;
use qingfeng_store::{ImportError, StoreError};

use crate::studies::StudyError;
use crate::table::wrapped;
use crate::terminal::{self, ERROR, StdoutError, clean};

/// The exit codes. Their numbers never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All done. Also when nobody reads standard output any more.
    Done = 0,
    /// The command did its work and found something. What that is each command says in its help.
    Finding = 1,
    /// The command line is wrong. clap ends with this number by itself.
    Usage = 2,
    /// An input cannot be read or an output cannot be written.
    Files = 3,
    /// The rule pack is invalid.
    Pack = 4,
}

/// An exit code and what it means for one command.
pub type Code = (Exit, &'static str);

/// Of commands that read or write files.
pub const FILES: Code = (Exit::Files, "an input cannot be read, or an output cannot be written");
/// Of commands that open a pack.
pub const PACK: Code = (Exit::Pack, "the rule pack is invalid; `qingfeng check DIR` shows why");

/// Of commands that can find something: when they do.
pub const fn finding(meaning: &'static str) -> Code {
    (Exit::Finding, meaning)
}

/// Columns of the lines of examples, before which there are six at most.
const EXAMPLE_COLUMNS: usize = 90;

/// What `--help` says at its end of commands that only have subcommands: examples.
pub fn examples(examples: &[&str]) -> String {
    let mut help = String::from(if examples.len() == 1 { "Example:" } else { "Examples:" });
    examples.iter().for_each(|example| help += &broken(example));
    help
}

/// What `--help` says at its end: examples, and the exit codes of the command besides those that all have.
pub fn help(examples: &[&str], codes: &[Code]) -> String {
    let mut help = self::examples(examples) + "\n\nExit codes:\n  0  success";
    let usage = (Exit::Usage, "the command line is wrong");
    let mut codes: Vec<Code> = codes.iter().copied().chain([usage]).collect();
    codes.sort_by_key(|(exit, _)| *exit as u8);
    for (exit, meaning) in codes {
        let _ = write!(help, "\n  {}  {meaning}", exit as u8);
    }
    help
}

/// An example as a shell reads it, continued before an option where it is too long for a line.
fn broken(example: &str) -> String {
    let words = example.replace(' ', "\u{a0}").replace("\u{a0}-", " -");
    let lines = wrapped(&words, EXAMPLE_COLUMNS).join(" \\\n      ");
    format!("\n  {}", lines.replace('\u{a0}', " "))
}

/// Why a command could not do its work.
#[derive(Debug)]
pub enum Failure {
    /// What clap cannot see is wrong with the command line.
    Usage(String),
    /// An input or an output.
    Files(String),
    /// A pack: its mistakes, as they are shown.
    Pack(String),
    /// Nobody reads standard output any more: nothing to say, and nobody to say it to.
    Closed,
}

impl Failure {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Files(_) => Exit::Files,
            Self::Pack(_) => Exit::Pack,
            Self::Closed => Exit::Done,
        }
    }

    pub fn report(&self) {
        match self {
            // The end is that of clap's own messages.
            Self::Usage(message) => terminal::note(&format!(
                "{ERROR}error:{ERROR:#} {}\n\nFor more information, try '--help'.\n",
                clean(message)
            )),
            Self::Files(message) => terminal::note(&format!("{ERROR}error:{ERROR:#} {}\n", clean(message))),
            Self::Pack(mistakes) => terminal::note(mistakes),
            Self::Closed => {}
        }
    }
}

impl From<StdoutError> for Failure {
    fn from(StdoutError(error): StdoutError) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Files(format!("standard output: cannot be written: {error}")),
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

impl From<StudyError> for Failure {
    fn from(error: StudyError) -> Self {
        match error {
            StudyError::Option(option, message) => Self::Usage(format!("--{option}: {message}")),
            StudyError::Asked(message) => Self::Usage(message),
            StudyError::Read(error) => error.into(),
            StudyError::Job(error) => error.into(),
            StudyError::Store(error) => error.into(),
            StudyError::Override(error) => error.into(),
            StudyError::Failed(message) => Self::Files(message),
        }
    }
}

/// Errors of the library: about the command line where they match what follows `usage`, that of another type where they
/// hold one, and else about a file.
macro_rules! failures {
    ($($error:ty $(, usage $($usage:path)|+)? $(, of $inner:path)*;)*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                match error {
                    $($($usage { .. } => Self::Usage(error.to_string()),)+)?
                    $($inner(error) => error.into(),)*
                    error => Self::Files(error.to_string()),
                }
            }
        }
    )*};
}

failures! {
    ArrowError;
    serde_json::Error;
    KeyError;
    PlanError, usage PlanError::Order | PlanError::Days | PlanError::NoCapacity, of PlanError::Read;
    OverrideError, usage OverrideError::Refused;
    CalibrateError, usage CalibrateError::Option;
    ReadError, usage ReadError::NoInput | ReadError::StdinTwice;
    StoreError, usage StoreError::Url | StoreError::Refused | StoreError::NoSnapshot;
    JobError, of JobError::Read, of JobError::Write;
    ImportError, of ImportError::Read, of ImportError::Store;
    BacktestError, of BacktestError::Read;
    TradeError, usage TradeError::NoProfile, of TradeError::Read;
}
