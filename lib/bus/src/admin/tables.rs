//! The streams of the tables' journals: as many as `tables.json` says, each with its share of the partitions.

use super::{AdminError, Applied, AppliedObject, apply_stream, malformed, read};
use crate::{Bus, BusError, api};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{io, path::Path};
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
    let mut applied = Vec::new();
    for number in 0..streams {
        let name = subject::table_stream_name(number);
        let what = apply_one(bus, &name, share(number, streams), config.clone()).await?;
        applied.push(AppliedObject { name: format!("stream {name}"), what });
    }
    Ok(applied)
}

/// The subjects of a stream stay as they are once it is there: they say where records are.
async fn apply_one(
    bus: &Bus,
    name: &str,
    share: std::ops::Range<u16>,
    mut config: Map<String, Value>,
) -> Result<Applied, BusError> {
    let present: Option<Value> = api::ask(bus, &format!("STREAM.INFO.{name}"), &json!({})).await?;
    config.insert("name".to_owned(), json!(name));
    if present.is_none() {
        let subjects: Vec<String> = share.map(subject::table_journals).collect();
        config.insert("subjects".to_owned(), json!(subjects));
    }
    apply_stream(bus, name, config).await
}

/// The partitions that a stream begins with.
fn share(number: u16, streams: u16) -> std::ops::Range<u16> {
    let begin = |number: u16| (u32::from(number) * u32::from(TABLE_PARTITIONS) / u32::from(streams)) as u16;
    begin(number)..begin(number + 1)
}
