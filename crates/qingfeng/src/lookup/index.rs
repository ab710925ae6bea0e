//! Which key of a table a line has: a filter that stays near the processor, and a flat table behind it.
//!
//! Most lines are not listed. For them the filter, some bits for each key, is all that is read.

use super::{NO_HASH, NONE};

/// Words of the filter for so many keys; with two bits a key one in a hundred lines passes without being listed.
const KEYS_OF_A_WORD: usize = 4;

/// The keys of a table by their hashes.
#[derive(Debug)]
pub(super) struct KeyIndex {
    /// Two bits of one word for each key; a power of two of words.
    filter: Box<[u64]>,
    /// Half of the hash and the key, [`NONE`] where there is none: open addressing, a power of two of slots, at most
    /// half of them taken.
    slots: Box<[(u32, u32)]>,
}

/// The bits that a hash has in its word.
#[inline]
fn bits(hash: u64) -> u64 {
    1 << (hash >> 58) | 1 << (hash >> 52 & 63)
}

#[inline]
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

impl KeyIndex {
    /// The keys in the order of their hashes.
    pub(super) fn new(hashes: &[u64]) -> Self {
        let words = hashes.len().div_ceil(KEYS_OF_A_WORD).next_power_of_two();
        let slots = (hashes.len() * 2).max(1).next_power_of_two();
        let mut index = Self {
            filter: vec![0; words].into_boxed_slice(),
            slots: vec![(0, NONE); slots].into_boxed_slice(),
        };
        for (key, &hash) in (0..).zip(hashes) {
            let word = index.word(hash);
            index.filter[word] |= bits(hash);
            let mut slot = index.slot(hash);
            while index.slots[slot].1 != NONE {
                slot = index.after(slot);
            }
            index.slots[slot] = (tag(hash), key);
        }
        index
    }

    #[inline]
    fn word(&self, hash: u64) -> usize {
        (hash >> 24) as usize & (self.filter.len() - 1)
    }

    #[inline]
    fn slot(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    #[inline]
    fn after(&self, slot: usize) -> usize {
        (slot + 1) & (self.slots.len() - 1)
    }

    /// The lines that pass the filter, each with [`NONE`].
    pub(super) fn candidates(&self, hashes: &[u64]) -> Vec<(u32, u32)> {
        let mut lines = vec![(0, NONE); hashes.len()];
        let mut count = 0;
        // Without a branch, which would be foretold wrongly on each listed line.
        for (line, &hash) in (0..).zip(hashes) {
            lines[count].0 = line;
            let bits = bits(hash);
            let passes = self.filter[self.word(hash)] & bits == bits && hash != NO_HASH;
            count += usize::from(passes);
        }
        lines.truncate(count);
        lines
    }

    /// Gives each line the first key with its tag, if there is one: most likely its own.
    pub(super) fn first_keys(&self, hashes: &[u64], lines: &mut [(u32, u32)]) {
        for (line, key) in lines {
            *key = self.find(hashes[*line as usize], &|_| true).unwrap_or(NONE);
        }
    }

    /// The key with this hash that is the same.
    #[inline]
    pub(super) fn find(&self, hash: u64, same: &dyn Fn(u32) -> bool) -> Option<u32> {
        let mut slot = self.slot(hash);
        loop {
            match self.slots[slot] {
                (_, NONE) => return None,
                (known, key) if known == tag(hash) && same(key) => return Some(key),
                _ => slot = self.after(slot),
            }
        }
    }
}

#[cfg(test)]
mod tests;
