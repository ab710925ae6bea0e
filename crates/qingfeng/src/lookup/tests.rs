//! Tests of `lookup`.

use proptest::prelude::*;
use qingfeng_rules::FieldId;

use super::*;

proptest! {
    /// The row that counts is the first of its key that counts on the day.
    #[test]
    fn the_first_row_in_force_counts(
        rows in prop::collection::vec((0..4_i64, -5..25_i32, -5..25_i32), 0..40),
        without_day in prop::option::of(-5..25_i32),
    ) {
        let column = arrow_array::Int64Array::from_iter(rows.iter().map(|row| (row.0 > 0).then_some(row.0)));
        let open = |day: i32, open: i32| if day < 0 { open } else { day };
        let days: Vec<(i32, i32)> =
            rows.iter().map(|row| (open(row.1, i32::MIN), open(row.2, i32::MAX))).collect();
        let table = Rows { columns: vec![Typed::Integer(column)], days: days.clone(), without_day, otherwise: None };
        let table = LookupTable::compared(table, Compared { key: vec![FieldRef::Declared(FieldId(0))], fold: false, prefix: None });
        // A line for each key and day, and one for each key without a day.
        let asked: Vec<(Option<i64>, Option<i32>)> = [None, Some(1), Some(2), Some(3), Some(4)]
            .into_iter()
            .flat_map(|key| (-6..30).map(Some).chain([None]).map(move |day| (key, day)))
            .collect();
        let key_column = Typed::Integer(asked.iter().map(|line| line.0).collect());
        let day_column = Typed::Date(asked.iter().map(|line| line.1).collect());
        let value = |line: usize, _| key_column.value(line);
        let keys = LineKeys { width: 1, lines: asked.len(), value: &value, texts: None };
        let entries = table.entries(&keys.hashes(), &keys, Some(&day_column));
        for (&(key, day), &entry) in asked.iter().zip(&entries) {
            let counts = |at: &usize| {
                key == Some(rows[*at].0)
                    && rows[*at].0 > 0
                    && day.or(without_day).is_none_or(|day| days[*at].0 <= day && day <= days[*at].1)
            };
            let expected = (0..rows.len()).find(counts).map_or(NONE, |row| row as u32);
            prop_assert_eq!(entry, expected, "key {:?} day {:?}", key, day);
        }
    }
}
