//! One partition: its aggregates in memory, its unread journals and its wake-ups.

mod answers;
mod host;
mod low;
mod low_queue;
mod queued;
mod unread;
mod writing;

use crate::{Aggregate, Around, EffectResult, Journaled, Now, Output, ReadError};
use host::Host;
use queued::QueuedCommand;
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};
use unread::Unread;
use wire::{Epoch, Refusal, journal::Cause};

pub use answers::MAX_HELD;
pub use unread::{LOOKUP_MS, MAX_LOOKUPS, MAX_MISSING, MAX_UNREAD_QUEUED, MISSING_MS};

/// For so long after a takeover, in milliseconds, a former owner that has not noticed may create an
/// aggregate.
pub const FENCE_MS: u64 = 60_000;
/// An aggregate that is over leaves memory when no request for it has come for so long, in
/// milliseconds.
pub const IDLE_MS: u64 = 60_000;
/// How long after a takeover, in milliseconds, aggregates without a record of this owner get one:
/// by then those that are used have one.
pub const AT_REST_MS: u64 = 10_000;
/// Aggregates at rest that get such a record at a time.
const FENCED_AT_ONCE: usize = 16;
/// Aggregates that renew their snapshots at a time: those of one stream fall due together, and
/// other records must not wait for them.
const RENEWED_AT_ONCE: usize = 4;

/// The state of a partition that its hosts share while one input is handled.
struct Context<'a, A: Aggregate, R, W> {
    id: A::Id,
    around: &'a W,
    now: Now,
    epoch: Epoch,
    releasing: bool,
    outputs: &'a mut Vec<Output<A, R>>,
    start: &'a mut Vec<(A::Key, A::Effect)>,
}

/// A host, with the context for one input.
type AtWork<'a, A, R, W> = (&'a mut Host<A, R>, Context<'a, A, R, W>);

impl<A: Aggregate, R, W: Around> Context<'_, A, R, W> {
    fn reply(&mut self, token: Option<R>, reply: A::Reply) {
        if let Some(token) = token {
            self.outputs.push(Output::Reply { token, reply });
        }
    }

    fn refuse(&mut self, token: Option<R>, refusal: Refusal) {
        if token.is_some() {
            self.reply(token, A::refused(refusal));
        }
    }

    /// Returns the refusal for an aggregate that does not exist, as far as this process can tell.
    fn unknown(&self) -> Refusal {
        if self.around.is_certain() { A::unknown() } else { Refusal::unavailable(A::NAME) }
    }

    /// Refuses a command for now: its sender has to repeat it.
    fn turn_away(&mut self, token: Option<R>) {
        self.refuse(token, Refusal::unavailable(A::NAME));
    }
}

/// One partition's core; see the [crate]. `R` is the type of a reply's destination.
pub struct Partition<A: Aggregate, R> {
    epoch: Epoch,
    since_ms: u64,
    /// Boxed because hosts are large and the map moves its entries as it grows.
    hosts: HashMap<A::Id, Box<Host<A, R>>>,
    unread: Unread<A, R>,
    wakes: BinaryHeap<Reverse<(u64, A::Id)>>,
    outputs: Vec<Output<A, R>>,
    start: Vec<(A::Key, A::Effect)>,
    releasing: bool,
    ended: bool,
}

impl<A: Aggregate, R> Partition<A, R> {
    /// Begins to own a partition that has these journals, under an epoch.
    pub fn new(epoch: Epoch, journals: impl IntoIterator<Item = A::Id>, around: &impl Around) -> Self {
        let mut partition = Self {
            epoch,
            since_ms: around.now().mono_ms,
            hosts: HashMap::new(),
            unread: Unread::of(journals),
            wakes: BinaryHeap::new(),
            outputs: Vec::new(),
            start: Vec::new(),
            releasing: false,
            ended: false,
        };
        partition.unread.read_ahead(partition.since_ms, &mut partition.outputs);
        partition
    }

    /// Takes the outputs out, in the order in which they are to be carried out.
    pub fn outputs(&mut self) -> std::vec::Drain<'_, Output<A, R>> {
        self.outputs.drain(..)
    }

    /// Swaps the outputs with an empty list, so that both lists keep their capacity.
    pub fn swap_outputs(&mut self, empty: &mut Vec<Output<A, R>>) {
        std::mem::swap(&mut self.outputs, empty);
    }

    /// Returns an aggregate in memory, as of its last stored record. An aggregate whose first
    /// record is under way is returned as it was created.
    #[must_use]
    pub fn get(&self, id: A::Id) -> Option<&A> {
        self.hosts.get(&id).map(|host| &host.aggregate)
    }

    /// Returns the ids of all aggregates in memory.
    pub fn ids(&self) -> impl Iterator<Item = A::Id> + '_ {
        self.hosts.keys().copied()
    }

    /// Returns when [`Partition::wake`] is to be called, by the monotonic clock.
    #[must_use]
    pub fn next_wake_ms(&self) -> Option<u64> {
        let wake = self.wakes.peek().map(|Reverse((at_ms, _))| *at_ms);
        wake.into_iter().chain(self.unread.next_ms()).min()
    }

    /// Returns how many records are under way, and when the latest of them was sent, by the
    /// monotonic clock.
    #[must_use]
    pub fn under_way(&self) -> (usize, Option<u64>) {
        let sent = self.hosts.values().filter_map(|host| host.writing_since_ms());
        sent.fold((0, None), |(count, youngest), sent| (count + 1, youngest.max(Some(sent))))
    }

    /// Takes a command in. `rides` says whether news may serve as its answer.
    pub fn command(
        &mut self,
        around: &impl Around,
        id: A::Id,
        cause: Cause,
        command: A::Command,
        token: R,
        rides: bool,
    ) {
        let queued = QueuedCommand::asked(cause, command, token, rides);
        if self.releasing || self.ended {
            let refusal = A::refused(Refusal::unavailable(A::NAME));
            self.outputs.extend(queued.token.map(|token| Output::Reply { token, reply: refusal }));
            return;
        }
        self.dispatch(around, id, queued);
        self.settle(around, id);
    }

    /// Takes in a journal that was read; `None` when it does not exist.
    pub fn read(&mut self, around: &impl Around, id: A::Id, read: Result<Option<Journaled>, ReadError>) {
        if self.ended || self.releasing {
            return;
        }
        if let Some((host, mut context)) = self.host(around, id) {
            host.reread(read, &mut context);
        } else {
            self.take_over(around, id, read);
        }
        self.unread.read_ahead(around.now().mono_ms, &mut self.outputs);
        self.settle(around, id);
    }

    /// Takes in the end of an append: the record's sequence, or why it was not stored.
    pub fn appended(&mut self, around: &impl Around, id: A::Id, stored: Result<u64, crate::NotStored>) {
        if let Some((host, mut context)) = self.host(around, id) {
            match stored {
                Ok(sequence) => host.stored(sequence, &mut context),
                Err(reason) => host.not_stored(reason, &mut context),
            }
        }
        self.settle(around, id);
        self.end_release();
    }

    /// Takes in the end of an attempt at an effect.
    pub fn returned(
        &mut self,
        around: &impl Around,
        id: A::Id,
        key: &A::Key,
        outcome: EffectResult<A::Command>,
    ) {
        if let Some((host, mut context)) = self.host(around, id) {
            host.returned(key, outcome, &mut context);
        }
        self.settle(around, id);
    }

    /// Carries out all that is due by now.
    pub fn wake(&mut self, around: &impl Around) {
        let now_ms = around.now().mono_ms;
        while let Some(&Reverse((at_ms, id))) = self.wakes.peek()
            && at_ms <= now_ms
        {
            self.wakes.pop();
            if let Some((host, mut context)) = self.host(around, id)
                && host.armed_ms == Some(at_ms)
            {
                host.armed_ms = None;
                host.wake(&mut context);
                self.settle(around, id);
            }
        }
        if !self.ended && !self.releasing {
            self.unread.read_ahead(now_ms, &mut self.outputs);
        }
    }

    /// Has some of the aggregates at rest write a record: to store their state again, so that their
    /// earlier records may be trimmed; or to find a record that a former owner wrote after this one
    /// had read the journal (`docs/decisions/0053-fences.md`). To be called about once a second.
    pub fn renew(&mut self, around: &impl Around) {
        if self.releasing || self.ended {
            return;
        }
        let (newest, mono_ms) = (around.newest(), around.now().mono_ms);
        for id in self.some(RENEWED_AT_ONCE, |host| host.is_renewal_due(newest, mono_ms)) {
            if let Some((host, mut context)) = self.host(around, id) {
                host.renew(&mut context);
            }
            self.settle(around, id);
        }
        if mono_ms.saturating_sub(self.since_ms) >= AT_REST_MS && around.is_certain() {
            for id in self.some(FENCED_AT_ONCE, |host| host.is_fence_due(mono_ms)) {
                if let Some((host, mut context)) = self.host(around, id) {
                    host.fence_at_rest(&mut context);
                }
                self.settle(around, id);
            }
        }
    }

    /// Returns the first ids of aggregates for which this holds, at most so many.
    fn some(&self, most: usize, holds: impl Fn(&Host<A, R>) -> bool) -> Vec<A::Id> {
        let mut ids: Vec<A::Id> =
            self.hosts.iter().filter(|(_, host)| holds(host)).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.truncate(most);
        ids
    }

    /// Prepares the hand-over: refuses all commands that wait, begins no new work, and puts out
    /// [`Output::Released`] once no record is under way.
    pub fn release(&mut self, around: &impl Around) {
        self.releasing = true;
        let ids: Vec<A::Id> = self.hosts.keys().copied().collect();
        for id in ids {
            if let Some((host, mut context)) = self.host(around, id) {
                host.release(&mut context);
            }
        }
        for queued in self.unread.clear() {
            let reply = A::refused(Refusal::unavailable(A::NAME));
            self.outputs.extend(queued.token.map(|token| Output::Reply { token, reply }));
        }
        self.end_release();
    }

    fn end_release(&mut self) {
        if self.releasing && !self.ended && self.under_way().0 == 0 {
            self.ended = true;
            self.outputs.push(Output::Released);
        }
    }

    /// Returns a host in memory, with its context.
    fn host<'a, W: Around>(&'a mut self, around: &'a W, id: A::Id) -> Option<AtWork<'a, A, R, W>> {
        if self.ended {
            return None;
        }
        let now = around.now();
        let context = Context {
            id,
            around,
            now,
            epoch: self.epoch,
            releasing: self.releasing,
            outputs: &mut self.outputs,
            start: &mut self.start,
        };
        self.hosts.get_mut(&id).map(|host| (&mut **host, context))
    }

    /// Gives a command to its aggregate; has the journal read when the aggregate is not in memory.
    fn dispatch(&mut self, around: &impl Around, id: A::Id, queued: QueuedCommand<A::Command, R>) {
        let now = around.now();
        if let Some((host, mut context)) = self.host(around, id) {
            host.command(queued, &mut context);
        } else if let Some(refused) = self.unread.ask(id, queued, &mut self.outputs) {
            match A::create(id, &refused.command, now.wall_ms) {
                // A former owner could still write here: this journal has no record of ours that
                // would fence it.
                Some(_) if !around.is_certain() => self.refuse(refused.token, Refusal::unavailable(A::NAME)),
                Some(Err(refusal)) => self.refuse(refused.token, refusal),
                Some(Ok((aggregate, events))) => {
                    self.unread.made(id);
                    self.hosts.insert(id, Box::new(Host::new(aggregate, Some(now.mono_ms))));
                    if let Some((host, mut context)) = self.host(around, id) {
                        host.create(refused, events, &mut context);
                    }
                }
                None if around.is_certain() && self.unread.is_missing(id, now.mono_ms) => {
                    self.refuse(refused.token, A::unknown());
                }
                None => {
                    if let Some(refused) = self.unread.look_up(id, refused, &mut self.outputs) {
                        self.refuse(refused.token, Refusal::unavailable(A::NAME));
                    }
                }
            }
        }
    }

    /// Takes in a journal that was not in memory.
    fn take_over(&mut self, around: &impl Around, id: A::Id, read: Result<Option<Journaled>, ReadError>) {
        let now_ms = around.now().mono_ms;
        let Some((asked, mut queue)) = self.unread.ended(id, read.is_err(), now_ms) else { return };
        let refusal = match read {
            Ok(Some(journal)) => match host::load::<A>(id, &journal) {
                Ok(loaded) => {
                    // An aggregate that is over leaves memory at once, unless a command waits for
                    // it.
                    let asked_ms = (!queue.is_empty()).then_some(now_ms);
                    let mut host = Box::new(Host::new(loaded.aggregate, asked_ms));
                    host.position = journal.position;
                    self.hosts.insert(id, host);
                    if let Some((host, mut context)) = self.host(around, id) {
                        for queued in queue {
                            host.put_in_queue(queued, &mut context);
                        }
                        host.taken_over(loaded.epoch, loaded.last, &mut context);
                    }
                    return;
                }
                Err(reason) => {
                    self.outputs.push(Output::Unreadable { id, reason });
                    None
                }
            },
            Ok(None) if around.is_certain() => Some(A::unknown()),
            Ok(None) | Err(_) => None,
        };
        let is_unknown = refusal.is_some();
        // Before that a former owner might still write the journal that was not found.
        if is_unknown && now_ms.saturating_sub(self.since_ms) > FENCE_MS + LOOKUP_MS {
            self.unread.remember_missing(id, now_ms);
        }
        let refusal = refusal.unwrap_or_else(|| Refusal::unavailable(A::NAME));
        // Commands that came during the reading may refer to records written since.
        let late = if is_unknown { queue.split_off(asked.min(queue.len())) } else { Default::default() };
        for queued in queue {
            self.refuse(queued.token, refusal.clone());
        }
        for queued in late {
            self.dispatch(around, id, queued);
        }
    }

    fn refuse(&mut self, token: Option<R>, refusal: Refusal) {
        self.outputs.extend(token.map(|token| Output::Reply { token, reply: A::refused(refusal) }));
    }

    /// Ends the handling of an input: removes an aggregate that is over, notices a newer owner, and
    /// arms the next wake-up, unless the partition is being handed over, when no new work begins.
    fn settle(&mut self, around: &impl Around, id: A::Id) {
        let now = around.now();
        let Some(host) = self.hosts.get_mut(&id) else { return };
        if let Some(epoch) = host.newer {
            self.ended = true;
            self.outputs.push(Output::Superseded { id, epoch });
        } else if host.is_leaving(now.mono_ms) {
            self.hosts.remove(&id);
            self.outputs.push(Output::Evict { id });
        } else if !self.releasing
            // Never in the same millisecond: work that is due and cannot be done yet would be tried
            // endlessly.
            && let Some(due_ms) = host.next_wake_ms(now).map(|due_ms| due_ms.max(now.mono_ms + 1))
            // The two clocks do not tick together, so one millisecond is no difference.
            && host.armed_ms.is_none_or(|armed_ms| due_ms + 1 < armed_ms)
        {
            host.armed_ms = Some(due_ms);
            self.wakes.push(Reverse((due_ms, id)));
        }
    }
}
