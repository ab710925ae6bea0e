//! Tests of `brands`.

use super::*;

#[test]
fn look_alikes_differ_from_what_they_imitate() {
    let mut random = Random::new(1, 1);
    for brand in PROTECTED.iter() {
        assert!(!brand.families.is_empty(), "{}", brand.name);
        for _ in 0..200 {
            let mut name = String::new();
            write_look_alike(brand.name, &mut random, &mut name);
            assert_ne!(name, brand.name);
            assert!(!name.is_empty());
        }
    }
}

#[test]
fn authorisations_follow_the_exporters_number() {
    assert_eq!(authorised(99), None);
    assert_eq!(authorised(100), Some(0));
    assert_eq!(authorised(104), Some(0));
    assert_eq!(authorised(105), None);
    assert_eq!(authorised(302), Some(20));
    assert_eq!(authorised(310), None);
}

#[test]
fn invented_brands_are_not_protected() {
    let mut name = String::new();
    for number in 0..INVENTED_COUNT {
        name.clear();
        write_invented(number, &mut name);
        assert!(PROTECTED.iter().all(|brand| !brand.name.eq_ignore_ascii_case(&name)), "{name}");
    }
}
