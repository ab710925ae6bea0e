//! Why a request has no answer: a status, a stable code, and what to do.

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Response, StatusCode};
use qingfeng::read::Reject;
use qingfeng::{AssessError, JobError};
use serde::Serialize;

/// A stable code of an error, for programs. A code never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemCode {
    /// The request cannot be understood: its path, its query, its body.
    BadRequest,
    /// It names no token, or none that is known.
    Unauthorized,
    /// Its token has not the role, or a page of another site sent it.
    Forbidden,
    /// There is no such route, rule or declaration.
    NotFound,
    /// The route has other methods.
    MethodNotAllowed,
    /// The body came too slowly.
    TooSlow,
    /// The body is too large, or has too many lines.
    TooLarge,
    /// The format of the body is none that the route takes.
    UnsupportedFormat,
    /// The declaration cannot be assessed: `rejects` says why.
    Rejected,
    /// A reload was refused: the pack that ran runs on.
    ReloadRefused,
    /// Too much is under way; the same request may succeed a little later.
    Busy,
    /// The service is ending.
    Ending,
    /// A bug of Qingfeng, which ended this request and nothing else.
    Failed,
}

impl ProblemCode {
    /// All codes, with the status of each.
    pub const ALL: [(Self, u16); 13] = [
        (Self::BadRequest, 400),
        (Self::Unauthorized, 401),
        (Self::Forbidden, 403),
        (Self::NotFound, 404),
        (Self::MethodNotAllowed, 405),
        (Self::TooSlow, 408),
        (Self::ReloadRefused, 409),
        (Self::TooLarge, 413),
        (Self::UnsupportedFormat, 415),
        (Self::Rejected, 422),
        (Self::Busy, 429),
        (Self::Failed, 500),
        (Self::Ending, 503),
    ];

    /// Its name, as answers have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooSlow => "too_slow",
            Self::TooLarge => "too_large",
            Self::UnsupportedFormat => "unsupported_format",
            Self::Rejected => "rejected",
            Self::ReloadRefused => "reload_refused",
            Self::Busy => "busy",
            Self::Ending => "ending",
            Self::Failed => "failed",
        }
    }

    fn status(self) -> StatusCode {
        let known = Self::ALL.iter().find(|(code, _)| *code == self).map(|(_, status)| *status);
        known
            .and_then(|status| StatusCode::from_u16(status).ok())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Why a request has no answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Problem {
    pub code: ProblemCode,
    pub message: String,
    /// The field that it is about.
    pub field: Option<String>,
    /// What to do.
    pub remedy: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejects: Vec<Reject>,
    #[serde(skip)]
    pub allow: Option<&'static str>,
}

impl Problem {
    pub fn new(code: ProblemCode, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            remedy: remedy.into(),
            rejects: Vec::new(),
            allow: None,
        }
    }

    pub fn busy(what: &str) -> Self {
        Self::new(ProblemCode::Busy, what, "send the same request again after the seconds of `Retry-After`")
    }

    pub fn panicked() -> Self {
        Self::new(
            ProblemCode::Failed,
            "a bug of Qingfeng ended this request",
            "report it with what was sent; other requests are not affected",
        )
    }

    pub fn status(&self) -> StatusCode {
        self.code.status()
    }

    /// As an object with the key `error`.
    pub fn json(&self) -> String {
        #[derive(Serialize)]
        struct Answer<'p> {
            error: &'p Problem,
        }
        // Texts and lists of them are always JSON.
        serde_json::to_string(&Answer { error: self }).unwrap_or_default()
    }

    pub fn response(&self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.json() + "\n"));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.code {
            ProblemCode::Busy | ProblemCode::Ending => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            ProblemCode::Unauthorized => {
                headers
                    .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"qingfeng\", Bearer"));
            }
            ProblemCode::MethodNotAllowed => {
                if let Some(allow) = self.allow {
                    headers.insert(ALLOW, HeaderValue::from_static(allow));
                }
            }
            _ => {}
        }
        response
    }
}

impl From<AssessError> for Problem {
    fn from(error: AssessError) -> Self {
        let message = error.to_string();
        match error {
            AssessError::Rejected(rejects) => {
                let first = rejects.first();
                let field = first.and_then(|reject| reject.field.clone());
                let remedy =
                    first.and_then(|reject| reject.reason.split_once("; ")).map(|(_, remedy)| remedy);
                let remedy = remedy.unwrap_or("correct the message and send it again").to_owned();
                Self { field, rejects, ..Self::new(ProblemCode::Rejected, message, remedy) }
            }
            _ => Self::new(ProblemCode::BadRequest, message, "correct the columns and send them again"),
        }
    }
}

impl From<JobError> for Problem {
    fn from(error: JobError) -> Self {
        Self::new(ProblemCode::BadRequest, error.to_string(), "correct the body and send it again")
    }
}
