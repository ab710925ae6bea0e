//! What lookups cost: ratios of two engines measured in turn, A B A B ..., and the median of A / B.
//!
//! | row | A | B | goal for A / B |
//! | --- | --- | --- | --- |
//! | `run`, lookups | 100,000 entries in a blacklist of the store, the history of 100,000 exporters, and four rules that ask them; a Parquet file to rows | the same rules without these four | at most 1.2 |
//! | `run`, entries | the same | the same with empty tables | at most 1.2 |
//! | `memory`, lookups and entries | the same, columns in memory to results in memory: neither reading nor rows | as above | |
//!
//! A run is what an operator waits for, so it is the measure; what is timed in memory leaves out what both have in
//! common, and shows the lookups as large as they can be.
//!
//! ```sh
//! cargo bench -p qingfeng-benches --bench lookups
//! ```
//!
//! `--runs N` measures N turns (5), `--exporters N` different exporters on as many lines (1,000,000), a tenth of them with
//! entries and another tenth with a history. `--rules N` puts N other rules beside the four that ask the tables (1,000).
//! Before anything is timed the lines that the lookups decide are counted; a wrong count ends the run. One thread works,
//! and its CPU time is taken.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench speaks to whoever runs it")]

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use qingfeng::read::{Input, Lines};
use qingfeng::rules::Date;
use qingfeng::write::{Output, TableWriter};
use qingfeng::{Engine, Outputs, Summary};
use qingfeng_benches::measure::{Pair, cpu, thread_seconds};
use qingfeng_store::{
    Author, ChangeKind, Entry, Finding, NewChange, Outcome, Party, Role, Store, StoreLookups, StoreUrl,
    Verdict, Violation,
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The lines of a batch.
const BATCH_LINES: usize = 8_192;

const MANIFEST: &str = "[pack]\nname = \"bench\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n\
    [[channels]]\nname = \"green\"\nfrom = 0\n[[channels]]\nname = \"red\"\nfrom = 50\n";

const TABLES: &str = "[lookups.blacklist]\nstore = \"blacklist\"\nkey = [\"exporter\"]\nmay_be_empty = true\n\
    [lookups.past]\nhistory = \"exporter\"\n";

const LOOKUP_RULES: &str = r#"
rule("LISTED", #{ title: "t", score: 5, when: |d| d.listed("blacklist") });
rule("GRAVE", #{ title: "t", score: 20, when: |d| d.lookup("blacklist").grade == "A" });
rule("AGAIN", #{ title: "t", score: 10, when: |d| d.lookup("past").violations_12m > 0 });
rule("GRADED", #{ title: "t", score: 10, when: |d| d.lookup("past").grade == "C" && d.value > 100.0 });
"#;

/// Rules as packs have them, which the lookups come on top of: words of goods and bounds of values, for hundreds of kinds of
/// goods.
fn plain_rules(count: usize) -> String {
    let goods = ["replica", "watch", "battery", "toy", "shoe", "motorcycle", "engine", "phone", "bag", "pen"];
    let rules = (0..count).map(|at| {
        let (word, heading) = (goods[at % goods.len()], 8701 + at / 20);
        let when = match at % 2 {
            0 => format!("d.goods.has_word(\"{word}\") && d.value < {}.0", 300 + at),
            _ => format!("d.unit_value < {}.0 && d.brand == ()", at % 40 + 1),
        };
        format!(
            "rule(\"P{at}\", #{{ title: \"t\", commodity: \"{heading}\", score: 3, when: |d| {when} }});\n"
        )
    });
    rules.collect()
}

fn pack(directory: &Path, lookups: bool, count: usize) -> Result<()> {
    std::fs::create_dir_all(directory)?;
    let (tables, rules) = if lookups { (TABLES, LOOKUP_RULES) } else { ("", "") };
    std::fs::write(directory.join("pack.toml"), format!("{MANIFEST}{tables}"))?;
    std::fs::write(directory.join("a.rhai"), format!("{}{rules}", plain_rules(count)))?;
    Ok(())
}

/// A tenth of the exporters are listed, another tenth were found with fakes.
fn fill(store: &mut Store, exporters: usize) -> Result<()> {
    let author = Author { by: "bench".to_owned(), at: "2016-09-06T08:30:00Z".to_owned(), reason: None };
    let day: Date = "2016-01-01".parse()?;
    let changes = (0..exporters).filter(|at| at % 10 < 2).map(|at| {
        let name = name(at);
        let kind = if at % 10 == 0 {
            ChangeKind::Added(Entry {
                table: "blacklist".to_owned(),
                values: vec![("exporter".to_owned(), name)],
                from: None,
                until: None,
                source: Some("bench".to_owned()),
                grade: Some(if at % 20 == 0 { "A" } else { "B" }.to_owned()),
            })
        } else {
            let fake = Outcome::new(&format!("F{at}"), day, Verdict::Violation(Violation::Fake));
            let outcome = Outcome { item_no: Some(1), pieces: Some(10), ..fake };
            ChangeKind::Found(Finding { outcome, parties: vec![Party { role: Role::Exporter, name }] })
        };
        NewChange { known_on: day, kind }
    });
    let changes: Vec<NewChange> = changes.collect();
    store.append(&author, &changes)?;
    Ok(())
}

fn name(at: usize) -> String {
    format!("9133078{at:011}")
}

/// A line for each exporter, in an order in which neighbours have nothing in common.
fn tables(exporters: usize) -> Result<Vec<RecordBatch>> {
    let goods =
        ["replica watch of steel", "lithium battery 12 V", "toy car", "shirt of cotton", "steel pipe"];
    let day: Date = "2016-06-01".parse()?;
    let mut batches = Vec::new();
    for start in (0..exporters).step_by(BATCH_LINES) {
        let range = start..(start + BATCH_LINES).min(exporters);
        let texts = |text: &dyn Fn(usize) -> String| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(range.clone().map(text)))
        };
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("declaration_id", texts(&|at| format!("D{at}"))),
            ("item_no", Arc::new(Int64Array::from_iter_values(range.clone().map(|_| 1)))),
            ("declared_on", Arc::new(Date32Array::from_iter_values(range.clone().map(|_| day.days())))),
            ("destination", texts(&|_| "KE".to_owned())),
            ("mode", texts(&|_| "0110".to_owned())),
            ("exporter", texts(&|at| name(at * 7919 % exporters))),
            ("hs", texts(&|at| format!("{}209000", 8701 + at % 50))),
            ("goods", texts(&|at| goods[at % goods.len()].to_owned())),
            (
                "quantity",
                Arc::new(Float64Array::from_iter_values(range.clone().map(|at| (at % 90 + 10) as f64))),
            ),
            (
                "value",
                Arc::new(Float64Array::from_iter_values(range.clone().map(|at| (at % 900 + 101) as f64))),
            ),
        ];
        batches.push(RecordBatch::try_from_iter(columns)?);
    }
    Ok(batches)
}

/// The lines as a reader gives them.
fn bound(engine: &Engine, table: &RecordBatch) -> Result<Lines> {
    Ok(engine.assess_batch(table)?.lines().clone())
}

fn write(path: &Path, tables: &[RecordBatch]) -> Result<()> {
    let Some(first) = tables.first() else { return Err("no lines".into()) };
    let mut writer = TableWriter::create(&Output::Path(path.into()), first.schema())?;
    for table in tables {
        writer.write(table)?;
    }
    writer.finish()?;
    Ok(())
}

/// A whole run on one thread, from the file to rows; the CPU seconds that the thread of the run took, and what it found.
fn run(engine: &Engine, path: &Path) -> Result<(f64, Summary)> {
    // The thread is made for the run, so that its time begins with it.
    let mut seconds = None;
    let outputs = Outputs {
        assessments: &mut |rows| {
            std::hint::black_box(rows);
            Ok(())
        },
        rejects: &mut |_| Ok(()),
        progress: &mut |_| seconds = thread_seconds(),
    };
    let started = std::time::Instant::now();
    let summary = engine.score(Input::Path(path.into())).threads(1).run(outputs)?;
    Ok((seconds.unwrap_or(started.elapsed().as_secs_f64()), summary))
}

/// On how many lines each rule that asks a table must fire.
fn check(summary: &Summary, exporters: usize) -> Result<()> {
    for (rule, expected) in [
        ("LISTED", exporters / 10),
        ("GRAVE", exporters / 20),
        ("AGAIN", exporters / 10),
        ("GRADED", exporters / 10),
    ] {
        let fired = summary.rules.iter().find(|(id, _)| *id == rule).map(|(_, count)| count.fired);
        if fired != Some(expected as u64) {
            return Err(format!("{rule} fired on {fired:?} lines of the file; {expected} expected").into());
        }
    }
    Ok(())
}

/// Points of all lines, so that nothing is left out.
fn points(engine: &Engine, batches: &[Lines]) -> i64 {
    let assessed = batches.iter().map(|lines| engine.assess_lines(lines.clone()));
    assessed.map(|batch| batch.assessments().map(|one| one.items[0].points).sum::<i64>()).sum()
}

fn bench() -> Result<()> {
    let (mut runs, mut exporters, mut rules, mut is_bench) = (5, 1_000_000, 1_000, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => is_bench = true,
            "--runs" => runs = arguments.next().ok_or("--runs needs a number")?.parse()?,
            "--exporters" => exporters = arguments.next().ok_or("--exporters needs a number")?.parse()?,
            "--rules" => rules = arguments.next().ok_or("--rules needs a number")?.parse()?,
            _ => return Err(format!("{argument}: give --runs N, --rules N or --exporters N").into()),
        }
    }
    if !is_bench {
        (runs, exporters) = (1, 2_000);
    }
    let directory = tempfile::tempdir()?;
    let (with, without) = (directory.path().join("with"), directory.path().join("without"));
    pack(&with, true, rules)?;
    pack(&without, false, rules)?;
    let url = |name: &str| StoreUrl::Sqlite(directory.path().join(name));
    fill(&mut Store::create(&url("full.sqlite"))?, exporters)?;
    Store::create(&url("empty.sqlite"))?;
    let open = |name: &str| {
        Engine::builder().directory(&with).lookups(&StoreLookups::default().store(url(name))).build()
    };
    let (full, empty, plain) = (open("full.sqlite")?, open("empty.sqlite")?, Engine::open(&without)?);
    let tables = tables(exporters)?;
    let file = directory.path().join("lines.parquet");
    write(&file, &tables)?;
    let batches: Vec<Lines> = tables.iter().map(|table| bound(&full, table)).collect::<Result<_>>()?;
    drop(tables);

    let tenth = (exporters / 10) as i64;
    let expected = tenth * (5 + 10 + 10) + (exporters / 20) as i64 * 20;
    let (of_full, of_empty, of_plain) =
        (points(&full, &batches), points(&empty, &batches), points(&plain, &batches));
    if of_empty != of_plain || of_full - of_empty != expected {
        return Err(format!(
            "wrong points: {of_full}, {of_empty}, {of_plain}; {expected} expected of lookups"
        )
        .into());
    }
    check(&run(&full, &file)?.1, exporters)?;
    let in_memory = |engine: &Engine| {
        cpu(|| batches.iter().map(|lines| engine.assess_lines(lines.clone())).for_each(drop))
    };
    // A run that fails has failed before, when the lines were counted.
    let of_run = |engine: &Engine| run(engine, &file).map_or(f64::NAN, |(seconds, _)| seconds);
    println!(
        "{exporters} lines and exporters, {} entries, opened in {:.2} s",
        tenth * 2,
        full.load_time().as_secs_f64()
    );
    println!("| | A | B | A / B | goal |\n| --- | --- | --- | --- | --- |");
    let rows = [
        ("run, lookups", &plain, &of_run as &dyn Fn(&Engine) -> f64, "at most 1.2"),
        ("run, entries", &empty, &of_run, "at most 1.2"),
        ("memory, lookups", &plain, &in_memory, ""),
        ("memory, entries", &empty, &in_memory, ""),
    ];
    for (what, other, time, goal) in rows {
        let pair = Pair::measure(runs, || time(&full), || time(other));
        let ((a, b), (median, least, largest)) = (pair.medians(), pair.ratio());
        println!("| {what} | {a:.3} s | {b:.3} s | **{median:.3}** ({least:.3} to {largest:.3}) | {goal} |");
    }
    Ok(())
}

fn main() -> ExitCode {
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
