//! Events of a client.

use crate::{Address, Ended};
use poker::verifying::{Fault, Verdict};
use wire::{
    Chips, HandNo, PlayerId, SeatNo, TableId, TournamentId,
    client::{Closing, PrivateCards, Service},
    event::{Event, Unseating},
    view::TableView,
};

/// Messages that are no answers, and changes of the connection, in the order of their arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// Connected, and logged in unless as a visitor. Comes again after every reconnect.
    Up {
        /// Name of the gateway.
        node: String,
        /// The gateway's address.
        address: Address,
        /// The player that is logged in; none for visitors.
        player: Option<PlayerId>,
    },
    /// The connection is lost; the client reconnects.
    Down(Down),
    /// A table is followed from this state on: events after `view.event_no` come next.
    Table {
        /// The table.
        view: Box<TableView>,
        /// The player's own hidden cards.
        cards: Option<PrivateCards>,
        /// The events of the current hand so far, with their numbers. The view includes them.
        so_far: Vec<(u64, Event)>,
    },
    /// An event of a table. Numbers rise by one.
    Event {
        /// The table.
        table: TableId,
        /// The event's number.
        number: u64,
        /// The event.
        event: Event,
    },
    /// Events were missed that the table no longer remembers, or an event came that this version
    /// does not know ([`Event::Unknown`]): go on from here, events after `view.event_no` come next.
    Restarted {
        /// The table.
        view: Box<TableView>,
        /// The player's own hidden cards.
        cards: Option<PrivateCards>,
        /// The events of the current hand so far, with their numbers. The view includes them.
        so_far: Vec<(u64, Event)>,
    },
    /// The player's own hidden cards, all of them.
    Cards(PrivateCards),
    /// A finished hand of a followed table was verified: whether its cards are those that the table
    /// committed to before it knew the players' parts in the deck. Comes after the event that ends
    /// the hand, for hands that were followed from their beginning.
    Verified {
        /// The table.
        table: TableId,
        /// The hand.
        hand: HandNo,
        /// The extent of the verification, or the fault.
        verdict: Result<Verdict, Fault>,
    },
    /// The player was given a seat. The table is followed from now on ([`ClientEvent::Table`] comes
    /// next, unless the table is followed already).
    GivenSeat {
        /// The table.
        table: TableId,
        /// The seat.
        seat: SeatNo,
        /// The tournament, if it gave the seat.
        tournament: Option<TournamentId>,
    },
    /// The player no longer has a seat.
    LostSeat {
        /// The table.
        table: TableId,
        /// The reason.
        reason: Unseating,
    },
    /// The player's tournament is over.
    Placed {
        /// The tournament.
        tournament: TournamentId,
        /// The player's place.
        place: u32,
        /// The player's prize.
        prize: Chips,
    },
    /// The working parts of the fleet have changed. After a reconnect, all parts work unless this
    /// comes.
    Service(Service),
    /// There will be no further connection. This is the last event.
    Closed(Ended),
}

/// The reason why a connection was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Down {
    /// The gateway closed it for this reason.
    ByNode(Closing),
    /// The connection broke, or the gateway was silent for too long.
    Broken(String),
}
