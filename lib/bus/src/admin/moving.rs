//! Moves partitions to added streams while their tables are played
//! (`docs/decisions/0039-streams-are-added.md`).
//!
//! Invariant: a partition's subject is added to the later stream only once no append can reach the
//! earlier one. The streams' lists of subjects show which steps of a move are done, so an
//! interrupted move can be continued after each step.

use super::{AdminError, Progress, plan::Departure};
use crate::{
    Bus, BusError, Extent, api,
    direct::{self, Wanted},
};
use async_nats::client::RequestErrorKind;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tokio::time::sleep;
use wire::subject;

/// Time between the removal of a subject from a stream and the check that the stream has handled
/// all earlier messages: an append that was routed to the stream before is in its queue long before
/// that.
const UNDER_WAY: Duration = Duration::from_millis(500);
/// Time limit for the stream's answer to that check.
const ANSWER: Duration = Duration::from_secs(5);
/// Number of attempts at the check.
const ATTEMPTS: usize = 6;

/// The server's description of a stream.
#[derive(Deserialize)]
pub(super) struct About {
    pub(super) config: Map<String, Value>,
    pub(super) state: Extent,
}

impl About {
    /// Returns a stream's description; none if there is no such stream.
    pub(super) async fn ask(bus: &Bus, stream: &str) -> Result<Option<Self>, BusError> {
        api::ask(bus, &format!("STREAM.INFO.{stream}"), &json!({})).await
    }

    async fn must(bus: &Bus, stream: &str) -> Result<Self, BusError> {
        api::must(bus, &format!("STREAM.INFO.{stream}"), &json!({})).await
    }

    /// Returns whether a stream has records of a partition.
    pub(super) async fn has_records(bus: &Bus, stream: &str, partition: u16) -> Result<bool, BusError> {
        let filter = subject::table_journals(partition);
        let wanted = Wanted { from: 1, next: Some(&filter), ..Wanted::default() };
        Ok(direct::get(bus, stream, &wanted).await?.is_some())
    }

    /// Returns the stream's subjects.
    pub(super) fn subjects(&self) -> Vec<String> {
        let subjects = self.config.get("subjects").and_then(Value::as_array);
        subjects.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Returns the sequence of the stream's first record, also before it exists.
    pub(super) fn first(&self) -> u64 {
        self.config.get("first_seq").and_then(Value::as_u64).unwrap_or(0)
    }
}

/// Moves partitions from one stream to others. Returns the time for which their tables could not
/// store records.
pub(super) async fn carry_out(
    bus: &Bus,
    departure: &Departure,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Duration, AdminError> {
    let from = subject::table_stream_name(departure.from);
    let fenced = Instant::now();
    fence(bus, &from, departure).await?;
    tell(Progress::Fenced { stream: from.clone(), partitions: departure.to.len() });
    let away = departure.to.iter().filter(|(_, to)| **to != departure.from).map(|(partition, _)| *partition);
    let away: Vec<u16> = away.collect();
    if !away.is_empty() {
        sleep(UNDER_WAY).await;
    }
    for partition in away {
        drain(bus, departure.from, partition).await?;
    }
    tell(Progress::Drained { stream: from.clone() });
    let last = About::must(bus, &from).await?.state.last;
    let targets: BTreeSet<u16> = departure.to.values().copied().collect();
    for target in targets {
        let gained: Vec<u16> =
            departure.to.iter().filter(|(_, to)| **to == target).map(|(partition, _)| *partition).collect();
        open(bus, &from, last, &subject::table_stream_name(target), &gained).await?;
    }
    Ok(fenced.elapsed())
}

/// Removes the partitions' subjects from the stream. Later appends match no stream, and are
/// repeated.
async fn fence(bus: &Bus, from: &str, departure: &Departure) -> Result<(), BusError> {
    let about = About::must(bus, from).await?;
    let subjects = about.subjects();
    let leaving = |subject: &String| {
        subject::parse_table_journals(subject).is_some_and(|partition| departure.to.contains_key(&partition))
    };
    let mut left: Vec<String> = subjects.iter().filter(|subject| !leaving(subject)).cloned().collect();
    for partition in departure.to.keys() {
        let moved = subject::moved_tables(*partition, departure.from);
        if !left.contains(&moved) {
            left.push(moved);
        }
    }
    if left == subjects { Ok(()) } else { update(bus, from, about.config, left).await }
}

/// Waits until the stream has handled all earlier messages: it handles messages in order, and
/// answers this one.
async fn drain(bus: &Bus, from: u16, partition: u16) -> Result<(), BusError> {
    #[derive(Deserialize)]
    struct Ack {
        #[serde(default)]
        seq: u64,
        error: Option<Value>,
    }
    let mut reason = String::new();
    for _ in 0..ATTEMPTS {
        bus.connected().await;
        let request = async_nats::Request::new().payload(Vec::new().into()).timeout(Some(ANSWER));
        match bus.client().send_request(subject::moved_tables(partition, from), request).await {
            // A refusal because the stream is full shows the same.
            Ok(message) => match serde_json::from_slice::<Ack>(&message.payload) {
                Ok(ack) if ack.seq > 0 || ack.error.is_some() => return Ok(()),
                Ok(_) | Err(_) => reason = "the server's answer cannot be decoded".into(),
            },
            Err(error) => {
                reason = error.to_string();
                if error.kind() == RequestErrorKind::NoResponders {
                    sleep(UNDER_WAY).await;
                }
            }
        }
    }
    let from = subject::table_stream_name(from);
    Err(BusError::JetStream { what: format!("moving partition {partition} from stream {from}"), reason })
}

/// Adds the partitions' subjects to a stream.
async fn open(bus: &Bus, from: &str, last: u64, to: &str, partitions: &[u16]) -> Result<(), AdminError> {
    let about = About::must(bus, to).await?;
    if to != from && about.state.last < last {
        return Err(AdminError::Overtaken { from: from.to_owned(), to: to.to_owned() });
    }
    let gained = |subject: &String| {
        subject::parse_moved_tables(subject).is_some_and(|partition| partitions.contains(&partition))
    };
    let mut subjects: Vec<String> =
        about.subjects().into_iter().filter(|subject| subject != to && !gained(subject)).collect();
    subjects.extend(partitions.iter().copied().map(subject::table_journals));
    Ok(update(bus, to, about.config, subjects).await?)
}

async fn update(
    bus: &Bus,
    stream: &str,
    mut config: Map<String, Value>,
    subjects: Vec<String>,
) -> Result<(), BusError> {
    config.insert("subjects".to_owned(), json!(subjects));
    let _: Value = api::must(bus, &format!("STREAM.UPDATE.{stream}"), &config).await?;
    Ok(())
}
