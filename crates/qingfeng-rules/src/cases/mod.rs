//! Tests of rules, as risk officers write them beside the rules: `tests/*.rhai`, tables in `tests/*.csv`, and
//! expectations on whole files in `expect.toml`.
//!
//! What is loaded is plain data, checked against the pack; the crate `qingfeng` runs it. Files of tests run in the
//! sandbox of rule files, with the function `test`:
//!
//! ```rhai
//! let moto = #{ destination: "KE", hs: "8711209000", mode: "0110", quantity: 10, value: 2000.0 };
//! test("an unbranded cheap motorcycle is opened", moto, #{ fires: "MC-01", channel: "red" });
//! test("with a brand it passes", moto + #{ brand: "HAOJUE" }, #{ silent: ["MC-01"] });
//! ```

mod backtest;
mod expected;
mod mutation;
mod parts;
mod script;
mod table;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

pub use backtest::{Bound, Expectation, Unexpected, expectations};
use expected::Ids;
pub use mutation::{Mutation, MutationKind, mutations};
pub use parts::ConditionPart;

use crate::base::limits;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Help, Place};
use crate::lang::kernel::{Fault, Scalar};
use crate::model::channel::ChannelId;
use crate::model::schema::{FieldId, Schema};
use crate::pack::{Files, Pack, text_of};

/// One test: a declaration, and what is expected of it.
#[derive(Clone, Debug, PartialEq)]
pub struct TestCase {
    /// What it shows, unique within its file.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The goods lines, one at least.
    pub lines: Vec<CaseLine>,
    /// What is expected.
    pub expected: Expected,
}

/// One goods line of a test.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CaseLine {
    /// The values that it has.
    pub values: Vec<CaseValue>,
}

/// A value of a goods line.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseValue {
    /// The field, one of the schema.
    pub field: FieldId,
    /// The value; from a table it is a text, whatever the field's kind.
    pub value: Scalar,
    /// Where it stands.
    pub place: Place,
}

/// What a test expects.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expected {
    /// Of the declaration.
    pub declaration: Outcomes,
    /// Of each of its lines; empty if nothing is said of single lines.
    pub items: Vec<Outcomes>,
}

/// What is expected of a goods line, or of a declaration: there a rule fires if it fires on one of its lines. Rules
/// are given by their positions in the pack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcomes {
    /// The control channel.
    pub channel: Option<ChannelId>,
    /// The score.
    pub score: Option<i64>,
    /// Rules that fire.
    pub fires: Vec<usize>,
    /// All rules that fire, drafts that are not named apart.
    pub fires_exactly: Option<Vec<usize>>,
    /// Rules that do not fire.
    pub silent: Vec<usize>,
    /// Rules that fire with these points.
    pub points: Vec<(usize, i64)>,
    /// Rules that cannot be evaluated, optionally with the expected fault.
    pub faults: Vec<(usize, Option<Fault>)>,
    /// Rules that fire with this reason.
    pub reasons: Vec<(usize, String)>,
    /// Rules that fire with a reason in which this text stands.
    pub reason_contains: Vec<(usize, String)>,
}

impl Outcomes {
    /// Whether nothing is expected.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// All rules that are named, each once, in the order of the pack.
    pub fn rules(&self) -> Vec<usize> {
        let pairs = self.points.iter().map(|&(rule, _)| rule);
        let faults = self.faults.iter().map(|&(rule, _)| rule);
        let reasons = self.reasons.iter().chain(&self.reason_contains).map(|&(rule, _)| rule);
        let exactly = self.fires_exactly.iter().flatten().copied();
        let plain = self.fires.iter().chain(&self.silent).copied();
        let mut rules: Vec<usize> = plain.chain(exactly).chain(pairs).chain(faults).chain(reasons).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }
}

/// The files with tests of a pack, by their paths within it.
///
/// ```
/// use qingfeng_rules::cases::TestFiles;
/// let mut files = TestFiles::default();
/// files.insert("tests/motorcycles.rhai", b"test(\"...\", #{}, #{});".to_vec());
/// ```
#[derive(Clone, Debug)]
pub struct TestFiles(Files);

impl Default for TestFiles {
    fn default() -> Self {
        Self(Files::new(Code::BadTest))
    }
}

impl TestFiles {
    /// Adds a file.
    pub fn insert(&mut self, path: impl Into<String>, content: Vec<u8>) {
        self.0.files.insert(path.into(), content);
    }

    /// The content of a file.
    pub fn content(&self, path: &str) -> Option<&[u8]> {
        self.0.files.get(path).map(Vec::as_slice)
    }

    /// The paths of all files, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.files.keys().map(String::as_str)
    }

    /// What could not be read, as mistakes.
    pub fn unreadable(&self) -> &[Diagnostic] {
        &self.0.unreadable
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.0.files.is_empty() && self.0.unreadable.is_empty()
    }

    /// Reads `tests/*.rhai` and `tests/*.csv`, directories in it too, and `expect.toml` of the pack in a directory.
    /// What cannot be read becomes a mistake. A pack without tests is not a mistake.
    pub fn read(directory: &Path) -> Self {
        let mut files = Self::default();
        let expectations = directory.join(backtest::FILE);
        if expectations.exists() {
            files.0.read_file(directory, &expectations, backtest::FILE.to_owned());
        }
        let tests = directory.join("tests");
        if tests.is_dir() {
            // The engine reads the rows that lookup tables have in tests.
            let wanted = |path: &str, is_directory: bool| match is_directory {
                true => path != "tests/lookups",
                false => path.ends_with(".rhai") || path.ends_with(".csv"),
            };
            files.0.read_directory(directory, &tests, "tests/", &wanted);
        }
        files
    }
}

/// What the files of tests give.
#[derive(Debug, Default)]
pub struct Cases {
    /// The tests, in the order of files and of places.
    pub tests: Vec<TestCase>,
    /// What `expect.toml` expects of whole files.
    pub expectations: Vec<Expectation>,
    /// All mistakes. Tests with a mistake are not among `tests`.
    pub diagnostics: Diagnostics,
}

/// Loads the tests of a pack.
///
/// ```
/// use qingfeng_rules::cases::{self, TestFiles};
/// use qingfeng_rules::{Pack, PackFiles};
///
/// # let mut files = PackFiles::default();
/// # let manifest = "[pack]\nname = \"demo\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0";
/// # files.insert("pack.toml", manifest.as_bytes().to_vec());
/// files.insert("a.rhai", br#"rule("R", #{ title: "t", when: |d| d.brand == () });"#.to_vec());
/// let pack = Pack::load(&files).unwrap();
/// let mut tests = TestFiles::default();
/// tests.insert("tests/a.rhai", br#"test("no brand", #{ destination: "KE", hs: "871120", mode: "0110" }, #{ fires: "R" });"#.to_vec());
/// let cases = cases::load(&tests, &pack);
/// assert_eq!(cases.tests[0].name, "no brand");
/// assert_eq!(cases.tests[0].expected.declaration.fires, [0]);
/// ```
pub fn load(files: &TestFiles, pack: &Pack) -> Cases {
    let mut cases = Cases::default();
    files.0.unreadable.iter().for_each(|item| cases.diagnostics.push(item.clone()));
    let ids = Ids::new(pack);
    for (path, content) in &files.0.files {
        let text = match text_of(path, content) {
            Ok(text) => text,
            Err(title) => {
                let code = if path == backtest::FILE { Code::BadExpectation } else { Code::BadTest };
                let help = "save the file as UTF-8 (in Excel: “CSV UTF-8”)";
                cases.diagnostics.push(Diagnostic::new(code, title).help(help));
                continue;
            }
        };
        let file = cases.diagnostics.sources.insert(path, text);
        if path == backtest::FILE {
            cases.expectations = expectations(text, pack, &mut cases.diagnostics);
            continue;
        }
        let mut reading =
            Reading { file, pack, ids: &ids, diagnostics: &mut cases.diagnostics, mistaken: false };
        let found = if path.ends_with(".csv") {
            table::read(&mut reading, text)
        } else {
            script::read(&mut reading, text)
        };
        cases.tests.extend(unique(&mut reading, found));
        if cases.tests.len() > limits::TESTS_MAX {
            let title = format!("a pack cannot have more than {} tests", limits::TESTS_MAX);
            cases.diagnostics.push(Diagnostic::new(Code::BadTest, title).help("remove some"));
            cases.tests.truncate(limits::TESTS_MAX);
            break;
        }
    }
    cases.diagnostics.sort();
    cases
}

/// The tests without those whose name another one before has.
fn unique(reading: &mut Reading<'_>, tests: Vec<TestCase>) -> Vec<TestCase> {
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    let mut kept = Vec::with_capacity(tests.len());
    for test in tests {
        if let Some(first) = places.get(&test.name) {
            let loops = if *first == test.place { "; in a loop, put what changes into the name" } else { "" };
            let diagnostic =
                Diagnostic::new(Code::BadTest, format!("there are two tests named `{}`", test.name))
                    .at(test.place.clone(), "the second")
                    .at(first.clone(), "the first")
                    .help(format!("give each test of a file a name of its own{loops}"));
            reading.diagnostics.push(diagnostic);
            continue;
        }
        places.insert(test.name.clone(), test.place.clone());
        kept.push(test);
    }
    kept
}

struct Reading<'r> {
    file: Arc<str>,
    pack: &'r Pack,
    ids: &'r Ids<'r>,
    diagnostics: &'r mut Diagnostics,
    /// Whether there was a mistake since this was last set to false.
    mistaken: bool,
}

impl Reading<'_> {
    fn place(&self, span: Range<usize>) -> Place {
        Place { file: Arc::clone(&self.file), span }
    }

    fn report(&mut self, span: Range<usize>, title: impl Into<String>, help: impl Into<Help>) {
        self.diagnostics.push(Diagnostic::found(Code::BadTest, self.place(span), title, help));
        self.mistaken = true;
    }

    /// Checks what no single line shows: required fields, and that the header is the same on all lines.
    fn check_lines(&mut self, lines: &[CaseLine], span: &Range<usize>) {
        let schema = Arc::clone(&self.pack.schema);
        for (at, line) in lines.iter().enumerate() {
            let of_line =
                if lines.len() > 1 { format!("line {} of the test", at + 1) } else { "the test".into() };
            for id in schema.ids().filter(|&id| is_needed(&schema, id)) {
                let present = |value: &CaseValue| value.field == id && value.value != Scalar::Missing;
                if !line.values.iter().any(present) {
                    let name = &schema[id].name;
                    let title = format!("{of_line} has no `{name}`, which every line must have");
                    self.report(span.clone(), title, format!("add `{name}`"));
                }
            }
        }
        let Some((first, others)) = lines.split_first() else { return };
        for id in schema.ids().filter(|&id| schema[id].level == crate::model::schema::Level::Header) {
            let find = |line: &CaseLine| line.values.iter().find(|value| value.field == id).cloned();
            let value = find(first);
            let scalar = |value: &Option<CaseValue>| {
                value.as_ref().map_or(Scalar::Missing, |value| value.value.clone())
            };
            let Some(other) = others.iter().map(find).find(|other| scalar(other) != scalar(&value)) else {
                continue;
            };
            let name = &schema[id].name;
            let place = other.or(value).map_or(span.clone(), |value| value.place.span);
            let title = format!("`{name}` differs between the lines of one declaration");
            let help = format!("`{name}` belongs to the declaration: give all its lines the same");
            self.report(place, title, help);
        }
    }
}

/// Whether a test must give the field: ids and numbers of lines are made up.
fn is_needed(schema: &Schema, id: FieldId) -> bool {
    schema[id].required && id != schema.declaration && Some(id) != schema.item
}
