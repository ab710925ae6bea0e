//! The rule language of Qingfeng: schemas, rule packs, rule files, their types, their mistakes, and the
//! interpreter that defines what a rule means.
//!
//! This crate opens no data file, starts no thread and reads no clock. It is given the files of a pack and gives
//! back a checked [`Pack`], or all mistakes of it as [`Diagnostics`]. The engine (the crate `qingfeng`) reads
//! declarations and lookup tables and runs the rules over them, through the [`Interpreter`].
//!
//! ```
//! use qingfeng_rules::{Pack, PackFiles};
//!
//! let mut files = PackFiles::default();
//! files.insert("pack.toml", br#"
//!     [pack]
//!     name = "demo"
//!     version = "1"
//!     [schema]
//!     extends = "export"
//!     [[channels]]
//!     name = "green"
//!     from = 0
//! "#.to_vec());
//! files.insert("cheap.rhai", br#"
//!     rule("CHEAP", #{ title: "Cheap", region: "KE", score: 10, when: |d| d.unit_vale < 300.0 });
//! "#.to_vec());
//! let mistakes = Pack::load(&files).unwrap_err();
//! assert_eq!(
//!     mistakes.to_string(),
//!     "cheap.rhai:2:75: error[QF0201]: there is no field `unit_vale`; did you mean `unit_value`?"
//! );
//! ```

mod analysis;
mod base;
pub mod cases;
mod diagnostic;
mod lang;
pub mod manual;
mod model;
mod pack;
mod program;

pub use base::value::{Date, Month, ParseDateError, Value};
pub use base::words::{WordCounts, Words};
pub use base::{countries, limits};
pub use diagnostic::{
    Code, Diagnostic, Diagnostics, EXAMPLE_PACK, Edit, Fix, Label, Page, Place, Severity, Sources,
    Suppressed, nearest, suggestion,
};
pub use lang::interpret::{Interpreter, LineValues, Outcome, Part};
pub use lang::kernel::{self, Fault, Scalar};
pub use lang::rule::{Closure, ComputedField, KeyValue, Points, Rule, Status};
pub use model::channel::{Channel, ChannelId, Combine, Score};
pub use model::derived::{Derived, FieldRef};
pub use model::manifest::{HISTORY_COLUMNS, History, HistoryGrade, HistoryRole, Lookup, LookupSource};
pub use model::reference::{Group, Groups, Key, Member, Membership, Reference};
pub use model::schema::{CodeList, Field, FieldId, HeaderClash, Keys, Kind, Level, Schema};
pub use model::selection::{
    Amount, CellPart, Exploration, InspectionCost, KNOWN_TRADERS, Least, Mandatory, Millionths, OTHER_GROUP,
    OverrideAction, OverrideRule, Quota, QuotaOf, RandomLeast, RandomRates, RateRule, Selection,
    SelectionKind, SiteCapacity, Stratum, TraderClass, TraderLimits, UNNAMED_TRADERS, Worth,
};
pub use pack::{Applied, Pack, PackFiles, WrittenPoints};
pub use program::{
    Leaf, LineSource, Meaning, MeaningDigest, MeaningPart, Memo, NumberSource, PackMeaning, PartTree, Parts,
    Passes, Probe, Program, Residual, RuleMeaning, TextSource, Visit, Wanted, Witness,
};
