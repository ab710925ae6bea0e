//! Draws rules.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

use super::keys::KeyChoices;
use super::sample::{GoodsSample, Sample};
use super::{Condition, HandRule, KeySet, Mix, NumberField, TextField};

use Condition::{Above, All, Any, Below, Contains, HasWord, HsStartsWith, Is, IsIn, IsMissing};
use NumberField::{NetKg, Quantity, UnitValue, Value};
use TextField::{Brand, Exporter, Port, Unit};

/// Words that give violations away. Some are in a few lines of a thousand, the rest in none.
const TELLING: [&str; 16] = [
    "replica",
    "no logo",
    "style of",
    "贴牌",
    "无牌",
    "仿",
    "copy",
    "first copy",
    "counterfeit",
    "高仿",
    "A货",
    "原单",
    "OEM",
    "without logo",
    "unbranded",
    "iphone",
];

struct Random(Pcg64Mcg);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        (((u128::from(self.0.next_u64())) * n as u128) >> 64) as usize
    }

    fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// Some of the choices, as often as their weights say, each once.
    fn key(&mut self, choices: &[(KeySet, u32)], most: usize) -> KeySet {
        let count = self.between(1, most);
        let total: u32 = choices.iter().map(|(_, weight)| weight).sum();
        let mut key = KeySet { names: Vec::new(), codes: Vec::new() };
        while key.names.len() < count {
            let mut left = self.below(total as usize) as u32;
            let chosen = choices.iter().find(|(_, weight)| {
                let is_here = left < *weight;
                left = left.wrapping_sub(*weight);
                is_here
            });
            if let Some((more, _)) = chosen.filter(|(more, _)| !key.names.contains(&more.names[0])) {
                key.names.extend(more.names.iter().cloned());
                key.codes.extend(more.codes.iter().cloned());
            }
        }
        key.codes.sort_unstable();
        key.codes.dedup();
        key
    }
}

/// Writes rules over lines like those of a sample.
pub(super) struct Drafter<'s> {
    random: Random,
    mix: Mix,
    sample: &'s Sample<'s>,
    keys: KeyChoices,
}

impl<'s> Drafter<'s> {
    pub(super) fn new(seed: u64, mix: Mix, sample: &'s Sample<'s>) -> Self {
        Self { random: Random(Pcg64Mcg::seed_from_u64(seed)), mix, sample, keys: KeyChoices::new() }
    }

    pub(super) fn rules(&mut self, count: usize) -> Vec<HandRule> {
        (0..count).map(|at| self.rule(at)).collect()
    }

    fn rule(&mut self, at: usize) -> HandRule {
        let random = &mut self.random;
        let mut is_keyed = || self.mix != Mix::NoKeys && !random.percent(10);
        let [by_region, by_commodity, by_mode] = [is_keyed(), is_keyed(), is_keyed()];
        let region = by_region.then(|| random.key(&self.keys.region, 3));
        let commodity = by_commodity.then(|| random.key(&self.keys.commodity, 1));
        let mode = by_mode.then(|| random.key(&self.keys.mode, 3));
        let score =
            if random.percent(5) { -(random.between(1, 10) as i64) } else { random.between(1, 30) as i64 };
        let goods = self.sample.of(commodity.as_ref());
        let comparisons = random.between(1, 5);
        let condition = self.condition(goods, comparisons);
        let is_looped = self.mix == Mix::Residual10 && self.random.percent(10);
        let looped_ports = is_looped.then(|| self.values(goods, Port, 3));
        let condition = match &looped_ports {
            None => condition,
            Some(ports) => All(vec![IsIn(Port, ports.clone()), condition]),
        };
        HandRule { id: format!("R{at:05}"), region, commodity, mode, score, condition, looped_ports }
    }

    /// A condition of so many comparisons.
    fn condition(&mut self, goods: &GoodsSample<'_>, comparisons: usize) -> Condition {
        let mut broad = || self.test(goods, false);
        let [a, b, c] = [broad(), broad(), broad()];
        let mut rare = || self.test(goods, true);
        let [x, y] = [rare(), rare()];
        match comparisons {
            1 => x,
            2 => All(vec![a, x]),
            3 => All(vec![a, Any(vec![x, y])]),
            4 if self.random.percent(50) => Any(vec![All(vec![a, x]), All(vec![b, y])]),
            4 => All(vec![a, b, Any(vec![x, y])]),
            _ if self.random.percent(50) => All(vec![Any(vec![a, b]), c, Any(vec![x, y])]),
            _ => Any(vec![All(vec![a, b, x]), All(vec![c, y])]),
        }
    }

    /// One comparison: a rare one holds on few lines, a broad one on many.
    fn test(&mut self, goods: &GoodsSample<'_>, is_rare: bool) -> Condition {
        match self.mix {
            Mix::Keywords => self.keyword(goods, is_rare),
            Mix::Numeric => self.limit(goods, is_rare),
            _ if is_rare => match self.random.below(100) {
                0..=26 => self.is(goods, Brand),
                27..=34 => self.is(goods, Exporter),
                35..=59 => self.keyword(goods, true),
                _ => self.limit(goods, true),
            },
            _ => match self.random.below(100) {
                0..=19 => IsMissing(Brand),
                20..=39 => {
                    let most = self.random.between(2, 5);
                    IsIn(Port, self.values(goods, Port, most))
                }
                40..=49 => {
                    let most = self.random.between(1, 2);
                    IsIn(Unit, self.values(goods, Unit, most))
                }
                50..=59 => self.hs(goods),
                60..=69 => self.keyword(goods, false),
                _ => self.limit(goods, false),
            },
        }
    }

    fn is(&mut self, goods: &GoodsSample<'_>, field: TextField) -> Condition {
        self.values(goods, field, 1).pop().map_or(IsMissing(field), |value| Is(field, value))
    }

    /// Different values of a field, as often as lines have them.
    fn values(&mut self, goods: &GoodsSample<'_>, field: TextField, most: usize) -> Vec<String> {
        let mut values: Vec<String> = Vec::new();
        for _ in 0..20 {
            if let Some(value) = self.random.pick(&goods.lines).text(field)
                && values.len() < most
                && !values.iter().any(|known| known == value)
            {
                values.push(value.to_owned());
            }
        }
        values
    }

    fn hs(&mut self, goods: &GoodsSample<'_>) -> Condition {
        let digits = *self.random.pick(&[4, 6]);
        let hs = self.random.pick(&goods.lines).hs;
        HsStartsWith(hs.get(..digits).unwrap_or(hs).to_owned())
    }

    fn limit(&mut self, goods: &GoodsSample<'_>, is_rare: bool) -> Condition {
        let field = *self.random.pick(&[UnitValue, UnitValue, Quantity, NetKg, Value]);
        let part = if is_rare { self.random.between(10, 190) } else { self.random.between(250, 800) };
        if field == UnitValue || self.random.percent(20) {
            Below(field, goods.quantile(field, part))
        } else {
            Above(field, goods.quantile(field, 1_000 - part))
        }
    }

    fn keyword(&mut self, goods: &GoodsSample<'_>, is_rare: bool) -> Condition {
        let word = if is_rare && self.random.percent(35) {
            (*self.random.pick(&TELLING)).to_owned()
        } else {
            self.word(goods)
        };
        if self.random.percent(65) { HasWord(word) } else { Contains(word) }
    }

    /// A word of a goods name.
    fn word(&mut self, goods: &GoodsSample<'_>) -> String {
        let name = self.random.pick(&goods.lines).goods.unwrap_or("goods");
        let words: Vec<&str> = name.split_whitespace().collect();
        self.random.pick(&words).to_lowercase()
    }
}
