//! Writes that the database itself refuses, from every writer, and the audit's findings when the
//! guards are switched off.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use common::*;
use database::tokio_postgres::{Client, NoTls, connect, error::SqlState};
use wire::cashier::CashierReply;

async fn code(client: &Client, sql: &str) -> SqlState {
    match client.batch_execute(sql).await {
        Ok(()) => panic!("not refused: {sql}"),
        Err(error) => error.code().unwrap_or_else(|| panic!("{error}: {sql}")).clone(),
    }
}

async fn as_cashier(house: &House) -> Client {
    let (client, connection) = connect(&house.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

const POSTING: &str = "INSERT INTO postings (key, kind, amount) VALUES ('by-hand', 'credit', 5)";

#[tokio::test]
async fn the_database_keeps_the_ledger_balanced_and_unchanged() {
    let house = House::start().await;
    let desk = house.desk();
    let alice = rich(&desk, "Alice", 100).await;
    assert_eq!(table(&desk, buy_in("a", alice, 7, 60)).await, CashierReply::Done);
    for client in [house.owner().await, as_cashier(&house).await] {
        let entries = |values: &str| {
            format!(
                "WITH p AS ({POSTING} RETURNING posting_id)
                INSERT INTO entries (posting_id, kind, owner, amount)
                SELECT posting_id, v.kind, v.owner, v.amount FROM p, (VALUES {values}) AS v (kind, owner, amount)"
            )
        };
        let one_sided = entries("('player', 1, 5)");
        assert_eq!(code(&client, &one_sided).await, SqlState::CHECK_VIOLATION);
        let lopsided = entries("('player', 1, 5), ('equity', 0, -4)");
        assert_eq!(code(&client, &lopsided).await, SqlState::CHECK_VIOLATION);
        let to_old = "INSERT INTO entries SELECT posting_id, 'revenue', 0, 3 FROM postings WHERE key = 'a'";
        assert_eq!(code(&client, to_old).await, SqlState::CHECK_VIOLATION);
        let overdrawn = entries("('player', 1, -41), ('revenue', 0, 41)");
        assert_eq!(code(&client, &overdrawn).await, SqlState::CHECK_VIOLATION);
        let nobody = entries("('player', 99, 5), ('equity', 0, -5)");
        assert_eq!(code(&client, &nobody).await, SqlState::FOREIGN_KEY_VIOLATION);
    }
    let owner = house.owner().await;
    for change in [
        "UPDATE entries SET amount = amount + 1",
        "DELETE FROM entries",
        "TRUNCATE entries",
        "UPDATE postings SET amount = 1",
        "DELETE FROM postings",
        "TRUNCATE postings CASCADE",
    ] {
        assert_eq!(code(&owner, change).await, SqlState::RESTRICT_VIOLATION, "{change}");
    }
    assert_eq!(balance(&desk, alice).await, (40, 60));
    assert_sound(&desk).await;
}

#[tokio::test]
async fn the_cashiers_role_has_only_the_rights_that_it_needs() {
    let house = House::start().await;
    let client = as_cashier(&house).await;
    for statement in [
        "DELETE FROM players",
        "UPDATE players SET name = 'x'",
        "UPDATE players SET look = 'x'",
        "UPDATE accounts SET may_owe = true",
        "UPDATE entries SET amount = 1",
        "DELETE FROM postings",
        "DELETE FROM pass_key",
        "UPDATE pass_key SET made_at = now()",
        "DELETE FROM tournament_results",
        "UPDATE tournament_results SET prize = 1",
        "ALTER TABLE entries DISABLE TRIGGER ALL",
        "DROP TABLE entries",
        "CREATE TABLE mine (id int)",
        "DELETE FROM refinery_schema_history",
        "CREATE ROLE other",
    ] {
        assert_eq!(code(&client, statement).await, SqlState::INSUFFICIENT_PRIVILEGE, "{statement}");
    }
}

/// The audit finds faults even though the database's guards normally prevent them.
#[tokio::test]
async fn the_audit_finds_forged_balances_entries_and_postings() {
    let house = House::start().await;
    let desk = house.desk();
    let alice = rich(&desk, "Alice", 100).await;
    assert_eq!(table(&desk, buy_in("a", alice, 7, 60)).await, CashierReply::Done);
    assert_sound(&desk).await;
    let owner = house.owner().await;

    owner.batch_execute("UPDATE accounts SET balance = balance + 1 WHERE kind = 'table'").await.unwrap();
    let found = audit(&desk).await;
    assert_eq!((found.sum, found.unbalanced.len()), (1, 1), "{found:?}");
    assert!(found.unbalanced[0].contains("account table 7"), "{found:?}");
    owner.batch_execute("UPDATE accounts SET balance = balance - 1 WHERE kind = 'table'").await.unwrap();
    assert_sound(&desk).await;

    owner
        .batch_execute(
            "ALTER TABLE entries DISABLE TRIGGER USER;
            UPDATE entries SET amount = 59 WHERE kind = 'table'",
        )
        .await
        .unwrap();
    let found = audit(&desk).await;
    assert_eq!((found.sum, found.unbalanced.len()), (0, 2), "{found:?}");
    assert!(found.unbalanced[0].contains("posting a"), "{found:?}");
    owner.batch_execute("UPDATE entries SET amount = 60 WHERE kind = 'table'").await.unwrap();
    assert_sound(&desk).await;

    // The posting's amount differs from its entries.
    owner
        .batch_execute(
            "ALTER TABLE postings DISABLE TRIGGER USER; UPDATE postings SET amount = 61 WHERE key = 'a'",
        )
        .await
        .unwrap();
    assert_eq!(audit(&desk).await.unbalanced.len(), 1);
}

#[tokio::test]
async fn without_migrations_the_error_names_the_command_to_run() {
    let house = House::empty().await;
    let database = cashier::storage::open(&house.postgres.url(), 2).unwrap();
    let error = database.check_migrations().await.unwrap_err().to_string();
    assert!(error.contains("migration 0") && error.contains("run `pokerctl apply`"), "{error}");
    house.migrate().await.unwrap();
    house.database().check_migrations().await.unwrap();
    let owner = house.owner().await;
    owner.batch_execute("DELETE FROM refinery_schema_history WHERE version > 1").await.unwrap();
    let error = house.database().check_migrations().await.unwrap_err().to_string();
    assert!(error.contains("migration 1"), "{error}");
}

/// Covers a foreign database server, where the owner of one database may not create roles.
#[tokio::test]
async fn an_owner_who_may_not_create_roles_can_migrate_and_serve() {
    let house = House::empty().await;
    let owner = house.owner().await;
    owner.batch_execute("CREATE ROLE plain LOGIN PASSWORD 'plain'").await.unwrap();
    owner.batch_execute("CREATE DATABASE plain OWNER plain").await.unwrap();
    let url = format!("postgres://plain:plain@127.0.0.1:{}/plain", house.postgres.port());
    let (mut client, connection) = connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    testkit::migrate(&mut client).await.unwrap();
    let database = cashier::storage::open(&url, 4).unwrap();
    database.check_migrations().await.unwrap();
    let desk = cashier::Desk::new(database, cashier::passwords::Passwords::new().unwrap());
    let alice = rich(&desk, "Alice", 100).await;
    assert_eq!(table(&desk, buy_in("a", alice, 7, 60)).await, CashierReply::Done);
    assert_sound(&desk).await;
}
