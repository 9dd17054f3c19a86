//! The beginning of books: at a table's creation, or in the middle of its journal with a snapshot's
//! inventory.

use super::{Books, Hand, Seat, stock};
use poker::{
    table::{HandInventory, Table},
    variant::Stock,
};
use std::collections::BTreeMap;
use wire::{Chips, TableId, table::Purpose};

impl Books {
    /// Returns the books before the table's creation.
    pub fn new(table: TableId) -> Self {
        Self {
            table,
            cash: false,
            scripted: false,
            open_decks: false,
            stock: Stock::Full,
            committed: None,
            seats: BTreeMap::new(),
            hand: None,
            last_hand: 0,
            instruction: 0,
            posting: 0,
            cash_outs: BTreeMap::new(),
            came: Chips::ZERO,
            gone: Chips::ZERO,
            closed: false,
            faults: Vec::new(),
        }
    }

    /// Returns the books of a table in a snapshot, also in the middle of a hand.
    pub fn of(table: &Table) -> Self {
        let counted = table.inventory();
        let seats = counted.seats.into_iter().map(|seat| {
            let taken = Seat {
                aside: seat.waiting,
                reserved: seat.reserved,
                awaited: seat.awaited,
                ..Seat::new(seat.player, seat.stack)
            };
            (seat.seat, taken)
        });
        let mut books = Self {
            cash: matches!(table.config().purpose, Purpose::Cash { .. }),
            scripted: table.config().scripted,
            open_decks: table.config().open_decks,
            stock: stock(table.config()),
            committed: counted.committed,
            seats: seats.collect(),
            hand: counted.hand.map(Hand::of),
            last_hand: counted.last_hand.0,
            instruction: counted.instruction,
            posting: counted.postings,
            cash_outs: counted.cash_outs.into_iter().collect(),
            closed: table.is_closed(),
            ..Self::new(table.id())
        };
        books.came = books.total();
        books
    }
}

impl Hand {
    fn of(counted: HandInventory) -> Self {
        Self {
            no: counted.start.hand,
            start: counted.start,
            seen: counted.seen,
            seed: counted.seed,
            pot: counted.middle,
            dealt: counted.held.into_iter().collect(),
            folded: counted.folded,
            board: counted.board,
        }
    }
}
