//! Tests of `keys`.

use std::collections::BTreeSet;

use super::*;

#[test]
fn each_section_of_the_page_is_a_table_and_each_line_of_it_a_key() {
    let headings: Vec<String> =
        PAGE.lines().filter_map(|line| Some(line.strip_prefix("## ")?.replace('`', ""))).collect();
    assert_eq!(headings, Table::ALL.iter().map(|(_, title)| *title).collect::<Vec<_>>());
    let lines = PAGE.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(Table::ALL.iter().map(|(table, _)| table.rows().len()).sum::<usize>(), lines);
    for (table, title) in Table::ALL {
        let names: BTreeSet<&str> = table.names().collect();
        assert_eq!(names.len(), table.rows().len(), "{title}: a key stands twice");
        for row in table.rows() {
            for text in [&row.name, &row.takes, &row.default, &row.meaning, &row.example] {
                assert!(!text.is_empty(), "{title}: {row:?}");
            }
        }
    }
}
