//! The hand that begins with a start in a table's journal.

use crate::{
    dealing,
    hand::{Hand, HandSetup, PlayerSetup, SetupError},
    variant::{self, Variant},
};
use wire::{
    Card, Chips, SeatNo,
    event::{HandStart, Post, Seed, Stack},
    script::Script,
    table::{Level, TableConfig},
};

/// The reason why the start of a hand in a journal makes no hand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The variant is not known.
    #[error("variant {} is not known", wire::text::Quoted(.0))]
    Variant(String),
    /// The setup makes no hand.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

/// Returns a hand before its forced bets, from its start in a table's journal.
///
/// # Errors
/// [`StartError`] when the variant is unknown or the start makes no hand.
pub fn new_hand(
    config: &TableConfig,
    start: &HandStart,
    seed: &Seed,
    script: Option<&Script>,
) -> Result<Hand, StartError> {
    let Some(script) = script else {
        return new_hand_of(config, start, dealing::deck(seed, start));
    };
    Ok(Hand::new(&HandSetup::from_script(variant(config)?, script)?)?)
}

/// Returns a hand before its forced bets that is dealt from a deck, top card first.
///
/// # Errors
/// [`StartError`] when the variant is unknown or the start makes no hand.
pub fn new_hand_of(config: &TableConfig, start: &HandStart, deck: [Card; 52]) -> Result<Hand, StartError> {
    let level = start.level;
    let variant = variant(config)?;
    let player = |stack: &Stack| PlayerSetup {
        seat: stack.seat,
        stack: stack.chips,
        ante: level.ante,
        // A variant with a bring-in has no blinds.
        blind: blind_of(stack.seat, start, level).filter(|_| !variant.has_bring_in()),
        dead: Chips::ZERO,
    };
    let players = start.stacks.iter().map(player).collect();
    let setup = HandSetup {
        small_blind: level.small_blind,
        ..HandSetup::new(variant, start.button, level.big_blind, players, deck)
    };
    Ok(Hand::new(&setup)?)
}

fn variant(config: &TableConfig) -> Result<&'static Variant, StartError> {
    let code = &config.variant;
    variant::by_code(code).ok_or_else(|| StartError::Variant(code.clone()))
}

fn blind_of(seat: SeatNo, start: &HandStart, level: Level) -> Option<(Post, Chips)> {
    if seat == start.big_blind {
        Some((Post::BigBlind, level.big_blind))
    } else if Some(seat) == start.small_blind {
        Some((Post::SmallBlind, level.small_blind))
    } else {
        None
    }
}
