//! Streams, buckets and consumers as files, applied to a server.
//!
//! A file holds settings by their names in the server's API; settings that a file leaves out are
//! the server's choice. `streams/<name>.json` is a stream's configuration, `consumers/*.json` is
//! `{"stream", "config"}`, and `buckets/<name>.json` is converted to the stream behind a key-value
//! bucket (NATS ADR-8). `tables.json` is `{"streams", "config"}`: the number of streams over which
//! the partitions of tables are spread, and the configuration of each stream. Partitions are moved
//! to added streams while their tables are played.

mod moving;
mod plan;
mod tables;

use crate::{Bus, BusError, api};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The result for one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Applied {
    /// The object did not exist.
    Created,
    /// The object had other settings.
    Updated,
    /// The object had these settings already.
    Unchanged,
    /// The partitions were in another stream.
    Moved,
}

/// The progress while partitions are moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Partitions have left a stream: their tables cannot store records.
    Fenced {
        /// The stream.
        stream: String,
        /// The number of partitions.
        partitions: usize,
    },
    /// The stream has handled all earlier messages.
    Drained {
        /// The stream.
        stream: String,
    },
    /// The partitions are in other streams, and their tables can store records again.
    Moved {
        /// The stream that they have left.
        stream: String,
        /// Number of partitions that were moved so far.
        moved: usize,
        /// Total number of partitions to move.
        of: usize,
        /// Time for which these partitions' tables could not store records, in milliseconds.
        stood_still_ms: u64,
    },
}

/// An object that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppliedObject {
    /// Kind and name, e.g. `stream TABLES_0`.
    pub name: String,
    /// The result.
    pub what: Applied,
}

/// The reason why the configuration cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file or folder.
        path: String,
        /// The reason.
        source: io::Error,
    },
    /// A file is malformed.
    #[error("{path}: {reason}")]
    Malformed {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// A stream of tables' journals is of an earlier version (before decision 0036) and has
    /// records.
    #[error(
        "stream {stream} has journals under {subject}, as versions before decision 0036 wrote them: this \
         version does not read or move them, and has not changed the stream. Start the earlier version with \
         the same data, close all tables with its `pokerctl table close`, and let its tournaments end. A \
         minute later its archivist has archived the journals and emptied the stream, and this version \
         starts; accounts and archived hands stay. docs/decisions/0036-streams-of-tables.md says how to get \
         the earlier version. To give up all data: begin with an empty folder of data"
    )]
    EarlierJournals {
        /// The stream.
        stream: String,
        /// The stream's subject.
        subject: String,
    },
    /// A stream that has journals of tables would be left out.
    #[error(
        "stream {stream} has journals of tables: \"streams\" in {path} can be raised, but not lowered; \
         set it back to {present}"
    )]
    FewerStreams {
        /// The stream that would be left out.
        stream: String,
        /// The file.
        path: String,
        /// The number of existing streams.
        present: u16,
    },
    /// A stream has higher sequences than the stream to which its partitions would move.
    #[error(
        "stream {from} has stored more records than stream {to} leaves room for before its own: \
         no partition is moved there; raise \"streams\" further, and run `pokerctl apply` again"
    )]
    Overtaken {
        /// The stream that has the partitions.
        from: String,
        /// The stream that was to have them.
        to: String,
    },
    /// The server refuses an object or does not answer.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// Creates or updates the server's streams, buckets and consumers by the files below `dir`. Objects
/// that no file names are left alone.
///
/// # Errors
/// When a file is malformed, or the server refuses an object or does not answer.
pub async fn apply(bus: &Bus, dir: &Path) -> Result<Vec<AppliedObject>, AdminError> {
    apply_telling(bus, dir, &mut |_| {}).await
}

/// Does the same as [`apply`], and passes the progress of moved partitions to `tell`. A move that
/// is interrupted, by an error or because the future is dropped, is completed by applying the files
/// again; one process at a time may do it.
///
/// # Errors
/// Those of [`apply`].
pub async fn apply_telling(
    bus: &Bus,
    dir: &Path,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Vec<AppliedObject>, AdminError> {
    let mut applied = Vec::new();
    for (path, config) in files(&dir.join("streams"))? {
        let name = text(&path, &config, "name")?;
        let what = apply_stream(bus, &name, config).await?;
        applied.push(AppliedObject { name: format!("stream {name}"), what });
    }
    applied.extend(tables::apply(bus, &dir.join("tables.json"), tell).await?);
    for (path, config) in files(&dir.join("buckets"))? {
        let bucket = text(&path, &config, "bucket")?;
        let config = bucket_stream(&bucket, config);
        let what = apply_stream(bus, &format!("KV_{bucket}"), config).await?;
        applied.push(AppliedObject { name: format!("bucket {bucket}"), what });
    }
    for (path, mut file) in files(&dir.join("consumers"))? {
        let stream = text(&path, &file, "stream")?;
        let Some(Value::Object(config)) = file.remove("config") else {
            return Err(malformed(&path, "\"config\" is missing"));
        };
        let name = text(&path, &config, "durable_name")?;
        let what = apply_consumer(bus, &stream, &name, config).await?;
        applied.push(AppliedObject { name: format!("consumer {name} of stream {stream}"), what });
    }
    Ok(applied)
}

async fn apply_stream(bus: &Bus, name: &str, config: Map<String, Value>) -> Result<Applied, BusError> {
    let present: Option<Value> = api::ask(bus, &format!("STREAM.INFO.{name}"), &json!({})).await?;
    let Some(present) = present else {
        let _: Value = api::must(bus, &format!("STREAM.CREATE.{name}"), &config).await?;
        return Ok(Applied::Created);
    };
    let Some(wanted) = overlaid(&present, config) else {
        return Ok(Applied::Unchanged);
    };
    let _: Value = api::must(bus, &format!("STREAM.UPDATE.{name}"), &wanted).await?;
    Ok(Applied::Updated)
}

async fn apply_consumer(
    bus: &Bus,
    stream: &str,
    name: &str,
    config: Map<String, Value>,
) -> Result<Applied, BusError> {
    let about = format!("CONSUMER.INFO.{stream}.{name}");
    let present: Option<Value> = api::ask(bus, &about, &json!({})).await?;
    let (wanted, action, what) = match present {
        None => (config, "create", Applied::Created),
        Some(present) => match overlaid(&present, config) {
            None => return Ok(Applied::Unchanged),
            Some(wanted) => (wanted, "update", Applied::Updated),
        },
    };
    let question = json!({"stream_name": stream, "config": wanted, "action": action});
    let _: Value = api::must(bus, &format!("CONSUMER.CREATE.{stream}.{name}"), &question).await?;
    Ok(what)
}

/// Returns the present settings overlaid with the wanted ones; `None` when these are equal.
fn overlaid(present: &Value, wanted: Map<String, Value>) -> Option<Map<String, Value>> {
    let mut config = present.get("config")?.as_object()?.clone();
    let mut changed = false;
    for (name, value) in wanted {
        // The server leaves out settings that are zero or false.
        let is = config.get(&name).cloned().unwrap_or(Value::Null);
        let same = is == value || (is.is_null() && (value == json!(0) || value == json!(false)));
        if !same {
            changed = true;
            config.insert(name, value);
        }
    }
    changed.then_some(config)
}

/// Returns the configuration of the stream behind a bucket.
fn bucket_stream(bucket: &str, mut config: Map<String, Value>) -> Map<String, Value> {
    config.remove("bucket");
    let history = config.remove("history").unwrap_or_else(|| json!(1));
    let fixed = json!({
        "name": format!("KV_{bucket}"),
        "subjects": [format!("$KV.{bucket}.>")],
        "max_msgs_per_subject": history,
        "retention": "limits",
        "discard": "new",
        "allow_rollup_hdrs": true,
        "deny_delete": true,
        "allow_direct": true,
    });
    if let Value::Object(fixed) = fixed {
        config.extend(fixed);
    }
    config
}

/// A file's path and its content.
type Described = (PathBuf, Map<String, Value>);

/// Returns the JSON files of a folder, by name; none when the folder does not exist.
fn files(dir: &Path) -> Result<Vec<Described>, AdminError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(unread(dir))?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(unread(dir))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.into_iter().map(|path| Ok((path.clone(), read(&path)?))).collect()
}

/// Returns a file's content.
fn read<T: DeserializeOwned>(path: &Path) -> Result<T, AdminError> {
    let bytes = fs::read(path).map_err(unread(path))?;
    serde_json::from_slice(&bytes).map_err(|error| malformed(path, &error.to_string()))
}

fn unread(path: &Path) -> impl FnOnce(io::Error) -> AdminError {
    let path = path.display().to_string();
    move |source| AdminError::Read { path, source }
}

fn text(path: &Path, config: &Map<String, Value>, field: &str) -> Result<String, AdminError> {
    let value = config.get(field).and_then(Value::as_str);
    value.map(str::to_owned).ok_or_else(|| malformed(path, &format!("the field {field} is missing")))
}

fn malformed(path: &Path, reason: &str) -> AdminError {
    AdminError::Malformed { path: path.display().to_string(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn only_differences_are_updates() {
        let present = json!({"config": {"name": "X", "max_msgs": 5, "sealed": false}});
        assert_eq!(overlaid(&present, object(json!({"max_msgs": 5, "max_age": 0}))), None);
        let wanted = overlaid(&present, object(json!({"max_msgs": 6}))).unwrap();
        assert_eq!(Value::Object(wanted), json!({"name": "X", "max_msgs": 6, "sealed": false}));
    }

    #[test]
    fn a_bucket_is_a_stream() {
        let stream = bucket_stream("B", object(json!({"bucket": "B", "history": 3})));
        assert_eq!(stream.get("name"), Some(&json!("KV_B")));
        assert_eq!(stream.get("max_msgs_per_subject"), Some(&json!(3)));
        assert!(!stream.contains_key("bucket") && !stream.contains_key("history"));
    }
}
