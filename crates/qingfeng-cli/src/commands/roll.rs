//! `qingfeng roll`: who gets inspected, decided as declarations come.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{Date32Builder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use qingfeng::read::Input;
use qingfeng::rules::{Amount, Date, Pack};
use qingfeng::write::{Output, TableWriter};
use qingfeng_inspection::draw::Key;
use qingfeng_inspection::{ArrivingDeclarations, Capacity, OfficeDay, Outcomes, Policy, Roll, Taken};
use serde::Serialize;

use crate::draw_key::{KeyArgs, VARIABLE};
use crate::exit::{self, Exit, Failure};
use crate::numbers::grouped;
use crate::outputs::{check_apart, output, write_text};
use crate::render;
use crate::table::{Cell, table};
use crate::terminal::{self, WARNING, styled};

/// The rows that go to a file at a time.
const BATCH_ROWS: usize = 8_192;
/// Decide who gets inspected while declarations come, one at a time.
///
/// Takes assessments in the order in which they come and decides on each at once, by the pack's `[selection]`: what must be
/// inspected is, as long as there is capacity; the draw falls on each declaration by itself, with the rate as its
/// probability; and the best of the rest are targeted, by a threshold that follows from what is left of the capacity and
/// from what earlier days let expect. Standard input is answered row by row. A day begins at each site with its first
/// declaration. At the end it is told what share was reached of the worth that could have been, had the day been known.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng roll today.ndjson --rules rules/clean-wind --history 2016-08.parquet --key-file draw.key -o decisions.csv",
    "qingfeng score - --rules rules/clean-wind < feed.csv | qingfeng roll - --rules rules/clean-wind --key-file draw.key",
]))]
pub struct Args {
    /// Assessments by declaration, as `qingfeng score` writes them with a pack that has `[selection]`. `-` is standard
    /// input, as NDJSON.
    #[arg(value_name = "ASSESSMENTS", required = true)]
    inputs: Vec<PathBuf>,

    /// The directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    /// What each site can do on each day: a table with the columns site, day, and inspections or hours. Without it the
    /// pack's `[[selection.capacity]]` counts.
    #[arg(long, value_name = "FILE")]
    capacity: Option<PathBuf>,

    /// Assessments of earlier days, by which it is known what a day brings.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    history: Vec<PathBuf>,

    /// What inspections showed: tables with the columns declaration_id, found_on and result.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    outcomes: Vec<PathBuf>,

    #[command(flatten)]
    key: KeyArgs,

    /// Draw nothing, so that no key is needed.
    #[arg(long, conflicts_with = "key_file")]
    without_draw: bool,

    /// Where to write a row for each declaration: .csv, .ndjson, .parquet or .arrow. Without it, and for `-`, NDJSON goes to
    /// standard output, each row at once.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Where to write what each site's day came to, as JSON.
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
}

/// What is written of a declaration.
#[derive(Debug, Serialize)]
struct Row {
    number: u64,
    day: Option<Date>,
    office: Option<String>,
    declaration_id: String,
    selected: Option<&'static str>,
    why: String,
    probability: Option<f64>,
    threshold: Option<f64>,
    worth: Option<i64>,
    cost: Option<u32>,
    left: Option<u64>,
    score: Option<i64>,
    channel: Option<String>,
    trader: Option<String>,
    group: Option<String>,
    pack: String,
}

/// What a site's day came to, as data.
#[derive(Debug, Serialize)]
struct Day<'d> {
    day: Date,
    office: &'d str,
    capacity: u32,
    capacity_in: &'static str,
    used: u64,
    declarations: u64,
    mandatory: u64,
    targeted: u64,
    random: u64,
    missed: u64,
    cut: u64,
    worth_reached: i64,
    worth_best: i64,
    known_days: usize,
}

#[derive(Debug, Serialize)]
struct Summary<'d> {
    declarations: u64,
    without_day: u64,
    without_office: u64,
    share_of_best: Option<f64>,
    days: Vec<Day<'d>>,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let standard = Path::new("-");
    let mut outputs = vec![("--output", args.output.as_deref().unwrap_or(standard))];
    outputs.extend(args.summary.as_deref().map(|path| ("--summary", path)));
    let all: Vec<PathBuf> = args
        .inputs
        .iter()
        .chain(&args.history)
        .chain(&args.outcomes)
        .chain(&args.capacity)
        .chain(&args.key.key_file)
        .cloned()
        .collect();
    check_apart(&outputs, &all)?;
    let twice = all.iter().filter(|path| crate::inputs::is_standard(path)).count();
    if twice > 1 {
        return Err(qingfeng::read::ReadError::StdinTwice.into());
    }
    let engine = render::open_policy(&args.rules)?;
    let pack = engine.pack();
    let Some(policy) = Policy::of(pack) else {
        return Err(Failure::Usage(format!(
            "the pack {} has no [selection], so it does not say who gets inspected; add it to pack.toml",
            pack.name
        )));
    };
    let capacity = match &args.capacity {
        Some(path) => Capacity::read(&Input::from(path.clone()), &policy)
            .map_err(|error| Failure::Files(error.to_string()))?,
        None => Capacity::of_policy(&policy),
    };
    if capacity.is_empty() {
        return Err(Failure::Usage(
            "no site has a capacity: give a table by --capacity (columns site, day, inspections), or write \
             [[selection.capacity]] into pack.toml"
                .to_owned(),
        ));
    }
    let outcomes = match &args.outcomes[..] {
        [] => None,
        paths => {
            let inputs: Vec<Input> = paths.iter().cloned().map(Input::from).collect();
            Some(Outcomes::read(&inputs).map_err(|error| Failure::Files(error.to_string()))?)
        }
    };
    let key = key(args, &policy)?;
    let mut roll = Roll::new(&policy, &capacity, outcomes.as_ref(), key.as_ref());
    for path in &args.history {
        for arriving in ArrivingDeclarations::open(&Input::from(path.clone()), pack)? {
            if let Some(candidate) = arriving?.candidate {
                roll.remember(&candidate);
            }
        }
    }
    let mut sink = Sink::create(&output(args.output.as_ref()))?;
    let (mut number, mut without_day, mut without_office) = (0, 0, 0);
    for path in &args.inputs {
        for arriving in ArrivingDeclarations::open(&Input::from(path.clone()), pack)? {
            let arriving = arriving?;
            number += 1;
            let id = arriving.declaration_id;
            let row = match arriving.candidate {
                None => {
                    without_day += 1;
                    Row::without(number, id, arriving.pack)
                }
                Some(candidate) => {
                    let taken = roll.take(&candidate);
                    without_office += u64::from(taken.office.is_none());
                    Row::new(number, id, arriving.pack, pack, &candidate, taken)
                }
            };
            sink.put(row)?;
        }
    }
    sink.finish()?;
    let days = roll.finish();
    let summary = summary(&days, number, without_day, without_office);
    if let Some(path) = &args.summary {
        write_text(path, &terminal::json(&summary)?)?;
    }
    terminal::note(&human(&summary, policy.draws() && key.is_none()));
    Ok(Exit::Done)
}

/// The key of the draw, where the policy draws.
fn key(args: &Args, policy: &Policy) -> Result<Option<Key>, Failure> {
    if args.without_draw || !policy.draws() {
        return Ok(None);
    }
    match args.key.find()? {
        Some(key) => Ok(Some(key)),
        None => Err(Failure::Usage(format!(
            "the pack draws surprise inspections, which takes a key: give its file by --key-file, or set {VARIABLE}; with \
             --without-draw none is drawn"
        ))),
    }
}

impl Row {
    fn without(number: u64, declaration_id: String, pack: String) -> Self {
        Self {
            number,
            day: None,
            office: None,
            declaration_id,
            selected: None,
            why: "it has no date, so it belongs to no day".to_owned(),
            probability: None,
            threshold: None,
            worth: None,
            cost: None,
            left: None,
            score: None,
            channel: None,
            trader: None,
            group: None,
            pack,
        }
    }

    fn new(
        number: u64,
        declaration_id: String,
        pack_id: String,
        pack: &Pack,
        candidate: &qingfeng_inspection::Candidate,
        taken: Taken,
    ) -> Self {
        let decision = taken.decision;
        let why = match &decision {
            Some(decision) => decision.why.clone(),
            None => "none of its sites inspects on its day".to_owned(),
        };
        let decided = decision.is_some();
        Self {
            number,
            day: Some(candidate.day),
            office: taken.office,
            declaration_id,
            selected: decision.as_ref().and_then(|decision| decision.selected).map(|kind| kind.name()),
            why,
            probability: decision.as_ref().map(|decision| decision.probability),
            threshold: decision.as_ref().map(|decision| decision.threshold),
            worth: decided.then_some(taken.worth),
            cost: decided.then_some(taken.cost),
            left: decided.then_some(taken.left),
            score: Some(candidate.score),
            channel: pack.channels.get(candidate.channel.index()).map(|channel| channel.name.clone()),
            trader: candidate.trader.as_deref().map(str::to_owned),
            group: Some(candidate.group.to_string()),
            pack: pack_id,
        }
    }
}

/// Where rows go: to standard output each at once, to a file in batches.
enum Sink {
    Stdout,
    File { writer: Box<TableWriter>, rows: Vec<Row> },
}

fn schema() -> SchemaRef {
    let columns = [
        ("number", DataType::Int64),
        ("day", DataType::Date32),
        ("office", DataType::Utf8),
        ("declaration_id", DataType::Utf8),
        ("selected", DataType::Utf8),
        ("why", DataType::Utf8),
        ("probability", DataType::Float64),
        ("threshold", DataType::Float64),
        ("worth", DataType::Int64),
        ("cost", DataType::Int64),
        ("left", DataType::Int64),
        ("score", DataType::Int64),
        ("channel", DataType::Utf8),
        ("trader", DataType::Utf8),
        ("group", DataType::Utf8),
        ("pack", DataType::Utf8),
    ];
    let fields = columns.map(|(name, kind)| Field::new(name, kind, true));
    Arc::new(Schema::new(fields.to_vec()))
}

impl Sink {
    fn create(output: &Output) -> Result<Self, Failure> {
        Ok(match output {
            Output::Stdout => Self::Stdout,
            Output::Path(_) => {
                Self::File { writer: Box::new(TableWriter::create(output, schema())?), rows: Vec::new() }
            }
        })
    }

    fn put(&mut self, row: Row) -> Result<(), Failure> {
        match self {
            Self::Stdout => {
                let mut text =
                    serde_json::to_string(&row).map_err(|error| Failure::Files(error.to_string()))?;
                text.push('\n');
                let mut stdout = std::io::stdout().lock();
                stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| {
                    match error.kind() {
                        std::io::ErrorKind::BrokenPipe => Failure::Closed,
                        _ => Failure::Files(format!("standard output: cannot be written: {error}")),
                    }
                })
            }
            Self::File { writer, rows } => {
                rows.push(row);
                if rows.len() >= BATCH_ROWS {
                    writer.write(&batch(rows)?)?;
                    rows.clear();
                }
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<(), Failure> {
        if let Self::File { mut writer, rows } = self {
            writer.write(&batch(&rows)?)?;
            writer.finish()?;
        }
        Ok(())
    }
}

fn batch(rows: &[Row]) -> Result<RecordBatch, Failure> {
    let text = |of: fn(&Row) -> Option<&str>| -> ArrayRef {
        let mut column = StringBuilder::new();
        rows.iter().for_each(|row| column.append_option(of(row)));
        Arc::new(column.finish())
    };
    let integer = |of: fn(&Row) -> Option<i64>| -> ArrayRef {
        let mut column = Int64Builder::new();
        rows.iter().for_each(|row| column.append_option(of(row)));
        Arc::new(column.finish())
    };
    let number = |of: fn(&Row) -> Option<f64>| -> ArrayRef {
        let mut column = Float64Builder::new();
        rows.iter().for_each(|row| column.append_option(of(row)));
        Arc::new(column.finish())
    };
    let mut days = Date32Builder::new();
    rows.iter().for_each(|row| days.append_option(row.day.map(Date::days)));
    let columns = vec![
        integer(|row| i64::try_from(row.number).ok()),
        Arc::new(days.finish()) as ArrayRef,
        text(|row| row.office.as_deref()),
        text(|row| Some(&row.declaration_id)),
        text(|row| row.selected),
        text(|row| Some(&row.why)),
        number(|row| row.probability),
        number(|row| row.threshold),
        integer(|row| row.worth),
        integer(|row| row.cost.map(i64::from)),
        integer(|row| row.left.and_then(|left| i64::try_from(left).ok())),
        integer(|row| row.score),
        text(|row| row.channel.as_deref()),
        text(|row| row.trader.as_deref()),
        text(|row| row.group.as_deref()),
        text(|row| Some(&row.pack)),
    ];
    RecordBatch::try_new(schema(), columns).map_err(|error| Failure::Files(error.to_string()))
}

fn summary(days: &[OfficeDay], declarations: u64, without_day: u64, without_office: u64) -> Summary<'_> {
    let whole = |worth: i128| i64::try_from(worth).unwrap_or(i64::MAX);
    let (reached, best) =
        days.iter().fold((0_i128, 0_i128), |(reached, best), day| (reached + day.reached, best + day.best));
    let days = days.iter().map(|day| {
        let (capacity, capacity_in) = match day.capacity {
            Amount::Inspections(count) => (count, "inspections"),
            Amount::Points(count) => (count, "points"),
        };
        Day {
            day: day.day,
            office: &day.office,
            capacity,
            capacity_in,
            used: day.used,
            declarations: day.declarations,
            mandatory: day.mandatory,
            targeted: day.targeted,
            random: day.random,
            missed: day.missed,
            cut: day.cut,
            worth_reached: whole(day.reached),
            worth_best: whole(day.best),
            known_days: day.known_days,
        }
    });
    Summary {
        declarations,
        without_day,
        without_office,
        share_of_best: (best > 0).then(|| reached as f64 / best as f64),
        days: days.collect(),
    }
}

/// Site by site, all days together, and what needs attention.
fn human(summary: &Summary<'_>, no_key: bool) -> String {
    let mut offices: std::collections::BTreeMap<&str, [i128; 9]> = std::collections::BTreeMap::new();
    for day in &summary.days {
        let sums = offices.entry(day.office).or_default();
        let counts = [
            1,
            day.declarations.into(),
            day.mandatory.into(),
            day.targeted.into(),
            day.random.into(),
            day.used.into(),
            day.capacity.into(),
            day.worth_reached.into(),
            day.worth_best.into(),
        ];
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let share = |reached: i128, best: i128| match best {
        0 => "–".to_owned(),
        best => format!("{:.1} %", reached as f64 * 100.0 / best as f64),
    };
    let heads = [
        "",
        "days",
        "declarations",
        "mandatory",
        "targeted",
        "random",
        "used",
        "of capacity",
        "worth of best",
    ];
    let mut rows = vec![heads.map(|head| Cell::new(head).style(terminal::DIM).right()).into_iter().collect()];
    for (office, sums) in &offices {
        let mut row = vec![Cell::new(office)];
        row.extend(sums[..6].iter().map(|&sum| Cell::new(grouped(sum)).right()));
        row.push(Cell::new(share(sums[5], sums[6])).right());
        row.push(Cell::new(share(sums[7], sums[8])).right());
        rows.push(row);
    }
    let mut out = table("", &rows);
    out += &crate::numbers::count(summary.declarations, "declaration");
    if let Some(reached) = summary.share_of_best {
        out += &format!(
            "; what was targeted is worth {:.1} % of the best that hindsight could have targeted",
            reached * 100.0
        );
    }
    out.push('\n');
    let total = |of: fn(&Day<'_>) -> u64| summary.days.iter().map(of).sum::<u64>();
    for (count, what) in [
        (summary.without_day, "without a date, so of no day"),
        (summary.without_office, "of which no site inspects on their day"),
        (total(|day| day.missed), "that had to be inspected found no capacity left"),
        (total(|day| day.cut), "that were drawn found no capacity left"),
    ] {
        if count > 0 {
            let count = crate::numbers::count(count, "declaration");
            out += &format!("{}\n", styled(WARNING, &format!("{count} {what}")));
        }
    }
    if no_key {
        out += &format!("{}\n", styled(WARNING, "Nothing was drawn, since there was no key."));
    }
    out
}
