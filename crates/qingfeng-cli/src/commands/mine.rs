//! `qingfeng mine`: rules proposed from labelled history.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use qingfeng::Engine;
use qingfeng::read::{Input, ReadOptions, Reader};
use qingfeng::rules::{Date, Pack, PackFiles, Status};
use qingfeng_insight::mine::{
    Hits, Judgement, LabelledLines, Labels, LineOptions, MAX_CONDITIONS, MAX_RULES, MINED_FILE, MineError,
    MineOptions, Mined, RatesOf, labelled_schema, rule_file,
};
use serde::Serialize;

use crate::exit::{self, Exit, Failure};
use crate::findings::ResultsArgs;
use crate::inputs::{InputFormatArgs, day};
use crate::numbers::{count, grouped, percent};
use crate::outputs::{Kept, check_apart, write_pack, write_text};
use crate::passes::ThreadArgs;
use crate::progress::Bar;
use crate::studies::{Plans, Results, StudyError, Watcher, files};
use crate::table::{Cell, heads, table};
use crate::terminal::{BOLD, DIM, Format, WARNING, clean, styled};

/// Propose rules from results of inspections.
///
/// Reads declarations with their results and looks for codes, ranges of numbers, words and conjunctions of these that lead
/// to findings. Proposals are found on earlier learning days and confirmed on later ones; the lines, hit rates and 95 %
/// intervals shown are of held-out days that were not used to learn: those after --until, and the files of --judge. What the
/// active rules of the pack already say is not proposed again. The rules are written in Rhai, as shadow rules unless
/// --active, for a risk officer to read.
///
/// If the lines with a result were selected for inspection, give the plans with --plan: each line then counts by 1/probability
/// of its selection. Without plans the lines are taken as all of trade.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("found").args(["outcomes", "store", "label"]).required(true).multiple(true))]
#[command(after_help = exit::help(&[
    "qingfeng mine declarations.parquet --outcomes outcomes.csv --rules rules/clean-wind --until 2016-06-30 -o mined.rhai",
    "qingfeng mine declarations.parquet --outcomes outcomes.csv --plan plan.csv --rules rules/clean-wind --until 2016-06-30",
    "qingfeng mine train.csv --label Fraud --rules rules/import-fraud --judge valid.csv -o mined-pack",
    "qingfeng mine train.csv --label Fraud --rules rules/import-fraud --judge valid.csv --cold hs,departure,origin",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    #[command(flatten)]
    history: HistoryArgs,

    /// Leave the rules of the pack out of account: propose also what they say.
    #[arg(long)]
    alone: bool,

    /// Output file (.rhai), or directory of a new pack: a copy of that of --rules with the rules in mined.rhai.
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

/// Labelled history, and what is looked for in it.
#[derive(Debug, clap::Args)]
pub struct HistoryArgs {
    /// Files with declarations: CSV or NDJSON, also compressed with gzip or zstd, Parquet or Arrow.
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<PathBuf>,

    #[command(flatten)]
    how: InputFormatArgs,

    /// Directory of the rule pack. Its living lookup tables come from --store, if that is given.
    #[arg(long, value_name = "DIR")]
    pub rules: PathBuf,

    #[command(flatten)]
    pub results: ResultsArgs,

    /// Plans, as `qingfeng plan` wrote them. Learn only from what they selected, and count each line by 1/probability of its
    /// selection, so that rates are those of all trade that could be selected.
    #[arg(long = "plan", value_name = "FILE", num_args = 1..)]
    pub plans: Vec<PathBuf>,

    /// Snapshot of the store, by the number of its last change; of lookup tables alone. Default: the latest.
    #[arg(long, value_name = "SNAPSHOT")]
    snapshot: Option<u64>,

    /// Column with the result of a declaration, or of a goods line, in the inputs: 1 or 0, true or false, or clear, counterfeit
    /// and so on. It must not be a field of the pack.
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["outcomes", "as_of"])]
    label: Option<String>,

    /// Last day, of declarations to learn from. Later days are held out.
    #[arg(long, value_name = "DAY", value_parser = day)]
    until: Option<Date>,

    /// File with further held-out declarations. May be repeated.
    #[arg(long, value_name = "FILE")]
    judge: Vec<PathBuf>,

    /// Learn from no line whose combination of values of these fields occurs in a held-out line, and report what learning
    /// from all lines would give. For data in which the same goods return with the same result.
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    cold: Vec<String>,

    /// Maximum number of conditions of a rule.
    #[arg(
        long, value_name = "N", default_value = "2",
        value_parser = clap::value_parser!(u8).range(1..=MAX_CONDITIONS as i64)
    )]
    conditions: u8,

    /// Maximum number of rules to propose.
    #[arg(
        long, value_name = "N", default_value = "30",
        value_parser = clap::value_parser!(u16).range(1..=MAX_RULES as i64)
    )]
    most: u16,

    /// Minimum number of learning lines of a code, a range or a rule.
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u32).range(5..))]
    least_lines: u32,

    /// Let conditions name parties: exporters, importers, agents.
    #[arg(long)]
    parties: bool,

    /// Write active rules, not shadow rules.
    #[arg(long)]
    active: bool,

    /// Prefix of the ids of proposed rules.
    #[arg(long, value_name = "TEXT", default_value = "MINED")]
    prefix: String,

    #[command(flatten)]
    threads: ThreadArgs,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: Format,
}

impl HistoryArgs {
    /// Refuses an output that would overwrite what is read.
    pub fn check_output(&self, output: &Path) -> Result<(), Failure> {
        let inputs: Vec<PathBuf> = [&self.inputs, &self.judge, &self.results.outcomes, &self.plans]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        let kept = Kept { packs: &[&self.rules], store: self.results.store.as_deref() };
        check_apart(&[("--output", output)], &inputs, kept)
    }

    /// What rules are learned from.
    pub fn given(&self, alone: bool) -> Result<MineGiven, Failure> {
        let labels = match &self.label {
            Some(column) => MineLabels::Column(column.clone()),
            None => MineLabels::Results(self.results.results()?),
        };
        Ok(MineGiven {
            engine: self.results.engine(&self.rules, self.snapshot)?,
            declarations: files(&self.inputs),
            judge: files(&self.judge),
            read: self.how.with(self.results.encoding).options(ReadOptions::default()),
            labels,
            plans: self.plans.clone(),
            parties: self.parties,
            alone,
            threads: self.threads.number(),
            options: MineOptions {
                until: self.until,
                conditions: self.conditions.into(),
                most: self.most.into(),
                least_lines: self.least_lines,
                cold: self.cold.clone(),
                status: if self.active { Status::Active } else { Status::Shadow },
                prefix: self.prefix.clone(),
                ..MineOptions::default()
            },
        })
    }
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let history = &args.history;
    if let Some(output) = &args.output {
        history.check_output(output)?;
        if !is_rule_file(output) && output.exists() {
            let path = output.display();
            return Err(Failure::Usage(format!(
                "{path} is there already; name a new directory, or a file *.rhai"
            )));
        }
    }
    let given = history.given(args.alone)?;
    let pack = Arc::clone(given.engine.pack());
    let mining = Bar::during(None, |progress| mining(given, progress))?;
    if let Some(output) = &args.output {
        write(&history.rules, output, &mining, &pack)?;
    }
    history.format.print(&mining, || mining.human())?;
    Ok(Exit::Done)
}

/// What rules are learned from.
pub struct MineGiven {
    /// The engine of the pack.
    pub engine: Engine,
    /// Declarations to learn from.
    pub declarations: Vec<Input>,
    /// Declarations that are held out, whatever their day.
    pub judge: Vec<Input>,
    /// How declarations are read.
    pub read: ReadOptions,
    /// Where their results are.
    pub labels: MineLabels,
    /// The plans that selected declarations, if there are some.
    pub plans: Vec<PathBuf>,
    /// Whether conditions may name parties.
    pub parties: bool,
    /// Whether the rules of the pack are left out of account.
    pub alone: bool,
    /// The threads at most.
    pub threads: Option<usize>,
    /// How rules are learned.
    pub options: MineOptions,
}

/// Where the results of declarations are.
pub enum MineLabels {
    /// In a column of theirs.
    Column(String),
    /// In outcomes.
    Results(Results),
}

/// What mining found.
#[derive(Serialize)]
pub struct Mining {
    #[serde(flatten)]
    mined: Mined,
    /// How rules would do that are learned from all lines; only where some were kept out.
    as_it_is: Option<Judgement>,
    #[serde(flatten)]
    left: Left,
    #[serde(skip)]
    cold: Vec<String>,
}

/// Lines that had no part in learning.
#[derive(Serialize)]
pub struct Left {
    unlabelled: u64,
    /// Lines of declarations that no plan selected.
    unselected: u64,
    rejected: u64,
}

impl Left {
    /// Of lines that were read.
    pub fn of(lines: &LabelledLines) -> Self {
        let &LabelledLines { unlabelled, unselected, rejected, .. } = lines;
        Self { unlabelled, unselected, rejected }
    }

    /// The same where only results of lines themselves count.
    fn of_rules(lines: &LabelledLines) -> Self {
        let of_lines = Self::of(lines);
        Self { unlabelled: of_lines.unlabelled + lines.of_declarations_alone(), ..of_lines }
    }
}

/// Learns rules.
pub fn mining(given: MineGiven, progress: &mut Watcher<'_>) -> Result<Mining, StudyError> {
    let (engine, lines, options) = given.read(progress)?;
    let wrong = |error: MineError| StudyError::Asked(error.to_string());
    let mined = qingfeng_insight::mine::mine(engine.pack(), &lines, &options).map_err(wrong)?;
    let cold = options.cold.clone();
    let as_it_is = if cold.is_empty() {
        None
    } else {
        let all = MineOptions { cold: Vec::new(), ..options };
        qingfeng_insight::mine::mine(engine.pack(), &lines, &all).map_err(wrong)?.judgement
    };
    Ok(Mining { mined, as_it_is, left: Left::of_rules(&lines), cold })
}

impl MineGiven {
    /// Reads the lines.
    pub fn read(
        self,
        progress: &mut Watcher<'_>,
    ) -> Result<(Engine, LabelledLines, MineOptions), StudyError> {
        let Self { engine, declarations, judge, read, labels, plans, parties, alone, threads, options } =
            self;
        let pack = engine.pack();
        let (schema, labels) = match labels {
            MineLabels::Column(column) => {
                let wrong = |error: MineError| StudyError::Option("label", error.to_string());
                (labelled_schema(&pack.schema, &column).map_err(wrong)?, Labels::Column)
            }
            MineLabels::Results(results) => {
                let outcomes = results.read(results.as_of, &mut |_| true)?;
                (Arc::clone(&pack.schema), Labels::Outcomes(outcomes))
            }
        };
        let mut readers = Vec::new();
        for (inputs, judged) in [(declarations, false), (judge, true)] {
            for input in inputs {
                let reader = Reader::new(Arc::clone(&schema), vec![input.clone()], read.clone())?;
                readers.push((reader, input, judged));
            }
        }
        let plans = Plans::read(&plans)?.files;
        let line_options = LineOptions { labels: &labels, plans: &plans, parties, alone };
        let lines = LabelledLines::read(&engine, readers, &line_options, threads, progress)?;
        Ok((engine, lines, options))
    }
}

impl Mining {
    /// The file with the rules, if they can stand beside those of the pack.
    pub fn rule_file(&self, pack: &Pack) -> Result<String, StudyError> {
        match taken(pack, |id| self.mined.rules.iter().any(|rule| rule.id == id)) {
            Some(message) => Err(StudyError::Option("prefix", message)),
            None => Ok(rule_file(&self.mined)),
        }
    }

    /// For people.
    pub fn human(&self) -> String {
        human(self)
    }
}

/// What is said where the pack has a rule with one of these ids elsewhere than among mined ones.
pub fn taken(pack: &Pack, is_own: impl Fn(&str) -> bool) -> Option<String> {
    let taken = |rule: &&qingfeng::rules::Rule| &*rule.place.file != MINED_FILE && is_own(&rule.id);
    let rule = pack.rules.iter().find(taken)?;
    Some(format!("the pack has a rule `{}` already; give another one", rule.id))
}

fn is_rule_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rhai")
}

/// Refuses files with which the pack would not load.
pub fn check_loads(rules: &Path, output: &Path, written: &[(&str, &str)]) -> Result<(), Failure> {
    let mut files = PackFiles::read(rules);
    for &(file, text) in written {
        files.insert(file, text.as_bytes().to_vec());
    }
    let Err(diagnostics) = Pack::load(&files) else { return Ok(()) };
    let first = diagnostics.items.first().map_or(String::new(), |first| first.title.clone());
    let output = output.display();
    Err(Failure::Files(format!("{output}: the pack does not load with the mined rules: {first}")))
}

/// Writes the rules, after a look at whether the pack loads with them.
fn write(rules: &Path, output: &Path, mining: &Mining, pack: &Pack) -> Result<(), Failure> {
    let text = mining.rule_file(pack)?;
    check_loads(rules, output, &[(MINED_FILE, &text)])?;
    if is_rule_file(output) {
        return write_text(output, &text);
    }
    write_pack(rules, output, &[(MINED_FILE, &text)], true)
}

fn rate(hits: Hits) -> String {
    hits.rate().map_or_else(|| "-".to_owned(), percent)
}

fn span(days: Option<(Date, Date)>) -> String {
    days.map_or_else(|| "without a day".to_owned(), |(first, last)| format!("{first} to {last}"))
}

/// `550 lines that stand for 12,300 of trade`
fn counted(hits: Hits) -> String {
    let lines = count(hits.lines, "line");
    hits.trade.map_or(lines.clone(), |trade| {
        format!("{lines} that stand for {} of trade", grouped(trade.lines.round() as u64))
    })
}

fn human(answer: &Mining) -> String {
    let mined = &answer.mined;
    let mut out = learned_from(mined, &answer.cold, &answer.left) + &proposed(mined);
    if let Some(judgement) = &mined.judgement {
        let name = if answer.cold.is_empty() { "these rules" } else { "cold" };
        let beside = mined.beside.as_ref();
        let both = beside.and_then(|beside| beside.both.as_ref());
        out += &ranked(&[
            (name, Some(judgement)),
            ("as it is", answer.as_it_is.as_ref()),
            ("the pack", beside.and_then(|beside| beside.pack.as_ref())),
            ("the pack and these", both),
        ]);
    }
    out
}

/// How well points rank held-out lines.
pub fn ranked(judged: &[(&str, Option<&Judgement>)]) -> String {
    let mut rows = vec![heads(&["", "best", "lines", "findings", "precision", "recall"], &[])];
    rows.extend(judged.iter().filter_map(|&(name, judgement)| Some(best(name, judgement?))).flatten());
    format!("\n{BOLD}Held-out lines, ranked by points{BOLD:#}\n{}", table("  ", &rows))
}

/// What was learned from, and what was not.
pub fn learned_from(mined: &Mined, cold: &[String], left: &Left) -> String {
    let mut out = format!(
        "Learned from {}, {}, {} with a finding.\n",
        counted(mined.learned),
        span(mined.learned_days),
        rate(mined.learned)
    );
    out += &match (mined.rates_of, mined.warning) {
        (RatesOf::Trade, _) => {
            "Rates are of all trade that the plans could select: each line counts by 1/probability of its selection.\n"
                .to_owned()
        }
        (_, Some(warning)) => styled(WARNING, warning) + "\n",
        _ => String::new(),
    };
    if mined.dropped > 0 {
        let fields = clean(&cold.join(", ")).into_owned();
        out += &format!(
            "{} kept out: their {fields} occur in held-out lines.\n",
            count(mined.dropped, "learning line")
        );
    }
    out += &match mined.held_out.lines {
        0 => {
            styled(
                WARNING,
                "Nothing is held out: give --until or --judge to see what rules find on other days.",
            ) + "\n"
        }
        _ => format!(
            "Held out: {}, {}, {} with a finding.\n",
            counted(mined.held_out),
            span(mined.held_out_days),
            rate(mined.held_out)
        ),
    };
    let left = [
        (left.unlabelled, "without a result"),
        (left.unselected, "that no plan selected"),
        (left.rejected, "that could not be read whole"),
    ];
    for (lines, why) in left.into_iter().filter(|(lines, _)| *lines > 0) {
        out += &format!("{DIM}{} {why} had no part in this.{DIM:#}\n", count(lines, "line"));
    }
    out
}

/// What was tried, and the rules.
pub fn proposed(mined: &Mined) -> String {
    let mut out = format!(
        "Tried {} on later learning days; {} confirmed.\n",
        count(mined.tried, "pattern"),
        grouped(mined.confirmed)
    );
    if let Some(beside) = &mined.beside {
        out += &format!(
            "Learned beside {} of the pack: what {} is not proposed again (--alone does).\n",
            count(beside.rules, "active rule"),
            if beside.rules == 1 { "it says" } else { "they say" }
        );
    }
    if mined.refuted > 0 {
        out += &format!(
            "Left out {} that held-out lines contradict: points for no more findings than expected there, or negative points \
             for no fewer.\n",
            count(mined.refuted, "confirmed rule")
        );
    }
    if mined.rules.is_empty() {
        out += match (mined.confirmed, mined.beside.is_some() || mined.with_risk.is_some()) {
            (0, false) => "\nNo rule is proposed: nothing that was found held again on later days.\n",
            (0, true) => {
                "\nNo rule is proposed: nothing that was found beyond what is known already held again on later days.\n"
            }
            _ => "\nNo rule is proposed.\n",
        };
        return out;
    }
    out += &format!("\n{BOLD}Rules{BOLD:#}\n{}", rules(mined));
    for rule in &mined.rules {
        if let Some(why) = &rule.suspicious {
            out += &format!("{}\n", styled(WARNING, &format!("{}: {}. It is a draft.", rule.id, clean(why))));
        }
    }
    out
}

fn best(name: &str, judgement: &Judgement) -> Vec<Vec<Cell>> {
    let row = |best: &qingfeng_insight::mine::BestShare| {
        vec![
            Cell::new(name),
            Cell::new(format!("{} %", best.percent)).right(),
            Cell::new(grouped(best.lines)).right(),
            Cell::new(format!("{:.1}", best.hits)).right(),
            Cell::new(percent(best.precision)).right(),
            Cell::new(percent(best.recall)).right(),
        ]
    };
    judgement.best.iter().map(row).collect()
}

fn rules(mined: &Mined) -> String {
    let mut names = heads(&["rule", "points", "lines", "hit rate", "95 %", "lift", "learned"], &[]);
    names.push(Cell::new("conditions").style(DIM));
    let mut rows = vec![names];
    for rule in &mined.rules {
        let interval = rule
            .interval
            .map_or_else(|| "-".to_owned(), |(low, high)| format!("{:.1}-{:.1}", low * 100.0, high * 100.0));
        rows.push(vec![
            Cell::new(&rule.id).style(BOLD),
            Cell::new(rule.points.to_string()).right(),
            Cell::new(grouped(rule.held_out.lines)).right(),
            Cell::new(rate(rule.held_out)).right(),
            Cell::new(interval).right(),
            Cell::new(rule.lift.map_or_else(|| "-".to_owned(), |lift| format!("{lift:.2}"))).right(),
            Cell::new(rate(rule.learned)).right(),
            Cell::new(rule.conditions.join(" and ")),
        ]);
    }
    table("  ", &rows)
}
