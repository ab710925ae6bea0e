//! From a store to the lookup tables of a pack: one snapshot, read once.

use std::collections::BTreeSet;
use std::path::Path;
#[cfg(feature = "trade")]
use std::path::PathBuf;

use qingfeng_rules::lookups::{Lookup, LookupSource};
use qingfeng_rules::{Code, Date, Diagnostic, Pack};

use super::history::Findings;
#[cfg(feature = "trade")]
use super::trade::{TradeError, TradeRecord};
use super::versions::Versions;
use super::{SnapshotId, Store, StoreError, StoreUrl};
use qingfeng::internals::Rows;
use qingfeng::{LivingLookups, LivingTables, LookupsSnapshot};

/// The lookup tables that a pack takes from a store, of one snapshot.
///
/// ```no_run
/// use qingfeng::Engine;
/// use qingfeng_store::{StoreLookups, StoreUrl};
///
/// let store = StoreUrl::parse("sqlite:lookups.sqlite", std::path::Path::new("/var/lib/qingfeng"))?;
/// let lookups = StoreLookups::default().store(store);
/// let engine = Engine::builder().directory("rules/clean-wind").lookups(&lookups).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct StoreLookups {
    store: Option<StoreUrl>,
    snapshot: Option<u64>,
    without_rows: bool,
    #[cfg(feature = "trade")]
    trade: Option<PathBuf>,
}

impl StoreLookups {
    /// From this store; without it, from the one that the pack names.
    #[must_use]
    pub fn store(self, store: impl Into<Option<StoreUrl>>) -> Self {
        Self { store: store.into(), ..self }
    }

    /// The snapshot, by the number of its last change; without it, the latest.
    #[must_use]
    pub fn snapshot(self, change: impl Into<Option<u64>>) -> Self {
        Self { snapshot: change.into(), ..self }
    }

    /// No rows in any table: for what reads declarations and evaluates no rule.
    #[must_use]
    pub fn without_rows(self) -> Self {
        Self { without_rows: true, ..self }
    }

    /// The directory of the record of past trade; without it, `lookups/trade` of the pack.
    #[cfg(feature = "trade")]
    #[must_use]
    pub fn trade(self, directory: impl Into<Option<PathBuf>>) -> Self {
        Self { trade: directory.into(), ..self }
    }

    /// Adds the profiles, counted from the record, and names it.
    #[cfg(feature = "trade")]
    fn add_profiles(
        &self,
        pack: &Pack,
        directory: Option<&Path>,
        to: &mut LivingTables,
    ) -> Result<(), Vec<Diagnostic>> {
        let Some(first) = pack.lookups.iter().find(|lookup| lookup.profile().is_some()) else {
            return Ok(());
        };
        let failed = |error: TradeError| {
            let mistake = Diagnostic::new(Code::UnusableTrade, error.to_string())
                .at(first.place.clone(), "counted from the record of past trade");
            vec![match error {
                TradeError::Missing(_) => mistake.help(
                    "make it with `qingfeng trade add`, or name the one that is in use with `--trade` or the environment \
                     variable `QINGFENG_TRADE`",
                ),
                _ => mistake,
            }]
        };
        let Some(place) =
            self.trade.clone().or_else(|| directory.map(|directory| directory.join(TRADE_DEFAULT)))
        else {
            return Err(failed(TradeError::Missing("a pack without a directory".to_owned())));
        };
        let record = TradeRecord::open(place).map_err(failed)?;
        let profiles = record.profiles(pack).map_err(failed)?;
        to.tables.extend(profiles.tables);
        to.warnings.extend(profiles.warnings);
        let kept = record.kept();
        to.snapshot = Some(match to.snapshot.take() {
            Some(of_store) => LookupsSnapshot {
                snapshot: format!("{}+trade@{}", of_store.snapshot, kept.digest),
                ..of_store
            },
            None => LookupsSnapshot { store: record.to_string(), snapshot: format!("trade@{}", kept.digest) },
        });
        Ok(())
    }

    #[cfg(not(feature = "trade"))]
    fn add_profiles(
        &self,
        pack: &Pack,
        _: Option<&Path>,
        _: &mut LivingTables,
    ) -> Result<(), Vec<Diagnostic>> {
        let Some(first) = pack.lookups.iter().find(|lookup| lookup.profile().is_some()) else {
            return Ok(());
        };
        let title = "this program was built without the feature `trade`, by which profiles are counted";
        Err(vec![Diagnostic::new(Code::UnusableTrade, title).at(first.place.clone(), "declared here")])
    }
}

/// Where a pack has its record of past trade, unless another is named.
#[cfg(feature = "trade")]
pub const TRADE_DEFAULT: &str = "lookups/trade";

impl LivingLookups for StoreLookups {
    fn read(&self, pack: &Pack, directory: Option<&Path>) -> Result<LivingTables, Vec<Diagnostic>> {
        let mut found = LivingTables { snapshot: None, tables: Vec::new(), warnings: Vec::new() };
        if self.without_rows {
            return Ok(found);
        }
        let of_store =
            |lookup: &&Lookup| matches!(lookup.source, LookupSource::Store(_) | LookupSource::History(_));
        if let Some(first) = pack.lookups.iter().find(of_store) {
            self.add_store(pack, first, directory, &mut found)?;
        }
        self.add_profiles(pack, directory, &mut found)?;
        Ok(found)
    }
}

impl StoreLookups {
    /// Adds the tables that come from the store.
    fn add_store(
        &self,
        pack: &Pack,
        first: &Lookup,
        directory: Option<&Path>,
        to: &mut LivingTables,
    ) -> Result<(), Vec<Diagnostic>> {
        let living = Living::read(pack, first, directory, self).map_err(|mistake| vec![*mistake])?;
        let (mut tables, mut mistakes) = (Vec::new(), Vec::new());
        for (at, lookup) in pack.lookups.iter().enumerate() {
            match living.rows(lookup, pack) {
                Ok(rows) => tables.extend(rows.map(|rows| (at, rows))),
                Err(more) => mistakes.extend(more),
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        to.snapshot = Some(LookupsSnapshot { store: living.store, snapshot: living.snapshot.to_string() });
        to.tables = tables;
        Ok(())
    }
}

/// What a pack needs of a store: entries of tables and findings, all of one snapshot.
#[derive(Debug)]
struct Living {
    /// The store, without a password.
    store: String,
    snapshot: SnapshotId,
    versions: Versions,
    findings: Findings,
    /// The day for which lines without a day are taken: the one after the last on which something became known.
    without_day: i32,
}

impl Living {
    /// Reads a snapshot, the latest unless one is named.
    fn read(
        pack: &Pack,
        first: &Lookup,
        directory: Option<&Path>,
        from: &StoreLookups,
    ) -> Result<Self, Box<Diagnostic>> {
        let failed = |error: &StoreError| {
            let title = match error {
                StoreError::Missing { store } => format!("there is no store {store}"),
                error => format!("the store of the lookup tables: {error}"),
            };
            let mistake =
                Diagnostic::new(Code::UnusableStore, title).at(first.place.clone(), "comes from the store");
            match error {
                StoreError::Missing { .. } => mistake.help(
                    "fill it with `qingfeng lookup import`, or name the one that is in use with `--store` or the \
                     environment variable `QINGFENG_STORE`",
                ),
                _ => mistake,
            }
        };
        let read = || -> Result<Self, StoreError> {
            let own;
            let url = match &from.store {
                Some(url) => url,
                None => {
                    own = StoreUrl::of_pack(&pack.store, directory)?;
                    &own
                }
            };
            let mut store = Store::open(url)?;
            let snapshot = store.snapshot(from.snapshot)?;
            let tables = pack.lookups.iter().filter_map(|lookup| match &lookup.source {
                LookupSource::Store(table) => Some(table.clone()),
                _ => None,
            });
            let histories =
                pack.lookups.iter().any(|lookup| matches!(lookup.source, LookupSource::History(_)));
            let (mut versions, mut findings) = (Versions::new(tables.collect()), Findings::default());
            let mut latest = Date::MIN;
            store.changes(&snapshot, 1, &mut |change| {
                latest = latest.max(change.known_on);
                if histories {
                    findings.take(&change);
                }
                versions.take(change);
                Ok(())
            })?;
            let without_day = latest.plus_days(1).unwrap_or(latest).days();
            Ok(Self { store: store.to_string(), snapshot, versions, findings, without_day })
        };
        read().map_err(|error| Box::new(failed(&error)))
    }

    /// The rows of a table, if it comes from the store.
    fn rows(&self, lookup: &Lookup, pack: &Pack) -> Result<Option<Rows>, Vec<Diagnostic>> {
        match &lookup.source {
            LookupSource::History(role) => {
                let grades = &pack.history.grades;
                Ok(Some(self.findings.rows(*role, lookup, &pack.schema, grades, self.without_day)))
            }
            LookupSource::Store(table) => {
                if !lookup.may_be_empty && !self.versions.tables().contains(table) {
                    return Err(vec![self.unknown_table(table, lookup)]);
                }
                let rows = self.versions.rows(table, lookup, &pack.schema, self.without_day);
                rows.map(Some).map_err(|misfits| {
                    let mistakes = misfits.iter().map(|misfit| {
                        if misfit.number == 0 {
                            return Diagnostic::new(Code::BadLookup, misfit.reason.clone())
                                .at(lookup.place.clone(), "declared here")
                                .help("give the columns other names");
                        }
                        let title = format!(
                            "entry {} of the table `{table}` of the store does not fit: {}",
                            misfit.number, misfit.reason
                        );
                        let help = format!(
                            "correct the kind of `{}` in pack.toml; or let the entry end with `qingfeng lookup expire` and \
                             add it anew",
                            misfit.column
                        );
                        Diagnostic::new(Code::BadEntry, title).at(lookup.place.clone(), "declared here").help(help)
                    });
                    mistakes.collect()
                })
            }
            LookupSource::File(_) | LookupSource::Profile(_) => Ok(None),
        }
    }

    fn unknown_table(&self, table: &str, lookup: &Lookup) -> Diagnostic {
        let known: &BTreeSet<String> = self.versions.tables();
        let title = format!("the store has no table `{table}`, and never had");
        let nearest = qingfeng_rules::internals::nearest(table, known.iter().map(String::as_str));
        let named: Vec<String> = known.iter().take(20).map(|name| format!("`{name}`")).collect();
        let has = match (nearest, named.as_slice()) {
            (Some(name), _) => format!("did you mean `{name}`?"),
            (None, []) => "it has no tables yet".to_owned(),
            (None, named) => format!("it has {}", named.join(", ")),
        };
        let help = format!(
            "{has} Fill the table with `qingfeng lookup import`, or set `may_be_empty = true` if it may have no entries yet"
        );
        Diagnostic::new(Code::UnknownTable, title).at(lookup.place.clone(), "declared here").help(help)
    }
}
