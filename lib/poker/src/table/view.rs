//! The public views of a table: the one place where hidden cards are left out.

use super::{Playing, Seat, Table};
use crate::dealing;
use wire::{
    Action, Card, Chips, HandNo, PlayerId, SeatNo,
    client::PrivateCards,
    deal::OpenCard,
    event::{Event, HandEvent, TableEvent},
    table::TableSummary,
    view::{HandView, SeatInHand, SeatView, TableView, TurnView},
};

/// Returns the public part of an event; `None` for events that only concern the fleet. This
/// function alone decides which events are public: [`Table::event_no`] counts those that it
/// returns.
#[must_use]
pub fn public(event: &TableEvent) -> Option<Event> {
    Some(match *event {
        TableEvent::Seated { seat, player, ref name, bot, stack } => {
            Event::Seated { seat, player, name: name.clone(), bot, stack }
        }
        TableEvent::Unseated { seat, player, reason, .. } => Event::Unseated { seat, player, reason },
        TableEvent::ToppedUp { seat, amount } => Event::ToppedUp { seat, amount },
        TableEvent::SatOut { seat } => Event::SatOut { seat },
        TableEvent::SatIn { seat } => Event::SatIn { seat },
        TableEvent::Disconnected { seat, deadline_ms, .. } => Event::Disconnected { seat, deadline_ms },
        TableEvent::Reconnected { seat, deadline_ms } => Event::Reconnected { seat, deadline_ms },
        TableEvent::GoneTooLong { seat } => Event::GoneTooLong { seat },
        TableEvent::Said { player, ref name, ref text } => {
            Event::Said { player, name: name.clone(), text: text.clone() }
        }
        TableEvent::HandStarted { ref start, .. } => Event::HandStarted(start.clone()),
        TableEvent::Hand(ref event) => public_in_hand(event),
        TableEvent::Turn { seat, turn, ref legal, deadline_ms } => {
            Event::Turn { seat, turn, legal: legal.clone(), deadline_ms }
        }
        TableEvent::TimedOut { seat } => Event::TimedOut { seat },
        TableEvent::ClockExtended { deadline_ms } => Event::ClockExtended { deadline_ms },
        TableEvent::HandEnded { hand, ref stacks, seed, dealt, .. } => Event::HandEnded {
            hand,
            stacks: stacks.clone(),
            seed: dealt.is_none().then_some(seed),
            opening: dealt.map(|dealt| dealing::opening(&seed, dealt)),
        },
        TableEvent::Instructed { ref instruction, .. } => {
            Event::Instructed { level: instruction.level, then: instruction.then }
        }
        TableEvent::Closed => Event::Closed,
        TableEvent::Created { .. }
        | TableEvent::SeatReserved { .. }
        | TableEvent::BuyInRefused { .. }
        | TableEvent::TopUpAsked { .. }
        | TableEvent::TopUpRefused { .. }
        | TableEvent::LeaveAsked { .. }
        | TableEvent::CashedOut { .. }
        | TableEvent::Heard { .. }
        | TableEvent::Contributed { .. }
        | TableEvent::AbsenceExtended { .. }
        | TableEvent::CloseAsked
        | TableEvent::SnapshotRenewed => return None,
    })
}

/// Returns whether an event has a public part.
pub(super) fn is_public(event: &TableEvent) -> bool {
    // What is opened of a deck takes a hundred hashes.
    matches!(event, TableEvent::HandEnded { .. }) || public(event).is_some()
}

fn public_in_hand(event: &HandEvent) -> Event {
    match *event {
        HandEvent::Posted { seat, post, amount } => Event::Posted { seat, post, amount },
        HandEvent::Dealt { seat, down, up } => Event::Dealt { seat, down: down.len() as u8, up },
        HandEvent::Board { street, cards } => Event::Board { street, cards },
        // The discarded cards are only the player's to see.
        HandEvent::Acted { seat, action: Action::Discard(ref cards), .. } => {
            Event::Drew { seat, count: cards.len() as u8 }
        }
        HandEvent::Acted { seat, ref action, added, stack } => {
            Event::Acted { seat, action: action.clone(), added, stack }
        }
        HandEvent::Returned { seat, amount } => Event::Returned { seat, amount },
        HandEvent::Shown { seat, cards, ref hand } => Event::Shown { seat, cards, hand: hand.clone() },
        HandEvent::Mucked { seat } => Event::Mucked { seat },
        HandEvent::Awarded { pot, seat, amount, share } => Event::Awarded { pot, seat, amount, share },
    }
}

/// Returns the players whose hidden cards these events changed, with their cards.
pub fn private_cards_dealt<'a>(
    table: &'a Table,
    events: &'a [TableEvent],
) -> impl Iterator<Item = (PlayerId, PrivateCards)> + 'a {
    let dealt = events.iter().filter_map(|event| {
        let TableEvent::Hand(HandEvent::Dealt { seat, down, .. }) = event else { return None };
        (!down.is_empty()).then_some(*seat)
    });
    dealt.filter_map(|seat| {
        let player = table.seat(seat)?.player;
        Some((player, table.cards_of(player)?))
    })
}

impl Playing {
    /// Returns the places that these cards were dealt from.
    fn openings(&self, cards: &[Card]) -> Vec<OpenCard> {
        if self.start.deal.is_none() {
            return Vec::new();
        }
        let places = cards.iter().filter_map(|card| self.hand.place_of(*card));
        dealing::open(&self.seed, places)
    }
}

impl Table {
    /// Returns a player's own hidden cards in the hand being played; `None` for a player who was
    /// not dealt in.
    #[must_use]
    pub fn cards_of(&self, player: PlayerId) -> Option<PrivateCards> {
        let playing = self.playing.as_ref()?;
        let seat = playing.hand.seat(self.seat_of(player)?)?;
        // A player who came to the seat after the deal was not dealt these cards.
        let dealt = playing.start.stacks.iter().any(|stack| stack.player == player);
        (dealt && !seat.down.is_empty()).then(|| PrivateCards {
            table: self.id,
            hand: playing.start.hand,
            cards: seat.down.to_vec(),
            openings: playing.openings(&seat.down),
        })
    }

    /// Returns the person who has the action; `None` between hands, and when it is a bot's turn.
    #[must_use]
    pub fn player_to_act(&self) -> Option<PlayerId> {
        let seat = self.seat(self.playing.as_ref()?.hand.actor()?)?;
        (!seat.bot).then_some(seat.player)
    }

    /// Returns the public view of the table.
    #[must_use]
    pub fn view(&self) -> TableView {
        TableView {
            table: self.id,
            config: self.config.clone(),
            event_no: self.event_no,
            level: self.level,
            seats: self.seat_views(),
            hand: self.playing.as_ref().map(hand_view),
            hands: self.hands,
            closed: self.closed,
        }
    }

    /// Returns the hand being played and the number of the current turn, if a player is to act.
    #[must_use]
    pub fn turn(&self) -> Option<(HandNo, u32)> {
        let playing = self.playing.as_ref()?;
        playing.hand.actor().map(|_| (playing.start.hand, playing.turn))
    }

    /// Returns the table's line in the lobby.
    #[must_use]
    pub fn summary(&self) -> TableSummary {
        TableSummary {
            table: self.id,
            config: self.config.clone(),
            players: self.taken().count() as u8,
            hands: self.hands,
            closed: self.closed,
        }
    }

    fn seat_views(&self) -> Vec<SeatView> {
        // The list gets its capacity at once, because growing would move it.
        let mut views = Vec::with_capacity(self.seats.len());
        let seated = self.taken().filter(|(_, seat)| !seat.reserved);
        views.extend(seated.map(|(no, seat)| self.seat_view(no, seat)));
        views
    }

    fn seat_view(&self, no: SeatNo, seat: &Seat) -> SeatView {
        let in_hand = self.playing.as_ref().and_then(|playing| playing.hand.seat(no));
        SeatView {
            seat: no,
            player: seat.player,
            name: seat.name.clone(),
            bot: seat.bot,
            stack: in_hand.map_or(seat.stack, |in_hand| in_hand.stack),
            waiting: self.waiting(no, seat),
            sitting_out: seat.sitting_out,
            disconnected: seat.is_gone() || seat.is_over(),
            in_hand: in_hand.map(|in_hand| SeatInHand {
                bet: in_hand.bet,
                folded: in_hand.folded,
                down: in_hand.down.len() as u8,
                up: in_hand.up.to_vec(),
            }),
        }
    }
}

fn hand_view(playing: &Playing) -> HandView {
    let hand = &playing.hand;
    let pots: Vec<Chips> = hand.pots().collect();
    HandView {
        hand: playing.start.hand,
        button: playing.start.button,
        street: hand.street(),
        board: hand.board().to_vec(),
        pots,
        turn: hand.actor().map(|seat| TurnView {
            seat,
            turn: playing.turn,
            legal: hand.legal(),
            deadline_ms: playing.deadline_ms,
        }),
    }
}
