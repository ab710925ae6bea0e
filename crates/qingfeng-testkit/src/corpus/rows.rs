//! The rows that Qingfeng writes, as what was found.

use serde_json::Value;

use super::{FoundDeclaration, FoundItem};

/// Puts the rows by declaration and the rows by item of one run together, both with reasons and as JSON objects.
///
/// # Errors
///
/// A row without one of the columns, or with another kind of value in it.
pub fn found_in_rows(by_declaration: &[Value], by_item: &[Value]) -> Result<Vec<FoundDeclaration>, String> {
    by_declaration
        .iter()
        .map(|row| {
            let items = by_item.iter().filter(|item| item["declaration_id"] == row["declaration_id"]);
            Ok(FoundDeclaration {
                declaration_id: text(row, "declaration_id")?,
                score: integer(row, "score")?,
                channel: text(row, "channel")?,
                decisive_item: integer(row, "decisive_item")?,
                items: items.map(found_item).collect::<Result<_, String>>()?,
            })
        })
        .collect()
}

fn found_item(row: &Value) -> Result<FoundItem, String> {
    Ok(FoundItem {
        item_no: integer(row, "item_no")?,
        score: integer(row, "score")?,
        channel: text(row, "channel")?,
        points: None,
        shadow_points: None,
        fired: texts(row, "rules")?,
        shadow: texts(row, "shadow_rules")?,
        faults: texts(row, "faults")?,
        reasons: texts(row, "reasons")?,
    })
}

fn wrong(row: &Value, column: &str) -> String {
    format!("the column {column} is missing or wrong in the row {row}")
}

fn text(row: &Value, column: &str) -> Result<String, String> {
    row[column].as_str().map(str::to_owned).ok_or_else(|| wrong(row, column))
}

fn integer(row: &Value, column: &str) -> Result<i64, String> {
    row[column].as_i64().ok_or_else(|| wrong(row, column))
}

fn texts(row: &Value, column: &str) -> Result<Vec<String>, String> {
    let values = row[column].as_array().ok_or_else(|| wrong(row, column))?;
    values.iter().map(|value| value.as_str().map(str::to_owned).ok_or_else(|| wrong(row, column))).collect()
}
