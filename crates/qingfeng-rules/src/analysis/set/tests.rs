//! Tests of `set`.

use super::*;
use proptest::prelude::*;

fn holds_number(set: &Intervals<NumberCut>, number: f64) -> bool {
    let here = |after| End::At(NumberCut { at: Num::Number(number), after });
    set.0.iter().any(|(from, to)| *from <= here(false) && here(true) <= *to)
}

fn holds_text(set: &Intervals<TextCut>, text: &str) -> bool {
    let here = |side| End::At(TextCut { at: text.into(), side });
    set.0.iter().any(|(from, to)| *from <= here(TextSide::Before) && here(TextSide::After) <= *to)
}

fn numbers() -> impl Strategy<Value = Intervals<NumberCut>> {
    let cut = (0..6_i8, any::<bool>(), any::<bool>()).prop_map(|(at, after, whole)| {
        let at = if whole { Num::Integer(at.into()) } else { Num::Number(f64::from(at)) };
        End::At(NumberCut { at, after })
    });
    let end = prop_oneof![cut, Just(End::Start), Just(End::Finish)];
    proptest::collection::vec((end.clone(), end), 0..4)
        .prop_map(|parts| Intervals::union(parts.into_iter().map(|(a, b)| Intervals::between(a, b))))
}

fn texts() -> impl Strategy<Value = Intervals<TextCut>> {
    let part = ("[ab]{0,3}", any::<bool>()).prop_map(|(text, prefix)| {
        let text: Arc<str> = text.into();
        if prefix { Intervals::prefix(&text) } else { Intervals::text(&text) }
    });
    proptest::collection::vec(part, 0..4).prop_map(Intervals::union)
}

proptest! {
    #[test]
    fn sets_of_numbers_have_what_their_parts_say(a in numbers(), b in numbers(), at in 0..6_i8) {
        let number = f64::from(at);
        prop_assert_eq!(holds_number(&a.complement(), number), !holds_number(&a, number));
        let both = holds_number(&a, number) && holds_number(&b, number);
        prop_assert_eq!(holds_number(&a.intersection(&b), number), both);
        prop_assert_eq!(a.is_disjoint(&b), a.intersection(&b).is_empty());
        let either = holds_number(&a, number) || holds_number(&b, number);
        prop_assert_eq!(holds_number(&Intervals::union([a, b]), number), either);
    }

    #[test]
    fn sets_of_texts_have_what_their_parts_say(a in texts(), b in texts(), text in "[abc]{0,4}") {
        prop_assert_eq!(holds_text(&a.complement(), &text), !holds_text(&a, &text));
        let both = holds_text(&a, &text) && holds_text(&b, &text);
        prop_assert_eq!(holds_text(&a.intersection(&b), &text), both);
        let either = holds_text(&a, &text) || holds_text(&b, &text);
        prop_assert_eq!(holds_text(&Intervals::union([a.clone(), b]), &text), either);
        prop_assert_eq!(a.complement().complement(), a);
    }

    #[test]
    fn a_prefix_has_the_texts_that_begin_with_it(prefix in "[ab]{0,3}", text in "[ab]{0,5}") {
        prop_assert_eq!(holds_text(&Intervals::prefix(&prefix.as_str().into()), &text), text.starts_with(&prefix));
    }
}
