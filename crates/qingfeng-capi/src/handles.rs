//! What callers hold, by number.
//!
//! C has a pointer type for an engine and for a scoring. What stands in such a pointer is no address but a number, and
//! nothing is ever read through it. So a pointer that was freed, that is used in two threads while one of them frees it, or
//! that was never given out, is found out here instead of being followed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

/// No number is given twice, whatever it stands for. The first is 1, since a null pointer is 0.
static NEXT: AtomicUsize = AtomicUsize::new(1);

/// Things of one kind, each with its number.
pub struct Handles<T>(RwLock<BTreeMap<usize, T>>);

impl<T: Clone> Handles<T> {
    pub const fn new() -> Self {
        Self(RwLock::new(BTreeMap::new()))
    }

    /// Keeps a thing and gives its number.
    pub fn add(&self, thing: T) -> usize {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(number, thing);
        number
    }

    /// The thing of this number, if it is still kept.
    pub fn get(&self, number: usize) -> Option<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
    }

    /// No longer keeps the thing, and gives it: whoever asked drops it when nothing is locked.
    pub fn remove(&self, number: usize) -> Option<T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&number)
    }
}

#[cfg(test)]
mod tests {
    use super::Handles;

    #[test]
    fn a_number_is_given_once() {
        let (texts, counts) = (Handles::new(), Handles::new());
        let (first, count) = (texts.add("a"), counts.add(7));
        assert_ne!(first, count);
        assert_eq!((texts.get(first), texts.get(count)), (Some("a"), None));
        assert_eq!((texts.remove(first), texts.remove(first), texts.get(first)), (Some("a"), None, None));
        assert_ne!(texts.add("a"), first);
        assert_eq!(counts.get(count), Some(7));
    }
}
