//! Queries to archivists, and their answers.

use super::{
    AT_MS, HAND, PLAYER, Samples, TABLE, TOURNAMENT, cash_config, events, refusals, tournament_table_config,
};
use wire::{
    CommandId, Epoch,
    archive::{ArchiveAnswer, ArchiveQuery, Archived, ArchivedHand, Proof, StreamProof, TableProof},
    event::TableEvent,
    journal::Cause,
};

/// Returns samples of each query to archivists.
pub fn queries() -> Samples<ArchiveQuery> {
    vec![
        ("proof", ArchiveQuery::Proof),
        ("tables", ArchiveQuery::Tables { after: TABLE }),
        ("records", ArchiveQuery::Records { table: TABLE, after: 1_234 }),
        ("hand", ArchiveQuery::Hand { table: TABLE, hand: HAND }),
        ("open tables", ArchiveQuery::OpenTables { after: TABLE }),
        ("table proofs", ArchiveQuery::TableProofs { tables: vec![TABLE] }),
        ("tournaments", ArchiveQuery::Tournaments { after: TOURNAMENT }),
    ]
}

fn archived() -> Vec<Archived<TableEvent>> {
    let record = |(number, (_, event)): (u64, (_, TableEvent))| Archived {
        sequence: 1_235 + number,
        stored_ms: AT_MS + 1,
        v: 1,
        epoch: Epoch(7),
        at_ms: AT_MS,
        resumed: false,
        cause: Some(Cause { player: Some(PLAYER), id: CommandId(number) }).filter(|_| number % 2 == 0),
        events: vec![event],
    };
    (0..).zip(events::table_events()).map(record).collect()
}

/// Returns samples of each answer of archivists.
pub fn answers() -> Samples<ArchiveAnswer> {
    let proof = Proof {
        streams: vec![StreamProof {
            name: "TABLES_3".to_owned(),
            read_to: 90_000,
            trimmed_to: 50_000,
            records: 90_000,
        }],
        hands: 6_000,
        uncrossed: 1,
        violations: 1,
        described: vec!["table 31, TABLES_3 record 17: seat 4 has 90 chips, not 100".to_owned()],
    };
    let mut all = vec![
        ("proof", ArchiveAnswer::Proof(proof)),
        ("tables", ArchiveAnswer::Tables { tables: vec![TABLE], more: false }),
        ("records", ArchiveAnswer::Records { records: archived(), more: true }),
    ];
    let resumed = archived().into_iter().take(1).map(|record| Archived { resumed: true, ..record });
    let records = ArchiveAnswer::Records { records: resumed.collect(), more: false };
    all.push(("the first record of the next owner", records));
    for (name, config) in [("hand", cash_config()), ("hand of a tournament", tournament_table_config())] {
        let records = archived().into_iter().take(2).collect();
        let hand = ArchivedHand { table: TABLE, config, records };
        all.push((name, ArchiveAnswer::Hand(Box::new(hand))));
    }
    let proof = TableProof {
        table: TABLE,
        stream: "TABLES_3".to_owned(),
        archived_to: 90_000,
        hands: 6_000,
        hands_sum: "00112233445566778899aabbccddeeff".to_owned(),
        instructions: 12,
        instructions_sum: "ffeeddccbbaa99887766554433221100".to_owned(),
        over: false,
    };
    all.push(("table proofs", ArchiveAnswer::TableProofs { tables: vec![proof], more: false }));
    all.push(("tournaments", ArchiveAnswer::Tournaments { tournaments: vec![TOURNAMENT], more: false }));
    all.extend(refusals().into_iter().map(|(name, refusal)| (name, ArchiveAnswer::Refused(refusal))));
    all
}
