//! What a store promises, asked of SQLite and of PostgreSQL alike.
//!
//! Tests on PostgreSQL are ignored unless told to run, and then need a server: `.ci/with-postgres COMMAND` starts one
//! and names it in `QINGFENG_TEST_POSTGRES`.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "tests fail by panics")]

#[cfg(feature = "postgres")]
mod contract;
#[cfg(feature = "postgres")]
mod databases;
#[cfg(feature = "postgres")]
mod import;
mod living;
mod risks;
#[cfg(feature = "postgres")]
mod server;
#[cfg(feature = "postgres")]
mod support;
mod trade;
