//! How bots and clients act: at random among the legal actions.

use crate::chance::Chance;
use wire::{Action, Card, Legal, action::RaiseBounds};

/// Returns a legal action.
pub(crate) fn choose(legal: &Legal, hole: &[Card], chance: &mut Chance) -> Action {
    if let Some(most) = legal.discard {
        let count = usize::try_from(chance.below(u64::from(most) + 1)).unwrap_or(0);
        return Action::Discard(hole.iter().take(count).copied().collect());
    }
    let within = |bounds: RaiseBounds, chance: &mut Chance| {
        let most = if chance.below(8) == 0 { bounds.max } else { bounds.min };
        wire::Chips(chance.between(bounds.min.0, most.0))
    };
    let draw = chance.below(100);
    match (legal.bet, legal.raise, legal.bring_in) {
        (_, _, Some(_)) if draw < 70 => Action::BringIn,
        (Some(bounds), _, _) if draw < 25 => Action::Bet(within(bounds, chance)),
        (_, Some(bounds), _) if draw < 12 => Action::RaiseTo(within(bounds, chance)),
        _ if legal.check => Action::Check,
        _ if legal.call.is_some() && draw < 75 => Action::Call,
        _ if legal.fold => Action::Fold,
        (_, _, Some(_)) => Action::BringIn,
        (_, Some(bounds), _) | (Some(bounds), ..) => Action::RaiseTo(bounds.min),
        _ => Action::Call,
    }
}
