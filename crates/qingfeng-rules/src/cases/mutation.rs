//! Small changes of rule files, one at a time: tests that are worth something notice them.
//!
//! A change is a piece of text in place of another one. What a change means is not looked at: a changed pack is loaded
//! like any other; a change that makes it invalid does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use crate::base::limits;
use crate::base::value::Date;
use crate::diagnostic::Place;
use crate::lang::expr::{Comparison, Constant, Expr, ExprKind, Operator};
use crate::lang::kernel::Arithmetic;
use crate::lang::rule::Status;
use crate::lang::rule::computed_needs;
use crate::lang::sandbox;
use crate::lang::syntax::{Function, SourceMap, Translator, closure_shift, closure_sites};
use crate::model::derived::FieldRef;
use crate::pack::{Pack, PackFiles};

/// One change of a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// What is replaced.
    pub place: Place,
    /// The text there.
    pub original: String,
    /// The text in its place.
    pub replacement: String,
    /// What kind of thing is changed.
    pub kind: MutationKind,
    /// The rules that may act differently, by their positions in the pack.
    pub rules: Vec<usize>,
}

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MutationKind {
    /// A comparison or a calculation.
    Operator,
    /// `&&` and `||`.
    Joint,
    /// A part of a condition turned into its opposite.
    Negation,
    /// A number.
    Threshold,
    /// A text: a code, a word, a pattern.
    Code,
    /// A region, goods group, mode or site.
    Key,
    /// The first or the last day of a rule.
    Validity,
    /// The points of a rule.
    Points,
    /// `at_least` and `at_most`.
    Channel,
}

impl MutationKind {
    /// Whether only conditions change, so that only lines for which a rule is a candidate can show it.
    pub fn is_of_condition(self) -> bool {
        matches!(self, Self::Operator | Self::Joint | Self::Negation | Self::Threshold | Self::Code)
    }
}

impl Mutation {
    /// The files of the pack with the change, given those without it.
    pub fn applied(&self, files: &PackFiles, pack: &Pack) -> PackFiles {
        let text = pack.warnings.sources.text(&self.place.file).unwrap_or("");
        let Range { start, end } = self.place.span;
        let mut changed = String::with_capacity(text.len() + self.replacement.len());
        changed.push_str(text.get(..start).unwrap_or(""));
        changed.push_str(&self.replacement);
        changed.push_str(text.get(end..).unwrap_or(""));
        let mut files = files.clone();
        files.insert(&*self.place.file, changed.into_bytes());
        files
    }
}

/// All changes, in the order of files and places.
pub fn mutations(pack: &Pack) -> Vec<Mutation> {
    let engine = sandbox::engine(limits::FILE_OPERATIONS_MAX, limits::FILE_VARIABLES_MAX);
    let files: BTreeSet<Arc<str>> =
        pack.warnings.sources.files().filter(|file| file.ends_with(".rhai")).collect();
    let mut found = Vec::new();
    for name in files {
        let text = pack.warnings.sources.text(&name).unwrap_or("");
        let Ok(ast) = engine.compile(text) else { continue };
        let translator = Translator { source: SourceMap::new(text) };
        let top_level = translator.top_level(&ast);
        let functions = translator.functions(&ast);
        let mut file = File {
            pack,
            name: &name,
            text,
            functions: &functions,
            closures: closure_sites(&top_level),
            rules: Vec::new(),
            found: Vec::new(),
            shift: 0,
        };
        file.read(&top_level);
        let mut of_file = file.found;
        of_file.sort_by(|a, b| {
            let key =
                |mutation: &Mutation| (mutation.place.span.start, mutation.place.span.end, mutation.kind);
            (key(a), &a.replacement).cmp(&(key(b), &b.replacement))
        });
        of_file.dedup_by(|a, b| a.place == b.place && a.replacement == b.replacement);
        found.extend(of_file);
    }
    found
}

struct File<'f> {
    pack: &'f Pack,
    name: &'f Arc<str>,
    text: &'f str,
    functions: &'f BTreeMap<String, Function>,
    /// Where closures are written, by the function that they are.
    closures: BTreeMap<&'f str, Vec<usize>>,
    /// The rules that the current expression belongs to.
    rules: Vec<usize>,
    found: Vec<Mutation>,
    /// How far the current closure stands after the one whose places are known: closures with one text are one
    /// function.
    shift: usize,
}

impl<'f> File<'f> {
    fn read(&mut self, top_level: &'f [Expr]) {
        let mut calls: Vec<(&str, &[Expr])> = Vec::new();
        let mut lets: Vec<(&str, &Expr)> = Vec::new();
        for expr in top_level {
            expr.walk(&mut |expr| match &expr.kind {
                ExprKind::Call { name, args, .. }
                    if matches!(name.text.as_str(), "rule" | "field" | "total") =>
                {
                    calls.push((&name.text, args));
                }
                _ => {}
            });
            if let ExprKind::Let(name, value) = &expr.kind {
                lets.push((&name.text, value));
            }
        }
        for (function, args) in calls {
            match (function, args) {
                ("rule", [id, map]) => self.rule(id, map),
                ("field" | "total", [name, closure]) => self.field(name, closure),
                _ => {}
            }
        }
        for (name, value) in lets {
            self.rules = self.users(&|expr| matches!(&expr.kind, ExprKind::Variable(used) if used == name));
            if !self.rules.is_empty() {
                self.shift = 0;
                self.condition(value, false);
            }
        }
        for (name, function) in self.functions.iter().filter(|(name, _)| !name.starts_with("anon$")) {
            let calls = |expr: &Expr| matches!(&expr.kind, ExprKind::Call { name: called, .. } if called.text == *name);
            self.rules = self.users(&calls);
            if !self.rules.is_empty() {
                self.shift = 0;
                self.condition(&function.body, false);
            }
        }
    }

    /// The rules of the file in whose closures, or in functions or fields that they use, something stands.
    fn users(&self, is_use: &dyn Fn(&Expr) -> bool) -> Vec<usize> {
        let has = |body: &Expr| {
            let mut found = false;
            body.walk(&mut |expr| found |= is_use(expr));
            found
        };
        // Functions that use it, directly or through others.
        let mut users: BTreeSet<&str> = BTreeSet::new();
        loop {
            let before = users.len();
            for (name, function) in self.functions {
                let mut through = false;
                function.body.walk(&mut |expr| {
                    through |= match &expr.kind {
                        ExprKind::Call { name, .. } => users.contains(name.text.as_str()),
                        ExprKind::Closure(name, _) => users.contains(name.as_str()),
                        _ => false,
                    };
                });
                if through || has(&function.body) {
                    users.insert(name);
                }
            }
            if users.len() == before {
                break;
            }
        }
        let uses = |closure: &crate::lang::rule::Closure| users.contains(closure.pointer.fn_name());
        let computed = &self.pack.computed;
        let fields: BTreeSet<usize> = (0..computed.len()).filter(|&at| uses(&computed[at].closure)).collect();
        self.rules_where(|rule| {
            let own = *rule.place.file == **self.name && rule.closures().any(uses);
            own || (!fields.is_empty() && self.reads(rule, &fields))
        })
    }

    fn reads(&self, rule: &crate::lang::rule::Rule, fields: &BTreeSet<usize>) -> bool {
        let read: BTreeSet<FieldRef> =
            rule.closures().flat_map(|closure| closure.fields.iter().copied()).collect();
        computed_needs(&read, &self.pack.computed).iter().any(|field| fields.contains(field))
    }

    fn rules_where(&self, has: impl Fn(&crate::lang::rule::Rule) -> bool) -> Vec<usize> {
        let rules = self.pack.rules.iter().enumerate();
        let kept = rules.filter(|(_, rule)| rule.status != Status::Retired && has(rule));
        kept.map(|(at, _)| at).collect()
    }

    fn rule(&mut self, id: &'f Expr, map: &'f Expr) {
        let place = Place { file: Arc::clone(self.name), span: id.span.clone() };
        self.rules = self.rules_where(|rule| rule.place == place);
        let ExprKind::Map(entries) = &map.kind else { return };
        if self.rules.is_empty() {
            return;
        }
        for (key, value) in entries {
            self.shift = 0;
            match key.as_str() {
                "when" => self.closure(value, true),
                "score" => match &value.kind {
                    ExprKind::Closure(..) => self.closure(value, false),
                    _ => self.points(value),
                },
                "region" | "commodity" | "mode" | "site" => {
                    if let ExprKind::Array(items) = &value.kind {
                        self.drop_each(items, MutationKind::Key);
                    }
                }
                "from" | "until" => self.day(value),
                "at_least" | "at_most" => self.channel(value),
                _ => {}
            }
        }
    }

    fn field(&mut self, name: &'f Expr, closure: &'f Expr) {
        let ExprKind::Constant(Constant::Text(name)) = &name.kind else { return };
        let Some(at) = self.pack.computed.iter().position(|field| field.name == **name) else { return };
        self.rules = self.rules_where(|rule| self.reads(rule, &[at].into()));
        if !self.rules.is_empty() {
            self.closure(closure, false);
        }
    }

    /// The body of a closure.
    fn closure(&mut self, closure: &'f Expr, is_flag: bool) {
        let ExprKind::Closure(name, _) = &closure.kind else { return };
        let functions = self.functions;
        let Some(function) = functions.get(name) else { return };
        let body = &function.body;
        let Some(shift) = closure_shift(self.text, closure, body, &self.closures) else { return };
        let before = std::mem::replace(&mut self.shift, shift);
        self.condition(body, is_flag);
        self.shift = before;
    }

    fn source(&self, span: &Range<usize>) -> &'f str {
        self.text.get(span.clone()).unwrap_or("")
    }

    fn replace(&mut self, span: Range<usize>, replacement: impl Into<String>, kind: MutationKind) {
        let original = self.source(&span).to_owned();
        let span = span.start + self.shift..span.end + self.shift;
        let replacement = replacement.into();
        if original != replacement {
            let place = Place { file: Arc::clone(self.name), span };
            self.found.push(Mutation { place, original, replacement, kind, rules: self.rules.clone() });
        }
    }

    /// Changes everything in an expression that decides; `is_flag` where it is a condition or a part of one.
    fn condition(&mut self, expr: &'f Expr, is_flag: bool) {
        match &expr.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                let (sign, other) =
                    if matches!(expr.kind, ExprKind::And(_)) { ("&&", "||") } else { ("||", "&&") };
                for pair in parts.windows(2) {
                    self.sign(pair[0].span.end, pair[1].span.start, sign, other, MutationKind::Joint);
                }
                parts.iter().for_each(|part| self.condition(part, true));
            }
            ExprKind::Operator(operator, args) => self.operator(expr, *operator, args, is_flag),
            ExprKind::Constant(constant) => self.literal(expr, constant),
            ExprKind::Call { name, args, method } => {
                if is_flag {
                    self.negate(expr);
                }
                // A table that is not there is an error, and what is read of the line has no literal.
                if name.text == "date" {
                    args.iter().for_each(|arg| self.day(arg));
                } else if !(*method && matches!(name.text.as_str(), "listed" | "lookup")) {
                    args.iter().for_each(|arg| self.condition(arg, false));
                }
            }
            ExprKind::Property(object, _) => {
                if is_flag {
                    self.negate(expr);
                }
                self.condition(object, false);
            }
            ExprKind::Variable(_) if is_flag => self.negate(expr),
            ExprKind::Array(items) => {
                let is_plain = items.iter().all(|item| matches!(item.kind, ExprKind::Constant(_)));
                if is_plain && items.len() > 1 {
                    self.drop_each(items, MutationKind::Code);
                } else {
                    items.iter().for_each(|item| self.condition(item, false));
                }
            }
            ExprKind::Closure(..) => self.closure(expr, false),
            ExprKind::Block(statements) => {
                if let Some((last, before)) = statements.split_last() {
                    before.iter().for_each(|statement| self.condition(statement, false));
                    self.condition(last, is_flag);
                }
            }
            ExprKind::If(condition, then, otherwise) => {
                self.condition(condition, true);
                self.condition(then, is_flag);
                self.condition(otherwise, is_flag);
            }
            // What is shown decides nothing.
            ExprKind::Interpolated(_) => {}
            _ => expr.parts().into_iter().for_each(|part| self.condition(part, false)),
        }
    }

    fn operator(&mut self, expr: &'f Expr, operator: Operator, args: &'f [Expr], is_flag: bool) {
        use Arithmetic::{Add, Divide, Multiply, Subtract};
        let others: &[&str] = match operator {
            Operator::Compare(Comparison::Less) => &["<=", ">="],
            Operator::Compare(Comparison::LessOrEqual) => &["<", ">"],
            Operator::Compare(Comparison::Greater) => &[">=", "<="],
            Operator::Compare(Comparison::GreaterOrEqual) => &[">", "<"],
            Operator::Compare(Comparison::Equal) => &["!="],
            Operator::Compare(Comparison::NotEqual) => &["=="],
            Operator::Arithmetic(Add) => &["-"],
            Operator::Arithmetic(Subtract) => &["+"],
            Operator::Arithmetic(Multiply) => &["/"],
            Operator::Arithmetic(Divide) => &["*"],
            _ => &[],
        };
        match (operator, args) {
            (_, [a, b]) if !others.is_empty() => {
                for other in others {
                    self.sign(a.span.end, b.span.start, operator.sign(), other, MutationKind::Operator);
                }
            }
            (Operator::In, _) if is_flag => self.negate(expr),
            (Operator::Not, [_]) if self.source(&expr.span).starts_with('!') => {
                self.replace(expr.span.start..expr.span.start + 1, "", MutationKind::Negation);
            }
            _ => {}
        }
        // What is under a `!` was turned with it.
        args.iter().for_each(|arg| self.condition(arg, false));
    }

    /// Another sign between two operands.
    fn sign(&mut self, from: usize, to: usize, sign: &str, other: &str, kind: MutationKind) {
        if let Some(at) = self.source(&(from..to)).find(sign) {
            self.replace(from + at..from + at + sign.len(), other, kind);
        }
    }

    fn negate(&mut self, expr: &Expr) {
        let source = self.source(&expr.span);
        let count = |letter: char| source.matches(letter).count();
        if !source.is_empty() && count('(') == count(')') {
            self.replace(expr.span.clone(), format!("!({source})"), MutationKind::Negation);
        }
    }

    /// Where a number stands, its sign with it; `None` if it is not written out there.
    fn number(&self, expr: &Expr) -> Option<Range<usize>> {
        let source = self.source(&expr.span);
        let start = expr.span.start;
        if source.starts_with(|letter: char| letter.is_ascii_digit()) {
            return Some(expr.span.clone());
        }
        // Of a negative number the place is that of its sign.
        let after = self.source(&(start..self.text.len())).strip_prefix('-')?;
        let digits = after.trim_start();
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
        let length = digits.find(|letter| !is_part(letter)).unwrap_or(digits.len());
        let end = self.text.len() - digits.len() + length;
        digits.starts_with(|letter: char| letter.is_ascii_digit()).then_some(start..end)
    }

    fn literal(&mut self, expr: &Expr, constant: &Constant) {
        let source = self.source(&expr.span);
        match constant {
            Constant::Integer(integer) => {
                let Some(span) = self.number(expr) else { return };
                for other in [integer.saturating_sub(1), integer.saturating_add(1)] {
                    self.replace(span.clone(), other.to_string(), MutationKind::Threshold);
                }
            }
            Constant::Number(number) => {
                let Some(span) = self.number(expr) else { return };
                let others = if *number == 0.0 { [-1.0, 1.0] } else { [number * 0.9, number * 1.1] };
                for other in others {
                    // As short as it can be and still be another number.
                    let rounded = format!("{other:.3}").parse().unwrap_or(other);
                    let other = if rounded == *number || rounded == 0.0 { other } else { rounded };
                    self.replace(span.clone(), format!("{other:?}"), MutationKind::Threshold);
                }
            }
            Constant::Text(_) => {
                if let Some(inner) = source.strip_suffix(['"', '`']).filter(|inner| !inner.is_empty()) {
                    let quote = &source[inner.len()..];
                    self.replace(expr.span.clone(), format!("{inner}x{quote}"), MutationKind::Code);
                }
            }
            Constant::Flag(flag) => {
                self.replace(expr.span.clone(), (!flag).to_string(), MutationKind::Negation);
            }
            _ => {}
        }
    }

    fn points(&mut self, value: &Expr) {
        let points = match &value.kind {
            ExprKind::Constant(Constant::Integer(points)) => *points,
            ExprKind::Operator(Operator::Negate, args) => match &args[0].kind {
                ExprKind::Constant(Constant::Integer(points)) => points.saturating_neg(),
                _ => return,
            },
            _ => return,
        };
        if let Some(span) = self.number(value) {
            self.replace(span, points.saturating_add(1).to_string(), MutationKind::Points);
        }
    }

    /// Each element of a list left out.
    fn drop_each(&mut self, items: &[Expr], kind: MutationKind) {
        for (at, item) in items.iter().enumerate().filter(|_| items.len() > 1) {
            let span = match items.get(at + 1) {
                Some(next) => item.span.start..next.span.start,
                None => items[at - 1].span.end..item.span.end,
            };
            self.replace(span, "", kind);
        }
    }

    fn day(&mut self, value: &Expr) {
        let ExprKind::Constant(Constant::Text(text)) = &value.kind else { return };
        let Ok(day) = text.parse::<Date>() else { return };
        for days in [-1, 1] {
            if let Some(other) = day.plus_days(days) {
                self.replace(value.span.clone(), format!("\"{other}\""), MutationKind::Validity);
            }
        }
    }

    fn channel(&mut self, value: &Expr) {
        let ExprKind::Constant(Constant::Text(name)) = &value.kind else { return };
        let channels = &self.pack.channels;
        let Some(at) = channels.iter().position(|channel| channel.name == **name) else { return };
        let other = channels.get(at + 1).or_else(|| channels.get(at.checked_sub(1)?));
        if let Some(other) = other {
            self.replace(value.span.clone(), format!("{:?}", other.name), MutationKind::Channel);
        }
    }
}
