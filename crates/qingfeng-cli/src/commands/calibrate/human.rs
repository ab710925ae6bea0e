//! What people read.

use std::collections::BTreeMap;

use qingfeng_insight::calibrate::{Calibration, PointsProposal, Reason, Toward, Validation, Verdict};

use super::Report;
use crate::numbers::{count, grouped, more, percent};
use crate::table::{Cell, heads, table};
use crate::terminal::{BAD, BOLD, DIM, GOOD, WARNING, clean, styled};

/// The rules, those that change most first; of equal changes by id.
pub fn by_change(rules: &[PointsProposal]) -> Vec<&PointsProposal> {
    let mut sorted: Vec<&PointsProposal> = rules.iter().collect();
    sorted.sort_by(|a, b| {
        let key = |rule: &PointsProposal| (std::cmp::Reverse(rule.change().abs()), rule.reason);
        key(a).cmp(&key(b)).then_with(|| a.rule.cmp(&b.rule))
    });
    sorted
}

/// What a proposal is about: a rule, or one of the numbers among which it chooses.
pub fn subject(rule: &PointsProposal) -> String {
    match rule.before {
        Some(points) if rule.is_band => format!("{} where {points}", rule.rule),
        _ => rule.rule.clone(),
    }
}

pub fn human(report: &Report<'_>, limit: usize) -> String {
    let calibration = report.calibration;
    let mut out = format!("{BOLD}Points from what was found: {}{BOLD:#}\n", clean(&report.pack));
    out += &learnt_from(report);
    out += "\n";
    out += &judged(calibration);
    out += "\n";
    out += &volumes(calibration);
    out += "\n";
    out += &rules(calibration, limit);
    out += "\n";
    out += &remarks(report);
    match (&report.proposal, report.diff) {
        (Some(path), Some(diff)) => {
            out += &format!(
                "Written to {} as version {}; the pack is as it was. What it would change:\n  {}\n",
                clean(path),
                clean(report.proposed_version),
                clean(diff)
            );
            out += "Tests that name points will fail until they name the new ones: `qingfeng test` shows which.\n";
        }
        _ => out += "Nothing was written; `--output DIR` writes the proposal as a pack beside this one.\n",
    }
    out
}

fn learnt_from(report: &Report<'_>) -> String {
    let totals = &report.calibration.totals;
    let number = |number: u64| Cell::new(grouped(number)).right();
    let note = |text: String| Cell::new(text).style(DIM);
    let mut rows = vec![
        vec![Cell::new("assessed"), number(totals.assessed), note(String::new())],
        vec![
            Cell::new("judged"),
            number(totals.judged),
            note(if report.full {
                "all of which everything is known; each counts as one".to_owned()
            } else {
                format!(
                    "{} drawn at random; by their weights as good as {} evenly selected ones",
                    grouped(totals.drawn),
                    grouped(totals.effective.round() as i64)
                )
            }),
        ],
        vec![
            Cell::new("violations"),
            number(totals.violations),
            note(format!("{:.2} % by the weights", totals.rate * 100.0)),
        ],
    ];
    let left: [(&str, u64, &str); 4] = [
        ("open", totals.open, "no coded result: neither found nor clear, left out"),
        ("waived", totals.waived, "with a reason: left out"),
        ("unplanned", report.unplanned, "with results, selected by no plan: left out"),
        ("planned only", report.planned_elsewhere, "planned, not among the assessments: left out"),
    ];
    for (name, left, why) in left.into_iter().filter(|(_, left, _)| *left > 0) {
        rows.push(vec![Cell::new(name), number(left), note(why.to_owned())]);
    }
    table("  ", &rows)
}

fn judged(calibration: &Calibration) -> String {
    let Some(validation) = &calibration.validation else {
        return format!(
            "{}: the judged declarations are of too few days; the proposal was not judged on later ones.\n",
            styled(WARNING, "not judged")
        );
    };
    let Validation { period, periods, .. } = validation;
    let mut out = format!(
        "{BOLD}Judged on later findings{BOLD:#}: each of {} by what was learnt before it\n",
        count(periods.len() as u64, period)
    );
    let right = |text: String| Cell::new(text).right();
    let names = [*period, "learnt from", "judged", "found", "log loss: pack", "proposal"];
    let mut rows = vec![heads(&names, &[0])];
    for period in periods {
        rows.push(vec![
            Cell::new(&period.period),
            right(grouped(period.learnt_from)),
            right(grouped(period.judged)),
            right(grouped(period.violations)),
            right(format!("{:.4}", period.pack_log_loss)),
            right(format!("{:.4}", period.proposal_log_loss)),
        ]);
    }
    rows.push(vec![
        Cell::new("all").style(BOLD),
        Cell::new(""),
        right(grouped(periods.iter().map(|period| period.judged).sum::<u64>())),
        right(grouped(periods.iter().map(|period| period.violations).sum::<u64>())),
        right(format!("{:.4}", validation.pack_log_loss)),
        right(format!("{:.4}", validation.proposal_log_loss)),
    ]);
    out += &table("  ", &rows);
    let percent = |share: f64| right(percent(share));
    let names = ["of the best", "pack: violate", "proposal", "of all found: pack", "proposal"];
    let mut rows = vec![heads(&names, &[0])];
    for at in &validation.at_capacity {
        rows.push(vec![
            Cell::new(format!("{} %", at.share * 100.0)),
            percent(at.pack_precision),
            percent(at.proposal_precision),
            percent(at.pack_recall),
            percent(at.proposal_recall),
        ]);
    }
    out += &table("  ", &rows);
    let penalties: Vec<String> =
        validation.penalties.iter().map(|tried| format!("{} {:.4}", tried.penalty, tried.log_loss)).collect();
    out += &format!("  {DIM}log loss by penalty: {}{DIM:#}\n", penalties.join(", "));
    out += &verdict(validation);
    out
}

fn verdict(validation: &Validation) -> String {
    let changes = if validation.gain < 0.0 { "rises" } else { "falls" };
    let gain = format!("{:.4} ± {:.4}", validation.gain.abs(), validation.gain_error);
    match validation.verdict {
        Verdict::Better => format!(
            "  {}: its log loss is less by {gain} (standard error)\n",
            styled(GOOD, "the proposal forecasts better")
        ),
        Verdict::NotTold => format!(
            "  {}: the log loss {changes} by {gain} (standard error); there is no reason yet to change the points\n",
            styled(WARNING, "no better than the pack")
        ),
        Verdict::Worse => format!(
            "  {}: the log loss {changes} by {gain} (standard error); keep the points of the pack\n",
            styled(BAD, "worse than the pack")
        ),
    }
}

fn volumes(calibration: &Calibration) -> String {
    let draws = match calibration.toward {
        Toward::Pack => "the points of today",
        Toward::Zero => "no points",
    };
    let mut out = format!(
        "{BOLD}Volumes{BOLD:#}: {:.1} points for a unit of log odds, {}\n",
        calibration.scale,
        if calibration.keep_channels {
            "so that about as many declarations reach the channels by score, which keep their `from`"
        } else {
            "and channels begin where as many declarations reach each by score"
        }
    );
    let right = |text: String| Cell::new(text).right();
    let mut rows = vec![heads(&["channel", "from", "proposal", "reach it today", "proposal"], &[0])];
    for channel in calibration.channels.iter().skip(1) {
        rows.push(vec![
            Cell::new(&channel.channel),
            right(channel.from.to_string()),
            right(channel.from_after.to_string()).style(if channel.from_after == channel.from {
                DIM
            } else {
                BOLD
            }),
            right(format!("{:.2} %", channel.before * 100.0)),
            right(format!("{:.2} %", channel.after * 100.0)),
        ]);
    }
    out += &table("  ", &rows);
    out += &format!(
        "  {DIM}penalty {}, towards {draws}; a point of today adds {:.4} to the log odds{DIM:#}\n",
        calibration.penalty, calibration.pack_slope
    );
    out
}

fn rules(calibration: &Calibration, limit: usize) -> String {
    let sorted = by_change(&calibration.rules);
    let changed: Vec<&PointsProposal> = sorted.into_iter().filter(|rule| rule.change() != 0).collect();
    let mut out = format!(
        "{BOLD}{} of {} change{BOLD:#}\n",
        count(changed.len() as u64, "rule"),
        grouped(calibration.rules.len() as u64)
    );
    let right = |text: String| Cell::new(text).right();
    let names = ["rule", "today", "proposal", "change", "95 % interval", "fired on", "found"];
    let mut rows = vec![heads(&names, &[0])];
    for rule in changed.iter().take(limit) {
        let number =
            |points: Option<i64>| right(points.map_or_else(String::new, |points| points.to_string()));
        let change = rule.change();
        rows.push(vec![
            Cell::new(subject(rule)).style(BOLD),
            number(rule.before),
            number(rule.after),
            right(format!("{change:+}")),
            right(
                rule.interval
                    .map_or_else(String::new, |(low, high)| format!("{} to {}", whole(low), whole(high))),
            ),
            right(grouped(rule.support)),
            right(grouped(rule.violations)),
            Cell::new(if rule.reason == Reason::Bounded { "cut at the bound" } else { "" }).style(DIM),
        ]);
    }
    if !changed.is_empty() {
        out += &table("  ", &rows);
    }
    out += &more("  ", changed.len() as u64, limit, "; the proposal and JSON have all");
    let mut others: BTreeMap<Reason, Vec<String>> = BTreeMap::new();
    for rule in calibration.rules.iter().filter(|rule| rule.change() == 0) {
        others.entry(rule.reason).or_default().push(subject(rule));
    }
    let rows: Vec<Vec<Cell>> = others
        .into_iter()
        .map(|(reason, rules)| {
            let text = match reason {
                Reason::Fitted => "fitted, as they are",
                Reason::Bounded => "fitted beyond the bound, and at it already",
                reason => reason.text(),
            };
            vec![right(grouped(rules.len() as u64)), Cell::new(text), Cell::new(named(&rules)).style(DIM)]
        })
        .collect();
    if !rows.is_empty() {
        out += &table("  ", &rows);
    }
    out
}

/// A number without decimals, and without a sign on nought.
pub fn whole(number: f64) -> String {
    let rounded = number.round();
    format!("{:.0}", if rounded == 0.0 { 0.0 } else { rounded })
}

/// The first few of some ids.
fn named(ids: &[String]) -> String {
    const SHOWN: usize = 6;
    let mut text = ids.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if ids.len() > SHOWN {
        text += " …";
    }
    text
}

/// Findings far from what was expected are reported from this many errors on.
const FAR: f64 = 3.0;

fn remarks(report: &Report<'_>) -> String {
    let calibration = report.calibration;
    let mut out = String::new();
    let mut remark = |text: String| out += &format!("{} {text}\n", styled(WARNING, "note:"));
    if calibration.totals.drawn == 0 && !report.full {
        remark(
            "nothing judged was drawn at random: the points say how rules do among what was targeted, not among all \
             declarations"
                .to_owned(),
        );
    }
    if calibration.pack_slope <= 0.0 {
        remark("a higher score of the pack goes with fewer findings; points are drawn to nothing, not to today's".to_owned());
    }
    // Of kept rules what was found shows whether their points fit beside those of the others.
    let off = |rule: &&PointsProposal| {
        let far = FAR * rule.expected_error;
        !rule.reason.is_fitted() && rule.support >= 30 && (rule.observed - rule.expected).abs() > far
    };
    let off: Vec<String> = calibration
        .rules
        .iter()
        .filter(off)
        .take(5)
        .map(|rule| format!("{} (found {:.0}, expected {:.0})", subject(rule), rule.observed, rule.expected))
        .collect();
    if !off.is_empty() {
        remark(format!("rules that keep their points and should be looked at: {}", clean(&off.join(", "))));
    }
    if !calibration.unknown_rules.is_empty() {
        let ids = &calibration.unknown_rules;
        remark(format!(
            "{} fired and {} no active rule of this pack: {}",
            count(ids.len() as u64, "rule"),
            if ids.len() == 1 { "is" } else { "are" },
            clean(&named(ids))
        ));
    }
    out
}
