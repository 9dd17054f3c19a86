//! What the host has to know of an aggregate.

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
    /// This one.
    Ready(T),
    /// It comes with a later record.
    Pending,
}

/// What one attempt at an effect came to.
pub enum EffectResult<C> {
    /// These commands are its answer, in order.
    Done(Vec<C>),
    /// It has been heard and there is nothing to say to it: it is not repeated by this owner.
    Heard,
    /// It has to be tried again.
    Failed,
}

/// Something that lives in a journal: a state, the commands that it takes, and what follows from
/// them. Everything here is pure; time and randomness are inputs. Times are milliseconds since 1970
/// by the owner's clock.
pub trait Aggregate: Sized {
    /// Which one.
    type Id: Copy + Eq + Hash + Ord + Display;
    /// What it can be asked, by others and by what comes back from outside.
    type Command;
    /// What happens to it.
    type Event: Serialize + DeserializeOwned;
    /// What a snapshot holds.
    type State: Serialize + DeserializeOwned;
    /// What a command is answered.
    type Reply;
    /// What others are told, without having asked.
    type News;
    /// Something to be done outside.
    type Effect;
    /// What an effect is about: at most one effect per key runs at a time.
    type Key: Clone + Eq + Hash;

    /// What such a thing is called in refusals.
    const NAME: &'static str;
    /// Commands that may wait at one of them; beyond, senders have to repeat.
    const MAX_QUEUED: usize;

    /// Returns the aggregate that a command creates, as it is before its first record, and the
    /// events of that record; none for a command that creates nothing. A refusal changes nothing.
    fn create(id: Self::Id, command: &Self::Command, now_ms: u64) -> Option<Result<New<Self>, Refusal>>;

    /// Returns the aggregate after these records, the oldest first and at least one. They may be taken
    /// apart, but for the events of the last one.
    ///
    /// # Errors
    /// Why they are not the journal of one.
    fn replay(id: Self::Id, records: &mut [Past<Self>]) -> Result<Self, String>;

    /// Encodes a record.
    ///
    /// # Errors
    /// When it has no encoding.
    fn encode(record: &RecordOf<Self>) -> Result<Vec<u8>, CodecError> {
        codec::encode(record)
    }

    /// Decodes a record.
    ///
    /// # Errors
    /// When the bytes are something else.
    fn decode(bytes: &[u8]) -> Result<RecordOf<Self>, CodecError> {
        codec::decode(bytes)
    }

    /// Returns the events that a command causes; none when there is nothing to do. Commands without
    /// a cause come from outside, by way of an effect.
    ///
    /// # Errors
    /// A named refusal; the aggregate stays as it is.
    fn decide(
        &self,
        cause: Option<Cause>,
        command: &Self::Command,
        now_ms: u64,
    ) -> Result<Vec<Self::Event>, Refusal>;

    /// Takes a stored record in and returns its events. Cannot fail.
    fn evolve(&mut self, record: RecordOf<Self>) -> Vec<Self::Event>;

    /// Makes one command of two that came from outside one after the other, where one record will
    /// do for both; else gives the second back.
    fn merge(_first: &mut Self::Command, second: Self::Command) -> Option<Self::Command> {
        Some(second)
    }

    /// Answers a command that only looks, from memory; none for all others.
    fn look(&self, _command: &Self::Command, _player: Option<PlayerId>, _now_ms: u64) -> Option<Self::Reply> {
        None
    }

    /// Returns what a command was answered that is remembered as carried out.
    fn answer(&self, cause: Cause) -> Option<Answer<Self::Reply>>;

    /// Returns what to say to a command that has been carried out, or had nothing to do, and of
    /// which nothing is remembered.
    fn reply(&self, command: &Self::Command) -> Self::Reply;

    /// Returns the reply that refuses.
    fn refused(refusal: Refusal) -> Self::Reply;

    /// Returns the refusal of commands for what does not exist.
    fn unknown() -> Refusal;

    /// Whether an event may be the answer that held commands wait for.
    fn settles(_event: &Self::Event) -> bool {
        false
    }

    /// Returns when the clock decides next, if it does.
    fn next_deadline_ms(&self) -> Option<u64> {
        None
    }

    /// Returns what the clock decides now; none before the deadline.
    fn tick(&self, _now_ms: u64, _seed: impl FnOnce() -> Seed) -> Vec<Self::Event> {
        Vec::new()
    }

    /// Returns what gives those who are waited for their full time again, after one that they could
    /// not use.
    fn resume(&self, _now_ms: u64) -> Vec<Self::Event> {
        Vec::new()
    }

    /// Whether events are better decided anew than stored late: somebody's time-out.
    fn is_for_now_only(&self, _events: &[Self::Event], _now_ms: u64) -> bool {
        false
    }

    /// Returns the state after a record that is about to be written, when that record is to carry a
    /// snapshot. `first` says that it is the first one.
    fn snapshot(&mut self, record: &RecordOf<Self>, first: bool) -> Option<Self::State>;

    /// Takes notice of the size of a record that has been stored, before [`Aggregate::evolve`].
    fn wrote(&mut self, _bytes: usize, _snapshot: bool) {}

    /// Takes notice that a record of so many bytes was too large with its snapshot.
    fn snapshot_too_large(&mut self, _bytes: usize) {}

    /// Returns events that mean nothing, whose record carries a snapshot: one at rest must not keep the
    /// stream that it shares with others from being trimmed. None for what is not at rest for long.
    fn renewed() -> Vec<Self::Event> {
        Vec::new()
    }

    /// Returns what others are told of a record's events, after them.
    fn news(&mut self, events: Vec<Self::Event>) -> Option<Self::News>;

    /// Returns what is repeated of the last record's events after a takeover, for those who may
    /// have missed them.
    fn retell(&mut self, _last: Vec<Self::Event>) -> Option<Self::News> {
        None
    }

    /// Whether news say all that this reply says.
    fn is_told_by(&self, _news: &Self::News, _reply: &Self::Reply) -> bool {
        false
    }

    /// Returns when [`Aggregate::reminder`] has something to say next.
    fn next_reminder_ms(&mut self) -> Option<u64> {
        None
    }

    /// Returns what is due to be said while nothing is being written and that no record stands
    /// behind.
    fn reminder(&mut self, _now_ms: u64) -> Option<Self::News> {
        None
    }

    /// Adds to `start` what is left to be done outside, as far as its key is free
    /// ([`Running::is_free`]) and no more runs at a time than should.
    fn effects(&self, running: &Running<Self::Key>, start: &mut Vec<(Self::Key, Self::Effect)>);

    /// Whether the effect of this key is still to be done.
    fn is_due(&self, key: &Self::Key) -> bool;

    /// Whether nothing will ever happen to it again, what is left to be done outside apart.
    fn is_over(&self) -> bool;
}
