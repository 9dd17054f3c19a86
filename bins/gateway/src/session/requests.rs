//! Requests of a session: taken, started in their turn, answered.

use super::{Online, Session, pace::Verdict};
use crate::{
    format::{self, Malformed},
    lanes::Lane,
    limits::WATCHED,
    work::{self, Caller, Finished, Opened, Outcome, Since, Task, Work},
};
use bytes::Bytes;
use std::{collections::BTreeSet, sync::Arc};
use wire::{
    CommandId, Refusal, TableId,
    client::{ClientMessage, Closing, ServerFrame, ServerMessage},
    codec,
};

impl Session {
    /// Takes a frame. Why the connection is to be closed, if it is.
    pub(super) fn receive(&mut self, frame: &[u8]) -> Option<Closing> {
        let verdict = self.pace.message();
        if let Verdict::Close(reason) = verdict {
            return Some(reason);
        }
        match format::decode(frame, self.outbox.format()) {
            Ok(frame) if verdict == Verdict::Refuse => self.refuse(Some(frame.id), Refusal::TooFast),
            Ok(frame) => self.request(frame.id, frame.m),
            Err(Malformed { id, reason }) => return self.malformed(id, reason),
        }
        None
    }

    /// Something that is no frame at all.
    pub(super) fn nonsense(&mut self) -> Option<Closing> {
        match self.pace.message() {
            Verdict::Close(reason) => Some(reason),
            _ => {
                self.malformed(None, "text messages are for JSON, binary messages for MessagePack".to_owned())
            }
        }
    }

    /// A WebSocket ping or pong.
    pub(super) fn sign(&mut self) -> Option<Closing> {
        match self.pace.message() {
            Verdict::Close(reason) => Some(reason),
            _ => None,
        }
    }

    fn malformed(&mut self, id: Option<CommandId>, reason: String) -> Option<Closing> {
        self.refuse(id, Refusal::bad_message(reason));
        match self.pace.malformed() {
            Verdict::Close(reason) => Some(reason),
            _ => None,
        }
    }

    fn refuse(&self, re: Option<CommandId>, refusal: Refusal) {
        self.push(re, work::refused(refusal));
    }

    fn request(&mut self, id: CommandId, message: ClientMessage) {
        let is_time = matches!(message, ClientMessage::Time);
        match work::plan(message) {
            Some((lane, task)) => self.add(Work { re: Some(id), lane, task }),
            None if is_time => self.push(Some(id), ServerMessage::Time { now_ms: bus::clock::now_ms() }),
            None => self.push(Some(id), ServerMessage::Pong),
        }
    }

    fn add(&mut self, work: Work) {
        if let Some(work) = self.lanes.add(work.lane, work) {
            self.start(work);
        }
    }

    /// Begins a request whose turn it is.
    fn start(&mut self, mut work: Work) {
        if let Task::Look(table, since) = work.task
            && self.watching.contains(&table)
        {
            // What is sent meanwhile must not overtake the answer.
            work.task = Task::Watch(table, Since::Given(since));
        }
        // What the node does by itself follows from a seat that the player has.
        if work.re.is_some()
            && let Err(refusal) = self.check(&work.task)
        {
            let Work { re, lane, .. } = work;
            let finished = Finished { re, lane, outcome: Outcome::from(refusal) };
            self.under_way.push(Box::pin(std::future::ready(finished)));
            return;
        }
        match work.task {
            Task::Watch(table, _) => {
                self.watching.insert(table);
            }
            Task::Unwatch(table) => {
                self.watching.remove(&table);
            }
            _ => {}
        }
        self.under_way.push(Box::pin(work::perform(self.caller(), work)));
    }

    fn caller(&self) -> Caller {
        let online = self.online.as_ref();
        Caller {
            node: Arc::clone(&self.node),
            number: self.number,
            outbox: Arc::clone(&self.outbox),
            player: online.map(|online| (online.player, Arc::clone(&online.name))),
            token: online.map(|online| Arc::clone(&online.token)),
            session: online.map(|online| online.session.clone()),
        }
    }

    /// Whether this connection may do that.
    fn check(&mut self, task: &Task) -> Result<(), Refusal> {
        if self.online.is_none() && !task.is_for_visitors() {
            return Err(Refusal::VisitorsOnlyLook);
        }
        match task {
            Task::Open(_) if self.online.is_some() => {
                Err(Refusal::bad_message("you are logged in already: log out first"))
            }
            Task::Watch(table, _) if !self.watching.contains(table) && !self.may_watch_more() => {
                Err(Refusal::bad_message(format!(
                    "at most {WATCHED} tables may be watched on one connection: unwatch one first"
                )))
            }
            _ => Ok(()),
        }
    }

    fn may_watch_more(&mut self) -> bool {
        if self.watching.len() >= WATCHED {
            // Closed tables are not watched any more; that is noticed only here.
            let (feeds, number) = (&self.node.feeds, self.number);
            self.watching.retain(|&table| feeds.is_watched_by(table, number));
        }
        self.watching.len() < WATCHED
    }

    /// Answers a request and begins those that waited for it.
    pub(super) fn finish(&mut self, finished: Finished) {
        let Finished { re, lane, outcome } = finished;
        match outcome {
            Outcome::Answer(message) => {
                if let ServerMessage::Seats(tables) = &message {
                    self.sits_at(tables);
                }
                self.push(re, message);
            }
            Outcome::Opened(opened) => self.opened(re, *opened),
            Outcome::LoggedOut => {
                self.node.connections.went_offline(self.number);
                self.went_offline();
                self.push(re, ServerMessage::Done);
            }
            Outcome::Told(table, refusal) => self.told(table, refusal),
            Outcome::Sat(table, seat) => {
                self.push(re, ServerMessage::Seated { table, seat });
                self.sits_at(&[table]);
                self.watch_first(table);
            }
            Outcome::Watching(table, closed) => {
                if closed {
                    self.watching.remove(&table);
                }
            }
            Outcome::NotWatching(table, still, refusal) => self.not_watching(re, table, still, refusal),
            Outcome::Nothing => {}
        }
        for work in self.lanes.finished(lane) {
            self.start(work);
        }
    }

    fn opened(&mut self, re: Option<CommandId>, opened: Opened) {
        let Opened { player, name, token, session, seats } = opened;
        self.online = Some(Online {
            player,
            name: Arc::from(name.as_str()),
            token: Arc::from(token.as_str()),
            session,
            seats: BTreeSet::new(),
        });
        self.sits_at(&seats);
        self.push(re, ServerMessage::Welcome { player, name, token, seats });
    }

    /// The player sits at these tables: those that do not know yet are told that the player is online here.
    fn sits_at(&mut self, tables: &[TableId]) {
        for &table in tables {
            if self.online.as_mut().is_some_and(|online| online.seats.insert(table)) {
                self.tell_online(table);
            }
        }
    }

    fn tell_online(&mut self, table: TableId) {
        self.add(Work { re: None, lane: Lane::Table(table), task: Task::Online(table) });
    }

    fn told(&mut self, table: TableId, refusal: Option<Refusal>) {
        match refusal {
            None => {}
            Some(refusal) if refusal.is_transient() => self.tell_online(table),
            Some(_) => {
                if let Some(online) = &mut self.online {
                    online.seats.remove(&table);
                }
            }
        }
    }

    fn not_watching(&mut self, re: Option<CommandId>, table: TableId, still: bool, refusal: Refusal) {
        if !still {
            self.watching.remove(&table);
        }
        match re {
            Some(_) => self.refuse(re, refusal),
            // We said that the table is being watched from now on.
            None if refusal.is_transient() => self.watch_first(table),
            None => tracing::debug!(%table, %refusal, "a table cannot be watched"),
        }
    }

    /// Watches a table unasked, before anything else that waits for it.
    fn watch_first(&mut self, table: TableId) {
        let lane = Lane::Table(table);
        let work = Work { re: None, lane, task: Task::Watch(table, Since::Sent) };
        if let Some(work) = self.lanes.add_first(lane, work) {
            self.start(work);
        }
    }

    /// Something for the player alone.
    pub(super) fn private(&mut self, frame: Bytes) {
        let decoded: ServerFrame = match codec::decode(&frame) {
            Ok(decoded) => decoded,
            Err(error) => {
                tracing::warn!(%error, "a message for a player makes no sense");
                return;
            }
        };
        self.pass_on(frame, &decoded);
        match decoded.m {
            ServerMessage::GivenSeat { table, .. } => {
                self.sits_at(&[table]);
                let lane = Lane::Table(table);
                self.add(Work { re: None, lane, task: Task::Watch(table, Since::Sent) });
            }
            ServerMessage::LostSeat { table, .. } => {
                if let Some(online) = &mut self.online {
                    online.seats.remove(&table);
                }
            }
            // The player may be asleep; the connection is not.
            ServerMessage::TimedOut { table } => self.tell_online(table),
            _ => {}
        }
    }

    /// Messages for the player may have been lost. Events of tables are seen to by the feeds; the player's cards are
    /// asked for here, and a lost seat is noticed when the player's program asks where it sits.
    pub(super) fn look_again(&mut self) {
        if self.online.is_none() {
            return;
        }
        let tables: Vec<TableId> = self.watching.iter().copied().collect();
        for table in tables {
            self.add(Work { re: None, lane: Lane::Table(table), task: Task::LookAtCards(table) });
        }
    }
}
