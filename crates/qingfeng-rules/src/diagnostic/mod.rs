//! Mistakes in a pack, as data: a code, a title, the places, and the remedy.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

mod codes;
mod comments;
mod data;
mod pages;
mod repair;
mod sources;
mod suppression;

pub use codes::Code;
pub use data::{DiagnosticData, PlaceData};
pub use pages::{EXAMPLE_PACK, Page};
pub(crate) use repair::{parameter_around, quote_numbers, rewrite_day};
pub use sources::Sources;
pub use suppression::Suppressed;
use suppression::Suppression;

/// How much a mistake weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The pack is invalid.
    Error,
    /// The pack can be used, but may not do what is meant.
    Warning,
    /// Advice, on speed for one. Fails nothing unless it is asked for.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// A place in a file of the pack.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Place {
    /// The file's path within the pack, with `/` between its parts.
    pub file: Arc<str>,
    /// The bytes of the file that are meant.
    pub span: Range<usize>,
}

/// A place and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Label {
    /// The place.
    pub place: Place,
    /// What is said of it; may be empty.
    pub text: String,
}

/// A span of a file and its replacement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Edit {
    /// What is replaced; of no length where something is put in.
    pub place: Place,
    /// What takes its place.
    pub replacement: String,
}

/// A change of the files that mends a mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Fix {
    /// What the change does, as an order: ``write `unit_value` ``.
    pub title: String,
    /// The changes, which do not overlap. They are made together.
    pub edits: Vec<Edit>,
    /// Whether it gives what the author means, so that it may be applied without asking. Of others a person must
    /// choose one.
    pub safe: bool,
}

impl Fix {
    /// A fix that puts one text in the place of another, and gives what the author means.
    pub fn safe(title: impl Into<String>, place: Place, replacement: impl Into<String>) -> Self {
        Self { safe: true, ..Self::suggested(title, place, replacement) }
    }

    /// The same as a suggestion, which a person must choose.
    pub fn suggested(title: impl Into<String>, place: Place, replacement: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            edits: vec![Edit { place, replacement: replacement.into() }],
            safe: false,
        }
    }

    /// The same with one more change, made together with the others.
    #[must_use]
    pub fn and(mut self, place: Place, replacement: impl Into<String>) -> Self {
        self.edits.push(Edit { place, replacement: replacement.into() });
        self
    }
}

/// What to do about a mistake; `None` where there is nothing to say.
pub(crate) struct Help(Option<String>);

impl From<Option<String>> for Help {
    fn from(help: Option<String>) -> Self {
        Self(help)
    }
}

impl From<String> for Help {
    fn from(help: String) -> Self {
        Self(Some(help))
    }
}

impl From<&str> for Help {
    fn from(help: &str) -> Self {
        Self(Some(help.to_owned()))
    }
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Diagnostic {
    /// What kind of mistake.
    pub code: Code,
    /// The mistake in one line, with what the author wrote in back quotes.
    pub title: String,
    /// The place of the mistake, first, and other places that belong to it. Empty where a whole file is meant
    /// that cannot be read.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
    /// Why it matters, in plain words, where the title does not say it already.
    pub note: Option<String>,
    /// The id of the rule that it is about.
    pub rule: Option<String>,
    /// Changes that mend it, the best first.
    pub fixes: Vec<Fix>,
    /// Whether it counts as an error although its code is that of a warning: someone asked for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub denied: bool,
}

impl Diagnostic {
    /// Makes its fixes such that a person must choose them.
    pub(crate) fn only_suggest(&mut self) {
        self.fixes.iter_mut().for_each(|fix| fix.safe = false);
    }

    /// A diagnostic without a place.
    pub fn new(code: Code, title: impl Into<String>) -> Self {
        Self {
            code,
            title: title.into(),
            labels: Vec::new(),
            help: None,
            note: None,
            rule: None,
            fixes: Vec::new(),
            denied: false,
        }
    }

    pub(crate) fn found(code: Code, place: Place, title: impl Into<String>, help: impl Into<Help>) -> Self {
        Self { help: help.into().0, ..Self::new(code, title).at(place, "") }
    }

    /// The same with one more place.
    #[must_use]
    pub fn at(mut self, place: Place, text: impl Into<String>) -> Self {
        self.labels.push(Label { place, text: text.into() });
        self
    }

    /// The same with a remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with a word on why it matters.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// The same as a mistake of the rule of this id.
    #[must_use]
    pub fn about(mut self, rule: impl Into<String>) -> Self {
        self.rule = Some(rule.into());
        self
    }

    /// The same with a change that mends it, or with none.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<Option<Fix>>) -> Self {
        self.fixes.extend(fix.into());
        self
    }

    /// The same as an error, whatever its code says.
    #[must_use]
    pub fn deny(mut self) -> Self {
        self.denied = true;
        self
    }

    /// How much the mistake weighs.
    pub fn severity(&self) -> Severity {
        if self.denied { Severity::Error } else { self.code.severity() }
    }
}

/// What is known besides the mistakes that are said.
#[derive(Clone, Debug, Default)]
struct Known {
    suppressions: Vec<Suppression>,
    /// What was said, by its hash.
    said: HashSet<u64>,
    /// Where each rule stands, if a comment allows something.
    rules: BTreeMap<String, Place>,
}

/// All mistakes of a pack, with the texts they point into. As an error it prints one line for each.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Diagnostics {
    /// The mistakes, whatever they weigh, in the order of files and places.
    pub items: Vec<Diagnostic>,
    /// What comments allow, once [`Diagnostics::suppress`] was called.
    pub suppressed: Vec<Suppressed>,
    /// The texts of the files.
    pub sources: Sources,
    known: Box<Known>,
}

impl Diagnostics {
    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.of(Severity::Error)
    }

    /// How many warnings there are.
    pub fn warnings(&self) -> usize {
        self.of(Severity::Warning)
    }

    /// How many notes there are.
    pub fn notes(&self) -> usize {
        self.of(Severity::Note)
    }

    fn of(&self, severity: Severity) -> usize {
        self.items.iter().filter(|item| item.severity() == severity).count()
    }

    /// Adds a mistake. One that was said before, be it of another rule, is not said again: rules made in a loop,
    /// and those that call the same function, have the same mistake at the same place.
    pub fn push(&mut self, item: Diagnostic) {
        let mut hasher = DefaultHasher::new();
        (item.code, &item.labels, &item.title).hash(&mut hasher);
        if self.known.said.insert(hasher.finish()) {
            self.items.push(item);
        }
    }

    /// Adds the mistakes of other files, with the texts they point into.
    pub fn extend(&mut self, other: Self) {
        other.items.into_iter().for_each(|item| self.push(item));
        self.sources.extend(other.sources);
    }

    /// Puts the mistakes in the order of files and places.
    pub fn sort(&mut self) {
        self.items.sort_by(|a, b| {
            let place = |item: &Diagnostic| {
                item.labels
                    .first()
                    .map(|label| (label.place.file.clone(), label.place.span.start, label.place.span.end))
            };
            (place(a), a.code, &a.title).cmp(&(place(b), b.code, &b.title))
        });
    }

    /// A mark by which a mistake is known again when the lines above it have changed: 16 hexadecimal digits of its
    /// code, its rule or file, and what stands at its place.
    pub fn fingerprint(&self, item: &Diagnostic) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut add = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        add(item.code.id());
        add(item.rule.as_deref().unwrap_or(""));
        add(&item.title);
        if let Some(Label { place, .. }) = item.labels.first() {
            add(&place.file);
            add(self.sources.text(&place.file).and_then(|text| text.get(place.span.clone())).unwrap_or(""));
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }

    /// The line in which a mistake is printed: `file:line:column: error[QF0101]: title; remedy`.
    pub fn line(&self, item: &Diagnostic) -> String {
        let mut line = String::new();
        if let Some(label) = item.labels.first() {
            line = self.sources.located(&label.place) + ": ";
        }
        line += &format!("{}[{}]: {}", item.severity(), item.code.id(), item.title);
        if let Some(help) = &item.help {
            line += &format!("; {help}");
        }
        line
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, item) in self.items.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&self.line(item))?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// The nearest of the known names to what was written, if one is near enough to be meant.
pub fn nearest<'n>(written: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let lower = written.to_lowercase();
    let bound = (written.chars().count() / 3).max(1) + usize::from(written.chars().count() > 3);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|&(distance, name)| distance <= bound && distance < name.chars().count())
        .min_by_key(|&(distance, name)| (distance, name))
        .map(|(_, name)| name)
}

/// ``did you mean `x`?`` or, where nothing is near, the list of known names.
pub fn suggestion<'n>(written: &str, known: impl IntoIterator<Item = &'n str> + Clone) -> String {
    if let Some(name) = nearest(written, known.clone()) {
        return format!("did you mean `{name}`?");
    }
    let mut names: Vec<&str> = known.into_iter().collect();
    names.sort_unstable();
    match names.len() {
        0 => "there is none".into(),
        1..=12 => format!("there are {}", quoted_list(&names)),
        more => format!("there are {more}, among them {}", quoted_list(&names[..8])),
    }
}

fn quoted_list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
