//! The difference of two texts, line by line, in the unified format that `patch` and `git apply` read.

use std::ops::Range;

/// Lines without a change around each change.
const CONTEXT: usize = 3;
/// How far ahead lines are sought that are in both texts again; beyond, all that follows is one change.
const AHEAD: usize = 2_000;

/// A stretch that differs: lines of the old text, and those of the new one in their place.
type Change = (Range<usize>, Range<usize>);

/// The changes, in order. Between them lines are the same.
fn changes(old: &[&str], new: &[&str]) -> Vec<Change> {
    let mut changes = Vec::new();
    let (mut a, mut b) = (0, 0);
    loop {
        while a < old.len() && b < new.len() && old[a] == new[b] {
            (a, b) = (a + 1, b + 1);
        }
        if a == old.len() && b == new.len() {
            return changes;
        }
        // The nearest lines that are in both again.
        let same = |&(i, j): &(usize, usize)| matches!((old.get(a + i), new.get(b + j)), (Some(x), Some(y)) if x == y);
        let near = (1..AHEAD).flat_map(|far| (0..=far).map(move |i| (i, far - i))).find(same);
        let (i, j) = near.unwrap_or((old.len() - a, new.len() - b));
        changes.push((a..a + i, b..b + j));
        (a, b) = (a + i, b + j);
    }
}

/// Where lines stand: their first, and how many; of none the line before.
fn place(first: usize, count: usize) -> String {
    match count {
        0 => format!("{first},0"),
        1 => (first + 1).to_string(),
        count => format!("{},{count}", first + 1),
    }
}

/// How a file with this path changes; empty if it does not.
pub fn unified(path: &str, old: &str, new: &str) -> String {
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let changes = changes(&old, &new);
    let mut out = String::new();
    let mut hunks: Vec<&[Change]> = Vec::new();
    let mut rest = &changes[..];
    while !rest.is_empty() {
        let close = rest.windows(2).take_while(|two| two[1].0.start - two[0].0.end <= 2 * CONTEXT).count();
        let (hunk, later) = rest.split_at(close + 1);
        hunks.push(hunk);
        rest = later;
    }
    if !hunks.is_empty() {
        out += &format!("--- a/{path}\n+++ b/{path}\n");
    }
    for hunk in hunks {
        let (first, last) = (&hunk[0], &hunk[hunk.len() - 1]);
        let before = first.0.start.min(CONTEXT);
        let after = (old.len() - last.0.end).min(CONTEXT);
        let from = [first.0.start - before, first.1.start - before];
        let count = [last.0.end + after - from[0], last.1.end + after - from[1]];
        out += &format!("@@ -{} +{} @@\n", place(from[0], count[0]), place(from[1], count[1]));
        let mut at = from[0];
        for (removed, added) in hunk {
            old[at..removed.start].iter().for_each(|line| push(&mut out, ' ', line));
            old[removed.clone()].iter().for_each(|line| push(&mut out, '-', line));
            new[added.clone()].iter().for_each(|line| push(&mut out, '+', line));
            at = removed.end;
        }
        old[at..at + after].iter().for_each(|line| push(&mut out, ' ', line));
    }
    out
}

fn push(out: &mut String, sign: char, line: &str) {
    out.push(sign);
    *out += line;
    if !line.ends_with('\n') {
        *out += "\n\\ No newline at end of file\n";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_has_no_difference() {
        assert_eq!(unified("a", "x\ny\n", "x\ny\n"), "");
    }

    /// As GNU `diff -u` writes them.
    #[test]
    fn changes_are_written_as_patch_reads_them() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
        for (new, hunks) in [
            (old.replace("6\n", "six\n"), "@@ -3,7 +3,7 @@\n 3\n 4\n 5\n-6\n+six\n 7\n 8\n 9\n"),
            (old.replace("1\n2\n", "2\n"), "@@ -1,4 +1,3 @@\n-1\n 2\n 3\n 4\n"),
            (format!("{old}13"), "@@ -10,3 +10,4 @@\n 10\n 11\n 12\n+13\n\\ No newline at end of file\n"),
            (
                old.replace("12\n", "").replace("2\n", "two\n"),
                "@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n@@ -9,4 +9,3 @@\n 9\n 10\n 11\n-12\n",
            ),
        ] {
            let found = unified("a", old, &new);
            assert_eq!(found, format!("--- a/a\n+++ b/a\n{hunks}"));
        }
        assert_eq!(unified("a", "", "x\n"), "--- a/a\n+++ b/a\n@@ -0,0 +1 @@\n+x\n");
    }

    #[test]
    fn what_stays_and_what_comes_make_the_new_text() {
        let line = |seed: u64| {
            ["a\n", "b\n", "\n", "c\n"][(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 62) as usize]
        };
        for seed in 0..200 {
            let old: Vec<&str> = (0..seed % 30).map(|at| line(seed * 100 + at)).collect();
            let new: Vec<&str> = (0..(seed * 7) % 30).map(|at| line(seed * 77 + at)).collect();
            let (mut at, mut built) = (0, Vec::new());
            for (removed, added) in changes(&old, &new) {
                built.extend_from_slice(&old[at..removed.start]);
                built.extend_from_slice(&new[added]);
                at = removed.end;
            }
            built.extend_from_slice(&old[at..]);
            assert_eq!(built, new);
        }
    }
}
