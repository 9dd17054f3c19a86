//! Draws a table as text: seats, stacks, board, own cards, pots, the turn and the actions that are
//! allowed.

use crate::words;
use std::fmt::Write;
use wire::{
    Card, Chips, Legal, PlayerId, SeatNo,
    view::{HandView, SeatView, TableView},
};

/// Draws a table for the player `me` (none for visitors), whose cards are `own`. `now_ms` is the
/// table's time, by which the rest of the turn is shown.
pub fn table(view: &TableView, me: Option<PlayerId>, own: &[Card], now_ms: Option<u64>) -> String {
    let mut text = head(view);
    if let Some(hand) = &view.hand {
        let _ = write!(text, "\n{}", middle(hand));
    }
    let button = view.hand.as_ref().map(|hand| hand.button);
    let turn = view.hand.as_ref().and_then(|hand| hand.turn.as_ref());
    for seat in &view.seats {
        let acts = turn.is_some_and(|turn| turn.seat == seat.seat);
        let mine = me == Some(seat.player);
        let _ = write!(text, "\n{}", seat_line(seat, acts, button, mine, own));
    }
    let free: Vec<String> = (0..view.config.seats)
        .filter(|no| !view.seats.iter().any(|seat| seat.seat == *no))
        .map(|no| no.to_string())
        .collect();
    if !free.is_empty() && !view.closed {
        let _ = write!(text, "\n   free: {}", free.join(", "));
    }
    if let (Some(turn), Some(now_ms)) = (turn, now_ms) {
        let mine = me.is_some_and(|me| player_at(view, turn.seat) == Some(me));
        let left = seconds_left(turn.deadline_ms, now_ms);
        let _ = match mine {
            true => write!(text, "\n>> Your turn, {left} s left: {}", choices(&turn.legal)),
            false => write!(text, "\n   {} to act, {left} s left", name_at(view, turn.seat)),
        };
    }
    text
}

/// Returns the whole seconds until a moment, rounded up.
pub fn seconds_left(deadline_ms: u64, now_ms: u64) -> u64 {
    deadline_ms.saturating_sub(now_ms).div_ceil(1_000)
}

fn head(view: &TableView) -> String {
    let config = &view.config;
    let mut text = format!(
        "── {} (table {}) ── {}, {}",
        config.name,
        view.table,
        words::variant(&config.variant),
        words::level(&view.level)
    );
    match &view.hand {
        Some(hand) => {
            let street = words::street(&config.variant, hand.street);
            let _ = write!(text, " ── hand {}, {street}", hand.hand);
        }
        None if view.closed => text.push_str(" ── closed"),
        None => text.push_str(" ── between hands"),
    }
    text
}

fn middle(hand: &HandView) -> String {
    let all: Chips = hand.pots.iter().copied().sum();
    let mut text = format!("   pot {}", words::chips(all));
    if hand.pots.len() > 1 {
        let parts: Vec<String> = hand.pots.iter().map(|pot| words::chips(*pot)).collect();
        let _ = write!(text, " ({})", parts.join(" + "));
    }
    if !hand.board.is_empty() {
        let _ = write!(text, "   board [{}]", words::cards(&hand.board));
    }
    text
}

fn seat_line(seat: &SeatView, acts: bool, button: Option<SeatNo>, mine: bool, own: &[Card]) -> String {
    let pointer = if acts { '>' } else { ' ' };
    let button = if button == Some(seat.seat) { 'D' } else { ' ' };
    let bot = if seat.bot { " (bot)" } else { "" };
    let name = format!("{}{bot}", seat.name);
    let stack = words::chips(seat.stack);
    let mut line = format!(" {pointer} {:>2} {button} {name:<26} {stack:>12}", seat.seat);
    match &seat.in_hand {
        Some(hand) => {
            let bet = if hand.bet.is_zero() { String::new() } else { words::chips(hand.bet) };
            let cards = held(hand.down, &hand.up, mine.then_some(own));
            let _ = write!(line, "  {bet:>10}  {cards}");
            if hand.folded {
                line.push_str(" folded");
            } else if seat.stack.is_zero() {
                line.push_str(" all-in");
            }
        }
        None if seat.sitting_out => line.push_str("  sitting out"),
        None => {}
    }
    if !seat.waiting.is_zero() {
        let _ = write!(line, "  (+{} after the hand)", words::chips(seat.waiting));
    }
    if seat.disconnected {
        line.push_str("  (no connection)");
    }
    if mine {
        line.push_str("  <- you");
    }
    line.trim_end().to_owned()
}

/// Returns the cards in front of a player: the viewer's own cards open, hidden ones as dots.
fn held(down: u8, up: &[Card], own: Option<&[Card]>) -> String {
    let mut parts = Vec::new();
    match own {
        Some(own) if !own.is_empty() && down > 0 => parts.push(words::cards(own)),
        _ if down > 0 => parts.push(vec!["··"; usize::from(down)].join(" ")),
        _ => {}
    }
    if !up.is_empty() {
        parts.push(words::cards(up));
    }
    if parts.is_empty() { String::new() } else { format!("[{}]", parts.join(" | ")) }
}

/// Returns the actions that are allowed, with their keys.
pub fn choices(legal: &Legal) -> String {
    let mut keys = Vec::new();
    if legal.fold && !legal.check {
        keys.push("f fold".to_owned());
    }
    if legal.check {
        keys.push("k check".to_owned());
    }
    if let Some(call) = legal.call {
        keys.push(format!("c call {}", words::chips(call)));
    }
    for (bounds, key, word) in [(legal.bet, 'b', "bet"), (legal.raise, 'r', "raise to")] {
        if let Some(bounds) = bounds {
            let (min, max) = (words::chips(bounds.min), words::chips(bounds.max));
            keys.push(if bounds.min == bounds.max {
                format!("{key} {} {word} that", bounds.min)
            } else {
                format!("{key} N {word} N ({min} to {max})")
            });
            keys.push(format!("a {word} {max}"));
        }
    }
    if let Some(amount) = legal.bring_in {
        keys.push(format!("i bring in {}", words::chips(amount)));
    }
    if let Some(most) = legal.discard {
        keys.push(format!("d CARDS draw (at most {most})"));
        keys.push("p stand pat".to_owned());
    }
    keys.join(", ")
}

fn player_at(view: &TableView, no: SeatNo) -> Option<PlayerId> {
    view.seats.iter().find(|seat| seat.seat == no).map(|seat| seat.player)
}

fn name_at(view: &TableView, no: SeatNo) -> String {
    let seat = view.seats.iter().find(|seat| seat.seat == no);
    seat.map_or_else(|| format!("seat {no}"), |seat| seat.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{
        HandNo, RaiseBounds, TableId,
        table::{Level, TableConfig},
        view::{SeatInHand, TurnView},
    };

    fn view() -> TableView {
        let level = Level { number: 0, small_blind: Chips(50), big_blind: Chips(100), ante: Chips(0) };
        let seat = |no: SeatNo, name: &str, stack, bet, folded| SeatView {
            seat: no,
            player: PlayerId(u64::from(no)),
            name: name.to_owned(),
            bot: no > 0,
            stack: Chips(stack),
            waiting: Chips::ZERO,
            sitting_out: false,
            disconnected: false,
            in_hand: Some(SeatInHand { bet: Chips(bet), folded, down: 2, up: Vec::new() }),
        };
        TableView {
            table: TableId(77),
            config: TableConfig {
                name: "Main".to_owned(),
                seats: 4,
                action_ms: 20_000,
                ..TableConfig::cash(level, Chips(100)..=Chips(1_000)).without_pauses()
            },
            event_no: 5,
            level,
            seats: vec![
                seat(0, "ann", 4_900, 100, false),
                seat(1, "bob", 0, 2_300, false),
                seat(3, "cy", 10, 0, true),
            ],
            hand: Some(HandView {
                hand: HandNo(12),
                button: 1,
                street: 1,
                board: vec!["2c".parse().unwrap(), "3d".parse().unwrap(), "4h".parse().unwrap()],
                pots: vec![Chips(600), Chips(2_200)],
                turn: Some(TurnView {
                    seat: 0,
                    turn: 3,
                    legal: Legal {
                        fold: true,
                        call: Some(Chips(2_200)),
                        raise: Some(RaiseBounds { min: Chips(4_500), max: Chips(5_000) }),
                        ..Legal::default()
                    },
                    deadline_ms: 10_500,
                }),
            }),
            hands: 11,
            closed: false,
        }
    }

    #[test]
    fn a_player_sees_own_cards_and_the_allowed_actions() {
        let own = ["As".parse().unwrap(), "Kd".parse().unwrap()];
        let text = table(&view(), Some(PlayerId(0)), &own, Some(1_000));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "── Main (table 77) ── No-limit hold'em, 50/100 ── hand 12, flop",
                "   pot 2 800 (600 + 2 200)   board [2c 3d 4h]",
                " >  0   ann                               4 900         100  [As Kd]  <- you",
                "    1 D bob (bot)                             0       2 300  [·· ··] all-in",
                "    3   cy (bot)                             10              [·· ··] folded",
                "   free: 2",
                ">> Your turn, 10 s left: f fold, c call 2 200, r N raise to N (4 500 to 5 000), a raise to 5 000",
            ]
        );
    }

    #[test]
    fn a_visitor_sees_no_hole_cards() {
        let text = table(&view(), None, &[], Some(10_400));
        assert!(!text.contains("As"));
        assert!(text.ends_with("   ann to act, 1 s left"), "{text}");
    }
}
