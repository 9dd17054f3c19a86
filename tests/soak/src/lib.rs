//! Runs a whole fleet with client programs over real sockets, breaks it by a schedule that is a
//! pure function of the seed, and judges it from outside: by the clients' own logs, the journals
//! and the ledger.
//!
//! Invariants: all randomness comes from the seed; faults hit only processes that this program
//! started, by their process ids; the checks are pure functions in `testkit::check` and rely on no
//! role's statements.

pub mod chance;
pub mod fault_kind;
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
