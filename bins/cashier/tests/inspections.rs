//! Readings of running hands are on record, once each and with a reason.

#![allow(clippy::unwrap_used, reason = "a test that fails")]

mod common;

use common::{House, admin};
use wire::{
    CommandId, HandNo, Refusal, TableId,
    cashier::{AdminRequest, CashierReply},
};

fn inspect(id: u64, reason: &str) -> AdminRequest {
    let (table, hand) = (TableId(7), HandNo(12));
    AdminRequest::Inspect { id: CommandId(id), table, hand, reason: reason.to_owned() }
}

#[tokio::test]
async fn a_reading_is_on_record_once_with_its_reason() {
    let house = House::start().await;
    let desk = house.desk();
    for _ in 0..2 {
        assert_eq!(admin(&desk, inspect(u64::MAX, " a player reports a fault ")).await, CashierReply::Done);
    }
    for bad in ["", "  ", "two\nlines", &"x".repeat(201)] {
        let reply = admin(&desk, inspect(2, bad)).await;
        assert!(matches!(reply, CashierReply::Refused(Refusal::BadMessage { .. })), "{bad:?}: {reply}");
    }
    let rows =
        house.owner().await.query("SELECT table_id, hand_no, reason FROM inspections", &[]).await.unwrap();
    let rows: Vec<(i64, i64, String)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(rows, [(7, 12, "a player reports a fault".to_owned())]);
}

#[tokio::test]
async fn the_cashiers_login_cannot_change_or_delete_readings() {
    let house = House::start().await;
    let desk = house.desk();
    admin(&desk, inspect(1, "a reason")).await;
    let client = database::connect(&house.url()).await.unwrap();
    for statement in ["DELETE FROM inspections", "UPDATE inspections SET reason = 'another'"] {
        let error = client.execute(statement, &[]).await.unwrap_err();
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{statement}: {error}");
    }
}
