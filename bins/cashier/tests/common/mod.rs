//! A PostgreSQL server for one test with the migrations applied, and desks that log in to it as the
//! cashier does.
#![allow(dead_code)] // each test uses its own part of this
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

pub mod fleet;

use cashier::{Database, Desk, passwords::Passwords, storage};
use database::tokio_postgres::Client;
use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};
use testkit::TestDatabase;
use wire::{
    Chips, PlayerId, PostingId, Refusal, TableId, TournamentId,
    cashier::{
        AdminRequest, Audit, CashierReply, PlayerDetails, SessionRequest, TableMoneyRequest,
        TournamentMoneyRequest,
    },
    fleet::Role,
    tournament::Place,
};

/// The longest time for any step, on a machine that is busy with other work.
pub const GENEROUS: Duration = Duration::from_secs(60);
/// The password of all accounts.
pub const PASSWORD: &str = "correct horse battery";

/// A PostgreSQL server of one test.
pub struct House(TestDatabase);

impl Deref for House {
    type Target = TestDatabase;

    fn deref(&self) -> &TestDatabase {
        &self.0
    }
}

impl DerefMut for House {
    fn deref_mut(&mut self) -> &mut TestDatabase {
        &mut self.0
    }
}

impl House {
    /// Starts a server with the cashier's tables.
    pub async fn start() -> Self {
        Self(TestDatabase::start().await.unwrap())
    }

    /// Starts a database without tables.
    pub async fn empty() -> Self {
        Self::with_server(false).await
    }

    /// Starts a server without tables; `durable` is whether it flushes each commit to the disk.
    pub async fn with_server(durable: bool) -> Self {
        Self(TestDatabase::empty(durable).await.unwrap())
    }

    /// Returns the URL with which the cashier connects.
    pub fn url(&self) -> String {
        self.0.url(Role::Cashier)
    }

    /// Returns a pool of at most eight connections of the cashier.
    pub fn database(&self) -> Database {
        storage::open(&self.url(), 8).unwrap()
    }

    /// Returns a desk with connections of its own, like another cashier.
    pub fn desk(&self) -> Desk {
        Desk::new(self.database(), Passwords::new().unwrap())
    }

    /// Returns a connection with all rights.
    pub async fn owner(&self) -> Client {
        self.0.owner().await.unwrap()
    }
}

/// Returns the reply of a result, also of a failure.
pub fn said(outcome: Result<CashierReply, cashier::Failure>) -> CashierReply {
    outcome.unwrap_or_else(|failure| CashierReply::Refused(failure.into_refusal()))
}

/// Returns the reply of a refusal.
pub fn refused(refusal: Refusal) -> CashierReply {
    CashierReply::Refused(refusal)
}

/// Carries out a request of the administrator.
pub async fn admin(desk: &Desk, request: AdminRequest) -> CashierReply {
    desk.admin(request).await.reply
}

/// Creates a person's account without money.
pub async fn create(desk: &Desk, name: &str) -> PlayerId {
    let request = AdminRequest::CreatePlayer { name: name.to_owned(), password: PASSWORD.to_owned() };
    match admin(desk, request).await {
        CashierReply::Player(details) => details.account.player,
        other => panic!("{other:?}"),
    }
}

/// Credits an account with an amount of chips, under the posting `id`.
pub async fn credit(desk: &Desk, id: &str, player: PlayerId, amount: u64) -> CashierReply {
    let posting = PostingId(id.to_owned());
    admin(desk, AdminRequest::Credit { posting, player, amount: Chips(amount) }).await
}

/// Creates a person's account with money.
pub async fn rich(desk: &Desk, name: &str, amount: u64) -> PlayerId {
    let player = create(desk, name).await;
    assert_eq!(credit(desk, &format!("first-money.{player}"), player, amount).await, CashierReply::Done);
    player
}

/// Returns the accounts of the first `count` bots, which are created if they are missing.
pub async fn bots(desk: &Desk, count: u32) -> Vec<PlayerId> {
    match admin(desk, AdminRequest::Bots { count }).await {
        CashierReply::Bots(accounts) => accounts.into_iter().map(|account| account.player).collect(),
        other => panic!("{other:?}"),
    }
}

/// Returns the details of an account, by name or id.
pub async fn show(desk: &Desk, player: &str) -> PlayerDetails {
    match admin(desk, AdminRequest::ShowPlayer { player: player.to_owned() }).await {
        CashierReply::Player(details) => details,
        other => panic!("{other:?}"),
    }
}

/// Returns the log-in that a gateway of an earlier version passes on.
pub fn log_in_request(name: &str, password: &str) -> SessionRequest {
    log_in_from(name, password, None, None)
}

/// Returns a log-in from an address and a device.
pub fn log_in_from(
    name: &str,
    password: &str,
    address: Option<&str>,
    device: Option<&str>,
) -> SessionRequest {
    log_in_with(name, password, address, device, None)
}

/// Returns a log-in from an address and a device, with a code.
pub fn log_in_with(
    name: &str,
    password: &str,
    address: Option<&str>,
    device: Option<&str>,
    code: Option<&str>,
) -> SessionRequest {
    SessionRequest::LogIn {
        name: name.to_owned(),
        password: password.to_owned(),
        address: address.map(str::to_owned),
        device: device.map(str::to_owned),
        code: code.map(str::to_owned),
        gateway: None,
    }
}

/// Logs in with name and password.
pub async fn log_in(desk: &Desk, name: &str, password: &str) -> CashierReply {
    said(desk.session(log_in_request(name, password)).await)
}

/// Returns a player's balance, and the chips that are at tables.
pub async fn balance(desk: &Desk, player: PlayerId) -> (u64, u64) {
    match said(desk.session(SessionRequest::Balance { player }).await) {
        CashierReply::Balance { balance, in_play } => (balance.0, in_play.0),
        other => panic!("{other:?}"),
    }
}

/// Returns the request for a buy-in of so many chips, under the posting `id`.
pub fn buy_in(id: &str, player: PlayerId, table: u64, amount: u64) -> TableMoneyRequest {
    let (posting, table, amount) = (PostingId(id.to_owned()), TableId(table), Chips(amount));
    TableMoneyRequest::BuyIn { posting, player, table, amount }
}

/// Returns the request for a cash-out of so many chips, under the posting `id`.
pub fn cash_out(id: &str, player: PlayerId, table: u64, amount: u64) -> TableMoneyRequest {
    let (posting, table, amount) = (PostingId(id.to_owned()), TableId(table), Chips(amount));
    TableMoneyRequest::CashOut { posting, player, table, amount }
}

/// Carries out a table's request.
pub async fn table(desk: &Desk, request: TableMoneyRequest) -> CashierReply {
    said(desk.table(request).await)
}

/// Returns the request that takes the buy-in and the fee of an entry, in chips.
pub fn enter(id: u64, player: PlayerId, entry: u32, buy_in: u64, fee: u64) -> TournamentMoneyRequest {
    let (tournament, buy_in, fee) = (TournamentId(id), Chips(buy_in), Chips(fee));
    TournamentMoneyRequest::Enter { tournament, player, entry, buy_in, fee }
}

/// Returns the request that pays an entry back, buy-in and fee in chips.
pub fn refund(id: u64, player: PlayerId, entry: u32, buy_in: u64, fee: u64) -> TournamentMoneyRequest {
    let (tournament, buy_in, fee) = (TournamentId(id), Chips(buy_in), Chips(fee));
    TournamentMoneyRequest::Refund { tournament, player, entry, buy_in, fee }
}

/// Returns the request that settles a tournament: place, player and prize in chips.
pub fn settle(id: u64, places: &[(u32, PlayerId, u64)]) -> TournamentMoneyRequest {
    let place = |&(place, player, prize): &(u32, PlayerId, u64)| Place { place, player, prize: Chips(prize) };
    TournamentMoneyRequest::Settle {
        tournament: TournamentId(id),
        name: "Sunday".to_owned(),
        places: places.iter().map(place).collect(),
        finished_ms: 1_795_000_000_123,
    }
}

/// Carries out a tournament's request.
pub async fn tournament(desk: &Desk, request: TournamentMoneyRequest) -> CashierReply {
    said(desk.tournament(request).await)
}

/// Returns the cashier's check of the whole ledger.
pub async fn audit(desk: &Desk) -> Audit {
    match admin(desk, AdminRequest::Audit).await {
        CashierReply::Audit(audit) => audit,
        other => panic!("{other:?}"),
    }
}

/// Checks that the books balance.
pub async fn assert_sound(desk: &Desk) -> Audit {
    let audit = audit(desk).await;
    assert_eq!((audit.sum, &audit.unbalanced), (0, &Vec::new()));
    audit
}
