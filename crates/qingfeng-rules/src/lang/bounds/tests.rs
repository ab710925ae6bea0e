//! Tests of `bounds`.

use crate::lang::rule::Points;
use crate::pack::{Pack, PackFiles};

#[test]
fn the_most_that_a_closure_gives() {
    let cases = [
        ("if d.value < 3.0 { 32 } else if d.value < 6.0 { 28 } else { -12 }", Some(32)),
        ("min((d.packages ?? 0) - 4, 9)", Some(9)),
        ("max((d.packages ?? 0) - 4, 9)", None),
        ("max(3, min(d.packages ?? 0, 7))", Some(7)),
        ("14 + 6 * [d.value, d.quantity, d.net_kg].filter(|side| side == ()).len()", Some(32)),
        ("0 - 3 * [1, 2].len()", Some(0)),
        ("switch d.brand { \"A\" => 40, \"B\" => 25, _ => 10 }", Some(40)),
        ("HIGH + 1", Some(51)),
        ("-HIGH", Some(-50)),
        ("d.packages ?? 0", None),
        ("(d.value ?? 0.0).round().to_int()", None),
        ("if d.value < 3.0 { return 90; } else { 4 }", None),
        ("{ let d = 4; d }", None),
        ("9223372036854775807 + 1 * [1].len()", None),
    ];
    for (source, most) in cases {
        let mut files = PackFiles::default();
        let manifest = "[pack]\nname = \"p\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0\n";
        files.insert("pack.toml", manifest.as_bytes().to_vec());
        let rule = format!("const HIGH = 50;\nrule(\"R\", #{{ title: \"t\", score: |d| {source} }});\n");
        files.insert("a.rhai", rule.into_bytes());
        let pack = Pack::load(&files).unwrap_or_else(|mistakes| panic!("{source}: {mistakes}"));
        let Points::Computed(closure) = &pack.rules[0].points else { panic!("{source} is computed") };
        assert_eq!(closure.most(), most, "{source}");
    }
}
