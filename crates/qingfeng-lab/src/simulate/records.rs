//! What the office of a world knows of its inspections, and how far that is from the truth.

use std::collections::BTreeMap;

use qingfeng_rules::Pack;

use super::consignment::LineTruth;
use super::result::RuleWorth;
use qingfeng::Engine;
use qingfeng::read::ReadError;
use qingfeng_insight::effect::{Effect, EffectOptions};
use qingfeng_inspection::evidence::{Evidence, Inspection, Judged, PlannedDraw};
use qingfeng_inspection::{AssessedDeclaration, Interner, PlannedDay, Policy};
use qingfeng_store::{Outcome, Verdict};

/// Rules with fewer inspected declarations are not held against the truth.
pub(super) const INSPECTED_MIN: u64 = 30;
/// Of a rule's declarations the part that the estimate must speak of.
const COVERED_MIN: f64 = 0.99;
pub(super) const CONFIDENCE: f64 = 0.95;

/// Declarations that belong to an office, with their inspections, and which of them violate.
pub(super) struct OfficeRecords {
    evidence: Evidence,
    violates: Vec<bool>,
    /// By position in the pack, the rule's place in the evidence; likewise for the policy's sites.
    rules: Vec<u32>,
    sites: Vec<u32>,
}

/// The names in order, and for each former position the new one.
fn in_order(names: Vec<&str>) -> (Vec<Box<str>>, Vec<u32>) {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&at| names[at]);
    let mut new = vec![0; names.len()];
    for (position, &at) in order.iter().enumerate() {
        new[at] = position as u32;
    }
    (order.iter().map(|&at| names[at].into()).collect(), new)
}

impl OfficeRecords {
    pub(super) fn new(engine: &Engine, policy: &Policy) -> Self {
        let pack = engine.pack();
        let (rule_names, rules) = in_order(pack.rules.iter().map(|rule| rule.id.as_str()).collect());
        let (site_names, sites) = in_order(policy.sites.iter().map(|site| site.name.as_str()).collect());
        let evidence = Evidence {
            rules: rule_names,
            sites: site_names,
            channels: pack.channels.iter().map(|channel| channel.name.as_str().into()).collect(),
            packs: vec![(&**engine.pack_id()).into()],
            ..Evidence::default()
        };
        Self { evidence, violates: Vec::new(), rules, sites }
    }

    /// Adds a day: the declarations that belong to an office, and what the inspections of its plan showed.
    pub(super) fn add(
        &mut self,
        candidates: &[AssessedDeclaration],
        planned: &[PlannedDay],
        without_office: &[usize],
        truth: &dyn Fn(usize) -> LineTruth,
        interner: &mut Interner,
    ) {
        let mut place: Vec<Option<usize>> = vec![None; candidates.len()];
        let mut is_out = vec![false; candidates.len()];
        without_office.iter().for_each(|&candidate| is_out[candidate] = true);
        let (rules, sites) = (&self.rules, &self.sites);
        let mut renumbered = |numbers: &[u32], new: &[u32]| {
            let mut numbers: Vec<u32> =
                numbers.iter().filter_map(|&number| new.get(number as usize).copied()).collect();
            numbers.sort_unstable();
            interner.numbers(&numbers)
        };
        for (at, candidate) in candidates.iter().enumerate().filter(|&(at, _)| !is_out[at]) {
            place[at] = Some(self.evidence.declarations.held.len());
            self.violates.push(truth(at).violation.is_some());
            let assessed = AssessedDeclaration {
                rules: renumbered(&candidate.rules, rules),
                shadow_rules: renumbered(&candidate.shadow_rules, rules),
                pack: 0,
                sites: renumbered(&candidate.sites, sites),
                ..candidate.clone()
            };
            self.evidence.declarations.held.push(Judged { assessed, inspection: None });
        }
        for of_office in planned {
            let office = self.evidence.sites.binary_search_by(|site| (**site).cmp(&*of_office.office));
            let Ok(office) = office else { continue };
            for selected in &of_office.selected {
                let Some(place) = place.get(selected.candidate).copied().flatten() else { continue };
                let truth = truth(selected.candidate);
                let judged = &mut self.evidence.declarations.held[place];
                let draw = of_office.strata.get(selected.stratum);
                let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
                let planned = PlannedDraw {
                    day: of_office.day,
                    office: office as u32,
                    capacity: Some(of_office.capacity),
                    selected: selected.kind,
                    probability: selected.probability,
                    stratum: draw.map_or("", |draw| &draw.name),
                    drawn_of: draw.map(|draw| (number(draw.drawn), number(draw.population))),
                };
                self.evidence.chances.take(&planned, &judged.group, &judged.trader_class);
                let stratum = draw.map(|draw| interner.text(&draw.name));
                let verdict = truth.violation.map_or(Verdict::Clear, Verdict::Violation);
                judged.inspection = Some(Box::new(Inspection {
                    day: of_office.day,
                    office: office as u32,
                    selected: selected.kind,
                    probability: selected.probability,
                    cost: selected.cost,
                    stratum,
                    outcomes: vec![Outcome {
                        selected: Some(selected.kind),
                        pieces: Some(truth.pieces),
                        value: Some(truth.value_cents as f64 / 100.0),
                        fine: Some(truth.fine as f64),
                        major_case: truth.major_case,
                        ..Outcome::new(&judged.declaration_id, of_office.day, verdict)
                    }],
                }));
            }
        }
    }

    /// The points of rules, by position in the pack, fitted to what was found so far; `None` where that does not suffice.
    /// They are fitted from those of the pack each time, so that one month's slip does not carry on.
    pub(super) fn fitted_points(&self, pack: &Pack) -> Option<Vec<Option<i64>>> {
        use qingfeng_insight::calibrate::{CalibrateOptions, CurrentPoints, calibrate};

        let current = CurrentPoints::of(pack);
        // What was found so far may not suffice: then nothing changes.
        let options = CalibrateOptions { keep_channels: true, ..CalibrateOptions::default() };
        let fitted = calibrate(&self.evidence, &current, &options).ok()?;
        let after: BTreeMap<&str, i64> =
            fitted.rules.iter().filter_map(|rule| Some((rule.rule.as_str(), rule.after?))).collect();
        Some(pack.rules.iter().map(|rule| after.get(rule.id.as_str()).copied()).collect())
    }

    /// The rules of which enough was inspected, and where the draw could reach all on which they fired; the number of
    /// violating declarations as the inspections estimate it, and as it is.
    pub(super) fn worth(&self) -> Result<(Vec<RuleWorth>, f64, u64), ReadError> {
        let mut truths = vec![(0_u64, 0_u64); self.evidence.rules.len()];
        let (mut estimated, mut violating) = (0.0, 0);
        for (judged, &violates) in self.evidence.declarations.held.iter().zip(&self.violates) {
            violating += u64::from(violates);
            let inspection = judged.inspection.as_ref().filter(|_| violates);
            if let Some(inspection) = inspection.filter(|inspection| inspection.probability > 0.0) {
                estimated += 1.0 / inspection.probability;
            }
            for &rule in judged.rules.iter().chain(judged.shadow_rules.iter()) {
                truths[rule as usize].0 += 1;
                truths[rule as usize].1 += u64::from(violates);
            }
        }
        let options = EffectOptions {
            level: CONFIDENCE,
            capacities: Vec::new(),
            partners: 0,
            ..EffectOptions::default()
        };
        let effect = Effect::of(&self.evidence, &options)?;
        let worth =
            effect.rules.iter().filter(|rule| rule.figures.inspected >= INSPECTED_MIN).filter_map(|rule| {
                let at = self.evidence.rules.binary_search_by(|known| (**known).cmp(&*rule.rule)).ok()?;
                let (fired, violating) = truths[at];
                let (seen, estimate) = (rule.figures.seen?, rule.figures.estimate);
                Some(RuleWorth {
                    rule: rule.rule.to_string(),
                    fired,
                    inspected: rule.figures.inspected,
                    truth: violating as f64 / fired.max(1) as f64,
                    naive: seen.rate,
                    naive_interval: [seen.low, seen.high],
                    corrected: estimate.rate.filter(|_| estimate.covered >= COVERED_MIN),
                    corrected_interval: [estimate.low, estimate.high],
                })
            });
        let mut worth: Vec<RuleWorth> = worth.collect();
        worth.sort_by(|a, b| a.rule.cmp(&b.rule));
        Ok((worth, estimated, violating))
    }
}
