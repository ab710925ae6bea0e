//! `docs/reference/` is what the code says. After a change run the tests with `QINGFENG_BLESS=1` and read the
//! difference.

use std::path::Path;
use std::sync::Arc;

use qingfeng_rules::internals::{Interpreter, LineValues};
use qingfeng_rules::manual::{Part, entries, example_line, page};
use qingfeng_rules::{Date, Derived, FieldRef, Pack, PackFiles, Value};

#[test]
fn the_reference_is_what_the_code_says() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    for (name, part) in Part::ALL {
        let path = directory.join(format!("{name}.md"));
        let text = page(part);
        if std::env::var_os("QINGFENG_BLESS").is_some() {
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(&path, text).unwrap();
            continue;
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        assert!(
            text == expected,
            "{} is not what the code says; renew it with QINGFENG_BLESS=1",
            path.display()
        );
    }
}

#[test]
fn the_examples_give_what_the_reference_says() {
    let shown: Vec<(String, String)> =
        line().into_iter().map(|(name, value)| (name.to_owned(), value.to_string())).collect();
    assert_eq!(example_line(), shown);
    let entries = entries(Part::Functions);
    let gives_list = |facts: &[(&str, String)]| {
        facts.iter().any(|(name, text)| *name == "gives" && text.starts_with("list"))
    };
    let examples: Vec<_> = entries
        .iter()
        .flat_map(|entry| entry.examples.iter().map(|example| (example, gives_list(&entry.facts))))
        .collect();
    let formulas: Vec<(&str, bool)> =
        examples.iter().map(|(example, lists)| (example.source.as_str(), *lists)).collect();
    for ((example, _), result) in examples.iter().zip(results(&formulas)) {
        assert_eq!(example.result.as_ref(), Some(&result), "`{}` in src/manual/functions.md", example.source);
    }
}

const MANIFEST: &str = r#"
[pack]
name = "examples"
version = "1"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[lookups.blacklist]
file = "blacklist.csv"
key = ["exporter"]
until = "delisted_on"
columns = { grade = "text", weight = "integer" }
[lookups.tip-offs]
file = "tip-offs.csv"
key = ["producer"]
columns = { source = "text" }
"#;

/// The fields of the line that the examples are about; all others are missing. It is on the blacklist, grade A.
fn line() -> Vec<(&'static str, Value<'static>)> {
    let day = Date::from_ymd(2016, 9, 6).map_or(Value::Missing, Value::Date);
    vec![
        ("declared_on", day),
        ("destination", Value::Text("KE")),
        ("exporter", Value::Text("E000997")),
        ("hs", Value::Text("9102110000")),
        ("goods", Value::Text("Replica watch")),
        ("quantity", Value::Number(10.0)),
        ("net_kg", Value::Number(0.5)),
        ("value", Value::Number(2000.0)),
        ("packages", Value::Integer(4)),
    ]
}

struct Line {
    pack: Arc<Pack>,
    values: Vec<(&'static str, Value<'static>)>,
}

impl LineValues for Line {
    fn value(&self, _: usize, field: FieldRef) -> Value<'_> {
        if field == FieldRef::Derived(Derived::Hs4) {
            return Value::Text("9102");
        }
        let name = self.pack.field_name(field);
        let found = self.values.iter().find(|(known, _)| *known == name);
        found.map_or(Value::Missing, |(_, value)| *value)
    }

    fn entry(&self, _: usize, table: usize) -> Option<u32> {
        (self.pack.lookups.get(table)?.name == "blacklist").then_some(0)
    }

    fn entry_value(&self, table: usize, _: u32, column: usize) -> Value<'_> {
        let columns = self.pack.lookups.get(table).map(|table| &table.columns);
        match columns.and_then(|columns| columns.get(column)).map(|(name, _)| name.as_str()) {
            Some("grade") => Value::Text("A"),
            Some("exporter") => Value::Text("E000997"),
            _ => Value::Missing,
        }
    }
}

/// What formulas give on the line, each as an explanation shows it; of a fault its name. The flag is for those that give
/// lists.
fn results(formulas: &[(&str, bool)]) -> Vec<String> {
    let mut rules = String::new();
    for (at, (formula, list)) in formulas.iter().enumerate() {
        // A field cannot hold a list; as text it can be shown.
        let body = if *list { format!("`${{{formula}}}`") } else { (*formula).to_owned() };
        rules += &format!("field(\"example_{at}\", |d| {body});\n");
    }
    let mut files = PackFiles::default();
    files.insert("pack.toml", MANIFEST.as_bytes().to_vec());
    files.insert("examples.rhai", rules.into_bytes());
    let pack = Arc::new(Pack::load(&files).unwrap_or_else(|mistakes| panic!("{mistakes}")));
    let mut interpreter = Interpreter::new(Arc::clone(&pack));
    interpreter.begin(Arc::new(Line { pack: Arc::clone(&pack), values: line() }), 0);
    let values = formulas.iter().enumerate().map(|(at, (_, list))| match interpreter.computed_value(at) {
        Ok(value) => match value.as_value() {
            Value::Text(text) if *list => text.to_owned(),
            value => value.to_string(),
        },
        Err(fault) => format!("a fault: {}", fault.name()),
    });
    values.collect()
}
