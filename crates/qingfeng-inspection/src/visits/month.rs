//! The visits of a month.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use qingfeng_rules::selection::{RandomLeast, Visits, Worth};
use qingfeng_rules::{ChannelId, Date, Month, SelectionKind};

use super::results::Visit;
use crate::candidate::AssessedDeclaration;
use crate::capacity::Capacity;
use crate::draw::Key;
use crate::experience::{Cell, Experience};
use crate::lottery::{self, StratumOf};
use crate::planner::{OfficeOf, Planner, middle};
use crate::policy::Policy;

/// The rules of an enterprise that are named: those that fired most often.
const RULES_NAMED: usize = 5;

/// A visit of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedVisit {
    /// The enterprise: a trader of declarations.
    pub enterprise: Box<str>,
    /// Why: targeted or random.
    pub kind: SelectionKind,
    /// The same, for people.
    pub why: String,
    /// How likely it was to be visited, in (0, 1], given all that was known before the draw.
    pub probability: f64,
    /// The expected worth of its declarations that may be targeted, in millionths of a finding (or of the value's unit).
    pub worth: i64,
    /// Its declarations at the site, of days before the month.
    pub declarations: u64,
    /// Their goods lines.
    pub items: u64,
    /// The gravest of their channels ...
    pub channel: ChannelId,
    /// ... and the highest score in it.
    pub score: i64,
    /// The active rules that fired on most of them, by their positions, the most frequent first.
    pub rules: Vec<u32>,
}

/// The visits of a site and month.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedVisits {
    /// The month.
    pub month: Month,
    /// The site.
    pub site: String,
    /// The most visits of a month.
    pub places: u64,
    /// The enterprises that could be visited.
    pub enterprises: u64,
    /// Those that were visited so short a time ago that they are not.
    pub paused: u64,
    /// The visits that are to be drawn.
    pub random_asked: u64,
    /// The enterprises among which the draw was: neither paused nor targeted.
    pub population: u64,
    /// The visits: targeted, then random; within each the worthiest first.
    pub visits: Vec<PlannedVisit>,
}

impl PlannedVisits {
    /// The visits that were drawn.
    pub fn random(&self) -> u64 {
        self.visits.iter().filter(|visit| visit.kind == SelectionKind::Random).count() as u64
    }

    /// The visits that are targeted.
    pub fn targeted(&self) -> u64 {
        self.visits.len() as u64 - self.random()
    }
}

/// Declarations of a cell, a score and, where worth goes by it, a value.
type Like = (Cell, i64, Option<i64>);

/// An enterprise at a site, of the declarations that were taken.
#[derive(Clone, Debug, Default)]
struct Enterprise {
    declarations: u64,
    items: u64,
    worst: Option<(ChannelId, i64)>,
    rules: BTreeMap<u32, u64>,
    /// Declarations that may be targeted for their channel, or must be inspected. What may not be targeted for what it is
    /// makes no enterprise worth a visit, however much of it there is.
    suspect: BTreeMap<Like, u64>,
}

impl Enterprise {
    fn most_fired(&self) -> Vec<u32> {
        let mut rules: Vec<(u32, u64)> = self.rules.iter().map(|(&rule, &times)| (rule, times)).collect();
        rules.sort_by_key(|&(rule, times)| (Reverse(times), rule));
        rules.into_iter().map(|(rule, _)| rule).take(RULES_NAMED).collect()
    }
}

/// A site that has visits.
#[derive(Clone, Debug)]
struct VisitedSite {
    /// Its position.
    site: usize,
    enterprises: BTreeMap<Arc<str>, Enterprise>,
    /// The values of its declarations, where worth goes by value.
    values: Vec<i64>,
}

/// An enterprise as it is judged for a month.
struct Tally<'e> {
    of: &'e Enterprise,
    /// How many of its declarations are suspect.
    suspect: u64,
    /// The findings that are expected in them, in millionths.
    findings: u64,
    worth: i64,
}

impl Tally<'_> {
    /// Of what is worth most first: worth, the gravest channel, the highest score.
    fn order(&self) -> impl Ord + use<> {
        Reverse((self.worth, self.of.worst))
    }
}

/// Plans visits, month after month, from what is counted of the declarations of earlier days.
pub(crate) struct Visiting<'p> {
    policy: &'p Policy,
    offices: OfficeOf<'p>,
    visits: &'p Visits,
    visited: &'p [Visit],
    key: Option<&'p Key>,
    /// The sites that have visits, by name.
    sites: BTreeMap<&'p str, VisitedSite>,
    /// The last day of the month for which this plan has each enterprise: it may be visited as late as that.
    planned: BTreeMap<Box<str>, Date>,
}

impl<'p> Visiting<'p> {
    /// By a policy, if it has visits.
    pub(crate) fn new(
        policy: &'p Policy,
        capacity: &'p Capacity,
        visited: &'p [Visit],
        key: Option<&'p Key>,
    ) -> Option<Self> {
        let visits = policy.selection.visits.as_ref()?;
        let site =
            |(site, name)| (name, VisitedSite { site, enterprises: BTreeMap::new(), values: Vec::new() });
        let sites = policy.visited_sites().map(site).collect();
        let offices = OfficeOf::new(policy, capacity);
        Some(Self { policy, offices, visits, visited, key, sites, planned: BTreeMap::new() })
    }

    /// Counts the declarations of a day, after those of the days before it.
    pub(crate) fn take(&mut self, declarations: &[AssessedDeclaration]) {
        let policy = self.policy;
        let by_value = policy.selection.worth == Worth::Value;
        for of in declarations {
            let sites = of.sites.iter().filter_map(|&site| policy.sites.get(site as usize));
            for name in sites.map(|site| site.name.as_str()) {
                let Some(site) = self.sites.get_mut(name) else { continue };
                let value = of.whole_value().filter(|_| by_value);
                site.values.extend(value);
                let Some(trader) = &of.trader else { continue };
                let known = site.enterprises.entry(Arc::clone(trader)).or_default();
                known.declarations += 1;
                known.items += of.line_groups.len() as u64;
                known.worst = known.worst.max(Some((of.channel, of.score)));
                of.rules.iter().for_each(|&rule| *known.rules.entry(rule).or_default() += 1);
                if policy.is_targeted(of) || policy.mandatory(of).is_some() {
                    let cell = Experience::cell(policy, of, self.offices.of(of));
                    *known.suspect.entry((cell, of.score, value)).or_default() += 1;
                }
            }
        }
    }

    /// Plans the visits of a month, after those of earlier ones, from the declarations that were taken and with what was
    /// known before it: each site's, in the order of their names.
    pub(crate) fn month(
        &mut self,
        planner: &Planner<'p>,
        month: Month,
        experience: &Experience,
    ) -> Vec<PlannedVisits> {
        let begins = month.day(1);
        let homes = self.homes();
        let last_visits = self.last_visits(begins);
        let is_paused = |enterprise: &str| {
            last_visits.get(enterprise).is_some_and(|last| {
                let since = i64::from(begins.days()) - i64::from(last.days());
                since <= i64::from(self.visits.pause_days)
            })
        };
        let mut planned = Vec::new();
        for (name, site) in &self.sites {
            let usual = middle(site.values.clone());
            let here = site.enterprises.iter().filter(|(name, _)| homes.get(&***name) == Some(&site.site));
            let mut tallies: Vec<(&str, Tally<'_>)> =
                here.map(|(name, of)| (&**name, Self::tally(of, planner, usual, experience))).collect();
            let known = tallies.len();
            tallies.retain(|&(enterprise, _)| !is_paused(enterprise));
            let paused = (known - tallies.len()) as u64;
            planned.push(self.of_site(month, name, &tallies, paused));
        }
        let visits = planned.iter().flat_map(|site| &site.visits);
        self.planned.extend(visits.map(|visit| (visit.enterprise.clone(), month.day(31))));
        planned
    }

    fn tally<'e>(
        of: &'e Enterprise,
        planner: &Planner<'_>,
        usual: i64,
        experience: &Experience,
    ) -> Tally<'e> {
        let mut tally = Tally { of, suspect: 0, findings: 0, worth: 0 };
        for ((cell, score, value), &count) in &of.suspect {
            let expected = experience.expected(cell, *score);
            let worth = planner.worth(*value, expected.mean, usual);
            tally.suspect += count;
            tally.findings += count * u64::from(expected.mean);
            tally.worth = tally.worth.saturating_add(worth.saturating_mul(count.cast_signed()));
        }
        tally
    }

    /// The last day before one on which each enterprise was visited, as far as is known, or may be by this plan.
    fn last_visits(&self, begins: Date) -> BTreeMap<&str, Date> {
        let visited = self.visited.iter().filter(|visit| visit.visited_on < begins && visit.was_made());
        let visited = visited.map(|visit| (&*visit.enterprise, visit.visited_on));
        let planned = self.planned.iter().map(|(enterprise, &last)| (&**enterprise, last));
        let mut last_visits: BTreeMap<&str, Date> = BTreeMap::new();
        for (enterprise, day) in visited.chain(planned) {
            let last = last_visits.entry(enterprise).or_insert(day);
            *last = day.max(*last);
        }
        last_visits
    }

    /// The visits of a site: room is kept for the draw, the worthiest are targeted within the rest, and from all others so
    /// many are drawn. The share of the draw is one of the places, so that it stands whatever there is to be visited.
    fn of_site(
        &self,
        month: Month,
        site: &str,
        enterprises: &[(&str, Tally<'_>)],
        paused: u64,
    ) -> PlannedVisits {
        let places = u64::from(self.visits.per_month);
        let mut stratum = StratumOf::new(site.to_owned(), self.visits.random);
        stratum.declarations = places;
        stratum.population = (0..enterprises.len()).map(|at| (at, 1)).collect();
        let least = RandomLeast::Stratum;
        let reserve = lottery::reserve(std::slice::from_ref(&stratum), least, places);

        let mut by_worth: Vec<usize> = (0..enterprises.len()).collect();
        // They stand by name, and the order of equals stays.
        by_worth.sort_by_key(|&at| enterprises[at].1.order());
        let room = usize::try_from(places - reserve.cost).unwrap_or(usize::MAX);
        let suspect = by_worth.iter().copied().filter(|&at| enterprises[at].1.suspect > 0);
        let targeted: Vec<usize> = suspect.take(room).collect();
        let mut is_targeted = vec![false; enterprises.len()];
        targeted.iter().for_each(|&at| is_targeted[at] = true);
        stratum.population.retain(|&(at, _)| !is_targeted[at]);

        let key = self.key.map(|key| key.of_visits(month));
        let key = key.as_ref().map(|key| (key, site));
        let (draws, drawn) =
            lottery::draw(std::slice::from_ref(&stratum), least, &reserve, key, |at| enterprises[at].0);
        let mut is_drawn = vec![false; enterprises.len()];
        drawn.iter().for_each(|&at| is_drawn[at] = true);
        let drawn = by_worth.into_iter().filter(|&at| is_drawn[at]);
        let draw = &draws[0];

        let visit = |at: usize, kind, probability, why| {
            let (enterprise, tally) = &enterprises[at];
            let (channel, score) = tally.of.worst.unwrap_or((ChannelId(0), 0));
            PlannedVisit {
                enterprise: (*enterprise).into(),
                kind,
                why,
                probability,
                worth: tally.worth,
                declarations: tally.of.declarations,
                items: tally.of.items,
                channel,
                score,
                rules: tally.of.most_fired(),
            }
        };
        let expects = |at: usize| {
            let Tally { suspect, findings, .. } = enterprises[at].1;
            let (findings, plural) = (findings as f64 / 1e6, if suspect == 1 { "" } else { "s" });
            format!("findings expected in {suspect} declaration{plural} that may be targeted: {findings:.2}")
        };
        let among = format!("drawn among {}", draw.population);
        let targeted = targeted.into_iter().map(|at| visit(at, SelectionKind::Targeted, 1.0, expects(at)));
        let drawn = drawn.map(|at| visit(at, SelectionKind::Random, draw.probability, among.clone()));
        PlannedVisits {
            month,
            site: site.to_owned(),
            places,
            enterprises: enterprises.len() as u64,
            paused,
            random_asked: draw.asked,
            population: draw.population,
            visits: targeted.chain(drawn).collect(),
        }
    }

    /// The site of each enterprise, by its position: where most of its declarations are; of equals the first of the pack.
    fn homes(&self) -> HashMap<&str, usize> {
        let mut most: HashMap<&str, (u64, Reverse<usize>)> = HashMap::new();
        for site in self.sites.values() {
            for (enterprise, of) in &site.enterprises {
                let here = (of.declarations, Reverse(site.site));
                let home = most.entry(enterprise).or_insert(here);
                *home = here.max(*home);
            }
        }
        most.into_iter().map(|(enterprise, (_, Reverse(site)))| (enterprise, site)).collect()
    }
}
