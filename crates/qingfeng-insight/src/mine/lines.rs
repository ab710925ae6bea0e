//! Goods lines with a label, as columns of codes, numbers and texts.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use foldhash::fast::FixedState;
use qingfeng_rules::{CodeList, Date, Field, FieldId, FieldRef, Kind, Level, Pack, Schema, Status, Value};

use super::additive::Seen;
use super::beside::PackSays;
use super::risk::RiskSays;
use super::selected::Selected;
use super::{LeftOut, MINED_FILE, MineError};
use qingfeng::Engine;
use qingfeng::internals::{BatchResults, BatchValues, shown};
use qingfeng::read::{Chunk, Input, ReadError, Reader};
use qingfeng::{JobError, Pipeline, Progress};
use qingfeng_inspection::outcomes::Outcomes;
use qingfeng_inspection::{PlanFile, evidence};
use qingfeng_store::{Outcome, verdict_of};

const MAX_LINES: usize = 5_000_000;
/// The name under which a column of labels is read beside the fields of a schema.
const LABEL: &str = "qingfeng_label";
/// The letters of a code or a word that a rule may name.
const LETTERS_MAX: usize = 64;

/// Fields that name a party: conditions on them only where it is asked for, since a rule on a party is a rule on a list.
const PARTIES: [&str; 11] = [
    "exporter",
    "importer",
    "producer",
    "consignee",
    "consignor",
    "agent",
    "declarant",
    "seller",
    "buyer",
    "courier",
    "trader",
];
/// How fields end that name a party by a code of it.
const OF_PARTIES: [&str; 4] = ["_uscc", "_code", "_name", "_id"];
/// Fields that number papers: each has a value of its own.
const NUMBERS_OF_PAPERS: [&str; 4] = ["contract", "certificate", "bill_of_lading", "container"];
/// Fields that say what came of an inspection, wherever a schema has them.
const RESULTS: [&str; 17] = [
    "result",
    "verdict",
    "outcome",
    "label",
    "finding",
    "found",
    "found_on",
    "known_on",
    "waiver",
    "fine",
    "case_number",
    "major_case",
    "disposal",
    "disclosed_on",
    "fraud",
    "critical_fraud",
    "tell",
];

/// Where the result of a line is found.
#[derive(Debug)]
pub enum Labels {
    /// In a column of the inputs, read by [`labelled_schema`].
    Column,
    /// In outcomes of inspections.
    Outcomes(Outcomes),
}

/// How labelled lines are read.
#[derive(Debug)]
pub struct LineOptions<'a> {
    /// Where results are.
    pub labels: &'a Labels,
    /// The plans that selected declarations for inspection. Only what they selected is read, and each line stands for as
    /// many of all trade as 1/probability. Without plans the lines are taken as they are.
    pub plans: &'a [PlanFile],
    /// Whether conditions may name parties.
    pub parties: bool,
    /// Whether the pack's own rules are left out of account.
    pub alone: bool,
}

/// The schema of a pack with one more column: the label, which no rule can see.
///
/// # Errors
///
/// The column is that of a field, so that rules could see it.
pub fn labelled_schema(schema: &Schema, column: &str) -> Result<Arc<Schema>, MineError> {
    if let Some(field) = schema.field_of_header(column) {
        return Err(MineError::LabelIsField { column: column.to_owned(), field: schema[field].name.clone() });
    }
    let mut fields = schema.fields().to_vec();
    fields.push(Field {
        name: LABEL.to_owned(),
        kind: Kind::Text,
        level: Level::Item,
        required: false,
        unit: None,
        title: "result of the inspection".to_owned(),
        title_zh: None,
        columns: vec![column.to_owned()],
        codes: None,
        min: None,
        max: None,
        reading: qingfeng_rules::Reading::default(),
    });
    let mut labelled =
        Schema::new(fields, schema.declaration).map_err(|clash| MineError::Label(clash.to_string()))?;
    labelled.item = schema.item;
    labelled.date = schema.date;
    labelled.keys = schema.keys.clone();
    Ok(Arc::new(labelled))
}

/// The values of a column, a place for each line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Data {
    /// Codes by their places in the names, which are in order; [`MISSING`] where there is none.
    Codes(Vec<u32>, Vec<Box<str>>),
    /// Numbers, not a number where there is none.
    Numbers(Vec<f64>),
    /// Texts by their places; as codes, but looked at by words.
    Texts(Vec<u32>, Vec<Box<str>>),
}

/// The place of no code.
pub(super) const MISSING: u32 = u32::MAX;

/// A field that rules may look at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) field: FieldRef,
    pub(super) name: String,
    pub(super) kind: Kind,
    /// It holds codes of a list.
    pub(super) codes: Option<CodeList>,
    pub(super) data: Data,
}

/// Labelled lines, in the order of day, declaration and item, whatever the order in which they were read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelledLines {
    pub(super) days: Vec<Option<Date>>,
    pub(super) found: Vec<bool>,
    /// Whether a line has a result of its own; of others only that of their declaration is known.
    pub(super) is_labelled: Vec<bool>,
    /// The declaration of each line, by a number, and what was found of it as a whole.
    pub(super) declarations: Vec<u32>,
    pub(super) whole: Vec<Option<bool>>,
    /// The day on which that was known; of labels the day of the declaration.
    pub(super) known_on: Vec<Option<Date>>,
    /// Read to be judged, whatever the day.
    pub(super) to_judge: Vec<bool>,
    pub(super) columns: Vec<Column>,
    pub(super) left_out: Vec<LeftOut>,
    /// How many lines of all trade each stands for, where plans say so.
    pub(super) weights: Option<Vec<f64>>,
    /// What the rules of the pack say, unless they are left out of account.
    pub(super) pack: Option<PackSays>,
    /// What a risk says that was learned of these lines.
    pub(super) risk: Option<RiskSays>,
    ids: Vec<(Box<str>, i64)>,
    /// Lines of declarations without a result.
    pub unlabelled: u64,
    /// Lines of declarations that no plan selected, where plans were given.
    pub unselected: u64,
    /// Lines that could not be read.
    pub rejected: u64,
}

/// Whether a code or a word can stand in a rule file and in a sentence as it is.
pub(super) fn can_be_named(text: &str) -> bool {
    text.chars().count() <= LETTERS_MAX
        && text.chars().all(|letter| !letter.is_control() && !is_hidden(letter))
}

/// Letters that hide or turn others.
fn is_hidden(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A column while it is read.
enum Growing {
    Codes { codes: Vec<u32>, names: Vec<Box<str>>, at: HashMap<Box<str>, u32, FixedState> },
    Numbers(Vec<f64>),
}

impl Growing {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Integer | Kind::Number => Self::Numbers(Vec::new()),
            _ => Self::Codes { codes: Vec::new(), names: Vec::new(), at: HashMap::default() },
        }
    }

    fn push(&mut self, value: Value<'_>) {
        match self {
            Self::Numbers(numbers) => numbers.push(match value {
                Value::Number(number) => number,
                Value::Integer(integer) => integer as f64,
                _ => f64::NAN,
            }),
            Self::Codes { .. } => match value {
                Value::Text(text) => self.push_text(Some(text)),
                Value::Flag(flag) => self.push_text(Some(if flag { "true" } else { "false" })),
                _ => self.push_text(None),
            },
        }
    }

    fn push_text(&mut self, text: Option<&str>) {
        let Self::Codes { codes, names, at } = self else { return };
        let Some(text) = text else {
            codes.push(MISSING);
            return;
        };
        let code = match at.get(text) {
            Some(&code) => code,
            None => {
                let code = names.len() as u32;
                names.push(text.into());
                at.insert(text.into(), code);
                code
            }
        };
        codes.push(code);
    }

    fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Numbers(numbers), Self::Numbers(more)) => numbers.extend(more),
            (known @ Self::Codes { .. }, Self::Codes { codes, names, .. }) => {
                for code in codes {
                    known.push_text(names.get(code as usize).map(|name| &**name));
                }
            }
            _ => {}
        }
    }

    /// The column with its lines in this order, and its names in the order of their letters.
    fn finish(self, order: &[u32], is_text: bool) -> Data {
        match self {
            Self::Numbers(numbers) => {
                Data::Numbers(order.iter().map(|&line| numbers[line as usize]).collect())
            }
            Self::Codes { codes, names, .. } => {
                let sorted: BTreeMap<Box<str>, u32> =
                    names.into_iter().enumerate().map(|(at, name)| (name, at as u32)).collect();
                let mut new = vec![0; sorted.len()];
                for (place, &former) in sorted.values().enumerate() {
                    new[former as usize] = place as u32;
                }
                let renumbered =
                    |line: &u32| new.get(codes[*line as usize] as usize).copied().unwrap_or(MISSING);
                let codes = order.iter().map(renumbered).collect();
                let names = sorted.into_keys().collect();
                if is_text { Data::Texts(codes, names) } else { Data::Codes(codes, names) }
            }
        }
    }
}

/// What lines have, in this order of them.
fn in_order<T: Copy>(of_line: &[T], order: &[u32]) -> Vec<T> {
    order.iter().map(|&line| of_line[line as usize]).collect()
}

/// What a chunk gives.
struct Part {
    days: Vec<Option<Date>>,
    found: Vec<Option<bool>>,
    whole: Vec<Option<bool>>,
    known_on: Vec<Option<Date>>,
    ids: Vec<(Box<str>, i64)>,
    columns: Vec<Growing>,
    /// The row of a plan that selected each line, where there are plans.
    planned: Vec<u32>,
    /// The rows whose declarations were read, and whether one of their lines has a result.
    seen: Vec<(u32, bool)>,
    fired: Vec<Box<[u32]>>,
    points: Vec<i64>,
    unlabelled: u64,
    unselected: u64,
    rejected: u64,
}

/// A reader of labelled lines, for one pack.
struct Extractor<'a> {
    engine: &'a Engine,
    labels: &'a Labels,
    fields: Vec<(FieldRef, Kind)>,
    label: Option<FieldId>,
    selected: Option<&'a Selected>,
    /// By rule of the pack whether new rules stand beside it.
    beside: Option<&'a [bool]>,
    input: String,
}

/// The result of a line among those of its declaration. A finding of the declaration as a whole says nothing of one of
/// several lines; that nothing was found says so of all.
fn of_line(outcomes: &[Outcome], item: Option<i64>, lines: usize) -> Option<bool> {
    let own = outcomes.iter().find(|outcome| outcome.item_no.is_some() && outcome.item_no == item);
    if let Some(own) = own {
        return own.verdict.found();
    }
    let whole: Vec<Outcome> = outcomes.iter().filter(|outcome| outcome.item_no.is_none()).cloned().collect();
    match verdict_of(&whole).found() {
        Some(true) if lines > 1 => None,
        found => found,
    }
}

impl Extractor<'_> {
    fn part(&self, chunk: Chunk) -> Result<Part, ReadError> {
        let pack = self.engine.pack();
        let lines = &chunk.lines;
        let evaluated: Option<BatchResults> = self.beside.map(|_| self.engine.evaluate(lines));
        let values: Arc<BatchValues> = match &evaluated {
            Some(evaluated) => Arc::clone(&evaluated.values),
            None => self.engine.evaluator().values(lines),
        };
        let mut part = Part {
            days: Vec::new(),
            found: Vec::new(),
            whole: Vec::new(),
            known_on: Vec::new(),
            ids: Vec::new(),
            columns: self.fields.iter().map(|&(_, kind)| Growing::new(kind)).collect(),
            planned: Vec::new(),
            seen: Vec::new(),
            fired: Vec::new(),
            points: Vec::new(),
            unlabelled: 0,
            unselected: 0,
            rejected: chunk.lines_amiss(),
        };
        let labels = self.label.and_then(|field| lines.text(field));
        for declaration in lines.declarations() {
            let size = declaration.len();
            let first = declaration.start;
            let planned = self.selected.map(|selected| {
                let id = values.text_of(first, pack.schema.declaration).unwrap_or_default();
                selected.row(id, values.day(first))
            });
            if planned == Some(None) {
                part.unselected += size as u64;
                continue;
            }
            let planned = planned.flatten();
            let labelled = part.found.len();
            let id = values.text_of(first, pack.schema.declaration).unwrap_or_default();
            let results: &[Outcome] = match self.labels {
                Labels::Outcomes(outcomes) => outcomes.of(id),
                Labels::Column => &[],
            };
            let item_of = |line: usize| {
                pack.schema.item.and_then(|field| match values.declared(line, field) {
                    Value::Integer(item) => Some(item),
                    _ => None,
                })
            };
            let mut found = Vec::with_capacity(size);
            for line in declaration.clone() {
                found.push(match (self.labels, labels) {
                    (Labels::Outcomes(_), _) => of_line(results, item_of(line), size),
                    (Labels::Column, Some(labels)) if arrow_array::Array::is_valid(labels, line) => {
                        let text = labels.value(line);
                        let verdict = evidence::Labels::verdict(text).ok_or_else(|| {
                            let place = lines.places()[line].position;
                            let reason = format!(
                                "{place}: the label is `{}`; write 1 or 0, true or false, or a result such as clear or \
                                 counterfeit",
                                shown(text)
                            );
                            ReadError::content(&self.input, reason)
                        })?;
                        verdict.found()
                    }
                    (Labels::Column, _) => None,
                });
            }
            let whole = match self.labels {
                Labels::Outcomes(_) => verdict_of(results).found(),
                // One finding is one of the declaration.
                Labels::Column => found.iter().copied().flatten().max(),
            };
            let known_on = results.iter().filter_map(Outcome::known).max();
            for (line, found) in declaration.zip(found) {
                if found.or(whole).is_none() {
                    part.unlabelled += 1;
                    continue;
                }
                part.days.push(values.day(line));
                part.found.push(found);
                part.whole.push(whole);
                part.known_on.push(known_on.or_else(|| values.day(line)));
                part.ids.push((id.into(), item_of(line).unwrap_or(0)));
                part.planned.extend(planned);
                if let (Some(beside), Some(evaluated)) = (self.beside, &evaluated) {
                    let fired = evaluated.fired(line).iter().filter(|(rule, _)| beside[*rule as usize]);
                    part.points.push(fired.clone().map(|(_, points)| points).sum());
                    part.fired.push(fired.map(|(rule, _)| *rule).collect());
                }
                let fields = self.fields.iter().map(|&(field, _)| field);
                let columns = &mut part.columns;
                self.engine
                    .evaluator()
                    .fields_on(&values, line, fields, &mut |at, value| columns[at].push(value));
            }
            part.seen.extend(planned.map(|planned| (planned, part.found.len() > labelled)));
        }
        Ok(part)
    }
}

impl LabelledLines {
    /// Reads lines with their labels. Readers with `true` are of lines to be judged, whatever their day. A line without a
    /// result is counted and left out.
    ///
    /// With [`Labels::Column`] the readers are made for [`labelled_schema`].
    ///
    /// # Errors
    ///
    /// An input that cannot be read, a label that is none, more than five million labelled lines.
    pub fn read(
        engine: &Engine,
        readers: Vec<(Reader, Input, bool)>,
        options: &LineOptions<'_>,
        threads: Option<usize>,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Self, JobError> {
        let pack = engine.pack();
        let labels = options.labels;
        let (fields, left_out) = minable(pack, options.parties);
        let selected = Selected::of(options.plans);
        let is_beside =
            |rule: &qingfeng_rules::Rule| rule.status == Status::Active && &*rule.place.file != MINED_FILE;
        let beside: Vec<bool> = pack.rules.iter().map(is_beside).collect();
        let beside = (!options.alone && beside.contains(&true)).then_some(beside);
        let (mut planned, mut seen) = (Vec::new(), Vec::new());
        let mut says = PackSays::default();
        let mut known_sets: HashMap<Box<[u32]>, u32, FixedState> = HashMap::default();
        let mut all = Self { left_out, ..Self::default() };
        let kinds: Vec<(FieldRef, Kind)> =
            fields.iter().map(|&field| (field, pack.field_kind(field))).collect();
        let mut columns: Vec<Growing> = kinds.iter().map(|&(_, kind)| Growing::new(kind)).collect();
        for (reader, input, to_judge) in readers {
            let label = matches!(labels, Labels::Column).then(|| FieldId(pack.schema.fields().len() as u16));
            let extractor = Extractor {
                engine,
                labels,
                fields: kinds.clone(),
                label,
                selected: selected.as_ref(),
                beside: beside.as_deref(),
                input: input.to_string(),
            };
            let mut failed: Option<ReadError> = None;
            let mut labelled = 0;
            let mut take = |part: Result<Part, ReadError>| match part {
                _ if failed.is_some() => {}
                Err(error) => failed = Some(error),
                Ok(part) if all.found.len() + part.found.len() > MAX_LINES => {
                    let reason = format!("more than {MAX_LINES} lines with a result; give a shorter time");
                    failed = Some(ReadError::content(&extractor.input, reason));
                    drop(part);
                }
                Ok(part) => {
                    labelled += part.found.iter().flatten().count();
                    all.to_judge.resize(all.to_judge.len() + part.found.len(), to_judge);
                    all.days.extend(part.days);
                    all.found.extend(part.found.iter().map(|found| *found == Some(true)));
                    all.is_labelled.extend(part.found.iter().map(Option::is_some));
                    all.whole.extend(part.whole);
                    all.known_on.extend(part.known_on);
                    all.ids.extend(part.ids);
                    planned.extend(part.planned);
                    seen.extend(part.seen);
                    says.points.extend(part.points);
                    for fired in part.fired {
                        let next = says.sets.len() as u32;
                        let set = *known_sets.entry(fired).or_insert_with_key(|fired| {
                            says.sets.push(fired.clone());
                            next
                        });
                        says.of_line.push(set);
                    }
                    all.unlabelled += part.unlabelled;
                    all.unselected += part.unselected;
                    all.rejected += part.rejected;
                    for (column, more) in columns.iter_mut().zip(part.columns) {
                        column.append(more);
                    }
                }
            };
            let mut take = |part| {
                take(part);
                Ok(ControlFlow::Continue(()))
            };
            let pipeline = Pipeline::from(threads);
            pipeline.map(reader, &|chunk, _| extractor.part(chunk), &mut take, progress)?;
            if let Some(error) = failed {
                return Err(error.into());
            }
            if labelled == 0 {
                let reason = match labels {
                    _ if selected.is_some() => {
                        "no line with a result is of a declaration that the plans selected on its day; are they the plans \
                         of these days?"
                    }
                    Labels::Column => "no line has a label; is it the right column?",
                    Labels::Outcomes(_) => {
                        "no line has a result in the outcomes; are they of the same declarations?"
                    }
                };
                return Err(ReadError::content(&input, reason).into());
            }
        }
        let mut order: Vec<u32> = (0..all.found.len() as u32).collect();
        order.sort_by(|&a, &b| {
            let key = |line: u32| {
                let line = line as usize;
                (all.days[line], &all.ids[line], all.to_judge[line], all.found[line], all.is_labelled[line])
            };
            key(a).cmp(&key(b))
        });
        let mut number = 0;
        all.declarations = Vec::with_capacity(order.len());
        for (at, &line) in order.iter().enumerate() {
            let of = |line: u32| (all.days[line as usize], &all.ids[line as usize].0);
            number += u32::from(at > 0 && of(order[at - 1]) != of(line));
            all.declarations.push(number);
        }
        all.days = in_order(&all.days, &order);
        all.found = in_order(&all.found, &order);
        all.is_labelled = in_order(&all.is_labelled, &order);
        all.whole = in_order(&all.whole, &order);
        all.known_on = in_order(&all.known_on, &order);
        all.to_judge = in_order(&all.to_judge, &order);
        all.ids = Vec::new();
        if let Some(selected) = selected {
            let weights = selected.weights(&seen);
            let of_line = |&line: &u32| weights[planned[line as usize] as usize];
            all.weights = Some(order.iter().map(of_line).collect());
        }
        if let Some(beside) = beside {
            says.rules = beside.iter().filter(|beside| **beside).count() as u64;
            says.of_line = in_order(&says.of_line, &order);
            says.points = in_order(&says.points, &order);
            says.sort();
            all.pack = Some(says);
        }
        for (&(field, kind), column) in kinds.iter().zip(columns) {
            let declared = match field {
                FieldRef::Declared(id) => Some(&pack.schema[id]),
                _ => None,
            };
            all.columns.push(Column {
                field,
                name: pack.field_name(field).to_owned(),
                kind,
                codes: declared.and_then(|field| field.codes),
                data: column.finish(&order, kind == Kind::Text && !matches!(field, FieldRef::Computed(_))),
            });
        }
        Ok(all)
    }

    /// Lines of declarations with a result.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// How many lines of all trade a line stands for, where plans say so.
    pub(super) fn weight(&self, line: u32) -> Option<f64> {
        self.weights.as_ref().map(|weights| weights[line as usize])
    }

    /// What weights are fitted to, beside log odds that are given.
    pub(super) fn seen<'a>(&'a self, given: Option<&'a [f64]>) -> Seen<'a> {
        Seen { found: &self.found, weights: self.weights.as_deref(), given }
    }

    /// Lines that have no result of their own, of declarations that have one as a whole. A risk learns from them, rules do not.
    pub fn of_declarations_alone(&self) -> u64 {
        self.is_labelled.iter().filter(|labelled| !**labelled).count() as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The column of a field by its name.
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Whether a field names a party: `exporter`, or by a code `exporter_uscc`.
fn is_party(name: &str) -> bool {
    let stem = OF_PARTIES.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    PARTIES.contains(&stem)
}

/// The fields that conditions may be on, and those that take no part.
fn minable(pack: &Pack, parties: bool) -> (Vec<FieldRef>, Vec<LeftOut>) {
    let schema = &pack.schema;
    let mut left_out = Vec::new();
    let mut fields = Vec::new();
    let derived = pack.derived();
    let all = schema
        .ids()
        .map(FieldRef::Declared)
        .chain(derived.map(FieldRef::Derived))
        .chain(pack.computed_fields());
    for field in all {
        let name = pack.field_name(field);
        let why = match field {
            FieldRef::Declared(id) if id == schema.declaration || Some(id) == schema.item => {
                Some("it numbers declarations or lines")
            }
            _ if pack.field_kind(field) == Kind::Date => Some("a day says nothing of the days to come"),
            _ if RESULTS.contains(&name) => Some("it has the name of a result of inspections"),
            _ if NUMBERS_OF_PAPERS.contains(&name) => Some("it numbers papers"),
            _ if is_party(name) && !parties => Some("it names a party; --parties lets it in"),
            _ => None,
        };
        match why {
            Some(why) => left_out.push(LeftOut { field: name.to_owned(), why }),
            None => fields.push(field),
        }
    }
    (fields, left_out)
}
