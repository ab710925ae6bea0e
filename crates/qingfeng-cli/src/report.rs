//! What `check` found, as data.

use qingfeng::Engine;
use qingfeng::rules::diagnostics::{Sources, Suppressed};
use qingfeng::rules::{Diagnostic, Edit, Fix, Label, Place, Severity};
use serde::Serialize;

use crate::render::Checked;

/// All of it.
#[derive(Serialize)]
pub struct Report<'c> {
    /// `name@version#digest`, unless the pack is invalid.
    pack: Option<String>,
    digest: Option<&'c str>,
    /// The day for which validity is judged, unless the pack is invalid.
    as_of: Option<String>,
    errors: usize,
    warnings: usize,
    notes: usize,
    diagnostics: Vec<Item<'c>>,
    suppressed: Vec<SuppressedItem<'c>>,
}

#[derive(Serialize)]
struct Item<'c> {
    code: &'static str,
    severity: Severity,
    title: &'c str,
    rule: Option<&'c str>,
    note: Option<&'c str>,
    help: Option<&'c str>,
    labels: Vec<Labelled<'c>>,
    fixes: Vec<FixItem<'c>>,
}

#[derive(Serialize)]
struct SuppressedItem<'c> {
    reason: &'c str,
    comment: Span<'c>,
    #[serde(flatten)]
    item: Item<'c>,
}

#[derive(Serialize)]
struct FixItem<'c> {
    title: &'c str,
    /// Whether `--fix` applies it.
    safe: bool,
    edits: Vec<EditItem<'c>>,
}

#[derive(Serialize)]
struct EditItem<'c> {
    #[serde(flatten)]
    span: Span<'c>,
    replacement: &'c str,
}

#[derive(Serialize)]
struct Labelled<'c> {
    #[serde(flatten)]
    span: Span<'c>,
    text: &'c str,
}

/// A place by lines and columns (in characters), both from 1; the end is the first character after it.
#[derive(Serialize)]
pub struct Span<'c> {
    pub file: &'c str,
    pub start_line: usize,
    pub start_column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

impl<'c> Report<'c> {
    /// The report on a pack.
    pub fn new(checked: &'c Checked) -> Self {
        let Checked { diagnostics, engine, as_of, .. } = checked;
        let sources = &diagnostics.sources;
        Self {
            pack: engine.as_ref().map(|engine| engine.pack_id().to_string()),
            digest: engine.as_ref().map(Engine::digest),
            as_of: as_of.filter(|_| engine.is_some()).map(|day| day.to_string()),
            errors: diagnostics.errors(),
            warnings: diagnostics.warnings(),
            notes: diagnostics.notes(),
            diagnostics: diagnostics.items.iter().map(|item| Item::new(item, sources)).collect(),
            suppressed: diagnostics
                .suppressed
                .iter()
                .map(|item| SuppressedItem::new(item, sources))
                .collect(),
        }
    }
}

impl<'c> Item<'c> {
    fn new(item: &'c Diagnostic, sources: &Sources) -> Self {
        Self {
            code: item.code.id(),
            severity: item.severity(),
            title: &item.title,
            rule: item.rule.as_deref(),
            note: item.note.as_deref(),
            help: item.help.as_deref(),
            labels: item.labels.iter().map(|label| Labelled::new(label, sources)).collect(),
            fixes: item.fixes.iter().map(|fix| FixItem::new(fix, sources)).collect(),
        }
    }
}

impl<'c> SuppressedItem<'c> {
    fn new(suppressed: &'c Suppressed, sources: &Sources) -> Self {
        Self {
            reason: &suppressed.reason,
            comment: Span::new(&suppressed.place, sources),
            item: Item::new(&suppressed.diagnostic, sources),
        }
    }
}

impl<'c> FixItem<'c> {
    fn new(fix: &'c Fix, sources: &Sources) -> Self {
        let edit = |edit: &'c Edit| EditItem {
            span: Span::new(&edit.place, sources),
            replacement: &edit.replacement,
        };
        Self { title: &fix.title, safe: fix.safe, edits: fix.edits.iter().map(edit).collect() }
    }
}

impl<'c> Labelled<'c> {
    fn new(label: &'c Label, sources: &Sources) -> Self {
        Self { span: Span::new(&label.place, sources), text: &label.text }
    }
}

impl<'c> Span<'c> {
    /// A place of a file of the pack.
    pub fn new(place: &'c Place, sources: &Sources) -> Self {
        let end = Place { file: place.file.clone(), span: place.span.end..place.span.end };
        let (start_line, start_column) = sources.line_and_column(place);
        let (end_line, end_column) = sources.line_and_column(&end);
        Self { file: &place.file, start_line, start_column, end_line, end_column }
    }
}
