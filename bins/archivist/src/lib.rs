//! Archivist: reads the journals in order, checks every record, writes finished hands to the
//! database, and trims the journals.
//!
//! | module | for |
//! | --- | --- |
//! | [`args`] | the command line |
//! | [`worker`] | the process: joins the fleet, owns its share of the units, stops in order |
//! | [`context`] | what all units work with |
//! | [`units`] | the task of one owned stream |
//! | [`store`], [`retention`] | the database; how long it keeps what it has |
//!
//! What always holds: nothing leaves a journal before it is archived. Everything may be done twice,
//! by this archivist or another.

pub mod args;
pub mod context;
pub mod error;
pub mod retention;
pub mod store;
pub mod units;
pub mod worker;
