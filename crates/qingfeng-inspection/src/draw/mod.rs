//! The draw of surprise inspections: by a secret key, so that nobody can foresee or choose who is drawn, and everybody
//! to whom the key of a day is shown can repeat its draw. `docs/auditing-the-draw.md` says how with other tools.
//!
//! Each declaration has a ticket, [`DayKey::ticket`]. In each stratum of an office's day the lowest tickets are drawn.
//! How many that are follows from the rates alone ([`plan_draw`]), but for strata whose share is no whole number where the
//! office's day is rounded up as a whole: there the key decides between the two next to it.

mod key;
mod sizes;

pub use key::{DayKey, Key, KeyError};
pub use sizes::{DrawSizes, Reserve, StratumCount, StratumSize, apportioned, plan_draw, reserve};

/// Who is drawn: for each stratum the positions in its population, the lowest ticket first.
///
/// `strata` has, for each stratum of `sizes`, its name and the ids of its population, in any order.
///
/// ```
/// use qingfeng_inspection::draw::{Key, StratumCount, draw, plan_draw};
/// use qingfeng_rules::selection::{Millionths, RandomLeast};
///
/// let key = Key::parse("8f1d2c3b4a5968778695a4b3c2d1e0ff0123456789abcdeffedcba9876543210")?;
/// let day = key.of_day("2016-09-06".parse()?);
/// let ids = ["D1", "D2", "D3", "D4"];
/// let stratum = StratumCount { name: "all".into(), rate: Millionths(500_000), declarations: 4, population: 4 };
/// let sizes = plan_draw(RandomLeast::Stratum, &[stratum], None);
/// let drawn = draw(&day, "yiwu", &sizes, &[("all", &ids)]);
/// assert_eq!(drawn[0].len(), 2);
/// assert!(day.ticket(ids[drawn[0][0]]) < day.ticket(ids[drawn[0][1]]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// If `strata` are not those of `sizes`, in the same order.
pub fn draw<T: AsRef<str>>(
    key: &DayKey,
    office: &str,
    sizes: &DrawSizes,
    strata: &[(&str, &[T])],
) -> Vec<Vec<usize>> {
    assert_eq!(strata.len(), sizes.strata.len(), "the strata of these sizes");
    let counts = counts(key, office, sizes, strata);
    let lowest = |(&(_, ids), count): (&(&str, &[T]), u64)| {
        let mut tickets: Vec<([u8; 32], usize)> = if count == 0 {
            Vec::new()
        } else {
            ids.iter().map(|id| key.ticket(id.as_ref())).zip(0..).collect()
        };
        tickets.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| ids[a.1].as_ref().cmp(ids[b.1].as_ref())));
        tickets.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        tickets.into_iter().map(|(_, at)| at).collect()
    };
    strata.iter().zip(counts).map(lowest).collect()
}

/// How many are drawn of each stratum: those of which it is certain, and the others by a systematic sample with a random
/// start. The strata lie behind each other, in keyed order, each as long as its share in steps; as many are drawn of it
/// as steps from the start fall upon it.
fn counts<T>(key: &DayKey, office: &str, sizes: &DrawSizes, strata: &[(&str, &[T])]) -> Vec<u64> {
    let mut counts: Vec<u64> = sizes.strata.iter().map(|size| size.least).collect();
    let mut order: Vec<(usize, u128)> =
        sizes.strata.iter().enumerate().filter_map(|(at, size)| Some((at, size.length?))).collect();
    order.sort_by_cached_key(|&(at, _)| (key.stratum(office, strata[at].0), strata[at].0));
    let start = key.start(office, sizes.step);
    // Steps that fall before a place.
    let before = |place: u128| if place <= start { 0 } else { (place - start - 1) / sizes.step + 1 };
    let mut place = 0;
    for (at, length) in order {
        let fallen = before(place + length) - before(place);
        counts[at] = u64::try_from(fallen).unwrap_or(u64::MAX);
        place += length;
    }
    counts
}

#[cfg(test)]
mod tests;
