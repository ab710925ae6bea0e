//! Declarations as trade: read once, each line evaluated with the rules that are watched, in force or not.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use foldhash::fast::FixedState;
use qingfeng_rules::reference::Groups;
use qingfeng_rules::{Date, FieldId, Kind, Pack, Rule, Status, Value};

use super::flows::{Declared, FORMS, Flows, Row, WITHOUT_GOODS, WITHOUT_MODE, WITHOUT_SITE, WatchedRule};
use super::{Limit, WatchOptions};
use qingfeng::Engine;
use qingfeng::internals::BatchResults;
use qingfeng::read::{Input, Lines, ReadError, Reader};
use qingfeng::{JobError, Pipeline, Progress};

const MAX_WATCHED: usize = 500;
/// The largest value of a line that counts, in units.
const VALUE_MAX: f64 = 1e12;

/// A rule, and the day since which it is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Since {
    /// The rule, by its position in the pack.
    pub rule: usize,
    /// The day: trade before it is compared with trade from it on.
    pub day: Date,
}

impl Since {
    /// The active rules of a pack that have a first day, with that day.
    pub fn of_pack(pack: &Pack) -> Vec<Self> {
        let dated = pack.rules.iter().enumerate().filter(|(_, rule)| rule.status == Status::Active);
        dated.filter_map(|(at, rule)| Some(Self { rule: at, day: rule.from? })).collect()
    }
}

/// What is read of declarations for watching.
#[derive(Clone, Debug, Default)]
pub struct TradeWatchOptions {
    /// The rules to watch, 500 at most. A rule may be watched since several days.
    pub since: Vec<Since>,
    /// The threads that evaluate, 1 at least; `None` takes one for each processor. The answer does not depend on it.
    pub threads: Option<usize>,
}

/// Trade as it is watched: consignments by day, exporter, port, mode and HS code, with the watched rules that catch
/// them whether in force or not, and the values of declarations of modes that have a limit. Held in memory, about 40 bytes a
/// consignment, 10 million at most.
#[derive(Clone, Debug, Default)]
pub struct Trade {
    pub(super) flows: Flows,
    pub(super) rules: Vec<WatchedRule>,
    pub(super) limits: Vec<Limit>,
    /// Goods lines that could be read.
    pub lines: u64,
    /// Goods lines that could not be read, and are left out.
    pub rejected: u64,
    /// Declarations without a day of their own; left out of displacement.
    pub undated: u64,
}

/// The fields that are looked at.
struct Fields {
    exporter: Option<FieldId>,
    port: Option<FieldId>,
    mode: Option<FieldId>,
    code: Option<FieldId>,
    value: Option<FieldId>,
    /// Where sites are looked up, in the order of the policy's offices.
    places: Vec<FieldId>,
}

impl Fields {
    fn new(pack: &Pack) -> Self {
        let schema = &pack.schema;
        let text = |field: &FieldId| matches!(schema[*field].kind, Kind::Text | Kind::Code);
        let of_kind = |kind: &str| schema.keys.site.iter().find(|(known, _)| known == kind).map(|of| of.1);
        let policy = pack.selection.as_ref();
        let offices = policy.map_or(&[][..], |policy| &policy.offices);
        let mut places: Vec<FieldId> = Vec::new();
        let all = schema.keys.site.iter().map(|of| of.1);
        for field in offices.iter().filter_map(|kind| of_kind(kind)).chain(all) {
            if !places.contains(&field) {
                places.push(field);
            }
        }
        let exporter = policy.and_then(|policy| policy.trader).or_else(|| schema.field("exporter"));
        Self {
            exporter: exporter.filter(text),
            port: of_kind("port").or(places.first().copied()).filter(text),
            mode: schema.keys.mode.filter(text),
            code: schema.keys.commodity.filter(text),
            value: schema
                .field("value")
                .filter(|&field| matches!(schema[field].kind, Kind::Number | Kind::Integer)),
            places: places.into_iter().filter(text).collect(),
        }
    }
}

/// The forms in which a rule is evaluated, whatever its own days and status: whole, and without each part of its key.
fn forms(rule: &Rule) -> [Option<Rule>; FORMS as usize] {
    let whole = Rule { from: None, until: None, status: Status::Active, ..rule.clone() };
    let id = |form: &str| format!("{} {form}", rule.id);
    let without = |is_keyed: bool, changed: Rule| is_keyed.then_some(changed);
    [
        Some(whole.clone()),
        without(!rule.site.is_empty(), Rule { id: id("without site"), site: Vec::new(), ..whole.clone() }),
        without(!rule.mode.is_empty(), Rule { id: id("without mode"), mode: Vec::new(), ..whole.clone() }),
        without(
            !rule.commodity.is_empty(),
            Rule { id: id("without commodity"), commodity: Vec::new(), ..whole },
        ),
    ]
}

fn number(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Number(number) => Some(number),
        Value::Integer(integer) => Some(integer as f64),
        _ => None,
    }
}

/// What all chunks need.
struct Watcher<'a> {
    engine: Engine,
    fields: Fields,
    sites: &'a [qingfeng_rules::reference::Group],
    site_groups: Groups,
    /// By position of a rule in the changed pack: the forms that it stands for.
    forms: Vec<Vec<u32>>,
    limits: &'a [Limit],
}

impl Watcher<'_> {
    /// A site by the code that a line has for it: its name, or the code itself.
    fn place<'v>(&'v self, code: &'v str) -> &'v str {
        let site = self.site_groups.of(code).next();
        site.and_then(|site| self.sites.get(site.group)).map_or(code, |site| &site.name)
    }

    fn flows(&self, lines: &Lines) -> Flows {
        let results = self.engine.evaluate(lines);
        let mut flows = Flows { lines: lines.len() as u64, ..Flows::default() };
        for range in lines.declarations() {
            self.declared(&results, range.clone(), &mut flows);
            self.consignments(&results, range, &mut flows);
        }
        flows
    }

    fn text<'v>(&self, results: &'v BatchResults, line: usize, field: Option<FieldId>) -> &'v str {
        field.and_then(|field| results.values.text_of(line, field)).unwrap_or("")
    }

    fn consignments(&self, results: &BatchResults, range: std::ops::Range<usize>, flows: &mut Flows) {
        let Some(day) = results.values.day(range.start) else {
            flows.undated += 1;
            return;
        };
        let mut rows: Vec<Row> = Vec::with_capacity(range.len());
        let mut caught: Vec<u32> = Vec::new();
        for line in range {
            caught.clear();
            for &(rule, _) in results.fired(line) {
                caught.extend(self.forms.get(rule as usize).into_iter().flatten());
            }
            caught.sort_unstable();
            let set = flows.set(&caught);
            let code = self.text(results, line, self.fields.code);
            let value = self.fields.value.and_then(|field| number(results.values.declared(line, field)));
            rows.push(Row {
                day: day.days(),
                exporter: flows.texts.number(self.text(results, line, self.fields.exporter)),
                port: flows.texts.number(self.place(self.text(results, line, self.fields.port))),
                mode: flows.texts.number(self.text(results, line, self.fields.mode)),
                code: flows.texts.number(code.get(..6).unwrap_or(code)),
                set,
                // Whole hundredths, so that sums do not depend on their order.
                cents: (value.unwrap_or(0.0).clamp(-VALUE_MAX, VALUE_MAX) * 100.0).round() as i64,
            });
        }
        rows.sort_unstable();
        for row in rows {
            match flows.rows.last_mut() {
                Some(last) if (Row { cents: row.cents, ..*last }) == row && !flows.fresh => {
                    last.cents = last.cents.saturating_add(row.cents);
                }
                _ => flows.rows.push(row),
            }
            flows.fresh = false;
        }
        flows.fresh = true;
    }

    /// The declaration's whole value, if its mode has a limit.
    fn declared(&self, results: &BatchResults, range: std::ops::Range<usize>, flows: &mut Flows) {
        let Some(value_field) = self.fields.value else { return };
        let mode = self.text(results, range.start, self.fields.mode);
        let first = range.start;
        let value = results.values.sum(value_field, range);
        for (at, _) in self.limits.iter().enumerate().filter(|(_, limit)| limit.mode == mode) {
            if value.is_nan() || value <= 0.0 {
                continue;
            }
            let place = self.fields.places.iter().map(|&field| self.text(results, first, Some(field)));
            let place = place.map(|code| self.place(code)).find(|place| !place.is_empty()).unwrap_or("");
            let declared = Declared {
                limit: at as u32,
                place: flows.texts.number(place),
                exporter: flows.texts.number(self.text(results, first, self.fields.exporter)),
                value,
            };
            flows.declared.push(declared);
        }
    }
}

impl Trade {
    /// Reads declarations for watching: what the rules of `options` catch, in force or not, and what would be like it
    /// at other sites, in other modes, under other codes.
    ///
    /// # Errors
    ///
    /// An input that cannot be read; more than 10 million consignments; threads that cannot be started.
    ///
    /// ```
    /// use qingfeng::Engine;
    /// use qingfeng::read::{Input, ReadOptions, Reader};
    /// use qingfeng_insight::watch::{Since, Trade, TradeWatchOptions, Watch, WatchOptions};
    ///
    /// let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
    /// let engine = Engine::open(format!("{root}rules/clean-wind"))?;
    /// let inputs = vec![Input::Path(format!("{root}docs/examples/declarations.csv").into())];
    /// let reader = Reader::new(engine.pack().schema.clone(), inputs, ReadOptions::default())?;
    /// let since = Since::of_pack(engine.pack());
    /// let watched = TradeWatchOptions { since, threads: Some(1) };
    /// let options = WatchOptions::default();
    /// let trade = Trade::read(&engine, reader, &watched, &options, &mut |_| {})?;
    /// let mut watch = Watch::default();
    /// watch.add_trade(&trade, &options);
    /// assert_eq!((trade.lines, watch.limits.len()), (60, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(
        engine: &Engine,
        reader: Reader,
        watched: &TradeWatchOptions,
        options: &WatchOptions,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Self, JobError> {
        let pack = engine.pack();
        let mut rules: Vec<WatchedRule> = Vec::new();
        let mut changed: Vec<(usize, Rule)> = Vec::new();
        let mut forms_of: Vec<Vec<u32>> = Vec::new();
        let mut places: HashMap<usize, usize, FixedState> = HashMap::default();
        let mut since = watched.since.clone();
        since.sort();
        since.dedup();
        for since in since.iter().take(MAX_WATCHED) {
            let Some(rule) = pack.rules.get(since.rule) else { continue };
            let number = rules.len() as u32 * FORMS;
            rules.push(WatchedRule {
                id: rule.id.clone(),
                title: rule.title.clone(),
                title_zh: rule.title_zh.clone(),
                since: since.day,
                keyed: [!rule.site.is_empty(), !rule.mode.is_empty(), !rule.commodity.is_empty()],
            });
            // A rule that is watched since several days is evaluated once.
            let is_known = places.contains_key(&since.rule);
            let mut at = *places.entry(since.rule).or_insert(changed.len());
            for (form, changed_rule) in (0..FORMS).zip(forms(rule)) {
                let Some(changed_rule) = changed_rule else { continue };
                if !is_known {
                    changed.push((since.rule, changed_rule));
                    forms_of.push(Vec::new());
                }
                forms_of[at].push(number + form);
                at += 1;
            }
        }
        let watcher = Watcher {
            engine: engine.of_changed(Arc::new(pack.with_rules(changed))),
            fields: Fields::new(pack),
            sites: &pack.reference.sites,
            site_groups: Groups::new(&pack.reference.sites),
            forms: forms_of,
            limits: &options.limits,
        };
        let mut flows = Flows::default();
        let mut rejected = 0;
        let last_input: Option<Input> = reader.inputs().last().cloned();
        Pipeline::from(watched.threads).map(
            reader,
            &|chunk, _| (watcher.flows(&chunk.lines), chunk.lines_amiss()),
            &mut |(more, rejects)| {
                flows.append(&more);
                rejected += rejects;
                Ok(ControlFlow::Continue(()))
            },
            progress,
        )?;
        if flows.is_full {
            let reason =
                "with this there are more than 10000000 consignments; give a shorter time".to_owned();
            let input = last_input.unwrap_or(Input::Stdin);
            return Err(JobError::Read(ReadError::content(&input, reason)));
        }
        Ok(Self {
            lines: flows.lines,
            undated: flows.undated,
            rejected,
            flows,
            rules,
            limits: options.limits.clone(),
        })
    }
}

/// By form of a rule's key that is left out: the form's number.
pub(super) const RELAXED: [u32; 3] = [WITHOUT_SITE, WITHOUT_MODE, WITHOUT_GOODS];
