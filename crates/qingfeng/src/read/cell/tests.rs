//! Tests of `cell`.

use arrow_array::Array as _;
use qingfeng_rules::{Kind, Schema};

use super::*;
use crate::read::Column;

fn field(name: &str) -> Field {
    let schema = Schema::export();
    schema[schema.field(name).unwrap()].clone()
}

fn listed_in(name: &str, codes: CodeList) -> Field {
    Field { codes: Some(codes), ..field(name) }
}

/// The value of a text or code as it is read, with what was done to it; or the reason why it is none.
fn read(raw: &str, field: &Field) -> Result<(String, Option<Change>), String> {
    let mut change = None;
    let read =
        if field.kind == Kind::Text { text(raw, field, &mut change) } else { code(raw, field, &mut change) };
    read.map(|text| (text.into_owned(), change)).map_err(|problem| problem.reason)
}

#[track_caller]
fn is_read(field: &Field, change: impl Into<Option<Change>>, cases: &[(&str, &str)]) {
    let change = change.into();
    for (raw, value) in cases {
        assert_eq!(read(raw, field), Ok(((*value).to_owned(), change)), "{raw:?}");
    }
}

#[track_caller]
fn is_refused(field: &Field, reason: &str, cases: &[&str]) {
    for raw in cases {
        let found = read(raw, field);
        assert!(found.as_ref().is_err_and(|found| found.contains(reason)), "{raw:?}: {found:?}");
    }
}

#[test]
fn codes_are_brought_to_one_form() {
    let (hs, country) = (field("hs"), field("destination"));
    is_read(&hs, None, &[(" 8711.20 90.00 ", "8711209000"), ("8711.00", "871100")]);
    is_read(&country, None, &[("ken", "KE"), ("\u{3000}KE\u{3000}", "KE"), ("NA", "NA"), ("XX", "XX")]);
    is_refused(&country, "U+0000", &["K\0E"]);
    is_refused(&field("port"), "whose capital is", &["ß1", "ıst", "ſ9"]);
}

#[test]
fn what_spreadsheets_put_around_codes_is_left_out() {
    let exporter = [
        ("'E0009", "E0009"),
        ("=\"E0009\"", "E0009"),
        (" \"E0009\"", "E0009"),
        ("'e0009'", "E0009"),
        ("\" E0009 \"", "E0009"),
    ];
    is_read(&field("exporter"), Change::Quotes, &exporter);
    is_read(&field("declaration_id"), Change::Quotes, &[("'5300a", "5300a"), ("=\"5300\"", "5300")]);
    is_read(
        &field("hs"),
        Change::Quotes,
        &[("'8711209000", "8711209000"), ("=\"8711209000\"", "8711209000")],
    );
    is_read(&field("goods"), Change::Quotes, &[("=\"shoes\"", "shoes")]);
    is_read(
        &field("goods"),
        None,
        &[("'s winter coats", "'s winter coats"), ("1\" pipe", "1\" pipe"), (" \"shoes\"", "\"shoes\"")],
    );
    is_refused(&field("exporter"), "write the code alone", &["=A1", "=\"E\"&\"1\"", "\"E0009"]);
    is_refused(&field("exporter"), "instead of a value", &["#REF!", "#VALUE!", "#####"]);
}

#[test]
fn digits_that_are_lost_are_not_made_up() {
    let scientific = ["5.3E+17", "5,3E+17", "5.30021E+17", "8.71121e+09", "5E+17", "1.5E2"];
    for name in ["declaration_id", "exporter", "hs", "mode"] {
        is_refused(&field(name), "the digits are lost", &scientific);
    }
    is_read(&field("exporter"), None, &[("12E45", "12E45"), ("E+5", "E+5")]);
    let decimals = [("404.0", "404"), ("4403160001.0000", "4403160001"), ("1039.00", "1039"), ("7.0", "7")];
    is_read(&field("exporter"), Change::Decimals, &decimals);
    is_read(
        &field("hs"),
        Change::Decimals,
        &[("8711209000.0", "8711209000"), ("8711209000.0000", "8711209000")],
    );
    is_refused(&field("hs"), "write the digits without a point", &["871120.00", "87112090.0000"]);
    is_refused(&field("declaration_id"), "floating-point", &["530020160000001234.0", "9007199254740994.0"]);
    is_read(&field("declaration_id"), Change::Decimals, &[("530020160000001234.00", "530020160000001234")]);
    assert!(number_code(530_020_160_000_001_234.0).is_err());
    assert_eq!(number_code(530_020_160_000_001.0), Ok("530020160000001".to_owned()));
}

#[test]
fn zeros_that_a_code_must_have_are_put_back() {
    let hs = [
        ("901210000", "0901210000"),
        ("80929", "080929"),
        ("1012100", "01012100"),
        ("1", "01"),
        ("901", "0901"),
    ];
    is_read(&field("hs"), Change::Zeros, &hs);
    is_refused(
        &field("hs"),
        "is a zero in front lost",
        &["871120900", "87112", "87112090001", "99912", "0901210001 1"],
    );
    is_read(&field("hs"), None, &[("8711209000101", "8711209000101"), ("901210000123", "901210000123")]);
    let known = |members: &str| {
        let manifest = "[pack]\nname = \"p\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0";
        let mut files = qingfeng_rules::PackFiles::default();
        files.insert("pack.toml", manifest.into());
        files.insert("reference/modes.toml", format!("[all]\ntitle = \"all\"\nmembers = [{members}]").into());
        files.insert(
            "r.rhai",
            "rule(\"A\", #{ title: \"a\", mode: [\"all\"], score: 1, reason: |d| \"a\" });".into(),
        );
        let pack = qingfeng_rules::Pack::load(&files).unwrap();
        pack.schema[pack.schema.field("mode").unwrap()].clone()
    };
    let mode = known("\"0110\", \"1039\", \"0014\"");
    is_read(&mode, Change::Zeros, &[("110", "0110"), ("14", "0014")]);
    is_read(&mode, None, &[("39", "39"), ("1039", "1039"), ("9999", "9999")]);
    let both = [
        ("一般贸易(0110)", "0110"),
        ("0110-一般贸易", "0110"),
        ("1039 market", "1039"),
        ("一般贸易（110）", "0110"),
    ];
    for (raw, value) in both {
        assert_eq!(read(raw, &mode).unwrap().0, value, "{raw}");
    }
    is_refused(&mode, "holds a name and a code", &["一般贸易(0999)"]);
    // Codes of several lengths: what lacks a zero may be another one.
    is_read(&known("\"0110\", \"110\""), None, &[("110", "110"), ("10", "10")]);
}

#[test]
fn letters_that_nobody_sees_and_wide_ones_are_folded_in_codes() {
    let invisible = [
        ("E000997\u{200B}", "E000997"),
        ("\u{202D}E000997\u{202C}", "E000997"),
        ("E000\u{AD}997", "E000997"),
        ("\u{FEFF}E000997", "E000997"),
        ("E\u{2066}000997\u{2069}", "E000997"),
        ("E000997\u{2060}", "E000997"),
    ];
    for name in ["exporter", "declaration_id", "port"] {
        is_read(&field(name), Change::Invisible, &invisible);
    }
    is_read(&field("exporter"), None, &[("E\u{A0}1", "E 1"), ("\u{A0}E1\u{A0}", "E1")]);
    is_read(&field("exporter"), Change::Wide, &[("Ｅ０００９９７", "E000997"), ("ｅ１", "E1")]);
    is_read(&field("hs"), Change::Wide, &[("８７１１２０９０００", "8711209000")]);
    is_read(&field("destination"), Change::Wide, &[("ＫＥＮ", "KE")]);
    // Free text stays as it is.
    is_read(&field("goods"), None, &[("rep\u{200B}lica", "rep\u{200B}lica"), ("ＡＢ", "ＡＢ")]);
}

#[test]
fn countries_are_read_by_a_list_that_is_named() {
    let plain = field("destination");
    is_read(
        &plain,
        Change::NumberIso,
        &[("24", "AO"), ("024", "AO"), ("36", "AU"), ("4", "AF"), ("076", "BR")],
    );
    is_read(&plain, None, &[("0", "0"), ("99", "99")]);
    is_refused(&plain, "which list it is from is not said", &["404", "116", "344", "842", "肯尼亚(404)"]);
    let iso = listed_in("destination", CodeList::CountryIsoNumeric);
    is_read(&iso, Change::NumberIso, &[("404", "KE"), ("24", "AO"), ("116", "KH")]);
    is_read(&iso, None, &[("842", "842"), ("KEN", "KE"), ("999", "999")]);
    let gac = listed_in("destination", CodeList::CountryGac);
    let numbers = [
        ("116", "JP"),
        ("132", "SG"),
        ("404", "BS"),
        ("250", "UG"),
        ("224", "KE"),
        ("344", "RU"),
        ("502", "US"),
    ];
    is_read(&gac, Change::NumberGac, &numbers);
    is_read(&gac, None, &[("701", "701"), ("24", "24"), ("KE", "KE")]);
}

#[test]
fn a_name_and_a_code_in_one_cell_are_told_apart() {
    let country = field("destination");
    let both = [
        ("肯尼亚(KEN)", "KE"),
        ("肯尼亚（KE）", "KE"),
        ("KE-Kenya", "KE"),
        ("KEN 肯尼亚", "KE"),
        ("Kenya (KE)", "KE"),
        ("KE/KENYA", "KE"),
        ("肯尼亚", "KE"),
        ("kenya", "KE"),
    ];
    for (raw, value) in both {
        assert_eq!(read(raw, &country).map(|read| read.0), Ok(value.to_owned()), "{raw}");
    }
    is_refused(&country, "names two countries", &["肯尼亚(NGA)", "Kenya (UG)", "US-CA"]);
    let hs = [("摩托车(8711209000)", "8711209000"), ("8711209000 motorcycles", "8711209000")];
    is_read(&field("hs"), Change::NameAndCode, &hs);
    let exporter = field("exporter");
    is_refused(&exporter, "holds a name and a code", &["ACME TRADING (E000997)", "某公司(ABC)"]);
    is_read(
        &exporter,
        Change::NameAndCode,
        &[("某公司(E000997)", "E000997"), ("义乌市某公司(3318960123)", "3318960123")],
    );
    is_refused(&field("consignee_code"), "holds a name and a code", &["某公司(E000997)", "大鹏海关(5316)"]);
    is_read(&exporter, None, &[("E(1)", "E(1)"), ("深圳某某(集团)有限公司", "深圳某某(集团)有限公司")]);
}

#[test]
fn what_says_that_there_is_no_value_is_missing() {
    let nulls = ["NULL", "null", "\\N", "#N/A", "N/A", "NaN", "nan", "None", "<NA>", "(null)"];
    for name in
        ["brand", "exporter", "hs", "destination", "transport", "declaration_id", "declared_on", "value"]
    {
        for raw in nulls {
            let field = field(name);
            let mut column = Column::new(&Field { required: false, ..field });
            column.push(raw).unwrap();
            assert_eq!(
                column.take_changes().iter().map(|of| of.1).collect::<Vec<_>>(),
                [Change::Null],
                "{name} {raw}"
            );
            assert_eq!(column.finish().null_count(), 1, "{name} {raw}");
        }
    }
    is_read(&field("brand_kind"), None, &[("NONE", "NONE"), ("none", "NONE")]);
    is_read(&field("goods"), None, &[("nullah stones", "nullah stones"), ("none", "none"), ("N", "N")]);
}

fn whole(raw: &str) -> Result<(i64, Option<Change>), String> {
    let mut change = None;
    let value = integer(raw, &field("packages"), &mut change);
    value.map(|value| (value, change)).map_err(|problem| problem.reason)
}

#[test]
fn whole_numbers_are_strict() {
    for (raw, value) in [
        ("0", 0),
        ("12", 12),
        ("+7", 7),
        ("12.0", 12),
        ("12.", 12),
        ("9223372036854775807", i64::MAX),
        ("0.000", 0),
    ] {
        assert_eq!(whole(raw), Ok((value, None)), "{raw}");
    }
    for (raw, value) in [
        ("1,234,567", 1_234_567),
        ("1 234", 1234),
        ("1.234.567", 1_234_567),
        ("1,234.00", 1234),
        ("1'234", 1234),
    ] {
        assert_eq!(whole(raw), Ok((value, Some(Change::Separators))), "{raw}");
    }
    for (raw, reason) in [
        ("1,234", "`1,234` can be 1234 or 1.234; write a decimal point, and nothing between thousands"),
        ("1.000", "`1.000` can be 1000 or 1; write a decimal point, and nothing between thousands"),
        ("1.250", "`1.250` can be 1250 or 1.25; write a decimal point, and nothing between thousands"),
        ("9223372036854775808", "`9223372036854775808` is too large; a whole number has at most 64 bits"),
        ("12.5", "`12.5` is not a whole number; the field takes whole numbers written in digits"),
        ("1e3", "`1e3` is not a whole number; the field takes whole numbers written in digits"),
        ("5 kg", "`5 kg` is not a whole number; write digits only, without units"),
        ("-3", "-3 is below 0, the least `packages` can be"),
    ] {
        assert_eq!(whole(raw), Err(reason.to_owned()), "{raw}");
    }
}

fn measured(raw: &str, semicolons: bool) -> Result<(f64, Option<Change>), String> {
    let mut field = field("value");
    field.reading.semicolons = semicolons;
    let mut change = None;
    number(raw, &field, &mut change).map(|value| (value, change)).map_err(|problem| problem.reason)
}

#[test]
fn numbers_are_finite() {
    for (raw, value) in
        [("0.1", 0.1), ("1e3", 1000.0), (".5", 0.5), ("5.", 5.0), ("-0", 0.0), ("12.500", 12.5)]
    {
        let (read, change) = measured(raw, false).unwrap();
        assert_eq!((read, change), (value, None), "{raw}");
        assert!(read.is_sign_positive());
    }
    for (raw, reason) in [
        ("-inf", "`-inf` is not a finite number; leave the cell empty where the value is not known"),
        ("1e999", "`1e999` is too large; a number has at most 308 digits"),
        ("12 kg", "`12 kg` is not a number; write digits and a decimal point, without units"),
        ("20 pcs", "`20 pcs` is not a number; write digits and a decimal point, without units"),
        ("-3", "-3 is below 0, the least `value` can be"),
    ] {
        assert_eq!(measured(raw, false), Err(reason.to_owned()), "{raw}");
    }
    let top = Field { max: Some(10.0), kind: Kind::Number, ..field("value") };
    let reason = number("10.5", &top, &mut None).unwrap_err().reason;
    assert_eq!(reason, "10.5 is above 10, the most `value` can be");
}

#[test]
fn separators_are_told_apart_where_they_mean_one_thing() {
    for (raw, value) in [
        ("12,5", 12.5),
        ("0,75", 0.75),
        ("0,750", 0.75),
        ("12.500,00", 12_500.0),
        ("1 234,50", 1234.5),
        ("1\u{A0}234,50", 1234.5),
        ("1.234.567,89", 1_234_567.89),
        ("1,234.50", 1234.5),
        ("1'234.50", 1234.5),
        ("1234,567", 1234.567),
        ("1,234,567", 1_234_567.0),
        ("1 234 567", 1_234_567.0),
    ] {
        for semicolons in [false, true] {
            assert_eq!(measured(raw, semicolons), Ok((value, Some(Change::Separators))), "{raw}");
        }
    }
    assert_eq!(measured("１２．５", false), Ok((12.5, Some(Change::Wide))));
    assert_eq!(measured("=\"12.5\"", false), Ok((12.5, Some(Change::Quotes))));
    for raw in ["1,234", "１，２００", "123,456"] {
        assert!(measured(raw, false).unwrap_err().contains(" can be "), "{raw}");
    }
    // A point before three digits is one before decimals, unless a file of semicolons makes that doubtful.
    assert_eq!(measured("1.250", false), Ok((1.25, None)));
    assert!(measured("12.500", true).unwrap_err().contains("can be 12500 or 12.5"));
    assert_eq!(measured("1250.500", true), Ok((1250.5, None)));
    assert_eq!(measured("0.500", true), Ok((0.5, None)));
    for raw in ["12,34,5", "1,23.45.6", "1.2,3.4", "12 34"] {
        let reason = measured(raw, false).unwrap_err();
        assert!(reason.ends_with("write a decimal point, and nothing between thousands"), "{raw}: {reason}");
    }
}

fn day(raw: &str, zone: Option<&str>) -> Result<Option<String>, String> {
    let mut field = field("declared_on");
    field.reading.zone = zone.map(|zone| zone.parse().unwrap());
    let days = date(raw, &field, &mut None).map_err(|problem| problem.reason)?;
    Ok(days.and_then(Date::from_days).map(|day| day.to_string()))
}

#[test]
fn days_are_read_in_the_forms_that_mean_one_day() {
    for raw in [
        "2016-09-06",
        "2016/9/6",
        "2016-9-6",
        "2016.09.06",
        "2016年9月6日",
        "2016年09月06日 10:23",
        "20160906",
        "201609061023",
        "20160906102311",
        "20160906102311123",
        "2016/9/6 0:00",
        "2016-9-6 14:05",
        "2016/9/6 下午 2:05",
        "2016/9/6 2:05 PM",
        "2016-09-06T10:23:11.123",
        "2016-09-06Z",
        "2016-09-06+08:00",
        "２０１６/９/６",
        "'2016-09-06",
        "=\"2016-09-06\"",
        "2016-09-06T00:00:00+08:00",
        "2016-09-06 23:59:60+08",
    ] {
        assert_eq!(day(raw, None), Ok(Some("2016-09-06".to_owned())), "{raw}");
    }
    for raw in ["6/9/2016", "06.09.2016", "09-06-16"] {
        assert!(day(raw, None).unwrap_err().contains("can be read as two days"), "{raw}");
    }
    for raw in ["42619", "1473120000", "1473120000000"] {
        assert!(day(raw, None).unwrap_err().contains("number of days or seconds"), "{raw}");
    }
    for raw in [
        "",
        "2016",
        "2016-13-01",
        "2016-02-30",
        "2016-09/06",
        "2016-09-06x",
        "2016-09-06 noon",
        "20160906256199",
        "2016年9-6",
    ] {
        assert!(day(raw, None).unwrap_err().contains("is not a day of the calendar"), "{raw}");
    }
}

#[test]
fn a_moment_is_a_day_where_the_zone_is_known() {
    for raw in [
        "2016-09-05T16:00:00.000Z",
        "2016-09-05 16:00:00+00",
        "2016-09-05T16:00Z",
        "20160905160000Z",
        "2016-09-05 16:00 UTC",
    ] {
        assert!(day(raw, None).unwrap_err().contains("is a moment"), "{raw}");
        assert_eq!(day(raw, Some("+08:00")), Ok(Some("2016-09-06".to_owned())), "{raw}");
        assert_eq!(day(raw, Some("Z")), Ok(Some("2016-09-05".to_owned())), "{raw}");
    }
    assert_eq!(day("2016-09-06T00:00:00+08:00", Some("Asia/Shanghai")), Ok(Some("2016-09-06".to_owned())));
    assert_eq!(day("2016-09-06T00:00:00+08:00", Some("Z")), Ok(Some("2016-09-05".to_owned())));
    // Days have no zone to change.
    assert_eq!(day("2016-09-06Z", Some("+08:00")), Ok(Some("2016-09-06".to_owned())));
}

#[test]
fn a_day_that_stands_for_none_is_missing() {
    for raw in [
        "0000-00-00",
        "0000-00-00 00:00:00",
        "1900-01-00",
        "9999-12-31",
        "00000000",
        "99991231",
        "0001-01-01",
        "9999/12/31 23:59:59",
    ] {
        let mut change = None;
        assert_eq!(date(raw, &field("declared_on"), &mut change).map_err(|_| raw), Ok(None));
        assert_eq!(change, Some(Change::NoDay), "{raw}");
    }
}

#[test]
fn whole_numbers_are_written_as_their_digits() {
    for (value, text) in [
        (8_711_209_000.0, "8711209000"),
        (-0.0, "0"),
        (1e16, "10000000000000000"),
        (1e20, "1e+20"),
        (0.1, "0.1"),
    ] {
        assert_eq!(number_text(value), text);
    }
    for (written, digits) in
        [("8711209000.00", "8711209000"), ("1.10", "1.10"), ("100", "100"), ("0.0", "0"), ("0", "0")]
    {
        assert_eq!(without_zero_fraction(written), digits);
    }
}

#[test]
fn flags_have_many_words() {
    for word in ["true", "TRUE", "1", "yes", "Y", "是"] {
        assert_eq!(flag(word), Ok(true), "{word}");
    }
    for word in ["false", "False", "0", "no", "n", "否"] {
        assert_eq!(flag(word), Ok(false), "{word}");
    }
    assert!(flag("maybe").is_err());
}

/// A field of a pack with these reference files.
fn of_pack(name: &str, files: &[(&str, &str)]) -> Field {
    let manifest = "[pack]\nname = \"p\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0";
    let mut pack = qingfeng_rules::PackFiles::default();
    pack.insert("pack.toml", manifest.into());
    files.iter().for_each(|(name, text)| pack.insert(*name, (*text).into()));
    pack.insert("r.rhai", "rule(\"A\", #{ title: \"a\", score: 1, when: |d| d.value > 1.0 });".into());
    let pack = qingfeng_rules::Pack::load(&pack).unwrap();
    pack.schema[pack.schema.field(name).unwrap()].clone()
}

#[test]
fn names_become_the_codes_of_their_list() {
    let lists: &[(&str, &[(&str, &str)])] = &[
        (
            "port",
            &[
                ("洋山港区", "2248"),
                ("蛇口海关", "5304"),
                ("大鹏海关(5316)", "5316"),
                ("5304-蛇口海关", "5304"),
            ],
        ),
        (
            "mode",
            &[("一般贸易", "0110"), ("110", "0110"), ("市场采购(1039)", "1039"), ("0110 一般贸易", "0110")],
        ),
        ("transport", &[("水路运输", "2"), ("航空运输(5)", "5"), ("海运", "2")]),
        (
            "unit",
            &[("千克", "KG"), ("035", "KG"), ("kgs", "KG"), ("个", "PCS"), ("打", "DZN"), ("ｋｇ", "KG")],
        ),
        ("currency", &[("人民币", "CNY"), ("142", "CNY"), ("美元", "USD"), ("502", "USD"), ("usd", "USD")]),
        ("brand_kind", &[("0", "NONE"), ("境外品牌（贴牌生产）", "OEM"), ("own", "OWN"), ("4", "FOREIGN")]),
    ];
    for (name, cells) in lists {
        let field = of_pack(name, &[]);
        for (raw, code) in cells.iter() {
            assert_eq!(read(raw, &field).map(|read| read.0), Ok((*code).to_owned()), "{name} {raw}");
        }
    }
    is_read(&of_pack("port", &[]), None, &[("CNSHA", "CNSHA"), ("9999", "9999"), ("2248", "2248")]);
    is_refused(&of_pack("port", &[]), "names two codes", &["蛇口海关(5316)"]);
    is_refused(&of_pack("mode", &[]), "holds a name and a code", &["一般贸易(0999)"]);
}

#[test]
fn a_pack_says_what_brands_are_written_like_and_which_words_mean_none() {
    let codes = "[brand]\nnothing = [\"无\", \"无品牌\", \"N/M\"]\n[brand.writings]\nDELI = [\"得力\"]\nHAOJUE = [\"豪爵\"]\n";
    let brand = of_pack("brand", &[("reference/codes.toml", codes)]);
    let same = [
        ("得力", "DELI"),
        ("deli", "DELI"),
        ("ＤＥＬＩ", "DELI"),
        ("得力DELI", "DELI"),
        ("DELI/得力", "DELI"),
        ("豪爵(HAOJUE)", "HAOJUE"),
        ("得 力", "DELI"),
        ("D E L I", "DELI"),
        ("得\u{200B}力", "DELI"),
    ];
    is_read(&brand, Change::NameAndCode, &same);
    is_read(&brand, Change::Nothing, &[("无", ""), ("无品牌", ""), ("n/m", ""), ("Ｎ/Ｍ", "")]);
    is_read(
        &brand,
        None,
        &[("DELI", "DELI"), ("DELIXI", "DELIXI"), ("得力文具", "得力文具"), ("得力HAOJUE", "得力HAOJUE")],
    );
}
