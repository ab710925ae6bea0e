//! Rules, as a pack holds them.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::value::Date;
use crate::diagnostic::Place;
use crate::lang::expr::{Constant, Expr};
use crate::model::channel::ChannelId;
use crate::model::derived::FieldRef;
use crate::model::reference::Key;
use crate::model::schema::Kind;

/// How far a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Checked and tested, never evaluated.
    Draft,
    /// Evaluated and reported; counts nothing.
    Shadow,
    /// Counts.
    Active,
    /// Kept for the record, never evaluated.
    Retired,
}

impl Status {
    pub(crate) const ALL: [(&'static str, Self); 4] = [
        ("draft", Self::Draft),
        ("shadow", Self::Shadow),
        ("active", Self::Active),
        ("retired", Self::Retired),
    ];

    /// The name in rules.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, status)| *status == self).map_or("", |&(name, _)| name)
    }

    /// Whether rules of this status are evaluated when declarations are scored.
    pub fn is_evaluated(self) -> bool {
        matches!(self, Self::Shadow | Self::Active)
    }
}

/// One value of a rule's key: a group of the reference data, or a code of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyValue {
    /// The group at this position of the key's reference list.
    Group(usize),
    /// One code; for commodities a prefix.
    Code(String),
    /// A kind of site.
    SiteKind(String),
}

/// A value that a closure captured, as it was then. Closures that captured equal ones share it.
#[derive(Clone)]
pub(crate) struct Captured(Arc<(rhai::Dynamic, Arc<Constant>)>);

impl Captured {
    pub fn new(value: rhai::Dynamic, constant: Arc<Constant>) -> Self {
        Self(Arc::new((value, constant)))
    }

    /// As Rhai has it.
    pub fn value(&self) -> &rhai::Dynamic {
        &self.0.0
    }

    /// What is known of it; missing where it is none that the language has.
    pub fn constant(&self) -> &Arc<Constant> {
        &self.0.1
    }
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.constant().fmt(f)
    }
}

/// A closure of a rule: what Rhai runs, and what is known of it.
#[derive(Clone, Debug)]
pub struct Closure {
    /// The position of the file's syntax tree in the pack.
    pub(crate) file: usize,
    /// The function, without what is captured.
    pub(crate) pointer: rhai::FnPtr,
    pub(crate) captured: Vec<Captured>,
    /// The parameters: what is captured, then the line.
    pub(crate) params: Vec<String>,
    pub(crate) body: Arc<Expr>,
    pub(crate) fields: BTreeSet<FieldRef>,
    /// The lookup tables that it asks itself, by position.
    pub(crate) lookups: BTreeSet<usize>,
}

impl Closure {
    /// The fields that the closure reads, those of the lookup tables it uses included.
    pub fn fields(&self) -> impl Iterator<Item = FieldRef> + '_ {
        self.fields.iter().copied()
    }

    /// The closure's body as text: an expression as Rhai source, statements in outline.
    pub fn text(&self) -> String {
        self.body.to_string()
    }
}

/// The points of a rule.
#[derive(Clone, Debug)]
pub enum Points {
    /// The same on every line.
    Fixed(i64),
    /// Computed from the line.
    Computed(Closure),
}

impl Points {
    /// The points, if they are the same on every line.
    pub fn fixed(&self) -> Option<i64> {
        match self {
            Self::Fixed(points) => Some(*points),
            Self::Computed(_) => None,
        }
    }

    pub(crate) fn closure(&self) -> Option<&Closure> {
        match self {
            Self::Fixed(_) => None,
            Self::Computed(closure) => Some(closure),
        }
    }
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The id, unique in the pack.
    pub id: String,
    /// What an officer reads when it fires.
    pub title: String,
    /// The same in Chinese.
    pub title_zh: Option<String>,
    /// Where in the rule file it stands.
    pub place: Place,
    /// Destination regions; empty means any.
    pub region: Vec<KeyValue>,
    /// Goods groups and HS prefixes; empty means any.
    pub commodity: Vec<KeyValue>,
    /// Trade modes; empty means any.
    pub mode: Vec<KeyValue>,
    /// Sites and kinds of site; empty means any.
    pub site: Vec<KeyValue>,
    /// The first day of its validity.
    pub from: Option<Date>,
    /// The last day of its validity.
    pub until: Option<Date>,
    /// How far it counts.
    pub status: Status,
    /// The condition; without one the rule fires on every line that its key fits.
    pub when: Option<Closure>,
    /// The points.
    pub points: Points,
    /// The evidence; without one the title is given.
    pub reason: Option<Closure>,
    /// The channel that the declaration gets at least.
    pub at_least: Option<ChannelId>,
    /// The channel that the declaration gets at most.
    pub at_most: Option<ChannelId>,
    /// The legal basis.
    pub basis: Option<String>,
    /// Who answers for the rule.
    pub owner: Option<String>,
    /// Free labels for reports.
    pub tags: Vec<String>,
}

impl Rule {
    /// The values of one part of the rule's key; none means any.
    pub fn key(&self, key: Key) -> &[KeyValue] {
        match key {
            Key::Region => &self.region,
            Key::Commodity => &self.commodity,
            Key::Mode => &self.mode,
            Key::Site => &self.site,
        }
    }

    /// Whether the rule is in force on a day. A declaration without a date cannot show that it is out of
    /// force, so it is in.
    pub fn is_in_force(&self, day: Option<Date>) -> bool {
        day.is_none_or(|day| {
            self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
        })
    }

    pub(crate) fn closures(&self) -> impl Iterator<Item = &Closure> {
        self.when.iter().chain(self.points.closure()).chain(&self.reason)
    }
}

/// A field that the pack computes: `field("name", |d| ...)`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ComputedField {
    /// The name in rules.
    pub name: String,
    /// The kind of its values.
    pub kind: Kind,
    /// Whether it can be missing.
    pub missing: bool,
    /// What computes it; of a total, what each line adds.
    pub closure: Closure,
    /// Whether it is a total: the sum over all lines of the declaration, of flags how often they hold.
    pub total: bool,
}

impl ComputedField {
    /// What `d.NAME` means, where this is the field at the position.
    pub(crate) fn field(&self, at: usize) -> FieldRef {
        if self.total { FieldRef::Total(at) } else { FieldRef::Computed(at) }
    }
}

/// Which computed fields a closure needs, those that other computed fields need included, in order.
pub(crate) fn computed_needs(fields: &BTreeSet<FieldRef>, computed: &[ComputedField]) -> Vec<usize> {
    let mut needed = BTreeSet::new();
    let mut open: Vec<usize> = fields.iter().filter_map(computed_index).collect();
    while let Some(at) = open.pop() {
        if needed.insert(at) {
            open.extend(computed[at].closure.fields.iter().filter_map(computed_index));
        }
    }
    needed.into_iter().collect()
}

pub(crate) fn computed_index(field: &FieldRef) -> Option<usize> {
    match field {
        FieldRef::Computed(at) | FieldRef::Total(at) => Some(*at),
        _ => None,
    }
}
