//! The same declarations give the same output, however they are run.

use arrow_array::{RecordBatch, UInt64Array};
use arrow_select::take::take_record_batch;
use proptest::prelude::*;
use qingfeng::read::ReadOptions;
use qingfeng::{Assessment, By};

use super::{Job, cases, clean_wind, generated, score, write};

const FORMATS: [&str; 3] = ["ndjson", "csv", "parquet"];

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn threads_and_batches_do_not_show(
        seed in any::<u64>(),
        lines in 1..300_u64,
        by in prop::sample::select(vec![By::Declaration, By::Item]),
        reasons in any::<bool>(),
        several in prop::sample::select(vec![2_usize, 3, 7]),
        small in prop::sample::select(vec![1_usize, 2, 7, 100]),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let input = directory.path().join("declarations.csv");
        write(&input, &generated(seed, lines));
        let run = |threads, batch_lines| {
            let read = ReadOptions { batch_lines, ..ReadOptions::default() };
            score(clean_wind(), &input, read, &Job { by, reasons, threads }, &FORMATS)
        };
        let first = run(1, 8192);
        prop_assert_eq!(first.summary.lines_assessed, lines);
        for (threads, batch_lines) in [(1, small), (several, 8192), (several, small)] {
            let other = run(threads, batch_lines);
            prop_assert_eq!(other.counts(), first.counts(), "{} threads, {} lines a batch", threads, batch_lines);
            for (at, format) in FORMATS.into_iter().enumerate() {
                prop_assert!(
                    other.files[at] == first.files[at],
                    "{}: {} threads, {} lines a batch", format, threads, batch_lines
                );
            }
        }
    }

    #[test]
    fn one_seed_generates_the_same_bytes(seed in any::<u64>(), lines in 1..2_000_u64) {
        let directory = tempfile::tempdir().unwrap();
        let bytes = |name: &str, table: &RecordBatch| {
            let path = directory.path().join(name);
            write(&path, table);
            std::fs::read(path).unwrap()
        };
        let (first, second) = (generated(seed, lines), generated(seed, lines));
        prop_assert_eq!(first.num_rows() as u64, lines);
        for name in ["a.csv", "a.ndjson", "a.parquet", "a.arrow"] {
            prop_assert!(bytes(name, &first) == bytes(name, &second), "{}", name);
        }
    }

    #[test]
    fn the_order_of_declarations_does_not_show(seed in any::<u64>(), order in any::<prop::sample::Index>(), step in 1..50_usize) {
        let table = generated(seed, 150);
        let found = clean_wind().assess_batch(&table).unwrap();
        let declarations: Vec<_> = found.lines().declarations().collect();
        let mut places: Vec<usize> = (0..declarations.len()).collect();
        let first = order.index(places.len());
        places.rotate_left(first);
        places.sort_by_key(|at| at % step);
        let rows = places.iter().flat_map(|&at| declarations[at].clone()).map(|row| row as u64);
        let shuffled = take_record_batch(&table, &UInt64Array::from_iter_values(rows)).unwrap();
        let in_order: Vec<Assessment> = found.assessments().collect();
        let expected: Vec<Assessment> = places.iter().map(|&at| in_order[at].clone()).collect();
        let shuffled: Vec<Assessment> = clean_wind().assess_batch(&shuffled).unwrap().assessments().collect();
        prop_assert_eq!(shuffled, expected);
    }
}
