//! How a process handles heartbeats and claims.

use crate::{
    context::Context,
    message::{Input, Kind, Request},
    process::{Ending, Owned, Process},
    server::{ANY_LIFE, Claim, Member},
    world::PartitionTenure,
};
use std::collections::{BTreeMap, BTreeSet};
use wire::Epoch;

/// How often a process checks heartbeats, claims and the clock, in milliseconds.
const TICK_MS: u64 = 100;
/// Time between two heartbeats, in milliseconds.
const BEAT_MS: u64 = 250;
/// Silence after which a member is taken for dead, in milliseconds.
const DEAD_MS: u64 = 1_000;
/// How long the members must have stayed the same before a partition is handed over, in
/// milliseconds.
const SETTLED_MS: u64 = 600;
/// Pause between two writes of a claim, in milliseconds.
const AGAIN_MS: u64 = 300;
/// Time limit for the server's answer, in milliseconds.
const PATIENCE_MS: u64 = 1_000;
/// Partitions that one process hands over at a time.
const WAVE: usize = 2;
/// Largest delay of a late broadcast, in milliseconds: the server sends it on all connections at
/// once, and takes a connection that delays more for broken.
const LATE_MS: u64 = 150;

impl<A: Kind> Process<A> {
    pub(crate) fn tick(&mut self, context: &mut Context<'_, A>) {
        let now_ms = context.now_ms;
        if now_ms.saturating_sub(self.world.ticked_ms) > DEAD_MS / 2 {
            self.world.doubt();
            self.listening_ms = now_ms;
        }
        self.world.ticked_ms = now_ms;
        let me = self.world.me;
        context.deliver(me, TICK_MS, Input::Tick);
        if !self.world.connected && now_ms >= self.reconnects_ms && context.server_is_up {
            self.world.connected = true;
            self.world.doubt();
            self.listening_ms = now_ms;
        }
        self.take_clock(context);
        if !self.world.connected {
            return;
        }
        if now_ms >= self.half_until_ms.max(self.beat_ms + BEAT_MS) {
            self.beat_ms = now_ms;
            let leaving = now_ms < self.leaving_until_ms;
            for process in 0..self.heard.len() {
                broadcast(process, Input::Beat { from: me, leaving }, context);
            }
        }
        let unsure = !self.world.holds();
        if unsure && self.reading_claims_ms.is_none_or(|since_ms| now_ms >= since_ms + PATIENCE_MS) {
            self.reading_claims_ms = Some(now_ms);
            context.request(Request::ReadClaims { from: me, doubts: self.world.doubts.get() });
        }
        self.list(unsure, context);
        if !unsure {
            (0..A::PARTITIONS).for_each(|partition| self.consider(partition, context));
        }
        self.renew(context);
    }

    /// Adopts the machine's time once the clock has stayed as it was set.
    fn take_clock(&mut self, context: &mut Context<'_, A>) {
        let Some((at_ms, ahead_ms)) = self.adopts.filter(|(at_ms, _)| *at_ms <= context.now_ms) else {
            return;
        };
        self.adopts = None;
        context.trace.note(|| format!("process {} adopts its machine's clock", self.world.me.process));
        debug_assert!(at_ms <= context.now_ms);
        self.world.ahead_ms = ahead_ms;
        let places: Vec<PartitionTenure> = self.owned.values().map(|owned| owned.place).collect();
        for place in places {
            self.end(place, Ending::Anew, context);
        }
    }

    /// Lists the journals of partitions whose work is to begin.
    fn list(&mut self, unsure: bool, context: &mut Context<'_, A>) {
        let now_ms = context.now_ms;
        for owned in self.owned.values_mut().filter(|owned| owned.core.is_none() && !unsure) {
            if owned.listed_ms.is_none_or(|since_ms| now_ms >= since_ms + PATIENCE_MS) {
                owned.listed_ms = Some(now_ms);
                context.request(Request::List { from: owned.place });
            }
        }
    }

    pub(crate) fn beat(&mut self, from: Member, leaving: bool) {
        let now_ms = self.world.now_ms;
        if from == self.world.me {
            self.world.heard_self_ms = now_ms;
        }
        if let Some(heard) = self.heard.get_mut(from.process)
            && heard.incarnation <= from.incarnation
        {
            (heard.incarnation, heard.at_ms, heard.leaving) = (from.incarnation, Some(now_ms), leaving);
        }
    }

    pub(crate) fn claims(&mut self, doubts: u64, claims: &[Claim], context: &mut Context<'_, A>) {
        self.reading_claims_ms = None;
        for (partition, claim) in (0..A::PARTITIONS).zip(claims) {
            self.see(partition, *claim, context);
        }
        self.world.settled = self.world.settled.max(doubts);
    }

    /// Takes in a claim: ends the work of a partition that was lost, and begins that of a partition
    /// that was gained.
    pub(crate) fn see(&mut self, partition: u16, claim: Claim, context: &mut Context<'_, A>) {
        let Some(seen) = self.world.seen.get_mut(usize::from(partition)) else { return };
        if claim.revision > seen.revision {
            *seen = claim;
        }
        let claim = *seen;
        let mine = claim.owner == Some(self.world.me);
        let released = self.released.get(usize::from(partition)) == Some(&claim.revision);
        let owns = self.owned.get(&partition).map(|owned| owned.epoch.0);
        if owns.is_some_and(|epoch| !mine || epoch != claim.revision) {
            self.lose(partition);
        }
        if mine && !released && !self.owned.contains_key(&partition) {
            let place = PartitionTenure { member: self.world.me, partition, tenure: context.next() };
            context.trace.note(|| {
                let Member { process, incarnation } = place.member;
                format!(
                    "process {process}.{incarnation} owns partition {partition} of {} as {}",
                    A::NAME,
                    claim.revision
                )
            });
            let owned = Owned {
                place,
                epoch: Epoch(claim.revision),
                core: None,
                listed_ms: Some(context.now_ms),
                appends: BTreeMap::new(),
                asks: BTreeSet::new(),
                armed_ms: None,
                ending: None,
            };
            self.owned.insert(partition, owned);
            context.request(Request::List { from: place });
        }
    }

    fn is_alive(&self, member: Member) -> bool {
        let Some(heard) = self.heard.get(member.process) else { return false };
        let fresh = heard.at_ms.is_some_and(|at_ms| self.world.now_ms < at_ms + DEAD_MS);
        member == self.world.me || (heard.incarnation == member.incarnation && fresh)
    }

    fn is_dead(&self, member: Member) -> bool {
        let heard_all = self.world.now_ms > self.listening_ms + DEAD_MS + DEAD_MS / 4;
        let anew = self.heard.get(member.process).is_some_and(|h| h.incarnation > member.incarnation);
        !self.is_alive(member) && (heard_all || anew)
    }

    /// Returns the members that may own partitions, as far as this process knows.
    fn eligible(&self) -> Vec<Member> {
        let leaving = |heard: &crate::process::Heard, process: usize| {
            if process == self.world.me.process {
                self.world.now_ms < self.leaving_until_ms
            } else {
                heard.leaving
            }
        };
        let members = self.heard.iter().enumerate().filter_map(|(process, heard)| {
            let incarnation =
                if process == self.world.me.process { self.world.me.incarnation } else { heard.incarnation };
            let member = Member { process, incarnation };
            (self.is_alive(member) && !leaving(heard, process)).then_some(member)
        });
        members.collect()
    }

    /// Claims a partition or hands it over, when that is due.
    fn consider(&mut self, partition: u16, context: &mut Context<'_, A>) {
        let now_ms = context.now_ms;
        let members = self.eligible();
        if self.members.0 != members {
            self.members = (members, now_ms);
        }
        let weight = |member: &&Member| {
            (member.process as u64 + 1)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(u32::from(partition) * 7)
        };
        let target = self.members.0.iter().max_by_key(weight).copied();
        let (me, claim) = (self.world.me, self.claim_of(partition));
        let at = usize::from(partition);
        let rested = self.wrote_ms.get(at).is_some_and(|wrote_ms| now_ms >= wrote_ms + AGAIN_MS);
        let settled = now_ms >= self.members.1 + SETTLED_MS;
        let write = match claim.owner {
            Some(owner) if owner == me => {
                if let Some(place) = self.owned.get(&partition).map(|owned| owned.place) {
                    let handing = self.owned.values().filter(|owned| owned.ending.is_some()).count();
                    let wanted = target.is_some() || now_ms < self.leaving_until_ms;
                    if target != Some(me) && wanted && settled && handing < WAVE {
                        self.end(place, Ending::HandOver, context);
                    }
                }
                let released = self.released.get(at) == Some(&claim.revision);
                released.then_some(None)
            }
            owner => {
                let free = owner.is_none_or(|owner| self.is_dead(owner));
                (free && target == Some(me)).then_some(Some(me))
            }
        };
        if let Some(owner) = write.filter(|_| rested) {
            self.write_claim(partition, claim.revision, owner, context);
        }
    }

    fn write_claim(
        &mut self,
        partition: u16,
        expected: u64,
        owner: Option<Member>,
        context: &mut Context<'_, A>,
    ) {
        if let Some(wrote_ms) = self.wrote_ms.get_mut(usize::from(partition)) {
            *wrote_ms = context.now_ms;
        }
        context.request(Request::Claim { partition, expected, owner });
    }

    /// Releases a partition by plan.
    pub(crate) fn end(&mut self, place: PartitionTenure, ending: Ending, context: &mut Context<'_, A>) {
        let Some(owned) = self.at(place) else { return };
        match (owned.ending, ending) {
            (Some(Ending::HandOver), _) | (Some(Ending::Anew), Ending::Anew) => {}
            (Some(Ending::Anew), Ending::HandOver) => owned.ending = Some(ending),
            (None, _) => {
                owned.ending = Some(ending);
                if owned.core.is_none() {
                    return self.ended(place, context);
                }
                self.with(place, context, |core, around| core.release(around));
            }
        }
    }

    /// Completes the planned end of a partition.
    pub(crate) fn ended(&mut self, place: PartitionTenure, context: &mut Context<'_, A>) {
        let Some(owned) = self.at(place) else { return };
        match owned.ending.take() {
            Some(Ending::HandOver) => {
                let epoch = owned.epoch.0;
                self.lose(place.partition);
                if let Some(released) = self.released.get_mut(usize::from(place.partition)) {
                    *released = epoch;
                }
                self.write_claim(place.partition, epoch, None, context);
            }
            Some(Ending::Anew) => self.anew(place, context),
            None => {}
        }
    }

    /// Restarts the work on an owned partition from its journals.
    pub(crate) fn anew(&mut self, place: PartitionTenure, context: &mut Context<'_, A>) {
        let tenure = context.next();
        let Some(owned) = self.at(place) else { return };
        let epoch = owned.epoch;
        self.lose(place.partition);
        let place = PartitionTenure { tenure, ..place };
        let owned = Owned {
            place,
            epoch,
            core: None,
            listed_ms: None,
            appends: BTreeMap::new(),
            asks: BTreeSet::new(),
            armed_ms: None,
            ending: None,
        };
        self.owned.insert(place.partition, owned);
    }
}

/// Sends a broadcast of the server to one process; it is not lost while the connection is up.
pub(crate) fn broadcast<A: Kind>(process: usize, input: Input<A>, context: &mut Context<'_, A>) {
    let to = Member { process, incarnation: ANY_LIFE };
    if context.server_is_up {
        let late = context.faults.strike(crate::faults::Fault::MessageLate, context.chance);
        let travel_ms = if late { context.chance.between(10, LATE_MS) } else { context.chance.between(1, 3) };
        context.deliver(to, travel_ms, input);
    }
}
