//! Asks the cashier about open sessions: which have ended, after messages may have been lost,
//! because among them may have been the notice that a session has ended or that its player is
//! banned; and for new passes, when half of their time is over or an owner did not accept one.

use crate::{fleet_client::surprised, gateway::Gateway};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;
use wire::{
    Refusal,
    cashier::{
        CashierReply, CheckedPass, CheckedSessions, EndedSession, HeldSession, MOST_CHECKED, SessionRequest,
    },
    client::Closing,
};

/// Pause before the cashier is asked again, after it could not answer.
const PAUSE: Duration = Duration::from_secs(1);
/// How often the gateway looks for passes to be renewed. Those of one second are renewed together.
const LOOK: Duration = Duration::from_secs(1);
/// When a session is asked about again for which the cashier gave no pass: it has ended, or the
/// cashier is of an earlier version.
const WITHOUT: Duration = Duration::from_secs(10);
/// Pause between two renewals, so that an owner that accepts no pass causes no flood of requests.
const CALM: Duration = Duration::from_millis(200);

/// Checks all sessions after each gap in the received messages, and those whose passes are to be
/// renewed, as long as the gateway lives.
pub(crate) async fn watch(gateway: Arc<Gateway>) {
    let mut gaps = gateway.bus.gaps();
    loop {
        let sessions = tokio::select! {
            biased;
            changed = gaps.changed() => match changed {
                Ok(()) => gateway.connections.sessions(),
                Err(_) => return,
            },
            () = gateway.connections.passes_wanted() => gateway.connections.without_fresh_pass(),
            () = sleep(LOOK) => gateway.connections.without_fresh_pass(),
        };
        if sessions.is_empty() {
            continue;
        }
        for sessions in sessions.chunks(MOST_CHECKED) {
            match check(&gateway, sessions).await {
                Ok(checked) => take(&gateway, sessions, checked),
                Err(refusal) => {
                    tracing::warn!(sessions = sessions.len(), %refusal, "open sessions are not checked: those that have ended go on until they resume, and passes are not renewed; the cashier is asked again");
                    sessions.iter().for_each(|session| gateway.connections.got_no_pass(session, WITHOUT));
                }
            }
        }
        sleep(CALM).await;
    }
}

/// Returns which sessions have ended, and passes of the others; waits for the cashier as long as
/// that takes.
async fn check(gateway: &Gateway, sessions: &[HeldSession]) -> Result<CheckedSessions, Refusal> {
    let request = SessionRequest::Check { sessions: sessions.to_vec(), gateway: Some(gateway.incarnation) };
    loop {
        match gateway.fleet.cashier(&request).await {
            Ok(CashierReply::Checked(checked)) => return Ok(checked),
            // A cashier of an earlier version gives no passes.
            Ok(CashierReply::Ended(ended)) => return Ok(CheckedSessions { ended, passes: Vec::new() }),
            Ok(_) => return Err(surprised("the cashier")),
            Err(refusal) if refusal.is_transient() => sleep(PAUSE).await,
            Err(refusal) => return Err(refusal),
        }
    }
}

fn take(gateway: &Gateway, sessions: &[HeldSession], checked: CheckedSessions) {
    let CheckedSessions { ended, passes } = checked;
    for session in sessions {
        gateway.connections.got_no_pass(session, WITHOUT);
    }
    for EndedSession { index, banned } in &ended {
        let reason = if *banned { Closing::Banned } else { Closing::SessionEnded };
        if let Some(session) = sessions.get(*index as usize) {
            gateway.connections.session_ended(session, reason);
        }
    }
    for CheckedPass { index, granted } in passes {
        if let Some(session) = sessions.get(index as usize) {
            gateway.connections.got_pass(session, granted);
        }
    }
    if !ended.is_empty() {
        tracing::info!(sessions = ended.len(), "sessions have ended and are closed");
    }
}
