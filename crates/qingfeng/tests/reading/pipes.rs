//! Inputs that cannot be read twice: what comes from a pipe is read as it comes, and tables are put aside first.

#![cfg(unix)]

use std::process::Command;

use qingfeng::read::{Input, ReadOptions};
use qingfeng::write::{Output, TableWriter};

use super::{HEADER, read, read_file};

#[test]
fn every_format_comes_through_a_pipe() {
    let text = format!("{HEADER}\nD1,KE,0110,87,1,,,,shoes,\nD2,KE,0110,87,1,,,,bags,\n");
    let expected = read("a.csv", &text).batch;
    let directory = tempfile::tempdir().unwrap();
    for name in ["a.csv", "a.ndjson.gz", "a.parquet", "a.arrow"] {
        let path = directory.path().join(name);
        let mut writer = TableWriter::create(&Output::Path(path.clone()), expected.schema()).unwrap();
        writer.write(&expected).unwrap();
        writer.finish().unwrap();
        let pipe = directory.path().join(format!("{name}.pipe"));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let bytes = std::fs::read(&path).unwrap();
        let end = pipe.clone();
        let writer = std::thread::spawn(move || std::fs::write(end, bytes));
        let outcome = read_file(&pipe, ReadOptions::default());
        writer.join().unwrap().unwrap();
        assert_eq!((outcome.error().as_str(), &outcome.batch), ("", &expected), "{name}");
    }
}

#[test]
fn a_dash_is_standard_input() {
    assert_eq!(Input::from(std::path::PathBuf::from("-")), Input::Stdin);
    assert_eq!(Input::Stdin.to_string(), "standard input");
}
