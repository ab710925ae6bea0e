//! Words and parts of the goods name.

use memchr::memmem::Finder;
use unicode_normalization::UnicodeNormalization;

/// A text to look for as it stands.
#[derive(Debug)]
pub(super) struct Part(Finder<'static>);

impl Part {
    pub(super) fn new(part: &str) -> Self {
        Self(Finder::new(part).into_owned())
    }

    pub(super) fn is_in(&self, text: &str) -> bool {
        self.0.find(text.as_bytes()).is_some()
    }
}

/// A word that stands by itself, whatever its case and width; in Chinese any occurrence counts.
#[derive(Debug)]
pub(super) struct Word {
    finder: Finder<'static>,
    /// Whether a letter before or after would belong to the word.
    joins: (bool, bool),
}

impl Word {
    pub(super) fn new(word: &str) -> Self {
        let mut folded = String::new();
        fold(word, &mut folded);
        let joins = |edge: Option<char>| edge.is_some_and(is_latin_like);
        Self {
            joins: (joins(folded.chars().next()), joins(folded.chars().next_back())),
            finder: Finder::new(&folded).into_owned(),
        }
    }

    /// Whether the word is in a folded text.
    pub(super) fn is_in(&self, folded: &str) -> bool {
        let length = self.finder.needle().len();
        let joined = |joins: bool, neighbour: Option<char>| joins && neighbour.is_some_and(is_latin_like);
        length > 0
            && self.finder.find_iter(folded.as_bytes()).any(|at| {
                !joined(self.joins.0, folded[..at].chars().next_back())
                    && !joined(self.joins.1, folded[at + length..].chars().next())
            })
    }
}

/// The goods name of a line, folded when a rule asks for it.
#[derive(Debug, Default)]
pub(super) struct Folded<'l> {
    goods: Option<&'l str>,
    folded: String,
    is_folded: bool,
}

impl<'l> Folded<'l> {
    /// Goes on to the next line.
    pub(super) fn begin(&mut self, goods: Option<&'l str>) {
        self.goods = goods;
        self.is_folded = false;
    }

    pub(super) fn folded(&mut self) -> Option<&str> {
        let goods = self.goods?;
        if !self.is_folded {
            self.folded.clear();
            fold(goods, &mut self.folded);
            self.is_folded = true;
        }
        Some(&self.folded)
    }
}

/// Compatibility forms, lower case, one blank for each run of blanks, none at the ends.
fn fold(text: &str, out: &mut String) {
    let mut push = |letter: char| {
        if !letter.is_whitespace() {
            out.push(letter);
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    };
    if text.is_ascii() {
        text.bytes().for_each(|byte| push(char::from(byte.to_ascii_lowercase())));
    } else {
        text.nfkc().flat_map(char::to_lowercase).for_each(push);
    }
    out.truncate(out.trim_end().len());
}

/// Letters and digits of scripts that put blanks between words.
fn is_latin_like(letter: char) -> bool {
    let is_unspaced = matches!(
        u32::from(letter),
        0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff
    );
    letter.is_alphanumeric() && !is_unspaced
}
