//! Messages between the processes of a role, the server, and the rest of the fleet.

use crate::{
    server::{Ack, Claim, Decided, Member},
    world::PartitionTenure,
};
use bytes::Bytes;
use host::{Aggregate, EffectResult, Journaled};
use wire::{CommandId, journal::Cause};

/// A kind of aggregate that is simulated.
pub(crate) trait Kind: Aggregate<Command: Clone> {
    const PARTITIONS: u16;
    /// Farthest that a process' clock is set back, in milliseconds.
    const FARTHEST_BACK_MS: u64;

    fn partition(id: Self::Id) -> u16;

    /// Returns the number of the last public event; 0 for aggregates without public events.
    fn last_event(&self) -> u64;

    /// Returns the answer to a command whose record is under way; for a planted mistake.
    fn early_reply(&self, record: &host::RecordOf<Self>) -> Option<Self::Reply>;
}

/// The sender of a request, and its command id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) from: Asker,
    pub(crate) id: CommandId,
}

/// The sender of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A client: its index, and the number of its program's run.
    Client(usize, u32),
    /// The administrator.
    Admin,
    /// A bot.
    Bot,
    /// A rude client, which takes in no answers.
    Rude,
    /// An attempt at an effect, by its number.
    Effect(u64),
}

/// An event of one role's processes or of the server.
pub(crate) enum PoolEvent<A: Kind> {
    Process { process: usize, incarnation: u32, input: Input<A> },
    Server(Request<A>),
    Restart(usize),
    Resume { process: usize, incarnation: u32 },
}

/// An input of a process.
pub(crate) enum Input<A: Kind> {
    Tick,
    Wake(PartitionTenure),
    AppendTimeout { place: PartitionTenure, id: A::Id, append: u64, attempt: u32 },
    AppendAgain { place: PartitionTenure, id: A::Id, append: u64, attempt: u32 },
    ReadTimeout { place: PartitionTenure, id: A::Id, ask: u64 },
    Beat { from: Member, leaving: bool },
    Claims { doubts: u64, claims: Vec<Claim> },
    Claim { partition: u16, claim: Claim },
    Journals { place: PartitionTenure, ids: Vec<A::Id> },
    Command { partition: u16, id: A::Id, cause: Cause, command: A::Command, token: Token },
    Acked { place: PartitionTenure, id: A::Id, append: u64, attempt: u32, ack: Ack },
    ReadBack { place: PartitionTenure, id: A::Id, append: u64, attempt: u32, decided: Decided },
    Read { place: PartitionTenure, id: A::Id, ask: u64, journal: Option<Journaled> },
    Returned { place: PartitionTenure, id: A::Id, key: A::Key, outcome: EffectResult<A::Command> },
}

impl<A: Kind> Input<A> {
    /// Returns whether the input tells of members or of claims.
    pub(crate) const fn is_about_owners(&self) -> bool {
        matches!(self, Self::Beat { .. } | Self::Claims { .. } | Self::Claim { .. })
    }

    /// Returns whether the input comes over the network.
    pub(crate) const fn is_message(&self) -> bool {
        !matches!(
            self,
            Self::Tick
                | Self::Wake(_)
                | Self::AppendTimeout { .. }
                | Self::AppendAgain { .. }
                | Self::ReadTimeout { .. }
                | Self::Returned { .. }
        )
    }
}

/// A request to the server.
pub(crate) enum Request<A: Kind> {
    Append {
        from: PartitionTenure,
        id: A::Id,
        append: u64,
        attempt: u32,
        after: u64,
        payload: Bytes,
        snapshot: bool,
    },
    ReadBack {
        from: PartitionTenure,
        id: A::Id,
        append: u64,
        attempt: u32,
        after: u64,
    },
    Read {
        from: PartitionTenure,
        id: A::Id,
        ask: u64,
    },
    List {
        from: PartitionTenure,
    },
    ReadClaims {
        from: Member,
        doubts: u64,
    },
    Claim {
        partition: u16,
        expected: u64,
        owner: Option<Member>,
    },
}

/// An output of a role's processes, or a record that was stored.
pub(crate) enum Outside<A: Kind> {
    Reply { process: usize, token: Token, reply: A::Reply },
    Tell { id: A::Id, last: u64, news: A::News, answers: Option<Token> },
    Start { place: PartitionTenure, id: A::Id, key: A::Key, effect: A::Effect, tries: u32 },
    Stored { id: A::Id, sequence: u64, payload: Bytes },
    Unreadable { id: A::Id, reason: String },
    NotRecorded { id: A::Id, reason: String },
}
