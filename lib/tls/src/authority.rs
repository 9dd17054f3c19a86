//! A local authority: certificates for the gateways of one machine, for clients that are told to
//! trust it.

use crate::{TlsError, acceptor::config};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use time::{Duration, OffsetDateTime};

/// How long the authority's certificate holds, in days.
const AUTHORITY_DAYS: i64 = 3_650;
/// How long a server's certificate holds, in days: the longest that all browsers accept.
const SERVER_DAYS: i64 = 397;
/// The authority's name.
const NAME: &str = "Local authority of a poker fleet";
const CERT: &str = "authority.pem";
const KEY: &str = "authority-key.pem";

/// An authority whose key is in a folder.
pub struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

/// The files of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFiles {
    /// The certificate.
    pub cert: PathBuf,
    /// Its private key, which only its owner can read.
    pub key: PathBuf,
}

impl Authority {
    /// Returns the certificate's file of the authority in a folder.
    #[must_use]
    pub fn certificate(folder: &Path) -> PathBuf {
        folder.join(CERT)
    }

    /// Opens the authority in a folder, or makes one.
    ///
    /// # Errors
    /// When the folder or a file cannot be read or written, or one of its two files is missing, is
    /// malformed, or does not belong to the other.
    pub fn open(folder: &Path) -> Result<Self, TlsError> {
        let folder = folder.to_owned();
        let (cert, key) = (Self::certificate(&folder), folder.join(KEY));
        if cert.exists() || key.exists() {
            let issuer = Issuer::new(params()?, read_pair(&cert, &key)?);
            return Ok(Self { folder, issuer });
        }
        fs::create_dir_all(&folder).map_err(|reason| TlsError::File { path: folder.clone(), reason })?;
        let pair = KeyPair::generate().map_err(made)?;
        let params = params()?;
        let own = params.self_signed(&pair).map_err(made)?;
        write(&key, &pair.serialize_pem(), 0o600)?;
        write(&cert, &own.pem(), 0o644)?;
        Ok(Self { folder, issuer: Issuer::new(params, pair) })
    }

    /// Makes a new key and a certificate for a server with these names and addresses, in files of
    /// the authority's folder that begin with `name`.
    ///
    /// # Errors
    /// When a host is no name or address, or a file cannot be written.
    pub fn issue(&self, name: &str, hosts: &[String]) -> Result<ServerFiles, TlsError> {
        let mut params = CertificateParams::new(hosts).map_err(made)?;
        params.distinguished_name = named(name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        (params.not_before, params.not_after) = valid(SERVER_DAYS);
        let pair = KeyPair::generate().map_err(made)?;
        let cert = params.signed_by(&pair, &self.issuer).map_err(made)?;
        let files = ServerFiles {
            cert: self.folder.join(format!("{name}.pem")),
            key: self.folder.join(format!("{name}-key.pem")),
        };
        write(&files.key, &pair.serialize_pem(), 0o600)?;
        write(&files.cert, &cert.pem(), 0o644)?;
        Ok(files)
    }
}

/// Returns the authority's key, if its certificate is that of the key. Clients trust the one, so a
/// new key would cut them off.
fn read_pair(cert: &Path, key: &Path) -> Result<KeyPair, TlsError> {
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|reason| TlsError::File { path: path.to_owned(), reason })
    };
    let (chain, text) = (read(cert)?, read(key)?);
    config((cert, chain.as_bytes()), (key, text.as_bytes()))?;
    KeyPair::from_pem(&text).map_err(|_| TlsError::Pem { path: key.to_owned(), wanted: "private key" })
}

/// Returns the authority's own certificate, before it is signed.
fn params() -> Result<CertificateParams, TlsError> {
    let mut params = CertificateParams::new(Vec::new()).map_err(made)?;
    params.distinguished_name = named(NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = valid(AUTHORITY_DAYS);
    Ok(params)
}

fn named(name: &str) -> DistinguishedName {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

/// Returns the beginning and the end of so many days from now, with a day for clocks that are slow.
fn valid(days: i64) -> (OffsetDateTime, OffsetDateTime) {
    let now = OffsetDateTime::now_utc();
    (now - Duration::DAY, now + Duration::days(days - 1))
}

fn made(error: rcgen::Error) -> TlsError {
    TlsError::NotMade(error.to_string())
}

/// Replaces a file at once, so that a reader finds the old one or the new one.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), TlsError> {
    let new = path.with_extension("new");
    let replace = || -> io::Result<()> {
        // Left over from an attempt that was interrupted; with its mode it might be readable.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = fs::OpenOptions::new().create_new(true).write(true).mode(mode).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    replace().map_err(|reason| TlsError::File { path: path.to_owned(), reason })
}
