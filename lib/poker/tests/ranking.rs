//! Every ranking against a simple one written here, over all possible hands, and against the known
//! counts of each category.

#![allow(clippy::unwrap_used, clippy::panic)]

use poker::{
    rank::{Strength, strength},
    variant::{Ranking, Selection},
};
use std::collections::BTreeMap;
use wire::{Card, Rank};

/// Category and ranks as one number: the larger is the better *high* hand, in every ranking.
type Key = u64;

/// The categories that count, their order, and the place of the ace.
struct Plain {
    straights: bool,
    flushes: bool,
    /// The rank of the ace: 12 high, -1 low.
    ace: i64,
    /// The rank above an ace at the low end of a straight: the deuce's 0, the six's 4; `None` when
    /// an ace is only high.
    wheel: Option<i64>,
    /// Whether a flush beats a full house.
    flush_over_full_house: bool,
}

const HIGH: Plain =
    Plain { straights: true, flushes: true, ace: 12, wheel: Some(0), flush_over_full_house: false };

fn ranks(cards: &[Card], ace: i64) -> Vec<(i64, i64)> {
    let mut ranks: Vec<i64> = cards
        .iter()
        .map(|card| match card.rank() {
            Rank(12) => ace,
            Rank(rank) => i64::from(rank),
        })
        .collect();
    ranks.sort_unstable();
    let mut counted: Vec<(i64, i64)> = Vec::new();
    for rank in ranks {
        match counted.last_mut() {
            Some((count, last)) if *last == rank => *count += 1,
            _ => counted.push((1, rank)),
        }
    }
    counted.sort_unstable_by(|a, b| b.cmp(a));
    counted
}

/// Returns the category (0 high card, 1 pair, 2 two pair, 3 trips, 4 straight, 5 flush, 6 full
/// house, 7 quads, 8 straight flush) and the key.
fn key(plain: &Plain, cards: &[Card]) -> (usize, Key) {
    let counted = ranks(cards, plain.ace);
    let flush = plain.flushes && cards.iter().all(|card| card.suit() == cards[0].suit());
    let mut straight = plain.straights && counted.len() == 5 && counted[0].1 - counted[4].1 == 4;
    let mut held: Vec<i64> = counted.iter().map(|&(_, rank)| rank).collect();
    if let Some(wheel) = plain.wheel
        && plain.straights
        && held == [12, wheel + 3, wheel + 2, wheel + 1, wheel]
    {
        straight = true;
        held = vec![wheel + 3, wheel + 2, wheel + 1, wheel, wheel - 1];
    }
    let counts: Vec<i64> = counted.iter().map(|&(count, _)| count).collect();
    let category = match counts[..] {
        [1, ..] if straight && flush => 8,
        [4, ..] => 7,
        [3, 2] => 6,
        [1, ..] if flush => 5,
        [1, ..] if straight => 4,
        [3, ..] => 3,
        [2, 2, ..] => 2,
        [2, ..] => 1,
        _ => 0,
    };
    let order = match (category, plain.flush_over_full_house) {
        (5, true) => 6,
        (6, true) => 5,
        (category, _) => category,
    };
    let key = held.iter().fold(order as u64, |key, rank| key << 4 | (rank + 1) as u64);
    (category, key << (4 * (5 - held.len())))
}

/// Calls `with` for every choice of `N` of the cards.
fn for_all<const N: usize>(cards: &[Card], mut with: impl FnMut(&[Card; N])) {
    let mut places: [usize; N] = std::array::from_fn(|at| at);
    loop {
        with(&places.map(|place| cards[place]));
        let Some(at) = (0..N).rev().find(|&at| places[at] < cards.len() - N + at) else {
            return;
        };
        places[at] += 1;
        for after in at + 1..N {
            places[after] = places[after - 1] + 1;
        }
    }
}

/// Checks a ranking of five cards: same keys tie, larger keys win (or lose, when low wins). Returns
/// the number of hands in each category and the number of different strengths.
fn compare(ranking: Ranking, plain: &Plain, cards: &[Card], low_wins: bool) -> ([u32; 9], usize) {
    let mut counts = [0; 9];
    let mut known: BTreeMap<Key, Strength> = BTreeMap::new();
    for_all::<5>(cards, |five| {
        let (category, key) = key(plain, five);
        counts[category] += 1;
        let strength = ranking.of(five).unwrap();
        let first = *known.entry(key).or_insert(strength);
        assert_eq!(strength, first, "{five:?} has another strength than its equals");
    });
    let in_order = known.values().zip(known.values().skip(1)).all(|(a, b)| (a > b) == low_wins && a != b);
    assert!(in_order, "{ranking:?} is out of order");
    (counts, known.len())
}

fn deck() -> Vec<Card> {
    Card::all().collect()
}

#[test]
fn high_ranks_all_five_card_hands() {
    let (counts, different) = compare(Ranking::High, &HIGH, &deck(), false);
    assert_eq!(counts, [1_302_540, 1_098_240, 123_552, 54_912, 10_200, 5_108, 3_744, 624, 40]);
    assert_eq!(different, 7_462);
}

#[test]
fn ace_to_five_ranks_all_five_card_hands() {
    let plain = Plain { straights: false, flushes: false, ace: -1, wheel: None, ..HIGH };
    let (counts, different) = compare(Ranking::AceToFive, &plain, &deck(), true);
    assert_eq!(counts, [1_317_888, 1_098_240, 123_552, 54_912, 0, 0, 3_744, 624, 0]);
    assert_eq!(different, 6_175);
}

#[test]
fn deuce_to_seven_ranks_all_five_card_hands() {
    // A-5-4-3-2 is an ace-high hand, no straight.
    let plain = Plain { wheel: None, ..HIGH };
    let (counts, different) = compare(Ranking::DeuceToSeven, &plain, &deck(), true);
    assert_eq!(counts, [1_303_560, 1_098_240, 123_552, 54_912, 9_180, 5_112, 3_744, 624, 36]);
    assert_eq!(different, 7_462);
}

#[test]
fn short_deck_ranks_all_five_card_hands() {
    let cards: Vec<Card> = Card::all().filter(|card| card.rank() >= Rank(4)).collect();
    let plain = Plain { wheel: Some(4), flush_over_full_house: true, ..HIGH };
    let (counts, different) = compare(Ranking::ShortDeck, &plain, &cards, false);
    assert_eq!(counts, [122_400, 193_536, 36_288, 16_128, 6_120, 480, 1_728, 288, 24]);
    assert_eq!(different, 120 * 2 + 504 + 252 + 252 + 6 * 2 + 72 + 72);
}

#[test]
fn eight_or_better_ranks_exactly_the_hands_that_qualify() {
    let plain = Plain { straights: false, flushes: false, ace: -1, wheel: None, ..HIGH };
    let mut known: BTreeMap<Key, Strength> = BTreeMap::new();
    let mut qualified = 0;
    for_all::<5>(&deck(), |five| {
        let (category, key) = key(&plain, five);
        let eight = ranks(five, -1)[0].1 <= 6;
        let strength = Ranking::EightOrBetter.of(five);
        assert_eq!(strength.is_some(), category == 0 && eight, "{five:?}");
        if let Some(strength) = strength {
            qualified += 1;
            assert_eq!(*known.entry(key).or_insert(strength), strength);
        }
    });
    assert_eq!((qualified, known.len()), (56 * 1_024, 56));
    assert!(known.values().zip(known.values().skip(1)).all(|(a, b)| a > b));
}

#[test]
fn badugi_ranks_all_four_card_hands() {
    // More cards win, then lower ones: the key of the best choice is lower for the better hand.
    fn plain(cards: &[Card; 4]) -> (usize, u64) {
        let mut best = (0, 0);
        for mask in 1u32..16 {
            let chosen: Vec<&Card> = (0..4).filter(|at| mask >> at & 1 == 1).map(|at| &cards[at]).collect();
            let clash = |a: &Card, b: &Card| a.rank() == b.rank() || a.suit() == b.suit();
            if (1..chosen.len()).any(|at| chosen[..at].iter().any(|card| clash(card, chosen[at]))) {
                continue;
            }
            let mut ranks: Vec<u64> = chosen.iter().map(|card| u64::from((card.rank().0 + 1) % 13)).collect();
            ranks.sort_unstable_by(|a, b| b.cmp(a));
            let key = ranks.iter().fold(0, |key, rank| key << 4 | rank);
            if chosen.len() > best.0 || chosen.len() == best.0 && key < best.1 {
                best = (chosen.len(), key);
            }
        }
        best
    }
    let mut counts = [0; 5];
    let mut known: BTreeMap<(std::cmp::Reverse<usize>, u64), Strength> = BTreeMap::new();
    for_all::<4>(&deck(), |four| {
        let (count, key) = plain(four);
        counts[count] += 1;
        let strength = Ranking::Badugi.of(four).unwrap();
        assert_eq!(*known.entry((std::cmp::Reverse(count), key)).or_insert(strength), strength, "{four:?}");
    });
    assert_eq!(counts, [0, 2_873, 96_252, 154_440, 17_160]);
    assert!(known.values().zip(known.values().skip(1)).all(|(a, b)| a > b));
}

fn cards(text: &str) -> Vec<Card> {
    (0..text.len()).step_by(2).map(|at| text[at..at + 2].parse().unwrap()).collect()
}

#[test]
fn seven_cards_rank_as_their_best_five() {
    // The decks come from a fixed generator; each ranking of five to seven cards is the best of the
    // choices of five.
    let mut state = 1u64;
    for _ in 0..2_000 {
        let mut deck = deck();
        let drawn: Vec<Card> = (0..7)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                deck.swap_remove((state >> 33) as usize % deck.len())
            })
            .collect();
        for ranking in [Ranking::High, Ranking::AceToFive, Ranking::EightOrBetter, Ranking::DeuceToSeven] {
            for count in 5..=7 {
                let mut best = None;
                for_all::<5>(&drawn[..count], |five| best = best.max(ranking.of(five)));
                assert_eq!(ranking.of(&drawn[..count]), best, "{ranking:?} of {:?}", &drawn[..count]);
            }
        }
    }
}

#[test]
fn omaha_takes_two_from_the_hand_and_three_from_the_board() {
    let of = |hole: &str, board: &str| {
        strength(Ranking::High, Selection::FromHole(2), &cards(hole), &cards(board))
    };
    // Four spades on the board and one in the hand are no flush.
    let none = of("AsKdQh2c", "3s5s7s9sJd");
    assert!(none < Ranking::High.of(&cards("AsAdKc2h3d")), "only ace high");
    let flush = of("AsKs9h2c", "3s5s7s9dJd");
    assert_eq!(flush, Ranking::High.of(&cards("AsKs7s5s3s")));
    let low =
        strength(Ranking::EightOrBetter, Selection::FromHole(2), &cards("As2dKhKc"), &cards("3s5s7s9dJd"));
    assert_eq!(low, Ranking::EightOrBetter.of(&cards("As2d3s5s7s")));
}

#[test]
fn hands_are_described_in_words() {
    use poker::{rank::describe, variant::by_code};
    let names = [
        ("NT", "AcAd", "TcTd2h3s4s", "two pair, aces and tens"),
        ("NT", "AcAd", "", "pair of aces"),
        ("NT", "AcKd", "", "ace high"),
        ("NT", "Ac2d", "3c4d5hKsKh", "straight, five high"),
        ("NT", "AcKc", "QcJcTc2d3d", "royal flush"),
        ("NS", "Ac6d", "7c8d9hKsKh", "straight, nine high"),
        ("NS", "AcKc", "QcJc9cAdAh", "flush, ace high"),
        ("FO/8", "Ac2dKhKc", "Kd3s4sTd9h", "three of a kind, kings"),
        ("FO/8", "Ac2dKhKc", "Kd3s4s7d9h", "three of a kind, kings; 7-4-3-2-A low"),
        ("FR", "Ac2d3h4sJcQdKc", "", "J-4-3-2-A low"),
        ("FR", "AcAdAhKsKcKd2c", "", "two pair, kings and aces"),
        ("N2L1D", "7c5d4h3s2c", "", "7-5-4-3-2 low"),
        ("N2L1D", "Ac5d4h3s2c", "", "A-5-4-3-2 low"),
        ("N2L1D", "6c5d4h3s2c", "", "straight, six high"),
        ("N2L1D", "Ac5c4c3c2c", "", "flush, ace high"),
        ("N2L1D", "KcKdKh2s2c", "", "full house, kings full of deuces"),
        ("NT", "7c7d", "7hKsKdKh2c", "full house, kings full of sevens"),
        ("NT", "7c7d", "KsKd2h2c3d", "two pair, kings and sevens"),
        ("NT", "2c3c", "4c5c6c7c8c", "straight flush, eight high"),
        ("NT", "2c3c", "4c5cAc6d7h", "straight flush, five high"),
        ("NT", "2c2d", "2h2sKcKdKh", "four of a kind, deuces"),
        ("PO", "AcAd7h2s", "AhAs7d7cKd", "four of a kind, aces"),
        ("PO", "AcKdQhJs", "Ts9d2c2d2h", "three of a kind, deuces"),
        ("FB", "Ac2d3h4s", "", "badugi, 4-3-2-A"),
        ("FB", "Ac2d3h3s", "", "3 cards, 3-2-A"),
    ];
    for (variant, hole, board, name) in names {
        let variant = by_code(variant).unwrap();
        assert_eq!(describe(variant, &cards(hole), &cards(board)), name, "{hole} {board}");
    }
}
