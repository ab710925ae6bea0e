//! The exchange of packs: tried, accepted, refused.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fs;

use crate::support::{Service, declaration, write_pack};

fn digest(service: &Service) -> String {
    service.get("/readyz").json()["digest"].as_str().unwrap().to_owned()
}

#[test]
fn a_pack_that_does_not_stand_the_trial_is_refused() {
    let service = Service::new(|_| {});
    let (pack, before) = (service.path("pack"), digest(&service));
    for (at, quantity) in [1, 5, 20, 30, 2_000].into_iter().enumerate() {
        service.post("/v1/assess", declaration(&format!("D{at}"), quantity));
    }
    let reload = |body: &str| service.post("/v1/reload", body);
    assert_eq!(reload("").json()["outcome"], "unchanged");
    // Broken.
    fs::write(pack.join("bad.rhai"), "rule(\"BAD\", #{ title: \"t\", score: 1, when: |d| d.nothing > 1 });")
        .unwrap();
    let refused = reload("");
    assert_eq!((refused.status, &refused.json()["outcome"]), (409, &"refused_broken".into()));
    assert!(refused.json()["reasons"][0].as_str().unwrap().contains("bad.rhai"), "{}", refused.body);
    let ready = service.get("/readyz");
    assert_eq!((ready.status, &ready.json()["last_reload"]["outcome"]), (200, &"refused_broken".into()));
    assert_eq!((&ready.json()["is_current"], digest(&service)), (&false.into(), before.clone()));
    assert!(service.get("/metrics").body.contains("\nqingfeng_pack_stale 1\n"));
    fs::remove_file(pack.join("bad.rhai")).unwrap();
    // A test fails.
    write_pack(&pack, "2", 5_000);
    let refused = reload("");
    assert_eq!((refused.status, &refused.json()["outcome"]), (409, &"refused_tests".into()));
    assert!(
        refused.json()["reasons"][0].as_str().unwrap().contains("a thousand are many"),
        "{}",
        refused.body
    );
    assert_eq!(digest(&service), before);
    // Two of five declarations would move.
    write_pack(&pack, "2", 100);
    let refused = reload("");
    assert_eq!((refused.status, &refused.json()["outcome"]), (409, &"refused_change".into()));
    assert_eq!(refused.json()["change"]["changed"], 2);
    assert!(refused.json()["reasons"][0].as_str().unwrap().contains("40.0 %"), "{}", refused.body);
    assert_eq!(service.post("/v1/assess", declaration("E1", 30)).json()["channel"], "red");
    // Another one than was asked for.
    let refused = reload(r#"{"expected_digest":"abc","max_change":1}"#);
    assert_eq!(refused.json()["outcome"], "refused_digest");
    for wrong in [r#"{"max_change":2}"#, r#"{"max_changes":0.5}"#, "[]", "x"] {
        assert_eq!(reload(wrong).code(), "bad_request", "{wrong}");
    }
    // It is meant.
    let accepted = reload(r#"{"max_change":0.6}"#);
    assert_eq!(
        (accepted.status, &accepted.json()["outcome"]),
        (200, &"accepted".into()),
        "{}",
        accepted.body
    );
    assert_eq!(service.post("/v1/assess", declaration("E2", 30)).json()["channel"], "green");
    assert_eq!(service.get("/readyz").json()["is_current"], true);
    let history = service.get("/v1/pack").json();
    assert_eq!(history["reloads"].as_array().unwrap().len(), 6);
    assert_eq!(history["reloads"][0]["outcome"], "accepted");
    // Counts go on.
    assert_eq!(history["declarations"], 7);
    assert_eq!(
        history["channels"]
            .as_array()
            .unwrap()
            .iter()
            .map(|of| of["declarations"].as_u64().unwrap())
            .sum::<u64>(),
        7
    );
}

#[test]
fn a_posted_pack_is_tried_and_not_taken() {
    let service = Service::new(|_| {});
    let archive = |name: &str| {
        let mut archive = tar::Builder::new(Vec::new());
        archive.append_dir_all("pack", service.path(name)).unwrap();
        archive.into_inner().unwrap()
    };
    let before = digest(&service);
    service.post("/v1/assess", declaration("D1", 30));
    write_pack(&service.path("next"), "2", 100);
    let checked = service.post("/v1/check", archive("next")).json();
    assert_eq!(checked["outcome"], "refused_change", "{checked}");
    assert_eq!((&checked["report"]["errors"], &checked["tests"]["run"]), (&0.into(), &1.into()));
    fs::write(service.path("next/bad.rhai"), "rule(").unwrap();
    let checked = service.post("/v1/check", archive("next")).json();
    assert_eq!(checked["outcome"], "refused_broken");
    assert!(checked["report"]["errors"].as_u64().unwrap() > 0, "{checked}");
    assert_eq!(service.post("/v1/check", "no archive").code(), "bad_request");
    assert_eq!(digest(&service), before);
}
