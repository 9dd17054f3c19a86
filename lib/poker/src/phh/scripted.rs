//! A hand file made ready to be played again by others: a deck that deals its cards, and what each player does.

use super::{Amount, Phh, PhhError, Replay};
use crate::{
    hand::{Hand, HandSetup},
    variant::Variant,
};
use wire::{Action, Chips, SeatNo, event::HandEvent, script::Script};

/// A hand for a table that takes scripts.
#[derive(Clone, Debug, PartialEq)]
pub struct Scripted {
    /// What the table has to play.
    pub variant: &'static Variant,
    /// How the hand begins. Player `p1` sits in seat 0.
    pub script: Script,
    /// What is done, in order.
    pub actions: Vec<(SeatNo, Action)>,
    /// Chips after the hand by seat: the file's, or by the rules where the file does not say.
    pub finishing_stacks: Vec<Amount>,
    unit: u64,
}

impl Scripted {
    /// Chips of the table as the file would write them.
    #[must_use]
    pub fn amount(&self, chips: Chips) -> Amount {
        super::amount_of(chips, self.unit)
    }
}

impl Phh {
    /// The hand with a deck that deals its cards; those that the file does not name are made up as in [`Phh::replay`].
    ///
    /// # Errors
    /// As [`Phh::replay`], and [`PhhError::NoDeck`].
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

/// Whether the setup's deck and the actions alone give what the replay gave.
fn deals(setup: &HandSetup, actions: &[(SeatNo, Action)], replay: &Replay) -> bool {
    let Ok(mut hand) = Hand::new(setup) else {
        return false;
    };
    let mut events = Vec::with_capacity(replay.events.len());
    hand.begin(&mut events);
    let played = actions.iter().all(|(seat, action)| hand.play(*seat, action, &mut events).is_ok());
    played && events == replay.events
}
