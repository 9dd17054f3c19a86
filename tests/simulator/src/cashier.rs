//! The model of the cashier: a posting id moves money once; a refused posting moves no money.

use std::collections::{BTreeMap, BTreeSet};
use wire::{
    Chips, PlayerId, Refusal, TableId, TournamentId,
    cashier::{Account, Audit, TableMoney, TableMoneyRequest, TournamentMoney, TournamentMoneyRequest},
};

/// Players from this number on are bots of the house, whose balance may be negative.
pub(crate) const FIRST_BOT: u64 = 1_000_000;

/// A request to the cashier.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Table(TableMoneyRequest),
    Tournament(TournamentMoneyRequest),
}

/// The cashier's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Done,
    Refused(Refusal),
    Bots(Vec<Account>),
}

/// Balances of all accounts, and the known postings.
#[derive(Default)]
pub(crate) struct Cashier {
    balances: BTreeMap<PlayerId, i64>,
    tables: BTreeMap<TableId, i64>,
    tournaments: BTreeMap<TournamentId, i64>,
    house: i64,
    postings: BTreeMap<String, i64>,
    /// Refused buy-ins and entries: every copy of them is refused alike.
    refused: BTreeMap<String, Refusal>,
    settled: BTreeSet<TournamentId>,
}

fn signed(amount: Chips) -> i64 {
    i64::try_from(amount.0).unwrap_or(i64::MAX)
}

impl Cashier {
    pub(crate) fn credit(&mut self, player: PlayerId, amount: i64) {
        *self.balances.entry(player).or_default() += amount;
        self.house -= amount;
    }

    pub(crate) fn balance(&self, player: PlayerId) -> i64 {
        self.balances.get(&player).copied().unwrap_or(0)
    }

    /// Carries a request out, or refuses it.
    pub(crate) fn ask(&mut self, asked: &Asked) -> Answered {
        let done = match asked {
            Asked::Table(request) => self.table(request),
            Asked::Tournament(TournamentMoneyRequest::Bots { count }) => {
                let account = |n| Account { player: PlayerId(FIRST_BOT + n), name: format!("bot {n}") };
                return Answered::Bots((0..u64::from(*count)).map(account).collect());
            }
            Asked::Tournament(request) => self.tournament(request),
        };
        match done {
            Ok(()) => Answered::Done,
            Err(refusal) => Answered::Refused(refusal),
        }
    }

    fn take(&mut self, player: PlayerId, amount: i64) -> Result<(), Refusal> {
        let balance = self.balances.entry(player).or_default();
        if player.0 < FIRST_BOT && *balance < amount {
            let balance = Chips(u64::try_from(*balance).unwrap_or(0));
            return Err(Refusal::InsufficientFunds { balance });
        }
        *balance -= amount;
        Ok(())
    }

    /// Takes the money of a buy-in or an entry, and remembers the refusal of it.
    fn stake(&mut self, key: &str, player: PlayerId, amount: i64) -> Result<(), Refusal> {
        if let Some(refusal) = self.refused.get(key) {
            return Err(refusal.clone());
        }
        self.take(player, amount).inspect_err(|refusal| {
            self.refused.insert(key.to_owned(), refusal.clone());
        })
    }

    fn table(&mut self, request: &TableMoneyRequest) -> Result<(), Refusal> {
        let (TableMoneyRequest::BuyIn { posting, player, table, amount }
        | TableMoneyRequest::CashOut { posting, player, table, amount }) = request;
        let amount = signed(*amount);
        let into_play = matches!(request, TableMoneyRequest::BuyIn { .. });
        let moved = if into_play { amount } else { -amount };
        if let Some(known) = self.postings.get(&posting.0) {
            return if *known == moved { Ok(()) } else { Err(Refusal::AlreadyExists) };
        }
        if into_play {
            self.stake(&posting.0, *player, amount)?;
        } else if self.tables.get(table).copied().unwrap_or(0) < amount {
            return Err(Refusal::bad_message("more than is in play"));
        } else {
            *self.balances.entry(*player).or_default() += amount;
        }
        *self.tables.entry(*table).or_default() += moved;
        self.postings.insert(posting.0.clone(), moved);
        Ok(())
    }

    fn tournament(&mut self, request: &TournamentMoneyRequest) -> Result<(), Refusal> {
        match request {
            TournamentMoneyRequest::Enter { tournament, player, entry, buy_in, fee } => {
                let (paid, back) = (format!("{tournament}.{player}.{entry}"), "back");
                if self.postings.contains_key(&paid) {
                    let refunded = self.postings.contains_key(&format!("{paid}.{back}"));
                    return if refunded { Err(Refusal::TournamentPast) } else { Ok(()) };
                }
                if self.settled.contains(tournament) {
                    return Err(Refusal::TournamentPast);
                }
                self.stake(&paid, *player, signed(*buy_in) + signed(*fee))?;
                *self.tournaments.entry(*tournament).or_default() += signed(*buy_in);
                self.house += signed(*fee);
                self.postings.insert(paid, signed(*buy_in));
            }
            TournamentMoneyRequest::Refund { tournament, player, entry, buy_in, fee } => {
                let paid = format!("{tournament}.{player}.{entry}");
                let back = format!("{paid}.back");
                if self.postings.contains_key(&back) {
                    return Ok(());
                }
                if !self.postings.contains_key(&paid) || self.settled.contains(tournament) {
                    return Err(Refusal::NotRegistered);
                }
                *self.balances.entry(*player).or_default() += signed(*buy_in) + signed(*fee);
                *self.tournaments.entry(*tournament).or_default() -= signed(*buy_in);
                self.house -= signed(*fee);
                self.postings.insert(back, -signed(*buy_in));
            }
            TournamentMoneyRequest::Settle { tournament, places, .. } => {
                let prizes: i64 = places.iter().map(|place| signed(place.prize)).sum();
                let pool = self.tournaments.entry(*tournament).or_default();
                if self.settled.contains(tournament) {
                    return Ok(());
                }
                if prizes != *pool {
                    return Err(Refusal::bad_message(format!("prizes of {prizes} out of a pool of {pool}")));
                }
                *pool = 0;
                for place in places {
                    *self.balances.entry(place.player).or_default() += signed(place.prize);
                }
                self.settled.insert(*tournament);
            }
            TournamentMoneyRequest::Bots { .. } => {}
        }
        Ok(())
    }

    /// Returns the state of the ledger.
    pub(crate) fn audit(&self) -> Audit {
        let tables = self.tables.iter().map(|(&table, &amount)| TableMoney { table, amount });
        let pools =
            self.tournaments.iter().map(|(&tournament, &amount)| TournamentMoney { tournament, amount });
        let sum = self.balances.values().sum::<i64>()
            + self.tables.values().sum::<i64>()
            + self.tournaments.values().sum::<i64>()
            + self.house;
        Audit { sum, unbalanced: Vec::new(), tables: tables.collect(), tournaments: pools.collect() }
    }
}
