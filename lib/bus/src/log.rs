//! Logging of the roles: to stderr, filtered by RUST_LOG, but never secrets.

use std::io::{IsTerminal, stderr};
use tracing::Level;
use tracing_subscriber::{
    EnvFilter, filter::filter_fn, fmt::layer, layer::SubscriberExt, util::SubscriberInitExt,
};

/// Libraries that log secrets: at `trace` the NATS client logs payloads, with passwords and cards;
/// at `debug` the database client logs the parameters of statements, with hashes of passwords and
/// tokens.
const TALKATIVE: [&str; 2] = ["async_nats", "tokio_postgres"];

/// Starts logging: `info` and up unless RUST_LOG says otherwise. The libraries in `TALKATIVE` log
/// at most at `info` in any case. Parts of RUST_LOG that are malformed are left out, with a warning
/// on stderr.
pub fn log_to_stderr() {
    let filter = EnvFilter::builder().with_default_directive(Level::INFO.into()).from_env_lossy();
    let discreet = filter_fn(|about| {
        *about.level() <= Level::INFO || !TALKATIVE.iter().any(|library| about.target().starts_with(library))
    });
    let lines = layer().with_writer(stderr).with_ansi(stderr().is_terminal());
    tracing_subscriber::registry().with(discreet).with(filter).with(lines).init();
}
