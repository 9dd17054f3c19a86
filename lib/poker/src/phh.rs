//! Hand files in the PHH format (Poker Hand History, a TOML notation): reading, writing and
//! replaying.
//!
//! A `.phh` file is one hand; a `.phhs` file holds several, each in a table of its own. Players are
//! numbered from the first seat left of the button, `p1`, to the button itself. Heads-up `p1` has
//! the big blind, and the lists of antes and blinds are reversed, small blind first.
//!
//! Amounts may have two decimals; a hand that needs them is replayed in hundredths ([`Phh::unit`]).
//!
//! This module works on text and opens no files.

mod amount;
mod export;
mod replay;
mod script;
mod scripted;

use crate::{
    hand::{Antes, HandSetup, PlayerSetup, SetupError},
    variant::{self, Variant},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wire::{Card, Chips, Refusal, SeatNo, event::Post, text::Quoted};

pub use amount::{Amount, BadAmount, amounts};
pub use export::{ExportError, export};
pub use replay::{Replay, ReplayResult};
pub use scripted::Scripted;

/// A hand as a PHH file describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phh {
    /// The variant's code.
    pub variant: String,
    /// Whether a short ante wins only as much from each other player; otherwise antes are dead
    /// money.
    #[serde(default)]
    pub ante_trimming_status: bool,
    /// Antes, player by player.
    pub antes: Vec<Amount>,
    /// Blinds and straddles, player by player; negative ones are posted out of turn by players who
    /// come in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blinds_or_straddles: Vec<Amount>,
    /// Stud: the bring-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bring_in: Option<Amount>,
    /// Fixed limit: the bet of the early streets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub small_bet: Option<Amount>,
    /// Fixed limit: the bet of the later streets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub big_bet: Option<Amount>,
    /// No-limit and pot-limit: the smallest bet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_bet: Option<Amount>,
    /// Chips before the hand, player by player.
    pub starting_stacks: Vec<Amount>,
    /// The actions, in the format's notation.
    pub actions: Vec<String>,
    /// Names, player by player.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub players: Option<Vec<String>>,
    /// Chips after the hand, player by player.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finishing_stacks: Option<Vec<Amount>>,
    /// All other fields of the file.
    #[serde(flatten)]
    pub other: BTreeMap<String, toml::Value>,
}

/// The reason why a hand file cannot be read, replayed or written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PhhError {
    /// The text is no TOML, or fields of the format are missing or of the wrong kind.
    #[error("not a hand file: {0}")]
    Syntax(String),
    /// The hand cannot be written.
    #[error("the hand cannot be written: {0}")]
    Write(String),
    /// The variant is not known.
    #[error("variant {} is not known", Quoted(.0))]
    Variant(String),
    /// A field that the variant needs is missing.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// Lists of one value per player differ in length.
    #[error("the field {field} has {found} values for {players} players")]
    Length {
        /// The field's name.
        field: &'static str,
        /// Values in it.
        found: usize,
        /// Players by the starting stacks.
        players: usize,
    },
    /// An amount is negative or more than [`Chips::MAX`].
    #[error(
        "an amount of {0} is out of range: it must be 0 or more, and below 2^53 in the file's smallest unit"
    )]
    Amount(Amount),
    /// The setup makes no hand.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The notation has no such action.
    #[error("action {index}, {}: {reason}", Quoted(text))]
    Notation {
        /// Its place in the list, from 0.
        index: usize,
        /// The action.
        text: String,
        /// The reason.
        reason: &'static str,
    },
    /// It is another player's turn, or no player's.
    #[error("action {index}, {}: {}", Quoted(text), turn.map_or("no player has the action".to_owned(), |nth| format!("it is the turn of p{}", nth + 1)))]
    OutOfTurn {
        /// Its place in the list, from 0.
        index: usize,
        /// The action.
        text: String,
        /// The player whose turn it is, from 0.
        turn: Option<usize>,
    },
    /// The rules do not allow the action.
    #[error("action {index}, {}: {refusal}", Quoted(text))]
    Refused {
        /// Its place in the list, from 0.
        index: usize,
        /// The action.
        text: String,
        /// The reason of the refusal.
        refusal: Refusal,
    },
    /// No deck deals the hand's cards in their order.
    #[error("no deck deals the cards of the hand: a card comes twice, or discards were shuffled in")]
    NoDeck,
    /// The actions stop before the hand is over.
    #[error("the hand is not over after its last action: p{} is to act", turn + 1)]
    Unfinished {
        /// The player whose turn it is, from 0.
        turn: usize,
    },
}

impl Phh {
    /// Reads one hand.
    ///
    /// # Errors
    /// [`PhhError::Syntax`].
    pub fn parse(text: &str) -> Result<Self, PhhError> {
        toml::from_str(text).map_err(|error| PhhError::Syntax(error.to_string()))
    }

    /// Reads the hands of a `.phhs` file with their names, in the order of their numbers.
    ///
    /// # Errors
    /// [`PhhError::Syntax`].
    pub fn parse_all(text: &str) -> Result<Vec<(String, Self)>, PhhError> {
        let syntax = |error: toml::de::Error| PhhError::Syntax(error.to_string());
        let hands: BTreeMap<String, Self> = toml::from_str(text).map_err(syntax)?;
        let mut hands: Vec<_> = hands.into_iter().collect();
        hands.sort_by_key(|(name, _)| name.parse().unwrap_or(u64::MAX));
        Ok(hands)
    }

    /// Returns the hand as the text of a `.phh` file.
    ///
    /// # Errors
    /// [`PhhError::Write`] when [`Phh::other`] holds a value that TOML cannot express.
    pub fn to_text(&self) -> Result<String, PhhError> {
        toml::to_string(self).map_err(|error| PhhError::Write(error.to_string()))
    }

    /// Returns several hands as the text of a `.phhs` file, numbered from 1.
    ///
    /// # Errors
    /// As [`Phh::to_text`].
    pub fn to_text_all<'a>(hands: impl IntoIterator<Item = &'a Self>) -> Result<String, PhhError> {
        let mut text = String::new();
        for (number, hand) in (1u64..).zip(hands) {
            let table = BTreeMap::from([(number.to_string(), hand)]);
            let table = toml::to_string(&table).map_err(|error| PhhError::Write(error.to_string()))?;
            text.push_str(&table);
            text.push('\n');
        }
        Ok(text)
    }

    /// Returns the number of hundredths in a chip of the replay: 100 when all amounts are whole,
    /// else 1.
    #[must_use]
    pub fn unit(&self) -> u64 {
        let bets = self.actions.iter().filter_map(|action| script::bet_amount(action));
        let singles = [self.bring_in, self.small_bet, self.big_bet, self.min_bet];
        let lists = [&self.antes, &self.blinds_or_straddles, &self.starting_stacks];
        let amounts = lists.into_iter().flatten().copied();
        let mut all = amounts.chain(singles.into_iter().flatten()).chain(bets);
        if all.all(Amount::is_whole) { Amount::ONE } else { 1 }
    }

    /// Returns the hand's setup, with a deck from which the file's cards can be dealt. Raises of
    /// fixed limit have no cap: the format does not say which cap was in force.
    ///
    /// # Errors
    /// [`PhhError`] when a field is missing or out of range.
    pub fn setup(&self) -> Result<HandSetup, PhhError> {
        let variant = self.rules()?;
        let players = self.starting_stacks.len();
        let unit = self.unit();
        let chips = |amount: Amount| amount.chips(unit).ok_or(PhhError::Amount(amount));
        let min_bet = match (self.min_bet, self.small_bet) {
            (Some(bet), _) | (None, Some(bet)) => chips(bet)?,
            (None, None) => return Err(PhhError::Missing("min_bet or small_bet")),
        };
        let blinds = self.blinds(unit)?;
        let antes = self.by_player("antes", &self.antes)?;
        let mut setups = Vec::with_capacity(players);
        for (nth, &stack) in self.starting_stacks.iter().enumerate() {
            setups.push(PlayerSetup {
                seat: SeatNo::try_from(nth).unwrap_or(SeatNo::MAX),
                stack: chips(stack)?,
                ante: chips(antes.get(nth).copied().unwrap_or_default())?,
                blind: blinds.get(nth).copied().flatten(),
                dead: Chips::ZERO,
            });
        }
        let button = SeatNo::try_from(players.saturating_sub(1)).unwrap_or(SeatNo::MAX);
        let deck = script::deck(self)?;
        let mut setup = HandSetup::new(variant, button, min_bet, setups, deck);
        let alike = antes.windows(2).all(|two| two[0] == two[1]);
        if !self.ante_trimming_status && !alike {
            setup.antes = Antes::BigBlind;
        }
        if let Some(big_bet) = self.big_bet {
            setup.big_bet = chips(big_bet)?;
        }
        if let Some(bring_in) = self.bring_in {
            setup.bring_in = chips(bring_in)?;
        }
        if let Some((_, small)) = blinds.iter().flatten().find(|blind| blind.0 == Post::SmallBlind) {
            setup.small_blind = *small;
        }
        (setup.cap.bets, setup.cap.heads_up) = (u8::MAX, false);
        Ok(setup)
    }

    fn rules(&self) -> Result<&'static Variant, PhhError> {
        variant::by_code(&self.variant).ok_or_else(|| PhhError::Variant(self.variant.clone()))
    }

    /// Returns a list in the order of players: heads-up the file's list is reversed.
    fn by_player(&self, field: &'static str, list: &[Amount]) -> Result<Vec<Amount>, PhhError> {
        let players = self.starting_stacks.len();
        let mut list = list.to_vec();
        if list.len() != players {
            let found = list.len();
            return Err(PhhError::Length { field, found, players });
        }
        if players == 2 {
            list.reverse();
        }
        Ok(list)
    }

    /// Returns each player's blind and its kind.
    fn blinds(&self, unit: u64) -> Result<Vec<Option<(Post, Chips)>>, PhhError> {
        if self.blinds_or_straddles.is_empty() {
            return Ok(Vec::new());
        }
        let list = self.by_player("blinds_or_straddles", &self.blinds_or_straddles)?;
        let first = self.blinds_or_straddles[0];
        let alone = list.iter().filter(|amount| !amount.is_zero()).count() == 1;
        let big = self.blinds_or_straddles.get(1).copied().unwrap_or_default();
        let blind = |(nth, amount): (usize, &Amount)| {
            if amount.is_zero() {
                return Ok(None);
            }
            let size = amount.size();
            let is_first = if list.len() == 2 { nth == 1 } else { nth == 0 };
            let post = match () {
                () if alone || amount.is_negative() => Post::BigBlind,
                () if is_first && first.size() <= big.size() => Post::SmallBlind,
                () if nth > 1 && size > big.size() => Post::Straddle,
                () => Post::BigBlind,
            };
            let chips = size.chips(unit).ok_or(PhhError::Amount(*amount))?;
            Ok(Some((post, chips)))
        };
        list.iter().enumerate().map(blind).collect()
    }
}

/// Returns chips of `unit` hundredths each as an amount of the file.
fn amount_of(chips: Chips, unit: u64) -> Amount {
    let whole = Amount::of(chips);
    if unit == 1 { whole.in_hundredths() } else { whole }
}

/// Reads cards written without spaces; `??` is an unknown one.
fn cards(text: &str) -> Option<Vec<Option<Card>>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    let card = |at: usize| match &text[at..at + 2] {
        "??" => Some(None),
        known => known.parse().ok().map(Some),
    };
    (0..text.len()).step_by(2).map(card).collect()
}
