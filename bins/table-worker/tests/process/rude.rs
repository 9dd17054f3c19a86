//! Players and visitors that send as many requests as they can: hands and clocks go on.

use super::{TABLE, same_partition, say};
use crate::{
    clock::{sit, timed_out, until},
    fleet::Fleet,
};
use futures::future::join_all;
use std::{
    sync::atomic::{
        AtomicBool, AtomicU64,
        Ordering::{Relaxed, SeqCst},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep};
use wire::{
    Action, HandNo, PlayerCommand, Refusal, TableId,
    table::{TableCommand, TableReply},
};

/// Rude clients.
const RUDE: u64 = 20;
/// Pause of a rude client between two requests: a gateway takes 50 a second.
const RUDE_PAUSE: Duration = Duration::from_millis(20);
/// How long hands are counted at a time, without the rude clients and with them in turns.
const COUNTED: Duration = Duration::from_secs(2);
/// How often hands are counted with the rude clients.
const TURNS: u64 = 3;
/// The part of the hands without the rude clients that must be left with them, as a divisor. One
/// tenth fewer are usual; the machine may be busy with other tests.
const PART: u64 = 4;
/// Pause of a player before an action.
const THINKS: Duration = Duration::from_millis(4);
/// Time to act, longer than the test.
const LONG_MS: u32 = 60_000;

/// Has the two players act when it is their turn, for a while; returns how many hands ended.
async fn play(fleet: &Fleet, ids: &AtomicU64) -> u64 {
    let began = Instant::now();
    let (mut first, mut last) = (None, HandNo(0));
    while began.elapsed() < COUNTED {
        let TableReply::Resync(seen) = fleet.ask(TABLE, 1, 0, TableCommand::Resync { since: None }).await
        else {
            panic!("the table does not answer")
        };
        let Some(hand) = seen.view.hand else { continue };
        last = hand.hand;
        first.get_or_insert(last);
        let Some(turn) = hand.turn else { continue };
        sleep(THINKS).await;
        // The small blind folds: the stacks stay as they are.
        let action = if turn.legal.check { Action::Check } else { Action::Fold };
        let act = PlayerCommand::act(last, turn.turn, action).by("");
        let done = fleet.ask(TABLE, u64::from(turn.seat) + 1, ids.fetch_add(1, Relaxed), act).await;
        assert!(matches!(done, TableReply::Done { .. }), "{done:?}");
    }
    last.0 - first.unwrap_or(last).0
}

/// Checks that hands go on with the rude clients as without them, counted in turns. `rude` makes
/// one request of the client of this number.
async fn hands_go_on(fleet: &Fleet, rude: impl AsyncFn(u64)) {
    let ids = AtomicU64::new(1_000);
    let (mut quiet, mut with) = (0, 0);
    for _ in 0..TURNS {
        quiet += play(fleet, &ids).await;
        let over = AtomicBool::new(false);
        let flood = join_all((0..RUDE).map(async |client| {
            while !over.load(SeqCst) {
                rude(client).await;
                sleep(RUDE_PAUSE).await;
            }
        }));
        let counted = async {
            let counted = play(fleet, &ids).await;
            over.store(true, SeqCst);
            counted
        };
        with += tokio::join!(flood, counted).1;
    }
    eprintln!("{quiet} hands without the rude clients, {with} with them");
    assert!(quiet > 0 && with * PART > quiet, "{quiet} hands without the rude clients, {with} with them");
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_of_many_players_without_a_seat_does_not_stop_hands() {
    let fleet = Fleet::start_with(1, &[]).await;
    sit(&fleet, LONG_MS).await;
    let (lines, said, refused) = (AtomicU64::new(1), AtomicU64::new(0), AtomicU64::new(0));
    hands_go_on(&fleet, async |client| {
        let player = 100 + client;
        match fleet.ask(TABLE, player, lines.fetch_add(1, Relaxed), say(player)).await {
            TableReply::Done { .. } => said.fetch_add(1, Relaxed),
            TableReply::Refused(Refusal::TooMuchTalk) => refused.fetch_add(1, Relaxed),
            other => panic!("{other:?}"),
        };
    })
    .await;
    let (said, refused) = (said.load(SeqCst), refused.load(SeqCst));
    assert!(said > 0 && refused > said, "{said} lines were said, {refused} refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_runs_out_however_many_commands_keep_coming() {
    let fleet = Fleet::start(1).await;
    sit(&fleet, 1_000).await;
    let (ids, over) = (AtomicU64::new(1), AtomicBool::new(false));
    // Without a limit: the next line is sent as soon as the one before is answered.
    let flood = join_all((0..RUDE).map(async |client| {
        while !over.load(SeqCst) {
            fleet.ask(TABLE, 100 + client, ids.fetch_add(1, Relaxed), say(100 + client)).await;
        }
    }));
    let runs_out = async {
        until(&fleet, timed_out).await;
        over.store(true, SeqCst);
    };
    tokio::join!(flood, runs_out);
}

/// In the minute after a takeover no answer that a table is unknown is remembered.
#[tokio::test(flavor = "multi_thread")]
async fn requests_for_invented_tables_do_not_stop_hands_after_a_takeover() {
    let mut fleet = Fleet::start_with(2, &[]).await;
    sit(&fleet, LONG_MS).await;
    let owner = fleet.owner_of(TABLE).await;
    fleet.kill(owner).await;
    let invented: Vec<TableId> =
        (10_000..).map(TableId).filter(|id| same_partition(*id)).take(5_000).collect();
    let next = AtomicU64::new(0);
    hands_go_on(&fleet, async |_| {
        let at = next.fetch_add(1, Relaxed) as usize % invented.len();
        let unknown = fleet.ask(invented[at], 0, 0, TableCommand::Resync { since: None }).await;
        assert_eq!(unknown, TableReply::Refused(Refusal::NoSuchTable));
    })
    .await;
    assert!(next.load(SeqCst) > 1_000, "few tables were asked for");
}
