//! How a rule file is laid out: its tokens and line breaks as they are, what is blank between them in one style.
//!
//! Line breaks belong to whoever writes: which conditions stand together says something. All else is blank and follows from
//! the tokens: four spaces for each open bracket, one around operators, the values of a rule below each other, rows of a
//! table in columns. So comments stay where they are, and nothing of what a rule means is touched.

use std::collections::BTreeMap;
use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use crate::base::tokens::{TokenKind, tokens};

const INDENT: usize = 4;
/// Blanks before a comment behind something.
const BEFORE_COMMENT: usize = 3;
/// Lines longer than this keep their comments to themselves.
const COMMENTED_MAX: usize = 80;
/// Signs that are one operator where they stand together, the longest first.
const OPERATORS: [&str; 27] = [
    "..=", "**=", "<<=", ">>=", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "=>", "..", "::", "+=", "-=",
    "*=", "/=", "%=", "&=", "|=", "^=", "**", "<<", ">>", "->",
];
/// Words that no operand ends with.
const KEYWORDS: [&str; 22] = [
    "if", "else", "while", "for", "loop", "do", "until", "switch", "return", "throw", "in", "let", "const",
    "fn", "private", "break", "continue", "import", "export", "as", "try", "catch",
];

/// Why a rule file is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct FormatError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there that leaves the text open.
    pub what: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Operand,
    Keyword,
    Open,
    Close,
    Comma,
    Semicolon,
    /// Behind a key of a map.
    Colon,
    /// `.` and its like: nothing blank around it.
    Dot,
    Unary,
    Binary,
    /// Around the parameters of a closure.
    PipeOpen,
    PipeClose,
    Comment,
    BlockComment,
    Other,
}

/// A token, or some that are one.
#[derive(Clone, Debug)]
struct Piece<'t> {
    text: &'t str,
    role: Role,
    /// Line breaks before it, and whether anything blank is.
    breaks: usize,
    blank: bool,
    at: usize,
}

/// A bracket that is open.
#[derive(Clone, Copy, Debug)]
struct Bracket<'t> {
    text: &'t str,
    /// The line that it is on, and its number among all.
    line: usize,
    number: usize,
    /// Where it stands in the text.
    at: usize,
}

/// A line to be.
#[derive(Debug, Default)]
struct Line<'t> {
    indent: usize,
    blank_before: bool,
    /// Its pieces, each with the blanks before it.
    pieces: Vec<(usize, &'t str, Role)>,
    /// The bracket in which it begins, by its number; 0 in none.
    within: usize,
    in_map: bool,
}

/// Lays out a rule file.
///
/// Comments, line breaks and all that a rule means stay as they are; formatting twice is formatting once. Lists and maps
/// over several lines end with a comma.
///
/// # Errors
///
/// A bracket, a text or a comment that is not closed, with its line.
///
/// ```
/// let text = "rule( \"A\",#{title:\"Phones\",\n  score :10,\nwhen:|d|d.hs4==\"8517\"&&d.value>1.0 });";
/// let formatted = qingfeng_rules::format_rules(text)?;
/// assert_eq!(formatted, "rule(\"A\", #{ title: \"Phones\",\n    score: 10,\n    when:  |d| d.hs4 == \"8517\" && d.value > 1.0 });\n");
/// # Ok::<(), qingfeng_rules::FormatError>(())
/// ```
pub fn format_rules(text: &str) -> Result<String, FormatError> {
    let body = text.trim_start_matches('\u{feff}');
    let unix = body.replace("\r\n", "\n");
    let pieces = pieces(&unix)?;
    let mut lines = lines(&unix, &pieces)?;
    align_values(&mut lines);
    align_tables(&mut lines);
    align_comments(&mut lines);
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for line in &lines {
        if line.blank_before {
            out.push('\n');
        }
        out.extend(std::iter::repeat_n(' ', line.indent));
        for (at, (blanks, piece, _)) in line.pieces.iter().enumerate() {
            out.extend(std::iter::repeat_n(' ', if at == 0 { 0 } else { *blanks }));
            out.push_str(piece);
        }
        out.push('\n');
    }
    Ok(out)
}

fn open(text: &str, at: usize, what: impl Into<String>) -> FormatError {
    FormatError { line: text[..at].matches('\n').count() + 1, what: what.into() }
}

/// The pieces of a text with what they are.
fn pieces(text: &str) -> Result<Vec<Piece<'_>>, FormatError> {
    let tokens = tokens(text);
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut end = 0;
    let mut in_parameters = false;
    let mut maps: Vec<bool> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let span = token.span.clone();
        let mut until = at + 1;
        let mut stop = span.end;
        if token.in_text {
            // A text in back quotes is one piece, whatever is interpolated.
            while let Some(next) = tokens.get(until).filter(|next| next.in_text) {
                stop = next.span.end;
                until += 1;
            }
        } else if token.kind == TokenKind::Sign {
            let rest = &text[span.start..];
            if let Some(operator) = OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
                stop = span.start + operator.len();
                until = at + operator.len();
            }
        }
        let before = &text[end..span.start];
        let last =
            pieces.iter().rev().find(|piece| !matches!(piece.role, Role::Comment | Role::BlockComment));
        let is_operand = last.is_some_and(|last| matches!(last.role, Role::Operand | Role::Close));
        // `a !in b`
        let in_word =
            tokens.get(until).filter(|next| next.span.start == stop && text[next.span.clone()] == *"in");
        if let (true, "!", Some(word)) = (is_operand, &text[span.start..stop], in_word) {
            stop = word.span.end;
            until += 1;
        }
        let piece = &text[span.start..stop];
        let role = match token.kind {
            TokenKind::Comment => Role::Comment,
            TokenKind::BlockComment if !piece.ends_with("*/") || piece.len() < 4 => {
                return Err(open(text, span.start, "a comment `/*` is not closed"));
            }
            TokenKind::BlockComment => Role::BlockComment,
            _ if token.in_text && (piece.len() < 2 || !piece.ends_with('`')) => {
                return Err(open(text, span.start, "a text in back quotes is not closed"));
            }
            _ if token.in_text => Role::Operand,
            TokenKind::Text => {
                let quote = piece.trim_start_matches('#').chars().next().unwrap_or('"');
                if piece.len() < 2 || !piece.trim_end_matches('#').ends_with(quote) {
                    return Err(open(text, span.start, "a text in quotes is not closed on its line"));
                }
                Role::Operand
            }
            TokenKind::Open | TokenKind::OpenBlock | TokenKind::Interpolation => {
                maps.push(piece == "#{");
                Role::Open
            }
            TokenKind::Close => {
                maps.pop();
                Role::Close
            }
            TokenKind::Semicolon => Role::Semicolon,
            TokenKind::Word if KEYWORDS.contains(&piece) => Role::Keyword,
            TokenKind::Word => Role::Operand,
            TokenKind::Sign => match piece {
                "," => Role::Comma,
                ":" if maps.last() == Some(&true) => Role::Colon,
                "." | "?." | "::" | ".." | "..=" => Role::Dot,
                "?" if tokens.get(until).is_some_and(|next| next.span.start == stop) => Role::Dot,
                "|" if in_parameters => {
                    in_parameters = false;
                    Role::PipeClose
                }
                "|" if !is_operand => {
                    in_parameters = true;
                    Role::PipeOpen
                }
                "||" if !is_operand => Role::PipeClose,
                "!" => Role::Unary,
                "-" | "+" if !is_operand => Role::Unary,
                "=" | "<" | ">" | "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^" => Role::Binary,
                "!in" => Role::Binary,
                operator if OPERATORS.contains(&operator) => Role::Binary,
                _ => Role::Other,
            },
        };
        pieces.push(Piece {
            text: piece.trim_end(),
            role,
            breaks: before.matches('\n').count(),
            blank: !before.is_empty(),
            at: span.start,
        });
        end = stop;
        at = until;
    }
    Ok(with_commas(pieces))
}

/// Lists and maps that end on a line of their own get a comma behind the last part, and no others have one there.
fn with_commas(pieces: Vec<Piece<'_>>) -> Vec<Piece<'_>> {
    let mut out: Vec<Piece<'_>> = Vec::with_capacity(pieces.len());
    // Whether an open bracket is one of a list or a map.
    let mut lists: Vec<bool> = Vec::new();
    for piece in pieces {
        let is_comment = |piece: &Piece<'_>| matches!(piece.role, Role::Comment | Role::BlockComment);
        let last = out.iter().rposition(|piece| !is_comment(piece));
        match piece.role {
            Role::Open => {
                let is_index = last.is_some_and(|last| is_indexed(&out[last]));
                lists.push(piece.text == "#{" || piece.text == "[" && !is_index);
            }
            Role::Close if lists.pop() == Some(true) => {
                if let Some(last) = last {
                    match out[last].role {
                        Role::Open => {}
                        Role::Comma if piece.breaks == 0 && last + 1 == out.len() => {
                            out.truncate(last);
                        }
                        Role::Comma => {}
                        _ if piece.breaks > 0 => {
                            let at = out[last].at;
                            let comma = Piece { text: ",", role: Role::Comma, breaks: 0, blank: false, at };
                            out.insert(last + 1, comma);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        out.push(piece);
    }
    out
}

/// Whether a bracket `[` behind it asks for a place in it.
fn is_indexed(piece: &Piece<'_>) -> bool {
    matches!(piece.role, Role::Operand | Role::Close) || piece.text == "?"
}

/// Whether something blank stands between two pieces of a line.
fn gap(before: &Piece<'_>, after: &Piece<'_>) -> usize {
    use Role::{
        Binary, BlockComment, Close, Colon, Comma, Comment, Dot, Keyword, Open, Operand, PipeClose, PipeOpen,
        Semicolon, Unary,
    };
    let is_brace = |piece: &Piece<'_>| matches!(piece.text, "{" | "#{" | "}");
    let blank = match (before.role, after.role) {
        (_, Comment) => return BEFORE_COMMENT,
        (_, Comma | Semicolon | Colon) => false,
        // The point of a number is none of a call.
        (Operand, Dot) if before.text.starts_with(|first: char| first.is_ascii_digit()) => after.blank,
        (Dot, _) | (_, Dot) | (Unary | PipeOpen, _) => false,
        (_, PipeClose) if after.text == "|" => false,
        (Open, Close) => false,
        (Open, _) => is_brace(before),
        (_, Close) => is_brace(after),
        (BlockComment, _) | (_, BlockComment) => true,
        (Operand | Close, Open) => is_brace(after),
        (Binary | Keyword | PipeClose | Comma | Semicolon | Colon, _) | (_, Binary | Keyword) => true,
        (Operand | Close, Operand) => true,
        _ => after.blank,
    };
    usize::from(blank)
}

/// Whether a piece that begins a line goes on with what the line before said.
fn goes_on(before: Option<&Piece<'_>>, piece: &Piece<'_>, in_block: bool) -> bool {
    let Some(before) = before else { return false };
    match before.role {
        Role::Comma | Role::Semicolon | Role::Open => false,
        // Behind a block another statement begins, unless an operator or a call follows.
        Role::Close if before.text == "}" && in_block => matches!(piece.role, Role::Binary | Role::Dot),
        _ => !matches!(piece.role, Role::Comment | Role::BlockComment),
    }
}

fn lines<'t>(text: &str, pieces: &[Piece<'t>]) -> Result<Vec<Line<'t>>, FormatError> {
    let mut lines: Vec<Line<'t>> = Vec::new();
    let mut open_now: Vec<Bracket<'t>> = Vec::new();
    let mut numbers = 0;
    let mut last: Option<&Piece<'t>> = None;
    let mut previous: Option<&Piece<'t>> = None;
    for (at, piece) in pieces.iter().enumerate() {
        let begins = lines.is_empty() || piece.breaks > 0;
        if begins {
            let closing = closing(pieces, at);
            let depth = open_now.len().saturating_sub(closing);
            let base = |depth: usize| {
                depth.checked_sub(1).and_then(|at| open_now.get(at)).map_or(0, |bracket| {
                    lines.get(bracket.line).map_or(0, |line: &Line<'_>| line.indent) + INDENT
                })
            };
            let in_block = open_now.last().is_none_or(|bracket| bracket.text == "{");
            let indent = match closing {
                0 => base(depth) + if goes_on(last, piece, in_block) { INDENT } else { 0 },
                // With the line that the outermost of them was opened on.
                _ => open_now
                    .get(depth)
                    .map_or(0, |bracket| lines.get(bracket.line).map_or(0, |line: &Line<'_>| line.indent)),
            };
            let after_open = previous.is_some_and(|previous| previous.role == Role::Open);
            let blank_before =
                piece.breaks > 1 && !lines.is_empty() && !after_open && piece.role != Role::Close;
            let within = open_now.last().map_or(0, |bracket| bracket.number);
            let in_map = open_now.last().is_some_and(|bracket| bracket.text == "#{");
            lines.push(Line { indent, blank_before, pieces: Vec::new(), within, in_map });
        }
        let gap = match previous {
            Some(previous) if !begins => gap(previous, piece),
            _ => 0,
        };
        let number = lines.len() - 1;
        match piece.role {
            Role::Open => {
                numbers += 1;
                open_now.push(Bracket { text: piece.text, line: number, number: numbers, at: piece.at });
            }
            Role::Close => {
                let fits = open_now.pop().is_some_and(|bracket| {
                    matches!((bracket.text, piece.text), ("(", ")") | ("[", "]") | ("{" | "#{", "}"))
                });
                if !fits {
                    return Err(open(
                        text,
                        piece.at,
                        format!("`{}` closes nothing that is open", piece.text),
                    ));
                }
            }
            _ => {}
        }
        if let Some(line) = lines.last_mut() {
            line.pieces.push((gap, piece.text, piece.role));
        }
        previous = Some(piece);
        if !matches!(piece.role, Role::Comment | Role::BlockComment) {
            last = Some(piece);
        }
    }
    match open_now.last() {
        Some(bracket) => Err(open(text, bracket.at, format!("`{}` is not closed", bracket.text))),
        None => Ok(lines),
    }
}

/// How many brackets a line closes before it says anything else.
fn closing(pieces: &[Piece<'_>], at: usize) -> usize {
    let of_line = |(count, piece): &(usize, &Piece<'_>)| {
        piece.role == Role::Close && (*count == 0 || piece.breaks == 0)
    };
    pieces[at..].iter().enumerate().take_while(of_line).count()
}

fn width(pieces: &[(usize, &str, Role)]) -> usize {
    pieces
        .iter()
        .enumerate()
        .map(|(at, (blanks, text, _))| text.width() + if at == 0 { 0 } else { *blanks })
        .sum()
}

fn is_of_one_line(line: &Line<'_>) -> bool {
    line.pieces.iter().all(|(_, text, _)| !text.contains('\n'))
}

/// Puts the values of a map below each other that stand on lines of their own, up to an empty line.
fn align_values(lines: &mut [Line<'_>]) {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut group_of: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        if line.blank_before {
            group_of.remove(&line.within);
        }
        let is_entry = line.in_map
            && line.pieces.get(1).is_some_and(|(.., role)| *role == Role::Colon)
            && line.pieces.get(2).is_some_and(|(.., role)| *role != Role::Comment);
        if !is_entry || entries(line) > 1 {
            continue;
        }
        let group = *group_of.entry(line.within).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(at);
    }
    for group in groups {
        let widest = group.iter().map(|&at| lines[at].pieces[0].1.width()).max().unwrap_or(0);
        for at in group {
            let key = lines[at].pieces[0].1.width();
            lines[at].pieces[2].0 = 1 + widest - key;
        }
    }
}

/// How many entries of the map in which it begins a line has.
fn entries(line: &Line<'_>) -> usize {
    let mut depth = 0_usize;
    let mut colons = 0;
    for (_, _, role) in &line.pieces {
        match role {
            Role::Open => depth += 1,
            Role::Close => depth = depth.saturating_sub(1),
            Role::Colon if depth == 0 => colons += 1,
            _ => {}
        }
    }
    colons
}

/// The cells of a line that is a row: a map or a list with all its parts on the line. Each is a range of pieces.
fn cells<'t>(line: &Line<'t>) -> Option<(Vec<&'t str>, Vec<Range<usize>>)> {
    let first = line.pieces.first().filter(|(_, text, _)| matches!(*text, "#{" | "["))?;
    let (mut depth, mut start) = (0_usize, 1);
    let (mut keys, mut cells) = (vec![first.1], Vec::new());
    for (at, (.., role)) in line.pieces.iter().enumerate() {
        match role {
            Role::Open => depth += 1,
            Role::Close => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    cells.push(start..at);
                    let rest = line.pieces[at + 1..].iter();
                    let ends = rest.clone().all(|(.., role)| {
                        matches!(role, Role::Comma | Role::Comment | Role::Close | Role::Semicolon)
                    });
                    return (ends && cells.len() > 1).then_some((keys, cells));
                }
            }
            Role::Comma if depth == 1 => {
                cells.push(start..at + 1);
                start = at + 1;
            }
            Role::Colon if depth == 1 => keys.push(line.pieces[at - 1].1),
            _ => {}
        }
    }
    None
}

/// Puts rows of the same keys, or lists of as many parts, into columns where they follow each other.
fn align_tables(lines: &mut [Line<'_>]) {
    let rows: Vec<_> = lines.iter().map(|line| is_of_one_line(line).then(|| cells(line)).flatten()).collect();
    let mut from = 0;
    while from < lines.len() {
        let fits = |at: &usize| match (&rows[*at], &rows[from]) {
            (Some((keys, cells)), Some((first, all))) => {
                keys == first
                    && cells.len() == all.len()
                    && lines[*at].within == lines[from].within
                    && (*at == from || !lines[*at].blank_before)
            }
            _ => false,
        };
        let until = (from..lines.len()).take_while(fits).last().map_or(from, |last| last) + 1;
        let columns = rows[from].as_ref().map_or(0, |(_, cells)| cells.len());
        for column in 0..columns.saturating_sub(1) {
            let of =
                |at: usize| rows[at].as_ref().map(|(_, cells)| cells[column].clone()).unwrap_or_default();
            let widest = (from..until).map(|at| width(&lines[at].pieces[of(at)])).max().unwrap_or(0);
            for (at, line) in lines.iter_mut().enumerate().take(until).skip(from) {
                let cell = of(at);
                let own = width(&line.pieces[cell.clone()]);
                line.pieces[cell.end].0 = 1 + widest - own;
            }
        }
        from = until;
    }
}

/// Puts comments below each other that stand behind something, on lines that follow each other.
fn align_comments(lines: &mut [Line<'_>]) {
    let comment = |line: &Line<'_>| {
        let at = line.pieces.iter().position(|(.., role)| *role == Role::Comment)?;
        let is_short = line.indent + width(&line.pieces[..at]) <= COMMENTED_MAX;
        (at > 0 && is_short && is_of_one_line(line)).then_some(at)
    };
    let mut from = 0;
    while from < lines.len() {
        let fits = |at: &usize| comment(&lines[*at]).is_some() && (*at == from || !lines[*at].blank_before);
        let until = (from..lines.len()).take_while(fits).last().map_or(from, |last| last) + 1;
        let places: Vec<(usize, usize)> =
            (from..until).filter_map(|at| Some((at, comment(&lines[at])?))).collect();
        let end = |&(at, place): &(usize, usize)| lines[at].indent + width(&lines[at].pieces[..place]);
        let ends: Vec<usize> = places.iter().map(end).collect();
        let widest = ends.iter().copied().max().unwrap_or(0);
        for ((at, place), end) in places.into_iter().zip(ends) {
            lines[at].pieces[place].0 = BEFORE_COMMENT + widest - end;
        }
        from = until;
    }
}

#[cfg(test)]
mod tests;
