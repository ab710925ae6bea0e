//! Writes a pack of drawn rules: `workload DIRECTORY RULES MIX`, with one of the mixes of `qingfeng_benches::workload`.

use std::path::Path;
use std::process::ExitCode;

use qingfeng_benches::workload::{Mix, SEED, Workload};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, rules, mix] = &arguments[..] else {
        return fail("usage: workload DIRECTORY RULES MIX");
    };
    let Ok(rules) = rules.parse() else { return fail(&format!("`{rules}` is no number of rules")) };
    let Some(mix) = Mix::ALL.into_iter().find(|known| known.name() == mix) else {
        return fail(&format!("`{mix}` is none of {:?}", Mix::ALL.map(Mix::name)));
    };
    match Workload::new(SEED, rules, mix).write(Path::new(directory)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{directory}: {error}")),
    }
}

#[expect(clippy::print_stderr, reason = "a program tells what is wrong")]
fn fail(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(2)
}
