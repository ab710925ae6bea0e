//! Opening packs: from directories, archives and memory; each file read once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use qingfeng::rules::PackFiles;
use qingfeng::{Declaration, Engine, OpenErrorKind};

const MANIFEST: &str = r#"
[pack]
name = "demo"
version = "1"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[[channels]]
name = "red"
from = 50
[lookups.blacklist]
file = "lookups/blacklist.csv"
key = ["exporter"]
[lookups.blacklist.columns]
grade = "text"
"#;
const RULE: &str = r#"rule("LISTED", #{ title: "Listed", points: 60, when: |d| d.listed("blacklist") });"#;

fn of(exporter: &str) -> Declaration {
    Declaration::new()
        .with("declaration_id", "D1")
        .with("destination", "KE")
        .with("mode", "0110")
        .with("hs", "8711209000")
        .with("exporter", exporter)
}

fn channel(engine: &Engine, exporter: &str) -> String {
    engine.assess(&of(exporter)).unwrap().channel
}

fn policy() -> PackFiles {
    let mut files = PackFiles::default();
    files.insert("pack.toml", MANIFEST.into());
    files.insert("listed.rhai", RULE.into());
    files
}

fn write(directory: &Path, lookup: &str) {
    std::fs::create_dir_all(directory.join("lookups")).unwrap();
    std::fs::write(directory.join("pack.toml"), MANIFEST).unwrap();
    std::fs::write(directory.join("listed.rhai"), RULE).unwrap();
    std::fs::write(directory.join("lookups/blacklist.csv"), lookup).unwrap();
}

const LISTED: &str = "exporter,grade\nE1,A\n";

#[test]
fn a_pack_has_one_digest_wherever_it_comes_from() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), LISTED);
    let first = Engine::open(directory.path()).unwrap();
    assert_eq!((channel(&first, "E1"), channel(&first, "E2")), ("red".into(), "green".into()));

    let in_memory = Engine::builder().pack(policy()).file("lookups/blacklist.csv", LISTED).build().unwrap();
    assert_eq!(in_memory.pack_id(), first.pack_id());
    assert_eq!(channel(&in_memory, "E1"), "red");

    for root in ["", "clean-wind/"] {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, content) in [
            ("pack.toml", MANIFEST),
            ("listed.rhai", RULE),
            ("lookups/blacklist.csv", LISTED),
            (".hidden", "x"),
        ] {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            archive.append_data(&mut header, format!("{root}{path}"), content.as_bytes()).unwrap();
        }
        let bytes = archive.into_inner().unwrap();
        let packed = zstd::encode_all(bytes.as_slice(), 3).unwrap();
        for bytes in [bytes, packed] {
            let archived = Engine::builder().archive(bytes).build().unwrap();
            assert_eq!(archived.pack_id(), first.pack_id());
            assert_eq!(channel(&archived, "E1"), "red");
        }
    }
    let error =
        Engine::builder().archive(b"no archive at all, and rather short".to_vec()).build().unwrap_err();
    assert!(error.to_string().contains("archive"), "{error}");
}

#[test]
fn rows_that_a_program_hands_in_count_and_are_named_by_the_digest() {
    let rows = |exporter: &str| {
        let column = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
        RecordBatch::try_from_iter([("grade", column("A")), ("exporter", column(exporter))]).unwrap()
    };
    let with = |exporter: &str| {
        Engine::builder().pack(policy()).lookup("blacklist", rows(exporter)).build().unwrap()
    };
    let (one, other) = (with("E1"), with("E2"));
    assert_eq!((channel(&one, "E1"), channel(&other, "E1")), ("red".into(), "green".into()));
    assert_ne!(one.digest(), other.digest());
    assert_eq!(one.digest(), with("E1").digest());

    let error = Engine::builder().pack(policy()).lookup("blocklist", rows("E1")).build().unwrap_err();
    assert!(error.to_string().contains("rows were given for the lookup table `blocklist`"), "{error}");
}

#[test]
fn an_engine_holds_the_rows_that_its_digest_names() {
    let versions = [LISTED, "exporter,grade\nE2,A\n"];
    let expected = versions.map(|rows| {
        let engine = Engine::builder().pack(policy()).file("lookups/blacklist.csv", rows).build().unwrap();
        (engine.digest().to_owned(), channel(&engine, "E1"))
    });
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), versions[0]);
    let (is_over, lookups) = (AtomicBool::new(false), directory.path().join("lookups"));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0_usize.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let next = lookups.join("next");
                std::fs::write(&next, versions[turn % 2]).unwrap();
                std::fs::rename(&next, lookups.join("blacklist.csv")).unwrap();
            }
        });
        for _ in 0..500 {
            let engine = Engine::open(directory.path()).unwrap();
            let found = (engine.digest().to_owned(), channel(&engine, "E1"));
            assert!(expected.contains(&found), "{found:?} is none of {expected:?}");
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn another_pack_than_the_one_expected_is_refused() {
    let builder = Engine::builder().pack(policy()).file("lookups/blacklist.csv", LISTED);
    let digest = builder.build().unwrap().digest().to_owned();
    assert!(builder.clone().expected_digest(&digest).build().is_ok());
    let error = builder.expected_digest("0000").build().unwrap_err();
    assert_eq!(*error.kind(), OpenErrorKind::Digest { expected: "0000".into(), found: digest });
}

#[test]
fn what_cannot_be_read_is_told_from_a_broken_pack() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), LISTED);
    std::fs::write(directory.path().join("listed.rhai"), "rule(").unwrap();
    let broken = Engine::open(directory.path()).unwrap_err();
    assert_eq!(*broken.kind(), OpenErrorKind::Invalid);
    assert!(std::error::Error::source(&broken).is_none());

    let missing = Engine::open(directory.path().join("nowhere")).unwrap_err();
    assert_eq!(*missing.kind(), OpenErrorKind::Unreadable);
    let source = std::error::Error::source(&missing).and_then(|error| error.downcast_ref::<std::io::Error>());
    assert_eq!(source.unwrap().kind(), std::io::ErrorKind::NotFound);

    write(directory.path(), LISTED);
    std::fs::remove_file(directory.path().join("lookups/blacklist.csv")).unwrap();
    let missing = Engine::open(directory.path()).unwrap_err();
    assert_eq!(*missing.kind(), OpenErrorKind::Unreadable);
    assert!(missing.to_string().contains("the lookup table `blacklist` cannot be read"), "{missing}");
}
