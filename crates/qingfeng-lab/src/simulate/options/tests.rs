//! Tests of `options`.

use super::*;

#[test]
fn arms_are_read_as_they_are_written() {
    for text in [
        "random-5",
        "random-0",
        "random-100",
        "random-2.5+explore",
        "random-0.0001+calibrate+steady+score",
        "random-pack",
    ] {
        assert_eq!(text.parse::<Arm>().map(|arm| arm.to_string()), Ok(text.to_owned()));
    }
    assert_eq!("explore".parse::<Arm>().unwrap().to_string(), "random-pack+explore");
    for text in [
        "",
        "random",
        "random-",
        "random--1",
        "random-101",
        "random-1e1",
        "random-.5",
        "random-1.23456",
        "x\u{1b}[2J",
    ] {
        let refused = text.parse::<Arm>().unwrap_err().to_string();
        assert!(refused.contains("random-5+explore"), "{text}: {refused}");
    }
}
