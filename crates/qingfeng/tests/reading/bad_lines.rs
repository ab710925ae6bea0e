//! Lines that cannot be read, and what is said of them. The lines around them are read all the same.

use super::{HEADER, read, read_bytes};
use qingfeng::read::{Encoding, ReadOptions};

/// Text after two good lines and the header of [`HEADER`], and the rejects it gives. `D` stands for the columns that
/// each line needs.
const CSV: &[(&str, &[&str])] = &[
    ("D,x,,,,,", &["line 4: [item_no] `x` is not a whole number; write digits only, without units"]),
    ("D,0,,,,,", &["line 4: [item_no] 0 is below 1, the least `item_no` can be"]),
    (
        "D,\"1,234\",,,,,",
        &[
            "line 4: [item_no] `1,234` can be 1234 or 1.234; write a decimal point, and nothing between thousands",
        ],
    ),
    (
        "D,1.5,,,,,",
        &["line 4: [item_no] `1.5` is not a whole number; the field takes whole numbers written in digits"],
    ),
    (
        "D,99999999999999999999,,,,,",
        &["line 4: [item_no] `99999999999999999999` is too large; a whole number has at most 64 bits"],
    ),
    (
        "D,,five,,,,",
        &["line 4: [quantity] `five` is not a number; write digits and a decimal point, without units"],
    ),
    ("D,,-3,,,,", &["line 4: [quantity] -3 is below 0, the least `quantity` can be"]),
    (
        "D,,inf,,,,",
        &[
            "line 4: [quantity] `inf` is not a finite number; leave the cell empty where the value is not known",
        ],
    ),
    ("D,,1e999,,,,", &["line 4: [quantity] `1e999` is too large; a number has at most 308 digits"]),
    ("D,,,1001,,,", &["line 4: [packages] 1001 is above 1000, the most `packages` can be"]),
    (
        "D,,,,2016-02-30,,",
        &["line 4: [declared_on] `2016-02-30` is not a day of the calendar; write it as 2016-09-06"],
    ),
    (
        "D,,,,06.09.2016,,",
        &["line 4: [declared_on] `06.09.2016` can be read as two days; write the year first, as 2016-09-06"],
    ),
    (
        "D,,,,,,maybe",
        &[
            "line 4: [fragile] `maybe` is neither true nor false; write true or false, yes or no, Y or N, 1 or 0, \
             是 or 否",
        ],
    ),
    (
        ",KE,0110,8711209000,,,,,,",
        &["line 4: [declaration_id] `declaration_id` is missing; each line needs it"],
    ),
    ("D1,,0110,8711209000,,,,,,", &["line 4: [destination] `destination` is missing; each line needs it"]),
    ("D1,  ,0110,8711209000,,,,,,", &["line 4: [destination] `destination` is missing; each line needs it"]),
    (
        "D1,\u{3000},0110,8711209000,,,,,,",
        &["line 4: [destination] `destination` is missing; each line needs it"],
    ),
    (
        "D1,\"\",0110,8711209000,,,,,,",
        &["line 4: [destination] `destination` is missing; each line needs it"],
    ),
    ("D1,KE,0110,. .,,,,,,", &["line 4: [hs] `hs` is missing; each line needs it"]),
    // All bad fields, in the order of the schema and not in that of the columns.
    (
        "D1,,0110,8711209000,x,-1,,never,,",
        &[
            "line 4: [declared_on] `never` is not a day of the calendar; write it as 2016-09-06",
            "line 4: [destination] `destination` is missing; each line needs it",
            "line 4: [item_no] `x` is not a whole number; write digits only, without units",
            "line 4: [quantity] -1 is below 0, the least `quantity` can be",
        ],
    ),
    (
        "D1,K\u{1}E,0110,8711209000,,,,,,",
        &[
            "line 4: [destination] `destination` holds the control character U+0001; codes have none, so remove it",
        ],
    ),
    (
        "D1,K\0E,0110,8711209000,,,,,,",
        &[
            "line 4: [destination] `destination` holds the control character U+0000; codes have none, so remove it",
        ],
    ),
    (
        "a,b,c",
        &["line 4: has 3 fields, the header has 10; a cell with a separator in it must stand in quotes"],
    ),
    (
        "D,,,,,,,,",
        &["line 4: has 12 fields, the header has 10; a cell with a separator in it must stand in quotes"],
    ),
    // A stray quote costs its physical line, and no other.
    (
        "D,,,,,\"open,",
        &["line 4: the quote that opens cell 9 is closed before the cell ends; double quotes inside a \
                          cell, or remove them"],
    ),
    (
        "D,,,,,\"a\" b,",
        &["line 4: the quote that opens cell 9 is closed before the cell ends; double quotes inside a \
                           cell, or remove them"],
    ),
    (
        "D,,,,,\"two\nlines,",
        &[
            "line 4: the quote that opens cell 9 is closed before the cell ends; double quotes inside a cell, or \
             remove them",
            "line 5: has 2 fields, the header has 10; a cell with a separator in it must stand in quotes",
        ],
    ),
    (
        "D,\"two\nlines\"",
        &[
            "line 4: has 5 fields, the header has 10; a cell with a separator in it must stand in quotes",
            "line 5: has 1 fields, the header has 10; a cell with a separator in it must stand in quotes",
        ],
    ),
    (
        "\"",
        &[
            "line 4: the quote that opens cell 1 is closed before the cell ends; double quotes inside a cell, or \
           remove them",
        ],
    ),
    (
        "\0\0\0",
        &["line 4: has 1 fields, the header has 10; a cell with a separator in it must stand in quotes"],
    ),
    (",,,,,,,,,", &["line 4: [declaration_id] `declaration_id` is missing; each line needs it"]),
];

fn csv(bad: &str) -> String {
    let good = |id: &str, goods: &str| format!("{id},KE,0110,8711209000,,1,1,2016-09-06,{goods},\n");
    let bad = bad.replace("D,", "D1,KE,0110,8711209000,");
    // The last good line has quotes, which end whatever a stray quote has opened.
    let (first, second, last) = (good("D0", "shoes"), good("D0", "bags"), good("D2", "\"toys, all\""));
    format!("{HEADER}\n{first}{second}{bad}\n{last}")
}

#[test]
fn csv_lines_are_rejected_one_by_one() {
    for (bad, problems) in CSV {
        let outcome = read("declarations.csv", &csv(bad));
        assert_eq!(outcome.problems(), *problems, "{bad:?}");
        assert_eq!(outcome.readable("goods"), ["shoes", "bags", "toys, all"], "{bad:?}");
        assert_eq!(outcome.lost, 0, "{bad:?}");
        assert_eq!(outcome.error(), "", "{bad:?}");
    }
}

/// As [`CSV`], one line of NDJSON.
const NDJSON: &[(&str, &[&str])] = &[
    ("{", &["line 2: is not JSON: EOF while parsing an object, at byte 1; write one object a line"]),
    ("nonsense", &["line 2: is not JSON: expected ident, at byte 2; write one object a line"]),
    ("[1,2]", &["line 2: is not an object; write one object a line"]),
    ("\"text\"", &["line 2: is not an object; write one object a line"]),
    ("{} {}", &["line 2: goes on after the object; write one object a line"]),
    ("{}", &["line 2: [declaration_id] `declaration_id` is missing; each line needs it"]),
    ("{B,\"hs\":\"1\"}", &["line 2: two keys stand for `hs`; leave one of them out"]),
    ("{B,\"HS\":\"1\"}", &["line 2: two keys stand for `hs`; leave one of them out"]),
    ("{B,\"goods\":[\"a\"]}", &["line 2: [goods] is a list; the field takes a single value"]),
    ("{B,\"goods\":{\"a\":1}}", &["line 2: [goods] is an object; the field takes a single value"]),
    (
        "{B,\"goods\":\"\\ud800\"}",
        &["line 2: [goods] has an escape that stands for no letter; write the letter itself"],
    ),
    (
        "{B,\"packages\":1.5}",
        &["line 2: [packages] `1.5` is not a whole number; the field takes whole numbers written in digits"],
    ),
    (
        "{B,\"packages\":true}",
        &["line 2: [packages] `true` is not a whole number; write digits only, without units"],
    ),
    ("{B,\"quantity\":1e999}", &["line 2: [quantity] `1e999` is too large; a number has at most 308 digits"]),
    ("{B,\"quantity\":-1}", &["line 2: [quantity] -1 is below 0, the least `quantity` can be"]),
    ("{B,\"items\":[]}", &["line 2: `items` is empty; a declaration has at least one goods line"]),
    ("{B,\"items\":null}", &["line 2: `items` is not a list; it must list the goods lines as objects"]),
    ("{B,\"items\":{}}", &["line 2: `items` is not a list; it must list the goods lines as objects"]),
    ("{B,\"items\":[7]}", &["line 2, item 1: is not an object; write one object a line"]),
    (
        "{B,\"items\":[{\"hs\":\"1\"}]}",
        &[
            "line 2, item 1: the item and its declaration have different values of `hs`; leave one of them out",
        ],
    ),
    (
        "{B,\"items\":[{\"items\":[]}]}",
        &["line 2, item 1: the item has `items` of its own; items have no items"],
    ),
    (
        "{B,\"items\":[{\"packages\":-1},{\"packages\":-2}]}",
        &[
            "line 2, item 1: [packages] -1 is below 0, the least `packages` can be",
            "line 2, item 2: [packages] -2 is below 0, the least `packages` can be",
        ],
    ),
];

#[test]
fn json_lines_are_rejected_one_by_one() {
    let base = "\"declaration_id\":\"D1\",\"destination\":\"KE\",\"mode\":\"0110\",\"hs\":\"8711209000\"";
    for (bad, problems) in NDJSON {
        let bad = bad.replace("{B", &format!("{{{base}"));
        let good = |goods: &str| format!("{{{base},\"goods\":\"{goods}\"}}\n").replace("D1", goods);
        let outcome = read("declarations.ndjson", &format!("{}{bad}\n{}", good("shoes"), good("bags")));
        assert_eq!(outcome.problems(), *problems, "{bad:?}");
        assert_eq!(outcome.readable("goods"), ["shoes", "bags"], "{bad:?}");
        assert_eq!(outcome.lost, 0, "{bad:?}");
        assert_eq!(outcome.error(), "", "{bad:?}");
    }
}

#[test]
fn rejects_name_the_declaration_and_show_the_value_cut() {
    let long = "x".repeat(200);
    let outcome = read("declarations.csv", &csv(&format!("D,,{long},,,,")));
    let reject = &outcome.rejects[0];
    assert_eq!(reject.input, "declarations.csv");
    assert_eq!(reject.declaration_id.as_deref(), Some("D1"));
    assert_eq!(reject.value.as_deref(), Some(format!("{}…", "x".repeat(100)).as_str()));
    assert_eq!(
        serde_json::to_value(reject).unwrap()["position"],
        serde_json::json!("line 4"),
        "a position is written as people read it"
    );
}

#[test]
fn texts_too_long_are_rejected_wherever_they_end() {
    for (length, problem) in [
        (65_536, None),
        (65_537, Some("line 4: [goods] `goods` has 65537 bytes; 65536 is the most a cell can have")),
        (1_000_000, Some("line 4: [goods] `goods` has 1000000 bytes; 65536 is the most a cell can have")),
        (2_000_000, Some("line 4: the record is longer than 1 MiB; is a quote or a line end missing?")),
    ] {
        for quote in ["", "\""] {
            let text = csv(&format!("D,,,,,{quote}{}{quote},", "x".repeat(length)));
            let outcome = read("declarations.csv", &text);
            assert_eq!(outcome.problems(), problem.into_iter().collect::<Vec<_>>(), "{length} {quote}");
            assert_eq!((outcome.places.len(), outcome.spoilt.len()), (4, problem.into_iter().count()));
        }
    }
}

#[test]
fn an_endless_quote_costs_one_line_of_many() {
    let good = |at: u32| format!("D{at},KE,0110,8711209000,,1,1,2016-09-06,toys,\n");
    let text = csv("D,,,,,\"open,").replace("\"toys, all\"", "toys")
        + (3..50_003).map(good).collect::<String>().as_str();
    let outcome = read("declarations.csv", &text);
    assert_eq!(
        outcome.problems(),
        ["line 4: the record is longer than 1 MiB; is a quote or a line end missing?"]
    );
    assert_eq!((outcome.places.len(), outcome.spoilt.len()), (50_004, 1));

    let few = csv("D,,,,,\"open,").replace("\"toys, all\"", "toys");
    assert_eq!(
        read("declarations.csv", &few).problems(),
        ["line 4: the quote that opens cell 9 is never closed; close or remove it"]
    );
}

#[test]
fn endless_json_is_skipped_without_being_kept() {
    let line = |goods: &str| {
        format!(
            "{{\"declaration_id\":1,\"destination\":\"KE\",\"mode\":\"0110\",\"hs\":1,\"goods\":\"{goods}\"}}\n"
        )
    };
    let text = [line("a"), line(&"x".repeat(17 << 20)), line("b")].concat();
    let outcome = read("declarations.ndjson", &text);
    assert_eq!(outcome.problems(), ["line 2: the line is longer than 16 MiB; is a line end missing?"]);
    assert_eq!(outcome.readable("goods"), ["a", "b"]);
}

#[test]
fn bytes_of_another_encoding_reject_their_line_and_name_the_field() {
    let (before, after) = csv("D,,,,,@,").split_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let text = [before.as_bytes(), b"\xC4\xA6\xCD\xD0", after.as_bytes()].concat();
    let outcome = read_bytes("declarations.csv", &text, ReadOptions::default());
    assert_eq!(
        outcome.problems(),
        [
            "line 4: [goods] is not UTF-8 (byte 0xCD); if the whole file is GB 18030 or GBK, give --encoding gb18030; if it \
             is Latin-1 or Windows-1252, convert it to UTF-8 (`iconv -f WINDOWS-1252 -t UTF-8`)"
        ]
    );
    let options = ReadOptions { encoding: Encoding::Gb18030, ..ReadOptions::default() };
    let outcome = read_bytes("declarations.csv", &text, options.clone());
    assert_eq!(outcome.values("goods"), ["shoes", "bags", "摩托", "toys, all"]);

    let text = [before.as_bytes(), b"\xFF\xFF", after.as_bytes()].concat();
    let outcome = read_bytes("declarations.csv", &text, options);
    assert_eq!(
        outcome.problems(),
        [
            "line 4: [goods] is not GB 18030; if the whole file is UTF-8, leave --encoding out, else write it again"
        ]
    );

    let text = b"{\"declaration_id\":\"\xFF\"}";
    let outcome = read_bytes("declarations.ndjson", text, ReadOptions::default());
    assert_eq!(
        outcome.problems(),
        [
            "line 1: the line is not UTF-8 (byte 0xFF); if the whole file is Latin-1 or Windows-1252, convert it to UTF-8 \
             (`iconv -f WINDOWS-1252 -t UTF-8`); if it is GB 18030 or GBK, give --encoding gb18030"
        ]
    );
}

#[test]
fn deep_json_does_no_harm() {
    let deep = "[".repeat(1_000_000) + "]".repeat(1_000_000).as_str();
    for key in ["unknown", "goods", "items"] {
        let line = format!("{{\"declaration_id\":\"D\",\"{key}\":{deep}}}\n");
        let outcome = read("declarations.ndjson", &line);
        assert_eq!((outcome.places.len(), outcome.spoilt.len()), (1, 1), "{key}");
    }
}
