//! The streams of the tables' journals: as many as `tables.json` says, each with its share of the partitions.

use super::{AdminError, AppliedObject, apply_stream, malformed, read};
use crate::{Bus, api};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, io, path::Path};
use wire::subject::{self, TABLE_PARTITIONS, TOURNAMENTS_UNIT};

/// Archivists have a unit for each stream.
const MOST_STREAMS: u16 = TOURNAMENTS_UNIT;

/// What the file holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    /// How many streams there are, 1 to [`MOST_STREAMS`].
    streams: u16,
    /// The configuration of each, without name and subjects.
    config: Map<String, Value>,
}

/// Applies the file, if there is one.
pub(super) async fn apply(bus: &Bus, path: &Path) -> Result<Vec<AppliedObject>, AdminError> {
    let Tables { streams, config } = match read(path) {
        Err(AdminError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(Vec::new());
        }
        other => other?,
    };
    if !(1..=MOST_STREAMS).contains(&streams) {
        return Err(malformed(path, &format!("\"streams\" must be 1 to {MOST_STREAMS}")));
    }
    let mut present = Vec::new();
    for number in 0..streams {
        let name = subject::table_stream_name(number);
        present.push(api::ask::<_, About>(bus, &format!("STREAM.INFO.{name}"), &json!({})).await?);
    }
    let known = present.iter().filter(|about| about.is_some()).count() as u16;
    let subjects = present.iter().flatten().flat_map(|about| &about.config.subjects);
    let held: BTreeSet<u16> = subjects.filter_map(|subject| subject::parse_table_journals(subject)).collect();
    let mut applied = Vec::new();
    for (number, about) in (0..streams).zip(present) {
        let name = subject::table_stream_name(number);
        let mut config = config.clone();
        config.insert("name".to_owned(), json!(name));
        // Streams that an interrupted start did not make yet get what is left for them.
        if about.is_none() && share(number, streams).any(|partition| held.contains(&partition)) {
            return Err(AdminError::MoreStreams {
                stream: name,
                path: path.display().to_string(),
                present: known,
            });
        }
        if about.map_or(Ok(true), |about| about.is_to_be_shared(&name))? {
            let subjects: Vec<String> = share(number, streams).map(subject::table_journals).collect();
            config.insert("subjects".to_owned(), json!(subjects));
        }
        let what = apply_stream(bus, &name, config).await?;
        applied.push(AppliedObject { name: format!("stream {name}"), what });
    }
    Ok(applied)
}

/// What is known of a stream that is there.
#[derive(Deserialize)]
struct About {
    config: Subjects,
    state: Records,
}

#[derive(Deserialize)]
struct Subjects {
    #[serde(default)]
    subjects: Vec<String>,
}

#[derive(Deserialize)]
struct Records {
    messages: u64,
}

impl About {
    /// Returns whether the stream is to get its share of the partitions. The subjects of a stream with records stay as
    /// they are: they say where records are.
    ///
    /// # Errors
    /// [`AdminError::EarlierJournals`] when there are records under subjects that this version does not read.
    fn is_to_be_shared(&self, name: &str) -> Result<bool, AdminError> {
        let foreign = |subject: &&String| subject::parse_table_journals(subject).is_none();
        match self.config.subjects.iter().find(foreign) {
            Some(subject) if self.state.messages > 0 => {
                Err(AdminError::EarlierJournals { stream: name.to_owned(), subject: subject.clone() })
            }
            found => Ok(found.is_some()),
        }
    }
}

/// The partitions that a stream begins with.
fn share(number: u16, streams: u16) -> std::ops::Range<u16> {
    let begin = |number: u16| (u32::from(number) * u32::from(TABLE_PARTITIONS) / u32::from(streams)) as u16;
    begin(number)..begin(number + 1)
}
