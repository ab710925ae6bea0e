//! `Engine::why_not` against the interpreter's own explanation, against rules from which the part in question was
//! taken, and against itself with other threads and batches.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use qingfeng::read::{Input, ReadOptions, Reader};
use qingfeng::tools::why_not::{PartCount, WhyNot, WhyNotOptions};
use qingfeng::write::{Output, TableWriter};
use qingfeng::{Engine, ExplainedPart};
use qingfeng_lab::Generator;
use qingfeng_testkit::generate::{Choices, GeneratedCase};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

fn reader(engine: &Engine, path: &Path, batch_lines: usize) -> Reader {
    let options = ReadOptions { batch_lines, ..ReadOptions::default() };
    Reader::new(engine.pack().schema.clone(), vec![Input::Path(path.into())], options).unwrap()
}

fn why(engine: &Engine, rule: usize, path: &Path, batch_lines: usize, options: WhyNotOptions) -> WhyNot {
    engine.why_not(rule, reader(engine, path, batch_lines), &options, &mut |_| {}).unwrap()
}

/// Some made-up trade.
fn trade(directory: &Path, lines: u64) -> PathBuf {
    let path = directory.join("trade.csv");
    let generator = Generator::new(7, lines);
    let mut writer = None;
    for batch in generator {
        let table = batch.declarations;
        let writer = writer
            .get_or_insert_with(|| TableWriter::create(&Output::Path(path.clone()), table.schema()).unwrap());
        writer.write(&table).unwrap();
    }
    writer.unwrap().finish().unwrap();
    path
}

fn case(seed: u64) -> GeneratedCase {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let mut bytes = vec![0; 300 + (random.next_u32() % 2_500) as usize];
    random.fill_bytes(&mut bytes);
    GeneratedCase::new(&mut Choices::new(&bytes))
}

fn leaves(part: &PartCount) -> Vec<&PartCount> {
    match part.parts.as_slice() {
        [] => vec![part],
        parts => parts.iter().flat_map(leaves).collect(),
    }
}

/// How often parts came out how, as explanations have it: by the way through the tree.
type Seen = BTreeMap<Vec<usize>, [u64; 3]>;

fn see(part: &ExplainedPart, way: &mut Vec<usize>, seen: &mut Seen) {
    let counts = seen.entry(way.clone()).or_default();
    match part.outcome.as_str() {
        "held" => counts[0] += 1,
        "failed" => counts[1] += 1,
        "not reached" => {}
        _ => counts[2] += 1,
    }
    for (at, part) in part.parts.iter().enumerate() {
        way.push(at);
        see(part, way, seen);
        way.pop();
    }
}

/// Parts of both trees on the same way with the same text, until one is taken apart where the other is not.
fn compare(part: &PartCount, way: &mut Vec<usize>, seen: &Seen, problems: &mut Vec<String>) -> usize {
    let Some(&[held, failed, faults]) = seen.get(way) else { return 0 };
    let whole = way.is_empty();
    let fits = if whole {
        part.held == held && part.failed == failed && part.faults == faults && part.not_reached == 0
    } else {
        // A part that the rule does not look at has a value here and none there.
        part.held >= held && part.failed >= failed && part.faults == faults
    };
    if !fits {
        problems.push(format!(
            "{way:?} `{}`: {part:?}\nexplained: held {held}, failed {failed}, faults {faults}",
            part.text
        ));
    }
    let mut compared = 1;
    let children = (0..).take_while(|&at| {
        let way: Vec<usize> = way.iter().copied().chain([at]).collect();
        seen.contains_key(&way)
    });
    if children.count() == part.parts.len() {
        for (at, part) in part.parts.iter().enumerate() {
            way.push(at);
            compared += compare(part, way, seen, problems);
            way.pop();
        }
    }
    compared
}

#[test]
fn parts_come_out_as_the_interpreter_explains_them() {
    let (mut parts, mut residual, mut fired, mut faults) = (0, 0, 0, 0);
    for seed in 0..120 {
        let case = case(2016 << 32 | seed);
        let directory = tempfile::tempdir().unwrap();
        case.write(directory.path()).unwrap();
        let Ok(engine) = Engine::open(directory.path()) else { continue };
        let path = directory.path().join("lines.ndjson");
        let lines: Vec<String> =
            case.declarations.iter().map(|declaration| serde_json::to_string(declaration).unwrap()).collect();
        std::fs::write(&path, lines.join("\n")).unwrap();
        let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
        let mut counts: BTreeMap<String, [u64; 2]> = BTreeMap::new();
        for chunk in reader(&engine, &path, 8192) {
            let chunk = chunk.unwrap();
            for declaration in 0..chunk.lines.declaration_count() {
                for rule in
                    engine.explain_lines(&chunk.lines, declaration).items.iter().flat_map(|item| &item.rules)
                {
                    if let Some(condition) = &rule.condition {
                        see(condition, &mut Vec::new(), seen.entry(rule.id.clone()).or_default());
                    }
                    let [fired, faults] = counts.entry(rule.id.clone()).or_default();
                    *fired += u64::from(rule.fired);
                    *faults += u64::from(rule.fault.is_some());
                }
            }
        }
        for (at, rule) in engine.pack().rules.iter().enumerate() {
            let why = why(&engine, at, &path, 8192, WhyNotOptions::default());
            if let Some(condition) = &why.condition {
                for leaf in leaves(condition) {
                    assert_eq!(
                        leaf.held + leaf.failed + leaf.faults + leaf.not_reached,
                        why.asked,
                        "{leaf:?}"
                    );
                    residual += usize::from(leaf.residual.is_some());
                }
            }
            if !rule.status.is_evaluated() {
                continue;
            }
            let expected = counts.get(&rule.id).copied().unwrap_or_default();
            assert_eq!([why.fired, why.faults], expected, "seed {seed}, {}\n{why:#?}\n{case}", rule.id);
            fired += why.fired;
            faults += why.faults;
            let mut problems = Vec::new();
            if let (Some(condition), Some(seen)) = (&why.condition, seen.get(&rule.id)) {
                parts += compare(condition, &mut Vec::new(), seen, &mut problems);
            }
            assert!(problems.is_empty(), "seed {seed}, {}:\n{}\n{case}", rule.id, problems.join("\n"));
        }
    }
    println!("{parts} parts, {residual} of them residual, {fired} fired, {faults} faults");
    assert!(parts > 400 && residual > 0 && fired > 100 && faults > 20);
}

const MANIFEST: &str = r#"
[pack]
name = "parts"
version = "1"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
"#;

/// Conditions on the made-up trade, with a key.
const CONDITIONS: [&str; 11] = [
    "d.brand == () && d.unit_value < 300.0",
    "d.brand != () && (d.unit_value < LOW || d.net_kg > 100.0) && d.quantity > 10.0",
    "!(d.brand == () || d.unit_value > LOW)",
    "!(d.brand == () && !(d.unit_value > LOW || d.value < 100.0))",
    "d.cheap && !d.goods.contains(\"a\")",
    "(d.cheap && d.brand == ()) || (d.value > 5000.0 && d.mode == \"0110\") || d.hs2 in [\"64\", \"85\"]",
    "d.item_no > 1 && d.item_count % d.item_no == 0 && d.value / d.quantity < LOW",
    "d.item_no / (d.item_count - 2) > 0 && d.brand == ()",
    "d.item_count != 2 && d.item_no / (d.item_count - 2) > 0",
    "d.item_no / (d.item_count - 2) > 1 || d.brand == () || d.unit_value < LOW",
    "{ let price = d.unit_value; price < LOW && price > 20.0 && d.brand != () }",
];

fn pack(directory: &Path, condition: &str, key: &str) -> Engine {
    std::fs::write(directory.join("pack.toml"), MANIFEST).unwrap();
    let rules = format!(
        "const LOW = 50.0;\nfield(\"cheap\", |d| d.unit_value < LOW);\nrule(\"R\", #{{ title: \"t\", score: 1, {key} when: |d| {condition} }});\n"
    );
    std::fs::write(directory.join("a.rhai"), rules).unwrap();
    let checked = Engine::check(directory);
    checked.opened.unwrap_or_else(|| panic!("{condition}: {}", checked.diagnostics))
}

const KEYS: [(&str, &str); 4] = [
    ("region", "region: [\"DE\", \"US\", \"VN\", \"KE\", \"RU\", \"AE\"],"),
    ("commodity", "commodity: [\"85\", \"64\", \"61\", \"8711\"],"),
    ("mode", "mode: \"0110\","),
    ("validity", "from: \"2016-03-01\", until: \"2016-10-15\","),
];

fn fired(engine: &Engine, path: &Path) -> u64 {
    let none = WhyNotOptions { misses: 0, ..WhyNotOptions::default() };
    why(engine, 0, path, 8192, none).fired
}

/// What a part blocks alone is what fires more when the part is always true.
#[test]
fn what_a_part_blocks_alone_fires_without_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = trade(directory.path(), 12_000);
    let whole_key: String = KEYS.iter().map(|(_, key)| *key).collect();
    let mut blocked = 0;
    for condition in CONDITIONS {
        for key in ["", "mode: \"0110\",", &whole_key] {
            let engine = pack(directory.path(), condition, key);
            let answer = why(&engine, 0, &path, 8192, WhyNotOptions::default());
            let source = std::fs::read_to_string(directory.path().join("a.rhai")).unwrap();
            let parts = engine.pack().parts(0);
            let counted = answer.condition.as_ref().map(leaves).unwrap();
            for (leaf, count) in parts.leaves().iter().zip(counted) {
                let span = leaf.place.span.clone();
                let written = &source[span.clone()];
                // The contrary of what is written is wanted where a `!` stands around it.
                let contrary = leaf.text.starts_with('!') && !written.starts_with('!');
                let changed = format!("{}{}{}", &source[..span.start], !contrary, &source[span.end..]);
                std::fs::write(directory.path().join("a.rhai"), &changed).unwrap();
                let checked = Engine::check(directory.path());
                let mistakes = checked.diagnostics;
                let engine = checked.opened.unwrap_or_else(|| panic!("{changed}: {mistakes}"));
                let without = fired(&engine, &path);
                assert_eq!(
                    count.alone,
                    without - answer.fired,
                    "`{written}` in {condition}, {key}\n{answer:#?}"
                );
                blocked += count.alone;
            }
        }
    }
    assert!(blocked > 1_000, "{blocked}");
}

#[test]
fn what_a_key_blocks_alone_fires_without_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = trade(directory.path(), 12_000);
    let whole: String = KEYS.iter().map(|(_, key)| *key).collect();
    let engine = pack(directory.path(), CONDITIONS[0], &whole);
    let answer = why(&engine, 0, &path, 8192, WhyNotOptions::default());
    assert_eq!(answer.stages.len(), KEYS.len());
    let mut reached = answer.lines;
    let mut blocked = 0;
    for stage in &answer.stages {
        assert_eq!(stage.reached, reached, "{stage:?}");
        reached -= stage.blocked;
        let without: String =
            KEYS.iter().filter(|(name, _)| *name != stage.name).map(|(_, key)| *key).collect();
        let engine = pack(directory.path(), CONDITIONS[0], &without);
        assert_eq!(stage.alone, fired(&engine, &path) - answer.fired, "{stage:?}");
        blocked += stage.alone;
    }
    assert_eq!(answer.asked, reached);
    assert!(blocked > 100, "{answer:#?}");
}

#[test]
fn threads_and_batches_do_not_show() {
    let directory = tempfile::tempdir().unwrap();
    let path = trade(directory.path(), 5_000);
    for (condition, key) in
        [(CONDITIONS[1], "mode: \"0110\","), (CONDITIONS[6], ""), (CONDITIONS[3], KEYS[0].1)]
    {
        let engine = pack(directory.path(), condition, key);
        for misses in [0, 3, 400, 100_000] {
            let of = |threads, batch_lines| {
                why(&engine, 0, &path, batch_lines, WhyNotOptions { misses, pipeline: Some(threads).into() })
            };
            let first = of(1, 8192);
            assert!(first.misses.len() <= WhyNotOptions::MISSES_MAX.min(misses));
            for (threads, batch_lines) in [(1, 7), (2, 100), (3, 8192), (5, 333)] {
                assert_eq!(
                    of(threads, batch_lines),
                    first,
                    "{condition}: {threads} threads, {batch_lines} lines"
                );
            }
        }
    }
}

/// The nearest of all lines are the nearest: those kept are the first of those that would be kept with more room.
#[test]
fn the_nearest_misses_are_the_nearest() {
    let directory = tempfile::tempdir().unwrap();
    let path = trade(directory.path(), 3_000);
    for condition in CONDITIONS {
        let engine = pack(directory.path(), condition, KEYS[2].1);
        let of =
            |misses| why(&engine, 0, &path, 500, WhyNotOptions { misses, pipeline: Some(2).into() }).misses;
        let all = of(10_000);
        for (a, b) in all.iter().zip(all.iter().skip(1)) {
            assert!((a.failed, a.distance) <= (b.failed, b.distance), "{a:?}\n{b:?}");
        }
        for miss in &all {
            assert_eq!(miss.parts.len(), miss.failed as usize, "{condition}: {miss:?}");
            assert!(miss.distance >= 0.0 && miss.distance <= f64::from(miss.failed), "{miss:?}");
        }
        for some in [1, 10, 50] {
            assert_eq!(of(some), all[..some.min(all.len())], "{condition}");
        }
    }
}

#[test]
fn a_miss_says_what_was_wanted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("one.ndjson");
    let declaration = serde_json::json!({
        "declaration_id": "D1", "declared_on": "2016-11-14", "destination": "KE", "mode": "0110", "exporter": "E1",
        "items": [{"item_no": 3, "hs": "8711209000", "goods": "motorcycle", "brand": "DELI", "quantity": 8,
            "net_kg": 800, "value": 2500}],
    });
    std::fs::write(&path, declaration.to_string()).unwrap();
    let mut table = String::new();
    for (condition, key) in [
        ("d.unit_value < 300.0", ""),
        ("300.0 > d.unit_value", ""),
        ("d.cheap", ""),
        ("!(d.unit_value >= LOW || d.brand == ())", ""),
        ("d.brand == ()", ""),
        ("d.producer != ()", ""),
        ("d.brand == \"LIFAN\"", ""),
        ("d.hs2 in [\"61\", \"62\", \"63\", \"64\", \"85\"]", ""),
        ("d.item_no in 5..9", ""),
        ("d.goods.contains(\"phone\")", ""),
        ("d.value < d.net_kg * 2.0", ""),
        ("d.brand == () || d.value < 2400.0", ""),
        ("d.item_no / (d.item_count - 1) > 0", ""),
        ("true", "until: \"2016-11-04\","),
        ("true", "region: [\"DE\", \"FR\"], mode: \"1039\","),
    ] {
        let engine = pack(directory.path(), condition, key);
        let why = why(&engine, 0, &path, 8192, WhyNotOptions::default());
        let miss = &why.misses[0];
        table += &format!("{condition} {key}: {} lacking, {:.4} off\n", miss.failed, miss.distance);
        for part in &miss.parts {
            let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            let values: Vec<String> =
                part.values.iter().map(|value| format!("{} {}", value.source, value.value)).collect();
            table += &format!(
                "  {}: {} {}, wanted {}; saw {:?}; {}\n",
                part.text,
                text(&part.of),
                text(&part.value),
                text(&part.wanted),
                values,
                text(&part.fault)
            );
        }
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/why_not_misses.txt");
    if std::env::var_os("QINGFENG_BLESS").is_some() {
        std::fs::write(&golden, &table).unwrap();
    }
    assert_eq!(table, std::fs::read_to_string(golden).unwrap().replace("\r\n", "\n"));
}

/// Rules of any status can be asked, and rules with computed points that fault do not fire.
#[test]
fn every_status_can_be_asked() {
    let directory = tempfile::tempdir().unwrap();
    let path = trade(directory.path(), 500);
    for status in ["draft", "shadow", "active", "retired"] {
        let engine = pack(directory.path(), "true", &format!("status: \"{status}\","));
        let why = why(&engine, 0, &path, 8192, WhyNotOptions::default());
        assert_eq!((why.fired, why.status.name()), (500, status));
    }
    // Points that fault: the rule cannot be evaluated, and so does not fire.
    let engine = pack(directory.path(), "true", "status: \"active\",");
    let source = std::fs::read_to_string(directory.path().join("a.rhai")).unwrap();
    let computed = source.replace("score: 1,", "score: |d| 1 / (d.item_no - 1),");
    std::fs::write(directory.path().join("a.rhai"), computed).unwrap();
    let faulting = Engine::open(directory.path()).unwrap();
    let why = [&engine, &faulting].map(|engine| why(engine, 0, &path, 8192, WhyNotOptions::default()));
    assert!(why[1].faults > 0 && why[1].fired + why[1].faults == why[0].fired, "{:#?}", why[1]);
}
