//! A work queue: each job goes to one of those who take, and to another when it is not acknowledged in time.

use crate::{Bus, BusError};
use async_nats::jetstream::{
    self, Message,
    consumer::{PullConsumer, pull},
};
use bytes::Bytes;
use futures::StreamExt;
use std::time::Duration;

/// How long the server may take to say that no job is there.
const ANSWER: Duration = Duration::from_secs(1);

/// A durable consumer that `pokerctl apply` has made. Clones share it.
#[derive(Clone)]
pub struct WorkQueue {
    consumer: PullConsumer,
    name: String,
}

/// One job.
pub struct Job {
    /// Its bytes.
    pub payload: Bytes,
    message: Message,
}

impl WorkQueue {
    /// Opens the consumer of a stream.
    ///
    /// # Errors
    /// When it is missing or the server does not answer.
    pub async fn open(bus: &Bus, stream: &str, consumer: &str) -> Result<Self, BusError> {
        let name = format!("consumer {consumer} of stream {stream}");
        let context = jetstream::new(bus.client().clone());
        match context.get_consumer_from_stream::<pull::Config, _, _>(consumer, stream).await {
            Ok(consumer) => Ok(Self { consumer, name }),
            Err(error) => match consumer_is_there(bus, stream, consumer).await? {
                true => Err(BusError::JetStream { what: name, reason: error.to_string() }),
                false => Err(BusError::Missing { what: name }),
            },
        }
    }

    /// Takes up to `max` jobs that are there; when there are none, waits up to `wait` for one.
    ///
    /// # Errors
    /// When the server does not answer or the consumer is gone.
    pub async fn take(&self, max: usize, wait: Duration) -> Result<Vec<Job>, BusError> {
        let there = self.consumer.fetch().max_messages(max).expires(ANSWER).messages().await;
        let jobs = self.collect(there).await?;
        if !jobs.is_empty() || wait.is_zero() {
            return Ok(jobs);
        }
        // A request for more than one would hold on to the first until it is complete.
        let first = self.consumer.batch().max_messages(1).expires(wait).messages().await;
        self.collect(first).await
    }

    async fn collect(&self, batch: Result<pull::Batch, pull::BatchError>) -> Result<Vec<Job>, BusError> {
        let failed = |reason: String| BusError::JetStream { what: self.name.clone(), reason };
        let mut batch = batch.map_err(|error| failed(error.to_string()))?;
        let mut jobs = Vec::new();
        while let Some(message) = batch.next().await {
            let message = message.map_err(|error| failed(error.to_string()))?;
            jobs.push(Job { payload: message.payload.clone(), message });
        }
        Ok(jobs)
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

async fn consumer_is_there(bus: &Bus, stream: &str, consumer: &str) -> Result<bool, BusError> {
    let what = format!("CONSUMER.INFO.{stream}.{consumer}");
    let about: Option<serde_json::Value> = crate::api::ask(bus, &what, &serde_json::json!({})).await?;
    Ok(about.is_some())
}
