//! Session passes: which sessions get one, and the key that all cashiers share.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use bus::clock::now_ms;
use cashier::Desk;
use common::*;
use passes::Checker;
use wire::{
    PlayerId, Refusal,
    cashier::{CashierReply, CheckedSessions, EndedSession, HeldSession, Session, SessionRequest},
    pass::{GrantedPass, PassKeys},
    sender::Sender,
};

/// The gateway's process that asks.
const GATEWAY: Option<u64> = Some(7);

async fn session(desk: &Desk, request: SessionRequest) -> Session {
    match said(desk.session(request).await) {
        CashierReply::Session(session) => session,
        other => panic!("{other:?}"),
    }
}

/// Returns a log-in of a gateway that takes passes.
fn log_in_for_pass(name: &str) -> SessionRequest {
    let mut request = log_in_request(name, PASSWORD);
    if let SessionRequest::LogIn { gateway, .. } = &mut request {
        *gateway = GATEWAY;
    }
    request
}

/// Returns the check that an owner has, with the key of this cashier.
async fn owner(desk: &Desk) -> Checker {
    let checker = Checker::default();
    checker.set_keys(&PassKeys { keys: vec![desk.passes().public_key().await.unwrap()] });
    checker
}

fn check(owner: &Checker, player: PlayerId, granted: &GrantedPass, now_ms: u64) -> Result<(), Refusal> {
    owner.check(Sender::Gateway, Some(player), Some(&granted.pass), now_ms)
}

#[tokio::test]
async fn every_cashier_gives_passes_that_hold_at_every_owner() {
    let house = House::start().await;
    let desks = [house.desk(), house.desk(), house.desk()];
    let alice = create(&desks[0], "Alice").await;
    // Two cashiers that need the key at the same time make one.
    let (owner, same) = tokio::join!(owner(&desks[0]), owner(&desks[1]));
    let opened = session(&desks[2], log_in_for_pass("Alice")).await;
    let resume = SessionRequest::Resume { token: opened.token.clone(), gateway: GATEWAY };
    let resumed = session(&desks[1], resume).await;
    for granted in [opened.pass.unwrap(), resumed.pass.unwrap()] {
        for owner in [&owner, &same] {
            assert_eq!(check(owner, alice, &granted, now_ms()), Ok(()));
            let later = now_ms() + u64::from(granted.valid_ms);
            assert!(check(owner, alice, &granted, later).is_err(), "its time is over");
            assert!(check(owner, PlayerId(alice.0 + 1), &granted, now_ms()).is_err(), "another player");
        }
    }
    // Gateways of earlier versions ask for none.
    assert_eq!(session(&desks[0], log_in_request("Alice", PASSWORD)).await.pass, None);
}

#[tokio::test]
async fn only_sessions_that_go_on_get_new_passes() {
    let house = House::start().await;
    let desk = house.desk();
    let (alice, bob) = (create(&desk, "Alice").await, create(&desk, "Bob").await);
    let opened = session(&desk, log_in_for_pass("Alice")).await;
    let held = |player, token: &str| HeldSession { player, token: token.to_owned() };
    let sessions = vec![
        held(alice, "never a token"),
        held(alice, &opened.token),
        // The token is another player's.
        held(bob, &opened.token),
    ];
    let request = SessionRequest::Check { sessions, gateway: GATEWAY };
    let CashierReply::Checked(CheckedSessions { ended, passes }) = said(desk.session(request).await) else {
        panic!("no passes")
    };
    let over = |index| EndedSession { index, banned: false };
    assert_eq!(ended, [over(0), over(2)]);
    assert_eq!(passes.iter().map(|pass| pass.index).collect::<Vec<_>>(), [1]);
    assert_eq!(check(&owner(&desk).await, alice, &passes[0].granted, now_ms()), Ok(()));
}
