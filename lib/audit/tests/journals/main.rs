//! Journals written by the engines have no violations; every planted fault is found.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that breaks says where")]

mod begun;
mod levels;
mod rude;

use audit::{
    Report, Rule, TableCheck, TableOutcome, TournamentCheck, TournamentOutcome, TournamentRecord,
    compare_tables_with_tournaments,
};
use poker::{dealing, table::TableRecord};
use std::collections::HashSet;
use testkit::room::{Room, cash_table, cash_table_named, find_hand_event};
use wire::{
    Card, Chips, Epoch, PlayerId, TableId, TournamentId,
    event::{HandEvent, HandStart, Seed, TableEvent},
    script::Script,
    tournament::TournamentEvent,
};

fn check_table(id: TableId, journal: &[TableRecord]) -> (Report, TableOutcome) {
    let mut report = Report::default();
    let mut check = TableCheck::new(id);
    for (sequence, record) in (1..).zip(journal) {
        check.record(sequence, record, &mut report);
    }
    (report, check.outcome())
}

fn check_tournament(id: TournamentId, journal: &[TournamentRecord]) -> (Report, TournamentOutcome) {
    let mut report = Report::default();
    let mut check = TournamentCheck::new(id);
    for (sequence, record) in (1..).zip(journal) {
        check.record(sequence, record, &mut report);
    }
    (report, check.outcome())
}

/// Returns whether the record contains a player's action.
fn is_action(record: &TableRecord) -> bool {
    matches!(record.events[0], TableEvent::Hand(HandEvent::Acted { .. }))
}

fn assert_clean(report: &Report) {
    let found: Vec<String> = report.found.iter().take(5).map(ToString::to_string).collect();
    assert_eq!(report.violations, 0, "{found:#?}");
}

#[test]
fn a_cash_table_has_no_violations() {
    for seed in 1..20 {
        let hosted = cash_table(600, seed);
        let (report, outcome) = check_table(TableId(7), &hosted.journal);
        assert_clean(&report);
        assert!(report.hands > 10 && report.snapshots > 10 && report.commands > 50, "{report:?}");
        let money = outcome.money.unwrap();
        assert_eq!(money.here, hosted.table.chips());
        assert_eq!(money.leaving, hosted.table.pending_cash_outs());
    }
}

#[test]
fn a_table_with_a_name_that_is_no_longer_accepted_has_no_violations() {
    let hosted = cash_table_named("\u{1b}[2J", 50, 1);
    assert_clean(&check_table(TableId(7), &hosted.journal).0);
}

/// Returns the rules that a tampered journal of a cash table breaks.
fn after(tamper: impl FnOnce(&mut Vec<TableRecord>)) -> Vec<Rule> {
    let mut journal = cash_table(600, 3).journal;
    tamper(&mut journal);
    let (report, _) = check_table(TableId(7), &journal);
    let mut rules: Vec<Rule> = report.found.iter().map(|violation| violation.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// Returns the index of a player's action in the middle of the journal.
fn an_action(journal: &[TableRecord]) -> usize {
    journal.iter().skip(100).position(is_action).unwrap() + 100
}

#[test]
fn a_record_dropped_doubled_or_swapped_is_found() {
    let dropped = after(|journal| drop(journal.remove(an_action(journal))));
    assert!(dropped.contains(&Rule::Legal), "{dropped:?}");
    let doubled = after(|journal| {
        let at = an_action(journal);
        journal.insert(at, journal[at].clone());
    });
    assert!(doubled.contains(&Rule::Once) && doubled.contains(&Rule::Legal), "{doubled:?}");
    let swapped = after(|journal| {
        let at = an_action(journal);
        journal.swap(at, at + 1);
    });
    assert!(swapped.contains(&Rule::Legal), "{swapped:?}");
    let beheaded = after(|journal| drop(journal.remove(0)));
    assert!(beheaded.contains(&Rule::Legal), "{beheaded:?}");
}

#[test]
fn a_chip_too_many_is_found_in_awards_stacks_and_cash_outs() {
    let awarded = after(|journal| {
        let event = find_hand_event(journal, |event| matches!(event, HandEvent::Awarded { .. }));
        if let HandEvent::Awarded { amount, .. } = event {
            *amount = amount.plus(Chips(1));
        }
    });
    assert!(awarded.contains(&Rule::Chips) && awarded.contains(&Rule::Legal), "{awarded:?}");
    let ended = after(|journal| {
        let events = journal.iter_mut().flat_map(|record| &mut record.events);
        let stacks = events.filter_map(|event| match event {
            TableEvent::HandEnded { stacks, .. } => Some(stacks),
            _ => None,
        });
        stacks.into_iter().next().unwrap()[0].chips.0 += 1;
    });
    assert!(ended.contains(&Rule::Chips), "{ended:?}");
    let paid = after(|journal| {
        let events = journal.iter_mut().flat_map(|record| &mut record.events);
        let mut paid = events.filter_map(|event| match event {
            TableEvent::Unseated { cash_out, posting: Some(_), .. } => Some(cash_out),
            _ => None,
        });
        paid.next().unwrap().0 += 1;
    });
    assert!(paid.contains(&Rule::Chips), "{paid:?}");
}

#[test]
fn a_wrong_card_or_seed_is_found() {
    let card = after(|journal| {
        let event = find_hand_event(journal, |event| matches!(event, HandEvent::Board { .. }));
        if let HandEvent::Board { cards, .. } = event {
            cards[0] = Card::all().find(|card| !cards.contains(card)).unwrap();
        }
    });
    assert!(card.contains(&Rule::Legal), "{card:?}");
    let twice = after(|journal| {
        let event = find_hand_event(journal, |event| matches!(event, HandEvent::Board { .. }));
        if let HandEvent::Board { cards, .. } = event {
            cards[0] = cards[1];
        }
    });
    assert!(twice.contains(&Rule::Deal), "{twice:?}");
    let seed = after(|journal| {
        let events = journal.iter_mut().flat_map(|record| &mut record.events);
        let mut starts = events.filter_map(|event| match event {
            TableEvent::HandStarted { seed, .. } => Some(seed),
            _ => None,
        });
        starts.next().unwrap().0[0] ^= 1;
    });
    assert!(seed.contains(&Rule::Deal) && seed.contains(&Rule::Legal), "{seed:?}");
}

/// Changes the second hand's start.
fn second_start(
    journal: &mut [TableRecord],
    change: impl FnOnce(&mut HandStart, &mut Seed, &mut Option<Seed>),
) {
    let events = journal.iter_mut().flat_map(|record| &mut record.events);
    let mut starts = events.filter_map(|event| match event {
        TableEvent::HandStarted { start, seed, next_seed, .. } => Some((start, seed, next_seed)),
        _ => None,
    });
    let (start, seed, next_seed) = starts.nth(1).unwrap();
    change(start, seed, next_seed);
}

#[test]
fn another_deck_than_the_one_committed_to_is_found() {
    let other = Seed([9; 32]);
    let chosen_later = after(|journal| {
        second_start(journal, |start, seed, _| {
            let previous = start.deal.as_ref().unwrap().previous;
            *seed = other;
            start.commitment = Seed(dealing::commitment(TableId(7), start.hand, &previous, &other).0);
        });
    });
    assert!(chosen_later.contains(&Rule::Deal), "{chosen_later:?}");
    let next = after(|journal| second_start(journal, |_, _, next| *next = Some(other)));
    assert!(next.contains(&Rule::Deal), "{next:?}");
    let downgraded = after(|journal| {
        second_start(journal, |start, seed, next| {
            (*seed, *next, start.deal) = (other, None, None);
            start.commitment = poker::shuffle::commitment(&other);
        });
    });
    assert!(downgraded.contains(&Rule::Deal) && downgraded.contains(&Rule::Legal), "{downgraded:?}");
    let uncommitted = after(|journal| second_start(journal, |start, _, _| start.deal = None));
    assert!(uncommitted.contains(&Rule::Deal), "{uncommitted:?}");
}

#[test]
fn an_opened_card_that_not_all_viewers_saw_is_found() {
    let opened = after(|journal| {
        let events = journal.iter_mut().flat_map(|record| &mut record.events);
        let mut dealt = events.filter_map(|event| match event {
            TableEvent::HandEnded { dealt: Some(dealt), .. } => Some(dealt),
            _ => None,
        });
        dealt.next().unwrap().open = (1 << 52) - 1;
    });
    assert!(opened.contains(&Rule::Deal) && opened.contains(&Rule::Legal), "{opened:?}");
}

#[test]
fn a_scripted_hand_at_a_table_that_shuffles_is_found() {
    let faults = after(|journal| {
        let events = journal.iter_mut().flat_map(|record| &mut record.events);
        let mut starts = events.filter_map(|event| match event {
            TableEvent::HandStarted { script, .. } => Some(script),
            _ => None,
        });
        *starts.next().unwrap() = Some(Box::new(Script {
            button: 0,
            min_bet: Chips(10),
            big_bet: Chips(20),
            small_blind: Chips(5),
            bring_in: Chips(5),
            dead_antes: false,
            cap: None,
            players: Vec::new(),
            deck: Card::all().collect(),
        }));
    });
    assert!(faults.contains(&Rule::Deal) && faults.contains(&Rule::Legal), "{faults:?}");
}

#[test]
fn a_wrong_snapshot_epoch_or_command_is_found() {
    let snapshot = after(|journal| {
        let with_state: Vec<usize> = (0..journal.len()).filter(|&i| journal[i].state.is_some()).collect();
        journal[with_state[9]].state = journal[with_state[8]].state.clone();
    });
    assert!(snapshot.contains(&Rule::Replay), "{snapshot:?}");
    let told = after(|journal| {
        let state = journal.iter_mut().filter_map(|record| record.state.as_mut()).nth(9).unwrap();
        state.keep_told(vec![wire::event::Event::Closed]);
    });
    assert_eq!(told, [Rule::Replay]);
    assert_eq!(after(|journal| journal[50].epoch = Epoch(0)), [Rule::Epoch]);
    assert_eq!(after(|journal| journal[50].v = 9), [Rule::Journal]);
    let command = after(|journal| {
        let first = an_action(journal);
        let later = (first + 50..).find(|&i| journal[i].cause.is_some()).unwrap();
        journal[later].cause = journal[first].cause;
    });
    assert!(command.contains(&Rule::Once), "{command:?}");
}

#[test]
fn two_seats_of_a_player_and_exchanged_blinds_are_found() {
    let seats = after(|journal| {
        let events = journal.iter_mut().flat_map(|record| &mut record.events);
        let mut bots = events.filter_map(|event| match event {
            TableEvent::SeatReserved { player, .. } => Some(player),
            _ => None,
        });
        *bots.next().unwrap() = PlayerId(2);
    });
    assert!(seats.contains(&Rule::Seats), "{seats:?}");
    let blinds = after(|journal| {
        let events = journal.iter_mut().flat_map(|record| &mut record.events);
        let mut starts = events.filter_map(|event| match event {
            TableEvent::HandStarted { start, .. } if start.stacks.len() > 2 => Some(start),
            _ => None,
        });
        let start = starts.nth(3).unwrap();
        (start.small_blind, start.big_blind) =
            (Some(start.big_blind), start.small_blind.unwrap_or(start.button));
    });
    assert!(blinds.contains(&Rule::Blinds) && blinds.contains(&Rule::Legal), "{blinds:?}");
}

fn check_room(room: &Room) -> Report {
    let (mut report, tournament) = check_tournament(room.tournament, &room.journal);
    let mut tables = Vec::new();
    for (id, hosted) in &room.tables {
        let (part, outcome) = check_table(*id, &hosted.journal);
        report.merge(part);
        tables.push(outcome);
    }
    compare_tables_with_tournaments(&tables, &[tournament], &HashSet::new(), &mut report);
    report
}

#[test]
fn a_tournament_has_no_violations() {
    for (entries, seed) in [(2, 1), (7, 2), (30, 3), (30, 4), (61, 5)] {
        let room = Room::tournament(entries, seed);
        let report = check_room(&room);
        assert_clean(&report);
        let (_, outcome) = check_tournament(room.tournament, &room.journal);
        assert_eq!(outcome.places.unwrap().len() as u32, entries);
        assert!(outcome.settled);
        assert_eq!(outcome.pool, Some((Chips::ZERO, Chips::ZERO)));
        assert!(report.hands > 0 && report.snapshots > 0);
    }
}

/// Returns the rules that a tampered tournament breaks.
fn after_in_room(tamper: impl FnOnce(&mut Room)) -> Vec<Rule> {
    let mut room = Room::tournament(20, 9);
    tamper(&mut room);
    let mut rules: Vec<Rule> = check_room(&room).found.iter().map(|violation| violation.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

fn tournament_events(room: &mut Room) -> impl Iterator<Item = &mut TournamentEvent> {
    room.journal.iter_mut().flat_map(|record| &mut record.events)
}

#[test]
fn a_forged_place_or_prize_is_found() {
    let prize = after_in_room(|room| {
        for event in tournament_events(room) {
            if let TournamentEvent::Finished { places, .. } = event {
                places[0].prize.0 += 1;
            }
        }
    });
    assert!(prize.contains(&Rule::Places), "{prize:?}");
    let place = after_in_room(|room| {
        for event in tournament_events(room) {
            if let TournamentEvent::Finished { places, .. } = event {
                places.pop();
            }
        }
    });
    assert!(place.contains(&Rule::Places), "{place:?}");
}

#[test]
fn a_player_at_two_tables_is_found() {
    let found = after_in_room(|room| {
        let mut adds: Vec<_> = tournament_events(room)
            .filter_map(|event| match event {
                TournamentEvent::Instructed { instruction, .. } => Some(&mut instruction.add),
                _ => None,
            })
            .collect();
        let arrival = adds[0][0].clone();
        adds[1].push(arrival);
    });
    assert!(found.contains(&Rule::Seats), "{found:?}");
}

#[test]
fn a_table_and_its_tournament_that_differ_are_found() {
    let report = after_in_room(|room| {
        let reported = tournament_events(room).find_map(|event| match event {
            TournamentEvent::HandReported { report, .. } => Some(report),
            _ => None,
        });
        let results = &mut reported.unwrap().results;
        results[0].after.0 += 10;
    });
    assert!(report.contains(&Rule::Chips) && report.contains(&Rule::Tournament), "{report:?}");
    let lost = after_in_room(|room| {
        let is_report = |record: &TournamentRecord| {
            record.events.iter().any(|event| matches!(event, TournamentEvent::HandReported { .. }))
        };
        let at = room.journal.iter().position(is_report).unwrap();
        room.journal.remove(at);
    });
    let replay = lost.contains(&Rule::Legal) || lost.contains(&Rule::Replay);
    assert!(lost.contains(&Rule::Tournament) && replay, "{lost:?}");
}
