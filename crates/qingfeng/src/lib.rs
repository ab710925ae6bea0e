//! Qingfeng: a risk-targeting rules engine for port inspection.
//!
//! A *pack* is a directory with a risk policy: a schema of declarations, regions, goods groups, trade modes and
//! sites, lookup tables, control channels, and rules in Rhai. An [`Engine`] is an opened pack. It assesses
//!
//! - one [`Declaration`] with [`Engine::assess`],
//! - an Arrow table of goods lines with [`Engine::assess_batch`],
//! - files of any length with [`Engine::run`], from a [`read::Reader`] to a [`write::TableWriter`],
//!
//! all with the same answer: for each goods line the rules that fired, their points, a score and a control channel;
//! for each declaration those of its worst line. [`Engine::explain`] shows how a decision came about. The result
//! depends on the declaration and on the pack, whose digest stands in every result, and on nothing else: not on
//! threads, batches, the day or the machine.
//!
//! An engine is `Send + Sync`, and cloning it is cheap; threads share one.
//!
//! ```
//! use qingfeng::{Declaration, Engine, Item};
//!
//! let engine = Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"))?;
//! let watches = Item::new().with("hs", "9102110000").with("goods", "replica watch").with("quantity", 500);
//! let declaration = Declaration::new()
//!     .with("declaration_id", "530120160002")
//!     .with("destination", "AE")
//!     .with("mode", "1039")
//!     .item(watches);
//! let assessment = engine.assess(&declaration)?;
//! assert_eq!(assessment.channel, "red");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assessment;
pub mod bind;
mod carried;
pub mod coverage;
mod declaration;
mod dictionary;
pub mod diff;
mod engine;
#[expect(missing_docs, reason = "seen by the crates of this workspace alone")]
mod evaluate;
mod explain;
mod job;
mod key_index;
mod lookup;
mod output;
mod plan;
pub mod profile;
pub mod read;
mod rounds;
mod sample;
mod summary;
pub mod tables;
pub mod testing;
#[expect(missing_docs, reason = "seen by the crates of this workspace alone")]
mod values;
pub mod verify;
pub mod why_not;
pub mod write;

pub use assessment::{Assessment, FiredRule, ItemAssessment, RuleFault};
pub use declaration::{Declaration, FieldValue, Item};
pub use engine::{
    AssessError, BatchAssessment, Engine, EngineBuilder, LivingLookups, LivingTables, LookupsSnapshot,
    OpenError, OpenedPack,
};
pub use evaluate::Evaluation;
pub use explain::{ExplainedItem, ExplainedPart, ExplainedRule, Explanation, Limit, NamedValue};
pub use job::{JobError, JobOptions, Outputs, Progress};
pub use output::{By, output_schema};
pub use profile::{Profile, ProfileOptions, RuleProfile};
pub use qingfeng_rules as rules;
pub use summary::{InputSummary, RuleCount, ScatteredPlaces, Summary, UnknownCodes};
pub use verify::{Verification, VerifyOptions};
pub use why_not::{Miss, MissedPart, PartCount, StageCount, WhyNot, WhyNotOptions};

/// What the other crates of this workspace build on. It promises nothing to anybody else.
#[doc(hidden)]
pub mod internals {
    pub use crate::evaluate::BatchResults;
    pub use crate::lookup::{Rows, table_schema};
    pub use crate::read::{Column, Piece, Source, cell, guarded, open_source, shown};
    pub use crate::rounds::over_chunks;
    pub use crate::values::{BatchValues, Typed};
}

/// The README's program is compiled with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// What embedders rely on: an engine and its results go from thread to thread.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Engine>();
    shared::<Assessment>();
    shared::<Declaration>();
};
