//! Encrypted connections to PostgreSQL.
//!
//! The modes are those of PostgreSQL's own programs: with `require` the connection is encrypted and the server's
//! certificate is not checked, unless `sslrootcert` says by what.

use std::path::Path;
use std::sync::Arc;

use postgres::config::SslMode;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What the URL says of encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tls {
    pub mode: SslMode,
    check: Check,
}

/// What of the server's certificate is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Check {
    Nothing,
    /// Who signed it.
    Signer(Roots),
    /// Who signed it, and that it is of this host.
    All(Roots),
}

/// Whose signatures count.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Roots {
    /// Those that the system trusts.
    System,
    /// Those of this file.
    File(String),
}

impl Tls {
    /// Reads the parameters `sslmode` and `sslrootcert`.
    pub(super) fn new(mode: Option<&str>, root: Option<&str>) -> Result<Self, String> {
        let roots = match root {
            None | Some("system") => Roots::System,
            Some(path) => Roots::File(path.to_owned()),
        };
        let (mode, check) = match (mode.unwrap_or("prefer"), root) {
            ("disable", _) => (SslMode::Disable, Check::Nothing),
            ("allow" | "prefer", _) => (SslMode::Prefer, Check::Nothing),
            ("require", None) => (SslMode::Require, Check::Nothing),
            ("require" | "verify-ca", _) => (SslMode::Require, Check::Signer(roots)),
            ("verify-full", _) => (SslMode::Require, Check::All(roots)),
            (mode, _) => {
                return Err(format!(
                    "`sslmode` is `{mode}`; it can be disable, prefer, require, verify-ca or verify-full"
                ));
            }
        };
        Ok(Self { mode, check })
    }

    /// What makes such connections.
    pub(super) fn connector(&self) -> Result<MakeRustlsConnect, String> {
        let provider = Arc::new(ring::default_provider());
        let any_host = |signers| Arc::new(AnyHost { signers, provider: Arc::clone(&provider) });
        let verifier: Arc<dyn ServerCertVerifier> = match &self.check {
            Check::Nothing => any_host(None),
            Check::Signer(roots) => any_host(Some(signers(roots, &provider)?)),
            Check::All(roots) => signers(roots, &provider)?,
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }
}

fn signers(roots: &Roots, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, String> {
    let mut store = RootCertStore::empty();
    let from = match roots {
        Roots::System => {
            // Some of a system's certificates may be of an old form; the others count.
            let found = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(found.certs);
            "this system".to_owned()
        }
        Roots::File(path) => {
            let wrong =
                |error: &dyn std::fmt::Display| format!("`sslrootcert` {path} cannot be read: {error}");
            for certificate in
                CertificateDer::pem_file_iter(Path::new(path)).map_err(|error| wrong(&error))?
            {
                let certificate = certificate.map_err(|error| wrong(&error))?;
                store.add(certificate).map_err(|error| wrong(&error))?;
            }
            path.clone()
        }
    };
    if store.is_empty() {
        return Err(format!(
            "{from} has no certificates to check the server's by; name a file by `sslrootcert`"
        ));
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
        .build()
        .map_err(|error| error.to_string())
}

/// Checks who signed a certificate, if anyone's signature counts, and not whose it is. The server must have its key.
#[derive(Debug)]
struct AnyHost {
    signers: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyHost {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(signers) = &self.signers else { return Ok(ServerCertVerified::assertion()) };
        // The host is looked at after all else.
        match signers.verify_server_cert(certificate, others, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            result => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
