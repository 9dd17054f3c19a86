//! The whole table: decide and evolve around the hand, the public part of every event, and the view
//! for people, built for each seat after each action.

use crate::{Rate, policy, rate};
use poker::{
    random::Dice,
    table::{Effect, Table, create, public},
};
use std::hint::black_box;
use wire::{
    Chips, CommandId, PlayerCommand, PlayerId, TableId,
    cashier::TableMoneyRequest,
    event::{Seed, TableEvent},
    journal::Cause,
    table::{HouseBot, Level, TableConfig},
    view::TableView,
};

const PLAYERS: u64 = 6;

fn config() -> TableConfig {
    TableConfig {
        name: "bench".to_owned(),
        seats: PLAYERS as u8,
        action_ms: 10_000,
        ..TableConfig::cash(Level::cash(Chips(50), Chips(100)), Chips(100)..=Chips(20_000)).without_pauses()
    }
}

fn table() -> Table {
    let bot = |player: u64| HouseBot {
        player: PlayerId(player),
        name: format!("bot {player}"),
        buy_in: Chips(10_000),
    };
    let bots: Vec<_> = (1..=PLAYERS).map(bot).collect();
    let mut table = Table::new(TableId(1), config());
    table.apply_events(None, &create(TableId(1), &config(), &bots).unwrap(), 0);
    table
}

fn apply(table: &mut Table, cause: Option<Cause>, events: &[TableEvent]) {
    table.apply_events(cause, events, 0);
    for event in events {
        black_box(public(event));
    }
}

/// Applies all that is due without an action, such as buy-ins that arrive and hands that begin, and
/// returns the view after it.
fn settle(table: &mut Table, seeds: &mut u64) -> TableView {
    for effect in table.effects() {
        if let Effect::Money(TableMoneyRequest::BuyIn { posting, .. }) = effect {
            let events = table.money_arrived(&posting, None);
            apply(table, None, &events);
        }
    }
    loop {
        *seeds += 1;
        let mut seed = [9; 32];
        seed[..8].copy_from_slice(&seeds.to_le_bytes());
        let events = table.tick(0, || Seed(seed));
        if events.is_empty() {
            return table.view();
        }
        apply(table, None, &events);
    }
}

/// Measures hands at a table per second.
pub fn measure() -> Rate {
    let (mut table, mut dice, mut seeds, mut commands) = (table(), Dice::new(2), 0, 0);
    rate(|| {
        let (hands, mut actions) = (table.hands(), 0);
        for _ in 0..1_000 {
            let view = settle(&mut table, &mut seeds);
            let Some((hand, turn)) = view.hand.and_then(|hand| Some((hand.hand, hand.turn?))) else {
                continue;
            };
            let player = view.seats.iter().find(|seat| seat.seat == turn.seat).unwrap().player;
            commands += 1;
            let cause = Cause { player: Some(player), id: CommandId(commands) };
            let act = PlayerCommand::act(hand, turn.turn, policy::action(&turn.legal, &mut dice)).by("");
            let events = table.decide(cause, &act, 0).unwrap();
            apply(&mut table, Some(cause), &events);
            for player in 1..=PLAYERS {
                black_box((table.view(), table.cards_of(PlayerId(player))));
            }
            actions += 1;
        }
        (table.hands() - hands, actions)
    })
}
