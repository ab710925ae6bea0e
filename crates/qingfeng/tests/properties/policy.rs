//! The coverage of a policy against a definition without an index, and the trade in its cells.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use qingfeng::read::{Input, ReadOptions, Reader};
use qingfeng::rules::{Date, Key};
use qingfeng::tools::policy_coverage::{CoverageOptions, PolicyCoverage, Segment, Trade};
use qingfeng::{Engine, Outputs, Pipeline};

use super::keys::{
    COUNTRIES, DAYS, Group, HS, MODES, Rule, World, belongs, in_force, known_sites, meets_key, open, world,
};
use super::{cases, clean_wind, generated, write};

type At = [usize; 3];

/// Every code that groups and rules can name, one that none names, and one longer than a prefix.
fn codes(known: &[&'static str], more: &[&'static str]) -> Vec<&'static str> {
    known.iter().chain(more).copied().collect()
}

/// Every day on which something can begin or end, and those after.
fn days() -> Vec<String> {
    let mut days = vec!["2015-06-01".to_owned()];
    for day in DAYS {
        let day: Date = day.parse().unwrap();
        days.extend([day.to_string(), day.plus_days(1).unwrap().to_string()]);
    }
    days
}

/// The positions of the segments that a code is in, in a pack with these groups.
fn segments(
    groups: &[Group],
    more: usize,
    code: &str,
    day: Option<&str>,
    prefixes: bool,
    every: &[&str],
) -> Vec<usize> {
    let mut found = vec![0];
    found.extend((0..groups.len()).filter(|&at| belongs(&groups[at], code, day, prefixes)).map(|at| at + 1));
    found.extend((more == 1 && every.contains(&code)).then_some(groups.len() + 1));
    if found.len() == 1 {
        found.push(groups.len() + more + 1);
    }
    found
}

/// The cells that a line with these codes is in.
fn cells(world: &World, region: &str, hs: &str, mode: &str, day: Option<&str>) -> Vec<At> {
    let regions = segments(&world.regions, 0, region, day, false, &[]);
    let commodities = segments(&world.commodities, 0, hs, day, true, &[]);
    // The pack has a group of all modes besides.
    let modes = segments(&world.modes, 1, mode, day, false, &MODES);
    let mut found = Vec::new();
    for &region in &regions {
        for &commodity in &commodities {
            found.extend(modes.iter().map(|&mode| [region, commodity, mode]));
        }
    }
    found
}

fn meets(world: &World, rule: &Rule, region: &str, hs: &str, mode: &str, day: &str) -> bool {
    let day = Some(day);
    meets_key(&rule.region, &world.regions, region, day, false)
        && meets_key(&rule.commodity, &world.commodities, hs, day, true)
        && meets_key(&rule.mode, &world.modes, mode, day, false)
}

/// Of each cell the rules that reach it, with whether they cover it wholly, by trying all codes on all days.
fn by_trying(world: &World, days: &[String]) -> BTreeMap<At, BTreeMap<usize, bool>> {
    let mut found: BTreeMap<At, BTreeMap<usize, [bool; 2]>> = BTreeMap::new();
    for day in days {
        for &region in &codes(&COUNTRIES, &["FR"]) {
            for &hs in &codes(&HS, &["99", "61091", "87112090001"]) {
                for &mode in &codes(&MODES, &["NEW"]) {
                    let cells = cells(world, region, hs, mode, Some(day));
                    for (at, rule) in world.rules.iter().enumerate() {
                        if !in_force(rule.from, rule.until, Some(day)) {
                            continue;
                        }
                        let meets = meets(world, rule, region, hs, mode, day);
                        for cell in &cells {
                            let [reaches, misses] = found.entry(*cell).or_default().entry(at).or_default();
                            *reaches |= meets;
                            *misses |= !meets;
                        }
                    }
                }
            }
        }
    }
    let rules = |rules: BTreeMap<usize, [bool; 2]>| {
        rules
            .into_iter()
            .filter(|(_, [reaches, _])| *reaches)
            .map(|(at, [_, misses])| (at, !misses))
            .collect()
    };
    found.into_iter().map(|(cell, of_cell)| (cell, rules(of_cell))).collect()
}

fn covered(engine: &Engine, coverage: &PolicyCoverage) -> BTreeMap<At, BTreeMap<usize, bool>> {
    let cells = coverage.cells().iter().filter(|cell| !cell.is_empty);
    let rules =
        |at: At| coverage.rules(engine.pack(), at).iter().map(|rule| (rule.rule, rule.wholly)).collect();
    cells.map(|cell| (cell.at, rules(cell.at))).collect()
}

proptest! {
    #![proptest_config(cases(20))]

    #[test]
    fn coverage_is_what_trying_all_codes_and_days_gives(world in world().prop_map(known_sites), as_of in prop::sample::select(&DAYS[..])) {
        let engine = open(&world);
        let days = days();
        for (as_of, days) in [(None, days.clone()), (Some(as_of), vec![as_of.to_owned()])] {
            let options = CoverageOptions {
                as_of: as_of.map(|day| day.parse().unwrap()),
                ..CoverageOptions::default()
            };
            let coverage = engine.policy_coverage(&options).unwrap();
            let mut expected = by_trying(&world, &days);
            for cell in coverage.cells().iter().filter(|cell| !cell.is_empty) {
                expected.entry(cell.at).or_default();
            }
            prop_assert_eq!(&covered(&engine, &coverage), &expected, "as of {:?}", as_of);
            for cell in coverage.cells() {
                let rules = expected.get(&cell.at);
                prop_assert_eq!(cell.all.rules as usize, rules.map_or(0, BTreeMap::len));
                let wholly = rules.map_or(0, |rules| rules.values().filter(|wholly| **wholly).count());
                prop_assert_eq!(cell.all.wholly as usize, wholly);
                prop_assert!(cell.made_for.rules <= cell.named.rules && cell.named.rules <= cell.all.rules);
            }
            // One segment alone gives the cells it has among all.
            for cell in coverage.cells() {
                let only = |axis: usize| Some(coverage.axes()[axis].segments[cell.at[axis]].name.clone());
                if cell.at[0] + 1 == cell.at[2] {
                    let options = CoverageOptions { only: [only(0), None, only(2)], ..options.clone() };
                    let slice = engine.policy_coverage(&options).unwrap();
                    let same = slice.cell([0, cell.at[1], 0]).unwrap();
                    prop_assert_eq!((same.all, same.named, same.gap), (cell.all, cell.named, cell.gap));
                }
            }
        }
    }

    #[test]
    fn trade_is_counted_in_every_cell_of_a_line(world in world().prop_map(known_sites)) {
        let engine = open(&world);
        let mut csv = String::from("declaration_id,destination,hs,mode,declared_on,value\n");
        let mut expected: BTreeMap<At, (u64, i128)> = BTreeMap::new();
        for (at, line) in world.lines.iter().enumerate() {
            let day = line.day.unwrap_or_default();
            writeln!(csv, "D{at},{},{},{},{day},{at}.13", line.destination, line.hs, line.mode).unwrap();
            for cell in cells(&world, line.destination, line.hs, line.mode, line.day) {
                let (lines, cents) = expected.entry(cell).or_default();
                *lines += 1;
                *cents += at as i128 * 100 + 13;
            }
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lines.csv");
        std::fs::write(&path, csv).unwrap();
        let mut coverage = engine.policy_coverage(&CoverageOptions::default()).unwrap();
        let reader = Reader::new(engine.pack().schema.clone(), vec![Input::Path(path)], ReadOptions::default()).unwrap();
        engine.count_trade(&mut coverage, reader, &Pipeline::new(), &mut |_| {}).unwrap();
        let found: BTreeMap<At, (u64, i128)> = coverage
            .cells()
            .iter()
            .filter(|cell| cell.trade.lines > 0)
            .map(|cell| (cell.at, (cell.trade.lines, cell.trade.value_cents)))
            .collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn trade_does_not_depend_on_threads_or_batches() {
    let engine = clean_wind();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("declarations.csv");
    write(&path, &generated(11, 6_000));
    let reader = |batch_lines: usize| {
        let options = ReadOptions { batch_lines, ..ReadOptions::default() };
        Reader::new(engine.pack().schema.clone(), vec![Input::Path(path.clone())], options).unwrap()
    };
    let counted = |threads: usize, batch_lines: usize| {
        let mut coverage = engine.policy_coverage(&CoverageOptions::default()).unwrap();
        let options = Pipeline::from(Some(threads));
        engine.count_trade(&mut coverage, reader(batch_lines), &options, &mut |_| {}).unwrap();
        coverage
    };
    let one = counted(1, 8_192);
    for (threads, batch_lines) in [(2, 500), (5, 97), (1, 1_000)] {
        let other = counted(threads, batch_lines);
        assert!(one.cells() == other.cells(), "{threads} threads, {batch_lines} lines a batch");
        assert_eq!(one.totals, other.totals, "{threads} threads, {batch_lines} lines a batch");
    }
    let totals = one.totals.unwrap();
    assert_eq!(one.cell([0; 3]).unwrap().trade, totals.all, "everything is in the cell of everything");
    let outputs = Outputs { assessments: &mut |_| Ok(()), rejects: &mut |_| Ok(()), progress: &mut |_| {} };
    let summary = engine.score(reader(8_192)).run(outputs).unwrap();
    assert_eq!((totals.all.lines, totals.declarations), (summary.lines_assessed, summary.declarations));
}

#[test]
fn segments_are_found_by_name_and_unknown_ones_named() {
    let engine = clean_wind();
    let only = |region: &str| {
        let options = CoverageOptions { only: [Some(region.to_owned()), None, None], as_of: None };
        engine.policy_coverage(&options)
    };
    assert_eq!(only("other").unwrap().axis(Key::Region).segments[0].segment, Segment::Other);
    assert_eq!(only("(all)").unwrap().axis(Key::Region).segments[0].segment, Segment::All);
    assert_eq!(
        only("afrika").unwrap_err().to_string(),
        "the pack has no region group `afrika`; did you mean `africa`?"
    );
    let empty = only("africa").unwrap();
    assert!(empty.totals.is_none() && empty.cells().iter().all(|cell| cell.trade == Trade::default()));
}
