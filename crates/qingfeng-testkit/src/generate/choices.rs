//! A stream of choices, made of bytes.

/// Makes choices out of bytes: what libFuzzer mutates, what proptest shrinks, what a seeded generator fills.
///
/// When the bytes are used up every further choice is the first one. So that fewer and smaller bytes make a simpler
/// case, whoever asks puts the simplest alternative first.
///
/// ```
/// use qingfeng_testkit::generate::Choices;
///
/// let mut choices = Choices::new(&[0, 255, 128]);
/// assert_eq!([choices.below(10), choices.below(10), choices.below(10)], [0, 9, 5]);
/// assert_eq!(choices.below(10), 0, "there are no bytes left");
/// ```
#[derive(Clone, Debug)]
pub struct Choices<'b> {
    bytes: &'b [u8],
}

impl<'b> Choices<'b> {
    /// Choices made of these bytes, from the first to the last.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    fn byte(&mut self) -> usize {
        match self.bytes.split_first() {
            Some((&first, rest)) => {
                self.bytes = rest;
                first.into()
            }
            None => 0,
        }
    }

    /// Whether all bytes are used.
    pub fn is_exhausted(&self) -> bool {
        self.bytes.is_empty()
    }

    /// A number below `end`; 0 if `end` is 0. Smaller bytes make smaller numbers.
    pub fn below(&mut self, end: usize) -> usize {
        if end <= 1 {
            return 0;
        }
        if end <= 64 {
            return (self.byte() * end) >> 8;
        }
        let number = (self.byte() << 8) | self.byte();
        (number * end) >> 16
    }

    /// A number from `start` to `end`, both included.
    pub fn between(&mut self, start: usize, end: usize) -> usize {
        start + self.below(end - start + 1)
    }

    /// True in so many of a hundred cases; false when the bytes are used up.
    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) >= 100 - chance.min(100)
    }

    /// One of these. There must be at least one.
    pub fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }

    /// One of these texts.
    pub fn word<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    /// The position of one of these weights, the first where the bytes are used up.
    pub fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut at = self.below(weights.iter().sum());
        for (position, &weight) in weights.iter().enumerate() {
            match at.checked_sub(weight) {
                None => return position,
                Some(rest) => at = rest,
            }
        }
        0
    }
}

#[cfg(test)]
mod tests;
