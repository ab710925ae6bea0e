//! The corpus of `testdata/` through the command itself.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use qingfeng_testkit::corpus::{Assess, Corpus, Outcome, found_in_rows};
use serde_json::Value;

fn qingfeng(arguments: &[&str], paths: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_qingfeng")).args(arguments).args(paths).output().unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
}

/// `qingfeng check` for the messages and `qingfeng score` for the rest.
struct Cli;

impl Assess for Cli {
    fn assess(&mut self, pack: &Path, declarations: &[Value]) -> Result<Outcome, String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let input = directory.path().join("declarations.ndjson");
        let mut text = String::new();
        declarations.iter().for_each(|declaration| writeln!(text, "{declaration}").unwrap());
        std::fs::write(&input, text).map_err(|error| error.to_string())?;
        let check = qingfeng(&["check", "--format", "plain"], &[pack]);
        let score = |by: &str| {
            qingfeng(&["score", "--by", by, "--reasons", "--strict", "--rules"], &[pack, input.as_path()])
        };
        if check.status.code() == Some(1) {
            let score = score("item");
            assert_eq!((score.status.code(), score.stdout.len()), (Some(4), 0), "{}", input.display());
            return Ok(Outcome::Refused(lines(&check)));
        }
        assert_eq!(check.status.code(), Some(0));
        let rows = |by| {
            let output = score(by);
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into_owned());
            }
            lines(&output)
                .iter()
                .map(|line| serde_json::from_str(line).map_err(|error| format!("{error}: {line}")))
                .collect::<Result<Vec<Value>, String>>()
        };
        let declarations = found_in_rows(&rows("declaration")?, &rows("item")?)?;
        // The cases are about what the files say; what the analysis says of rules is tested elsewhere.
        let of_files = |line: &String| line.contains("[QF10");
        let warnings = lines(&check).into_iter().filter(of_files).collect();
        Ok(Outcome::Assessed { warnings: Some(warnings), declarations })
    }
}

#[test]
fn the_command_gives_the_answers_of_the_corpus() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");
    let corpus = Corpus::read(directory.as_ref()).unwrap_or_else(|problems| panic!("{problems}"));
    let failed = corpus.run(&mut Cli);
    assert!(failed.is_empty(), "{} cases failed:\n{}", failed.len(), failed.join("\n"));
}
