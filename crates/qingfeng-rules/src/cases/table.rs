//! Tables of tests in CSV: a row is a goods line; rows with one name, one after the other, are one declaration.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::expected;
use super::{CaseLine, CaseValue, Expected, Outcomes, Reading, TestCase};
use crate::base::limits;
use crate::diagnostic::suggestion;
use crate::lang::expr::Constant;
use crate::lang::kernel::Scalar;
use crate::model::schema::FieldId;

/// A cell, with the quotes around it taken away, and where it stands.
struct Cell {
    text: String,
    span: Range<usize>,
}

enum Column {
    /// The test's name.
    Name,
    /// Read over: remarks of people.
    Note,
    Field(FieldId),
    /// An expectation: of the whole declaration or of the line, its key, and the rule it is about.
    Expected {
        whole: bool,
        key: &'static str,
        rule: Option<String>,
    },
    /// Whether a mistake has been reported.
    Unknown,
}

/// The keys of expectations that name their rule in the header.
const BY_RULE: [(&str, &str); 4] = [
    ("points", "points"),
    ("faults", "faults"),
    ("reason", "reasons"),
    ("reason_contains", "reason_contains"),
];

pub(super) fn read(reading: &mut Reading<'_>, text: &str) -> Vec<TestCase> {
    let records = records(text);
    let mut records = records.into_iter();
    let Some(header) = records.next() else {
        let help = "begin it with a header: test,destination,hs,mode,expect:fires";
        reading.report(0..0, "the table of tests is empty", help);
        return Vec::new();
    };
    let columns: Vec<Column> = header.iter().map(|cell| column(reading, cell)).collect();
    twice(reading, &header, &columns);
    // What a row means is not known while a column has no meaning.
    if columns.iter().any(|column| matches!(column, Column::Unknown)) {
        return Vec::new();
    }
    let name = columns.iter().position(|column| matches!(column, Column::Name));
    let Some(name) = name else {
        let help = "name the tests in a column `test`";
        reading.report(header_span(&header), "the table has no column `test`", help);
        return Vec::new();
    };
    let mut rows: Vec<(Cell, Vec<Cell>)> = Vec::new();
    for mut record in records {
        if record.iter().all(|cell| cell.text.trim().is_empty()) {
            continue;
        }
        let span = header_span(&record);
        if record.len() != columns.len() {
            let title = format!("the row has {} cells, and the header {}", record.len(), columns.len());
            let help = "put a text with commas in quotes; leave a cell empty where there is nothing";
            reading.report(span, title, help);
            continue;
        }
        let cell = std::mem::replace(&mut record[name], Cell { text: String::new(), span });
        if cell.text.trim().is_empty() {
            reading.report(record[name].span.clone(), "the row has no name of its test", None);
            continue;
        }
        rows.push((cell, record));
    }
    let mut tests = Vec::new();
    for rows in rows.chunk_by(|(a, _), (b, _)| a.text.trim() == b.text.trim()) {
        reading.mistaken = false;
        let test = test(reading, &columns, &header, rows);
        if !reading.mistaken {
            tests.push(test);
        }
    }
    tests
}

fn header_span(cells: &[Cell]) -> Range<usize> {
    let start = cells.first().map_or(0, |cell| cell.span.start);
    start..cells.last().map_or(start, |cell| cell.span.end)
}

fn column(reading: &mut Reading<'_>, cell: &Cell) -> Column {
    let header = cell.text.trim();
    match header.to_lowercase().as_str() {
        "test" => return Column::Name,
        "note" => return Column::Note,
        _ => {}
    }
    let prefixed = [("expect:", false), ("expect-all:", true)]
        .into_iter()
        .find_map(|(prefix, whole)| Some((header.strip_prefix(prefix)?, whole)));
    if let Some((key, whole)) = prefixed {
        let (key, rule) = match key.split_once(':') {
            Some((key, rule)) => (key.trim(), Some(rule.trim().to_owned())),
            None => (key.trim(), None),
        };
        let plain = ["fires", "fires_exactly", "silent", "score", "channel", "faults"];
        let known = match &rule {
            None => plain.into_iter().find(|known| *known == key),
            Some(_) => BY_RULE.into_iter().find(|(known, _)| *known == key).map(|(_, key)| key),
        };
        if let Some(key) = known {
            return Column::Expected { whole, key, rule };
        }
        let needs_rule = BY_RULE.iter().any(|(known, _)| *known == key) && rule.is_none();
        let help = if needs_rule {
            format!("name the rule in the header: `expect:{key}:RULE`")
        } else {
            suggestion(key, plain.into_iter().chain(BY_RULE.map(|(key, _)| key)))
        };
        reading.report(cell.span.clone(), format!("a table cannot expect `{key}`"), help);
        return Column::Unknown;
    }
    let schema = Arc::clone(&reading.pack.schema);
    if let Some(field) = schema.field_of_header(header) {
        return Column::Field(field);
    }
    if reading.pack.field(header).is_some() {
        let help = "leave the column out, and give the fields it is computed from";
        reading.report(cell.span.clone(), format!("`{header}` is computed; a line cannot have it"), help);
        return Column::Unknown;
    }
    let names = schema.fields().iter().map(|field| field.name.as_str());
    let help = suggestion(header, names.chain(["test", "note", "expect:fires", "expect:silent"]));
    reading.report(cell.span.clone(), format!("no field has the header `{header}`"), help);
    Column::Unknown
}

/// Two columns for one thing.
fn twice(reading: &mut Reading<'_>, header: &[Cell], columns: &[Column]) {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (at, (cell, column)) in header.iter().zip(columns).enumerate() {
        let what = match column {
            Column::Name => "test".to_owned(),
            Column::Field(field) => reading.pack.schema[*field].name.clone(),
            Column::Expected { whole, key, rule } => {
                let of_rule = rule.as_deref().map_or(String::new(), |rule| format!(":{rule}"));
                format!("{}:{key}{of_rule}", if *whole { "expect-all" } else { "expect" })
            }
            Column::Note | Column::Unknown => continue,
        };
        if known.insert(what.clone(), at).is_some() {
            let help = "leave one of them out";
            reading.report(cell.span.clone(), format!("two columns stand for `{what}`"), help);
        }
    }
}

fn test(
    reading: &mut Reading<'_>,
    columns: &[Column],
    header: &[Cell],
    rows: &[(Cell, Vec<Cell>)],
) -> TestCase {
    let (name, _) = &rows[0];
    let place = reading.place(name.span.clone());
    let mut lines = Vec::with_capacity(rows.len());
    let mut expected = Expected::default();
    if rows.len() > limits::TEST_LINES_MAX {
        let title = format!("a test cannot have more than {} goods lines", limits::TEST_LINES_MAX);
        reading.report(name.span.clone(), title, "give its rows other names");
    }
    for (at, (_, cells)) in rows.iter().enumerate().take(limits::TEST_LINES_MAX) {
        let mut line = CaseLine::default();
        let mut outcomes = Outcomes::default();
        for ((column, cell), head) in columns.iter().zip(cells).zip(header) {
            let text = cell.text.trim();
            match column {
                Column::Field(field) if !text.is_empty() => {
                    let place = reading.place(cell.span.clone());
                    line.values.push(CaseValue {
                        field: *field,
                        value: Scalar::Text(text.to_owned()),
                        place,
                    });
                }
                Column::Expected { whole, key, rule } if !text.is_empty() => {
                    let into = if *whole { &mut expected.declaration } else { &mut outcomes };
                    if *whole && at > 0 {
                        let title = format!("`{}` stands on line {} of its declaration", head.text, at + 1);
                        let help = "put what is expected of the declaration on its first line";
                        reading.report(cell.span.clone(), title, help);
                        continue;
                    }
                    let mut one = Outcomes::default();
                    expected::read(
                        reading,
                        &mut one,
                        key,
                        &value(reading, key, rule.as_deref(), text),
                        &cell.span,
                    );
                    add(into, one);
                }
                _ => {}
            }
        }
        expected::check(reading, &outcomes, &name.span);
        lines.push(line);
        expected.items.push(outcomes);
    }
    expected::check(reading, &expected.declaration, &name.span);
    if expected.declaration.is_empty() && expected.items.iter().all(Outcomes::is_empty) && !reading.mistaken {
        let help = "fill in a column such as `expect:fires` or `expect:silent`";
        reading.report(name.span.clone(), "the test expects nothing", help);
    }
    // What is expected of the only line is expected of the declaration.
    if let ([_], [_]) = (rows, expected.items.as_slice()) {
        let of_line = expected.items.remove(0);
        add(&mut expected.declaration, of_line);
    }
    if !reading.mistaken {
        reading.check_lines(&lines, &name.span);
    }
    TestCase { name: name.text.trim().to_owned(), place, lines, expected }
}

fn add(into: &mut Outcomes, more: Outcomes) {
    into.channel = into.channel.or(more.channel);
    into.score = into.score.or(more.score);
    into.fires.extend(more.fires);
    into.fires_exactly = into.fires_exactly.take().or(more.fires_exactly);
    into.silent.extend(more.silent);
    into.points.extend(more.points);
    into.faults.extend(more.faults);
    into.reasons.extend(more.reasons);
    into.reason_contains.extend(more.reason_contains);
}

/// The value that a test in Rhai would have in place of a cell.
fn value(reading: &Reading<'_>, key: &str, rule: Option<&str>, text: &str) -> Constant {
    let plain = |text: &str| Constant::Text(Arc::from(text));
    let number = |text: &str| text.parse().map_or_else(|_| plain(text), Constant::Integer);
    if let Some(rule) = rule {
        let value = if key == "points" { number(text) } else { plain(text) };
        return Constant::Map(BTreeMap::from([(rule.to_owned(), value)]));
    }
    match key {
        "score" => number(text),
        "channel" => plain(text),
        _ if text == "none" && reading.ids.get(text).is_none() => Constant::Array(Vec::new()),
        _ => Constant::Array(text.split('|').map(|id| plain(id.trim())).collect()),
    }
}

/// The records of a CSV text. What separates the cells is found out from the first line: a comma, a semicolon or a
/// tab.
fn records(text: &str) -> Vec<Vec<Cell>> {
    let first = text.lines().next().unwrap_or("");
    let count = |separator: &char| first.matches(*separator).count();
    let separator = [',', ';', '\t'].into_iter().rev().max_by_key(count).unwrap_or(',');
    let mut records = Vec::new();
    let mut record: Vec<Cell> = Vec::new();
    let mut rest = text;
    let at = |rest: &str| text.len() - rest.len();
    while !rest.is_empty() {
        let start = at(rest);
        let mut value = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let end = quoted.find('"').unwrap_or(quoted.len());
                value.push_str(&quoted[..end]);
                quoted = quoted.get(end + 1..).unwrap_or("");
                match quoted.strip_prefix('"') {
                    Some(more) => {
                        value.push('"');
                        quoted = more;
                    }
                    None => break,
                }
            }
            rest = quoted;
        }
        // What comes after the closing quote, if anything, belongs to the cell.
        let end = rest.find([separator, '\n', '\r']).unwrap_or(rest.len());
        value.push_str(&rest[..end]);
        rest = &rest[end..];
        record.push(Cell { text: value, span: start..at(rest) });
        if let Some(more) = rest.strip_prefix(separator) {
            rest = more;
            if rest.is_empty() || rest.starts_with(['\n', '\r']) {
                record.push(Cell { text: String::new(), span: at(rest)..at(rest) });
            }
        }
        if rest.is_empty() || rest.starts_with(['\n', '\r']) {
            rest = rest.strip_prefix('\r').unwrap_or(rest);
            rest = rest.strip_prefix('\n').unwrap_or(rest);
            records.push(std::mem::take(&mut record));
        }
    }
    records
}

#[cfg(test)]
mod tests;
