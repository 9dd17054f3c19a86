//! Golden bytes: `schemas/vectors/v1/*.json` have examples of each message: name, MessagePack in
//! hexadecimal, and JSON.
//!
//! Each version of the software reads all bytes that earlier versions wrote, so bytes in these
//! files must always decode. When an encoding changes (a field is added), updating keeps the old
//! bytes as `superseded`.

use crate::{
    HOW_TO_UPDATE,
    messages::{Message, Visitor, file_text, schema_of, visit_all},
    samples::Samples,
    schemas_dir, updating,
    walk::Schema,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::PathBuf};
use wire::codec;

/// An example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Vector {
    /// The example's name.
    name: String,
    /// The bytes, in hexadecimal.
    msgpack: String,
    /// The value as JSON.
    json: Value,
    /// Whether the current version writes the value differently. The bytes must still decode.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    superseded: bool,
}

impl Vector {
    fn of<T: Message>(name: &str, sample: &T) -> Self {
        Self {
            name: name.to_owned(),
            msgpack: hex(&codec::encode(sample).unwrap()),
            json: serde_json::to_value(sample).unwrap(),
            superseded: false,
        }
    }
}

#[derive(Default)]
struct Golden {
    faults: Vec<String>,
    files: BTreeSet<String>,
}

impl Golden {
    fn fault(&mut self, text: String) {
        self.faults.push(text);
    }

    /// Checks that each stored example decodes, and that the current ones give their samples.
    fn decode<T: Message>(&mut self, file: &str, stored: &Vector, sample: Option<&T>) {
        let name = &stored.name;
        let from_bytes = codec::decode::<T>(&unhex(&stored.msgpack));
        let from_json = serde_json::from_value::<T>(stored.json.clone());
        match (from_bytes, from_json) {
            (Ok(a), Ok(b)) => {
                if a != b {
                    self.fault(format!("{file}: {name}: bytes and JSON differ"));
                }
                if sample.is_some_and(|sample| *sample != a) {
                    self.fault(format!("{file}: {name}: decodes to another value: {a:?}"));
                }
            }
            (Err(error), _) => self.fault(format!("{file}: {name}: bytes do not decode: {error}")),
            (_, Err(error)) => self.fault(format!("{file}: {name}: JSON does not decode: {error}")),
        }
    }
}

impl Visitor for Golden {
    fn visit<T: Message>(&mut self, name: &'static str, samples: Samples<T>) {
        let file = format!("{name}.json");
        let path = vectors_dir().join(&file);
        let mut stored: Vec<Vector> =
            fs::read_to_string(&path).map(|text| serde_json::from_str(&text).unwrap()).unwrap_or_default();
        let today: Vec<Vector> = samples.iter().map(|(name, sample)| Vector::of(name, sample)).collect();
        if updating() {
            stored = update(stored, &today);
            fs::create_dir_all(vectors_dir()).unwrap();
            fs::write(&path, file_text(&stored)).unwrap();
        }

        let names: BTreeSet<&str> = samples.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), samples.len(), "{file}: two samples of one name");
        for (vector, (_, sample)) in today.iter().zip(&samples) {
            match stored.iter().find(|s| s.name == vector.name && !s.superseded) {
                None => self.fault(format!("{file}: {}: no golden bytes", vector.name)),
                Some(old) if old != vector => {
                    self.fault(format!("{file}: {}: is written differently now", vector.name));
                }
                Some(old) => self.decode(&file, old, Some(sample)),
            }
        }
        for old in &stored {
            if old.superseded {
                self.decode::<T>(&file, old, None);
            } else if !names.contains(old.name.as_str()) {
                self.fault(format!("{file}: {}: has no sample any more", old.name));
            }
        }
        self.cover::<T>(name, &today);
        self.files.insert(file);
    }
}

impl Golden {
    /// Checks that the samples have each variant and each field, also of the types within.
    fn cover<T: Message>(&mut self, name: &str, vectors: &[Vector]) {
        let schema = schema_of::<T>(name);
        let schema = Schema(&schema);
        let mut missing = schema.all();
        for vector in vectors {
            for seen in schema.walk(&vector.json).seen {
                missing.remove(&seen);
            }
        }
        if !missing.is_empty() {
            self.fault(format!("{name}: no sample shows {missing:?}"));
        }
    }
}

/// Returns the current examples, and the old bytes that differ from them.
fn update(stored: Vec<Vector>, today: &[Vector]) -> Vec<Vector> {
    let mut all = today.to_vec();
    for mut old in stored {
        if !today.iter().any(|vector| vector.msgpack == old.msgpack) {
            old.superseded = true;
            all.push(old);
        }
    }
    all
}

#[test]
fn golden_bytes_are_current_and_complete() {
    let mut golden = Golden::default();
    visit_all(&mut golden);
    assert!(
        golden.faults.is_empty(),
        "schemas/vectors/v1 and the types disagree ({HOW_TO_UPDATE}):\n{}",
        golden.faults.join("\n")
    );
    let present: BTreeSet<String> = fs::read_dir(vectors_dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(present, golden.files, "schemas/vectors/v1 has files of no message");
}

#[test]
fn updating_keeps_old_bytes() {
    let vector = |name: &str, msgpack: &str| Vector {
        name: name.to_owned(),
        msgpack: msgpack.to_owned(),
        json: Value::Null,
        superseded: false,
    };
    let updated = update(
        vec![vector("same", "01"), vector("changed", "02")],
        &[vector("same", "01"), vector("changed", "03")],
    );
    let kept: Vec<(&str, bool)> =
        updated.iter().map(|vector| (vector.msgpack.as_str(), vector.superseded)).collect();
    assert_eq!(kept, [("01", false), ("03", false), ("02", true)]);
}

fn vectors_dir() -> PathBuf {
    schemas_dir().join(format!("vectors/v{}", wire::VERSION))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}
