//! Closes connections of clients that do not read while too many bytes wait in the whole gateway.

use crate::{connections::Connections, traffic::Traffic};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};
use wire::client::Closing;

/// Pause when too many bytes wait and no connection has any: they belong to connections that are
/// being closed.
const PAUSE: Duration = Duration::from_millis(10);
/// Shortest time between two logs of closed connections.
const LOG: Duration = Duration::from_secs(10);

/// Closes connections as long as too many bytes wait: first those that read nothing, the one with
/// the most waiting bytes before others.
pub(crate) async fn close(traffic: Arc<Traffic>, connections: Arc<Connections>) {
    let mut logged: Option<Instant> = None;
    loop {
        traffic.exceeded().await;
        let Some(outbox) = connections.fullest() else {
            sleep(PAUSE).await;
            continue;
        };
        outbox.close(Closing::TooSlow);
        if logged.is_none_or(|logged| logged.elapsed() >= LOG) {
            logged = Some(Instant::now());
            tracing::warn!(
                most = traffic.most_waiting(),
                "too many bytes wait for clients that do not read: their connections are closed, the fullest first"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::Outbox;
    use bytes::Bytes;
    use wire::codec::Encoding;

    #[tokio::test(start_paused = true)]
    async fn the_connection_that_does_not_read_is_closed_before_a_fuller_one_that_reads() {
        let traffic = Arc::new(Traffic::new(1_000, 0));
        let connections = Arc::new(Connections::new());
        let outboxes: Vec<_> = (0..3).map(|_| Arc::new(Outbox::new(Encoding::Json, &traffic))).collect();
        for outbox in &outboxes {
            connections.add(outbox);
        }
        tokio::spawn(close(Arc::clone(&traffic), Arc::clone(&connections)));
        let closed = || outboxes.iter().map(|outbox| outbox.closing()).collect::<Vec<_>>();
        for (outbox, bytes) in outboxes.iter().zip([100, 300, 600]) {
            outbox.push(Bytes::from(vec![0; bytes]));
        }
        outboxes[0].blocked(true);
        outboxes[1].blocked(true);
        // What is being written waits too.
        outboxes[1].take(usize::MAX, drop);
        sleep(PAUSE).await;
        assert_eq!(closed(), [None, None, None], "as many bytes as may wait");
        outboxes[2].push(Bytes::from_static(b"x"));
        sleep(PAUSE).await;
        assert_eq!(closed(), [None, Some(Closing::TooSlow), None]);
        outboxes[2].push(Bytes::from(vec![0; 300]));
        sleep(PAUSE).await;
        assert_eq!(closed(), [Some(Closing::TooSlow), Some(Closing::TooSlow), None]);
        assert_eq!(traffic.waiting(), 901);
    }
}
