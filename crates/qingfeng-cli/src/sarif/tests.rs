//! What stands in `sarif.rs`.

use super::*;

#[test]
fn paths_are_uris() {
    let cases = [
        ("rules/clean-wind/a.rhai", "rules/clean-wind/a.rhai"),
        ("./rules/规 则/50%.rhai", "rules/%E8%A7%84%20%E5%88%99/50%25.rhai"),
        ("../rules/a.rhai", "../rules/a.rhai"),
    ];
    for (path, expected) in cases {
        assert_eq!(uri(Path::new(path)), expected);
    }
    if cfg!(unix) {
        assert_eq!(uri(Path::new("/srv/a.rhai")), "file:///srv/a.rhai");
    }
}
