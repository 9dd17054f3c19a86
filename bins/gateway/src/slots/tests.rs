use super::*;

const NONE: OriginLimits = OriginLimits { all: 0, visitors: 0 };

fn limits(most: u32) -> SlotLimits {
    SlotLimits { most, reserve: 0, address: NONE, network: NONE, unlimited: Vec::new() }
}

fn slots(limits: SlotLimits) -> Arc<Slots> {
    Arc::new(Slots::new(limits))
}

fn enter(slots: &Arc<Slots>, from: &str) -> (ConnectionSlot, Admission) {
    let slot = slots.enter(Some(from.parse().unwrap())).unwrap();
    let admission = slot.slot().admission();
    (slot, admission)
}

#[test]
fn slots_are_given_back() {
    let slots = slots(limits(1));
    let first = enter(&slots, "192.0.2.1");
    assert_eq!(first.1, Admission::Open);
    let second = enter(&slots, "192.0.2.1");
    assert_eq!(second.1, Admission::Refused(Closing::NodeFull));
    assert_eq!(slots.open(), 1);
    drop(first);
    assert_eq!(enter(&slots, "192.0.2.1").1, Admission::Open);
    drop(second);
    assert_eq!(slots.open(), 0);
    let counts = slots.lock();
    assert!(counts.origins.is_empty() && counts.turned_away == 0, "{counts:?}");
}

#[test]
fn connections_that_are_turned_away_are_limited_too_and_one_address_does_not_take_all_of_these() {
    let slots = slots(limits(0));
    let here: Vec<_> = (0..TURNED_AWAY_HERE).map(|_| enter(&slots, "192.0.2.1")).collect();
    assert!(slots.enter(Some("192.0.2.1".parse().unwrap())).is_none());
    let others: Vec<_> = (TURNED_AWAY_HERE..TURNED_AWAY)
        .map(|n| enter(&slots, &format!("198.51.{}.{}", n / 256, n % 256)))
        .collect();
    assert!(slots.enter(Some("203.0.113.1".parse().unwrap())).is_none());
    drop((here, others));
    enter(&slots, "192.0.2.1");
}

#[test]
fn an_address_and_a_network_have_limits_of_their_own_and_other_ones_are_not_disturbed() {
    let own = |all| OriginLimits { all, visitors: 0 };
    for (one, same_network, other) in [
        ("192.0.2.1", "192.0.2.9", "198.51.100.1"),
        ("2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:2:1::1"),
    ] {
        let slots = slots(SlotLimits { address: own(2), network: own(3), ..limits(9) });
        let mut kept = vec![enter(&slots, one), enter(&slots, one)];
        let refused = Admission::Refused(Closing::TooManyConnections);
        assert_eq!(enter(&slots, one).1, refused);
        kept.push(enter(&slots, same_network));
        assert_eq!(enter(&slots, same_network).1, refused, "the network's limit");
        assert!(kept.iter().all(|(_, admission)| *admission == Admission::Open));
        assert_eq!(enter(&slots, other).1, Admission::Open);
        kept.remove(0);
        assert_eq!(enter(&slots, one).1, Admission::Open);
    }
}

#[test]
fn addresses_of_one_customer_count_as_one_address() {
    let address = OriginLimits { all: 1, visitors: 0 };
    let slots = slots(SlotLimits { address, ..limits(9) });
    let _first = enter(&slots, "2001:db8::1");
    assert_eq!(enter(&slots, "2001:db8::2").1, Admission::Refused(Closing::TooManyConnections));
}

#[test]
fn connections_without_a_session_have_a_lower_limit_and_beyond_it_sessions_are_resumed() {
    let address = OriginLimits { all: 3, visitors: 1 };
    let slots = slots(SlotLimits { address, ..limits(9) });
    let (first, _) = enter(&slots, "192.0.2.1");
    let to_resume = Admission::ToResume(Closing::TooManyConnections);
    let (second, admission) = enter(&slots, "192.0.2.1");
    assert_eq!(admission, to_resume);
    second.slot().has_session();
    second.slot().has_session();
    assert_eq!(enter(&slots, "192.0.2.1").1, to_resume, "the first is still without a session");
    first.slot().has_session();
    assert_eq!(enter(&slots, "192.0.2.1").1, Admission::Open);
    first.slot().has_no_session();
    assert_eq!(enter(&slots, "192.0.2.1").1, to_resume);
}

#[test]
fn the_last_slots_are_for_sessions_that_resume() {
    let slots = slots(SlotLimits { reserve: 1, ..limits(2) });
    let (_first, admission) = enter(&slots, "192.0.2.1");
    assert_eq!(admission, Admission::Open);
    let (_second, admission) = enter(&slots, "198.51.100.1");
    assert_eq!(admission, Admission::ToResume(Closing::NodeFull));
    assert_eq!(enter(&slots, "198.51.100.1").1, Admission::Refused(Closing::NodeFull));
}

#[test]
fn unlimited_networks_and_connections_without_an_address_count_only_in_all() {
    let one = OriginLimits { all: 1, visitors: 1 };
    let unlimited = vec!["127.0.0.0/8".parse().unwrap()];
    let slots = slots(SlotLimits { address: one, network: one, unlimited, ..limits(4) });
    let kept: Vec<_> = (0..2).map(|_| enter(&slots, "127.0.0.1")).collect();
    let without: Vec<_> = (0..2).map(|_| slots.enter(None).unwrap()).collect();
    assert!(kept.iter().all(|(_, admission)| *admission == Admission::Open));
    assert!(without.iter().all(|slot| slot.slot().admission() == Admission::Open));
    assert_eq!(enter(&slots, "127.0.0.1").1, Admission::Refused(Closing::NodeFull));
}
