//! Effects that are still due, derived from the table's state. The table's owner, and after a
//! takeover the next one, repeats each effect until the state says that it is done; all of them may
//! be carried out twice.

use super::Table;
use crate::hand::HandSeat;
use wire::{
    HandNo, SeatNo,
    bots::{BotAsk, Opponent},
    cashier::TableMoneyRequest,
    table::Purpose,
    tournament::Report,
};

/// An effect of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask the cashier; its answer goes to [`Table::money_arrived`] or [`Table::paid_back`].
    Money(TableMoneyRequest),
    /// Report a finished hand to the coordinator; the instruction in its answer is the next
    /// command.
    Report(Report),
    /// Confirm to the coordinator that the instruction of this number was carried out.
    Applied(u64),
}

/// A turn that waits for a bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BotTurn {
    /// The hand.
    pub hand: HandNo,
    /// The number of the turn.
    pub turn: u32,
    /// The end of the bot's thinking pause, in milliseconds since 1970.
    pub not_before_ms: u64,
}

impl Table {
    /// Returns all effects that are due now, except asks to bots: [`Table::bot_ask`] returns those.
    #[must_use]
    pub fn effects(&self) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.money_effects(&mut effects);
        if let Some(side) = &self.tournament {
            if side.confirm {
                effects.push(Effect::Applied(side.instruction));
            }
            effects.extend(self.report().map(Effect::Report));
        }
        effects
    }

    /// Returns the report that is due for the last hand of a tournament's table.
    #[must_use]
    pub fn report(&self) -> Option<Report> {
        let side = self.tournament.as_ref()?;
        let finished = side.unreported.as_ref()?;
        Some(Report {
            table: self.id,
            hand: finished.hand,
            applied: side.instruction,
            button: finished.button,
            big_blind: finished.big_blind,
            results: finished.results.clone(),
            actions: finished.actions,
        })
    }

    fn money_effects(&self, effects: &mut Vec<Effect>) {
        let table = self.id;
        if !matches!(self.config.purpose, Purpose::Cash { .. }) {
            return;
        }
        for (_, seat) in self.taken() {
            if let Some(awaited) = &seat.awaited {
                let (posting, player, amount) = (awaited.posting.clone(), seat.player, awaited.amount);
                effects.push(Effect::Money(TableMoneyRequest::BuyIn { posting, player, table, amount }));
            }
        }
        for cash_out in &self.cash_outs {
            let (posting, player, amount) = (cash_out.posting.clone(), cash_out.player, cash_out.amount);
            effects.push(Effect::Money(TableMoneyRequest::CashOut { posting, player, table, amount }));
        }
    }

    /// Returns the turn that waits for a bot, if there is one.
    #[must_use]
    pub fn bot_turn(&self) -> Option<BotTurn> {
        let playing = self.playing.as_ref()?;
        self.seat(playing.hand.actor()?).filter(|seat| seat.bot)?;
        let not_before_ms = playing.turn_began_ms + u64::from(self.config.bot_pace_ms);
        Some(BotTurn { hand: playing.start.hand, turn: playing.turn, not_before_ms })
    }

    /// Returns the ask to the bot workers: exactly the view of a person in the actor's seat. `None`
    /// when no bot has the action.
    #[must_use]
    pub fn bot_ask(&self) -> Option<BotAsk> {
        let playing = self.playing.as_ref()?;
        let actor = playing.hand.actor()?;
        let seat = self.seat(actor).filter(|seat| seat.bot)?;
        let own = playing.hand.seat(actor)?;
        let others = playing.hand.seats().filter(|(no, other)| *no != actor && !other.folded);
        let opponent = |(seat, other): (SeatNo, &HandSeat)| Opponent {
            seat,
            stack: other.stack,
            bet: other.bet,
            up: other.up.to_vec(),
        };
        Some(BotAsk {
            table: self.id,
            player: seat.player,
            hand: playing.start.hand,
            turn: playing.turn,
            deadline_ms: playing.deadline_ms,
            time_ms: Some(playing.deadline_ms.saturating_sub(playing.turn_began_ms)),
            variant: self.config.variant.clone(),
            legal: playing.hand.legal(),
            hole: own.down.iter().chain(own.up.iter()).copied().collect(),
            board: playing.hand.board().to_vec(),
            street: playing.hand.street(),
            pot: playing.hand.pots().sum(),
            big_blind: playing.start.level.big_blind,
            stack: own.stack,
            bet: own.bet,
            opponents: others.map(opponent).collect(),
        })
    }
}
