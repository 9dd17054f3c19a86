//! The actions of a hand file by kind: the cards dealt to each player and the board, and the
//! players' actions.

use super::{Amount, Phh, PhhError, cards};
use crate::variant::Stock;
use std::collections::VecDeque;
use wire::Card;

/// A player's action.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Move {
    Fold,
    CheckOrCall,
    /// A completion, bet or raise to this total.
    To(Amount),
    BringIn,
    /// A discard; `None` stands for an unknown card.
    Discard(Vec<Option<Card>>),
}

/// An action with its place in the file.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) index: usize,
    /// The player's number, from 0.
    pub(super) player: usize,
    pub(super) what: Move,
}

/// The actions of a hand file, by kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    /// Cards dealt to each player, in order.
    pub(super) hole: Vec<VecDeque<Option<Card>>>,
    /// Cards dealt to the board, in order.
    pub(super) board: VecDeque<Option<Card>>,
    /// The players' actions, in order.
    pub(super) steps: VecDeque<Step>,
    /// Cards that each player showed at the end.
    pub(super) shown: Vec<Vec<Card>>,
}

/// Returns the words of an action without its commentary.
fn words(action: &str) -> impl Iterator<Item = &str> {
    action.split_whitespace().take_while(|word| !word.starts_with('#'))
}

/// Returns the amount of a bet or raise; `None` for other actions.
pub(super) fn bet_amount(action: &str) -> Option<Amount> {
    let mut words = words(action).skip(1);
    (words.next() == Some("cbr")).then(|| words.next()?.parse().ok()).flatten()
}

pub(super) fn parse(phh: &Phh) -> Result<Script, PhhError> {
    let players = phh.starting_stacks.len();
    let mut script = Script {
        hole: vec![VecDeque::new(); players],
        shown: vec![Vec::new(); players],
        ..Script::default()
    };
    for (index, text) in phh.actions.iter().enumerate() {
        let wrong = |reason| PhhError::Notation { index, text: text.clone(), reason };
        let words: Vec<&str> = words(text).collect();
        let player = |word: &str| {
            let nth: Option<usize> = word.strip_prefix('p').and_then(|nth| nth.parse().ok());
            nth.filter(|nth| (1..=players).contains(nth)).map(|nth| nth - 1).ok_or_else(|| {
                wrong("the player's number is out of range: use p1 to pN for N starting stacks")
            })
        };
        let known = |text: &str| {
            cards(text)
                .ok_or_else(|| wrong("the cards are malformed: write each as rank and suit, e.g. Ah, or ??"))
        };
        let what = match words[..] {
            [] => continue,
            ["d", "db", dealt] => {
                script.board.extend(known(dealt)?);
                continue;
            }
            ["d", "dh", who, dealt] => {
                script.hole[player(who)?].extend(known(dealt)?);
                continue;
            }
            [who, "sm"] | [who, "sm", "-"] => {
                player(who)?;
                continue;
            }
            [who, "sm", shown] => {
                let shown = known(shown)?.into_iter().flatten();
                script.shown[player(who)?] = shown.collect();
                continue;
            }
            [_, "f"] => Move::Fold,
            [_, "cc"] => Move::CheckOrCall,
            [_, "pb"] => Move::BringIn,
            [_, "cbr", to] => {
                Move::To(to.parse().map_err(|_| wrong("the amount is no number with at most two decimals"))?)
            }
            [_, "sd"] => Move::Discard(Vec::new()),
            [_, "sd", thrown] => Move::Discard(known(thrown)?),
            _ => return Err(wrong("the notation has no such action: use f, cc, cbr, pb, sd or sm")),
        };
        let player = player(words[0])?;
        script.steps.push_back(Step { index, player, what });
    }
    Ok(script)
}

/// Returns a deck for the hand: first the cards that the file does not name, to burn and to stand
/// for unknown ones, then those that it names.
pub(super) fn deck(phh: &Phh) -> Result<[Card; 52], PhhError> {
    let named = named(&parse(phh)?);
    let mut deck = [Card::FIRST; 52];
    let unnamed = Card::all().filter(|&card| !is_in(named, card));
    let order = unnamed.chain(Card::all().filter(|&card| is_in(named, card)));
    for (place, card) in deck.iter_mut().zip(order) {
        *place = card;
    }
    Ok(deck)
}

/// Returns the variant's cards that the file does not name.
pub(super) fn unnamed(script: &Script, stock: Stock) -> Vec<Card> {
    let named = named(script);
    let plays = |card: &Card| stock.has(*card);
    Card::all().filter(|card| plays(card) && !is_in(named, *card)).collect()
}

fn is_in(set: u64, card: Card) -> bool {
    set >> card.index() & 1 == 1
}

fn named(script: &Script) -> u64 {
    let dealt = script.hole.iter().flatten().chain(&script.board).copied().flatten();
    let shown = script.shown.iter().flatten().copied();
    dealt.chain(shown).fold(0, |set, card| set | 1 << card.index())
}
