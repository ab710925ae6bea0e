//! Connections: how many, how long, encrypted or not, and how they end.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Sleep;
use tokio_rustls::TlsAcceptor;

use crate::body::Patience;
use crate::log::LogRecord;
use crate::options::{Limits, ServerError, TlsFiles};
use crate::problem::{Problem, ProblemCode};
use crate::state::State;

/// Bytes of the head of a request.
const HEAD_BYTES: usize = 32 << 10;
/// Fields of a head.
const HEAD_FIELDS: usize = 64;
/// How long it is waited after the system gave no connection, as when a process has too many files open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The answer to a connection for which there is no room.
fn no_room() -> String {
    let problem = Problem::new(
        ProblemCode::Busy,
        "too many connections are open",
        "use fewer connections, or ask again a little later",
    );
    let body = problem.json() + "\n";
    let status = problem.status();
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nRetry-After: 1\r\nConnection: close\r\n\r\n\
         {body}"
    )
}

/// The configuration of TLS, exchanged when its files are.
pub(crate) struct Tls {
    files: TlsFiles,
    config: RwLock<Arc<rustls::ServerConfig>>,
}

impl Tls {
    pub fn read(files: TlsFiles) -> Result<Self, ServerError> {
        Ok(Self { config: RwLock::new(config(&files)?), files })
    }

    /// Reads the files again. Files that cannot be used leave the old ones in force.
    pub fn reload(&self) -> Result<(), ServerError> {
        let config = config(&self.files)?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

fn config(files: &TlsFiles) -> Result<Arc<rustls::ServerConfig>, ServerError> {
    let failed =
        |path: &Path, problem: String| ServerError::Tls { path: path.display().to_string(), problem };
    let certificates = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| failed(&files.certificate, format!("is no certificate in PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(failed(&files.certificate, "has no certificate in PEM".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| failed(&files.key, format!("is no private key in PEM: {error}")))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key));
    let mut config =
        config.map_err(|error| failed(&files.certificate, format!("does not do with its key: {error}")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Binds an address.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener, ServerError> {
    let listener = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listener.map_err(|source| ServerError::Listen { address, source })
}

/// A connection on which a client that takes no answer is cut.
struct Guarded<S> {
    inner: S,
    patience: Patience,
    /// Since when the client takes nothing, and until when it may.
    stuck: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<S> Guarded<S> {
    fn new(inner: S, limits: &Limits) -> Self {
        Self { inner, patience: Patience::new(limits), stuck: None }
    }

    /// What became of an attempt to write.
    fn judged<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        let Poll::Ready(done) = written else {
            let left = self.patience.left();
            let (_, sleep) =
                self.stuck.get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(left))));
            ready!(sleep.as_mut().poll(context));
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes no answer")));
        };
        let waited = self.stuck.take().map_or(Duration::ZERO, |(since, _)| since.elapsed());
        self.patience.note(waited, done.as_ref().map_or(0, bytes));
        Poll::Ready(done)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, to)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.judged(context, written, |bytes| *bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        self.judged(context, flushed, |()| 0)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.inner).poll_shutdown(context);
        self.judged(context, shut, |()| 0)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, pieces);
        self.judged(context, written, |bytes| *bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// Counts a connection while it is open.
struct Open {
    state: Arc<State>,
    _permit: OwnedSemaphorePermit,
}

impl Open {
    fn new(state: &Arc<State>, permit: OwnedSemaphorePermit) -> Self {
        state.counters.connections.fetch_add(1, Ordering::Relaxed);
        Self { state: Arc::clone(state), _permit: permit }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.state.counters.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Takes connections until the service is to end, and then until all that was taken is answered.
pub(crate) async fn run(
    state: Arc<State>,
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    router: Router,
    mut ending: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let most = state.options.limits.connections.clamp(1, Semaphore::MAX_PERMITS);
    let room = Arc::new(Semaphore::new(most));
    let take = |stream: TcpStream| {
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            state.counters.connections_refused.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(refuse(stream, tls.is_some()));
            return;
        };
        let open = Open::new(&state, permit);
        tokio::spawn(connection(open, stream, tls.clone(), router.clone(), ending.clone()));
    };
    let mut until = ending.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = until.wait_for(|ending| *ending) => break,
        };
        match accepted {
            Ok((stream, _)) => take(stream),
            Err(error) => {
                let message = Some(format!("no connection can be taken: {error}"));
                state.log(LogRecord { event: "connection", level: "warn", message, ..LogRecord::default() });
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // Connections that the system took are answered too; the next ones find nobody.
    while let Ok(Ok((stream, _))) = tokio::time::timeout(Duration::from_millis(1), listener.accept()).await {
        take(stream);
    }
    drop(listener);
    ending.mark_unchanged();
    let all = u32::try_from(most).unwrap_or(u32::MAX);
    let drained = tokio::time::timeout(state.options.limits.drain_time, room.acquire_many(all)).await;
    if drained.is_err() {
        let open = state.counters.connections.load(Ordering::Relaxed);
        let message = Some(format!("{open} connections were cut after the time to end"));
        state.log(LogRecord { event: "ending", level: "warn", message, ..LogRecord::default() });
    }
    Ok(())
}

/// Tells a connection that there is no room for it.
async fn refuse(mut stream: TcpStream, is_tls: bool) {
    if !is_tls {
        let told = async {
            stream.write_all(no_room().as_bytes()).await?;
            stream.shutdown().await
        };
        let _ = tokio::time::timeout(Duration::from_secs(1), told).await;
    }
}

async fn connection(
    open: Open,
    stream: TcpStream,
    tls: Option<Arc<Tls>>,
    router: Router,
    ending: watch::Receiver<bool>,
) {
    let limits = &open.state.options.limits;
    // Answers are small, and waited for.
    let _ = stream.set_nodelay(true);
    match tls {
        None => serve(&open.state, Guarded::new(stream, limits), router, ending).await,
        Some(tls) => {
            let shaken = tokio::time::timeout(limits.head_time, tls.acceptor().accept(stream)).await;
            // Who cannot speak TLS is cut, and is nobody's news.
            if let Ok(Ok(stream)) = shaken {
                serve(&open.state, Guarded::new(stream, limits), router, ending).await;
            }
        }
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    state: &State,
    stream: S,
    router: Router,
    mut ending: watch::Receiver<bool>,
) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(state.options.limits.head_time)
        .half_close(true)
        .max_headers(HEAD_FIELDS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut served = std::pin::pin!(served);
    // How a connection ends is for the client to say; its requests are in the log.
    tokio::select! {
        _ = served.as_mut() => return,
        _ = ending.wait_for(|ending| *ending) => {}
    }
    served.as_mut().graceful_shutdown();
    let _ = served.await;
}
