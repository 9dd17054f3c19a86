//! Session passes in tests: a test that sends a command in a player's name as a gateway logs the
//! player in, and shows the pass of that log-in, as a gateway does.

use anyhow::{bail, ensure};
use bus::{Bus, Patience};
use std::time::Duration;
use wire::{
    cashier::{CashierReply, Session, SessionRequest},
    subject,
};

/// The gateway's process that passes of tests name.
const PROCESS: u64 = 0x7e57;
/// The wait for the cashier's answer.
const PATIENCE: Patience = Patience { each: Duration::from_secs(4), total: Duration::from_secs(60) };

/// Logs a player in at the cashier over a gateway's connection to NATS, and returns the session. It
/// has a pass for requests in the player's name (`TableRequest::pass`).
///
/// # Errors
/// When the cashier refuses the log-in, does not answer, or gives no pass.
pub async fn log_in_as_gateway(gateway: &Bus, name: &str, password: &str) -> anyhow::Result<Session> {
    let request = SessionRequest::LogIn {
        name: name.to_owned(),
        password: password.to_owned(),
        address: None,
        device: None,
        code: None,
        gateway: Some(PROCESS),
    };
    match gateway.request(subject::CASHIER_SESSION.to_owned(), &request, PATIENCE).await? {
        CashierReply::Session(session) => {
            ensure!(session.pass.is_some(), "the cashier gave no pass");
            Ok(session)
        }
        CashierReply::Refused(refusal) => bail!("{name} is not logged in: {refusal}"),
        other => bail!("{name} is not logged in, but {other}"),
    }
}
