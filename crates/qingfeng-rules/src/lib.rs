//! Rule packs of Qingfeng: from the text of a rule to a checked [`Pack`] and to the programs that an engine runs.
//!
//! This crate opens no data file, reads no clock, starts no thread and knows nothing of Arrow. It is given the files of a
//! pack and returns a [`Pack`], or every mistake in it as [`Diagnostics`]. The manifest has no library for any of these,
//! and a test reads the sources for them; [`PackFiles::read`] alone reads a directory, that of the pack. The engine (the
//! crate `qingfeng`) reads declarations and lookup tables and evaluates the rules.
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
//!
//! # Where to start
//!
//! | to | see |
//! | --- | --- |
//! | load and check a pack | [`PackFiles`], [`Pack::load`], [`Pack::analyse`] |
//! | show what is wrong with it, and mend it | [`Diagnostics`], [`Diagnostic`], [`Fix`], [`diagnostics`] |
//! | list its rules | [`Pack::rules`], [`Rule`], [`KeyValue`], [`Points`] |
//! | know the fields of declarations | [`Schema`], [`Field`], [`Derived`] |
//! | read groups of codes, lookup tables, the inspection policy | [`reference`](mod@reference), [`lookups`], [`selection`] |
//! | read tests of rules and change rules to see whether tests notice | [`cases`] |
//! | print the reference of the language | [`manual`] |
//!
//! The folders of the source stand in the order in which a rule passes through them: `base`, `diagnostic`, `model`, `lang`,
//! `program`, `pack`, then `analysis`, `cases` and `manual`, which look at whole packs. Each names only those before it.

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
pub use base::zone::{ParseZoneError, Zone};
pub use base::{codes, countries, limits};
pub use diagnostic::{Code, Diagnostic, Diagnostics, Edit, Fix, Label, Place, Severity};
pub use lang::kernel::Fault;
pub use lang::layout::{FormatError, format_rules};
pub use lang::rule::{Closure, ComputedField, KeyValue, Points, Rule, Status};
pub use model::boxes::Part;
pub use model::channel::{Channel, ChannelId, Combine, Score};
pub use model::derived::{Derived, FieldRef};
pub use model::money::Money;
pub use model::reference::Key;
pub use model::schema::{
    CodeList, Field, FieldId, HeaderClash, Keys, Kind, KnownCodes, Level, Reading, Schema,
};
pub use model::selection::{Selection, SelectionKind};
pub use pack::{Pack, PackFiles};

/// What is said of mistakes beside [`Diagnostic`]: the pages of their codes, the texts they point into, what comments
/// allow, and what fixes changed.
pub mod diagnostics {
    pub use crate::diagnostic::{DiagnosticData, EXAMPLE_PACK, Page, PlaceData, Sources, Suppressed};
    pub use crate::pack::Applied;
}

/// Lookup tables, the histories of parties, and the profiles of past declarations.
pub mod lookups {
    pub use crate::model::manifest::{
        HISTORY_COLUMNS, History, HistoryGrade, HistoryRole, Lookup, LookupSource,
    };
    pub use crate::model::profile::{
        Counted, Measure, PROFILE_KEY_MAX, PROFILE_KEYS_DEFAULT, PROFILE_KEYS_MAX, PROFILE_WINDOW_MAX,
        Profile, Statistic,
    };
}

/// Named groups of codes, and what belongs to them on a day.
pub mod reference {
    pub use crate::model::reference::{Group, Groups, Member, Membership, Reference};
}

/// The parts of an inspection policy ([`Selection`]).
pub mod selection {
    pub use crate::model::selection::{
        Amount, CellPart, Exploration, InspectionCost, KNOWN_TRADERS, Least, Mandatory, Millionths,
        OTHER_GROUP, OverrideAction, OverrideRule, Quota, QuotaOf, RandomLeast, RandomRates, RateRule,
        SiteCapacity, Stratum, TraderClass, TraderLimits, UNNAMED_TRADERS, Visits, Worth,
    };
}

/// The inside of the compiler, for the other crates of this workspace.
///
/// Nothing here is promised: any release may change or remove it, so a crate that uses it needs exactly the same version
/// of this crate. The traits [`LineSource`](internals::LineSource) and [`LineValues`](internals::LineValues) are part of
/// the correctness of answers. They are not sealed: the engine implements both, and both must give the same values.
#[doc(hidden)]
pub mod internals {
    pub use crate::base::codes::normal as normal_writing;
    pub use crate::base::text::{folded, is_invisible};
    pub use crate::base::value::rounded;
    pub use crate::base::words::{WordCounts, Words};
    pub use crate::diagnostic::{nearest, suggestion};
    pub use crate::lang::interpret::{Interpreter, LineValues, Outcome, Part};
    pub use crate::lang::kernel::{self, Scalar};
    pub use crate::pack::{Unreadable, WrittenPoints, read_file};
    pub use crate::program::{
        Decision, Dependence, Leaf, LineSource, Meaning, MeaningDigest, MeaningPart, Memo, NumberSource,
        PackMeaning, PartTree, Parts, Passes, Probe, Program, Read, Residual, RuleMeaning, TextSource,
        Totals, Visit, Wanted, Witness, part_of,
    };
}
