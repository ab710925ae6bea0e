//! Tests of `words`.

use proptest::prelude::*;

use super::*;
use crate::base::text::has_word;

fn found(words: &[String], text: &str) -> Vec<bool> {
    let index = Words::new(words.iter().zip(0..));
    let mut found = vec![false; words.len()];
    index.find(text, &mut String::new(), &mut |word| found[word as usize] = true);
    found
}

proptest! {
    /// The index finds what `has_word` finds, word by word.
    #[test]
    fn finds_what_has_word_finds(
        words in prop::collection::vec("[a-cＡ仿é \\-1]{0,4}|[a-c]{1,3}|仿[仿a]?", 1..6),
        text in "[a-cＡA仿é \\-1]{0,12}|[a-cA仿 1\\-]{0,12}|[a-c仿 \0\u{1}\u{200B}\u{AD}]{0,12}",
    ) {
        let expected: Vec<bool> = words.iter().map(|word| has_word(&text, word)).collect();
        prop_assert_eq!(found(&words, &text), expected, "{:?} in {:?}", words, text);
    }
}
