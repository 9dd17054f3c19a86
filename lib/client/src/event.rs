//! What a player sees.

use crate::{Address, Ended};
use wire::{
    Chips, PlayerId, SeatNo, TableId, TournamentId,
    client::{Closing, PrivateCards, Service},
    event::{Event, Unseating},
    view::TableView,
};

/// Something that came unasked, in the order in which it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// Connected, and logged in unless a visitor. Comes again after every reconnect.
    Up {
        /// Name of the gateway.
        node: String,
        /// Its address.
        address: Address,
        /// Who we are; nobody for visitors.
        player: Option<PlayerId>,
    },
    /// The connection is lost; another one is being made.
    Down(Down),
    /// A table is being followed from here: events after `view.event_no` come next.
    Table {
        /// The table.
        view: Box<TableView>,
        /// Our own hidden cards.
        cards: Option<PrivateCards>,
        /// The events of the hand being played so far, with their numbers. The view includes them.
        so_far: Vec<(u64, Event)>,
    },
    /// Something happened at a table. Numbers rise by one.
    Event {
        /// Which table.
        table: TableId,
        /// The event's number.
        number: u64,
        /// What happened.
        event: Event,
    },
    /// Events were missed that the table no longer remembers: go on from here, events after `view.event_no` come next.
    Restarted {
        /// The table.
        view: Box<TableView>,
        /// Our own hidden cards.
        cards: Option<PrivateCards>,
        /// The events of the hand being played so far, with their numbers. The view includes them.
        so_far: Vec<(u64, Event)>,
    },
    /// Our own hidden cards, all of them.
    Cards(PrivateCards),
    /// We were given a seat; the table is being followed from now on ([`ClientEvent::Table`] comes next, unless it is
    /// being followed already).
    GivenSeat {
        /// Which table.
        table: TableId,
        /// Which seat.
        seat: SeatNo,
        /// The tournament, if it gave the seat.
        tournament: Option<TournamentId>,
    },
    /// We no longer have a seat there.
    LostSeat {
        /// Which table.
        table: TableId,
        /// Why.
        reason: Unseating,
    },
    /// A tournament is over for us.
    Placed {
        /// Which tournament.
        tournament: TournamentId,
        /// Our place.
        place: u32,
        /// Our prize.
        prize: Chips,
    },
    /// What works of the fleet has changed. After a reconnect everything works unless this comes.
    Service(Service),
    /// There will be no more connection: the last event.
    Closed(Ended),
}

/// Why a connection was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Down {
    /// The node said why.
    ByNode(Closing),
    /// The connection broke, or nothing was heard for too long.
    Broken(String),
}
