//! `schemas/asyncapi.yaml` is well-formed, refers to existing files, and has all subjects and
//! messages.

use crate::{
    messages::{Message, Visitor, schema_of, visit_all},
    samples::Samples,
    schemas_dir,
};
use serde_json::Value;
use std::{collections::BTreeSet, fs};
use wire::{NodeId, PlayerId, TableId, TournamentId, client, fleet::Role, sender::Sender, subject};

fn document() -> Value {
    let text = fs::read_to_string(schemas_dir().join("asyncapi.yaml")).unwrap();
    serde_yaml_ng::from_str(&text).unwrap()
}

/// Calls `found` for each `$ref` of the document.
fn each_reference(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                found(reference);
            }
            fields.values().for_each(|value| each_reference(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| each_reference(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_has_a_target() {
    let document = document();
    assert_eq!(document["asyncapi"], "3.0.0");
    let mut broken = Vec::new();
    let mut files = BTreeSet::new();
    each_reference(&document, &mut |reference| {
        let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let leads = if file.is_empty() {
            document.pointer(pointer).is_some()
        } else {
            files.insert(file.to_owned());
            fs::read_to_string(schemas_dir().join(file))
                .ok()
                .and_then(|text| serde_json::from_str::<Value>(&text).ok())
                .is_some_and(|schema| schema.pointer(pointer).is_some())
        };
        if !leads {
            broken.push(reference.to_owned());
        }
    });
    assert!(broken.is_empty(), "asyncapi.yaml: {broken:?} have no target");
    let mut unused = Unused { files };
    visit_all(&mut unused);
}

struct Unused {
    files: BTreeSet<String>,
}

impl Visitor for Unused {
    fn visit<T: Message>(&mut self, name: &'static str, _: Samples<T>) {
        let file = format!("./json/{name}.json");
        assert!(self.files.contains(&file), "asyncapi.yaml does not refer to {file}");
    }
}

/// Returns all subjects that [`subject`] can build, with the names of constant or function.
fn subjects() -> Vec<(&'static str, String)> {
    let (table, tournament) = (TableId(77), TournamentId(78));
    let node: NodeId = "gateway-1".parse().unwrap();
    vec![
        ("BOT_ASK", subject::BOT_ASK.to_owned()),
        ("QUERY_TABLES", subject::QUERY_TABLES.to_owned()),
        ("QUERY_TOURNAMENTS", subject::QUERY_TOURNAMENTS.to_owned()),
        ("QUERY_ARCHIVE", subject::QUERY_ARCHIVE.to_owned()),
        ("CASHIER_SESSION", subject::CASHIER_SESSION.to_owned()),
        ("CASHIER_TABLE", subject::CASHIER_TABLE.to_owned()),
        ("CASHIER_TOURNAMENT", subject::CASHIER_TOURNAMENT.to_owned()),
        ("CASHIER_ADMIN", subject::CASHIER_ADMIN.to_owned()),
        ("TABLE_FEED", subject::TABLE_FEED.to_owned()),
        ("NOTICE", subject::NOTICE.to_owned()),
        ("PASS_KEYS", subject::PASS_KEYS.to_owned()),
        ("table_journal", subject::table_journal(table)),
        ("tournament_journal", subject::tournament_journal(tournament)),
        ("table_commands_of", subject::table_commands_of(table, Sender::Gateway)),
        ("tournament_commands_of", subject::tournament_commands_of(tournament, Sender::Gateway)),
        ("player_feed", subject::player_feed(PlayerId(4))),
        ("owner_news", subject::owner_news("table").replace('*', "5")),
        ("heartbeat", subject::heartbeat(Role::Gateway, &node)),
        ("alive", subject::alive(Role::Gateway, 5)),
        ("drain", subject::drain(Role::Gateway, &node)),
    ]
}

/// The items of [`subject`] that are no single subject: wildcards over the subjects above, names of
/// streams, numbers, parsers; and subjects that only empty messages are sent to.
const NO_SUBJECTS: [&str; 29] = [
    "ALL_HEARTBEATS",
    "ALL_MOVED_TABLES",
    "ALL_PLAYER_FEEDS",
    "parse_table_journals",
    "ALL_TABLE_JOURNALS",
    "ARCHIVE_UNITS",
    "BOT_ASKS_CONSUMER",
    "BOT_ASKS_STREAM",
    "OWNERS_BUCKET",
    "PASSES_BUCKET",
    "TABLE_PARTITIONS",
    "TOURNAMENTS_STREAM",
    "TOURNAMENTS_UNIT",
    "TOURNAMENT_PARTITIONS",
    "all_moved_tables",
    "heartbeats",
    "moved_tables",
    "parse_moved_tables",
    "parse_player_feed",
    "parse_table_journal",
    "parse_table_stream_name",
    "parse_tournament_journal",
    "table_commands",
    "table_journals",
    "table_partition",
    "table_stream_name",
    "tournament_commands",
    "tournament_journals",
    "tournament_partition",
];

#[test]
fn no_subject_is_left_out_of_these_tests() {
    let source = include_str!("../../src/subject.rs");
    let offered: BTreeSet<&str> = source
        .lines()
        .filter_map(|line| {
            let line = line.strip_prefix("pub ")?;
            let name = line
                .strip_prefix("const fn ")
                .or_else(|| line.strip_prefix("const "))
                .or_else(|| line.strip_prefix("fn "))?;
            name.split(['(', ':']).next()
        })
        .collect();
    let mut known: BTreeSet<&str> = NO_SUBJECTS.into();
    known.extend(subjects().iter().map(|(name, _)| *name));
    assert_eq!(offered, known, "subject.rs has subjects that the tests of asyncapi.yaml do not know");
}

#[test]
fn every_subject_has_a_channel() {
    let document = document();
    let channels = document["channels"].as_object().unwrap();
    for (name, subject) in subjects() {
        let fits = |address: &str| {
            let (pattern, tokens) = (address.split('.'), subject.split('.'));
            pattern.clone().count() == tokens.clone().count()
                && pattern.zip(tokens).all(|(p, t)| p == t || p.starts_with('{'))
        };
        let channel = channels.values().any(|channel| channel["address"].as_str().is_some_and(fits));
        assert!(channel, "asyncapi.yaml has no channel for {subject} (subject::{name})");
    }
}

#[test]
fn every_message_of_the_client_protocol_is_mentioned() {
    let text = fs::read_to_string(schemas_dir().join("asyncapi.yaml")).unwrap();
    let client = schema_of::<client::ClientFrame>("ClientFrame");
    let server = schema_of::<client::ServerFrame>("ServerFrame");
    let mut count = 0;
    for variants in [&client["$defs"]["ClientMessage"], &server["$defs"]["ServerMessage"]] {
        for variant in variants["oneOf"].as_array().unwrap() {
            let name = variant["const"]
                .as_str()
                .or_else(|| variant["properties"].as_object()?.keys().next().map(String::as_str))
                .unwrap();
            let mentioned = format!("`{name}`");
            assert!(text.contains(&mentioned), "asyncapi.yaml does not mention {mentioned}");
            count += 1;
        }
    }
    assert!(count > 30, "only {count} variants found");
    for subprotocol in [client::SUBPROTOCOL_JSON, client::SUBPROTOCOL_MSGPACK] {
        assert!(text.contains(subprotocol), "{subprotocol}");
    }
}
