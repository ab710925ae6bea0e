//! Tests of `pages`.

use super::*;
use std::collections::BTreeSet;

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/codes");
    let names = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    let pages: BTreeSet<String> = names.map(|name| name.into_string().unwrap()).collect();
    let codes = Code::ALL.iter().map(|code| format!("{}.md", code.id()));
    assert_eq!(pages, codes.chain(["example".to_owned()]).collect());
}

#[test]
fn a_page_names_its_code_and_has_each_part() {
    for &code in Code::ALL {
        let head = format!("# {} {}\n\n{}\n\n", code.id(), code.name(), code.summary());
        let kind = code.severity().to_string();
        let weight = code.document().strip_prefix(&head).unwrap_or_default().to_lowercase();
        assert!(
            weight.starts_with(&format!("a {kind}: ")) || weight.starts_with(&format!("an {kind}: ")),
            "{code:?}"
        );
        let page = code.page();
        for part in [page.meaning, page.why, page.remedy, code.summary().to_owned()] {
            assert!(part.ends_with(['.', '`']), "{code:?}: {part:?}");
        }
        assert_eq!(page.example.is_empty(), page.message.is_empty(), "{code:?}");
        assert!(code.document().ends_with('\n') && !code.document().ends_with("\n\n"), "{code:?}");
    }
}
