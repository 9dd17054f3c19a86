//! The server's end: a certificate and its key, which may be exchanged while the server runs.

use crate::{Stream, TlsError};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
};
use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// The pause between two looks whether the files have changed.
const LOOK: Duration = Duration::from_secs(5);

/// Accepts TLS connections with the certificate and the key of two files. Clones share them.
#[derive(Clone)]
pub struct Acceptor {
    cert: PathBuf,
    key: PathBuf,
    /// The contents of the two files that `config` was made from at first.
    loaded: Arc<(Vec<u8>, Vec<u8>)>,
    config: Arc<RwLock<Arc<ServerConfig>>>,
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").field("cert", &self.cert).finish_non_exhaustive()
    }
}

impl Acceptor {
    /// Reads a certificate, with those that lead to its authority after it, and its key.
    ///
    /// # Errors
    /// When a file cannot be read, or has other contents, or the two do not belong together.
    pub fn load(cert: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let loaded = Arc::new((read(&cert)?, read(&key)?));
        let config = config((&cert, &loaded.0), (&key, &loaded.1))?;
        Ok(Self { cert, key, loaded, config: Arc::new(RwLock::new(config)) })
    }

    /// Does the handshake on an accepted connection. The caller limits the time.
    ///
    /// # Errors
    /// When the client does not speak TLS, or gives the handshake up.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Stream> {
        let config = Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner));
        let stream = TlsAcceptor::from(config).accept(stream).await?;
        Ok(Stream::Tls(Box::new(stream.into())))
    }

    /// Reads the files again whenever they have changed; new connections get the new certificate. A
    /// pair that cannot be used is reported once, and the old one stays. Does not return.
    pub async fn follow(&self) {
        let (mut known, mut told) = (Arc::clone(&self.loaded), None);
        loop {
            tokio::time::sleep(LOOK).await;
            let files = read(&self.cert).and_then(|cert| Ok((cert, read(&self.key)?)));
            let changed = match files {
                Ok(files) if *known == files => {
                    told = None;
                    continue;
                }
                Ok(files) => {
                    let config = config((&self.cert, &files.0), (&self.key, &files.1));
                    known = Arc::new(files);
                    config
                }
                Err(error) => Err(error),
            };
            match changed {
                Ok(config) => {
                    told = None;
                    *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
                    tracing::info!(cert = %self.cert.display(), "the certificate has changed: new connections get the new one");
                }
                Err(error) => {
                    let text = error.to_string();
                    if told.as_ref() == Some(&text) {
                        continue;
                    }
                    told = Some(text);
                    tracing::warn!(%error, "the changed certificate cannot be used: new connections get the old one until the files change again");
                }
            }
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|reason| TlsError::File { path: path.to_owned(), reason })
}

/// Returns the settings for a certificate's file and a key's.
pub(crate) fn config(
    (cert_path, cert): (&Path, &[u8]),
    (key_path, key): (&Path, &[u8]),
) -> Result<Arc<ServerConfig>, TlsError> {
    let malformed =
        |why: pem::Error| TlsError::Malformed { path: cert_path.to_owned(), reason: why.to_string() };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(cert).collect::<Result<_, _>>().map_err(malformed)?;
    if chain.is_empty() {
        return Err(TlsError::Pem { path: cert_path.to_owned(), wanted: "certificate" });
    }
    let no_key = |_| TlsError::Pem { path: key_path.to_owned(), wanted: "private key" };
    let key = PrivateKeyDer::from_pem_slice(key).map_err(no_key)?;
    let pair = |reason| TlsError::Pair { cert: cert_path.to_owned(), key: key_path.to_owned(), reason };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Settings)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(pair)?;
    // Players who come back after a lost connection need no whole handshake.
    config.ticketer = ring::Ticketer::new().map_err(TlsError::Settings)?;
    Ok(Arc::new(config))
}
