//! A work queue: each job goes to one of those who take, and to another when it is not acknowledged in time.

use crate::{Bus, BusError};
use async_nats::jetstream::{
    self, Message,
    consumer::{PullConsumer, pull},
};
use bytes::Bytes;
use futures::StreamExt;
use std::time::Duration;

/// A durable consumer that `pokerctl apply` has made. Clones share it.
#[derive(Clone)]
pub struct WorkQueue {
    consumer: PullConsumer,
    name: String,
}

/// Jobs that were asked for at once. Must be read to the end: whatever is on its way to somebody who has stopped reading goes to
/// somebody else only after the consumer's wait.
pub struct Jobs {
    batch: pull::Batch,
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

    /// Asks for up to `max` jobs, which come as soon as they are there, for up to `wait`.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn take(&self, max: usize, wait: Duration) -> Result<Jobs, BusError> {
        let batch = self.consumer.batch().max_messages(max).expires(wait).messages().await;
        let name = self.name.clone();
        match batch {
            Ok(batch) => Ok(Jobs { batch, name }),
            Err(error) => Err(BusError::JetStream { what: name, reason: error.to_string() }),
        }
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
        Ok(message.map(|message| Job { payload: message.payload.clone(), message }))
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
