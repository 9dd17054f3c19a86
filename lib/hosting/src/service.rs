//! What a role adds to the host.

use bus::{Bus, Journal, Request, Tenure};
use host::{Aggregate, EffectResult};
use serde::Serialize;
use wire::{Epoch, Refusal, journal::Cause};

/// A command as it came in.
pub struct Asked<A: Aggregate> {
    /// For which aggregate.
    pub id: A::Id,
    /// Whose, under which id.
    pub cause: Cause,
    /// What to do.
    pub command: A::Command,
    /// Whether the answer may ride on news.
    pub rides: bool,
}

/// What a partition's task works with.
#[derive(Clone)]
pub struct PartitionContext<S> {
    /// The role's part.
    pub service: S,
    /// The connection.
    pub bus: Bus,
    /// The stream of the partition's journals.
    pub journal: Journal,
    /// Which partition.
    pub partition: u16,
    /// The number of this ownership.
    pub epoch: Epoch,
    /// The ownership.
    pub tenure: Tenure,
}

/// The role's part in hosting aggregates.
pub trait Service: Clone + Send + Sync + 'static {
    /// What is hosted.
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

    /// Returns the subject on which a partition's commands come in.
    fn commands(partition: u16) -> String;

    /// Returns the pattern of a partition's journals.
    fn journals(partition: u16) -> String;

    /// Returns the subject of a journal.
    fn journal(id: Id<Self>) -> String;

    /// Returns whose journal has this subject.
    fn parse_journal(subject: &str) -> Option<Id<Self>>;

    /// Returns what a request asks for.
    ///
    /// # Errors
    /// What the request is answered when it makes no sense.
    fn decode(&self, request: &Request) -> Result<Asked<Self::Aggregate>, Refusal>;

    /// Tells others; with it `answers`, who gets no other answer. The aggregate is as it was right after
    /// what is told.
    fn tell(
        &self,
        aggregate: &Self::Aggregate,
        epoch: Epoch,
        news: <Self::Aggregate as Aggregate>::News,
        answers: Option<&Request>,
    ) -> impl Future<Output = ()> + Send;

    /// Takes notice that an aggregate is in memory as its journal has it.
    fn loaded(&self, aggregate: &Self::Aggregate, epoch: Epoch);

    /// Takes notice that an aggregate has left memory, or is owned here no more since `epoch`.
    fn evicted(&self, id: Id<Self>, epoch: Epoch);

    /// Makes one attempt at an effect, which was tried in vain so often before.
    fn attempt(
        self,
        id: Id<Self>,
        effect: <Self::Aggregate as Aggregate>::Effect,
        tries: u32,
    ) -> impl Future<Output = EffectResult<<Self::Aggregate as Aggregate>::Command>> + Send + 'static;
}

/// The ids of what a service hosts.
pub type Id<S> = <<S as Service>::Aggregate as Aggregate>::Id;
