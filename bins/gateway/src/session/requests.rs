//! The requests of a session: received, started in the order of their lanes, answered. Each kind
//! has a file of its own with a `handle`.

mod account;
mod balance;
mod command;
mod kind;
mod lobby;
mod log_out;
mod online;
mod open;
mod request;
mod seats;
mod tournament;
mod watch;

pub(super) use request::{Finished, Running, Work};

use super::{Session, pace::PaceVerdict};
use crate::format::{self, Malformed};
use bytes::Bytes;
use request::{Kind, RequestResult};
use tokio::time::Instant;
use watch::LookAtCards;
use wire::{
    CommandId, Refusal, TableId,
    client::{ClientMessage, Closing, ServerFrame, ServerMessage},
    codec,
    unknown::Content,
};

impl Session {
    /// Handles a frame. Returns why the connection is to be closed, if it is.
    pub(super) fn receive(&mut self, frame: &[u8]) -> Option<Closing> {
        let verdict = self.pace.message();
        if let PaceVerdict::Close(reason) = verdict {
            return Some(reason);
        }
        match format::decode(frame, self.outbox.format()) {
            Ok(frame) if verdict == PaceVerdict::Refuse => self.refuse(Some(frame.id), Refusal::TooFast),
            Ok(frame) => return self.request(frame.id, frame.m),
            Err(Malformed { id, reason }) => return self.malformed(id, reason),
        }
        None
    }

    /// Handles a WebSocket message of the other encoding.
    pub(super) fn nonsense(&mut self) -> Option<Closing> {
        match self.pace.message() {
            PaceVerdict::Close(reason) => Some(reason),
            PaceVerdict::Fine | PaceVerdict::Refuse => {
                self.malformed(None, "text messages are for JSON, binary messages for MessagePack".to_owned())
            }
        }
    }

    /// Handles a WebSocket ping or pong.
    pub(super) fn sign(&mut self) -> Option<Closing> {
        match self.pace.message() {
            PaceVerdict::Close(reason) => Some(reason),
            PaceVerdict::Fine | PaceVerdict::Refuse => None,
        }
    }

    fn malformed(&mut self, id: Option<CommandId>, reason: String) -> Option<Closing> {
        self.refuse(id, Refusal::bad_message(reason));
        match self.pace.malformed() {
            PaceVerdict::Close(reason) => Some(reason),
            PaceVerdict::Fine | PaceVerdict::Refuse => None,
        }
    }

    fn refuse(&self, re: Option<CommandId>, refusal: Refusal) {
        self.push(re, request::refused(refusal));
    }

    fn request(&mut self, id: CommandId, message: ClientMessage) -> Option<Closing> {
        let resumes = matches!(message, ClientMessage::Resume { .. });
        let kind = match kind::of(message) {
            Ok(kind) => kind,
            Err(answer) => {
                self.push(Some(id), answer);
                return None;
            }
        };
        if let Some((reason, _)) = self.to_resume
            && !resumes
        {
            return Some(reason);
        }
        self.asked = Instant::now();
        self.add(Some(id), kind);
        None
    }

    fn add(&mut self, re: Option<CommandId>, kind: Box<dyn Kind>) {
        if let Some(work) = self.lanes.add(kind.lane(), Work { re, kind }) {
            self.start(work);
        }
    }

    /// Starts a request whose turn in its lane has come.
    fn start(&mut self, work: Work) {
        let running = Running::start(work, self);
        self.under_way.push(running);
    }

    /// Answers a request and starts those that waited for it.
    pub(super) fn finish(&mut self, Finished { re, lane, outcome }: Finished) {
        match outcome {
            Ok(RequestResult::Answer(message)) => self.push(re, message),
            Ok(RequestResult::Frame(frame)) => self.outbox.answer(frame),
            Ok(RequestResult::Then(then)) => then(self),
            Ok(RequestResult::Nothing) => {}
            Err(refusal) => self.refuse(re, refusal),
        }
        for work in self.lanes.finished(lane) {
            self.start(work);
        }
    }

    /// Handles a message for the player alone.
    pub(super) fn private(&mut self, frame: Bytes) {
        let decoded: ServerFrame = match codec::decode(&frame) {
            Ok(decoded) => decoded,
            // Of a newer version, for a program that may know it.
            Err(error) => {
                return match codec::decode::<Content>(&frame) {
                    Ok(content @ Content::Map(_)) => self.pass_on(frame, &content),
                    Ok(_) | Err(_) => {
                        tracing::warn!(%error, "a message for a player cannot be decoded: the player does not get it")
                    }
                };
            }
        };
        self.pass_on(frame, &decoded);
        match decoded.m {
            ServerMessage::GivenSeat { table, .. } => {
                self.sits_at(&[table]);
                self.watch(table);
            }
            ServerMessage::LostSeat { table, .. } => {
                if let Some(online) = &mut self.online {
                    online.seats.remove(&table);
                }
            }
            // A timeout may mean that the player's connection was lost; the table is told that it
            // is not.
            ServerMessage::TimedOut { table } => self.tell_online(table),
            ServerMessage::Placed { .. }
            | ServerMessage::Hello { .. }
            | ServerMessage::Welcome { .. }
            | ServerMessage::Done
            | ServerMessage::Refused { .. }
            | ServerMessage::Pong
            | ServerMessage::Time { .. }
            | ServerMessage::Lobby { .. }
            | ServerMessage::LobbyPage { .. }
            | ServerMessage::Balance { .. }
            | ServerMessage::Sessions(_)
            | ServerMessage::SecondFactor(_)
            | ServerMessage::Seats(_)
            | ServerMessage::Standings(_)
            | ServerMessage::Seated { .. }
            | ServerMessage::Table { .. }
            | ServerMessage::Events(_)
            | ServerMessage::Cards(_)
            | ServerMessage::Service(_)
            | ServerMessage::Closing { .. } => {}
        }
    }

    /// Asks again for messages that may have been lost on the player's own subject: hidden cards of
    /// watched tables. Feeds repair the events of tables, and a lost seat is found when the client
    /// asks for its seats.
    pub(super) fn look_again(&mut self) {
        if self.online.is_none() {
            return;
        }
        let tables: Vec<TableId> = self.watching.iter().copied().collect();
        for table in tables {
            self.add(None, Box::new(LookAtCards { table }));
        }
    }
}
