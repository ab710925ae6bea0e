//! Qingfeng: a risk-targeting rules engine for port inspection.

mod assessment;
pub mod bind;
mod declaration;
mod engine;
mod evaluate;
mod explain;
pub mod generate;
mod job;
mod key_index;
mod lookup;
mod output;
pub mod read;
mod summary;
mod values;
pub mod write;

pub use assessment::{Assessment, FiredRule, ItemAssessment, RuleFault};
pub use declaration::{Declaration, FieldValue, Item};
pub use engine::{AssessError, BatchAssessment, Engine, OpenError};
pub use explain::{ExplainedItem, ExplainedPart, ExplainedRule, Explanation, Limit, NamedValue};
pub use job::{JobError, JobOptions, Outputs, Progress};
pub use output::{By, output_schema};
pub use qingfeng_rules as rules;
pub use summary::{InputSummary, RuleCount, ScatteredPlaces, Summary, UnknownCodes};
