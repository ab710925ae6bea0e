//! The option that switches passes of the compiler off.

use clap::builder::PossibleValuesParser;
use qingfeng::Engine;
use qingfeng::rules::internals::Passes;

/// Which passes the compiler leaves out.
#[derive(Debug, clap::Args)]
pub struct PassArgs {
    /// Compile the rules without this pass; may be given several times. The answer is the same.
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
