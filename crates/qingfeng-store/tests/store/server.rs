//! What concerns one of the two: files that are no stores, and a server with its users, certificates and failures.

use std::path::Path;

use qingfeng_store::{Store, StoreError, StoreUrl};

use crate::databases::{Database, Postgres, Sqlite, client, server};
use crate::support::{all, author, many};

#[test]
fn files_that_are_no_stores_are_left_alone() {
    let database = Sqlite::new();
    let open = |name: &str| {
        let url = StoreUrl::parse(&format!("sqlite:{name}"), database.path()).unwrap();
        (Store::open(&url).unwrap_err(), Store::create(&url).unwrap_err())
    };
    std::fs::write(database.path().join("text"), "exporter,from\n".repeat(100)).unwrap();
    std::fs::create_dir(database.path().join("directory")).unwrap();
    let other = rusqlite::Connection::open(database.path().join("other")).unwrap();
    other.execute_batch("CREATE TABLE changes (number)").unwrap();
    for (name, reason) in
        [("text", "no SQLite database"), ("directory", "a directory"), ("other", "of another program")]
    {
        let (opened, created) = open(name);
        for error in [opened, created] {
            assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
    assert_eq!(std::fs::read_to_string(database.path().join("text")).unwrap(), "exporter,from\n".repeat(100));
    let (opened, created) = open("text/store.sqlite");
    for error in [opened, created] {
        assert!(error.to_string().contains("store.sqlite"), "{error}");
    }
}

#[test]
fn a_damaged_file_is_told() {
    let database = Sqlite::new();
    database.create().append(&author("a"), &many(0, 2000)).unwrap();
    let path = database.path().join("store.sqlite");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xA5);
    std::fs::write(&path, &bytes).unwrap();
    let error = Store::open(&database.url()).and_then(|mut store| all(&mut store)).unwrap_err();
    assert!(matches!(error, StoreError::Tampered { .. } | StoreError::Failed { .. }), "{error:?}");
    assert!(error.to_string().contains("restore a backup"), "{error}");
}

#[test]
#[ignore = "needs a PostgreSQL server: .ci/with-postgres"]
fn a_lost_connection_is_told() {
    let database = Postgres::new("lost");
    database.create().append(&author("a"), &many(0, 1)).unwrap();
    let url = format!("{}&application_name=lost", database.url_text());
    let mut store = Store::open(&StoreUrl::parse(&url, Path::new("")).unwrap()).unwrap();
    client()
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
            &[&"lost"],
        )
        .unwrap();
    let error = store.append(&author("a"), &many(1, 1)).unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert_eq!(all(&mut database.create()).unwrap().len(), 1);
}

#[test]
#[ignore = "needs a PostgreSQL server: .ci/with-postgres"]
fn users_may_do_what_they_were_granted() {
    let database = Postgres::new("users");
    database.create().append(&author("a"), &many(0, 1)).unwrap();
    let (reader, writer) = (format!("reader_{}", database.schema), format!("writer_{}", database.schema));
    let schema = &database.schema;
    database
        .sql(&format!(
            "CREATE ROLE {reader} LOGIN PASSWORD 'r'; CREATE ROLE {writer} LOGIN PASSWORD 'w';
             GRANT USAGE ON SCHEMA {schema} TO {reader}, {writer};
             GRANT SELECT ON qingfeng_store, qingfeng_changes TO {reader}, {writer};
             GRANT INSERT ON qingfeng_changes TO {writer};"
        ))
        .unwrap();
    let url = |user: &str, password: &str| {
        let url = database.url_text();
        let (_, rest) = url.split_once('@').unwrap();
        StoreUrl::parse(&format!("postgresql://{user}:{password}@{rest}"), Path::new("")).unwrap()
    };
    let error = Store::open(&url(&reader, "wrong-secret")).unwrap_err();
    assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
    assert!(!error.to_string().contains("wrong-secret"), "{error}");
    let mut read = Store::create(&url(&reader, "r")).unwrap();
    assert_eq!(all(&mut read).unwrap().len(), 1);
    let error = read.append(&author("a"), &many(1, 1)).unwrap_err();
    assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
    let mut write = Store::create(&url(&writer, "w")).unwrap();
    assert_eq!(write.append(&author("a"), &many(1, 1)).unwrap().change, 2);
    database.sql(&format!("DROP OWNED BY {reader}, {writer}; DROP ROLE {reader}, {writer}")).unwrap();
}

#[test]
#[ignore = "needs a PostgreSQL server: .ci/with-postgres"]
fn certificates_are_checked_as_the_url_says() {
    let database = Postgres::new("certificates");
    let authority = std::env::var("QINGFENG_TEST_POSTGRES_CA").unwrap();
    let authority = authority.replace('/', "%2F");
    let url = database.url_text();
    let (address, _) = url.split_once('?').unwrap();
    let named = address.replace("127.0.0.1", "localhost");
    let options = format!("options=-c%20search_path%3D{}", database.schema);
    drop(database.create());
    for (address, mode, is_open) in [
        (address, "sslmode=disable".to_owned(), true),
        (address, "sslmode=prefer".to_owned(), true),
        (address, "sslmode=require".to_owned(), true),
        (address, format!("sslmode=require&sslrootcert={authority}"), true),
        (address, format!("sslmode=verify-ca&sslrootcert={authority}"), true),
        (address, format!("sslmode=verify-full&sslrootcert={authority}"), true),
        // The certificate is of 127.0.0.1 alone.
        (&named, format!("sslmode=verify-full&sslrootcert={authority}"), false),
        (&named, format!("sslmode=verify-ca&sslrootcert={authority}"), true),
        // No system trusts it.
        (address, "sslmode=verify-full".to_owned(), false),
        (address, "sslmode=verify-ca".to_owned(), false),
    ] {
        let url = StoreUrl::parse(&format!("{address}?{mode}&{options}"), Path::new("")).unwrap();
        match Store::open(&url) {
            Ok(_) => assert!(is_open, "{mode} should be refused"),
            Err(error) => {
                assert!(!is_open, "{mode}: {error}");
                assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
            }
        }
    }
}

#[test]
#[ignore = "needs a PostgreSQL server: .ci/with-postgres"]
fn a_database_that_is_not_there_is_told() {
    let url = server("");
    let (address, query) = url.split_once('?').unwrap();
    let (server, _) = address.rsplit_once('/').unwrap();
    let url = StoreUrl::parse(&format!("{server}/nowhere?{query}"), Path::new("")).unwrap();
    let error = Store::create(&url).unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("nowhere"), "{error}");
}
