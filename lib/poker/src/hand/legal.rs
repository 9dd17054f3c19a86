//! The legal actions. [`Hand::legal`] computes them; actions that arrive are checked against its
//! result.

use super::{Hand, HandPhase, HandSeat};
use crate::variant::{BetSize, Betting, Street};
use wire::{Action, Card, Chips, Legal, RaiseBounds, Refusal, SeatNo, event::HandEvent};

impl Hand {
    /// Returns the actor's legal actions; none of them when no seat has the action.
    #[must_use]
    pub fn legal(&self) -> Legal {
        let Some(seat) = self.actor.and_then(|actor| self.seats.at(actor)) else {
            return Legal::default();
        };
        let bounds = self.raise_bounds(seat);
        let opens = self.round.level.is_zero();
        Legal {
            bet: bounds.filter(|_| opens),
            raise: bounds.filter(|_| !opens),
            ..self.legal_without_raises(seat)
        }
    }

    /// Returns the actor's legal actions without bets and raises.
    fn legal_without_raises(&self, seat: &HandSeat) -> Legal {
        if self.stage == HandPhase::Drawing {
            return Legal { discard: Some(self.most_discards(seat)), ..Legal::default() };
        }
        let round = &self.round;
        Legal {
            // The bring-in is forced; otherwise a fold is always accepted, also when checking is
            // free.
            fold: !round.bring_in,
            check: !round.bring_in && seat.bet >= round.level,
            call: (seat.bet < round.level).then(|| round.level.minus_or_zero(seat.bet).min(seat.stack)),
            bring_in: round.bring_in.then(|| self.bring_in.min(seat.stack)),
            ..Legal::default()
        }
    }

    /// Returns the rules of the current street.
    pub(super) fn street_rules(&self) -> Option<&'static Street> {
        self.variant.streets.get(usize::from(self.street))
    }

    /// Returns the fixed bet of the street; in the other structures the smallest bet.
    pub(super) fn bet_size(&self) -> Chips {
        let big = self.variant.betting == Betting::FixedLimit
            && self.street_rules().is_some_and(|street| street.bet == BetSize::Big);
        if big { self.big_bet } else { self.min_bet }
    }

    fn most_discards(&self, seat: &HandSeat) -> u8 {
        let held = seat.down.len().min(7) as u8;
        self.street_rules().map_or(0, |street| street.draw.min(held))
    }

    /// Returns the totals that a bet or raise of this player may reach; `None` when the player may
    /// not raise.
    fn raise_bounds(&self, seat: &HandSeat) -> Option<RaiseBounds> {
        if self.stage == HandPhase::Drawing {
            return None;
        }
        let round = &self.round;
        let all_in = seat.bet.plus(seat.stack);
        let someone_can_answer = self.seats.in_play().any(|other| {
            other.seat != seat.seat && other.can_bet() && other.bet.plus(other.stack) > round.level
        });
        if all_in <= round.level || !someone_can_answer || !self.is_open_to(seat) {
            return None;
        }
        let full = self.full_raise_to();
        let most = match self.variant.betting {
            Betting::NoLimit => all_in,
            Betting::PotLimit => full.max(self.pot_raise_to(seat)),
            Betting::FixedLimit => full,
        };
        Some(RaiseBounds { min: full.min(all_in), max: most.min(all_in) })
    }

    /// Returns whether the betting is open to the player: always before their first action on the
    /// street; then only when the bets since add up to a full raise (TDA 47-A), in fixed limit to
    /// half a bet (TDA 47-B). In fixed limit the cap on raises closes it for all (TDA 48).
    fn is_open_to(&self, seat: &HandSeat) -> bool {
        let round = &self.round;
        let fixed = self.variant.betting == Betting::FixedLimit;
        if fixed && round.bets >= self.most_bets() {
            return false;
        }
        let Some(acted) = seat.acted else {
            return true;
        };
        let since = round.mark.minus_or_zero(acted);
        if fixed { !since.is_zero() } else { since >= round.step }
    }

    /// Returns the most full bets and raises that a fixed-limit street allows.
    fn most_bets(&self) -> u8 {
        let capped = self.cap.heads_up || self.seats.iter().len() > 2;
        if capped { self.cap.bets } else { u8::MAX }
    }

    /// Returns the total that a full bet or raise reaches (TDA 43). In fixed limit an all-in of
    /// less than half a bet does not count: the next player completes it.
    fn full_raise_to(&self) -> Chips {
        match self.variant.betting {
            Betting::FixedLimit => self.round.mark.plus(self.round.step),
            Betting::NoLimit | Betting::PotLimit => self.round.level.plus(self.round.step),
        }
    }

    /// Returns the total of a raise by the size of the pot after a call. On the first street the
    /// blinds count as posted in full, and antes do not count (TDA 54).
    fn pot_raise_to(&self, seat: &HandSeat) -> Chips {
        let pot = if self.street == 0 {
            let bets: Chips = self.seats.iter().map(|seat| seat.bet).sum();
            bets.plus(self.blinds_short)
        } else {
            self.middle()
        };
        let call = self.round.level.minus_or_zero(seat.bet);
        self.round.level.plus(pot).plus(call)
    }

    /// Returns the event of an action after checking that it is legal.
    pub(crate) fn acted(&self, seat: SeatNo, action: &Action) -> Result<HandEvent, Refusal> {
        if self.stage == HandPhase::Over {
            return Err(Refusal::NoHand);
        }
        if self.actor != Some(seat) {
            return Err(Refusal::NotYourTurn);
        }
        let player = self.seats.at(seat).ok_or(Refusal::NotSeated)?;
        let raises = matches!(action, Action::Bet(_) | Action::RaiseTo(_));
        let legal = if raises { self.legal() } else { self.legal_without_raises(player) };
        let added = match action {
            Action::Discard(cards) => {
                check_discard(&legal, player, cards)?;
                Chips::ZERO
            }
            _ if legal.discard.is_some() => return Err(Refusal::NotAtThisStage),
            Action::Fold if legal.fold => Chips::ZERO,
            Action::Check if legal.check => Chips::ZERO,
            Action::Check => {
                let to_call = legal.call.ok_or(Refusal::NotAtThisStage)?;
                return Err(Refusal::CannotCheck { to_call });
            }
            Action::Call => legal.call.ok_or(Refusal::NothingToCall)?,
            Action::BringIn => legal.bring_in.ok_or(Refusal::NotAtThisStage)?,
            Action::Bet(to) => {
                let refusal =
                    if self.round.level.is_zero() { Refusal::RaiseNotOpen } else { Refusal::AlreadyBet };
                within(legal.bet.ok_or(refusal)?, *to)?.minus_or_zero(player.bet)
            }
            Action::RaiseTo(to) => {
                let refusal =
                    if self.round.level.is_zero() { Refusal::NoBetToRaise } else { Refusal::RaiseNotOpen };
                within(legal.raise.ok_or(refusal)?, *to)?.minus_or_zero(player.bet)
            }
            Action::Fold => return Err(Refusal::NotAtThisStage),
        };
        Ok(HandEvent::Acted { seat, action: action.clone(), added, stack: player.stack.minus_or_zero(added) })
    }
}

fn within(bounds: RaiseBounds, to: Chips) -> Result<Chips, Refusal> {
    if to < bounds.min {
        Err(Refusal::BelowMinimum { min: bounds.min })
    } else if to > bounds.max {
        Err(Refusal::AboveMaximum { max: bounds.max })
    } else {
        Ok(to)
    }
}

fn check_discard(legal: &Legal, player: &HandSeat, cards: &[Card]) -> Result<(), Refusal> {
    let max = legal.discard.ok_or(Refusal::NotAtThisStage)?;
    let held = cards.iter().all(|card| player.down.contains(card));
    let twice = cards.iter().enumerate().any(|(at, card)| cards[..at].contains(card));
    if cards.len() > usize::from(max) || !held || twice {
        return Err(Refusal::BadDiscard { max });
    }
    Ok(())
}
