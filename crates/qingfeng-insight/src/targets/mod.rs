//! A year's aims and what was done: cases and major cases by kind of site with the pace that is needed, notices from
//! abroad, tip-offs with the reward for them.
//!
//! Visits to enterprises find cases too.
//!
//! A case is a declaration with a violation; several declarations with the same case number are one case. It is of the
//! day on which the first of its violations was found, and of the site that found it. A planned inspection without a
//! coded result, or waived without a coded reason, is open: it is counted as such, and never as clear.

mod aims;
mod cases;
mod ledgers;

use std::collections::BTreeMap;

use qingfeng_rules::{Date, Pack};
use serde::Serialize;

pub use aims::{Aim, Aims, AimsError, MAX_AIMS_BYTES};
use cases::Cases;
pub use ledgers::{Notice, NoticeStatus, TipOff};

use qingfeng_inspection::outcomes::Outcomes;
use qingfeng_inspection::overrides::ChangedPlan;
use qingfeng_inspection::visits::Visit;
use qingfeng_store::{Outcome, Verdict, verdict_of};

/// Where accounts of sites stand of which the pack has no kind.
const OTHER_KIND: &str = "other";
/// Where cases stand to which a tip-off or a notice led, and that no plan selected.
const LED_KIND: &str = "tip-offs and notices";
const MAX_OVERDUE: usize = 1000;

/// The kind of each site, by its name.
pub type SiteKinds = BTreeMap<String, String>;

/// The kinds of the sites of a pack.
pub fn site_kinds(pack: &Pack) -> SiteKinds {
    let sites = pack.reference.sites.iter();
    sites.filter_map(|site| Some((site.name.clone(), site.kind.clone()?))).collect()
}

/// An inspection, as far as accounts need it.
#[derive(Clone, Copy, Debug)]
struct Found<'f> {
    /// The site that inspects; `None` where no plan selected the declaration.
    office: Option<&'f str>,
    /// The planned day.
    day: Option<Date>,
    declaration_id: &'f str,
    outcomes: &'f [Outcome],
}

/// What people keep beside inspections, each if a table of it was given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ledgers<'l> {
    /// Notices from abroad.
    pub notices: Option<&'l [Notice]>,
    /// Tip-offs.
    pub tip_offs: Option<&'l [TipOff]>,
    /// Visits to enterprises.
    pub visits: Option<&'l [Visit]>,
}

/// How a number stands against its aim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// The aim of the year is reached.
    Reached,
    /// As many as by now if they were spread evenly over the year, or more.
    Ahead,
    /// Fewer.
    Behind,
    /// The year is over, and the aim was not reached.
    Missed,
}

/// A number against its aim.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Pace {
    /// What is done.
    pub done: f64,
    /// What is to be done in the year.
    pub aim: Option<f64>,
    /// What would be done by now if it were spread evenly over the days of the year.
    pub expected: Option<f64>,
    /// What is needed in each month (a twelfth of the year) from the day after on; `None` without an aim or when no day is
    /// left.
    pub needed_a_month: Option<f64>,
    /// How it stands.
    pub standing: Option<Standing>,
}

/// The days of a year that are over, and those that are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Passed {
    over: u32,
    left: u32,
}

impl Passed {
    fn new(aims: &Aims, as_of: Date) -> Self {
        let (first, last) = aims.days();
        let all = i64::from(last.days()) - i64::from(first.days()) + 1;
        let over = (i64::from(as_of.days()) - i64::from(first.days()) + 1).clamp(0, all);
        Self { over: over as u32, left: (all - over) as u32 }
    }

    fn pace(self, done: f64, aim: Option<f64>) -> Pace {
        let Some(wanted) = aim else {
            return Pace { done, aim, expected: None, needed_a_month: None, standing: None };
        };
        let all = f64::from(self.over + self.left);
        let expected = wanted * f64::from(self.over) / all;
        let missing = (wanted - done).max(0.0);
        let months = f64::from(self.left) * 12.0 / all;
        let standing = if missing == 0.0 {
            Standing::Reached
        } else if self.left == 0 {
            Standing::Missed
        } else if done >= expected {
            Standing::Ahead
        } else {
            Standing::Behind
        };
        Pace {
            done,
            aim,
            expected: Some(expected),
            needed_a_month: (self.left > 0).then(|| missing / months),
            standing: Some(standing),
        }
    }
}

/// What sites of a kind did, against their aims.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Account {
    /// The kind of site; `all` is all of them.
    pub kind: String,
    /// Inspections that were planned for days of the year up to the day.
    pub planned: u64,
    /// Of these, those without a coded result, or waived without a coded reason.
    pub open: u64,
    /// Of these, those waived with a coded reason.
    pub waived: u64,
    /// Cases.
    pub cases: Pace,
    /// Major cases.
    pub major_cases: Pace,
    /// Fines, in yuan.
    pub fines: Pace,
    /// Pieces that violate.
    pub pieces: Pace,
}

/// A notice that should have been answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Overdue {
    /// Its id.
    pub notice_id: String,
    /// The country from which it came.
    pub country: Option<String>,
    /// The day on which it came.
    pub received_on: Date,
    /// For how many days it has been open.
    pub days: u32,
}

/// Counts of notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NoticeCounts {
    /// Received in the year up to the day.
    pub received: u64,
    /// Of these, answered.
    pub answered: u64,
    /// Of these, open.
    pub open: u64,
    /// Of these, untraceable.
    pub untraceable: u64,
    /// Of these, with the number of a case.
    pub with_case: u64,
}

/// Notices from abroad.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NoticeAccount {
    /// Of all countries.
    pub all: NoticeCounts,
    /// By country, in the order of their names; those without one first, under an empty name.
    pub countries: BTreeMap<String, NoticeCounts>,
    /// The share of those received that are answered; `None` if none came.
    pub answered_share: Option<f64>,
    /// The share that is aimed at.
    pub answered_aim: Option<f64>,
    /// Whether the share is reached.
    pub reached: Option<bool>,
    /// The median number of days from receipt to answer of those answered in the year that say both days.
    pub median_days: Option<f64>,
    /// Of earlier years, still open.
    pub earlier_open: u64,
    /// Open for longer than the aim, of whatever year: how many.
    pub overdue: u64,
    /// The first 1,000 of them, those that came first at the top.
    pub overdue_notices: Vec<Overdue>,
}

/// Tip-offs of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TipOffCounts {
    /// Received in the year up to the day.
    pub received: u64,
    /// Of these, those that name a declaration or a case.
    pub led: u64,
    /// Of these, those whose declaration or case has a violation.
    pub confirmed: u64,
    /// The proceeds of the confirmed cases, each once, in yuan.
    pub proceeds: f64,
    /// The rewards for them, in yuan.
    pub rewards: f64,
}

/// The reward for a tip-off.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Reward {
    /// The tip-off.
    pub tip_id: String,
    /// The case, by its number or that of its declaration.
    pub case: String,
    /// Proceeds, in yuan.
    pub proceeds: f64,
    /// Whether the proceeds are the fines of the case, since the tip-off says none.
    pub from_fines: bool,
    /// The reward, in yuan.
    pub reward: f64,
}

/// Tip-offs by yield.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TipOffAccount {
    /// Of all kinds.
    pub all: TipOffCounts,
    /// By kind, in the order of their names; those without one under an empty name.
    pub kinds: BTreeMap<String, TipOffCounts>,
    /// The rewards, in the order of the days on which the tip-offs came. Of several tip-offs to one case the first is
    /// rewarded.
    pub rewards: Vec<Reward>,
}

/// Visits of a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VisitCounts {
    /// Visits of the year up to the day, those that were waived aside.
    pub made: u64,
    /// Of these, those without a coded result, or waived without a coded reason.
    pub open: u64,
    /// Of these, those that found a violation.
    pub found: u64,
    /// Visits that were waived with a coded reason.
    pub waived: u64,
}

/// Visits to enterprises.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VisitAccount {
    /// Of all sites.
    pub all: VisitCounts,
    /// By site, in the order of their names.
    pub sites: BTreeMap<String, VisitCounts>,
}

impl VisitAccount {
    fn of(visits: &[Visit], in_year: impl Fn(Date) -> bool) -> Self {
        let mut account = Self::default();
        for visit in visits.iter().filter(|visit| in_year(visit.visited_on)) {
            let verdict = visit.verdict();
            let of_site = account.sites.entry(visit.site.to_string()).or_default();
            for counts in [&mut account.all, of_site] {
                counts.made += u64::from(visit.was_made());
                counts.open += u64::from(verdict == Verdict::Open);
                counts.found += u64::from(verdict.found() == Some(true));
                counts.waived += u64::from(verdict == Verdict::Waived);
            }
        }
        account
    }
}

/// A year's aims and what was done.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Targets {
    /// The year.
    pub year: i64,
    /// The day as of which it is told.
    pub as_of: Date,
    /// The days of the year that are over.
    pub days_over: u32,
    /// The days that are left.
    pub days_left: u32,
    /// All sites together.
    pub all: Account,
    /// By kind of site, in the order of their names.
    pub kinds: Vec<Account>,
    /// Cases of the year on declarations that no plan selected and no tip-off or notice names. They are not counted above:
    /// nobody knows how they came to be inspected.
    pub unplanned_cases: u64,
    /// Notices, if a table of them was given.
    pub notices: Option<NoticeAccount>,
    /// Tip-offs, if a table of them was given.
    pub tip_offs: Option<TipOffAccount>,
    /// Visits to enterprises, if a table of them was given.
    pub visits: Option<VisitAccount>,
}

impl Targets {
    /// The accounts of plans and outcomes, as of a day; assessments are not needed. What was dropped and has no result is
    /// waived, what was added counts as what was planned.
    pub fn of_plans(
        plans: &[ChangedPlan],
        outcomes: &Outcomes,
        kinds: &SiteKinds,
        aims: &Aims,
        ledgers: Ledgers<'_>,
        as_of: Date,
    ) -> Self {
        // A declaration that was planned on several days has the results with the last of them.
        let mut planned: BTreeMap<&str, (Date, &str, bool)> = BTreeMap::new();
        for (day, id, office, dropped) in plans.iter().flat_map(ChangedPlan::inspections) {
            let now = (day, office, dropped);
            let kept = planned.entry(id).or_insert(now);
            *kept = (*kept).max(now);
        }
        let waived = [Outcome::undated("", Verdict::Waived)];
        let of_plans = planned.iter().map(|(&declaration_id, &(day, office, dropped))| {
            let outcomes = outcomes.of(declaration_id);
            let is_waived = dropped && verdict_of(outcomes).found().is_none();
            Found {
                office: Some(office),
                day: Some(day),
                declaration_id,
                outcomes: if is_waived { &waived } else { outcomes },
            }
        });
        let others = outcomes
            .declarations()
            .filter(|(id, _)| !planned.contains_key(id))
            .map(|(declaration_id, outcomes)| Found { office: None, day: None, declaration_id, outcomes });
        Self::of_found(of_plans.chain(others), kinds, aims, ledgers, as_of)
    }

    /// The accounts of inspections, as of a day. `outcomes` are those known by then
    /// ([`Outcomes::known_by`]); the order of inspections does not matter.
    fn of_found<'f>(
        found: impl IntoIterator<Item = Found<'f>>,
        kinds: &SiteKinds,
        aims: &Aims,
        ledgers: Ledgers<'f>,
        as_of: Date,
    ) -> Self {
        let Ledgers { notices, tip_offs, visits } = ledgers;
        let passed = Passed::new(aims, as_of);
        let (first, last) = aims.days();
        let in_year = |day: Date| first <= day && day <= last && day <= as_of;
        let cases = Cases::of(found, in_year, as_of, ledgers);
        let kind_of = |office: Option<&str>| match office {
            Some(office) => kinds.get(office).map_or(OTHER_KIND, String::as_str),
            None => LED_KIND,
        };
        let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
        let named = kinds.values().map(String::as_str).chain(aims.kinds.keys().map(String::as_str));
        for kind in named {
            sums.entry(kind).or_default();
        }
        for (office, counts) in &cases.inspections {
            let sum = sums.entry(kind_of(Some(office))).or_default();
            sum.planned += counts[0];
            sum.open += counts[1];
            sum.waived += counts[2];
        }
        let mut unplanned_cases = 0;
        for case in cases.by_key.values().filter(|case| in_year(case.day)) {
            if case.office.is_none() && !case.is_led {
                unplanned_cases += 1;
                continue;
            }
            let sum = sums.entry(kind_of(case.office)).or_default();
            sum.cases += 1;
            sum.major_cases += u64::from(case.is_major);
            sum.fines += case.fines;
            sum.pieces += case.pieces;
        }
        let all = sums.values().fold(Sum::default(), |all, sum| all.plus(sum));
        let none = Aim::default();
        let accounts =
            sums.iter().map(|(kind, sum)| sum.account(kind, aims.kinds.get(*kind).unwrap_or(&none), passed));
        Self {
            year: aims.year,
            as_of,
            days_over: passed.over,
            days_left: passed.left,
            all: all.account("all", &aims.all, passed),
            kinds: accounts.collect(),
            unplanned_cases,
            notices: notices.map(|notices| NoticeAccount::of(notices, aims, as_of)),
            tip_offs: tip_offs.map(|tip_offs| TipOffAccount::of(tip_offs, &cases, aims, as_of)),
            visits: visits.map(|visits| VisitAccount::of(visits, in_year)),
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    planned: u64,
    open: u64,
    waived: u64,
    cases: u64,
    major_cases: u64,
    fines: f64,
    pieces: u64,
}

impl Sum {
    fn plus(self, other: &Self) -> Self {
        Self {
            planned: self.planned + other.planned,
            open: self.open + other.open,
            waived: self.waived + other.waived,
            cases: self.cases + other.cases,
            major_cases: self.major_cases + other.major_cases,
            fines: self.fines + other.fines,
            pieces: self.pieces.saturating_add(other.pieces),
        }
    }

    fn account(&self, kind: &str, aim: &Aim, passed: Passed) -> Account {
        let count = |done: u64, aim: Option<u64>| passed.pace(done as f64, aim.map(|aim| aim as f64));
        Account {
            kind: kind.to_owned(),
            planned: self.planned,
            open: self.open,
            waived: self.waived,
            cases: count(self.cases, aim.cases),
            major_cases: count(self.major_cases, aim.major_cases),
            fines: passed.pace(self.fines, aim.fines),
            pieces: count(self.pieces, aim.pieces),
        }
    }
}

impl NoticeAccount {
    fn of(notices: &[Notice], aims: &Aims, as_of: Date) -> Self {
        let (first, last) = aims.days();
        let mut account = Self { answered_aim: aims.notices_answered, ..Self::default() };
        let mut days = Vec::new();
        for notice in notices.iter().filter(|notice| notice.received_on <= as_of) {
            let status = notice.as_of(as_of);
            let waited = (as_of.days() - notice.received_on.days()).unsigned_abs();
            if status == NoticeStatus::Open && aims.notice_days.is_some_and(|most| waited > most) {
                account.overdue_notices.push(Overdue {
                    notice_id: notice.notice_id.clone(),
                    country: notice.country.clone(),
                    received_on: notice.received_on,
                    days: waited,
                });
            }
            if let Some(answered) = notice.answered_on.filter(|_| status == NoticeStatus::Answered)
                && first <= answered
                && answered <= last
            {
                days.push((answered.days() - notice.received_on.days()).unsigned_abs());
            }
            if notice.received_on < first {
                account.earlier_open += u64::from(status == NoticeStatus::Open);
            }
            if notice.received_on < first || notice.received_on > last {
                continue;
            }
            let country = account.countries.entry(notice.country.clone().unwrap_or_default()).or_default();
            for counts in [&mut account.all, country] {
                counts.received += 1;
                counts.answered += u64::from(status == NoticeStatus::Answered);
                counts.open += u64::from(status == NoticeStatus::Open);
                counts.untraceable += u64::from(status == NoticeStatus::Untraceable);
                counts.with_case += u64::from(notice.case_number.is_some());
            }
        }
        account
            .overdue_notices
            .sort_by(|a, b| (a.received_on, &a.notice_id).cmp(&(b.received_on, &b.notice_id)));
        account.overdue = account.overdue_notices.len() as u64;
        account.overdue_notices.truncate(MAX_OVERDUE);
        days.sort_unstable();
        account.median_days = match days.len() {
            0 => None,
            count if count % 2 == 1 => Some(f64::from(days[count / 2])),
            count => Some((f64::from(days[count / 2 - 1]) + f64::from(days[count / 2])) / 2.0),
        };
        let NoticeCounts { received, answered, .. } = account.all;
        account.answered_share = (received > 0).then(|| answered as f64 / received as f64);
        account.reached = account.answered_share.zip(account.answered_aim).map(|(share, aim)| share >= aim);
        account
    }
}

/// The reward for proceeds: the share of them, the largest reward at most, in whole fen, rounded down.
///
/// ```
/// use qingfeng_insight::targets::reward;
///
/// assert_eq!(reward(12_345.67, 0.1, 100_000.0), 1_234.56);
/// assert_eq!(reward(3_730_000.0, 0.1, 100_000.0), 100_000.0);
/// ```
pub fn reward(proceeds: f64, share: f64, most: f64) -> f64 {
    let reward = (proceeds * share).min(most);
    // A product such as 0.29 * 100 is a hair below the whole number that it stands for.
    ((reward * 100.0) * (1.0 + f64::EPSILON * 4.0)).floor() / 100.0
}

impl TipOffAccount {
    fn of(tip_offs: &[TipOff], cases: &Cases<'_>, aims: &Aims, as_of: Date) -> Self {
        let (first, last) = aims.days();
        let mut account = Self::default();
        let mut order: Vec<&TipOff> = tip_offs.iter().filter(|tip| tip.received_on <= as_of).collect();
        order.sort_by(|a, b| (a.received_on, &a.tip_id).cmp(&(b.received_on, &b.tip_id)));
        let mut rewarded: std::collections::BTreeSet<&str> = std::collections::BTreeSet::new();
        for tip in order {
            let case = cases.of_tip(tip);
            // A case has one reward, also if an earlier year's tip-off has it.
            let is_first = case.is_some_and(|(key, _)| rewarded.insert(key));
            if tip.received_on < first || tip.received_on > last {
                continue;
            }
            let of_kind = account.kinds.entry(tip.kind.clone().unwrap_or_default()).or_default();
            let reward = case.filter(|_| is_first).map(|(key, case)| {
                let proceeds = tip.proceeds.unwrap_or(case.fines);
                Reward {
                    tip_id: tip.tip_id.clone(),
                    case: key.to_owned(),
                    proceeds,
                    from_fines: tip.proceeds.is_none(),
                    reward: reward(proceeds, aims.reward_share, aims.reward_most),
                }
            });
            for counts in [&mut account.all, of_kind] {
                counts.received += 1;
                counts.led += u64::from(tip.declaration_id.is_some() || tip.case_number.is_some());
                counts.confirmed += u64::from(case.is_some());
                if let Some(reward) = &reward {
                    counts.proceeds += reward.proceeds;
                    counts.rewards += reward.reward;
                }
            }
            account.rewards.extend(reward);
        }
        account
    }
}

#[cfg(test)]
mod tests;
