//! The replay of a hand file by the rules.

use super::{
    Amount, Phh, PhhError, amount_of,
    script::{self, Move, Script, Step},
};
use crate::hand::{Hand, HandSetup};
use wire::{Action, Card, SeatNo, event::HandEvent};

/// A hand file after its replay.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The hand before its first event.
    pub start: Hand,
    /// All events.
    pub events: Vec<HandEvent>,
    /// The hand after them.
    pub end: Hand,
    unit: u64,
}

/// The comparison of a replay with the file.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplayResult {
    /// The stacks are the file's, or the file has none.
    Exact,
    /// The stacks differ.
    Different {
        /// The file's stacks, player by player.
        expected: Vec<Amount>,
        /// The replay's stacks, in the same unit.
        found: Vec<Amount>,
    },
    /// The file could not be replayed.
    Refused(PhhError),
}

impl Phh {
    /// Replays the hand and compares the stacks.
    #[must_use]
    pub fn check(&self) -> ReplayResult {
        let replay = match self.replay() {
            Ok(replay) => replay,
            Err(error) => return ReplayResult::Refused(error),
        };
        let found = replay.finishing_stacks();
        match &self.finishing_stacks {
            Some(expected) if *expected != found => {
                ReplayResult::Different { expected: expected.clone(), found }
            }
            _ => ReplayResult::Exact,
        }
    }

    /// Replays the hand.
    ///
    /// # Errors
    /// [`PhhError`] when the file is malformed or the rules refuse an action.
    pub fn replay(&self) -> Result<Replay, PhhError> {
        self.replay_from(&self.setup()?, |_, _| ())
    }

    /// Replays the hand from a given setup, e.g. one with a raise cap. `watch` gets the hand before
    /// each player's action, with the action's index in the list.
    ///
    /// Cards that the file does not name are made up; cards that a player shows at the end are
    /// among that player's.
    ///
    /// # Errors
    /// [`PhhError`] when the file is malformed or the rules refuse an action.
    pub fn replay_from(
        &self,
        setup: &HandSetup,
        mut watch: impl FnMut(usize, &Hand),
    ) -> Result<Replay, PhhError> {
        let script = script::parse(self)?;
        let mut player = Player::new(self, setup, script.clone())?;
        if script.shown.iter().all(Vec::is_empty) || !player.has_unknown() {
            return player.play(&mut watch);
        }
        // The first replay finds the made-up cards that are still held when hands are shown.
        let first = player.clone().play(&mut |_, _| ());
        if let Ok(first) = first {
            player.name_shown(&first, &script);
        }
        player.play(&mut watch)
    }
}

impl Replay {
    /// Returns the stacks after the hand, player by player, as amounts of the file.
    #[must_use]
    pub fn finishing_stacks(&self) -> Vec<Amount> {
        self.end.seats().map(|(_, seat)| amount_of(seat.stack, self.unit)).collect()
    }
}

#[derive(Clone)]
struct Player<'a> {
    phh: &'a Phh,
    unit: u64,
    start: Hand,
    hand: Hand,
    script: Script,
    /// Cards that stand for unknown ones.
    spare: Vec<Card>,
    /// Made-up cards with the shown cards that replace them.
    renamed: Vec<(Card, Card)>,
    /// Made-up cards, after the replacement.
    made_up: Vec<Card>,
    events: Vec<HandEvent>,
}

impl<'a> Player<'a> {
    fn new(phh: &'a Phh, setup: &HandSetup, script: Script) -> Result<Self, PhhError> {
        let start = Hand::new(setup)?;
        Ok(Self {
            phh,
            unit: phh.unit(),
            hand: start.clone(),
            spare: script::unnamed(&script, setup.variant.stock),
            start,
            script,
            renamed: Vec::new(),
            made_up: Vec::new(),
            events: Vec::new(),
        })
    }

    fn has_unknown(&self) -> bool {
        self.script.hole.iter().flatten().any(Option::is_none)
    }

    fn play(mut self, watch: &mut dyn FnMut(usize, &Hand)) -> Result<Replay, PhhError> {
        loop {
            self.follow();
            let actor = self.hand.actor();
            match (self.script.steps.pop_front(), actor) {
                (Some(step), Some(actor)) if step.player == usize::from(actor) => {
                    watch(step.index, &self.hand);
                    self.act(&step, actor)?;
                }
                (Some(step), _) if self.decides_nothing(&step) => {}
                (Some(step), turn) => {
                    return Err(PhhError::OutOfTurn {
                        index: step.index,
                        text: self.phh.actions[step.index].clone(),
                        turn: turn.map(usize::from),
                    });
                }
                (None, Some(turn)) => {
                    return Err(PhhError::Unfinished { turn: turn.into() });
                }
                (None, None) => break,
            }
        }
        Ok(Replay { start: self.start, events: self.events, end: self.hand, unit: self.unit })
    }

    /// Returns whether a check is only in the file because other engines ask a player who has no
    /// opponent left to bet against.
    fn decides_nothing(&self, step: &Step) -> bool {
        let others = self.hand.seats().filter(|(seat, _)| usize::from(*seat) != step.player);
        let mut others = others.map(|(_, seat)| seat);
        step.what == Move::CheckOrCall && (self.hand.is_over() || !others.any(|seat| seat.can_bet()))
    }

    /// Applies the events that need no decision, with the file's cards.
    fn follow(&mut self) {
        loop {
            let mut due = Vec::new();
            self.hand.pending(&mut due);
            if due.is_empty() {
                return;
            }
            for mut event in due {
                match &mut event {
                    HandEvent::Dealt { seat, down, up } => {
                        let nth = usize::from(*seat);
                        for card in down.iter_mut().chain(up.iter_mut()) {
                            let known = self.script.hole.get_mut(nth).and_then(|hole| hole.pop_front());
                            *card = self.named_or_made_up(known.flatten(), *card);
                        }
                    }
                    HandEvent::Board { cards, .. } => {
                        for card in cards.iter_mut() {
                            let known = self.script.board.pop_front().flatten();
                            *card = self.named_or_made_up(known, *card);
                        }
                    }
                    _ => {}
                }
                self.hand.evolve(&event);
                self.events.push(event);
            }
        }
    }

    fn named_or_made_up(&mut self, known: Option<Card>, otherwise: Card) -> Card {
        if let Some(known) = known {
            return known;
        }
        let made_up = self.spare.pop().unwrap_or(otherwise);
        let renamed = self.renamed.iter().find(|(from, _)| *from == made_up);
        let card = renamed.map_or(made_up, |&(_, to)| to);
        self.made_up.push(card);
        card
    }

    fn act(&mut self, step: &Step, actor: SeatNo) -> Result<(), PhhError> {
        let text = || self.phh.actions[step.index].clone();
        let legal = self.hand.legal();
        let action = match &step.what {
            Move::Fold => Action::Fold,
            Move::CheckOrCall if legal.check => Action::Check,
            Move::CheckOrCall => Action::Call,
            Move::BringIn => Action::BringIn,
            Move::To(amount) => {
                let to = amount.chips(self.unit).ok_or(PhhError::Amount(*amount))?;
                if legal.bet.is_some() { Action::Bet(to) } else { Action::RaiseTo(to) }
            }
            Move::Discard(thrown) => Action::Discard(self.thrown(thrown, actor)),
        };
        let event = self.hand.acted(actor, &action).map_err(|refusal| PhhError::Refused {
            index: step.index,
            text: text(),
            refusal,
        })?;
        self.hand.evolve(&event);
        self.events.push(event);
        Ok(())
    }

    /// Returns the discards; for unknown ones, the first made-up cards that the player holds.
    fn thrown(&self, thrown: &[Option<Card>], actor: SeatNo) -> Vec<Card> {
        let held = self.hand.seat(actor).map(|seat| seat.down).unwrap_or_default();
        let mut cards: Vec<Card> = thrown.iter().copied().flatten().collect();
        let unknown = thrown.len() - cards.len();
        let made_up = held.iter().filter(|card| self.made_up.contains(card));
        let chosen: Vec<Card> = made_up.filter(|card| !cards.contains(card)).copied().take(unknown).collect();
        cards.extend(chosen);
        cards
    }

    /// Replaces the made-up cards that a player held at the end by the cards that the player
    /// showed.
    fn name_shown(&mut self, first: &Replay, script: &Script) {
        let dealt: Vec<Card> = script.hole.iter().flatten().chain(&script.board).copied().flatten().collect();
        for ((_, seat), shown) in first.end.seats().zip(&script.shown) {
            let held = seat.cards();
            let made_up = held.iter().filter(|card| self.spare.contains(card));
            let unknown = shown.iter().filter(|card| !dealt.contains(card));
            self.renamed.extend(made_up.copied().zip(unknown.copied()));
        }
    }
}
