//! The heartbeats that this process heard, and the clock of hearing time.

use super::SILENCE;
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;
use wire::{
    NodeId,
    fleet::{Heartbeat, Role},
};

/// Most hearing time that passes between two arrivals.
const DEAF: Duration = Duration::from_millis(400);

/// One incarnation of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Member {
    pub(crate) node: NodeId,
    pub(crate) incarnation: u64,
}

/// The last heartbeats of all members.
pub(super) struct Heard {
    clock: Duration,
    last_arrival: Instant,
    members: HashMap<Member, (Heartbeat, Duration)>,
}

impl Heard {
    /// Returns an empty list of members; hearing time begins now.
    pub(super) fn new() -> Self {
        Self { clock: Duration::ZERO, last_arrival: Instant::now(), members: HashMap::new() }
    }

    /// Returns the hearing time since the beginning.
    pub(super) fn now(&self) -> Duration {
        self.clock + self.last_arrival.elapsed().min(DEAF)
    }

    /// Takes a heartbeat in; returns whether it changes which members may own partitions.
    pub(super) fn hear(&mut self, beat: Heartbeat) -> bool {
        self.clock = self.now();
        self.last_arrival = Instant::now();
        let member = Member { node: beat.node.clone(), incarnation: beat.incarnation };
        let standing = (beat.ready, beat.draining);
        let before = self.members.insert(member, (beat, self.clock));
        before.is_none_or(|(before, _)| (before.ready, before.draining) != standing)
    }

    /// Forgets members that have been silent for too long; returns whether there were any.
    pub(super) fn forget(&mut self) -> bool {
        let before = self.members.len();
        let now = self.now();
        self.members.retain(|_, (_, last)| now.saturating_sub(*last) <= SILENCE);
        self.members.len() != before
    }

    /// Forgets a member if it has been silent for longer than this; returns whether it did.
    pub(super) fn forget_one(&mut self, member: &Member, silent: Duration) -> bool {
        let there = self.silence_of(member).is_some_and(|silence| silence > silent);
        there && self.members.remove(member).is_some()
    }

    fn silence_of(&self, member: &Member) -> Option<Duration> {
        let (_, last) = self.members.get(member)?;
        Some(self.now().saturating_sub(*last))
    }

    /// Returns the members that have been silent for longer than this and can be checked.
    pub(super) fn silent_for(&self, silent: Duration) -> Vec<(Role, Member)> {
        let now = self.now();
        let askable = self
            .members
            .iter()
            .filter(|(_, (beat, last))| beat.reachable && now.saturating_sub(*last) > silent);
        askable.map(|(member, (beat, _))| (beat.role, member.clone())).collect()
    }

    /// Returns the last heartbeats of all members of a role.
    pub(super) fn of(&self, role: Role) -> Vec<Heartbeat> {
        let beats = self.members.values().map(|(beat, _)| beat);
        beats.filter(|beat| beat.role == role).cloned().collect()
    }
}
