//! The cards not yet dealt, and the discards.

use crate::{shuffle, variant::Stock};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use wire::{Card, deal::Dealt};

/// A deck during a hand: cards leave it from the top; in draw games discards come back when it runs
/// out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Deck {
    /// The deck of the hand as it was given, top card first.
    whole: [Card; 52],
    /// The cards to deal: `pile[next..len]` have not been dealt.
    pile: [Card; 52],
    next: u8,
    len: u8,
    /// Discarded and folded cards, one bit each, that may be dealt again.
    discards: u64,
    /// Discards of the player who is drawing: they are not dealt back to that player.
    held_back: u64,
    /// How often the discards were shuffled into a new pile.
    reshuffles: u8,
    /// Cards that were dealt from such a pile, one bit each.
    again: u64,
}

impl Deck {
    /// Returns a deck with the cards of `stock` in the order of `whole`.
    pub(crate) fn new(whole: [Card; 52], stock: Stock) -> Self {
        let mut deck = Self {
            whole,
            pile: [Card::FIRST; 52],
            next: 0,
            len: 0,
            discards: 0,
            held_back: 0,
            reshuffles: 0,
            again: 0,
        };
        match stock {
            Stock::Full => (deck.pile, deck.len) = (whole, 52),
            Stock::SixUp => {
                for card in whole.into_iter().filter(|card| stock.has(*card)) {
                    deck.pile[usize::from(deck.len)] = card;
                    deck.len += 1;
                }
            }
        }
        deck
    }

    /// Returns the number of cards left in the pile.
    pub(crate) fn left(&self) -> usize {
        usize::from(self.len.saturating_sub(self.next))
    }

    /// Returns whether a card is left to deal, discards included.
    pub(crate) fn can_deal(&self) -> bool {
        self.left() > 0 || self.discards != 0
    }

    /// Deals the next card; discards are shuffled in when the pile is empty. `None` when no card is
    /// left.
    pub(crate) fn deal(&mut self) -> Option<Card> {
        if self.left() == 0 {
            self.reshuffle();
        }
        let card = *self.pile[..usize::from(self.len)].get(usize::from(self.next))?;
        self.next += 1;
        Some(card)
    }

    /// Takes the card of an event from the pile, even when another card was on top or it was burned
    /// here, so that hands recorded elsewhere can be replayed.
    pub(crate) fn take(&mut self, card: Card) {
        if self.left() == 0 {
            self.reshuffle();
        }
        let (next, len) = (usize::from(self.next), usize::from(self.len));
        if next == len {
            return;
        }
        let is_it = |there: &Card| *there == card;
        let ahead = self.pile[next..len].iter().position(is_it).map(|at| next + at);
        // A card that left the pile before was burned here, and another one was burned where the
        // hand was recorded.
        if let Some(at) = ahead.or_else(|| self.pile[..next].iter().position(is_it)) {
            self.pile.swap(next, at);
            self.next += 1;
            if self.reshuffles > 0 {
                self.again |= bits(&[card]);
            }
        }
    }

    /// Returns the number of places of the deck, from the top, that cards left, and of these the
    /// places that hold one of the cards `seen`, one bit each. A card of the deck that the variant
    /// does not play with is seen by all. A card that was dealt again, from discards, is not: its
    /// place would tell the player that it was dealt to first.
    pub(crate) fn places(&self, seen: &[Card], stock: Stock) -> Dealt {
        let last = self.pile[..usize::from(self.next)].last();
        let places = match last {
            _ if self.reshuffles > 0 => self.whole.len(),
            Some(last) => self.place(*last).map_or(0, |place| usize::from(place) + 1),
            None => 0,
        };
        let seen = bits(seen) & !self.again;
        let open = |card: Card| seen >> card.index() & 1 == 1 || !stock.has(card);
        let of_place = |(place, card): (usize, &Card)| u64::from(open(*card)) << place;
        let open = self.whole[..places].iter().enumerate().map(of_place).sum();
        Dealt { places: places as u8, open }
    }

    /// Returns the place in the deck from which a card was dealt; `None` for a card that was dealt
    /// again, from discards.
    pub(crate) fn place_of(&self, card: Card) -> Option<u8> {
        if self.again >> card.index() & 1 == 1 { None } else { self.place(card) }
    }

    /// Returns whether discards were shuffled into a new pile.
    pub(crate) const fn is_reshuffled(&self) -> bool {
        self.reshuffles > 0
    }

    fn place(&self, card: Card) -> Option<u8> {
        self.whole.iter().position(|there| *there == card).map(|place| place as u8)
    }

    /// Returns a deck that deals the same cards again; `None` when discards have been shuffled in.
    pub(crate) fn as_dealt(&self) -> Option<[Card; 52]> {
        if self.reshuffles > 0 {
            return None;
        }
        let mut deck = self.pile;
        let pile = &self.pile[..usize::from(self.len)];
        let others = Card::all().filter(|card| !pile.contains(card));
        for (place, card) in deck[usize::from(self.len)..].iter_mut().zip(others) {
            *place = card;
        }
        Some(deck)
    }

    /// Burns the top card, when there is one.
    pub(crate) fn burn(&mut self) {
        if self.left() > 0 {
            self.next += 1;
        }
    }

    /// Adds cards to those that may be dealt again.
    pub(crate) fn discard(&mut self, cards: &[Card]) {
        self.discards |= bits(cards);
    }

    /// Sets aside the discards of the player who draws.
    pub(crate) fn hold_back(&mut self, cards: &[Card]) {
        self.held_back |= bits(cards);
    }

    /// Releases the set-aside discards, once the player who drew has the new cards.
    pub(crate) fn release(&mut self) {
        self.discards |= std::mem::take(&mut self.held_back);
    }

    fn reshuffle(&mut self) {
        if self.discards == 0 {
            return;
        }
        let discards = std::mem::take(&mut self.discards);
        (self.next, self.len) = (0, 0);
        self.pile = [Card::FIRST; 52];
        for card in Card::all().filter(|card| discards >> card.index() & 1 == 1) {
            self.pile[usize::from(self.len)] = card;
            self.len += 1;
        }
        let seed = shuffle::reshuffle_seed(self.reshuffles, &self.whole);
        shuffle::shuffle(&seed, &mut self.pile[..usize::from(self.len)]);
        self.reshuffles = self.reshuffles.saturating_add(1);
    }
}

fn bits(cards: &[Card]) -> u64 {
    cards.iter().fold(0, |bits, card| bits | 1 << card.index())
}

/// The stored form of a deck: cards as one text, default values left out.
#[derive(Serialize, Deserialize)]
struct Stored {
    deck: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pile: Option<String>,
    next: u8,
    len: u8,
    #[serde(default, skip_serializing_if = "is_zero")]
    discards: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    held_back: u64,
    #[serde(default, skip_serializing_if = "is_none_yet")]
    reshuffles: u8,
    #[serde(default, skip_serializing_if = "is_zero")]
    again: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(bits: &u64) -> bool {
    *bits == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_none_yet(count: &u8) -> bool {
    *count == 0
}

fn text(cards: &[Card]) -> String {
    cards.iter().map(Card::to_string).collect()
}

/// Reads cards into the first places and returns their number; the other places stay as they are.
fn read<E: de::Error>(text: &str, cards: &mut [Card; 52]) -> Result<u8, E> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) || text.len() > 104 {
        return Err(E::custom("a deck is at most 52 cards of two characters"));
    }
    let mut seen = 0u64;
    for (at, place) in (0..text.len()).step_by(2).zip(cards) {
        *place = text[at..at + 2].parse().map_err(E::custom)?;
        if seen >> place.index() & 1 == 1 {
            return Err(E::custom("a deck holds each card once"));
        }
        seen |= 1 << place.index();
    }
    Ok((text.len() / 2) as u8)
}

impl Serialize for Deck {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let len = usize::from(self.len);
        Stored {
            deck: text(&self.whole),
            pile: (self.pile[..len] != self.whole[..len]).then(|| text(&self.pile[..len])),
            next: self.next,
            len: self.len,
            discards: self.discards,
            held_back: self.held_back,
            reshuffles: self.reshuffles,
            again: self.again,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Deck {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        let mut whole = [Card::FIRST; 52];
        if read::<D::Error>(&stored.deck, &mut whole)? != 52 {
            return Err(de::Error::custom("a deck has 52 cards"));
        }
        let mut pile = [Card::FIRST; 52];
        let len = match &stored.pile {
            Some(text) => read::<D::Error>(text, &mut pile)?,
            None => {
                let len = usize::from(stored.len.min(52));
                pile[..len].copy_from_slice(&whole[..len]);
                len as u8
            }
        };
        if stored.next > len {
            return Err(de::Error::custom("more cards dealt than the pile has"));
        }
        Ok(Self {
            whole,
            pile,
            next: stored.next,
            len,
            discards: stored.discards,
            held_back: stored.held_back,
            reshuffles: stored.reshuffles,
            again: stored.again,
        })
    }
}
