//! What is counted of declarations, group by group.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::estimate::{Estimate, Sums};
use super::{Figures, Part};
use crate::statistics::wilson;
use qingfeng_inspection::evidence::{Chance, Chances, Evidence, Inspection, Judged};
use qingfeng_rules::{Date, SelectionKind};
use qingfeng_store::{Outcome, Verdict};

/// How a declaration came to be inspected, or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    Certain,
    Drawn,
    /// Not selected, though it could have been drawn.
    Drawable,
    /// Not selected, and no draw could choose it.
    Out,
    /// Without a result, as all of its like: of its office nothing came back.
    Lost,
}

/// A declaration as it is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Case {
    pub way: Way,
    /// How likely it was to be selected and to have a result, if it has one.
    pub probability: f64,
    /// The office that inspects it, or could have drawn it.
    pub office: Option<u32>,
    /// Whether a plan selected it.
    pub is_selected: bool,
    /// Whether something was found; `None` without a result.
    pub found: Option<bool>,
    pub pieces: i64,
    pub fines: f64,
    pub cost: u64,
    pub hours: Option<f64>,
}

/// The part of all declarations that is enough to speak of all of them without a draw.
const LEAST_COVERED: f64 = 0.9;

/// What declarations are counted as.
pub(crate) struct Cases<'e> {
    evidence: &'e Evidence,
    points_per_hour: Option<f64>,
    as_of: Option<Date>,
    responses: Responses,
}

impl<'e> Cases<'e> {
    pub fn new(evidence: &'e Evidence, points_per_hour: Option<f64>) -> Self {
        Self::known(evidence, points_per_hour, None)
    }

    /// As known at the end of a day.
    pub fn known(evidence: &'e Evidence, points_per_hour: Option<f64>, as_of: Option<Date>) -> Self {
        let responses = Responses::of(evidence, as_of);
        Self { evidence, points_per_hour, as_of, responses }
    }

    /// The hit rate of all declarations, where something tells it: a draw, a history without plans, or that hardly anything is
    /// left to be drawn. That of what was targeted is none of chance.
    pub fn chance(&self, all: &Estimate) -> Option<f64> {
        let is_history = self.evidence.chances == Chances::default();
        all.rate.filter(|_| self.responses.any[0] || is_history || all.covered >= LEAST_COVERED)
    }

    pub fn of(&self, judged: &Judged) -> Case {
        let evidence = self.evidence;
        let Some(inspection) = &judged.inspection else {
            let office = evidence.office_of(judged);
            let way = match (evidence.chance(judged), office) {
                (Chance::None, _) => Way::Out,
                (_, Some(office)) if self.responses.is_silent(office, false) => Way::Lost,
                _ => Way::Drawable,
            };
            return Case {
                way,
                probability: 0.0,
                office,
                is_selected: false,
                found: None,
                pieces: 0,
                fines: 0.0,
                cost: 0,
                hours: None,
            };
        };
        let found = found(inspection, self.as_of);
        let is_certain = is_certain(inspection);
        let way = match is_certain {
            _ if found.is_none() && self.responses.is_silent(inspection.office, is_certain) => Way::Lost,
            true => Way::Certain,
            false => Way::Drawn,
        };
        let selected = if is_certain { 1.0 } else { inspection.probability };
        let (pieces, fines) = worth(inspection.outcomes.iter());
        let told: Vec<f64> = inspection.outcomes.iter().filter_map(|outcome| outcome.hours).collect();
        let in_points = evidence.chances.in_points(inspection.day, inspection.office);
        let by_points = self.points_per_hour.filter(|points| in_points && *points > 0.0);
        let by_points = by_points.map(|points| f64::from(inspection.cost) / points);
        Case {
            way,
            probability: selected * self.responses.rate(inspection),
            office: Some(inspection.office),
            is_selected: true,
            found,
            pieces,
            fines,
            cost: if found.is_some() { inspection.cost.into() } else { 0 },
            hours: if told.is_empty() { by_points } else { Some(told.iter().sum()) },
        }
    }
}

impl Case {
    /// The same with what was found on some of its lines alone. That other lines violate makes it no clear one for
    /// others, and one for these.
    pub fn on<'o>(self, lines: impl Iterator<Item = &'o Outcome> + Clone) -> Self {
        let found = self.found.map(|_| lines.clone().next().is_some());
        let (pieces, fines) = worth(lines);
        Self { found, pieces, fines, ..self }
    }

    /// Adds it to sums.
    pub fn add_to(&self, sums: &mut Sums) {
        let half = match self.way {
            Way::Out | Way::Lost => {
                sums.out += 1.0;
                return;
            }
            Way::Certain => &mut sums.certain,
            Way::Drawn | Way::Drawable => &mut sums.drawn,
        };
        match self.found {
            Some(found) if found => half.result(self.probability, true, [self.pieces as f64, self.fines]),
            Some(_) => half.result(self.probability, false, [0.0; 2]),
            None => half.unseen += 1.0,
        }
    }
}

fn is_certain(inspection: &Inspection) -> bool {
    inspection.selected != SelectionKind::Random
}

/// Whether something was found, by what was known at the end of a day.
fn found(inspection: &Inspection, as_of: Option<Date>) -> Option<bool> {
    let Some(as_of) = as_of else { return inspection.verdict().found() };
    let is_known = |outcome: &&Outcome| outcome.known_on.or(outcome.found_on).is_none_or(|day| day <= as_of);
    let known = inspection.outcomes.iter().filter(is_known);
    Verdict::of_lines(known.map(|outcome| outcome.verdict)).found()
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

/// The fewest results of a stratum by which its share of missing ones is told; with fewer, that of its office.
const LEAST_RESULTS: u64 = 10;

/// Selected, and with a result.
#[derive(Clone, Copy, Default)]
struct Returned(u64, u64);

impl Returned {
    fn add(&mut self, has_result: bool) {
        self.0 += 1;
        self.1 += u64::from(has_result);
    }

    fn rate(self) -> f64 {
        self.1 as f64 / self.0.max(1) as f64
    }
}

/// How many of the selected have a result: by office and whether they were certain, and in it by stratum. Missing results are
/// like those that came of the same.
#[derive(Default)]
pub(crate) struct Responses {
    offices: BTreeMap<(u32, bool), Returned>,
    strata: BTreeMap<(u32, bool, Option<Arc<str>>), Returned>,
    /// Whether anything drawn has a result, and anything certain.
    any: [bool; 2],
}

impl Responses {
    pub fn of(evidence: &Evidence, as_of: Option<Date>) -> Self {
        let mut all = Self::default();
        let inspections = evidence.inspections().map(|(.., inspection)| inspection);
        let past = |inspection: &&Inspection| as_of.is_none_or(|as_of| inspection.day <= as_of);
        for inspection in inspections.filter(past) {
            let has_result = found(inspection, as_of).is_some();
            all.take(inspection.office, is_certain(inspection), inspection.stratum.as_ref(), has_result);
        }
        all
    }

    /// Counts one more of the selected.
    pub fn take(&mut self, office: u32, is_certain: bool, stratum: Option<&Arc<str>>, has_result: bool) {
        self.any[usize::from(is_certain)] |= has_result;
        self.offices.entry((office, is_certain)).or_default().add(has_result);
        self.strata.entry((office, is_certain, stratum.cloned())).or_default().add(has_result);
    }

    /// How likely a result was to come back.
    pub fn rate(&self, inspection: &Inspection) -> f64 {
        self.rate_of(inspection.office, is_certain(inspection), inspection.stratum.as_ref())
    }

    /// The same of what was so selected.
    pub fn rate_of(&self, office: u32, is_certain: bool, stratum: Option<&Arc<str>>) -> f64 {
        let of_stratum = self.strata.get(&(office, is_certain, stratum.cloned()));
        let of_stratum = of_stratum.filter(|returned| returned.1 >= LEAST_RESULTS);
        of_stratum.or_else(|| self.offices.get(&(office, is_certain))).map_or(1.0, |of| of.rate())
    }

    /// Whether nothing came back of what an office had so selected, though something did of others.
    fn is_silent(&self, office: u32, is_certain: bool) -> bool {
        let returned = self.offices.get(&(office, is_certain));
        self.any[usize::from(is_certain)] && returned.is_some_and(|returned| returned.1 == 0)
    }
}

/// What is counted of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub sums: Sums,
    pub fired: u64,
    pub without_chance: u64,
    pub without_answer: u64,
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
        case.add_to(&mut self.sums);
        match case.way {
            Way::Out => self.without_chance += 1,
            Way::Lost => self.without_answer += 1,
            _ => {}
        }
        self.unresolved += u64::from(case.is_selected && case.found.is_none());
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
        self.sums.results() as u64
    }

    pub fn found(&self) -> u64 {
        self.sums.found() as u64
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
            drawn: self.sums.drawn.results as u64,
            drawn_found: self.sums.drawn.found as u64,
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
