//! Counts of small worlds.

use std::path::Path;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use qingfeng_rules::{ChannelId, Date, Pack, PackFiles, SelectionKind};

use super::*;
use crate::effect::EffectOptions;
use crate::rating::State;
use qingfeng_inspection::AssessedDeclaration;
use qingfeng_inspection::evidence::{Inspection, Judged};
use qingfeng_store::{Outcome, Verdict, Violation};

fn pack() -> Pack {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/clean-wind");
    Pack::load(&PackFiles::read(&rules)).expect("the pack of the campaign")
}

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

/// What may differ between declarations, by small numbers.
type Draw = (u8, u8, u8, u8, u8, Option<(u8, u8, u8)>);

fn judged(number: usize, (when, group, mode, destination, site, inspected): Draw) -> Judged {
    let pick = |of: &[&str], at: u8| -> Arc<str> { of[usize::from(at) % of.len()].into() };
    let declared = day("2016-03-01").plus_days(i64::from(when)).filter(|_| when < 200);
    let inspection = inspected.zip(declared).map(|((kind, verdict, case), day)| {
        let selected =
            [SelectionKind::Mandatory, SelectionKind::Targeted, SelectionKind::Random][usize::from(kind % 3)];
        let verdicts = [
            Verdict::Clear,
            Verdict::Violation(Violation::Fake),
            Verdict::Violation(Violation::Safety),
            Verdict::Waived,
            Verdict::Open,
        ];
        let outcome = |item_no: i64, verdict: Verdict| Outcome {
            declaration_id: format!("D{number}").into(),
            item_no: Some(item_no),
            found_on: Some(day),
            known_on: None,
            selected: None,
            verdict,
            waiver: Some("none".into()),
            pieces: Some(7),
            value: Some(1.5),
            fine: Some(10.0),
            case_number: (case % 4 == 0).then(|| format!("A{}", case / 16).into()),
            major_case: case % 8 == 0,
            disposal: None,
            disclosed_on: None,
            hours: None,
        };
        let verdict = verdicts[usize::from(verdict) % verdicts.len()];
        Box::new(Inspection {
            day,
            office: u32::from(site % 3),
            selected,
            probability: if selected == SelectionKind::Random { 0.25 } else { 1.0 },
            cost: 10,
            stratum: None,
            outcomes: vec![outcome(1, verdict), outcome(2, Verdict::Clear)],
        })
    });
    let assessed = AssessedDeclaration {
        channel: ChannelId(group % 3),
        sites: Arc::new([u32::from(site % 3)]),
        trader_class: pick(&["known", "new"], mode),
        group: pick(&["toys", "footwear", "other"], group),
        mode: Some(pick(&["0110", "1039", "9999"], mode)).filter(|_| mode < 200),
        destination: Some(pick(&["KE", "EG", "MM", "DE", "QQ"], destination)).filter(|_| destination < 200),
        value: Some(100.0),
        ..AssessedDeclaration::new(&format!("D{number}"), declared)
    };
    Judged { assessed, inspection }
}

fn evidence(draws: &[Draw]) -> Evidence {
    let mut declarations: Vec<Judged> =
        draws.iter().enumerate().map(|(number, draw)| judged(number, *draw)).collect();
    declarations.sort_by(|a, b| (a.day, &a.declaration_id).cmp(&(b.day, &b.declaration_id)));
    Evidence {
        sites: ["ningbo", "yiwu", "zhejiang"].map(Into::into).to_vec(),
        channels: ["green", "blue", "red"].map(Into::into).to_vec(),
        packs: vec!["clean-wind@1#ab".into()],
        declarations: declarations.into(),
        ..Evidence::default()
    }
}

fn report(evidence: &Evidence, pack: &Pack, surveys: &[&str]) -> Report {
    let surveys = surveys.iter().map(|survey| survey.parse().expect("a survey")).collect();
    let options = ReportOptions { surveys, ..ReportOptions::as_of(day("2017-12-31")) };
    Report::of(evidence, pack, &[], &options, ReportParts::default()).unwrap()
}

/// What adds up over rows that do not overlap.
fn sums(rows: &[Row]) -> [u64; 6] {
    rows.iter().fold([0; 6], |mut sums, row| {
        let of = &row.counts;
        let parts = [of.declarations, of.planned, of.inspected, of.found, of.open + of.waived, of.pieces];
        sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        sums
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_add_up_to_the_whole(draws in vec(any::<Draw>(), 0..60)) {
        let pack = pack();
        let evidence = evidence(&draws);
        let report = report(&evidence, &pack, &["All=kind:port|market|production", "Myanmar=destination:MM"]);
        let counts = &report.counts;
        let all = &counts.all;
        let whole = [all.declarations, all.planned, all.inspected, all.found, all.open + all.waived, all.pieces];
        prop_assert_eq!(all.declarations, draws.len() as u64);
        prop_assert_eq!(all.planned, all.inspected + all.open + all.waived);
        prop_assert!(all.cases <= all.found && all.major_cases <= all.cases);
        for (name, rows) in [
            ("group", &counts.by_group),
            ("mode", &counts.by_mode),
            ("month", &counts.by_month),
            ("channel", &counts.by_channel),
            ("class", &counts.by_trader_class),
        ] {
            prop_assert_eq!(sums(rows), whole, "by {}", name);
        }
        // Regions overlap, and nobody is lost: Egypt is in several.
        let regions = sums(&counts.by_region);
        prop_assert!(regions.iter().zip(whole).all(|(sum, whole)| *sum >= whole), "{:?} {:?}", regions, whole);
        let in_matrix: u64 = counts.matrix.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.inspected).sum();
        prop_assert_eq!(in_matrix, regions[2]);
        // A survey of all sites is the whole.
        prop_assert_eq!(&report.surveys[0].counts, counts);
        let myanmar = counts.by_destination.iter().find(|row| row.of.name == "MM");
        prop_assert_eq!(
            Some(&report.surveys[1].counts.all).filter(|all| all.declarations > 0),
            myanmar.map(|row| &row.counts)
        );
        let lines: u64 = counts.by_violation.iter().map(|kind| kind.lines).sum();
        prop_assert_eq!(lines, counts.by_disposal.iter().map(|kind| kind.lines).sum::<u64>());
    }
}

#[test]
fn surveys_that_are_none_are_told() {
    let pack = pack();
    for (text, says) in [
        ("", "write NAME=CONDITION"),
        ("=destination:MM", "write NAME=CONDITION"),
        ("Myanmar=", "write NAME=CONDITION"),
        ("Myanmar=destination:", "write NAME=CONDITION"),
        ("Myanmar=destination:MM,", "write NAME=CONDITION"),
        ("Myanmar=country:MM", "cannot ask for `country`"),
        ("Myanmar=destination:MMR", "the codes of ISO 3166-1"),
        ("Ruili=site:ruili", "which the pack does not have; it has dalian"),
        ("Toys=group:toy", "the goods group `toy`"),
        ("Amber=channel:amber", "it has green, blue, yellow, red"),
    ] {
        let error = match text.parse::<Survey>() {
            Err(error) => Some(error),
            Ok(survey) => survey.check(&pack).err(),
        };
        let told = error.map_or_else(String::new, |error| error.to_string());
        assert!(told.contains(says), "{text}: {told}");
    }
    for text in
        ["Myanmar=destination:mm", "Border=kind:border,mode:4019|border-trade", "New=class:new,rule:FO-08"]
    {
        let survey: Survey = text.parse().expect("a survey");
        assert_eq!(survey.check(&pack), Ok(()), "{text}");
    }
}

#[test]
fn what_is_said_follows_from_the_figures() {
    let pack = pack();
    let about = |draws: &[Draw]| -> Vec<(String, Tone)> {
        let report = report(&evidence(draws), &pack, &[]);
        let name = |statement: &Statement| {
            let json = serde_json::to_value(statement).expect("JSON");
            json["about"].as_str().unwrap_or_default().to_owned()
        };
        report.statements.iter().map(|statement| (name(statement), statement.tone())).collect()
    };
    let inspected = |kind: u8, verdict: u8| (1, 0, 0, 0, 0, Some((kind, verdict, 1)));
    let said = |expected: &[(&str, Tone)]| -> Vec<(String, Tone)> {
        expected.iter().map(|(name, tone)| ((*name).to_owned(), *tone)).collect()
    };
    assert_eq!(about(&[]), said(&[("nothing", Tone::Worry)]));
    assert_eq!(about(&[(1, 0, 0, 0, 0, None)]), said(&[("nothing", Tone::Worry)]));
    // Few drawn: no comparison. Half open: a worry.
    assert_eq!(
        about(&[inspected(1, 1), inspected(1, 4)]),
        said(&[("no_comparison", Tone::Worry), ("open", Tone::Worry)])
    );
    // Forty drawn of which one is found, forty chosen of which all are.
    let mut draws = vec![inspected(2, 0); 39];
    draws.push(inspected(2, 1));
    draws.extend(vec![inspected(1, 1); 40]);
    assert_eq!(about(&draws)[0], ("targeting".to_owned(), Tone::Good));
    // What the draw says of half of the trade is no good news, and says of which part it speaks.
    draws.extend(vec![(1, 0, 0, 0, 0, None); 80]);
    let statements = report(&evidence(&draws), &pack, &[]).statements;
    let missed = statements.iter().find_map(|one| match one {
        Statement::Missed { tone, covered, found, .. } => Some((*tone, *covered, *found)),
        _ => None,
    });
    assert_eq!(missed, Some((Tone::Worry, 0.5, 41)));
    // A rule that does harm is named at the head.
    let mut effect = Effect::of(&Evidence::default(), &EffectOptions::default().with_pack(&pack)).unwrap();
    effect.rules.truncate(2);
    effect.rules.iter_mut().for_each(|rule| rule.rating.state = State::Harmful);
    (effect.rules[0].shadow, effect.rules[1].shadow) = (true, false);
    let id = effect.rules[1].rule.clone();
    let parts = ReportParts { effect: Some(effect), ..ReportParts::default() };
    let options = ReportOptions::as_of(day("2017-12-31"));
    let statements = Report::of(&evidence(&draws), &pack, &[], &options, parts).unwrap().statements;
    assert!(statements.contains(&Statement::Harmful { count: 1, rules: vec![id] }), "{statements:?}");
    // Chosen no better than drawn.
    let draws: Vec<Draw> = (0..80).map(|at| inspected(1 + at % 2, u8::from(at < 20))).collect();
    assert_eq!(about(&draws)[0], ("targeting".to_owned(), Tone::Worry));
}
