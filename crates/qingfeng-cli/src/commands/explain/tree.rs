//! The decision about a declaration as a tree, for an officer to read.
//!
//! ✓ held or fired, ✗ failed, – not looked at or not in force, ! could not be evaluated.

use annotate_snippets::renderer::Style;
use qingfeng::rules::{FieldRef, Level, Pack};
use qingfeng::{ExplainedItem, ExplainedPart, ExplainedRule, NamedValue};

use super::{Found, why};
use crate::render::short_digest;
use crate::terminal::{
    BAD, BOLD, Cell, DIM, ERROR, GOOD, WARNING, channel_style, clean, count, styled, table, width,
};

/// Where lines of values are broken.
const LINE_WIDTH: usize = 100;

/// The whole explanation.
pub fn human(found: &Found, pack: &Pack) -> String {
    let explanation = &found.explanation;
    let mut out = head(found, pack);
    out += &format!("\n{BOLD}Why {}{BOLD:#}\n", styled_channel(&explanation.channel, pack));
    for (at, step) in why::steps(explanation, pack).iter().enumerate() {
        out += &format!("  {}. {step}\n", at + 1);
    }
    if let Some(item) = explanation.items.first() {
        let header = item.fields.iter().filter(|field| is_of_declaration(&field.source, pack));
        out += &format!("\n{BOLD}The declaration{BOLD:#}\n");
        out += &values("  ", header);
    }
    for item in &explanation.items {
        out.push('\n');
        out += &line(item, explanation.items.len(), pack);
    }
    out
}

fn head(found: &Found, pack: &Pack) -> String {
    let explanation = &found.explanation;
    let title = explanation.channel_title.as_deref().map(|title| format!(": {}", clean(title)));
    let at = pack.channels.iter().position(|channel| channel.name == explanation.channel).unwrap_or(0);
    let digest = explanation.pack.rsplit_once('#').map_or("", |(_, digest)| short_digest(digest));
    let mut rows = vec![
        vec![Cell::new("Declaration").style(DIM), Cell::new(&explanation.declaration_id).style(BOLD)],
        vec![
            Cell::new("Channel").style(DIM),
            Cell::new(format!("{}{}", explanation.channel, title.unwrap_or_default()))
                .style(channel_style(at, pack.channels.len())),
        ],
        vec![Cell::new("Score").style(DIM), Cell::new(explanation.score.to_string())],
    ];
    rows.push(vec![
        Cell::new("Pack").style(DIM),
        Cell::new(format!("{} {}, digest {digest}", pack.name, pack.version)),
    ]);
    let mut out = table("", &rows);
    if !found.rejects.is_empty() {
        let lines = count(found.rejects.len() as u64, "line");
        out += &format!(
            "\n{WARNING}{lines} of it could not be read and had no part in the decision{WARNING:#}\n"
        );
        for reject in &found.rejects {
            out += &format!("  {}\n", clean(&reject.to_string()));
        }
    }
    out
}

fn styled_channel(name: &str, pack: &Pack) -> String {
    let at = pack.channels.iter().position(|channel| channel.name == name).unwrap_or(0);
    styled(channel_style(at, pack.channels.len()), &clean(name))
}

/// Whether a field is the same on all lines of a declaration.
fn is_of_declaration(name: &str, pack: &Pack) -> bool {
    match pack.field(name) {
        Some(FieldRef::Declared(id)) => pack.schema[id].level == Level::Header,
        // The others are named after the line they are computed from.
        Some(FieldRef::Derived(derived)) => {
            derived.name() == "item_count" || derived.name().starts_with("declaration_")
        }
        _ => false,
    }
}

/// Names and values side by side, as many as a line holds.
fn values<'v>(indent: &str, fields: impl Iterator<Item = &'v NamedValue>) -> String {
    let mut out = String::new();
    let mut used = 0;
    for field in fields {
        let (name, value) = (clean(&field.source), clean(&field.value));
        let wide = width(&name) + 1 + width(&value);
        if used > 0 && used + 3 + wide > LINE_WIDTH {
            out.push('\n');
            used = 0;
        }
        if used == 0 {
            out += indent;
            used = width(indent);
        } else {
            out += "   ";
            used += 3;
        }
        out += &format!("{DIM}{name}{DIM:#} {value}");
        used += wide;
    }
    if used > 0 {
        out.push('\n');
    }
    out
}

/// One goods line: its values, then its rules, those that fired first.
fn line(item: &ExplainedItem, lines: usize, pack: &Pack) -> String {
    let decides =
        if item.decisive && lines > 1 { format!("  {BOLD}◀ decides{BOLD:#}") } else { String::new() };
    let name = item.item_no.map_or("Goods line".into(), |number| format!("Item {number}"));
    let shadow = match item.shadow_points {
        0 => String::new(),
        points => format!("  {DIM}(shadow rules: {points:+}){DIM:#}"),
    };
    let mut out = format!(
        "{BOLD}{name}{BOLD:#}  {}  score {}{shadow}{decides}\n",
        styled_channel(&item.channel, pack),
        item.score
    );
    out += &values("  ", item.fields.iter().filter(|field| !is_of_declaration(&field.source, pack)));
    let groups: [(&str, fn(&ExplainedRule) -> bool); 4] = [
        ("Fired", |rule| rule.fired),
        ("Could not be evaluated", |rule| !rule.fired && rule.fault.is_some()),
        ("Did not fire", |rule| !rule.fired && rule.fault.is_none() && rule.in_force),
        ("Not in force on that day", |rule| !rule.fired && rule.fault.is_none() && !rule.in_force),
    ];
    if item.rules.is_empty() {
        out += "\n  No rule is keyed on such a line.\n";
    }
    for (heading, belongs) in groups {
        let rules: Vec<_> = item.rules.iter().filter(|rule| belongs(rule)).collect();
        if !rules.is_empty() {
            out += &format!("\n  {BOLD}{heading}{BOLD:#}\n");
            rules.iter().for_each(|rule| out += &self::rule(rule));
        }
    }
    out
}

fn rule(rule: &ExplainedRule) -> String {
    let (mark, style) = if rule.fired {
        ("✓", GOOD)
    } else if rule.fault.is_some() {
        ("!", ERROR)
    } else if rule.in_force {
        ("✗", BAD)
    } else {
        ("–", DIM)
    };
    let mut out = format!("  {style}{mark}{style:#} {BOLD}{}{BOLD:#}", clean(&rule.id));
    if let Some(points) = rule.points {
        out += &format!("  {BOLD}{points:+}{BOLD:#}");
    }
    if rule.fired {
        let limits = [("≥", &rule.at_least), ("≤", &rule.at_most)];
        for (sign, channel) in limits {
            if let Some(channel) = channel {
                out += &format!("  {sign} {}", clean(channel));
            }
        }
    }
    if rule.shadow {
        out += &format!("  {DIM}(shadow: counts nothing){DIM:#}");
    }
    out += &format!("  {}\n", clean(&rule.title));
    if let Some(fault) = &rule.fault {
        out += &format!("    {ERROR}{}{ERROR:#}\n", clean(fault));
    }
    // Without evidence of its own a rule gives its title.
    if let Some(reason) = rule.reason.as_deref().filter(|reason| *reason != rule.title) {
        out += &format!("    {}\n", clean(reason));
    }
    match &rule.condition {
        Some(condition) => out += &root(condition),
        None if rule.fired => out += &format!("    {DIM}has no condition: its key is enough{DIM:#}\n"),
        None => {}
    }
    out
}

/// A condition. The marks of its parts speak for the whole, so that is only named by how they are joined.
fn root(condition: &ExplainedPart) -> String {
    if condition.parts.is_empty() {
        return format!("    └─ {}\n", part_text(condition));
    }
    let mut out = format!("    {DIM}{}{DIM:#}\n", joined(condition));
    out += &children(condition, "    ");
    out
}

fn joined(part: &ExplainedPart) -> &'static str {
    match part.joined {
        Some("or") => "any of these would do",
        _ => "all of these must hold",
    }
}

fn children(part: &ExplainedPart, indent: &str) -> String {
    let mut out = String::new();
    for (at, child) in part.parts.iter().enumerate() {
        let (branch, trunk) =
            if at + 1 == part.parts.len() { ("└─", "   ") } else { ("├─", "│  ") };
        if child.parts.is_empty() {
            out += &format!("{indent}{branch} {}\n", part_text(child));
        } else {
            let (mark, style) = mark(&child.outcome);
            out += &format!("{indent}{branch} {style}{mark}{style:#} {DIM}{}{DIM:#}\n", joined(child));
            out += &children(child, &format!("{indent}{trunk}"));
        }
    }
    out
}

/// A part without parts: its mark, its source, and the values it saw.
fn part_text(part: &ExplainedPart) -> String {
    let (mark, style) = mark(&part.outcome);
    let source = styled(if part.outcome == "not reached" { DIM } else { Style::new() }, &clean(&part.text));
    let mut out = format!("{style}{mark}{style:#} {source}");
    let seen: Vec<String> = part
        .values
        .iter()
        // A flag that is the whole part is told by the mark.
        .filter(|seen| seen.source != part.text)
        .map(|seen| match seen.value.as_str() {
            "()" => format!("{} is missing", clean(&seen.source)),
            value => format!("{} is {}", clean(&seen.source), clean(value)),
        })
        .collect();
    if !seen.is_empty() {
        out += &format!("   {DIM}{}{DIM:#}", seen.join(", "));
    }
    if let Some(fault) = part.outcome.strip_prefix("fault: ") {
        out += &format!("   {ERROR}{}{ERROR:#}", clean(fault));
    }
    out
}

fn mark(outcome: &str) -> (&'static str, Style) {
    match outcome {
        "held" => ("✓", GOOD),
        "failed" => ("✗", BAD),
        "not reached" => ("–", DIM),
        _ => ("!", ERROR),
    }
}
