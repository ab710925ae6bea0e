//! What stands in `table.rs`.

use super::*;

#[test]
fn columns_line_up_whatever_the_width_of_letters() {
    let rows = [
        vec![Cell::new("电池"), Cell::new("1").right(), Cell::new("x")],
        vec![Cell::new("a"), Cell::new("100").right(), Cell::new("")],
        vec![Cell::new(""), Cell::new("7").right(), Cell::new("y")],
    ];
    assert_eq!(
        table("  ", &rows).lines().collect::<Vec<_>>(),
        ["  电池    1  x", "  a     100", "          7  y"]
    );
}
