//! What the reference says of functions and operators. What is computed by the interpreter is not written here.

/// A function, an operator, or a property of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FunctionRow {
    /// Its names: one, or several that differ little, parted by a blank.
    pub names: &'static str,
    /// What it works on.
    pub takes: &'static str,
    /// What it gives.
    pub gives: &'static str,
    pub meaning: &'static str,
    /// Formulas whose values the interpreter computes.
    pub examples: &'static [&'static str],
    /// Formulas with a missing value in them, or with a fault.
    pub edges: &'static [&'static str],
    /// Whether the examples give lists, which a field cannot hold.
    pub lists: bool,
}

const fn row(
    names: &'static str,
    takes: &'static str,
    gives: &'static str,
    meaning: &'static str,
    examples: &'static [&'static str],
    edges: &'static [&'static str],
) -> FunctionRow {
    FunctionRow { names, takes, gives, meaning, examples, edges, lists: false }
}

const fn lists(row: FunctionRow) -> FunctionRow {
    FunctionRow { lists: true, ..row }
}

/// The sections of the reference, each with its functions.
pub(crate) const SECTIONS: &[(&str, &[FunctionRow])] = &[
    ("Text", TEXT),
    ("Numbers", NUMBERS),
    ("Dates", DATES),
    ("Lists and maps", LISTS),
    ("Lookup tables", LOOKUPS),
    ("Operators", OPERATORS),
];

const TEST: &str = "test: false where something is missing";

const TEXT: &[FunctionRow] = &[
    row(
        "contains",
        "two texts; a list and a value; a range and a whole number; a map and a key",
        TEST,
        "whether the part stands anywhere in the text, or the value in the list, the range or the map. Letters count as \
         they are; `has_word` looks for whole words.",
        &[
            r#"d.goods.contains("plica")"#,
            r#"["KE", "TZ"].contains(d.destination)"#,
            "(1..5).contains(d.packages)",
        ],
        &[r#"d.brand.contains("A")"#],
    ),
    row(
        "starts_with",
        "two texts",
        TEST,
        "whether the text begins with the part",
        &[r#"d.hs.starts_with("9102")"#, r#"d.goods.starts_with("replica")"#],
        &[r#"d.brand.starts_with("A")"#],
    ),
    row(
        "ends_with",
        "two texts",
        TEST,
        "whether the text ends with the part",
        &[r#"d.goods.ends_with("watch")"#],
        &[r#"d.brand.ends_with("A")"#],
    ),
    row(
        "has_word",
        "two texts",
        TEST,
        "whether the word stands by itself in the text; case, width (`Ｒ` and `R`) and runs of blanks do not matter. In \
         Chinese, which has no blanks, any occurrence counts.",
        &[
            r#"d.goods.has_word("replica")"#,
            r#""Replicas of watches".has_word("replica")"#,
            r#""高仿手表".has_word("高仿")"#,
        ],
        &[r#"d.brand.has_word("deli")"#],
    ),
    row(
        "has_any_word",
        "a text and a list of texts",
        TEST,
        "whether any of the words stands in the text, as `has_word` looks for it",
        &[r#"d.goods.has_any_word(["copy", "replica"])"#],
        &[r#"d.brand.has_any_word(["deli"])"#],
    ),
    row(
        "resembles",
        "two texts",
        TEST,
        "whether the text is made to be taken for the mark, and is not the mark itself: after folding case, width, \
         blanks, punctuation and letters that look alike, at most one letter more, less, other, or two swapped",
        &[
            r#""HA0JUE".resembles("HAOJUE")"#,
            r#""Haojue".resembles("HAOJUE")"#,
            r#""HOAJUE".resembles("HAOJUE")"#,
            r#""HONDA".resembles("HAOJUE")"#,
        ],
        &[r#"d.brand.resembles("HAOJUE")"#],
    ),
    row(
        "matches",
        "a text and a regular expression, which is written out or is a `const`",
        TEST,
        "whether the expression is found anywhere in the text; `^` and `$` are its ends, `(?i)` before it ignores case. \
         It takes time in proportion to the text, whatever the expression.",
        &[r#"d.exporter.matches("^E[0-9]{6}$")"#, r#"d.goods.matches("(?i)WATCH")"#],
        &[r#"d.brand.matches("A")"#],
    ),
    row(
        "to_lower",
        "a text",
        "text, or missing",
        "the text in lower case",
        &["d.goods.to_lower()"],
        &["d.brand.to_lower()"],
    ),
    row(
        "to_upper",
        "a text",
        "text, or missing",
        "the text in upper case",
        &["d.goods.to_upper()"],
        &["d.brand.to_upper()"],
    ),
    row(
        "sub_string",
        "a text, where to start, and how many characters (or all that follow)",
        "text, or missing",
        "a part of the text, counted in characters from 0; a negative start counts from the end; what is outside is \
         left out",
        &["d.hs.sub_string(0, 4)", "d.hs.sub_string(6)", "d.hs.sub_string(-2)", "d.hs.sub_string(8, 10)"],
        &["d.brand.sub_string(0, 2)"],
    ),
    row(
        "index_of",
        "two texts",
        "whole number, or missing",
        "where the part begins for the first time, counted in characters from 0; -1 if nowhere",
        &[r#"d.goods.index_of("watch")"#, r#"d.goods.index_of("shoe")"#],
        &[r#"d.brand.index_of("A")"#],
    ),
    row(
        "len",
        "a text, a list or a map",
        "whole number, or missing",
        "how many characters the text has, or how many entries the list or the map",
        &["d.goods.len()", r#"["KE", "TZ"].len()"#],
        &["d.brand.len()"],
    ),
    row(
        "is_empty",
        "a text, a list or a map",
        TEST,
        "whether it has nothing in it. A field that the declaration leaves empty is missing, not empty: ask \
         `d.brand == ()`.",
        &[r#""".is_empty()"#, "d.goods.is_empty()"],
        &["d.brand.is_empty()"],
    ),
    row(
        "to_string",
        "any value but lists, maps and formulas",
        "text",
        "the value as `${value}` writes it; a missing value gives an empty text",
        &["to_string(d.value)", "to_string(d.declared_on)"],
        &["to_string(d.brand)"],
    ),
];

const NUMBERS: &[FunctionRow] = &[
    row(
        "abs",
        "a number",
        "number of the same kind, or missing",
        "the number without its sign",
        &["(-3).abs()", "(d.net_kg - d.quantity).abs()"],
        &["d.gross_kg.abs()"],
    ),
    row(
        "sign",
        "a number",
        "whole number, or missing",
        "-1, 0 or 1",
        &["(-2.5).sign()", "0.sign()"],
        &["d.gross_kg.sign()"],
    ),
    row(
        "floor",
        "a number",
        "number of the same kind, or missing",
        "the next whole value below",
        &["2.7.floor()", "(-2.1).floor()"],
        &["d.gross_kg.floor()"],
    ),
    row(
        "ceiling",
        "a number",
        "number of the same kind, or missing",
        "the next whole value above",
        &["2.1.ceiling()", "(-2.7).ceiling()"],
        &["d.gross_kg.ceiling()"],
    ),
    row(
        "round",
        "a number, and how many digits after the point (0 to 12; without it 0)",
        "number of the same kind, or missing",
        "the nearest value, half away from zero; more digits than 12 are a fault",
        &["2.5.round()", "(-2.5).round()", "3.14159.round(2)"],
        &["d.gross_kg.round(1)", "d.value.round(d.packages + 10)"],
    ),
    row(
        "int",
        "a number",
        "whole number, or missing",
        "the number without what is after the point; beyond 64 bits it is a fault. The same as `to_int`.",
        &["2.9.int()", "(-2.9).int()"],
        &["d.gross_kg.int()", "(d.value * 1.0e300).int()"],
    ),
    row(
        "to_int",
        "a number",
        "whole number, or missing",
        "the number without what is after the point; beyond 64 bits it is a fault. Points must be whole: \
         `(...).round().to_int()`.",
        &["2.9.to_int()", "(d.value / 300.0).round().to_int()"],
        &["d.gross_kg.to_int()"],
    ),
    row(
        "to_float",
        "a number",
        "number, or missing",
        "a whole number as a number, so that a division keeps what is after the point",
        &["d.packages.to_float() / 3", "d.packages / 3"],
        &["d.gross_kg.to_float()"],
    ),
    row(
        "sqrt",
        "a number",
        "number, or missing",
        "the square root; below 0 it is a fault",
        &["d.packages.sqrt()"],
        &["d.gross_kg.sqrt()", "(0.0 - d.value).sqrt()"],
    ),
    row(
        "min",
        "two numbers",
        "number, or missing",
        "the smaller one; a whole number if both are",
        &["min(d.packages, 9)", "min(d.packages, 2.5)"],
        &["min(d.gross_kg, 5.0)"],
    ),
    row(
        "max",
        "two numbers",
        "number, or missing",
        "the larger one; a whole number if both are",
        &["max(d.packages, 9)", "max(d.packages, 2.5)"],
        &["max(d.gross_kg, 5.0)"],
    ),
    row(
        "is_even",
        "a whole number",
        TEST,
        "whether two divides it",
        &["d.packages.is_even()"],
        &["d.lookup(\"blacklist\").weight.is_even()"],
    ),
    row(
        "is_odd",
        "a whole number",
        TEST,
        "whether two does not divide it",
        &["d.packages.is_odd()"],
        &["d.lookup(\"blacklist\").weight.is_odd()"],
    ),
];

const DATES: &[FunctionRow] = &[
    row(
        "date",
        "a text",
        "date, or missing",
        "the day of a text such as `2016-09-06`. One that is written out and does not exist is refused when the pack is \
         loaded; a text of the line that is no day is a fault.",
        &[r#"date("2016-09-06")"#, r#"d.declared_on < date("2016-09-06")"#],
        &["date(d.brand)", "date(d.goods)"],
    ),
    row(
        ".year .month .day .weekday",
        "a date",
        "whole number, or missing",
        "the parts of a day; the weekday is 1 on Monday and 7 on Sunday",
        &["d.declared_on.year", "d.declared_on.month", "d.declared_on.day", "d.declared_on.weekday"],
        &[r#"d.lookup("blacklist").delisted_on.year"#],
    ),
];

const LISTS: &[FunctionRow] = &[
    row(
        "some",
        "a list and a formula of one of its values",
        "test",
        "whether the formula holds for any value",
        &[
            "[d.value, d.quantity].some(|x| x > 1000.0)",
            r#"["DELI", "LIFAN"].some(|mark| d.goods.has_word(mark))"#,
        ],
        &["[d.gross_kg].some(|x| x > 0.0)"],
    ),
    row(
        "all",
        "a list and a formula of one of its values",
        "test",
        "whether the formula holds for all values; it does for none at all",
        &["[d.value, d.quantity].all(|x| x > 1000.0)"],
        &["[d.gross_kg].all(|x| x > 0.0)"],
    ),
    lists(row(
        "filter",
        "a list and a formula of one of its values",
        "list",
        "the values for which the formula holds",
        &["[1, 5, 9].filter(|x| x > d.packages)"],
        &["[d.gross_kg, d.value].filter(|x| x == ())"],
    )),
    lists(row(
        "map",
        "a list and a formula of one of its values",
        "list",
        "what the formula gives for each value",
        &["[1, 5, 9].map(|x| x * 2)"],
        &["[d.gross_kg, d.value].map(|x| x * 2)"],
    )),
    row(
        "push",
        "a list in a variable, and a value",
        "nothing",
        "adds the value to the list",
        &["{ let marks = [\"DELI\"]; marks.push(\"LIFAN\"); marks.len() }"],
        &["{ let marks = [\"DELI\"]; marks.push(d.brand); marks.len() }"],
    ),
    lists(row(
        "keys",
        "a map",
        "list of texts",
        "the keys of the map, in the order of the alphabet",
        &["#{ gold: 2, silver: 1 }.keys()"],
        &[],
    )),
    lists(row(
        "values",
        "a map",
        "list",
        "the values of the map, in the order of its keys",
        &["#{ gold: 2, silver: 1 }.values()"],
        &[],
    )),
];

const LOOKUPS: &[FunctionRow] = &[
    row(
        "listed",
        "the name of a lookup table, written out or a `const`",
        "flag",
        "whether the line has an entry of the table that holds on the declaration's own date. A line that lacks a key \
         field of the table has none.",
        &[r#"d.listed("blacklist")"#],
        &[r#"d.listed("tip-offs")"#],
    ),
    row(
        "lookup",
        "the name of a lookup table, written out or a `const`",
        "an entry; `.column` gives a value, or missing",
        "the line's entry of the table; of several the first in the file. Without an entry every column is missing, and \
         `d.lookup(\"...\") == ()` holds.",
        &[r#"d.lookup("blacklist").grade"#, r#"d.lookup("blacklist") == ()"#],
        &[r#"d.lookup("tip-offs").source"#],
    ),
];

const OPERATORS: &[FunctionRow] = &[
    row(
        "== !=",
        "two values of one type, or `()`",
        "flag",
        "whether they are equal, or not. Numbers are compared exactly, without a tolerance. `d.brand == ()` asks whether \
         the brand is missing.",
        &[r#"d.hs4 == "9102""#, "0.1 + 0.2 == 0.3", "d.packages == 4.0"],
        &["d.brand == ()", r#"d.brand == "DELI""#, r#"d.brand != "DELI""#, "d.brand == d.model"],
    ),
    row(
        "< <= > >=",
        "two numbers, two dates or two texts",
        TEST,
        "which comes first",
        &["d.value < 3000.0", r#"d.declared_on >= date("2016-07-01")"#, r#""B" < "a""#],
        &["d.gross_kg < 10.0", "d.gross_kg >= 10.0"],
    ),
    row(
        "&& || !",
        "flags",
        "flag",
        "and, or, not; `&&` and `||` stop as soon as the answer is known. A flag that may be missing cannot stand alone: \
         write `d.flag == true` or `d.flag ?? false`.",
        &["d.value > 100.0 && d.packages > 3", "d.value > 9000.0 || d.packages > 3", "!(d.packages > 3)"],
        &["d.packages > 9 && 1 / (d.packages - 4) > 0"],
    ),
    row(
        "in !in",
        "a value and a list, a whole number and a range, a text and a text, a key and a map",
        "test: false where something is missing; `!in` is then true",
        "whether the value is in it. `1..5` is without 5, `1..=5` with it.",
        &[
            r#"d.destination in ["KE", "TZ"]"#,
            "d.packages in 1..4",
            "d.packages in 1..=4",
            r#""watch" in d.goods"#,
        ],
        &[r#"d.brand in ["DELI"]"#, r#"d.brand !in ["DELI"]"#],
    ),
    row(
        "+ - *",
        "two numbers; with `+` also two texts or two lists; a date and days; with `-` also two dates",
        "the same, or missing; two dates give days",
        "arithmetic. A whole number beyond 64 bits, and a number that is not finite, are faults.",
        &[
            "d.packages * 3",
            "d.packages + 0.5",
            r#"d.goods + "es""#,
            "d.declared_on + 30",
            r#"d.declared_on - date("2016-03-01")"#,
        ],
        &["d.gross_kg - d.net_kg", "d.packages * 9223372036854775807"],
    ),
    row(
        "/ %",
        "two numbers",
        "number, or missing",
        "division, and what is left of it. Two whole numbers drop the remainder, and a warning points at it; a division \
         by zero is a fault.",
        &["d.value / d.quantity", "d.packages / 3", "d.packages % 3"],
        &["d.value / d.gross_kg", "d.packages / (d.packages - 4)", "d.value / (d.packages - 4)"],
    ),
    row(
        "**",
        "a number and a whole number",
        "number, or missing",
        "a power",
        &["d.packages ** 3", "1.5 ** 2"],
        &["d.gross_kg ** 2", "d.packages ** 99"],
    ),
    row(
        "??",
        "two values of one type",
        "the first one that is there",
        "what holds where a value is missing",
        &["d.value ?? 0.0"],
        &["d.gross_kg ?? 0.0", r#"d.brand ?? d.model ?? "none""#],
    ),
    row(
        "& | ^",
        "two flags or two whole numbers",
        "the same, or missing",
        "and, or, either, bit by bit",
        &["6 & 3", "6 | 3", "6 ^ 3", "true ^ false"],
        &[],
    ),
    row(
        "[ ]",
        "a list and a position from 0, or from the end below 0; a map and a key",
        "the value, of a map perhaps missing",
        "one value of a list or a map; a position that the list does not have is a fault",
        &["[10, 20, 30][1]", "[10, 20, 30][-1]", r#"#{ gold: 2, silver: 1 }["gold"] == 2"#],
        &[r#"#{ gold: 2, silver: 1 }["tin"] == ()"#, "[10, 20, 30][d.packages ?? 0]"],
    ),
    row(
        "${ }",
        "any value but lists, maps and formulas, in a text between two `` ` ``",
        "text",
        "writes the value into the text; a missing value gives nothing",
        &["`value ${d.value} USD`"],
        &["`brand ${d.brand}.`"],
    ),
];
