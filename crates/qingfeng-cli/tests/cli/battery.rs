//! The battery through the command: the crate's answers, to the byte.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::path::Path;
use std::process::Command;

use qingfeng_testkit::battery::Battery;
use serde_json::Value;

fn command(arguments: &[&str], path: &Path, code: i32) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_qingfeng")).args(arguments).arg(path).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_command_gives_the_answers_of_the_battery() {
    let directory = tempfile::tempdir().unwrap();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let battery =
        Battery::write(root.as_ref(), directory.path()).unwrap_or_else(|problem| panic!("{problem}"));
    for case in &battery.cases {
        if case.refused {
            let checked = command(&["check", "--format", "json"], &case.pack, 1);
            let checked: Value = serde_json::from_str(&checked).unwrap();
            let mistakes: Value = serde_json::from_str(&battery.text(case, "mistakes.json")).unwrap();
            assert_eq!(checked["diagnostics"], mistakes, "{}", case.name);
            // Nothing is scored by a pack that is refused.
            let score = ["score", "declarations.ndjson", "--rules"];
            assert_eq!(command(&score, &case.pack, 4), "", "{}", case.name);
            continue;
        }
        let pack = case.pack.to_str().unwrap();
        for (by, input) in [("declaration", "declarations.ndjson"), ("item", "lines.parquet")] {
            let score = ["score", "--by", by, "--reasons", "--strict", "--rules", pack];
            let rows = command(&score, &battery.file(case, input), 0);
            assert_eq!(rows, battery.text(case, &format!("by-{by}.ndjson")), "{}", case.name);
        }
    }
}
