//! Tests of `export`.

use super::*;

#[test]
fn each_line_of_the_table_is_a_field() {
    let lines: Vec<&str> = include_str!("../export.tsv").lines().skip(1).collect();
    let schema = Schema::export();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, lines.iter().filter_map(|line| line.split('\t').next()).collect::<Vec<_>>());
}
