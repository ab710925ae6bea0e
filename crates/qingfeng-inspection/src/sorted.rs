//! Assessed declarations in the order of day and id, whatever the order of the files was.
//!
//! A declaration is packed into some sixty bytes: texts and lists that many share are numbers. What does not fit into memory
//! goes to a temporary file in sorted runs, which are merged each time the declarations are asked for. So memory is bounded,
//! whatever the number of declarations and the order of the inputs.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};
use std::fs::File;
use std::hash::Hash;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use foldhash::fast::FixedState;
use qingfeng::OpenedPack;
use qingfeng::read::{Input, ReadError};
use qingfeng::tables::RowReader;
use qingfeng_rules::{ChannelId, Date};

use super::candidate::{AssessedDeclaration, Candidates, Interner, SHARED_MAX};
use super::rolling::AssessmentDecoder;

/// The packed declarations that are held in memory, in bytes; in tests so few that some go to a file.
const ROOM: usize = if cfg!(test) { 1 << 10 } else { 64 << 20 };

/// The declarations that are given out at a time.
const BATCH: usize = 4_096;

/// The bytes of a run that are read at a time.
const BLOCK: usize = 1 << 16;

/// Makes something in one thread and takes it in another, one ahead; in the order in which it is made.
pub(crate) fn ahead<T: Send, E: From<ReadError> + Send>(
    mut make: impl FnMut() -> Result<Option<T>, ReadError> + Send,
    mut take: impl FnMut(T) -> Result<(), E> + Send,
) -> Result<(), E> {
    let mut made = make()?;
    while let Some(one) = made {
        let (next, taken) = rayon::join(&mut make, || take(one));
        taken?;
        made = next?;
    }
    Ok(())
}

/// Texts or lists by number.
#[derive(Debug)]
struct Pool<K: ?Sized> {
    at: HashMap<Arc<K>, u32, FixedState>,
    all: Vec<Arc<K>>,
}

impl<K: ?Sized> Default for Pool<K> {
    fn default() -> Self {
        Self { at: HashMap::default(), all: Vec::new() }
    }
}

impl<K: ?Sized + Hash + Eq> Pool<K> {
    /// The number of what is pooled; nothing once there are too many.
    fn number(&mut self, key: &Arc<K>) -> Option<u32> {
        if let Some(&number) = self.at.get(key) {
            return Some(number);
        }
        if self.all.len() >= SHARED_MAX {
            return None;
        }
        let number = self.all.len() as u32;
        self.all.push(Arc::clone(key));
        self.at.insert(Arc::clone(key), number);
        Some(number)
    }
}

/// What packed declarations name by number.
#[derive(Debug, Default)]
struct Pools {
    texts: Pool<str>,
    rules: Pool<[u32]>,
    sites: Pool<[u32]>,
    lists: Pool<[Arc<str>]>,
}

/// A whole number in as few bytes as it needs, seven bits in each.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn put_signed(bytes: &mut Vec<u8>, number: i64) {
    put(bytes, (number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned());
}

fn put_text(bytes: &mut Vec<u8>, pool: &mut Pool<str>, text: &Arc<str>) {
    match pool.number(text) {
        Some(number) => put(bytes, u64::from(number) + 1),
        None => {
            put(bytes, 0);
            put(bytes, text.len() as u64);
            bytes.extend_from_slice(text.as_bytes());
        }
    }
}

fn put_numbers(bytes: &mut Vec<u8>, pool: &mut Pool<[u32]>, numbers: &Arc<[u32]>) {
    match pool.number(numbers) {
        Some(number) => put(bytes, u64::from(number) + 1),
        None => {
            put(bytes, 0);
            put(bytes, numbers.len() as u64);
            numbers.iter().for_each(|&number| put(bytes, number.into()));
        }
    }
}

impl Pools {
    /// Packs all of a declaration but its day and id.
    fn pack(&mut self, of: &AssessedDeclaration, bytes: &mut Vec<u8>) {
        put_signed(bytes, of.score);
        bytes.push(of.channel.0);
        put(bytes, of.pack.into());
        put_numbers(bytes, &mut self.rules, &of.rules);
        put_numbers(bytes, &mut self.rules, &of.shadow_rules);
        put_numbers(bytes, &mut self.sites, &of.sites);
        put_text(bytes, &mut self.texts, &of.trader_class);
        put_text(bytes, &mut self.texts, &of.group);
        for list in [&of.line_groups, &of.unreadable] {
            match self.lists.number(list) {
                Some(number) => put(bytes, u64::from(number) + 1),
                None => {
                    put(bytes, 0);
                    put(bytes, list.len() as u64);
                    list.iter().for_each(|text| put_text(bytes, &mut self.texts, text));
                }
            }
        }
        let texts = [&of.trader, &of.mode, &of.destination];
        let has = texts.map(Option::is_some);
        let has = [has[0], has[1], has[2], of.packages.is_some(), of.value.is_some()];
        bytes.push(has.iter().enumerate().map(|(bit, &has)| u8::from(has) << bit).sum());
        for text in texts.into_iter().flatten() {
            put_text(bytes, &mut self.texts, text);
        }
        if let Some(packages) = of.packages {
            put_signed(bytes, packages);
        }
        if let Some(value) = of.value {
            bytes.extend_from_slice(&value.to_bits().to_le_bytes());
        }
    }
}

/// New numbers for rules, sites, packs and channels, by their former ones.
#[derive(Debug, Default)]
pub(crate) struct Renumbering {
    pub(crate) rules: Vec<u32>,
    pub(crate) sites: Vec<u32>,
    pub(crate) packs: Vec<u32>,
    pub(crate) channels: Vec<u32>,
}

fn renumbered(numbers: &[u32], new: &[u32]) -> Arc<[u32]> {
    let new = |&number: &u32| new.get(number as usize).copied().unwrap_or(number);
    let mut numbers: Vec<u32> = numbers.iter().map(new).collect();
    numbers.sort_unstable();
    numbers.into()
}

/// Bytes of a packed declaration. What ends too early is nothing, and no mistake of a user.
struct Packed<'b>(&'b [u8]);

impl<'b> Packed<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn size(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn text(&mut self, pool: &Pool<str>) -> Option<Arc<str>> {
        if let Some(number) = self.size()?.checked_sub(1) {
            return pool.all.get(number).cloned();
        }
        let size = self.size()?;
        std::str::from_utf8(self.take(size)?).ok().map(Arc::from)
    }

    fn numbers(&mut self, pool: &Pool<[u32]>, new: &[u32]) -> Option<Arc<[u32]>> {
        if let Some(number) = self.size()?.checked_sub(1) {
            return pool.all.get(number).cloned();
        }
        let size = self.size()?;
        let numbers: Option<Vec<u32>> = (0..size).map(|_| u32::try_from(self.number()?).ok()).collect();
        Some(renumbered(&numbers?, new))
    }

    fn list(&mut self, pools: &Pools) -> Option<Arc<[Arc<str>]>> {
        if let Some(number) = self.size()?.checked_sub(1) {
            return pools.lists.all.get(number).cloned();
        }
        let size = self.size()?;
        (0..size).map(|_| self.text(&pools.texts)).collect()
    }

    fn declaration(
        &mut self,
        day: i32,
        id: &str,
        pools: &Pools,
        new: &Renumbering,
    ) -> Option<AssessedDeclaration> {
        let score = self.signed()?;
        let channel = self.byte()?;
        let channel = new.channels.get(usize::from(channel)).map_or(channel, |&new| new as u8);
        let pack = u32::try_from(self.number()?).ok()?;
        let pack = new.packs.get(pack as usize).copied().unwrap_or(pack);
        let rules = self.numbers(&pools.rules, &new.rules)?;
        let shadow_rules = self.numbers(&pools.rules, &new.rules)?;
        let sites = self.numbers(&pools.sites, &new.sites)?;
        let (trader_class, group) = (self.text(&pools.texts)?, self.text(&pools.texts)?);
        let (line_groups, unreadable) = (self.list(pools)?, self.list(pools)?);
        let has = self.byte()?;
        let has = |bit: u8| has >> bit & 1 == 1;
        let mut text = |bit: u8| if has(bit) { self.text(&pools.texts).map(Some) } else { Some(None) };
        let (trader, mode, destination) = (text(0)?, text(1)?, text(2)?);
        let packages = if has(3) { Some(self.signed()?) } else { None };
        let value = if has(4) {
            Some(f64::from_bits(u64::from_le_bytes(self.take(8)?.try_into().ok()?)))
        } else {
            None
        };
        Some(AssessedDeclaration {
            declaration_id: id.into(),
            day: if day == NO_DAY { None } else { Date::from_days(day) },
            score,
            channel: ChannelId(channel),
            rules,
            shadow_rules,
            pack,
            sites,
            trader,
            trader_class,
            group,
            line_groups,
            mode,
            destination,
            packages,
            value,
            unreadable,
        })
    }
}

/// The day of declarations without one, before all others.
const NO_DAY: i32 = i32::MIN;

/// Where a packed declaration begins.
#[derive(Clone, Copy, Debug)]
struct Start {
    day: i32,
    at: u32,
}

/// The bytes before the id of a packed declaration: its length without these four, its day, the length of the id.
const HEAD: usize = 12;

fn number_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn id_at(block: &[u8], at: usize) -> &[u8] {
    let size = number_at(block, at + 8) as usize;
    block.get(at + HEAD..at + HEAD + size).unwrap_or_default()
}

/// Takes declarations in any order.
#[derive(Debug)]
pub(crate) struct Sorter {
    sorted: SortedDeclarations,
    room: usize,
}

impl Default for Sorter {
    fn default() -> Self {
        Self::with_room(ROOM)
    }
}

impl Sorter {
    /// With room in memory for so many bytes of packed declarations.
    pub(crate) fn with_room(room: usize) -> Self {
        Self { sorted: SortedDeclarations::default(), room }
    }

    pub(crate) fn push(&mut self, declaration: &AssessedDeclaration) -> Result<(), ReadError> {
        let of = &mut self.sorted;
        if of.block.capacity() == 0 {
            // Room that is not used takes no memory, and a block that grew would be there twice for a while.
            of.block.reserve(self.room.min(ROOM) + BLOCK);
        }
        let at = of.block.len();
        let day = declaration.day.map_or(NO_DAY, Date::days);
        if let Some(day) = declaration.day {
            let (first, last) = of.days.unwrap_or((day, day));
            of.days = Some((first.min(day), last.max(day)));
        }
        let id = declaration.declaration_id.as_bytes();
        of.block.extend_from_slice(&[0; 4]);
        of.block.extend_from_slice(&day.to_le_bytes());
        of.block.extend_from_slice(&(id.len() as u32).to_le_bytes());
        of.block.extend_from_slice(id);
        of.pools.pack(declaration, &mut of.block);
        let size = u32::try_from(of.block.len() - at - 4);
        let too_long = |_| ReadError::content(&"an assessment", "has texts of more than 4 GiB");
        let size = size.map_err(too_long)?;
        of.block[at..at + 4].copy_from_slice(&size.to_le_bytes());
        of.starts.push(Start { day, at: at as u32 });
        of.read += 1;
        if of.block.len() >= self.room {
            of.spill().map_err(ReadError::temporary)?;
        }
        Ok(())
    }

    /// All of them, sorted; those that are there several times are put together as they are given out.
    pub(crate) fn finish(self) -> Result<SortedDeclarations, ReadError> {
        let mut sorted = self.sorted;
        if sorted.runs.is_empty() {
            sorted.sort();
            sorted.block.shrink_to_fit();
        } else if !sorted.starts.is_empty() {
            sorted.spill().map_err(ReadError::temporary)?;
        }
        if !sorted.runs.is_empty() {
            (sorted.block, sorted.starts) = (Vec::new(), Vec::new());
        }
        Ok(sorted)
    }
}

/// Assessed declarations in the order of day and id, those without a day first, as often as they are asked for. Several
/// assessments of one declaration and day are put together, see [`AssessedDeclaration::merge`].
#[derive(Debug, Default)]
pub struct SortedDeclarations {
    pools: Pools,
    new: Renumbering,
    /// Of the first so many channels nobody knows how grave they are.
    unknown_channels: usize,
    /// In memory: packed declarations, and where each begins, in order.
    block: Vec<u8>,
    starts: Vec<Start>,
    /// Else in a file, in sorted runs.
    file: Option<Mutex<File>>,
    runs: Vec<Range<u64>>,
    read: u64,
    days: Option<(Date, Date)>,
    packs: Vec<String>,
}

/// Declarations in the order of day and id, as often as they are asked for.
pub trait DeclarationDays {
    /// Gives out the declarations of each day that has some, in order. Those without a day come first, in parts.
    ///
    /// # Errors
    ///
    /// What `take` ends with; declarations that can no longer be read.
    fn each_day<E: From<ReadError> + Send>(
        &self,
        take: impl FnMut(Option<Date>, &[AssessedDeclaration]) -> Result<(), E> + Send,
    ) -> Result<(), E>;
}

impl DeclarationDays for SortedDeclarations {
    fn each_day<E: From<ReadError> + Send>(
        &self,
        mut take: impl FnMut(Option<Date>, &[AssessedDeclaration]) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let mut of_day: Vec<AssessedDeclaration> = Vec::new();
        self.each_batch(|batch| {
            for declaration in batch {
                let day = of_day.first().map_or(declaration.day, |first| first.day);
                if day != declaration.day || day.is_none() && of_day.len() >= BATCH {
                    take(day, &of_day)?;
                    of_day.clear();
                }
                of_day.push(declaration);
            }
            Ok::<(), E>(())
        })?;
        match of_day.first().map(|first| first.day) {
            Some(day) => take(day, &of_day),
            None => Ok(()),
        }
    }
}

impl DeclarationDays for Candidates {
    fn each_day<E: From<ReadError> + Send>(
        &self,
        mut take: impl FnMut(Option<Date>, &[AssessedDeclaration]) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        self.all.chunk_by(|a, b| a.day == b.day).try_for_each(|of_day| take(of_day[0].day, of_day))
    }
}

/// What giving declarations out has shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Given {
    /// The declarations of each day, in order.
    pub(crate) days: Vec<(Option<Date>, u64)>,
    /// Assessments that gave way to one in another channel, though nobody knows which is the graver.
    pub(crate) guessed: u64,
}

impl SortedDeclarations {
    /// Reads assessments by declaration as [`Candidates::read`](super::Candidates::read) does, as many as there is room
    /// for in the directory of temporary files.
    ///
    /// # Errors
    ///
    /// Those of [`Candidates::read`](super::Candidates::read), and a temporary file that cannot be written.
    pub fn read(inputs: &[Input], opened: &OpenedPack) -> Result<Self, ReadError> {
        let mut decoder = AssessmentDecoder::of_pack(opened.pack()).expecting(opened.pack_id());
        let mut sorter = Sorter::default();
        each_assessed(inputs, &mut decoder, &mut |declaration| sorter.push(&declaration))?;
        let mut sorted = sorter.finish()?;
        sorted.packs = decoder.packs.all().iter().map(ToString::to_string).collect();
        sorted.packs.sort_unstable();
        Ok(sorted)
    }

    /// The packs of the assessments, as they name them, in order.
    pub fn packs(&self) -> &[String] {
        &self.packs
    }

    /// The first and the last day of the declarations.
    pub fn days(&self) -> Option<(Date, Date)> {
        self.days
    }

    /// The assessments that were read, before those of one declaration were put together.
    pub fn read_count(&self) -> u64 {
        self.read
    }

    /// Gives rules, sites, packs and channels new numbers; of the first `unknown` channels nobody knows how grave they are.
    pub(crate) fn renumber(&mut self, new: Renumbering, unknown: usize) {
        for (pool, new) in [(&mut self.pools.rules, &new.rules), (&mut self.pools.sites, &new.sites)] {
            pool.at.clear();
            pool.all.iter_mut().for_each(|numbers| *numbers = renumbered(numbers, new));
        }
        (self.new, self.unknown_channels) = (new, unknown);
    }

    fn sort(&mut self) {
        use rayon::slice::ParallelSliceMut as _;

        let block = &self.block;
        let key = |start: &Start| (start.day, id_at(block, start.at as usize));
        self.starts.par_sort_unstable_by(|a, b| key(a).cmp(&key(b)));
    }

    /// Writes what is in memory to the file, as a sorted run.
    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        if self.file.is_none() {
            self.file = Some(Mutex::new(tempfile::tempfile()?));
        }
        let Some(file) = &self.file else { return Ok(()) };
        let from = self.runs.last().map_or(0, |run| run.end);
        let mut file = locked(file)?;
        let mut file = io::BufWriter::with_capacity(1 << 20, &mut *file);
        for start in &self.starts {
            let at = start.at as usize;
            let size = number_at(&self.block, at) as usize;
            file.write_all(self.block.get(at..at + 4 + size).unwrap_or_default())?;
        }
        file.flush()?;
        self.runs.push(from..from + self.block.len() as u64);
        self.block.clear();
        self.starts.clear();
        Ok(())
    }

    /// Gives all declarations out, some at a time.
    pub(crate) fn each_batch<E: From<ReadError> + Send>(
        &self,
        mut take: impl FnMut(Vec<AssessedDeclaration>) -> Result<(), E> + Send,
    ) -> Result<Given, E> {
        let mut merge = Merge::new(self).map_err(ReadError::temporary)?;
        let next = || {
            let mut batch = Vec::with_capacity(BATCH);
            while batch.len() < BATCH
                && let Some(declaration) = merge.next().map_err(ReadError::temporary)?
            {
                batch.push(declaration);
            }
            Ok(Some(batch).filter(|batch| !batch.is_empty()))
        };
        ahead(next, &mut take)?;
        Ok(merge.given)
    }
}

/// Gives out the declarations of some tables; rows are decoded in one thread and taken in another.
pub(crate) fn each_assessed(
    inputs: &[Input],
    decoder: &mut AssessmentDecoder,
    take: &mut (dyn FnMut(AssessedDeclaration) -> Result<(), ReadError> + Send),
) -> Result<(), ReadError> {
    let mut inputs = inputs.iter();
    let mut rows: Option<RowReader> = None;
    let next = || {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH {
            let Some(open) = &mut rows else {
                let Some(input) = inputs.next() else { break };
                rows = Some(decoder.open(input)?);
                continue;
            };
            match open.read()? {
                Some(row) => batch.push(decoder.row(&row)?),
                None => rows = None,
            }
        }
        Ok(Some(batch).filter(|batch| !batch.is_empty()))
    };
    ahead(next, |batch: Vec<AssessedDeclaration>| batch.into_iter().try_for_each(&mut *take))
}

fn locked(file: &Mutex<File>) -> io::Result<std::sync::MutexGuard<'_, File>> {
    file.lock().map_err(|_| io::Error::other("another thread failed while it used the file"))
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is not as it was written")
}

/// A sorted run as it is read.
enum Run<'s> {
    Memory(std::slice::Iter<'s, Start>),
    File { rest: Range<u64>, block: Vec<u8>, at: usize },
}

impl Run<'_> {
    /// The next packed declaration.
    fn next<'r>(&'r mut self, of: &'r SortedDeclarations) -> io::Result<Option<&'r [u8]>> {
        let (block, at) = match self {
            Self::Memory(starts) => match starts.next() {
                Some(start) => (&of.block, start.at as usize),
                None => return Ok(None),
            },
            Self::File { rest, block, at } => {
                let known = block.len() - *at;
                let needed = if known < 4 { HEAD } else { number_at(block, *at) as usize + 4 };
                if known < needed {
                    block.drain(..*at);
                    *at = 0;
                    Self::fill(rest, block, needed, of)?;
                    let needed = number_at(block, 0) as usize + 4;
                    Self::fill(rest, block, needed, of)?;
                }
                if block.is_empty() {
                    return Ok(None);
                }
                let begins = *at;
                *at += number_at(block, begins) as usize + 4;
                (&*block, begins)
            }
        };
        let size = number_at(block, at) as usize;
        block.get(at..at + 4 + size).map(Some).ok_or_else(broken)
    }

    /// Reads on until the block has so many bytes, or the run ends.
    fn fill(
        rest: &mut Range<u64>,
        block: &mut Vec<u8>,
        needed: usize,
        of: &SortedDeclarations,
    ) -> io::Result<()> {
        let left = usize::try_from(rest.end - rest.start).unwrap_or(usize::MAX);
        if block.len() >= needed || left == 0 {
            return Ok(());
        }
        let known = block.len();
        let more = BLOCK.max(needed - known).min(left);
        block.resize(known + more, 0);
        let file = of.file.as_ref().ok_or_else(broken)?;
        let mut file = locked(file)?;
        file.seek(SeekFrom::Start(rest.start))?;
        file.read_exact(&mut block[known..])?;
        rest.start += more as u64;
        Ok(())
    }
}

/// The next declaration of a run.
struct Next {
    declaration: AssessedDeclaration,
    run: usize,
}

impl Next {
    fn key(&self) -> (Option<Date>, &str, usize) {
        (self.declaration.day, &self.declaration.declaration_id, self.run)
    }

    /// Whether it is of the same declaration and day.
    fn is_of(&self, other: &AssessedDeclaration) -> bool {
        self.declaration.day == other.day && self.declaration.declaration_id == other.declaration_id
    }
}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Next {}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The least comes first out of a heap.
impl Ord for Next {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

/// All runs, merged to one.
struct Merge<'s> {
    of: &'s SortedDeclarations,
    runs: Vec<Run<'s>>,
    /// The least declaration of each run that is not at its end.
    heads: BinaryHeap<Next>,
    interner: Interner,
    given: Given,
}

impl<'s> Merge<'s> {
    fn new(of: &'s SortedDeclarations) -> io::Result<Self> {
        let file = |run: &Range<u64>| Run::File { rest: run.clone(), block: Vec::new(), at: 0 };
        let mut runs: Vec<Run<'_>> = of.runs.iter().map(file).collect();
        if runs.is_empty() {
            runs.push(Run::Memory(of.starts.iter()));
        }
        let (heads, interner) = (BinaryHeap::with_capacity(runs.len()), Interner::default());
        let mut merge = Self { of, runs, heads, interner, given: Given::default() };
        for run in 0..merge.runs.len() {
            let next = merge.advance(run)?;
            merge.heads.extend(next);
        }
        Ok(merge)
    }

    /// The next declaration of a run.
    fn advance(&mut self, run: usize) -> io::Result<Option<Next>> {
        let Some(bytes) = self.runs[run].next(self.of)? else { return Ok(None) };
        let day = number_at(bytes, 4).cast_signed();
        let id = std::str::from_utf8(id_at(bytes, 0)).map_err(|_| broken())?;
        let mut packed = Packed(bytes.get(HEAD + id.len()..).unwrap_or_default());
        let declaration = packed.declaration(day, id, &self.of.pools, &self.of.new).ok_or_else(broken)?;
        Ok(Some(Next { declaration, run }))
    }

    /// The next assessment.
    fn pop(&mut self) -> io::Result<Option<AssessedDeclaration>> {
        let Some(run) = self.heads.peek().map(|next| next.run) else { return Ok(None) };
        let next = self.advance(run)?;
        let least = match (next, self.heads.peek_mut()) {
            (Some(next), Some(mut head)) => Some(std::mem::replace(&mut *head, next)),
            (_, Some(head)) => Some(std::collections::binary_heap::PeekMut::pop(head)),
            (_, None) => None,
        };
        Ok(least.map(|least| least.declaration))
    }

    /// The next declaration, all its assessments put together.
    fn next(&mut self) -> io::Result<Option<AssessedDeclaration>> {
        let Some(first) = self.pop()? else { return Ok(None) };
        match self.given.days.last_mut() {
            Some((day, count)) if *day == first.day => *count += 1,
            _ => self.given.days.push((first.day, 1)),
        }
        if !self.heads.peek().is_some_and(|next| next.is_of(&first)) {
            return Ok(Some(first));
        }
        let mut all = vec![first];
        while self.heads.peek().is_some_and(|next| next.is_of(&all[0])) {
            all.extend(self.pop()?);
        }
        self.given.guessed +=
            AssessedDeclaration::merge(&mut all, &mut self.interner, self.of.unknown_channels);
        Ok(all.pop())
    }
}

#[cfg(test)]
mod tests;
