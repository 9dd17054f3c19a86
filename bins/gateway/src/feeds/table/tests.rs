use super::*;
use crate::chunk::tests::chunk;
use wire::{
    Chips, TableId, VERSION,
    client::{ServerFrame, TableEvents},
    codec::Encoding,
    event::Event,
    table::{Level, TableConfig},
    view::TableView,
};

fn resync(event_no: u64, since: Option<u64>) -> Resync {
    let config = TableConfig {
        name: "one".into(),
        action_ms: 1_000,
        ..TableConfig::cash(Level::default(), Chips(1)..=Chips(2)).without_pauses()
    };
    Resync {
        view: TableView { event_no, ..TableView::new(TableId(1), config) },
        events: since.map(|since| TableEvents {
            table: TableId(1),
            first: since + 1,
            events: (since..event_no).map(|_| Event::SatIn { seat: 0 }).collect(),
        }),
        cards: None,
    }
}

fn hear(feed: &mut TableFeed, chunk: &Arc<Chunk>) -> bool {
    feed.hear(chunk, |outbox, frame| outbox.push(frame))
}

/// A viewer's connection, as its program sees it.
struct Program {
    outbox: Arc<Outbox>,
    last: u64,
}

impl Program {
    fn watch(feed: &mut TableFeed, number: u64, format: Encoding, event_no: u64) -> Self {
        let outbox = Arc::new(Outbox::alone(format));
        feed.join(number, &outbox);
        let view = Box::new(resync(event_no, None).view);
        feed.caught_up(number, event_no, None, ServerMessage::Table { view, events: None, cards: None });
        let mut program = Self { outbox, last: 0 };
        program.read();
        program
    }

    /// Reads all frames and asserts that events follow each other. Returns how often it got a
    /// snapshot.
    fn read(&mut self) -> u32 {
        let mut starts = 0;
        let mut frames = Vec::new();
        self.outbox.take(usize::MAX, |frame| frames.push(frame));
        for bytes in frames {
            let frame: ServerFrame = self.outbox.format().decode(&bytes).unwrap();
            assert_eq!(frame.v, VERSION);
            match frame.m {
                ServerMessage::Table { view, .. } => {
                    assert!(view.event_no >= self.last);
                    self.last = view.event_no;
                    starts += 1;
                }
                ServerMessage::Events(events) => {
                    assert_eq!(events.first, self.last + 1, "a gap or a repeat");
                    self.last = events.last();
                }
                other => panic!("{other:?}"),
            }
        }
        starts
    }
}

#[test]
fn every_viewer_sees_every_event_once() {
    let mut feed = TableFeed::default();
    let mut early = Program::watch(&mut feed, 1, Encoding::MessagePack, 3);
    assert!(!hear(&mut feed, &Arc::new(chunk(4..=6))));
    let mut late = Program::watch(&mut feed, 2, Encoding::Json, 5);
    // The late viewer has seen these events in its snapshot; they come over the feed as well.
    assert!(!hear(&mut feed, &Arc::new(chunk(4..=6))));
    assert!(!hear(&mut feed, &Arc::new(chunk(7..=9))));
    assert_eq!((early.read(), late.read()), (0, 0));
    assert_eq!((early.last, late.last), (9, 9));
}

#[test]
fn one_resync_closes_the_gaps_of_all_viewers() {
    let mut feed = TableFeed::default();
    let mut one = Program::watch(&mut feed, 1, Encoding::MessagePack, 3);
    let mut two = Program::watch(&mut feed, 2, Encoding::Json, 4);
    assert!(hear(&mut feed, &Arc::new(chunk(7..=8))));
    assert_eq!(feed.ask(), Some(3), "from the last event of the viewer that has seen least");
    assert_eq!(feed.ask(), None, "asked already");
    assert!(!hear(&mut feed, &Arc::new(chunk(9..=9))));
    assert!(!feed.repaired(Some(resync(8, Some(3)))));
    assert_eq!((one.read(), two.read()), (0, 0));
    assert_eq!((one.last, two.last), (9, 9));
}

#[test]
fn events_that_the_table_forgot_are_replaced_by_a_snapshot() {
    let mut feed = TableFeed::default();
    let mut one = Program::watch(&mut feed, 1, Encoding::Json, 3);
    assert!(feed.doubt());
    assert_eq!(feed.ask(), Some(3));
    assert!(!feed.repaired(Some(resync(90, None))));
    assert_eq!(one.read(), 1);
    assert_eq!(one.last, 90);
    assert!(!hear(&mut feed, &Arc::new(chunk(91..=91))));
    one.read();
    assert_eq!(one.last, 91);
}

#[test]
fn what_the_table_forgot_for_one_viewer_is_asked_for_again_for_those_that_have_seen_more() {
    let mut feed = TableFeed::default();
    let mut one = Program::watch(&mut feed, 1, Encoding::MessagePack, 15);
    let mut two = Program::watch(&mut feed, 2, Encoding::MessagePack, 20);
    assert!(hear(&mut feed, &Arc::new(chunk(33..=33))));
    assert_eq!(feed.ask(), Some(15));
    assert!(feed.repaired(Some(resync(33, None))), "the table may remember the events after 20");
    assert_eq!((one.read(), two.read()), (1, 0));
    assert_eq!(feed.ask(), Some(20));
    assert!(!feed.repaired(Some(resync(33, Some(20)))));
    assert_eq!((one.read(), two.read()), (0, 0));
    assert_eq!((one.last, two.last), (33, 33));
}

#[test]
fn a_resync_without_an_answer_is_repeated() {
    let mut feed = TableFeed::default();
    let mut one = Program::watch(&mut feed, 1, Encoding::MessagePack, 3);
    assert!(hear(&mut feed, &Arc::new(chunk(5..=5))));
    assert_eq!(feed.ask(), Some(3));
    assert!(feed.repaired(None));
    assert_eq!(feed.ask(), Some(3));
    assert!(!feed.repaired(Some(resync(5, Some(3)))));
    one.read();
    assert_eq!(one.last, 5);
}

#[test]
fn a_doubt_without_a_loss_sends_no_frames() {
    let mut feed = TableFeed::default();
    let mut one = Program::watch(&mut feed, 1, Encoding::MessagePack, 3);
    assert!(feed.doubt());
    assert_eq!(feed.ask(), Some(3));
    assert!(!feed.repaired(Some(resync(3, Some(3)))));
    assert_eq!(one.outbox.backlog(), 0);
    assert_eq!(one.read(), 0);
}

#[test]
fn a_closed_table_is_watched_no_longer() {
    let mut feed = TableFeed::default();
    let mut one = Program::watch(&mut feed, 1, Encoding::MessagePack, 3);
    let last = TableEvents { table: TableId(1), first: 4, events: vec![Event::Closed] };
    hear(&mut feed, &Arc::new(Chunk::replay(last)));
    assert!(feed.is_empty());
    one.read();
    assert_eq!(one.last, 4);
}
