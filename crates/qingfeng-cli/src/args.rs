//! What the command line says.

use clap::{Parser, Subcommand, ValueEnum};

use crate::commands::{
    check, coverage, diff, draw, explain, explain_code, generate, lookup, mine, outcome, overrides, plan,
    profile, reference, roll, rules, schema, score, test, verify, why_not, worklist,
};
use crate::exit;

/// Decide which export declarations a port should open.
///
/// Risk officers write rules; qingfeng scores every goods line of every declaration against them, and sends each
/// declaration to a control channel.
#[derive(Debug, Parser)]
#[command(
    name = "qingfeng",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = exit::help(&[
        "qingfeng check rules/clean-wind",
        "qingfeng score declarations.csv --rules rules/clean-wind -o assessments.parquet",
        "qingfeng explain D2016000042 declarations.csv --rules rules/clean-wind",
    ])
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order of their help. What each does is said where its arguments are.
#[derive(Debug, Subcommand)]
pub enum Command {
    Score(score::Args),
    Plan(plan::Args),
    Draw(draw::Args),
    Roll(roll::Args),
    Override(overrides::Args),
    Worklist(worklist::Args),
    Check(check::Args),
    Test(test::Args),
    ExplainCode(explain_code::Args),
    Explain(explain::Args),
    WhyNot(why_not::Args),
    Rules(rules::Args),
    Lookup(lookup::Args),
    Outcome(outcome::Args),
    Mine(mine::Args),
    Diff(diff::Args),
    Coverage(coverage::Args),
    Verify(verify::Args),
    Profile(profile::Args),
    Generate(generate::Args),
    Schema(schema::Args),
    Reference(reference::Args),
}

/// For whom a listing is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
}
