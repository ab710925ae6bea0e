//! `qingfeng why-not`: which parts of a rule keep it from firing, over whole files.

use std::borrow::Cow;

use qingfeng::read::ReadOptions;
use qingfeng::rules::Status;
use qingfeng::tools::why_not::{Miss, MissedPart, PartCount, WhyNot, WhyNotOptions};

use crate::exit::{self, Exit, Failure};
use crate::inputs::InputArgs;
use crate::numbers::{count, grouped};
use crate::passes::ThreadArgs;
use crate::progress::Bar;
use crate::render::rule_position;
use crate::stores::PackArgs;
use crate::table::{Cell, heads, table};
use crate::terminal::{self, BAD, BOLD, DIM, ERROR, Format, WARNING, clean, styled};

/// Show why a rule does not fire on more goods lines.
///
/// Reads the inputs as `score` does, and counts how many goods lines each part of the rule's key and condition blocked,
/// and how many it blocked alone: lines on which the rule would hold without that part. Then come the nearest misses: the
/// lines on which the fewest parts failed, those closest to a threshold first. The rule may be a draft or retired.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng why-not MC-01 declarations.csv --rules rules/clean-wind",
    "qingfeng why-not MC-01 *.parquet --rules rules/clean-wind --limit 50 --format json",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    /// Id of a rule.
    #[arg(value_name = "RULE")]
    rule: String,

    #[command(flatten)]
    inputs: InputArgs,

    #[command(flatten)]
    pack: PackArgs,

    /// Maximum number of rows to show: nearest misses.
    #[arg(
        long,
        value_name = "N",
        default_value = "10",
        value_parser = clap::value_parser!(u16).range(0..=WhyNotOptions::MISSES_MAX as i64)
    )]
    limit: u16,

    #[command(flatten)]
    threads: ThreadArgs,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let engine = args.pack.open()?;
    let rule = rule_position(engine.pack(), &args.rule)?;
    let reader = args.inputs.reader(engine.pack(), ReadOptions::default())?;
    let options = WhyNotOptions { misses: args.limit.into(), pipeline: args.threads.number().into() };
    let why = Bar::during(reader.bytes_total(), |progress| engine.why_not(rule, reader, &options, progress))?;
    args.format.print(&why, || human(&why))?;
    Ok(Exit::Done)
}

/// Letters of what a key asks for, and of a part, that are shown.
const LETTERS_MAX: usize = 60;

pub fn human(why: &WhyNot) -> String {
    let mut out = head(why);
    if why.lines == 0 {
        return out;
    }
    out += &format!("\n{BOLD}What blocked{BOLD:#}\n");
    out += &blocked(why);
    if !why.misses.is_empty() {
        out += &format!("\n{BOLD}Nearest misses{BOLD:#}\n");
        for miss in &why.misses {
            out += &self::miss(miss);
        }
    }
    out
}

fn head(why: &WhyNot) -> String {
    let mut out = format!(
        "{}  {}\n{DIM}{}, {}{DIM:#}\n",
        styled(BOLD, &clean(&why.rule)),
        clean(&why.title),
        clean(&why.place),
        why.status.name()
    );
    let note = match why.status {
        Status::Draft => Some("A draft: `score` does not evaluate it; here it was."),
        Status::Retired => Some("Retired: `score` does not evaluate it any more; here it was."),
        Status::Shadow => Some("A shadow rule: where it fires it counts nothing."),
        Status::Active => None,
    };
    out.push('\n');
    if let Some(note) = note {
        out += &format!("{}\n", styled(WARNING, note));
    }
    let lines = count(why.lines, "line");
    out += &match (why.lines, why.fired) {
        (0, _) => "The inputs have no line that could be read.\n".to_owned(),
        (_, 0) => format!("Fires on none of {lines}.\n"),
        (all, fired) => {
            format!("Fires on {} of {lines}, {}.\n", grouped(fired), share(fired, all))
        }
    };
    if why.faults > 0 {
        let faults = format!("Could not be evaluated on {}.", count(why.faults, "line"));
        out += &format!("{}\n", styled(ERROR, &faults));
    }
    if why.rejected > 0 {
        let rejected = count(why.rejected, "line");
        out += &format!("{rejected} could not be read whole; `qingfeng score` shows why.\n");
    }
    let tightest = tightest(why);
    if !tightest.is_empty() {
        let each = tightest
            .into_iter()
            .map(|(what, alone)| format!("{}, {}", styled(BOLD, &clean(&what)), count(alone, "line")));
        out += &format!("Blocks most by itself: {}.\n", each.collect::<Vec<_>>().join("; "));
    }
    out
}

/// A share that is not nothing, in percent.
fn share(part: u64, all: u64) -> String {
    let percent = part as f64 * 100.0 / all as f64;
    if percent >= 0.05 { format!("{percent:.1} %") } else { "less than 0.1 %".to_owned() }
}

/// Which part of the condition blocks the most lines alone, and which part of the key, and how many.
fn tightest(why: &WhyNot) -> Vec<(String, u64)> {
    fn leaves<'p>(part: &'p PartCount, all: &mut Vec<&'p PartCount>) {
        if part.parts.is_empty() {
            all.push(part);
        }
        part.parts.iter().for_each(|part| leaves(part, all));
    }
    // Of equals the first.
    fn most(parts: impl Iterator<Item = (String, u64)>) -> Option<(String, u64)> {
        let parts = parts.filter(|(_, alone)| *alone > 0);
        parts.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }
    let mut parts = Vec::new();
    why.condition.iter().for_each(|condition| leaves(condition, &mut parts));
    let of_condition = most(parts.into_iter().map(|part| (shortened(&part.text).into_owned(), part.alone)));
    let of_key = most(why.stages.iter().map(|stage| (format!("the {}", stage.name), stage.alone)));
    of_condition.into_iter().chain(of_key).collect()
}

/// A number as people read it, unless it would then look like the bound that it misses.
fn rounded(value: &str, wanted: &str) -> String {
    const DECIMALS: usize = 4;
    let short = match (value.parse::<f64>(), value.split_once('.')) {
        (Ok(number), Some((_, decimals))) if decimals.len() > DECIMALS => {
            let short = format!("{number:.DECIMALS$}");
            short.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => return value.to_owned(),
    };
    if wanted.split(' ').any(|word| word == short) || short == "0" { value.to_owned() } else { short }
}

fn shortened(text: &str) -> Cow<'_, str> {
    terminal::shortened(text, LETTERS_MAX)
}

/// One table for key and condition, so that their numbers stand below each other.
fn blocked(why: &WhyNot) -> String {
    let number = |number: u64| Cell::new(if number == 0 { "–".into() } else { grouped(number) }).right();
    let faults = any(why.condition.as_ref(), &|part| part.faults > 0);
    let not_reached = any(why.condition.as_ref(), &|part| part.not_reached > 0);
    let mut names = vec!["", "looked at", "blocked", "as empty", "alone"];
    names.extend(faults.then_some("faults"));
    names.extend(not_reached.then_some("no value"));
    let mut rows = vec![heads(&names, &[0])];
    for stage in &why.stages {
        rows.push(vec![
            Cell::new(format!("{} {}", stage.name, shortened(&stage.wanted))),
            number(stage.reached),
            number(stage.blocked),
            number(stage.missing),
            number(stage.alone),
        ]);
    }
    let mut add = |tree: String, part: &PartCount| {
        let looked_at = part.held + part.failed + part.faults + part.not_reached;
        // The parts of what is joined say what is missing.
        let missing = if part.joined.is_some() { Cell::new("").right() } else { number(part.missing) };
        let mut row =
            vec![Cell::new(tree), number(looked_at), number(part.failed), missing, number(part.alone)];
        row.extend(faults.then(|| number(part.faults)));
        row.extend(not_reached.then(|| number(part.not_reached)));
        rows.push(row);
    };
    if let Some(condition) = &why.condition {
        add(format!("when {}", label(condition)), condition);
        children(condition, "     ", &mut add);
    }
    if rows.len() == 1 {
        return "  Nothing: the rule has neither a key nor a condition.\n".to_owned();
    }
    let mut out = table("  ", &rows);
    if why.condition.is_none() {
        out +=
            &format!("  {DIM}The rule has no condition: it fires on each line that its key fits.{DIM:#}\n");
    }
    for note in notes(why, faults, not_reached) {
        out += &format!("  {DIM}{}{DIM:#}\n", clean(&note));
    }
    out
}

fn label(part: &PartCount) -> String {
    match part.joined {
        Some("any") => "any of these".to_owned(),
        Some(_) => "all of these".to_owned(),
        None => shortened(&part.text).into_owned(),
    }
}

fn children(part: &PartCount, indent: &str, add: &mut dyn FnMut(String, &PartCount)) {
    for (at, child) in part.parts.iter().enumerate() {
        let (branch, trunk) =
            if at + 1 == part.parts.len() { ("└─", "   ") } else { ("├─", "│  ") };
        add(format!("{indent}{branch} {}", label(child)), child);
        children(child, &format!("{indent}{trunk}"), add);
    }
}

fn any(part: Option<&PartCount>, is: &dyn Fn(&PartCount) -> bool) -> bool {
    part.is_some_and(|part| is(part) || part.parts.iter().any(|part| any(Some(part), is)))
}

/// What the columns mean, and the values of variables.
fn notes(why: &WhyNot, faults: bool, not_reached: bool) -> Vec<String> {
    fn walk(part: &PartCount, notes: &mut Vec<String>) {
        for constant in &part.constants {
            let note = format!("{} is {}", constant.source, constant.value);
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        if let Some(residual) = &part.residual {
            notes.push(format!("by the interpreter, and slower: {} ({residual})", shortened(&part.text)));
        }
        part.parts.iter().for_each(|part| walk(part, notes));
    }
    let mut notes = Vec::new();
    why.condition.iter().for_each(|condition| walk(condition, &mut notes));
    notes.push("as empty: of the blocked lines those that have no value to look at".to_owned());
    notes.push("alone: lines on which the rule would hold if it did not ask for this".to_owned());
    if faults {
        notes.push("faults: lines on which the rule cannot be evaluated for this".to_owned());
    }
    if not_reached {
        notes.push(
            "no value: it would fault there, and a part before it keeps the rule from looking".to_owned(),
        );
    }
    notes
}

fn miss(miss: &Miss) -> String {
    let item = miss.item_no.map(|number| format!(", item {number}")).unwrap_or_default();
    let mut out = format!(
        "  {}{item}   {DIM}{}, {}{DIM:#}\n",
        styled(BOLD, &clean(&miss.declaration_id)),
        clean(&miss.input),
        clean(&miss.position)
    );
    for part in &miss.parts {
        out += &format!("    {BAD}✗{BAD:#} {}\n", missed(part));
    }
    out
}

/// `d.unit_value < LOW_PRICE   d.unit_value 312.5, wanted < 300`
fn missed(part: &MissedPart) -> String {
    let wanted = part.wanted.as_deref().unwrap_or_default();
    let is = |source: &str, value: &str| {
        let source = source.strip_prefix("d.").unwrap_or(source);
        if value == "()" {
            format!("{} is empty", clean(source))
        } else {
            let sign = if source.contains(' ') { " =" } else { "" };
            format!("{}{sign} {}", clean(source), clean(&shortened(&rounded(value, wanted))))
        }
    };
    let mut seen = Vec::new();
    if let (Some(of), Some(value)) = (&part.of, &part.value) {
        seen.push(is(of, value));
    }
    seen.extend(part.wanted.iter().map(|wanted| format!("wanted {}", clean(wanted))));
    seen.extend(part.values.iter().map(|value| is(&value.source, &value.value)));
    let mut out = clean(&shortened(&part.text)).into_owned();
    if !seen.is_empty() {
        out += &format!("   {DIM}{}{DIM:#}", seen.join(", "));
    }
    if let Some(fault) = &part.fault {
        out += &format!("   {ERROR}{}{ERROR:#}", clean(fault));
    }
    out
}
