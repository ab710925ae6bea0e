//! Text as people write it: folding, words, and look-alike labels.

use unicode_normalization::UnicodeNormalization;

/// Whether a letter is one that nobody sees: joiners, marks of direction, soft hyphens, byte order marks.
pub fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{17B4}'
            | '\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Whether a byte is a control character that is no blank.
pub(crate) fn is_control(byte: u8) -> bool {
    byte < b'\t' || (byte > b'\r' && byte < b' ') || byte == 0x7F
}

/// Compatibility forms, lower case, one blank for each run of blanks, without letters that nobody sees.
pub fn folded(text: &str) -> String {
    let mut out = String::new();
    fold_into(text, &mut out);
    out
}

pub(crate) fn fold_into(text: &str, out: &mut String) {
    out.clear();
    out.reserve(text.len());
    // ASCII and the common Chinese letters have no compatibility forms, and the latter no case.
    let is_simple = |letter: char| letter.is_ascii() || matches!(letter, '\u{4e00}'..='\u{9fff}');
    if text.is_ascii() || text.chars().all(is_simple) {
        with_single_blanks(text.chars().map(|letter| letter.to_ascii_lowercase()), out);
    } else {
        let seen = text.chars().filter(|letter| !is_invisible(*letter));
        with_single_blanks(seen.nfkc().flat_map(char::to_lowercase), out);
    }
}

/// The letters with one blank for each run of blanks, and none at the ends.
fn with_single_blanks(letters: impl Iterator<Item = char>, out: &mut String) {
    let mut after_blank = true;
    for letter in letters {
        let blank =
            if letter.is_ascii() { matches!(letter, ' ' | '\t'..='\r') } else { letter.is_whitespace() };
        if !blank {
            if letter.is_control() {
                continue;
            }
            out.push(letter);
            after_blank = false;
        } else if !after_blank {
            out.push(' ');
            after_blank = true;
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
}

fn is_unspaced(letter: char) -> bool {
    matches!(u32::from(letter), 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

/// Whether the text has the word, or the words in a row. Case, width and the number of blanks do not matter.
/// A Latin word must be a whole word; Chinese has no blanks, so there any occurrence counts.
pub fn has_word(text: &str, word: &str) -> bool {
    has_folded_word(&folded(text), word)
}

/// The same of a text that is [folded] already.
pub(crate) fn has_folded_word(text: &str, word: &str) -> bool {
    let word = folded(word);
    let (Some(first), Some(last)) = (word.chars().next(), word.chars().next_back()) else { return false };
    let is_whole = |at: usize| {
        !joins(text[..at].chars().next_back(), Some(first))
            && !joins(Some(last), text[at + word.len()..].chars().next())
    };
    let Some(at) = text.find(&word) else { return false };
    // Occurrences may overlap: in `xno no no` only the second `no no` stands by itself.
    is_whole(at) || occurrences(text.as_bytes(), word.as_bytes(), at + 1).any(is_whole)
}

/// Where a word occurs from a place on, overlapping occurrences too, in time that is linear in both (Knuth, Morris and
/// Pratt).
fn occurrences<'t>(text: &'t [u8], word: &'t [u8], from: usize) -> impl Iterator<Item = usize> + 't {
    // For each start of the word how much of it is also the end of that start.
    let mut again = vec![0; word.len()];
    let mut same = 0;
    for at in 1..word.len() {
        while same > 0 && word[at] != word[same] {
            same = again[same - 1];
        }
        same += usize::from(word[at] == word[same]);
        again[at] = same;
    }
    let mut found = 0;
    (from..text.len()).filter_map(move |at| {
        while found > 0 && (found == word.len() || text[at] != word[found]) {
            found = again[found - 1];
        }
        found += usize::from(text[at] == word[found]);
        (found == word.len()).then(|| at + 1 - word.len())
    })
}

/// Whether two letters next to each other belong to one Latin word.
pub(crate) fn joins(a: Option<char>, b: Option<char>) -> bool {
    a.is_some_and(is_of_word) && b.is_some_and(is_of_word)
}

/// Whether a letter is part of a word that must be matched as a whole.
pub(crate) fn is_of_word(letter: char) -> bool {
    // Most letters that are not spaced are Chinese, for which the other question is a long one.
    !is_unspaced(letter) && letter.is_alphanumeric()
}

/// Whether a label is made to be taken for the mark: after folding case, width, spacing, punctuation and
/// letters that look alike it is at most one letter away, and yet it is not the mark itself (in whatever case
/// or width).
pub fn resembles(label: &str, mark: &str) -> bool {
    if folded(label) == folded(mark) {
        return false;
    }
    let (label, mark): (Vec<char>, Vec<char>) = (skeleton(label), skeleton(mark));
    !label.is_empty() && !mark.is_empty() && at_most_one_edit(&label, &mark)
}

/// Upper-case letters and digits only, each replaced by the one it looks like.
fn skeleton(text: &str) -> Vec<char> {
    text.nfkc()
        .flat_map(char::to_uppercase)
        .filter_map(|letter| match letter {
            '|' | '!' => Some('I'),
            '@' => Some('A'),
            '$' => Some('S'),
            letter if letter.is_alphanumeric() => Some(look_alike(letter)),
            _ => None,
        })
        .collect()
}

fn look_alike(letter: char) -> char {
    match letter {
        '0' | 'О' | 'Ο' => 'O',
        '1' | 'І' | 'Ι' => 'I',
        '2' | 'Ζ' => 'Z',
        '5' | 'Ѕ' => 'S',
        '6' => 'G',
        '8' | 'В' | 'Β' => 'B',
        'А' | 'Α' => 'A',
        'С' => 'C',
        'Е' | 'Ε' => 'E',
        'Н' | 'Η' => 'H',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'Р' | 'Ρ' => 'P',
        'Т' | 'Τ' => 'T',
        'Х' | 'Χ' => 'X',
        'У' | 'Υ' => 'Y',
        other => other,
    }
}

fn at_most_one_edit(a: &[char], b: &[char]) -> bool {
    let same_start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same_start..], &b[same_start..]);
    match (a, b) {
        ([], []) => true,
        ([_, rest @ ..], _) if rest == b => true,
        (_, [_, rest @ ..]) if rest == a => true,
        ([_, a_rest @ ..], [_, b_rest @ ..]) if a_rest == b_rest => true,
        ([x, y, a_rest @ ..], [u, v, b_rest @ ..]) => x == v && y == u && a_rest == b_rest,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
