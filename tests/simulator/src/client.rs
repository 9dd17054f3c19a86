//! The model of a client: a person at one table who acts on the events seen, repeats commands until
//! they are answered, and asks for missed events.

use crate::{chance::Chance, play::choose};
use client::ClientEvent;
use poker::verifying::Witness;
use std::rc::Rc;
use testkit::check::{Answer, ClientLog, Kind, Sent};
use wire::{
    Chips, CommandId, HandNo, Legal, PlayerCommand, PlayerId, SeatNo, TableId,
    event::Event,
    table::{Resync, TableCommand, TableReply},
    view::TableView,
};

/// A command without an answer is repeated after this time, in milliseconds.
const AGAIN_MS: u64 = 600;
/// After this time without events the client asks for a resync, in milliseconds.
const SILENCE_MS: u64 = 3_000;
/// Ids of resync requests, which are no commands, begin here.
const QUESTIONS: u64 = 1 << 45;

/// A command to be sent to the table.
pub(crate) struct Sending {
    pub(crate) id: CommandId,
    pub(crate) command: TableCommand,
}

/// A command without an answer.
struct Unanswered {
    id: CommandId,
    command: TableCommand,
    /// Index of its line in the log.
    line: usize,
    due_ms: u64,
    since_ms: u64,
}

/// A resync without an answer.
#[derive(Clone, Copy)]
struct Asked {
    id: CommandId,
    /// Number of the last event seen when it was sent.
    since: Option<u64>,
    at_ms: u64,
}

/// A client at one table.
pub(crate) struct Client {
    pub(crate) player: PlayerId,
    pub(crate) table: TableId,
    /// The number of this run of the client's program.
    pub(crate) life: u32,
    pub(crate) cut_until_ms: u64,
    /// Whether the client sends no new commands.
    pub(crate) quiet: bool,
    log: ClientLog,
    /// Number of the last event seen; `None` before the first resync.
    last: Option<u64>,
    behind: bool,
    heard_ms: u64,
    asked: Option<Asked>,
    unanswered: Option<Unanswered>,
    next: u64,
    seat: Option<SeatNo>,
    hand: HandNo,
    turn: Option<(u32, Legal)>,
    buy_in: Chips,
    closed: bool,
    /// Verifies the deals of the table.
    witness: Option<Witness>,
}

impl Client {
    pub(crate) fn new(
        player: PlayerId,
        table: TableId,
        buy_in: Chips,
        life: u32,
        chance: &mut Chance,
    ) -> Self {
        Self {
            player,
            table,
            life,
            cut_until_ms: 0,
            quiet: false,
            log: ClientLog::of(Some(player)),
            last: None,
            behind: true,
            heard_ms: 0,
            asked: None,
            unanswered: None,
            next: chance.below(1 << 44),
            seat: None,
            hand: HandNo(0),
            turn: None,
            buy_in,
            closed: false,
            witness: None,
        }
    }

    /// Ends the client's program and starts another one; returns the log of the ended one.
    pub(crate) fn begin_again(&mut self, chance: &mut Chance) -> ClientLog {
        let next = Self::new(self.player, self.table, self.buy_in, self.life + 1, chance);
        let quiet = self.quiet;
        let ended = std::mem::replace(self, next);
        self.quiet = quiet;
        ended.log
    }

    pub(crate) fn log(&self) -> ClientLog {
        self.log.clone()
    }

    /// Returns since when a command waits for its answer, if one does.
    pub(crate) fn waits_since_ms(&self) -> Option<u64> {
        self.unanswered.as_ref().map(|unanswered| unanswered.since_ms)
    }

    /// Breaks the client's connection until this time.
    pub(crate) fn cut(&mut self, until_ms: u64) {
        self.cut_until_ms = until_ms;
        self.behind = true;
        self.asked = None;
    }

    /// Returns the commands that the client sends now.
    pub(crate) fn act(&mut self, now_ms: u64, chance: &mut Chance) -> Vec<Sending> {
        let mut sendings = Vec::new();
        if now_ms < self.cut_until_ms {
            return sendings;
        }
        self.behind |= now_ms >= self.heard_ms + SILENCE_MS;
        if self.behind && self.asked.is_none_or(|asked| now_ms >= asked.at_ms + AGAIN_MS) {
            self.next += 1;
            let id = CommandId(QUESTIONS + self.next);
            self.asked = Some(Asked { id, since: self.last, at_ms: now_ms });
            sendings.push(Sending { id, command: TableCommand::Resync { since: self.last } });
        }
        if let Some(unanswered) = &mut self.unanswered {
            if now_ms >= unanswered.due_ms {
                unanswered.due_ms = now_ms + AGAIN_MS;
                sendings.push(Sending { id: unanswered.id, command: unanswered.command.clone() });
            }
            return sendings;
        }
        if self.quiet || self.closed || self.last.is_none() {
            return sendings;
        }
        if let Some((command, kind)) = self.wish(chance) {
            self.next += 1;
            let id = CommandId(self.next);
            let line = self.log.commands.len();
            let answer = Answer::None;
            self.log.commands.push(Sent { id, table: self.table, kind, at_ms: now_ms, answer });
            let due_ms = now_ms + AGAIN_MS;
            sendings.push(Sending { id, command: command.clone() });
            self.unanswered = Some(Unanswered { id, command, line, due_ms, since_ms: now_ms });
        }
        sendings
    }

    /// Returns a new command to send, if the client has one.
    fn wish(&mut self, chance: &mut Chance) -> Option<(TableCommand, Kind)> {
        let name = || format!("p{}", self.player);
        if let Some((turn, legal)) = self.turn.take() {
            // Now and then a player does not act in time.
            if chance.below(40) > 0 {
                let (hand, action) = (self.hand, choose(&legal, &[], chance));
                let witness = self.witness.as_mut();
                let mix = witness.and_then(|witness| witness.contribution(hand, Some(self.player)));
                return Some((PlayerCommand::Act { hand, turn, action, mix }.by(""), Kind::Change));
            }
        }
        let seated = self.seat.is_some();
        match chance.below(if seated { 400 } else { 60 }) {
            0..=10 if !seated => {
                let command = PlayerCommand::Sit { seat: None, buy_in: self.buy_in }.by(&name());
                Some((command, Kind::Paid))
            }
            11..15 => Some((PlayerCommand::Say { text: "hello".to_owned() }.by(&name()), Kind::Change)),
            15 | 16 => Some((PlayerCommand::SitOut.by(""), Kind::Wish)),
            17..30 if seated => Some((PlayerCommand::SitIn.by(""), Kind::Wish)),
            33..40 if seated => {
                let amount = Chips(1 + chance.below(self.buy_in.0));
                Some((PlayerCommand::TopUp { amount }.by(""), Kind::Paid))
            }
            30 | 31 => Some((PlayerCommand::Leave.by(""), Kind::Wish)),
            32 if seated => {
                let action = wire::Action::Check;
                Some((PlayerCommand::act(self.hand, 1, action).by(""), Kind::Change))
            }
            _ => None,
        }
    }

    /// Takes in an answer.
    pub(crate) fn answered(&mut self, id: CommandId, reply: &TableReply, now_ms: u64) {
        if let TableReply::Resync(resync) = reply {
            if let Some(asked) = self.asked.take_if(|asked| asked.id == id) {
                self.resync(resync, asked.since, now_ms);
            }
            return;
        }
        let Some(unanswered) = self.unanswered.as_mut().filter(|unanswered| unanswered.id == id) else {
            return;
        };
        let answer = match reply {
            TableReply::Refused(refusal) if refusal.is_transient() => {
                unanswered.due_ms = unanswered.due_ms.min(now_ms + AGAIN_MS / 6);
                return;
            }
            TableReply::Refused(_) => Answer::Refused,
            _ => Answer::Done,
        };
        if let Some(sent) = self.log.commands.get_mut(unanswered.line) {
            sent.answer = answer;
        }
        if let TableCommand::Player { command: PlayerCommand::Act { mix: Some(part), .. }, .. } =
            &unanswered.command
            && let (Answer::Done, Some(witness)) = (answer, &mut self.witness)
        {
            witness.accepted(*part);
        }
        self.unanswered = None;
    }

    /// Takes in events from the feed.
    pub(crate) fn hear(&mut self, first: u64, events: &Rc<Vec<Event>>, now_ms: u64) {
        let Some(last) = self.last.filter(|_| now_ms >= self.cut_until_ms) else { return };
        self.heard_ms = now_ms;
        if first > last + 1 {
            self.behind = true;
            return;
        }
        for (number, event) in (first..).zip(events.iter()) {
            if number > last {
                self.see(number, event, now_ms);
            }
        }
    }

    fn resync(&mut self, resync: &Resync, since: Option<u64>, now_ms: u64) {
        self.learn(resync);
        (self.behind, self.heard_ms) = (false, now_ms);
        let last = self.last.unwrap_or(0);
        let events = resync.events.as_ref();
        if let Some(events) = events.filter(|events| self.last.is_some() && events.first <= last + 1) {
            for (number, event) in (events.first..).zip(&events.events) {
                if number > self.last.unwrap_or(0) {
                    self.see(number, event, now_ms);
                }
            }
        } else if since < self.last && resync.view.event_no > last {
            // The table may remember what is missing after the events that came meanwhile.
            self.behind = true;
        } else if resync.view.event_no > last || self.last.is_none() {
            let so_far = events.map(|events| (events.first..).zip(events.events.clone()).collect());
            let (view, cards) = (Box::new(resync.view.clone()), resync.cards.clone());
            let so_far: Vec<(u64, Event)> = so_far.unwrap_or_default();
            self.verify_from(&resync.view, &so_far);
            let event = match self.last {
                None => ClientEvent::Table { view, cards, so_far },
                Some(_) => ClientEvent::Restarted { view, cards, so_far },
            };
            self.log.see(&event, now_ms);
            self.last = Some(resync.view.event_no);
        }
        self.look(resync);
    }

    fn verify_from(&mut self, view: &TableView, so_far: &[(u64, Event)]) {
        let secret = [self.life as u8; 32];
        let witness = self.witness.get_or_insert_with(|| Witness::new(view, secret));
        witness.restart(so_far.iter().map(|(_, event)| event), Some(self.player));
    }

    /// Notes the own cards of a table's answer.
    fn learn(&mut self, resync: &Resync) {
        if let (Some(witness), Some(cards)) = (&mut self.witness, &resync.cards) {
            witness.learn(cards);
        }
    }

    /// Takes the state from a view, unless the view is older than the last event seen.
    fn look(&mut self, resync: &Resync) {
        let view = &resync.view;
        if self.last != Some(view.event_no) {
            return;
        }
        self.closed = view.closed;
        self.seat = view.seats.iter().find(|seat| seat.player == self.player).map(|seat| seat.seat);
        self.turn = None;
        if let Some(hand) = &view.hand {
            self.hand = hand.hand;
            let turn = hand.turn.as_ref().filter(|turn| Some(turn.seat) == self.seat);
            self.turn = turn.map(|turn| (turn.turn, turn.legal.clone()));
        }
    }

    fn see(&mut self, number: u64, event: &Event, now_ms: u64) {
        self.last = Some(number);
        self.log.see(&ClientEvent::Event { table: self.table, number, event: event.clone() }, now_ms);
        let witness = self.witness.as_mut();
        if let Some((hand, verdict)) = witness.and_then(|witness| witness.hear(event, Some(self.player))) {
            self.log.see(&ClientEvent::Verified { table: self.table, hand, verdict }, now_ms);
        }
        match event {
            Event::Seated { seat, player, .. } if *player == self.player => self.seat = Some(*seat),
            Event::Unseated { player, .. } if *player == self.player => self.seat = None,
            Event::HandStarted(start) => (self.hand, self.turn) = (start.hand, None),
            Event::Turn { seat, turn, legal, .. } if Some(*seat) == self.seat => {
                self.turn = Some((*turn, legal.clone()));
            }
            Event::Acted { .. } | Event::TimedOut { .. } | Event::Drew { .. } => self.turn = None,
            Event::Closed => self.closed = true,
            _ => {}
        }
    }
}
