//! `qingfeng outcome list`

use std::path::PathBuf;

use qingfeng::rules::lookups::HistoryRole;
use qingfeng::rules::{Date, Pack};
use qingfeng_store::{Finding, Findings, PartyHistory, SnapshotId, Store};
use serde::Serialize;

use crate::clock;
use crate::exit::{self, Exit, Failure};
use crate::numbers::{count, grouped};
use crate::render::load_pack;
use crate::stores::LookupArgs;
use crate::table::{Cell, table};
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

#[derive(Serialize)]
struct Listing<'l> {
    snapshot: String,
    as_of: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<HistoryRole>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parties: Option<Vec<ListedParty<'l>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<Vec<ListedResult<'l>>>,
}

#[derive(Serialize)]
struct ListedParty<'l> {
    name: &'l str,
    #[serde(flatten)]
    history: &'l PartyHistory,
}

#[derive(Serialize)]
struct ListedResult<'l> {
    declaration_id: &'l str,
    item_no: Option<i64>,
    found_on: Date,
    known_on: Date,
    result: String,
    pieces: Option<i64>,
    fine: Option<f64>,
    major_case: bool,
    parties: Vec<String>,
}

impl<'l> ListedResult<'l> {
    fn new(known_on: Date, finding: &'l Finding) -> Self {
        let parties = finding.parties.iter().map(|party| format!("{} {}", role_name(party.role), party.name));
        Self {
            declaration_id: &finding.declaration_id,
            item_no: finding.item_no,
            found_on: finding.day(),
            known_on,
            result: finding.verdict.name().to_owned(),
            pieces: finding.pieces,
            fine: finding.fine,
            major_case: finding.major_case,
            parties: parties.collect(),
        }
    }

    fn row(&self) -> Vec<Cell> {
        let item = self.item_no.map_or(String::new(), |item| format!("line {item}"));
        let pieces = self.pieces.map_or(String::new(), |pieces| {
            format!(
                "{} piece{}",
                grouped(u64::try_from(pieces).unwrap_or(0)),
                if pieces == 1 { "" } else { "s" }
            )
        });
        let fine = self.fine.map_or(String::new(), |fine| format!("fine {fine} yuan"));
        vec![
            Cell::new(self.declaration_id).style(BOLD),
            Cell::new(item),
            Cell::new(self.found_on.to_string()),
            Cell::new(format!("known {}", self.known_on)).style(DIM),
            Cell::new(if self.major_case {
                format!("{}, major case", self.result)
            } else {
                self.result.clone()
            }),
            Cell::new(pieces),
            Cell::new(fine),
            Cell::new(self.parties.join(", ")).style(DIM),
        ]
    }
}

fn role_name(role: qingfeng_store::Role) -> String {
    format!("{role:?}").to_lowercase()
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
    let listed: Vec<ListedParty<'_>> =
        parties.iter().map(|(name, history)| ListedParty { name, history }).collect();
    if args.format == Format::Json {
        let (snapshot, role) = (snapshot.to_string(), Some(args.role));
        terminal::print_json(&Listing { snapshot, as_of: day, role, parties: Some(listed), results: None })?;
        return Ok(Exit::Done);
    }
    let mut out = format!("{BOLD}What lines of {day} see of {}{BOLD:#}\n", plural(args.role));
    out += &table("  ", &history_rows(&listed[..listed.len().min(args.limit)]));
    if listed.len() > args.limit {
        out += &format!("  and {} more; --limit N shows more\n", grouped((listed.len() - args.limit) as u64));
    }
    out += &format!("{}, snapshot {snapshot}\n", count(listed.len() as u64, args.role.name()));
    terminal::print(&out)?;
    Ok(Exit::Done)
}

fn plural(role: HistoryRole) -> String {
    format!("{role}s")
}

fn history_rows(parties: &[ListedParty<'_>]) -> Vec<Vec<Cell>> {
    let head = [
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
    let mut rows: Vec<Vec<Cell>> = Vec::with_capacity(parties.len() + 1);
    rows.push(head.iter().map(|name| Cell::new(*name).style(DIM)).collect());
    for ListedParty { name, history } in parties {
        let number = |number: i64| Cell::new(number.to_string()).right();
        let date = |date: Option<Date>| Cell::new(date.map_or(String::new(), |date| date.to_string()));
        rows.push(vec![
            Cell::new(*name).style(BOLD),
            Cell::new(history.grade.clone().unwrap_or_default()),
            number(history.violations_12m),
            number(history.violations_36m),
            number(history.inspections_12m),
            number(history.inspections_36m),
            number(history.clear_since_finding),
            date(history.last_finding),
            date(history.last_inspection),
        ]);
    }
    rows
}

fn results(
    args: &Args,
    snapshot: &SnapshotId,
    day: Date,
    what: &str,
    known: &[(Date, &Finding)],
    parties: Option<&[(std::sync::Arc<str>, PartyHistory)]>,
) -> Result<Exit, Failure> {
    let results: Vec<ListedResult<'_>> =
        known.iter().map(|&(on, finding)| ListedResult::new(on, finding)).collect();
    let parties: Option<Vec<ListedParty<'_>>> =
        parties.map(|parties| parties.iter().map(|(name, history)| ListedParty { name, history }).collect());
    if args.format == Format::Json {
        let role = parties.as_ref().map(|_| args.role);
        let snapshot = snapshot.to_string();
        terminal::print_json(&Listing { snapshot, as_of: day, role, parties, results: Some(results) })?;
        return Ok(Exit::Done);
    }
    let mut out = format!("{BOLD}{what}, as lines of {day} see it{BOLD:#}\n");
    if let Some(parties) = parties.filter(|parties| !parties.is_empty()) {
        out += &table("  ", &history_rows(&parties));
        out += "\n";
    }
    out += &table("  ", &results.iter().map(ListedResult::row).collect::<Vec<_>>());
    out += &format!("{}, snapshot {snapshot}\n", count(results.len() as u64, "result"));
    terminal::print(&out)?;
    Ok(Exit::Done)
}
