//! Help, exit codes, wrong usage, closed pipes.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use std::process::Stdio;

use crate::support::{Desk, golden};

/// The help of a command and of all its subcommands, one below the other.
fn helps(desk: &Desk, command: &str, all: &mut String) {
    let help = desk.run(&format!("{command} --help")).exits(0).stdout;
    desk.run(&format!("{command} -h")).exits(0);
    *all += &format!(
        "$ qingfeng {}--help\n{help}\n",
        if command.is_empty() { String::new() } else { format!("{command} ") }
    );
    let names = |line: &str| {
        Some(line.strip_prefix("  ")?.split("  ").next()?.to_owned())
            .filter(|name| !name.is_empty() && !name.starts_with([' ', '-']))
    };
    // Those of `qingfeng` itself stand in groups.
    let (first, last) =
        if command.is_empty() { ("Score and explain:", "\nOptions:") } else { ("\nCommands:", "\n\n") };
    let Some((_, list)) = help.split_once(first) else {
        assert!(help.contains("\nExample") && help.contains("\nExit codes:\n  0  success"), "{help}");
        return;
    };
    let commands: Vec<String> = list.split(last).next().unwrap().lines().filter_map(names).collect();
    assert!(!commands.is_empty(), "{help}");
    for name in commands {
        helps(desk, format!("{command} {name}").trim_start(), all);
    }
}

#[test]
fn help_of_every_command() {
    let desk = Desk::empty();
    let mut all = String::new();
    helps(&desk, "", &mut all);
    golden("help.txt", &all);
    assert!(desk.run("--version").exits(0).stdout.starts_with("qingfeng "));
}

/// The commands of `qingfeng` by the list in its help.
fn commands(desk: &Desk) -> Vec<String> {
    let help = desk.run("--help").exits(0).stdout;
    let (list, _) = help.split_once("\nOptions:").unwrap();
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")?.split("  ").next());
    names.map(str::to_owned).collect()
}

#[test]
fn completions_name_every_command_for_each_shell() {
    let desk = Desk::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = desk.run(&format!("completions {shell}")).exits(0).stdout;
        for command in commands(&desk) {
            assert!(script.contains(&command), "{shell}: {command}");
        }
        assert!(script.contains("left-out"), "{shell}");
    }
    desk.run("completions cmd").exits(2);
}

#[test]
fn each_command_has_a_manual_page() {
    let desk = Desk::empty();
    desk.run("man pages/man1").exits(0);
    let top = desk.read("pages/man1/qingfeng.1");
    for command in commands(&desk) {
        let page = desk.read(&format!("pages/man1/qingfeng-{command}.1"));
        for section in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH OPTIONS", ".SH EXAMPLE"] {
            assert!(page.contains(section), "{command}: {section}");
        }
        assert!(top.contains(&command.replace('-', "\\-")), "{command}");
    }
    assert!(top.contains("Score and explain"), "the groups of the help");
    let page = desk.read("pages/man1/qingfeng-lookup-import.1");
    assert!(page.contains(".SH \"EXIT STATUS\""), "{page}");
    desk.write("taken", "");
    desk.run("man taken").exits(3);
}

#[test]
fn quiet_and_verbose() {
    let desk = Desk::new();
    let quiet = |args: &str, code| {
        let ran = desk.run(args).exits(code);
        (ran.stdout, ran.stderr)
    };
    let score = "score declarations.csv --rules harbour -o out.csv";
    assert_eq!(quiet(&format!("{score} --quiet"), 0), (String::new(), String::new()));
    let (_, told) = quiet(&format!("{score} --quiet --strict"), 1);
    assert!(
        told.contains("1 line with something unreadable")
            && told.contains("scattered")
            && !told.contains("Goods lines"),
        "{told}"
    );
    let (_, told) = quiet(&format!("{score} -q --strict --rejects bad.csv"), 1);
    assert!(told.contains("1 line with something unreadable"), "{told}");
    assert_eq!(quiet("check harbour -q", 0), (String::new(), String::new()));
    assert!(quiet("check nowhere -q", 1).0.contains("error"));
    assert!(quiet("score nowhere.csv --rules harbour -q", 3).1.contains("nowhere.csv"));
    let (out, told) = quiet("-v explain D1 declarations.csv --rules harbour", 0);
    assert!(!out.contains("Opened"), "{out}");
    for part in ["Opened harbour@3", "9 rules", "Reading declarations.csv", "Ended with exit code 0"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    desk.run("check harbour -q -v").exits(2);
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
        (2, "verify declarations.csv --rules harbour --lines 0"),
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

#[test]
fn earlier_names_of_options_are_understood() {
    let desk = Desk::new();
    for (args, code) in [
        ("coverage harbour --gaps 1", 0),
        ("diff harbour harbour --exit-code", 0),
        ("verify declarations.csv --rules harbour --limit 1", 0),
        ("lookup verify --rules harbour --by Li", 2),
        ("lookup expire 1 --withdraw --rules harbour --by Li", 3),
        ("effect a.csv --plan p.csv --outcomes o.csv --gb18030", 3),
        ("effect a.csv --plan p.csv --outcomes o.csv --encoding gb18030", 3),
    ] {
        desk.run(args).exits(code);
    }
}
