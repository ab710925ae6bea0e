//! Brands: the protected ones, names that look like them, and invented ones that nobody imitates.

use std::sync::LazyLock;

use super::data::{list, named, rows};
use super::goods::Family;
use super::random::{Random, pinned};

#[derive(Debug)]
pub(super) struct Protected {
    pub(super) name: &'static str,
    pub(super) families: Box<[Family]>,
    /// Whether the holder is abroad.
    pub(super) foreign: bool,
}

/// The protected brands; a brand's number is its place here.
pub(super) static PROTECTED: LazyLock<Vec<Protected>> = LazyLock::new(|| {
    let protected = |[name, holder, families]: [&'static str; 3]| Protected {
        name,
        families: list(families).map(named).collect(),
        foreign: holder == "foreign",
    };
    rows(include_str!("data/brands.tsv")).map(protected).collect()
});

/// The number of the brand for which an exporter is authorised: of brand `i` the exporters `100 + 10 * i` to
/// `104 + 10 * i`.
pub(super) fn authorised(exporter: u32) -> Option<u8> {
    let (brand, place) = (exporter.checked_sub(100)? / 10, exporter % 10);
    (place < 5 && brand < PROTECTED.len() as u32).then_some(brand as u8)
}

/// A protected brand of such goods, if there is one.
pub(super) fn draw_protected(family: Family, random: &mut Random) -> Option<u8> {
    let fits = |brand: &(usize, &Protected)| brand.1.families.contains(&family);
    let count = PROTECTED.iter().enumerate().filter(fits).count() as u32;
    let chosen = random.below(count) as usize;
    PROTECTED.iter().enumerate().filter(fits).nth(chosen).map(|(brand, _)| brand as u8)
}

/// Writes a name that a hasty reader takes for `name`.
pub(super) fn write_look_alike(name: &str, random: &mut Random, out: &mut String) {
    match random.below(10) {
        // A digit for a letter: DEL1, HA0JUE.
        0..=4 => {
            let digits = |letter| match letter {
                'O' => Some('0'),
                'I' => Some('1'),
                'E' => Some('3'),
                'A' => Some('4'),
                'S' => Some('5'),
                'B' => Some('8'),
                _ => None,
            };
            let candidates = name.chars().filter(|&letter| digits(letter).is_some()).count() as u32;
            // Of the candidates the last is replaced half of the time: the first letter is what is read.
            let chosen =
                if random.percent(50) { candidates.saturating_sub(1) } else { random.below(candidates) };
            let mut seen = 0;
            for letter in name.chars() {
                match digits(letter) {
                    Some(digit) if seen == chosen => {
                        out.push(digit);
                        seen += 1;
                    }
                    Some(_) => {
                        out.push(letter);
                        seen += 1;
                    }
                    None => out.push(letter),
                }
            }
        }
        // Spaced or hyphenated: D E L I, HAO-JUE.
        5 => {
            for (at, letter) in name.chars().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                out.push(letter);
            }
        }
        6 => {
            let (head, tail) = name.split_at(name.len() / 2);
            out.push_str(head);
            out.push('-');
            out.push_str(tail);
        }
        // Another case: deli, DeLi.
        7 => out.extend(name.chars().map(|letter| letter.to_ascii_lowercase())),
        8 => {
            for (at, letter) in name.chars().enumerate() {
                out.push(if at % 2 == 0 { letter } else { letter.to_ascii_lowercase() });
            }
        }
        // A letter twice: HAOJJUE.
        _ => {
            let twice = 1 + random.below(name.len() as u32 - 1) as usize;
            for (at, letter) in name.chars().enumerate() {
                out.push(letter);
                if at == twice {
                    out.push(letter);
                }
            }
        }
    }
}

const BEGINNINGS: [&str; 40] = [
    "ALTO", "BREN", "CORVI", "DELMO", "EVAR", "FALKO", "GANTE", "HELIO", "IDRA", "JUNO", "KESTRA", "LUMI",
    "MOREL", "NIXA", "ORBI", "PELLA", "QUADRA", "RIVO", "SOLAN", "TAMBO", "ULTRA", "VESPER", "WEXO", "XERIA",
    "YORAN", "ZEPHY", "AMBRO", "BOLDE", "CIRRO", "DORVA", "ELSIN", "FENNO", "GRAVI", "HALDO", "INKA",
    "JASPE", "KORMA", "LYRIS", "MAVEN", "NORVI",
];
const ENDINGS: [&str; 20] = [
    "TEK", "LINE", "ROX", "WAY", "NOVA", "STAR", "BEST", "FORM", "GOOD", "KING", "LAND", "MARK", "PRO",
    "STYLE", "TON", "VIA", "WELL", "ZONE", "CO", "RA",
];
pub(super) const INVENTED_COUNT: u32 = (BEGINNINGS.len() * ENDINGS.len()) as u32;

/// Writes the unprotected brand with this number below [`INVENTED_COUNT`]. Some are written like names, as
/// their owners do.
pub(super) fn write_invented(number: u32, out: &mut String) {
    let number = number as usize % (BEGINNINGS.len() * ENDINGS.len());
    let (beginning, ending) = (BEGINNINGS[number % BEGINNINGS.len()], ENDINGS[number / BEGINNINGS.len()]);
    if pinned(number as u64, 6) == 0 {
        let (first, rest) = beginning.split_at(1);
        out.push_str(first);
        out.extend(rest.chars().chain(ending.chars()).map(|letter| letter.to_ascii_lowercase()));
    } else {
        out.push_str(beginning);
        out.push_str(ending);
    }
}

#[cfg(test)]
mod tests;
