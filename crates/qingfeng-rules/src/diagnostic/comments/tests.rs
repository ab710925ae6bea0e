//! What comments speak of, and what is no comment.

use super::*;

/// What the comments of a text speak of, on one line, without comments.
fn scopes(comments: &[Comment], text: &str) -> Vec<String> {
    let shown = |scope: &Range<usize>| {
        let lines = text[scope.clone()].lines().map(|line| line.split("//").next().unwrap_or(""));
        let lines: Vec<&str> = lines.filter(|line| !line.starts_with('#')).collect();
        lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    comments.iter().map(|comment| comment.scope.as_ref().map_or("nothing".to_owned(), shown)).collect()
}

#[test]
fn what_a_comment_of_a_rule_file_speaks_of() {
    let cases = [
        ("above a call", "// qingfeng\nrule(\"A\", 1);\nrule(\"B\", 2);", "rule(\"A\", 1);"),
        ("two lines above", "// qingfeng\n\n// more\nrule(1); x;", "rule(1);"),
        ("in a call", "x; rule(1, #{ // qingfeng\n a: `}${`)`}` }); y", "rule(1, #{ a: `}${`)`}` })"),
        (
            "in a closure",
            "rule(1, #{ when: |d| { let a = [1,\n// qingfeng\n 2]; a } })",
            "rule(1, #{ when: |d| { let a = [1, 2]; a } })",
        ),
        ("in the last place of a call", "field(1\n// qingfeng\n) + 1;", "field(1 )"),
        ("above a loop", "// qingfeng\nfor b in [1] { rule(b); }\nrule(2)", "for b in [1] { rule(b); }"),
        ("in a loop", "for b in [1] {\n// qingfeng\nrule(b); x; }", "rule(b);"),
        ("above a function", "// qingfeng\nfn f(d) { d.a / 2 }\nf(1)", "fn f(d) { d.a / 2 }"),
        ("above two branches", "// qingfeng\nif a { 1 } else { 2 } 3", "if a { 1 } else { 2 }"),
        ("above a map", "// qingfeng\nlet m = #{ a: 1 }; 3", "let m = #{ a: 1 };"),
        ("behind a statement", "x; // qingfeng\nrule(1)", "nothing"),
        ("at the end of a block", "if a { b;\n// qingfeng\n}", "nothing"),
        ("at the end", "rule(1);\n// qingfeng", "nothing"),
        ("a file that breaks off", "rule(1, #{\n// qingfeng\n a: [", "rule(1, #{ a: ["),
        ("a call of another name", "f.rules(1,\n// qingfeng\n x)", "x"),
    ];
    for (what, text, scope) in cases {
        assert_eq!(scopes(&of_rules(text), text), [scope], "{what}: {text}");
    }
}

#[test]
fn what_is_no_comment_of_a_rule_file() {
    for text in [
        "\"// qingfeng\"",
        "\"\\\"// qingfeng\"",
        "`\n// qingfeng\n`",
        "`${ `// qingfeng` }// qingfeng`",
        "`${ #{ a: 1 } }// qingfeng`",
        "/* \n// qingfeng\n */",
        "/* /* */ // qingfeng\n */",
        "#\"\n// qingfeng\n\"#",
        "##\" \"# // qingfeng\n\"##",
        "'\"' + \"// qingfeng",
        "// of something else",
    ] {
        assert_eq!(of_rules(text), [], "{text}");
    }
    for text in ["'\"' // qingfeng", "`${ 1 // qingfeng\n }`", "a // b // qingfeng", "`` // qingfeng"] {
        assert_eq!(of_rules(text).len(), 1, "{text}");
    }
}

#[test]
fn what_a_comment_of_a_toml_file_speaks_of() {
    let cases = [
        ("above a table", "# qingfeng\n[a]\nb = [\n1]\n[[c]]", "[a] b = [ 1]"),
        ("above a line", "[a]\n# qingfeng\nb = 1\nc = 2", "b = 1"),
        ("above lines", "[a]\n# qingfeng\n\nb = [\n 1,\n]\nc = 2", "b = [ 1, ]"),
        ("in a list", "b = [\n# qingfeng\n\"x\",\n\"y\"]", "\"x\","),
        ("behind a line", "b = 1 # qingfeng\nc = 2", "nothing"),
        ("at the end of a list", "b = [\n1\n# qingfeng\n]", "nothing"),
        ("at the end", "b = 1\n# qingfeng\n", "nothing"),
    ];
    for (what, text, scope) in cases {
        assert_eq!(scopes(&of_toml(text), text), [scope], "{what}: {text}");
    }
}

#[test]
fn what_is_no_comment_of_a_toml_file() {
    for text in [
        "a = \"# qingfeng\"",
        "a = '# qingfeng'",
        "a = \"\"\"\n# qingfeng\n\"\"\"",
        "a = \"\"\"\n\\\"\"\" # qingfeng\n",
        "a = '''\n# qingfeng",
    ] {
        assert_eq!(of_toml(text), [], "{text}");
    }
}

#[test]
fn any_text_can_be_read() {
    let pieces = [
        "`",
        "${",
        "}",
        "#{",
        "\"",
        "'",
        "/*",
        "*/",
        "//qingfeng",
        "\n",
        "rule(",
        ")",
        "规",
        "\\",
        "#\"",
        ";",
        "[",
        "]",
        "#qingfeng",
        "\"\"\"",
        "'''",
    ];
    let mut seed = 1_u32;
    for _ in 0..5_000 {
        let text: String = (0..12)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                pieces[(seed >> 16) as usize % pieces.len()]
            })
            .collect();
        for comment in of_rules(&text).iter().chain(&of_toml(&text)) {
            assert!(text.get(comment.span.clone()).is_some(), "{text}");
            assert!(comment.scope.as_ref().is_none_or(|scope| text.get(scope.clone()).is_some()), "{text}");
        }
    }
}
