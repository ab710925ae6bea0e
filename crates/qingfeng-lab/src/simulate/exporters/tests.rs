//! Tests of `exporters`.

use qingfeng_rules::selection::Millionths;

use super::super::consignment::Columns;
use super::*;
use crate::generate::Generator;

#[test]
fn who_is_found_changes_and_goes_through_all_that_fits() {
    let generated = Generator::new(3, 8_000).next().unwrap();
    let columns = Columns::new(&generated).unwrap();
    let consignment = columns
        .declarations()
        .into_iter()
        .map(|lines| columns.consignment(lines))
        .find(|one| Tactic::ALL.iter().all(|tactic| one.truth().violation.is_some() && tactic.fits(one)))
        .expect("a consignment that all tactics fit");
    let trade = trade(Some("0110"), Some("61"));
    let mut exporters = Exporters::new(1, Adversaries { share: Millionths::ONE, speed: Millionths(0) });
    let mut seen = Vec::new();
    for after in 0..7 {
        let day = Date::from_days(16_801 + after).unwrap();
        let (tactic, lodged) = exporters.lodge(7, &trade, &consignment, day);
        assert_eq!(tactic.is_some(), lodged.is_some());
        seen.push(tactic);
        // Without speed only one's own finding counts.
        assert_eq!(exporters.lodge(8, &trade, &consignment, day).0, None);
        exporters.found(Some(7), &trade, tactic, SelectionKind::Random, day);
    }
    assert_eq!(seen[0], None);
    let mut tried: Vec<Tactic> = seen[1..6].iter().filter_map(|&tactic| tactic).collect();
    tried.sort_unstable();
    assert_eq!(tried, Tactic::ALL);
    assert!(seen[6].is_some());
    assert_eq!(exporters.tallies.iter().map(|tally| tally.ended_found).sum::<u64>(), 7);
}

#[test]
fn nobody_adapts_where_nobody_does() {
    let exporters = Exporters::new(1, Adversaries { share: Millionths(0), speed: Millionths::ONE });
    assert!((0..50_000).all(|exporter| !exporters.adapts(exporter)));
    let half = Exporters::new(1, Adversaries { share: Millionths(500_000), speed: Millionths::ONE });
    let adapt = (0..50_000).filter(|&exporter| half.adapts(exporter)).count();
    assert!((24_000..26_000).contains(&adapt), "{adapt}");
}
