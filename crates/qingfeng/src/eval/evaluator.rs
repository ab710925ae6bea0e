//! Rules over a batch of goods lines: candidates by key, validity, conditions, points, reasons.

#[cfg(feature = "tools")]
mod timing;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use qingfeng_rules::internals::{
    Interpreter, LineSource, Memo, Passes, Program, Totals, Visit, Witness, part_of,
};
use qingfeng_rules::{Date, FieldId, FieldRef, Level, Pack, Value};

use super::codes::CodedField;
use super::dictionary::MISSING;
use super::dispatch::Dispatch;
use super::key_index::{KeyCache, KeyIndex};
use super::results::{BatchResults, Evaluation, Found};
use super::rule_set::RuleSet;
use super::selectivity::Selectivity;
use super::texts::{FieldTexts, TestTables};
use super::values::{BatchValues, Sources};
use super::worker::{Followed, Worker};
use crate::assessment::Effects;
use crate::lookup::LookupTable;
use crate::read::Lines;
use crate::threads::Idle;

#[cfg(feature = "tools")]
pub(crate) use timing::{BatchTime, RuleTally, clock_seconds};

/// Evaluates the rules of a pack. Shared by threads; each borrows a worker for the time of a batch.
pub struct Evaluator {
    pack: Arc<Pack>,
    tables: Arc<[LookupTable]>,
    pub(crate) keys: KeyIndex,
    program: Program,
    totals: Totals,
    /// For each computed field the fields on which it hangs on all lines of a declaration; none for those that are no totals.
    pub(super) total_sources: Vec<BTreeSet<FieldId>>,
    /// The dispatch by rules of thumb, for few lines.
    guessed: Dispatch,
    /// The dispatch by what the first lines showed.
    sampled: OnceLock<Dispatch>,
    /// Its witnesses, one for each rule of the pack.
    sampled_witnesses: OnceLock<Vec<Option<Witness>>>,
    effects: Effects,
    pub(super) sources: Arc<Sources>,
    /// The days on which each rule is in force, by number in the key index.
    validity: Vec<(Date, Date)>,
    /// For each field its position among the texts of a worker.
    slots: Vec<Option<u16>>,
    /// The fields of codes.
    coded: Vec<CodedField>,
    idle: Idle<Worker>,
    /// Whether drafts are evaluated, as tests of rules do.
    drafts: bool,
}

/// A line of a batch as compiled programs see it.
pub(super) struct LineView<'b> {
    pub(super) values: &'b BatchValues,
    pub(super) texts: &'b [FieldTexts],
    pub(super) tests: &'b RefCell<TestTables>,
    pub(super) evaluator: &'b Evaluator,
    pub(super) dispatch: &'b Dispatch,
    pub(super) line: usize,
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
        let (field, sought) = self.dispatch.find(find)?;
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

impl Evaluator {
    pub(crate) fn new(pack: Arc<Pack>, tables: Arc<[LookupTable]>, passes: Passes, drafts: bool) -> Self {
        let keys = KeyIndex::new(&pack, drafts);
        let program = pack.program(passes);
        let totals = pack.totals();
        let total_sources = (0..pack.computed.len()).map(|at| pack.total_sources(at)).collect();
        let guessed = Dispatch::new(&program, program.witnesses(), &keys);
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
        let coded = CodedField::all(&pack);
        let fields = keyed.fields().chain(texts).chain(tested.copied());
        let fields = fields.chain(coded.iter().map(|coded| coded.field));
        for (at, field) in (0..u16::MAX).zip(unique(fields)) {
            slots[field.index()] = Some(at);
        }
        let sources = Arc::new(Sources::new(&pack));
        Self {
            pack,
            tables,
            keys,
            program,
            totals,
            total_sources,
            guessed,
            sampled: OnceLock::new(),
            sampled_witnesses: OnceLock::new(),
            effects,
            sources,
            validity,
            slots,
            coded,
            idle: Idle::default(),
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

    /// The rules of a pack with the same schema and lookup tables, compiled with these passes; with drafts, or as here.
    pub(crate) fn of_pack(&self, pack: &Arc<Pack>, passes: Passes, drafts: bool) -> Self {
        Self::new(Arc::clone(pack), Arc::clone(&self.tables), passes, drafts || self.drafts)
    }

    pub(super) fn pack(&self) -> &Pack {
        &self.pack
    }

    /// The dispatch by rules of thumb.
    pub(super) fn guessed(&self) -> &Dispatch {
        &self.guessed
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
        let texts = fields.into_iter().map(|(_, field)| {
            let is_header = self.pack.schema[field].level == Level::Header;
            let is_tested = self.program.tests().contains(&field);
            let coded = self.coded.iter().position(|coded| coded.field == field);
            FieldTexts::new(field, keyed.contains(&field), is_tested, coded, is_header)
        });
        Worker::new(keys, texts.collect())
    }

    fn borrow(&self) -> Worker {
        self.idle.borrow().unwrap_or_else(|| self.new_worker())
    }

    fn give_back(&self, mut worker: Worker) {
        if let Some(interpreter) = &mut worker.interpreter {
            interpreter.end();
        }
        self.idle.give_back(worker);
    }

    /// Drops what is kept for the next batches.
    pub(crate) fn trim(&self) {
        self.idle.clear();
    }

    #[doc(hidden)]
    pub fn values(&self, lines: &Lines) -> Arc<BatchValues> {
        self.values_by(lines, Evaluation::Compiled)
    }

    /// The values of lines, and what the lines of each declaration have together.
    fn values_by(&self, lines: &Lines, evaluation: Evaluation) -> Arc<BatchValues> {
        let (pack, tables) = (Arc::clone(&self.pack), Arc::clone(&self.tables));
        let values = Arc::new(BatchValues::new(pack, tables, Arc::clone(&self.sources), lines));
        for (place, at) in self.totals.positions().enumerate() {
            match evaluation {
                Evaluation::Compiled => {
                    let mut memo = Memo::default();
                    let tests = RefCell::default();
                    values.set_total(at, &mut |line| {
                        let dispatch = &self.guessed;
                        let view = LineView {
                            values: &values,
                            texts: &[],
                            tests: &tests,
                            evaluator: self,
                            dispatch,
                            line,
                        };
                        let part = self.totals.part(place, &view, &mut memo);
                        memo.clear();
                        part
                    });
                }
                Evaluation::Interpreted => self.with_interpreter(|interpreter| {
                    values.set_total(at, &mut |line| {
                        interpreter.begin(Arc::clone(&values) as _, line);
                        interpreter.computed_value(at).map_or(f64::NAN, |value| part_of(value.as_value()))
                    });
                }),
            }
        }
        values
    }

    /// Evaluates all rules on all lines of a batch.
    pub(crate) fn evaluate(&self, lines: &Lines, evaluation: Evaluation) -> BatchResults {
        let mut worker = self.borrow();
        let values = self.values_by(lines, evaluation);
        let dispatch = self.prepare(&mut worker, &values);
        let results = match evaluation {
            Evaluation::Compiled => self.compiled(&mut worker, dispatch, values),
            Evaluation::Interpreted => self.interpreted(&mut worker, values),
        };
        let mut results = if lines.unreadable().is_empty() {
            results
        } else {
            self.reconsider(&mut worker, lines, results)
        };
        for texts in worker.texts.iter().filter(|texts| texts.coded.is_some()) {
            results.amiss.count(texts.field, texts, &results.values);
        }
        results.amiss.count_units(&self.pack, lines);
        self.give_back(worker);
        results
    }

    /// The dispatch for a batch, and a worker's texts marked by it.
    fn prepare(&self, worker: &mut Worker, values: &Arc<BatchValues>) -> &Dispatch {
        let dispatch = self.dispatch(values);
        let is_guessed = std::ptr::eq(dispatch, &self.guessed);
        worker.follow(dispatch, if is_guessed { Followed::Guessed } else { Followed::Sampled });
        for texts in &mut worker.texts {
            texts.number(values, dispatch, &self.program, |coded, code| {
                self.coded[coded].judge(&self.pack, &self.keys, code)
            });
        }
        dispatch
    }

    /// The dispatch for a batch: from the first one with lines enough on by what its lines showed.
    fn dispatch(&self, values: &Arc<BatchValues>) -> &Dispatch {
        let passes = self.program.passes();
        if !(passes.order && passes.witnesses) {
            return &self.guessed;
        }
        if values.len() < SAMPLE_LINES_MIN {
            return self.sampled.get().unwrap_or(&self.guessed);
        }
        self.sampled.get_or_init(|| {
            let tests = RefCell::default();
            let view = |line| LineView {
                values,
                texts: &[],
                tests: &tests,
                evaluator: self,
                dispatch: &self.guessed,
                line,
            };
            let sample = Selectivity::new(&self.program, values, self.tables.len(), view);
            let witnesses = self.program.witnesses_by(&|probe| sample.share(probe));
            let dispatch = Dispatch::new(&self.program, &witnesses, &self.keys);
            let _ = self.sampled_witnesses.set(witnesses);
            dispatch
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
        let mut reasons = Vec::with_capacity(results.all_fired().len());
        if results.all_fired().is_empty() {
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
                dispatch: &self.guessed,
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

    /// The rules whose key fits a line.
    fn candidates<'k>(
        &self,
        keys: &'k mut KeyCache,
        texts: &[FieldTexts],
        values: &BatchValues,
        line: usize,
    ) -> &'k RuleSet {
        let code = |field: FieldId| match self.slots[field.index()] {
            Some(slot) => {
                let texts = &texts[slot as usize];
                (texts.code(line), texts.dictionary.generation())
            }
            None => (MISSING, 0),
        };
        keys.candidates(&self.keys, values.day(line), code, |field| values.text_of(line, field))
    }

    fn in_force(&self, rule: u32, day: Option<Date>) -> bool {
        let (from, until) = self.validity[rule as usize];
        day.is_none_or(|day| from <= day && day <= until)
    }

    fn interpreted(&self, worker: &mut Worker, values: Arc<BatchValues>) -> BatchResults {
        let mut found = Found::new(&values, &self.effects);
        for line in 0..values.len() {
            let day = values.day(line);
            let candidates = self.candidates(&mut worker.keys, &worker.texts, &values, line);
            let candidates: Vec<u32> = candidates.iter().filter(|rule| self.in_force(*rule, day)).collect();
            let interpreter = worker.interpreter(&self.pack);
            if !candidates.is_empty() {
                interpreter.begin(Arc::clone(&values) as _, line);
            }
            for rule in candidates {
                let position = self.keys.rules()[rule as usize];
                let at = position as usize;
                let points = interpreter
                    .holds(at)
                    .and_then(|holds| if holds { interpreter.points(at).map(Some) } else { Ok(None) });
                found.add(position, points);
            }
            found.end();
        }
        found.results()
    }

    fn compiled(&self, worker: &mut Worker, dispatch: &Dispatch, values: Arc<BatchValues>) -> BatchResults {
        let mut found = Found::new(&values, &self.effects);
        let mut visits = RuleSet::empty(self.keys.rules().len());
        let Worker { interpreter, keys, texts, tests, .. } = worker;
        let mut memo = Memo::default();
        for line in 0..values.len() {
            let candidates = self.candidates(keys, texts, &values, line);
            let view = LineView { values: &values, texts, tests, evaluator: self, dispatch, line };
            self.look(candidates, &view, &mut memo, &mut visits);
            let mut asked = Asked { evaluator: self, interpreter, values: &values, begun: false };
            self.visit(&visits, &view, &mut memo, &mut asked, &mut found);
            // Looking for rules to visit computes values, too.
            memo.clear();
            found.end();
        }
        found.results()
    }

    /// Finds the candidates to visit on a line.
    fn look<'b>(
        &'b self,
        candidates: &RuleSet,
        view: &LineView<'b>,
        memo: &mut Memo<'b>,
        visits: &mut RuleSet,
    ) {
        let dispatch = view.dispatch;
        visits.copy_common(&dispatch.always, candidates);
        for marks in &dispatch.fields {
            let Some(slot) = self.slots[marks.field.index()] else { continue };
            for &mark in view.texts[slot as usize].marks(view.line) {
                dispatch.marks[mark as usize].add(candidates, visits);
            }
        }
        for rules in &dispatch.numbers {
            // Most numbers are computed, and few are asked of each line.
            if !rules.all.meets(candidates) {
                continue;
            }
            let field = self.program.number_sources()[rules.source as usize].field;
            let number = match field.and_then(|field| view.values.number(view.line, field)) {
                Some(number) => Ok(number),
                None => self.program.number_of(rules.source, view, memo),
            };
            match number {
                Ok(number) => rules.add(number, candidates, visits),
                Err(_) => rules.all.add(candidates, visits),
            }
        }
        for (table, rules) in &dispatch.tables {
            if rules.meets(candidates) && view.entry(*table as usize).is_some() {
                rules.add(candidates, visits);
            }
        }
    }

    fn visit<'b>(
        &'b self,
        visits: &RuleSet,
        view: &LineView<'b>,
        memo: &mut Memo<'b>,
        asked: &mut Asked<'_>,
        found: &mut Found<'_>,
    ) {
        let day = view.values.day(view.line);
        for rule in visits.iter() {
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

    /// Gives `take` the values of fields on a line, each with its position among them. What cannot be computed is missing.
    #[doc(hidden)]
    pub fn fields_on(
        &self,
        values: &Arc<BatchValues>,
        line: usize,
        fields: impl Iterator<Item = FieldRef> + Clone,
        take: &mut dyn FnMut(usize, Value<'_>),
    ) {
        let mut given = |interpreter: Option<&Interpreter>| {
            for (at, field) in fields.clone().enumerate() {
                match (field, interpreter) {
                    (FieldRef::Computed(of), Some(interpreter)) => {
                        let value = interpreter.computed_value(of);
                        take(at, value.as_ref().map_or(Value::Missing, |value| value.as_value()));
                    }
                    _ => take(at, values.field(line, field)),
                }
            }
        };
        if fields.clone().any(|field| matches!(field, FieldRef::Computed(_))) {
            self.on_line(values, line, |interpreter, _| given(Some(interpreter)));
        } else {
            given(None);
        }
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
    let mut seen = BTreeSet::new();
    fields.filter(move |field| seen.insert(*field))
}
