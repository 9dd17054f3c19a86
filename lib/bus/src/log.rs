//! Logging of the roles: to stderr, as RUST_LOG says, but never secrets.

use std::io::{IsTerminal, stderr};
use tracing::Level;
use tracing_subscriber::{
    EnvFilter, filter::filter_fn, fmt::layer, layer::SubscriberExt, util::SubscriberInitExt,
};

/// Libraries that tell too much: at `trace` the NATS client prints payloads, passwords and cards among them; at `debug`
/// the database client prints the parameters of statements, hashes of passwords and tokens among them.
const TALKATIVE: [&str; 2] = ["async_nats", "tokio_postgres"];

/// Starts logging: `info` and up unless RUST_LOG says otherwise; nothing it says makes the talkative tell secrets.
/// What RUST_LOG has that is no filter is left out, with a warning on stderr.
pub fn log_to_stderr() {
    let filter = EnvFilter::builder().with_default_directive(Level::INFO.into()).from_env_lossy();
    let discreet = filter_fn(|about| {
        *about.level() <= Level::INFO || !TALKATIVE.iter().any(|library| about.target().starts_with(library))
    });
    let lines = layer().with_writer(stderr).with_ansi(stderr().is_terminal());
    tracing_subscriber::registry().with(discreet).with(filter).with(lines).init();
}
