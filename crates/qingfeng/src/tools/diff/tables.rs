//! Lookup tables of two packs, by what stands in them.

use std::collections::{BTreeMap, HashMap};

use qingfeng_rules::Value;
use qingfeng_rules::internals::MeaningDigest;
use qingfeng_rules::lookups::Lookup;

use crate::engine::Engine;
use crate::lookup::LookupTable;

use super::change::Change;

pub(super) struct Tables {
    /// The names by which the tables of the new pack are compared: a table that only got another name has that of
    /// the old one.
    pub names: Vec<String>,
    /// What differs, by those names.
    pub changes: BTreeMap<String, Change>,
}

const ROWS_SHOWN: usize = 5;

impl Tables {
    pub fn of(old: &Engine, new: &Engine) -> Self {
        fn all(engine: &Engine) -> Vec<Rows<'_>> {
            let tables = engine.evaluator().tables();
            engine.pack().lookups.iter().zip(tables).map(|(lookup, table)| Rows::of(lookup, table)).collect()
        }
        let (before, after) = (all(old), all(new));
        let position = |rows: &[Rows<'_>], name: &str| rows.iter().position(|rows| rows.name == name);
        let mut names: Vec<String> = Vec::with_capacity(after.len());
        let mut taken = vec![false; before.len()];
        for rows in &after {
            let renamed = || {
                before.iter().enumerate().position(|(at, known)| {
                    !taken[at] && position(&after, known.name).is_none() && known.same(rows)
                })
            };
            let known = position(&before, rows.name).or_else(renamed);
            if let Some(at) = known {
                taken[at] = true;
            }
            names.push(known.map_or(rows.name, |at| before[at].name).to_owned());
        }
        let mut changes = BTreeMap::new();
        for (rows, name) in after.iter().zip(&names) {
            let what = format!("lookup table `{name}`");
            match position(&before, name) {
                None => {
                    let note = format!("new, {} rows", rows.rows.len());
                    changes.insert(name.clone(), Change::note(what, note));
                }
                Some(at) => {
                    let change = before[at].change(what, rows);
                    changes.extend(change.map(|change| (name.clone(), change)));
                }
            }
        }
        for (rows, _) in before.iter().zip(&taken).filter(|(_, taken)| !**taken) {
            let change = Change::note(format!("lookup table `{}`", rows.name), "removed");
            changes.insert(rows.name.to_owned(), change);
        }
        Self { names, changes }
    }
}

struct Rows<'t> {
    name: &'t str,
    lookup: &'t Lookup,
    table: &'t LookupTable,
    /// Key fields, days and columns.
    shape: Vec<(&'static str, String)>,
    /// Each row, in the order of the file.
    rows: Vec<MeaningDigest>,
    /// Of each row its key: of several with one key the first that is in force counts.
    keys: Vec<MeaningDigest>,
}

impl<'t> Rows<'t> {
    fn of(lookup: &'t Lookup, table: &'t LookupTable) -> Self {
        let key: Vec<&str> = lookup.key_names().collect();
        let columns = lookup.columns.iter().map(|(name, kind)| format!("{name}: {kind}"));
        let shape = vec![
            ("key", key.join(", ")),
            ("from", lookup.from.clone().unwrap_or_default()),
            ("until", lookup.until.clone().unwrap_or_default()),
            ("columns", columns.collect::<Vec<_>>().join(", ")),
        ];
        let digest = |row: usize, columns: usize| {
            let mut bytes = Vec::new();
            for column in 0..columns {
                let text = shown(table.value(row as u32, column));
                // A missing value is no text.
                bytes.push(u8::from(text.is_some()));
                let text = text.unwrap_or_default();
                bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
            MeaningDigest::of(&bytes)
        };
        let count = table.row_count();
        let rows = (0..count).map(|row| digest(row, lookup.columns.len())).collect();
        let keys = (0..count).map(|row| digest(row, lookup.key.len())).collect();
        Self { name: &lookup.name, lookup, table, shape, rows, keys }
    }

    /// A row as people read it.
    fn text(&self, row: usize) -> String {
        let values = self.lookup.columns.iter().enumerate().filter_map(|(at, (name, _))| {
            Some(format!("{name} {}", shown(self.table.value(row as u32, at))?))
        });
        values.collect::<Vec<_>>().join(", ")
    }

    /// The rows of each key, in order.
    fn by_key(&self) -> BTreeMap<MeaningDigest, Vec<MeaningDigest>> {
        let mut by_key: BTreeMap<MeaningDigest, Vec<MeaningDigest>> = BTreeMap::new();
        for (key, row) in self.keys.iter().zip(&self.rows) {
            by_key.entry(*key).or_default().push(*row);
        }
        by_key
    }

    fn same(&self, other: &Self) -> bool {
        self.shape == other.shape && self.by_key() == other.by_key()
    }

    fn change(&self, what: String, new: &Self) -> Option<Change> {
        if self.same(new) {
            return None;
        }
        let mut notes = Vec::new();
        for ((name, old), (_, new)) in self.shape.iter().zip(&new.shape) {
            if old != new {
                let text = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
                notes.push(format!("{name}: {} → {}", text(old), text(new)));
            }
        }
        let (removed, added) = (self.beyond(new), new.beyond(self));
        for (sign, rows) in [("+", &added), ("−", &removed)] {
            if !rows.is_empty() {
                notes.push(format!("{sign} {} {}", rows.len(), if rows.len() == 1 { "row" } else { "rows" }));
            }
        }
        if notes.is_empty() {
            notes.push("the same rows, in another order of those with one key".to_owned());
        }
        let texts =
            |rows: &Self, found: &[usize]| found.iter().take(ROWS_SHOWN).map(|&row| rows.text(row)).collect();
        Some(Change {
            what,
            removed: texts(self, &removed),
            added: texts(new, &added),
            note: Some(notes.join(", ")),
            replaces: false,
        })
    }

    /// The rows that the other table does not have, or not so often.
    fn beyond(&self, other: &Self) -> Vec<usize> {
        let mut known: HashMap<MeaningDigest, usize> = HashMap::new();
        for row in &other.rows {
            *known.entry(*row).or_default() += 1;
        }
        let rows = self.rows.iter().enumerate().filter(|(_, row)| match known.get_mut(*row) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        });
        rows.map(|(at, _)| at).collect()
    }
}

fn shown(value: Value<'_>) -> Option<String> {
    (value != Value::Missing).then(|| value.to_string())
}
