//! The tables, tournaments and players of a run, drawn from its seed.

use crate::{
    cashier::FIRST_BOT,
    client::Client,
    fleet::{Event, Fleet},
    ops::Target,
};
use poker::hosted::{OwnerOptions, TableOrder};
use std::collections::BTreeMap;
use testkit::check::Kind;
use tournament::{Command, TournamentOrder};
use wire::{
    Chips, PlayerId, TableId, TournamentId,
    sender::Sender,
    table::{Absence, HouseBot, Level, TableCommand, TableConfig},
    tournament::{LevelSpec, Payout, TournamentConfig},
};

/// Variants that are played at cash tables, no-limit hold'em most of the time.
const VARIANTS: [&str; 8] = ["NT", "NT", "NT", "PO", "FT", "F7S/8", "F2L3D", "FO/8"];
/// Number of the first player of tournaments.
const FIRST_ENTRANT: u64 = 10_000;

/// The tables, tournaments and players of a run.
pub(crate) struct Setting {
    pub(crate) tables: Vec<TableId>,
    pub(crate) tournaments: Vec<TournamentId>,
    /// The initial balance of each client's player.
    pub(crate) credits: BTreeMap<PlayerId, i64>,
}

impl Fleet {
    /// Draws the tables, tournaments and players, and plans their first commands.
    pub(crate) fn set(&mut self) -> Setting {
        let mut setting = Setting { tables: Vec::new(), tournaments: Vec::new(), credits: BTreeMap::new() };
        for _ in 0..self.shared.chance.between(1, 4) {
            let table = self.cash_table(setting.tables.len() as u64);
            setting.tables.push(table);
            for _ in 0..self.shared.chance.between(1, 5) {
                let player = PlayerId(setting.credits.len() as u64 + 1);
                let credit = i64::try_from(self.shared.chance.between(100, 20_000)).unwrap_or(0);
                setting.credits.insert(player, credit);
                self.person(player, table, credit);
            }
        }
        for number in 0..self.shared.chance.below(3) {
            let tournament = self.tournament(number);
            setting.tournaments.push(tournament);
        }
        self.add_rude(&setting.tables, &setting.tournaments);
        setting
    }

    fn person(&mut self, player: PlayerId, table: TableId, credit: i64) {
        self.cashier.credit(player, credit);
        let buy_in = Chips(self.shared.chance.between(100, 400));
        let client = Client::new(player, table, buy_in, 0, &mut self.shared.chance);
        let at_ms = self.shared.chance.between(1_500, 6_000);
        self.agenda.plan(at_ms, Event::ClientActs(self.clients.len()));
        self.clients.push(client);
    }

    fn cash_table(&mut self, number: u64) -> TableId {
        let chance = &mut self.shared.chance;
        let id = TableId(1 + chance.below(1 << 30));
        let variant = chance.pick(&VARIANTS).copied().unwrap_or("NT");
        let level =
            Level { number: 0, small_blind: Chips(5), big_blind: Chips(10), ante: Chips(chance.below(2)) };
        let seats = if variant.contains('7') || variant.contains("3D") { 6 } else { 7 };
        let action_ms = u32::try_from(chance.between(400, 4_000)).unwrap_or(400);
        let absence = Absence { grace_ms: 300, limit_ms: 5_000 };
        let config = TableConfig {
            name: format!("table {number}"),
            variant: variant.to_owned(),
            seats,
            action_ms,
            hand_pause_ms: u32::try_from(chance.below(500)).unwrap_or(0),
            bot_pace_ms: u32::try_from(chance.below(200)).unwrap_or(0),
            absence,
            ..TableConfig::cash(level, Chips(100)..=Chips(1_000))
        };
        let bots = (0..chance.below(4)).map(|n| HouseBot {
            player: PlayerId(2 * FIRST_BOT + number * 10 + n),
            name: format!("house {n}"),
            buy_in: Chips(200),
        });
        let command = TableCommand::Create { config, bots: bots.collect() };
        let order = TableOrder::Asked { command, sender: Sender::Admin, options: OwnerOptions::default() };
        self.ops.plan(1_000, None, Kind::Change, Target::Table(id, order));
        id
    }

    fn tournament(&mut self, number: u64) -> TournamentId {
        let chance = &mut self.shared.chance;
        let id = TournamentId(1 + chance.below(1 << 30));
        let seats = u8::try_from(chance.between(2, 5)).unwrap_or(2);
        let bots = u32::try_from(chance.between(3, 11)).unwrap_or(3);
        let people = u32::try_from(chance.below(4)).unwrap_or(0);
        let levels = (0..12).map(|n| LevelSpec {
            small_blind: Chips(10 << n),
            big_blind: Chips(20 << n),
            ante: Chips(n),
            seconds: 4,
        });
        let config = TournamentConfig {
            name: format!("tournament {number}"),
            variant: "NT".to_owned(),
            seats,
            max_entries: bots + people,
            min_entries: 2,
            buy_in: Chips(100),
            fee: Chips(10),
            starting_stack: Chips(500),
            levels: levels.collect(),
            start_ms: Some(crate::world::BEGAN_MS + chance.between(5_000, 30_000)),
            bots,
            payout: Payout::Standard,
            action_ms: u32::try_from(chance.between(200, 1_000)).unwrap_or(200),
            hand_pause_ms: 50,
            bot_pace_ms: 0,
            absence: Absence { grace_ms: 100, limit_ms: 1_000 },
        };
        let create = TournamentOrder::Do(Command::Create { config });
        self.ops.plan(1_000, None, Kind::Change, Target::Tournament(id, create));
        for n in 0..u64::from(people) {
            let player = PlayerId(FIRST_ENTRANT + number * 100 + n);
            // Some entrants cannot pay.
            let credit = i64::try_from(self.shared.chance.below(400)).unwrap_or(0);
            self.cashier.credit(player, credit);
            self.entrant(id, player);
        }
        id
    }

    /// Plans a player's registration, and sometimes its withdrawal.
    fn entrant(&mut self, id: TournamentId, player: PlayerId) {
        let register = || Command::Register { player, name: format!("p{player}") };
        let plan = |fleet: &mut Self, kind, command, at_ms| {
            let target = Target::Tournament(id, TournamentOrder::Do(command));
            fleet.ops.plan(at_ms, Some(player), kind, target);
        };
        let at_ms = self.shared.chance.between(3_000, 12_000);
        plan(self, Kind::Paid, register(), at_ms);
        if self.shared.chance.below(3) == 0 {
            plan(self, Kind::Wish, Command::Unregister { player }, at_ms + 4_000);
        }
    }
}
