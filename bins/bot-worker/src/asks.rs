//! Asks for the tests.

use wire::{
    Card, Chips, HandNo, Legal, PlayerId, RaiseBounds, TableId,
    bots::{BotAsk, Opponent},
};

/// Returns the cards of a text like `AsKd`.
pub fn cards(text: &str) -> Vec<Card> {
    text.as_bytes().chunks(2).map(|two| std::str::from_utf8(two).unwrap().parse().unwrap()).collect()
}

/// Returns an ask of no-limit hold'em with blinds 50 and 100 and stacks of 10,000, with a raise to
/// call before the flop and no bet to call after it.
pub fn ask(hole: &str, board: &str, opponents: usize) -> BotAsk {
    let board = cards(board);
    let street = match board.len() {
        0 => 0,
        n => n as u8 - 2,
    };
    let before_the_flop = street == 0;
    let bounds = |min| Some(RaiseBounds { min: Chips(min), max: Chips(10_000) });
    BotAsk {
        table: TableId(1),
        player: PlayerId(2),
        hand: HandNo(3),
        turn: 4,
        deadline_ms: 0,
        time_ms: None,
        variant: "NT".to_owned(),
        legal: Legal {
            fold: true,
            check: !before_the_flop,
            call: before_the_flop.then_some(Chips(300)),
            bet: if before_the_flop { None } else { bounds(100) },
            raise: if before_the_flop { bounds(500) } else { None },
            ..Legal::default()
        },
        hole: cards(hole),
        board,
        street,
        pot: Chips(450),
        big_blind: Chips(100),
        stack: Chips(10_000),
        bet: Chips(0),
        opponents: (0..opponents)
            .map(|seat| Opponent {
                seat: seat as u8,
                stack: Chips(9_700),
                bet: Chips(if before_the_flop { 300 } else { 0 }),
                up: Vec::new(),
            })
            .collect(),
    }
}
