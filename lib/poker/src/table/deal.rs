//! The decisions of the clock: the beginning of hands, the end of turns, and the clearing of seats
//! between hands.

use super::{Blinds, Committed, Playing, Seat, Table, button, evolve, start::new_hand};
use crate::{dealing, hand::Hand, shuffle};
use wire::{
    Action, Chips, Refusal, SeatNo,
    deal::{Contribution, Deal, Mix},
    event::{HandStart, Seed, Stack, TableEvent, Unseating},
    tournament::Then,
};

impl Table {
    /// Returns the events that are due at `now_ms` without a command, one step at a time; call it
    /// again until it returns none. `seed` draws the seed of the next hand's deck if a hand begins.
    #[must_use]
    pub fn tick(&self, now_ms: u64, seed: impl FnOnce() -> Seed) -> Vec<TableEvent> {
        self.tick_with(now_ms, |table| Decks::of(table, seed()))
    }

    /// Returns the events that [`Table::tick`] returned for a hand that began before decks were
    /// committed to card by card.
    #[must_use]
    pub fn tick_revealing(&self, now_ms: u64, seed: Seed) -> Vec<TableEvent> {
        self.tick_with(now_ms, |_| Decks::revealing(seed))
    }

    fn tick_with(&self, now_ms: u64, decks: impl FnOnce(&Self) -> Decks) -> Vec<TableEvent> {
        if self.closed {
            return Vec::new();
        }
        if let Some(event) = self.gone_too_long(now_ms) {
            return vec![event];
        }
        if let Some(playing) = &self.playing {
            let over = now_ms >= playing.deadline_ms || self.is_given_up(playing);
            return if over { self.time_out(playing, now_ms) } else { Vec::new() };
        }
        let tidied = self.tidy();
        if !tidied.is_empty() {
            return tidied;
        }
        match self.next_hand() {
            Some((blinds, dealt)) if self.is_pause_over(now_ms) => {
                self.begin(blinds, &dealt, decks(self), now_ms)
            }
            _ => Vec::new(),
        }
    }

    /// Returns the time of [`Table::tick`]'s next events, in milliseconds since 1970; `None` while
    /// only a command can change the table.
    #[must_use]
    pub fn next_deadline_ms(&self) -> Option<u64> {
        if self.closed {
            return None;
        }
        let next = match &self.playing {
            Some(playing) if self.is_given_up(playing) => Some(0),
            Some(playing) => Some(playing.deadline_ms),
            None if !self.tidy().is_empty() => Some(0),
            None => self.next_hand().map(|_| self.next_hand_ms),
        };
        next.into_iter().chain(self.absence_deadline_ms()).min()
    }

    /// Returns whether the next hand may begin. A pause that would last longer than the configured
    /// one was started by a clock that was ahead of this one, and counts as over.
    fn is_pause_over(&self, now_ms: u64) -> bool {
        let longest_ms = now_ms + u64::from(self.config.hand_pause_ms);
        now_ms >= self.next_hand_ms || longest_ms < self.next_hand_ms
    }

    /// Returns the events of a change of owner: the player whose turn it is gets the full time
    /// again, because no player could act while the table had no owner, and absent players get time
    /// to come back. The record also fences off an old owner that does not know of the change yet.
    /// A time that ends later than any can was set by a clock that was ahead of this one, and is
    /// counted anew.
    #[must_use]
    pub fn resume(&self, now_ms: u64) -> Vec<TableEvent> {
        let mut events = Vec::new();
        if let Some(playing) = &self.playing
            && let Some(seat) = playing.hand.actor()
        {
            let full_ms = now_ms + self.time_to_act_ms(seat);
            let was_ahead = playing.deadline_ms > now_ms + u64::from(self.config.action_ms);
            if was_ahead {
                events.push(TableEvent::ClockExtended { deadline_ms: full_ms });
            } else if self.waits_for(playing) {
                events.push(TableEvent::ClockExtended { deadline_ms: playing.deadline_ms.max(full_ms) });
            }
        }
        events.extend(self.extend_absences(now_ms));
        events
    }

    fn time_out(&self, playing: &Playing, now_ms: u64) -> Vec<TableEvent> {
        let Some(seat) = playing.hand.actor() else {
            return Vec::new();
        };
        let mut events = vec![TableEvent::TimedOut { seat }];
        // A player without a connection is not dealt in at a cash table anyway, and is in again as
        // soon as the connection is back.
        if self.seat(seat).is_some_and(|s| !s.bot && !s.sitting_out && !s.is_gone()) {
            events.push(TableEvent::SatOut { seat });
        }
        // Check, or fold when facing a bet (TDA 29).
        let action = playing.hand.default_action();
        match act(self, playing, seat, &action, now_ms) {
            Ok(rest) => events.extend(rest),
            // The default action is always legal; should it ever be refused, the hand must not
            // hang.
            Err(_) => events.extend(act(self, playing, seat, &Action::Fold, now_ms).unwrap_or_default()),
        }
        events
    }

    /// Returns the events between hands: players who leave, bust players, top-ups of bots, and
    /// closing.
    fn tidy(&self) -> Vec<TableEvent> {
        let mut postings = self.postings;
        let mut events = Vec::new();
        for (no, seat) in self.taken().filter(|(_, seat)| seat.awaited.is_none()) {
            let event = match self.due(seat) {
                None => continue,
                Some(Due::TopUp) => TableEvent::TopUpAsked {
                    seat: no,
                    amount: seat.buy_in,
                    posting: self.posting(postings + 1),
                },
                Some(Due::Leave(reason)) => {
                    let cash_out = if self.tournament.is_some() { Chips::ZERO } else { seat.stack };
                    // A cash-out of 0 chips is posted too: it ends the player's stake at the
                    // cashier.
                    let posting = self.tournament.is_none().then(|| self.posting(postings + 1));
                    TableEvent::Unseated { seat: no, player: seat.player, reason, cash_out, posting }
                }
            };
            postings += u64::from(evolve::has_posting(&event));
            events.push(event);
        }
        if self.closing && !self.closed && self.taken().next().is_none() {
            events.push(TableEvent::Closed);
        }
        events
    }

    fn due(&self, seat: &Seat) -> Option<Due> {
        if self.closing {
            return Some(Due::Leave(Unseating::TableClosed));
        }
        if seat.is_over() && seat.leaving {
            return Some(Due::Leave(Unseating::Gone));
        }
        match (seat.leaving, seat.stack.is_zero(), seat.bot && self.tournament.is_none()) {
            (true, _, _) => Some(Due::Leave(Unseating::Left)),
            (false, true, true) => Some(Due::TopUp),
            (false, true, false) => Some(Due::Leave(Unseating::Busted)),
            (false, false, _) => None,
        }
    }

    /// Returns the blinds and the seats dealt in if a hand may begin now.
    fn next_hand(&self) -> Option<(Blinds, Vec<SeatNo>)> {
        if self.closing || self.config.scripted {
            return None;
        }
        if let Some(side) = &self.tournament
            && (side.then != Some(Then::Play) || side.unreported.is_some())
        {
            return None;
        }
        // In a tournament players who sit out or are absent are dealt in and blinded off; at a cash
        // table they are not dealt in.
        let plays = |seat: &Seat| {
            let out = seat.sitting_out || seat.is_gone();
            !seat.reserved && !seat.stack.is_zero() && (self.tournament.is_some() || !out)
        };
        let active: Vec<SeatNo> = self.taken().filter(|(_, seat)| plays(seat)).map(|(no, _)| no).collect();
        // The first button is drawn from the table's id: random, and the same in every replay.
        button::place(self.blinds, &active, self.config.seats, self.id.0)
    }

    fn begin(&self, blinds: Blinds, dealt: &[SeatNo], decks: Decks, now_ms: u64) -> Vec<TableEvent> {
        let stacks = dealt
            .iter()
            .filter_map(|&no| {
                self.seat(no).map(|seat| Stack { seat: no, player: seat.player, chips: seat.stack })
            })
            .collect();
        let start = HandStart {
            hand: self.hand_no.next(),
            button: blinds.button,
            small_blind: (!blinds.small_blind_dead).then_some(blinds.small_blind),
            big_blind: blinds.big_blind,
            level: self.level,
            stacks,
            commitment: decks.commitment,
            deal: decks.deal.map(|deal| Deal { mixes: self.mixes(dealt), ..deal }),
        };
        let (seed, next_seed) = (decks.seed, decks.next_seed);
        match new_hand(&self.config, &start, &seed, None) {
            Ok(hand) => {
                let begins = TableEvent::HandStarted { start: start.clone(), seed, script: None, next_seed };
                self.open(hand, begins, &start, seed, now_ms)
            }
            Err(_) => Vec::new(),
        }
    }

    /// Returns the parts in the decks of the players dealt in.
    fn mixes(&self, dealt: &[SeatNo]) -> Vec<Mix> {
        let mix = |&seat: &SeatNo| {
            let Contribution { value, pledge } = self.seat(seat)?.mix?;
            Some(Mix { seat, value, pledge })
        };
        dealt.iter().filter_map(mix).collect()
    }

    /// Returns the events that begin a hand, from the first of them.
    pub(super) fn open(
        &self,
        mut hand: Hand,
        begins: TableEvent,
        start: &HandStart,
        seed: Seed,
        now_ms: u64,
    ) -> Vec<TableEvent> {
        let mut opening = Vec::with_capacity(16);
        hand.begin(&mut opening);
        let mut events = vec![begins];
        events.extend(opening.into_iter().map(TableEvent::Hand));
        let next = Turn { start, seed, turn: 0 };
        self.what_next(&hand, &next, now_ms, &mut events);
        events
    }

    /// Appends the next turn, or the end of the hand, after the hand's own events.
    fn what_next(&self, hand: &Hand, at: &Turn<'_>, now_ms: u64, events: &mut Vec<TableEvent>) {
        if let Some(seat) = hand.actor() {
            let time = self.time_to_act_ms(seat);
            let turn = at.turn + 1;
            events.push(TableEvent::Turn { seat, turn, legal: hand.legal(), deadline_ms: now_ms + time });
            return;
        }
        let after = |stack: &Stack| Stack {
            chips: hand.seat(stack.seat).map_or(stack.chips, |seat| seat.stack),
            ..*stack
        };
        events.push(TableEvent::HandEnded {
            hand: at.start.hand,
            stacks: at.start.stacks.iter().map(after).collect(),
            seed: at.seed,
            dealt: at.start.deal.as_ref().map(|_| match self.config.open_decks {
                true => dealing::ALL,
                false => hand.places(),
            }),
            next_hand_ms: now_ms + u64::from(self.config.hand_pause_ms),
        });
    }

    /// Returns whether the turn waits for a person's or a bot's decision, not only for the clock of
    /// an absent player.
    pub(super) fn waits_for(&self, playing: &Playing) -> bool {
        playing.hand.actor().is_some_and(|seat| !self.is_away(seat))
    }

    /// Returns whether the table acts for this seat at once. A player who sits out of a cash game
    /// plays the hand to its end first; in a tournament the table does not wait for such a player.
    pub(super) fn is_away(&self, no: SeatNo) -> bool {
        let sits_out = |seat: &Seat| seat.sitting_out && self.tournament.is_some();
        let away = |seat: &Seat| seat.away || seat.leaving || seat.is_over() || sits_out(seat);
        self.seat(no).is_some_and(away)
    }

    /// Returns whether the player whose turn it is has been absent for too long.
    fn is_given_up(&self, playing: &Playing) -> bool {
        playing.hand.actor().and_then(|no| self.seat(no)).is_some_and(Seat::is_over)
    }
}

enum Due {
    TopUp,
    Leave(Unseating),
}

/// The decks of a hand that begins and of the next one.
struct Decks {
    seed: Seed,
    commitment: Seed,
    deal: Option<Deal>,
    next_seed: Option<Seed>,
}

impl Decks {
    /// Returns the decks of a table's next hand, with the seed of the one after it.
    fn of(table: &Table, next_seed: Seed) -> Self {
        let hand = table.hand_no.next();
        let committed = table.committed.unwrap_or_else(|| {
            let (seed, previous) = (dealing::first_seed(&next_seed), dealing::NOTHING);
            let commitment = dealing::commitment(table.id, hand, &previous, &seed);
            Committed { seed, commitment, previous }
        });
        let next = dealing::commitment(table.id, hand.next(), &committed.commitment, &next_seed);
        Self {
            seed: committed.seed,
            commitment: Seed(committed.commitment.0),
            deal: Some(Deal { previous: committed.previous, next, mixes: Vec::new() }),
            next_seed: Some(next_seed),
        }
    }

    /// Returns the deck of a hand whose seed is revealed after it.
    fn revealing(seed: Seed) -> Self {
        Self { seed, commitment: shuffle::commitment(&seed), deal: None, next_seed: None }
    }
}

/// The position in a hand that its next turn or its end refers to.
struct Turn<'a> {
    start: &'a HandStart,
    seed: Seed,
    turn: u32,
}

/// Returns the events of an action and all that follows from it.
pub(super) fn act(
    table: &Table,
    playing: &Playing,
    seat: SeatNo,
    action: &Action,
    now_ms: u64,
) -> Result<Vec<TableEvent>, Refusal> {
    let mut hand = playing.hand.clone();
    let mut caused = Vec::with_capacity(4);
    hand.play(seat, action, &mut caused)?;
    let mut events: Vec<TableEvent> = caused.into_iter().map(TableEvent::Hand).collect();
    let at = Turn { start: &playing.start, seed: playing.seed, turn: playing.turn };
    table.what_next(&hand, &at, now_ms, &mut events);
    Ok(events)
}
