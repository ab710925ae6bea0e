//! The proposal: a copy of the pack with other points.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use qingfeng::rules::lookups::LookupSource;
use qingfeng::rules::{Pack, PackFiles};
use qingfeng::write::Unfinished;
use qingfeng_insight::calibrate::Verdict;
use toml::de::DeTable;

use super::Report;
use super::human::{by_change, subject, whole};
use crate::exit::Failure;
use crate::outputs::{copy_pack, failed};
use crate::terminal::{clean, json, quoted};

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
        let points: BTreeMap<(usize, i64), i64> = changed
            .filter_map(|rule| Some(((*at.get(rule.rule.as_str())?, rule.before?), rule.after?)))
            .collect();
        let (mut rewritten, left) = pack.rewritten(files, &points, Some(report.proposed_version));
        let channels: BTreeMap<&str, i64> = report
            .calibration
            .channels
            .iter()
            .filter(|channel| channel.from_after != channel.from)
            .map(|channel| (channel.channel.as_str(), channel.from_after))
            .collect();
        if !channels.is_empty() {
            let manifest = rewritten.content(MANIFEST).and_then(|content| with_channels(content, &channels));
            rewritten.insert(MANIFEST, manifest.unwrap_or_default());
        }
        check(&rewritten, pack, &points, &channels, report.proposed_version)
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

const MANIFEST: &str = "pack.toml";

/// The text of a manifest in which channels have other least scores.
fn with_channels(manifest: &[u8], from: &BTreeMap<&str, i64>) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(manifest).ok()?;
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let root = DeTable::parse(&text[start..]).ok()?;
    let channels = root.get_ref().get("channels")?.get_ref().as_array()?;
    let mut after = text.to_owned();
    // From the last, so that the places of the others stay.
    for channel in channels.iter().rev() {
        let channel = channel.get_ref().as_table()?;
        if let Some(from) = channel.get("name").and_then(|name| from.get(name.get_ref().as_str()?)) {
            let span = channel.get("from")?.span();
            after.replace_range(start + span.start..start + span.end, &from.to_string());
        }
    }
    Some(after.into_bytes())
}

/// Whether the files are a pack that is the other one but for these points, where channels begin, and the version.
fn check(
    files: &PackFiles,
    before: &Pack,
    points: &BTreeMap<(usize, i64), i64>,
    channels: &BTreeMap<&str, i64>,
    version: &str,
) -> Result<(), String> {
    let after = Pack::load(files).map_err(|mistakes| mistakes.to_string())?;
    if after.version != version {
        return Err(format!("its version is {}", after.version));
    }
    for (old, new) in before.channels.iter().zip(&after.channels) {
        if new.from != *channels.get(old.name.as_str()).unwrap_or(&old.from) {
            return Err(format!("the channel `{}` begins at {}", old.name, new.from));
        }
    }
    // With the numbers of today in their places again the rule files are what they were.
    let (written, now) = (before.written_points(), after.written_points());
    if written.len() != now.len() {
        return Err("it has other numbers".to_owned());
    }
    let mut expected: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for (old, new) in written.iter().zip(&now) {
        let wanted = match old.rules[..] {
            [rule] => *points.get(&(rule, old.points)).unwrap_or(&old.points),
            _ => old.points,
        };
        if (new.points, &new.rules, new.is_chosen) != (wanted, &old.rules, old.is_chosen) {
            return Err(format!("{} stands where {wanted} should", new.points));
        }
        expected.entry(&old.place.file).or_default().push((old.place.span.clone(), new.place.span.clone()));
    }
    let text = |pack: &'_ Pack, file: &str| pack.warnings.sources.text(file).unwrap_or_default().to_owned();
    for (file, spans) in expected {
        let (old, mut new) = (text(before, file), text(&after, file));
        for (of_old, of_new) in spans.into_iter().rev() {
            new.replace_range(of_new, &old[of_old]);
        }
        if old != new {
            return Err(format!("{file} says something else"));
        }
    }
    let (mut old, mut new) = (before.meaning(), after.meaning());
    if old.rules.len() != new.rules.len() {
        return Err("it has other rules".to_owned());
    }
    for &(at, _) in points.keys() {
        new.rules[at].points = old.rules[at].points.clone();
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
        "# Proposal: {} as {}\n\nWritten by `qingfeng calibrate`. It is {} with other points, and channels that begin where as many declarations reach each; it is not in force.\n\n",
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
    let moved = calibration.channels.iter().filter(|channel| channel.from_after != channel.from);
    let moved: Vec<String> = moved
        .map(|channel| {
            let (before, after) = (channel.before * 100.0, channel.after * 100.0);
            let name = cell(&channel.channel);
            format!("| {name} | {} | {} | {before:.2} % | {after:.2} % |\n", channel.from, channel.from_after)
        })
        .collect();
    if !moved.is_empty() {
        out += "| channel | from | after | reach it by score | after |\n| --- | --: | --: | --: | --: |\n";
        out += &moved.concat();
        out.push('\n');
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
            cell(&subject(rule)),
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
