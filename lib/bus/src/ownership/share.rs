//! Fair shares: the target owner of each partition, computed alike by all members from the same
//! claims and heartbeats.
//!
//! A member keeps the partitions that it has owned longest, up to its share. So no partition moves
//! without need, and after a death those move that had to change their owner anyway. Partitions
//! without an owner, or beyond their owner's share, go to members below their share, by rendezvous
//! hashing.

use crate::peers::Member;

/// An owner's index, and the revision of the bucket since which it is the owner.
pub(super) type Owner = (usize, u64);

/// Returns for each partition the index of its target owner in `members`, given the present owners;
/// `None` when there are no members.
pub(super) fn shares(owners: &[Option<Owner>], members: &[Member]) -> Option<Vec<usize>> {
    if members.is_empty() {
        return None;
    }
    let mut room = quotas(owners.len(), members.len());
    let mut targets: Vec<Option<usize>> = vec![None; owners.len()];

    // Owners keep their partitions, those owned longest first.
    let with_owner =
        |(partition, owner): (usize, &Option<Owner>)| owner.map(|(owner, since)| (since, partition, owner));
    let mut owned: Vec<(u64, usize, usize)> = owners.iter().enumerate().filter_map(with_owner).collect();
    owned.sort_unstable();
    for (_, partition, owner) in owned {
        take(&mut room, &mut targets, partition, owner);
    }

    // The others go to members with room, the best match first.
    let mut wishes: Vec<(u64, usize, usize)> = targets
        .iter()
        .enumerate()
        .filter(|(_, target)| target.is_none())
        .flat_map(|(partition, _)| {
            members
                .iter()
                .enumerate()
                .map(move |(index, member)| (score(partition, member), partition, index))
        })
        .collect();
    wishes.sort_unstable_by(|a, b| b.cmp(a));
    for (_, partition, member) in wishes {
        take(&mut room, &mut targets, partition, member);
    }
    targets.into_iter().collect()
}

fn take(room: &mut [usize], targets: &mut [Option<usize>], partition: usize, member: usize) {
    if let (Some(room), Some(target)) = (room.get_mut(member), targets.get_mut(partition))
        && *room > 0
        && target.is_none()
    {
        *room -= 1;
        *target = Some(member);
    }
}

/// Returns the members' shares: equal numbers, with the remainder given to the first members. They
/// depend on the members alone: if they depended on the present owners, they would change while
/// partitions move, and move some back and forth.
fn quotas(partitions: usize, members: usize) -> Vec<usize> {
    let more = partitions % members;
    (0..members).map(|index| partitions / members + usize::from(index < more)).collect()
}

/// Returns how well a partition and a member match: FNV-1a over both (Fowler, Noll, Vo), mixed once
/// more so that neighbouring numbers spread. Must be the same in all versions that run side by
/// side.
fn score(partition: usize, member: &Member) -> u64 {
    let bytes = partition.to_le_bytes().into_iter().chain(member.node.as_str().bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ (mixed >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(names: &[&str]) -> Vec<Member> {
        names.iter().map(|name| Member { node: name.parse().unwrap(), incarnation: 7 }).collect()
    }

    /// Returns owners that have owned their partitions since the same revision.
    fn owned(targets: &[usize]) -> Vec<Option<Owner>> {
        targets.iter().map(|&owner| Some((owner, 1))).collect()
    }

    fn counts(targets: &[usize], members: usize) -> Vec<usize> {
        (0..members).map(|index| targets.iter().filter(|&&t| t == index).count()).collect()
    }

    #[test]
    fn all_members_get_the_same_number() {
        for n in 1..=20 {
            let names: Vec<String> = (0..n).map(|i| format!("w{i}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            for partitions in [16, 256] {
                let targets = shares(&vec![None; partitions], &members(&names)).unwrap();
                let counts = counts(&targets, n);
                assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
            }
        }
        assert_eq!(shares(&[None], &[]), None);
    }

    #[test]
    fn a_newcomer_gets_its_share_and_no_other_partition_moves() {
        let two = members(&["a", "b"]);
        let before = shares(&[None; 256], &two).unwrap();
        let after = shares(&owned(&before), &members(&["a", "b", "c"])).unwrap();
        assert_eq!(counts(&after, 3), [86, 85, 85]);
        let moved = before.iter().zip(&after).filter(|(b, a)| b != a);
        assert!(moved.clone().all(|(_, &a)| a == 2));
        assert_eq!(moved.count(), 85);
    }

    #[test]
    fn after_a_death_only_the_dead_members_partitions_move() {
        let before = shares(&[None; 256], &members(&["a", "b", "c"])).unwrap();
        // "b" is dead; "c" moves up in the list.
        let owners: Vec<_> = before.iter().map(|&t| [Some((0, 1)), None, Some((1, 1))][t]).collect();
        let after = shares(&owners, &members(&["a", "c"])).unwrap();
        assert_eq!(counts(&after, 2), [128, 128]);
        for (owner, target) in owners.iter().zip(after) {
            assert!(owner.is_none_or(|(owner, _)| owner == target));
        }
    }

    /// One of two members dies, the other takes over, and the dead one returns: partitions that
    /// never changed their owner stay.
    #[test]
    fn partitions_that_were_taken_over_go_back_first() {
        let two = members(&["a", "b"]);
        let before = shares(&[None; 256], &two).unwrap();
        let taken_over: Vec<_> = before.iter().map(|&t| Some((0, [1, 2][t]))).collect();
        assert_eq!(shares(&taken_over, &two).unwrap(), before);
    }

    #[test]
    fn a_fair_state_stays() {
        for n in 1..8 {
            let names: Vec<String> = (0..n).map(|i| format!("w{i}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let members = members(&names);
            let first = shares(&[None; 16], &members).unwrap();
            assert_eq!(shares(&owned(&first), &members).unwrap(), first);
        }
    }
}
