//! Connections with TLS to a real server: the certificate is verified, and plain servers are
//! refused.

#![allow(clippy::unwrap_used, reason = "a test that fails")]

use bus::{Bus, BusError, Options};
use futures::StreamExt;
use servers::{Nats, NatsOptions};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tls::Authority;

/// Makes an authority and a server's certificate in a folder. Returns the configuration of a server
/// that demands TLS.
fn config(folder: &Path) -> String {
    let files = Authority::open(folder).unwrap().issue("nats", &["127.0.0.1".to_owned()]).unwrap();
    format!(
        "include ./local.conf\nlisten: $NATS_ADDRESS\njetstream {{ store_dir: $NATS_STORE }}\n\
         tls {{ cert_file: {:?}\n key_file: {:?} }}\n",
        files.cert, files.key
    )
}

fn options(nats: &Nats, ca: Option<PathBuf>) -> Options {
    Options { ca, ..Options::new(&nats.url(), "test", None, "test-1") }
}

#[tokio::test]
async fn a_server_with_tls_is_used_if_its_authority_is_trusted_and_a_plain_one_never() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    std::fs::write(folder.path().join("server.conf"), config(folder.path())).unwrap();
    config(other.path());
    let config = Some(folder.path().to_owned());
    let secure = Nats::start(NatsOptions { config, ..NatsOptions::default() }).await.unwrap();
    let plain = Nats::start(NatsOptions::default()).await.unwrap();
    let ca = |folder: &TempDir| Some(Authority::certificate(folder.path()));

    let bus = Bus::connect(options(&secure, ca(&folder))).await.unwrap();
    let mut heard = bus.subscribe("greetings".to_owned()).await.unwrap();
    bus.publish("greetings".to_owned(), "hello".into()).await.unwrap();
    assert_eq!(heard.next().await.unwrap().payload, "hello");

    let (untrusted, without) =
        tokio::join!(Bus::connect(options(&secure, ca(&other))), Bus::connect(options(&plain, ca(&folder))));
    for (refused, why) in [(untrusted, "certificate"), (without, "TLS")] {
        let error = refused.err().unwrap();
        assert!(matches!(error, BusError::Unreachable { .. }) && error.to_string().contains(why), "{error}");
    }
    let nowhere = Bus::connect(options(&secure, Some("/nowhere".into()))).await.err().unwrap();
    assert!(matches!(nowhere, BusError::AuthorityFile { .. }) && nowhere.to_string().contains("/nowhere"));
}
