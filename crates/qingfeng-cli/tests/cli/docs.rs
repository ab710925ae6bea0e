//! What documents show is what the command prints.

use std::path::Path;

use crate::support::{BLESS, Desk, run};

const FENCE: &str = "```text\n";

/// `docs/compiler.md` follows a rule of `clean-wind` through the compiler: its blocks of text, one after the other, are
/// the output.
#[test]
fn the_compilers_document_shows_the_real_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("docs/compiler.md");
    let document = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let desk = Desk::empty();
    let mut command = desk.command("rules");
    let ran = run(command.arg(root.join("rules/clean-wind")).args(["--program", "PH-02"])).exits(0);
    let stages: Vec<&str> = ran.stdout.trim_end().split("\n\n").collect();
    let mut parts = document.split(FENCE);
    let mut renewed = parts.next().unwrap().to_owned();
    let mut shown = Vec::new();
    for (at, part) in parts.enumerate() {
        let (block, after) = part.split_once("\n```").unwrap();
        shown.push(block);
        renewed += &format!("{FENCE}{}\n```{after}", stages.get(at).unwrap_or(&""));
    }
    if std::env::var_os(BLESS).is_some() {
        std::fs::write(&path, renewed).unwrap();
        return;
    }
    assert!(shown == stages, "docs/compiler.md shows\n{shown:#?}\nand the command prints\n{stages:#?}");
    let source = std::fs::read_to_string(root.join("rules/clean-wind/phones-and-batteries.rhai")).unwrap();
    let rule = document.split_once("```rhai\n").and_then(|(_, rest)| rest.split_once(",\n});")).unwrap().0;
    for line in rule.lines() {
        assert!(source.contains(line), "docs/compiler.md has a line that the rule does not have: {line}");
    }
}
