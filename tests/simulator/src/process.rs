//! One process of a role: its partitions, and how it handles inputs.

use crate::{
    append::Append,
    context::Context,
    message::{Input, Kind, Token},
    mistake::Mistake,
    server::{Claim, Member},
    world::{PartitionTenure, World},
};
use host::{Partition, ReadError};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use wire::{CommandId, Epoch, PlayerId, journal::Cause};

/// Bit that is set in the ids of repeats that a mistake makes new commands of.
pub(crate) const TAKEN_FOR_NEW: u64 = 1 << 46;
/// How often aggregates at rest are checked for a renewal, in milliseconds.
const RENEW_MS: u64 = 1_000;

/// Why the work on a partition ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Another process gets the partition.
    HandOver,
    /// The work is restarted, because the clock was set.
    Anew,
}

/// A partition that this process owns.
pub(crate) struct Owned<A: Kind> {
    pub(crate) place: PartitionTenure,
    pub(crate) epoch: Epoch,
    /// `None` until the journals are listed.
    pub(crate) core: Option<Partition<A, Token>>,
    pub(crate) listed_ms: Option<u64>,
    pub(crate) appends: BTreeMap<A::Id, Append>,
    pub(crate) asks: BTreeSet<u64>,
    pub(crate) armed_ms: Option<u64>,
    pub(crate) ending: Option<Ending>,
}

/// The last heartbeat of another process of the role.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) incarnation: u32,
    pub(crate) at_ms: Option<u64>,
    pub(crate) leaving: bool,
}

/// One process of a role.
pub(crate) struct Process<A: Kind> {
    pub(crate) world: World,
    pub(crate) owned: BTreeMap<u16, Owned<A>>,
    pub(crate) heard: Vec<Heard>,
    /// Since when the process has had the chance to get every member's heartbeats.
    pub(crate) listening_ms: u64,
    pub(crate) members: (Vec<Member>, u64),
    pub(crate) beat_ms: u64,
    pub(crate) reading_claims_ms: Option<u64>,
    /// Until then neither claims nor heartbeats pass.
    pub(crate) half_until_ms: u64,
    pub(crate) renewed_ms: u64,
    /// When a claim was last written, by partition.
    pub(crate) wrote_ms: Vec<u64>,
    /// Revisions of this process' claims that are to be given up, by partition.
    pub(crate) released: Vec<u64>,
    pub(crate) leaving_until_ms: u64,
    pub(crate) adopts: Option<(u64, i64)>,
    pub(crate) alive: bool,
    pub(crate) paused: bool,
    /// Inputs that came while the process was paused.
    pub(crate) inbox: VecDeque<Input<A>>,
    pub(crate) reconnects_ms: u64,
}

impl<A: Kind> Process<A> {
    pub(crate) fn new(world: World, processes: usize) -> Self {
        let partitions = usize::from(A::PARTITIONS);
        let now_ms = world.now_ms;
        Self {
            world,
            owned: BTreeMap::new(),
            heard: vec![Heard::default(); processes],
            listening_ms: now_ms,
            members: (Vec::new(), now_ms),
            beat_ms: 0,
            reading_claims_ms: None,
            half_until_ms: 0,
            renewed_ms: now_ms,
            wrote_ms: vec![0; partitions],
            released: vec![0; partitions],
            leaving_until_ms: 0,
            adopts: None,
            alive: true,
            paused: false,
            inbox: VecDeque::new(),
            reconnects_ms: 0,
        }
    }

    /// Handles an input, unless it is out of date.
    pub(crate) fn input(&mut self, input: Input<A>, context: &mut Context<'_, A>) {
        self.world.now_ms = context.now_ms;
        self.world.newest = self.world.newest.max(context.newest);
        if input.is_message() && !self.world.connected {
            return;
        }
        if input.is_about_owners() && context.now_ms < self.half_until_ms {
            return;
        }
        match input {
            Input::Tick => self.tick(context),
            Input::Wake(place) => self.wake(place, context),
            Input::Beat { from, leaving } => self.beat(from, leaving),
            Input::Claims { doubts, claims } => self.claims(doubts, &claims, context),
            Input::Claim { partition, claim } => {
                self.see(partition, claim, context);
            }
            Input::Journals { place, ids } => self.begin(place, ids, context),
            Input::Command { partition, id, cause, command, token } => {
                self.command(partition, id, cause, command, token, context);
            }
            Input::Acked { place, id, append, attempt, ack } => {
                self.acked(place, id, (append, attempt), ack, context);
            }
            Input::ReadBack { place, id, append, attempt, decided } => {
                self.read_back(place, id, (append, attempt), decided, context);
            }
            Input::AppendTimeout { place, id, append, attempt } => {
                self.append_timeout(place, id, (append, attempt), context);
            }
            Input::AppendAgain { place, id, append, attempt } => {
                self.append_again(place, id, (append, attempt), context);
            }
            Input::ReadTimeout { place, id, ask } => {
                if self.ends_ask(place, ask) {
                    self.with(place, context, |core, around| core.read(around, id, Err(ReadError::Failed)));
                }
            }
            Input::Read { place, id, ask, mut journal } => {
                if self.ends_ask(place, ask) {
                    if context.planted.mistake == Some(Mistake::SkipsRecord)
                        && let Some(journal) = journal.as_mut().filter(|journal| journal.records.len() > 2)
                    {
                        journal.records.remove(1);
                    }
                    self.with(place, context, |core, around| core.read(around, id, Ok(journal)));
                }
            }
            Input::Returned { place, id, key, outcome } => {
                self.with(place, context, |core, around| core.returned(around, id, &key, outcome));
            }
        }
    }

    fn ends_ask(&mut self, place: PartitionTenure, ask: u64) -> bool {
        self.at(place).is_some_and(|owned| owned.asks.remove(&ask))
    }

    /// Returns the partition if this tenure of it has not ended.
    pub(crate) fn at(&mut self, place: PartitionTenure) -> Option<&mut Owned<A>> {
        self.owned.get_mut(&place.partition).filter(|owned| owned.place == place)
    }

    /// Gives the core of a partition an input, and carries out its outputs.
    pub(crate) fn with(
        &mut self,
        place: PartitionTenure,
        context: &mut Context<'_, A>,
        input: impl FnOnce(&mut Partition<A, Token>, &crate::world::Here<'_>),
    ) {
        let Self { owned, world, .. } = self;
        let Some(owned) = owned.get_mut(&place.partition).filter(|owned| owned.place == place) else {
            return;
        };
        let around = world.around(place.partition, owned.epoch);
        if let Some(core) = &mut owned.core {
            input(core, &around);
            self.carry_out(place, context);
        }
    }

    fn command(
        &mut self,
        partition: u16,
        id: A::Id,
        mut cause: Cause,
        command: A::Command,
        token: Token,
        context: &mut Context<'_, A>,
    ) {
        let Some(place) = self.owned.get(&partition).map(|owned| owned.place) else { return };
        match context.planted.mistake {
            Some(Mistake::ForgetsCommandIds) if cause.player.is_some() => {
                let key = (cause.player.map(|player| player.0), cause.id.0);
                let heard = context.planted.heard.entry(key).or_default();
                cause.id = CommandId(cause.id.0 + *heard * TAKEN_FOR_NEW);
                *heard = (*heard + 1).min(100);
            }
            Some(Mistake::AnswersBeforeAck | Mistake::DropsHeldCommands) => {
                context.planted.asked.push((cause, id, token));
            }
            _ => {}
        }
        self.with(place, context, |core, around| core.command(around, id, cause, command, token, true));
    }

    fn wake(&mut self, place: PartitionTenure, context: &mut Context<'_, A>) {
        let now_ms = context.now_ms;
        let Some(owned) = self.at(place).filter(|owned| owned.armed_ms.is_some_and(|at| at <= now_ms)) else {
            return;
        };
        owned.armed_ms = None;
        if context.planted.mistake != Some(Mistake::NeverWakes) {
            self.with(place, context, |core, around| core.wake(around));
        }
    }

    /// Begins the work on a partition whose journals are listed.
    fn begin(&mut self, place: PartitionTenure, ids: Vec<A::Id>, context: &mut Context<'_, A>) {
        let Self { owned, world, .. } = self;
        let Some(owned) = owned.get_mut(&place.partition).filter(|owned| owned.place == place) else {
            return;
        };
        if owned.core.is_none() && owned.ending.is_none() {
            let around = world.around(place.partition, owned.epoch);
            owned.core = Some(Partition::new(owned.epoch, ids, &around));
            self.carry_out(place, context);
        }
    }

    /// Has aggregates at rest store their state again.
    pub(crate) fn renew(&mut self, context: &mut Context<'_, A>) {
        if context.now_ms < self.renewed_ms + RENEW_MS {
            return;
        }
        self.renewed_ms = context.now_ms;
        let places: Vec<PartitionTenure> = self.owned.values().map(|owned| owned.place).collect();
        for place in places {
            self.with(place, context, |core, around| core.renew(around));
        }
    }

    /// Ends a partition at once; the results of work under way are ignored.
    pub(crate) fn lose(&mut self, partition: u16) {
        if let Some(owned) = self.owned.remove(&partition) {
            let troubled = owned.appends.values().filter(|append| append.in_trouble).count();
            self.world.in_trouble -= troubled;
        }
    }

    pub(crate) fn claim_of(&self, partition: u16) -> Claim {
        self.world.seen(partition)
    }

    /// Returns the partitions whose work has begun.
    pub(crate) fn held(&self) -> impl Iterator<Item = (&Owned<A>, &Partition<A, Token>)> {
        self.owned.values().filter_map(|owned| owned.core.as_ref().map(|core| (owned, core)))
    }
}

/// Returns the key under which planted mistakes remember a command.
pub(crate) fn known_by(player: Option<PlayerId>, id: CommandId) -> (Option<u64>, u64) {
    (player.map(|player| player.0), id.0)
}
