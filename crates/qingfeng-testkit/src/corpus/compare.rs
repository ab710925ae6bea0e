//! What was found against what was expected.

use std::fmt::Debug;

use super::{Case, ExpectedDeclaration, FoundDeclaration, FoundItem, Outcome};

/// One of the lists of rules of a line.
type ListOf = fn(&FoundItem) -> &Vec<String>;

#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    /// Compares where something is expected.
    fn check<T: PartialEq + Debug>(&mut self, what: &str, expected: Option<&T>, found: &T) {
        if let Some(expected) = expected
            && expected != found
        {
            self.0.push(format!("{what}: expected {expected:?}, found {found:?}"));
        }
    }

    /// The same where an engine may not show the value.
    fn check_shown<T: PartialEq + Debug>(&mut self, what: &str, expected: Option<&T>, found: Option<&T>) {
        if let Some(found) = found {
            self.check(what, expected, found);
        }
    }
}

/// What differs between an outcome and what a case expects, one line each.
pub fn differences(case: &Case, outcome: &Outcome) -> Vec<String> {
    let mut differences = Differences::default();
    match outcome {
        Outcome::Refused(lines) if case.errors.is_empty() => {
            differences.0.push("the pack is refused:".into());
            differences.0.extend(lines.iter().cloned());
        }
        Outcome::Refused(lines) => {
            for line in lines.iter().filter(|line| !case.errors.contains(line)) {
                differences.0.push(format!("an unexpected message: {line}"));
            }
            for line in case.errors.iter().filter(|line| !lines.contains(line)) {
                differences.0.push(format!("a message is missing: {line}"));
            }
            if differences.0.is_empty() {
                differences.check("the order of the messages", Some(&case.errors), lines);
            }
        }
        Outcome::Assessed { .. } if !case.errors.is_empty() => {
            differences.0.push("the pack is accepted and should be refused".into());
        }
        Outcome::Assessed { warnings, declarations } => {
            differences.check_shown("warnings", case.warnings.as_ref(), warnings.as_ref());
            let expectations = case.expectations();
            if declarations.len() != expectations.len() {
                let (expected, found) = (expectations.len(), declarations.len());
                differences.0.push(format!("expected {expected} declarations, found {found}"));
            }
            for (at, (expected, found)) in expectations.iter().zip(declarations).enumerate() {
                declaration(case, &format!("declaration {}", at + 1), expected, found, &mut differences);
            }
        }
    }
    differences.0
}

/// The values of all lines, each once, in the order of the first line that has it.
fn union(items: &[FoundItem], of: ListOf) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for text in items.iter().flat_map(of) {
        if !all.contains(text) {
            all.push(text.clone());
        }
    }
    all
}

/// Compares lists of rules. Those of several lines come in the order of the lines, which is not that of the pack.
fn rules(
    case: &Case,
    what: &str,
    expected: &[String],
    found: Vec<String>,
    is_ordered: bool,
    differences: &mut Differences,
) {
    let named = |rule: &String| match case.condition(rule.split(':').next().unwrap_or(rule)) {
        Some(condition) => format!("{rule} `{condition}`"),
        None => rule.clone(),
    };
    for rule in found.iter().filter(|rule| !expected.contains(rule)) {
        differences.0.push(format!("{what}: unexpected {}", named(rule)));
    }
    for rule in expected.iter().filter(|rule| !found.contains(rule)) {
        differences.0.push(format!("{what}: missing {}", named(rule)));
    }
    if is_ordered && expected.len() == found.len() {
        differences.check(&format!("{what}, in order"), Some(&expected.to_vec()), &found);
    }
}

fn declaration(
    case: &Case,
    name: &str,
    expected: &ExpectedDeclaration,
    found: &FoundDeclaration,
    differences: &mut Differences,
) {
    let at = |what: &str| format!("{name}, {what}");
    let items = &found.items;
    let is_single = items.len() == 1;
    differences.check(&at("score"), expected.score.as_ref(), &found.score);
    differences.check(&at("channel"), expected.channel.as_ref(), &found.channel);
    differences.check(&at("decisive item"), expected.decisive_item.as_ref(), &found.decisive_item);
    let lists: [(&str, &Vec<String>, ListOf); 3] = [
        ("fired", &expected.fired, |item| &item.fired),
        ("shadow rules", &expected.shadow, |item| &item.shadow),
        ("faults", &expected.faults, |item| &item.faults),
    ];
    for (what, expected, of) in lists {
        rules(case, &at(what), expected, union(items, of), is_single, differences);
    }
    let reasons: Vec<String> = items.iter().flat_map(|item| item.reasons.iter().cloned()).collect();
    differences.check(&at("reasons"), expected.reasons.as_ref(), &reasons);
    let points: Option<i64> = items.iter().map(|item| item.points).sum();
    differences.check_shown(&at("points"), expected.points.as_ref(), points.as_ref());
    let shadow_points: Option<i64> = items.iter().map(|item| item.shadow_points).sum();
    differences.check_shown(&at("shadow points"), expected.shadow_points.as_ref(), shadow_points.as_ref());
    let Some(expected) = &expected.items else { return };
    differences.check(&at("lines"), Some(&expected.len()), &items.len());
    for (line, (expected, found)) in expected.iter().zip(items).enumerate() {
        let at = |what: &str| format!("{name}, line {}, {what}", line + 1);
        differences.check(&at("number"), expected.item_no.as_ref(), &found.item_no);
        differences.check(&at("score"), expected.score.as_ref(), &found.score);
        differences.check(&at("channel"), expected.channel.as_ref(), &found.channel);
        differences.check_shown(&at("points"), expected.points.as_ref(), found.points.as_ref());
        differences.check(&at("fired"), expected.fired.as_ref(), &found.fired);
        differences.check(&at("shadow rules"), expected.shadow.as_ref(), &found.shadow);
        differences.check(&at("faults"), expected.faults.as_ref(), &found.faults);
        differences.check(&at("reasons"), expected.reasons.as_ref(), &found.reasons);
    }
}
