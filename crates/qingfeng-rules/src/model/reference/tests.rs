//! Tests of `reference`.

use super::*;

#[test]
fn a_code_belongs_to_a_group_by_itself_or_by_a_prefix_and_on_the_days_of_the_member() {
    let member = |code: &str, prefix, days: [Option<&str>; 2]| {
        let [from, until] = days.map(|day| day.map(|day| day.parse().unwrap()));
        Member { code: code.into(), prefix, from, until }
    };
    let group =
        |members| Group { name: String::new(), title: String::new(), title_zh: None, kind: None, members };
    let groups = Groups::new(&[
        group(vec![member("87", true, [None, None]), member("8711", true, [Some("2016-03-01"), None])]),
        group(vec![member("8711", false, [None, Some("2016-02-29")])]),
        group(Vec::new()),
    ]);
    let on = |code, day: Option<&str>| -> Vec<usize> {
        groups.on(code, day.map(|day| day.parse().unwrap())).collect()
    };
    assert_eq!(on("8711", Some("2016-02-29")), [1, 0]);
    assert_eq!(on("8711", Some("2016-03-01")), [0, 0]);
    assert_eq!(on("8711", None), [1, 0, 0]);
    assert_eq!(on("871120", Some("2016-01-01")), [0]);
    assert!(groups.knows("8799") && !groups.knows("8") && !groups.knows("口岸"));
    assert!(!groups.is_empty() && Groups::new(&[group(Vec::new())]).is_empty());
}
