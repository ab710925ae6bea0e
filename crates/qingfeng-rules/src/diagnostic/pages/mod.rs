//! What each code means, for the pages of `explain-code` and of the documents.

mod analysis;
mod loading;

use super::{Code, Severity};

/// What is to be said of a code.
#[derive(Debug)]
pub struct Page {
    /// What the mistake is.
    pub meaning: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
    /// Files that give it, by their paths, together with those of [`EXAMPLE_PACK`], whose place they take. A file
    /// without a text is left out of the pack. Empty where no short example gives it.
    pub example: &'static [(&'static str, &'static str)],
}

/// The pack to which the example of each code adds something.
pub const EXAMPLE_PACK: &[(&str, &str)] = &[
    (
        "pack.toml",
        r#"[pack]
name = "harbour"
version = "1"

[schema]
extends = "export"

[[channels]]
name = "green"
from = 0

[[channels]]
name = "yellow"
from = 40

[[channels]]
name = "red"
from = 70

[check]
as_of = "2016-12-31"
"#,
    ),
    ("reference/regions.toml", "[africa]\ntitle = \"Africa\"\nmembers = [\"KE\", \"TZ\"]\n"),
    ("reference/commodities.toml", "[motorcycles]\ntitle = \"Motorcycles\"\nmembers = [\"8711\"]\n"),
    ("reference/modes.toml", "[general]\ntitle = \"General trade\"\nmembers = [\"0110\"]\n"),
];

impl Code {
    /// What is to be said of the code.
    pub fn page(self) -> &'static Page {
        // Those of the hundreds from 10 on are what checks of a valid pack find.
        if self < Self::IntegerDivision { loading::page(self) } else { analysis::page(self) }
    }

    /// The page as Markdown, with the message that its example gives.
    pub fn document(self, message: &str) -> String {
        let Page { meaning, why, remedy, example } = self.page();
        let weight = match self.severity() {
            Severity::Error => "An error: the pack cannot be used with it.",
            Severity::Warning => {
                "A warning: the pack can be used, but perhaps does not do what is meant. A comment can allow it, with a \
                 reason."
            }
            Severity::Note => "A note: nothing is wrong. A comment can allow it, with a reason.",
        };
        let mut page = format!(
            "# {} {}\n\n{}\n\n{weight}\n\n## What it means\n\n{meaning}\n\n## Why it matters\n\n{why}\n\n## What to \
             do\n\n{remedy}\n",
            self.id(),
            self.name(),
            self.summary(),
        );
        if !example.is_empty() {
            page += "\n## Example\n";
        }
        for (file, text) in *example {
            let kind = file.rsplit('.').next().unwrap_or("");
            if text.is_empty() {
                page += &format!("\nA pack without `{file}`.\n");
            } else {
                page += &format!("\n`{file}`\n\n```{kind}\n{}\n```\n", text.trim_end());
            }
        }
        if !message.is_empty() {
            page += &format!("\ngives\n\n```text\n{}\n```\n", message.trim_end());
        }
        wrapped(&page)
    }
}

/// The text with the lines of its paragraphs no longer than 100 characters. What is fenced stays as it is.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut is_fenced = false;
    for line in text.lines() {
        let is_fence = line.starts_with("```");
        is_fenced ^= is_fence;
        let mut width = 0;
        if is_fenced || is_fence {
            out += line;
        } else {
            for word in line.split(' ') {
                let length = word.chars().count();
                let is_first = width == 0;
                if !is_first && width + 1 + length > 100 {
                    out.push('\n');
                    width = 0;
                } else if !is_first {
                    out.push(' ');
                    width += 1;
                }
                out += word;
                width += length;
            }
        }
        out.push('\n');
    }
    out
}
