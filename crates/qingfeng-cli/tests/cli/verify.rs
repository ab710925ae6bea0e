//! `qingfeng verify`, and passes that are switched off.

use crate::support::{DECLARATIONS, Desk, PASSED_RULES, golden};

const PASSES: [&str; 7] = ["fold", "share", "order", "tests", "witnesses", "thresholds", "words"];

/// A line whose unit value is the bound of a rule.
const AT_THE_BOUND: &str =
    "D6,1,2016-03-06,CNSHA,KE,0110,E1,8711209000,motorcycle \u{1b}[2J,,10,10,3000,,no,,\n";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("harbour/passed.rhai", PASSED_RULES);
    desk.write("bound.csv", format!("{DECLARATIONS}{AT_THE_BOUND}"));
    desk
}

#[test]
fn both_give_the_same_answer() {
    let ran = desk().run("verify bound.csv --rules harbour").exits(0);
    golden("verify.txt", &ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_wrong_kernel_is_found() {
    let ran = desk().run("verify declarations.csv bound.csv --rules harbour --plant-fault").exits(1);
    golden("verify-planted.txt", &ran.stdout);
    assert!(!crate::support::is_harmful(&ran.stdout));
}

#[test]
fn every_pass_can_be_left_out() {
    let desk = desk();
    desk.run("score bound.csv --rules harbour --reasons -o all.csv").exits(0);
    let all = desk.read("all.csv");
    let each = PASSES.iter().map(|pass| format!("--without {pass}"));
    let many = [format!("--without {}", PASSES.join(",")), "--without fold --without words".to_owned()];
    for without in each.chain(many) {
        desk.run(&format!("score bound.csv --rules harbour --reasons {without} -o some.csv")).exits(0);
        assert_eq!(desk.read("some.csv"), all, "{without}");
        desk.run(&format!("verify bound.csv --rules harbour {without}")).exits(0);
        desk.run(&format!("verify bound.csv --rules harbour --plant-fault {without}")).exits(1);
    }
}

#[test]
fn it_stops_after_a_number_of_lines() {
    let desk = desk();
    for (limit, lines) in [(1, "2 lines"), (2, "2 lines"), (3, "3 lines"), (5, "6 lines"), (1000, "9 lines")]
    {
        let ran = desk.run(&format!("verify bound.csv --rules harbour --lines {limit}")).exits(0);
        assert!(ran.stdout.starts_with(&format!("Compared, and all equal: {lines} of ")), "{}", ran.stdout);
    }
    desk.run("verify bound.csv --rules harbour --plant-fault --lines 3").exits(0);
    desk.write("more.csv", desk.read("bound.csv").replace("\nD", "\nE"));
    for threads in [1, 3] {
        let args = format!("verify bound.csv more.csv --rules harbour --threads {threads}");
        assert!(desk.run(&args).exits(0).stdout.contains("18 lines of "), "{threads} threads");
    }
}
