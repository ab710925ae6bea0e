//! Outcomes against the plan: which rows fit the inspections that were planned, which do not, and what is still to come.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng_rules::Date;
use serde::Serialize;

use super::{MAX_OUTCOMES, Outcomes};
use crate::PlanRow;
use crate::overrides::ChangedPlan;
use qingfeng::read::{Input, ReadError, ReadOptions, Reject};
use qingfeng::tables;
use qingfeng_store::{Outcome, OutcomeColumns, Verdict, outcome_table, verdict_of};

/// The misfits of each kind that are told with their places; further ones are counted.
const MAX_TOLD: usize = 1000;
const MAX_CASES: usize = 1_000_000;

/// How a row of outcomes does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Misfit {
    /// No plan selected the declaration.
    NotPlanned,
    /// It was found before the planned day.
    BeforePlanned,
    /// The row says that it was selected in another way.
    OtherSelection,
    /// The row says that another site inspected it.
    OtherOffice,
    /// It has no day, so nobody can say what was known when.
    WithoutDay,
    /// It is waived without a coded reason; it counts as open.
    UncodedWaiver,
    /// The line has another result of the same day, in the files themselves.
    Conflict,
    /// Declarations of different traders have the same case number.
    SharedCase,
}

impl Misfit {
    /// All of them, with what people read.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::NotPlanned, "not in the plan"),
        (Self::BeforePlanned, "found before the planned day"),
        (Self::OtherSelection, "selected in another way"),
        (Self::OtherOffice, "inspected by another site"),
        (Self::WithoutDay, "without a day"),
        (Self::UncodedWaiver, "waived without a coded reason"),
        (Self::Conflict, "two results of one line and day"),
        (Self::SharedCase, "one case number, several traders"),
    ];

    /// What people read.
    pub fn title(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, title)| title)
    }
}

/// A row that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Told {
    /// Where it stands: `outcomes.csv, line 4`.
    pub place: String,
    /// The declaration.
    pub declaration_id: String,
    /// What does not fit, and what would be right.
    pub reason: String,
}

/// Rows that do not fit in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Misfits {
    /// How they do not fit.
    pub kind: Misfit,
    /// How many there are.
    pub count: u64,
    /// The first 1,000 of them.
    pub first: Vec<Told>,
}

/// Planned inspections of a site, by what came of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Returns {
    /// Planned, for days up to the day as of which it is told.
    pub planned: u64,
    /// With a coded result: clear or a violation.
    pub coded: u64,
    /// Waived with a coded reason, or dropped from the plan by somebody.
    pub waived: u64,
    /// With rows that say no coded result.
    pub open: u64,
    /// Without any row.
    pub nothing: u64,
    /// The first planned day of those that are open or without a row.
    pub open_since: Option<Date>,
}

/// Outcomes against the plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PlanCheck {
    /// Rows that could be read.
    pub rows: u64,
    /// Of these, those that fit in every way.
    pub fits: u64,
    /// How the others do not fit; each row may be there in several ways.
    pub misfits: Vec<Misfits>,
    /// Rows that could not be read.
    pub rejected: u64,
    /// The first of them.
    pub rejects: Vec<Reject>,
    /// Results that a later row of the same line replaced and that said something else.
    pub corrected: u64,
    /// Planned inspections of all sites, by what came of them.
    pub all: Returns,
    /// The same by site.
    pub offices: BTreeMap<String, Returns>,
}

impl PlanCheck {
    /// Whether every row could be read and fits.
    pub fn is_clean(&self) -> bool {
        self.rejected == 0 && self.fits == self.rows
    }
}

/// The different traders of a case, and the declaration of the first.
type CaseOf = (Vec<Box<str>>, Box<str>);

#[derive(Default)]
struct Collector {
    by_kind: BTreeMap<Misfit, (u64, Vec<Told>)>,
    misfitting: u64,
}

impl Collector {
    fn tell(&mut self, kind: Misfit, place: &str, id: &str, reason: String) {
        let (count, first) = self.by_kind.entry(kind).or_default();
        *count += 1;
        if first.len() < MAX_TOLD {
            first.push(Told {
                place: place.to_owned(),
                declaration_id: qingfeng::internals::shown(id),
                reason,
            });
        }
    }
}

/// The planned inspection that a result belongs to: the last one planned for its day or before, else the first.
fn planned_for<'p>(rows: &[&'p PlanRow], found_on: Option<Date>) -> Option<&'p PlanRow> {
    let before = rows.iter().rev().find(|row| found_on.is_none_or(|found| row.day <= found));
    before.or(rows.first()).copied()
}

impl PlanCheck {
    /// Reads outcomes and checks each row against the plans; with `as_of` only what was known at the end of that day, and
    /// only inspections planned for that day or before.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or has no column `declaration_id` or `result`.
    ///
    /// ```
    /// use qingfeng_inspection::outcomes::check::{Misfit, PlanCheck};
    /// use qingfeng_inspection::PlanFile;
    ///
    /// let directory = tempfile::tempdir()?;
    /// let (plan, outcomes) = (directory.path().join("plan.csv"), directory.path().join("outcomes.csv"));
    /// std::fs::write(&plan, "day,office,order,declaration_id,selected,probability,score,channel,cost,pack\n\
    ///     2016-09-06,yiwu,1,D1,targeted,1,80,red,15,clean-wind@1#ab\n")?;
    /// std::fs::write(&outcomes, "declaration_id,item_no,found_on,result\n\
    ///     D1,1,2016-09-07,fake\nD9,1,2016-09-07,clear\n")?;
    /// let check = PlanCheck::read(&[outcomes.into()], &[PlanFile::read(&plan)?.into()], &Default::default(), None)?;
    /// assert_eq!((check.rows, check.fits, check.all.coded), (2, 1, 1));
    /// assert_eq!(check.misfits[0].kind, Misfit::NotPlanned);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(
        inputs: &[Input],
        plans: &[ChangedPlan],
        options: &ReadOptions,
        as_of: Option<Date>,
    ) -> Result<Self, ReadError> {
        let mut planned: BTreeMap<&str, Vec<&PlanRow>> = BTreeMap::new();
        for row in plans.iter().flat_map(|changed| &changed.plan.rows) {
            planned.entry(&row.declaration_id).or_default().push(row);
        }
        let added: BTreeSet<&str> =
            plans.iter().flat_map(|changed| &changed.added).map(|(_, id, _)| id.as_str()).collect();
        planned.values_mut().for_each(|rows| rows.sort_by_key(|row| row.day));
        let mut told = Collector::default();
        // The different results of each line and day.
        let mut results: BTreeMap<(Box<str>, Option<i64>, Date), Vec<Verdict>> = BTreeMap::new();
        let mut cases: BTreeMap<Box<str>, CaseOf> = BTreeMap::new();
        let mut outcomes = Outcomes::default();
        let mut rows = 0;
        let first = inputs.first().map(ToString::to_string).unwrap_or_default();
        let rejects = tables::stream(inputs, &OutcomeColumns::TABLE, options, &mut |row| {
            let outcome = match outcome_table::outcome(row) {
                Ok(outcome) => outcome,
                Err(mistake) => return Ok(Err(mistake)),
            };
            if as_of.is_some_and(|day| outcome.known().is_some_and(|known| known > day)) {
                return Ok(Ok(()));
            }
            rows += 1;
            if rows > MAX_OUTCOMES {
                let reason = format!("more than {MAX_OUTCOMES} results; give a shorter time");
                return Err(ReadError::content(&first, reason));
            }
            let place = row.place();
            let id = &*outcome.declaration_id;
            let mut misfits: Vec<(Misfit, String)> = Vec::new();
            let of_plan = planned.get(id).and_then(|rows| planned_for(rows, outcome.found_on));
            let is_planned = of_plan.is_some() || added.contains(id);
            match of_plan {
                None if is_planned => {}
                None => misfits.push((
                    Misfit::NotPlanned,
                    "no plan selected it; correct the number, or give the plan that did with --plan"
                        .to_owned(),
                )),
                Some(plan) => against(&outcome, row.text(outcome_table::COLUMNS.office), plan, &mut misfits),
            }
            of_itself(&outcome, row.text(outcome_table::COLUMNS.result), &mut misfits);
            if is_planned && let Some(day) = outcome.known() {
                let line = (outcome.declaration_id.clone(), outcome.item_no, day);
                let known = results.entry(line).or_default();
                let before = known.first().copied();
                let is_new = !known.contains(&outcome.verdict);
                if is_new {
                    known.push(outcome.verdict);
                }
                if let Some(before) = before.filter(|_| is_new) {
                    let reason = format!(
                        "the line has the result {} of the same day, this row says {}; keep one, or give the \
                             later one its own `known_on`",
                        before.name(),
                        outcome.verdict.name()
                    );
                    misfits.push((Misfit::Conflict, reason));
                }
            }
            if let (Some(number), Some(trader)) =
                (&outcome.case_number, of_plan.and_then(|plan| plan.trader.as_deref()))
                && (cases.len() < MAX_CASES || cases.contains_key(number))
            {
                let (traders, of_first) =
                    cases.entry(number.clone()).or_insert_with(|| (Vec::new(), id.into()));
                let is_new = !traders.iter().any(|known| **known == *trader);
                if is_new {
                    traders.push(trader.into());
                }
                if is_new && traders.len() > 1 {
                    let reason = format!(
                        "case {} is also that of {} of another trader ({}, here {}); correct the number unless the \
                             case has both",
                        qingfeng::internals::shown(number),
                        qingfeng::internals::shown(of_first),
                        qingfeng::internals::shown(&traders[0]),
                        qingfeng::internals::shown(trader)
                    );
                    misfits.push((Misfit::SharedCase, reason));
                }
            }
            told.misfitting += u64::from(!misfits.is_empty());
            misfits.into_iter().for_each(|(kind, reason)| told.tell(kind, &place, id, reason));
            if is_planned {
                outcomes.add_as_of(outcome, as_of);
            }
            Ok(Ok(()))
        })?;
        outcomes.order();
        let (all, offices) = returns(plans, &outcomes, as_of);
        Ok(Self {
            rows,
            fits: rows - told.misfitting,
            misfits: told
                .by_kind
                .into_iter()
                .map(|(kind, (count, first))| Misfits { kind, count, first })
                .collect(),
            rejected: rejects.rejected,
            rejects: rejects.rejects,
            corrected: outcomes.corrected(),
            all,
            offices,
        })
    }
}

/// What of a row does not fit its planned inspection.
fn against(outcome: &Outcome, office: Option<&str>, plan: &PlanRow, misfits: &mut Vec<(Misfit, String)>) {
    if let Some(found) = outcome.found_on.filter(|found| *found < plan.day) {
        let reason = format!("it was found on {found}, and planned for {}; correct the day", plan.day);
        misfits.push((Misfit::BeforePlanned, reason));
    }
    if let Some(selected) = outcome.selected.filter(|selected| *selected != plan.selected) {
        let reason = format!(
            "`selected` is {}, the plan says {}; the plan counts, so correct the row",
            selected.name(),
            plan.selected.name()
        );
        misfits.push((Misfit::OtherSelection, reason));
    }
    if let Some(office) = office.filter(|office| *office != plan.office) {
        let reason = format!(
            "`office` is {}, the plan says {}; the plan counts, so correct the row",
            qingfeng::internals::shown(office),
            qingfeng::internals::shown(&plan.office)
        );
        misfits.push((Misfit::OtherOffice, reason));
    }
}

/// What of a row does not fit in itself.
fn of_itself(outcome: &Outcome, result: Option<&str>, misfits: &mut Vec<(Misfit, String)>) {
    if outcome.known().is_none() {
        let reason = "it has no day; fill in `found_on`, so that it can be told what was known when";
        misfits.push((Misfit::WithoutDay, reason.to_owned()));
    }
    let says_waived = result.and_then(Verdict::from_name) == Some(Verdict::Waived);
    if says_waived && outcome.verdict == Verdict::Open {
        let reason = match &outcome.waiver {
            None => {
                "it is waived without a reason; fill in `waiver`, until then it counts as open".to_owned()
            }
            Some(waiver) => format!(
                "`waiver` is `{}`, which is no code; write one word, until then it counts as open",
                qingfeng::internals::shown(waiver)
            ),
        };
        misfits.push((Misfit::UncodedWaiver, reason));
    }
}

/// What came of the planned inspections.
fn returns(
    plans: &[ChangedPlan],
    outcomes: &Outcomes,
    as_of: Option<Date>,
) -> (Returns, BTreeMap<String, Returns>) {
    let (mut all, mut offices) = (Returns::default(), BTreeMap::new());
    let mut seen: BTreeSet<(Date, &str)> = BTreeSet::new();
    for (day, id, office, dropped) in plans.iter().flat_map(ChangedPlan::inspections) {
        // Two plans may overlap; an inspection is one.
        if as_of.is_some_and(|as_of| day > as_of) || !seen.insert((day, id)) {
            continue;
        }
        let lines = outcomes.of(id);
        let of_office: &mut Returns = offices.entry(office.to_owned()).or_default();
        let verdict = match verdict_of(lines) {
            // Somebody took it off the list, with a name and a reason.
            Verdict::Open if dropped => Verdict::Waived,
            verdict => verdict,
        };
        for returns in [&mut all, of_office] {
            returns.planned += 1;
            match verdict {
                Verdict::Clear | Verdict::Violation(_) => returns.coded += 1,
                Verdict::Waived => returns.waived += 1,
                Verdict::Open if lines.is_empty() => returns.nothing += 1,
                Verdict::Open => returns.open += 1,
            }
            if verdict == Verdict::Open {
                returns.open_since = Some(returns.open_since.map_or(day, |since| since.min(day)));
            }
        }
    }
    (all, offices)
}
