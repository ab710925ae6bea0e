//! `qingfeng man`: manual pages.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap_mangen::Man;
use qingfeng::write::WholeFile;
use roff::{Roff, bold, roman};

use crate::exit::{self, Exit, Failure};
use crate::groups;

/// Write manual pages, one for each command.
///
/// The pages say what `--help` says. `man -l MANDIR/qingfeng.1` shows one; where MANPATH names the parent of a directory
/// `man1`, `man qingfeng` finds those in it.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&["qingfeng man ~/.local/share/man/man1"], &[exit::FILES]))]
pub struct Args {
    /// Directory to write to. It is made where it is missing.
    #[arg(value_name = "MANDIR")]
    directory: PathBuf,
}

pub fn run(args: &Args, mut command: clap::Command) -> Result<Exit, Failure> {
    command.build();
    fs::create_dir_all(&args.directory).and_then(|()| write(&command, &args.directory)).map_err(|error| {
        Failure::Files(format!("{}: cannot be written: {error}", args.directory.display()))
    })?;
    Ok(Exit::Done)
}

/// Writes the page of a command, and those of its subcommands.
fn write(command: &clap::Command, directory: &Path) -> io::Result<()> {
    // The usage of the help has values and dots; arguments get a section of their own, as they have there.
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    let documented = command
        .clone()
        .override_usage(usage)
        .mut_args(|arg| if arg.is_positional() { arg.help_heading("Arguments") } else { arg });
    // A page has no date: it does not depend on the day. An empty one would shift what follows it.
    let source = concat!("qingfeng ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(documented).manual("Qingfeng Manual").source(source).date(" ");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if command.has_subcommands() {
        commands(command).to_writer(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    after_help(command).to_writer(&mut page)?;
    WholeFile::write(&directory.join(man.get_filename()), &page)?;
    command.get_subcommands().try_for_each(|command| write(command, directory))
}

/// The subcommands: those of `qingfeng` itself in their groups.
fn commands(command: &clap::Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    let of = command.get_display_name().unwrap_or_else(|| command.get_name());
    let list = |roff: &mut Roff, name: &str, about: String| {
        roff.control("TP", []);
        roff.text([bold(format!("{of}-{name}")), roman("(1)")]).text([roman(about)]);
    };
    if command.find_subcommand(groups::GROUPS[0].1[0]).is_some() {
        for (heading, commands) in groups::of(command) {
            roff.control("SS", [heading]);
            commands.into_iter().for_each(|(name, about)| list(&mut roff, name, about));
        }
    } else {
        for command in command.get_subcommands() {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            list(&mut roff, command.get_name(), about);
        }
    }
    roff
}

/// What the help says after the options, a section for each heading.
fn after_help(command: &clap::Command) -> Roff {
    let mut roff = Roff::new();
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    for part in text.split("\n\n") {
        let (heading, lines) = part.split_once(":\n").unwrap_or(("Notes", part));
        roff.control("SH", [heading.to_uppercase().replace("CODES", "STATUS").as_str()]);
        roff.control("nf", []);
        lines.lines().for_each(|line| {
            roff.text([roman(line)]);
        });
        roff.control("fi", []);
    }
    roff
}
