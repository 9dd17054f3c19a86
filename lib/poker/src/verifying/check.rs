//! The verification of a hand by one of its viewers: with the public events, the opened part of the
//! deck and the viewer's own cards.
//!
//! The hand is played again by the rules from a deck that has the opened cards at their places, and
//! cards that are not known anywhere else. Every card that was seen must come out of that deck at
//! the same time, for the same seat. The hidden cards make no difference to the order of dealing.

use crate::{
    dealing::{CARDS, commitment_of, is_pledged, join, leaf, mixed},
    hand::Hand,
    table::{StartError, new_hand_of},
    variant,
};
use std::collections::BTreeMap;
use wire::{
    Action, Card, SeatNo, TableId,
    deal::{Digest, Mix, OpenCard, Opening},
    event::{Event, HandEvent, HandStart},
    table::TableConfig,
    view::PrivateCards,
};

/// All that a viewer has seen of a finished hand.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The table.
    pub table: TableId,
    /// Its configuration.
    pub config: &'a TableConfig,
    /// The hand's setup.
    pub start: &'a HandStart,
    /// The events from the hand's setup to its end, in order.
    pub events: &'a [Event],
    /// The opened part of the deck.
    pub opening: &'a Opening,
    /// The viewer's seat and hidden cards, as they came.
    pub own: Option<(SeatNo, &'a [PrivateCards])>,
}

/// The extent of a verification that found no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Number of places opened to everybody.
    pub opened: usize,
    /// Number of the viewer's own cards.
    pub own: usize,
    /// Number of players that contributed to the deck.
    pub contributions: usize,
    /// Number of players who had pledged a number that is not in the deck: they sent none, or the
    /// table left it out. As [`check`] does not know the hand before, it counts none.
    pub withheld: usize,
    /// Whether discards were dealt again, which no viewer can verify.
    pub reshuffled: bool,
}

/// The reason why a hand was not dealt as committed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The hand has no commitments to single cards.
    #[error("the hand's deck was not committed to card by card, or not opened")]
    NoCommitments,
    /// The opened places are not places of a deck.
    #[error("the opened places are not those of a deck of 52 cards")]
    Places,
    /// The opening is of another deck.
    #[error("the opened cards do not give the commitment")]
    Commitment,
    /// The viewer's own card is not the one that was committed to.
    #[error("place {0} was opened to its player and does not fit the commitment")]
    OwnPlace(u8),
    /// The deck has a card twice.
    #[error("the deck has {0} twice")]
    Twice(Card),
    /// The setup makes no hand.
    #[error("the setup makes no hand: {0}")]
    Start(#[from] StartError),
    /// An action is against the rules.
    #[error("seat {0} acted against the rules")]
    Action(SeatNo),
    /// Cards came at another time, to another seat, or are others than the deck has there.
    #[error("deal {0} of the hand is not the deck's")]
    Deal(usize),
    /// A shown card is not one that was dealt to the seat.
    #[error("seat {seat} showed {card}, which the deck did not deal to it")]
    Shown {
        /// The seat.
        seat: SeatNo,
        /// The card.
        card: Card,
    },
    /// The hand's deck, or what came before it, is not what was committed to.
    #[error("the commitments do not continue those of the hand before")]
    Chain,
    /// The contributions are not of players dealt in, each once, by seat.
    #[error("the players' parts in the deck are not in the order of seats, or not of players dealt in")]
    Mixes,
    /// A contribution was not pledged.
    #[error("the number of seat {0} in the deck was not pledged before")]
    NotPledged(SeatNo),
    /// The viewer's contribution was taken and is not in the deck.
    #[error("the own number or pledge was accepted and is not among the contributions")]
    LeftOut,
    /// One of the viewer's own cards is not one that was dealt to the seat.
    #[error("{0} came to its player and is not the deck's card for the seat")]
    OwnCard(Card),
}

/// Verifies a hand.
///
/// # Errors
/// The first [`Fault`].
pub fn check(seen: &Seen<'_>) -> Result<Verdict, Fault> {
    let places = Places::of(seen)?;
    let (hand, played) = replay(seen, places.deck(seen)?)?;
    let reshuffled = hand.is_reshuffled();
    compare_deals(seen, &played)?;
    let holders = holders(&played);
    // Where discards were dealt again, a card may have come from them.
    let is_dealt = |card: Card, seat: SeatNo, opened: &[OpenCard]| {
        reshuffled || places.has(card, opened) && holders.get(&card) == Some(&seat)
    };
    for event in seen.events {
        let Event::Shown { seat, cards, .. } = event else { continue };
        if let Some(&card) = cards.iter().find(|card| !is_dealt(**card, *seat, &seen.opening.cards)) {
            return Err(Fault::Shown { seat: *seat, card });
        }
    }
    let (seat, lists) = seen.own.unwrap_or_default();
    for list in lists {
        if let Some(&card) = list.cards.iter().find(|card| !is_dealt(**card, seat, &list.openings)) {
            return Err(Fault::OwnCard(card));
        }
    }
    let mixes = seen.start.deal.iter().flat_map(|deal| &deal.mixes);
    Ok(Verdict {
        opened: seen.opening.cards.len(),
        own: lists.last().map_or(0, |list| list.cards.len()),
        contributions: mixes.filter(|mix| mix.value.is_some()).count(),
        withheld: 0,
        reshuffled,
    })
}

/// Verifies that a hand's commitments continue those of the hand before.
///
/// # Errors
/// [`Fault::Chain`] when the commitments do not, [`Fault::NotPledged`] when a contribution was not
/// pledged in the hand before.
pub fn continues(before: &HandStart, start: &HandStart) -> Result<(), Fault> {
    let Some(before_deal) = &before.deal else { return Ok(()) };
    let deal = start.deal.as_ref().ok_or(Fault::Chain)?;
    if (before_deal.next.0, deal.previous.0) != (start.commitment.0, before.commitment.0) {
        return Err(Fault::Chain);
    }
    are_in_order(start)?;
    for mix in &deal.mixes {
        let pledged = before_deal.mixes.iter().find(|pledged| pledged.seat == mix.seat);
        let fits = |number| pledged.is_some_and(|pledged| is_pledged(pledged, &number));
        if !mix.value.is_none_or(fits) {
            return Err(Fault::NotPledged(mix.seat));
        }
    }
    Ok(())
}

/// Checks that the contributions are of players dealt in, each once, by seat: any other order or
/// choice would be another deck.
fn are_in_order(start: &HandStart) -> Result<(), Fault> {
    let mixes = start.deal.as_ref().map(|deal| &deal.mixes[..]).unwrap_or_default();
    let rise = mixes.windows(2).all(|pair| pair[0].seat < pair[1].seat);
    let dealt_in = |mix: &Mix| start.stacks.iter().any(|stack| stack.seat == mix.seat);
    if rise && mixes.iter().all(dealt_in) { Ok(()) } else { Err(Fault::Mixes) }
}

/// The opened places, with the cards that were dealt from them.
struct Places {
    known: [Option<Card>; CARDS],
}

impl Places {
    /// Verifies the commitment and returns the opened places.
    fn of(seen: &Seen<'_>) -> Result<Self, Fault> {
        let deal = seen.start.deal.as_ref().ok_or(Fault::NoCommitments)?;
        are_in_order(seen.start)?;
        let (rest, leaves) = unfold(seen.opening)?;
        let commitment = commitment_of(seen.table, seen.start.hand, &deal.previous, &rest);
        if commitment.0 != seen.start.commitment.0 {
            return Err(Fault::Commitment);
        }
        let own = || seen.own.iter().flat_map(|(_, lists)| lists.iter()).flat_map(|list| &list.openings);
        for card in own() {
            if leaves.get(usize::from(card.place)) != Some(&leaf(card)) {
                return Err(Fault::OwnPlace(card.place));
            }
        }
        let other = mixed(seen.start);
        let mut known = [None; CARDS];
        for open in seen.opening.cards.iter().chain(own()) {
            let card = other.map_or(open.card, |other| other[usize::from(open.card.index())]);
            known[usize::from(open.place)] = Some(card);
        }
        Ok(Self { known })
    }

    /// Returns whether one of these opened places has the card.
    fn has(&self, card: Card, opened: &[OpenCard]) -> bool {
        opened.iter().any(|open| self.known.get(usize::from(open.place)) == Some(&Some(card)))
    }

    /// Returns a deck with the known cards at their places and others at the hidden ones.
    fn deck(&self, seen: &Seen<'_>) -> Result<[Card; CARDS], Fault> {
        let code = &seen.config.variant;
        let variant = variant::by_code(code).ok_or_else(|| StartError::Variant(code.clone()))?;
        let mut others: Vec<Card> = Card::all().filter(|card| !self.known.contains(&Some(*card))).collect();
        // Cards that the variant does not play with are taken last: hidden places are dealt from.
        others.sort_by_key(|card| variant.stock.has(*card));
        let mut deck = [Card::FIRST; CARDS];
        let mut taken = 0u64;
        for (place, known) in deck.iter_mut().zip(self.known) {
            *place = known.or_else(|| others.pop()).ok_or(Fault::Places)?;
            if taken >> place.index() & 1 == 1 {
                return Err(Fault::Twice(*place));
            }
            taken |= 1 << place.index();
        }
        Ok(deck)
    }
}

/// Returns the hash over all places and the hashes of those that cards were dealt from.
fn unfold(opening: &Opening) -> Result<(Digest, Vec<Digest>), Fault> {
    let places = opening.cards.len() + opening.hidden.len();
    if places > CARDS {
        return Err(Fault::Places);
    }
    let (mut cards, mut hidden) = (opening.cards.iter().peekable(), opening.hidden.iter());
    let mut leaves = Vec::with_capacity(places);
    for place in 0..places {
        match cards.next_if(|card| usize::from(card.place) == place) {
            Some(card) => leaves.push(leaf(card)),
            None => leaves.push(*hidden.next().ok_or(Fault::Places)?),
        }
    }
    if cards.next().is_some() {
        return Err(Fault::Places);
    }
    let rest = leaves.iter().rev().fold(opening.rest, |rest, leaf| join(leaf, &rest));
    Ok((rest, leaves))
}

/// Returns the hand played from a deck, with its events.
fn replay(seen: &Seen<'_>, deck: [Card; CARDS]) -> Result<(Hand, Vec<HandEvent>), Fault> {
    let mut hand = new_hand_of(seen.config, seen.start, deck)?;
    let mut played = Vec::new();
    hand.begin(&mut played);
    for event in seen.events {
        let (seat, action) = match event {
            Event::Acted { seat, action, .. } => (*seat, action.clone()),
            Event::Drew { seat, count } => (*seat, discard(seen, &hand, *seat, *count)),
            _ => continue,
        };
        hand.play(seat, &action, &mut played).map_err(|_| Fault::Action(seat))?;
    }
    Ok((hand, played))
}

/// Returns a discard of so many cards, of those that the seat is not known to have kept.
fn discard(seen: &Seen<'_>, hand: &Hand, seat: SeatNo, count: u8) -> Action {
    let shown = seen.events.iter().find_map(|event| match event {
        Event::Shown { seat: by, cards, .. } if *by == seat => Some(cards.to_vec()),
        _ => None,
    });
    let own = seen.own.filter(|(own, _)| *own == seat).and_then(|(_, lists)| lists.last());
    let kept = shown.or_else(|| own.map(|list| list.cards.clone())).unwrap_or_default();
    let mut held = hand.seat(seat).map(|seat| seat.down.to_vec()).unwrap_or_default();
    held.sort_by_key(|card| kept.contains(card));
    Action::Discard(held.into_iter().take(usize::from(count)).collect())
}

/// Compares the deals that were seen with those of the deck.
fn compare_deals(seen: &Seen<'_>, played: &[HandEvent]) -> Result<(), Fault> {
    let mut deals = played.iter().filter(|e| matches!(e, HandEvent::Dealt { .. } | HandEvent::Board { .. }));
    let mut nth = 0;
    for event in seen.events {
        let same = match event {
            Event::Dealt { seat, down, up } => {
                let is = |seats: &SeatNo, hidden: usize| seats == seat && hidden == usize::from(*down);
                matches!(deals.next(), Some(HandEvent::Dealt { seat, down, up: open })
                    if is(seat, down.len()) && open == up)
            }
            Event::Board { cards, .. } => {
                matches!(deals.next(), Some(HandEvent::Board { cards: dealt, .. }) if dealt == cards)
            }
            _ => continue,
        };
        nth += 1;
        if !same {
            return Err(Fault::Deal(nth));
        }
    }
    deals.next().map_or(Ok(()), |_| Err(Fault::Deal(nth + 1)))
}

/// Returns the seats that the deck dealt cards to, for each card the first.
fn holders(played: &[HandEvent]) -> BTreeMap<Card, SeatNo> {
    let dealt = played.iter().filter_map(|event| match event {
        HandEvent::Dealt { seat, down, up } => Some(down.iter().chain(up).map(|card| (*card, *seat))),
        _ => None,
    });
    let mut holders = BTreeMap::new();
    for (card, seat) in dealt.flatten() {
        holders.entry(card).or_insert(seat);
    }
    holders
}
