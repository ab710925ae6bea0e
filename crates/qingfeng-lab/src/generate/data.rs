//! Tables of the generator: files of `data/` with a line of headings, cells between tabs, lists between bars.
//!
//! They are part of the program, so one that is not whole is a mistake of ours: reading it stops, and a test reads all.

use std::fmt::Debug;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};

/// The rows of a table with `N` columns.
pub(super) fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        cells.try_into().unwrap_or_else(|_| panic!("not {N} cells: {line}"))
    })
}

/// The members of a list; an empty cell has none.
pub(super) fn list(cell: &'static str) -> impl Iterator<Item = &'static str> {
    cell.split('|').filter(|member| !member.is_empty())
}

pub(super) fn number<T: FromStr<Err: Debug>>(cell: &str) -> T {
    cell.parse().unwrap_or_else(|error| panic!("`{cell}` is no number that fits: {error:?}"))
}

/// A variant of an enum, by its name.
pub(super) fn named<T: Deserialize<'static>>(cell: &'static str) -> T {
    T::deserialize(StrDeserializer::<Error>::new(cell)).unwrap_or_else(|error| panic!("{error}"))
}
