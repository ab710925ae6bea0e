//! Changes of a text as hunks of a unified diff. Rule files are short, so a table of common lines does.

use std::fmt::Write as _;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// Cells of the table of common lines. Of longer texts all between the first and the last change is replaced.
const CELLS_MAX: usize = 1 << 24;

/// A line, and whether it is only in the old text (`-`), only in the new one (`+`) or in both.
type Line<'t> = (char, &'t str);

/// The hunks that lead from one text to another.
pub fn hunks(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let lines = lines(&old, &new);
    let changed: Vec<usize> = (0..lines.len()).filter(|&at| lines[at].0 != ' ').collect();
    let mut out = String::new();
    for hunk in changed.chunk_by(|a, b| b - a <= 2 * CONTEXT + 1) {
        let start = hunk[0].saturating_sub(CONTEXT);
        let end = (hunk[hunk.len() - 1] + CONTEXT + 1).min(lines.len());
        let range = |not: char| {
            let count = |lines: &[Line<'_>]| lines.iter().filter(|(kind, _)| *kind != not).count();
            match (count(&lines[..start]), count(&lines[start..end])) {
                (before, 1) => (before + 1).to_string(),
                (before, 0) => format!("{before},0"),
                (before, count) => format!("{},{count}", before + 1),
            }
        };
        let _ = writeln!(out, "@@ -{} +{} @@", range('+'), range('-'));
        for (kind, line) in &lines[start..end] {
            let end = if line.ends_with('\n') { "" } else { "\n\\ No newline at end of file\n" };
            let _ = write!(out, "{kind}{line}{end}");
        }
    }
    out
}

/// Both texts as one list of lines.
fn lines<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<Line<'t>> {
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = old.iter().zip(new).take_while(same).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(same).count();
    let (a, b) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    // How many lines the rests of both have in common, by where the rests begin.
    let width = b.len() + 1;
    let is_short = (a.len() + 1).saturating_mul(width) <= CELLS_MAX;
    let mut common = vec![0_u32; if is_short { (a.len() + 1) * width } else { 0 }];
    for at in (0..if is_short { a.len() * width } else { 0 }).rev().filter(|at| at % width < b.len()) {
        common[at] = match a[at / width] == b[at % width] {
            true => common[at + width + 1] + 1,
            false => common[at + width].max(common[at + 1]),
        };
    }
    let mut lines: Vec<Line<'t>> = old[..head].iter().map(|&line| (' ', line)).collect();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let at = i * width + j;
        if is_short && i < a.len() && j < b.len() && a[i] == b[j] {
            lines.push((' ', a[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || !is_short || common[at + width] >= common[at + 1]) {
            lines.push(('-', a[i]));
            i += 1;
        } else {
            lines.push(('+', b[j]));
            j += 1;
        }
    }
    lines.extend(old[old.len() - tail..].iter().map(|&line| (' ', line)));
    lines
}

#[cfg(test)]
mod tests;
