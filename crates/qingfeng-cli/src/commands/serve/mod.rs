//! `qingfeng serve`: decisions over HTTP.

mod console;

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use qingfeng_server::{
    Control, LogRecord, LookupsVersion, Server, ServerError, ServerOptions, TlsFiles, Tokens,
};
use qingfeng_store::Store;

use crate::exit::{self, Exit, Failure};
use crate::passes::ThreadArgs;
use crate::stores::PackArgs;
use crate::terminal::{self, Verbosity};
use crate::{clock, render, stop};

/// How long a signal waits at most until it is seen.
const POLL: Duration = Duration::from_millis(50);

/// Score declarations over HTTP, beside a customs system.
///
/// Posted declarations are answered with the decision. The pack is exchanged without a restart, on `POST /v1/reload`, on
/// SIGHUP, or with --poll: only for one that is valid, passes its tests, and moves no more of the last declarations to
/// other channels than --reload-max-change allows. `GET /openapi.json` describes all routes, `/` is a console for a
/// browser. SIGTERM ends it when all requests are answered. The log goes to standard error, a JSON object a line.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng serve --rules rules/clean-wind",
    "qingfeng serve --rules /srv/pack --listen 0.0.0.0:8443 --tokens tokens.toml --tls-cert cert.pem --tls-key key.pem",
    "qingfeng serve --rules rules/in-force --shadow rules/proposed --poll 5",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    #[command(flatten)]
    pack: PackArgs,

    /// Address to listen on. Others than 127.0.0.1 and [::1] need --tokens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: String,

    /// File with the hashes of tokens and their roles. Without it everybody on this machine may do everything.
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,

    /// Certificate for TLS, with those that signed it: a PEM file.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// Key of the certificate: a PEM file.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Listen without TLS on addresses that others can reach, as behind a proxy that encrypts.
    #[arg(long, conflicts_with = "tls_cert")]
    plain_text: bool,

    /// Directory of a pack that scores the same declarations and decides nothing; `GET /v1/shadow` counts the differences.
    #[arg(long, value_name = "DIR")]
    shadow: Option<PathBuf>,

    /// Refuse a pack that moves a larger share of the last declarations to other channels, such as 2%.
    #[arg(long, value_name = "SHARE", default_value = "2%", value_parser = share)]
    reload_max_change: f64,

    /// Look for a changed pack, and changes of its store, every N seconds. Default: only when asked.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    poll: Option<u32>,

    /// Number of the last declarations to keep in memory, for reloads and the console.
    #[arg(long, value_name = "N", default_value = "10000", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    recent: u32,

    /// Number of declarations that may wait; beyond it requests are answered with 429.
    #[arg(long, value_name = "N", default_value = "1024", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    queue: u32,

    /// Number of connections at a time.
    #[arg(long, value_name = "N", default_value = "1024", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    connections: u32,

    /// Size of a body with one declaration in MiB.
    #[arg(long, value_name = "MIB", default_value = "4", value_parser = clap::value_parser!(u16).range(1..=16))]
    message_max: u16,

    /// Size of a body with many declarations in MiB.
    #[arg(long, value_name = "MIB", default_value = "1024", value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    batch_max: u32,

    /// Seconds that a client may keep the service waiting.
    #[arg(long, value_name = "N", default_value = "10", value_parser = clap::value_parser!(u16).range(1..=3_600))]
    client_seconds: u16,

    /// Seconds that requests may go on when the service is to end.
    #[arg(long, value_name = "N", default_value = "30", value_parser = clap::value_parser!(u16).range(0..=3_600))]
    drain_seconds: u16,

    #[command(flatten)]
    threads: ThreadArgs,
}

/// A share on the command line, as `2%` or `0.02`; none and all are shares too.
fn share(text: &str) -> Result<f64, String> {
    let (number, whole) = match text.strip_suffix('%') {
        Some(number) => (number, 100.0),
        None => (text, 1.0),
    };
    let share = number.trim().parse().ok().map(|share: f64| share / whole);
    share.filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| {
        "no share; write a number from 0 to 1, or percent with their sign, such as 0.02 or 2%".to_owned()
    })
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let address = address(&args.listen)?;
    let options = options(args)?;
    let server = Server::open(options).map_err(|error| match error {
        ServerError::Pack { directory, source } => render::invalid(&directory, source.diagnostics()),
        error => Failure::Files(error.to_string()),
    })?;
    let listening = server.listen(address).map_err(|error| match error {
        error @ ServerError::Unsafe { .. } => Failure::Usage(error.to_string()),
        error => Failure::Files(error.to_string()),
    })?;
    stop::leave();
    let control = listening.control();
    let hangup = hangup();
    let watch = move || watch(&control, &hangup);
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(watch)
        .map_err(|error| Failure::Files(format!("a thread cannot be started: {error}")))?;
    listening.run().map_err(|error| Failure::Files(error.to_string()))?;
    Ok(Exit::Done)
}

/// Does what signals ask for.
fn watch(control: &Control, hangup: &AtomicBool) {
    loop {
        thread::sleep(POLL);
        if stop::taken() {
            control.end();
        }
        if hangup.swap(false, Ordering::Relaxed) {
            control.reload();
        }
    }
}

/// Becomes true when SIGHUP comes.
#[cfg(unix)]
fn hangup() -> Arc<AtomicBool> {
    let came = Arc::default();
    // Without it the service is reloaded by the other ways.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&came));
    came
}

#[cfg(not(unix))]
fn hangup() -> Arc<AtomicBool> {
    Arc::default()
}

fn address(text: &str) -> Result<SocketAddr, Failure> {
    let found = text.to_socket_addrs().ok().and_then(|mut found| found.next());
    found.ok_or_else(|| {
        Failure::Usage(format!("--listen: `{text}` is no address with a port; write it as 127.0.0.1:8080"))
    })
}

fn options(args: &Args) -> Result<ServerOptions, Failure> {
    let mut options = ServerOptions::new(&args.pack.rules);
    options.shadow.clone_from(&args.shadow);
    options.lookups = Some(Arc::new(args.pack.lookups.lookups()?));
    options.lookups_version = version(args);
    options.tokens = match &args.tokens {
        Some(path) => Some(Tokens::read(path).map_err(|error| Failure::Files(error.to_string()))?),
        None => None,
    };
    options.tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => {
            Some(TlsFiles { certificate: certificate.clone(), key: key.clone() })
        }
        _ => None,
    };
    options.plain_text = args.plain_text;
    if let Some(threads) = args.threads.number() {
        (options.workers, options.batches) = (threads, threads);
    }
    options.queue = args.queue as usize;
    options.recent = args.recent as usize;
    options.max_change = args.reload_max_change;
    options.poll = args.poll.map(|seconds| Duration::from_secs(seconds.into()));
    options.limits.connections = args.connections as usize;
    options.limits.message_bytes = usize::from(args.message_max) << 20;
    options.limits.batch_bytes = u64::from(args.batch_max) << 20;
    let client = Duration::from_secs(args.client_seconds.into());
    (options.limits.head_time, options.limits.body_time) = (client, client);
    options.limits.drain_time = Duration::from_secs(args.drain_seconds.into());
    options.clock = clock::now;
    let is_quiet = terminal::verbosity() == Verbosity::Quiet;
    options.log = Arc::new(move |record: &LogRecord| {
        if !is_quiet || record.level != "info" {
            terminal::log(record);
        }
    });
    options.console = Some(Arc::new(console::Pages));
    Ok(options)
}

/// What tells the latest change of the store, unless a snapshot is pinned.
fn version(args: &Args) -> Option<Arc<LookupsVersion>> {
    let lookups = &args.pack.lookups;
    let pack = render::load_pack(&args.pack.rules).ok()?;
    let url = lookups.url(Some((&args.pack.rules, &pack))).ok().filter(|_| lookups.snapshot().is_none())?;
    // A store that is not there, or cannot be reached, tells nothing; the reload that needs it says so.
    Some(Arc::new(move || Some(Store::open(&url).ok()?.snapshot(None).ok()?.to_string())))
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_are_numbers_or_percent() {
        for (text, meant) in [("2%", 0.02), ("0.02", 0.02), ("100 %", 1.0), ("0", 0.0)] {
            assert_eq!(share(text), Ok(meant), "{text}");
        }
        for text in ["", "%", "2", "-1%", "101%", "NaN", "two"] {
            assert!(share(text).is_err(), "{text}");
        }
    }
}
