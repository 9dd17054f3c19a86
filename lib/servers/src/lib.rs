//! Other people's servers, nats-server and PostgreSQL, and any other program, as child processes.
//!
//! What always holds: a child ends when this process ends, however it ends; children are ended by
//! their process id and nothing else; servers listen on 127.0.0.1 only; passwords are random and in
//! files that only the owner reads. What this crate does not know: the fleet, its streams, its
//! tables.

mod account;
pub mod child;
pub mod error;
pub mod find;
pub mod nats;
mod ports;
pub mod postgres;
mod secret;
mod start;

pub use child::{Child, Program, Signal};
pub use error::ServerError;
pub use nats::{Nats, NatsOptions};
pub use postgres::{Postgres, PostgresOptions};
