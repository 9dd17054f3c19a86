//! Events of a table as they came over the feed, encoded once for all viewers.
//!
//! Invariant: the gateway passes on events that it does not know. Of an event it needs no more than
//! its number, and whether it closes the table.

use crate::format;
use bytes::Bytes;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{fmt, sync::OnceLock};
use wire::{
    TableId,
    client::{ServerMessage, TableEvents},
    codec::{self, CodecError, Encoding},
    unknown::Content,
};

/// Some events of one table, in order.
#[derive(Debug)]
pub(crate) struct Chunk {
    first: u64,
    last: u64,
    closes: bool,
    msgpack: Bytes,
    json: OnceLock<Bytes>,
}

/// A frame of events of any kind.
#[derive(Serialize, Deserialize)]
struct AnyFrame {
    v: u8,
    m: AnyMessage,
}

#[derive(Serialize, Deserialize)]
enum AnyMessage {
    Events(AnyEvents),
}

#[derive(Serialize, Deserialize)]
struct AnyEvents {
    table: TableId,
    first: u64,
    events: Vec<Content>,
}

/// The part of a frame that the order of events needs.
#[derive(Deserialize)]
struct Peek {
    m: PeekMessage,
}

#[derive(Deserialize)]
struct PeekMessage {
    #[serde(rename = "Events")]
    events: PeekEvents,
}

#[derive(Deserialize)]
struct PeekEvents {
    first: u64,
    events: Count,
}

/// The number of events, and whether the table's last one is among them.
struct Count {
    events: u64,
    closes: bool,
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counting;
        impl<'de> Visitor<'de> for Counting {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("events")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Count, A::Error> {
                let mut count = Count { events: 0, closes: false };
                while let Some(PeekEvent { closes }) = seq.next_element()? {
                    count = Count { events: count.events + 1, closes: count.closes || closes };
                }
                Ok(count)
            }
        }
        deserializer.deserialize_seq(Counting)
    }
}

/// Whether an event is the table's last one.
struct PeekEvent {
    closes: bool,
}

impl<'de> Deserialize<'de> for PeekEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Peeking;
        impl<'de> Visitor<'de> for Peeking {
            type Value = PeekEvent;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event")
            }

            fn visit_str<E>(self, name: &str) -> Result<PeekEvent, E> {
                Ok(PeekEvent { closes: name == "Closed" })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PeekEvent, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(PeekEvent { closes: false })
            }
        }
        deserializer.deserialize_any(Peeking)
    }
}

impl Chunk {
    /// Reads a frame of events.
    ///
    /// # Errors
    /// When the bytes are no frame of events.
    pub(crate) fn parse(frame: Bytes) -> Result<Self, CodecError> {
        let Peek { m: PeekMessage { events } } = codec::decode(&frame)?;
        Ok(Self {
            first: events.first,
            last: (events.first + events.events.events).saturating_sub(1),
            closes: events.events.closes,
            msgpack: frame,
            json: OnceLock::new(),
        })
    }

    /// Encodes events that a table replayed.
    pub(crate) fn replay(events: TableEvents) -> Self {
        Self {
            first: events.first,
            last: events.last(),
            closes: events.events.contains(&wire::event::Event::Closed),
            msgpack: format::encode(None, ServerMessage::Events(events), Encoding::MessagePack),
            json: OnceLock::new(),
        }
    }

    /// Returns the number of the first event.
    pub(crate) const fn first(&self) -> u64 {
        self.first
    }

    /// Returns the number of the last event; less than the first if there are no events.
    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    /// Returns whether one of the events closes the table.
    pub(crate) const fn closes(&self) -> bool {
        self.closes
    }

    /// Returns the frame with the events from a number on.
    pub(crate) fn bytes(&self, from: u64, format: Encoding) -> Bytes {
        if from > self.first {
            return self.tail(from, format);
        }
        match format {
            Encoding::MessagePack => self.msgpack.clone(),
            Encoding::Json => self.json.get_or_init(|| self.tail(self.first, format)).clone(),
        }
    }

    fn tail(&self, from: u64, format: Encoding) -> Bytes {
        let mut frame: AnyFrame = match codec::decode(&self.msgpack) {
            Ok(frame) => frame,
            Err(error) => {
                tracing::error!(
                    %error, first = self.first, last = self.last,
                    "events of a table cannot be encoded anew: viewers get an empty frame in their place"
                );
                return Bytes::new();
            }
        };
        let AnyMessage::Events(chunk) = &mut frame.m;
        let skip = usize::try_from(from.saturating_sub(chunk.first)).unwrap_or(usize::MAX);
        chunk.events.drain(..skip.min(chunk.events.len()));
        chunk.first = from.max(chunk.first);
        format::encode_frame(&frame, format)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use wire::{client::ServerFrame, event::Event};

    pub(crate) fn chunk(numbers: std::ops::RangeInclusive<u64>) -> Chunk {
        Chunk::replay(TableEvents {
            table: TableId(1),
            first: *numbers.start(),
            events: numbers.map(|n| Event::SatOut { seat: (n % 10) as u8 }).collect(),
        })
    }

    fn decoded(bytes: &Bytes, format: Encoding) -> TableEvents {
        let frame: ServerFrame = format.decode(bytes).unwrap();
        match frame.m {
            ServerMessage::Events(events) => events,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_frame_of_the_feed_is_passed_on_unchanged() {
        let payload = chunk(4..=6).bytes(0, Encoding::MessagePack);
        let parsed = Chunk::parse(payload.clone()).unwrap();
        assert_eq!((parsed.first(), parsed.last(), parsed.closes()), (4, 6, false));
        assert_eq!(parsed.bytes(4, Encoding::MessagePack).as_ptr(), payload.as_ptr());
        let json = parsed.bytes(0, Encoding::Json);
        assert_eq!(decoded(&json, Encoding::Json), decoded(&payload, Encoding::MessagePack));
        assert_eq!(parsed.bytes(4, Encoding::Json).as_ptr(), json.as_ptr(), "encoded once");
    }

    #[test]
    fn a_viewer_gets_only_the_events_that_it_has_not_seen() {
        for format in [Encoding::MessagePack, Encoding::Json] {
            let rest = decoded(&chunk(4..=6).bytes(6, format), format);
            assert_eq!(rest.first, 6);
            assert_eq!(rest.events, [Event::SatOut { seat: 6 }]);
        }
    }

    #[test]
    fn events_of_a_newer_worker_are_passed_on_in_both_formats() {
        let newer = serde_json::json!({ "Sold": { "seat": 3, "to": [null, { "name": "ann" }] } });
        let known = serde_json::json!({ "SatOut": { "seat": 4 } });
        let events = serde_json::json!({ "table": 1, "first": 4, "events": [known, newer, "LightsOut"] });
        let frame = serde_json::json!({ "v": 1, "m": { "Events": events } });
        let parsed = Chunk::parse(codec::encode(&frame).unwrap().into()).unwrap();
        assert_eq!((parsed.first(), parsed.last(), parsed.closes()), (4, 6, false));
        let json: serde_json::Value = serde_json::from_slice(&parsed.bytes(4, Encoding::Json)).unwrap();
        assert_eq!(json, frame);
        for format in [Encoding::MessagePack, Encoding::Json] {
            let rest = decoded(&parsed.bytes(5, format), format);
            assert_eq!((rest.first, rest.last()), (5, 6));
            let names = rest.events.iter().map(|event| match event {
                Event::Unknown(unknown) => unknown.name.as_str(),
                event => panic!("{event:?}"),
            });
            assert_eq!(names.collect::<Vec<_>>(), ["Sold", "LightsOut"]);
        }
    }

    #[test]
    fn known_events_are_written_as_they_are_everywhere_else() {
        let events = chunk(4..=6);
        let typed: ServerFrame = codec::decode(&events.bytes(0, Encoding::MessagePack)).unwrap();
        assert_eq!(events.bytes(0, Encoding::Json), format::encode_frame(&typed, Encoding::Json));
    }

    #[test]
    fn the_event_that_closes_a_table_is_recognized() {
        let events = TableEvents {
            table: TableId(1),
            first: 9,
            events: vec![Event::SatIn { seat: 1 }, Event::Closed],
        };
        let payload = Chunk::replay(events).bytes(0, Encoding::MessagePack);
        assert!(Chunk::parse(payload).unwrap().closes());
        let pong = format::encode(None, ServerMessage::Pong, Encoding::MessagePack);
        assert!(Chunk::parse(pong).is_err());
        assert!(Chunk::parse(Bytes::from_static(&[0xc1])).is_err());
    }
}
