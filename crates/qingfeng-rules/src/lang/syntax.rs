//! From Rhai's syntax tree to our own expressions.
//!
//! The translation is total: what the language does not have becomes [`ExprKind::Unsupported`] with its parts,
//! so that one mistake does not hide another. Rhai gives the start of each node; where it ends is read off the
//! source.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use rhai::{AST, ASTFlags, ASTNode, Dynamic, FnPtr, Module, Position, Stmt};

use crate::base::value::Date;
use crate::lang::expr::{Case, Constant, Expr, ExprKind, For, Name, Operator, Switch};

/// A file's text with the offsets of its lines, to find the place that a Rhai position means.
pub(crate) struct SourceMap<'s> {
    text: &'s str,
    line_starts: Vec<usize>,
}

impl<'s> SourceMap<'s> {
    pub fn new(text: &'s str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, line_starts }
    }

    /// The byte offset of a position; Rhai counts lines and characters from 1.
    pub fn offset(&self, position: Position) -> usize {
        let Some(line) = position.line() else { return 0 };
        let start = self.line_starts.get(line - 1).copied().unwrap_or(self.text.len());
        let end = self.line_starts.get(line).copied().unwrap_or(self.text.len());
        let column = position.position().unwrap_or(1).saturating_sub(1);
        // Before most places there is nothing but ASCII, where characters are bytes.
        let before = self.text.as_bytes().get(start..start + column);
        if start + column <= end && before.is_some_and(<[u8]>::is_ascii) {
            return start + column;
        }
        self.text[start..end]
            .char_indices()
            .nth(column)
            .map_or(end, |(at, _)| start + at)
            .min(self.text.len())
    }

    /// Where something stands for the first time.
    pub fn find(&self, what: &str) -> Option<Range<usize>> {
        self.text.find(what).map(|at| at..at + what.len())
    }

    /// The place of a list or a map of which a token is the bracket that opens it; that of any other token.
    pub fn bracketed(&self, token: Range<usize>) -> Range<usize> {
        if !matches!(self.slice(token.clone()), "[" | "#{") {
            return token;
        }
        match closing(self.text, token.end, 1) {
            Some(end) => token.start..end,
            None => token,
        }
    }

    pub fn slice(&self, span: Range<usize>) -> &str {
        self.text.get(span).unwrap_or("")
    }

    /// The token that starts at a position: a word, a number, a text, or an operator.
    pub fn token(&self, position: Position) -> Range<usize> {
        let start = self.offset(position);
        let rest = &self.text[start..];
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let mut letters = rest.char_indices();
        let length = match letters.next().map(|(_, letter)| letter) {
            None => 0,
            Some(quote @ ('"' | '`' | '\'')) => text_length(rest, quote),
            Some(first) if first.is_ascii_digit() => rest
                .char_indices()
                .find(|&(at, letter)| {
                    let inside_number =
                        letter == '.' && rest[at + 1..].starts_with(|next: char| next.is_ascii_digit());
                    !(is_word(letter) || inside_number)
                })
                .map_or(rest.len(), |(at, _)| at),
            Some(first) if is_word(first) => {
                let ascii =
                    rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
                let more = &rest[ascii..];
                ascii + more.find(|letter| !is_word(letter)).unwrap_or(more.len())
            }
            Some('#') if rest.starts_with("#{") => 2,
            Some(first) if "=<>!&|*.?+-/%^".contains(first) => {
                rest.find(|letter| !"=<>&|*.?".contains(letter)).unwrap_or(rest.len()).max(first.len_utf8())
            }
            Some(first) => first.len_utf8(),
        };
        start..start + length
    }
}

/// The letters of a piece of Rhai that stand in no text and in no comment, each with its place.
fn code_letters(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = &text[at..];
            let letter = rest.chars().next()?;
            let skipped = match letter {
                '"' | '`' => text_length(rest, letter),
                _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
                _ if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
                _ => 0,
            };
            if skipped == 0 {
                let place = at;
                at += letter.len_utf8();
                return Some((place, letter));
            }
            at += skipped;
        }
    })
}

/// Where this number of open brackets are closed, reading on from a place.
fn closing(text: &str, from: usize, mut depth: usize) -> Option<usize> {
    for (at, letter) in code_letters(&text[from..]) {
        match letter {
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(from + at + 1);
        }
    }
    None
}

/// The span with the brackets that belong to it. Rhai says where operands and names stand, not where the brackets
/// around them do.
pub(crate) fn balanced(text: &str, span: Range<usize>) -> Range<usize> {
    let Range { mut start, mut end } = span;
    let Some(inside) = text.get(start..end) else { return start..end };
    // Brackets closed that are not opened inside, and those opened that are not closed.
    let (mut closed, mut open) = (0_usize, Vec::new());
    for (_, letter) in code_letters(inside) {
        match letter {
            '(' | '[' | '{' => open.push(letter),
            ')' | ']' | '}' => match open.pop() {
                Some(_) => {}
                None => closed += 1,
            },
            _ => {}
        }
    }
    while closed > 0 {
        let before = text[..start].trim_end();
        if !before.ends_with(['(', '[', '{']) {
            break;
        }
        start = before.len() - 1;
        closed -= 1;
    }
    if !open.is_empty() {
        end = closing(text, end, open.len()).unwrap_or(end);
    }
    start..end
}

/// The length of a text literal with its quotes, to the end of its line if it is not closed there (unless it is
/// in back quotes, which may span lines).
fn text_length(rest: &str, quote: char) -> usize {
    // All of them are ASCII, so bytes will do.
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quote != '`' => escaped = true,
            b'\n' if quote != '`' => return at,
            byte if char::from(byte) == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A function of a rule file, or a closure.
#[derive(Clone)]
pub(crate) struct Function {
    pub params: Vec<String>,
    pub body: Expr,
}

/// The entries of a map literal that stands as the second argument of `rule`.
pub(crate) struct CallSite {
    pub id: Range<usize>,
    /// Each key: where it stands, and where its value starts.
    pub keys: BTreeMap<String, (Range<usize>, Range<usize>)>,
}

pub(crate) struct Translator<'s> {
    pub source: SourceMap<'s>,
}

impl Translator<'_> {
    /// All functions and closures of a file by their names. Closures with equal text share one name.
    pub fn functions(&self, ast: &AST) -> BTreeMap<String, Function> {
        let mut functions = BTreeMap::new();
        for definition in ast.iter_fn_def() {
            let mut module = Module::new();
            module.set_script_fn(definition.clone());
            let mut statements = Vec::new();
            AST::new([], module).walk(&mut |path: &[ASTNode<'_>]| {
                if let [ASTNode::Stmt(statement)] = path {
                    statements.push(self.statement(statement));
                }
                true
            });
            let params = definition.params.iter().map(ToString::to_string).collect();
            let body = match <[Expr; 1]>::try_from(statements) {
                Ok([only]) => only,
                Err(statements) => block(statements, 0..0),
            };
            functions.insert(definition.name.to_string(), Function { params, body });
        }
        functions
    }

    pub fn top_level(&self, ast: &AST) -> Vec<Expr> {
        ast.statements().iter().map(|statement| self.statement(statement)).collect()
    }

    /// The calls of `rule` and `field` whose arguments are written out, by the position of the call.
    pub fn call_sites(&self, ast: &AST) -> BTreeMap<(usize, usize), CallSite> {
        let mut sites = BTreeMap::new();
        ast.walk(&mut |path: &[ASTNode<'_>]| {
            if let Some(
                ASTNode::Stmt(Stmt::FnCall(call, position))
                | ASTNode::Expr(rhai::Expr::FnCall(call, position)),
            ) = path.last()
                && matches!(call.name.as_str(), "rule" | "field" | "total")
                && let [id, map] = call.args.as_slice()
            {
                let mut keys = BTreeMap::new();
                if let rhai::Expr::Map(entries, _) = map {
                    for (key, value) in &entries.0 {
                        let value = self.expr(value).span;
                        keys.insert(key.name.to_string(), (self.source.token(key.pos), value));
                    }
                }
                let site = CallSite { id: self.expr(id).span, keys };
                sites.insert(line_column(*position), site);
            }
            true
        });
        sites
    }

    fn statements(&self, statements: &[Stmt], span: Range<usize>) -> Expr {
        block(statements.iter().map(|statement| self.statement(statement)).collect(), span)
    }

    fn block(&self, statements: &rhai::StmtBlock) -> Expr {
        let start = self.source.token(statements.position());
        let end = self.source.token(statements.end_position());
        let span = if statements.end_position().is_none() { start.clone() } else { start.start..end.end };
        self.statements(statements.statements(), span)
    }

    fn statement(&self, statement: &Stmt) -> Expr {
        let token = self.source.token(statement.position());
        let (kind, span) = match statement {
            Stmt::Noop(_) | Stmt::Share(_) => (ExprKind::Block(Vec::new()), token),
            Stmt::If(flow, _) => {
                let kind = ExprKind::If(
                    Box::new(self.expr(&flow.expr)),
                    Box::new(self.block(&flow.body)),
                    Box::new(self.block(&flow.branch)),
                );
                (kind, token)
            }
            Stmt::Switch(switch, _) => (self.switch(&switch.0, &switch.1), token),
            Stmt::While(flow, _) => {
                let condition = match &flow.expr {
                    rhai::Expr::Unit(_) => constant(Constant::Flag(true), token.clone()), // `loop`
                    condition => self.expr(condition),
                };
                (ExprKind::While(Box::new(condition), Box::new(self.block(&flow.body))), token)
            }
            Stmt::Do(flow, ..) => {
                (ExprKind::While(Box::new(self.expr(&flow.expr)), Box::new(self.block(&flow.body))), token)
            }
            Stmt::For(each, _) => {
                let (variable, counter, flow) = &**each;
                let each = For {
                    variable: self.name(&variable.name, variable.pos),
                    counter: counter.as_ref().map(|counter| self.name(&counter.name, counter.pos)),
                    over: self.expr(&flow.expr),
                    body: self.block(&flow.body),
                };
                (ExprKind::For(Box::new(each)), token)
            }
            Stmt::Var(variable, ..) => {
                let value = self.expr(&variable.1);
                let name = self.name(&variable.0.name, variable.0.pos);
                let span = token.start..value.span.end.max(token.end);
                (ExprKind::Let(name, Box::new(value)), span)
            }
            Stmt::Assignment(assignment) => {
                let (operation, sides) = &**assignment;
                let target = self.expr(&sides.lhs);
                let value = self.expr(&sides.rhs);
                let span = target.span.start..value.span.end;
                let operator =
                    operation.get_op_assignment_info().map(|(_, _, _, _, _, sign)| Operator::of(sign, 2));
                match (&target.kind, operator) {
                    (ExprKind::Variable(name), None | Some(Some(_))) => {
                        let name = Name { text: name.clone(), span: target.span.clone() };
                        (ExprKind::Assign(name, operator.flatten(), Box::new(value)), span)
                    }
                    (ExprKind::Variable(_), _) => {
                        return unsupported("this assignment operator", vec![value], span);
                    }
                    _ => {
                        let what = "an assignment into a map, an array or a field";
                        return unsupported(what, vec![target, value], span);
                    }
                }
            }
            Stmt::FnCall(call, position) => return self.call(call, *position),
            Stmt::Block(statements) => return self.block(statements),
            Stmt::Expr(expr) => return self.expr(expr),
            Stmt::BreakLoop(value, flags, _) => {
                let value = value.as_ref().map(|value| Box::new(self.expr(value)));
                let kind =
                    if flags.contains(ASTFlags::BREAK) { ExprKind::Break(value) } else { ExprKind::Continue };
                (kind, token)
            }
            Stmt::Return(value, flags, _) => {
                let value = value.as_ref().map(|value| Box::new(self.expr(value)));
                let span = token.start..value.as_ref().map_or(token.end, |value| value.span.end);
                if flags.contains(ASTFlags::BREAK) {
                    (ExprKind::Unsupported("`throw`", value.into_iter().map(|value| *value).collect()), span)
                } else {
                    (ExprKind::Return(value), span)
                }
            }
            Stmt::TryCatch(flow, _) => {
                let parts = vec![self.block(&flow.body), self.block(&flow.branch)];
                (ExprKind::Unsupported("`try`", parts), token)
            }
            Stmt::Import(..) => (ExprKind::Unsupported("`import`", Vec::new()), token),
            Stmt::Export(..) => (ExprKind::Unsupported("`export`", Vec::new()), token),
            _ => (ExprKind::Unsupported("this statement", Vec::new()), token),
        };
        Expr { kind, span }
    }

    fn switch(&self, subject: &rhai::Expr, cases: &rhai::SwitchCasesCollection) -> ExprKind {
        let subject = self.expr(subject);
        let mut values: BTreeMap<usize, Vec<Constant>> = BTreeMap::new();
        // Rhai keeps the cases in a hash map; ours are in the order of the source, values by their text.
        let lists =
            cases.cases.values().flat_map(|list| list.blocks.iter().map(move |&at| (at, &list.value)));
        lists.for_each(|(at, value)| {
            // Rhai lists a range here, too, as a value of its own that nothing equals.
            values.entry(at).or_default().extend(constant_of(value));
        });
        values.values_mut().for_each(|values| values.sort_by_key(ToString::to_string));
        let mut ranges: BTreeMap<usize, Vec<(i64, i64, bool)>> = BTreeMap::new();
        for range in &cases.ranges {
            let (at, bounds) = match range {
                rhai::RangeCase::ExclusiveInt(range, at) => (*at, (range.start, range.end, false)),
                rhai::RangeCase::InclusiveInt(range, at) => (*at, (*range.start(), *range.end(), true)),
            };
            ranges.entry(at).or_default().push(bounds);
        }
        let used: BTreeSet<usize> = values.keys().chain(ranges.keys()).copied().collect();
        let cases_in_order = used
            .into_iter()
            .map(|at| {
                let case = &cases.expressions[at];
                let always = matches!(case.lhs, rhai::Expr::BoolConstant(true, _));
                Case {
                    values: values.remove(&at).unwrap_or_default(),
                    ranges: ranges.remove(&at).unwrap_or_default(),
                    condition: (!always).then(|| self.expr(&case.lhs)),
                    body: self.expr(&case.rhs),
                }
            })
            .collect();
        let default = cases.def_case.map(|at| self.expr(&cases.expressions[at].rhs));
        ExprKind::Switch(Box::new(Switch { subject, cases: cases_in_order, default }))
    }

    fn expr(&self, expr: &rhai::Expr) -> Expr {
        let token = self.source.token(expr.position());
        let list = |items: &[rhai::Expr]| items.iter().map(|item| self.expr(item)).collect::<Vec<_>>();
        match expr {
            rhai::Expr::BoolConstant(flag, _) => constant(Constant::Flag(*flag), token),
            rhai::Expr::IntegerConstant(integer, _) => constant(Constant::Integer(*integer), token),
            rhai::Expr::FloatConstant(number, _) if !number.is_finite() => {
                unsupported("a number too large to be finite", Vec::new(), token)
            }
            rhai::Expr::FloatConstant(number, _) => constant(Constant::Number(**number), token),
            rhai::Expr::StringConstant(text, _) => constant(Constant::Text(text.as_str().into()), token),
            rhai::Expr::Unit(_) => {
                let span =
                    token.start..token.end + usize::from(self.source.text[token.end..].starts_with(')'));
                constant(Constant::Missing, span)
            }
            rhai::Expr::CharConstant(..) => {
                unsupported("a single character in single quotes", Vec::new(), token)
            }
            rhai::Expr::DynamicConstant(value, _) => match (value.is_fnptr(), constant_of(value)) {
                (true, Some(Constant::Function(name, _))) => {
                    Expr { kind: ExprKind::Closure(name, Vec::new()), span: token }
                }
                (_, Some(value)) => constant(value, self.source.bracketed(token)),
                _ => unsupported("this constant", Vec::new(), token),
            },
            rhai::Expr::InterpolatedString(parts, _) => {
                Expr { kind: ExprKind::Interpolated(list(parts)), span: token }
            }
            rhai::Expr::Array(items, _) => {
                let items = list(items);
                let span = self.closed(&token, items.last(), ']');
                Expr { kind: ExprKind::Array(items), span }
            }
            rhai::Expr::Map(entries, _) => {
                let entries: Vec<_> =
                    entries.0.iter().map(|(key, value)| (key.name.to_string(), self.expr(value))).collect();
                let span = self.closed(&token, entries.last().map(|(_, value)| value), '}');
                Expr { kind: ExprKind::Map(entries), span }
            }
            rhai::Expr::Variable(variable, ..) => {
                if variable.2.is_empty() {
                    Expr { kind: ExprKind::Variable(variable.1.to_string()), span: token }
                } else {
                    unsupported("a name with `::`", Vec::new(), token)
                }
            }
            rhai::Expr::ThisPtr(_) => unsupported("`this`", Vec::new(), token),
            rhai::Expr::Stmt(statements) => {
                self.closure(statements).unwrap_or_else(|| self.block(statements))
            }
            rhai::Expr::FnCall(call, position) => self.call(call, *position),
            rhai::Expr::Dot(pair, flags, _) => self.chain(self.expr(&pair.lhs), true, &pair.rhs, *flags),
            rhai::Expr::Index(pair, flags, _) => self.chain(self.expr(&pair.lhs), false, &pair.rhs, *flags),
            rhai::Expr::And(parts, _) => joined(ExprKind::And, list(parts), token),
            rhai::Expr::Or(parts, _) => joined(ExprKind::Or, list(parts), token),
            rhai::Expr::Coalesce(parts, _) => joined(ExprKind::Coalesce, list(parts), token),
            rhai::Expr::Property(_, _) | rhai::Expr::MethodCall(..) | _ => {
                unsupported("this expression", Vec::new(), token)
            }
        }
    }

    /// Where a bracket that was opened is closed, if only blanks and a comma stand before it.
    fn closed(&self, open: &Range<usize>, last: Option<&Expr>, close: char) -> Range<usize> {
        let from = last.map_or(open.end, |last| last.span.end.max(open.end));
        let rest = self.source.text[from..].trim_start_matches([' ', '\t', '\n', '\r', ',']);
        let at = self.source.text.len() - rest.len();
        open.start..if rest.starts_with(close) { at + 1 } else { from }
    }

    /// A closure that captures variables comes as a block that shares them and curries a function pointer.
    fn closure(&self, statements: &rhai::StmtBlock) -> Option<Expr> {
        let [Stmt::Share(_), Stmt::Expr(curry)] = statements.statements() else { return None };
        let rhai::Expr::FnCall(call, position) = &**curry else { return None };
        let (function, captured) = call.args.split_first()?;
        let rhai::Expr::DynamicConstant(pointer, _) = function else { return None };
        let Constant::Function(name, _) = constant_of(pointer)? else { return None };
        let captured = captured
            .iter()
            .filter_map(|variable| match variable {
                rhai::Expr::Variable(variable, _, position) => Some(self.name(&variable.1, *position)),
                _ => None,
            })
            .collect();
        Some(Expr { kind: ExprKind::Closure(name, captured), span: self.source.token(*position) })
    }

    fn call(&self, call: &rhai::FnCallExpr, position: Position) -> Expr {
        let token = self.source.token(position);
        let mut args: Vec<Expr> = call.args.iter().map(|arg| self.expr(arg)).collect();
        if call.is_qualified() {
            return unsupported("a name with `::`", args, token);
        }
        // Rhai writes `a in b` as `contains(b, a)`, and `a !in b` as a `!` before that.
        let is_in = call.name == "contains" && matches!(self.source.slice(token.clone()), "in" | "!" | "!in");
        if is_in {
            args.reverse();
        }
        if is_in || call.op_token.is_some() {
            let sign = if is_in { "in" } else { call.name.as_str() };
            return match Operator::of(sign, args.len()) {
                Some(operator) => {
                    // A negative literal is a literal.
                    if let (
                        Operator::Negate,
                        [Expr { kind: ExprKind::Constant(Constant::Number(number)), span }],
                    ) = (operator, args.as_slice())
                    {
                        return constant(Constant::Number(-number), token.start..span.end);
                    }
                    joined(|args| ExprKind::Operator(operator, args), args, token)
                }
                None => unsupported("this operator", args, token),
            };
        }
        let span = self.closed(&(token.start..token.end + 1), args.last(), ')');
        let name = Name { text: call.name.to_string(), span: token };
        Expr { kind: ExprKind::Call { name, args, method: false }, span }
    }

    /// `base.a.b(c)[d]` is a chain that nests to the right.
    fn chain(&self, base: Expr, dot: bool, rest: &rhai::Expr, flags: ASTFlags) -> Expr {
        if flags.contains(ASTFlags::NEGATED) {
            let span = base.span.clone();
            let rest = match rest {
                rhai::Expr::Property(..) | rhai::Expr::MethodCall(..) | rhai::Expr::Dot(..) => Vec::new(),
                index => vec![self.expr(index)],
            };
            let parts = std::iter::once(base).chain(rest).collect();
            return unsupported("`?.` and `?[`", parts, span);
        }
        match rest {
            rhai::Expr::Dot(pair, more, _) if !flags.contains(ASTFlags::BREAK) => {
                self.chain(self.link(base, dot, &pair.lhs), true, &pair.rhs, *more)
            }
            rhai::Expr::Index(pair, more, _) if !flags.contains(ASTFlags::BREAK) => {
                self.chain(self.link(base, dot, &pair.lhs), false, &pair.rhs, *more)
            }
            last => self.link(base, dot, last),
        }
    }

    fn link(&self, base: Expr, dot: bool, link: &rhai::Expr) -> Expr {
        let token = self.source.token(link.position());
        let start = base.span.start;
        match link {
            rhai::Expr::Property(property, _) if dot => {
                let name = Name { text: property.2.to_string(), span: token.clone() };
                Expr { kind: ExprKind::Property(Box::new(base), name), span: start..token.end }
            }
            rhai::Expr::MethodCall(call, _) if dot => {
                let mut args = vec![base];
                args.extend(call.args.iter().map(|arg| self.expr(arg)));
                let span =
                    self.closed(&(token.start..token.end + 1), args.get(1..).and_then(<[_]>::last), ')');
                let name = Name { text: call.name.to_string(), span: token };
                Expr { kind: ExprKind::Call { name, args, method: true }, span: start..span.end }
            }
            index => {
                let index = self.expr(index);
                let span = self.closed(&(start..index.span.end), None, ']');
                Expr { kind: ExprKind::Index(Box::new(base), Box::new(index)), span }
            }
        }
    }

    fn name(&self, name: &str, position: Position) -> Name {
        Name { text: name.to_owned(), span: self.source.token(position) }
    }
}

pub(crate) fn line_column(position: Position) -> (usize, usize) {
    (position.line().unwrap_or(0), position.position().unwrap_or(0))
}

fn unsupported(what: &'static str, parts: Vec<Expr>, span: Range<usize>) -> Expr {
    Expr { kind: ExprKind::Unsupported(what, parts), span }
}

fn constant(value: Constant, span: Range<usize>) -> Expr {
    Expr { kind: ExprKind::Constant(value), span }
}

fn block(mut statements: Vec<Expr>, span: Range<usize>) -> Expr {
    statements.retain(|statement| !matches!(&statement.kind, ExprKind::Block(parts) if parts.is_empty()));
    let span = match (statements.first(), statements.last()) {
        (Some(first), Some(last)) if span.is_empty() => first.span.start..last.span.end,
        _ => span,
    };
    Expr { kind: ExprKind::Block(statements), span }
}

/// An expression that reaches from its first part to its last.
fn joined(kind: impl FnOnce(Vec<Expr>) -> ExprKind, parts: Vec<Expr>, sign: Range<usize>) -> Expr {
    let start = parts.iter().map(|part| part.span.start).fold(sign.start, usize::min);
    let end = parts.iter().map(|part| part.span.end).fold(sign.end, usize::max);
    Expr { kind: kind(parts), span: start..end }
}

/// A Rhai value that is known when a file has run.
pub(crate) fn constant_of(value: &Dynamic) -> Option<Constant> {
    if value.is_shared() {
        return constant_of(&value.flatten_clone());
    }
    if value.is_unit() {
        return Some(Constant::Missing);
    }
    if let Ok(flag) = value.as_bool() {
        return Some(Constant::Flag(flag));
    }
    if let Ok(integer) = value.as_int() {
        return Some(Constant::Integer(integer));
    }
    if let Ok(number) = value.as_float() {
        return Some(Constant::Number(number));
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Some(Constant::Text(Arc::from(text.as_str())));
    }
    if let Some(date) = value.read_lock::<Date>() {
        return Some(Constant::Date(*date));
    }
    if let Some(pointer) = value.read_lock::<FnPtr>() {
        let captured =
            pointer.iter_curry().map(|value| constant_of(value).unwrap_or(Constant::Missing)).collect();
        return Some(Constant::Function(pointer.fn_name().to_owned(), captured));
    }
    if let Ok(array) = value.as_array_ref() {
        return array.iter().map(constant_of).collect::<Option<_>>().map(Constant::Array);
    }
    if let Ok(map) = value.as_map_ref() {
        let entries = map.iter().map(|(key, value)| Some((key.to_string(), constant_of(value)?)));
        return entries.collect::<Option<_>>().map(Constant::Map);
    }
    None
}

/// Where the closures of a file are written, by the function that each is.
pub(crate) fn closure_sites(top_level: &[Expr]) -> BTreeMap<&str, Vec<usize>> {
    let mut sites: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for expr in top_level {
        expr.walk(&mut |expr| {
            if let ExprKind::Closure(name, _) = &expr.kind {
                sites.entry(name).or_default().push(expr.span.start);
            }
        });
    }
    sites
}

/// How far a closure stands behind the place that its body says it has. Closures with one text are one function, which has the
/// places of one of them. `None` where that cannot be said.
pub(crate) fn closure_shift(
    text: &str,
    closure: &Expr,
    body: &Expr,
    sites: &BTreeMap<&str, Vec<usize>>,
) -> Option<usize> {
    let ExprKind::Closure(name, _) = &closure.kind else { return None };
    let sites = sites.get(name.as_str()).map_or(&[][..], Vec::as_slice);
    let before = sites.iter().copied().filter(|&at| at <= body.span.start).max();
    let known = before.unwrap_or(closure.span.start);
    let shift = closure.span.start.checked_sub(known)?;
    let text = |from: usize| text.get(from..from + body.span.end.saturating_sub(known));
    (text(known) == text(closure.span.start)).then_some(shift)
}

#[cfg(test)]
mod tests;
