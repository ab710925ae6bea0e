//! Changes as rows, and the hash over all of them.
//!
//! A row is what both databases keep: the change's columns as texts, and its hash. The hash of a change is the BLAKE3
//! of the hash before it and of the row's bytes, each text with its length before it, so that no two rows have the same
//! bytes. Before the first change stands the hash of [`FIRST`]. Anybody with the rows can compute it again.

use super::StoreError;

/// A hash: BLAKE3.
pub(crate) type Hash = [u8; 32];

/// What is hashed before the first change.
const FIRST: &[u8] = b"qingfeng store of lookups 1\n";

/// The hash of a store without changes.
pub(crate) fn first() -> Hash {
    blake3::hash(FIRST).into()
}

/// A change as it is kept, without its number and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    pub at: &'a str,
    pub by: &'a str,
    pub reason: Option<&'a str>,
    /// `2016-09-06`.
    pub known_on: &'a str,
    /// `added`, `expired`, `found`.
    pub kind: &'a str,
    /// The lookup table of an entry that was added.
    pub lookup: Option<&'a str>,
    /// The rest, as JSON.
    pub body: &'a str,
}

/// A change as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeptRow<'a> {
    pub number: u64,
    pub row: Row<'a>,
    pub hash: &'a [u8],
}

/// The hash of a change after the hash of the one before.
pub(crate) fn next(before: &Hash, number: u64, row: &Row<'_>) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before);
    hasher.update(&number.to_le_bytes());
    let mut text = |text: Option<&str>| match text {
        // No text has this length.
        None => {
            hasher.update(&u64::MAX.to_le_bytes());
        }
        Some(text) => {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
    };
    text(Some(row.at));
    text(Some(row.by));
    text(row.reason);
    text(Some(row.known_on));
    text(Some(row.kind));
    text(row.lookup);
    text(Some(row.body));
    hasher.finalize().into()
}

/// A hash in hexadecimal.
pub(crate) fn hexadecimal(hash: &Hash) -> String {
    blake3::Hash::from(*hash).to_hex().to_string()
}

/// Follows the chain over rows that are read one after the other.
pub(crate) struct Follower<'s> {
    store: &'s str,
    /// The last change that was seen, and its hash.
    number: u64,
    hash: Hash,
}

impl<'s> Follower<'s> {
    /// After this change.
    pub(crate) fn new(store: &'s str, number: u64, hash: Hash) -> Self {
        Self { store, number, hash }
    }

    /// Takes the next row.
    pub(crate) fn take(&mut self, kept: &KeptRow<'_>) -> Result<(), StoreError> {
        let expected = self.number + 1;
        if kept.number != expected {
            return Err(self.tampered(expected, "it is missing".to_owned()));
        }
        let hash = next(&self.hash, expected, &kept.row);
        if hash.as_slice() != kept.hash {
            return Err(self.tampered(expected, "its hash is not that of its content".to_owned()));
        }
        (self.number, self.hash) = (expected, hash);
        Ok(())
    }

    /// That the last change seen is this one, with this hash.
    pub(crate) fn end(&self, number: u64, hash: &str) -> Result<(), StoreError> {
        if self.number != number {
            return Err(self.tampered(self.number + 1, "it is missing".to_owned()));
        }
        let found = hexadecimal(&self.hash);
        if found != hash {
            let reason = format!("its hash is {found} and should be {hash}");
            return Err(self.tampered(number, reason));
        }
        Ok(())
    }

    fn tampered(&self, change: u64, reason: String) -> StoreError {
        StoreError::Tampered { store: self.store.to_owned(), change, reason }
    }
}

#[cfg(test)]
mod tests;
