//! The bot worker: takes asks of tables from the work queue, estimates the hand's equity, chooses
//! an action, and answers the table.
//!
//! Invariants: it sees no more than the seat it plays for, has no durable state, and may be killed
//! at any moment: an ask that it did not settle goes to another worker, or the table's clock
//! decides. Any number of bot workers share the queue.

#[cfg(test)]
mod asks;
mod equity;
mod policy;
mod thinker;
mod worker;

use anyhow::Context;
use bus::{Peers, Stop, WorkQueue};
use clap::Parser;
use std::{num::NonZeroUsize, sync::Arc, thread::available_parallelism, time::Duration};
use thinker::Thinker;
use tokio::runtime::Builder;
use tracing::info;
use wire::{fleet::Role, subject};
use worker::{Made, Worker};

/// Plays for the bots of a poker fleet.
#[derive(Debug, Parser)]
#[command(name = "bot-worker", version)]
struct Options {
    #[command(flatten)]
    bus: bus::Args,

    /// Most time for one estimate, in milliseconds
    #[arg(long, env = "BOT_BUDGET_MS", default_value_t = 3, value_name = "MS")]
    budget_ms: u64,

    /// Most deals in one estimate: with a thousand, the error is below 1.6 % in two cases out of
    /// three
    #[arg(long, env = "BOT_ROLLOUTS", default_value_t = 1_000, value_name = "COUNT")]
    rollouts: u32,

    /// Decisions at a time [default: one per processor]
    #[arg(long, env = "BOT_THREADS", value_name = "COUNT")]
    threads: Option<NonZeroUsize>,

    /// Seed of the random numbers, to repeat the same play [default: random]
    #[arg(long, env = "BOT_SEED", value_name = "NUMBER")]
    seed: Option<u64>,
}

impl Options {
    /// Returns the number of threads that decide.
    fn threads(&self) -> usize {
        self.threads.map_or_else(available_parallelism, Ok).map_or(1, NonZeroUsize::get)
    }
}

fn main() -> anyhow::Result<()> {
    bus::log_to_stderr();
    let options = Options::parse();
    let mut builder = Builder::new_current_thread();
    // All messages pass through one thread; the others decide, one ask after the other while there
    // are any.
    bus::runtime::take_together(&mut builder, bus::runtime::TOGETHER)
        .max_blocking_threads(options.threads())
        .build()
        .context("cannot start the runtime's threads")?
        .block_on(run(options))
}

async fn run(options: Options) -> anyhow::Result<()> {
    let threads = options.threads();
    let stop = Stop::listen().context("cannot listen for signals")?;
    let role = Role::BotWorker;
    let bus = options.bus.connect(role).await?;
    let queue = WorkQueue::open(&bus, subject::BOT_ASKS_STREAM, subject::BOT_ASKS_CONSUMER).await?;
    let made = Arc::new(Made::default());
    let counted = Arc::clone(&made);
    let load = move || counted.load();
    let node = options.bus.node_id(role.name())?;
    let peers = Peers::join(&bus, role, node, Vec::new(), load).await?;
    stop.listen_to_admin(&bus, &peers).await?;

    let seed = match options.seed {
        Some(seed) => seed,
        None => getrandom::u64().context("no random numbers from the operating system")?,
    };
    let thinker =
        Thinker { budget: Duration::from_millis(options.budget_ms), rollouts: options.rollouts, seed };
    let worker = Worker::new(bus.clone(), queue, thinker, threads, made);
    peers.set_ready();
    info!(threads, budget_ms = options.budget_ms, "ready");

    let (draining, announced) = (stop.clone(), peers.clone());
    tokio::spawn(async move {
        draining.asked().await;
        info!("stopping: decisions under way are finished");
        announced.set_draining();
    });
    worker.run(&stop).await;
    bus.flush().await;
    info!("stopped");
    Ok(())
}
