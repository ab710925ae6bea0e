//! Other points and another version, written into the files of a pack. Nothing else changes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::Pack;
use super::files::{BYTE_ORDER_MARK, PackFiles};
use crate::base::limits;
use crate::diagnostic::Place;
use crate::lang::expr::{Constant, Expr, ExprKind, Operator};
use crate::lang::rule_files::unwrapped;
use crate::lang::sandbox;
use crate::lang::syntax::{Function, SourceMap, Translator, closure_shift, closure_sites};

/// Points that stand as a number in a call of `rule`: all that the rule gives, or one of the numbers among which it chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenPoints {
    /// Where the number stands, its sign with it.
    pub place: Place,
    /// The number.
    pub points: i64,
    /// The rules that the call makes, by their positions in the pack: several where it stands in a loop.
    pub rules: Vec<usize>,
    /// Whether it is one of several among which a formula chooses: `|d| if d.packages > 2000 { 20 } else { 12 }`.
    pub is_chosen: bool,
}

impl Pack {
    /// The points that are written as numbers where their rules are, in the order of files and places. Of formulas only a chain
    /// of `if` with a number in each block is read. Points that a constant or another expression gives, and those of rules
    /// that a function makes, are not among them.
    ///
    /// ```
    /// use qingfeng_rules::{Pack, PackFiles};
    ///
    /// # let mut files = PackFiles::default();
    /// # let manifest = "[pack]\nname = \"demo\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0";
    /// # files.insert("pack.toml", manifest.as_bytes().to_vec());
    /// files.insert("a.rhai", br#"rule("R", #{ title: "t", score: -20 });"#.to_vec());
    /// let pack = Pack::load(&files)?;
    /// let written = pack.written_points();
    /// assert_eq!((written[0].points, &written[0].rules[..]), (-20, &[0][..]));
    /// # Ok::<(), qingfeng_rules::Diagnostics>(())
    /// ```
    pub fn written_points(&self) -> Vec<WrittenPoints> {
        let engine = sandbox::engine(limits::FILE_OPERATIONS_MAX, limits::FILE_VARIABLES_MAX);
        let mut by_place: BTreeMap<(&str, usize), Vec<usize>> = BTreeMap::new();
        for (at, rule) in self.rules.iter().enumerate() {
            by_place.entry((&rule.place.file, rule.place.span.start)).or_default().push(at);
        }
        let files: BTreeSet<Arc<str>> = self.rules.iter().map(|rule| Arc::clone(&rule.place.file)).collect();
        let mut found = Vec::new();
        for name in files {
            let text = self.warnings.sources.text(&name).unwrap_or("");
            let Ok(ast) = engine.compile(text) else { continue };
            let translator = Translator { source: SourceMap::new(text) };
            let (top_level, functions) = (translator.top_level(&ast), translator.functions(&ast));
            let sites = closure_sites(&top_level);
            for expr in &top_level {
                expr.walk(&mut |expr| {
                    let ExprKind::Call { name: called, args, .. } = &expr.kind else { return };
                    let [id, map] = args.as_slice() else { return };
                    let ExprKind::Map(entries) = &map.kind else { return };
                    let score = entries.iter().find(|(key, _)| key == "score").map(|(_, value)| value);
                    let rules = by_place.get(&(&*name, id.span.start));
                    let ("rule", Some(score), Some(rules)) = (called.text.as_str(), score, rules) else {
                        return;
                    };
                    let (numbers, is_chosen) = match number(text, score, 0) {
                        Some(number) => (vec![number], false),
                        None => (chosen(text, score, &functions, &sites).unwrap_or_default(), true),
                    };
                    found.extend(numbers.into_iter().map(|(points, span)| {
                        let place = Place { file: Arc::clone(&name), span };
                        WrittenPoints { place, points, rules: rules.clone(), is_chosen }
                    }));
                });
            }
        }
        found.sort_by(|a, b| (&a.place.file, a.place.span.start).cmp(&(&b.place.file, b.place.span.start)));
        found
    }

    /// The files with other numbers for some rules, each by the rule's position in the pack and the number that stands there
    /// now, and with another version. Rules that have no such number of their own stay as they are, and are given back.
    pub fn rewritten(
        &self,
        files: &PackFiles,
        points: &BTreeMap<(usize, i64), i64>,
        version: Option<&str>,
    ) -> (PackFiles, Vec<usize>) {
        let mut edits: BTreeMap<Arc<str>, Vec<(Range<usize>, String)>> = BTreeMap::new();
        let mut done = BTreeSet::new();
        for written in self.written_points() {
            if let [rule] = written.rules[..]
                && let Some(&points) = points.get(&(rule, written.points))
            {
                done.insert((rule, written.points));
                if points != written.points {
                    let edit = (written.place.span, points.to_string());
                    edits.entry(written.place.file).or_default().push(edit);
                }
            }
        }
        let manifest: Arc<str> = "pack.toml".into();
        if let (Some(version), Some(text)) = (version, self.warnings.sources.text(&manifest))
            && let Some(span) = version_place(text)
        {
            edits.entry(manifest).or_default().push((span, quoted(version)));
        }
        let mut changed = files.clone();
        for (file, mut edits) in edits {
            let Some(text) = self.warnings.sources.text(&file) else { continue };
            edits.sort_by_key(|(span, _)| span.start);
            let marked =
                files.content(&file).is_some_and(|content| content.starts_with(BYTE_ORDER_MARK.as_bytes()));
            let mut after = String::from(if marked { BYTE_ORDER_MARK } else { "" });
            let mut from = 0;
            for (span, replacement) in edits {
                after += text.get(from..span.start).unwrap_or("");
                after += &replacement;
                from = span.end;
            }
            after += text.get(from..).unwrap_or("");
            changed.insert(&*file, after.into_bytes());
        }
        let left: BTreeSet<usize> =
            points.keys().filter(|number| !done.contains(number)).map(|&(rule, _)| rule).collect();
        let left = left.into_iter().collect();
        (changed, left)
    }
}

/// The numbers among which a closure chooses, where it is a chain of `if` with a number in each block and nothing else.
fn chosen(
    text: &str,
    closure: &Expr,
    functions: &BTreeMap<String, Function>,
    sites: &BTreeMap<&str, Vec<usize>>,
) -> Option<Vec<(i64, Range<usize>)>> {
    let ExprKind::Closure(name, _) = &closure.kind else { return None };
    let body = &functions.get(name)?.body;
    let shift = closure_shift(text, closure, body, sites)?;
    let mut numbers = Vec::new();
    let mut expr = unwrapped(body);
    while let ExprKind::If(_, then, otherwise) = &expr.kind {
        numbers.push(number(text, unwrapped(then), shift)?);
        expr = unwrapped(otherwise);
    }
    let last = number(text, expr, shift)?;
    // A formula that always gives the same chooses nothing.
    (!numbers.is_empty()).then(|| {
        numbers.push(last);
        numbers
    })
}

/// A number that is written out, and where it stands: so far behind the place that the tree gives.
fn number(text: &str, expr: &Expr, shift: usize) -> Option<(i64, Range<usize>)> {
    let points = match &expr.kind {
        ExprKind::Constant(Constant::Integer(points)) => *points,
        ExprKind::Operator(Operator::Negate, args) => match &args.first()?.kind {
            ExprKind::Constant(Constant::Integer(points)) => points.checked_neg()?,
            _ => return None,
        },
        _ => return None,
    };
    // What the tree gives as the place of a negative number may be its sign alone.
    let start = expr.span.start + shift;
    let source = text.get(start..)?;
    let digits = source.strip_prefix('-').map_or(source, str::trim_start);
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let length = digits.find(|letter| !is_part(letter)).unwrap_or(digits.len());
    let span = start..start + (source.len() - digits.len()) + length;
    let written: String =
        text.get(span.clone())?.chars().filter(|letter| !matches!(letter, '_' | ' ')).collect();
    // Only a plain number is one that can be replaced; what a tree has made of a calculation is none.
    (written.parse() == Ok(points)).then_some((points, span))
}

fn version_place(manifest: &str) -> Option<Range<usize>> {
    let root = DeTable::parse(manifest).ok()?;
    let DeValue::Table(pack) = root.get_ref().get("pack")?.get_ref() else { return None };
    Some(pack.get("version")?.span())
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            letter if letter.is_control() => out += &format!("\\u{:04x}", u32::from(letter)),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
