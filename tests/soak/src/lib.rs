//! Runs a whole fleet with client programs over real sockets, breaks it by a schedule that is a pure function of the seed, and
//! judges it from outside: from the clients' own logs, the journals and the ledger.
//!
//! What always holds: everything random comes from the seed; only processes that this program started are hurt, by their process
//! ids; the checks are pure functions in `testkit::check` and believe no role.

pub mod chance;
pub mod faults;
pub mod lines;
pub mod measure;
pub mod now;
pub mod options;
pub mod player;
pub mod report;
pub mod room;
pub mod run;
pub mod schedule;
pub mod tally;
pub mod tournaments;
pub mod upsets;
pub mod verdict;
pub mod visitor;

pub use options::Options;
pub use report::Report;
pub use run::run;
