//! Who inspects in a simulated world: the pack's policy as an arm changes it, with offices put together and a capacity of
//! their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use qingfeng_rules::Date;
use qingfeng_rules::selection::{Amount, Millionths, RandomLeast, RateRule};

use super::SimulateError;
use super::options::{Arm, Inspections, Offices, SimulateOptions};
use qingfeng_inspection::draw::apportioned;
use qingfeng_inspection::{AssessedDeclaration, Capacity, Policy, PolicySite};

/// The share of the capacity for young rules where the pack has none.
const EXPLORED: Millionths = Millionths(100_000);

/// The offices of an arm.
pub(super) struct ArmOffices {
    pub(super) policy: Policy,
    arm: Arm,
    /// What each site has, before offices are put together.
    base: Capacity,
    /// By the pack's site, the office that it is part of, by position in the policy's sites.
    office_of: Vec<Option<u32>>,
    /// Inspections of a day of each office, where they were given as a number.
    daily: Option<Capacity>,
}

impl ArmOffices {
    pub(super) fn new(policy: &Policy, options: &SimulateOptions, arm: Arm) -> Result<Self, SimulateError> {
        let mut policy = policy.clone();
        let base = match &options.inspections {
            Inspections::PerDay(_) => Capacity::of_policy(&policy),
            Inspections::Table(capacity) => capacity.clone(),
        };
        if base.is_empty() {
            return Err(SimulateError::NoCapacity);
        }
        let kinds = policy.selection.offices.clone();
        let mut office_of: Vec<Option<u32>> = vec![None; policy.sites.len()];
        let named: Vec<String> = base.sites().map(str::to_owned).collect();
        let mut offices: Vec<(String, u32)> = Vec::new();
        for (kind_at, kind) in kinds.iter().enumerate() {
            for (at, site) in policy.sites.clone().iter().enumerate() {
                if site.kind.as_ref() != Some(kind) || !named.contains(&site.name) {
                    continue;
                }
                let name = match options.offices {
                    Offices::Sites => {
                        office_of[at] = Some(at as u32);
                        continue;
                    }
                    Offices::Kinds => format!("all {kind}"),
                    Offices::One => "all".to_owned(),
                };
                let known = offices.iter().find(|(known, _)| *known == name).map(|&(_, office)| office);
                let office = known.unwrap_or_else(|| {
                    let office = policy.sites.len() as u32;
                    let place = if options.offices == Offices::One { 0 } else { kind_at };
                    let kind = format!("simulated {place}");
                    policy.sites.push(PolicySite { name: name.clone(), kind: Some(kind) });
                    offices.push((name, office));
                    office
                });
                office_of[at] = Some(office);
            }
        }
        if office_of.iter().all(Option::is_none) {
            return Err(SimulateError::NoCapacity);
        }
        let selection = &mut policy.selection;
        if options.offices != Offices::Sites {
            let count = if options.offices == Offices::One { 1 } else { kinds.len() };
            selection.offices = (0..count).map(|at| format!("simulated {at}")).collect();
            // Rates of single offices have no office any more.
            selection.random.rates.retain(|rule| rule.office.is_none());
        }
        if arm.random.is_some() {
            selection.random.at_least = RandomLeast::Day;
            selection.random.rate = Millionths(0);
            selection.random.rates.clear();
        }
        selection.exploration.share = match (arm.explore, selection.exploration.share) {
            (false, _) => Millionths(0),
            (true, Millionths(0)) => EXPLORED,
            (true, share) => share,
        };
        let mut built = Self { policy, arm, base, office_of, daily: None };
        if let Inspections::PerDay(inspections) = options.inspections {
            built.daily = Some(built.distribute(inspections, options.from)?);
        }
        Ok(built)
    }

    /// What the sites of each office have together on a day.
    fn pooled(&self, day: Date) -> Result<BTreeMap<u32, Amount>, SimulateError> {
        let mut all: BTreeMap<u32, Amount> = BTreeMap::new();
        for (site, office) in self.policy.sites.iter().zip(&self.office_of) {
            let Some((office, amount)) = office.zip(self.base.on(&site.name, day)) else { continue };
            let sum = match (all.get(&office).copied(), amount) {
                (None, amount) => amount,
                (Some(Amount::Inspections(a)), Amount::Inspections(b)) => {
                    Amount::Inspections(a.saturating_add(b))
                }
                (Some(Amount::Points(a)), Amount::Points(b)) => Amount::Points(a.saturating_add(b)),
                _ => return Err(SimulateError::MixedCapacity { site: site.name.clone() }),
            };
            all.insert(office, sum);
        }
        Ok(all)
    }

    /// `inspections` distributed over the offices by what they have, by largest remainders.
    fn distribute(&self, inspections: u32, day: Date) -> Result<Capacity, SimulateError> {
        let (offices, weights): (Vec<u32>, Vec<u64>) = self
            .pooled(day)?
            .into_iter()
            .map(|(office, Amount::Inspections(units) | Amount::Points(units))| (office, u64::from(units)))
            .unzip();
        let daily = apportioned(&weights, inspections.into());
        let amount = |count: u64| Amount::Inspections(u32::try_from(count).unwrap_or(u32::MAX));
        let amounts = offices.into_iter().zip(daily).filter_map(|(office, count)| {
            Some((self.policy.sites.get(office as usize)?.name.as_str(), amount(count)))
        });
        Ok(Capacity::of_sites(amounts))
    }

    /// What the offices can do on a day.
    pub(super) fn capacity(&self, day: Date) -> Result<Capacity, SimulateError> {
        if let Some(daily) = &self.daily {
            return Ok(daily.clone());
        }
        let pooled = self.pooled(day)?;
        Ok(Capacity::of_sites(pooled.into_iter().filter_map(|(office, amount)| {
            Some((self.policy.sites.get(office as usize)?.name.as_str(), amount))
        })))
    }

    /// Sends a declaration to the offices that its sites are part of.
    pub(super) fn assign(
        &self,
        candidate: &mut AssessedDeclaration,
        shared: &mut BTreeMap<Arc<[u32]>, Arc<[u32]>>,
    ) {
        if let Some(known) = shared.get(&candidate.sites) {
            candidate.sites = Arc::clone(known);
            return;
        }
        let office = |site: &u32| self.office_of.get(*site as usize).copied().flatten();
        let mut sites: Vec<u32> =
            candidate.sites.iter().flat_map(|site| [Some(*site), office(site)]).flatten().collect();
        sites.sort_unstable();
        sites.dedup();
        let sent: Arc<[u32]> = sites.into();
        shared.insert(Arc::clone(&candidate.sites), Arc::clone(&sent));
        candidate.sites = sent;
    }

    /// Sets the rates of the draw for a day: each office draws the arm's share of what it can do. An office of N
    /// declarations that cost c together, with a capacity of C, draws the share s at the rate s C / c.
    pub(super) fn set_rates(&mut self, all: &[AssessedDeclaration], capacity: &Capacity, day: Date) {
        let Some(share) = self.arm.random else { return };
        let mut costs: BTreeMap<usize, u64> = BTreeMap::new();
        for candidate in all {
            let Some(office) = self.policy.office(candidate, day, capacity) else { continue };
            let Some(amount) = capacity.on(&self.policy.sites[office].name, day) else { continue };
            *costs.entry(office).or_default() += u64::from(self.policy.cost(candidate, amount));
        }
        let rates = costs.into_iter().filter_map(|(office, cost)| {
            let name = self.policy.sites.get(office)?.name.clone();
            let units = match capacity.on(&name, day)? {
                Amount::Inspections(units) | Amount::Points(units) => u128::from(units),
            };
            let rate = u128::from(share.0) * units / u128::from(cost.max(1));
            let rate = Millionths(u32::try_from(rate).unwrap_or(u32::MAX).min(Millionths::ONE.0));
            Some(RateRule { office: Some(name), rate, ..RateRule::default() })
        });
        self.policy.selection.random.rates = rates.collect();
    }
}
