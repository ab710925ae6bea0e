//! Reference data of a pack: named groups of codes (regions, commodities, modes, sites).

use crate::value::Date;

/// A named group of codes.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The name that rules use.
    pub name: String,
    /// What people read, in English.
    pub title: String,
    /// What people read, in Chinese.
    pub title_zh: Option<String>,
    /// The kind, of sites only: the name of one of the schema's kinds of site.
    pub kind: Option<String>,
    /// The members.
    pub members: Vec<Member>,
}

/// One code of a group, perhaps for a time only.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The code; for commodities a prefix.
    pub code: String,
    /// Whether `code` is only the beginning of the codes meant.
    pub prefix: bool,
    /// The first day of the membership, if it has one.
    pub from: Option<Date>,
    /// The last day of the membership, if it has one.
    pub until: Option<Date>,
}

/// The reference data of a pack; each list in the order of its file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    /// Groups of countries, compared with the schema's region key.
    pub regions: Vec<Group>,
    /// Groups of HS prefixes.
    pub commodities: Vec<Group>,
    /// Groups of trade modes.
    pub modes: Vec<Group>,
    /// Sites: ports, markets, producing areas, border crossings.
    pub sites: Vec<Group>,
}

/// One of the keys by which a rule is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// `region`
    Region,
    /// `commodity`
    Commodity,
    /// `mode`
    Mode,
    /// `site`
    Site,
}

impl Key {
    /// The name of the key in a rule.
    pub fn name(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Commodity => "commodity",
            Self::Mode => "mode",
            Self::Site => "site",
        }
    }
}

impl Reference {
    /// The groups of one key.
    pub fn groups(&self, key: Key) -> &[Group] {
        match key {
            Key::Region => &self.regions,
            Key::Commodity => &self.commodities,
            Key::Mode => &self.modes,
            Key::Site => &self.sites,
        }
    }
}
