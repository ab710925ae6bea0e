//! The mistakes of a pack as data, in the form that `qingfeng check --format json` gives them; a test compares the two.

use qingfeng::rules::diagnostics::Sources;
use qingfeng::rules::{Diagnostics, Place};
use serde::Serialize;

/// A place by lines and columns (in characters), both from 1; the end is the first character after it.
#[derive(Serialize)]
struct Span<'d> {
    file: &'d str,
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct Label<'d> {
    #[serde(flatten)]
    span: Span<'d>,
    text: &'d str,
}

#[derive(Serialize)]
struct Edit<'d> {
    #[serde(flatten)]
    span: Span<'d>,
    replacement: &'d str,
}

#[derive(Serialize)]
struct Fix<'d> {
    title: &'d str,
    safe: bool,
    edits: Vec<Edit<'d>>,
}

/// One mistake.
#[derive(Serialize)]
pub struct Mistake<'d> {
    code: &'d str,
    severity: qingfeng::rules::Severity,
    title: &'d str,
    rule: Option<&'d str>,
    note: Option<&'d str>,
    help: Option<&'d str>,
    labels: Vec<Label<'d>>,
    fixes: Vec<Fix<'d>>,
}

fn span<'d>(place: &'d Place, sources: &Sources) -> Span<'d> {
    let end = Place { file: place.file.clone(), span: place.span.end..place.span.end };
    let (start_line, start_column) = sources.line_and_column(place);
    let (end_line, end_column) = sources.line_and_column(&end);
    Span { file: &place.file, start_line, start_column, end_line, end_column }
}

/// All of them, in their order.
pub fn mistakes(diagnostics: &Diagnostics) -> Vec<Mistake<'_>> {
    let sources = &diagnostics.sources;
    let items = diagnostics.items.iter().map(|item| {
        let labels = item.labels.iter();
        let fixes = item.fixes.iter().map(|fix| {
            let edits = fix.edits.iter();
            let edits =
                edits.map(|edit| Edit { span: span(&edit.place, sources), replacement: &edit.replacement });
            Fix { title: &fix.title, safe: fix.safe, edits: edits.collect() }
        });
        Mistake {
            code: item.code.id(),
            severity: item.severity(),
            title: &item.title,
            rule: item.rule.as_deref(),
            note: item.note.as_deref(),
            help: item.help.as_deref(),
            labels: labels
                .map(|label| Label { span: span(&label.place, sources), text: &label.text })
                .collect(),
            fixes: fixes.collect(),
        }
    });
    items.collect()
}
