//! The original trade, day by day.

use arrow_array::{Array, Date32Array};
use qingfeng_rules::Date;

use super::consignment::column;
use crate::generate::{Generated, Generator};

/// The days of a stream of the generator, each as the pieces in which it comes. Days without trade are left out.
pub(super) struct Days {
    generator: Generator,
    /// What of the last batch is not given out, and the day that it begins with.
    left: Option<Generated>,
}

impl Days {
    /// `None` unless these are days of one year in order.
    pub(super) fn new(seed: u64, lines: u64, from: Date, until: Date) -> Option<Self> {
        Some(Self { generator: Generator::new(seed, lines).between(from, until)?, left: None })
    }

    fn next_batch(&mut self) -> Option<Generated> {
        self.left.take().or_else(|| self.generator.next())
    }
}

/// The day of a line, and how many lines from the first on have it.
fn first_day(generated: &Generated) -> Option<(Date, usize)> {
    let days: &Date32Array = generated.declarations.column(column::DECLARED_ON).as_any().downcast_ref()?;
    let first = (!days.is_empty()).then(|| days.value(0))?;
    let end = days.values().partition_point(|&day| day <= first);
    Some((Date::from_days(first)?, end))
}

impl Iterator for Days {
    type Item = (Date, Vec<Generated>);

    fn next(&mut self) -> Option<Self::Item> {
        let mut of_day: Option<(Date, Vec<Generated>)> = None;
        while let Some(batch) = self.next_batch() {
            let Some((day, end)) = first_day(&batch) else { continue };
            if of_day.as_ref().is_some_and(|(open, _)| *open != day) {
                self.left = Some(batch);
                break;
            }
            let slice = |from: usize, lines: usize| Generated {
                declarations: batch.declarations.slice(from, lines),
                outcomes: batch.outcomes.slice(from, lines),
            };
            let lines = batch.declarations.num_rows();
            of_day.get_or_insert((day, Vec::new())).1.push(slice(0, end));
            if end < lines {
                self.left = Some(slice(end, lines - end));
                break;
            }
        }
        of_day
    }
}

#[cfg(test)]
mod tests;
