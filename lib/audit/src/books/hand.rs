//! Cards and chips of the hand being played.

use super::Books;
use crate::{
    report::Rule,
    words::{hand_event, list, or_none},
};
use std::collections::BTreeMap;
use wire::{
    Action, Card, Chips, HandNo, SeatNo,
    event::{HandEvent, HandStart, Seed, Stack},
};

/// The hand being played.
pub(super) struct Hand {
    pub(super) no: HandNo,
    pub(super) start: HandStart,
    /// The cards that all viewers have seen.
    pub(super) seen: Vec<Card>,
    pub(super) seed: Seed,
    pub(super) pot: Chips,
    /// The cards of each player dealt in, without discards.
    pub(super) dealt: BTreeMap<SeatNo, Vec<Card>>,
    /// Seats that have folded: in draw games their cards may be dealt again.
    pub(super) folded: Vec<SeatNo>,
    /// The board.
    pub(super) board: Vec<Card>,
}

impl Hand {
    /// Returns whether the card is in a hand that has not folded, or on the board.
    fn is_dealt(&self, card: Card) -> bool {
        let mut held = self.dealt.iter().filter(|(seat, _)| !self.folded.contains(seat));
        self.board.contains(&card) || held.any(|(_, held)| held.contains(&card))
    }
}

impl Books {
    pub(super) fn hand_started(&mut self, start: &HandStart, seed: Seed, scripted: bool) {
        let (no, last) = (start.hand.0, self.last_hand);
        self.check(no == last + 1, Rule::Deal, || format!("hand {no} after hand {last}"));
        self.check(self.hand.is_none(), Rule::Deal, || format!("hand {no} begins before {last} has ended"));
        let (here, said) =
            if scripted { ("is scripted", "shuffles") } else { ("is shuffled", "only deals scripts") };
        self.check(scripted == self.scripted, Rule::Deal, || {
            format!("hand {no} {here} at a table that {said}")
        });
        self.check(start.stacks.len() >= 2, Rule::Deal, || format!("hand {no} has fewer than two players"));
        for stack in &start.stacks {
            self.check_stack(stack);
            let playing = !stack.chips.is_zero();
            self.check(playing, Rule::Deal, || format!("seat {} is dealt in without chips", stack.seat));
        }
        self.last_hand = no;
        self.hand = Some(Hand {
            no: start.hand,
            start: start.clone(),
            seen: Vec::new(),
            seed,
            pot: Chips::ZERO,
            dealt: start.stacks.iter().map(|stack| (stack.seat, Vec::new())).collect(),
            folded: Vec::new(),
            board: Vec::new(),
        });
    }

    fn check_stack(&mut self, stack: &Stack) {
        let known = self.seats.get(&stack.seat).map(|seat| (seat.player, seat.stack));
        let no = stack.seat;
        match known {
            Some((player, chips)) => {
                self.check(player == stack.player, Rule::Seats, || {
                    format!("seat {no} is player {player}'s, not player {}'s", stack.player)
                });
                self.check(chips == stack.chips, Rule::Chips, || {
                    format!("seat {no} has {chips} chips, not {}", stack.chips)
                });
            }
            None => self.wrong(Rule::Seats, format!("seat {no} is empty")),
        }
    }

    pub(super) fn in_hand(&mut self, event: &HandEvent) {
        let Some(mut hand) = self.hand.take() else {
            return self.wrong(
                Rule::Deal,
                format!("event of a hand while no hand is played: {}", hand_event(event)),
            );
        };
        match event {
            HandEvent::Posted { seat, amount, .. } => self.put_in(&mut hand, *seat, *amount),
            HandEvent::Acted { seat, action, added, stack } => {
                self.put_in(&mut hand, *seat, *added);
                let left = self.seats.get(seat).map(|seat| seat.stack);
                self.check(left == Some(*stack), Rule::Chips, || {
                    format!("seat {seat} is said to have {stack} left, not {}", or_none(left))
                });
                if *action == Action::Fold {
                    hand.folded.push(*seat);
                }
                if let Action::Discard(cards) = action {
                    // Discards may come back when the deck runs out and they are shuffled again.
                    let held = hand.dealt.get_mut(seat);
                    let all = held.is_some_and(|held| {
                        let before = held.len();
                        held.retain(|card| !cards.contains(card));
                        before - held.len() == cards.len()
                    });
                    self.check(all, Rule::Deal, || {
                        format!("seat {seat} discards cards that it does not hold")
                    });
                }
            }
            HandEvent::Returned { seat, amount } | HandEvent::Awarded { seat, amount, .. } => {
                match hand.pot.checked_minus(*amount) {
                    Some(rest) => hand.pot = rest,
                    None => self.wrong(Rule::Chips, format!("{amount} from a pot of {}", hand.pot)),
                }
                self.at(*seat, |_, seat| seat.stack = seat.stack.plus(*amount));
            }
            HandEvent::Dealt { seat, down, up } => {
                let cards: Vec<Card> = down.iter().chain(up).copied().collect();
                self.are_new(&hand, &cards);
                hand.seen.extend(up);
                match hand.dealt.get_mut(seat) {
                    Some(held) => held.extend(cards),
                    None => self.wrong(Rule::Deal, format!("seat {seat} gets cards and is not in the hand")),
                }
            }
            HandEvent::Board { cards, .. } => {
                self.are_new(&hand, cards);
                hand.board.extend(cards);
                hand.seen.extend(cards);
            }
            HandEvent::Shown { seat, cards, .. } => {
                let held = hand.dealt.get(seat);
                let own = held.is_some_and(|held| cards.iter().all(|card| held.contains(card)));
                self.check(own, Rule::Deal, || format!("seat {seat} shows cards that it was not dealt"));
                hand.seen.extend(cards);
            }
            HandEvent::Mucked { .. } => {}
        }
        self.hand = Some(hand);
    }

    fn put_in(&mut self, hand: &mut Hand, no: SeatNo, amount: Chips) {
        hand.pot = hand.pot.plus(amount);
        let dealt_in = hand.dealt.contains_key(&no);
        self.check(dealt_in, Rule::Deal, || format!("seat {no} is not in the hand"));
        self.at(no, |books, seat| match seat.stack.checked_minus(amount) {
            Some(rest) => seat.stack = rest,
            None => books.wrong(Rule::Chips, format!("seat {no} has {} and puts in {amount}", seat.stack)),
        });
    }

    fn are_new(&mut self, hand: &Hand, cards: &[Card]) {
        for (at, &card) in cards.iter().enumerate() {
            let twice = hand.is_dealt(card) || cards[..at].contains(&card);
            self.check(!twice, Rule::Deal, || format!("{card} is dealt twice in hand {}", hand.no));
        }
    }

    pub(super) fn hand_ended(&mut self, no: HandNo, stacks: &[Stack], seed: Seed) {
        let Some(hand) = self.hand.take() else {
            return self.wrong(Rule::Deal, format!("hand {no} ends and has not begun"));
        };
        self.check(hand.no == no, Rule::Deal, || format!("hand {no} ends, hand {} was played", hand.no));
        self.check(hand.seed == seed, Rule::Deal, || format!("hand {no}: another seed is revealed"));
        self.check(hand.pot.is_zero(), Rule::Chips, || {
            format!("hand {no} ends with {} chips in the pot", hand.pot)
        });
        let dealt: Vec<SeatNo> = hand.dealt.keys().copied().collect();
        let ended: Vec<SeatNo> = stacks.iter().map(|stack| stack.seat).collect();
        self.check(dealt == ended, Rule::Seats, || {
            format!("hand {no}: seats {} were dealt in, {} are listed at the end", list(&dealt), list(&ended))
        });
        stacks.iter().for_each(|stack| self.check_stack(stack));
        for seat in self.seats.values_mut() {
            seat.stack = seat.stack.plus(std::mem::take(&mut seat.aside));
        }
    }
}
