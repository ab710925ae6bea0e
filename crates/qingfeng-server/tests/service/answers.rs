//! What is answered.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::BTreeSet;
use std::io::{BufReader, Write};
use std::sync::Arc;

use qingfeng::Engine;
use qingfeng_server::ServerOptions;
use qingfeng_testkit::battery::Battery;
use serde_json::Value;

use crate::support::{Reply, Service, declaration, head, write_pack};

/// The answers of the crate to the battery, to the byte: one message at a time, and all of them together.
#[test]
fn the_service_gives_the_answers_of_the_battery() {
    let directory = tempfile::tempdir().unwrap();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let battery =
        Battery::write(root.as_ref(), directory.path()).unwrap_or_else(|problem| panic!("{problem}"));
    let mut messages = 0;
    for case in battery.cases.iter().filter(|case| !case.refused) {
        let mut options = ServerOptions::new(&case.pack);
        options.workers = 1;
        let service = Service::start(tempfile::tempdir().unwrap(), options);
        let mut connection = BufReader::new(service.connect());
        let mut ask = |path: &str, body: &str| {
            let head = head("POST", path, &[("Connection", "keep-alive")], Some(body.len()));
            connection.get_mut().write_all(&[head.as_slice(), body.as_bytes()].concat()).unwrap();
            Reply::read(&mut connection)
        };
        let declarations = battery.text(case, "declarations.ndjson");
        for (path, answers) in [("/v1/assess", "assessments.ndjson"), ("/v1/explain", "explanations.ndjson")]
        {
            let answers = battery.text(case, answers);
            for (message, answer) in declarations.lines().zip(answers.lines()) {
                let reply = ask(path, message);
                assert_eq!(reply.status, 200, "{}: {}", case.name, reply.body);
                assert_eq!(reply.body.trim_end(), answer, "{}", case.name);
                messages += 1;
            }
        }
        for by in ["declaration", "item"] {
            let reply = ask(&format!("/v1/assess/batch?by={by}&reasons=true"), &declarations);
            let rows = battery.text(case, &format!("by-{by}.ndjson"));
            let (answered, summary) = reply.body.trim_end().rsplit_once('\n').unwrap_or(("", &reply.body));
            assert_eq!(answered, rows.trim_end(), "{}", case.name);
            assert!(summary.starts_with("{\"summary\":"), "{}: {summary}", case.name);
        }
    }
    assert!(messages > 1_000, "the battery has {messages} messages");
}

#[test]
fn each_answer_names_the_pack_that_made_it() {
    let service = Service::new(|_| {});
    let engine = Engine::open(service.path("pack")).unwrap();
    for path in ["/v1/pack", "/v1/rules", "/v1/rules/MANY", "/v1/fields", "/readyz"] {
        let reply = service.get(path);
        assert_eq!(reply.header("qingfeng-pack-digest"), Some(engine.digest()), "{path}");
    }
    let reply = service.post("/v1/assess", declaration("D1", 11));
    assert_eq!(reply.header("qingfeng-pack-digest"), Some(engine.digest()));
    assert_eq!(reply.json()["pack"], **engine.pack_id());
    assert_eq!(reply.json()["channel"], "red");
    // The trace of the request comes back, and a sound one is made where there is none.
    let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let reply =
        service.send("POST", "/v1/assess", &[("traceparent", given)], declaration("D2", 1).as_bytes());
    assert!(reply.header("traceparent").unwrap().starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    assert_eq!(service.get("/healthz").header("traceparent").unwrap().len(), 55);
    service.until("the log has the trace", |service| {
        let log = service.log.lock().unwrap();
        log.iter().any(|record| record.trace.as_deref() == Some("4bf92f3577b34da6a3ce929d0e0e4736"))
    });
    // Nothing of a declaration is in the log.
    let log = serde_json::to_string(&*service.log.lock().unwrap()).unwrap();
    assert!(!log.contains("D1") && !log.contains("D2") && !log.contains("8711209000"), "{log}");
}

#[test]
fn what_cannot_be_assessed_is_said_with_field_and_remedy() {
    let service = Service::new(|_| {});
    let reply = service.post("/v1/assess", r#"{"destination":"KE","items":[{"hs":"8711209000"}]}"#);
    assert_eq!((reply.status, reply.code().as_str()), (422, "rejected"));
    assert_eq!(reply.json()["error"]["field"], "declaration_id");
    assert!(!reply.json()["error"]["rejects"].as_array().unwrap().is_empty());
    for body in [
        "",
        "{",
        "[]",
        "null",
        "\u{0}",
        &"[".repeat(200_000),
        &format!("{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000)),
    ] {
        let reply = service.post("/v1/assess", body);
        assert_eq!((reply.status, reply.code().as_str()), (422, "rejected"), "{}", reply.body);
    }
    assert_eq!(service.get("/nowhere").code(), "not_found");
    assert_eq!(service.get("/v1/rules/NONE").code(), "not_found");
    assert_eq!(service.get("/v1/shadow").code(), "not_found");
    let reply = service.get("/v1/assess");
    assert_eq!((reply.code().as_str(), reply.header("allow")), ("method_not_allowed", Some("POST")));
    let reply = service.post("/v1/assess/batch?by=lines", "");
    assert_eq!(reply.code(), "bad_request");
    let reply = service.send("POST", "/v1/assess/batch", &[("Content-Type", "text/html")], b"");
    assert_eq!((reply.status, reply.code().as_str()), (415, "unsupported_format"));
    let reply = service.send("POST", "/v1/assess", &[("Content-Encoding", "gzip")], b"");
    assert_eq!(reply.code(), "unsupported_format");
    let packed = service.post("/v1/assess/batch", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    assert_eq!((packed.status, packed.code().as_str()), (415, "unsupported_format"));
    // A mistake at the beginning of a body has a status, one later is the last line.
    let csv = [("Content-Type", "text/csv")];
    let reply = service.send("POST", "/v1/assess/batch", &csv, b"");
    assert_eq!(reply.status, 400, "{}", reply.body);
}

#[test]
fn many_declarations_are_answered_in_each_format() {
    let service = Service::new(|_| {});
    let csv = "declaration_id,destination,mode,hs,quantity\nD1,KE,0110,8711209000,11\nD2,KE,0110,8711209000,ten\nD3,DE,0110,610910,1\n";
    let reply = service.send(
        "POST",
        "/v1/assess/batch",
        &[("Content-Type", "text/csv; charset=utf-8")],
        csv.as_bytes(),
    );
    let lines: Vec<Value> = reply.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().filter(|line| line["channel"] == "red").count(), 2, "{}", reply.body);
    assert!(lines.iter().any(|line| line["reject"]["field"] == "quantity"));
    assert_eq!(lines.last().unwrap()["summary"]["lines_read"], 3);
    // The same table as an Arrow stream.
    let column = |values: [&str; 2]| {
        Arc::new(qingfeng::arrow::StringArray::from(values.to_vec())) as qingfeng::arrow::ArrayRef
    };
    let table = qingfeng::arrow::RecordBatch::try_from_iter([
        ("declaration_id", column(["D1", "D2"])),
        ("destination", column(["KE", "DE"])),
        ("mode", column(["0110", "0110"])),
        ("hs", column(["8711209000", "610910"])),
        ("quantity", column(["11", "1"])),
    ])
    .unwrap();
    let mut stream = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &table.schema()).unwrap();
    stream.write(&table).unwrap();
    let stream = stream.into_inner().unwrap();
    let arrow = [("Content-Type", "application/vnd.apache.arrow.stream")];
    let reply = service.send("POST", "/v1/assess/batch?by=item&reasons=true", &arrow, &stream);
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.body.contains("MANY: 11.0 pieces"), "{}", reply.body);
    // Each cut of it, and a byte that is another: an answer or an error, and the service goes on.
    for length in (0..stream.len()).step_by(97) {
        let reply = service.send("POST", "/v1/assess/batch", &arrow, &stream[..length]);
        assert!(matches!(reply.status, 200 | 400), "{}", reply.body);
        let mut broken = stream.clone();
        broken[length] ^= 0x55;
        let reply = service.send("POST", "/v1/assess/batch", &arrow, &broken);
        assert!(matches!(reply.status, 200 | 400), "{}", reply.body);
    }
    assert_eq!(service.get("/healthz").status, 200);
}

#[test]
fn fields_and_counts_are_known() {
    let service = Service::new(|_| {});
    let with = |more: &str| declaration("D1", 11).replace("\"mode\"", &format!("{more},\"mode\""));
    assert_eq!(service.post("/v1/assess", with(r#""colour":"red","port":"CNSHA""#)).status, 200);
    assert_eq!(service.post("/v1/assess", "{}").status, 422);
    let fields = service.get("/v1/fields").json();
    let has = |key: &str, name: &str| fields[key].as_array().unwrap().iter().any(|known| known == name);
    assert!(has("read", "quantity") && has("read", "hs") && !has("read", "port"), "{fields}");
    assert!(has("filled_and_not_read", "port") && !has("filled_and_not_read", "declaration_id"), "{fields}");
    assert!(!has("read_and_never_filled", "quantity"), "{fields}");
    assert_eq!(fields["unknown"]["colour"], 1);
    let pack = service.get("/v1/pack").json();
    assert_eq!((&pack["declarations"], &pack["rejected"]), (&1.into(), &1.into()), "{pack}");
    assert_eq!(pack["rules"][0]["fired"], 1);
    // No declaration is shown to whoever may only read.
    assert!(pack["recent"].as_array().unwrap().is_empty());
}

/// The counters of a text for Prometheus, by name and labels.
fn counters(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert!(kinds.insert(rest.split(' ').next().unwrap()), "declared twice: {line}");
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
        let bare = name.split('{').next().unwrap();
        let family =
            ["_bucket", "_sum", "_count"].iter().find_map(|end| bare.strip_suffix(end)).unwrap_or(bare);
        assert!(kinds.contains(family) || kinds.contains(bare), "no type: {line}");
        if let Some(labels) = name.strip_prefix(bare).filter(|labels| !labels.is_empty()) {
            assert!(labels.starts_with('{') && labels.ends_with("\"}"), "{line}");
        }
        assert!(found.insert(name.to_owned()), "counted twice: {line}");
    }
    found
}

#[test]
fn counts_for_prometheus_are_sound_and_nothing_that_is_posted_is_a_label() {
    let service = Service::new(|options| options.shadow = Some(options.rules.clone()));
    service.post("/v1/assess", declaration("D1", 11));
    service.post("/v1/assess", "{}");
    service.get("/nowhere");
    let before = counters(&service.get("/metrics").body);
    assert!(before.contains("qingfeng_declarations_total{channel=\"red\"}"), "{before:?}");
    assert!(before.contains("qingfeng_rule_fired_total{rule=\"MANY\"}"));
    for at in 0..50 {
        service.post(
            "/v1/assess",
            format!(r#"{{"declaration_id":"evil\"{at}","destination":"X{at}","field{at}":1,"hs":"y{at}"}}"#),
        );
        service.get(&format!("/nowhere{at}"));
        service.get(&format!("/v1/rules/rule{at}"));
        service.send(&format!("M{at}"), "/", &[], b"");
    }
    let after = counters(&service.get("/metrics").body);
    let new: Vec<&String> =
        after.difference(&before).filter(|name| !name.contains("rejects_total")).collect();
    assert!(new.is_empty(), "{new:?}");
}

#[test]
fn the_description_has_the_routes_that_there_are() {
    let service = Service::new(|_| {});
    let description = service.get("/openapi.json").json();
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() > 10);
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys() {
            let reply = service.send(&method.to_uppercase(), &path.replace("{id}", "MANY"), &[], b"");
            let is_known = reply.status != 405 && !reply.body.contains("no such route");
            assert!(is_known, "{method} {path}: {}", reply.body);
        }
    }
}

#[test]
fn a_shadow_pack_follows_and_decides_nothing() {
    let directory = tempfile::tempdir().unwrap();
    write_pack(&directory.path().join("next"), "2", 100);
    let next = directory.path().join("next");
    let service = Service::new(|options| options.shadow = Some(next));
    for quantity in [1, 50, 60, 1_000] {
        let reply = service.post("/v1/assess", declaration("D1", quantity));
        assert_eq!(reply.json()["channel"] == "red", quantity > 10);
        assert!(reply.json()["pack"].as_str().unwrap().starts_with("quay@1#"));
    }
    service.until("the shadow pack has seen all", |service| {
        service.get("/v1/shadow").json()["change"]["compared"] == 4
    });
    let shadow = service.get("/v1/shadow").json();
    assert_eq!(shadow["change"]["changed"], 2);
    assert_eq!(
        shadow["change"]["channels"][0],
        serde_json::json!({"from": "red", "to": "green", "declarations": 2})
    );
    let metrics = service.get("/metrics").body;
    assert!(metrics.contains("qingfeng_shadow_changed_total{from=\"red\",to=\"green\"} 2"), "{metrics}");
}
