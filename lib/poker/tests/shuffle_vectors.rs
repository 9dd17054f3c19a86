//! The test vectors of the shuffle, `schemas/vectors/shuffle`, which other languages verify against
//! too. `v1.json`: seeds with their commitments and decks, and reshuffles of discards in hands of
//! draw games. `v2.json`: decks that are committed to card by card.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use poker::{
    dealing,
    hand::{Hand, HandSetup, PlayerSetup},
    shuffle, variant,
};
use serde::Deserialize;
use std::{collections::BTreeSet, fs, path::Path, process::Command};
use wire::{
    Action, Card, Chips, HandNo, SeatNo, TableId,
    deal::{Deal, Dealt, Digest, Mix, Opening},
    event::{HandEvent, HandStart, Post, Seed},
    table::Level,
};

const FILE_OF_CARDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/vectors/shuffle/v2.json");
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/vectors/shuffle/v1.json");

#[derive(Deserialize)]
struct Vectors {
    decks: Vec<Deck>,
    reshuffles: Vec<Reshuffle>,
}

#[derive(Deserialize)]
struct Deck {
    seed: Seed,
    commitment: Seed,
    deck: String,
}

/// A hand of six players who call or check and discard all their cards at every draw.
#[derive(Deserialize)]
struct Reshuffle {
    variant: String,
    seed: Seed,
    n: u8,
    discards: String,
    pile: String,
}

#[derive(Deserialize)]
struct Hands {
    hands: Vec<CommittedHand>,
}

/// A deck that is committed to card by card, computed by another implementation.
#[derive(Deserialize)]
struct CommittedHand {
    seed: Seed,
    table: TableId,
    hand: HandNo,
    previous: Digest,
    mixes: Vec<Mix>,
    commitment: Seed,
    deck: String,
    dealt: Dealt,
    opening: Opening,
}

#[test]
fn commitments_to_cards_are_the_vectors() {
    let vectors: Hands = serde_json::from_str(&fs::read_to_string(FILE_OF_CARDS).unwrap()).unwrap();
    for vector in &vectors.hands {
        let CommittedHand { seed, table, hand, previous, .. } = vector;
        let commitment = dealing::commitment(*table, *hand, previous, seed);
        assert_eq!(commitment.0, vector.commitment.0, "commitment of {seed}");
        let deal = Deal { previous: *previous, next: commitment, mixes: vector.mixes.clone() };
        let start = HandStart {
            hand: *hand,
            button: 0,
            small_blind: None,
            big_blind: 1,
            level: Level::default(),
            stacks: Vec::new(),
            commitment: vector.commitment,
            deal: Some(deal),
        };
        assert_eq!(text(&dealing::deck(seed, &start)), vector.deck, "deck of {seed}");
        assert_eq!(dealing::opening(seed, vector.dealt), vector.opening, "opening of {seed}");
    }
    assert!(vectors.hands.len() >= 6);
}

fn vectors() -> Vectors {
    serde_json::from_str(&fs::read_to_string(FILE).unwrap()).unwrap()
}

fn text<'a>(cards: impl IntoIterator<Item = &'a Card>) -> String {
    cards.into_iter().map(Card::to_string).collect()
}

#[test]
fn decks_and_commitments_are_the_vectors() {
    let vectors = vectors();
    for vector in &vectors.decks {
        assert_eq!(text(&shuffle::deck(&vector.seed)), vector.deck, "deck of {}", vector.seed);
        assert_eq!(shuffle::commitment(&vector.seed), vector.commitment, "commitment of {}", vector.seed);
    }
    assert!(vectors.decks.len() >= 8);
}

#[test]
fn reshuffles_are_the_vectors() {
    let vectors = vectors();
    for vector in &vectors.reshuffles {
        let (discards, dealt) = first_reshuffle(&vector.variant, &vector.seed);
        assert_eq!(vector.n, 0, "the first reshuffle of a hand");
        assert_eq!(text(&discards), vector.discards, "discards with {}", vector.seed);
        assert!(dealt.len() >= 3, "{} cards are dealt from the pile with {}", dealt.len(), vector.seed);
        let top = vector.pile.get(..dealt.len() * 2);
        assert_eq!(Some(text(&dealt).as_str()), top, "pile with {}", vector.seed);
    }
    assert!(vectors.reshuffles.len() >= 3);
}

/// Returns the discards before the hand's first reshuffle, and the cards that the player who was
/// drawing, and those after them in the same draw, then got from the new pile.
fn first_reshuffle(code: &str, seed: &Seed) -> (BTreeSet<Card>, Vec<Card>) {
    let mut hand = Hand::new(&draw_setup(code, seed)).unwrap();
    let mut events = hand.open();
    events.iter().for_each(|event| hand.evolve(event));
    let (mut seen, mut thrown, mut from_pile) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let mut read = 0;
    while let Some(actor) = hand.actor() {
        let (legal, street) = (hand.legal(), hand.street());
        let held = hand.seat(actor).unwrap().down;
        let action = match legal.discard {
            Some(_) => Action::Discard(held.to_vec()),
            None if legal.check => Action::Check,
            None => Action::Call,
        };
        hand.play(actor, &action, &mut events).unwrap();
        for event in &events[read..] {
            if let HandEvent::Dealt { down, .. } = event {
                let mut known = |card: &Card| !seen.insert(*card);
                let first = down.iter().copied().map(|card| (card, known(&card))).collect::<Vec<_>>();
                let fresh = first.iter().take_while(|(_, known)| !known).count();
                if !from_pile.is_empty() || fresh < down.len() {
                    let skip = if from_pile.is_empty() { fresh } else { 0 };
                    from_pile.extend(down.iter().skip(skip).copied());
                }
            }
        }
        read = events.len();
        if !from_pile.is_empty() {
            if hand.street() == street && hand.legal().discard.is_some() {
                continue;
            }
            break;
        }
        // The new pile excludes the discards of the player who draws when the old pile runs out.
        thrown.extend(match action {
            Action::Discard(cards) => cards,
            _ => Vec::new(),
        });
    }
    (thrown, from_pile)
}

fn draw_setup(code: &str, seed: &Seed) -> HandSetup {
    let players = (0..6).map(|nth: SeatNo| PlayerSetup {
        seat: nth,
        stack: Chips(1_000),
        ante: Chips::ZERO,
        blind: match nth {
            0 => Some((Post::SmallBlind, Chips(5))),
            1 => Some((Post::BigBlind, Chips(10))),
            _ => None,
        },
        dead: Chips::ZERO,
    });
    let variant = variant::by_code(code).unwrap();
    HandSetup::new(variant, 5, Chips(10), players.collect(), shuffle::deck(seed))
}

#[test]
fn another_language_agrees_with_the_vectors() {
    let verifier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/verify-shuffle");
    let python = Command::new("python3").arg(&verifier).args(["--vectors", FILE]).output();
    let Ok(output) = python else {
        eprintln!("NOT CHECKED: python3 is missing, so no other language verified the vectors");
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let cards = Command::new("python3").arg(&verifier).args(["--vectors", FILE_OF_CARDS]).status().unwrap();
    assert!(cards.success(), "the commitments to cards differ");

    // The verifier refuses a seed that does not match the commitment.
    let vector = &vectors().decks[1];
    let (seed, other) = (vector.seed.to_string(), vector.commitment.to_string());
    let run = |seed: &str, commitment: &str| {
        Command::new("python3").arg(&verifier).args([seed, commitment]).output().unwrap()
    };
    let deck = String::from_utf8(run(&seed, &other).stdout).unwrap();
    assert_eq!(deck.trim().replace(' ', ""), vector.deck);
    assert!(!run(&other, &other).status.success());
}
