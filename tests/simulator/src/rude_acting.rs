//! The rude clients of a fleet: how many there are, and when they send.

use crate::{
    fleet::{Event, Fleet},
    message::{Asker, Token},
    rude::Rude,
};
use wire::{TableId, TournamentId, journal::Cause};

impl Fleet {
    /// Adds one or two rude clients in half of the runs, and none when a mistake is planted: an
    /// owner that writes as often as they make it notices soon that it was replaced, which hides
    /// mistakes.
    pub(crate) fn add_rude(&mut self, tables: &[TableId], tournaments: &[TournamentId]) {
        if self.mistake.is_some() {
            return;
        }
        for number in 0..self.shared.chance.below(4).saturating_sub(1) {
            let counts = self.shared.chance.below(2) == 0;
            let rude = Rude::new(number, counts, tables, tournaments);
            self.cashier.credit(rude.player, 0);
            self.agenda.plan(self.shared.chance.between(2_000, 6_000), Event::RudeActs(self.rude.len()));
            self.rude.push(rude);
        }
    }

    /// Sends the next request of a rude client.
    pub(crate) fn rude_acts(&mut self, at: usize) {
        let chance = &mut self.shared.chance;
        let Some(rude) = self.rude.get_mut(at) else { return };
        self.agenda.plan(self.shared.now_ms + chance.between(20, 200), Event::RudeActs(at));
        let id = rude.id(chance);
        let (cause, token) = (Cause { player: Some(rude.player), id }, Token { from: Asker::Rude, id });
        if let Some((tournament, order)) = rude.tournament_command(chance) {
            self.tell_tournament(tournament, cause, &order, token);
        } else if let Some((table, command)) = rude.table_command(chance) {
            self.tell_table(table, cause, command, token);
        }
    }
}
