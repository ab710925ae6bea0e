//! Assessments, plans and outcomes become one.

use std::collections::HashSet;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::{Evidence, Inspection, PlannedDraw};
use crate::outcomes::Outcomes;
use crate::{Counted, Interner, PlanFile, PlanRow};
use qingfeng::read::{Input, ReadError, ReadOptions};
use qingfeng_rules::Pack;

/// The goods group of a declaration, and the class of its trader.
type GroupAndClass = (Arc<str>, Arc<str>);

/// Which declarations the plans selected, and which others have outcomes.
#[derive(Clone, Debug, Default)]
pub struct Unplanned {
    selected: HashSet<Box<str>, FixedState>,
    /// Of millions of others only the number is told, and the first ids: 64 bits of each are enough to tell them apart.
    others: HashSet<u64, FixedState>,
    counted: Counted<Box<str>>,
}

impl Unplanned {
    /// Of these plans.
    pub fn of(plans: &[PlanFile]) -> Self {
        let rows = plans.iter().flat_map(|plan| &plan.rows);
        let selected = rows.map(|row| row.declaration_id.as_str().into()).collect();
        Self { selected, ..Self::default() }
    }

    /// Whether a plan selected this declaration; one that none did is noted.
    pub fn keeps(&mut self, id: &str) -> bool {
        let known = self.selected.contains(id);
        if !known && self.others.insert(FixedState::default().hash_one(id)) {
            self.counted.add(id);
        }
        known
    }

    /// How many declarations with outcomes no plan selected.
    pub fn count(&self) -> u64 {
        self.counted.total
    }
}

impl Evidence {
    /// Reads assessments by declaration and the outcomes of what the plans selected, and puts them together. The pack says
    /// which channel is the gravest of a declaration that was assessed several times.
    ///
    /// # Errors
    ///
    /// An input that cannot be read, lacks a column, or has a row that none should have; each with its place.
    ///
    /// ```
    /// use qingfeng_inspection::evidence::Evidence;
    /// use qingfeng::read::Input;
    /// use qingfeng_inspection::PlanFile;
    ///
    /// let directory = tempfile::tempdir()?;
    /// let file = |name: &str, text: &str| -> std::io::Result<_> {
    ///     let path = directory.path().join(name);
    ///     std::fs::write(&path, text)?;
    ///     Ok(path)
    /// };
    /// let assessments = file("assessments.csv", "declaration_id,score,channel,rules,pack,declared_on\n\
    ///     D1,80,red,replica,clean-wind@1#ab,2016-09-06\n\
    ///     D2,0,green,,clean-wind@1#ab,2016-09-06\n")?;
    /// let plan = file("plan.csv", "day,office,order,declaration_id,selected,probability,score,channel,cost,pack\n\
    ///     2016-09-06,yiwu,1,D1,targeted,1,80,red,15,clean-wind@1#ab\n")?;
    /// let outcomes = file("outcomes.csv", "declaration_id,item_no,found_on,result\nD1,1,2016-09-07,fake\n")?;
    /// let plans = [PlanFile::read(&plan)?];
    /// let evidence = Evidence::read(&[Input::Path(assessments)], &plans, &[Input::Path(outcomes)], None)?;
    /// let mut found = Vec::new();
    /// evidence.each(|judged| found.push(judged.found()))?;
    /// assert_eq!(found, [Some(true), None]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(
        assessments: &[Input],
        plans: &[PlanFile],
        outcomes: &[Input],
        pack: Option<&Pack>,
    ) -> Result<Self, ReadError> {
        let mut others = Unplanned::of(plans);
        let outcomes = Outcomes::read(outcomes, &ReadOptions::default(), None, &mut |id| others.keeps(id))?;
        Self::with_outcomes(assessments, plans, outcomes, others, pack)
    }

    /// The same with outcomes that were read otherwise: as of a day, or out of a store. `unplanned` has told which of them
    /// a plan selected.
    ///
    /// # Errors
    ///
    /// Assessments that cannot be read, lack a column, or have a row that none should have; each with its place.
    pub fn with_outcomes(
        assessments: &[Input],
        plans: &[PlanFile],
        outcomes: Outcomes,
        unplanned: Unplanned,
        pack: Option<&Pack>,
    ) -> Result<Self, ReadError> {
        let offices = plans.iter().flat_map(|plan| &plan.rows).map(|row| row.office.as_str());
        let mut evidence = Self::assessed(assessments, pack, offices, &|_| None)?;
        evidence.unplanned = unplanned.counted;
        let (first, total) = outcomes.rejects();
        evidence.outcome_rejects = Counted { total, first: first.to_vec() };
        evidence.corrected = outcomes.corrected();
        evidence.inspect(plans, outcomes)?;
        Ok(evidence)
    }

    /// Attaches plans and outcomes to their declarations.
    ///
    /// # Errors
    ///
    /// Declarations that can no longer be read.
    pub fn inspect(&mut self, plans: &[PlanFile], mut outcomes: Outcomes) -> Result<(), ReadError> {
        let rows: Vec<&PlanRow> = plans.iter().flat_map(|plan| &plan.rows).collect();
        let mut texts = Interner::default();
        let strata = self.strata_of(&rows, &mut texts)?;
        for (row, stratum) in rows.into_iter().zip(strata) {
            let Some((group, trader_class)) = stratum else {
                self.planned_elsewhere.add(&row.declaration_id);
                continue;
            };
            let Ok(office) = self.sites.binary_search_by(|site| (**site).cmp(&row.office)) else { continue };
            self.chances.take(&PlannedDraw::of_row(row, office as u32), &group, &trader_class);
            let inspection = Inspection {
                day: row.day,
                office: office as u32,
                selected: row.selected,
                probability: row.probability,
                cost: row.cost,
                stratum: row.stratum.as_deref().map(|stratum| texts.text(stratum)),
                outcomes: outcomes.take(&row.declaration_id).unwrap_or_default(),
            };
            self.declarations.inspect(Some(row.day), &row.declaration_id, inspection);
        }
        Ok(())
    }

    /// The goods group and the class of the trader of each planned declaration that was assessed.
    fn strata_of(
        &mut self,
        rows: &[&PlanRow],
        texts: &mut Interner,
    ) -> Result<Vec<Option<GroupAndClass>>, ReadError> {
        let key = |at: usize| (Some(rows[at].day), rows[at].declaration_id.as_str());
        let mut wanted: Vec<usize> = (0..rows.len()).collect();
        wanted.sort_unstable_by_key(|&at| key(at));
        let mut wanted = wanted.into_iter().peekable();
        let mut strata = vec![None; rows.len()];
        let guessed = self.declarations.first_time(|batch| {
            for judged in batch {
                let of = (judged.day, &*judged.declaration_id);
                while wanted.next_if(|&at| key(at) < of).is_some() {}
                while let Some(at) = wanted.next_if(|&at| key(at) == of) {
                    strata[at] = Some((texts.text(&judged.group), texts.text(&judged.trader_class)));
                }
            }
            Ok(())
        })?;
        self.guessed_channels += guessed;
        Ok(strata)
    }
}

#[cfg(test)]
mod tests;
