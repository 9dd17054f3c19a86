//! Events of later versions: kept in a list of known ones, in both encodings, and written back as
//! they came.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails")]

use proptest::prelude::*;
use serde_json::{Value, json};
use wire::{
    TableId,
    client::TableEvents,
    codec,
    deal::{Digest, Octets},
    event::Event,
    unknown::{Content, UnknownVariant},
};

/// Returns a list of events of a newer table worker: known events, and `newer` in their middle.
fn document(newer: &Value) -> Value {
    json!({
        "table": 31,
        "first": 7,
        "events": [{ "SatOut": { "seat": 2 } }, newer, { "SatIn": { "seat": 2 } }, "Closed"],
    })
}

fn kept(events: &TableEvents) -> &UnknownVariant {
    assert_eq!((events.table, events.first, events.last()), (TableId(31), 7, 10));
    let [Event::SatOut { seat: 2 }, Event::Unknown(kept), Event::SatIn { seat: 2 }, Event::Closed] =
        &events.events[..]
    else {
        panic!("the known events are not around the unknown one: {events:?}");
    };
    kept
}

#[test]
fn an_unknown_event_in_a_list_leaves_the_others_as_they_are() {
    let unit = json!("LightsOut");
    let map = json!({ "Straddled": { "seat": 3, "amount": 400 } });
    let nested = json!({ "Sold": [{ "to": [1, null, -7], "by": { "why": "b\u{f6}se", "how": [] } }, true] });
    for (name, newer) in [("LightsOut", unit), ("Straddled", map), ("Sold", nested)] {
        let document = document(&newer);
        let bytes = codec::encode(&document).unwrap();
        let from_bytes: TableEvents = codec::decode(&bytes).unwrap();
        let text = document.to_string();
        let from_text: TableEvents = serde_json::from_str(&text).unwrap();
        assert_eq!(from_bytes, from_text);
        assert_eq!(kept(&from_bytes).name, name);
        assert_eq!(codec::decode::<Value>(&codec::encode(&from_text).unwrap()).unwrap(), document);
        assert_eq!(serde_json::to_value(&from_bytes).unwrap(), document, "from MessagePack to JSON");
    }
}

#[test]
fn a_variant_named_as_the_one_that_keeps_unknown_ones_is_unknown() {
    let event: Event = serde_json::from_str(r#"{"Unknown":{"name":"x","content":null}}"#).unwrap();
    let Event::Unknown(kept) = &event else { panic!("{event:?}") };
    assert_eq!(kept.name, "Unknown");
    assert_eq!(serde_json::to_string(&event).unwrap(), r#"{"Unknown":{"name":"x","content":null}}"#);
}

#[test]
fn known_events_with_content_that_does_not_fit_are_refused() {
    for text in [r#"{"SatOut":{}}"#, r#"{"SatOut":3}"#, r#""SatOut""#, r#"{"A":1,"B":2}"#, "{}", "7"] {
        assert!(serde_json::from_str::<Event>(text).is_err(), "{text}");
        let bytes = codec::encode(&serde_json::from_str::<Value>(text).unwrap()).unwrap();
        assert!(codec::decode::<Event>(&bytes).is_err(), "{text} as MessagePack");
    }
}

#[test]
fn an_endlessly_nested_value_is_refused() {
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    let bytes = codec::encode(&json!({ "Deep": deep })).unwrap();
    assert!(codec::decode::<Event>(&bytes).is_err());
}

/// Makes any value of MessagePack; with `for_json` only values that JSON has too.
fn contents(for_json: bool) -> BoxedStrategy<Content> {
    let both = prop_oneof![
        Just(Content::Null),
        any::<bool>().prop_map(Content::Bool),
        any::<u64>().prop_map(Content::Unsigned),
        (i64::MIN..0).prop_map(Content::Negative),
        ".{0,12}".prop_map(Content::Text),
    ];
    let leaf = if for_json {
        both.boxed()
    } else {
        prop_oneof![
            both,
            any::<u32>().prop_map(Content::Float32),
            any::<u64>().prop_map(Content::Float64),
            proptest::collection::vec(any::<u8>(), 0..12).prop_map(Content::Bytes),
        ]
        .boxed()
    };
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let key = if for_json { ".{0,8}".prop_map(Content::Text).boxed() } else { inner.clone().boxed() };
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Content::List),
            proptest::collection::vec((key, inner), 0..5).prop_map(Content::Map),
        ]
    })
    .boxed()
}

fn unknowns(for_json: bool) -> impl Strategy<Value = UnknownVariant> {
    // No variant has a name in small letters.
    ("[a-z_]{1,20}", proptest::option::of(contents(for_json)))
        .prop_map(|(name, content)| UnknownVariant { name, content })
}

proptest! {
    #[test]
    fn unknown_variants_are_written_back_byte_for_byte(unknown in unknowns(false)) {
        let bytes = codec::encode(&unknown).unwrap();
        let event: Event = codec::decode(&bytes).unwrap();
        prop_assert_eq!(&event, &Event::Unknown(unknown));
        prop_assert_eq!(codec::encode(&event).unwrap(), bytes);
    }

    #[test]
    fn unknown_variants_are_the_same_text_again(unknown in unknowns(true)) {
        let text = serde_json::to_string(&unknown).unwrap();
        let event: Event = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&event, &Event::Unknown(unknown));
        prop_assert_eq!(serde_json::to_string(&event).unwrap(), text);
    }
}

#[test]
fn bytes_that_are_passed_on_unread_are_digits_in_json() {
    let pledge = Octets([0xa5; 32]);
    let packed = codec::encode(&pledge).unwrap();
    let unread: Content = codec::decode(&packed).unwrap();
    assert_eq!(unread, Content::Bytes(vec![0xa5; 32]));
    let json = serde_json::to_string(&unread).unwrap();
    assert_eq!(json, format!("\"{pledge}\""));
    assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), pledge);
    assert_eq!(codec::encode(&unread).unwrap(), packed);
}
