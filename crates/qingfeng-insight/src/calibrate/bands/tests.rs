//! Tests of `bands`.

use super::*;

/// The numbers of the rule `R` whose score is this.
fn numbers(score: &str) -> Option<Vec<i64>> {
    let text = format!(
        "rule(\"R\", #{{ title: \"score: 3 }}\", // score: 1\n score: {score}, when: |d| d.a > 1 }});"
    );
    let mut tokens = Tokens { text: &text, from: text.find(',').unwrap() };
    tokens.score()?;
    let bands = tokens.chain()?;
    // Other numbers go where these stand.
    let new: Vec<_> = bands.iter().map(|band| (band.span.clone(), band.points + 1)).collect();
    let mut after = Tokens { text: &rewritten(&text, &new), from: text.find(',').unwrap() };
    after.score()?;
    let after: Vec<i64> = after.chain()?.iter().map(|band| band.points).collect();
    assert_eq!(after, bands.iter().map(|band| band.points + 1).collect::<Vec<_>>(), "{score}");
    Some(bands.into_iter().map(|band| band.points).collect())
}

#[test]
fn chains_of_numbers_are_read_and_nothing_else() {
    assert_eq!(numbers("|d| if d.a < 0.4 { 44 } else { 9 }"), Some(vec![44, 9]));
    let long = "|d| if d.a == () || d.b.contains(\"}\") { -1_0 } /* else */ else if f(d.a, [1]) { 26 }\n else { 44 }";
    assert_eq!(numbers(long), Some(vec![-10, 26, 44]));
    for other in [
        "20",
        "|d| min(d.a, 9)",
        "|d| if d.a < 1 { d.b } else { 2 }",
        "|d| if d.a < 1 { 1.5 } else { 2 }",
        "|d| if d.a < 1 { 1 }",
        "|d| if d.a < 1 { 1 } else { 2 } + 3",
        "|d| if d.a < 1 { let x = 1; x } else { 2 }",
        "|d| if #{a: 1}.a < d.a { 1 } else { 2 }",
        "|d| switch d.a { 1 => 2, _ => 3 }",
    ] {
        assert_eq!(numbers(other), None, "{other}");
    }
}
