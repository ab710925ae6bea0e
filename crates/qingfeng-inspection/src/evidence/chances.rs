//! Which declarations a draw could choose.
//!
//! A plan has the rows of what was selected. Of what was not, it tells the chance only by the strata of its rows: a
//! declaration of an office's day whose stratum was drawn from had the chance of the drawn. The name of a declaration's
//! stratum is found as the plan made it: by goods group, by class of trader, by both, or the same for all.

use std::collections::BTreeMap;
use std::sync::Arc;

use qingfeng_rules::selection::Amount;
use qingfeng_rules::{Date, SelectionKind};

use super::{Evidence, Judged};
use crate::{LeftOutColumns, PlanRow};
use qingfeng::read::{Input, ReadError};
use qingfeng::tables::RowReader;

/// The chance of a declaration to be inspected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Chance {
    /// It was selected, and this likely to be.
    Selected(f64),
    /// It was not selected, and could have been drawn.
    Drawable,
    /// No draw could choose it: it belongs to no office that inspected on its day, or its stratum was not drawn from.
    None,
}

/// How a plan names strata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    All,
    Group,
    Class,
    GroupAndClass,
    ClassAndGroup,
}

impl Naming {
    const EACH: [Self; 5] = [Self::All, Self::Group, Self::Class, Self::GroupAndClass, Self::ClassAndGroup];

    fn names(self, name: &str, group: &str, class: &str) -> bool {
        let both = |first: &str, second: &str| {
            name.strip_prefix(first)
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|rest| rest == second)
        };
        match self {
            Self::All => name == "all",
            Self::Group => name == group,
            Self::Class => name == class,
            Self::GroupAndClass => both(group, class),
            Self::ClassAndGroup => both(class, group),
        }
    }
}

/// A day of an office.
#[derive(Clone, Debug, Default, PartialEq)]
struct OfficeDay {
    /// Strata with the probability of their draw.
    strata: Vec<(Arc<str>, f64)>,
    /// Whether anything was drawn.
    drew: bool,
    /// Whether the draw went over all strata of the day, so that each could be drawn from though not each was.
    over_all: bool,
    /// Whether its capacity is in points, so that costs are.
    in_points: bool,
    /// How it names strata, if in one of the known ways.
    namings: [bool; Naming::EACH.len()],
}

/// What a planned inspection tells of the draw of its office's day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlannedDraw<'d> {
    /// The day.
    pub day: Date,
    /// The office, by its place in [`Evidence::sites`].
    pub office: u32,
    /// The capacity of the office's day.
    pub capacity: Option<Amount>,
    /// How the declaration was selected.
    pub selected: SelectionKind,
    /// How likely it was to be.
    pub probability: f64,
    /// Its stratum; without a name, that of all.
    pub stratum: &'d str,
    /// How many were drawn of the stratum, and of how many.
    pub drawn_of: Option<(u32, u32)>,
}

impl<'d> PlannedDraw<'d> {
    /// What a row of a plan tells.
    pub fn of_row(row: &'d PlanRow, office: u32) -> Self {
        Self {
            day: row.day,
            office,
            capacity: row.capacity,
            selected: row.selected,
            probability: row.probability,
            stratum: row.stratum.as_deref().unwrap_or_default(),
            drawn_of: row.drawn.zip(row.population),
        }
    }
}

/// The draws of plans, by office and day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chances {
    days: BTreeMap<(Date, u32), OfficeDay>,
}

impl Chances {
    /// Takes a planned inspection of a declaration in, of this goods group and class of trader.
    pub fn take(&mut self, draw: &PlannedDraw<'_>, group: &str, trader_class: &str) {
        let day = self
            .days
            .entry((draw.day, draw.office))
            .or_insert_with(|| OfficeDay { namings: [true; Naming::EACH.len()], ..OfficeDay::default() });
        day.in_points = matches!(draw.capacity, Some(Amount::Points(_)));
        for (holds, naming) in day.namings.iter_mut().zip(Naming::EACH) {
            *holds &= naming.names(draw.stratum, group, trader_class);
        }
        if draw.selected != SelectionKind::Random {
            return;
        }
        day.drew = true;
        if let Some((drawn, population)) = draw.drawn_of {
            let share = f64::from(drawn) / f64::from(population.max(1));
            day.over_all |= (share - draw.probability).abs() > 1e-6;
        }
        day.stratum(draw.stratum, draw.probability);
    }

    /// Whether costs of this office's day are in points.
    pub fn in_points(&self, day: Date, office: u32) -> bool {
        self.days.get(&(day, office)).is_some_and(|day| day.in_points)
    }

    fn drawable(&self, day: Date, office: u32, judged: &Judged) -> bool {
        let Some(day) = self.days.get(&(day, office)) else { return false };
        let naming = Naming::EACH.into_iter().zip(day.namings).find(|(_, holds)| *holds);
        match naming {
            // All that is known is whether anything was drawn.
            None => day.drew,
            Some(_) if day.over_all && day.drew => true,
            Some((naming, _)) => day.strata.iter().any(|(name, probability)| {
                *probability > 0.0 && naming.names(name, &judged.group, &judged.trader_class)
            }),
        }
    }
}

impl OfficeDay {
    fn stratum(&mut self, name: &str, probability: f64) {
        if !self.strata.iter().any(|(known, _)| **known == *name) {
            self.strata.push((name.into(), probability));
        }
    }
}

impl Evidence {
    /// The chance that a declaration had to be inspected.
    ///
    /// A declaration may belong to several sites, of which the plan chose one by its policy; here it counts as drawable if
    /// one of them could draw it.
    pub fn chance(&self, judged: &Judged) -> Chance {
        if let Some(inspection) = &judged.inspection {
            return Chance::Selected(inspection.probability);
        }
        let Some(day) = judged.day else { return Chance::None };
        let drawable = judged.sites.iter().any(|&site| self.chances.drawable(day, site, judged));
        if drawable { Chance::Drawable } else { Chance::None }
    }

    /// The office that could draw a declaration: of several the first by name.
    #[doc(hidden)]
    pub fn office_of(&self, judged: &Judged) -> Option<u32> {
        let day = judged.day?;
        judged.sites.iter().copied().find(|&site| self.chances.drawable(day, site, judged))
    }

    /// Reads tables of what plans left out (`qingfeng plan --left-out`), which tell the chance of strata of which nothing was
    /// drawn. Returns how many rows they have.
    ///
    /// # Errors
    ///
    /// A table that cannot be read, or a row of an office without day, stratum or probability; with its place.
    pub fn read_left_out(&mut self, inputs: &[Input]) -> Result<u64, ReadError> {
        let mut count = 0;
        for input in inputs {
            let columns = LeftOutColumns::COLUMNS;
            let mut rows = RowReader::open(input, &LeftOutColumns::TABLE)?;
            while let Some(row) = rows.read()? {
                count += 1;
                // What belongs to no office has no chance of which a plan could tell.
                let Some(office) = row.text(columns.office)? else { continue };
                let day = row.date(columns.day)?;
                let day =
                    day.ok_or_else(|| row.error("`day` is missing; each row with an office has one"))?;
                let probability = row.number(columns.probability)?.unwrap_or(-1.0);
                if !(0.0..=1.0).contains(&probability) {
                    return Err(row.error("`probability` must be a number from 0 to 1"));
                }
                let stratum = row.required_text(columns.stratum)?;
                let office = self.sites.binary_search_by(|site| (**site).cmp(&office));
                let Ok(office) = office else { continue };
                if let Some(day) = self.chances.days.get_mut(&(day, office as u32)) {
                    day.drew |= probability > 0.0;
                    day.stratum(&stratum, probability);
                }
            }
        }
        Ok(count)
    }
}
