//! Qingfeng beside a customs system: declarations come over HTTP, and the decision goes back. The pack is exchanged while the
//! service runs, and only for one that can be opened, passes its own tests, and moves no more of the last declarations to
//! other channels than is allowed.
//!
//! ```
//! use std::io::{Read, Write};
//!
//! use qingfeng_server::{Server, ServerOptions};
//!
//! let mut options = ServerOptions::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"));
//! options.workers = 1;
//! let server = Server::open(options)?.listen("127.0.0.1:0".parse()?)?;
//! let (address, control) = (server.local_addr(), server.control());
//! let running = std::thread::spawn(move || server.run());
//!
//! let message = r#"{"declaration_id": "D1", "destination": "KE", "mode": "0110", "items": [{"hs": "8711209000"}]}"#;
//! let mut connection = std::net::TcpStream::connect(address)?;
//! let head = format!("POST /v1/assess HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\nConnection: close", message.len());
//! write!(connection, "{head}\r\n\r\n{message}")?;
//! let mut answer = String::new();
//! connection.read_to_string(&mut answer)?;
//! assert!(answer.contains(r#""channel":"#), "{answer}");
//!
//! control.end();
//! running.join().expect("no panic")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `routes` has the table of the routes, of which router, description and counters are made. `work` has the threads that
//! assess, `state` what runs, `reload` how it is exchanged, `batch` and `spool` bodies with many declarations, `listen`
//! connections. The library prints nothing: records of the log go to a sink, and pages are made by whoever runs the
//! service ([`Console`]).

mod batch;
mod body;
mod listen;
mod log;
mod metrics;
mod openapi;
mod options;
mod problem;
mod recent;
mod reload;
mod routes;
mod spool;
mod state;
mod tokens;
mod trace;
mod view;
mod work;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use listen::Tls;
pub use log::{LogRecord, LogSink};
pub use options::{Limits, LookupsVersion, ServerError, ServerOptions, TlsFiles};
pub use problem::ProblemCode;
pub use recent::RecentNote;
pub use reload::{ChannelChange, FailedTest, PackChange, ReloadNote, ReloadOutcome, ShadowView, TestsNote};
use reload::{ReloadWish, Seen, Shadow};
use state::State;
pub use tokens::{Role, Tokens, TokensError};
pub use view::{ChannelView, Console, ConsolePage, DiskView, RuleView, Shown, View};

/// The threads that move bytes. They assess nothing.
const NETWORK_THREADS: usize = 2;
/// How long what polls sleeps at most before it looks whether the service is to end.
const NAP: Duration = Duration::from_millis(100);

/// A service whose packs are open, and that does not listen yet.
pub struct Server {
    state: Arc<State>,
    tls: Option<Arc<Tls>>,
    /// What was there before the pack was opened.
    seen: Seen,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("options", &self.state.options).finish_non_exhaustive()
    }
}

impl Server {
    /// Opens the pack and the shadow pack, and starts the threads that assess.
    ///
    /// # Errors
    ///
    /// A pack that cannot be used, a certificate that cannot be, threads that cannot be started.
    pub fn open(mut options: ServerOptions) -> Result<Self, ServerError> {
        // What the engine reads at most of a message.
        options.limits.message_bytes = options.limits.message_bytes.min(16 << 20);
        let tls = options.tls.clone().map(Tls::read).transpose()?.map(Arc::new);
        let seen = Seen::of(&options);
        let real = |path: &std::path::Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let open = |directory: &std::path::Path| {
            let failed = |source| ServerError::Pack { directory: directory.to_owned(), source };
            reload::open(&options, &real(directory)).map_err(failed)
        };
        let engine = open(&options.rules)?;
        let shadow = options.shadow.as_deref().map(open).transpose()?;
        let shadow = shadow.map(|engine| Shadow::new(engine, (options.clock)()));
        Ok(Self { state: Arc::new(State::new(options, engine, shadow)?), tls, seen })
    }

    /// The pack that runs: `name@version#digest`.
    pub fn pack_id(&self) -> Arc<str> {
        Arc::clone(self.state.live().engine.pack_id())
    }

    /// Binds an address. Off the loopback address that asks for tokens, and for encryption unless the options say that plain text will do.
    ///
    /// # Errors
    ///
    /// An address that cannot be bound, or may not be for want of tokens or encryption.
    pub fn listen(self, address: SocketAddr) -> Result<Listening, ServerError> {
        let options = &self.state.options;
        let refused = |problem| Err(ServerError::Unsafe { address, problem });
        if !address.ip().is_loopback() {
            if options.tokens.is_none() {
                return refused(
                    "everybody could ask everything; give a file of tokens, or listen on 127.0.0.1",
                );
            }
            if self.tls.is_none() && !options.plain_text {
                return refused(
                    "tokens and declarations would be readable on the way; give a certificate and its key, or say \
                     that plain text will do, as behind a proxy that encrypts",
                );
            }
        }
        let listener = listen::bind(address)?;
        let local_addr = listener.local_addr().map_err(|source| ServerError::Listen { address, source })?;
        let (ending, _) = watch::channel(false);
        let control = Control { state: Arc::clone(&self.state), tls: self.tls.clone(), ending };
        Ok(Listening { server: self, listener, local_addr, control })
    }
}

/// A service that is bound to an address.
pub struct Listening {
    server: Server,
    listener: TcpListener,
    local_addr: SocketAddr,
    control: Control,
}

impl std::fmt::Debug for Listening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listening").field("local_addr", &self.local_addr).finish_non_exhaustive()
    }
}

/// Ends a service, or has it reload, from any thread.
#[derive(Clone)]
pub struct Control {
    state: Arc<State>,
    tls: Option<Arc<Tls>>,
    ending: watch::Sender<bool>,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}

impl Control {
    /// Takes no further connections. What was taken is answered, then [`Listening::run`] comes back.
    pub fn end(&self) {
        if !self.state.is_ending.swap(true, Ordering::Relaxed) {
            self.state.log(LogRecord { event: "ending", ..LogRecord::default() });
        }
        self.ending.send_replace(true);
    }

    /// Reloads, as a signal asks for it: the pack on the disk, and certificate and key. `None` if another reload is under way.
    pub fn reload(&self) -> Option<ReloadNote> {
        self.reload_tls();
        self.state.reload("signal", &ReloadWish::default()).ok()
    }

    fn reload_tls(&self) {
        if let Some(Err(error)) = self.tls.as_ref().map(|tls| tls.reload()) {
            let message = Some(format!("the certificate stays as it was: {error}"));
            self.state.log(LogRecord { event: "reload", level: "error", message, ..LogRecord::default() });
        }
    }
}

impl Listening {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What ends it.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Serves until [`Control::end`], and comes back when all that was taken is answered.
    ///
    /// # Errors
    ///
    /// Threads that cannot be started, a socket that the system takes away.
    pub fn run(self) -> Result<(), ServerError> {
        let Self { server: Server { state, tls, seen }, listener, local_addr, control } = self;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(NETWORK_THREADS)
            .max_blocking_threads(16)
            .thread_name("network")
            .enable_all()
            .build()?;
        let polling = match state.options.poll {
            Some(interval) => {
                let (state, control) = (Arc::clone(&state), control.clone());
                let poll = move || poll(&state, &control, interval, seen);
                Some(thread::Builder::new().name("poll".to_owned()).spawn(poll)?)
            }
            None => None,
        };
        let pack = Some(state.live().engine.pack_id().to_string());
        let scheme = if tls.is_some() { "https" } else { "http" };
        let message = Some(format!("listening on {scheme}://{local_addr}"));
        state.log(LogRecord { event: "started", pack, message, ..LogRecord::default() });
        let router = routes::router(&state);
        let served = runtime.block_on(listen::run(
            Arc::clone(&state),
            listener,
            tls,
            router,
            control.ending.subscribe(),
        ));
        state.is_ending.store(true, Ordering::Relaxed);
        runtime.shutdown_timeout(Duration::from_secs(1));
        state.workers.end();
        if let Some(polling) = polling {
            let _ = polling.join();
        }
        state.log(LogRecord { event: "ended", ..LogRecord::default() });
        Ok(served?)
    }
}

/// Looks from time to time whether the files of the pack have changed.
fn poll(state: &State, control: &Control, interval: Duration, seen: Seen) {
    let mut seen = Some(seen);
    let mut next = Instant::now() + interval;
    while !state.is_ending() {
        thread::sleep(NAP.min(interval));
        if Instant::now() >= next {
            control.reload_tls();
            state.poll(&mut seen);
            next = Instant::now() + interval;
        }
    }
}
