//! Accounts by hand, and that the order of what is read does not matter.

use proptest::prelude::*;

use super::*;
use qingfeng_store::Violation;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn aims(text: &str) -> Aims {
    Aims::parse(text, "aims.toml", &["port", "market"]).unwrap()
}

fn kinds() -> SiteKinds {
    [("yiwu", "market"), ("ningbo", "port"), ("hebei", "production")]
        .map(|(site, kind)| (site.to_owned(), kind.to_owned()))
        .into()
}

fn violation(id: &str, on: &str, fine: f64) -> Outcome {
    let mut outcome = Outcome::new(id, day(on), Verdict::Violation(Violation::Fake));
    outcome.fine = Some(fine);
    outcome
}

fn found<'f>(office: Option<&'f str>, on: &str, outcomes: &'f [Outcome]) -> Found<'f> {
    let declaration_id = &*outcomes[0].declaration_id;
    Found { office, day: office.map(|_| day(on)), declaration_id, outcomes }
}

#[test]
fn mistakes_in_aims_are_told_with_their_line() {
    for (text, message) in [
        ("", "aims.toml, line 1: `year` is missing; say which year the aims are of: year = 2016"),
        ("year = \"2016\"\n", "aims.toml, line 1: `year` must be a whole number from 0 to 9999"),
        (
            "year = 2016\n[all]\ncases = -1\n",
            "aims.toml, line 3: `cases` must be a whole number from 0 to 1000000000000000",
        ),
        (
            "year = 2016\n[all]\ncases = 2.5\n",
            "aims.toml, line 3: `cases` must be a whole number from 0 to 1000000000000000",
        ),
        ("year = 2016\nall = 3\n", "aims.toml, line 2: `all` must be a table: [all]"),
        ("year = 2016\n[al]\n", "aims.toml, line 2: a file of aims has no key `al`; did you mean `all`?"),
        (
            "year = 2016\n[kinds.prt]\ncases = 1\n",
            "aims.toml, line 2: there is no kind of site `prt`; did you mean `port`?",
        ),
        (
            "year = 2016\n[all]\ncases = 3\nmajor_cases = 4\n",
            "aims.toml, line 4: [all] aims at 4 major cases of 3 cases; correct one of them",
        ),
        (
            "year = 2016\n[notices]\nanswered = 30\n",
            "aims.toml, line 3: `answered` must be a number from 0 to 1",
        ),
        (
            "year = 2016\n[notices]\nanswered = nan\n",
            "aims.toml, line 3: `answered` must be a number from 0 to 1",
        ),
    ] {
        let told = Aims::parse(text, "aims.toml", &["port", "market"]).unwrap_err().to_string();
        assert_eq!(told, message, "{text}");
    }
    let broken = Aims::parse("year = \n", "aims.toml", &[]).unwrap_err().to_string();
    assert!(broken.starts_with("aims.toml, line 1: "), "{broken}");
}

/// 2016 has 366 days; at the end of 30 June 182 are over.
#[test]
fn the_pace_is_that_of_an_even_year() {
    let aims = aims("year = 2016\n");
    for (as_of, done, aim, expected, needed, standing) in [
        ("2016-06-30", 100.0, 240.0, 119.34, Some(140.0 / (184.0 * 12.0 / 366.0)), Standing::Behind),
        ("2016-06-30", 120.0, 240.0, 119.34, Some(120.0 / (184.0 * 12.0 / 366.0)), Standing::Ahead),
        ("2016-06-30", 250.0, 240.0, 119.34, Some(0.0), Standing::Reached),
        ("2016-12-31", 239.0, 240.0, 240.0, None, Standing::Missed),
        ("2017-03-01", 240.0, 240.0, 240.0, None, Standing::Reached),
        ("2015-12-31", 0.0, 240.0, 0.0, Some(20.0), Standing::Ahead),
    ] {
        let pace = Passed::new(&aims, day(as_of)).pace(done, Some(aim));
        assert!((pace.expected.unwrap() - expected).abs() < 0.01, "{as_of}: {pace:?}");
        assert_eq!(pace.needed_a_month.is_some(), needed.is_some(), "{as_of}: {pace:?}");
        let apart = pace.needed_a_month.zip(needed).map_or(0.0, |(is, should)| (is - should).abs());
        assert!(apart < 1e-9, "{as_of}: {pace:?}");
        assert_eq!(pace.standing, Some(standing), "{as_of}: {pace:?}");
    }
}

#[test]
fn cases_are_declarations_or_their_numbers_and_open_is_never_clear() {
    let mut one = violation("D1", "2016-03-02", 100.0);
    let mut two = violation("D2", "2016-03-01", 50.0);
    one.case_number = Some("C1".into());
    two.case_number = Some("C1".into());
    two.major_case = true;
    let three = violation("D3", "2015-12-31", 7.0);
    let four = violation("D4", "2016-08-01", 9.0);
    let open = Outcome::new("D5", day("2016-03-01"), Verdict::Open);
    let elsewhere = violation("D6", "2016-03-01", 11.0);
    let led = violation("D7", "2016-04-01", 13.0);
    let rows = [one, two, three, four, open, elsewhere, led];
    let offices = [Some("ningbo"), Some("yiwu"), Some("yiwu"), Some("yiwu"), Some("yiwu"), None, None];
    let all =
        rows.iter().zip(offices).map(|(row, office)| found(office, "2016-03-01", std::slice::from_ref(row)));
    let tip = TipOff {
        tip_id: "T1".to_owned(),
        received_on: day("2016-03-20"),
        kind: None,
        declaration_id: Some("D7".to_owned()),
        case_number: None,
        proceeds: None,
    };
    let aims = aims("year = 2016\n[all]\ncases = 240\nmajor_cases = 20\n[kinds.market]\ncases = 100\n");
    let targets = Targets::of_found(
        all,
        &kinds(),
        &aims,
        Ledgers { tip_offs: Some(&[tip]), ..Ledgers::default() },
        day("2016-06-30"),
    );
    let kind = |name: &str| targets.kinds.iter().find(|account| account.kind == name).unwrap();
    // D1 and D2 are one case, of Yiwu, which found it first; D3 is of another year, D4 of a later day.
    assert_eq!(
        (targets.all.cases.done, targets.all.major_cases.done, targets.all.fines.done),
        (2.0, 1.0, 163.0)
    );
    assert_eq!((kind("market").cases.done, kind("market").fines.done), (1.0, 150.0));
    assert_eq!((kind("port").cases.done, kind(LED_KIND).cases.done), (0.0, 1.0));
    assert_eq!((targets.all.planned, targets.all.open), (5, 1));
    assert_eq!(targets.unplanned_cases, 1);
    let tips = targets.tip_offs.unwrap();
    assert_eq!((tips.all.confirmed, tips.all.rewards, tips.rewards[0].from_fines), (1, 1.3, true));
}

/// A row of a visit to an enterprise in Hebei.
fn visit(on: &str, enterprise: &str, outcomes: Vec<Outcome>) -> Visit {
    Visit { visited_on: day(on), site: "hebei".into(), enterprise: enterprise.into(), outcomes }
}

#[test]
fn a_visit_finds_cases_for_the_aim_of_its_site_each_once() {
    let of = |declaration: &str, case: &str, fine: f64| {
        let mut row = violation(declaration, "2016-05-02", fine);
        row.case_number = (!case.is_empty()).then(|| case.into());
        row
    };
    let (clear, open) = (Verdict::Clear, Verdict::Open);
    let seen = |verdict| Outcome::new("", day("2016-05-02"), verdict);
    // At the market D1 was found in March, D2 in May; D3 is of no plan.
    let mut rows = [
        violation("D1", "2016-03-01", 1.0),
        violation("D2", "2016-05-20", 2.0),
        violation("D3", "2016-03-05", 4.0),
    ];
    rows[1].case_number = Some("C2".into());
    let offices = [Some("yiwu"), Some("yiwu"), None];
    let aims =
        Aims::parse("year = 2016\n[kinds.production]\ncases = 10\n", "aims.toml", &["production"]).unwrap();
    let cases = |visits: &[Visit]| {
        let all = rows
            .iter()
            .zip(offices)
            .map(|(row, office)| found(office, "2016-03-01", std::slice::from_ref(row)));
        let tip = TipOff {
            tip_id: "T1".to_owned(),
            received_on: day("2016-03-20"),
            kind: None,
            declaration_id: Some("D7".to_owned()),
            case_number: None,
            proceeds: None,
        };
        let tips = [tip];
        let ledgers = Ledgers { visits: Some(visits), tip_offs: Some(&tips), ..Ledgers::default() };
        let targets = Targets::of_found(all, &kinds(), &aims, ledgers, day("2016-06-30"));
        let kind = |name: &str| targets.kinds.iter().find(|account| account.kind == name).unwrap().cases.done;
        let visits = targets.visits.unwrap();
        let VisitCounts { made, open, found, waived } = visits.all;
        let counts = (made, open, found, waived);
        let confirmed = targets.tip_offs.unwrap().all.confirmed;
        (
            (kind("market"), kind("production"), targets.all.fines.done),
            counts,
            targets.unplanned_cases,
            confirmed,
        )
    };
    for (what, visits, wanted) in [
        ("none", vec![], ((2.0, 0.0, 3.0), (0, 0, 0, 0), 1, 0)),
        (
            "clear, open, and of a later day",
            vec![
                visit("2016-05-02", "E1", vec![seen(clear)]),
                visit("2016-05-02", "E2", vec![seen(open)]),
                visit("2016-07-01", "E1", vec![of("", "C9", 8.0)]),
            ],
            ((2.0, 0.0, 3.0), (2, 1, 0, 0), 1, 0),
        ),
        (
            "a case without a number is its visit's",
            vec![
                visit("2016-05-02", "E1", vec![of("", "", 8.0)]),
                visit("2016-05-03", "E1", vec![of("", "", 8.0)]),
            ],
            ((2.0, 2.0, 19.0), (2, 0, 2, 0), 1, 0),
        ),
        (
            "one number is one case, of whichever visit was first",
            vec![
                visit("2016-05-02", "E1", vec![of("", "C8", 8.0)]),
                visit("2016-05-03", "E2", vec![of("", "C8", 8.0)]),
            ],
            ((2.0, 1.0, 19.0), (2, 0, 2, 0), 1, 0),
        ),
        (
            "one number is one case with an inspection, at the site that was first",
            vec![visit("2016-05-02", "E1", vec![of("", "C2", 8.0)])],
            ((1.0, 1.0, 11.0), (1, 0, 1, 0), 1, 0),
        ),
        (
            "the market was first with D1; D7 is what a tip-off named",
            vec![visit("2016-05-02", "E1", vec![of("D1", "", 8.0), of("D7", "", 16.0)])],
            ((2.0, 1.0, 27.0), (1, 0, 1, 0), 1, 1),
        ),
        (
            "a visit gives D1 a number, and D3 a site",
            vec![visit("2016-05-02", "E1", vec![of("D1", "C5", 8.0), of("D3", "C6", 16.0)])],
            ((2.0, 1.0, 31.0), (1, 0, 1, 0), 0, 0),
        ),
    ] {
        assert_eq!(cases(&visits), wanted, "{what}");
        let turned: Vec<Visit> = visits.into_iter().rev().collect();
        assert_eq!(cases(&turned), wanted, "{what}, turned");
    }
}

#[test]
fn rewards_are_a_tenth_at_most_bounded_and_one_a_case() {
    let tip = |id: &str, on: &str, proceeds: Option<f64>| TipOff {
        tip_id: id.to_owned(),
        received_on: day(on),
        kind: Some("producing area".to_owned()),
        declaration_id: Some("D1".to_owned()),
        case_number: None,
        proceeds,
    };
    let rows = [violation("D1", "2016-03-02", 100.0)];
    let tips = [
        tip("T2", "2016-02-02", Some(3_730_000.0)),
        tip("T1", "2016-02-03", Some(500.0)),
        TipOff { declaration_id: Some("D9".to_owned()), ..tip("T3", "2016-02-04", Some(900.0)) },
        tip("T4", "2016-12-04", Some(900.0)),
    ];
    let of = |tips: &[TipOff]| {
        let all = [found(Some("yiwu"), "2016-03-01", &rows)];
        let aims = aims("year = 2016\n");
        Targets::of_found(
            all,
            &kinds(),
            &aims,
            Ledgers { tip_offs: Some(tips), ..Ledgers::default() },
            day("2016-06-30"),
        )
        .tip_offs
        .unwrap()
    };
    let account = of(&tips);
    assert_eq!((account.all.received, account.all.led, account.all.confirmed), (3, 3, 2));
    assert_eq!((account.rewards.len(), account.rewards[0].tip_id.as_str()), (1, "T2"));
    assert_eq!(account.rewards[0].reward, 100_000.0);
    let mut turned = tips.clone();
    turned.reverse();
    assert_eq!(of(&turned), account);
    for (proceeds, wanted) in
        [(0.0, 0.0), (0.09, 0.0), (0.1, 0.01), (2.9, 0.29), (999_999.99, 99_999.99), (1e12, 1e5)]
    {
        assert_eq!(reward(proceeds, 0.1, 100_000.0), wanted, "{proceeds}");
    }
}

#[test]
fn notices_stand_as_they_stood_on_the_day() {
    let notice = |id: &str, on: &str, status, answered: Option<&str>| Notice {
        notice_id: id.to_owned(),
        received_on: day(on),
        country: Some("KE".to_owned()),
        brand: None,
        producer: None,
        exporter: None,
        status,
        answered_on: answered.map(day),
        case_number: None,
    };
    let notices = [
        notice("N1", "2016-01-10", NoticeStatus::Answered, Some("2016-02-09")),
        notice("N2", "2016-01-10", NoticeStatus::Answered, Some("2016-07-09")),
        notice("N3", "2016-03-10", NoticeStatus::Untraceable, None),
        notice("N4", "2016-06-10", NoticeStatus::Open, None),
        notice("N5", "2015-06-10", NoticeStatus::Open, None),
        notice("N6", "2016-08-10", NoticeStatus::Open, None),
    ];
    let aims = aims("year = 2016\n[notices]\nanswered = 0.3\ndays = 60\n");
    let of = |as_of| {
        Targets::of_found(
            [],
            &kinds(),
            &aims,
            Ledgers { notices: Some(&notices), ..Ledgers::default() },
            day(as_of),
        )
        .notices
        .unwrap()
    };
    let june = of("2016-06-30");
    let counts = june.all;
    assert_eq!((counts.received, counts.answered, counts.open, counts.untraceable), (4, 1, 2, 1));
    assert_eq!((june.answered_share, june.reached, june.median_days), (Some(0.25), Some(false), Some(30.0)));
    let overdue: Vec<&str> = june.overdue_notices.iter().map(|notice| notice.notice_id.as_str()).collect();
    assert_eq!((overdue, june.earlier_open), (vec!["N5", "N2"], 1));
    let july = of("2016-07-31");
    assert_eq!((july.all.answered, july.reached), (2, Some(true)));
}

proptest! {
    #[test]
    fn the_order_of_inspections_does_not_matter(
        order in Just((0..8_usize).collect::<Vec<_>>()).prop_shuffle(),
        fines in proptest::collection::vec(0.0..1e6_f64, 8),
    ) {
        let rows: Vec<Outcome> = fines.iter().enumerate().map(|(at, fine)| {
            let mut row = violation(&format!("D{at}"), &format!("2016-03-0{}", 1 + at % 4), *fine);
            row.case_number = (at % 3 > 0).then(|| format!("C{}", at % 3).into());
            row
        }).collect();
        let offices = [Some("yiwu"), Some("ningbo"), None];
        let of = |order: &[usize]| {
            let all = order.iter().map(|&at| found(offices[at % 3], "2016-03-01", std::slice::from_ref(&rows[at])));
            Targets::of_found(all, &kinds(), &aims("year = 2016\n"), Ledgers::default(), day("2016-06-30"))
        };
        let sorted: Vec<usize> = (0..8).collect();
        prop_assert_eq!(of(&order), of(&sorted));
    }
}
