//! The free texts of a declaration: goods names, models, certificates, consignees, contracts.

use std::sync::LazyLock;

use qingfeng_rules::Date;

use super::brands::PROTECTED;
use super::countries::Region;
use super::data::{list, rows};
use super::goods::{Family, Goods};
use super::random::{Random, mix, pinned};

/// Lists of words, of which texts are made, by their names.
type Lists = Vec<(&'static str, Box<[&'static str]>)>;

/// The words of a list.
fn words(name: &str) -> &'static [&'static str] {
    static LISTS: LazyLock<Lists> = LazyLock::new(|| {
        let lists = rows::<2>(include_str!("data/words.tsv"));
        lists.map(|[name, words]| (name, list(words).collect())).collect()
    });
    LISTS.iter().find(|(list, _)| *list == name).map(|(_, words)| &**words).expect("a list of the table")
}

/// How a goods name is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wording {
    pub(super) english_percent: u32,
    /// Whether the name gives a violation away.
    pub(super) telling: bool,
    /// The protected brand that a telling name may name.
    pub(super) brand: Option<u8>,
}

/// Writes the name of the `variant`-th of these goods.
pub(super) fn write_goods(
    goods: &Goods,
    variant: usize,
    wording: Wording,
    random: &mut Random,
    out: &mut String,
) {
    let english = goods.english[variant % goods.english.len()];
    let chinese = goods.chinese[variant % goods.chinese.len()];
    let in_english = random.percent(wording.english_percent);
    if wording.telling {
        write_telling(english, chinese, in_english, wording.brand, random, out);
        return;
    }
    if in_english {
        let begin = out.len();
        if random.percent(30) {
            out.push_str(random.pick(words("english_before")));
            out.push(' ');
        }
        out.push_str(english);
        if random.percent(30) {
            out.push(' ');
            out.push_str(random.pick(words("english_after")));
        }
        if random.percent(20) {
            out[begin..].make_ascii_uppercase();
        }
    } else {
        if random.percent(25) {
            out.push_str(random.pick(words("chinese_before")));
        }
        out.push_str(chinese);
        match random.below(100) {
            0..=29 => out.push_str(random.pick(words("chinese_after"))),
            30..=49 => {
                out.push(' ');
                out.push_str(english);
            }
            _ => {}
        }
    }
}

fn write_telling(
    english: &str,
    chinese: &str,
    in_english: bool,
    brand: Option<u8>,
    random: &mut Random,
    out: &mut String,
) {
    let brand = brand.map_or("", |brand| PROTECTED[usize::from(brand)].name);
    let parts: [&str; 4] = match (in_english, random.below(4)) {
        (true, 0) => ["replica ", english, "", ""],
        (true, 1) => [english, " replica", "", ""],
        (true, 2) if !brand.is_empty() => [english, " style of ", brand, ""],
        (true, _) => [english, " no logo", "", ""],
        (false, 0) => ["贴牌", chinese, "", ""],
        (false, 1) => [chinese, " 无牌", "", ""],
        (false, 2) if !brand.is_empty() => ["仿", brand, " ", chinese],
        (false, 3) if !chinese.starts_with('仿') => ["仿", chinese, "", ""],
        (false, _) => [chinese, " 贴牌", "", ""],
    };
    for part in parts {
        out.push_str(part);
    }
}

/// A model of the exporter's; the same few come back.
pub(super) fn write_model(exporter: u32, goods_index: u16, random: &mut Random, out: &mut String) {
    let key = mix((u64::from(exporter) << 16) | u64::from(goods_index));
    out.push(letter(key));
    out.push(letter(key >> 8));
    if key & 3 != 0 {
        out.push('-');
    }
    push_number(out, 100 + (key >> 20) % 800 + u64::from(random.below(6)) * 10, 3);
    if random.percent(25) {
        out.push(letter(u64::from(random.below(5))));
    }
}

pub(super) fn write_certificate(family: Family, day: Date, random: &mut Random, out: &mut String) {
    out.push_str(match family {
        Family::Batteries => random.pick(&["UN38.3-", "UN38.3-", "MSDS-"]),
        Family::Toys => random.pick(&["CE-EN71-", "ASTM-F963-", "CCC-"]),
        Family::Appliances => random.pick(&["CB-", "CE-LVD-", "CCC-"]),
        _ => random.pick(&["COC-", "CIQ-", "CO-"]),
    });
    // Of this year or the one before.
    push_number(out, year(day) % 100 - u64::from(random.percent(50)), 2);
    push_number(out, u64::from(random.below(1_000_000)), 6);
}

/// The consignee that belongs to `key`.
pub(super) fn write_consignee(region: Region, key: u64, out: &mut String) {
    let names: &[&str] = match region {
        Region::Focus | Region::Arab => words("arab_names"),
        Region::Africa => words("african_names"),
        Region::Latin => words("latin_names"),
        Region::Belt | Region::Other => words("other_names"),
    };
    let forms: &[&str] = if region == Region::Latin { words("forms_latin") } else { words("forms") };
    out.push_str(names[pinned(key, names.len() as u32) as usize]);
    out.push(' ');
    if pinned(key ^ 1, 3) == 0 {
        out.push(letter(mix(key ^ 2)));
        out.push(letter(mix(key ^ 3)));
        out.push(' ');
    }
    let businesses = words("businesses");
    out.push_str(businesses[pinned(key ^ 4, businesses.len() as u32) as usize]);
    out.push(' ');
    out.push_str(forms[pinned(key ^ 5, forms.len() as u32) as usize]);
}

/// The number of the contract that belongs to `key`, in the exporter's manner.
pub(super) fn write_contract(exporter: u32, day: Date, key: u64, out: &mut String) {
    let manner = mix(u64::from(exporter));
    out.push(letter(manner));
    out.push(letter(manner >> 8));
    push_number(out, if manner & 1 == 0 { year(day) } else { year(day) % 100 }, 2);
    if manner & 2 == 0 {
        out.push('-');
    }
    push_number(out, mix(key) % 100_000, 5);
}

fn year(day: Date) -> u64 {
    day.year().unsigned_abs()
}

fn letter(key: u64) -> char {
    char::from(b'A' + (key % 26) as u8)
}

/// Appends `number` with at least `width` digits.
pub(super) fn push_number(out: &mut String, number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let (mut at, mut rest) = (digits.len(), number);
    while rest > 0 {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let begin = at.min(digits.len() - width.min(digits.len()));
    out.extend(digits[begin..].iter().map(|&digit| char::from(digit)));
}

#[cfg(test)]
mod tests;
