//! Conversion of a hand to a hand file.

use super::{Amount, Phh};
use crate::hand::{Antes, Hand, HandSeat, HandSetup, PlayerSetup, SetupError};
use crate::variant::Betting;
use std::collections::BTreeMap;
use wire::{
    Action, Card, Chips, SeatNo,
    event::{HandEvent, Post},
};

/// The reason why a hand cannot be written as a hand file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The setup makes no hand.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The format has no dead blinds together with an ante of each player.
    #[error("seat {0} posts a dead blind and each player an ante: the format cannot express both")]
    DeadBlind(SeatNo),
}

/// Returns a hand as a hand file, from its setup and all of its events. The caller adds names.
///
/// # Errors
/// [`ExportError`] when the setup makes no hand, or the format cannot express it.
pub fn export(setup: &HandSetup, events: &[HandEvent]) -> Result<Phh, ExportError> {
    let order = order(setup);
    let mut hand = Hand::new(setup)?;
    events.iter().for_each(|event| hand.evolve(event));
    let listed = |amount: &dyn Fn(&PlayerSetup) -> Amount| -> Vec<Amount> {
        let mut list: Vec<Amount> = order.iter().map(|player| amount(player)).collect();
        if list.len() == 2 {
            list.reverse();
        }
        list
    };
    let each = setup.antes == Antes::Each;
    let anted = setup.players.iter().any(|player| !player.ante.is_zero());
    let dead = setup.players.iter().find(|player| !player.dead.is_zero());
    if let Some(player) = dead.filter(|_| each && anted) {
        return Err(ExportError::DeadBlind(player.seat));
    }
    let big_blind = setup.min_bet;
    let late = |nth: usize, post, amount| nth > 1 && post == Post::BigBlind && amount == big_blind;
    let nth = |seat: SeatNo| order.iter().position(|player| player.seat == seat).unwrap_or(0);
    let blind = |player: &PlayerSetup| match player.blind {
        Some((post, amount)) if late(nth(player.seat), post, amount) => Amount::of(amount).negative(),
        blind => Amount::of(blind.map_or(Chips::ZERO, |(_, amount)| amount)),
    };
    let fixed = setup.variant.betting == Betting::FixedLimit;
    let brings_in = setup.variant.has_bring_in();
    let stack =
        |player: &&PlayerSetup| Amount::of(hand.seat(player.seat).map_or(Chips::ZERO, |seat| seat.stack));
    Ok(Phh {
        variant: setup.variant.code.to_owned(),
        ante_trimming_status: each && dead.is_none(),
        antes: listed(&|player| Amount::of(player.ante.plus(player.dead))),
        blinds_or_straddles: if brings_in { Vec::new() } else { listed(&blind) },
        bring_in: brings_in.then(|| Amount::of(setup.bring_in)),
        small_bet: fixed.then(|| Amount::of(setup.min_bet)),
        big_bet: fixed.then(|| Amount::of(setup.big_bet)),
        min_bet: (!fixed).then(|| Amount::of(setup.min_bet)),
        starting_stacks: order.iter().map(|player| Amount::of(player.stack)).collect(),
        actions: actions(&nth, events, &hand),
        players: None,
        finishing_stacks: hand.is_over().then(|| order.iter().map(stack).collect()),
        other: BTreeMap::new(),
    })
}

/// Returns the players in the order of the format: from the first one left of the button.
fn order(setup: &HandSetup) -> Vec<&PlayerSetup> {
    let mut order: Vec<&PlayerSetup> = setup.players.iter().collect();
    order.sort_by_key(|player| (player.seat <= setup.button, player.seat));
    order
}

fn text(cards: &[Card]) -> String {
    cards.iter().map(Card::to_string).collect()
}

/// Returns the events in the format's notation. There, all players draw before the new cards are
/// dealt, and a player shows all cards at once, after the last of them.
fn actions(nth: &dyn Fn(SeatNo) -> usize, events: &[HandEvent], end: &Hand) -> Vec<String> {
    let last_dealt = events.iter().rposition(|event| matches!(event, HandEvent::Dealt { .. }));
    let mut shown_early: Vec<String> = Vec::new();
    let mut actions = Vec::new();
    let mut drawn: Vec<String> = Vec::new();
    let mut drawing = false;
    let mut drew: Vec<SeatNo> = Vec::new();
    let player = |seat: SeatNo| format!("p{}", nth(seat) + 1);
    for (at, event) in events.iter().enumerate() {
        let action = match event {
            HandEvent::Dealt { seat, down, up } => {
                let dealt = format!("d dh {} {}{}", player(*seat), text(down), text(up));
                if drawing {
                    drawn.push(dealt);
                    continue;
                }
                dealt
            }
            HandEvent::Board { cards, .. } => format!("d db {}", text(cards)),
            HandEvent::Acted { seat, action, .. } => {
                let player = player(*seat);
                drawing = matches!(action, Action::Discard(_));
                // With players all-in, one draw follows the other without bets between.
                if !drawing || drew.contains(seat) {
                    actions.append(&mut drawn);
                    drew.clear();
                }
                drew.extend(drawing.then_some(*seat));
                match action {
                    Action::Fold => format!("{player} f"),
                    Action::Check | Action::Call => format!("{player} cc"),
                    Action::Bet(to) | Action::RaiseTo(to) => format!("{player} cbr {to}"),
                    Action::BringIn => format!("{player} pb"),
                    Action::Discard(cards) => format!("{player} sd {}", text(cards)),
                }
            }
            HandEvent::Shown { seat, .. } => {
                actions.append(&mut drawn);
                let cards = end.seat(*seat).map(HandSeat::cards).unwrap_or_default();
                let shown = format!("{} sm {}", player(*seat), text(&cards));
                if last_dealt > Some(at) {
                    shown_early.push(shown);
                    continue;
                }
                shown
            }
            HandEvent::Mucked { seat } => {
                actions.append(&mut drawn);
                format!("{} sm", player(*seat))
            }
            HandEvent::Posted { .. } | HandEvent::Returned { .. } | HandEvent::Awarded { .. } => {
                continue;
            }
        };
        actions.push(action.trim_end().to_owned());
    }
    actions.append(&mut drawn);
    actions.append(&mut shown_early);
    actions
}
