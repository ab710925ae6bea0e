//! Both packs over the same lines, in one go.
//!
//! Packs that read alike share one reader. Others read the inputs each by its own schema, side by side; declarations
//! are then brought together by where they stand.

use std::collections::{BTreeMap, VecDeque};
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use qingfeng_rules::{Date, FieldId, Kind, Pack, Schema, Value};

use crate::assessment::decisive;
use crate::engine::Engine;
use crate::eval::BatchResults;
use crate::output;
use crate::pipeline::{JobError, Pipeline, Progress, Rounds};
use crate::read::{Chunk, Input, Lines, Place, Reader};

use super::DiffOptions;
use super::cause::Deciders;
use super::declarations::{DeclarationsDiff, Example, Outcome};
use super::rules::Matching;
use super::tally::{Candidate, Tally};

/// The readers of the inputs: one for both packs, or one for each.
#[derive(Debug)]
pub struct Readers(Box<[Reader]>);

impl Readers {
    /// One reader, for packs that [`read_alike`].
    pub fn one(reader: Reader) -> Self {
        Self(Box::new([reader]))
    }

    /// A reader by the schema of the old pack and one by that of the new pack, of the same inputs.
    pub fn two(old: Reader, new: Reader) -> Self {
        Self(Box::new([old, new]))
    }

    /// The bytes that are read in all, if all inputs are files.
    pub fn bytes_total(&self) -> Option<u64> {
        self.0.iter().map(Reader::bytes_total).sum()
    }
}

/// Whether two packs read the same lines with the same values, so that one reader does for both.
pub fn read_alike(old: &Engine, new: &Engine) -> bool {
    let (a, b) = (&old.pack().schema, &new.pack().schema);
    let field = |schema: &Schema, id: FieldId| {
        let field = &schema[id];
        let bounds = [field.min, field.max].map(|bound| bound.map(f64::to_bits));
        (
            field.name.clone(),
            field.kind,
            field.level,
            field.required,
            field.codes,
            bounds,
            field.columns.clone(),
        )
    };
    a.declaration == b.declaration
        && a.item == b.item
        && a.fields().len() == b.fields().len()
        && a.ids().all(|id| field(a, id) == field(b, id))
}

pub(super) struct Side {
    pub lines: Lines,
    pub results: BatchResults,
}

/// What the comparison of declarations needs.
struct Comparer<'c> {
    engines: [&'c Engine; 2],
    deciders: Deciders,
    /// The fields with port and day, and the pack whose they are.
    port: Option<(usize, FieldId)>,
    day: Option<(usize, FieldId)>,
    examples_max: usize,
}

pub(super) fn over(
    old: &Engine,
    new: &Engine,
    matching: &Matching,
    readers: Readers,
    options: &DiffOptions,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<DeclarationsDiff, JobError> {
    let packs = [old.pack(), new.pack()];
    let of = |field: fn(&Pack) -> Option<FieldId>| {
        packs.iter().enumerate().find_map(|(at, pack)| Some((at, field(pack)?)))
    };
    let (port, day) = (of(port_field), of(|pack| pack.schema.date));
    let comparer = Comparer {
        engines: [old, new],
        deciders: Deciders::new(old.pack(), new.pack(), matching),
        port,
        day,
        examples_max: options.examples,
    };
    let mut total = Total {
        tally: Tally::new(&comparer.deciders, options.examples),
        examples: BTreeMap::new(),
        comparer: &comparer,
        inputs: readers.0.first().map(|reader| reader.inputs().to_vec()).unwrap_or_default(),
    };
    match <[Reader; 2]>::try_from(readers.0.into_vec()) {
        Ok(readers) => two(&options.pipeline, readers, &mut total, progress)?,
        Err(mut readers) => {
            if let Some(reader) = readers.pop() {
                one(&options.pipeline, reader, &mut total, progress)?;
            }
        }
    }
    let name = |field: Option<(usize, FieldId)>| field.map(|(at, id)| packs[at].schema[id].name.clone());
    let Total { tally, examples, .. } = total;
    let examples = examples
        .into_iter()
        .map(|(pair, examples)| (pair, examples.into_iter().map(|(_, example)| example).collect()));
    Ok(tally.end(&comparer.deciders, [name(comparer.port), name(comparer.day)], examples.collect()))
}

/// The field with the port of a declaration: the one of this name, or the first in which sites are looked up.
fn port_field(pack: &Pack) -> Option<FieldId> {
    let schema = &pack.schema;
    let sites = &schema.keys.site;
    let of_kind = || sites.iter().find(|(kind, _)| kind == "port").or(sites.first()).map(|(_, field)| *field);
    let field = schema.field("port").or_else(of_kind)?;
    matches!(schema[field].kind, Kind::Text | Kind::Code).then_some(field)
}

struct Total<'c> {
    tally: Tally,
    /// The examples of each two channels, with the number that chose them.
    examples: BTreeMap<[u8; 2], Vec<(u64, Example)>>,
    comparer: &'c Comparer<'c>,
    inputs: Vec<Input>,
}

impl Total<'_> {
    fn add(&mut self, next: &Tally) {
        self.tally.join(next);
        for (&channels, candidates) in &next.candidates {
            for candidate in candidates {
                let kept = self.examples.entry(channels).or_default();
                let at = kept.partition_point(|(hash, _)| *hash <= candidate.hash);
                if at < self.comparer.examples_max {
                    let example = self.comparer.example(candidate, &self.inputs);
                    kept.insert(at, (candidate.hash, example));
                    kept.truncate(self.comparer.examples_max);
                }
            }
        }
    }
}

fn one(
    pipeline: &Pipeline,
    reader: Reader,
    total: &mut Total<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), JobError> {
    let comparer = total.comparer;
    let mut take = |tally| {
        total.add(&tally);
        Ok(ControlFlow::Continue(()))
    };
    pipeline.map(reader, &|chunk, _| comparer.together(chunk), &mut take, progress)?;
    Ok(())
}

/// Declarations of one pack that were not yet brought together with those of the other.
struct Queue {
    rounds: Rounds,
    at_end: bool,
    /// Batches that are not counted yet.
    fresh: Vec<(Side, u64)>,
    sides: VecDeque<Arc<Side>>,
    /// The first declaration that waits, in the first batch.
    next: usize,
}

impl Queue {
    fn new(rounds: Rounds) -> Self {
        Self { rounds, at_end: false, fresh: Vec::new(), sides: VecDeque::new(), next: 0 }
    }

    /// Evaluates the next declarations, if none wait.
    fn fill(&mut self, engine: &Engine) -> Result<(), JobError> {
        if self.head().is_some() {
            return Ok(());
        }
        while self.fresh.is_empty() && !self.at_end {
            let Self { rounds, fresh, .. } = self;
            let evaluate = |chunk: Chunk, _: u64| {
                let results = engine.evaluate(&chunk.lines);
                let amiss = chunk.lines_amiss();
                (Side { results, lines: chunk.lines }, amiss)
            };
            let mut take = |evaluated| {
                fresh.push(evaluated);
                Ok(ControlFlow::Continue(()))
            };
            self.at_end = !rounds.step(&evaluate, &mut take, &mut |_| {})?;
        }
        Ok(())
    }

    /// The declaration that comes next: its batch and its lines.
    fn head(&mut self) -> Option<(Arc<Side>, Range<usize>)> {
        loop {
            let side = self.sides.front()?;
            if let Some(&[start, end]) =
                side.lines.starts().get(self.next..).and_then(|rest| rest.first_chunk())
            {
                return Some((Arc::clone(side), start as usize..end as usize));
            }
            self.sides.pop_front();
            self.next = 0;
        }
    }
}

fn two(
    pipeline: &Pipeline,
    readers: [Reader; 2],
    total: &mut Total<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), JobError> {
    let comparer = total.comparer;
    let bytes_total = readers.iter().map(Reader::bytes_total).sum();
    let threads = pipeline.start()?;
    let mut queues = readers.map(|reader| Queue::new(pipeline.rounds(&threads, reader)));
    loop {
        let [old, new] = &mut queues;
        let [a, b] = comparer.engines;
        let filled = threads.install(|| rayon::join(|| old.fill(a), || new.fill(b)));
        filled.0.and(filled.1)?;
        for (at, queue) in queues.iter_mut().enumerate() {
            for (side, rejected) in queue.fresh.drain(..) {
                total.tally.rejected[at] += rejected;
                total.tally.count_fired(&comparer.deciders, at, &side);
                queue.sides.push_back(Arc::new(side));
            }
        }
        let [old, new] = &mut queues;
        let mut found = Tally::new(&comparer.deciders, comparer.examples_max);
        let ended = loop {
            match (old.head(), new.head()) {
                (Some((a, x)), Some((b, y))) => {
                    let (p, q) = (&a.lines.places()[x.clone()], &b.lines.places()[y.clone()]);
                    let ends = [p, q].map(|places| (places.first().copied(), places.last().copied()));
                    let overlap = ends[0].0 <= ends[1].1 && ends[1].0 <= ends[0].1;
                    if overlap && comparer.id(0, &a, x.start) == comparer.id(1, &b, y.start) {
                        comparer.compare([&a, &b], [x, y], &mut found);
                        old.next += 1;
                        new.next += 1;
                    } else if ends[0].1 <= ends[1].1 {
                        comparer.alone(0, &x, &mut found);
                        old.next += 1;
                    } else {
                        comparer.alone(1, &y, &mut found);
                        new.next += 1;
                    }
                }
                (Some((_, x)), None) if new.at_end => {
                    comparer.alone(0, &x, &mut found);
                    old.next += 1;
                }
                (None, Some((_, y))) if old.at_end => {
                    comparer.alone(1, &y, &mut found);
                    new.next += 1;
                }
                (None, None) if old.at_end && new.at_end => break true,
                _ => break false,
            }
        };
        total.add(&found);
        let bytes_read = old.rounds.reader.bytes_read() + new.rounds.reader.bytes_read();
        progress(Progress { lines: total.tally.lines, bytes_read, bytes_total });
        if ended {
            return Ok(());
        }
    }
}

impl Comparer<'_> {
    /// Compares what both packs make of a chunk that one reader read.
    fn together(&self, chunk: Chunk) -> Tally {
        let sides = self.engines.map(|engine| {
            Arc::new(Side { results: engine.evaluate(&chunk.lines), lines: chunk.lines.clone() })
        });
        let mut tally = Tally::new(&self.deciders, self.examples_max);
        tally.rejected = [chunk.lines_amiss(); 2];
        for (at, side) in sides.iter().enumerate() {
            tally.count_fired(&self.deciders, at, side);
        }
        for range in chunk.lines.declarations() {
            self.compare([&sides[0], &sides[1]], [range.clone(), range], &mut tally);
        }
        tally
    }

    /// A declaration of which one pack alone could read a line.
    fn alone(&self, side: usize, lines: &Range<usize>, tally: &mut Tally) {
        tally.only[side] += 1;
        tally.lines_only[side] += lines.len() as u64;
    }

    fn id<'s>(&self, side: usize, of: &'s Side, line: usize) -> &'s str {
        output::declaration_id(self.engines[side].pack(), &of.results, line).unwrap_or_default()
    }

    fn compare(&self, sides: [&Arc<Side>; 2], ranges: [Range<usize>; 2], tally: &mut Tally) {
        let worst = [0, 1].map(|at| {
            let range = ranges[at].clone();
            range.start + decisive(&sides[at].results.lines[range])
        });
        let result = |at: usize| sides[at].results.lines[worst[at]];
        let channels = [0, 1].map(|at| self.deciders.ranks[at][result(at).channel.index()]);
        let (port, day) = self.port_and_day(sides, &ranges);
        tally.count(channels, [result(0).score, result(1).score], port, day);
        let common = self.common(sides, &ranges);
        tally.lines += common;
        for (only, range) in tally.lines_only.iter_mut().zip(&ranges) {
            *only += range.len() as u64 - common;
        }
        if channels[0] == channels[1] {
            return;
        }
        // The line that has the more severe of the two channels, under either pack.
        let by = usize::from(channels[1] > channels[0]);
        let place = sides[by].lines.places()[worst[by]];
        let mut lines = [None; 2];
        lines[by] = Some(worst[by]);
        lines[1 - by] = line_at(sides[1 - by], &ranges[1 - by], place);
        let causes = self.deciders.causes([&sides[0].results, &sides[1].results], lines, channels);
        let candidate = Candidate {
            hash: hash(self.id(0, sides[0], ranges[0].start)),
            sides: sides.map(Arc::clone),
            starts: [ranges[0].start, ranges[1].start],
            causes,
        };
        tally.moved(channels, candidate);
    }

    /// The goods lines of a declaration that both packs could read.
    fn common(&self, sides: [&Arc<Side>; 2], ranges: &[Range<usize>; 2]) -> u64 {
        let places = [0, 1].map(|at| &sides[at].lines.places()[ranges[at].clone()]);
        if places[0] == places[1] {
            return places[0].len() as u64;
        }
        places[0].iter().filter(|place| places[1].binary_search(place).is_ok()).count() as u64
    }

    fn port_and_day<'s>(
        &self,
        sides: [&'s Arc<Side>; 2],
        ranges: &[Range<usize>; 2],
    ) -> (Option<&'s str>, Option<Date>) {
        let value = |field: Option<(usize, FieldId)>| {
            field.map_or(Value::Missing, |(at, id)| sides[at].results.values.declared(ranges[at].start, id))
        };
        let port = match value(self.port) {
            Value::Text(port) => Some(port),
            _ => None,
        };
        let day = match value(self.day) {
            Value::Date(day) => Some(day),
            _ => None,
        };
        (port, day)
    }

    /// A declaration as it is shown: both packs evaluate it once more, with their evidence.
    fn example(&self, candidate: &Candidate, inputs: &[Input]) -> Example {
        let Candidate { sides, starts, causes, .. } = candidate;
        let range = |at: usize| {
            let all = sides[at].lines.starts();
            let next = all.partition_point(|&start| start as usize <= starts[at]);
            starts[at]..all.get(next).map_or(sides[at].lines.len(), |&end| end as usize)
        };
        let ranges = [range(0), range(1)];
        let [old, new] = [0, 1].map(|at| {
            let engine = self.engines[at];
            let lines = sides[at].lines.part(ranges[at].clone());
            let results = engine.evaluate(&lines);
            let reasons = engine.reasons(&results);
            let assessment = engine.assessment(&lines, &results, &reasons, 0..lines.len());
            let item = assessment.items.into_iter().nth(decisive(&results.lines));
            Outcome {
                channel: assessment.channel,
                score: assessment.score,
                decisive_item: assessment.decisive_item,
                fired: item.map(|item| item.fired).unwrap_or_default(),
            }
        });
        let first = sides[0].lines.places()[starts[0]];
        let (port, day) = self.port_and_day([&sides[0], &sides[1]], &ranges);
        Example {
            declaration_id: self.id(0, &sides[0], starts[0]).to_owned(),
            place: first.within(inputs),
            port: port.map(str::to_owned),
            day: day.map(|day| day.to_string()),
            old,
            new,
            causes: causes.iter().map(|&cause| self.deciders.cause(cause)).collect(),
        }
    }
}

/// The line of a declaration that was read here.
fn line_at(side: &Side, range: &Range<usize>, place: Place) -> Option<usize> {
    let places = &side.lines.places()[range.clone()];
    places.binary_search(&place).ok().map(|at| range.start + at)
}

/// A number that a text gives, the same everywhere and forever, and as good as drawn by lot.
fn hash(text: &str) -> u64 {
    // FNV-1a, and the last mixing of MurmurHash3, so that texts that differ in their last letter are far apart.
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}
