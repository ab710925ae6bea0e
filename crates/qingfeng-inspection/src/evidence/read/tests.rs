use qingfeng::OpenedPack;

use super::*;
use crate::outcomes::Outcomes;
use crate::{AssessedDeclaration, Candidates};

/// Assessments without plans, in memory.
fn assessed(inputs: &[Input], pack: Option<&Pack>) -> Evidence {
    let mut evidence = Evidence::assessed(inputs, pack, std::iter::empty(), &|_| None).unwrap();
    evidence.inspect(&[], Outcomes::default()).unwrap();
    evidence.loaded().unwrap()
}

/// Plans and evidence put several assessments of a declaration together alike, whatever the order of rows.
#[test]
fn a_declaration_assessed_twice_is_the_same_everywhere() {
    let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind");
    let opened = OpenedPack::open(pack).unwrap();
    let id = opened.pack_id();
    let header = "declaration_id,score,channel,rules,pack,declared_on,sites,trader_class,group,line_groups,packages,value";
    // The graver channel has the lower score: something holds it up.
    let mut rows = [
        format!("D1,30,green,,{id},2016-09-06,yiwu,known,toys,toys;toys,3,10.5"),
        format!("D1,0,red,,{id},2016-09-06,ningbo,known,footwear,footwear,4,1.5"),
        format!("D2,0,green,,{id},2016-09-06,,known,other,other,1,1"),
        format!("D3,90,red,,{id},2016-09-06,,known,other,other,1,1"),
    ];
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("assessments.csv");
    for _ in 0..2 {
        std::fs::write(&path, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
        let inputs = [Input::Path(path.clone())];
        let candidates = Candidates::read(&inputs, &opened).unwrap();
        let evidence = assessed(&inputs, Some(opened.pack()));
        assert_eq!((candidates.all.len(), evidence.declarations.held.len()), (3, 3));
        let (planned, judged) = (&candidates.all[0], &evidence.declarations.held[0]);
        assert_eq!(opened.pack().channels[planned.channel.index()].name, "red");
        assert_eq!(evidence.channel(judged), "red");
        let of = |one: &AssessedDeclaration| {
            (one.score, one.group.clone(), one.packages, one.value, one.line_groups.clone(), one.sites.len())
        };
        assert_eq!(of(planned), of(judged));
        assert_eq!((planned.score, planned.packages, planned.value), (0, Some(7), Some(12.0)));
        assert_eq!((&*planned.group, planned.line_groups.len(), planned.sites.len()), ("footwear", 3, 2));
        rows.reverse();
    }
}

/// A channel that holds declarations up has low scores: only the pack knows that it is the graver.
#[test]
fn the_pack_says_which_channel_is_the_gravest_and_a_guess_is_counted() {
    let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind");
    let opened = OpenedPack::open(pack).unwrap();
    let id = opened.pack_id();
    let text = format!(
        "declaration_id,score,channel,rules,pack,declared_on\n\
         D1,0,red,,{id},2016-09-06\nD1,50,yellow,,{id},2016-09-06\nD2,10,grey,,{id},2016-09-06\n"
    );
    let inputs = [Input::bytes("assessments.csv", text)];
    let evidence = |pack: Option<&Pack>| assessed(&inputs, pack);
    let of = |evidence: &Evidence| {
        let first = &evidence.declarations.held[0];
        (evidence.channel(first).to_owned(), first.score, evidence.guessed_channels)
    };
    let known = evidence(Some(opened.pack()));
    assert_eq!(of(&known), ("red".to_owned(), 0, 0));
    assert_eq!(known.channels.iter().map(|name| &**name).collect::<Vec<_>>(), ["grey", "yellow", "red"]);
    let guessed = evidence(None);
    assert_eq!(of(&guessed), ("yellow".to_owned(), 50, 1));
    assert_eq!(guessed.channels.iter().map(|name| &**name).collect::<Vec<_>>(), ["red", "grey", "yellow"]);
}
