//! Lookups that live: entries and findings in an append-only store; and the vocabulary of findings.
//!
//! This crate must never know plans, nor who is inspected and why: `qingfeng-inspection` depends on it, and not the other
//! way round.
//!
//! ```text
//! import, add, expire ──Change──▶ Store (SQLite file, PostgreSQL database) ──Snapshot──▶ rows ──▶ lookup tables
//! ```
//!
//! A store is a log of changes. Each has a number, who made it, when and why, and the hash of all before it, so that
//! a snapshot is named by a number and a hash: whoever names it names everything that was known.
//!
//! An entry is one or several versions of what was known of it. A version counts on a day from the one on which it was
//! known to the one on which the next was, within its own validity: so a replay of an old day sees what was known then.

mod chain;
mod change;
mod encode;
mod entries;
mod error;
mod finding;
mod form;
#[doc(hidden)]
pub mod gathered;
mod history;
mod import;
mod load;
#[doc(hidden)]
pub mod outcome_table;
mod outcomes;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
mod timeline;
#[cfg(feature = "postgres")]
mod tls;
#[cfg(feature = "trade")]
pub mod trade;
mod url;
mod versions;

use chain::{Follower, Hash, KeptRow, Row};
pub use change::{Author, Change, ChangeKind, Entry, Finding, NewChange, Party, Role, SnapshotId, Violation};
pub use encode::{NOTE_BYTES_MAX, VALUE_BYTES_MAX, VALUES_MAX};
pub use entries::{End, KnownEntry, entries};
pub use error::StoreError;
pub use finding::{Disposal, Outcome, Verdict, verdict_of};
pub use form::TableForm;
pub use history::{Findings, PartyHistory};
pub use import::{
    IMPORT_MAX, Import, ImportError, ImportOptions, Imported, KEY_ROWS_MAX, Known, add, expire,
};
pub use load::StoreLookups;
#[cfg(feature = "trade")]
pub use load::TRADE_DEFAULT;
pub use outcome_table::OutcomeColumns;
pub use outcomes::{OUTCOMES_MAX, Outcomes, OutcomesImported};
pub use timeline::{KnownResult, Timeline};
pub use url::StoreUrl;

/// The version of the form of stores.
pub const FORM: i64 = 1;

/// The most changes that are appended at once.
pub const APPEND_MAX: usize = 2_000_000;

/// How long a writer waits for another, in seconds.
pub const WAIT_SECONDS: u64 = 10;

/// What a database does for a store. All else is the same for all.
trait Backend: Send {
    /// The last change and its hash; 0 and the first hash if there is none.
    fn last(&mut self) -> Result<(u64, Hash), StoreError>;

    /// The hash of a change, if it is there.
    fn hash_of(&mut self, change: u64) -> Result<Option<Hash>, StoreError>;

    /// In one transaction, with no other writer: checks that the last change is the expected one, if one is, and that
    /// the entries are there, and adds the rows.
    fn append(
        &mut self,
        expected: Option<u64>,
        entries: &[u64],
        rows: &[Row<'_>],
    ) -> Result<(u64, Hash), StoreError>;

    /// The rows between these numbers, in order.
    fn rows(
        &mut self,
        first: u64,
        last: u64,
        take: &mut dyn FnMut(KeptRow<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;
}

/// A log of changes of lookup entries and findings, to which things are only added.
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// use qingfeng_store::{Author, ChangeKind, Entry, NewChange, Store, StoreUrl};
///
/// # let directory = tempfile::tempdir()?;
/// # let directory = directory.path();
/// let mut store = Store::create(&StoreUrl::parse("sqlite:store.sqlite", directory)?)?;
/// let author = Author { by: "Li Wei".to_owned(), at: "2016-09-06T08:30:00Z".to_owned(), reason: None };
/// let entry = Entry {
///     table: "blacklist".to_owned(),
///     values: vec![("exporter".to_owned(), "91330782MA28".to_owned())],
///     from: Some("2016-09-01".parse()?),
///     until: None,
///     source: Some("market supervision of Yiwu".to_owned()),
///     grade: Some("A".to_owned()),
/// };
/// let change = NewChange { known_on: "2016-09-06".parse()?, kind: ChangeKind::Added(entry) };
/// let snapshot = store.append(&author, &[change])?;
/// assert_eq!(snapshot.change, 1);
/// store.changes(&snapshot, 1, &mut |change| {
///     assert_eq!(change.by, "Li Wei");
///     Ok(())
/// })?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Store {
    shown: String,
    backend: Box<dyn Backend>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.shown).finish()
    }
}

impl Store {
    /// Opens a store that is there.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: there is none, it is something else, of a newer form, or cannot be reached.
    pub fn open(url: &StoreUrl) -> Result<Self, StoreError> {
        Self::new(url, false)
    }

    /// Opens a store and makes what is missing of it: the file, its directory, the tables. The database of a
    /// PostgreSQL server must be there.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); or it cannot be made.
    pub fn create(url: &StoreUrl) -> Result<Self, StoreError> {
        Self::new(url, true)
    }

    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres")),
        expect(unused_variables, reason = "without a backend nothing is made")
    )]
    fn new(url: &StoreUrl, create: bool) -> Result<Self, StoreError> {
        let shown = url.to_string();
        let opened: Result<Box<dyn Backend>, StoreError> = match url {
            #[cfg(feature = "sqlite")]
            StoreUrl::Sqlite(path) => {
                sqlite::Sqlite::open(path, &shown, create).map(|store| Box::new(store) as _)
            }
            #[cfg(feature = "postgres")]
            StoreUrl::Postgres(url) => {
                postgres::Postgres::open(url, &shown, create).map(|store| Box::new(store) as _)
            }
            #[cfg(not(feature = "sqlite"))]
            StoreUrl::Sqlite(_) => Err(StoreError::Feature { store: shown.clone(), feature: "sqlite" }),
            #[cfg(not(feature = "postgres"))]
            StoreUrl::Postgres(_) => Err(StoreError::Feature { store: shown.clone(), feature: "postgres" }),
        };
        opened.map(|backend| Self { shown, backend })
    }

    /// Adds changes, all or none, and gives the snapshot after them. They get the numbers after the last one. Writers
    /// wait for each other, [`WAIT_SECONDS`] at most.
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`] if one cannot be taken: then none was.
    pub fn append(&mut self, author: &Author, changes: &[NewChange]) -> Result<SnapshotId, StoreError> {
        self.append_to(None, author, changes)
    }

    /// As [`append`](Self::append), if the store is still as it was in this snapshot.
    ///
    /// # Errors
    ///
    /// [`StoreError::Moved`] if it is not: look again and decide anew.
    pub fn append_after(
        &mut self,
        snapshot: &SnapshotId,
        author: &Author,
        changes: &[NewChange],
    ) -> Result<SnapshotId, StoreError> {
        self.append_to(Some(snapshot.change), author, changes)
    }

    fn append_to(
        &mut self,
        expected: Option<u64>,
        author: &Author,
        changes: &[NewChange],
    ) -> Result<SnapshotId, StoreError> {
        encode::check_author(author)?;
        if changes.len() > APPEND_MAX {
            let count = changes.len();
            return Err(StoreError::refused(format!(
                "{count} changes are too many at once; add {APPEND_MAX} at most, then the others"
            )));
        }
        let mut expiring: Vec<u64> = Vec::new();
        let mut encoded = Vec::with_capacity(changes.len());
        for change in changes {
            if let ChangeKind::Expired { entry, .. } = change.kind {
                expiring.push(entry);
            }
            encoded.push(encode::encode(change.known_on, &change.kind)?);
        }
        expiring.sort_unstable();
        expiring.dedup();
        let rows: Vec<Row<'_>> = encoded.iter().map(|encoded| encoded.row(author)).collect();
        let (change, hash) = self.backend.append(expected, &expiring, &rows)?;
        Ok(SnapshotId { change, hash: chain::hexadecimal(&hash) })
    }

    /// The latest snapshot, or the one after this change.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSnapshot`] if there is no such change.
    pub fn snapshot(&mut self, change: Option<u64>) -> Result<SnapshotId, StoreError> {
        let (change, hash) = match change {
            None => self.backend.last()?,
            Some(change) => (change, self.hash_after(change)?),
        };
        Ok(SnapshotId { change, hash: chain::hexadecimal(&hash) })
    }

    /// The hash after a change.
    fn hash_after(&mut self, change: u64) -> Result<Hash, StoreError> {
        if change == 0 {
            return Ok(chain::first());
        }
        match self.backend.hash_of(change)? {
            Some(hash) => Ok(hash),
            None => {
                let (last, _) = self.backend.last()?;
                Err(if change <= last {
                    StoreError::Tampered {
                        store: self.shown.clone(),
                        change,
                        reason: "it is missing".to_owned(),
                    }
                } else {
                    StoreError::NoSnapshot { store: self.shown.clone(), asked: change, last }
                })
            }
        }
    }

    /// Gives the changes of a snapshot, from this number on, one after the other in their order. The hash of each is
    /// checked before it is given, and at the end that of the snapshot; from 1 on this proves that everything is as it
    /// was written.
    ///
    /// # Errors
    ///
    /// [`StoreError::Tampered`] names the first change that is not as it was written; or what `take` answers.
    pub fn changes(
        &mut self,
        snapshot: &SnapshotId,
        from: u64,
        take: &mut dyn FnMut(Change) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let before = from.saturating_sub(1);
        if before >= snapshot.change {
            // Nothing to give, and what there would be is known by its hash alone.
            let hash = chain::hexadecimal(&self.hash_after(snapshot.change)?);
            if hash != snapshot.hash {
                let reason = format!("its hash is {hash} and should be {}", snapshot.hash);
                return Err(StoreError::Tampered {
                    store: self.shown.clone(),
                    change: snapshot.change,
                    reason,
                });
            }
            return Ok(());
        }
        let hash = self.hash_after(before)?;
        let shown = &self.shown;
        let mut follower = Follower::new(shown, before, hash);
        self.backend.rows(before + 1, snapshot.change, &mut |kept| {
            follower.take(&kept)?;
            let change = encode::decode(kept.number, &kept.row).map_err(|reason| StoreError::Tampered {
                store: shown.clone(),
                change: kept.number,
                reason,
            })?;
            take(change)
        })?;
        follower.end(snapshot.change, &snapshot.hash)
    }
}

impl std::fmt::Display for Store {
    /// Its URL, without a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

/// The hash that stands in a row.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
fn as_hash(store: &str, change: u64, bytes: &[u8]) -> Result<Hash, StoreError> {
    bytes.try_into().map_err(|_| StoreError::Tampered {
        store: store.to_owned(),
        change,
        reason: "its hash has not 32 bytes".to_owned(),
    })
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
fn check_expected(store: &str, expected: Option<u64>, found: u64) -> Result<(), StoreError> {
    match expected {
        Some(expected) if expected != found => {
            Err(StoreError::Moved { store: store.to_owned(), expected, found })
        }
        _ => Ok(()),
    }
}

fn no_entry(store: &str, entry: u64) -> StoreError {
    StoreError::refused(format!(
        "{store} has no entry {entry}; `qingfeng lookup list TABLE` shows the numbers of entries"
    ))
}
