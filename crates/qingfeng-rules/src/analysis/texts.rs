//! Comparisons of texts that miss what is meant: codes that do not exist, free text compared letter by letter, and
//! regular expressions that match the empty text.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::codes;
use crate::base::countries;
use crate::diagnostic::{Code, Diagnostic, Fix, Place, nearest};
use crate::lang::expr::{Comparison, Constant};
use crate::lang::functions::FUNCTIONS;
use crate::model::derived::FieldRef;
use crate::model::schema::{CodeList, Field, FieldId, Kind};
use crate::program::node::{NodeId, Op};

use super::Analysis;

/// Codes that people write for countries, and the ones that ISO 3166-1 has.
const COUNTRY_SLIPS: [(&str, &str); 6] =
    [("UK", "GB"), ("EL", "GR"), ("SP", "ES"), ("JA", "JP"), ("KO", "KR"), ("VI", "VN")];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The whole text.
    Whole,
    /// Its beginning.
    Beginning,
    /// Something within it, or its end.
    Within,
}

impl Analysis<'_> {
    pub(super) fn texts(&mut self) {
        let mut seen: BTreeSet<(u32, u32, u32)> = BTreeSet::new();
        for at in self.living() {
            let Some((root, _)) = self.rules[at].when else { continue };
            self.nodes().visit(root, |id, node| {
                let compares = matches!(
                    node.op,
                    Op::Compare(_) | Op::In | Op::Function(_) | Op::Switch(_) | Op::Matches(_)
                );
                if compares && seen.insert((node.span.file, node.span.start, node.span.end)) {
                    self.text_test(at, id);
                }
                true
            });
        }
    }

    fn text_test(&mut self, at: usize, id: NodeId) {
        if let Op::Matches(pattern) = &self.nodes()[id].op {
            let pattern = Arc::clone(pattern);
            self.empty_match(at, id, &pattern);
            return;
        }
        let canonical = self.terms.canonical(&self.apart.nodes, id, &mut self.canonical);
        if let Some((field, text)) = self.short_end(canonical) {
            self.code_range(at, id, field, &text);
            return;
        }
        let compared = self.texts_compared(canonical);
        let field = |analysis: &Self, node: NodeId| match analysis.terms.nodes[node].op {
            Op::Field(FieldRef::Declared(field)) => Some(field),
            _ => None,
        };
        let mut literal = None;
        for (node, text, asked) in compared {
            let Some(id_of_field) = field(self, node) else { continue };
            let definition = &self.pack.schema[id_of_field];
            let possible = asked == Asked::Whole && self.terms.why_never(node, &text, false).is_none();
            if definition.kind == Kind::Text && depends_on_form(&text) && literal.is_none() {
                literal = Some((id_of_field, Arc::clone(&text)));
            } else if possible {
                self.unknown_code(at, id, id_of_field, &text);
            }
        }
        if let Some((field, text)) = literal {
            self.literal_text(at, id, field, &text);
        }
    }

    /// The commodity code of which a test asks whether it comes before some digits or equals them, though it has more digits
    /// than these; and the digits.
    fn short_end(&self, canonical: NodeId) -> Option<(FieldRef, Arc<str>)> {
        let nodes = &self.terms.nodes;
        let node = &nodes[canonical];
        if node.op == Op::Not {
            return self.short_end(node.args[0]);
        }
        let Op::Compare(comparison) = node.op else { return None };
        let text = |id: NodeId| match nodes[id].constant() {
            Some(Constant::Text(text)) => Some(Arc::clone(text)),
            _ => None,
        };
        let (code, text, turned) = match (text(node.args[0]), text(node.args[1])) {
            (None, Some(text)) => (node.args[0], text, false),
            (Some(text), None) => (node.args[1], text, true),
            _ => return None,
        };
        // `code <= text`, or `code > text`, which asks the other way round.
        let asks_end = match comparison {
            Comparison::LessOrEqual | Comparison::Greater => !turned,
            Comparison::GreaterOrEqual | Comparison::Less => turned,
            Comparison::Equal | Comparison::NotEqual => return None,
        };
        let Op::Field(field) = nodes[code].op else { return None };
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let digits = match field {
            FieldRef::Declared(id) if self.pack.schema[id].codes == Some(CodeList::Hs) => 10,
            FieldRef::Derived(derived) => derived.digits()?,
            _ => return None,
        };
        // With more digits than the code has the end lies beyond the codes that begin it, whatever is asked.
        let is_short = (text.len() < digits && asks_end) || (text.len() > digits && digits < 10 && !asks_end);
        (is_number && is_short).then_some((field, text))
    }

    fn code_range(&mut self, at: usize, id: NodeId, field: FieldRef, text: &str) {
        let place = self.place_of(id);
        let name = self.pack.field_name(field);
        let title = format!("`{}` compares codes of different lengths letter by letter", self.source(&place));
        let note = format!("a code that begins with {text} and goes on comes after \"{text}\"");
        let schema = &self.pack.schema;
        let of_length = schema.derived().find(|derived| derived.digits() == Some(text.len()));
        let help = match of_length {
            Some(_) => format!("compare as many digits: write `d.hs{}` for `d.{name}`", text.len()),
            None => format!("compare as many digits of `d.{name}` as \"{text}\" has"),
        };
        self.say(Code::CodeRange, at, place, title, note, help);
    }

    /// The texts with which a test compares a node: each with the node, and what is asked.
    pub(super) fn texts_compared(&self, canonical: NodeId) -> Vec<(NodeId, Arc<str>, Asked)> {
        let nodes = &self.terms.nodes;
        let node = &nodes[canonical];
        let text = |id: NodeId| match nodes[id].constant() {
            Some(Constant::Text(text)) => Some(Arc::clone(text)),
            _ => None,
        };
        match &node.op {
            Op::Compare(Comparison::Equal | Comparison::NotEqual) => {
                let (a, b) = (node.args[0], node.args[1]);
                match (text(a), text(b)) {
                    (None, Some(text)) => vec![(a, text, Asked::Whole)],
                    (Some(text), None) => vec![(b, text, Asked::Whole)],
                    _ => Vec::new(),
                }
            }
            Op::In => {
                let (item, whole) = (node.args[0], node.args[1]);
                match nodes[whole].constant() {
                    Some(Constant::Array(items)) => items
                        .iter()
                        .filter_map(|value| match value {
                            Constant::Text(text) => Some((item, Arc::clone(text), Asked::Whole)),
                            _ => None,
                        })
                        .collect(),
                    _ => match text(item) {
                        // A part of a text, wherever it stands.
                        Some(part) if depends_on_form(&part) && is_free(&self.pack.schema, nodes, whole) => {
                            vec![(whole, part, Asked::Within)]
                        }
                        _ => Vec::new(),
                    },
                }
            }
            Op::Function(at) if matches!(FUNCTIONS[*at as usize].name, "starts_with" | "ends_with") => {
                let begins = FUNCTIONS[*at as usize].name == "starts_with";
                match text(node.args[1]) {
                    Some(text) if begins || is_free(&self.pack.schema, nodes, node.args[0]) => {
                        vec![(node.args[0], text, if begins { Asked::Beginning } else { Asked::Within })]
                    }
                    _ => Vec::new(),
                }
            }
            Op::Switch(table) => table
                .values
                .iter()
                .filter_map(|(value, _)| match value {
                    Constant::Text(text) => Some((node.args[0], Arc::clone(text), Asked::Whole)),
                    _ => None,
                })
                .collect(),
            // Folded: what the test asks the other way round.
            Op::Not => self.texts_compared(node.args[0]),
            _ => Vec::new(),
        }
    }

    fn unknown_code(&mut self, at: usize, id: NodeId, field: FieldId, text: &Arc<str>) {
        let definition: &Field = &self.pack.schema[field];
        let name = &definition.name;
        let reference = &self.pack.reference;
        let is_mode = self.pack.schema.keys.mode == Some(field) && !reference.modes.is_empty();
        let (what, meant) = match definition.codes {
            Some(list) if list.is_country() && !list.knows(text) => {
                let meant = COUNTRY_SLIPS.iter().find(|(slip, _)| **slip == **text).map(|&(_, code)| code);
                let meant = meant.map(|code| {
                    let title = countries::country(code).map_or("", |country| country.name);
                    (code.to_owned(), format!("{title} is `{code}`"))
                });
                ("ISO 3166-1 has no country".to_owned(), meant)
            }
            Some(CodeList::Hs) if !CodeList::Hs.knows(text) => {
                let digits = text.len();
                let meant = matches!(digits, 2 | 4).then(|| {
                    (
                        String::new(),
                        format!("write `d.hs{digits} == \"{text}\"`, or `d.{name}.starts_with(\"{text}\")`"),
                    )
                });
                ("a whole commodity code has 6, 8, 10, 12 or 13 digits, so none is".to_owned(), meant)
            }
            Some(CodeList::Table(list)) if !is_mode => {
                let known = definition.reading.known.as_ref();
                let found = known.and_then(|known| known.find(&codes::normal(text)));
                // Lists of offices and districts are never whole, and packs have codes of their own.
                let is_open = matches!(list, "customs-office" | "district");
                if found == Some(&**text) || found.is_none() && is_open {
                    return;
                }
                let meant = found.map(|code| (code.to_owned(), format!("the list has it as `{code}`")));
                (format!("the list `{list}` has no code"), meant)
            }
            None | Some(CodeList::Table(_)) if is_mode => {
                let members = || reference.modes.iter().flat_map(|group| &group.members);
                if members().any(|member| member.has(text)) {
                    return;
                }
                let near = nearest(text, members().map(|member| member.code.as_str()));
                let meant = near.map(|code| (code.to_owned(), format!("did you mean `{code}`?")));
                ("no group of `reference/modes.toml` has the mode".to_owned(), meant)
            }
            _ => return,
        };
        let place = self.place_of(id);
        let rule = self.rule(at);
        let title = format!("`{name}` is compared with `{text}`: {what} `{text}`");
        let mut item = Diagnostic::new(Code::UnknownCode, title)
            .at(self.text_place(&place, text), "")
            .about(&rule.id)
            .note("a line may carry a code that no list has, but hardly this one");
        if let Some((code, help)) = meant {
            if !code.is_empty()
                && let Some(quoted) = self.quoted(&place, text)
            {
                item = item.fix(Fix::suggested(format!("write `{code}`"), quoted, format!("\"{code}\"")));
            }
            item = item.help(help);
        }
        self.found.push(item);
    }

    fn literal_text(&mut self, at: usize, id: NodeId, field: FieldId, text: &str) {
        let definition = &self.pack.schema[field];
        let name = &definition.name;
        let place = self.place_of(id);
        let title = format!("`{}` depends on how people write `{name}`", self.source(&place));
        let note = format!(
            "`{name}` is free text: another case, a wide letter or a second blank in it, and this finds nothing"
        );
        let word = text.trim();
        let help = format!("write `d.{name}.has_word(\"{word}\")`, which folds case, width and blanks");
        self.say(Code::LiteralText, at, place, title, note, help);
    }

    fn empty_match(&mut self, at: usize, id: NodeId, pattern: &str) {
        let built =
            regex::RegexBuilder::new(pattern).size_limit(crate::base::limits::REGEX_BYTES_MAX).build();
        if !built.is_ok_and(|regex| regex.is_match("")) {
            return;
        }
        let place = self.place_of(id);
        let anchored = pattern.starts_with('^') && pattern.ends_with('$');
        let note = if anchored {
            "no field is ever the empty text: what is left empty is missing"
        } else {
            "what matches nothing at all matches somewhere in every text, so this holds wherever the field is given"
        };
        let title = format!("the regular expression `{pattern}` matches the empty text");
        let help = "write `+` in the place of `*`, or `!= ()` if that is meant";
        self.say(Code::EmptyMatch, at, place, title, note, help);
    }

    /// The place of a text in quotes within a place.
    fn quoted(&self, place: &Place, text: &str) -> Option<Place> {
        let source = self.pack.warnings.sources.text(&place.file)?.get(place.span.clone())?;
        let quoted = format!("\"{text}\"");
        let at = place.span.start + source.find(&quoted)?;
        Some(Place { file: Arc::clone(&place.file), span: at..at + quoted.len() })
    }

    fn text_place(&self, place: &Place, text: &str) -> Place {
        self.quoted(place, text).unwrap_or_else(|| place.clone())
    }
}

fn is_free(schema: &crate::model::schema::Schema, nodes: &crate::program::node::Nodes, node: NodeId) -> bool {
    matches!(nodes[node].op, Op::Field(FieldRef::Declared(field)) if schema[field].kind == Kind::Text)
}

/// Whether a text can be written in another case or width, or with other blanks.
fn depends_on_form(text: &str) -> bool {
    text.chars().any(|letter| {
        letter.is_whitespace()
            || letter.is_lowercase()
            || letter.is_uppercase()
            || matches!(letter, '\u{ff01}'..='\u{ff5e}')
    })
}
