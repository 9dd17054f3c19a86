//! Hands with scripted decks, at tables that are configured for them, on the administrator's
//! command.
//!
//! Invariants: such a table begins no hand by itself; the deck is only in the record that begins
//! the hand, and that record contains the script.

use super::{Table, start::new_hand};
use wire::{
    Chips, Refusal, SeatNo,
    event::{HandStart, Post, Seed, Stack, TableEvent},
    script::{Script, ScriptedSeat},
    table::Level,
};

/// The seed in the record of a hand that is not shuffled.
const NO_SEED: Seed = Seed([0; 32]);

impl Table {
    /// Deals a script at once. Its players must sit in their seats with exactly the script's chips.
    pub(super) fn deal_script(&self, script: &Script, now_ms: u64) -> Result<Vec<TableEvent>, Refusal> {
        if !self.config.scripted {
            return Err(Refusal::bad_script("its decks are shuffled; create a table for scripted decks"));
        }
        if self.closing || self.closed {
            return Err(Refusal::TableClosed);
        }
        if self.playing.is_some() {
            return Err(Refusal::NotAtThisStage);
        }
        let stacks = script.players.iter().map(|player| self.scripted_stack(player));
        let start = HandStart {
            hand: self.hand_no.next(),
            button: script.button,
            small_blind: posted_by(script, Post::SmallBlind),
            big_blind: posted_by(script, Post::BigBlind).unwrap_or(script.button),
            level: Level {
                number: 0,
                small_blind: script.small_blind,
                big_blind: script.min_bet,
                ante: script.players.iter().map(|player| player.ante).max().unwrap_or(Chips::ZERO),
            },
            stacks: stacks.collect::<Result<_, _>>()?,
            commitment: NO_SEED,
            deal: None,
        };
        match new_hand(&self.config, &start, &NO_SEED, Some(script)) {
            Ok(hand) => {
                let (seed, script) = (NO_SEED, Some(Box::new(script.clone())));
                let begins = TableEvent::HandStarted { start: start.clone(), seed, script, next_seed: None };
                Ok(self.open(hand, begins, &start, seed, now_ms))
            }
            Err(error) => Err(Refusal::bad_script(error.to_string())),
        }
    }

    fn scripted_stack(&self, player: &ScriptedSeat) -> Result<Stack, Refusal> {
        let ScriptedSeat { seat: no, stack, .. } = *player;
        let seat = self.seat(no).filter(|seat| !seat.reserved && !seat.leaving && seat.stack == stack);
        match seat {
            Some(seat) => Ok(Stack { seat: no, player: seat.player, chips: stack }),
            None => Err(Refusal::bad_script(format!("no player sits in seat {no} with {stack} chips"))),
        }
    }
}

/// Returns the first seat that posts this blind.
fn posted_by(script: &Script, post: Post) -> Option<SeatNo> {
    let mut players = script.players.iter();
    players.find(|player| player.blind.is_some_and(|blind| blind.post == post)).map(|player| player.seat)
}
