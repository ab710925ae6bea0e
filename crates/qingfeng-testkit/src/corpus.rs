//! The corpus: cases that say what a pack makes of declarations, in TOML, for every engine and every binding.
//!
//! `testdata/README.md` describes the format. A case is a pack (the base pack with changes), declarations, and what
//! must be found; or a pack that must be refused, with the messages word for word.
//!
//! ```no_run
//! use qingfeng_testkit::corpus::{Assess, Corpus, Outcome};
//!
//! struct Nothing;
//! impl Assess for Nothing {
//!     fn assess(&mut self, _: &std::path::Path, _: &[serde_json::Value]) -> Result<Outcome, String> {
//!         Err("this engine does nothing".into())
//!     }
//! }
//! let corpus = Corpus::read("testdata".as_ref()).unwrap();
//! assert_eq!(corpus.run(&mut Nothing).len(), corpus.cases().count());
//! ```

mod case;
mod compare;
pub(crate) mod pack;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use qingfeng::{Assessment, FiredRule, ItemAssessment};

pub use case::{Case, ExpectedDeclaration, ExpectedItem};
pub use compare::differences;
pub use rows::found_in_rows;

/// What an engine makes of a pack and declarations.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The pack is refused: each mistake as the line `file:line:column: error[QF0101]: title; remedy`.
    Refused(Vec<String>),
    /// The pack is accepted and the declarations are assessed.
    Assessed {
        /// The warnings of the pack, as lines of the same form; `None` where the engine does not show them.
        warnings: Option<Vec<String>>,
        /// One for each declaration, in order.
        declarations: Vec<FoundDeclaration>,
    },
}

/// What was found of a declaration. What an engine does not show is `None` and is not compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundDeclaration {
    /// Its id.
    pub declaration_id: String,
    /// Its score.
    pub score: i64,
    /// Its channel.
    pub channel: String,
    /// The number of its decisive line.
    pub decisive_item: i64,
    /// Its goods lines, in order.
    pub items: Vec<FoundItem>,
}

/// What was found of a goods line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundItem {
    /// The number of the line.
    pub item_no: i64,
    /// The points within floor and cap.
    pub score: i64,
    /// The channel.
    pub channel: String,
    /// The points before floor and cap, where the engine shows them.
    pub points: Option<i64>,
    /// The points of shadow rules, where the engine shows them.
    pub shadow_points: Option<i64>,
    /// The active rules that fired, in the order of the pack.
    pub fired: Vec<String>,
    /// The shadow rules that fired, in the order of the pack.
    pub shadow: Vec<String>,
    /// `ID: fault` of the rules that could not be evaluated, in the order of the pack.
    pub faults: Vec<String>,
    /// `ID: reason` of all rules that fired, in the order of the pack.
    pub reasons: Vec<String>,
}

impl From<Assessment> for FoundDeclaration {
    fn from(assessment: Assessment) -> Self {
        Self {
            items: assessment.items.into_iter().map(FoundItem::from).collect(),
            declaration_id: assessment.declaration_id,
            score: assessment.score,
            channel: assessment.channel,
            decisive_item: assessment.decisive_item.unwrap_or_default(),
        }
    }
}

impl From<ItemAssessment> for FoundItem {
    fn from(item: ItemAssessment) -> Self {
        let rules = |shadow| {
            let rules = item.fired.iter().filter(|fired| fired.shadow == shadow);
            rules.map(|fired| fired.rule.clone()).collect()
        };
        let reason =
            |fired: &FiredRule| format!("{}: {}", fired.rule, fired.reason.as_deref().unwrap_or_default());
        Self {
            item_no: item.item_no.unwrap_or_default(),
            score: item.score,
            points: Some(item.points),
            shadow_points: Some(item.shadow_points),
            fired: rules(false),
            shadow: rules(true),
            faults: item.faults.iter().map(|fault| format!("{}: {}", fault.rule, fault.fault)).collect(),
            reasons: item.fired.iter().map(reason).collect(),
            channel: item.channel,
        }
    }
}

/// Something that assesses declarations with a pack.
pub trait Assess {
    /// Opens the pack in the directory and assesses the declarations, each an object with `items`, or flat.
    ///
    /// # Errors
    ///
    /// Whatever keeps the engine from an answer, a declaration that it rejects included. A pack that it refuses is
    /// an answer.
    fn assess(&mut self, pack: &Path, declarations: &[serde_json::Value]) -> Result<Outcome, String>;
}

/// All cases of a directory.
#[derive(Clone, Debug)]
pub struct Corpus {
    base: PathBuf,
    files: Vec<(String, Vec<Case>)>,
}

impl Corpus {
    /// Reads the files `*.toml` of a directory, and checks that each case is whole and its name is its own.
    ///
    /// # Errors
    ///
    /// All that is wrong with the files, one line each.
    pub fn read(directory: &Path) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", directory.display());
        let mut paths: Vec<PathBuf> = std::fs::read_dir(directory)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
            .map_err(failed)?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        let mut files = Vec::new();
        let mut problems = Vec::new();
        for path in paths {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).map_err(failed)?;
            match cases(&text) {
                Ok(cases) => files.push((name, cases)),
                Err(more) => {
                    problems.extend(more.into_iter().map(|problem| format!("{name}.toml: {problem}")))
                }
            }
        }
        if problems.is_empty() {
            Ok(Self { base: directory.join("base-pack"), files })
        } else {
            Err(problems.join("\n"))
        }
    }

    /// The cases, each with the name of its file.
    pub fn cases(&self) -> impl Iterator<Item = (&str, &Case)> {
        self.files.iter().flat_map(|(file, cases)| cases.iter().map(move |case| (file.as_str(), case)))
    }

    /// The directory of the pack that the cases change.
    pub fn base_pack(&self) -> &Path {
        &self.base
    }

    /// Runs all cases. Gives what failed, one text for each case.
    pub fn run(&self, engine: &mut dyn Assess) -> Vec<String> {
        self.cases()
            .filter_map(|(file, case)| {
                let problems = run(case, &self.base, engine);
                (!problems.is_empty())
                    .then(|| format!("{file}, {:?}:\n    {}", case.name, problems.join("\n    ")))
            })
            .collect()
    }
}

/// Reads the cases of one file.
///
/// # Errors
///
/// What is wrong with them, one line each.
pub fn cases(text: &str) -> Result<Vec<Case>, Vec<String>> {
    let file: case::CaseFile = toml::from_str(text).map_err(|error| vec![error.to_string()])?;
    let mut names = BTreeSet::new();
    let mut problems = Vec::new();
    for case in &file.case {
        let named = |problem: String| format!("{:?}: {problem}", case.name);
        problems.extend(case.problems().into_iter().map(named));
        if !names.insert(case.name.as_str()) {
            problems.push(named("another case has this name".into()));
        }
    }
    if problems.is_empty() { Ok(file.case) } else { Err(problems) }
}

/// Runs one case. Gives what differs from the expectation, one line each.
pub fn run(case: &Case, base: &Path, engine: &mut dyn Assess) -> Vec<String> {
    match outcome(case, base, engine) {
        Ok(outcome) => differences(case, &outcome),
        Err(problem) => vec![problem],
    }
}

/// What an engine makes of a case.
///
/// # Errors
///
/// The pack cannot be laid out, or the engine has no answer.
pub fn outcome(case: &Case, base: &Path, engine: &mut dyn Assess) -> Result<Outcome, String> {
    let directory = pack::lay_out(case, base)?;
    engine.assess(directory.path(), &case.declarations_as_json())
}
