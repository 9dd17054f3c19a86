//! Heartbeats and notices.

use super::{DEADLINE_MS, HAND, PLAYER, Samples, TABLE, cards, legal, other_legal};
use wire::{
    Chips,
    bots::{BotAsk, Opponent},
    fleet::{Drain, Heartbeat, Load, Notice, Role},
};

/// Returns samples of asks to bot workers.
pub fn bot_asks() -> Samples<BotAsk> {
    let ask = |legal| BotAsk {
        table: TABLE,
        player: PLAYER,
        hand: HAND,
        turn: 9,
        deadline_ms: DEADLINE_MS,
        time_ms: None,
        variant: "NT".to_owned(),
        legal,
        hole: cards("AsKd"),
        board: cards("2c3d4h"),
        street: 1,
        pot: Chips(650),
        big_blind: Chips(100),
        stack: Chips(4_775),
        bet: Chips(200),
        opponents: vec![Opponent { seat: 4, stack: Chips(3_000), bet: Chips(400), up: cards("Tc") }],
    };
    vec![
        ("facing a raise", ask(legal())),
        ("with other choices", ask(other_legal())),
        ("with its time", BotAsk { time_ms: Some(15_000), ..ask(legal()) }),
    ]
}

/// Returns a heartbeat of each role.
pub fn heartbeats() -> Samples<Heartbeat> {
    let heartbeat = |role: Role| Heartbeat {
        role,
        node: format!("{}-1", role.name()).parse().unwrap(),
        incarnation: 0x0123_4567_89ab_cdef,
        version: "0.1.0".to_owned(),
        pid: 4_711,
        ready: true,
        draining: false,
        troubled: role == Role::Cashier,
        reachable: true,
        addresses: vec!["tcp://127.0.0.1:7000".to_owned()],
        load: Load {
            connections: 120,
            max_connections: 20_000,
            partitions: 128,
            tables: 11,
            hands: 812,
            actions: 6_120,
            rollouts: 5_600_000,
            records: 81_200,
            archived_bytes: 9_400_000,
            violations: 1,
        },
    };
    Role::ALL.map(|role| (role.name(), heartbeat(role))).to_vec()
}

/// Returns samples of the request to drain.
pub fn drains() -> Samples<Drain> {
    vec![("drain", Drain { incarnation: 0x0123_4567_89ab_cdef })]
}

/// Returns samples of each notice to gateways.
pub fn notices() -> Samples<Notice> {
    vec![
        ("banned", Notice::Banned { player: PLAYER }),
        ("sessions ended", Notice::SessionsEnded { player: PLAYER }),
        ("online", Notice::Online { player: PLAYER, connection: "gateway-1.17".to_owned() }),
    ]
}
