//! Commands of the administrator to tables and tournaments, and of players to tournaments, which
//! are repeated until they are answered.

use poker::hosted::TableOrder;
use testkit::check::{Answer, Kind};
use tournament::TournamentOrder;
use wire::{CommandId, PlayerId, TableId, TournamentId, journal::Cause};

/// A command without an answer is repeated after this time, in milliseconds.
const AGAIN_MS: u64 = 800;

/// The addressee of a command, with the command.
#[derive(Clone)]
pub(crate) enum Target {
    Table(TableId, TableOrder),
    Tournament(TournamentId, TournamentOrder),
}

/// One command.
pub(crate) struct Op {
    pub(crate) target: Target,
    pub(crate) cause: Cause,
    pub(crate) kind: Kind,
    pub(crate) answer: Answer,
    due_ms: u64,
}

/// All commands of a run.
#[derive(Default)]
pub(crate) struct Ops {
    pub(crate) all: Vec<Op>,
    next: u64,
}

impl Ops {
    /// Adds a command that is sent from this time on.
    pub(crate) fn plan(&mut self, at_ms: u64, player: Option<PlayerId>, kind: Kind, target: Target) {
        self.next += 1;
        // Lower ids are those of the commands that tables and coordinators send to each other.
        let id = CommandId((1 << 44) + self.next);
        let cause = Cause { player, id };
        self.all.push(Op { target, cause, kind, answer: Answer::None, due_ms: at_ms });
    }

    /// Returns the commands that are to be sent now.
    pub(crate) fn due(&mut self, now_ms: u64) -> Vec<(Target, Cause)> {
        let waits = |op: &&mut Op| op.answer == Answer::None && op.due_ms <= now_ms;
        let due = self.all.iter_mut().filter(waits).map(|op| {
            op.due_ms = now_ms + AGAIN_MS;
            (op.target.clone(), op.cause)
        });
        due.collect()
    }

    /// Takes in an answer; transient refusals are no answers.
    pub(crate) fn answered(&mut self, id: CommandId, answer: Answer) {
        let waits = |op: &&mut Op| op.cause.id == id && op.answer == Answer::None;
        if let Some(op) = self.all.iter_mut().find(waits) {
            op.answer = answer;
        }
    }

    /// Returns how many commands have no answer yet.
    pub(crate) fn unanswered(&self) -> usize {
        self.all.iter().filter(|op| op.answer == Answer::None).count()
    }
}
