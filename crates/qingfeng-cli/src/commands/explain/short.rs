//! The decision about a declaration on one screen: what fired, and what nearly did.

use std::collections::HashSet;

use qingfeng::rules::Pack;
use qingfeng::{ExplainedItem, ExplainedRule, Explanation};

use super::{Found, tree, why};
use crate::condition;
use crate::numbers::count;
use crate::table::{Cell, first_of, table};
use crate::terminal::{BOLD, DIM, clean};

/// The lines of an explanation.
const LINES_MAX: usize = 40;
/// The rejected lines that are shown.
const REJECTS_MAX: usize = 3;
/// The rules that nearly fired, of those the nearest.
const NEAR_MAX: usize = 5;
/// The rules that are named of a goods line that does not decide.
const NAMED_MAX: usize = 8;

pub fn human(found: &Found, pack: &Pack) -> String {
    let explanation = &found.explanation;
    let mut out = tree::head(found, pack, REJECTS_MAX) + &format!("\n{BOLD}What fired{BOLD:#}\n");
    let near = near(explanation, pack);
    let lines = count(explanation.items.len() as u64, "goods line");
    let end = format!("\n{DIM}--all shows {lines} with all values, rules and conditions{DIM:#}\n");
    let height = |text: &str| text.lines().count();
    let room = LINES_MAX.saturating_sub(height(&out) + height(&near) + height(&end));
    let fired = fired(explanation, pack);
    let lines = height(&fired);
    if lines <= room {
        out += &fired;
    } else {
        let shown = room.saturating_sub(1);
        fired.split_inclusive('\n').take(shown).for_each(|line| out += line);
        out += &format!("  {DIM}… and {}{DIM:#}\n", count((lines - shown) as u64, "more line"));
    }
    out + &near + &end
}

/// The rules that fired on the goods line that decides, or have no value there; then those of the other lines.
fn fired(explanation: &Explanation, pack: &Pack) -> String {
    let is_shown = |rule: &&ExplainedRule| rule.fired || rule.fault.is_some();
    let mut out = String::new();
    for item in explanation.items.iter().filter(|item| item.decisive) {
        if explanation.items.len() > 1 {
            out += &format!("  {DIM}on {}, which decides{DIM:#}\n", clean(&why::item_name(item)));
        }
        for rule in item.rules.iter().filter(is_shown) {
            out += &tree::rule_head(rule, pack);
            rule.fault.iter().for_each(|fault| out += &tree::fault_line(fault));
            out += &tree::reason_line(rule);
        }
        if !item.rules.iter().any(|rule| is_shown(&rule)) {
            out += "  no rule\n";
        }
    }
    let others = explanation.items.iter().filter(|item| !item.decisive).map(|item| {
        let names: Vec<String> = item.rules.iter().filter(is_shown).map(named).collect();
        let names = match names.len() {
            0 => "no rule".to_owned(),
            all => first_of(names, NAMED_MAX, all),
        };
        vec![
            Cell::new(why::item_name(item)).style(DIM),
            Cell::new(&item.channel).style(tree::style_of(&item.channel, pack)),
            Cell::new(item.score.to_string()).right(),
            Cell::new(names),
        ]
    });
    out + &table("  ", &others.collect::<Vec<_>>())
}

/// `MC-01 +35`
fn named(rule: &ExplainedRule) -> String {
    match rule.points {
        Some(points) if rule.fired => format!("{} {points:+}", rule.id),
        _ => format!("{} (fault)", rule.id),
    }
}

/// The rules of which a part held and the fewest parts are lacking, each once.
fn near(explanation: &Explanation, pack: &Pack) -> String {
    let mut near: Vec<(usize, &ExplainedItem, &ExplainedRule)> = Vec::new();
    for item in &explanation.items {
        for rule in item.rules.iter().filter(|rule| !rule.fired && rule.fault.is_none() && rule.in_force) {
            if let Some(condition) = rule.condition.as_ref().filter(|part| condition::a_part_held(part)) {
                near.push((condition::lacking(condition), item, rule));
            }
        }
    }
    near.sort_by_key(|(lacking, item, _)| (*lacking, !item.decisive));
    let mut seen = HashSet::new();
    near.retain(|(_, _, rule)| seen.insert(&rule.id));
    let mut out = String::new();
    for (_, item, rule) in near.iter().take(NEAR_MAX) {
        if out.is_empty() {
            out += &format!("\n{BOLD}What nearly fired{BOLD:#}\n");
        }
        out += tree::rule_head(rule, pack).trim_end();
        if explanation.items.len() > 1 {
            out += &format!("  {DIM}on {}{DIM:#}", clean(&why::item_name(item)));
        }
        out.push('\n');
        rule.condition.iter().for_each(|part| out += &condition::failed(part));
    }
    out
}
