//! `qingfeng lookup`, as an officer and an auditor use it.

use crate::support::{Desk, Ran, golden, is_harmful, run};

const LIST: &str = "\
exporter,listed_on,ends_on,reason,source
e1,2016-03-01,,fakes,notice of Kenya
E2,2016-03-01,2016-06-30,bags,
,2016-03-01,,no exporter,
E3,2016-02-30,,no day,
E4,2061-01-01,,a slip,
";

/// A desk whose pack keeps the blacklist in a store.
fn desk() -> Desk {
    let desk = Desk::new();
    let manifest = desk.read("harbour/pack.toml");
    desk.write(
        "harbour/pack.toml",
        manifest
            .replace("file = \"lookups/blacklist.csv\"", "store = \"blacklist\"\nuntil = \"ends_on\"")
            .replace("grade = \"text\"", "reason = \"text\""),
    );
    desk.write("list.csv", LIST);
    desk
}

/// Runs as Li Wei, whose name the environment has.
#[track_caller]
fn by_li_wei(desk: &Desk, args: &str) -> Ran {
    run(desk.command(args).env("QINGFENG_BY", "Li Wei").env_remove("QINGFENG_STORE"))
}

/// The text without what the clock says.
fn timeless(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    // `2026-11-25T01:20:03Z`
    while let Some(at) = rest.find("T").filter(|_| rest.contains('Z')) {
        let is_moment = at >= 10
            && rest.is_char_boundary(at - 10)
            && rest.get(at + 1..at + 10).is_some_and(|time| {
                time.ends_with('Z') && time.bytes().all(|byte| byte.is_ascii_digit() || b":Z".contains(&byte))
            });
        if is_moment {
            out += &rest[..at - 10];
            out += "2016-03-10T08:30:00Z";
            rest = &rest[at + 10..];
        } else {
            out += &rest[..=at];
            rest = &rest[at + 1..];
        }
    }
    out + rest
}

/// The text without hashes, which rest on the clock.
fn hashless(text: &str) -> String {
    let mut out = String::new();
    for line in timeless(text).lines() {
        let mut parts = line.split('#');
        out += parts.next().unwrap_or_default();
        for part in parts {
            let rest = part.trim_start_matches(|digit: char| digit.is_ascii_hexdigit());
            out += &format!("#…{rest}");
        }
        out.push('\n');
    }
    // Whole hashes stand alone.
    let words = out.split_inclusive([' ', '\n']).map(|word| {
        let digits = word.trim_end_matches([' ', '\n', ';']);
        match digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            true => format!("…{}", &word[digits.len()..]),
            false => word.to_owned(),
        }
    });
    words.collect()
}

#[test]
fn a_day_of_an_officer() {
    let desk = desk();
    let mut told = String::new();
    for args in [
        "lookup import blacklist list.csv --rules harbour --known-on 2016-03-10 --source weekly --dry-run",
        "lookup import blacklist list.csv --rules harbour --known-on 2016-03-10 --source weekly --reason week10",
        "lookup import blacklist list.csv --rules harbour --known-on 2016-03-10 --source weekly --rejects bad.csv",
        "lookup list blacklist --rules harbour --as-of 2016-03-09",
        "lookup list blacklist --rules harbour --as-of 2016-03-10",
        "lookup add blacklist exporter=E1 reason=toys --rules harbour --from 2016-04-01 --grade A --source tip --known-on 2016-04-02",
        "lookup add blacklist exporter=E1 reason=toys --rules harbour --from 2016-04-01 --grade A --source tip --known-on 2016-04-02",
        "lookup expire 2 --until 2016-05-31 --rules harbour --known-on 2016-05-10 --reason paid",
        "lookup expire 4 --withdraw --rules harbour --known-on 2016-05-10",
        "lookup list blacklist --rules harbour --all",
        "lookup list blacklist --rules harbour --key e1 --as-of 2016-04-02 --format json",
        "lookup list blacklist --rules harbour --snapshot 2 --as-of 2016-12-01",
        "lookup log --rules harbour",
        "lookup log --rules harbour --entry 4 --format json",
        "lookup log --store sqlite:harbour/lookups/store.sqlite --last 1",
        "lookup verify --rules harbour",
    ] {
        told += &format!("$ qingfeng {args}\n{}\n", hashless(&by_li_wei(&desk, args).exits(0).stdout));
    }
    golden("lookup.txt", &told);
    golden("lookup-rejects.csv", &desk.read("bad.csv"));
}

#[test]
fn what_is_wrong_is_told_with_its_exit_code() {
    let desk = desk();
    desk.write("text.sqlite", "no database at all, but long enough to be one".repeat(100));
    by_li_wei(
        &desk,
        "lookup import blacklist list.csv --rules harbour --source weekly --known-on 2016-03-10",
    )
    .exits(0);
    let mut told = String::new();
    for (code, args) in [
        (
            1,
            "lookup import blacklist list.csv --rules harbour --source weekly --known-on 2016-03-10 --strict",
        ),
        (1, "lookup verify --rules harbour --snapshot 1#000000000000"),
        (2, "lookup"),
        (2, "lookup import blacklist --rules harbour"),
        (2, "lookup import blacklist list.csv"),
        (2, "lookup import blacklist list.csv --rules harbour --known-on yesterday"),
        (2, "lookup import blacklist list.csv --rules harbour --known-on 2016-03-10 --backfill"),
        (2, "lookup import blacklist list.csv --rules harbour --rejects list.csv"),
        (2, "lookup import greylist list.csv --rules harbour"),
        (2, "lookup import blacklist list.csv --rules harbour --store mysql://a:hunter2@b/c"),
        (2, "lookup add blacklist exporter --rules harbour --source tip"),
        (2, "lookup add blacklist reason=toys --rules harbour --source tip"),
        (2, "lookup add blacklist exporter=E1 colour=red --rules harbour --source tip"),
        (2, "lookup add blacklist exporter=E1 --rules harbour"),
        (
            2,
            "lookup add blacklist exporter=E1 --rules harbour --source tip --from 2016-02-01 --until 2016-01-01",
        ),
        (2, "lookup expire 99 --until 2016-05-31 --rules harbour"),
        (2, "lookup expire 1 --rules harbour"),
        (2, "lookup expire 1 --until 2016-01-01 --rules harbour"),
        (2, "lookup list blacklist"),
        (2, "lookup list blacklist --rules harbour --snapshot 99"),
        (2, "lookup verify --rules harbour --snapshot latest"),
        (3, "lookup import blacklist nowhere.csv --rules harbour --source weekly"),
        (3, "lookup list blacklist --store sqlite:nowhere.sqlite"),
        (3, "lookup list blacklist --store sqlite:text.sqlite"),
        (3, "lookup list blacklist --store sqlite:harbour"),
        (3, "lookup list blacklist --store postgresql://a:hunter2@127.0.0.1:1/b"),
        (4, "lookup list blacklist --rules nowhere"),
    ] {
        let ran = by_li_wei(&desk, args).exits(code);
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
        told += &format!("$ qingfeng {args}\n{}{}\n", hashless(&ran.stdout), hashless(&ran.stderr));
    }
    golden("lookup-errors.txt", &told);
}

#[test]
fn nobody_changes_a_store_without_a_name() {
    let desk = desk();
    for args in [
        "lookup import blacklist list.csv --rules harbour --source weekly",
        "lookup import blacklist list.csv --rules harbour --source weekly --dry-run",
        "lookup add blacklist exporter=E1 --rules harbour --source tip",
        "lookup expire 1 --withdraw --rules harbour",
    ] {
        for name in [None, Some(""), Some("  ")] {
            let mut command = desk.command(args);
            command.env_remove("QINGFENG_BY").env_remove("QINGFENG_STORE");
            name.map(|name| command.env("QINGFENG_BY", name));
            let ran = run(&mut command).exits(2);
            assert!(ran.stderr.contains("--author NAME"), "{}", ran.stderr);
        }
        assert!(!desk.has("harbour/lookups/store.sqlite"), "{args}");
    }
    // The option goes before the environment, the store's address too.
    let mut command =
        desk.command("lookup add blacklist exporter=E1 --rules harbour --source tip --author Wang");
    run(command.env("QINGFENG_BY", "Li Wei").env("QINGFENG_STORE", "sqlite:elsewhere.sqlite")).exits(0);
    assert!(desk.has("elsewhere.sqlite") && !desk.has("harbour/lookups/store.sqlite"));
    let log = by_li_wei(&desk, "lookup log --store sqlite:elsewhere.sqlite --format json").exits(0);
    assert_eq!(log.json()["by"], "Wang");
}

#[test]
fn what_others_wrote_cannot_command_the_terminal() {
    let desk = desk();
    desk.write(
        "list.csv",
        "exporter,listed_on,ends_on,reason,source\nE1,2016-03-01,,\"\u{1b}[2Ja\u{202e}b\u{9b}\",x\nE2,,,r,\u{1b}[31m\n",
    );
    let told = by_li_wei(&desk, "lookup import blacklist list.csv --rules harbour").exits(0).stdout;
    assert!(told.contains("control character") && !is_harmful(&told), "{told}");
    for args in [
        "lookup list blacklist --rules harbour",
        "lookup list blacklist --rules harbour --all",
        "lookup list blacklist --rules harbour --format json",
        "lookup log --rules harbour",
        "lookup log --rules harbour --format json",
    ] {
        let told = by_li_wei(&desk, args).exits(0).stdout;
        assert!(told.contains("E1") && !is_harmful(&told), "{args}: {told}");
    }
}

#[test]
fn every_format_is_imported() {
    let desk = desk();
    desk.write("list.ndjson", "{\"exporter\":\"e1\",\"listed_on\":\"2016-03-01\",\"ends_on\":null,\"reason\":\"fakes\",\"source\":\"notice of Kenya\"}\n");
    by_li_wei(&desk, "lookup import blacklist list.csv --rules harbour --source weekly").exits(0);
    let told = by_li_wei(&desk, "lookup import blacklist list.ndjson --rules harbour").exits(0).stdout;
    assert!(told.contains("unchanged  1"), "{told}");
}
