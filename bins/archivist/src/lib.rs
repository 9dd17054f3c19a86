//! Archivist: reads the journals in order, checks each record, writes finished hands to the
//! database, and trims the journals.
//!
//! | module | for |
//! | --- | --- |
//! | [`args`] | the command line |
//! | [`worker`], [`context`] | the process: joins the fleet, owns its share of the units, stops in order; the context of units |
//! | [`units`] | the task of one owned stream |
//! | [`stream`], [`table`] | tables' journals: read, checked, cut into pieces, trimmed |
//! | [`tournaments`], [`crossing`] | tournaments' journals, compared with their tables' |
//! | [`hand`], [`pack`] | a finished hand as rows; compressed records |
//! | [`batch`], [`rows`], [`store`] | the rows of one transaction of the database |
//! | [`retention`] | the time for which the archive keeps finished hands |
//! | [`query`] | answers to queries of the archive |
//!
//! Invariants: a record leaves a journal only after it is archived; each step may be repeated, by
//! this archivist or another. The crate does not know the senders of queries, nor the rules of
//! poker beyond `lib/audit`.

pub mod args;
pub mod batch;
pub mod context;
pub mod crossing;
pub mod error;
pub mod hand;
pub mod pack;
mod partitions;
pub mod query;
pub mod retention;
pub mod rows;
pub mod store;
pub mod stream;
pub mod table;
pub mod tournaments;
pub mod units;
pub mod worker;
