//! `qingfeng outcome list`

use std::path::PathBuf;
use std::sync::Arc;

use qingfeng::rules::lookups::HistoryRole;
use qingfeng::rules::{Date, Pack};
use qingfeng_store::{Finding, Findings, PartyHistory, SnapshotId, Store};
use serde::Serialize;

use super::{party, role_name};
use crate::clock;
use crate::exit::{self, Exit, Failure};
use crate::numbers::{count, more};
use crate::record::{is_none, record};
use crate::render::load_pack;
use crate::stores::LookupArgs;
use crate::table::{Cell, heads, table};
use crate::terminal::{self, BOLD, DIM, Format, clean};

/// List histories of parties, or results of a declaration.
///
/// By party: how often each exporter, producer, agent or brand was inspected and what was found, as rules read it; those
/// with the most violations first. By declaration: each result as it was known on the day.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng outcome list --rules rules/clean-wind --role producer",
    "qingfeng outcome list --rules rules/clean-wind --party 91330782MA28 --as-of 2016-09-06",
    "qingfeng outcome list --rules rules/clean-wind --declaration D2016000042",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    /// Directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,

    #[command(flatten)]
    lookups: LookupArgs,

    /// Role of parties: exporter, producer, agent or brand.
    #[arg(long, value_name = "ROLE", default_value = "exporter", value_parser = role, conflicts_with = "declaration")]
    role: HistoryRole,

    /// Only this party, with its results.
    #[arg(long, value_name = "NAME", conflicts_with = "declaration")]
    party: Option<String>,

    /// Only the results of this declaration.
    #[arg(long, value_name = "ID")]
    declaration: Option<String>,

    /// Use the state as of this day, as goods lines of it see it. Default: today.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    as_of: Option<Date>,

    /// Maximum number of rows to show: of parties. JSON has all of them.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

fn role(text: &str) -> Result<HistoryRole, String> {
    let found = HistoryRole::ALL.into_iter().find(|(name, _)| *name == text);
    found.map(|(_, role)| role).ok_or_else(|| "give exporter, producer, agent or brand".to_owned())
}

/// A party with its history.
type Known = (Arc<str>, PartyHistory);

fn listed_party((name, history): &Known) -> impl Serialize {
    record!({
        name: name,
        #[serde(flatten)]
        history: history,
    })
}

fn listed_result(&(known_on, finding): &(Date, &Finding)) -> impl Serialize {
    record!({
        declaration_id: &finding.declaration_id,
        item_no: finding.item_no,
        found_on: finding.day(),
        known_on: known_on,
        result: finding.verdict.name(),
        pieces: finding.pieces,
        fine: finding.fine,
        major_case: finding.major_case,
        parties: finding.parties.iter().map(party).collect::<Vec<_>>(),
    })
}

fn result_row(&(known_on, finding): &(Date, &Finding)) -> Vec<Cell> {
    let result = finding.verdict.name();
    let pieces = finding.pieces.map(|pieces| count(u64::try_from(pieces).unwrap_or(0), "piece"));
    let fine = finding.fine.map(|fine| format!("fine {fine} yuan"));
    let parties: Vec<String> = finding.parties.iter().map(party).collect();
    vec![
        Cell::new(&finding.declaration_id).style(BOLD),
        Cell::new(finding.item_no.map(|item| format!("line {item}")).unwrap_or_default()),
        Cell::new(finding.day().to_string()),
        Cell::new(format!("known {known_on}")).style(DIM),
        Cell::new(if finding.major_case { format!("{result}, major case") } else { result.to_owned() }),
        Cell::new(pieces.unwrap_or_default()),
        Cell::new(fine.unwrap_or_default()),
        Cell::new(parties.join(", ")).style(DIM),
    ]
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let pack = load_pack(&args.rules)?;
    let url = args.lookups.url(Some((&args.rules, &pack)))?;
    let mut store = Store::open(&url)?;
    let snapshot = store.snapshot(args.lookups.snapshot())?;
    let findings = Findings::read(&mut store, &snapshot)?;
    let day = args.as_of.unwrap_or_else(clock::today);
    if let Some(declaration) = &args.declaration {
        let id = declaration.trim();
        let known = findings.known_on(day, |finding| *finding.declaration_id == *id);
        let what = format!("Results of {}", clean(id));
        return results(args, &snapshot, day, &what, &known, None);
    }
    parties(args, &pack, &findings, &snapshot, day)
}

fn parties(
    args: &Args,
    pack: &Pack,
    findings: &Findings,
    snapshot: &SnapshotId,
    day: Date,
) -> Result<Exit, Failure> {
    let mut parties = findings.histories(pack, args.role, day);
    if let Some(name) = args.party.as_deref().map(str::trim) {
        // Codes are kept in upper case, however they are typed.
        parties.retain(|(party, _)| **party == *name || **party == name.to_uppercase());
        let of_party = |finding: &Finding| {
            finding.parties.iter().any(|party| {
                role_name(party.role) == args.role.name()
                    && (party.name == name || party.name == name.to_uppercase())
            })
        };
        let known = findings.known_on(day, of_party);
        let what = format!("The {} {}", args.role, clean(name));
        return results(args, snapshot, day, &what, &known, Some(&parties));
    }
    parties.sort_by(|(a_name, a), (b_name, b)| {
        let key = |history: &PartyHistory| {
            (history.violations_12m, history.violations_36m, history.inspections_12m)
        };
        key(b).cmp(&key(a)).then_with(|| a_name.cmp(b_name))
    });
    if args.format == Format::Json {
        let listed = parties.iter().map(listed_party).collect::<Vec<_>>();
        let (snapshot, role) = (snapshot.to_string(), args.role);
        terminal::print_json(&record!({ snapshot: snapshot, as_of: day, role: role, parties: listed }))?;
        return Ok(Exit::Done);
    }
    let mut out = format!("{BOLD}What lines of {day} see of {}{BOLD:#}\n", plural(args.role));
    out += &table("  ", &history_rows(&parties[..parties.len().min(args.limit)]));
    out += &more("  ", parties.len() as u64, args.limit, "; --limit N shows more");
    out += &format!("{}, snapshot {snapshot}\n", count(parties.len() as u64, args.role.name()));
    terminal::print(&out)?;
    Ok(Exit::Done)
}

fn plural(role: HistoryRole) -> String {
    format!("{role}s")
}

fn history_rows(parties: &[Known]) -> Vec<Vec<Cell>> {
    let names = [
        "",
        "grade",
        "violations 12 m",
        "36 m",
        "inspections 12 m",
        "36 m",
        "clear since",
        "last finding",
        "last inspection",
    ];
    let mut rows = vec![heads(&names, &[0, 1, 7, 8])];
    rows.extend(parties.iter().map(|(name, history)| {
        let number = |number: i64| Cell::new(number.to_string()).right();
        let date = |date: Option<Date>| Cell::new(date.map_or(String::new(), |date| date.to_string()));
        vec![
            Cell::new(&**name).style(BOLD),
            Cell::new(history.grade.clone().unwrap_or_default()),
            number(history.violations_12m),
            number(history.violations_36m),
            number(history.inspections_12m),
            number(history.inspections_36m),
            number(history.clear_since_finding),
            date(history.last_finding),
            date(history.last_inspection),
        ]
    }));
    rows
}

fn results(
    args: &Args,
    snapshot: &SnapshotId,
    day: Date,
    what: &str,
    results: &[(Date, &Finding)],
    parties: Option<&[Known]>,
) -> Result<Exit, Failure> {
    if args.format == Format::Json {
        terminal::print_json(&record!({
            snapshot: snapshot.to_string(),
            as_of: day,
            #[serde(skip_serializing_if = "is_none")]
            role: parties.map(|_| args.role),
            #[serde(skip_serializing_if = "is_none")]
            parties: parties.map(|parties| parties.iter().map(listed_party).collect::<Vec<_>>()),
            results: results.iter().map(listed_result).collect::<Vec<_>>(),
        }))?;
        return Ok(Exit::Done);
    }
    let mut out = format!("{BOLD}{what}, as lines of {day} see it{BOLD:#}\n");
    if let Some(parties) = parties.filter(|parties| !parties.is_empty()) {
        out += &table("  ", &history_rows(parties));
        out += "\n";
    }
    out += &table("  ", &results.iter().map(result_row).collect::<Vec<_>>());
    out += &format!("{}, snapshot {snapshot}\n", count(results.len() as u64, "result"));
    terminal::print(&out)?;
    Ok(Exit::Done)
}
