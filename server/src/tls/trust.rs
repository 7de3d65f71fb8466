//! Whom a caller believes that it is the server.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, crypto,
};

use super::identity::certificates;
use super::{TlsError, fingerprint, provider};

/// Whom to believe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Trust {
    /// Whoever the authorities vouch for that this machine trusts.
    #[default]
    System,
    /// Whoever the authorities in this file vouch for, and nobody else.
    Authority(PathBuf),
    /// Whoever has this one certificate, whatever names stand in it: the server of a project said so in the project's own
    /// folder, which nobody writes to but those who may start the server themselves.
    Pinned(String),
}

/// What a connection to one server is encrypted with.
#[derive(Debug, Clone)]
pub(crate) struct Secure {
    pub config: Arc<ClientConfig>,
    pub name: ServerName<'static>,
}

impl Trust {
    /// For connections to this host.
    pub(crate) fn secure(&self, host: &str) -> Result<Secure, String> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(bare.to_owned());
        let name = name.map_err(|_| format!("{host:?} is no name that a certificate could hold"))?;
        Ok(Secure { config: Arc::new(self.config().map_err(|error| error.to_string())?), name })
    }

    fn config(&self) -> Result<ClientConfig, TlsError> {
        let provider = provider();
        let algorithms = provider.signature_verification_algorithms;
        let verifier: Arc<dyn ServerCertVerifier> = match self {
            Self::Pinned(known) => Arc::new(Pinned { known: known.clone(), algorithms }),
            Self::System | Self::Authority(_) => {
                WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots()?), provider.clone())
                    .build()
                    .map_err(|_| TlsError::NoList)?
            }
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| TlsError::NoList)?;
        let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn roots(&self) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        match self {
            Self::Authority(path) => {
                for certificate in certificates(path, "--cacert")? {
                    let no_authority =
                        |error: Error| TlsError::NoAuthority { path: path.clone(), why: error.to_string() };
                    roots.add(certificate).map_err(no_authority)?;
                }
            }
            // What cannot be read of the system's list vouches for nobody; the rest does.
            _ => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        if roots.is_empty() { Err(TlsError::NoList) } else { Ok(roots) }
    }
}

/// Believes whoever proves to have the key of one certificate.
#[derive(Debug)]
struct Pinned {
    known: String,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if fingerprint(shown) == self.known {
            return Ok(ServerCertVerified::assertion());
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// What to do about a handshake that failed, where that is known.
pub(crate) fn advice(error: &io::Error) -> Option<&'static str> {
    let why = match error.get_ref()?.downcast_ref::<Error>()? {
        Error::InvalidCertificate(why) => why,
        Error::InvalidMessage(_) => {
            return Some("what answers there does not speak TLS; is its address http://…?");
        }
        _ => return None,
    };
    match why {
        // An authority made anew under its old name is another one.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Some(
            "nobody whom this machine trusts vouches for its certificate; name the authority with --cacert FILE or \
             MANUS_SYNC_CACERT",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Some("its certificate is for other names; use one of those in the address")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            Some("its certificate has expired; the server needs a new one (--tls-cert)")
        }
        CertificateError::ApplicationVerificationFailure => {
            Some("another server answers there than the one of this project")
        }
        // What openssl makes unless it is told otherwise.
        other if other.to_string().contains("CaUsedAsEndEntity") => Some(
            "its certificate is made for an authority, not for a server; make one with basicConstraints=CA:FALSE",
        ),
        _ => None,
    }
}
