//! Tests of `charts`.

use super::*;

fn of<const N: usize>(values: [(&str, f64); N]) -> Vec<(String, f64)> {
    values.map(|(name, value)| (name.to_owned(), value)).to_vec()
}

#[test]
fn names_of_bars_are_whole_and_escaped() {
    let values = of([("越南", 63.0), ("<b>&", 2.0), ("United States of America", 1.0)]);
    let svg = bars("查获", &values).into_string();
    for text in
        [">越南</text>", ">&lt;b&gt;&amp;</text>", ">United States of Ameri…</text>", "<title>查获</title>"]
    {
        assert!(svg.contains(text), "{text} in {svg}");
    }
    assert!(!svg.contains("<b>"), "{svg}");
}

#[test]
fn the_longest_bar_leaves_room_for_its_number() {
    let svg = bars("t", &of([("a", 1_234_567.0), ("b", 617_283.5)])).into_string();
    let long = |at: usize| {
        let width = svg.split(" width=\"").nth(at).and_then(|rest| rest.split('"').next());
        width.and_then(|width| width.parse::<f64>().ok()).unwrap()
    };
    assert!((long(1) - 2.0 * long(2)).abs() < 0.2 && long(1) < WIDTH - 60.0, "{svg}");
    assert!(svg.contains(">1234567.0</text>"), "{svg}");
}

#[test]
fn a_chart_of_nothing_is_none() {
    assert_eq!(bars("t", &[]).into_string(), "");
    assert_eq!(bars("t", &of([("a", 0.0), ("b", 0.0)])).into_string(), "");
    let line = Line { name: "a", colour: "red", values: vec![1.0] };
    assert_eq!(lines("t", &["2016-01".to_owned()], &[line]).into_string(), "");
}

#[test]
fn axes_have_round_numbers() {
    assert_eq!(ticks(63.0, 5, true), [0.0, 20.0, 40.0, 60.0, 80.0]);
    assert_eq!(ticks(100.0, 5, true), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
    assert_eq!(ticks(2.0, 5, true), [0.0, 1.0, 2.0]);
    assert_eq!(ticks(0.0, 5, false), [0.0, 1.0]);
    assert_eq!(ticks(0.9, 2, false), [0.0, 0.5, 1.0]);
}

#[test]
fn names_below_a_chart_have_room() {
    let months: Vec<String> = (1..=12).map(|month| format!("2016-{month:02}")).collect();
    let at: Vec<usize> = named(&months, 420.0).iter().map(|name| name.0).collect();
    assert_eq!(at, [0, 3, 6, 11]);
    assert_eq!(named(&months[..3], 420.0), [(0, "start"), (1, "middle"), (2, "end")]);
    assert_eq!(named(&months[..1], 420.0), [(0, "start")]);
    assert!(named(&[], 420.0).is_empty());
}

#[test]
fn a_line_stays_within_its_picture() {
    let names: Vec<String> = (0..3).map(|at| at.to_string()).collect();
    let line = Line { name: "a", colour: "var(--accent)", values: vec![0.0, 7.5, 3.0] };
    let svg = lines("t", &names, &[line]).into_string();
    let points = svg.split("points=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let points: Vec<(f64, f64)> = points
        .split(' ')
        .map(|point| point.split_once(',').unwrap())
        .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
        .collect();
    assert_eq!(points.len(), 3);
    assert!(points.iter().all(|(x, y)| (0.0..=WIDTH).contains(x) && (0.0..=220.0).contains(y)), "{svg}");
    assert!(points[1].1 < points[2].1 && points[2].1 < points[0].1, "{svg}");
    assert!(!svg.contains(" style="), "a page's policy refuses it: {svg}");
}
