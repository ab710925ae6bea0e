//! A pack from a few rules, and lines from a few values.

use std::collections::BTreeMap;
use std::sync::Arc;

use qingfeng_rules::internals::{Interpreter, LineValues, Scalar};
use qingfeng_rules::{Date, Diagnostics, FieldRef, Pack, PackFiles, Value};

pub const MANIFEST: &str = r#"
[pack]
name = "test"
version = "1"
[schema]
extends = "export"
[schema.fields.certified]
kind = "flag"
[[channels]]
name = "green"
from = 0
[[channels]]
name = "red"
from = 70
[on_fault]
at_least = "red"
[lookups.blacklist]
file = "lookups/blacklist.csv"
key = ["exporter"]
from = "listed_on"
[lookups.blacklist.columns]
grade = "integer"
"#;

pub fn files(rules: &str) -> PackFiles {
    let mut files = PackFiles::default();
    files.insert("pack.toml", MANIFEST.as_bytes().to_vec());
    files.insert(
        "reference/regions.toml",
        b"[africa]\ntitle = \"Africa\"\nmembers = [\"KE\", \"TZ\"]\n".to_vec(),
    );
    files.insert(
        "reference/modes.toml",
        b"[general]\ntitle = \"General trade\"\nmembers = [\"0110\"]\n".to_vec(),
    );
    files.insert(
        "reference/commodities.toml",
        b"[motorcycles]\ntitle = \"Motorcycles\"\nmembers = [\"8711\"]\n".to_vec(),
    );
    files.insert(
        "reference/sites.toml",
        b"[qingdao]\ntitle = \"Qingdao\"\nkind = \"port\"\nmembers = [\"CNTAO\"]\n".to_vec(),
    );
    files.insert("a.rhai", rules.as_bytes().to_vec());
    files
}

pub fn pack(rules: &str) -> Result<Arc<Pack>, Diagnostics> {
    Pack::load(&files(rules)).map(Arc::new)
}

/// One line whose only lookup entry, if any, is of the blacklist.
pub struct OneLine {
    pack: Arc<Pack>,
    values: BTreeMap<String, Scalar>,
    grade: Option<i64>,
}

impl LineValues for OneLine {
    fn value(&self, _: usize, field: FieldRef) -> Value<'_> {
        self.values.get(self.pack.field_name(field)).map_or(Value::Missing, Scalar::as_value)
    }
    fn entry(&self, _: usize, _: usize) -> Option<u32> {
        self.grade.map(|_| 0)
    }
    fn entry_value(&self, _: usize, _: u32, column: usize) -> Value<'_> {
        match (self.pack.lookups[0].columns[column].0.as_str(), self.grade) {
            ("grade", Some(grade)) => Value::Integer(grade),
            ("listed_on", _) => Date::from_ymd(2015, 1, 2).map_or(Value::Missing, Value::Date),
            _ => Value::Missing,
        }
    }
}

pub fn text(text: &str) -> Scalar {
    Scalar::Text(text.into())
}

pub fn interpreter(pack: &Arc<Pack>, values: &[(&str, Scalar)], grade: Option<i64>) -> Interpreter {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let mut interpreter = Interpreter::new(Arc::clone(pack));
    interpreter.begin(Arc::new(OneLine { pack: Arc::clone(pack), values, grade }), 0);
    interpreter
}
