//! A work queue: each job goes to one of those who take, and to another when it is not acknowledged in time.

use crate::{Bus, BusError, direct::parse_time_ms};
use async_nats::jetstream::{
    self, Message,
    consumer::{PullConsumer, pull},
};
use bytes::Bytes;
use futures::StreamExt;
use serde::Deserialize;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// Pause before the server is asked for its time again.
const TIME_AGAIN: Duration = Duration::from_secs(5);
/// How long its answer is waited for: without one, the time that was told before counts on.
const TIME_PATIENCE: Duration = Duration::from_millis(500);

/// A durable consumer that `pokerctl apply` has made. Clones share it.
#[derive(Clone)]
pub struct WorkQueue {
    bus: Bus,
    consumer: PullConsumer,
    name: String,
    /// The API's subject for questions about the consumer.
    about: String,
    time: Arc<Mutex<ServerTime>>,
}

/// The server's time, counted on by the monotonic clock: jobs are stamped with it.
#[derive(Clone, Copy, Debug)]
struct ServerTime {
    /// What it was, in milliseconds since 1970, and when the server said so; none before it did.
    told: Option<(u64, Instant)>,
    /// When it is to be asked for again.
    again: Instant,
}

impl ServerTime {
    /// Returns how old a job is that was stored then. Nothing while the server's time is unknown.
    fn age(&self, stored_ms: u64, now: Instant) -> Duration {
        let server_ms = self.told.map_or(0, |(told_ms, at)| {
            let since = now.saturating_duration_since(at);
            told_ms.saturating_add(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
        });
        Duration::from_millis(server_ms.saturating_sub(stored_ms))
    }
}

/// What the server says about a consumer, as far as it is needed here.
#[derive(Deserialize)]
struct About {
    /// The server's time, in RFC 3339.
    #[serde(default)]
    ts: String,
    /// Jobs that nobody has taken yet, and that were taken and are not acknowledged.
    #[serde(default)]
    num_pending: u64,
    #[serde(default)]
    num_ack_pending: u64,
}

/// Jobs that were asked for at once. Must be read to the end: whatever is on its way to somebody who has stopped reading goes to
/// somebody else only after the consumer's wait.
pub struct Jobs {
    batch: pull::Batch,
    name: String,
    time: ServerTime,
}

/// One job.
pub struct Job {
    /// Its bytes.
    pub payload: Bytes,
    /// How long it had been in the queue when it came, by the server's clock alone.
    pub age: Duration,
    message: Message,
}

impl WorkQueue {
    /// Opens the consumer of a stream.
    ///
    /// # Errors
    /// When it is missing or the server does not answer.
    pub async fn open(bus: &Bus, stream: &str, consumer: &str) -> Result<Self, BusError> {
        let name = format!("consumer {consumer} of stream {stream}");
        let about = format!("CONSUMER.INFO.{stream}.{consumer}");
        let context = jetstream::new(bus.client().clone());
        match context.get_consumer_from_stream::<pull::Config, _, _>(consumer, stream).await {
            Ok(consumer) => {
                let time = ServerTime { told: None, again: Instant::now() };
                Ok(Self { bus: bus.clone(), consumer, name, about, time: Arc::new(Mutex::new(time)) })
            }
            Err(error) => match ask_about(bus, &about).await? {
                Some(_) => Err(BusError::JetStream { what: name, reason: error.to_string() }),
                None => Err(BusError::Missing { what: name }),
            },
        }
    }

    /// Asks for up to `max` jobs, which come as soon as they are there, for up to `wait`.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn take(&self, max: usize, wait: Duration) -> Result<Jobs, BusError> {
        let time = self.time().await;
        let batch = self.consumer.batch().max_messages(max).expires(wait).messages().await;
        let name = self.name.clone();
        match batch {
            Ok(batch) => Ok(Jobs { batch, name, time }),
            Err(error) => Err(BusError::JetStream { what: name, reason: error.to_string() }),
        }
    }

    /// Returns how many jobs are not acknowledged, whether somebody has taken them or not.
    ///
    /// # Errors
    /// When the consumer is missing or the server does not answer.
    pub async fn unsettled(&self) -> Result<u64, BusError> {
        let about = ask_about(&self.bus, &self.about).await?;
        let about = about.ok_or_else(|| BusError::Missing { what: self.name.clone() })?;
        Ok(about.num_pending + about.num_ack_pending)
    }

    /// Returns the server's time, asked for now and then: its clock may be set as well.
    async fn time(&self) -> ServerTime {
        let lock = || self.time.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_due = {
            let mut time = lock();
            let is_due = now >= time.again;
            if is_due {
                time.again = now + TIME_AGAIN;
            }
            is_due
        };
        if is_due
            && let Ok(Ok(Some(about))) = timeout(TIME_PATIENCE, ask_about(&self.bus, &self.about)).await
            && let Some(told_ms) = parse_time_ms(&about.ts)
        {
            // It was the server's time while the question was under way, so no job is taken for
            // older than it is.
            lock().told = Some((told_ms, Instant::now()));
        }
        *lock()
    }
}

impl Jobs {
    /// The next job, once it is there; none when all have come or the time is over.
    ///
    /// # Errors
    /// When the server does not answer or the consumer is gone.
    pub async fn next(&mut self) -> Result<Option<Job>, BusError> {
        let message = self.batch.next().await.transpose();
        let message = message
            .map_err(|error| BusError::JetStream { what: self.name.clone(), reason: error.to_string() })?;
        let job = |message: Message| {
            let stored = message.info().map_or(0, |info| info.published.unix_timestamp_nanos() / 1_000_000);
            // A time before 1970 is none.
            let age = u64::try_from(stored).map_or(Duration::ZERO, |ms| self.time.age(ms, Instant::now()));
            Job { payload: message.payload.clone(), age, message }
        };
        Ok(message.map(job))
    }
}

impl Job {
    /// Says that the job is done; otherwise it goes to somebody else after the consumer's wait.
    ///
    /// # Errors
    /// When the connection is closed for good.
    pub async fn ack(&self) -> Result<(), BusError> {
        self.message.ack().await.map_err(|error| BusError::Send {
            subject: self.message.subject.to_string(),
            reason: error.to_string(),
        })
    }
}

async fn ask_about(bus: &Bus, about: &str) -> Result<Option<About>, BusError> {
    crate::api::ask(bus, about, &serde_json::json!({})).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_as_old_as_the_server_says() {
        let at = Instant::now();
        let second = Duration::from_secs(1);
        let time = ServerTime { told: Some((10_000, at)), again: at };
        assert_eq!(time.age(9_000, at), second);
        assert_eq!(time.age(9_000, at + second), 2 * second);
        assert_eq!(time.age(10_500, at), Duration::ZERO, "stored since");
        assert_eq!(ServerTime { told: None, again: at }.age(9_000, at), Duration::ZERO);
    }
}
