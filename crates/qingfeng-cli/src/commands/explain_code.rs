//! `qingfeng explain-code`: what a code of `check` means.

use qingfeng::rules::internals::nearest;
use qingfeng::rules::{Code, Severity};
use serde::Serialize;

use crate::args::Format;
use crate::exit::{self, Exit, Failure};
use crate::table::{Cell, table};
use crate::terminal::{self, BOLD, DIM, ERROR, WARNING, styled};

/// Explain a code of a mistake, or list all codes.
///
/// Says what the mistake is, why it matters and what to do about it, with an example and the message that it gives.
/// The same pages are in docs/codes.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&["qingfeng explain-code QF0201", "qingfeng explain-code"]))]
pub struct Args {
    /// The code, such as QF0201. Without one all codes are listed.
    #[arg(value_name = "CODE")]
    code: Option<String>,

    /// For whom it is written.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// A code and its page.
#[derive(Serialize)]
struct Page {
    code: &'static str,
    name: &'static str,
    severity: Severity,
    summary: &'static str,
    meaning: String,
    why: String,
    remedy: String,
    example: Vec<File>,
    message: &'static str,
}

#[derive(Serialize)]
struct File {
    file: &'static str,
    text: &'static str,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let Some(written) = &args.code else {
        match args.format {
            Format::Human => terminal::print(&listing())?,
            Format::Json => {
                terminal::print_json(&Code::ALL.iter().map(|&code| Page::new(code)).collect::<Vec<_>>())?;
            }
        }
        return Ok(Exit::Done);
    };
    let Some(code) = Code::find(written) else {
        let known = Code::ALL.iter().map(|code| code.id());
        let help = match nearest(&written.to_uppercase(), known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`qingfeng explain-code` lists all codes".to_owned(),
        };
        return Err(Failure::Usage(format!("there is no code `{written}`; {help}")));
    };
    match args.format {
        Format::Human => terminal::print(&human(code))?,
        Format::Json => terminal::print_json(&Page::new(code))?,
    }
    Ok(Exit::Done)
}

impl Page {
    fn new(code: Code) -> Self {
        let page = code.page();
        Self {
            code: code.id(),
            name: code.name(),
            severity: code.severity(),
            summary: code.summary(),
            meaning: page.meaning,
            why: page.why,
            remedy: page.remedy,
            example: page.example.into_iter().map(|(file, text)| File { file, text }).collect(),
            message: page.message,
        }
    }
}

/// The page as it stands in the documents, with its headings set off.
fn human(code: Code) -> String {
    let mut out = String::new();
    for line in code.document().lines() {
        match line.trim_start_matches('#') {
            heading if heading.len() < line.len() => out += &styled(BOLD, heading.trim_start()),
            _ if line.starts_with("```") => continue,
            _ => out += line,
        }
        out.push('\n');
    }
    out
}

/// All codes, each with its summary.
fn listing() -> String {
    let rows: Vec<Vec<Cell>> = Code::ALL
        .iter()
        .map(|&code| {
            let style = match code.severity() {
                Severity::Error => ERROR,
                Severity::Warning => WARNING,
                Severity::Note => DIM,
            };
            vec![
                Cell::new(code.id()),
                Cell::new(code.severity().to_string()).style(style),
                Cell::new(code.summary()),
            ]
        })
        .collect();
    table("", &rows) + "\n`qingfeng explain-code CODE` tells more of one.\n"
}
