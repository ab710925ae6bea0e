//! The keys of rules, of `pack.toml` and of reference files: what the readers accept, and what the reference says.
//!
//! They stand in `keys.md`, which is the page of the reference as well. A key that is not there is refused.

use std::sync::LazyLock;

use crate::base::markdown::{cells, plain};

/// The page of the reference.
pub(crate) const PAGE: &str = include_str!("keys.md");

/// One key.
#[derive(Debug)]
pub(crate) struct KeyRow {
    pub name: String,
    /// What it takes.
    pub takes: String,
    /// What holds where it is left out; `required` where it cannot be.
    pub default: String,
    pub meaning: String,
    /// How it is written.
    pub example: String,
}

macro_rules! tables {
    ($($name:ident $title:literal)*) => {
        /// A map or table whose keys are known.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Table { $($name,)* }

        impl Table {
            /// All of them in the order of the page, with their headings there.
            pub(crate) const ALL: &[(Self, &str)] = &[$((Self::$name, $title),)*];
        }
    };
}

tables! {
    Rule "rule"
    Field "field"
    Total "total"
    Manifest "pack.toml"
    Pack "[pack]"
    Schema "[schema]"
    SchemaField "[schema.fields.NAME]"
    Keys "[keys]"
    Score "[score]"
    Channel "[[channels]]"
    OnFault "[on_fault]"
    OnUnreadable "[on_unreadable]"
    Lookup "[lookups.NAME]"
    Profile "[profiles.NAME]"
    Measure "[profiles.NAME.measures.COLUMN]"
    Risk "[risks.NAME]"
    Store "[store]"
    History "[history]"
    HistoryGrade "[[history.grades]]"
    Check "[check]"
    Selection "[selection]"
    SelectionClass "[[selection.trader_classes]]"
    SelectionMandatory "[selection.mandatory]"
    SelectionRandom "[selection.random]"
    SelectionRate "[[selection.random.rates]]"
    SelectionQuota "[[selection.quotas]]"
    SelectionCost "[selection.cost]"
    SelectionTraders "[selection.traders]"
    SelectionExploration "[selection.exploration]"
    SelectionVisits "[selection.visits]"
    SelectionCapacity "[[selection.capacity]]"
    SelectionOverride "[[selection.overrides]]"
    Group "[NAME] in reference/regions.toml, commodities.toml and modes.toml"
    Site "[NAME] in reference/sites.toml"
    Codes "[FIELD] in reference/codes.toml"
    PackCode "[FIELD.codes.CODE] in reference/codes.toml"
    Rates "reference/rates.toml"
    Member "{ code = ... } among the members of a group"
}

static TABLES: LazyLock<Vec<Vec<KeyRow>>> = LazyLock::new(|| PAGE.split("\n## ").skip(1).map(rows).collect());

fn rows(section: &str) -> Vec<KeyRow> {
    // The first row is the head of the table.
    section.lines().filter_map(cells).skip(1).filter_map(row).collect()
}

fn row(cells: Vec<String>) -> Option<KeyRow> {
    let [name, takes, default, meaning, example] = <[String; 5]>::try_from(cells).ok()?;
    Some(KeyRow { name: plain(&name).into(), takes, default, meaning, example: plain(&example).into() })
}

impl Table {
    pub(crate) fn rows(self) -> &'static [KeyRow] {
        &TABLES[self as usize]
    }

    /// The heading on the page: how the table is written.
    pub(crate) fn heading(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> + Clone {
        self.rows().iter().map(|row| row.name.as_str())
    }

    pub(crate) fn has(self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }
}

#[cfg(test)]
mod tests;
