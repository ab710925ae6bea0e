//! Why a call gave no answer: a status for programs, and an object of JSON with what there is to say.

use std::any::Any;

use qingfeng::read::{ReadError, Reject};
use qingfeng::rules::diagnostics::DiagnosticData;
use qingfeng::{AssessError, JobError, OpenError, OpenErrorKind};
use serde::Serialize;

/// What became of a call. Later versions may have more of these: take one that you do not know as a failure.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QingfengStatus {
    /// All went well.
    Ok = 0,
    /// The call itself is wrong: a pointer is NULL that must not be, an engine or a scoring is not open, a path is not
    /// UTF-8, a flag is not known. A mistake of the calling program.
    BadArgument = 1,
    /// The pack has mistakes; `diagnostics` has them all.
    BadPack = 2,
    /// The pack cannot be read: there is no such directory, or a file of it may not be read. Another attempt may succeed.
    UnreadablePack = 3,
    /// The pack is not the one whose digest was asked for.
    OtherDigest = 4,
    /// The declaration cannot be assessed, since it is no JSON or has no readable id; `rejects` says what is wrong.
    Rejected = 5,
    /// The table does not follow the Arrow C data interface, or its columns do not fit the pack's schema.
    BadTable = 6,
    /// The work broke off: the stream of tables failed, or there is too much text for one table.
    Failed = 7,
    /// A bug of Qingfeng, which ended this call and nothing else. The engine can be used further; a scoring cannot.
    Panicked = 8,
}

/// Why there is no answer.
#[derive(Debug)]
pub struct Problem {
    pub status: QingfengStatus,
    /// An object: `status`, `message`, `diagnostics`, `rejects`.
    pub json: String,
}

#[derive(Serialize)]
struct Record<'p> {
    status: QingfengStatus,
    message: &'p str,
    diagnostics: Vec<DiagnosticData<'p>>,
    rejects: &'p [Reject],
}

impl Problem {
    pub fn new(status: QingfengStatus, message: impl AsRef<str>) -> Self {
        Self::with(status, message.as_ref(), Vec::new(), &[])
    }

    pub fn argument(message: impl AsRef<str>) -> Self {
        Self::new(QingfengStatus::BadArgument, message)
    }

    fn with(
        status: QingfengStatus,
        message: &str,
        diagnostics: Vec<DiagnosticData<'_>>,
        rejects: &[Reject],
    ) -> Self {
        let record = Record { status, message, diagnostics, rejects };
        // Texts, numbers and lists of them are always JSON.
        Self { status, json: serde_json::to_string(&record).unwrap_or_default() }
    }

    /// What a panic said.
    pub fn panicked(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Self::new(
            QingfengStatus::Panicked,
            format!("a bug of Qingfeng: {text}; report it with what was called"),
        )
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        let status = match error.kind() {
            OpenErrorKind::Unreadable => QingfengStatus::UnreadablePack,
            OpenErrorKind::Digest { .. } => QingfengStatus::OtherDigest,
            _ => QingfengStatus::BadPack,
        };
        Self::with(status, &error.to_string(), error.diagnostics().data(), &[])
    }
}

impl From<AssessError> for Problem {
    fn from(error: AssessError) -> Self {
        let message = error.to_string();
        match error {
            AssessError::Rejected(rejects) => {
                Self::with(QingfengStatus::Rejected, &message, Vec::new(), &rejects)
            }
            AssessError::Bind(_) => Self::new(QingfengStatus::BadTable, message),
            _ => Self::new(QingfengStatus::Failed, message),
        }
    }
}

impl From<JobError> for Problem {
    fn from(error: JobError) -> Self {
        let status = match error {
            JobError::Read(ReadError::Columns(_)) => QingfengStatus::BadTable,
            _ => QingfengStatus::Failed,
        };
        Self::new(status, error.to_string())
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::new(QingfengStatus::Failed, format!("the answer cannot be written as JSON: {error}"))
    }
}
