//! Sets of evaluated rules, numbered as in the key index: as bits, and as whatever takes less where they are few.

/// A set of rules, one bit for each evaluated rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct RuleSet(Box<[u64]>);

impl RuleSet {
    pub(crate) fn empty(rules: usize) -> Self {
        Self(vec![0; rules.div_ceil(64)].into())
    }

    pub(crate) fn insert(&mut self, rule: usize) {
        self.0[rule / 64] |= 1 << (rule % 64);
    }

    pub(crate) fn add(&mut self, rules: &[u32]) {
        rules.iter().for_each(|&rule| self.insert(rule as usize));
    }

    pub(crate) fn unite(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }

    pub(crate) fn keep(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= b);
    }

    /// Becomes what two sets have in common.
    pub(crate) fn copy_common(&mut self, a: &Self, b: &Self) {
        self.0.iter_mut().zip(a.0.iter().zip(&b.0)).for_each(|(to, (a, b))| *to = a & b);
    }

    /// Becomes another set.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.0.copy_from_slice(&other.0);
    }

    /// Adds what two sets have in common.
    fn unite_common(&mut self, a: &Self, b: &Self) {
        self.0.iter_mut().zip(a.0.iter().zip(&b.0)).for_each(|(to, (a, b))| *to |= a & b);
    }

    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    pub(crate) fn contains(&self, rule: usize) -> bool {
        self.0.get(rule / 64).is_some_and(|word| word >> (rule % 64) & 1 == 1)
    }

    pub(crate) fn remove(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= !b);
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }

    /// The rules of the set, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().enumerate().flat_map(|(at, &word)| {
            std::iter::successors((word != 0).then_some(word), |word| {
                let rest = word & (word - 1);
                (rest != 0).then_some(rest)
            })
            .map(move |word| at as u32 * 64 + word.trailing_zeros())
        })
    }
}

/// The rules that depend on one thing: few as a list, many as bits.
#[derive(Clone, Debug)]
pub(crate) enum Dependents {
    Few(Box<[u32]>),
    Many(RuleSet),
}

impl Dependents {
    /// The rules of a list; of `all` rules there are so many.
    pub(crate) fn new(mut list: Vec<u32>, all: usize) -> Self {
        list.sort_unstable();
        list.dedup();
        // Two words of bits take about as long as one rule of a list.
        if list.len() * 2 <= all.div_ceil(64) {
            return Self::Few(list.into());
        }
        let mut set = RuleSet::empty(all);
        set.add(&list);
        Self::Many(set)
    }

    /// Adds those that are candidates.
    #[inline]
    pub(crate) fn add(&self, candidates: &RuleSet, visits: &mut RuleSet) {
        match self {
            Self::Few(rules) => {
                for &rule in rules {
                    if candidates.contains(rule as usize) {
                        visits.insert(rule as usize);
                    }
                }
            }
            Self::Many(rules) => visits.unite_common(rules, candidates),
        }
    }

    /// Whether any of them is a candidate.
    #[inline]
    pub(crate) fn meets(&self, candidates: &RuleSet) -> bool {
        match self {
            Self::Few(rules) => rules.iter().any(|&rule| candidates.contains(rule as usize)),
            Self::Many(rules) => rules.meets(candidates),
        }
    }
}

/// The bounds of a rule on a number, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub low: f64,
    pub high: f64,
    pub rule: u32,
}

/// The bounds of all rules on one number, cut into stretches so that a number asks few of them.
#[derive(Debug)]
pub(crate) struct Intervals {
    /// Where each stretch but the first begins, rising.
    starts: Box<[f64]>,
    /// For each stretch the rules that take all of its numbers.
    whole: Box<[RuleSet]>,
    /// Those that take some of its numbers, of all stretches one after the other.
    partial: Box<[Bounds]>,
    /// Where those of each stretch end.
    ends: Box<[u32]>,
}

impl Intervals {
    /// The bounds of rules, of which there are `all`.
    pub(crate) fn new(bounds: &[Bounds], all: usize) -> Self {
        let mut ends: Vec<f64> = bounds.iter().flat_map(|of| [of.low, of.high]).collect();
        ends.retain(|end| end.is_finite());
        ends.sort_unstable_by(f64::total_cmp);
        // So many bounds within a stretch take about as long as the bits of those beyond it.
        let in_stretch = (all.div_ceil(64) / 2).max(8);
        let mut starts: Vec<f64> = ends.iter().copied().skip(in_stretch).step_by(in_stretch).collect();
        starts.dedup();
        let stretches = starts.len() + 1;
        // Whole stretches from each rule's bounds: most rules have many of them, so they are noted where they begin and
        // end.
        let mut begin: Vec<Vec<u32>> = vec![Vec::new(); stretches + 1];
        let mut end: Vec<Vec<u32>> = vec![Vec::new(); stretches + 1];
        let mut partial: Vec<Vec<Bounds>> = vec![Vec::new(); stretches];
        for of in bounds.iter().filter(|of| of.low <= of.high) {
            let first = starts.partition_point(|start| *start <= of.low);
            let last = starts.partition_point(|start| *start <= of.high);
            // The first stretch is whole if nothing of it lies before; a later one begins at its start.
            let from = first + usize::from(first_number(&starts, first) < of.low);
            // The last is never known to be whole, but for that without an end.
            let to = if last + 1 == stretches && of.high == f64::INFINITY { last + 1 } else { last };
            if from < to {
                begin[from].push(of.rule);
                end[to].push(of.rule);
            }
            for stretch in (first..=last).filter(|stretch| !(from..to).contains(stretch)) {
                partial[stretch].push(*of);
            }
        }
        let mut depth = std::collections::BTreeMap::<u32, u32>::new();
        let whole = (0..stretches).map(|stretch| {
            for &rule in &end[stretch] {
                if let Some(known) = depth.get_mut(&rule) {
                    *known -= 1;
                    if *known == 0 {
                        depth.remove(&rule);
                    }
                }
            }
            begin[stretch].iter().for_each(|&rule| *depth.entry(rule).or_default() += 1);
            let mut set = RuleSet::empty(all);
            depth.keys().for_each(|&rule| set.insert(rule as usize));
            set
        });
        let whole = whole.collect();
        let mut count = 0;
        let ends = partial.iter().map(|of| {
            count += of.len() as u32;
            count
        });
        let ends = ends.collect();
        Self { starts: starts.into(), whole, partial: partial.into_iter().flatten().collect(), ends }
    }

    /// Adds the candidates whose bounds take a number.
    #[inline]
    pub(crate) fn add(&self, number: f64, candidates: &RuleSet, visits: &mut RuleSet) {
        let stretch = self.starts.partition_point(|start| *start <= number);
        if !self.starts.is_empty() {
            visits.unite_common(&self.whole[stretch], candidates);
        }
        let first = if stretch == 0 { 0 } else { self.ends[stretch - 1] as usize };
        for of in &self.partial[first..self.ends[stretch] as usize] {
            if of.low <= number && number <= of.high && candidates.contains(of.rule as usize) {
                visits.insert(of.rule as usize);
            }
        }
    }
}

/// The least number of a stretch.
fn first_number(starts: &[f64], stretch: usize) -> f64 {
    if stretch == 0 { f64::NEG_INFINITY } else { starts[stretch - 1] }
}

#[cfg(test)]
mod tests;
