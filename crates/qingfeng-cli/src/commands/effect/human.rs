//! The worth of rules for people.

use annotate_snippets::renderer::Style;
use qingfeng_insight::effect::{Bounded, Effect, Estimate, Figures, Part, Rate, RuleEffect};
use qingfeng_insight::rating::{Standing, State};
use qingfeng_inspection::Counted;

use super::Told;
use crate::numbers::{count, grouped, is_part};
use crate::table::{Cell, heads, table, wrapped};
use crate::terminal::{BAD, BOLD, DIM, GOOD, WARNING, clean, shortened};

/// Letters of a title and a reason that are shown.
const LETTERS_MAX: usize = 108;
/// Letters of a title that are shown at least.
const TITLE_LEAST: usize = 24;

/// A share in hundredths, with as many digits as it needs.
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0 %".to_owned(),
        percent if percent < 0.1 => format!("{percent:.2} %"),
        percent if percent >= 99.95 => "100 %".to_owned(),
        percent => format!("{percent:.1} %"),
    }
}

/// Bounds in hundredths.
pub fn bounds(low: f64, high: f64) -> String {
    let low = percent(low);
    format!("{}–{}", low.trim_end_matches(" %"), percent(high))
}

/// Why a rule has its state.
pub fn reason(rule: &RuleEffect) -> &str {
    rule.rating.words.as_ref().map_or("", |words| &words.reason)
}

pub fn rate(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), percent)
}

pub fn rate_and_bounds(rate: Option<Rate>) -> String {
    rate.map_or_else(
        || "–".to_owned(),
        |rate| format!("{} ({})", percent(rate.rate), bounds(rate.low, rate.high)),
    )
}

/// A share that may be known within bounds alone.
fn bounded(rate: Option<f64>, low: f64, high: f64) -> String {
    format!("{} ({})", rate.map_or_else(|| "?".to_owned(), percent), bounds(low, high))
}

/// An estimate in words, short: with the part that it speaks of, where that is not all.
pub fn estimate(estimate: &Estimate) -> String {
    let Estimate { rate, low, high, covered, .. } = *estimate;
    match covers(estimate) {
        _ if covered <= 0.0 => "–".to_owned(),
        None => bounded(rate, low, high),
        Some(covered) => format!("{} of {covered}", bounded(rate, low, high)),
    }
}

/// The part that an estimate speaks of, where that is not all.
pub fn covers(estimate: &Estimate) -> Option<String> {
    is_part(estimate.covered).then(|| percent(estimate.covered))
}

/// The bounds of an estimate.
fn estimate_bounds(estimate: &Estimate) -> String {
    if estimate.covered > 0.0 { bounds(estimate.low, estimate.high) } else { "–".to_owned() }
}

pub fn state_style(state: State) -> Style {
    match state {
        State::Good => GOOD,
        State::Young | State::CannotBeTold => Style::new(),
        State::Tired | State::Dead => WARNING,
        State::Harmful => BAD,
    }
}

pub fn number(number: u64) -> Cell {
    Cell::new(if number == 0 { "–".to_owned() } else { grouped(number) }).right()
}

pub fn decimal(number: Option<f64>) -> String {
    match number {
        None => "–".to_owned(),
        Some(number) if number >= 100.0 => grouped(number.round() as i64),
        Some(number) if number >= 10.0 => format!("{number:.1}"),
        Some(number) => format!("{number:.2}"),
    }
}

pub fn heading(text: &str) -> Cell {
    Cell::new(text).style(DIM).right()
}

pub fn human(effect: &Effect, told: &Told<'_>) -> String {
    let mut out = String::new();
    match effect.days {
        Some((from, until)) if from == until => out += &format!("{BOLD}Worth of rules, {from}{BOLD:#}\n"),
        Some((from, until)) => out += &format!("{BOLD}Worth of rules, {from} to {until}{BOLD:#}\n"),
        None => out += &format!("{BOLD}Worth of rules{BOLD:#}\n"),
    }
    out += &whole(effect, told);
    out += "\n";
    out += &rules(effect, told);
    out += &capacity(effect, told);
    if effect.bands.len() > 1 {
        out += &parts("Score", &effect.bands, told.full);
    }
    if effect.channels.len() > 1 {
        out += &parts("Channel", &effect.channels, told.full);
    }
    if effect.packs.len() > 1 {
        out += &parts("Pack", &effect.packs, told.full);
    }
    out += &notes(effect, told);
    out
}

fn whole(effect: &Effect, told: &Told<'_>) -> String {
    let all = &effect.all;
    let mut out = format!("  {}\n", count(all.fired, "declaration"));
    let kinds: Vec<String> = effect
        .kinds
        .iter()
        .filter(|_| !told.full)
        .map(|part| {
            format!(
                "{} {} with {} found",
                grouped(part.figures.inspected),
                part.name,
                grouped(part.figures.found)
            )
        })
        .collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
    out += &format!("  {} with a result{kinds}\n", grouped(all.inspected));
    if all.unresolved > 0 {
        out += &format!(
            "  {} selected without a coded result or waived: neither found nor clear\n",
            grouped(all.unresolved)
        );
    }
    out += &format!("  hit rate as seen  {}\n", rate_and_bounds(all.seen));
    if !told.full {
        out += &format!(
            "  by chance         {}: had everything been inspected, as {} tell\n",
            estimate(&all.estimate),
            count(all.drawn, "drawn result")
        );
    }
    out
}

fn rules(effect: &Effect, told: &Told<'_>) -> String {
    let lines = effect.by_lines;
    let mut first = vec![Cell::new("rule").style(DIM)];
    first.extend(lines.then(|| heading("lines")));
    first.extend(["fired", "inspected", "found", "seen"].map(heading));
    first.extend((!told.full).then(|| heading("of all")));
    first.push(heading(&format!("{} sure", percent(effect.level).replace(".0", ""))));
    first.extend((!told.full).then(|| heading("covers")));
    first.extend(["lift", "only it", "an hour"].map(heading));
    first.push(Cell::new("state").style(DIM));
    let mut rows = vec![first];
    let shown = &effect.rules[..told.limit.min(effect.rules.len())];
    for rule in shown {
        rows.push(row(rule, lines, told.full));
    }
    let mut out = format!("{BOLD}Rules{BOLD:#}\n");
    for (at, line) in table("  ", &rows).lines().enumerate() {
        out += line;
        out.push('\n');
        if let Some(rule) = at.checked_sub(1).and_then(|at| shown.get(at)) {
            // A title gives way to the reason.
            let left = LETTERS_MAX.saturating_sub(reason(rule).chars().count() + 2).max(TITLE_LEAST);
            let title = rule.title.as_deref().map(|title| format!("{}: ", shortened(title, left)));
            let told = format!("{}{}", title.unwrap_or_default(), reason(rule));
            for line in wrapped(&clean(&told), LETTERS_MAX) {
                out += &format!("    {DIM}{line}{DIM:#}\n");
            }
        }
    }
    let left = effect.rules.len() - shown.len();
    if left > 0 {
        out += &format!("  {DIM}and {}; --limit shows more{DIM:#}\n", count(left as u64, "other rule"));
    }
    out += "\n";
    out
}

fn row(rule: &RuleEffect, lines: bool, full: bool) -> Vec<Cell> {
    let Figures { fired, inspected, found, seen, estimate, found_per_hour, .. } = &rule.figures;
    let name = if rule.shadow { format!("{} (shadow)", rule.rule) } else { rule.rule.to_string() };
    let mut row = vec![Cell::new(name).style(BOLD)];
    row.extend(lines.then(|| number(rule.lines.unwrap_or(0))));
    row.extend([number(*fired), number(*inspected), number(*found)]);
    row.push(Cell::new(rate(seen.map(|seen| seen.rate))).right());
    if full {
        row.push(Cell::new(seen.map_or("–".to_owned(), |seen| bounds(seen.low, seen.high))).right());
    } else {
        row.push(Cell::new(rate(estimate.rate)).right());
        row.push(Cell::new(estimate_bounds(estimate)).right());
        let covered = covers(estimate);
        let style = if covered.is_some() { WARNING } else { Style::new() };
        row.push(Cell::new(covered.unwrap_or_else(|| "all".to_owned())).right().style(style));
    }
    let lift = Cell::new(decimal(rule.lift)).right();
    row.push(match rule.rating.standing {
        Some(Standing::Above) => lift.style(GOOD),
        Some(Standing::Below) => lift.style(WARNING),
        _ => lift,
    });
    row.push(number(rule.only.found));
    row.push(Cell::new(decimal(*found_per_hour)).right());
    let state = rule.rating.state;
    row.push(Cell::new(state.name()).style(state_style(state)));
    row
}

fn capacity(effect: &Effect, told: &Told<'_>) -> String {
    if effect.capacity.is_empty() {
        return String::new();
    }
    let mut header = vec![
        "best",
        "inspections",
        "score from",
        "precision",
        "by chance",
        "ideal",
        "recall",
        "by chance",
        "ideal",
    ];
    // Histories often say nothing of pieces and fines.
    let [has_pieces, has_fines] = [effect.all.pieces != 0, effect.all.fines != 0.0];
    header.extend(has_pieces.then_some("pieces"));
    header.extend(has_fines.then_some("fines"));
    let mut rows = vec![heads(&header, &[])];
    for point in &effect.capacity {
        let right = |text: String| Cell::new(text).right();
        let Bounded { rate: recall, low, high, .. } = point.recall;
        let mut row = vec![
            right(percent(point.share)),
            number(point.inspections),
            right(point.score.to_string()),
            // All was seen, so that nothing is open.
            right(if told.full { rate(point.precision.rate) } else { estimate(&point.precision) }),
            right(rate(point.random)),
            right(rate(point.ideal)),
            right(if told.full { rate(recall) } else { bounded(recall, low, high) }),
            right(percent(point.share)),
            right(rate(point.ideal_recall)),
        ];
        let amount =
            |amount: Option<f64>| right(amount.map_or("?".to_owned(), |of| grouped(of.round() as i64)));
        row.extend(has_pieces.then(|| amount(point.pieces)));
        row.extend(has_fines.then(|| amount(point.fines)));
        rows.push(row);
    }
    let of = match covers(&effect.all.estimate) {
        Some(covered) => format!(", of the {covered} that could be"),
        None => String::new(),
    };
    format!("{BOLD}If the best by score were inspected{of}{BOLD:#}\n{}\n", table("  ", &rows))
}

fn parts(what: &str, parts: &[Part], full: bool) -> String {
    let last = if full { "interval" } else { "of all" };
    let mut rows = vec![heads(&["", "declarations", "inspected", "found", "as seen", last], &[0])];
    for part in parts {
        let figures = &part.figures;
        rows.push(vec![
            Cell::new(&part.name),
            number(figures.fired),
            number(figures.inspected),
            number(figures.found),
            Cell::new(rate(figures.seen.map(|seen| seen.rate))).right(),
            Cell::new(match figures.seen.filter(|_| full) {
                Some(seen) => bounds(seen.low, seen.high),
                None => estimate(&figures.estimate),
            })
            .right(),
        ]);
    }
    format!("{BOLD}{what}{BOLD:#}\n{}\n", table("  ", &rows))
}

/// What the figures do not cover.
fn notes(effect: &Effect, told: &Told<'_>) -> String {
    let mut notes: Vec<String> = Vec::new();
    if !told.full {
        notes.push(
            "seen: hit rate of what was inspected, which others chose. of all: had everything been inspected on which \
             the rule fires, as far as it covers that."
                .to_owned(),
        );
    }
    if effect.by_lines {
        notes.push("A finding counts for the rules that fired on its goods line.".to_owned());
    } else {
        notes.push(
            "Counted by declaration: a finding counts for every rule that fired on it, on whichever line (--items counts \
             by line)."
                .to_owned(),
        );
    }
    if let Some(lines) = told.lines.filter(|lines| lines.missing > 0) {
        notes.push(format!(
            "{} with a violation not among the assessments by line: no rule has found them.",
            count(lines.missing, "goods line")
        ));
    }
    if effect.without_chance > 0 {
        let share = effect.without_chance as f64 / effect.all.fired.max(1) as f64;
        let why = if told.full {
            "have no result"
        } else {
            "could not be drawn (of no office that inspected that day, or of a stratum without a draw)"
        };
        notes.push(format!(
            "{} ({}) {why}: no estimate speaks of them.",
            count(effect.without_chance, "declaration"),
            percent(share)
        ));
    }
    if effect.without_answer > 0 {
        notes.push(format!(
            "{} ({}) of offices from which no result of the kind came back: no estimate speaks of them.",
            count(effect.without_answer, "declaration"),
            percent(effect.without_answer as f64 / effect.all.fired.max(1) as f64)
        ));
    }
    let Counted { total, first } = &told.evidence.unplanned;
    if *total > 0 {
        let what = if told.full { "were not assessed" } else { "no plan selected" };
        notes.push(format!(
            "{} that {what} ({}{}): not counted.",
            count(*total, "declaration") + " with results",
            first.join(", "),
            if *total > first.len() as u64 { ", …" } else { "" }
        ));
    }
    let Counted { total, first } = &told.evidence.planned_elsewhere;
    if *total > 0 {
        notes.push(format!(
            "{} of declarations that the assessments do not have ({}{}).",
            count(*total, "planned inspection"),
            first.join(", "),
            if *total > first.len() as u64 { ", …" } else { "" }
        ));
    }
    if effect.guessed_channels > 0 {
        notes.push(format!(
            "{} of declarations that others put into another channel: the one whose declarations score higher counts. --rules \
             says which channel is the graver.",
            count(effect.guessed_channels, "assessment")
        ));
    }
    let changed = told.changed;
    if changed.dropped + changed.dropped_with_result + changed.rerouted + changed.added > 0 {
        notes.push(format!(
            "Changed by people: {} dropped (waived), {} dropped with a result all the same, {} at another site, {} added \
             (not counted: their chance is not known).",
            changed.dropped, changed.dropped_with_result, changed.rerouted, changed.added
        ));
    }
    notes.iter().map(|note| format!("{DIM}{}{DIM:#}\n", clean(note))).collect()
}
