//! Qingfeng: a risk-targeting rules engine for port inspection.
//!
//! It reads declarations and gives each a score, a control channel and reasons. It knows no store of lookups, no plan of
//! inspections and nothing of what inspections found; its manifest names no crate that does.
//!
//! A *pack* is a directory with a risk policy: a schema of declarations, regions, goods groups, trade modes and
//! sites, lookup tables, control channels, and rules in Rhai. An [`Engine`] is an opened pack. It is `Send + Sync`, and
//! cloning it is cheap; threads share one. Its answer depends on the declaration and on the pack, whose digest stands in
//! every result, and on nothing else: not on threads, batches, the day or the machine, nor on the way a declaration comes.
//!
//! # One declaration
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
//! assert!(assessment.notes.is_empty(), "all of it was understood");
//! let explanation = engine.explain(&declaration)?;
//! assert_eq!(explanation.items.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A JSON message
//!
//! [`Engine::assess_json`] reads it as a line of an NDJSON file is read:
//!
//! ```
//! # let engine = qingfeng::Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"))?;
//! let message = br#"{"declaration_id": "D1", "destination": "KE", "mode": "0110", "items": [{"hs": "8711209000"}]}"#;
//! let answer = serde_json::to_string(&engine.assess_json(message)?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A table
//!
//! ```
//! use std::sync::Arc;
//!
//! use qingfeng::arrow::{ArrayRef, RecordBatch, StringArray};
//! use qingfeng::{By, Engine};
//!
//! let engine = Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"))?;
//! let column = |values: [&str; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
//! let table = RecordBatch::try_from_iter([
//!     ("declaration_id", column(["D1", "D2"])),
//!     ("destination", column(["KE", "DE"])),
//!     ("mode", column(["0110", "0110"])),
//!     ("hs", column(["8711209000", "9403"])),
//! ])?;
//! let results = engine.assess_batch(&table)?;
//! assert_eq!(results.assessments().count(), 2);
//! let rows = results.rows(By::Declaration, true)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From file to file, and as an iterator
//!
//! ```no_run
//! use qingfeng::read::Input;
//! use qingfeng::write::{Output, TableWriter};
//! use qingfeng::{By, Engine, Outputs};
//!
//! let engine = Engine::open("rules/clean-wind")?;
//! let output = Output::Path("scores.parquet".into());
//! let mut writer = TableWriter::create(&output, engine.output_schema(By::Declaration, false))?;
//! let outputs = Outputs {
//!     assessments: &mut |rows| writer.write(rows),
//!     rejects: &mut |_| Ok(()),
//!     progress: &mut |_| {},
//! };
//! let summary = engine.score(Input::Path("declarations.csv".into())).run(outputs)?;
//! writer.finish()?;
//! println!("{} declarations", summary.declarations);
//!
//! for batch in engine.score(Input::reader("the queue", std::io::stdin())).threads(2) {
//!     let batch = batch?;
//!     println!("{} rows, {} rejects", batch.rows.num_rows(), batch.rejects.len());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Packs from elsewhere, lookups handed in
//!
//! See [`EngineBuilder`].
//!
//! # Features
//!
//! | feature | default | |
//! | --- | --- | --- |
//! | `parquet` | yes | Parquet files, and the compression zstd; the only part that is compiled from C |
//! | `tools` | yes | [`tools`]: tests of rules, differences of packs, profiles |
//! | `testing` | | an engine with a planted fault, for tests of tests |
#![cfg_attr(
    not(feature = "tools"),
    expect(dead_code, reason = "the tools use more of the engine than it does")
)]

mod assessment;
mod declaration;
mod engine;
#[expect(missing_docs, reason = "seen by the crates of this workspace alone")]
mod eval;
mod explain;
mod lookup;
mod open;
mod output;
mod pipeline;
pub mod read;
mod score;
pub mod tables;
mod threads;
#[cfg(feature = "tools")]
pub mod tools;
pub mod write;

// Open a pack.
pub use engine::Engine;
pub use eval::Evaluation;
pub use open::{
    Checked, EngineBuilder, LivingLookups, LivingTables, LookupsSnapshot, OpenError, OpenErrorKind,
    OpenedPack, unpack_archive,
};
pub use qingfeng_rules as rules;

// Assess one declaration, or a table.
pub use assessment::{
    Assessment, AssessmentRange, FiredRule, ItemAssessment, RuleFault, UndecidedRule, UnreadableValue,
};
pub use declaration::{Declaration, FieldValue, Item};
pub use engine::{AssessError, BatchAssessment};
pub use output::summary::Notes;

// Explain.
pub use explain::{
    ExplainedItem, ExplainedPart, ExplainedRule, Explanation, Limit, MissingField, NamedValue,
};

// Score inputs of any length.
pub use output::By;
pub use output::summary::{CodeCounts, RuleCount, ScatteredPlaces, Summary, UnreadableValues};
pub use pipeline::{Cancel, JobError, Pipeline, Progress};
pub use score::{Inputs, Outputs, ScoredBatch, ScoredBatches, Scoring};

/// The types of tables, of the version that this crate is built with.
pub mod arrow {
    pub use arrow_array::*;
    pub use arrow_schema as schema;
}

/// What the other crates of this workspace build on. It promises nothing to anybody else.
#[doc(hidden)]
pub mod internals {
    pub use crate::eval::BatchResults;
    pub use crate::eval::values::{BatchValues, Typed};
    pub use crate::lookup::{Rows, table_schema};
    pub use crate::read::{Column, Piece, cell, data_type, shown};
    pub use crate::write::ndjson;
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
    shared::<BatchAssessment>();
};
