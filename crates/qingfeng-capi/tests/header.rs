//! The header is what the source says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::path::Path;

/// What no caller of C reads: a section of Rust's own conventions, at the end of a comment.
fn without_safety(header: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut skips = false;
    for line in header.lines() {
        if line.trim() == "* # Safety" {
            skips = true;
            if kept.last().is_some_and(|last| last.trim() == "*") {
                kept.pop();
            }
        }
        skips &= line.trim() != "*/";
        if !skips {
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}

fn generated() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let sources = ["abi.rs", "problem.rs", "border.rs", "table.rs", "lib.rs"];
    let builder = cbindgen::Builder::new().with_config(config);
    let builder = sources.iter().fold(builder, |builder, file| builder.with_src(root.join("src").join(file)));
    let mut header = Vec::new();
    builder.generate().unwrap().write(&mut header);
    without_safety(&String::from_utf8(header).unwrap())
}

/// `QINGFENG_BLESS=1` writes it again.
#[test]
fn the_header_is_made_from_the_source() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/qingfeng.h");
    let generated = generated();
    if std::env::var_os("QINGFENG_BLESS").is_some() {
        std::fs::write(&path, &generated).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    assert!(
        committed == generated,
        "include/qingfeng.h is not what the source makes: QINGFENG_BLESS=1 cargo test"
    );
}
