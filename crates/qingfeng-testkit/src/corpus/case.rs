//! A case as its file has it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseFile {
    pub(super) case: Vec<Case>,
}

/// One case. `testdata/README.md` says what each key means.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the case shows, in words; its own within the file.
    pub name: String,
    /// The rule file.
    #[serde(default)]
    pub rules: String,
    /// TOML laid over the manifest of the base pack: tables are merged, all else is replaced.
    #[serde(default)]
    pub manifest: toml::Table,
    /// Whole files of the pack, in place of those of the base pack.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Text put at the end of files of the base pack.
    #[serde(default)]
    pub append: BTreeMap<String, String>,
    /// Conditions that hold on the line.
    #[serde(default)]
    pub holds: Vec<String>,
    /// Conditions that do not hold on the line.
    #[serde(default)]
    pub fails: Vec<String>,
    /// Conditions that have no value on the line, each with its fault.
    #[serde(default)]
    pub faults: Vec<(String, String)>,
    /// The line of the only declaration.
    #[serde(default)]
    pub line: toml::Table,
    /// The declarations, with their lines as `items`, or flat.
    #[serde(default)]
    pub declarations: Vec<toml::Table>,
    /// What must be found, one for each declaration.
    #[serde(default)]
    pub expect: Vec<ExpectedDeclaration>,
    /// The warnings of the pack, word for word; not compared where the key is absent.
    pub warnings: Option<Vec<String>>,
    /// The errors and warnings for which the pack must be refused, word for word.
    #[serde(default)]
    pub errors: Vec<String>,
}

/// What must be found of a declaration. Keys that are absent are not compared, save the lists of rules: `fired`,
/// `shadow` and `faults` are of all lines together and always compared.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedDeclaration {
    /// Its score.
    pub score: Option<i64>,
    /// Its channel.
    pub channel: Option<String>,
    /// The number of its decisive line.
    pub decisive_item: Option<i64>,
    /// Active rules that fired on any line.
    #[serde(default)]
    pub fired: Vec<String>,
    /// Shadow rules that fired on any line.
    #[serde(default)]
    pub shadow: Vec<String>,
    /// `ID: fault` of any line.
    #[serde(default)]
    pub faults: Vec<String>,
    /// `ID: reason` of all lines, one line after the other.
    pub reasons: Option<Vec<String>>,
    /// The points of its only line, before floor and cap.
    pub points: Option<i64>,
    /// The points of the shadow rules on its only line.
    pub shadow_points: Option<i64>,
    /// Line by line.
    pub items: Option<Vec<ExpectedItem>>,
}

/// What must be found of a goods line. Keys that are absent are not compared.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedItem {
    /// Its number.
    pub item_no: Option<i64>,
    /// Its score.
    pub score: Option<i64>,
    /// Its channel.
    pub channel: Option<String>,
    /// Its points before floor and cap.
    pub points: Option<i64>,
    /// Active rules that fired.
    pub fired: Option<Vec<String>>,
    /// Shadow rules that fired.
    pub shadow: Option<Vec<String>>,
    /// `ID: fault` of the rules that could not be evaluated.
    pub faults: Option<Vec<String>>,
    /// `ID: reason` of the rules that fired.
    pub reasons: Option<Vec<String>>,
}

/// What a declaration has that states nothing else.
const USUAL: [(&str, &str); 4] =
    [("declaration_id", "D"), ("destination", "KE"), ("mode", "0110"), ("hs", "8711209000")];

impl Case {
    /// Whether the case states conditions on a line instead of whole results.
    fn has_conditions(&self) -> bool {
        !(self.holds.is_empty() && self.fails.is_empty() && self.faults.is_empty())
    }

    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let kinds = [self.has_conditions(), !self.expect.is_empty(), !self.errors.is_empty()];
        if kinds.iter().filter(|&&is_there| is_there).count() != 1 {
            problems.push("a case has conditions, or `expect`, or `errors`: one of the three".into());
        }
        if self.has_conditions() && !self.declarations.is_empty() {
            problems.push("conditions are on one `line`, not on `declarations`".into());
        }
        if !self.line.is_empty() && !self.declarations.is_empty() {
            problems.push("a case has a `line` or `declarations`, not both".into());
        }
        let has_lines = !(self.line.is_empty() && self.declarations.is_empty());
        if !self.errors.is_empty() && (has_lines || self.warnings.is_some()) {
            problems.push("a pack that is refused assesses nothing".into());
        }
        if !self.expect.is_empty() && self.expect.len() != self.declarations.len().max(1) {
            problems.push("there must be as many `expect` as `declarations`".into());
        }
        for path in self.files.keys().filter(|path| self.append.contains_key(*path)) {
            problems.push(format!("{path} is in `files` and in `append`"));
        }
        problems
    }

    /// The rule file with the conditions as rules after it: `H1`, `H2` for those that hold, `N1` for those that do
    /// not, `F1` for those with a fault.
    pub(super) fn rule_file(&self) -> String {
        let of_faults = self.faults.iter().map(|(condition, _)| condition);
        let mut text = self.rules.clone();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let conditions = numbered("H", self.holds.iter())
            .chain(numbered("N", self.fails.iter()))
            .chain(numbered("F", of_faults));
        for (id, condition) in conditions {
            text += &format!("rule(\"{id}\", #{{ title: \"{id}\", when: |d| {condition} }});\n");
        }
        text
    }

    pub(super) fn condition(&self, id: &str) -> Option<&str> {
        let at = id.get(1..)?.parse::<usize>().ok()?.checked_sub(1)?;
        let condition = match id.get(..1)? {
            "H" => self.holds.get(at)?,
            "N" => self.fails.get(at)?,
            "F" => &self.faults.get(at)?.0,
            _ => return None,
        };
        Some(condition)
    }

    /// What must be found, that of conditions included.
    pub(super) fn expectations(&self) -> Vec<ExpectedDeclaration> {
        if !self.has_conditions() {
            return self.expect.clone();
        }
        let faults = self.faults.iter().map(|(_, fault)| fault);
        vec![ExpectedDeclaration {
            fired: numbered("H", self.holds.iter()).map(|(id, _)| id).collect(),
            faults: numbered("F", faults).map(|(id, fault)| format!("{id}: {fault}")).collect(),
            ..ExpectedDeclaration::default()
        }]
    }

    /// The declarations as JSON objects, nested or flat as the case has them, with the usual values where they state none.
    pub fn declarations_as_json(&self) -> Vec<Value> {
        let tables = match self.declarations.as_slice() {
            [] => std::slice::from_ref(&self.line),
            tables => tables,
        };
        tables.iter().enumerate().map(|(at, table)| declaration_as_json(at, table)).collect()
    }

    /// The case with one wrong expectation, once for each expectation that can be made wrong. A runner that passes
    /// one of them does not look.
    pub fn spoilt(&self) -> Vec<Self> {
        let mut spoilt = Vec::new();
        let mut spoil = |change: &dyn Fn(&mut Self)| {
            let mut case = self.clone();
            change(&mut case);
            spoilt.push(case);
        };
        for at in 0..self.holds.len() {
            spoil(&|case| case.fails.push(case.holds[at].clone()));
        }
        for at in 0..self.fails.len() {
            spoil(&|case| case.holds.push(case.fails[at].clone()));
        }
        for at in 0..self.faults.len() {
            spoil(&|case| case.faults[at].1.push('x'));
        }
        for at in 0..self.errors.len() {
            spoil(&|case| case.errors[at].push('x'));
            spoil(&|case| _ = case.errors.remove(at));
        }
        if let Some(warnings) = &self.warnings {
            spoil(&|case| case.warnings = Some([warnings.as_slice(), &["x".into()]].concat()));
        }
        for (at, expected) in self.expect.iter().enumerate() {
            spoil(&|case| case.expect[at].fired.push("X".into()));
            spoil(&|case| case.expect[at].shadow.push("X".into()));
            spoil(&|case| case.expect[at].faults.push("X: failed".into()));
            for (change, is_there) in [
                (
                    (|e| e.score = e.score.map(|n| n + 1)) as fn(&mut ExpectedDeclaration),
                    expected.score.is_some(),
                ),
                (|e| e.channel = e.channel.take().map(|c| c + "x"), expected.channel.is_some()),
                (|e| e.decisive_item = e.decisive_item.map(|n| n + 1), expected.decisive_item.is_some()),
                (|e| e.points = e.points.map(|n| n + 1), expected.points.is_some()),
                (|e| e.shadow_points = e.shadow_points.map(|n| n + 1), expected.shadow_points.is_some()),
                (|e| e.reasons.iter_mut().for_each(|r| r.push("x".into())), expected.reasons.is_some()),
                (|e| e.fired.truncate(e.fired.len() - 1), !expected.fired.is_empty()),
                (
                    |e| e.items.iter_mut().for_each(|items| items.push(ExpectedItem::default())),
                    expected.items.is_some(),
                ),
            ] {
                if is_there {
                    spoil(&|case| change(&mut case.expect[at]));
                }
            }
            for line in 0..expected.items.as_ref().map_or(0, Vec::len) {
                let changes: [fn(&mut ExpectedItem); 7] = [
                    |item| item.item_no = item.item_no.map(|n| n + 1),
                    |item| item.score = item.score.map(|n| n + 1),
                    |item| item.channel = item.channel.take().map(|c| c + "x"),
                    |item| item.points = item.points.map(|n| n + 1),
                    |item| item.fired.iter_mut().for_each(|rules| rules.push("X".into())),
                    |item| item.faults.iter_mut().for_each(|rules| rules.push("X".into())),
                    |item| item.reasons.iter_mut().for_each(|rules| rules.push("X".into())),
                ];
                for change in changes {
                    let mut case = self.clone();
                    let Some(item) = case.expect[at].items.as_mut().and_then(|items| items.get_mut(line))
                    else {
                        continue;
                    };
                    let before = format!("{item:?}");
                    change(item);
                    if format!("{item:?}") != before {
                        spoil(&|spoilt| *spoilt = case.clone());
                    }
                }
            }
        }
        spoilt
    }
}

fn numbered<'t>(
    letter: &'static str,
    texts: impl Iterator<Item = &'t String>,
) -> impl Iterator<Item = (String, &'t String)> {
    texts.enumerate().map(move |(at, text)| (format!("{letter}{}", at + 1), text))
}

/// Without `items` the declaration is flat: the fields of its only line stand beside those of the header.
fn declaration_as_json(at: usize, table: &toml::Table) -> Value {
    let mut header: Map<String, Value> =
        table.iter().map(|(key, value)| (key.clone(), as_json(value))).collect();
    for (field, usual) in USUAL {
        let value = if field == "declaration_id" { format!("{usual}{}", at + 1) } else { usual.to_owned() };
        let items = header.get_mut("items").filter(|_| field == "hs");
        match items {
            Some(Value::Array(items)) => {
                for item in items.iter_mut().filter_map(Value::as_object_mut) {
                    item.entry(field).or_insert_with(|| value.clone().into());
                }
            }
            _ => _ = header.entry(field).or_insert_with(|| value.into()),
        }
    }
    Value::Object(header)
}

fn as_json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Integer(integer) => (*integer).into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Boolean(flag) => (*flag).into(),
        toml::Value::Datetime(day) => day.to_string().into(),
        toml::Value::Array(values) => values.iter().map(as_json).collect(),
        toml::Value::Table(table) => {
            table.iter().map(|(key, value)| (key.clone(), as_json(value))).collect::<Map<_, _>>().into()
        }
    }
}
