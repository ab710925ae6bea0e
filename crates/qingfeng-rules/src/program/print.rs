//! Programs as text, for people who want to see what became of a rule.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write;

use crate::base::value::Date;
use crate::lang::expr::{Constant, Operator};
use crate::lang::functions::FUNCTIONS;

use super::node::{Kinds, NodeId, Op};
use super::witness::{Probe, Witness};
use super::{CompiledRule, Condition, Program, ValueSource};

impl Program {
    /// The program of a rule as text: each node on a line, after those it uses, with the kinds of its value, whether
    /// it can fault, and where it was first written, in this rule or in another; then what the condition, the points and the reason are, and the
    /// witness.
    ///
    /// `locate` gives line and column of a place in a rule file.
    pub fn listing(&self, rule: usize, locate: &dyn Fn(&crate::diagnostic::Place) -> String) -> String {
        let compiled = &self.rules[rule];
        let mut order: Vec<NodeId> = Vec::new();
        let mut ids: BTreeMap<NodeId, usize> = BTreeMap::new();
        for root in compiled.roots() {
            self.collect(root, &mut ids, &mut order);
        }
        let rows: Vec<[String; 4]> = order
            .iter()
            .map(|&id| {
                let number = ids[&id];
                let node = &self.machine.nodes[id];
                let mut notes = Vec::new();
                if node.fallible {
                    notes.push("may fault");
                }
                if self.machine.is_remembered(id) {
                    notes.push("once a line");
                }
                if matches!(node.op, Op::Test(_) | Op::Find(_)) {
                    notes.push("once a text");
                }
                let notes = if notes.is_empty() { String::new() } else { format!("({})", notes.join(", ")) };
                // What a field or a constant is shows without its place.
                let place = match node.args.is_empty() {
                    true => String::new(),
                    false => locate(&super::place(&self.facts, &node.span)),
                };
                let kinds = node.kinds.to_string();
                [
                    format!("%{number}"),
                    kinds,
                    self.shown(id, &ids),
                    format!("{notes} {place}").trim().to_owned(),
                ]
            })
            .collect();
        let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2).min(60)];
        let mut text = String::new();
        for [number, kinds, shown, notes] in &rows {
            let line =
                format!("  {number:<0$}  {kinds:<1$}  {shown:<2$}  {notes}", widths[0], widths[1], widths[2]);
            text.push_str(line.trim_end());
            text.push('\n');
        }
        self.write_results(&mut text, rule, compiled, &ids);
        text
    }

    fn write_results(
        &self,
        text: &mut String,
        rule: usize,
        compiled: &CompiledRule,
        ids: &BTreeMap<NodeId, usize>,
    ) {
        let mut line = |name: &str, what: String| {
            let _ = writeln!(text, "  {name:<9} {what}");
        };
        let condition = match &compiled.condition {
            Condition::Always => "always".to_owned(),
            Condition::Check { root, .. } => format!("%{}", ids[root]),
            Condition::Residual { guard: None } => "by the interpreter".to_owned(),
            Condition::Residual { guard: Some((root, _)) } => {
                format!("by the interpreter, where %{} holds", ids[root])
            }
        };
        line("condition", condition);
        match &compiled.points {
            ValueSource::Fixed => line("points", self.facts.points[rule].to_string()),
            ValueSource::Node(node) => line("points", format!("%{}", ids[node])),
            ValueSource::Residual => line("points", "by the interpreter".to_owned()),
        }
        match &compiled.reason {
            ValueSource::Fixed => line("reason", "the title".to_owned()),
            ValueSource::Node(node) => line("reason", format!("%{}", ids[node])),
            ValueSource::Residual => line("reason", "by the interpreter".to_owned()),
        }
        if self.passes.witnesses {
            let witness = self.witness_text(rule);
            line("witness", witness.unwrap_or_else(|| "none: visited on each candidate line".to_owned()));
        }
    }

    /// The witness of a rule as text, or `None` for a rule without one.
    pub fn witness_text(&self, rule: usize) -> Option<String> {
        Some(self.text_of_witness(self.witness(rule)?))
    }

    /// A witness of one of the program's rules as text.
    pub fn text_of_witness(&self, witness: &Witness) -> String {
        if witness.probes.is_empty() {
            return "never visited: the condition never holds".to_owned();
        }
        let probes: Vec<String> = witness.probes.iter().map(|probe| self.probe_text(probe)).collect();
        probes.join(" or ")
    }

    fn probe_text(&self, probe: &Probe) -> String {
        let text = |source: u32| self.expression(self.sources.texts[source as usize].node);
        let number = |source: u32| self.expression(self.sources.numbers[source as usize].node);
        let list = |texts: &[std::sync::Arc<str>]| {
            let shown: Vec<String> =
                texts.iter().take(4).map(|text| Constant::Text(text.clone()).to_string()).collect();
            let more =
                if texts.len() > 4 { format!(", … ({} in all)", texts.len()) } else { String::new() };
            format!("{}{more}", shown.join(", "))
        };
        match probe {
            Probe::Equal(source, texts) if texts.len() == 1 => {
                format!("{} == {}", text(*source), list(texts))
            }
            Probe::Equal(source, texts) => format!("{} in [{}]", text(*source), list(texts)),
            Probe::NoText(source) => format!("{} == ()", text(*source)),
            Probe::Prefix(source, texts) => format!("{} begins with {}", text(*source), list(texts)),
            Probe::Word(source, words) => format!("{} has the word {}", text(*source), list(words)),
            Probe::Part(source, parts) => format!("{} contains {}", text(*source), list(parts)),
            Probe::Listed(table) => format!("listed in {:?}", self.facts.lookup_names[*table as usize]),
            Probe::NoNumber(source) => format!("{} == ()", number(*source)),
            Probe::Between(source, low, high) => {
                let kinds = self.machine.nodes[self.sources.numbers[*source as usize].node].kinds;
                let number = number(*source);
                // Whole numbers and days within bounds that are none.
                let (low, high) = match kinds.has(Kinds::NUMBER) {
                    true => (*low, *high),
                    false => (low.ceil(), high.floor()),
                };
                let is_date = kinds.without(Kinds::MISSING) == Kinds::DATE;
                let bound = |bound: f64| match Date::from_days(bound as i32) {
                    Some(date) if is_date => date.to_string(),
                    _ => bound.to_string(),
                };
                let finite = (low.is_finite(), high.is_finite());
                let (exact, low, high) = (low == high, bound(low), bound(high));
                match finite {
                    (true, true) if exact => format!("{number} == {low}"),
                    (true, true) => format!("{number} from {low} to {high}"),
                    (true, false) => format!("{number} from {low}"),
                    _ => format!("{number} up to {high}"),
                }
            }
        }
    }

    /// Numbers the nodes of a root, each after its arguments, so that no other rule has a bearing on the numbers.
    /// Constants have no number: they are shown where they are used.
    fn collect(&self, root: NodeId, ids: &mut BTreeMap<NodeId, usize>, order: &mut Vec<NodeId>) {
        let mut open = vec![root];
        while let Some(&id) = open.last() {
            let waiting = self.machine.nodes[id].args.iter().copied();
            let waiting =
                waiting.filter(|arg| self.machine.nodes[*arg].constant().is_none() && !ids.contains_key(arg));
            let waiting: Vec<NodeId> = waiting.collect();
            if waiting.is_empty() || ids.contains_key(&id) {
                open.pop();
                if let Entry::Vacant(entry) = ids.entry(id) {
                    entry.insert(order.len());
                    order.push(id);
                }
            } else {
                open.extend(waiting.into_iter().rev());
            }
        }
    }

    /// A node whose arguments are shown by their numbers.
    fn shown(&self, id: NodeId, ids: &BTreeMap<NodeId, usize>) -> String {
        self.with_arguments(id, &|arg| match self.machine.nodes[arg].constant() {
            Some(constant) => short(constant),
            None => format!("%{}", ids[&arg]),
        })
    }

    /// A node written out, as far as it is short.
    pub(super) fn expression(&self, id: NodeId) -> String {
        self.expression_within(id, 4)
    }

    fn expression_within(&self, id: NodeId, depth: usize) -> String {
        if depth == 0 {
            return "…".to_owned();
        }
        match self.machine.nodes[id].op {
            Op::Computed(at) => return format!("d.{}", self.facts.computed[at as usize].0),
            Op::Test(_) | Op::Find(_) => {
                return self.expression_within(self.machine.nodes[id].args[0], depth);
            }
            _ => {}
        }
        self.with_arguments(id, &|arg| {
            let text = self.expression_within(arg, depth - 1);
            let op = &self.machine.nodes[arg].op;
            if joins(op) || computes(op) { format!("({text})") } else { text }
        })
    }

    /// A node written out in full, with constants as written; nodes beyond a limit are left out.
    pub(super) fn written_out(&self, id: NodeId, nodes_max: usize) -> String {
        let left = std::cell::Cell::new(nodes_max);
        self.written_within(id, &left)
    }

    fn written_within(&self, id: NodeId, left: &std::cell::Cell<usize>) -> String {
        if left.get() == 0 {
            return "…".to_owned();
        }
        left.set(left.get() - 1);
        match &self.machine.nodes[id].op {
            Op::Computed(at) => return format!("d.{}", self.facts.computed[*at as usize].0),
            Op::Constant(constant) => return constant.to_string(),
            Op::Interpolated => {
                let part = |&arg: &NodeId| match self.machine.nodes[arg].constant() {
                    Some(Constant::Text(text)) => text.to_string(),
                    _ => format!("${{{}}}", self.written_within(arg, left)),
                };
                return format!("`{}`", self.machine.nodes[id].args.iter().map(part).collect::<String>());
            }
            _ => {}
        }
        self.with_arguments(id, &|arg| {
            let text = self.written_within(arg, left);
            let op = &self.machine.nodes[arg].op;
            // Comparisons bind tighter than what joins them.
            let in_condition = matches!(self.machine.nodes[id].op, Op::And | Op::Or | Op::If | Op::Then);
            if joins(op) && !matches!(self.machine.nodes[id].op, Op::If) || computes(op) && !in_condition {
                format!("({text})")
            } else {
                text
            }
        })
    }

    fn with_arguments(&self, id: NodeId, show: &dyn Fn(NodeId) -> String) -> String {
        let node = &self.machine.nodes[id];
        let facts = &self.facts;
        let args: Vec<String> = node.args.iter().map(|&arg| show(arg)).collect();
        let joined = |sign: &str| args.join(&format!(" {sign} "));
        let method = |name: &str| match args.split_first() {
            Some((object, rest)) => format!("{object}.{name}({})", rest.join(", ")),
            None => format!("{name}()"),
        };
        match &node.op {
            Op::Constant(constant) => short(constant),
            Op::Field(field) => format!("d.{}", facts.field_name(*field)),
            Op::Computed(at) => format!("d.{} = {}", facts.computed[*at as usize].0, args[0]),
            Op::DatePart(part) => format!("{}.{}", args[0], part.name()),
            Op::Listed(table) => format!("d.listed({:?})", facts.lookup_names[*table as usize]),
            Op::Entry(table) => format!("d.lookup({:?})", facts.lookup_names[*table as usize]),
            Op::Column(table, column) => {
                format!("{}.{}", args[0], facts.columns[*table as usize][*column as usize].0)
            }
            Op::And => joined("&&"),
            Op::Or => joined("||"),
            Op::Not => format!("!{}", args[0]),
            Op::If => format!("if {} {{ {} }} else {{ {} }}", args[0], args[1], args[2]),
            Op::Then => format!("{}; {}", args[0], args[1]),
            Op::Coalesce => joined("??"),
            Op::Compare(comparison) => joined(Operator::Compare(*comparison).sign()),
            Op::In => joined("in"),
            Op::Arithmetic(operator) => joined(Operator::Arithmetic(*operator).sign()),
            Op::Negate => format!("-{}", args[0]),
            Op::Plus => format!("+{}", args[0]),
            Op::Bits(bits) => joined(Operator::Bits(*bits).sign()),
            Op::Range(inclusive) => args.join(if *inclusive { "..=" } else { ".." }),
            Op::Function(at) => method(FUNCTIONS[*at as usize].name),
            Op::Special(special) => method(special.name()),
            Op::Matches(pattern) => format!("{}.matches({pattern:?})", args[0]),
            Op::Array | Op::Mapped => format!("[{}]", args.join(", ")),
            Op::Filter => {
                let pairs = args.chunks_exact(2).map(|pair| format!("{} if {}", pair[0], pair[1]));
                format!("[{}]", pairs.collect::<Vec<_>>().join(", "))
            }
            Op::Index => format!("{}[{}]", args[0], args[1]),
            Op::Get(name, _) => format!("{}.{name}", args[0]),
            Op::Interpolated => format!("`{}`", args.join(" ")),
            Op::Switch(table) => {
                let mut arms: Vec<String> = Vec::new();
                for at in 0..args.len() - 2 {
                    let values = table.values.iter().filter(|(_, arm)| *arm as usize == at);
                    let values: Vec<String> = values.map(|(value, _)| value.to_string()).collect();
                    arms.push(format!("{} => {}", values.join(" | "), args[at + 1]));
                }
                let shown = arms.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
                let more =
                    if arms.len() > 3 { format!(", … {} more", arms.len() - 3) } else { String::new() };
                format!("switch {} {{ {shown}{more}, _ => {} }}", args[0], args[args.len() - 1])
            }
            Op::Fail(fault) => format!("fault: {fault}"),
            Op::Find(_) => format!("found: {}", args[0]),
            Op::Test(number) => {
                format!("test of d.{}: {}", facts.schema[self.tests[*number as usize]].name, args[0])
            }
        }
    }
}

fn joins(op: &Op) -> bool {
    matches!(op, Op::And | Op::Or | Op::Coalesce | Op::Then)
}

fn computes(op: &Op) -> bool {
    matches!(op, Op::Compare(_) | Op::In | Op::Arithmetic(_) | Op::Bits(_))
}

pub(super) fn short(constant: &Constant) -> String {
    const LETTERS_MAX: usize = 48;
    let text = constant.to_string();
    if text.chars().count() <= LETTERS_MAX {
        return text;
    }
    text.chars().take(LETTERS_MAX - 1).chain(['…']).collect()
}
