use super::*;

#[test]
fn weekdays_are_read_as_people_write_them() {
    for (text, bits) in [
        ("mon", Some(0b1)),
        ("mon-fri", Some(0b1_1111)),
        ("1-5", Some(0b1_1111)),
        ("Saturday, Sunday", Some(0b110_0000)),
        ("fri-mon", Some(0b111_0001)),
        ("1;7", Some(0b100_0001)),
        ("", None),
        ("8", None),
        ("0", None),
        ("周一", None),
        ("mon-", None),
        ("m", None),
    ] {
        assert_eq!(weekdays(text), bits, "{text}");
    }
}
