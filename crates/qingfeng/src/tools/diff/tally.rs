//! Counting what becomes of declarations, batch by batch. Everything that grows with the inputs is bounded.

use std::collections::BTreeMap;
use std::sync::Arc;

use qingfeng_rules::Date;

use super::cause::{CauseKey, Deciders};
use super::declarations::{
    CauseCount, DeclarationsDiff, Example, Load, Move, RuleEffect, ScoreDiff, Workload,
};
use super::run::Side;

/// Combinations of causes that are kept of two channels; declarations with others are counted together.
const CAUSES_MAX: usize = 1_000;
const PORTS_MAX: usize = 2_000;
/// Days that are kept: ten years.
const DAYS_MAX: usize = 3_660;

/// Declarations by channel: those of the old pack, then those of the new one.
#[derive(Clone, Debug, Default, PartialEq)]
struct Counts(Vec<u64>);

impl Counts {
    fn add(&mut self, channels: usize, [old, new]: [u8; 2]) {
        self.0.resize(channels * 2, 0);
        self.0[usize::from(old)] += 1;
        self.0[channels + usize::from(new)] += 1;
    }

    fn join(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a += b);
    }

    fn load(&self, value: String, channels: usize) -> Load {
        let mut counts = self.0.clone();
        counts.resize(channels * 2, 0);
        let new = counts.split_off(channels);
        Load { value, old: counts, new }
    }
}

/// Declarations by some value of theirs.
#[derive(Clone, Debug)]
struct Loads<K> {
    max: usize,
    known: BTreeMap<K, Counts>,
    missing: Counts,
    others: Counts,
}

impl<K: Ord + Clone> Loads<K> {
    fn new(max: usize) -> Self {
        Self { max, known: BTreeMap::new(), missing: Counts::default(), others: Counts::default() }
    }

    fn slot(&mut self, key: &K) -> &mut Counts {
        if !self.known.contains_key(key) && self.known.len() >= self.max {
            return &mut self.others;
        }
        self.known.entry(key.clone()).or_default()
    }

    fn join(&mut self, other: &Self) {
        for (key, counts) in &other.known {
            self.slot(key).join(counts);
        }
        self.missing.join(&other.missing);
        self.others.join(&other.others);
    }

    fn workload(&self, field: Option<String>, channels: usize, text: impl Fn(&K) -> String) -> Workload {
        let some = |counts: &Counts| (!counts.0.is_empty()).then(|| counts.load(String::new(), channels));
        Workload {
            field,
            loads: self.known.iter().map(|(key, counts)| counts.load(text(key), channels)).collect(),
            missing: some(&self.missing),
            others: some(&self.others),
        }
    }
}

/// A declaration that goes from one channel to another, as it may be shown.
#[derive(Clone)]
pub(super) struct Candidate {
    /// A number that its id gives: those with the smallest are shown, so that they come from everywhere in the inputs
    /// and are the same for any number of threads.
    pub hash: u64,
    pub sides: [Arc<Side>; 2],
    pub starts: [usize; 2],
    pub causes: Vec<CauseKey>,
}

/// Why declarations went from one channel to another: combinations of causes, and how many had others.
type Causes = (BTreeMap<Vec<CauseKey>, u64>, u64);

#[derive(Clone)]
pub(super) struct Tally {
    channels: usize,
    examples_max: usize,
    pub compared: u64,
    pub only: [u64; 2],
    pub lines: u64,
    pub lines_only: [u64; 2],
    pub rejected: [u64; 2],
    scores: ScoreDiff,
    matrix: Vec<u64>,
    causes: BTreeMap<[u8; 2], Causes>,
    pub candidates: BTreeMap<[u8; 2], Vec<Candidate>>,
    ports: Loads<String>,
    days: Loads<Date>,
    /// Lines on which each rule fires, by its number over both packs.
    fired: [Vec<u64>; 2],
}

impl Tally {
    pub fn new(deciders: &Deciders, examples_max: usize) -> Self {
        let channels = deciders.channels.len();
        Self {
            channels,
            examples_max,
            compared: 0,
            only: [0; 2],
            lines: 0,
            lines_only: [0; 2],
            rejected: [0; 2],
            scores: ScoreDiff::default(),
            matrix: vec![0; channels * channels],
            causes: BTreeMap::new(),
            candidates: BTreeMap::new(),
            ports: Loads::new(PORTS_MAX),
            days: Loads::new(DAYS_MAX),
            fired: [vec![0; deciders.rules.len()], vec![0; deciders.rules.len()]],
        }
    }

    pub fn count_fired(&mut self, deciders: &Deciders, pack: usize, side: &Side) {
        for &(rule, _) in side.results.all_fired() {
            self.fired[pack][deciders.number(pack, rule) as usize] += 1;
        }
    }

    pub fn count(&mut self, channels: [u8; 2], scores: [i64; 2], port: Option<&str>, day: Option<Date>) {
        self.compared += 1;
        self.matrix[usize::from(channels[0]) * self.channels + usize::from(channels[1])] += 1;
        let [old, new] = scores;
        self.scores.old_total = self.scores.old_total.saturating_add(old);
        self.scores.new_total = self.scores.new_total.saturating_add(new);
        match new.cmp(&old) {
            std::cmp::Ordering::Greater => self.scores.raised += 1,
            std::cmp::Ordering::Less => self.scores.lowered += 1,
            std::cmp::Ordering::Equal => self.scores.same += 1,
        }
        let ports = match port {
            Some(port) if self.ports.known.contains_key(port) => self.ports.known.get_mut(port),
            Some(port) => Some(self.ports.slot(&port.to_owned())),
            None => Some(&mut self.ports.missing),
        };
        if let Some(ports) = ports {
            ports.add(self.channels, channels);
        }
        let days = match &day {
            Some(day) => self.days.slot(day),
            None => &mut self.days.missing,
        };
        days.add(self.channels, channels);
    }

    /// Counts why a declaration changed its channel, and keeps it as an example if it is one.
    pub fn moved(&mut self, channels: [u8; 2], candidate: Candidate) {
        self.count_causes(channels, &candidate.causes, 1);
        if self.examples_max == 0 {
            return;
        }
        let kept = self.candidates.entry(channels).or_default();
        let at = kept.partition_point(|known| known.hash <= candidate.hash);
        if at < self.examples_max {
            kept.insert(at, candidate);
            kept.truncate(self.examples_max);
        }
    }

    fn count_causes(&mut self, channels: [u8; 2], causes: &Vec<CauseKey>, count: u64) {
        let (known, others) = self.causes.entry(channels).or_default();
        if let Some(known) = known.get_mut(causes) {
            *known += count;
        } else if known.len() < CAUSES_MAX {
            known.insert(causes.clone(), count);
        } else {
            *others += count;
        }
    }

    /// Adds what was counted of the declarations that follow, their examples aside.
    pub fn join(&mut self, next: &Self) {
        self.compared += next.compared;
        self.lines += next.lines;
        for at in 0..2 {
            self.only[at] += next.only[at];
            self.lines_only[at] += next.lines_only[at];
            self.rejected[at] += next.rejected[at];
            self.fired[at].iter_mut().zip(&next.fired[at]).for_each(|(a, b)| *a += b);
        }
        let (a, b) = (&mut self.scores, &next.scores);
        a.raised += b.raised;
        a.lowered += b.lowered;
        a.same += b.same;
        a.old_total = a.old_total.saturating_add(b.old_total);
        a.new_total = a.new_total.saturating_add(b.new_total);
        self.matrix.iter_mut().zip(&next.matrix).for_each(|(a, b)| *a += b);
        for (channels, (known, others)) in &next.causes {
            for (causes, count) in known {
                self.count_causes(*channels, causes, *count);
            }
            self.causes.entry(*channels).or_default().1 += others;
        }
        self.ports.join(&next.ports);
        self.days.join(&next.days);
    }

    /// The result. `examples` are those that were chosen, by channels.
    pub fn end(
        self,
        deciders: &Deciders,
        fields: [Option<String>; 2],
        mut examples: BTreeMap<[u8; 2], Vec<Example>>,
    ) -> DeclarationsDiff {
        let channels = self.channels;
        let name = |channel: u8| deciders.channels[usize::from(channel)].clone();
        let mut moves: Vec<Move> = Vec::new();
        for (pair, (causes, others)) in self.causes {
            let mut causes: Vec<CauseCount> = causes
                .into_iter()
                .map(|(causes, declarations)| CauseCount {
                    causes: causes.into_iter().map(|cause| deciders.cause(cause)).collect(),
                    declarations,
                })
                .collect();
            causes.sort_by_key(|cause| std::cmp::Reverse(cause.declarations));
            moves.push(Move {
                from: name(pair[0]),
                to: name(pair[1]),
                raised: pair[1] > pair[0],
                declarations: self.matrix[usize::from(pair[0]) * channels + usize::from(pair[1])],
                causes,
                others,
                examples: examples.remove(&pair).unwrap_or_default(),
            });
        }
        moves.sort_by_key(|step| std::cmp::Reverse(step.declarations));
        let [old, new] = self.fired;
        let effects = deciders.rules.iter().zip(old.into_iter().zip(new));
        let mut rules: Vec<RuleEffect> = effects
            .filter(|(_, (old, new))| old != new)
            .map(|(rule, (old, new))| RuleEffect { rule: rule.clone(), old, new })
            .collect();
        rules.sort_by_key(|effect| std::cmp::Reverse(effect.old.abs_diff(effect.new)));
        let [port, day] = fields;
        DeclarationsDiff {
            compared: self.compared,
            only_old: self.only[0],
            only_new: self.only[1],
            lines: self.lines,
            lines_only_old: self.lines_only[0],
            lines_only_new: self.lines_only[1],
            lines_rejected: self.rejected,
            channels: deciders.channels.clone(),
            matrix: self.matrix.chunks(channels.max(1)).map(<[u64]>::to_vec).collect(),
            scores: self.scores,
            moves,
            rules,
            by_port: self.ports.workload(port, channels, String::clone),
            by_day: self.days.workload(day, channels, Date::to_string),
        }
    }
}
