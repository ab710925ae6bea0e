//! Whether the surprise inspections of a plan are those that the key of the day draws.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng_rules::Date;
use qingfeng_rules::selection::Amount;
use serde::Serialize;

use super::candidate::{AssessedDeclaration, Candidates};
use super::capacity::Capacity;
use super::draw::DayKey;
use super::lottery::{self, StratumOf};
use super::plan::StratumDraw;
use super::plan_file::{PlanFile, PlanRow};
use super::policy::{Policy, units};
use qingfeng_rules::SelectionKind;

/// What a proof starts from.
#[derive(Clone, Copy, Debug)]
pub struct ProofOf<'p> {
    /// The policy of the pack that assessed.
    pub policy: &'p Policy,
    /// What each site could do.
    pub capacity: &'p Capacity,
    /// The assessments.
    pub candidates: &'p Candidates,
    /// The plan.
    pub plan: &'p PlanFile,
}

/// The draw of a day, repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proof {
    /// The day.
    pub day: Date,
    /// The commitment of the key that was given.
    pub commitment: String,
    /// What belongs to no office, for people.
    pub differences: Vec<String>,
    /// The offices, by name.
    pub offices: Vec<OfficeProof>,
}

/// The draw of an office's day, repeated.
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
    /// Where the plan is not what the draw gives, for people.
    pub differences: Vec<String>,
}

impl Proof {
    /// Whether nothing differs.
    pub fn is_proved(&self) -> bool {
        self.differences.is_empty() && self.offices.iter().all(|office| office.differences.is_empty())
    }
}

/// A relative difference that rounding in other programs can make.
const ROUNDING: f64 = 1e-9;

impl ProofOf<'_> {
    /// Repeats the draw of a day, of all offices or of one. What the plan has as mandatory and as targeted is taken from
    /// the plan, and only looked at for what no plan can have; everything else is computed anew from the assessments, the
    /// rates of the pack, the capacities and the key. `published` is the commitment that was published before the day.
    pub fn prove(&self, key: &DayKey, office: Option<&str>, published: Option<&str>) -> Proof {
        let day = key.day();
        let commitment = key.commitment();
        let mut proof =
            Proof { day, commitment: commitment.clone(), differences: Vec::new(), offices: Vec::new() };
        let mut is_key = true;
        if let Some(published) = published
            && !published.trim().eq_ignore_ascii_case(&commitment)
        {
            is_key = false;
            proof.differences.push(format!(
                "key does not match the commitment: published was {}, that of the key is {commitment}",
                published.trim()
            ));
        }
        let rows: Vec<&PlanRow> = self.plan.rows.iter().filter(|row| row.day == day).collect();
        let written: BTreeSet<&str> = rows.iter().filter_map(|row| row.commitment.as_deref()).collect();
        for other in written.into_iter().filter(|other| !other.eq_ignore_ascii_case(&commitment)) {
            is_key = false;
            proof.differences.push(format!(
                "key does not match the commitment: the plan has {other}, that of the key is {commitment}"
            ));
        }
        let all = &self.candidates.all;
        let of_day = self.candidates.of_days(day, day);
        let is_empty = of_day.is_empty();
        let declarations = of_day.map(|at| (at, &all[at]));
        let (offices, _) = self.policy.by_office(declarations, day, self.capacity);
        let mut office_of: BTreeMap<&str, &str> = BTreeMap::new();
        for (&name, (_, positions)) in &offices {
            office_of.extend(positions.iter().map(|&at| (&*all[at].declaration_id, name)));
        }
        let is_asked = |name: &str| office.is_none_or(|office| office == name);
        for row in rows.iter().filter(|row| is_asked(&row.office)) {
            if !offices.contains_key(row.office.as_str()) {
                proof.differences.push(format!(
                    "declaration {} is in the plan at {}, which has no capacity on {day}",
                    row.declaration_id, row.office
                ));
            }
        }
        if rows.is_empty() && is_empty {
            proof.differences.push(format!(
                "there is nothing of {day} to prove: neither the plan nor the assessments have the day"
            ));
        }
        for (name, (amount, positions)) in offices.into_iter().filter(|(name, _)| is_asked(name)) {
            let rows: Vec<&PlanRow> = rows.iter().copied().filter(|row| row.office == name).collect();
            if positions.is_empty() && rows.is_empty() {
                continue;
            }
            let members: Vec<&AssessedDeclaration> = positions.iter().map(|&at| &all[at]).collect();
            let of_office = OfficeDraw { policy: self.policy, name, amount, members: &members, rows: &rows };
            proof.offices.push(of_office.proof(is_key.then_some(key), &office_of));
        }
        proof
    }
}

/// An office's day.
struct OfficeDraw<'o> {
    policy: &'o Policy,
    name: &'o str,
    amount: Amount,
    members: &'o [&'o AssessedDeclaration],
    rows: &'o [&'o PlanRow],
}

impl OfficeDraw<'_> {
    fn proof(&self, key: Option<&DayKey>, office_of: &BTreeMap<&str, &str>) -> OfficeProof {
        let count = |kind| self.rows.iter().filter(|row| row.selected == kind).count() as u64;
        let mut differences = Vec::new();
        let mut planned: BTreeMap<&str, SelectionKind> = BTreeMap::new();
        let by_id: BTreeMap<&str, &AssessedDeclaration> =
            self.members.iter().map(|member| (&*member.declaration_id, *member)).collect();
        for row in self.rows {
            let id = row.declaration_id.as_str();
            planned.insert(id, row.selected);
            let Some(candidate) = by_id.get(id) else {
                let at = office_of.get(id).map_or("no office".to_owned(), |office| (*office).to_owned());
                differences.push(format!(
                    "declaration {id} is in the plan, and by its assessment it belongs to {at}"
                ));
                continue;
            };
            self.look_at(row, candidate, &mut differences);
        }

        let (draws, drawn) = self.drawn(&planned, key);
        for row in self.rows {
            let stratum = by_id.get(row.declaration_id.as_str()).and_then(|candidate| {
                let name = self.policy.stratum(candidate);
                draws.iter().find(|draw| draw.name == name)
            });
            if let Some(stratum) = stratum {
                look_at_numbers(row, stratum, key.is_some(), &mut differences);
            }
        }
        if key.is_some() {
            let random: BTreeSet<&str> = self
                .rows
                .iter()
                .filter(|row| row.selected == SelectionKind::Random)
                .map(|row| row.declaration_id.as_str())
                .collect();
            for id in random.iter().filter(|id| by_id.contains_key(**id) && !drawn.contains(*id)) {
                differences.push(format!("declaration {id} is in the plan as random and was not drawn"));
            }
            for id in drawn.difference(&random) {
                differences.push(format!("declaration {id} was drawn and is missing in the plan"));
            }
            for draw in &draws {
                let in_plan = random
                    .iter()
                    .filter(|id| by_id.get(**id).is_some_and(|of| self.policy.stratum(of) == draw.name))
                    .count() as u64;
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
        OfficeProof {
            office: self.name.to_owned(),
            declarations: self.members.len() as u64,
            mandatory: count(SelectionKind::Mandatory),
            targeted: count(SelectionKind::Targeted),
            random: count(SelectionKind::Random),
            drawn: key.map(|_| drawn.len() as u64),
            differences,
        }
    }

    /// Looks for what no plan can say of a declaration.
    fn look_at(&self, row: &PlanRow, candidate: &AssessedDeclaration, differences: &mut Vec<String>) {
        let id = &row.declaration_id;
        match row.selected {
            SelectionKind::Mandatory if self.policy.mandatory(candidate).is_none() => differences.push(
                format!("declaration {id} is in the plan as mandatory, and no rule of it asks for that"),
            ),
            SelectionKind::Targeted if !self.policy.is_targeted(candidate) => differences.push(format!(
                "declaration {id} is in the plan as targeted, and its channel is milder than `targeted_from`"
            )),
            _ => {}
        }
        let cost = self.policy.cost(candidate, self.amount);
        if row.cost != cost {
            differences
                .push(format!("declaration {id} costs {cost} by its assessment, {} in the plan", row.cost));
        }
    }

    /// The draw as it must be: its strata, and the ids of those drawn.
    fn drawn(
        &self,
        planned: &BTreeMap<&str, SelectionKind>,
        key: Option<&DayKey>,
    ) -> (Vec<StratumDraw>, BTreeSet<&str>) {
        let mut strata: BTreeMap<String, StratumOf> = BTreeMap::new();
        let mut used = 0;
        for (at, member) in self.members.iter().enumerate() {
            let name = self.policy.stratum(member);
            let rate = self.policy.rate(self.name, member);
            let stratum = strata.entry(name.clone()).or_insert_with(|| StratumOf::new(name, rate));
            stratum.declarations += 1;
            let cost = self.policy.cost(member, self.amount);
            if planned.get(&*member.declaration_id) == Some(&SelectionKind::Mandatory) {
                used += u64::from(cost);
            } else {
                stratum.population.push((at, cost));
            }
        }
        let mut strata: Vec<StratumOf> = strata.into_values().collect();
        let least = self.policy.selection.random.at_least;
        let room = lottery::reserve(&strata, least, units(self.amount).saturating_sub(used));
        let is_targeted =
            |at: usize| planned.get(&*self.members[at].declaration_id) == Some(&SelectionKind::Targeted);
        for stratum in &mut strata {
            stratum.population.retain(|&(at, _)| !is_targeted(at));
        }
        let id = |at: usize| &*self.members[at].declaration_id;
        let (draws, drawn) = lottery::draw(&strata, least, &room, key.map(|key| (key, self.name)), id);
        (draws, drawn.into_iter().map(id).collect())
    }
}

/// Compares what a row says of its stratum and of its probability.
fn look_at_numbers(row: &PlanRow, stratum: &StratumDraw, has_key: bool, differences: &mut Vec<String>) {
    let id = &row.declaration_id;
    let expected = if row.selected == SelectionKind::Random { stratum.probability } else { 1.0 };
    if (row.probability - expected).abs() > expected * ROUNDING {
        differences.push(format!(
            "declaration {id} has the probability {} in the plan, and it is {expected}",
            row.probability
        ));
    }
    if let Some(name) = &row.stratum
        && *name != stratum.name
    {
        differences.push(format!(
            "declaration {id} is of the stratum {name} in the plan, and it is of {}",
            stratum.name
        ));
    }
    let numbers = [
        ("drawn", row.drawn.filter(|_| has_key), stratum.drawn),
        ("population", row.population, stratum.population),
    ];
    for (what, written, is) in numbers {
        if let Some(written) = written.filter(|&written| u64::from(written) != is) {
            differences.push(format!("declaration {id} has `{what}` {written} in the plan, and it is {is}"));
        }
    }
}
