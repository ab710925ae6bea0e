//! Patterns as rules in Rhai, and in words.

use std::fmt::Write as _;

use qingfeng_rules::{Key, KeyValue, Kind, Pack};

use super::facets::{Cell, Part, Pattern};
use super::{Hits, Mined, MinedRule, RatesOf};

/// Columns of a line of a rule file.
const WIDTH: usize = 110;
/// Codes that a sentence names.
const NAMED: usize = 6;
const TITLE_MAX: usize = 160;

/// A part as it is written.
pub(super) struct Written {
    key: Option<(Key, Vec<String>)>,
    when: Option<String>,
    /// In words.
    pub(super) words: String,
    /// How the reason shows what it saw.
    seen: String,
}

/// A text as a literal of Rhai.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn number(value: f64, kind: Kind) -> String {
    let text = format!("{value}");
    if kind == Kind::Integer || text.contains('.') { text } else { text + ".0" }
}

fn short(value: f64) -> String {
    format!("{value}")
}

fn listed(names: &[String]) -> String {
    match names.len() {
        1 => names[0].clone(),
        all if all <= NAMED => format!("{} or {}", names[..all - 1].join(", "), names[all - 1]),
        all => format!("{} or one of {} more", names[..NAMED].join(", "), all - NAMED),
    }
}

/// The cells of a part, by sort.
#[derive(Default)]
struct Sorted {
    codes: Vec<String>,
    exact: Vec<f64>,
    bands: Vec<(Option<f64>, Option<f64>)>,
    words: Vec<String>,
    group: Option<(Key, String)>,
    missing: bool,
}

fn sorted(part: &Part) -> Sorted {
    let mut sorted = Sorted::default();
    for &cell in &part.cells {
        match part.facet.cells.get(cell as usize - 1) {
            Some(Cell::Code(code)) => sorted.codes.push(code.to_string()),
            Some(Cell::Exactly(number)) => sorted.exact.push(*number),
            Some(Cell::Band(from, below)) => match sorted.bands.last_mut() {
                Some((_, end)) if *end == *from && from.is_some() => *end = *below,
                _ => sorted.bands.push((*from, *below)),
            },
            Some(Cell::Word(word)) => sorted.words.push(word.to_string()),
            Some(Cell::Group(key, name)) => sorted.group = Some((*key, name.to_string())),
            Some(Cell::Missing) => sorted.missing = true,
            None => {}
        }
    }
    sorted
}

/// Whether all codes can stand in this key, and mean there what they are.
fn fits_key(pack: &Pack, key: Key, codes: &[String]) -> bool {
    codes
        .iter()
        .all(|code| matches!(pack.key_value(key, code), Some(KeyValue::Code(known)) if known == *code))
}

/// The key that reads the field of a part.
fn key_of(pack: &Pack, part: &Part) -> Option<Key> {
    let keys = &pack.schema.keys;
    let field = pack.schema.field(&part.facet.name);
    if matches!(&*part.facet.name, "hs2" | "hs4" | "hs6") && field.is_none() {
        return Some(Key::Commodity);
    }
    match field {
        Some(field) if keys.region == Some(field) => Some(Key::Region),
        Some(field) if keys.mode == Some(field) => Some(Key::Mode),
        _ => None,
    }
}

fn written(pack: &Pack, part: &Part) -> Written {
    let (name, kind) = (&part.facet.name, part.facet.kind);
    let sorted = sorted(part);
    let seen = format!("{name} ${{d.{name}}}");
    if let Some((key, group)) = sorted.group {
        let words = format!("{} {group}", key.name());
        return Written { key: Some((key, vec![group])), when: None, words, seen };
    }
    if let Some(key) = key_of(pack, part)
        && !sorted.missing
        && fits_key(pack, key, &sorted.codes)
    {
        let words = format!("{name} {}", listed(&sorted.codes));
        return Written { key: Some((key, sorted.codes)), when: None, words, seen };
    }
    let (mut tests, mut words): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    if kind == Kind::Flag {
        tests.extend(sorted.codes.iter().map(|flag| format!("d.{name} == {flag}")));
    } else if let [code] = &sorted.codes[..] {
        tests.push(format!("d.{name} == {}", quoted(code)));
    } else if !sorted.codes.is_empty() {
        let codes: Vec<String> = sorted.codes.iter().map(|code| quoted(code)).collect();
        tests.push(format!("d.{name} in [{}]", codes.join(", ")));
    }
    if !sorted.codes.is_empty() {
        words.push(format!("{name} {}", listed(&sorted.codes)));
    }
    let exact: Vec<String> = sorted.exact.iter().map(|&value| number(value, kind)).collect();
    match &exact[..] {
        [] => {}
        [one] => tests.push(format!("d.{name} == {one}")),
        several => tests.push(format!("d.{name} in [{}]", several.join(", "))),
    }
    if !exact.is_empty() {
        let shown: Vec<String> = sorted.exact.iter().map(|&value| short(value)).collect();
        words.push(format!("{name} {}", listed(&shown)));
    }
    for (from, below) in &sorted.bands {
        let shown = |value: &f64| number(*value, kind);
        match (from, below) {
            (None, Some(below)) => {
                tests.push(format!("d.{name} < {}", shown(below)));
                words.push(format!("{name} below {}", short(*below)));
            }
            (Some(from), None) => {
                tests.push(format!("d.{name} >= {}", shown(from)));
                words.push(format!("{name} from {} up", short(*from)));
            }
            (Some(from), Some(below)) => {
                let test = format!("d.{name} >= {} && d.{name} < {}", shown(from), shown(below));
                tests.push(test);
                words.push(format!("{name} from {} to below {}", short(*from), short(*below)));
            }
            (None, None) => {
                tests.push(format!("d.{name} != ()"));
                words.push(format!("{name} given"));
            }
        }
    }
    for word in &sorted.words {
        tests.push(format!("d.{name}.has_word({})", quoted(word)));
        words.push(format!("{name} has the word {word}"));
    }
    if sorted.missing {
        tests.insert(0, format!("d.{name} == ()"));
        words.push(format!("{name} missing"));
    }
    if tests.len() > 1 {
        for test in tests.iter_mut().filter(|test| test.contains("&&")) {
            *test = format!("({test})");
        }
    }
    Written { key: None, when: Some(tests.join(" || ")), words: words.join(" or "), seen }
}

/// The conditions of a pattern in words.
pub(super) fn words(pack: &Pack, pattern: &Pattern) -> Vec<String> {
    pattern.parts.iter().map(|part| written(pack, part).words).collect()
}

/// `31.2 %`
fn percent(rate: f64) -> String {
    format!("{:.1} %", rate * 100.0)
}

/// `500 lines, 31.2 % with a finding (27.1 to 35.5)`
fn found(hits: Hits) -> String {
    let lines = if hits.lines == 1 { "line" } else { "lines" };
    match (hits.rate(), hits.interval()) {
        (Some(rate), Some((low, high))) => {
            let (low, high) = (low * 100.0, high * 100.0);
            let trade = hits.trade.map_or(String::new(), |trade| format!(" for {:.0} of trade", trade.lines));
            format!("{} {lines}{trade}, {} with a finding ({low:.1} to {high:.1})", hits.lines, percent(rate))
        }
        _ => "no lines".to_owned(),
    }
}

/// A title of the conditions in words.
pub(super) fn title(words: &[String], points: i64) -> String {
    let mut title = words.join(" and ");
    if title.chars().count() > TITLE_MAX {
        title = title.chars().take(TITLE_MAX - 1).collect::<String>() + "…";
    }
    title + if points > 0 { ": often a finding" } else { ": seldom a finding" }
}

/// A list of literals, on lines of bounded width.
fn wrapped(before: &str, items: &[String], after: &str) -> String {
    let whole = format!("{before}[{}]{after}", items.join(", "));
    if whole.len() <= WIDTH {
        return whole;
    }
    let mut out = format!("{before}[");
    let mut line = String::new();
    for item in items {
        if line.is_empty() || line.len() + item.len() + 2 > WIDTH {
            out += &line;
            line = String::from("\n       ");
        }
        let _ = write!(line, " {item},");
    }
    out + &line + "\n    ]" + after
}

/// What stands around the text of a rule.
pub(super) struct Facts<'a> {
    pub(super) status: &'a str,
    pub(super) learned_days: &'a str,
    pub(super) held_out_days: Option<&'a str>,
}

/// A rule as Rhai.
pub(super) fn rule(pack: &Pack, pattern: &Pattern, rule: &MinedRule, facts: &Facts<'_>) -> String {
    let parts: Vec<Written> = pattern.parts.iter().map(|part| written(pack, part)).collect();
    let mut out = String::new();
    if let Some(why) = &rule.suspicious {
        let _ = writeln!(out, "// {why}. A draft until somebody has looked.");
    }
    let _ = writeln!(out, "// Learned on {}: {}.", facts.learned_days, found(rule.learned));
    let _ = writeln!(out, "// Its kind on later days of these: {}.", found(rule.confirmed));
    if let Some(days) = facts.held_out_days {
        let lift = rule.lift.map_or(String::new(), |lift| format!(", {lift:.2} times the average"));
        let beside = |lift| format!(", {lift:.2} times what the pack leads to expect");
        let lift = lift + &rule.lift_beside.map_or(String::new(), beside);
        let _ = writeln!(out, "// Held out, {days}: {}{lift}.", found(rule.held_out));
    }
    let _ = writeln!(out, "rule({}, #{{", quoted(&rule.id));
    let _ = writeln!(out, "    title: {},", quoted(&rule.title));
    for (key, codes) in parts.iter().filter_map(|part| part.key.as_ref()) {
        let codes: Vec<String> = codes.iter().map(|code| quoted(code)).collect();
        let _ = writeln!(out, "{},", wrapped(&format!("    {}: ", key.name()), &codes, ""));
    }
    let status = if rule.suspicious.is_some() { "draft" } else { facts.status };
    let _ = writeln!(out, "    status: {},", quoted(status));
    let _ = writeln!(out, "    score: {},", rule.points);
    let tests: Vec<&String> = parts.iter().filter_map(|part| part.when.as_ref()).collect();
    if !tests.is_empty() {
        let tests: Vec<String> =
            tests
                .iter()
                .map(|test| {
                    if tests.len() > 1 && test.contains("||") { format!("({test})") } else { (*test).clone() }
                })
                .collect();
        let whole = format!("    when: |d| {},", tests.join(" && "));
        let long = whole.len() > WIDTH;
        let _ = writeln!(out, "{}", if long { broken(&whole) } else { whole });
    }
    let seen: Vec<&str> = parts.iter().map(|part| part.seen.as_str()).collect();
    let _ = writeln!(out, "    reason: |d| `{}`,", seen.join(", "));
    let basis = match facts.held_out_days {
        Some(days) => format!("mined; {days}: {}", found(rule.held_out)),
        None => format!("mined; {}: {}", facts.learned_days, found(rule.learned)),
    };
    let _ = writeln!(out, "    basis: {},", quoted(&basis));
    let _ = writeln!(out, "    tags: [\"mined\"],");
    laid_out(out + "});\n")
}

/// As `qingfeng fmt` lays it out.
pub(super) fn laid_out(rule: String) -> String {
    qingfeng_rules::format_rules(&rule).unwrap_or(rule)
}

/// A long line broken at blanks outside of texts.
fn broken(whole: &str) -> String {
    let mut out = String::new();
    let (mut column, mut in_text, mut escaped) = (0, false, false);
    for letter in whole.chars() {
        match letter {
            '"' if !escaped => in_text = !in_text,
            ' ' if !in_text && column > WIDTH - 15 => {
                out += "\n        ";
                column = 8;
                continue;
            }
            _ => {}
        }
        escaped = letter == '\\' && !escaped;
        out.push(letter);
        column += 1;
    }
    out
}

/// The rules as a rule file of a pack.
pub fn rule_file(mined: &Mined) -> String {
    let mut out = String::from(
        "// Rules that `qingfeng mine` proposed. Points are log odds: 17 double the odds of a finding.\n",
    );
    out += match mined.rates_of {
        RatesOf::LinesGiven => {
            "// The lines are taken as all of trade: rates are those of the lines given. If they were selected for\n\
             // inspection, mine them with --plan.\n"
        }
        RatesOf::Trade => {
            "// Rates are of all trade that the plans could select: each line counts by 1/probability of its selection.\n"
        }
    };
    out += match mined.beside {
        Some(_) => "// Learned beside the rules of the pack: points are for what those do not say.\n",
        None => "// Learned alone, without a look at rules of the pack.\n",
    };
    if let Some((first, last)) = mined.learned_days {
        let _ = writeln!(out, "// Learned on {first} to {last}: {}.", found(mined.learned));
    }
    if let Some((first, last)) = mined.held_out_days {
        let _ = writeln!(out, "// Held out, {first} to {last}: {}.", found(mined.held_out));
    }
    if let Some(judgement) = &mined.judgement {
        for best in &judgement.best {
            let _ = writeln!(
                out,
                "// In the best {} % by their points: {} with a finding, {} of all findings.",
                best.percent,
                percent(best.precision),
                percent(best.recall)
            );
        }
    }
    for rule in &mined.rules {
        out.push('\n');
        out += &rule.rhai;
    }
    out
}
