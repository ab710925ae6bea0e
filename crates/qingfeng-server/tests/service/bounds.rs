//! What is bounded: waiting, bodies, connections, clients that are slow or gone, and the end of the service.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use qingfeng_server::ServerOptions;

use crate::support::{Reply, Service, declaration, half_close, head};

/// A declaration that takes a while.
fn large(id: &str, lines: usize) -> String {
    let lines: Vec<String> = (0..lines)
        .map(|at| format!(r#"{{"item_no":{},"hs":"8711209000","quantity":{at}}}"#, at + 1))
        .collect();
    format!(r#"{{"declaration_id":"{id}","destination":"KE","mode":"0110","items":[{}]}}"#, lines.join(","))
}

fn quick(options: &mut ServerOptions) {
    options.limits.head_time = Duration::from_millis(400);
    options.limits.body_time = Duration::from_millis(400);
    options.limits.bytes_per_second = 1 << 20;
}

#[test]
fn a_full_queue_is_said_and_what_was_taken_is_answered() {
    let service = Service::new(|options| {
        options.workers = 1;
        options.queue = 1;
    });
    let body = large("D1", 9_000);
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let asks: Vec<_> = (0..16).map(|_| scope.spawn(|| service.post("/v1/assess", &body))).collect();
        asks.into_iter().map(|ask| ask.join().unwrap()).collect()
    });
    let busy = replies.iter().filter(|reply| reply.status == 429).count();
    let done = replies.iter().filter(|reply| reply.status == 200).count();
    assert!(busy > 0 && done > 0 && busy + done == 16, "{busy} busy, {done} done");
    for reply in replies.iter().filter(|reply| reply.status == 429) {
        assert_eq!((reply.code().as_str(), reply.header("retry-after")), ("busy", Some("1")));
    }
    assert_eq!(service.post("/v1/assess", declaration("D2", 1)).status, 200);
}

#[test]
fn bodies_with_many_declarations_are_bounded_in_number() {
    let service = Service::new(|options| options.batches = 1);
    let mut first = service.connect();
    // The service asks for the body when it has taken the only place.
    first.write_all(&head("POST", "/v1/assess/batch", &[("Expect", "100-continue")], None)).unwrap();
    let mut goes_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    first.read_exact(&mut goes_on).unwrap();
    assert_eq!(service.post("/v1/assess/batch", many(1)).status, 429);
    // Single declarations are not held up by it.
    assert_eq!(service.post("/v1/assess", declaration("D1", 1)).status, 200);
    let one = many(1);
    first.write_all(format!("{:x}\r\n{one}\r\n0\r\n\r\n", one.len()).as_bytes()).unwrap();
    assert_eq!(Reply::read(&mut first).status, 200);
    service
        .until("the place is free again", |service| service.post("/v1/assess/batch", many(1)).status == 200);
}

#[test]
fn a_client_that_sends_slowly_is_cut() {
    let service = Service::new(quick);
    // A head that never ends.
    let mut slow = service.connect();
    slow.write_all(b"POST /v1/assess HTTP/1.1\r\nHost: loc").unwrap();
    let started = Instant::now();
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest);
    assert!(started.elapsed() < Duration::from_secs(5));
    // A body that comes byte by byte.
    for path in ["/v1/assess", "/v1/assess/batch", "/v1/reload"] {
        let mut slow = service.connect();
        slow.write_all(&head("POST", path, &[], Some(1_000))).unwrap();
        let mut writer = slow.try_clone().unwrap();
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) && writer.write_all(b" ").is_ok() {
                    std::thread::sleep(Duration::from_millis(50));
                }
            });
            let reply = Reply::read(&mut slow);
            is_over.store(true, Ordering::Relaxed);
            assert_eq!((reply.status, reply.code().as_str()), (408, "too_slow"), "{path}");
        });
    }
    service.until("no connection is left", |service| {
        service.get("/metrics").body.contains("\nqingfeng_connections 1\n")
    });
}

/// Declarations as NDJSON.
fn many(count: usize) -> String {
    (0..count).map(|at| declaration(&format!("D{at}"), 11) + "\n").collect()
}

#[test]
fn a_client_that_takes_no_answer_is_cut_and_one_that_sends_first_is_not() {
    let service = Service::new(|options| {
        quick(options);
        options.batches = 1;
    });
    // All is sent before anything is read, though the answer is larger than what sockets hold.
    let body = many(60_000);
    let mut connection = service.connect();
    connection
        .write_all(&head("POST", "/v1/assess/batch?by=item&reasons=true", &[], Some(body.len())))
        .unwrap();
    connection.write_all(body.as_bytes()).unwrap();
    let reply = Reply::read(&mut connection);
    assert_eq!(reply.body.lines().count(), 60_001);
    assert!(reply.body.lines().last().unwrap().contains("\"declarations\":60000"));
    // The next one never reads.
    let mut stuck = service.connect();
    stuck.write_all(&head("POST", "/v1/assess/batch?by=item&reasons=true", &[], Some(body.len()))).unwrap();
    stuck.write_all(body.as_bytes()).unwrap();
    // What it earned by its bytes it may use; then it is cut.
    service.until("the connection is cut", |service| {
        service.get("/metrics").body.contains("\nqingfeng_connections 1\n")
    });
    assert_eq!(service.post("/v1/assess/batch", many(1)).status, 200);
    drop(stuck);
}

/// Sends pieces until the service sends no more for them, at most so many bytes. Gives what was sent.
fn endless(connection: &mut TcpStream, most: usize) -> usize {
    let piece = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    let mut sent = 0;
    while sent < most && connection.write_all(&piece).is_ok() {
        sent += 0x10000;
    }
    sent
}

#[test]
fn a_body_without_end_is_cut() {
    let service = Service::new(|options| {
        options.limits.message_bytes = 1 << 20;
        options.limits.batch_bytes = 8 << 20;
        options.limits.pack_bytes = 1 << 20;
    });
    for path in ["/v1/assess", "/v1/explain", "/v1/check", "/v1/assess/batch"] {
        let mut connection = service.connect();
        connection.write_all(&head("POST", path, &[], None)).unwrap();
        let sent = endless(&mut connection, 256 << 20);
        assert!(sent < 256 << 20, "{path}: all of it was taken");
        // The answer may be lost with the connection; if it came it says why.
        if let Ok(reply) = Reply::try_read(&mut connection) {
            let is_said = reply.status == 413 || reply.body.contains("too_large");
            assert!(is_said, "{path}: {}", reply.body);
        }
    }
    // One that says beforehand that it is too large is not waited for.
    let mut connection = service.connect();
    connection.write_all(&head("POST", "/v1/assess", &[], Some(1 << 40))).unwrap();
    let reply = Reply::read(&mut connection);
    assert_eq!((reply.status, reply.code().as_str()), (413, "too_large"));
    service.until("nothing is held", |service| {
        service.get("/metrics").body.contains("\nqingfeng_connections 1\n")
    });
}

#[test]
fn lines_and_memory_are_bounded() {
    let service = Service::new(|options| {
        options.limits.batch_lines = 5_000;
        options.limits.bodies_bytes = 1 << 20;
    });
    let reply = service.post("/v1/assess/batch", many(20_000));
    assert!(reply.body.lines().last().unwrap().contains("\"too_large\""), "{:?}", reply.body.lines().last());
    let reply = service.post("/v1/assess", large("D1", 9_999).replace(',', &" ".repeat(60)));
    assert_eq!((reply.status, reply.code().as_str()), (429, "busy"));
    assert_eq!(service.post("/v1/assess", declaration("D1", 1)).status, 200);
}

#[test]
fn a_connection_that_sends_no_more_is_answered() {
    let service = Service::new(|_| {});
    for (path, body) in [("/v1/assess", declaration("D1", 11)), ("/v1/assess/batch", many(3))] {
        let mut connection = service.connect();
        connection.write_all(&head("POST", path, &[], Some(body.len()))).unwrap();
        connection.write_all(body.as_bytes()).unwrap();
        half_close(&connection);
        let reply = Reply::read(&mut connection);
        assert_eq!(reply.status, 200, "{path}");
        assert!(reply.body.contains("\"channel\":\"red\""), "{path}: {}", reply.body);
    }
    // One that is gone in the middle of a body leaves nothing behind.
    let mut gone = service.connect();
    gone.write_all(&head("POST", "/v1/assess", &[], Some(100))).unwrap();
    drop(gone);
    service.until("it is forgotten", |service| {
        service.get("/metrics").body.contains("\nqingfeng_connections 1\n")
    });
}

#[test]
fn connections_are_bounded() {
    let service = Service::new(|options| options.limits.connections = 2);
    let held: Vec<TcpStream> = (0..2).map(|_| service.connect()).collect();
    let refused = || {
        let mut connection = service.connect();
        let _ = connection.write_all(&head("GET", "/healthz", &[], Some(0)));
        Reply::try_read(&mut connection)
    };
    service.until("there is no room", |_| {
        refused().is_ok_and(|reply| reply.status == 429 && reply.code() == "busy")
    });
    drop(held);
    service.until("there is room again", |_| refused().is_ok_and(|reply| reply.status == 200));
}

#[test]
fn an_end_answers_what_was_taken() {
    let mut service = Service::new(|options| options.workers = 1);
    let body = large("D1", 5_000);
    let mut connections: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut connection = service.connect();
            connection
                .write_all(&head("POST", "/v1/assess", &[("Connection", "keep-alive")], Some(body.len())))
                .unwrap();
            connection.write_all(body.as_bytes()).unwrap();
            connection
        })
        .collect();
    let mut batch = service.connect();
    let piece = many(2_000);
    batch.write_all(&head("POST", "/v1/assess/batch", &[], Some(2 * piece.len()))).unwrap();
    batch.write_all(piece.as_bytes()).unwrap();
    service.until("one is answered", |service| {
        service.get("/v1/pack").json()["declarations"].as_u64().unwrap() > 0
    });
    service.control.end();
    std::thread::sleep(Duration::from_millis(100));
    // The other half comes after the service was told to end.
    batch.write_all(piece.replace("\"D", "\"E").as_bytes()).unwrap();
    let reply = Reply::read(&mut batch);
    assert!(
        reply.body.trim_end().lines().last().unwrap().contains("\"declarations\":4000"),
        "{}",
        reply.body.len()
    );
    for connection in &mut connections {
        assert_eq!(Reply::read(connection).status, 200);
    }
    service.end();
    assert!(TcpStream::connect(service.address).is_err(), "nobody listens any more");
    let log = service.log.lock().unwrap();
    assert_eq!(log.last().unwrap().event, "ended");
}
