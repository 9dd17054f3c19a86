//! The instructions of a tournament to its tables, and their reports.

use crate::{
    report::{Fault, Rule},
    tally::{self, Tally},
};
use std::collections::BTreeMap;
use tournament::TableInventory;
use wire::{
    Chips, HandNo, TableId,
    tournament::{HandResult, Instruction, Report},
};

/// One table in its tournament's journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldTable {
    /// The first instruction that the check has seen and that has not been taken out.
    pub first_instruction: u64,
    /// The instructions to the table, by number.
    pub instructions: BTreeMap<u64, Tally>,
    /// The first hand that the check has seen and that has not been taken out.
    pub first_hand: HandNo,
    /// The hands that the table has reported.
    pub hands: BTreeMap<HandNo, Tally>,
    last_instruction: u64,
    last_hand: HandNo,
}

/// All tables of a tournament.
#[derive(Default)]
pub struct Tables(pub BTreeMap<TableId, ToldTable>);

impl ToldTable {
    fn after(instruction: u64, hand: HandNo) -> Self {
        Self {
            first_instruction: instruction + 1,
            instructions: BTreeMap::new(),
            first_hand: hand.next(),
            hands: BTreeMap::new(),
            last_instruction: instruction,
            last_hand: hand,
        }
    }
}

impl Tables {
    /// Returns the tables of a tournament in a snapshot.
    pub fn of(counted: &[TableInventory]) -> Self {
        let known = counted.iter().map(|table| (table.table, ToldTable::after(table.told, table.hand)));
        Self(known.collect())
    }

    fn table(&mut self, id: TableId) -> &mut ToldTable {
        self.0.entry(id).or_insert_with(|| ToldTable::after(0, HandNo(0)))
    }

    /// Notes an instruction and returns the fault in its number.
    pub fn told(&mut self, id: TableId, instruction: &Instruction) -> Option<Fault> {
        let table = self.table(id);
        let (last, number) = (table.last_instruction, instruction.number);
        table.last_instruction = number;
        table.instructions.insert(number, tally::instruction(instruction));
        let what = || format!("table {id}: instruction {number} follows instruction {last}");
        (number != last + 1).then(|| (Rule::Tournament, what()))
    }

    /// Notes a report and returns its faults.
    pub fn reported(&mut self, report: &Report) -> Vec<Fault> {
        let mut faults = Vec::new();
        let (id, hand) = (report.table, report.hand);
        let table = self.table(id);
        if hand <= table.last_hand {
            let last = table.last_hand;
            faults.push((Rule::Once, format!("table {id}: hand {hand} is reported after hand {last}")));
        }
        table.last_hand = table.last_hand.max(hand);
        table.hands.insert(hand, tally::reported_hand(report));
        let sum = |chips: fn(&HandResult) -> Chips| -> Chips { report.results.iter().map(chips).sum() };
        let (before, after) = (sum(|result| result.before), sum(|result| result.after));
        if before != after {
            let what = format!("table {id}, hand {hand}: {before} chips before, {after} after");
            faults.push((Rule::Chips, what));
        }
        faults
    }

    /// Returns the reported hands since the last call, and forgets them.
    pub fn take_hands(&mut self) -> Vec<(TableId, HandNo, Tally)> {
        let of = |(&id, table): (&TableId, &mut ToldTable)| {
            table.first_hand = table.last_hand.next();
            std::mem::take(&mut table.hands).into_iter().map(move |(hand, sum)| (id, hand, sum))
        };
        self.0.iter_mut().flat_map(of).collect()
    }

    /// Returns the instructions to tables since the last call, and forgets them.
    pub fn take_instructions(&mut self) -> Vec<(TableId, u64, Tally)> {
        let of = |(&id, table): (&TableId, &mut ToldTable)| {
            table.first_instruction = table.last_instruction + 1;
            std::mem::take(&mut table.instructions).into_iter().map(move |(number, sum)| (id, number, sum))
        };
        self.0.iter_mut().flat_map(of).collect()
    }
}
