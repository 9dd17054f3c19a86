//! The decisions on commands.

use super::{Table, deal};
use crate::dealing;
use wire::{
    Action, Chips, HandNo, PlayerCommand, PlayerId, Refusal, SeatNo, TableId,
    deal::{Contribution, Salt},
    event::TableEvent,
    journal::Cause,
    table::{HouseBot, Purpose, TableCommand, TableConfig},
    text::is_name,
};

/// Returns the events that create a table, with its first bots.
///
/// # Errors
/// [`Refusal::BadName`] for the name, [`Refusal::BadMessage`] when the configuration is out of its
/// bounds or the bots do not fit it.
pub fn create(table: TableId, config: &TableConfig, bots: &[HouseBot]) -> Result<Vec<TableEvent>, Refusal> {
    match config.purpose {
        Purpose::Cash { .. } if !is_name(&config.name) => Err(Refusal::bad_name()),
        // The name of a tournament's table comes from the tournament, whose name was checked when
        // it was created.
        Purpose::Cash { .. } | Purpose::Tournament { .. } => creation(table, config, bots),
    }
}

/// Returns the events that create a table with any name, because old journals begin with names that
/// are no longer accepted.
///
/// # Errors
/// [`Refusal::BadMessage`] when the configuration is out of its bounds or the bots do not fit it.
pub fn creation(table: TableId, config: &TableConfig, bots: &[HouseBot]) -> Result<Vec<TableEvent>, Refusal> {
    check(config)?;
    let empty = Table::new(table, config.clone());
    let mut events = vec![TableEvent::Created { config: config.clone() }];
    if bots.len() > usize::from(config.seats) {
        return Err(Refusal::TableFull);
    }
    for (seat, bot) in (0..).zip(bots) {
        check_buy_in(config, bot.buy_in)?;
        if bots.iter().filter(|other| other.player == bot.player).count() > 1 {
            return Err(Refusal::AlreadySeated);
        }
        events.push(TableEvent::SeatReserved {
            seat,
            player: bot.player,
            name: bot.name.clone(),
            bot: true,
            buy_in: bot.buy_in,
            posting: empty.posting(u64::from(seat) + 1),
        });
    }
    Ok(events)
}

fn check(config: &TableConfig) -> Result<(), Refusal> {
    let bad = |reason: &str| Err(Refusal::bad_message(reason));
    let Some(variant) = crate::variant::by_code(&config.variant) else {
        return bad("there is no variant of that code");
    };
    if !(2..=10.min(variant.max_players)).contains(&config.seats) {
        return bad("a table has 2 to 10 seats, and no more than its variant has cards for");
    }
    let level = config.level;
    if level.big_blind.is_zero() || level.small_blind > level.big_blind || level.big_blind > MAX_BLIND {
        return bad("the big blind must be at least 1 and at least the small blind");
    }
    if level.ante > MAX_BLIND {
        return bad("the ante is too large");
    }
    if !(100..=600_000).contains(&config.action_ms) || config.hand_pause_ms > 60_000 {
        return bad("time to act is 100 ms to 600,000 ms, the pause between hands at most 60,000 ms");
    }
    if config.bot_pace_ms > config.action_ms / 2 {
        return bad("bots may take at most half of the time to act");
    }
    if !config.absence.is_sound() {
        return bad("the grace is at most 60,000 ms, the limit of an absence 100 ms to 600,000 ms");
    }
    match config.purpose {
        Purpose::Tournament { .. } if config.scripted => bad("a tournament's hands are not scripted"),
        Purpose::Cash { min_buy_in, max_buy_in }
            if min_buy_in < level.big_blind || max_buy_in < min_buy_in || max_buy_in > MAX_BLIND =>
        {
            bad("buy-ins must be at least the big blind, the largest at least the smallest")
        }
        _ => Ok(()),
    }
}

/// A bound that keeps every sum of chips at a table far below 2^53.
const MAX_BLIND: Chips = Chips(1 << 48);

fn check_buy_in(config: &TableConfig, buy_in: Chips) -> Result<(), Refusal> {
    match config.purpose {
        Purpose::Tournament { .. } => Err(Refusal::TournamentTable),
        Purpose::Cash { min_buy_in: min, max_buy_in: max } if buy_in < min || buy_in > max => {
            Err(Refusal::BuyInOutOfBounds { min, max })
        }
        Purpose::Cash { .. } => Ok(()),
    }
}

impl Table {
    /// Returns the events of a command at `now_ms`; none when it was carried out before
    /// ([`Table::answer`] then has its answer).
    ///
    /// # Errors
    /// A named refusal; the table does not change.
    pub fn decide(
        &self,
        cause: Cause,
        command: &TableCommand,
        now_ms: u64,
    ) -> Result<Vec<TableEvent>, Refusal> {
        if self.answer(cause).is_some() {
            return Ok(Vec::new());
        }
        // Gateways send these commands under any id, and no answer to them is remembered.
        let is_told = matches!(command, TableCommand::Online { .. } | TableCommand::Gone { .. });
        if !is_told && self.memory.is_out_of_date(cause) {
            return Err(Refusal::OutOfDate);
        }
        let mut events = match (command, cause.player) {
            (TableCommand::Create { .. }, None) => Err(Refusal::AlreadyExists),
            (TableCommand::Instruct(instruction), None) => self.instruct(instruction, now_ms),
            (TableCommand::Close, None) => self.close(),
            (TableCommand::Script(script), None) => self.deal_script(script, now_ms),
            (TableCommand::Online { connection }, Some(player)) => return self.online(player, connection),
            (TableCommand::Gone { connection }, Some(player)) => {
                return self.gone(player, connection, now_ms);
            }
            (TableCommand::Resync { .. }, _) => return Ok(Vec::new()),
            (TableCommand::Player { name, command }, Some(player)) => {
                self.decide_for(player, name, command, now_ms)
            }
            (TableCommand::Player { .. } | TableCommand::Online { .. } | TableCommand::Gone { .. }, None) => {
                Err(Refusal::bad_message("this command needs a player"))
            }
            (
                TableCommand::Create { .. }
                | TableCommand::Instruct(_)
                | TableCommand::Close
                | TableCommand::Script(_),
                Some(_),
            ) => Err(Refusal::bad_message("players may not send this command")),
        }?;
        if let Some(player) = cause.player {
            self.hear(player, &mut events);
        }
        Ok(events)
    }

    fn decide_for(
        &self,
        player: PlayerId,
        name: &str,
        command: &PlayerCommand,
        now_ms: u64,
    ) -> Result<Vec<TableEvent>, Refusal> {
        match command {
            PlayerCommand::Sit { seat, buy_in } => self.sit(player, name, *seat, *buy_in),
            PlayerCommand::Act { hand, turn, action, mix } => {
                let mut events = self.act(player, *hand, *turn, action, now_ms)?;
                // After the action, with which the record begins, and before the end of the hand.
                let part = mix.and_then(|mix| self.contribution(player, mix));
                part.into_iter().for_each(|part| events.insert(events.len().min(1), part));
                Ok(events)
            }
            PlayerCommand::SitOut => self.sit_out(player),
            PlayerCommand::SitIn => self.sit_in(player),
            PlayerCommand::Leave => self.leave(player),
            PlayerCommand::TopUp { amount } => self.top_up(player, *amount),
            PlayerCommand::Say { text } => self.say(player, name, text, now_ms),
        }
    }

    fn sit(
        &self,
        player: PlayerId,
        name: &str,
        wanted: Option<SeatNo>,
        buy_in: Chips,
    ) -> Result<Vec<TableEvent>, Refusal> {
        if self.closing || self.closed {
            return Err(Refusal::TableClosed);
        }
        check_buy_in(&self.config, buy_in)?;
        if self.seat_of(player).is_some() {
            return Err(Refusal::AlreadySeated);
        }
        let seat = match wanted {
            Some(seat) if seat >= self.config.seats => {
                return Err(Refusal::NoSuchSeat { last: self.config.seats - 1 });
            }
            Some(seat) if self.seat(seat).is_some() => return Err(Refusal::SeatTaken),
            Some(seat) => seat,
            None => (0..self.config.seats).find(|&no| self.seat(no).is_none()).ok_or(Refusal::TableFull)?,
        };
        let posting = self.posting(self.postings + 1);
        Ok(vec![TableEvent::SeatReserved {
            seat,
            player,
            name: name.to_owned(),
            bot: false,
            buy_in,
            posting,
        }])
    }

    fn top_up(&self, player: PlayerId, amount: Chips) -> Result<Vec<TableEvent>, Refusal> {
        let Purpose::Cash { max_buy_in, .. } = self.config.purpose else {
            return Err(Refusal::TournamentTable);
        };
        if self.closing || self.closed {
            return Err(Refusal::TableClosed);
        }
        if amount.is_zero() {
            return Err(Refusal::NoChipsAsked);
        }
        let Some((no, seat)) = self.taken().find(|(_, seat)| seat.player == player) else {
            return Err(Refusal::NotSeated);
        };
        if seat.leaving {
            return Err(Refusal::Leaving);
        }
        if seat.awaited.is_some() {
            return Err(Refusal::TopUpUnderWay);
        }
        match max_buy_in.minus_or_zero(seat.stack) {
            Chips::ZERO => Err(Refusal::NothingMissing),
            most if amount > most => Err(Refusal::TopUpTooLarge { most }),
            Chips(_) => {
                let posting = self.posting(self.postings + 1);
                Ok(vec![TableEvent::TopUpAsked { seat: no, amount, posting }])
            }
        }
    }

    fn act(
        &self,
        player: PlayerId,
        hand: HandNo,
        turn: u32,
        action: &Action,
        now_ms: u64,
    ) -> Result<Vec<TableEvent>, Refusal> {
        let seat = self.seat_of(player).ok_or(Refusal::NotSeated)?;
        let playing = self.playing.as_ref().ok_or(Refusal::NoHand)?;
        if (hand, turn) != (playing.start.hand, playing.turn) {
            return Err(Refusal::TurnPassed { hand: playing.start.hand, turn: playing.turn });
        }
        if playing.hand.actor() != Some(seat) {
            return Err(Refusal::NotYourTurn);
        }
        deal::act(self, playing, seat, action, now_ms)
    }

    /// Returns the event of a player's part in the next decks: the first of a hand, with the number
    /// if it is the one that the player pledged before the hand.
    fn contribution(&self, player: PlayerId, mix: Contribution) -> Option<TableEvent> {
        let seat = self.seat_of(player)?;
        let deal = self.playing.as_ref()?.start.deal.as_ref()?;
        if self.seat(seat)?.mix.is_some() {
            return None;
        }
        let pledged = deal.mixes.iter().find(|pledged| pledged.seat == seat);
        let fits = |number: &Salt| pledged.is_some_and(|pledged| dealing::is_pledged(pledged, number));
        let mix = Contribution { value: mix.value.filter(fits), ..mix };
        Some(TableEvent::Contributed { seat, mix })
    }

    fn sit_out(&self, player: PlayerId) -> Result<Vec<TableEvent>, Refusal> {
        let seat = self.seat_of(player).ok_or(Refusal::NotSeated)?;
        let out = self.seat(seat).is_some_and(|s| s.sitting_out);
        Ok(if out { Vec::new() } else { vec![TableEvent::SatOut { seat }] })
    }

    fn sit_in(&self, player: PlayerId) -> Result<Vec<TableEvent>, Refusal> {
        let seat = self.seat_of(player).ok_or(Refusal::NotSeated)?;
        let out = self.seat(seat).is_some_and(|s| s.sitting_out);
        Ok(if out { vec![TableEvent::SatIn { seat }] } else { Vec::new() })
    }

    fn leave(&self, player: PlayerId) -> Result<Vec<TableEvent>, Refusal> {
        let no = self.seat_of(player).ok_or(Refusal::NotSeated)?;
        if self.tournament.is_some() {
            // An entry cannot leave with its chips: the table blinds it off until the player is
            // back.
            return self.sit_out(player);
        }
        let leaving = self.seat(no).is_some_and(|seat| seat.leaving);
        Ok(if leaving { Vec::new() } else { vec![TableEvent::LeaveAsked { seat: no }] })
    }

    fn close(&self) -> Result<Vec<TableEvent>, Refusal> {
        if self.tournament.is_some() {
            return Err(Refusal::TournamentTable);
        }
        Ok(if self.closing { Vec::new() } else { vec![TableEvent::CloseAsked] })
    }

    /// Returns the events of the cashier's answer to a buy-in or top-up; none when the posting is
    /// not awaited.
    #[must_use]
    pub fn money_arrived(&self, posting: &wire::PostingId, refusal: Option<&Refusal>) -> Vec<TableEvent> {
        let awaits = |seat: &super::Seat| seat.awaited.as_ref().is_some_and(|a| a.posting == *posting);
        let Some((no, seat)) = self.taken().find(|(_, seat)| awaits(seat)) else {
            return Vec::new();
        };
        let amount = seat.awaited.as_ref().map_or(Chips::ZERO, |awaited| awaited.amount);
        let event = match (seat.reserved, refusal) {
            (true, None) => TableEvent::Seated {
                seat: no,
                player: seat.player,
                name: seat.name.clone(),
                bot: seat.bot,
                stack: amount,
            },
            (true, Some(refusal)) => TableEvent::BuyInRefused { seat: no, refusal: refusal.clone() },
            (false, None) => TableEvent::ToppedUp { seat: no, amount },
            (false, Some(refusal)) => TableEvent::TopUpRefused { seat: no, refusal: Some(refusal.clone()) },
        };
        vec![event]
    }

    /// Returns the events of the cashier's confirmation that it has paid a posting back; none when
    /// it is not pending.
    #[must_use]
    pub fn paid_back(&self, posting: &wire::PostingId) -> Vec<TableEvent> {
        let pending = self.cash_outs.iter().any(|cash_out| cash_out.posting == *posting);
        if pending { vec![TableEvent::CashedOut { posting: posting.clone() }] } else { Vec::new() }
    }

    /// Returns the answer to a command that was carried out earlier.
    #[must_use]
    pub fn answer(&self, cause: Cause) -> Option<&super::Answer> {
        self.memory.get(cause)
    }
}
