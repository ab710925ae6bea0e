//! Mistakes as data that needs no source text: what `check --format json` prints, and every other way out of the engine gives.

use serde::Serialize;

use super::{Diagnostic, Diagnostics, Place, Severity, Sources};

/// A place by lines and columns (in characters), both from 1; the end is the first character after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlaceData<'d> {
    /// The file's path within the pack.
    pub file: &'d str,
    /// The first line.
    pub start_line: usize,
    /// The column of its first character.
    pub start_column: usize,
    /// The last line.
    pub end_line: usize,
    /// The column after the last character.
    pub end_column: usize,
}

impl<'d> PlaceData<'d> {
    /// A place in one of these texts.
    pub fn new(place: &'d Place, sources: &Sources) -> Self {
        let end = Place { file: place.file.clone(), span: place.span.end..place.span.end };
        let (start_line, start_column) = sources.line_and_column(place);
        let (end_line, end_column) = sources.line_and_column(&end);
        Self { file: &place.file, start_line, start_column, end_line, end_column }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct LabelData<'d> {
    #[serde(flatten)]
    place: PlaceData<'d>,
    text: &'d str,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct EditData<'d> {
    #[serde(flatten)]
    place: PlaceData<'d>,
    replacement: &'d str,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct FixData<'d> {
    title: &'d str,
    /// `check --fix` applies those that are safe.
    safe: bool,
    edits: Vec<EditData<'d>>,
}

/// A mistake with its places by lines and columns. It is made to be serialised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiagnosticData<'d> {
    code: &'d str,
    severity: Severity,
    title: &'d str,
    rule: Option<&'d str>,
    note: Option<&'d str>,
    help: Option<&'d str>,
    labels: Vec<LabelData<'d>>,
    fixes: Vec<FixData<'d>>,
}

impl<'d> DiagnosticData<'d> {
    /// A mistake whose places are in these texts.
    pub fn new(item: &'d Diagnostic, sources: &Sources) -> Self {
        let place = |place| PlaceData::new(place, sources);
        let labels =
            item.labels.iter().map(|label| LabelData { place: place(&label.place), text: &label.text });
        let fixes = item.fixes.iter().map(|fix| {
            let edits = fix.edits.iter();
            let edits =
                edits.map(|edit| EditData { place: place(&edit.place), replacement: &edit.replacement });
            FixData { title: &fix.title, safe: fix.safe, edits: edits.collect() }
        });
        Self {
            code: item.code.id(),
            severity: item.severity(),
            title: &item.title,
            rule: item.rule.as_deref(),
            note: item.note.as_deref(),
            help: item.help.as_deref(),
            labels: labels.collect(),
            fixes: fixes.collect(),
        }
    }
}

impl Diagnostics {
    /// All of them, in their order.
    pub fn data(&self) -> Vec<DiagnosticData<'_>> {
        self.items.iter().map(|item| DiagnosticData::new(item, &self.sources)).collect()
    }
}
