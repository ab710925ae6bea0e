//! The words of many rules, found in one pass over a text.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::base::text::{fold_into, folded, is_control, is_of_word, joins};

/// Words to look for, each with a number. Finds in a text the words that `has_word` would find in it, all at once: the
/// cost grows with the text and with what is found, not with how many words there are.
///
/// ```
/// use qingfeng_rules::internals::Words;
///
/// let words = Words::new([("replica", 0), ("no logo", 1), ("仿", 2), ("logo", 3)]);
/// let mut found = Vec::new();
/// words.find("Shoes, NO  LOGO 高仿", &mut String::new(), &mut |word| found.push(word));
/// found.sort();
/// assert_eq!(found, [1, 2, 3]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Words of ASCII letters and digits alone, in lower case.
    plain: HashMap<Box<[u8]>, Vec<u32>, FixedState>,
    /// Words of common Chinese letters alone, by the first.
    chinese: HashMap<char, Vec<Word>, FixedState>,
    /// All others that begin with a Latin word, by it.
    by_word: HashMap<Box<str>, Vec<Word>, FixedState>,
    /// All others that begin with another letter, by it.
    by_letter: HashMap<char, Vec<Word>, FixedState>,
    /// Which plain words, beginnings of others and first letters there may be.
    may_be: Filter,
}

#[derive(Clone, Debug)]
struct Word {
    text: Box<str>,
    number: u32,
}

/// Says of most words that they are none of those looked for, from their ends and their length.
#[derive(Clone, Debug)]
struct Filter(Box<[u64; 64]>);

impl Default for Filter {
    fn default() -> Self {
        Self(Box::new([0; 64]))
    }
}

impl Filter {
    /// The bit of an ASCII word in lower case.
    fn of_word(word: &[u8]) -> usize {
        let (first, last) = (word.first().copied().unwrap_or(0), word.last().copied().unwrap_or(0));
        let middle = word.get(word.len() / 2).copied().unwrap_or(0);
        let mixed =
            u32::from(first) * 31 + u32::from(last) * 517 + u32::from(middle) * 1201 + word.len() as u32 * 97;
        mixed as usize % 4096
    }

    fn of_letter(letter: char) -> usize {
        (u32::from(letter) as usize).wrapping_mul(2_654_435_761) >> 7 & 4095
    }

    fn set(&mut self, bit: usize) {
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    #[inline]
    fn has(&self, bit: usize) -> bool {
        self.0[bit / 64] >> (bit % 64) & 1 == 1
    }
}

/// Latin words longer than this are looked for the slow way.
const PLAIN_BYTES_MAX: usize = 48;

fn is_chinese(letter: char) -> bool {
    matches!(letter, '\u{4e00}'..='\u{9fff}')
}

impl Words {
    /// Words with their numbers. A word may have several numbers. An empty word is never found.
    pub fn new<T: AsRef<str>>(words: impl IntoIterator<Item = (T, u32)>) -> Self {
        let mut index = Self::default();
        for (word, number) in words {
            let text = folded(word.as_ref());
            let Some(first) = text.chars().next() else { continue };
            let word = Word { text: text.as_str().into(), number };
            if text.len() <= PLAIN_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                index.may_be.set(Filter::of_word(text.as_bytes()));
                index.plain.entry(text.as_bytes().into()).or_default().push(number);
            } else if text.chars().all(is_chinese) {
                index.may_be.set(Filter::of_letter(first));
                index.chinese.entry(first).or_default().push(word);
            } else if is_of_word(first) {
                let begins = &text[..word_end(&text, 0)];
                index.may_be.set(Filter::of_word(begins.as_bytes()));
                index.by_word.entry(begins.into()).or_default().push(word);
            } else {
                index.may_be.set(Filter::of_letter(first));
                index.by_letter.entry(first).or_default().push(word);
            }
        }
        index
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.plain.is_empty()
            && self.chinese.is_empty()
            && self.by_word.is_empty()
            && self.by_letter.is_empty()
    }

    /// Calls `found` with the number of each word that the text has; once for each occurrence. `scratch`
    /// holds the text as it is compared, and is only there to be used again.
    pub fn find(&self, text: &str, scratch: &mut String, found: &mut dyn FnMut(u32)) {
        if self.is_empty() {
            return;
        }
        match self.find_simple(text, found) {
            Simple::Done => {}
            Simple::Others => {
                fold_into(text, scratch);
                self.find_folded(scratch, false, found);
            }
            Simple::Not => {
                fold_into(text, scratch);
                self.find_folded(scratch, true, found);
            }
        }
    }

    /// Finds the plain and the Chinese words of a text that has only such letters, which need no folding.
    fn find_simple(&self, text: &str, found: &mut dyn FnMut(u32)) -> Simple {
        let bytes = text.as_bytes();
        // Nothing may be reported of a text that is not simple after all.
        if (!text.is_ascii() && !text.chars().all(|letter| letter.is_ascii() || is_chinese(letter)))
            || bytes.iter().fold(false, |any, &byte| any | is_control(byte))
        {
            return Simple::Not;
        }
        let mut others = false;
        let mut lower = [0; PLAIN_BYTES_MAX];
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            if byte.is_ascii_alphanumeric() {
                let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
                if length <= PLAIN_BYTES_MAX {
                    let word = &mut lower[..length];
                    word.copy_from_slice(&bytes[at..at + length]);
                    word.make_ascii_lowercase();
                    if self.may_be.has(Filter::of_word(word)) {
                        self.plain.get(&*word).into_iter().flatten().for_each(|&number| found(number));
                        others |= !self.by_word.is_empty()
                            && std::str::from_utf8(word).is_ok_and(|word| self.by_word.contains_key(word));
                    }
                } else {
                    others = true;
                }
                at += length;
            } else if byte.is_ascii() {
                others |= !self.by_letter.is_empty() && self.by_letter.contains_key(&char::from(byte));
                at += 1;
            } else {
                let Some(letter) = text[at..].chars().next() else { return Simple::Done };
                if self.may_be.has(Filter::of_letter(letter)) {
                    for word in self.chinese.get(&letter).into_iter().flatten() {
                        if bytes[at..].starts_with(word.text.as_bytes()) {
                            found(word.number);
                        }
                    }
                    others |= self.by_letter.contains_key(&letter);
                }
                at += letter.len_utf8();
            }
        }
        if others { Simple::Others } else { Simple::Done }
    }

    /// Finds the words of a folded text; those that [`Words::find_simple`] finds only if `all` are wanted.
    fn find_folded(&self, text: &str, all: bool, found: &mut dyn FnMut(u32)) {
        let mut at = 0;
        while let Some(letter) = text[at..].chars().next() {
            let (end, words) = if is_of_word(letter) {
                let end = word_end(text, at);
                if all && let Some(numbers) = self.plain.get(&text.as_bytes()[at..end]) {
                    numbers.iter().for_each(|&number| found(number));
                }
                (end, self.by_word.get(&text[at..end]))
            } else {
                if all {
                    for word in self.chinese.get(&letter).into_iter().flatten() {
                        if text[at..].starts_with(&*word.text) {
                            found(word.number);
                        }
                    }
                }
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

enum Simple {
    /// All words are found.
    Done,
    /// There may be words that need the folded text.
    Others,
    /// The text needs folding; nothing was found yet.
    Not,
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

    /// An upper bound on how often the word occurs in the texts.
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
mod tests;
