//! Closures that are not lowered, as they are written: what stands in them, without comments, layout and places.

use std::collections::{BTreeMap, BTreeSet};

use crate::lang::expr::{Constant, Expr, ExprKind};
use crate::lang::rule::Closure;
use crate::lang::syntax::Function;
use crate::model::derived::FieldRef;

use super::meaning::{Digester, MeaningDigest, constant_digest};

/// What was written of a closure, with the functions it calls and what it captured.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub digest: MeaningDigest,
    pub text: String,
    pub fields: BTreeSet<FieldRef>,
    /// The texts that stand in it: the names of lookup tables among them.
    pub texts: BTreeSet<String>,
}

impl Written {
    pub fn of(closure: &Closure, functions: &BTreeMap<String, Function>) -> Self {
        let mut reader =
            Reading { functions, calls: Vec::new(), known: BTreeSet::new(), texts: BTreeSet::new() };
        let mut digester = Digester::new("closure");
        for name in &closure.params {
            digester = digester.text(name);
        }
        for value in &closure.captured {
            digester = digester.of([reader.constant(value.constant())]);
        }
        digester = digester.of([reader.expr(&closure.body)]);
        while let Some(name) = reader.calls.pop() {
            if let Some(function) = functions.get(&name) {
                digester = digester.text(&name).of([reader.function(function)]);
            }
        }
        Self {
            digest: digester.end(),
            text: closure.text(),
            fields: closure.fields.clone(),
            texts: reader.texts,
        }
    }
}

struct Reading<'f> {
    functions: &'f BTreeMap<String, Function>,
    /// Functions that are called and not yet read.
    calls: Vec<String>,
    known: BTreeSet<String>,
    texts: BTreeSet<String>,
}

impl Reading<'_> {
    fn call(&mut self, name: &str) {
        if self.functions.contains_key(name) && self.known.insert(name.to_owned()) {
            self.calls.push(name.to_owned());
        }
    }

    fn function(&mut self, function: &Function) -> MeaningDigest {
        let digester =
            function.params.iter().fold(Digester::new("params"), |digester, name| digester.text(name));
        let body = self.expr(&function.body);
        digester.of([body]).end()
    }

    /// A closure by what stands in it: the name that Rhai gave it says nothing.
    fn nameless(&mut self, name: &str) -> MeaningDigest {
        match self.functions.get(name) {
            Some(function) if self.known.insert(name.to_owned()) => self.function(function),
            _ => Digester::new("named").end(),
        }
    }

    fn constant(&mut self, constant: &Constant) -> MeaningDigest {
        match constant {
            Constant::Text(text) => {
                self.texts.insert(text.to_string());
                constant_digest(constant)
            }
            Constant::Array(items) => items
                .iter()
                .fold(Digester::new("list"), |digester, item| digester.of([self.constant(item)]))
                .end(),
            Constant::Map(entries) => entries
                .iter()
                .fold(Digester::new("map"), |digester, (key, item)| {
                    digester.text(key).of([self.constant(item)])
                })
                .end(),
            Constant::Function(name, captured) => {
                let function = self.nameless(name);
                captured
                    .iter()
                    .fold(Digester::new("function").of([function]), |digester, value| {
                        digester.of([self.constant(value)])
                    })
                    .end()
            }
            plain => constant_digest(plain),
        }
    }

    fn expr(&mut self, expr: &Expr) -> MeaningDigest {
        let own = match &expr.kind {
            ExprKind::Constant(constant) => return self.constant(constant),
            ExprKind::Variable(name) => {
                self.call(name);
                Digester::new("variable").text(name)
            }
            ExprKind::Property(_, name) => Digester::new("property").text(&name.text),
            ExprKind::Index(..) => Digester::new("index"),
            ExprKind::Call { name, method, .. } => {
                self.call(&name.text);
                Digester::new("call").text(&name.text).bytes(&[u8::from(*method)])
            }
            ExprKind::Operator(operator, _) => Digester::new("operator").text(operator.sign()),
            ExprKind::And(_) => Digester::new("and"),
            ExprKind::Or(_) => Digester::new("or"),
            ExprKind::Coalesce(_) => Digester::new("coalesce"),
            ExprKind::Interpolated(_) => Digester::new("interpolated"),
            ExprKind::Array(_) => Digester::new("array"),
            ExprKind::Map(entries) => {
                entries.iter().fold(Digester::new("map"), |digester, (key, _)| digester.text(key))
            }
            ExprKind::Closure(name, captured) => {
                let body = self.nameless(name);
                captured
                    .iter()
                    .fold(Digester::new("closure").of([body]), |digester, name| digester.text(&name.text))
            }
            ExprKind::Block(_) => Digester::new("block"),
            ExprKind::If(..) => Digester::new("if"),
            ExprKind::Switch(switch) => {
                let mut digester = Digester::new("switch").bytes(&[u8::from(switch.default.is_some())]);
                for case in &switch.cases {
                    digester = digester.bytes(&[u8::from(case.condition.is_some())]);
                    for value in &case.values {
                        digester = digester.of([self.constant(value)]);
                    }
                    for range in &case.ranges {
                        digester = digester.text(&format!("{range:?}"));
                    }
                }
                digester
            }
            ExprKind::Let(name, _) => Digester::new("let").text(&name.text),
            ExprKind::Assign(name, operator, _) => {
                Digester::new("assign").text(&name.text).text(operator.map_or("", |operator| operator.sign()))
            }
            ExprKind::Return(_) => Digester::new("return"),
            ExprKind::While(..) => Digester::new("while"),
            ExprKind::For(each) => Digester::new("for")
                .text(&each.variable.text)
                .text(each.counter.as_ref().map_or("", |counter| &counter.text)),
            ExprKind::Break(_) => Digester::new("break"),
            ExprKind::Continue => Digester::new("continue"),
            ExprKind::Unsupported(what, _) => Digester::new("unsupported").text(what),
        };
        let parts = expr.parts();
        let own = own.bytes(&(parts.len() as u64).to_le_bytes());
        parts.into_iter().fold(own, |digester, part| digester.of([self.expr(part)])).end()
    }
}
