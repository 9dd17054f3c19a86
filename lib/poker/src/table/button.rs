//! Button, blinds and the players dealt in: the dead-button rule (TDA 32), heads-up (TDA 34-B), and
//! newcomers who have to wait between button and small blind (TDA 7, 8, 10).

use super::Blinds;
use wire::SeatNo;

/// Places button and blinds for the next hand and returns them with the seats dealt in, in
/// ascending order.
///
/// `active` are the seats that could play, in ascending order; `seats` is the number of seats at
/// the table; `draw` picks the button of the first hand. `None` when fewer than two could play.
pub(super) fn place(
    last: Option<Blinds>,
    active: &[SeatNo],
    seats: u8,
    draw: u64,
) -> Option<(Blinds, Vec<SeatNo>)> {
    if active.len() < 2 {
        return None;
    }
    let Some(last) = last else {
        return Some((first(active, draw), active.to_vec()));
    };
    if active.len() == 2 {
        return Some((heads_up(last.big_blind, active), active.to_vec()));
    }
    let blinds = moved(last, active, seats);
    let waits = |&seat: &SeatNo| strictly_between(blinds.button, seat, blinds.small_blind, seats);
    let dealt: Vec<SeatNo> = active.iter().copied().filter(|seat| !waits(seat)).collect();
    match dealt.len() {
        // All but the big blind are newcomers: no other player is left for a hand without them.
        0 | 1 => Some((blinds, active.to_vec())),
        // The players who were here play heads-up; the newcomers come in with the next hand.
        2 => Some((heads_up(last.big_blind, &dealt), dealt)),
        _ => Some((blinds, dealt)),
    }
}

fn first(active: &[SeatNo], draw: u64) -> Blinds {
    let n = active.len();
    let at = |i: usize| active[i % n];
    let button = (draw % n as u64) as usize;
    // Heads-up the button is the small blind (TDA 34-B).
    let small = if n == 2 { button } else { button + 1 };
    Blinds { button: at(button), small_blind: at(small), small_blind_dead: false, big_blind: at(small + 1) }
}

/// Returns the blinds of a heads-up hand (TDA 34-B): no player pays the big blind twice running;
/// the other one has the button and the small blind.
fn heads_up(last_big_blind: SeatNo, active: &[SeatNo]) -> Blinds {
    let big_blind = next_after(last_big_blind, active);
    let button = next_after(big_blind, active);
    Blinds { button, small_blind: button, small_blind_dead: false, big_blind }
}

/// Moves the blinds (TDA 32): the big blind moves to the next player; the small blind is due at the
/// seat of the last big blind and the button goes to the seat of the last small blind, even if that
/// seat is empty.
fn moved(last: Blinds, active: &[SeatNo], seats: u8) -> Blinds {
    let big_blind = next_after(last.big_blind, active);
    let small_blind = last.big_blind;
    // Coming from heads-up (or nearly so) the last small blind is the new big blind and cannot have
    // the button too: the button goes to the nearest player before the small blind.
    let button = if last.small_blind == big_blind {
        before(small_blind, big_blind, active, seats)
    } else {
        last.small_blind
    };
    Blinds { button, small_blind, small_blind_dead: !active.contains(&small_blind), big_blind }
}

/// Returns the first active seat clockwise after `seat`.
fn next_after(seat: SeatNo, active: &[SeatNo]) -> SeatNo {
    active.iter().copied().find(|&s| s > seat).unwrap_or(active[0])
}

/// Returns the nearest active seat counter-clockwise before `seat` that is not `not`; `not` when
/// there is no other.
fn before(seat: SeatNo, not: SeatNo, active: &[SeatNo], seats: u8) -> SeatNo {
    let others = active.iter().copied().filter(|&s| s != not && s != seat);
    others.min_by_key(|&s| clockwise(s, seat, seats)).unwrap_or(not)
}

/// Returns the number of steps clockwise from one seat to another.
const fn clockwise(from: SeatNo, to: SeatNo, seats: u8) -> u8 {
    (to + seats - from) % seats
}

/// Returns whether the way clockwise from `from` passes `seat` before `to`, both ends excluded.
const fn strictly_between(from: SeatNo, seat: SeatNo, to: SeatNo, seats: u8) -> bool {
    let steps = clockwise(from, seat, seats);
    steps > 0 && steps < clockwise(from, to, seats)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blinds(button: u8, small_blind: u8, big_blind: u8) -> Blinds {
        Blinds { button, small_blind, small_blind_dead: false, big_blind }
    }

    #[test]
    fn the_button_goes_round() {
        let (next, dealt) = place(Some(blinds(0, 1, 2)), &[0, 1, 2, 3, 4, 5], 6, 0).unwrap();
        assert_eq!(next, blinds(1, 2, 3));
        assert_eq!(dealt.len(), 6);
        let (next, _) = place(Some(blinds(3, 4, 5)), &[0, 1, 2, 3, 4, 5], 6, 0).unwrap();
        assert_eq!(next, blinds(4, 5, 0));
    }

    #[test]
    fn a_busted_big_blind_leaves_a_dead_small_blind_then_a_dead_button() {
        let (next, _) = place(Some(blinds(0, 1, 2)), &[0, 1, 3, 4], 6, 0).unwrap();
        assert_eq!(next, Blinds { small_blind_dead: true, ..blinds(1, 2, 3) });
        let (after, _) = place(Some(next), &[0, 1, 3, 4], 6, 0).unwrap();
        assert_eq!(after, blinds(2, 3, 4));
    }

    #[test]
    fn a_busted_small_blind_leaves_a_dead_button() {
        let (next, _) = place(Some(blinds(0, 1, 2)), &[0, 2, 3], 6, 0).unwrap();
        assert_eq!(next, blinds(1, 2, 3));
    }

    #[test]
    fn heads_up_the_button_is_the_small_blind_and_no_player_pays_the_big_blind_twice_running() {
        let (next, _) = place(Some(blinds(0, 1, 2)), &[0, 2], 6, 0).unwrap();
        assert_eq!(next, blinds(2, 2, 0));
        let (after, _) = place(Some(next), &[0, 2], 6, 0).unwrap();
        assert_eq!(after, blinds(0, 0, 2));
    }

    #[test]
    fn a_third_player_joins_a_heads_up_table() {
        // Behind the big blind, the newcomer is the next big blind.
        assert_eq!(place(Some(blinds(0, 0, 2)), &[0, 2, 4], 6, 0).unwrap().0, blinds(0, 2, 4));
        // Between small and big blind, the newcomer gets the button.
        assert_eq!(place(Some(blinds(0, 0, 2)), &[0, 1, 2], 6, 0).unwrap().0, blinds(1, 2, 0));
    }

    #[test]
    fn a_newcomer_between_button_and_small_blind_waits() {
        let (next, dealt) = place(Some(blinds(0, 1, 3)), &[0, 1, 2, 3, 4, 5], 6, 0).unwrap();
        assert_eq!(next, blinds(1, 3, 4));
        assert_eq!(dealt, [0, 1, 3, 4, 5]);
    }

    #[test]
    fn over_many_random_arrivals_and_busts_no_player_pays_twice_running_or_is_passed_over() {
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut roll = move |n: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % n
        };
        for _ in 0..2_000 {
            let seats = 2 + roll(9) as u8;
            let mut taken: Vec<bool> = (0..seats).map(|_| roll(3) > 0).collect();
            let mut last: Option<Blinds> = None;
            for _ in 0..40 {
                let active: Vec<u8> = (0..seats).filter(|&s| taken[usize::from(s)]).collect();
                let placed = place(last, &active, seats, roll(1_000));
                assert_eq!(placed.is_none(), active.len() < 2);
                if let Some((now, dealt)) = placed {
                    assert!(dealt.len() >= 2 && dealt.contains(&now.big_blind));
                    assert_eq!(now.small_blind_dead, !dealt.contains(&now.small_blind));
                    assert!(now.small_blind != now.big_blind);
                    if let Some(last) = last {
                        assert_ne!(last.big_blind, now.big_blind, "twice running");
                        let skipped = active.iter().filter(|&&s| {
                            dealt.contains(&s) && strictly_between(last.big_blind, s, now.big_blind, seats)
                        });
                        assert_eq!(skipped.count(), 0, "a player was passed over by the big blind");
                    }
                    last = Some(now);
                }
                let at = roll(u64::from(seats)) as usize;
                taken[at] = !taken[at];
            }
        }
    }
}
