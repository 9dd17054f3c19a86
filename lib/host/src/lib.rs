//! The host of journaled aggregates: the part that tables and tournaments have in common.
//!
//! A [`Partition`] is a pure core. Inputs (commands, acks of appends, journals that were read,
//! timers, answers to effects) are its methods; each gets the surroundings as [`Around`]. Actions
//! to carry out come out as [`Output`]s. The core never waits, reads no clock, writes no log and
//! knows no network. An aggregate is any type that implements [`Aggregate`]: its rules and its
//! codec.
//!
//! Invariants:
//! - An aggregate has at most one record under way. Only after that record is stored does it apply
//!   the events, answer and send news.
//! - Every append names the record that it expects to follow. After a conflict the journal is read
//!   and the command decided anew.
//! - An answer without a record behind it (a refusal, "no change") is given only while ownership is
//!   certain; for [`FENCE_MS`] after a takeover only after a check that the former owner has
//!   written no further record.
//! - The clock's decisions come before all commands except those that waited already when its time
//!   came. Low-priority commands come last, and are limited for each player and each aggregate.
//! - All queues are bounded. Every command is answered, unless the journal has a newer owner.
//! - Effects are derived from the state, run once at a time, and are repeated with growing pauses.
//!
//! The host does not know NATS, tasks, poker, or how an answer reaches the sender of a request.

mod aggregate;
mod output;
mod partition;
mod running;
mod runs;

pub use aggregate::{Aggregate, Answer, EffectResult, Limits, New, Past, Rate, RecordOf};
pub use output::{Around, Journaled, NotRecorded, NotStored, Now, Output, Position, ReadError};
pub use partition::{
    AT_REST_MS, FENCE_MS, IDLE_MS, LOOKUP_MS, MAX_HELD, MAX_LOOKUPS, MAX_MISSING, MAX_UNREAD_QUEUED,
    MISSING_MS, Partition,
};
pub use running::Running;
pub use runs::EndedRuns;
