//! Hostile rule files: each comes back with an error or a fault, soon, and without taking the memory.

use std::time::{Duration, Instant};

use crate::support::{files, interpreter};
use qingfeng_rules::Pack;

/// How long any hostile file may take; the checks themselves are quick, a slow machine is not.
const PATIENCE: Duration = Duration::from_secs(60);

/// The most memory this process has had, in bytes.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("VmHWM: 0 kB");
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<usize>().ok()).unwrap_or(0) * 1024
}

#[test]
fn hostile_files_are_refused() {
    let deep = |open: &str, middle: &str, close: &str, depth: usize| {
        format!("{}{middle}{}", open.repeat(depth), close.repeat(depth))
    };
    let cases = [
        ("text that doubles", "let s = \"ab\"; loop { s += s; }".to_owned()),
        ("text that is interpolated into itself", "let s = \"ab\"; loop { s = `${s}${s}`; }".to_owned()),
        ("list that doubles", "let a = [1]; loop { a += a; }".to_owned()),
        ("list in lists", "let a = [1]; loop { a = [a, a]; }".to_owned()),
        ("list pushed into itself", "let a = [1]; loop { a.push(a); }".to_owned()),
        ("list that grows by push", "let a = []; loop { a.push(\"0123456789\"); }".to_owned()),
        ("map in maps", "let m = #{}; loop { m = #{a: m, b: m}; }".to_owned()),
        ("map that grows by index", "let m = #{}; for i in 0..1000000 { m[`${i}`] = i; }".to_owned()),
        ("map that grows by property", "let m = #{}; m.a = 1;".to_owned()),
        ("map put into itself by index", "let m = #{}; for i in 0..64 { m[`${i}`] = m; }".to_owned()),
        ("list written by index", "let a = [1]; a[0] = a;".to_owned()),
        (
            "lists of lists by map",
            "let a = [1,2,3,4,5,6,7,8]; loop { let b = a; a = [1,2,3,4].map(|x| b); }".to_owned(),
        ),
        ("loop without end", "loop { }".to_owned()),
        ("while without end", "let n = 0; while n < 1 { n -= 0; }".to_owned()),
        ("range without end", "for i in 0..9223372036854775807 { }".to_owned()),
        ("recursion", "fn f(x) { f(x) }\nf(1);".to_owned()),
        ("mutual recursion", "fn f(x) { g(x) }\nfn g(x) { f(x) }\nf(1);".to_owned()),
        ("deep parentheses", format!("let x = {};", deep("(", "1", ")", 100_000))),
        ("deep lists", format!("let x = {};", deep("[", "1", "]", 100_000))),
        ("deep maps", format!("let x = {};", deep("#{a:", "1", "}", 100_000))),
        ("deep blocks", deep("{", "1", "}", 100_000)),
        ("deep ifs", deep("if true {", "1", "}", 100_000)),
        ("deep closures", format!("let x = {};", deep("|y| [", "1", "]", 10_000))),
        ("deep calls", format!("let x = {};", deep("abs(", "1", ")", 100_000))),
        ("deep interpolation", format!("let x = {};", deep("`${", "1", "}`", 10_000))),
        ("long sum", format!("let x = 1{};", " + 1".repeat(100_000))),
        ("long negation", format!("let x = {}1;", "-".repeat(100_000))),
        ("long not", format!("let x = {}true;", "!".repeat(100_000))),
        ("long chain", format!("let x = [1]{};", ".filter(|y| true)".repeat(10_000))),
        ("long else if", format!("if false {{ }}{}", " else if false { }".repeat(10_000))),
        ("many variables", (0..5_000).map(|at| format!("let v{at} = {at};")).collect::<String>()),
        ("open text", format!("let x = \"{}", "a".repeat(1_000_000))),
        ("open comment", format!("/* {}", "a".repeat(1_000_000))),
        ("zero bytes", "\0".repeat(10_000)),
        ("one long word", "a".repeat(1_000_000)),
        ("one long number", format!("let x = {};", "9".repeat(1_000_000))),
        ("eval", "eval(\"1\");".to_owned()),
        ("import", "import \"std\" as s;".to_owned()),
        ("printing", "print(1);".to_owned()),
        ("time", "let t = timestamp();".to_owned()),
        ("function pointer by name", "let f = Fn(\"rule\"); f.call(\"A\", #{});".to_owned()),
        ("too many rules", "for i in 0..200000 { rule(`R${i}`, #{ title: \"t\" }); }".to_owned()),
        ("points beyond measure", "rule(\"R\", #{ title: \"t\", score: 9223372036854775807 });".to_owned()),
        ("least points", "rule(\"R\", #{ title: \"t\", score: -9223372036854775807 - 1 });".to_owned()),
        (
            "regular expression that is too large",
            "rule(\"R\", #{ title: \"t\", when: |d| d.goods.matches(\"(a{1000}){1000}\") });".to_owned(),
        ),
    ];
    for (name, source) in cases {
        let started = Instant::now();
        let result = Pack::load(&files(&source));
        assert!(result.is_err(), "{name} was accepted");
        assert!(started.elapsed() < PATIENCE, "{name} took {:?}", started.elapsed());
    }
    assert!(peak_memory() < 1 << 30, "hostile files took {} bytes", peak_memory());
}

#[test]
fn hostile_conditions_are_faults() {
    let cases = [
        "{ let s = d.goods; loop { s += s; } true }",
        "{ let s = d.goods; for i in 0..100 { s = `${s}${s}${s}`; } s.len() > 1 }",
        "{ let a = [d.goods]; loop { a += a; } true }",
        "{ let a = [d.goods, d.goods]; loop { a = [a, a, a]; } true }",
        "{ let n = 0; loop { n += 1; } n > 1 }",
        "{ let a = [1,2,3,4,5,6,7,8]; loop { let b = a; a = [1,2,3,4].map(|x| b); } true }",
        "f(d)",
    ];
    for condition in cases {
        let source = format!("fn f(d) {{ f(d) }}\nrule(\"R\", #{{ title: \"t\", when: |d| {condition} }});");
        let pack = Pack::load(&files(&source)).unwrap_or_else(|mistakes| panic!("{condition}: {mistakes}"));
        let pack = std::sync::Arc::new(pack);
        let started = Instant::now();
        let values = [("goods", crate::support::text(&"摩托车".repeat(5_000)))];
        assert!(interpreter(&pack, &values, None).holds(0).is_err(), "{condition} has a value");
        assert!(started.elapsed() < PATIENCE, "{condition} took {:?}", started.elapsed());
    }
    assert!(peak_memory() < 1 << 30, "hostile conditions took {} bytes", peak_memory());
}
