use super::*;
use crate::Role;
use crate::Verdict;

/// What older programs wrote is read, and written again to the same bytes, on which the hashes stand.
#[test]
fn findings_written_before_there_were_waivers_keep_their_bytes() {
    for (body, verdict) in [
        (r#"{"declaration_id":"D1","found_on":"2016-09-05","major":false,"parties":[]}"#, Verdict::Clear),
        (
            r#"{"declaration_id":"D1","item_no":2,"found_on":"2016-09-05","violation":"fake","pieces":5,"fine":"12.5","major":true,"parties":[{"role":"exporter","name":"E1"}]}"#,
            Verdict::Violation(Violation::Fake),
        ),
    ] {
        let row = Row {
            at: "2016-09-06T08:30:00Z",
            by: "Li",
            reason: None,
            known_on: "2016-09-06",
            kind: "found",
            lookup: None,
            body,
        };
        let change = decode(1, &row).unwrap();
        assert!(
            matches!(&change.kind, ChangeKind::Found(finding) if finding.verdict == verdict),
            "{change:?}"
        );
        assert_eq!(encode(change.known_on, &change.kind).unwrap().body, body);
    }
}

#[test]
fn what_came_later_comes_back_as_it_was() {
    let day: Date = "2016-09-05".parse().unwrap();
    let outcome = Outcome {
        item_no: Some(1),
        selected: Some(SelectionKind::Random),
        value: Some(0.1 + 0.2),
        case_number: Some("杭关缉 2016-17".into()),
        disposal: Some(Disposal::Returned),
        disclosed_on: Some(day),
        hours: Some(1.25),
        ..Outcome::new("D1", day, Verdict::Violation(Violation::Counterfeit))
    };
    let full = Finding { outcome, parties: vec![Party { role: Role::Brand, name: "得力".to_owned() }] };
    let waived = Outcome { waiver: Some("W03".into()), ..Outcome::new("D2", day, Verdict::Waived) };
    for finding in [full, waived.into(), Outcome::new("D3", day, Verdict::Open).into()] {
        let kind = ChangeKind::Found(finding);
        let Encoded { known_on, kind: name, body, .. } = encode(day, &kind).unwrap();
        let row = Row {
            at: "2016-09-06T08:30:00Z",
            by: "Li",
            reason: None,
            known_on: &known_on,
            kind: name,
            lookup: None,
            body: &body,
        };
        assert_eq!(decode(1, &row).unwrap().kind, kind);
    }
}
