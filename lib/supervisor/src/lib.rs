//! A fleet on one machine: its servers and role processes are started, started again when they die,
//! written down in `fleet.json`, and stopped in order.
//!
//! What always holds: whatever ends the supervisor's process (a signal, an error, SIGKILL), no
//! process that it started outlives it; two processes never run under one name; processes stop in
//! an order in which each can still hand over what it holds; one supervisor runs on a folder. What
//! this crate does not know: the command line, the console, what the streams and tables of the
//! servers are.

mod book;
mod fleet;
mod keep;
mod plan;
mod processes;
mod signals;
mod start;
mod up;

pub use book::{Book, News};
pub use fleet::{Fleet, FleetError, Lock, Node};
pub use keep::{Change, Kind};
pub use plan::{Plan, PortError, Ports};
pub use processes::{NoProgram, Processes, STOP_ORDER};
pub use signals::{StopRequests, Wanted};
pub use start::{Database, Login, NatsServer, Roles, Start, StartError};
pub use up::{Up, UpError, program_beside};
