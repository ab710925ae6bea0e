//! The pages of the codes: their examples are checked, and show the messages that they give.

use std::path::Path;

use qingfeng::rules::Code;
use qingfeng::rules::diagnostics::EXAMPLE_PACK;

use crate::support::{Desk, golden, stored};

/// Codes that no short example gives.
const WITHOUT_EXAMPLE: &[Code] =
    &[Code::UnknownTable, Code::BadEntry, Code::ProfileTooLarge, Code::AnalysisStopped];

/// The message of a code's example, as `check` draws it.
fn message(code: Code) -> String {
    let desk = Desk::empty();
    let example = code.page().example;
    let replaced = |file: &str| example.iter().any(|(other, _)| *other == file);
    let files = EXAMPLE_PACK.iter().filter(|(file, _)| !replaced(file)).chain(&example);
    for (file, text) in files.filter(|(_, text)| !text.is_empty()) {
        desk.write(&format!("harbour/{file}"), text);
    }
    let ran = desk.run("check harbour --notes");
    let mut blocks = ran.stdout.split("\n\n");
    let heading = format!("{}[{}]", code.severity(), code.id());
    blocks.find(|block| block.starts_with(&heading)).unwrap_or("").trim_end().to_owned()
}

#[test]
fn every_page_has_the_message_that_its_example_gives() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut index = String::from(
        "# The codes of mistakes\n\nWhat `qingfeng check` finds, each with a page of its own; `qingfeng explain-code CODE` \
         prints the same. This list is written by the tests.\n\n| code | | what it is |\n| --- | --- | --- |\n",
    );
    for &code in Code::ALL {
        let page = code.page();
        assert_eq!(page.example.is_empty(), WITHOUT_EXAMPLE.contains(&code), "{}", code.id());
        let message = message(code);
        let expected = !WITHOUT_EXAMPLE.contains(&code);
        assert_eq!(!message.is_empty(), expected, "{}: is it found by its example?", code.id());
        index += &format!(
            "| [{0}](../../crates/qingfeng-rules/codes/{0}.md) | {1} | {2} |\n",
            code.id(),
            code.severity(),
            code.summary()
        );
        let path = root.join(format!("crates/qingfeng-rules/codes/{}.md", code.id()));
        let start = code.document().split("\ngives\n").next().unwrap();
        let gives = if expected { format!("\ngives\n\n```text\n{message}\n```\n") } else { String::new() };
        stored(&path, &format!("{start}{gives}"));
    }
    index += "\nThe examples stand in this pack, whose files they add to or replace:\n";
    for (file, text) in EXAMPLE_PACK {
        index += &format!("\n`{file}`\n\n```toml\n{}\n```\n", text.trim_end());
    }
    stored(&root.join("docs/codes/README.md"), &index);
}

#[test]
fn a_code_is_explained() {
    let desk = Desk::empty();
    let page = desk.run("explain-code qf0201").exits(0);
    golden("explain-code.txt", &page.stdout);
    assert_eq!(page.stderr, "");
    let json = desk.run("explain-code QF0201 --format json").exits(0).json();
    assert_eq!((&json["code"], &json["severity"]), (&"QF0201".into(), &"error".into()));
    assert!(json["message"].as_str().unwrap().contains("unit_value"));
}

#[test]
fn all_codes_are_listed() {
    let desk = Desk::empty();
    golden("explain-code-all.txt", &desk.run("explain-code").exits(0).stdout);
    let json = desk.run("explain-code --format json").exits(0).json();
    assert_eq!(json.as_array().unwrap().len(), Code::ALL.len());
}

#[test]
fn an_unknown_code_has_a_nearest_one() {
    let desk = Desk::empty();
    let near = desk.run("explain-code QF0210").exits(2).stderr;
    assert!(near.contains("there is no code `QF0210`; did you mean `QF02"), "{near}");
    let far = desk.run("explain-code nonsense").exits(2).stderr;
    assert!(far.contains("`qingfeng explain-code` lists all codes"), "{far}");
}
