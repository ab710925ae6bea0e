use super::*;

const KEY: &str = "8f1d2c3b4a5968778695a4b3c2d1e0ff0123456789abcdeffedcba9876543210";

fn day() -> DayKey {
    Key::parse(KEY).unwrap().of_day("2016-09-06".parse().unwrap())
}

/// Worked out with Python's `hmac` and `hashlib`, see docs/auditing-the-draw.md.
#[test]
fn day_key_ticket_and_commitment_are_what_other_tools_compute() {
    let day = day();
    assert_eq!(hex(&day.bytes), KNOWN[0]);
    assert_eq!(day.older_commitment(), KNOWN[1]);
    assert_eq!(day.commitment(TERMS), KNOWN[6]);
    assert_eq!(hex(&day.ticket("D2016000042")), KNOWN[2]);
    assert_eq!(hex(&day.ticket("报关单1")), KNOWN[3]);
    assert_eq!(hex(&day.stratum("yiwu", "motorcycles/known")), KNOWN[4]);
    assert_eq!(day.start("yiwu", 1_000_000_007).to_string(), KNOWN[5]);
}

const TERMS: &str = "pack harbour@3#ab\nat_least stratum\nstrata group\nrate 20000 of 1000000\ncapacity yiwu 10 inspections\n";

const KNOWN: [&str; 7] = [
    "191a7538372f0398863797123e357c7a174c29a5b4c38499f780a959105edd72",
    "cedbe1de2c17d09147b09318e6c4e92f0e2a430cfa6070dfd3a3f40e6d3814fa",
    "cdc11e47fe8ddfe13120dc75320ce75337c35644ada01dc73b50cc2febe9e66e",
    "3faa4cd8c09b942313f8edc22882d8fcab1e024b7aa1671516096fa2e58744a5",
    "5beaefde6a55e421683a681bf280bee36d9cf145a6857fe8af0f6da17665b7f8",
    "400675553",
    "2fd2ba35654a70c7d615581619e8fe4bbfcfc9a15ffd1ffbf63fc9b5e59d4254",
];

#[test]
fn keys_that_nobody_drew_are_refused_without_showing_them() {
    let counting: String = (0..32).map(|byte| format!("{byte:02x}")).collect();
    let cases: [(String, KeyError); 9] = [
        (String::new(), KeyError::Short { digits: 0 }),
        (KEY[..62].to_owned(), KeyError::Short { digits: 62 }),
        (KEY[..63].to_owned(), KeyError::Odd),
        (format!("{}x", &KEY[..63]), KeyError::NotHex { at: 64 }),
        (format!("{} {}", &KEY[..32], &KEY[32..]), KeyError::NotHex { at: 33 }),
        ("0".repeat(64), KeyError::Regular),
        ("0123456789abcdef".repeat(4), KeyError::Regular),
        (counting, KeyError::Regular),
        ("ab".repeat(2_000), KeyError::Long),
    ];
    for (text, error) in cases {
        let found = Key::parse(&text).unwrap_err();
        assert_eq!(found, error);
        assert!(text.len() < 8 || !found.to_string().contains(&text[..8]), "{found}");
    }
    assert_eq!(Key::parse(&format!(" {}\r\n", KEY.to_uppercase())).unwrap().0, Key::parse(KEY).unwrap().0);
    let too_long = DayKey::parse("2016-09-06".parse().unwrap(), &format!("{KEY}00")).unwrap_err();
    assert_eq!(too_long, KeyError::NotOfADay { digits: 66 });
}

#[test]
fn days_have_keys_of_their_own() {
    let key = Key::parse(KEY).unwrap();
    let other = key.of_day("2016-09-07".parse().unwrap());
    assert_ne!(day().bytes, other.bytes);
    assert_ne!(day().commitment(TERMS), other.commitment(TERMS));
    let read = DayKey::parse("2016-09-06".parse().unwrap(), &day().to_secret_hex()).unwrap();
    assert_eq!(read.commitment(TERMS), day().commitment(TERMS));
    assert_ne!(day().commitment(TERMS), day().commitment(&TERMS.replace("10", "11")));
}
