//! Drafts one goods line: what is declared, and what is wrong with it.

use qingfeng_rules::Date;

use super::brands::{self, INVENTED_COUNT, PROTECTED};
use super::columns::Line;
use super::goods::{Family, Goods, Unit};
use super::random::{NARROW, Random, WIDE, mix, pinned};
use super::text::{self, Wording};
use super::traders::Habits;
use super::violations::{Finding, Suspect, Tell};

/// What decides how many pieces a line has.
#[derive(Debug, Clone, Copy)]
pub(super) enum Amount {
    /// So many that their value comes to this many cents or a little less.
    Cents(u64),
    /// A lot of the usual size, in percent.
    LotPercent(u64),
    Pieces(u64),
}

/// What the lines of a declaration have in common.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) day: Date,
    pub(super) habits: &'a Habits,
    /// The goods' family is the line's own.
    pub(super) suspect: Suspect,
    /// Index of the true destination.
    pub(super) destination: u16,
    /// The tell of a declaration that violates as a whole.
    pub(super) scheme: Option<Tell>,
    /// The protected brand of all lines, where they are one product.
    pub(super) brand: Option<u8>,
    /// Prices against those of general trade, in percent.
    pub(super) price_percent: u64,
}

/// The true figures of a drafted line: what is declared may be missing.
#[derive(Debug)]
pub(super) struct Drafted {
    pub(super) quantity: u64,
    pub(super) value_cents: u64,
    pub(super) finding: Option<Finding>,
}

/// The first day on which the declaration asks for the kind of brand: announcement 69 of 2017.
fn brand_kind_from() -> Date {
    Date::from_ymd(2018, 1, 1).unwrap_or(Date::MIN)
}

/// Violations that show what they are, in percent.
const TELLING_PERCENT: u32 = 85;
/// Lines without a violation that look as if, in parts of a million.
const MISLEADING: u32 = 6_000;

/// The tells that a line shows, whether or not it violates.
#[derive(Debug, Clone, Copy, Default)]
struct Shown([Option<Tell>; 2]);

impl Shown {
    fn has(self, tell: Tell) -> bool {
        self.0.contains(&Some(tell))
    }
}

/// Fills in `line`, whose texts must be empty.
pub(super) fn draft(
    context: &Context<'_>,
    goods_index: u16,
    goods: &Goods,
    amount: Amount,
    line: &mut Line,
    random: &mut Random,
) -> Drafted {
    let habits = context.habits;
    let suspect = Suspect { family: goods.family, ..context.suspect };
    let (finding, shown) = judge(context, &suspect, random);

    let variant = random.below(goods.hs.len().max(goods.english.len()) as u32) as usize;
    line.hs = goods.hs[variant % goods.hs.len()].on(context.day);
    brand(context, goods, shown, line, random);
    if context.day < brand_kind_from() {
        line.brand_kind = None;
    }
    if !random.chance(3_000) {
        let wording = Wording {
            english_percent: habits.english_percent,
            telling: shown.has(Tell::Wording),
            brand: if shown.has(Tell::Wording) { brands::draw_protected(goods.family, random) } else { None },
        };
        text::write_goods(goods, variant, wording, random, &mut line.goods);
    }
    if random.percent(if goods.unit == Unit::Kilogram { 20 } else { 58 }) {
        text::write_model(habits.exporter, goods_index, random, &mut line.model);
    }
    let certified = if goods.family.is_certified() { 90 } else { 3 };
    if random.percent(certified) && !shown.has(Tell::Certificate) {
        text::write_certificate(goods.family, context.day, random, &mut line.certificate);
    }

    let price_mills = unit_price(context, goods, goods_index, shown, random);
    let quantity = match amount {
        Amount::Cents(cents) => cents * 10 / price_mills,
        Amount::LotPercent(percent) => random.spread(u64::from(goods.lot), &WIDE) * percent / 100,
        Amount::Pieces(pieces) => pieces,
    }
    .max(1);
    let value_cents = (price_mills * quantity / 10).max(1);
    // Hundredths of a kilogram are ten grams.
    let net = (unit_grams(goods, shown, random) * quantity / 10).max(1);
    let gross = net + net * u64::from(random.between(30, 180)) / 1_000 + 1;
    let packages = if goods.unit_grams > 15_000 { quantity } else { (gross / 1_800).max(1) };

    line.quantity = keep(quantity, 8_000, random);
    line.unit = keep(goods.unit.code(), 6_000, random);
    line.net = keep(net, 12_000, random);
    line.gross = keep(gross, 20_000, random);
    line.value_cents = keep(value_cents, 5_000, random);
    line.packages = keep(packages, 30_000, random);
    line.origin_country = match random.below(1_000) {
        0..=14 => None,
        15..=17 => Some("VN"),
        18..=19 => Some("KR"),
        _ => Some("CN"),
    };
    Drafted { quantity, value_cents, finding }
}

/// Whether the line violates, and what it shows of it.
fn judge(context: &Context<'_>, suspect: &Suspect, random: &mut Random) -> (Option<Finding>, Shown) {
    if let Some(scheme) = context.scheme
        && random.percent(80)
    {
        return (Some(Finding::draw(Some(scheme), suspect.family, random)), Shown::default());
    }
    if random.chance(suspect.hazard()) {
        let mut shown = Shown::default();
        let mut tell = None;
        if random.percent(TELLING_PERCENT) {
            let first = Tell::draw(suspect, random);
            tell = Some(first);
            shown.0[0] = tell;
            if random.percent(25) {
                shown.0[1] = Some(Tell::draw(suspect, random));
            }
        }
        return (Some(Finding::draw(tell, suspect.family, random)), shown);
    }
    if random.chance(MISLEADING) {
        return (None, Shown([Some(Tell::draw(suspect, random)), None]));
    }
    (None, Shown::default())
}

const NO_BRAND_TEXTS: [&str; 4] = ["NO BRAND", "无品牌", "N/M", "无牌"];

fn brand(context: &Context<'_>, goods: &Goods, shown: Shown, line: &mut Line, random: &mut Random) {
    let habits = context.habits;
    let (text, kind) = (&mut line.brand, &mut line.brand_kind);
    let is_bare = goods.unit == Unit::Kilogram || goods.family == Family::Ordinary;
    let branded_percent =
        if is_bare { habits.branded_percent * 85 / 100 } else { habits.branded_percent.max(50) };
    let imitated = if shown.has(Tell::LookAlike) || shown.has(Tell::Unauthorised) {
        brands::draw_protected(goods.family, random)
    } else {
        None
    };
    if let Some(number) = imitated {
        let name = PROTECTED[usize::from(number)].name;
        if shown.has(Tell::LookAlike) {
            brands::write_look_alike(name, random, text);
        } else {
            text.push_str(name);
        }
        *kind = [Some("OEM"), Some("OWN"), Some("FOREIGN"), None][random.weighted(&[50, 25, 10, 15])];
    } else if shown.has(Tell::NoBrand) {
        if random.percent(12) {
            text.push_str(random.pick(&NO_BRAND_TEXTS));
        }
        *kind = if random.percent(80) { Some("NONE") } else { None };
    } else if let Some(number) = context.brand {
        text.push_str(PROTECTED[usize::from(number)].name);
        *kind = Some("OEM");
    } else if let Some(number) = protected_of(habits, goods, random) {
        let brand = &PROTECTED[usize::from(number)];
        // A clerk's slip looks like an imitation too.
        if random.chance(12_000) {
            brands::write_look_alike(brand.name, random, text);
        } else {
            text.push_str(brand.name);
        }
        *kind = if brand.foreign { Some("OEM") } else { Some("OWN") };
    } else if random.percent(branded_percent) {
        if random.percent(70) {
            brands::write_invented(habits.own_brand, text);
            *kind = Some("OWN");
        } else {
            let key = mix(u64::from(habits.exporter)) ^ u64::from(random.below(4));
            brands::write_invented(pinned(key, INVENTED_COUNT), text);
            *kind = Some(["BOUGHT", "OEM", "FOREIGN"][pinned(key ^ 7, 3) as usize]);
        }
        if random.percent(3) {
            *kind = None;
        }
    } else {
        if random.percent(6) {
            text.push_str(random.pick(&NO_BRAND_TEXTS));
        }
        *kind = if random.percent(65) { Some("NONE") } else { None };
    }
}

/// The brand for which the exporter is authorised, where the goods carry it.
fn protected_of(habits: &Habits, goods: &Goods, random: &mut Random) -> Option<u8> {
    let number = habits.authorised?;
    (PROTECTED[usize::from(number)].families.contains(&goods.family) && random.percent(75)).then_some(number)
}

/// Thousandths of a dollar a unit.
fn unit_price(
    context: &Context<'_>,
    goods: &Goods,
    goods_index: u16,
    shown: Shown,
    random: &mut Random,
) -> u64 {
    // Each destination has a level of its own for each kind of goods.
    let key = (u64::from(context.destination) << 16) | u64::from(goods_index);
    let level =
        u64::from(context.habits.price_percent) * u64::from(90 + pinned(key, 25)) * context.price_percent
            / 10_000;
    let mut mills = random.spread(u64::from(goods.price_mills) * level / 100, &NARROW);
    if shown.has(Tell::Price) {
        mills = mills * u64::from(random.between(15, 48)) / 100;
    }
    mills.max(1)
}

/// Grams a unit, as the declared masses have it.
fn unit_grams(goods: &Goods, shown: Shown, random: &mut Random) -> u64 {
    let grams = u64::from(goods.unit_grams);
    let percent = match shown.has(Tell::Mass) {
        true if random.percent(65) => random.between(25, 60),
        true => random.between(170, 300),
        // Goods by weight weigh what they say.
        false if goods.unit == Unit::Kilogram => 100,
        false => random.between(88, 112),
    };
    (grams * u64::from(percent) / 100).max(1)
}

/// `value`, unless the declarant left it out, as in `missing` of a million lines.
fn keep<T>(value: T, missing: u32, random: &mut Random) -> Option<T> {
    if random.chance(missing) { None } else { Some(value) }
}
