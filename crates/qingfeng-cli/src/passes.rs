//! The options that say how rules are evaluated.

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use qingfeng::rules::internals::Passes;
use qingfeng::{Engine, Evaluation};

/// Which passes the compiler leaves out.
#[derive(Debug, clap::Args)]
pub struct PassArgs {
    /// Compile the rules without this pass. May be repeated; results do not change.
    #[arg(
        long,
        value_name = "PASS",
        value_delimiter = ',',
        hide_short_help = true,
        value_parser = PossibleValuesParser::new(Passes::NAMES)
    )]
    without: Vec<String>,
}

impl PassArgs {
    /// The engine with its rules compiled without these passes.
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
    #[arg(long, value_name = "ENGINE", default_value = "compiled")]
    engine: Kind,

    #[command(flatten)]
    passes: PassArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Compiled,
    Interpreted,
}

impl EngineArgs {
    /// The engine as the options ask for it.
    pub fn applied(&self, engine: Engine) -> Engine {
        self.passes.applied(engine).with_evaluation(match self.engine {
            Kind::Compiled => Evaluation::Compiled,
            Kind::Interpreted => Evaluation::Interpreted,
        })
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
    /// The number, if one was given.
    pub fn number(&self) -> Option<usize> {
        self.threads.map(Into::into)
    }
}
