//! `qingfeng fmt`: rule files in one style.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use qingfeng::rules::cases::TestFiles;
use qingfeng::rules::{Pack, PackFiles, format_rules};

use crate::edits::{self, Change};
use crate::exit::{self, Exit, Failure};
use crate::fix::means_the_same;
use crate::inputs::is_standard;
use crate::numbers::count;
use crate::outputs::failed;
use crate::terminal::{self, GOOD, WARNING, clean, styled};

/// Letters of a rule file that are read, at most.
const BYTES_MAX: u64 = 16 << 20;

/// Lay out rule files in one style.
///
/// Sets what is blank: four spaces for each open bracket, one around operators, the values of a rule below each other, rows of
/// a table in columns. Line breaks, comments and what rules mean stay as they are. Of a pack all rule files are laid out, and those
/// of its tests.
///
/// `-` reads a rule file from standard input and writes it to standard output, for editors.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng fmt rules/clean-wind",
    "qingfeng fmt rules/clean-wind --check",
    "qingfeng fmt brands.rhai --dry-run",
    "qingfeng fmt - < brands.rhai",
], &[
    exit::finding("with --check a file is laid out otherwise"),
    exit::FILES,
    (Exit::Pack, "a bracket, a text or a comment in a file is not closed; the file stays as it is"),
]))]
pub struct Args {
    /// Directories of packs, and rule files.
    #[arg(value_name = "DIR|FILE", required = true)]
    paths: Vec<PathBuf>,

    /// Change nothing. List the files that are laid out otherwise.
    #[arg(long)]
    check: bool,

    /// Change nothing. Print what would be changed, as a unified diff.
    #[arg(long, conflicts_with = "check")]
    dry_run: bool,
}

/// A file with its path in the directory, and what it becomes.
struct Formatted {
    file: String,
    before: Vec<u8>,
    after: Vec<u8>,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    if args.paths.iter().any(|path| is_standard(path)) {
        return standard(args);
    }
    let (mut changed, mut unchanged, mut refused) = (0, 0, 0);
    let mut out = String::new();
    for path in &args.paths {
        let (directory, files) = if path.is_dir() { of_pack(path)? } else { of_file(path)? };
        let mut formatted = Vec::new();
        for (file, before) in files {
            match text_of(&before)
                .and_then(|text| format_rules(text).map_err(|error| (error.line, error.what)))
            {
                Ok(after) if after.as_bytes() == before => unchanged += 1,
                Ok(after) => formatted.push(Formatted { file, before, after: after.into_bytes() }),
                Err((line, what)) => {
                    refused += 1;
                    let file = directory.join(&file);
                    out +=
                        &format!("{}:{line}: {}\n", clean(&file.to_string_lossy()), styled(WARNING, &what));
                }
            }
        }
        if path.is_dir() {
            check_meaning(path, &formatted)?;
        }
        let changes: Vec<Change<'_>> = formatted
            .iter()
            .map(|of| Change { file: &of.file, before: &of.before, after: &of.after })
            .collect();
        changed += changes.len() as u64;
        if args.dry_run {
            terminal::print(&edits::diff(&changes))?;
            continue;
        }
        if !args.check {
            edits::write(&directory, &changes)?;
        }
        for change in &changes {
            out += &format!("{}\n", clean(&directory.join(change.file).to_string_lossy()));
        }
    }
    let verb = match (args.check || args.dry_run, changed) {
        (true, 1) => "is laid out otherwise",
        (true, _) => "are laid out otherwise",
        (false, 1) => "was changed",
        (false, _) => "were changed",
    };
    let files = count(changed, "file");
    out += &styled(
        if refused == 0 && !(args.check && changed > 0) { GOOD } else { WARNING },
        &format!("{files} {verb}, {unchanged} stay as they are"),
    );
    if refused > 0 {
        out +=
            &format!(", {}", styled(WARNING, &format!("{} could not be laid out", count(refused, "file"))));
    }
    out.push('\n');
    terminal::summary(&out);
    Ok(match (refused, args.check && changed > 0) {
        (1.., _) => Exit::Pack,
        (0, true) => Exit::Finding,
        (0, false) => Exit::Done,
    })
}

/// From standard input to standard output.
fn standard(args: &Args) -> Result<Exit, Failure> {
    if args.paths.len() > 1 {
        return Err(Failure::Usage("`-` is a file of its own; give it alone".to_owned()));
    }
    let mut before = Vec::new();
    let read = std::io::stdin().take(BYTES_MAX + 1).read_to_end(&mut before);
    read.map_err(|error| failed(Path::new("standard input"), "cannot be read", &error))?;
    let told = |(line, what): (usize, String)| Failure::Files(format!("standard input:{line}: {what}"));
    let text = text_of(&before).map_err(told)?;
    let after = format_rules(text).map_err(|error| told((error.line, error.what)))?;
    let changed = after.as_bytes() != before;
    if args.check {
        return Ok(if changed { Exit::Finding } else { Exit::Done });
    }
    if args.dry_run {
        let change = Change { file: "-", before: &before, after: after.as_bytes() };
        terminal::print(&edits::diff(if changed { std::slice::from_ref(&change) } else { &[] }))?;
    } else {
        terminal::print(&after)?;
    }
    Ok(Exit::Done)
}

/// A text, if it is one and not too long.
fn text_of(content: &[u8]) -> Result<&str, (usize, String)> {
    if content.len() as u64 > BYTES_MAX {
        return Err((1, format!("is larger than {} MiB; split it into several files", BYTES_MAX >> 20)));
    }
    std::str::from_utf8(content).map_err(|error| {
        let line = content[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() + 1;
        (line, "has bytes that are no text; save it as UTF-8".to_owned())
    })
}

type Files = (PathBuf, Vec<(String, Vec<u8>)>);

/// The rule files of a pack and of its tests.
fn of_pack(directory: &Path) -> Result<Files, Failure> {
    let (pack, tests) = (PackFiles::read(directory), TestFiles::read(directory));
    if let Some(mistake) = pack.unreadable().iter().chain(tests.unreadable()).next() {
        return Err(Failure::Files(mistake.title.clone()));
    }
    let of_pack = pack.paths().filter_map(|path| Some((path, pack.content(path)?)));
    let of_tests = tests.paths().filter_map(|path| Some((path, tests.content(path)?)));
    let rules = of_pack.chain(of_tests).filter(|(path, _)| path.ends_with(".rhai"));
    let files: Vec<(String, Vec<u8>)> =
        rules.map(|(path, content)| (path.to_owned(), content.to_vec())).collect();
    if files.is_empty() {
        let directory = directory.display();
        return Err(Failure::Files(format!("{directory}: has no rule file, none that ends in `.rhai`")));
    }
    Ok((directory.to_owned(), files))
}

fn of_file(path: &Path) -> Result<Files, Failure> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let Some(name) = name.filter(|name| name.ends_with(".rhai")) else {
        let path = path.display();
        return Err(Failure::Usage(format!(
            "{path}: is no directory of a pack, and no rule file, which ends in `.rhai`"
        )));
    };
    let cannot = |error: std::io::Error| failed(path, "cannot be read", &error);
    let mut content = Vec::new();
    let file = std::fs::File::open(path).map_err(cannot)?;
    file.take(BYTES_MAX + 1).read_to_end(&mut content).map_err(cannot)?;
    let directory = path.parent().map_or_else(PathBuf::new, Path::to_owned);
    Ok((directory, vec![(name, content)]))
}

/// Refuses what would change the meaning of a pack that loads. That cannot be; but nobody has to believe it.
fn check_meaning(directory: &Path, formatted: &[Formatted]) -> Result<(), Failure> {
    let mut files = PackFiles::read(directory);
    let Ok(before) = Pack::load(&files) else { return Ok(()) };
    for of in formatted {
        // Files of tests are none of the pack.
        if files.content(&of.file).is_some() {
            files.insert(of.file.clone(), of.after.clone());
        }
    }
    match Pack::load(&files) {
        Ok(after) if means_the_same(&before, &after) => Ok(()),
        _ => Err(Failure::Files(format!(
            "{}: would mean something else laid out, so nothing is changed; please report the rule files",
            directory.display()
        ))),
    }
}
