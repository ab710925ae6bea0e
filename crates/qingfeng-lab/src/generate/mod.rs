//! Synthetic export declarations: a year of a country's trade, with planted violations.
//!
//! The declarations hold what the form does, with the codes of the lists that the engine knows.

mod brands;
mod calendar;
mod columns;
mod countries;
mod data;
mod declaration;
pub(crate) mod disguise;
mod goods;
mod line;
mod places;
mod random;
mod text;
mod traders;
mod violations;

use std::fmt;
use std::iter::FusedIterator;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use qingfeng_rules::Date;

use columns::Columns;
use declaration::{Drafter, MOST_LINES};

/// Lines after which a batch ends with its declaration.
const BATCH_LINES: usize = 8_192;
/// The year of a stream that is asked for no other: the campaign's second.
const USUAL_YEAR: i32 = 2016;

/// A stream of synthetic declarations of the year 2016, or of other days, in the order of their dates.
///
/// For trials, training and measurements where real declarations cannot be had. The goods, partners, ports
/// and modes follow the campaign against counterfeit and substandard export goods of 2015 to 2017: most
/// lines are ordinary, about two of a hundred violate, more of them among the campaign's goods, regions and
/// modes, and by parties that were found before. Most violations leave a tell, which is one of:
///
/// | tell | what the declaration shows |
/// | --- | --- |
/// | `price` | a unit price far below the usual one |
/// | `no_brand` | no brand where there should be one |
/// | `look_alike` | a brand that looks like a protected one: `DEL1`, `HA0JUE` |
/// | `unauthorised` | a protected brand of an exporter without authorisation |
/// | `mass` | a mass a piece that does not fit the goods |
/// | `wording` | a goods name that says replica, style of, no logo, 贴牌, 仿, 无牌 |
/// | `split` | market procurement split just under 150,000 USD a declaration |
/// | `district` | an origin district that does not make such goods |
/// | `transit` | a transit country that hides the destination |
/// | `parcels` | many small parcels of one branded product on a day |
/// | `newcomer` | an exporter registered weeks ago with large volume |
/// | `certificate` | no certificate for batteries, toys or appliances |
/// | `found_before` | an exporter or producer found before, and nothing else |
///
/// Some violations show nothing, and some lines without a violation show a tell, as in life.
///
/// Who is who follows from the codes. Exporters are `E000001` to `E050000`; those with even numbers up to `E000090` are
/// trusted traders, and violate less; those above `E046000` are registered during the year in the order of their numbers, and
/// violate more while they are new. Exporters whose number is a multiple of 997 and
/// producers (`P00001` to `P20000`) whose number is a multiple of 499 were found before. For the protected
/// brand with index `i` of DELI, SHUFANG, HAOJUE, LIFAN, ZONGHAI, TECVO, HUAXIN, SANXIN, AURELIO, VANTORI,
/// BELLMONT, RUNWELL, TRIVANTE, VOLTMAX, POWERON, KIDDOLAND, MIDERA, GREELUX, STANFORT, DONGYUE and CERAMIX
/// the exporters `100 + 10 * i` to `104 + 10 * i` are authorised.
///
/// The same seed and number of lines give the same bytes on every machine: all amounts are whole numbers
/// until they are written, and the spreads come from tables. Memory is that of a batch, whatever the number
/// of lines.
///
/// ```
/// use qingfeng_lab::Generator;
///
/// let mut lines = 0;
/// for generated in Generator::new(2016, 20_000) {
///     lines += generated.declarations.num_rows();
///     assert_eq!(generated.outcomes.num_rows(), generated.declarations.num_rows());
/// }
/// assert_eq!(lines, 20_000);
/// ```
pub struct Generator {
    seed: u64,
    lines: u64,
    written: u64,
    drafter: Drafter,
}

/// A batch of declarations and what full inspections of them would find.
///
/// ```
/// use qingfeng_lab::Generator;
///
/// let generated = Generator::new(2016, 100).next().unwrap();
/// assert_eq!(generated.declarations.schema(), Generator::schema());
/// assert_eq!(generated.outcomes.schema(), Generator::outcomes_schema());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// One row a goods line; a declaration's header is repeated on each of its lines.
    pub declarations: RecordBatch,
    /// One row for every row of `declarations`, in the same order.
    pub outcomes: RecordBatch,
}

impl Generator {
    /// A stream of `lines` goods lines in all, the last declaration cut to fit. Every seed gives other
    /// declarations.
    ///
    /// The days of the year are spread over the whole stream, so that a longer stream is a busier year and
    /// not a continuation of the shorter one.
    ///
    /// ```
    /// use qingfeng_lab::Generator;
    ///
    /// assert!(Generator::new(1, 0).next().is_none());
    /// let first = Generator::new(1, 10).next().unwrap();
    /// assert_eq!(Generator::new(1, 10).next().unwrap(), first);
    /// assert_ne!(Generator::new(2, 10).next().unwrap(), first);
    /// ```
    pub fn new(seed: u64, lines: u64) -> Self {
        Self { seed, lines, written: 0, drafter: Drafter::new(seed, USUAL_YEAR) }
    }

    /// The same exporters' declarations, spread over the days from the first to the last of these alone: a month of trade,
    /// say. `None` unless they are days of one year, in order. The years are 2015 to 2026; codes, modes and boxes of the
    /// declaration are those of its day.
    ///
    /// ```
    /// use qingfeng_lab::Generator;
    /// use qingfeng::rules::Date;
    ///
    /// let [first, last]: [Date; 2] = ["2016-09-01", "2016-09-30"].map(|day| day.parse().unwrap());
    /// assert!(Generator::new(1, 10).between(first, last).unwrap().next().is_some());
    /// assert!(Generator::new(1, 10).between(last, first).is_none());
    /// assert!(Generator::new(1, 10).between(first, last.plus_days(365).unwrap()).is_none());
    /// ```
    #[must_use]
    pub fn between(mut self, first: Date, last: Date) -> Option<Self> {
        let year = i32::try_from(first.year()).ok().filter(|year| calendar::YEARS.contains(year))?;
        if last.year() != first.year() || last < first {
            return None;
        }
        let [first, last] = [first, last].map(|day| calendar::day_of_year(day) as usize);
        self.drafter = Drafter::new(self.seed, year).within(first..=last);
        Some(self)
    }

    /// The columns of the declarations, named as the fields of the standard schema. Texts and codes are
    /// `Utf8`, whole numbers `Int64`, other numbers `Float64`, dates `Date32`.
    ///
    /// `declaration_id`, `destination`, `mode` and `hs` are never missing; the rest is nullable, though
    /// `declared_on`, `declaration_office` and `item_no` are always there. `brand_kind`, which the form asks for since 2018, is
    /// always missing before.
    ///
    /// ```
    /// use qingfeng_lab::Generator;
    ///
    /// let schema = Generator::schema();
    /// assert_eq!(schema.field(0).name(), "declaration_id");
    /// assert!(!schema.field_with_name("hs").unwrap().is_nullable());
    /// assert!(schema.field_with_name("brand").unwrap().is_nullable());
    /// ```
    pub fn schema() -> SchemaRef {
        columns::declarations_schema()
    }

    /// The columns of the outcomes: `declaration_id`, `item_no` and `declared_on` as in the declarations,
    /// then `result` (clear, counterfeit, fake, inferior, safety, health, environment or misdeclared),
    /// `tell` (by what the violation can be told; missing for lines without one and for those that do not
    /// show it), `pieces` and `value` in USD of what violates, `fine` in yuan and `major_case`.
    ///
    /// A case is a declaration: its fine stands on the first of its lines that violates. Lines without a
    /// violation have 0 pieces, value and fine.
    ///
    /// ```
    /// use qingfeng_lab::Generator;
    ///
    /// let schema = Generator::outcomes_schema();
    /// assert_eq!(schema.field(3).name(), "result");
    /// assert!(schema.field_with_name("tell").unwrap().is_nullable());
    /// ```
    pub fn outcomes_schema() -> SchemaRef {
        columns::outcomes_schema()
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generator")
            .field("lines", &self.lines)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

impl Iterator for Generator {
    type Item = Generated;

    /// The next batch of about 8,192 lines. Declarations are never split between batches.
    fn next(&mut self) -> Option<Generated> {
        let left = self.lines - self.written;
        if left == 0 {
            return None;
        }
        let room = BATCH_LINES + MOST_LINES as usize;
        let mut columns = Columns::with_capacity(usize::try_from(left).unwrap_or(room).min(room));
        while columns.len() < BATCH_LINES && self.written < self.lines {
            self.written += self.drafter.declare(self.written, self.lines, &mut columns);
        }
        let (declarations, outcomes) = columns.finish();
        Some(Generated { declarations, outcomes })
    }
}

impl FusedIterator for Generator {}

#[cfg(test)]
mod tests;
