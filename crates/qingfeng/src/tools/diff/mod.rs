//! What would change: two packs compared by what they mean, and by what they do to declarations.
//!
//! [`Engine::diff`] compares the packs alone, [`Engine::diff_over`] also what becomes of declarations. Rules are
//! compared by meaning: keys as codes, closures with constants, functions and computed fields put in. What is said of
//! a cause holds: without that difference the declaration would not have changed its channel.
//!
//! ```
//! use qingfeng::Engine;
//! use qingfeng::tools::diff::{DiffOptions, Readers};
//! use qingfeng::read::{Input, ReadOptions, Reader};
//!
//! let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
//! let old = Engine::open(format!("{root}rules/clean-wind"))?;
//! let new = old.clone();
//! let inputs = vec![Input::Path(format!("{root}docs/examples/declarations.csv").into())];
//! let reader = Reader::new(old.pack().schema.clone(), inputs, ReadOptions::default())?;
//! let diff = old.diff_over(&new, Readers::one(reader), &DiffOptions::default(), &mut |_| {})?;
//! assert!(diff.is_empty());
//! let declarations = diff.declarations.unwrap();
//! assert_eq!((declarations.compared, declarations.moved()), (40, 0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cause;
mod change;
mod declarations;
mod keys;
mod pack;
mod rules;
mod run;
mod tables;
mod tally;

use serde::Serialize;

use crate::engine::Engine;
use crate::pipeline::{JobError, Pipeline, Progress};

use rules::{Matching, Side};
use tables::Tables;

pub use cause::{Cause, CauseKind};
pub use change::Change;
pub use declarations::{
    CauseCount, DeclarationsDiff, Example, Load, Move, Outcome, RuleEffect, ScoreDiff, Workload,
};
pub use rules::{ChangedRule, RenamedRule, RuleNote, RulesDiff};
pub use run::{Readers, read_alike};

/// How to compare over declarations.
#[derive(Clone, Debug)]
pub struct DiffOptions {
    /// The threads that evaluate. The answer does not depend on it.
    pub pipeline: Pipeline,
    /// The examples that are kept of each pair of an old and a new channel.
    pub examples: usize,
}

impl Default for DiffOptions {
    fn default() -> Self {
        Self { pipeline: Pipeline::new(), examples: 3 }
    }
}

/// One of the two packs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackNote {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The digest of its files.
    pub digest: String,
    /// How many rules it has.
    pub rules: usize,
}

/// In what two packs differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// The old pack.
    pub old: PackNote,
    /// The new pack.
    pub new: PackNote,
    /// What differs besides the rules: channels, score, faults, fields, groups, lookup tables.
    pub pack: Vec<Change>,
    /// The rules.
    pub rules: RulesDiff,
    /// What becomes of declarations, if there were some.
    pub declarations: Option<DeclarationsDiff>,
}

impl Diff {
    /// Whether nothing differs: the packs mean the same and say the same, and no declaration changes its channel or its
    /// score.
    pub fn is_empty(&self) -> bool {
        self.pack.is_empty()
            && self.rules.is_empty()
            && self.declarations.as_ref().is_none_or(DeclarationsDiff::is_empty)
    }
}

impl Engine {
    /// In what another pack differs from this one.
    pub fn diff(&self, new: &Self) -> Diff {
        compared(self, new).0
    }

    /// In what another pack differs from this one, and what becomes of declarations. Both packs evaluate the same
    /// lines in one go; memory is bounded, and the answer is the same for any number of threads.
    ///
    /// # Errors
    ///
    /// An input that cannot be read; threads that cannot be started.
    pub fn diff_over(
        &self,
        new: &Self,
        readers: Readers,
        options: &DiffOptions,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Diff, JobError> {
        let (mut diff, matching) = compared(self, new);
        diff.declarations = Some(run::over(self, new, &matching, readers, options, progress)?);
        Ok(diff)
    }
}

/// In what two packs differ, and how their rules belong together.
fn compared(old: &Engine, new: &Engine) -> (Diff, Matching) {
    let tables = Tables::of(old, new);
    let own = old.pack().lookups.iter().map(|lookup| lookup.name.clone()).collect();
    let before = Side::new(old.pack(), own);
    let after = Side::new(new.pack(), tables.names.clone());
    let (rules, matching) = RulesDiff::of(&before, &after, &tables);
    let note = |engine: &Engine| PackNote {
        name: engine.pack().name.clone(),
        version: engine.pack().version.clone(),
        digest: engine.digest().to_owned(),
        rules: engine.pack().rules.len(),
    };
    let pack = pack::changes(old.pack(), new.pack(), &tables);
    (Diff { old: note(old), new: note(new), pack, rules, declarations: None }, matching)
}
