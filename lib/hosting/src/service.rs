//! The role's side of hosting.

use bus::{Bus, Journal, Request, Tenure};
use host::{Aggregate, EffectResult};
use serde::Serialize;
use wire::{Epoch, Refusal, journal::Cause, sender::Sender};

/// A decoded command.
pub struct Asked<A: Aggregate> {
    /// The aggregate.
    pub id: A::Id,
    /// The player and the command id.
    pub cause: Cause,
    /// The command.
    pub command: A::Command,
    /// Whether news may serve as its answer.
    pub rides: bool,
}

/// The partition context: the parts of the process that a partition's task uses.
#[derive(Clone)]
pub struct PartitionContext<S> {
    /// The role's implementation.
    pub service: S,
    /// The connection to NATS.
    pub bus: Bus,
    /// The stream that holds the partition's journals.
    pub journal: Journal,
    /// The partition's number.
    pub partition: u16,
    /// The epoch of the tenure.
    pub epoch: Epoch,
    /// The tenure.
    pub tenure: Tenure,
}

/// A role's part in hosting aggregates.
pub trait Service: Clone + Send + Sync + 'static {
    /// The kind of aggregate.
    type Aggregate: Aggregate<
            Id: Send + Sync,
            Command: Send,
            Event: Send + Sync,
            State: Send + Sync,
            Reply: Serialize + Send + Sync + 'static,
            News: Send,
            Effect: Send,
            Key: Send + Sync,
        > + Send
        + Sync
        + 'static;

    /// Returns the subject of a partition's commands.
    fn commands(partition: u16) -> String;

    /// Returns the subject pattern of a partition's journals.
    fn journals(partition: u16) -> String;

    /// Returns the subject of a journal.
    fn journal(id: Id<Self>) -> String;

    /// Returns the id whose journal has this subject.
    fn parse_journal(subject: &str) -> Option<Id<Self>>;

    /// Returns the command of a request.
    ///
    /// # Errors
    /// The refusal to answer with, when the request is malformed.
    fn decode(&self, request: &Request) -> Result<Asked<Self::Aggregate>, Refusal>;

    /// Sends news; the request of `answers` gets no other answer. The aggregate is in the state
    /// right after the record of these news.
    fn tell(
        &self,
        aggregate: &Self::Aggregate,
        epoch: Epoch,
        news: <Self::Aggregate as Aggregate>::News,
        answers: Option<&Request>,
    ) -> impl Future<Output = ()> + Send;

    /// Takes note that an aggregate was loaded from its journal.
    fn loaded(&self, aggregate: &Self::Aggregate, epoch: Epoch);

    /// Takes note that an aggregate left memory, or that the tenure of `epoch` has ended.
    fn evicted(&self, id: Id<Self>, epoch: Epoch);

    /// Makes one attempt at an effect; `tries` attempts failed before.
    fn attempt(
        self,
        id: Id<Self>,
        effect: <Self::Aggregate as Aggregate>::Effect,
        tries: u32,
    ) -> impl Future<Output = EffectResult<<Self::Aggregate as Aggregate>::Command>> + Send + 'static;
}

/// Returns the sender of a command, from whose authority the command is judged.
///
/// # Errors
/// [`Refusal::BadMessage`] when the subject names no sender.
pub fn sender(request: &Request) -> Result<Sender, Refusal> {
    Sender::of_subject(&request.subject)
        .ok_or_else(|| Refusal::bad_message(format!("the subject {} names no sender", request.subject)))
}

/// The id of a service's aggregates.
pub type Id<S> = <<S as Service>::Aggregate as Aggregate>::Id;
