use super::*;

#[test]
fn modes_are_those_of_postgresql() {
    let file = || Roots::File("ca.pem".to_owned());
    for (mode, root, expected) in [
        (None, None, (SslMode::Prefer, Check::Nothing)),
        (Some("disable"), None, (SslMode::Disable, Check::Nothing)),
        (Some("allow"), None, (SslMode::Prefer, Check::Nothing)),
        (Some("require"), None, (SslMode::Require, Check::Nothing)),
        (Some("require"), Some("ca.pem"), (SslMode::Require, Check::Signer(file()))),
        (Some("verify-ca"), Some("ca.pem"), (SslMode::Require, Check::Signer(file()))),
        (Some("verify-full"), None, (SslMode::Require, Check::All(Roots::System))),
        (Some("verify-full"), Some("system"), (SslMode::Require, Check::All(Roots::System))),
        (Some("verify-full"), Some("ca.pem"), (SslMode::Require, Check::All(file()))),
    ] {
        let (expected_mode, check) = expected;
        assert_eq!(Tls::new(mode, root), Ok(Tls { mode: expected_mode, check }), "{mode:?} {root:?}");
    }
    assert!(Tls::new(Some("tls"), None).unwrap_err().contains("verify-full"));
    let missing = Tls::new(Some("verify-full"), Some("/nowhere/ca.pem")).unwrap();
    assert!(missing.connector().err().unwrap().contains("/nowhere/ca.pem"));
}
