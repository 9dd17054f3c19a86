//! Compares one client's log with the journals.

use super::{
    Fault, Finding, Story,
    log::{Answer, ClientLog, Kind, OwnCards, Sent, Stretch},
};
use std::collections::HashMap;
use wire::{TableId, journal::Cause};

/// Number of faults that are reported for one stretch.
const MOST: usize = 3;

/// Returns the contradictions between a client's log and the journals.
#[must_use]
pub fn testimony(log: &ClientLog, stories: &HashMap<TableId, Story>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for stretch in &log.stretches {
        let mut found = seen(stretch, stories.get(&stretch.table));
        found.truncate(MOST);
        findings.extend(found);
    }
    for cards in &log.cards {
        findings.extend(dealt(log, cards, stories.get(&cards.table)));
    }
    for sent in &log.commands {
        findings.extend(done(log, sent, stories.get(&sent.table)));
    }
    for (table, hand, why) in &log.misdeals {
        findings.push(finding(Fault::Misdeal, *table, None, format!("hand {hand}: {why}")));
    }
    for finding in &mut findings {
        finding.player = log.player;
    }
    findings
}

fn finding(fault: Fault, table: TableId, sequence: Option<u64>, what: String) -> Finding {
    Finding { fault, table: Some(table), sequence, player: None, what }
}

/// Checks that each event was seen once, in order, as the journal has it, and not before it was
/// durable.
fn seen(stretch: &Stretch, story: Option<&Story>) -> Vec<Finding> {
    let table = stretch.table;
    let mut findings = Vec::new();
    let mut wrong = |fault, sequence, what| findings.push(finding(fault, table, sequence, what));
    let told = |number: u64| {
        let at = usize::try_from(number.checked_sub(1)?).ok()?;
        story?.events.get(at)
    };
    let sequence = |number: u64| told(number).map(|told| told.sequence);
    if let Some(last) = stretch.forgotten_since
        && let Some(began) = story.and_then(|story| story.remembered_hand(stretch.view))
        // Events that were replayed begin before `after`.
        && (began..=stretch.after).contains(&(last + 1))
    {
        let what = format!(
            "events {} to {} of the hand that began with {began} were not replayed",
            last + 1,
            stretch.after
        );
        wrong(Fault::Gap, sequence(last + 1), what);
    }
    let mut due = stretch.after + 1;
    for seen in &stretch.seen {
        let number = seen.number;
        if number > due {
            wrong(Fault::Gap, sequence(due), format!("event {number} came where {due} was due"));
        } else if number < due {
            wrong(Fault::Repeat, sequence(number), format!("event {number} came where {due} was due"));
        }
        due = number + 1;
        match told(number) {
            None => wrong(Fault::Foreign, None, format!("event {number} is in no journal")),
            Some(told) if told.sum != seen.sum => {
                wrong(
                    Fault::Foreign,
                    Some(told.sequence),
                    format!("event {number} is another in the journal"),
                );
            }
            Some(told) if seen.at_ms < told.stored_ms => {
                let early = told.stored_ms - seen.at_ms;
                wrong(Fault::Early, Some(told.sequence), format!("event {number} came {early} ms too early"));
            }
            Some(_) => {}
        }
    }
    findings
}

/// Checks that own cards are those that the player was dealt in the hand, and that they did not
/// come before the hand's start.
fn dealt(log: &ClientLog, cards: &OwnCards, story: Option<&Story>) -> Option<Finding> {
    let OwnCards { table, hand, ref cards, at_ms } = *cards;
    let Some(player) = log.player else {
        return Some(finding(Fault::Leak, table, None, format!("a visitor got cards of hand {hand}")));
    };
    let story = story?;
    let own = story.dealt.get(&(hand, player)).map(Vec::as_slice).unwrap_or_default();
    if let Some(card) = cards.iter().find(|card| !own.contains(card)) {
        return Some(finding(
            Fault::Leak,
            table,
            None,
            format!("hand {hand}: got {card}, which the player was not dealt"),
        ));
    }
    let began_ms = story.hands.get(&hand)?.stored_ms;
    (at_ms < began_ms).then(|| {
        let early = began_ms - at_ms;
        finding(
            Fault::Leak,
            table,
            None,
            format!("cards of hand {hand} came {early} ms before it was durable"),
        )
    })
}

/// Checks that an acknowledged command is in the journal once, and a refused one is not.
fn done(log: &ClientLog, sent: &Sent, story: Option<&Story>) -> Option<Finding> {
    let Sent { id, table, kind, at_ms, answer } = *sent;
    let cause = Cause { player: log.player, id };
    let times = story.map_or(0, |story| story.carried_out(cause));
    let command = format!("command {id} ({kind:?}, sent at {at_ms})");
    match (answer, kind, times) {
        (_, _, 2..) => {
            Some(finding(Fault::Doubled, table, None, format!("{command} was carried out {times} times")))
        }
        (Answer::Done, Kind::Change | Kind::Paid, 0) => Some(finding(
            Fault::Lost,
            table,
            None,
            format!("{command} was acknowledged and is in no journal"),
        )),
        (Answer::Refused, Kind::Change | Kind::Wish, 1) => {
            Some(finding(Fault::Undenied, table, None, format!("{command} was refused and carried out")))
        }
        _ => None,
    }
}
