//! Rules as text.

use std::fmt::Write as _;

use super::{Condition, HandRule, KeySet, NumberField, TextField};

/// A rule file.
pub(super) fn file(rules: &[HandRule]) -> String {
    let mut out = String::new();
    rules.iter().for_each(|rule| write_rule(rule, &mut out));
    out
}

fn write_rule(rule: &HandRule, out: &mut String) {
    let id = &rule.id;
    let mut condition = String::new();
    write_condition(&rule.condition, false, &mut condition);
    let when = match &rule.looped_ports {
        None => condition,
        Some(ports) => format!(
            "{{ let ports = {}; let at = 0; let found = false; \
             while at < ports.len() {{ if d.port == ports[at] {{ found = true; }} at += 1; }} \
             found && {condition} }}",
            list(ports)
        ),
    };
    // Writing to a text cannot fail.
    _ = writeln!(out, "rule(\"{id}\", #{{\n    title: \"Rule {id}\",");
    for (name, key) in [("region", &rule.region), ("commodity", &rule.commodity), ("mode", &rule.mode)] {
        if let Some(KeySet { names, .. }) = key {
            _ = writeln!(out, "    {name}: {},", list(names));
        }
    }
    _ = writeln!(out, "    score: {},\n    when: |d| {when},\n}});\n", rule.score);
}

fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    format!("[{}]", quoted.join(", "))
}

/// Writes a condition, in parentheses where it stands within another.
fn write_condition(condition: &Condition, is_part: bool, out: &mut String) {
    let (parts, operator) = match condition {
        Condition::All(parts) => (parts, " && "),
        Condition::Any(parts) => (parts, " || "),
        test => {
            write_test(test, out);
            return;
        }
    };
    out.push_str(if is_part { "(" } else { "" });
    for (at, part) in parts.iter().enumerate() {
        out.push_str(if at > 0 { operator } else { "" });
        write_condition(part, true, out);
    }
    out.push_str(if is_part { ")" } else { "" });
}

fn write_test(test: &Condition, out: &mut String) {
    _ = match test {
        Condition::Is(field, text) => write!(out, "d.{} == {text:?}", text_field(*field)),
        Condition::IsMissing(field) => write!(out, "d.{} == ()", text_field(*field)),
        Condition::IsIn(field, texts) => write!(out, "d.{} in {}", text_field(*field), list(texts)),
        Condition::Below(field, limit) => write!(out, "d.{} < {}", number_field(*field), number(*limit)),
        Condition::Above(field, limit) => write!(out, "d.{} > {}", number_field(*field), number(*limit)),
        Condition::HasWord(word) => write!(out, "d.goods.has_word({word:?})"),
        Condition::Contains(part) => write!(out, "d.goods.contains({part:?})"),
        Condition::HsStartsWith(prefix) => write!(out, "d.hs.starts_with({prefix:?})"),
        Condition::All(_) | Condition::Any(_) => Ok(()),
    };
}

/// A number without an exponent and with a point.
fn number(number: f64) -> String {
    let text = number.to_string();
    if text.contains('.') { text } else { format!("{text}.0") }
}

fn text_field(field: TextField) -> &'static str {
    match field {
        TextField::Brand => "brand",
        TextField::Exporter => "exporter",
        TextField::Port => "port",
        TextField::Unit => "unit",
    }
}

fn number_field(field: NumberField) -> &'static str {
    match field {
        NumberField::UnitValue => "unit_value",
        NumberField::Quantity => "quantity",
        NumberField::NetKg => "net_kg",
        NumberField::Value => "value",
    }
}
