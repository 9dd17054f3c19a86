//! A simulated cashier. It is as strict as the real one: repeats of an entry pay it once.

use bus::Bus;
use futures::StreamExt;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::time::{Instant, sleep};
use wire::{
    Chips, PlayerId, Refusal, TournamentId,
    cashier::{Account, CashierReply, TournamentMoneyRequest},
    subject::CASHIER_TOURNAMENT,
    tournament::Place,
};

type Entry = (TournamentId, PlayerId, u32);

#[derive(Default)]
struct Books {
    entered: BTreeMap<Entry, u64>,
    refunded: BTreeSet<Entry>,
    settled: BTreeMap<TournamentId, Vec<Place>>,
    poor: BTreeSet<PlayerId>,
    delay: Duration,
}

/// The simulated cashier; clones share its books.
#[derive(Clone)]
pub struct Cashier(Arc<Mutex<Books>>);

impl Cashier {
    /// Answers the requests for money of tournaments from now on.
    pub async fn start(bus: Bus) -> Self {
        let cashier = Self(Arc::default());
        let mut requests = bus.serve(CASHIER_TOURNAMENT.to_owned(), Some("cashier")).await.unwrap();
        bus.flush().await;
        let here = cashier.clone();
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                let here = here.clone();
                tokio::spawn(async move {
                    let delay = here.books().delay;
                    sleep(delay).await;
                    let reply = here.books().carry_out(request.decode().unwrap());
                    request.answer(&reply).await.unwrap();
                });
            }
            drop(bus);
        });
        cashier
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap()
    }

    /// Has the entries of a player refused from now on, for lack of money.
    pub fn impoverish(&self, player: PlayerId) {
        self.books().poor.insert(player);
    }

    /// Has the entries of a player accepted again.
    pub fn enrich(&self, player: PlayerId) {
        self.books().poor.remove(&player);
    }

    /// Answers requests from now on after this delay.
    pub fn slow_down(&self, delay: Duration) {
        self.books().delay = delay;
    }

    /// Returns the money in the prize pool: paid entries without refunded ones.
    pub fn pool(&self, tournament: TournamentId) -> u64 {
        let books = self.books();
        let here = books.entered.iter().filter(|((id, _, _), _)| *id == tournament);
        here.filter(|(entry, _)| !books.refunded.contains(entry)).map(|(_, buy_in)| buy_in).sum()
    }

    /// Returns the places with which a tournament was settled.
    pub fn settled(&self, tournament: TournamentId) -> Vec<Place> {
        self.books().settled[&tournament].clone()
    }

    /// Waits until all entries of a player are paid back.
    pub async fn until_refunded(&self, tournament: TournamentId, player: PlayerId) {
        let began = Instant::now();
        let open = |books: &Books| {
            books
                .entered
                .keys()
                .any(|entry| (entry.0, entry.1) == (tournament, player) && !books.refunded.contains(entry))
        };
        while open(&self.books()) {
            assert!(began.elapsed() < crate::GUARD, "{player} is not paid back");
            sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Books {
    fn carry_out(&mut self, request: TournamentMoneyRequest) -> CashierReply {
        match request {
            TournamentMoneyRequest::Bots { count } => {
                let account = |n| Account { player: PlayerId(10_000 + n), name: format!("bot-{n}") };
                return CashierReply::Bots((0..u64::from(count)).map(account).collect());
            }
            TournamentMoneyRequest::Enter { tournament, player, entry, buy_in, .. } => {
                let key = (tournament, player, entry);
                if self.refunded.contains(&key) {
                    return CashierReply::Refused(Refusal::NotRegistered);
                }
                if self.poor.contains(&player) {
                    return CashierReply::Refused(Refusal::InsufficientFunds { balance: Chips(7) });
                }
                self.entered.insert(key, buy_in.0);
            }
            TournamentMoneyRequest::Refund { tournament, player, entry, .. } => {
                let key = (tournament, player, entry);
                assert!(self.entered.contains_key(&key), "a refund of an entry that was not paid");
                self.refunded.insert(key);
            }
            TournamentMoneyRequest::Settle { tournament, places, .. } => {
                let known = self.settled.entry(tournament).or_insert_with(|| places.clone());
                assert_eq!(*known, places, "settled twice, differently");
            }
        }
        CashierReply::Done
    }
}
