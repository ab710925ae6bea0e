//! Assessed declarations, as selection and all that learns from inspections see them.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::FixedState;
use qingfeng_rules::{ChannelId, Date};

use super::sorted::SortedDeclarations;
use qingfeng::OpenedPack;
use qingfeng::read::{Input, ReadError};

/// One assessed declaration. Texts that many declarations share are shared.
#[derive(Clone, Debug, PartialEq)]
pub struct AssessedDeclaration {
    /// Its id.
    pub declaration_id: Box<str>,
    /// Its own day.
    pub day: Option<Date>,
    /// Its score.
    pub score: i64,
    /// Its channel: of a pack's channels the one at this position, else of those that were read.
    pub channel: ChannelId,
    /// The active rules that fired on it, by their positions, rising.
    pub rules: Arc<[u32]>,
    /// The shadow rules that fired on it, likewise.
    pub shadow_rules: Arc<[u32]>,
    /// The pack that assessed it, by its position among the packs that were read.
    pub pack: u32,
    /// The sites to which its lines belong, by their positions, rising.
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
    /// Its value, all lines together, in the unit of declarations.
    pub value: Option<f64>,
    /// What of it could not be read, as its assessment names it: `item 2: quantity`.
    pub unreadable: Arc<[Arc<str>]>,
}

/// What is stored once, by its content.
type Stored<K> = HashSet<Arc<K>, FixedState>;

/// Texts and lists, each stored once.
#[derive(Debug, Default)]
pub struct Interner {
    texts: Stored<str>,
    numbers: Stored<[u32]>,
    lists: Stored<[Arc<str>]>,
}

/// What is stored once, at most of each kind; further ones are copied.
pub(crate) const SHARED_MAX: usize = 1_000_000;

fn shared<K: ?Sized + Hash + Eq>(known: &mut Stored<K>, key: &K) -> Arc<K>
where
    for<'k> Arc<K>: From<&'k K>,
{
    if let Some(known) = known.get(key) {
        return Arc::clone(known);
    }
    let new: Arc<K> = Arc::from(key);
    if known.len() < SHARED_MAX {
        known.insert(Arc::clone(&new));
    }
    new
}

impl Interner {
    /// A text.
    pub fn text(&mut self, text: &str) -> Arc<str> {
        shared(&mut self.texts, text)
    }

    /// A list of numbers.
    pub fn numbers(&mut self, numbers: &[u32]) -> Arc<[u32]> {
        shared(&mut self.numbers, numbers)
    }

    /// A list of texts.
    pub fn list(&mut self, texts: &[Arc<str>]) -> Arc<[Arc<str>]> {
        shared(&mut self.lists, texts)
    }
}

/// How many there are of something, and the first of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted<T> {
    /// How many there are.
    pub total: u64,
    /// The first of them, a few at most.
    pub first: Vec<T>,
}

impl<T> Default for Counted<T> {
    fn default() -> Self {
        Self { total: 0, first: Vec::new() }
    }
}

/// The ids that are kept of declarations that do not fit.
const IDS_KEPT: usize = 5;

impl Counted<Box<str>> {
    /// Counts a declaration; the ids that are kept are the first in order.
    pub fn add(&mut self, id: &str) {
        self.total += 1;
        let at = match self.first.binary_search_by(|known| (**known).cmp(id)) {
            Ok(_) => return,
            Err(at) => at,
        };
        if at < IDS_KEPT {
            self.first.insert(at, id.into());
            self.first.truncate(IDS_KEPT);
        }
    }
}

/// The declarations of some files, in the order of day and id, whatever the order of the files was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidates {
    /// The declarations, those without a day first; no id is there twice on a day.
    pub all: Vec<AssessedDeclaration>,
    /// The assessments that were read, before those of one declaration were put together.
    pub read: u64,
    /// The packs of the assessments, as they name them, in order: they may differ in what was known of lookups.
    pub packs: Vec<String>,
}

const MAX_CANDIDATES: u64 = 10_000_000;

impl Candidates {
    /// Where the declarations of these days stand, the first and the last among them.
    pub(crate) fn of_days(&self, from: Date, until: Date) -> Range<usize> {
        let all = &self.all;
        let end = all.partition_point(|candidate| candidate.day <= Some(until));
        all.partition_point(|candidate| candidate.day < Some(from))..end
    }

    /// Reads assessments by declaration, as `qingfeng score` writes them with a pack that has `[selection]`: files of any
    /// of the four formats, in any order. Several assessments of one declaration and day are put together, see
    /// [`AssessedDeclaration::merge`].
    ///
    /// # Errors
    ///
    /// An input that cannot be read or lacks a column; a row of another pack, or with a rule, a site, a
    /// channel or a day that there is not; more than ten million rows. Each with file, row and column.
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
        let sorted = SortedDeclarations::read(inputs, opened)?;
        let read = sorted.read_count();
        if read > MAX_CANDIDATES {
            let reason = format!(
                "with the files before it has more than {MAX_CANDIDATES} assessments; give fewer days, in files of their own"
            );
            return Err(inputs.last().map_or(ReadError::NoInput, |input| ReadError::content(input, reason)));
        }
        let mut candidates = Self { all: Vec::new(), read, packs: sorted.packs().to_vec() };
        sorted.each_batch(|batch| {
            candidates.all.extend(batch);
            Ok::<(), ReadError>(())
        })?;
        Ok(candidates)
    }

    /// The first and the last day of the declarations.
    pub fn days(&self) -> Option<(Date, Date)> {
        let (from, until) = (self.with_day().first()?, self.with_day().last()?);
        from.day.zip(until.day)
    }

    /// Assessments that were put together with others of the same declaration and day.
    pub fn put_together(&self) -> u64 {
        self.read.saturating_sub(self.all.len() as u64)
    }

    /// The declarations that have a day.
    fn with_day(&self) -> &[AssessedDeclaration] {
        &self.all[self.all.partition_point(|candidate| candidate.day.is_none())..]
    }
}

impl AssessedDeclaration {
    /// A declaration of one line on which no rule fired and of which no more is known.
    pub fn new(declaration_id: &str, day: Option<Date>) -> Self {
        let other: Arc<str> = "other".into();
        Self {
            declaration_id: declaration_id.into(),
            day,
            score: 0,
            channel: ChannelId(0),
            rules: Arc::default(),
            shadow_rules: Arc::default(),
            pack: 0,
            sites: Arc::default(),
            trader: None,
            trader_class: "unnamed".into(),
            group: Arc::clone(&other),
            line_groups: Arc::from([other]),
            mode: None,
            destination: None,
            packages: None,
            value: None,
            unreadable: Arc::default(),
        }
    }

    /// Brings declarations into the order of day and id, and puts several assessments of one declaration and day together:
    ///
    /// - the one with the gravest channel, among these with the highest score, decides: its channel, score and pack, and
    ///   the group, mode and destination of its decisive line;
    /// - rules, shadow rules and sites of all count;
    /// - lines, packages, value and what could not be read are added;
    /// - the trader is that of the deciding one, or of the first that has any.
    ///
    /// The order in which they were read does not matter. Of the first `unknown` channels nobody knows how grave they are:
    /// returns how many assessments in one of these gave way to one in another channel.
    pub fn merge(all: &mut Vec<Self>, interner: &mut Interner, unknown: usize) -> u64 {
        let mut guessed = 0;
        all.sort_unstable_by(Self::in_order);
        all.dedup_by(|later, first| {
            let is_same = first.day == later.day && first.declaration_id == later.declaration_id;
            if is_same {
                guessed += u64::from(first.channel != later.channel && later.channel.index() < unknown);
                first.add(later, interner);
            }
            is_same
        });
        // The room that reading took in advance is a quarter of what is kept, on average.
        all.shrink_to_fit();
        guessed
    }

    /// Feeds all that selection goes by; not the pack that assessed it, nor what is in shadow.
    pub(crate) fn feed(&self, bytes: &mut Vec<u8>) {
        let mut text = |text: &str| {
            bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        };
        text(&self.declaration_id);
        for of in [&self.trader, &self.mode, &self.destination] {
            text(of.as_deref().unwrap_or_default());
        }
        text(&self.trader_class);
        text(&self.group);
        for of in [&self.line_groups, &self.unreadable] {
            text(&of.len().to_string());
            of.iter().for_each(|of| text(of));
        }
        for numbers in [&self.rules, &self.sites] {
            bytes.extend_from_slice(&(numbers.len() as u64).to_le_bytes());
            numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
        }
        bytes.extend_from_slice(&self.day.map_or(i32::MIN, Date::days).to_le_bytes());
        bytes.extend_from_slice(&self.score.to_le_bytes());
        bytes.push(self.channel.0);
        bytes.extend_from_slice(&[self.packages.is_some().into(), self.value.is_some().into()]);
        bytes.extend_from_slice(&self.packages.unwrap_or(0).to_le_bytes());
        bytes.extend_from_slice(&self.value.unwrap_or(0.0).to_bits().to_le_bytes());
    }

    /// By what it is known whether a declaration that comes again is the same.
    pub(crate) fn content(&self) -> [u8; 16] {
        let mut bytes = Vec::new();
        self.feed(&mut bytes);
        let mut content = [0; 16];
        content.copy_from_slice(&blake3::hash(&bytes).as_bytes()[..16]);
        content
    }

    /// Its value in whole units, if it has one that can be a value.
    pub(crate) fn whole_value(&self) -> Option<i64> {
        let value = self.value.filter(|value| value.is_finite() && *value >= 0.0)?;
        // A conversion to integers stops at the largest.
        Some((value as i64).clamp(1, 1_000_000_000_000))
    }

    /// The order by day and id; of one declaration the gravest first, then by all else.
    fn in_order(&self, other: &Self) -> Ordering {
        let texts = |of: &Self| {
            let decisive = (of.group.clone(), of.trader_class.clone(), of.mode.clone());
            (decisive, of.destination.clone(), of.trader.clone(), of.line_groups.clone())
        };
        let numbers = |of: &Self| {
            let fired = (of.sites.clone(), of.rules.clone(), of.shadow_rules.clone());
            (fired, of.packages, of.value.map(f64::to_bits), of.unreadable.clone(), of.pack)
        };
        (self.day, &self.declaration_id)
            .cmp(&(other.day, &other.declaration_id))
            .then_with(|| (other.channel, other.score).cmp(&(self.channel, self.score)))
            .then_with(|| texts(self).cmp(&texts(other)))
            .then_with(|| numbers(self).cmp(&numbers(other)))
    }

    /// Adds another assessment of the same declaration, which is no graver.
    fn add(&mut self, other: &Self, interner: &mut Interner) {
        let mut united = |a: &[u32], b: &[u32]| {
            let all: BTreeSet<u32> = a.iter().chain(b).copied().collect();
            interner.numbers(&all.into_iter().collect::<Vec<u32>>())
        };
        self.sites = united(&self.sites, &other.sites);
        self.rules = united(&self.rules, &other.rules);
        self.shadow_rules = united(&self.shadow_rules, &other.shadow_rules);
        self.line_groups = self.line_groups.iter().chain(&*other.line_groups).cloned().collect();
        self.unreadable = self.unreadable.iter().chain(&*other.unreadable).cloned().collect();
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
