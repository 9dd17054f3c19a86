//! Signals to the supervisor: the first SIGINT, SIGTERM or SIGHUP asks the fleet to stop, the
//! second ends the wait. SIGUSR1, sent by `pokerctl undrain`, asks to start drained processes
//! again.

use std::{io, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::Instant,
};

/// Signals within this time are one request: `timeout` and `make` send theirs twice.
const ONE_REQUEST: Duration = Duration::from_millis(700);

/// The requests to start drained processes. Clones receive the same ones.
#[derive(Clone, Debug)]
pub struct Wanted(watch::Receiver<u32>);

impl Wanted {
    /// Listens for SIGUSR1 from now on.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn listen() -> io::Result<Self> {
        let mut signals = signal(SignalKind::user_defined1())?;
        let (count, wanted) = watch::channel(0);
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                count.send_modify(|count| *count += 1);
            }
        });
        Ok(Self(wanted))
    }

    /// Returns at the next request from now on.
    pub async fn again(&mut self) {
        self.0.mark_unchanged();
        if self.0.changed().await.is_err() {
            // The task that receives signals has ended, so no request will come.
            std::future::pending::<()>().await;
        }
    }

    /// Returns a value without requests.
    #[cfg(test)]
    pub(crate) fn never() -> Self {
        Self::by_hand().1
    }

    /// Returns a value whose requests come from a test.
    #[cfg(test)]
    pub(crate) fn by_hand() -> (watch::Sender<u32>, Self) {
        let (count, wanted) = watch::channel(0);
        (count, Self(wanted))
    }
}

/// The requests to stop. Clones receive the same ones.
#[derive(Clone, Debug)]
pub struct StopRequests(watch::Receiver<u32>);

impl StopRequests {
    /// Listens for SIGINT (Ctrl-C), SIGTERM and SIGHUP (the terminal was closed) from now on.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn listen() -> io::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let (count, requests) = watch::channel(0);
        tokio::spawn(async move {
            let mut last: Option<Instant> = None;
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {}
                }
                if last.is_none_or(|last| last.elapsed() >= ONE_REQUEST) {
                    last = Some(Instant::now());
                    count.send_modify(|count| *count += 1);
                }
            }
        });
        Ok(Self(requests))
    }

    /// Returns when this many requests to stop have come.
    pub async fn asked(&mut self, times: u32) {
        if self.0.wait_for(|count| *count >= times).await.is_err() {
            // The task that receives signals has ended, so no request will come.
            std::future::pending::<()>().await;
        }
    }
}
