//! Types of conditions, scores, reasons and fields, found before any line is seen.
//!
//! What plain Rhai would answer with a silent `false` (a text against a number, a misspelt field) is an error
//! here. Where a type cannot be known (values out of a map, say) nothing is refused; a mismatch is then a
//! fault when it happens.

mod access;
mod calls;
mod operators;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Fix, Help, Place};
use crate::lang::expr::{Constant, Expr, ExprKind};
use crate::lang::rule::Captured;
use crate::lang::syntax::{Function, SourceMap};
use crate::lang::types::{Base, Type};
use crate::model::derived::FieldRef;
use crate::model::manifest::Lookup;
use crate::model::schema::Schema;

use operators::is_operand;

/// What expressions of a pack can refer to.
pub(crate) struct Context<'p> {
    pub schema: &'p Schema,
    /// The fields that the pack computes, by name, with their types.
    /// The computed fields so far, each with its type and whether it is a total.
    pub computed: &'p [(String, Type, bool)],
    pub lookups: &'p [Lookup],
}

impl Context<'_> {
    pub fn field(&self, name: &str) -> Option<(FieldRef, Type)> {
        if let Some(at) = self.computed.iter().position(|(known, ..)| known == name) {
            let (_, ty, total) = &self.computed[at];
            return Some((if *total { FieldRef::Total(at) } else { FieldRef::Computed(at) }, ty.clone()));
        }
        if let Some(id) = self.schema.field(name) {
            let field = &self.schema[id];
            let present = field.required || self.schema.item == Some(id) || self.schema.declaration == id;
            return Some((FieldRef::Declared(id), Type::of_kind(field.kind, !present)));
        }
        let derived = self.schema.derived().find(|derived| derived.name() == name)?;
        Some((FieldRef::Derived(derived), Type::of_kind(derived.kind(), !derived.always_present())))
    }

    pub fn field_names(&self) -> Vec<&str> {
        let mut names = self.schema.known_names();
        names.extend(self.computed.iter().map(|(name, ..)| name.as_str()));
        names
    }
}

struct Variable {
    name: String,
    ty: Type,
    /// The value, where it is fixed when the rule file has run.
    constant: Option<Constant>,
}

#[derive(Default)]
pub(crate) struct Findings {
    pub diagnostics: Vec<Diagnostic>,
    pub fields: BTreeSet<FieldRef>,
    pub lookups: BTreeSet<usize>,
    pub patterns: BTreeSet<String>,
}

pub(crate) struct Checker<'c> {
    context: &'c Context<'c>,
    functions: &'c BTreeMap<String, Function>,
    file: Arc<str>,
    source: Option<&'c SourceMap<'c>>,
    variables: Vec<Variable>,
    returns: Vec<Type>,
    /// Functions being checked, to stop at recursion.
    calls: Vec<String>,
    found: Findings,
}

impl<'c> Checker<'c> {
    pub fn new(context: &'c Context<'c>, functions: &'c BTreeMap<String, Function>, file: Arc<str>) -> Self {
        Self {
            context,
            functions,
            file,
            source: None,
            variables: Vec::new(),
            returns: Vec::new(),
            calls: Vec::new(),
            found: Findings::default(),
        }
    }

    /// The same with the text of the file, for fixes.
    pub fn with_source(mut self, source: &'c SourceMap<'c>) -> Self {
        self.source = Some(source);
        self
    }

    fn written(&self, span: &Range<usize>) -> &'c str {
        self.source.map_or("", |source| source.slice(span.clone()))
    }

    /// Whether the closure itself is checked. What is wrong in a function may be right for another caller.
    fn is_outermost(&self) -> bool {
        self.calls.len() == 1
    }

    /// The type of a closure's result on a goods line, and what was found in it.
    pub fn closure(mut self, name: &str, captured: &[Captured]) -> (Type, Findings) {
        let args = captured
            .iter()
            .map(|value| (Type::of_constant(value.constant()), Some((**value.constant()).clone())))
            .chain([(Type::of(Base::Line), None)])
            .collect();
        let ty = self.function(name, args);
        (ty, self.found)
    }

    fn report(&mut self, code: Code, span: &Range<usize>, title: impl Into<String>, help: impl Into<Help>) {
        self.report_with(code, span, title, help, None);
    }

    fn report_with(
        &mut self,
        code: Code,
        span: &Range<usize>,
        title: impl Into<String>,
        help: impl Into<Help>,
        fix: Option<Fix>,
    ) {
        self.push(Diagnostic::found(code, self.place(span), title, help).fix(fix));
    }

    /// Reports a name that nothing has, with those that there are.
    fn unknown<'n>(
        &mut self,
        code: Code,
        span: &Range<usize>,
        title: String,
        written: &str,
        known: impl IntoIterator<Item = &'n str> + Clone,
    ) {
        let diagnostic = Diagnostic::found(code, self.place(span), title, None);
        self.push(diagnostic.respelt(self.written(span), written, known));
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        if !self.found.diagnostics.contains(&diagnostic) {
            self.found.diagnostics.push(diagnostic);
        }
    }

    fn place(&self, span: &Range<usize>) -> Place {
        Place { file: self.file.clone(), span: span.clone() }
    }

    /// Checks that an expression is a flag that is never missing.
    fn flag(&mut self, expr: &Expr, wanted_by: &str) {
        let ty = self.expr(expr);
        if !ty.fits(&Base::Flag) || ty.base == Base::Missing {
            let title = format!("{wanted_by} needs a flag, and `{expr}` is {ty}");
            self.report(Code::TypeMismatch, &expr.span, title, None);
        } else if ty.base == Base::Flag && ty.missing {
            let title = format!("{wanted_by} needs a flag, and `{expr}` may be missing");
            let help = format!("write `{expr} == true`, or `{expr} ?? false`");
            let fix = compared_with_true(expr, &self.place(&expr.span)).filter(|_| self.is_outermost());
            self.report_with(Code::TypeMismatch, &expr.span, title, help, fix);
        }
    }

    fn exprs(&mut self, exprs: &[Expr]) -> Vec<Type> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr(&mut self, expr: &Expr) -> Type {
        match &expr.kind {
            ExprKind::Constant(constant) => Type::of_constant(constant),
            ExprKind::Variable(name) => self.variable(name, &expr.span),
            ExprKind::Property(object, name) => self.property(object, name),
            ExprKind::Index(object, index) => self.index(object, index),
            ExprKind::Call { name, args, .. } => self.call(name, args, &expr.span),
            ExprKind::Operator(operator, args) => self.operator(*operator, args, &expr.span),
            ExprKind::And(parts) => {
                parts.iter().for_each(|part| self.flag(part, "`&&`"));
                Type::FLAG
            }
            ExprKind::Or(parts) => {
                parts.iter().for_each(|part| self.flag(part, "`||`"));
                Type::FLAG
            }
            ExprKind::Coalesce(parts) => {
                let types = self.exprs(parts);
                let missing = types.iter().all(|ty| ty.missing);
                let joined = types.iter().fold(Type::MISSING, |ty, part| ty.join(part));
                if joined.is_any() && types.iter().all(|ty| !ty.is_any()) {
                    let kinds: Vec<String> = types.iter().map(ToString::to_string).collect();
                    let title = format!("`??` between {}", kinds.join(" and "));
                    self.report(Code::TypeMismatch, &expr.span, title, None);
                }
                Type { missing, ..joined }
            }
            ExprKind::Interpolated(parts) => {
                for part in parts {
                    let ty = self.expr(part);
                    if matches!(ty.base, Base::Line | Base::Entry(_) | Base::Function(..) | Base::Map) {
                        let title = format!("{ty} cannot be written into a text");
                        self.report(Code::TypeMismatch, &part.span, title, None);
                    }
                }
                Type::TEXT
            }
            ExprKind::Array(items) => Type::array(self.exprs(items).into_iter()),
            ExprKind::Map(entries) => {
                entries.iter().for_each(|(_, value)| {
                    self.expr(value);
                });
                Type::of(Base::Map)
            }
            ExprKind::Closure(name, captured) => {
                let captured = captured
                    .iter()
                    .map(|variable| {
                        self.variable(&variable.text, &variable.span);
                        self.constant_of_variable(&variable.text).unwrap_or(Constant::Missing)
                    })
                    .collect();
                Type::of(Base::Function(name.clone(), captured))
            }
            ExprKind::Block(statements) => {
                let visible = self.variables.len();
                let mut ty = Type::MISSING;
                for statement in statements {
                    ty = self.expr(statement);
                }
                self.variables.truncate(visible);
                ty
            }
            ExprKind::If(condition, then, otherwise) => {
                self.flag(condition, "`if`");
                self.expr(then).join(&self.expr(otherwise))
            }
            ExprKind::Switch(switch) => {
                let subject = self.expr(&switch.subject);
                let mut result: Option<Type> = None;
                if subject.is_any() {
                    let title = format!(
                        "the type of `{}` is not known, so its cases could silently fail",
                        switch.subject
                    );
                    let help = "write it with `if` and `else`";
                    self.report(Code::TypeMismatch, &switch.subject.span, title, help);
                }
                for case in &switch.cases {
                    for value in &case.values {
                        let ty = Type::of_constant(value);
                        // Rhai compares cases by a hash: 10.0 would not be the case `10`, nor -0.0 the case `0.0`.
                        let inexact = ty.base == Base::Number
                            || ty.base == Base::Integer && subject.base == Base::Number;
                        if !subject.comparable(&ty) {
                            let title =
                                format!("`{}` is {subject}, and the case `{value}` is {ty}", switch.subject);
                            self.report(Code::TypeMismatch, &switch.subject.span, title, None);
                        } else if inexact && !subject.is_any() {
                            let title = format!(
                                "`switch` cannot compare `{}` with the case `{value}` exactly",
                                switch.subject
                            );
                            let help = "compare numbers with `if`, or with a case that is a range";
                            self.report(Code::TypeMismatch, &switch.subject.span, title, help);
                        }
                    }
                    if !case.ranges.is_empty() && !subject.fits(&Base::Number) {
                        let title = format!("`{}` is {subject}, and a case is a range", switch.subject);
                        self.report(Code::TypeMismatch, &switch.subject.span, title, None);
                    }
                    if let Some(condition) = &case.condition {
                        self.flag(condition, "`if`");
                    }
                    let body = self.expr(&case.body);
                    result = Some(result.map_or(body.clone(), |ty| ty.join(&body)));
                }
                let default = switch.default.as_ref().map_or(Type::MISSING, |default| self.expr(default));
                result.map_or(default.clone(), |ty| ty.join(&default))
            }
            ExprKind::Let(name, value) => {
                let ty = self.expr(value);
                self.declare(&name.text, ty);
                Type::MISSING
            }
            ExprKind::Assign(name, operator, value) => {
                let ty = match operator {
                    None => self.expr(value),
                    Some(operator) => {
                        let target =
                            Expr { kind: ExprKind::Variable(name.text.clone()), span: name.span.clone() };
                        self.operator(*operator, &[target, (**value).clone()], &expr.span)
                    }
                };
                match self.variables.iter_mut().rev().find(|variable| variable.name == name.text) {
                    Some(variable) => {
                        variable.ty = variable.ty.join(&ty);
                        variable.constant = None;
                    }
                    None => {
                        self.variable(&name.text, &name.span);
                    }
                }
                Type::MISSING
            }
            ExprKind::Return(value) => {
                let ty = value.as_ref().map_or(Type::MISSING, |value| self.expr(value));
                self.returns.push(ty.clone());
                ty
            }
            ExprKind::While(condition, body) => {
                self.repeated(|checker| {
                    checker.flag(condition, "`while`");
                    checker.expr(body);
                });
                Type::ANY
            }
            ExprKind::For(each) => {
                let over = self.expr(&each.over);
                let element = match &over.base {
                    Base::Array(element) => (**element).clone(),
                    Base::Range => Type::INTEGER,
                    Base::Any => Type::ANY,
                    _ => {
                        let title = format!("`for` needs a list or a range, and `{}` is {over}", each.over);
                        self.report(Code::TypeMismatch, &each.over.span, title, None);
                        Type::ANY
                    }
                };
                let visible = self.variables.len();
                if let Some(counter) = &each.counter {
                    self.declare(&counter.text, Type::INTEGER);
                }
                self.declare(&each.variable.text, element);
                self.repeated(|checker| {
                    checker.expr(&each.body);
                });
                self.variables.truncate(visible);
                Type::ANY
            }
            ExprKind::Break(value) => {
                value.iter().for_each(|value| {
                    self.expr(value);
                });
                Type::MISSING
            }
            ExprKind::Continue => Type::MISSING,
            ExprKind::Unsupported(what, parts) => {
                let title = not_in_language(what);
                let help = match *what {
                    "a single character in single quotes" => "write it as a text, in double quotes".into(),
                    "an assignment into a map, an array or a field" => {
                        "write the whole map or list in one literal".into()
                    }
                    "`?.` and `?[`" => "write `.`; what is missing stays missing".into(),
                    "a name with `::`" => "pass the value to the function as an argument".into(),
                    _ => Help::from(None),
                };
                let fix = self.in_the_language(what, &expr.span);
                self.report_with(Code::NotInLanguage, &expr.span, title, help, fix);
                parts.iter().for_each(|part| {
                    self.expr(part);
                });
                Type::ANY
            }
        }
    }

    /// What stands in the language for something that is not part of it.
    fn in_the_language(&self, what: &str, span: &Range<usize>) -> Option<Fix> {
        match what {
            "a single character in single quotes" => {
                let letter = self.written(span).strip_prefix('\'')?.strip_suffix('\'')?;
                let text = format!("\"{letter}\"");
                let is_plain = !letter.contains(['\\', '"']);
                is_plain.then(|| Fix::safe(format!("write `{text}`"), self.place(span), text.clone()))
            }
            "`?.` and `?[`" => {
                let sign = span.end..span.end + 2;
                (self.written(&sign) == "?.").then(|| Fix::safe("write `.`", self.place(&sign), "."))
            }
            _ => None,
        }
    }

    fn declare(&mut self, name: &str, ty: Type) {
        self.variables.push(Variable { name: name.to_owned(), ty, constant: None });
    }

    /// Checks a loop's body twice, so that the second turn sees what the first may have assigned.
    fn repeated(&mut self, mut body: impl FnMut(&mut Self)) {
        body(self);
        body(self);
    }

    fn variable(&mut self, name: &str, span: &Range<usize>) -> Type {
        if let Some(variable) = self.variables.iter().rev().find(|variable| variable.name == name) {
            return variable.ty.clone();
        }
        if let Some(function) = self.functions.get(name)
            && !function.params.is_empty()
        {
            return Type::of(Base::Function(name.to_owned(), Vec::new()));
        }
        let known: Vec<String> = self.variables.iter().map(|variable| variable.name.clone()).collect();
        let help = match self.context.field(name) {
            Some(_) => format!("`{name}` is a field: write `d.{name}`"),
            None => match crate::diagnostic::nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "define it with `const` above; a `fn` sees only its parameters".to_owned(),
            },
        };
        let diagnostic = Diagnostic::new(Code::UnknownVariable, format!("there is no variable `{name}`"))
            .at(self.place(span), "")
            .help(help);
        let line = self.variables.iter().rev().find(|variable| variable.ty.base == Base::Line);
        let diagnostic = match (self.context.field(name), line) {
            (Some(_), Some(line)) if self.written(span) == name => {
                let field = format!("{}.{name}", line.name);
                diagnostic.fix(Fix::safe(format!("write `{field}`"), self.place(span), field))
            }
            (Some(_), _) => diagnostic,
            (None, _) => diagnostic.respelling(self.written(span), name, known.iter().map(String::as_str)),
        };
        self.push(diagnostic);
        Type::ANY
    }

    fn constant_of_variable(&self, name: &str) -> Option<Constant> {
        self.variables.iter().rev().find(|variable| variable.name == name)?.constant.clone()
    }

    /// The value of an expression that is fixed when the rule file has run.
    fn constant(&self, expr: &Expr) -> Option<Constant> {
        match &expr.kind {
            ExprKind::Constant(constant) => Some(constant.clone()),
            ExprKind::Variable(name) => self.constant_of_variable(name),
            ExprKind::Property(object, name) => match self.constant(object)? {
                Constant::Map(entries) => entries.get(&name.text).cloned(),
                _ => None,
            },
            ExprKind::Index(object, index) => match (self.constant(object)?, self.constant(index)?) {
                (Constant::Map(entries), Constant::Text(key)) => entries.get(&*key).cloned(),
                (Constant::Array(items), Constant::Integer(at)) => {
                    items.get(usize::try_from(at).ok()?).cloned()
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// A flag that may be missing, compared with true: what is missing is not true.
pub(crate) fn compared_with_true(expr: &Expr, place: &Place) -> Option<Fix> {
    let end = Place { file: place.file.clone(), span: expr.span.end..expr.span.end };
    is_operand(expr).then(|| Fix::safe(format!("write `{expr} == true`"), end, " == true"))
}

/// What to say of something that the language does not have.
pub(crate) fn not_in_language(what: &str) -> String {
    let verb = if what.contains(" and ") { "are" } else { "is" };
    format!("{what} {verb} not part of the rule language")
}
