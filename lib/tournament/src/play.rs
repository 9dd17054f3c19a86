//! Reports of finished hands and confirmations of instructions.

use crate::{draft::Draft, payout, plan, state::Tournament};
use std::collections::BTreeSet;
use wire::{
    Chips, PlayerId, Refusal, SeatNo, TableId,
    table::Level,
    tournament::{HandResult, Phase, Place, Report, TournamentEvent},
};

impl Tournament {
    pub(crate) fn report(
        &self,
        report: Report,
        now_ms: u64,
        level: Level,
    ) -> Result<Vec<TournamentEvent>, Refusal> {
        let id = report.table;
        let Some(table) = self.tables.get(&id) else { return Err(self.unknown(id)) };
        if report.hand == table.hand {
            return Ok(Vec::new());
        }
        if report.hand < table.hand || self.core.phase != Phase::Running || table.is_closing() {
            return Err(Refusal::TournamentPast);
        }
        self.check_report(&report)?;
        let mut draft = Draft::new(self);
        if table.applied < report.applied {
            draft.push(TournamentEvent::InstructionApplied { table: id, number: report.applied });
        }
        let busts = bust_order(&report, self.core.seats());
        draft.push(TournamentEvent::HandReported { report, at_ms: now_ms });
        self.bust(&mut draft, &busts);
        if draft.state().left == 1 {
            finish(&mut draft, &self.prizes(), now_ms);
        }
        plan::plan(&mut draft, level);
        Ok(draft.into_events())
    }

    pub(crate) fn applied(
        &self,
        id: TableId,
        number: u64,
        level: Level,
    ) -> Result<Vec<TournamentEvent>, Refusal> {
        let Some(table) = self.tables.get(&id) else {
            return if self.closed.contains(&id) { Ok(Vec::new()) } else { Err(Refusal::NoSuchTable) };
        };
        if number <= table.applied {
            return Ok(Vec::new());
        }
        if number != table.told_number() {
            return Err(Refusal::bad_message(format!(
                "the last instruction is number {}",
                table.told_number()
            )));
        }
        let mut draft = Draft::new(self);
        draft.push(TournamentEvent::InstructionApplied { table: id, number });
        plan::plan(&mut draft, level);
        Ok(draft.into_events())
    }

    fn unknown(&self, table: TableId) -> Refusal {
        if self.closed.contains(&table) { Refusal::TournamentPast } else { Refusal::NoSuchTable }
    }

    /// Refuses reports that would create or lose chips or players.
    fn check_report(&self, report: &Report) -> Result<(), Refusal> {
        let must = |holds: bool, what: &str| if holds { Ok(()) } else { Err(Refusal::bad_message(what)) };
        let table = self.tables.get(&report.table).ok_or(Refusal::NoSuchTable)?;
        let seats = self.core.seats();
        must(
            report.applied == table.told_number(),
            "report: applied must be the number of the last instruction",
        )?;
        must(
            report.button < seats && report.big_blind < seats,
            "report: button and big_blind must be seats of the table",
        )?;
        let mut seen = BTreeSet::new();
        for result in &report.results {
            let sits = table.seats.get(&result.seat) == Some(&result.player);
            must(
                sits && seen.insert(result.player),
                "report: each player must be named once, with the seat at this table",
            )?;
            must(
                self.stack(result.player) == Some(result.before),
                "report: before must be the player's stack before the hand",
            )?;
            must(result.after <= Chips::MAX, "report: after must be at most 2^53 - 1")?;
        }
        let before: Chips = report.results.iter().map(|result| result.before).sum();
        let after: Chips = report.results.iter().map(|result| result.after).sum();
        must(
            before == after && !after.is_zero(),
            "report: chips before and after the hand must add up to the same sum above 0",
        )
    }

    fn prizes(&self) -> Vec<Chips> {
        let config = self.core.config.as_ref();
        config.map_or_else(Vec::new, |config| payout::prizes(&config.payout, self.core.paid, config.buy_in))
    }

    /// Places the players who bust in the same hand: the larger stack before the hand ranks higher;
    /// equal stacks share the place and the prizes of the places that they take up.
    fn bust(&self, draft: &mut Draft<'_>, busts: &[HandResult]) {
        if busts.is_empty() {
            return;
        }
        let prizes = self.prizes();
        let mut place = self.core.left.saturating_sub(busts.len() as u32) + 1;
        for equals in busts.chunk_by(|a, b| a.before == b.before) {
            let shared = payout::shared(&prizes, place, equals.len());
            for (result, prize) in equals.iter().zip(shared) {
                draft.push(TournamentEvent::Busted { player: result.player, place, prize });
            }
            place += equals.len() as u32;
        }
    }
}

/// Returns the players who bust: larger stacks before the hand first, equal ones from the left of
/// the button on (so that odd chips of a shared prize go to the earliest positions).
fn bust_order(report: &Report, seats: u8) -> Vec<HandResult> {
    let lost = |result: &&HandResult| result.after.is_zero() && !result.before.is_zero();
    let mut busts: Vec<HandResult> = report.results.iter().filter(lost).copied().collect();
    let steps = |seat: SeatNo| (seat + seats - report.button - 1) % seats;
    busts.sort_by_key(|result| (std::cmp::Reverse(result.before), steps(result.seat)));
    busts
}

fn finish(draft: &mut Draft<'_>, prizes: &[Chips], now_ms: u64) {
    let first = prizes.first().copied().unwrap_or_default();
    let mut places: Vec<Place> =
        draft.see_entries().filter_map(|(player, entry)| place(player, entry, first)).collect();
    places.sort_by_key(|place| (place.place, place.player));
    draft.push(TournamentEvent::Finished { places, at_ms: now_ms });
}

/// Returns the place of an entry when the tournament ends: the player who is not bust has won.
fn place(player: PlayerId, entry: &crate::entry::Entry, first: Chips) -> Option<Place> {
    match entry.stage {
        crate::entry::EntryStatus::Placed { place, prize } => Some(Place { place, player, prize }),
        stage if stage.is_in_field() => Some(Place { place: 1, player, prize: first }),
        _ => None,
    }
}
