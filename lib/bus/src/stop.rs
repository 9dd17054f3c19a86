//! When a process is to stop: after a signal of the operating system, or after the administrator's
//! request to drain. Both end in the same path: work under way is finished, partitions are handed
//! over, and the process ends with success.

use crate::{Bus, BusError, Peers};
use futures::StreamExt;
use std::io;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use wire::{codec, fleet::Drain, subject};

/// A request to stop, which cannot be withdrawn. Clones share it.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// Listens for SIGTERM and SIGINT from now on. To be called first, so that a signal during the
    /// start is not lost.
    ///
    /// # Errors
    /// When the operating system does not allow it.
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

    /// Listens for the administrator's request to drain as well.
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
                        tracing::info!("stopping: the administrator has asked this process to drain");
                        asked.0.send_replace(true);
                    }
                    Ok(_) => tracing::debug!(
                        "a request to drain is ignored: it is for an earlier process of this name"
                    ),
                    Err(error) => {
                        tracing::warn!(%error, "a request to drain cannot be decoded and is ignored")
                    }
                }
            }
        });
        Ok(())
    }

    /// Returns whether a stop was requested.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when a stop is requested.
    pub async fn asked(&self) {
        // Cannot fail, because this value holds the sender.
        let _ = self.0.subscribe().wait_for(|stop| *stop).await;
    }
}
