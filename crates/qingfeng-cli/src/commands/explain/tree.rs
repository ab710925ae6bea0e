//! The decision about a declaration as a tree, for an officer to read.
//!
//! ✓ held or fired, ✗ failed, – not looked at or not in force, ! could not be evaluated.

use annotate_snippets::renderer::Style;
use qingfeng::rules::{FieldRef, Level, Pack};
use qingfeng::{ExplainedItem, ExplainedRule, NamedValue};

use super::{Found, why};
use crate::condition;
use crate::numbers::count;
use crate::rejects::listed;
use crate::render::{short_digest, validity};
use crate::table::{Cell, table, width};
use crate::terminal::{BAD, BOLD, DIM, ERROR, GOOD, WARNING, channel_style, clean, styled};

/// Where lines of values are broken.
const LINE_WIDTH: usize = 100;

pub fn human(found: &Found, pack: &Pack) -> String {
    let explanation = &found.explanation;
    let mut out = head(found, pack, usize::MAX);
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

/// The decision, lines that could not be read, and how the channel came about.
pub fn head(found: &Found, pack: &Pack, rejects_max: usize) -> String {
    let explanation = &found.explanation;
    let title = explanation.channel_title.as_deref().map(|title| format!(": {}", clean(title)));
    let digest = explanation.pack.rsplit_once('#').map_or("", |(_, digest)| short_digest(digest));
    let channel = Cell::new(format!("{}{}", explanation.channel, title.unwrap_or_default()));
    let rows = [
        ("Declaration", Cell::new(&explanation.declaration_id).style(BOLD)),
        ("Channel", channel.style(style_of(&explanation.channel, pack))),
        ("Score", Cell::new(explanation.score.to_string())),
        ("Pack", Cell::new(format!("{} {}, digest {digest}", pack.name, pack.version))),
    ];
    let mut out = table("", &rows.map(|(name, cell)| vec![Cell::new(name).style(DIM), cell]));
    if !found.rejects.is_empty() {
        let lines = count(found.rejects.len() as u64, "line");
        out += &format!(
            "\n{WARNING}{lines} of it could not be read and had no part in the decision{WARNING:#}\n"
        );
        out += &listed(&found.rejects, rejects_max);
    }
    out += &format!("\n{BOLD}Why {}{BOLD:#}\n", styled_channel(&explanation.channel, pack));
    for (at, step) in why::steps(explanation, pack).iter().enumerate() {
        out += &format!("  {}. {step}\n", at + 1);
    }
    out
}

pub fn style_of(channel: &str, pack: &Pack) -> Style {
    let at = pack.channels.iter().position(|known| known.name == channel).unwrap_or(0);
    channel_style(at, pack.channels.len())
}

fn styled_channel(name: &str, pack: &Pack) -> String {
    styled(style_of(name, pack), &clean(name))
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
    if item.rules.is_empty() {
        out += "\n  No rule is keyed on such a line.\n";
    }
    for group in Group::ALL {
        let rules: Vec<_> = item.rules.iter().filter(|rule| Group::of(rule) == group).collect();
        if !rules.is_empty() {
            out += &format!("\n  {BOLD}{}{BOLD:#}\n", group.shown().0);
            rules.iter().for_each(|rule| out += &self::rule(rule, pack));
        }
    }
    out
}

/// What became of a rule, in the order in which an officer asks.
#[derive(Clone, Copy, PartialEq)]
enum Group {
    Fired,
    Fault,
    Close,
    Failed,
    NotInForce,
}

impl Group {
    const ALL: [Self; 5] = [Self::Fired, Self::Fault, Self::Close, Self::Failed, Self::NotInForce];

    fn of(rule: &ExplainedRule) -> Self {
        if rule.fired {
            Self::Fired
        } else if rule.fault.is_some() {
            Self::Fault
        } else if !rule.in_force {
            Self::NotInForce
        } else if rule.condition.as_ref().is_some_and(condition::a_part_held) {
            Self::Close
        } else {
            Self::Failed
        }
    }

    /// Its heading, and the mark of its rules.
    fn shown(self) -> (&'static str, &'static str, Style) {
        match self {
            Self::Fired => ("Fired", "✓", GOOD),
            Self::Fault => ("Could not be evaluated", "!", ERROR),
            Self::Close => ("Did not fire, though a part of the condition held", "✗", BAD),
            Self::Failed => ("Did not fire", "✗", BAD),
            Self::NotInForce => ("Not in force on that day", "–", DIM),
        }
    }
}

pub fn rule_head(rule: &ExplainedRule, pack: &Pack) -> String {
    let (_, mark, style) = Group::of(rule).shown();
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
    out += &format!("  {}", clean(&rule.title));
    if !rule.in_force
        && let Some(definition) = pack.rules.iter().find(|definition| definition.id == rule.id)
    {
        out += &format!("  {DIM}{}{DIM:#}", validity(definition.from, definition.until));
    }
    out.push('\n');
    out
}

fn rule(rule: &ExplainedRule, pack: &Pack) -> String {
    let mut out = rule_head(rule, pack);
    // The part of the condition that has no value says so itself.
    if let Some(fault) =
        rule.fault.as_ref().filter(|_| !rule.condition.as_ref().is_some_and(condition::a_leaf_faulted))
    {
        out += &fault_line(fault);
    }
    out += &reason_line(rule);
    match &rule.condition {
        Some(condition) if rule.fired || rule.fault.is_some() => out += &condition::all(condition),
        Some(condition) => out += &condition::looked_at(condition),
        None if rule.fired => out += &format!("    {DIM}has no condition: its key is enough{DIM:#}\n"),
        None => {}
    }
    out
}

/// Why a rule could not be evaluated.
pub fn fault_line(fault: &str) -> String {
    format!("    {ERROR}{}{ERROR:#}\n", clean(fault))
}

/// Why a rule fired; without evidence of its own it gives its title, which is there already.
pub fn reason_line(rule: &ExplainedRule) -> String {
    match rule.reason.as_deref().filter(|reason| *reason != rule.title) {
        Some(reason) => format!("    {}\n", clean(reason)),
        None => String::new(),
    }
}
