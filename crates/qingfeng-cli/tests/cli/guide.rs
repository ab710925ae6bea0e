//! The guides in `docs` are followed as a reader follows them: each block is a file that is written or a command that is
//! run, one after the other, in one directory.
//!
//! - A block `rhai harbour/motorcycles.rhai` (or `toml`, `csv`) is that file; the paragraph before it names the file, since
//!   a browser does not show the first line of a block. With `more` at the end the block is added to the file.
//! - A block `console` has commands, `$ qingfeng ...` or `$ cp -r FROM TO`, each with what it prints: first what goes to
//!   standard output, then what goes to standard error. They end with 0; in a block `console fails` with 1, in
//!   `console fails 2` with 2. A line `…`
//!   stands for lines that are left out. A command that ends in `\` goes on on the next line; words with blanks stand in
//!   quotes. What is copied from `rules/` comes from the repository.
//! - There are no other blocks.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use std::path::Path;

use crate::support::{BLESS, Desk, run, steady};

const FENCE: &str = "```";
/// A line that stands for any number of lines.
const LEFT_OUT: &str = "…";

/// A part of the document, with the text before it.
struct Block<'a> {
    before: &'a str,
    info: &'a str,
    body: &'a str,
}

/// A command and what the document shows of what it prints.
struct Command {
    /// With the ends of its lines, if it has several.
    line: String,
    shown: String,
}

#[test]
fn each_step_of_the_officers_guide_gives_what_it_shows() {
    each_step_gives_what_it_shows("docs/officers-guide.md");
}

#[test]
fn each_step_of_the_day_at_a_port_gives_what_it_shows() {
    each_step_gives_what_it_shows("docs/day-at-a-port.md");
}

#[test]
fn each_step_of_the_worth_of_rules_gives_what_it_shows() {
    each_step_gives_what_it_shows("docs/effect.md");
}

#[test]
fn each_step_of_what_is_usual_gives_what_it_shows() {
    each_step_gives_what_it_shows("docs/profiles.md");
}

#[track_caller]
fn each_step_gives_what_it_shows(name: &str) {
    let path = repository().join(name);
    let document = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let (blocks, end) = blocks(&document);
    let desk = Desk::empty();
    let mut renewed = String::new();
    let mut differences = String::new();
    for block in blocks {
        let words: Vec<&str> = block.info.split_whitespace().collect();
        let body = match words[..] {
            ["console"] => follow(&desk, block.body, 0, &mut differences),
            ["console", "fails"] => follow(&desk, block.body, 1, &mut differences),
            ["console", "fails", code] => follow(&desk, block.body, code.parse().unwrap(), &mut differences),
            ["toml" | "rhai" | "csv" | "text", file] => {
                assert_named(&block, file);
                desk.write(file, block.body);
                block.body.to_owned()
            }
            ["toml" | "rhai" | "csv", file, "more"] => {
                assert_named(&block, file);
                desk.write(file, desk.read(file) + block.body);
                block.body.to_owned()
            }
            _ => panic!("a block `{}` is neither a file nor commands:\n{}", block.info, block.body),
        };
        renewed += &format!("{}{FENCE}{}\n{body}{FENCE}\n", block.before, block.info);
    }
    renewed += end;
    if std::env::var_os(BLESS).is_some() {
        std::fs::write(&path, renewed).unwrap();
        return;
    }
    assert!(
        differences.is_empty(),
        "{name} shows something else than the command prints; if the command is right, run the tests with \
         {BLESS}=1\n{differences}"
    );
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn words_with_blanks_stand_in_quotes() {
    assert_eq!(words("qingfeng  add \"Li Na\" --by=\"\" x"), ["qingfeng", "add", "Li Na", "--by=", "x"]);
}

#[test]
fn lines_that_are_left_out_stand_for_any_lines() {
    let printed = "one\ntwo\nthree\nfour\n";
    for shown in [
        "one\ntwo\nthree\nfour\n",
        "one\n…\nfour\n",
        "…\nfour\n",
        "one\n…\n",
        "…\ntwo\n…\n",
        "one\n…\ntwo\nthree\nfour\n",
    ] {
        assert!(shows(shown, printed), "{shown}");
    }
    for shown in ["", "one\n", "one\n…\nthree\n", "four\n…\none\n…\n", "…\nfive\n", "one\nfour\n"] {
        assert!(!shows(shown, printed), "{shown}");
    }
}

fn blocks(document: &str) -> (Vec<Block<'_>>, &str) {
    let mut blocks = Vec::new();
    let mut rest = document;
    while let Some((start, after)) = opening(rest) {
        let (info, after) = after.split_once('\n').expect("a block begins with a line of its own");
        let end = if after.starts_with(FENCE) { Some(0) } else { after.find("\n```").map(|at| at + 1) };
        let end = end.unwrap_or_else(|| panic!("the block `{info}` has no end"));
        blocks.push(Block { before: &rest[..start], info, body: &after[..end] });
        rest = &after[end + FENCE.len()..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    (blocks, rest)
}

/// Where the next block begins, and what follows its fence.
fn opening(text: &str) -> Option<(usize, &str)> {
    let at = if text.starts_with(FENCE) { 0 } else { text.find("\n```")? + 1 };
    Some((at, &text[at + FENCE.len()..]))
}

#[track_caller]
fn assert_named(block: &Block<'_>, file: &str) {
    let paragraph = block.before.trim_end().rsplit("\n\n").next().unwrap();
    assert!(
        paragraph.contains(&format!("`{file}`")),
        "the paragraph before the block `{}` does not name `{file}`:\n{paragraph}",
        block.info
    );
}

/// Runs the commands of a block; gives the block as it should be.
fn follow(desk: &Desk, body: &str, code: i32, differences: &mut String) -> String {
    let mut renewed = String::new();
    for command in commands(body) {
        let words = words(&command.line.replace("\\\n", " "));
        let printed = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["qingfeng", name, ref args @ ..] => {
                let ran = run(desk.command(name).args(args));
                assert_eq!(
                    ran.code, code,
                    "$ {}\nended with {}, not {code}:\n{}{}",
                    command.line, ran.code, ran.stdout, ran.stderr
                );
                steady(&format!("{}{}", ran.stdout, ran.stderr))
            }
            ["cp", "-r", from, to] => {
                let root = if from.starts_with("rules/") { repository() } else { desk.path() };
                copy(&root.join(from), &desk.path().join(to));
                String::new()
            }
            _ => panic!("`{}` is not a command that the guide may use", command.line),
        };
        let is_shown = shows(&command.shown, &printed);
        if !is_shown {
            *differences +=
                &format!("\n$ {}\n--- shown\n{}--- printed\n{printed}", command.line, command.shown);
        }
        renewed += &format!("$ {}\n{}", command.line, if is_shown { &command.shown } else { &printed });
    }
    renewed
}

fn commands(body: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    for line in body.lines() {
        if let Some(line) = line.strip_prefix("$ ") {
            commands.push(Command { line: line.to_owned(), shown: String::new() });
            continue;
        }
        let command = commands.last_mut().expect("a block of commands begins with `$ `");
        if command.line.ends_with('\\') && command.shown.is_empty() {
            command.line += &format!("\n{line}");
        } else {
            command.shown += &format!("{line}\n");
        }
    }
    commands
}

/// The words of a command as a shell parts them, as far as blanks and double quotes go.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut is_quoted, mut is_open) = (false, false);
    for letter in line.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ' ' | '\n' if !is_quoted => {
                is_open = false;
                continue;
            }
            _ => {}
        }
        if !is_open {
            words.push(String::new());
            is_open = true;
        }
        if letter != '"' {
            words.last_mut().unwrap().push(letter);
        }
    }
    words
}

/// Whether the lines shown are those printed, with some left out where the document says so.
pub fn shows(shown: &str, printed: &str) -> bool {
    fn matches(shown: &[&str], printed: &[&str]) -> bool {
        match (shown, printed) {
            ([], _) => printed.is_empty(),
            ([LEFT_OUT, rest @ ..], _) => {
                (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]))
            }
            ([first, rest @ ..], [line, others @ ..]) => first == line && matches(rest, others),
            (_, []) => false,
        }
    }
    let lines = |text| -> Vec<&str> { str::lines(text).collect() };
    matches(&lines(shown), &lines(printed))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
