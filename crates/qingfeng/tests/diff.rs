//! What `Engine::diff` finds between packs that differ in one thing, and what it says of declarations.
#![expect(clippy::unwrap_used, reason = "a test fails as its helpers do")]

use std::path::Path;

use qingfeng::Engine;
use qingfeng::read::{Input, ReadOptions, Reader};
use qingfeng::tools::diff::{Diff, DiffOptions, Readers, read_alike};
use qingfeng::tools::verify::differences;
use qingfeng_testkit::equality::table;
use qingfeng_testkit::generate::{Choices, GeneratedCase};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

const MANIFEST: &str = r#"
[pack]
name = "demo"
version = "1"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[[channels]]
name = "yellow"
from = 40
[[channels]]
name = "red"
from = 70
[score]
cap = 100
[on_fault]
at_least = "yellow"
[lookups.blacklist]
file = "lookups/blacklist.csv"
key = ["exporter"]
[lookups.blacklist.columns]
grade = "text"
"#;
const REGIONS: &str = "[africa]\ntitle = \"Africa\"\nmembers = [\"KE\", \"TZ\"]\n";
const BLACKLIST: &str = "exporter,grade\nE8,B\nE9,A\n";
const RULES: &str = r#"
const LOW = 300.0;
field("cheap", |d| d.value < LOW);
rule("CHEAP", #{ title: "Cheap", region: "africa", score: 45, when: |d| d.cheap && d.brand == () });
rule("BLACK", #{ title: "Listed", score: 75, when: |d| d.listed("blacklist"), reason: |d| `exporter ${d.exporter}` });
rule("TRUST", #{ title: "Trusted", score: -10, at_most: "yellow", when: |d| d.exporter == "E1" });
rule("DOZEN", #{ title: "By the dozen", score: 5, when: |d| 12 % (d.packages - 3) == 0 });
"#;
const DECLARATIONS: &str = "\
declaration_id,item_no,declared_on,port,destination,mode,exporter,hs,brand,quantity,packages,value,lot
D1,1,2016-03-01,CNSHA,KE,0110,E1,8711,,1,10,200,
D2,1,2016-03-01,CNSHA,DE,0110,E9,8711,HAO,1,10,900,7
D2,2,2016-03-01,CNSHA,KE,0110,E9,8711,,1,10,100,
D3,1,2016-03-02,CNNGB,KE,0110,E3,8711,,1,10,280,
D4,1,2016-03-02,CNNGB,ZA,0110,E3,8711,,1,10,100,
D5,1,2016-03-02,CNNGB,KE,0110,E3,8711,,1,3,900,
";

/// A pack and declarations in a directory.
struct Files(tempfile::TempDir);

impl Files {
    /// The pack, with texts of its files put in place of others.
    fn pack(&self, name: &str, changes: &[(&str, &str, &str)]) -> Engine {
        let files = [
            ("pack.toml", MANIFEST),
            ("reference/regions.toml", REGIONS),
            ("lookups/blacklist.csv", BLACKLIST),
            ("a.rhai", RULES),
        ];
        for (path, text) in files {
            let mut text = text.to_owned();
            for (_, old, new) in changes.iter().filter(|(of, ..)| *of == path) {
                assert!(text.contains(old), "{old} is not in {path}");
                text = text.replace(old, new);
            }
            let path = self.0.path().join(name).join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Engine::open(self.0.path().join(name)).unwrap_or_else(|error| panic!("{error}"))
    }

    fn new() -> Self {
        let files = Self(tempfile::TempDir::new().unwrap());
        std::fs::write(files.0.path().join("declarations.csv"), DECLARATIONS).unwrap();
        files
    }

    fn reader(&self, engine: &Engine) -> Reader {
        let options = ReadOptions { batch_lines: 2, ..ReadOptions::default() };
        let inputs = vec![Input::Path(self.0.path().join("declarations.csv"))];
        Reader::new(engine.pack().schema.clone(), inputs, options).unwrap()
    }

    fn over(&self, old: &Engine, new: &Engine, threads: usize) -> Diff {
        let readers = match read_alike(old, new) {
            true => Readers::one(self.reader(old)),
            false => Readers::two(self.reader(old), self.reader(new)),
        };
        let options = DiffOptions { pipeline: Some(threads).into(), examples: 2 };
        old.diff_over(new, readers, &options, &mut |_| {}).unwrap()
    }
}

/// All that a comparison of packs says, a line each.
fn said(diff: &Diff) -> Vec<String> {
    let rules = &diff.rules;
    let mut said: Vec<String> = diff.pack.iter().map(|change| format!("pack: {change}")).collect();
    said.extend(rules.added.iter().map(|rule| format!("added {}", rule.id)));
    said.extend(rules.removed.iter().map(|rule| format!("removed {}", rule.id)));
    said.extend(rules.renamed.iter().map(|rule| format!("renamed {} {}", rule.old, rule.new)));
    for rule in rules.changed.iter().chain(&rules.reworded) {
        said.extend(rule.changes.iter().map(|change| format!("{}: {change}", rule.id)));
        said.extend(rule.wording.iter().map(|change| format!("{} reads: {change}", rule.id)));
    }
    said
}

/// What changed in the files, and what is said of it.
type Case = (&'static [(&'static str, &'static str, &'static str)], &'static [&'static str]);

#[test]
fn what_is_said_of_packs_that_differ_in_one_thing() {
    let cases: &[Case] = &[
        (&[("a.rhai", "field(", "// nothing but a comment\nfield(")], &[]),
        (&[("a.rhai", "LOW", "SMALL")], &[]),
        (&[("a.rhai", "d.cheap && d.brand == ()", "d.brand == () && d.value < 300")], &[]),
        (&[("a.rhai", "\"africa\"", "[\"TZ\", \"KE\"]")], &[]),
        (&[("a.rhai", "africa", "south"), ("reference/regions.toml", "africa", "south")], &[]),
        (&[("lookups/blacklist.csv", "E8,B\nE9,A\n", "E9,A\nE8,B\n")], &[]),
        (&[("a.rhai", "300.0", "250.0")], &["CHEAP: when: d.cheap: d.value < 300.0 → d.value < 250.0"]),
        (
            &[("a.rhai", "d.brand == ()", "d.brand == \"A\"")],
            &["CHEAP: when: d.brand == () → d.brand == \"A\""],
        ),
        (&[("a.rhai", " && d.brand == ()", "")], &["CHEAP: when: − d.brand == ()"]),
        (&[("a.rhai", "score: 45", "score: 50")], &["CHEAP: score: 45 → 50"]),
        (
            &[("a.rhai", "score: 45", "score: |d| if d.cheap { 9 } else { 1 }")],
            &["CHEAP: score: 45 → if d.cheap { 9 } else { 1 }"],
        ),
        (&[("a.rhai", "score: 45", "status: \"shadow\", score: 45")], &["CHEAP: status: active → shadow"]),
        (
            &[("a.rhai", "score: 45", "until: \"2016-12-31\", score: 45")],
            &["CHEAP: until: open → 2016-12-31"],
        ),
        (&[("a.rhai", "at_most: \"yellow\"", "at_most: \"green\"")], &["TRUST: at_most: yellow → green"]),
        (&[("a.rhai", "region: \"africa\", ", "")], &["CHEAP: region: KE, TZ → any"]),
        (&[("a.rhai", "\"CHEAP\"", "\"PRICE\"")], &["renamed CHEAP PRICE"]),
        (
            &[("a.rhai", "title: \"Cheap\"", "title: \"Low price\"")],
            &["CHEAP reads: title: Cheap → Low price"],
        ),
        (
            &[("a.rhai", "`exporter ${", "`by ${")],
            &["BLACK reads: reason: `exporter ${d.exporter}` → `by ${d.exporter}`"],
        ),
        (
            &[("a.rhai", "rule(\"DOZEN\"", "rule(\"NEW\", #{ title: \"n\", score: 1 });\nrule(\"DOZEN\"")],
            &["added NEW"],
        ),
        (
            &[("reference/regions.toml", "\"TZ\"", "\"ZA\"")],
            &["pack: region `africa`: + ZA, − TZ", "CHEAP: region: + ZA, − TZ"],
        ),
        (
            &[("lookups/blacklist.csv", "E8,B", "E8,C\nE7,A")],
            &[
                "pack: lookup table `blacklist`: + exporter \"E8\", grade \"C\", + exporter \"E7\", grade \"A\", − exporter \
             \"E8\", grade \"B\" (+ 2 rows, − 1 row)",
                "BLACK: lookup table `blacklist`: + 2 rows, − 1 row",
            ],
        ),
        (
            &[
                ("pack.toml", "[lookups.blacklist", "[lookups.listed"),
                ("a.rhai", "listed(\"blacklist\")", "listed(\"listed\")"),
            ],
            &[],
        ),
        (
            &[("pack.toml", "from = 70", "from = 60"), ("pack.toml", "cap = 100", "cap = 90")],
            &["pack: channel red begins at: 70 → 60", "pack: score cap: 100 → 90"],
        ),
        (
            &[("pack.toml", "[on_fault]\nat_least = \"yellow\"", "")],
            &["pack: on_fault at_least: yellow → none"],
        ),
        (
            &[(
                "pack.toml",
                "[[channels]]\nname = \"yellow\"",
                "[[channels]]\nname = \"blue\"\nfrom = 20\n[[channels]]\nname = \"yellow\"",
            )],
            &["pack: channel blue: new, begins at 20"],
        ),
        (
            &[(
                "pack.toml",
                "[[channels]]\nname = \"green\"",
                "[schema.fields.seals]\nkind = \"integer\"\ntitle = \"seals\"\nmin = 0\n[[channels]]\nname = \"green\"",
            )],
            &["pack: field `seals`: new, integer (seals)"],
        ),
    ];
    let files = Files::new();
    let old = files.pack("old", &[]);
    for (changes, expected) in cases {
        let new = files.pack("new", changes);
        let diff = old.diff(&new);
        assert_eq!(said(&diff), *expected, "{changes:?}");
        assert_eq!(diff.is_empty(), expected.is_empty(), "{changes:?}");
    }
}

/// Where declarations go and why, a line each.
fn moves(diff: &Diff) -> Vec<String> {
    let found = diff.declarations.as_ref().unwrap();
    let causes = found.moves.iter().flat_map(|step| {
        step.causes.iter().map(move |cause| {
            let texts: Vec<&str> = cause.causes.iter().map(|cause| cause.text.as_str()).collect();
            format!("{} {} → {}: {}", cause.declarations, step.from, step.to, texts.join(" + "))
        })
    });
    causes.collect()
}

#[test]
fn the_differences_that_moved_a_declaration_are_named_and_no_others() {
    let cases: &[Case] = &[
        (&[], &[]),
        (&[("a.rhai", "300.0", "250.0")], &["1 yellow → green: CHEAP no longer fires"]),
        (&[("reference/regions.toml", "\"TZ\"", "\"ZA\"")], &["1 green → yellow: CHEAP now fires"]),
        (&[("a.rhai", "score: 45", "score: 40")], &[]),
        (&[("a.rhai", "score: 45", "score: 55")], &["1 green → yellow: CHEAP gives 55 points, not 45"]),
        (&[("a.rhai", "rule(\"BLACK\"", "rule(\"OTHER\"")], &[]),
        (
            &[("a.rhai", "score: 75, when", "status: \"shadow\", score: 75, when")],
            &["1 red → yellow: BLACK counts no more, it is shadow"],
        ),
        (
            &[("pack.toml", "cap = 100", "cap = 60"), ("a.rhai", "score: 75", "score: 78")],
            &["1 red → yellow: the score's cap is 60, not 100"],
        ),
        (
            &[("pack.toml", "from = 40", "from = 50"), ("a.rhai", "300.0", "290.0")],
            &["1 yellow → green: yellow begins at 50, not 40"],
        ),
        // Either would do alone: the rule is named, and not the pack.
        (
            &[("pack.toml", "from = 40", "from = 46"), ("a.rhai", "d.value < LOW", "d.value < 250.0")],
            &["1 yellow → green: CHEAP no longer fires"],
        ),
        // Only both together do.
        (
            &[("pack.toml", "from = 40", "from = 38"), ("a.rhai", "score: -10", "score: -6")],
            &["1 green → yellow: TRUST gives -6 points, not -10 + yellow begins at 38, not 40"],
        ),
        (
            &[("a.rhai", "12 % (d.packages - 3)", "12 % (d.packages - 30)")],
            &["1 yellow → green: DOZEN can be evaluated again"],
        ),
        (
            &[("pack.toml", "[on_fault]\nat_least = \"yellow\"", "")],
            &["1 yellow → green: a fault leads to none at least, not yellow"],
        ),
        (
            &[(
                "a.rhai",
                "rule(\"DOZEN\"",
                "rule(\"NEW\", #{ title: \"n\", score: 1, at_least: \"red\", when: |d| d.destination == \"ZA\" });\nrule(\"DOZEN\"",
            )],
            &["1 green → red: the new rule NEW fires"],
        ),
    ];
    let files = Files::new();
    let old = files.pack("old", &[]);
    for (changes, expected) in cases {
        let new = files.pack("new", changes);
        assert_eq!(moves(&files.over(&old, &new, 2)), *expected, "{changes:?}");
    }
}

#[test]
fn packs_of_other_fields_are_compared_line_by_line_all_the_same() {
    let files = Files::new();
    let old = files.pack("old", &[]);
    let required = "[schema.fields.seals]\nkind = \"integer\"\n[[channels]]\nname = \"green\"";
    let same = files.pack(
        "same",
        &[("pack.toml", "[[channels]]\nname = \"green\"", required), ("a.rhai", "300.0", "250.0")],
    );
    assert!(!read_alike(&old, &same));
    let diff = files.over(&old, &same, 2);
    assert_eq!(moves(&diff), ["1 yellow → green: CHEAP no longer fires"]);
    let found = diff.declarations.unwrap();
    assert_eq!((found.compared, found.lines, found.only_old, found.lines_only_old), (5, 6, 0, 0));
    // Only D2's first line has a lot; no rule asks for one.
    let lot = "[schema.fields.lot]\nkind = \"integer\"\nrequired = true\n[[channels]]\nname = \"green\"";
    let fewer = files.pack("fewer", &[("pack.toml", "[[channels]]\nname = \"green\"", lot)]);
    let found = files.over(&old, &fewer, 3).declarations.unwrap();
    assert_eq!((found.compared, found.only_old, found.lines, found.lines_only_old), (5, 0, 6, 0));
    // The lines of D2 name two destinations.
    assert_eq!(found.lines_rejected, [2, 6], "lines of which something could not be read");
    let back = files.over(&fewer, &old, 1).declarations.unwrap();
    assert_eq!((back.compared, back.only_new, back.lines, back.lines_only_new), (5, 0, 6, 0));
}

#[test]
fn workload_examples_and_counts_add_up_for_any_number_of_threads() {
    let files = Files::new();
    let old = files.pack("old", &[]);
    let new = files.pack("new", &[("a.rhai", "score: 45", "score: 75")]);
    let diff = files.over(&old, &new, 1);
    for threads in [2, 3, 8] {
        assert_eq!(files.over(&old, &new, threads), diff, "{threads} threads");
    }
    // Each pack reading by itself comes to the same.
    let seals = "[schema.fields.seals]\nkind = \"integer\"\n[[channels]]\nname = \"green\"";
    let changes =
        [("a.rhai", "score: 45", "score: 75"), ("pack.toml", "[[channels]]\nname = \"green\"", seals)];
    let wider = files.pack("wider", &changes);
    assert!(!read_alike(&old, &wider));
    for threads in [1, 4] {
        assert_eq!(files.over(&old, &wider, threads).declarations, diff.declarations, "{threads} threads");
    }
    let found = diff.declarations.unwrap();
    assert_eq!(found.matrix.iter().flatten().sum::<u64>(), found.compared);
    for workload in [&found.by_port, &found.by_day] {
        for side in [
            |load: &qingfeng::tools::diff::Load| load.totals()[0],
            |load: &qingfeng::tools::diff::Load| load.totals()[1],
        ] {
            assert_eq!(workload.loads.iter().map(side).sum::<u64>(), found.compared, "{workload:?}");
        }
    }
    let days: Vec<&str> = found.by_day.loads.iter().map(|load| load.value.as_str()).collect();
    assert_eq!(days, ["2016-03-01", "2016-03-02"]);
    for step in &found.moves {
        let causes: u64 = step.causes.iter().map(|cause| cause.declarations).sum();
        assert_eq!(causes + step.others, step.declarations);
        assert!(!step.examples.is_empty() && step.examples.len() <= 2);
        for example in &step.examples {
            assert_eq!((&example.old.channel, &example.new.channel), (&step.from, &step.to));
        }
    }
}

#[test]
fn a_pack_of_this_repository_does_not_differ_from_itself() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for pack in ["rules/clean-wind", "rules/import-fraud"] {
        let (old, new) = (Engine::open(root.join(pack)).unwrap(), Engine::open(root.join(pack)).unwrap());
        let diff = old.diff(&new);
        assert!(diff.is_empty() && diff.rules.same == old.pack().rules.len(), "{pack}: {:?}", said(&diff));
    }
}

/// Other texts for a piece of a rule.
const MUTATIONS: &[(&str, &str)] = &[
    ("&&", "||"),
    ("||", "&&"),
    (" < ", " <= "),
    (" > ", " < "),
    ("==", "!="),
    ("true", "false"),
    (" + ", " - "),
    ("1", "2"),
    ("3", "7"),
    ("0", "5"),
    ("\"", "\"x"),
    ("d.value", "d.net_kg"),
    ("??", "=="),
];

/// The files of a pack with one piece of some rule written otherwise; `at` chooses which.
fn mutated(directory: &Path, at: usize) -> bool {
    let mut files: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rhai"));
    files.sort();
    let Some(path) = files.get(at % files.len().max(1)) else { return false };
    let text = std::fs::read_to_string(path).unwrap();
    let (old, new) = MUTATIONS[at % MUTATIONS.len()];
    let found: Vec<usize> = text.match_indices(old).map(|(found, _)| found).collect();
    let Some(&found) = found.get(at.wrapping_mul(7) % found.len().max(1)) else { return false };
    std::fs::write(path, format!("{}{new}{}", &text[..found], &text[found + old.len()..])).unwrap();
    true
}

#[test]
fn packs_that_do_not_differ_give_the_same_answer() {
    let cases: u64 = std::env::var("QINGFENG_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(80);
    let (mut same, mut different) = (0, 0);
    for seed in 0..cases {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let mut bytes = vec![0; 300 + (random.next_u32() % 2_000) as usize];
        random.fill_bytes(&mut bytes);
        let case = GeneratedCase::new(&mut Choices::new(&bytes));
        let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        case.write(before.path()).unwrap();
        let Ok(old) = Engine::open(before.path()) else { continue };
        let itself = old.diff(&Engine::open(before.path()).unwrap());
        assert!(itself.is_empty(), "seed {seed}: {:?}\n{case}", said(&itself));
        let lines = table(&old.pack().schema, &case.declarations).unwrap();
        for _ in 0..6 {
            case.write(after.path()).unwrap();
            if !mutated(after.path(), random.next_u32() as usize) {
                continue;
            }
            let Ok(new) = Engine::open(after.path()) else { continue };
            if !old.diff(&new).is_empty() {
                different += 1;
                continue;
            }
            same += 1;
            let [a, b] = [&old, &new]
                .map(|engine| engine.assess_batch(&lines).unwrap().assessments().collect::<Vec<_>>());
            let found = differences(&a, &b);
            assert!(
                found.is_empty(),
                "seed {seed}: {found:?}\n{case}\n{}",
                std::fs::read_dir(after.path())
                    .unwrap()
                    .map(|entry| entry.unwrap().path())
                    .filter(|path| path.extension().is_some_and(|extension| extension == "rhai"))
                    .map(|path| std::fs::read_to_string(path).unwrap())
                    .collect::<String>()
            );
        }
    }
    println!("{same} the same, {different} different");
    assert!(cases < 80 || (same >= 10 && different >= 100), "{same} the same, {different} different");
}
