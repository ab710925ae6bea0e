//! What the definition of the command line promises as a whole.

use std::collections::{BTreeMap, BTreeSet};

use super::command;
use crate::groups::GROUPS;

/// Options that mean several things, each with why.
const SEVERAL_MEANINGS: [(&str, &str); 1] =
    [("output", "calibrate writes a directory, mine a file or a directory")];

/// The commands and their subcommands that have options, each by its whole name.
fn leaves(command: &clap::Command, name: &str, all: &mut Vec<(String, clap::Command)>) {
    for sub in command.get_subcommands() {
        let name = format!("{name} {}", sub.get_name());
        if !sub.has_subcommands() {
            all.push((name.clone(), sub.clone()));
        }
        leaves(sub, &name, all);
    }
}

#[test]
fn each_command_is_in_exactly_one_group() {
    let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let command = command();
    let known: BTreeSet<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    assert_eq!(grouped.iter().copied().collect::<BTreeSet<_>>(), known);
    assert_eq!(grouped.len(), known.len(), "a command is in two groups");
}

#[test]
fn the_help_fits_one_screen() {
    let help = command().render_help().to_string();
    let lines: Vec<&str> = help.lines().collect();
    assert!(lines.len() <= 55, "{} lines\n{help}", lines.len());
    for line in lines {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

/// An option that several commands have means the same in all: its help begins with the same words, up to the first full
/// stop or colon, and its value has the same name.
#[test]
fn an_option_means_the_same_everywhere() {
    let mut all = Vec::new();
    leaves(&command(), "", &mut all);
    let mut meanings: BTreeMap<String, BTreeMap<(String, String), Vec<&str>>> = BTreeMap::new();
    for (name, command) in &all {
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
            let value = arg.get_value_names().map(|names| names.join(" ")).unwrap_or_default();
            let option = match arg.get_long() {
                Some(long) => long.to_owned(),
                None => format!("<{value}>"),
            };
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let end = [". ", ": ", ", "].iter().filter_map(|end| help.find(end)).min().unwrap_or(help.len());
            let value = if arg.get_action().takes_values() { value } else { String::new() };
            let meaning = (help[..end].trim_end_matches('.').to_owned(), value);
            meanings.entry(option).or_default().entry(meaning).or_default().push(name);
        }
    }
    let mut wrong = String::new();
    for (option, meanings) in meanings.iter().filter(|(_, meanings)| meanings.len() > 1) {
        if !SEVERAL_MEANINGS.iter().any(|(known, _)| known == option) {
            wrong += &format!("{option}\n");
            for ((meaning, value), commands) in meanings {
                wrong += &format!("    {meaning} [{value}]: {}\n", commands.join(","));
            }
        }
    }
    assert!(wrong.is_empty(), "options with several meanings:\n{wrong}");
    for (option, _) in SEVERAL_MEANINGS {
        assert!(meanings[option].len() > 1, "--{option} is no exception any more");
    }
}

#[test]
fn clap_finds_the_definition_sound() {
    command().debug_assert();
}

#[test]
fn help_is_idiomatic() {
    let mut all = Vec::new();
    leaves(&command(), "", &mut all);
    for (name, mut command) in all {
        let help = command.render_long_help().to_string().to_lowercase();
        for odd in
            ["for whom", "so many", "anew", "at hand", "made-up", "the most first", "dearest", "as it stands"]
        {
            assert!(!help.contains(odd), "{name}: {odd}");
        }
        let about = command.get_about().unwrap().to_string();
        assert!(!about.ends_with('.') && about.chars().count() <= 84, "{name}: {about}");
    }
}
