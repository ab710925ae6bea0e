//! The closures that are left to the interpreter, by the cases of the corpus. The list in `residuals.txt` only shrinks;
//! the packs of `rules/` have none.

use std::path::Path;

use qingfeng::Engine;
use qingfeng_testkit::corpus::{Assess, Corpus, Outcome, outcome};
use serde_json::Value;

use super::packs::pack;

/// The residual closures of a pack: rule, closure, reason.
fn residuals(engine: &Engine) -> Vec<String> {
    let rules = engine.pack().rules.iter().enumerate();
    let all = rules.flat_map(|(at, rule)| {
        let residuals = engine.program().residuals(at).iter();
        residuals.map(|residual| format!("{} | {} | {}", rule.id, residual.closure, residual.reason))
    });
    all.collect()
}

/// Gathers the residual closures of the packs it is given.
#[derive(Default)]
struct Gathered(Vec<String>);

impl Assess for Gathered {
    fn assess(&mut self, pack: &Path, _: &[Value]) -> Result<Outcome, String> {
        if let Ok(engine) = Engine::open(pack) {
            self.0.extend(residuals(&engine));
        }
        Ok(Outcome::Refused(Vec::new()))
    }
}

#[test]
fn the_list_of_residual_closures_only_shrinks() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/equality/residuals.txt");
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");
    let corpus = Corpus::read(directory.as_ref()).unwrap_or_else(|problems| panic!("{problems}"));
    let mut found: Vec<String> = Vec::new();
    for (file, case) in corpus.cases() {
        let mut gathered = Gathered::default();
        outcome(case, corpus.base_pack(), &mut gathered).unwrap();
        found.extend(gathered.0.iter().map(|residual| format!("{file}, {} | {residual}", case.name)));
    }
    found.sort();
    if std::env::var_os("QINGFENG_BLESS").is_some() {
        std::fs::write(&list, found.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        return;
    }
    let text = std::fs::read_to_string(&list).unwrap();
    let known: Vec<&str> = text.lines().collect();
    let new: Vec<&String> = found.iter().filter(|line| !known.contains(&line.as_str())).collect();
    assert!(
        new.is_empty(),
        "these are left to the interpreter and are not in residuals.txt, which may only shrink; \
        compile them:\n{new:#?}"
    );
    let gone: Vec<&&str> = known.iter().filter(|line| !found.iter().any(|found| found == **line)).collect();
    assert!(gone.is_empty(), "these are compiled now; shrink residuals.txt by them:\n{gone:#?}");
    assert_eq!(known, found, "the list is not sorted, or has a line twice");
}

#[test]
fn the_packs_of_the_repository_have_none() {
    for name in ["clean-wind", "import-fraud"] {
        assert_eq!(residuals(&pack(name)), Vec::<String>::new(), "{name}");
    }
}
