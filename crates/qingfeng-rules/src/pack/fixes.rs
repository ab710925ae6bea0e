//! Applying fixes to the files of a pack.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::files::{BYTE_ORDER_MARK, PackFiles};
use crate::diagnostic::{Code, Diagnostics, Edit, Fix, Place};

/// A fix that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// The mistake that it mends.
    pub code: Code,
    /// Where the first of its changes was made, in the files as they were.
    pub place: Place,
    /// What it does.
    pub title: String,
}

impl Diagnostics {
    /// Applies the safe fixes of these mistakes to the files that they were found in.
    ///
    /// An edit that several mistakes ask for is made once: those of rules made in a loop do. Of fixes that would
    /// change the same piece of a file in different ways the first is applied. A byte order mark and line ends stay
    /// as they are.
    ///
    /// ```
    /// use qingfeng_rules::{Pack, PackFiles};
    ///
    /// # let mut files = PackFiles::default();
    /// # let manifest = "[pack]\nname = \"demo\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0";
    /// # files.insert("pack.toml", manifest.as_bytes().to_vec());
    /// files.insert("a.rhai", br#"rule("R", #{ title: "t", when: |d| d.unit_vale < 300.0 });"#.to_vec());
    /// let mistakes = Pack::load(&files).unwrap_err();
    /// let applied = mistakes.apply_safe_fixes(&mut files);
    /// assert_eq!(applied[0].title, "write `unit_value`");
    /// assert!(Pack::load(&files).is_ok());
    /// ```
    pub fn apply_safe_fixes(&self, files: &mut PackFiles) -> Vec<Applied> {
        let mut accepted: BTreeMap<Arc<str>, Accepted<'_>> = BTreeMap::new();
        let mut applied = Vec::new();
        let mut unchanged = BTreeMap::new();
        for item in &self.items {
            let Some(fix) = item.fixes.iter().find(|fix| fix.safe && !fix.edits.is_empty()) else { continue };
            let state = |edit: &Edit| {
                accepted.get(&edit.place.file).map_or(State::Free, |accepted| accepted.state(edit))
            };
            let new: Vec<&Edit> = fix.edits.iter().filter(|edit| state(edit) != State::Accepted).collect();
            let possible = fix
                .edits
                .iter()
                .all(|edit| state(edit) != State::Taken && self.can_be_made(edit, &mut unchanged, files));
            if new.is_empty() || !possible || overlaps_itself(fix) {
                continue;
            }
            applied.push(Applied {
                code: item.code,
                place: fix.edits[0].place.clone(),
                title: fix.title.clone(),
            });
            for edit in new {
                accepted.entry(edit.place.file.clone()).or_default().0.insert(edit.place.span.start, edit);
            }
        }
        for (file, Accepted(edits)) in accepted {
            let Some(before) = self.sources.text(&file) else { continue };
            let line_end = if before.contains("\r\n") { "\r\n" } else { "\n" };
            let mut after = String::with_capacity(before.len());
            let mut done = 0;
            for edit in edits.into_values() {
                after += &before[done..edit.place.span.start];
                after += &edit.replacement.replace('\n', line_end);
                done = edit.place.span.end;
            }
            after += &before[done..];
            let marked =
                files.content(&file).is_some_and(|content| content.starts_with(BYTE_ORDER_MARK.as_bytes()));
            let mark = if marked { BYTE_ORDER_MARK } else { "" };
            files.insert(file.as_ref(), format!("{mark}{after}").into_bytes());
        }
        applied
    }

    /// Whether the file is one of the pack and has the text that the edit was made for. Which files have is remembered.
    fn can_be_made(&self, edit: &Edit, unchanged: &mut BTreeMap<Arc<str>, bool>, files: &PackFiles) -> bool {
        let file = &edit.place.file;
        let Some(text) = self.sources.text(file) else { return false };
        let is_unchanged = *unchanged.entry(file.clone()).or_insert_with(|| {
            let content = files.content(file);
            content.is_some_and(|content| {
                content.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(content) == text.as_bytes()
            })
        });
        is_unchanged && text.get(edit.place.span.clone()).is_some()
    }
}

/// The edits of one file that will be made, by their starts. They do not overlap.
#[derive(Default)]
struct Accepted<'e>(BTreeMap<usize, &'e Edit>);

#[derive(Clone, Copy, PartialEq)]
enum State {
    Free,
    Accepted,
    /// Another edit takes this place.
    Taken,
}

impl Accepted<'_> {
    fn state(&self, edit: &Edit) -> State {
        let span = &edit.place.span;
        if let Some(other) = self.0.get(&span.start) {
            return if *other == edit { State::Accepted } else { State::Taken };
        }
        let before = self.0.range(..span.start).next_back();
        let after = self.0.range(span.start..).next();
        let taken = before.is_some_and(|(_, other)| other.place.span.end > span.start)
            || after.is_some_and(|(&start, _)| start < span.end);
        if taken { State::Taken } else { State::Free }
    }
}

fn overlaps_itself(fix: &Fix) -> bool {
    let mut edits: Vec<&Edit> = fix.edits.iter().collect();
    edits.sort_by_key(|edit| (edit.place.file.clone(), edit.place.span.start));
    edits.windows(2).any(|pair| {
        let (first, second) = (&pair[0].place, &pair[1].place);
        first.file == second.file
            && (second.span.start < first.span.end || second.span.start == first.span.start)
    })
}
