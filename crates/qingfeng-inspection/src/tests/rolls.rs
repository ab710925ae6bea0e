//! Declarations that come again, and that come amended.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;
use qingfeng_rules::selection::{Amount, Millionths};
use qingfeng_rules::{ChannelId, SelectionKind};

use super::super::policy::units;
use super::super::rolling::{OfficeDay, Roll, Taken};
use super::super::{AssessedDeclaration, Capacity};
use super::world::*;

fn selected(taken: &Taken) -> Option<SelectionKind> {
    taken.decision.as_ref()?.selected
}

/// Takes all declarations, after those that an earlier run decided.
fn run(
    world: &World,
    decided: &[(AssessedDeclaration, Taken)],
    feed: &[AssessedDeclaration],
) -> (Vec<Taken>, Vec<OfficeDay>) {
    let key = key(3);
    let mut roll = Roll::new(&world.policy, &world.capacity, world.outcomes.as_ref(), Some(&key));
    for (candidate, taken) in decided {
        roll.recall(candidate, taken.clone());
    }
    let taken = feed.iter().map(|candidate| roll.take(candidate)).collect();
    (taken, roll.finish())
}

/// An amendment of a declaration.
fn amended(one: &AssessedDeclaration, how: u8) -> AssessedDeclaration {
    let mut other = one.clone();
    match how % 7 {
        0 => other.score = one.score.saturating_add(7).min(100),
        1 => other.channel = ChannelId((one.channel.0 + 1) % 3),
        2 => other.packages = Some(i64::from(how) * 90),
        3 => other.sites = [u32::from(how % 3)].into(),
        4 => other.rules = if one.rules.is_empty() { [0].into() } else { [].into() },
        5 => other.day = Some(date(DAYS[usize::from(how % 3)])),
        _ => other.sites = [].into(),
    }
    other
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    /// Whoever sends a declaration again, in whatever order, learns nothing new and changes nothing.
    #[test]
    fn one_that_comes_again_is_answered_as_before(
        world in any_world(), again in prop::collection::vec(any::<(Index, Index)>(), 0..20),
    ) {
        let all = &world.candidates.all;
        let (once, days) = run(&world, &[], all);
        // Where each stands, and which of those before it come again after it.
        let mut feed: Vec<(usize, bool)> = (0..all.len()).map(|at| (at, false)).collect();
        for (place, of) in again.into_iter().filter(|_| !all.is_empty()) {
            let place = place.index(feed.len());
            let of = feed[of.index(place + 1)].0;
            feed.insert(place + 1, (of, true));
        }
        let sent: Vec<AssessedDeclaration> = feed.iter().map(|&(at, _)| all[at].clone()).collect();
        let (taken, same_days) = run(&world, &[], &sent);
        for ((at, is_again), taken) in feed.into_iter().zip(taken) {
            prop_assert_eq!(taken.again, is_again);
            prop_assert_eq!(Taken { again: false, ..taken }, once[at].clone());
        }
        prop_assert_eq!(same_days, days);
    }

    /// A run that goes on from the decisions of another is as one that never stopped.
    #[test]
    fn a_run_that_was_broken_off_goes_on(
        world in any_world(), how in prop::collection::vec(any::<(Index, u8)>(), 0..12), cut in any::<Index>(),
    ) {
        let mut feed = world.candidates.all.clone();
        for (of, how) in how.into_iter().filter(|_| !world.candidates.all.is_empty()) {
            let one = amended(&feed[of.index(feed.len())], how);
            feed.push(one);
        }
        let (whole, days) = run(&world, &[], &feed);
        let cut = cut.index(feed.len() + 1);
        let decided: Vec<_> = feed[..cut].iter().cloned().zip(whole[..cut].iter().cloned()).collect();
        let (rest, same_days) = run(&world, &decided, &feed[cut..]);
        prop_assert_eq!(&rest[..], &whole[cut..]);
        prop_assert_eq!(same_days, days);
        // What was decided is answered word for word, also after the pause.
        let (repeated, _) = run(&world, &decided, &feed[..cut]);
        let mut last: BTreeMap<&str, &Taken> = BTreeMap::new();
        for (candidate, taken) in &decided {
            last.insert(&candidate.declaration_id, taken);
        }
        for ((candidate, taken), repeated) in decided.iter().zip(repeated) {
            if last[&*candidate.declaration_id].number == taken.number && feed.iter().filter(|one| one.declaration_id == candidate.declaration_id).count() == 1 {
                prop_assert_eq!(Taken { again: false, ..repeated }, Taken { again: false, ..taken.clone() });
            }
        }
    }

    /// An amendment names what it replaces, is counted once, does not get out of an inspection, and is not drawn again.
    #[test]
    fn an_amendment_is_no_second_chance(
        world in any_world(), how in prop::collection::vec(any::<(Index, u8)>(), 1..40),
    ) {
        let mut feed = world.candidates.all.clone();
        for (of, how) in how.into_iter().filter(|_| !world.candidates.all.is_empty()) {
            let one = amended(&feed[of.index(feed.len())], how);
            feed.push(one);
        }
        let (taken, days) = run(&world, &[], &feed);
        let mut last: BTreeMap<&str, (&AssessedDeclaration, &Taken)> = BTreeMap::new();
        let mut was_drawn: BTreeMap<&str, bool> = BTreeMap::new();
        for (candidate, taken) in feed.iter().zip(&taken) {
            let id = &*candidate.declaration_id;
            if taken.again {
                continue;
            }
            let before = last.insert(id, (candidate, taken)).map(|(_, before)| before);
            prop_assert_eq!(taken.replaces, before.map(|before| before.number));
            if let Some(before) = before {
                let why = taken.decision.as_ref().map_or("", |decision| &decision.why);
                let says = format!("in place of decision {}", before.number);
                let stays = why.contains("no site inspects it any more");
                prop_assert!(why.contains(&says) || stays || taken.office.is_none(), "{why}");
                if selected(before).is_some() && selected(taken).is_none() {
                    prop_assert!(why.contains("no capacity left"), "{before:?} {taken:?}");
                }
                if selected(taken) == Some(SelectionKind::Random) && selected(before).is_none() {
                    prop_assert!(!was_drawn[id], "{before:?} {taken:?}");
                }
            }
            let is_held = taken.decision.is_some() && world.policy.mandatory(candidate).is_none();
            *was_drawn.entry(id).or_default() |= is_held;
        }
        let counted: u64 = days.iter().map(|day| day.declarations).sum();
        let placed = last.values().filter(|(_, taken)| taken.decision.is_some()).count() as u64;
        prop_assert_eq!(counted, placed);
        let inspected: u64 = days.iter().map(|day| day.mandatory + day.targeted + day.random).sum();
        let chosen = last.values().filter(|(_, taken)| selected(taken).is_some()).count() as u64;
        prop_assert_eq!(inspected, chosen);
        for day in &days {
            prop_assert!(day.used <= units(day.capacity), "{day:?}");
        }
    }
}

#[test]
fn a_declaration_that_is_to_be_opened_stays_so_whatever_is_amended() {
    let mut selection = selection();
    selection.random.rate = Millionths(1_000_000);
    let world = World {
        policy: policy(selection),
        capacity: Capacity::of_sites([("yiwu", Amount::Points(40)), ("ningbo", Amount::Points(40))]),
        candidates: candidates(Vec::new()),
        outcomes: None,
    };
    let first = AssessedDeclaration { rules: [0].into(), packages: Some(100), ..candidate(DAYS[1], 1) };
    let milder = AssessedDeclaration { rules: [].into(), ..first.clone() };
    let dearer = AssessedDeclaration { packages: Some(9_000), ..milder.clone() };
    let elsewhere = AssessedDeclaration { sites: [1].into(), ..milder.clone() };
    let nowhere = AssessedDeclaration { sites: [].into(), day: None, ..milder.clone() };
    let feed = [first, milder, dearer, elsewhere, nowhere];
    let (taken, days) = run(&world, &[], &feed);
    let of = |taken: &Taken| {
        let decision = taken.decision.clone().unwrap();
        (taken.number, taken.office.clone().unwrap(), decision.why)
    };
    let told: Vec<_> = taken.iter().map(of).collect();
    let forced = "rule FORCE forces red";
    assert_eq!(told[0], (1, "yiwu".to_owned(), forced.to_owned()));
    let why = format!("{forced}; amended, in place of decision 1 (mandatory at yiwu)");
    assert_eq!(told[1], (2, "yiwu".to_owned(), why));
    assert!(taken.iter().all(|taken| selected(taken) == Some(SelectionKind::Mandatory)), "{taken:?}");
    assert_eq!((told[3].1.as_str(), told[4].1.as_str()), ("ningbo", "ningbo"));
    assert_eq!(days.iter().map(|day| day.mandatory).sum::<u64>(), 1);
    assert_eq!((days[1].office.as_str(), days[1].used), ("yiwu", 0));
}
