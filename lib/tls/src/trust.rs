//! The client's end: the authorities whose certificates are accepted.

use crate::{Stream, TlsError};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use std::{
    fmt, io,
    path::Path,
    sync::{Arc, OnceLock},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The authorities that a client trusts. Clones share them.
#[derive(Clone)]
pub struct Trust(Arc<ClientConfig>);

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trust")
    }
}

impl Trust {
    /// Trusts the authorities of the system, which are read once.
    ///
    /// # Errors
    /// When the system has none.
    pub fn system() -> Result<Self, TlsError> {
        static SYSTEM: OnceLock<Trust> = OnceLock::new();
        if let Some(known) = SYSTEM.get() {
            return Ok(known.clone());
        }
        let mut roots = RootCertStore::empty();
        let (usable, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if usable == 0 {
            return Err(TlsError::NoAuthorities);
        }
        let trust = Self::of(roots)?;
        Ok(SYSTEM.get_or_init(|| trust).clone())
    }

    /// Trusts only the authorities of a file in PEM form.
    ///
    /// # Errors
    /// When the file cannot be read or has no certificate of an authority.
    pub fn file(path: &Path) -> Result<Self, TlsError> {
        let bytes = std::fs::read(path).map_err(|reason| TlsError::File { path: path.to_owned(), reason })?;
        let malformed = |reason: String| TlsError::Malformed { path: path.to_owned(), reason };
        let mut roots = RootCertStore::empty();
        for cert in CertificateDer::pem_slice_iter(&bytes) {
            let cert = cert.map_err(|why| malformed(why.to_string()))?;
            roots.add(cert).map_err(|why| malformed(why.to_string()))?;
        }
        if roots.is_empty() {
            return Err(TlsError::Pem { path: path.to_owned(), wanted: "certificate of an authority" });
        }
        Self::of(roots)
    }

    fn of(roots: RootCertStore) -> Result<Self, TlsError> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Settings)?;
        Ok(Self(Arc::new(builder.with_root_certificates(roots).with_no_client_auth())))
    }

    /// Returns the settings for libraries that make connections themselves.
    #[must_use]
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0)
    }

    /// Does the handshake with a server of this name or IP address.
    ///
    /// # Errors
    /// When the server does not speak TLS, or its certificate is for another name or of an
    /// authority that is not trusted.
    pub async fn connect(&self, stream: TcpStream, host: &str) -> io::Result<Stream> {
        // An IPv6 address stands in brackets where a port follows.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(io::Error::other)?;
        let stream = TlsConnector::from(self.config()).connect(name, stream).await?;
        Ok(Stream::Tls(Box::new(stream.into())))
    }
}
