//! From closures to nodes.
//!
//! Variables become the nodes that they stand for, functions are put in where they are called, loops over lists that
//! are known are written out, and `return`, `break` and `continue` lead where they lead: each statement is lowered
//! together with what comes after it. What cannot be lowered stays with the interpreter, with the reason why.
//!
//! The order in which Rhai evaluates things can be seen only by which fault comes first, and that is kept: arguments
//! from left to right, those of a chain of methods before the object that the chain begins with, the list of an `in`
//! before the item.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use crate::base::limits;
use crate::lang::expr::{Constant, Expr, ExprKind, For, Name, Operator, Switch};
use crate::lang::functions;
use crate::lang::rule::Captured;
use crate::lang::syntax::Function;
use crate::model::derived::FieldRef;
use crate::model::manifest::Lookup;

use super::node::{DatePart, Kinds, NodeContext, NodeId, NodeSpan, Nodes, Op, Special, SwitchTable};

/// Why something is left to the interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotLowered {
    pub reason: String,
    pub file: u32,
    /// The part of it that is not lowered.
    pub span: Range<usize>,
}

type Lowered<T = NodeId> = Result<T, NotLowered>;

/// Parts of a closure, functions and loops written out, at most; the interpreter's bound on operations is then never
/// reached, since it counts at most six for a part.
const PARTS_MAX: usize = 3_000;
/// How deep functions may call each other, well below the interpreter's bound.
const CALLS_MAX: usize = limits::CALL_LEVELS_MAX / 2;
/// How many variables may live at once, well below the interpreter's bound.
const VARIABLES_MAX: usize = limits::VARIABLES_MAX / 2;
/// How deep nodes may nest, so that evaluating them needs little stack.
pub(crate) const NODE_DEPTH_MAX: usize = 300;

#[derive(Clone, Debug)]
enum Binding {
    Node(NodeId),
    /// The goods line.
    Line,
    /// A closure or function, and what it captured.
    Function(String, Vec<Binding>),
}

/// What comes after the value of a statement or of an expression.
enum Next<'e> {
    /// The end of the closure or function.
    End,
    /// The rest of a block; the value before is dropped.
    Statements(&'e [Expr], Rc<Next<'e>>),
    /// The end of a block, and the number of variables before it.
    EndOfBlock(usize, Rc<Next<'e>>),
    /// The turns of a loop from this one on.
    Turn(Rc<Turns<'e>>, usize, Rc<Next<'e>>),
}

/// A loop whose elements are known.
struct Turns<'e> {
    each: &'e For,
    items: Vec<NodeId>,
    /// The variables before the loop.
    variables: usize,
}

/// What closures of a pack may refer to.
pub(crate) struct Scope<'l> {
    pub context: NodeContext<'l>,
    /// The field that a name means, and for a computed field its node.
    pub field: &'l dyn Fn(&str) -> Option<FieldRef>,
    /// The nodes of the computed fields so far.
    pub computed: &'l [Lowered],
    pub lookups: &'l [Lookup],
    /// Names that are properties of a missing value: columns of lookup tables.
    pub columns: &'l dyn Fn(&str) -> bool,
}

pub(crate) struct Lowerer<'l> {
    pub nodes: &'l mut Nodes,
    pub scope: &'l Scope<'l>,
    pub functions: &'l BTreeMap<String, Function>,
    pub file: u32,
    variables: Vec<(String, Binding)>,
    parts: usize,
    calls: Vec<String>,
}

impl<'l> Lowerer<'l> {
    pub fn new(
        nodes: &'l mut Nodes,
        scope: &'l Scope<'l>,
        functions: &'l BTreeMap<String, Function>,
        file: u32,
    ) -> Self {
        Self { nodes, scope, functions, file, variables: Vec::new(), parts: 0, calls: Vec::new() }
    }

    /// The value of a closure on a line. Its parameters are what it captured, and then the line.
    pub fn closure(&mut self, params: &[String], captured: &[Captured], body: &Expr) -> Lowered {
        self.parts = 0;
        self.variables.clear();
        for (name, value) in params.iter().zip(captured) {
            let binding = match &**value.constant() {
                Constant::Function(..) => self.constant_binding(value.constant(), body.span.clone()),
                _ => Binding::Node(self.add(
                    Op::Constant(Arc::clone(value.constant())),
                    Vec::new(),
                    &body.span,
                )),
            };
            self.variables.push((name.clone(), binding));
        }
        let line = params.last().cloned().unwrap_or_default();
        self.variables.push((line, Binding::Line));
        let value = self.go(body, &Rc::new(Next::End))?;
        if depth(self.nodes, value) > NODE_DEPTH_MAX {
            return self.refuse("it nests too deep when functions and loops are written out", &body.span);
        }
        Ok(value)
    }

    fn constant_binding(&mut self, value: &Constant, span: Range<usize>) -> Binding {
        match value {
            Constant::Function(name, captured) => {
                let captured = captured.iter().map(|value| self.constant_binding(value, span.clone()));
                Binding::Function(name.clone(), captured.collect())
            }
            value => Binding::Node(self.constant(value.clone(), &span)),
        }
    }

    fn refuse<T>(&self, reason: impl Into<String>, span: &Range<usize>) -> Lowered<T> {
        Err(NotLowered { reason: reason.into(), file: self.file, span: span.clone() })
    }

    fn add(&mut self, op: Op, args: Vec<NodeId>, span: &Range<usize>) -> NodeId {
        let span = NodeSpan { file: self.file, start: span.start as u32, end: span.end as u32 };
        self.nodes.add(&self.scope.context, op, args, span)
    }

    fn constant(&mut self, value: Constant, span: &Range<usize>) -> NodeId {
        self.add(Op::Constant(Arc::new(value)), Vec::new(), span)
    }

    fn missing(&mut self, span: &Range<usize>) -> NodeId {
        self.constant(Constant::Missing, span)
    }

    /// The value after what comes before it; what cannot fault need not come before anything.
    fn after(&mut self, before: NodeId, value: NodeId, span: &Range<usize>) -> NodeId {
        if self.nodes[before].fallible { self.add(Op::Then, vec![before, value], span) } else { value }
    }

    fn count(&mut self, span: &Range<usize>) -> Lowered<()> {
        self.parts += 1;
        if self.parts > PARTS_MAX {
            let reason =
                format!("it has more than {PARTS_MAX} parts when functions and loops are written out");
            return self.refuse(reason, span);
        }
        if self.nodes.added() > limits::COMPILED_PARTS_MAX {
            let most = limits::COMPILED_PARTS_MAX;
            return self
                .refuse(format!("the closures of the pack before it have more than {most} parts"), span);
        }
        Ok(())
    }

    /// Lowers a statement or an expression with what comes after it.
    fn go<'e>(&mut self, expr: &'e Expr, next: &Rc<Next<'e>>) -> Lowered {
        match &expr.kind {
            ExprKind::Block(statements) => {
                self.count(&expr.span)?;
                let next = Rc::new(Next::EndOfBlock(self.variables.len(), Rc::clone(next)));
                self.statements(statements, &next, &expr.span)
            }
            ExprKind::If(condition, then, otherwise) => {
                self.count(&expr.span)?;
                let condition = self.value(condition)?;
                if !leaves(then) && !leaves(otherwise) {
                    let value = self.either(condition, then, otherwise, &expr.span)?;
                    return self.resume(next, value, &expr.span);
                }
                // A branch that leaves has an end of its own, so each is lowered with what follows.
                let before = self.variables.clone();
                let held = self.go(then, next)?;
                self.variables = before;
                let failed = self.go(otherwise, next)?;
                Ok(self.add(Op::If, vec![condition, held, failed], &expr.span))
            }
            ExprKind::Switch(switch) if leaves(expr) => {
                let next = Rc::clone(next);
                self.switch(switch, &expr.span, &mut |lowerer, arm| match arm {
                    Some(arm) => lowerer.go(arm, &next),
                    None => {
                        let missing = lowerer.missing(&expr.span);
                        lowerer.resume(&next, missing, &expr.span)
                    }
                })
            }
            ExprKind::Let(name, value) => {
                self.count(&expr.span)?;
                let (binding, value) = self.binding(value)?;
                if self.variables.len() >= VARIABLES_MAX {
                    return self.refuse("it has too many variables", &expr.span);
                }
                self.variables.push((name.text.clone(), binding));
                let missing = self.missing(&expr.span);
                let done = self.after(value, missing, &expr.span);
                self.resume(next, done, &expr.span)
            }
            ExprKind::Assign(name, operator, value) => {
                self.count(&expr.span)?;
                let mut new = self.value(value)?;
                let Some(at) = self.variables.iter().rposition(|(known, _)| *known == name.text) else {
                    return self.refuse("it assigns to something that is no variable", &expr.span);
                };
                if let Some(operator) = operator {
                    let old = self.variable(&name.text, &expr.span)?;
                    new = self.operator(*operator, vec![old, new], &expr.span)?;
                }
                self.variables[at].1 = Binding::Node(new);
                let missing = self.missing(&expr.span);
                let done = self.after(new, missing, &expr.span);
                self.resume(next, done, &expr.span)
            }
            ExprKind::For(each) => {
                self.count(&expr.span)?;
                let over = self.value(&each.over)?;
                let items = self.items(over, &each.over.span)?;
                if items.iter().any(|(_, kept)| kept.is_some()) {
                    return self
                        .refuse("it goes over a list that is known only on the line", &each.over.span);
                }
                let items = items.into_iter().map(|(item, _)| item).collect();
                let turns = Rc::new(Turns { each, items, variables: self.variables.len() });
                let first = self.turn(&turns, 0, next, &expr.span)?;
                Ok(self.after(over, first, &expr.span))
            }
            ExprKind::Return(value) => match value {
                Some(value) => self.value(value),
                None => Ok(self.missing(&expr.span)),
            },
            ExprKind::Break(value) => {
                let value = match value {
                    Some(value) => self.value(value)?,
                    None => self.missing(&expr.span),
                };
                match enclosing_turn(next) {
                    Some((turns, _, after)) => {
                        self.variables.truncate(turns.variables);
                        self.resume(&after, value, &expr.span)
                    }
                    None => self.refuse("`break` outside a loop that is written out", &expr.span),
                }
            }
            ExprKind::Continue => match enclosing_turn(next) {
                Some((turns, at, after)) => {
                    self.variables.truncate(turns.variables);
                    self.turn(&turns, at, &after, &expr.span)
                }
                None => self.refuse("`continue` outside a loop that is written out", &expr.span),
            },
            ExprKind::While(..) => self.refuse("a loop that is not over a list", &expr.span),
            _ => {
                let value = self.value(expr)?;
                self.resume(next, value, &expr.span)
            }
        }
    }

    fn statements<'e>(
        &mut self,
        statements: &'e [Expr],
        next: &Rc<Next<'e>>,
        span: &Range<usize>,
    ) -> Lowered {
        match statements {
            [] => {
                let missing = self.missing(span);
                self.resume(next, missing, span)
            }
            [only] => self.go(only, next),
            [first, rest @ ..] => self.go(first, &Rc::new(Next::Statements(rest, Rc::clone(next)))),
        }
    }

    /// Goes on after a value.
    fn resume(&mut self, next: &Rc<Next<'_>>, value: NodeId, span: &Range<usize>) -> Lowered {
        match &**next {
            Next::End => Ok(value),
            Next::Statements(rest, after) => {
                let rest = self.statements(rest, after, span)?;
                Ok(self.after(value, rest, span))
            }
            Next::EndOfBlock(variables, after) => {
                self.variables.truncate(*variables);
                self.resume(after, value, span)
            }
            Next::Turn(turns, at, after) => {
                let rest = self.turn(turns, *at, after, span)?;
                Ok(self.after(value, rest, span))
            }
        }
    }

    fn turn<'e>(
        &mut self,
        turns: &Rc<Turns<'e>>,
        at: usize,
        after: &Rc<Next<'e>>,
        span: &Range<usize>,
    ) -> Lowered {
        self.count(span)?;
        self.variables.truncate(turns.variables);
        let Some(&item) = turns.items.get(at) else {
            let missing = self.missing(span);
            return self.resume(after, missing, span);
        };
        if let Some(counter) = &turns.each.counter {
            let count = self.constant(Constant::Integer(at as i64), &counter.span);
            self.variables.push((counter.text.clone(), Binding::Node(count)));
        }
        self.variables.push((turns.each.variable.text.clone(), Binding::Node(item)));
        let next = Rc::new(Next::Turn(Rc::clone(turns), at + 1, Rc::clone(after)));
        self.go(&turns.each.body, &next)
    }

    /// `if` whose branches end where it ends. What they assign is what one or the other assigned.
    fn either(&mut self, condition: NodeId, then: &Expr, otherwise: &Expr, span: &Range<usize>) -> Lowered {
        let before = self.variables.clone();
        let held = self.go(then, &Rc::new(Next::End))?;
        let after_then = std::mem::replace(&mut self.variables, before);
        let failed = self.go(otherwise, &Rc::new(Next::End))?;
        for (at, (_, after_then)) in after_then.iter().enumerate().take(self.variables.len()) {
            match (after_then, &self.variables[at].1) {
                (Binding::Node(a), Binding::Node(b)) if a != b => {
                    let (a, b) = (*a, *b);
                    let merged = self.add(Op::If, vec![condition, a, b], span);
                    self.variables[at].1 = Binding::Node(merged);
                }
                (Binding::Node(_), Binding::Node(_))
                | (Binding::Line, Binding::Line)
                | (Binding::Function(..), Binding::Function(..)) => {}
                _ => return self.refuse("a variable that is not always a value", span),
            }
        }
        Ok(self.add(Op::If, vec![condition, held, failed], span))
    }

    /// What a `let` binds, and the value to check for faults where it is bound.
    fn binding(&mut self, value: &Expr) -> Lowered<(Binding, NodeId)> {
        match &value.kind {
            ExprKind::Variable(name) => match self.bound(name) {
                Some(Binding::Node(node)) => Ok((Binding::Node(node), node)),
                Some(other) => {
                    let missing = self.missing(&value.span);
                    Ok((other, missing))
                }
                None => self.refuse(format!("`{name}` is no value"), &value.span),
            },
            // What it captures could change before it is called.
            ExprKind::Closure(..) => self.refuse("a closure that is kept in a variable", &value.span),
            _ => {
                let node = self.value(value)?;
                Ok((Binding::Node(node), node))
            }
        }
    }

    fn bound(&self, name: &str) -> Option<Binding> {
        if let Some((_, binding)) = self.variables.iter().rev().find(|(known, _)| known == name) {
            return Some(binding.clone());
        }
        self.functions.contains_key(name).then(|| Binding::Function(name.to_owned(), Vec::new()))
    }

    fn variable(&mut self, name: &str, span: &Range<usize>) -> Lowered {
        match self.bound(name) {
            Some(Binding::Node(node)) => Ok(node),
            Some(Binding::Line) => self.refuse("the goods line as a value", span),
            Some(Binding::Function(..)) => self.refuse("a function as a value", span),
            None => self.refuse(format!("`{name}` is no value"), span),
        }
    }

    fn is_line(&self, expr: &Expr) -> bool {
        matches!(&expr.kind, ExprKind::Variable(name) if matches!(self.bound(name), Some(Binding::Line)))
    }

    fn values(&mut self, exprs: &[Expr]) -> Lowered<Vec<NodeId>> {
        exprs.iter().map(|expr| self.value(expr)).collect()
    }

    /// Parts of which later ones may not be reached, so that it is open whether their assignments happen.
    fn short_cut(&mut self, op: Op, parts: &[Expr], span: &Range<usize>) -> Lowered {
        if let Some(part) = parts.iter().skip(1).find(|part| assigns(part)) {
            return self.refuse("an assignment within a condition", &part.span);
        }
        let parts = self.values(parts)?;
        Ok(self.add(op, parts, span))
    }

    fn value(&mut self, expr: &Expr) -> Lowered {
        self.count(&expr.span)?;
        let span = &expr.span;
        match &expr.kind {
            ExprKind::Constant(constant) => Ok(self.constant(constant.clone(), span)),
            ExprKind::Variable(name) => self.variable(name, span),
            ExprKind::Property(..) | ExprKind::Index(..) | ExprKind::Call { method: true, .. } => {
                self.chain(expr)
            }
            ExprKind::Call { name, args, .. } => self.call(name, args, span),
            ExprKind::Operator(Operator::In, args) => {
                // Rhai calls `contains(whole, item)`.
                let whole = self.value(&args[1])?;
                let item = self.value(&args[0])?;
                Ok(self.add(Op::In, vec![item, whole], span))
            }
            ExprKind::Operator(operator, args) => {
                let args = self.values(args)?;
                self.operator(*operator, args, span)
            }
            ExprKind::And(parts) => self.short_cut(Op::And, parts, span),
            ExprKind::Or(parts) => self.short_cut(Op::Or, parts, span),
            ExprKind::Coalesce(parts) => self.short_cut(Op::Coalesce, parts, span),
            ExprKind::Interpolated(parts) => {
                let values = self.values(parts)?;
                for (value, part) in values.iter().zip(parts) {
                    if !self.nodes[*value].kinds.within(Kinds::SCALAR) {
                        return self.refuse("a list or a map written into a text", &part.span);
                    }
                }
                Ok(self.add(Op::Interpolated, values, span))
            }
            ExprKind::Array(items) => {
                let items = self.values(items)?;
                Ok(self.add(Op::Array, items, span))
            }
            ExprKind::Map(entries) => {
                let mut constants = BTreeMap::new();
                for (key, value) in entries {
                    let node = self.value(value)?;
                    let Some(constant) = self.nodes[node].constant() else {
                        return self.refuse("a map with values that are known only on the line", &value.span);
                    };
                    constants.insert(key.clone(), constant.clone());
                }
                Ok(self.constant(Constant::Map(constants), span))
            }
            ExprKind::Switch(switch) if !leaves(expr) => {
                self.switch(switch, span, &mut |lowerer, arm| match arm {
                    Some(arm) => lowerer.scoped(arm),
                    None => Ok(lowerer.missing(span)),
                })
            }
            ExprKind::Block(_) | ExprKind::If(..) | ExprKind::Let(..) | ExprKind::Assign(..) => {
                if leaves(expr) {
                    return self.refuse("a jump out of the middle of an expression", span);
                }
                self.go(expr, &Rc::new(Next::End))
            }
            ExprKind::Switch(_)
            | ExprKind::For(_)
            | ExprKind::Return(_)
            | ExprKind::Break(_)
            | ExprKind::Continue => self.refuse("a statement in the middle of an expression", span),
            ExprKind::Closure(..) => self.refuse("a closure as a value", span),
            ExprKind::While(..) => self.refuse("a loop that is not over a list", span),
            ExprKind::Unsupported(what, _) => self.refuse(*what, span),
        }
    }

    /// A block of its own, whose variables end with it.
    fn scoped(&mut self, expr: &Expr) -> Lowered {
        let variables = self.variables.len();
        let value = self.go(expr, &Rc::new(Next::End));
        self.variables.truncate(variables);
        value
    }

    fn operator(&mut self, operator: Operator, args: Vec<NodeId>, span: &Range<usize>) -> Lowered {
        let op = match operator {
            Operator::Compare(comparison) => Op::Compare(comparison),
            Operator::Arithmetic(arithmetic) => Op::Arithmetic(arithmetic),
            Operator::In => Op::In,
            Operator::Negate => Op::Negate,
            Operator::Plus => Op::Plus,
            Operator::Not => Op::Not,
            Operator::Bits(bits) => Op::Bits(bits),
            Operator::Range | Operator::RangeInclusive => {
                if !args.iter().all(|&arg| self.nodes[arg].kinds == Kinds::INTEGER) {
                    return self.refuse("a range whose ends may be no whole numbers", span);
                }
                Op::Range(operator == Operator::RangeInclusive)
            }
        };
        // Rhai compares an entry with `()` in a way of its own, and with nothing else.
        if matches!(op, Op::Compare(_)) {
            let entry = args.iter().any(|&arg| self.nodes[arg].kinds.has(Kinds::ENTRY));
            let missing = args.iter().any(|&arg| self.nodes[arg].kinds == Kinds::MISSING);
            if entry && !missing {
                return self.refuse("a lookup entry compared with a value", span);
            }
        }
        Ok(self.add(op, args, span))
    }

    /// A chain of fields, methods and indices: Rhai evaluates the arguments of all its links before the object.
    fn chain(&mut self, expr: &Expr) -> Lowered {
        let mut links = Vec::new();
        let mut object = expr;
        loop {
            let inner = match &object.kind {
                ExprKind::Property(inner, _) | ExprKind::Index(inner, _) => &**inner,
                ExprKind::Call { args, method: true, .. } if !args.is_empty() => &args[0],
                _ => break,
            };
            links.push(object);
            object = inner;
        }
        links.reverse();
        // Rhai holds on to a list while it goes over it; a closure that reads the same list then fails.
        if let ExprKind::Variable(name) = &object.kind
            && links.iter().any(|link| captures(link, name))
        {
            return self.refuse("a closure that reads the list that it is called for", &expr.span);
        }
        let mut arguments = Vec::with_capacity(links.len());
        for link in &links {
            arguments.push(match &link.kind {
                ExprKind::Call { name, args, .. } => self.method_arguments(&name.text, &args[1..])?,
                ExprKind::Index(_, index) => vec![Argument::Node(self.value(index)?)],
                _ => Vec::new(),
            });
        }
        let before: Vec<NodeId> = arguments
            .iter()
            .flatten()
            .filter_map(|argument| match argument {
                Argument::Node(node) => Some(*node),
                Argument::Function(..) => None,
            })
            .collect();
        let mut value = if self.is_line(object) { None } else { Some(self.value(object)?) };
        for (link, arguments) in links.iter().zip(arguments) {
            value = Some(self.link(value, link, arguments)?);
        }
        let mut value = match value {
            Some(value) => value,
            None => return self.refuse("the goods line as a value", &expr.span),
        };
        for argument in before.into_iter().rev() {
            value = self.after(argument, value, &expr.span);
        }
        Ok(value)
    }

    fn method_arguments(&mut self, method: &str, args: &[Expr]) -> Lowered<Vec<Argument>> {
        let takes_closure = functions::CLOSURE_FUNCTIONS.iter().any(|(name, _)| *name == method);
        args.iter()
            .map(|arg| match &arg.kind {
                ExprKind::Closure(name, captured) if takes_closure => {
                    let captured = captured.iter().map(|variable| match self.bound(&variable.text) {
                        Some(binding) => Ok(binding),
                        None => self.refuse("a variable that is no value", &variable.span),
                    });
                    Ok(Argument::Function(name.clone(), captured.collect::<Lowered<_>>()?))
                }
                ExprKind::Variable(name) if takes_closure => match self.bound(name) {
                    Some(Binding::Function(name, captured)) => Ok(Argument::Function(name, captured)),
                    _ => Ok(Argument::Node(self.value(arg)?)),
                },
                _ => Ok(Argument::Node(self.value(arg)?)),
            })
            .collect()
    }

    /// One link of a chain on what comes before it; `None` is the goods line.
    fn link(&mut self, object: Option<NodeId>, link: &Expr, arguments: Vec<Argument>) -> Lowered {
        let span = &link.span;
        match (&link.kind, object) {
            (ExprKind::Property(_, name), None) => self.field(name),
            (ExprKind::Property(_, name), Some(object)) => self.property(object, name, span),
            (ExprKind::Index(..), Some(object)) => {
                let [Argument::Node(index)] = arguments[..] else {
                    return self.refuse("an index that is no value", span);
                };
                let kinds = self.nodes[object].kinds;
                if !kinds.within(Kinds::ARRAY.or(Kinds::MAP).or(Kinds::MISSING)) {
                    return self.refuse("an index into what may be no list", span);
                }
                Ok(self.add(Op::Index, vec![object, index], span))
            }
            (ExprKind::Call { name, .. }, None) => {
                let table = match arguments[..] {
                    [Argument::Node(table)] => self.nodes[table].constant(),
                    _ => None,
                };
                let table = match table {
                    Some(Constant::Text(table)) => {
                        self.scope.lookups.iter().position(|lookup| lookup.name == **table)
                    }
                    _ => None,
                };
                match (name.text.as_str(), table) {
                    ("listed", Some(table)) => Ok(self.add(Op::Listed(table as u32), Vec::new(), span)),
                    ("lookup", Some(table)) => Ok(self.add(Op::Entry(table as u32), Vec::new(), span)),
                    _ => self.refuse("the goods line as a value", span),
                }
            }
            (ExprKind::Call { name, .. }, Some(object)) => self.method(object, name, arguments, span),
            _ => self.refuse("the goods line as a value", span),
        }
    }

    fn field(&mut self, name: &Name) -> Lowered {
        let Some(field) = (self.scope.field)(&name.text) else {
            return self.refuse(format!("there is no field `{}`", name.text), &name.span);
        };
        match field {
            FieldRef::Computed(at) => match &self.scope.computed[at] {
                Ok(node) => {
                    let node = *node;
                    Ok(self.add(Op::Computed(at as u32), vec![node], &name.span))
                }
                Err(why) => {
                    let reason =
                        format!("the field `{}` is left to the interpreter: {}", name.text, why.reason);
                    self.refuse(reason, &name.span)
                }
            },
            field => Ok(self.add(Op::Field(field), Vec::new(), &name.span)),
        }
    }

    fn property(&mut self, object: NodeId, name: &Name, span: &Range<usize>) -> Lowered {
        let node = &self.nodes[object];
        let kinds = node.kinds.without(Kinds::MISSING);
        if let Op::Entry(table) = node.op {
            let columns = &self.scope.lookups[table as usize].columns;
            return match columns.iter().position(|(column, _)| *column == name.text) {
                Some(column) => Ok(self.add(Op::Column(table, column as u32), vec![object], span)),
                None => self.refuse("a column that the lookup table does not have", &name.span),
            };
        }
        match DatePart::of_name(&name.text) {
            Some(part) if kinds.within(Kinds::DATE) => {
                return Ok(self.add(Op::DatePart(part), vec![object], span));
            }
            _ => {}
        }
        if name.text == "len" && kinds.within(Kinds::TEXT.or(Kinds::ARRAY)) {
            return Ok(self.add(Op::Special(Special::Len), vec![object], span));
        }
        if kinds == Kinds::MAP || kinds == Kinds::NONE {
            if let Some(Constant::Map(entries)) = node.constant() {
                let value = entries.get(&name.text).cloned().unwrap_or(Constant::Missing);
                return match self.constant_binding(&value, span.clone()) {
                    Binding::Node(value) => Ok(value),
                    _ => self.refuse("a function as a value", span),
                };
            }
            let of_missing = DatePart::of_name(&name.text).is_some()
                || name.text == "len"
                || (self.scope.columns)(&name.text);
            return Ok(self.add(Op::Get(name.text.as_str().into(), of_missing), vec![object], span));
        }
        self.refuse("a property of what may be of several kinds", span)
    }

    fn method(
        &mut self,
        object: NodeId,
        name: &Name,
        arguments: Vec<Argument>,
        span: &Range<usize>,
    ) -> Lowered {
        if self.functions.contains_key(&name.text) {
            return self.refuse("a function of the file called as a method", span);
        }
        if let [Argument::Function(function, captured)] = &arguments[..] {
            return self.closure_call(object, &name.text, function, captured, span);
        }
        let mut args = vec![object];
        for argument in arguments {
            match argument {
                Argument::Node(node) => args.push(node),
                Argument::Function(..) => return self.refuse("a closure as a value", span),
            }
        }
        self.builtin(name, args, span)
    }

    fn call(&mut self, name: &Name, args: &[Expr], span: &Range<usize>) -> Lowered {
        let functions = self.functions;
        let Some(function) = functions.get(&name.text) else {
            if let [list, closure] = args
                && functions::CLOSURE_FUNCTIONS.iter().any(|(known, _)| *known == name.text)
            {
                let list = self.value(list)?;
                let arguments = self.method_arguments(&name.text, std::slice::from_ref(closure))?;
                return self.method(list, name, arguments, span);
            }
            if matches!(name.text.as_str(), "listed" | "lookup")
                && let [line, table] = args
                && self.is_line(line)
            {
                let table = self.value(table)?;
                let link = Expr {
                    kind: ExprKind::Call { name: name.clone(), args: Vec::new(), method: true },
                    span: span.clone(),
                };
                return self.link(None, &link, vec![Argument::Node(table)]);
            }
            let args = self.values(args)?;
            return self.builtin(name, args, span);
        };
        let mut bindings = Vec::with_capacity(args.len());
        let mut before = Vec::new();
        for arg in args {
            let (binding, value) = match &arg.kind {
                ExprKind::Variable(_) => self.binding(arg)?,
                _ => {
                    let value = self.value(arg)?;
                    (Binding::Node(value), value)
                }
            };
            before.push(value);
            bindings.push(binding);
        }
        let mut value = self.inlined(&name.text, function, bindings, span)?;
        for argument in before.into_iter().rev() {
            value = self.after(argument, value, span);
        }
        Ok(value)
    }

    /// The value of a function's body with its parameters bound.
    fn inlined(
        &mut self,
        name: &str,
        function: &'l Function,
        args: Vec<Binding>,
        span: &Range<usize>,
    ) -> Lowered {
        if self.calls.iter().any(|known| known == name) {
            return self.refuse(format!("`{name}` calls itself"), span);
        }
        if self.calls.len() >= CALLS_MAX {
            return self.refuse(format!("functions call each other more than {CALLS_MAX} deep"), span);
        }
        if function.params.len() != args.len() {
            return self.refuse(format!("`{name}` is called with other arguments than it takes"), span);
        }
        let variables = function.params.iter().cloned().zip(args).collect();
        let outer = std::mem::replace(&mut self.variables, variables);
        self.calls.push(name.to_owned());
        let value = self.go(&function.body, &Rc::new(Next::End));
        self.calls.pop();
        self.variables = outer;
        value
    }

    /// The elements of a list that are known before any line is seen, each with the condition that keeps it.
    fn items(&mut self, list: NodeId, span: &Range<usize>) -> Lowered<Vec<(NodeId, Option<NodeId>)>> {
        let node = self.nodes[list].clone();
        let unknown = "it goes over a list that is known only on the line";
        match &node.op {
            Op::Array | Op::Mapped => Ok(node.args.iter().map(|&arg| (arg, None)).collect()),
            Op::Filter => Ok(node.args.chunks_exact(2).map(|pair| (pair[0], Some(pair[1]))).collect()),
            Op::Constant(constant) => match &**constant {
                Constant::Array(items) if items.len() <= PARTS_MAX => items
                    .iter()
                    .map(|item| match self.constant_binding(item, span.clone()) {
                        Binding::Node(item) => Ok((item, None)),
                        _ => self.refuse("a function as a value", span),
                    })
                    .collect(),
                _ => self.refuse("it goes over a list that is too long to be written out", span),
            },
            Op::Range(inclusive) => {
                let ends = [node.args[0], node.args[1]].map(|end| self.nodes[end].constant().cloned());
                let [Some(Constant::Integer(first)), Some(Constant::Integer(end))] = ends else {
                    return self.refuse("it goes over a range whose ends are known only on the line", span);
                };
                let last = if *inclusive { end } else { end.saturating_sub(1) };
                if last.saturating_sub(first) > PARTS_MAX as i64 {
                    return self.refuse("it goes over a range that is too long to be written out", span);
                }
                let empty = *inclusive && first > end || !*inclusive && first >= end;
                let numbers = (first..=last).filter(|_| !empty);
                Ok(numbers.map(|number| (self.constant(Constant::Integer(number), span), None)).collect())
            }
            _ => self.refuse(unknown, span),
        }
    }

    /// `some`, `all`, `filter` and `map`, element by element.
    fn closure_call(
        &mut self,
        list: NodeId,
        method: &str,
        function: &str,
        captured: &[Binding],
        span: &Range<usize>,
    ) -> Lowered {
        let kinds = self.nodes[list].kinds;
        if kinds != Kinds::ARRAY || matches!(self.nodes[list].op, Op::Range(_)) {
            return self.refuse(format!("`{method}` on what may be no list"), span);
        }
        let functions = self.functions;
        let Some(definition) = functions.get(function) else {
            return self.refuse("a function as a value", span);
        };
        // A closure shares what it captures, so what it assigns is seen outside.
        if assigns_to(&definition.body, &|name| {
            definition.params.iter().take(captured.len()).any(|param| param == name)
        }) {
            return self.refuse("a closure that assigns to a variable outside of it", span);
        }
        let items = self.items(list, span)?;
        let mut parts = Vec::with_capacity(items.len());
        for (item, kept) in items {
            self.count(span)?;
            let args = captured.iter().cloned().chain([Binding::Node(item)]).collect();
            let result = self.inlined(function, definition, args, span)?;
            match (method, kept) {
                ("filter", None) => parts.extend([item, result]),
                ("filter", Some(kept)) => {
                    let both = self.add(Op::And, vec![kept, result], span);
                    parts.extend([item, both]);
                }
                (_, None) => parts.push(result),
                ("some", Some(kept)) => parts.push(self.add(Op::And, vec![kept, result], span)),
                ("all", Some(kept)) => {
                    let dropped = self.add(Op::Not, vec![kept], span);
                    parts.push(self.add(Op::Or, vec![dropped, result], span));
                }
                _ => return self.refuse("`map` on a list that is known only on the line", span),
            }
        }
        let op = match method {
            "some" => Op::Or,
            "all" => Op::And,
            "filter" => Op::Filter,
            _ => Op::Mapped,
        };
        let value = self.add(op, parts, span);
        Ok(self.after(list, value, span))
    }

    fn builtin(&mut self, name: &Name, args: Vec<NodeId>, span: &Range<usize>) -> Lowered {
        let op = match (name.text.as_str(), args.len()) {
            ("contains", 2) => {
                let (whole, part) = (args[0], args[1]);
                return Ok(self.add(Op::In, vec![part, whole], span));
            }
            ("matches", 2) => {
                let pattern = match self.nodes[args[1]].constant() {
                    Some(Constant::Text(pattern)) => Arc::clone(pattern),
                    _ => return self.refuse("a regular expression that is no text", span),
                };
                return Ok(self.add(Op::Matches(pattern), vec![args[0]], span));
            }
            (name, count) => {
                let is_meant = |known: &functions::Function| {
                    known.name == name && known.run.is_some() && known.arities.contains(&count)
                };
                match (Special::of(name, count), functions::FUNCTIONS.iter().position(is_meant)) {
                    (Some(special), _) => Op::Special(special),
                    (None, Some(at)) => Op::Function(at as u32),
                    (None, None) => return self.refuse(format!("`{name}` changes a list"), span),
                }
            }
        };
        Ok(self.add(op, args, span))
    }

    /// `switch`: first the cases with values, in their order, then those with ranges, then the default. `arm` lowers
    /// what comes after the choice.
    fn switch(
        &mut self,
        switch: &Switch,
        span: &Range<usize>,
        arm: &mut dyn FnMut(&mut Self, Option<&Expr>) -> Lowered,
    ) -> Lowered {
        let subject = self.value(&switch.subject)?;
        let kinds = self.nodes[subject].kinds;
        let singles = Kinds::MISSING.or(Kinds::FLAG).or(Kinds::INTEGER).or(Kinds::NUMBER).or(Kinds::TEXT);
        if !kinds.within(singles) {
            return self.refuse("a `switch` on what may be no single value", &switch.subject.span);
        }
        let has_values = switch.cases.iter().any(|case| !case.values.is_empty());
        if has_values && kinds.has(Kinds::NUMBER) {
            return self.refuse("a `switch` on a number", &switch.subject.span);
        }
        if switch.cases.iter().any(|case| case.condition.as_ref().is_some_and(assigns)) {
            return self.refuse("an assignment within a condition", span);
        }
        let before = self.variables.clone();
        let mut lower = |lowerer: &mut Self, body: Option<&Expr>| {
            lowerer.variables.clone_from(&before);
            arm(lowerer, body)
        };
        let mut otherwise = lower(self, switch.default.as_ref())?;
        for case in switch.cases.iter().rev().filter(|case| !case.ranges.is_empty()) {
            if !kinds.within(Kinds::NUMERIC.or(Kinds::MISSING)) {
                return self.refuse("a range as a case of what may be no number", &switch.subject.span);
            }
            let body = lower(self, Some(&case.body))?;
            for &(first, end, inclusive) in case.ranges.iter().rev() {
                // Rhai rounds the ends to numbers before it compares a number with them.
                let exact = |end: i64| end.unsigned_abs() <= 1 << 53;
                if kinds.has(Kinds::NUMBER) && !(exact(first) && exact(end)) {
                    return self.refuse("a range whose ends are rounded", &switch.subject.span);
                }
                let ends = [first, end].map(|end| self.constant(Constant::Integer(end), span));
                let range = self.add(Op::Range(inclusive), ends.to_vec(), span);
                let mut holds = self.add(Op::In, vec![subject, range], span);
                if let Some(condition) = &case.condition {
                    let condition = self.value(condition)?;
                    holds = self.add(Op::And, vec![holds, condition], span);
                }
                otherwise = self.add(Op::If, vec![holds, body, otherwise], span);
            }
        }
        if !has_values {
            return Ok(self.after(subject, otherwise, span));
        }
        // What a value leads to: the cases that have it, one after the other.
        let mut values: Vec<(&Constant, Vec<usize>)> = Vec::new();
        for (at, case) in switch.cases.iter().enumerate() {
            for value in &case.values {
                match values.iter_mut().find(|(known, _)| *known == value) {
                    Some((_, cases)) => cases.push(at),
                    None => values.push((value, vec![at])),
                }
            }
        }
        let mut arms: Vec<(Vec<usize>, NodeId)> = Vec::new();
        let mut table = Vec::with_capacity(values.len());
        for (value, cases) in values {
            let known = arms.iter().position(|(known, _)| *known == cases);
            let at = match known {
                Some(at) => at,
                None => {
                    let mut result = otherwise;
                    for &case in cases.iter().rev() {
                        let case = &switch.cases[case];
                        let body = lower(self, Some(&case.body))?;
                        result = match &case.condition {
                            Some(condition) => {
                                self.variables.clone_from(&before);
                                let condition = self.value(condition)?;
                                self.add(Op::If, vec![condition, body, result], span)
                            }
                            None => body,
                        };
                    }
                    arms.push((cases, result));
                    arms.len() - 1
                }
            };
            table.push((value.clone(), at as u32));
        }
        self.variables = before;
        let args = std::iter::once(subject).chain(arms.iter().map(|(_, node)| *node)).chain([otherwise]);
        let args = args.collect();
        Ok(self.add(Op::Switch(Arc::new(SwitchTable::new(table))), args, span))
    }
}

/// Whether an argument of a method is a closure that captures the variable.
fn captures(link: &Expr, variable: &str) -> bool {
    let ExprKind::Call { args, .. } = &link.kind else { return false };
    args.iter().skip(1).any(|arg| match &arg.kind {
        ExprKind::Closure(_, captured) => captured.iter().any(|name| name.text == variable),
        _ => false,
    })
}

enum Argument {
    Node(NodeId),
    Function(String, Vec<Binding>),
}

/// The loop that a `break` or `continue` is about: its turns, the next of them, and what comes after the loop.
fn enclosing_turn<'e>(next: &Rc<Next<'e>>) -> Option<(Rc<Turns<'e>>, usize, Rc<Next<'e>>)> {
    match &**next {
        Next::End => None,
        Next::Statements(_, after) | Next::EndOfBlock(_, after) => enclosing_turn(after),
        Next::Turn(turns, at, after) => Some((Rc::clone(turns), *at, Rc::clone(after))),
    }
}

/// Whether an expression may end elsewhere than at its end, or in several states of the variables: then each way out
/// of it is lowered together with what follows.
fn leaves(expr: &Expr) -> bool {
    let mut leaves = false;
    expr.walk(&mut |expr| {
        leaves |= match expr.kind {
            ExprKind::Return(_) | ExprKind::Break(_) | ExprKind::Continue => true,
            ExprKind::Switch(_) => assigns(expr),
            _ => false,
        };
    });
    leaves
}

/// Whether an expression changes a variable, or a list in place.
fn assigns(expr: &Expr) -> bool {
    assigns_to(expr, &|_| true)
}

/// Whether an expression changes a variable with such a name, or a list in place.
fn assigns_to(expr: &Expr, is_meant: &dyn Fn(&String) -> bool) -> bool {
    let mut assigns = false;
    expr.walk(&mut |expr| {
        assigns |= match &expr.kind {
            ExprKind::Assign(name, ..) => is_meant(&name.text),
            ExprKind::Call { name, .. } => name.text == "push",
            _ => false,
        };
    });
    assigns
}

fn depth(nodes: &Nodes, root: NodeId) -> usize {
    let mut depths = std::collections::HashMap::new();
    for id in nodes.within(root, |_| false) {
        let below = nodes[id].args.iter().map(|arg| depths[arg]).max().unwrap_or(0);
        depths.insert(id, below + 1);
    }
    depths[&root]
}
