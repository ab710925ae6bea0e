//! Why a store could not do what was asked.

/// Why a store could not do what was asked. Each says which store, and what to do about it; none shows a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum StoreError {
    /// The text names no store.
    #[error("`{url}` names no store: {reason}; write sqlite:PATH or postgresql://USER@HOST/DATABASE")]
    Url { url: String, reason: String },
    /// The library was built without this kind of store.
    #[error(
        "{store}: this build knows no such store; build it with the feature `{feature}` of the crate qingfeng"
    )]
    Feature { store: String, feature: &'static str },
    /// There is no store.
    #[error("{store}: there is no store yet; `qingfeng lookup import` and `qingfeng lookup add` make it")]
    Missing { store: String },
    /// There is something, but no store.
    #[error("{store}: is no store of lookups: {reason}; correct the URL of the store")]
    Foreign { store: String, reason: String },
    /// A newer version made the store.
    #[error(
        "{store}: was made by a newer version of qingfeng (its form is {found}, this version knows {known}); update qingfeng"
    )]
    Newer { store: String, found: i64, known: i64 },
    /// Someone else is writing, for longer than is worth waiting.
    #[error(
        "{store}: someone else has been writing for {seconds} seconds; nothing was changed, try again later"
    )]
    Busy { store: String, seconds: u64 },
    /// The database cannot be reached, or no more.
    #[error(
        "{store}: cannot be reached: {reason}; nothing was changed: check the URL, the network and the server, then try again"
    )]
    Unreachable { store: String, reason: String },
    /// The connection was lost while a change was being made final: it may be there or not.
    #[error(
        "{store}: the connection was lost before the change was confirmed: {reason}; see with `qingfeng lookup log` whether it is there"
    )]
    Unconfirmed { store: String, reason: String },
    /// The user of the database or of the file may not do this.
    #[error("{store}: is not allowed: {reason}; ask whoever runs the store for the permission")]
    Denied { store: String, reason: String },
    /// Someone changed, removed or inserted rows: the hash of a change is not the one it was given.
    #[error(
        "{store}: change {change} is not as it was written: {reason}; whoever runs the store must find out who changed it, and restore a backup"
    )]
    Tampered { store: String, change: u64, reason: String },
    /// The store has no such snapshot.
    #[error("{store}: has no change {asked}, the last is {last}; name a snapshot of this store")]
    NoSnapshot { store: String, asked: u64, last: u64 },
    /// Others changed the store since the snapshot on which a change rests.
    #[error(
        "{store}: has changed meanwhile (the last change was {expected} and is now {found}); nothing was changed, try again"
    )]
    Moved { store: String, expected: u64, found: u64 },
    /// A change cannot be taken.
    #[error("{reason}")]
    Refused { reason: String },
    /// Something else went wrong.
    #[error("{store}: cannot be used: {reason}")]
    Failed { store: String, reason: String },
}

impl StoreError {
    /// A change that cannot be taken, or a row that whoever reads changes does not understand.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }
}
