//! The text of a rule file: parsed, looked over, and run for what it registers.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, Engine, EvalAltResult, ParseErrorType, Scope};

use crate::base::limits;
use crate::diagnostic::{Code, Diagnostic, Fix, nearest, parameter_around};
use crate::lang::expr::{Constant, ExprKind};
use crate::lang::functions;
use crate::lang::pieces;
use crate::lang::sandbox;
use crate::lang::typing::{Context, not_in_language};

use super::{File, OF_RULES};

impl File<'_> {
    pub(super) fn parse(&mut self, engine: &Engine, text: &str) -> Option<AST> {
        if let Some(ast) = pieces::parse(engine, text) {
            return Some(ast);
        }
        if pieces::steps(text) > limits::FILE_PARSE_STEPS_MAX {
            let title =
                "the file is too long to be read as a whole, as one is that has functions or mistakes";
            let help = "part it into several files";
            self.report(Code::BadValue, 0..0, title, help);
            return None;
        }
        match engine.compile(text) {
            // Rhai takes a comment that is never closed for the end of the file, which would silence every rule
            // after it. Only in such a comment is a further `*/` no mistake.
            Ok(_) if text.contains("/*") && engine.compile(format!("{text}\n*/")).is_ok() => {
                let start = text.rfind("/*").unwrap_or(0);
                let title = "the comment that begins here is never closed";
                let help = "close it with `*/`, or begin each line of it with `//`";
                self.report(Code::RhaiSyntax, start..start + 2, title, help);
                None
            }
            Ok(ast) => Some(ast),
            Err(error) => {
                let span = self.token(error.position());
                let written = text.get(span.clone()).unwrap_or("");
                let (code, title, help) = syntax_message(&error, written);
                let fix = self.missing_sign(engine, &error, text, span.start);
                let mistake = self.mistake(code, span, title, help).fix(fix);
                self.push(mistake);
                None
            }
        }
    }

    /// Where a comma or a semicolon is missing, it is missing behind what stands before; if the file can be read with it, that
    /// is certain.
    fn missing_sign(&self, engine: &Engine, error: &rhai::ParseError, text: &str, at: usize) -> Option<Fix> {
        let sign = match error.err_type() {
            ParseErrorType::MissingToken(sign, _) if matches!(sign.as_str(), "," | ";") => sign,
            _ => return None,
        };
        let before = text.get(..at)?.trim_end();
        let last_line = before.rsplit('\n').next().unwrap_or("");
        // What seems to stand before may be a comment, or a text with such signs in it.
        let is_clear = !last_line.is_empty() && !last_line.contains("//") && !last_line.ends_with("*/");
        let place = self.place(before.len()..before.len());
        let (start, end) = text.split_at_checked(before.len())?;
        let fix = Fix::suggested(format!("put in the `{sign}`"), place, sign.as_str());
        let is_enough = || engine.compile(format!("{start}{sign}{end}")).is_ok();
        is_clear.then(|| Fix { safe: is_enough(), ..fix })
    }

    /// Looks the whole file over before it runs: what the language does not have, and calls of functions that
    /// do not exist, are all found at once.
    pub(super) fn survey(&mut self, ast: &AST) -> bool {
        let errors_before = self.diagnostics.errors();
        self.functions = self.translator.functions(ast);
        let top_level = self.translator.top_level(ast);
        let mut found: Vec<Diagnostic> = Vec::new();
        let mut ids = BTreeMap::new();
        let mut called = BTreeSet::new();
        for name in self.functions.keys() {
            if functions::names().chain(self.own_names()).any(|known| known == name) {
                let defined = self.translator.source.find(&format!("fn {name}")).unwrap_or(0..0);
                let title = format!("the file defines a function `{name}`, which the language has already");
                found.push(self.mistake(Code::Duplicate, defined, title, "give it another name"));
            }
        }
        // What functions of rules do is found where rules call them; nothing checks those of tests before they run.
        let own: Vec<&str> = self.own_names().collect();
        let bodies = self.functions.values().filter(|_| self.own != OF_RULES).map(|function| &function.body);
        for expr in top_level.iter().chain(bodies) {
            expr.walk(&mut |expr| match &expr.kind {
                ExprKind::Unsupported(what, _) => {
                    let title = not_in_language(what);
                    found.push(self.mistake(Code::NotInLanguage, expr.span.clone(), title, None));
                }
                ExprKind::Variable(name) => {
                    called.insert(name.clone());
                }
                ExprKind::Constant(Constant::Function(name, _)) => {
                    called.insert(name.clone());
                }
                ExprKind::Call { name, args, method } => {
                    called.insert(name.text.clone());
                    if let Some((_, arity, usage)) = self.own.iter().find(|(own, ..)| *own == name.text) {
                        if let ([id, _], false) = (args.as_slice(), *method) {
                            ids.insert(name.span.start, id.span.clone());
                        }
                        if args.len() != *arity {
                            let takes = if *arity == 2 { "two" } else { "three" };
                            let title = format!(
                                "`{}` takes {takes} arguments, and {} are given",
                                name.text,
                                args.len()
                            );
                            let help = format!("write `{usage}`");
                            found.push(self.mistake(Code::WrongType, expr.span.clone(), title, help));
                        }
                    } else if functions::is_left_out(&name.text) {
                        let title = not_in_language(&format!("`{}`", name.text));
                        found.push(self.mistake(Code::NotInLanguage, name.span.clone(), title, None));
                    } else if !self.functions.contains_key(&name.text)
                        && functions::find(&name.text).is_none()
                        && !functions::CLOSURE_FUNCTIONS.iter().any(|(known, _)| *known == name.text)
                    {
                        let known = functions::names().chain(own.iter().copied()).chain(
                            self.functions
                                .keys()
                                .map(String::as_str)
                                .filter(|name| !name.starts_with("anon$")),
                        );
                        let title = format!("there is no function `{}`", name.text);
                        let source = self.translator.source.slice(name.span.clone());
                        let mistake = self.mistake(Code::UnknownFunction, name.span.clone(), title, None);
                        found.push(mistake.respelt(source, &name.text, known));
                    }
                }
                _ => {}
            });
        }
        self.ids = ids;
        self.called = called;
        found.into_iter().for_each(|mistake| self.push(mistake));
        self.diagnostics.errors() == errors_before
    }

    pub(super) fn run(&mut self, engine: &Engine, ast: &AST) {
        let Err(error) = engine.run_ast_with_scope(&mut Scope::new(), ast) else { return };
        let inner = error.unwrap_inner();
        let mut position = inner.position();
        if position.is_none() {
            position = error.position();
        }
        let span = self.token(position);
        let (code, title, help) = match inner {
            EvalAltResult::ErrorVariableNotFound(name, _) => {
                let mut names: Vec<String> = Vec::new();
                for expr in self.translator.top_level(ast) {
                    expr.walk(&mut |expr| {
                        if let ExprKind::Let(name, _) = &expr.kind {
                            names.push(name.text.clone());
                        }
                    });
                }
                let context = Context {
                    schema: self.environment.schema,
                    computed: &[],
                    lookups: self.environment.lookups,
                };
                let known = names.iter().map(String::as_str);
                let help = match context.field(name) {
                    Some(_) => Some(format!("`{name}` is a field: write `d.{name}`")),
                    None => nearest(name, known.clone()).map(|near| format!("did you mean `{near}`?")),
                };
                let is_field = context.field(name).is_some();
                let title = format!("there is no variable `{name}`");
                let source = self.translator.source.slice(span.clone());
                let mistake = self.mistake(Code::UnknownVariable, span.clone(), title, help);
                // A closure captures what it does not know. Outside of one there is no goods line.
                let line = parameter_around(self.translator.source.slice(0..span.end), span.start);
                let mistake = match line.filter(|_| is_field && source == name.as_str()) {
                    Some(line) => {
                        let field = format!("{line}.{name}");
                        mistake.fix(Fix::safe(format!("write `{field}`"), self.place(span), field))
                    }
                    None if is_field => mistake,
                    None => mistake.respelling(source, name, known),
                };
                self.push(mistake);
                return;
            }
            EvalAltResult::ErrorTooManyOperations(_) => {
                let title = if engine.max_operations() < limits::FILE_OPERATIONS_MAX {
                    let most = limits::PACK_OPERATIONS_MAX;
                    format!("the files of the pack do not come to an end within {most} steps together")
                } else {
                    let most = limits::FILE_OPERATIONS_MAX;
                    format!("the file does not come to an end within {most} steps")
                };
                (Code::FileFailed, title, Some("look for a loop that never ends".into()))
            }
            EvalAltResult::ErrorDataTooLarge(what, _) => {
                (Code::FileFailed, format!("a value is too large: {}", what.to_lowercase()), None)
            }
            EvalAltResult::ErrorTooManyVariables(_) => {
                (Code::FileFailed, format!("more than {} variables", limits::FILE_VARIABLES_MAX), None)
            }
            EvalAltResult::ErrorStackOverflow(_) => (
                Code::FileFailed,
                format!("functions call each other more than {} deep", limits::CALL_LEVELS_MAX),
                None,
            ),
            EvalAltResult::ErrorDataRace(..) => {
                let title = "a list or a map is changed while a closure that captured it is in use";
                (Code::FileFailed, title.to_owned(), Some("change it before the closure is written".into()))
            }
            EvalAltResult::ErrorRuntime(value, _) if value.is::<crate::lang::kernel::Fault>() => {
                (Code::FileFailed, format!("this stopped the file: {}", sandbox::fault_of(&error)), None)
            }
            other => {
                let text = other.to_string();
                let text = text.split(" (line").next().unwrap_or("").lines().next().unwrap_or("").to_owned();
                (Code::FileFailed, format!("this stopped the file: {text}"), None)
            }
        };
        self.report(code, span, title, help);
    }
}

/// What to say of a file that Rhai cannot read.
fn syntax_message(error: &rhai::ParseError, written: &str) -> (Code, String, Option<String>) {
    let removed = ["eval", "import", "export", "try", "catch", "throw"];
    if removed.contains(&written) {
        let title = format!("`{written}` is not part of the rule language");
        return (Code::NotInLanguage, title, None);
    }
    match error.err_type() {
        ParseErrorType::UnexpectedEOF => {
            let help = "a bracket or a brace is not closed";
            (Code::RhaiSyntax, "the file ends in the middle of something".into(), Some(help.into()))
        }
        ParseErrorType::MismatchedType(wanted, _) if wanted.contains("bool") => {
            let help = "two values are compared with `==`; a single `=` gives a variable a value";
            (Code::RhaiSyntax, "a condition stands here that is none".into(), Some(help.into()))
        }
        ParseErrorType::MissingToken(token, purpose) => {
            (Code::RhaiSyntax, format!("`{token}` is missing {purpose}"), None)
        }
        ParseErrorType::BadInput(rhai::LexError::UnexpectedInput(sign)) if sign == "?" => {
            let help = "write `if condition { value } else { other }`".to_owned();
            (Code::NotInLanguage, "`? :` is not part of the rule language".into(), Some(help))
        }
        ParseErrorType::ExprTooDeep => {
            let title = format!("expressions nest more than {} deep", limits::EXPRESSION_DEPTH_MAX);
            (Code::RhaiSyntax, title, None)
        }
        ParseErrorType::DuplicatedProperty(key) => {
            (Code::Duplicate, format!("the key `{key}` is given twice"), Some("take one of them out".into()))
        }
        ParseErrorType::FnDuplicatedDefinition(name, _) => {
            (Code::Duplicate, format!("the function `{name}` is defined twice"), None)
        }
        other => {
            let text = other.to_string();
            let mut letters = text.chars();
            let lower: String = letters
                .next()
                .map(|first| first.to_lowercase().collect::<String>() + letters.as_str())
                .unwrap_or_default();
            (Code::RhaiSyntax, lower.replace('\'', "`"), None)
        }
    }
}
