//! What runs: the pack, what it has done, and what came before it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use qingfeng::read::{Lines, RejectKind};
use qingfeng::rules::Status;
use qingfeng::{Assessment, Engine, Summary};
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::log::LogRecord;
use crate::metrics::Histogram;
use crate::options::ServerOptions;
use crate::recent::Recent;
use crate::reload::{Reloads, Shadow};
use crate::routes::ROUTES;
use crate::trace::Traces;
use crate::view::{ChannelView, DiskView, RuleView, View};
use crate::work::Workers;

/// Keys of messages that no field claims, of which it is counted how often they came.
const UNKNOWN_KEYS: usize = 200;
/// Declarations that the console lists.
const RECENT_SHOWN: usize = 25;

/// The statuses that a counter of requests tells apart.
pub(crate) const STATUS_CLASSES: [&str; 3] = ["2xx", "4xx", "5xx"];

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A pack that runs, or ran. Counters go on from one pack to the next by the names of channels and rules.
pub(crate) struct Live {
    pub engine: Engine,
    pub since: String,
    channels: Vec<Arc<AtomicU64>>,
    fired: Vec<Arc<AtomicU64>>,
    faults: Vec<Arc<AtomicU64>>,
    rules: HashMap<String, usize>,
    /// Whether a field of the schema ever had a value, by position.
    filled: Vec<Arc<AtomicBool>>,
    /// Positions of the fields that rules read.
    read: BTreeSet<usize>,
}

impl Live {
    pub fn new(engine: Engine, since: String, before: Option<&Self>) -> Self {
        let pack = Arc::clone(engine.pack());
        let channels = pack.channels.iter().map(|channel| {
            let known = before.and_then(|before| {
                let at = before.engine.pack().channels.iter().position(|known| known.name == channel.name)?;
                before.channels.get(at).cloned()
            });
            known.unwrap_or_default()
        });
        let of_rule = |counts: fn(&Self) -> &Vec<Arc<AtomicU64>>| -> Vec<Arc<AtomicU64>> {
            let known = |id: &String| {
                let before = before?;
                counts(before).get(*before.rules.get(id)?).cloned()
            };
            pack.rules.iter().map(|rule| known(&rule.id).unwrap_or_default()).collect()
        };
        let filled = pack.schema.fields().iter().map(|field| {
            let known = before.and_then(|before| {
                let fields = before.engine.pack().schema.fields();
                before.filled.get(fields.iter().position(|known| known.name == field.name)?).cloned()
            });
            known.unwrap_or_default()
        });
        Self {
            channels: channels.collect(),
            fired: of_rule(|live| &live.fired),
            faults: of_rule(|live| &live.faults),
            rules: pack.rules.iter().enumerate().map(|(at, rule)| (rule.id.clone(), at)).collect(),
            filled: filled.collect(),
            read: engine.fields_of_rules().into_iter().map(|field| field.index()).collect(),
            engine,
            since,
        }
    }

    /// Notes which fields of a declaration have a value.
    pub fn see(&self, lines: &Lines) {
        for (column, filled) in lines.batch().columns().iter().zip(&self.filled) {
            if !filled.load(Ordering::Relaxed) && column.null_count() < column.len() {
                filled.store(true, Ordering::Relaxed);
            }
        }
    }

    pub fn count(&self, found: &Assessment) {
        let channels = &self.engine.pack().channels;
        if let Some(at) = channels.iter().position(|channel| channel.name == found.channel) {
            self.channels[at].fetch_add(1, Ordering::Relaxed);
        }
        let add = |counts: &[Arc<AtomicU64>], rule: &str| {
            if let Some(count) = self.rules.get(rule).and_then(|at| counts.get(*at)) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        };
        for item in &found.items {
            item.fired.iter().for_each(|fired| add(&self.fired, &fired.rule));
            item.faults.iter().for_each(|fault| add(&self.faults, &fault.rule));
        }
    }

    pub fn count_all(&self, summary: &Summary) {
        for ((_, declarations), count) in summary.channels.iter().zip(&self.channels) {
            count.fetch_add(*declarations, Ordering::Relaxed);
        }
        for (rule, counted) in &summary.rules {
            if let Some(at) = self.rules.get(rule) {
                self.fired[*at].fetch_add(counted.fired, Ordering::Relaxed);
                self.faults[*at].fetch_add(counted.faults, Ordering::Relaxed);
            }
        }
        for input in &summary.inputs {
            let absent: BTreeSet<&str> = input.absent_fields.iter().map(String::as_str).collect();
            let fields = self.engine.pack().schema.fields().iter().zip(&self.filled);
            let there = fields.filter(|(field, _)| !absent.contains(field.name.as_str()));
            there.for_each(|(_, filled)| filled.store(true, Ordering::Relaxed));
        }
    }

    pub fn channel_views(&self) -> Vec<ChannelView> {
        let channels = self.engine.pack().channels.iter().zip(&self.channels);
        let view = channels.map(|(channel, count)| ChannelView {
            channel: channel.name.clone(),
            title: channel.title.clone(),
            title_zh: channel.title_zh.clone(),
            declarations: count.load(Ordering::Relaxed),
        });
        view.collect()
    }

    /// The rules that are evaluated.
    pub fn rule_views(&self) -> Vec<RuleView> {
        let rules = self.engine.pack().rules.iter().zip(self.fired.iter().zip(&self.faults));
        let evaluated = rules.filter(|(rule, _)| rule.status.is_evaluated());
        let view = evaluated.map(|(rule, (fired, faults))| RuleView {
            id: rule.id.clone(),
            title: rule.title.clone(),
            title_zh: rule.title_zh.clone(),
            shadow: rule.status != Status::Active,
            fired: fired.load(Ordering::Relaxed),
            faults: faults.load(Ordering::Relaxed),
        });
        view.collect()
    }

    pub fn snapshot(&self) -> Option<&str> {
        self.engine.lookups().map(|lookups| lookups.snapshot.as_str())
    }
}

/// What of the fields is posted, and what of it is looked at.
#[derive(Serialize)]
pub(crate) struct FieldsView<'l> {
    pack: &'l str,
    /// The fields that rules read.
    read: Vec<&'l str>,
    /// The fields that were filled, and that no rule reads.
    filled_and_not_read: Vec<&'l str>,
    /// The fields that rules read, and that were never filled since the start.
    read_and_never_filled: Vec<&'l str>,
    /// Keys and columns that no field claims, with how often they came.
    unknown: BTreeMap<String, u64>,
}

/// Counters beside those of the pack.
#[derive(Default)]
pub(crate) struct Counters {
    pub declarations: AtomicU64,
    pub lines: AtomicU64,
    pub rejected: Mutex<BTreeMap<&'static str, u64>>,
    pub queue_full: AtomicU64,
    pub batches: [AtomicU64; 2],
    pub connections: AtomicUsize,
    pub connections_refused: AtomicU64,
    pub assess_seconds: Histogram,
    /// By position of the route, then by class of the status.
    pub requests: Vec<[AtomicU64; STATUS_CLASSES.len()]>,
}

/// All that requests share.
pub(crate) struct State {
    pub options: ServerOptions,
    live: RwLock<Arc<Live>>,
    pub shadow: RwLock<Option<Arc<Shadow>>>,
    pub workers: Workers,
    pub batches: Arc<Semaphore>,
    pub recent: Recent,
    pub counters: Counters,
    pub reloads: Reloads,
    pub disk: Mutex<DiskView>,
    pub started: String,
    pub traces: Traces,
    pub is_ending: AtomicBool,
    /// Bytes of messages in memory.
    pub bodies_bytes: AtomicUsize,
    unknown: Mutex<BTreeMap<String, u64>>,
}

impl State {
    pub fn new(options: ServerOptions, engine: Engine, shadow: Option<Shadow>) -> std::io::Result<Self> {
        let now = (options.clock)();
        let seed = format!("{now} {} {:?}", std::process::id(), std::time::Instant::now());
        let counters = Counters {
            requests: (0..=ROUTES.len()).map(|_| Default::default()).collect(),
            ..Counters::default()
        };
        Ok(Self {
            workers: Workers::start(options.workers, options.queue)?,
            batches: Arc::new(Semaphore::new(options.batches.max(1))),
            recent: Recent::new(options.recent, options.recent_bytes),
            disk: Mutex::new(DiskView { digest: Some(engine.digest().to_owned()), at: now.clone() }),
            live: RwLock::new(Arc::new(Live::new(engine, now.clone(), None))),
            shadow: RwLock::new(shadow.map(Arc::new)),
            counters,
            reloads: Reloads::default(),
            started: now,
            traces: Traces::new(seed),
            is_ending: AtomicBool::new(false),
            bodies_bytes: AtomicUsize::new(0),
            unknown: Mutex::default(),
            options,
        })
    }

    /// The pack that answers what is asked now.
    pub fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Exchanges the pack: what is asked from now on is answered by the new one.
    pub fn exchange(&self, engine: Engine) {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        *live = Arc::new(Live::new(engine, self.now(), Some(&live)));
    }

    pub fn shadow(&self) -> Option<Arc<Shadow>> {
        self.shadow.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn now(&self) -> String {
        (self.options.clock)()
    }

    pub fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    pub fn log(&self, record: LogRecord) {
        let level = if record.level.is_empty() { "info" } else { record.level };
        (self.options.log)(&LogRecord { at: self.now(), level, ..record });
    }

    pub fn count_reject(&self, kind: Option<RejectKind>) {
        let kind = kind.map_or("columns", RejectKind::name);
        *lock(&self.counters.rejected).entry(kind).or_default() += 1;
    }

    /// Notes keys that no field claims.
    pub fn note_unknown<'k>(&self, keys: impl Iterator<Item = &'k String>) {
        let mut keys = keys.peekable();
        if keys.peek().is_none() {
            return;
        }
        let mut known = lock(&self.unknown);
        for key in keys {
            if let Some(count) = known.get_mut(key) {
                *count += 1;
            } else if known.len() < UNKNOWN_KEYS {
                known.insert(key.clone(), 1);
            }
        }
    }

    pub fn fields<'l>(&self, live: &'l Live) -> FieldsView<'l> {
        let fields = live.engine.pack().schema.fields();
        let is_filled = |at: usize| live.filled[at].load(Ordering::Relaxed);
        let names = |wanted: &dyn Fn(usize) -> bool| -> Vec<&'l str> {
            let at = (0..fields.len()).filter(|at| wanted(*at));
            at.map(|at| fields[at].name.as_str()).collect()
        };
        let schema = &live.engine.pack().schema;
        let is_id = |at: usize| {
            at == schema.declaration.index() || schema.item.is_some_and(|item| item.index() == at)
        };
        FieldsView {
            pack: live.engine.pack_id(),
            read: names(&|at| live.read.contains(&at)),
            filled_and_not_read: names(&|at| !live.read.contains(&at) && is_filled(at) && !is_id(at)),
            read_and_never_filled: names(&|at| live.read.contains(&at) && !is_filled(at)),
            unknown: lock(&self.unknown).clone(),
        }
    }

    pub fn view(&self, may_explain: bool) -> View {
        let live = self.live();
        let pack = live.engine.pack();
        let mut statuses = BTreeMap::new();
        pack.rules.iter().for_each(|rule| *statuses.entry(rule.status.name()).or_default() += 1);
        View {
            pack: live.engine.pack_id().to_string(),
            digest: live.engine.digest().to_owned(),
            snapshot: live.snapshot().map(str::to_owned),
            name: pack.name.clone(),
            version: pack.version.clone(),
            statuses,
            since: live.since.clone(),
            started: self.started.clone(),
            on_disk: lock(&self.disk).clone(),
            channels: live.channel_views(),
            declarations: self.counters.declarations.load(Ordering::Relaxed),
            lines: self.counters.lines.load(Ordering::Relaxed),
            rejected: lock(&self.counters.rejected).values().sum(),
            rules: live.rule_views(),
            reloads: self.reloads.history(),
            shadow: self.shadow().map(|shadow| shadow.view()),
            recent: if may_explain { self.recent.last(RECENT_SHOWN) } else { Vec::new() },
            waiting: self.workers.waiting(),
            may_explain,
        }
    }
}
