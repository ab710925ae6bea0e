//! Evaluating the rules of a pack over batches of goods lines.
//!
//! A batch is evaluated in three steps. [`key_index`] gives each line the set of rules whose key fits it, its
//! *candidates*; lines with the same codes share a set. [`dispatch`] gives each candidate its *probes*: what must be found
//! on a line for the rule to be able to fire there. Rules without a probe, and those whose probe is found, are *visited*:
//! their program is run, or the interpreter where the program leaves a rest. What is found goes to [`results`].
//!
//! # Numbers that are shared with a [`Program`](qingfeng_rules::internals::Program)
//!
//! A program speaks of what it asks lines for by numbers of its own. They are the contract between the compiler and this
//! folder; all are positions in lists that the program has from its compilation on, and never change.
//!
//! | number | a position in | who gives meaning to it here |
//! | --- | --- | --- |
//! | rule, as the pack counts | `pack.rules` | `results`; [`KeyIndex::rules`](key_index::KeyIndex::rules) maps the next one to it |
//! | rule, as the key index counts | the evaluated rules alone, in the order of the pack | `key_index`, `dispatch`, the lists of visits |
//! | text source | `program.text_sources()`: a field, perhaps its first digits, perhaps computed | `dispatch`, one set of marks each; `selectivity` |
//! | number source | `program.number_sources()`: a field or something computed | `dispatch`, one list of bounds each; `selectivity` |
//! | test | `program.tests()`: the field whose text is tested | `texts`, which remembers outcomes by the text's code |
//! | find | `program.finds()`: the probe that says the same as a test | `dispatch`, as marks of that field |
//! | lookup table | `pack.lookups` | `values`, its entry on each line |
//! | field | the schema's fields; among them those with texts have a *slot* in each worker | `values`, `texts` |
//!
//! A probe may be found without the rule firing, never the other way round: where none of a rule's probes is found, its
//! condition is false and has no fault. Which probes a rule has ([`selectivity`] chooses rare ones once lines were seen)
//! decides how often it is visited, and no answer. A *mark* is a probe on the text of one field; it is looked for once for
//! each different text, by the text's *code* in its [`dictionary`].

mod codes;
pub(crate) mod dictionary;
pub(crate) mod dispatch;
pub(crate) mod evaluator;
pub(crate) mod key_index;
pub(crate) mod results;
pub(crate) mod rule_set;
pub(crate) mod selectivity;
mod texts;
mod undecided;
pub(crate) mod values;
mod worker;

pub(crate) use codes::CodesAmiss;
pub(crate) use evaluator::Evaluator;
#[cfg(feature = "tools")]
pub(crate) use evaluator::{BatchTime, RuleTally, SAMPLE_LINES_MIN, clock_seconds};
pub use results::{BatchResults, Evaluation};
