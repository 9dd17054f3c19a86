//! The derivation of a deck from a seed, and the commitment to the seed, described for
//! implementations in other languages.
//!
//! # The shuffle, version 1
//!
//! 1. The keystream is ChaCha20's with the 32-byte seed as its key, a nonce of zeros and a block
//!    counter that starts at 0, read as a sequence of little-endian 32-bit words. (Below 2^32
//!    blocks, the original layout with a 64-bit nonce and RFC 8439's with a 96-bit nonce give the
//!    same stream.)
//! 2. The cards start in the order of their numbers: `2c 2d 2h 2s 3c ... As`, at places 0 to 51.
//! 3. For each place `i` from 51 down to 1: let `n = i + 1`. Take the next word `w` of the stream.
//!    When `w >= 2^32 - (2^32 mod n)`, drop it and take the next (this rejection makes every place
//!    equally likely). Swap the cards at places `i` and `w mod n`.
//! 4. Place 0 is the top of the deck: the first card to leave it.
//!
//! A variant that plays with fewer cards leaves the others out and keeps the order of the rest.
//!
//! # The commitment
//!
//! `SHA-256("poker-deck-v1:" || seed)`, published before the first card is dealt. The prefix keeps
//! the hash from a meaning in other contexts. The seed itself is published when the hand is over.
//!
//! # The second shuffle of draw games
//!
//! When a draw game runs out of cards, the discards (without those of the player who is drawing)
//! are put in the order of their numbers and shuffled as above, but only over their own places,
//! with the seed `SHA-256("poker-reshuffle-v1:" || n || deck)`: `n` is one byte, 0 for the hand's
//! first reshuffle, and `deck` is the numbers of the 52 cards of the hand's deck, one byte each,
//! top card first.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};
use wire::{Card, event::Seed};

/// Returns the deck of a seed, top card first. The module's description defines it.
#[must_use]
pub fn deck(seed: &Seed) -> [Card; 52] {
    let mut deck = [Card::FIRST; 52];
    for (place, card) in deck.iter_mut().zip(Card::all()) {
        *place = card;
    }
    shuffle(seed, &mut deck);
    deck
}

/// Returns the hash that commits to a seed without revealing it.
#[must_use]
pub fn commitment(seed: &Seed) -> Seed {
    let mut hash = Sha256::new();
    hash.update(b"poker-deck-v1:");
    hash.update(seed.0);
    Seed(hash.finalize().into())
}

/// Returns the seed of a hand's `n`-th reshuffle of discards, counted from 0, from the hand's deck.
pub(crate) fn reshuffle_seed(n: u8, deck: &[Card; 52]) -> Seed {
    let mut hash = Sha256::new();
    hash.update(b"poker-reshuffle-v1:");
    hash.update([n]);
    hash.update(deck.map(Card::index));
    Seed(hash.finalize().into())
}

/// Shuffles cards in place (steps 1 and 3 of the module's description).
pub(crate) fn shuffle(seed: &Seed, cards: &mut [Card]) {
    let mut stream = ChaCha20Rng::from_seed(seed.0);
    for place in (1..cards.len()).rev() {
        cards.swap(place, below(&mut stream, place as u32 + 1) as usize);
    }
}

/// Returns a number from 0 to `n - 1`, each equally likely. `n` is 2 to 52.
fn below(stream: &mut ChaCha20Rng, n: u32) -> u32 {
    loop {
        let word = stream.next_u32();
        if is_even(word, n) {
            return word % n;
        }
    }
}

/// Returns whether a word is among those that make every number below `n` equally likely. At most
/// the last `n` words are not, so that nearly all words need no division.
fn is_even(word: u32, n: u32) -> bool {
    word <= u32::MAX - n || u64::from(word) < (1u64 << 32) - (1u64 << 32) % u64::from(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(cards: &[Card]) -> String {
        cards.iter().map(Card::to_string).collect()
    }

    #[test]
    fn decks_and_commitment_match_an_independent_implementation() {
        // Computed by an independent implementation, in Python.
        let zeros = Seed([0; 32]);
        assert_eq!(text(&deck(&zeros)), ZEROS);
        let counting = Seed(std::array::from_fn(|i| i as u8));
        assert_eq!(text(&deck(&counting)), COUNTING);
        assert_eq!(commitment(&zeros).to_string(), ZEROS_COMMITMENT);
    }

    #[test]
    fn words_that_would_make_some_cards_likelier_are_dropped() {
        for n in 2..=52 {
            let dropped = ((1u64 << 32) % u64::from(n)) as u32;
            for from_top in 0..200 {
                assert_eq!(
                    is_even(u32::MAX - from_top, n),
                    from_top >= dropped,
                    "{from_top} from the top, {n}"
                );
            }
        }
        assert!(is_even(0, 52));
    }

    #[test]
    fn every_card_reaches_every_place_equally_often() {
        // 5,200 decks: each card is expected 100 times at each place; chi-squared over 2,704 cells
        // has a mean of 2,601 and a standard deviation of 72, so 6 of them is far out.
        let mut counts = [[0u32; 52]; 52];
        for n in 0..5_200u32 {
            let mut seed = [7; 32];
            seed[..4].copy_from_slice(&n.to_le_bytes());
            for (place, card) in deck(&Seed(seed)).iter().enumerate() {
                counts[place][usize::from(card.index())] += 1;
            }
        }
        let square = |count: &u32| (f64::from(*count) - 100.0).powi(2) / 100.0;
        let chi: f64 = counts.iter().flatten().map(square).sum();
        assert!((2_170.0..3_030.0).contains(&chi), "chi-squared is {chi}");
    }

    const ZEROS: &str = "3c9sAdQsAh3s8sJhTcAs7c8c2s6d2c7dJsKs4hTs5c5hAc9c7hQdJdQc4d6c6sJcQh6hTh7s4s5sTd8hKc8dKh9h3d4c5d9d2d2hKd3h";
    const COUNTING: &str = "8s3d6d5c5d3hKc4s3sAcQs9hJcJhKd2c6cKh5h9cAs7d4h9s8d6s4dKs6h3cQh8cQdTd2s7c7s4cAh9dQcAdTc5s2hTh7h8hJsJdTs2d";
    const ZEROS_COMMITMENT: &str = "d6099aeb4c3b484938002b31a0202e20eb23ed527e3006ab222fe03fec6bab76";
}
