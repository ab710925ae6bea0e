//! What a plan was made from, as its rows name it.

use std::fmt;

use qingfeng::read::ReadError;
use qingfeng_rules::Date;

use super::capacity::Capacity;
use super::sorted::DeclarationDays;
use crate::outcomes::Timeline;
use crate::visits::Visit;

/// What a plan was made from, besides its pack and the key: its days, and digests of what was given, whatever the order of
/// rows and the format of files.
///
/// ```
/// use qingfeng_inspection::PlanInputs;
///
/// let written = "2016-09-05/2016-09-07 assessments=0f capacity=1e outcomes=none";
/// let inputs = PlanInputs::parse(written).ok_or("other than plans write it")?;
/// assert_eq!((inputs.outcomes.as_deref(), inputs.to_string().as_str()), (None, written));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanInputs {
    /// The first planned day.
    pub from: Date,
    /// The last planned day.
    pub until: Date,
    /// The digest of the days and the assessments.
    pub assessments: String,
    /// The digest of the capacities.
    pub capacity: String,
    /// The digest of which outcomes were known when, if any were given.
    pub outcomes: Option<String>,
}

impl fmt::Display for PlanInputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, until, assessments, capacity, outcomes } = self;
        let outcomes = outcomes.as_deref().unwrap_or(NONE);
        write!(f, "{from}/{until} assessments={assessments} capacity={capacity} outcomes={outcomes}")
    }
}

/// Where no outcomes were given.
const NONE: &str = "none";

/// The hex digits of a digest: 128 bits.
const DIGITS: usize = 32;

fn digest(feed: impl FnOnce(&mut blake3::Hasher)) -> String {
    let mut hasher = blake3::Hasher::new();
    feed(&mut hasher);
    shortened(&hasher)
}

fn shortened(hasher: &blake3::Hasher) -> String {
    hasher.finalize().to_hex()[..DIGITS].to_owned()
}

impl PlanInputs {
    /// Of a plan of the days from `from` to `until`.
    ///
    /// # Errors
    ///
    /// Declarations that can no longer be read.
    pub fn new(
        [from, until]: [Date; 2],
        declarations: &impl DeclarationDays,
        capacity: &Capacity,
        outcomes: Option<&Timeline>,
    ) -> Result<Self, ReadError> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{from}/{until}\n").as_bytes());
        let mut bytes = Vec::new();
        declarations.each_day(|_, of_day| {
            for declaration in of_day {
                bytes.clear();
                declaration.feed(&mut bytes);
                hasher.update(&bytes);
            }
            Ok::<(), ReadError>(())
        })?;
        Ok(Self {
            from,
            until,
            assessments: shortened(&hasher),
            capacity: digest(|hasher| capacity.hash(hasher)),
            outcomes: outcomes.map(|outcomes| digest(|hasher| outcomes.feed(hasher))),
        })
    }

    /// As the rows of visits have it: with the digest of earlier visits.
    pub fn of_visits(&self, visited: &[Visit]) -> String {
        let visited = match visited {
            [] => NONE.to_owned(),
            visited => digest(|hasher| {
                for visit in visited.iter().filter(|visit| visit.was_made()) {
                    let (day, enterprise) = (visit.visited_on, &visit.enterprise);
                    hasher.update(format!("{day} {} {enterprise}\n", enterprise.len()).as_bytes());
                }
            }),
        };
        format!("{self} visited={visited}")
    }

    /// As the rows of a plan have it; nothing where they have something else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let (from, until) = parts.next()?.split_once('/')?;
        let mut part = |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix('=').map(str::to_owned);
        let inputs = Self {
            from: from.parse().ok()?,
            until: until.parse().ok()?,
            assessments: part("assessments")?,
            capacity: part("capacity")?,
            outcomes: part("outcomes").map(|outcomes| Some(outcomes).filter(|of| of != NONE))?,
        };
        (inputs.to_string() == text).then_some(inputs)
    }

    /// What plans named before they named assessments: one digest of capacities and outcomes.
    pub(crate) fn older(capacity: &Capacity, outcomes: Option<&Timeline>) -> String {
        let mut all = digest(|hasher| {
            hasher.update(b"capacity\n");
            capacity.hash(hasher);
            if let Some(outcomes) = outcomes {
                hasher.update(b"outcomes\n");
                outcomes.feed(hasher);
            }
        });
        all.truncate(16);
        all
    }
}
