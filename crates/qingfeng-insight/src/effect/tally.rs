//! What is counted of declarations, group by group.

use super::estimate::Sums;
use super::{Figures, Part};
use crate::statistics::wilson;
use qingfeng_inspection::evidence::{Chance, Evidence, Judged};
use qingfeng_rules::SelectionKind;
use qingfeng_store::{Outcome, Verdict};

/// How a declaration came to be inspected, or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    Certain,
    Drawn(f64),
    /// Not selected, though it could have been drawn.
    Drawable,
    /// Not selected, and no draw could choose it.
    Out,
}

/// A declaration as it is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Case {
    pub way: Way,
    /// Whether something was found; `None` without a result.
    pub found: Option<bool>,
    pub pieces: i64,
    pub fines: f64,
    pub cost: u64,
    pub hours: Option<f64>,
}

impl Case {
    pub fn of(evidence: &Evidence, judged: &Judged, points_per_hour: Option<f64>) -> Self {
        let Some(inspection) = &judged.inspection else {
            let way = match evidence.chance(judged) {
                Chance::None => Way::Out,
                Chance::Drawable | Chance::Selected(_) => Way::Drawable,
            };
            return Self { way, found: None, pieces: 0, fines: 0.0, cost: 0, hours: None };
        };
        let way = match inspection.selected {
            SelectionKind::Random => Way::Drawn(inspection.probability),
            SelectionKind::Mandatory | SelectionKind::Targeted => Way::Certain,
        };
        let verdict = inspection.verdict();
        let found = verdict.found();
        let (pieces, fines) = worth(inspection.outcomes.iter());
        let told: Vec<f64> = inspection.outcomes.iter().filter_map(|outcome| outcome.hours).collect();
        let in_points = evidence.chances.in_points(inspection.day, inspection.office);
        let by_points = points_per_hour.filter(|points| in_points && *points > 0.0);
        let by_points = by_points.map(|points| f64::from(inspection.cost) / points);
        Self {
            way,
            found,
            pieces,
            fines,
            cost: if found.is_some() { inspection.cost.into() } else { 0 },
            hours: if told.is_empty() { by_points } else { Some(told.iter().sum()) },
        }
    }

    /// The same with what was found on some of its lines alone. That other lines violate makes it no clear one for
    /// others, and one for these.
    pub fn on<'o>(self, lines: impl Iterator<Item = &'o Outcome> + Clone) -> Self {
        let found = self.found.map(|_| lines.clone().next().is_some());
        let (pieces, fines) = worth(lines);
        Self { found, pieces, fines, ..self }
    }
}

/// The pieces and fines of lines that violate.
fn worth<'o>(lines: impl Iterator<Item = &'o Outcome>) -> (i64, f64) {
    lines.filter(|line| matches!(line.verdict, Verdict::Violation(_))).fold(
        (0, 0.0),
        |(pieces, fines), line| {
            (i64::saturating_add(pieces, line.pieces.unwrap_or(0)), fines + line.fine.unwrap_or(0.0))
        },
    )
}

/// What is counted of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub sums: Sums,
    pub fired: u64,
    pub without_chance: u64,
    unresolved: u64,
    pieces: i64,
    fines: f64,
    cost: u64,
    hours: f64,
    /// Inspections of which nobody knows how long they took.
    hours_unknown: u64,
}

impl Tally {
    pub fn add(&mut self, case: &Case) {
        self.fired += 1;
        let sums = &mut self.sums;
        match (case.way, case.found) {
            (Way::Out, _) => {
                sums.out += 1.0;
                self.without_chance += 1;
            }
            (Way::Drawable, _) => sums.unseen += 1.0,
            (Way::Certain, None) => {
                sums.certain_open += 1.0;
                self.unresolved += 1;
            }
            (Way::Drawn(_), None) => {
                sums.unseen += 1.0;
                self.unresolved += 1;
            }
            (Way::Certain, Some(found)) => {
                sums.certain += 1.0;
                sums.certain_found += f64::from(u8::from(found));
            }
            (Way::Drawn(probability), Some(found)) => sums.draw(probability, found),
        }
        if case.found.is_some() {
            self.cost += case.cost;
            match case.hours {
                Some(hours) => self.hours += hours,
                None => self.hours_unknown += 1,
            }
        }
        if case.found == Some(true) {
            self.pieces = self.pieces.saturating_add(case.pieces);
            self.fines += case.fines;
        }
    }

    pub fn inspected(&self) -> u64 {
        (self.sums.certain + self.sums.drawn) as u64
    }

    pub fn found(&self) -> u64 {
        (self.sums.certain_found + self.sums.drawn_found) as u64
    }

    pub fn figures(&self, level: f64) -> Figures {
        let (inspected, found) = (self.inspected(), self.found());
        let hours = Some(self.hours).filter(|_| self.hours_unknown == 0 && inspected > 0);
        let per_hour = |what: f64| hours.filter(|hours| *hours > 0.0).map(|hours| what / hours);
        Figures {
            fired: self.fired,
            inspected,
            found,
            unresolved: self.unresolved,
            drawn: self.sums.drawn as u64,
            drawn_found: self.sums.drawn_found as u64,
            seen: wilson(found as f64, inspected as f64, level),
            estimate: self.sums.estimate(level),
            pieces: self.pieces,
            fines: self.fines,
            cost: self.cost,
            hours,
            found_per_hour: per_hour(found as f64),
            fines_per_hour: per_hour(self.fines),
        }
    }

    pub fn part(&self, name: impl Into<String>, level: f64) -> Part {
        Part { name: name.into(), figures: self.figures(level) }
    }
}
