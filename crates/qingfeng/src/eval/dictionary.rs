//! Texts as codes: what depends on the text of one field is found out once for each different text.

use std::hash::BuildHasher;
use std::sync::Arc;

use arrow_array::{Array, StringArray};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::eval::values::Typed;
use crate::read::coded::Coded;

/// The code of a missing text.
pub(crate) const MISSING: u32 = 0;

/// Set in the codes of texts that are marked, so that the others need not be looked at.
const MARKED: u32 = 1 << 31;

/// Texts that are remembered at most, and their bytes; a field with more starts again with the next batch.
const TEXTS_MAX: usize = 1 << 16;
const BYTES_MAX: usize = 4 << 20;

/// The texts of a file's list that is followed; longer ones take more memory than they save time.
const FILE_TEXTS_MAX: usize = 1 << 20;

/// Stands for the code of a text that was not met yet.
const UNKNOWN: u32 = u32::MAX;

/// Batches for which a field that hardly repeats is not looked up.
const DIRECT_BATCHES: u32 = 31;

/// The texts of one field, numbered in the order in which they were first seen, from batch to batch.
///
/// A field whose texts hardly repeat is numbered line by line instead, which costs less than looking each text up.
#[derive(Debug)]
pub(crate) struct Dictionary {
    hasher: FixedState,
    table: HashTable<u32>,
    bytes: String,
    /// Where each text ends in `bytes`; the missing text is the first.
    ends: Vec<u32>,
    /// Changes when codes get another meaning.
    generation: u64,
    /// Texts looked up since all were forgotten.
    looked_up: u64,
    /// Batches left for which texts are not looked up.
    direct: u32,
    may_be_direct: bool,
    /// Whether a line mostly has the text of the line before it.
    runs: bool,
    /// The list of texts that a file's column was numbered by, and the code of each of them that was met.
    file: Option<(Arc<StringArray>, Vec<u32>)>,
    /// The codes of the batch at hand, by line.
    codes: Vec<u32>,
}

impl Dictionary {
    /// An empty one. One that may be direct gives different lines different codes where texts hardly repeat. One with
    /// runs looks first whether a text is that of the line before.
    pub(crate) fn new(may_be_direct: bool, runs: bool) -> Self {
        Self {
            hasher: FixedState::default(),
            table: HashTable::new(),
            bytes: String::new(),
            ends: vec![0],
            generation: 0,
            looked_up: 0,
            direct: 0,
            may_be_direct,
            runs,
            file: None,
            codes: Vec::new(),
        }
    }

    /// Changes when codes get another meaning.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The code of the text of a line of the batch at hand.
    #[inline]
    pub(crate) fn code(&self, line: usize) -> u32 {
        self.codes[line] & !MARKED
    }

    /// The code of the text of a line if it is marked, and that of a missing text.
    #[inline]
    pub(crate) fn marked(&self, line: usize) -> Option<u32> {
        let code = self.codes[line];
        (code & MARKED != 0 || code == MISSING).then_some(code & !MARKED)
    }

    /// Forgets all texts: codes get another meaning.
    pub(crate) fn forget(&mut self) {
        self.table.clear();
        self.bytes.clear();
        self.ends.truncate(1);
        self.looked_up = 0;
        self.file = None;
        self.generation += 1;
    }

    /// Numbers the texts of a batch; `coded` are the numbers that they had in their file, if they are known. `new` gets each
    /// text that gets a code, in the order of the codes, and says whether it is marked.
    pub(crate) fn number(
        &mut self,
        column: &Typed,
        coded: Option<&Coded>,
        lines: usize,
        new: &mut dyn FnMut(u32, &str) -> bool,
    ) {
        self.codes.clear();
        if let Some(coded) = coded.filter(|coded| coded.texts.len() <= FILE_TEXTS_MAX) {
            return self.number_coded(coded, new);
        }
        let Typed::Text(column) = column else {
            self.codes.resize(lines, MISSING);
            return;
        };
        if self.direct > 0 {
            self.direct -= 1;
            self.forget();
            for (code, text) in (1..).zip(column.iter()) {
                self.codes.push(match text {
                    Some(text) if new(code, text) => code | MARKED,
                    Some(_) => code,
                    None => {
                        new(code, "");
                        MISSING
                    }
                });
            }
            return;
        }
        if self.ends.len() > TEXTS_MAX || self.bytes.len() > BYTES_MAX {
            // Only a full dictionary shows whether texts repeat: at first all are new.
            if self.may_be_direct && self.ends.len() as u64 * 2 > self.looked_up {
                self.direct = DIRECT_BATCHES;
            }
            self.forget();
            if self.direct > 0 {
                return self.number(&Typed::Text(column.clone()), None, lines, new);
            }
        }
        self.looked_up += lines as u64;
        let mut last: Option<(&str, u32)> = None;
        for text in column.iter() {
            let Some(text) = text else {
                self.codes.push(MISSING);
                continue;
            };
            let code = match last {
                Some((same, code)) if same.len() == text.len() && same == text => code,
                _ => self.find(text, new),
            };
            if self.runs {
                last = Some((text, code));
            }
            self.codes.push(code);
        }
    }

    /// Numbers texts by the numbers that they had in their file: a text is looked up once.
    fn number_coded(&mut self, coded: &Coded, new: &mut dyn FnMut(u32, &str) -> bool) {
        if self.direct > 0 || self.ends.len() > TEXTS_MAX || self.bytes.len() > BYTES_MAX {
            self.direct = 0;
            self.forget();
        }
        let known = self.file.take().filter(|(texts, _)| Arc::ptr_eq(texts, &coded.texts));
        let (texts, mut known) =
            known.unwrap_or_else(|| (Arc::clone(&coded.texts), vec![UNKNOWN; coded.texts.len()]));
        self.looked_up += coded.keys.len() as u64;
        let keys = coded.keys.values().iter().enumerate();
        for (line, &key) in keys {
            if coded.keys.is_null(line) {
                self.codes.push(MISSING);
                continue;
            }
            let known = &mut known[key as usize];
            if *known == UNKNOWN {
                *known = match texts.is_valid(key as usize) {
                    true => self.find(texts.value(key as usize), new),
                    false => MISSING,
                };
            }
            self.codes.push(*known);
        }
        self.file = Some((texts, known));
    }

    /// The code of a text, marked or not.
    fn find(&mut self, text: &str, new: &mut dyn FnMut(u32, &str) -> bool) -> u32 {
        let hash = self.hasher.hash_one(text.as_bytes());
        let (bytes, ends) = (&self.bytes, &self.ends);
        let of = |code: u32| &bytes[ends[code as usize - 1] as usize..ends[code as usize] as usize];
        if let Some(&code) = self.table.find(hash, |&code| of(code & !MARKED) == text) {
            return code;
        }
        let mut code = self.ends.len() as u32;
        if new(code, text) {
            code |= MARKED;
        }
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len() as u32);
        let (bytes, ends, hasher) = (&self.bytes, &self.ends, &self.hasher);
        let of = |code: u32| &bytes[ends[code as usize - 1] as usize..ends[code as usize] as usize];
        self.table.insert_unique(hash, code, |&code| hasher.hash_one(of(code & !MARKED).as_bytes()));
        code
    }
}

#[cfg(test)]
mod tests;
