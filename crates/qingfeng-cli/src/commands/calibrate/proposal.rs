//! The proposal: a copy of the pack with other points.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use qingfeng::rules::lookups::LookupSource;
use qingfeng::rules::{Pack, PackFiles, Points};
use qingfeng::write::Unfinished;
use qingfeng_insight::calibrate::Verdict;

use super::Report;
use super::human::{by_change, whole};
use crate::exit::Failure;
use crate::outputs::{copy_pack, failed};
use crate::terminal::{clean, json};

/// The directory that a proposal is written into.
pub struct Target {
    pack: PathBuf,
    directory: PathBuf,
    /// Where it is put together first, so that what has the final name is whole.
    partial: PathBuf,
}

/// Refuses a directory that holds something, and one within the pack or around it.
pub fn target(output: &Path, pack: &Path) -> Result<Target, Failure> {
    let refused = |why: &str| Failure::Usage(format!("--output: {} {why}", output.display()));
    if let Ok(data) = fs::symlink_metadata(output) {
        if !data.is_dir() {
            return Err(refused("is there and is no directory; name one that is not there yet"));
        }
        let mut entries = fs::read_dir(output).map_err(|error| failed(output, "cannot be read", &error))?;
        if entries.next().is_some() {
            return Err(refused("is not empty; name a directory that is not there yet"));
        }
    }
    let parent = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = output
        .file_name()
        .ok_or_else(|| refused("has no name of its own; name a directory that is not there yet"))?;
    let real = parent
        .canonicalize()
        .map_err(|error| failed(parent, "the directory of --output cannot be found", &error))?
        .join(name);
    let real_pack = pack.canonicalize().map_err(|error| failed(pack, "cannot be found", &error))?;
    if real.starts_with(&real_pack) || real_pack.starts_with(&real) {
        return Err(refused("lies within the pack or around it; a proposal stands beside it"));
    }
    let partial = parent.join(format!(".{}.partial", name.to_string_lossy()));
    Ok(Target { pack: pack.to_owned(), directory: output.to_owned(), partial })
}

impl Target {
    /// What to run next; a store within the pack is not copied, and must be named for both.
    pub fn diff_command(&self, pack: &Pack) -> String {
        let is_living = |source: &LookupSource| source.file().is_none();
        let store = match pack.store.strip_prefix("sqlite:") {
            Some(path) if pack.lookups.iter().any(|lookup| is_living(&lookup.source)) => {
                format!(" --store {}", quoted(&format!("sqlite:{}", self.pack.join(path).display())))
            }
            _ => String::new(),
        };
        let [old, new] = [&self.pack, &self.directory].map(|path| quoted(&path.display().to_string()));
        format!("qingfeng diff {old} {new} DECLARATIONS{store} --html change.html")
    }

    /// Writes the copy.
    pub fn write(&self, files: &PackFiles, pack: &Pack, report: &Report<'_>) -> Result<(), Failure> {
        let at: BTreeMap<&str, usize> =
            pack.rules.iter().enumerate().map(|(at, rule)| (rule.id.as_str(), at)).collect();
        let changed = report.calibration.rules.iter().filter(|rule| rule.change() != 0);
        let points: BTreeMap<usize, i64> =
            changed.filter_map(|rule| Some((*at.get(rule.rule.as_str())?, rule.after?))).collect();
        let (rewritten, left) = pack.rewritten(files, &points, Some(report.proposed_version));
        check(&rewritten, pack, &points, report.proposed_version)
            .and_then(|()| if left.is_empty() { Ok(()) } else { Err(format!("{left:?} have no number")) })
            .map_err(|why| {
                Failure::Files(format!("the proposal would not be the pack with other points: {why}"))
            })?;
        if let Err(error) = fs::create_dir(&self.partial) {
            let what = "cannot be made (if an earlier run left it, remove it)";
            return Err(failed(&self.partial, what, &error));
        }
        let unfinished = Unfinished::new(self.partial.clone(), self.directory.clone());
        let written = self.fill(&rewritten, report, &unfinished);
        if written.is_err() {
            // What is half written helps nobody; that it cannot be removed either is no news.
            let _ = fs::remove_dir_all(&self.partial);
        }
        written
    }

    fn fill(
        &self,
        rewritten: &PackFiles,
        report: &Report<'_>,
        unfinished: &Unfinished,
    ) -> Result<(), Failure> {
        copy_pack(&self.pack, &self.partial)?;
        let page = (String::from("PROPOSAL.md"), page(report).into_bytes());
        let data = (String::from("proposal.json"), json(report)?.into_bytes());
        let of_pack =
            rewritten.paths().filter_map(|path| Some((path.to_owned(), rewritten.content(path)?.to_vec())));
        for (path, content) in of_pack.chain([page, data]) {
            let path = self.partial.join(path);
            fs::write(&path, content).map_err(|error| failed(&path, "cannot be written", &error))?;
        }
        if self.directory.is_dir() {
            fs::remove_dir(&self.directory)
                .map_err(|error| failed(&self.directory, "cannot be replaced", &error))?;
        }
        unfinished.publish().map_err(|error| failed(&self.directory, "cannot be written", &error))
    }
}

/// For a shell, in quotes where it needs them.
fn quoted(text: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-:+=@%".contains(letter);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Whether the files are a pack that is the other one but for these points and the version.
fn check(
    files: &PackFiles,
    before: &Pack,
    points: &BTreeMap<usize, i64>,
    version: &str,
) -> Result<(), String> {
    let after = Pack::load(files).map_err(|mistakes| mistakes.to_string())?;
    if after.version != version {
        return Err(format!("its version is {}", after.version));
    }
    let (mut old, mut new) = (before.meaning(), after.meaning());
    if old.rules.len() != new.rules.len() {
        return Err("it has other rules".to_owned());
    }
    for (at, rule) in before.rules.iter().enumerate() {
        if let Some(&points) = points.get(&at) {
            if !matches!(after.rules[at].points, Points::Fixed(found) if found == points) {
                return Err(format!("the points of `{}` are not {points}", rule.id));
            }
            new.rules[at].points = old.rules[at].points.clone();
        }
    }
    // Equal but for the points that were to change.
    if std::mem::take(&mut old.rules) != std::mem::take(&mut new.rules) || old != new {
        return Err("a rule means something else".to_owned());
    }
    Ok(())
}

/// The table that stands beside the proposal, for people.
fn page(report: &Report<'_>) -> String {
    let calibration = report.calibration;
    let totals = &calibration.totals;
    let mut out = format!(
        "# Proposal: {} as {}\n\nWritten by `qingfeng calibrate`. It is {} with other points, and nothing else; it is not in force.\n\n",
        clean(&report.pack),
        clean(report.proposed_version),
        clean(&report.pack)
    );
    let _ = writeln!(
        out,
        "Learnt from {} judged declarations, {} with a violation, as good as {:.0} evenly selected ones.\n",
        totals.judged, totals.violations, totals.effective
    );
    if let Some(diff) = report.diff {
        let _ = writeln!(
            out,
            "Tests that name points fail until they name these. To see what it would change:\n\n```console\n$ {}\n```\n",
            clean(diff)
        );
    }
    match &calibration.validation {
        None => out += "It was not judged on later days: there are too few.\n\n",
        Some(validation) => {
            let verdict = match validation.verdict {
                Verdict::Better => "It forecasts later findings better than the pack.",
                Verdict::NotTold => "On later findings it cannot be told from the pack.",
                Verdict::Worse => "It forecasts later findings worse than the pack.",
            };
            let _ = writeln!(
                out,
                "{verdict} Log loss {:.4} (pack {:.4}; the gain is {:.4} with a standard error of {:.4}).\n",
                validation.proposal_log_loss,
                validation.pack_log_loss,
                validation.gain,
                validation.gain_error
            );
            out += "| of the declarations, the best | pack: with a violation | proposal |\n| --- | --- | --- |\n";
            for at in &validation.at_capacity {
                let _ = writeln!(
                    out,
                    "| {} % | {:.1} % | {:.1} % |",
                    at.share * 100.0,
                    at.pack_precision * 100.0,
                    at.proposal_precision * 100.0
                );
            }
            out.push('\n');
        }
    }
    out += "| rule | before | after | 95 % interval | log odds | fired on | found | why |\n| --- | --: | --: | --- | --: | --: | --: | --- |\n";
    for rule in by_change(&calibration.rules) {
        let number =
            |points: Option<i64>| points.map_or_else(|| "computed".to_owned(), |points| points.to_string());
        let interval = rule
            .interval
            .map_or_else(String::new, |(low, high)| format!("{} to {}", whole(low), whole(high)));
        let coefficient = rule.coefficient.map_or_else(String::new, |value| format!("{value:.3}"));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {interval} | {coefficient} | {} | {} | {} |",
            cell(&rule.rule),
            number(rule.before),
            number(rule.after),
            rule.support,
            rule.violations,
            rule.reason.text()
        );
    }
    out
}

/// A text of others in a table of Markdown.
fn cell(text: &str) -> String {
    clean(text).replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('`', "\\`")
}
