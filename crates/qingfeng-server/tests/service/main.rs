//! The service over real connections: its answers, its bounds, and the exchange of packs.

mod answers;
mod bounds;
#[cfg(unix)]
mod links;
mod reloads;
mod rights;
mod support;
