//! Third-party servers (nats-server and PostgreSQL) and other programs, as child processes.
//!
//! Invariants: a child ends when this process ends, also when it is killed; children are ended by
//! their process id only; servers listen on 127.0.0.1 only; passwords are random and in files that
//! only the owner can read. The crate does not know the fleet, its streams or its tables.

mod account;
pub mod child;
pub mod error;
pub mod find;
pub mod nats;
pub mod ports;
pub mod postgres;
pub mod secret;
mod start;

pub use child::{Child, Program, Signal};
pub use error::ServerError;
pub use nats::{Nats, NatsOptions};
pub use postgres::{Postgres, PostgresOptions};
