//! The aggregates that are simulated: the real tables and tournaments.

use crate::message::Kind;
use host::RecordOf;
use poker::{hosted::TableHost, table::public};
use std::fmt;
use tournament::TournamentHost;
use wire::{TableId, TournamentId, table::TableReply, tournament::TournamentReply};

impl Kind for TableHost {
    const PARTITIONS: u16 = 6;
    const FARTHEST_BACK_MS: u64 = 24 * 3_600_000;

    fn partition(id: TableId) -> u16 {
        u16::try_from(id.0 % u64::from(Self::PARTITIONS)).unwrap_or(0)
    }

    fn last_event(&self) -> u64 {
        self.table().event_no()
    }

    fn early_reply(&self, record: &RecordOf<Self>) -> Option<TableReply> {
        let told = record.events.iter().filter_map(public).count() as u64;
        Some(TableReply::Done { event_no: self.table().event_no() + told })
    }
}

impl Kind for TournamentHost {
    const PARTITIONS: u16 = 3;
    // A tournament starts by the clock: one that is farther behind would start after the run's end.
    const FARTHEST_BACK_MS: u64 = 240_000;

    fn partition(id: TournamentId) -> u16 {
        u16::try_from(id.0 % u64::from(Self::PARTITIONS)).unwrap_or(0)
    }

    fn last_event(&self) -> u64 {
        0
    }

    fn early_reply(&self, _: &RecordOf<Self>) -> Option<TournamentReply> {
        None
    }
}

/// Describes a stored record for the trace.
pub(crate) fn describe_stored<A: Kind<Event: fmt::Debug>>(
    id: A::Id,
    sequence: u64,
    payload: &[u8],
) -> String {
    let record = A::decode(payload).map(|record| {
        let cause = record.cause.map_or(String::new(), |cause| format!(", {cause:?}"));
        format!("epoch {}{cause}: {:?}", record.epoch, record.events)
    });
    let record = record.unwrap_or_else(|error| error.to_string());
    format!("{} {id}: record {sequence} is stored, {record}", A::NAME)
}
