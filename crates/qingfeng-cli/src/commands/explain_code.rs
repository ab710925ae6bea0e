//! `qingfeng explain-code`: what a code of `check` means.

use qingfeng::rules::internals::nearest;
use qingfeng::rules::{Code, Severity};
use serde::Serialize;

use crate::exit::{self, Exit, Failure};
use crate::record::record;
use crate::table::{Cell, table};
use crate::terminal::{BOLD, DIM, ERROR, Format, WARNING, styled};

/// Explain a diagnostic code, or list all codes.
///
/// Says what the mistake is, why it matters and what to do, with an example and its message. The same pages are in
/// crates/qingfeng-rules/codes.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::help(&["qingfeng explain-code QF0201", "qingfeng explain-code"], &[]))]
pub struct Args {
    /// Code, such as QF0201. Default: all codes.
    #[arg(value_name = "CODE")]
    code: Option<String>,

    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let Some(written) = &args.code else {
        args.format.print(&Code::ALL.iter().map(|&code| page(code)).collect::<Vec<_>>(), listing)?;
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
    args.format.print(&page(code), || human(code))?;
    Ok(Exit::Done)
}

/// A code and its page as data.
fn page(code: Code) -> impl Serialize {
    let page = code.page();
    record!({
        code: code.id(),
        name: code.name(),
        severity: code.severity(),
        summary: code.summary(),
        meaning: page.meaning,
        why: page.why,
        remedy: page.remedy,
        example: page.example.into_iter().map(|(file, text)| record!({ file: file, text: text })).collect::<Vec<_>>(),
        message: page.message,
    })
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
