//! The archivist's process: command line, logging, signals.

use archivist::{args::CommandLine, context::Context, store, worker};
use bus::Stop;
use clap::Parser;
use std::sync::Arc;
use wire::fleet::Role;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = CommandLine::parse();
    bus::log_to_stderr();
    let stop = Stop::listen()?;
    let database = store::open(&args.database.url()?, args.database.connections())?;
    let node = args.bus.node_id(Role::Archivist.name())?;
    let bus = args.bus.connect(Role::Archivist).await?;
    let context = Arc::new(Context::new(bus, database, args.linger()));
    worker::run(context, node, args.retention_months, &stop).await?;
    Ok(())
}
