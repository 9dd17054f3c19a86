//! The tasks around [`host`], for a role that owns partitions of journaled aggregates.
//!
//! A role implements [`Service`] and gives [`run`] to `bus::work`. One task owns one partition
//! and alone uses its aggregates, so there are no locks: commands, acks, journals that were read,
//! answers to effects and the clock are handled one after the other; records of different
//! aggregates are written at the same time.
//!
//! The crate does not know the kind of the aggregate, nor the receivers of its news.

mod jobs;
mod service;
mod task;

pub use service::{Asked, PartitionContext, Service, sender};
pub use task::{PartitionError, run};

use wire::event::Seed;

/// Returns 32 bytes of the operating system's generator.
#[must_use]
pub fn random_seed() -> Seed {
    let mut bytes = [0; 32];
    // The operating system's generator does not fail once it is seeded. To stop is better than to
    // deal a predictable deck.
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "the operating system gives no random numbers: the process stops, as decks would be predictable");
        std::process::abort();
    }
    Seed(bytes)
}
