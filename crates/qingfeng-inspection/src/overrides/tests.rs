use super::*;

#[test]
fn names_are_the_same_whatever_their_case_width_and_blanks() {
    for (a, b, same) in [
        ("Li Wei", "li  wei", true),
        ("ＬＩ Ｗei", "liwei", true),
        ("李伟", " 李 伟\u{3000}", true),
        ("Li Wei\u{200b}", "Li Wei", true),
        ("Li Wei", "Li Wen", false),
    ] {
        assert_eq!(folded(a) == folded(b), same, "{a} {b}");
    }
}
