//! The words of many rules, found in one pass over a text.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::text::{fold_into, folded, is_of_word, joins};

/// Words to look for, each with a number. Finds in a text the words that `has_word` would find in it, all at once: the
/// cost grows with the text and with what is found, not with how many words there are.
///
/// ```
/// use qingfeng_rules::Words;
///
/// let words = Words::new([("replica", 0), ("no logo", 1), ("仿", 2), ("logo", 3)]);
/// let mut found = Vec::new();
/// words.find("Shoes, NO  LOGO 高仿", &mut String::new(), &mut |word| found.push(word));
/// assert_eq!(found, [1, 3, 2]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Words that begin with a Latin word, by it.
    by_word: HashMap<Box<str>, Vec<Word>, FixedState>,
    /// Words that begin with another letter, by it.
    by_letter: HashMap<char, Vec<Word>, FixedState>,
    /// Whether a text of ASCII alone can have any.
    ascii: bool,
}

#[derive(Clone, Debug)]
struct Word {
    text: Box<str>,
    number: u32,
}

impl Words {
    /// Words with their numbers. A word may have several numbers. An empty word is never found.
    pub fn new<T: AsRef<str>>(words: impl IntoIterator<Item = (T, u32)>) -> Self {
        let mut index = Self::default();
        for (word, number) in words {
            let text = folded(word.as_ref());
            let Some(first) = text.chars().next() else { continue };
            index.ascii |= text.is_ascii();
            let word = Word { text: text.as_str().into(), number };
            if is_of_word(first) {
                let begins = &text[..word_end(&text, 0)];
                index.by_word.entry(begins.into()).or_default().push(word);
            } else {
                index.by_letter.entry(first).or_default().push(word);
            }
        }
        index
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_word.is_empty() && self.by_letter.is_empty()
    }

    /// Calls `found` with the number of each word that the text has; with one that stands there twice, twice. `scratch`
    /// holds the text as it is compared, and is only there to be used again.
    pub fn find(&self, text: &str, scratch: &mut String, found: &mut dyn FnMut(u32)) {
        if self.is_empty() || text.is_ascii() && !self.ascii {
            return;
        }
        fold_into(text, scratch);
        let text = scratch.as_str();
        let mut at = 0;
        while at < text.len() {
            let Some(letter) = text[at..].chars().next() else { return };
            let (end, words) = if is_of_word(letter) {
                let end = word_end(text, at);
                (end, self.by_word.get(&text[at..end]))
            } else {
                (at + letter.len_utf8(), self.by_letter.get(&letter))
            };
            for word in words.into_iter().flatten() {
                let after = at + word.text.len();
                if text[at..].starts_with(&*word.text)
                    && !joins(word.text.chars().next_back(), text[after..].chars().next())
                {
                    found(word.number);
                }
            }
            at = end;
        }
    }
}

/// How often words begin in some texts: enough to say which words are rare.
#[derive(Clone, Debug, Default)]
pub struct WordCounts {
    by_word: HashMap<Box<str>, u32, FixedState>,
    by_letter: HashMap<char, u32, FixedState>,
}

impl WordCounts {
    /// Counts the words of a text.
    pub fn add(&mut self, text: &str, scratch: &mut String) {
        fold_into(text, scratch);
        let text = scratch.as_str();
        let mut at = 0;
        while let Some(letter) = text[at..].chars().next() {
            let end = if is_of_word(letter) { word_end(text, at) } else { at + letter.len_utf8() };
            if !is_of_word(letter) {
                *self.by_letter.entry(letter).or_default() += 1;
            } else if let Some(count) = self.by_word.get_mut(&text[at..end]) {
                *count += 1;
            } else {
                self.by_word.insert(text[at..end].into(), 1);
            }
            at = end;
        }
    }

    /// At most so many times does the word stand in the texts.
    pub fn at_most(&self, word: &str) -> u32 {
        let word = folded(word);
        let Some(first) = word.chars().next() else { return 0 };
        let known = if is_of_word(first) {
            self.by_word.get(&word[..word_end(&word, 0)])
        } else {
            self.by_letter.get(&first)
        };
        known.copied().unwrap_or(0)
    }
}

/// Where the Latin word that begins at `from` ends.
fn word_end(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let plain = bytes[from..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let at = from + plain;
    if bytes.get(at).is_none_or(u8::is_ascii) {
        return at;
    }
    text[at..]
        .char_indices()
        .find(|(_, letter)| !is_of_word(*letter))
        .map_or(text.len(), |(more, _)| at + more)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::has_word;

    fn found(words: &[String], text: &str) -> Vec<bool> {
        let index = Words::new(words.iter().zip(0..));
        let mut found = vec![false; words.len()];
        index.find(text, &mut String::new(), &mut |word| found[word as usize] = true);
        found
    }

    proptest! {
        /// The index finds what `has_word` finds, word by word.
        #[test]
        fn finds_what_has_word_finds(
            words in prop::collection::vec("[a-cＡ仿é \\-1]{0,4}", 1..6),
            text in "[a-cＡA仿é \\-1]{0,12}",
        ) {
            let expected: Vec<bool> = words.iter().map(|word| has_word(&text, word)).collect();
            prop_assert_eq!(found(&words, &text), expected, "{:?} in {:?}", words, text);
        }
    }
}
