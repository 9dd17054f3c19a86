//! Ctrl-C and its relatives: the first one asks the fleet to stop, the second one does not wait.
//! And SIGUSR1, by which `pokerctl undrain` says that what was drained is wanted again.

use std::{io, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::Instant,
};

/// Signals that come closer together are one request: `timeout` and `make` send theirs twice.
const ONE_REQUEST: Duration = Duration::from_millis(700);

/// Tells when what was drained is wanted again. Clones hear the same.
#[derive(Clone, Debug)]
pub struct Wanted(watch::Receiver<u32>);

impl Wanted {
    /// Listens for SIGUSR1 from now on.
    ///
    /// # Errors
    /// When the system does not let us.
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

    /// Returns at the next signal from now on.
    pub async fn again(&mut self) {
        self.0.mark_unchanged();
        if self.0.changed().await.is_err() {
            // Signals are not listened for any more: there will be none.
            std::future::pending::<()>().await;
        }
    }

    /// Returns one without signals.
    #[cfg(test)]
    pub(crate) fn never() -> Self {
        Self::by_hand().1
    }

    /// Returns one that a test signals.
    #[cfg(test)]
    pub(crate) fn by_hand() -> (watch::Sender<u32>, Self) {
        let (count, wanted) = watch::channel(0);
        (count, Self(wanted))
    }
}

/// Requests to stop, as they come. Clones hear the same.
#[derive(Clone, Debug)]
pub struct StopRequests(watch::Receiver<u32>);

impl StopRequests {
    /// Listens for SIGINT (Ctrl-C), SIGTERM and SIGHUP (the terminal was closed) from now on.
    ///
    /// # Errors
    /// When the system does not let us.
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

    /// Returns when stopping was asked for this many times.
    pub async fn asked(&mut self, times: u32) {
        if self.0.wait_for(|count| *count >= times).await.is_err() {
            // Signals are not listened for any more: there will be none.
            std::future::pending::<()>().await;
        }
    }
}
