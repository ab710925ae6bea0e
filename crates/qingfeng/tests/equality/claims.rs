//! What the analysis says of rules holds on every line: on made-up packs, and on small conditions over all lines that
//! their values can tell apart.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::Date32Type;
use arrow_array::{Array, RecordBatch};
use qingfeng::read::Lines;
use qingfeng::rules::{Code, Date, Diagnostic, Key, Rule};
use qingfeng::{Declaration, Engine, Item};
use qingfeng_testkit::equality::table;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

use super::generated::seeded;
use super::number;

/// On each line the rules that fired, with their points, and those that could not be evaluated.
struct Fired {
    lines: Vec<BTreeMap<String, i64>>,
    faults: Vec<BTreeSet<String>>,
    channels: BTreeSet<String>,
    read: Lines,
}

impl Fired {
    fn of(engine: &Engine, batch: &RecordBatch) -> Self {
        let assessed = engine.assess_batch(batch).unwrap();
        let (mut lines, mut faults, mut channels) = (Vec::new(), Vec::new(), BTreeSet::new());
        for item in assessed.assessments().flat_map(|assessment| assessment.items) {
            channels.insert(item.channel.to_string());
            faults.push(item.faults.into_iter().map(|fault| fault.rule.to_string()).collect());
            lines.push(item.fired.into_iter().map(|fired| (fired.rule.to_string(), fired.points)).collect());
        }
        Self { lines, faults, channels, read: assessed.lines().clone() }
    }

    fn has(&self, line: usize, rule: &str) -> bool {
        self.lines[line].contains_key(rule)
    }

    fn is_missing(&self, line: usize, field: &str) -> bool {
        self.read.batch().column_by_name(field).is_some_and(|column| column.is_null(line))
    }
}

/// The names in back quotes of a text.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// What was said and held.
#[derive(Debug, Default)]
struct Told {
    counts: BTreeMap<Code, usize>,
    /// Parts that could not be replaced: what is shown of them is not all of them.
    not_replaced: usize,
}

/// What came of replacing a part of a condition.
enum Replaced {
    /// The same rules fire, and the same fault, on all lines.
    Same,
    /// The first line on which others do.
    Differs(usize),
    /// The file could not be read any more.
    Unreadable,
}

/// Checks what is said of a pack against its lines.
fn check(directory: &Path, batch: &RecordBatch, told: &mut Told) -> Result<(), String> {
    let Some(engine) = Engine::check(directory).opened else { return Ok(()) };
    let fired = Fired::of(&engine, batch);
    let all = 0..fired.lines.len();
    let as_of = Date::from_ymd(2016, 6, 15).unwrap();
    for item in engine.pack().analyse(engine.program(), Some(as_of)) {
        if item.code == Code::UnreachableChannel {
            *told.counts.entry(item.code).or_default() += 1;
            let names = quoted(&item.title);
            if let Some(reached) = names.iter().find(|name| fired.channels.contains(**name)) {
                return Err(format!("{}: {}\n{reached} is reached", item.code.id(), item.title));
            }
            continue;
        }
        let Some(rule) = item.rule.clone() else { continue };
        let wrong = match item.code {
            Code::NeverHolds => all.clone().find(|&line| fired.has(line, &rule)),
            Code::ImpliedRule | Code::BeatenCeiling => {
                let others: Vec<&str> =
                    quoted(&item.title).into_iter().filter(|name| *name != rule).collect();
                let other = others.last().copied().unwrap_or_default().to_owned();
                all.clone().find(|&line| fired.has(line, &rule) && !fired.has(line, &other))
            }
            Code::SilencedByMissing => {
                let fields = item.title.split(" empty silences").next().unwrap_or("");
                let fields: Vec<&str> = quoted(fields);
                all.clone().find(|&line| {
                    fired.has(line, &rule) && fields.iter().any(|field| fired.is_missing(line, field))
                })
            }
            Code::ExpiredRule => all.clone().find(|&line| {
                let days = fired.read.batch().column_by_name("declared_on").unwrap();
                let days = days.as_primitive::<Date32Type>();
                days.is_valid(line) && days.value(line) >= as_of.days() && fired.has(line, &rule)
            }),
            // A rule none of whose values of a key fits anything; of others some values may.
            Code::UnreachableKey => {
                let days = fired.read.batch().column_by_name("declared_on").unwrap();
                if item.title.starts_with("no declaration reaches") {
                    all.clone().find(|&line| fired.has(line, &rule))
                } else if item.title.starts_with("no declaration with a date") {
                    all.clone().find(|&line| days.is_valid(line) && fired.has(line, &rule))
                } else {
                    continue;
                }
            }
            // Rules of one condition fire together where their keys and days are one as well.
            Code::SameCondition => {
                let rules = &engine.pack().rules;
                let named = |id: &str| rules.iter().find(|rule| rule.id == id);
                let of_keys = |rule: &Rule| Key::ALL.map(|key| rule.key(key).to_vec());
                let this = named(&rule).unwrap();
                let is_alike = |other: &&Rule| {
                    other.id != rule
                        && of_keys(other) == of_keys(this)
                        && (other.from, other.until) == (this.from, this.until)
                };
                let alike: Vec<&Rule> =
                    quoted(&item.title).into_iter().filter_map(named).filter(is_alike).collect();
                if alike.is_empty() {
                    continue;
                }
                all.clone().find(|&line| {
                    alike.iter().any(|other| fired.has(line, &other.id) != fired.has(line, &rule))
                })
            }
            // It holds wherever the field is given; between anchors it may not.
            Code::EmptyMatch if item.note.as_deref().is_some_and(|note| note.starts_with("no field")) => {
                continue;
            }
            Code::EmptyMatch => match without(directory, &item, "(d.brand != ())", batch, &fired, |_| true) {
                Replaced::Same => None,
                Replaced::Differs(line) => Some(line),
                Replaced::Unreadable => {
                    told.not_replaced += 1;
                    continue;
                }
            },
            // The made-up lines have units and ports that no list has.
            Code::UnknownCode if !item.title.contains("ISO 3166-1") => continue,
            // Another code that no list has changes nothing.
            Code::UnknownCode => match without(directory, &item, "\"QQ\"", batch, &fired, |_| true) {
                Replaced::Same => None,
                Replaced::Differs(line) => Some(line),
                Replaced::Unreadable => {
                    told.not_replaced += 1;
                    continue;
                }
            },
            // Other rules of a loop may have the same closure.
            Code::AlwaysHolds => match without(directory, &item, "true", batch, &fired, |id| id == rule) {
                Replaced::Same => None,
                Replaced::Differs(line) => Some(line),
                Replaced::Unreadable => {
                    told.not_replaced += 1;
                    continue;
                }
            },
            Code::AddsNothing => {
                let alternative = item.title.contains("can never hold here")
                    || item.labels.iter().any(|label| label.text == "this holds wherever the other does")
                    || item.note.as_deref().is_some_and(|note| note.contains("other alternatives"));
                let by = if alternative { "false" } else { "true" };
                match without(directory, &item, by, batch, &fired, |_| true) {
                    Replaced::Same => None,
                    Replaced::Differs(line) => Some(line),
                    Replaced::Unreadable => {
                        told.not_replaced += 1;
                        continue;
                    }
                }
            }
            _ => continue,
        };
        *told.counts.entry(item.code).or_default() += 1;
        if let Some(line) = wrong {
            let of_line = fired.read.batch().slice(line, 1);
            return Err(format!(
                "{}: {}\nfired: {:?}\non: {of_line:?}",
                item.code.id(),
                item.title,
                fired.lines[line]
            ));
        }
    }
    Ok(())
}

/// The first line on which other rules, of those that count, fire when a part of a condition is replaced.
fn without(
    directory: &Path,
    item: &Diagnostic,
    by: &str,
    batch: &RecordBatch,
    fired: &Fired,
    counts: impl Fn(&str) -> bool,
) -> Replaced {
    let place = &item.labels[0].place;
    let path = directory.join(&*place.file);
    let before = std::fs::read_to_string(&path).unwrap();
    // Of a statement only the word it begins with is shown.
    if matches!(&before[place.span.clone()], "if" | "switch") {
        return Replaced::Unreadable;
    }
    let after = format!("{}{by}{}", &before[..place.span.start], &before[place.span.end..]);
    std::fs::write(&path, &after).unwrap();
    let engine = Engine::check(directory).opened;
    std::fs::write(&path, &before).unwrap();
    let Some(engine) = engine else { return Replaced::Unreadable };
    let other = Fired::of(&engine, batch);
    let ids =
        |line: &BTreeMap<String, i64>| line.keys().filter(|id| counts(id)).cloned().collect::<BTreeSet<_>>();
    let faulted =
        |ids: &BTreeSet<String>| ids.iter().filter(|id| counts(id)).cloned().collect::<BTreeSet<_>>();
    let differs = |&line: &usize| {
        ids(&fired.lines[line]) != ids(&other.lines[line])
            || faulted(&fired.faults[line]) != faulted(&other.faults[line])
    };
    (0..fired.lines.len()).find(differs).map_or(Replaced::Same, Replaced::Differs)
}

#[test]
fn what_is_said_of_made_up_packs_holds() {
    let mut told = Told::default();
    for (seed, case) in seeded(number("QINGFENG_CASES", 300)) {
        let directory = tempfile::tempdir().unwrap();
        case.write(directory.path()).unwrap();
        let Ok(engine) = Engine::open(directory.path()) else { continue };
        let lines = table(&engine.pack().schema, &case.declarations).unwrap();
        if let Err(problem) = check(directory.path(), &lines, &mut told) {
            panic!("seed {seed}: {problem}\n{case}");
        }
    }
    println!("{told:?}");
    let said: usize = told.counts.values().sum();
    assert!(said as u64 >= number("QINGFENG_CASES", 300), "too little is said: {told:?}");
    assert!(told.not_replaced * 5 <= said, "too little could be checked: {told:?}");
}

struct Small {
    random: Pcg64Mcg,
    /// The condition of the rule before.
    last: String,
}

impl Small {
    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.random.next_u32() as usize % of.len()]
    }

    fn percent(&mut self, chance: u32) -> bool {
        self.random.next_u32() % 100 < chance
    }

    fn test(&mut self) -> String {
        let sign = self.pick(&["<", "<=", ">", ">=", "==", "!="]);
        let texts = ["\"A\"", "\"B\"", "\"a b\"", "\"C\""];
        match self.random.next_u32() % 18 {
            0..=2 => format!("d.value {sign} {}", self.pick(&["1.0", "2.0", "3", "1.5"])),
            3 => format!("d.packages {sign} {}", self.pick(&["1", "2", "3", "1.5", "0"])),
            4 => format!("d.brand {} {}", self.pick(&["==", "!=", "<", ">="]), self.pick(&texts)),
            5 => format!("d.brand in [{}, {}]", self.pick(&texts), self.pick(&texts)),
            6 => format!(
                "d.{} {} ()",
                self.pick(&["brand", "value", "packages", "unit_value"]),
                self.pick(&["==", "!="])
            ),
            7 => format!(
                "d.brand.{}({})",
                self.pick(&["has_word", "starts_with", "contains", "resembles"]),
                self.pick(&["\"A\"", "\"b\"", "\"a\""])
            ),
            8 => format!(
                "d.destination {} {}",
                self.pick(&["==", "!="]),
                self.pick(&["\"KE\"", "\"US\"", "\"NG\"", "\"XX\""])
            ),
            9 => format!(
                "d.{} == {}",
                self.pick(&["hs2", "hs4"]),
                self.pick(&["\"87\"", "\"85\"", "\"8711\"", "\"8501\""])
            ),
            10 => format!("d.hs.starts_with({})", self.pick(&["\"87\"", "\"8711\"", "\"850\"", "\"9\""])),
            11 => format!("d.value {sign} d.packages"),
            12 => format!("(d.value ?? {}) {sign} 2.0", self.pick(&["0.0", "2.0", "5.0"])),
            13 => format!("d.packages * {} {sign} 4", self.pick(&["2", "9223372036854775807"])),
            16 => format!("d.brand.matches({})", self.pick(&["\"A*\"", "\"^B*$\"", "\"A+\"", "\"\""])),
            14 => format!("d.value * {} {sign} 1e308", self.pick(&["2.0", "1e300"])),
            15 => format!(
                "d.declared_on {} {sign} date(\"{}\")",
                self.pick(&["+ 1", "- 1", "+ 9000000"]),
                self.pick(&["2016-03-02", "9999-12-31", "0001-01-01"])
            ),
            _ => format!("{} / d.packages {sign} 2", self.pick(&["6", "4"])),
        }
    }

    fn condition(&mut self, depth: u32) -> String {
        if depth == 0 || self.percent(20) {
            return self.test();
        }
        let parts = 2 + self.random.next_u32() % 2;
        match self.random.next_u32() % 10 {
            0 => format!("!({})", self.condition(depth - 1)),
            1 => format!(
                "if {} {{ {} }} else {{ {} }}",
                self.condition(depth - 1),
                self.condition(depth - 1),
                self.condition(depth - 1)
            ),
            number => {
                let sign = if number < 6 { " && " } else { " || " };
                let parts: Vec<String> = (0..parts)
                    .map(|_| {
                        let part = self.condition(depth - 1);
                        if part.starts_with("if ") { format!("({{ {part} }})") } else { format!("({part})") }
                    })
                    .collect();
                parts.join(sign)
            }
        }
    }

    fn rule(&mut self, at: usize) -> String {
        let mut rule = format!("rule(\"R{at}\", #{{ title: \"t\", score: {}, ", 1 + at);
        if self.percent(30) {
            let _ = write!(rule, "region: [\"{}\"], ", self.pick(&["africa", "KE", "US", "past"]));
        }
        if self.percent(30) {
            let _ = write!(rule, "commodity: [\"{}\"], ", self.pick(&["87", "8711", "85"]));
        }
        if self.percent(20) {
            let _ = write!(rule, "from: \"{}\", ", self.pick(&["2016-01-01", "2016-06-01"]));
        }
        if self.percent(20) {
            let _ = write!(rule, "until: \"{}\", ", self.pick(&["2016-06-14", "2016-12-31"]));
        }
        if self.percent(40) {
            rule += self.pick(&["at_most: \"green\", ", "at_least: \"red\", "]);
        }
        // Rules of one condition are a claim as well.
        let condition = if self.percent(15) { self.last.clone() } else { self.condition(2) };
        let _ = writeln!(rule, "when: |d| {condition} }});");
        self.last = condition;
        rule
    }
}

/// Lines with all values that the small conditions can tell apart, and a missing one.
fn small_lines(engine: &Engine) -> RecordBatch {
    let mut declarations = Vec::new();
    for value in [
        None,
        Some(0.5),
        Some(1.0),
        Some(1.25),
        Some(1.5),
        Some(2.0),
        Some(2.5),
        Some(3.0),
        Some(4.0),
        Some(0.0),
        Some(1e308),
    ] {
        for packages in [None, Some(0), Some(1), Some(2), Some(3), Some(4), Some(i64::MAX)] {
            for brand in [None, Some("A"), Some("B"), Some("C"), Some("a b"), Some("b"), Some("Ab")] {
                for (destination, hs, day) in [
                    ("KE", "8711209000", Some("2016-03-01")),
                    ("US", "8711209000", Some("2016-07-01")),
                    ("NG", "8501100000", None),
                    ("KE", "8501100000", Some("2015-07-01")),
                    ("US", "8703100000", None),
                    ("KE", "8711209000", Some("9999-12-31")),
                    ("NG", "8711209000", Some("0001-01-01")),
                ] {
                    let mut item = Item::new().with("hs", hs).with("quantity", 2);
                    if let Some(value) = value {
                        item = item.with("value", value);
                    }
                    if let Some(packages) = packages {
                        item = item.with("packages", packages);
                    }
                    if let Some(brand) = brand {
                        item = item.with("brand", brand);
                    }
                    let mut declaration = Declaration::new()
                        .with("declaration_id", format!("D{}", declarations.len()))
                        .with("destination", destination)
                        .with("mode", "0110");
                    if let Some(day) = day {
                        declaration = declaration.with("declared_on", day);
                    }
                    declarations.push(declaration.item(item));
                }
            }
        }
    }
    table(&engine.pack().schema, &declarations).unwrap()
}

#[test]
fn what_is_said_of_small_conditions_holds_on_all_lines() {
    let mut told = Told::default();
    let mut lines = None;
    let first = number("QINGFENG_SEED", 2016) << 32;
    for seed in first..first + number("QINGFENG_CASES", 300) / 3 {
        let directory = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let path = directory.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            "pack.toml",
            "[pack]\nname = \"small\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n\
             [[channels]]\nname = \"green\"\nfrom = 0\n[[channels]]\nname = \"red\"\nfrom = 50\n",
        );
        write(
            "reference/regions.toml",
            "[africa]\ntitle = \"Africa\"\nmembers = [\"KE\", \"NG\"]\n\
             [past]\ntitle = \"Past\"\nmembers = [{ code = \"KE\", until = \"2014-12-31\" }]\n",
        );
        let mut small = Small { random: Pcg64Mcg::seed_from_u64(seed), last: "true".into() };
        let rules: String = (0..12).map(|at| small.rule(at)).collect();
        write("rules.rhai", &rules);
        let engine = match Engine::open(directory.path()) {
            Ok(engine) => engine,
            Err(mistakes) => panic!("seed {seed}: {mistakes}\n{rules}"),
        };
        let lines = lines.get_or_insert_with(|| small_lines(&engine));
        if let Err(problem) = check(directory.path(), lines, &mut told) {
            panic!("seed {seed}: {problem}\n{rules}");
        }
    }
    println!("{told:?}");
    assert!(told.not_replaced * 20 <= told.counts.values().sum(), "too little could be checked: {told:?}");
    for code in [
        Code::NeverHolds,
        Code::AlwaysHolds,
        Code::AddsNothing,
        Code::ImpliedRule,
        Code::BeatenCeiling,
        Code::SilencedByMissing,
        Code::ExpiredRule,
        Code::UnknownCode,
        Code::SameCondition,
        Code::UnreachableKey,
        Code::EmptyMatch,
    ] {
        assert!(told.counts.get(&code).is_some_and(|&count| count >= 3), "too little is said: {told:?}");
    }
}
