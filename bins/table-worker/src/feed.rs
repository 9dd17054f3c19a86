//! Publishes the news of the worker's tables: events to all gateways, cards beside them, seats to
//! the player alone. Only durable events are published. A lost message shows as a gap in the
//! events' numbers, or is found by asking again. News that the worker's tables have at the same
//! time leave in one message.

use bus::{Bus, Peers, Request};
use poker::table::{self, Table};
use std::time::Duration;
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
    table::{DealtCards, FeedMessage, Purpose, TableNews},
};

/// Table news that wait to be sent; beyond, tables wait.
const QUEUED_NEWS: usize = 4_096;
/// Bytes of frames at which a feed message takes no further table news.
const FEED_MESSAGE_BYTES: usize = 128 * 1_024;
/// A feed message wakes every gateway, however small it is. Each gateway beyond the second adds
/// this to the shortest time between two messages: with many gateways, as many are woken per second
/// as with few.
const PAUSE_PER_GATEWAY: Duration = Duration::from_micros(1_500);
/// The longest of these times, too short to be noticed at a table.
const LONGEST_PAUSE: Duration = Duration::from_millis(10);
/// How often the gateways are counted.
const COUNT: Duration = Duration::from_secs(1);

/// The publisher of a worker's tables to all gateways. Clones share it.
#[derive(Clone)]
pub struct Feed {
    bus: Bus,
    told: mpsc::Sender<TableNews>,
}

impl Feed {
    /// Starts the task that sends; it ends when all news are sent and all clones of the feed are
    /// dropped.
    pub fn start(bus: &Bus, peers: &Peers) -> (Self, JoinHandle<()>) {
        let (told, waiting) = mpsc::channel(QUEUED_NEWS);
        (Self { bus: bus.clone(), told }, tokio::spawn(send_together(bus.clone(), peers.clone(), waiting)))
    }

    /// Publishes a record's events; `table` is the table after them. If a request caused them, its
    /// answer rides on the public ones.
    pub async fn publish(
        &self,
        table: &Table,
        events: &[TableEvent],
        public: Vec<Event>,
        request: Option<&Request>,
    ) {
        // A connection that watches because of a new seat must be told of the seat first.
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
                // Cards are never dealt without a public event.
                let cards = table::private_cards_dealt(table, events);
                let cards = cards.map(|(player, cards)| DealtCards { player, cards }).collect();
                let answers = request.and_then(Request::inbox).map(str::to_owned);
                let turn = table.player_to_act();
                // The task lives as long as the feed.
                let _ = self.told.send(TableNews { table: table.id(), frame, cards, answers, turn }).await;
            }
            Err(error) => {
                tracing::error!(%error, "a table's events cannot be encoded: viewers do not get them, and will ask for a resync")
            }
        }
    }
}

/// Sends feed messages until the feed is dropped.
async fn send_together(bus: Bus, peers: Peers, mut waiting: mpsc::Receiver<TableNews>) {
    let mut sent = Instant::now();
    let mut counted = sent;
    let mut pause = Duration::ZERO;
    while let Some(first) = waiting.recv().await {
        // A timer that is already due takes up to a millisecond.
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

/// Returns the shortest time between two feed messages for this number of gateways.
fn pause_for(nodes: usize) -> Duration {
    let further = u32::try_from(nodes.saturating_sub(2)).unwrap_or(u32::MAX);
    PAUSE_PER_GATEWAY.saturating_mul(further).min(LONGEST_PAUSE)
}

/// Returns a feed message of the first table news and those that wait by now, up to about
/// [`FEED_MESSAGE_BYTES`].
fn together(first: TableNews, waiting: &mut mpsc::Receiver<TableNews>) -> FeedMessage {
    let mut bytes = first.frame.len();
    let mut told = vec![first];
    while bytes < FEED_MESSAGE_BYTES
        && let Ok(next) = waiting.try_recv()
    {
        bytes += next.frame.len();
        told.push(next);
    }
    FeedMessage { told }
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
                // Viewers notice the gap in the numbers and ask for a resync.
                tracing::debug!(%error, "a feed message was not sent: viewers will ask for a resync");
            }
        }
        Err(error) => {
            tracing::error!(%error, "a feed message cannot be encoded: viewers do not get it, and will ask for a resync")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_news_leave_together_in_order_and_bounded() {
        let (tell, mut waiting) = mpsc::channel(QUEUED_NEWS);
        let told = |n: u64, bytes| TableNews {
            table: wire::TableId(n),
            frame: vec![0; bytes],
            cards: Vec::new(),
            answers: None,
            turn: None,
        };
        for n in 0..10 {
            tell.send(told(n, FEED_MESSAGE_BYTES / 4)).await.unwrap();
        }
        drop(tell);
        let mut messages = Vec::new();
        while let Some(first) = waiting.recv().await {
            let FeedMessage { told } = together(first, &mut waiting);
            messages.push(told.iter().map(|told| told.table.0).collect::<Vec<_>>());
        }
        assert_eq!(messages, [vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9]]);
    }

    #[test]
    fn with_more_gateways_feed_messages_are_sent_less_often() {
        assert_eq!([0, 1, 2].map(pause_for), [Duration::ZERO; 3]);
        assert_eq!(pause_for(8), 6 * PAUSE_PER_GATEWAY);
        assert_eq!([100, usize::MAX].map(pause_for), [LONGEST_PAUSE; 2]);
    }
}
