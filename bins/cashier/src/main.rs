//! The cashier's process: command line, logging, signals.

use bus::Stop;
use cashier::{Desk, args::CommandLine, passwords::Passwords, serve, storage};
use clap::Parser;
use std::sync::Arc;
use wire::fleet::Role;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = CommandLine::parse();
    bus::log_to_stderr();
    let stop = Stop::listen()?;
    let database = storage::open(&args.database.url()?, args.database.connections())?;
    let desk = Arc::new(Desk::new(database, Passwords::new()?));
    let node = args.bus.node_id(Role::Cashier.name())?;
    let bus = args.bus.connect(Role::Cashier).await?;
    serve::run(&bus, node, desk, stop).await?;
    Ok(())
}
