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

#[test]
fn each_part_names_only_parts_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    files.sort();
    let mut wrong = String::new();
    for path in files.iter().filter(|path| path.parent() != Some(&*root)) {
        let inner = path.strip_prefix(&root).unwrap();
        let part = inner.iter().next().unwrap().to_str().unwrap();
        let Some(place) = ORDER.iter().position(|known| *known == part) else {
            let _ = writeln!(wrong, "{}: `{part}` is not in the order of parts", inner.display());
            continue;
        };
        let text = std::fs::read_to_string(path).unwrap();
        // Tests may load packs.
        let lines = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
        for (number, line) in (1..).zip(lines) {
            for other in named(line) {
                let below = ORDER[..=place].contains(&other);
                if !below {
                    let _ = writeln!(wrong, "{}:{number}: `{part}` names `{other}`: {line}", inner.display());
                }
            }
        }
    }
    assert!(wrong.is_empty(), "the order is {}\n{wrong}", ORDER.join(" < "));
}
