//! Tests of `risk`.

use proptest::prelude::*;
use qingfeng_rules::{Date, Kind};

use super::super::lines::Column;
use super::*;

/// A line: its day, how many days later its result was known, whether it goes on with the declaration before it, its key,
/// whether it was found, its weight, and what it may share with others.
type Drawn = (i32, i32, bool, Option<u8>, bool, u8, u8);

fn day(days: i32) -> Option<Date> {
    Date::from_days(17_000 + days)
}

/// Lines in the order of days, as they are read. All of a declaration share its day and result.
fn lines(drawn: &[Drawn]) -> LabelledLines {
    let mut drawn = drawn.to_vec();
    drawn.sort_by_key(|line| line.0);
    let mut lines = LabelledLines::default();
    let (mut codes, mut weights) = (Vec::new(), Vec::new());
    let mut first = 0;
    for at in 0..drawn.len() {
        let goes_on = at > 0 && drawn[at].2 && drawn[at].0 == drawn[first].0;
        if !goes_on {
            first = at;
        }
        let (declared, later, _, _, found, weight, _) = drawn[first];
        lines.declarations.push(first as u32);
        lines.days.push(day(declared));
        lines.known_on.push(day(declared + later));
        lines.whole.push(Some(found));
        lines.found.push(found);
        lines.is_labelled.push(true);
        lines.to_judge.push(false);
        weights.push(f64::from(weight));
        codes.push(drawn[at].3.map_or(MISSING, u32::from));
    }
    lines.weights = Some(weights);
    let names = (0..4).map(|name| name.to_string().into()).collect();
    lines.columns.push(Column {
        field: FieldRef::Declared(qingfeng_rules::FieldId(0)),
        name: "hs".to_owned(),
        kind: Kind::Text,
        codes: None,
        data: Data::Codes(codes, names),
    });
    lines
}

/// What is known of the key of a line before its day, by a look at all results.
fn expected(lines: &LabelledLines, learn: &[u32], of: u32, all: bool, same: Option<&[u32]>) -> (f64, f64) {
    let Data::Codes(codes, _) = &lines.columns[0].data else { unreachable!() };
    let key = codes[of as usize];
    let mut declarations: Vec<(u32, f64, bool)> = Vec::new();
    for &line in learn {
        let at = line as usize;
        let is_known = all || lines.known_on[at] < lines.days[of as usize];
        let is_apart = same.is_none_or(|same| same[at] != same[of as usize]);
        let known = (lines.declarations[at], lines.weight(line).unwrap(), lines.whole[at] == Some(true));
        if codes[at] == key && key != MISSING && is_known && is_apart && !declarations.contains(&known) {
            declarations.push(known);
        }
    }
    let weights: f64 = declarations.iter().map(|known| known.1).sum();
    let squares: f64 = declarations.iter().map(|known| known.1 * known.1).sum();
    let found: f64 = declarations.iter().filter(|known| known.2).map(|known| known.1).sum();
    if weights == 0.0 { (0.0, 0.0) } else { (weights * weights / squares, weights * found / squares) }
}

proptest! {
    #[test]
    fn a_result_is_told_by_what_was_known_before(
        drawn in proptest::collection::vec(
            (0..12, 0..4, any::<bool>(), proptest::option::of(0..4_u8), any::<bool>(), 1..9_u8, 0..3_u8), 1..40,
        ),
        from in 0..50_usize,
    ) {
        let lines = lines(&drawn);
        let all: Vec<u32> = (0..lines.len() as u32).collect();
        let from = all.partition_point(|&line| lines.days[line as usize] < lines.days[from % all.len()]);
        let (learn, held) = all.split_at(from);
        prop_assume!(!learn.is_empty());
        let mut known = learn.to_vec();
        known.sort_by_key(|&line| (lines.known_on[line as usize], line));
        // All lines of a declaration share their values here, as results are those of declarations.
        let shared: Vec<u32> = lines.declarations.iter().map(|&first| u32::from(drawn[first as usize].6)).collect();
        for same in [None, Some(&shared[..])] {
            let study = Lines { lines: &lines, learn: learn.to_vec(), held: held.to_vec(), known: known.clone(), same };
            let keys = candidates(&lines, &[]).unwrap().remove(0).keys;
            let counts = study.counts(&keys);
            for (of, is_held) in learn.iter().map(|of| (of, false)).chain(held.iter().map(|of| (of, true))) {
                let (inspected, found) = expected(&lines, learn, *of, is_held, same);
                let told = (counts.inspected[*of as usize], counts.found[*of as usize]);
                prop_assert!((told.0 - inspected).abs() < 1e-9 && (told.1 - found).abs() < 1e-9, "{told:?} {inspected} {found}");
            }
        }
    }
}

#[test]
fn points_double_with_the_odds() {
    let odds = 0.03 / 0.97;
    let rate = |times: f64| times * odds / (1.0 + times * odds);
    let cases = [(0.5, 0), (1.001, 0), (2.001, 17), (3.001, 25), (4.001, 34), (64.001, 102), (1e9, 136)];
    for (times, wanted) in cases {
        assert_eq!(points(rate(times), odds), wanted, "{times} times the odds");
    }
}

#[test]
fn a_field_that_follows_from_another_is_left_out_of_its_key() {
    let keys = |of_line: &[u32]| Keys { of_line: of_line.to_vec(), count: 4 };
    let candidate = |name: &str, of_line: &[u32]| Candidate { name: name.to_owned(), keys: keys(of_line) };
    let candidates = [
        candidate("hs2", &[0, 0, 1, 1]),
        candidate("hs4", &[0, 1, 2, 3]),
        candidate("port", &[0, 1, 0, MISSING]),
    ];
    let level = |fields: &[usize]| Level {
        fields: fields.to_vec(),
        keys: keys_of(&candidates, fields),
        counts: Counts::default(),
        strength: 1.0,
    };
    assert_eq!(next_fields(&candidates, &[]), [[0], [1], [2]]);
    assert_eq!(next_fields(&candidates, &[level(&[0])]), [vec![0, 2], vec![1], vec![2]]);
}
