//! The raw limit: minimal programs that pass the same traffic as a fleet that plays, with no poker, no sessions and no views
//! in them. As many processes, the same frames in and out of sockets, the same core requests, appends with an expected
//! sequence, and feeds, of the same sizes.
//!
//! What always holds: a fleet that passes this traffic cannot be faster than these on the same machine.

pub mod node;
pub mod players;
pub mod worker;

use serde::{Deserialize, Serialize};
use wire::{PlayerId, SeatNo, TableId, subject};

/// Nobody is to act next: the hand is over.
const NOBODY: SeatNo = SeatNo::MAX;
/// Stands for all seats of a table: more than there are.
const EVERYBODY: SeatNo = 15;

/// Numbers and sizes of messages, in bytes, as they were on average in a fleet that played.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Shape {
    /// Players at a table.
    pub players: u8,
    /// Actions of a hand.
    pub actions_per_hand: u32,
    /// A player's frame with an action.
    pub act: usize,
    /// The connection node's request to the table worker.
    pub request: usize,
    /// The table worker's reply.
    pub reply: usize,
    /// The connection node's answer to the player.
    pub answer: usize,
    /// A record of an action.
    pub record: usize,
    /// A frame of the table's feed after an action.
    pub event: usize,
    /// A record that starts a hand, with the whole state.
    pub start_record: usize,
    /// A frame of the table's feed that starts a hand.
    pub start: usize,
    /// A frame with a player's own cards.
    pub cards: usize,
}

/// What a player sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    pub table: TableId,
    pub seat: SeatNo,
}

/// What a player gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// The node listens for it.
    Ready,
    /// The answer to what it sent.
    Answer,
    /// Its cards.
    Cards,
    /// Something happened at the table.
    Event { number: u64, next: SeatNo, acted: bool },
}

impl Sent {
    /// As bytes, at least `size` of them.
    pub fn bytes(self, size: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(size.max(9));
        bytes.extend(self.table.0.to_be_bytes());
        bytes.push(self.seat);
        bytes.resize(size.max(9), 0);
        bytes
    }

    /// From bytes.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let table = TableId(u64::from_be_bytes(*bytes.first_chunk()?));
        Some(Self { table, seat: *bytes.get(8)? })
    }

    /// Where everybody at a table hears what happens.
    pub fn table_feed(table: TableId) -> String {
        subject::player_feed(Self { table, seat: EVERYBODY }.player())
    }

    /// Stands in for the account: one for each seat.
    pub const fn player(self) -> PlayerId {
        PlayerId::from_random(self.table.0 << 4 | self.seat as u64)
    }
}

impl Got {
    /// As bytes, at least `size` of them.
    pub fn bytes(self, size: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(size.max(11));
        match self {
            Self::Ready => bytes.push(0),
            Self::Answer => bytes.push(1),
            Self::Cards => bytes.push(2),
            Self::Event { number, next, acted } => {
                bytes.push(3);
                bytes.extend(number.to_be_bytes());
                bytes.extend([next, u8::from(acted)]);
            }
        }
        bytes.resize(size.max(bytes.len()), 0);
        bytes
    }

    /// From bytes.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        Some(match kind {
            0 => Self::Ready,
            1 => Self::Answer,
            2 => Self::Cards,
            _ => Self::Event {
                number: u64::from_be_bytes(*rest.first_chunk()?),
                next: *rest.get(8)?,
                acted: *rest.get(9)? == 1,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_their_size_and_come_back() {
        let sent = Sent { table: TableId(1 << 39), seat: 4 };
        assert_eq!(sent.bytes(80).len(), 80);
        assert_eq!(Sent::read(&sent.bytes(0)), Some(sent));
        for got in [Got::Ready, Got::Answer, Got::Cards, Got::Event { number: 7, next: NOBODY, acted: true }]
        {
            assert_eq!(got.bytes(300).len(), 300);
            assert_eq!(Got::read(&got.bytes(0)), Some(got));
        }
        assert_eq!(Sent::read(&[]), None);
        assert_eq!(Got::read(&[3, 0]), None);
    }
}
