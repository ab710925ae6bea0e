use std::collections::{BTreeMap, BTreeSet};

use super::{NAMES, SUBHEADINGS, TABLES, normal, table};

#[test]
fn lists_are_whole_and_no_writing_means_two_codes() {
    assert_eq!(TABLES.iter().map(|table| table.name()).collect::<Vec<_>>(), NAMES);
    for table in TABLES.iter() {
        let name = table.name();
        assert!(
            table.entries().is_sorted_by(|a, b| a.code < b.code),
            "{name}: codes are sorted and distinct"
        );
        let mut meant: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for entry in table.entries() {
            assert!(!entry.title_zh.is_empty() && entry.more.len() == table.more().len(), "{name} {entry:?}");
            assert_eq!(normal(entry.code), entry.code, "{name}");
            assert!(
                entry.life.from.zip(entry.life.until).is_none_or(|(from, until)| from <= until),
                "{name} {entry:?}"
            );
            for writing in entry.also.iter().chain([&entry.title_zh]) {
                meant.entry(normal(writing)).or_default().insert(entry.code);
            }
        }
        let codes: BTreeSet<&str> = table.entries().iter().map(|entry| entry.code).collect();
        for (writing, of) in meant {
            assert!(of.len() == 1, "{name}: {writing} means {of:?}");
            assert!(
                !codes.contains(writing.as_str()) || of.contains(writing.as_str()),
                "{name}: {writing} is a code"
            );
        }
    }
}

#[test]
fn codes_are_found_by_any_writing() {
    let cases = [
        ("customs-office", "洋山港区", "2248"),
        ("customs-office", "蛇口海关", "5304"),
        ("transport", "水路运输", "2"),
        ("trade-mode", "市场采购", "1039"),
        ("currency", "502", "USD"),
        ("currency", "人民币", "CNY"),
        ("unit", "个", "PCS"),
        ("unit", "pcs", "PCS"),
        ("unit", "ＫＧ", "KG"),
        ("brand-kind", "4", "FOREIGN"),
        ("brand-kind", "境外品牌（贴牌生产）", "OEM"),
        ("packing", "2", "2"),
        ("packing", "纸箱", "22"),
        ("trade-terms", "FOB", "3"),
        ("district", "33189", "33189"),
    ];
    for (list, writing, code) in cases {
        let found = table(list).and_then(|table| table.find(writing)).map(|entry| entry.code);
        assert_eq!(found, Some(code), "{list} {writing}");
    }
    assert_eq!(table("unit").and_then(|table| table.find("handful")), None);
}

#[test]
fn subheadings_have_no_two_lives_at_once() {
    assert!(SUBHEADINGS.len() > 5_900);
    for (code, lives) in SUBHEADINGS.iter() {
        assert!(code.len() == 6 && lives.len() <= 2, "{code}");
    }
}
