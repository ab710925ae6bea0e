//! The declarations of evidence: those that a program put together in memory, those that were read packed there or in a
//! temporary file. Inspections are few, and in memory always.

use std::collections::BTreeMap;
use std::sync::Arc;

use qingfeng::read::ReadError;
use qingfeng_rules::Date;

use super::{Evidence, Inspection, Judged};
use crate::sorted::{Given, SortedDeclarations};

/// Declarations by day and id, those without a day first; no id is there twice on a day.
#[derive(Clone, Debug, Default)]
pub struct Declarations {
    /// Those that a program put together, in that order; none of those that were read, which only [`Evidence::each`] gives
    /// out.
    pub held: Vec<Judged>,
    stored: Option<Stored>,
}

/// By day and id.
type Key = (Option<Date>, Box<str>);

/// Declarations that were read.
#[derive(Clone, Debug)]
struct Stored {
    sorted: Arc<SortedDeclarations>,
    inspections: BTreeMap<Key, Inspection>,
    /// How many there are of each day, in order.
    days: Vec<(Option<Date>, u64)>,
    /// The days that count, if not all do.
    from: Option<Date>,
    until: Option<Date>,
}

impl Stored {
    /// A declaration without a day counts always.
    fn counts(&self, day: Option<Date>) -> bool {
        let is_within =
            |day| self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until);
        day.is_none_or(is_within)
    }
}

impl From<Vec<Judged>> for Declarations {
    fn from(held: Vec<Judged>) -> Self {
        Self { held, stored: None }
    }
}

impl Declarations {
    pub(super) fn stored(sorted: SortedDeclarations) -> Self {
        let (sorted, inspections, days) = (Arc::new(sorted), BTreeMap::new(), Vec::new());
        let stored = Stored { sorted, inspections, days, from: None, until: None };
        Self { held: Vec::new(), stored: Some(stored) }
    }

    /// Gives the declarations out for the first time, and keeps what that has shown; returns how many assessments gave way to
    /// one in another channel, though nobody knows which is the graver.
    pub(super) fn first_time(
        &mut self,
        take: impl FnMut(&[Judged]) -> Result<(), ReadError> + Send,
    ) -> Result<u64, ReadError> {
        let given = self.each_batch(take)?;
        if let Some(stored) = &mut self.stored {
            stored.days = given.days;
        }
        Ok(given.guessed)
    }

    /// Gives the declarations out, some at a time, in order.
    pub(super) fn each_batch<E: From<ReadError> + Send>(
        &self,
        mut take: impl FnMut(&[Judged]) -> Result<(), E> + Send,
    ) -> Result<Given, E> {
        let Some(stored) = &self.stored else {
            take(&self.held)?;
            return Ok(Given::default());
        };
        let mut inspections = stored.inspections.iter().peekable();
        stored.sorted.each_batch(|batch| {
            let judged = batch.into_iter().filter(|assessed| stored.counts(assessed.day)).map(|assessed| {
                let key = (assessed.day, &*assessed.declaration_id);
                while inspections.next_if(|((day, id), _)| (*day, &**id) < key).is_some() {}
                let inspection = inspections.next_if(|((day, id), _)| (*day, &**id) == key);
                let inspection = inspection.map(|(_, inspection)| Box::new(inspection.clone()));
                Judged { assessed, inspection }
            });
            take(&judged.collect::<Vec<Judged>>())
        })
    }

    /// Plans an inspection of a declaration that is there.
    pub(super) fn inspect(&mut self, day: Option<Date>, id: &str, inspection: Inspection) {
        if let Some(stored) = &mut self.stored {
            stored.inspections.insert((day, id.into()), inspection);
            return;
        }
        let place = self.place(day, id);
        if let Some(judged) = place.and_then(|at| self.held.get_mut(at)) {
            judged.inspection = Some(Box::new(inspection));
        }
    }

    /// The planned inspection of a declaration.
    pub(super) fn inspection_mut(&mut self, day: Option<Date>, id: &str) -> Option<&mut Inspection> {
        let place = self.place(day, id);
        match &mut self.stored {
            Some(stored) => stored.inspections.get_mut(&(day, id.into())),
            None => self.held.get_mut(place?)?.inspection.as_deref_mut(),
        }
    }

    fn place(&self, day: Option<Date>, id: &str) -> Option<usize> {
        self.held.binary_search_by(|judged| (judged.day, &*judged.declaration_id).cmp(&(day, id))).ok()
    }
}

impl Evidence {
    /// Gives the declarations out, some at a time, in order.
    ///
    /// # Errors
    ///
    /// What `take` ends with; declarations that can no longer be read.
    pub fn each_batch<E: From<ReadError> + Send>(
        &self,
        take: impl FnMut(&[Judged]) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        self.declarations.each_batch(take).map(|_| ())
    }

    /// Gives the declarations out, one after the other, in order.
    ///
    /// # Errors
    ///
    /// Declarations that can no longer be read.
    pub fn each(&self, mut take: impl FnMut(&Judged) + Send) -> Result<(), ReadError> {
        self.each_batch(|batch| {
            batch.iter().for_each(&mut take);
            Ok(())
        })
    }

    /// The planned inspections, with the days and the ids of their declarations, in order.
    pub fn inspections(&self) -> impl Iterator<Item = (Option<Date>, &str, &Inspection)> {
        let held = self.declarations.held.iter();
        let held = held
            .filter_map(|judged| Some((judged.day, &*judged.declaration_id, judged.inspection.as_deref()?)));
        let stored = self.declarations.stored.iter().flat_map(|stored| {
            let counting = stored.inspections.iter().filter(|((day, _), _)| stored.counts(*day));
            counting.map(|((day, id), inspection)| (*day, &**id, inspection))
        });
        held.chain(stored)
    }

    /// The last day of declarations and of their inspections.
    pub fn last_day(&self) -> Option<Date> {
        let held = self.declarations.held.iter().filter_map(|judged| judged.day).max();
        let stored =
            self.declarations.stored.iter().flat_map(|stored| {
                stored.days.iter().filter_map(|&(day, _)| day.filter(|_| stored.counts(day)))
            });
        let inspected = self.inspections().map(|(.., inspection)| inspection.day);
        held.max(stored.max()).max(inspected.max())
    }

    /// Takes declarations out whose day is known to be outside of these, and says how many.
    pub fn keep_days(&mut self, from: Option<Date>, until: Option<Date>) -> u64 {
        let is_within = |day| from.is_none_or(|from| from <= day) && until.is_none_or(|until| day <= until);
        let Declarations { held, stored } = &mut self.declarations;
        let before = held.len();
        held.retain(|judged| judged.day.is_none_or(is_within));
        let mut out = (before - held.len()) as u64;
        if let Some(stored) = stored {
            let counted = stored.days.iter().filter(|(day, _)| stored.counts(*day));
            let outside = counted.filter(|(day, _)| !day.is_none_or(is_within));
            out += outside.map(|(_, count)| count).sum::<u64>();
            stored.from = stored.from.max(from);
            stored.until = match (stored.until, until) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        out
    }

    /// The same with all declarations in memory.
    ///
    /// # Errors
    ///
    /// Declarations that can no longer be read.
    pub fn loaded(self) -> Result<Self, ReadError> {
        let mut held = Vec::new();
        self.each(|judged| held.push(judged.clone()))?;
        Ok(Self { declarations: held.into(), ..self })
    }
}
