//! Compares the ledger with the journals.

use super::{Fault, Finding, Story};
use std::collections::HashMap;
use wire::{Chips, PlayerId, cashier::Audit};

/// Change of each player's balance by tables, from the journals.
pub type Flows = HashMap<PlayerId, i64>;

/// Checks the ledger after all cash tables are closed and paid back. `balances` has the balance and
/// the chips in play, from the cashier, of players who only play for cash; `credited` is the
/// initial balance of each.
#[must_use]
pub fn money<'a>(
    stories: impl Iterator<Item = &'a Story>,
    audit: &Audit,
    balances: &HashMap<PlayerId, (i64, Chips)>,
    credited: i64,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut wrong = |table, player, what| {
        findings.push(Finding { fault: Fault::Chips, table, sequence: None, player, what });
    };
    if audit.sum != 0 {
        wrong(None, None, format!("all balances together are {}", audit.sum));
    }
    for what in &audit.unbalanced {
        wrong(None, None, what.clone());
    }
    for table in audit.tables.iter().filter(|table| table.amount != 0) {
        wrong(Some(table.table), None, format!("{} chips are left in play at a closed table", table.amount));
    }
    let mut flows = Flows::new();
    for story in stories {
        for (&player, amount) in &story.flows {
            *flows.entry(player).or_default() += amount;
        }
    }
    for (&player, &(balance, in_play)) in balances {
        if !in_play.is_zero() {
            wrong(None, Some(player), format!("has {in_play} in play and sits nowhere"));
        }
        let expected = credited + flows.get(&player).copied().unwrap_or(0);
        if balance != expected {
            wrong(None, Some(player), format!("has {balance}, should have {expected}"));
        }
    }
    findings
}
