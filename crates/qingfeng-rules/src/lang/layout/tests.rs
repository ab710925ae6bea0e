//! Tests of `layout`.

use proptest::prelude::*;

use super::*;

/// Before and after.
const CASES: &[(&str, &str)] = &[
    ("", ""),
    ("\r\n\r\nconst A=-1 ;\r\n\r\n\r\nconst B = A- 1;", "const A = -1;\n\nconst B = A - 1;\n"),
    (
        "rule(\"A\",#{\n title:\"t\",\n title_zh : \"标题\",\n\n score:|d|if d.x??0>1{2}else{3}\n});",
        "rule(\"A\", #{\n    title:    \"t\",\n    title_zh: \"标题\",\n\n    score: |d| if d.x ?? 0 > 1 { 2 } else { 3 },\n});\n",
    ),
    (
        "const BRANDS=[\n#{brand:\"DELI\",zh:\"得力\",goods:[\"a\"]},\n#{brand:\"HAOJUE\",zh:\"豪爵牌\",goods:[]}];",
        "const BRANDS = [\n    #{ brand: \"DELI\",   zh: \"得力\",   goods: [\"a\"] },\n    #{ brand: \"HAOJUE\", zh: \"豪爵牌\", goods: [] }];\n",
    ),
    (
        "for entry in BRANDS{\n// one\nlet a=entry.brand ;// two\nlet bb = a[ 0 ];   // three\n/* four */ rule(`X-${ a+1 }`,#{score:1,});\n}\n",
        "for entry in BRANDS {\n    // one\n    let a = entry.brand;   // two\n    let bb = a[0];         // three\n    /* four */ rule(`X-${ a+1 }`, #{ score: 1 });\n}\n",
    ),
    (
        "field(\"a\",|d|d.b==()\n&& !d.c.has_any_word( NAMES )\n|| ( d.e in [1,2 ] ) );",
        "field(\"a\", |d| d.b == ()\n        && !d.c.has_any_word(NAMES)\n        || (d.e in [1, 2]));\n",
    ),
    (
        "field(\"points\", |d| {\nlet t=d.x/2.0;\nlet p = if t>=4.0{1.0+17.0*min(t/4.0-1.0,1.0)}\nelse if t>=2.0 {0.5}\nelse{0.0};\np.to_int()\n});",
        "field(\"points\", |d| {\n    let t = d.x / 2.0;\n    let p = if t >= 4.0 { 1.0 + 17.0 * min(t / 4.0 - 1.0, 1.0) }\n    else if t >= 2.0 { 0.5 }\n    else { 0.0 };\n    p.to_int()\n});\n",
    ),
    (
        "test(\"x\", || 0..5, d?.e, -x, a !in b, | a,b |a);",
        "test(\"x\", || 0..5, d?.e, -x, a !in b, |a, b| a);\n",
    ),
    ("let x = #\"raw  \"text\" \"#+'c' ;", "let x = #\"raw  \"text\" \"# + 'c';\n"),
    ("let l = [\n1,\n2 // two\n];", "let l = [\n    1,\n    2,   // two\n];\n"),
    ("let x=1.5e-9-2E+3 ^ 0xe-1; x^=2", "let x = 1.5e-9 - 2E+3 ^ 0xe - 1; x ^= 2\n"),
    ("switch x { 1=>2,_=>3 }", "switch x { 1 => 2, _ => 3 }\n"),
    ("f(\n\n  a,\n\n)\n\n\n", "f(\n    a,\n)\n"),
];

#[test]
fn what_is_blank_is_laid_out() {
    for (before, after) in CASES {
        assert_eq!(format_rules(before).as_deref(), Ok(*after), "{before}");
        assert_eq!(format_rules(after).as_deref(), Ok(*after), "{before}");
    }
}

#[test]
fn what_is_open_is_named_by_its_line() {
    for (text, said) in [
        ("a\nrule(\"x\"\n", "line 2: `(` is not closed"),
        ("a\n]\n", "line 2: `]` closes nothing that is open"),
        ("(]", "line 1: `]` closes nothing that is open"),
        ("\n\"abc\n", "line 2: a text in quotes is not closed on its line"),
        ("`a ${b", "line 1: a text in back quotes is not closed"),
        ("/* a", "line 1: a comment `/*` is not closed"),
    ] {
        assert_eq!(format_rules(text).unwrap_err().to_string(), said, "{text}");
    }
}

/// The tokens of a text, without commas before a closing bracket.
fn words(text: &str) -> Vec<String> {
    let unix = text.replace("\r\n", "\n");
    let mut words: Vec<String> = Vec::new();
    for token in tokens(&unix) {
        let word = unix[token.span].trim_end().to_owned();
        if token.kind == TokenKind::Close && words.last().is_some_and(|last| last == ",") {
            words.pop();
        }
        words.push(word);
    }
    words
}

/// Without comments, which may stand between a comma that is added and its bracket.
fn without_comments(text: &str) -> (Vec<String>, Vec<String>) {
    let (comments, others): (Vec<String>, Vec<String>) =
        words(text).into_iter().partition(|word| word.starts_with("//") || word.starts_with("/*"));
    let mut kept: Vec<String> = Vec::new();
    for word in others {
        if matches!(&*word, ")" | "]" | "}") && kept.last().is_some_and(|last| last == ",") {
            kept.pop();
        }
        kept.push(word);
    }
    (comments, kept)
}

const PARTS: [&str; 44] = [
    "rule",
    "(",
    ")",
    "#{",
    "}",
    "{",
    "[",
    "]",
    ",",
    ";",
    ":",
    "|",
    "||",
    "d",
    ".",
    "?.",
    "brand",
    "==",
    "\"a b\"",
    "`x ${d.a} y`",
    "-",
    "!",
    "1",
    "0.5",
    "\n",
    "\n\n\n",
    " ",
    "  ",
    "// note\n",
    "/* note */",
    "if",
    "else",
    "in",
    "&&",
    "??",
    "..",
    "=>",
    "=",
    "汉字",
    "'c'",
    "let",
    "for",
    "\r\n",
    "\t",
];

proptest! {
    #[test]
    fn any_text_is_refused_or_keeps_its_words_and_is_laid_out_once(
        parts in proptest::collection::vec(0..PARTS.len(), 0..60),
    ) {
        let text: String = parts.iter().map(|&part| PARTS[part]).collect();
        if let Ok(once) = format_rules(&text) {
            prop_assert_eq!(without_comments(&text), without_comments(&once), "{}", once);
            prop_assert_eq!(format_rules(&once), Ok(once.clone()), "{}", once);
        }
    }

    #[test]
    fn no_text_is_too_much(text in any::<String>()) {
        let _ = format_rules(&text);
    }
}
