//! Tests of `schema`.

use super::*;

#[test]
fn headers_are_found_in_english_and_chinese_whatever_their_case_and_blanks() {
    let schema = Schema::export();
    for (header, field) in [
        ("declaration_id", "declaration_id"),
        ("Declaration ID", "declaration_id"),
        ("海关编号", "declaration_id"),
        ("报关单号", "declaration_id"),
        ("HS Code", "hs"),
        ("ｈｓ", "hs"),
        ("监管方式", "mode"),
        ("运抵国(地区)", "destination"),
        ("运抵国（地区）", "destination"),
        (" Net Weight (kg) ", "net_kg"),
    ] {
        let found = schema.field_of_header(header).map(|id| schema[id].name.as_str());
        assert_eq!(found, Some(field), "{header}");
    }
    assert_eq!(schema.field_of_header("colour"), None);
}

#[test]
fn a_header_claimed_twice_is_refused() {
    let mut fields = Schema::export().fields().to_vec();
    fields[2].columns.push("H.S.".into());
    let clash = Schema::new(fields, FieldId(0)).unwrap_err();
    assert_eq!(clash.to_string(), "the header `hs` is claimed by the fields `declared_on` and `hs`");
}

#[test]
fn codes_have_one_form() {
    assert_eq!(CodeList::Country.canonical("KEN"), "KE");
    assert_eq!(CodeList::Country.canonical("404"), "404", "of which list?");
    assert_eq!(CodeList::Country.canonical("24"), "AO");
    assert_eq!(CodeList::CountryIsoNumeric.canonical("404"), "KE");
    assert_eq!(CodeList::CountryGac.canonical("404"), "BS");
    assert_eq!(CodeList::Country.canonical("XKX"), "XKX");
    assert_eq!(CodeList::Hs.canonical("8711.20 9000"), "8711209000");
    assert!(CodeList::Hs.knows("8711209000"));
    assert!(!CodeList::Hs.knows("80929"), "a lost leading zero");
    assert!(!CodeList::Country.knows("XX"));
}
