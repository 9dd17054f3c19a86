//! Requests without an answer yet, and when they are sent again. Pure.
//!
//! Invariant: commands to one table are sent one after the other, in the program's order, each
//! after the answer to the one before. So command ids at a table rise, also after losses and
//! repeats.

use crate::ClientError;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;
use wire::{
    CommandId, Refusal, TableId,
    client::{ClientMessage, REPEATED_FOR_MS, ServerMessage},
};

/// Requests of the program that may be under way at once; further ones wait.
pub(crate) const MOST: usize = 256;
/// First pause before a request is repeated after a passing refusal. Doubles up to
/// [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long after it was first sent a command to a table is repeated.
const REPEATED_FOR: Duration = Duration::from_millis(REPEATED_FOR_MS);

/// The receiver of an answer.
#[derive(Debug)]
pub(crate) enum AnswerTo {
    /// The program.
    Program(oneshot::Sender<Result<ServerMessage, ClientError>>),
    /// The core, which opens the session on this connection.
    Opening,
    /// The core, which asked for this followed table.
    Following(TableId),
    /// The core, which asked for the player's seats.
    Seats,
    /// No receiver: the answer is ignored.
    NoReceiver,
}

impl AnswerTo {
    /// Returns whether the request is sent again on the next connection.
    const fn survives(&self) -> bool {
        matches!(self, Self::Program(_))
    }
}

/// A request without an answer yet.
#[derive(Debug)]
pub(crate) struct OutstandingRequest {
    pub(crate) message: ClientMessage,
    pub(crate) asker: AnswerTo,
    /// The time to send the request (again); none while an answer is awaited.
    send_at: Option<Instant>,
    first_sent: Option<Instant>,
    /// When passing refusals are handed to the program and no longer repeated.
    give_up: Instant,
    pause: Duration,
}

/// All requests without an answer, by id.
#[derive(Debug)]
pub(crate) struct Outstanding {
    asked: BTreeMap<u64, OutstandingRequest>,
    next: u64,
}

impl Outstanding {
    /// Makes an empty set; ids rise from `first`.
    pub(crate) fn new(first: CommandId) -> Self {
        Self {
            // Leaves more ids above `first` than a client will ever use.
            next: first.0 & (wire::ids::MAX_ID >> 1),
            asked: BTreeMap::new(),
        }
    }

    /// Adds a request that is due at once, and returns its id.
    pub(crate) fn add(
        &mut self,
        message: ClientMessage,
        asker: AnswerTo,
        now: Instant,
        patience: Duration,
    ) -> CommandId {
        self.next += 1;
        let asked = OutstandingRequest {
            message,
            asker,
            send_at: Some(now),
            first_sent: None,
            give_up: now + patience,
            pause: FIRST_PAUSE,
        };
        self.asked.insert(self.next, asked);
        CommandId(self.next)
    }

    /// Returns the requests that are due, oldest first; if `opening`, only those that open the
    /// session.
    pub(crate) fn due(&mut self, now: Instant, opening: bool) -> Vec<(CommandId, ClientMessage)> {
        self.give_up_old(now);
        // The program no longer waits for these, and a late repeat could have an effect that it
        // does not expect.
        self.asked.retain(|_, asked| match &asked.asker {
            AnswerTo::Program(reply) => !(asked.send_at.is_some() && reply.is_closed()),
            _ => true,
        });
        let mut due = Vec::new();
        for id in self.in_turn(opening) {
            if let Some(asked) = self.asked.get_mut(&id)
                && asked.send_at.is_some_and(|at| at <= now)
            {
                asked.send_at = None;
                asked.first_sent.get_or_insert(now);
                due.push((CommandId(id), asked.message.clone()));
            }
        }
        due
    }

    /// Returns when the next request is due.
    pub(crate) fn next_due(&self, opening: bool) -> Option<Instant> {
        let in_turn = self.in_turn(opening);
        in_turn.iter().filter_map(|id| self.asked.get(id)?.send_at).min()
    }

    /// Returns the requests that do not wait for an earlier command to the same table.
    fn in_turn(&self, opening: bool) -> Vec<u64> {
        let mut busy = BTreeSet::new();
        let allowed = |asked: &OutstandingRequest| !opening || matches!(asked.asker, AnswerTo::Opening);
        let turn =
            |asked: &OutstandingRequest| table_of(&asked.message).is_none_or(|table| busy.insert(table));
        let in_turn = self.asked.iter().filter(|(_, asked)| allowed(asked));
        let mut turn = turn;
        in_turn.filter(|(_, asked)| turn(asked)).map(|(&id, _)| id).collect()
    }

    /// Answers old commands with [`Refusal::OutOfDate`]: tables no longer know whether they carried
    /// them out.
    fn give_up_old(&mut self, now: Instant) {
        let is_old = |asked: &OutstandingRequest| {
            let since = asked.first_sent.filter(|_| asked.send_at.is_some());
            let is_command = matches!(asked.message, ClientMessage::Command { .. });
            since.is_some_and(|since| now >= since + REPEATED_FOR) && is_command
        };
        for (_, asked) in self.asked.extract_if(.., |_, asked| is_old(asked)) {
            if let AnswerTo::Program(reply) = asked.asker {
                let _ = reply.send(Err(ClientError::Refused(Refusal::OutOfDate)));
            }
        }
    }

    /// Removes and returns the request of an answer.
    pub(crate) fn answered(&mut self, id: CommandId) -> Option<OutstandingRequest> {
        self.asked.remove(&id.0)
    }

    /// Keeps a request after a passing refusal, to be sent again under the same id after a pause.
    /// Returns it instead when its time is over.
    pub(crate) fn again(
        &mut self,
        id: CommandId,
        mut asked: OutstandingRequest,
        now: Instant,
    ) -> Option<OutstandingRequest> {
        if now >= asked.give_up {
            return Some(asked);
        }
        asked.send_at = Some(now + asked.pause);
        asked.pause = asked.pause.saturating_mul(2).min(LONGEST_PAUSE);
        self.asked.insert(id.0, asked);
        None
    }

    /// Handles the loss of the connection: requests of the program are sent again on the next one,
    /// the core's own are dropped.
    pub(crate) fn lost(&mut self, now: Instant) {
        self.asked.retain(|_, asked| asked.asker.survives());
        for asked in self.asked.values_mut() {
            asked.send_at = Some(now);
        }
    }

    /// Removes all requests.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = OutstandingRequest> + use<> {
        std::mem::take(&mut self.asked).into_values()
    }

    /// Returns whether the program may send a further request.
    pub(crate) fn has_room(&self) -> bool {
        self.asked.len() < MOST
    }
}

/// Returns the table of a command that has to be in order; none for other messages.
const fn table_of(message: &ClientMessage) -> Option<TableId> {
    match message {
        ClientMessage::Command { table, command } if command.needs().order => Some(*table),
        ClientMessage::Command { .. }
        | ClientMessage::LogIn { .. }
        | ClientMessage::Resume { .. }
        | ClientMessage::LogOut
        | ClientMessage::ChangePassword { .. }
        | ClientMessage::SecondFactor(_)
        | ClientMessage::Sessions
        | ClientMessage::EndSession { .. }
        | ClientMessage::Ping
        | ClientMessage::Time
        | ClientMessage::Lobby
        | ClientMessage::LobbyPage { .. }
        | ClientMessage::Balance
        | ClientMessage::Seats
        | ClientMessage::Register { .. }
        | ClientMessage::Unregister { .. }
        | ClientMessage::Standings { .. }
        | ClientMessage::Watch { .. }
        | ClientMessage::Unwatch { .. }
        | ClientMessage::Resync { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    fn ids(due: &[(CommandId, ClientMessage)]) -> Vec<u64> {
        due.iter().map(|(id, _)| id.0).collect()
    }

    #[test]
    fn an_unanswered_request_is_sent_again_with_the_same_id() {
        let now = Instant::now();
        let mut requests = Outstanding::new(CommandId(10));
        let (reply, _answer) = oneshot::channel();
        requests.add(ClientMessage::Balance, AnswerTo::Program(reply), now, PATIENCE);
        requests.add(ClientMessage::Seats, AnswerTo::Seats, now, PATIENCE);
        assert_eq!(ids(&requests.due(now, false)), [11, 12]);
        assert!(requests.due(now, false).is_empty());
        requests.lost(now);
        assert!(requests.due(now, true).is_empty());
        assert_eq!(ids(&requests.due(now, false)), [11]);
    }

    #[test]
    fn a_request_is_repeated_for_a_while_after_passing_refusals() {
        let mut now = Instant::now();
        let started = now;
        let mut requests = Outstanding::new(CommandId(0));
        let (reply, _answer) = oneshot::channel();
        requests.add(ClientMessage::Lobby, AnswerTo::Program(reply), now, PATIENCE);
        let mut sent = 0;
        loop {
            let due = requests.due(now, false);
            if let [(id, _)] = due[..] {
                sent += 1;
                let asked = requests.answered(id).unwrap();
                if requests.again(id, asked, now).is_some() {
                    break;
                }
            }
            now = requests.next_due(false).unwrap();
        }
        assert!(sent > 3, "{sent}");
        assert!(now - started >= PATIENCE && now - started < 2 * PATIENCE);
    }

    #[test]
    fn a_request_that_the_program_dropped_is_not_repeated() {
        let now = Instant::now();
        let mut requests = Outstanding::new(CommandId(0));
        let (reply, answer) = oneshot::channel();
        requests.add(ClientMessage::Balance, AnswerTo::Program(reply), now, PATIENCE);
        requests.due(now, false);
        drop(answer);
        requests.lost(now);
        assert!(requests.due(now, false).is_empty());
    }

    fn say(table: u64) -> ClientMessage {
        wire::PlayerCommand::Say { text: "hm".into() }.at(TableId(table))
    }

    #[test]
    fn commands_to_one_table_are_sent_one_after_the_other() {
        let now = Instant::now();
        let mut requests = Outstanding::new(CommandId(0));
        let mut answers = Vec::new();
        for message in [say(1), say(1), ClientMessage::Balance, say(2), say(1)] {
            let (reply, answer) = oneshot::channel();
            answers.push(answer);
            requests.add(message, AnswerTo::Program(reply), now, PATIENCE);
        }
        assert_eq!(ids(&requests.due(now, false)), [1, 3, 4]);
        assert_eq!(requests.next_due(false), None, "the others wait for answers");
        requests.answered(CommandId(1)).unwrap();
        assert_eq!(requests.next_due(false), Some(now));
        assert_eq!(ids(&requests.due(now, false)), [2]);
        // After a passing refusal, the later command still waits.
        let asked = requests.answered(CommandId(2)).unwrap();
        assert!(requests.again(CommandId(2), asked, now).is_none());
        assert!(requests.due(now, false).is_empty());
        assert_eq!(requests.next_due(false), Some(now + FIRST_PAUSE));
        requests.lost(now);
        assert_eq!(ids(&requests.due(now, false)), [2, 3, 4]);
    }

    #[test]
    fn a_command_that_was_first_sent_long_ago_is_not_repeated() {
        let mut now = Instant::now();
        let mut requests = Outstanding::new(CommandId(0));
        let (reply, mut answer) = oneshot::channel();
        let (second, mut unsent) = oneshot::channel();
        requests.add(say(1), AnswerTo::Program(reply), now, PATIENCE);
        requests.add(say(1), AnswerTo::Program(second), now, PATIENCE);
        assert_eq!(ids(&requests.due(now, false)), [1]);
        now += REPEATED_FOR;
        assert!(requests.due(now, false).is_empty(), "it may still be answered");
        assert!(answer.try_recv().is_err());
        requests.lost(now);
        assert_eq!(ids(&requests.due(now, false)), [2], "a command that was never sent is still valid");
        assert!(matches!(answer.try_recv(), Ok(Err(ClientError::Refused(Refusal::OutOfDate)))));
        assert!(unsent.try_recv().is_err());
    }

    #[test]
    fn chips_are_asked_for_beside_other_commands_and_not_for_longer_than_those() {
        let mut now = Instant::now();
        let mut requests = Outstanding::new(CommandId(0));
        let (reply, mut answer) = oneshot::channel();
        let top_up = wire::PlayerCommand::TopUp { amount: wire::Chips(5) }.at(TableId(1));
        requests.add(top_up, AnswerTo::Program(reply), now, PATIENCE);
        let (reply, _said) = oneshot::channel();
        requests.add(say(1), AnswerTo::Program(reply), now, PATIENCE);
        assert_eq!(ids(&requests.due(now, false)), [1, 2], "the second does not wait for the first");
        now += REPEATED_FOR;
        requests.lost(now);
        assert!(requests.due(now, false).is_empty());
        assert!(matches!(answer.try_recv(), Ok(Err(ClientError::Refused(Refusal::OutOfDate)))));
    }
}
