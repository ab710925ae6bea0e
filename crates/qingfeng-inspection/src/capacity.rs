//! How much each site can inspect on each day.

use std::collections::BTreeMap;

use qingfeng_rules::Date;
use qingfeng_rules::selection::Amount;

use super::policy::Policy;
use qingfeng::read::{Input, ReadError, ReadOptions};
use qingfeng::tables;

const MAX_CAPACITY_ROWS: usize = 100_000;

/// The most inspections of a site and day.
const MAX_INSPECTIONS: u32 = 1_000_000;

/// The most hours of a site and day: all its officers together.
const MAX_HOURS: f64 = 100_000.0;

qingfeng::columns! {
    /// The columns of a table of capacities.
    pub CapacityColumns = "a table of capacities";
    site: Text Needed "A site of the pack, of one of the kinds of `offices`." also "office";
    day: Day Optional "One day, ..." also "date";
    from: Day Optional "... or the first, which may be open, ...";
    until: Day Optional "... and the last, which may be open.";
    weekdays: Text Optional "`mon fri`, `mon-fri`, `1-5`; missing means every day." also "weekday";
    inspections: Integer Optional "So many inspections, or ..." unit "inspections";
    hours: Number Optional "... so many hours of all officers together, which the policy's `points_per_hour` turns into points; 0 is a day without inspections." unit "hours";
}

/// What each site can do on each day.
///
/// A site that is not named, or not on a day, inspects nothing then, and declarations look for another of their sites.
///
/// ```
/// use qingfeng_inspection::Capacity;
/// use qingfeng_rules::selection::Amount;
///
/// let day = "2016-09-06".parse()?;
/// let capacity = Capacity::of_sites([("yiwu", Amount::Inspections(10))]);
/// assert_eq!(capacity.on("yiwu", day), Some(Amount::Inspections(10)));
/// assert_eq!(capacity.on("dalian", day), None);
/// # Ok::<(), qingfeng_rules::ParseDateError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    sites: BTreeMap<String, Vec<Span>>,
}

/// Days of a site with one amount.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    from: Option<Date>,
    until: Option<Date>,
    /// Monday is bit 0, Sunday bit 6.
    weekdays: u8,
    amount: Amount,
    place: String,
}

const ALL_WEEK: u8 = 0x7f;

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Span {
    fn has(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day)
            && self.until.is_none_or(|until| day <= until)
            && self.weekdays & weekday_bit(day) != 0
    }

    /// A day that both have, if there is one.
    fn common_day(&self, other: &Self) -> Option<Date> {
        let from = self.from.max(other.from).unwrap_or(Date::MIN);
        let until = match (self.until, other.until) {
            (Some(a), Some(b)) => a.min(b),
            (a, b) => a.or(b).unwrap_or(Date::MAX),
        };
        // After a week every weekday was there.
        (0..7)
            .filter_map(|days| from.plus_days(days))
            .find(|&day| day <= until && self.weekdays & other.weekdays & weekday_bit(day) != 0)
    }
}

fn weekday_bit(day: Date) -> u8 {
    1 << (day.weekday() - 1).clamp(0, 6)
}

impl Capacity {
    /// Sites that can do the same every day.
    pub fn of_sites<'s>(sites: impl IntoIterator<Item = (&'s str, Amount)>) -> Self {
        let span =
            |amount| Span { from: None, until: None, weekdays: ALL_WEEK, amount, place: String::new() };
        let sites = sites.into_iter().map(|(site, amount)| (site.to_owned(), vec![span(amount)]));
        Self { sites: sites.collect() }
    }

    /// What a pack's `[[selection.capacity]]` says, every day the same.
    pub fn of_policy(policy: &Policy) -> Self {
        let capacity = policy.selection.capacity.iter();
        Self::of_sites(capacity.map(|capacity| (capacity.site.as_str(), capacity.amount)))
    }

    /// Reads a table with the columns [`CapacityColumns`]: CSV, NDJSON, Parquet or Arrow.
    ///
    /// # Errors
    ///
    /// A file that cannot be read; a row that names no such site, has no amount or two, a day that is after its end, a
    /// number that is negative or beyond all reason; two rows for one site and day. Each with its place.
    pub fn read(input: &Input, policy: &Policy) -> Result<Self, ReadError> {
        let columns = CapacityColumns::COLUMNS;
        let offices = policy.offices();
        let mut sites: BTreeMap<String, Vec<Span>> = BTreeMap::new();
        let (mut rows, mut without) = (0, None);
        let inputs = std::slice::from_ref(input);
        let streamed =
            tables::stream(inputs, &CapacityColumns::TABLE, &ReadOptions::default(), &mut |row| {
                rows += 1;
                if rows > MAX_CAPACITY_ROWS {
                    let reason = format!("more than {MAX_CAPACITY_ROWS} rows; give a smaller table");
                    return Err(ReadError::content(input, reason));
                }
                let site = row.text(columns.site).unwrap_or_default();
                if !offices.contains(site) {
                    let inspects = if policy.sites.iter().any(|known| known.name == site) {
                        let kinds = policy.selection.offices.join(", ");
                        format!("the site `{site}` does not inspect: its kind is none of `offices` ({kinds})")
                    } else {
                        format!("there is no site `{}` in the pack", qingfeng::internals::shown(site))
                    };
                    let nearest = offices
                        .iter()
                        .map(|office| (strsim::osa_distance(office, site), office))
                        .min()
                        .filter(|&(distance, _)| distance <= 2);
                    let help = match nearest {
                        Some((_, office)) => format!("did you mean `{office}`?"),
                        None => "see the pack's reference/sites.toml".to_owned(),
                    };
                    return Err(row.error(format!("{inspects}; {help}")));
                }
                let (from, until) =
                    match (row.date(columns.day), row.date(columns.from), row.date(columns.until)) {
                        (Some(day), None, None) => (Some(day), Some(day)),
                        (Some(_), ..) => {
                            return Err(row.error("a `day` and a `from` or `until`; give one or the other"));
                        }
                        (None, Some(from), Some(until)) if from > until => {
                            return Err(
                                row.error(format!("`from` is {from}, after `until`, {until}; exchange them"))
                            );
                        }
                        (None, from, until) => (from, until),
                    };
                let weekdays = match row.text(columns.weekdays) {
                    Some(text) => weekdays(text).ok_or_else(|| {
                        let text = qingfeng::internals::shown(text);
                        row.error(format!(
                            "`weekdays` is `{text}`; write them as `mon wed fri`, `mon-fri` or `1-5`"
                        ))
                    })?,
                    None => ALL_WEEK,
                };
                let amount = match (row.integer(columns.inspections), row.number(columns.hours)) {
                    (Some(_), Some(_)) => {
                        return Err(row.error("both `inspections` and `hours`; give one of them"));
                    }
                    (None, None) => {
                        let reason =
                            "neither `inspections` nor `hours`; give one of them, 0 for a closed day";
                        without.get_or_insert(row.error(reason));
                        return Ok(Ok(()));
                    }
                    (Some(count), None) => {
                        let within = u32::try_from(count).ok().filter(|&count| count <= MAX_INSPECTIONS);
                        let count = within.ok_or_else(|| {
                            row.error(format!(
                                "`inspections` is {count}; give a number from 0 to {MAX_INSPECTIONS}"
                            ))
                        })?;
                        Amount::Inspections(count)
                    }
                    (None, Some(hours)) => {
                        if !(0.0..=MAX_HOURS).contains(&hours) {
                            let message = format!("`hours` is {hours}; give a number from 0 to {MAX_HOURS}");
                            return Err(row.error(message));
                        }
                        Amount::Points((hours * f64::from(policy.selection.cost.points_per_hour)) as u32)
                    }
                };
                let span = Span { from, until, weekdays, amount, place: row.place() };
                sites.entry(site.to_owned()).or_default().push(span);
                Ok(Ok(()))
            })?;
        // A plan made from a part of a table is another plan.
        if let Some(reject) = streamed.rejects.first() {
            let what = match (&reject.field, &reject.value) {
                (Some(field), Some(value)) => format!("`{field}` is `{value}`: "),
                (Some(field), None) if !reject.reason.contains(&format!("`{field}`")) => {
                    format!("`{field}`: ")
                }
                _ => String::new(),
            };
            let place = format!("{}, {}", reject.input, reject.position);
            return Err(ReadError::content(&place, format!("{what}{}", reject.reason)));
        }
        if streamed.lacks("inspections") && streamed.lacks("hours") {
            let reason = "there is no column `inspections` and none `hours`; add one of them";
            return Err(ReadError::content(input, reason));
        }
        without.map_or(Ok(()), Err)?;
        for (site, spans) in &mut sites {
            // By the first day, so that only what follows closely can overlap.
            spans.sort_by_key(|span| (span.from, span.until, span.weekdays));
            for (at, span) in spans.iter().enumerate() {
                let after = |other: &&Span| {
                    span.until.is_none_or(|until| other.from.is_none_or(|from| from <= until))
                };
                for other in spans[at + 1..].iter().take_while(after) {
                    if let Some(day) = span.common_day(other) {
                        let places = format!("{} and {}", span.place, other.place);
                        let reason = format!(
                            "both give the capacity of `{site}` on {day}; keep one, or part their days"
                        );
                        return Err(ReadError::content(&places, reason));
                    }
                }
            }
        }
        Ok(Self { sites })
    }

    /// What a site can do on a day; `None` if nothing is said of it.
    pub fn on(&self, site: &str, day: Date) -> Option<Amount> {
        let spans = self.sites.get(site)?;
        // Spans are few; of a table by days they are in order.
        let end = spans.partition_point(|span| span.from.is_none_or(|from| from <= day));
        spans[..end].iter().rev().find(|span| span.has(day)).map(|span| span.amount)
    }

    /// What each of the policy's sites can do on a day, by the site's position.
    pub(super) fn of_day(&self, policy: &Policy, day: Date) -> Vec<Option<Amount>> {
        policy.sites.iter().map(|site| self.on(&site.name, day)).collect()
    }

    /// The sites that are named, in the order of their names.
    pub fn sites(&self) -> impl Iterator<Item = &str> {
        self.sites.keys().map(String::as_str)
    }

    /// Whether no site is named.
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// Feeds what is said, whatever the order of the rows was.
    pub(super) fn hash(&self, hasher: &mut blake3::Hasher) {
        for (site, spans) in &self.sites {
            for Span { from, until, weekdays, amount, .. } in spans {
                hasher.update(format!("{site}\n{from:?} {until:?} {weekdays} {amount:?}\n").as_bytes());
            }
        }
    }
}

/// Weekdays as bits: `mon fri`, `mon-fri`, `1-5`, `1;7`.
fn weekdays(text: &str) -> Option<u8> {
    let day = |text: &str| -> Option<usize> {
        let text = text.trim().to_lowercase();
        if let Ok(number @ 1..=7) = text.parse::<usize>() {
            return Some(number - 1);
        }
        let known = |name: &str| text.get(..3) == Some(name);
        WEEKDAYS.iter().position(|name| known(name))
    };
    let mut bits = 0;
    for part in text.split([',', ';', ' ']).filter(|part| !part.trim().is_empty()) {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        let mut at = first;
        loop {
            bits |= 1 << at;
            if at == last {
                break;
            }
            at = (at + 1) % 7;
        }
    }
    (bits != 0).then_some(bits)
}

#[cfg(test)]
mod tests;
