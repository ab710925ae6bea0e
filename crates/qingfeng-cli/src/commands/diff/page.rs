//! The report as a page.

use std::cmp::Ordering;
use std::path::PathBuf;

use maud::{Markup, html};
use qingfeng::tools::diff::{
    Cause, Change, ChangedRule, DeclarationsDiff, Diff, Example, Move, Outcome, RuleNote,
};

use super::charts;
use super::groups::grouped;
use super::human::evidence;
use crate::html::{self, Page, change, count, head, number, number_cell, per_cent, text};
use crate::terminal::clean;
use crate::words::Language;

const STYLE: &str = include_str!("page.css");

/// Changes, rules and causes of one kind that are shown; the JSON has all.
const SHOWN: usize = 200;
const IDS_SHOWN: usize = 40;
const CAUSES_SHOWN: usize = 20;
const EFFECTS_SHOWN: usize = 20;

pub fn page(diff: &Diff, inputs: &[PathBuf]) -> String {
    let pack = |pack: &qingfeng::tools::diff::PackNote| format!("{} {}", pack.name, pack.version);
    let inputs: Vec<String> = inputs.iter().map(|path| path.display().to_string()).collect();
    let over = match inputs.len() {
        0 => String::new(),
        1..=3 => format!(" · {}", inputs.join(", ")),
        more => format!(" · {} and {} more inputs", inputs[..2].join(", "), more - 2),
    };
    let subtitle = format!("{} → {}{over}", pack(&diff.old), pack(&diff.new));
    let body = html! {
        (figures(diff))
        @if let Some(found) = &diff.declarations {
            @if found.compared > 0 { (matrix(found)) }
            (causes(found))
        }
        (rules(diff))
        @if let Some(found) = &diff.declarations {
            (effects(found))
            (charts::by_port(found))
            (charts::by_day(found))
            (examples(found))
        }
        p.digests {
            "Old pack: " (count(diff.old.rules as u64, "rule")) ", digest " code { (text(&diff.old.digest)) } br;
            "New pack: " (count(diff.new.rules as u64, "rule")) ", digest " code { (text(&diff.new.digest)) }
        }
    };
    Page {
        language: Language::En,
        title: "What would change",
        subtitle: &subtitle,
        style: STYLE,
        script: None,
    }
    .with(&body)
}

fn figure(number: &str, what: &str) -> Markup {
    html! { li { b { (number) } span { (what) } } }
}

fn figures(diff: &Diff) -> Markup {
    let rules = &diff.rules;
    html! {
        @if diff.is_empty() {
            p.verdict { "Nothing: the packs mean the same"
                @if diff.declarations.is_some() { ", and no declaration changes" } "." }
        }
        @if let Some(found) = &diff.declarations {
            @let raised = moved(found, true);
            @let lowered = moved(found, false);
            ul.figures {
                (figure(&number(found.compared), "declarations compared"))
                (figure(&number(raised), "to a more severe channel"))
                (figure(&number(lowered), "to a milder channel"))
                (figure(&number(found.scores.raised), "higher scores"))
                (figure(&number(found.scores.lowered), "lower scores"))
            }
            (readings(found))
        }
        ul.figures {
            (figure(&number(rules.added.len() as u64), "rules added"))
            (figure(&number(rules.removed.len() as u64), "removed"))
            (figure(&number(rules.changed.len() as u64), "changed"))
            (figure(&number(rules.renamed.len() as u64), "renamed"))
            (figure(&number(rules.reworded.len() as u64), "reworded"))
            (figure(&number(rules.same as u64), "the same"))
        }
    }
}

fn moved(found: &DeclarationsDiff, raised: bool) -> u64 {
    found.moves.iter().filter(|step| step.raised == raised).map(|step| step.declarations).sum()
}

/// What could not be read, if anything.
fn readings(found: &DeclarationsDiff) -> Markup {
    let [old, new] = found.lines_rejected;
    let only = [
        (found.only_old, "declaration", "only the old pack can read"),
        (found.only_new, "declaration", "only the new pack can read"),
        (found.lines_only_old, "line", "only the old pack can read"),
        (found.lines_only_new, "line", "only the new pack can read"),
    ];
    html! {
        @if old + new > 0 {
            p.warn {
                @if old == new { (count(old, "line")) " could not be read whole." }
                @else { "The old pack could not read " (count(old, "line")) ", the new one " (count(new, "line")) "." }
            }
        }
        @for (number, noun, what) in only {
            @if number > 0 { p.warn { (count(number, noun)) " " (what) "." } }
        }
    }
}

fn channel(found: &DeclarationsDiff, name: &str) -> Markup {
    let at = found.channels.iter().position(|known| known == name).unwrap_or(0);
    html::channel(name, at, found.channels.len())
}

/// How strong the shade of a count is, in per cent: by its logarithm, since counts differ by powers of ten.
fn shade(number: u64, most: u64) -> u32 {
    if number == 0 || most == 0 {
        return 0;
    }
    let share = (number as f64).ln_1p() / (most as f64).ln_1p();
    8 + (share * 42.0) as u32
}

fn matrix(found: &DeclarationsDiff) -> Markup {
    let [old, new] = found.totals();
    let moved = found.matrix.iter().enumerate();
    let most =
        moved.flat_map(|(at, row)| row.iter().enumerate().filter(move |(to, _)| *to != at)).map(|(_, n)| *n);
    let most = most.max().unwrap_or(0);
    let cell = |at: usize, to: usize, count: u64| {
        let (class, colour) = match to.cmp(&at) {
            Ordering::Greater => ("number up", "--bad"),
            Ordering::Less => ("number down", "--good"),
            Ordering::Equal => ("number stay", "--line"),
        };
        let strength = if to == at { 60 } else { shade(count, most) };
        let style = format!("background:color-mix(in srgb,var({colour}) {strength}%,transparent)");
        html! {
            @if count == 0 { td.number.none { "·" } }
            @else { td class=(class) style=(style) { (number(count)) } }
        }
    };
    html! {
        h2 { "From channel to channel" }
        p.soft { "Rows: the channel under the old pack. Columns: the channel under the new one." }
        div.scroll {
            table.matrix {
                thead {
                    tr {
                        th {}
                        @for name in &found.channels { th.number scope="col" { (channel(found, name)) } }
                        th.number scope="col" { "old total" }
                    }
                }
                tbody {
                    @for (at, name) in found.channels.iter().enumerate() {
                        tr {
                            th scope="row" { (channel(found, name)) }
                            @for (to, count) in found.matrix[at].iter().enumerate() { (cell(at, to, *count)) }
                            td.number.total { (number(old[at])) }
                        }
                    }
                    tr {
                        th scope="row" { "new total" }
                        @for (at, count) in new.iter().enumerate() {
                            td.number.total {
                                (number(*count)) br;
                                span.soft { (change(i128::from(*count) - i128::from(old[at]))) }
                            }
                        }
                        td.number.total { (number(found.compared)) }
                    }
                }
            }
        }
    }
}

/// Causes in words, of which each was needed.
fn texts(causes: &[Cause]) -> Markup {
    let last = causes.len().saturating_sub(1);
    html! {
        @for (at, cause) in causes.iter().enumerate() {
            @if at > 0 && at == last { " " b { "and" } " " } @else if at > 0 { ", " }
            (text(&cause.text))
        }
    }
}

fn arrow(found: &DeclarationsDiff, step: &Move) -> Markup {
    html! { span.arrow { (channel(found, &step.from)) " → " (channel(found, &step.to)) } }
}

fn causes(found: &DeclarationsDiff) -> Markup {
    if found.moves.is_empty() {
        return html! {};
    }
    html! {
        h2 { "Why" }
        p.soft { "Each difference named was needed: without it, the declaration would not be where it is." }
        table.wide.causes {
            (head(&[("", false), ("Declarations", true), ("", false), ("Cause", false)]))
            @for step in &found.moves {
                @let shown: u64 = step.causes.iter().take(CAUSES_SHOWN).map(|cause| cause.declarations).sum();
                tbody {
                    tr.step {
                        td { (arrow(found, step)) }
                        td.number { b { (number(step.declarations)) } }
                        td {}
                        td.soft { (per_cent(step.declarations, found.compared)) " of all declarations" }
                    }
                    @for cause in step.causes.iter().take(CAUSES_SHOWN) {
                        tr {
                            td {}
                            (number_cell(&number(cause.declarations)))
                            td.share { (charts::bar(cause.declarations, step.declarations, step.raised)) }
                            td { (texts(&cause.causes)) }
                        }
                    }
                    @if shown < step.declarations {
                        tr {
                            td {}
                            (number_cell(&number(step.declarations - shown)))
                            td {}
                            td.soft { "other causes" }
                        }
                    }
                }
            }
        }
    }
}

/// A text in which names stand between backticks.
fn named(words: &str) -> Markup {
    html! {
        @for (at, part) in words.split('`').enumerate() {
            @if at % 2 == 1 { code { (text(part)) } } @else { (text(part)) }
        }
    }
}

/// One change: what was, struck out, and what is.
fn one_change(changed: &Change) -> Markup {
    const MEMBERS_SHOWN: usize = 60;
    let beyond = |members: &[String]| members.len().saturating_sub(MEMBERS_SHOWN);
    html! {
        li {
            span.what { (named(&changed.what)) }
            @for old in changed.removed.iter().take(MEMBERS_SHOWN) { " " del { (text(old)) } }
            @if beyond(&changed.removed) > 0 { " " del { (number(beyond(&changed.removed) as u64)) " more" } }
            @for new in changed.added.iter().take(MEMBERS_SHOWN) { " " ins { (text(new)) } }
            @if beyond(&changed.added) > 0 { " " ins { (number(beyond(&changed.added) as u64)) " more" } }
            @if let Some(note) = &changed.note { " " span.soft { (named(note)) } }
        }
    }
}

fn changes<'c>(all: impl IntoIterator<Item = &'c Change>) -> Markup {
    html! { ul.changes { @for one in all { (one_change(one)) } } }
}

fn beyond(total: usize, shown: usize, what: &str) -> Markup {
    html! { @if total > shown { p.soft { "and " (number((total - shown) as u64)) " more " (what) } } }
}

fn rules(diff: &Diff) -> Markup {
    let rules = &diff.rules;
    html! {
        @if !diff.pack.is_empty() {
            h2 { "The pack" }
            (changes(diff.pack.iter().take(SHOWN)))
            (beyond(diff.pack.len(), SHOWN, "changes"))
        }
        (notes("Rules added", &rules.added))
        (notes("Rules removed", &rules.removed))
        (changed("Rules changed", &rules.changed))
        @if !rules.renamed.is_empty() {
            h2 { "Rules renamed" }
            table {
                (head(&[("Old", false), ("New", false), ("Title", false)]))
                tbody {
                    @for rule in rules.renamed.iter().take(SHOWN) {
                        tr { td { (text(&rule.old)) } td { b { (text(&rule.new)) } } td { (text(&rule.title)) } }
                    }
                }
            }
            (beyond(rules.renamed.len(), SHOWN, "rules"))
        }
        (changed("Rules that decide the same and read otherwise", &rules.reworded))
    }
}

fn notes(title: &str, notes: &[RuleNote]) -> Markup {
    html! {
        @if !notes.is_empty() {
            h2 { (title) }
            @for note in notes.iter().take(SHOWN) {
                div.rule {
                    h3 {
                        (text(&note.id)) " " span.title { (text(&note.title)) }
                        @if note.status != "active" { " " span.tag { (note.status) } }
                    }
                    @if let Some(when) = &note.when { pre { (text(when)) } }
                    p.soft { "score " (text(&note.points)) " · " (text(&note.place)) }
                }
            }
            (beyond(notes.len(), SHOWN, "rules"))
        }
    }
}

fn changed(title: &str, rules: &[ChangedRule]) -> Markup {
    let groups = grouped(rules);
    html! {
        @if !rules.is_empty() {
            h2 { (title) }
            @for group in groups.iter().take(SHOWN) {
                div.rule {
                    @match &group.rules[..] {
                        [rule] => h3 {
                            (text(&rule.id)) " " span.title { (text(&rule.title)) }
                            " " span.place { (text(&rule.new_place)) }
                        },
                        several => {
                            h3 { (count(several.len() as u64, "rule")) }
                            p.ids {
                                @for rule in several.iter().take(IDS_SHOWN) {
                                    span.tag title=(clean(&rule.title)) { (text(&rule.id)) } " "
                                }
                                @if several.len() > IDS_SHOWN {
                                    span.soft { "and " (number((several.len() - IDS_SHOWN) as u64)) " more" }
                                }
                            }
                        }
                    }
                    (changes(group.changes.iter().chain(group.wording)))
                }
            }
            (beyond(groups.len(), SHOWN, "groups of rules"))
        }
    }
}

fn effects(found: &DeclarationsDiff) -> Markup {
    html! {
        @if !found.rules.is_empty() {
            h2 { "Rules that fire on more or fewer lines" }
            table {
                (head(&[("Rule", false), ("Lines, old", true), ("Lines, new", true), ("Change", true)]))
                tbody {
                    @for rule in found.rules.iter().take(EFFECTS_SHOWN) {
                        tr {
                            td { (text(&rule.rule)) }
                            (number_cell(&number(rule.old)))
                            (number_cell(&number(rule.new)))
                            (number_cell(&change(i128::from(rule.new) - i128::from(rule.old))))
                        }
                    }
                }
            }
            (beyond(found.rules.len(), EFFECTS_SHOWN, "rules"))
        }
    }
}

fn examples(found: &DeclarationsDiff) -> Markup {
    let shown = found.moves.iter().filter(|step| !step.examples.is_empty());
    let shown: Vec<&Move> = shown.collect();
    html! {
        @if !shown.is_empty() {
            h2 { "Examples" }
            @for step in shown {
                h3 { (arrow(found, step)) " " span.soft { (step.examples.len()) " of " (number(step.declarations)) } }
                @for example in &step.examples { (one_example(example)) }
            }
        }
    }
}

fn one_example(example: &Example) -> Markup {
    let facts = [example.port.as_deref(), example.day.as_deref(), Some(example.place.as_str())];
    let facts = facts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let said = evidence(example);
    html! {
        div.example {
            p {
                b { (text(&example.declaration_id)) } " " span.soft { (text(&facts)) }
                br;
                "score " (score(&example.old, &example.new)) " · " (texts(&example.causes))
            }
            @if !said.is_empty() {
                ul.said { @for (rule, reason) in said { li { span.tag { (text(rule)) } " " (text(reason)) } } }
            }
        }
    }
}

fn score(old: &Outcome, new: &Outcome) -> Markup {
    let signed = |score: i64| number(score);
    html! {
        @if old.score == new.score { (signed(old.score)) }
        @else { (signed(old.score)) " → " b { (signed(new.score)) } }
    }
}
