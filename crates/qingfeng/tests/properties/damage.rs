//! Files with bytes changed.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{cases, clean_wind, generated, score_plainly, write};

const LINES: usize = 40;

/// Declarations of one line each, with ids so different that a changed byte makes no other declaration's id.
fn file(seed: u64, extension: &str) -> Vec<String> {
    let table: RecordBatch = generated(seed, LINES as u64);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(format!("a.{extension}"));
    write(&path, &table);
    let text = std::fs::read_to_string(path).unwrap();
    let ids = arrow_array::cast::AsArray::as_string::<i32>(table.column(0));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let header = usize::from(extension == "csv");
    for (at, line) in lines[header..].iter_mut().enumerate() {
        *line = line.replacen(ids.value(at), &id(at), 1);
    }
    lines
}

fn id(at: usize) -> String {
    // Numbers that differ in most of their digits.
    format!("X{:016x}", (at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// The rows by the declaration's id.
fn rows(bytes: &[u8], extension: &str) -> BTreeMap<String, Vec<String>> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(format!("a.{extension}"));
    std::fs::write(&path, bytes).unwrap();
    // `score` checks that lines read are lines assessed and lines rejected.
    let run = score_plainly(clean_wind(), &path);
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in run.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        rows.entry(row["declaration_id"].as_str().unwrap_or_default().to_owned())
            .or_default()
            .push(line.to_owned());
    }
    rows
}

/// Changes bytes of some lines. In CSV no quote and no line end is put in: they say where a line ends.
fn damaged(
    lines: &[String],
    changes: &[(usize, prop::sample::Index, u8)],
    is_csv: bool,
) -> (Vec<u8>, Vec<usize>) {
    let header = usize::from(is_csv);
    let mut lines: Vec<Vec<u8>> = lines.iter().map(|line| line.clone().into_bytes()).collect();
    let mut touched = Vec::new();
    for (line, at, byte) in changes {
        let is_mark = |byte: u8| matches!(byte, b'\n' | b'\r') || is_csv && byte == b'"';
        let bytes = &mut lines[header + line];
        let at = at.index(bytes.len());
        if !is_mark(*byte) && !is_mark(bytes[at]) {
            bytes[at] = *byte;
            touched.push(*line);
        }
    }
    (lines.join(&b'\n'), touched)
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn lines_that_are_not_touched_keep_their_assessments(
        seed in 0..1_000_u64,
        extension in prop::sample::select(vec!["csv", "ndjson"]),
        changes in vec((0..LINES, any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let lines = file(seed, extension);
        let before = rows(lines.join("\n").as_bytes(), extension);
        prop_assert_eq!(before.len(), LINES);
        let (bytes, touched) = damaged(&lines, &changes, extension == "csv");
        let after = rows(&bytes, extension);
        for at in (0..LINES).filter(|at| !touched.contains(at)) {
            prop_assert_eq!(after.get(&id(at)), before.get(&id(at)), "line {}", at + 1);
        }
    }

    #[test]
    fn lines_in_are_lines_assessed_and_rejected_whatever_is_changed(
        seed in 0..1_000_u64,
        extension in prop::sample::select(vec!["csv", "ndjson"]),
        changes in vec((any::<prop::sample::Index>(), prop_oneof![any::<u8>(), prop::sample::select(b"\"\n\r,{}[]:".to_vec())]), 1..30),
    ) {
        let mut bytes = file(seed, extension).join("\n").into_bytes();
        // The header stays as it is: without its columns the file cannot be read at all.
        let start = if extension == "csv" { bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1 } else { 0 };
        for (at, byte) in changes {
            let at = start + at.index(bytes.len() - start);
            bytes[at] = byte;
        }
        rows(&bytes, extension);
    }
}
