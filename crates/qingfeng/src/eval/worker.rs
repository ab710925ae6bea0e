//! What one thread needs to evaluate rules. It is borrowed for the time of a batch and keeps what it learned.

use std::cell::RefCell;
use std::sync::Arc;

use qingfeng_rules::Pack;
use qingfeng_rules::internals::Interpreter;

use super::dispatch::Dispatch;
use super::key_index::KeyCache;
use super::texts::{FieldTexts, TestTables};

/// By what the texts of a worker are marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Followed {
    Nothing,
    /// The dispatch by rules of thumb.
    Guessed,
    /// The dispatch by what lines showed.
    Sampled,
}

pub(super) struct Worker {
    /// Made when it is first needed.
    pub(super) interpreter: Option<Interpreter>,
    pub(super) keys: KeyCache,
    pub(super) texts: Vec<FieldTexts>,
    pub(super) tests: RefCell<TestTables>,
    followed: Followed,
}

impl Worker {
    pub(super) fn new(keys: KeyCache, texts: Vec<FieldTexts>) -> Self {
        Self { interpreter: None, keys, texts, tests: RefCell::default(), followed: Followed::Nothing }
    }

    /// Marks texts by another dispatch from now on.
    pub(super) fn follow(&mut self, dispatch: &Dispatch, which: Followed) {
        if self.followed == which {
            return;
        }
        self.followed = which;
        self.texts.iter_mut().for_each(|texts| texts.follow(dispatch));
    }

    pub(super) fn interpreter(&mut self, pack: &Arc<Pack>) -> &mut Interpreter {
        self.interpreter.get_or_insert_with(|| Interpreter::new(Arc::clone(pack)))
    }
}
