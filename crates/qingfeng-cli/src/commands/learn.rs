//! `qingfeng learn`: a risk, and rules beside it, proposed from labelled history.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use qingfeng::rules::Pack;
use qingfeng_insight::mine::{
    Judgement, LearnOptions, Learned, LearnedRisk, MINED_FILE, MineError, MineOptions, rule_file,
};
use serde::Serialize;

use super::mine::{HistoryArgs, Left, MineGiven, check_loads, learned_from, proposed, ranked, taken};
use crate::exit::{self, Exit, Failure};
use crate::numbers::{grouped, percent};
use crate::outputs::{failed, write_pack};
use crate::progress::Bar;
use crate::studies::{StudyError, Watcher};
use crate::table::{Cell, heads, table};
use crate::terminal::{BOLD, DIM, clean, quoted};

const MANIFEST: &str = "pack.toml";

/// Propose a risk of goods, and rules beside it, from results of inspections.
///
/// Finds by which fields, from broad to narrow, results of inspections are foretold best, each by those that were known before
/// its day, and for how many results a level counts for the next. That is a `[risks.NAME]` of the pack. A rule gives points
/// by the upper bound of it, so that goods of which little is known are opened too. Beside it and the active rules of the
/// pack rules are looked for as `qingfeng mine` does.
///
/// With -o the proposal is written as a new pack, which keeps a record of past trade of its own.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("found").args(["outcomes", "store", "label"]).required(true).multiple(true))]
#[command(after_help = exit::help(&[
    "qingfeng learn declarations.parquet --outcomes outcomes.csv --plan plan.csv --rules rules/clean-wind --until 2016-06-30",
    "qingfeng learn train.csv --label Fraud --rules rules/import-fraud --judge valid.csv -o learned-pack",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    #[command(flatten)]
    history: HistoryArgs,

    /// Name of the risk. One of this name in the pack is replaced.
    #[arg(long, value_name = "NAME", default_value = "goods")]
    risk: String,

    /// Fields that levels may be made of. Default: codes, and numbers of few
    /// values; parties only with --parties.
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    levels: Vec<String>,

    /// Output directory of a new pack: a copy of that of --rules with the risk in pack.toml and the rules in mined.rhai.
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let history = &args.history;
    if let Some(output) = &args.output {
        history.check_output(output)?;
        if output.exists() {
            let path = output.display();
            return Err(Failure::Usage(format!("{path} is there already; name a new directory")));
        }
    }
    let given =
        LearnGiven { history: history.given(false)?, name: args.risk.clone(), levels: args.levels.clone() };
    let pack = Arc::clone(given.history.engine.pack());
    let learning = Bar::during(None, |progress| learning(given, progress))?;
    let mut out = String::new();
    if let Some(output) = &args.output {
        let manifest = history.rules.join(MANIFEST);
        let text =
            fs::read_to_string(&manifest).map_err(|error| failed(&manifest, "cannot be read", &error))?;
        let (text, rules) = (learning.manifest(text)?, learning.rule_file(&pack)?);
        let files = [(MANIFEST, &*text), (MINED_FILE, &*rules)];
        check_loads(&history.rules, output, &files)?;
        write_pack(&history.rules, output, &files, false)?;
        out = learning.next_steps(args, output);
    }
    history.format.print(&learning, || learning.human() + &out)?;
    Ok(Exit::Done)
}

/// What a risk and rules are learned from.
pub struct LearnGiven {
    /// The history.
    pub history: MineGiven,
    /// The name of the risk.
    pub name: String,
    /// The fields that levels may be made of; all without one.
    pub levels: Vec<String>,
}

/// What learning found.
#[derive(Serialize)]
pub struct Learning {
    #[serde(flatten)]
    learned: Learned,
    /// How all would do that is learned from all lines; only where some were kept out.
    as_it_is: Option<Judgement>,
    #[serde(flatten)]
    left: Left,
    #[serde(skip)]
    cold: Vec<String>,
}

/// Learns a risk, and rules beside it.
pub fn learning(given: LearnGiven, progress: &mut Watcher<'_>) -> Result<Learning, StudyError> {
    let LearnGiven { history, name, levels } = given;
    let (engine, mut lines, mine) = history.read(progress)?;
    let cold = mine.cold.clone();
    let wrong = |error: MineError| match error {
        MineError::RiskName(_) => StudyError::Option("risk", error.to_string()),
        _ => StudyError::Asked(error.to_string()),
    };
    let options = LearnOptions { name, fields: levels, mine };
    let learned = qingfeng_insight::mine::learn(engine.pack(), &mut lines, &options).map_err(wrong)?;
    let as_it_is = if cold.is_empty() {
        None
    } else {
        let mine = MineOptions { cold: Vec::new(), ..options.mine };
        let all = LearnOptions { mine, ..options };
        let all = qingfeng_insight::mine::learn(engine.pack(), &mut lines, &all).map_err(wrong)?.mined;
        all.with_risk.or(all.judgement)
    };
    Ok(Learning { learned, as_it_is, left: Left::of(&lines), cold })
}

impl Learning {
    /// The file with the rule of the risk and those beside it, if they can stand beside those of the pack.
    pub fn rule_file(&self, pack: &Pack) -> Result<String, StudyError> {
        let Learned { risk, mined, .. } = &self.learned;
        if let Some(message) = taken(pack, |id| mined.rules.iter().any(|rule| rule.id == id)) {
            return Err(StudyError::Option("prefix", message));
        }
        let rules = rule_file(mined);
        let Some(risk) = risk else { return Ok(rules) };
        match taken(pack, |id| id == risk.rule) {
            Some(message) => Err(StudyError::Option("risk", message)),
            None => Ok(format!("{rules}\n{}", risk.rhai)),
        }
    }

    /// The text of a manifest with the risk.
    fn manifest(&self, text: String) -> Result<String, StudyError> {
        let Some(risk) = &self.learned.risk else { return Ok(text) };
        with_risk(&text, &risk.name, &risk.toml).ok_or_else(|| {
            StudyError::Asked(format!(
                "{MANIFEST} has a risk `{}` whose text cannot be told from what follows; take it out, or name another one with --risk",
                risk.name
            ))
        })
    }

    /// For people.
    pub fn human(&self) -> String {
        let mined = &self.learned.mined;
        let mut out = learned_from(mined, &self.cold, &self.left);
        out += &match &self.learned.risk {
            Some(risk) => levels(risk),
            None => format!(
                "\nNo risk is proposed: no field foretells results better than the share of all does ({}).\n",
                mined.learned.rate().map_or_else(|| "-".to_owned(), percent)
            ),
        };
        out += &format!("\n{}", proposed(mined));
        if mined.judgement.is_some() {
            let beside = mined.beside.as_ref();
            out += &ranked(&[
                ("the pack", beside.and_then(|beside| beside.pack.as_ref())),
                ("the risk", self.learned.risk.as_ref().and_then(|risk| risk.judgement.as_ref())),
                ("these rules", mined.judgement.as_ref().filter(|_| !mined.rules.is_empty())),
                ("all together", mined.with_risk.as_ref()),
                ("as it is", self.as_it_is.as_ref()),
            ]);
        }
        out
    }

    /// What is to be done with a proposal.
    fn next_steps(&self, args: &Args, output: &Path) -> String {
        let path = |path: &Path| clean(&quoted(&path.display().to_string())).into_owned();
        let paths = |paths: &[PathBuf]| paths.iter().map(|one| path(one)).collect::<Vec<_>>().join(" ");
        let output = path(output);
        let Some(risk) = &self.learned.risk else {
            return format!("\nWritten: {output}, with the rules in {MINED_FILE}.\n");
        };
        let history = &args.history;
        let results = match (&history.results.store, &history.results.outcomes[..]) {
            (Some(store), _) => format!("--store {}", clean(&quoted(store))),
            (None, []) => "--outcomes RESULTS".to_owned(),
            (None, outcomes) => format!("--outcomes {}", paths(outcomes)),
        };
        let plans = if history.plans.is_empty() {
            String::new()
        } else {
            format!(" --plan {}", paths(&history.plans))
        };
        format!(
            "\nWritten: {output}, with [risks.{}] in {MANIFEST}, and {} beside the rules in {MINED_FILE}.\n\
             It has no record of past trade yet. Add declarations and results, these and later ones:\n  \
             qingfeng trade add {} --rules {output}\n  qingfeng trade results {results}{plans} --rules {output}\n",
            risk.name,
            risk.rule,
            paths(&history.inputs)
        )
    }
}

/// The levels of a risk, and how well each foretells.
fn levels(risk: &LearnedRisk) -> String {
    let mut rows = vec![heads(&["level", "keys", "known before", "strength", "log loss"], &[])];
    let loss = |loss: f64| Cell::new(format!("{loss:.4}")).right();
    rows.push(vec![
        Cell::new(format!("all goods, {}", percent(risk.prior))).style(DIM),
        Cell::new("1").right(),
        Cell::new("-").right(),
        Cell::new("-").right(),
        loss(risk.log_loss),
    ]);
    rows.extend(risk.levels.iter().map(|level| {
        vec![
            Cell::new(level.fields.join(", ")),
            Cell::new(grouped(level.keys)).right(),
            Cell::new(percent(level.known)).right(),
            Cell::new(level.strength.to_string()).right(),
            loss(level.log_loss),
        ]
    }));
    format!(
        "\n{BOLD}Risk {}{BOLD:#}\n{}Strength is for how many results the level before counts. Log loss is of each result, told by those known before its day.\n",
        risk.name,
        table("  ", &rows)
    )
}

/// The text of a manifest with a risk, in the place of one of its name; `None` where its text cannot be told apart.
fn with_risk(manifest: &str, name: &str, text: &str) -> Option<String> {
    let table = |text: &str| text.trim_start_matches('\u{feff}').parse::<toml::Table>().ok();
    let mut wanted = table(manifest)?;
    let added = table(text)?;
    let risks = wanted.entry("risks").or_insert_with(|| toml::Table::new().into()).as_table_mut()?;
    risks.extend(added.get("risks")?.as_table()?.clone());
    let head = format!("[risks.{name}]");
    let lines: Vec<&str> = manifest.split_inclusive('\n').collect();
    let is_head = |line: &&str| line.split('#').next().is_some_and(|line| line.trim_end() == head);
    let after = match lines.iter().position(is_head) {
        None => format!("{}\n\n{text}", manifest.trim_end()),
        Some(from) => {
            let is_next = |line: &&str| line.starts_with('[') && line.trim_end().ends_with(']');
            let next = lines[from + 1..].iter().position(is_next);
            let mut until = next.map_or(lines.len(), |next| from + 1 + next);
            // Comments above the next table are of that one.
            while next.is_some() && lines[until - 1].starts_with('#') {
                until -= 1;
            }
            let gap = if until < lines.len() { "\n" } else { "" };
            lines[..from].concat() + text + gap + &lines[until..].concat()
        }
    };
    // Whatever stood there, nothing else of the manifest may change.
    (table(&after)? == wanted).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_risk_is_added_or_takes_the_place_of_its_namesake() {
        let text =
            "[risks.goods]\nlevels = [\n    [\"hs2\"],\n    [\"hs4\", \"departure\"],\n]\nprior = 0.03\n";
        let cases = [
            ("name = \"p\"\n", Some(format!("name = \"p\"\n\n{text}"))),
            ("[risks.goods]\nprior = 0.5\nlevels = [[\"hs6\"]]\n", Some(text.to_owned())),
            (
                "[risks.goods] # old\nlevels = [\n[\"hs6\"],\n[\"hs\"],\n]\n# of others\n[risks.other]\nprior = 0.1\n",
                Some(format!("{text}\n# of others\n[risks.other]\nprior = 0.1\n")),
            ),
            (
                "[risks.goods]\nlevels = [\n  [\"hs6\"],\n]\nprior = 0.2\n\n[score]\ncap = 9\n",
                Some(format!("{text}\n[score]\ncap = 9\n")),
            ),
            // Where its end is not plain it is left alone.
            ("[risks.goods]\nlevels = [\n[\"hs6\"]\n]\nprior = 0.2\n", None),
            ("[risks]\ngoods = { prior = 0.1, levels = [[\"hs2\"]] }\n", None),
            ("note = \"\"\"\n[risks.goods]\n\"\"\"\n", None),
        ];
        for (before, after) in cases {
            assert_eq!(with_risk(before, "goods", text), after, "{before}");
        }
    }
}
