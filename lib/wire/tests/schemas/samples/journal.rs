//! Records of journals. The states in records are private to their owners and may change; here they
//! are any value.

use super::{
    AT_MS, HAND, OTHER_TABLE, PLAYER, Samples, TABLE, events, instruction, places, refusals, report, seed,
    tournament_config, tournament_table_config,
};
use serde_json::{Value, json};
use wire::{
    Chips, CommandId, Epoch,
    event::TableEvent,
    journal::{Cause, Record},
    table::TableConfig,
    tournament::{Payout, Then, TournamentConfig, TournamentEvent},
};

fn record<E>(events: Vec<E>) -> Record<E, Value> {
    Record { v: 1, epoch: Epoch(1_234), at_ms: AT_MS, resumed: false, cause: None, events, state: None }
}

fn with_causes<E: Clone>(event: &E) -> Samples<Record<E, Value>> {
    let id = CommandId(7_000_000_000_000_001);
    let caused = |player| Record { cause: Some(Cause { player, id }), ..record(vec![event.clone()]) };
    vec![
        ("caused by a player", caused(Some(PLAYER))),
        ("caused by the fleet", caused(None)),
        (
            "with a state",
            Record { state: Some(json!({ "hands": 17 })), ..record(vec![event.clone(), event.clone()]) },
        ),
        ("the first of the next owner", Record { resumed: true, ..record(vec![event.clone()]) }),
    ]
}

/// Returns samples of records of tables' journals: each form of a record, and each event.
pub fn table_records() -> Samples<Record<TableEvent, Value>> {
    let mut all = with_causes(&TableEvent::SatOut { seat: 2 });
    let events = events::table_events();
    all.extend(events.into_iter().map(|(name, event)| (name, record(vec![event]))));
    all
}

/// Returns samples of records of tournaments' journals: each form of a record, and each event.
pub fn tournament_records() -> Samples<Record<TournamentEvent, Value>> {
    let mut all = with_causes(&TournamentEvent::EntryConfirmed { player: PLAYER });
    let events = tournament_events();
    all.extend(events.into_iter().map(|(name, event)| (name, record(vec![event]))));
    all
}

fn tournament_events() -> Vec<(&'static str, TournamentEvent)> {
    use TournamentEvent as E;
    let player = PLAYER;
    let with_shares = TournamentConfig { payout: Payout::Shares(vec![10_000]), ..tournament_config() };
    let instructed = |then| E::Instructed { table: TABLE, instruction: instruction(then) };
    let mut all = vec![
        ("created", E::Created { config: tournament_config(), at_ms: AT_MS }),
        ("created with shares", E::Created { config: with_shares, at_ms: AT_MS }),
        ("entry reserved", E::EntryReserved { player, name: "ann".to_owned(), bot: false }),
        ("entry confirmed", E::EntryConfirmed { player }),
        ("entry refused", E::EntryRefused { player, refusal: None }),
        ("entry withdrawn", E::EntryWithdrawn { player }),
        ("entry refunded", E::EntryRefunded { player }),
        ("started", E::Started { at_ms: AT_MS, seed: seed(), counts_time: false }),
        (
            "started, levels by time that has passed",
            E::Started { at_ms: AT_MS, seed: seed(), counts_time: true },
        ),
        ("table opened", E::TableOpened { table: TABLE, config: tournament_table_config() }),
        (
            "table with open decks opened",
            E::TableOpened {
                table: TABLE,
                config: TableConfig { open_decks: true, ..tournament_table_config() },
            },
        ),
        ("cash table opened", E::TableOpened { table: TABLE, config: super::cash_config() }),
        ("hand reported", E::HandReported { report: report(), at_ms: AT_MS }),
        ("busted", E::Busted { player, place: 22, prize: Chips(6_000) }),
        ("instructed to play", instructed(Then::Play)),
        ("instructed to wait", instructed(Then::Wait)),
        ("instructed to close", instructed(Then::Close)),
        ("instruction applied", E::InstructionApplied { table: TABLE, number: HAND.0 }),
        ("move ordered", E::MoveOrdered { player, from: TABLE, to: OTHER_TABLE, seat: 4 }),
        ("finished", E::Finished { places: places(), at_ms: AT_MS }),
        ("settled", E::Settled),
        ("cancelled", E::Cancelled),
    ];
    all.extend(refusals().into_iter().map(|(name, refusal)| {
        let refusal = Some(refusal);
        (name, E::EntryRefused { player, refusal })
    }));
    all
}
