//! The pages of the codes: one file of Markdown each, in `codes/`.

use super::Code;

/// What a code means, taken from its page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// What the mistake is.
    pub meaning: String,
    /// Why it matters.
    pub why: String,
    /// What to do about it.
    pub remedy: String,
    /// Files that show the mistake, by their paths, with their texts. They add to those of [`EXAMPLE_PACK`] or replace
    /// them; a file without a text is left out of the pack. Empty where no short example shows it.
    pub example: Vec<(&'static str, &'static str)>,
    /// The message that the example gives, as `qingfeng check` draws it.
    pub message: &'static str,
}

/// The files of the pack to which the example of each code adds something.
pub const EXAMPLE_PACK: &[(&str, &str)] = &[
    ("pack.toml", include_str!("../../codes/example/pack.toml")),
    ("reference/regions.toml", include_str!("../../codes/example/reference/regions.toml")),
    ("reference/commodities.toml", include_str!("../../codes/example/reference/commodities.toml")),
    ("reference/modes.toml", include_str!("../../codes/example/reference/modes.toml")),
];

impl Code {
    /// What the page of the code says, part by part.
    ///
    /// ```
    /// use qingfeng_rules::Code;
    ///
    /// let page = Code::UnknownField.page();
    /// assert_eq!(page.example[0].0, "rules.rhai");
    /// assert!(page.message.starts_with("error[QF0201]"));
    /// ```
    pub fn page(self) -> Page {
        let section = |title: &str| {
            let (_, rest) = self.document().split_once(title).unwrap_or_default();
            rest.split("\n## ").next().unwrap_or_default().trim()
        };
        let (example, message) = section("\n## Example\n").split_once("\ngives\n").unwrap_or_default();
        Page {
            meaning: unwrapped(section("\n## What it means\n")),
            why: unwrapped(section("\n## Why it matters\n")),
            remedy: unwrapped(section("\n## What to do\n")),
            example: files(example),
            message: fenced(message).unwrap_or_default().trim_end(),
        }
    }
}

/// The files of an example: each is a name in backquotes and its text between fences.
fn files(example: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut files = Vec::new();
    let mut rest = example;
    while let Some((name, after)) = rest.split_once('`').and_then(|(_, rest)| rest.split_once('`')) {
        let text = if after.starts_with('.') { "" } else { fenced(after).unwrap_or_default() };
        files.push((name, text));
        rest = after.split_once("\n```\n").map_or("", |(_, rest)| rest);
    }
    files
}

/// What stands between the first fences, with its last line end.
fn fenced(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("```")?.1.split_once('\n')?;
    rest.find("\n```").map(|end| &rest[..=end])
}

/// The text with each paragraph on a line of its own. What is fenced stays as it is.
fn unwrapped(text: &str) -> String {
    let mut out = String::new();
    let (mut is_fenced, mut joins) = (false, false);
    for line in text.lines() {
        let is_fence = line.starts_with("```");
        is_fenced ^= is_fence;
        let is_text = !(is_fenced || is_fence || line.is_empty());
        if !out.is_empty() {
            out.push(if joins && is_text { ' ' } else { '\n' });
        }
        out += line;
        joins = is_text;
    }
    out
}

#[cfg(test)]
mod tests;
