//! Asks the cashier about open sessions after messages may have been lost: among them may have been
//! the notice that a session has ended, or that its player is banned.

use crate::{fleet_client::surprised, gateway::Gateway};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;
use wire::{
    Refusal,
    cashier::{CashierReply, EndedSession, HeldSession, MOST_CHECKED, SessionRequest},
    client::Closing,
};

/// Pause before the cashier is asked again, after it could not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// Checks all sessions after each gap in the received messages, as long as the gateway lives.
pub(crate) async fn watch(gateway: Arc<Gateway>) {
    let mut gaps = gateway.bus.gaps();
    while gaps.changed().await.is_ok() {
        for sessions in gateway.connections.sessions().chunks(MOST_CHECKED) {
            match ended(&gateway, sessions).await {
                Ok(ended) => close(&gateway, sessions, &ended),
                Err(refusal) => {
                    tracing::warn!(%refusal, "open sessions are not checked: those that ended during an outage go on until they resume");
                    break;
                }
            }
        }
    }
}

/// Returns which sessions have ended; waits for the cashier as long as that takes.
async fn ended(gateway: &Gateway, sessions: &[HeldSession]) -> Result<Vec<EndedSession>, Refusal> {
    let request = SessionRequest::Check { sessions: sessions.to_vec() };
    loop {
        match gateway.fleet.cashier(&request).await {
            Ok(CashierReply::Ended(ended)) => return Ok(ended),
            Ok(_) => return Err(surprised("the cashier")),
            Err(refusal) if refusal.is_transient() => sleep(PAUSE).await,
            Err(refusal) => return Err(refusal),
        }
    }
}

fn close(gateway: &Gateway, sessions: &[HeldSession], ended: &[EndedSession]) {
    for EndedSession { index, banned } in ended {
        let reason = if *banned { Closing::Banned } else { Closing::SessionEnded };
        if let Some(session) = sessions.get(*index as usize) {
            gateway.connections.session_ended(session, reason);
        }
    }
    if !ended.is_empty() {
        tracing::info!(sessions = ended.len(), "sessions had ended during an outage and are closed");
    }
}
