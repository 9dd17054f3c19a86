//! Who can be reached: connections that are gone and come back, and what becomes of players who stay away.
//!
//! What always holds:
//! - A player is away from the moment the gateway says that the connection is gone, or from the first clock that ran
//!   out, whichever comes first; until a connection (or, where only the clock ran out, a command) is heard of.
//! - What an older connection leaves behind changes nothing: the table knows which one was heard of last.
//! - The end of an absence is a moment in the state, so the next owner of the table keeps it.

use super::{Playing, Table};
use serde::{Deserialize, Serialize};
use wire::{ConnectionId, PlayerId, Refusal, SeatNo, event::TableEvent};

/// A player who cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Away {
    /// Whether the connection is known to be gone; else only the time ran out.
    pub(super) gone: bool,
    /// From when on the player is treated as having left, in milliseconds since 1970.
    pub(super) until_ms: u64,
    /// Whether that time has come.
    pub(super) over: bool,
}

impl Table {
    /// A connection of the player was heard of.
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
        // Whoever only fell out of time because of the connection is in again.
        if !known && seat.out_by_clock && !seat.leaving {
            events.push(TableEvent::SatIn { seat: no });
        }
        Ok(events)
    }

    /// A connection of the player is gone.
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

    /// Adds to what a command of a player causes: whoever was only out of time is heard of again.
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

    /// The first player who has been away for too long by now.
    pub(super) fn gone_too_long(&self, now_ms: u64) -> Option<TableEvent> {
        let (seat, _) = self.waited_for().find(|&(_, until_ms)| until_ms <= now_ms)?;
        Some(TableEvent::GoneTooLong { seat })
    }

    /// When the first player who is away has been so for too long.
    pub(super) fn absence_deadline_ms(&self) -> Option<u64> {
        self.waited_for().map(|(_, until_ms)| until_ms).min()
    }

    /// After a change of owner: nobody could come back meanwhile, so there is time for it now; but no more than there ever is, should
    /// the owner before have had a clock that was ahead.
    pub(super) fn extend_absences(&self, now_ms: u64) -> impl Iterator<Item = TableEvent> + '_ {
        let most_ms = now_ms + u64::from(self.config.absence.limit_ms);
        let least_ms = most_ms.min(now_ms + u64::from(self.config.action_ms));
        self.waited_for().filter_map(move |(seat, until_ms)| {
            let bounded_ms = until_ms.clamp(least_ms, most_ms);
            (bounded_ms != until_ms).then_some(TableEvent::AbsenceExtended { seat, until_ms: bounded_ms })
        })
    }

    /// Players who are away and may still come back, each with the end of the time for it.
    fn waited_for(&self) -> impl Iterator<Item = (SeatNo, u64)> + '_ {
        let absent = self.taken().filter(|(_, seat)| !seat.leaving);
        absent.filter_map(|(no, seat)| {
            seat.absent.filter(|absent| !absent.over).map(|absent| (no, absent.until_ms))
        })
    }

    /// Whether the player of a seat is out of time and nobody has been heard of since.
    #[must_use]
    pub fn is_out_of_time(&self, no: SeatNo) -> bool {
        self.seat(no).and_then(|seat| seat.absent).is_some_and(|absent| !absent.gone && !absent.over)
    }

    /// How long the player of a seat has to act, in milliseconds.
    pub(super) fn time_to_act_ms(&self, no: SeatNo) -> u64 {
        let full = self.config.action_ms;
        let gone = self.seat(no).is_some_and(super::Seat::is_gone);
        match (self.is_away(no), gone) {
            (true, _) => 0,
            (false, true) => u64::from(full.min(self.config.absence.grace_ms)),
            (false, false) => u64::from(full),
        }
    }

    /// At a cash table, whoever was away for too long is as good as gone.
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
            // Counted from the clock that ran out before, if one did.
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

    /// The clock of a seat ran out.
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
    /// Whether the connection is known to be gone.
    pub(super) fn is_gone(&self) -> bool {
        self.absent.is_some_and(|absent| absent.gone)
    }

    /// Whether the player has been away for too long.
    pub(super) fn is_over(&self) -> bool {
        self.absent.is_some_and(|absent| absent.over)
    }
}
