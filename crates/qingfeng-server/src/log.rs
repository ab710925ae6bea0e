//! What is logged: one record for each request, each reload, and each turn of the service. No record has anything of a declaration.

use serde::Serialize;

/// A record of the log.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct LogRecord {
    /// When, in UTC.
    pub at: String,
    /// What happened: `started`, `request`, `batch`, `reload`, `shadow`, `connection`, `ending`, `ended`.
    pub event: &'static str,
    /// `info`, `warn` or `error`.
    pub level: &'static str,
    /// The trace that the request belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The name of the token, of the file of tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The route, not the path: paths may have ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<&'static str>,
    /// The status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<f64>,
    /// Declarations that were assessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declarations: Option<u64>,
    /// The pack: `name@version#digest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pack: Option<String>,
    /// More, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Takes the records of the log, from any thread. The library writes none itself.
pub type LogSink = std::sync::Arc<dyn Fn(&LogRecord) + Send + Sync>;
