//! The cashier's process: command line, logging, signals.

use anyhow::Context;
use cashier::{Database, Desk, args::CommandLine, passwords::Passwords, serve};
use clap::Parser;
use std::sync::Arc;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use tracing::Level;
use tracing_subscriber::{EnvFilter, filter::filter_fn, layer::SubscriberExt, util::SubscriberInitExt};
use wire::fleet::Role;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = CommandLine::parse();
    log_to_stderr()?;
    let url = args.database()?;
    let database = Database::new(&url, usize::from(args.database_connections))?;
    let desk = Arc::new(Desk::new(database, Passwords::new()?));
    let stop = stop_signal()?;
    let node = args.bus.node_id(Role::Cashier.name())?;
    let bus = args.bus.connect(Role::Cashier).await?;
    serve::run(&bus, node, desk, stop).await?;
    Ok(())
}

/// Targets that tell too much: at `trace` the NATS client prints payloads, passwords among them; at `debug`
/// the database client prints the parameters of statements, hashes of passwords and tokens among them.
const TALKATIVE: [&str; 2] = ["async_nats", "tokio_postgres"];

/// Logs as RUST_LOG says, except that nothing it says makes the talkative tell secrets.
fn log_to_stderr() -> anyhow::Result<()> {
    let filter =
        EnvFilter::builder().with_default_directive(Level::INFO.into()).from_env().context("RUST_LOG")?;
    let discreet = filter_fn(|about| {
        *about.level() <= Level::INFO || !TALKATIVE.iter().any(|t| about.target().starts_with(t))
    });
    tracing_subscriber::registry()
        .with(discreet)
        .with(filter)
        .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr))
        .init();
    Ok(())
}

/// Turns true at SIGTERM or SIGINT.
fn stop_signal() -> anyhow::Result<watch::Receiver<bool>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        let _ = stop.send(true);
    });
    Ok(stopped)
}
