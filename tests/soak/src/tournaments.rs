//! Tournaments, one after the other: each is announced to its players, and the next one is made
//! when it is settled.

use crate::{options::Options, player::RunPhase, room};
use std::{sync::Arc, time::Duration};
use testkit::Fleet;
use tokio::{sync::watch, time::sleep};
use wire::TournamentId;

/// How often it is checked whether a tournament is over.
const LOOK: Duration = Duration::from_millis(500);

/// The tournaments that were played one after the other.
#[derive(Default)]
pub struct Played {
    /// The number of those that were seen settled. The archive removes their journals after a
    /// minute, so the coordinators need not know them at the end.
    pub settled: u64,
    /// The last one, if it was not seen settled.
    pub unsettled: Option<TournamentId>,
}

/// Plays tournaments until told to finish; returns those that were begun. Each is announced in
/// `announce`.
pub async fn play(
    fleet: Arc<Fleet>,
    options: Options,
    announce: watch::Sender<Option<TournamentId>>,
    stage: watch::Receiver<RunPhase>,
) -> Played {
    let mut played = Played::default();
    while *stage.borrow() == RunPhase::Play {
        // Creating a tournament that fails during an outage is tried again: it was not announced.
        let Ok(tournament) = fleet.tournament(room::tournament(&options)).await else {
            sleep(LOOK).await;
            continue;
        };
        played.unsettled = Some(tournament);
        announce.send_replace(Some(tournament));
        loop {
            if *stage.borrow() != RunPhase::Play {
                return played;
            }
            if fleet.standings(tournament).await.is_ok_and(|standings| standings.settled) {
                played.settled += 1;
                played.unsettled = None;
                break;
            }
            sleep(LOOK).await;
        }
    }
    played
}
