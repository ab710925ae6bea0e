//! How much inspection declarations of each worth would take: sums of cost by worth per cost.

/// How many bins there are. The last stand for more worth per cost than there can be.
const BINS: usize = 1 << 14;
/// Bits of the fraction of a number that tell bins apart: 128 bins to each doubling.
const FRACTION_BITS: u32 = 7;
/// The least worth per cost that has a bin of its own: 2^-32.
const LOWEST: u64 = (1_023 - 32) << FRACTION_BITS;

/// The bin of a worth and a cost: the higher the worth per cost, the higher the bin. Worth up to 0 is in bin 0.
///
/// Bins follow the bits of the number, sign, exponent and the first of the fraction, so that each is less than 0.8 %
/// wide and no logarithm is needed.
pub(super) fn bin(worth: i64, cost: u32) -> usize {
    if worth <= 0 {
        return 0;
    }
    let density = worth as f64 / f64::from(cost.max(1));
    let at = (density.to_bits() >> (52 - FRACTION_BITS)).saturating_sub(LOWEST) as usize + 1;
    at.min(BINS - 1)
}

/// The least worth per cost in a bin.
pub(super) fn density(bin: usize) -> f64 {
    match bin {
        0 => 0.0,
        bin => f64::from_bits((bin as u64 - 1 + LOWEST) << (52 - FRACTION_BITS)),
    }
}

/// Sums by bin, in a tree of partial sums (Fenwick 1994) from the highest bin down.
#[derive(Clone, Debug)]
pub(super) struct Mass {
    tree: Vec<u64>,
    total: u64,
}

impl Mass {
    pub(super) fn new() -> Self {
        Self { tree: vec![0; BINS + 1], total: 0 }
    }

    /// Adds an amount to a bin.
    pub(super) fn add(&mut self, bin: usize, amount: u64) {
        self.change(bin, |sum| sum.saturating_add(amount));
    }

    /// Takes an amount out of a bin that was added to it.
    pub(super) fn remove(&mut self, bin: usize, amount: u64) {
        self.change(bin, |sum| sum.saturating_sub(amount));
    }

    fn change(&mut self, bin: usize, change: impl Fn(u64) -> u64) {
        self.total = change(self.total);
        let mut at = BINS - bin;
        while at <= BINS {
            self.tree[at] = change(self.tree[at]);
            at += at & at.wrapping_neg();
        }
    }

    /// All bins together.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// The sum of a bin and all above it.
    fn at_or_above(&self, bin: usize) -> u64 {
        let (mut at, mut sum) = (BINS - bin, 0_u64);
        while at > 0 {
            sum = sum.saturating_add(self.tree[at]);
            at &= at - 1;
        }
        sum
    }
}

/// Two sums as one: what was seen on earlier days and what was seen today, each by its factor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'m> {
    pub(super) earlier: (&'m Mass, f64),
    pub(super) today: (&'m Mass, f64),
}

/// Which declarations an amount of inspection suffices for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Threshold {
    /// Bins above this one are served whole.
    pub(super) bin: usize,
    /// The part of this bin that is served.
    pub(super) part: f64,
}

impl Threshold {
    /// Everything is served.
    pub(super) const NONE: Self = Self { bin: 0, part: 1.0 };

    /// Whether a declaration of this bin is served. Of the bin in between all are served if at least half can be:
    /// rounding to the nearer is what keeps the loss bounded (Arlotto and Gurvich 2019).
    pub(super) fn passes(self, bin: usize) -> bool {
        bin > self.bin || (bin == self.bin && self.part >= 0.5)
    }

    /// The least worth per cost that passes.
    pub(super) fn density(self) -> f64 {
        density(if self.part >= 0.5 { self.bin } else { (self.bin + 1).min(BINS - 1) })
    }
}

impl Expected<'_> {
    fn both(&self, earlier: u64, today: u64) -> f64 {
        self.earlier.1 * earlier as f64 + self.today.1 * today as f64
    }

    pub(super) fn total(&self) -> f64 {
        self.both(self.earlier.0.total(), self.today.0.total())
    }

    /// The sum of all that passes.
    pub(super) fn passing(&self, threshold: Threshold) -> f64 {
        let from = |bin| self.both(self.earlier.0.at_or_above(bin), self.today.0.at_or_above(bin));
        if threshold.part >= 0.5 { from(threshold.bin) } else { from((threshold.bin + 1).min(BINS - 1)) }
    }

    /// The threshold at which so much is served, the best first.
    pub(super) fn threshold(&self, amount: f64) -> Threshold {
        if self.total() <= amount {
            return Threshold::NONE;
        }
        let (mut at, mut sum) = (0, 0.0);
        let mut step = BINS;
        while step > 0 {
            if at + step <= BINS {
                let more = self.both(self.earlier.0.tree[at + step], self.today.0.tree[at + step]);
                if sum + more <= amount {
                    sum += more;
                    at += step;
                }
            }
            step /= 2;
        }
        if at >= BINS {
            return Threshold::NONE;
        }
        let bin = BINS - 1 - at;
        let from = self.both(self.earlier.0.at_or_above(bin), self.today.0.at_or_above(bin));
        let width = from - sum;
        let part = if width > 0.0 { ((amount - sum) / width).clamp(0.0, 1.0) } else { 0.0 };
        Threshold { bin, part }
    }
}

#[cfg(test)]
mod tests;
