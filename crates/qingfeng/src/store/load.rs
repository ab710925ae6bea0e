//! From a store to the lookup tables of a pack: one snapshot, read once.

use std::collections::BTreeSet;
use std::path::Path;

use qingfeng_rules::{Code, Date, Diagnostic, Lookup, LookupSource, Pack};

use super::history::Findings;
use super::versions::Versions;
use super::{SnapshotId, Store, StoreError, StoreUrl};
use crate::lookup::Rows;

/// What a pack needs of a store: entries of tables and findings, all of one snapshot.
#[derive(Debug)]
pub(crate) struct Living {
    /// The store, without a password.
    pub store: String,
    pub snapshot: SnapshotId,
    versions: Versions,
    findings: Findings,
    /// The day for which lines without a day are taken: the one after the last on which something became known.
    without_day: i32,
}

impl Living {
    /// Reads a snapshot, the latest unless one is named; nothing if no table of the pack comes from the store.
    pub(crate) fn read(
        pack: &Pack,
        directory: &Path,
        store: Option<&StoreUrl>,
        snapshot: Option<u64>,
    ) -> Result<Option<Self>, Box<Diagnostic>> {
        let Some(first) = pack.lookups.iter().find(|lookup| lookup.source.file().is_none()) else {
            return Ok(None);
        };
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
            let url = match store {
                Some(url) => url,
                None => {
                    own = StoreUrl::parse(&pack.store, directory)?;
                    &own
                }
            };
            let mut store = Store::open(url)?;
            let snapshot = store.snapshot(snapshot)?;
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
        read().map(Some).map_err(|error| Box::new(failed(&error)))
    }

    /// The rows of a table that comes from the store.
    pub(crate) fn rows(&self, lookup: &Lookup, pack: &Pack) -> Result<Rows, Vec<Diagnostic>> {
        match &lookup.source {
            LookupSource::History(role) => {
                let grades = &pack.history.grades;
                Ok(self.findings.rows(*role, lookup, &pack.schema, grades, self.without_day))
            }
            LookupSource::Store(table) => {
                if !lookup.may_be_empty && !self.versions.tables().contains(table) {
                    return Err(vec![self.unknown_table(table, lookup)]);
                }
                self.versions.rows(table, lookup, &pack.schema, self.without_day).map_err(|misfits| {
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
            LookupSource::File(_) => Ok(Rows { columns: Vec::new(), days: Vec::new(), without_day: None }),
        }
    }

    fn unknown_table(&self, table: &str, lookup: &Lookup) -> Diagnostic {
        let known: &BTreeSet<String> = self.versions.tables();
        let title = format!("the store has no table `{table}`, and never had");
        let nearest = qingfeng_rules::nearest(table, known.iter().map(String::as_str));
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
