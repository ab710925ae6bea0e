//! `qingfeng reference`.

use crate::support::{Desk, golden};

#[test]
fn a_name_is_looked_up() {
    let desk = Desk::empty();
    let shown: String = ["has_word", "from", "weekday", "destination", "unit_value", "**"]
        .into_iter()
        .map(|name| {
            format!(
                "$ qingfeng reference {name}\n{}\n",
                desk.run(&format!("reference {name}")).exits(0).stdout
            )
        })
        .collect();
    golden("reference.txt", &shown);
    golden("reference-names.txt", &desk.run("reference").exits(0).stdout);
}

#[test]
fn a_part_is_the_document() {
    let desk = Desk::empty();
    let documents = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    for part in ["keys", "fields", "functions"] {
        let document =
            std::fs::read_to_string(documents.join(format!("{part}.md"))).unwrap().replace("\r\n", "\n");
        let printed = desk.run(&format!("reference {part}")).exits(0).stdout;
        assert!(document.ends_with(&printed) && printed.starts_with("# "), "{part}");
    }
}

#[test]
fn an_unknown_name_is_told_with_the_nearest() {
    let ran = Desk::empty().run("reference has_wrod").exits(2);
    assert!(
        ran.stderr.contains("no key, field or function `has_wrod`; did you mean `has_word`?"),
        "{}",
        ran.stderr
    );
}
