//! `qingfeng rules`: the rules of a pack.

mod program;

use std::collections::BTreeSet;
use std::path::PathBuf;

use annotate_snippets::renderer::Style;
use qingfeng::Engine;
use qingfeng::rules::{ChannelId, Closure, Date, Key, KeyValue, Pack, Points, Rule, Status, Visit};
use serde::Serialize;

use crate::args::Format;
use crate::exit::{self, Exit, Failure};
use crate::numbers::count;
use crate::render::short_digest;
use crate::stores::LookupArgs;
use crate::table::{Cell, table};
use crate::terminal::{self, BOLD, DIM, WARNING, clean, styled};

/// List the rules of a pack.
///
/// For people: by file, with the points a rule gives, the channels it asks for at least (≥) or at most (≤), its
/// validity, and what it is keyed on; then what must hold on a line for the rule to be visited there (its witness),
/// and what of it is left to the interpreter. As JSON: everything, with each condition as text and the fields it reads.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng rules rules/clean-wind",
    "qingfeng rules rules/clean-wind --program BR-UA-DELI",
]))]
pub struct Args {
    /// The directory that holds pack.toml.
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    #[command(flatten)]
    lookups: LookupArgs,

    /// For whom the list is written.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,

    /// Show one rule alone: its program as it is compiled, and again after each pass that changes it.
    #[arg(long, value_name = "ID", conflicts_with = "format")]
    program: Option<String>,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let engine = args.lookups.open(&args.directory)?;
    if let Some(id) = &args.program {
        terminal::print(&program::stages(&engine, id)?)?;
        return Ok(Exit::Done);
    }
    match args.format {
        Format::Human => terminal::print(&human(&engine))?,
        Format::Json => terminal::print_json(&Listing::new(&engine))?,
    }
    Ok(Exit::Done)
}

const KEYS: [Key; 4] = [Key::Region, Key::Commodity, Key::Mode, Key::Site];

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
        (_, Some(witness)) => format!("witness: {}", shortened(&witness)),
        (_, None) => "no witness: visited on each candidate line".into(),
    };
    let evaluated = if rule.status.is_evaluated() { "" } else { "not evaluated; " };
    let mut out = format!("      {DIM}{evaluated}{}{DIM:#}\n", clean(&visited));
    for residual in program.residuals(at) {
        let (line, column) = pack.warnings.sources.line_and_column(&residual.place);
        let text = format!(
            "{} by the interpreter: {}, {}:{line}:{column}",
            residual.closure, residual.reason, residual.place.file
        );
        out += &format!("      {} {}\n", styled(WARNING, "residual:"), clean(&text));
    }
    out
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(WITNESS_LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
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

/// The days on which a rule is in force, where they are bounded.
pub fn validity(from: Option<Date>, until: Option<Date>) -> String {
    match (from, until) {
        (None, None) => String::new(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("{from} to {until}"),
    }
}

/// `region: africa, KE; mode: general`: what the rule is keyed on.
fn keys(rule: &Rule, pack: &Pack) -> String {
    let keys = KEYS.into_iter().filter_map(|key| {
        let names = key_names(rule, key, pack);
        (!names.is_empty()).then(|| format!("{}: {}", key.name(), names.join(", ")))
    });
    keys.collect::<Vec<_>>().join("; ")
}

/// The values of one key, as the rule file names them.
fn key_names<'p>(rule: &'p Rule, key: Key, pack: &'p Pack) -> Vec<&'p str> {
    let values = match key {
        Key::Region => &rule.region,
        Key::Commodity => &rule.commodity,
        Key::Mode => &rule.mode,
        Key::Site => &rule.site,
    };
    let name = |value: &'p KeyValue| match value {
        KeyValue::Group(at) => pack.reference.groups(key)[*at].name.as_str(),
        KeyValue::Code(name) | KeyValue::SiteKind(name) => name,
    };
    values.iter().map(name).collect()
}

#[derive(Serialize)]
struct Listing<'p> {
    pack: &'p str,
    digest: &'p str,
    rules: Vec<ListedRule<'p>>,
}

#[derive(Serialize)]
struct ListedRule<'p> {
    id: &'p str,
    title: &'p str,
    status: Status,
    file: &'p str,
    line: usize,
    region: Vec<&'p str>,
    commodity: Vec<&'p str>,
    mode: Vec<&'p str>,
    site: Vec<&'p str>,
    from: Option<Date>,
    until: Option<Date>,
    /// The condition as text.
    when: Option<String>,
    /// The points, where they are the same on every line.
    points: Option<i64>,
    /// What computes the points, where they are not.
    points_computed: Option<String>,
    at_least: Option<&'p str>,
    at_most: Option<&'p str>,
    reason: Option<String>,
    basis: Option<&'p str>,
    owner: Option<&'p str>,
    tags: &'p [String],
    /// The fields that condition, points and reason read.
    fields: BTreeSet<&'p str>,
    /// Whether all of its closures are compiled.
    compiled: bool,
    /// The closures that are not, and why.
    residual: Vec<ListedResidual<'p>>,
    /// Whether it fires on each line that its key fits.
    always: bool,
    /// What must hold on a line for the rule to be visited there; without one, and unless it always fires, it is
    /// visited on each line that its key fits.
    witness: Option<String>,
}

/// A closure that is left to the interpreter.
#[derive(Serialize)]
struct ListedResidual<'p> {
    closure: &'static str,
    reason: &'p str,
    file: &'p str,
    line: usize,
    column: usize,
}

impl<'p> Listing<'p> {
    fn new(engine: &'p Engine) -> Self {
        let pack = engine.pack();
        Self {
            pack: engine.pack_id(),
            digest: engine.digest(),
            rules: (0..pack.rules.len()).map(|at| ListedRule::new(engine, at)).collect(),
        }
    }
}

impl<'p> ListedRule<'p> {
    fn new(engine: &'p Engine, at: usize) -> Self {
        let (pack, program) = (engine.pack(), engine.program());
        let rule = &pack.rules[at];
        let residuals = program.residuals(at);
        let residual = residuals.iter().map(|residual| {
            let (line, column) = pack.warnings.sources.line_and_column(&residual.place);
            ListedResidual {
                closure: residual.closure,
                reason: &residual.reason,
                file: &residual.place.file,
                line,
                column,
            }
        });
        let (points, computed) = match &rule.points {
            Points::Fixed(points) => (Some(*points), None),
            Points::Computed(closure) => (None, Some(closure)),
        };
        let closures = rule.when.iter().chain(computed).chain(&rule.reason);
        Self {
            id: &rule.id,
            title: &rule.title,
            status: rule.status,
            file: &rule.place.file,
            line: pack.warnings.sources.line_and_column(&rule.place).0,
            region: key_names(rule, Key::Region, pack),
            commodity: key_names(rule, Key::Commodity, pack),
            mode: key_names(rule, Key::Mode, pack),
            site: key_names(rule, Key::Site, pack),
            from: rule.from,
            until: rule.until,
            when: rule.when.as_ref().map(Closure::text),
            points,
            points_computed: computed.map(Closure::text),
            at_least: rule.at_least.map(|channel| channel_name(pack, channel)),
            at_most: rule.at_most.map(|channel| channel_name(pack, channel)),
            reason: rule.reason.as_ref().map(Closure::text),
            basis: rule.basis.as_deref(),
            owner: rule.owner.as_deref(),
            tags: &rule.tags,
            fields: closures.flat_map(Closure::fields).map(|field| pack.field_name(field)).collect(),
            compiled: residuals.is_empty(),
            residual: residual.collect(),
            always: program.visit(at) == Visit::Always,
            witness: program.witness_text(at),
        }
    }
}
