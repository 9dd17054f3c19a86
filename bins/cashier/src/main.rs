//! The cashier's process: command line, logging, signals.

use bus::Stop;
use cashier::{Desk, args::CommandLine, passwords::Passwords, serve, storage};
use clap::Parser;
use std::{sync::Arc, time::Duration};
use wire::fleet::Role;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = CommandLine::parse();
    bus::log_to_stderr();
    let stop = Stop::listen()?;
    let database = storage::open(&args.database.url()?, args.database.connections())?;
    let valid = Duration::from_secs(args.pass_seconds.into());
    let desk = Arc::new(Desk::new(database, Passwords::new()?).with_passes_valid_for(valid));
    let node = args.bus.node_id(Role::Cashier.name())?;
    let bus = args.bus.connect(Role::Cashier).await?;
    serve::run(&bus, node, desk, stop).await?;
    Ok(())
}
