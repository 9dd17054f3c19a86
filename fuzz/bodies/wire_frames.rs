//! Arbitrary bytes as a message of each boundary: of clients and gateways, of roles on NATS, and of
//! journals. Decoding must not panic, and a decoded message that can be encoded is decoded again as
//! the same message.

use poker::table::TableRecord;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;
use wire::{
    archive::{ArchiveAnswer, ArchiveQuery},
    bots::BotAsk,
    cashier::{AdminRequest, CashierReply, SessionRequest, TableMoneyRequest, TournamentMoneyRequest},
    client::{ClientFrame, ServerFrame},
    codec::Encoding,
    fleet::{Drain, Heartbeat, Notice},
    journal::Record,
    table::{FeedMessage, TableReply, TableRequest, WorkersAnswer, WorkersQuery},
    tournament::{
        CoordinatorsAnswer, CoordinatorsQuery, TournamentEvent, TournamentReply, TournamentRequest,
    },
};

type Check = fn(&[u8], Encoding);

/// Number of kinds of messages.
pub const KINDS: usize = CHECKS.len();

/// One check for each message.
const CHECKS: [Check; 24] = [
    check::<ClientFrame>,
    check::<ServerFrame>,
    check::<TableRequest>,
    check::<TableReply>,
    check::<FeedMessage>,
    check::<WorkersQuery>,
    check::<WorkersAnswer>,
    check::<TournamentRequest>,
    check::<TournamentReply>,
    check::<CoordinatorsQuery>,
    check::<CoordinatorsAnswer>,
    check::<ArchiveQuery>,
    check::<ArchiveAnswer>,
    check::<SessionRequest>,
    check::<TableMoneyRequest>,
    check::<TournamentMoneyRequest>,
    check::<AdminRequest>,
    check::<CashierReply>,
    check::<BotAsk>,
    check::<Heartbeat>,
    check::<Drain>,
    check::<Notice>,
    check::<TableRecord>,
    // The state is the coordinator's own.
    check::<Record<TournamentEvent, ()>>,
];

fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8], encoding: Encoding) {
    // Only that it does not panic: events that are not known do not come back.
    let _ = encoding.decode_by_item::<T>(bytes);
    let Ok(message) = encoding.decode::<T>(bytes) else { return };
    let Ok(encoded) = encoding.encode(&message) else { return };
    let again: Result<T, _> = encoding.decode(&encoded);
    assert_eq!(again.ok(), Some(message));
}

/// Decodes the bytes after the first, which chooses message and encoding.
pub fn run(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let encoding = if first & 1 == 0 { Encoding::MessagePack } else { Encoding::Json };
    CHECKS[usize::from(first >> 1) % KINDS](rest, encoding);
}
