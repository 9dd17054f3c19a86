//! The choice of table workers for new tables. A table's id decides its partition and a partition's
//! owner is its worker, so a worker is chosen by trying ids until one falls into a partition of
//! that worker.

use crate::source;
use bus::{Bus, OwnedKind, Peers};
use std::collections::{BTreeMap, HashMap};
use wire::{NodeId, TableId, fleet::Role, subject::table_partition};

/// The most ids tried for one table: with this many, a worker that owns one partition of 256 is
/// found 98 times out of 100.
const TRIES: u32 = 1_024;

/// Chooses ids of new tables.
#[derive(Clone)]
pub struct Placement {
    bus: Bus,
    peers: Peers,
}

impl Placement {
    /// Returns a choice by the heartbeats and claims of table workers.
    pub const fn new(bus: Bus, peers: Peers) -> Self {
        Self { bus, peers }
    }

    /// Returns ids for this many tables, each on the worker that has the fewest tables by then.
    /// Without workers the ids are random: the tables wait for an owner.
    ///
    /// # Errors
    /// [`PlacementError`] when the claims cannot be read, or the operating system gives no random
    /// numbers.
    pub async fn choose(&self, count: u32) -> Result<Vec<TableId>, PlacementError> {
        let owners = bus::owners(&self.bus, OwnedKind::Tables).await?;
        let alive = self.peers.alive(Role::TableWorker);
        let ready = alive.into_iter().filter(|beat| beat.ready && !beat.draining);
        let loads = ready.map(|beat| (beat.node, u64::from(beat.load.tables))).collect();
        place(count, &owners, loads, source::bits)
    }
}

/// The reason why no ids can be chosen.
#[derive(Debug, thiserror::Error)]
pub enum PlacementError {
    /// The claims cannot be read.
    #[error(transparent)]
    Bus(#[from] bus::BusError),
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

fn place(
    count: u32,
    owners: &HashMap<u16, NodeId>,
    mut loads: BTreeMap<NodeId, u64>,
    mut bits: impl FnMut() -> Result<u64, getrandom::Error>,
) -> Result<Vec<TableId>, PlacementError> {
    loads.retain(|node, _| owners.values().any(|owner| owner == node));
    let mut ids = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let least = loads.iter().min_by_key(|(_, tables)| **tables).map(|(node, _)| node.clone());
        let mut id = TableId::short(bits()?);
        for _ in 0..TRIES {
            let owner = owners.get(&table_partition(id));
            if (least.is_none() || owner == least.as_ref()) && !ids.contains(&id) {
                break;
            }
            id = TableId::short(bits()?);
        }
        if let Some(tables) = owners.get(&table_partition(id)).and_then(|owner| loads.get_mut(owner)) {
            *tables += 1;
        }
        ids.push(id);
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::subject::TABLE_PARTITIONS;

    fn node(name: &str) -> NodeId {
        name.parse().unwrap()
    }

    fn lots() -> impl FnMut() -> Result<u64, getrandom::Error> {
        let mut state = 1_u64;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            Ok(state ^ (state >> 29))
        }
    }

    #[test]
    fn new_tables_go_to_the_worker_with_the_fewest_tables() {
        // a owns a quarter of the partitions, b the rest; c owns none, so it gets no table.
        let owner = |partition: u16| node(if partition.is_multiple_of(4) { "a" } else { "b" });
        let owners: HashMap<u16, NodeId> = (0..TABLE_PARTITIONS).map(|p| (p, owner(p))).collect();
        let loads = [("a", 10), ("b", 40), ("c", 0)].map(|(name, tables)| (node(name), tables));
        let ids = place(50, &owners, loads.into(), lots()).unwrap();
        let of_a = ids.iter().filter(|id| owners[&table_partition(**id)] == node("a")).count();
        assert_eq!((ids.len(), of_a), (50, 40), "10 + 40 = 40 + 10");
    }

    #[test]
    fn without_workers_ids_are_random() {
        let ids = place(3, &HashMap::new(), BTreeMap::new(), lots()).unwrap();
        assert_eq!(ids.len(), 3);
    }

    #[test]
    fn dead_owners_get_no_tables() {
        let owner = |partition: u16| node(if partition < 128 { "dead" } else { "alive" });
        let owners: HashMap<u16, NodeId> = (0..TABLE_PARTITIONS).map(|p| (p, owner(p))).collect();
        let ids = place(20, &owners, [(node("alive"), 500)].into(), lots()).unwrap();
        assert!(ids.iter().all(|id| table_partition(*id) >= 128));
    }
}
