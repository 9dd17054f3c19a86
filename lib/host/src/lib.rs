//! The host of journaled aggregates: what tables, tournaments and everything else that lives in a
//! journal have in common.
//!
//! A [`Partition`] is a pure core: inputs (commands, acks of appends, what was read, timers,
//! answers from outside) are its methods, each told what is [`Around`] it; what is to be done comes
//! out as [`Output`]s. It never waits, reads no clock, logs nothing and knows no network. An
//! aggregate is anything that implements [`Aggregate`]: its rules, its codec, nothing else.
//!
//! What always holds:
//! - An aggregate has at most one record under way. It evolves, answers and tells only once that
//!   record is stored.
//! - Every append names the record that it expects to follow. After a conflict the journal is read
//!   and the command decided anew.
//! - An answer that no record stands behind (a refusal, "nothing to do") is given only while
//!   ownership is certain, and for [`FENCE_MS`] after a takeover only after a look whether the
//!   owner before has written more.
//! - Everything that waits here is bounded; every command that comes in is answered, or its journal
//!   has a newer owner.
//! - What is left to be done outside is derived from the state, done once at a time, and repeated
//!   with growing pauses.
//!
//! What it does not know: NATS, tasks, poker, how an answer reaches whoever asked.

mod aggregate;
mod output;
mod partition;
mod running;

pub use aggregate::{Aggregate, Answer, EffectResult, New, Past, RecordOf};
pub use output::{Around, Checked, Journaled, NotRecorded, NotStored, Now, Output, Position, ReadError};
pub use partition::{FENCE_MS, IDLE_MS, LOOKUP_MS, MAX_HELD, MAX_LOOKUPS, MAX_UNREAD_QUEUED, Partition};
pub use running::Running;
