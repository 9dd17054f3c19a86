//! In place of a table worker: appends a record for each request, replies, and tells those who watch.

use super::{Got, NOBODY, Sent, Shape};
use anyhow::Context;
use bus::{AppendError, Bus, Cursor, Journal, Request};
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use serde_bytes::ByteBuf;
use std::collections::HashMap;
use wire::{
    SeatNo, TableId,
    fleet::Role,
    subject::{self, TABLE_PARTITIONS, TABLE_STREAMS},
};

/// Options of `raw-worker`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    bus: bus::Args,
    /// Sizes, as JSON
    #[arg(long, value_parser = shape)]
    shape: Shape,
    /// Which of the workers it is, from 0
    #[arg(long)]
    number: u16,
    /// How many there are
    #[arg(long)]
    of: u16,
}

/// Reads a shape off the command line.
///
/// # Errors
/// When it is none.
pub fn shape(text: &str) -> Result<Shape, serde_json::Error> {
    serde_json::from_str(text)
}

/// Runs until it is killed. Says when it is ready.
///
/// # Errors
/// When the streams are not there or the server does not let it in.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let bus = args.bus.connect(Role::TableWorker).await?;
    let mut partitions = Vec::new();
    for partition in (0..TABLE_PARTITIONS).filter(|partition| partition % args.of == args.number) {
        let journal = Journal::open(&bus, &subject::table_stream(partition % TABLE_STREAMS)).await?;
        let requests = bus.serve(subject::table_commands(partition), None).await?;
        let partition = Partition {
            bus: bus.clone(),
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

struct Partition {
    bus: Bus,
    journal: Journal,
    shape: Shape,
    tables: HashMap<TableId, Table>,
    writes: FuturesUnordered<BoxFuture<'static, Written>>,
}

struct Table {
    cursor: Cursor,
    /// Number of its last event.
    number: u64,
    /// Actions in the current hand.
    acted: u32,
}

struct Written {
    what: What,
    table: TableId,
    cursor: Result<Cursor, AppendError>,
}

enum What {
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
        self.append(sent.table, What::Action(sent.seat, Box::new(request)), self.shape.record, false);
        Ok(())
    }

    fn append(&mut self, id: TableId, what: What, size: usize, snapshot: bool) {
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
            What::Action(seat, request) => {
                table.acted = (table.acted + 1) % self.shape.actions_per_hand;
                let over = table.acted == 0;
                let after = (seat + 1) % self.shape.players;
                request.answer(&ByteBuf::from(vec![0; self.shape.reply])).await?;
                self.feed(id, if over { NOBODY } else { after }, true, self.shape.event).await?;
                if over {
                    self.append(id, What::Start(after), self.shape.start_record, true);
                }
            }
            What::Start(next) => {
                self.feed(id, next, false, self.shape.start).await?;
                for seat in 0..self.shape.players {
                    let player = Sent { table: id, seat }.player();
                    let cards = Got::Cards.bytes(self.shape.cards);
                    self.bus.publish(subject::player_feed(player), cards.into()).await?;
                }
            }
        }
        Ok(())
    }

    async fn feed(&mut self, id: TableId, next: SeatNo, acted: bool, size: usize) -> anyhow::Result<()> {
        let Some(table) = self.tables.get_mut(&id) else { return Ok(()) };
        table.number += 1;
        let event = Got::Event { number: table.number, next, acted }.bytes(size);
        Ok(self.bus.publish(Sent::table_feed(id), event.into()).await?)
    }
}
