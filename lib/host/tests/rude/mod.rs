//! Players send as many commands as they can: the aggregate's clock and other players go on.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use super::{ID, open, refused, taken_over, unavailable};
use crate::queue::{
    CHAT, CHAT_OF_PLAYER, PATIENCE_MS, QueueCommand as Q, QueueEvent, QueueReply,
    harness::{HostHarness, Out, Server},
};
use host::{FENCE_MS, LOOKUP_MS, MAX_LOOKUPS, MAX_MISSING, MISSING_MS, NotStored, Output};
use wire::{Refusal, TableId};

/// Commands that keep coming: more than any queue holds.
const FLOOD: u64 = 200;

/// Stores the record that is under way, and leaves the outputs that follow from it.
fn store(stage: &mut HostHarness, server: &mut Server) {
    let is_append = |output: &Out| matches!(output, Output::Append { .. });
    let at = stage.out.iter().position(is_append).expect("no record is under way");
    let Some(Output::Append { id, after, payload, snapshot, .. }) = stage.out.remove(at) else { return };
    let stored = server.append(id, after.last, payload, snapshot);
    stage.partition.appended(&stage.world, id, stored);
    stage.take();
}

/// Takes the answers out of the outputs.
fn replies(stage: &mut HostHarness) -> Vec<(u32, QueueReply)> {
    let mut replies = Vec::new();
    stage.out.retain_mut(|output| match output {
        Output::Reply { token, reply } => {
            replies.push((*token, reply.clone()));
            false
        }
        _ => true,
    });
    replies
}

fn gave_up(output: &Out) -> bool {
    matches!(output, Output::Tell { news, .. } if news.iter().any(|event| matches!(event, QueueEvent::GaveUp(_))))
}

#[test]
fn commands_that_keep_coming_do_not_stop_the_clock_and_those_before_the_deadline_go_first() {
    for flood in [Q::Write(1), Q::Chat] {
        let (mut stage, mut server) = open();
        stage.send(ID, 1, 1, Q::Join);
        stage.serve(&mut server);
        stage.pass(PATIENCE_MS - 1);
        // A record is under way and three commands wait when the time is over.
        let mut number = 10;
        for player in 2..6 {
            stage.send(ID, player, number, Q::Write(1));
        }
        stage.pass(1);
        let mut before = 0;
        while !stage.out.iter().any(gave_up) {
            number += 1;
            stage.send(ID, 10 + number % 20, number, flood.clone());
            store(&mut stage, &mut server);
            before += 1;
            assert!(before <= FLOOD, "{flood:?}: the clock stands still");
        }
        // The record under way, the three commands, the clock's own record, and the command that
        // came before the deadline was noticed.
        assert!((5..=6).contains(&before), "{flood:?}: {before} records");
    }
}

#[test]
fn chat_waits_until_no_other_command_does() {
    let (mut stage, mut server) = open();
    let under_way = stage.send(ID, 1, 1, Q::Write(1));
    let line = stage.send(ID, 2, 1, Q::Chat);
    let other = stage.send(ID, 3, 1, Q::Write(1));
    let answered: Vec<u32> = stage.serve(&mut server).replies.iter().map(|(token, _)| *token).collect();
    assert_eq!(answered, [under_way, other, line]);
    // A line that has waited for long goes first: its sender's other commands wait for it.
    stage.send(ID, 1, 2, Q::Write(1));
    let line = stage.send(ID, 2, 2, Q::Chat);
    stage.pass(1_000);
    let other = stage.send(ID, 3, 2, Q::Write(1));
    let answered: Vec<u32> = stage.serve(&mut server).replies.iter().map(|(token, _)| *token).collect();
    assert_eq!(answered[1..], [line, other]);
}

#[test]
fn lines_beyond_a_players_or_the_aggregates_rate_are_refused_by_name_and_repeats_use_up_nothing() {
    let (mut stage, mut server) = open();
    let count = |stage: &mut HostHarness, server: &mut Server, player: u64, first: u64| {
        for number in first..first + FLOOD {
            stage.send(ID, player, number, Q::Chat);
        }
        let replies = stage.serve(server).replies;
        assert_eq!(replies.len() as u64, FLOOD);
        let done = replies.iter().filter(|(_, reply)| *reply == QueueReply::Done).count();
        let refused = QueueReply::Refused(Refusal::TooMuchTalk);
        let too_much = replies.iter().filter(|(_, reply)| *reply == refused).count();
        assert_eq!(done + too_much, replies.len());
        u32::try_from(done).unwrap()
    };
    assert_eq!(count(&mut stage, &mut server, 1, 1), CHAT_OF_PLAYER.burst);
    // Repeats of a line that was said and of one that was refused.
    for number in 1..=FLOOD {
        let token = stage.send(ID, 1, 1, Q::Chat);
        assert_eq!(stage.serve(&mut server).replies, [(token, QueueReply::Done)], "repeat {number}");
    }
    let again = stage.send(ID, 1, FLOOD, Q::Chat);
    assert_eq!(stage.serve(&mut server).replies, [refused(again, Refusal::TooMuchTalk)]);
    assert_eq!(count(&mut stage, &mut server, 2, 1), CHAT_OF_PLAYER.burst);
    let left = CHAT.burst - 2 * CHAT_OF_PLAYER.burst;
    assert_eq!(count(&mut stage, &mut server, 3, 1), left, "the rate of all players is used up");
    stage.pass(u64::from(CHAT.burst) * CHAT.every_ms);
    assert_eq!(count(&mut stage, &mut server, 4, 1), CHAT_OF_PLAYER.burst);
}

#[test]
fn a_repeat_of_a_line_that_waits_is_said_once() {
    let (mut stage, mut server) = open();
    stage.send(ID, 1, 1, Q::Write(1));
    let tokens: Vec<u32> = (0..10).map(|_| stage.send(ID, 2, 1, Q::Chat)).collect();
    let seen = stage.serve(&mut server);
    assert!(tokens.iter().all(|token| seen.replies.contains(&(*token, QueueReply::Done))));
    assert_eq!(seen.news.iter().filter(|news| **news == [QueueEvent::Said]).count(), 1);
}

#[test]
fn a_line_beyond_the_rate_is_refused_by_name_only_by_an_owner_that_knows_all_records() {
    let (mut stage, mut server) = taken_over();
    // The first append is lost, so this owner has written no record yet.
    let flood: Vec<u32> = (1..6).map(|number| stage.send(ID, 1, number, Q::Chat)).collect();
    assert_eq!(replies(&mut stage), flood[2..].iter().map(|token| unavailable(*token)).collect::<Vec<_>>());
    stage.out.clear();
    stage.partition.appended(&stage.world, ID, Err(NotStored::Conflict));
    stage.take();
    stage.serve(&mut server);
    let late = stage.send(ID, 1, 9, Q::Chat);
    assert_eq!(stage.serve(&mut server).replies, [refused(late, Refusal::TooMuchTalk)]);
    stage.world.certain.set(false);
    let late = stage.send(ID, 1, 10, Q::Chat);
    assert_eq!(stage.serve(&mut server).replies, [unavailable(late)]);
}

#[test]
fn one_players_refusals_do_not_drive_out_what_is_remembered_of_others() {
    let (mut stage, mut server) = open();
    stage.send(ID, 0, 2, Q::Close);
    let first = stage.send(ID, 1, 1, Q::Join);
    assert!(stage.serve(&mut server).replies.contains(&refused(first, Refusal::TableClosed)));
    for number in 1..10 * FLOOD {
        stage.send(ID, 2, number, Q::Join);
        stage.serve(&mut server);
    }
    // Another command under the same id would succeed if the refusal were forgotten.
    let again = stage.send(ID, 1, 1, Q::Nothing);
    assert_eq!(stage.serve(&mut server).replies, [refused(again, Refusal::TableClosed)]);
}

/// Returns how many look-ups are to be carried out.
fn lookups(stage: &HostHarness) -> usize {
    stage.out.iter().filter(|output| matches!(output, Output::Read { .. })).count()
}

#[test]
fn a_table_goes_on_while_invented_ids_are_looked_up() {
    for after_ms in [0, FENCE_MS + LOOKUP_MS + 1] {
        let (mut stage, mut server) = taken_over();
        stage.pass(after_ms);
        let asked: Vec<u32> = (0..FLOOD).map(|n| stage.send(TableId(500 + n), 1, 1, Q::Nothing)).collect();
        assert_eq!(lookups(&stage), MAX_LOOKUPS);
        let answered = replies(&mut stage);
        assert_eq!(
            answered,
            asked[MAX_LOOKUPS..].iter().map(|token| unavailable(*token)).collect::<Vec<_>>()
        );
        // The server answers none of the look-ups, and the table's records are stored.
        for number in 1..50 {
            let token = stage.send(ID, 1, number, Q::Write(1));
            store(&mut stage, &mut server);
            assert_eq!(replies(&mut stage), [(token, QueueReply::Done)], "command {number}");
        }
        assert_eq!(lookups(&stage), MAX_LOOKUPS);
    }
}

#[test]
fn an_unknown_id_is_looked_up_once_in_a_while_unless_a_former_owner_may_still_write() {
    let (mut stage, mut server) = taken_over();
    let unknown = |stage: &mut HostHarness, server: &mut Server| {
        let token = stage.send(TableId(8), 1, 1, Q::Nothing);
        let looked_up = lookups(stage);
        assert_eq!(stage.serve(server).replies, [refused(token, Refusal::NoSuchTable)]);
        looked_up
    };
    for _ in 0..3 {
        assert_eq!(unknown(&mut stage, &mut server), 1, "a former owner may have made it by now");
    }
    stage.pass(FENCE_MS + LOOKUP_MS + 1);
    let looked_up: Vec<usize> = (0..4).map(|_| unknown(&mut stage, &mut server)).collect();
    assert_eq!(looked_up, [1, 0, 0, 0]);
    stage.pass(MISSING_MS);
    assert_eq!(unknown(&mut stage, &mut server), 1);
    // An owner that is not certain says so.
    stage.world.certain.set(false);
    let token = stage.send(TableId(8), 1, 1, Q::Nothing);
    assert_eq!(stage.serve(&mut server).replies, [unavailable(token)]);
    stage.world.certain.set(true);
    // Once it is made it is known.
    let made = stage.send(TableId(8), 0, 1, Q::Open);
    let token = stage.send(TableId(8), 1, 1, Q::Nothing);
    assert_eq!(stage.serve(&mut server).replies, [(made, QueueReply::Done), (token, QueueReply::Done)]);
}

#[test]
fn of_many_unknown_ids_the_last_ones_are_remembered() {
    let (mut stage, mut server) = open();
    stage.pass(FENCE_MS + LOOKUP_MS + 1);
    let many = 3 * MAX_MISSING as u64;
    for id in 100..100 + many {
        stage.send(TableId(id), 1, 1, Q::Nothing);
        stage.serve(&mut server);
    }
    let known = (100..100 + many).rev().take_while(|id| {
        stage.send(TableId(*id), 1, 2, Q::Nothing);
        let known = lookups(&stage) == 0;
        stage.serve(&mut server);
        known
    });
    assert_eq!(known.count(), MAX_MISSING);
}
