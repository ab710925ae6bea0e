//! What was found on lines, in three numbers.

use std::fmt;

use qingfeng::{Assessment, ItemAssessment};

use crate::hand::HandResult;

/// What was found on lines: how many lines, how many pairs of a line and a rule that fired on it, their points, and a
/// digest of the pairs with their points, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "said above")]
pub struct Checksum {
    pub lines: u64,
    pub fired: u64,
    pub points: i64,
    pub digest: u64,
}

impl Default for Checksum {
    fn default() -> Self {
        // FNV-1a begins with this.
        Self { lines: 0, fired: 0, points: 0, digest: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Checksum {
    /// Adds the next line.
    pub fn add(&mut self, points: i64, fired: impl IntoIterator<Item = (u32, i64)>) {
        self.points += points;
        for (rule, points) in fired {
            self.fired += 1;
            for part in [self.lines, rule.into(), points as u64] {
                for byte in part.to_le_bytes() {
                    self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
                }
            }
        }
        self.lines += 1;
    }

    /// Adds the lines of an assessment by the engine; the rules are those of a [`Workload`](super::Workload).
    ///
    /// # Panics
    ///
    /// The id of a rule is not one of a workload, or a rule could not be evaluated.
    pub fn add_assessment(&mut self, assessment: &Assessment) {
        for item in &assessment.items {
            self.add_item(item);
        }
    }

    fn add_item(&mut self, item: &ItemAssessment) {
        assert!(item.faults.is_empty(), "rules of a workload have no faults: {:?}", item.faults);
        let position = |id: &str| {
            let number = id.strip_prefix('R').and_then(|number| number.parse().ok());
            number.unwrap_or_else(|| panic!("{id} is no rule of a workload"))
        };
        self.add(item.points, item.fired.iter().map(|fired| (position(&fired.rule), fired.points)));
    }

    /// Adds lines evaluated by hand.
    pub fn add_results(&mut self, results: &[HandResult]) {
        for result in results {
            self.add(result.points, result.fired.iter().copied());
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines, {} fired, {} points, {:016x}", self.lines, self.fired, self.points, self.digest)
    }
}
