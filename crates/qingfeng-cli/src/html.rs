//! Pages that a command writes: one file each, with its styles in it. They need nothing from outside, and can be printed.
//!
//! maud escapes what stands between tags and in attributes. [`text`] also takes out what would hide or turn text
//! around, as on a terminal; texts that others wrote go through it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

pub use crate::numbers::{per_cent, thin as number, thin_change as change, thin_count as count};
use crate::terminal::clean;
use crate::words::Language;

const STYLE: &str = include_str!("html.css");

pub struct Page<'p> {
    /// Its language.
    pub language: Language,
    /// The title, which is also the heading.
    pub title: &'p str,
    /// A line below it: what the page is about, such as the pack and the inputs.
    pub subtitle: &'p str,
    /// Styles of this kind of page, after those that all share. Part of the command, never from outside.
    pub style: &'static str,
    /// Its script. A page with one may use its own styles and that script and nothing else: a Content Security Policy
    /// keeps a browser from everything that is not in the file, whatever text got into it.
    pub script: Option<&'static str>,
}

impl Page<'_> {
    /// What a page without a script may use: its own styles and nothing else.
    #[cfg(feature = "serve")]
    pub fn policy(&self) -> String {
        format!(
            "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            BASE64.encode(Sha256::digest(format!("{STYLE}{}", self.style).as_bytes()))
        )
    }

    /// The whole page with its content.
    pub fn with(&self, body: &Markup) -> String {
        let style = format!("{STYLE}{}", self.style);
        let policy = self.script.map(|script| {
            format!(
                "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
                BASE64.encode(Sha256::digest(style.as_bytes())),
                BASE64.encode(Sha256::digest(script.as_bytes())),
            )
        });
        let page = html! {
            (DOCTYPE)
            html lang=(self.language.tag()) {
                head {
                    meta charset="utf-8";
                    @if let Some(policy) = policy { meta http-equiv="Content-Security-Policy" content=(policy); }
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="generator" content=(concat!("qingfeng ", env!("CARGO_PKG_VERSION")));
                    title { (text(self.title)) }
                    style { (PreEscaped(style)) }
                }
                body {
                    header {
                        h1 { (text(self.title)) }
                        @if !self.subtitle.is_empty() { p.subtitle { (text(self.subtitle)) } }
                    }
                    main { (body) }
                    footer { (self.language.written_by(env!("CARGO_PKG_VERSION"))) }
                    @if let Some(script) = self.script { script { (PreEscaped(script)) } }
                }
            }
        };
        page.into_string() + "\n"
    }
}

/// A text that others may have written.
pub fn text(text: &str) -> Markup {
    html! { (clean(text)) }
}

/// A channel's name on the colour of its severity: `at` counts from the mildest of `channels`.
pub fn channel(name: &str, at: usize, channels: usize) -> Markup {
    let severity = match at {
        0 => "mild",
        at if at + 1 >= channels => "severe",
        at if channels > 3 && at * 2 < channels => "slight",
        _ => "middle",
    };
    html! { span class={ "channel " (severity) } { (text(name)) } }
}

/// A cell with a number, at the right of its column.
pub fn number_cell(content: &str) -> Markup {
    html! { td.number { (content) } }
}

/// A heading of a table. Those of numbers stand at the right like the numbers below them.
pub fn head(columns: &[(&str, bool)]) -> Markup {
    html! {
        thead {
            tr {
                @for (name, is_number) in columns {
                    th class=[is_number.then_some("number")] scope="col" { (text(name)) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
