//! What a service is made of, and what bounds it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use qingfeng::LivingLookups;

use crate::log::{LogRecord, LogSink};
use crate::tokens::Tokens;
use crate::view::Console;

/// What bounds the work of a service. Each bound that is met is answered with an error that names it.
///
/// ```
/// let limits = qingfeng_server::Limits::default();
/// assert_eq!(limits.message_bytes, 4 << 20);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a message with one declaration, 16 MiB at most.
    pub message_bytes: usize,
    /// Bytes of a body with many declarations.
    pub batch_bytes: u64,
    /// Goods lines of such a body.
    pub batch_lines: u64,
    /// Bytes of a pack that is posted.
    pub pack_bytes: usize,
    /// Bytes of messages and packs that are in memory at a time, before they are worked on.
    pub bodies_bytes: usize,
    /// Bytes of the declarations of one body that are in memory at a time, 16 MiB at least.
    pub batch_memory_bytes: usize,
    /// Bytes of the answer to one body that wait in a temporary file for a client that does not read.
    pub answer_bytes: u64,
    /// Connections at a time.
    pub connections: usize,
    /// How long a client may take for the head of a request, and how long a connection may be idle.
    pub head_time: Duration,
    /// How long a client may keep the service waiting for a body, or for room to send an answer; beside the time
    /// that `bytes_per_second` gives it.
    pub body_time: Duration,
    /// The least speed of a client.
    pub bytes_per_second: u64,
    /// How long requests may go on when the service is to end.
    pub drain_time: Duration,
    /// Lines of a declaration that are assessed together, as for [`EngineBuilder`](qingfeng::EngineBuilder).
    pub declaration_lines: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 4 << 20,
            batch_bytes: 1 << 30,
            batch_lines: 10_000_000,
            pack_bytes: 64 << 20,
            bodies_bytes: 256 << 20,
            batch_memory_bytes: 64 << 20,
            answer_bytes: 4 << 30,
            connections: 1_024,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(10),
            bytes_per_second: 1_024,
            drain_time: Duration::from_secs(30),
            declaration_lines: 10_000,
        }
    }
}

/// Certificate and key of TLS, in PEM files. They are read again with each reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, with those that signed it.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Tells as of which change the rows of lookup tables would be read now.
pub type LookupsVersion = dyn Fn() -> Option<String> + Send + Sync;

/// What a service is made of.
///
/// ```
/// use qingfeng_server::{Server, ServerOptions};
///
/// let mut options = ServerOptions::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"));
/// options.workers = 1;
/// let server = Server::open(options)?.listen("127.0.0.1:0".parse()?)?;
/// println!("http://{}", server.local_addr());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct ServerOptions {
    /// The directory of the pack; it may be a link, which is followed again with each reload.
    pub rules: PathBuf,
    /// The directory of a pack that assesses beside it and decides nothing.
    pub shadow: Option<PathBuf>,
    /// Where the rows of lookup tables come from that are no files of the pack.
    pub lookups: Option<Arc<dyn LivingLookups + Send + Sync>>,
    /// What tells, when it is asked, as of which change these rows would be read now; `None` where that cannot be told. With
    /// [`poll`](Self::poll), and where tables of the pack come from there, another answer than before is a reason to reload.
    pub lookups_version: Option<Arc<LookupsVersion>>,
    /// Who may do what. Without tokens everybody may do everything, and only the machine itself may connect.
    pub tokens: Option<Tokens>,
    /// Encryption.
    pub tls: Option<TlsFiles>,
    /// Whether to listen off the loopback address without encryption.
    pub plain_text: bool,
    /// Threads that assess single declarations.
    pub workers: usize,
    /// Declarations that wait for them at most.
    pub queue: usize,
    /// Bodies with many declarations that are assessed at a time, each by a thread of its own.
    pub batches: usize,
    /// How many of the last declarations are kept in memory, for reloads and the console.
    pub recent: usize,
    /// Their bytes.
    pub recent_bytes: usize,
    /// The share of these whose channel a new pack may change, from 0 to 1.
    pub max_change: f64,
    /// How often it is looked whether the files of the pack have changed; never without it.
    pub poll: Option<Duration>,
    /// Bounds.
    pub limits: Limits,
    /// The moment, in UTC, as `2016-09-06T08:30:00Z`. It stands in logs and lists, and decides nothing.
    pub clock: fn() -> String,
    /// Takes the log.
    pub log: LogSink,
    /// Makes the pages of the console; without it there is none.
    pub console: Option<Arc<dyn Console>>,
}

impl ServerOptions {
    /// A service of the pack in a directory, with the usual bounds, that logs nowhere.
    pub fn new(rules: impl Into<PathBuf>) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, Into::into);
        Self {
            rules: rules.into(),
            shadow: None,
            lookups: None,
            lookups_version: None,
            tokens: None,
            tls: None,
            plain_text: false,
            workers: processors,
            queue: 1_024,
            batches: processors,
            recent: 10_000,
            recent_bytes: 64 << 20,
            max_change: 0.02,
            poll: None,
            limits: Limits::default(),
            clock: String::new,
            log: Arc::new(|_: &LogRecord| {}),
            console: None,
        }
    }
}

impl std::fmt::Debug for ServerOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerOptions")
            .field("rules", &self.rules)
            .field("shadow", &self.shadow)
            .field("workers", &self.workers)
            .field("queue", &self.queue)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// A service cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The pack, or the shadow pack, cannot be used.
    #[error("{source}")]
    Pack {
        /// Its directory, as the options name it.
        directory: PathBuf,
        /// Why.
        source: qingfeng::OpenError,
    },
    /// It was asked to listen where everybody may connect, without what that needs.
    #[error("{address} is no address of this machine alone: {problem}")]
    Unsafe {
        /// The address.
        address: SocketAddr,
        /// What is missing, and the remedy.
        problem: &'static str,
    },
    /// The address cannot be listened to.
    #[error("{address}: cannot be listened to: {source}; is another service there?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("{path}: {problem}")]
    Tls {
        /// The file.
        path: String,
        /// Why.
        problem: String,
    },
    /// Threads cannot be started.
    #[error("the threads cannot be started: {0}")]
    Threads(#[from] std::io::Error),
}
