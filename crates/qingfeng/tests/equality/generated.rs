//! Packs and lines that are made up.

use arrow_select::concat::concat_batches;
use proptest::prelude::*;
use qingfeng::rules::{Diagnostic, Diagnostics, Pack, PackFiles, Severity, format_rules};
use qingfeng::{Engine, Evaluation};
use qingfeng_testkit::equality::{Tally, compare, table};
use qingfeng_testkit::fuzz::equality_of;
use qingfeng_testkit::generate::{Choices, GeneratedCase};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

use super::number;

/// The choices of a seeded case; some cases are long, some short.
fn bytes(seed: u64) -> Vec<u8> {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let mut bytes = vec![0; 300 + (random.next_u32() % 2_500) as usize];
    random.fill_bytes(&mut bytes);
    bytes
}

pub fn seeded(cases: u64) -> impl Iterator<Item = (u64, GeneratedCase)> {
    let first = number("QINGFENG_SEED", 2016) << 32;
    (first..first + cases).map(|seed| (seed, GeneratedCase::new(&mut Choices::new(&bytes(seed)))))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn made_up_rules_give_the_interpreters_answer(bytes in prop::collection::vec(any::<u8>(), 0..1_500)) {
        let case = GeneratedCase::new(&mut Choices::new(&bytes));
        if let Err(problem) = equality_of(&case) {
            prop_assert!(false, "{}\n{}", problem, case);
        }
    }
}

#[test]
fn many_seeded_cases_give_the_interpreters_answer() {
    let cases = number("QINGFENG_CASES", 300);
    let (mut total, mut loaded) = (Tally::default(), 0);
    for (seed, case) in seeded(cases) {
        match equality_of(&case) {
            Ok(Some(tally)) => {
                loaded += 1;
                total += tally;
            }
            Ok(None) => {}
            Err(problem) => panic!("seed {seed}: {problem}\n{case}"),
        }
    }
    println!("{loaded} of {cases} packs loaded: {total:?}");
    // What is compared must be worth comparing.
    if cases >= 100 {
        assert!(total.fired * 10 > total.pairs, "too little fires: {total:?}");
        assert!(total.fired * 10 < total.pairs * 7, "too much fires: {total:?}");
        assert!(total.faults * 100 > total.pairs, "too few faults: {total:?}");
        assert!(total.faults * 4 < total.pairs, "too many faults: {total:?}");
        assert!(total.fault_kinds.len() >= 7, "faults of too few kinds: {total:?}");
        assert!(total.reason_faults > 0 && total.rules > loaded, "{total:?}");
    }
}

/// Laid out in one style, a pack says the same: each word and each comment, and what it means.
#[test]
fn many_seeded_cases_mean_the_same_laid_out() {
    let mut loaded = 0;
    for (seed, case) in seeded(number("QINGFENG_CASES", 300)) {
        let (mut files, mut laid_out) = (PackFiles::default(), PackFiles::default());
        for (path, text) in &case.files {
            files.insert(path.as_str(), text.clone().into_bytes());
            let after = match path.ends_with(".rhai") {
                true => format_rules(text).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}")),
                false => text.clone(),
            };
            assert!(
                !path.ends_with(".rhai") || format_rules(&after).as_ref() == Ok(&after),
                "seed {seed}\n{after}"
            );
            laid_out.insert(path.as_str(), after.into_bytes());
        }
        let (before, after) = (Pack::load(&files), Pack::load(&laid_out));
        assert_eq!(before.is_ok(), after.is_ok(), "seed {seed}\n{case}");
        if let (Ok(before), Ok(after)) = (before, after) {
            loaded += 1;
            assert!(before.meaning() == after.meaning(), "seed {seed}\n{case}");
        }
    }
    assert!(loaded > 0);
}

/// From batches of some hundred lines on, what the lines show decides where rules are visited; made-up cases have few
/// lines, so here they stand many times.
#[test]
fn witnesses_chosen_by_the_lines_change_no_answer() {
    const LINES: usize = 520;
    let (mut total, mut compared) = (Tally::default(), 0);
    for (seed, case) in seeded(number("QINGFENG_CASES", 300) / 10) {
        let directory = tempfile::tempdir().unwrap();
        case.write(directory.path()).unwrap();
        let Ok(engine) = Engine::open(directory.path()) else { continue };
        let lines = table(&engine.pack().schema, &case.declarations).unwrap();
        if lines.num_rows() == 0 {
            continue;
        }
        let times = LINES.div_ceil(lines.num_rows());
        let many = concat_batches(&lines.schema(), std::iter::repeat_n(&lines, times)).unwrap();
        let interpreted = engine.clone().with_evaluation(Evaluation::Interpreted);
        match compare(&interpreted, &engine, &many) {
            Ok(tally) => total += tally,
            Err(difference) => panic!("seed {seed}: {difference}\n{case}"),
        }
        compared += 1;
    }
    assert!(compared > 0 && total.fired > 0 && total.faults > 0, "{compared} packs: {total:?}");
}

#[test]
fn nearly_all_packs_that_are_made_up_load() {
    let cases = number("QINGFENG_CASES", 300);
    let mut refused = Vec::new();
    for (seed, case) in seeded(cases) {
        let directory = tempfile::tempdir().unwrap();
        case.write(directory.path()).unwrap();
        let checked = Engine::check(directory.path());
        let mistakes = checked.diagnostics;
        if checked.opened.is_none() {
            let errors = mistakes.items.iter().filter(|item| item.severity() == Severity::Error);
            let errors: Vec<String> = errors.map(|item| shown(&mistakes, item)).collect();
            refused.push(format!("seed {seed}:\n{}", errors.join("\n")));
        }
    }
    println!("{} of {cases} packs are refused\n{}", refused.len(), refused.join("\n"));
    assert!(refused.len() as u64 * 10 <= cases, "{} of {cases} packs are refused", refused.len());
}

/// What stands in some case or other: the constructs of the language, and every function.
const CONSTRUCTS: &[&str] = &[
    // Operators.
    " == ",
    " != ",
    " < ",
    " <= ",
    " > ",
    " >= ",
    " && ",
    " || ",
    "!(",
    " in ",
    " !in ",
    " + ",
    " - ",
    " * ",
    " / ",
    " % ",
    " ** ",
    " & ",
    " | ",
    " ^ ",
    " ?? ",
    "..",
    "..=",
    "-(",
    "+(",
    // Assignments.
    " = ",
    " += ",
    " -= ",
    " *= ",
    " /= ",
    " %= ",
    " **= ",
    " &= ",
    " |= ",
    " ^= ",
    // Statements.
    "let v",
    "const K",
    "if ",
    " else { ",
    " else if ",
    "switch ",
    " => ",
    "_ => ",
    "() => ",
    "return ",
    "return;",
    "for x",
    "for (x",
    "while n",
    "loop { ",
    "do { ",
    "break;",
    "continue;",
    "= |x",
    // Literals and what is read.
    "`",
    "${",
    "[",
    "#{",
    "()",
    "9223372036854775807",
    "1e300",
    "摩托车",
    "[0]",
    "[-1]",
    ".a",
    "[\"a\"]",
    "each",
    ".year",
    ".month",
    ".day",
    ".weekday",
    ".len)",
    "lookup(\"watched\").",
    "listed(\"watched\")",
    "entry",
    // Files.
    "fn f",
    "const C",
    "let C",
    "const L",
    "const M",
    "const P",
    "const T",
    "const IS",
    "field(\"c0\"",
    "for (each",
    "region: ",
    "commodity: ",
    "mode: ",
    "site: ",
    "from: ",
    "until: ",
    "\"shadow\"",
    "\"draft\"",
    "\"retired\"",
    "at_least: ",
    "at_most: ",
    "score: |",
    "reason: |",
    "|line|",
    // Functions.
    "contains(",
    "starts_with(",
    "ends_with(",
    "has_word(",
    "has_any_word(",
    "resembles(",
    "matches(",
    "to_lower(",
    "to_upper(",
    "sub_string(",
    "index_of(",
    "len(",
    "is_empty(",
    "to_string(",
    "abs(",
    "sign(",
    "floor(",
    "ceiling(",
    "round(",
    "int(",
    "to_int(",
    "to_float(",
    "sqrt(",
    "min(",
    "max(",
    "is_even(",
    "is_odd(",
    "date(",
    "push(",
    "keys(",
    "values(",
    ".some(",
    ".all(",
    ".filter(",
    ".map(",
];

#[test]
fn every_construct_is_made() {
    let text: String = seeded(600).map(|(_, case)| case.rules()).collect();
    let absent: Vec<&&str> = CONSTRUCTS.iter().filter(|construct| !text.contains(**construct)).collect();
    assert!(absent.is_empty(), "never made: {absent:?}");
}

/// A mistake with the text that it is about.
fn shown(mistakes: &Diagnostics, item: &Diagnostic) -> String {
    let excerpt = item.labels.first().and_then(|label| {
        let text = mistakes.sources.text(&label.place.file)?;
        let before = text.get(..label.place.span.start)?;
        let start = before.char_indices().rev().nth(60).map_or(0, |(at, _)| at);
        let after: String = text.get(label.place.span.start..)?.chars().take(60).collect();
        Some(format!("{}⟨here⟩{after}", &before[start..]).replace('\n', " "))
    });
    format!("{}\n    {}", mistakes.line(item), excerpt.unwrap_or_default())
}
