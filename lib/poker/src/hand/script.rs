//! Conversion between setups and the scripts that are sent to a table.

use super::{Antes, HandSetup, PlayerSetup, RaiseCap, SetupError};
use crate::variant::Variant;
use wire::script::{Script, ScriptedBlind, ScriptedSeat};

impl HandSetup {
    /// Returns the setup as a script for a table of the same variant.
    #[must_use]
    pub fn script(&self) -> Script {
        let seat = |player: &PlayerSetup| ScriptedSeat {
            seat: player.seat,
            stack: player.stack,
            ante: player.ante,
            blind: player.blind.map(|(post, amount)| ScriptedBlind { post, amount }),
            dead: player.dead,
        };
        let capped = self.cap.heads_up || self.players.len() > 2;
        Script {
            button: self.button,
            min_bet: self.min_bet,
            big_bet: self.big_bet,
            small_blind: self.small_blind,
            bring_in: self.bring_in,
            dead_antes: self.antes == Antes::BigBlind,
            cap: Some(self.cap.bets).filter(|bets| capped && *bets < u8::MAX),
            players: self.players.iter().map(seat).collect(),
            deck: self.deck.to_vec(),
        }
    }

    /// Returns the setup of a script.
    ///
    /// # Errors
    /// [`SetupError::BadDeck`] when the script has not 52 cards. [`super::Hand::new`] checks the
    /// rest.
    pub fn from_script(variant: &'static Variant, script: &Script) -> Result<Self, SetupError> {
        let player = |seat: &ScriptedSeat| PlayerSetup {
            seat: seat.seat,
            stack: seat.stack,
            ante: seat.ante,
            blind: seat.blind.map(|blind| (blind.post, blind.amount)),
            dead: seat.dead,
        };
        Ok(Self {
            variant,
            button: script.button,
            min_bet: script.min_bet,
            big_bet: script.big_bet,
            small_blind: script.small_blind,
            bring_in: script.bring_in,
            antes: if script.dead_antes { Antes::BigBlind } else { Antes::Each },
            cap: RaiseCap { bets: script.cap.unwrap_or(u8::MAX), heads_up: script.cap.is_some() },
            players: script.players.iter().map(player).collect(),
            deck: script.deck.as_slice().try_into().map_err(|_| SetupError::BadDeck)?,
        })
    }
}
