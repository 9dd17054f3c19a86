//! Events of tables: in journals, and public ones.

use super::*;
use wire::{
    deal::{Contribution, Deal, Dealt, Mix, Octets, Opening},
    event::{Event, HandEvent, HandStart, Post, Share, TableEvent, Unseating},
    script::{Script, ScriptedBlind, ScriptedSeat},
};

/// Returns the setup of a hand.
pub fn hand_start() -> HandStart {
    HandStart {
        hand: HAND,
        button: 0,
        small_blind: Some(1),
        big_blind: 2,
        level: level(),
        stacks: vec![stack()],
        commitment: seed(),
        deal: None,
    }
}

/// Returns the setup of a hand whose deck was committed to card by card.
pub fn committed_start() -> HandStart {
    let mixes = vec![
        Mix { seat: 1, value: Some(salt()), pledge: digest() },
        Mix { seat: 2, value: None, pledge: digest() },
    ];
    HandStart { deal: Some(Deal { previous: Octets([0; 32]), next: digest(), mixes }), ..hand_start() }
}

fn opening() -> Opening {
    Opening { cards: vec![super::open_card()], hidden: vec![digest()], rest: digest() }
}

/// Returns a scripted hand with each kind of forced bet.
pub fn script() -> Script {
    Script {
        button: 2,
        min_bet: Chips(100),
        big_bet: Chips(200),
        small_blind: Chips(50),
        bring_in: Chips(25),
        dead_antes: false,
        cap: Some(4),
        players: posts().into_iter().zip(0..).map(scripted_seat).collect(),
        deck: Card::all().collect(),
    }
}

fn scripted_seat(((_, post), seat): ((&str, Post), u8)) -> ScriptedSeat {
    ScriptedSeat {
        seat,
        stack: Chips(5_000),
        ante: Chips(10),
        blind: Some(ScriptedBlind { post, amount: Chips(100) }),
        dead: Chips(50),
    }
}

fn posts() -> Vec<(&'static str, Post)> {
    vec![
        ("ante", Post::Ante),
        ("big blind ante", Post::BigBlindAnte),
        ("small blind", Post::SmallBlind),
        ("big blind", Post::BigBlind),
        ("straddle", Post::Straddle),
        ("dead blind", Post::DeadBlind),
        ("bring-in", Post::BringIn),
    ]
}

fn shares() -> Vec<(&'static str, Share)> {
    vec![("pot awarded", Share::Whole), ("high half awarded", Share::High), ("low half awarded", Share::Low)]
}

fn unseatings() -> Vec<(&'static str, Unseating)> {
    vec![
        ("left", Unseating::Left),
        ("busted", Unseating::Busted),
        ("moved", Unseating::Moved),
        ("table closed under a player", Unseating::TableClosed),
        ("gone", Unseating::Gone),
    ]
}

fn hand_events() -> Vec<(&'static str, HandEvent)> {
    let (seat, amount) = (2, Chips(25));
    let mut all = vec![
        ("dealt", HandEvent::Dealt { seat, down: cards("AsKd"), up: cards("Tc") }),
        ("board", HandEvent::Board { street: 1, cards: cards("2c3d4h") }),
        ("returned", HandEvent::Returned { seat, amount }),
        ("shown", HandEvent::Shown { seat, cards: cards("AsKd"), hand: "a pair of aces".to_owned() }),
        ("mucked", HandEvent::Mucked { seat }),
    ];
    all.extend(posts().into_iter().map(|(name, post)| (name, HandEvent::Posted { seat, post, amount })));
    all.extend(actions().into_iter().map(|(name, action)| {
        let acted = HandEvent::Acted { seat, action, added: Chips(300), stack: Chips(4_675) };
        (name, acted)
    }));
    all.extend(shares().into_iter().map(|(name, share)| {
        let awarded = HandEvent::Awarded { pot: 1, seat, amount, share };
        (name, awarded)
    }));
    all
}

/// Returns each event of a table's journal, with its name.
pub fn table_events() -> Vec<(&'static str, TableEvent)> {
    use TableEvent as E;
    let seat = 2;
    let mut all = cash_events();
    all.extend([
        ("created for a tournament", E::Created { config: tournament_table_config() }),
        ("sat out", E::SatOut { seat }),
        ("sat in", E::SatIn { seat }),
        ("leave asked", E::LeaveAsked { seat }),
        ("heard", E::Heard { seat, connection: None }),
        ("heard on a connection", E::Heard { seat, connection: Some(connection()) }),
        ("disconnected", E::Disconnected { seat, connection: connection(), deadline_ms: None }),
        (
            "disconnected in turn",
            E::Disconnected { seat, connection: connection(), deadline_ms: Some(DEADLINE_MS) },
        ),
        ("reconnected", E::Reconnected { seat, deadline_ms: None }),
        ("reconnected in turn", E::Reconnected { seat, deadline_ms: Some(DEADLINE_MS) }),
        ("gone too long", E::GoneTooLong { seat }),
        ("absence extended", E::AbsenceExtended { seat, until_ms: DEADLINE_MS }),
        ("said", E::Said { player: PLAYER, name: "ann".to_owned(), text: "nice hand, Käthe".to_owned() }),
        ("hand started", E::HandStarted { start: hand_start(), seed: seed(), script: None, next_seed: None }),
        (
            "scripted hand started",
            E::HandStarted {
                start: hand_start(),
                seed: Seed([0; 32]),
                script: Some(Box::new(script())),
                next_seed: None,
            },
        ),
        ("turn", E::Turn { seat, turn: 9, legal: legal(), deadline_ms: DEADLINE_MS }),
        (
            "turn with other choices",
            E::Turn { seat, turn: 10, legal: other_legal(), deadline_ms: DEADLINE_MS },
        ),
        ("timed out", E::TimedOut { seat }),
        ("clock extended", E::ClockExtended { deadline_ms: DEADLINE_MS }),
        (
            "hand ended",
            E::HandEnded {
                hand: HAND,
                stacks: vec![stack()],
                seed: seed(),
                dealt: None,
                next_hand_ms: AT_MS,
            },
        ),
        (
            "hand started with commitments",
            E::HandStarted { start: committed_start(), seed: seed(), script: None, next_seed: Some(seed()) },
        ),
        ("contributed", E::Contributed { seat, mix: Contribution { value: Some(salt()), pledge: digest() } }),
        ("pledged", E::Contributed { seat, mix: Contribution { value: None, pledge: digest() } }),
        (
            "hand ended with an opening",
            E::HandEnded {
                hand: HAND,
                stacks: vec![stack()],
                seed: seed(),
                dealt: Some(Dealt { places: 20, open: 0b1010 }),
                next_hand_ms: AT_MS,
            },
        ),
        ("close asked", E::CloseAsked),
        ("snapshot renewed", E::SnapshotRenewed),
        ("closed", E::Closed),
    ]);
    all.extend(hand_events().into_iter().map(|(name, e)| (name, E::Hand(e))));
    all.extend(
        [("told to play", Then::Play), ("told to wait", Then::Wait), ("told to close", Then::Close)].map(
            |(name, then)| {
                let instructed = E::Instructed { instruction: instruction(then), next_hand_ms: AT_MS };
                (name, instructed)
            },
        ),
    );
    all.extend(unseatings().into_iter().map(|(name, reason)| {
        let unseated = E::Unseated {
            seat,
            player: PLAYER,
            reason,
            cash_out: Chips(5_250),
            posting: Some(posting("cash-out.31.42.17")),
        };
        (name, unseated)
    }));
    all.extend(refusals().into_iter().map(|(name, refusal)| (name, E::BuyInRefused { seat, refusal })));
    all
}

fn cash_events() -> Vec<(&'static str, TableEvent)> {
    use TableEvent as E;
    let (seat, amount) = (2, Chips(1_000));
    vec![
        ("created for cash", E::Created { config: cash_config() }),
        ("created with open decks", E::Created { config: open_config() }),
        (
            "seat reserved",
            E::SeatReserved {
                seat,
                player: PLAYER,
                name: "ann".to_owned(),
                bot: false,
                buy_in: Chips(5_000),
                posting: posting("buy-in.31.42.7"),
            },
        ),
        (
            "seated",
            E::Seated { seat, player: PLAYER, name: "ann".to_owned(), bot: true, stack: Chips(5_000) },
        ),
        ("top-up asked", E::TopUpAsked { seat, amount, posting: posting("top-up.31.42.8") }),
        ("topped up", E::ToppedUp { seat, amount }),
        ("top-up refused", E::TopUpRefused { seat, refusal: None }),
        (
            "top-up refused, and why",
            E::TopUpRefused { seat, refusal: Some(Refusal::InsufficientFunds { balance: Chips(3) }) },
        ),
        (
            "unseated with nothing",
            E::Unseated {
                seat,
                player: PLAYER,
                reason: Unseating::Left,
                cash_out: Chips::ZERO,
                posting: None,
            },
        ),
        ("cashed out", E::CashedOut { posting: posting("cash-out.31.42.17") }),
    ]
}

/// Returns each event that viewers see, with its name.
pub fn public_events() -> Vec<(&'static str, Event)> {
    use Event as E;
    let (seat, amount, player) = (2, Chips(25), PLAYER);
    let mut all = vec![
        ("seated", E::Seated { seat, player, name: "ann".to_owned(), bot: false, stack: Chips(5_000) }),
        ("topped up", E::ToppedUp { seat, amount }),
        ("sat out", E::SatOut { seat }),
        ("sat in", E::SatIn { seat }),
        ("disconnected", E::Disconnected { seat, deadline_ms: None }),
        ("disconnected in turn", E::Disconnected { seat, deadline_ms: Some(DEADLINE_MS) }),
        ("reconnected", E::Reconnected { seat, deadline_ms: None }),
        ("reconnected in turn", E::Reconnected { seat, deadline_ms: Some(DEADLINE_MS) }),
        ("gone too long", E::GoneTooLong { seat }),
        ("said", E::Said { player, name: "ann".to_owned(), text: "nice hand, Käthe".to_owned() }),
        ("hand started", E::HandStarted(hand_start())),
        ("dealt", E::Dealt { seat, down: 2, up: cards("Tc") }),
        ("board", E::Board { street: 1, cards: cards("2c3d4h") }),
        ("turn", E::Turn { seat, turn: 9, legal: legal(), deadline_ms: DEADLINE_MS }),
        (
            "turn with other choices",
            E::Turn { seat, turn: 10, legal: other_legal(), deadline_ms: DEADLINE_MS },
        ),
        ("timed out", E::TimedOut { seat }),
        ("clock extended", E::ClockExtended { deadline_ms: DEADLINE_MS }),
        ("drew", E::Drew { seat, count: 3 }),
        ("returned", E::Returned { seat, amount }),
        ("shown", E::Shown { seat, cards: cards("AsKd"), hand: "a pair of aces".to_owned() }),
        ("mucked", E::Mucked { seat }),
        ("hand ended", E::HandEnded { hand: HAND, stacks: vec![stack()], seed: Some(seed()), opening: None }),
        ("hand started with commitments", E::HandStarted(committed_start())),
        (
            "hand ended with an opening",
            E::HandEnded { hand: HAND, stacks: vec![stack()], seed: None, opening: Some(opening()) },
        ),
        ("closed", E::Closed),
    ];
    all.extend(posts().into_iter().map(|(name, post)| (name, E::Posted { seat, post, amount })));
    all.extend(actions().into_iter().map(|(name, action)| {
        let acted = E::Acted { seat, action, added: Chips(300), stack: Chips(4_675) };
        (name, acted)
    }));
    all.extend(shares().into_iter().map(|(name, share)| {
        let awarded = E::Awarded { pot: 1, seat, amount, share };
        (name, awarded)
    }));
    all.extend(unseatings().into_iter().map(|(name, reason)| {
        let unseated = E::Unseated { seat, player, reason };
        (name, unseated)
    }));
    all.extend(
        [("told to play", Then::Play), ("told to wait", Then::Wait), ("told to close", Then::Close)].map(
            |(name, then)| {
                let level = level();
                (name, E::Instructed { level, then })
            },
        ),
    );
    all
}
