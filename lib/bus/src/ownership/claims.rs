//! The bucket of claims: read, written by compare-and-swap, and subscribed to.

use super::OwnedKind;
use crate::{
    Bus, BusError, api,
    direct::{self, Batch, Wanted},
    peers::Member,
};
use async_nats::{HeaderMap, client::RequestErrorKind};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use wire::{NodeId, subject};

/// Time limit of a write; without an answer it is unknown whether the claim was written.
const ANSWER: Duration = Duration::from_secs(1);

/// The value of a partition's key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claim {
    /// The partition's owner; `None` when it is released.
    pub(super) owner: Option<Holder>,
    /// The member that it is released to.
    #[serde(default)]
    pub(super) next: Option<Holder>,
}

/// A member in the form in which it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holder {
    node: NodeId,
    incarnation: u64,
}

impl From<&Member> for Holder {
    fn from(member: &Member) -> Self {
        Self { node: member.node.clone(), incarnation: member.incarnation }
    }
}

impl From<Holder> for Member {
    fn from(holder: Holder) -> Self {
        Self { node: holder.node, incarnation: holder.incarnation }
    }
}

/// A claim as the bucket has it.
#[derive(Clone, Debug)]
pub(super) struct StoredClaim {
    pub(super) partition: u16,
    pub(super) revision: u64,
    pub(super) claim: Claim,
}

/// The result of an attempt to write a claim.
#[derive(Debug)]
pub(super) enum ClaimWrite {
    /// The claim was written, at this revision.
    Yes(u64),
    /// Another member has written the claim first.
    No,
    /// There was no answer, or the server cannot write now.
    Unclear(String),
}

/// The claims of one kind.
#[derive(Clone)]
pub(super) struct Claims {
    bus: Bus,
    kind: OwnedKind,
}

impl Claims {
    pub(super) async fn open(bus: &Bus, kind: OwnedKind) -> Result<Self, BusError> {
        let about = format!("STREAM.INFO.KV_{}", subject::OWNERS_BUCKET);
        let about: Option<serde_json::Value> = api::ask(bus, &about, &serde_json::json!({})).await?;
        match about {
            Some(_) => Ok(Self { bus: bus.clone(), kind }),
            None => Err(BusError::Missing { what: format!("bucket {}", subject::OWNERS_BUCKET) }),
        }
    }

    /// Returns all claims.
    pub(super) async fn read(&self) -> Result<Vec<StoredClaim>, BusError> {
        let stream = format!("KV_{}", subject::OWNERS_BUCKET);
        let prefix = self.prefix();
        let filter = format!("{prefix}*");
        let wanted = Wanted { last_of: Some(vec![&filter]), ..Wanted::default() };
        match direct::batch(&self.bus, &stream, &wanted).await? {
            Batch::Some { found, .. } => Ok(found
                .into_iter()
                .filter_map(|found| {
                    let partition = found.subject.strip_prefix(&prefix)?;
                    self.entry(partition, found.sequence, &found.payload)
                })
                .collect()),
            Batch::TooMany => Err(BusError::JetStream {
                what: format!("reading bucket {}", subject::OWNERS_BUCKET),
                reason: "it has more keys than there are partitions".into(),
            }),
        }
    }

    /// Writes a claim if the key's last revision is still `expected` (0: the key does not exist).
    pub(super) async fn write(&self, partition: u16, expected: u64, claim: &Claim) -> ClaimWrite {
        let payload = match serde_json::to_vec(claim) {
            Ok(payload) => payload,
            Err(error) => return ClaimWrite::Unclear(error.to_string()),
        };
        let mut headers = HeaderMap::new();
        headers
            .insert(async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected.to_string().as_str());
        let request =
            async_nats::Request::new().headers(headers).payload(payload.into()).timeout(Some(ANSWER));
        let key = format!("{}{partition}", self.prefix());
        let ack = match self.bus.client().send_request(key, request).await {
            Ok(message) => api::acknowledged(&message.payload),
            Err(error) if error.kind() == RequestErrorKind::NoResponders => {
                return ClaimWrite::Unclear("the bucket does not answer".into());
            }
            Err(error) => return ClaimWrite::Unclear(error.to_string()),
        };
        match ack {
            Ok(Ok(revision)) => ClaimWrite::Yes(revision),
            Ok(Err(error)) if error.err_code == api::code::WRONG_LAST => ClaimWrite::No,
            Ok(Err(error)) => ClaimWrite::Unclear(error.description),
            Err(why) => ClaimWrite::Unclear(why),
        }
    }

    /// Subscribes to news of written claims. News that are lost while the connection is broken are
    /// found by reading.
    pub(super) async fn listen(&self) -> Result<async_nats::Subscriber, BusError> {
        self.bus.raw_subscribe(subject::owner_news(self.kind.name()), None).await
    }

    /// Returns the claim that a piece of news tells of.
    pub(super) fn heard(&self, message: &async_nats::Message) -> Option<StoredClaim> {
        let partition = message.subject.rsplit('.').next()?;
        let revision = message.headers.as_ref()?.get("Nats-Sequence")?.as_str().parse().ok()?;
        self.entry(partition, revision, &message.payload)
    }

    fn entry(&self, partition: &str, revision: u64, payload: &[u8]) -> Option<StoredClaim> {
        let partition = partition.parse().ok().filter(|&p| p < self.kind.partitions())?;
        match serde_json::from_slice(payload) {
            Ok(claim) => Some(StoredClaim { partition, revision, claim }),
            Err(error) => {
                tracing::warn!(partition, revision, %error, "a claim cannot be decoded and counts as released");
                Some(StoredClaim { partition, revision, claim: Claim::default() })
            }
        }
    }

    fn prefix(&self) -> String {
        format!("$KV.{}.{}.", subject::OWNERS_BUCKET, self.kind.name())
    }
}
