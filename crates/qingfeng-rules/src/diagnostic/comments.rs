//! Where the comments of a file stand, and what stands below them: rule files and TOML, read by their signs alone.
//!
//! Files are read here before it is known whether they are right, so nothing in them is relied on: whatever is not
//! closed ends with the file.

use std::ops::Range;

use toml_parser::lexer::TokenKind as TomlKind;

use crate::base::tokens::{TokenKind, tokens};

/// The word by which a comment is known as one to us.
pub(super) const NAME: &str = "qingfeng";

/// A comment to the end of its line in which our name stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Comment {
    /// From the sign that begins it to the end of the line.
    pub span: Range<usize>,
    /// Where its text begins.
    pub text: usize,
    /// What it refers to: the call of `rule` or `field` in which it stands, the statement, line or table below it.
    /// None where it stands behind something, or above nothing.
    pub scope: Option<Range<usize>>,
}

/// A sign of a file, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sign {
    /// `(`, `[`, `{`, `#{`, `${`.
    Open,
    /// The same, where statements may stand in it.
    OpenBlock,
    Close,
    Semicolon,
    Word,
    LineEnd,
    Other,
}

struct Token {
    sign: Sign,
    span: Range<usize>,
}

/// A comment that was read, and how many tokens were read before it.
struct Found {
    span: Range<usize>,
    text: usize,
    at: usize,
    is_first_on_line: bool,
}

struct Read<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    found: Vec<Found>,
}

impl<'t> Read<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, tokens: Vec::new(), found: Vec::new() }
    }

    fn push(&mut self, sign: Sign, span: Range<usize>) {
        self.tokens.push(Token { sign, span });
    }

    /// Keeps the comment that begins here with a sign of this length in bytes, if it is addressed to the checker.
    fn comment(&mut self, start: usize, sign: usize) {
        let text = self.text;
        let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        if text[start..end].to_ascii_lowercase().contains(NAME) {
            let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
            let span = start..start + text[start..end].trim_end().len();
            let is_first_on_line = text[line_start..start].trim().is_empty();
            self.found.push(Found { span, text: start + sign, at: self.tokens.len(), is_first_on_line });
        }
    }

    /// The text of a token; empty behind the last one.
    fn sign(&self, at: usize) -> &'t str {
        self.tokens.get(at).map_or("", |token| &self.text[token.span.clone()])
    }

    fn comments(&self, scope: impl Fn(usize, &Found) -> Option<Range<usize>>) -> Vec<Comment> {
        self.found
            .iter()
            .enumerate()
            .map(|(at, found)| Comment {
                span: found.span.clone(),
                text: found.text,
                // What is said of a whole file is said of its beginning.
                scope: scope(at, found).map(|scope| scope.start.min(found.span.start)..scope.end),
            })
            .collect()
    }
}

pub(super) fn of_rules(text: &str) -> Vec<Comment> {
    let read = read_rules(text);
    let calls = enclosing_calls(&read);
    read.comments(|at, found| {
        calls[at].clone().or_else(|| statement(&read, found.at).filter(|_| found.is_first_on_line))
    })
}

fn read_rules(text: &str) -> Read<'_> {
    let mut read = Read::new(text);
    for token in tokens(text) {
        let sign = match token.kind {
            TokenKind::Comment => {
                read.comment(token.span.start, 2);
                continue;
            }
            TokenKind::BlockComment => continue,
            TokenKind::Open | TokenKind::Interpolation => Sign::Open,
            TokenKind::OpenBlock => Sign::OpenBlock,
            TokenKind::Close => Sign::Close,
            TokenKind::Semicolon => Sign::Semicolon,
            TokenKind::Word => Sign::Word,
            TokenKind::Text | TokenKind::Sign => Sign::Other,
        };
        read.push(sign, token.span);
    }
    read
}

/// For each comment the call of `rule` or `field` in which it stands, the innermost.
fn enclosing_calls(read: &Read<'_>) -> Vec<Option<Range<usize>>> {
    let end = read.tokens.last().map_or(0, |token| token.span.end);
    // The brackets that are open; of those of calls, where the call begins, and the comments that stand in it.
    let mut open: Vec<Option<(usize, Vec<usize>)>> = Vec::new();
    let mut calls = vec![None; read.found.len()];
    let close = |call: Option<(usize, Vec<usize>)>, end: usize, calls: &mut [Option<Range<usize>>]| {
        let Some((start, inside)) = call else { return };
        inside.into_iter().for_each(|comment| calls[comment] = Some(start..end));
    };
    let mut comments = read.found.iter().enumerate().peekable();
    for at in 0..=read.tokens.len() {
        while let Some((comment, _)) = comments.next_if(|(_, found)| found.at == at) {
            if let Some((_, inside)) = open.iter_mut().rev().flatten().next() {
                inside.push(comment);
            }
        }
        let Some(token) = read.tokens.get(at) else { break };
        match token.sign {
            Sign::Open => open.push(callee(read, at).map(|start| (start, Vec::new()))),
            Sign::OpenBlock => open.push(None),
            Sign::Close => close(open.pop().flatten(), token.span.end, &mut calls),
            _ => {}
        }
    }
    open.into_iter().for_each(|call| close(call, end, &mut calls));
    calls
}

/// The start of the word `rule` or `field` that a bracket follows.
fn callee(read: &Read<'_>, bracket: usize) -> Option<usize> {
    let word = read.tokens.get(bracket.checked_sub(1)?)?;
    let is_call = read.sign(bracket) == "(" && matches!(read.sign(bracket - 1), "rule" | "field" | "total");
    is_call.then_some(word.span.start)
}

fn statement(read: &Read<'_>, first: usize) -> Option<Range<usize>> {
    let start = read.tokens.get(first).filter(|token| token.sign != Sign::Close)?.span.start;
    let ends_with_block = matches!(
        read.sign(first),
        "fn" | "private" | "for" | "while" | "loop" | "if" | "switch" | "do" | "{"
    );
    let mut depth = 0_usize;
    let mut end = start;
    for (at, token) in read.tokens.iter().enumerate().skip(first) {
        match token.sign {
            Sign::Open | Sign::OpenBlock => depth += 1,
            Sign::Close if depth == 0 => break,
            Sign::Close => depth -= 1,
            _ => {}
        }
        end = token.span.end;
        let block_ends = ends_with_block
            && read.sign(at) == "}"
            && !matches!(read.sign(at + 1), "else" | "while" | "until");
        if depth == 0 && (token.sign == Sign::Semicolon || block_ends) {
            break;
        }
    }
    Some(start..end)
}

pub(super) fn of_toml(text: &str) -> Vec<Comment> {
    let read = read_toml(text);
    read.comments(|_, found| {
        let empty = read.tokens[found.at..].iter().take_while(|token| token.sign == Sign::LineEnd).count();
        table_or_line(&read.tokens, found.at + empty).filter(|_| found.is_first_on_line)
    })
}

fn read_toml(text: &str) -> Read<'_> {
    let mut read = Read::new(text);
    // Within the value of a key a bracket begins no table.
    let mut depth = 0_usize;
    for token in toml_parser::Source::new(text).lex() {
        let span = token.span().start()..token.span().end();
        let sign = match token.kind() {
            TomlKind::Comment => {
                read.comment(span.start, 1);
                continue;
            }
            TomlKind::Whitespace | TomlKind::Eof => continue,
            TomlKind::Newline => Sign::LineEnd,
            TomlKind::LeftSquareBracket | TomlKind::LeftCurlyBracket => {
                depth += 1;
                let begins_line = read.tokens.last().is_none_or(|token| token.sign == Sign::LineEnd);
                if begins_line && depth == 1 { Sign::OpenBlock } else { Sign::Open }
            }
            TomlKind::RightSquareBracket | TomlKind::RightCurlyBracket => {
                depth = depth.saturating_sub(1);
                Sign::Close
            }
            _ => Sign::Other,
        };
        read.push(sign, span);
    }
    read
}

/// The table whose header begins with this token, to the next one; otherwise the line, with the lines that belong
/// to its value.
fn table_or_line(tokens: &[Token], first: usize) -> Option<Range<usize>> {
    let is_header = |token: &Token| token.sign == Sign::OpenBlock;
    let start = tokens.get(first).filter(|token| token.sign != Sign::Close)?;
    let mut end = start.span.start;
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(first) {
        if is_header(start) && at > first && is_header(token) {
            break;
        }
        match token.sign {
            Sign::Open | Sign::OpenBlock => depth += 1,
            Sign::Close if depth == 0 => break,
            Sign::Close => depth -= 1,
            Sign::LineEnd if depth == 0 && !is_header(start) => break,
            _ => {}
        }
        end = token.span.end;
    }
    Some(start.span.start..end)
}

#[cfg(test)]
mod tests;
