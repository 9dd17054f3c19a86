//! The cashier's process: command line, logging, signals.

use cashier::{Database, Desk, args::CommandLine, passwords::Passwords, serve};
use clap::Parser;
use std::sync::Arc;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use wire::fleet::Role;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = CommandLine::parse();
    bus::log_to_stderr();
    let url = args.database()?;
    let database = Database::new(&url, usize::from(args.database_connections))?;
    let desk = Arc::new(Desk::new(database, Passwords::new()?));
    let stop = stop_signal()?;
    let node = args.bus.node_id(Role::Cashier.name())?;
    let bus = args.bus.connect(Role::Cashier).await?;
    serve::run(&bus, node, desk, stop).await?;
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
