//! The check of button and blinds from hand to hand, by the rules alone: TDA 32 (dead button), TDA
//! 34-B (heads-up).

use crate::words::or_none;
use poker::table::Inventory;
use wire::{PlayerId, SeatNo, event::HandStart};

/// The seat of the last big blind and its player, as far as they are known.
#[derive(Default)]
pub struct Blinds {
    last: Option<(SeatNo, Option<PlayerId>)>,
}

impl Blinds {
    /// Returns the blinds of a table in a snapshot: between hands the player is not known.
    pub fn of(counted: &Inventory) -> Self {
        let start = counted.hand.as_ref().map(|hand| &hand.start);
        let player = |seat| start?.stacks.iter().find(|stack| stack.seat == seat).map(|stack| stack.player);
        Self { last: counted.big_blind.map(|seat| (seat, player(seat))) }
    }

    /// Takes the next hand at a table of `seats` seats and returns the faults in its blinds, in
    /// words.
    pub fn hand(&mut self, start: &HandStart, seats: u8) -> Vec<String> {
        let mut wrong = Vec::new();
        let player = |seat| start.stacks.iter().find(|stack| stack.seat == seat).map(|stack| stack.player);
        let hand = start.hand;
        let Some(big_blind) = player(start.big_blind) else {
            return vec![format!(
                "hand {hand}: seat {} owes the big blind and is not dealt in",
                start.big_blind
            )];
        };
        if let Some(small_blind) = start.small_blind
            && (player(small_blind).is_none() || small_blind == start.big_blind)
        {
            wrong.push(format!("hand {hand}: seat {small_blind} cannot owe the small blind"));
        }
        let heads_up = start.stacks.len() == 2;
        if heads_up && start.small_blind != Some(start.button) {
            wrong
                .push(format!("hand {hand}: heads-up the button (seat {}) is the small blind", start.button));
        }
        if let Some((seat, before)) = self.last {
            // A player who has left and come back to another seat begins anew there.
            if (seat, before) == (start.big_blind, Some(big_blind)) {
                wrong.push(format!("hand {hand}: player {big_blind} pays the big blind twice running"));
            }
            let steps = |to: SeatNo| (to + seats - seat) % seats;
            let skipped = start.stacks.iter().find(|stack| {
                let away = steps(stack.seat);
                away > 0 && away < steps(start.big_blind)
            });
            if let Some(skipped) = skipped {
                wrong.push(format!("hand {hand}: seat {} is passed over by the big blind", skipped.seat));
            }
            // The small blind is due at the seat of the last big blind; it is dead when that seat
            // is not dealt in.
            let due = player(seat).map(|_| seat);
            if !heads_up && start.small_blind != due {
                wrong.push(format!(
                    "hand {hand}: the small blind is due at seat {}, not {}",
                    or_none(due),
                    or_none(start.small_blind)
                ));
            }
        }
        self.last = Some((start.big_blind, Some(big_blind)));
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{
        Chips, HandNo,
        event::{Seed, Stack},
        table::Level,
    };

    fn hand(button: SeatNo, small_blind: Option<SeatNo>, big_blind: SeatNo, seats: &[SeatNo]) -> HandStart {
        let stack = |&seat: &SeatNo| Stack { seat, player: PlayerId(u64::from(seat)), chips: Chips(100) };
        HandStart {
            hand: HandNo(1),
            button,
            small_blind,
            big_blind,
            level: Level::default(),
            stacks: seats.iter().map(stack).collect(),
            commitment: Seed([0; 32]),
            deal: None,
        }
    }

    fn faults(hands: &[HandStart]) -> usize {
        let mut blinds = Blinds::default();
        hands.iter().map(|start| blinds.hand(start, 6).len()).sum()
    }

    #[test]
    fn blinds_in_order_have_no_faults() {
        let all = [0, 1, 2, 3];
        assert_eq!(
            faults(&[hand(0, Some(1), 2, &all), hand(1, Some(2), 3, &all), hand(2, Some(3), 0, &all)]),
            0
        );
        // The big blind busts: a dead small blind follows, then a dead button.
        let left = [0, 1, 3];
        assert_eq!(
            faults(&[hand(0, Some(1), 2, &all), hand(1, None, 3, &left), hand(2, Some(3), 0, &left)]),
            0
        );
        // The big blind leaves, and comes back to another seat.
        let mut back = hand(3, Some(3), 5, &[3, 5]);
        back.stacks[1].player = PlayerId(4);
        assert_eq!(faults(&[hand(3, Some(3), 4, &[3, 4]), back]), 0);
        // Two of three players are left.
        assert_eq!(faults(&[hand(0, Some(1), 2, &[0, 1, 2]), hand(2, Some(2), 0, &[0, 2])]), 0);
    }

    #[test]
    fn faults_in_the_order_of_blinds_are_found() {
        let all = [0, 1, 2, 3];
        let first = || hand(0, Some(1), 2, &all);
        assert!(faults(&[first(), hand(0, Some(1), 2, &all)]) > 0, "twice running");
        assert!(faults(&[first(), hand(2, Some(3), 0, &all)]) > 0, "seat 3 is passed over");
        assert!(faults(&[first(), hand(1, Some(0), 3, &all)]) > 0, "another seat's small blind");
        assert!(faults(&[first(), hand(1, None, 3, &all)]) > 0, "a small blind is missing");
        assert!(faults(&[hand(0, Some(2), 0, &[0, 2])]) > 0, "heads-up the wrong way round");
        assert!(faults(&[hand(0, Some(1), 5, &all)]) > 0, "the big blind's seat is empty");
    }
}
