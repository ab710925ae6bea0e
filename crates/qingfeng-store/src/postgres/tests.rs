use super::*;

#[test]
fn parameters_of_encryption_are_taken_out_of_urls() {
    let (config, tls) =
        configuration("postgresql://qf:p%40ss@db.example:6432/qingfeng?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem&connect_timeout=3")
            .unwrap();
    assert_eq!(config.get_user(), Some("qf"));
    assert_eq!(config.get_password(), Some(b"p@ss".as_slice()));
    assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(3)));
    assert_eq!(config.get_ssl_mode(), SslMode::Require);
    assert_eq!(tls, Tls::new(Some("verify-full"), Some("/etc/ca.pem")).unwrap());
    let (config, _) = configuration("postgresql://qf@%2Frun%2Fpostgresql/qingfeng?sslmode=require").unwrap();
    assert_eq!(config.get_ssl_mode(), SslMode::Disable, "a socket of this machine");
}

#[test]
fn urls_that_cannot_be_read_say_why() {
    for (url, reason) in [
        ("postgresql://qf@host/db?sslmode=on", "verify-full"),
        ("postgresql://qf@host:port/db", "port"),
        ("postgresql://qf@host/db?color=red", "color"),
        ("postgresql://qf@host/db?sslrootcert=%2", "hexadecimal"),
    ] {
        let error = configuration(url).unwrap_err();
        assert!(error.contains(reason), "{url}: {error}");
    }
}
