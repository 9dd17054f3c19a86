//! What the administrator asks of tables and tournaments, and players of tournaments: kept and
//! repeated until it is answered.

use poker::hosted::TableOrder;
use testkit::check::{Answer, Kind};
use tournament::TournamentOrder;
use wire::{CommandId, PlayerId, TableId, TournamentId, journal::Cause};

/// A command that is not answered is sent again after this time, in milliseconds.
const AGAIN_MS: u64 = 800;

/// What is asked of whom.
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

/// All of them.
#[derive(Default)]
pub(crate) struct Ops {
    pub(crate) all: Vec<Op>,
    next: u64,
}

impl Ops {
    /// Adds a command that is sent from then on.
    pub(crate) fn plan(&mut self, at_ms: u64, player: Option<PlayerId>, kind: Kind, target: Target) {
        self.next += 1;
        // Ids below are those that tables and coordinators give each other's commands.
        let id = CommandId((1 << 44) + self.next);
        let cause = Cause { player, id };
        self.all.push(Op { target, cause, kind, answer: Answer::None, due_ms: at_ms });
    }

    /// Takes out what is to be sent now.
    pub(crate) fn due(&mut self, now_ms: u64) -> Vec<(Target, Cause)> {
        let waits = |op: &&mut Op| op.answer == Answer::None && op.due_ms <= now_ms;
        let due = self.all.iter_mut().filter(waits).map(|op| {
            op.due_ms = now_ms + AGAIN_MS;
            (op.target.clone(), op.cause)
        });
        due.collect()
    }

    /// An answer has come; a passing refusal is none.
    pub(crate) fn answered(&mut self, id: CommandId, answer: Answer) {
        let waits = |op: &&mut Op| op.cause.id == id && op.answer == Answer::None;
        if let Some(op) = self.all.iter_mut().find(waits) {
            op.answer = answer;
        }
    }

    /// How many are not answered yet.
    pub(crate) fn unanswered(&self) -> usize {
        self.all.iter().filter(|op| op.answer == Answer::None).count()
    }
}
