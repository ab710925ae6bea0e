//! The condition of a rule as a tree: each part with its mark and the values that it saw.

use annotate_snippets::renderer::Style;
use qingfeng::ExplainedPart;

use crate::numbers::count;
use crate::terminal::{BAD, DIM, ERROR, GOOD, clean, shortened, styled};

/// The characters of a value that are shown beside the part that saw it.
const VALUE_CHARACTERS: usize = 60;

/// A condition with all its parts.
pub fn all(condition: &ExplainedPart) -> String {
    root(condition, 0)
}

/// A condition with the parts that were looked at. Of a rule that did not fire the others have no part in the
/// answer, and a pack has many such rules.
pub fn looked_at(condition: &ExplainedPart) -> String {
    let (condition, left_out) = pruned(condition);
    root(&condition, left_out)
}

/// Whether the condition or a part of it held.
pub fn a_part_held(part: &ExplainedPart) -> bool {
    part.outcome == "held" || part.parts.iter().any(a_part_held)
}

/// Whether a part without parts has no value.
pub fn a_leaf_faulted(part: &ExplainedPart) -> bool {
    match part.parts.as_slice() {
        [] => part.outcome.starts_with("fault: "),
        parts => parts.iter().any(a_leaf_faulted),
    }
}

/// The parts of a condition that were looked at, and how many were not.
fn pruned(part: &ExplainedPart) -> (ExplainedPart, usize) {
    let mut left_out = 0;
    let mut parts = Vec::new();
    for child in &part.parts {
        if child.outcome == "not reached" {
            left_out += 1;
        } else {
            let (child, more) = pruned(child);
            parts.push(child);
            left_out += more;
        }
    }
    match parts.as_slice() {
        // The one part that was looked at decided for the whole.
        [only] => (only.clone(), left_out),
        _ => (ExplainedPart { parts, ..part.clone() }, left_out),
    }
}

/// How many parts would have to hold besides for the condition to hold; those not looked at are counted.
pub fn lacking(part: &ExplainedPart) -> usize {
    match part.joined {
        _ if part.outcome == "held" => 0,
        _ if part.parts.is_empty() => 1,
        Some("or") => part.parts.iter().map(lacking).min().unwrap_or(1),
        _ => part.parts.iter().map(lacking).sum(),
    }
}

/// The first part that failed, on one line, and how many others failed or were not looked at.
pub fn failed(condition: &ExplainedPart) -> String {
    fn leaves<'p>(part: &'p ExplainedPart, all: &mut Vec<&'p ExplainedPart>) {
        match part.parts.as_slice() {
            [] => all.push(part),
            parts => parts.iter().for_each(|part| leaves(part, all)),
        }
    }
    let mut parts = Vec::new();
    leaves(condition, &mut parts);
    let mut failed = parts.iter().filter(|part| part.outcome == "failed");
    let first = failed.next().map_or_else(String::new, |part| part_text(part));
    let left_out = parts.iter().filter(|part| part.outcome == "not reached").count();
    let counted = [(failed.count(), "more failed"), (left_out, "not looked at")];
    let notes =
        counted.into_iter().filter(|(parts, _)| *parts > 0).map(|(parts, what)| format!("{parts} {what}"));
    let notes = notes.collect::<Vec<_>>().join(", ");
    let notes = if notes.is_empty() { notes } else { format!("   {DIM}({notes}){DIM:#}") };
    format!("    └─ {first}{notes}\n")
}

/// A condition. The mark of the rule speaks for the whole, so that is only named by how its parts are joined.
fn root(condition: &ExplainedPart, left_out: usize) -> String {
    let mut out = if condition.parts.is_empty() {
        format!("    └─ {}\n", part_text(condition))
    } else {
        format!("    {DIM}{}{DIM:#}\n{}", joined(condition), children(condition, "    "))
    };
    if left_out > 0 {
        out.truncate(out.trim_end().len());
        let parts = count(left_out as u64, "part");
        out += &format!("   {DIM}(– {parts} not looked at){DIM:#}\n");
    }
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
        // A flag that is the whole part is shown by the mark.
        .filter(|seen| seen.source != part.text)
        .map(|seen| match seen.value.as_str() {
            "()" => format!("{} is missing", clean(&seen.source)),
            value => format!("{} is {}", clean(&seen.source), shortened(&clean(value), VALUE_CHARACTERS)),
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
