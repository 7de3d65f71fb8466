//! Talking so that nobody in between can listen: rustls, in front of the server and in this program's own callers.

mod identity;
mod trust;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};

pub use self::identity::{Encryption, Identity};
pub use self::trust::Trust;
pub(crate) use self::trust::{Secure, advice};

/// Why what was given cannot be used: a sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// One of the two files was named without the other.
    #[error(
        "--tls-cert and --tls-key belong together; {missing} is missing (one file can be named twice, if it holds both)"
    )]
    Half {
        /// The flag that was left out.
        missing: &'static str,
    },
    /// A file cannot be read.
    #[error("{}: {error}; {flag} names a PEM file with {what}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// By which flag it was named.
        flag: &'static str,
        /// What should be in it.
        what: &'static str,
        /// What the system says.
        error: String,
    },
    /// A file holds something else.
    #[error("{} holds no {what} in PEM form (-----BEGIN …-----); {flag} names a file that does", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
        /// By which flag it was named.
        flag: &'static str,
        /// What should be in it.
        what: &'static str,
    },
    /// The key asks for a password, and nobody is there to give it.
    #[error(
        "the private key in {0} is encrypted, and a server has nobody to ask for its password; decrypt it with openssl pkey -in \
         {0} -out server.key, readable for the server alone", path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// Key and certificate are of different pairs.
    #[error(
        "the private key in {} does not belong to the first certificate in {}; name the key that the certificate was made for, \
         and let the server's own certificate stand before those of its authorities", key.display(), cert.display()
    )]
    Mismatch {
        /// The file with the certificate.
        cert: PathBuf,
        /// The file with the key.
        key: PathBuf,
    },
    /// They are whole, and of no use.
    #[error("{} and {} cannot be used: {why}", cert.display(), key.display())]
    Unusable {
        /// The file with the certificate.
        cert: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// What is wrong with them.
        why: String,
    },
    /// An authority's certificate is none.
    #[error("{} holds a certificate that is no authority's: {why}", path.display())]
    NoAuthority {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is nobody to trust.
    #[error(
        "this machine has no list of authorities by which to know a server; name one with --cacert FILE or MANUS_SYNC_CACERT"
    )]
    NoList,
}

/// The cryptography: ring's, which needs nothing but a C compiler.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// By what a certificate is known: the SHA-256 of its DER, in hexadecimal.
fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    Sha256::digest(certificate).iter().map(|byte| format!("{byte:02x}")).collect()
}
