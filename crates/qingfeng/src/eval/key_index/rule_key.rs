//! The key of one rule, part by part: which part of it does not fit a line.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use qingfeng_rules::{Date, FieldId, Pack};

use super::{KeyIndex, Part};
use crate::eval::values::BatchValues;

/// What a line must pass before the condition of a rule is asked, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyStage {
    Validity,
    Region,
    Commodity,
    Mode,
    Site,
}

impl KeyStage {
    pub(crate) const ALL: [Self; 5] = [Self::Validity, Self::Region, Self::Commodity, Self::Mode, Self::Site];

    /// The name of the key in a rule; of the validity its own.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Validity => "validity",
            Self::Region => "region",
            Self::Commodity => "commodity",
            Self::Mode => "mode",
            Self::Site => "site",
        }
    }
}

/// The key of one rule, whatever its status.
pub(crate) struct RuleKey {
    index: KeyIndex,
    /// The parts of the key that the rule asks for, by stage, with the fields of the schema.
    parts: Vec<(KeyStage, Part, Option<FieldId>)>,
    from: Option<Date>,
    until: Option<Date>,
}

/// Whether texts fit, by part of the key, period and text.
#[derive(Default)]
pub(crate) struct KeyMemo {
    known: Vec<Vec<HashMap<Box<str>, bool, FixedState>>>,
    entries: usize,
}

/// Texts that are remembered, over all parts and periods.
const TEXTS_MAX: usize = 65_536;

/// Which stages a line does not pass, and where it has no value to pass them by: a bit for each stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unfit {
    pub blocked: u8,
    pub missing: u8,
}

impl RuleKey {
    pub(crate) fn new(pack: &Pack, rule: usize) -> Self {
        let definition = &pack.rules[rule];
        let index = KeyIndex::of(pack, vec![rule as u32]);
        let keys = &pack.schema.keys;
        let mut parts = Vec::new();
        let asked = [
            (KeyStage::Region, Part::Region, keys.region),
            (KeyStage::Commodity, Part::Commodity, keys.commodity),
            (KeyStage::Mode, Part::Mode, keys.mode),
            (KeyStage::Site, Part::SiteKind, keys.site_kind),
        ];
        let sites = keys.site.iter().enumerate();
        let sites = sites.map(|(at, &(_, field))| (KeyStage::Site, Part::Site(at), Some(field)));
        for (stage, part, field) in asked.into_iter().chain(sites) {
            if index.dimension(part).is_asked() {
                parts.push((stage, part, field));
            }
        }
        Self { index, parts, from: definition.from, until: definition.until }
    }

    /// The stages that can keep a line from the condition.
    pub(crate) fn stages(&self) -> Vec<KeyStage> {
        let asks = |stage: &KeyStage| match stage {
            KeyStage::Validity => self.from.is_some() || self.until.is_some(),
            stage => self.parts.iter().any(|(of, ..)| of == stage),
        };
        KeyStage::ALL.into_iter().filter(asks).collect()
    }

    /// The fields by which a line passes a stage.
    pub(crate) fn fields(&self, stage: KeyStage) -> impl Iterator<Item = FieldId> + '_ {
        self.parts.iter().filter(move |(of, ..)| *of == stage).filter_map(|(_, _, field)| *field)
    }

    /// How many days a line is outside of the validity.
    pub(crate) fn days_off(&self, day: Date) -> i32 {
        let early = self.from.map_or(0, |from| from.days() - day.days());
        let late = self.until.map_or(0, |until| day.days() - until.days());
        early.max(late).max(0)
    }

    /// Which stages a line does not pass.
    pub(crate) fn unfit(&self, memo: &mut KeyMemo, values: &BatchValues, line: usize) -> Unfit {
        let mut unfit = Unfit::default();
        let day = values.day(line);
        if day.is_some_and(|day| self.days_off(day) > 0) {
            unfit.blocked |= 1 << KeyStage::Validity as u8;
        }
        if self.parts.is_empty() {
            return unfit;
        }
        let period = self.index.period(day);
        let (mut passed, mut has_value) = (0_u8, 0_u8);
        for (at, &(stage, part, field)) in self.parts.iter().enumerate() {
            let bit = 1 << stage as u8;
            if passed & bit != 0 {
                continue;
            }
            unfit.blocked |= bit;
            let Some(text) = field.and_then(|field| values.text_of(line, field)) else { continue };
            has_value |= bit;
            if memo
                .fits(at, period, text, || self.index.rules_of(part, Some(text), day).iter().next().is_some())
            {
                passed |= bit;
            }
        }
        unfit.blocked &= !passed;
        unfit.missing = unfit.blocked & !has_value & !(1 << KeyStage::Validity as u8);
        unfit
    }
}

impl KeyMemo {
    fn fits(&mut self, part: usize, period: usize, text: &str, find: impl FnOnce() -> bool) -> bool {
        if self.entries >= TEXTS_MAX {
            *self = Self::default();
        }
        if self.known.len() <= part {
            self.known.resize_with(part + 1, Vec::new);
        }
        let periods = &mut self.known[part];
        if periods.len() <= period {
            periods.resize_with(period + 1, HashMap::default);
        }
        let texts = &mut periods[period];
        if let Some(&known) = texts.get(text) {
            return known;
        }
        let fits = find();
        texts.insert(text.into(), fits);
        self.entries += 1;
        fits
    }
}
