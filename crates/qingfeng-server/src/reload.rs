//! Exchanging the pack while it runs: opened, tested, tried on the last declarations, and refused where it does not stand that.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, TryLockError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use qingfeng::tools::listing::PackReport;
use qingfeng::tools::rule_tests::{self, Mismatch};
use qingfeng::{Engine, OpenError, OpenedPack, Pipeline};
use serde::Serialize;
use serde_json::Value;

use crate::log::LogRecord;
use crate::options::ServerOptions;
use crate::problem::{Problem, ProblemCode};
use crate::state::{State, lock};

/// Reloads that are remembered.
const HISTORY: usize = 50;
/// Mistakes, failed tests and moved declarations that are named of each.
const NAMED: usize = 20;
/// What stands for a declaration that a pack cannot assess, among channels.
const REJECTED: &str = "rejected";
/// Files that are looked at to see whether a pack has changed.
const FILES_MAX: usize = 20_000;

/// What became of a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReloadOutcome {
    /// The new pack runs.
    Accepted,
    /// The pack on the disk is the one that runs.
    Unchanged,
    /// The new pack cannot be opened.
    RefusedBroken,
    /// Its tests fail.
    RefusedTests,
    /// It moves more declarations to other channels than is allowed.
    RefusedChange,
    /// It is not the one that was asked for, or it was exchanged while it was looked at.
    RefusedDigest,
}

impl ReloadOutcome {
    /// All outcomes.
    pub const ALL: [Self; 6] = [
        Self::Accepted,
        Self::Unchanged,
        Self::RefusedBroken,
        Self::RefusedTests,
        Self::RefusedChange,
        Self::RefusedDigest,
    ];

    /// Its name, as answers have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Unchanged => "unchanged",
            Self::RefusedBroken => "refused_broken",
            Self::RefusedTests => "refused_tests",
            Self::RefusedChange => "refused_change",
            Self::RefusedDigest => "refused_digest",
        }
    }

    /// Whether the pack was refused.
    pub fn is_refused(self) -> bool {
        !matches!(self, Self::Accepted | Self::Unchanged)
    }
}

/// Declarations that went from one channel to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ChannelChange {
    /// The channel of the pack that runs; `rejected` if it could not assess them.
    pub from: String,
    /// The channel of the other pack.
    pub to: String,
    /// How many.
    pub declarations: u64,
}

/// What another pack would do to declarations.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PackChange {
    /// Declarations that both packs assessed.
    pub compared: u64,
    /// Those that would go to another channel.
    pub changed: u64,
    /// Their share.
    pub share: f64,
    /// From which channel to which.
    pub channels: Vec<ChannelChange>,
}

/// A failed test of a pack.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FailedTest {
    /// Its name.
    pub name: String,
    /// Its file, within the pack.
    pub file: String,
    /// The line.
    pub line: usize,
    /// In what the outcome differs from what was expected.
    pub mismatches: Vec<Mismatch>,
}

/// The tests of a pack.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TestsNote {
    /// How many were run.
    pub run: usize,
    /// How many failed.
    pub failed: usize,
    /// The first that did.
    pub first: Vec<FailedTest>,
}

/// A reload.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReloadNote {
    /// When, in UTC.
    pub at: String,
    /// What asked for it: `request`, `signal`, `poll`.
    pub by: &'static str,
    /// What became of it.
    pub outcome: ReloadOutcome,
    /// The pack that was looked at, if it could be opened.
    pub pack: Option<String>,
    /// The pack that runs afterwards.
    pub runs: String,
    /// Why it was refused, in sentences.
    pub reasons: Vec<String>,
    /// Its tests, if it came to that.
    pub tests: Option<TestsNote>,
    /// What it does to the last declarations, if it came to that.
    pub change: Option<PackChange>,
    /// Why the shadow pack was not opened again, if it was not.
    pub shadow_problem: Option<String>,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

/// The reloads so far.
#[derive(Default)]
pub(crate) struct Reloads {
    at_work: Mutex<()>,
    history: Mutex<VecDeque<ReloadNote>>,
    counts: [AtomicU64; ReloadOutcome::ALL.len()],
}

impl Reloads {
    pub fn history(&self) -> Vec<ReloadNote> {
        lock(&self.history).iter().cloned().collect()
    }

    pub fn last(&self) -> Option<ReloadNote> {
        lock(&self.history).front().cloned()
    }

    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let each = ReloadOutcome::ALL.iter().zip(&self.counts);
        each.map(|(outcome, count)| (outcome.name(), count.load(Ordering::Relaxed)))
    }

    fn note(&self, note: &ReloadNote) {
        if let Some(at) = ReloadOutcome::ALL.iter().position(|known| *known == note.outcome) {
            self.counts[at].fetch_add(1, Ordering::Relaxed);
        }
        let mut history = lock(&self.history);
        history.push_front(note.clone());
        history.truncate(HISTORY);
    }
}

/// How a reload differs from the usual ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReloadWish {
    pub max_change: Option<f64>,
    pub expected_digest: Option<String>,
}

/// Opens the pack of a directory as the service does.
pub(crate) fn open(options: &ServerOptions, directory: &Path) -> Result<Engine, OpenError> {
    let mut builder =
        Engine::builder().directory(directory).max_declaration_lines(options.limits.declaration_lines);
    if let Some(lookups) = &options.lookups {
        builder = builder.lookups(&**lookups);
    }
    builder.build()
}

/// What was found of a pack that could take the place of the one that runs.
struct Tried {
    engine: Option<Engine>,
    outcome: ReloadOutcome,
    reasons: Vec<String>,
    tests: Option<TestsNote>,
    change: Option<PackChange>,
}

impl Tried {
    fn refused(outcome: ReloadOutcome, reasons: Vec<String>) -> Self {
        Self { engine: None, outcome, reasons, tests: None, change: None }
    }
}

fn cut(mut reasons: Vec<String>) -> Vec<String> {
    let more = reasons.len().saturating_sub(NAMED);
    reasons.truncate(NAMED);
    if more > 0 {
        reasons.push(format!("and {more} more"));
    }
    reasons
}

/// Tries the pack of a directory on its tests and on declarations.
fn tried(state: &State, directory: &Path, running: &Engine, wish: &ReloadWish) -> Tried {
    use ReloadOutcome::{Accepted, RefusedBroken, RefusedChange, RefusedDigest, RefusedTests, Unchanged};
    let engine = match open(&state.options, directory) {
        Ok(engine) => engine,
        Err(error) => {
            let mistakes = error.diagnostics();
            let lines = mistakes.items.iter().map(|item| mistakes.line(item)).collect();
            return Tried::refused(RefusedBroken, cut(lines));
        }
    };
    let refused =
        |outcome, reasons| Tried { engine: Some(engine.clone()), ..Tried::refused(outcome, reasons) };
    if let Some(expected) = &wish.expected_digest
        && expected != engine.digest()
    {
        let reason = format!("the digest of the pack on the disk is {}, not {expected}", engine.digest());
        return refused(RefusedDigest, vec![reason]);
    }
    if engine.pack_id() == running.pack_id() {
        return Tried { outcome: Unchanged, ..refused(Unchanged, Vec::new()) };
    }
    let tests = match tested(state, directory) {
        Ok((tests, reasons)) if reasons.is_empty() => tests,
        Ok((tests, reasons)) => {
            return Tried { tests: Some(tests), ..refused(RefusedTests, cut(reasons)) };
        }
        Err(reasons) => return refused(RefusedTests, cut(reasons)),
    };
    // What was tested must be what was opened: files may have been exchanged between.
    let now = OpenedPack::open(directory).map(|opened| opened.digest().to_owned());
    if now.ok().as_deref() != Some(engine.digest()) {
        let reason = "the files of the pack were exchanged while they were read; reload again when they stay as they are";
        return Tried { tests: Some(tests), ..refused(RefusedDigest, vec![reason.to_owned()]) };
    }
    let change = compared(running, &engine, &state.recent.messages());
    let most = wish.max_change.unwrap_or(state.options.max_change);
    if change.share > most {
        let reason = format!(
            "moves {:.1} % of the last {} declarations to other channels, and {:.1} % are allowed; if that is meant, reload \
             with a higher `max_change`",
            change.share * 100.0,
            change.compared,
            most * 100.0
        );
        return Tried { tests: Some(tests), change: Some(change), ..refused(RefusedChange, vec![reason]) };
    }
    Tried {
        engine: Some(engine),
        outcome: Accepted,
        reasons: Vec::new(),
        tests: Some(tests),
        change: Some(change),
    }
}

/// Runs the tests of the pack in a directory: what came of them, and why that does not do.
fn tested(state: &State, directory: &Path) -> Result<(TestsNote, Vec<String>), Vec<String>> {
    // A pack without tests needs not what tests need, as rows in place of a store's.
    if !directory.join("tests").is_dir() {
        return Ok((TestsNote::default(), Vec::new()));
    }
    let builder = Engine::builder().directory(directory).for_tests();
    let engine = builder.build().map_err(|error| vec![format!("the tests cannot be run: {error}")])?;
    let (tests, mistakes) = rule_tests::load(&engine, directory);
    let errors = mistakes.items.iter().filter(|item| item.severity() == qingfeng::rules::Severity::Error);
    let mut reasons: Vec<String> = errors.map(|item| mistakes.line(item)).collect();
    let threads = Pipeline::new().threads(state.options.workers.max(1));
    let report = threads.install(|| tests.run()).map_err(|error| vec![error.to_string()])?;
    let failed = || report.results.iter().filter(|result| !result.passed());
    reasons.extend(failed().map(|result| {
        let first = result.mismatches.first();
        let first = first.map(|found| format!(": `{}` is {}, not {}", found.what, found.got, found.expected));
        format!(
            "{}:{}: the test `{}` fails{}",
            result.file,
            result.line,
            result.name,
            first.unwrap_or_default()
        )
    }));
    let first = failed().take(NAMED).map(|result| FailedTest {
        name: result.name.clone(),
        file: result.file.to_string(),
        line: result.line,
        mismatches: result.mismatches.clone(),
    });
    let note = TestsNote { run: report.results.len(), failed: report.failed(), first: first.collect() };
    Ok((note, reasons))
}

/// The channel that a pack gives to a message.
fn channel_of(engine: &Engine, message: &[u8]) -> String {
    engine.assess_json(message).map_or_else(|_| REJECTED.to_owned(), |found| found.channel)
}

/// What another pack does to messages.
fn compared(old: &Engine, new: &Engine, messages: &[Bytes]) -> PackChange {
    let mut tally = Changes::default();
    for message in messages {
        tally.add(channel_of(old, message), channel_of(new, message));
    }
    tally.change()
}

/// Counts of declarations by their channels in two packs.
#[derive(Clone, Debug, Default)]
struct Changes {
    compared: u64,
    channels: BTreeMap<(String, String), u64>,
}

impl Changes {
    fn add(&mut self, from: String, to: String) {
        self.compared += 1;
        if from != to {
            *self.channels.entry((from, to)).or_default() += 1;
        }
    }

    fn change(&self) -> PackChange {
        let changed: u64 = self.channels.values().sum();
        let channels = self.channels.iter().map(|((from, to), declarations)| ChannelChange {
            from: from.clone(),
            to: to.clone(),
            declarations: *declarations,
        });
        let share = if self.compared == 0 { 0.0 } else { changed as f64 / self.compared as f64 };
        PackChange { compared: self.compared, changed, share, channels: channels.collect() }
    }
}

/// A pack that assesses what the live one assesses, and decides nothing.
pub(crate) struct Shadow {
    pub engine: Engine,
    since: String,
    changes: Mutex<Changes>,
    skipped: AtomicU64,
}

/// What a shadow pack would have done.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ShadowView {
    /// The shadow pack.
    pub pack: String,
    /// Since when it is compared.
    pub since: String,
    /// What it would have changed.
    pub change: PackChange,
    /// Declarations that it did not assess, since more than half of the queue was taken.
    pub skipped: u64,
}

impl Shadow {
    pub fn new(engine: Engine, since: String) -> Self {
        Self { engine, since, changes: Mutex::default(), skipped: AtomicU64::new(0) }
    }

    /// Assesses what the live pack sent to a channel.
    pub fn follow(&self, message: &[u8], channel: &str) {
        let own = channel_of(&self.engine, message);
        lock(&self.changes).add(channel.to_owned(), own);
    }

    pub fn skip(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    pub fn view(&self) -> ShadowView {
        ShadowView {
            pack: self.engine.pack_id().to_string(),
            since: self.since.clone(),
            change: lock(&self.changes).change(),
            skipped: self.skipped.load(Ordering::Relaxed),
        }
    }
}

impl State {
    /// Tries the pack on the disk, and exchanges the one that runs for it if it stands that.
    pub fn reload(&self, by: &'static str, wish: &ReloadWish) -> Result<ReloadNote, Problem> {
        let _at_work = self.at_work()?;
        let started = std::time::Instant::now();
        // A link is followed once, so that all of a reload sees one directory.
        let directory = self.options.rules.canonicalize().unwrap_or_else(|_| self.options.rules.clone());
        let live = self.live();
        let found = tried(self, &directory, &live.engine, wish);
        *lock(&self.disk) = crate::view::DiskView {
            digest: found.engine.as_ref().map(|engine| engine.digest().to_owned()),
            at: self.now(),
        };
        let pack = found.engine.as_ref().map(|engine| engine.pack_id().to_string());
        if let (ReloadOutcome::Accepted, Some(engine)) = (found.outcome, found.engine) {
            self.exchange(engine);
        }
        let note = ReloadNote {
            at: self.now(),
            by,
            outcome: found.outcome,
            pack,
            runs: self.live().engine.pack_id().to_string(),
            reasons: found.reasons,
            tests: found.tests,
            change: found.change,
            shadow_problem: self.reload_shadow(),
            ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        self.reloads.note(&note);
        self.log(LogRecord {
            event: "reload",
            level: if note.outcome.is_refused() { "error" } else { "info" },
            pack: Some(note.runs.clone()),
            ms: Some(note.ms as f64),
            message: Some(match note.reasons.first() {
                None => format!("{} ({by})", note.outcome.name()),
                Some(reason) => format!("{} ({by}): {reason}", note.outcome.name()),
            }),
            ..LogRecord::default()
        });
        Ok(note)
    }

    fn at_work(&self) -> Result<std::sync::MutexGuard<'_, ()>, Problem> {
        match self.reloads.at_work.try_lock() {
            Ok(guard) => Ok(guard),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(Problem::busy("another reload or check is under way")),
        }
    }

    /// Opens the shadow pack again, if it is another one. One that cannot be opened leaves the old one at work.
    fn reload_shadow(&self) -> Option<String> {
        let directory = self.options.shadow.as_ref()?;
        let opened = open(&self.options, &directory.canonicalize().unwrap_or_else(|_| directory.clone()));
        match opened {
            Ok(engine) => {
                let is_known =
                    self.shadow().is_some_and(|shadow| shadow.engine.pack_id() == engine.pack_id());
                if !is_known {
                    let shadow = Shadow::new(engine, self.now());
                    *self.shadow.write().unwrap_or_else(std::sync::PoisonError::into_inner) =
                        Some(std::sync::Arc::new(shadow));
                }
                None
            }
            Err(error) => Some(error.to_string()),
        }
    }

    /// What would become of a reload with the pack of an archive, and all that is to be said of it. Nothing is exchanged.
    pub fn check(&self, archive: &[u8]) -> Result<String, Problem> {
        #[derive(Serialize)]
        struct Answer {
            outcome: ReloadOutcome,
            reasons: Vec<String>,
            tests: Option<TestsNote>,
            change: Option<PackChange>,
            report: Value,
            runs: String,
        }
        let _at_work = self.at_work()?;
        let failed = |error: std::io::Error| {
            Problem::new(
                ProblemCode::BadRequest,
                error.to_string(),
                "post a tar archive with the files of one pack",
            )
        };
        let directory = tempfile::tempdir().map_err(failed)?;
        qingfeng::unpack_archive(archive, directory.path()).map_err(failed)?;
        let live = self.live();
        let found = tried(self, directory.path(), &live.engine, &ReloadWish::default());
        // Validities are judged for the day that the pack names, then for today, as the command does.
        let today = self.now().get(..10).and_then(|day| day.parse().ok());
        let as_of = found.engine.as_ref().and_then(|engine| engine.pack().check_as_of.or(today));
        let diagnostics = match &found.engine {
            Some(engine) => engine.review(directory.path(), as_of),
            None => {
                let mut builder = Engine::builder().directory(directory.path());
                if let Some(lookups) = &self.options.lookups {
                    builder = builder.lookups(&**lookups);
                }
                builder.check().diagnostics
            }
        };
        let report = serde_json::to_value(PackReport::new(found.engine.as_ref(), &diagnostics, as_of));
        let answer = Answer {
            outcome: found.outcome,
            reasons: found.reasons,
            tests: found.tests,
            change: found.change,
            report: report.unwrap_or_default(),
            runs: live.engine.pack_id().to_string(),
        };
        Ok(serde_json::to_string(&answer).unwrap_or_default())
    }

    /// Looks whether the files of the pack, or the rows of its lookup tables, are others than before, and reloads if so.
    pub fn poll(&self, seen: &mut Option<Seen>) {
        let mut now = Seen::of(&self.options);
        // Rows that the pack does not take are no reason.
        if self.live().engine.lookups().is_none() {
            now.lookups = seen.as_ref().and_then(|seen| seen.lookups.clone());
        }
        if seen.as_ref() == Some(&now) {
            return;
        }
        // Files may be being copied: what is still changing is not read.
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(100));
            let again = Fingerprint::of(&self.options.rules);
            if again == now.files || self.is_ending() {
                break;
            }
            now.files = again;
        }
        // Where another reload is under way it is looked again.
        if self.reload("poll", &ReloadWish::default()).is_ok() {
            *seen = Some(now);
        }
    }
}

/// What there is to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    files: Fingerprint,
    lookups: Option<String>,
}

impl Seen {
    pub fn of(options: &ServerOptions) -> Self {
        let lookups = options.lookups_version.as_ref().and_then(|version| version());
        Self { files: Fingerprint::of(&options.rules), lookups }
    }
}

/// The files of a pack by their names, sizes and times. Another one is a reason to read them, and nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(Vec<(PathBuf, u64, Option<SystemTime>)>);

impl Fingerprint {
    pub fn of(directory: &Path) -> Self {
        let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
        let mut files = vec![(directory.clone(), 0, None)];
        let mut next = vec![(directory, 0)];
        while let Some((directory, depth)) = next.pop() {
            let Ok(entries) = std::fs::read_dir(&directory) else { continue };
            for entry in entries.flatten() {
                let path = entry.path();
                let name = entry.file_name();
                let name = name.to_string_lossy();
                // What SQLite keeps beside a store comes and goes with those who read it.
                let is_passing = ["-wal", "-shm", "-journal"].iter().any(|end| name.ends_with(end));
                if name.starts_with('.') || is_passing || files.len() > FILES_MAX {
                    continue;
                }
                // Links are followed: they may be all that is exchanged.
                let Ok(found) = std::fs::metadata(&path) else { continue };
                let real = path.canonicalize().unwrap_or_else(|_| path.clone());
                if !found.is_dir() {
                    files.push((real, found.len(), found.modified().ok()));
                } else if depth < 10 {
                    files.push((real, 0, None));
                    next.push((path, depth + 1));
                }
            }
        }
        files.sort();
        Self(files)
    }
}
