//! Who may do what, from where, and over which connections.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use qingfeng_server::{Role, Server, ServerError, ServerOptions, TlsFiles, Tokens};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::support::{Reply, Service, declaration, head, write_pack};

/// Tokens that are their own names.
fn tokens() -> Tokens {
    let entry = |name: &str, roles: &str| {
        format!("[[tokens]]\nname = \"{name}\"\nsha256 = \"{}\"\nroles = [{roles}]\n", sha256(name))
    };
    let text = [
        entry("assess", "\"assess\""),
        entry("explain", "\"assess\", \"explain\""),
        entry("reload", "\"reload\""),
        entry("read", "\"read\""),
    ];
    Tokens::parse(&text.concat()).unwrap()
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn ask(service: &Service, method: &str, path: &str, token: &str, body: &str) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers: &[(&str, &str)] = if token.is_empty() { &[] } else { &[("Authorization", &bearer)] };
    service.send(method, path, headers, body.as_bytes())
}

#[test]
fn each_role_opens_its_own_doors() {
    let service = Service::new(|options| options.tokens = Some(tokens()));
    let message = declaration("D1", 11);
    let routes = [
        ("POST", "/v1/assess", &*message, Some(Role::Assess)),
        ("POST", "/v1/assess/batch", &*message, Some(Role::Assess)),
        ("POST", "/v1/explain", &*message, Some(Role::Explain)),
        ("POST", "/v1/reload", "", Some(Role::Reload)),
        ("GET", "/v1/pack", "", Some(Role::Read)),
        ("GET", "/v1/rules", "", Some(Role::Read)),
        ("GET", "/v1/rules/MANY", "", Some(Role::Read)),
        ("GET", "/v1/fields", "", Some(Role::Read)),
        ("GET", "/metrics", "", Some(Role::Read)),
        ("GET", "/healthz", "", None),
        ("GET", "/readyz", "", None),
        ("GET", "/openapi.json", "", None),
    ];
    for (method, path, body, role) in routes {
        for (token, roles) in [
            ("", &[][..]),
            ("unknown", &[]),
            ("assess", &[Role::Assess]),
            ("explain", &[Role::Assess, Role::Explain]),
            ("reload", &[Role::Reload]),
            ("read", &[Role::Read]),
        ] {
            let reply = ask(&service, method, path, token, body);
            let expected = match role {
                None => 200,
                Some(_) if roles.is_empty() => 401,
                Some(role) if roles.contains(&role) => 200,
                Some(_) => 403,
            };
            assert_eq!(reply.status, expected, "{path} with `{token}`: {}", reply.body);
            if expected == 401 {
                assert_eq!(reply.code(), "unauthorized");
                assert!(reply.header("www-authenticate").is_some());
            }
        }
    }
}

#[test]
fn who_may_not_see_why_sees_no_rule() {
    let service = Service::new(|options| options.tokens = Some(tokens()));
    let message = declaration("D1", 11);
    let with = ask(&service, "POST", "/v1/assess", "explain", &message);
    assert!(with.body.contains("MANY") && with.body.contains("11.0 pieces"), "{}", with.body);
    let without = ask(&service, "POST", "/v1/assess", "assess", &message);
    assert!(!without.body.contains("MANY") && !without.body.contains("11.0 pieces"), "{}", without.body);
    assert_eq!(without.json()["channel"], "red");
    assert_eq!(without.json()["withheld"], serde_json::json!(["fired", "faults", "undecided"]));
    for by in ["declaration", "item"] {
        let rows = ask(&service, "POST", &format!("/v1/assess/batch?by={by}"), "assess", &message);
        let row = rows.body.lines().next().unwrap();
        assert!(!row.contains("MANY") && row.contains("\"channel\":\"red\""), "{row}");
    }
    let refused = ask(&service, "POST", "/v1/assess/batch?reasons=true", "assess", &message);
    assert_eq!(refused.code(), "forbidden");
    // The summary counts rules by their names.
    let rows = ask(&service, "POST", "/v1/assess/batch", "assess", &message);
    assert!(!rows.body.contains("MANY"), "{}", rows.body);
    // Why a pack was refused says what its rules are.
    std::fs::write(service.path("pack/bad.rhai"), "rule(\"SECRET\", #{ score: 1 });").unwrap();
    assert_eq!(ask(&service, "POST", "/v1/reload", "reload", "").status, 409);
    assert!(!ask(&service, "GET", "/readyz", "", "").body.contains("bad.rhai"));
    assert!(ask(&service, "GET", "/readyz", "read", "").body.contains("bad.rhai"));
}

#[test]
fn a_browser_reads_and_changes_nothing() {
    let service = Service::new(|options| options.tokens = Some(tokens()));
    // `user:read` and `user:reload` in Base64.
    let basic = |text: &'static str| [("Authorization", text)];
    assert_eq!(service.send("GET", "/v1/pack", &basic("Basic dXNlcjpyZWFk"), b"").status, 200);
    assert_eq!(service.send("POST", "/v1/reload", &basic("Basic dXNlcjpyZWxvYWQ="), b"").status, 401);
    let open = Service::new(|_| {});
    let from = |headers: &[(&str, &str)]| open.send("POST", "/v1/reload", headers, b"").status;
    assert_eq!(from(&[("Origin", "https://evil.example")]), 403);
    assert_eq!(from(&[("Origin", "null")]), 403);
    assert_eq!(from(&[("Host", "evil.example")]), 403);
    assert_eq!(from(&[("Host", "localhost:1"), ("Origin", "http://localhost:1")]), 200);
    assert_eq!(from(&[("Host", "127.0.0.1")]), 200);
}

#[test]
fn off_this_machine_it_listens_with_tokens_and_encryption_alone() {
    let directory = tempfile::tempdir().unwrap();
    write_pack(directory.path(), "1", 10);
    let everywhere = "0.0.0.0:0".parse().unwrap();
    let listen = |tokens: Option<Tokens>, plain_text| {
        let mut options = ServerOptions::new(directory.path());
        options.workers = 1;
        (options.tokens, options.plain_text) = (tokens, plain_text);
        Server::open(options).unwrap().listen(everywhere)
    };
    assert!(matches!(listen(None, true), Err(ServerError::Unsafe { .. })));
    assert!(matches!(listen(Some(tokens()), false), Err(ServerError::Unsafe { .. })));
    assert!(listen(Some(tokens()), true).is_ok());
}

/// The files of an authority for tests, and of a certificate of it for `localhost`.
fn tls_file(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service/tls")).join(name)
}

#[test]
fn answers_come_over_tls_and_not_without() {
    let files = TlsFiles { certificate: tls_file("cert.pem"), key: tls_file("key.pem") };
    let service = Service::new(|options| options.tls = Some(files));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(tls_file("ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = rustls::ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut connection = rustls::StreamOwned::new(client, service.connect());
    let body = declaration("D1", 11);
    connection.write_all(&head("POST", "/v1/assess", &[], Some(body.len()))).unwrap();
    connection.write_all(body.as_bytes()).unwrap();
    let reply = Reply::read(&mut connection);
    assert_eq!((reply.status, &reply.json()["channel"]), (200, &"red".into()));
    // Plain text is no answer, and takes no place.
    let mut plain = service.connect();
    plain.write_all(&head("GET", "/healthz", &[], Some(0))).unwrap();
    assert!(Reply::try_read(&mut plain).is_err());
    let wrong = TlsFiles { certificate: tls_file("key.pem"), key: tls_file("cert.pem") };
    let mut options = ServerOptions::new(service.path("pack"));
    options.tls = Some(wrong);
    assert!(matches!(Server::open(options), Err(ServerError::Tls { .. })));
}
