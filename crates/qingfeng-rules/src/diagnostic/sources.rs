//! The texts that diagnostics point into.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::Place;

/// The texts of a pack's files, so that a diagnostic can show the line it points at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    texts: BTreeMap<Arc<str>, Source>,
}

#[derive(Clone, Debug)]
struct Source {
    text: Arc<str>,
    /// Where lines begin. A file may have thousands of mistakes.
    line_starts: OnceLock<Vec<usize>>,
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Sources {
    /// Keeps the text of a file and gives back its name, shared.
    pub fn insert(&mut self, file: &str, text: &str) -> Arc<str> {
        self.share(file, text.into())
    }

    /// Keeps the text of a file that others have too.
    pub(crate) fn share(&mut self, file: &str, text: Arc<str>) -> Arc<str> {
        let name: Arc<str> = file.into();
        self.texts.insert(Arc::clone(&name), Source { text, line_starts: OnceLock::new() });
        name
    }

    /// The names of the files, in order.
    pub fn files(&self) -> impl Iterator<Item = Arc<str>> + '_ {
        self.texts.keys().cloned()
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.texts.extend(other.texts);
    }

    /// The text of a file.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.texts.get(file).map(|source| &*source.text)
    }

    /// All files with their texts, in the order of their paths.
    pub(super) fn all(&self) -> Vec<(Arc<str>, Arc<str>)> {
        self.texts.iter().map(|(file, source)| (file.clone(), source.text.clone())).collect()
    }

    /// Where a place begins: `file:line:column`.
    pub fn located(&self, place: &Place) -> String {
        let (line, column) = self.line_and_column(place);
        format!("{}:{line}:{column}", place.file)
    }

    /// The line and the column (in characters) of the start of a place, both counted from 1.
    pub fn line_and_column(&self, place: &Place) -> (usize, usize) {
        let Some(Source { text, line_starts }) = self.texts.get(&place.file) else { return (1, 1) };
        let starts = line_starts.get_or_init(|| {
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
        });
        let at = text.floor_char_boundary(place.span.start);
        let line = starts.partition_point(|&start| start <= at);
        let start = starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        (line.max(1), text[start..at].chars().count() + 1)
    }
}
