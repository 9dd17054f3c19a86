//! A table's events in words.

use super::{list, mark, or_none};
use wire::{
    Action, Card, Legal, RaiseBounds,
    deal::{Deal, Dealt, Mix},
    event::{HandEvent, HandStart, Post, Share, Stack, TableEvent, Unseating},
    table::{Level, Purpose, TableConfig},
    tournament::{Arrival, Instruction, Then},
};

/// Describes an event of a table's journal, hidden cards included.
pub fn table_event(event: &TableEvent) -> String {
    match event {
        TableEvent::Created { config } => format!("created: {}", table_config(config)),
        TableEvent::SeatReserved { seat, player, name, bot, buy_in, posting } => format!(
            "seat reserved: seat {seat}, player {player} ({name}{}), buy-in {buy_in}, posting {posting}",
            mark(*bot, "bot")
        ),
        TableEvent::BuyInRefused { seat, refusal } => format!("buy-in refused: seat {seat}, {refusal}"),
        TableEvent::Seated { seat, player, name, bot, stack } => {
            format!("seated: seat {seat}, player {player} ({name}{}), {stack} chips", mark(*bot, "bot"))
        }
        TableEvent::TopUpAsked { seat, amount, posting } => {
            format!("top-up asked: seat {seat}, {amount} chips, posting {posting}")
        }
        TableEvent::ToppedUp { seat, amount } => format!("topped up: seat {seat}, {amount} chips"),
        TableEvent::TopUpRefused { seat, refusal } => {
            format!("top-up refused: seat {seat}: {}", or_none(refusal.as_ref()))
        }
        TableEvent::SatOut { seat } => format!("sat out: seat {seat}"),
        TableEvent::SatIn { seat } => format!("sat in: seat {seat}"),
        TableEvent::LeaveAsked { seat } => format!("leave asked: seat {seat}"),
        TableEvent::Heard { seat, connection } => {
            format!("heard: seat {seat}, connection {}", or_none(connection.as_ref()))
        }
        TableEvent::Disconnected { seat, connection, deadline_ms } => format!(
            "disconnected: seat {seat}, connection {connection}, turn ends at {}",
            or_none(*deadline_ms)
        ),
        TableEvent::Reconnected { seat, deadline_ms } => {
            format!("reconnected: seat {seat}, turn ends at {}", or_none(*deadline_ms))
        }
        TableEvent::GoneTooLong { seat } => format!("gone too long: seat {seat}"),
        TableEvent::AbsenceExtended { seat, until_ms } => {
            format!("absence extended: seat {seat}, until {until_ms}")
        }
        TableEvent::Said { player, name, text } => format!("said: player {player} ({name}), {text}"),
        TableEvent::Unseated { seat, player, reason, cash_out, posting } => format!(
            "unseated: seat {seat}, player {player}, {}, {cash_out} chips paid back, posting {}",
            unseating(*reason),
            or_none(posting.as_ref())
        ),
        TableEvent::CashedOut { posting } => format!("cashed out: posting {posting}"),
        // The seed of the next hand is left out: words are printed while that hand is played.
        TableEvent::HandStarted { start, seed, script, next_seed: _ } => {
            format!("hand started: {}, seed {seed}{}", hand_start(start), mark(script.is_some(), "scripted"))
        }
        TableEvent::Contributed { seat, mix } => {
            format!("contributed: seat {seat}, number {}, pledge {}", or_none(mix.value), mix.pledge)
        }
        TableEvent::Hand(event) => hand_event(event),
        TableEvent::Turn { seat, turn, legal, deadline_ms } => {
            format!("turn {turn}: seat {seat}, may {}, ends at {deadline_ms}", may(legal))
        }
        TableEvent::TimedOut { seat } => format!("timed out: seat {seat}"),
        TableEvent::ClockExtended { deadline_ms } => format!("clock extended: turn ends at {deadline_ms}"),
        TableEvent::HandEnded { hand, stacks: after, seed, dealt, next_hand_ms } => {
            let dealt = or_none(dealt.map(|Dealt { places, open }| format!("{places}, opened {open:013x}")));
            format!(
                "hand ended: hand {hand}, {}, seed {seed}, places dealt {dealt}, next hand from {next_hand_ms}",
                stacks(after)
            )
        }
        TableEvent::Instructed { instruction: told, next_hand_ms } => {
            format!("instructed: {}, next hand from {next_hand_ms}", instruction(told))
        }
        TableEvent::CloseAsked => "close asked".to_owned(),
        TableEvent::SnapshotRenewed => "snapshot renewed".to_owned(),
        TableEvent::Closed => "closed".to_owned(),
    }
}

/// Describes an event within a hand, hidden cards included.
pub fn hand_event(event: &HandEvent) -> String {
    match event {
        HandEvent::Posted { seat, post, amount } => {
            format!("posted: seat {seat}, {}, {amount} chips", posted(*post))
        }
        HandEvent::Dealt { seat, down, up } => {
            format!("dealt: seat {seat}, {} face down, {} face up", cards(down), cards(up))
        }
        HandEvent::Board { street, cards: new } => format!("board: street {street}, {}", cards(new)),
        HandEvent::Acted { seat, action: done, added, stack } => {
            format!("acted: seat {seat} {}, {added} chips in, {stack} left", action(done))
        }
        HandEvent::Returned { seat, amount } => format!("returned: seat {seat}, {amount} chips"),
        HandEvent::Shown { seat, cards: shown, hand } => {
            format!("shown: seat {seat}, {} ({hand})", cards(shown))
        }
        HandEvent::Mucked { seat } => format!("mucked: seat {seat}"),
        HandEvent::Awarded { pot, seat, amount, share } => {
            format!("awarded: seat {seat}, {amount} chips of pot {pot} ({})", part(*share))
        }
    }
}

/// Describes a player's action.
fn action(action: &Action) -> String {
    match action {
        Action::Fold => "folds".to_owned(),
        Action::Check => "checks".to_owned(),
        Action::Call => "calls".to_owned(),
        Action::Bet(to) => format!("bets {to}"),
        Action::RaiseTo(to) => format!("raises to {to}"),
        Action::BringIn => "brings in".to_owned(),
        Action::Discard(thrown) => format!("discards {}", cards(thrown)),
    }
}

pub(super) fn instruction(told: &Instruction) -> String {
    let arrival = |arrival: &Arrival| {
        let Arrival { player, name, bot, stack, seat } = arrival;
        format!("player {player} ({name}{}) with {stack} chips in seat {seat}", mark(*bot, "bot"))
    };
    let then = match told.then {
        Then::Play => "play",
        Then::Wait => "wait",
        Then::Close => "close",
    };
    format!(
        "instruction {}, {}, players {} leave, {} arrive, then {then}; {} of {} players left, {} tables, {} chips on average",
        told.number,
        level(&told.level),
        list(&told.remove),
        list(told.add.iter().map(arrival)),
        told.stats.players_left,
        told.stats.entries,
        told.stats.tables,
        told.stats.average_stack,
    )
}

pub(super) fn table_config(config: &TableConfig) -> String {
    let purpose = match config.purpose {
        Purpose::Cash { min_buy_in, max_buy_in } => format!("cash, buy-in {min_buy_in} to {max_buy_in}"),
        Purpose::Tournament { tournament } => format!("tournament {tournament}"),
    };
    format!(
        "{}, {}, {} seats, {}, {purpose}{}{}",
        config.name,
        config.variant,
        config.seats,
        level(&config.level),
        mark(config.scripted, "scripted"),
        mark(config.open_decks, "open decks")
    )
}

fn hand_start(start: &HandStart) -> String {
    format!(
        "hand {}, button {}, small blind {}, big blind {}, {}, {}, commitment {}{}",
        start.hand,
        start.button,
        or_none(start.small_blind),
        start.big_blind,
        level(&start.level),
        stacks(&start.stacks),
        start.commitment,
        start.deal.as_ref().map(deal).unwrap_or_default()
    )
}

fn deal(deal: &Deal) -> String {
    let Deal { previous, next, mixes } = deal;
    let one = |mix: &Mix| {
        let Mix { seat, value, pledge } = mix;
        format!("seat {seat} number {} pledge {pledge}", or_none(*value))
    };
    format!(", after {previous}, next {next}, contributions {}", list(mixes.iter().map(one)))
}

fn level(level: &Level) -> String {
    format!("level {} ({}/{} ante {})", level.number, level.small_blind, level.big_blind, level.ante)
}

fn stacks(stacks: &[Stack]) -> String {
    let one = |stack: &Stack| {
        let Stack { seat, player, chips } = stack;
        format!("seat {seat} (player {player}) {chips} chips")
    };
    list(stacks.iter().map(one))
}

fn cards(cards: &[Card]) -> String {
    list(cards)
}

fn may(legal: &Legal) -> String {
    let Legal { fold, check, call, bet, raise, bring_in, discard } = legal;
    let bounds = |what: &str, bounds: &RaiseBounds| format!("{what} {} to {}", bounds.min, bounds.max);
    let all = [
        fold.then(|| "fold".to_owned()),
        check.then(|| "check".to_owned()),
        call.map(|amount| format!("call {amount}")),
        bet.as_ref().map(|range| bounds("bet", range)),
        raise.as_ref().map(|range| bounds("raise to", range)),
        bring_in.map(|amount| format!("bring in {amount}")),
        discard.map(|most| format!("discard up to {most} cards")),
    ];
    list(all.into_iter().flatten())
}

const fn unseating(reason: Unseating) -> &'static str {
    match reason {
        Unseating::Left => "left",
        Unseating::Busted => "out of chips",
        Unseating::Moved => "moved to another table",
        Unseating::TableClosed => "table closed",
        Unseating::Gone => "gone for too long",
    }
}

const fn posted(post: Post) -> &'static str {
    match post {
        Post::Ante => "ante",
        Post::BigBlindAnte => "ante for all",
        Post::SmallBlind => "small blind",
        Post::BigBlind => "big blind",
        Post::Straddle => "straddle",
        Post::DeadBlind => "dead blind",
        Post::BringIn => "bring-in",
    }
}

const fn part(share: Share) -> &'static str {
    match share {
        Share::Whole => "whole",
        Share::High => "high half",
        Share::Low => "low half",
    }
}
