//! Declarations as selection sees them.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use qingfeng_rules::{ChannelId, Date};

use super::rolling::ArrivingDeclarations;
use qingfeng::OpenedPack;
use qingfeng::read::{Input, ReadError};

/// One assessed declaration. Texts that many declarations share are shared.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its id.
    pub declaration_id: Box<str>,
    /// Its own date.
    pub day: Date,
    /// The sites to which its lines belong, by position in the pack's sites, rising.
    pub sites: Arc<[u32]>,
    /// Its trader, if it has one.
    pub trader: Option<Arc<str>>,
    /// The class of its trader.
    pub trader_class: Arc<str>,
    /// The goods group of its decisive line, or `other`.
    pub group: Arc<str>,
    /// The goods group of each line, in order.
    pub line_groups: Arc<[Arc<str>]>,
    /// The trade mode of its decisive line.
    pub mode: Option<Arc<str>>,
    /// The destination of its decisive line.
    pub destination: Option<Arc<str>>,
    /// Its packages, all lines together.
    pub packages: Option<i64>,
    /// Its value, all lines together.
    pub value: Option<f64>,
    /// Its score.
    pub score: i64,
    /// Its channel.
    pub channel: ChannelId,
    /// The active rules that fired on it, by position in the pack, rising.
    pub rules: Arc<[u32]>,
}

/// The declarations of some files, in the order of day and id, whatever the order of the files was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidates {
    /// The declarations; no id is there twice on a day.
    pub all: Vec<Candidate>,
    /// The assessments that were read, before those of one declaration were put together to the worst.
    pub read: u64,
    /// Declarations without a day, which no day's plan can have: how many, and the first ids.
    pub without_day: (u64, Vec<Box<str>>),
    /// The packs of the assessments, as they name them, in order: they may differ in what was known of lookups.
    pub packs: Vec<String>,
}

/// The declarations that are read at most.
pub const MAX_CANDIDATES: usize = 10_000_000;

/// The ids of declarations without a day that are told.
const TOLD_WITHOUT_DAY: usize = 5;

/// The packs that the assessments of one run may name.
const PACKS_MAX: usize = 10_000;

impl Candidates {
    /// Reads assessments by declaration, as `qingfeng score` writes them with a pack that has `[selection]`: files of any
    /// of the four formats, in any order.
    ///
    /// Several assessments of one declaration and day are put together: the worst one decides, the sites and rules of all
    /// count, lines, packages and value are added.
    ///
    /// # Errors
    ///
    /// An input that cannot be read or lacks a column; a row of another pack, or with a rule, a site, a
    /// channel or a day that there is not; more than [`MAX_CANDIDATES`] rows. Each with file, row and column.
    ///
    /// ```
    /// use qingfeng::OpenedPack;
    /// use qingfeng::read::Input;
    /// use qingfeng_inspection::Candidates;
    ///
    /// let opened = OpenedPack::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"))?;
    /// let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("assessments.csv");
    /// let header = "declaration_id,score,channel,rules,pack,declared_on,sites,trader_class,group,line_groups";
    /// let pack = opened.pack_id();
    /// std::fs::write(&path, format!(
    ///     "{header}\nD2,0,green,,{pack},2016-09-06,yiwu,known,other,other\nD1,80,red,,{pack},2016-09-06,,known,toys,toys;toys\n"
    /// ))?;
    /// let candidates = Candidates::read(&[Input::Path(path)], &opened)?;
    /// assert_eq!(&*candidates.all[0].declaration_id, "D1");
    /// assert_eq!(candidates.all[0].line_groups.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(inputs: &[Input], opened: &OpenedPack) -> Result<Self, ReadError> {
        let mut candidates = Self::default();
        let mut without_day: BTreeSet<Box<str>> = BTreeSet::new();
        let mut packs: BTreeSet<String> = BTreeSet::new();
        for input in inputs {
            let rows = ArrivingDeclarations::open(input, opened.pack())?.of_pack(opened.pack_id());
            for row in rows {
                let row = row?;
                candidates.read += 1;
                if candidates.read > MAX_CANDIDATES as u64 {
                    let reason = format!(
                        "more than {MAX_CANDIDATES} assessments; plan fewer days at a time, from files of their own"
                    );
                    return Err(ReadError::content(input, reason));
                }
                if !packs.contains(&row.pack) {
                    if packs.len() == PACKS_MAX {
                        let reason =
                            format!("more than {PACKS_MAX} states of lookups; plan fewer days at a time");
                        return Err(ReadError::content(input, reason));
                    }
                    packs.insert(row.pack);
                }
                match row.candidate {
                    Some(candidate) => candidates.all.push(candidate),
                    None => {
                        candidates.without_day.0 += 1;
                        without_day.insert(row.declaration_id.into());
                        if without_day.len() > TOLD_WITHOUT_DAY {
                            without_day.pop_last();
                        }
                    }
                }
            }
        }
        candidates.all.sort_unstable_by(order);
        candidates.all.dedup_by(|later, first| {
            let is_same = first.day == later.day && first.declaration_id == later.declaration_id;
            if is_same {
                first.take(later);
            }
            is_same
        });
        candidates.without_day.1 = without_day.into_iter().collect();
        candidates.packs = packs.into_iter().collect();
        Ok(candidates)
    }

    /// Assessments that were put together with others of the same declaration and day.
    pub fn put_together(&self) -> u64 {
        self.read - self.without_day.0 - self.all.len() as u64
    }
}

/// The order by day and id; of one declaration the worst first, then by all else, so that the order of files does not
/// count.
fn order(a: &Candidate, b: &Candidate) -> Ordering {
    let by_id = (a.day, &a.declaration_id).cmp(&(b.day, &b.declaration_id));
    let by_weight = || (b.channel, b.score).cmp(&(a.channel, a.score));
    let by_texts = || {
        let texts = |of: &Candidate| {
            let texts = [Some(&of.group), Some(&of.trader_class), of.mode.as_ref()];
            (
                texts.map(|text| text.cloned()),
                of.destination.clone(),
                of.trader.clone(),
                of.line_groups.clone(),
            )
        };
        texts(a).cmp(&texts(b))
    };
    let by_numbers = || {
        let numbers =
            |of: &Candidate| (of.sites.clone(), of.rules.clone(), of.packages, of.value.map(f64::to_bits));
        numbers(a).cmp(&numbers(b))
    };
    by_id.then_with(by_weight).then_with(by_texts).then_with(by_numbers)
}

impl Candidate {
    /// Adds another assessment of the same declaration, which is no worse.
    fn take(&mut self, other: &Self) {
        let united = |a: &[u32], b: &[u32]| {
            a.iter().chain(b).copied().collect::<BTreeSet<u32>>().into_iter().collect()
        };
        self.sites = united(&self.sites, &other.sites);
        self.rules = united(&self.rules, &other.rules);
        self.line_groups = self.line_groups.iter().chain(&*other.line_groups).cloned().collect();
        self.packages = match (self.packages, other.packages) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
        self.value = match (self.value, other.value) {
            (Some(a), Some(b)) => Some(a + b).filter(|sum| sum.is_finite()),
            (a, b) => a.or(b),
        };
        if self.trader.is_none() {
            (self.trader, self.trader_class) = (other.trader.clone(), Arc::clone(&other.trader_class));
        }
    }
}
