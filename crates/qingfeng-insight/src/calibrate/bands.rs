//! The numbers among which a rule with computed points chooses, where they stand in its file.
//!
//! A score such as `|d| if d.price < 0.4 { 44 } else if d.price < 0.8 { 26 } else { 9 }` gives one of three numbers, and each
//! can be replaced where it is written. Only such chains of `if` are read: of other expressions nobody can say which
//! number a line got. What was written is checked against what the pack means.

use std::collections::BTreeMap;
use std::ops::Range;

use qingfeng_rules::{Pack, Points};

/// A number of a rule: where it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// The number.
    pub points: i64,
    /// Where it stands in the file, in bytes.
    pub span: Range<usize>,
}

/// The numbers of each rule that chooses among some, by the rule's position in the pack. Rules that one call makes in a loop
/// share them, and are left out.
/// `text` gives the text of a file.
pub fn of_pack<'t>(pack: &Pack, text: &dyn Fn(&str) -> Option<&'t str>) -> BTreeMap<usize, Vec<Band>> {
    let place = |at: usize| (&pack.rules[at].place.file, pack.rules[at].place.span.start);
    let mut calls: BTreeMap<_, usize> = BTreeMap::new();
    (0..pack.rules.len()).for_each(|at| *calls.entry(place(at)).or_default() += 1);
    let of_rule = |at: usize| {
        let rule = &pack.rules[at];
        let is_alone = matches!(rule.points, Points::Computed(_)) && calls[&place(at)] == 1;
        let text = text(&rule.place.file).filter(|_| is_alone)?;
        // Places are counted without the mark of UTF-8.
        let mark = text.len() - text.trim_start_matches('\u{feff}').len();
        let mut tokens = Tokens { text, from: mark + rule.place.span.end };
        tokens.score()?;
        Some((at, tokens.chain()?))
    };
    (0..pack.rules.len()).filter_map(of_rule).collect()
}

/// The text with other numbers.
pub fn rewritten(text: &str, new: &[(Range<usize>, i64)]) -> String {
    let mut new = new.to_vec();
    new.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut text = text.to_owned();
    new.into_iter().for_each(|(span, points)| text.replace_range(span, &points.to_string()));
    text
}

/// Where the next token begins, and where it ends: a text, a word or number, or one sign. Comments and space are passed over.
fn token(text: &str, mut from: usize) -> Option<Range<usize>> {
    loop {
        let rest = text.get(from..)?;
        let space = rest.len() - rest.trim_start().len();
        let rest = &rest[space..];
        from += space;
        let comment = match rest {
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => rest.find("*/")? + 2,
            _ => 0,
        };
        if comment == 0 {
            let first = rest.chars().next()?;
            let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
            let length = match first {
                '"' | '`' | '\'' => {
                    let mut escaped = false;
                    let end = rest.char_indices().skip(1).find(|&(_, letter)| {
                        let ends = letter == first && !escaped;
                        escaped = letter == '\\' && !escaped;
                        ends
                    });
                    end?.0 + 1
                }
                _ if is_word(first) => rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()),
                _ => first.len_utf8(),
            };
            return Some(from..from + length);
        }
        from += comment;
    }
}

/// A text that is read token by token.
struct Tokens<'t> {
    text: &'t str,
    from: usize,
}

impl<'t> Tokens<'t> {
    fn next(&mut self) -> Option<(&'t str, Range<usize>)> {
        let at = token(self.text, self.from)?;
        self.from = at.end;
        Some((&self.text[at.clone()], at))
    }

    fn expect(&mut self, wanted: &str) -> Option<()> {
        (self.next()?.0 == wanted).then_some(())
    }

    /// A whole number that fills its block, up to the end of the block.
    fn number(&mut self) -> Option<Band> {
        let (first, mut span) = self.next()?;
        if first == "-" {
            span.end = self.next()?.1.end;
        }
        let points = self.text[span.clone()].replace(['_', ' '], "").parse().ok()?;
        self.expect("}")?;
        Some(Band { points, span })
    }

    /// A condition, up to the beginning of its block. One with a map or a block of its own is not read.
    fn condition(&mut self) -> Option<()> {
        let mut depth = 0;
        loop {
            match self.next()?.0 {
                "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                "{" if depth == 0 => return Some(()),
                "#" | ";" | "{" | "}" => return None,
                _ => {}
            }
        }
    }

    /// The numbers of a closure that is a chain of `if` with a number in each block, and nothing else.
    fn chain(&mut self) -> Option<Vec<Band>> {
        self.expect("|")?;
        self.next()?;
        self.expect("|")?;
        self.expect("if")?;
        let mut bands = Vec::new();
        loop {
            self.condition()?;
            bands.push(self.number()?);
            self.expect("else")?;
            match self.next()?.0 {
                "if" => {}
                "{" => break,
                _ => return None,
            }
        }
        bands.push(self.number()?);
        matches!(self.next()?.0, "," | "}").then_some(bands)
    }

    /// What stands under the key `score`, after the id of a rule.
    fn score(&mut self) -> Option<()> {
        let mut depth = 0;
        loop {
            match self.next()?.0 {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" if depth <= 1 => return None,
                ")" | "]" | "}" => depth -= 1,
                "score" if depth == 1 => return self.expect(":"),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
