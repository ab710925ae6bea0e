//! Codes that are amiss: unknown to their list, or of another day; and units that do not measure the goods.
//!
//! What a code is amiss by is found out once for each different code, with the numbering of its field's texts.

use std::collections::{BTreeMap, HashMap};

use arrow_array::Array;
use foldhash::fast::FixedState;
use qingfeng_rules::codes::{Life, unit_fits};
use qingfeng_rules::{CodeList, Derived, FieldId, Key, Pack};

use super::key_index::KeyIndex;
use super::texts::FieldTexts;
use super::values::{BatchValues, Typed};
use crate::output::summary::CodeCounts;
use crate::read::Lines;

/// A field of codes, and what is known of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct CodedField {
    pub(super) field: FieldId,
    /// The key whose groups know codes, too.
    key: Key,
    /// What says on which days a code was in use.
    dated: Option<Derived>,
}

/// What is amiss with a code.
#[derive(Clone, Debug)]
pub(super) struct Amiss {
    is_unknown: bool,
    /// When it was in use, if that is known and not always.
    lives: Option<Box<[Life]>>,
}

impl CodedField {
    /// The fields whose codes are looked at.
    pub(super) fn all(pack: &Pack) -> Vec<Self> {
        let dated = Derived::ALL.into_iter().filter(|derived| derived.is_of_days());
        let dated = dated.filter_map(|of| Some((of, *of.sources(&pack.schema)?.first()?)));
        let dated: Vec<(Derived, FieldId)> = dated.collect();
        let coded = |field: FieldId| {
            let key = key_of(pack, field);
            // Any text can name a party.
            let has_list = pack.schema[field].codes.is_some_and(|list| list != CodeList::Party);
            let dated = dated.iter().find(|(_, of)| *of == field).map(|(derived, _)| *derived);
            (key.is_some() || has_list).then(|| Self { field, key: key.unwrap_or(Key::Region), dated })
        };
        pack.schema.ids().filter_map(coded).collect()
    }

    /// What is amiss with a code, if anything is.
    pub(super) fn judge(&self, pack: &Pack, keys: &KeyIndex, code: &str) -> Option<Box<Amiss>> {
        let is_unknown = !keys.knows(&pack.schema, self.key, self.field, code);
        let lives = self.dated.and_then(|derived| derived.lives(&pack.schema[self.field], code));
        let lives = lives.filter(|lives| **lives != [Life::default()]).map(Box::from);
        (is_unknown || lives.is_some()).then(|| Box::new(Amiss { is_unknown, lives }))
    }
}

/// Codes that are amiss, by field. Only those that some lines have are there.
#[derive(Clone, Debug, Default)]
pub(crate) struct CodesAmiss {
    unknown: BTreeMap<FieldId, CodeCounts>,
    of_another_day: BTreeMap<FieldId, CodeCounts>,
    pub(crate) unfit_units: CodeCounts,
}

impl CodesAmiss {
    pub(crate) fn add(&mut self, other: &Self) {
        let pairs = [(&mut self.unknown, &other.unknown), (&mut self.of_another_day, &other.of_another_day)];
        for (all, more) in pairs {
            for (field, counts) in more {
                all.entry(*field).or_default().add_all(counts);
            }
        }
        self.unfit_units.add_all(&other.unfit_units);
    }

    /// Those that no list knows, by name of their field.
    pub(crate) fn unknown(&self, pack: &Pack) -> BTreeMap<String, CodeCounts> {
        named(pack, &self.unknown)
    }

    /// Those that were not in use on the day of the declaration, by name of their field.
    pub(crate) fn of_another_day(&self, pack: &Pack) -> BTreeMap<String, CodeCounts> {
        named(pack, &self.of_another_day)
    }

    /// Counts the codes of a batch in one field, from its numbered texts.
    pub(super) fn count(&mut self, field: FieldId, texts: &FieldTexts, values: &BatchValues) {
        let Typed::Text(column) = values.column(field) else { return };
        if !texts.has_amiss() {
            return;
        }
        // By the text's code: the text, lines with it that no list knows, lines of another day.
        let mut seen: HashMap<u32, (&str, [u64; 2]), FixedState> = HashMap::default();
        for line in 0..column.len() {
            let Some(amiss) = texts.amiss(line) else { continue };
            let (_, [unknown, of_another_day]) =
                seen.entry(texts.code(line)).or_insert_with(|| (column.value(line), [0; 2]));
            *unknown += u64::from(amiss.is_unknown);
            if let (Some(lives), Some(day)) = (&amiss.lives, values.day(line)) {
                *of_another_day += u64::from(!lives.iter().any(|life| life.has(day)));
            }
        }
        for (at, counts) in [&mut self.unknown, &mut self.of_another_day].into_iter().enumerate() {
            let found = seen.values().filter(|(_, lines)| lines[at] > 0);
            let found: Vec<(&str, u64)> = found.map(|(code, lines)| (*code, lines[at])).collect();
            if !found.is_empty() {
                counts.entry(field).or_default().add_sorted(found);
            }
        }
    }

    /// Counts the units of a batch that do not measure the goods.
    pub(super) fn count_units(&mut self, pack: &Pack, lines: &Lines) {
        let Some(sources) = Derived::LegalUnitFits.sources(&pack.schema) else { return };
        let [hs, unit] = sources[..] else { return };
        let (Some(goods), Some(units)) = (lines.text(hs), lines.text(unit)) else { return };
        if units.null_count() == units.len() {
            return;
        }
        let mut fits: HashMap<(&str, &str), u64, FixedState> = HashMap::default();
        for (hs, unit) in goods.iter().zip(units) {
            if let (Some(hs), Some(unit)) = (hs, unit) {
                *fits.entry((hs.get(..6).unwrap_or(hs), unit)).or_default() += 1;
            }
        }
        fits.retain(|(hs, unit), _| unit_fits(hs, unit) == Some(false));
        let found: Vec<(String, u64)> =
            fits.into_iter().map(|((hs, unit), lines)| (format!("{unit} of {hs}"), lines)).collect();
        self.unfit_units.add_sorted(found.iter().map(|(code, lines)| (code.as_str(), *lines)).collect());
    }
}

fn named(pack: &Pack, counts: &BTreeMap<FieldId, CodeCounts>) -> BTreeMap<String, CodeCounts> {
    counts.iter().map(|(id, counts)| (pack.schema[*id].name.clone(), counts.clone())).collect()
}

/// The key of rules that is compared with a field, if one is.
fn key_of(pack: &Pack, field: FieldId) -> Option<Key> {
    let keys = &pack.schema.keys;
    let is = |key: Option<FieldId>| key == Some(field);
    if is(keys.region) {
        Some(Key::Region)
    } else if is(keys.commodity) {
        Some(Key::Commodity)
    } else if is(keys.mode) {
        Some(Key::Mode)
    } else if keys.site.iter().any(|&(_, site)| site == field) {
        Some(Key::Site)
    } else {
        None
    }
}
