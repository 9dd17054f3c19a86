//! Finds players' seats. All table workers have to be asked, so one query is sent for all players
//! that wait: when a gateway dies, thousands log in at the others in the same second.

use crate::{
    fleet_client::FleetClient,
    limits::{SEAT_QUESTIONS, SEATS_WAITING},
};
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, oneshot};
use wire::{PlayerId, TableId, table::MAX_SEATS_OF};

type SeatQuestion = (PlayerId, oneshot::Sender<Vec<TableId>>);

/// The queue of players whose seats are asked for.
pub(crate) struct Seats {
    waiting: mpsc::Sender<SeatQuestion>,
}

impl Seats {
    /// Starts the tasks that send queries.
    pub(crate) fn start(fleet: &FleetClient) -> Self {
        let (waiting, queue) = mpsc::channel(SEATS_WAITING);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..SEAT_QUESTIONS {
            tokio::spawn(ask(Arc::clone(&queue), fleet.clone()));
        }
        Self { waiting }
    }

    /// Returns the tables at which a player sits, as far as table workers answer in time.
    pub(crate) async fn of(&self, player: PlayerId) -> Vec<TableId> {
        let (answer, answered) = oneshot::channel();
        // The tasks live as long as the gateway.
        let _ = self.waiting.send((player, answer)).await;
        answered.await.unwrap_or_default()
    }
}

async fn ask(queue: Arc<Mutex<mpsc::Receiver<SeatQuestion>>>, fleet: FleetClient) {
    loop {
        let mut waiting = Vec::new();
        if queue.lock().await.recv_many(&mut waiting, MAX_SEATS_OF).await == 0 {
            return;
        }
        let seats = fleet.seats_of(waiting.iter().map(|(player, _)| *player).collect()).await;
        for (player, answer) in waiting {
            let tables = seats.get(&player).into_iter().flatten().copied().collect();
            // The caller may have stopped waiting.
            let _ = answer.send(tables);
        }
    }
}
