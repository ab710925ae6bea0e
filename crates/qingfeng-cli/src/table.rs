//! Texts in columns.

use annotate_snippets::renderer::Style;
use unicode_width::UnicodeWidthStr;

use crate::numbers::grouped;
use crate::terminal::{BOLD, DIM, clean, styled};

/// How many columns a text without styles takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// One cell of a table.
pub struct Cell {
    text: String,
    style: Style,
    right: bool,
}

impl Cell {
    /// A cell with a text that others may have written.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self { text: clean(text.as_ref()).into_owned(), style: Style::new(), right: false }
    }

    /// The same in a style.
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// The same at the right of its column.
    pub fn right(mut self) -> Self {
        self.right = true;
        self
    }
}

/// The heads of columns: those of numbers at the right, these at the left.
pub fn heads(names: &[&str], left: &[usize]) -> Vec<Cell> {
    let cell = |(at, name): (usize, &&str)| {
        let cell = Cell::new(name).style(DIM);
        if left.contains(&at) { cell } else { cell.right() }
    };
    names.iter().enumerate().map(cell).collect()
}

/// Rows in columns, two blanks apart, each after an indent. Wide letters are counted as two.
pub fn table(indent: &str, rows: &[Vec<Cell>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| rows.iter().filter_map(|row| row.get(at)).map(|cell| width(&cell.text)).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        // Blanks are written when something follows, so that no line ends with them.
        let mut owed = 0;
        for (cell, column) in row.iter().zip(&widths) {
            let blanks = column - width(&cell.text);
            if !cell.text.is_empty() {
                let before = owed + if cell.right { blanks } else { 0 };
                line += &" ".repeat(before);
                line += &styled(cell.style, &cell.text);
                owed = if cell.right { 0 } else { blanks };
            } else {
                owed += blanks;
            }
            if *column > 0 {
                owed += 2;
            }
        }
        out += indent;
        out += &line;
        out.push('\n');
    }
    out
}

/// A table under a heading; nothing where it has no rows.
pub fn titled(heading: &str, rows: &[Vec<Cell>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!("{BOLD}{heading}{BOLD:#}\n{}", table("  ", rows))
}

/// The first of some names, and how many more there are.
pub fn first_of(names: impl IntoIterator<Item = impl AsRef<str>>, shown: usize, all: usize) -> String {
    let names = names.into_iter().take(shown).map(|name| clean(name.as_ref()).into_owned());
    let names: Vec<String> = names.collect();
    match all.saturating_sub(names.len()) {
        0 => names.join(", "),
        more => format!("{} and {} more", names.join(", "), grouped(more as u64)),
    }
}

/// A text in lines of so many columns; a word that is longer stands alone.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut().filter(|_| used + 1 + width(word) <= columns) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
                used += 1 + width(word);
            }
            None => {
                lines.push(word.to_owned());
                used = width(word);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests;
