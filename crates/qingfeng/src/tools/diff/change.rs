//! One thing in which two packs differ, for people and for programs.

use std::fmt;

use serde::Serialize;

/// One thing in which two packs or two rules differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// What differs, in the words of rules and of `pack.toml`: `region`, `when`, `score`, `channel red`.
    pub what: String,
    /// What the old pack has and the new one has not: one value, or parts of a list or of a condition.
    pub removed: Vec<String>,
    /// What the new pack has and the old one has not.
    pub added: Vec<String>,
    /// What more there is to say.
    pub note: Option<String>,
    /// Whether what stands there now takes the place of what stood there. Otherwise these are members that came or
    /// went, and the others stayed.
    pub replaces: bool,
}

/// Members of a list that a line of text shows at most.
const MEMBERS_SHOWN: usize = 12;

impl Change {
    pub(super) fn value(what: impl Into<String>, old: impl fmt::Display, new: impl fmt::Display) -> Self {
        Self {
            what: what.into(),
            removed: vec![old.to_string()],
            added: vec![new.to_string()],
            note: None,
            replaces: true,
        }
    }

    /// Another value, if it is another; `none` is what a value that is not given means.
    pub(super) fn option<T: PartialEq + fmt::Display>(
        what: &str,
        old: Option<&T>,
        new: Option<&T>,
        none: &str,
    ) -> Option<Self> {
        let text = |value: Option<&T>| value.map_or(none.to_owned(), ToString::to_string);
        (old != new).then(|| Self::value(what, text(old), text(new)))
    }

    /// Members that came and went, if any did.
    pub(super) fn members(what: impl Into<String>, removed: Vec<String>, added: Vec<String>) -> Option<Self> {
        let changed = !(removed.is_empty() && added.is_empty());
        changed.then(|| Self { what: what.into(), removed, added, note: None, replaces: false })
    }

    pub(super) fn note(what: impl Into<String>, note: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            removed: Vec::new(),
            added: Vec::new(),
            note: Some(note.into()),
            replaces: false,
        }
    }
}

impl fmt::Display for Change {
    /// On one line: `score: 25 → 30`, `region: + ZA, − KE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        let mut parts: Vec<String> = Vec::new();
        match (&self.removed[..], &self.added[..]) {
            ([old], [new]) if self.replaces => parts.push(format!("{old} → {new}")),
            (removed, added) => {
                for (sign, members) in [("+", added), ("−", removed)] {
                    parts.extend(members.iter().take(MEMBERS_SHOWN).map(|member| format!("{sign} {member}")));
                    if members.len() > MEMBERS_SHOWN {
                        parts.push(format!("{sign} {} more", members.len() - MEMBERS_SHOWN));
                    }
                }
            }
        }
        if !parts.is_empty() {
            write!(f, ": {}", parts.join(", "))?;
        }
        match &self.note {
            Some(note) if parts.is_empty() => write!(f, ": {note}"),
            Some(note) => write!(f, " ({note})"),
            None => Ok(()),
        }
    }
}
