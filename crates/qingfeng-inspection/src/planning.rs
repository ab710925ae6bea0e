//! A plan in the making: declarations come day by day, what inspections of them showed is learnt when it became known, and
//! planned days are planned.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use foldhash::fast::FixedState;
use qingfeng::read::ReadError;
use qingfeng_rules::{Date, Month};

use super::candidate::AssessedDeclaration;
use super::draw::DayKey;
use super::experience::{Cell, Experience};
use super::planner::{OutcomesUsed, PlannedDeclarations, Planner};
use super::sorted::DeclarationDays;
use crate::visits::{PlannedVisits, Visiting};

/// What will be known of an inspection, and what will have been known before.
#[derive(Clone, Debug)]
struct Pending {
    /// Which of all declarations it is, in their order.
    number: usize,
    declaration: Arc<AssessedDeclaration>,
    cell: Cell,
    before: Option<(Date, bool)>,
    now: Option<(Date, bool)>,
}

/// What is known, and what will be from which day on.
pub(crate) struct Learning<'l, 'p> {
    planner: &'l Planner<'p>,
    experience: Experience,
    pending: BTreeMap<Date, Vec<Pending>>,
    used: OutcomesUsed,
}

impl<'l, 'p> Learning<'l, 'p> {
    pub(crate) fn new(planner: &'l Planner<'p>) -> Self {
        let (experience, _) = planner.begin();
        Self { planner, experience, pending: BTreeMap::new(), used: OutcomesUsed::default() }
    }

    pub(crate) fn experience(&self) -> &Experience {
        &self.experience
    }

    /// Puts the outcomes of declarations before the first planned day where they wait to be known.
    pub(crate) fn remember(
        &mut self,
        declarations: &impl DeclarationDays,
        from: Date,
    ) -> Result<(), ReadError> {
        let Some(outcomes) = self.planner.outcomes() else { return Ok(()) };
        let mut known: HashSet<&str, FixedState> = HashSet::default();
        let (_, mut offices) = self.planner.begin();
        let mut first = 0;
        declarations.each_day(|day, of_day| {
            for (at, declaration) in of_day.iter().enumerate() {
                let Some(day) = day.filter(|&day| !self.planner.known(declaration, day).is_empty()) else {
                    continue;
                };
                known.extend(outcomes.id(&declaration.declaration_id));
                if day < from {
                    self.expect(first + at, declaration, offices.of(declaration));
                }
            }
            first += of_day.len();
            Ok::<(), ReadError>(())
        })?;
        self.used.declarations = outcomes.len() as u64;
        self.used.unknown = self.used.declarations - known.len() as u64;
        Ok(())
    }

    /// Puts what will be known of an inspection where it waits for its days.
    pub(crate) fn expect(&mut self, number: usize, declaration: &AssessedDeclaration, office: Option<&str>) {
        let Some(day) = declaration.day else { return };
        let known = self.planner.known(declaration, day);
        if known.is_empty() {
            return;
        }
        let cell = self.planner.cell(declaration, office);
        let declaration = Arc::new(declaration.clone());
        let mut before = None;
        for known in known {
            let (declaration, cell) = (Arc::clone(&declaration), cell.clone());
            let waits = Pending { number, declaration, cell, before, now: known.found };
            self.pending.entry(known.known_on).or_default().push(waits);
            before = known.found;
        }
    }

    /// Learns what became known before a day.
    pub(crate) fn learn(&mut self, day: Date) {
        let later = self.pending.split_off(&day);
        for of in std::mem::replace(&mut self.pending, later).into_values().flatten() {
            let Pending { number, declaration, cell, before, now } = of;
            self.experience.learn(number, &declaration, cell, before, now);
            self.used.used = self.used.used + u64::from(now.is_some()) - u64::from(before.is_some());
        }
        self.experience.settle();
    }
}

/// A plan of days, as far as it has come.
pub(crate) struct Planning<'l, 'p> {
    learning: Learning<'l, 'p>,
    from: Date,
    until: Date,
    day_key: &'l (dyn Fn(Date) -> Option<DayKey> + Sync),
    /// The first planned day that has not been planned.
    next: Option<Date>,
    /// How many declarations came before.
    first: usize,
    visiting: Option<Visiting<'p>>,
    /// The first month whose visits have not been planned.
    next_month: Option<Month>,
    visits: Vec<PlannedVisits>,
}

impl<'l, 'p> Planning<'l, 'p> {
    pub(crate) fn new(
        planner: &'l Planner<'p>,
        declarations: &impl DeclarationDays,
        [from, until]: [Date; 2],
        day_key: &'l (dyn Fn(Date) -> Option<DayKey> + Sync),
    ) -> Result<Self, ReadError> {
        let mut learning = Learning::new(planner);
        learning.remember(declarations, from)?;
        let visiting = planner.visiting();
        let next_month = visiting.is_some().then(|| Month::of(from));
        let (next, visits) = (Some(from), Vec::new());
        Ok(Self { learning, from, until, day_key, next, first: 0, visiting, next_month, visits })
    }

    /// Takes the declarations of the next day that has some, or a part of those without a day.
    pub(crate) fn take<E>(
        &mut self,
        day: Option<Date>,
        of_day: &[AssessedDeclaration],
        give: &mut impl FnMut(PlannedDeclarations<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match day {
            Some(day) if self.from <= day && day <= self.until => {
                self.plan_empty(Some(day), give)?;
                self.plan(day, of_day, give)?;
            }
            _ => {
                match day {
                    Some(day) if day < self.from => self.plan_visits(day),
                    Some(_) => self.plan_empty(None, give)?,
                    None => {}
                }
                let no_office = self.learning.planner.no_office([self.from, self.until], day, of_day);
                give(PlannedDeclarations { day, declarations: of_day, offices: Vec::new(), no_office })?;
            }
        }
        if let Some(visiting) = self.visiting.as_mut().filter(|_| day.is_some()) {
            visiting.take(of_day);
        }
        self.first += of_day.len();
        Ok(())
    }

    /// Plans the days that have no declarations: those before a day, or all that are left.
    fn plan_empty<E>(
        &mut self,
        before: Option<Date>,
        give: &mut impl FnMut(PlannedDeclarations<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let until = self.until;
        let is_due = |next: &Date| *next <= until && before.is_none_or(|day| *next < day);
        while let Some(next) = self.next.filter(is_due) {
            self.plan(next, &[], give)?;
        }
        Ok(())
    }

    /// Plans a day.
    fn plan<E>(
        &mut self,
        day: Date,
        of_day: &[AssessedDeclaration],
        give: &mut impl FnMut(PlannedDeclarations<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.plan_visits(day);
        self.learning.learn(day);
        let planner = self.learning.planner;
        let (key, experience) = ((self.day_key)(day), self.learning.experience());
        let (offices, without_office) =
            planner.plan_day(of_day, 0..of_day.len(), day, experience, key.as_ref());
        let no_office = planner.without_office(without_office, of_day);
        for of_office in &offices {
            for selected in &of_office.selected {
                let (at, office) = (selected.candidate, Some(of_office.office.as_str()));
                self.learning.expect(self.first + at, &of_day[at], office);
            }
        }
        self.next = day.plus_days(1);
        give(PlannedDeclarations { day: Some(day), declarations: of_day, offices, no_office })
    }

    /// Plans the visits of the months that begin up to a day: with what was known before a month begins, whichever of its
    /// days is the first that is planned.
    fn plan_visits(&mut self, day: Date) {
        let Some(visiting) = &mut self.visiting else { return };
        while let Some(month) = self.next_month.filter(|month| month.day(1) <= day.min(self.until)) {
            self.learning.learn(month.day(1));
            self.visits.extend(visiting.month(self.learning.planner, month, self.learning.experience()));
            self.next_month = month.next();
        }
    }

    /// Plans what is left, after the last declaration.
    pub(crate) fn finish<E>(
        mut self,
        give: &mut impl FnMut(PlannedDeclarations<'_>) -> Result<(), E>,
    ) -> Result<(OutcomesUsed, Vec<PlannedVisits>), E> {
        self.plan_empty(None, give)?;
        Ok((self.learning.used, self.visits))
    }
}
