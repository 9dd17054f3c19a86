//! The smallest aggregate: a queue that pairs its waiting players.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails like a test")]

pub mod harness;

use host::{Aggregate, Answer, Limits, New, Past, Rate, RecordOf, Running};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wire::{CommandId, PlayerId, Refusal, TableId, event::Seed, journal::Cause};

/// After this time in the queue, in milliseconds, a player gives up.
pub const PATIENCE_MS: u64 = 10_000;
/// The rate of one player's chat.
pub const CHAT_OF_PLAYER: Rate = Rate { every_ms: 500, burst: 2 };
/// The rate of all players' chat.
pub const CHAT: Rate = Rate { every_ms: 100, burst: 5 };
/// Records between two snapshots.
const CADENCE: usize = 4;

/// A command to a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueCommand {
    Open,
    Join,
    Look,
    Close,
    /// Has no effect.
    Nothing,
    /// Causes a record of this many bytes.
    Write(usize),
    /// Causes a record, with low priority.
    Chat,
    /// The answer to the effect that seats a pair.
    Seated(u64),
}

/// An event of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum QueueEvent {
    Opened,
    Joined(PlayerId, u64),
    GaveUp(PlayerId),
    Paired(u64, PlayerId, PlayerId),
    Seated(u64),
    Extended(u64),
    Written(String),
    Said,
    Closed,
}

/// An answer of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueReply {
    Done,
    Waiting(usize),
    Refused(Refusal),
}

/// The news of a record: its events.
pub type QueueNews = Vec<QueueEvent>;

/// The state of a queue, as its snapshots have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueState {
    waiting: Vec<(PlayerId, u64)>,
    pairs: BTreeMap<u64, (PlayerId, PlayerId)>,
    paired: u64,
    closed: bool,
    /// Commands carried out; the number is the pair whose seating answers them.
    answered: Vec<(Option<PlayerId>, CommandId, Option<u64>)>,
}

/// A queue, with the number of records since its last snapshot.
#[derive(Clone, Debug)]
pub struct Queue {
    pub state: QueueState,
    tail: usize,
}

impl QueueState {
    fn evolve(&mut self, cause: Option<Cause>, events: &[QueueEvent]) {
        let mut pending = None;
        for event in events {
            match event {
                QueueEvent::Opened | QueueEvent::Written(_) | QueueEvent::Said => {}
                QueueEvent::Joined(player, until_ms) => self.waiting.push((*player, *until_ms)),
                QueueEvent::GaveUp(player) => self.waiting.retain(|(other, _)| other != player),
                QueueEvent::Paired(pair, one, other) => {
                    self.waiting.retain(|(player, _)| player != one && player != other);
                    self.pairs.insert(*pair, (*one, *other));
                    self.paired = *pair;
                    pending = Some(*pair);
                }
                QueueEvent::Seated(pair) => {
                    self.pairs.remove(pair);
                }
                QueueEvent::Extended(until_ms) => self.waiting.iter_mut().for_each(|w| w.1 = *until_ms),
                QueueEvent::Closed => self.closed = true,
            }
        }
        self.answered.extend(cause.map(|cause| (cause.player, cause.id, pending)));
    }
}

impl Queue {
    fn after(&self, record: &RecordOf<Self>) -> QueueState {
        let mut after = self.state.clone();
        after.evolve(record.cause, &record.events);
        after
    }
}

impl Aggregate for Queue {
    type Id = TableId;
    type Command = QueueCommand;
    type Event = QueueEvent;
    type State = QueueState;
    type Reply = QueueReply;
    type News = QueueNews;
    type Effect = (PlayerId, PlayerId);
    type Key = u64;

    const NAME: &'static str = "queue";
    const MAX_QUEUED: usize = 8;

    fn create(_: TableId, command: &QueueCommand, _: u64) -> Option<Result<New<Self>, Refusal>> {
        let queue = Self { state: QueueState::default(), tail: 0 };
        (*command == QueueCommand::Open).then_some(Ok((queue, vec![QueueEvent::Opened])))
    }

    fn replay(_: TableId, records: &mut [Past<Self>]) -> Result<Self, String> {
        let mut queue = Self { state: QueueState::default(), tail: 0 };
        for Past { record, bytes } in records {
            queue.wrote(*bytes, record.state.is_some());
            queue.evolve(record.clone());
        }
        Ok(queue)
    }

    fn decide(
        &self,
        cause: Option<Cause>,
        command: &QueueCommand,
        now_ms: u64,
        _: bool,
    ) -> Result<Vec<QueueEvent>, Refusal> {
        let player = || cause.and_then(|cause| cause.player).ok_or(Refusal::NotSeated);
        match command {
            QueueCommand::Open => Err(Refusal::AlreadyExists),
            QueueCommand::Join if self.state.closed => Err(Refusal::TableClosed),
            QueueCommand::Join => {
                let player = player()?;
                let mut events = vec![QueueEvent::Joined(player, now_ms + PATIENCE_MS)];
                if let Some((other, _)) = self.state.waiting.first() {
                    events.push(QueueEvent::Paired(self.state.paired + 1, *other, player));
                }
                Ok(events)
            }
            QueueCommand::Close if self.state.closed => Ok(Vec::new()),
            QueueCommand::Close => Ok(vec![QueueEvent::Closed]),
            QueueCommand::Look | QueueCommand::Nothing => Ok(Vec::new()),
            QueueCommand::Write(bytes) => Ok(vec![QueueEvent::Written("x".repeat(*bytes))]),
            QueueCommand::Chat => Ok(vec![QueueEvent::Said]),
            QueueCommand::Seated(pair) if self.state.pairs.contains_key(pair) => {
                Ok(vec![QueueEvent::Seated(*pair)])
            }
            QueueCommand::Seated(_) => Ok(Vec::new()),
        }
    }

    fn evolve(&mut self, record: RecordOf<Self>) -> Vec<QueueEvent> {
        match record.state {
            Some(state) => self.state = state,
            None => self.state.evolve(record.cause, &record.events),
        }
        record.events
    }

    fn low_priority(command: &QueueCommand) -> Option<Limits> {
        let limits = Limits { player: CHAT_OF_PLAYER, aggregate: CHAT, refusal: Refusal::TooMuchTalk };
        (*command == QueueCommand::Chat).then_some(limits)
    }

    fn look(&self, command: &QueueCommand, _: Option<PlayerId>, _: u64) -> Option<QueueReply> {
        (*command == QueueCommand::Look).then_some(QueueReply::Waiting(self.state.waiting.len()))
    }

    fn answer(&self, cause: Cause) -> Option<Answer<QueueReply>> {
        let known = |(player, id, _): &&(Option<PlayerId>, CommandId, Option<u64>)| {
            (*player, *id) == (cause.player, cause.id)
        };
        let (_, _, pair) = self.state.answered.iter().find(known)?;
        Some(match pair {
            Some(pair) if self.state.pairs.contains_key(pair) => Answer::Pending,
            Some(_) | None => Answer::Ready(QueueReply::Done),
        })
    }

    fn reply(&self, _: &QueueCommand) -> QueueReply {
        QueueReply::Done
    }

    fn refused(refusal: Refusal) -> QueueReply {
        QueueReply::Refused(refusal)
    }

    fn unknown() -> Refusal {
        Refusal::NoSuchTable
    }

    fn settles(event: &QueueEvent) -> bool {
        matches!(event, QueueEvent::Seated(_))
    }

    fn next_deadline_ms(&self) -> Option<u64> {
        self.state.waiting.iter().map(|(_, until_ms)| *until_ms).min()
    }

    fn tick(&self, now_ms: u64, _: impl FnOnce() -> Seed) -> Vec<QueueEvent> {
        let over = self.state.waiting.iter().filter(|(_, until_ms)| *until_ms <= now_ms);
        over.map(|(player, _)| QueueEvent::GaveUp(*player)).collect()
    }

    fn resume(&self, now_ms: u64) -> Vec<QueueEvent> {
        let extended = QueueEvent::Extended(now_ms + PATIENCE_MS);
        // Players with the full time need no extension.
        let is_full = |(_, until_ms): &(PlayerId, u64)| *until_ms >= now_ms + PATIENCE_MS;
        if self.state.waiting.iter().all(is_full) { Vec::new() } else { vec![extended] }
    }

    fn is_for_now_only(&self, events: &[QueueEvent], _: u64) -> bool {
        events.iter().any(|event| matches!(event, QueueEvent::GaveUp(_)))
    }

    fn snapshot(&mut self, record: &RecordOf<Self>, first: bool) -> Option<QueueState> {
        let renews = record.events == Self::renewed();
        (first || renews || self.tail >= CADENCE).then(|| self.after(record))
    }

    fn wrote(&mut self, _: usize, snapshot: bool) {
        self.tail = if snapshot { 0 } else { self.tail + 1 };
    }

    fn snapshot_too_large(&mut self, _: usize) {
        self.tail = 0;
    }

    fn renewed() -> Vec<QueueEvent> {
        vec![QueueEvent::Written(String::new())]
    }

    fn news(&mut self, events: Vec<QueueEvent>) -> Option<QueueNews> {
        Some(events)
    }

    fn retell(&mut self, last: Vec<QueueEvent>) -> Option<QueueNews> {
        Some(last)
    }

    fn is_told_by(&self, _: &QueueNews, reply: &QueueReply) -> bool {
        *reply == QueueReply::Done
    }

    fn effects(&self, running: &Running<u64>, start: &mut Vec<(u64, (PlayerId, PlayerId))>) {
        start
            .extend(self.state.pairs.iter().filter(|(pair, _)| running.is_free(pair)).map(|(k, v)| (*k, *v)));
    }

    fn is_due(&self, pair: &u64) -> bool {
        self.state.pairs.contains_key(pair)
    }

    fn is_over(&self) -> bool {
        self.state.closed && self.state.pairs.is_empty()
    }
}
