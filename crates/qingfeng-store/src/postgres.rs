//! A store in a PostgreSQL database.
//!
//! Its tables are `qingfeng_store` and `qingfeng_changes`, in the first schema of the search path. Whoever reads needs
//! SELECT on both, whoever writes INSERT on the second besides. Writers take an advisory lock, which the database frees
//! when their connection is lost; readers see one snapshot and wait for nobody.

use std::error::Error as _;
use std::str::FromStr as _;
use std::time::Duration;

use postgres::binary_copy::BinaryCopyInWriter;
use postgres::config::{Host, SslMode};
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator as _;
use postgres::types::{ToSql, Type};
use postgres::{Client, Config, IsolationLevel, NoTls, Transaction};

use super::chain::{self, Hash, KeptRow, Row};
use super::tls::Tls;
use super::{Backend, FORM, StoreError, WAIT_SECONDS};

/// The first half of the keys of our advisory locks: `QFLK`.
const LOCKS: i32 = 0x5146_4c4b;

const SCHEMA: &str = "
CREATE TABLE qingfeng_store (form bigint NOT NULL);
CREATE TABLE qingfeng_changes (
    number bigint PRIMARY KEY,
    made_at text NOT NULL,
    made_by text NOT NULL,
    reason text,
    known_on text NOT NULL,
    kind text NOT NULL,
    lookup text,
    body text NOT NULL,
    hash bytea NOT NULL
);
CREATE FUNCTION qingfeng_changes_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a change of a store is never altered or removed; append one that corrects it';
END $$;
CREATE TRIGGER qingfeng_changes_stay BEFORE UPDATE OR DELETE ON qingfeng_changes
    FOR EACH ROW EXECUTE FUNCTION qingfeng_changes_stay();
CREATE TRIGGER qingfeng_changes_are_not_emptied BEFORE TRUNCATE ON qingfeng_changes
    FOR EACH STATEMENT EXECUTE FUNCTION qingfeng_changes_stay();
";

/// Whether the tables are there. It reads the catalogue, not `to_regclass`: that would answer from what the connection
/// knew before it waited for another that made them.
const IS_MADE: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_class
    WHERE relname = 'qingfeng_store' AND pg_catalog.pg_table_is_visible(oid))";

/// A store in a PostgreSQL database.
pub(super) struct Postgres {
    client: Client,
    shown: String,
}

impl Postgres {
    /// Connects, and makes the tables if told so.
    pub(super) fn open(url: &str, shown: &str, create: bool) -> Result<Self, StoreError> {
        let (config, tls) =
            configuration(url).map_err(|reason| StoreError::Url { url: shown.to_owned(), reason })?;
        let failed = |error: postgres::Error| failure(shown, &error);
        let client = if tls.mode == SslMode::Disable {
            config.connect(NoTls).map_err(failed)?
        } else {
            let connector = tls
                .connector()
                .map_err(|reason| StoreError::Unreachable { store: shown.to_owned(), reason })?;
            config.connect(connector).map_err(failed)?
        };
        let mut store = Self { client, shown: shown.to_owned() };
        if create && !store.is_made()? {
            store.make()?;
        }
        store.check_form()?;
        Ok(store)
    }

    /// Whether the tables are there.
    fn is_made(&mut self) -> Result<bool, StoreError> {
        let row = self.client.query_one(IS_MADE, &[]).map_err(|error| failure(&self.shown, &error))?;
        row.try_get(0).map_err(|error| failure(&self.shown, &error))
    }

    fn make(&mut self) -> Result<(), StoreError> {
        let shown = &self.shown;
        let failed = |error: postgres::Error| failure(shown, &error);
        let mut transaction = self.client.transaction().map_err(failed)?;
        lock(&mut transaction, 0).map_err(failed)?;
        // Another writer may have made them meanwhile.
        let row = transaction.query_one(IS_MADE, &[]).map_err(failed)?;
        if !row.try_get::<_, bool>(0).map_err(failed)? {
            transaction
                .batch_execute(&format!("{SCHEMA} INSERT INTO qingfeng_store VALUES ({FORM});"))
                .map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }

    fn check_form(&mut self) -> Result<(), StoreError> {
        if !self.is_made()? {
            return Err(StoreError::Missing { store: self.shown.clone() });
        }
        let rows = self
            .client
            .query("SELECT form FROM qingfeng_store", &[])
            .map_err(|error| failure(&self.shown, &error))?;
        let forms: Vec<i64> = rows
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<_, _>>()
            .map_err(|error| failure(&self.shown, &error))?;
        let store = self.shown.clone();
        match forms.as_slice() {
            [FORM] => Ok(()),
            &[found] if found > FORM => Err(StoreError::Newer { store, found, known: FORM }),
            forms => Err(StoreError::Foreign {
                store,
                reason: format!("its table `qingfeng_store` has {forms:?}"),
            }),
        }
    }
}

/// Reads the URL. What `postgres` does not know of it, of encryption, is taken out.
fn configuration(url: &str) -> Result<(Config, Tls), String> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut root, mut rest) = (None, None, Vec::new());
    for part in query.split('&').filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value),
            Some(("sslrootcert", value)) => root = Some(unescaped(value)?),
            _ => rest.push(part),
        }
    }
    let mut tls = Tls::new(mode, root.as_deref())?;
    let plain = if rest.is_empty() { address.to_owned() } else { format!("{address}?{}", rest.join("&")) };
    let mut config = Config::from_str(&plain).map_err(|error| chained(&error))?;
    // A socket of this machine is not encrypted, whatever is asked.
    if config.get_hosts().iter().all(|host| !matches!(host, Host::Tcp(_))) {
        tls.mode = SslMode::Disable;
    }
    config.ssl_mode(tls.mode);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(WAIT_SECONDS));
    }
    if config.get_application_name().is_none() {
        config.application_name("qingfeng");
    }
    Ok((config, tls))
}

/// A part of a URL without its `%2F`.
fn unescaped(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.ok_or_else(|| format!("`{text}` has a `%` without two hexadecimal digits"))?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).map_err(|_| format!("`{text}` is no text in UTF-8"))
}

/// Waits until no other writer has this lock, and keeps it until the transaction ends.
fn lock(transaction: &mut Transaction<'_>, key: u32) -> Result<(), postgres::Error> {
    transaction.batch_execute(&format!("SET LOCAL lock_timeout = '{WAIT_SECONDS}s'"))?;
    transaction.execute("SELECT pg_advisory_xact_lock($1, $2)", &[&LOCKS, &key.cast_signed()])?;
    Ok(())
}

const LAST: &str = "SELECT number, hash FROM qingfeng_changes ORDER BY number DESC LIMIT 1";

fn last(row: Option<postgres::Row>, shown: &str) -> Result<(u64, Hash), StoreError> {
    let Some(row) = row else { return Ok((0, chain::first())) };
    let failed = |error: postgres::Error| failure(shown, &error);
    let number = row.try_get::<_, i64>(0).map_err(failed)?.unsigned_abs();
    let hash: &[u8] = row.try_get(1).map_err(failed)?;
    Ok((number, super::as_hash(shown, number, hash)?))
}

impl Backend for Postgres {
    fn last(&mut self) -> Result<(u64, Hash), StoreError> {
        let row = self.client.query_opt(LAST, &[]).map_err(|error| failure(&self.shown, &error))?;
        last(row, &self.shown)
    }

    fn hash_of(&mut self, change: u64) -> Result<Option<Hash>, StoreError> {
        let shown = &self.shown;
        let failed = |error: postgres::Error| failure(shown, &error);
        let Ok(number) = i64::try_from(change) else { return Ok(None) };
        let row = self
            .client
            .query_opt("SELECT hash FROM qingfeng_changes WHERE number = $1", &[&number])
            .map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let hash: &[u8] = row.try_get(0).map_err(failed)?;
        super::as_hash(shown, change, hash).map(Some)
    }

    fn append(
        &mut self,
        expected: Option<u64>,
        entries: &[u64],
        rows: &[Row<'_>],
    ) -> Result<(u64, Hash), StoreError> {
        let shown = &self.shown;
        let failed = |error: postgres::Error| failure(shown, &error);
        // What the transaction reads after the lock, it sees as the writer before left it.
        let mut transaction = self
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::ReadCommitted)
            .start()
            .map_err(failed)?;
        let table: u32 = transaction
            .query_one("SELECT 'qingfeng_changes'::regclass::oid", &[])
            .and_then(|row| row.try_get(0))
            .map_err(failed)?;
        lock(&mut transaction, table).map_err(failed)?;
        let (mut number, mut hash) = last(transaction.query_opt(LAST, &[]).map_err(failed)?, shown)?;
        super::check_expected(shown, expected, number)?;
        // Numbers beyond those of the database are no entries.
        let asked: Vec<i64> = entries.iter().map(|&entry| i64::try_from(entry).unwrap_or(-1)).collect();
        let missing = transaction
            .query_opt(
                "SELECT asked.place FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (number, place)
                 WHERE NOT EXISTS (SELECT FROM qingfeng_changes c WHERE c.number = asked.number AND c.kind = 'added')
                 ORDER BY asked.place LIMIT 1",
                &[&asked],
            )
            .map_err(failed)?;
        if let Some(row) = missing {
            let place = row.try_get::<_, i64>(0).map_err(failed)?.unsigned_abs();
            let entry = usize::try_from(place).ok().and_then(|place| entries.get(place.checked_sub(1)?));
            return Err(super::no_entry(shown, entry.copied().unwrap_or_default()));
        }
        if rows.is_empty() {
            return Ok((number, hash));
        }
        let writer = transaction
            .copy_in(
                "COPY qingfeng_changes (number, made_at, made_by, reason, known_on, kind, lookup, body, hash)
                 FROM STDIN (FORMAT binary)",
            )
            .map_err(failed)?;
        const TYPES: [Type; 9] = [
            Type::INT8,
            Type::TEXT,
            Type::TEXT,
            Type::TEXT,
            Type::TEXT,
            Type::TEXT,
            Type::TEXT,
            Type::TEXT,
            Type::BYTEA,
        ];
        let mut writer = BinaryCopyInWriter::new(writer, &TYPES);
        for row in rows {
            number += 1;
            hash = chain::next(&hash, number, row);
            let column = i64::try_from(number).map_err(|_| StoreError::refused("the store is full"))?;
            let Row { at, by, reason, known_on, kind, lookup, body } = row;
            let bytes = hash.as_slice();
            let values: [&(dyn ToSql + Sync); 9] =
                [&column, at, by, reason, known_on, kind, lookup, body, &bytes];
            writer.write(&values).map_err(failed)?;
        }
        writer.finish().map_err(failed)?;
        transaction.commit().map_err(|error| match failure(shown, &error) {
            StoreError::Unreachable { store, reason } => StoreError::Unconfirmed { store, reason },
            error => error,
        })?;
        Ok((number, hash))
    }

    fn rows(
        &mut self,
        first: u64,
        last: u64,
        take: &mut dyn FnMut(KeptRow<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let shown = &self.shown;
        let failed = |error: postgres::Error| failure(shown, &error);
        let bound = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut transaction = self
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .map_err(failed)?;
        let mut rows = transaction
            .query_raw(
                "SELECT number, made_at, made_by, reason, known_on, kind, lookup, body, hash FROM qingfeng_changes
                 WHERE number BETWEEN $1 AND $2 ORDER BY number",
                [bound(first), bound(last)],
            )
            .map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            take(KeptRow {
                number: row.try_get::<_, i64>(0).map_err(failed)?.unsigned_abs(),
                row: Row {
                    at: row.try_get(1).map_err(failed)?,
                    by: row.try_get(2).map_err(failed)?,
                    reason: row.try_get(3).map_err(failed)?,
                    known_on: row.try_get(4).map_err(failed)?,
                    kind: row.try_get(5).map_err(failed)?,
                    lookup: row.try_get(6).map_err(failed)?,
                    body: row.try_get(7).map_err(failed)?,
                },
                hash: row.try_get(8).map_err(failed)?,
            })?;
        }
        Ok(())
    }
}

/// An error with all that caused it: `postgres` says the kind alone.
fn chained(error: &postgres::Error) -> String {
    let mut out = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !out.contains(&text) {
            out.push_str(": ");
            out.push_str(&text);
        }
        cause = error.source();
    }
    out
}

/// What an error of PostgreSQL means to whoever runs the store.
fn failure(shown: &str, error: &postgres::Error) -> StoreError {
    let store = shown.to_owned();
    let Some(database) = error.as_db_error() else {
        return StoreError::Unreachable { store, reason: chained(error) };
    };
    let message = database.message().to_owned();
    let code = database.code();
    if *code == SqlState::LOCK_NOT_AVAILABLE {
        return StoreError::Busy { store, seconds: WAIT_SECONDS };
    }
    if *code == SqlState::UNDEFINED_TABLE {
        return StoreError::Missing { store };
    }
    if [SqlState::INSUFFICIENT_PRIVILEGE, SqlState::READ_ONLY_SQL_TRANSACTION].contains(code) {
        return StoreError::Denied { store, reason: message };
    }
    match code.code().get(..2) {
        // Class 28: no such user, wrong password.
        Some("28") => StoreError::Denied { store, reason: message },
        // 08: the connection; 3D: no such database; 53: no room; 57: the server is shut down.
        Some("08" | "3D" | "53" | "57") => StoreError::Unreachable { store, reason: message },
        _ => StoreError::Failed { store, reason: message },
    }
}

#[cfg(test)]
mod tests;
