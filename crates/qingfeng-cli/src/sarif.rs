//! What `check` found, in the form that other tools read: SARIF 2.1.0.
//!
//! Only what is used of the format is written out here; the crates for it pull in generators of code and of schemas.

use std::path::{Component, Path};

use qingfeng::rules::diagnostics::{PlaceData, Sources, Suppressed};
use qingfeng::rules::{Code, Diagnostic, Fix, Label, Place};
use serde::Serialize;

use crate::record::{is_empty, is_none, record};
use crate::render::{Checked, by_file};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The log of a check, with one run.
pub fn log(checked: &Checked) -> impl Serialize + use<'_> {
    let diagnostics = &checked.diagnostics;
    let files = Files { sources: &diagnostics.sources, directory: &checked.directory };
    let found = diagnostics.items.iter().map(|item| (item, None));
    let allowed = diagnostics.suppressed.iter().map(|suppressed| (&suppressed.diagnostic, Some(suppressed)));
    let results = found.chain(allowed).map(|(item, suppressed)| {
        let mark = diagnostics.fingerprint(item);
        files.result(item, suppressed, mark)
    });
    let driver = record!(#[serde(rename_all = "camelCase")] {
        name: "qingfeng",
        semantic_version: env!("CARGO_PKG_VERSION"),
        rules: Code::ALL.iter().map(|&code| kind(code)).collect::<Vec<_>>(),
    });
    let run = record!(#[serde(rename_all = "camelCase")] {
        tool: record!({ driver: driver }),
        column_kind: "unicodeCodePoints",
        results: results.collect::<Vec<_>>(),
    });
    record!({
        #[serde(rename = "$schema")]
        schema: SCHEMA,
        version: "2.1.0",
        runs: [run],
    })
}

fn text(text: impl Serialize) -> impl Serialize {
    record!({ text: text })
}

/// One code, which SARIF calls a rule.
fn kind(code: Code) -> impl Serialize {
    let page = code.page();
    record!(#[serde(rename_all = "camelCase")] {
        id: code.id(),
        name: code.name(),
        short_description: text(code.summary()),
        help: text(format!("{} {} {}", page.meaning, page.why, page.remedy)),
        // Relative to the documents of this version.
        help_uri: format!("crates/qingfeng-rules/codes/{}.md", code.id()),
        default_configuration: record!({ level: code.severity() }),
    })
}

/// The files of a pack, and how they are called.
struct Files<'c> {
    sources: &'c Sources,
    directory: &'c Path,
}

impl Files<'_> {
    fn result<'c>(
        &self,
        item: &'c Diagnostic,
        suppressed: Option<&'c Suppressed>,
        mark: String,
    ) -> impl Serialize + use<'c> {
        let mut message = item.title.clone();
        for more in item.note.iter().chain(&item.help) {
            message += &format!("; {more}");
        }
        let location = |(at, label): (usize, &'c Label)| {
            let message = (!label.text.is_empty()).then(|| text(label.text.as_str()));
            self.location((at > 0).then_some(at), &label.place, message)
        };
        let mut locations: Vec<_> = item.labels.iter().enumerate().map(location).collect();
        let related_locations = locations.split_off(locations.len().min(1));
        let suppressions = suppressed.map(|suppressed| {
            let location = self.location(None, &suppressed.place, None::<()>);
            record!({ kind: "inSource", justification: &suppressed.reason, location: location })
        });
        record!(#[serde(rename_all = "camelCase")] {
            rule_id: item.code.id(),
            rule_index: Code::ALL.iter().position(|&code| code == item.code).unwrap_or(0),
            level: item.severity(),
            message: text(message),
            locations: locations,
            #[serde(skip_serializing_if = "is_empty")]
            related_locations: related_locations,
            partial_fingerprints: record!({
                #[serde(rename = "qingfeng/v1")]
                mark: mark,
            }),
            #[serde(skip_serializing_if = "is_empty")]
            fixes: item.fixes.iter().map(|fix| self.change(fix)).collect::<Vec<_>>(),
            suppressions: suppressions.into_iter().collect::<Vec<_>>(),
            // The rule of the pack.
            #[serde(skip_serializing_if = "is_none")]
            properties: item.rule.as_deref().map(|rule| record!({ rule: rule })),
        })
    }

    fn location<M: Serialize>(
        &self,
        id: Option<usize>,
        place: &Place,
        message: Option<M>,
    ) -> impl Serialize + use<M> {
        let artifact_location = self.artifact(&place.file);
        let physical = record!(#[serde(rename_all = "camelCase")] {
            artifact_location: artifact_location,
            region: self.region(place),
        });
        record!(#[serde(rename_all = "camelCase")] {
            #[serde(skip_serializing_if = "is_none")]
            id: id,
            physical_location: physical,
            #[serde(skip_serializing_if = "is_none")]
            message: message,
        })
    }

    fn change<'c>(&self, fix: &'c Fix) -> impl Serialize + use<'c> {
        let changes = by_file(&fix.edits, |edit| &edit.place).into_iter().map(|(file, edits)| {
            let replacements = edits.into_iter().map(|edit| {
                record!(#[serde(rename_all = "camelCase")] {
                    deleted_region: self.region(&edit.place),
                    inserted_content: text(edit.replacement.as_str()),
                })
            });
            record!(#[serde(rename_all = "camelCase")] {
                artifact_location: self.artifact(file),
                replacements: replacements.collect::<Vec<_>>(),
            })
        });
        record!(#[serde(rename_all = "camelCase")] {
            description: text(fix.title.as_str()),
            artifact_changes: changes.collect::<Vec<_>>(),
        })
    }

    fn artifact(&self, file: &str) -> impl Serialize + use<> {
        record!({ uri: uri(&self.directory.join(file)) })
    }

    /// Lines and columns from 1; the end is the column after the last one.
    fn region(&self, place: &Place) -> impl Serialize + use<> {
        let PlaceData { start_line, start_column, end_line, end_column, .. } =
            PlaceData::new(place, self.sources);
        record!(#[serde(rename_all = "camelCase")] {
            start_line: start_line,
            start_column: start_column,
            end_line: end_line,
            end_column: end_column,
        })
    }
}

/// A path as a URI: relative as it was given, or with the scheme `file`.
fn uri(path: &Path) -> String {
    let mut uri = String::from(if path.is_absolute() { "file://" } else { "" });
    let mut parts = path.components().filter(|part| !matches!(part, Component::CurDir)).peekable();
    while let Some(part) = parts.next() {
        match part {
            Component::RootDir => uri.push('/'),
            Component::Prefix(prefix) => {
                uri.push('/');
                uri += &prefix.as_os_str().to_string_lossy().replace('\\', "/");
            }
            part => {
                for byte in part.as_os_str().to_string_lossy().bytes() {
                    match byte {
                        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                            uri.push(byte.into())
                        }
                        byte => uri += &format!("%{byte:02X}"),
                    }
                }
                if parts.peek().is_some() {
                    uri.push('/');
                }
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests;
