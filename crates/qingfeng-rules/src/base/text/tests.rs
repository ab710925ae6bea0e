//! Tests of `text`.

use super::*;

#[test]
fn words_stand_by_themselves() {
    for (text, word, expected) in [
        ("Replica watch", "replica", true),
        ("REPLICA", "replica", true),
        ("Ｒｅｐｌｉｃａ bag", "replica", true),
        ("replicas", "replica", false),
        ("shoes, no  logo", "no logo", true),
        ("shoes no-logo", "no logo", false),
        ("casino logos", "no logo", false),
        ("贴牌手机", "贴牌", true),
        ("手机（无牌）", "无牌", true),
        ("高仿A货", "仿", true),
        ("a", "", false),
        ("", "a", false),
        ("phone仿iphone", "iphone", true),
        ("xno no no", "no no", true),
        ("xno nox", "no no", false),
    ] {
        assert_eq!(has_word(text, word), expected, "{text:?} {word:?}");
    }
}

#[test]
fn look_alikes_resemble_and_the_mark_itself_does_not() {
    for (label, expected) in [
        ("DELI", false),
        ("deli", false),
        ("ＤＥＬＩ", false),
        ("DEL1", true),
        ("DELl", true),
        ("D E L I", true),
        ("DE-LI", true),
        ("DELLI", true),
        ("DEI", true),
        ("EDLI", true),
        ("DЕLI", true),
        ("DOLLY", false),
        ("", false),
        ("M&G", false),
    ] {
        assert_eq!(resembles(label, "DELI"), expected, "{label:?}");
    }
    assert!(resembles("HA0JUE", "HAOJUE"));
    assert!(!resembles("LIFAN", "HAOJUE"));
}

#[test]
fn words_are_found_in_time_that_is_linear() {
    let began = std::time::Instant::now();
    let (text, word) = ("a".repeat(65_536), "a".repeat(32_768));
    assert!(!has_word(&text, &word) && has_word(&format!("{text} {word}"), &word));
    let pairs = ("ab".repeat(30_000), "ab".repeat(15_000));
    assert!(!has_word(&pairs.0, &pairs.1));
    assert!(began.elapsed().as_millis() < 500, "{:?}", began.elapsed());
}

#[test]
fn overlapping_occurrences_are_all_found() {
    for (text, word) in
        [("aaaa", "aa"), ("abababa", "aba"), ("aabaabaab", "aab"), ("x", "y"), ("仿仿仿", "仿仿")]
    {
        let naive: Vec<usize> =
            (0..text.len()).filter(|&at| text.as_bytes()[at..].starts_with(word.as_bytes())).collect();
        let found: Vec<usize> = occurrences(text.as_bytes(), word.as_bytes(), 0).collect();
        assert_eq!(found, naive, "{text} {word}");
    }
}
