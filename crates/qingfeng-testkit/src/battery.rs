//! The battery: the cases of `testdata/` and the tests of the packs, with the answers of the crate, as files. Every surface
//! reads them and answers to the byte: command, Python, Spark, C. A further one joins by one test that does.
//!
//! `cargo run -p qingfeng-testkit --example battery -- DIR` writes it. `DIR/battery.json` is a list of cases, each with its
//! `name`, its `directory` within DIR, the path of its `pack`, and whether the pack is `refused`. In the directory of a case
//! stand
//!
//! | file | |
//! | --- | --- |
//! | `declarations.ndjson` | the declarations, one message a line |
//! | `lines.parquet` | the same as a table of goods lines, whose cells are texts |
//! | `assessments.ndjson`, `explanations.ndjson` | what `assess` makes of each message, and `explain` of the first hundred |
//! | `by-declaration.ndjson`, `by-item.ndjson` | what `score` writes, with reasons |
//! | `mistakes.json` | of a pack that is refused, in place of the others: its mistakes as data |
//!
//! That the crate's answers are right is what [`corpus`](crate::corpus) and the tests of the packs say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use qingfeng::arrow::schema::SchemaRef;
use qingfeng::read::Input;
use qingfeng::rules::Schema;
use qingfeng::tools::rule_tests;
use qingfeng::write::{Output, TableWriter};
use qingfeng::{By, Engine};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::corpus::Corpus;
use crate::corpus::pack::write_pack;

/// The packs whose tests are cases.
const PACKS: [&str; 2] = ["clean-wind", "import-fraud"];
/// The messages of a case that are explained.
const EXPLAINED: usize = 100;
/// The list of the cases.
const LIST: &str = "battery.json";

/// A pack and declarations.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct BatteryCase {
    /// What it shows.
    pub name: String,
    /// The directory of its files, within that of the battery.
    pub directory: PathBuf,
    /// The directory of its pack.
    pub pack: PathBuf,
    /// Whether the pack is refused.
    pub refused: bool,
}

/// All cases.
#[derive(Clone, Debug)]
pub struct Battery {
    directory: PathBuf,
    /// The cases.
    pub cases: Vec<BatteryCase>,
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Battery {
    /// Writes the battery of a checkout into a directory.
    ///
    /// # Errors
    ///
    /// A corpus that cannot be read, a case that the crate does not answer, files that cannot be written.
    pub fn write(root: &Path, directory: &Path) -> Result<Self, String> {
        let root = &fs::canonicalize(root).map_err(told)?;
        let mut battery = Self { directory: directory.to_owned(), cases: Vec::new() };
        let corpus = Corpus::read(&root.join("testdata"))?;
        for (file, case) in corpus.cases() {
            let name = format!("{file}: {}", case.name);
            let of_case = PathBuf::from(format!("{:03}", battery.cases.len()));
            let pack = directory.join(&of_case).join("pack");
            write_pack(case, corpus.base_pack(), &pack)?;
            let messages = case.declarations_as_json().iter().map(ToString::to_string).collect();
            battery.add(name, of_case, pack, messages)?;
        }
        for name in PACKS {
            let pack = root.join("rules").join(name);
            let engine = Engine::open(&pack).map_err(told)?;
            let (tests, _) = rule_tests::load(&engine, &pack);
            let messages = tests.declarations().map(|declaration| serde_json::to_string(&declaration));
            let messages = messages.collect::<Result<_, _>>().map_err(told)?;
            battery.add(format!("tests of {name}"), name.into(), pack, messages)?;
        }
        put(&directory.join(LIST), &serde_json::to_string_pretty(&battery.cases).map_err(told)?)?;
        Ok(battery)
    }

    /// The path of a file of a case.
    pub fn file(&self, case: &BatteryCase, name: &str) -> PathBuf {
        self.directory.join(&case.directory).join(name)
    }

    /// The table of a case.
    ///
    /// # Errors
    ///
    /// Messages that are no declarations.
    pub fn lines(&self, case: &BatteryCase) -> Result<RecordBatch, String> {
        let messages: Vec<String> =
            self.text(case, "declarations.ndjson").lines().map(str::to_owned).collect();
        table(&messages, &Engine::open(&case.pack).map_err(told)?.pack().schema)
    }

    /// The text of a file of a case.
    ///
    /// # Panics
    ///
    /// A file that is not there.
    pub fn text(&self, case: &BatteryCase, name: &str) -> String {
        let path = self.file(case, name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn add(
        &mut self,
        name: String,
        directory: PathBuf,
        pack: PathBuf,
        messages: Vec<String>,
    ) -> Result<(), String> {
        let checked = Engine::check(&pack);
        let case = BatteryCase { name, directory, pack, refused: checked.opened.is_none() };
        fs::create_dir_all(self.directory.join(&case.directory)).map_err(told)?;
        let answered = match &checked.opened {
            Some(engine) => self.answer(&case, engine, &messages),
            None => {
                let mistakes = serde_json::to_string(&checked.diagnostics.data());
                mistakes.map_err(told).and_then(|json| put(&self.file(&case, "mistakes.json"), &json))
            }
        };
        answered.map_err(|problem| format!("{}: {problem}", case.name))?;
        self.cases.push(case);
        Ok(())
    }

    /// Writes what the crate answers.
    fn answer(&self, case: &BatteryCase, engine: &Engine, messages: &[String]) -> Result<(), String> {
        let (mut assessments, mut explanations) = (String::new(), String::new());
        for message in messages {
            let assessment = engine.assess_json(message.as_bytes()).map_err(told)?;
            assessments += &(serde_json::to_string(&assessment).map_err(told)? + "\n");
        }
        for message in messages.iter().take(EXPLAINED) {
            let explanation = engine.explain_json(message.as_bytes()).map_err(told)?;
            explanations += &(serde_json::to_string(&explanation).map_err(told)? + "\n");
        }
        let declarations = self.file(case, "declarations.ndjson");
        put(&declarations, &messages.iter().map(|message| format!("{message}\n")).collect::<String>())?;
        put(&self.file(case, "assessments.ndjson"), &assessments)?;
        put(&self.file(case, "explanations.ndjson"), &explanations)?;
        let input = || Input::Path(declarations.clone());
        for (by, name) in [(By::Declaration, "by-declaration.ndjson"), (By::Item, "by-item.ndjson")] {
            let mut rows = writer(&self.file(case, name), engine.output_schema(by, true))?;
            for batch in engine.score(input()).by(by).reasons(true) {
                let batch = batch.map_err(told)?;
                if let Some(reject) = batch.rejects.first() {
                    return Err(reject.to_string());
                }
                rows.write(&batch.rows).map_err(told)?;
            }
            rows.finish().map_err(told)?;
        }
        let lines = table(messages, &engine.pack().schema)?;
        let mut table = writer(&self.file(case, "lines.parquet"), lines.schema())?;
        table.write(&lines).map_err(told)?;
        table.finish().map_err(told)
    }
}

/// A goods line by its keys.
type Line = serde_json::Map<String, Value>;

/// Messages as a table: a row for each goods line with what stands in the header too, a column for each field, and in the cells
/// what the messages have, as texts.
fn table(messages: &[String], schema: &Schema) -> Result<RecordBatch, String> {
    // Of a table each field has one column, whatever one message and the next call it.
    let named = |object: Line| {
        let mut line = Line::new();
        for (key, value) in object {
            let name = schema.field_of_header(&key).map(|field| schema[field].name.clone());
            let name = name.filter(|name| !line.contains_key(name)).unwrap_or(key);
            line.insert(name, value);
        }
        line
    };
    let mut lines: Vec<Line> = Vec::new();
    for message in messages {
        let first = lines.len();
        let mut header = named(serde_json::from_str(message).map_err(told)?);
        match header.remove("items") {
            Some(Value::Array(items)) => {
                for item in items {
                    let Value::Object(item) = item else { return Err(format!("{item} is no goods line")) };
                    lines.push(header.clone().into_iter().chain(named(item)).collect());
                }
            }
            _ => lines.push(header),
        }
        // Lines of a message have an order; of a table that is to be shuffled they have numbers.
        let number = schema.item.map(|item| schema[item].name.clone());
        let number = number.filter(|name| !lines[first..].iter().any(|line| line.contains_key(name)));
        for (at, line) in lines[first..].iter_mut().enumerate() {
            line.extend(number.clone().map(|name| (name, Value::from(at + 1))));
        }
    }
    let keys: BTreeSet<&String> = lines.iter().flat_map(|line| line.keys()).collect();
    let cell = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let columns = keys.into_iter().map(|key| {
        let cells: StringArray = lines.iter().map(|line| line.get(key).and_then(cell)).collect();
        (key.as_str(), Arc::new(cells) as ArrayRef)
    });
    RecordBatch::try_from_iter_with_nullable(columns.map(|(key, cells)| (key, cells, true))).map_err(told)
}

fn writer(path: &Path, schema: SchemaRef) -> Result<TableWriter, String> {
    TableWriter::create(&Output::Path(path.to_owned()), schema).map_err(told)
}

fn put(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
