//! Runs that get in each other's way, that are killed or stopped, and what they must not overwrite.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Desk, run};

/// All names in the directory of the desk that a run may have left.
fn left(desk: &Desk) -> Vec<String> {
    let names = std::fs::read_dir(desk.path()).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.contains("partial")).collect()
}

/// Declarations enough for a run of some tenths of a second.
fn many(desk: &Desk) {
    desk.run("generate --lines 30000 --seed 9 -o many.csv").exits(0);
}

#[test]
fn of_two_runs_one_writes_the_file_and_the_other_is_told() {
    let desk = Desk::new();
    many(&desk);
    let formats = ["csv", "csv.gz", "csv.zst", "ndjson", "parquet", "arrow"];
    for format in formats {
        let by = |what: &str| format!("score many.csv --rules harbour --by {what} -o out.{format}");
        let whole = ["declaration", "item"].map(|what| {
            desk.run(&by(what)).exits(0);
            desk.bytes(&format!("out.{format}"))
        });
        for trial in 0..5 {
            let mut first = desk.command(&by("declaration")).stderr(Stdio::piped()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(trial * 15));
            let second = run(&mut desk.command(&by("item")));
            let first = first.wait_with_output_code();
            assert!(first == 0 || second.code == 0, "{format}");
            for (code, expected) in [(first, 0), (second.code, 0)] {
                assert!(code == expected || code == 3, "{format}: {code}");
            }
            if second.code == 3 {
                let told = &second.stderr;
                assert!(told.contains("cannot be written: another run is writing it; wait"), "{told}");
            }
            assert!(whole.contains(&desk.bytes(&format!("out.{format}"))), "{format}, trial {trial}");
            assert!(left(&desk).is_empty(), "{:?}", left(&desk));
        }
    }
}

trait Waited {
    fn wait_with_output_code(&mut self) -> i32;
}

impl Waited for std::process::Child {
    /// Reads what it says, so that it is not held up, and gives its code.
    fn wait_with_output_code(&mut self) -> i32 {
        let mut told = String::new();
        std::io::Read::read_to_string(self.stderr.as_mut().unwrap(), &mut told).unwrap();
        self.wait().unwrap().code().unwrap()
    }
}

#[cfg(unix)]
#[test]
fn a_run_that_is_killed_leaves_the_older_file_and_no_whole_one() {
    let desk = Desk::new();
    many(&desk);
    for format in ["csv", "csv.gz", "ndjson.zst", "parquet", "arrow"] {
        let (file, partial) = (format!("out.{format}"), format!("out.{format}.partial"));
        let command = format!("score many.csv --rules harbour -o {file}");
        desk.run(&command).exits(0);
        let whole = desk.bytes(&file);
        desk.write(&file, "older");
        for trial in 0..6 {
            let mut child = desk.command(&command).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(trial * 40));
            child.kill().unwrap();
            child.wait().unwrap();
            let bytes = desk.bytes(&file);
            assert!(bytes == b"older" || bytes == whole, "{format}, trial {trial}");
            if desk.has(&partial) {
                for reader in ["score", "plan --key-file k -o p.csv"] {
                    let (name, options) = reader.split_once(' ').unwrap_or((reader, ""));
                    let ran = desk.run(&format!("{name} {partial} --rules harbour {options}"));
                    assert!(ran.code > 0, "{reader}");
                }
                let ran = desk.run(&format!("score {partial} --rules harbour")).exits(3);
                assert!(
                    ran.stderr.contains("is not whole: a run is writing it, or did not end"),
                    "{}",
                    ran.stderr
                );
            }
        }
        // What was left is written over.
        desk.run(&command).exits(0);
        assert!(desk.bytes(&file) == whole && left(&desk).is_empty(), "{format}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_run_at_once_and_nothing_is_left() {
    use std::os::unix::process::ExitStatusExt as _;
    let desk = Desk::new();
    many(&desk);
    desk.write("out.csv", "older");
    for (number, name) in [(2, "INT"), (15, "TERM")] {
        // It waits for the end of its input, which does not come.
        let mut command =
            desk.command("score many.csv - --rules harbour -o out.csv --rejects r.csv --input-format csv");
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Open until the end.
        let input = child.stdin.take();
        while !desk.has("out.csv.partial") {
            assert_eq!(child.try_wait().unwrap(), None, "it ended before its input did");
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(600));
        let began = Instant::now();
        let killed =
            std::process::Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status();
        assert!(killed.unwrap().success());
        let status = child.wait().unwrap();
        drop(input);
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        let mut told = String::new();
        std::io::Read::read_to_string(child.stderr.as_mut().unwrap(), &mut told).unwrap();
        assert_eq!(status.signal(), Some(number), "{status}: {told}");
        assert!(told.starts_with("stopped") && told.contains("out.csv and "), "{told}");
        assert!(told.contains("were not written, and what was there before is unchanged"), "{told}");
        assert!(left(&desk).is_empty() && desk.read("out.csv") == "older" && !desk.has("r.csv"));
    }
}

#[test]
fn a_missing_directory_for_temporary_files_is_an_error_with_the_remedy() {
    let desk = Desk::new();
    let mut declarations = "declaration_id,item_no,hs,destination,mode\n".to_owned();
    for id in 0..300_000 {
        declarations += &format!("D{id},1,610910,DE,0110\n");
    }
    desk.write("many.csv", declarations);
    for threads in [1, 2] {
        let args = format!("score many.csv --rules harbour -o out.csv --threads {threads}");
        let ran = run(desk.command(&args).env("TMPDIR", desk.path().join("none")));
        if cfg!(unix) {
            assert_eq!(ran.code, 3, "{}", ran.stderr);
            assert!(ran.stderr.contains("none cannot be used: "), "{}", ran.stderr);
            assert!(ran.stderr.contains("make room there, or set TMPDIR"), "{}", ran.stderr);
        }
    }
}

#[test]
fn no_output_overwrites_what_the_run_reads() {
    let desk = Desk::new();
    desk.write(
        "store/pack.toml",
        desk.read("harbour/pack.toml") + "[store]\nurl = \"sqlite:data/s.sqlite\"\n",
    );
    desk.write("store/data/s.sqlite", "a store");
    desk.write("other.sqlite", "a store");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("harbour", desk.path().join("linked")).unwrap();
        std::fs::hard_link(desk.path().join("harbour/other.rhai"), desk.path().join("hard.ndjson")).unwrap();
    }
    let files = [
        "harbour/pack.toml",
        "harbour/other.rhai",
        "harbour/lookups/blacklist.csv",
        "harbour/lookups/../lookups/new.csv",
        "harbour/reference/sites.toml",
        "linked/lookups/blacklist.csv",
        "hard.ndjson",
        "other.sqlite",
        "other.sqlite-wal",
    ];
    let files = files.into_iter().filter(|file| cfg!(unix) || !matches!(&file[..4], "link" | "hard"));
    for file in files {
        for option in ["--summary", "-o", "--rejects"] {
            let before = desk.has(file).then(|| desk.bytes(file));
            let args =
                format!("score declarations.csv --rules harbour --store sqlite:other.sqlite {option} {file}");
            let ran = desk.run(&args).exits(2);
            let what = if file.starts_with("other") {
                "with a store of lookup tables"
            } else {
                "of the pack in harbour"
            };
            let told = format!("would overwrite {file}, a file {what}; name another file");
            assert!(ran.stderr.contains(&told), "{}", ran.stderr);
            assert_eq!(desk.has(file).then(|| desk.bytes(file)), before);
        }
    }
    let ran = desk.run("score declarations.csv --rules store --summary store/data/s.sqlite").exits(2);
    assert!(ran.stderr.contains("a file of the pack in store"), "{}", ran.stderr);
    let mut named = desk.command("score declarations.csv --rules harbour --summary other.sqlite");
    assert_eq!(run(named.env("QINGFENG_STORE", "sqlite:other.sqlite")).code, 2);
    for command in [
        "diff harbour harbour --html harbour/pack.toml",
        "coverage harbour --html harbour/lookups/blacklist.csv",
        "mine declarations.csv --label x --rules harbour -o harbour/other.rhai",
    ] {
        let ran = desk.run(command).exits(2);
        assert!(ran.stderr.contains("of the pack in harbour"), "{command}: {}", ran.stderr);
    }
    assert_eq!(desk.bytes("store/data/s.sqlite"), b"a store");
    // A file beside the pack may be written.
    desk.run("score declarations.csv --rules harbour -o harbour/out.csv --summary harbour/s.json").exits(0);
}
