//! Randomness that gives the same values on every machine: a portable generator, integer draws, and
//! tables for skewed spreads instead of platform float functions.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;

/// A whole: [`Random::chance`] takes parts of a million.
pub(super) const MILLION: u32 = 1_000_000;

/// A stream of draws, fixed by its seed and its stream number.
#[derive(Debug, Clone)]
pub(super) struct Random(Pcg64Mcg);

impl Random {
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        // The state is mixed here, not by `SeedableRng::seed_from_u64`, whose mixing a new version of
        // that crate may change.
        let high = mix(seed ^ mix(stream));
        let low = mix(high ^ seed.rotate_left(32));
        Self(Pcg64Mcg::new((u128::from(high) << 64) | u128::from(low)))
    }

    /// A number below `n`, 0 where `n` is 0. The bias, below `n` in 2^32, does not matter here.
    #[inline]
    pub(super) fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.bits()) * u64::from(n)) >> 32) as u32
    }

    /// A number from `low` to `high`, both included.
    #[inline]
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// True in `parts` of a million draws.
    #[inline]
    pub(super) fn chance(&mut self, parts: u32) -> bool {
        self.below(MILLION) < parts
    }

    /// True in `percent` of a hundred draws.
    #[inline]
    pub(super) fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`, which must not be empty.
    #[inline]
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u32) as usize]
    }

    /// `value` times a draw from `spread`.
    #[inline]
    pub(super) fn spread(&mut self, value: u64, spread: &Spread) -> u64 {
        value * u64::from(spread.draw(self)) / 1_000
    }

    /// The index of one of `weights`, as often as its weight says. For a handful of weights; more of them
    /// belong in [`Weighted`].
    #[inline]
    pub(super) fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (index, &weight) in weights.iter().enumerate() {
            if left < weight {
                return index;
            }
            left -= weight;
        }
        weights.len() - 1
    }

    #[inline]
    fn bits(&mut self) -> u32 {
        (self.0.next_u64() >> 32) as u32
    }
}

/// Scrambles a number so that neighbours have nothing in common (the finaliser of SplitMix64).
#[inline]
pub(super) fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// A number below `n` that belongs to `key` for good, without a stream.
#[inline]
pub(super) fn pinned(key: u64, n: u32) -> u32 {
    (((mix(key) >> 32) * u64::from(n)) >> 32) as u32
}

/// A log-normal spread around 1,000, as 33 quantiles between which draws are interpolated.
#[derive(Debug)]
pub(super) struct Spread([u32; 33]);

/// Prices of like goods: a standard deviation of a quarter in the logarithm.
pub(super) const NARROW: Spread = Spread([
    534, 628, 681, 719, 750, 777, 801, 824, 845, 865, 885, 904, 923, 942, 961, 981, 1000, 1020, 1040, 1061,
    1083, 1106, 1130, 1156, 1184, 1214, 1248, 1287, 1333, 1390, 1467, 1593, 1874,
]);

/// Sizes of lots and fines: a standard deviation of nine tenths in the logarithm.
pub(super) const WIDE: Spread = Spread([
    104, 187, 251, 305, 355, 403, 450, 497, 545, 594, 644, 696, 751, 808, 868, 932, 1000, 1073, 1152, 1238,
    1332, 1436, 1553, 1684, 1835, 2011, 2222, 2482, 2816, 3275, 3978, 5347, 9592,
]);

impl Spread {
    /// A multiplier in thousandths.
    #[inline]
    fn draw(&self, random: &mut Random) -> u32 {
        let at = random.below(32 << 10);
        let (cell, part) = ((at >> 10) as usize, at & 1023);
        let (low, high) = (self.0[cell], self.0[cell + 1]);
        low + (((high - low) * part) >> 10)
    }
}

/// Draws indices as often as their weights say.
#[derive(Debug, Clone)]
pub(super) struct Weighted {
    cumulative: Box<[u32]>,
    total: u32,
}

impl Weighted {
    /// The weights must add up to less than 2^32, and to more than 0.
    pub(super) fn new(weights: impl Iterator<Item = u32>) -> Self {
        let mut total = 0;
        let cumulative = weights
            .map(|weight| {
                total += weight;
                total
            })
            .collect();
        Self { cumulative, total }
    }

    #[inline]
    pub(super) fn draw(&self, random: &mut Random) -> usize {
        let at = random.below(self.total);
        self.cumulative.partition_point(|&bound| bound <= at)
    }
}

#[cfg(test)]
mod tests;
