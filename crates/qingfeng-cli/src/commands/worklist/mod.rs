//! `qingfeng worklist`: each site's list for the day.

mod human;
mod page;
mod view;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use qingfeng::rules::Date;
use qingfeng_inspection::PlanFile;
use qingfeng_inspection::overrides::Overrides;

use crate::exit::{self, Exit, Failure};
use crate::inputs::is_standard;
use crate::outputs::{Kept, check_apart, write_text};
use crate::words::Language;
use crate::{render, terminal};
use view::View;

/// Show each site's inspections of a day.
///
/// A list has the inspections of a plan with the changes that people made of it. Each row says why it is there and how
/// likely it was to be: 1 where it was mandatory or targeted, the probability of the draw where it was drawn. Rules appear
/// with ids and titles, without their conditions. The page is made for paper: a sheet for each site, with a box to tick
/// and room for the result.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&[
    "qingfeng worklist plan.csv --office yiwu --day 2016-09-06 --rules rules/clean-wind",
    "qingfeng worklist plan.csv --rules rules/clean-wind --format html --lang zh -o lists.html",
], &[exit::FILES, exit::PACK]))]
pub struct Args {
    /// Plan, as `qingfeng plan` wrote it.
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// Site of inspections. Default: all.
    #[arg(long, value_name = "SITE")]
    office: Option<String>,

    /// Day of inspections. Default: all.
    #[arg(long, value_name = "DAY", value_parser = crate::inputs::day)]
    day: Option<Date>,

    /// Directory of the rule pack. Gives titles of rules, goods and sites, and capacities.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: ListFormat,

    /// Output file. Default, and `-`: standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Language of headings. Titles are in it where the pack has them.
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    lang: Language,
}

/// How lists are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// A page for a browser or for paper.
    Html,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(output) = &args.output {
        let packs: Vec<&Path> = args.rules.as_deref().into_iter().collect();
        let kept = Kept { packs: &packs, store: None };
        check_apart(&[("--output", output)], std::slice::from_ref(&args.plan), kept)?;
    }
    let engine = args.rules.as_deref().map(render::open_policy).transpose()?;
    let pack = engine.as_ref().map(|engine| engine.pack().as_ref());
    let plan = PlanFile::read(&args.plan)?;
    let overrides = Overrides::read(&plan)?;
    let words = args.lang;
    let view = View::new(&plan, &overrides, pack, args.office.as_deref(), args.day, words);
    if view.lists.is_empty() && (args.office.is_some() || args.day.is_some()) {
        return Err(Failure::Usage(view.missing(args.office.as_deref(), args.day)));
    }
    let text = match args.format {
        ListFormat::Json => terminal::json(&view)?,
        ListFormat::Html => page::page(&view, words),
        ListFormat::Human => {
            let text = human::human(&view, words);
            match &args.output {
                Some(path) if !is_standard(path) => anstream::adapter::strip_str(&text).to_string(),
                _ => {
                    terminal::print(&text)?;
                    return Ok(Exit::Done);
                }
            }
        }
    };
    write_text(args.output.as_deref().unwrap_or(Path::new("-")), &text)?;
    Ok(Exit::Done)
}
