//! The decisions on a tournament's instructions.

use super::Table;
use wire::{
    Chips, PlayerId, Refusal, SeatNo,
    event::{TableEvent, Unseating},
    tournament::{Arrival, Instruction, Then},
};

impl Table {
    /// Returns the events of an instruction at `now_ms`; none when its number was carried out
    /// before.
    ///
    /// # Errors
    /// A named refusal when it does not fit the table; the table does not change.
    pub fn instruct(&self, instruction: &Instruction, now_ms: u64) -> Result<Vec<TableEvent>, Refusal> {
        let Some(side) = &self.tournament else {
            return Err(Refusal::bad_message("a cash table takes no instructions"));
        };
        if instruction.number <= side.instruction {
            return Ok(Vec::new());
        }
        if self.playing.is_some() {
            return Err(Refusal::NotAtThisStage);
        }
        if self.closed {
            return Err(Refusal::TableClosed);
        }
        let pause = if side.unreported.is_some() { 0 } else { u64::from(self.config.hand_pause_ms) };
        let next_hand_ms = self.next_hand_ms.max(now_ms + pause);
        let mut events = vec![TableEvent::Instructed { instruction: instruction.clone(), next_hand_ms }];
        for &player in &instruction.remove {
            let seat = self.seat_of(player).ok_or(Refusal::NotSeated)?;
            events.push(unseated(seat, player, Unseating::Moved));
        }
        for arrival in &instruction.add {
            self.check_arrival(arrival, instruction)?;
            events.push(TableEvent::Seated {
                seat: arrival.seat,
                player: arrival.player,
                name: arrival.name.clone(),
                bot: arrival.bot,
                stack: arrival.stack,
            });
        }
        if instruction.then == Then::Close {
            let stay = self.players().filter(|(_, player)| !instruction.remove.contains(player));
            events.extend(stay.map(|(seat, player)| unseated(seat, player, self.last_reason(seat))));
            events.push(TableEvent::Closed);
        }
        Ok(events)
    }

    fn check_arrival(&self, arrival: &Arrival, instruction: &Instruction) -> Result<(), Refusal> {
        if arrival.seat >= self.config.seats {
            return Err(Refusal::NoSuchSeat { last: self.config.seats - 1 });
        }
        let stays = |&(seat, player): &(SeatNo, PlayerId)| {
            !instruction.remove.contains(&player) && self.seat(seat).is_some_and(|seat| !seat.stack.is_zero())
        };
        if self.players().filter(stays).any(|(seat, _)| seat == arrival.seat) {
            return Err(Refusal::SeatTaken);
        }
        if self.players().filter(stays).any(|(_, player)| player == arrival.player) {
            return Err(Refusal::AlreadySeated);
        }
        Ok(())
    }

    fn last_reason(&self, seat: SeatNo) -> Unseating {
        let busted = self.seat(seat).is_some_and(|seat| seat.stack.is_zero());
        if busted { Unseating::Busted } else { Unseating::TableClosed }
    }
}

const fn unseated(seat: SeatNo, player: PlayerId, reason: Unseating) -> TableEvent {
    TableEvent::Unseated { seat, player, reason, cash_out: Chips::ZERO, posting: None }
}
