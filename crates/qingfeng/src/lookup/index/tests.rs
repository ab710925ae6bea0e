//! Tests of `index`.

use super::*;

#[test]
fn keys_are_found_where_tags_and_slots_collide() {
    // The same tag and slot, the same tag alone, the same slot alone.
    let hashes = [0x1_0000_0001_u64, 0x1_0000_0001, 0x1_0000_0002, 0x2_0000_0001, u64::MAX];
    let index = KeyIndex::new(&hashes);
    for (key, &hash) in (0..).zip(&hashes) {
        assert_eq!(index.find(hash, &|known| known == key), Some(key), "key {key}");
        assert_eq!(index.find(hash, &|_| false), None, "key {key}");
    }
    let asked = [NO_HASH, hashes[4], 0x7_0000_0000, hashes[2]];
    let mut lines = index.candidates(&asked);
    index.first_keys(&asked, &mut lines);
    lines.retain(|(_, key)| *key != NONE);
    // The key before it has the same tag, which is why texts are compared.
    assert_eq!(lines, [(1, 4), (3, 1)]);
    assert_eq!(KeyIndex::new(&[]).candidates(&asked), []);
}
