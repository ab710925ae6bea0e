//! The order of the folders, from the ground up. A part names only parts below it, so that the way from the text of a
//! rule to its program can be read from left to right.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Each part, and those that it may name. `diagnostic` is the vocabulary in which every reader above it reports
/// mistakes. Analysis, tests of rules and the manual look at whole packs, so a pack is below them.
const ORDER: [&str; 9] =
    ["base", "diagnostic", "model", "lang", "program", "pack", "analysis", "cases", "manual"];

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The parts that a line names by `crate::`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split("//").next().unwrap_or_default();
    code.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

/// All source files without tests.
fn lines() -> Vec<(PathBuf, Vec<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    files.retain(|path| !path.ends_with("tests.rs"));
    files.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().map(str::to_owned);
        (path.strip_prefix(&root).unwrap().to_owned(), lines.collect())
    };
    files.into_iter().map(read).collect()
}

#[test]
fn each_part_names_only_parts_below_it() {
    let mut wrong = String::new();
    for (path, lines) in lines() {
        let parts: Vec<_> = path.iter().collect();
        let [part, _, ..] = parts[..] else { continue };
        let part = part.to_str().unwrap();
        let place = ORDER.iter().position(|known| *known == part);
        let below = place.map_or(&[][..], |place| &ORDER[..=place]);
        for (number, line) in (1..).zip(&lines) {
            for other in named(line).filter(|other| !below.contains(other)) {
                let _ = writeln!(wrong, "{}:{number}: `{part}` names `{other}`: {line}", path.display());
            }
        }
        if place.is_none() {
            let _ = writeln!(wrong, "{}: `{part}` is not in the order of parts", path.display());
        }
    }
    assert!(wrong.is_empty(), "the order is {}\n{wrong}", ORDER.join(" < "));
}

/// What this crate must never do.
const NEVER: [&str; 9] = [
    "std::fs",
    "std::io",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "Utc::now",
];

/// The files that read the directory of a pack: its policy, and its tests of rules.
const READERS: [&str; 2] = ["pack/files.rs", "cases/mod.rs"];

#[test]
fn only_the_files_of_a_pack_are_read_and_nothing_else_of_the_world_is() {
    let mut wrong = String::new();
    for (path, lines) in lines() {
        let may_read = READERS.iter().any(|reader| Path::new(reader) == path);
        for (number, line) in (1..).zip(&lines) {
            let code = line.split("//").next().unwrap_or_default();
            let is_of_reading = |name: &str| matches!(name, "std::fs" | "std::io");
            for name in
                NEVER.iter().filter(|name| code.contains(**name) && !(may_read && is_of_reading(name)))
            {
                let _ = writeln!(wrong, "{}:{number}: `{name}`: {line}", path.display());
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
