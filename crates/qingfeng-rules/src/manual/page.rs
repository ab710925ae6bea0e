//! The reference as documents.

use super::{Entry, FUNCTIONS, Part, SECTION_OF_DERIVED, entries, usage};
use crate::base::markdown::code;
use crate::model::keys;

const GENERATED: &str =
    "<!-- Generated from the code. QINGFENG_BLESS=1 cargo test --workspace the_reference renews it. -->\n\n";

/// A part of the reference as a document in Markdown.
pub fn page(part: Part) -> String {
    let body = match part {
        Part::Keys => keys::PAGE.to_owned(),
        Part::Fields => fields(),
        Part::Functions => functions(),
    };
    // A single line end at the end, as every file has it.
    format!("{GENERATED}{}\n", body.trim_end())
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn head(cells: &[&str]) -> String {
    format!("| {} |\n|{}\n", cells.join(" | "), " --- |".repeat(cells.len()))
}

fn fact<'e>(entry: &'e Entry, name: &str) -> &'e str {
    entry.facts.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text.as_str())
}

fn fields() -> String {
    let mut out = String::from(
        "# Fields\n\nThe fields of the built-in export declaration (`extends = \"export\"`), and those computed from them. In \
         a rule\nthey are `d.NAME`. A pack may add its own; `qingfeng schema DIR` lists those of a pack.\n\n",
    );
    let all = entries(Part::Fields);
    let mut sections: Vec<&str> = all.iter().map(|entry| entry.section.as_str()).collect();
    sections.dedup();
    for section in sections {
        out += &format!("## {section}\n\n");
        let here = all.iter().filter(|entry| entry.section == section);
        if section == SECTION_OF_DERIVED {
            out += &head(&["field", "kind", "is", "missing where"]);
            for entry in here {
                let facts = ["kind", "formula", "missing where"].map(|name| cell(fact(entry, name)));
                out += &row(&[&[code(&entry.name)], &facts[..]].concat());
            }
        } else {
            out += &head(&["field", "kind", "", "is", "中文", "unit, codes, bounds", "headers in files"]);
            for entry in here {
                let required =
                    if fact(entry, "presence").starts_with("always") { "always there" } else { "" };
                let bounds = entry.facts.iter().filter_map(|(name, text)| match *name {
                    "unit" | "codes" => Some(text.clone()),
                    "at least" | "at most" => Some(format!("{name} {text}")),
                    _ => None,
                });
                out += &row(&[
                    code(&entry.name),
                    cell(fact(entry, "kind")),
                    required.to_owned(),
                    cell(&entry.meaning),
                    cell(fact(entry, "Chinese")),
                    cell(&bounds.collect::<Vec<_>>().join("; ")),
                    cell(fact(entry, "headers")),
                ]);
            }
        }
        out.push('\n');
    }
    out
}

fn functions() -> String {
    let mut out = String::new();
    let mut is_meaning = false;
    for line in FUNCTIONS.lines() {
        if let Some(names) = line.strip_prefix("### ") {
            let names: Vec<String> = match names {
                "[ ]" | "${ }" => vec![code(names)],
                names => names.split(' ').map(code).collect(),
            };
            out += &format!("### {}\n", names.join(" "));
            let name = line.trim_start_matches("### ");
            out.extend(usage(name).map(|usage| format!("\n{}\n", code(&usage))));
            is_meaning = true;
        } else if is_meaning && !line.is_empty() {
            out += &format!("{}{}\n", capital(line), if line.ends_with('.') { "" } else { "." });
            is_meaning = false;
        } else {
            out += &format!("{line}\n");
        }
    }
    out
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
