//! Tests of `calibrate`.

use super::next_version;

#[test]
fn versions_are_marked() {
    for (version, next) in [
        ("2016.3", "2016.3+calibrated"),
        ("2016.3+calibrated", "2016.3+calibrated.2"),
        ("2016.3+calibrated.2", "2016.3+calibrated.3"),
        ("2016.3+calibrated-by-hand", "2016.3+calibrated.2"),
    ] {
        assert_eq!(next_version(version), next);
    }
}
