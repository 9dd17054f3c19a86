//! The memory of answered commands: a repeated command gets its first answer and changes nothing.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use wire::{PlayerId, Refusal, SeatNo, journal::Cause};

/// Answers remembered in all. A connection has at most 32 commands unanswered, and a table at most ten players whose
/// programs repeat them, each command of a player waiting for the one before.
const REMEMBERED: usize = 64;

/// What a command was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It was carried out; the number is that of the last public event after it.
    Done(u64),
    /// A seat was given; the cashier has been asked for the buy-in where `paid` is false.
    Seat {
        /// Which seat.
        seat: SeatNo,
        /// Number of the last public event.
        event_no: u64,
        /// Whether the buy-in has arrived.
        paid: bool,
    },
    /// The cashier refused the buy-in.
    Refused(Refusal),
}

/// The last commands that were carried out, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Answers(VecDeque<(Cause, Answer)>);

impl Answers {
    pub(super) fn get(&self, cause: Cause) -> Option<&Answer> {
        self.0.iter().rev().find(|(known, _)| *known == cause).map(|(_, answer)| answer)
    }

    pub(super) fn remember(&mut self, cause: Cause, answer: Answer) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((cause, answer));
    }

    /// Completes the unpaid seat of this player with what the cashier said.
    pub(super) fn settle_seat(&mut self, player: PlayerId, refusal: Option<&Refusal>) {
        let unpaid = self.0.iter_mut().rev().find(|(cause, answer)| {
            cause.player == Some(player) && matches!(answer, Answer::Seat { paid: false, .. })
        });
        if let Some((_, answer)) = unpaid {
            match (refusal, &mut *answer) {
                (Some(refusal), _) => *answer = Answer::Refused(refusal.clone()),
                (None, Answer::Seat { paid, .. }) => *paid = true,
                (None, _) => {}
            }
        }
    }
}
