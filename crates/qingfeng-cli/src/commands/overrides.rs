//! `qingfeng override`: changes of a plan by people, with a name and a reason.

use std::path::PathBuf;

use clap::Subcommand;
use qingfeng::read::Input;
use qingfeng::rules::Date;
use qingfeng::rules::selection::OverrideAction;
use qingfeng_inspection::overrides::{Override, OverrideBy, OverrideRequest, Overrides};
use qingfeng_inspection::rolling::ArrivingDeclarations;
use qingfeng_inspection::{AssessedDeclaration, PlanFile};

use crate::exit::{self, Exit, Failure};
use crate::render;
use crate::stores::AuthorArgs;
use crate::table::{Cell, table};
use crate::terminal::{self, Format};

/// Change a plan, with a name and a reason.
///
/// The plan itself stays unchanged. Changes are kept beside it in PLAN.overrides.ndjson, to which lines are only added; each
/// line has the hash of the one before. `qingfeng worklist` shows them. The pack says in `[[selection.overrides]]` which
/// changes need a second person.
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true, after_help = exit::examples(&[
    "qingfeng override drop plan.csv D2016000042 --reason \"container opened yesterday\" --author \"Li Wei\" \
     --rules rules/clean-wind",
    "qingfeng override list plan.csv",
]))]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Add inspections of declarations that the plan does not have, or that were dropped.
    #[command(after_help = exit::help(
        &["qingfeng override add plan.csv D2016000044 --to yiwu --reason \"asked for by Kenya\" --author \"Li Wei\" \
           --second \"Wang Fang\" --rules rules/clean-wind"],
        CODES,
    ))]
    Add(AddArgs),
    /// Drop inspections of the plan.
    #[command(after_help = exit::help(
        &["qingfeng override drop plan.csv D2016000042 --reason \"container opened yesterday\" --author \"Li Wei\" \
           --rules rules/clean-wind"],
        CODES,
    ))]
    Drop(ChangeArgs),
    /// Move inspections to another site.
    #[command(after_help = exit::help(
        &["qingfeng override reroute plan.csv D2016000042 --to ningbo --reason \"sent on\" --author \"Li Wei\" \
           --rules rules/clean-wind"],
        CODES,
    ))]
    Reroute(RerouteArgs),
    /// List the changes of a plan, and check that none was tampered with.
    #[command(after_help = exit::help(&["qingfeng override list plan.csv"], &[exit::FILES]))]
    List(ListArgs),
}

const CODES: &[exit::Code] = &[exit::FILES, exit::PACK];

#[derive(Debug, clap::Args)]
struct ChangeArgs {
    /// Plan, as `qingfeng plan` wrote it.
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// Id of a declaration. May be repeated.
    #[arg(value_name = "DECLARATION", required = true)]
    declarations: Vec<String>,

    #[command(flatten)]
    author: AuthorArgs,

    /// Name of a second person who agrees, where the pack asks for one.
    #[arg(long, value_name = "NAME")]
    second: Option<String>,

    /// Day of inspections. Needed where the plan has several that fit.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    day: Option<Date>,

    /// Directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,
}

#[derive(Debug, clap::Args)]
struct AddArgs {
    #[command(flatten)]
    change: ChangeArgs,

    /// Site that inspects. Not needed for what was dropped.
    #[arg(long, value_name = "SITE")]
    to: Option<String>,

    /// Assessments of the declarations. Without them, the list says that nothing is known of these.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    assessments: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct RerouteArgs {
    #[command(flatten)]
    change: ChangeArgs,

    /// Site that inspects.
    #[arg(long, value_name = "SITE")]
    to: String,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Plan, as `qingfeng plan` wrote it.
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.what {
        What::Add(args) => {
            make(&args.change, OverrideAction::Add, args.to.as_ref(), &args.assessments)?;
        }
        What::Drop(args) => make(args, OverrideAction::Drop, None, &[])?,
        What::Reroute(args) => make(&args.change, OverrideAction::Reroute, Some(&args.to), &[])?,
        What::List(args) => list(args)?,
    }
    Ok(Exit::Done)
}

fn make(
    args: &ChangeArgs,
    action: OverrideAction,
    to: Option<&String>,
    assessments: &[PathBuf],
) -> Result<(), Failure> {
    let engine = render::open_policy(&args.rules)?;
    let pack = engine.pack();
    let plan = PlanFile::read(&args.plan)?;
    let mut requests: Vec<OverrideRequest> = args
        .declarations
        .iter()
        .map(|declaration| OverrideRequest {
            action: Some(action),
            declaration: declaration.clone(),
            day: args.day,
            to: to.cloned(),
            known: None,
        })
        .collect();
    for path in assessments {
        for declaration in ArrivingDeclarations::open(&Input::from(path.clone()), pack)? {
            let AssessedDeclaration { declaration_id, day, score, channel, .. } = declaration?;
            let wanted = requests.iter_mut().find(|wanted| wanted.declaration.trim() == &*declaration_id);
            if let Some(wanted) = wanted.filter(|_| day.is_some()) {
                let channel = pack.channels.get(channel.index()).map(|channel| channel.name.clone());
                wanted.known = Some((score, channel.unwrap_or_default()));
            }
        }
    }
    let author = args.author.author()?;
    let by = OverrideBy {
        at: author.at,
        by: author.by,
        second: args.second.clone(),
        reason: author.reason.unwrap_or_default(),
    };
    let made = Overrides::make(&plan, pack, &requests, &by)?;
    Ok(terminal::print(&human(&made))?)
}

fn list(args: &ListArgs) -> Result<(), Failure> {
    let plan = PlanFile::read(&args.plan)?;
    let overrides = Overrides::read(&plan)?;
    if matches!(args.format, Format::Json) {
        return Ok(terminal::print_json(&overrides.all)?);
    }
    let Some(hash) = overrides.last_hash() else {
        return Ok(terminal::print("The plan has no overrides.\n")?);
    };
    let count = crate::numbers::count(overrides.all.len() as u64, "override");
    let note = format!(
        "\n{count}; the last hash is {hash}: keep it elsewhere to see later that none was changed.\n"
    );
    Ok(terminal::print(&(human(&overrides.all) + &note))?)
}

/// What an override did, in words.
pub fn words(change: &Override) -> String {
    let site = |site: &Option<String>| site.clone().unwrap_or_else(|| "nowhere".to_owned());
    match change.action {
        OverrideAction::Add => format!("added at {}", site(&change.to)),
        OverrideAction::Drop => format!("dropped from {}", site(&change.from)),
        OverrideAction::Reroute => format!("rerouted from {} to {}", site(&change.from), site(&change.to)),
    }
}

/// Who made an override.
pub fn who(change: &Override) -> String {
    match &change.second {
        Some(second) => format!("{} with {second}", change.by),
        None => change.by.clone(),
    }
}

fn human(all: &[Override]) -> String {
    let mut rows = Vec::new();
    for change in all {
        let unknown = if change.known == Some(false) { " (not in the assessments)" } else { "" };
        rows.push(vec![
            Cell::new(change.number.to_string()).right(),
            Cell::new(&change.at),
            Cell::new(change.day.to_string()),
            Cell::new(&change.declaration),
            Cell::new(words(change) + unknown),
            Cell::new(who(change)),
            Cell::new(&change.reason),
        ]);
    }
    table("", &rows)
}
