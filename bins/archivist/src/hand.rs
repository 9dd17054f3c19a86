//! Makes a finished hand's rows for the database out of its records.

use std::collections::BTreeMap;
use wire::{
    Action, Card, Chips, HandNo, PlayerId, SeatNo,
    archive::Archived,
    event::{HandEvent, HandStart, TableEvent},
};

/// A finished hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hand {
    /// The hand's setup.
    pub start: HandStart,
    /// Time of the hand's end by the table worker's clock, in milliseconds since 1970.
    pub ended_ms: u64,
    /// All players who were dealt in, by seat.
    pub players: Vec<Player>,
    /// Number of players' actions.
    pub actions: u32,
    /// All chips that players won.
    pub pot: Chips,
    /// Cards of the board.
    pub board: Vec<Card>,
}

/// A player's part in a finished hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Player {
    /// The player.
    pub player: PlayerId,
    /// The seat.
    pub seat: SeatNo,
    /// The cards held at the end, hidden ones too.
    pub cards: Vec<Card>,
    /// Whether the cards were tabled.
    pub shown: bool,
    /// Chips put in, without uncalled bets.
    pub committed: Chips,
    /// Chips won from pots.
    pub won: Chips,
}

impl Hand {
    /// Returns the hand that ends with the last of these records; none if they have no complete
    /// hand.
    pub fn of(records: &[Archived<TableEvent>]) -> Option<Self> {
        let mut making: Option<Making> = None;
        let mut ended = None;
        for record in records {
            for event in &record.events {
                match event {
                    TableEvent::HandStarted { start, .. } => making = Some(Making::new(start.clone())),
                    TableEvent::Hand(event) => {
                        if let Some(making) = &mut making {
                            making.enter(event);
                        }
                    }
                    TableEvent::HandEnded { .. } => {
                        ended = making.take().map(|making| making.end(record.at_ms));
                    }
                    TableEvent::Created { .. }
                    | TableEvent::SeatReserved { .. }
                    | TableEvent::BuyInRefused { .. }
                    | TableEvent::Seated { .. }
                    | TableEvent::TopUpAsked { .. }
                    | TableEvent::ToppedUp { .. }
                    | TableEvent::TopUpRefused { .. }
                    | TableEvent::SatOut { .. }
                    | TableEvent::SatIn { .. }
                    | TableEvent::LeaveAsked { .. }
                    | TableEvent::Heard { .. }
                    | TableEvent::Disconnected { .. }
                    | TableEvent::Reconnected { .. }
                    | TableEvent::GoneTooLong { .. }
                    | TableEvent::AbsenceExtended { .. }
                    | TableEvent::Said { .. }
                    | TableEvent::Unseated { .. }
                    | TableEvent::CashedOut { .. }
                    | TableEvent::Contributed { .. }
                    | TableEvent::Turn { .. }
                    | TableEvent::TimedOut { .. }
                    | TableEvent::ClockExtended { .. }
                    | TableEvent::Instructed { .. }
                    | TableEvent::CloseAsked
                    | TableEvent::Closed
                    | TableEvent::SnapshotRenewed => {}
                }
            }
        }
        ended
    }

    /// Returns the hand's number.
    pub const fn number(&self) -> HandNo {
        self.start.hand
    }
}

/// A hand whose records are being read.
struct Making {
    start: HandStart,
    players: BTreeMap<SeatNo, Player>,
    actions: u32,
    board: Vec<Card>,
}

impl Making {
    fn new(start: HandStart) -> Self {
        let player = |player, seat| Player {
            player,
            seat,
            cards: Vec::new(),
            shown: false,
            committed: Chips::ZERO,
            won: Chips::ZERO,
        };
        let players =
            start.stacks.iter().map(|stack| (stack.seat, player(stack.player, stack.seat))).collect();
        Self { start, players, actions: 0, board: Vec::new() }
    }

    fn enter(&mut self, event: &HandEvent) {
        match event {
            HandEvent::Posted { seat, amount, .. } => {
                self.at(*seat, |player| player.committed = player.committed.plus(*amount));
            }
            HandEvent::Dealt { seat, down, up } => {
                self.at(*seat, |player| player.cards.extend(down.iter().chain(up)));
            }
            HandEvent::Board { cards, .. } => self.board.extend(cards.iter()),
            HandEvent::Acted { seat, action, added, .. } => {
                self.actions += 1;
                self.at(*seat, |player| {
                    player.committed = player.committed.plus(*added);
                    if let Action::Discard(cards) = action {
                        player.cards.retain(|card| !cards.contains(card));
                    }
                });
            }
            HandEvent::Returned { seat, amount } => self.at(*seat, |player| {
                player.committed = player.committed.checked_minus(*amount).unwrap_or(Chips::ZERO);
            }),
            HandEvent::Shown { seat, .. } => self.at(*seat, |player| player.shown = true),
            HandEvent::Mucked { .. } => {}
            HandEvent::Awarded { seat, amount, .. } => {
                self.at(*seat, |player| player.won = player.won.plus(*amount));
            }
        }
    }

    fn at(&mut self, seat: SeatNo, change: impl FnOnce(&mut Player)) {
        if let Some(player) = self.players.get_mut(&seat) {
            change(player);
        }
    }

    fn end(self, ended_ms: u64) -> Hand {
        let players: Vec<Player> = self.players.into_values().collect();
        let pot = players.iter().map(|player| player.won).sum();
        Hand { start: self.start, ended_ms, players, actions: self.actions, pot, board: self.board }
    }
}

/// Returns cards as text, e.g. `AhKd`.
pub fn text(cards: &[Card]) -> String {
    cards.iter().map(Card::to_string).collect()
}
