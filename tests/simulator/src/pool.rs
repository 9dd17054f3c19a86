//! All processes of one role, and the journals and claims that they use.

use crate::{
    appending::ack_delay_ms,
    chance::Chance,
    context::{Context, Planted, Trace},
    faults::{Fault, Faults},
    message::{Input, Kind, Outside, PoolEvent, Request, Token},
    mistake::Mistake,
    ownership::broadcast,
    process::Process,
    server::{ANY_LIFE, Ack, Member, Server},
    world::{PartitionTenure, World},
};
use std::collections::{BTreeMap, BTreeSet};
use wire::journal::Cause;

/// State that the pools of a fleet share.
pub(crate) struct Shared {
    pub(crate) now_ms: u64,
    pub(crate) chance: Chance,
    pub(crate) faults: Faults,
    pub(crate) trace: Trace,
    pub(crate) serial: u64,
    pub(crate) server_is_up: bool,
}

/// The processes of one role.
pub(crate) struct Pool<A: Kind> {
    pub(crate) processes: Vec<Process<A>>,
    pub(crate) server: Server<A>,
    pub(crate) planned: Vec<(u64, PoolEvent<A>)>,
    pub(crate) outside: Vec<Outside<A>>,
    planted: Planted<A>,
}

impl<A: Kind> Pool<A> {
    pub(crate) fn new(processes: usize, mistake: Option<Mistake>, shared: &mut Shared) -> Self {
        let planted =
            Planted { mistake, heard: BTreeMap::new(), asked: Vec::new(), dropped: BTreeSet::new() };
        let server = Server::new(A::PARTITIONS);
        let mut pool =
            Self { processes: Vec::new(), server, planned: Vec::new(), outside: Vec::new(), planted };
        for process in 0..processes {
            let ahead_ms = i64::try_from(shared.chance.below(200)).unwrap_or(0) - 100;
            let life = pool.life(Member { process, incarnation: 1 }, processes, ahead_ms, shared);
            pool.processes.push(life);
        }
        pool
    }

    /// Returns a new run of a process.
    fn life(&mut self, me: Member, processes: usize, ahead_ms: i64, shared: &mut Shared) -> Process<A> {
        let seed = shared.chance.bits();
        let mut world = World::new(me, A::PARTITIONS, shared.now_ms, ahead_ms, seed);
        world.always_certain = self.planted.mistake == Some(Mistake::IsAlwaysCertain);
        let input = Input::Tick;
        let event = PoolEvent::Process { process: me.process, incarnation: me.incarnation, input };
        self.planned.push((shared.now_ms + shared.chance.below(100), event));
        Process::new(world, processes)
    }

    /// Handles one event.
    pub(crate) fn handle(&mut self, event: PoolEvent<A>, shared: &mut Shared) {
        match event {
            PoolEvent::Process { process, incarnation, input } => {
                self.input(process, incarnation, input, shared);
            }
            PoolEvent::Server(request) => self.request(request, shared),
            PoolEvent::Restart(process) => self.restart(process, shared),
            PoolEvent::Resume { process, incarnation } => self.resume(process, incarnation, shared),
        }
    }

    fn split<'a>(&'a mut self, shared: &'a mut Shared) -> (&'a mut [Process<A>], Context<'a, A>) {
        let context = Context {
            now_ms: shared.now_ms,
            chance: &mut shared.chance,
            faults: &mut shared.faults,
            trace: &mut shared.trace,
            planned: &mut self.planned,
            outside: &mut self.outside,
            planted: &mut self.planted,
            serial: &mut shared.serial,
            newest: self.server.sequence,
            server_is_up: shared.server_is_up,
        };
        (&mut self.processes, context)
    }

    fn input(&mut self, process: usize, incarnation: u32, input: Input<A>, shared: &mut Shared) {
        let (processes, mut context) = self.split(shared);
        let Some(process) = processes.get_mut(process).filter(|process| process.alive) else { return };
        if incarnation != ANY_LIFE && incarnation != process.world.me.incarnation {
            return;
        }
        if process.paused {
            process.inbox.push_back(input);
        } else {
            process.input(input, &mut context);
        }
    }

    fn restart(&mut self, at: usize, shared: &mut Shared) {
        let Some(process) = self.processes.get(at) else { return };
        let me = Member { process: at, incarnation: process.world.me.incarnation + 1 };
        // A process adopts its machine's clock when it starts.
        let ahead_ms = process.adopts.map_or(process.world.ahead_ms, |(_, ahead_ms)| ahead_ms);
        shared.trace.note(|| format!("process {at} of {} begins its life {}", A::NAME, me.incarnation));
        let life = self.life(me, self.processes.len(), ahead_ms, shared);
        if let Some(process) = self.processes.get_mut(at) {
            *process = life;
        }
    }

    fn resume(&mut self, at: usize, incarnation: u32, shared: &mut Shared) {
        let (processes, mut context) = self.split(shared);
        let lives = |process: &&mut Process<A>| process.world.me.incarnation == incarnation && process.alive;
        let Some(process) = processes.get_mut(at).filter(lives) else { return };
        process.paused = false;
        context.trace.note(|| format!("process {at} of {} goes on", A::NAME));
        while let Some(input) = process.inbox.pop_front() {
            process.input(input, &mut context);
        }
    }

    /// Carries out a request to the server.
    fn request(&mut self, request: Request<A>, shared: &mut Shared) {
        if !shared.server_is_up {
            return;
        }
        match request {
            Request::Append { from, id, append, attempt, after, payload, snapshot } => {
                if shared.faults.strike(Fault::AppendRefused, &mut shared.chance) {
                    let ack = Input::Acked { place: from, id, append, attempt, ack: Ack::NoRoom };
                    return self.split(shared).1.send(from.member, ack);
                }
                let ack = self.server.append(id, after, append, payload.clone(), snapshot);
                if let Ack::Stored(sequence) = ack {
                    self.outside.push(Outside::Stored { id, sequence, payload });
                }
                let mut context = self.split(shared).1;
                if let Some(later_ms) = ack_delay_ms(&mut context)
                    && let Some(travel_ms) = context.travel_ms()
                {
                    let ack = Input::Acked { place: from, id, append, attempt, ack };
                    context.deliver(from.member, travel_ms + later_ms, ack);
                }
            }
            Request::ReadBack { from, id, append, attempt, after } => {
                let decided = self.server.read_back(id, after, append);
                let found = Input::ReadBack { place: from, id, append, attempt, decided };
                self.split(shared).1.send(from.member, found);
            }
            Request::Read { from, id, ask } => {
                let journal = self.server.read(id);
                self.split(shared).1.send(from.member, Input::Read { place: from, id, ask, journal });
            }
            Request::List { from } => self.list(from, shared),
            Request::ReadClaims { from, doubts } => {
                let claims = self.server.claims.clone();
                self.split(shared).1.send(from, Input::Claims { doubts, claims });
            }
            Request::Claim { partition, expected, owner } => {
                if let Some(claim) = self.server.claim(partition, expected, owner) {
                    let (processes, mut context) = self.split(shared);
                    for process in 0..processes.len() {
                        broadcast(process, Input::Claim { partition, claim }, &mut context);
                    }
                }
            }
        }
    }

    fn list(&mut self, from: PartitionTenure, shared: &mut Shared) {
        let ids = self.server.ids().filter(|id| A::partition(*id) == from.partition).collect();
        self.split(shared).1.send(from.member, Input::Journals { place: from, ids });
    }

    /// Sends a command to all processes that listen for its partition: the owner, and former owners
    /// that have not noticed their end.
    pub(crate) fn command(
        &mut self,
        id: A::Id,
        cause: Cause,
        command: &A::Command,
        token: Token,
        shared: &mut Shared,
    ) {
        let partition = A::partition(id);
        let (processes, mut context) = self.split(shared);
        for process in processes.iter().filter(|process| process.alive) {
            let listens = process.owned.get(&partition).is_some_and(|owned| owned.core.is_some());
            if !listens {
                continue;
            }
            let twice = context.faults.strike(Fault::MessageDoubled, context.chance);
            for _ in 0..=u8::from(twice) {
                let command = command.clone();
                let input = Input::Command { partition, id, cause, command, token };
                context.send(process.world.me, input);
            }
        }
    }

    /// Returns an attempt's result to the process that made it.
    pub(crate) fn returned(
        &mut self,
        place: PartitionTenure,
        id: A::Id,
        key: A::Key,
        outcome: host::EffectResult<A::Command>,
        shared: &mut Shared,
    ) {
        let context = &mut self.split(shared).1;
        context.deliver(place.member, 1, Input::Returned { place, id, key, outcome });
    }
}
