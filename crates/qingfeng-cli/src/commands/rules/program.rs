//! `qingfeng rules --program`: what becomes of one rule on its way through the compiler.

use qingfeng::Engine;
use qingfeng::rules::Place;
use qingfeng::rules::internals::Passes;

use crate::exit::Failure;
use crate::render::rule_position;
use crate::terminal::{BOLD, DIM, clean, clean_but, styled};

/// How the last line of a listing begins.
const WITNESS: &str = "  witness ";

/// The program of a rule as it was lowered, and again after each pass that changed it.
pub fn stages(engine: &Engine, id: &str) -> Result<String, Failure> {
    let pack = engine.pack();
    let at = rule_position(pack, id)?;
    let rule = &pack.rules[at];
    let locate = |place: &Place| pack.warnings.sources.located(place);
    let mut out = format!(
        "{}  {}\n{DIM}{}, {}{DIM:#}\n",
        styled(BOLD, &clean(&rule.id)),
        clean(&rule.title),
        clean(&locate(&rule.place)),
        rule.status.name()
    );
    for residual in engine.program().residuals(at) {
        out += &format!(
            "{DIM}{} by the interpreter: {} at {}{DIM:#}\n",
            residual.closure,
            clean(&residual.reason),
            clean(&locate(&residual.place))
        );
    }
    let mut passes = Passes::NONE;
    let mut before = pack.program(passes).listing(at, &locate);
    out += &stage("lowered", &before);
    for name in Passes::NAMES {
        if let Some(pass) = passes.get_mut(name) {
            *pass = true;
        }
        let after = pack.program(passes).listing(at, &locate);
        out += &match (after.rsplit_once(WITNESS), before.rsplit_once(WITNESS)) {
            _ if after == before => format!("\n{}: no change\n", styled(BOLD, name)),
            (Some((program, witness)), known)
                if program == known.map_or(&*before, |(program, _)| program) =>
            {
                let heading = styled(BOLD, name);
                format!("\n{heading}: the same program\n{WITNESS}{}\n", clean(witness.trim_end()))
            }
            _ => stage(name, &after),
        };
        before = after;
    }
    Ok(out)
}

fn stage(name: &str, listing: &str) -> String {
    format!("\n{}:\n{}\n", styled(BOLD, name), clean_but(listing.trim_end(), &['\n']))
}
