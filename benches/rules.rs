//! Rules by the hundred and by the ten thousand, in memory.
//!
//! | group | what it measures |
//! | --- | --- |
//! | `rules/100`, `rules/1000`, `rules/10000` | goods lines in Arrow columns to results in memory, with rules of the standard mix, one thread: `compiled`, `interpreted`, `by-hand` |
//! | `mix/no-keys`, `mix/keywords`, `mix/numeric`, `mix/residual-10` | the same with 1,000 rules of another mix |
//! | `load/100`, `load/1000`, `load/10000` | opening such a pack from its files |
//! | `declaration/1000` | one declaration of five lines, given and answered as a value, with 1,000 rules: `compiled`, `interpreted` |
//!
//! Run a part with `cargo bench -p qingfeng-benches --bench rules -- rules/1000/by-hand`; what is not run is not set up.
//! `qingfeng_benches::workload` describes the rules and the mixes, `qingfeng_testkit::hand` the rules by hand. Before
//! anything is timed, the engine's answer on the very lines is compared with that of the rules by hand.
//!
//! The keys of the lines are known after the first pass, to the engine as to the rules by hand, as they are in a file
//! of millions of lines.

use std::cell::{LazyCell, OnceCell};

use arrow_array::RecordBatch;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use qingfeng::{Declaration, Engine, Evaluation, Item};
use qingfeng_benches::hand::{GoodsLine, KnownKeys};
use qingfeng_benches::workload::{Case, LINES_SEED, Mix, assess, bound, lines};

/// The lines of a pass, but for the interpreter and for rules without keys.
const LINES: u64 = 16_384;

/// About so many candidates are tried in a pass of the interpreter.
const INTERPRETED_CANDIDATES: u64 = 50_000;

/// Tables of lines, and whether the engine's answer on them is known to be right.
struct Tables {
    batches: LazyCell<Vec<RecordBatch>, Box<dyn Fn() -> Vec<RecordBatch>>>,
    count: u64,
    checked: OnceCell<()>,
}

impl Tables {
    fn new(count: u64) -> Self {
        let batches: Box<dyn Fn() -> Vec<RecordBatch>> = Box::new(move || lines(LINES_SEED, count));
        Self { batches: LazyCell::new(batches), count, checked: OnceCell::new() }
    }

    /// The lines, checked on the first call.
    fn checked(&self, case: &Case, evaluation: Evaluation) -> &[RecordBatch] {
        self.checked.get_or_init(|| _ = case.check(evaluation, &self.batches));
        &self.batches
    }
}

fn in_memory(group: &mut BenchmarkGroup<'_, WallTime>, rules: usize, mix: Mix, candidates_a_line: u64) {
    let case = LazyCell::new(|| Case::new(rules, mix));
    // Without keys each rule is tried on each line.
    let many = Tables::new(if mix == Mix::NoKeys { LINES / 8 } else { LINES });
    let few = Tables::new((INTERPRETED_CANDIDATES / candidates_a_line).clamp(64, 2_048));
    for (name, evaluation, lines) in
        [("compiled", Evaluation::Compiled, &many), ("interpreted", Evaluation::Interpreted, &few)]
    {
        group.throughput(Throughput::Elements(lines.count));
        group.bench_function(name, |bencher| {
            let (engine, batches) = (case.engine(evaluation), lines.checked(&case, evaluation));
            let lines = bound(&engine, batches);
            bencher.iter(|| assess(&engine, &lines));
        });
    }
    group.throughput(Throughput::Elements(many.count));
    group.bench_function("by-hand", |bencher| {
        // The interpreter, on few lines, is what the rules by hand are checked against.
        few.checked(&case, Evaluation::Interpreted);
        let goods_lines: Vec<GoodsLine<'_>> = many.batches.iter().flat_map(GoodsLine::of_batch).collect();
        let mut known = KnownKeys::default();
        bencher.iter(|| case.by_hand().evaluate(&mut known, &goods_lines));
    });
}

fn group<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group
        .sample_size(10)
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(2));
    group
}

fn rules(criterion: &mut Criterion) {
    for (rules, candidates) in [(100, 2), (1_000, 25), (10_000, 240)] {
        in_memory(&mut group(criterion, &format!("rules/{rules}")), rules, Mix::Standard, candidates);
    }
}

fn mixes(criterion: &mut Criterion) {
    for mix in Mix::ALL.into_iter().filter(|&mix| mix != Mix::Standard) {
        let candidates = if mix == Mix::NoKeys { 1_000 } else { 25 };
        in_memory(&mut group(criterion, &format!("mix/{}", mix.name())), 1_000, mix, candidates);
    }
}

fn load(criterion: &mut Criterion) {
    let mut group = group(criterion, "load");
    for rules in [100, 1_000, 10_000] {
        let case = LazyCell::new(|| Case::new(rules, Mix::Standard));
        group.throughput(Throughput::Elements(rules as u64));
        group.bench_function(rules.to_string(), |bencher| {
            let open = || Engine::open(case.pack()).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(open().pack().rules.len(), rules);
            bencher.iter(open);
        });
    }
}

/// Five lines of goods that many rules are keyed on.
fn declaration() -> Declaration {
    let declaration = Declaration::new()
        .with("declaration_id", "530120160001")
        .with("declared_on", "2016-05-04")
        .with("port", "CNNGB")
        .with("destination", "EG")
        .with("mode", "0110")
        .with("exporter", "E000023");
    let goods = [
        ("8711209000", "motorcycle 125cc", Some("HAOJUE"), 40.0, 4_200.0, 9_800.0),
        ("8714100090", "摩托车配件 混色", None, 1_200.0, 310.0, 950.0),
        ("9608100000", "ball-point pens, no logo", None, 90_000.0, 720.0, 2_250.0),
        ("8507600090", "lithium battery packs", Some("VOLTMAX"), 600.0, 190.0, 5_400.0),
        ("6109100021", "men's T-shirts assorted colours", Some("RUNWELL"), 5_000.0, 900.0, 11_000.0),
    ];
    goods.into_iter().fold(declaration, |declaration, (hs, name, brand, quantity, net_kg, value)| {
        let item = Item::new().with("hs", hs).with("goods", name).with("brand", brand).with("unit", "PCS");
        declaration.item(item.with("quantity", quantity).with("net_kg", net_kg).with("value", value))
    })
}

fn single(criterion: &mut Criterion) {
    let case = LazyCell::new(|| Case::new(1_000, Mix::Standard));
    let mut group = group(criterion, "declaration/1000");
    for (name, evaluation) in [("compiled", Evaluation::Compiled), ("interpreted", Evaluation::Interpreted)] {
        group.bench_function(name, |bencher| {
            let (declaration, engine) = (declaration(), case.engine(evaluation));
            let assess =
                |engine: &Engine| engine.assess(&declaration).unwrap_or_else(|error| panic!("{error}"));
            let expected = assess(&case.engine(Evaluation::Interpreted));
            assert_eq!(assess(&engine), expected, "the answer is not the interpreter's");
            assert!(expected.items.iter().any(|item| !item.fired.is_empty()), "no rule fires");
            bencher.iter(|| assess(&engine));
        });
    }
}

criterion_group!(benches, rules, mixes, load, single);
criterion_main!(benches);
