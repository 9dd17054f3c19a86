//! PostgreSQL is down, frozen, killed, or held up by a cashier that stands still.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use common::*;
use futures::future::join_all;
use servers::Signal;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};
use wire::{
    Refusal,
    cashier::{AdminRequest, CashierReply},
};

/// More than the patience of a request and its last attempt.
const BOUNDED: Duration = Duration::from_secs(12);

fn unavailable() -> CashierReply {
    refused(Refusal::unavailable("database"))
}

async fn until_done<F: Future<Output = CashierReply>>(ask: impl Fn() -> F) {
    let deadline = Instant::now() + GENEROUS;
    loop {
        match ask().await {
            CashierReply::Done => return,
            other => assert!(Instant::now() < deadline, "{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_outage_is_answered_in_bounded_time_and_ends_by_itself() {
    let mut house = House::start().await;
    let desk = house.desk();
    let alice = rich(&desk, "Alice", 1_000).await;
    house.postgres.stop().await.unwrap();

    let begun = Instant::now();
    let ids: Vec<String> = (0..20).map(|n| format!("away.{n}")).collect();
    let (replies, login, show) = tokio::join!(
        timeout(BOUNDED, join_all(ids.iter().map(|id| table(&desk, buy_in(id, alice, 7, 10))))),
        timeout(BOUNDED, log_in(&desk, "Alice", PASSWORD)),
        timeout(BOUNDED, admin(&desk, AdminRequest::ShowPlayer { player: "Alice".to_owned() })),
    );
    assert!(replies.unwrap().iter().all(|reply| *reply == unavailable()));
    assert_eq!((login.unwrap(), show.unwrap()), (unavailable(), unavailable()));
    assert!(begun.elapsed() > Duration::from_secs(1), "it was tried for a while");

    house.postgres.restart().await.unwrap();
    for id in &ids {
        until_done(|| table(&desk, buy_in(id, alice, 7, 10))).await;
    }
    assert_eq!(balance(&desk, alice).await, (800, 200));
    assert!(matches!(log_in(&desk, "Alice", PASSWORD).await, CashierReply::Session(_)));

    // The caller may not notice a restart within the patience of its request.
    house.postgres.stop().await.unwrap();
    let (reply, restarted) = tokio::join!(table(&desk, buy_in("back", alice, 7, 10)), async {
        sleep(Duration::from_millis(300)).await;
        house.postgres.restart().await
    });
    restarted.unwrap();
    assert!(reply == CashierReply::Done || reply == unavailable(), "{reply:?}");
    until_done(|| table(&desk, buy_in("back", alice, 7, 10))).await;
    assert_eq!(balance(&desk, alice).await, (790, 210));
    assert_sound(&desk).await;
}

/// With all processes of the server stopped, connections stay open and give no answer.
#[tokio::test]
async fn requests_to_a_silent_server_are_refused_in_bounded_time() {
    let mut house = House::start().await;
    let desk = house.desk();
    let alice = rich(&desk, "Alice", 100).await;
    let owner = house.owner().await;
    let backends: Vec<i32> = owner
        .query("SELECT pid FROM pg_stat_activity WHERE usename = 'cashier'", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(!backends.is_empty());
    let signal_backends = |signal| {
        for pid in &backends {
            let pid = rustix::process::Pid::from_raw(*pid).unwrap();
            rustix::process::kill_process(pid, signal).unwrap();
        }
    };
    house.postgres.child().signal(Signal::STOP);
    signal_backends(Signal::STOP);
    let reply = timeout(BOUNDED, table(&desk, buy_in("a", alice, 7, 10))).await.unwrap();
    assert_eq!(reply, unavailable());
    house.postgres.child().signal(Signal::CONT);
    signal_backends(Signal::CONT);
    until_done(|| table(&desk, buy_in("a", alice, 7, 10))).await;
    assert_eq!(balance(&desk, alice).await, (90, 10));
    assert_sound(&desk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_postings_survive_when_the_server_is_killed() {
    let mut house = House::start().await;
    let desk = Arc::new(house.desk());
    let alice = rich(&desk, "Alice", 1_000_000).await;
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let desk = Arc::clone(&desk);
            tokio::spawn(async move {
                for n in 0..150 {
                    let id = format!("{task}.{n}");
                    until_done(|| table(&desk, buy_in(&id, alice, task, 10))).await;
                }
            })
        })
        .collect();
    for _ in 0..3 {
        sleep(Duration::from_millis(150)).await;
        house.postgres.kill().await.unwrap();
        house.postgres.restart().await.unwrap();
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(balance(&desk, alice).await, (988_000, 12_000));
    assert_eq!(assert_sound(&desk).await.tables.len(), 8);
    // The count may be smaller, because the answer to a commit can get lost, and never larger.
    assert!(desk.posted() <= 1_201);
}

/// A cashier stopped in the middle of a transaction holds its locks until the server ends that
/// transaction.
#[tokio::test]
async fn a_cashier_that_stands_still_holds_the_others_up_only_briefly() {
    let house = House::start().await;
    let (desk, zombie) = (house.desk(), house.database());
    let alice = rich(&desk, "Alice", 100).await;
    let (locked, wait) = tokio::sync::oneshot::channel();
    let locked = std::sync::Mutex::new(Some(locked));
    let standing = tokio::spawn(async move {
        let limits = database::Limits { attempt: GENEROUS, patience: Duration::ZERO };
        let locked = &locked;
        zombie
            .run(limits, |mut client| async move {
                let tx = client.transaction().await?;
                tx.batch_execute("SELECT FROM accounts FOR NO KEY UPDATE").await?;
                let signal = locked.lock().unwrap().take();
                signal.unwrap().send(()).unwrap();
                sleep(GENEROUS).await;
                tx.commit().await?;
                Ok(())
            })
            .await
    });
    wait.await.unwrap();
    let begun = Instant::now();
    until_done(|| table(&desk, buy_in("a", alice, 7, 10))).await;
    assert!(begun.elapsed() > Duration::from_millis(500), "it was held up at first");
    assert!(begun.elapsed() < BOUNDED);
    standing.abort();
    assert_sound(&desk).await;
}
