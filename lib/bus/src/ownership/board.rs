//! The claims of all partitions as one member knows them, and its next steps. Pure: time and
//! observations are inputs.
//!
//! Invariants: the user holds a partition from `Gained` to `done` or `Lost`, never twice at a time;
//! a claim is written only over the revision that was judged.

use super::{
    claims::{Claim, StoredClaim},
    share::{Owner, shares},
};
use crate::peers::Member;
use std::time::Duration;
use tokio::time::Instant;
use wire::Epoch;

/// How long a released partition is reserved for the member that it was released to.
const RESERVED: Duration = Duration::from_secs(1);
/// Most partitions that are handed over at a time: their requests have no responder until the next
/// owner knows their tables.
const WAVE: usize = 4;
/// Time that the next owner may need after its claim to learn the partition's tables and to read
/// the requested ones.
const LOADING: Duration = Duration::from_millis(60);
/// How long the members must have stayed the same before partitions of live owners are moved.
const SETTLED: Duration = Duration::from_millis(600);
/// Pause after a write that failed.
const AGAIN: Duration = Duration::from_millis(200);

/// The state of a partition at this process' user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holding {
    No,
    Yes,
    /// The user was asked to finish.
    Finishing,
    /// The user has finished; the claim is to be written as released.
    Finished,
}

#[derive(Debug)]
struct Slot {
    revision: u64,
    owner: Option<Member>,
    next: Option<Member>,
    /// When the claim was last seen to change.
    since: Instant,
    held: Holding,
    /// Whether this process was the last owner to hand the partition over.
    handed_over: bool,
    writing: bool,
    not_before: Option<Instant>,
}

/// An action for the caller to carry out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Todo {
    /// Tell the user that it owns a partition.
    Gained(u16, u64),
    /// Ask the user to finish.
    Release(u16),
    /// Tell the user that it has lost a partition.
    Lost(u16),
    /// Write a claim over a revision.
    Write(u16, u64, Claim),
}

/// The members as their heartbeats tell of them.
pub(super) struct Around {
    /// All live members of the role.
    pub(super) alive: Vec<Member>,
    /// The live members that may get partitions, in order.
    pub(super) eligible: Vec<Member>,
    /// Whether this process has listened long enough to know that all other members are dead.
    pub(super) heard_all: bool,
}

impl Around {
    /// Returns whether an owner is dead: silent for long, or started again since.
    fn is_dead(&self, owner: &Member) -> bool {
        let anew = || self.alive.iter().any(|member| member.node == owner.node);
        !self.alive.contains(owner) && (self.heard_all || anew())
    }
}

pub(super) struct Board {
    me: Member,
    slots: Vec<Slot>,
    eligible: Vec<Member>,
    settled_since: Instant,
    draining: bool,
}

impl Board {
    pub(super) fn new(me: Member, partitions: u16, now: Instant) -> Self {
        let slot = || Slot {
            revision: 0,
            owner: None,
            next: None,
            since: now,
            held: Holding::No,
            handed_over: false,
            writing: false,
            not_before: None,
        };
        Self {
            me,
            slots: (0..partitions).map(|_| slot()).collect(),
            eligible: Vec::new(),
            settled_since: now,
            draining: false,
        }
    }

    pub(super) fn drain(&mut self) {
        self.draining = true;
    }

    /// Returns whether the user holds no partition and no claim of this process is being written.
    pub(super) fn is_drained(&self) -> bool {
        self.draining && self.slots.iter().all(|slot| slot.held == Holding::No && !slot.writing)
    }

    /// Takes in a claim from the bucket; revisions older than the known one are ignored.
    pub(super) fn observe(&mut self, entry: StoredClaim, now: Instant) -> Option<Todo> {
        let StoredClaim { partition, revision, claim } = entry;
        let slot = self.slots.get_mut(usize::from(partition))?;
        if revision <= slot.revision {
            return None;
        }
        slot.revision = revision;
        slot.owner = claim.owner.map(Member::from);
        slot.next = claim.next.map(Member::from);
        slot.since = now;
        let ours = slot.owner.as_ref() == Some(&self.me);
        match (slot.held, ours) {
            (Holding::No, true) => {
                slot.held = Holding::Yes;
                slot.handed_over = false;
                Some(Todo::Gained(partition, revision))
            }
            (Holding::Yes | Holding::Finishing, false) => {
                slot.held = Holding::No;
                Some(Todo::Lost(partition))
            }
            (Holding::Finished, false) => {
                slot.held = Holding::No;
                slot.handed_over = true;
                None
            }
            (Holding::No, false) | (_, true) => None,
        }
    }

    /// Takes note that the user has finished the work on a partition.
    pub(super) fn finished(&mut self, partition: u16) {
        if let Some(slot) = self.slots.get_mut(usize::from(partition))
            && slot.held == Holding::Finishing
        {
            slot.held = Holding::Finished;
        }
    }

    /// Takes note that a write has ended; after a failed one, the next attempt waits.
    pub(super) fn written(&mut self, partition: u16, well: bool, now: Instant) {
        if let Some(slot) = self.slots.get_mut(usize::from(partition)) {
            slot.writing = false;
            slot.not_before = (!well).then(|| now + AGAIN);
        }
    }

    /// Returns the last known owner of a partition, and its epoch.
    pub(super) fn owner(&self, partition: u16) -> Option<(&Member, Epoch)> {
        let slot = self.slots.get(usize::from(partition))?;
        slot.owner.as_ref().map(|owner| (owner, Epoch(slot.revision)))
    }

    /// Returns the actions that are due now.
    pub(super) fn step(&mut self, around: &Around, now: Instant) -> Vec<Todo> {
        let eligible: Vec<Member> = around
            .eligible
            .iter()
            .filter(|member| !(self.draining && **member == self.me))
            .cloned()
            .collect();
        if eligible != self.eligible {
            self.eligible = eligible;
            self.settled_since = now;
        }
        let targets = shares(&self.owners(now), &self.eligible);
        let target = |partition: usize| {
            let index = *targets.as_ref()?.get(partition)?;
            self.eligible.get(index)
        };
        let settled = self.draining || now.duration_since(self.settled_since) >= SETTLED;
        let mut moving = self.slots.iter().filter(|slot| slot.is_moving(&self.me, now)).count();

        let mut todo = Vec::new();
        for (number, slot) in self.slots.iter_mut().enumerate() {
            let Ok(partition) = u16::try_from(number) else { continue };
            if slot.writing || slot.not_before.is_some_and(|at| now < at) {
                continue;
            }
            let target = target(number);
            match slot.held {
                Holding::No => {
                    let free = slot.owner.as_ref().is_none_or(|owner| around.is_dead(owner));
                    if free && target == Some(&self.me) {
                        let claim = Claim { owner: Some((&self.me).into()), next: None };
                        slot.writing = true;
                        todo.push(Todo::Write(partition, slot.revision, claim));
                    }
                }
                Holding::Yes if settled && moving < WAVE => {
                    let away = self.draining || target.is_some_and(|target| *target != self.me);
                    if away {
                        slot.held = Holding::Finishing;
                        moving += 1;
                        todo.push(Todo::Release(partition));
                    }
                }
                Holding::Finished => {
                    let claim = Claim { owner: None, next: target.map(Into::into) };
                    slot.writing = true;
                    todo.push(Todo::Write(partition, slot.revision, claim));
                }
                Holding::Yes | Holding::Finishing => {}
            }
        }
        todo
    }

    /// Returns the owner of each partition among the eligible members; a released partition counts
    /// as its next owner's.
    fn owners(&self, now: Instant) -> Vec<Option<Owner>> {
        self.slots
            .iter()
            .map(|slot| {
                let owner = match &slot.owner {
                    Some(owner) => Some(owner),
                    None => slot.next.as_ref().filter(|_| slot.is_reserved(now)),
                }?;
                let index = self.eligible.iter().position(|member| member == owner)?;
                Some((index, slot.revision))
            })
            .collect()
    }
}

impl Slot {
    fn is_reserved(&self, now: Instant) -> bool {
        self.owner.is_none() && self.next.is_some() && now.duration_since(self.since) < RESERVED
    }

    /// Returns whether the partition is being handed over.
    fn is_moving(&self, me: &Member, now: Instant) -> bool {
        let loading = || self.owner.is_some() && now.duration_since(self.since) < LOADING;
        matches!(self.held, Holding::Finishing | Holding::Finished)
            || (self.is_reserved(now) && self.next.as_ref() != Some(me))
            || (self.handed_over && loading())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> Member {
        Member { node: name.parse().unwrap(), incarnation: 1 }
    }

    fn around(names: &[&str]) -> Around {
        let alive: Vec<Member> = names.iter().map(|name| member(name)).collect();
        Around { eligible: alive.clone(), alive, heard_all: true }
    }

    fn claimed(partition: u16, revision: u64, owner: &str) -> StoredClaim {
        let claim = Claim { owner: Some((&member(owner)).into()), next: None };
        StoredClaim { partition, revision, claim }
    }

    /// Carries out all writes at once, as a server without other writers would.
    fn settle(board: &mut Board, around: &Around, now: Instant, revision: &mut u64) -> Vec<Todo> {
        let mut told = Vec::new();
        for todo in board.step(around, now) {
            if let Todo::Write(partition, _, claim) = todo {
                *revision += 1;
                board.written(partition, true, now);
                told.extend(board.observe(StoredClaim { partition, revision: *revision, claim }, now));
            } else {
                told.push(todo);
            }
        }
        told
    }

    #[test]
    fn a_lone_member_gets_all_partitions_and_then_shares_them() {
        let (mut now, mut revision) = (Instant::now(), 0);
        let mut board = Board::new(member("a"), 16, now);
        let gained = settle(&mut board, &around(&["a"]), now, &mut revision);
        assert_eq!(gained.len(), 16);

        // A newcomer gets no partition before the members have settled.
        assert_eq!(settle(&mut board, &around(&["a", "b"]), now, &mut revision), []);
        now += SETTLED;
        for _ in 0..2 {
            let released = settle(&mut board, &around(&["a", "b"]), now, &mut revision);
            assert_eq!(released.len(), WAVE);
            let released = released.into_iter().map(|todo| match todo {
                Todo::Release(partition) => partition,
                _ => panic!("{todo:?}"),
            });
            let released: Vec<u16> = released.collect();
            released.iter().for_each(|&partition| board.finished(partition));
            assert_eq!(settle(&mut board, &around(&["a", "b"]), now, &mut revision), []);
            // The released partitions are reserved: this member does not take them back.
            assert_eq!(settle(&mut board, &around(&["a", "b"]), now, &mut revision), []);
            for partition in released {
                revision += 1;
                assert_eq!(board.observe(claimed(partition, revision, "b"), now), None);
            }
            // The next wave waits until this one is loaded.
            assert_eq!(settle(&mut board, &around(&["a", "b"]), now, &mut revision), []);
            now += LOADING;
        }
        let owned = board.slots.iter().filter(|slot| slot.held == Holding::Yes).count();
        assert_eq!(owned, 8);
        assert_eq!(settle(&mut board, &around(&["a", "b"]), now, &mut revision), []);
        assert!(!board.is_drained());
    }

    #[test]
    fn dead_owners_are_replaced_and_silent_ones_are_not_replaced_too_early() {
        let now = Instant::now();
        let mut board = Board::new(member("a"), 2, now);
        board.observe(claimed(0, 5, "b"), now);
        board.observe(claimed(1, 6, "b"), now);
        let early = Around { heard_all: false, ..around(&["a"]) };
        assert_eq!(board.step(&early, now), []);
        let writes = board.step(&around(&["a"]), now);
        assert!(matches!(writes[..], [Todo::Write(0, 5, _), Todo::Write(1, 6, _)]), "{writes:?}");
        // While the writes are under way no further ones begin.
        assert_eq!(board.step(&around(&["a"]), now), []);
        board.written(0, false, now);
        assert_eq!(board.step(&around(&["a"]), now), []);
        assert_eq!(board.step(&around(&["a"]), now + AGAIN).len(), 1);
    }

    #[test]
    fn an_owner_that_was_restarted_counts_as_dead() {
        let now = Instant::now();
        let mut board = Board::new(member("a"), 1, now);
        board.observe(claimed(0, 5, "a"), now);
        // The claim is another user's, but names this member, so the partition is held.
        assert_eq!(board.slots[0].held, Holding::Yes);
        let again = Member { incarnation: 2, ..member("a") };
        let mut board = Board::new(again.clone(), 1, now);
        board.observe(claimed(0, 5, "a"), now);
        let around = Around { alive: vec![again.clone()], eligible: vec![again], heard_all: false };
        assert_eq!(board.step(&around, now).len(), 1);
    }

    #[test]
    fn a_partition_that_another_member_claims_is_lost_once() {
        let now = Instant::now();
        let mut board = Board::new(member("a"), 1, now);
        assert_eq!(board.observe(claimed(0, 5, "a"), now), Some(Todo::Gained(0, 5)));
        assert_eq!(board.observe(claimed(0, 5, "a"), now), None);
        assert_eq!(board.observe(claimed(0, 7, "b"), now), Some(Todo::Lost(0)));
        assert_eq!(board.observe(claimed(0, 6, "a"), now), None);
        assert_eq!(board.observe(claimed(0, 8, "b"), now), None);
    }

    #[test]
    fn draining_ends_when_all_partitions_are_released() {
        let (now, mut revision) = (Instant::now(), 0);
        let mut board = Board::new(member("a"), 100, now);
        settle(&mut board, &around(&["a"]), now, &mut revision);
        board.drain();
        let mut waves = 0;
        while !board.is_drained() {
            let released = settle(&mut board, &around(&["a"]), now, &mut revision);
            assert!(released.len() <= WAVE);
            waves += 1;
            assert!(waves < 100, "draining does not end");
            for todo in released {
                let Todo::Release(partition) = todo else { panic!("{todo:?}") };
                board.finished(partition);
            }
        }
    }
}
