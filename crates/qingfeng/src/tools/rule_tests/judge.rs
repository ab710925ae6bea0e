//! Whether the outcome of a declaration is the expected one.

use std::ops::Range;

use qingfeng_rules::cases::{Expected, Outcomes};
use qingfeng_rules::{ChannelId, Fault, Pack, Status};
use serde::Serialize;

use crate::assessment::decisive;
use crate::eval::BatchResults;

/// One thing in which the outcome differs from what was expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// The goods line, counted from 1, if the expectation is about one.
    pub item: Option<usize>,
    /// The rule, if the expectation is about one.
    pub rule: Option<String>,
    /// The key of the expectation: `fires`, `score`, ...
    pub what: &'static str,
    /// What was expected.
    pub expected: String,
    /// What came out.
    pub got: String,
}

#[derive(Debug)]
pub(super) struct Found {
    /// From 0.
    pub item: Option<usize>,
    pub rule: Option<usize>,
    what: &'static str,
    expected: String,
    got: String,
}

impl Found {
    pub(super) fn shown(self, pack: &Pack) -> Mismatch {
        Mismatch {
            item: self.item.map(|item| item + 1),
            rule: self.rule.map(|rule| pack.rules[rule].id.clone()),
            what: self.what,
            expected: self.expected,
            got: self.got,
        }
    }
}

/// The outcome of one declaration of a batch.
pub(super) struct Seen<'r> {
    pub pack: &'r Pack,
    pub results: &'r BatchResults,
    /// Of all pairs of the batch; empty if no test asks for them.
    pub reasons: &'r [String],
    /// The lines of the declaration.
    pub range: Range<usize>,
}

impl Seen<'_> {
    /// In what the declaration differs from what is expected.
    pub(super) fn mismatches(&self, expected: &Expected) -> Vec<Found> {
        let mut found = Vec::new();
        self.compare(&expected.declaration, self.range.clone(), None, &mut found);
        for (at, outcomes) in expected.items.iter().enumerate() {
            let line = self.range.start + at;
            self.compare(outcomes, line..line + 1, Some(at), &mut found);
        }
        self.unexpected_faults(expected, &mut found);
        found
    }

    pub(super) fn fits(&self, expected: &Expected) -> bool {
        self.mismatches(expected).is_empty()
    }

    fn compare(&self, outcomes: &Outcomes, lines: Range<usize>, item: Option<usize>, found: &mut Vec<Found>) {
        let mut push = |rule: Option<usize>, what, expected: String, got: String| {
            found.push(Found { item, rule, what, expected, got });
        };
        let worst = lines.start + decisive(&self.results.lines[lines.clone()]);
        let result = &self.results.lines[worst];
        let name = |channel: ChannelId| self.pack.channels[channel.index()].name.clone();
        if let Some(channel) = outcomes.channel.filter(|channel| *channel != result.channel) {
            let got = format!("{} (score {}{})", name(result.channel), result.score, self.points_of(worst));
            push(None, "channel", name(channel), got);
        }
        if let Some(score) = outcomes.score.filter(|score| *score != result.score) {
            push(None, "score", score.to_string(), format!("{}{}", result.score, self.points_of(worst)));
        }
        for &rule in &outcomes.fires {
            if self.points(rule, &lines).is_empty() {
                push(Some(rule), "fires", "fires".into(), self.fate(rule, &lines));
            }
        }
        for &rule in &outcomes.silent {
            if !self.points(rule, &lines).is_empty() {
                push(Some(rule), "silent", "does not fire".into(), self.fate(rule, &lines));
            }
        }
        if let Some(exactly) = &outcomes.fires_exactly {
            for &rule in exactly {
                if self.points(rule, &lines).is_empty() {
                    push(Some(rule), "fires_exactly", "fires".into(), self.fate(rule, &lines));
                }
            }
            let fired =
                lines.clone().flat_map(|line| self.results.fired(line)).map(|&(rule, _)| rule as usize);
            let mut others: Vec<usize> = fired
                .filter(|rule| !exactly.contains(rule))
                // A draft that is being written breaks no tests.
                .filter(|&rule| self.pack.rules[rule].status != Status::Draft)
                .collect();
            others.sort_unstable();
            others.dedup();
            for rule in others {
                push(Some(rule), "fires_exactly", "does not fire".into(), self.fate(rule, &lines));
            }
        }
        for &(rule, points) in &outcomes.points {
            let got = self.points(rule, &lines);
            if got.is_empty() || got.iter().any(|&got| got != points) {
                push(Some(rule), "points", format!("{points:+} points"), self.fate(rule, &lines));
            }
        }
        for &(rule, fault) in &outcomes.faults {
            let faults = self.faults(rule, &lines);
            if !faults.iter().any(|&got| fault.is_none_or(|fault| fault == got)) {
                let expected = fault.map_or("a fault".to_owned(), |fault| format!("fault: {fault}"));
                push(Some(rule), "faults", expected, self.fate(rule, &lines));
            }
        }
        for (rule, reason) in &outcomes.reasons {
            self.reason(*rule, &lines, "reasons", reason, |got| got == reason, &mut push);
        }
        for (rule, part) in &outcomes.reason_contains {
            self.reason(*rule, &lines, "reason_contains", part, |got| got.contains(part.as_str()), &mut push);
        }
    }

    fn reason(
        &self,
        rule: usize,
        lines: &Range<usize>,
        what: &'static str,
        expected: &str,
        fits: impl Fn(&str) -> bool,
        push: &mut impl FnMut(Option<usize>, &'static str, String, String),
    ) {
        let reasons = self.reasons_of(rule, lines);
        if !reasons.iter().any(|reason| fits(reason)) {
            let quoted: Vec<String> = reasons.iter().map(|reason| format!("reason {reason:?}")).collect();
            let got = if quoted.is_empty() { self.fate(rule, lines) } else { quoted.join(", ") };
            let with = if what == "reasons" { "reason" } else { "a reason with" };
            push(Some(rule), what, format!("{with} {expected:?}"), got);
        }
    }

    /// Faults that nothing expects. Those of drafts disturb no tests.
    fn unexpected_faults(&self, expected: &Expected, found: &mut Vec<Found>) {
        for (at, line) in self.range.clone().enumerate() {
            for &(rule, fault) in self.results.faults(line) {
                let rule = rule as usize;
                let of_line = expected.items.get(at).map_or(&[][..], |outcomes| outcomes.faults.as_slice());
                let named =
                    expected.declaration.faults.iter().chain(of_line).any(|&(known, _)| known == rule);
                if !named && self.pack.rules[rule].status != Status::Draft {
                    found.push(Found {
                        item: (self.range.len() > 1).then_some(at),
                        rule: Some(rule),
                        what: "faults",
                        expected: "no fault".into(),
                        got: format!("fault: {fault}"),
                    });
                }
            }
        }
    }

    /// The points that a rule gave on the lines on which it fired.
    fn points(&self, rule: usize, lines: &Range<usize>) -> Vec<i64> {
        let pairs = lines.clone().flat_map(|line| self.results.fired(line));
        pairs.filter(|&&(known, _)| known as usize == rule).map(|&(_, points)| points).collect()
    }

    fn faults(&self, rule: usize, lines: &Range<usize>) -> Vec<Fault> {
        let pairs = lines.clone().flat_map(|line| self.results.faults(line));
        pairs.filter(|&&(known, _)| known as usize == rule).map(|&(_, fault)| fault).collect()
    }

    fn reasons_of(&self, rule: usize, lines: &Range<usize>) -> Vec<&str> {
        let of_line = |line: usize| {
            let reasons = self.results.of_line(self.reasons, line);
            self.results.fired(line).iter().zip(reasons)
        };
        let pairs = lines.clone().flat_map(of_line);
        pairs.filter(|((known, _), _)| *known as usize == rule).map(|(_, reason)| reason.as_str()).collect()
    }

    fn fate(&self, rule: usize, lines: &Range<usize>) -> String {
        if let Some(points) = self.points(rule, lines).first() {
            return format!("fires, {points:+} points");
        }
        match self.faults(rule, lines).first() {
            Some(fault) => format!("fault: {fault}"),
            None => "does not fire".into(),
        }
    }

    /// Where the score of a line comes from.
    fn points_of(&self, line: usize) -> String {
        let counts = |rule: u32| self.pack.rules[rule as usize].status == Status::Active;
        let fired = self.results.fired(line).iter().filter(|&&(rule, _)| counts(rule));
        let parts: Vec<String> = fired
            .map(|&(rule, points)| format!("{} {points:+}", self.pack.rules[rule as usize].id))
            .collect();
        if parts.is_empty() {
            "; no rule that counts fired".into()
        } else {
            format!(": {}", parts.join(", "))
        }
    }
}
