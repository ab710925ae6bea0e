//! Writing to standard output and standard error.
//!
//! Texts carry their styles as escape sequences; the streams take them away where they are not wanted: when the
//! stream is no terminal, or `NO_COLOR` is set. So whatever others wrote must go through [`clean`] first.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};

use annotate_snippets::renderer::{AnsiColor, Effects, Style};
use serde::Serialize;

use crate::exit::Failure;

/// For headings.
pub const BOLD: Style = Style::new().effects(Effects::BOLD);
/// For what can be passed over.
pub const DIM: Style = Style::new().effects(Effects::DIMMED);
/// For errors.
pub const ERROR: Style = AnsiColor::BrightRed.on_default().effects(Effects::BOLD);
/// For warnings.
pub const WARNING: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
/// For what is well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// For what is not.
pub const BAD: Style = AnsiColor::Red.on_default();

/// A text in a style.
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

/// Prints a text with styles to standard output.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    written(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// Prints JSON to standard output, escaping what JSON allows and a terminal could take for a command.
pub fn print_json<T: Serialize>(value: &T) -> Result<(), Failure> {
    let text = json(value)?;
    let mut stdout = io::stdout().lock();
    written(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// Prints values as JSON to standard output, one a line, escaped in the same way.
pub fn print_json_lines<T: Serialize>(values: impl Iterator<Item = T>) -> Result<(), Failure> {
    let mut out = String::new();
    for value in values {
        let text = serde_json::to_string(&value).map_err(|error| Failure::Files(error.to_string()))?;
        out += &escaped(&text);
    }
    let mut stdout = io::stdout().lock();
    written(stdout.write_all(out.as_bytes()).and_then(|()| stdout.flush()))
}

/// A value as indented JSON that ends with a line end.
pub fn json<T: Serialize>(value: &T) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::Files(error.to_string()))?;
    Ok(escaped(&text))
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
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

fn written(result: io::Result<()>) -> Result<(), Failure> {
    result.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::Closed,
        _ => Failure::Files(format!("standard output: cannot be written: {error}")),
    })
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
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_as_a_picture() {
        assert_eq!(clean("a\x1b[31mb\u{9b}2Jc\u{202e}d\te\r\n\x7f"), "a␛[31mb\u{fffd}2Jc\u{fffd}d e␍␊␡");
        assert_eq!(clean("电池 batteries"), "电池 batteries");
    }

    #[test]
    fn cleaned_source_keeps_its_places() {
        let source = "a\u{9b}b\u{202e}c\u{61c}d\u{feff}";
        let cleaned = clean_source(source);
        assert_eq!(cleaned.len(), source.len());
        assert_eq!(cleaned, "a¿b\u{fffd}c¿d\u{fffd}");
    }

    #[test]
    fn json_escapes_what_a_terminal_would_obey() {
        assert_eq!(json(&"a\x1b\u{9b}\u{202e}").unwrap_or_default(), "\"a\\u001b\\u009b\\u202e\"\n");
    }
}
