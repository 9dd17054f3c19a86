//! When a process is to stop: a signal of the operating system, or the administrator's wish that it drains. Both end in the same
//! path: what was begun is finished, what is owned is handed over, and the process ends with success.

use crate::{Bus, BusError, Peers};
use futures::StreamExt;
use std::io;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use wire::{codec, fleet::Drain, subject};

/// A wish to stop, once and for all. Clones share it.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// Listens for SIGTERM and SIGINT from now on: to be called first of all, so that a signal during the start is not lost.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn listen() -> io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stop = Self(watch::Sender::new(false));
        let asked = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            asked.0.send_replace(true);
        });
        Ok(stop)
    }

    /// Listens from now on for the administrator's wish that this process drains, as well.
    ///
    /// # Errors
    /// When the subscription cannot be made.
    pub async fn listen_to_admin(&self, bus: &Bus, peers: &Peers) -> Result<(), BusError> {
        let Some((role, me)) = peers.me() else {
            return Ok(());
        };
        let mut wishes = bus.subscribe(subject::drain(role, &me.node)).await?;
        let asked = self.clone();
        tokio::spawn(async move {
            while let Some(message) = wishes.next().await {
                match codec::decode::<Drain>(&message.payload) {
                    Ok(drain) if drain.incarnation == me.incarnation => {
                        tracing::info!("the administrator wants this process to drain");
                        asked.0.send_replace(true);
                    }
                    Ok(_) => tracing::debug!("a process that had this name before was to drain"),
                    Err(error) => tracing::warn!(%error, "a wish to drain cannot be read"),
                }
            }
        });
        Ok(())
    }

    /// Whether stopping was asked for.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when stopping was asked for.
    pub async fn asked(&self) {
        // It cannot fail: we hold the sender ourselves.
        let _ = self.0.subscribe().wait_for(|stop| *stop).await;
    }
}
