//! The commitments to decks, and what is opened of them.

use super::Books;
use crate::report::Rule;
use poker::{
    dealing::{self, NOTHING},
    shuffle,
    table::Committed,
};
use wire::{
    SeatNo,
    deal::{Contribution, Dealt, Octets},
    event::{HandStart, Seed},
};

impl Books {
    /// Checks a hand's commitment, and that its deck is the one to which the hand before committed.
    pub(super) fn deck_committed(&mut self, start: &HandStart, seed: Seed, next_seed: Option<Seed>) {
        let (no, before) = (start.hand, self.committed.take());
        let (Some(deal), Some(next_seed)) = (&start.deal, next_seed) else {
            let kept = self.scripted || shuffle::commitment(&seed) == start.commitment;
            self.check(kept, Rule::Deal, || format!("hand {no}: the commitment is not the seed's"));
            let what = || format!("hand {no}: another deck was committed to, and this one was not");
            return self.check(before.is_none(), Rule::Deal, what);
        };
        let own = Octets(start.commitment.0);
        let deck = Committed { seed, commitment: own, previous: deal.previous };
        let chained = before.map_or(deal.previous == NOTHING, |before| before == deck);
        self.check(chained, Rule::Deal, || format!("hand {no}: another deck was committed to before"));
        let is_own = dealing::commitment(self.table, no, &deal.previous, &seed) == own;
        self.check(is_own, Rule::Deal, || format!("hand {no}: the commitment is not the deck's"));
        let is_next = dealing::commitment(self.table, no.next(), &own, &next_seed) == deal.next;
        self.check(is_next, Rule::Deal, || format!("hand {no}: the next commitment is not the next deck's"));
        self.committed = Some(Committed { seed: next_seed, commitment: deal.next, previous: own });
    }

    /// Checks that a player's number is the one pledged before the hand.
    pub(super) fn contributed(&mut self, seat: SeatNo, mix: &Contribution) {
        let mixes = self.hand.iter().filter_map(|hand| hand.start.deal.as_ref()).flat_map(|deal| &deal.mixes);
        let pledged = mixes.into_iter().find(|pledged| pledged.seat == seat);
        let fits = mix.value.is_none_or(|number| pledged.is_some_and(|it| dealing::is_pledged(it, &number)));
        self.check(fits, Rule::Deal, || format!("seat {seat} contributes a number that it did not pledge"));
    }

    /// Checks that no card is opened that not all viewers have seen.
    pub(super) fn deck_opened(&mut self, dealt: Option<Dealt>) {
        let Some(hand) = &self.hand else { return };
        let no = hand.no;
        let Some(dealt) = dealt else {
            let revealed = hand.start.deal.is_none();
            return self.check(revealed, Rule::Deal, || format!("hand {no}: the deck is not opened"));
        };
        let deck = dealing::deck(&hand.seed, &hand.start);
        let opened = deck.iter().enumerate().filter(|(place, _)| dealt.open >> place & 1 == 1);
        let hidden =
            opened.map(|(_, card)| *card).find(|card| !hand.seen.contains(card) && self.stock.has(*card));
        if let Some(card) = hidden.filter(|_| !self.open_decks) {
            self.wrong(Rule::Deal, format!("hand {no}: {card} is opened, which not all viewers saw"));
        }
    }
}
