//! Certificates by file: handshakes, refusals, and an exchange while the server runs.

#![allow(clippy::unwrap_used, reason = "a test that fails")]

use std::{
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};
use tls::{Acceptor, Authority, Stream, Trust};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Authority, certificate and key in files of a temporary folder.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        files.issue();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a new authority, and a certificate of it for the loopback address.
    fn issue(&self) {
        let folder = self.folder.path();
        for old in std::fs::read_dir(folder).unwrap() {
            std::fs::remove_file(old.unwrap().path()).unwrap();
        }
        Authority::open(folder).unwrap().issue("server", &["127.0.0.1".to_owned()]).unwrap();
    }

    fn acceptor(&self) -> Acceptor {
        Acceptor::load(self.path("server.pem"), self.path("server-key.pem")).unwrap()
    }

    fn trust(&self) -> Trust {
        Trust::file(&self.path("authority.pem")).unwrap()
    }
}

/// Does a handshake of both ends; returns what the client says about it. The server sends a word.
async fn handshake(acceptor: &Acceptor, trust: &Trust, host: &str) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        if let Ok(mut stream) = acceptor.accept(stream).await {
            stream.write_all(b"word").await.unwrap();
            stream.shutdown().await.unwrap();
        }
    };
    let ask = async {
        let stream = TcpStream::connect(address).await.unwrap();
        let mut stream: Stream = trust.connect(stream, host).await?;
        let mut word = String::new();
        stream.read_to_string(&mut word).await?;
        Ok(word)
    };
    tokio::join!(serve, ask).1
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_hears_the_server() {
    let files = Files::new();
    assert_eq!(handshake(&files.acceptor(), &files.trust(), "127.0.0.1").await.unwrap(), "word");
}

#[tokio::test]
async fn another_name_and_another_authority_are_refused() {
    let files = Files::new();
    let error = handshake(&files.acceptor(), &files.trust(), "localhost").await.unwrap_err();
    assert!(error.to_string().contains("not valid for name"), "{error}");
    let error = handshake(&files.acceptor(), &Files::new().trust(), "127.0.0.1").await.unwrap_err();
    assert!(error.to_string().contains("invalid peer certificate"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_changed_certificate_is_used_and_a_broken_one_is_not() {
    let files = Files::new();
    let acceptor = files.acceptor();
    let followed = acceptor.clone();
    tokio::spawn(async move { followed.follow().await });
    let first = files.trust();

    std::fs::write(files.path("server.pem"), "no certificate").unwrap();
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(handshake(&acceptor, &first, "127.0.0.1").await.unwrap(), "word");

    files.issue();
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(handshake(&acceptor, &files.trust(), "127.0.0.1").await.unwrap(), "word");
    assert!(handshake(&acceptor, &first, "127.0.0.1").await.is_err());
}

#[tokio::test]
async fn an_authority_goes_on_with_its_key_which_only_its_owner_can_read() {
    let files = Files::new();
    let trust = files.trust();
    let again = Authority::open(files.folder.path()).unwrap();
    again.issue("server", &["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    assert_eq!(handshake(&files.acceptor(), &trust, "localhost").await.unwrap(), "word");
    for (name, mode) in [("authority-key.pem", 0o600), ("server-key.pem", 0o600), ("authority.pem", 0o644)] {
        let found = std::fs::metadata(files.path(name)).unwrap().permissions().mode();
        assert_eq!(found & 0o777 & !0o044, mode & !0o044, "{name}");
        assert!(mode == 0o644 || found & 0o077 == 0, "{name}");
    }
    std::fs::remove_file(files.path("authority-key.pem")).unwrap();
    let error = Authority::open(files.folder.path()).err().unwrap().to_string();
    assert!(error.contains("authority-key.pem"), "a second authority would cut clients off: {error}");
    std::fs::copy(files.path("server-key.pem"), files.path("authority-key.pem")).unwrap();
    let error = Authority::open(files.folder.path()).err().unwrap().to_string();
    assert!(error.contains("cannot be used with the key"), "{error}");
    let error = again.issue("server", &["käse".to_owned()]).unwrap_err().to_string();
    assert!(error.starts_with("a certificate cannot be made"), "{error}");
}

#[test]
fn errors_name_the_file_and_what_is_wrong() {
    let (files, others) = (Files::new(), Files::new());
    let load = |cert: &Path, key: &Path| Acceptor::load(cert.to_owned(), key.to_owned()).unwrap_err();
    let (cert, key) = (files.path("server.pem"), files.path("server-key.pem"));
    let error = load(&files.path("none"), &key).to_string();
    assert!(error.starts_with("cannot use the file") && error.contains("none"), "{error}");
    let error = load(&key, &key).to_string();
    assert!(error.ends_with("server-key.pem has no certificate in PEM form"), "{error}");
    let error = load(&cert, &cert).to_string();
    assert!(error.ends_with("server.pem has no private key in PEM form"), "{error}");
    let error = load(&cert, &others.path("server-key.pem")).to_string();
    assert!(error.contains("cannot be used with the key"), "{error}");
    let error = Trust::file(&key).unwrap_err().to_string();
    assert!(error.ends_with("server-key.pem has no certificate of an authority in PEM form"), "{error}");
}
