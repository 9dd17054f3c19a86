//! The commitments to a deck, card by card, described for implementations in other languages.
//!
//! Every hash is SHA-256 of an ASCII prefix and what follows it; `||` joins bytes; a card is one
//! byte, its number in `2c 2d 2h 2s 3c ... As` from 0; `hand` and `table` are 8 bytes, the most
//! significant first.
//!
//! # Commitments to single cards, version 2
//!
//! 1. The table draws a seed and shuffles a deck with it, as `shuffle` describes. `card[i]` is the
//!    card at place `i`, 0 the top. The seed stays hidden for good.
//! 2. `salt[i]` is the first 16 bytes of the hash of `"poker-salt-v2:" || seed || i`.
//! 3. `leaf[i]` is the hash of `"poker-card-v2:" || salt[i] || card[i]`.
//! 4. `rest[52]` is 32 zeros; `rest[i]` is the hash of `"poker-rest-v2:" || leaf[i] || rest[i+1]`.
//! 5. The commitment is the hash of `"poker-deal-v2:" || table || hand || previous || rest[0]`;
//!    `previous` is the commitment of the table's hand before, 32 zeros for its first. So a
//!    commitment holds all that were published before it.
//! 6. The commitment of a hand is published when the hand before begins. Only a table's first hand
//!    begins with its own.
//!
//! # Contributions of players
//!
//! 7. A player sends the hash of `"poker-pledge-v2:" || number`, a number of 16 random bytes. The
//!    table publishes that pledge as a hand begins, together with the next hand's commitment.
//!    During the hand the player sends the number, and the table publishes it as the next hand
//!    begins. So the table knows no number when it commits, and no player can choose a number after
//!    seeing another's.
//! 8. With the numbers of a hand the seed of a second shuffle is the hash of `"poker-mix-v2:" ||
//!    commitment || seat || number || seat || number ...`, by rising seats, each once and only of
//!    players dealt in; a seat is one byte. That shuffle of all cards, top card first, is `other`.
//!    The card dealt from place `i` is `other[card[i]]`. Without numbers it is `card[i]`.
//!
//! # Openings
//!
//! 9. A player gets place, card and salt of each own hidden card with the card.
//! 10. As a hand ends, the table publishes place, card and salt of each place that all viewers saw
//!     the card of, `leaf[i]` for each other place that was dealt from or burned at, and `rest[n]`
//!     below. Steps 3 to 5 give the commitment again. A place of a card that the variant does not
//!     play with is opened too. Other places are never opened, unless the table's setting says so.
//! 11. Cards that are dealt again after a reshuffle of discards have no place: opening one would
//!     tell who discarded it. Only archivists and administrators can verify them.

use crate::shuffle;
use sha2::{Digest as _, Sha256};
use wire::{
    Card, HandNo, TableId,
    deal::{Dealt, Digest, Mix, Octets, OpenCard, Opening, Salt},
    event::{HandStart, Seed},
};

/// Number of cards of a deck.
pub(crate) const CARDS: usize = 52;
/// The hash below the last place of a deck, and the commitment before a table's first.
pub const NOTHING: Digest = Octets([0; 32]);

/// The places of a hand whose whole deck is opened to everybody.
pub(crate) const ALL: Dealt = Dealt { places: CARDS as u8, open: (1 << CARDS) - 1 };

/// A shuffled deck with its salts, before the players' contributions.
struct Salted {
    cards: [Card; CARDS],
    seed: Seed,
}

impl Salted {
    fn new(seed: &Seed) -> Self {
        Self { cards: shuffle::deck(seed), seed: *seed }
    }

    /// Returns the content of a place, 0 to 51.
    fn open(&self, place: u8) -> OpenCard {
        let salt = half(hash(b"poker-salt-v2:", &[&self.seed.0, &[place]]));
        OpenCard { place, card: self.cards[usize::from(place)], salt }
    }

    /// Returns the hash over all places from one on.
    fn rest(&self, from: u8) -> Digest {
        (from..CARDS as u8).rev().fold(NOTHING, |rest, place| join(&leaf(&self.open(place)), &rest))
    }
}

/// Returns the commitment to the deck of a seed.
#[must_use]
pub fn commitment(table: TableId, hand: HandNo, previous: &Digest, seed: &Seed) -> Digest {
    commitment_of(table, hand, previous, &Salted::new(seed).rest(0))
}

pub(crate) fn commitment_of(table: TableId, hand: HandNo, previous: &Digest, rest: &Digest) -> Digest {
    let (table, hand) = (table.0.to_be_bytes(), hand.0.to_be_bytes());
    hash(b"poker-deal-v2:", &[&table, &hand, &previous.0, &rest.0])
}

/// Returns the deck of a hand, top card first: of its seed alone, or, with commitments, with the
/// contributions of its players.
#[must_use]
pub fn deck(seed: &Seed, start: &HandStart) -> [Card; CARDS] {
    let other = mixed(start);
    let deck = shuffle::deck(seed);
    other.map_or(deck, |other| deck.map(|card| other[usize::from(card.index())]))
}

/// Returns the cards that stand for those of the deck, in the order of their numbers; `None`
/// without contributions.
pub(crate) fn mixed(start: &HandStart) -> Option<[Card; CARDS]> {
    let mixes = &start.deal.as_ref()?.mixes;
    let mut seed = Sha256::new_with_prefix(b"poker-mix-v2:");
    seed.update(start.commitment.0);
    let values = mixes.iter().filter_map(|mix| Some((mix.seat, mix.value?)));
    let count = values.inspect(|(seat, value)| seed.update([&[*seat][..], &value.0].concat())).count();
    (count > 0).then(|| shuffle::deck(&Seed(seed.finalize().into())))
}

/// Returns the hash with which a player pledges a number.
#[must_use]
pub fn pledge(number: &Salt) -> Digest {
    hash(b"poker-pledge-v2:", &[&number.0])
}

/// Returns whether a number is the one that a player pledged.
#[must_use]
pub fn is_pledged(mix: &Mix, number: &Salt) -> bool {
    mix.pledge == pledge(number)
}

/// Returns a player's number for a hand, from a secret of the player's: so a program need not
/// remember the numbers that it pledged.
#[must_use]
pub fn number(secret: &[u8; 32], table: TableId, hand: HandNo) -> Salt {
    half(hash(b"poker-number-v2:", &[secret, &table.0.to_be_bytes(), &hand.0.to_be_bytes()]))
}

/// Returns the seed of a table's first hand from that of its second, because a hand draws one seed.
pub(crate) fn first_seed(next: &Seed) -> Seed {
    Seed(hash(b"poker-first-v2:", &[&next.0]).0)
}

/// Returns what is opened to everybody of a seed's deck.
#[must_use]
pub fn opening(seed: &Seed, dealt: Dealt) -> Opening {
    let salted = Salted::new(seed);
    let (mut cards, mut hidden) = (Vec::new(), Vec::new());
    for place in 0..dealt.places.min(CARDS as u8) {
        let card = salted.open(place);
        match dealt.open >> place & 1 == 1 {
            true => cards.push(card),
            false => hidden.push(leaf(&card)),
        }
    }
    Opening { cards, hidden, rest: salted.rest(dealt.places) }
}

/// Returns the contents of places, 0 to 51, of a seed's deck.
pub(crate) fn open(seed: &Seed, places: impl Iterator<Item = u8>) -> Vec<OpenCard> {
    let salted = Salted::new(seed);
    places.map(|place| salted.open(place)).collect()
}

pub(crate) fn leaf(card: &OpenCard) -> Digest {
    hash(b"poker-card-v2:", &[&card.salt.0, &[card.card.index()]])
}

pub(crate) fn join(leaf: &Digest, rest: &Digest) -> Digest {
    hash(b"poker-rest-v2:", &[&leaf.0, &rest.0])
}

/// Returns the first 16 bytes of a hash.
fn half(hash: Digest) -> Salt {
    Octets(std::array::from_fn(|i| hash.0[i]))
}

fn hash(prefix: &[u8], parts: &[&[u8]]) -> Digest {
    let mut hash = Sha256::new_with_prefix(prefix);
    parts.iter().for_each(|part| hash.update(part));
    Octets(hash.finalize().into())
}
