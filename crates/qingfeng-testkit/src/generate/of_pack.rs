//! Goods lines for a pack that is there: of its own fields, with the values that its rules speak of.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng::rules::{Field, Key, Kind, Level, Pack};
use qingfeng::{Declaration, FieldValue, Item};

use super::choices::Choices;
use super::values::{DATES, TEXTS};

/// What the rules of a pack compare with.
#[derive(Default)]
struct Constants {
    texts: Vec<String>,
    numbers: Vec<f64>,
    dates: Vec<String>,
}

/// Declarations of a pack's schema with so many goods lines or a few more. Their values are the codes of the pack's
/// reference data and the constants of its rule files, and some near them, so that its conditions hold now and then.
pub fn declarations_for(pack: &Pack, choices: &mut Choices<'_>, lines: usize) -> Vec<Declaration> {
    let constants = constants(pack);
    let keys = &pack.schema.keys;
    let mut codes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (key, field) in [(Key::Region, keys.region), (Key::Commodity, keys.commodity), (Key::Mode, keys.mode)]
    {
        let Some(field) = field else { continue };
        let members = pack.reference.groups(key).iter().flat_map(|group| &group.members);
        let mut members: Vec<String> = members.map(|member| member.code.clone()).collect();
        if key == Key::Commodity {
            // Members are prefixes; lines have whole codes.
            members.iter_mut().for_each(|code| *code = format!("{code:0<10}"));
        }
        codes.insert(&pack.schema[field].name, members);
    }
    for (kind, field) in &keys.site {
        let sites = pack.reference.sites.iter().filter(|site| site.kind.as_ref() == Some(kind));
        let members = sites.flat_map(|site| &site.members).map(|member| member.code.clone());
        codes.entry(&pack.schema[*field].name).or_default().extend(members);
    }
    let identity = [Some(pack.schema.declaration), pack.schema.item];
    let fields: Vec<&Field> =
        pack.schema.ids().filter(|&id| !identity.contains(&Some(id))).map(|id| &pack.schema[id]).collect();
    let id = &pack.schema[pack.schema.declaration].name;
    let mut declarations = Vec::new();
    let mut written = 0;
    while written < lines {
        let mut value = |field: &Field| {
            let codes = codes.get(field.name.as_str()).map_or(&[][..], Vec::as_slice);
            value(choices, field, codes, &constants)
        };
        let header = fields.iter().filter(|field| field.level == Level::Header);
        let mut declaration = header.fold(
            Declaration::new().with(id.as_str(), format!("D{}", declarations.len())),
            |declaration, field| declaration.with(field.name.as_str(), value(field)),
        );
        let count = 1 + declarations.len() % 4;
        for _ in 0..count {
            let of_item = fields.iter().filter(|field| field.level == Level::Item);
            let item = of_item.fold(Item::new(), |item, field| item.with(field.name.as_str(), value(field)));
            declaration = declaration.item(item);
        }
        declarations.push(declaration);
        written += count;
    }
    declarations
}

fn value(choices: &mut Choices<'_>, field: &Field, codes: &[String], constants: &Constants) -> FieldValue {
    if !field.required && choices.percent(15) {
        return FieldValue::Missing;
    }
    let number = |choices: &mut Choices<'_>| {
        let number = if constants.numbers.is_empty() { 1.0 } else { *choices.pick(&constants.numbers) };
        let number = number * choices.pick(&[1.0, 0.5, 2.0, 10.0, 0.99]) + choices.pick(&[0.0, 0.0, 1.0]);
        number.clamp(field.min.unwrap_or(f64::MIN), field.max.unwrap_or(f64::MAX))
    };
    match field.kind {
        Kind::Flag => choices.percent(50).into(),
        Kind::Integer => (number(choices).round() as i64).into(),
        Kind::Number => number(choices).into(),
        Kind::Date if constants.dates.is_empty() || choices.percent(30) => choices.word(&DATES).into(),
        Kind::Date => choices.pick(&constants.dates).as_str().into(),
        Kind::Code if !codes.is_empty() => choices.pick(codes).as_str().into(),
        Kind::Text | Kind::Code if constants.texts.is_empty() || choices.percent(10) => {
            choices.word(&TEXTS).into()
        }
        Kind::Text | Kind::Code => {
            let mut text = choices.pick(&constants.texts).clone();
            if choices.percent(30) {
                text.push_str(choices.word(&["1", " B", "货", "0"]));
            }
            text.into()
        }
    }
}

/// Every text, number and day that is written out in the rule files.
fn constants(pack: &Pack) -> Constants {
    let mut found = Constants::default();
    let files: BTreeSet<_> = pack.rules.iter().map(|rule| &rule.place.file).collect();
    let (mut texts, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for file in files {
        for line in pack.warnings.sources.text(file).unwrap_or_default().lines() {
            // What people read is no value.
            let key = line.trim_start().split(':').next().unwrap_or_default();
            if matches!(key, "title" | "title_zh" | "basis" | "owner" | "tags" | "score" | "reason") {
                continue;
            }
            for (at, part) in line.split('"').enumerate() {
                if at % 2 == 1 {
                    texts.insert(part.to_owned());
                    continue;
                }
                let words = part.split(|letter: char| !letter.is_ascii_digit() && letter != '.');
                numbers.extend(words.filter(|word| word.parse::<f64>().is_ok()).map(str::to_owned));
            }
        }
    }
    for text in texts {
        let is_date = text.parse::<qingfeng::rules::Date>().is_ok();
        if is_date { found.dates.push(text) } else { found.texts.push(text) }
    }
    found.numbers = numbers.iter().filter_map(|number| number.parse().ok()).collect();
    found
}
