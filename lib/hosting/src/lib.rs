//! The tasks around [`host`]: what a role needs to be the owner of partitions of journaled aggregates.
//!
//! A role implements [`Service`] and gives [`run`] to `bus::work`. One task owns one partition and alone
//! touches its aggregates, so there are no locks: commands, acks, what was read, answers from outside
//! and the clock come in one after the other; records of different aggregates are written side by side.
//!
//! What it does not know: what an aggregate is, who is told what.

mod jobs;
mod service;
mod task;

pub use service::{Asked, PartitionContext, Service};
pub use task::{PartitionError, run};

use wire::event::Seed;

/// Returns 32 bytes of the operating system's generator.
#[must_use]
pub fn random_seed() -> Seed {
    let mut bytes = [0; 32];
    // The operating system's generator does not fail once it is seeded; a predictable deck is worse
    // than a stop.
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "the operating system gives no random numbers: stopping");
        std::process::abort();
    }
    Seed(bytes)
}
