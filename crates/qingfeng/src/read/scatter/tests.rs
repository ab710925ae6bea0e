//! Tests of `scatter`.

use super::*;

fn place(line: u64) -> Place {
    Place { input: 0, position: Position::Line(line) }
}

#[test]
fn ids_that_start_twice_are_found_across_any_number_of_runs() {
    let ids: Vec<String> =
        (0..1000).map(|n| format!("D{}", if n % 100 == 99 { n - 50 } else { n })).collect();
    let find = |run: usize| {
        let mut starts = Starts::new(run);
        for (at, id) in ids.iter().enumerate() {
            starts.note(id_hash(id), place(at as u64 + 1)).unwrap();
        }
        starts.scattered().unwrap()
    };
    let all = find(10_000);
    assert_eq!(all.count, 10);
    assert_eq!(all.first[0], ScatteredDeclaration { first: place(50), again: place(100) });
    for run in [1, 2, 7, 100, 999] {
        assert_eq!(find(run), all, "runs of {run}");
    }
}

#[test]
fn an_id_that_starts_thrice_is_one_declaration_and_the_first_twenty_are_shown() {
    let mut starts = Starts::new(16);
    for round in 0..3 {
        for id in 0..50 {
            starts.note(id_hash(&id.to_string()), place(round * 50 + id + 1)).unwrap();
        }
    }
    let scattered = starts.scattered().unwrap();
    assert_eq!(scattered.count, 50);
    assert_eq!(scattered.first.len(), 20);
    assert_eq!(scattered.first[19], ScatteredDeclaration { first: place(20), again: place(70) });
}

#[test]
fn notes_survive_a_file() {
    let positions = [Position::Line(7), Position::Row(u64::MAX), Position::Item { line: 5, item: u32::MAX }];
    for position in positions {
        let note = Note { hash: 0x0123_4567_89AB_CDEF, place: Place { input: 3, position } };
        assert_eq!(from_bytes(&to_bytes(note)), note);
    }
}
