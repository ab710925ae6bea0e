//! The options that say how rules are evaluated.

use clap::builder::PossibleValuesParser;
use qingfeng::rules::internals::Passes;
use qingfeng::{Engine, Evaluation};

use crate::inputs::one_of;

/// Which passes the compiler leaves out.
#[derive(Debug, clap::Args)]
pub struct PassArgs {
    /// Compile the rules without this pass. May be repeated; results do not change.
    #[arg(
        long,
        value_name = "PASS",
        value_delimiter = ',',
        value_parser = PossibleValuesParser::new(Passes::NAMES)
    )]
    without: Vec<String>,
}

impl PassArgs {
    pub fn applied(&self, engine: Engine) -> Engine {
        if self.without.is_empty() {
            return engine;
        }
        let mut passes = Passes::ALL;
        for name in &self.without {
            if let Some(pass) = passes.get_mut(name) {
                *pass = false;
            }
        }
        engine.with_passes(passes)
    }
}

/// What evaluates the rules.
#[derive(Debug, clap::Args)]
pub struct EngineArgs {
    /// How rules are evaluated. The interpreter is slow and defines what rules mean; results do not change.
    #[arg(long, value_name = "ENGINE", default_value = "compiled", value_parser = one_of(&[
        ("compiled", Evaluation::Compiled), ("interpreted", Evaluation::Interpreted),
    ]))]
    engine: Evaluation,

    #[command(flatten)]
    passes: PassArgs,
}

impl EngineArgs {
    pub fn applied(&self, engine: Engine) -> Engine {
        self.passes.applied(engine).with_evaluation(self.engine)
    }
}

/// How many threads work.
#[derive(Debug, clap::Args)]
pub struct ThreadArgs {
    /// Number of threads. Default: one per processor; results do not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl ThreadArgs {
    pub fn number(&self) -> Option<usize> {
        self.threads.map(Into::into)
    }
}
