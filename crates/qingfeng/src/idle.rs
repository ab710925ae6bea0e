//! Things that calls borrow and give back.

use std::sync::{Mutex, OnceLock, PoisonError};

/// The processors of the machine.
pub(crate) fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| std::thread::available_parallelism().map_or(1, Into::into))
}

/// What nobody uses at present. As many are kept as can be in use at once without waiting for a processor; what a rush
/// of calls needed beyond that is dropped when it is given back.
pub(crate) struct Idle<T>(Mutex<Vec<T>>);

impl<T> Default for Idle<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Idle<T> {
    pub(crate) fn borrow(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(crate) fn give_back(&self, item: T) {
        let in_pool = rayon::current_thread_index().map_or(0, |_| rayon::current_num_threads());
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < processors().max(in_pool) {
            idle.push(item);
        }
    }

    /// Drops all that is idle.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
