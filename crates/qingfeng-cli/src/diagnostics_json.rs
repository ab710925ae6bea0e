//! The mistakes of a pack as data.

use qingfeng::Engine;
use qingfeng::rules::diagnostics::Sources;
use qingfeng::rules::{Diagnostic, Diagnostics, Place};
use serde::Serialize;

use crate::record::record;
use crate::render::Checked;

/// A place by lines and columns (in characters), both from 1; the end is the first character after it.
#[derive(Serialize)]
pub struct Span<'c> {
    pub file: &'c str,
    pub start_line: usize,
    pub start_column: usize,
    pub end_line: usize,
    pub end_column: usize,
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

/// All that `check` found. Pack and day are those of a valid pack.
pub fn report(checked: &Checked) -> impl Serialize + use<'_> {
    let Checked { diagnostics, engine, as_of, .. } = checked;
    let sources = &diagnostics.sources;
    let suppressed = diagnostics.suppressed.iter().map(|suppressed| {
        record!({
            reason: &suppressed.reason,
            comment: Span::new(&suppressed.place, sources),
            #[serde(flatten)]
            item: item(&suppressed.diagnostic, sources),
        })
    });
    record!({
        pack: engine.as_ref().map(|engine| engine.pack_id().to_string()),
        digest: engine.as_ref().map(Engine::digest),
        as_of: as_of.filter(|_| engine.is_some()).map(|day| day.to_string()),
        errors: diagnostics.errors(),
        warnings: diagnostics.warnings(),
        notes: diagnostics.notes(),
        diagnostics: items(diagnostics),
        suppressed: suppressed.collect::<Vec<_>>(),
    })
}

pub fn items(diagnostics: &Diagnostics) -> Vec<impl Serialize + use<'_>> {
    diagnostics.items.iter().map(|diagnostic| item(diagnostic, &diagnostics.sources)).collect()
}

fn item<'c>(item: &'c Diagnostic, sources: &Sources) -> impl Serialize + use<'c> {
    let labels = item.labels.iter().map(|label| {
        record!({
            #[serde(flatten)]
            span: Span::new(&label.place, sources),
            text: &label.text,
        })
    });
    let fixes = item.fixes.iter().map(|fix| {
        let edits = fix.edits.iter().map(|edit| {
            record!({
                #[serde(flatten)]
                span: Span::new(&edit.place, sources),
                replacement: &edit.replacement,
            })
        });
        // `--fix` applies those that are safe.
        record!({ title: &fix.title, safe: fix.safe, edits: edits.collect::<Vec<_>>() })
    });
    record!({
        code: item.code.id(),
        severity: item.severity(),
        title: &item.title,
        rule: item.rule.as_deref(),
        note: item.note.as_deref(),
        help: item.help.as_deref(),
        labels: labels.collect::<Vec<_>>(),
        fixes: fixes.collect::<Vec<_>>(),
    })
}
