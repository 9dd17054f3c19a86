//! Supervisor of a fleet on one machine: starts servers and role processes, starts them again when
//! they die, describes them in `fleet.json`, and stops them in order.
//!
//! Invariants: all processes of a fleet end with the supervisor's process, also after an error or
//! SIGKILL; two processes never run under one name; processes stop in an order in which each can
//! still hand over its work; one supervisor runs on a folder. The crate does not know the command
//! line, the console, or the streams and tables of the servers.

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
pub use plan::{Plan, PlannedTls, PortError, Ports};
pub use processes::{NoProgram, Processes, STOP_ORDER};
pub use signals::{StopRequests, Wanted};
pub use start::{Database, Login, NatsServer, Roles, Start, StartError};
pub use up::{Up, UpError, program_beside};
