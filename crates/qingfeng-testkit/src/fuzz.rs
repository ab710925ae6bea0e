//! What fuzzers call, and seeded inputs for it.
//!
//! Each function takes bytes from outside and returns whatever they are; a panic or a hang is a bug. The targets in
//! `fuzz/` call them with what libFuzzer makes up; a test calls them with [`Inputs`], which puts fragments of rules
//! and of files together, so that more of the inputs get past the parser.

mod inputs;

use std::sync::{Arc, OnceLock};

use qingfeng::read::{Format, Input, ReadOptions, Reader};
use qingfeng::rules::internals::{Interpreter, LineSource, LineValues, Memo, Outcome, PartTree, Scalar};
use qingfeng::rules::{Date, Fault, FieldRef, Kind, Pack, PackFiles, Schema, Value, format_rules};
use qingfeng::{Engine, Evaluation};

use crate::equality::{self, Tally};
use crate::generate::{Choices, GeneratedCase};

pub use inputs::Inputs;

/// The base pack of the corpus, without its rules.
const BASE: [(&str, &str); 5] = [
    ("pack.toml", include_str!("../../../testdata/base-pack/pack.toml")),
    ("reference/regions.toml", include_str!("../../../testdata/base-pack/reference/regions.toml")),
    ("reference/commodities.toml", include_str!("../../../testdata/base-pack/reference/commodities.toml")),
    ("reference/modes.toml", include_str!("../../../testdata/base-pack/reference/modes.toml")),
    ("reference/sites.toml", include_str!("../../../testdata/base-pack/reference/sites.toml")),
];

fn base_pack(rules: &[u8]) -> PackFiles {
    let mut files = PackFiles::default();
    for (path, text) in BASE {
        files.insert(path, text.as_bytes().to_vec());
    }
    files.insert("rules.rhai", rules.to_vec());
    files
}

/// Loads the base pack with these bytes as its rule file. Gives how many rules it has. Laid out in one style it must mean the
/// same, and stay as it is laid out.
///
/// # Errors
///
/// The number of mistakes.
pub fn pack(bytes: &[u8]) -> Result<usize, usize> {
    let files = base_pack(bytes);
    let formatted = std::str::from_utf8(bytes).ok().map(format_rules);
    if let Some(Ok(formatted)) = &formatted {
        assert_eq!(format_rules(formatted).as_ref(), Ok(formatted));
    }
    if let Ok(before) = Pack::load(&files) {
        let formatted = formatted.and_then(Result::ok).expect("what loads can be laid out");
        let after = Pack::load(&base_pack(formatted.as_bytes())).expect("what is laid out loads");
        assert!(before.meaning() == after.meaning(), "laid out it means something else:\n{formatted}");
    }
    load(&files)
}

fn load(files: &PackFiles) -> Result<usize, usize> {
    match Pack::load(files) {
        Ok(pack) => {
            let rules = pack.rules.len();
            evaluate(&Arc::new(pack));
            Ok(rules)
        }
        Err(mistakes) => {
            // The messages are made from places in the text, which must be places in it.
            assert!(!mistakes.to_string().is_empty());
            Err(mistakes.items.len())
        }
    }
}

/// Loads the base pack with these bytes as a reference file, and as its manifest.
pub fn manifest(bytes: &[u8]) {
    for (path, _) in BASE {
        let mut files = base_pack(b"rule(\"R\", #{ title: \"t\", region: \"africa\" });");
        files.insert(path, bytes.to_vec());
        let _ = load(&files);
    }
}

/// Evaluates a text as a condition on a fixed line. Gives whether the pack with it could be loaded.
pub fn condition(text: &str) -> bool {
    let rules = format!(
        "const LOW = 300.0;\nfield(\"per_package\", |d| d.value / d.packages);\n\
         rule(\"R\", #{{ title: \"t\", when: |d| {text} }});"
    );
    load(&base_pack(rules.as_bytes())).is_ok()
}

/// Evaluates all that the rules of a pack have on a fixed line, twice: the second answer must be the first.
fn evaluate(pack: &Arc<Pack>) {
    let line = Arc::new(FixedLine::new(Arc::clone(pack)));
    let mut interpreter = Interpreter::new(Arc::clone(pack));
    for rule in 0..pack.rules.len().min(50) {
        let mut answer = || {
            interpreter.begin(Arc::clone(&line) as _, 0);
            (interpreter.holds(rule), interpreter.points(rule), interpreter.reason(rule))
        };
        let (first, second) = (answer(), answer());
        assert_eq!(first, second, "one line, one answer");
        if let Some(part) = interpreter.explain(rule) {
            let outcome = match first.0 {
                Ok(true) => Outcome::Held,
                Ok(false) => Outcome::Failed,
                Err(fault) => Outcome::Fault(fault),
            };
            assert_eq!(part.outcome, outcome, "{}", part.text);
        }
        let parts = pack.parts(rule);
        if parts.condition_is_compiled() {
            interpreter.begin(Arc::clone(&line) as _, 0);
            let whole = parts.tree().map_or(Ok(true), |tree| {
                together(tree, &mut |leaf| {
                    let mut memo = Memo::default();
                    let _ = parts.wanted(leaf, &&*line, &mut memo);
                    let distance = parts.distance(leaf, &&*line, &mut memo);
                    assert!(distance.is_none_or(|distance| (0.0..=1.0).contains(&distance)), "{distance:?}");
                    let _ = (parts.values(leaf, &&*line, &mut memo), parts.is_missing(leaf, &&*line));
                    let holds = parts.holds(leaf, &&*line, &mut memo);
                    holds.unwrap_or_else(|| interpreter.part_holds(&parts, leaf))
                })
            });
            assert_eq!(whole, first.0, "parts of {}", pack.rules[rule].id);
        }
    }
}

/// The parts of a condition, looked at in order.
fn together(tree: &PartTree, holds: &mut dyn FnMut(usize) -> Result<bool, Fault>) -> Result<bool, Fault> {
    let (parts, decides) = match tree {
        PartTree::Leaf(leaf) => return holds(*leaf),
        PartTree::All(parts) => (parts, false),
        PartTree::Any(parts) => (parts, true),
    };
    for part in parts {
        if together(part, holds)? == decides {
            return Ok(decides);
        }
    }
    Ok(!decides)
}

/// A line of the export declaration, with something missing of every kind.
struct FixedLine {
    pack: Arc<Pack>,
    values: Vec<(&'static str, Scalar)>,
}

impl FixedLine {
    fn new(pack: Arc<Pack>) -> Self {
        let text = |text: &str| Scalar::Text(text.to_owned());
        let values = vec![
            ("declaration_id", text("D1")),
            ("declared_on", Date::from_ymd(2016, 5, 4).map_or(Scalar::Missing, Scalar::Date)),
            ("destination", text("KE")),
            ("mode", text("0110")),
            ("hs", text("8711209000")),
            ("hs4", text("8711")),
            ("goods", text("摩托车 Motorcycle 125cc, no logo")),
            ("brand", text("HA0JUE")),
            ("exporter", text("E1")),
            ("certified", Scalar::Flag(true)),
            ("item_no", Scalar::Integer(1)),
            ("item_count", Scalar::Integer(3)),
            ("packages", Scalar::Integer(7)),
            ("quantity", Scalar::Number(10.0)),
            ("value", Scalar::Number(2000.0)),
            ("unit_value", Scalar::Number(200.0)),
        ];
        Self { pack, values }
    }
}

impl LineValues for FixedLine {
    fn value(&self, _: usize, field: FieldRef) -> Value<'_> {
        let name = self.pack.field_name(field);
        self.values
            .iter()
            .find(|(known, _)| *known == name)
            .map_or(Value::Missing, |(_, value)| value.as_value())
    }

    fn entry(&self, _: usize, table: usize) -> Option<u32> {
        (table == 0).then_some(0)
    }

    fn entry_value(&self, table: usize, _: u32, column: usize) -> Value<'_> {
        match self.pack.lookups[table].columns[column].1 {
            Kind::Integer => Value::Integer(3),
            Kind::Text | Kind::Code => Value::Text("E1"),
            _ => Value::Missing,
        }
    }
}

impl<'b> LineSource<'b> for &'b FixedLine {
    fn value(&self, field: FieldRef) -> Value<'b> {
        LineValues::value(*self, 0, field)
    }

    fn entry(&self, table: usize) -> Option<u32> {
        LineValues::entry(*self, 0, table)
    }

    fn entry_value(&self, table: usize, entry: u32, column: usize) -> Value<'b> {
        LineValues::entry_value(*self, table, entry, column)
    }
}

/// Reads bytes as a file of this format. Gives the lines read and those rejected.
///
/// The lines read are always those given and those rejected, and neither depends on the size of batches.
pub fn read(bytes: &[u8], format: Format) -> (u64, u64) {
    let whole = read_with(bytes, format, 8192);
    let cut = read_with(bytes, format, 2);
    assert_eq!(whole, cut, "the size of batches shows");
    whole
}

fn read_with(bytes: &[u8], format: Format, batch_lines: usize) -> (u64, u64) {
    static SCHEMA: OnceLock<Arc<Schema>> = OnceLock::new();
    let schema = SCHEMA.get_or_init(|| {
        let pack = Pack::load(&base_pack(b"rule(\"R\", #{ title: \"t\" });"));
        Arc::clone(&pack.unwrap_or_else(|mistakes| panic!("the base pack: {mistakes}")).schema)
    });
    let options = ReadOptions { format: Some(format), batch_lines, ..ReadOptions::default() };
    let inputs = vec![Input::bytes("fuzzed", bytes)];
    let Ok(mut reader) = Reader::new(Arc::clone(schema), inputs, options) else { return (0, 0) };
    let (mut lines, mut rejects) = (0, 0);
    for chunk in &mut reader {
        let Ok(chunk) = chunk else { break };
        assert_eq!(chunk.lines_read(), chunk.lines.len() as u64 + chunk.lines_lost);
        assert!(chunk.lines.declarations().all(|declaration| !declaration.is_empty()));
        lines += chunk.lines_read();
        rejects += chunk.rejects.len() as u64;
    }
    (lines, rejects)
}

/// Makes a pack and declarations out of bytes, and compares what evaluates the rules with the interpreter that
/// defines what they mean. Gives what was compared, or `None` where the pack is refused.
///
/// # Panics
///
/// If they differ; with the case and the difference.
pub fn equality(bytes: &[u8]) -> Option<Tally> {
    let case = GeneratedCase::new(&mut Choices::new(bytes));
    match equality_of(&case) {
        Ok(tally) => tally,
        Err(problem) => panic!("{problem}\n{case}"),
    }
}

/// The same of a case. `Ok(None)` where the pack is refused.
///
/// # Errors
///
/// The difference, or what keeps the case from being assessed.
pub fn equality_of(case: &GeneratedCase) -> Result<Option<Tally>, String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    case.write(directory.path()).map_err(|error| error.to_string())?;
    let Some(engine) = Engine::check(directory.path()).opened else { return Ok(None) };
    let lines = equality::table(&engine.pack().schema, &case.declarations)?;
    let interpreted = engine.clone().with_evaluation(Evaluation::Interpreted);
    let compiled = engine.with_evaluation(Evaluation::Compiled);
    equality::compare(&interpreted, &compiled, &lines).map(Some).map_err(|difference| difference.to_string())
}
