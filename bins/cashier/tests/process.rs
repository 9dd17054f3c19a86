//! The cashier's process, with nats-server and PostgreSQL.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use bus::Patience;
use common::{fleet::Fleet, *};
use futures::{StreamExt, future::join_all};
use servers::Signal;
use std::time::{Duration, Instant};
use testkit::Authenticator;
use tokio::time::{sleep, timeout};
use wire::{
    Chips, Refusal,
    cashier::{AdminRequest, CashierReply, Session, SessionRequest},
    codec,
    fleet::{Notice, Role},
    second_factor::{SecondFactorReply, SecondFactorRequest},
    subject,
};

/// Turns the second factor of a session's player on. Returns the secret and a recovery code.
async fn protect(fleet: &Fleet, token: &str) -> (String, String) {
    let ask = async |request| {
        let request = SessionRequest::SecondFactor { token: token.to_owned(), request };
        match fleet.ask(subject::CASHIER_SESSION, &request).await {
            CashierReply::SecondFactor(reply) => reply,
            other => panic!("{other:?}"),
        }
    };
    let SecondFactorReply::Secret { secret, .. } = ask(SecondFactorRequest::Begin).await else {
        panic!("no secret")
    };
    let [code, _] = Authenticator::new(&secret).unwrap().codes().unwrap();
    match ask(SecondFactorRequest::Confirm { password: PASSWORD.to_owned(), code }).await {
        SecondFactorReply::RecoveryCodes(codes) => (secret, codes[0].clone()),
        SecondFactorReply::Secret { .. } => panic!("no recovery codes"),
    }
}

#[tokio::test]
async fn requests_are_answered_bans_are_published_and_secrets_stay_out_of_the_log() {
    let fleet = Fleet::start().await;
    let mut child = fleet.cashier("cashier-1").await;
    let alice = fleet.rich("Alice", 100).await;
    let log_in = common::log_in_request("Alice", PASSWORD);
    let CashierReply::Session(Session { token, .. }) = fleet.ask(subject::CASHIER_SESSION, &log_in).await
    else {
        panic!()
    };
    let wrong = common::log_in_request("Alice", "not the password");
    let reply = fleet.ask(subject::CASHIER_SESSION, &wrong).await;
    assert_eq!(reply, refused(Refusal::BadCredentials));

    let (secret, recovery) = protect(&fleet, &token).await;

    // Each counter takes its own requests only.
    let reply = fleet.ask(subject::CASHIER_SESSION, &AdminRequest::Audit).await;
    assert!(matches!(reply, CashierReply::Refused(Refusal::BadMessage { .. })), "{reply:?}");
    let reply = fleet.ask(subject::CASHIER_TABLE, &log_in).await;
    assert!(matches!(&reply, CashierReply::Refused(Refusal::BadMessage { .. })), "{reply:?}");

    let mut notices = fleet.gateway.subscribe(subject::NOTICE.to_owned()).await.unwrap();
    fleet.gateway.flush().await;
    assert_eq!(fleet.admin(AdminRequest::Ban { player: alice, banned: true }).await, CashierReply::Done);
    let notice = timeout(GENEROUS, notices.next()).await.unwrap().unwrap();
    assert_eq!(codec::decode::<Notice>(&notice.payload).unwrap(), Notice::Banned { player: alice });
    let resume = SessionRequest::Resume { token: token.clone(), gateway: None };
    let reply = fleet.ask(subject::CASHIER_SESSION, &resume).await;
    assert_eq!(reply, refused(Refusal::SessionExpired));

    let deadline = Instant::now() + GENEROUS;
    while fleet.stage.peers.alive(Role::Cashier)[0].load.actions != 1 {
        assert!(Instant::now() < deadline, "the credit is not in the heartbeat");
        sleep(Duration::from_millis(50)).await;
    }
    let status = child.stop(GENEROUS).await.unwrap();
    assert!(status.success(), "{status}");
    let log = std::fs::read_to_string(fleet.stage.log("cashier-1")).unwrap();
    assert!(log.contains("ready"), "{log}");
    for secret in [
        PASSWORD,
        "not the password",
        fleet.stage.nats.password("cashier").unwrap(),
        token.as_str(),
        secret.as_str(),
        recovery.as_str(),
        "$argon2id",
        "for%20tests",
        "for tests",
    ] {
        let told = log.lines().find(|line| line.contains(secret));
        assert_eq!(told, None, "{secret:?} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cashiers_come_and_go_while_money_moves() {
    let fleet = Fleet::start().await;
    let mut first = fleet.cashier("cashier-1").await;
    let alice = fleet.rich("Alice", 1_000_000).await;
    let mut second = fleet.cashier("cashier-2").await;
    let fleet_ref = &fleet;
    let play = join_all((0..16_u64).map(|task| async move {
        for n in 0..60 {
            let request = buy_in(&format!("{task}.{n}"), alice, task, 10);
            assert_eq!(fleet_ref.ask(subject::CASHIER_TABLE, &request).await, CashierReply::Done);
        }
    }));
    let chaos = async {
        sleep(Duration::from_millis(200)).await;
        let status = first.stop(GENEROUS).await.unwrap();
        assert!(status.success(), "{status}: {}", first.log_tail());
        let _third = fleet_ref.cashier("cashier-3").await;
        second.kill().await.unwrap();
        sleep(GENEROUS).await;
    };
    tokio::select! {
        _ = play => {}
        () = chaos => panic!("the players wait for answers"),
    }
    let survivor = fleet.cashier("cashier-4").await;
    let CashierReply::Balance { balance, in_play } =
        fleet.ask(subject::CASHIER_SESSION, &SessionRequest::Balance { player: alice }).await
    else {
        panic!()
    };
    assert_eq!((balance, in_play), (Chips(990_400), Chips(9_600)));
    fleet.audit_sound().await;
    drop(survivor);
}

/// Requests that arrived while the process was stopped are old: other cashiers have answered them
/// since.
#[tokio::test]
async fn requests_from_before_a_standstill_are_dropped() {
    let fleet = Fleet::start().await;
    let child = fleet.cashier("cashier-1").await;
    let alice = fleet.rich("Alice", 100).await;
    child.freeze().await.unwrap();
    let request = buy_in("old", alice, 7, 60);
    let short = Patience { each: Duration::from_millis(200), total: Duration::from_millis(600) };
    let reply = fleet
        .table_worker
        .request::<_, CashierReply>(subject::CASHIER_TABLE.to_owned(), &request, short)
        .await;
    assert!(reply.is_err(), "{reply:?}");
    sleep(Duration::from_millis(1_000)).await;
    child.signal(Signal::CONT);
    // This request is answered after the end of the standstill, when the other one has been
    // dropped.
    let balance = SessionRequest::Balance { player: alice };
    let reply = fleet.ask(subject::CASHIER_SESSION, &balance).await;
    assert_eq!(reply, CashierReply::Balance { balance: Chips(100), in_play: Chips(0) });
    assert_eq!(fleet.ask(subject::CASHIER_TABLE, &request).await, CashierReply::Done);
}

#[tokio::test]
async fn the_cashier_waits_for_the_database_but_not_for_migrations() {
    let mut fleet = Fleet::start().await;
    fleet.house.postgres.stop().await.unwrap();
    let mut child = fleet.program("cashier-1").start().await.unwrap();
    let deadline = Instant::now() + GENEROUS;
    while !child.log_tail().contains("waiting for the database") {
        assert!(Instant::now() < deadline, "{}", child.log_tail());
        sleep(Duration::from_millis(50)).await;
    }
    assert!(fleet.stage.peers.alive(Role::Cashier).iter().all(|beat| !beat.ready));
    fleet.house.postgres.restart().await.unwrap();
    fleet.cashier("cashier-2").await;
    while !fleet
        .stage
        .peers
        .alive(Role::Cashier)
        .iter()
        .any(|beat| beat.node.as_str() == "cashier-1" && beat.ready)
    {
        assert!(Instant::now() < deadline, "{}", child.log_tail());
        sleep(Duration::from_millis(50)).await;
    }
    assert!(child.stop(GENEROUS).await.unwrap().success());

    let owner = fleet.house.owner().await;
    owner.batch_execute("DELETE FROM refinery_schema_history").await.unwrap();
    let mut child = fleet.program("cashier-3").start().await.unwrap();
    let status = timeout(GENEROUS, child.ended()).await.unwrap().unwrap();
    assert!(!status.success());
    assert!(child.log_tail().contains("run `pokerctl apply`"), "{}", child.log_tail());
}
