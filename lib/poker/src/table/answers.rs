//! The memory of answered commands: a repeated command gets its first answer and is not carried out
//! again.
//!
//! Invariant: a command of a player is carried out at most once, as long as it is repeated for no
//! longer than [`wire::client::REPEATED_FOR_MS`], whatever ids the client uses ([`EndedRuns`]). A
//! command whose answer may have been forgotten is refused as out of date. The reasons for the
//! bounds are in `docs/decisions/0020-answers-to-repeats.md` and `0047-rude-clients.md`.

use host::EndedRuns;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use wire::{
    CommandId, PlayerId, Refusal, SeatNo,
    client::{MAX_UNANSWERED, REPEATED_FOR_MS},
    journal::Cause,
};

/// How long the answers to a player without a seat are kept, in milliseconds since the last one: a
/// repeat may be under way for a while after it was sent.
const KEPT_MS: u64 = REPEATED_FOR_MS + 60_000;
/// The most players without a seat who may talk within [`KEPT_MS`] by the owner's clock, so that a
/// snapshot stays small.
const MOST_GUESTS: usize = 256;
/// The most players without a seat whose answers are kept. There are more than [`MOST_GUESTS`]
/// where owners' clocks differ: then less time is known to have passed than a clock says.
const MOST_KEPT: usize = 2 * MOST_GUESTS;

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The command was carried out; the number is that of the last public event after it.
    Done(u64),
    /// A seat was given; the cashier has been asked for the buy-in where `paid` is false.
    Seat {
        /// The seat.
        seat: SeatNo,
        /// The number of the last public event.
        event_no: u64,
        /// Whether the buy-in has arrived.
        paid: bool,
    },
    /// More chips were asked for, and the cashier has not answered yet.
    AwaitsChips,
    /// The cashier refused the buy-in, or the chips.
    Refused(Refusal),
}

impl Answer {
    const fn is_settled(&self) -> bool {
        !matches!(self, Self::Seat { paid: false, .. } | Self::AwaitsChips)
    }
}

/// The last commands of each player that were carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Answers(Vec<Remembered>);

/// The last commands of one player, or of the fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    player: Option<PlayerId>,
    /// The time when the last one was carried out, by the clock of the owner at that time.
    at_ms: u64,
    guest: bool,
    /// For a guest: the time that has certainly passed since, in milliseconds.
    #[serde(default)]
    passed_ms: u64,
    /// The oldest first.
    answers: VecDeque<(CommandId, Answer)>,
    /// Programs of the player none of whose answers is kept.
    #[serde(default, skip_serializing_if = "EndedRuns::is_empty")]
    ended: EndedRuns,
}

impl Answers {
    pub(super) fn get(&self, cause: Cause) -> Option<&Answer> {
        let answers = &self.of(cause.player)?.answers;
        answers.iter().rev().find(|(id, _)| *id == cause.id).map(|(_, answer)| answer)
    }

    /// Returns whether a command that is not remembered comes after a later one of the same client,
    /// or its ids do not count up. Commands of the fleet may come in any order: their own numbers
    /// show whether they are out of date.
    pub(super) fn is_out_of_date(&self, cause: Cause) -> bool {
        let of_player = cause.player.and_then(|player| self.of(Some(player)));
        of_player.is_some_and(|known| known.ended.is_out_of_date(ids(&known.answers), cause.id))
    }

    /// Returns whether an answer to this player can be kept.
    pub(super) fn has_room_for(&self, player: PlayerId, seated: bool, now_ms: u64) -> bool {
        let guests = || self.0.iter().filter(|known| known.guest);
        let talking = guests().filter(|known| known.at_ms.saturating_add(KEPT_MS) > now_ms);
        let room = talking.count() < MOST_GUESTS && guests().count() < MOST_KEPT;
        seated || self.of(Some(player)).is_some() || room
    }

    /// Returns whether anything is kept for a time only.
    pub(super) fn counts_time(&self) -> bool {
        self.0.iter().any(|known| known.guest || !known.ended.is_empty())
    }

    /// Notes that so much time has certainly passed, in milliseconds, and forgets the answers of
    /// guests whose last command was [`KEPT_MS`] ago, and programs that ended then.
    pub(super) fn pass(&mut self, passed_ms: u64) {
        for known in &mut self.0 {
            known.ended.pass(passed_ms, KEPT_MS);
        }
        for known in self.0.iter_mut().filter(|known| known.guest) {
            known.passed_ms = known.passed_ms.saturating_add(passed_ms);
        }
        self.0.retain(|known| !known.guest || known.passed_ms < KEPT_MS);
    }

    /// Keeps an answer. `guest` is whether the player has no seat; the answers of such players are
    /// forgotten after [`KEPT_MS`].
    pub(super) fn remember(&mut self, cause: Cause, answer: Answer, at_ms: u64, guest: bool) {
        let known = match self.0.iter().position(|known| known.player == cause.player) {
            Some(at) => self.0.get_mut(at),
            None => {
                let (answers, ended) = (VecDeque::new(), EndedRuns::default());
                self.0.push(Remembered { player: cause.player, at_ms, guest, passed_ms: 0, answers, ended });
                self.0.last_mut()
            }
        };
        if let Some(known) = known {
            known.remember(cause.id, answer, at_ms, guest);
        }
    }

    /// Notes that a player has left the seat: the answers are kept for as long as those of a player
    /// without a seat. A bot sends no further commands.
    pub(super) fn left(&mut self, player: PlayerId, bot: bool, at_ms: u64) {
        if bot {
            self.0.retain(|known| known.player != Some(player));
        } else if let Some(known) = self.0.iter_mut().find(|known| known.player == Some(player)) {
            (known.guest, known.at_ms, known.passed_ms) = (true, at_ms, 0);
        }
    }

    /// Completes the answer of this player that waits for the cashier with the cashier's answer.
    /// `event_no` is the number of the last public event.
    pub(super) fn settle(&mut self, player: PlayerId, event_no: u64, refusal: Option<&Refusal>) {
        let known = self.0.iter_mut().find(|known| known.player == Some(player));
        let Some(known) = known else { return };
        let Some(at) = known.answers.iter().rposition(|(_, answer)| !answer.is_settled()) else { return };
        let settled = |answer: &Answer| match (refusal, answer) {
            (Some(refusal), _) => Answer::Refused(refusal.clone()),
            (None, Answer::Seat { seat, event_no, .. }) => {
                Answer::Seat { seat: *seat, event_no: *event_no, paid: true }
            }
            (None, Answer::AwaitsChips | Answer::Done(_) | Answer::Refused(_)) => Answer::Done(event_no),
        };
        if let Some((id, answer)) = known.answers.get(at).cloned() {
            let settled = settled(&answer);
            if answer == Answer::AwaitsChips {
                // Others were answered meanwhile: it is as new as the last of them.
                known.answers.remove(at);
                known.answers.push_back((id, settled));
            } else if let Some(place) = known.answers.get_mut(at) {
                place.1 = settled;
            }
        }
    }

    fn of(&self, player: Option<PlayerId>) -> Option<&Remembered> {
        self.0.iter().find(|known| known.player == player)
    }
}

impl Remembered {
    fn remember(&mut self, id: CommandId, answer: Answer, at_ms: u64, guest: bool) {
        (self.at_ms, self.guest, self.passed_ms) = (at_ms, guest, 0);
        // The answer of an unpaid seat is not final, so it is not forgotten before. Chips are
        // waited for beside other commands, and take no place among them.
        let beside = self.answers.iter().filter(|(_, answer)| *answer == Answer::AwaitsChips).count();
        if self.answers.len() - beside >= MAX_UNANSWERED
            && let Some(oldest) = self.answers.iter().position(|(_, answer)| answer.is_settled())
            && let Some((forgotten, _)) = self.answers.remove(oldest)
            && self.player.is_some()
        {
            self.ended.forgotten(forgotten, ids(&self.answers).chain([id]));
        }
        self.ended.remembered(id);
        self.answers.push_back((id, answer));
    }
}

fn ids(answers: &VecDeque<(CommandId, Answer)>) -> impl Iterator<Item = CommandId> + Clone {
    answers.iter().map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: PlayerId = PlayerId(1);

    fn cause(player: PlayerId, id: u64) -> Cause {
        Cause { player: Some(player), id: CommandId(id) }
    }

    #[test]
    fn the_last_answers_are_known_and_older_commands_are_out_of_date() {
        let mut answers = Answers::default();
        for id in 100..110 {
            answers.remember(cause(ANN, id), Answer::Done(id), 5, false);
        }
        let known: Vec<u64> = (90..120).filter(|&id| answers.get(cause(ANN, id)).is_some()).collect();
        assert_eq!(known, [106, 107, 108, 109]);
        let late: Vec<u64> = (90..120).filter(|&id| answers.is_out_of_date(cause(ANN, id))).collect();
        assert_eq!(late, (90..110).collect::<Vec<_>>(), "those known are looked up before");
        assert!(!answers.is_out_of_date(cause(PlayerId(2), 90)), "each player has own numbers");
        assert!(!answers.is_out_of_date(Cause { player: None, id: CommandId(90) }));
    }

    #[test]
    fn another_program_of_the_same_player_begins_anywhere() {
        let mut answers = Answers::default();
        answers.remember(cause(ANN, 1 << 40), Answer::Done(1), 5, false);
        assert!(!answers.is_out_of_date(cause(ANN, 77)));
        answers.remember(cause(ANN, 77), Answer::Done(2), 5, false);
        assert!(answers.get(cause(ANN, 1 << 40)).is_some());
        assert!(answers.is_out_of_date(cause(ANN, 76)));
    }

    #[test]
    fn a_command_that_is_used_again_after_others_is_out_of_date_until_its_program_is_forgotten() {
        for guest in [true, false] {
            let mut answers = Answers::default();
            for run in 1..=6 {
                answers.remember(cause(ANN, run << 40), Answer::Done(run), 0, guest);
            }
            let late: Vec<u64> =
                (1..=6).filter(|run| answers.is_out_of_date(cause(ANN, run << 40))).collect();
            assert_eq!(late, [1, 2, 3, 4, 5, 6], "guest: {guest}");
            assert!(answers.counts_time());
            answers.pass(KEPT_MS);
            assert!(!answers.is_out_of_date(cause(ANN, 1 << 40)), "guest: {guest}");
        }
    }

    #[test]
    fn guests_are_forgotten_after_a_time_and_are_not_too_many() {
        let mut answers = Answers::default();
        answers.remember(cause(ANN, 1), Answer::Done(1), 0, false);
        let guests = 1_000..1_000 + MOST_GUESTS as u64;
        for guest in guests {
            assert!(answers.has_room_for(PlayerId(guest), false, 10));
            answers.remember(cause(PlayerId(guest), 1), Answer::Done(1), 10, true);
        }
        assert!(!answers.has_room_for(PlayerId(9_999), false, 10));
        assert!(answers.has_room_for(PlayerId(9_999), false, 10 + KEPT_MS));
        assert!(answers.has_room_for(PlayerId(1_000), false, 10), "a player who has answers already");
        assert!(answers.has_room_for(PlayerId(9_999), true, 10), "a player with a seat");
        answers.pass(KEPT_MS - 1);
        answers.remember(cause(PlayerId(1_000), 2), Answer::Done(2), 9 + KEPT_MS, true);
        assert!(answers.get(cause(PlayerId(1_001), 1)).is_some());
        answers.pass(1);
        answers.remember(cause(PlayerId(1_000), 3), Answer::Done(3), 10 + KEPT_MS, true);
        assert!(answers.get(cause(PlayerId(1_001), 1)).is_none());
        assert!(answers.get(cause(PlayerId(1_000), 1)).is_some());
        assert!(answers.get(cause(ANN, 1)).is_some(), "seats are remembered for as long as they last");
        answers.left(ANN, false, 20 + KEPT_MS);
        assert!(answers.get(cause(ANN, 1)).is_some());
        answers.pass(KEPT_MS);
        assert!(answers.get(cause(ANN, 1)).is_none());
        assert!(!answers.counts_time());
    }

    #[test]
    fn a_clock_that_is_ahead_makes_bounded_room_and_no_player_is_forgotten() {
        let mut answers = Answers::default();
        let mut guests = (1..).map(PlayerId);
        for ahead_ms in [0, 2 * KEPT_MS, 4 * KEPT_MS] {
            for guest in guests.by_ref() {
                if !answers.has_room_for(guest, false, ahead_ms) {
                    break;
                }
                answers.remember(cause(guest, 1), Answer::Done(1), ahead_ms, true);
            }
        }
        assert_eq!(answers.0.len(), MOST_KEPT);
        assert!(answers.get(cause(PlayerId(1), 1)).is_some());
    }

    #[test]
    fn chips_that_are_waited_for_take_no_place_and_are_answered_as_if_asked_for_last() {
        let mut answers = Answers::default();
        answers.remember(cause(ANN, 1), Answer::AwaitsChips, 0, false);
        for id in 2..20 {
            answers.remember(cause(ANN, id), Answer::Done(id), 0, false);
        }
        let known: Vec<u64> = (1..20).filter(|&id| answers.get(cause(ANN, id)).is_some()).collect();
        assert_eq!(known, [1, 16, 17, 18, 19]);
        answers.settle(ANN, 40, None);
        for id in 20..23 {
            answers.remember(cause(ANN, id), Answer::Done(id), 0, false);
        }
        assert_eq!(answers.get(cause(ANN, 1)), Some(&Answer::Done(40)));
        answers.settle(ANN, 50, Some(&Refusal::Banned));
        assert_eq!(answers.get(cause(ANN, 1)), Some(&Answer::Done(40)), "settled once");
    }

    #[test]
    fn a_seat_that_waits_for_its_money_is_not_forgotten() {
        let mut answers = Answers::default();
        let unpaid = Answer::Seat { seat: 3, event_no: 1, paid: false };
        answers.remember(cause(ANN, 1), unpaid, 0, false);
        for id in 2..20 {
            answers.remember(cause(ANN, id), Answer::Done(id), 0, false);
        }
        answers.settle(ANN, 9, None);
        let paid = Answer::Seat { seat: 3, event_no: 1, paid: true };
        assert_eq!(answers.get(cause(ANN, 1)), Some(&paid));
        answers.remember(cause(ANN, 20), Answer::Done(20), 0, false);
        assert_eq!(answers.get(cause(ANN, 1)), None);
    }
}
