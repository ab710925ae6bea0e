//! Long rule files are parsed in pieces.
//!
//! For each variable Rhai's parser looks through all functions and closures that it has met, so a file's time
//! grows with the square of its rules. A file is therefore cut where rules begin, and the trees of the pieces are
//! joined to the tree of the file. Where it is not certain that this gives the tree of the whole, nothing is
//! given, and the file is parsed as a whole; so are files with mistakes, which keep their messages.

use std::collections::BTreeSet;

use rhai::{AST, Engine, Expr, Scope, Stmt};

/// Rules of a piece; more where there would be too many pieces.
const RULES: usize = 32;
/// Each piece costs a look at the line ends before it.
const PIECES_MAX: usize = 128;
/// Rhai counts no further lines.
const LINES_MAX: usize = u16::MAX as usize;

/// The tree of a file, if it can be parsed in pieces.
pub(crate) fn parse(engine: &Engine, text: &str) -> Option<AST> {
    parse_cut(engine, text, RULES)
}

fn parse_cut(engine: &Engine, text: &str, rules: usize) -> Option<AST> {
    // A name of a function is not a variable, anywhere after it. What is in a comment must not be cut out of it.
    if has_word(text, "fn") || text.contains("/*") {
        return None;
    }
    let starts = starts(text);
    let step = rules.max(starts.len().div_ceil(PIECES_MAX));
    let cuts: Vec<Start> = starts.into_iter().skip(step).step_by(step).collect();
    if cuts.is_empty() {
        return None;
    }
    let line_ends = "\n".repeat(cuts.last().map_or(0, |cut| cut.lines_before).min(LINES_MAX));
    let mut file: Option<AST> = None;
    let mut names = BTreeSet::new();
    let begins = std::iter::once(Start { at: 0, lines_before: 0 }).chain(cuts.iter().copied());
    let ends = cuts.iter().map(|cut| cut.at).chain([text.len()]);
    for (begin, end) in begins.zip(ends) {
        // Empty lines before the piece give it its places in the file.
        let parts = [&line_ends[..begin.lines_before.min(LINES_MAX)], &text[begin.at..end]];
        let piece = engine.compile_scripts_with_scope(&Scope::new(), parts).ok()?;
        for statement in piece.statements() {
            match statement {
                // A name that is given again would take the place of the variable before.
                Stmt::Var(variable, ..) if !names.insert(variable.0.name.clone()) => return None,
                _ if file.is_none() => {}
                Stmt::Var(variable, ..) if is_plain(&variable.1) => {}
                Stmt::FnCall(call, _) if call.args.iter().all(is_plain) => {}
                Stmt::Expr(expr) if is_plain(expr) => {}
                _ => return None,
            }
        }
        match &mut file {
            None => file = Some(piece),
            Some(file) => {
                file.combine(piece);
            }
        }
    }
    file
}

/// About the steps that reading a file as a whole takes: for each word all functions and closures are looked through.
pub(crate) fn steps(text: &str) -> u64 {
    let closures = text.matches('|').count() / 2 + text.matches("fn ").count();
    let starts_word = |pair: &[u8]| !pair[0].is_ascii_alphabetic() && pair[1].is_ascii_alphabetic();
    let words = text.as_bytes().windows(2).filter(|pair| starts_word(pair)).count();
    closures as u64 * words as u64
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Start {
    at: usize,
    lines_before: usize,
}

/// The lines that begin with a call of `rule` and come after the end of a statement.
fn starts(text: &str) -> Vec<Start> {
    let mut starts = Vec::new();
    let mut statement_ended = false;
    let mut at = 0;
    for (lines_before, line) in text.split_inclusive('\n').enumerate() {
        if statement_ended && line.starts_with("rule(") {
            starts.push(Start { at, lines_before });
        }
        at += line.len();
        let line = line.trim();
        if !line.is_empty() && !line.starts_with("//") {
            statement_ended = line.ends_with(';') && !line.contains("//");
        }
    }
    starts
}

fn has_word(text: &str, word: &str) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_word) && !text[at + word.len()..].starts_with(is_word))
}

/// Whether an expression has no statement in it but closures, whose variables are their own. An assignment could
/// be to a constant of another piece.
fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::DynamicConstant(..)
        | Expr::BoolConstant(..)
        | Expr::IntegerConstant(..)
        | Expr::FloatConstant(..)
        | Expr::CharConstant(..)
        | Expr::StringConstant(..)
        | Expr::Unit(_)
        | Expr::Variable(..)
        | Expr::Property(..) => true,
        Expr::InterpolatedString(parts, _) | Expr::Array(parts, _) => parts.iter().all(is_plain),
        Expr::Map(entries, _) => entries.0.iter().all(|(_, value)| is_plain(value)),
        Expr::FnCall(call, _) | Expr::MethodCall(call, _) => call.args.iter().all(is_plain),
        Expr::Dot(sides, ..) | Expr::Index(sides, ..) => is_plain(&sides.lhs) && is_plain(&sides.rhs),
        Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => parts.iter().all(is_plain),
        // A closure that captures something.
        Expr::Stmt(statements) => match statements.statements() {
            [Stmt::Share(_), Stmt::Expr(curry)] => is_plain(curry),
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests;
