//! What players are told: the table's events to everybody, cards beside them, seats to the player alone.
//! Only durable events get here. A lost message is noticed by its number, or by asking again.
//! What the worker's tables have to tell at the same time leaves in one message.

use bus::{Bus, Peers, Request};
use poker::table::{self, Table};
use std::{collections::VecDeque, time::Duration};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use wire::{
    PlayerId, VERSION,
    client::{ServerFrame, ServerMessage, TableEvents},
    codec::{self, CodecError},
    event::{Event, TableEvent},
    fleet::Role,
    subject::{self, TABLE_FEED},
    table::{DealtCards, Purpose, TableNews, Told},
};

/// Public events that a table remembers for those who missed some: those of the current hand and the one before.
#[derive(Default)]
pub struct History {
    events: VecDeque<Event>,
    /// Number of the newest event.
    last: u64,
    hand_began: Option<u64>,
}

/// A hand has a few hundred events at most; this bounds what is remembered where much is said, so that all of it fits into one
/// frame for a player.
const MAX_REMEMBERED: usize = 2_048;

impl History {
    /// Remembers events that are durable; `last` is the number of the last of them.
    pub fn remember(&mut self, events: &[Event], last: u64) {
        let first = last + 1 - events.len() as u64;
        if first != self.last + 1 {
            self.events.clear();
            self.hand_began = None;
        }
        for (number, event) in (first..).zip(events) {
            if matches!(event, Event::HandStarted(_)) {
                self.forget_before(self.hand_began.unwrap_or(first));
                self.hand_began = Some(number);
            }
            self.events.push_back(event.clone());
            self.last = number;
        }
        if self.events.len() > MAX_REMEMBERED {
            self.events.drain(..self.events.len() - MAX_REMEMBERED);
        }
    }

    /// The events after number `since`, if all of them are remembered.
    pub fn after(&self, since: u64) -> Option<(u64, Vec<Event>)> {
        let missing = usize::try_from(self.last.checked_sub(since)?).ok()?;
        let skip = self.events.len().checked_sub(missing)?;
        Some((since + 1, self.events.iter().skip(skip).cloned().collect()))
    }

    /// How many events [`History::hand`] gives.
    pub fn hand_len(&self) -> usize {
        let began = self.hand_began.unwrap_or(self.last + 1);
        let events = usize::try_from(self.last + 1 - began).unwrap_or(usize::MAX);
        // Forgotten in part, it is not told at all.
        if events > self.events.len() { 0 } else { events }
    }

    /// The events of the last hand that began, as far as they are remembered.
    pub fn hand(&self) -> Option<(u64, Vec<Event>)> {
        self.after(self.hand_began?.checked_sub(1)?)
    }

    fn forget_before(&mut self, number: u64) {
        let first = self.last + 1 - self.events.len() as u64;
        let gone = usize::try_from(number.saturating_sub(first)).unwrap_or(0);
        self.events.drain(..gone.min(self.events.len()));
    }
}

/// The public ones among a record's events.
pub fn public(events: &[TableEvent]) -> Vec<Event> {
    events.iter().filter_map(table::public).collect()
}

/// What waits to be told; beyond it a table waits.
const WAITING: usize = 4_096;
/// Bytes of frames after which a message is not made larger.
const MOST_BYTES: usize = 128 * 1_024;
/// A message wakes every connection node, however little it tells. Each node beyond the second lets the next one wait so much longer
/// after the last: where many nodes listen, as many are woken a second as by few.
const EACH_NODE: Duration = Duration::from_micros(1_500);
/// It waits no longer than this: nobody at a table notices.
const LONGEST: Duration = Duration::from_millis(10);
/// How often the connection nodes are counted.
const COUNT: Duration = Duration::from_secs(1);

/// The way from a worker's tables to all connection nodes. Clones share it.
#[derive(Clone)]
pub struct Feed {
    bus: Bus,
    told: mpsc::Sender<Told>,
}

impl Feed {
    /// Starts the task that sends; it ends when everything is sent and nobody has the feed any more.
    pub fn start(bus: &Bus, peers: &Peers) -> (Self, JoinHandle<()>) {
        let (told, waiting) = mpsc::channel(WAITING);
        (Self { bus: bus.clone(), told }, tokio::spawn(send_together(bus.clone(), peers.clone(), waiting)))
    }

    /// Tells everybody concerned about a record's events; `table` is the table after them. The public ones answer the request
    /// besides, if there is one.
    pub async fn publish(
        &self,
        table: &Table,
        events: &[TableEvent],
        public: Vec<Event>,
        request: Option<&Request>,
    ) {
        // Whoever watches because of a new seat must be told of the seat first.
        for (player, message) in seat_changes(table, events) {
            send(&self.bus, subject::player_feed(player), encode(message)).await;
        }
        if public.is_empty() {
            return;
        }
        let first = table.event_no() + 1 - public.len() as u64;
        let table_events = TableEvents { table: table.id(), first, events: public };
        match encode(ServerMessage::Events(table_events)) {
            Ok(frame) => {
                // Cards are never dealt without an event that everybody sees.
                let cards = table::private_cards_dealt(table, events);
                let cards = cards.map(|(player, cards)| DealtCards { player, cards }).collect();
                let answers = request.and_then(Request::inbox).map(str::to_owned);
                let turn = table.player_to_act();
                // The task lives as long as this.
                let _ = self.told.send(Told { table: table.id(), frame, cards, answers, turn }).await;
            }
            Err(error) => tracing::error!(%error, "a table's events cannot be encoded"),
        }
    }
}

/// Runs until nobody is left to tell anything.
async fn send_together(bus: Bus, peers: Peers, mut waiting: mpsc::Receiver<Told>) {
    let mut sent = Instant::now();
    let mut counted = sent;
    let mut pause = Duration::ZERO;
    while let Some(first) = waiting.recv().await {
        // A timer that is due already takes up to a millisecond all the same.
        if !pause.is_zero() {
            sleep_until(sent + pause).await;
        }
        sent = Instant::now();
        if sent >= counted {
            pause = pause_for(peers.alive(Role::Gateway).len());
            counted = sent + COUNT;
        }
        send(&bus, TABLE_FEED.to_owned(), codec::encode(&together(first, &mut waiting))).await;
    }
}

/// The least time between two messages to so many connection nodes.
fn pause_for(nodes: usize) -> Duration {
    let further = u32::try_from(nodes.saturating_sub(2)).unwrap_or(u32::MAX);
    EACH_NODE.saturating_mul(further).min(LONGEST)
}

/// What is there by now.
fn together(first: Told, waiting: &mut mpsc::Receiver<Told>) -> TableNews {
    let mut bytes = first.frame.len();
    let mut told = vec![first];
    while bytes < MOST_BYTES
        && let Ok(next) = waiting.try_recv()
    {
        bytes += next.frame.len();
        told.push(next);
    }
    TableNews { told }
}

fn encode(m: ServerMessage) -> Result<Vec<u8>, CodecError> {
    codec::encode(&ServerFrame { v: VERSION, re: None, m })
}

fn seat_changes(table: &Table, events: &[TableEvent]) -> Vec<(PlayerId, ServerMessage)> {
    let tournament = match table.config().purpose {
        Purpose::Tournament { tournament } => Some(tournament),
        Purpose::Cash { .. } => None,
    };
    let told = |event: &TableEvent| match *event {
        TableEvent::Seated { seat, player, bot: false, .. } if tournament.is_some() => {
            Some((player, ServerMessage::GivenSeat { table: table.id(), seat, tournament }))
        }
        TableEvent::TimedOut { seat } if table.is_out_of_time(seat) => {
            let (_, player) = table.players().find(|(no, _)| *no == seat)?;
            Some((player, ServerMessage::TimedOut { table: table.id() }))
        }
        TableEvent::Unseated { player, reason, .. } => {
            Some((player, ServerMessage::LostSeat { table: table.id(), reason }))
        }
        _ => None,
    };
    events.iter().filter_map(told).collect()
}

async fn send(bus: &Bus, subject: String, message: Result<Vec<u8>, CodecError>) {
    match message {
        Ok(bytes) => {
            if let Err(error) = bus.publish(subject, bytes.into()).await {
                // Viewers notice the missing number and resync.
                tracing::debug!(%error, "a feed message was not sent");
            }
        }
        Err(error) => tracing::error!(%error, "a feed message cannot be encoded"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sat_out(seat: u8) -> Event {
        Event::SatOut { seat }
    }

    #[test]
    fn history_gives_what_was_missed_or_nothing() {
        let mut history = History::default();
        history.remember(&[sat_out(1), sat_out(2)], 2);
        history.remember(&[sat_out(3)], 3);
        assert_eq!(history.after(1), Some((2, vec![sat_out(2), sat_out(3)])));
        assert_eq!(history.after(3), Some((4, vec![])));
        assert_eq!(history.after(0).map(|(first, events)| (first, events.len())), Some((1, 3)));
        assert_eq!(history.after(4), None, "a number from the future");
        history.remember(&[sat_out(9)], 10);
        assert_eq!(history.after(8), None, "a gap in what was heard");
        assert_eq!(history.after(9), Some((10, vec![sat_out(9)])));
    }

    #[tokio::test]
    async fn what_waits_is_told_together_in_order_and_bounded() {
        let (tell, mut waiting) = mpsc::channel(WAITING);
        let told = |n: u64, bytes| Told {
            table: wire::TableId(n),
            frame: vec![0; bytes],
            cards: Vec::new(),
            answers: None,
            turn: None,
        };
        for n in 0..10 {
            tell.send(told(n, MOST_BYTES / 4)).await.unwrap();
        }
        drop(tell);
        let mut messages = Vec::new();
        while let Some(first) = waiting.recv().await {
            let TableNews { told } = together(first, &mut waiting);
            messages.push(told.iter().map(|told| told.table.0).collect::<Vec<_>>());
        }
        assert_eq!(messages, [vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9]]);
    }

    #[test]
    fn the_more_nodes_listen_the_longer_a_message_waits_for_company() {
        assert_eq!([0, 1, 2].map(pause_for), [Duration::ZERO; 3]);
        assert_eq!(pause_for(8), 6 * EACH_NODE);
        assert_eq!([100, usize::MAX].map(pause_for), [LONGEST; 2]);
    }

    fn hand_started() -> Event {
        Event::HandStarted(wire::event::HandStart {
            hand: wire::HandNo(1),
            button: 0,
            small_blind: None,
            big_blind: 1,
            level: wire::table::Level::default(),
            stacks: Vec::new(),
            commitment: wire::event::Seed([0; 32]),
        })
    }

    #[test]
    fn a_resync_is_bounded_by_two_hands_and_by_a_number_of_events() {
        let mut history = History::default();
        let mut last = 0;
        for _ in 0..100 {
            let hand = [hand_started(), sat_out(1), sat_out(2), sat_out(3)];
            last += 4;
            history.remember(&hand, last);
            assert!(history.events.len() <= 8);
        }
        assert_eq!(history.hand().map(|(first, events)| (first, events.len())), Some((last - 3, 4)));
        assert_eq!(history.hand_len(), 4);
        assert_eq!(history.after(last - 9), None, "two hands ago");
        for _ in 0..2 * MAX_REMEMBERED {
            last += 1;
            history.remember(&[sat_out(4)], last);
        }
        assert_eq!(history.events.len(), MAX_REMEMBERED);
        assert_eq!(history.hand(), None, "much was said since");
        assert_eq!(history.hand_len(), 0);
        assert_eq!(history.after(last - 1), Some((last, vec![sat_out(4)])));
    }
}
