//! The reference as documents.

use super::{Entry, Part, SECTION_OF_DERIVED, entries, example_line};
use crate::model::keys::TABLES;

const GENERATED: &str = "<!-- Generated from the code. QINGFENG_BLESS=1 cargo nextest run --workspace the_reference renews it. -->\n\n";

/// A part of the reference as a document in Markdown.
pub fn page(part: Part) -> String {
    let body = match part {
        Part::Keys => keys(),
        Part::Fields => fields(),
        Part::Functions => functions(),
    };
    // A single line end at the end, as every file has it.
    format!("{GENERATED}{}\n", body.trim_end())
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// A text as code, whatever is in it.
fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
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

/// A heading of a table of keys: code, unless it has words around it.
fn key_title(title: &str) -> String {
    match title.split_once(" in ").or_else(|| title.split_once(" among ")) {
        Some((table, _)) => title.replacen(table, &code(table), 1),
        None => code(title),
    }
}

fn keys() -> String {
    let mut out = String::from(
        "# Keys\n\nAll keys of rules, of `pack.toml` and of reference files. Any other is refused when the pack is loaded.\n\
         [rule-language.md](../rule-language.md) and [packs.md](../packs.md) explain them; here they stand together.\n\n",
    );
    let all = entries(Part::Keys);
    for table in TABLES {
        out += &format!("## {}\n\n", key_title(table.title));
        if !table.about.is_empty() {
            out += &format!("{}\n\n", table.about);
        }
        out += &head(&["key", "takes", "left out", "meaning", "example"]);
        for entry in all.iter().filter(|entry| entry.section == table.title) {
            let example = entry.examples.first().map_or("", |example| example.source.as_str());
            out += &row(&[
                code(&entry.name),
                cell(fact(entry, "takes")),
                cell(fact(entry, "left out")),
                cell(&entry.meaning),
                cell(&code(example)),
            ]);
        }
        out.push('\n');
    }
    out
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
    let mut out = String::from(
        "# Functions\n\nAll functions and operators of the rule language; there are no others. `text.contains(\"x\")` can also be \
         written\n`contains(text, \"x\")`. What the examples give is computed by the interpreter, on this line; every other \
         field of it is\nmissing. It is in the table `blacklist` with grade A, and not in `tip-offs`.\n\n",
    );
    out += &head(&["field", "value"]);
    for (name, value) in example_line() {
        out += &row(&[code(&format!("d.{name}")), code(&value)]);
    }
    out.push('\n');
    let all = entries(Part::Functions);
    let mut section = "";
    for entry in &all {
        if entry.section != section {
            section = &entry.section;
            out += &format!("## {section}\n\n");
        }
        let names: Vec<String> = match entry.name.as_str() {
            name @ ("[ ]" | "${ }") => vec![code(name)],
            names => names.split(' ').map(code).collect(),
        };
        out += &format!("### {}\n\n", names.join(" "));
        if let Some(usage) = &entry.usage {
            out += &format!("{}\n\n", code(usage));
        }
        let mut meaning = entry.meaning.clone();
        if !meaning.ends_with('.') {
            meaning.push('.');
        }
        out += &format!("{}\n\n", capital(&meaning));
        for (name, text) in &entry.facts {
            out += &format!("- {name}: {text}\n");
        }
        out.push('\n');
        out += &head(&["formula", "gives"]);
        for example in &entry.examples {
            let result = example.result.as_deref().unwrap_or_default();
            let result = if result.starts_with("a fault") { result.to_owned() } else { code(result) };
            out += &row(&[cell(&code(&example.source)), cell(&result)]);
        }
        out.push('\n');
    }
    out
}

/// A text that begins with a capital letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
