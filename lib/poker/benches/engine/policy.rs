//! The random policy of `scripts/bench-engine`, so that both engines play hands of the same kind.

use poker::random::Dice;
use wire::{Action, Chips, Legal, RaiseBounds};

/// Chooses an action: a quarter of the actions raises where that is possible, to any total; a fifth
/// folds to a bet; the rest checks or calls.
pub fn action(legal: &Legal, dice: &mut Dice) -> Action {
    let total = |bounds: RaiseBounds, dice: &mut Dice| Chips(dice.between(bounds.min.0, bounds.max.0));
    match (dice.below(100), legal.bet, legal.raise) {
        (0..25, Some(bounds), _) => Action::Bet(total(bounds, dice)),
        (0..25, _, Some(bounds)) => Action::RaiseTo(total(bounds, dice)),
        (0..45, ..) if legal.call.is_some() => Action::Fold,
        _ if legal.call.is_some() => Action::Call,
        _ => Action::Check,
    }
}
