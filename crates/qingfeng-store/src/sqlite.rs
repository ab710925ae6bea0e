//! A store in an SQLite file.
//!
//! The file has a rollback journal and no write-ahead log: it is one file when nobody writes, and whoever may read it
//! may read it without writing beside it.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params};

use super::chain::{self, Hash, KeptRow, Row};
use super::{Backend, FORM, StoreError, WAIT_SECONDS};

/// `QFLK`: what says that an SQLite file is a store.
const APPLICATION: i64 = 0x5146_4c4b;

const SCHEMA: &str = "
CREATE TABLE changes (
    number INTEGER PRIMARY KEY,
    made_at TEXT NOT NULL,
    made_by TEXT NOT NULL,
    reason TEXT,
    known_on TEXT NOT NULL,
    kind TEXT NOT NULL,
    lookup TEXT,
    body TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER changes_are_not_altered BEFORE UPDATE ON changes
BEGIN SELECT RAISE(ABORT, 'a change of a store is never altered; append one that corrects it'); END;
CREATE TRIGGER changes_are_not_removed BEFORE DELETE ON changes
BEGIN SELECT RAISE(ABORT, 'a change of a store is never removed; append one that corrects it'); END;
CREATE TRIGGER changes_follow_each_other BEFORE INSERT ON changes
WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM changes)
BEGIN SELECT RAISE(ABORT, 'the numbers of changes follow each other'); END;
";

/// A store in an SQLite file.
pub(super) struct Sqlite {
    connection: Connection,
    shown: String,
}

impl Sqlite {
    /// Opens the file, and makes it if told so.
    pub(super) fn open(path: &Path, shown: &str, create: bool) -> Result<Self, StoreError> {
        let missing = !path.try_exists().map_err(|error| StoreError::Unreachable {
            store: shown.to_owned(),
            reason: error.to_string(),
        })?;
        if missing && !create {
            return Err(StoreError::Missing { store: shown.to_owned() });
        }
        if path.is_dir() {
            return Err(StoreError::Foreign {
                store: shown.to_owned(),
                reason: "it is a directory".to_owned(),
            });
        }
        if missing
            && let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty())
        {
            std::fs::create_dir_all(directory).map_err(|error| StoreError::Failed {
                store: shown.to_owned(),
                reason: format!("its directory cannot be made: {error}"),
            })?;
        }
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let connection = Connection::open_with_flags(path, flags).map_err(|error| failure(shown, &error))?;
        let mut store = Self { connection, shown: shown.to_owned() };
        store.prepare(create)?;
        Ok(store)
    }

    fn prepare(&mut self, create: bool) -> Result<(), StoreError> {
        let shown = self.shown.clone();
        let failed = |error: rusqlite::Error| failure(&shown, &error);
        self.connection.busy_timeout(Duration::from_secs(WAIT_SECONDS)).map_err(failed)?;
        // The page cache holds what a reader goes over once; `trusted_schema` keeps a forged file from running functions.
        self.connection
            .execute_batch("PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;")
            .map_err(failed)?;
        if create && self.is_blank()? {
            let transaction =
                self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
            // Another writer may have made it meanwhile.
            let objects: i64 = transaction
                .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
                .map_err(failed)?;
            if objects == 0 {
                transaction
                    .execute_batch(&format!(
                        "{SCHEMA} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORM};"
                    ))
                    .map_err(failed)?;
            }
            transaction.commit().map_err(failed)?;
        }
        if self.is_blank()? {
            return Err(StoreError::Missing { store: shown });
        }
        let (application, form) = (self.pragma("application_id")?, self.pragma("user_version")?);
        if application != APPLICATION {
            return Err(StoreError::Foreign {
                store: shown,
                reason: "it is an SQLite file of another program".to_owned(),
            });
        }
        match form {
            FORM => Ok(()),
            found if found > FORM => Err(StoreError::Newer { store: shown, found, known: FORM }),
            found => Err(StoreError::Foreign { store: shown, reason: format!("its form is {found}") }),
        }
    }

    /// Whether the file is an empty database.
    fn is_blank(&self) -> Result<bool, StoreError> {
        let objects: i64 = self
            .connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(|error| failure(&self.shown, &error))?;
        Ok(objects == 0 && self.pragma("application_id")? == 0)
    }

    fn pragma(&self, name: &str) -> Result<i64, StoreError> {
        self.connection
            .pragma_query_value(None, name, |row| row.get(0))
            .map_err(|error| failure(&self.shown, &error))
    }
}

/// The last change and its hash.
fn last(connection: &Connection, shown: &str) -> Result<(u64, Hash), StoreError> {
    let last = connection
        .query_row("SELECT number, hash FROM changes ORDER BY number DESC LIMIT 1", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        })
        .optional()
        .map_err(|error| failure(shown, &error))?;
    match last {
        None => Ok((0, chain::first())),
        Some((number, hash)) => {
            let number = number.unsigned_abs();
            Ok((number, super::as_hash(shown, number, &hash)?))
        }
    }
}

impl Backend for Sqlite {
    fn last(&mut self) -> Result<(u64, Hash), StoreError> {
        last(&self.connection, &self.shown)
    }

    fn hash_of(&mut self, change: u64) -> Result<Option<Hash>, StoreError> {
        let Ok(number) = i64::try_from(change) else { return Ok(None) };
        let hash: Option<Vec<u8>> = self
            .connection
            .query_row("SELECT hash FROM changes WHERE number = ?1", [number], |row| row.get(0))
            .optional()
            .map_err(|error| failure(&self.shown, &error))?;
        hash.map(|hash| super::as_hash(&self.shown, change, &hash)).transpose()
    }

    fn append(
        &mut self,
        expected: Option<u64>,
        entries: &[u64],
        rows: &[Row<'_>],
    ) -> Result<(u64, Hash), StoreError> {
        let shown = self.shown.clone();
        let failed = |error: rusqlite::Error| failure(&shown, &error);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let (mut number, mut hash) = last(&transaction, &shown)?;
        super::check_expected(&shown, expected, number)?;
        {
            let mut find =
                transaction.prepare("SELECT kind FROM changes WHERE number = ?1").map_err(failed)?;
            for &entry in entries {
                let kind: Option<String> = match i64::try_from(entry) {
                    Ok(entry) => find.query_row([entry], |row| row.get(0)).optional().map_err(failed)?,
                    Err(_) => None,
                };
                if kind.as_deref() != Some("added") {
                    return Err(super::no_entry(&shown, entry));
                }
            }
            let mut insert = transaction
                .prepare(
                    "INSERT INTO changes (number, made_at, made_by, reason, known_on, kind, lookup, body, hash)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                )
                .map_err(failed)?;
            for row in rows {
                number += 1;
                hash = chain::next(&hash, number, row);
                let Row { at, by, reason, known_on, kind, lookup, body } = *row;
                let column = i64::try_from(number).map_err(|_| StoreError::refused("the store is full"))?;
                insert
                    .execute(params![column, at, by, reason, known_on, kind, lookup, body, hash.as_slice()])
                    .map_err(failed)?;
            }
        }
        transaction.commit().map_err(failed)?;
        Ok((number, hash))
    }

    fn rows(
        &mut self,
        first: u64,
        last: u64,
        take: &mut dyn FnMut(KeptRow<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let shown = &self.shown;
        let failed = |error: rusqlite::Error| failure(shown, &error);
        let bound = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut statement = self
            .connection
            .prepare(
                "SELECT number, made_at, made_by, reason, known_on, kind, lookup, body, hash FROM changes
                 WHERE number BETWEEN ?1 AND ?2 ORDER BY number",
            )
            .map_err(failed)?;
        let mut rows = statement.query([bound(first), bound(last)]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let number = row.get::<_, i64>(0).map_err(failed)?.unsigned_abs();
            let wrong = || StoreError::Tampered {
                store: shown.clone(),
                change: number,
                reason: "it holds something else than text".to_owned(),
            };
            let optional = |at: usize| match row.get_ref(at).map_err(failed)? {
                ValueRef::Null => Ok(None),
                ValueRef::Text(bytes) => std::str::from_utf8(bytes).map(Some).map_err(|_| wrong()),
                _ => Err(wrong()),
            };
            let text = |at: usize| optional(at)?.ok_or_else(wrong);
            let hash = row.get_ref(8).map_err(failed)?.as_blob().map_err(|_| wrong())?;
            take(KeptRow {
                number,
                row: Row {
                    at: text(1)?,
                    by: text(2)?,
                    reason: optional(3)?,
                    known_on: text(4)?,
                    kind: text(5)?,
                    lookup: optional(6)?,
                    body: text(7)?,
                },
                hash,
            })?;
        }
        Ok(())
    }
}

/// What an error of SQLite means to whoever runs the store.
fn failure(shown: &str, error: &rusqlite::Error) -> StoreError {
    let store = shown.to_owned();
    let code = error.sqlite_error_code();
    match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::Busy { store, seconds: WAIT_SECONDS }
        }
        Some(ErrorCode::NotADatabase) => {
            StoreError::Foreign { store, reason: "the file is no SQLite database".to_owned() }
        }
        Some(ErrorCode::ReadOnly) => {
            StoreError::Denied { store, reason: "the file, or its directory, may only be read".to_owned() }
        }
        Some(
            ErrorCode::PermissionDenied | ErrorCode::CannotOpen | ErrorCode::AuthorizationForStatementDenied,
        ) => StoreError::Denied { store, reason: format!("the file cannot be opened ({error})") },
        Some(ErrorCode::DatabaseCorrupt) => {
            StoreError::Failed { store, reason: format!("the file is damaged ({error}); restore a backup") }
        }
        Some(ErrorCode::DiskFull) => StoreError::Failed {
            store,
            reason: "the disk is full; nothing was changed, make room".to_owned(),
        },
        Some(ErrorCode::SystemIoFailure) => {
            StoreError::Failed { store, reason: format!("the disk failed ({error}); nothing was changed") }
        }
        _ => StoreError::Failed { store, reason: error.to_string() },
    }
}
