//! A work queue: each job goes to one taker, and to another one when it is not acknowledged in
//! time.

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
/// Time limit for the server's time: without an answer, the last known time counts on.
const TIME_PATIENCE: Duration = Duration::from_millis(500);

/// A durable consumer that `pokerctl apply` has made. Clones share it.
#[derive(Clone)]
pub struct WorkQueue {
    bus: Bus,
    consumer: PullConsumer,
    name: String,
    /// The API's subject for requests about the consumer.
    about: String,
    time: Arc<Mutex<ServerTime>>,
}

/// The server's time, counted on by the monotonic clock: the server stamps jobs with its time.
#[derive(Clone, Copy, Debug)]
struct ServerTime {
    /// The server's time in milliseconds since 1970, and the moment when it arrived; `None` before
    /// the first answer.
    told: Option<(u64, Instant)>,
    /// When the server is to be asked again.
    again: Instant,
}

impl ServerTime {
    /// Returns the age of a job that was stored at this time; zero while the server's time is
    /// unknown.
    fn age(&self, stored_ms: u64, now: Instant) -> Duration {
        let server_ms = self.told.map_or(0, |(told_ms, at)| {
            let since = now.saturating_duration_since(at);
            told_ms.saturating_add(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
        });
        Duration::from_millis(server_ms.saturating_sub(stored_ms))
    }
}

/// The parts of the server's consumer state that are used here.
#[derive(Deserialize)]
struct About {
    /// The server's time, in RFC 3339.
    #[serde(default)]
    ts: String,
    /// Jobs that no taker has, and jobs that were taken and are not acknowledged.
    #[serde(default)]
    num_pending: u64,
    #[serde(default)]
    num_ack_pending: u64,
}

/// Jobs that were asked for at once. Must be read to the end: a job on its way to a reader that has
/// stopped goes to another one only after the consumer's wait.
pub struct Jobs {
    batch: pull::Batch,
    name: String,
    time: ServerTime,
}

/// One job.
pub struct Job {
    /// The job's bytes.
    pub payload: Bytes,
    /// How long the job had been in the queue when it came, by the server's clock alone.
    pub age: Duration,
    message: Message,
}

impl WorkQueue {
    /// Opens the consumer of a stream.
    ///
    /// # Errors
    /// When the consumer is missing or the server does not answer.
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

    /// Takes up to `max` jobs, as soon as there are any, for up to `wait`.
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

    /// Returns the number of jobs that are not acknowledged, taken or not.
    ///
    /// # Errors
    /// When the consumer is missing or the server does not answer.
    pub async fn unsettled(&self) -> Result<u64, BusError> {
        let about = ask_about(&self.bus, &self.about).await?;
        let about = about.ok_or_else(|| BusError::Missing { what: self.name.clone() })?;
        Ok(about.num_pending + about.num_ack_pending)
    }

    /// Returns the server's time, asking for it every [`TIME_AGAIN`]: the server's clock may be set
    /// as well.
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
            // The server told this time while the request was under way, so no job seems older than
            // it is.
            lock().told = Some((told_ms, Instant::now()));
        }
        *lock()
    }
}

impl Jobs {
    /// Returns the next job; `None` when all have come or the time is over.
    ///
    /// # Errors
    /// When the server does not answer or the consumer is gone.
    pub async fn next(&mut self) -> Result<Option<Job>, BusError> {
        let message = self.batch.next().await.transpose();
        let message = message
            .map_err(|error| BusError::JetStream { what: self.name.clone(), reason: error.to_string() })?;
        let job = |message: Message| {
            let stored = message.info().map_or(0, |info| info.published.unix_timestamp_nanos() / 1_000_000);
            // A time before 1970 is not a valid one.
            let age = u64::try_from(stored).map_or(Duration::ZERO, |ms| self.time.age(ms, Instant::now()));
            Job { payload: message.payload.clone(), age, message }
        };
        Ok(message.map(job))
    }
}

impl Job {
    /// Acknowledges that the job is done; otherwise it goes to another taker after the consumer's
    /// wait.
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
