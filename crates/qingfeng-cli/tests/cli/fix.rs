//! `qingfeng check --fix`: what is certain is corrected, and nothing else.

use crate::support::{Desk, golden};

/// What is written, and what it is corrected to; the same where nothing is certain.
#[test]
fn what_is_corrected() {
    let cases = [
        ("when: |d| d.unit_vale < 300.0", "when: |d| d.unit_value < 300.0"),
        ("when: |d| unit_value < 300.0", "when: |d| d.unit_value < 300.0"),
        ("when: |line| unit_value < 300.0", "when: |line| line.unit_value < 300.0"),
        ("when: |d| d.unit_value < \"300\"", "when: |d| d.unit_value < 300"),
        ("when: |d| d.hs == 0110", "when: |d| d.hs == \"0110\""),
        ("when: |d| d.declared_on > \"2016-09-06\"", "when: |d| d.declared_on > date(\"2016-09-06\")"),
        ("when: |d| d.declared_on > date(\"2016-9-6\")", "when: |d| d.declared_on > date(\"2016-09-06\")"),
        ("when: |d| d.mode in [0110, 4019]", "when: |d| d.mode in [\"0110\", \"4019\"]"),
        ("when: |d| d.goods.contans(\"x\")", "when: |d| d.goods.contains(\"x\")"),
        ("when: |d| d.listed(\"blaklist\")", "when: |d| d.listed(\"blacklist\")"),
        (
            "when: |d| d.lookup(\"blacklist\").grad == \"A\"",
            "when: |d| d.lookup(\"blacklist\").grade == \"A\"",
        ),
        ("when: |d| d.sealed", "when: |d| d.sealed == true"),
        ("when: |d| d.sealed && d.cheap == true", "when: |d| d.sealed == true && d.cheap == true"),
        ("when: |d| d?.brand == 'x'", "when: |d| d.brand == \"x\""),
        ("when: |d| d.value() > 1", "when: |d| d.value > 1"),
        ("regoin: \"KE\"", "region: \"KE\""),
        ("region: [\"KE\", \"afrca\"]", "region: [\"KE\", \"africa\"]"),
        ("commodity: [8711, 8712]", "commodity: [\"8711\", \"8712\"]"),
        ("mode: 0110", "mode: \"0110\""),
        ("status: \"activ\"", "status: \"active\""),
        ("score: \"35\"", "score: 35"),
        ("from: \"2016-9-6\"", "from: \"2016-09-06\""),
        (
            "from: \"2016-01-01\"\n    until: \"2016-12-31\"",
            "from: \"2016-01-01\",\n    until: \"2016-12-31\"",
        ),
        // Not certain.
        (
            "when: |d| d.unit_value < 300.0 and d.quantity > 1.0",
            "when: |d| d.unit_value < 300.0 and d.quantity > 1.0",
        ),
        ("when: |d| d.brand == () or d.cheap == true", "when: |d| d.brand == () or d.cheap == true"),
        ("when: |d| not d.cheap", "when: |d| not d.cheap"),
        ("when: |d| d.goods like \"x\"", "when: |d| d.goods like \"x\""),
        ("when: |d| d.until > 3", "when: |d| d.until > 3"),
        ("when: |d| d.packages / 2 > 1", "when: |d| d.packages / 2 > 1"),
        ("when: |d| !d.sealed", "when: |d| !d.sealed"),
        ("when: |d| d.hs3 == \"871\"", "when: |d| d.hs3 == \"871\""),
        ("from: \"2016-02-01\", until: \"2016-01-01\"", "from: \"2016-02-01\", until: \"2016-01-01\""),
        ("when: |d| d.unit_value < \"many\"", "when: |d| d.unit_value < \"many\""),
    ];
    for (written, corrected) in cases {
        let desk = Desk::new();
        let rule = |entry: &str| format!("rule(\"R\", #{{\n    title: \"t\",\n    {entry},\n}});\n");
        desk.write("harbour/more.rhai", rule(written));
        let ran = desk.run("check harbour --fix");
        assert_eq!(
            desk.read("harbour/more.rhai"),
            rule(corrected),
            "{written}\n{}\n{}",
            ran.stdout,
            ran.stderr
        );
        if written != corrected {
            assert_eq!(ran.code, 0, "{written}\n{}\n{}", ran.stdout, ran.stderr);
        }
    }
}

#[test]
fn the_manifest_and_reference_data_are_corrected() {
    let desk = Desk::new();
    let manifest = desk.read("harbour/pack.toml");
    let broken = manifest.replace("version = \"3\"", "version = 3").replace("extends =", "extend =");
    desk.write("harbour/pack.toml", broken.replace("from = 20", "from = \"20\""));
    let regions = desk.read("harbour/reference/regions.toml");
    desk.write("harbour/reference/regions.toml", regions.replacen("members", "membrs", 1));
    let ran = desk.run("check harbour --fix").exits(0);
    assert_eq!(desk.read("harbour/pack.toml"), manifest);
    assert_eq!(desk.read("harbour/reference/regions.toml"), regions);
    golden("check-fix-told.txt", &ran.stderr);
}

#[test]
fn an_edit_of_a_loop_is_made_once() {
    let desk = Desk::new();
    let rules = "for b in [\"A\", \"B\"] {\n    rule(`BR-${b}`, #{ title: b, when: |d| d.brnd == b });\n}\n";
    desk.write("harbour/more.rhai", rules);
    desk.run("check harbour --fix").exits(0);
    assert_eq!(desk.read("harbour/more.rhai"), rules.replace("brnd", "brand"));
}

#[test]
fn line_ends_and_the_byte_order_mark_stay() {
    let desk = Desk::new();
    let rules = "\u{feff}// 电池\r\nrule(\"R\", #{ title: \"t\",\r\n    when: |d| d.unit_vale < 1.0 });\r\n";
    desk.write("harbour/more.rhai", rules);
    desk.run("check harbour --fix").exits(0);
    assert_eq!(desk.read("harbour/more.rhai"), rules.replace("unit_vale", "unit_value"));
}

#[test]
fn a_dry_run_prints_a_diff_and_changes_nothing() {
    let desk = Desk::new();
    let rules = "rule(\"R\", #{\n    title: \"t\",\n    when: |d| d.unit_value < \"300\",\n});\nrule(\"S\", #{ titel: \"t\" });\n";
    desk.write("harbour/more.rhai", rules);
    let ran = desk.run("check harbour --fix --dry-run").exits(0);
    golden("check-fix-dry-run.txt", &format!("{}---\n{}", ran.stdout, ran.stderr));
    assert_eq!(desk.read("harbour/more.rhai"), rules);
    desk.run("check harbour --dry-run").exits(2);
    desk.run("check harbour --fix --dry-run --format json").exits(2);
}

#[test]
fn a_pack_without_mistakes_is_left_alone() {
    let desk = Desk::new();
    let ran = desk.run("check harbour --fix").exits(0);
    assert_eq!(ran.stderr, "Nothing can be corrected with certainty.\n");
    assert!(ran.stdout.contains("valid"));
}

#[test]
fn nothing_is_changed_if_that_would_leave_more_errors() {
    let desk = Desk::new();
    // Once `rul` is `rule`, the file runs, and what is wrong with the rule comes out.
    let rules =
        "rul(\"R\", #{ title: 5, region: \"nowhere\", when: |d| d.nothing_like_it && d.unit_value });\n";
    desk.write("harbour/more.rhai", rules);
    let ran = desk.run("check harbour --fix").exits(1);
    assert!(ran.stderr.contains("so nothing is changed"), "{}", ran.stderr);
    assert_eq!(desk.read("harbour/more.rhai"), rules);
}

#[test]
fn comments_that_allow_a_warning_keep_it_from_nothing_else() {
    let desk = Desk::new();
    let rules = "// qingfeng: allow QF1001 because pairs\nrule(\"R\", #{ titel: \"t\", when: |d| d.packages / 2 > 1 });\n";
    desk.write("harbour/more.rhai", rules);
    let ran = desk.run("check harbour --fix").exits(0);
    // Seven of the pack itself.
    assert!(ran.stdout.contains("valid: 8 suppressed"), "{}", ran.stdout);
    assert_eq!(desk.read("harbour/more.rhai"), rules.replace("titel", "title"));
}

#[cfg(unix)]
#[test]
fn files_that_cannot_be_changed() {
    use std::os::unix::fs::PermissionsExt as _;

    let rules = "rule(\"R\", #{ titel: \"t\" });\n";
    let desk = Desk::new();
    desk.write("harbour/more.rhai", rules);
    let protected = desk.path().join("harbour/more.rhai");
    std::fs::set_permissions(&protected, std::fs::Permissions::from_mode(0o444)).unwrap();
    let ran = desk.run("check harbour --fix").exits(3);
    assert!(ran.stderr.contains("harbour/more.rhai: is read-only"), "{}", ran.stderr);

    let desk = Desk::new();
    desk.write("elsewhere.rhai", rules);
    // A link out of the pack is not even read.
    std::os::unix::fs::symlink(desk.path().join("elsewhere.rhai"), desk.path().join("harbour/more.rhai"))
        .unwrap();
    let ran = desk.run("check harbour --fix").exits(1);
    assert!(ran.stdout.contains("`more.rhai` lies outside of the pack"), "{}", ran.stdout);
    assert_eq!(desk.read("elsewhere.rhai"), rules);

    let desk = Desk::new();
    desk.write("harbour/elsewhere.txt", rules);
    std::os::unix::fs::symlink("elsewhere.txt", desk.path().join("harbour/more.rhai")).unwrap();
    let ran = desk.run("check harbour --fix").exits(3);
    assert!(ran.stderr.contains("harbour/more.rhai: is a symbolic link"), "{}", ran.stderr);
    assert_eq!(desk.read("harbour/elsewhere.txt"), rules);

    let desk = Desk::new();
    desk.write("harbour/more.rhai", rules);
    let path = desk.path().join("harbour/more.rhai");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    desk.run("check harbour --fix").exits(0);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    let left: Vec<_> = std::fs::read_dir(desk.path().join("harbour")).unwrap().collect();
    assert!(
        left.iter().all(|entry| !entry.as_ref().unwrap().file_name().to_string_lossy().contains("partial"))
    );
}

#[test]
fn no_correction_changes_what_a_table_is_keyed_by() {
    for key in ["hs6", "exportr", "hs4"] {
        let desk = Desk::new();
        let manifest =
            desk.read("harbour/pack.toml").replace("key = [\"exporter\"]", &format!("key = [\"{key}\"]"));
        desk.write("harbour/pack.toml", &manifest);
        desk.run("check harbour --fix").exits(1);
        assert_eq!(desk.read("harbour/pack.toml"), manifest);
    }
}

#[test]
fn what_cannot_be_corrected_keeps_nothing_else_from_it() {
    let desk = Desk::new();
    let good = "rule(\"S\", #{ titel: \"t\" });\n";
    let bad = "rule(\"R\", #{ title: \"t\", when: |d| d.unit_value < 3.0 and d.quantity > 1.0 });\n";
    desk.write("harbour/bad.rhai", bad);
    desk.write("harbour/good.rhai", good);
    let ran = desk.run("check harbour --fix").exits(1);
    assert_eq!(
        (desk.read("harbour/bad.rhai"), desk.read("harbour/good.rhai")),
        (bad.into(), good.replace("titel", "title"))
    );
    assert!(ran.stderr.contains("1 mistake was corrected in 1 file"), "{}", ran.stderr);
}
