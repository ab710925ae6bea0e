//! Tests of `selected`.

use super::*;

fn plan(rows: &str) -> PlanFile {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plan.csv");
    let header = "day,office,order,declaration_id,selected,probability,score,channel,cost,pack\n";
    std::fs::write(&path, format!("{header}{rows}")).unwrap();
    PlanFile::read(&path).unwrap()
}

#[test]
fn each_line_counts_by_its_selection_and_by_what_came_back() {
    let rows = "2016-09-06,a,1,D1,targeted,1,80,red,1,p@1#ab\n2016-09-06,a,2,D2,random,0.1,0,green,1,p@1#ab\n\
                2016-09-06,a,3,D3,random,0.1,0,green,1,p@1#ab\n";
    let selected = Selected::of(&[plan(rows)]).unwrap();
    let day = Date::from_ymd(2016, 9, 6);
    assert_eq!(selected.row("D2", day), Some(1));
    assert_eq!((selected.row("D2", Date::from_ymd(2016, 9, 7)), selected.row("D9", day)), (None, None));
    assert_eq!(selected.row("D3", None), Some(2));
    // Of one of two drawn nothing came back: the other stands for both.
    assert_eq!(selected.weights(&[(0, true), (1, true), (2, false)]), [1.0, 20.0, 20.0]);
    assert!(Selected::of(&[]).is_none());
}
