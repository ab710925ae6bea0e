//! The tokens of a rule file, read by their signs alone.
//!
//! Files are read here before it is known whether they are right, so nothing in them is relied on: whatever is not closed
//! ends with the file. Signs of operators come one by one.

use std::ops::Range;

/// What a token is, as far as it matters where text is laid out or looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// `// ...` to the end of its line.
    Comment,
    /// `/* ... */`.
    BlockComment,
    /// `(`, `[`, `#{`.
    Open,
    /// `{`, where statements may stand.
    OpenBlock,
    /// `)`, `]`, `}`.
    Close,
    Semicolon,
    /// A name, a keyword, digits.
    Word,
    /// A text in quotes, or a part of one in back quotes up to an interpolation or its end.
    Text,
    /// `${` in a text.
    Interpolation,
    /// One sign of anything else.
    Sign,
}

/// A token of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: TokenKind,
    pub span: Range<usize>,
    /// Whether it is of a text in back quotes: a part of it, or of what is interpolated.
    pub in_text: bool,
}

/// The tokens of a rule file, in order, without what is blank.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut tokens: Vec<Token> = Vec::new();
    // For each `${` that is open, how many braces are open in it.
    let mut interpolations: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &text[at..];
        let mut interpolated = false;
        let (kind, length) = match byte {
            b'/' if rest.starts_with("//") => (TokenKind::Comment, rest.find('\n').unwrap_or(rest.len())),
            b'/' if rest.starts_with("/*") => (TokenKind::BlockComment, block_comment(rest)),
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'"' => (TokenKind::Text, quoted(rest, b'"')),
            // A single character; a quote in it begins no text.
            b'\'' => (TokenKind::Text, single_character(rest)),
            b'#' if raw_text(rest).is_some() => (TokenKind::Text, raw_text(rest).unwrap_or(1)),
            b'`' => {
                let end;
                (end, interpolated) = back_quoted(text, at + 1);
                (TokenKind::Text, end - at)
            }
            b'#' if rest.starts_with("#{") => (TokenKind::Open, 2),
            b'{' => (TokenKind::OpenBlock, 1),
            b'(' | b'[' => (TokenKind::Open, 1),
            b')' | b']' | b'}' => (TokenKind::Close, 1),
            b';' => (TokenKind::Semicolon, 1),
            byte if byte.is_ascii_alphanumeric() || byte == b'_' => (TokenKind::Word, word(rest)),
            _ => (TokenKind::Sign, rest.chars().next().map_or(1, char::len_utf8)),
        };
        let in_text = byte == b'`' || !interpolations.is_empty();
        let push = |tokens: &mut Vec<Token>, kind, span| tokens.push(Token { kind, span, in_text });
        push(&mut tokens, kind, at..at + length);
        at += length;
        match (byte, interpolations.last_mut()) {
            (b'{', Some(open)) => *open += 1,
            (b'#', Some(open)) if kind == TokenKind::Open => *open += 1,
            (b'}', Some(0)) => {
                interpolations.pop();
                let from = at;
                (at, interpolated) = back_quoted(text, at);
                push(&mut tokens, TokenKind::Text, from..at);
            }
            (b'}', Some(open)) => *open -= 1,
            _ => {}
        }
        if interpolated {
            push(&mut tokens, TokenKind::Interpolation, at - 2..at);
            interpolations.push(0);
        }
    }
    tokens
}

/// The length of a word at the start of a text, or of digits up to a point; the sign of an exponent is one of them: `1e-9`.
fn word(rest: &str) -> usize {
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let length = rest.bytes().take_while(is_of_word).count();
    let (of_word, after) = rest.as_bytes().split_at(length);
    let is_number = of_word.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'e' | b'E'));
    match (of_word, after) {
        ([b'0'..=b'9', .., b'e' | b'E'], [b'-' | b'+', b'0'..=b'9', ..]) if is_number => {
            length + 1 + after[1..].iter().take_while(|byte| is_of_word(byte)).count()
        }
        _ => length,
    }
}

/// The length of a comment `/* */` at the start of a text; they nest.
fn block_comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while at + 1 < bytes.len() {
        match (bytes[at], bytes[at + 1]) {
            (b'/', b'*') => {
                depth += 1;
                at += 2;
            }
            (b'*', b'/') => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a text in quotes at the start of a text, with both of them. A backslash takes the sign after it.
fn quoted(rest: &str, quote: u8) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'\n' => return at,
            byte if byte == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character in single quotes at the start of a text; of the quote alone where it is none.
fn single_character(rest: &str) -> usize {
    let mut letters = rest[1..].chars();
    match (letters.next(), letters.next()) {
        (Some('\\'), _) => quoted(rest, b'\''),
        (Some(letter), Some('\'')) => 2 + letter.len_utf8(),
        _ => 1,
    }
}

/// The length of a text `#"..."#` at the start of a text, with as many `#` as there are.
fn raw_text(rest: &str) -> Option<usize> {
    let signs = rest.bytes().take_while(|&byte| byte == b'#').count();
    let inside = rest[signs..].strip_prefix('"')?;
    let end = format!("\"{}", &rest[..signs]);
    Some(inside.find(&end).map_or(rest.len(), |at| signs + 1 + at + end.len()))
}

/// Where the text in back quotes ends that goes on here, and whether with the beginning of an interpolation.
fn back_quoted(text: &str, from: usize) -> (usize, bool) {
    let bytes = text.as_bytes();
    for at in from..bytes.len() {
        match bytes[at] {
            b'`' => return (at + 1, false),
            b'$' if bytes.get(at + 1) == Some(&b'{') => return (at + 2, true),
            _ => {}
        }
    }
    (text.len(), false)
}
