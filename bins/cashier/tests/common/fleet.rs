//! Cashiers as processes, with nats-server and PostgreSQL.

use super::*;
use bus::{Bus, Patience};
use servers::{Child, Program};
use testkit::Stage;
use wire::subject;

/// Servers for cashiers, and connections of the roles that ask them.
pub struct Fleet {
    /// The database.
    pub house: House,
    /// The nats-server, with the administrator's connection.
    pub stage: Stage,
    /// A gateway's connection.
    pub gateway: Bus,
    /// A table worker's connection.
    pub table_worker: Bus,
}

impl Fleet {
    /// Starts the servers.
    pub async fn start() -> Self {
        let (house, stage) = (House::start().await, Stage::open().await.unwrap());
        let bus = async |user| stage.bus(user).await.unwrap();
        let (gateway, table_worker) = (bus("gateway").await, bus("table-worker").await);
        Self { house, stage, gateway, table_worker }
    }

    /// Returns a cashier to be started, whose log has all that it may have.
    pub fn program(&self, node: &str) -> Program {
        self.stage
            .program(Role::Cashier, node)
            .unwrap()
            .env("DATABASE_URL", self.house.url())
            .env("RUST_LOG", "trace,async_nats::connection=trace,tokio_postgres::query=trace")
    }

    /// Starts a cashier and waits until it is ready.
    pub async fn cashier(&self, node: &str) -> Child {
        self.stage.start_ready(Role::Cashier, node, self.program(node)).await.unwrap()
    }

    /// Sends a request from the role that may ask this counter, and returns the answer.
    pub async fn ask<Q: serde::Serialize>(&self, counter: &str, question: &Q) -> CashierReply {
        let patience = Patience { each: Duration::from_secs(2), total: GENEROUS };
        let bus = match counter {
            subject::CASHIER_SESSION => &self.gateway,
            subject::CASHIER_TABLE => &self.table_worker,
            _ => &self.stage.admin,
        };
        bus.request(counter.to_owned(), question, patience).await.unwrap()
    }

    /// Sends a request as the administrator, and returns the answer.
    pub async fn admin(&self, request: AdminRequest) -> CashierReply {
        self.ask(subject::CASHIER_ADMIN, &request).await
    }

    /// Creates a person's account with money.
    pub async fn rich(&self, name: &str, amount: u64) -> wire::PlayerId {
        let request = AdminRequest::CreatePlayer { name: name.to_owned(), password: PASSWORD.to_owned() };
        let CashierReply::Player(details) = self.admin(request).await else { panic!() };
        let player = details.account.player;
        let credit = AdminRequest::Credit {
            posting: PostingId(format!("first.{name}")),
            player,
            amount: Chips(amount),
        };
        assert_eq!(self.admin(credit).await, CashierReply::Done);
        player
    }

    /// Asserts that the ledger is balanced.
    pub async fn audit_sound(&self) {
        let CashierReply::Audit(audit) = self.admin(AdminRequest::Audit).await else { panic!() };
        assert_eq!((audit.sum, audit.unbalanced), (0, vec![]));
    }
}
