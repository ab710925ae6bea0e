//! The last declarations, in bounded memory: a new pack is tried on them, and the console explains them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::Serialize;

/// A declaration that was assessed.
#[derive(Clone, Debug)]
pub(crate) struct RecentDeclaration {
    /// Counted since the start, from 1.
    pub number: u64,
    pub at: String,
    pub id: String,
    pub channel: String,
    pub score: i64,
    pub message: Bytes,
}

/// A declaration that was assessed, for lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecentNote {
    /// Counted since the start, from 1.
    pub number: u64,
    /// When, in UTC.
    pub at: String,
    /// Its id.
    pub declaration_id: String,
    /// Its channel.
    pub channel: String,
    /// Its score.
    pub score: i64,
}

pub(crate) struct Recent {
    kept: Mutex<Kept>,
    count_max: usize,
    bytes_max: usize,
}

#[derive(Default)]
struct Kept {
    declarations: VecDeque<RecentDeclaration>,
    bytes: usize,
    count: u64,
}

impl Recent {
    pub fn new(count_max: usize, bytes_max: usize) -> Self {
        Self { kept: Mutex::default(), count_max, bytes_max }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps one, in place of the oldest where there is no room.
    pub fn add(&self, mut declaration: RecentDeclaration) {
        if self.count_max == 0 || declaration.message.len() > self.bytes_max {
            return;
        }
        let mut kept = self.kept();
        kept.count += 1;
        declaration.number = kept.count;
        kept.bytes += declaration.message.len();
        kept.declarations.push_back(declaration);
        while kept.declarations.len() > self.count_max || kept.bytes > self.bytes_max {
            let Some(oldest) = kept.declarations.pop_front() else { return };
            kept.bytes -= oldest.message.len();
        }
    }

    /// All messages, the oldest first.
    pub fn messages(&self) -> Vec<Bytes> {
        self.kept().declarations.iter().map(|kept| kept.message.clone()).collect()
    }

    /// The last ones, the newest first.
    pub fn last(&self, count: usize) -> Vec<RecentNote> {
        let note = |kept: &RecentDeclaration| RecentNote {
            number: kept.number,
            at: kept.at.clone(),
            declaration_id: kept.id.clone(),
            channel: kept.channel.clone(),
            score: kept.score,
        };
        self.kept().declarations.iter().rev().take(count).map(note).collect()
    }

    /// The message of a number, while it is kept.
    pub fn message(&self, number: u64) -> Option<Bytes> {
        let kept = self.kept();
        let at = kept.declarations.binary_search_by_key(&number, |kept| kept.number).ok()?;
        Some(kept.declarations[at].message.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::{Recent, RecentDeclaration};

    #[test]
    fn count_and_bytes_are_bounded() {
        let recent = Recent::new(3, 10);
        for at in 0..6_usize {
            recent.add(RecentDeclaration {
                number: 0,
                at: String::new(),
                id: at.to_string(),
                channel: "green".to_owned(),
                score: 0,
                message: vec![b' '; at].into(),
            });
        }
        // 4 and 5 are nine bytes; 3 would be twelve.
        assert_eq!(recent.last(9).iter().map(|note| note.number).collect::<Vec<_>>(), [6, 5]);
        assert_eq!(recent.message(6).map(|message| message.len()), Some(5));
        assert!(recent.message(4).is_none());
    }
}
