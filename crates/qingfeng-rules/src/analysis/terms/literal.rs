//! Literals in their simplest form: that the value of a node is in a set.

use std::rc::Rc;
use std::sync::Arc;

use super::super::set::{
    End, FALSE, Intervals, Num, NumberCut, Set, TRUE, TextCut, TextSide, Values, prefix_text, single_text,
};
use super::Terms;
use super::formula::{Formula, Shape, constant};
use crate::lang::expr::{Comparison, Constant};
use crate::lang::functions::FUNCTIONS;
use crate::model::derived::FieldRef;
use crate::model::schema::Kind;
use crate::program::node::{Kinds, NodeId, Op, Special};

impl Terms<'_> {
    /// Where the value of a node is in the set.
    pub fn literal(&mut self, node: NodeId, set: Set) -> Formula {
        if let Some(value) = self.nodes[node].constant() {
            return match membership(value, &set) {
                Some(holds) => constant(holds),
                None => self.other(format!("constant {}", node.0)),
            };
        }
        match self.nodes[node].op.clone() {
            // `value ?? constant`
            Op::Coalesce if self.nodes[node].args.len() == 2 => {
                let (first, second) = (self.nodes[node].args[0], self.nodes[node].args[1]);
                let same = self.nodes[first].kinds.without(Kinds::MISSING).within(self.nodes[node].kinds)
                    && kind_of(self.nodes[first].kinds) == kind_of(self.nodes[node].kinds);
                if let Some(value) = self.nodes[second].constant()
                    && same
                    && let Some(missing) = membership(value, &set)
                {
                    return self.literal(first, Set { missing, ..set });
                }
            }
            Op::Field(FieldRef::Derived(derived)) => {
                if let (Some(digits), Values::Texts(texts), Some(hs)) =
                    (derived.digits(), &set.values, self.facts.schema.keys.commodity)
                {
                    let inside = digit_prefixes(texts, digits);
                    let outside = digit_prefixes(&texts.complement(), digits);
                    let hs = self.field(FieldRef::Declared(hs));
                    if let (Some(prefixes), false) = (inside, set.missing) {
                        return self.literal(hs, Set::of(Values::Texts(prefixes)));
                    }
                    if let (Some(prefixes), true) = (outside, set.missing) {
                        let values = Values::Texts(prefixes.complement());
                        return self.literal(hs, Set { missing: true, fault: false, values });
                    }
                }
            }
            _ => {}
        }
        let term = self.term(node);
        // A length and a part of a date are missing only where the text and the date are.
        if matches!(self.nodes[node].op, Op::DatePart(_) | Op::Special(Special::Len))
            && !self.nodes[node].fallible
            && !set.missing
            && Set::present(self.universe(term)).within(&set)
        {
            let inner = self.nodes[node].args[0];
            let of_inner = self.term(inner);
            let present = Set::present(self.universe(of_inner));
            return self.literal(inner, present);
        }
        let mut set = set.intersection(self.universe(term));
        if let Values::Texts(texts) = &set.values {
            // What the node never has may as well be in the set, if it is all that keeps it from being everything.
            let outside = self.admissible(node, &texts.complement());
            set.values = Values::Texts(if outside.is_empty() {
                Intervals::all()
            } else {
                self.admissible(node, texts)
            });
            set = set.intersection(self.universe(term));
        }
        if set.is_empty() {
            return constant(false);
        }
        if self.universe(term).within(&set) {
            return constant(true);
        }
        Rc::new(Shape::Literal(term, Rc::new(set)))
    }

    /// The texts of a set that the node can have: a code has no lower case letters, for one.
    fn admissible(&self, node: NodeId, texts: &Intervals<TextCut>) -> Intervals<TextCut> {
        let kept = texts.0.iter().filter(|interval| {
            if let Some(text) = single_text(interval) {
                return self.why_never(node, text, false).is_none();
            }
            prefix_text(interval).is_none_or(|prefix| self.why_never(node, prefix, true).is_none())
        });
        Intervals(kept.cloned().collect())
    }

    /// Why a node never has a text, or none that begins with it; `None` if it can have.
    pub fn why_never(&self, node: NodeId, text: &str, prefix: bool) -> Option<String> {
        match &self.nodes[node].op {
            Op::Function(at) => {
                let (cased, name) = match FUNCTIONS[*at as usize].name {
                    "to_lower" => (text.to_lowercase(), "lower"),
                    "to_upper" => (text.to_uppercase(), "upper"),
                    _ => return None,
                };
                // The last letter of a beginning may depend on what follows it.
                let differs = cased != text && (!prefix || text.is_ascii());
                differs
                    .then(|| format!("`to_{name}()` gives {name} case letters, and `\"{text}\"` has others"))
            }
            Op::Field(FieldRef::Derived(derived)) => {
                let digits = derived.digits()?;
                let fits = if prefix { text.len() <= digits } else { text.len() == digits };
                (!fits).then(|| format!("`{}` always has {digits} digits", derived.name()))
            }
            Op::Field(FieldRef::Declared(_)) => {
                let field = self.declared(node)?;
                let name = &field.name;
                if text.trim_start() != text || (!prefix && text.trim_end() != text) {
                    return Some(format!("blanks around `{name}` are removed when it is read"));
                }
                if !prefix && text.is_empty() {
                    return Some(format!("an empty `{name}` is missing: compare it with `()`"));
                }
                if field.kind != Kind::Code {
                    return None;
                }
                let upper = text.to_uppercase();
                if upper != text && (!prefix || text.is_ascii()) {
                    return Some(format!("`{name}` is a code, and codes are in upper case: `\"{upper}\"`"));
                }
                let list = field.codes?;
                let canonical = list.canonical(text);
                let differs = if prefix {
                    text.contains(['.', ' ']) && list == crate::model::schema::CodeList::Hs
                } else {
                    canonical != text
                };
                differs.then(|| format!("`{name}` is brought to one form when it is read: `\"{canonical}\"`"))
            }
            _ => None,
        }
    }
}

/// Which kind of values a set of kinds has.
fn kind_of(kinds: Kinds) -> u8 {
    let kinds = kinds.without(Kinds::MISSING);
    if kinds.within(Kinds::NUMERIC) {
        0
    } else if kinds == Kinds::TEXT {
        1
    } else if kinds == Kinds::DATE {
        2
    } else if kinds.is_flag() {
        3
    } else {
        4
    }
}

/// The prefixes of codes whose first digits are one of these texts, if the set is a list of texts.
fn digit_prefixes(texts: &Intervals<TextCut>, digits: usize) -> Option<Intervals<TextCut>> {
    let texts = texts.texts()?;
    Some(Intervals::union(texts.into_iter().filter(|text| text.len() == digits).map(Intervals::prefix)))
}

/// Whether a constant is in the set; `None` where it is of another kind.
fn membership(value: &Constant, set: &Set) -> Option<bool> {
    let values = match value {
        Constant::Missing => return Some(set.missing),
        Constant::Integer(_) | Constant::Number(_) => {
            let number = number_of(value)?;
            Values::Numbers(Intervals::between(cut(number, false), cut(number, true)))
        }
        Constant::Date(date) => {
            let day = Num::Integer(date.days().into());
            Values::Numbers(Intervals::between(cut(day, false), cut(day, true)))
        }
        Constant::Text(text) => Values::Texts(Intervals::text(text)),
        Constant::Flag(flag) => Values::Bits(if *flag { TRUE } else { FALSE }),
        Constant::Array(_) | Constant::Map(_) | Constant::Function(..) => return None,
    };
    if std::mem::discriminant(&values) != std::mem::discriminant(&set.values) {
        return None;
    }
    Some(!Set::of(values).intersection(set).is_empty())
}

pub(super) fn number_of(value: &Constant) -> Option<Num> {
    match value {
        Constant::Integer(integer) => Some(Num::Integer(*integer)),
        Constant::Number(number) => Some(Num::Number(*number)),
        _ => None,
    }
}

pub(super) fn cut(at: Num, after: bool) -> End<NumberCut> {
    End::At(NumberCut { at, after })
}

/// The place before or after a bound; between whole numbers there is one place only.
pub(super) fn cut_of(bound: Num, after: bool, whole: bool) -> End<NumberCut> {
    if !whole {
        return cut(bound, after);
    }
    let next = match bound {
        Num::Integer(integer) => {
            if !after {
                return cut(bound, false);
            }
            integer.checked_add(1)
        }
        Num::Number(number) => {
            const RANGE: f64 = 9_223_372_036_854_775_808.0;
            let up = number.ceil();
            if up >= RANGE {
                return End::Finish;
            }
            if up < -RANGE {
                return End::Start;
            }
            let up_whole = up as i64;
            if after && up == number { up_whole.checked_add(1) } else { Some(up_whole) }
        }
    };
    next.map_or(End::Finish, |next| cut(Num::Integer(next), false))
}

/// The texts that compare so with a text, byte by byte.
pub(super) fn text_set(comparison: Comparison, text: &Arc<str>) -> Intervals<TextCut> {
    let at = |side| End::At(TextCut { at: Arc::clone(text), side });
    let (before, after) = (at(TextSide::Before), at(TextSide::After));
    match comparison {
        Comparison::Equal => Intervals::text(text),
        Comparison::NotEqual => Intervals::text(text).complement(),
        Comparison::Less => Intervals::between(End::Start, before),
        Comparison::LessOrEqual => Intervals::between(End::Start, after),
        Comparison::Greater => Intervals::between(after, End::Finish),
        Comparison::GreaterOrEqual => Intervals::between(before, End::Finish),
    }
}
