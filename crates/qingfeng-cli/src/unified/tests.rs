//! Hunks of small texts.

use super::*;

#[test]
fn hunks_are_those_of_other_tools() {
    let numbers = |count: usize| (1..=count).map(|number| format!("{number}\n")).collect::<String>();
    let twenty = numbers(20);
    let cases = [
        ("a\n".to_owned(), "a\n".to_owned(), ""),
        ("a\nb\nc\n".to_owned(), "a\nB\nc\n".to_owned(), "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"),
        (String::new(), "a\n".to_owned(), "@@ -0,0 +1 @@\n+a\n"),
        ("a\n".to_owned(), String::new(), "@@ -1 +0,0 @@\n-a\n"),
        ("a".to_owned(), "a\n".to_owned(), "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"),
        (
            twenty.clone(),
            twenty.replace("2\n3\n", "2\nx\n3\n").replace("16\n", ""),
            "@@ -1,5 +1,6 @@\n 1\n 2\n+x\n 3\n 4\n 5\n@@ -13,7 +14,6 @@\n 13\n 14\n 15\n-16\n 17\n 18\n 19\n",
        ),
    ];
    for (before, after, wanted) in cases {
        assert_eq!(hunks(&before, &after), wanted, "{before:?} to {after:?}");
    }
}

#[test]
fn long_texts_are_replaced_between_their_changes() {
    let long = |last: &str| (0..5_000).map(|number| format!("{last}{number}\n")).collect::<String>();
    let (before, after) = (format!("a\n{}b\n", long("x")), format!("a\n{}b\n", long("y")));
    let shown = hunks(&before, &after);
    assert!(shown.starts_with("@@ -1,5002 +1,5002 @@\n a\n-x0\n-x1\n"), "{}", &shown[..60]);
    assert!(shown.ends_with("+y4999\n b\n"));
}
