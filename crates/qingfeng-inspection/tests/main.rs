//! What the documents say of the tables of this crate.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::path::Path;

use qingfeng::tables::Table;
use qingfeng_inspection::PlanColumns;
use qingfeng_store::OutcomeColumns;

fn document(name: &str) -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    std::fs::read_to_string(directory.join(name)).unwrap()
}

#[test]
fn the_operators_guide_has_the_columns_of_plans() {
    let table = PlanColumns::TABLE.markdown();
    assert!(document("operators-guide.md").contains(&table), "docs/operators-guide.md must have\n{table}");
}

/// Each column of a table of outcomes is described, and each header that is described is taken.
#[test]
fn the_page_on_outcomes_has_their_columns_and_headers() {
    let Table { columns, .. } = OutcomeColumns::TABLE;
    let page = document("outcomes.md");
    let (_, table) = page.split_once("| column | | also under |\n| --- | --- | --- |\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let mut described = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let words = |cell: &str| -> Vec<String> {
            cell.split([',', ' '])
                .map(|word| word.trim_matches('`').to_owned())
                .filter(|word| !word.is_empty())
                .collect()
        };
        let names = words(cells[0]);
        for header in words(cells[2]) {
            let known = columns.iter().filter(|column| names.iter().any(|name| name == column.name));
            let taken = known.flat_map(|column| column.headers).any(|taken| *taken == header);
            assert!(taken, "{row}: `{header}` is no header of {names:?}");
        }
        described.extend(names);
    }
    for column in columns.iter().filter(|column| column.name != "declared_on") {
        assert!(described.iter().any(|name| name == column.name), "`{}` is not described", column.name);
    }
}
