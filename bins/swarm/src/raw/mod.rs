//! The raw limit: minimal programs that pass the same traffic as a fleet that plays, without poker,
//! sessions and views. They run in as many processes, with the fleet's runtime, allocator and
//! number of threads. A request goes to the partition's subject, a record of the same size is
//! appended with an expected sequence, one batched feed carries the news to all gateways and
//! answers the request as well, and frames that are not urgent are batched.
//!
//! Invariant: a fleet that sends these messages cannot be faster than these programs on the same
//! machine.

mod outbox;

pub mod gateway;
pub mod players;
pub mod worker;

use wire::{PlayerId, SeatNo, TableId};

/// The seat that acts next when the hand is over.
const NO_SEAT: SeatNo = SeatNo::MAX;
/// Bits of a stand-in for a player's id that hold the seat.
const SEAT_BITS: u32 = 4;

/// A frame that a player sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    pub table: TableId,
    pub seat: SeatNo,
}

/// A frame that a player gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// The gateway has registered the player as a viewer.
    Ready,
    /// The answer to the player's frame.
    Answer,
    /// The player's cards.
    Cards,
    /// An event at the table.
    Event { number: u64, next: SeatNo, acted: bool },
}

impl Sent {
    /// Encodes the frame in at least `size` bytes.
    pub fn bytes(self, size: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(size.max(9));
        bytes.extend(self.table.0.to_be_bytes());
        bytes.push(self.seat);
        bytes.resize(size.max(9), 0);
        bytes
    }

    /// Decodes a frame.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let table = TableId(u64::from_be_bytes(*bytes.first_chunk()?));
        Some(Self { table, seat: *bytes.get(8)? })
    }

    /// Returns a stand-in for the account: one for each seat.
    pub const fn player(self) -> PlayerId {
        PlayerId::from_random(self.table.0 << SEAT_BITS | self.seat as u64)
    }

    /// Returns the seat that a stand-in for an account belongs to.
    pub const fn seat_of(player: PlayerId) -> SeatNo {
        (player.0 & ((1 << SEAT_BITS) - 1)) as SeatNo
    }
}

impl Got {
    /// Encodes the frame in at least `size` bytes.
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

    /// Decodes a frame.
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
        assert_eq!(Sent::seat_of(sent.player()), 4);
        for got in [Got::Ready, Got::Answer, Got::Cards, Got::Event { number: 7, next: NO_SEAT, acted: true }]
        {
            assert_eq!(got.bytes(300).len(), 300);
            assert_eq!(Got::read(&got.bytes(0)), Some(got));
        }
        assert_eq!(Sent::read(&[]), None);
        assert_eq!(Got::read(&[3, 0]), None);
    }
}
