//! Tournaments, one after the other: each is announced to its players, and the next one is made
//! when it is settled.

use crate::{options::Options, player::RunPhase, room};
use std::{sync::Arc, time::Duration};
use testkit::Fleet;
use tokio::{sync::watch, time::sleep};
use wire::TournamentId;

/// How often it is checked whether a tournament is over.
const LOOK: Duration = Duration::from_millis(500);

/// Plays tournaments until told to finish; returns those that were begun. Each is announced in
/// `announce`.
pub async fn play(
    fleet: Arc<Fleet>,
    options: Options,
    announce: watch::Sender<Option<TournamentId>>,
    stage: watch::Receiver<RunPhase>,
) -> Vec<TournamentId> {
    let mut played = Vec::new();
    while *stage.borrow() == RunPhase::Play {
        // Creating a tournament that fails during an outage is tried again: it was not announced.
        let Ok(tournament) = fleet.tournament(room::tournament(&options)).await else {
            sleep(LOOK).await;
            continue;
        };
        played.push(tournament);
        announce.send_replace(Some(tournament));
        loop {
            if *stage.borrow() != RunPhase::Play {
                return played;
            }
            if fleet.standings(tournament).await.is_ok_and(|standings| standings.settled) {
                break;
            }
            sleep(LOOK).await;
        }
    }
    played
}
