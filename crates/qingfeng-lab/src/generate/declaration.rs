//! Drafts declarations one after the other: who declares what, where to and when, and the schemes that span
//! a declaration or several.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use qingfeng_rules::Date;

use super::brands;
use super::calendar::{Calendar, line_count};
use super::columns::{Columns, Header, Line, Outcome};
use super::countries::{COUNTRIES, Region};
use super::goods::{Catalogue, Goods, Trade};
use super::line::{self, Amount, Context};
use super::places::{self, MARKETS, Market, PORTS, Port, PortKind};
use super::random::{NARROW, Random, WIDE, mix, pinned};
use super::text::{self, push_number};
use super::traders::{EXPORTER_OFFENDER, Habits, PRODUCER_OFFENDER, Traders};
use super::violations::{Finding, Suspect, Tell};

/// No declaration has more goods lines.
pub(super) const MOST_LINES: u32 = 20;
/// Serial numbers of an office begin again after so many; those above are left to the simulation.
const MOST_SERIALS: u64 = 900_000_000;
/// Runs of declarations that are under way at the same time.
const MOST_RUNS: usize = 4;
/// Market procurement allows 150,000 USD a declaration.
const SPLIT_CENTS: (u32, u32) = (14_100_000, 14_995_000);
/// What visitors bought could leave with 50,000 USD a declaration.
const MOST_VISITOR_CENTS: u64 = 4_950_000;

/// Several declarations of one exporter on one day.
#[derive(Debug, Clone)]
struct Run {
    exporter: u32,
    tell: Tell,
    violating: bool,
    destination: u16,
    goods: u16,
    brand: Option<u8>,
    /// Whom the goods are for and under which contract.
    key: u64,
    left: u32,
}

/// What is decided of a declaration before it is written.
struct Plan {
    habits: Habits,
    trade: Trade,
    suspect: Suspect,
    producer: u32,
    /// Index of the true destination.
    destination: u16,
    /// The first line's goods; a run has the same throughout.
    goods: u16,
    /// A pattern of the whole declaration, whether or not it violates.
    scheme: Option<Tell>,
    violating: bool,
    brand: Option<u8>,
    key: u64,
    lines: u32,
}

/// The last serial number of each customs office.
struct Serials {
    seed: u64,
    last: BTreeMap<&'static str, u64>,
}

impl Serials {
    /// Writes the next number of an office: its code, the year, 0 for exports, nine digits.
    fn write_id(&mut self, office: &'static str, day: Date, random: &mut Random, id: &mut String) {
        let start =
            || pinned(office.bytes().fold(self.seed, |key, digit| mix(key ^ u64::from(digit))), 400_000);
        let serial = self.last.entry(office).or_insert_with(|| start().into());
        // Declarations of other kinds take numbers too.
        *serial = (*serial + u64::from(random.between(1, 3))) % MOST_SERIALS;
        id.clear();
        id.push_str(office);
        push_number(id, day.year().unsigned_abs(), 4);
        push_number(id, *serial, 10);
    }
}

/// Writes declarations; all state of a stream is here.
pub(super) struct Drafter {
    random: Random,
    catalogue: Catalogue,
    traders: Traders,
    calendar: Calendar,
    /// Day of the year, from 0.
    day: u32,
    runs: Vec<Run>,
    serials: Serials,
    header: Header,
    line: Line,
}

impl Drafter {
    /// Declarations of one of [`super::calendar::YEARS`].
    pub(super) fn new(seed: u64, year: i32) -> Self {
        Self {
            random: Random::new(seed, 0),
            catalogue: Catalogue::new(),
            traders: Traders::new(seed),
            calendar: Calendar::new(seed, year),
            day: 0,
            runs: Vec::with_capacity(MOST_RUNS),
            serials: Serials { seed, last: BTreeMap::new() },
            header: Header::default(),
            line: Line::default(),
        }
    }

    /// The same stream, spread over some days of the year alone.
    pub(super) fn within(mut self, days: RangeInclusive<usize>) -> Self {
        self.calendar = self.calendar.within(days);
        self
    }

    /// Writes the declaration that begins at line `position` of `lines`, and returns its number of lines.
    pub(super) fn declare(&mut self, position: u64, lines: u64, columns: &mut Columns) -> u64 {
        let due = self.calendar.day(position, lines);
        let mut plan = if self.runs.is_empty() {
            self.day = due;
            self.plan()
        } else if due > self.day || self.random.percent(50) {
            // The day does not end before its runs do.
            self.continue_run()
        } else {
            self.plan()
        };
        let left = lines.saturating_sub(position);
        plan.lines = plan.lines.min(MOST_LINES).min(u32::try_from(left).unwrap_or(u32::MAX));
        self.write_header(&plan);
        columns.push_header(&self.header, plan.lines as usize);
        self.write_lines(&plan, columns);
        u64::from(plan.lines)
    }

    /// A declaration on its own, or the first of a run.
    fn plan(&mut self) -> Plan {
        let random = &mut self.random;
        let is_newcomer_large = random.chance(1_800);
        let exporter = if is_newcomer_large {
            self.traders.draw_newcomer(self.day, random)
        } else {
            self.traders.draw_exporter(self.day, random)
        };
        let habits = self.traders.habits(exporter, &self.catalogue);
        let destination = self.traders.destination(&habits, random);
        let goods = habits.draw_goods(&self.catalogue, random);
        let mut plan = self.plan_for(habits, destination, goods);
        let random = &mut self.random;
        plan.key = mix((u64::from(plan.habits.exporter) << 32) | (u64::from(destination) << 8))
            ^ u64::from(random.below(3));
        if is_newcomer_large {
            (plan.scheme, plan.violating) = (Some(Tell::Newcomer), random.percent(55));
            return plan;
        }
        plan.scheme = plan.suspect.draw_scheme(random);
        plan.violating = plan.scheme.is_some();
        if plan.scheme.is_none() {
            // The same patterns for honest reasons.
            plan.scheme = match random.below(100_000) {
                0..700 => Some(Tell::District),
                700..1_200 => Some(Tell::Transit),
                1_200..1_260 if plan.trade == Trade::Market => Some(Tell::Split),
                1_200..1_225 if plan.trade == Trade::Parcel => Some(Tell::Parcels),
                _ => None,
            };
        }
        let left = match plan.scheme {
            Some(Tell::Split) => random.between(1, 5),
            Some(Tell::Parcels) => random.between(9, 39),
            _ => return plan,
        };
        if plan.scheme == Some(Tell::Parcels) && plan.violating {
            plan.brand = brands::draw_protected(self.catalogue.get(plan.goods).family, random);
        }
        if self.runs.len() < MOST_RUNS
            && let Some(tell) = plan.scheme
        {
            self.runs.push(Run {
                exporter: plan.habits.exporter,
                tell,
                violating: plan.violating,
                destination: plan.destination,
                goods: plan.goods,
                brand: plan.brand,
                key: plan.key,
                left,
            });
        }
        if plan.scheme == Some(Tell::Parcels) {
            plan.lines = 1;
        }
        plan
    }

    /// The next declaration of one of the runs.
    fn continue_run(&mut self) -> Plan {
        let at = self.random.below(self.runs.len() as u32) as usize;
        let run = self.runs[at].clone();
        if run.left <= 1 {
            self.runs.swap_remove(at);
        } else {
            self.runs[at].left -= 1;
        }
        let habits = self.traders.habits(run.exporter, &self.catalogue);
        let mut plan = self.plan_for(habits, run.destination, run.goods);
        (plan.scheme, plan.violating, plan.brand) = (Some(run.tell), run.violating, run.brand);
        if run.tell == Tell::Parcels {
            plan.lines = 1;
            plan.key = mix(run.key ^ u64::from(run.left));
        } else {
            plan.key = run.key;
        }
        plan
    }

    fn plan_for(&mut self, habits: Habits, destination: u16, goods: u16) -> Plan {
        let random = &mut self.random;
        let trade = habits.trade;
        let producer = habits.draw_producer(random);
        let offender_exporter = habits.exporter.is_multiple_of(EXPORTER_OFFENDER);
        let offender_producer = producer.is_multiple_of(PRODUCER_OFFENDER);
        let lines = match trade {
            Trade::Market => line_count(random) + random.below(7),
            Trade::Parcel => 1 + random.below(7) / 6,
            Trade::Residents => random.between(1, 3),
            _ => line_count(random),
        };
        let suspect = Suspect {
            family: self.catalogue.get(goods).family,
            region: COUNTRIES[usize::from(destination)].region,
            trade,
            offender_exporter,
            offender_producer,
            newcomer: Traders::is_newcomer(habits.exporter, self.day),
            trusted: Traders::is_trusted(habits.exporter),
            authorised: habits.authorised.is_some(),
            found_before: offender_exporter || offender_producer,
            leaning_tenths: habits.leaning_tenths,
        };
        Plan {
            habits,
            trade,
            suspect,
            producer,
            destination,
            goods,
            scheme: None,
            violating: false,
            brand: None,
            key: 0,
            lines,
        }
    }

    fn write_header(&mut self, plan: &Plan) {
        let (random, header) = (&mut self.random, &mut self.header);
        let goods = self.catalogue.get(plan.goods);
        let habits = &plan.habits;
        let mut port = &PORTS[usize::from(habits.port)];
        // Markets and border crossings leave no choice.
        if plan.trade != Trade::Market && port.kind != PortKind::Border && random.percent(8) {
            port = &PORTS[usize::from(places::draw_port(port.kind, goods.provinces[0], random))];
        }

        let day = self.calendar.date(self.day);
        header.declared_on = day.days();
        header.mode = mode(plan, day, random);
        let market = (header.mode == "1039").then(|| &MARKETS[usize::from(habits.market)]);
        // What a market sells is mostly declared beside it.
        header.declaration_office =
            market.filter(|_| random.percent(90)).map_or(port.code, |market| market.office);
        self.serials.write_id(header.declaration_office, day, random, &mut header.declaration_id);
        header.port = (!random.chance(3_000)).then_some(port.code);
        header.site_kind = site_kind(plan.trade, port.kind, random);
        header.procurement_place = market.filter(|_| random.percent(96)).map(|market| market.code);
        header.origin_district = origin_district(plan, goods, market, random);
        let route = route(plan, port.kind, random);
        header.destination = route.destination;
        header.final_destination = route.last;
        header.trading_country = route.buyer;
        header.transit = route.transit;
        header.transport = transport(plan.trade, port, random);
        header.exporter = (!random.chance(4_000)).then_some(habits.exporter);
        header.producer = (!random.chance(140_000)).then_some(plan.producer);
        header.agent = (!random.chance(80_000)).then_some(habits.agent);
        header.consignee.clear();
        if !random.chance(if plan.trade == Trade::Parcel { 400_000 } else { 50_000 }) {
            text::write_consignee(
                COUNTRIES[usize::from(plan.destination)].region,
                plan.key,
                &mut header.consignee,
            );
        }
        header.contract.clear();
        if !random.chance(100_000) {
            // The split parts of a consignment share a contract; other consignees have one each time.
            let contract = if plan.scheme == Some(Tell::Split) {
                plan.key
            } else {
                plan.key ^ u64::from(random.below(1 << 30))
            };
            text::write_contract(habits.exporter, day, contract, &mut header.contract);
        }
        let yuan = if port.kind == PortKind::Border { 55 } else { 5 };
        header.currency = match random.below(100) {
            0 => None,
            1..=3 => Some("EUR"),
            draw if draw < 4 + yuan => Some("CNY"),
            _ => Some("USD"),
        };
    }

    fn write_lines(&mut self, plan: &Plan, columns: &mut Columns) {
        let random = &mut self.random;
        let is_visitors = self.header.mode == VISITORS;
        let context = Context {
            day: self.calendar.date(self.day),
            habits: &plan.habits,
            suspect: plan.suspect,
            destination: plan.destination,
            scheme: plan.scheme.filter(|_| plan.violating),
            brand: plan.brand,
            price_percent: match plan.trade {
                Trade::Parcel => 165,
                Trade::Platform if is_visitors => 95,
                Trade::Platform => 130,
                Trade::Market => 92,
                _ => 100,
            },
        };
        let is_split = plan.scheme == Some(Tell::Split);
        let volume_percent = if plan.scheme == Some(Tell::Newcomer) { 600 } else { 100 };
        let mut cents_left = match plan.trade {
            Trade::Market if is_split => u64::from(random.between(SPLIT_CENTS.0, SPLIT_CENTS.1)),
            Trade::Market => random.spread(22_000 * volume_percent, &WIDE).clamp(100_000, 13_500_000),
            Trade::Residents => random.spread(70_000, &NARROW).min(115_000),
            Trade::Platform if is_visitors => {
                random.spread(14_000 * volume_percent, &WIDE).clamp(100_000, MOST_VISITOR_CENTS)
            }
            _ => 0,
        };
        let mut is_fined = false;
        for at in 0..plan.lines {
            let goods_index =
                if at == 0 { plan.goods } else { plan.habits.draw_goods(&self.catalogue, random) };
            let goods = self.catalogue.get(goods_index);
            let lines_left = u64::from(plan.lines - at);
            let amount = match plan.trade {
                _ if self.header.mode == "3010" => Amount::Pieces(u64::from(random.between(1, 20))),
                Trade::Market if lines_left == 1 && is_split => Amount::Cents(cents_left),
                Trade::Market | Trade::Residents => share_of(cents_left, lines_left, random),
                Trade::Platform if is_visitors => share_of(cents_left, lines_left, random),
                Trade::Parcel => {
                    let pieces = [1, 2, 3, 5][random.weighted(&[64, 20, 11, 5])];
                    Amount::Pieces(pieces * volume_percent / 100)
                }
                Trade::General => Amount::LotPercent(volume_percent * 2 / 3),
                Trade::Processing => Amount::LotPercent(volume_percent),
                Trade::Border => Amount::LotPercent(volume_percent / 3),
                Trade::Platform => Amount::LotPercent(volume_percent / 10),
            };
            self.line.clear();
            let drafted = line::draft(&context, goods_index, goods, amount, &mut self.line, random);
            cents_left = cents_left.saturating_sub(drafted.value_cents);
            let outcome = drafted.finding.map(|finding| {
                let of_share = |whole: u64| (whole * u64::from(finding.share_percent) / 100).max(1);
                let value_cents = of_share(drafted.value_cents);
                let is_first = !is_fined;
                is_fined = true;
                Outcome {
                    finding,
                    pieces: of_share(drafted.quantity),
                    value_cents,
                    fine: if is_first { finding.draw_fine(random) } else { 0 },
                    major_case: is_first && Finding::draw_major(value_cents, random),
                }
            });
            columns.push_line(at + 1, &self.line, outcome.as_ref());
        }
    }
}

/// What a line takes of the value that is left for so many lines.
fn share_of(cents_left: u64, lines_left: u64, random: &mut Random) -> Amount {
    Amount::Cents(u64::from(random.between(40, 100)) * cents_left / lines_left / 100)
}

/// How many of the provinces the goods may come from: mostly the main two.
fn home_provinces(provinces: &[u8], random: &mut Random) -> usize {
    if random.percent(80) { provinces.len().min(2) } else { provinces.len() }
}

/// What visitors bought: given up at the end of July 2017, by announcement 34 of that year.
const VISITORS: &str = "0139";

/// The mode code of a trade, as of a day; border residents' has a value of its own, for no official code exists.
fn mode(plan: &Plan, day: Date, random: &mut Random) -> &'static str {
    let month = (day.year(), day.month());
    let (codes, weights): (&[&str], &[u32]) = match plan.trade {
        Trade::General => (&["0110", "3010", "3422", "3339", "2700"], &[955, 20, 15, 6, 4]),
        Trade::Market => (&["1039", "0110"], &[97, 3]),
        Trade::Parcel => (&["9610", "1210"], &[96, 4]),
        Trade::Processing => (&["0615", "0214", "0715"], &[60, 35, 5]),
        Trade::Border => (&["4019", "0110"], &[96, 4]),
        Trade::Residents => return "BORDER-RESIDENTS",
        Trade::Platform if month < (2017, 8) => (&[VISITORS], &[1]),
        // Between the two nothing but general trade was left for it.
        Trade::Platform if month < (2020, 7) => (&["0110"], &[1]),
        Trade::Platform => (&["9710", "9810"], &[60, 40]),
    };
    match plan.scheme {
        // Runs are made for their mode.
        Some(Tell::Split | Tell::Parcels) => codes[0],
        _ => codes[random.weighted(weights)],
    }
}

fn site_kind(trade: Trade, port: PortKind, random: &mut Random) -> Option<&'static str> {
    match (trade, port) {
        (Trade::Market, _) => random.percent(75).then_some("MARKET"),
        (_, PortKind::Border) => random.percent(80).then_some("BORDER"),
        (_, PortKind::Sea) => match random.below(100) {
            0..=44 => Some("PORT"),
            45..=61 => Some("PRODUCTION"),
            _ => None,
        },
        (_, PortKind::Air | PortKind::Inland) => random.percent(20).then_some("PORT"),
    }
}

fn origin_district(plan: &Plan, goods: &Goods, market: Option<&Market>, random: &mut Random) -> Option<u32> {
    if plan.scheme == Some(Tell::District) {
        let province = places::unlikely_province(&goods.provinces, random);
        return Some(places::draw_district(province, random));
    }
    if random.percent(4) {
        return None;
    }
    // Whoever buys from many stalls names the market's own district.
    if let Some(market) = market.filter(|_| random.percent(70)) {
        return Some(market.district);
    }
    // An exporter's goods of a kind come from the same place.
    let mut home = Random::new(mix((u64::from(plan.habits.exporter) << 16) | u64::from(plan.goods)), 1);
    let makers = home_provinces(&goods.provinces, &mut home);
    let province = home.pick(&goods.provinces[..makers]);
    Some(places::draw_district(province, &mut home))
}

/// Transport as a code: 2 sea, 3 rail, 4 road, 5 air, 6 post.
fn transport(trade: Trade, port: &Port, random: &mut Random) -> Option<&'static str> {
    if random.chance(10_000) {
        return None;
    }
    Some(match port.kind {
        PortKind::Border => random.pick(&port.crossing),
        PortKind::Air if trade == Trade::Parcel => ["6", "5"][random.weighted(&[70, 30])],
        PortKind::Air => "5",
        PortKind::Sea => "2",
        PortKind::Inland => "3",
    })
}

/// Hubs that lie on no sensible way to a region.
fn odd_hubs(region: Region) -> &'static [&'static str] {
    match region {
        Region::Focus | Region::Africa | Region::Arab => &["PA", "MY", "HK", "TR", "SG"],
        Region::Latin => &["AE", "SG", "MY", "DJ"],
        Region::Belt | Region::Other => &["AE", "PA", "DJ", "TR"],
    }
}

/// Destinations under which a true one is hidden.
const COVERS: [&str; 6] = ["SG", "HK", "MY", "PA", "TR", "GE"];

/// Where traders sit who sell on what they never see.
const BUYERS: [&str; 3] = ["HK", "SG", "AE"];

/// The countries of a declaration.
struct Route {
    destination: &'static str,
    /// The final destination, where it is given.
    last: Option<&'static str>,
    /// Where the contract's other party sits.
    buyer: Option<&'static str>,
    transit: Option<&'static str>,
}

fn route(plan: &Plan, port: PortKind, random: &mut Random) -> Route {
    let country = &COUNTRIES[usize::from(plan.destination)];
    let (destination, last, transit) = if plan.scheme == Some(Tell::Transit) {
        let cover = random.pick(&COVERS);
        if plan.violating && random.percent(40) && cover != country.code {
            // Some keep up the cover to the last box.
            let last = if random.percent(30) { cover } else { country.code };
            (cover, last, Some(country.code))
        } else {
            let hub = random.pick(odd_hubs(country.region));
            (country.code, country.code, (hub != country.code).then_some(hub))
        }
    } else {
        let transit = match country.transit {
            Some(transit) => random.percent(60).then_some(transit),
            None if random.percent(6) => Some(random.pick(&["HK", "SG", "KR", "AE"])),
            None => None,
        };
        // Some honest goods are sold on from a warehouse on the way.
        let resold = port == PortKind::Sea && random.chance(4_000);
        let destination = if resold { random.pick(&BUYERS) } else { country.code };
        (destination, country.code, transit.filter(|&transit| transit != country.code))
    };
    let is_far = matches!(port, PortKind::Sea | PortKind::Air);
    let buyer = match random.below(100) {
        0..=1 => None,
        2..=8 if is_far => Some(random.pick(&BUYERS)),
        _ => Some(destination),
    };
    Route { destination, last: (!random.chance(15_000)).then_some(last), buyer, transit }
}
