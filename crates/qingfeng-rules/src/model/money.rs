//! Rates of currencies, by which values become the pack's currency.

use std::collections::BTreeMap;

use crate::base::value::Date;

/// The currency of the pack's values and what others are worth in it, each from a day until its next rate.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Money {
    /// The currency that values are in.
    pub currency: String,
    /// By currency, the days from which a rate holds, rising, each with what one unit is worth.
    pub rates: BTreeMap<String, Vec<(Date, f64)>>,
    /// The last day for which the rates are known.
    pub until: Option<Date>,
}

impl Money {
    /// What one unit of a currency is worth on a day, if the pack says so.
    pub fn rate(&self, currency: &str, day: Date) -> Option<f64> {
        if currency == self.currency {
            return Some(1.0);
        }
        if self.until.is_some_and(|until| day > until) {
            return None;
        }
        let rates = self.rates.get(currency)?;
        let at = rates.partition_point(|(from, _)| *from <= day).checked_sub(1)?;
        Some(rates[at].1)
    }
}

#[cfg(test)]
mod tests;
