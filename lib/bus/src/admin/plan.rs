//! Plans which partitions move between which streams, so that all streams hold about the same
//! number. Without requests to the server.

use crate::Partitions;
use std::collections::{BTreeMap, BTreeSet};
use wire::subject::TABLE_PARTITIONS;

/// Sequences of an added stream begin at a multiple of this, above all sequences of the other
/// streams: at 100,000 records per second they reach the next multiple after four months, and 8,192
/// multiples are below 2^53.
pub(super) const SEQUENCES: u64 = 1 << 40;

/// The properties of a stream that the plan depends on.
#[derive(Clone, Debug, Default)]
pub(super) struct Share {
    /// Sequence of its first record, also before it exists.
    pub(super) first: u64,
    /// Sequence of its last record.
    pub(super) last: u64,
    /// The partitions whose journals the stream has.
    pub(super) partitions: Partitions,
}

impl Share {
    /// Returns whether a partition's records are in the stream, or were.
    pub(super) fn has(&self, partition: u16) -> bool {
        self.partitions.held.contains(&partition) || self.partitions.moved.contains(&partition)
    }
}

/// Partitions that leave one stream together, with the numbers of the streams to which they move.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Departure {
    /// The number of the stream that has their records so far.
    pub(super) from: u16,
    /// The target of each partition.
    pub(super) to: BTreeMap<u16, u16>,
}

/// Returns the first sequence of a stream that is added to others.
pub(super) fn first_sequence(others: &[Share]) -> u64 {
    let newest = others.iter().map(|share| share.first.max(share.last)).max().unwrap_or(0);
    (newest / SEQUENCES + 1) * SEQUENCES
}

/// Returns the partitions that no stream holds although streams have held them.
pub(super) fn stranded(shares: &[Share]) -> Vec<u16> {
    let held = |partition: &u16| shares.iter().any(|share| share.partitions.held.contains(partition));
    let had = |partition: &u16| shares.iter().any(|share| share.has(*partition));
    (0..TABLE_PARTITIONS).filter(|partition| had(partition) && !held(partition)).collect()
}

/// Returns the moves that are due, at most `at_once` partitions in each: first partitions that an
/// interrupted move has left without a stream.
pub(super) fn departures(shares: &[Share], at_once: usize) -> Vec<Departure> {
    let mut held: Vec<BTreeSet<u16>> = shares.iter().map(|share| share.partitions.held.clone()).collect();
    let mut resumed = BTreeMap::<u16, BTreeMap<u16, u16>>::new();
    for partition in stranded(shares) {
        let left = (0..shares.len()).filter(|number| shares[*number].partitions.moved.contains(&partition));
        let Some(from) = left.max_by_key(|number| shares[*number].first) else { continue };
        // The stream that the partition has left may take it back, because no record was stored
        // elsewhere since.
        let to = (0..shares.len()).filter(|to| *to == from || follows(&shares[*to], &shares[from]));
        if let Some(to) = to.min_by_key(|to| held[*to].len()) {
            held[to].insert(partition);
            resumed.entry(from as u16).or_default().insert(partition, to as u16);
        }
    }
    let settled: BTreeSet<u16> = resumed.values().flat_map(|to| to.keys().copied()).collect();
    let mut leaving = BTreeMap::<u16, BTreeMap<u16, u16>>::new();
    while let Some((from, to)) = widest(shares, &held) {
        let Some(partition) = held[from].iter().rev().find(|partition| !settled.contains(partition)).copied()
        else {
            break;
        };
        held[from].remove(&partition);
        held[to].insert(partition);
        leaving.entry(from as u16).or_default().insert(partition, to as u16);
    }
    let all = resumed.into_iter().chain(leaving);
    all.flat_map(|(from, to)| {
        let to: Vec<(u16, u16)> = to.into_iter().collect();
        let parts: Vec<Departure> =
            to.chunks(at_once).map(|part| Departure { from, to: part.iter().copied().collect() }).collect();
        parts
    })
    .collect()
}

/// Returns whether all future records of a stream have higher sequences than those in another
/// stream.
const fn follows(later: &Share, earlier: &Share) -> bool {
    later.first > earlier.last && later.first > earlier.first
}

/// Returns the two streams that differ most in the number of partitions, if one can take partitions
/// of the other and the difference is more than one.
fn widest(shares: &[Share], held: &[BTreeSet<u16>]) -> Option<(usize, usize)> {
    let pairs = (0..shares.len()).flat_map(|from| (0..shares.len()).map(move |to| (from, to)));
    let more = |(from, to): &(usize, usize)| held[*from].len().saturating_sub(held[*to].len());
    pairs
        .filter(|pair| more(pair) > 1 && follows(&shares[pair.1], &shares[pair.0]))
        .max_by_key(|pair| (more(pair), std::cmp::Reverse(*pair)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(first: u64, last: u64, held: impl IntoIterator<Item = u16>) -> Share {
        let partitions = Partitions { held: held.into_iter().collect(), moved: BTreeSet::new() };
        Share { first, last, partitions }
    }

    /// Carries the moves out, and returns how many partitions each stream holds afterwards.
    fn carried_out(shares: &mut [Share], departures: &[Departure]) -> Vec<usize> {
        for Departure { from, to } in departures {
            for (partition, to) in to {
                let left = &mut shares[usize::from(*from)].partitions;
                left.held.remove(partition);
                left.moved.insert(*partition);
                let target = &mut shares[usize::from(*to)].partitions;
                target.moved.remove(partition);
                assert!(target.held.insert(*partition));
            }
        }
        shares.iter().map(|share| share.partitions.held.len()).collect()
    }

    fn fleet(streams: u16) -> Vec<Share> {
        (0..streams).map(|n| share(0, 1_000, (0..TABLE_PARTITIONS).filter(|p| p % streams == n))).collect()
    }

    #[test]
    fn added_streams_get_their_share_and_the_others_only_give() {
        let mut shares = fleet(8);
        assert_eq!(departures(&shares, 256), Vec::new());
        for added in [1, 3] {
            let first = first_sequence(&shares);
            assert_eq!(first % SEQUENCES, 0);
            shares.extend((0..added).map(|_| share(first, first - 1, [])));
            let moves = departures(&shares, 16);
            assert!(moves.iter().all(|departure| departure.to.len() <= 16));
            let streams = shares.len();
            let held = carried_out(&mut shares, &moves);
            assert_eq!(held.iter().sum::<usize>(), usize::from(TABLE_PARTITIONS));
            assert!(held.iter().all(|held| held.abs_diff(256 / streams) <= 1), "{held:?}");
            assert_eq!(departures(&shares, 256), Vec::new(), "no partition is left to move");
            for share in shares.iter_mut().filter(|share| share.first == first) {
                share.last = first + 5;
            }
        }
    }

    #[test]
    fn no_partition_moves_to_a_stream_with_lower_sequences() {
        let mut shares = fleet(2);
        shares.push(share(0, 10, []));
        assert_eq!(departures(&shares, 256), Vec::new());
        shares[2].first = 1_000;
        assert_eq!(departures(&shares, 256), Vec::new());
        shares[2].first = 1_001;
        assert!(!departures(&shares, 256).is_empty());
    }

    #[test]
    fn partitions_of_an_interrupted_move_go_to_the_emptiest_stream_or_back() {
        let mut shares = fleet(2);
        for partition in [2, 4] {
            shares[0].partitions.held.remove(&partition);
            shares[0].partitions.moved.insert(partition);
        }
        let back = Departure { from: 0, to: BTreeMap::from([(2, 0), (4, 0)]) };
        assert_eq!(departures(&shares, 256), vec![back]);
        shares.push(share(SEQUENCES, SEQUENCES - 1, []));
        let moves = departures(&shares, 256);
        assert_eq!(moves[0], Departure { from: 0, to: BTreeMap::from([(2, 2), (4, 2)]) });
        carried_out(&mut shares, &moves);
        assert_eq!(departures(&shares, 256), Vec::new());
    }
}
