//! The exchange of packs by a link, as files are mounted, and under load.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use qingfeng::Engine;
use qingfeng_server::ServerOptions;

use crate::support::{Reply, Service, declaration, head, write_pack};

/// What Kubernetes does with a mounted map: the files are links through a link, which is exchanged.
fn mount(directory: &Path, version: &str, pieces: u32) {
    let data = directory.join(format!("..{version}"));
    write_pack(&data, version, pieces);
    let next = directory.join("..data_next");
    symlink(format!("..{version}"), &next).unwrap();
    fs::rename(next, directory.join("..data")).unwrap();
    for name in ["pack.toml", "many.rhai", "tests"] {
        let link = directory.join(name);
        if !link.is_symlink() {
            symlink(format!("..data/{name}"), link).unwrap();
        }
    }
}

#[test]
fn links_are_followed_when_they_lead_elsewhere() {
    for is_mounted in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let rules = directory.path().join("rules");
        let turn = |version: &str, pieces: u32| {
            if is_mounted {
                fs::create_dir_all(&rules).unwrap();
                mount(&rules, version, pieces);
            } else {
                write_pack(&directory.path().join(version), version, pieces);
                let next = directory.path().join("next");
                symlink(version, &next).unwrap();
                fs::rename(next, &rules).unwrap();
            }
        };
        turn("1", 10);
        let mut options = ServerOptions::new(&rules);
        options.poll = Some(Duration::from_millis(50));
        options.workers = 1;
        let service = Service::start(tempfile::tempdir().unwrap(), options);
        assert!(service.get("/readyz").json()["pack"].as_str().unwrap().starts_with("quay@1#"));
        turn("2", 11);
        service.until("the new pack runs", |service| {
            service.get("/readyz").json()["pack"].as_str().unwrap().starts_with("quay@2#")
        });
        // One that is refused is refused once, and not at each look.
        turn("3", 5_000);
        service.until("it is refused", |service| {
            service.get("/readyz").json()["last_reload"]["outcome"] == "refused_tests"
        });
        std::thread::sleep(Duration::from_millis(400));
        assert_eq!(service.get("/v1/pack").json()["reloads"].as_array().unwrap().len(), 2);
        turn("4", 12);
        service.until("the next one runs", |service| {
            service.get("/readyz").json()["pack"].as_str().unwrap().starts_with("quay@4#")
        });
    }
}

#[test]
fn under_load_each_answer_is_of_one_pack_and_none_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let rules = directory.path().join("rules");
    let packs = ["1", "2"].map(|version| {
        let pack = directory.path().join(version);
        write_pack(&pack, version, 10);
        Engine::open(&pack).unwrap().pack_id().to_string()
    });
    symlink("1", &rules).unwrap();
    let mut options = ServerOptions::new(&rules);
    // Each new pack is tried on so many declarations.
    options.recent = 100;
    let service = Service::start(tempfile::tempdir().unwrap(), options);
    let (is_over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let seen: Vec<BTreeSet<String>> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let (service, packs, is_over, asked) = (&service, &packs, &is_over, &asked);
                scope.spawn(move || {
                    let mut connection = BufReader::new(service.connect());
                    let mut seen = BTreeSet::new();
                    let mut at = 0;
                    while !is_over.load(Ordering::Relaxed) {
                        at += 1;
                        let body = declaration(&format!("C{client}-{at}"), at);
                        let head =
                            head("POST", "/v1/assess", &[("Connection", "keep-alive")], Some(body.len()));
                        connection.get_mut().write_all(&[head.as_slice(), body.as_bytes()].concat()).unwrap();
                        let reply = Reply::read(&mut connection);
                        assert_eq!(reply.status, 200, "{}", reply.body);
                        let json = reply.json();
                        assert_eq!(json["declaration_id"], format!("C{client}-{at}"));
                        assert_eq!(json["channel"] == "red", at > 10);
                        let pack = json["pack"].as_str().unwrap().to_owned();
                        assert!(pack.ends_with(reply.header("qingfeng-pack-digest").unwrap()), "{pack}");
                        assert!(packs.contains(&pack), "{pack}");
                        seen.insert(pack);
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                    seen
                })
            })
            .collect();
        for reload in 0..100 {
            let next = directory.path().join("next");
            symlink(if reload % 2 == 0 { "2" } else { "1" }, &next).unwrap();
            fs::rename(next, &rules).unwrap();
            let reply = service.post("/v1/reload", "");
            assert_eq!((reply.status, &reply.json()["outcome"]), (200, &"accepted".into()), "{}", reply.body);
        }
        is_over.store(true, Ordering::Relaxed);
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    assert!(seen.iter().all(|seen| seen.len() == 2), "each client was answered by both packs");
    let answered = asked.load(Ordering::Relaxed);
    assert_eq!(service.get("/v1/pack").json()["declarations"], answered);
    assert!(service.get("/metrics").body.contains("qingfeng_reload_total{outcome=\"accepted\"} 100\n"));
}
