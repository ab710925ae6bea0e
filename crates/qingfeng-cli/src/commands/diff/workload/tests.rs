//! Tests of `workload`.

use super::*;

fn workload(days: &[(&str, u64, u64)]) -> Workload {
    let load = |&(day, old, new): &(&str, u64, u64)| Load {
        value: day.to_owned(),
        old: vec![10 - old, old],
        new: vec![10 - new, new],
    };
    Workload { loads: days.iter().map(load).collect(), ..Workload::default() }
}

#[test]
fn many_days_are_shown_in_stretches() {
    let days = workload(&[("2016-01-01", 1, 2), ("2016-01-03", 1, 0), ("2016-01-20", 4, 4)]);
    let shown = |most: usize| {
        let stretches = Stretches::of(&days, 2, most);
        let loads = stretches.loads.iter().filter(|load| load.totals() != [0, 0]);
        let loads = loads.map(|load| format!("{} {}→{}", load.value, load.old[1], load.new[1]));
        (stretches.days, stretches.last_days, stretches.loads.len(), loads.collect::<Vec<_>>().join(", "))
    };
    assert_eq!(shown(60), (1, 1, 20, "2016-01-01 1→2, 2016-01-03 1→0, 2016-01-20 4→4".to_owned()));
    assert_eq!(shown(10), (7, 6, 3, "2016-01-01 2→2, 2016-01-15 4→4".to_owned()));
    assert_eq!(shown(1), (28, 20, 1, "2016-01-01 6→6".to_owned()));
    let weeks = Stretches::of(&days, 2, 10).a_day(|load| load.new[1]);
    assert_eq!(weeks, [2.0 / 7.0, 0.0, 4.0 / 6.0]);
    assert_eq!(Stretches::of(&Workload::default(), 2, 10).loads.len(), 0);
}

#[test]
fn the_greatest_changes_come_first_and_equal_days_are_left_out() {
    let days = workload(&[("2016-01-01", 1, 2), ("2016-01-02", 3, 3), ("2016-01-03", 5, 1)]);
    let most = most_changed(&days, 5).into_iter().map(|load| load.value.as_str()).collect::<Vec<_>>();
    assert_eq!(most, ["2016-01-03", "2016-01-01"]);
    assert_eq!([mean(5, 2), mean(300, 2), mean(1, 0)], ["2.5", "150", "1.0"]);
}
