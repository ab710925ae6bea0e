//! The commands by who uses them: the one list from which `--help` and the manual pages are written.

use clap::Command;

/// The commands that score.
#[cfg(feature = "serve")]
const SCORE: &[&str] = &["score", "explain", "serve"];
#[cfg(not(feature = "serve"))]
const SCORE: &[&str] = &["score", "explain"];

/// The groups in the order of the help, each with its commands.
pub const GROUPS: [(&str, &[&str]); 5] = [
    ("Score and explain", SCORE),
    (
        "Write and test rules",
        &[
            "check",
            "fmt",
            "test",
            "why-not",
            "diff",
            "coverage",
            "rules",
            "schema",
            "reference",
            "explain-code",
        ],
    ),
    ("Plan and inspect", &["lookup", "trade", "plan", "draw", "roll", "override", "worklist", "outcome"]),
    ("Learn from results", &["effect", "watch", "calibrate", "mine", "learn", "targets", "report"]),
    ("Inspect the engine", &["verify", "profile", "generate", "simulate", "completions", "man"]),
];

/// A group: its heading, and the name and the summary of each of its commands.
pub type Group<'c> = (&'static str, Vec<(&'static str, String)>);

/// The groups with what the command says of each of its subcommands.
pub fn of(command: &Command) -> impl Iterator<Item = Group<'_>> {
    GROUPS.into_iter().map(|(heading, names)| {
        let about = |name| command.find_subcommand(name).and_then(Command::get_about);
        (
            heading,
            names
                .iter()
                .map(|&name| (name, about(name).map(ToString::to_string).unwrap_or_default()))
                .collect(),
        )
    })
}
