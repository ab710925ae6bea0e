//! What `check` found, in the form that other tools read: SARIF 2.1.0.
//!
//! Only what is used of the format is written out here; the crates for it pull in generators of code and of schemas.

use std::path::{Component, Path};

use qingfeng::rules::diagnostics::{Sources, Suppressed};
use qingfeng::rules::{Code, Diagnostic, Fix, Place, Severity};
use serde::Serialize;

use crate::render::Checked;
use crate::report::Span;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A log with one run.
#[derive(Serialize)]
pub struct Log<'c> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'c>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'c> {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<Outcome<'c>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Kind>,
}

/// One code. SARIF calls it a rule.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    id: &'static str,
    name: &'static str,
    short_description: Text<'static>,
    help: Text<'static>,
    /// Relative to the documents of this version.
    help_uri: String,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: Severity,
}

#[derive(Serialize)]
struct Text<'c> {
    text: std::borrow::Cow<'c, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'c> {
    rule_id: &'static str,
    rule_index: usize,
    level: Severity,
    message: Text<'c>,
    locations: Vec<Location<'c>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'c>>,
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Change<'c>>,
    suppressions: Vec<Suppression<'c>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Properties<'c>>,
}

#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "qingfeng/v1")]
    mark: String,
}

#[derive(Serialize)]
struct Properties<'c> {
    /// The rule of the pack.
    rule: &'c str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'c> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text<'c>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

/// Lines and columns from 1; the end is the column after the last one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'c> {
    description: Text<'c>,
    artifact_changes: Vec<ArtifactChange<'c>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange<'c> {
    artifact_location: Artifact,
    replacements: Vec<Replacement<'c>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'c> {
    deleted_region: Region,
    inserted_content: Text<'c>,
}

#[derive(Serialize)]
struct Suppression<'c> {
    kind: &'static str,
    justification: &'c str,
    location: Location<'c>,
}

/// The files of a pack, and how they are called.
struct Files<'c> {
    sources: &'c Sources,
    directory: &'c Path,
}

impl<'c> Log<'c> {
    /// The log of a check.
    pub fn new(checked: &'c Checked) -> Self {
        let diagnostics = &checked.diagnostics;
        let files = Files { sources: &diagnostics.sources, directory: &checked.directory };
        let said = diagnostics.items.iter().map(|item| (item, None));
        let allowed =
            diagnostics.suppressed.iter().map(|suppressed| (&suppressed.diagnostic, Some(suppressed)));
        let results = said.chain(allowed).map(|(item, suppressed)| {
            let mark = diagnostics.fingerprint(item);
            files.outcome(item, suppressed, mark)
        });
        let run = Run {
            tool: Tool {
                driver: Driver {
                    name: "qingfeng",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: Code::ALL.iter().map(|&code| Kind::new(code)).collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            results: results.collect(),
        };
        Self { schema: SCHEMA, version: "2.1.0", runs: [run] }
    }
}

impl Kind {
    fn new(code: Code) -> Self {
        let page = code.page();
        Self {
            id: code.id(),
            name: code.name(),
            short_description: Text { text: code.summary().into() },
            help: Text { text: format!("{} {} {}", page.meaning, page.why, page.remedy).into() },
            help_uri: format!("crates/qingfeng-rules/codes/{}.md", code.id()),
            default_configuration: Configuration { level: code.severity() },
        }
    }
}

impl<'c> Files<'c> {
    fn outcome(&self, item: &'c Diagnostic, suppressed: Option<&'c Suppressed>, mark: String) -> Outcome<'c> {
        let mut message = item.title.clone();
        for more in item.note.iter().chain(&item.help) {
            message += &format!("; {more}");
        }
        let location = |(at, label): (usize, &'c qingfeng::rules::Label)| {
            let message = (!label.text.is_empty()).then(|| Text { text: label.text.as_str().into() });
            Location { id: (at > 0).then_some(at), physical_location: self.physical(&label.place), message }
        };
        let mut locations: Vec<Location<'_>> = item.labels.iter().enumerate().map(location).collect();
        let related_locations = locations.split_off(locations.len().min(1));
        Outcome {
            rule_id: item.code.id(),
            rule_index: Code::ALL.iter().position(|&code| code == item.code).unwrap_or(0),
            level: item.severity(),
            message: Text { text: message.into() },
            locations,
            related_locations,
            partial_fingerprints: Fingerprints { mark },
            fixes: item.fixes.iter().map(|fix| self.change(fix)).collect(),
            suppressions: suppressed.into_iter().map(|suppressed| self.suppression(suppressed)).collect(),
            properties: item.rule.as_deref().map(|rule| Properties { rule }),
        }
    }

    fn suppression(&self, suppressed: &'c Suppressed) -> Suppression<'c> {
        let location =
            Location { id: None, physical_location: self.physical(&suppressed.place), message: None };
        Suppression { kind: "inSource", justification: &suppressed.reason, location }
    }

    fn change(&self, fix: &'c Fix) -> Change<'c> {
        let mut artifact_changes: Vec<(&str, ArtifactChange<'c>)> = Vec::new();
        for edit in &fix.edits {
            let replacement = Replacement {
                deleted_region: self.region(&edit.place),
                inserted_content: Text { text: edit.replacement.as_str().into() },
            };
            match artifact_changes.iter_mut().find(|(file, _)| *file == &*edit.place.file) {
                Some((_, change)) => change.replacements.push(replacement),
                None => {
                    let artifact_location = self.artifact(&edit.place.file);
                    let change = ArtifactChange { artifact_location, replacements: vec![replacement] };
                    artifact_changes.push((&edit.place.file, change));
                }
            }
        }
        Change {
            description: Text { text: fix.title.as_str().into() },
            artifact_changes: artifact_changes.into_iter().map(|(_, change)| change).collect(),
        }
    }

    fn physical(&self, place: &Place) -> Physical {
        Physical { artifact_location: self.artifact(&place.file), region: self.region(place) }
    }

    fn artifact(&self, file: &str) -> Artifact {
        Artifact { uri: uri(&self.directory.join(file)) }
    }

    fn region(&self, place: &Place) -> Region {
        let Span { start_line, start_column, end_line, end_column, .. } = Span::new(place, self.sources);
        Region { start_line, start_column, end_line, end_column }
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
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        let cases = [
            ("rules/clean-wind/a.rhai", "rules/clean-wind/a.rhai"),
            ("./rules/规 则/50%.rhai", "rules/%E8%A7%84%20%E5%88%99/50%25.rhai"),
            ("../rules/a.rhai", "../rules/a.rhai"),
        ];
        for (path, expected) in cases {
            assert_eq!(uri(Path::new(path)), expected);
        }
        if cfg!(unix) {
            assert_eq!(uri(Path::new("/srv/a.rhai")), "file:///srv/a.rhai");
        }
    }
}
