//! Two versions side by side: a field that the reader does not know is skipped, and a field that
//! the writer did not know is filled. Checked for each structure within each sample of each
//! message, in both encodings.

use crate::{
    messages::{Message, Visitor, schema_of, visit_all},
    samples::Samples,
    walk::Schema,
};
use serde_json::{Value, json};
use wire::codec;

/// Encodes a document as MessagePack and decodes it as the message.
fn through_msgpack<T: Message>(document: &Value) -> T {
    codec::decode(&codec::encode(document).unwrap()).unwrap_or_else(|error| panic!("{document}: {error}"))
}

fn through_json<T: Message>(document: &Value) -> T {
    serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{document}: {error}"))
}

#[derive(Default)]
struct Newer {
    structures: usize,
}

impl Visitor for Newer {
    fn visit<T: Message>(&mut self, name: &'static str, samples: Samples<T>) {
        let schema = schema_of::<T>(name);
        for (_, sample) in samples {
            let mut document = serde_json::to_value(&sample).unwrap();
            for structure in Schema(&schema).walk(&document).structures {
                let place = document.pointer_mut(&structure.pointer).unwrap();
                let newer = json!({ "Some": ["thing", { "new": 7 }] });
                place.as_object_mut().unwrap().insert("a_newer_field".to_owned(), newer);
                self.structures += 1;
            }
            assert_eq!(through_msgpack::<T>(&document), sample);
            assert_eq!(through_json::<T>(&document), sample);
        }
    }
}

#[test]
fn unknown_fields_are_skipped() {
    let mut newer = Newer::default();
    visit_all(&mut newer);
    assert!(newer.structures > 500, "{} structures", newer.structures);
}

#[derive(Default)]
struct Older {
    fields: usize,
}

impl Visitor for Older {
    fn visit<T: Message>(&mut self, name: &'static str, samples: Samples<T>) {
        let schema = schema_of::<T>(name);
        for (_, sample) in samples {
            let whole = serde_json::to_value(&sample).unwrap();
            for structure in Schema(&schema).walk(&whole).structures {
                for (field, default) in structure.optional {
                    let mut older = whole.clone();
                    let place = older.pointer_mut(&structure.pointer).unwrap();
                    place.as_object_mut().unwrap().remove(&field);
                    for filled in [through_msgpack::<T>(&older), through_json::<T>(&older)] {
                        let filled = serde_json::to_value(&filled).unwrap();
                        let at = format!("{}/{field}", structure.pointer);
                        let value = filled.pointer(&at).unwrap_or(&Value::Null);
                        assert_eq!(value, &default, "{name}: {at} was filled with {value}");
                    }
                    self.fields += 1;
                }
            }
        }
    }
}

#[test]
fn missing_fields_are_filled() {
    let mut older = Older::default();
    visit_all(&mut older);
    assert!(older.fields > 100, "{} fields", older.fields);
}

#[test]
fn bytes_after_a_message_are_refused() {
    let mut bytes = codec::encode(&wire::client::ClientMessage::Ping).unwrap();
    bytes.push(0xc0);
    assert!(codec::decode::<wire::client::ClientMessage>(&bytes).is_err());
}
