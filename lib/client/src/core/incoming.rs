//! Handles incoming frames: answers and messages without a request.

use super::{ConnectionStep, Core, SEATS_PAUSE};
use crate::{
    ClientError, ClientEvent, Down, Ended, Login,
    frame::Received,
    outstanding::{AnswerTo, OutstandingRequest},
};
use std::time::Instant;
use wire::{
    CommandId, PlayerId, Refusal, TableId,
    client::{ClientMessage, Closing, ServerMessage},
    event::Unseating,
};

impl Core {
    /// Handles an incoming frame.
    pub(crate) fn receive(&mut self, received: Received, now: Instant) -> ConnectionStep {
        self.clock.heard = now;
        match received {
            Received::Frame(frame) => {
                if let ServerMessage::Time { now_ms } = frame.m {
                    self.shared.clock_is(now_ms, now);
                }
                let is_idle = matches!(
                    frame.m,
                    ServerMessage::Pong | ServerMessage::Time { .. } | ServerMessage::Seats(_)
                );
                if !is_idle {
                    self.clock.busy(now);
                }
                match frame.re {
                    Some(id) => self.answered(id, frame.m, now),
                    None => self.unasked(frame.m, now),
                }
            }
            Received::Unknown(re) => {
                if let Some(request) = re.and_then(|id| self.outstanding.answered(id)) {
                    return self.not_understood(request);
                }
                ConnectionStep::Stay
            }
        }
    }

    /// Handles an answer that this version does not know.
    fn not_understood(&mut self, request: OutstandingRequest) -> ConnectionStep {
        match request.asker {
            AnswerTo::Program(reply) => {
                let _ = reply.send(Err(ClientError::Unintelligible));
            }
            AnswerTo::Opening => {
                let down = Down::Broken("the answer to the log-in is not understood".into());
                return ConnectionStep::Leave { down, elsewhere: Vec::new() };
            }
            // Live events go on; the next gap asks the table again.
            AnswerTo::Following(table) => {
                if let Some(following) = self.tables.get_mut(&table) {
                    following.unasked();
                }
            }
            AnswerTo::Seats | AnswerTo::NoReceiver => {}
        }
        ConnectionStep::Stay
    }

    fn answered(&mut self, id: CommandId, answer: ServerMessage, now: Instant) -> ConnectionStep {
        let Some(mut asked) = self.outstanding.answered(id) else {
            return ConnectionStep::Stay;
        };
        if let ServerMessage::Refused { refusal, .. } = &answer
            && refusal.is_transient()
        {
            match self.outstanding.again(id, asked, now) {
                Some(exhausted) => asked = exhausted,
                None => return ConnectionStep::Stay,
            }
        }
        match asked.asker {
            AnswerTo::Program(reply) => {
                self.note(&asked.message, &answer, now);
                let _ = reply.send(match answer {
                    ServerMessage::Refused { refusal, .. } => Err(ClientError::Refused(refusal)),
                    answer => Ok(answer),
                });
            }
            AnswerTo::Opening => return self.opened(&asked.message, answer, now),
            AnswerTo::Following(table) => {
                if matches!(answer, ServerMessage::Refused { .. }) {
                    self.tables.remove(&table);
                    self.found.remove(&table);
                } else if let ServerMessage::Table { view, events, cards } = answer {
                    self.see(view, events, cards, now);
                }
            }
            AnswerTo::Seats => {
                if let ServerMessage::Seats(tables) = answer {
                    self.sits_at(tables, now);
                }
            }
            AnswerTo::NoReceiver => {}
        }
        ConnectionStep::Stay
    }

    /// Handles the answer to the request that opens the session.
    fn opened(&mut self, message: &ClientMessage, answer: ServerMessage, now: Instant) -> ConnectionStep {
        if let ServerMessage::Refused { refusal, .. } = answer {
            return self.not_opened(message, refusal, now);
        }
        if let ServerMessage::Welcome { player, token, seats, device, .. } = answer {
            self.adopt(player, token, device);
            self.ready(seats, now);
        }
        ConnectionStep::Stay
    }

    fn not_opened(&mut self, message: &ClientMessage, refusal: Refusal, now: Instant) -> ConnectionStep {
        if refusal.is_transient() {
            return ConnectionStep::Leave { down: Down::Broken(refusal.to_string()), elsewhere: Vec::new() };
        }
        if matches!(message, ClientMessage::Resume { .. })
            && refusal == Refusal::SessionExpired
            && let Login::Password { name, password } = self.login.clone()
        {
            self.token = None;
            self.log_in(name, password, now);
            return ConnectionStep::Stay;
        }
        ConnectionStep::End(Ended::LogInRefused(refusal))
    }

    fn adopt(&mut self, player: PlayerId, token: String, device: Option<String>) {
        self.player = Some(player);
        self.token = Some(token.clone());
        // A code is accepted once.
        self.code = None;
        self.shared.identify(Some(player), Some(token));
        if let Some(device) = device {
            self.device = Some(device.clone());
            self.shared.device_is(device);
        }
    }

    /// Updates the state by the answer to a request of the program.
    fn note(&mut self, message: &ClientMessage, answer: &ServerMessage, now: Instant) {
        match message {
            ClientMessage::LogIn { .. } | ClientMessage::Resume { .. } => {
                self.note_session(message, answer, now);
            }
            ClientMessage::LogOut => {
                if *answer == ServerMessage::Done {
                    self.login = Login::Visitor;
                    self.token = None;
                    self.player = None;
                    self.clock.seats_at = None;
                    self.shared.identify(None, None);
                }
            }
            ClientMessage::Watch { table, .. } | ClientMessage::Resync { table, .. } => {
                self.note_table(*table, answer, now);
            }
            ClientMessage::Command { table, command } => {
                if *answer == ServerMessage::Done {
                    self.carried_out(*table, command);
                }
                if let ServerMessage::Seated { table, .. } = answer {
                    self.unwanted.remove(table);
                    self.tables.entry(*table).or_default();
                }
            }
            ClientMessage::ChangePassword { new, .. } => {
                if *answer == ServerMessage::Done
                    && let Login::Password { password, .. } = &mut self.login
                {
                    password.clone_from(new);
                }
            }
            ClientMessage::Ping
            | ClientMessage::SecondFactor(_)
            | ClientMessage::Sessions
            | ClientMessage::EndSession { .. }
            | ClientMessage::Time
            | ClientMessage::Lobby
            | ClientMessage::LobbyPage { .. }
            | ClientMessage::Balance
            | ClientMessage::Seats
            | ClientMessage::Register { .. }
            | ClientMessage::Unregister { .. }
            | ClientMessage::Standings { .. }
            | ClientMessage::Unwatch { .. } => {}
        }
    }

    fn note_session(&mut self, message: &ClientMessage, answer: &ServerMessage, now: Instant) {
        let ServerMessage::Welcome { player, token, seats, device, .. } = answer else { return };
        if let ClientMessage::LogIn { name, password, .. } = message {
            self.login = Login::Password { name: name.clone(), password: password.clone() };
        }
        self.adopt(*player, token.clone(), device.clone());
        self.sits_at(seats.clone(), now);
        self.clock.seats_at = Some(now + SEATS_PAUSE);
    }

    fn note_table(&mut self, table: TableId, answer: &ServerMessage, now: Instant) {
        if let ServerMessage::Table { view, events, cards } = answer {
            self.see(view.clone(), events.clone(), cards.clone(), now);
        }
        if let ServerMessage::Refused { refusal, .. } = answer
            && let Some(following) = self.tables.get_mut(&table)
        {
            following.unasked();
            if following.since().is_none() || *refusal == Refusal::NoSuchTable {
                self.tables.remove(&table);
            }
        }
    }

    fn unasked(&mut self, message: ServerMessage, now: Instant) -> ConnectionStep {
        match message {
            ServerMessage::Events(chunk) => self.hear(chunk, now),
            ServerMessage::Table { view, events, cards } => self.see(view, events, cards, now),
            ServerMessage::Cards(cards) => self.learn(cards),
            ServerMessage::GivenSeat { table, seat, tournament } => {
                self.unwanted.remove(&table);
                self.found.remove(&table);
                self.tables.entry(table).or_default();
                self.shared.queue.push(ClientEvent::GivenSeat { table, seat, tournament });
            }
            ServerMessage::LostSeat { table, reason } => {
                self.shared.queue.push(ClientEvent::LostSeat { table, reason });
                if reason == Unseating::Moved {
                    self.unwatch(table, now);
                }
            }
            ServerMessage::Placed { tournament, place, prize } => {
                self.shared.queue.push(ClientEvent::Placed { tournament, place, prize });
            }
            ServerMessage::Service(service) => self.shared.queue.push(ClientEvent::Service(service)),
            ServerMessage::Closing {
                reason: reason @ (Closing::OnlineElsewhere | Closing::Banned | Closing::SessionEnded),
                ..
            } => {
                return ConnectionStep::End(Ended::ByNode(reason));
            }
            ServerMessage::Closing { reason, elsewhere } => {
                return ConnectionStep::Leave { down: Down::ByNode(reason), elsewhere };
            }
            // For the player's program, which learns it from the table's events.
            ServerMessage::TimedOut { .. }
            // These come earlier in a connection, or only as answers.
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
            | ServerMessage::Seated { .. } => {}
        }
        ConnectionStep::Stay
    }
}
