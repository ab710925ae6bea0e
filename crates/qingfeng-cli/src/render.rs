//! Opening packs, and their mistakes for people.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};
use qingfeng::rules::diagnostics::Sources;
use qingfeng::rules::internals::suggestion;
use qingfeng::rules::{Date, Diagnostic, Diagnostics, Edit, Fix, Label, Pack, PackFiles, Place, Severity};
use qingfeng::{Engine, OpenedPack};
use qingfeng_store::StoreLookups;

use crate::exit::Failure;
use crate::numbers::{self, count};
use crate::studies::StudyError;
use crate::terminal::{self, BOLD, ERROR, GOOD, WARNING, clean, clean_source, styled};

/// The hexadecimal digits of a digest that people compare.
const DIGEST_SHOWN: usize = 12;

/// The mistakes of a pack that are drawn at most.
const DRAWN_MAX: usize = 200;

/// A pack that was checked.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Where it is.
    pub directory: PathBuf,
    /// All that is to be said of it.
    pub diagnostics: Diagnostics,
    /// The engine, unless the pack is invalid.
    pub engine: Option<Engine>,
    /// The day for which validity was judged, if it was.
    pub as_of: Option<Date>,
    /// Whether people are shown notes too. A sound pack may have many, and they change no answer.
    pub notes_shown: bool,
}

impl Checked {
    pub fn new(directory: &Path, lookups: &StoreLookups) -> Self {
        let checked = Engine::builder().directory(directory).lookups(lookups).check();
        Self { engine: checked.opened, ..Self::of(directory, checked.diagnostics) }
    }

    /// The mistakes of the pack in a directory.
    pub fn of(directory: &Path, diagnostics: Diagnostics) -> Self {
        Self { directory: directory.to_owned(), diagnostics, engine: None, as_of: None, notes_shown: false }
    }

    fn engine(mut self) -> Result<Engine, Failure> {
        self.engine.take().ok_or_else(|| Failure::Pack(human(&self)))
    }
}

/// The engine of the pack in a directory, or its mistakes as the failure of the command.
pub fn open(directory: &Path, lookups: &StoreLookups) -> Result<Engine, Failure> {
    let start = Instant::now();
    let engine = Checked::new(directory, lookups).engine()?;
    terminal::detail(|| {
        let rules = count(engine.pack().rules.len() as u64, "rule");
        let (name, seconds) = (clean(engine.pack_id()).into_owned(), start.elapsed().as_secs_f64());
        format!("Opened {name}: {rules}, {seconds:.2} s")
    });
    Ok(engine)
}

/// The same for the tests of the pack.
pub fn open_for_tests(directory: &Path) -> Result<Engine, Failure> {
    let checked = Engine::builder().directory(directory).for_tests().check();
    Checked { engine: checked.opened, ..Checked::of(directory, checked.diagnostics) }.engine()
}

/// The mistakes of the pack in a directory as the failure of the command.
pub fn invalid(directory: &Path, diagnostics: &Diagnostics) -> Failure {
    Failure::Pack(human(&Checked::of(directory, diagnostics.clone())))
}

/// The pack for its inspection policy alone: its store of lookups is not asked.
pub fn open_policy(directory: &Path) -> Result<OpenedPack, Failure> {
    OpenedPack::open(directory).map_err(|error| invalid(directory, error.diagnostics()))
}

/// The pack in a directory, without its lookup tables.
pub fn load_pack(directory: &Path) -> Result<Pack, Failure> {
    Pack::load(&PackFiles::read(directory))
        .map_err(|diagnostics| Failure::Pack(human(&Checked::of(directory, diagnostics))))
}

pub fn rule_position(pack: &Pack, id: &str) -> Result<usize, StudyError> {
    pack.rules.iter().position(|rule| rule.id == id).ok_or_else(|| {
        let ids = pack.rules.iter().map(|rule| rule.id.as_str());
        StudyError::Asked(format!("there is no rule `{id}`; {}", suggestion(id, ids)))
    })
}

/// The days on which a rule is in force, where they are bounded.
pub fn validity(from: Option<Date>, until: Option<Date>) -> String {
    match (from, until) {
        (None, None) => String::new(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("{from} to {until}"),
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
    let is_shown = |item: &&Diagnostic| checked.notes_shown || item.severity() != Severity::Note;
    // Errors first where not all are drawn: without them nothing else matters.
    let shown: Vec<&Diagnostic> = checked.diagnostics.items.iter().filter(is_shown).collect();
    let is_error = |item: &&&Diagnostic| item.severity() == Severity::Error;
    let (errors, rest) = (shown.iter().filter(is_error), shown.iter().filter(|item| !is_error(item)));
    let drawn_items: Vec<&&Diagnostic> = if shown.len() > DRAWN_MAX {
        errors.chain(rest).take(DRAWN_MAX).collect()
    } else {
        shown.iter().collect()
    };
    for item in &drawn_items {
        out += &drawn(&renderer, item, &checked.diagnostics.sources, &checked.directory);
        out += "\n\n";
    }
    out += &numbers::more("", shown.len() as u64, drawn_items.len(), " (--format json has all)\n");
    out += &verdict(checked);
    out.push('\n');
    out
}

/// `3 errors, 1 warning in rules/clean-wind`, or that the pack is valid.
fn verdict(checked: &Checked) -> String {
    let Checked { diagnostics, engine, .. } = checked;
    let directory = checked.directory.display().to_string();
    let directory = clean(&directory);
    let warnings = styled(WARNING, &count(diagnostics.warnings() as u64, "warning"));
    let hint = if checked.notes_shown { "" } else { " (see them with --notes)" };
    let notes = count(diagnostics.notes() as u64, "note") + hint;
    let suppressed = format!("{} suppressed", diagnostics.suppressed.len());
    let counts = [
        (diagnostics.warnings(), warnings),
        (diagnostics.notes(), notes),
        (diagnostics.suppressed.len(), suppressed),
    ];
    let mut counts: Vec<String> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
    match engine {
        Some(engine) if diagnostics.errors() == 0 => {
            counts.push(count(engine.pack().rules.len() as u64, "rule"));
            let valid = styled(GOOD, "valid");
            let digest = short_digest(engine.digest());
            format!("{directory} is {valid}: {}, digest {digest}", counts.join(", "))
        }
        _ => {
            counts.insert(0, styled(ERROR, &count(diagnostics.errors() as u64, "error")));
            format!("{} in {BOLD}{directory}{BOLD:#}", counts.join(", "))
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
    for (file, labels) in by_file(&item.labels, |label| &label.place) {
        let path = path(directory, file);
        let spans: Vec<Range<usize>> = labels.iter().map(|label| label.place.span.clone()).collect();
        match sources.text(file).filter(|text| !text.is_empty()) {
            None => group = group.element(Origin::path(path)),
            Some(text) => {
                let window = window(text, &spans);
                let annotations = labels
                    .into_iter()
                    .map(|label| annotation(label, text, &window, label == &item.labels[0]));
                let line = first_line(sources, file, window.start);
                group = group.element(snippet(text, &window, line, path).annotations(annotations));
            }
        }
    }
    if let Some(note) = &item.note {
        group = group.element(Level::NOTE.message(clean(note)));
    }
    // The remedy stands above the change that makes it, if there is but one.
    let remedy = item.help.as_deref().filter(|_| item.fixes.len() == 1);
    if let (Some(help), None) = (&item.help, remedy) {
        group = group.element(Level::HELP.message(clean(help)));
    }
    let mut groups = vec![group];
    groups.extend(item.fixes.iter().map(|fix| change(fix, remedy.unwrap_or(&fix.title), sources, directory)));
    renderer.render(&groups)
}

/// A change as the lines that it gives.
fn change<'d>(fix: &'d Fix, title: &'d str, sources: &'d Sources, directory: &Path) -> Group<'d> {
    let mut group = Group::with_title(Level::HELP.secondary_title(clean(title)));
    for (file, edits) in by_file(&fix.edits, |edit: &Edit| &edit.place) {
        let Some(text) = sources.text(file).filter(|text| !text.is_empty()) else { continue };
        let spans: Vec<Range<usize>> = edits.iter().map(|edit| edit.place.span.clone()).collect();
        let window = window(text, &spans);
        let patches = edits.into_iter().map(|edit| {
            let span = within(&edit.place.span, text);
            Patch::new(span.start - window.start..span.end - window.start, clean_source(&edit.replacement))
        });
        let line = first_line(sources, file, window.start);
        group = group.element(snippet(text, &window, line, path(directory, file)).patches(patches));
    }
    group
}

/// What belongs to each file, in the order in which the files come.
pub fn by_file<'d, T>(items: &'d [T], place: impl Fn(&'d T) -> &'d Place) -> Vec<(&'d Arc<str>, Vec<&'d T>)> {
    let mut files: Vec<(&Arc<str>, Vec<&T>)> = Vec::new();
    for item in items {
        let file = &place(item).file;
        match files.iter_mut().find(|(known, _)| *known == file) {
            Some((_, items)) => items.push(item),
            None => files.push((file, vec![item])),
        }
    }
    files
}

/// The number of the line in which a byte of a file is.
fn first_line(sources: &Sources, file: &Arc<str>, at: usize) -> usize {
    sources.line_and_column(&Place { file: file.clone(), span: at..at }).0
}

fn path(directory: &Path, file: &str) -> String {
    clean(&directory.join(file).display().to_string()).into_owned()
}

fn snippet<'t, T: Clone>(text: &'t str, window: &Range<usize>, line: usize, path: String) -> Snippet<'t, T> {
    Snippet::source(clean_source(&text[window.clone()])).line_start(line).path(path)
}

/// The whole lines that the spans are in. Drawing takes time with all the text it is given.
fn window(text: &str, spans: &[Range<usize>]) -> Range<usize> {
    let spans = || spans.iter().map(|span| within(span, text));
    let start = spans().map(|span| span.start).min().unwrap_or(0);
    let end = spans().map(|span| span.end).max().unwrap_or(0);
    // What is missing at the end of a file is reported at the last line that has something.
    let start = if text[start..].trim().is_empty() { text[..start].trim_end().len() } else { start };
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
    line_start..line_end
}

/// The bytes of a span, within the text.
fn within(span: &Range<usize>, text: &str) -> Range<usize> {
    let at = |byte: usize| text.floor_char_boundary(byte.min(text.len()));
    let start = at(span.start);
    start..at(span.end).max(start)
}

fn annotation<'l>(label: &'l Label, text: &str, window: &Range<usize>, primary: bool) -> Annotation<'l> {
    let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
    let span = within(&label.place.span, text);
    let annotation = kind.span(span.start - window.start..span.end - window.start);
    if label.text.is_empty() { annotation } else { annotation.label(clean(&label.text)) }
}

/// One line for each mistake, for editors and other programs that read lines.
pub fn plain(checked: &Checked) -> String {
    let found = &checked.diagnostics;
    found.items.iter().map(|item| format!("{}\n", clean(&found.line(item)))).collect()
}
