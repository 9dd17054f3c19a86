//! Where players sit. Every table worker has to be asked, so the question is put for all players who wait by then: when a gateway dies,
//! thousands log in at the others in the same second.

use crate::{
    fleet_client::FleetClient,
    limits::{SEAT_QUESTIONS, SEATS_WAITING},
};
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, oneshot};
use wire::{PlayerId, TableId, table::MAX_SEATS_OF};

type SeatQuestion = (PlayerId, oneshot::Sender<Vec<TableId>>);

/// See the module.
pub(crate) struct Seats {
    waiting: mpsc::Sender<SeatQuestion>,
}

impl Seats {
    /// Starts the tasks that ask.
    pub(crate) fn start(fleet: &FleetClient) -> Self {
        let (waiting, queue) = mpsc::channel(SEATS_WAITING);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..SEAT_QUESTIONS {
            tokio::spawn(ask(Arc::clone(&queue), fleet.clone()));
        }
        Self { waiting }
    }

    /// Where a player sits, as far as the table workers answer.
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
            // Whoever asked may be gone.
            let _ = answer.send(tables);
        }
    }
}
