//! Tests of `keys`.

use super::*;

fn group(members: &[(&str, bool, &str, &str)]) -> Codes {
    let date = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
    let members = members.iter().map(|&(code, prefix, from, until)| Member {
        code: code.to_owned(),
        prefix,
        from: date(from),
        until: date(until),
    });
    Codes::of_group(&Group {
        name: "g".into(),
        title: "G".into(),
        title_zh: None,
        kind: None,
        members: members.collect(),
    })
}

#[test]
fn codes_that_fit_the_same_lines_are_the_same() {
    for (what, a, b) in [
        (
            "order",
            group(&[("KE", false, "", ""), ("TZ", false, "", "")]),
            group(&[("TZ", false, "", ""), ("KE", false, "", "")]),
        ),
        (
            "twice",
            group(&[("KE", false, "", "")]),
            group(&[("KE", false, "", ""), ("KE", false, "2016-01-01", "")]),
        ),
        (
            "days that follow each other",
            group(&[("KE", false, "2016-01-01", "2016-12-31")]),
            group(&[("KE", false, "2016-07-01", "2016-12-31"), ("KE", false, "2016-01-01", "2016-06-30")]),
        ),
        (
            "within a prefix",
            group(&[("87", true, "", "")]),
            group(&[("87", true, "", ""), ("8711", true, "", ""), ("87", false, "", "")]),
        ),
    ] {
        assert_eq!(a, b, "{what}");
    }
}

#[test]
fn what_came_and_went_is_told_with_its_days() {
    let old = group(&[("KE", false, "", ""), ("TZ", false, "", ""), ("8711", true, "", "")]);
    let new = group(&[
        ("KE", false, "", "2016-12-31"),
        ("TZ", false, "", ""),
        ("ZA", false, "", ""),
        ("8711", true, "", ""),
    ]);
    let change = |a, b| Codes::change("region", a, b).map(|change| change.to_string());
    assert_eq!(change(&old, &new).unwrap(), "region: + KE until 2016-12-31, + ZA, − KE");
    assert_eq!(change(&old, &Codes::Any).unwrap(), "region: 8711, KE, TZ → any");
    assert_eq!(change(&old, &old), None);
    let gap = group(&[("KE", false, "", "2016-06-29"), ("KE", false, "2016-07-01", "")]);
    assert_eq!(
        change(&group(&[("KE", false, "", "")]), &gap).unwrap(),
        "region: + KE from 2016-07-01, + KE until 2016-06-29, − KE"
    );
}
