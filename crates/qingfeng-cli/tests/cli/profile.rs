//! `qingfeng profile`.

use crate::support::{Desk, PASSED_RULES, golden, is_harmful};

/// The text without its times, and so without what stands in columns because of them.
fn timeless(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut shown: Vec<String> = Vec::new();
        for (at, word) in words.iter().enumerate() {
            let bare = word.trim_matches(|letter| "(),.:".contains(letter));
            let next = words.get(at + 1).map(|word| word.trim_matches(|letter| "(),.:".contains(letter)));
            let is_number = bare.parse::<f64>().is_ok();
            if is_number && next.is_some_and(|unit| ["s", "ms", "µs", "ns", "%"].contains(&unit)) {
                shown.push(word.replace(bare, "…"));
            } else if at > 0 && ["s", "ms", "µs", "ns"].contains(&bare) {
                shown.push(word.replace(bare, "s"));
            } else {
                shown.push((*word).to_owned());
            }
        }
        out += &format!("{}{}\n", " ".repeat(indent), shown.join(" "));
    }
    out
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("harbour/passed.rhai", PASSED_RULES);
    desk.run("generate --lines 2000 --seed 4 -o made.csv").exits(0);
    desk
}

#[test]
fn rules_by_their_visits() {
    let desk = desk();
    let ran = desk.run("profile made.csv declarations.csv --rules harbour --sort visits --limit 6").exits(0);
    golden("profile.txt", &timeless(&ran.stdout));
    assert_eq!(ran.stderr, "");
    assert!(!is_harmful(&ran.stdout));
    let ran = desk.run("profile made.csv --rules harbour --sort fires --engine interpreted").exits(0);
    golden("profile-interpreted.txt", &timeless(&ran.stdout));
}

#[test]
fn as_data_sorted_as_asked() {
    let desk = desk();
    desk.run("score made.csv --rules harbour -o out.csv --summary summary.json").exits(0);
    let summary: serde_json::Value = serde_json::from_str(&desk.read("summary.json")).unwrap();
    for (sort, column) in [("candidates", "candidates"), ("visits", "visits"), ("fires", "fired")] {
        for engine in ["compiled", "interpreted"] {
            let args =
                format!("profile made.csv --rules harbour --format json --sort {sort} --engine {engine}");
            let profile = desk.run(&args).exits(0).json();
            let rules = profile["rules"].as_array().unwrap();
            let sorted = rules.iter().map(|rule| rule[column].as_u64().unwrap());
            assert!(sorted.is_sorted_by(|a, b| a >= b), "{sort}");
            assert_eq!(rules.len(), summary["rules"].as_object().unwrap().len());
            for rule in rules {
                let count = &summary["rules"][rule["rule"].as_str().unwrap()];
                assert_eq!((&rule["fired"], &rule["faults"]), (&count["fired"], &count["faults"]), "{rule}");
            }
        }
    }
    let profile = desk.run("profile made.csv --rules harbour --format json --threads 3").exits(0).json();
    let times: Vec<f64> = profile["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["condition_seconds"].as_f64().unwrap() + rule["points_seconds"].as_f64().unwrap())
        .collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
}
