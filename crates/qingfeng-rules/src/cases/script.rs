//! Tests in Rhai: runs the top level of a file in the sandbox and records the calls of `test`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Dynamic, Engine, EvalAltResult, Map, NativeCallContext, Position};

use super::expected::{self, KEYS, kind_of};
use super::{CaseLine, CaseValue, Expected, Outcomes, Reading, TestCase};
use crate::base::limits;
use crate::base::value::Date;
use crate::diagnostic::suggestion;
use crate::lang::expr::{Constant, Expr, ExprKind};
use crate::lang::kernel::Scalar;
use crate::lang::rule_files::{self, Environment, fixed};
use crate::lang::sandbox;
use crate::lang::syntax::{SourceMap, Translator, constant_of};
use crate::model::schema::{FieldId, Kind};

struct Call {
    position: Position,
    arguments: [Option<Constant>; 3],
}

/// Where the arguments of a call are written, if they are written out there.
#[derive(Clone, Default)]
struct Site<'e> {
    name: Option<&'e Expr>,
    line: Option<&'e Expr>,
    expected: Option<&'e Expr>,
}

pub(super) fn read(reading: &mut Reading<'_>, text: &str) -> Vec<TestCase> {
    let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
    let engine = engine(&calls);
    let pack = reading.pack;
    let environment = Environment {
        schema: &pack.schema,
        reference: &pack.reference,
        channels: &pack.channels,
        lookups: &pack.lookups,
    };
    let file = Arc::clone(&reading.file);
    let ast = rule_files::run_tests(&engine, &file, text, &environment, reading.diagnostics);
    let calls = std::mem::take(&mut *calls.lock().unwrap_or_else(PoisonError::into_inner));
    let Some(ast) = ast else { return Vec::new() };
    let translator = Translator { source: SourceMap::new(text) };
    let top_level = translator.top_level(&ast);
    let functions = translator.functions(&ast);
    let mut sites: BTreeMap<usize, Site<'_>> = BTreeMap::new();
    let mut variables: BTreeMap<&str, &Expr> = BTreeMap::new();
    for expr in top_level.iter().chain(functions.values().map(|function| &function.body)) {
        expr.walk(&mut |expr| match &expr.kind {
            ExprKind::Call { name, args, .. } if name.text == "test" => {
                let site = Site { name: args.first(), line: args.get(1), expected: args.get(2) };
                sites.insert(name.span.start, site);
            }
            ExprKind::Let(name, value) => {
                variables.insert(&name.text, value);
            }
            _ => {}
        });
    }
    let mut tests = Vec::new();
    for call in calls {
        let token = translator.source.token(call.position);
        let site = sites.get(&token.start).cloned().unwrap_or_default();
        reading.mistaken = false;
        let mut script = Script { reading, text, variables: &variables, token, site };
        let test = script.test(&call);
        if !reading.mistaken {
            tests.extend(test);
        }
    }
    tests
}

fn engine(calls: &Arc<Mutex<Vec<Call>>>) -> Engine {
    let mut engine = sandbox::engine(limits::FILE_OPERATIONS_MAX, limits::FILE_VARIABLES_MAX);
    engine.register_fn("+", |a: Map, b: Map| -> Map {
        let mut together = a;
        together.extend(b);
        together
    });
    engine.register_fn("+=", |a: &mut Map, b: Map| a.extend(b));
    let calls = Arc::clone(calls);
    let held = Mutex::new(0);
    engine.register_fn(
        "test",
        move |context: NativeCallContext<'_>,
              name: Dynamic,
              line: Dynamic,
              expected: Dynamic|
              -> Result<(), Box<EvalAltResult>> {
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            *held += [&name, &line, &expected].into_iter().map(sandbox::weight).sum::<usize>();
            let mut calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
            if *held > limits::TEST_FILE_WEIGHT_MAX || calls.len() > limits::TESTS_MAX {
                return Err("the file has too many tests".into());
            }
            let arguments = [name, line, expected].map(|value| constant_of(&fixed(&value, 0)?));
            calls.push(Call { position: context.call_position(), arguments });
            Ok(())
        },
    );
    engine
}

struct Script<'s, 'r> {
    reading: &'s mut Reading<'r>,
    text: &'s str,
    variables: &'s BTreeMap<&'s str, &'s Expr>,
    token: Range<usize>,
    site: Site<'s>,
}

impl Script<'_, '_> {
    fn test(&mut self, call: &Call) -> Option<TestCase> {
        let [name, line, expected] = call.arguments.each_ref();
        let name_place = self.span(self.site.name);
        let Some(Constant::Text(name)) = name else {
            self.reading.report(name_place, "the name of a test must be a text", None);
            return None;
        };
        if name.trim().is_empty() {
            let help = "say what the test shows: \"a cheap motorcycle without a brand is opened\"";
            self.reading.report(name_place, "a test has no name", help);
            return None;
        }
        let lines = self.lines(line.as_ref());
        let expected = self.expected(expected.as_ref(), lines.len());
        let span = self.span(self.site.line);
        if !lines.is_empty() && !self.reading.mistaken {
            self.reading.check_lines(&lines, &span);
        }
        let place = self.reading.place(name_place);
        Some(TestCase { name: name.to_string(), place, lines, expected })
    }

    fn span(&self, expr: Option<&Expr>) -> Range<usize> {
        expr.map_or_else(|| self.token.clone(), |expr| expr.span.clone())
    }

    fn lines(&mut self, value: Option<&Constant>) -> Vec<CaseLine> {
        let (maps, is_list) = match value {
            Some(Constant::Array(maps)) => (maps.as_slice(), true),
            Some(one) => (std::slice::from_ref(one), false),
            None => (&[] as &[Constant], false),
        };
        let span = self.span(self.site.line);
        if maps.is_empty() {
            let help = "write `test(\"...\", #{ destination: \"KE\", ... }, #{ ... })`";
            self.reading.report(span, "a test needs a goods line", help);
            return Vec::new();
        }
        if maps.len() > limits::TEST_LINES_MAX {
            let title = format!("a test cannot have more than {} goods lines", limits::TEST_LINES_MAX);
            self.reading.report(span, title, None);
            return Vec::new();
        }
        let mut lines = Vec::with_capacity(maps.len());
        for (at, map) in maps.iter().enumerate() {
            let written = match self.site.line.map(|expr| &expr.kind) {
                Some(ExprKind::Array(items)) if is_list => items.get(at),
                _ => self.site.line,
            };
            let Constant::Map(entries) = map else {
                let help = "write it as a map, `#{ destination: \"KE\", ... }`, several as a list of maps";
                let title = format!("a goods line must be a map, not {}", kind_of(map));
                self.reading.report(span.clone(), title, help);
                continue;
            };
            lines.push(self.line(entries, written));
        }
        lines
    }

    fn line(&mut self, entries: &BTreeMap<String, Constant>, written: Option<&Expr>) -> CaseLine {
        let mut line = CaseLine::default();
        for (key, value) in entries {
            let (key_place, value_place) = self.find(written, key);
            let Some(field) = self.field(key, key_place) else { continue };
            if let Some(value) = self.value(field, value, value_place.clone()) {
                let place = self.reading.place(value_place);
                line.values.push(CaseValue { field, value, place });
            }
        }
        line
    }

    /// A field of the schema that a line can have.
    fn field(&mut self, name: &str, place: Range<usize>) -> Option<FieldId> {
        let pack = self.reading.pack;
        let found = pack.schema.field(name);
        if found.is_none() {
            if pack.field(name).is_some() {
                let help = "leave it out, and give the fields it is computed from";
                self.reading.report(place, format!("`{name}` is computed; a line cannot have it"), help);
            } else {
                let names = pack.schema.fields().iter().map(|field| field.name.as_str());
                let help = suggestion(name, names);
                self.reading.report(place, format!("there is no field `{name}`"), help);
            }
        }
        found
    }

    fn value(&mut self, field: FieldId, value: &Constant, place: Range<usize>) -> Option<Scalar> {
        let field = &self.reading.pack.schema[field];
        let fitting = match (field.kind, value) {
            (_, Constant::Missing) => Some(Scalar::Missing),
            (Kind::Text | Kind::Code, Constant::Text(text)) => Some(Scalar::Text(text.to_string())),
            (Kind::Integer | Kind::Number, Constant::Integer(integer)) => Some(Scalar::Integer(*integer)),
            (Kind::Number, Constant::Number(number)) => Some(Scalar::Number(*number)),
            (Kind::Flag, Constant::Flag(flag)) => Some(Scalar::Flag(*flag)),
            (Kind::Date, Constant::Date(date)) => Some(Scalar::Date(*date)),
            // Rules write their days as texts, too.
            (Kind::Date, Constant::Text(text)) => text.parse::<Date>().ok().map(Scalar::Date),
            _ => None,
        };
        if fitting.is_some() {
            return fitting;
        }
        let (expected, example) = match field.kind {
            Kind::Text => ("a text", "\"text\""),
            Kind::Code => ("a code in quotes", "\"0110\""),
            Kind::Integer => ("a whole number", "10"),
            Kind::Number => ("a number", "10.5"),
            Kind::Flag => ("true or false", "true"),
            Kind::Date => ("a day", "date(\"2016-09-06\")"),
        };
        let given = match value {
            Constant::Text(text) => format!("`{text}`"),
            other => kind_of(other).to_owned(),
        };
        let title = format!("`{}` must be {expected}, not {given}", field.name);
        let help = format!("write `{}: {example}`", field.name);
        self.reading.report(place, title, help);
        None
    }

    fn expected(&mut self, value: Option<&Constant>, lines: usize) -> Expected {
        let mut expected = Expected::default();
        let span = self.span(self.site.expected);
        let help = "write `#{ fires: [\"RULE\"], channel: \"...\" }`";
        let Some(Constant::Map(entries)) = value else {
            let given = value.map_or("a value", kind_of);
            self.reading.report(span, format!("what a test expects must be a map, not {given}"), help);
            return expected;
        };
        let written = self.site.expected;
        for (key, value) in entries {
            if key == "items" {
                expected.items = self.items(value, lines, written);
            } else {
                self.outcome(&mut expected.declaration, key, value, written, true);
            }
        }
        if expected.declaration.is_empty() && expected.items.iter().all(Outcomes::is_empty) {
            if !self.reading.mistaken {
                self.reading.report(span, "the test expects nothing", help);
            }
            return expected;
        }
        expected::check(self.reading, &expected.declaration, &span);
        expected
    }

    fn outcome(
        &mut self,
        outcomes: &mut Outcomes,
        key: &str,
        value: &Constant,
        written: Option<&Expr>,
        whole: bool,
    ) {
        let (key_place, value_place) = self.find(written, key);
        if KEYS.contains(&key) {
            expected::read(self.reading, outcomes, key, value, &value_place);
        } else {
            let known = KEYS.iter().copied().chain(whole.then_some("items"));
            let help = suggestion(key, known);
            self.reading.report(key_place, format!("a test cannot expect `{key}`"), help);
        }
    }

    fn items(&mut self, value: &Constant, lines: usize, written: Option<&Expr>) -> Vec<Outcomes> {
        let (_, place) = self.find(written, "items");
        let Constant::Array(items) = value else {
            let title = format!("`items` must be a list of maps, one a line, not {}", kind_of(value));
            self.reading.report(place, title, "write `items: [#{ fires: \"RULE\" }, #{}]`");
            return Vec::new();
        };
        if items.len() != lines {
            let title = format!("`items` speaks of {}, and the test has {lines}", items.len());
            self.reading.report(
                place,
                title,
                "give one map for each line; `#{}` expects nothing of it".to_owned(),
            );
            return Vec::new();
        }
        let mut all = Vec::with_capacity(items.len());
        for item in items {
            let mut outcomes = Outcomes::default();
            match item {
                Constant::Map(entries) => {
                    for (key, value) in entries {
                        self.outcome(&mut outcomes, key, value, written, false);
                    }
                }
                other => {
                    let title = format!("what is expected of a line must be a map, not {}", kind_of(other));
                    self.reading.report(place.clone(), title, None);
                }
            }
            expected::check(self.reading, &outcomes, &place);
            all.push(outcomes);
        }
        all
    }

    /// Where a key of an argument and its value are written: in the argument itself, or in the variable it names.
    /// Where they are not written out, the whole argument.
    fn find(&self, written: Option<&Expr>, key: &str) -> (Range<usize>, Range<usize>) {
        let mut found = None;
        if let Some(expr) = written {
            let mut seen = Vec::new();
            self.look(expr, key, &mut found, &mut seen);
        }
        let whole = || self.span(written.or(self.site.line));
        match found {
            Some((value, name)) => (name, value),
            None => (whole(), whole()),
        }
    }

    fn look<'e>(
        &'e self,
        expr: &'e Expr,
        key: &str,
        found: &mut Option<(Range<usize>, Range<usize>)>,
        seen: &mut Vec<&'e str>,
    ) {
        expr.walk(&mut |part| match &part.kind {
            ExprKind::Map(entries) => {
                for (_, value) in entries.iter().filter(|(name, _)| name == key) {
                    let before = self.text.get(..value.span.start).unwrap_or("");
                    let start = before.rfind(key).unwrap_or(value.span.start);
                    *found = Some((value.span.clone(), start..start + key.len()));
                }
            }
            ExprKind::Variable(name) => {
                if let Some((&name, &value)) = self.variables.get_key_value(name.as_str())
                    && !seen.contains(&name)
                {
                    seen.push(name);
                    self.look(value, key, found, seen);
                }
            }
            _ => {}
        });
    }
}
