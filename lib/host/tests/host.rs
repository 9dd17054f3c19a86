//! The host's behaviour, shown with the smallest aggregate.

mod queue;
mod rude;

use host::{AT_REST_MS, EffectResult, IDLE_MS, MAX_LOOKUPS, NotStored, Output, ReadError, RecordOf};
use queue::{
    PATIENCE_MS, Queue, QueueCommand as Q, QueueEvent, QueueReply,
    harness::{HostHarness, MOST_BYTES, Server},
};
use wire::{Epoch, Refusal, TableId, codec};

const ID: TableId = TableId(7);

fn refused(token: u32, refusal: Refusal) -> (u32, QueueReply) {
    (token, QueueReply::Refused(refusal))
}

fn unavailable(token: u32) -> (u32, QueueReply) {
    refused(token, Refusal::unavailable("queue"))
}

/// Opens a queue, owned by its first owner.
fn open() -> (HostHarness, Server) {
    let mut server = Server::default();
    let mut stage = HostHarness::new(1, &server);
    let token = stage.send(ID, 0, 1, Q::Open);
    assert_eq!(stage.serve(&mut server).replies, [(token, QueueReply::Done)]);
    (stage, server)
}

/// Opens a queue and has the next owner take it over and read it.
fn taken_over() -> (HostHarness, Server) {
    let (_, mut server) = open();
    let mut stage = HostHarness::new(2, &server);
    stage.serve(&mut server);
    (stage, server)
}

#[test]
fn answers_and_news_come_after_the_record_is_stored_and_one_record_is_under_way_at_a_time() {
    let (mut stage, mut server) = open();
    let one = stage.send(ID, 1, 1, Q::Join);
    let two = stage.send(ID, 2, 1, Q::Join);
    let look = stage.send(ID, 3, 1, Q::Look);
    assert!(matches!(
        stage.out.make_contiguous(),
        [Output::Append { .. }, Output::Reply { token, reply: QueueReply::Waiting(0) }] if *token == look
    ));
    assert_eq!(stage.partition.under_way().0, 1);
    let seen = stage.serve(&mut server);
    // The second is answered once the pair is seated.
    assert_eq!(seen.replies, [(look, QueueReply::Waiting(0)), (one, QueueReply::Done)]);
    assert_eq!(seen.news.len(), 2);
    assert_eq!(seen.started, [(ID, 1, 0)]);
    stage.seated(ID, 1, EffectResult::Done(vec![Q::Seated(1)]));
    let seen = stage.serve(&mut server);
    assert_eq!(seen.replies, [(two, QueueReply::Done)]);
    assert_eq!(seen.news, [vec![QueueEvent::Seated(1)]]);
}

#[test]
fn a_repeat_gets_the_first_answer_or_refusal_also_from_the_next_owner() {
    let (mut stage, mut server) = open();
    stage.send(ID, 1, 1, Q::Join);
    stage.serve(&mut server);
    let records = server.count(ID);
    let again = stage.send(ID, 1, 1, Q::Join);
    assert_eq!(stage.serve(&mut server).replies, [(again, QueueReply::Done)]);
    let mut next = HostHarness::new(2, &server);
    next.pass(1);
    let again = next.send(ID, 1, 1, Q::Join);
    // The one further record is the new owner's: it extends the clock.
    assert_eq!(next.serve(&mut server).replies, [(again, QueueReply::Done)]);
    assert_eq!(server.count(ID), records + 1);
    next.send(ID, 0, 2, Q::Close);
    let late = next.send(ID, 5, 1, Q::Join);
    let seen = next.serve(&mut server);
    assert_eq!(seen.replies.last(), Some(&refused(late, Refusal::TableClosed)));
    let again = next.send(ID, 5, 1, Q::Nothing);
    assert_eq!(next.serve(&mut server).replies, [refused(again, Refusal::TableClosed)]);
}

#[test]
fn after_a_conflict_the_command_is_decided_anew_and_a_newer_owner_ends_the_partition() {
    let (mut old, mut server) = open();
    let mut new = HostHarness::new(2, &server);
    new.serve(&mut server);
    // The old owner writes once more before the new one does.
    old.send(ID, 1, 1, Q::Join);
    old.serve(&mut server);
    let token = new.send(ID, 2, 1, Q::Join);
    let seen = new.serve(&mut server);
    assert_eq!(seen.replies, []);
    assert_eq!(seen.started, [(ID, 1, 0)], "it was decided after the other's record");
    new.seated(ID, 1, EffectResult::Done(vec![Q::Seated(1)]));
    assert_eq!(new.serve(&mut server).replies, [(token, QueueReply::Done)]);
    let late = old.send(ID, 3, 1, Q::Join);
    let seen = old.serve(&mut server);
    assert_eq!((seen.superseded, seen.replies.len()), (Some(Epoch(2)), 0));
    old.send(ID, 3, 2, Q::Look);
    assert_eq!(old.serve(&mut server).replies, [unavailable(late + 1)]);
}

#[test]
fn an_answer_without_a_record_is_given_only_while_ownership_is_certain() {
    let (mut stage, mut server) = open();
    stage.world.certain.set(false);
    let nothing = stage.send(ID, 1, 1, Q::Nothing);
    let unknown = stage.send(TableId(8), 1, 1, Q::Nothing);
    let create = stage.send(TableId(9), 0, 1, Q::Open);
    let joined = stage.send(ID, 2, 1, Q::Join);
    let seen = stage.serve(&mut server);
    for token in [nothing, unknown, create] {
        assert!(seen.replies.contains(&unavailable(token)));
    }
    assert!(seen.replies.contains(&(joined, QueueReply::Done)));
    let again = stage.send(ID, 2, 1, Q::Join);
    assert_eq!(stage.serve(&mut server).replies, [(again, QueueReply::Done)], "a record stands behind it");
    stage.world.certain.set(true);
    let nothing = stage.send(ID, 1, 1, Q::Nothing);
    let unknown = stage.send(TableId(8), 1, 1, Q::Nothing);
    let seen = stage.serve(&mut server);
    assert_eq!(seen.replies, [(nothing, QueueReply::Done), refused(unknown, Refusal::NoSuchTable)]);
}

#[test]
fn an_answer_without_a_record_comes_after_a_record_of_this_owner_and_no_former_owner_carries_the_command_out()
{
    let (mut old, mut server) = open();
    let mut new = HostHarness::new(2, &server);
    new.serve(&mut server);
    let records = server.count(ID);
    for player in [0, 1] {
        let token = new.send(ID, player, 50, Q::Nothing);
        assert_eq!(new.serve(&mut server).replies, [(token, QueueReply::Done)]);
        assert_eq!(server.count(ID), records + 1, "one record fences for as long as this owner owns");
    }
    old.send(ID, 1, 50, Q::Join);
    let seen = old.serve(&mut server);
    assert_eq!((seen.superseded, seen.replies, seen.news.len()), (Some(Epoch(2)), vec![], 0));
    let fence = server.read(ID).unwrap().records.last().map(|bytes| codec::decode::<RecordOf<Queue>>(bytes));
    let fence = fence.unwrap().unwrap();
    assert_eq!((fence.epoch, fence.cause, fence.events), (Epoch(2), None, vec![]));
}

#[test]
fn a_command_with_a_record_of_its_own_needs_no_other() {
    let (mut stage, mut server) = taken_over();
    let records = server.count(ID);
    stage.send(ID, 1, 1, Q::Join);
    stage.send(ID, 2, 1, Q::Nothing);
    stage.serve(&mut server);
    assert_eq!(server.count(ID), records + 1);
}

#[test]
fn an_aggregate_at_rest_learns_what_a_former_owner_wrote_after_the_takeover() {
    let (mut old, mut server) = open();
    let mut new = HostHarness::new(2, &server);
    new.serve(&mut server);
    old.send(ID, 1, 1, Q::Join);
    old.serve(&mut server);
    new.pass(AT_REST_MS - 1);
    new.partition.renew(&new.world);
    new.serve(&mut server);
    let records = server.count(ID);
    assert_eq!(records, 2, "it is not looked for so soon");
    new.pass(1);
    new.world.certain.set(false);
    new.partition.renew(&new.world);
    assert!(new.partition.outputs().next().is_none(), "an owner that is not certain writes nothing");
    new.world.certain.set(true);
    new.partition.renew(&new.world);
    let seen = new.serve(&mut server);
    // The former owner may not have sent this, and only an owner that knows of the player who
    // waits gives that player more time.
    let [missed, given] = &seen.news[..] else { panic!("{:?}", seen.news) };
    assert!(matches!(missed[..], [QueueEvent::Joined(..)]), "{missed:?}");
    assert!(matches!(given[..], [QueueEvent::Extended(_)]), "{given:?}");
    let records = server.count(ID);
    new.partition.renew(&new.world);
    new.serve(&mut server);
    assert_eq!(server.count(ID), records, "one such record is enough");
}

#[test]
fn an_aggregate_that_is_over_gets_no_further_record() {
    let (mut old, mut server) = open();
    old.send(ID, 1, 1, Q::Close);
    old.serve(&mut server);
    let mut new = HostHarness::new(2, &server);
    new.send(ID, 1, 2, Q::Look);
    new.serve(&mut server);
    let records = server.count(ID);
    let token = new.send(ID, 2, 1, Q::Join);
    assert_eq!(new.serve(&mut server).replies, [refused(token, Refusal::TableClosed)]);
    assert_eq!(server.count(ID), records);
}

#[test]
fn a_command_is_refused_for_now_when_the_record_before_its_answer_cannot_be_stored() {
    let (mut stage, mut server) = taken_over();
    stage.world.certain.set(false);
    let records = server.count(ID);
    let token = stage.send(ID, 1, 1, Q::Nothing);
    assert_eq!(stage.serve(&mut server).replies, [unavailable(token)]);
    assert_eq!(server.count(ID), records, "an owner that is not certain writes nothing for it");
    stage.world.certain.set(true);
    for reason in [NotStored::NotNow, NotStored::Failed("away".to_owned())] {
        let token = stage.send(ID, 1, 2, Q::Nothing);
        let patient = stage.out.iter().any(|output| matches!(output, Output::Append { patient: true, .. }));
        assert!(stage.out.len() == 1 && !patient);
        stage.out.clear();
        stage.partition.appended(&stage.world, ID, Err(reason));
        let seen = stage.serve(&mut server);
        assert!(
            matches!(&seen.replies[..], [(to, QueueReply::Refused(refusal))] if *to == token && refusal.is_transient())
        );
    }
    let token = stage.send(ID, 1, 3, Q::Nothing);
    assert_eq!(stage.serve(&mut server).replies, [(token, QueueReply::Done)]);
}

#[test]
fn a_command_is_refused_for_now_when_the_partition_is_handed_over_before_its_answer() {
    let (mut stage, mut server) = taken_over();
    let token = stage.send(ID, 1, 1, Q::Nothing);
    stage.partition.release(&stage.world);
    let seen = stage.serve(&mut server);
    assert_eq!(seen.replies, [unavailable(token)]);
    assert!(seen.released);
}

#[test]
fn the_former_owners_last_record_is_found_before_a_refusal() {
    let (mut old, mut server) = open();
    let mut new = HostHarness::new(2, &server);
    new.serve(&mut server);
    old.send(ID, 1, 1, Q::Close);
    old.serve(&mut server);
    let token = new.send(ID, 2, 1, Q::Close);
    assert_eq!(new.serve(&mut server).replies, [(token, QueueReply::Done)]);
    assert!(new.partition.get(ID).unwrap().state == old.partition.get(ID).unwrap().state);
}

#[test]
fn requested_journals_are_read_first_and_unknown_ids_are_looked_up_a_few_at_a_time() {
    let (mut stage, mut server) = open();
    for id in 100..140 {
        stage.send(TableId(id), 0, 1, Q::Open);
        stage.serve(&mut server);
    }
    let mut next = HostHarness::new(2, &server);
    let wanted = next.send(TableId(139), 1, 1, Q::Nothing);
    let read: Vec<TableId> = next
        .out
        .iter()
        .filter_map(|output| if let Output::Read { id, .. } = output { Some(*id) } else { None })
        .collect();
    assert_eq!(read, [ID, TableId(100), TableId(139)]);
    // More unknown ids than may be looked up. The partition goes on meanwhile.
    next.out.clear();
    let tokens: Vec<u32> = (0..20).map(|n| next.send(TableId(500 + n), 1, 1, Q::Nothing)).collect();
    let turned_away = next.out.iter().filter(|output| matches!(output, Output::Reply { .. })).count();
    assert_eq!(turned_away, tokens.len() - MAX_LOOKUPS);
    next.partition.read(&next.world, TableId(500), Err(ReadError::Failed));
    next.partition.read(&next.world, TableId(139), Ok(server.read(TableId(139))));
    let seen = next.serve(&mut server);
    assert!(seen.replies.contains(&unavailable(tokens[0])));
    assert!(seen.replies.contains(&(wanted, QueueReply::Done)));
    assert!(seen.replies.contains(&refused(tokens[1], Refusal::NoSuchTable)));
}

#[test]
fn a_command_that_comes_during_a_look_up_is_looked_up_again() {
    let (mut stage, mut server) = open();
    let early = stage.send(TableId(8), 1, 1, Q::Nothing);
    let late = stage.send(TableId(8), 2, 1, Q::Nothing);
    stage.out.clear();
    stage.partition.read(&stage.world, TableId(8), Ok(None));
    let mut other = HostHarness::new(1, &Server::default());
    other.send(TableId(8), 0, 1, Q::Open);
    other.serve(&mut server);
    let seen = stage.serve(&mut server);
    assert_eq!(seen.replies, [refused(early, Refusal::NoSuchTable), (late, QueueReply::Done)]);
}

#[test]
fn a_time_out_is_stored_at_once_or_decided_anew_and_no_time_runs_out_during_an_outage() {
    let (mut stage, mut server) = open();
    stage.send(ID, 1, 1, Q::Join);
    stage.serve(&mut server);
    stage.world.well.set(false);
    stage.pass(PATIENCE_MS);
    let seen = stage.wake(&mut server);
    assert!(matches!(&seen.news[0][..], [QueueEvent::Extended(_)]), "no record can be stored");
    stage.world.well.set(true);
    stage.pass(PATIENCE_MS);
    stage.partition.wake(&stage.world);
    stage.take();
    let patient = |stage: &mut HostHarness| match stage.out.pop_front() {
        Some(Output::Append { patient, payload, .. }) => {
            (patient, codec::decode::<RecordOf<Queue>>(&payload).unwrap().events)
        }
        _ => panic!("no append"),
    };
    assert!(matches!(patient(&mut stage), (false, events) if matches!(events[..], [QueueEvent::GaveUp(_)])));
    stage.partition.appended(&stage.world, ID, Err(NotStored::NotNow));
    stage.take();
    assert!(matches!(patient(&mut stage), (true, events) if matches!(events[..], [QueueEvent::Extended(_)])));
}

#[test]
fn after_a_record_stored_late_the_time_is_extended_when_it_is_over() {
    let (mut stage, mut server) = open();
    stage.send(ID, 1, 1, Q::Join);
    stage.pass(2_000);
    let seen = stage.serve(&mut server);
    assert_eq!(seen.news.len(), 1);
    stage.pass(PATIENCE_MS);
    assert!(
        matches!(stage.wake(&mut server).news[..], [ref told] if matches!(told[..], [QueueEvent::Extended(_)]))
    );
    stage.pass(PATIENCE_MS);
    assert!(
        matches!(stage.wake(&mut server).news[..], [ref told] if matches!(told[..], [QueueEvent::GaveUp(_)]))
    );
}

#[test]
fn a_record_that_is_too_large_is_refused_by_name_and_the_others_go_on() {
    let (mut stage, mut server) = open();
    let large = stage.send(ID, 1, 1, Q::Write(2 * MOST_BYTES));
    let small = stage.send(ID, 2, 1, Q::Write(10));
    let first = stage.send(TableId(8), 0, 1, Q::Open);
    let seen = stage.serve(&mut server);
    assert!(
        matches!(&seen.replies[0], (token, QueueReply::Refused(Refusal::BadMessage { .. })) if *token == large)
    );
    assert!(
        seen.replies.contains(&(small, QueueReply::Done))
            && seen.replies.contains(&(first, QueueReply::Done))
    );
    assert_eq!(seen.troubles.len(), 1);
}

#[test]
fn a_snapshot_that_is_too_large_is_left_out() {
    let (mut stage, mut server) = open();
    for n in 1..=4 {
        stage.send(ID, n, 1, Q::Write(10));
        stage.serve(&mut server);
    }
    let token = stage.send(ID, 9, 1, Q::Write(MOST_BYTES - 300));
    let snapshot = |stage: &HostHarness| match stage.out.front() {
        Some(Output::Append { snapshot, .. }) => *snapshot,
        _ => panic!("no append"),
    };
    assert!(snapshot(&stage));
    stage.out.clear();
    stage.partition.appended(&stage.world, ID, Err(NotStored::TooLarge));
    stage.take();
    assert!(!snapshot(&stage));
    assert_eq!(stage.serve(&mut server).replies, [(token, QueueReply::Done)]);
    assert_eq!(server.read(ID).unwrap().records.len(), 6);
}

#[test]
fn effects_run_once_at_a_time_and_again_after_growing_pauses() {
    let (mut stage, mut server) = open();
    stage.send(ID, 1, 1, Q::Join);
    stage.send(ID, 2, 1, Q::Join);
    let mut seen = stage.serve(&mut server);
    for tries in 0..3 {
        assert_eq!(seen.started, [(ID, 1, tries)]);
        stage.seated(ID, 1, EffectResult::Failed);
        assert_eq!(stage.wake(&mut server).started, []);
        stage.pass(200 << tries);
        assert!(stage.partition.next_wake_ms().unwrap() <= stage.world.now.get().mono_ms);
        seen = stage.wake(&mut server);
    }
    stage.seated(ID, 1, EffectResult::Done(vec![Q::Seated(9)]));
    assert_eq!(stage.serve(&mut server).started, [], "the pause has not passed");
    stage.pass(10_000);
    assert_eq!(stage.wake(&mut server).started, [(ID, 1, 4)]);
    // Another owner records the effect's answer.
    let mut other = HostHarness::new(1, &server);
    other.serve(&mut server);
    other.seated(ID, 1, EffectResult::Done(vec![Q::Seated(1)]));
    other.serve(&mut server);
    stage.send(ID, 3, 1, Q::Join);
    assert_eq!(stage.serve(&mut server).stopped, [1]);
}

#[test]
fn an_effect_that_is_due_again_during_a_release_waits_for_the_next_owner() {
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut stage, mut server) = open();
        stage.send(TableId(8), 0, 1, Q::Open);
        stage.send(ID, 1, 1, Q::Join);
        stage.send(ID, 2, 1, Q::Join);
        stage.serve(&mut server);
        stage.seated(ID, 1, EffectResult::Failed);
        // A record that is under way keeps the release from ending.
        stage.send(TableId(8), 3, 1, Q::Write(1));
        stage.partition.release(&stage.world);
        stage.pass(10_000);
        stage.partition.wake(&stage.world);
        assert_eq!(stage.partition.next_wake_ms(), None);
        let seen = stage.serve(&mut server);
        done.send((seen.started, seen.released)).unwrap();
    });
    let seen = ended.recv_timeout(std::time::Duration::from_secs(20)).expect("the release never ends");
    assert_eq!(seen, (vec![], true));
}

#[test]
fn commands_beyond_the_bound_of_the_queue_are_refused_for_now() {
    let (mut stage, mut server) = open();
    let tokens: Vec<u32> = (1..=12).map(|n| stage.send(ID, n, 1, Q::Write(1))).collect();
    let seen = stage.serve(&mut server);
    let turned_away: Vec<u32> =
        tokens.iter().copied().filter(|token| seen.replies.contains(&unavailable(*token))).collect();
    // One command is under way, eight are queued.
    assert_eq!(turned_away, tokens[9..]);
    assert_eq!(seen.replies.len(), tokens.len());
}

#[test]
fn an_aggregate_that_is_over_leaves_memory_and_is_read_again_at_a_request() {
    let (mut stage, mut server) = open();
    stage.send(ID, 0, 2, Q::Close);
    stage.serve(&mut server);
    stage.pass(IDLE_MS - 1);
    assert_eq!(stage.wake(&mut server).evicted, []);
    stage.pass(1);
    assert_eq!(stage.wake(&mut server).evicted, [ID]);
    assert!(stage.partition.get(ID).is_none());
    let look = stage.send(ID, 1, 1, Q::Look);
    assert_eq!(stage.serve(&mut server).replies, [(look, QueueReply::Waiting(0))]);
    let mut next = HostHarness::new(2, &server);
    next.serve(&mut server);
    assert!(next.partition.get(ID).is_none(), "it is not taken over");
}

#[test]
fn a_journal_that_is_gone_or_unreadable_refuses_all_its_commands() {
    for gone in [true, false] {
        let (mut stage, mut server) = taken_over();
        let token = stage.send(ID, 1, 1, Q::Join);
        stage.out.clear();
        server.remove(ID);
        if !gone {
            server.append(ID, 0, b"?".to_vec(), true).unwrap();
        }
        stage.partition.appended(&stage.world, ID, Err(NotStored::Conflict));
        let seen = stage.serve(&mut server);
        let expected = if gone { refused(token, Refusal::NoSuchTable) } else { unavailable(token) };
        assert_eq!((seen.replies, seen.evicted), (vec![expected], vec![ID]));
        let again = stage.send(ID, 1, 1, Q::Join);
        let seen = stage.serve(&mut server);
        let expected = if gone { refused(again, Refusal::NoSuchTable) } else { unavailable(again) };
        assert_eq!(seen.replies, [expected]);
    }
}

#[test]
fn a_release_finishes_the_record_under_way_and_refuses_all_other_commands_for_now() {
    let (mut stage, mut server) = open();
    let under_way = stage.send(ID, 1, 1, Q::Join);
    let waits = stage.send(ID, 2, 1, Q::Join);
    let unknown = stage.send(TableId(8), 2, 1, Q::Nothing);
    stage.partition.release(&stage.world);
    let seen = stage.serve(&mut server);
    assert!(seen.released);
    assert!(seen.replies.contains(&(under_way, QueueReply::Done)));
    for token in [waits, unknown] {
        assert!(seen.replies.contains(&unavailable(token)));
    }
    assert_eq!(server.count(ID), 2);
    let mut empty = HostHarness::new(3, &Server::default());
    empty.partition.release(&empty.world);
    assert!(empty.serve(&mut server).released);
}

#[test]
fn an_aggregate_at_rest_stores_its_state_again_before_it_keeps_the_stream_from_being_trimmed() {
    let (mut stage, mut server) = open();
    stage.send(ID, 1, 1, Q::Write(10));
    stage.serve(&mut server);
    stage.world.newest.set(20_000);
    stage.partition.renew(&stage.world);
    stage.serve(&mut server);
    assert_eq!(server.read(ID).unwrap().records.len(), 2);
    stage.world.newest.set(40_000);
    stage.partition.renew(&stage.world);
    stage.serve(&mut server);
    assert_eq!(server.read(ID).unwrap().records.len(), 1, "recovery begins at the new snapshot");
}

#[test]
fn a_record_says_when_its_time_does_not_tell_how_long_ago_the_one_before_was() {
    const HOUR_MS: i64 = 3_600_000;
    let (mut stage, mut server) = open();
    let join = |stage: &mut HostHarness, server: &mut Server, player| {
        stage.pass(5_000);
        stage.send(ID, player, 1, Q::Join);
        stage.serve(server);
    };
    join(&mut stage, &mut server, 1);
    stage.set_clock(HOUR_MS);
    join(&mut stage, &mut server, 3);
    join(&mut stage, &mut server, 5);
    stage.set_clock(-HOUR_MS);
    join(&mut stage, &mut server, 7);
    let mut next = HostHarness::new(2, &server);
    next.serve(&mut server);
    join(&mut next, &mut server, 9);
    join(&mut next, &mut server, 11);
    let resumed = |payload| codec::decode::<RecordOf<Queue>>(payload).unwrap().resumed;
    let resumed: Vec<bool> = server.payloads(ID).map(|payload| resumed(payload)).collect();
    // The first, one in time, one after the clock was set forward, two that say at most how long it
    // was, and those of the next owner.
    assert_eq!(resumed, [false, false, true, false, false, true, false]);
}
