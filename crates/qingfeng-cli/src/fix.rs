//! `check --fix`: what is certain is corrected in the files.
//!
//! All is tried in memory first: nothing is written that would not make a pack better.

use std::collections::BTreeSet;
use std::path::Path;

use qingfeng::rules::diagnostics::Applied;
use qingfeng::rules::{Diagnostic, Diagnostics, Pack, PackFiles, Rule};

use crate::edits::Change;
use crate::numbers::{count, grouped};
use crate::terminal::{GOOD, WARNING, clean, styled};

/// How often a pack is loaded at most to find out what can be corrected.
const LOADS_MAX: usize = 400;

/// How many corrections are listed; a diff shows all.
const LISTED_MAX: usize = 50;

/// What correcting a pack comes to.
pub struct Outcome {
    before: PackFiles,
    after: PackFiles,
    /// What is corrected, each with the file and the line as they were when it was found.
    applied: Vec<(Applied, usize)>,
    errors_before: usize,
    /// How many errors the files of the pack have then; lookup tables aside.
    pub errors_after: usize,
    /// How many errors there would have been if that was more than before.
    refused: Option<usize>,
}

/// Finds out what can be corrected in the pack in a directory.
///
/// A correction is made only if it leaves strictly fewer errors, and of a pack that loads only if that means the same
/// afterwards. Each is tried by itself: what two of them leave does not say which was right.
pub fn plan(directory: &Path) -> Outcome {
    let before = PackFiles::read(directory);
    let first = State::of(before.clone());
    let errors_before = first.mistakes.errors();
    let (mut now, mut applied) = (first, Vec::new());
    let (mut refused, mut errors_refused) = (BTreeSet::new(), None);
    let mut loads = 0;
    loop {
        let is_candidate =
            |item: &&Diagnostic| item.fixes.iter().any(|fix| fix.safe) && !refused.contains(&key(item));
        let Some(tried) = now.mistakes.items.iter().find(is_candidate).filter(|_| loads < LOADS_MAX) else {
            break;
        };
        loads += 1;
        match now.corrected(tried) {
            Ok((better, more)) => {
                applied.extend(more.into_iter().map(|applied| {
                    let (line, _) = now.mistakes.sources.line_and_column(&applied.place);
                    (applied, line)
                }));
                now = better;
            }
            Err(errors) => {
                errors_refused = errors.or(errors_refused);
                refused.insert(key(tried));
            }
        }
    }
    let errors_after = now.mistakes.errors();
    let refused = errors_refused.filter(|_| applied.is_empty());
    Outcome { before, after: now.files, applied, errors_before, errors_after, refused }
}

/// What a correction is known by while the files change around it.
fn key(item: &Diagnostic) -> (String, String, String) {
    let file = item.labels.first().map(|label| label.place.file.to_string()).unwrap_or_default();
    (item.code.id().to_owned(), file, item.title.clone())
}

/// Files of a pack, what is wrong with them, and the pack, if it loads.
struct State {
    files: PackFiles,
    mistakes: Diagnostics,
    pack: Option<Pack>,
}

impl State {
    fn of(files: PackFiles) -> Self {
        let (pack, mut mistakes) = match Pack::load(&files) {
            Ok(pack) => {
                let warnings = pack.warnings.clone();
                (Some(pack), warnings)
            }
            Err(mistakes) => (None, mistakes),
        };
        // Without what comments allow.
        mistakes.suppress(|_| false);
        Self { files, mistakes, pack }
    }

    /// The files with the correction of a mistake; if they are no better with it, how many errors they have then, if more
    /// than before.
    fn corrected(&self, mistake: &Diagnostic) -> Result<(Self, Vec<Applied>), Option<usize>> {
        let mut asked = self.mistakes.clone();
        asked.items = vec![mistake.clone()];
        let mut files = self.files.clone();
        let applied = asked.apply_safe_fixes(&mut files);
        if applied.is_empty() {
            return Err(None);
        }
        let after = Self::of(files);
        let (errors_before, errors) = (self.mistakes.errors(), after.mistakes.errors());
        let is_better = match &self.pack {
            None => errors < errors_before,
            Some(pack) => {
                let fewer = after.mistakes.items.len() < self.mistakes.items.len();
                fewer && after.pack.as_ref().is_some_and(|after| means_the_same(pack, after))
            }
        };
        if is_better {
            Ok((after, applied))
        } else {
            Err(Some(errors).filter(|errors| *errors > errors_before))
        }
    }
}

/// Whether two packs give the same answers; what they say of rules aside.
pub fn means_the_same(a: &Pack, b: &Pack) -> bool {
    let of_rule = |rule: &Rule| {
        let keys = (rule.region.clone(), rule.commodity.clone(), rule.mode.clone(), rule.site.clone());
        (
            rule.id.clone(),
            keys,
            rule.from,
            rule.until,
            rule.status,
            rule.at_least,
            rule.at_most,
            rule.tags.clone(),
        )
    };
    a.rules.len() == b.rules.len()
        && a.rules.iter().zip(&b.rules).all(|(a, b)| of_rule(a) == of_rule(b))
        && a.meaning() == b.meaning()
        && a.is_of_the_same_data(b)
}

impl Outcome {
    /// The files that change.
    pub fn changes(&self) -> Vec<Change<'_>> {
        let change = |file| {
            let (before, after) = (self.before.content(file)?, self.after.content(file)?);
            (before != after).then_some(Change { file, before, after })
        };
        self.before.paths().filter_map(change).collect()
    }
}

/// What was corrected, or would be: `2 mistakes were corrected in harbour/a.rhai`, and each of them.
pub fn told(outcome: &Outcome, verb: &str) -> String {
    if let Some(refused) = outcome.refused {
        let than = count(outcome.errors_before as u64, "error");
        return format!(
            "{}: what could be corrected would leave {} in the place of {than}, so nothing is changed\n",
            styled(WARNING, "not corrected"),
            count(refused as u64, "error")
        );
    }
    if outcome.applied.is_empty() {
        return "Nothing can be corrected with certainty.\n".to_owned();
    }
    let mut told = String::new();
    for (applied, line) in outcome.applied.iter().take(LISTED_MAX) {
        told += &format!(
            "{}:{line}: {} {}\n",
            clean(&applied.place.file),
            applied.code.id(),
            clean(&applied.title)
        );
    }
    if let more @ 1.. = outcome.applied.len().saturating_sub(LISTED_MAX) {
        told += &format!("and {} more\n", grouped(more as u64));
    }
    let mistakes = count(outcome.applied.len() as u64, "mistake");
    let files = count(outcome.changes().len() as u64, "file");
    let verb = if outcome.applied.len() == 1 { verb.replace("were", "was") } else { verb.to_owned() };
    told += &styled(GOOD, &format!("{mistakes} {verb} corrected in {files}"));
    told.push('\n');
    told
}
