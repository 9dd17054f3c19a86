//! What was heard, and the hearing clock.

use super::SILENCE;
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;
use wire::{
    NodeId,
    fleet::{Heartbeat, Role},
};

/// Most hearing time that passes between two arrivals.
const DEAF: Duration = Duration::from_millis(400);

/// A process that runs now: another start under the same name is another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Member {
    pub(crate) node: NodeId,
    pub(crate) incarnation: u64,
}

/// See the module.
pub(super) struct Heard {
    clock: Duration,
    last_arrival: Instant,
    members: HashMap<Member, (Heartbeat, Duration)>,
}

impl Heard {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self { clock: Duration::ZERO, last_arrival: Instant::now(), members: HashMap::new() }
    }

    /// Hearing time since the beginning.
    pub(super) fn now(&self) -> Duration {
        self.clock + self.last_arrival.elapsed().min(DEAF)
    }

    /// Whether this changes who may own something.
    pub(super) fn hear(&mut self, beat: Heartbeat) -> bool {
        self.clock = self.now();
        self.last_arrival = Instant::now();
        let member = Member { node: beat.node.clone(), incarnation: beat.incarnation };
        let standing = (beat.ready, beat.draining);
        let before = self.members.insert(member, (beat, self.clock));
        before.is_none_or(|(before, _)| (before.ready, before.draining) != standing)
    }

    /// Forgets who fell silent; whether there was one.
    pub(super) fn forget(&mut self) -> bool {
        let before = self.members.len();
        let now = self.now();
        self.members.retain(|_, (_, last)| now.saturating_sub(*last) <= SILENCE);
        self.members.len() != before
    }

    /// Forgets one that has been silent for longer than this; whether it was there.
    pub(super) fn forget_one(&mut self, member: &Member, silent: Duration) -> bool {
        let there = self.silence_of(member).is_some_and(|silence| silence > silent);
        there && self.members.remove(member).is_some()
    }

    fn silence_of(&self, member: &Member) -> Option<Duration> {
        let (_, last) = self.members.get(member)?;
        Some(self.now().saturating_sub(*last))
    }

    /// Those who have been silent for longer than this, and can be asked whether they are there.
    pub(super) fn silent_for(&self, silent: Duration) -> Vec<(Role, Member)> {
        let now = self.now();
        let askable = self
            .members
            .iter()
            .filter(|(_, (beat, last))| beat.reachable && now.saturating_sub(*last) > silent);
        askable.map(|(member, (beat, _))| (beat.role, member.clone())).collect()
    }

    /// The last heartbeats of everybody of a role.
    pub(super) fn of(&self, role: Role) -> Vec<Heartbeat> {
        let beats = self.members.values().map(|(beat, _)| beat);
        beats.filter(|beat| beat.role == role).cloned().collect()
    }
}
