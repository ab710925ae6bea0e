//! Mistakes in a pack, as data: a code, a title, the places, and the remedy.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

/// What kind of mistake a diagnostic reports. The codes are stable: a code never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub enum Code {
    /// A file of the pack is missing, too large or not UTF-8.
    #[serde(rename = "QF0001")]
    UnreadableFile,
    /// `pack.toml` or a reference file is not TOML.
    #[serde(rename = "QF0002")]
    TomlSyntax,
    /// A rule file is not Rhai.
    #[serde(rename = "QF0003")]
    RhaiSyntax,
    /// A key that does not exist.
    #[serde(rename = "QF0101")]
    UnknownKey,
    /// A key that must be there is missing.
    #[serde(rename = "QF0102")]
    MissingKey,
    /// A value of the wrong type.
    #[serde(rename = "QF0103")]
    WrongType,
    /// A value of the right type that is not allowed.
    #[serde(rename = "QF0104")]
    BadValue,
    /// Two things with one name.
    #[serde(rename = "QF0105")]
    Duplicate,
    /// A name that nothing has: a region, goods group, mode, site, channel, lookup table, column.
    #[serde(rename = "QF0106")]
    UnknownName,
    /// A field that the schema does not have.
    #[serde(rename = "QF0201")]
    UnknownField,
    /// A function that the language does not have, or has with other arguments.
    #[serde(rename = "QF0202")]
    UnknownFunction,
    /// A variable that is not defined.
    #[serde(rename = "QF0203")]
    UnknownVariable,
    /// Values of types that do not go together.
    #[serde(rename = "QF0204")]
    TypeMismatch,
    /// A construct that is not part of the language.
    #[serde(rename = "QF0205")]
    NotInLanguage,
    /// The top level of a rule file failed while it ran.
    #[serde(rename = "QF0301")]
    FileFailed,
    /// A lookup table's file does not fit its declaration.
    #[serde(rename = "QF0401")]
    BadLookup,
    /// A test of rules that does not fit the pack, or cannot be read.
    #[serde(rename = "QF0501")]
    BadTest,
    /// An expectation in `expect.toml` that does not fit the pack, or cannot be read.
    #[serde(rename = "QF0502")]
    BadExpectation,
    /// Whole-number division, which drops the remainder.
    #[serde(rename = "QF1001")]
    IntegerDivision,
    /// A pack without a single rule that counts.
    #[serde(rename = "QF1002")]
    NoActiveRule,
    /// A closure that is not compiled but left to the interpreter.
    #[serde(rename = "QF1003")]
    ResidualRule,
}

impl Code {
    /// The code as it is printed: `QF` and four digits.
    pub fn id(self) -> &'static str {
        match self {
            Self::UnreadableFile => "QF0001",
            Self::TomlSyntax => "QF0002",
            Self::RhaiSyntax => "QF0003",
            Self::UnknownKey => "QF0101",
            Self::MissingKey => "QF0102",
            Self::WrongType => "QF0103",
            Self::BadValue => "QF0104",
            Self::Duplicate => "QF0105",
            Self::UnknownName => "QF0106",
            Self::UnknownField => "QF0201",
            Self::UnknownFunction => "QF0202",
            Self::UnknownVariable => "QF0203",
            Self::TypeMismatch => "QF0204",
            Self::NotInLanguage => "QF0205",
            Self::FileFailed => "QF0301",
            Self::BadLookup => "QF0401",
            Self::BadTest => "QF0501",
            Self::BadExpectation => "QF0502",
            Self::IntegerDivision => "QF1001",
            Self::NoActiveRule => "QF1002",
            Self::ResidualRule => "QF1003",
        }
    }

    /// Whether a pack with such a mistake can be used.
    pub fn severity(self) -> Severity {
        match self {
            Self::IntegerDivision | Self::NoActiveRule | Self::ResidualRule => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

/// Whether a pack with the mistake can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The pack is invalid.
    Error,
    /// The pack works, but perhaps not as meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// A place in a file of the pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file's path within the pack, with `/` between its parts.
    pub file: Arc<str>,
    /// The bytes of the file that are meant.
    pub span: Range<usize>,
}

/// A place and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The place.
    pub place: Place,
    /// What is said of it; may be empty.
    pub text: String,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// Whether it counts as an error although its code is that of a warning: someone asked for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub denied: bool,
}

impl Diagnostic {
    /// A diagnostic without a place.
    pub fn new(code: Code, title: impl Into<String>) -> Self {
        Self { code, title: title.into(), labels: Vec::new(), help: None, denied: false }
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

    /// The same as an error, whatever its code says.
    #[must_use]
    pub fn deny(mut self) -> Self {
        self.denied = true;
        self
    }

    /// Whether a pack with this mistake can be used.
    pub fn severity(&self) -> Severity {
        if self.denied { Severity::Error } else { self.code.severity() }
    }
}

/// The texts of a pack's files, so that a diagnostic can show the line it speaks of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    texts: BTreeMap<Arc<str>, Arc<str>>,
}

impl Sources {
    /// Keeps the text of a file and gives back its name, shared.
    pub fn insert(&mut self, file: &str, text: &str) -> Arc<str> {
        self.share(file, text.into())
    }

    /// Keeps the text of a file that others have too.
    pub(crate) fn share(&mut self, file: &str, text: Arc<str>) -> Arc<str> {
        let name: Arc<str> = file.into();
        self.texts.insert(Arc::clone(&name), text);
        name
    }

    /// The names of the files, in order.
    pub fn files(&self) -> impl Iterator<Item = Arc<str>> + '_ {
        self.texts.keys().cloned()
    }

    /// The text of a file.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.texts.get(file).map(AsRef::as_ref)
    }

    /// The line and the column (in characters) of the start of a place, both counted from 1.
    pub fn line_and_column(&self, place: &Place) -> (usize, usize) {
        let before = self.text(&place.file).and_then(|text| text.get(..place.span.start)).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// All mistakes of a pack, with the texts they speak of. As an error it prints one line for each.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    /// The mistakes, errors and warnings, in the order of files and places.
    pub items: Vec<Diagnostic>,
    /// The texts of the files.
    pub sources: Sources,
}

impl Diagnostics {
    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.items.iter().filter(|item| item.severity() == Severity::Error).count()
    }

    /// How many warnings there are.
    pub fn warnings(&self) -> usize {
        self.items.len() - self.errors()
    }

    pub(crate) fn push(&mut self, item: Diagnostic) {
        // A function called from several rules is checked with each caller's types; one mistake in it is one.
        if !self.items.contains(&item) {
            self.items.push(item);
        }
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

    /// The line in which a mistake is printed: `file:line:column: error[QF0101]: title; remedy`.
    pub fn line(&self, item: &Diagnostic) -> String {
        let mut line = String::new();
        if let Some(label) = item.labels.first() {
            let (row, column) = self.sources.line_and_column(&label.place);
            line = format!("{}:{row}:{column}: ", label.place.file);
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

/// ``did you mean `x`?`` or, where nothing is near, the list of what there is.
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
