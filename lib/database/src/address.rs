//! Addresses of databases, and the encryption that they ask for.

use crate::DatabaseError;
use deadpool_postgres::tokio_postgres::{
    Client, NoTls,
    config::{Config, SslMode},
};
use percent_encoding::percent_decode_str;
use std::path::PathBuf;
use tls::Trust;
use tokio_postgres_rustls::MakeRustlsConnect;

/// The parameter of an address that names the file with the authorities to trust, as in libpq.
const ROOTS: &str = "sslrootcert=";
/// The value of that parameter for the authorities of the system, as in libpq.
const SYSTEM: &str = "system";
/// The values of `sslmode` beside those of `tokio-postgres`. A certificate is always verified, so
/// all three are the same.
const VERIFYING: [&str; 2] = ["sslmode=verify-ca", "sslmode=verify-full"];

/// An address of a database, parsed.
pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) tls: Option<MakeRustlsConnect>,
}

impl Address {
    /// Parses `postgres://user:password@host:port/name`. With `?sslmode=require`, `verify-ca` or
    /// `verify-full` the connection is encrypted and the server's certificate and name are
    /// verified: against the authorities in the file of `sslrootcert`, or else against the
    /// system's. All other connections are plain, also with `prefer`.
    ///
    /// # Errors
    /// When the URL or the file of authorities cannot be used.
    pub(crate) fn parse(url: &str) -> Result<Self, DatabaseError> {
        let (place, parameters) = url.split_once('?').unwrap_or((url, ""));
        let (mut rest, mut roots) = (Vec::new(), None);
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.strip_prefix(ROOTS) {
                Some("" | SYSTEM) => rest.push("sslmode=require"),
                Some(file) => roots = Some(PathBuf::from(&*percent_decode_str(file).decode_utf8_lossy())),
                None if VERIFYING.contains(&parameter) => rest.push("sslmode=require"),
                None => rest.push(parameter),
            }
        }
        let separator = if rest.is_empty() { "" } else { "?" };
        let url = format!("{place}{separator}{}", rest.join("&"));
        let mut config: Config = url.parse().map_err(DatabaseError::BadUrl)?;
        if roots.is_some() {
            config.ssl_mode(SslMode::Require);
        }
        let trust = match (config.get_ssl_mode(), roots) {
            (_, Some(file)) => Some(Trust::file(&file)?),
            (SslMode::Require, None) => Some(Trust::system()?),
            (_, None) => None,
        };
        let tls = trust.map(|trust| MakeRustlsConnect::new((*trust.config()).clone()));
        Ok(Self { config, tls })
    }
}

/// Opens one connection; a task of its own serves it until the client is dropped.
///
/// # Errors
/// When the URL or its file of authorities cannot be used, or the database does not answer or
/// refuses the log-in.
pub async fn connect(url: &str) -> Result<Client, DatabaseError> {
    let Address { config, tls } = Address::parse(url)?;
    // Errors of the connection come out of the client's calls.
    Ok(match tls {
        Some(tls) => {
            let (client, connection) = config.connect(tls).await?;
            tokio::spawn(connection);
            client
        }
        None => {
            let (client, connection) = config.connect(NoTls).await?;
            tokio::spawn(connection);
            client
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(url: &str) -> String {
        Address::parse(url).err().unwrap().chain()
    }

    #[test]
    fn only_addresses_that_ask_for_it_are_encrypted() {
        let secure = |url: &str| Address::parse(url).unwrap().tls.is_some();
        assert!(!secure("postgres://a:b@host:1/c"));
        assert!(!secure("postgres://a:b@host:1/c?sslmode=disable&application_name=x"));
        let words = Address::parse("host=db dbname=poker").unwrap();
        assert_eq!(words.config.get_dbname(), Some("poker"));
        let folder = tempfile::tempdir().unwrap();
        tls::Authority::open(folder.path()).unwrap();
        let file = tls::Authority::certificate(folder.path());
        for mode in ["", "&sslmode=require", "&sslmode=verify-full", "&sslmode=disable"] {
            let url = format!("postgres://a:b@host:1/c?sslrootcert={}{mode}", file.display());
            assert!(secure(&url), "{url}");
        }
    }

    #[test]
    fn errors_name_what_is_wrong_without_the_password() {
        let nowhere = error("postgres://a:hush@host:1/c?sslrootcert=/no%20where");
        assert!(nowhere.contains("/no where") && !nowhere.contains("hush"), "{nowhere}");
        let mode = error("postgres://a:hush@host:1/c?sslmode=perhaps");
        assert!(mode.contains("not understood") && !mode.contains("hush"), "{mode}");
    }
}
