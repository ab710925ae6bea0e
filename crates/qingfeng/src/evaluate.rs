//! Rules over a batch of goods lines: candidates by key, validity, conditions, points, reasons.

mod timing;

use std::cell::RefCell;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use qingfeng_rules::internals::{Interpreter, LineSource, Memo, Passes, Program, Visit, Witness};
use qingfeng_rules::{Date, Fault, FieldId, FieldRef, Level, Pack, Value};

use crate::assessment::{Effects, LineResult};
use crate::dictionary::{Dictionary, MISSING};
use crate::key_index::{KeyCache, KeyIndex, SetId};
use crate::lookup::LookupTable;
use crate::plan::{FieldMarks, Mark, Plan, SetPlan};
use crate::read::Lines;
use crate::sample::Sample;
use crate::values::{BatchValues, Sources};

pub(crate) use timing::{BatchTime, RuleTally, clock_seconds};

/// What evaluates the rules. The answer is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Evaluation {
    /// The programs that the rules were compiled to.
    #[default]
    Compiled,
    /// The interpreter, which defines what a rule means: slow.
    Interpreted,
}

/// The results of a batch. Only pairs of a line and a rule that fired, or that
/// could not be evaluated, are kept.
pub struct BatchResults {
    /// One for each line.
    pub lines: Vec<LineResult>,
    /// The rules that fired, by position in the pack, and their points: those of the first line, then the next.
    fired: Vec<(u32, i64)>,
    /// Where the fired rules of each line end.
    fired_ends: Vec<u32>,
    faults: Vec<(u32, Fault)>,
    fault_ends: Vec<u32>,
    pub values: Arc<BatchValues>,
}

impl BatchResults {
    fn range(ends: &[u32], line: usize) -> std::ops::Range<usize> {
        let start = if line == 0 { 0 } else { ends[line - 1] as usize };
        start..ends[line] as usize
    }

    /// The rules that fired on a line and their points, in the order of the pack.
    pub fn fired(&self, line: usize) -> &[(u32, i64)] {
        &self.fired[Self::range(&self.fired_ends, line)]
    }

    /// The rules that could not be evaluated on a line, in the order of the pack.
    pub fn faults(&self, line: usize) -> &[(u32, Fault)] {
        &self.faults[Self::range(&self.fault_ends, line)]
    }

    /// Of the reasons of all fired pairs those of a line.
    pub fn of_line<'r>(&self, reasons: &'r [String], line: usize) -> &'r [String] {
        if reasons.is_empty() { &[] } else { &reasons[Self::range(&self.fired_ends, line)] }
    }

    /// All pairs of a line and a rule that fired on it.
    pub fn all_fired(&self) -> &[(u32, i64)] {
        &self.fired
    }

    /// Gives rules other points, where `points` has them by position in the pack, and puts scores and channels together
    /// anew.
    pub fn replace_points(&mut self, effects: &Effects, points: &[Option<i64>]) {
        for (rule, given) in &mut self.fired {
            if let Some(Some(other)) = points.get(*rule as usize) {
                *given = *other;
            }
        }
        for line in 0..self.lines.len() {
            self.lines[line] = effects.result(self.fired(line), self.faults(line));
        }
    }

    /// All pairs of a line and a rule that could not be evaluated on it.
    pub fn all_faults(&self) -> &[(u32, Fault)] {
        &self.faults
    }
}

/// The results of lines in whatever order.
struct Found {
    fired: Vec<(u32, i64)>,
    faults: Vec<(u32, Fault)>,
    /// For each line where its fired rules begin and end, and its faults.
    spans: Vec<[u32; 4]>,
}

impl Found {
    fn new(lines: usize) -> Self {
        Self { fired: Vec::new(), faults: Vec::new(), spans: vec![[0; 4]; lines] }
    }

    fn begin(&mut self, line: usize) {
        let (fired, faults) = (self.fired.len() as u32, self.faults.len() as u32);
        self.spans[line] = [fired, fired, faults, faults];
    }

    fn add(&mut self, rule: u32, points: Result<Option<i64>, Fault>) {
        match points {
            Ok(Some(points)) => self.fired.push((rule, points)),
            Ok(None) => {}
            Err(fault) => self.faults.push((rule, fault)),
        }
    }

    fn end(&mut self, line: usize) {
        let [_, fired, _, faults] = &mut self.spans[line];
        (*fired, *faults) = (self.fired.len() as u32, self.faults.len() as u32);
    }

    /// The results in the order of the lines.
    fn results(self, values: Arc<BatchValues>, effects: &Effects) -> BatchResults {
        let lines = self.spans.len();
        let mut results = BatchResults {
            lines: Vec::with_capacity(lines),
            fired: Vec::with_capacity(self.fired.len()),
            fired_ends: Vec::with_capacity(lines),
            faults: Vec::with_capacity(self.faults.len()),
            fault_ends: Vec::with_capacity(lines),
            values,
        };
        for [fired, fired_end, faults, faults_end] in self.spans {
            let fired = &self.fired[fired as usize..fired_end as usize];
            let faults = &self.faults[faults as usize..faults_end as usize];
            results.lines.push(effects.result(fired, faults));
            results.fired.extend_from_slice(fired);
            results.faults.extend_from_slice(faults);
            results.fired_ends.push(results.fired.len() as u32);
            results.fault_ends.push(results.faults.len() as u32);
        }
        results
    }
}

/// The texts of one field in the batch at hand, and their marks.
struct FieldTexts {
    field: FieldId,
    dictionary: Dictionary,
    is_key: bool,
    is_tested: bool,
    /// The position of the field in the plan, if any rule hangs on it.
    plan: Option<usize>,
    /// For each code where its marks end in `marks`.
    ends: Vec<u32>,
    marks: Vec<Mark>,
    /// Room for a text as it is compared.
    scratch: String,
}

impl FieldTexts {
    fn number(&mut self, values: &BatchValues, plan: &Plan, program: &Program) {
        if !self.is_key && !self.is_tested && self.plan.is_none() {
            return;
        }
        let Self { field, dictionary, plan: at, ends, marks, scratch, .. } = self;
        let field_marks: Option<&FieldMarks> = at.map(|at| &plan.fields[at]);
        let mut find = |ends: &mut Vec<u32>, marks: &mut Vec<Mark>, text: Option<&str>| {
            let Some(field_marks) = field_marks else { return false };
            let before = marks.len();
            field_marks.find(program, text, scratch, marks);
            ends.push(marks.len() as u32);
            marks.len() > before
        };
        if ends.is_empty() {
            find(ends, marks, None);
        }
        dictionary.number(values.column(*field), values.len(), &mut |code, text| {
            // The first code after all were forgotten.
            if code == MISSING + 1 {
                ends.clear();
                marks.clear();
                find(ends, marks, None);
            }
            find(ends, marks, Some(text))
        });
    }

    fn code(&self, line: usize) -> u32 {
        self.dictionary.code(line)
    }

    fn marks(&self, line: usize) -> &[Mark] {
        let Some(code) = self.dictionary.marked(line) else { return &[] };
        let code = code as usize;
        let start = if code == 0 { 0 } else { self.ends[code - 1] as usize };
        &self.marks[start..self.ends[code] as usize]
    }
}

/// How tests on texts came out, by test and code of the text.
#[derive(Default)]
struct TestTables {
    tables: Vec<TestTable>,
    bytes: usize,
}

#[derive(Clone, Default)]
struct TestTable {
    generation: u64,
    /// 0 is not known, 1 false, 2 true.
    known: Vec<u8>,
}

/// The memory that remembered tests may take.
const TESTS_BYTES_MAX: usize = 32 << 20;

impl TestTables {
    fn get(&self, test: u32, code: u32, generation: u64) -> Option<bool> {
        let table = self.tables.get(test as usize)?;
        match table.known.get(code as usize) {
            Some(&known) if known > 0 && table.generation == generation => Some(known == 2),
            _ => None,
        }
    }

    fn set(&mut self, test: u32, code: u32, generation: u64, holds: bool) {
        if self.bytes > TESTS_BYTES_MAX {
            self.tables.iter_mut().for_each(|table| *table = TestTable::default());
            self.bytes = 0;
        }
        if self.tables.len() <= test as usize {
            self.tables.resize(test as usize + 1, TestTable::default());
        }
        let table = &mut self.tables[test as usize];
        if table.generation != generation {
            table.known.clear();
            table.generation = generation;
        }
        if table.known.len() <= code as usize {
            let length = (code as usize + 1).next_power_of_two();
            self.bytes += length - table.known.len();
            table.known.resize(length, 0);
        }
        table.known[code as usize] = 1 + u8::from(holds);
    }
}

/// What one thread needs to evaluate rules.
struct Worker {
    /// Made when it is first needed.
    interpreter: Option<Interpreter>,
    keys: KeyCache,
    sets: Vec<Option<SetPlan>>,
    /// About how many bytes these plans take.
    sets_bytes: usize,
    sets_generation: u64,
    texts: Vec<FieldTexts>,
    tests: RefCell<TestTables>,
    /// Whether the texts are marked by a plan, and whether that is the sampled one.
    planned: Option<bool>,
}

impl Worker {
    /// Marks texts by another plan from now on.
    fn follow(&mut self, plan: &Plan, sampled: bool) {
        if self.planned == Some(sampled) {
            return;
        }
        self.planned = Some(sampled);
        self.sets.fill_with(|| None);
        self.sets_bytes = 0;
        for texts in &mut self.texts {
            texts.plan = plan.fields.iter().position(|marks| marks.field == texts.field);
            texts.dictionary.forget();
            texts.ends.clear();
            texts.marks.clear();
        }
    }

    fn interpreter(&mut self, pack: &Arc<Pack>) -> &mut Interpreter {
        self.interpreter.get_or_insert_with(|| Interpreter::new(Arc::clone(pack)))
    }
}

/// Evaluates the rules of a pack. Shared by threads; each borrows a worker for the time of a batch.
pub struct Evaluator {
    pack: Arc<Pack>,
    tables: Arc<[LookupTable]>,
    pub(crate) keys: KeyIndex,
    program: Program,
    /// The plan by rules of thumb, for few lines.
    plan: Plan,
    /// The plan by what the first lines showed.
    sampled: OnceLock<Plan>,
    /// Its witnesses, one for each rule of the pack.
    sampled_witnesses: OnceLock<Vec<Option<Witness>>>,
    effects: Effects,
    sources: Arc<Sources>,
    /// Lines between two looks at how much is remembered of keys.
    stretch: usize,
    /// The days on which each rule is in force, by number in the key index.
    validity: Vec<(Date, Date)>,
    /// For each field its position among the texts of a worker.
    slots: Vec<Option<u16>>,
    idle: Mutex<Vec<Worker>>,
    /// Whether drafts are evaluated, as tests of rules do.
    drafts: bool,
}

/// A line of a batch as compiled programs see it.
struct LineView<'b> {
    values: &'b BatchValues,
    texts: &'b [FieldTexts],
    tests: &'b RefCell<TestTables>,
    evaluator: &'b Evaluator,
    plan: &'b Plan,
    line: usize,
}

impl LineView<'_> {
    fn code(&self, test: u32) -> Option<(u32, u64)> {
        let field = self.evaluator.program.tests()[test as usize];
        let texts = self.texts.get(self.evaluator.slots[field.index()]? as usize)?;
        Some((texts.code(self.line), texts.dictionary.generation()))
    }
}

impl<'b> LineSource<'b> for LineView<'b> {
    #[inline]
    fn value(&self, field: FieldRef) -> Value<'b> {
        self.values.field(self.line, field)
    }

    #[inline]
    fn number(&self, field: FieldRef) -> f64 {
        self.values.number(self.line, field).unwrap_or(f64::NAN)
    }

    fn entry(&self, table: usize) -> Option<u32> {
        self.values.lookup_entry(self.line, table)
    }

    fn entry_value(&self, table: usize, entry: u32, column: usize) -> Value<'b> {
        self.values.lookup_value(table, entry, column)
    }

    fn remembered(&self, test: u32) -> Option<bool> {
        let (code, generation) = self.code(test)?;
        self.tests.borrow().get(test, code, generation)
    }

    #[inline]
    fn found(&self, find: u32) -> Option<bool> {
        let (field, sought) = self.plan.find(find)?;
        let texts = self.texts.get(self.evaluator.slots[field.index()]? as usize)?;
        let marks = texts.marks(self.line);
        Some(marks.iter().any(|mark| sought.contains(mark)))
    }

    fn remember(&self, test: u32, holds: bool) {
        if let Some((code, generation)) = self.code(test) {
            self.tests.borrow_mut().set(test, code, generation, holds);
        }
    }
}

/// A batch of so many lines shows what lines have in common.
pub(crate) const SAMPLE_LINES_MIN: usize = 512;

/// The memory that the plans of candidate sets may take between two stretches of lines.
const SET_PLANS_BYTES_MAX: usize = 64 << 20;

/// Packs with fewer rules are at hand anyway.
const SORTED_RULES_MIN: usize = 256;

/// The memory that the sets of one stretch of lines may take beyond what is remembered.
const STRETCH_BYTES_MAX: usize = 32 << 20;

impl Evaluator {
    pub(crate) fn new(pack: Arc<Pack>, tables: Arc<[LookupTable]>, passes: Passes, drafts: bool) -> Self {
        let keys = KeyIndex::new(&pack, drafts);
        let program = pack.program(passes);
        let plan = Plan::new(&program, program.witnesses(), &keys);
        let effects = Effects::new(&pack);
        let validity = keys.rules().iter().map(|&rule| {
            let rule = &pack.rules[rule as usize];
            (rule.from.unwrap_or(Date::MIN), rule.until.unwrap_or(Date::MAX))
        });
        let validity = validity.collect();
        let mut slots = vec![None; pack.schema.fields().len()];
        let keyed = KeyCache::new(&pack.schema, &keys);
        let texts = program.text_sources().iter().map(|source| source.field);
        let tested = program.tests().iter();
        let fields = keyed.fields().chain(texts).chain(tested.copied());
        for (at, field) in (0..u16::MAX).zip(unique(fields)) {
            slots[field.index()] = Some(at);
        }
        let sources = Arc::new(Sources::new(&pack));
        let idle = Mutex::default();
        // Each line may need a few sets of its own, of a bit for each rule.
        let stretch = (STRETCH_BYTES_MAX / (keys.rules().len() + 64)).clamp(64, 8192);
        let (sampled, sampled_witnesses) = (OnceLock::new(), OnceLock::new());
        Self {
            pack,
            tables,
            keys,
            program,
            plan,
            sampled,
            sampled_witnesses,
            effects,
            sources,
            stretch,
            validity,
            slots,
            idle,
            drafts,
        }
    }

    /// The lookup tables, in the order of the pack.
    pub(crate) fn tables(&self) -> &[LookupTable] {
        &self.tables
    }

    pub(crate) fn program(&self) -> &Program {
        &self.program
    }

    /// The same rules, compiled with these passes.
    pub(crate) fn with_passes(&self, passes: Passes) -> Self {
        Self::new(Arc::clone(&self.pack), Arc::clone(&self.tables), passes, self.drafts)
    }

    /// The same with drafts.
    pub(crate) fn with_drafts(&self) -> Self {
        Self::new(Arc::clone(&self.pack), Arc::clone(&self.tables), self.program.passes(), true)
    }

    /// The rules of a pack that has the same schema and the same lookup tables; drafts are evaluated as here.
    pub(crate) fn of_changed(&self, pack: Arc<Pack>) -> Self {
        Self::new(pack, Arc::clone(&self.tables), self.program.passes(), self.drafts)
    }

    pub(crate) fn effects(&self) -> &Effects {
        &self.effects
    }

    fn new_worker(&self) -> Worker {
        let keys = KeyCache::new(&self.pack.schema, &self.keys);
        let keyed: Vec<FieldId> = keys.fields().collect();
        let mut fields: Vec<(u16, FieldId)> = self
            .pack
            .schema
            .ids()
            .filter_map(|field| self.slots[field.index()].map(|slot| (slot, field)))
            .collect();
        fields.sort_unstable();
        let texts = fields.into_iter().map(|(_, field)| FieldTexts {
            field,
            dictionary: Dictionary::new(
                !keyed.contains(&field),
                self.pack.schema[field].level == Level::Header,
            ),
            is_key: keyed.contains(&field),
            is_tested: self.program.tests().contains(&field),
            plan: None,
            ends: Vec::new(),
            marks: Vec::new(),
            scratch: String::new(),
        });
        let texts = texts.collect();
        Worker {
            interpreter: None,
            keys,
            sets: Vec::new(),
            sets_bytes: 0,
            sets_generation: 0,
            texts,
            tests: RefCell::default(),
            planned: None,
        }
    }

    fn borrow(&self) -> Worker {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| self.new_worker())
    }

    fn give_back(&self, mut worker: Worker) {
        if let Some(interpreter) = &mut worker.interpreter {
            interpreter.end();
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
    }

    #[doc(hidden)]
    pub fn values(&self, lines: &Lines) -> Arc<BatchValues> {
        let (pack, tables) = (Arc::clone(&self.pack), Arc::clone(&self.tables));
        Arc::new(BatchValues::new(pack, tables, Arc::clone(&self.sources), lines))
    }

    /// Evaluates all rules on all lines of a batch.
    pub(crate) fn evaluate(&self, lines: &Lines, evaluation: Evaluation) -> BatchResults {
        let mut worker = self.borrow();
        let values = self.values(lines);
        let plan = self.plan(&values);
        worker.follow(plan, !std::ptr::eq(plan, &self.plan));
        for texts in &mut worker.texts {
            texts.number(&values, plan, &self.program);
        }
        let results = match evaluation {
            Evaluation::Compiled => self.compiled(&mut worker, plan, values),
            Evaluation::Interpreted => self.interpreted(&mut worker, values),
        };
        self.give_back(worker);
        results
    }

    /// The plan for a batch: from the first one with lines enough on by what its lines showed.
    fn plan(&self, values: &Arc<BatchValues>) -> &Plan {
        let passes = self.program.passes();
        if !(passes.order && passes.witnesses) {
            return &self.plan;
        }
        if values.len() < SAMPLE_LINES_MIN {
            return self.sampled.get().unwrap_or(&self.plan);
        }
        self.sampled.get_or_init(|| {
            let tests = RefCell::default();
            let view = |line| LineView {
                values,
                texts: &[],
                tests: &tests,
                evaluator: self,
                plan: &self.plan,
                line,
            };
            let sample = Sample::new(&self.program, values, self.tables.len(), view);
            let witnesses = self.program.witnesses_by(&|probe| sample.share(probe));
            let plan = Plan::new(&self.program, &witnesses, &self.keys);
            let _ = self.sampled_witnesses.set(witnesses);
            plan
        })
    }

    /// The witness of a rule, by its position in the pack: the one that the lines so far have chosen.
    pub(crate) fn witness(&self, rule: usize) -> Option<&Witness> {
        match self.sampled_witnesses.get() {
            Some(witnesses) => witnesses[rule].as_ref(),
            None => self.program.witness(rule),
        }
    }

    /// The reason of each pair of a line and a rule that fired on it, in order.
    pub(crate) fn reasons(&self, results: &BatchResults, evaluation: Evaluation) -> Vec<String> {
        let mut reasons = Vec::with_capacity(results.fired.len());
        if results.fired.is_empty() {
            return reasons;
        }
        let mut worker = self.borrow();
        let values = &results.values;
        let mut memo = Memo::default();
        for line in 0..values.len() {
            let fired = results.fired(line);
            if fired.is_empty() {
                continue;
            }
            // No texts: what is remembered of them belongs to the batch that a worker saw last.
            let view = LineView {
                values,
                texts: &[],
                tests: &worker.tests,
                evaluator: self,
                plan: &self.plan,
                line,
            };
            let mut asked =
                Asked { evaluator: self, interpreter: &mut worker.interpreter, values, begun: false };
            for &(rule, _) in fired {
                let rule = rule as usize;
                let reason = match evaluation {
                    Evaluation::Compiled => self.program.reason(rule, &view, &mut memo),
                    Evaluation::Interpreted => None,
                };
                reasons.push(reason.unwrap_or_else(|| asked.on(line).reason(rule)));
            }
            memo.clear();
        }
        drop(memo);
        self.give_back(worker);
        reasons
    }

    /// The candidate sets of a stretch of lines.
    fn sets(&self, worker: &mut Worker, values: &BatchValues, lines: std::ops::Range<usize>) -> Vec<SetId> {
        let Worker { keys, texts, sets, sets_bytes, sets_generation, .. } = worker;
        keys.make_room();
        if *sets_generation != keys.generation() || *sets_bytes > SET_PLANS_BYTES_MAX {
            sets.clear();
            *sets_bytes = 0;
            *sets_generation = keys.generation();
        }
        let slot = |field: FieldId| self.slots[field.index()].map(|slot| &texts[slot as usize]);
        let candidates = |line: usize| {
            let code = |field: FieldId| {
                slot(field).map_or((MISSING, 0), |texts| (texts.code(line), texts.dictionary.generation()))
            };
            let text = |field: FieldId| match values.declared(line, field) {
                Value::Text(text) => Some(text),
                _ => None,
            };
            keys.candidates(&self.keys, values.day(line), &code, &text)
        };
        let ids = lines.map(candidates).collect();
        sets.resize_with(keys.set_count(), || None);
        ids
    }

    fn in_force(&self, rule: u32, day: Option<Date>) -> bool {
        let (from, until) = self.validity[rule as usize];
        day.is_none_or(|day| from <= day && day <= until)
    }

    fn interpreted(&self, worker: &mut Worker, values: Arc<BatchValues>) -> BatchResults {
        let mut found = Found::new(values.len());
        for start in (0..values.len()).step_by(self.stretch) {
            let stretch = start..(start + self.stretch).min(values.len());
            let sets = self.sets(worker, &values, stretch.clone());
            for (line, set) in stretch.zip(sets) {
                let day = values.day(line);
                found.begin(line);
                let candidates: Vec<u32> = worker.keys.set(set).iter().collect();
                let interpreter = worker.interpreter(&self.pack);
                if !candidates.is_empty() {
                    interpreter.begin(Arc::clone(&values) as _, line);
                }
                for rule in candidates {
                    if !self.in_force(rule, day) {
                        continue;
                    }
                    let position = self.keys.rules()[rule as usize];
                    let at = position as usize;
                    let points = interpreter
                        .holds(at)
                        .and_then(|holds| if holds { interpreter.points(at).map(Some) } else { Ok(None) });
                    found.add(position, points);
                }
                found.end(line);
            }
        }
        found.results(values, &self.effects)
    }

    fn compiled(&self, worker: &mut Worker, plan: &Plan, values: Arc<BatchValues>) -> BatchResults {
        let mut found = Found::new(values.len());
        let mut visits: Vec<u32> = Vec::new();
        for start in (0..values.len()).step_by(self.stretch) {
            let stretch = start..(start + self.stretch).min(values.len());
            let sets = self.sets(worker, &values, stretch.clone());
            let mut order: Vec<(SetId, u32)> = sets.into_iter().zip(stretch.start as u32..).collect();
            // Lines with the same candidates one after the other, so that what is known of these rules is at hand.
            if self.keys.rules().len() >= SORTED_RULES_MIN && order.len() > 1 {
                order.sort_unstable();
            }
            let Worker { interpreter, keys, sets: plans, sets_bytes, texts, tests, .. } = &mut *worker;
            let mut memo = Memo::default();
            for (set, line) in order {
                let line = line as usize;
                let view = LineView { values: &values, texts, tests, evaluator: self, plan, line };
                let candidates = keys.set(set);
                let set_plan = plans[set as usize].get_or_insert_with(|| {
                    let set_plan = plan.set(candidates);
                    *sets_bytes += set_plan.bytes();
                    set_plan
                });
                visits.clear();
                self.look(set_plan, &view, &mut memo, &mut visits);
                if !visits.is_empty() {
                    let mut asked = Asked { evaluator: self, interpreter, values: &values, begun: false };
                    found.begin(line);
                    self.visit(&visits, &view, &mut memo, &mut asked, &mut found);
                    found.end(line);
                }
                // Looking for rules to visit computes values, too.
                memo.clear();
            }
        }
        found.results(values, &self.effects)
    }

    /// Finds the candidates to visit on a line, in order.
    fn look<'b>(&'b self, plan: &SetPlan, view: &LineView<'b>, memo: &mut Memo<'b>, visits: &mut Vec<u32>) {
        visits.extend_from_slice(&plan.always);
        if plan.fields != 0 {
            for texts in view.texts {
                let Some(at) = texts.plan else { continue };
                if plan.fields >> at.min(63) & 1 == 0 {
                    continue;
                }
                for &mark in texts.marks(view.line) {
                    plan.marks.find(mark, visits);
                }
            }
        }
        for rules in &plan.numbers {
            let field = self.program.number_sources()[rules.source as usize].field;
            let number = match field.and_then(|field| view.values.number(view.line, field)) {
                Some(number) => Ok(number),
                None => self.program.number_of(rules.source, view, memo),
            };
            match number {
                Ok(number) => plan.find(rules, number, visits),
                Err(_) => plan.all(rules, visits),
            }
        }
        for (table, rules) in &plan.tables {
            if view.entry(*table as usize).is_some() {
                visits.extend_from_slice(rules);
            }
        }
        if visits.len() > plan.always.len() {
            visits.sort_unstable();
            visits.dedup();
        }
    }

    fn visit<'b>(
        &'b self,
        visits: &[u32],
        view: &LineView<'b>,
        memo: &mut Memo<'b>,
        asked: &mut Asked<'_>,
        found: &mut Found,
    ) {
        let day = view.values.day(view.line);
        for &rule in visits {
            if !self.in_force(rule, day) {
                continue;
            }
            let position = self.keys.rules()[rule as usize];
            let at = position as usize;
            let mut holds = self.program.holds(at, view, memo);
            if holds == Ok(true) && self.program.visit(at) == Visit::Residual {
                holds = asked.on(view.line).holds(at);
            }
            let points = match holds {
                Ok(false) => continue,
                Ok(true) => match self.program.points(at, view, memo) {
                    Some(points) => points.map(Some),
                    None => asked.on(view.line).points(at).map(Some),
                },
                Err(fault) => Err(fault),
            };
            found.add(position, points);
        }
    }

    /// Gives `use_it` an interpreter.
    pub(crate) fn with_interpreter<T>(&self, use_it: impl FnOnce(&mut Interpreter) -> T) -> T {
        let mut worker = self.borrow();
        let result = use_it(worker.interpreter(&self.pack));
        self.give_back(worker);
        result
    }

    /// Gives `use_it` an interpreter and the candidates of a line.
    #[doc(hidden)]
    pub fn on_line<T>(
        &self,
        values: &Arc<BatchValues>,
        line: usize,
        use_it: impl FnOnce(&Interpreter, &[u32]) -> T,
    ) -> T {
        let mut worker = self.borrow();
        let candidates = self.keys.candidates(&values.key(line));
        let interpreter = worker.interpreter(&self.pack);
        interpreter.begin(Arc::clone(values) as _, line);
        let result = use_it(interpreter, &candidates);
        self.give_back(worker);
        result
    }
}

/// The interpreter, for the rules of a line that were not compiled.
struct Asked<'a> {
    evaluator: &'a Evaluator,
    interpreter: &'a mut Option<Interpreter>,
    values: &'a Arc<BatchValues>,
    begun: bool,
}

impl Asked<'_> {
    fn on(&mut self, line: usize) -> &Interpreter {
        let pack = &self.evaluator.pack;
        let interpreter = self.interpreter.get_or_insert_with(|| Interpreter::new(Arc::clone(pack)));
        if !self.begun {
            interpreter.begin(Arc::clone(self.values) as _, line);
            self.begun = true;
        }
        interpreter
    }
}

/// The fields, each once, in order of appearance.
fn unique(fields: impl Iterator<Item = FieldId>) -> impl Iterator<Item = FieldId> {
    let mut seen = std::collections::BTreeSet::new();
    fields.filter(move |field| seen.insert(*field))
}
