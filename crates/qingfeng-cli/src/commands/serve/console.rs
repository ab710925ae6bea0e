//! The pages of the console: what runs, and why a declaration got its channel. They have no script.

use maud::{Markup, html};
use qingfeng::rules::Pack;
use qingfeng::{ExplainedItem, ExplainedRule, Explanation};
use qingfeng_server::{
    ChannelChange, Console, ConsolePage, PackChange, ReloadNote, ReloadOutcome, RuleView, ShadowView, Shown,
    View,
};

use crate::html::{Page, channel, head, number_cell, per_cent, text};
use crate::render::short_digest;
use crate::words::Language;

/// Rules that the overview lists, those that fired most often first.
const RULES_SHOWN: usize = 100;
/// Reloads that it lists.
const RELOADS_SHOWN: usize = 10;
/// Reasons of a refusal that it shows.
const REASONS_SHOWN: usize = 3;

/// The pages, in the look of the other pages of the command.
pub struct Pages;

impl Console for Pages {
    fn page(&self, shown: Shown<'_>, is_chinese: bool) -> ConsolePage {
        let w = if is_chinese { Language::Zh } else { Language::En };
        let (title, subtitle, body) = match shown {
            Shown::Explanation(explanation, pack) => (
                w.serve_why(&explanation.declaration_id),
                explanation.pack.clone(),
                explained(w, explanation, pack),
            ),
            Shown::Overview(view) => (w.serve_title().to_owned(), view.pack.clone(), overview(w, view)),
            _ => (w.serve_title().to_owned(), String::new(), Markup::default()),
        };
        let page = Page {
            language: w,
            title: &title,
            subtitle: &subtitle,
            style: include_str!("console.css"),
            script: None,
        };
        ConsolePage { policy: page.policy(), html: page.with(&body) }
    }
}

fn languages(w: Language) -> Markup {
    html! {
        @match w {
            Language::En => a href="?lang=zh" lang="zh-Hans" hreflang="zh-Hans" { "中文" },
            Language::Zh => a href="?lang=en" lang="en" hreflang="en" { "English" },
        }
    }
}

fn overview(w: Language, view: &View) -> Markup {
    let is_current = view.on_disk.digest.as_deref() == Some(&*view.digest);
    let counts = [
        (view.declarations, w.declarations()),
        (view.lines, w.serve_lines()),
        (view.rejected, w.serve_rejected()),
        (view.waiting as u64, w.serve_waiting()),
    ];
    html! {
        nav { (languages(w)) }
        ul.figures {
            @for (number, name) in counts { li { b { (w.digits(number)) } span { (name) } } }
        }
        @if let Some(refused) = view.reloads.first().filter(|note| note.outcome.is_refused()) {
            div.note.bad {
                strong { (w.serve_refused(&refused.at)) }
                @for reason in refused.reasons.iter().take(REASONS_SHOWN) { p { (text(reason)) } }
            }
        } @else if !is_current {
            p.note { (w.serve_stale()) }
        }
        h2 { (w.serve_pack()) }
        dl.facts {
            dt { (w.serve_name()) } dd { (text(&view.name)) " " (text(&view.version)) }
            dt { (w.serve_digest()) } dd { code { (text(&view.digest)) } }
            @if let Some(snapshot) = &view.snapshot { dt { (w.serve_snapshot()) } dd { code { (text(snapshot)) } } }
            dt { (w.serve_since()) } dd { (text(&view.since)) }
            dt { (w.serve_started()) } dd { (text(&view.started)) }
            dt { (w.serve_disk()) }
            dd {
                @if is_current { span.good { (w.serve_same()) } }
                @else if let Some(digest) = &view.on_disk.digest { code { (text(short_digest(digest))) } }
                @else { span.bad { (w.serve_unreadable()) } }
                span.soft { " · " (text(&view.on_disk.at)) }
            }
            dt { (w.serve_rules()) }
            dd { (view.statuses.iter().map(|(status, count)| format!("{count} {}", named_status(w, status))).collect::<Vec<_>>().join(" · ")) }
        }
        h2 { (w.by_channel()) }
        (channels(w, view))
        @if let Some(shadow) = &view.shadow { (shadowed(w, shadow)) }
        @if !view.reloads.is_empty() {
            h2 { (w.serve_reloads()) }
            (reloads(w, &view.reloads))
        }
        (rules(w, &view.rules))
        @if view.may_explain && !view.recent.is_empty() {
            h2 { (w.serve_recent()) }
            div.scroll { table.wide {
                (head(&[(w.declarations(), false), (w.channel(), false), (w.serve_score(), true), (w.serve_at(), false)]))
                tbody {
                    @for note in &view.recent {
                        tr {
                            td.id { a href=(format!("declarations/{}?lang={}", note.number, if w == Language::Zh { "zh" } else { "en" })) { (text(&note.declaration_id)) } }
                            td { (named_channel(view, &note.channel)) }
                            (number_cell(&w.digits(note.score)))
                            td.at { (text(&note.at)) }
                        }
                    }
                }
            } }
        }
    }
}

/// What people call a status.
fn named_status(w: Language, status: &'static str) -> &'static str {
    match status {
        "active" => w.serve_active(),
        "shadow" => w.serve_shadowing(),
        "draft" => w.serve_draft(),
        "retired" => w.serve_retired(),
        other => other,
    }
}

/// A channel in the colour of its severity.
fn named_channel(view: &View, name: &str) -> Markup {
    match view.channels.iter().position(|known| known.channel == name) {
        Some(at) => channel(name, at, view.channels.len()),
        None => text(name),
    }
}

fn channels(w: Language, view: &View) -> Markup {
    let all: u64 = view.channels.iter().map(|of| of.declarations).sum();
    html! {
        table.wide {
            (head(&[(w.channel(), false), ("", false), (w.declarations(), true), (w.share(), true)]))
            tbody {
                @for (at, of) in view.channels.iter().enumerate() {
                    tr {
                        td {
                            (channel(&of.channel, at, view.channels.len()))
                            @if let Some(title) = &of.title { " " span.soft { (text(w.titled(title, of.title_zh.as_deref()))) } }
                        }
                        td.bar {
                            svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" {
                                rect width=((of.declarations * 1000).checked_div(all).unwrap_or(0)) height="10" {}
                            }
                        }
                        (number_cell(&w.digits(of.declarations)))
                        (number_cell(&per_cent(of.declarations, all)))
                    }
                }
            }
        }
    }
}

fn moves(w: Language, changes: &[ChannelChange]) -> Markup {
    html! {
        table {
            (head(&[(w.serve_from(), false), (w.serve_to(), false), (w.declarations(), true)]))
            tbody {
                @for change in changes {
                    tr { td { (text(&change.from)) } td { (text(&change.to)) } (number_cell(&w.digits(change.declarations))) }
                }
            }
        }
    }
}

fn changed(w: Language, change: &PackChange) -> String {
    w.serve_changed(
        w.digits(change.changed),
        w.digits(change.compared),
        per_cent(change.changed, change.compared),
    )
}

fn shadowed(w: Language, shadow: &ShadowView) -> Markup {
    html! {
        h2 { (w.serve_shadow()) }
        p { code { (text(&shadow.pack)) } }
        p {
            (changed(w, &shadow.change))
            @if shadow.skipped > 0 { " " (w.serve_skipped(w.digits(shadow.skipped))) }
        }
        @if !shadow.change.channels.is_empty() { (moves(w, &shadow.change.channels)) }
    }
}

fn outcome(w: Language, outcome: ReloadOutcome) -> Markup {
    let (class, word) = match outcome {
        ReloadOutcome::Accepted => ("good", w.serve_accepted()),
        ReloadOutcome::Unchanged => ("soft", w.serve_unchanged()),
        ReloadOutcome::RefusedBroken => ("bad", w.serve_broken()),
        ReloadOutcome::RefusedTests => ("bad", w.serve_tests_fail()),
        ReloadOutcome::RefusedChange => ("bad", w.serve_too_much()),
        ReloadOutcome::RefusedDigest => ("bad", w.serve_other()),
        other => ("bad", other.name()),
    };
    html! { span class=(class) { (word) } }
}

fn reloads(w: Language, notes: &[ReloadNote]) -> Markup {
    html! {
        div.scroll { table.wide {
            (head(&[(w.serve_at(), false), (w.serve_outcome(), false), (w.serve_pack(), false), (w.serve_what(), false)]))
            tbody {
                @for note in notes.iter().take(RELOADS_SHOWN) {
                    tr {
                        td.at { (text(&note.at)) }
                        td.at { (outcome(w, note.outcome)) }
                        td.at { @if let Some(pack) = &note.pack { code { (text(&shortened(pack))) } } }
                        td {
                            @for reason in note.reasons.iter().take(REASONS_SHOWN) { p { (text(reason)) } }
                            @if let Some(change) = note.change.as_ref().filter(|_| note.reasons.is_empty()) { (changed(w, change)) }
                        }
                    }
                }
            }
        } }
    }
}

/// A pack with the beginning of its digest.
fn shortened(pack: &str) -> String {
    match pack.split_once('#') {
        Some((name, digest)) => format!("{name}#{}", short_digest(digest)),
        None => pack.to_owned(),
    }
}

fn rules(w: Language, rules: &[RuleView]) -> Markup {
    let mut seen: Vec<&RuleView> = rules.iter().filter(|rule| rule.fired > 0 || rule.faults > 0).collect();
    seen.sort_by_key(|rule| std::cmp::Reverse((rule.faults > 0, rule.fired)));
    let silent = rules.len() - seen.len();
    html! {
        h2 { (w.serve_rules_fired()) }
        @if !seen.is_empty() {
            div.scroll { table.wide {
                (head(&[(w.rule(), false), ("", false), (w.serve_fired(), true), (w.serve_faults(), true)]))
                tbody {
                    @for rule in seen.iter().take(RULES_SHOWN) {
                        tr {
                            td { code { (text(&rule.id)) } @if rule.shadow { " " span.tag { (w.serve_shadowing()) } } }
                            td { (text(w.titled(&rule.title, rule.title_zh.as_deref()))) }
                            (number_cell(&w.digits(rule.fired)))
                            td.number { @if rule.faults > 0 { span.bad { (w.digits(rule.faults)) } } @else { "0" } }
                        }
                    }
                }
            } }
        }
        p.soft { (w.serve_silent(w.digits(silent as u64))) }
    }
}

fn explained(w: Language, explanation: &Explanation, pack: &Pack) -> Markup {
    let at = |name: &str| pack.channels.iter().position(|known| known.name == name).unwrap_or(0);
    let named = |name: &str| channel(name, at(name), pack.channels.len());
    let title = explanation.channel_title.as_deref().unwrap_or_default();
    html! {
        nav { a href=(if w == Language::Zh { "../?lang=zh" } else { "../?lang=en" }) { "← " (w.serve_title()) } " · " (languages(w)) }
        dl.facts {
            dt { (w.channel()) } dd { (named(&explanation.channel)) " " (text(w.titled(title, explanation.channel_title_zh.as_deref()))) }
            dt { (w.serve_score()) } dd { (w.digits(explanation.score)) }
            @if let Some(range) = &explanation.range {
                dt { (w.serve_possible()) }
                dd { (named(&range.channel_least)) " – " (named(&range.channel_most)) ", " (range.score_least) " – " (range.score_most) }
            }
            @if !explanation.missing.is_empty() {
                dt { (w.serve_missing()) }
                dd { (text(&explanation.missing.iter().map(|of| of.field.as_str()).collect::<Vec<_>>().join(", "))) }
            }
        }
        @for item in &explanation.items { (line(w, item, &named)) }
    }
}

fn line(w: Language, item: &ExplainedItem, named: &dyn Fn(&str) -> Markup) -> Markup {
    let number = item.item_no.map_or_else(|| "–".to_owned(), |number| number.to_string());
    let fired = || item.rules.iter().filter(|rule| rule.fired);
    let faulted = || item.rules.iter().filter(|rule| rule.fault.is_some());
    html! {
        h2 {
            (w.serve_item(number)) " " (named(&item.channel))
            @if item.decisive { " " span.tag { (w.serve_decides()) } }
        }
        dl.facts {
            dt { (w.serve_points()) } dd { (item.points) }
            dt { (w.serve_score()) } dd { (item.score) " → " (named(&item.channel_of_score)) }
            @if let Some(limit) = &item.ceiling { dt { (w.serve_ceiling()) } dd { (named(&limit.channel)) " " @if let Some(rule) = &limit.rule { code { (text(rule)) } } } }
            @if let Some(limit) = &item.floor { dt { (w.serve_floor()) } dd { (named(&limit.channel)) " " @if let Some(rule) = &limit.rule { code { (text(rule)) } } } }
        }
        @for value in &item.unreadable {
            p.note { @if let Some(field) = &value.field { code { (text(field)) } " " } (text(&value.reason)) }
        }
        @if fired().next().is_some() || faulted().next().is_some() {
            div.scroll { table.wide {
                (head(&[(w.rule(), false), (w.serve_points(), true), (w.serve_reason(), false)]))
                tbody {
                    @for rule in fired().chain(faulted()) { (fired_rule(w, rule)) }
                }
            } }
        } @else { p.soft { (w.serve_none_fired()) } }
        details {
            summary { (w.serve_values()) }
            div.scroll { table {
                tbody {
                    @for field in &item.fields { tr { th scope="row" { (text(&field.source)) } td { (text(&field.value)) } } }
                }
            } }
        }
    }
}

fn fired_rule(w: Language, rule: &ExplainedRule) -> Markup {
    html! {
        tr {
            td {
                code { (text(&rule.id)) }
                @if rule.shadow { " " span.tag { (w.serve_shadowing()) } }
                br; (text(w.titled(&rule.title, rule.title_zh.as_deref())))
            }
            (number_cell(&rule.points.map(|points| format!("{points:+}")).unwrap_or_default()))
            td {
                @if let Some(reason) = &rule.reason { (text(reason)) }
                @if let Some(fault) = &rule.fault { span.bad { (text(fault)) } }
            }
        }
    }
}
