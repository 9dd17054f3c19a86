//! Fair shares: who is to own which partition, computed alike by everybody from what everybody sees.
//!
//! Everybody keeps what it owns, up to its share and the longest owned first: nothing moves that need not move, and after a death what
//! had to change its owner anyway rather than what was never disturbed. What nobody owns, or an owner has too much of, goes to
//! those who have less than their share, by rendezvous hashing.

use crate::peers::Member;

/// An owner, and since which revision of the bucket it is one.
pub(super) type Owner = (usize, u64);

/// Says for each partition which of `members` is to own it, given who owns it now; none when there are no members.
pub(super) fn shares(owners: &[Option<Owner>], members: &[Member]) -> Option<Vec<usize>> {
    if members.is_empty() {
        return None;
    }
    let mut room = quotas(owners.len(), members.len());
    let mut targets: Vec<Option<usize>> = vec![None; owners.len()];

    // What is owned stays, the longest owned first.
    let with_owner =
        |(partition, owner): (usize, &Option<Owner>)| owner.map(|(owner, since)| (since, partition, owner));
    let mut owned: Vec<(u64, usize, usize)> = owners.iter().enumerate().filter_map(with_owner).collect();
    owned.sort_unstable();
    for (_, partition, owner) in owned {
        take(&mut room, &mut targets, partition, owner);
    }

    // The rest goes where there is room, the best match first.
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

/// An equal number for everybody; what cannot be divided goes to the first. Depends on the members alone: if it
/// depended on who owns how much, it would change while partitions move, and move some to and fro.
fn quotas(partitions: usize, members: usize) -> Vec<usize> {
    let more = partitions % members;
    (0..members).map(|index| partitions / members + usize::from(index < more)).collect()
}

/// How well a partition and a member match: FNV-1a over both (Fowler, Noll, Vo), mixed once more so that
/// neighbours in number spread. Must be the same in every version that runs side by side.
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

    /// All owned since the same revision.
    fn owned(targets: &[usize]) -> Vec<Option<Owner>> {
        targets.iter().map(|&owner| Some((owner, 1))).collect()
    }

    fn counts(targets: &[usize], members: usize) -> Vec<usize> {
        (0..members).map(|index| targets.iter().filter(|&&t| t == index).count()).collect()
    }

    #[test]
    fn everybody_gets_the_same_number() {
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
    fn a_newcomer_gets_its_share_and_nothing_else_moves() {
        let two = members(&["a", "b"]);
        let before = shares(&[None; 256], &two).unwrap();
        let after = shares(&owned(&before), &members(&["a", "b", "c"])).unwrap();
        assert_eq!(counts(&after, 3), [86, 85, 85]);
        let moved = before.iter().zip(&after).filter(|(b, a)| b != a);
        assert!(moved.clone().all(|(_, &a)| a == 2));
        assert_eq!(moved.count(), 85);
    }

    #[test]
    fn after_a_death_only_what_it_owned_moves() {
        let before = shares(&[None; 256], &members(&["a", "b", "c"])).unwrap();
        // "b" is gone; "c" moves up in the list.
        let owners: Vec<_> = before.iter().map(|&t| [Some((0, 1)), None, Some((1, 1))][t]).collect();
        let after = shares(&owners, &members(&["a", "c"])).unwrap();
        assert_eq!(counts(&after, 2), [128, 128]);
        for (owner, target) in owners.iter().zip(after) {
            assert!(owner.is_none_or(|(owner, _)| owner == target));
        }
    }

    /// One of two dies, the other takes everything over, and the dead one comes back: what never changed its owner stays.
    #[test]
    fn what_was_taken_over_goes_back_first() {
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
