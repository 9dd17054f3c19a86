//! A viewer that verifies the deals of a table which it follows, and takes part in its decks if it
//! plays there.

use super::{Fault, Seen, Verdict, check, continues, is_pledged, number, pledge};
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

/// All that was seen of a table's deals.
///
/// Events have to come in order. After missed ones [`Witness::restart`] goes on.
#[derive(Debug)]
pub struct Witness {
    table: TableId,
    config: TableConfig,
    /// Makes the player's numbers.
    secret: [u8; 32],
    /// The last hand that began.
    start: Option<HandStart>,
    /// The events since then; none if some are missing.
    events: Option<Vec<Event>>,
    /// The player's hidden cards in this hand.
    cards: Vec<PrivateCards>,
    /// Whether this hand's beginning came as it happened. Otherwise another program of the player's
    /// may have sent a part in this hand already.
    live: bool,
    /// The fault of the beginning of this hand.
    fault: Option<Fault>,
    /// The hand in which the player's part was sent, and the part.
    sent: Option<(HandNo, Contribution)>,
    /// Whether the table has accepted it.
    accepted: bool,
}

/// A verified hand.
pub type Verified = (HandNo, Result<Verdict, Fault>);

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
            events: None,
            cards: Vec::new(),
            live: false,
            fault: None,
            sent: None,
            accepted: false,
        }
    }

    /// Goes on after a gap, with the events of the hand being played so far.
    pub fn restart<'a>(&mut self, so_far: impl Iterator<Item = &'a Event>, player: Option<PlayerId>) {
        (self.start, self.events) = (None, None);
        for event in so_far {
            self.hear(event, player);
        }
        self.live = false;
    }

    /// Notes the player's hidden cards.
    pub fn learn(&mut self, cards: &PrivateCards) {
        // The cards may come before the event that begins their hand.
        self.cards.retain(|known| known.hand == cards.hand && known != cards);
        self.cards.push(cards.clone());
    }

    /// Notes an event of the table, as `player` sees it. Returns the verdict on a hand that is
    /// over.
    pub fn hear(&mut self, event: &Event, player: Option<PlayerId>) -> Option<Verified> {
        match event {
            Event::HandStarted(start) => self.begins(start, player),
            Event::HandEnded { opening, .. } => {
                let events = self.events.take()?;
                return self.verify(&events, opening.as_ref()?, player);
            }
            Event::Unknown(_) => self.events = None,
            Event::Unseated { player: left, .. } if Some(*left) == player => self.accepted = false,
            Event::Said { .. } => {}
            event => {
                self.events.take_if(|events| events.len() >= MOST_EVENTS);
                if let Some(events) = &mut self.events {
                    events.push(event.clone());
                }
            }
        }
        None
    }

    /// Returns the player's part in the next decks, to be sent with an action in this hand; none if
    /// it was sent already.
    pub fn contribution(&mut self, hand: HandNo, player: Option<PlayerId>) -> Option<Contribution> {
        let start = self.start.as_ref().filter(|start| self.live && start.hand == hand)?;
        if self.sent.is_some_and(|(sent, _)| sent == hand) {
            return None;
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

    fn begins(&mut self, start: &HandStart, player: Option<PlayerId>) {
        let before = self.start.replace(start.clone()).filter(|before| before.hand.next() == start.hand);
        let own = self.sent.filter(|_| std::mem::take(&mut self.accepted)).map(|(_, part)| part);
        self.fault = before.and_then(|before| {
            let chained = continues(&before, start).err();
            let same_seat = seat_of(&before, player).filter(|seat| seat_of(start, player) == Some(*seat));
            let left_out = || own.zip(same_seat).is_some_and(|(part, seat)| !has(start, seat, part));
            chained.or_else(|| left_out().then_some(Fault::LeftOut))
        });
        self.cards.retain(|cards| cards.hand == start.hand);
        self.events = Some(Vec::new());
        self.live = true;
    }

    fn verify(&mut self, events: &[Event], opening: &Opening, player: Option<PlayerId>) -> Option<Verified> {
        let start = self.start.as_ref()?;
        let cards = std::mem::take(&mut self.cards);
        if let Some(fault) = self.fault.take() {
            return Some((start.hand, Err(fault)));
        }
        let own = seat_of(start, player).map(|seat| (seat, &cards[..]));
        let seen = Seen { table: self.table, config: &self.config, start, events, opening, own };
        Some((start.hand, check(&seen)))
    }
}

fn seat_of(start: &HandStart, player: Option<PlayerId>) -> Option<SeatNo> {
    start.stacks.iter().find(|stack| Some(stack.player) == player).map(|stack| stack.seat)
}

/// Returns whether a hand's deck has a player's part.
fn has(start: &HandStart, seat: SeatNo, part: Contribution) -> bool {
    let own = Mix { seat, value: part.value, pledge: part.pledge };
    start.deal.as_ref().is_some_and(|deal| deal.mixes.contains(&own))
}
