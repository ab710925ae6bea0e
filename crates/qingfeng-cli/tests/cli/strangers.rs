//! Packs from strangers: what they may hold, read and connect to.

use std::time::{Duration, Instant};

use crate::support::{Desk, Ran};

/// Checks a pack with these rules besides those of `harbour`, which must not take long.
#[track_caller]
fn check(rules: &str) -> Ran {
    let desk = Desk::new();
    desk.write("harbour/more.rhai", rules);
    let began = Instant::now();
    let ran = desk.run("check harbour");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    ran
}

const LONG: &str = "let s = \"x\"; for i in 0..16 { s = (s + s).sub_string(0, 60000); }\n";

#[test]
fn what_rules_hold_is_bounded() {
    for rule in [
        "#{ title: s + `${i}`, score: 1 }",
        "#{ title: \"t\", basis: s + `${i}`, score: 1 }",
        "#{ title: \"t\", tags: [s + `${i}`], score: 1 }",
        "#{ title: \"t\", reason: |d| t, score: 1 }",
    ] {
        let rules = format!("{LONG}for i in 0..90000 {{ let t = s + `${{i}}`; rule(`A${{i}}`, {rule}); }}");
        let ran = check(&rules).exits(1);
        let told = "the rules of the pack hold more than 64 MiB of texts and values; shorten titles";
        assert!(ran.stdout.contains(told), "{rule}\n{}", ran.stdout);
    }
}

#[test]
fn what_closures_capture_is_bounded_and_shared() {
    let rules = |count: usize| {
        format!(
            "let a = []; for i in 0..9000 {{ a.push(i); }}\n\
             for i in 0..{count} {{ rule(`A${{i}}`, #{{ title: \"t\", score: 1, when: |d| d.packages in a }}); }}"
        )
    };
    // Each for itself, they would be more than rules may hold.
    let ran = check(&rules(150)).exits(0);
    assert!(ran.stdout.contains("harbour is valid"), "{}", ran.stdout);
    let ran = check(&rules(90_000)).exits(1);
    let told = "the closures of the pack capture more than 20000000 values, counted for each rule";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
}

#[test]
fn steps_of_all_files_count_together() {
    let desk = Desk::new();
    for file in 0..12 {
        desk.write(&format!("harbour/{file:02}.rhai"), "let n = 0; for i in 0..3000000 { n += i; }\n");
    }
    let ran = desk.run("check harbour").exits(1);
    assert!(
        ran.stdout.contains("the files of the pack do not come to an end within 100000000 steps together"),
        "{}",
        ran.stdout
    );
    // No file by itself takes too many.
    assert!(!ran.stdout.contains("harbour/00.rhai"), "{}", ran.stdout);
}

#[cfg(unix)]
#[test]
fn only_files_of_the_pack_are_read() {
    use std::os::unix::fs::symlink;
    let refused = |file: &str, told: &str, make: &dyn Fn(&Desk, &std::path::Path)| {
        let desk = Desk::new();
        desk.write("secret.txt", "the secret line of another file");
        desk.write("other/lookups/x.csv", "exporter,listed_on,grade\nSECRET,2015-06-01,A\n");
        let path = desk.path().join("harbour").join(file);
        if path.exists() {
            std::fs::remove_file(&path).unwrap();
        }
        make(&desk, &path);
        let began = Instant::now();
        let ran = desk.run("check harbour").exits(1);
        assert!(began.elapsed() < Duration::from_secs(10), "{file}");
        let said = ran.stdout + &ran.stderr;
        assert!(said.contains(told) && !said.to_lowercase().contains("secret l"), "{file}: {said}");
    };
    let link = |to: &'static str| {
        move |desk: &Desk, path: &std::path::Path| symlink(desk.path().join(to), path).unwrap()
    };
    let outside = "lies outside of the pack";
    refused("b.rhai", outside, &link("secret.txt"));
    refused("b.rhai", outside, &|_, path| symlink("/dev/zero", path).unwrap());
    refused("pack.toml", outside, &link("secret.txt"));
    refused("reference/regions.toml", outside, &link("secret.txt"));
    refused("lookups/blacklist.csv", outside, &link("other/lookups/x.csv"));
    refused("more", outside, &|desk, path| {
        desk.write("other/a.rhai", "the secret line");
        symlink(desk.path().join("other"), path).unwrap();
    });
    for file in ["b.rhai", "pack.toml", "reference/modes.toml", "lookups/blacklist.csv"] {
        refused(file, "is no file but a pipe, a socket or a device", &|_, path| {
            assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
        });
    }
    // Links within the pack are what they lead to.
    let desk = Desk::new();
    std::fs::rename(desk.path().join("harbour/other.rhai"), desk.path().join("harbour/other.txt")).unwrap();
    symlink("other.txt", desk.path().join("harbour/other.rhai")).unwrap();
    symlink("harbour", desk.path().join("linked")).unwrap();
    desk.run("check harbour").exits(0);
    desk.run("check linked").exits(0);
}

#[test]
fn a_pack_opens_no_store_but_one_of_its_own() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let desk = Desk::new();
    let manifest =
        desk.read("harbour/pack.toml").replace("file = \"lookups/blacklist.csv\"", "store = \"blacklist\"");
    desk.write("outside.sqlite", "");
    let absolute = desk.path().join("outside.sqlite");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&absolute, desk.path().join("harbour/link.sqlite")).unwrap();
    for url in [
        format!("postgresql://qf@{address}/risk"),
        format!("sqlite:{}", absolute.display()),
        format!("sqlite://{}", absolute.display()),
        "sqlite:../outside.sqlite".to_owned(),
        "sqlite:lookups/../../outside.sqlite".to_owned(),
        if cfg!(unix) { "sqlite:link.sqlite".to_owned() } else { "sqlite:../outside.sqlite".to_owned() },
    ] {
        desk.write("harbour/pack.toml", format!("{manifest}[store]\nurl = '{url}'\n"));
        for command in [
            "check harbour",
            "score declarations.csv --rules harbour -o out.csv",
            "lookup list blacklist --rules harbour",
        ] {
            let ran = desk.run(command);
            assert!(ran.code > 0, "{command} {url}");
            let said = ran.stdout + &ran.stderr;
            let told = "a pack names a file in its own directory, or its caller names the store";
            assert!(said.contains(told) && said.contains("`--store`"), "{command} {url}: {said}");
        }
        assert!(listener.accept().is_err(), "{url}: it is connected");
        assert_eq!(desk.bytes("outside.sqlite"), b"");
    }
    // Whoever runs the command may name it.
    let ran = desk.run("check harbour --store sqlite:outside.sqlite");
    assert!(!(ran.stdout + &ran.stderr).contains("its caller names"));
}

#[test]
fn letters_that_turn_text_are_reported() {
    let ran = check(
        "// \u{202e}harmless\u{202c}\nrule(\"R\", #{ title: \"t\", score: 1, commodity: \"4202\" });\n",
    )
    .exits(0);
    let told = "warning[QF1005]: the file holds the letter U+202E, and 1 more like it, which turns the direction of text";
    assert!(ran.stdout.contains(told) && !ran.stdout.contains('\u{202e}'), "{}", ran.stdout);
}

/// Rhai looks through all functions before it for each word of a file.
#[test]
fn a_file_of_very_many_functions_is_refused_before_it_is_read() {
    let mut rules = String::new();
    for at in 0..30_000 {
        rules += &format!("fn f{at}(d) {{ d.value > {at}.0 || d.net_kg > 1.0 }}\n");
    }
    let ran = check(&rules).exits(1);
    assert!(ran.stdout.contains("too long to be read as a whole"), "{}", ran.stdout);
}

#[test]
fn of_very_many_mistakes_some_are_drawn() {
    let rules: String =
        (0..1_000).map(|at| format!("rule(\"R{at}\", #{{ title: \"t\", scor: 1 }});\n")).collect();
    let ran = check(&rules).exits(1);
    let drawn = ran.stdout.matches("error[").count();
    assert!(drawn == 200 && ran.stdout.contains("and 800 more (--format json has all)"), "{drawn}");
}
