//! A stand-in for a table worker: appends a record for each request, and sends news to all gateways
//! on one batched feed.

use super::{Got, NO_SEAT, Sent};
use crate::plan::Shape;
use anyhow::Context;
use bus::{AppendError, Bus, Cursor, Journal, Request, TableStreams};
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use serde_bytes::ByteBuf;
use std::{collections::HashMap, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use wire::{
    Card, HandNo, SeatNo, TableId,
    client::PrivateCards,
    codec,
    fleet::Role,
    subject::{self, TABLE_FEED, TABLE_PARTITIONS},
    table::{DealtCards, FeedMessage, TableNews},
};

/// Table news that wait for the feed; beyond, partitions wait, as in a table worker.
const QUEUED_NEWS: usize = 4_096;
/// Size after which a feed message takes no further news, in bytes, as in a table worker.
const FEED_MESSAGE_BYTES: usize = 128 * 1_024;
/// Pause between two feed messages for each gateway beyond the second, as in a table worker.
const PAUSE_PER_GATEWAY: Duration = Duration::from_micros(1_500);
/// Longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(10);

/// Options of `raw-worker`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    bus: bus::Args,
    /// Sizes, as JSON
    #[arg(long, value_parser = shape)]
    shape: Shape,
    /// The worker's number, from 0
    #[arg(long)]
    number: u16,
    /// The number of workers
    #[arg(long)]
    of: u16,
    /// The number of gateways that hear the feed
    #[arg(long)]
    gateways: u32,
}

/// Parses a shape from the command line.
///
/// # Errors
/// When the text is not a shape.
pub fn shape(text: &str) -> Result<Shape, serde_json::Error> {
    serde_json::from_str(text)
}

/// Runs until it is killed. Prints when it is ready.
///
/// # Errors
/// When the streams are missing or the server refuses the connection.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let bus = args.bus.connect(Role::TableWorker).await?;
    let (feed, waiting) = mpsc::channel(QUEUED_NEWS);
    tokio::spawn(send_together(bus.clone(), pause_for(args.gateways), waiting));
    let streams = TableStreams::new(&bus);
    let mut partitions = Vec::new();
    for partition in (0..TABLE_PARTITIONS).filter(|partition| partition % args.of == args.number) {
        let journal = streams.journal(partition).await?;
        let requests = bus.serve(subject::table_commands(partition), None).await?;
        let partition = Partition {
            feed: feed.clone(),
            journal,
            shape: args.shape,
            tables: HashMap::new(),
            writes: FuturesUnordered::new(),
        };
        partitions.push(tokio::spawn(partition.run(requests)));
    }
    bus.flush().await;
    println!("ready");
    for partition in partitions {
        partition.await.context("a partition has failed")??;
    }
    Ok(())
}

/// Returns the least pause between two messages to this many gateways.
fn pause_for(gateways: u32) -> Duration {
    PAUSE_PER_GATEWAY.saturating_mul(gateways.saturating_sub(2)).min(LONGEST_PAUSE)
}

/// Publishes the news of this worker's tables, all that wait in one message.
async fn send_together(
    bus: Bus,
    pause: Duration,
    mut waiting: mpsc::Receiver<TableNews>,
) -> anyhow::Result<()> {
    let mut sent = Instant::now();
    while let Some(first) = waiting.recv().await {
        if !pause.is_zero() {
            sleep_until(sent + pause).await;
        }
        sent = Instant::now();
        let mut bytes = first.frame.len();
        let mut told = vec![first];
        while bytes < FEED_MESSAGE_BYTES
            && let Ok(next) = waiting.try_recv()
        {
            bytes += next.frame.len();
            told.push(next);
        }
        bus.publish(TABLE_FEED.to_owned(), codec::encode(&FeedMessage { told })?.into()).await?;
    }
    Ok(())
}

struct Partition {
    feed: mpsc::Sender<TableNews>,
    journal: Journal,
    shape: Shape,
    tables: HashMap<TableId, Table>,
    writes: FuturesUnordered<BoxFuture<'static, Written>>,
}

struct Table {
    cursor: Cursor,
    /// Number of the table's last event.
    number: u64,
    /// Actions in the current hand.
    acted: u32,
}

struct Written {
    what: Work,
    table: TableId,
    cursor: Result<Cursor, AppendError>,
}

enum Work {
    Action(SeatNo, Box<Request>),
    Start(SeatNo),
}

impl Partition {
    async fn run(mut self, mut requests: bus::Requests) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                Some(request) = requests.next() => self.request(request)?,
                Some(written) = self.writes.next() => self.written(written).await?,
                else => return Ok(()),
            }
        }
    }

    fn request(&mut self, request: Request) -> anyhow::Result<()> {
        let bytes: ByteBuf = request.decode()?;
        let sent = Sent::read(&bytes).context("not a request")?;
        self.append(sent.table, Work::Action(sent.seat, Box::new(request)), self.shape.record, false);
        Ok(())
    }

    fn append(&mut self, id: TableId, what: Work, size: usize, snapshot: bool) {
        let table = self.tables.entry(id).or_insert_with(|| Table {
            cursor: Cursor::new(subject::table_journal(id)),
            number: 0,
            acted: 0,
        });
        let (journal, cursor) = (self.journal.clone(), table.cursor.clone());
        self.writes.push(Box::pin(async move {
            let cursor = journal.append(&cursor, vec![0; size].into(), snapshot).await;
            Written { what, table: id, cursor }
        }));
    }

    async fn written(&mut self, written: Written) -> anyhow::Result<()> {
        let id = written.table;
        let Some(table) = self.tables.get_mut(&id) else { return Ok(()) };
        table.cursor = written.cursor?;
        match written.what {
            Work::Action(seat, request) => {
                table.acted = (table.acted + 1) % self.shape.actions_per_hand;
                let over = table.acted == 0;
                let after = (seat + 1) % self.shape.players;
                let next = if over { NO_SEAT } else { after };
                let told = self.event(id, next, true);
                let answers = request.inbox().map(str::to_owned);
                self.feed.send(TableNews { answers, ..told }).await?;
                if over {
                    self.append(id, Work::Start(after), self.shape.start_record, true);
                }
            }
            Work::Start(next) => {
                let told = self.event(id, next, false);
                let cards = (0..self.shape.players).map(|seat| deal(id, seat)).collect();
                self.feed.send(TableNews { cards, ..told }).await?;
            }
        }
        Ok(())
    }

    /// Returns the table's next event as news.
    fn event(&mut self, id: TableId, next: SeatNo, acted: bool) -> TableNews {
        let number = self.tables.get_mut(&id).map_or(0, |table| {
            table.number += 1;
            table.number
        });
        let size = if acted { self.shape.event } else { self.shape.start };
        let frame = Got::Event { number, next, acted }.bytes(size);
        let turn = (next != NO_SEAT).then(|| Sent { table: id, seat: next }.player());
        TableNews { table: id, frame, cards: Vec::new(), answers: None, turn }
    }
}

/// Returns two cards for a seat.
fn deal(table: TableId, seat: SeatNo) -> DealtCards {
    let cards = Card::all().take(2).collect();
    let player = Sent { table, seat }.player();
    DealtCards { player, cards: PrivateCards { table, hand: HandNo(1_000), cards, openings: Vec::new() } }
}
