//! The rules of one cell.

use qingfeng::Engine;
use qingfeng::rules::{Points, Rule, Status};
use qingfeng::tools::policy_coverage::{CellRule, PolicyCoverage};

use super::view::{points, units, why};
use super::{axis_title, subject};
use crate::numbers::{count, grouped};
use crate::table::{Cell, titled};
use crate::terminal::{BOLD, DIM, WARNING, clean, styled};

pub fn human(engine: &Engine, coverage: &PolicyCoverage) -> String {
    let pack = engine.pack();
    let Some(cell) = coverage.cell([0; 3]) else { return String::new() };
    let mut out = format!("{BOLD}{}{BOLD:#}\n", clean(&subject(engine, coverage)));
    for axis in coverage.axes() {
        let segment = &axis.segments[0];
        out += &format!("  {:<10}  {}\n", axis_title(axis.key), clean(&segment.title));
    }
    let channel = |at: u8| pack.channels.get(usize::from(at)).map_or("", |channel| channel.name.as_str());
    out += &format!(
        "  {:<10}  up to {} points, {}; of rules that name it {}, {}\n",
        "Reach",
        points(&cell.all),
        channel(cell.all.channel),
        points(&cell.named),
        channel(cell.named.channel),
    );
    if let Some(gap) = cell.gap {
        out += &format!("  {:<10}  {}\n", "Gap", styled(WARNING, &clean(&why(gap, cell, channel(0)))));
    }
    if coverage.totals.is_some() {
        let trade = &cell.trade;
        out += &format!(
            "  {:<10}  {}, value {}; a rule fired on {}, {} not {}\n",
            "Trade",
            count(trade.lines, "line"),
            grouped(units(trade.value_cents)),
            grouped(trade.lines_fired),
            grouped(trade.lines_controlled),
            clean(channel(0)),
        );
    }
    let rules = coverage.rules(pack, [0; 3]);
    let (named, others): (Vec<&CellRule>, Vec<&CellRule>) =
        rules.iter().partition(|rule| rule.names.contains(&true));
    for (heading, rules) in [("Rules that name it", named), ("Rules that do not name it", others)] {
        if !rules.is_empty() {
            let rows: Vec<_> = rules.iter().map(|found| row(&pack.rules[found.rule], found)).collect();
            out += &format!("\n{}", titled(heading, &rows));
        }
    }
    out
}

fn row(rule: &Rule, found: &CellRule) -> Vec<Cell> {
    let points = match &rule.points {
        Points::Fixed(points) => format!("{points:+}"),
        Points::Computed(closure) => {
            closure.most().map_or_else(|| "computed".to_owned(), |most| format!("up to {most:+}"))
        }
    };
    let names: Vec<&str> = ["region", "goods", "mode"]
        .into_iter()
        .zip(found.names)
        .filter_map(|(axis, names)| names.then_some(axis))
        .collect();
    let status = if rule.status == Status::Active { "" } else { rule.status.name() };
    let mut notes: Vec<&str> = Vec::new();
    notes.extend(Some("part of it").filter(|_| !found.wholly));
    notes.extend(Some("some sites").filter(|_| !rule.site.is_empty()));
    vec![
        Cell::new(&rule.id).style(BOLD),
        Cell::new(points).right(),
        Cell::new(status).style(DIM),
        Cell::new(names.join(", ")),
        Cell::new(notes.join(", ")).style(DIM),
        Cell::new(&rule.title),
    ]
}
