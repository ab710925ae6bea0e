//! The functions that fuzzers call, on seeded inputs and on every input that a fuzzer has found.
//!
//! `QINGFENG_FUZZ_INPUTS` sets the number of inputs for each, `QINGFENG_FUZZ_SEED` the seed.

use std::path::Path;
use std::time::{Duration, Instant};

use qingfeng::read::Format;
use qingfeng_testkit::fuzz::{self, Inputs};

/// No single input may take longer than this, on a slow machine under load.
const SLOWEST: Duration = Duration::from_secs(20);

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().expect("a number"))
}

/// Calls a function on each input. A panic shows the input.
#[track_caller]
fn each(name: &str, usual: u64, make: impl Fn(&mut Inputs) -> Vec<u8>, run: impl Fn(&[u8]) -> bool) -> u64 {
    let seed = number("QINGFENG_FUZZ_SEED", 2016);
    let mut inputs = Inputs::new(seed);
    let mut deep = 0;
    for _ in 0..number("QINGFENG_FUZZ_INPUTS", usual) {
        let input = make(&mut inputs);
        deep += u64::from(watched(name, &input, &run));
    }
    deep
}

fn watched(name: &str, input: &[u8], run: impl Fn(&[u8]) -> bool) -> bool {
    let show = || format!("{name}: {:?}", String::from_utf8_lossy(input));
    let started = Instant::now();
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(input)));
    assert!(started.elapsed() < SLOWEST, "{} took {:?}", show(), started.elapsed());
    result.unwrap_or_else(|_| panic!("{}", show()))
}

#[test]
fn rule_files_load_or_have_messages() {
    let deep = each("pack", 400, Inputs::rule_file, |bytes| fuzz::pack(bytes).is_ok());
    assert!(deep > 0 || number("QINGFENG_FUZZ_INPUTS", 400) < 400, "no input is a rule file");
}

#[test]
fn conditions_have_one_answer() {
    let make = |inputs: &mut Inputs| {
        let depth = 1 + inputs.below(4);
        inputs.condition(depth).into_bytes()
    };
    let deep = each("condition", 3_000, make, |bytes| fuzz::condition(&String::from_utf8_lossy(bytes)));
    assert!(
        deep > 100 || number("QINGFENG_FUZZ_INPUTS", 3_000) < 3_000,
        "only {deep} conditions are well typed"
    );
}

#[test]
fn lines_of_files_are_given_or_rejected() {
    let csv = each("csv", 600, Inputs::csv, |bytes| fuzz::read(bytes, Format::Csv).0 > 0);
    let ndjson = each("ndjson", 600, Inputs::ndjson, |bytes| fuzz::read(bytes, Format::Ndjson).0 > 0);
    assert!(csv > 50 && ndjson > 50 || number("QINGFENG_FUZZ_INPUTS", 600) < 600, "{csv} {ndjson}");
}

#[test]
fn manifests_load_or_have_messages() {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/base-pack");
    let texts = ["pack.toml", "reference/regions.toml", "reference/sites.toml"]
        .map(|path| std::fs::read_to_string(base.join(path)).unwrap());
    let make = |inputs: &mut Inputs| {
        // Lines taken out, doubled and put elsewhere: what is left is often TOML.
        let mut lines: Vec<&str> = texts[inputs.below(texts.len())].lines().collect();
        for _ in 0..=inputs.below(3) {
            let (from, to) = (inputs.below(lines.len()), inputs.below(lines.len()));
            match inputs.below(3) {
                0 => _ = lines.remove(from),
                1 => lines.insert(to, lines[from]),
                _ => lines.swap(from, to),
            }
        }
        lines.join("\n").into_bytes()
    };
    each("manifest", 60, make, |bytes| {
        fuzz::manifest(bytes);
        true
    });
}

#[test]
fn what_fuzzers_found_stays_mended() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/regressions");
    let Ok(targets) = std::fs::read_dir(&directory) else { return };
    for target in targets.map(|entry| entry.unwrap().path()) {
        let name = target.file_name().unwrap().to_string_lossy().into_owned();
        for path in std::fs::read_dir(&target).unwrap().map(|entry| entry.unwrap().path()) {
            let bytes = std::fs::read(&path).unwrap();
            watched(&path.display().to_string(), &bytes, |bytes| {
                match name.as_str() {
                    "pack" => _ = fuzz::pack(bytes),
                    "manifest" => fuzz::manifest(bytes),
                    "condition" => _ = fuzz::condition(&String::from_utf8_lossy(bytes)),
                    "equality" => _ = fuzz::equality(bytes),
                    "csv" => _ = fuzz::read(bytes, Format::Csv),
                    "ndjson" => _ = fuzz::read(bytes, Format::Ndjson),
                    other => panic!("there is no target {other}"),
                }
                true
            });
        }
    }
}
