//! Who vouches for the certificate of the server.
//!
//! rustls trusts no certificate that may sign others and stands for a server itself; PostgreSQL's own programs do, if it is the very
//! certificate that the person named, and that is what `openssl req -x509` makes for one's own server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{self, CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::error::{Error, ErrorKind, Result};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trust {
    /// Whoever answers: the connection is encrypted, and nothing else.
    Anybody,
    /// Whom this system trusts for the name of the host.
    System,
    /// A certificate of this file, or one that such a one signed; for the name of the host, if that is to be looked at.
    File { file: PathBuf, names: bool },
}

impl Trust {
    pub(super) fn config(&self) -> Result<ClientConfig> {
        let unusable = |error: rustls::Error| {
            Error::new(ErrorKind::Config, "TLS cannot be used on this system").caused_by(error)
        };
        let provider = Arc::new(crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(unusable)?;
        let rule = match self {
            Self::System => {
                return Ok(builder.with_platform_verifier().map_err(unusable)?.with_no_client_auth());
            }
            Self::Anybody => Rule::Anybody,
            Self::File { file, names } => {
                let (roots, named) = certificates(file)?;
                Rule::Roots { roots, named, names: *names }
            }
        };
        let verifier = Arc::new(Verifier { provider, rule });
        Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
    }
}

/// The certificates of a file: as those that sign others, and as they are.
fn certificates(file: &Path) -> Result<(RootCertStore, Vec<CertificateDer<'static>>)> {
    let unreadable = |cause: Box<dyn std::error::Error + Send + Sync>| {
        let advice = "the file that sslrootcert names holds no certificates that can be read (PEM)";
        Error::new(ErrorKind::Config, advice).with("file", file.display()).caused_by(cause)
    };
    let (mut roots, mut named) = (RootCertStore::empty(), Vec::new());
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(error.into()))? {
        let certificate = certificate.map_err(|error| unreadable(error.into()))?;
        roots.add(certificate.clone()).map_err(|error| unreadable(error.into()))?;
        named.push(certificate);
    }
    if roots.is_empty() { Err(unreadable("no certificate is in it".into())) } else { Ok((roots, named)) }
}

#[derive(Debug)]
enum Rule {
    Anybody,
    Roots { roots: RootCertStore, named: Vec<CertificateDer<'static>>, names: bool },
}

/// Goes by a rule; that the server has the key of its certificate is looked at always.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    rule: Rule,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let Rule::Roots { roots, named, names } = &self.rule else {
            return Ok(ServerCertVerified::assertion());
        };
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        let signed =
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms);
        match signed {
            // Its dates were looked at before: what is left is that it may sign others, or is signed by itself.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::Other(_) | CertificateError::UnknownIssuer,
            )) if named.iter().any(|named| named == end_entity) => {}
            signed => signed?,
        }
        if *names {
            verify_server_name(&certificate, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_read_from_the_file_that_is_named() {
        let trust = Trust::File { file: "/no/such.pem".into(), names: true };
        let error = trust.config().unwrap_err();
        assert!(error.to_string().contains("/no/such.pem"), "{error}");
    }
}
