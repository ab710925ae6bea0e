//! Scoring with the pack `rules/clean-wind`.
//!
//! | group | what it measures |
//! | --- | --- |
//! | `assess/memory` | interpreted scoring of 20,000 generated lines, typed columns in memory to results in memory, reasons included, one thread |
//! | `load/clean-wind` | opening the pack: reading its files, checking its rules, reading its lookup tables |
//!
//! Run a part with `cargo bench -p qingfeng-benches --bench assess -- assess/memory`. Each group checks its answer before it
//! times anything; a bench whose answer has changed fails.

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use qingfeng::{Assessment, Engine};
use qingfeng_lab::Generator;

const PACK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../rules/clean-wind");
const SEED: u64 = 2016;
const LINES: u64 = 20_000;

/// What the pack must find on the lines: `points_raw_total` and `fired_total`.
const CHECKSUM: (i64, u64) = (45_722, 28_554);

fn open() -> Engine {
    Engine::open(PACK).unwrap_or_else(|error| panic!("{error}"))
}

fn lines() -> RecordBatch {
    let batches: Vec<RecordBatch> =
        Generator::new(SEED, LINES).map(|generated| generated.declarations).collect();
    concat_batches(&Generator::schema(), &batches).unwrap_or_else(|error| panic!("{error}"))
}

fn checksum(assessments: impl Iterator<Item = Assessment>) -> (i64, u64) {
    assessments
        .flat_map(|assessment| assessment.items)
        .fold((0, 0), |(points, fired), item| (points + item.points, fired + item.fired.len() as u64))
}

fn assess(criterion: &mut Criterion) {
    let engine = open();
    let lines = lines();
    let found = engine.assess_batch(&lines).unwrap_or_else(|error| panic!("{error}"));
    assert!(found.rejects().is_empty());
    assert_eq!(checksum(found.assessments()), CHECKSUM, "the answer of the bench has changed");
    let mut group = criterion.benchmark_group("assess");
    group.throughput(Throughput::Elements(LINES)).sample_size(10);
    group.bench_function("memory", |bencher| bencher.iter(|| engine.assess_batch(&lines)));
    group.finish();
}

fn load(criterion: &mut Criterion) {
    assert!(!open().pack().rules.is_empty());
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    group.bench_function("clean-wind", |bencher| bencher.iter(open));
    group.finish();
}

criterion_group!(benches, assess, load);
criterion_main!(benches);
