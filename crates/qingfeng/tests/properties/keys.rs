//! The key index against a definition without an index.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use qingfeng::{Declaration, Engine, Item};

use super::cases;

pub const COUNTRIES: [&str; 6] = ["KE", "TZ", "SD", "AE", "PA", "DE"];
pub const HS: [&str; 7] = ["87", "8711", "871120", "8711209000", "871410", "61", "6109"];
pub const MODES: [&str; 5] = ["0110", "9610", "1039", "9710", "RES"];
const PLACES: [&str; 6] = ["CNTAO", "CNRUI", "3301", "33019", "5301", "YIWU"];
const KINDS: [&str; 4] = ["border", "market", "port", "production"];
/// The field in which sites of each kind are looked up.
const KIND_FIELDS: [&str; 4] = ["port", "procurement_place", "port", "origin_district"];
pub const DAYS: [&str; 5] = ["2016-01-01", "2016-01-02", "2016-06-30", "2016-07-01", "2017-01-01"];

/// A member of a group: its code, the days of its membership, and whether it is a prefix.
#[derive(Clone, Debug)]
pub struct Member {
    code: &'static str,
    from: Option<&'static str>,
    until: Option<&'static str>,
    is_prefix: bool,
}

#[derive(Clone, Debug)]
pub struct Group {
    members: Vec<Member>,
    /// For sites.
    kind: usize,
}

/// What a rule asks for in one key.
#[derive(Clone, Debug)]
pub enum Asked {
    Group(usize),
    Code(&'static str),
    Kind(usize),
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub region: Vec<Asked>,
    pub commodity: Vec<Asked>,
    pub mode: Vec<Asked>,
    pub site: Vec<Asked>,
    pub from: Option<&'static str>,
    pub until: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub struct Line {
    pub destination: &'static str,
    pub hs: &'static str,
    pub mode: &'static str,
    pub port: Option<&'static str>,
    pub procurement_place: Option<&'static str>,
    pub origin_district: Option<&'static str>,
    pub site_kind: Option<usize>,
    pub day: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub struct World {
    pub regions: Vec<Group>,
    pub commodities: Vec<Group>,
    pub modes: Vec<Group>,
    pub sites: Vec<Group>,
    pub rules: Vec<Rule>,
    pub lines: Vec<Line>,
}

fn one(of: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(of)
}

fn perhaps(of: &'static [&'static str]) -> impl Strategy<Value = Option<&'static str>> {
    prop::option::of(one(of))
}

fn member(codes: &'static [&'static str], prefixes: bool) -> impl Strategy<Value = Member> {
    (
        one(codes),
        prop::option::weighted(0.3, one(&DAYS)),
        prop::option::weighted(0.3, one(&DAYS)),
        any::<bool>(),
    )
        .prop_map(move |(code, from, until, is_prefix)| Member {
            code,
            // A membership that ends before it begins is refused.
            until: until.filter(|until| from.is_none_or(|from| from <= *until)),
            from,
            is_prefix: prefixes && is_prefix,
        })
}

fn groups(codes: &'static [&'static str], prefixes: bool) -> impl Strategy<Value = Vec<Group>> {
    let group = (vec(member(codes, prefixes), 0..4), 0..KINDS.len());
    vec(group.prop_map(|(members, kind)| Group { members, kind }), 3)
}

fn asked(codes: &'static [&'static str]) -> impl Strategy<Value = Vec<Asked>> {
    vec(prop_oneof![2 => (0..3_usize).prop_map(Asked::Group), 1 => one(codes).prop_map(Asked::Code)], 0..3)
}

fn asked_site() -> impl Strategy<Value = Vec<Asked>> {
    let one = prop_oneof![
        3 => (0..3_usize).prop_map(Asked::Group),
        1 => one(&PLACES).prop_map(Asked::Code),
        1 => (0..KINDS.len()).prop_map(Asked::Kind),
    ];
    prop_oneof![2 => Just(Vec::new()), 1 => vec(one, 1..3)]
}

fn rule() -> impl Strategy<Value = Rule> {
    (
        asked(&COUNTRIES),
        asked(&HS),
        asked(&MODES),
        asked_site(),
        prop::option::weighted(0.2, one(&DAYS)),
        prop::option::weighted(0.2, one(&DAYS)),
    )
        .prop_map(|(region, commodity, mode, site, from, until)| Rule {
            region,
            commodity,
            mode,
            site,
            until: until.filter(|until| from.is_none_or(|from| from <= *until)),
            from,
        })
}

fn line() -> impl Strategy<Value = Line> {
    (
        one(&COUNTRIES),
        one(&HS),
        one(&MODES),
        perhaps(&PLACES),
        perhaps(&PLACES),
        perhaps(&PLACES),
        prop::option::of(0..KINDS.len()),
        prop::option::weighted(0.8, one(&DAYS)),
    )
        .prop_map(|(destination, hs, mode, port, procurement_place, origin_district, site_kind, day)| {
            Line { destination, hs, mode, port, procurement_place, origin_district, site_kind, day }
        })
}

pub fn world() -> impl Strategy<Value = World> {
    (
        groups(&COUNTRIES, false),
        groups(&HS, false),
        groups(&MODES, false),
        groups(&PLACES, true),
        vec(rule(), 1..90),
        vec(line(), 1..30),
    )
        .prop_map(|(regions, commodities, modes, sites, rules, lines)| World {
            regions,
            commodities,
            modes,
            sites,
            rules,
            lines,
        })
}

// The definition. Days are texts in ISO form, so texts compare as days do.

pub fn in_force(from: Option<&str>, until: Option<&str>, day: Option<&str>) -> bool {
    day.is_none_or(|day| from.is_none_or(|from| from <= day) && until.is_none_or(|until| day <= until))
}

pub fn belongs(group: &Group, code: &str, day: Option<&str>, all_prefixes: bool) -> bool {
    group.members.iter().any(|member| {
        let fits = if all_prefixes || member.is_prefix {
            code.starts_with(member.code)
        } else {
            code == member.code
        };
        fits && in_force(member.from, member.until, day)
    })
}

pub fn meets_key(asked: &[Asked], groups: &[Group], code: &str, day: Option<&str>, by_prefix: bool) -> bool {
    asked.is_empty()
        || asked.iter().any(|asked| match asked {
            Asked::Group(at) => belongs(&groups[*at], code, day, by_prefix),
            Asked::Code(wanted) => {
                if by_prefix {
                    code.starts_with(wanted)
                } else {
                    code == *wanted
                }
            }
            Asked::Kind(_) => unreachable!("only sites have kinds"),
        })
}

fn field(line: &Line, kind: usize) -> Option<&'static str> {
    match KIND_FIELDS[kind] {
        "port" => line.port,
        "procurement_place" => line.procurement_place,
        _ => line.origin_district,
    }
}

fn meets_site(rule: &Rule, sites: &[Group], line: &Line) -> bool {
    let is_at =
        |site: &Group| field(line, site.kind).is_some_and(|code| belongs(site, code, line.day, false));
    rule.site.is_empty()
        || rule.site.iter().any(|asked| match asked {
            Asked::Group(at) => is_at(&sites[*at]),
            Asked::Code(wanted) => (0..KINDS.len()).any(|kind| field(line, kind) == Some(wanted)),
            Asked::Kind(kind) => {
                line.site_kind == Some(*kind) || sites.iter().any(|site| site.kind == *kind && is_at(site))
            }
        })
}

fn meets(world: &World, rule: &Rule, line: &Line) -> bool {
    meets_key(&rule.region, &world.regions, line.destination, line.day, false)
        && meets_key(&rule.commodity, &world.commodities, line.hs, line.day, true)
        && meets_key(&rule.mode, &world.modes, line.mode, line.day, false)
        && meets_site(rule, &world.sites, line)
        && in_force(rule.from, rule.until, line.day)
}

// The same as a pack and as declarations.

fn reference(groups: &[Group], are_sites: bool) -> String {
    let mut text = String::new();
    for (at, group) in groups.iter().enumerate() {
        let members: Vec<String> = group
            .members
            .iter()
            .map(|member| {
                let mut text =
                    format!("{{ code = \"{}{}\"", member.code, if member.is_prefix { "*" } else { "" });
                member.from.iter().for_each(|day| write!(text, ", from = \"{day}\"").unwrap());
                member.until.iter().for_each(|day| write!(text, ", until = \"{day}\"").unwrap());
                text + " }"
            })
            .collect();
        writeln!(text, "[group-{at}]\ntitle = \"t\"\nmembers = [{}]", members.join(", ")).unwrap();
        if are_sites {
            writeln!(text, "kind = \"{}\"", KINDS[group.kind]).unwrap();
        }
    }
    text
}

/// A group of all codes, so that a rule may name each: a mode must be in some group.
fn every_code(codes: &[&str]) -> String {
    format!("[every]\ntitle = \"t\"\nmembers = {codes:?}\n")
}

fn key(name: &str, asked: &[Asked]) -> String {
    let names: Vec<String> = asked
        .iter()
        .map(|asked| match asked {
            Asked::Group(at) => format!("\"group-{at}\""),
            Asked::Code(code) => format!("\"{code}\""),
            Asked::Kind(kind) => format!("\"{}\"", KINDS[*kind]),
        })
        .collect();
    if names.is_empty() { String::new() } else { format!(" {name}: [{}],", names.join(", ")) }
}

pub fn open(world: &World) -> Engine {
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &str, text: String| std::fs::write(directory.path().join(path), text).unwrap();
    std::fs::create_dir(directory.path().join("reference")).unwrap();
    write(
        "pack.toml",
        "[pack]\nname = \"keys\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0\n"
            .into(),
    );
    write("reference/regions.toml", reference(&world.regions, false));
    write("reference/commodities.toml", reference(&world.commodities, false));
    write("reference/modes.toml", [reference(&world.modes, false), every_code(&MODES)].concat());
    write("reference/sites.toml", reference(&world.sites, true));
    let mut rules = String::new();
    for (at, rule) in world.rules.iter().enumerate() {
        let day =
            |name: &str, day: Option<&str>| day.map_or(String::new(), |day| format!(" {name}: \"{day}\","));
        writeln!(
            rules,
            "rule(\"R{at}\", #{{ title: \"t\",{}{}{}{}{}{} }});",
            key("region", &rule.region),
            key("commodity", &rule.commodity),
            key("mode", &rule.mode),
            key("site", &rule.site),
            day("from", rule.from),
            day("until", rule.until)
        )
        .unwrap();
    }
    write("rules.rhai", rules);
    Engine::open(directory.path()).unwrap()
}

/// A code of a site can be asked for only where some site has it; rules that ask for another one lose it.
pub fn known_sites(mut world: World) -> World {
    let codes: Vec<&str> = world
        .sites
        .iter()
        .flat_map(|site| &site.members)
        .filter(|member| !member.is_prefix)
        .map(|member| member.code)
        .collect();
    for rule in &mut world.rules {
        rule.site.retain(|asked| !matches!(asked, Asked::Code(code) if !codes.contains(code)));
    }
    world
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn a_rule_meets_a_line_where_the_definition_says_so(world in world().prop_map(known_sites)) {
        let engine = open(&world);
        for (at, line) in world.lines.iter().enumerate() {
            let declaration = Declaration::new()
                .with("declaration_id", format!("D{at}"))
                .with("destination", line.destination)
                .with("mode", line.mode)
                .with("port", line.port)
                .with("procurement_place", line.procurement_place)
                .with("origin_district", line.origin_district)
                .with("site_kind", line.site_kind.map(|kind| KINDS[kind]))
                .with("declared_on", line.day)
                .item(Item::new().with("hs", line.hs));
            let assessment = engine.assess(&declaration).unwrap();
            let found: Vec<&str> = assessment.items[0].fired.iter().map(|fired| fired.rule.as_str()).collect();
            let expected: Vec<String> = (0..world.rules.len())
                .filter(|&rule| meets(&world, &world.rules[rule], line))
                .map(|rule| format!("R{rule}"))
                .collect();
            prop_assert_eq!(found, expected, "{:?}", line);
        }
    }
}
