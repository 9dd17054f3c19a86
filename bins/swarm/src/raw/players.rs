//! Players that send and count bytes of the right sizes, over the same sockets as real players.

use super::{Got, Sent};
use crate::{
    plan::{Order, Plan, Shape},
    tally::Tally,
};
use client::{
    Address,
    link::{self, LinkError},
};
use std::{cell::RefCell, net::IpAddr, rc::Rc, sync::Arc, time::Instant};
use tokio::sync::{Semaphore, watch};
use wire::{SeatNo, TableId};

struct Table {
    id: TableId,
    /// Number of the last event that each player has seen.
    seen: Vec<u64>,
    /// Number of the event that will show the last action, and when the action was sent.
    sent: Option<(u64, Instant)>,
}

struct Player {
    address: Address,
    source: Option<IpAddr>,
    shape: Shape,
    table: Rc<RefCell<Table>>,
    seat: SeatNo,
    tally: Rc<Tally>,
    doors: Arc<Semaphore>,
    orders: watch::Receiver<Option<Order>>,
}

/// Starts the players of a plan.
///
/// # Errors
/// When the plan's addresses are malformed.
pub(crate) fn start(
    plan: &Plan,
    shape: Shape,
    tally: &Rc<Tally>,
    orders: &watch::Receiver<Option<Order>>,
) -> anyhow::Result<()> {
    let doors = Arc::new(Semaphore::new(plan.doors));
    for table in &plan.tables {
        let seen = vec![0; table.players.len()];
        let shown = Rc::new(RefCell::new(Table { id: table.table, seen, sent: None }));
        for (seat, player) in table.players.iter().enumerate() {
            let player = Player {
                address: plan.addresses[player.node % plan.addresses.len()].parse()?,
                source: plan.source(seat),
                shape,
                table: Rc::clone(&shown),
                seat: seat as SeatNo,
                tally: Rc::clone(tally),
                doors: Arc::clone(&doors),
                orders: orders.clone(),
            };
            tokio::task::spawn_local(player.play());
        }
    }
    Ok(())
}

impl Player {
    async fn play(mut self) {
        if let Err(why) = self.connection().await {
            self.tally.count(|counts| counts.dropped += 1);
            self.tally.tell(why.to_string());
        }
    }

    async fn connection(&mut self) -> Result<(), LinkError> {
        let ended = |_| LinkError("the process ends".into());
        self.orders.wait_for(|order| *order >= Some(Order::Connect)).await.map_err(ended)?;
        let door = Arc::clone(&self.doors).acquire_owned().await;
        let (mut reader, mut writer) = link::connect(&self.address, self.source, None).await?;
        let hello = Sent { table: self.table.borrow().id, seat: self.seat };
        writer.send_bytes(hello.bytes(0)).await.map_err(|why| LinkError(why.to_string()))?;
        while Got::read(&reader.next_bytes().await?) != Some(Got::Ready) {}
        drop(door);
        self.tally.count(|counts| {
            counts.connected += 1;
            counts.seated += 1;
        });
        let mut acts = self.seat == 0;
        loop {
            if acts {
                self.orders.wait_for(|order| *order >= Some(Order::Play)).await.map_err(ended)?;
                self.sends();
                let bytes = hello.bytes(self.shape.act);
                writer.send_bytes(bytes).await.map_err(|why| LinkError(why.to_string()))?;
            }
            acts = self.take(Got::read(&reader.next_bytes().await?));
        }
    }

    /// Notes that the next event will show the action that is sent now.
    fn sends(&self) {
        let mut table = self.table.borrow_mut();
        table.sent = Some((table.seen[usize::from(self.seat)] + 1, Instant::now()));
    }

    /// Counts a frame. Returns whether it gives the player the turn.
    fn take(&self, got: Option<Got>) -> bool {
        let Some(Got::Event { number, next, acted }) = got else {
            return false;
        };
        let mut table = self.table.borrow_mut();
        let seen = &mut table.seen[usize::from(self.seat)];
        if number != *seen + 1 {
            self.tally.violation(format!("event {number} after event {seen}"));
        }
        *seen = number;
        if self.seat == 0 && acted {
            self.tally.action();
        }
        let all = table.seen.iter().copied().min();
        if let Some((_, at)) = table.sent.take_if(|(number, _)| all >= Some(*number)) {
            self.tally.seen_by_all(at.elapsed());
        }
        next == self.seat
    }
}
