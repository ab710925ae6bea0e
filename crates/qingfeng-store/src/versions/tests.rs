use super::*;

/// What is known of an entry (its validity, when it was known, ends that became known), and on which days it counts
/// with which last day.
#[test]
fn an_entry_counts_from_when_it_is_known_and_what_becomes_known_later_changes_nothing_before() {
    type Case = (&'static str, &'static [&'static str], &'static [&'static str]);
    let cases: &[Case] = &[
        ("10..20 known 05", &[], &["10..20 last 20"]),
        ("10..20 known 15", &[], &["15..20 last 20"]),
        ("10..20 known 25", &[], &[]),
        ("..20 known 05", &[], &["05..20 last 20"]),
        ("10.. known 05", &[], &["10.. last none"]),
        ("10.. known 05", &["18 known 15"], &["10..14 last none", "15..18 last 18"]),
        // An end in the past that becomes known later: until then it counted.
        ("10.. known 05", &["12 known 15"], &["10..14 last none"]),
        // An end is corrected.
        (
            "10.. known 05",
            &["18 known 12", "25 known 15"],
            &["10..11 last none", "12..14 last 18", "15..25 last 25"],
        ),
        ("10.. known 05", &["18 known 12", "25 known 12"], &["10..11 last none", "12..25 last 25"]),
        // What is said later of an earlier day counts where nothing newer is known.
        (
            "10.. known 05",
            &["25 known 15", "18 known 12"],
            &["10..11 last none", "12..14 last 18", "15..25 last 25"],
        ),
        ("10.. known 05", &["12 known 01"], &["10..12 last 12"]),
    ];
    let date =
        |day: &str| -> Option<Date> { (!day.is_empty()).then(|| format!("2016-09-{day}").parse().unwrap()) };
    for (entry, ends, expected) in cases {
        let (days, known_on) = entry.split_once(" known ").unwrap();
        let (from, until) = days.split_once("..").unwrap();
        let known = Known {
            number: 1,
            known_on: date(known_on).unwrap(),
            entry: Entry {
                table: "t".to_owned(),
                values: Vec::new(),
                from: date(from),
                until: date(until),
                source: None,
                grade: None,
            },
            expiries: (2..)
                .zip(*ends)
                .map(|(number, end)| {
                    let (until, on) = end.split_once(" known ").unwrap();
                    (date(on).unwrap(), number, date(until).unwrap())
                })
                .collect(),
        };
        let shown = |day: i32| Date::from_days(day).map_or(String::new(), |day| format!("{:02}", day.day()));
        let versions: Vec<String> = known
            .versions()
            .iter()
            .map(|version| {
                let last = version.last_day.map_or("none".to_owned(), |day| format!("{:02}", day.day()));
                format!("{}..{} last {last}", shown(version.from), shown(version.until))
            })
            .collect();
        assert_eq!(versions, *expected, "{entry}, {ends:?}");
    }
}
