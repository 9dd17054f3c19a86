//! Attempts at the effects of tables and tournaments: requests to the cashier, and to each other.

use crate::{
    attempt::Run,
    cashier::{Answered, Asked},
    faults::Fault,
    fleet::{Event, Fleet},
    message::{Asker, Token},
    mistake::Mistake,
    world::PartitionTenure,
};
use host::EffectResult;
use poker::{
    hosted::{self, Key as TableKey, TableOrder},
    table::Effect as TableEffect,
};
use tournament::{Command, Effect, Key, Payment, TournamentOrder};
use wire::{
    Chips, CommandId, PostingId, Refusal, TableId, TournamentId,
    cashier::{TableMoneyRequest, TournamentMoneyRequest},
    journal::Cause,
    table::{TableCommand, TableReply},
    tournament::TournamentReply,
};

/// Time limit for an effect's answer, in milliseconds.
const PATIENCE_MS: u64 = 2_000;

impl Fleet {
    fn run(&mut self, run: Run) -> u64 {
        self.shared.serial += 1;
        let number = self.shared.serial;
        self.runs.insert(number, run);
        self.agenda.plan(self.shared.now_ms + PATIENCE_MS, Event::RunTimeout(number));
        number
    }

    pub(crate) fn start_table_effect(
        &mut self,
        (place, id): (PartitionTenure, TableId),
        key: TableKey,
        effect: hosted::TableEffect,
        tries: u32,
    ) {
        let hosted::TableEffect { tournament, mut effect } = effect;
        if self.mistake == Some(Mistake::PaysUnderAnotherId)
            && tries > 0
            && let TableEffect::Money(
                TableMoneyRequest::BuyIn { posting, .. } | TableMoneyRequest::CashOut { posting, .. },
            ) = &mut effect
        {
            *posting = PostingId(format!("{posting}.{tries}"));
        }
        let number = self.run(Run::Table { place, id, key, effect: effect.clone() });
        let token = Token { from: Asker::Effect(number), id: CommandId(0) };
        match (effect, tournament) {
            (TableEffect::Money(request), _) => self.ask_cashier(number, Asked::Table(request)),
            (TableEffect::Report(report), Some(tournament)) => {
                let id = CommandId::from_random((report.table.0 << 20) ^ report.hand.0);
                let order = TournamentOrder::Do(Command::Report(report));
                self.tell_tournament(tournament, Cause { player: None, id }, &order, token);
            }
            (TableEffect::Applied(instruction), Some(tournament)) => {
                let cause = Cause {
                    player: None,
                    id: CommandId::from_random((id.0 << 20) ^ (instruction | 1 << 19)),
                };
                let order = TournamentOrder::Do(Command::Applied { table: id, instruction });
                self.tell_tournament(tournament, cause, &order, token);
            }
            (TableEffect::Report(_) | TableEffect::Applied(_), None) => {}
        }
    }

    pub(crate) fn start_tournament_effect(
        &mut self,
        (place, id): (PartitionTenure, TournamentId),
        key: Key,
        effect: Effect,
    ) {
        let number = self.run(Run::Tournament { place, id, key, effect: effect.clone() });
        let request = match effect {
            Effect::AskBots { count } => TournamentMoneyRequest::Bots { count },
            Effect::Enter { player, entry, buy_in, fee } => {
                TournamentMoneyRequest::Enter { tournament: id, player, entry, buy_in, fee }
            }
            Effect::Refund { player, entry, buy_in, fee } => {
                TournamentMoneyRequest::Refund { tournament: id, player, entry, buy_in, fee }
            }
            Effect::Settle { name, places, finished_ms } => {
                TournamentMoneyRequest::Settle { tournament: id, name, places, finished_ms }
            }
            Effect::OpenTables { count } => {
                let tables = (0..count).map(|_| TableId::short(self.shared.chance.bits())).collect();
                let done = TournamentOrder::Do(Command::OpenTables { tables });
                return self.end_tournament_run(number, EffectResult::Done(vec![done]));
            }
            Effect::Push { table, create, instruction } => {
                match create {
                    Some(config) => {
                        self.push(number, table, 0, TableCommand::Create { config, bots: Vec::new() })
                    }
                    None => self.push(number, table, instruction.number, TableCommand::Instruct(instruction)),
                }
                return;
            }
        };
        self.ask_cashier(number, Asked::Tournament(request));
    }

    fn push(&mut self, number: u64, table: TableId, id: u64, command: TableCommand) {
        let token = Token { from: Asker::Effect(number), id: CommandId(id) };
        let cause = Cause { player: None, id: CommandId(id) };
        self.tell_table(table, cause, command, token);
    }

    fn ask_cashier(&mut self, run: u64, asked: Asked) {
        let now_ms = self.shared.now_ms;
        let Some(travel_ms) = self.travel_ms() else { return };
        if self.shared.faults.strike(Fault::CashierTwice, &mut self.shared.chance) {
            let later_ms = self.shared.chance.between(1, 5_000);
            let asked = asked.clone();
            self.agenda.plan(now_ms + travel_ms + later_ms, Event::AskCashier { run, asked });
        }
        self.agenda.plan(now_ms + travel_ms, Event::AskCashier { run, asked });
    }

    /// Handles a request that reaches the cashier.
    pub(crate) fn cashier_asked(&mut self, run: u64, asked: &Asked) {
        if self.shared.now_ms < self.cashier_back_ms || !self.shared.server_is_up {
            return;
        }
        let answered = if self.refuses(asked) {
            Answered::Refused(Refusal::InsufficientFunds { balance: Chips::ZERO })
        } else {
            self.cashier.ask(asked)
        };
        self.shared.trace.note(|| format!("cashier: {asked:?}: {answered:?}"));
        if let Some(travel_ms) = self.travel_ms() {
            self.agenda.plan(self.shared.now_ms + travel_ms, Event::CashierAnswered { run, answered });
        }
    }

    /// Returns whether the cashier refuses this posting though the money is there. Repeats of a
    /// refused posting are refused as well.
    fn refuses(&mut self, asked: &Asked) -> bool {
        let posting = match asked {
            Asked::Table(TableMoneyRequest::BuyIn { posting, .. }) => posting.0.clone(),
            Asked::Tournament(TournamentMoneyRequest::Enter { tournament, player, entry, .. }) => {
                format!("{tournament}.{player}.{entry}")
            }
            _ => return false,
        };
        match self.refused.get(&posting) {
            Some(refused) => *refused,
            None => {
                let refuses = self.shared.faults.strike(Fault::CashierRefuses, &mut self.shared.chance);
                self.refused.insert(posting, refuses);
                refuses
            }
        }
    }

    pub(crate) fn cashier_answered(&mut self, number: u64, answered: Answered) {
        match self.runs.get(&number) {
            Some(Run::Table {
                effect: TableEffect::Money(request), key: TableKey::Posting(posting), ..
            }) => {
                let posting = posting.clone();
                let into_play = matches!(request, TableMoneyRequest::BuyIn { .. });
                let order = match (answered, into_play) {
                    (Answered::Done, true) => Some(TableOrder::MoneyArrived { posting, refusal: None }),
                    (Answered::Done, false) => Some(TableOrder::PaidBack(posting)),
                    (Answered::Refused(refusal), true) => {
                        Some(TableOrder::MoneyArrived { posting, refusal: Some(refusal) })
                    }
                    (Answered::Refused(_) | Answered::Bots(_), _) => None,
                };
                let outcome = order.map_or(EffectResult::Failed, |order| EffectResult::Done(vec![order]));
                self.end_table_run(number, outcome);
            }
            Some(Run::Tournament { effect, .. }) => {
                let outcome = settled(effect, answered);
                self.end_tournament_run(number, outcome);
            }
            Some(Run::Table { .. }) | None => {}
        }
    }

    /// Handles a tournament's answer to a table's report or confirmation.
    pub(crate) fn tournament_answered(&mut self, number: u64, reply: TournamentReply) {
        let Some(Run::Table { effect, .. }) = self.runs.get(&number) else { return };
        let outcome = match (reply, effect) {
            (TournamentReply::Refused(refusal), _) if refusal.is_transient() => EffectResult::Failed,
            (TournamentReply::Instruction(instruction), TableEffect::Report(_)) => {
                EffectResult::Done(vec![TableOrder::Instructed(instruction)])
            }
            _ => EffectResult::Heard,
        };
        self.end_table_run(number, outcome);
    }

    /// Handles a table's answer to its tournament.
    pub(crate) fn table_answered(&mut self, number: u64, id: CommandId, reply: &TableReply) {
        let Some(Run::Tournament { effect: Effect::Push { table, create, instruction }, .. }) =
            self.runs.get(&number)
        else {
            return;
        };
        let (table, instruction) = (*table, instruction.clone());
        let done = matches!(reply, TableReply::Done { .. });
        if id.0 == 0 && create.is_some() {
            let exists = done || *reply == TableReply::Refused(Refusal::AlreadyExists);
            if exists {
                return self.push(number, table, instruction.number, TableCommand::Instruct(instruction));
            }
        } else if done {
            let applied = Command::Applied { table, instruction: instruction.number };
            return self.end_tournament_run(number, EffectResult::Done(vec![TournamentOrder::Do(applied)]));
        }
        self.end_tournament_run(number, EffectResult::Failed);
    }

    pub(crate) fn run_timeout(&mut self, number: u64) {
        match self.runs.get(&number) {
            Some(Run::Table { .. }) => self.end_table_run(number, EffectResult::Failed),
            Some(Run::Tournament { .. }) => self.end_tournament_run(number, EffectResult::Failed),
            None => {}
        }
    }

    fn end_table_run(&mut self, number: u64, outcome: EffectResult<TableOrder>) {
        if let Some(Run::Table { place, id, key, .. }) = self.runs.remove(&number) {
            self.tables.returned(place, id, key, outcome, &mut self.shared);
        }
    }

    fn end_tournament_run(&mut self, number: u64, outcome: EffectResult<TournamentOrder>) {
        if let Some(Run::Tournament { place, id, key, .. }) = self.runs.remove(&number) {
            self.tournaments.returned(place, id, key, outcome, &mut self.shared);
        }
    }
}

/// Converts an answer of the cashier to the commands for a tournament.
fn settled(effect: &Effect, answered: Answered) -> EffectResult<TournamentOrder> {
    let command = match (effect, answered) {
        (Effect::AskBots { .. }, Answered::Bots(bots)) => Command::EnterBots { bots },
        (Effect::Enter { player, entry, .. }, Answered::Done) => {
            Command::Paid(vec![Payment { player: *player, entry: *entry, refused: None }])
        }
        (Effect::Enter { player, entry, .. }, Answered::Refused(refusal)) => {
            Command::Paid(vec![Payment { player: *player, entry: *entry, refused: Some(refusal) }])
        }
        (Effect::Refund { player, .. }, Answered::Done) => Command::Refunded(vec![*player]),
        (Effect::Settle { .. }, Answered::Done) => Command::Settled,
        _ => return EffectResult::Failed,
    };
    EffectResult::Done(vec![TournamentOrder::Do(command)])
}
