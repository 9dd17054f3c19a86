//! Buy-ins, entries and settlements, against a real PostgreSQL and through two cashiers at once.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use common::*;
use futures::future::join_all;
use std::sync::Arc;
use wire::{
    Chips, PlayerId, Refusal, TableId, TournamentId,
    cashier::{AdminRequest, CashierReply, RankedPlace, TableMoney, TournamentMoney, TournamentMoneyRequest},
};

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_moves_no_money() {
    let house = House::start().await;
    let (one, two) = (house.desk(), house.desk());
    let alice = rich(&one, "Alice", 1_000).await;

    // Fifty requests arrive at the same time, through two cashiers.
    let rush = (0..50).map(|n| table(if n % 2 == 0 { &one } else { &two }, buy_in("a", alice, 7, 300)));
    assert!(join_all(rush).await.iter().all(|reply| *reply == CashierReply::Done));
    assert_eq!(balance(&one, alice).await, (700, 300));
    assert_eq!(one.posted() + two.posted(), 2, "the credit and one buy-in");

    // The same id with other contents is refused.
    for other in [buy_in("a", alice, 7, 301), buy_in("a", alice, 8, 300), cash_out("a", alice, 7, 300)] {
        assert_eq!(table(&two, other).await, refused(Refusal::AlreadyExists));
    }
    let rush = (0..50).map(|n| table(if n % 2 == 0 { &one } else { &two }, cash_out("b", alice, 7, 250)));
    assert!(join_all(rush).await.iter().all(|reply| *reply == CashierReply::Done));
    assert_eq!(balance(&two, alice).await, (950, 0));
    let audit = assert_sound(&one).await;
    assert_eq!(audit.tables, [TableMoney { table: TableId(7), amount: 50 }]);

    assert_eq!(credit(&one, "gift", alice, 5).await, CashierReply::Done);
    assert_eq!(credit(&two, "gift", alice, 5).await, CashierReply::Done);
    assert_eq!(credit(&two, "gift", alice, 6).await, refused(Refusal::AlreadyExists));
    assert_eq!(credit(&two, "gift", PlayerId(99), 5).await, refused(Refusal::AlreadyExists));
    assert_eq!(balance(&two, alice).await, (955, 0));
}

/// The same id has different contents, at the same time and with no account in common: one of them
/// is posted.
#[tokio::test]
async fn racing_contents_of_one_id_are_decided_once() {
    let house = House::start().await;
    let (one, two) = (house.desk(), house.desk());
    let alice = rich(&one, "Alice", 1_000).await;
    let bob = rich(&one, "Bob", 1_000).await;
    for round in 0..20 {
        let id = format!("race.{round}");
        let (first, second) =
            tokio::join!(table(&one, buy_in(&id, alice, 1, 10)), table(&two, buy_in(&id, bob, 2, 10)),);
        let outcomes = [&first, &second];
        assert!(outcomes.contains(&&CashierReply::Done), "{outcomes:?}");
        assert!(outcomes.contains(&&refused(Refusal::AlreadyExists)), "{outcomes:?}");
    }
    assert_eq!(balance(&one, alice).await.0 + balance(&one, bob).await.0, 1_800);
    assert_sound(&one).await;
}

#[tokio::test]
async fn too_little_money_is_refused_and_a_repeat_is_refused_alike() {
    let house = House::start().await;
    let desk = house.desk();
    let alice = rich(&desk, "Alice", 50).await;
    let refusal = refused(Refusal::InsufficientFunds { balance: Chips(50) });
    assert_eq!(table(&desk, buy_in("a", alice, 7, 51)).await, refusal);
    assert_eq!(tournament(&desk, enter(9, alice, 0, 50, 1)).await, refusal);
    assert_eq!(balance(&desk, alice).await, (50, 0));
    assert_eq!(credit(&desk, "more", alice, 1).await, CashierReply::Done);
    // The table has recorded the refusal: a late copy of its request, at whichever cashier, must
    // not move the money that the balance covers now.
    let other = house.desk();
    for _ in 0..2 {
        assert_eq!(table(&other, buy_in("a", alice, 7, 51)).await, refusal);
        assert_eq!(tournament(&other, enter(9, alice, 0, 50, 1)).await, refusal);
    }
    assert_eq!(table(&other, buy_in("a", alice, 7, 1)).await, refused(Refusal::AlreadyExists));
    assert_eq!(balance(&desk, alice).await, (51, 0));
    assert_eq!(table(&desk, buy_in("a.2", alice, 7, 51)).await, CashierReply::Done);
    assert_eq!(balance(&desk, alice).await, (0, 51));
    let nobody = PlayerId(77);
    assert_eq!(table(&desk, buy_in("b", nobody, 7, 1)).await, refused(Refusal::NoSuchPlayer));
    assert_eq!(credit(&desk, "c", nobody, 1).await, refused(Refusal::NoSuchPlayer));
    let huge = credit(&desk, "d", PlayerId(u64::MAX), 1).await;
    assert!(matches!(huge, CashierReply::Refused(Refusal::BadMessage { .. })), "{huge:?}");
    let more_than_in_play = table(&desk, cash_out("e", alice, 7, 52)).await;
    assert!(matches!(more_than_in_play, CashierReply::Refused(Refusal::BadMessage { .. })));

    // Of many small buy-ins at once, the money covers ten.
    let bob = rich(&desk, "Bob", 100).await;
    let rush: Vec<String> = (0..40).map(|n| format!("bob.{n}")).collect();
    let replies = join_all(rush.iter().map(|id| table(&desk, buy_in(id, bob, 7, 10)))).await;
    assert_eq!(replies.iter().filter(|reply| **reply == CashierReply::Done).count(), 10);
    assert_eq!(balance(&desk, bob).await, (0, 100));
    assert_sound(&desk).await;
}

#[tokio::test]
async fn money_in_play_is_the_sum_of_buy_ins_since_the_last_cash_out() {
    let house = House::start().await;
    let desk = house.desk();
    let alice = rich(&desk, "Alice", 1_000).await;
    let bob = rich(&desk, "Bob", 1_000).await;
    for (n, (player, at, amount)) in
        [(alice, 1, 100), (alice, 1, 50), (alice, 2, 200), (bob, 1, 300)].into_iter().enumerate()
    {
        assert_eq!(table(&desk, buy_in(&format!("in.{n}"), player, at, amount)).await, CashierReply::Done);
    }
    assert_eq!(balance(&desk, alice).await, (650, 350));
    assert_eq!(show(&desk, "Alice").await.in_play, Chips(350));
    // Alice leaves table 1 with her winnings from Bob, who then leaves without chips.
    assert_eq!(table(&desk, cash_out("out.1", alice, 1, 450)).await, CashierReply::Done);
    assert_eq!(table(&desk, cash_out("out.2", bob, 1, 0)).await, CashierReply::Done);
    assert_eq!(balance(&desk, alice).await, (1_100, 200));
    assert_eq!(balance(&desk, bob).await, (700, 0));
    let audit = assert_sound(&desk).await;
    assert_eq!(audit.tables, [TableMoney { table: TableId(2), amount: 200 }]);
}

#[tokio::test]
async fn entries_are_paid_refunded_and_paid_again() {
    let house = House::start().await;
    let (one, two) = (house.desk(), house.desk());
    let alice = rich(&one, "Alice", 1_000).await;
    for desk in [&one, &two] {
        assert_eq!(tournament(desk, enter(9, alice, 0, 100, 10)).await, CashierReply::Done);
    }
    assert_eq!(balance(&one, alice).await, (890, 0));
    assert_eq!(tournament(&one, enter(9, alice, 0, 100, 11)).await, refused(Refusal::AlreadyExists));
    assert_eq!(tournament(&one, refund(9, alice, 1, 100, 10)).await, refused(Refusal::NotRegistered));
    let wrong = tournament(&one, refund(9, alice, 0, 110, 0)).await;
    assert!(matches!(wrong, CashierReply::Refused(Refusal::BadMessage { .. })), "{wrong:?}");
    let rush =
        (0..20).map(|n| tournament(if n % 2 == 0 { &one } else { &two }, refund(9, alice, 0, 100, 10)));
    assert!(join_all(rush).await.iter().all(|reply| *reply == CashierReply::Done));
    assert_eq!(balance(&one, alice).await, (1_000, 0));
    assert_eq!(tournament(&two, enter(9, alice, 0, 100, 10)).await, refused(Refusal::TournamentPast));
    assert_eq!(tournament(&two, enter(9, alice, 1, 100, 10)).await, CashierReply::Done);
    assert_eq!(balance(&one, alice).await, (890, 0));
    // The second tournament is free.
    assert_eq!(tournament(&two, enter(10, alice, 0, 0, 0)).await, CashierReply::Done);
    let audit = assert_sound(&one).await;
    assert_eq!(audit.tournaments, [TournamentMoney { tournament: TournamentId(9), amount: 100 }]);
}

async fn results(desk: &cashier::Desk, id: u64) -> CashierReply {
    admin(desk, AdminRequest::Results { tournament: TournamentId(id) }).await
}

#[tokio::test]
async fn a_tournament_is_settled_once_and_to_the_last_chip() {
    let house = House::start().await;
    let (one, two) = (house.desk(), house.desk());
    let alice = rich(&one, "Alice", 1_000).await;
    let bots = bots(&one, 3).await;
    for player in [alice].iter().chain(&bots) {
        assert_eq!(tournament(&one, enter(9, *player, 0, 100, 10)).await, CashierReply::Done);
    }
    let off =
        tournament(&one, settle(9, &[(1, alice, 300), (2, bots[0], 99), (3, bots[1], 0), (4, bots[2], 0)]))
            .await;
    assert!(
        matches!(&off, CashierReply::Refused(Refusal::BadMessage { reason })
            if reason.contains("add up to 399") && reason.contains("holds 400")),
        "{off:?}"
    );
    let stranger = tournament(&one, settle(9, &[(1, alice, 300), (2, PlayerId(99), 100)])).await;
    assert_eq!(stranger, refused(Refusal::NoSuchPlayer));
    let stranger = tournament(&one, settle(9, &[(1, alice, 400), (2, PlayerId(99), 0)])).await;
    assert_eq!(stranger, refused(Refusal::NoSuchPlayer));
    assert_eq!(results(&one, 9).await, refused(Refusal::NoSuchTournament));
    assert_eq!(balance(&one, alice).await.0, 890, "no prize was paid");

    // Two bots share a place. Twenty requests arrive at once, some with the places in another
    // order.
    let places = [(1, alice, 250), (2, bots[1], 75), (2, bots[0], 75), (4, bots[2], 0)];
    let mut turned = places;
    turned.reverse();
    let rush = (0..20).map(|n| {
        let (desk, places) = if n % 2 == 0 { (&one, &places) } else { (&two, &turned) };
        tournament(desk, settle(9, places))
    });
    let replies = join_all(rush).await;
    assert!(replies.iter().all(|reply| *reply == CashierReply::Done), "{replies:?}");
    assert_eq!(balance(&one, alice).await.0, 1_140);
    assert_eq!(show(&one, "Alice").await.prizes, Chips(250));
    let CashierReply::Results(ranked) = results(&two, 9).await else { panic!() };
    let brief: Vec<_> = ranked
        .iter()
        .map(|RankedPlace { place, account, prize }| (*place, account.player, prize.0))
        .collect();
    assert_eq!(brief, [(1, alice, 250), (2, bots[0], 75), (2, bots[1], 75), (4, bots[2], 0)]);
    assert_eq!(ranked[0].account.name, "Alice");

    assert_eq!(tournament(&two, settle(9, &[(1, alice, 0)])).await, refused(Refusal::AlreadyExists));
    assert_eq!(tournament(&two, enter(9, alice, 1, 100, 10)).await, refused(Refusal::TournamentPast));
    assert_eq!(tournament(&two, refund(9, alice, 0, 100, 10)).await, refused(Refusal::TournamentPast));
    assert_eq!(tournament(&two, enter(9, alice, 0, 100, 10)).await, CashierReply::Done, "a repeat");
    // The pool of this tournament is empty.
    assert_eq!(tournament(&one, settle(11, &[(1, alice, 0), (2, bots[0], 0)])).await, CashierReply::Done);
    let audit = assert_sound(&one).await;
    assert_eq!((audit.tournaments, audit.tables), (vec![], vec![]));
    let finished =
        "SELECT (extract(epoch FROM finished_at) * 1000)::bigint FROM tournaments WHERE tournament_id = 9";
    let row = house.owner().await.query_one(finished, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 1_795_000_000_123);
}

#[tokio::test]
async fn thousands_of_places_are_settled_at_once() {
    let house = House::start().await;
    let desk = house.desk();
    let bots = bots(&desk, 5_000).await;
    // The chunks fit into the queue.
    for some in bots.chunks(2_000) {
        let replies = join_all(some.iter().map(|bot| tournament(&desk, enter(9, *bot, 0, 10, 1)))).await;
        assert!(replies.iter().all(|reply| *reply == CashierReply::Done));
    }
    let rush = bots.iter().map(|bot| tournament(&desk, enter(9, *bot, 0, 10, 1)));
    let replies = join_all(rush).await;
    let busy = refused(Refusal::unavailable("too many postings at once"));
    assert!(replies.iter().all(|reply| *reply == CashierReply::Done || *reply == busy));

    let places: Vec<_> = bots.iter().zip(1..).map(|(bot, place)| (place, *bot, 10)).collect();
    assert_eq!(tournament(&desk, settle(9, &places)).await, CashierReply::Done);
    let CashierReply::Results(ranked) = results(&desk, 9).await else { panic!() };
    assert_eq!(ranked.len(), 5_000);
    assert_eq!(show(&desk, &bots[0].to_string()).await.balance, -1);
    assert_sound(&desk).await;
}

/// SplitMix64: repeatable and without a dependency.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// The change of a player's balance if the request was carried out.
struct Tried {
    player: usize,
    change: i64,
    done: bool,
}

struct Crowd {
    desks: [cashier::Desk; 2],
    players: Vec<PlayerId>,
}

impl Crowd {
    /// Sends one random request, up to three times at once.
    async fn try_one(&self, random: &mut Random, id: &str) -> Tried {
        let player = random.below(self.players.len() as u64) as usize;
        let who = self.players[player];
        let amount = random.below(60) + 1;
        let signed = amount as i64;
        let place = random.below(3) + 1;
        let repeats = random.below(3) + 1;
        let ask = |n: u64| &self.desks[((n + place) % 2) as usize];
        let (change, replies) = match random.below(4) {
            0 => {
                (-signed, join_all((0..repeats).map(|n| table(ask(n), buy_in(id, who, place, amount)))).await)
            }
            1 => (
                signed,
                join_all((0..repeats).map(|n| table(ask(n), cash_out(id, who, place, amount)))).await,
            ),
            kind => {
                let entry = u32::try_from(random.below(12)).unwrap();
                let request = |n| {
                    let request: TournamentMoneyRequest = if kind == 2 {
                        enter(place, who, entry, 20, 2)
                    } else {
                        refund(place, who, entry, 20, 2)
                    };
                    tournament(ask(n), request)
                };
                // The ledger's own count is compared instead, because several tasks try the same
                // entry.
                (0, join_all((0..repeats).map(request)).await)
            }
        };
        let allowed = |reply: &CashierReply| match reply {
            CashierReply::Done => true,
            CashierReply::Refused(refusal) => !refusal.is_transient() && *refusal != Refusal::AlreadyExists,
            _ => false,
        };
        assert!(replies.iter().all(allowed), "{replies:?}");
        Tried { player, change, done: replies.contains(&CashierReply::Done) }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_is_zero_after_concurrent_requests_of_all_kinds() {
    let house = House::start().await;
    let desks = [house.desk(), house.desk()];
    let mut players = bots(&desks[0], 3).await;
    for n in 0..9 {
        players.push(rich(&desks[0], &format!("player-{n}"), 200).await);
    }
    let crowd = Arc::new(Crowd { desks, players });
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let tasks = (0..16).map(|task| {
        let crowd = Arc::clone(&crowd);
        tokio::spawn(async move {
            let mut random = Random(seed * 1_000 + task);
            let mut tried = Vec::new();
            for n in 0..100 {
                tried.push(crowd.try_one(&mut random, &format!("{task}.{n}")).await);
            }
            tried
        })
    });
    let tried: Vec<Tried> = join_all(tasks).await.into_iter().flat_map(Result::unwrap).collect();
    assert!(tried.iter().any(|one| one.done) && tried.iter().any(|one| !one.done));

    let desk = &crowd.desks[0];
    let audit = assert_sound(desk).await;
    let owner = house.owner().await;
    let mut all_tables = 0;
    for (n, player) in crowd.players.iter().enumerate() {
        let start = if n < 3 { 0 } else { 200 };
        let moved: i64 = tried.iter().filter(|one| one.done && one.player == n).map(|one| one.change).sum();
        all_tables -= moved;
        let entries = "SELECT coalesce(sum(CASE kind WHEN 'enter' THEN -22 ELSE 22 END), 0)
            FROM postings WHERE player_id = $1 AND kind IN ('enter', 'refund')";
        let entered: i64 = owner.query_one(entries, &[&(player.0 as i64)]).await.unwrap().get(0);
        let details = show(desk, &player.to_string()).await;
        assert_eq!(details.balance, start + moved + entered, "player {player}");
        assert!(details.bot || details.balance >= 0, "{details:?}");
    }
    assert_eq!(audit.tables.iter().map(|table| table.amount).sum::<i64>(), all_tables);
}
