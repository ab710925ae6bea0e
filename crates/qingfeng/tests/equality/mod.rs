//! What evaluates the rules gives the interpreter's answer, on every line, for every rule.
//!
//! | on | module |
//! | --- | --- |
//! | packs and lines made up by types, shrunk by proptest; a longer seeded run | `generated` |
//! | the cases of the corpus, and both packs of `rules/` on generated declarations | `packs` |
//! | all of it with passes of the compiler switched off, and with a wrong kernel, which must be found | `passes` |
//! | pairs of packs that do differ: each difference must be found | `mutations` |
//! | which closures are left to the interpreter: a list that only shrinks | `residuals` |
//!
//! `QINGFENG_CASES` sets the number of cases of the seeded run, `QINGFENG_SEED` the first seed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]
#![expect(clippy::print_stdout, reason = "tests say how much they compared")]

mod claims;
pub mod generated;
mod mutations;
mod packs;
mod passes;
mod residuals;

use qingfeng::{Engine, Evaluation};

/// The interpreter, and what evaluates the rules.
fn both(engine: &Engine) -> (Engine, Engine) {
    (
        engine.clone().with_evaluation(Evaluation::Interpreted),
        engine.clone().with_evaluation(Evaluation::Compiled),
    )
}

pub fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().expect("a number"))
}
