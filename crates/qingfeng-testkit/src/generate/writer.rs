//! The state of writing rule files: what a closure can see, and how much may still be written.

use super::choices::Choices;
use super::fields::{DECLARED, DERIVED, Field};
use super::pack::Table;
use super::values::{Kind, Values};

/// What is known of a value that a rule has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Type {
    pub base: Base,
    pub missing: bool,
    /// Whether the type checker does not know the type.
    pub unknown: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Base {
    One(Kind),
    /// A list, and whether its elements may be missing.
    List(Kind, bool),
    /// A map with these entries, fixed when the file has run.
    Map(Vec<(&'static str, Kind)>),
    Range,
    Line,
    /// An entry of a lookup table.
    Entry(usize),
    /// A closure that takes a single value and gives a flag.
    Test(Kind),
}

impl Type {
    pub fn of(base: Base) -> Self {
        Self { base, missing: false, unknown: false }
    }

    pub fn one(kind: Kind, missing: bool) -> Self {
        Self { base: Base::One(kind), missing, unknown: false }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub name: String,
    pub ty: Type,
    pub mutable: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Signature {
    pub name: String,
    pub params: Vec<Type>,
    pub result: Type,
}

/// Constants at the top of the file that must be known when the pack is loaded.
#[derive(Clone, Debug, Default)]
pub(super) struct Fixed {
    pub patterns: Vec<String>,
    /// Names of lookup tables: the constant, and the table.
    pub tables: Vec<(String, usize)>,
}

/// What the closure that is being written must give.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub kind: Kind,
    pub missing: bool,
}

/// Writes expressions and statements by their types.
pub(super) struct Writer<'w, 'b> {
    pub choices: &'w mut Choices<'b>,
    pub values: &'w Values,
    pub tables: &'w [Table],
    pub variables: Vec<Variable>,
    pub functions: Vec<Signature>,
    pub fixed: Fixed,
    pub computed: Vec<(String, Type)>,
    /// How many more parts may be written.
    pub fuel: usize,
    /// How deep the expression that is being written is.
    pub depth: usize,
    /// Whether a text in back quotes is open: none is put into another.
    pub in_template: bool,
    /// How many loops are open in the closure that is being written.
    pub loops: usize,
    pub wanted: Option<Wanted>,
    /// More than 0 where the type must be known.
    pub typed: usize,
    /// How many parts of unknown type were written.
    pub unknown: usize,
    names: usize,
}

impl<'w, 'b> Writer<'w, 'b> {
    pub fn new(choices: &'w mut Choices<'b>, values: &'w Values, tables: &'w [Table]) -> Self {
        Self {
            choices,
            values,
            tables,
            variables: Vec::new(),
            functions: Vec::new(),
            fixed: Fixed::default(),
            computed: Vec::new(),
            fuel: 0,
            depth: 0,
            in_template: false,
            loops: 0,
            wanted: None,
            typed: 0,
            unknown: 0,
            names: 0,
        }
    }

    pub fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// Uses up a part of what may be written; false where nothing is left.
    pub fn spend(&mut self) -> bool {
        let left = self.fuel > 0 && !self.choices.is_exhausted();
        self.fuel = self.fuel.saturating_sub(1);
        left
    }

    /// Writes something, and says whether its type is unknown to the type checker.
    pub fn noting_unknown(&mut self, write: impl FnOnce(&mut Self) -> String) -> (String, bool) {
        let before = self.unknown;
        let text = write(self);
        (text, self.unknown > before)
    }

    /// Writes something whose type the type checker must know.
    pub fn well_typed(&mut self, write: impl FnOnce(&mut Self) -> String) -> String {
        self.typed += 1;
        let text = write(self);
        self.typed -= 1;
        text
    }

    pub fn declare(&mut self, name: &str, ty: Type, mutable: bool) {
        self.variables.push(Variable { name: name.to_owned(), ty, mutable });
    }

    /// A statement that gives a value a new name.
    pub fn bind(&mut self, keyword: &str, prefix: &str, value: &str, ty: Type, mutable: bool) -> String {
        let name = self.name(prefix);
        self.declare(&name, ty, mutable);
        format!("{keyword} {name} = {value};")
    }

    /// The variables that are not hidden by another of their name, and that may be used here.
    pub fn visible(&self, wanted: impl Fn(&Variable) -> bool) -> Vec<Variable> {
        let hidden =
            |at: usize| self.variables[at + 1..].iter().any(|later| later.name == self.variables[at].name);
        let known = self.variables.iter().enumerate().filter(|&(at, variable)| {
            let is_known = !variable.ty.unknown || self.typed == 0;
            is_known && !hidden(at) && wanted(variable)
        });
        known.map(|(_, variable)| variable.clone()).collect()
    }

    pub fn variable(&mut self, wanted: impl Fn(&Variable) -> bool) -> Option<Variable> {
        let found = self.visible(wanted);
        if found.is_empty() {
            return None;
        }
        // Mostly the nearest: what a closure or a loop is about.
        let at = if self.choices.percent(50) { found.len() - 1 } else { self.choices.below(found.len()) };
        let variable = found[at].clone();
        self.unknown += usize::from(variable.ty.unknown);
        Some(variable)
    }

    /// The name of the line, where there is one.
    pub fn line(&mut self) -> Option<String> {
        self.variable(|variable| variable.ty.base == Base::Line).map(|variable| variable.name)
    }

    pub fn field(&mut self, kind: Kind) -> Option<Field> {
        let table = if self.choices.percent(25) { DERIVED } else { DECLARED };
        let of_kind: Vec<Field> = table.iter().filter(|field| field.kind == kind).copied().collect();
        if of_kind.is_empty() { None } else { Some(*self.choices.pick(&of_kind)) }
    }
}

/// An expression as an operand: in parentheses where an operator beside it could tear it apart.
pub(super) fn operand(text: String) -> String {
    if text.starts_with('{') {
        return format!("({text})");
    }
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for letter in text.chars() {
        match (quote, letter) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '`') => quote = Some(letter),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ' ' | '-' | '!' | '+' | '|') if depth == 0 => return format!("({text})"),
            (None, '.') if depth == 0 && text.contains("..") => return format!("({text})"),
            _ => {}
        }
    }
    text
}

/// An expression as the receiver of a method: a number needs parentheses too.
pub(super) fn receiver(text: String) -> String {
    let text = operand(text);
    if text.starts_with(|first: char| first.is_ascii_digit()) { format!("({text})") } else { text }
}

#[cfg(test)]
mod tests;
