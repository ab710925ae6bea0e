//! The two kinds of databases, each empty at the start of a test.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use ::postgres::{Client, NoTls};
use qingfeng_store::{Store, StoreUrl};
use tempfile::TempDir;

/// A place for a store, and a way around it.
pub trait Database: Sync {
    fn url(&self) -> StoreUrl;

    /// Runs SQL beside the store; the table of changes is `CHANGES` there.
    fn sql(&self, sql: &str) -> Result<(), String>;

    /// Takes away what keeps changes from being altered.
    fn unguard(&self);

    /// Sets the version of the store's form.
    fn set_form(&self, form: i64);

    fn create(&self) -> Store {
        Store::create(&self.url()).unwrap()
    }
}

pub struct Sqlite(TempDir);

impl Sqlite {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn connection(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.0.path().join("store.sqlite")).unwrap()
    }
}

impl Database for Sqlite {
    fn url(&self) -> StoreUrl {
        StoreUrl::parse("sqlite:store.sqlite", self.0.path()).unwrap()
    }

    fn sql(&self, sql: &str) -> Result<(), String> {
        self.connection().execute_batch(&sql.replace("CHANGES", "changes")).map_err(|error| error.to_string())
    }

    fn unguard(&self) {
        self.sql(
            "DROP TRIGGER changes_are_not_altered; DROP TRIGGER changes_are_not_removed;
             DROP TRIGGER changes_follow_each_other;",
        )
        .unwrap();
    }

    fn set_form(&self, form: i64) {
        self.sql(&format!("PRAGMA user_version = {form}")).unwrap();
    }
}

/// A schema of its own in the database that the environment names.
pub struct Postgres {
    pub schema: String,
}

static SCHEMAS: AtomicU32 = AtomicU32::new(0);

/// The server's URL with further parameters.
pub fn server(parameters: &str) -> String {
    let url = std::env::var("QINGFENG_TEST_POSTGRES").unwrap_or_default();
    assert!(
        !url.is_empty(),
        "this test needs a PostgreSQL server: run it by .ci/with-postgres, or set QINGFENG_TEST_POSTGRES to its URL"
    );
    let joint = if url.contains('?') { '&' } else { '?' };
    if parameters.is_empty() { url } else { format!("{url}{joint}{parameters}") }
}

/// A connection that is not the store's. It is not encrypted, whatever the store's is.
pub fn client() -> Client {
    let url = server("");
    let plain = url.split('?').next().unwrap().to_owned();
    Client::connect(&format!("{plain}?sslmode=disable"), NoTls).unwrap()
}

impl Postgres {
    pub fn new(test: &str) -> Self {
        let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
        let schema = format!("{test}_{}_{number}", std::process::id());
        client().batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
        Self { schema }
    }

    pub fn url_text(&self) -> String {
        server(&format!("options=-c%20search_path%3D{}", self.schema))
    }
}

impl Database for Postgres {
    fn url(&self) -> StoreUrl {
        StoreUrl::parse(&self.url_text(), Path::new("")).unwrap()
    }

    fn sql(&self, sql: &str) -> Result<(), String> {
        let sql = sql.replace("CHANGES", "qingfeng_changes");
        client()
            .batch_execute(&format!("SET search_path = {}; {sql}", self.schema))
            .map_err(|error| error.as_db_error().unwrap().message().to_owned())
    }

    fn unguard(&self) {
        self.sql("ALTER TABLE CHANGES DISABLE TRIGGER USER").unwrap();
    }

    fn set_form(&self, form: i64) {
        self.sql(&format!("UPDATE qingfeng_store SET form = {form}")).unwrap();
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = client().batch_execute(&format!("DROP SCHEMA {} CASCADE", self.schema));
        }
    }
}
