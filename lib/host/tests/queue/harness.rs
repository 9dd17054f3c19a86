//! A partition and a model of its journals, driven one step at a time.

use super::{Queue, QueueCommand, QueueNews, QueueReply};
use bytes::Bytes;
use host::{Around, EffectResult, Journaled, NotStored, Now, Output, Partition, Position};
use std::{
    cell::Cell,
    collections::{BTreeMap, VecDeque},
};
use wire::{CommandId, Epoch, PlayerId, TableId, event::Seed, journal::Cause};

/// Records larger than this are refused.
pub const MOST_BYTES: usize = 10_000;

/// The surroundings of a partition, to be set by the test.
pub struct World {
    pub now: Cell<Now>,
    pub certain: Cell<bool>,
    pub well: Cell<bool>,
    pub outages: Cell<u64>,
    pub newest: Cell<u64>,
}

impl Around for World {
    fn now(&self) -> Now {
        self.now.get()
    }

    fn is_certain(&self) -> bool {
        self.certain.get()
    }

    fn outages(&self) -> u64 {
        self.outages.get()
    }

    fn is_well(&self) -> bool {
        self.well.get()
    }

    fn newest(&self) -> u64 {
        self.newest.get()
    }

    fn seed(&self) -> Seed {
        Seed([0; 32])
    }
}

/// The stored records of all journals; the last field tells which hold a snapshot.
#[derive(Default)]
pub struct Server {
    records: BTreeMap<TableId, Vec<(u64, Bytes, bool)>>,
    sequence: u64,
}

impl Server {
    /// Appends a record after the journal's record `after`, 0 for none; returns its sequence.
    pub fn append(
        &mut self,
        id: TableId,
        after: u64,
        payload: Vec<u8>,
        snapshot: bool,
    ) -> Result<u64, NotStored> {
        if payload.len() > MOST_BYTES {
            return Err(NotStored::TooLarge);
        }
        let records = self.records.entry(id).or_default();
        if records.last().map_or(0, |(sequence, ..)| *sequence) != after {
            return Err(NotStored::Conflict);
        }
        self.sequence += 1;
        records.push((self.sequence, payload.into(), snapshot));
        Ok(self.sequence)
    }

    /// Returns a journal's records from its last snapshot on; none without records.
    pub fn read(&self, id: TableId) -> Option<Journaled> {
        let records = self.records.get(&id)?;
        let begin = records.iter().rposition(|(.., snapshot)| *snapshot).unwrap_or(0);
        let last = records.last()?.0;
        let snapshot = records.get(begin).filter(|(.., snapshot)| *snapshot).map_or(0, |record| record.0);
        let records = records[begin..].iter().map(|(_, payload, _)| payload.clone()).collect();
        Some(Journaled { position: Position { last, snapshot }, records })
    }

    /// Returns the number of records of a journal.
    pub fn count(&self, id: TableId) -> usize {
        self.records.get(&id).map_or(0, Vec::len)
    }

    /// Returns the bytes of all records of a journal.
    pub fn payloads(&self, id: TableId) -> impl Iterator<Item = &Bytes> {
        self.records.get(&id).into_iter().flatten().map(|(_, payload, _)| payload)
    }

    /// Removes a journal.
    pub fn remove(&mut self, id: TableId) {
        self.records.remove(&id);
    }

    /// Returns the ids of all journals.
    pub fn ids(&self) -> Vec<TableId> {
        self.records.keys().copied().collect()
    }
}

/// An output of the partition.
pub type Out = Output<Queue, u32>;

/// Drives a partition. Tokens are numbers; outputs are kept in `out` until they are handled.
pub struct HostHarness {
    pub world: World,
    pub partition: Partition<Queue, u32>,
    pub out: VecDeque<Out>,
    token: u32,
}

impl HostHarness {
    /// Returns an owner of this epoch, before it has read a journal.
    pub fn new(epoch: u64, server: &Server) -> Self {
        let now = Now { wall_ms: 1_000_000, mono_ms: 5_000_000 };
        let world = World {
            now: Cell::new(now),
            certain: Cell::new(true),
            well: Cell::new(true),
            outages: Cell::new(0),
            newest: Cell::new(0),
        };
        let partition = Partition::new(Epoch(epoch), server.ids(), &world);
        Self { world, partition, out: VecDeque::new(), token: 0 }
    }

    /// Moves both clocks on by so many milliseconds.
    pub fn pass(&self, ms: u64) {
        let Now { wall_ms, mono_ms } = self.world.now.get();
        self.world.now.set(Now { wall_ms: wall_ms + ms, mono_ms: mono_ms + ms });
    }

    /// Sets the clock that records are dated by.
    pub fn set_clock(&self, by_ms: i64) {
        let Now { wall_ms, mono_ms } = self.world.now.get();
        self.world.now.set(Now { wall_ms: wall_ms.saturating_add_signed(by_ms), mono_ms });
    }

    /// Sends a command; returns the token of its answer.
    pub fn send(&mut self, id: TableId, player: u64, number: u64, command: QueueCommand) -> u32 {
        self.token += 1;
        let player = (player > 0).then_some(PlayerId(player));
        let cause = Cause { player, id: CommandId(number) };
        self.partition.command(&self.world, id, cause, command, self.token, false);
        self.take();
        self.token
    }

    /// Moves the outputs of the partition to `out`.
    pub fn take(&mut self) {
        self.out.extend(self.partition.outputs());
    }

    /// Carries out all outputs as a server without failures would, except effects. Returns the
    /// outputs that leave the partition.
    pub fn serve(&mut self, server: &mut Server) -> Observed {
        let mut seen = Observed::default();
        self.take();
        while let Some(output) = self.out.pop_front() {
            match output {
                Output::Append { id, after, payload, snapshot, .. } => {
                    let stored = server.append(id, after.last, payload, snapshot);
                    self.partition.appended(&self.world, id, stored);
                }
                Output::Read { id, .. } => self.partition.read(&self.world, id, Ok(server.read(id))),
                Output::Reply { token, reply } => seen.replies.push((token, reply)),
                Output::Tell { news, .. } => seen.news.push(news),
                Output::Start { id, key, tries, .. } => seen.started.push((id, key, tries)),
                Output::Stop { key, .. } => seen.stopped.push(key),
                Output::Loaded { .. } => {}
                Output::Evict { id } => seen.evicted.push(id),
                Output::NotRecorded { reason, .. } => seen.troubles.push(reason.to_string()),
                Output::Declined { refusal, .. } => seen.troubles.push(refusal.to_string()),
                Output::Unreadable { reason, .. } => seen.troubles.push(reason),
                Output::Superseded { epoch, .. } => seen.superseded = Some(epoch),
                Output::Released => seen.released = true,
            }
            self.take();
        }
        seen
    }

    /// Lets the partition do what its clocks demand, and carries out all outputs.
    pub fn wake(&mut self, server: &mut Server) -> Observed {
        self.partition.wake(&self.world);
        self.serve(server)
    }

    /// Gives the partition the result of the effect that seats a pair.
    pub fn seated(&mut self, id: TableId, pair: u64, outcome: EffectResult<QueueCommand>) {
        self.partition.returned(&self.world, id, &pair, outcome);
        self.take();
    }
}

/// Outputs that leave the partition.
#[derive(Default)]
pub struct Observed {
    pub replies: Vec<(u32, QueueReply)>,
    pub news: Vec<QueueNews>,
    pub started: Vec<(TableId, u64, u32)>,
    pub stopped: Vec<u64>,
    pub evicted: Vec<TableId>,
    pub troubles: Vec<String>,
    pub superseded: Option<Epoch>,
    pub released: bool,
}
