//! Lookups that live: entries and findings in a store to which things are only added.
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

mod change;

pub use change::{Change, ChangeKind, Entry, Finding, Party, Role, SnapshotId, StoreUrl, Violation};
