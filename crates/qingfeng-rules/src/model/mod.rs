//! What a pack declares: fields, groups of codes, channels, lookup tables, the inspection policy; and `pack.toml`, read
//! into it.

pub(crate) mod boxes;
pub(crate) mod channel;
pub(crate) mod derived;
mod export;
pub mod keys;
pub(crate) mod manifest;
pub(crate) mod money;
pub(crate) mod profile;
pub(crate) mod reference;
pub(crate) mod schema;
pub(crate) mod selection;
