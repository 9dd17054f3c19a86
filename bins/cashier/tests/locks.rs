//! Locks after wrong passwords: guesses of others lock neither the owner's devices nor other
//! networks, and no answer distinguishes known from unknown names.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use cashier::Desk;
use common::*;
use wire::{
    Refusal,
    cashier::{CashierReply, Session},
};

const HOME: &str = "192.0.2.7";
const ELSEWHERE: &str = "198.51.100.7";

async fn attempt(desk: &Desk, name: &str, password: &str, from: &str, device: Option<&str>) -> CashierReply {
    said(desk.session(log_in_from(name, password, Some(from), device)).await)
}

async fn guess(desk: &Desk, name: &str, from: &str) -> CashierReply {
    attempt(desk, name, "wrong password", from, None).await
}

async fn enter(desk: &Desk, from: &str, device: Option<&str>) -> Session {
    match attempt(desk, "Alice", PASSWORD, from, device).await {
        CashierReply::Session(session) => session,
        other => panic!("{other:?}"),
    }
}

fn is_locked(reply: &CashierReply) -> bool {
    matches!(reply, CashierReply::Refused(Refusal::LockedOut { .. }))
}

async fn lock(desk: &Desk, name: &str, from: &str) {
    for _ in 0..5 {
        assert_eq!(guess(desk, name, from).await, refused(Refusal::BadCredentials), "{name} from {from}");
    }
    assert!(is_locked(&guess(desk, name, from).await), "{name} from {from}");
}

#[tokio::test]
async fn guesses_from_one_network_lock_only_that_network() {
    let house = House::start().await;
    let desk = house.desk();
    create(&desk, "Alice").await;
    lock(&desk, "Alice", ELSEWHERE).await;
    enter(&desk, HOME, None).await;
    // The neighbours of the guesser are locked with it, and the right password opens nothing there.
    assert!(is_locked(&attempt(&desk, "Alice", PASSWORD, "198.51.100.200", None).await));
    // A success elsewhere does not forgive the guesses.
    assert!(is_locked(&guess(&desk, "Alice", ELSEWHERE).await));
    // Networks of IPv6, and gateways that give no address, are networks of their own.
    lock(&desk, "Alice", "2001:db8:1:200::1").await;
    enter(&desk, "2001:db8:1:300::1", None).await;
    for _ in 0..5 {
        assert_eq!(log_in(&desk, "Alice", "wrong password").await, refused(Refusal::BadCredentials));
    }
    assert!(is_locked(&log_in(&desk, "Alice", PASSWORD).await));
    enter(&desk, HOME, None).await;
}

#[tokio::test]
async fn a_device_that_was_logged_in_before_is_not_locked_out_by_others() {
    let house = House::start().await;
    let desk = house.desk();
    create(&desk, "Alice").await;
    create(&desk, "Mallory").await;
    let device = enter(&desk, HOME, None).await.device.unwrap();
    lock(&desk, "Alice", HOME).await;
    assert!(is_locked(&attempt(&desk, "Alice", PASSWORD, HOME, None).await));
    // The device keeps its token, at home and on a journey to the guesser's network.
    lock(&desk, "Alice", ELSEWHERE).await;
    for from in [HOME, ELSEWHERE] {
        assert_eq!(enter(&desk, from, Some(&device)).await.device.as_deref(), Some(device.as_str()));
    }
    // A token of another account, or an invented one, is no exception from the lock.
    let CashierReply::Session(other) = attempt(&desk, "Mallory", PASSWORD, ELSEWHERE, None).await else {
        panic!("no session")
    };
    for token in [other.device.as_deref(), Some("invented")] {
        assert!(is_locked(&attempt(&desk, "Alice", PASSWORD, HOME, token).await));
    }
    // A stolen device does not guess without limit either.
    for _ in 0..5 {
        let wrong = attempt(&desk, "Alice", "wrong password", HOME, Some(&device)).await;
        assert_eq!(wrong, refused(Refusal::BadCredentials));
    }
    assert!(is_locked(&attempt(&desk, "Alice", PASSWORD, HOME, Some(&device)).await));
}

#[tokio::test]
async fn names_without_an_account_are_locked_alike() {
    let house = House::start().await;
    let desk = house.desk();
    create(&desk, "Alice").await;
    for name in ["Alice", "nobody"] {
        lock(&desk, name, ELSEWHERE).await;
        assert_eq!(guess(&desk, name, HOME).await, refused(Refusal::BadCredentials), "{name}");
    }
}

#[tokio::test]
async fn a_player_has_a_limited_number_of_devices_and_old_ones_are_forgotten() {
    let house = House::start().await;
    let desk = house.desk();
    create(&desk, "Alice").await;
    let mut devices = Vec::new();
    for _ in 0..17 {
        devices.push(enter(&desk, HOME, None).await.device.unwrap());
    }
    lock(&desk, "Alice", HOME).await;
    assert!(is_locked(&attempt(&desk, "Alice", PASSWORD, HOME, Some(&devices[0])).await));
    enter(&desk, HOME, Some(&devices[1])).await;

    let owner = house.owner().await;
    // The database contains no token, only its hash.
    let clear = "SELECT count(*) FROM devices WHERE token_hash = decode($1, 'hex')";
    assert_eq!(owner.query_one(clear, &[&devices[16]]).await.unwrap().get::<_, i64>(0), 0);
    owner.batch_execute("UPDATE devices SET used_at = now() - interval '91 days'").await.unwrap();
    assert!(is_locked(&attempt(&desk, "Alice", PASSWORD, HOME, Some(&devices[16])).await));
    cashier::sweep::sweep(desk.database()).await.unwrap();
    let left = owner.query_one("SELECT count(*) FROM devices", &[]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 0);
}

#[tokio::test]
async fn a_flood_of_invented_names_leaves_no_rows_for_long() {
    let house = House::start().await;
    let desk = house.desk();
    create(&desk, "Alice").await;
    lock(&desk, "Alice", ELSEWHERE).await;
    for n in 0..20 {
        guess(&desk, &format!("invented-{n}"), ELSEWHERE).await;
    }
    let owner = house.owner().await;
    let rows =
        async || -> i64 { owner.query_one("SELECT count(*) FROM login_tries", &[]).await.unwrap().get(0) };
    cashier::sweep::sweep(desk.database()).await.unwrap();
    assert_eq!(rows().await, 21);
    owner.batch_execute("UPDATE login_tries SET last_at = last_at - interval '61 minutes'").await.unwrap();
    cashier::sweep::sweep(desk.database()).await.unwrap();
    assert_eq!(rows().await, 1, "the lock stays");
}
