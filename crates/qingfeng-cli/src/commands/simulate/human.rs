//! The figures of a simulation, for people.

use qingfeng_lab::{Accuracy, ArmResult, Estimate, Figures, Offices, Simulated, Tactic};

use crate::numbers::{count, grouped, percent};
use crate::table::{Cell, heads, table};
use crate::terminal::{BOLD, DIM, clean, styled};

/// All of it.
pub fn human(simulated: &Simulated) -> String {
    [
        world(simulated),
        arms(simulated),
        differences(simulated),
        months(simulated),
        tactics(simulated),
        rules(simulated),
        caveats(simulated),
    ]
    .concat()
}

fn heading(title: &str) -> String {
    format!("{BOLD}{title}{BOLD:#}\n")
}

fn number(figure: f64) -> String {
    grouped(figure.round() as i64)
}

fn world(simulated: &Simulated) -> String {
    let Simulated { pack, other, seed, seeds, from, until, days, lines_per_day, adversaries, .. } = simulated;
    let offices = match simulated.offices {
        Offices::One => "as one office",
        Offices::Kinds => "an office for each kind of site",
        Offices::Sites => "each site an office",
    };
    let inspections = match simulated.inspections_per_day {
        Some(inspections) => format!("{} a day", count(inspections.into(), "inspection")),
        None => "inspections by table".to_owned(),
    };
    let declarations: u64 = simulated
        .arms
        .first()
        .map_or(0, |arm| arm.worlds.iter().map(|world| world.counts.declarations).sum());
    let violations: u64 =
        simulated.arms.first().map_or(0, |arm| arm.worlds.iter().map(|world| world.counts.violations).sum());
    let worlds = u64::from(*seeds).max(1);
    format!(
        "{}  {from} to {until}, {}, {lines_per_day} lines a day, {inspections}, {offices}\n  {} from seed {seed}, each with \
         about {} declarations, of which {} are consignments that violate\n  {:.0} % of exporters who violate adapt; {:.0} % of \
         findings at others make one change\n  {}\n\n",
        heading("Simulated trade"),
        count((*days).into(), "day"),
        count(worlds, "world"),
        grouped(declarations / worlds),
        grouped(violations / worlds),
        adversaries.share.0 as f64 / 1e4,
        adversaries.speed.0 as f64 / 1e4,
        styled(
            DIM,
            &format!(
                "Pack {}{}",
                clean(pack),
                other
                    .as_ref()
                    .map_or_else(String::new, |other| { format!("; the other is {}", clean(other)) })
            )
        ),
    )
}

/// The figures that are shown, with how they are written.
type Shown = (&'static str, fn(&Figures<Estimate>) -> Estimate, fn(f64) -> String);

const SHOWN: [Shown; 7] = [
    ("found a year", |figures| figures.found_a_year, number),
    ("of all violations", |figures| figures.found_share, percent),
    ("last third of days", |figures| figures.late_found_share, percent),
    ("of their value", |figures| figures.found_value_share, percent),
    ("hits of inspections", |figures| figures.hit_rate, percent),
    ("of targeted", |figures| figures.targeted_hit_rate, percent),
    ("drawn", |figures| figures.drawn_share, percent),
];

fn arms(simulated: &Simulated) -> String {
    let names: Vec<&str> = ["arm"].into_iter().chain(SHOWN.map(|(name, ..)| name)).collect();
    let mut rows = vec![heads(&names, &[0])];
    for ArmResult { arm, figures, .. } in &simulated.arms {
        let mut row = vec![Cell::new(arm.to_string()).style(BOLD)];
        row.extend(SHOWN.map(|(_, of, write)| Cell::new(write(of(figures).mean)).right()));
        rows.push(row);
    }
    format!("{}{}\n", heading("What each arm found, mean of the worlds"), table("  ", &rows))
}

/// A difference with its interval, marked where the interval leaves out 0.
fn difference(of: Estimate, points: bool) -> String {
    let scale = if points { 100.0 } else { 1.0 };
    let signed = |figure: f64| {
        let text = if points { format!("{:+.1}", figure * scale) } else { format!("{figure:+.0}") };
        // Nothing is as much as minus nothing.
        if text == "-0.0" || text == "-0" { text.replace('-', "+") } else { text }
    };
    match of.low.zip(of.high) {
        None => signed(of.mean),
        Some((low, high)) => {
            let mark = if low > 0.0 || high < 0.0 { " *" } else { "  " };
            format!("{} ({} to {}){mark}", signed(of.mean), signed(low), signed(high))
        }
    }
}

fn differences(simulated: &Simulated) -> String {
    let Some(first) = simulated.arms.first().filter(|_| simulated.arms.len() > 1) else {
        return String::new();
    };
    let mut rows = vec![heads(
        &[
            "arm",
            "found a year",
            "of all violations, points",
            "last third, points",
            "hits of inspections, points",
        ],
        &[0],
    )];
    for arm in &simulated.arms {
        let Some(less) = &arm.difference else { continue };
        rows.push(vec![
            Cell::new(arm.arm.to_string()).style(BOLD),
            Cell::new(difference(less.found_a_year, false)).right(),
            Cell::new(difference(less.found_share, true)).right(),
            Cell::new(difference(less.late_found_share, true)).right(),
            Cell::new(difference(less.hit_rate, true)).right(),
        ]);
    }
    let note = if simulated.seeds > 1 {
        "In brackets where the mean of all possible worlds lies, with a confidence of 95 %; * where that leaves out 0"
    } else {
        "One world says nothing of others: give --seeds 3 or more for intervals"
    };
    format!(
        "{}{}  {}\n\n",
        heading(&format!("Against {}, in the same worlds", first.arm)),
        table("  ", &rows),
        styled(DIM, note)
    )
}

fn months(simulated: &Simulated) -> String {
    let months: Vec<&str> = simulated
        .arms
        .first()
        .map_or(Vec::new(), |arm| arm.months.iter().map(|month| month.month.as_str()).collect());
    if months.len() < 2 {
        return String::new();
    }
    let names: Vec<&str> = ["arm"].into_iter().chain(months).collect();
    let mut rows = vec![heads(&names, &[0])];
    for arm in &simulated.arms {
        let mut row = vec![Cell::new(arm.arm.to_string()).style(BOLD)];
        row.extend(arm.months.iter().map(|month| Cell::new(percent(month.found_share.mean)).right()));
        rows.push(row);
    }
    format!("{}{}\n", heading("Violations found of all, month by month"), table("  ", &rows))
}

fn told(tactic: Option<Tactic>) -> &'static str {
    match tactic {
        None => "as always",
        Some(Tactic::Port) => "other port or market",
        Some(Tactic::Mode) => "other trade mode",
        Some(Tactic::Brand) => "brand spelt otherwise",
        Some(Tactic::Split) => "consignment split",
        Some(Tactic::Name) => "other exporter's name",
    }
}

fn tactics(simulated: &Simulated) -> String {
    let Some(arm) = simulated.arms.iter().find(|arm| !arm.arm.steady) else { return String::new() };
    let mut rows = vec![heads(
        &[
            "way",
            "taken up",
            "violations",
            "found",
            "left for a finding",
            "by the draw",
            "days until then",
            "first found after days",
        ],
        &[0],
    )];
    let mean = |mean: Option<f64>| mean.map_or_else(|| "-".to_owned(), |mean| format!("{mean:.1}"));
    for of in arm.tactics.iter().filter(|of| of.violations > 0) {
        let share = of.violations_found as f64 / of.violations as f64;
        rows.push(vec![
            Cell::new(told(of.tactic)),
            Cell::new(grouped(of.taken_up)).right(),
            Cell::new(grouped(of.violations)).right(),
            Cell::new(percent(share)).right(),
            Cell::new(grouped(of.ended_found)).right(),
            Cell::new(grouped(of.ended_by_draw)).right(),
            Cell::new(mean(of.days_to_found)).right(),
            Cell::new(mean(of.days_to_first)).right(),
        ]);
    }
    if rows.len() < 2 {
        return String::new();
    }
    let title = format!("Exporters who adapt, under {}, all worlds together", arm.arm);
    format!("{}{}\n", heading(&title), table("  ", &rows))
}

fn rules(simulated: &Simulated) -> String {
    let mut rows = vec![heads(
        &[
            "arm",
            "rules",
            "naive: bias, points",
            "error",
            "held",
            "corrected: rules",
            "bias, points",
            "error",
            "held",
            "violations estimated",
            "true",
        ],
        &[0],
    )];
    let accuracy = |of: Option<Accuracy>| match of {
        None => ["-".to_owned(), "-".to_owned(), "-".to_owned()],
        Some(of) => {
            [format!("{:+.1}", of.bias * 100.0), format!("{:.1}", of.error * 100.0), percent(of.held)]
        }
    };
    for arm in &simulated.arms {
        let Some(truth) = &arm.rules else { continue };
        let mut row =
            vec![Cell::new(arm.arm.to_string()).style(BOLD), Cell::new(grouped(truth.rules)).right()];
        row.extend(accuracy(Some(truth.naive)).map(|text| Cell::new(text).right()));
        row.push(Cell::new(grouped(truth.corrected_rules)).right());
        row.extend(accuracy(truth.corrected).map(|text| Cell::new(text).right()));
        let estimated = truth.estimated_violations.map_or_else(|| "-".to_owned(), number);
        row.extend([estimated, grouped(truth.violating_declarations)].map(|text| Cell::new(text).right()));
        rows.push(row);
    }
    if rows.len() < 2 {
        return String::new();
    }
    let notes = [
        "Naive: violations of what was inspected. Corrected: with the probabilities of selection",
        "Held: how often the interval, which promises 95 %, held the truth. A rule counts once in each world",
    ];
    let notes: String = notes.iter().map(|note| format!("  {}\n", styled(DIM, note))).collect();
    format!("{}{}{notes}\n", heading("Hit rates of rules against the truth"), table("  ", &rows))
}

fn caveats(simulated: &Simulated) -> String {
    let out: Vec<f64> = simulated.arms.iter().map(|arm| arm.figures.out_of_reach_share.mean).collect();
    let most = out.iter().copied().fold(0.0, f64::max);
    let mut lines = vec![
        "Made-up trade: what an arm is worth here shows the mechanism, not what it is worth at your port."
            .to_owned(),
    ];
    if simulated.arms.iter().any(|arm| !arm.arm.steady) {
        lines.push(
            "Who changes is who was found, and so the easiest to find: the shares found by way do not compare ways alike."
                .to_owned(),
        );
    }
    if most > 0.005 {
        lines.push(format!(
            "Up to {} of violating consignments are lodged where none of the pack's offices inspects; no arm can find them.",
            percent(most)
        ));
    }
    lines.iter().map(|line| format!("{}\n", styled(DIM, line))).collect()
}
