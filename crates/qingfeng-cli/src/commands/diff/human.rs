//! The report for people at a terminal.

use annotate_snippets::renderer::Style;
use qingfeng::tools::diff::{Cause, Change, DeclarationsDiff, Diff, Example, Load, Move, RuleNote, Workload};

use super::groups::grouped as groups_of;
use super::workload::{mean, most_changed, sum};
use crate::numbers::{count, grouped};
use crate::render::short_digest;
use crate::table::{Cell, first_of, table, titled};
use crate::terminal::{BAD, BOLD, DIM, GOOD, WARNING, channel_style, clean, styled};

/// Rules of each kind that are shown.
const RULES_SHOWN: usize = 40;
/// Ids of rules with the same changes that are shown.
const IDS_SHOWN: usize = 8;
const CAUSES_SHOWN: usize = 8;
const EFFECTS_SHOWN: usize = 10;
const PORTS_SHOWN: usize = 10;
const DAYS_SHOWN: usize = 5;
const EVIDENCE_SHOWN: usize = 3;

pub fn human(diff: &Diff) -> String {
    let mut out = head(diff) + &pack(diff) + &rules(diff);
    if let Some(found) = &diff.declarations {
        let parts = [summary, matrix, causes, effects, ports, days, examples];
        parts.iter().for_each(|part| out += &part(found));
    }
    out
}

fn heading(text: &str) -> String {
    format!("\n{}\n", styled(BOLD, text))
}

fn section(title: &str, rows: &[Vec<Cell>]) -> String {
    format!("\n{}", titled(title, rows))
}

/// `and 3 more`, if there are more than are shown.
fn rest(total: usize, shown: usize, what: &str) -> String {
    match total.saturating_sub(shown) {
        0 => String::new(),
        more => format!("  and {} more {what}\n", grouped(more as u64)),
    }
}

fn head(diff: &Diff) -> String {
    let row = |which: &str, pack: &qingfeng::tools::diff::PackNote| {
        vec![
            Cell::new(which),
            Cell::new(format!("{} {}", pack.name, pack.version)).style(BOLD),
            Cell::new(count(pack.rules as u64, "rule")).right(),
            Cell::new(format!("digest {}", short_digest(&pack.digest))).style(DIM),
        ]
    };
    let mut out = table("", &[row("old", &diff.old), row("new", &diff.new)]);
    if diff.is_empty() {
        let what = if diff.declarations.is_some() {
            "the packs mean the same, and no declaration changes"
        } else {
            "the packs mean the same"
        };
        out += &format!("\n{}: {what}\n", styled(GOOD, "No difference"));
        return out;
    }
    let rules = &diff.rules;
    let row = |name: &str, number: usize| {
        let style = if number > 0 { BOLD } else { DIM };
        vec![Cell::new(name), Cell::new(grouped(number as u64)).right().style(style)]
    };
    let rows = [
        row("added", rules.added.len()),
        row("removed", rules.removed.len()),
        row("changed", rules.changed.len()),
        row("renamed", rules.renamed.len()),
        row("reworded", rules.reworded.len()),
        row("the same", rules.same),
    ];
    out + &section("Rules", &rows)
}

fn change_line(indent: &str, change: &Change) -> String {
    format!("{indent}{}\n", clean(&change.to_string()))
}

fn pack(diff: &Diff) -> String {
    if diff.pack.is_empty() {
        return String::new();
    }
    let changes = diff.pack.iter().take(RULES_SHOWN).map(|change| change_line("  ", change));
    let changes: String = changes.collect();
    format!("{}{changes}{}", heading("The pack"), rest(diff.pack.len(), RULES_SHOWN, "changes"))
}

fn rules(diff: &Diff) -> String {
    let rules = &diff.rules;
    let mut out = notes("Rules added", &rules.added);
    out += &notes("Rules removed", &rules.removed);
    if !rules.changed.is_empty() {
        out += &heading("Rules changed");
        out += &changed(&rules.changed);
    }
    if !rules.renamed.is_empty() {
        let rows = rules.renamed.iter().take(RULES_SHOWN).map(|rule| {
            vec![
                Cell::new(&rule.old),
                Cell::new("→"),
                Cell::new(&rule.new).style(BOLD),
                Cell::new(&rule.title),
            ]
        });
        out += &section("Rules renamed", &rows.collect::<Vec<_>>());
        out += &rest(rules.renamed.len(), RULES_SHOWN, "rules");
    }
    if !rules.reworded.is_empty() {
        out += &heading("Rules that decide the same and read otherwise");
        out += &changed(&rules.reworded);
    }
    out
}

fn notes(title: &str, notes: &[RuleNote]) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let mut out = heading(title);
    for note in notes.iter().take(RULES_SHOWN) {
        let status = if note.status == "active" { String::new() } else { format!(" ({})", note.status) };
        out += &format!(
            "  {}{status}  {}  {}\n",
            styled(BOLD, &clean(&note.id)),
            clean(&note.title),
            styled(DIM, &clean(&note.place))
        );
        if let Some(when) = &note.when {
            out += &format!("    when: {}\n", clean(when));
        }
        out += &format!("    score: {}\n", clean(&note.points));
    }
    out + &rest(notes.len(), RULES_SHOWN, "rules")
}

fn changed(rules: &[qingfeng::tools::diff::ChangedRule]) -> String {
    let groups = groups_of(rules);
    let mut out = String::new();
    for group in groups.iter().take(RULES_SHOWN) {
        match &group.rules[..] {
            [rule] => {
                out += &format!(
                    "  {}  {}  {}\n",
                    styled(BOLD, &clean(&rule.id)),
                    clean(&rule.title),
                    styled(DIM, &clean(&rule.new_place))
                );
            }
            rules => {
                let ids = first_of(rules.iter().map(|rule| &rule.id), IDS_SHOWN, rules.len());
                let title = count(rules.len() as u64, "rule");
                out += &format!("  {}  {ids}\n", styled(BOLD, &title));
            }
        }
        for change in group.changes.iter().chain(group.wording) {
            out += &change_line("    ", change);
        }
    }
    let shown = groups.iter().take(RULES_SHOWN).map(|group| group.rules.len()).sum();
    out + &rest(rules.len(), shown, "rules")
}

fn summary(found: &DeclarationsDiff) -> String {
    let raised: u64 = found.moves.iter().filter(|step| step.raised).map(|step| step.declarations).sum();
    let lowered = found.moved() - raised;
    let title = format!("{}, {}", count(found.compared, "declaration"), count(found.lines, "line"));
    let row = |name: &str, number: u64, style: Style, note: String| {
        let style = if number > 0 { style } else { DIM };
        vec![Cell::new(name), Cell::new(grouped(number)).right().style(style), Cell::new(note).style(DIM)]
    };
    let share = |number: u64| {
        let percent = number as f64 * 100.0 / found.compared.max(1) as f64;
        if number == 0 { String::new() } else { format!("{percent:.1} %") }
    };
    let mut rows = vec![
        row("to a more severe channel", raised, BAD, share(raised)),
        row("to a milder channel", lowered, GOOD, share(lowered)),
        row("higher score", found.scores.raised, BOLD, share(found.scores.raised)),
        row("lower score", found.scores.lowered, BOLD, share(found.scores.lowered)),
    ];
    let [old_rejects, new_rejects] = found.lines_rejected;
    let only = [
        ("declarations only the old pack can read", found.only_old),
        ("declarations only the new pack can read", found.only_new),
        ("lines only the old pack can read", found.lines_only_old),
        ("lines only the new pack can read", found.lines_only_new),
    ];
    rows.extend(
        only.into_iter()
            .filter(|(_, number)| *number > 0)
            .map(|(name, number)| row(name, number, WARNING, String::new())),
    );
    let mut out = section(&title, &rows);
    if old_rejects + new_rejects > 0 {
        let text = if old_rejects == new_rejects {
            format!("{} could not be read whole; `qingfeng score` shows why", count(old_rejects, "line"))
        } else {
            format!(
                "the old pack could not read {}, the new one {}; `qingfeng score` shows why",
                count(old_rejects, "line"),
                count(new_rejects, "line")
            )
        };
        out += &format!("  {}\n", styled(WARNING, &text));
    }
    out
}

fn style_of(found: &DeclarationsDiff, channel: &str) -> Style {
    let at = found.channels.iter().position(|known| known == channel).unwrap_or(0);
    channel_style(at, found.channels.len())
}

/// A channel's name in its colour.
fn channel(found: &DeclarationsDiff, name: &str) -> Cell {
    Cell::new(name).style(style_of(found, name))
}

fn matrix(found: &DeclarationsDiff) -> String {
    if found.compared == 0 {
        return String::new();
    }
    let [old, new] = found.totals();
    let mut first = vec![Cell::new("old \\ new").style(DIM)];
    first.extend(found.channels.iter().map(|name| channel(found, name).right()));
    first.push(Cell::new("all").right());
    let mut rows = vec![first];
    for (at, name) in found.channels.iter().enumerate() {
        let mut row = vec![channel(found, name)];
        for (to, number) in found.matrix[at].iter().enumerate() {
            let style = match (number, to.cmp(&at)) {
                (0, _) => DIM,
                (_, std::cmp::Ordering::Greater) => BAD,
                (_, std::cmp::Ordering::Less) => GOOD,
                (_, std::cmp::Ordering::Equal) => Style::new(),
            };
            let text = if *number == 0 { "·".to_owned() } else { grouped(*number) };
            row.push(Cell::new(text).right().style(style));
        }
        row.push(Cell::new(grouped(old[at])).right());
        rows.push(row);
    }
    let mut last = vec![Cell::new("all")];
    last.extend(new.iter().map(|number| Cell::new(grouped(*number)).right()));
    last.push(Cell::new(grouped(found.compared)).right());
    rows.push(last);
    section("From channel (rows) to channel (columns)", &rows)
}

/// Causes in words, of which each was needed: `A`, `A and B`, `A, B and C`.
pub fn texts(causes: &[Cause]) -> String {
    let texts: Vec<_> = causes.iter().map(|cause| clean(&cause.text)).collect();
    match &texts[..] {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => texts.join(", "),
    }
}

fn arrow(found: &DeclarationsDiff, step: &Move) -> String {
    let name = |name: &str| styled(style_of(found, name), &clean(name));
    format!("{} → {}", name(&step.from), name(&step.to))
}

fn causes(found: &DeclarationsDiff) -> String {
    if found.moves.is_empty() {
        return String::new();
    }
    let mut out = heading("Why");
    for step in &found.moves {
        out += &format!("  {}  {}\n", arrow(found, step), count(step.declarations, "declaration"));
        let rows = step.causes.iter().take(CAUSES_SHOWN).map(|cause| {
            vec![Cell::new(grouped(cause.declarations)).right().style(BOLD), Cell::new(texts(&cause.causes))]
        });
        out += &table("    ", &rows.collect::<Vec<_>>());
        let shown: u64 = step.causes.iter().take(CAUSES_SHOWN).map(|cause| cause.declarations).sum();
        if shown < step.declarations {
            out += &format!("    and {} by other causes\n", grouped(step.declarations - shown));
        }
    }
    out
}

fn effects(found: &DeclarationsDiff) -> String {
    if found.rules.is_empty() {
        return String::new();
    }
    let rows = found.rules.iter().take(EFFECTS_SHOWN).map(|rule| {
        vec![
            Cell::new(&rule.rule).style(BOLD),
            Cell::new(grouped(rule.old)).right(),
            Cell::new("→"),
            Cell::new(count(rule.new, "line")).right(),
        ]
    });
    section("Rules that fire on more or fewer lines", &rows.collect::<Vec<_>>())
        + &rest(found.rules.len(), EFFECTS_SHOWN, "rules")
}

/// `12 → 15`, or `12` if nothing changes.
fn before_after(old: String, new: String) -> Cell {
    if old == new { Cell::new(old).right().style(DIM) } else { Cell::new(format!("{old} → {new}")).right() }
}

fn load_row(name: &str, load: &Load) -> Vec<Cell> {
    let mut row = vec![Cell::new(name)];
    row.extend(load.old.iter().zip(&load.new).map(|(old, new)| before_after(grouped(*old), grouped(*new))));
    row
}

fn channels_row(found: &DeclarationsDiff, name: &str) -> Vec<Cell> {
    let mut row = vec![Cell::new(name).style(DIM)];
    row.extend(found.channels.iter().map(|name| channel(found, name).right()));
    row
}

fn ports(found: &DeclarationsDiff) -> String {
    let Workload { field: Some(field), missing, others, .. } = &found.by_port else { return String::new() };
    let shown = most_changed(&found.by_port, PORTS_SHOWN);
    let mut rows = vec![channels_row(found, field)];
    rows.extend(shown.iter().map(|load| load_row(&load.value, load)));
    for (load, name) in [(missing, "none given"), (others, "all others")] {
        rows.extend(load.iter().filter(|load| load.distance() > 0).map(|load| load_row(name, load)));
    }
    if rows.len() == 1 {
        return String::new();
    }
    let changed = found.by_port.loads.iter().filter(|load| load.distance() > 0).count();
    section("Work by port, where it changes most", &rows) + &rest(changed, shown.len(), "ports with changes")
}

fn days(found: &DeclarationsDiff) -> String {
    let Workload { field: Some(field), loads, .. } = &found.by_day else { return String::new() };
    let shown = most_changed(&found.by_day, DAYS_SHOWN);
    if shown.is_empty() {
        return String::new();
    }
    let all = sum(loads, found.channels.len());
    let mut mean_row = vec![Cell::new("mean").style(BOLD)];
    mean_row.extend(
        all.old
            .iter()
            .zip(&all.new)
            .map(|(old, new)| before_after(mean(*old, loads.len()), mean(*new, loads.len()))),
    );
    let mut rows = vec![channels_row(found, field), mean_row];
    rows.extend(shown.iter().map(|load| load_row(&load.value, load)));
    let changed = loads.iter().filter(|load| load.distance() > 0).count();
    let title =
        format!("Work by day: {}, the mean and where it changes most", count(loads.len() as u64, "day"));
    section(&title, &rows) + &rest(changed, shown.len(), "days with changes")
}

fn examples(found: &DeclarationsDiff) -> String {
    if found.moves.iter().all(|step| step.examples.is_empty()) {
        return String::new();
    }
    let mut out = heading("Examples");
    for step in &found.moves {
        for example in &step.examples {
            out += &format!("  {}  {}\n", arrow(found, step), one_example(example));
        }
    }
    out
}

fn one_example(example: &Example) -> String {
    let Example { declaration_id, place, old, new, causes, .. } = example;
    let score = if old.score == new.score {
        format!("score {}", old.score)
    } else {
        format!("score {} → {}", old.score, new.score)
    };
    let mut out = format!(
        "{}  {score}  {}\n      {}",
        styled(BOLD, &clean(declaration_id)),
        styled(DIM, &clean(place)),
        texts(causes)
    );
    for (id, reason) in evidence(example).into_iter().take(EVIDENCE_SHOWN) {
        out += &format!("\n      {}", styled(DIM, &format!("{}: {}", clean(id), clean(reason))));
    }
    out
}

/// What the rules say that are among the causes, where they fired.
pub fn evidence(example: &Example) -> Vec<(&str, &str)> {
    let about = example.causes.iter().filter_map(|cause| cause.rule.as_deref());
    let said = about.filter_map(|rule| {
        let fired = example.new.fired.iter().chain(&example.old.fired).find(|fired| fired.rule == rule)?;
        Some((rule, fired.reason.as_deref()?))
    });
    said.collect()
}
