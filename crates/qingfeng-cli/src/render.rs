//! The mistakes of a pack, for people and for programs.

use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use qingfeng::Engine;
use qingfeng::rules::{Diagnostic, Diagnostics, Label, Place, Severity, Sources};
use serde::Serialize;

use crate::exit::Failure;
use crate::terminal::{BOLD, ERROR, GOOD, WARNING, clean, clean_source, count, styled};

/// The hexadecimal digits of a digest that people compare.
const DIGEST_SHOWN: usize = 12;

/// A pack that was checked.
#[derive(Debug)]
pub struct Checked {
    /// Where it is.
    pub directory: PathBuf,
    /// All that is to be said of it.
    pub diagnostics: Diagnostics,
    /// The engine, unless the pack is invalid.
    pub engine: Option<Engine>,
}

impl Checked {
    /// Checks the pack in a directory.
    pub fn new(directory: &Path) -> Self {
        let (diagnostics, engine) = Engine::check(directory);
        Self { directory: directory.to_owned(), diagnostics, engine }
    }
}

/// The engine of the pack in a directory, or its mistakes as the failure of the command.
pub fn open(directory: &Path) -> Result<Engine, Failure> {
    let checked = Checked::new(directory);
    match checked.engine {
        Some(engine) => Ok(engine),
        None => Err(Failure::Pack(Box::new(checked))),
    }
}

/// The beginning of a digest, enough to compare two by eye.
pub fn short_digest(digest: &str) -> &str {
    digest.get(..DIGEST_SHOWN).unwrap_or(digest)
}

/// Each mistake drawn under the line it speaks of, and a last line with the verdict.
pub fn human(checked: &Checked) -> String {
    let renderer = Renderer::styled();
    let mut out = String::new();
    for item in &checked.diagnostics.items {
        out += &drawn(&renderer, item, &checked.diagnostics.sources, &checked.directory);
        out += "\n\n";
    }
    out += &verdict(checked);
    out.push('\n');
    out
}

/// `3 errors, 1 warning in rules/clean-wind`, or that the pack is valid.
fn verdict(checked: &Checked) -> String {
    let directory = checked.directory.display().to_string();
    let directory = clean(&directory);
    let warnings = checked.diagnostics.warnings() as u64;
    let warned = styled(WARNING, &count(warnings, "warning"));
    match &checked.engine {
        Some(engine) if checked.diagnostics.errors() == 0 => {
            let rules = count(engine.pack().rules.len() as u64, "rule");
            let with = if warnings > 0 { format!("{warned}, ") } else { String::new() };
            let valid = styled(GOOD, "valid");
            format!("{directory} is {valid}: {with}{rules}, digest {}", short_digest(engine.digest()))
        }
        _ => {
            let errors = styled(ERROR, &count(checked.diagnostics.errors() as u64, "error"));
            let with = if warnings > 0 { format!(", {warned}") } else { String::new() };
            format!("{errors}{with} in {BOLD}{directory}{BOLD:#}")
        }
    }
}

fn drawn(renderer: &Renderer, item: &Diagnostic, sources: &Sources, directory: &Path) -> String {
    let level = match item.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(clean(&item.title)).id(item.code.id());
    let mut group = Group::with_title(title);
    // Labels of one file are drawn on one piece of it; the file of the mistake itself comes first.
    let mut files: Vec<&str> = Vec::new();
    for label in &item.labels {
        if !files.contains(&&*label.place.file) {
            files.push(&label.place.file);
        }
    }
    for file in files {
        let path = directory.join(file).display().to_string();
        let path = clean(&path).into_owned();
        match sources.text(file).filter(|text| !text.is_empty()) {
            None => group = group.element(Origin::path(path)),
            Some(text) => {
                let labels: Vec<&Label> =
                    item.labels.iter().filter(|label| &*label.place.file == file).collect();
                let window = window(text, &labels);
                let line = text[..window.start].matches('\n').count() + 1;
                let annotations = labels
                    .into_iter()
                    .map(|label| annotation(label, text, &window, label == &item.labels[0]));
                let source = clean_source(&text[window.clone()]);
                let snippet = Snippet::source(source).line_start(line).path(path);
                group = group.element(snippet.annotations(annotations));
            }
        }
    }
    if let Some(help) = &item.help {
        group = group.element(Level::HELP.message(clean(help)));
    }
    renderer.render(&[group])
}

/// The whole lines that the labels are in. Drawing takes time with all the text it is given.
fn window(text: &str, labels: &[&Label]) -> Range<usize> {
    let spans = || labels.iter().map(|label| span(label, text));
    let start = spans().map(|span| span.start).min().unwrap_or(0);
    let end = spans().map(|span| span.end).max().unwrap_or(0);
    // What is missing at the end of a file is told at the last line that has something.
    let start = if text[start..].trim().is_empty() { text[..start].trim_end().len() } else { start };
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
    line_start..line_end
}

/// The bytes that a label means, within the text.
fn span(label: &Label, text: &str) -> Range<usize> {
    let at = |byte: usize| text.floor_char_boundary(byte.min(text.len()));
    let start = at(label.place.span.start);
    start..at(label.place.span.end).max(start)
}

fn annotation<'l>(label: &'l Label, text: &str, window: &Range<usize>, primary: bool) -> Annotation<'l> {
    let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
    let span = span(label, text);
    let annotation = kind.span(span.start - window.start..span.end - window.start);
    if label.text.is_empty() { annotation } else { annotation.label(clean(&label.text)) }
}

/// One line for each mistake, for editors and other programs that read lines.
pub fn plain(checked: &Checked) -> String {
    let mut out = String::new();
    for item in &checked.diagnostics.items {
        out += &clean(&checked.diagnostics.line(item));
        out.push('\n');
    }
    out
}

/// All of it as data.
#[derive(Serialize)]
pub struct Report<'c> {
    /// `name@version#digest`, unless the pack is invalid.
    pack: Option<String>,
    digest: Option<&'c str>,
    errors: usize,
    warnings: usize,
    diagnostics: Vec<Item<'c>>,
}

#[derive(Serialize)]
struct Item<'c> {
    code: &'static str,
    severity: Severity,
    title: &'c str,
    help: Option<&'c str>,
    labels: Vec<Span<'c>>,
}

/// A place by lines and columns (in characters), both from 1; the end is the first character after it.
#[derive(Serialize)]
struct Span<'c> {
    file: &'c str,
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
    text: &'c str,
}

impl<'c> Report<'c> {
    /// The report on a pack.
    pub fn new(checked: &'c Checked) -> Self {
        let Checked { diagnostics, engine, .. } = checked;
        Self {
            pack: engine.as_ref().map(|engine| engine.pack_id().to_string()),
            digest: engine.as_ref().map(Engine::digest),
            errors: diagnostics.errors(),
            warnings: diagnostics.warnings(),
            diagnostics: diagnostics.items.iter().map(|item| Item::new(item, &diagnostics.sources)).collect(),
        }
    }
}

impl<'c> Item<'c> {
    fn new(item: &'c Diagnostic, sources: &Sources) -> Self {
        Self {
            code: item.code.id(),
            severity: item.severity(),
            title: &item.title,
            help: item.help.as_deref(),
            labels: item.labels.iter().map(|label| Span::new(label, sources)).collect(),
        }
    }
}

impl<'c> Span<'c> {
    fn new(label: &'c Label, sources: &Sources) -> Self {
        let Label { place, text } = label;
        let end = Place { file: place.file.clone(), span: place.span.end..place.span.end };
        let (start_line, start_column) = sources.line_and_column(place);
        let (end_line, end_column) = sources.line_and_column(&end);
        Self { file: &place.file, start_line, start_column, end_line, end_column, text }
    }
}
