//! Applies the streams of tables' journals: as many as `tables.json` says, each with its share of
//! the partitions.

use super::{
    AdminError, Applied, AppliedObject, Progress, apply_stream, malformed,
    moving::{self, About},
    plan::{self, Share},
    read,
};
use crate::{Bus, Partitions, journal};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, io, path::Path};
use wire::subject::{self, TABLE_PARTITIONS, TOURNAMENTS_UNIT};

/// Maximum number of streams: archivists have one unit for each.
const MOST_STREAMS: u16 = TOURNAMENTS_UNIT;
/// Number of partitions whose tables are stopped at the same time while they move.
const AT_ONCE: usize = 32;

/// The content of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    /// Number of streams, 1 to [`MOST_STREAMS`].
    streams: u16,
    /// The configuration of each stream, without name and subjects.
    config: Map<String, Value>,
}

/// Applies the file, if it exists.
pub(super) async fn apply(
    bus: &Bus,
    path: &Path,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Vec<AppliedObject>, AdminError> {
    let Tables { streams, config } = match read(path) {
        Err(AdminError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(Vec::new());
        }
        other => other?,
    };
    if !(1..=MOST_STREAMS).contains(&streams) {
        return Err(malformed(path, &format!("\"streams\" must be 1 to {MOST_STREAMS}")));
    }
    refuse_fewer(bus, path, streams).await?;
    let mut applied = make(bus, streams, &config).await?;
    applied.extend(spread(bus, streams, tell).await?);
    Ok(applied)
}

/// Refuses a number of streams that would leave out a stream with journals.
async fn refuse_fewer(bus: &Bus, path: &Path, streams: u16) -> Result<(), AdminError> {
    let present: BTreeSet<String> = journal::table_streams(bus).await?;
    let left_out = present.iter().filter_map(|name| Some((subject::parse_table_stream_name(name)?, name)));
    match left_out.max().filter(|(number, _)| *number >= streams) {
        Some((number, stream)) => Err(AdminError::FewerStreams {
            stream: stream.clone(),
            path: path.display().to_string(),
            present: number + 1,
        }),
        None => Ok(()),
    }
}

/// Creates missing streams, and brings the settings of the others up to date. Assigns partitions
/// that no stream has had yet, which needs no move; the other partitions stay.
async fn make(
    bus: &Bus,
    streams: u16,
    config: &Map<String, Value>,
) -> Result<Vec<AppliedObject>, AdminError> {
    let mut present = Vec::new();
    for number in 0..streams {
        let name = subject::table_stream_name(number);
        let about = About::ask(bus, &name).await?;
        about.as_ref().map_or(Ok(()), |about| refuse_earlier_journals(about, &name))?;
        present.push(about);
    }
    let shares: Vec<Share> = present.iter().flatten().map(share).collect();
    let first = plan::first_sequence(&shares);
    let is_known = |partition: u16| shares.iter().any(|share| share.has(partition));
    let mut applied = Vec::new();
    for (number, about) in (0..streams).zip(present) {
        let name = subject::table_stream_name(number);
        let mut config = config.clone();
        config.insert("name".to_owned(), json!(name));
        let fresh = beginning(number, streams).filter(|partition| !is_known(*partition));
        let fresh: Vec<String> = fresh.map(subject::table_journals).collect();
        if about.is_none() && fresh.is_empty() {
            config.insert("first_seq".to_owned(), json!(first));
        }
        if !fresh.is_empty() {
            let known = about.map(|about| about.subjects()).unwrap_or_default();
            let ours = known.into_iter().filter(|subject| Partitions::is_named_by(subject));
            let subjects: Vec<String> = ours.chain(fresh).collect();
            config.insert("subjects".to_owned(), json!(subjects));
        }
        let what = apply_stream(bus, &name, config).await?;
        applied.push(AppliedObject { name: format!("stream {name}"), what });
    }
    Ok(applied)
}

/// Refuses a stream that has records under subjects that this version does not read.
fn refuse_earlier_journals(about: &About, name: &str) -> Result<(), AdminError> {
    let subjects = about.subjects();
    // The server gives a stream without subjects its name as its subject.
    let foreign = subjects.into_iter().find(|subject| subject != name && !Partitions::is_named_by(subject));
    match foreign {
        Some(subject) if about.state.records > 0 => {
            Err(AdminError::EarlierJournals { stream: name.to_owned(), subject })
        }
        Some(_) | None => Ok(()),
    }
}

/// Moves partitions until all streams hold about the same number.
async fn spread(
    bus: &Bus,
    streams: u16,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Vec<AppliedObject>, AdminError> {
    let mut shares = Vec::new();
    for number in 0..streams {
        let about = About::ask(bus, &subject::table_stream_name(number)).await?;
        shares.push(about.as_ref().map(share).unwrap_or_default());
    }
    // A late update of a stream's subjects may have removed a partition, so that only its records
    // show that it was there.
    for partition in plan::stranded(&shares) {
        for (number, share) in (0..streams).zip(&mut shares) {
            let name = subject::table_stream_name(number);
            if share.first > 0 && About::has_records(bus, &name, partition).await? {
                share.partitions.moved.insert(partition);
            }
        }
    }
    let departures = plan::departures(&shares, AT_ONCE);
    let of = departures.iter().map(|departure| departure.to.len()).sum();
    let (mut moved, mut applied) = (0, Vec::new());
    for departure in departures {
        let stood_still = moving::carry_out(bus, &departure, tell).await?;
        moved += departure.to.len();
        let stream = subject::table_stream_name(departure.from);
        let stood_still_ms = u64::try_from(stood_still.as_millis()).unwrap_or(u64::MAX);
        tell(Progress::Moved { stream: stream.clone(), moved, of, stood_still_ms });
        let name = format!("{} partitions of stream {stream}", departure.to.len());
        applied.push(AppliedObject { name, what: Applied::Moved });
    }
    Ok(applied)
}

fn share(about: &About) -> Share {
    Share {
        first: about.first(),
        last: about.state.last,
        partitions: Partitions::of_subjects(&about.subjects()),
    }
}

/// Returns the partitions that a stream of a new fleet gets.
fn beginning(number: u16, streams: u16) -> std::ops::Range<u16> {
    let begin = |number: u16| (u32::from(number) * u32::from(TABLE_PARTITIONS) / u32::from(streams)) as u16;
    begin(number)..begin(number + 1)
}
