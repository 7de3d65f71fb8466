//! What a server shows of itself: its certificate, and the key that proves it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{Error, ServerConfig};
use tokio_rustls::TlsAcceptor;

use super::{TlsError, fingerprint, provider};

const CERT: &str = "--tls-cert";
const KEY: &str = "--tls-key";
const CERTIFICATE: &str = "certificate";
const PRIVATE_KEY: &str = "private key";

/// Where a server's certificate and its key lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    cert: PathBuf,
    key: PathBuf,
}

/// What connections are encrypted with.
#[derive(Clone)]
pub struct Encryption {
    /// Shakes hands with whoever connects.
    pub acceptor: TlsAcceptor,
    /// By what the certificate is known.
    pub certificate: String,
}

impl std::fmt::Debug for Encryption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encryption").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

impl Identity {
    /// From both files or neither.
    pub fn of(cert: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<Self>, TlsError> {
        match (cert, key) {
            (Some(cert), Some(key)) => Ok(Some(Self { cert, key })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(TlsError::Half { missing: KEY }),
            (None, Some(_)) => Err(TlsError::Half { missing: CERT }),
        }
    }

    /// Reads both, and sees that they belong together.
    pub fn load(&self) -> Result<Encryption, TlsError> {
        let chain = certificates(&self.cert, CERT)?;
        let certificate = chain.first().map(fingerprint).unwrap_or_default();
        let key = self.read_key()?;
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let config = builder.and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
        let mut config = config.map_err(|error| self.unusable(&error))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Encryption { acceptor: TlsAcceptor::from(Arc::new(config)), certificate })
    }

    fn read_key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let path = self.key.clone();
        PrivateKeyDer::from_pem_file(&self.key).map_err(|error| match error {
            PemError::NoItemsFound if is_locked(&path) => TlsError::Locked { path },
            error => no_pem(path, KEY, PRIVATE_KEY, error),
        })
    }

    fn unusable(&self, error: &Error) -> TlsError {
        let (cert, key) = (self.cert.clone(), self.key.clone());
        match error {
            Error::InconsistentKeys(_) => TlsError::Mismatch { cert, key },
            other => TlsError::Unusable { cert, key, why: other.to_string() },
        }
    }
}

/// All certificates of a file, at least one.
pub(super) fn certificates(
    path: &Path,
    flag: &'static str,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| no_pem(path.to_owned(), flag, CERTIFICATE, error))?;
    match certificates.is_empty() {
        true => Err(no_pem(path.to_owned(), flag, CERTIFICATE, PemError::NoItemsFound)),
        false => Ok(certificates),
    }
}

fn no_pem(path: PathBuf, flag: &'static str, what: &'static str, error: PemError) -> TlsError {
    match error {
        PemError::NoItemsFound => TlsError::Empty { path, flag, what },
        PemError::Io(error) => TlsError::Unreadable { path, flag, what, error: error.to_string() },
        other => TlsError::Unreadable { path, flag, what, error: other.to_string() },
    }
}

fn is_locked(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.contains("ENCRYPTED PRIVATE KEY"))
}
