//! Monte-Carlo equity: the average share of the pot that a hand wins when all cards to come and all
//! hidden hands are dealt at random.
//!
//! Invariant: only the asked seat's own cards and the board are inputs, so an estimate reveals no
//! hidden card. This module does not know betting, clocks (the caller says when to stop) or the
//! source of randomness.

use rand_core::Rng;
use rs_poker::core::{Card as RankedCard, Rank, SevenCardAccum, Suit, Value};
use wire::{Card, bots::BotAsk};

/// Rollouts between two checks of the time.
const BATCH: u32 = 64;
/// Cards on a full board.
const BOARD: usize = 5;

/// The choice of the best five cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// Any five of hole cards and board.
    Any,
    /// Exactly two hole cards and three of the board.
    TwoAndThree,
}

/// A hand to estimate: own cards, the board so far and the number of opponents.
#[derive(Clone, Debug)]
pub struct Spot {
    choice: Choice,
    hole: Vec<RankedCard>,
    board: Vec<RankedCard>,
    /// All cards that are neither in `hole` nor on `board`.
    unseen: Vec<RankedCard>,
    opponents: usize,
}

/// An estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equity {
    /// Expected share of the pot, 0 to 1.
    pub share: f64,
    /// Number of deals in the estimate.
    pub rollouts: u32,
}

impl Spot {
    /// Returns the spot of an ask; `None` for variants whose showdowns are not simulated, and for
    /// asks with impossible cards.
    #[must_use]
    pub fn of(ask: &BotAsk) -> Option<Self> {
        let (choice, hole_cards) = match ask.variant.as_str() {
            "NT" | "PT" | "FT" => (Choice::Any, 2),
            "PO" => (Choice::TwoAndThree, 4),
            _ => return None,
        };
        if ask.hole.len() != hole_cards || ask.board.len() > BOARD || ask.opponents.is_empty() {
            return None;
        }
        let seen: Vec<Card> = ask.hole.iter().chain(&ask.board).copied().collect();
        let unseen: Vec<Card> = Card::all().filter(|card| !seen.contains(card)).collect();
        let needed = BOARD - ask.board.len() + hole_cards * ask.opponents.len();
        if unseen.len() + seen.len() != 52 || unseen.len() < needed {
            return None;
        }
        let ranked = |cards: &[Card]| cards.iter().map(|&card| ranked_card(card)).collect();
        Some(Self {
            choice,
            hole: ranked(&ask.hole),
            board: ranked(&ask.board),
            unseen: ranked(&unseen),
            opponents: ask.opponents.len(),
        })
    }

    /// Deals up to `most` times, rounded up to batches of 64; after each batch `enough` may end it
    /// early. At least one batch is dealt.
    pub fn estimate(&self, most: u32, mut enough: impl FnMut() -> bool, rng: &mut impl Rng) -> Equity {
        let mut unseen = self.unseen.clone();
        let mut won = 0.0;
        let mut rollouts = 0;
        loop {
            for _ in 0..BATCH {
                won += self.deal(&mut unseen, rng);
            }
            rollouts += BATCH;
            if rollouts >= most || enough() {
                break;
            }
        }
        Equity { share: won / f64::from(rollouts), rollouts }
    }

    /// Deals once and returns the won share of the pot. `unseen` may come in any order and is left
    /// in another.
    fn deal(&self, unseen: &mut [RankedCard], rng: &mut impl Rng) -> f64 {
        let missing = BOARD - self.board.len();
        let needed = missing + self.hole.len() * self.opponents;
        draw(unseen, needed, rng);
        let (to_come, hidden) = unseen[..needed].split_at(missing);
        let mut board = [self.hole[0]; BOARD];
        board[..self.board.len()].copy_from_slice(&self.board);
        board[self.board.len()..].copy_from_slice(to_come);

        match self.choice {
            Choice::Any => {
                let shared = tally(&board);
                self.showdown(hidden, |hole| hole.iter().fold(shared, |acc, &card| acc + card).rank())
            }
            Choice::TwoAndThree => {
                let threes = threes(&board);
                self.showdown(hidden, |hole| best_of_two_and_three(hole, &threes))
            }
        }
    }

    /// Returns the share won against the hidden hands, which lie one after the other in `hidden`.
    fn showdown(&self, hidden: &[RankedCard], rank: impl Fn(&[RankedCard]) -> Rank) -> f64 {
        let own = rank(&self.hole);
        let mut tied = 1.0;
        for theirs in hidden.chunks_exact(self.hole.len()) {
            let theirs = rank(theirs);
            if theirs > own {
                return 0.0;
            }
            if theirs == own {
                tied += 1.0;
            }
        }
        1.0 / tied
    }
}

/// Moves `count` random cards to the front (the beginning of a Fisher-Yates shuffle). The
/// multiply-and-shift deviates from uniform by less than 2^-26, far below the error of any
/// estimate.
fn draw(cards: &mut [RankedCard], count: usize, rng: &mut impl Rng) {
    for i in 0..count {
        let left = (cards.len() - i) as u64;
        let offset = (u64::from(rng.next_u32()) * left) >> 32;
        cards.swap(i, i + offset as usize);
    }
}

fn tally(cards: &[RankedCard]) -> SevenCardAccum {
    cards.iter().fold(SevenCardAccum::new(), |acc, &card| acc + card)
}

/// Returns the ten choices of three of five board cards.
fn threes(board: &[RankedCard; BOARD]) -> [SevenCardAccum; 10] {
    let mut threes = [SevenCardAccum::new(); 10];
    let mut next = 0;
    for a in 0..BOARD {
        for b in a + 1..BOARD {
            for c in b + 1..BOARD {
                threes[next] = tally(&[board[a], board[b], board[c]]);
                next += 1;
            }
        }
    }
    threes
}

fn best_of_two_and_three(hole: &[RankedCard], threes: &[SevenCardAccum; 10]) -> Rank {
    let mut best = Rank::HIGH_CARD_MIN;
    for (i, &first) in hole.iter().enumerate() {
        for &second in &hole[i + 1..] {
            for &three in threes {
                best = best.max((three + first + second).rank());
            }
        }
    }
    best
}

fn ranked_card(card: Card) -> RankedCard {
    RankedCard::new(Value::from_u8(card.rank().0), Suit::from_u8(card.suit().0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asks;
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    fn share(variant: &str, hole: &str, board: &str, opponents: usize) -> f64 {
        let mut ask = asks::ask(hole, board, opponents);
        ask.variant = variant.to_owned();
        let spot = Spot::of(&ask).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        spot.estimate(40_000, || false, &mut rng).share
    }

    fn assert_near(found: f64, known: f64) {
        assert!((found - known).abs() < 0.01, "{found} is not near {known}");
    }

    #[test]
    fn equities_before_the_flop_match_known_odds() {
        // The known values are from tables of hold'em odds, against one and five random hands.
        assert_near(share("NT", "AsAh", "", 1), 0.852);
        assert_near(share("NT", "7d2c", "", 1), 0.346);
        assert_near(share("NT", "AsKs", "", 1), 0.670);
        assert_near(share("NT", "AsAh", "", 5), 0.492);
    }

    #[test]
    fn the_nuts_win_the_whole_pot_and_a_royal_board_is_shared() {
        assert_near(share("NT", "AsKs", "QsJsTs2d3c", 3), 1.0);
        assert_near(share("NT", "2c2d", "AsKsQsJsTs", 3), 0.25);
    }

    #[test]
    fn omaha_uses_exactly_two_hole_cards() {
        // Four spades on the board and one in the hand make no flush in Omaha; in hold'em it would
        // be the nuts.
        let made = share("PO", "AsKd7c2h", "QsJs9s4s3d", 1);
        assert!(made < 0.4, "{made}");
        // The royal flush takes both of its spades from the hand.
        assert_near(share("PO", "AsKs7c2h", "QsJsTs4d3d", 2), 1.0);
    }

    #[test]
    fn impossible_cards_and_unknown_variants_have_no_estimate() {
        assert!(Spot::of(&asks::ask("AsAs", "", 1)).is_none());
        assert!(Spot::of(&asks::ask("As", "", 1)).is_none());
        assert!(Spot::of(&asks::ask("AsKs", "As2d3d", 1)).is_none());
        assert!(Spot::of(&asks::ask("AsKs", "", 0)).is_none());
        assert!(Spot::of(&asks::ask("AsKs", "", 24)).is_none());
        let mut razz = asks::ask("AsKs", "", 1);
        razz.variant = "FR".to_owned();
        assert!(Spot::of(&razz).is_none());
    }

    #[test]
    fn the_caller_and_the_cap_end_an_estimate() {
        let spot = Spot::of(&asks::ask("AsKs", "", 8)).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        assert_eq!(spot.estimate(1_000_000, || true, &mut rng).rollouts, BATCH);
        assert_eq!(spot.estimate(1, || false, &mut rng).rollouts, BATCH);
        assert_eq!(spot.estimate(200, || false, &mut rng).rollouts, 256);
    }
}
