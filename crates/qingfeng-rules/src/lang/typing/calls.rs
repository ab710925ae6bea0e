//! The types of calls: functions, lookups, and functions that take a closure.

use std::ops::Range;

use crate::base::limits;
use crate::base::value::Date;
use crate::diagnostic::{Code, Fix, rewrite_day};
use crate::lang::expr::{Constant, Expr, ExprKind, Name};
use crate::lang::functions::{self, CLOSURE_FUNCTIONS};
use crate::lang::types::{Base, Type};

use super::{Checker, Variable, not_in_language};

impl Checker<'_> {
    pub(super) fn function(&mut self, name: &str, args: Vec<(Type, Option<Constant>)>) -> Type {
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

    pub(super) fn call(&mut self, name: &Name, args: &[Expr], span: &Range<usize>) -> Type {
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
                self.report(Code::UnknownFunction, span, title, None);
                return Type::ANY;
            }
            let args = types.into_iter().zip(args).map(|(ty, arg)| (ty, self.constant(arg))).collect();
            return self.function(&name.text, args);
        }
        match (name.text.as_str(), types.as_slice()) {
            ("listed" | "lookup", [Type { base: Base::Line, .. }, _]) => return self.lookup(name, &args[1]),
            ("listed" | "lookup", [Type { base: Base::Line, .. }, ..]) => {
                let title = format!("`{}` takes the name of one lookup table", name.text);
                let help = format!("write `d.{}(\"blacklist\")`", name.text);
                self.report(Code::UnknownFunction, span, title, help);
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
        if functions::is_left_out(&name.text) {
            let title = not_in_language(&format!("`{}`", name.text));
            self.report(Code::NotInLanguage, &name.span, title, None);
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
                self.report_with(Code::UnknownFunction, &name.span, title, help, fix);
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
            let help = "write `date(\"2016-09-06\")`";
            self.report_with(Code::BadValue, span, title, help, fix);
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
                self.report(Code::TypeMismatch, span, title, format!("it is used as `{}`", function.usage));
                Type::ANY
            }
        }
    }

    pub(super) fn pattern(&mut self, pattern: &Expr) {
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
                        self.report(Code::BadValue, &pattern.span, title, None);
                    }
                }
            }
            Some(_) => {}
            None => {
                let title = "the regular expression must be known when the pack is loaded";
                let help = "write it out, or as a `const`";
                self.report(Code::NotInLanguage, &pattern.span, title, help);
            }
        }
    }

    pub(super) fn lookup(&mut self, name: &Name, table: &Expr) -> Type {
        let result = |at| {
            if name.text == "listed" { Type::FLAG } else { Type { base: Base::Entry(at), missing: true } }
        };
        match self.constant(table) {
            Some(Constant::Text(text)) => {
                match self.context.lookups.iter().position(|lookup| lookup.name == *text) {
                    Some(at) => {
                        if name.text == "listed" && self.context.lookups[at].profile().is_some() {
                            let title = format!("`{text}` is a profile, which has an entry for every line");
                            let help = format!(
                                "compare what it counts: `d.lookup(\"{text}\").declarations == 0` where none came before"
                            );
                            self.report(Code::TypeMismatch, &table.span, title, help);
                        }
                        self.found.lookups.insert(at);
                        let key = self.context.lookups[at].key.iter();
                        self.found.fields.extend(key);
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
                self.report(Code::TypeMismatch, &table.span, title, None);
            }
            None => {
                let title = "the lookup table must be known when the pack is loaded";
                let help = "write its name out, or as a `const`";
                self.report(Code::NotInLanguage, &table.span, title, help);
            }
        }
        if name.text == "listed" { Type::FLAG } else { Type::ANY }
    }

    pub(super) fn closure_call(&mut self, name: &Name, types: &[Type], span: &Range<usize>) -> Type {
        let usage =
            CLOSURE_FUNCTIONS.iter().find(|(known, _)| *known == name.text).map_or("", |&(_, usage)| usage);
        let [list, Type { base: Base::Function(function, captured), .. }] = types else {
            if types.first().is_some_and(Type::is_any) {
                return Type::ANY;
            }
            let title = format!("`{}` takes a list and a closure", name.text);
            self.report(Code::TypeMismatch, span, title, format!("it is used as `{usage}`"));
            return Type::ANY;
        };
        if !matches!(list.base, Base::Array(_) | Base::Any) {
            let title = format!("`{}` takes a list, not {list}", name.text);
            self.report(Code::TypeMismatch, span, title, format!("it is used as `{usage}`"));
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
                    self.report(Code::TypeMismatch, span, title, None);
                }
                if name.text == "filter" { list.clone() } else { Type::FLAG }
            }
        }
    }
}

fn list_element(list: &Type) -> Type {
    match &list.base {
        Base::Array(element) => (**element).clone(),
        _ => Type::ANY,
    }
}
