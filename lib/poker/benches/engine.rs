//! How fast the rules are on one core: six-handed no-limit with a random policy.
//!
//! `hand` is the bare hand: decide and evolve, and for each seat a look at everything it may see. `table` is what a table worker
//! does besides: the table's decide and evolve around the hand, and the view that is sent to people, built for each seat.
//! `ranking` is seven-card ranking through this crate beside the raw library. Prints one line of JSON; `make bench-engine` puts
//! PokerKit's figure of the same run beside it.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use poker::{
    hand::Hand,
    random::{self, Dice},
    rank, shuffle,
    table::{Table, create},
    variant,
};
use rs_poker::core::SevenCardAccum;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};
use wire::{
    Card, Chips, CommandId, PlayerId, TableId,
    event::Seed,
    journal::Cause,
    table::{Level, Purpose, TableCommand, TableConfig},
};

/// Time for each measurement.
const TIME: Duration = Duration::from_secs(3);

/// Hands and actions, each per second.
struct Rate {
    hands: f64,
    actions: f64,
}

/// What each seat may see, added up so that nothing is optimised away.
fn look(hand: &Hand) -> u64 {
    let mut sum = hand.middle().0 + hand.board().len() as u64;
    for (viewer, own) in hand.seats() {
        sum += own.down.iter().map(|card| u64::from(card.index())).sum::<u64>();
        for (seat, other) in hand.seats() {
            sum += other.stack.0 + other.bet.0 + u64::from(other.folded) + u64::from(seat == viewer);
        }
    }
    sum
}

fn bare_hands() -> Rate {
    let nt = variant::by_code("NT").unwrap();
    let mut dice = Dice::new(1);
    let setup = loop {
        let setup = random::setup(nt, 6, &mut dice);
        if setup.players.len() == 6 {
            break setup;
        }
    };
    let (mut hands, mut actions) = (0_u64, 0_u64);
    let mut events = Vec::with_capacity(64);
    let began = Instant::now();
    while began.elapsed() < TIME {
        for _ in 0..100 {
            let mut setup = setup.clone();
            let mut bytes = [7; 32];
            bytes[..8].copy_from_slice(&hands.to_le_bytes());
            setup.deck = shuffle::deck(&Seed(bytes));
            let mut hand = Hand::new(&setup).unwrap();
            hand.open().iter().for_each(|event| hand.evolve(event));
            while let Some(actor) = hand.actor() {
                let action = random::action(&hand.legal(), &[], 1, &mut dice);
                events.clear();
                hand.play(actor, &action, &mut events).unwrap();
                black_box(look(&hand));
                actions += 1;
            }
            hands += 1;
        }
    }
    rate(hands, actions, began)
}

fn config() -> TableConfig {
    TableConfig {
        name: "bench".to_owned(),
        variant: "NT".to_owned(),
        seats: 6,
        level: Level { number: 0, small_blind: Chips(50), big_blind: Chips(100), ante: Chips::ZERO },
        purpose: Purpose::Cash { min_buy_in: Chips(100), max_buy_in: Chips(20_000) },
        action_ms: 10_000,
        hand_pause_ms: 0,
        bot_pace_ms: 0,
    }
}

fn tables() -> Rate {
    let bot = |player: u64| wire::table::HouseBot {
        player: PlayerId(player),
        name: format!("bot {player}"),
        buy_in: Chips(10_000),
    };
    let bots: Vec<_> = (1..=6).map(bot).collect();
    let mut table = Table::new(TableId(1), config());
    table.apply_events(None, &create(TableId(1), &config(), &bots).unwrap(), 0);
    let (mut dice, mut actions, mut seeds) = (Dice::new(2), 0_u64, 0_u64);
    let began = Instant::now();
    while began.elapsed() < TIME {
        settle(&mut table, &mut seeds);
        let view = table.view();
        let Some((hand, turn)) = view.hand.and_then(|hand| Some((hand.hand, hand.turn?))) else { continue };
        let player = view.seats.iter().find(|seat| seat.seat == turn.seat).unwrap().player;
        let action = random::action(&turn.legal, &[], 1, &mut dice);
        actions += 1;
        let cause = Cause { player: Some(player), id: CommandId(actions) };
        let act = TableCommand::Act { hand, turn: turn.turn, action };
        let events = table.decide(cause, &act, 0).unwrap();
        table.apply_events(Some(cause), &events, 0);
        for player in 1..=6 {
            black_box((table.view(), table.cards_of(PlayerId(player))));
        }
    }
    rate(table.hands(), actions, began)
}

/// Everything that is due by itself: buy-ins that arrive, hands that begin.
fn settle(table: &mut Table, seeds: &mut u64) {
    for effect in table.effects() {
        if let poker::table::Effect::Money(wire::cashier::TableMoneyRequest::BuyIn { posting, .. }) = effect {
            let events = table.money_arrived(&posting, None);
            table.apply_events(None, &events, 0);
        }
    }
    loop {
        *seeds += 1;
        let mut bytes = [9; 32];
        bytes[..8].copy_from_slice(&seeds.to_le_bytes());
        let events = table.tick(0, || Seed(bytes));
        if events.is_empty() {
            return;
        }
        table.apply_events(None, &events, 0);
    }
}

fn rate(hands: u64, actions: u64, began: Instant) -> Rate {
    let seconds = began.elapsed().as_secs_f64();
    Rate { hands: hands as f64 / seconds, actions: actions as f64 / seconds }
}

/// Seven-card rankings per second: through this crate, and through the library alone on its own cards.
fn rankings() -> (f64, f64) {
    let mut dice = Dice::new(3);
    let mut sevens: Vec<[Card; 7]> = Vec::with_capacity(1 << 14);
    while sevens.len() < 1 << 14 {
        let seed = Seed(std::array::from_fn(|_| dice.below(256) as u8));
        sevens.extend(
            shuffle::deck(&seed).chunks_exact(7).filter_map(|cards| <[Card; 7]>::try_from(cards).ok()),
        );
    }
    let raw: Vec<[rs_poker::core::Card; 7]> = sevens.iter().map(|cards| cards.map(library_card)).collect();
    let own = per_second(&sevens, |cards| u64::from(rank::high(cards.iter().copied()).0));
    let raw = per_second(&raw, |cards| {
        let mut tally = SevenCardAccum::new();
        cards.iter().for_each(|card| tally.add(*card));
        u64::from(tally.rank().value_bits())
    });
    (own, raw)
}

fn library_card(card: Card) -> rs_poker::core::Card {
    let text = card.to_string();
    let mut chars = text.chars();
    let value = rs_poker::core::Value::from_char(chars.next().unwrap()).unwrap();
    let suit = rs_poker::core::Suit::from_char(chars.next().unwrap()).unwrap();
    rs_poker::core::Card { value, suit }
}

fn per_second<T>(items: &[T], mut rank: impl FnMut(&T) -> u64) -> f64 {
    let (mut count, mut sum) = (0_u64, 0_u64);
    let began = Instant::now();
    while began.elapsed() < TIME {
        for item in items {
            sum = sum.wrapping_add(rank(black_box(item)));
        }
        count += items.len() as u64;
    }
    black_box(sum);
    count as f64 / began.elapsed().as_secs_f64()
}

fn main() {
    let (hand, table, (own, raw)) = (bare_hands(), tables(), rankings());
    println!(
        "{{\"hands_per_s\":{:.0},\"actions_per_s\":{:.0},\"table_hands_per_s\":{:.0},\"table_actions_per_s\":{:.0},\
        \"rankings_per_s\":{own:.0},\"raw_rankings_per_s\":{raw:.0},\"ranking_ratio\":{:.2}}}",
        hand.hands,
        hand.actions,
        table.hands,
        table.actions,
        own / raw
    );
}
