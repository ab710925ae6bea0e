//! Ratios: two things measured in turn, A B A B ..., and the median of A / B.
//!
//! | section | A | B | goal for A / B |
//! | --- | --- | --- | --- |
//! | `interpreter` | interpreted, 1,000 rules | compiled | at least 250 |
//! | `by-hand` | rules by hand; 100, 1,000, 10,000 rules and each mix | compiled | at least 4 at 1,000 rules |
//! | `growth` | compiled, 10,000 rules | compiled, 1,000 rules | at most 4 |
//! | `decoding` | scoring the columns that 1,000 rules need, CPU time | decoding them from Parquet with zstd | at most 1 |
//! | `threads` | one thread, 1,000 rules: in memory, and the command from Parquet to Parquet | two threads | at least 1.8 |
//! | `load` | opening a pack of 10,000 rules | one of 1,000 | at most 1 s for A |
//! | `memory` | peak of the command on 10 million lines | on 1 million | bounded: about 1 |
//!
//! ```sh
//! cargo build --release --bin qingfeng                        # for `threads` and `memory`
//! cargo bench -p qingfeng-benches --bench paired                      # all but `memory`
//! cargo bench -p qingfeng-benches --bench paired -- by-hand growth    # some
//! cargo bench -p qingfeng-benches --bench paired -- memory            # some minutes, 600 MB of disk
//! ```
//!
//! `--runs N` measures N turns of each (5), `--lines N` on N lines in memory (65,536), `--command-lines N` lets the
//! command read N lines (1,000,000), `--memory-lines N` N and a tenth of it (10,000,000).
//!
//! Before anything is timed, the answer is compared with that of the rules by hand; a wrong one ends the run. Where one
//! thread works, its CPU time is taken, which other work on the machine hardly changes; for several threads and for the
//! command it is the time that passes, which wants an idle machine.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench speaks to whoever runs it")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use arrow_array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use qingfeng::read::Lines;
use qingfeng::write::{Output, TableWriter};
use qingfeng::{Engine, Evaluation};
use qingfeng_benches::hand::{GoodsLine, KnownKeys};
use qingfeng_benches::measure::{Pair, Run, cpu, machine, median, run, wall};
use qingfeng_benches::workload::{Case, Checksum, Density, LINES_SEED, Mix, assess, bound, lines};
use qingfeng_lab::Generator;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const SECTIONS: [&str; 7] = ["interpreter", "by-hand", "growth", "decoding", "threads", "load", "memory"];

/// What the rules of a workload read, and what stands in every result.
const COLUMNS: [&str; 14] = [
    "declaration_id",
    "declared_on",
    "port",
    "destination",
    "mode",
    "exporter",
    "item_no",
    "hs",
    "goods",
    "brand",
    "quantity",
    "unit",
    "net_kg",
    "value",
];

/// The lines of a batch that is decoded.
const BATCH_LINES: usize = 8_192;

struct Options {
    /// Otherwise the bench is tested: few lines, once, and without the command where it is not built.
    is_bench: bool,
    sections: Vec<String>,
    runs: usize,
    lines: u64,
    interpreted_lines: u64,
    command_lines: u64,
    memory_lines: u64,
}

impl Options {
    fn read() -> Result<Self> {
        let mut options = Self {
            is_bench: false,
            sections: Vec::new(),
            runs: 5,
            lines: 65_536,
            interpreted_lines: 2_048,
            command_lines: 1_000_000,
            memory_lines: 10_000_000,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut number = || -> Result<u64> {
                let value = arguments.next().ok_or_else(|| format!("{argument} needs a number"))?;
                Ok(value.parse().map_err(|error| format!("{argument} {value}: {error}"))?)
            };
            match argument.as_str() {
                // Cargo says so when it runs a bench, and not when it tests one.
                "--bench" => options.is_bench = true,
                "--runs" => options.runs = usize::try_from(number()?)?.max(1),
                "--lines" => options.lines = number()?.max(1),
                "--command-lines" => options.command_lines = number()?.max(1),
                "--memory-lines" => options.memory_lines = number()?.max(10),
                section if SECTIONS.contains(&section) => options.sections.push(argument),
                _ => return Err(format!("{argument}: give sections, of {}", SECTIONS.join(", ")).into()),
            }
        }
        if options.sections.is_empty() {
            let usual = SECTIONS.iter().filter(|&&section| section != "memory");
            options.sections = usual.map(ToString::to_string).collect();
        }
        if !options.is_bench {
            options.runs = 1;
            (options.lines, options.interpreted_lines, options.command_lines) = (256, 64, 1_000);
        }
        Ok(options)
    }
}

/// A row of the table.
struct Row {
    what: String,
    a: String,
    b: String,
    ratio: Option<(f64, f64, f64)>,
    goal: &'static str,
    density: Option<Density>,
}

impl Row {
    fn print(&self) {
        let ratio = self.ratio.map_or_else(String::new, |(median, least, largest)| {
            format!("**{median:.3}** ({least:.3} to {largest:.3})")
        });
        let density = self
            .density
            .map_or_else(String::new, |density| format!("{:.2}, {:.3}", density.candidates, density.fired));
        println!("| {} | {} | {} | {ratio} | {} | {density} |", self.what, self.a, self.b, self.goal);
    }

    /// A pair of times for a line, or for a number of lines.
    fn of_lines(what: String, pair: &Pair, goal: &'static str, density: Density) -> Self {
        let (a, b) = pair.medians();
        let nanoseconds = |seconds: f64| format!("{:.0} ns/line", seconds * 1e9);
        let (a, b) = (nanoseconds(a), nanoseconds(b));
        Self { what, a, b, ratio: Some(pair.ratio()), goal, density: Some(density) }
    }
}

fn main() -> ExitCode {
    match Options::read().and_then(|options| sections(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("paired: {error}");
            ExitCode::FAILURE
        }
    }
}

fn sections(options: &Options) -> Result<()> {
    println!("{}; {} turns, {} lines in memory\n", machine(), options.runs, options.lines);
    println!("| A / B | A | B | A / B, median (least to largest) | goal | candidates, fired rules a line |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for section in &options.sections {
        match section.as_str() {
            "interpreter" => interpreter(options),
            "by-hand" => by_hand(options),
            "growth" => growth(options),
            "decoding" => decoding(options)?,
            "threads" => threads(options)?,
            "load" => load(options),
            _ => memory(options)?,
        }
    }
    Ok(())
}

/// Seconds of CPU time a line of an engine.
fn seconds_a_line(engine: &Engine, batches: &[Lines]) -> f64 {
    let mut lines = 0;
    let seconds = cpu(|| lines = assess(engine, batches));
    seconds / lines.max(1) as f64
}

fn interpreter(options: &Options) {
    let case = Case::new(1_000, Mix::Standard);
    let (few, many) = (lines(LINES_SEED, options.interpreted_lines), lines(LINES_SEED, options.lines));
    let (interpreted, compiled) = (case.engine(Evaluation::Interpreted), case.engine(Evaluation::Compiled));
    case.check(Evaluation::Interpreted, &few);
    case.check(Evaluation::Compiled, &few);
    let density = case.check(Evaluation::Compiled, &many);
    let (few, many) = (bound(&interpreted, &few), bound(&compiled, &many));
    let pair = Pair::measure(
        options.runs,
        || seconds_a_line(&interpreted, &few),
        || seconds_a_line(&compiled, &many),
    );
    Row::of_lines("interpreted / compiled, 1,000 rules".into(), &pair, "≥ 250", density).print();
}

fn by_hand(options: &Options) {
    let sizes = [(100, Mix::Standard), (1_000, Mix::Standard), (10_000, Mix::Standard)];
    let mixes = Mix::ALL.into_iter().filter(|&mix| mix != Mix::Standard).map(|mix| (1_000, mix));
    for (rules, mix) in sizes.into_iter().chain(mixes) {
        let case = Case::new(rules, mix);
        // Each rule is tried on each line there.
        let count = if mix == Mix::NoKeys { options.lines / 8 } else { options.lines };
        let batches = lines(LINES_SEED, count);
        let density = case.check(Evaluation::Compiled, &batches);
        let engine = case.engine(Evaluation::Compiled);
        let goods_lines: Vec<GoodsLine<'_>> = batches.iter().flat_map(GoodsLine::of_batch).collect();
        let mut known = KnownKeys::default();
        let mut evaluate = || {
            let seconds = cpu(|| case.by_hand().evaluate(&mut known, &goods_lines));
            seconds / goods_lines.len() as f64
        };
        // The engine knows the keys of the lines from the check.
        evaluate();
        let bound = bound(&engine, &batches);
        let pair = Pair::measure(options.runs, evaluate, || seconds_a_line(&engine, &bound));
        let goal = if (rules, mix) == (1_000, Mix::Standard) { "≥ 4" } else { "" };
        Row::of_lines(format!("by hand / compiled, {}", case.name()), &pair, goal, density).print();
    }
}

fn growth(options: &Options) {
    let (many, few) = (Case::new(10_000, Mix::Standard), Case::new(1_000, Mix::Standard));
    let batches = lines(LINES_SEED, options.lines);
    let density = many.check(Evaluation::Compiled, &batches);
    few.check(Evaluation::Compiled, &batches);
    let engines = [many, few].map(|case| case.engine(Evaluation::Compiled));
    let batches = bound(&engines[0], &batches);
    let pair = Pair::measure(
        options.runs,
        || seconds_a_line(&engines[0], &batches),
        || seconds_a_line(&engines[1], &batches),
    );
    Row::of_lines("10,000 / 1,000 rules, compiled".into(), &pair, "≤ 4", density).print();
}

/// Writes generated lines to a file, as `qingfeng generate` does.
fn write_lines(path: &Path, lines: u64) -> Result<()> {
    let mut writer = TableWriter::create(&Output::Path(path.into()), Generator::schema())?;
    for generated in Generator::new(LINES_SEED, lines) {
        writer.write(&generated.declarations)?;
    }
    Ok(writer.finish()?)
}

/// Decodes the columns that the rules need.
fn decode(path: &Path, mut take: impl FnMut(RecordBatch)) -> Result<()> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), COLUMNS);
    for batch in builder.with_projection(mask).with_batch_size(BATCH_LINES).build()? {
        take(batch?);
    }
    Ok(())
}

fn decoding(options: &Options) -> Result<()> {
    let case = Case::new(1_000, Mix::Standard);
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("declarations.parquet");
    let count = options.lines;
    write_lines(&file, count)?;
    let mut batches = Vec::new();
    decode(&file, |batch| batches.push(batch))?;
    assert_eq!(batches[0].num_columns(), COLUMNS.len(), "a column is missing");
    let density = case.check(Evaluation::Compiled, &batches);
    let engine = case.engine(Evaluation::Compiled);
    let batches = bound(&engine, &batches);
    let mut failure = None;
    let pair = Pair::measure(
        options.runs,
        || cpu(|| assess(&engine, &batches)) / count as f64,
        || {
            let mut decoded = 0;
            let seconds = cpu(|| decode(&file, |batch| decoded += batch.num_rows()));
            failure = (decoded as u64 != count).then(|| format!("{decoded} lines of {count} were decoded"));
            seconds / count as f64
        },
    );
    match failure {
        Some(failure) => Err(failure.into()),
        None => {
            let what = format!("scoring / decoding {} columns of Parquet, CPU, 1,000 rules", COLUMNS.len());
            Row::of_lines(what, &pair, "≤ 1", density).print();
            Ok(())
        }
    }
}

/// Assesses batches with so many threads that share an engine.
fn assess_with_threads(engine: &Engine, batches: &[Lines], threads: usize) -> usize {
    let each = batches.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts = batches.chunks(each).map(|part| scope.spawn(move || assess(engine, part)));
        let parts: Vec<_> = parts.collect();
        let done = |part: std::thread::ScopedJoinHandle<'_, usize>| {
            part.join().unwrap_or_else(|_| panic!("a thread has failed"))
        };
        parts.into_iter().map(done).sum()
    })
}

fn threads(options: &Options) -> Result<()> {
    let case = Case::new(1_000, Mix::Standard);
    let batches = lines(LINES_SEED, options.lines);
    let density = case.check(Evaluation::Compiled, &batches);
    let engine = case.engine(Evaluation::Compiled);
    let count = options.lines as f64;
    // Each thread has to learn the keys before it is timed.
    let batches = bound(&engine, &batches);
    assess_with_threads(&engine, &batches, 2);
    let pair = Pair::measure(
        options.runs,
        || wall(|| assess_with_threads(&engine, &batches, 1)) / count,
        || wall(|| assess_with_threads(&engine, &batches, 2)) / count,
    );
    Row::of_lines("1 / 2 threads in memory, 1,000 rules".into(), &pair, "≥ 1.8", density).print();

    if !options.is_bench && binary().is_err() {
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let input = directory.path().join("declarations.parquet");
    write_lines(&input, options.command_lines)?;
    let score = Score { pack: case.pack(), input: &input, directory: directory.path() };
    let expected = sum_by_hand(&case, options.command_lines);
    for threads in [1, 2] {
        score.run(threads)?;
        score.check(&expected)?;
    }
    let outputs = [1, 2].map(|threads| std::fs::read(score.output(threads)));
    let [one, two] = outputs;
    if one? != two? {
        return Err("one thread and two write different files".into());
    }
    let mut pair = Pair::default();
    for _ in 0..options.runs {
        let [one, two] = [score.run(1)?.seconds, score.run(2)?.seconds];
        pair.add(one / options.command_lines as f64, two / options.command_lines as f64);
    }
    let what = "`score --threads` 1 / 2, Parquet to Parquet, 1,000 rules, start included".to_owned();
    Row::of_lines(what, &pair, "≥ 1.8", density).print();
    Ok(())
}

/// What the rules by hand find on so many generated lines.
fn sum_by_hand(case: &Case, lines: u64) -> Checksum {
    let mut sum = Checksum::default();
    for generated in Generator::new(LINES_SEED, lines) {
        let goods_lines = GoodsLine::of_batch(&generated.declarations);
        sum.add_results(&case.by_hand().evaluate(&mut KnownKeys::default(), &goods_lines));
    }
    sum
}

/// A run of `qingfeng score`.
struct Score<'s> {
    pack: &'s Path,
    input: &'s Path,
    directory: &'s Path,
}

impl Score<'_> {
    fn output(&self, threads: usize) -> PathBuf {
        self.directory.join(format!("assessments-{threads}.parquet"))
    }

    fn summary(&self) -> PathBuf {
        self.directory.join("summary.json")
    }

    fn run(&self, threads: usize) -> Result<Run> {
        let mut command = Command::new(binary()?);
        command.arg("score").arg(self.input).arg("--rules").arg(self.pack);
        command.arg("--threads").arg(threads.to_string()).arg("--summary").arg(self.summary());
        Ok(run(command.arg("-o").arg(self.output(threads)))?)
    }

    /// Compares what the last run found with what must be found.
    fn check(&self, expected: &Checksum) -> Result<()> {
        let summary: serde_json::Value = serde_json::from_slice(&std::fs::read(self.summary())?)?;
        let found = ["lines_assessed", "fired_total", "points_raw_total"].map(|key| summary[key].as_i64());
        let expected = [expected.lines as i64, expected.fired as i64, expected.points].map(Some);
        if found == expected {
            Ok(())
        } else {
            Err(format!("the command found lines, fired rules and points {found:?}, not {expected:?}").into())
        }
    }
}

/// The command, beside the directory of the bench.
fn binary() -> Result<PathBuf> {
    let bench = std::env::current_exe()?;
    let directory = bench.parent().and_then(Path::parent).ok_or("the bench has no target directory")?;
    let binary = directory.join(format!("qingfeng{}", std::env::consts::EXE_SUFFIX));
    if binary.is_file() {
        Ok(binary)
    } else {
        Err(format!("{} is missing: cargo build --release --bin qingfeng", binary.display()).into())
    }
}

fn load(options: &Options) {
    let (many, few) = (Case::new(10_000, Mix::Standard), Case::new(1_000, Mix::Standard));
    let mut seconds_of_cpu = Vec::new();
    let mut open = |case: &Case, is_noted: bool| {
        let mut rules = 0;
        let mut of_cpu = 0.0;
        let open = || Engine::open(case.pack()).unwrap_or_else(|error| panic!("{error}"));
        let seconds = wall(|| of_cpu = cpu(|| rules = open().pack().rules.len()));
        assert_eq!(rules, case.engine(Evaluation::Compiled).pack().rules.len());
        seconds_of_cpu.extend(is_noted.then_some(of_cpu));
        seconds
    };
    let mut pair = Pair::default();
    for _ in 0..options.runs {
        let [a, b] = [open(&many, true), open(&few, false)];
        pair.add(a, b);
    }
    let (a, b) = pair.medians();
    Row {
        what: "opening 10,000 / 1,000 rules".into(),
        a: format!("{a:.3} s (CPU of the thread {:.3} s)", median(&seconds_of_cpu)),
        b: format!("{b:.3} s"),
        ratio: Some(pair.ratio()),
        goal: "A ≤ 1 s",
        density: None,
    }
    .print();
}

fn memory(options: &Options) -> Result<()> {
    let case = Case::new(1_000, Mix::Standard);
    let directory = tempfile::tempdir()?;
    let mut peaks = Vec::new();
    for count in [options.memory_lines, options.memory_lines / 10] {
        let input = directory.path().join(format!("declarations-{count}.parquet"));
        write_lines(&input, count)?;
        let score = Score { pack: case.pack(), input: &input, directory: directory.path() };
        let run = score.run(2)?;
        score.check(&sum_by_hand(&case, count))?;
        let peak = run.peak_mib.ok_or("the system does not tell how much memory a process had")?;
        peaks.push((count, run.seconds, peak));
        std::fs::remove_file(input)?;
    }
    let text =
        |(count, seconds, peak): (u64, f64, f64)| format!("{count} lines: {peak:.0} MiB, {seconds:.1} s");
    let ratio = peaks[0].2 / peaks[1].2;
    Row {
        what: "peak memory of `score --threads 2`, Parquet to Parquet, 1,000 rules".into(),
        a: text(peaks[0]),
        b: text(peaks[1]),
        ratio: Some((ratio, ratio, ratio)),
        goal: "about 1",
        density: None,
    }
    .print();
    Ok(())
}
