//! Why a store could not do what was asked.

/// Why a store could not do what was asked. Each says which store, and what to do about it; none shows a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The text names no store.
    #[error("`{url}` names no store: {reason}; write sqlite:PATH or postgresql://USER@HOST/DATABASE")]
    Url {
        /// The text, without a password.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The library was built without this kind of store.
    #[error(
        "{store}: this build knows no such store; build it with the feature `{feature}` of the crate qingfeng"
    )]
    Feature {
        /// The store.
        store: String,
        /// The feature.
        feature: &'static str,
    },
    /// There is no store.
    #[error("{store}: there is no store yet; `qingfeng lookup import` and `qingfeng lookup add` make it")]
    Missing {
        /// The store.
        store: String,
    },
    /// There is something, but no store.
    #[error("{store}: is no store of lookups: {reason}; correct the URL of the store")]
    Foreign {
        /// The store.
        store: String,
        /// What it is.
        reason: String,
    },
    /// A newer version made the store.
    #[error(
        "{store}: was made by a newer version of qingfeng (its form is {found}, this version knows {known}); update qingfeng"
    )]
    Newer {
        /// The store.
        store: String,
        /// The version of its schema.
        found: i64,
        /// The version that this library knows.
        known: i64,
    },
    /// Someone else is writing, for longer than is worth waiting.
    #[error(
        "{store}: someone else has been writing for {seconds} seconds; nothing was changed, try again later"
    )]
    Busy {
        /// The store.
        store: String,
        /// How long was waited.
        seconds: u64,
    },
    /// The database cannot be reached, or no more.
    #[error(
        "{store}: cannot be reached: {reason}; nothing was changed: check the URL, the network and the server, then try again"
    )]
    Unreachable {
        /// The store.
        store: String,
        /// Why.
        reason: String,
    },
    /// The connection was lost while a change was being made final: it may be there or not.
    #[error(
        "{store}: the connection was lost before the change was confirmed: {reason}; see with `qingfeng lookup log` whether it is there"
    )]
    Unconfirmed {
        /// The store.
        store: String,
        /// Why.
        reason: String,
    },
    /// The user of the database or of the file may not do this.
    #[error("{store}: is not allowed: {reason}; ask whoever runs the store for the permission")]
    Denied {
        /// The store.
        store: String,
        /// What is not allowed.
        reason: String,
    },
    /// Someone changed, removed or inserted rows: the hash of a change is not the one it was given.
    #[error(
        "{store}: change {change} is not as it was written: {reason}; whoever runs the store must find out who changed it, and restore a backup"
    )]
    Tampered {
        /// The store.
        store: String,
        /// The first change that is wrong.
        change: u64,
        /// What is wrong.
        reason: String,
    },
    /// The store has no such snapshot.
    #[error("{store}: has no change {asked}, the last is {last}; name a snapshot of this store")]
    NoSnapshot {
        /// The store.
        store: String,
        /// The change that was asked for.
        asked: u64,
        /// The last change.
        last: u64,
    },
    /// Others changed the store since the snapshot on which a change rests.
    #[error(
        "{store}: has changed meanwhile (the last change was {expected} and is now {found}); nothing was changed, try again"
    )]
    Moved {
        /// The store.
        store: String,
        /// The last change when it was looked at.
        expected: u64,
        /// The last change now.
        found: u64,
    },
    /// A change cannot be taken.
    #[error("{reason}")]
    Refused {
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// Something else went wrong.
    #[error("{store}: cannot be used: {reason}")]
    Failed {
        /// The store.
        store: String,
        /// What went wrong, and a remedy where there is one.
        reason: String,
    },
}

impl StoreError {
    /// A change that cannot be taken, or a row that whoever reads changes does not understand.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }
}
