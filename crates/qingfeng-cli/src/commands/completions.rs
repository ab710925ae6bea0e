//! `qingfeng completions`: scripts with which a shell completes commands and options.

use clap_complete::Shell;

use crate::exit::{self, Exit, Failure};
use crate::terminal;

/// Print a completion script for a shell.
///
/// Load it when the shell starts, or write it where the shell looks for completions.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng completions bash > ~/.local/share/bash-completion/completions/qingfeng",
    "qingfeng completions zsh > ~/.zfunc/_qingfeng",
    "qingfeng completions fish > ~/.config/fish/completions/qingfeng.fish",
], &[exit::FILES]))]
pub struct Args {
    /// Shell to print for.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub fn run(args: &Args, mut command: clap::Command) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "qingfeng", &mut script);
    terminal::print_bytes(&script)?;
    Ok(Exit::Done)
}
