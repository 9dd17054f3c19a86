//! The inventory of a table, for checks that begin in the middle of its journal.

use super::{Committed, Playing, Table};
use wire::{
    Card, Chips, HandNo, PlayerId, PostingId, SeatNo,
    event::{HandStart, Seed},
};

/// The inventory of a table's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// Taken seats, reserved ones too, by seat.
    pub seats: Vec<SeatInventory>,
    /// The hand being played.
    pub hand: Option<HandInventory>,
    /// The last hand that was started; 0 before the first.
    pub last_hand: HandNo,
    /// The seat of the big blind in it.
    pub big_blind: Option<SeatNo>,
    /// The number of the last instruction that was carried out; 0 before the first and at cash
    /// tables.
    pub instruction: u64,
    /// The number of the last posting; 0 before the first.
    pub postings: u64,
    /// The deck of the next hand, if it is committed to.
    pub committed: Option<Committed>,
    /// Chips that the cashier has been asked to pay back.
    pub cash_outs: Vec<(PostingId, Chips)>,
}

/// A taken seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatInventory {
    /// The seat's number.
    pub seat: SeatNo,
    /// The player.
    pub player: PlayerId,
    /// Chips behind; those in the middle are not included.
    pub stack: Chips,
    /// Chips that were added during the hand being played and wait for its end.
    pub waiting: Chips,
    /// Whether the seat is only held until its buy-in arrives.
    pub reserved: bool,
    /// Chips that the cashier has been asked for and that have not arrived.
    pub awaited: Option<(PostingId, Chips)>,
}

/// A hand being played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandInventory {
    /// The hand's setup.
    pub start: HandStart,
    /// The seed of its deck.
    pub seed: Seed,
    /// Players' actions so far.
    pub actions: u32,
    /// Chips in the middle, bets of the street included.
    pub middle: Chips,
    /// The cards of each player dealt in, folded ones too, discarded ones not.
    pub held: Vec<(SeatNo, Vec<Card>)>,
    /// Seats that have folded.
    pub folded: Vec<SeatNo>,
    /// The board.
    pub board: Vec<Card>,
    /// The cards that all viewers have seen.
    pub seen: Vec<Card>,
}

impl Table {
    /// Returns the inventory of the table.
    #[must_use]
    pub fn inventory(&self) -> Inventory {
        let seats = self.taken().map(|(no, seat)| {
            let in_hand = self.playing.as_ref().and_then(|playing| playing.hand.seat(no));
            SeatInventory {
                seat: no,
                player: seat.player,
                stack: in_hand.map_or(seat.stack, |in_hand| in_hand.stack),
                waiting: self.waiting(no, seat),
                reserved: seat.reserved,
                awaited: seat.awaited.as_ref().map(|awaited| (awaited.posting.clone(), awaited.amount)),
            }
        });
        Inventory {
            seats: seats.collect(),
            hand: self.playing.as_ref().map(hand),
            last_hand: self.hand_no,
            big_blind: self.blinds.map(|blinds| blinds.big_blind),
            instruction: self.tournament.as_ref().map_or(0, |side| side.instruction),
            postings: self.postings,
            committed: self.committed,
            cash_outs: self.cash_outs.iter().map(|out| (out.posting.clone(), out.amount)).collect(),
        }
    }
}

fn hand(playing: &Playing) -> HandInventory {
    let held = playing.hand.seats().map(|(no, seat)| (no, seat.cards().to_vec()));
    HandInventory {
        start: playing.start.clone(),
        seed: playing.seed,
        actions: playing.actions,
        middle: playing.hand.middle(),
        held: held.collect(),
        folded: playing.hand.seats().filter(|(_, seat)| seat.folded).map(|(no, _)| no).collect(),
        board: playing.hand.board().to_vec(),
        seen: playing.hand.seen(),
    }
}
