//! What the command line says.

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands;
use crate::exit::{Exit, Failure};
use crate::groups;
use crate::terminal::{BOLD, Verbosity};

/// Decide which export declarations a port should inspect.
#[derive(Debug, Parser)]
#[command(
    name = "qingfeng",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "`qingfeng COMMAND --help` shows a command's options, examples and exit codes."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,

    /// Print results and errors only: no progress, no summaries.
    #[arg(short, long, global = true)]
    quiet: bool,

    /// Also print what is read, and how long it takes.
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
}

impl Cli {
    /// A command line; ends the process where it is wrong or asks for help.
    pub fn of(arguments: impl IntoIterator<Item = OsString>) -> Self {
        Self::from_arg_matches(&command().get_matches_from(arguments)).unwrap_or_else(|error| error.exit())
    }

    /// How much is said on standard error.
    pub fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }
}

/// The whole command as clap has it, with its subcommands in groups.
pub fn command() -> clap::Command {
    let command = Cli::command();
    let mut template = String::from("{about}\n\n{usage-heading} {usage}\n");
    for (heading, commands) in groups::of(&command) {
        template += &format!("\n{BOLD}{heading}:{BOLD:#}\n");
        for (name, about) in commands {
            template += &format!("  {BOLD}{name:<12}{BOLD:#}  {about}\n");
        }
    }
    template += &format!("\n{BOLD}Options:{BOLD:#}\n{{options}}{{after-help}}");
    command.help_template(template)
}

macro_rules! commands {
    ($($name:ident: $module:ident,)*) => {
        /// The commands. What each does is said where its arguments are.
        #[derive(Debug, Subcommand)]
        pub enum Command {
            $($name(commands::$module::Args),)*
            #[cfg(feature = "serve")]
            Serve(commands::serve::Args),
            Completions(commands::completions::Args),
            Man(commands::man::Args),
        }

        impl Command {
            pub fn run(&self) -> Result<Exit, Failure> {
                match self {
                    $(Self::$name(args) => commands::$module::run(args),)*
                    #[cfg(feature = "serve")]
                    Self::Serve(args) => commands::serve::run(args),
                    Self::Completions(args) => commands::completions::run(args, command()),
                    Self::Man(args) => commands::man::run(args, command()),
                }
            }
        }
    };
}

commands! {
    Score: score,
    Explain: explain,
    Check: check,
    Fmt: fmt,
    Test: test,
    WhyNot: why_not,
    Diff: diff,
    Coverage: coverage,
    Rules: rules,
    Schema: schema,
    Reference: reference,
    ExplainCode: explain_code,
    Lookup: lookup,
    Trade: trade,
    Plan: plan,
    Draw: draw,
    Roll: roll,
    Override: overrides,
    Worklist: worklist,
    Outcome: outcome,
    Effect: effect,
    Watch: watch,
    Calibrate: calibrate,
    Mine: mine,
    Learn: learn,
    Targets: targets,
    Report: report,
    Verify: verify,
    Profile: profile,
    Generate: generate,
    Simulate: simulate,
}

#[cfg(test)]
mod tests;
