//! Documents name what exists: files, headings, commands and their options. They use the words of the glossary.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::guide::{repository, shows};
use crate::support::{Desk, run, steady};

/// Every document that people read in the repository. Pages in sources are read in, and stand in `docs` as well.
fn documents() -> Vec<(PathBuf, String)> {
    fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir()
                && !name.starts_with('.')
                && !["target", "golden", "corpus", "src"].contains(&name)
            {
                collect(&path, found);
            } else if name.ends_with(".md") {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    collect(repository(), &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

/// The lines of a document, each with whether it is inside a block of code.
fn lines(document: &str) -> impl Iterator<Item = (bool, &str)> {
    let mut inside = false;
    document.lines().map(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        inside ^= is_fence;
        (inside || is_fence, line)
    })
}

/// The anchors that GitHub makes of headings.
fn anchors(document: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let headings = lines(document).filter(|(is_code, line)| !is_code && line.starts_with('#'));
    headings
        .map(|(_, line)| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
            let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
            let times = seen.entry(anchor.clone()).or_default();
            *times += 1;
            if *times == 1 { anchor } else { format!("{anchor}-{}", *times - 1) }
        })
        .collect()
}

/// What the links of a document lead to.
fn links(document: &str) -> Vec<&str> {
    let prose = lines(document).filter(|(is_code, _)| !is_code);
    prose.flat_map(|(_, line)| line.split("](").skip(1).filter_map(|rest| rest.split(')').next())).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for (path, text) in documents() {
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            let leads = target.exists()
                && (anchor.is_empty() || anchors(&std::fs::read_to_string(target).unwrap()).contains(anchor));
            if !leads {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

/// What `--help` of a command prints; `None` if there is no such command.
fn help(desk: &Desk, words: &[&str]) -> Option<String> {
    let mut command = desk.command(words.first()?);
    let ran = run(command.args(&words[1..]).arg("--help"));
    (ran.code == 0).then_some(ran.stdout)
}

/// The headings and the commands in the help of `qingfeng`, in order, each with whether it is a command.
fn listed(help: &str) -> Vec<(&str, bool)> {
    let start = help.find("Score and explain:").unwrap();
    let list = help[start..].split("\nOptions:").next().unwrap();
    let lines = list.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| match line.strip_prefix("  ") {
            Some(command) => (command.split("  ").next().unwrap(), true),
            None => (line.trim_end_matches(':'), false),
        })
        .collect()
}

/// The commands in blocks of a document, each as its words. One goes on in the next line after `\`.
fn commands(document: &str) -> Vec<Vec<String>> {
    let code: Vec<&str> = lines(document).filter(|(is_code, _)| *is_code).map(|(_, line)| line).collect();
    let code = code.join("\n").replace("\\\n", " ");
    let called = code.lines().filter_map(|line| {
        let line = line.trim().trim_start_matches("$ ").trim_start_matches("\"$");
        let called =
            line.strip_prefix("qingfeng ").or_else(|| line.split_once("--bin qingfeng -- ").map(|of| of.1));
        called.filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
    });
    // What is said after `#`, and what is done with the output.
    let alone = |rest: &str| rest.split(" #").next().unwrap().split(" | ").next().unwrap().to_owned();
    called.map(|rest| alone(rest).split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn commands_and_options_that_documents_show_exist() {
    let desk = Desk::empty();
    let mut known: BTreeMap<Vec<String>, Option<String>> = BTreeMap::new();
    let mut missing = BTreeSet::new();
    let history = |path: &Path| path.ends_with("CHANGELOG.md");
    for (path, text) in documents().into_iter().filter(|(path, _)| !history(path)) {
        for words in commands(&text) {
            let groups = ["draw", "lookup", "outcome", "override"];
            let name = &words[..if groups.contains(&words[0].as_str()) { 2 } else { 1 }.min(words.len())];
            let help = known
                .entry(name.to_vec())
                .or_insert_with(|| help(&desk, &name.iter().map(String::as_str).collect::<Vec<_>>()));
            let Some(help) = help else {
                missing.insert(format!("{}: qingfeng {}", path.display(), name.join(" ")));
                continue;
            };
            for option in words.iter().filter(|word| word.starts_with("--") && word.len() > 2) {
                let option = option.split('=').next().unwrap();
                if !help.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| word == option) {
                    missing.insert(format!("{}: qingfeng {} {option}", path.display(), name.join(" ")));
                }
            }
        }
    }
    let missing: Vec<String> = missing.into_iter().collect();
    assert!(missing.is_empty(), "documents show what the command does not have:\n{}", missing.join("\n"));
}

#[test]
fn the_list_of_commands_has_those_of_the_help_in_their_groups() {
    let document = std::fs::read_to_string(repository().join("docs/commands.md")).unwrap();
    let headings = document.lines().filter_map(|line| {
        line.strip_prefix("## ").or_else(|| line.strip_prefix("| `qingfeng ")?.split([' ', '`']).next())
    });
    let help = help(&Desk::empty(), &[""]).unwrap();
    let shown: Vec<&str> = listed(&help).into_iter().map(|(name, _)| name).collect();
    assert_eq!(headings.collect::<Vec<_>>(), shown, "docs/commands.md and `qingfeng --help` differ");
}

#[test]
fn documents_and_help_use_the_words_of_the_glossary() {
    let glossary = std::fs::read_to_string(repository().join("docs/glossary.md")).unwrap();
    let rows = glossary.lines().filter(|line| line.starts_with("| ") && line.matches('|').count() == 5);
    let avoided: Vec<&str> =
        rows.flat_map(|row| row.rsplit('|').nth(1).unwrap().split('`').skip(1).step_by(2)).collect();
    assert!(avoided.len() > 10, "{avoided:?}");
    let desk = Desk::empty();
    let top = help(&desk, &[""]).unwrap();
    let mut helps = vec![(PathBuf::from("qingfeng --help"), top.clone())];
    for (command, _) in listed(&top).into_iter().filter(|(_, is_command)| *is_command) {
        helps.push((PathBuf::from(format!("qingfeng {command} --help")), help(&desk, &[command]).unwrap()));
    }
    // The glossary and the paper that points to it name the words; old entries of the changelog stay as they were.
    let names_them = |path: &Path| {
        ["glossary.md", "CONTRIBUTING.md", "CHANGELOG.md"].iter().any(|name| path.ends_with(name))
    };
    let mut found = Vec::new();
    for (path, text) in documents().into_iter().filter(|(path, _)| !names_them(path)).chain(helps) {
        let text = text.to_lowercase().replace(|c: char| !c.is_alphanumeric() && c != '-', " ");
        let text = format!(" {} ", text.split_whitespace().collect::<Vec<_>>().join(" "));
        let has = |word: &&&str| text.contains(&format!(" {word} "));
        found.extend(avoided.iter().filter(has).map(|word| format!("{}: {word}", path.display())));
    }
    assert!(found.is_empty(), "words that the glossary does not use:\n{}", found.join("\n"));
}

/// The first page: a command as it is typed in a fresh clone, then what it prints.
#[test]
fn the_readme_shows_what_the_command_prints() {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap().replace("\r\n", "\n");
    let desk = Desk::empty();
    let in_clone = |word: &str| {
        let path = repository().join(word);
        if path.exists() { path.to_str().unwrap().to_owned() } else { word.to_owned() }
    };
    let mut shown = 0;
    for part in readme.split("--bin qingfeng -- ").skip(1) {
        let (line, rest) = part.split_once("\n```").unwrap();
        let (_, block) = rest.split_once("```text\n").unwrap();
        let (block, _) = block.split_once("```").unwrap();
        let words: Vec<String> = line.split_whitespace().map(in_clone).collect();
        let ran = run(desk.command(&words[0]).args(&words[1..]));
        let printed = steady(&format!("{}{}", ran.stdout, ran.stderr));
        assert!(shows(block, &printed), "README.md shows\n{block}\nand the command prints\n{printed}");
        shown += 1;
    }
    assert_eq!(shown, 2);
}
