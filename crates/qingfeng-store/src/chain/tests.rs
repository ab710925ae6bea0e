use super::*;

const ROW: Row<'static> = Row {
    at: "2016-09-06T08:30:00Z",
    by: "Li Wei",
    reason: None,
    known_on: "2016-09-06",
    kind: "expired",
    lookup: None,
    body: "{}",
};

#[test]
fn every_part_of_a_row_is_in_its_hash() {
    let before = first();
    let changed = [
        Row { at: "2016-09-06T08:30:01Z", ..ROW },
        Row { by: "Li Wen", ..ROW },
        Row { reason: Some(""), ..ROW },
        Row { known_on: "2016-09-07", ..ROW },
        Row { kind: "added", ..ROW },
        Row { lookup: Some(""), ..ROW },
        Row { body: "{ }", ..ROW },
        // The same letters, divided otherwise.
        Row { at: "2016-09-06T08:30:00ZL", by: "i Wei", ..ROW },
    ];
    let hash = next(&before, 1, &ROW);
    assert_ne!(hash, next(&before, 2, &ROW));
    assert_ne!(hash, next(&hash, 1, &ROW));
    for row in changed {
        assert_ne!(hash, next(&before, 1, &row), "{row:?}");
    }
}

#[test]
fn the_hash_is_the_same_for_ever() {
    let hash = "909380038f2fc09104037987d82fec1780824bf196bbd096df5bf44238cdfbe8";
    assert_eq!(hexadecimal(&next(&first(), 1, &ROW)), hash);
}
