//! A service with a pack of its own, and a client that speaks HTTP by hand.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use qingfeng_server::{Control, LogRecord, Server, ServerError, ServerOptions};
use serde_json::Value;
use tempfile::TempDir;

const MANIFEST: &str = r#"
[pack]
name = "quay"
version = "VERSION"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[[channels]]
name = "red"
from = 50
"#;

/// A pack whose rule sends motorcycles of more than so many pieces to red.
pub fn write_pack(directory: &Path, version: &str, pieces: u32) {
    fs::create_dir_all(directory.join("tests")).unwrap();
    fs::write(directory.join("pack.toml"), MANIFEST.replace("VERSION", version)).unwrap();
    let rule = format!(
        "rule(\"MANY\", #{{ title: \"Many motorcycles\", commodity: [\"8711\"], score: 60, when: |d| d.quantity > {pieces}.0, \
         reason: |d| `${{d.quantity}} pieces` }});\n"
    );
    fs::write(directory.join("many.rhai"), rule).unwrap();
    let test = "test(\"a thousand are many\", #{ destination: \"KE\", mode: \"0110\", hs: \"8711209000\", quantity: 1000 }, \
                #{ fires: \"MANY\", channel: \"red\" });\n";
    fs::write(directory.join("tests/many.rhai"), test).unwrap();
}

pub fn declaration(id: &str, quantity: u32) -> String {
    format!(
        r#"{{"declaration_id":"{id}","destination":"KE","mode":"0110","items":[{{"hs":"8711209000","quantity":{quantity}}}]}}"#
    )
}

/// A service in a thread of this process.
pub struct Service {
    pub directory: TempDir,
    pub address: SocketAddr,
    pub control: Control,
    pub log: Arc<Mutex<Vec<LogRecord>>>,
    running: Option<JoinHandle<Result<(), ServerError>>>,
}

impl Service {
    /// A service of the pack `quay`, where more than ten are many.
    pub fn new(change: impl FnOnce(&mut ServerOptions)) -> Self {
        let directory = TempDir::new().unwrap();
        write_pack(&directory.path().join("pack"), "1", 10);
        let mut options = ServerOptions::new(directory.path().join("pack"));
        options.workers = 2;
        change(&mut options);
        Self::start(directory, options)
    }

    pub fn start(directory: TempDir, mut options: ServerOptions) -> Self {
        let log = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&log);
        options.log = Arc::new(move |record: &LogRecord| sink.lock().unwrap().push(record.clone()));
        options.clock = || "2016-09-06T08:30:00Z".to_owned();
        let listening = Server::open(options).unwrap().listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let (address, control) = (listening.local_addr(), listening.control());
        let running = Some(std::thread::spawn(move || listening.run()));
        Self { directory, address, control, log, running }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn connect(&self) -> TcpStream {
        let connection = TcpStream::connect(self.address).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        connection
    }

    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"")
    }

    pub fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Reply {
        self.send("POST", path, &[], body.as_ref())
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut connection = self.connect();
        connection.write_all(&head(method, path, headers, Some(body.len()))).unwrap();
        // A service that refuses a body need not have read all of it.
        let _ = connection.write_all(body);
        Reply::read(&mut connection)
    }

    /// Waits until something holds.
    pub fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let started = Instant::now();
        while !holds(self) {
            assert!(started.elapsed() < Duration::from_secs(15), "it never came to this: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it, and waits until it has.
    pub fn end(&mut self) {
        self.control.end();
        if let Some(running) = self.running.take() {
            running.join().unwrap().unwrap();
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}

/// The head of a request. Without a length the body comes in pieces.
pub fn head(method: &str, path: &str, headers: &[(&str, &str)], length: Option<usize>) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        head += "Host: localhost\r\n";
    }
    if !headers.iter().any(|(name, _)| *name == "Connection") {
        head += "Connection: close\r\n";
    }
    match length {
        Some(length) => head += &format!("Content-Length: {length}\r\n"),
        None => head += "Transfer-Encoding: chunked\r\n",
    }
    headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
    (head + "\r\n").into_bytes()
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    /// Reads one answer, of a known length, in pieces, or to the end of the connection.
    pub fn read(connection: &mut impl Read) -> Self {
        Self::try_read(connection).unwrap_or_else(|problem| panic!("no answer: {problem}"))
    }

    pub fn try_read(connection: &mut impl Read) -> Result<Self, String> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            match connection.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                other => return Err(format!("{other:?} after {:?}", String::from_utf8_lossy(&head))),
            }
        }
        let head = String::from_utf8(head).map_err(|error| error.to_string())?;
        let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or("no status")?;
        let field = |name: &str| {
            head.lines().find_map(|line| {
                let (known, value) = line.split_once(": ")?;
                known.eq_ignore_ascii_case(name).then(|| value.to_owned())
            })
        };
        let mut body = Vec::new();
        if let Some(length) = field("content-length") {
            body.resize(length.parse().map_err(|_| "no length")?, 0);
            connection.read_exact(&mut body).map_err(|error| error.to_string())?;
        } else if field("transfer-encoding").is_some() {
            loop {
                let mut line = Vec::new();
                while !line.ends_with(b"\r\n") {
                    connection.read_exact(&mut byte).map_err(|error| error.to_string())?;
                    line.push(byte[0]);
                }
                let length = str::from_utf8(&line).map_err(|error| error.to_string())?.trim();
                let length = usize::from_str_radix(length, 16).map_err(|error| error.to_string())?;
                let start = body.len();
                body.resize(start + length + 2, 0);
                connection.read_exact(&mut body[start..]).map_err(|error| error.to_string())?;
                body.truncate(start + length);
                if length == 0 {
                    break;
                }
            }
        } else {
            connection.read_to_end(&mut body).map_err(|error| error.to_string())?;
        }
        Ok(Self { status, body: String::from_utf8(body).map_err(|error| error.to_string())?, head })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The code of an error.
    pub fn code(&self) -> String {
        let json = self.json();
        assert!(json["error"]["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{json}");
        json["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Says that nothing more is sent.
pub fn half_close(connection: &TcpStream) {
    connection.shutdown(Shutdown::Write).unwrap();
}
