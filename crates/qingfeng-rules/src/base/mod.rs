//! The ground: values, texts and words, limits, countries, code lists. It knows nothing of packs.

pub mod codes;
pub mod countries;
pub mod limits;
pub(crate) mod markdown;
pub(crate) mod text;
pub(crate) mod tokens;
pub(crate) mod value;
pub(crate) mod words;
pub(crate) mod zone;
