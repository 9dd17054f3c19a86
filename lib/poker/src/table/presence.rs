//! Absences: connections that are gone and come back, and the consequences for players who stay
//! away.
//!
//! Invariants:
//! - A player is absent from the gateway's report that the connection is gone, or from the first
//!   clock that ran out, whichever comes first; until a connection (or, where only the clock ran
//!   out, a command) arrives.
//! - A late report about an older connection has no effect: the table knows the latest connection.
//! - The end of an absence is a time in the state, so the next owner of the table keeps it.

use super::{Playing, Table};
use serde::{Deserialize, Serialize};
use wire::{ConnectionId, PlayerId, Refusal, SeatNo, event::TableEvent};

/// The absence of a player.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Away {
    /// Whether the connection is known to be gone; otherwise only the clock ran out.
    pub(super) gone: bool,
    /// The time from which the player is treated as having left, in milliseconds since 1970.
    pub(super) until_ms: u64,
    /// Whether that time has come.
    pub(super) over: bool,
}

impl Table {
    /// Returns the events of a report that the player has this connection.
    pub(super) fn online(
        &self,
        player: PlayerId,
        connection: &ConnectionId,
    ) -> Result<Vec<TableEvent>, Refusal> {
        let no = self.seat_of(player).ok_or(Refusal::NotSeated)?;
        let Some(seat) = self.seat(no) else { return Err(Refusal::NotSeated) };
        let known = seat.connection.as_ref() == Some(connection);
        if known && seat.absent.is_none() {
            return Ok(Vec::new());
        }
        let mut events = vec![TableEvent::Heard { seat: no, connection: Some(connection.clone()) }];
        if seat.absent.is_some_and(|absent| absent.gone || absent.over) && !self.has_given_up(no) {
            let turn = self.turn_of(no).filter(|playing| playing.deadline_ms < playing.full_deadline_ms);
            let deadline_ms = turn.map(|playing| playing.full_deadline_ms);
            events.push(TableEvent::Reconnected { seat: no, deadline_ms });
        }
        // A player who only sits out because the clock ran out during the loss of the connection is
        // in again.
        if !known && seat.out_by_clock && !seat.leaving {
            events.push(TableEvent::SatIn { seat: no });
        }
        Ok(events)
    }

    /// Returns the events of a report that this connection of the player is gone.
    pub(super) fn gone(
        &self,
        player: PlayerId,
        connection: &ConnectionId,
        now_ms: u64,
    ) -> Result<Vec<TableEvent>, Refusal> {
        let no = self.seat_of(player).ok_or(Refusal::NotSeated)?;
        let Some(seat) = self.seat(no) else { return Err(Refusal::NotSeated) };
        let other = seat.connection.as_ref() != Some(connection);
        if other || seat.absent.is_some_and(|absent| absent.gone) {
            return Ok(Vec::new());
        }
        let grace_ms = now_ms + u64::from(self.config.absence.grace_ms);
        let turn = self.turn_of(no).filter(|playing| playing.deadline_ms > grace_ms);
        let deadline_ms = turn.map(|_| grace_ms);
        Ok(vec![TableEvent::Disconnected { seat: no, connection: connection.clone(), deadline_ms }])
    }

    /// Adds the events of a command as a sign of life: it ends an absence that began when the clock
    /// ran out.
    pub(super) fn hear(&self, player: PlayerId, events: &mut Vec<TableEvent>) {
        let seat = self.seat_of(player).filter(|&no| !self.has_given_up(no));
        let absent = seat.and_then(|no| self.seat(no)?.absent).filter(|absent| !absent.gone);
        if let (Some(seat), Some(absent)) = (seat, absent) {
            events.push(TableEvent::Heard { seat, connection: None });
            if absent.over {
                events.push(TableEvent::Reconnected { seat, deadline_ms: None });
            }
        }
    }

    /// Returns the event of the first player who has been absent for too long at `now_ms`.
    pub(super) fn gone_too_long(&self, now_ms: u64) -> Option<TableEvent> {
        let (seat, _) = self.waited_for().find(|&(_, until_ms)| until_ms <= now_ms)?;
        Some(TableEvent::GoneTooLong { seat })
    }

    /// Returns the first end of an absence.
    pub(super) fn absence_deadline_ms(&self) -> Option<u64> {
        self.waited_for().map(|(_, until_ms)| until_ms).min()
    }

    /// Returns the extensions of absences after a change of owner: no player could come back
    /// meanwhile, so each gets the time to act for it; but none lasts longer than the limit, in
    /// case the last owner's clock was ahead.
    pub(super) fn extend_absences(&self, now_ms: u64) -> impl Iterator<Item = TableEvent> + '_ {
        let most_ms = now_ms + u64::from(self.config.absence.limit_ms);
        let least_ms = most_ms.min(now_ms + u64::from(self.config.action_ms));
        self.waited_for().filter_map(move |(seat, until_ms)| {
            let bounded_ms = until_ms.clamp(least_ms, most_ms);
            (bounded_ms != until_ms).then_some(TableEvent::AbsenceExtended { seat, until_ms: bounded_ms })
        })
    }

    /// Returns the absent players who may still come back, each with the end of the absence.
    fn waited_for(&self) -> impl Iterator<Item = (SeatNo, u64)> + '_ {
        let absent = self.taken().filter(|(_, seat)| !seat.leaving);
        absent.filter_map(|(no, seat)| {
            seat.absent.filter(|absent| !absent.over).map(|absent| (no, absent.until_ms))
        })
    }

    /// Returns whether the clock of the seat's player ran out and no sign of the player has come
    /// since.
    #[must_use]
    pub fn is_out_of_time(&self, no: SeatNo) -> bool {
        self.seat(no).and_then(|seat| seat.absent).is_some_and(|absent| !absent.gone && !absent.over)
    }

    /// Returns the time that the player of a seat has to act, in milliseconds.
    pub(super) fn time_to_act_ms(&self, no: SeatNo) -> u64 {
        let full = self.config.action_ms;
        let gone = self.seat(no).is_some_and(super::Seat::is_gone);
        match (self.is_away(no), gone) {
            (true, _) => 0,
            (false, true) => u64::from(full.min(self.config.absence.grace_ms)),
            (false, false) => u64::from(full),
        }
    }

    /// Returns whether the player has been absent for too long at a cash table, and so counts as
    /// having left.
    fn has_given_up(&self, no: SeatNo) -> bool {
        self.tournament.is_none() && self.seat(no).is_some_and(super::Seat::is_over)
    }

    fn turn_of(&self, no: SeatNo) -> Option<&Playing> {
        self.playing.as_ref().filter(|playing| playing.hand.actor() == Some(no))
    }

    pub(super) fn heard(&mut self, no: SeatNo, connection: Option<&ConnectionId>) {
        let given_up = self.has_given_up(no);
        if let Some(seat) = self.seat_mut(no) {
            if let Some(connection) = connection {
                seat.connection = Some(connection.clone());
            }
            if !given_up {
                seat.absent = None;
            }
        }
    }

    pub(super) fn disconnected(&mut self, no: SeatNo, deadline_ms: Option<u64>, at_ms: u64) {
        let until_ms = at_ms + u64::from(self.config.absence.limit_ms);
        if let Some(seat) = self.seat_mut(no) {
            // An absence that began when a clock ran out keeps its end.
            let absent = seat.absent.unwrap_or(Away { gone: true, until_ms, over: false });
            seat.absent = Some(Away { gone: true, ..absent });
        }
        self.move_deadline(deadline_ms);
    }

    pub(super) fn move_deadline(&mut self, deadline_ms: Option<u64>) {
        if let (Some(playing), Some(deadline_ms)) = (&mut self.playing, deadline_ms) {
            playing.deadline_ms = deadline_ms;
        }
    }

    /// Begins the absence of a person whose clock ran out.
    pub(super) fn timed_out(&mut self, no: SeatNo, at_ms: u64) {
        let waited = !self.is_away(no);
        let until_ms = at_ms + u64::from(self.config.absence.limit_ms);
        if let Some(seat) = self.seat_mut(no).filter(|seat| !seat.bot && !seat.is_gone()) {
            seat.away = true;
            if waited {
                seat.absent.get_or_insert(Away { gone: false, until_ms, over: false });
            }
        }
    }

    pub(super) fn is_over(&mut self, no: SeatNo) {
        let cash = self.tournament.is_none();
        if let Some(seat) = self.seat_mut(no) {
            seat.leaving |= cash;
            if let Some(absent) = &mut seat.absent {
                absent.over = true;
            }
        }
    }

    pub(super) fn absence_extended(&mut self, no: SeatNo, until_ms: u64) {
        if let Some(absent) = self.seat_mut(no).and_then(|seat| seat.absent.as_mut()) {
            absent.until_ms = until_ms;
        }
    }
}

impl super::Seat {
    /// Returns whether the connection is known to be gone.
    pub(super) fn is_gone(&self) -> bool {
        self.absent.is_some_and(|absent| absent.gone)
    }

    /// Returns whether the player has been absent for too long.
    pub(super) fn is_over(&self) -> bool {
        self.absent.is_some_and(|absent| absent.over)
    }
}
