//! Whether a plan is the one that its policy, its inputs and the key of the day give.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng::read::ReadError;
use qingfeng_rules::{Date, SelectionKind};
use serde::Serialize;

use super::candidate::Candidates;
use super::capacity::Capacity;
use super::draw::{DayKey, Key};
use super::plan::PlannedDay;
use super::plan_file::{PlanFile, PlanRow};
use super::plan_inputs::PlanInputs;
use super::planner::Planner;
use super::policy::Policy;
use super::rows::{PlanColumns, PlanMarks, plan_rows};
use crate::outcomes::Timeline;

/// What a proof starts from.
#[derive(Clone, Copy, Debug)]
pub struct ProofOf<'p> {
    /// The pack that assessed, `name@version#digest`.
    pub pack: &'p str,
    /// Its policy.
    pub policy: &'p Policy,
    /// What each site could do.
    pub capacity: &'p Capacity,
    /// The outcomes from which the plan learnt, if it was given any.
    pub outcomes: Option<&'p Timeline>,
    /// All assessments from which the plan was made.
    pub candidates: &'p Candidates,
    /// The plan.
    pub plan: &'p PlanFile,
}

/// A day of a plan, made again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proof {
    /// The day.
    pub day: Date,
    /// The commitment of the key that was given, with the pack and the capacities.
    pub commitment: String,
    /// What belongs to no office, for people.
    pub differences: Vec<String>,
    /// What could not be checked, for people.
    pub unchecked: Vec<String>,
    /// The offices, by name.
    pub offices: Vec<OfficeProof>,
}

/// A day of an office, made again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OfficeProof {
    /// The office.
    pub office: String,
    /// All its declarations of the day.
    pub declarations: u64,
    /// Those that the plan has as mandatory.
    pub mandatory: u64,
    /// Those that the plan has as targeted.
    pub targeted: u64,
    /// Those that the plan has as random.
    pub random: u64,
    /// Those that the key draws; none where the key is not the one committed to.
    pub drawn: Option<u64>,
    /// Where the plan is not the one that follows, for people.
    pub differences: Vec<String>,
}

/// The result of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofVerdict {
    /// Nothing differs, all could be checked, and key, pack, rates and capacities were committed to before the day.
    Proved,
    /// Nothing differs, and something could not be checked.
    Consistent,
    /// Something differs.
    Refused,
}

impl Proof {
    /// The result.
    pub fn verdict(&self) -> ProofVerdict {
        let differs = self.offices.iter().any(|office| !office.differences.is_empty());
        if differs || !self.differences.is_empty() {
            ProofVerdict::Refused
        } else if self.unchecked.is_empty() {
            ProofVerdict::Proved
        } else {
            ProofVerdict::Consistent
        }
    }
}

/// What the key was committed to, and what the rows of the plan must say of it.
struct Commitments {
    /// Whether the key is the one committed to.
    is_key: bool,
    /// What rows must have.
    of_rows: Option<String>,
}

impl ProofOf<'_> {
    /// Makes a day of the plan again, of all offices or of one, and compares every row and cell. Everything is computed from
    /// the pack's policy, the assessments, the capacities, the outcomes and the key. What this day learnt from the plan's
    /// earlier days follows from the key of `all_days`; without it, it is taken from the plan, and
    /// [named](Proof::unchecked). `published` is the commitment that was published before the day: without it nothing is
    /// [proved](ProofVerdict::Proved).
    ///
    /// # Errors
    ///
    /// What Arrow says of rows that do not fit, which none should; days that cannot be planned.
    pub fn prove(
        &self,
        key: &DayKey,
        all_days: Option<&Key>,
        office: Option<&str>,
        published: Option<&str>,
    ) -> Result<Proof, ReadError> {
        let day = key.day();
        let commitment = key.commitment(&self.policy.draw_terms(self.pack, self.capacity, day));
        let mut proof =
            Proof { day, commitment, differences: Vec::new(), unchecked: Vec::new(), offices: Vec::new() };
        let rows: Vec<&PlanRow> = self.plan.rows.iter().filter(|row| row.day == day).collect();
        let commitments = self.commitments(key, &rows, published, &mut proof);
        let (from, inputs) = self.inputs(day, &mut proof)?;

        let planner = Planner::new(self.policy, self.capacity);
        let planner = self.outcomes.iter().fold(planner, |planner, outcomes| planner.with_outcomes(outcomes));
        let drawn_by = Some(key).filter(|_| commitments.is_key);
        let before = self.selected_before(&planner, from, day, all_days, &mut proof)?;
        let (planned, without_office) = planner.plan_again(self.candidates, from, &before, day, drawn_by)?;

        let all = &self.candidates.all;
        let mut office_of: BTreeMap<&str, &str> =
            without_office.iter().map(|&at| (&*all[at].declaration_id, "no office")).collect();
        for of in &planned {
            let members = of.selected.iter().map(|one| one.candidate);
            let members = members.chain(of.left_out.iter().map(|one| one.candidate));
            office_of.extend(members.map(|at| (&*all[at].declaration_id, &*of.office)));
        }
        let is_asked = |name: &str| office.is_none_or(|office| office == name);
        let offices: BTreeSet<&str> = planned.iter().map(|of| &*of.office).collect();
        for row in rows.iter().filter(|row| is_asked(&row.office)) {
            if !offices.contains(row.office.as_str()) {
                proof.differences.push(format!(
                    "declaration {} is in the plan at {}, which has no capacity on {day}",
                    row.declaration_id, row.office
                ));
            }
        }
        if !rows.is_sorted_by_key(|row| row.office.as_str()) {
            proof.differences.push(format!("the offices of {day} do not stand in the order of their names"));
        }
        if rows.is_empty() && self.candidates.of_days(day, day).is_empty() {
            proof.differences.push(format!(
                "there is nothing of {day} to prove: neither the plan nor the assessments have the day"
            ));
        }
        let marks = PlanMarks { pack: self.candidates.packs.join(" "), inputs };
        for of in planned.iter().filter(|of| is_asked(&of.office)) {
            let rows: Vec<&PlanRow> = rows.iter().copied().filter(|row| row.office == of.office).collect();
            if rows.is_empty() && of.selected.is_empty() && of.left_out.is_empty() {
                continue;
            }
            let batch = plan_rows(of, self.policy, all, commitments.of_rows.as_deref(), &marks);
            let batch = batch.map_err(|error| ReadError::content(&"a plan", error.to_string()))?;
            let expected = PlanRow::of_batch(&batch)?;
            let of = OfficeCompared { of: self, planned: of, rows: &rows, expected: &expected };
            proof.offices.push(of.proof(commitments.is_key, &office_of));
        }
        Ok(proof)
    }

    /// Compares the commitments of the plan, and the published one, with that of the key.
    fn commitments(
        &self,
        key: &DayKey,
        rows: &[&PlanRow],
        published: Option<&str>,
        proof: &mut Proof,
    ) -> Commitments {
        let (this, older) = (proof.commitment.clone(), key.older_commitment());
        let same = |a: &str, b: &str| a.trim().eq_ignore_ascii_case(b);
        let is_older = |text: &str| same(text, &older);
        let written: BTreeSet<&str> = rows.iter().filter_map(|row| row.commitment.as_deref()).collect();
        let mut of_rows = Some(this.clone());
        let mut is_key = true;
        let not_it = |what: &str, other: &str| {
            format!(
                "key does not match the commitment: {what} {}, that of the key with this pack and these capacities \
                 is {this}",
                other.trim()
            )
        };
        match published {
            None => proof.unchecked.push(
                "whether key, pack, rates and capacities were fixed before the day: no commitment that was published \
                 before it was given (--commitment)"
                    .to_owned(),
            ),
            Some(published) if same(published, &this) => {}
            Some(published) if is_older(published) => proof.unchecked.push(
                "whether pack, rates and capacities were fixed before the day: the commitment is of the older form, \
                 which binds the key alone"
                    .to_owned(),
            ),
            Some(published) => {
                is_key = false;
                proof.differences.push(not_it("published was", published));
            }
        }
        if written.is_empty() && !self.policy.draws() {
            of_rows = None;
        } else if !written.iter().any(|text| same(text, &this)) {
            match written.first() {
                _ if written.iter().any(|text| is_older(text)) => of_rows = Some(older),
                Some(other) => {
                    is_key = false;
                    proof.differences.push(not_it("the plan has", other));
                }
                None => {}
            }
        }
        Commitments { is_key, of_rows }
    }

    /// Compares what was given with what the plan names; the first planned day, and what its rows must name.
    fn inputs(&self, day: Date, proof: &mut Proof) -> Result<(Date, String), ReadError> {
        let first = self.plan.rows.iter().find(|row| row.day == day).or(self.plan.rows.first());
        let first_day = self.plan.rows.first().map_or(day, |row| row.day.min(day));
        let named = first.and_then(|row| row.inputs.as_deref()).unwrap_or_default();
        let Some(named) = PlanInputs::parse(named) else {
            proof.unchecked.push(
                "whether these are the assessments of the plan: its column `inputs` does not name them"
                    .to_owned(),
            );
            if self.outcomes.is_some() {
                proof.unchecked.push(format!(
                    "with which day the plan began: its column `inputs` does not name it; {first_day} was taken"
                ));
            }
            return Ok((first_day, PlanInputs::older(self.capacity, self.outcomes)));
        };
        let days = [named.from, named.until];
        let given = PlanInputs::new(days, self.candidates, self.capacity, self.outcomes)?;
        if day < named.from || named.until < day {
            let [from, until] = days;
            proof.differences.push(format!("the plan is of the days from {from} to {until}, not of {day}"));
        }
        let none = "none";
        let of = |digest: &Option<String>| digest.clone().unwrap_or_else(|| none.to_owned());
        let outcomes = match (&named.outcomes, &given.outcomes) {
            (Some(_), None) => "the plan learnt from outcomes; give them (--outcomes or --store)",
            (None, Some(_)) => "the plan was made without outcomes; give none",
            _ => "give those from which the plan learnt, as of the same day",
        };
        for (what, named, given, remedy) in [
            (
                "assessments",
                named.assessments.clone(),
                given.assessments.clone(),
                "give all files from which the plan was made, unchanged",
            ),
            (
                "capacities",
                named.capacity.clone(),
                given.capacity.clone(),
                "give the table with which the plan was made (--capacity)",
            ),
            ("outcomes", of(&named.outcomes), of(&given.outcomes), outcomes),
        ] {
            if named != given {
                proof.differences.push(format!(
                    "the {what} are not those that the plan names: it has {named}, those given have {given}; {remedy}"
                ));
            }
        }
        Ok((named.from, given.to_string()))
    }

    /// What the plan selected on its days before this one, by position, with its office, where it learnt from outcomes.
    fn selected_before(
        &self,
        planner: &Planner<'_>,
        from: Date,
        day: Date,
        all_days: Option<&Key>,
        proof: &mut Proof,
    ) -> Result<Vec<(usize, String)>, ReadError> {
        let Some(outcomes) = self.outcomes else { return Ok(Vec::new()) };
        let Some(last) = day.plus_days(-1).filter(|last| from <= *last) else { return Ok(Vec::new()) };
        if let Some(key) = all_days {
            let plan = planner.plan(self.candidates, from, last, &|day| Some(key.of_day(day)));
            let plan = plan.map_err(|error| ReadError::content(&"a plan", error.to_string()))?;
            let of = |of: PlannedDay| {
                of.selected.into_iter().map(move |one| (one.candidate, of.office.clone())).collect::<Vec<_>>()
            };
            return Ok(plan.days.into_iter().flat_map(of).collect());
        }
        let all = &self.candidates.all;
        let earlier = self.plan.rows.iter().filter(|row| from <= row.day && row.day < day);
        let selected = earlier.filter_map(|row| {
            let key = (Some(row.day), row.declaration_id.as_str());
            let at = all.binary_search_by(|one| (one.day, &*one.declaration_id).cmp(&key)).ok()?;
            Some((at, row.office.clone()))
        });
        let selected: Vec<(usize, String)> = selected.collect();
        let is_known = |known: &crate::outcomes::KnownResult| known.known_on < day;
        let learnt = |row: &PlanRow| outcomes.of(&row.declaration_id, row.day).iter().any(is_known);
        if self.plan.rows.iter().any(|row| from <= row.day && row.day < day && learnt(row)) {
            proof.unchecked.push(format!(
                "what the plan selected from {from} to {last}, from which {day} learnt: prove these days too, or give the \
                 key of all days (--key-file)"
            ));
        }
        Ok(selected)
    }
}

/// An office's day as the plan has it, and as it must be.
struct OfficeCompared<'o> {
    of: &'o ProofOf<'o>,
    planned: &'o PlannedDay,
    rows: &'o [&'o PlanRow],
    expected: &'o [PlanRow],
}

impl OfficeCompared<'_> {
    fn proof(&self, is_key: bool, office_of: &BTreeMap<&str, &str>) -> OfficeProof {
        let count = |kind| self.rows.iter().filter(|row| row.selected == kind).count() as u64;
        let mut differences = Vec::new();
        // Without the key nothing can be said of whom it draws.
        let is_known = |row: &PlanRow| is_key || row.selected != SelectionKind::Random;
        let expected: BTreeMap<&str, &PlanRow> =
            self.expected.iter().map(|row| (row.declaration_id.as_str(), row)).collect();
        let planned: BTreeMap<&str, &PlanRow> =
            self.rows.iter().map(|row| (row.declaration_id.as_str(), *row)).collect();
        for row in self.rows.iter().filter(|row| !expected.contains_key(row.declaration_id.as_str())) {
            let office = office_of.get(row.declaration_id.as_str());
            if let Some(difference) = self.extra(row, office.copied(), is_known(row)) {
                differences.push(difference);
            }
        }
        for row in self.expected.iter().filter(|row| !planned.contains_key(row.declaration_id.as_str())) {
            let (id, why) = (&row.declaration_id, row.why.join("; "));
            differences.push(match row.selected {
                SelectionKind::Mandatory => {
                    format!("declaration {id} must be inspected ({why}) and is missing in the plan")
                }
                SelectionKind::Targeted => {
                    format!("declaration {id} is targeted ({why}) and is missing in the plan")
                }
                SelectionKind::Random => format!("declaration {id} was drawn and is missing in the plan"),
            });
        }
        // Where a row is missing or too many, all after it have another place.
        let same_rows = is_key && differences.is_empty();
        for row in self.rows {
            if let Some(expected) = expected.get(row.declaration_id.as_str()) {
                self.compare(row, expected, is_key, same_rows, &mut differences);
            }
        }
        if is_key {
            self.rates(&mut differences);
        }
        OfficeProof {
            office: self.planned.office.clone(),
            declarations: (self.planned.selected.len() + self.planned.left_out.len()) as u64,
            mandatory: count(SelectionKind::Mandatory),
            targeted: count(SelectionKind::Targeted),
            random: count(SelectionKind::Random),
            drawn: is_key.then(|| self.planned.strata.iter().map(|draw| draw.drawn).sum()),
            differences,
        }
    }

    /// What is wrong with a row that should not be there, if that is known.
    fn extra(&self, row: &PlanRow, office: Option<&str>, is_known: bool) -> Option<String> {
        let id = &row.declaration_id;
        if office != Some(&*self.planned.office) {
            let day = self.planned.day;
            let office = office.map_or_else(|| format!("no declaration of {day}"), str::to_owned);
            return Some(format!(
                "declaration {id} is in the plan, and by its assessment it belongs to {office}"
            ));
        }
        if !is_known {
            return None;
        }
        let all = &self.of.candidates.all;
        let left_out = self.planned.left_out.iter().find(|of| *all[of.candidate].declaration_id == **id)?;
        let candidate = &all[left_out.candidate];
        let policy = self.of.policy;
        Some(match row.selected {
            SelectionKind::Random => format!("declaration {id} is in the plan as random and was not drawn"),
            SelectionKind::Mandatory if policy.mandatory(candidate).is_none() => {
                format!("declaration {id} is in the plan as mandatory, and no rule of it asks for that")
            }
            SelectionKind::Targeted if !policy.is_targeted(candidate) => format!(
                "declaration {id} is in the plan as targeted, and its channel is milder than `targeted_from`"
            ),
            kind => format!(
                "declaration {id} is in the plan as {}, and the policy leaves it out: {}",
                kind.name(),
                left_out.why
            ),
        })
    }

    /// Compares the cells of a row.
    fn compare(
        &self,
        row: &PlanRow,
        expected: &PlanRow,
        is_key: bool,
        same_rows: bool,
        differences: &mut Vec<String>,
    ) {
        let id = &row.declaration_id;
        let no_rule = row.selected == SelectionKind::Mandatory && expected.selected != row.selected;
        if no_rule {
            differences.push(format!(
                "declaration {id} is in the plan as mandatory, and no rule of it asks for that"
            ));
        }
        let columns = PlanColumns::TABLE.columns.iter();
        for ((column, written), is) in columns.zip(row.cells()).zip(expected.cells()) {
            let skips = match column.name {
                "order" => !same_rows,
                "commitment" | "drawn" => !is_key,
                "selected" => no_rule,
                _ => false,
            };
            if !skips && written != is {
                let shown = |cell: &str| if cell.is_empty() { "nothing".to_owned() } else { cell.to_owned() };
                differences.push(format!(
                    "declaration {id} has `{}` {} in the plan, and it is {}",
                    column.name,
                    shown(&written),
                    shown(&is)
                ));
            }
        }
    }

    /// Compares how many were drawn of each stratum.
    fn rates(&self, differences: &mut Vec<String>) {
        let all = &self.of.candidates.all;
        let random = self.rows.iter().filter(|row| row.selected == SelectionKind::Random);
        let random: BTreeSet<&str> = random.map(|row| row.declaration_id.as_str()).collect();
        let mut in_plan = vec![0; self.planned.strata.len()];
        let selected = self.planned.selected.iter().map(|of| (of.candidate, of.stratum));
        let left_out = self.planned.left_out.iter().map(|of| (of.candidate, of.stratum));
        for (candidate, stratum) in selected.chain(left_out) {
            in_plan[stratum] += u64::from(random.contains(&*all[candidate].declaration_id));
        }
        for (draw, in_plan) in self.planned.strata.iter().zip(in_plan) {
            if in_plan != draw.drawn {
                differences.push(format!(
                    "rate {} of stratum {} asks for {}, the plan drew {in_plan}",
                    f64::from(draw.rate.0) / 1e6,
                    draw.name,
                    draw.drawn
                ));
            }
        }
    }
}
