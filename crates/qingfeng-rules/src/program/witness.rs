//! Witnesses: what must hold on a line for a rule's condition to hold, or to fault.
//!
//! A rule need be visited only on lines on which one of its probes holds. Probes are chosen so that an index finds
//! them: a text that equals a constant, begins with one or has a word; a number within bounds; an entry in a lookup
//! table. A condition is false without a fault where none of its probes holds, which is all that is promised: a
//! visited rule is evaluated as a whole.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::value::Value;
use crate::lang::expr::{Comparison, Constant};
use crate::lang::functions::{FUNCTIONS, FoundBy};
use crate::lang::kernel::Fault;
use crate::model::derived::FieldRef;
use crate::model::schema::FieldId;

use super::check::{exact_number, share, turned};
use super::eval::{Evaluation, LineSource, Memo, Val};
use super::node::{Kinds, NodeId, Nodes, Op, Special};
use super::{Condition, PackFacts, Program};

/// A text on which probes look: that of a field, or one computed from it.
#[derive(Clone, Debug)]
pub struct TextSource {
    /// The declared field that the text is made from.
    pub field: FieldId,
    /// The length of the text in bytes, if it is a prefix of a code; `None` for the whole text.
    pub digits: Option<usize>,
    /// Whether it is computed: then ask [`Program::text_of`].
    pub computed: bool,
    pub(super) node: NodeId,
}

/// A number on which probes look.
#[derive(Clone, Debug)]
pub struct NumberSource {
    /// The field that it is; one that is computed in another way is asked of [`Program::number_of`].
    pub field: Option<FieldRef>,
    pub(super) node: NodeId,
}

/// Something that an index finds on a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Probe {
    /// The text of the source (by its number) is one of these.
    Equal(u32, Vec<Arc<str>>),
    /// The source has no text.
    NoText(u32),
    /// The text begins with one of these.
    Prefix(u32, Vec<Arc<str>>),
    /// The text has one of these words.
    Word(u32, Vec<Arc<str>>),
    /// The text has one of these within it.
    Part(u32, Vec<Arc<str>>),
    /// The line may have an entry in the lookup table.
    Listed(u32),
    /// The number of the source lies within these bounds, both included.
    Between(u32, f64, f64),
    /// The source has no number.
    NoNumber(u32),
}

/// What must hold for a rule to be visited: any of the probes.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// The probes.
    pub probes: Vec<Probe>,
    /// The estimated share of lines that have one of them, from 0 to 1.
    pub share: f64,
}

/// The sources of all probes, and the witness of each rule.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    pub texts: Vec<TextSource>,
    pub numbers: Vec<NumberSource>,
    pub witnesses: Vec<Option<Witness>>,
    /// What each find looks for, where an index can look for it.
    pub finds: Vec<Option<Probe>>,
}

impl Sources {
    /// Chooses the witnesses of a program's rules: by how many lines have each probe, where that is known, else by
    /// rules of thumb. The sources are numbered the same in either case.
    pub fn of(program: &Program, facts: &PackFacts, shares: Option<&dyn Fn(&Probe) -> f64>) -> Self {
        let mut finder = Finder {
            shares,
            nodes: &program.machine.nodes,
            facts,
            sources: Self::default(),
            texts: HashMap::new(),
            numbers: HashMap::new(),
            words: program.passes.words,
            thresholds: program.passes.thresholds,
        };
        let witnesses = program
            .rules
            .iter()
            .map(|rule| {
                let root = match &rule.condition {
                    Condition::Check { root, .. } | Condition::Residual { guard: Some((root, _)) } => *root,
                    Condition::Always | Condition::Residual { guard: None } => return None,
                };
                if program.passes.witnesses { finder.witness(root) } else { None }
            })
            .collect();
        let finds = program.finds.iter().map(|&node| {
            let mut probes = finder.witness(node)?.probes;
            if probes.len() == 1 { probes.pop() } else { None }
        });
        let finds = finds.collect();
        Self { witnesses, finds, ..finder.sources }
    }
}

struct Finder<'p> {
    nodes: &'p Nodes,
    facts: &'p PackFacts,
    sources: Sources,
    texts: HashMap<NodeId, u32>,
    numbers: HashMap<NodeId, u32>,
    words: bool,
    thresholds: bool,
    shares: Option<&'p dyn Fn(&Probe) -> f64>,
}

/// A rule that would need more probes than this is visited on each candidate line instead.
const PROBES_MAX: usize = 64;

impl Finder<'_> {
    /// The best witness of a condition; an empty one if it never holds and never faults.
    fn witness(&mut self, id: NodeId) -> Option<Witness> {
        let node = &self.nodes[id];
        // What may be no flag may fault where it is asked for one.
        if !node.kinds.is_flag() {
            return None;
        }
        match &node.op {
            Op::Constant(constant) if **constant == Constant::Flag(false) => {
                Some(Witness { probes: Vec::new(), share: 0.0 })
            }
            Op::And => {
                let mut best: Option<Witness> = None;
                for &part in &node.args {
                    if let Some(witness) = self.witness(part)
                        && best.as_ref().is_none_or(|best| witness.share < best.share)
                    {
                        best = Some(witness);
                    }
                    // The faults of this part come before whatever decides later.
                    if !self.nodes[part].is_sure_flag() {
                        break;
                    }
                }
                best
            }
            Op::Or => {
                let mut all = Witness { probes: Vec::new(), share: 0.0 };
                for &part in &node.args {
                    let witness = self.witness(part)?;
                    all.share = (all.share + witness.share).min(1.0);
                    all.probes.extend(witness.probes);
                }
                (all.probes.len() <= PROBES_MAX).then_some(all)
            }
            Op::If if self.nodes[node.args[0]].is_sure_flag() => {
                let condition = node.args[0];
                let of_condition = self.witness(condition);
                let held = of_condition.into_iter().chain(self.witness(node.args[1]));
                let held = held.min_by(|a, b| a.share.total_cmp(&b.share))?;
                let failed = self.witness(node.args[2])?;
                let mut probes = held.probes;
                probes.extend(failed.probes);
                let share = (held.share + failed.share).min(1.0);
                (probes.len() <= PROBES_MAX).then_some(Witness { probes, share })
            }
            Op::Test(_) | Op::Find(_) | Op::Computed(_) => self.witness(node.args[0]),
            Op::Then if !self.nodes[node.args[0]].fallible => self.witness(node.args[1]),
            Op::Listed(table) => Some(self.probe(Probe::Listed(*table), 0.05)),
            Op::Compare(comparison) => {
                let (a, b) = (node.args[0], node.args[1]);
                let share = share(self.nodes, id);
                match (self.nodes[a].constant(), self.nodes[b].constant()) {
                    (None, Some(constant)) => self.compared(a, *comparison, constant, share),
                    (Some(constant), None) => self.compared(b, turned(*comparison), constant, share),
                    _ => None,
                }
            }
            Op::In => {
                let (item, whole) = (node.args[0], node.args[1]);
                let share = share(self.nodes, id);
                match (self.nodes[item].constant(), self.nodes[whole].constant()) {
                    (_, Some(Constant::Array(items))) => {
                        let texts: Option<Vec<Arc<str>>> = items.iter().map(text_of).collect();
                        let source = self.text(item)?;
                        let texts = texts.filter(|texts| texts.len() <= PROBES_MAX)?;
                        Some(self.probe(Probe::Equal(source, texts), share))
                    }
                    (_, Some(Constant::Map(entries))) if entries.len() <= PROBES_MAX => {
                        let source = self.text(item)?;
                        let keys = entries.keys().map(|key| key.as_str().into()).collect();
                        Some(self.probe(Probe::Equal(source, keys), share))
                    }
                    (Some(Constant::Text(part)), None) if self.words && !part.is_empty() => {
                        let source = self.text(whole)?;
                        Some(self.probe(Probe::Part(source, vec![Arc::clone(part)]), 0.02))
                    }
                    (None, None) => match self.nodes[whole].op {
                        Op::Range(inclusive) => {
                            let ends = [0, 1]
                                .map(|at| exact_number(self.nodes[self.nodes[whole].args[at]].constant()?));
                            let [Some(low), Some(high)] = ends else { return None };
                            let high = if inclusive { high } else { high.next_down() };
                            self.between(item, low, high, 0.2)
                        }
                        _ => None,
                    },
                    _ => None,
                }
            }
            Op::Function(at) => {
                let (text, constant) = match node.args[..] {
                    [text, constant] => (text, self.nodes[constant].constant().and_then(text_of)?),
                    _ => return None,
                };
                let function = &FUNCTIONS[*at as usize];
                let probe = match function.found_by {
                    Some(FoundBy::Word) if self.words => Probe::Word,
                    Some(FoundBy::Prefix) if !constant.is_empty() => Probe::Prefix,
                    _ => return None,
                };
                let source = self.text(text)?;
                Some(self.probe(probe(source, vec![constant]), function.share))
            }
            Op::Special(Special::HasAnyWord) if self.words => {
                let Some(Constant::Array(words)) = self.nodes[node.args[1]].constant() else { return None };
                let words: Vec<Arc<str>> = words.iter().filter_map(text_of).collect();
                if words.len() > PROBES_MAX || node.fallible && !self.nodes[node.args[0]].fallible {
                    return None;
                }
                let source = self.text(node.args[0])?;
                let share = share(self.nodes, id);
                Some(self.probe(Probe::Word(source, words), share))
            }
            _ => None,
        }
    }

    fn probe(&self, probe: Probe, share: f64) -> Witness {
        let share = self.shares.map_or(share, |shares| shares(&probe));
        Witness { probes: vec![probe], share }
    }

    fn compared(
        &mut self,
        id: NodeId,
        comparison: Comparison,
        constant: &Constant,
        share: f64,
    ) -> Option<Witness> {
        // A comparison of values that do not go together faults on its own.
        let own_faults = {
            let kinds = self.nodes[id].kinds.without(Kinds::MISSING);
            let of_constant = Kinds::of_constant(constant);
            let numeric = kinds.within(Kinds::NUMERIC) && of_constant.within(Kinds::NUMERIC);
            !(numeric || kinds == of_constant || of_constant == Kinds::MISSING || kinds == Kinds::NONE)
        };
        if own_faults {
            return None;
        }
        // Missing entries and dates compare as false.
        if let Op::Column(table, _) = self.nodes[id].op
            && *constant != Constant::Missing
            && comparison != Comparison::NotEqual
        {
            return Some(self.probe(Probe::Listed(table), 0.05_f64.min(share)));
        }
        match (comparison, constant) {
            (Comparison::Equal, Constant::Missing) => {
                if let Some(source) = self.text(id) {
                    return Some(self.probe(Probe::NoText(source), share));
                }
                let source = self.number(id)?;
                Some(self.probe(Probe::NoNumber(source), share))
            }
            (Comparison::Equal, Constant::Text(text)) => {
                let source = self.text(id)?;
                Some(self.probe(Probe::Equal(source, vec![Arc::clone(text)]), share))
            }
            (comparison, Constant::Integer(_) | Constant::Number(_) | Constant::Date(_)) => {
                let bound = match constant {
                    // Rounding may widen the bounds, which only adds visits.
                    Constant::Integer(integer) => *integer as f64,
                    Constant::Number(number) => *number,
                    Constant::Date(date) => date.days().into(),
                    _ => return None,
                };
                match comparison {
                    Comparison::Equal => self.between(id, bound, bound, share),
                    Comparison::Less | Comparison::LessOrEqual => {
                        self.between(id, f64::NEG_INFINITY, bound, share)
                    }
                    Comparison::Greater | Comparison::GreaterOrEqual => {
                        self.between(id, bound, f64::INFINITY, share)
                    }
                    Comparison::NotEqual => None,
                }
            }
            _ => None,
        }
    }

    fn between(&mut self, id: NodeId, low: f64, high: f64, share: f64) -> Option<Witness> {
        if !self.thresholds {
            return None;
        }
        let source = self.number(id)?;
        Some(self.probe(Probe::Between(source, low, high), share))
    }

    /// The source that a node of texts is, if it depends on one field.
    fn text(&mut self, id: NodeId) -> Option<u32> {
        if let Some(&known) = self.texts.get(&id) {
            return Some(known);
        }
        let node = &self.nodes[id];
        if !node.kinds.within(Kinds::TEXT.or(Kinds::MISSING)) || node.kinds == Kinds::MISSING {
            return None;
        }
        let mut inner = id;
        while let Op::Computed(_) = self.nodes[inner].op {
            inner = self.nodes[inner].args[0];
        }
        let source = match self.nodes[inner].op {
            Op::Field(field) => TextSource {
                field: self.facts.text_field(field)?,
                digits: match field {
                    FieldRef::Derived(derived) => derived.digits(),
                    _ => None,
                },
                computed: false,
                node: inner,
            },
            _ => TextSource { field: self.only_field(inner)?, digits: None, computed: true, node: inner },
        };
        let at = match self.texts.get(&inner) {
            Some(&known) => known,
            None => {
                self.sources.texts.push(source);
                self.sources.texts.len() as u32 - 1
            }
        };
        self.texts.insert(inner, at);
        self.texts.insert(id, at);
        Some(at)
    }

    /// The field of texts that a node depends on, if it depends on nothing else.
    fn only_field(&self, id: NodeId) -> Option<FieldId> {
        let mut fields = std::collections::BTreeSet::new();
        self.nodes.visit(id, |_, node| {
            match node.op {
                Op::Field(field) => _ = fields.insert(self.facts.text_field(field)),
                Op::Listed(_) | Op::Entry(_) => _ = fields.insert(None),
                _ => {}
            }
            !fields.contains(&None)
        });
        if fields.len() == 1 { fields.pop_first()? } else { None }
    }

    /// The source that a node of numbers or dates is.
    fn number(&mut self, id: NodeId) -> Option<u32> {
        if let Some(&known) = self.numbers.get(&id) {
            return Some(known);
        }
        let node = &self.nodes[id];
        let kinds = node.kinds.without(Kinds::MISSING);
        if kinds == Kinds::NONE || !(kinds.within(Kinds::NUMERIC) || kinds == Kinds::DATE) {
            return None;
        }
        // What costs much is computed where a rule asks for it, not on each line.
        if super::check::cost(self.nodes, id) > 60 {
            return None;
        }
        let field = match node.op {
            Op::Field(field) => Some(field),
            _ => None,
        };
        let at = self.sources.numbers.len() as u32;
        self.sources.numbers.push(NumberSource { field, node: id });
        self.numbers.insert(id, at);
        Some(at)
    }
}

fn text_of(constant: &Constant) -> Option<Arc<str>> {
    match constant {
        Constant::Text(text) => Some(Arc::clone(text)),
        _ => None,
    }
}

/// The text of one field, as the only value of a line.
struct OneText<'b>(Value<'b>);

impl<'b> LineSource<'b> for OneText<'b> {
    fn value(&self, field: FieldRef) -> Value<'b> {
        match (field, self.0) {
            (FieldRef::Derived(derived), Value::Text(text)) => {
                let part = derived.digits().and_then(|digits| text.get(..digits));
                part.map_or(Value::Missing, Value::Text)
            }
            (_, value) => value,
        }
    }

    fn entry(&self, _: usize) -> Option<u32> {
        None
    }

    fn entry_value(&self, _: usize, _: u32, _: usize) -> Value<'b> {
        Value::Missing
    }
}

impl Program {
    /// The texts on which probes look.
    pub fn text_sources(&self) -> &[TextSource] {
        &self.sources.texts
    }

    /// The numbers on which probes look.
    pub fn number_sources(&self) -> &[NumberSource] {
        &self.sources.numbers
    }

    /// What the finds look for; `None` where no index can look for it. See [`LineSource::found`].
    pub fn finds(&self) -> &[Option<Probe>] {
        &self.sources.finds
    }

    /// The witnesses of all rules, chosen by the share of lines that have each probe. Any choice gives the same
    /// answers; a good one visits fewer rules.
    pub fn witnesses_by(&self, shares: &dyn Fn(&Probe) -> f64) -> Vec<Option<Witness>> {
        Sources::of(self, &self.facts, Some(shares)).witnesses
    }

    /// The witnesses of all rules by rules of thumb, as [`Program::witness`] gives them.
    pub fn witnesses(&self) -> &[Option<Witness>] {
        &self.sources.witnesses
    }

    /// The witness of a rule by rules of thumb; `None` for a rule that is visited on each candidate line.
    pub fn witness(&self, rule: usize) -> Option<&Witness> {
        self.sources.witnesses[rule].as_ref()
    }

    /// Calls `use_it` with the text of a source that is computed, given the text of its field; `None` if it has none.
    ///
    /// # Errors
    ///
    /// The fault of what computes it: rules on this source must be visited.
    pub fn text_of<T>(
        &self,
        source: u32,
        field: Option<&str>,
        use_it: impl FnOnce(Option<&str>) -> T,
    ) -> Result<T, Fault> {
        let line = OneText(field.map_or(Value::Missing, Value::Text));
        let mut memo = Memo::default();
        let node = self.sources.texts[source as usize].node;
        let value = Evaluation { machine: &self.machine, source: &line, memo: &mut memo }.value(node)?;
        match value.single()? {
            Value::Text(text) => Ok(use_it(Some(text))),
            _ => Ok(use_it(None)),
        }
    }

    /// The number of a source on a line, not a number if it is missing. Dates count in days. A whole number is rounded
    /// to the nearest number.
    ///
    /// # Errors
    ///
    /// The fault of what computes it: rules on this source must be visited.
    pub fn number_of<'b, S: LineSource<'b>>(
        &'b self,
        source: u32,
        line: &S,
        memo: &mut Memo<'b>,
    ) -> Result<f64, Fault> {
        let node = self.sources.numbers[source as usize].node;
        let value = Evaluation { machine: &self.machine, source: line, memo }.value(node)?;
        Ok(match value {
            Val::Integer(integer) => integer as f64,
            Val::Number(number) => number,
            Val::Date(date) => date.days().into(),
            _ => f64::NAN,
        })
    }

    pub(crate) fn lookup_key(&self, table: u32) -> &[FieldRef] {
        &self.facts.lookup_keys[table as usize]
    }
}
