//! What the office of a world knows of its inspections, and how far that is from the truth.

use std::sync::Arc;

use qingfeng_rules::Pack;

use super::assessed::Shared;
use super::consignment::LineTruth;
use super::options::SimulateOptions;
use super::result::RuleWorth;
use crate::Engine;
use crate::evidence::{Evidence, Inspection, Judged};
use crate::outcomes::{Outcome, Verdict};
use crate::selection::{Candidate, PlannedDay, Policy};

/// Rules with fewer inspected declarations are held against nothing.
pub(super) const INSPECTED_MIN: u64 = 30;
/// Two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;
pub(super) const CONFIDENCE: f64 = 0.95;

/// Declarations that belong to an office, with their inspections, and which of them violate.
pub(super) struct Files {
    evidence: Evidence,
    violates: Vec<bool>,
    /// By position in the pack, the rule's place in the evidence; likewise for the policy's sites.
    rules: Vec<u32>,
    sites: Vec<u32>,
    channels: Vec<Arc<str>>,
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

impl Files {
    pub(super) fn new(engine: &Engine, policy: &Policy) -> Self {
        let pack = engine.pack();
        let (rule_names, rules) = in_order(pack.rules.iter().map(|rule| rule.id.as_str()).collect());
        let (site_names, sites) = in_order(policy.sites.iter().map(|site| site.name.as_str()).collect());
        let evidence = Evidence {
            rules: rule_names,
            sites: site_names,
            packs: vec![(&**engine.pack_id()).into()],
            ..Evidence::default()
        };
        let channels = pack.channels.iter().map(|channel| channel.name.as_str().into()).collect();
        Self { evidence, violates: Vec::new(), rules, sites, channels }
    }

    /// Adds a day: the declarations that belong to an office, and what the inspections of its plan showed.
    pub(super) fn add(
        &mut self,
        candidates: &[Candidate],
        shadow: &[Arc<[u32]>],
        planned: &[PlannedDay],
        without_office: &[usize],
        truth: &dyn Fn(usize) -> LineTruth,
        shared: &mut Shared,
    ) {
        let mut place: Vec<Option<usize>> = vec![None; candidates.len()];
        let mut is_out = vec![false; candidates.len()];
        without_office.iter().for_each(|&candidate| is_out[candidate] = true);
        let (rules, sites) = (&self.rules, &self.sites);
        let mut renumbered = |numbers: &[u32], new: &[u32]| {
            let mut numbers: Vec<u32> =
                numbers.iter().filter_map(|&number| new.get(number as usize).copied()).collect();
            numbers.sort_unstable();
            shared.numbers(numbers)
        };
        for (at, candidate) in candidates.iter().enumerate().filter(|&(at, _)| !is_out[at]) {
            place[at] = Some(self.evidence.declarations.len());
            self.violates.push(truth(at).violation.is_some());
            self.evidence.declarations.push(Judged {
                declaration_id: candidate.declaration_id.clone(),
                day: Some(candidate.day),
                score: candidate.score,
                channel: self.channels.get(candidate.channel.index()).cloned().unwrap_or_else(|| "".into()),
                rules: renumbered(&candidate.rules, rules),
                shadow_rules: renumbered(shadow.get(at).map_or(&[], |rules| rules), rules),
                pack: 0,
                sites: renumbered(&candidate.sites, sites),
                trader: candidate.trader.clone(),
                trader_class: Arc::clone(&candidate.trader_class),
                group: Arc::clone(&candidate.group),
                mode: candidate.mode.clone(),
                destination: candidate.destination.clone(),
                lines: candidate.line_groups.len().max(1) as u32,
                packages: candidate.packages,
                value: candidate.value,
                inspection: None,
            });
        }
        for of_office in planned {
            let office = self.evidence.sites.binary_search_by(|site| (**site).cmp(&*of_office.office));
            let Ok(office) = office else { continue };
            for selected in &of_office.selected {
                let Some(place) = place.get(selected.candidate).copied().flatten() else { continue };
                let truth = truth(selected.candidate);
                let judged = &mut self.evidence.declarations[place];
                let stratum =
                    of_office.strata.get(selected.stratum).map(|stratum| shared.text(&stratum.name));
                judged.inspection = Some(Box::new(Inspection {
                    day: of_office.day,
                    office: office as u32,
                    selected: selected.kind,
                    probability: selected.probability,
                    cost: selected.cost,
                    stratum,
                    outcomes: vec![Outcome {
                        declaration_id: judged.declaration_id.clone(),
                        item_no: None,
                        found_on: Some(of_office.day),
                        known_on: None,
                        selected: Some(selected.kind),
                        verdict: truth.violation.map_or(Verdict::Clear, Verdict::Violation),
                        waiver: None,
                        pieces: Some(truth.pieces),
                        value: Some(truth.value_cents as f64 / 100.0),
                        fine: Some(truth.fine as f64),
                        case_number: None,
                        major_case: truth.major_case,
                        disposal: None,
                        disclosed_on: None,
                        hours: None,
                    }],
                }));
            }
        }
    }

    /// The points of rules, by position in the pack, fitted to what was found so far; `None` where that does not suffice.
    pub(super) fn fitted_points(
        &self,
        _pack: &Pack,
        _now: Option<&[Option<i64>]>,
    ) -> Option<Vec<Option<i64>>> {
        None
    }

    /// The rules of which enough was inspected; the number of violating declarations as the inspections estimate it, and
    /// as it is.
    pub(super) fn worth(
        self,
        engine: &Engine,
        _options: &SimulateOptions,
    ) -> (Vec<RuleWorth>, Option<f64>, u64) {
        #[derive(Clone, Copy, Default)]
        struct Tally {
            fired: u64,
            violating: u64,
            inspected: u64,
            found: u64,
            weights: f64,
            squares: f64,
            found_weights: f64,
        }
        let mut tallies = vec![Tally::default(); self.evidence.rules.len()];
        let mut estimated = 0.0;
        for (judged, &violates) in self.evidence.declarations.iter().zip(&self.violates) {
            let inspection = judged.inspection.as_ref().filter(|inspection| inspection.probability > 0.0);
            let weight = inspection.map(|inspection| 1.0 / inspection.probability);
            if violates {
                estimated += weight.unwrap_or(0.0);
            }
            for &rule in judged.rules.iter() {
                let tally = &mut tallies[rule as usize];
                tally.fired += 1;
                tally.violating += u64::from(violates);
                if let Some(weight) = weight {
                    tally.inspected += 1;
                    tally.found += u64::from(violates);
                    tally.weights += weight;
                    tally.squares += weight * weight;
                    tally.found_weights += if violates { weight } else { 0.0 };
                }
            }
        }
        let _ = engine;
        let rules =
            self.evidence.rules.iter().zip(&tallies).filter(|(_, tally)| tally.inspected >= INSPECTED_MIN);
        let rules = rules.map(|(rule, tally)| {
            let naive = tally.found as f64 / tally.inspected as f64;
            let corrected = tally.found_weights / tally.weights;
            RuleWorth {
                rule: rule.to_string(),
                fired: tally.fired,
                inspected: tally.inspected,
                truth: tally.violating as f64 / tally.fired as f64,
                naive,
                naive_interval: wilson(naive, tally.inspected as f64),
                corrected,
                corrected_interval: wilson(corrected, tally.weights * tally.weights / tally.squares),
            }
        });
        let violating = self.violates.iter().filter(|&&violates| violates).count() as u64;
        (rules.collect(), Some(estimated), violating)
    }
}

/// Wilson's interval (Wilson 1927) of a share seen in so many.
fn wilson(share: f64, count: f64) -> [f64; 2] {
    let z2 = Z * Z;
    let middle = (share + z2 / (2.0 * count)) / (1.0 + z2 / count);
    let half = Z / (1.0 + z2 / count) * (share * (1.0 - share) / count + z2 / (4.0 * count * count)).sqrt();
    [(middle - half).max(0.0), (middle + half).min(1.0)]
}
