//! Messaging of the fleet over NATS: the only crate that names the client library.
//!
//! | module | for |
//! | --- | --- |
//! | [`connection`] | publish, subscribe, serve |
//! | [`ask`] | request with repeats; answers that ride on other messages |
//! | [`bucket`] | values that one role writes and others read |
//! | [`clock`] | the time of this process, which is independent of changes to the machine's clock |
//! | [`journal`] | durable records with fencing; recovery from snapshot and tail |
//! | [`peers`] | heartbeats: which members are alive |
//! | [`ownership`] | claims of partitions: owners, hand-over and takeover |
//! | [`queue`] | the work queue of bot asks |
//! | [`runtime`] | threads that take messages in batches |
//! | [`stop`] | when a process is to stop: by a signal, or by the administrator's request |
//! | [`admin`] | streams, buckets and consumers as files, applied to a server |
//! | [`options`] | the roles' common command line |
//!
//! Invariants: an append that returned is durable, once, at the sequence that it returned; two
//! owners of one partition can never both append after the same record.
//!
//! The crate does not know the meaning of the bytes (poker, money), nor which role is calling.

pub mod admin;
mod answers;
mod api;
pub mod ask;
pub mod bucket;
pub mod clock;
pub mod connection;
mod direct;
pub mod error;
pub mod journal;
mod log;
mod no_responders;
pub mod options;
pub mod ownership;
pub mod peers;
mod progress;
mod pulse;
pub mod queue;
pub mod runtime;
pub mod serve;
pub mod stop;

pub use answers::PendingRequest;
pub use ask::Patience;
pub use connection::{Bus, Message, Subscription};
pub use error::{BusError, RequestError};
pub use journal::{
    AppendError, Cursor, Extent, Journal, JournalError, Last, Partitions, Recovered, Stored, TableStreams,
};
pub use log::log_to_stderr;
pub use options::{Args, Options};
pub use ownership::{Change, OwnedKind, Ownership, Tenure, owners, work};
pub use peers::Peers;
pub use pulse::Pulse;
pub use queue::{Job, Jobs, WorkQueue};
pub use serve::{Request, Requests};
pub use stop::Stop;
