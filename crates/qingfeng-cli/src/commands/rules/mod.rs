//! `qingfeng rules`: the rules of a pack.

mod program;

use annotate_snippets::renderer::Style;
use qingfeng::Engine;
use qingfeng::rules::internals::Visit;
use qingfeng::rules::{ChannelId, Key, Pack, Points, Rule, Status};

use crate::exit::{self, Exit, Failure};
use crate::numbers::count;
use crate::record::record;
use crate::render::{short_digest, validity};
use crate::stores::DirectoryArgs;
use crate::table::{Cell, table};
use crate::terminal::{self, BOLD, DIM, Format, WARNING, clean, shortened, styled};

/// List the rules of a pack.
///
/// For people: by file, with the points of each rule, the channels it sets as a minimum (≥) or maximum (≤), its validity
/// and its keys; then what must hold on a line for the rule to be evaluated there (its witness), and what of it is left
/// to the interpreter. As JSON: everything, with each condition as text and the fields it reads.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(
    &["qingfeng rules rules/clean-wind", "qingfeng rules rules/clean-wind --program BR-UA-DELI"],
    &[exit::FILES, exit::PACK],
))]
pub struct Args {
    #[command(flatten)]
    pack: DirectoryArgs,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,

    /// Show the compiled program of this rule alone, and again after each pass that changes it.
    #[arg(long, value_name = "ID", conflicts_with = "format")]
    program: Option<String>,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let engine = args.pack.open()?;
    if let Some(id) = &args.program {
        terminal::print(&program::stages(&engine, id)?)?;
        return Ok(Exit::Done);
    }
    let listing = record!({ pack: engine.pack_id(), digest: engine.digest(), rules: engine.listed_rules() });
    args.format.print(&listing, || human(&engine))?;
    Ok(Exit::Done)
}

fn human(engine: &Engine) -> String {
    let pack = engine.pack();
    let mut out = String::new();
    let mut at = 0;
    for here in pack.rules.chunk_by(|a, b| a.place.file == b.place.file) {
        out += &format!("{BOLD}{}{BOLD:#}\n", clean(&here[0].place.file));
        let rows: Vec<_> = here.iter().map(|rule| row(rule, pack)).collect();
        for (line, rule) in table("  ", &rows).lines().zip(here) {
            out += line;
            out.push('\n');
            let keys = keys(rule, pack);
            if !keys.is_empty() {
                out += &format!("      {DIM}{}{DIM:#}\n", clean(&keys));
            }
            out += &evaluation(engine, at);
            at += 1;
        }
        out.push('\n');
    }
    let of = |status| pack.rules.iter().filter(|rule| rule.status == status).count();
    let counted: Vec<String> = [Status::Active, Status::Shadow, Status::Draft, Status::Retired]
        .into_iter()
        .filter(|&status| of(status) > 0)
        .map(|status| format!("{} {}", of(status), status.name()))
        .collect();
    let statuses = if counted.is_empty() { String::new() } else { format!(" ({})", counted.join(", ")) };
    out += &format!(
        "{}{statuses}; {}\nPack {} {}, digest {}\n",
        count(pack.rules.len() as u64, "rule"),
        totals(engine),
        clean(&pack.name),
        clean(&pack.version),
        short_digest(engine.digest()),
    );
    out
}

/// Letters of a witness that are shown to people.
const WITNESS_LETTERS: usize = 160;

/// Where a rule is visited, and what of it is left to the interpreter, each on a line of its own.
fn evaluation(engine: &Engine, at: usize) -> String {
    let (pack, program) = (engine.pack(), engine.program());
    let rule = &pack.rules[at];
    let visited = match (program.visit(at), program.witness_text(at)) {
        (Visit::Always, _) if rule.when.is_none() => {
            "no condition: fires on each line that its key fits".into()
        }
        (Visit::Always, _) => "the condition always holds: fires on each line that its key fits".into(),
        (_, Some(witness)) => format!("witness: {}", shortened(&witness, WITNESS_LETTERS)),
        (_, None) => "no witness: visited on each candidate line".into(),
    };
    let evaluated = if rule.status.is_evaluated() { "" } else { "not evaluated; " };
    let mut out = format!("      {DIM}{evaluated}{}{DIM:#}\n", clean(&visited));
    for residual in program.residuals(at) {
        let place = pack.warnings.sources.located(&residual.place);
        let text = format!("{} by the interpreter: {}, {place}", residual.closure, residual.reason);
        out += &format!("      {} {}\n", styled(WARNING, "residual:"), clean(&text));
    }
    out
}

/// `182 compiled, 2 residual; 12 without a witness`: draft and retired rules are compiled, and visited nowhere.
fn totals(engine: &Engine) -> String {
    let (pack, program) = (engine.pack(), engine.program());
    let residual = (0..pack.rules.len()).filter(|&at| !program.residuals(at).is_empty()).count();
    let without = pack.rules.iter().enumerate().filter(|(at, rule)| {
        rule.status.is_evaluated() && program.visit(*at) != Visit::Always && program.witness(*at).is_none()
    });
    format!(
        "{} compiled, {residual} residual; {} without a witness",
        pack.rules.len() - residual,
        without.count()
    )
}

fn row(rule: &Rule, pack: &Pack) -> Vec<Cell> {
    let (id, status) = match rule.status {
        Status::Active => (BOLD, Style::new()),
        _ => (DIM, DIM),
    };
    let points = match &rule.points {
        Points::Fixed(points) => format!("{points:+}"),
        Points::Computed(_) => "computed".into(),
    };
    vec![
        Cell::new(&rule.id).style(id),
        Cell::new(rule.status.name()).style(status),
        Cell::new(points).right(),
        Cell::new(channels(rule, pack)),
        Cell::new(validity(rule.from, rule.until)),
        Cell::new(&rule.title),
    ]
}

/// `≥ blue ≤ red`: the channels that the rule asks for at least and at most.
fn channels(rule: &Rule, pack: &Pack) -> String {
    let limit = |sign, channel: Option<ChannelId>| Some(format!("{sign} {}", channel_name(pack, channel?)));
    limit('≥', rule.at_least).into_iter().chain(limit('≤', rule.at_most)).collect::<Vec<_>>().join(" ")
}

fn channel_name(pack: &Pack, channel: ChannelId) -> &str {
    &pack.channels[channel.index()].name
}

/// `region: africa, KE; mode: general`: what the rule is keyed on.
fn keys(rule: &Rule, pack: &Pack) -> String {
    let keys = Key::ALL.into_iter().filter_map(|key| {
        let names = pack.key_names(rule, key);
        (!names.is_empty()).then(|| format!("{}: {}", key.name(), names.join(", ")))
    });
    keys.collect::<Vec<_>>().join("; ")
}
