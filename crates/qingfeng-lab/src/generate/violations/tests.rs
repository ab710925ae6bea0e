//! Tests of `violations`.

use super::*;

fn plain() -> Suspect {
    Suspect {
        family: Family::Ordinary,
        region: Region::Other,
        trade: Trade::General,
        offender_exporter: false,
        offender_producer: false,
        newcomer: false,
        trusted: false,
        authorised: false,
        found_before: false,
        leaning_tenths: 8,
    }
}

#[test]
fn hazard_rises_with_goods_region_mode_and_record() {
    let plain = plain();
    for worse in [
        Suspect { family: Family::Apparel, ..plain },
        Suspect { region: Region::Africa, ..plain },
        Suspect { trade: Trade::Market, ..plain },
        Suspect { offender_exporter: true, ..plain },
        Suspect { offender_producer: true, ..plain },
        Suspect { newcomer: true, ..plain },
    ] {
        assert!(worse.hazard() > plain.hazard(), "{worse:?}");
    }
    for better in [Suspect { authorised: true, ..plain }, Suspect { trusted: true, ..plain }] {
        assert!(better.hazard() < plain.hazard(), "{better:?}");
    }
}

#[test]
fn tells_fit_the_goods() {
    let mut random = Random::new(1, 1);
    for _ in 0..1_000 {
        let tell = Tell::draw(&plain(), &mut random);
        assert!(!matches!(tell, Tell::LookAlike | Tell::Unauthorised | Tell::Certificate), "{tell:?}");
    }
}
