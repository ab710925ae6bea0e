//! Writing to standard output and standard error.
//!
//! What was asked for goes to standard output. On standard error stand errors ([`note`]), what a reader of a log can do
//! without ([`summary`]), and with `--verbose` more ([`detail`]).
//!
//! Texts carry their styles as escape sequences; the streams take them away where they are not wanted: when the
//! stream is no terminal, or `NO_COLOR` is set. So whatever others wrote must go through [`clean`] first; whatever slips
//! through it is shown and not obeyed all the same, save for styles.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::OnceLock;

use annotate_snippets::renderer::{AnsiColor, Effects, Style};
use clap::ValueEnum;
use serde::Serialize;

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// Errors, and warnings that change the exit code.
    Quiet,
    /// Progress and summaries too.
    Normal,
    /// Also what is read, and how long it takes.
    Verbose,
}

static VERBOSITY: OnceLock<Verbosity> = OnceLock::new();

/// Sets how much is said; the first call counts.
pub fn set_verbosity(verbosity: Verbosity) {
    let _ = VERBOSITY.set(verbosity);
}

pub fn verbosity() -> Verbosity {
    VERBOSITY.get().copied().unwrap_or(Verbosity::Normal)
}

/// Output format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
}

impl Format {
    /// Prints a result to standard output: as JSON, or as `human` writes it.
    pub fn print<T: Serialize>(self, value: &T, human: impl FnOnce() -> String) -> Result<(), StdoutError> {
        match self {
            Self::Human => print(&human()),
            Self::Json => print_json(value),
        }
    }
}

/// Standard output could not be written.
#[derive(Debug)]
pub struct StdoutError(pub io::Error);

pub const BOLD: Style = Style::new().effects(Effects::BOLD);
/// For what can be passed over.
pub const DIM: Style = Style::new().effects(Effects::DIMMED);
pub const ERROR: Style = AnsiColor::BrightRed.on_default().effects(Effects::BOLD);
pub const WARNING: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
/// For what is well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// For what is not.
pub const BAD: Style = AnsiColor::Red.on_default();

pub fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// A text that others wrote, without anything that a terminal could take for a command: control characters
/// are shown by their pictures, those that turn the direction of writing are replaced.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(|letter| picture(letter).is_none()) {
        return text.into();
    }
    text.chars().map(|letter| picture(letter).unwrap_or(letter)).collect::<String>().into()
}

/// The same of a text in which some control characters are meant, as line ends are.
pub fn clean_but(text: &str, meant: &[char]) -> String {
    text.chars()
        .map(|letter| picture(letter).filter(|_| !meant.contains(&letter)).unwrap_or(letter))
        .collect()
}

/// What is shown for a character that must not reach a terminal.
fn picture(letter: char) -> Option<char> {
    match letter {
        '\t' => Some(' '),
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(letter)),
        '\x7f' => Some('\u{2421}'),
        letter if is_harmful(letter) => Some('\u{fffd}'),
        _ => None,
    }
}

/// The same for the source in a drawn diagnostic. Every character keeps its length in bytes, so that places stay
/// where they are; the drawing itself replaces the older control characters.
pub fn clean_source(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return text.into();
    }
    let replaced = text.chars().map(|letter| match letter {
        letter if !is_harmful(letter) => letter,
        letter if letter.len_utf8() == 2 => '¿',
        _ => '\u{fffd}',
    });
    replaced.collect::<String>().into()
}

/// Newer control characters, and those without a width that hide or reorder text.
fn is_harmful(letter: char) -> bool {
    matches!(letter,
        '\u{80}'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A text with styles without anything else that a terminal could obey, line ends and tabs aside.
pub fn guarded(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|letter| picture(letter).is_some() && !matches!(letter, '\n' | '\t')) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let style = rest.strip_prefix("\x1b[").and_then(|after| {
            let length = after.find(|letter: char| !matches!(letter, '0'..='9' | ';'))?;
            after[length..].starts_with('m').then_some(length + 3)
        });
        let meant = style.or_else(|| rest.starts_with("\r\n").then_some(2));
        let length = meant.unwrap_or(letter.len_utf8());
        match picture(letter) {
            Some(picture) if meant.is_none() && !matches!(letter, '\n' | '\t') => out.push(picture),
            _ => out += &rest[..length],
        }
        rest = &rest[length..];
    }
    out.into()
}

/// Prints a text with styles to standard output.
pub fn print(text: &str) -> Result<(), StdoutError> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(guarded(text).as_bytes()).and_then(|()| stdout.flush()).map_err(StdoutError)
}

/// Prints a text to standard output unchanged.
pub fn print_bytes(text: &[u8]) -> Result<(), StdoutError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text).and_then(|()| stdout.flush()).map_err(StdoutError)
}

/// Prints JSON to standard output, escaping what JSON allows and a terminal could take for a command.
pub fn print_json<T: Serialize>(value: &T) -> Result<(), StdoutError> {
    print_bytes(json(value).map_err(|error| StdoutError(error.into()))?.as_bytes())
}

/// Prints values as JSON to standard output, one a line, escaped in the same way.
pub fn print_json_lines<T: Serialize>(values: impl Iterator<Item = T>) -> Result<(), StdoutError> {
    let mut out = String::new();
    for value in values {
        out += &escaped(&serde_json::to_string(&value).map_err(|error| StdoutError(error.into()))?);
    }
    print_bytes(out.as_bytes())
}

/// A value as indented JSON that ends with a line end.
pub fn json<T: Serialize>(value: &T) -> serde_json::Result<String> {
    Ok(escaped(&serde_json::to_string_pretty(value)?))
}

/// JSON with a line end, and with escapes for what a terminal could take for a command.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 1);
    for letter in text.chars() {
        if is_harmful(letter) || letter == '\x7f' {
            // All of these are within sixteen bits, and stand within strings.
            escaped += &format!("\\u{:04x}", u32::from(letter));
        } else {
            escaped.push(letter);
        }
    }
    escaped.push('\n');
    escaped
}

/// Prints a text with styles to standard error. That it cannot be written is no reason to fail.
pub fn note(text: &str) {
    let _ = anstream::stderr().lock().write_all(guarded(text).as_bytes());
}

/// For a shell, in quotes where it needs them.
pub fn quoted(text: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-:+=@%".contains(letter);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Writes a value as a line of JSON to standard error, for a log. That it cannot be written is no reason to fail.
#[cfg(feature = "serve")]
pub fn log<T: Serialize>(value: &T) {
    if let Ok(json) = serde_json::to_string(value) {
        let _ = io::stderr().lock().write_all(escaped(&json).as_bytes());
    }
}

/// The same for what changes no exit code: not with `--quiet`.
pub fn summary(text: &str) {
    if verbosity() != Verbosity::Quiet {
        note(text);
    }
}

/// The same for details: only with `--verbose`.
pub fn detail(text: impl FnOnce() -> String) {
    if verbosity() == Verbosity::Verbose {
        note(&format!("{DIM}{}{DIM:#}\n", text()));
    }
}

/// The first characters of a long text, with a mark that more follow.
pub fn shortened(text: &str, characters_max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters_max) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// A channel's name in the colour of its severity: the mildest green, the most severe red.
pub fn channel_style(at: usize, channels: usize) -> Style {
    match at {
        0 => AnsiColor::Green.on_default().effects(Effects::BOLD),
        at if at + 1 == channels => AnsiColor::Red.on_default().effects(Effects::BOLD),
        _ => AnsiColor::Yellow.on_default().effects(Effects::BOLD),
    }
}

#[cfg(test)]
mod tests;
