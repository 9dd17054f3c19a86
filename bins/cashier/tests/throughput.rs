//! Measures postings per second: one per transaction, and in transactions of those that arrive
//! together.
//!
//! `cargo test -p cashier --release --test throughput -- --ignored --nocapture` prints a line of
//! JSON for each.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use cashier::ledger::{Posting, TournamentEntry, queue::Ledger, store};
use common::*;
use database::Limits;
use futures::{StreamExt, stream};
use std::time::{Duration, Instant};
use wire::{Chips, PlayerId, TournamentId, cashier::CashierReply};

const ENTRANTS: u32 = 4_000;

fn entries(bots: &[PlayerId], tournament: impl Fn(u64) -> u64) -> Vec<Posting> {
    let entry = |(n, bot): (u64, &PlayerId)| TournamentEntry {
        tournament: TournamentId(tournament(n)),
        player: *bot,
        number: 0,
        buy_in: Chips(100),
        fee: Chips(10),
    };
    (0..).zip(bots).map(entry).map(|entry| Posting::enter(entry).unwrap()).collect()
}

fn print(way: &str, at_once: usize, count: usize, taken: Duration, mut each: Vec<Duration>) {
    each.sort();
    let per_s = count as f64 / taken.as_secs_f64();
    let ms = |part: f64| each[((count as f64 - 1.0) * part) as usize].as_secs_f64() * 1e3;
    println!(
        r#"{{"way": "{way}", "at_once": {at_once}, "postings_per_s": {per_s:.0}, "p50_ms": {:.1}, "p99_ms": {:.1}}}"#,
        ms(0.5),
        ms(0.99)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: `make measure`"]
async fn postings_per_second() {
    let house = House::with_server(true).await;
    house.migrate().await.unwrap();
    let desk = house.desk();
    let bots = bots(&desk, ENTRANTS).await;
    for (round, at_once) in [1_usize, 16, 256, 2_000].into_iter().enumerate() {
        for (kind, tournaments) in [("one tournament", 1), ("100 tournaments", 100)] {
            let base = 1_000_000 * (2 * round as u64 + tournaments + 1);
            let some = &bots[..if at_once == 1 { 300 } else { ENTRANTS as usize }];
            let one_by_one = entries(some, |n| base + n % tournaments);
            let together = entries(some, |n| base + 500_000 + n % tournaments);

            let database = cashier::storage::open(&house.url(), 16).unwrap();
            let begun = Instant::now();
            let each = stream::iter(&one_by_one)
                .map(|posting| async {
                    let begun = Instant::now();
                    let limits = Limits { attempt: GENEROUS, patience: GENEROUS };
                    let posting = std::slice::from_ref(posting);
                    let post = |mut client| async move { store::post(&mut client, posting).await };
                    assert_eq!(database.run(limits, post).await.unwrap(), [Ok(true)]);
                    begun.elapsed()
                })
                .buffer_unordered(at_once)
                .collect()
                .await;
            print(&format!("one by one, {kind}"), at_once, some.len(), begun.elapsed(), each);

            let ledger = Ledger::start(house.database());
            let begun = Instant::now();
            let each = stream::iter(together)
                .map(|posting| async {
                    let begun = Instant::now();
                    ledger.post(posting).await.unwrap();
                    begun.elapsed()
                })
                .buffer_unordered(at_once)
                .collect()
                .await;
            print(&format!("together, {kind}"), at_once, some.len(), begun.elapsed(), each);
        }
    }
    assert_sound(&desk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: `make measure`"]
async fn the_largest_tournament() {
    let house = House::with_server(true).await;
    house.migrate().await.unwrap();
    let desk = house.desk();
    let print = |what: &str, begun: Instant| {
        println!(r#"{{"what": "{what}", "seconds": {:.2}}}"#, begun.elapsed().as_secs_f64());
    };
    let begun = Instant::now();
    let bots = bots(&desk, 100_000).await;
    print("100,000 bots made", begun);
    let begun = Instant::now();
    stream::iter(&bots)
        .map(|bot| tournament(&desk, enter(9, *bot, 0, 10, 1)))
        .buffer_unordered(1_000)
        .for_each(|reply| async move { assert_eq!(reply, CashierReply::Done) })
        .await;
    print("100,000 entries", begun);
    let places: Vec<_> = bots.iter().zip(1..).map(|(bot, place)| (place, *bot, 10)).collect();
    let begun = Instant::now();
    assert_eq!(tournament(&desk, settle(9, &places)).await, CashierReply::Done);
    print("100,000 places settled, all paid", begun);
    let begun = Instant::now();
    assert_sound(&desk).await;
    print("audit", begun);
}
