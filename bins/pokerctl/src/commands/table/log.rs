//! `pokerctl table log`: prints a table's records in words or as JSON: first those in the archive,
//! then those in its journal. Those of a running hand, which has hidden cards, are printed only for
//! a reason, which is put on record first.

use super::TableError;
use crate::{
    ask::{self, AskError},
    context::Context,
    grid::{json_line, say},
    words::{self, Names},
};
use bus::Bus;
use history::Placed;
use serde_json::{Value, json};
use wire::{CommandId, HandNo, TableId, cashier::AdminRequest, event::TableEvent};

/// Options of `table log`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The table's number
    table: TableId,
    /// First hand to print; without it, records before the first hand are printed too
    #[arg(long, value_name = "HAND")]
    from: Option<u64>,
    /// Last hand to print
    #[arg(long, value_name = "HAND")]
    to: Option<u64>,
    /// Print the records of a running hand too, hidden cards included. The cashier puts this reason
    /// on record first (table `inspections` of the database)
    #[arg(long, value_name = "REASON")]
    break_glass: Option<String>,
    /// With --json: print whole snapshots, and not only whether a record has one; those since the
    /// last hand that has ended are left out, because they have the next deck
    #[arg(long)]
    states: bool,
}

/// Prints the records of the chosen hands.
pub async fn run(args: &Args, context: &Context) -> Result<(), TableError> {
    let (from, to) = (args.from.unwrap_or(0), args.to.unwrap_or(u64::MAX));
    if from > to {
        return Err(TableError::NoHands { from, to });
    }
    let bus = context.bus().await?;
    let records = history::table(&bus, args.table).await?;
    if records.is_empty() {
        return Err(TableError::NoJournal(args.table));
    }
    let running = running_hand(&records).filter(|running| (from..=to).contains(running));
    if let (Some(hand), Some(reason)) = (running, &args.break_glass) {
        put_on_record(&bus, args.table, HandNo(hand), reason).await?;
    }
    let hidden = running.filter(|_| args.break_glass.is_none());
    let finished = last_finished(&records);
    let (mut names, mut hand) = (Names::default(), 0);
    for mut placed in records {
        if let Some(started) = placed.record.events.iter().find_map(started) {
            hand = started;
        }
        // Records that are not printed are put into words too, because names come from them.
        let told: Vec<String> = placed.record.events.iter().map(|event| names.journal(event)).collect();
        if !(from..=to).contains(&hand) || hidden == Some(hand) {
            continue;
        }
        if hand >= finished {
            hide_next_deck(&mut placed.record.events);
        }
        if context.json {
            json_line(&as_json(placed, args.states && hand < finished));
        } else {
            print(&placed, &told);
        }
    }
    if let Some(hand) = hidden {
        eprintln!(
            "pokerctl: hand {hand} is running: its records, which show hidden cards, are left out; --break-glass REASON prints them and is put on record"
        );
    }
    Ok(())
}

/// Returns the number of the hand that is running after the last record.
fn running_hand(records: &[Placed]) -> Option<u64> {
    let mut latest_first = records.iter().rev().flat_map(|placed| placed.record.events.iter().rev());
    let bound =
        |event: &&TableEvent| matches!(event, TableEvent::HandStarted { .. } | TableEvent::HandEnded { .. });
    latest_first.find(bound).and_then(started)
}

/// Returns the number of the last hand that has ended.
fn last_finished(records: &[Placed]) -> u64 {
    let mut latest_first = records.iter().rev().flat_map(|placed| placed.record.events.iter().rev());
    latest_first
        .find_map(|event| match event {
            TableEvent::HandEnded { hand, .. } => Some(hand.0),
            _ => None,
        })
        .unwrap_or_default()
}

/// Takes out the seed of a deck that is committed to and not played yet.
fn hide_next_deck(events: &mut [TableEvent]) {
    for event in events {
        if let TableEvent::HandStarted { next_seed, .. } = event {
            *next_seed = None;
        }
    }
}

async fn put_on_record(bus: &Bus, table: TableId, hand: HandNo, reason: &str) -> Result<(), AskError> {
    let request = AdminRequest::Inspect {
        id: CommandId::from_random(ask::random()?),
        table,
        hand,
        reason: reason.to_owned(),
    };
    ask::cashier(bus, &request).await?;
    Ok(())
}

fn started(event: &TableEvent) -> Option<u64> {
    let TableEvent::HandStarted { start, .. } = event else { return None };
    Some(start.hand.0)
}

fn print(Placed { sequence, record, .. }: &Placed, told: &[String]) {
    let cause = match record.cause {
        Some(cause) => {
            let sender = cause.player.map_or("the fleet".to_owned(), |player| format!("player {player}"));
            format!("  by {sender}, command {}", cause.id)
        }
        None => String::new(),
    };
    let snapshot = if record.state.is_some() { "  (snapshot)" } else { "" };
    say(format!(
        "{}  {}  epoch {}{cause}{snapshot}",
        sequence,
        words::time_of_day(record.at_ms),
        record.epoch
    ));
    told.iter().for_each(|line| say(format!("    {line}")));
}

fn as_json(Placed { sequence, record, .. }: Placed, states: bool) -> Value {
    let snapshot = record.state.is_some();
    let state = record.state.filter(|_| states);
    let mut line = json!({
        "sequence": sequence,
        "at_ms": record.at_ms,
        "epoch": record.epoch,
        "cause": record.cause,
        "events": record.events,
        "snapshot": snapshot,
    });
    if let Some(state) = state {
        line["state"] = json!(state);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use poker::table::{Table, TableRecord};
    use wire::{
        Chips, Epoch, PlayerId,
        event::Seed,
        table::{HouseBot, Level, TableConfig},
    };

    /// Returns the records of a table of two bots whose first hand has ended and whose second runs.
    fn records() -> Vec<Placed> {
        let (id, level) = (TableId(1), Level::cash(Chips(1), Chips(2)));
        let config = TableConfig { name: "x".to_owned(), ..TableConfig::cash(level, Chips(40)..=Chips(200)) };
        let config = config.without_pauses();
        let bot = |n| HouseBot { player: PlayerId(n), name: format!("b{n}"), buy_in: Chips(100) };
        let mut table = Table::new(id, config.clone());
        let mut records = Vec::new();
        let mut store = |table: &mut Table, events: Vec<TableEvent>| {
            let (v, epoch, at_ms, cause, state) = (1, Epoch(1), 1, None, None);
            let record = TableRecord { v, epoch, at_ms, resumed: false, cause, events, state };
            table.apply(&record);
            records.push(Placed { sequence: 1, stored_ms: 1, record });
        };
        let created = poker::table::create(id, &config, &[bot(1), bot(2)]).unwrap();
        store(&mut table, created);
        for effect in table.effects() {
            let poker::table::Effect::Money(wire::cashier::TableMoneyRequest::BuyIn { posting, .. }) = effect
            else {
                continue;
            };
            let arrived = table.money_arrived(&posting, None);
            store(&mut table, arrived);
        }
        for hour in 1..20 {
            let events = table.tick(hour * 3_600_000, || Seed([hour as u8; 32]));
            let begins = events.iter().find_map(started);
            if !events.is_empty() {
                store(&mut table, events);
            }
            if begins == Some(2) {
                break;
            }
        }
        records
    }

    #[test]
    fn no_record_shows_the_deck_of_a_hand_that_has_not_ended() {
        let mut records = records();
        assert_eq!((last_finished(&records), running_hand(&records)), (1, Some(2)));
        let next_seed = |event: &TableEvent| match event {
            TableEvent::HandStarted { next_seed, .. } => *next_seed,
            _ => None,
        };
        let starts = |records: &[Placed]| -> Vec<bool> {
            let events = records.iter().flat_map(|placed| &placed.record.events);
            events.filter(|event| started(event).is_some()).map(|event| next_seed(event).is_some()).collect()
        };
        assert_eq!(starts(&records), [true, true]);
        records.iter_mut().for_each(|placed| hide_next_deck(&mut placed.record.events));
        assert_eq!(starts(&records), [false, false]);
    }
}
