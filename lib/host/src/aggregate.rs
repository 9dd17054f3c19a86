//! The interface between the host and an aggregate.

use crate::Running;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt::Display, hash::Hash};
use wire::{
    PlayerId, Refusal,
    codec::{self, CodecError},
    event::Seed,
    journal::{Cause, Record},
};

/// The journal record of an aggregate.
pub type RecordOf<A> = Record<<A as Aggregate>::Event, <A as Aggregate>::State>;

/// A record as it was read from the journal.
pub struct Past<A: Aggregate> {
    /// The record.
    pub record: RecordOf<A>,
    /// Its size in the journal, in bytes.
    pub bytes: usize,
}

/// An aggregate before its first record, and that record's events.
pub type New<A> = (A, Vec<<A as Aggregate>::Event>);

/// The answer to a command that was carried out earlier.
pub enum Answer<T> {
    /// The answer is known.
    Ready(T),
    /// The answer comes with a later record.
    Pending,
}

/// The result of one attempt at an effect.
pub enum EffectResult<C> {
    /// The effect was answered with these commands, in this order.
    Done(Vec<C>),
    /// The effect was received and has no answer; this owner does not repeat it.
    Heard,
    /// The attempt failed and has to be repeated.
    Failed,
}

/// The most commands over a long time and at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Time between two over a long time, in milliseconds; 0 for no limit.
    pub every_ms: u64,
    /// How many may come at once.
    pub burst: u32,
}

/// The limits of low-priority commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The rate of one player's commands to one aggregate.
    pub player: Rate,
    /// The rate of all players' commands to one aggregate.
    pub aggregate: Rate,
    /// The refusal of commands beyond either rate.
    pub refusal: Refusal,
}

/// An aggregate: a state in a journal, the commands that it takes, and the effects that follow from
/// the state. All methods are pure; time and randomness are inputs. Times are milliseconds since
/// 1970 by the owner's clock.
pub trait Aggregate: Sized {
    /// Identifies one aggregate.
    type Id: Copy + Eq + Hash + Ord + Display;
    /// A command, from a request or from an effect's answer.
    type Command;
    /// An event.
    type Event: Serialize + DeserializeOwned;
    /// The state that a snapshot stores.
    type State: Serialize + DeserializeOwned;
    /// The answer to a command.
    type Reply;
    /// Table news and the like: sent without a request.
    type News;
    /// An action outside the process that the state asks for.
    type Effect;
    /// Identifies an effect; at most one effect of each key runs at a time.
    type Key: Clone + Eq + Hash;

    /// The aggregate's name in refusals and logs.
    const NAME: &'static str;
    /// Most queued commands of one aggregate; further ones are refused for now.
    const MAX_QUEUED: usize;

    /// Returns the aggregate that a command creates, as it is before its first record, and the
    /// events of that record; `None` for a command that creates no aggregate. A refusal stores no
    /// record.
    fn create(id: Self::Id, command: &Self::Command, now_ms: u64) -> Option<Result<New<Self>, Refusal>>;

    /// Returns the aggregate after these records, the oldest first and at least one. The records
    /// may be consumed, except the events of the last one.
    ///
    /// # Errors
    /// The reason why the records are not a journal of this aggregate.
    fn replay(id: Self::Id, records: &mut [Past<Self>]) -> Result<Self, String>;

    /// Encodes a record.
    ///
    /// # Errors
    /// When the record cannot be encoded.
    fn encode(record: &RecordOf<Self>) -> Result<Vec<u8>, CodecError> {
        codec::encode(record)
    }

    /// Decodes a record.
    ///
    /// # Errors
    /// When the bytes are not a record.
    fn decode(bytes: &[u8]) -> Result<RecordOf<Self>, CodecError> {
        codec::decode(bytes)
    }

    /// Returns the events that a command causes; no events when the command has no effect. A
    /// command without a cause comes from an effect's answer. `resumed` is that of the record which
    /// will store the events ([`Record::resumed`]).
    ///
    /// # Errors
    /// A named refusal; the aggregate stays as it is.
    fn decide(
        &self,
        cause: Option<Cause>,
        command: &Self::Command,
        now_ms: u64,
        resumed: bool,
    ) -> Result<Vec<Self::Event>, Refusal>;

    /// Applies a stored record and returns its events. Cannot fail.
    fn evolve(&mut self, record: RecordOf<Self>) -> Vec<Self::Event>;

    /// Merges two successive commands from effects' answers into the first, when one record can
    /// hold both; else returns the second.
    fn merge(_first: &mut Self::Command, second: Self::Command) -> Option<Self::Command> {
        Some(second)
    }

    /// Returns the limits of a low-priority command; `None` for all other commands. A low-priority
    /// command waits until no other command and no deadline does, and never delays either for
    /// longer than one record takes.
    fn low_priority(_command: &Self::Command) -> Option<Limits> {
        None
    }

    /// Answers a command that only reads, from memory; `None` for all other commands.
    fn look(&self, _command: &Self::Command, _player: Option<PlayerId>, _now_ms: u64) -> Option<Self::Reply> {
        None
    }

    /// Returns the answer to a command that the state remembers as carried out.
    fn answer(&self, cause: Cause) -> Option<Answer<Self::Reply>>;

    /// Returns the answer to a command that was carried out or had no effect, when the state
    /// remembers no answer.
    fn reply(&self, command: &Self::Command) -> Self::Reply;

    /// Returns the answer that carries a refusal.
    fn refused(refusal: Refusal) -> Self::Reply;

    /// Returns the refusal of commands to an aggregate that does not exist.
    fn unknown() -> Refusal;

    /// Returns whether an event may be the answer that held commands wait for.
    fn settles(_event: &Self::Event) -> bool {
        false
    }

    /// Returns the next deadline, in milliseconds since 1970, if there is one.
    fn next_deadline_ms(&self) -> Option<u64> {
        None
    }

    /// Returns the events that the deadline causes; no events before the deadline.
    fn tick(&self, _now_ms: u64, _seed: impl FnOnce() -> Seed) -> Vec<Self::Event> {
        Vec::new()
    }

    /// Returns the events that extend a running turn to its full time, after an outage took time
    /// from it.
    fn resume(&self, _now_ms: u64) -> Vec<Self::Event> {
        Vec::new()
    }

    /// Returns whether events are better decided anew than stored late, as a time-out is.
    fn is_for_now_only(&self, _events: &[Self::Event], _now_ms: u64) -> bool {
        false
    }

    /// Returns the state after a record that is about to be written, when that record is to carry a
    /// snapshot. `first` says whether it is the journal's first record.
    fn snapshot(&mut self, record: &RecordOf<Self>, first: bool) -> Option<Self::State>;

    /// Takes note of a stored record's size in bytes, before [`Aggregate::evolve`].
    fn wrote(&mut self, _bytes: usize, _snapshot: bool) {}

    /// Takes note that a record of this size in bytes was too large with its snapshot.
    fn snapshot_too_large(&mut self, _bytes: usize) {}

    /// Returns events without effect whose record carries a snapshot. An aggregate at rest stores
    /// it so that its old records do not keep the shared stream from being trimmed. No events for
    /// aggregates that are never at rest for long.
    fn renewed() -> Vec<Self::Event> {
        Vec::new()
    }

    /// Returns the news of a stored record's events, after they are applied.
    fn news(&mut self, events: Vec<Self::Event>) -> Option<Self::News>;

    /// Returns the news that repeat the last record's events after a takeover, for viewers that may
    /// have missed them.
    fn retell(&mut self, _last: Vec<Self::Event>) -> Option<Self::News> {
        None
    }

    /// Returns whether the news contain all that the reply says.
    fn is_told_by(&self, _news: &Self::News, _reply: &Self::Reply) -> bool {
        false
    }

    /// Returns when [`Aggregate::reminder`] has news next, in milliseconds since 1970.
    fn next_reminder_ms(&mut self) -> Option<u64> {
        None
    }

    /// Returns news that are due by the clock and need no record. Asked only while no record is
    /// being written.
    fn reminder(&mut self, _now_ms: u64) -> Option<Self::News> {
        None
    }

    /// Adds to `start` the effects that are to be started: those whose key is free
    /// ([`Running::is_free`]), within the aggregate's limit of concurrent effects.
    fn effects(&self, running: &Running<Self::Key>, start: &mut Vec<(Self::Key, Self::Effect)>);

    /// Returns whether the effect of this key is still to be done.
    fn is_due(&self, key: &Self::Key) -> bool;

    /// Returns whether the aggregate will never change again, effects that are still due aside.
    fn is_over(&self) -> bool;
}
