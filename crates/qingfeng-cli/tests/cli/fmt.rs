//! `qingfeng fmt`.

use crate::support::Desk;

/// The repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn the_packs_that_come_with_it_are_laid_out() {
    let desk = Desk::empty();
    let packs = ["clean-wind", "import-fraud"].map(|pack| format!("{ROOT}/rules/{pack}"));
    desk.run(&format!("fmt --check {}", packs.join(" "))).exits(0);
}

#[test]
fn a_pack_is_laid_out_whole_and_once() {
    let desk = Desk::new();
    desk.write(
        "harbour/tests/a.rhai",
        "test( \"none\",#{destination:\"KE\" ,mode:\"0110\"},#{silent:\"A\"});",
    );
    let before = desk.read("harbour/campaign.rhai");
    let checked = desk.run("fmt harbour --check").exits(1);
    assert!(
        checked.stderr.contains("harbour/tests/a.rhai\n") && checked.stderr.contains("laid out otherwise"),
        "{}",
        checked.stderr
    );
    let diff = desk.run("fmt harbour --dry-run").exits(0).stdout;
    assert!(
        diff.contains("+test(\"none\", #{ destination: \"KE\", mode: \"0110\" }, #{ silent: \"A\" });"),
        "{diff}"
    );
    assert_eq!(desk.read("harbour/campaign.rhai"), before);
    let rules = |desk: &Desk| desk.run("rules harbour --format json").exits(0).json();
    let meant = rules(&desk);
    desk.run("fmt harbour").exits(0);
    assert_eq!(desk.run("fmt harbour --check").exits(0).stderr.lines().count(), 1);
    let places = |rules: &serde_json::Value| {
        let rules = rules["rules"].as_array().unwrap().clone();
        rules
            .into_iter()
            .map(|mut rule| {
                rule.as_object_mut().unwrap().remove("line");
                rule
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(places(&rules(&desk)), places(&meant));
}

#[test]
fn what_is_not_closed_is_named_and_left_alone_and_others_are_laid_out() {
    let desk = Desk::empty();
    desk.write("a.rhai", "rule(\"A\", #{\n  title: \"t\",\n");
    desk.write("b.rhai", "const A=1;");
    let ran = desk.run("fmt a.rhai b.rhai").exits(4);
    assert!(ran.stderr.contains("a.rhai:1: `#{` is not closed"), "{}", ran.stderr);
    assert_eq!(desk.read("a.rhai"), "rule(\"A\", #{\n  title: \"t\",\n");
    assert_eq!(desk.read("b.rhai"), "const A = 1;\n");
    for (arguments, code, said) in [
        ("fmt notes.txt", 2, "no rule file, which ends"),
        ("fmt missing.rhai", 3, "cannot be read"),
        ("fmt empty", 3, "has no rule file"),
        ("fmt - a.rhai", 2, "give it alone"),
    ] {
        desk.write("empty/notes.txt", "");
        let ran = desk.run(arguments).exits(code);
        assert!(ran.stderr.contains(said), "{arguments}: {}", ran.stderr);
    }
}

#[test]
fn an_editor_gets_its_text_back() {
    let desk = Desk::empty();
    assert_eq!(
        desk.run_with("fmt -", "const A=[1,2] ;// 数\r\n").exits(0).stdout,
        "const A = [1, 2];   // 数\n"
    );
    desk.run_with("fmt - --check", "const A=1;").exits(1);
    let ran = desk.run_with("fmt -", "\n(").exits(3);
    assert!(
        ran.stderr.contains("standard input:2: `(` is not closed") && ran.stdout.is_empty(),
        "{}",
        ran.stderr
    );
}
