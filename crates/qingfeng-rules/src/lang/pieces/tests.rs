//! Tests of `pieces`.

use super::*;
use crate::lang::sandbox;

fn engine() -> Engine {
    sandbox::engine(1_000_000, 1_000)
}

/// The tree of a file without the places of variables, which are found by their names where a piece does not
/// know them.
fn tree(ast: &AST) -> String {
    let mut functions: Vec<String> = ast.iter_fn_def().map(|function| format!("{function:?}")).collect();
    functions.sort();
    let text = format!("{:?}\n{}", ast.statements(), functions.join("\n"));
    let position = regex::Regex::new(r"Variable\((\w+)(?: #\d+)?\)|\((\S+) @ \d+:\d+, (Some\(\d+\)|None)\)");
    position.expect("valid").replace_all(&text, "$1$2").into_owned()
}

#[test]
fn pieces_give_the_tree_of_the_whole() {
    let files = [
        "const A = 1;\nrule(\"x\", #{a: A});\nrule(\"y\", #{when: |d| d.v > A});\nrule(\"z\", #{});\n",
        "rule(\"x\", #{});\n// next; the\n\nrule(\"y\", #{title: `in\n lines`});\r\nconst B = [1, 2];\nrule(\"z\", \
         #{score: B[0], reason: |d| `${d.v + B[1]}`});",
        "let a = 0;\nfor i in 0..3 { a += i; }\nrule(\"规则\", #{\n  when: |d| { let x = d.v; x = 2; x == a },\n});\n\
         rule(\"y\", #{ score: a + 1, when: |d| d.list.some(|v| v == a) });\n\
         rule(\"z\", #{});\n",
    ];
    for file in files {
        let whole = engine().compile(file).expect(file);
        let pieces = parse_cut(&engine(), file, 1).unwrap_or_else(|| panic!("not in pieces: {file}"));
        assert_eq!(tree(&pieces), tree(&whole), "{file}");
    }
}

#[test]
fn what_pieces_could_get_wrong_is_left_to_the_whole() {
    let files = [
        ("a function", "fn f(x) { x }\nrule(\"x\", #{});\nrule(\"y\", #{});\n"),
        ("a comment of several lines", "rule(\"x\", #{});\n/*\n;\nrule(\"y\", #{});\n*/\n"),
        ("a text of several lines", "rule(\"x\", #{});\nlet a = `;\nrule(\"y\", #{});\n`;\n"),
        ("a block", "if true {\nrule(\"x\", #{});\nrule(\"y\", #{});\n}\n"),
        ("no end before it", "rule(\"x\", #{});\nreturn\nrule(\"y\", #{});\n"),
        ("a constant that is assigned to", "const A = 1;\nrule(\"x\", #{});\nrule(\"y\", { A = 2; #{} });\n"),
        ("a name that is given again", "let a = 1;\nrule(\"x\", #{});\nlet a = 2;\nrule(\"y\", #{});\n"),
        (
            "a statement between",
            "let a = 1;\nrule(\"x\", #{});\nrule(\"y\", #{});\na += 1;\nrule(\"z\", #{});\n",
        ),
        ("a mistake", "rule(\"x\", #{});\nrule(\"y\", #{);\n"),
        ("one rule", "rule(\"x\", #{});\n"),
    ];
    for (what, file) in files {
        assert!(parse_cut(&engine(), file, 1).is_none(), "{what}");
    }
}

#[test]
fn a_rule_begins_after_a_statement() {
    let text = "const A = 1; // rule\nrule(1);\nrule(2);\n  rule(3);\n\n// rule;\nrule(4)\nrule(5);\n";
    let found: Vec<&str> = starts(text).iter().map(|start| &text[start.at..start.at + 7]).collect();
    assert_eq!(found, ["rule(2)", "rule(4)"]);
    assert_eq!(starts(text)[1].lines_before, 6);
}
