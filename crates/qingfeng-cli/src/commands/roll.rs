//! `qingfeng roll`: who gets inspected, decided as declarations come.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use qingfeng::read::Input;
use qingfeng::rules::Pack;
use qingfeng::rules::selection::Amount;
use qingfeng::tables::RowWriter;
use qingfeng::write::{Output, TableWriter};
use qingfeng_inspection::draw::Key;
use qingfeng_inspection::rolling::{ArrivingDeclarations, DecisionColumns, OfficeDay, Roll, Taken};
use qingfeng_inspection::{AssessedDeclaration, Policy, capacity_unit};
use serde::Serialize;

use crate::draw_key::{KeyArgs, VARIABLE};
use crate::exit::{self, Exit, Failure};
use crate::findings::ResultsArgs;
use crate::numbers::{count, grouped};
use crate::outputs::{Kept, check_apart, output, write_text};
use crate::policy::PolicyArgs;
use crate::record::record;
use crate::table::{Cell, heads, table};
use crate::terminal::{self, WARNING, styled};

/// The rows that go to a file at a time.
const BATCH_ROWS: usize = 8_192;
/// Select inspections while declarations arrive.
///
/// Takes assessments in the order in which they arrive and decides on each at once, by the pack's `[selection]`: what must
/// be inspected is, while there is capacity; each declaration is drawn independently, with the rate as its probability;
/// and the best of the rest are targeted, by a threshold that follows from the remaining capacity and from earlier days.
/// A declaration that comes again is answered as before; one that was amended is decided again in the place of the old
/// decision, without a second draw, and stays selected if it was. Standard input is answered row by row. A day begins at each site with its first declaration. The summary says which
/// share of the best possible worth was reached.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng roll today.ndjson --rules rules/clean-wind --history 2016-08.parquet --key-file draw.key -o decisions.csv",
    "qingfeng score - --rules rules/clean-wind < feed.csv | qingfeng roll - --rules rules/clean-wind --key-file draw.key",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    /// Assessments by declaration, as `qingfeng score` writes them, with a pack that has `[selection]`. `-` is standard
    /// input, as NDJSON.
    #[arg(value_name = "ASSESSMENTS", required = true)]
    inputs: Vec<PathBuf>,

    #[command(flatten)]
    policy: PolicyArgs,

    /// Assessments of earlier days, from which the number of declarations of a day is estimated.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    history: Vec<PathBuf>,

    #[command(flatten)]
    results: ResultsArgs,

    #[command(flatten)]
    key: KeyArgs,

    /// Draw nothing, so that no key is needed.
    #[arg(long, conflicts_with = "key_file")]
    without_draw: bool,

    /// Decisions of an earlier run of the same days, as it wrote them: they stand, and this run goes on from there.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    decided: Vec<PathBuf>,

    /// Output file, a row a declaration: .csv or .ndjson, also with .gz or .zst, .parquet or .arrow. Default, and `-`:
    /// NDJSON on standard output, each row at once.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write a summary as JSON to this file.
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let standard = Path::new("-");
    let mut outputs = vec![("--output", args.output.as_deref().unwrap_or(standard))];
    outputs.extend(args.summary.as_deref().map(|path| ("--summary", path)));
    let all: Vec<PathBuf> = args
        .inputs
        .iter()
        .chain(&args.history)
        .chain(&args.decided)
        .chain(&args.results.outcomes)
        .chain(&args.policy.capacity)
        .chain(&args.key.key_file)
        .cloned()
        .collect();
    let kept = Kept { packs: &[&args.policy.rules], store: args.results.store.as_deref() };
    check_apart(&outputs, &all, kept)?;
    let twice = all.iter().filter(|path| crate::inputs::is_standard(path)).count();
    if twice > 1 {
        return Err(qingfeng::read::ReadError::StdinTwice.into());
    }
    let (opened, policy) = args.policy.open()?;
    let pack = opened.pack();
    let capacity = args.policy.capacity(&policy)?;
    if capacity.is_empty() {
        return Err(Failure::Usage(
            "no site has a capacity: give a table by --capacity (columns site, day, inspections), or write \
             [[selection.capacity]] into pack.toml"
                .to_owned(),
        ));
    }
    let outcomes = args.results.results()?.timeline()?;
    let key = key(args, &policy)?;
    let mut roll = Roll::new(&policy, &capacity, outcomes.as_ref(), key.as_ref());
    for path in &args.history {
        for declaration in ArrivingDeclarations::open(&Input::from(path.clone()), pack)? {
            roll.remember(&declaration?);
        }
    }
    for path in &args.decided {
        Taken::read(&Input::from(path.clone()), pack, &mut |candidate, taken| roll.recall(candidate, taken))?;
    }
    let target = output(args.output.as_ref());
    let mut sink = Sink {
        writer: TableWriter::create(&target, DecisionColumns::TABLE.schema())?,
        rows: RowWriter::new(&DecisionColumns::TABLE),
        at_once: if target == Output::Stdout { 1 } else { BATCH_ROWS },
    };
    let (mut number, mut without_day, mut without_office, mut again, mut amended) = (0, 0, 0, 0, 0);
    for path in &args.inputs {
        let mut arriving = ArrivingDeclarations::open(&Input::from(path.clone()), pack)?;
        while let Some(declaration) = arriving.next() {
            let declaration = declaration?;
            if roll.is_full() {
                return Err(Failure::Files(format!(
                    "{}: too many declarations for one run; give fewer days at a time",
                    path.display()
                )));
            }
            number += 1;
            let taken = roll.take(&declaration);
            let is_nowhere = taken.office.is_none();
            without_day += u64::from(is_nowhere && declaration.day.is_none());
            without_office += u64::from(is_nowhere && declaration.day.is_some());
            again += u64::from(taken.again);
            amended += u64::from(!taken.again && taken.replaces.is_some());
            let pack_id = &arriving.packs()[declaration.pack as usize];
            decided(&mut sink.rows, pack, pack_id, &declaration, &taken);
            sink.write(sink.at_once)?;
        }
    }
    sink.write(1)?;
    sink.writer.finish()?;
    let days = roll.finish();
    let (reached, best) =
        days.iter().fold((0_i128, 0_i128), |(reached, best), day| (reached + day.reached, best + day.best));
    let share_of_best = (best > 0).then(|| reached as f64 / best as f64);
    if let Some(path) = &args.summary {
        let summary = record!({
            declarations: number,
            again: again,
            amended: amended,
            without_day: without_day,
            without_office: without_office,
            share_of_best: share_of_best,
            days: days.iter().map(office_day).collect::<Vec<_>>(),
        });
        write_text(path, &terminal::json(&summary)?)?;
    }
    let mut out = offices(&days);
    out += &count(number, "declaration");
    if let Some(reached) = share_of_best {
        out += &format!(
            "; what was targeted is worth {:.1} % of the best that hindsight could have targeted",
            reached * 100.0
        );
    }
    out.push('\n');
    let total = |of: fn(&OfficeDay) -> u64| days.iter().map(of).sum::<u64>();
    for (number, what) in [
        (again, "that came again, answered as before"),
        (amended, "amended, decided again in place of the old decision"),
        (without_day, "without a date, so of no day"),
        (without_office, "of which no site inspects on their day"),
        (total(|day| day.missed), "that had to be inspected found no capacity left"),
        (total(|day| day.cut), "that were drawn found no capacity left"),
    ] {
        if number > 0 {
            out += &format!("{}\n", styled(WARNING, &format!("{} {what}", count(number, "declaration"))));
        }
    }
    if policy.draws() && key.is_none() {
        out += &format!("{}\n", styled(WARNING, "Nothing was drawn, since there was no key."));
    }
    terminal::summary(&out);
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
            "the pack draws random inspections, which takes a key: give its file by --key-file, or set {VARIABLE}; with \
             --without-draw none is drawn"
        ))),
    }
}

/// Where rows go: to standard output each at once, to a file in batches.
struct Sink {
    writer: TableWriter,
    rows: RowWriter,
    at_once: usize,
}

impl Sink {
    /// Writes the rows if there are so many.
    fn write(&mut self, least: usize) -> Result<(), Failure> {
        if self.rows.len() < least {
            return Ok(());
        }
        let batch = self.rows.finish().map_err(|error| Failure::Files(error.to_string()))?;
        Ok(self.writer.write(&batch)?)
    }
}

/// What was decided on a declaration, as a row with its assessment; one without a day belongs to no office.
fn decided(
    rows: &mut RowWriter,
    pack: &Pack,
    pack_id: &str,
    declaration: &AssessedDeclaration,
    taken: &Taken,
) {
    let columns = DecisionColumns::COLUMNS;
    let channel = pack.channels.get(declaration.channel.index()).map(|channel| channel.name.as_str());
    let rules = declaration.rules.iter().filter_map(|&rule| pack.rules.get(rule as usize));
    let sites = declaration.sites.iter().filter_map(|&site| pack.reference.sites.get(site as usize));
    rows.count(columns.number, taken.number)
        .text(columns.declaration_id, &*declaration.declaration_id)
        .text(columns.pack, pack_id)
        .date(columns.day, declaration.day)
        .text(columns.office, taken.office.as_deref())
        .integer(columns.score, declaration.score)
        .text(columns.channel, channel)
        .text(columns.trader, declaration.trader.as_deref())
        .text(columns.group, &*declaration.group)
        .integer(columns.replaces, taken.replaces.and_then(|number| i64::try_from(number).ok()))
        .text(columns.trader_class, &*declaration.trader_class)
        .text(columns.mode, declaration.mode.as_deref())
        .text(columns.destination, declaration.destination.as_deref())
        .texts(columns.rules, rules.map(|rule| rule.id.as_str()))
        .texts(columns.sites, sites.map(|site| site.name.as_str()))
        .texts(columns.line_groups, declaration.line_groups.iter().map(|group| &**group))
        .integer(columns.packages, declaration.packages)
        .number(columns.value, declaration.value.filter(|value| value.is_finite()))
        .texts(columns.unreadable, declaration.unreadable.iter().map(|cell| &**cell));
    match &taken.decision {
        None if declaration.day.is_none() => {
            rows.text(columns.why, "it has no date, so it belongs to no day")
        }
        None => rows.text(columns.why, "none of its sites inspects on its day"),
        Some(decision) => rows
            .text(columns.selected, decision.selected.map(|kind| kind.name()))
            .text(columns.why, decision.why.as_str())
            .number(columns.probability, decision.probability)
            .number(columns.threshold, decision.threshold)
            .integer(columns.worth, taken.worth)
            .integer(columns.cost, i64::from(taken.cost))
            .count(columns.left, taken.left),
    };
    rows.end();
}

/// What a site's day came to, as data.
fn office_day(day: &OfficeDay) -> impl Serialize {
    let whole = |worth: i128| i64::try_from(worth).unwrap_or(i64::MAX);
    let (Amount::Inspections(capacity) | Amount::Points(capacity)) = day.capacity;
    record!({
        day: day.day,
        office: &day.office,
        capacity: capacity,
        capacity_in: capacity_unit(day.capacity),
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
    })
}

/// Site by site, all days together.
fn offices(days: &[OfficeDay]) -> String {
    let mut offices: BTreeMap<&str, [i128; 9]> = BTreeMap::new();
    for day in days {
        let (Amount::Inspections(capacity) | Amount::Points(capacity)) = day.capacity;
        let sums = offices.entry(&day.office).or_default();
        let counts = [
            1,
            day.declarations.into(),
            day.mandatory.into(),
            day.targeted.into(),
            day.random.into(),
            day.used.into(),
            capacity.into(),
            day.reached,
            day.best,
        ];
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let share = |reached: i128, best: i128| match best {
        0 => "–".to_owned(),
        best => format!("{:.1} %", reached as f64 * 100.0 / best as f64),
    };
    let names = [
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
    let mut rows = vec![heads(&names, &[])];
    for (office, sums) in &offices {
        let mut row = vec![Cell::new(office)];
        row.extend(sums[..6].iter().map(|&sum| Cell::new(grouped(sum)).right()));
        row.push(Cell::new(share(sums[5], sums[6])).right());
        row.push(Cell::new(share(sums[7], sums[8])).right());
        rows.push(row);
    }
    table("", &rows)
}
