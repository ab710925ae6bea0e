//! The values of the examples: the interpreter computes them on one invented line.

use std::sync::Arc;

use crate::base::value::{Date, Value};
use crate::diagnostic::Diagnostics;
use crate::lang::interpret::{Interpreter, LineValues};
use crate::model::derived::{Derived, FieldRef};
use crate::pack::{Pack, PackFiles};

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
pub(crate) fn line() -> Vec<(&'static str, Value<'static>)> {
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

/// What formulas give on the line, each as an explanation shows it; of a fault its name. `list` is for those that give
/// lists.
pub(crate) fn results(formulas: &[(&str, bool)]) -> Result<Vec<String>, Diagnostics> {
    let mut rules = String::new();
    for (at, (formula, list)) in formulas.iter().enumerate() {
        // A field cannot hold a list; as text it can be shown.
        let body = if *list { format!("`${{{formula}}}`") } else { (*formula).to_owned() };
        rules += &format!("field(\"example_{at}\", |d| {body});\n");
    }
    let mut files = PackFiles::default();
    files.insert("pack.toml", MANIFEST.as_bytes().to_vec());
    files.insert("examples.rhai", rules.into_bytes());
    let pack = Arc::new(Pack::load(&files)?);
    let mut interpreter = Interpreter::new(Arc::clone(&pack));
    interpreter.begin(Arc::new(Line { pack: Arc::clone(&pack), values: line() }), 0);
    let values = formulas.iter().enumerate().map(|(at, (_, list))| match interpreter.computed_value(at) {
        Ok(value) => match value.as_value() {
            Value::Text(text) if *list => text.to_owned(),
            value => value.to_string(),
        },
        Err(fault) => format!("a fault: {}", fault.name()),
    });
    Ok(values.collect())
}
