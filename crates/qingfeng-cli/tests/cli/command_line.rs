//! Help, exit codes, wrong usage, closed pipes.

use std::process::Stdio;

use crate::support::{Desk, golden};

#[test]
fn help_of_every_command() {
    let desk = Desk::empty();
    golden("help.txt", &desk.run("--help").exits(0).stdout);
    for command in [
        "roll",
        "override",
        "worklist",
        "score",
        "plan",
        "check",
        "explain-code",
        "explain",
        "rules",
        "generate",
        "simulate",
        "schema",
        "test",
        "verify",
        "watch",
        "why-not",
        "profile",
        "diff",
        "coverage",
        "draw",
        "reference",
        "lookup",
        "lookup import",
        "lookup add",
        "lookup expire",
        "lookup list",
        "lookup log",
        "lookup verify",
        "outcome",
        "outcome import",
        "outcome check",
        "outcome list",
        "effect",
        "report",
        "calibrate",
        "targets",
        "mine",
    ] {
        let help = desk.run(&format!("{command} --help")).exits(0).stdout;
        assert!(help.contains("Example") && help.contains("Exit codes:"), "{help}");
        golden(&format!("help-{}.txt", command.replace(' ', "-")), &help);
        desk.run(&format!("{command} -h")).exits(0);
    }
    assert!(desk.run("--version").exits(0).stdout.starts_with("qingfeng "));
}

#[test]
fn exit_codes() {
    let desk = Desk::new();
    desk.write("invalid/pack.toml", "[pack]\nname = \"invalid\"\n");
    desk.write("empty.csv", "");
    for (code, args) in [
        (0, "check harbour"),
        (0, "rules harbour"),
        (0, "schema harbour"),
        (0, "coverage harbour"),
        (0, "coverage harbour declarations.csv --by commodity,mode --region africa"),
        (0, "score declarations.csv --rules harbour"),
        (0, "explain D1 declarations.csv --rules harbour"),
        (0, "generate --lines 1 -o -"),
        (0, "verify declarations.csv --rules harbour"),
        (1, "check invalid"),
        (1, "check nowhere"),
        (1, "score declarations.csv --rules harbour --strict"),
        (1, "explain D99 declarations.csv --rules harbour"),
        (2, ""),
        (2, "help"),
        (2, "score declarations.csv"),
        (2, "score --rules harbour"),
        (2, "score declarations.csv --rules harbour --engine fast"),
        (2, "score declarations.csv --rules harbour --threads 0"),
        (2, "score declarations.csv --rules harbour --by column"),
        (2, "score declarations.csv --rules harbour -o out.xlsx"),
        (2, "score declarations.csv --rules harbour --rejects bad.txt"),
        (2, "score - - --rules harbour"),
        (2, "score declarations.csv --rules harbour --summary -"),
        (2, "score declarations.csv --rules harbour -o a.csv --rejects a.csv"),
        (2, "score declarations.csv --rules harbour -o a.csv --rejects harbour/../a.csv"),
        (2, "score declarations.csv --rules harbour -o declarations.csv"),
        (2, "score declarations.csv --rules harbour -o harbour/../declarations.csv"),
        (2, "simulate"),
        (2, "simulate --rules harbour"),
        (2, "simulate --rules harbour --days 0"),
        (2, "simulate --rules harbour --arms random-101"),
        (4, "simulate --rules invalid"),
        (2, "generate --lines many -o a.csv"),
        (2, "generate --lines 1"),
        (2, "generate --lines 1 -o a.csv --outcomes a.csv"),
        (2, "check harbour --format xml"),
        (0, "reference"),
        (0, "reference functions"),
        (0, "reference =="),
        (2, "reference has_wrod"),
        (2, "coverage"),
        (2, "coverage harbour --by region,region"),
        (2, "coverage harbour --by region,mode,commodity"),
        (2, "coverage harbour --by site"),
        (2, "coverage harbour --by region,mode --region africa"),
        (2, "coverage harbour --region afrika"),
        (2, "coverage harbour --as-of 2016-02-30"),
        (2, "coverage harbour declarations.csv --html declarations.csv"),
        (2, "coverage harbour --html -"),
        (2, "coverage harbour - -"),
        (3, "score nowhere.csv --rules harbour"),
        (3, "score harbour --rules harbour"),
        (3, "score empty.csv --rules harbour"),
        (3, "score declarations.csv --rules harbour -o nowhere/out.csv"),
        (3, "score declarations.csv --rules harbour -o out.csv --summary nowhere/summary.json"),
        (3, "explain D1 nowhere.csv --rules harbour"),
        (2, "verify declarations.csv"),
        (2, "verify declarations.csv --rules harbour --without everything"),
        (2, "verify declarations.csv --rules harbour --limit 0"),
        (2, "rules harbour --program NOTHING"),
        (3, "generate --lines 1 -o nowhere/out.csv"),
        (3, "verify nowhere.csv --rules harbour"),
        (4, "score declarations.csv --rules invalid"),
        (4, "score nowhere.csv --rules nowhere"),
        (4, "explain D1 declarations.csv --rules invalid"),
        (4, "verify declarations.csv --rules invalid"),
        (0, "why-not PRICE declarations.csv --rules harbour"),
        (0, "profile declarations.csv --rules harbour"),
        (2, "why-not declarations.csv --rules harbour"),
        (2, "why-not PRIZE declarations.csv --rules harbour"),
        (2, "why-not PRICE declarations.csv --rules harbour --limit 10001"),
        (2, "profile declarations.csv --rules harbour --sort name"),
        (2, "profile declarations.csv --rules harbour --limit 0"),
        (3, "why-not PRICE nowhere.csv --rules harbour"),
        (3, "profile nowhere.csv --rules harbour"),
        (4, "why-not PRICE declarations.csv --rules invalid"),
        (4, "profile declarations.csv --rules invalid"),
        (3, "coverage harbour nowhere.csv"),
        (3, "coverage harbour --html nowhere/page.html"),
        (4, "coverage invalid"),
        (4, "rules invalid"),
        (4, "schema nowhere"),
    ] {
        let ran = desk.run(args);
        assert_eq!(ran.code, code, "{args}\nstdout:\n{}\nstderr:\n{}", ran.stdout, ran.stderr);
        if code > 1 {
            assert_eq!(ran.stdout, "", "{args}");
            assert!(!ran.stderr.is_empty(), "{args}");
        }
    }
    assert!(desk.read("declarations.csv").starts_with("declaration_id"), "no input was overwritten");
}

#[test]
fn what_is_said_when_it_goes_wrong() {
    let desk = Desk::new();
    desk.write("invalid/pack.toml", "[pack]\nname = \"invalid\"\n");
    let mut said = String::new();
    for args in [
        "score declarations.csv --rules invalid",
        "score nowhere.csv --rules harbour",
        "score - - --rules harbour",
        "score declarations.csv --rules harbour -o out.xlsx",
        "score declarations.csv --rules harbour --summary -",
        "score declarations.csv --rules harbour -o declarations.csv",
        "score declarations.csv --rules harbour --threads 0",
        "score declarations.csv --rules harbour --without folding",
        "rules harbour --program PRIZE",
        "check harbour --deny warnings",
    ] {
        said += &format!("$ qingfeng {args}\n{}\n", desk.run(args).stderr);
    }
    golden("errors.txt", &said);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let desk = Desk::new();
    desk.run("generate --lines 30000 -o made.csv").exits(0);
    for args in [
        "generate --lines 100000 -o -",
        "score made.csv --rules harbour",
        "score made.csv --rules harbour -o out.csv --summary -",
        "check harbour",
        "rules harbour --format json",
        "schema harbour",
        "explain D1 declarations.csv --rules harbour",
    ] {
        let mut command = desk.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let desk = Desk::new();
    for args in ["check harbour", "rules harbour --format json", "score declarations.csv --rules harbour"] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = desk.command(args).stdout(full).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{args}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("standard output: cannot be written"), "{args}: {said}");
    }
}

#[test]
fn the_packs_of_the_repository_are_valid() {
    let packs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let Ok(entries) = packs.read_dir() else { return };
    for pack in entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let desk = Desk::empty();
        let ran = crate::support::run(desk.command("check").arg(&pack));
        assert_eq!(ran.code, 0, "{}", ran.stdout);
    }
}
