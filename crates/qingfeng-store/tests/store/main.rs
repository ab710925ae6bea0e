//! What a store promises, asked of SQLite and of PostgreSQL alike.
//!
//! Tests on PostgreSQL are ignored unless told to run, and then need a server: `.ci/with-postgres COMMAND` starts one
//! and names it in `QINGFENG_TEST_POSTGRES`.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "tests fail by panics")]

mod contract;
mod databases;
mod import;
mod server;
mod support;
