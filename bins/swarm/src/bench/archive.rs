//! `archive`: measures the archivist while tens of thousands of tables are played at human pace.

use super::{Args, THINK_MS, bench_fleet::BenchFleet};
use crate::usage::round;
use anyhow::{Context, bail, ensure};
use bus::{Bus, Patience, Peers, TableStreams};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    time::{Duration, Instant},
};
use tokio::time::sleep;
use wire::{
    archive::{ArchiveAnswer, ArchiveQuery, Proof},
    fleet::{Heartbeat, Load, Role},
    subject,
};

/// About 350 hands a second at [`THINK_MS`].
const TABLES: usize = 27_000;
const PATIENCE: Patience = Patience { each: Duration::from_secs(10), total: Duration::from_secs(30) };
/// How often it is looked how far the archive is.
const LOOK: Duration = Duration::from_millis(500);
/// Time limit for the archivist's first heartbeat.
const HEARD: Duration = Duration::from_secs(30);

/// The archive at one moment.
struct Sample {
    at: Instant,
    load: Load,
    /// Records of the tables' streams that are not archived.
    behind: u64,
}

/// Measures.
///
/// # Errors
/// When a fleet cannot be started, no archivist answers, or there was a violation.
pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    for tables in args.sizes(&[TABLES]) {
        let mut room = args.room(tables)?;
        room.think_ms = THINK_MS;
        let gateways = args.gateways_for(&room);
        let mut stage = BenchFleet::seated(args, &room, gateways).await?;
        let (admin, peers) = (stage.admin.clone(), Peers::watch(&stage.admin).await?);
        let mut samples = Vec::new();
        let fleet = tokio::select! {
            fleet = stage.measure(&room, args.time()) => fleet?,
            ended = look(&admin, &peers, &mut samples) => match ended? {},
        };
        let proof = proof(&admin).await?;
        drop((admin, peers));
        stage.close().await?;
        let mut own = told(&samples, args.time(), room.players)?;
        own["think_ms"] = json!(room.think_ms);
        own["cores"] = fleet.cores();
        own["archive_violations"] = json!(proof.violations);
        fleet.tell("archive", &room, gateways, own)?;
        ensure!(
            proof.violations == 0,
            "the archive has violations on record: {}",
            proof.described.join("\n")
        );
    }
    Ok(())
}

/// Looks at the archive again and again.
async fn look(admin: &Bus, peers: &Peers, samples: &mut Vec<Sample>) -> anyhow::Result<Infallible> {
    loop {
        let load = archivist(peers).await?.load;
        let behind = behind(admin).await?;
        samples.push(Sample { at: Instant::now(), load, behind });
        sleep(LOOK).await;
    }
}

/// Returns the number of records in the tables' streams that are not archived.
///
/// # Errors
/// When the server or the archivist does not answer.
pub(super) async fn behind(admin: &Bus) -> anyhow::Result<u64> {
    // In this order records that are archived meanwhile make the lag smaller than it is, by at most
    // the time between both readings.
    let mut lasts = BTreeMap::new();
    for journal in TableStreams::new(admin).all().await? {
        lasts.insert(journal.stream().to_owned(), journal.extent().await?.last);
    }
    for stream in proof(admin).await?.streams {
        if let Some(last) = lasts.get_mut(&stream.name) {
            *last = last.saturating_sub(stream.read_to);
        }
    }
    Ok(lasts.values().sum())
}

/// Returns the archivist's heartbeat, when the first has been heard.
async fn archivist(peers: &Peers) -> anyhow::Result<Heartbeat> {
    let until = Instant::now() + HEARD;
    loop {
        if let Some(archivist) = peers.alive(Role::Archivist).into_iter().next() {
            return Ok(archivist);
        }
        ensure!(Instant::now() < until, "the fleet has no archivist");
        sleep(LOOK).await;
    }
}

async fn proof(admin: &Bus) -> anyhow::Result<Proof> {
    match admin.request(subject::QUERY_ARCHIVE.to_owned(), &ArchiveQuery::Proof, PATIENCE).await? {
        ArchiveAnswer::Proof(proof) => Ok(proof),
        ArchiveAnswer::Refused(refusal) => bail!("the archive: {refusal}"),
        ArchiveAnswer::Tables { .. }
        | ArchiveAnswer::Records { .. }
        | ArchiveAnswer::Hand(_)
        | ArchiveAnswer::TableProofs { .. }
        | ArchiveAnswer::Tournaments { .. } => bail!("the archivist's answer does not fit the query"),
    }
}

/// Returns the result of the samples of the measured time.
fn told(samples: &[Sample], time: Duration, players: u8) -> anyhow::Result<Value> {
    let last = samples.last().context("there is no sample: measure for longer")?;
    let measured: Vec<&Sample> =
        samples.iter().filter(|sample| last.at.duration_since(sample.at) <= time).collect();
    let first = measured.first().context("there is no sample: measure for longer")?;
    let seconds = last.at.duration_since(first.at).as_secs_f64();
    ensure!(seconds > 0.0, "only one sample: measure for longer");
    let hands = (last.load.hands - first.load.hands) as f64;
    let records_per_s = (last.load.records - first.load.records) as f64 / seconds;
    let bytes = (last.load.archived_bytes - first.load.archived_bytes) as f64;
    let mut behind: Vec<u64> = measured.iter().map(|sample| sample.behind).collect();
    behind.sort_unstable();
    let lag_ms = |records: u64| round(records as f64 / records_per_s.max(1.0) * 1_000.0);
    let (median, most) = (behind[behind.len() / 2], behind[behind.len() - 1]);
    Ok(json!({
        "archived_hands_per_s": round(hands / seconds),
        "archived_records_per_s": round(records_per_s),
        // One for the hand and one for each of its players.
        "rows_per_s": round(hands * f64::from(players + 1) / seconds),
        "bytes_per_hand": round(bytes / hands.max(1.0)),
        "lag_records": { "p50": median, "max": most },
        "lag_ms": { "p50": lag_ms(median), "max": lag_ms(most) },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_the_measured_time_and_the_lag_is_in_time_too() {
        let began = Instant::now();
        let sample = |at_s: u64, hands: u64, behind: u64| Sample {
            at: began + Duration::from_secs(at_s),
            load: Load { hands, records: hands * 20, archived_bytes: hands * 500, ..Load::default() },
            behind,
        };
        let samples =
            [sample(0, 0, 90_000), sample(20, 10, 100), sample(25, 510, 300), sample(30, 1_010, 200)];
        let told = told(&samples, Duration::from_secs(10), 5).unwrap();
        assert_eq!(told["archived_hands_per_s"], 100.0);
        assert_eq!(told["rows_per_s"], 600.0);
        assert_eq!(told["bytes_per_hand"], 500.0);
        assert_eq!(told["lag_records"], json!({ "p50": 200, "max": 300 }));
        assert_eq!(told["lag_ms"], json!({ "p50": 100.0, "max": 150.0 }));
        assert!(super::told(&samples[..1], Duration::from_secs(10), 5).is_err());
    }
}
