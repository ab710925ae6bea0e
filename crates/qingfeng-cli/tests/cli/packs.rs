//! The packs that come with Qingfeng are what a risk officer copies: they keep to all that the workbench asks for.

use std::path::{Path, PathBuf};

use crate::support::{Desk, run};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

const PACKS: [&str; 2] = ["clean-wind", "import-fraud"];

#[test]
fn no_warning_is_left_in_them() {
    for pack in PACKS {
        let desk = Desk::empty();
        let mut command = desk.command("check");
        let ran = run(command.arg(root().join("rules").join(pack)).args(["--deny", "warnings"]));
        assert_eq!(ran.code, 0, "{pack}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn their_tests_pass_and_leave_nothing_out() {
    for pack in PACKS {
        let desk = Desk::empty();
        let mut command = desk.command("test");
        command.arg(root().join("rules").join(pack)).args(["--coverage", "--format", "json"]);
        let run = run(&mut command).exits(0).json();
        assert_eq!(run["failed"], 0, "{pack}");
        for rule in run["coverage"]["rules"].as_array().unwrap() {
            let covered = rule["fired"] == true && rule["silent"] == true && rule["points"] != false;
            let both = |part: &serde_json::Value| part["held"] == true && part["failed"] == true;
            let parts = rule["parts"].as_array().unwrap().iter().all(both);
            assert!(covered && parts, "{pack} has a rule that its tests do not show: {rule:#}");
        }
    }
}

/// `import-fraud` has expectations too: on data that are no part of the repository, so `.ci/run` looks at them.
#[test]
fn clean_wind_finds_in_the_guides_declarations_what_it_is_expected_to() {
    let desk = Desk::empty();
    let mut command = desk.command("test");
    command.arg(root().join("rules/clean-wind")).arg("--data").arg(root().join("docs/examples"));
    let ran = run(command.args(["--format", "json"])).exits(0).json();
    let expectations = ran["expectations"].as_array().unwrap();
    assert!(
        expectations.len() > 20 && expectations.iter().all(|one| one["passed"] == true),
        "{expectations:#?}"
    );
}

/// Each goods line of a file of the pack's `honesty`, by channel.
fn channels(file: &str) -> std::collections::BTreeMap<String, usize> {
    let pack = root().join("rules/clean-wind");
    let desk = Desk::empty();
    let mut command = desk.command("score --by item -o -");
    command.arg(pack.join("honesty").join(file)).arg("--rules").arg(&pack);
    let ran = run(&mut command).exits(0);
    let mut channels = std::collections::BTreeMap::new();
    for line in ran.stdout.lines() {
        #[expect(clippy::unwrap_used, reason = "a helper of a test fails as it does")]
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["unreadable"], serde_json::json!([]), "{file}: {row}");
        *channels.entry(row["channel"].as_str().unwrap_or("none").to_owned()).or_default() += 1;
    }
    channels
}

/// Both forms of the declaration, as they come: of honest goods at most 2 % leave green and none is red; of the campaign's
/// violations at least 80 % are yellow or red.
#[test]
fn honest_goods_pass_and_the_campaigns_do_not() {
    let count = |channels: &std::collections::BTreeMap<String, usize>, names: &[&str]| -> usize {
        names.iter().filter_map(|name| channels.get(*name)).sum()
    };
    for form in ["2016", "2018"] {
        let honest = channels(&format!("honest-{form}.csv"));
        let amiss = count(&honest, &["blue", "yellow", "red"]);
        assert_eq!(count(&honest, &["green"]) + amiss, 150, "{honest:?}");
        assert!(amiss <= 3 && count(&honest, &["red"]) == 0, "{honest:?}");
        let campaign = channels(&format!("campaign-{form}.csv"));
        let caught = count(&campaign, &["yellow", "red"]);
        assert_eq!(count(&campaign, &["green", "blue"]) + caught, 50, "{campaign:?}");
        assert!(caught >= 40, "{campaign:?}");
    }
}
