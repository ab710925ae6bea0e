//! Types of conditions, scores, reasons and fields, found before any line is seen.
//!
//! What plain Rhai would answer with a silent `false` (a text against a number, a misspelt field) is an error
//! here. Where a type cannot be known (values out of a map, say) nothing is refused; a mismatch is then a
//! fault when it happens.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::base::limits;
use crate::base::value::Date;
use crate::diagnostic::{Code, Diagnostic, Fix, Place, quote_numbers, rewrite_day};
use crate::lang::expr::{Comparison, Constant, Expr, ExprKind, Name, Operator};
use crate::lang::functions::{self, CLOSURE_FUNCTIONS};
use crate::lang::kernel::Arithmetic;
use crate::lang::syntax::{Function, SourceMap};
use crate::lang::types::{Base, Type};
use crate::model::derived::{Derived, FieldRef};
use crate::model::manifest::Lookup;
use crate::model::schema::Schema;

/// What expressions of a pack can refer to.
pub(crate) struct Context<'p> {
    pub schema: &'p Schema,
    /// The fields that the pack computes, by name, with their types.
    pub computed: &'p [(String, Type)],
    pub lookups: &'p [Lookup],
}

impl Context<'_> {
    /// The field of this name, and its type.
    pub fn field(&self, name: &str) -> Option<(FieldRef, Type)> {
        if let Some(at) = self.computed.iter().position(|(known, _)| known == name) {
            return Some((FieldRef::Computed(at), self.computed[at].1.clone()));
        }
        if let Some(id) = self.schema.field(name) {
            let field = &self.schema[id];
            let present = field.required || self.schema.item == Some(id) || self.schema.declaration == id;
            return Some((FieldRef::Declared(id), Type::of_kind(field.kind, !present)));
        }
        Derived::ALL
            .into_iter()
            .find(|derived| derived.name() == name && derived.sources(self.schema).is_some())
            .map(|derived| {
                (FieldRef::Derived(derived), Type::of_kind(derived.kind(), !derived.always_present()))
            })
    }

    /// The names of all fields.
    pub fn field_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.schema.fields().iter().map(|field| field.name.as_str()).collect();
        let derived = self.schema.derived();
        for field in derived {
            names.push(field.name());
        }
        names.extend(self.computed.iter().map(|(name, _)| name.as_str()));
        names
    }
}

struct Variable {
    name: String,
    ty: Type,
    /// The value, where it is fixed when the rule file has run.
    constant: Option<Constant>,
}

/// What checking a closure found out.
#[derive(Default)]
pub(crate) struct Findings {
    pub diagnostics: Vec<Diagnostic>,
    /// The fields that are read.
    pub fields: BTreeSet<FieldRef>,
    /// The lookup tables that are used, by position.
    pub lookups: BTreeSet<usize>,
    /// The regular expressions that are used.
    pub patterns: BTreeSet<String>,
}

/// Checks the closures of one file.
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

    /// What is written at a place.
    fn written(&self, span: &Range<usize>) -> &'c str {
        self.source.map_or("", |source| source.slice(span.clone()))
    }

    /// Whether the closure itself is checked. What is wrong in a function may be right for another caller.
    fn is_outermost(&self) -> bool {
        self.calls.len() == 1
    }

    /// The type of a closure's result on a goods line, and what was found in it.
    pub fn closure(mut self, name: &str, captured: &[Constant]) -> (Type, Findings) {
        let args = captured
            .iter()
            .map(|constant| (Type::of_constant(constant), Some(constant.clone())))
            .chain([(Type::of(Base::Line), None)])
            .collect();
        let ty = self.function(name, args);
        (ty, self.found)
    }

    fn report(&mut self, code: Code, span: Range<usize>, title: impl Into<String>, help: Option<String>) {
        self.report_with(code, span, title, help, None);
    }

    fn report_with(
        &mut self,
        code: Code,
        span: Range<usize>,
        title: impl Into<String>,
        help: Option<String>,
        fix: Option<Fix>,
    ) {
        let mut diagnostic = Diagnostic::new(code, title).at(self.place(&span), "");
        diagnostic.help = help;
        self.push(diagnostic.fix(fix));
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
        let diagnostic = Diagnostic::new(code, title).at(self.place(span), "");
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

    fn function(&mut self, name: &str, args: Vec<(Type, Option<Constant>)>) -> Type {
        let functions = self.functions;
        let Some(function) = functions.get(name) else { return Type::ANY };
        if self.calls.iter().any(|call| call == name) || self.calls.len() >= limits::CALL_LEVELS_MAX {
            return Type::ANY;
        }
        // Functions see their parameters and nothing else.
        let outer = std::mem::take(&mut self.variables);
        let outer_returns = std::mem::take(&mut self.returns);
        self.calls.push(name.to_owned());
        for (param, (ty, constant)) in function.params.iter().zip(args) {
            self.variables.push(Variable { name: param.clone(), ty, constant });
        }
        let result = self.expr(&function.body);
        let result = std::mem::take(&mut self.returns).iter().fold(result, |ty, returned| ty.join(returned));
        self.calls.pop();
        self.variables = outer;
        self.returns = outer_returns;
        result
    }

    /// Checks that an expression is a flag that is never missing.
    fn flag(&mut self, expr: &Expr, wanted_by: &str) {
        let ty = self.expr(expr);
        if !ty.fits(&Base::Flag) || ty.base == Base::Missing {
            let title = format!("{wanted_by} needs a flag, and `{expr}` is {ty}");
            self.report(Code::TypeMismatch, expr.span.clone(), title, None);
        } else if ty.base == Base::Flag && ty.missing {
            let title = format!("{wanted_by} needs a flag, and `{expr}` may be missing");
            let help = format!("write `{expr} == true`, or `{expr} ?? false`");
            let fix = compared_with_true(expr, &self.place(&expr.span)).filter(|_| self.is_outermost());
            self.report_with(Code::TypeMismatch, expr.span.clone(), title, Some(help), fix);
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
                    self.report(Code::TypeMismatch, expr.span.clone(), title, None);
                }
                Type { missing, ..joined }
            }
            ExprKind::Interpolated(parts) => {
                for part in parts {
                    let ty = self.expr(part);
                    if matches!(ty.base, Base::Line | Base::Entry(_) | Base::Function(..) | Base::Map) {
                        let title = format!("{ty} cannot be written into a text");
                        self.report(Code::TypeMismatch, part.span.clone(), title, None);
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
                    let help = Some("write it with `if` and `else`".to_owned());
                    self.report(Code::TypeMismatch, switch.subject.span.clone(), title, help);
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
                            self.report(Code::TypeMismatch, switch.subject.span.clone(), title, None);
                        } else if inexact && !subject.is_any() {
                            let title = format!(
                                "`switch` cannot compare `{}` with the case `{value}` exactly",
                                switch.subject
                            );
                            let help =
                                Some("compare numbers with `if`, or with a case that is a range".to_owned());
                            self.report(Code::TypeMismatch, switch.subject.span.clone(), title, help);
                        }
                    }
                    if !case.ranges.is_empty() && !subject.fits(&Base::Number) {
                        let title = format!("`{}` is {subject}, and a case is a range", switch.subject);
                        self.report(Code::TypeMismatch, switch.subject.span.clone(), title, None);
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
                self.variables.push(Variable { name: name.text.clone(), ty, constant: None });
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
                        self.report(Code::TypeMismatch, each.over.span.clone(), title, None);
                        Type::ANY
                    }
                };
                let visible = self.variables.len();
                if let Some(counter) = &each.counter {
                    self.variables.push(Variable {
                        name: counter.text.clone(),
                        ty: Type::INTEGER,
                        constant: None,
                    });
                }
                self.variables.push(Variable {
                    name: each.variable.text.clone(),
                    ty: element,
                    constant: None,
                });
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
                    "a single character in single quotes" => {
                        Some("write it as a text, in double quotes".to_owned())
                    }
                    "an assignment into a map, an array or a field" => {
                        Some("write the whole map or list in one literal".to_owned())
                    }
                    "`?.` and `?[`" => Some("write `.`; what is missing stays missing".to_owned()),
                    "a name with `::`" => Some("pass the value to the function as an argument".to_owned()),
                    _ => None,
                };
                let fix = self.in_the_language(what, &expr.span);
                self.report_with(Code::NotInLanguage, expr.span.clone(), title, help, fix);
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

    /// The type of an entry of a map that is fixed when the rule file has run. A key that it does not have is a
    /// slip of the pen: Rhai would answer that it is missing.
    fn entry(&mut self, entries: &BTreeMap<String, Constant>, key: &str, span: &Range<usize>) -> Type {
        match entries.get(key) {
            Some(value) => Type::of_constant(value),
            None => {
                let title = format!("the map has no key `{key}`");
                self.unknown(Code::UnknownName, span, title, key, entries.keys().map(String::as_str));
                Type::ANY
            }
        }
    }

    fn property(&mut self, object: &Expr, name: &Name) -> Type {
        let ty = self.expr(object);
        if ty.base == Base::Map
            && let Some(Constant::Map(entries)) = self.constant(object)
        {
            return self.entry(&entries, &name.text, &name.span);
        }
        match &ty.base {
            Base::Line => match self.context.field(&name.text) {
                Some((field, ty)) => {
                    self.found.fields.insert(field);
                    ty
                }
                None => {
                    let title = format!("there is no field `{}`", name.text);
                    if matches!(name.text.as_str(), "listed" | "lookup") {
                        let help = format!("`{0}` is called with a table: `d.{0}(\"...\")`", name.text);
                        self.report(Code::UnknownField, name.span.clone(), title, Some(help));
                    } else {
                        let known = self.context.field_names();
                        self.unknown(Code::UnknownField, &name.span, title, &name.text, known);
                    }
                    Type::ANY
                }
            },
            Base::Entry(table) => {
                let context = self.context;
                let lookup = &context.lookups[*table];
                match lookup.columns.iter().find(|(column, _)| *column == name.text) {
                    Some((_, kind)) => Type::of_kind(*kind, true),
                    None => {
                        let title =
                            format!("the lookup table `{}` has no column `{}`", lookup.name, name.text);
                        let known = lookup.columns.iter().map(|(column, _)| column.as_str());
                        self.unknown(Code::UnknownName, &name.span, title, &name.text, known);
                        Type::ANY
                    }
                }
            }
            Base::Date | Base::Missing
                if matches!(name.text.as_str(), "year" | "month" | "day" | "weekday") =>
            {
                Type::INTEGER.or_missing(ty.missing)
            }
            Base::Date => {
                let known = ["year", "month", "day", "weekday"];
                let title = format!("a date has no `{}`", name.text);
                self.unknown(Code::UnknownField, &name.span, title, &name.text, known);
                Type::ANY
            }
            Base::Text | Base::Array(_) if name.text == "len" => Type::INTEGER.or_missing(ty.missing),
            Base::Map | Base::Any => {
                // It may be the line; then the field is read.
                if let Some((field, _)) = self.context.field(&name.text) {
                    self.found.fields.insert(field);
                }
                Type::ANY
            }
            _ => {
                let title = format!("{ty} has no `{}`", name.text);
                let help = functions::find(&name.text).map(|function| format!("write `{}`", function.usage));
                self.report(Code::UnknownField, name.span.clone(), title, help);
                Type::ANY
            }
        }
    }

    fn index(&mut self, object: &Expr, index: &Expr) -> Type {
        let (ty, index_type) = (self.expr(object), self.expr(index));
        let fixed = if ty.base == Base::Map { self.constant(object) } else { None };
        let (wanted, result) = match &ty.base {
            Base::Array(element) => (Base::Integer, (**element).clone()),
            Base::Map => match (fixed, &index.kind) {
                (Some(Constant::Map(entries)), ExprKind::Constant(Constant::Text(key))) => {
                    return self.entry(&entries, key, &index.span);
                }
                // Which entry it is, if any, turns out on the line.
                (Some(Constant::Map(entries)), _) => {
                    let types = entries.values().map(Type::of_constant).reduce(|a, b| a.join(&b));
                    (Base::Text, types.unwrap_or(Type::MISSING).or_missing(true))
                }
                _ => (Base::Text, Type::ANY),
            },
            Base::Any => return Type::ANY,
            Base::Line => {
                let help = Some("write `d.field`".to_owned());
                self.report(
                    Code::NotInLanguage,
                    index.span.clone(),
                    "fields are not read with `[...]`",
                    help,
                );
                return Type::ANY;
            }
            _ => {
                let title = format!("{ty} cannot be indexed");
                let help = (ty.base == Base::Text).then(|| "use `sub_string(start, length)`".to_owned());
                self.report(Code::TypeMismatch, object.span.clone(), title, help);
                return Type::ANY;
            }
        };
        if !index_type.fits(&wanted) {
            let title = format!("the index must be {}, and `{index}` is {index_type}", Type::of(wanted));
            self.report(Code::TypeMismatch, index.span.clone(), title, None);
        } else if index_type.missing && !index_type.is_any() {
            let title = format!("an index is needed, and `{index}` may be missing");
            self.report(
                Code::TypeMismatch,
                index.span.clone(),
                title,
                Some(format!("write `{index} ?? ...`")),
            );
        }
        result
    }

    fn call(&mut self, name: &Name, args: &[Expr], span: &Range<usize>) -> Type {
        let types = self.exprs(args);
        let functions = self.functions;
        if let Some(function) = functions.get(&name.text) {
            if function.params.len() != types.len() {
                let title = format!(
                    "`{}` takes {} arguments, and {} are given",
                    name.text,
                    function.params.len(),
                    types.len()
                );
                self.report(Code::UnknownFunction, span.clone(), title, None);
                return Type::ANY;
            }
            let args = types.into_iter().zip(args).map(|(ty, arg)| (ty, self.constant(arg))).collect();
            return self.function(&name.text, args);
        }
        match (name.text.as_str(), types.as_slice()) {
            ("listed" | "lookup", [Type { base: Base::Line, .. }, _]) => return self.lookup(name, &args[1]),
            ("listed" | "lookup", [Type { base: Base::Line, .. }, ..]) => {
                let title = format!("`{}` takes the name of one lookup table", name.text);
                let help = Some(format!("write `d.{}(\"blacklist\")`", name.text));
                self.report(Code::UnknownFunction, span.clone(), title, help);
                return Type::ANY;
            }
            ("some" | "all" | "filter" | "map", _) => return self.closure_call(name, &types, span),
            ("push", [list, item]) if matches!(list.base, Base::Array(_)) => {
                let joined = Type::array([list_element(list), item.clone()].into_iter());
                if let ExprKind::Variable(target) = &args[0].kind
                    && let Some(variable) =
                        self.variables.iter_mut().rev().find(|known| known.name == *target)
                {
                    variable.ty = joined;
                    variable.constant = None;
                }
                return Type::MISSING;
            }
            _ => {}
        }
        if functions::LEFT_OUT.contains(&name.text.as_str()) {
            let title = not_in_language(&format!("`{}`", name.text));
            self.report(Code::NotInLanguage, name.span.clone(), title, None);
            return Type::ANY;
        }
        let Some(function) = functions::find(&name.text) else {
            let local: Vec<&str> =
                functions.keys().map(String::as_str).filter(|name| !name.starts_with("anon$")).collect();
            let title = format!("there is no function `{}`", name.text);
            if self.context.field(&name.text).is_some() {
                let help = format!("`{0}` is a field: write `d.{0}` without parentheses", name.text);
                let brackets = name.span.end..name.span.end + 2;
                let fix = (self.written(&brackets) == "()")
                    .then(|| Fix::safe("take the parentheses out", self.place(&brackets), ""));
                self.report_with(Code::UnknownFunction, name.span.clone(), title, Some(help), fix);
            } else {
                let known = local.into_iter().chain(functions::names());
                self.unknown(Code::UnknownFunction, &name.span, title, &name.text, known);
            }
            return Type::ANY;
        };
        if name.text == "matches"
            && let [_, pattern] = args
        {
            self.pattern(pattern);
        }
        if name.text == "date"
            && let [text] = args
            && let Some(Constant::Text(text)) = self.constant(text)
            && text.parse::<Date>().is_err()
        {
            let title = format!("`{text}` is not a day of the calendar");
            let span = &args[0].span;
            let fix = rewrite_day(self.written(span), &text, &self.place(span));
            let help = Some("write `date(\"2016-09-06\")`".into());
            self.report_with(Code::BadValue, span.clone(), title, help, fix);
        }
        match (function.result)(&types) {
            Some(ty) => ty,
            None => {
                let given: Vec<String> = types.iter().map(ToString::to_string).collect();
                let title = if given.is_empty() {
                    format!("`{}` is called without arguments", name.text)
                } else {
                    format!("`{}` cannot take {}", name.text, given.join(" and "))
                };
                self.report(
                    Code::TypeMismatch,
                    span.clone(),
                    title,
                    Some(format!("it is used as `{}`", function.usage)),
                );
                Type::ANY
            }
        }
    }

    fn pattern(&mut self, pattern: &Expr) {
        match self.constant(pattern) {
            Some(Constant::Text(text)) => {
                let built = regex::RegexBuilder::new(&text).size_limit(limits::REGEX_BYTES_MAX).build();
                match built {
                    Ok(_) => {
                        self.found.patterns.insert(text.to_string());
                    }
                    Err(error) => {
                        let reason = match &error {
                            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
                            other => {
                                let text = other.to_string();
                                text.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned()
                            }
                        };
                        let title = format!("`{text}` is not a regular expression: {reason}");
                        self.report(Code::BadValue, pattern.span.clone(), title, None);
                    }
                }
            }
            Some(_) => {}
            None => {
                let title = "the regular expression must be known when the pack is loaded";
                let help = Some("write it out, or as a `const`".to_owned());
                self.report(Code::NotInLanguage, pattern.span.clone(), title, help);
            }
        }
    }

    fn lookup(&mut self, name: &Name, table: &Expr) -> Type {
        let result = |at| {
            if name.text == "listed" { Type::FLAG } else { Type { base: Base::Entry(at), missing: true } }
        };
        match self.constant(table) {
            Some(Constant::Text(text)) => {
                match self.context.lookups.iter().position(|lookup| lookup.name == *text) {
                    Some(at) => {
                        self.found.lookups.insert(at);
                        let key = self.context.lookups[at].key.iter();
                        self.found.fields.extend(key.map(|&id| FieldRef::Declared(id)));
                        return result(at);
                    }
                    None => {
                        let known = self.context.lookups.iter().map(|lookup| lookup.name.as_str());
                        let title = format!("the pack has no lookup table `{text}`");
                        self.unknown(Code::UnknownName, &table.span, title, &text, known);
                    }
                }
            }
            Some(_) => {
                let title =
                    format!("`{}` takes the name of a lookup table, and `{table}` is not a text", name.text);
                self.report(Code::TypeMismatch, table.span.clone(), title, None);
            }
            None => {
                let title = "the lookup table must be known when the pack is loaded";
                let help = Some("write its name out, or as a `const`".to_owned());
                self.report(Code::NotInLanguage, table.span.clone(), title, help);
            }
        }
        if name.text == "listed" { Type::FLAG } else { Type::ANY }
    }

    fn closure_call(&mut self, name: &Name, types: &[Type], span: &Range<usize>) -> Type {
        let usage =
            CLOSURE_FUNCTIONS.iter().find(|(known, _)| *known == name.text).map_or("", |&(_, usage)| usage);
        let [list, Type { base: Base::Function(function, captured), .. }] = types else {
            if types.first().is_some_and(Type::is_any) {
                return Type::ANY;
            }
            let title = format!("`{}` takes a list and a closure", name.text);
            self.report(Code::TypeMismatch, span.clone(), title, Some(format!("it is used as `{usage}`")));
            return Type::ANY;
        };
        if !matches!(list.base, Base::Array(_) | Base::Any) {
            let title = format!("`{}` takes a list, not {list}", name.text);
            self.report(Code::TypeMismatch, span.clone(), title, Some(format!("it is used as `{usage}`")));
            return Type::ANY;
        }
        // Captured variables come first; what a closure inside a closure captures is not fixed, so its type
        // is taken from the variables that are visible here.
        let functions = self.functions;
        let element = list_element(list);
        let params = functions.get(function).map_or(&[][..], |function| &function.params);
        let args = params
            .iter()
            .enumerate()
            .map(|(at, param)| {
                if at + 1 == params.len() {
                    return (element.clone(), None);
                }
                let visible = self.variables.iter().rev().find(|variable| variable.name == *param);
                let fixed = captured.get(at).filter(|value| **value != Constant::Missing);
                match visible {
                    Some(variable) => (variable.ty.clone(), variable.constant.clone()),
                    None => fixed
                        .map_or((Type::ANY, None), |value| (Type::of_constant(value), Some(value.clone()))),
                }
            })
            .collect();
        let result = self.function(function, args);
        match name.text.as_str() {
            "map" => Type::of(Base::Array(Box::new(result))),
            _ => {
                if !result.fits(&Base::Flag)
                    || result.base == Base::Missing
                    || (result.base == Base::Flag && result.missing)
                {
                    let title =
                        format!("the closure of `{}` must give a flag, and gives {result}", name.text);
                    self.report(Code::TypeMismatch, span.clone(), title, None);
                }
                if name.text == "filter" { list.clone() } else { Type::FLAG }
            }
        }
    }

    fn operator(&mut self, operator: Operator, args: &[Expr], span: &Range<usize>) -> Type {
        let types = self.exprs(args);
        let sign = operator.sign();
        match (operator, types.as_slice()) {
            (Operator::Compare(comparison), [a, b]) => {
                let ordering = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
                let ordered = |ty: &Type| {
                    matches!(ty.base, Base::Integer | Base::Number | Base::Text | Base::Date | Base::Any)
                };
                let entry = |ty: &Type, other: &Type| {
                    matches!(ty.base, Base::Entry(_)) && other.base == Base::Missing && !ordering
                };
                let fits =
                    if ordering { a.comparable(b) && ordered(a) && ordered(b) } else { a.comparable(b) };
                if !fits && !entry(a, b) && !entry(b, a) {
                    let title = format!("`{sign}` cannot compare {a} with {b}");
                    let fix = self.comparable(a, b, args).filter(|_| self.is_outermost());
                    self.mismatch_with(&title, args, &types, span, compare_help(a, b, args), fix);
                }
                Type::FLAG
            }
            (Operator::In, [item, whole]) => {
                let fits = match &whole.base {
                    Base::Array(element) => element.comparable(item),
                    Base::Range => item.fits(&Base::Number),
                    Base::Text => item.fits(&Base::Text),
                    Base::Map => item.fits(&Base::Text),
                    Base::Any | Base::Missing => true,
                    _ => false,
                };
                if !fits {
                    let title = match &whole.base {
                        Base::Array(element) => {
                            format!("`in` cannot find {item} in a list whose values are {}", plural(element))
                        }
                        _ => format!("`in` cannot find {item} in {whole}"),
                    };
                    let list = &args[1].span;
                    let fix = match (&whole.base, &item.base) {
                        (Base::Array(element), Base::Text) if element.base == Base::Integer => {
                            quote_numbers(self.written(list), &self.place(list))
                        }
                        _ => None,
                    };
                    let fix = fix.filter(|_| self.is_outermost());
                    self.mismatch_with(&title, args, &types, span, None, fix);
                }
                Type::FLAG
            }
            (Operator::Arithmetic(arithmetic), [a, b]) => self.arithmetic(arithmetic, a, b, args, span),
            (Operator::Negate | Operator::Plus, [a]) => {
                if !a.is_numeric() {
                    self.mismatch(&format!("`{sign}` needs a number, not {a}"), args, &types, span, None);
                    return Type::ANY;
                }
                a.clone()
            }
            (Operator::Not, [a]) => {
                if !a.fits(&Base::Flag) || a.base == Base::Missing {
                    self.mismatch(&format!("`!` needs a flag, not {a}"), args, &types, span, None);
                    return Type::FLAG;
                }
                if a.base == Base::Flag && a.missing {
                    let title = format!("`!` needs a flag, and `{}` may be missing", args[0]);
                    let help = format!("write `{0} == false`, or `!({0} ?? false)`", args[0]);
                    let whole = self.place(span);
                    // What a missing flag means is for the author to say.
                    let fixes = [format!("{} == false", args[0]), format!("!({} ?? false)", args[0])]
                        .map(|text| Fix::suggested(format!("write `{text}`"), whole.clone(), text));
                    let [no, not_yes] =
                        if self.written(span).starts_with('!') { fixes.map(Some) } else { [None, None] };
                    let place = self.place(&args[0].span);
                    let diagnostic = Diagnostic::new(Code::TypeMismatch, title).at(place, "").help(help);
                    self.push(diagnostic.fix(no).fix(not_yes));
                }
                Type::FLAG
            }
            (Operator::Range | Operator::RangeInclusive, [a, b]) => {
                if !(a.fits(&Base::Integer) && b.fits(&Base::Integer))
                    || a.missing && !a.is_any()
                    || b.missing && !b.is_any()
                {
                    self.mismatch(
                        &format!("`{sign}` needs whole numbers, not {a} and {b}"),
                        args,
                        &types,
                        span,
                        None,
                    );
                }
                Type::of(Base::Range)
            }
            (Operator::BitAnd | Operator::BitOr | Operator::BitXor, [a, b]) => {
                for base in [Base::Flag, Base::Integer] {
                    if a.fits(&base) && b.fits(&base) {
                        return if a.is_any() && b.is_any() {
                            Type::ANY
                        } else {
                            Type::of(base).or_missing(a.missing || b.missing)
                        };
                    }
                }
                let help = Some(format!("`{sign}{sign}` joins conditions"));
                self.mismatch(&format!("`{sign}` cannot join {a} and {b}"), args, &types, span, help);
                Type::ANY
            }
            _ => Type::ANY,
        }
    }

    fn arithmetic(
        &mut self,
        operator: Arithmetic,
        a: &Type,
        b: &Type,
        args: &[Expr],
        span: &Range<usize>,
    ) -> Type {
        use Arithmetic::{Add, Divide, Power, Subtract};
        let missing = a.missing || b.missing;
        let sign = Operator::Arithmetic(operator).sign();
        match (operator, &a.base, &b.base) {
            (_, Base::Missing, other) | (_, other, Base::Missing) => {
                Type { base: other.clone(), missing: true }
            }
            (Power, Base::Number | Base::Integer, Base::Number) => {
                let help = Some("use a whole number, or `sqrt()`".to_owned());
                self.mismatch(
                    "the exponent of `**` must be a whole number",
                    args,
                    &[a.clone(), b.clone()],
                    span,
                    help,
                );
                Type::NUMBER
            }
            (Divide, Base::Integer, Base::Integer) => {
                let [dividend, divisor] = [&args[0], &args[1]].map(crate::lang::expr::Operand);
                let title =
                    format!("`{dividend} / {divisor}` drops the remainder: both sides are whole numbers");
                let help = format!("write `{dividend}.to_float() / {divisor}` to keep the fraction");
                let fix = is_operand(&args[0]).then(|| {
                    let end = args[0].span.end;
                    let place = self.place(&(end..end));
                    Fix::suggested("keep the fraction", place, ".to_float()")
                });
                let diagnostic = Diagnostic::new(Code::IntegerDivision, title)
                    .at(self.place(span), "")
                    .note("7 / 2 gives 3 here, not 3.5")
                    .help(help);
                self.push(diagnostic.fix(fix));
                Type::INTEGER.or_missing(missing)
            }
            (_, Base::Integer, Base::Integer) => Type::INTEGER.or_missing(missing),
            (_, Base::Integer | Base::Number, Base::Integer | Base::Number) => {
                Type::NUMBER.or_missing(missing)
            }
            (Add, Base::Text, Base::Text) => Type::TEXT.or_missing(missing),
            (Add | Subtract, Base::Date, Base::Integer) | (Add, Base::Integer, Base::Date) => {
                Type::DATE.or_missing(missing)
            }
            (Subtract, Base::Date, Base::Date) => Type::INTEGER.or_missing(missing),
            (Add, Base::Array(x), Base::Array(y)) => Type::of(Base::Array(Box::new(x.join(y)))),
            (
                _,
                Base::Any,
                Base::Any | Base::Integer | Base::Number | Base::Text | Base::Date | Base::Array(_),
            )
            | (_, Base::Integer | Base::Number | Base::Text | Base::Date | Base::Array(_), Base::Any) => {
                Type::ANY
            }
            _ => {
                let help = match (&a.base, &b.base) {
                    (Base::Text, _) | (_, Base::Text) if operator == Add => {
                        Some("to put values into a text write `` `...${value}...` ``".to_owned())
                    }
                    _ => None,
                };
                let title = format!("`{sign}` cannot take {a} and {b}");
                self.mismatch(&title, args, &[a.clone(), b.clone()], span, help);
                Type::ANY
            }
        }
    }

    /// Reports an operator whose operands do not go together, with the type of each.
    fn mismatch(
        &mut self,
        title: &str,
        args: &[Expr],
        types: &[Type],
        span: &Range<usize>,
        help: Option<String>,
    ) {
        self.mismatch_with(title, args, types, span, help, None);
    }

    fn mismatch_with(
        &mut self,
        title: &str,
        args: &[Expr],
        types: &[Type],
        span: &Range<usize>,
        help: Option<String>,
        fix: Option<Fix>,
    ) {
        let mut diagnostic = Diagnostic::new(Code::TypeMismatch, title).at(self.place(span), "");
        if args.len() > 1 {
            for (arg, ty) in args.iter().zip(types) {
                diagnostic = diagnostic.at(self.place(&arg.span), ty.to_string());
            }
        }
        diagnostic.help = help;
        self.push(diagnostic.fix(fix));
    }

    /// A literal of a comparison written in the type of the other side.
    fn comparable(&self, a: &Type, b: &Type, args: &[Expr]) -> Option<Fix> {
        let (literal, other) = match (&args[0].kind, &args[1].kind) {
            (_, ExprKind::Constant(_)) => (&args[1], &a.base),
            (ExprKind::Constant(_), _) => (&args[0], &b.base),
            _ => return None,
        };
        let written = self.written(&literal.span);
        let inside = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let replacement = match (&literal.kind, other) {
            (ExprKind::Constant(Constant::Text(text)), Base::Date) if inside == Some(&**text) => {
                text.parse::<Date>().ok()?;
                format!("date({written})")
            }
            (ExprKind::Constant(Constant::Text(text)), Base::Integer | Base::Number)
                if inside == Some(&**text) =>
            {
                let digits = text.strip_prefix('-').unwrap_or(text);
                let is_number = digits.starts_with(|digit: char| digit.is_ascii_digit())
                    && digits.ends_with(|digit: char| digit.is_ascii_digit())
                    && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                let fits = match other {
                    Base::Integer => text.parse::<i64>().is_ok(),
                    _ => text.parse::<f64>().is_ok_and(f64::is_finite),
                };
                (is_number && fits).then(|| text.to_string())?
            }
            // Digits as they are written: a code may begin with a zero.
            (ExprKind::Constant(Constant::Integer(_)), Base::Text) => {
                let is_code = !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit());
                is_code.then(|| format!("\"{written}\""))?
            }
            _ => return None,
        };
        Some(Fix::safe(format!("write `{replacement}`"), self.place(&literal.span), replacement.clone()))
    }
}

/// Whether something can be put behind an expression without parentheses.
fn is_operand(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Property(..) | ExprKind::Variable(_) | ExprKind::Call { .. })
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

fn list_element(list: &Type) -> Type {
    match &list.base {
        Base::Array(element) => (**element).clone(),
        _ => Type::ANY,
    }
}

fn plural(ty: &Type) -> &'static str {
    match ty.base {
        Base::Flag => "flags",
        Base::Integer => "whole numbers",
        Base::Number => "numbers",
        Base::Text => "texts",
        Base::Date => "dates",
        Base::Array(_) => "lists",
        _ => "of mixed types",
    }
}

/// The remedy for a comparison, where there is a usual one.
fn compare_help(a: &Type, b: &Type, args: &[Expr]) -> Option<String> {
    let (text, other) = match (&a.base, &b.base) {
        (Base::Text, _) => (&args[0], &b.base),
        (_, Base::Text) => (&args[1], &a.base),
        (Base::Missing, _) | (_, Base::Missing) => {
            return Some(
                "nothing is less or more than a missing value; compare with `== ()` or `!= ()`".into(),
            );
        }
        (Base::Flag, Base::Flag) => return Some("flags are compared with `==` and `!=`".into()),
        _ => return None,
    };
    let literal = match &text.kind {
        ExprKind::Constant(Constant::Text(text)) => Some(text.clone()),
        _ => None,
    };
    match (other, literal) {
        (Base::Date, Some(text)) => Some(format!("write `date(\"{text}\")`")),
        (Base::Integer | Base::Number, Some(text)) if text.parse::<f64>().is_ok() => {
            Some(format!("write `{text}` without quotes"))
        }
        (Base::Integer | Base::Number, None) => {
            let number = if std::ptr::eq(text, &args[0]) { &args[1] } else { &args[0] };
            match &number.kind {
                ExprKind::Constant(Constant::Integer(integer)) => {
                    Some(format!("write `\"{integer}\"` in quotes: codes are texts"))
                }
                _ => None,
            }
        }
        _ => None,
    }
}
