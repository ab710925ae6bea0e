//! The command `qingfeng`: scores declarations with a rule pack, checks packs, and explains decisions. It is a library so that
//! the Python package has the same command, and shows the same words, without a second copy of the engine.
//!
//! Each command is a module of `commands` with its options, its help and its output; `args` puts them together, `groups`
//! says who uses which. `stop` ends a run on a signal. Options that several commands have are in `inputs`, `passes`, `stores`, `findings`, `ledgers` and
//! `draw_key`. `terminal` writes and knows nothing of the rest; `exit` has the exit codes and turns errors of the library
//! into messages; `render` opens packs and draws their mistakes, `diagnostics_json` and `sarif` give these as data.

mod args;
mod charts;
mod clock;
mod commands;
mod condition;
mod diagnostics_json;
mod draw_key;
mod edits;
mod exit;
mod findings;
mod fix;
mod groups;
mod html;
mod imports;
mod inputs;
mod ledgers;
mod numbers;
mod outputs;
mod passes;
mod policy;
mod progress;
mod record;
mod rejects;
mod render;
pub mod reports;
mod sarif;
mod stop;
mod stores;
pub mod studies;
mod table;
mod terminal;
mod unified;
mod words;

use std::ffi::OsString;
use std::time::Instant;

/// Runs the command with these arguments, the first of which is the name it was called by, and gives its exit code. Wrong
/// arguments, `--help` and a signal end the process at once.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let start = Instant::now();
    let cli = args::Cli::of(arguments);
    terminal::set_verbosity(cli.verbosity());
    stop::watch();
    let result = cli.command.run();
    stop::end_if_caught();
    let exit = result.unwrap_or_else(|failure| {
        failure.report();
        failure.exit()
    });
    terminal::detail(|| {
        format!("Ended with exit code {} after {:.2} s", exit as u8, start.elapsed().as_secs_f64())
    });
    exit as u8
}
