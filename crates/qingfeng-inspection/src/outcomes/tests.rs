//! Hostile tables, and that the order of rows and the way to a day do not matter.

use std::path::PathBuf;

use proptest::prelude::*;

use qingfeng_store::{Disposal, Verdict, Violation, verdict_of};

use super::*;

fn file(directory: &tempfile::TempDir, name: &str, content: &[u8]) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn read(text: &str) -> Result<Outcomes, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory, "outcomes.csv", text.as_bytes());
    let shown = format!("{}/", directory.path().display());
    Outcomes::read(&[path.into()], &ReadOptions::default(), None, &mut |_| true)
        .map_err(|error| error.to_string().replace(&shown, ""))
}

/// What each bad row says; the row beside it counts all the same.
#[test]
fn a_row_that_cannot_be_read_is_told_and_the_others_count() {
    const HEAD: &str =
        "declaration_id,item_no,found_on,known_on,selected,result,waiver,pieces,fine,major_case,disposal\n";
    for (row, field, reason) in [
        (",1,2016-09-07,,,clear,,,,,", "declaration_id", "missing"),
        ("D1,one,2016-09-07,,,clear,,,,,", "item_no", "whole number"),
        ("D1,1,2016-02-30,,,clear,,,,,", "found_on", "2016"),
        ("D1,1,2016-09-07,2016-09-06,,clear,,,,,", "known_on", "before it was found on 2016-09-07"),
        ("D1,1,2016-09-07,,luck,clear,,,,,", "selected", "mandatory, targeted, random"),
        ("D1,1,2016-09-07,,,cleer,,,,,", "result", "did you mean `clear`?"),
        ("D1,1,2016-09-07,,,???,,,,,", "result", "there are clear, counterfeit"),
        ("D1,1,2016-09-07,,,fake,,-5,,,", "pieces", "0 or more"),
        ("D1,1,2016-09-07,,,fake,,,-0.5,,", "fine", "0 or more"),
        ("D1,1,2016-09-07,,,fake,,,inf,,", "fine", "number"),
        ("D1,1,2016-09-07,,,fake,,,,maybe,", "major_case", ""),
        ("D1,1,2016-09-07,,,fake,,,,,eaten", "disposal", "destroyed, returned, confiscated, rectified"),
        ("D1,1,2016-09-07,,,clear,,3,,,", "pieces", "the result is clear, and yet"),
        ("D1,1,2016-09-07,,,clear,,,9.5,,", "fine", "the result is clear, and yet"),
        ("D1,1,2016-09-07,,,waived,W1,,,true,", "major_case", "the result is waived, and yet"),
        ("D1,1,2016-09-07", "", ""),
    ] {
        let text = format!("{HEAD}{row}\nD2,1,2016-09-07,,,fake,,1,2,no,destroyed\n");
        let outcomes = read(&text).unwrap();
        let (rejects, rejected) = outcomes.rejects();
        assert_eq!(rejected, 1, "{row}");
        assert_eq!(rejects[0].position.to_string(), "line 2", "{row}");
        assert_eq!(rejects[0].field.as_deref().unwrap_or_default(), field, "{row}: {:?}", rejects[0]);
        assert!(rejects[0].reason.contains(reason), "{row}: {:?}", rejects[0]);
        assert_eq!(outcomes.of("D2").len(), 1, "{row}");
    }
}

#[test]
fn tables_that_are_none_are_refused_with_the_remedy() {
    for (text, message) in [
        ("declaration_id,verdikt\nD1,clear\n", "outcomes.csv: there is no column `result`"),
        ("result\nclear\n", "outcomes.csv: no column for `declaration_id`"),
        ("", "outcomes.csv: is empty"),
    ] {
        let told = read(text).unwrap_err();
        assert!(told.starts_with(message), "{told}");
    }
}

/// No coded result and no coded reason is open, whatever is written otherwise.
#[test]
fn what_is_not_coded_is_open_and_never_clear() {
    for (result, waiver, verdict) in [
        ("", "", Verdict::Open),
        ("open", "", Verdict::Open),
        ("未结", "", Verdict::Open),
        ("waived", "", Verdict::Open),
        ("waived", "the chief said so", Verdict::Open),
        ("waived", "W03", Verdict::Waived),
        ("免查", "W03", Verdict::Waived),
        ("CLEAR", "", Verdict::Clear),
        ("未发现", "", Verdict::Clear),
        ("未见异常", "", Verdict::Clear),
        ("查验正常", "", Verdict::Clear),
        ("侵权", "", Verdict::Violation(Violation::Counterfeit)),
        ("侵权假冒", "", Verdict::Violation(Violation::Counterfeit)),
        ("假冒", "", Verdict::Violation(Violation::Counterfeit)),
        ("冒用", "", Verdict::Violation(Violation::Counterfeit)),
        ("掺杂掺假", "", Verdict::Violation(Violation::Fake)),
        ("以假充真", "", Verdict::Violation(Violation::Fake)),
        ("以次充好", "", Verdict::Violation(Violation::Inferior)),
        ("不合格", "", Verdict::Violation(Violation::Safety)),
        ("卫生不合格", "", Verdict::Violation(Violation::Health)),
        ("伪造产地", "", Verdict::Violation(Violation::Misdeclared)),
        ("misdeclared", "", Verdict::Violation(Violation::Misdeclared)),
    ] {
        let outcomes = read(&format!("declaration_id,result,waiver\nD1,{result},{waiver}\n")).unwrap();
        assert_eq!(outcomes.of("D1")[0].verdict, verdict, "{result} {waiver}: {:?}", outcomes.rejects());
    }
}

#[test]
fn chinese_headers_and_encodings_and_other_formats_say_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let chinese = "报关单号,项号,查获日期,查验结果,件数,罚款金额,案件编号,处置方式\nD1,2,2016-09-07,侵权,30,1200,杭关缉17,销毁\n";
    let (gb, _, _) = encoding_rs::GB18030.encode(chinese);
    let ndjson = r#"{"declaration_id":"D1","item_no":2,"found_on":"2016-09-07","result":"counterfeit","pieces":30,"fine":1200,"case_number":"杭关缉17","disposal":"destroyed"}"#;
    let gb18030 = ReadOptions { encoding: qingfeng::read::Encoding::Gb18030, ..ReadOptions::default() };
    let utf8 = ReadOptions::default();
    let all = [
        (file(&directory, "a.csv", chinese.as_bytes()), &utf8),
        (file(&directory, "b.csv", &gb), &gb18030),
        (file(&directory, "c.ndjson", ndjson.as_bytes()), &utf8),
    ]
    .map(|(path, options)| {
        Outcomes::read(&[path.into()], options, None, &mut |_| true).unwrap().of("D1").to_vec()
    });
    assert_eq!(all[0].len(), 1);
    assert_eq!(all[0][0].verdict, Verdict::Violation(Violation::Counterfeit));
    assert_eq!(all[0][0].disposal, Some(Disposal::Destroyed));
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
}

fn day(day: i32) -> Date {
    Date::from_days(17_000 + day).unwrap()
}

/// Rows of few declarations, lines and days, so that they meet.
fn row() -> impl Strategy<Value = Outcome> {
    let verdicts = [Verdict::Clear, Verdict::Open, Verdict::Waived, Verdict::Violation(Violation::Fake)];
    let parts = (0..3_u8, 0..3_i64, 0..4_i32, proptest::option::of(0..4_i32), 0..4_usize, 0..3_u8);
    parts.prop_map(move |(id, item, found, later, verdict, fine)| {
        let mut outcome = Outcome::new(&format!("D{id}"), day(found), verdicts[verdict]);
        outcome.item_no = (item > 0).then_some(item);
        outcome.known_on = later.map(|later| day(found + later));
        outcome.fine = (fine > 0).then_some(f64::from(fine));
        outcome
    })
}

proptest! {
    #[test]
    fn the_order_of_rows_does_not_matter(
        (rows, shuffled) in proptest::collection::vec(row(), 0..12)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        as_of in 0..8_i32,
    ) {
        prop_assert_eq!(Outcomes::new(rows.clone()), Outcomes::new(shuffled.clone()));
        prop_assert_eq!(Outcomes::known_by(day(as_of), rows), Outcomes::known_by(day(as_of), shuffled));
    }

    /// As of a day is what a file had that was written on that day.
    #[test]
    fn as_of_a_day_is_what_was_known_then(
        rows in proptest::collection::vec(row(), 0..12),
        as_of in 0..8_i32,
    ) {
        let then = rows.iter().filter(|row| row.known().is_some_and(|known| known <= day(as_of)));
        let (then, now) = (Outcomes::new(then.cloned()), Outcomes::known_by(day(as_of), rows.clone()));
        let all = |of: &Outcomes| -> Vec<(String, Vec<Outcome>)> {
            of.declarations().map(|(id, rows)| (id.to_owned(), rows.to_vec())).collect()
        };
        prop_assert_eq!(all(&then), all(&now));
        prop_assert_eq!(now.rows() + now.later(), rows.len() as u64);
    }

    /// What plans learn of on each day is the verdict of what was known then, whatever the order of rows.
    #[test]
    fn the_way_to_what_is_known_has_the_verdict_of_each_day(
        (rows, shuffled) in proptest::collection::vec(row(), 0..12)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
    ) {
        let timeline = Timeline::new(rows.clone());
        let digest = |timeline: &Timeline| {
            let mut hasher = blake3::Hasher::new();
            timeline.feed(&mut hasher);
            hasher.finalize()
        };
        prop_assert_eq!(digest(&timeline), digest(&Timeline::new(shuffled)));
        for as_of in 0..8 {
            let then = Outcomes::known_by(day(as_of), rows.clone());
            for id in ["D0", "D1", "D2"] {
                let way = timeline.of(id, day(0));
                let known = way.iter().rev().find(|known| known.known_on <= day(as_of));
                let found = known.and_then(|known| known.found).map(|(_, found)| found);
                prop_assert_eq!(found, verdict_of(then.of(id)).found(), "{} on day {}: {:?}", id, as_of, way);
            }
        }
    }
}
