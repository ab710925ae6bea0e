//! The inspection policy of a pack, ready to be asked about declarations.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng_rules::selection::{Amount, Least, Millionths, Quota, QuotaOf, RandomLeast, Stratum};
use qingfeng_rules::{Date, Pack, Selection, SelectionKind, Status};

use super::candidate::AssessedDeclaration;
use super::capacity::Capacity;
use super::plan::Because;
use super::rolling::without_lookups;
use super::rows::capacity_unit;

/// By office its capacity and the numbers of its declarations.
type ByOffice<'p> = BTreeMap<&'p str, (Amount, Vec<usize>)>;

/// A policy and what it needs to know of the pack that it stands in.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The policy as the pack has it.
    pub selection: Selection,
    /// The pack's sites, in its order.
    pub sites: Vec<PolicySite>,
    /// The pack's rules, in its order.
    pub rules: Vec<PolicyRule>,
    /// The names of the channels, from mild to severe.
    pub channels: Vec<String>,
}

/// A site as selection sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySite {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Option<String>,
}

/// A rule as selection sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRule {
    /// Its id.
    pub id: String,
    /// Its first day.
    pub from: Option<Date>,
    /// Why a declaration on which it fired must be inspected, if it must.
    pub mandatory: Option<String>,
}

impl Policy {
    /// The policy of a pack, if it has one.
    pub fn of(pack: &Pack) -> Option<Self> {
        pack.selection.clone().map(|selection| Self::new(selection, pack))
    }

    /// A policy as if it stood in this pack.
    pub fn new(selection: Selection, pack: &Pack) -> Self {
        let severest = pack.channels.len().checked_sub(1);
        let mandatory = |rule: &qingfeng_rules::Rule| {
            if rule.status != Status::Active {
                return None;
            }
            let forces = rule.at_least.is_some_and(|channel| Some(channel.index()) == severest);
            if selection.mandatory.forced && forces {
                let channel = pack.channels.last().map_or("", |channel| channel.name.as_str());
                return Some(format!("rule {} forces {channel}", rule.id));
            }
            let tag = selection.mandatory.tags.iter().find(|tag| rule.tags.contains(tag))?;
            Some(format!("rule {} has the tag {tag}", rule.id))
        };
        let rules = pack.rules.iter().map(|rule| PolicyRule {
            id: rule.id.clone(),
            from: rule.from,
            mandatory: mandatory(rule),
        });
        let rules = rules.collect();
        let sites = pack.reference.sites.iter();
        let sites = sites.map(|site| PolicySite { name: site.name.clone(), kind: site.kind.clone() });
        Self {
            sites: sites.collect(),
            rules,
            channels: pack.channels.iter().map(|channel| channel.name.clone()).collect(),
            selection,
        }
    }

    /// Why a declaration must be inspected, if it must: the first of its rules that asks for it.
    pub fn mandatory(&self, candidate: &AssessedDeclaration) -> Option<&str> {
        candidate.rules.iter().find_map(|&rule| self.rules.get(rule as usize)?.mandatory.as_deref())
    }

    /// The site that inspects a declaration on a day, by its position: for each kind of the policy's `offices` in
    /// order, the first of the declaration's sites of that kind that has capacity. If none has, the first whose
    /// capacity is said to be 0, so that the declaration is missed there and not lost.
    pub fn office(&self, candidate: &AssessedDeclaration, day: Date, capacity: &Capacity) -> Option<usize> {
        self.office_by(candidate, |site| capacity.on(&self.sites[site].name, day))
    }

    /// The same, for who knows the capacities of the day by site.
    pub(crate) fn office_by(
        &self,
        candidate: &AssessedDeclaration,
        capacity: impl Fn(usize) -> Option<Amount>,
    ) -> Option<usize> {
        let mut closed = None;
        for kind in &self.selection.offices {
            for &at in candidate.sites.iter() {
                let at = at as usize;
                if self.sites.get(at).is_none_or(|site| site.kind.as_ref() != Some(kind)) {
                    continue;
                }
                match capacity(at) {
                    Some(amount) if units(amount) > 0 => return Some(at),
                    Some(_) if closed.is_none() => closed = Some(at),
                    _ => {}
                }
            }
        }
        closed
    }

    /// Why no site inspects a declaration that [`office`](Self::office) finds none for.
    pub(crate) fn no_office(&self, candidate: &AssessedDeclaration) -> Because {
        let offices = &self.selection.offices;
        let inspects = |&at: &u32| {
            let site = self.sites.get(at as usize);
            site.and_then(|site| site.kind.as_ref()).is_some_and(|kind| offices.contains(kind))
        };
        match candidate.sites.iter().any(inspects) {
            true => Because::NoCapacity,
            false if candidate.sites.is_empty() => Because::NoSite,
            false => Because::NoOffice,
        }
    }

    /// As what a declaration would be inspected for what it is.
    pub(crate) fn would_be(&self, candidate: &AssessedDeclaration) -> SelectionKind {
        match self.mandatory(candidate) {
            Some(_) => SelectionKind::Mandatory,
            None if self.is_targeted(candidate) => SelectionKind::Targeted,
            None => SelectionKind::Random,
        }
    }

    /// The declarations of a day by the office that inspects, and those that none does, by their numbers.
    pub(crate) fn by_office<'c>(
        &self,
        declarations: impl Iterator<Item = (usize, &'c AssessedDeclaration)>,
        day: Date,
        capacity: &Capacity,
    ) -> (ByOffice<'_>, Vec<usize>) {
        let capacities = capacity.of_day(self, day);
        let sites = self.sites.iter().zip(&capacities);
        let mut offices: BTreeMap<&str, (Amount, Vec<usize>)> =
            sites.filter_map(|(site, amount)| Some((site.name.as_str(), ((*amount)?, Vec::new())))).collect();
        let mut without_office = Vec::new();
        for (number, declaration) in declarations {
            let office = self.office_by(declaration, |site| capacities.get(site).copied().flatten());
            match office.and_then(|site| offices.get_mut(&*self.sites[site].name)) {
                Some((_, members)) => members.push(number),
                None => without_office.push(number),
            }
        }
        (offices, without_office)
    }

    /// Whether a declaration may be targeted for its channel.
    pub fn is_targeted(&self, candidate: &AssessedDeclaration) -> bool {
        candidate.channel >= self.selection.targeted_from
    }

    /// What the inspection of a declaration costs, in points, at least 1:
    ///
    /// > declaration + sum over lines of the line's points + hundred_packages × begun hundreds of packages
    ///
    /// and no more than the policy's most. A number of packages that is missing or negative counts as none; what is too
    /// large for 32 bits as the largest number.
    pub fn points(&self, candidate: &AssessedDeclaration) -> u32 {
        let cost = &self.selection.cost;
        let of_line = |group: &str| {
            let own = cost.groups.iter().find(|(name, _)| name == group);
            u64::from(own.map_or(cost.line, |&(_, points)| points))
        };
        let lines = candidate.line_groups.iter().fold(0_u64, |sum, group| sum.saturating_add(of_line(group)));
        let packages = u64::try_from(candidate.packages.unwrap_or(0)).unwrap_or(0).div_ceil(100);
        let packages = packages.saturating_mul(cost.hundred_packages.into());
        let points = u64::from(cost.declaration).saturating_add(lines).saturating_add(packages);
        u32::try_from(points).unwrap_or(u32::MAX).min(cost.most.unwrap_or(u32::MAX)).max(1)
    }

    /// What the inspection of a declaration takes of a capacity, in the capacity's own unit.
    pub fn cost(&self, candidate: &AssessedDeclaration, capacity: Amount) -> u32 {
        match capacity {
            Amount::Inspections(_) => 1,
            Amount::Points(_) => self.points(candidate),
        }
    }

    /// The name of a declaration's stratum: its goods group, its trader's class, or both: `motorcycles/new`; `all`
    /// where an office's day is not divided.
    pub fn stratum(&self, candidate: &AssessedDeclaration) -> String {
        let strata = &self.selection.random.strata;
        let parts: Vec<&str> = strata
            .iter()
            .map(|stratum| match stratum {
                Stratum::Group => &*candidate.group,
                Stratum::TraderClass => &*candidate.trader_class,
            })
            .collect();
        if parts.is_empty() { "all".to_owned() } else { parts.join("/") }
    }

    /// The rate of the draw in a declaration's stratum at an office: that of the first rule that fits, and else the
    /// general one. A rule that names what does not divide the strata fits none.
    pub fn rate(&self, office: &str, candidate: &AssessedDeclaration) -> Millionths {
        let random = &self.selection.random;
        let divides = |stratum| random.strata.contains(&stratum);
        let fits = |wanted: &Option<String>, stratum, is: &str| {
            wanted.as_ref().is_none_or(|wanted| divides(stratum) && wanted == is)
        };
        let own = random.rates.iter().find(|rule| {
            rule.office.as_ref().is_none_or(|wanted| wanted == office)
                && fits(&rule.group, Stratum::Group, &candidate.group)
                && fits(&rule.trader_class, Stratum::TraderClass, &candidate.trader_class)
        });
        own.map_or(random.rate, |rule| rule.rate)
    }

    /// Whether a quota counts a declaration.
    pub fn counts(&self, quota: &Quota, candidate: &AssessedDeclaration) -> bool {
        candidate.sites.iter().filter_map(|&at| self.sites.get(at as usize)).any(|site| match &quota.of {
            QuotaOf::Site(name) => site.name == *name,
            QuotaOf::Kind(kind) => site.kind.as_ref() == Some(kind),
        })
    }

    /// What is fixed before a day, as its commitment binds it: the pack, `name@version#digest`, the rates of its draw, and
    /// what each site can do on the day, a line each.
    ///
    /// ```
    /// use qingfeng::OpenedPack;
    /// use qingfeng_inspection::{Capacity, Policy};
    ///
    /// let opened = OpenedPack::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"))?;
    /// let policy = Policy::of(opened.pack()).ok_or("no [selection]")?;
    /// let terms = policy.draw_terms(opened.pack_id(), &Capacity::of_policy(&policy), "2016-09-06".parse()?);
    /// assert!(terms.starts_with("pack clean-wind@2016.4#"), "{terms}");
    /// assert!(terms.contains("\ncapacity yiwu "), "{terms}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn draw_terms(&self, pack_id: &str, capacity: &Capacity, day: Date) -> String {
        let random = &self.selection.random;
        let least = match random.at_least {
            RandomLeast::Stratum => "stratum",
            RandomLeast::Day => "day",
        };
        let strata = random.strata.iter().map(|stratum| match stratum {
            Stratum::Group => "group",
            Stratum::TraderClass => "trader_class",
        });
        let mut terms = format!("pack {}\nat_least {least}\n", without_lookups(pack_id));
        terms += &format!("strata {}\n", strata.collect::<Vec<_>>().join(" "));
        terms += &format!("rate {} of 1000000\n", random.rate.0);
        for rule in &random.rates {
            let of = [("office", &rule.office), ("group", &rule.group), ("trader_class", &rule.trader_class)];
            let of = of.iter().filter_map(|(what, name)| Some(format!(" {what} {}", name.as_ref()?)));
            terms += &format!("rate {} of 1000000{}\n", rule.rate.0, of.collect::<String>());
        }
        for office in self.offices() {
            if let Some(amount) = capacity.on(office, day) {
                terms += &format!("capacity {office} {} {}\n", units(amount), capacity_unit(amount));
            }
        }
        terms
    }

    /// Whether any declaration can be drawn, so that a key is needed.
    pub fn draws(&self) -> bool {
        let random = &self.selection.random;
        random.rate.0 > 0 || random.rates.iter().any(|rule| rule.rate.0 > 0)
    }

    /// Whether any visit can be drawn, so that a key is needed where visits are planned.
    pub fn draws_visits(&self) -> bool {
        self.selection.visits.as_ref().is_some_and(|visits| visits.random.0 > 0)
    }

    /// The ids of the rules that fired on a declaration.
    pub fn rule_ids<'p>(&'p self, candidate: &'p AssessedDeclaration) -> impl Iterator<Item = &'p str> {
        candidate.rules.iter().filter_map(|&rule| self.rules.get(rule as usize)).map(|rule| rule.id.as_str())
    }

    /// The sites that have visits, each with its position.
    pub(crate) fn visited_sites(&self) -> impl Iterator<Item = (usize, &str)> {
        let kind = self.selection.visits.as_ref().map(|visits| &visits.kind);
        let sites = self.sites.iter().enumerate();
        sites
            .filter(move |(_, site)| kind.is_some() && site.kind.as_ref() == kind)
            .map(|(at, site)| (at, &*site.name))
    }

    /// The names of all sites that the policy can send declarations to.
    pub fn offices(&self) -> BTreeSet<&str> {
        let inspects =
            |site: &&PolicySite| site.kind.as_ref().is_some_and(|kind| self.selection.offices.contains(kind));
        self.sites.iter().filter(inspects).map(|site| site.name.as_str()).collect()
    }
}

/// An amount in its own unit.
pub(crate) fn units(amount: Amount) -> u64 {
    match amount {
        Amount::Inspections(count) | Amount::Points(count) => count.into(),
    }
}

/// What a quota asks for on a day of this capacity, in inspections where it names a count, else in the capacity's
/// unit.
pub(crate) fn asked(quota: &Quota, capacity: Amount) -> u64 {
    match quota.least {
        Least::Count(count) => count.into(),
        Least::Share(share) => share.of_at_least(units(capacity)),
    }
}
