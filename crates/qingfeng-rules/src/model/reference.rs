//! Reference data of a pack: named groups of codes (regions, commodities, modes, sites).

use std::collections::BTreeMap;

use crate::base::value::Date;
use crate::model::schema::PackCodes;

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

/// A code that belongs to a group, always or for some days only.
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

impl Member {
    /// Whether it is this code or a prefix of it, whatever the day.
    pub(crate) fn has(&self, code: &str) -> bool {
        if self.prefix { code.starts_with(self.code.as_str()) } else { self.code == code }
    }
}

/// The reference data of a pack; each list in the order of its file.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Reference {
    /// Groups of countries, compared with the schema's region key.
    pub regions: Vec<Group>,
    /// Groups of HS prefixes.
    pub commodities: Vec<Group>,
    /// Groups of trade modes.
    pub modes: Vec<Group>,
    /// Sites: ports, markets, producing areas, border crossings.
    pub sites: Vec<Group>,
    /// By field, what the pack says of the writings of its codes.
    pub codes: BTreeMap<String, PackCodes>,
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
    /// All keys, in the order in which rules have them.
    pub const ALL: [Self; 4] = [Self::Region, Self::Commodity, Self::Mode, Self::Site];

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

/// An index of groups by the codes of their members: the one place that decides what belongs to a group.
///
/// ```
/// use qingfeng_rules::reference::{Group, Groups, Member};
///
/// let member = |code: &str, prefix| Member { code: code.into(), prefix, from: None, until: None };
/// let group = |name: &str, members| {
///     Group { name: name.into(), title: name.into(), title_zh: None, kind: None, members }
/// };
/// let groups = Groups::new(&[group("motorcycles", vec![member("8711", true)]), group("toys", vec![member("95", true)])]);
/// assert_eq!(groups.on("8711209000", None).collect::<Vec<_>>(), [0]);
/// assert_eq!(groups.on("6403", None).count(), 0);
/// ```
#[derive(Debug, Default)]
pub struct Groups {
    exact: BTreeMap<String, Vec<Membership>>,
    prefixes: BTreeMap<String, Vec<Membership>>,
    prefix_len_max: usize,
}

/// That a code belongs to a group, and the days on which it does.
#[derive(Clone, Copy, Debug)]
pub struct Membership {
    /// The position of the group in the list passed to [`Groups::new`].
    pub group: usize,
    from: Option<Date>,
    until: Option<Date>,
}

impl Membership {
    /// The same days, for a group that another list has at this position.
    pub fn of_group(self, group: usize) -> Self {
        Self { group, ..self }
    }

    /// Whether the code belongs to the group on this day. Without a day it does: a declaration without a date cannot
    /// show that it does not.
    pub fn holds(&self, day: Option<Date>) -> bool {
        day.is_none_or(|day| {
            self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
        })
    }
}

impl Groups {
    /// The index of these groups.
    pub fn new(groups: &[Group]) -> Self {
        let mut index = Self::default();
        for (at, group) in groups.iter().enumerate() {
            for member in &group.members {
                let membership = Membership { group: at, from: member.from, until: member.until };
                let map = if member.prefix { &mut index.prefixes } else { &mut index.exact };
                map.entry(member.code.clone()).or_default().push(membership);
                if member.prefix {
                    index.prefix_len_max = index.prefix_len_max.max(member.code.len());
                }
            }
        }
        index
    }

    /// The memberships of a code, whatever the day: those of the code itself in the order of the groups, then those
    /// of its prefixes, the shortest first. A group appears once for each of its members that fit.
    pub fn of<'g>(&'g self, code: &'g str) -> impl Iterator<Item = Membership> + 'g {
        let exact = self.exact.get(code).into_iter().flatten();
        let prefixes = (1..=self.prefix_len_max.min(code.len()))
            .filter_map(|len| self.prefixes.get(code.get(..len)?))
            .flatten();
        exact.chain(prefixes).copied()
    }

    /// The positions of the groups to which a code belongs on a day, or has ever belonged if there is no day, in the
    /// order of [`Groups::of`].
    pub fn on<'g>(&'g self, code: &'g str, day: Option<Date>) -> impl Iterator<Item = usize> + 'g {
        self.of(code).filter(move |membership| membership.holds(day)).map(|membership| membership.group)
    }

    /// Whether the code has ever belonged to any group.
    pub fn knows(&self, code: &str) -> bool {
        self.of(code).next().is_some()
    }

    /// Whether no group has a member.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.prefixes.is_empty()
    }
}

#[cfg(test)]
mod tests;
