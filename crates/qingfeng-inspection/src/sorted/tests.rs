use proptest::prelude::*;

use super::*;

fn any_declaration() -> impl Strategy<Value = AssessedDeclaration> {
    let text = || prop::sample::select(vec!["a", "toys", "羊毛", ""]);
    let numbers = || prop::sample::subsequence(vec![0_u32, 1, 2, 300], 0..=4);
    let texts = || prop::collection::vec(text(), 0..4);
    let day = prop::option::of(prop::sample::select(vec![-800_000, 0, 17_050, 17_051]));
    let ids = (day, prop::sample::select(vec!["D1", "D2", "D10", "申报"]), any::<i64>(), 0_u8..4, 0_u32..3);
    let values = (prop::option::of(any::<i64>()), prop::option::of(any::<f64>()));
    let shared = (prop::option::of(text()), text(), prop::option::of(text()), texts(), texts());
    (ids, (numbers(), numbers(), numbers()), values, shared).prop_map(
        |((day, id, score, channel, pack), (rules, shadow, sites), (packages, value), shared)| {
            let (trader, class, mode, groups, unreadable) = shared;
            let list = |texts: Vec<&str>| texts.into_iter().map(Arc::from).collect();
            AssessedDeclaration {
                score,
                channel: ChannelId(channel),
                pack,
                rules: rules.into(),
                shadow_rules: shadow.into(),
                sites: sites.into(),
                trader: trader.map(Arc::from),
                trader_class: class.into(),
                mode: mode.map(Arc::from),
                line_groups: list(groups),
                unreadable: list(unreadable),
                packages,
                value: value.filter(|value| value.is_finite()),
                ..AssessedDeclaration::new(id, day.and_then(Date::from_days))
            }
        },
    )
}

/// What comes out of a sorter with so much room.
fn sorted(all: &[AssessedDeclaration], room: usize) -> SortedDeclarations {
    let mut sorter = Sorter::with_room(room);
    all.iter().for_each(|declaration| sorter.push(declaration).unwrap());
    sorter.finish().unwrap()
}

fn given(sorted: &SortedDeclarations) -> Vec<AssessedDeclaration> {
    let mut given = Vec::new();
    let batches = sorted.each_batch(|batch| {
        given.extend(batch);
        Ok::<(), ReadError>(())
    });
    let days: Vec<(Option<Date>, u64)> =
        given.chunk_by(|a, b| a.day == b.day).map(|of_day| (of_day[0].day, of_day.len() as u64)).collect();
    assert_eq!(batches.unwrap().days, days);
    given
}

proptest! {
    /// Whatever fits into memory and whatever the order: what comes out is what putting them together in memory gives.
    #[test]
    fn runs_in_a_file_give_what_memory_gives(all in prop::collection::vec(any_declaration(), 0..60), room in 1_usize..4_000) {
        let mut wanted = all.clone();
        AssessedDeclaration::merge(&mut wanted, &mut Interner::default(), 0);
        let mut turned = all.clone();
        turned.reverse();
        for (all, room) in [(&all, room), (&turned, room), (&all, usize::MAX), (&turned, 1)] {
            let sorted = sorted(all, room);
            prop_assert_eq!(&given(&sorted), &wanted);
            // As often as they are asked for.
            prop_assert_eq!(&given(&sorted), &wanted);
            prop_assert_eq!(sorted.read_count(), all.len() as u64);
            let days = || wanted.iter().filter_map(|declaration| declaration.day);
            prop_assert_eq!(sorted.days(), days().min().zip(days().max()));
        }
    }

    /// A day is given out once, whole and in order; and memory gives the same days as a file.
    #[test]
    fn days_are_whole(all in prop::collection::vec(any_declaration(), 0..60)) {
        let sorted = sorted(&all, 200);
        let held = Candidates { all: given(&sorted), ..Candidates::default() };
        let days = |days: &mut Vec<(Option<Date>, Vec<AssessedDeclaration>)>, day, of_day: &[AssessedDeclaration]| {
            days.push((day, of_day.to_vec()));
            Ok::<(), ReadError>(())
        };
        let (mut of_file, mut of_memory) = (Vec::new(), Vec::new());
        sorted.each_day(|day, of_day| days(&mut of_file, day, of_day)).unwrap();
        held.each_day(|day, of_day| days(&mut of_memory, day, of_day)).unwrap();
        prop_assert!(of_file.is_sorted_by(|a, b| a.0 < b.0));
        prop_assert_eq!(of_file, of_memory);
    }
}

/// New numbers count for what is pooled and for what is not.
#[test]
fn rules_and_sites_get_new_numbers() {
    let mut of = AssessedDeclaration::new("D1", Date::from_days(17_050));
    (of.rules, of.sites, of.pack, of.channel) = (vec![0, 1].into(), vec![1].into(), 1, ChannelId(1));
    for room in [1, usize::MAX] {
        let mut sorted = sorted(std::slice::from_ref(&of), room);
        let new = || vec![5, 3];
        let new = Renumbering { rules: new(), sites: new(), packs: new(), channels: new() };
        sorted.renumber(new, 0);
        let given = given(&sorted).remove(0);
        assert_eq!(
            (&*given.rules, &*given.sites, given.pack, given.channel),
            (&[3, 5][..], &[3][..], 3, ChannelId(3))
        );
    }
}

/// More days than fit into a batch, and more without a day than are given out at a time.
#[test]
fn many_declarations_come_in_order() {
    let of = |at: usize| {
        let day = (!at.is_multiple_of(3)).then(|| Date::from_days(17_000 + (at % 7) as i32)).flatten();
        AssessedDeclaration::new(&format!("D{at}"), day)
    };
    let all: Vec<AssessedDeclaration> = (0..3 * BATCH).map(of).collect();
    let sorted = sorted(&all, 1 << 16);
    assert!(sorted.runs.len() > 4);
    let mut wanted = all.clone();
    wanted.sort_by(|a, b| (a.day, &a.declaration_id).cmp(&(b.day, &b.declaration_id)));
    assert_eq!(given(&sorted), wanted);
    let (mut days, mut count) = (Vec::new(), 0);
    let taken = sorted.each_day(|day, of_day| {
        days.push(day);
        count += of_day.len();
        Ok::<(), ReadError>(())
    });
    taken.unwrap();
    days.dedup();
    assert_eq!((days.len(), count), (8, all.len()));
    // What is wrong with what takes them ends it.
    let ends = sorted.each_batch(|_| Err(ReadError::NoInput));
    assert!(matches!(ends, Err(ReadError::NoInput)));
}
