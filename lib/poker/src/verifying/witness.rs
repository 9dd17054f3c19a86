//! A viewer that verifies the deals of a table which it follows, and takes part in its decks if it
//! plays there.

use super::{Fault, Seen, Verdict, check, continues};
use crate::{
    dealing::{is_pledged, number, pledge},
    variant,
};
use std::fmt;
use wire::{
    HandNo, PlayerId, SeatNo, TableId,
    deal::{Contribution, Mix, Opening},
    event::{Event, HandStart},
    table::TableConfig,
    view::{PrivateCards, TableView},
};

/// The most events of a hand that are kept: a hand with more is not verified. A hand has a few
/// hundred at most, and lines of chat are not kept.
const MOST_EVENTS: usize = 2_048;
/// The most lists of own cards that are kept: a player gets one for each street at most, and those
/// of the next hand may come before the end of this one.
const MOST_LISTS: usize = 16;

/// All that was seen of a table's deals.
///
/// Events have to come in order. After missed ones [`Witness::restart`] goes on.
pub struct Witness {
    table: TableId,
    config: TableConfig,
    /// Makes the player's numbers.
    secret: [u8; 32],
    /// The last hand whose beginning came.
    start: Option<HandStart>,
    /// Whether events are missing since then.
    gap: bool,
    /// The events since the hand's beginning; none if some are missing.
    events: Option<Vec<Event>>,
    /// The player's hidden cards in this hand and the next.
    cards: Vec<PrivateCards>,
    /// Whether no other program of the player may have sent a part in this hand.
    live: bool,
    /// The fault of the beginning of this hand.
    fault: Option<Fault>,
    /// Players who pledged a number for this hand, were dealt in, and whose number is not in it.
    withheld: usize,
    /// The hand in which the player's part was sent, and the part.
    sent: Option<(HandNo, Contribution)>,
    /// Whether the table has accepted it.
    accepted: bool,
}

/// A verified hand.
pub type Verified = (HandNo, Result<Verdict, Fault>);

impl fmt::Debug for Witness {
    /// Writes the table, without the player's numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Witness").field("table", &self.table).finish_non_exhaustive()
    }
}

impl Witness {
    /// Follows a table from a view on. `secret` makes the player's numbers and has to be drawn at
    /// random.
    #[must_use]
    pub fn new(view: &TableView, secret: [u8; 32]) -> Self {
        Self {
            table: view.table,
            config: view.config.clone(),
            secret,
            start: None,
            gap: true,
            events: None,
            cards: Vec::new(),
            live: false,
            fault: None,
            withheld: 0,
            sent: None,
            accepted: false,
        }
    }

    /// Goes on after a gap, with the events of the hand being played so far.
    pub fn restart<'a>(&mut self, so_far: impl Iterator<Item = &'a Event>, player: Option<PlayerId>) {
        (self.events, self.gap) = (None, true);
        for event in so_far {
            self.hear(event, player);
        }
        self.live = false;
    }

    /// Notes the player's hidden cards. They may come before the event that begins their hand, and
    /// before that which ends the hand before.
    pub fn learn(&mut self, cards: &PrivateCards) {
        let is_over = self.start.as_ref().is_some_and(|start| cards.hand < start.hand);
        let is_sound = cards.openings.len() <= 52 && cards.cards.len() <= 52;
        if is_over || !is_sound || self.cards.contains(cards) || self.cards.len() >= MOST_LISTS {
            return;
        }
        self.cards.push(cards.clone());
    }

    /// Notes an event of the table, as `player` sees it. Returns the verdict on a hand that is
    /// over; none if it was not seen from its beginning.
    pub fn hear(&mut self, event: &Event, player: Option<PlayerId>) -> Option<Verified> {
        match event {
            Event::HandStarted(start) => self.begins(start, player),
            Event::HandEnded { hand, opening, .. } => return self.ends(*hand, opening.as_ref(), player),
            Event::Unknown(_) => self.events = None,
            Event::Unseated { player: left, .. } if Some(*left) == player => self.accepted = false,
            Event::Said { .. } => {}
            event => {
                self.notice_others(event, player);
                self.events.take_if(|events| events.len() >= MOST_EVENTS);
                if let Some(events) = &mut self.events {
                    events.push(event.clone());
                }
            }
        }
        None
    }

    /// Returns the player's part in the next decks, to be sent with an action in this hand: the
    /// same until the table has accepted an action with it, then none.
    pub fn contribution(&mut self, hand: HandNo, player: Option<PlayerId>) -> Option<Contribution> {
        let start = self.start.as_ref().filter(|start| self.live && start.hand == hand)?;
        if let Some((_, part)) = self.sent.filter(|(sent, _)| *sent == hand) {
            return (!self.accepted).then_some(part);
        }
        let mixes = &start.deal.as_ref()?.mixes;
        let seat = seat_of(start, player)?;
        let number = |hand| number(&self.secret, self.table, hand);
        let next = number(hand.next());
        let is_own = |mix: &&Mix| mix.seat == seat && is_pledged(mix, &next);
        let value = mixes.iter().find(is_own).map(|_| next);
        let part = Contribution { value, pledge: pledge(&number(hand.next().next())) };
        (self.sent, self.accepted) = (Some((hand, part)), false);
        Some(part)
    }

    /// Notes that the table has accepted an action with the player's part.
    pub fn accepted(&mut self, part: Contribution) {
        let current = self.start.as_ref().map(|start| start.hand);
        self.accepted |= self.sent.is_some_and(|(hand, sent)| sent == part && Some(hand) == current);
    }

    /// Notes an action of the player that another program of the player sent: the table may have
    /// that program's part.
    fn notice_others(&mut self, event: &Event, player: Option<PlayerId>) {
        let (Event::Acted { seat, .. } | Event::Drew { seat, .. }) = event else { return };
        let Some(start) = &self.start else { return };
        let is_own = seat_of(start, player) == Some(*seat);
        self.live &= !is_own || self.sent.is_some_and(|(hand, _)| hand == start.hand);
    }

    fn begins(&mut self, start: &HandStart, player: Option<PlayerId>) {
        let own = self.sent.filter(|_| std::mem::take(&mut self.accepted)).map(|(_, part)| part);
        let gap = std::mem::take(&mut self.gap);
        let before = self.start.replace(start.clone());
        (self.fault, self.withheld) = match before {
            Some(before) if before.hand == start.hand => ((before != *start).then_some(Fault::Chain), 0),
            Some(before) if before.hand.next() == start.hand => {
                let fault = continues(&before, start).err();
                let left_out = own.is_some_and(|part| is_left_out(&before, start, player, part));
                (fault.or_else(|| left_out.then_some(Fault::LeftOut)), withheld(&before, start))
            }
            Some(_) if !gap => (Some(Fault::Chain), 0),
            Some(_) | None => (None, 0),
        };
        self.cards.retain(|cards| cards.hand >= start.hand);
        self.events = Some(Vec::new());
        self.live = true;
    }

    fn ends(
        &mut self,
        hand: HandNo,
        opening: Option<&Opening>,
        player: Option<PlayerId>,
    ) -> Option<Verified> {
        let start = self.start.as_ref().filter(|start| start.hand == hand)?;
        let (later, cards) = std::mem::take(&mut self.cards).into_iter().partition(|c| c.hand > hand);
        self.cards = later;
        let events = self.events.take();
        if let Some(fault) = self.fault.take() {
            return Some((hand, Err(fault)));
        }
        // A hand of a variant that this version does not know cannot be played again.
        if self.config.scripted || variant::by_code(&self.config.variant).is_none() {
            return None;
        }
        let Some(opening) = opening else { return Some((hand, Err(Fault::NoCommitments))) };
        let (events, cards): (_, Vec<PrivateCards>) = (events?, cards);
        let own = seat_of(start, player).map(|seat| (seat, &cards[..]));
        let seen = Seen { table: self.table, config: &self.config, start, events: &events, opening, own };
        Some((hand, check(&seen).map(|verdict| Verdict { withheld: self.withheld, ..verdict })))
    }
}

fn seat_of(start: &HandStart, player: Option<PlayerId>) -> Option<SeatNo> {
    start.stacks.iter().find(|stack| Some(stack.player) == player).map(|stack| stack.seat)
}

/// Returns whether a player who stayed in the seat is dealt in, and the player's part is missing.
fn is_left_out(before: &HandStart, start: &HandStart, player: Option<PlayerId>, part: Contribution) -> bool {
    let Some(seat) = seat_of(before, player).filter(|seat| seat_of(start, player) == Some(*seat)) else {
        return false;
    };
    let own = Mix { seat, value: part.value, pledge: part.pledge };
    !start.deal.as_ref().is_some_and(|deal| deal.mixes.contains(&own))
}

/// Returns the number of players dealt in whose pledged number is not in the deck.
fn withheld(before: &HandStart, start: &HandStart) -> usize {
    let pledged = before.deal.iter().flat_map(|deal| &deal.mixes).map(|mix| mix.seat);
    let mixes = start.deal.as_ref().map(|deal| &deal.mixes[..]).unwrap_or_default();
    let given = |seat: SeatNo| mixes.iter().any(|mix| mix.seat == seat && mix.value.is_some());
    let plays = |seat: SeatNo| start.stacks.iter().any(|stack| stack.seat == seat);
    pledged.filter(|seat| plays(*seat) && !given(*seat)).count()
}
