//! The archivist's process: command line, priority, logging, signals.

use archivist::{args::CommandLine, context::Context, store, worker};
use bus::Stop;
use clap::Parser;
use std::sync::Arc;
use wire::fleet::Role;

/// An eighth of the archivist's processor time was spent in the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The process' niceness, 0 (as all others) to 19: on a machine that is fully used the archivist
/// falls behind, and players do not wait for it (`docs/decisions/0051-archivist-priority.md`).
const NICENESS: i32 = 5;

fn main() -> anyhow::Result<()> {
    let args = CommandLine::parse();
    bus::log_to_stderr();
    // Threads inherit the priority of the thread that starts them, so it is set before the runtime
    // starts those that wait for files and names.
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::warn!(%error, "the archivist's priority cannot be lowered: under full load it takes time from the other roles");
    }
    // One thread: several would mostly wake each other, once for each message.
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(args))
}

async fn run(args: CommandLine) -> anyhow::Result<()> {
    let stop = Stop::listen()?;
    let database = store::open(&args.database.url()?, args.database.connections())?;
    let node = args.bus.node_id(Role::Archivist.name())?;
    let bus = args.bus.connect(Role::Archivist).await?;
    let context = Arc::new(Context::new(bus, database, args.linger()));
    worker::run(context, node, args.retention_months, &stop).await?;
    Ok(())
}
