//! A hand file in the form that a table can play again: a deck that deals its cards, and each
//! player's actions.

use super::{Amount, Phh, PhhError, Replay};
use crate::{
    hand::{Hand, HandSetup},
    variant::Variant,
};
use wire::{Action, Chips, SeatNo, event::HandEvent, script::Script};

/// A hand for a table that takes scripts.
#[derive(Clone, Debug, PartialEq)]
pub struct Scripted {
    /// The variant that the table has to play.
    pub variant: &'static Variant,
    /// The beginning of the hand. Player `p1` sits in seat 0.
    pub script: Script,
    /// The players' actions, in order.
    pub actions: Vec<(SeatNo, Action)>,
    /// Chips after the hand by seat: the file's, or by the rules where the file has none.
    pub finishing_stacks: Vec<Amount>,
    unit: u64,
}

impl Scripted {
    /// Returns chips of the table as an amount of the file.
    #[must_use]
    pub fn amount(&self, chips: Chips) -> Amount {
        super::amount_of(chips, self.unit)
    }
}

impl Phh {
    /// Returns the hand with a deck that deals its cards; cards that the file does not name are
    /// made up as in [`Phh::replay`].
    ///
    /// # Errors
    /// As [`Phh::replay`], and [`PhhError::NoDeck`] when no deck deals the cards in their order.
    pub fn script(&self) -> Result<Scripted, PhhError> {
        let mut setup = self.setup()?;
        let replay = self.replay_from(&setup, |_, _| ())?;
        setup.deck = replay.end.deck_as_dealt().ok_or(PhhError::NoDeck)?;
        let actions: Vec<_> = replay.events.iter().filter_map(acted).collect();
        if !deals(&setup, &actions, &replay) {
            return Err(PhhError::NoDeck);
        }
        Ok(Scripted {
            variant: setup.variant,
            script: setup.script(),
            actions,
            finishing_stacks: self.finishing_stacks.clone().unwrap_or_else(|| replay.finishing_stacks()),
            unit: self.unit(),
        })
    }
}

fn acted(event: &HandEvent) -> Option<(SeatNo, Action)> {
    match event {
        HandEvent::Acted { seat, action, .. } => Some((*seat, action.clone())),
        _ => None,
    }
}

/// Returns whether the setup's deck and the actions alone give the events of the replay.
fn deals(setup: &HandSetup, actions: &[(SeatNo, Action)], replay: &Replay) -> bool {
    let Ok(mut hand) = Hand::new(setup) else {
        return false;
    };
    let mut events = Vec::with_capacity(replay.events.len());
    hand.begin(&mut events);
    let played = actions.iter().all(|(seat, action)| hand.play(*seat, action, &mut events).is_ok());
    played && events == replay.events
}
