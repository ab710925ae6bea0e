//! Keys of rules as formulas, and keys that no code reaches.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use crate::base::value::Date;
use crate::diagnostic::Code;
use crate::lang::rule::{KeyValue, Rule};
use crate::model::derived::FieldRef;
use crate::model::reference::{Key, Member};
use crate::model::schema::FieldId;
use crate::pack::Pack;

use super::Analysis;
use super::set::{End, Intervals, Num, NumberCut, Set, TextCut, Values};
use super::terms::{Formula, Shape, TermId, Terms, all, any, constant};

/// A part of a key: its number, which equal parts share, and where it fits.
pub(super) type KeyPart = (u32, Formula);

/// The parts of keys: each is made once, and which lies within which is asked of nearly all pairs of rules.
#[derive(Default)]
pub(super) struct Keys {
    known: BTreeMap<(Key, String), KeyPart>,
    extents: Vec<Extent>,
    /// Whether one part fits only where another does, where that had to be proved.
    within: HashMap<(u32, u32), bool>,
    /// The values of a part, each as a part by itself.
    values: HashMap<u32, Rc<[KeyPart]>>,
    /// Whether two parts fit one line.
    meets: HashMap<(u32, u32), bool>,
}

/// Where a part of a key fits, in a form that is compared without a proof.
#[derive(Clone)]
enum Extent {
    /// Everywhere.
    All,
    /// As the day has it, or by several fields: not compared here.
    Timed,
    Codes(Codes),
    /// Nothing that is compared without a proof.
    Other,
}

/// The codes of one field.
#[derive(Clone)]
struct Codes {
    term: TermId,
    missing: bool,
    /// Whether no value of the field is beyond them.
    is_all: bool,
    /// From where to where, both as positions in the order of all places at which a part of a key on the same field begins
    /// or ends.
    ranges: Rc<[(u32, u32)]>,
}

impl Codes {
    fn within(&self, outer: &Self) -> bool {
        let mut wider = outer.ranges.iter();
        let mut last = wider.next();
        let fits = self.ranges.iter().all(|(from, to)| {
            while let Some((_, end)) = last
                && end < to
            {
                last = wider.next();
            }
            last.is_some_and(|(start, _)| start <= from)
        });
        fits && (outer.missing || !self.missing)
    }
}

impl Keys {
    pub fn of(&mut self, pack: &Pack, terms: &mut Terms<'_>, rule: &Rule) -> [KeyPart; 4] {
        Key::ALL.map(|key| self.part(pack, terms, key, rule.key(key)))
    }

    fn part(&mut self, pack: &Pack, terms: &mut Terms<'_>, key: Key, values: &[KeyValue]) -> KeyPart {
        let name = format!("{values:?}");
        let next = self.known.len() as u32;
        self.known.entry((key, name)).or_insert_with(|| (next, fits(pack, terms, key, values))).clone()
    }

    /// Prepares the parts that were made so far for being compared.
    pub fn compare(&mut self, terms: &Terms<'_>) {
        let codes = |part: &Formula| match &**part {
            Shape::Literal(term, set) => {
                let universe = terms.universe(*term);
                let is_all = universe.within(set);
                let set = set.intersection(universe);
                match set.values {
                    Values::Texts(texts) => Some((*term, set.missing, is_all, texts)),
                    _ => None,
                }
            }
            _ => None,
        };
        let parts: Vec<(u32, &Formula)> = self.known.values().map(|(number, part)| (*number, part)).collect();
        let mut places: BTreeMap<TermId, Vec<End<TextCut>>> = BTreeMap::new();
        for (term, _, _, texts) in parts.iter().filter_map(|(_, part)| codes(part)) {
            places.entry(term).or_default().extend(texts.0.into_iter().flat_map(|(from, to)| [from, to]));
        }
        for of_term in places.values_mut() {
            of_term.sort_unstable();
            of_term.dedup();
        }
        self.extents = vec![Extent::Other; parts.len()];
        for (number, part) in parts {
            self.extents[number as usize] = match (&**part, codes(part)) {
                (Shape::Constant(true), _) => Extent::All,
                (Shape::And(_) | Shape::Or(_), _) => Extent::Timed,
                (_, Some((term, missing, is_all, texts))) => {
                    let places = &places[&term];
                    let place = |end: &End<TextCut>| places.partition_point(|of| of < end) as u32;
                    let ranges = texts.0.iter().map(|(from, to)| (place(from), place(to))).collect();
                    Extent::Codes(Codes { term, missing, is_all, ranges })
                }
                _ => Extent::Other,
            };
        }
    }

    /// Whether one part fits only where the other does, as far as the other does not depend on the day; `None` where that
    /// must be proved.
    pub fn within(&self, inner: u32, outer: u32) -> Option<bool> {
        if inner == outer {
            return Some(true);
        }
        match (&self.extents[inner as usize], &self.extents[outer as usize]) {
            (_, Extent::All | Extent::Timed) => Some(true),
            (Extent::All, Extent::Codes(outer)) => Some(outer.is_all),
            (Extent::Codes(inner), Extent::Codes(outer)) if inner.term == outer.term => {
                Some(inner.within(outer))
            }
            _ => self.within.get(&(inner, outer)).copied(),
        }
    }

    /// Notes what was proved.
    pub fn proved(&mut self, inner: u32, outer: u32, within: bool) {
        self.within.insert((inner, outer), within);
    }

    /// The values of a part of a rule's key that fit a line which the other part fits, too.
    pub fn common(
        &mut self,
        pack: &Pack,
        terms: &mut Terms<'_>,
        (key, values): (Key, &[KeyValue]),
        part: u32,
        other: &KeyPart,
    ) -> Vec<KeyValue> {
        let singles = match self.values.get(&part) {
            Some(singles) => Rc::clone(singles),
            None => {
                let each =
                    values.iter().map(|value| self.part(pack, terms, key, std::slice::from_ref(value)));
                let singles: Rc<[KeyPart]> = each.collect();
                self.values.insert(part, Rc::clone(&singles));
                singles
            }
        };
        let mut meets = |single: &KeyPart| {
            let known = self.meets.entry((single.0, other.0));
            *known.or_insert_with(|| !terms.never(&[(&single.1, true), (&other.1, true)]))
        };
        let common = values.iter().zip(&*singles).filter(|(_, single)| meets(single));
        common.map(|(value, _)| value.clone()).collect()
    }
}

/// Where a part of a key fits: where the line's code is one of the values. No value means any.
fn fits(pack: &Pack, terms: &mut Terms<'_>, key: Key, values: &[KeyValue]) -> Formula {
    if values.is_empty() {
        return constant(true);
    }
    let keys = &pack.schema.keys;
    let field = match key {
        Key::Region => keys.region,
        Key::Commodity => keys.commodity,
        Key::Mode => keys.mode,
        // Sites are looked up in several fields; each value is a test of its own.
        Key::Site => None,
    };
    let Some(field) = field else {
        return any(values.iter().map(|value| terms.other(format!("site {value:?}"))).collect());
    };
    let mut codes = Vec::new();
    let mut timed = Vec::new();
    for value in values {
        match value {
            KeyValue::Group(group) => {
                for member in &pack.reference.groups(key)[*group].members {
                    if member.from.is_none() && member.until.is_none() {
                        codes.push(code_set(member.code.as_str().into(), member.prefix));
                    } else {
                        timed.push(member);
                    }
                }
            }
            KeyValue::Code(code) => codes.push(code_set(code.as_str().into(), key == Key::Commodity)),
            KeyValue::SiteKind(_) => {}
        }
    }
    let node = terms.field(FieldRef::Declared(field));
    let mut parts = vec![terms.literal(node, Set::of(Values::Texts(Intervals::union(codes))))];
    parts.extend(timed.into_iter().map(|member| while_member(pack, terms, field, member)));
    any(parts)
}

fn code_set(code: Arc<str>, prefix: bool) -> Intervals<TextCut> {
    if prefix { Intervals::prefix(&code) } else { Intervals::text(&code) }
}

fn while_member(pack: &Pack, terms: &mut Terms<'_>, field: FieldId, member: &Member) -> Formula {
    let node = terms.field(FieldRef::Declared(field));
    let code = Set::of(Values::Texts(code_set(member.code.as_str().into(), member.prefix)));
    let code = terms.literal(node, code);
    all(vec![code, valid(pack, terms, member.from, member.until)])
}

/// Where a validity holds: on its days, and where the line has none.
pub(super) fn valid(pack: &Pack, terms: &mut Terms<'_>, from: Option<Date>, until: Option<Date>) -> Formula {
    let (Some(date), true) = (pack.schema.date, from.is_some() || until.is_some()) else {
        return constant(true);
    };
    let cut = |day: Date, after| {
        // Between days there is one place only.
        let at = Num::Integer(i64::from(day.days()) + i64::from(after));
        End::At(NumberCut { at, after: false })
    };
    let from = from.map_or(End::Start, |day| cut(day, false));
    let until = until.map_or(End::Finish, |day| cut(day, true));
    let node = terms.field(FieldRef::Declared(date));
    let values = Values::Numbers(Intervals::between(from, until));
    terms.literal(node, Set { missing: true, fault: false, values })
}

/// Chapters of the Harmonized System that have no goods: 77 is reserved, 00 is none (WCO, HS nomenclature 2022).
const EMPTY_CHAPTERS: [&str; 2] = ["00", "77"];

impl Analysis<'_> {
    /// Keys that no code reaches, and validities that are over.
    pub(super) fn keys(&mut self, as_of: Option<Date>) {
        for at in self.living() {
            let rule = self.rule(at);
            self.terms.next_rule();
            if let (Some(until), Some(as_of)) = (rule.until, as_of)
                && until < as_of
            {
                let title = format!("the rule `{}` ended on {until}", rule.id);
                let note = format!("it fires on no declaration made after that day; judged as of {as_of}");
                let help = "give it a later day, or `status: \"retired\"` to keep it for the record";
                self.say(Code::ExpiredRule, at, self.key_place(at, "until"), title, note, help);
            }
            for (part, key) in Key::ALL.into_iter().enumerate() {
                self.unreachable_part(at, part, key);
            }
        }
    }

    fn unreachable_part(&mut self, at: usize, part: usize, key: Key) {
        let rule = self.rule(at);
        let name = key.name();
        let all_values = rule.key(key);
        let dead: Vec<String> =
            all_values.iter().filter_map(|value| self.why_unreachable(at, key, value)).collect();
        let count = all_values.len();
        let together = Rc::clone(&self.rules[at].key[part].1);
        let valid = Rc::clone(&self.rules[at].valid);
        // A line without a day is judged as if every membership held; of those that have one it may be that none fits.
        let dated = self.pack.schema.date.map(|date| {
            let node = self.terms.field(FieldRef::Declared(date));
            let term = self.terms.field_term(FieldRef::Declared(date));
            let present = Set::present(self.terms.universe(term));
            self.terms.literal(node, present)
        });
        let dated = dated.unwrap_or_else(|| constant(true));
        let never = count > 0 && self.terms.never(&[(&together, true), (&valid, true), (&dated, true)]);
        if dead.is_empty() && !never {
            return;
        }
        let title = if dead.len() == count && !self.only_undated(all_values, key) {
            format!("no declaration reaches the rule `{}`: nothing fits its `{name}`", rule.id)
        } else if never {
            format!("no declaration with a date reaches the rule `{}`: nothing fits its `{name}`", rule.id)
        } else {
            let noun = if dead.len() == 1 { "one of the values" } else { "some of the values" };
            format!("{noun} of `{name}` of the rule `{}` fits no declaration", rule.id)
        };
        let why = if dead.is_empty() {
            "its members belong to it only on days on which the rule is not in force".to_owned()
        } else {
            dead.join("; ")
        };
        self.say(Code::UnreachableKey, at, self.key_place(at, name), title, why, None);
    }

    /// Whether a declaration without a date fits one of the values.
    fn only_undated(&self, values: &[KeyValue], key: Key) -> bool {
        let groups = self.pack.reference.groups(key);
        values.iter().any(|value| match value {
            KeyValue::Group(group) => {
                let timed = |member: &Member| member.from.is_some() || member.until.is_some();
                groups[*group].members.iter().any(|member| timed(member) && !is_empty_chapter(&member.code))
            }
            _ => false,
        })
    }

    /// Why a value of a key fits no line while the rule is in force.
    fn why_unreachable(&self, at: usize, key: Key, value: &KeyValue) -> Option<String> {
        let pack = self.pack;
        match value {
            KeyValue::Group(group) => {
                let group = &pack.reference.groups(key)[*group];
                if group.members.is_empty() {
                    return Some(format!("`{}` has no members", group.name));
                }
                let rule = self.rule(at);
                let meets = |member: &Member| {
                    let starts = member.from.max(rule.from);
                    let ends = match (member.until, rule.until) {
                        (Some(a), Some(b)) => Some(a.min(b)),
                        (a, b) => a.or(b),
                    };
                    !matches!((starts, ends), (Some(starts), Some(ends)) if starts > ends)
                };
                let over = !group.members.iter().any(meets);
                let of_no_goods = key == Key::Commodity
                    && group.members.iter().all(|member| is_empty_chapter(&member.code));
                if over {
                    Some(format!("`{}` has no members on the days on which the rule is in force", group.name))
                } else if of_no_goods {
                    Some(format!("`{}` has only chapters without goods", group.name))
                } else {
                    None
                }
            }
            KeyValue::Code(code) if key == Key::Commodity && is_empty_chapter(code) => {
                Some(format!("the Harmonized System has no goods in chapter {}", &code[..2]))
            }
            KeyValue::Code(_) | KeyValue::SiteKind(_) => None,
        }
    }
}

fn is_empty_chapter(code: &str) -> bool {
    code.get(..2).is_some_and(|chapter| EMPTY_CHAPTERS.contains(&chapter))
}
