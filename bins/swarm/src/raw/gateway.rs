//! A stand-in for a gateway: passes on the players' frames and the feed's messages.

use super::{
    Got, Sent,
    outbox::{Batch, Outbox},
};
use crate::plan::Shape;
use bus::{Bus, Patience, Subscription};
use client::link::{self, Reader};
use futures::StreamExt;
use serde_bytes::ByteBuf;
use std::{
    collections::HashMap,
    future::pending,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep_until,
};
use wire::{
    SeatNo, TableId, codec,
    fleet::Role,
    sender::Sender,
    subject::{self, TABLE_FEED},
    table::{FeedMessage, TableNews, TableReply},
};

/// Requests are never repeated: the stand-in for a table worker does not recognise repeats and
/// would append them again.
const PATIENCE: Patience = Patience { each: Duration::from_secs(60), total: Duration::from_secs(60) };

/// Options of `raw-gateway`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    bus: bus::Args,
    /// Sizes, as JSON
    #[arg(long, value_parser = super::worker::shape)]
    shape: Shape,
}

/// The connections that view a table, and their seats.
type Viewers = Vec<(SeatNo, Arc<Outbox>)>;

struct Gateway {
    bus: Bus,
    shape: Shape,
    /// Never cleaned up: connections do not end while a measurement runs.
    watched: Mutex<HashMap<TableId, Viewers>>,
}

/// Runs until it is killed. Prints its address first.
///
/// # Errors
/// When it cannot listen or the server refuses the connection.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let bus = args.bus.connect(Role::Gateway).await?;
    let feed = bus.subscribe(TABLE_FEED.to_owned()).await?;
    bus.flush().await;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("tcp://{}", listener.local_addr()?);
    let node = Arc::new(Gateway { bus, shape: args.shape, watched: Mutex::default() });
    tokio::spawn(Arc::clone(&node).hear(feed));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(Arc::clone(&node).connection(stream));
    }
}

impl Gateway {
    async fn connection(self: Arc<Self>, stream: TcpStream) {
        let (mut reader, socket) = link::over(stream);
        let outbox = Arc::new(Outbox::default());
        tokio::spawn(Arc::clone(&outbox).write_to(socket));
        // The first frame names the player.
        let Ok(bytes) = reader.next_bytes().await else { return };
        let Some(hello) = Sent::read(&bytes) else { return };
        self.watched().entry(hello.table).or_default().push((hello.seat, Arc::clone(&outbox)));
        outbox.push(&Got::Ready.bytes(0));
        self.pass_on(reader, hello.table, &outbox).await;
    }

    /// Sends each frame of a player to the table's owner, and the answer to the player.
    async fn pass_on(&self, mut reader: Reader, table: TableId, outbox: &Outbox) {
        let subject = subject::table_commands_of(table, Sender::Gateway);
        while let Ok(bytes) = reader.next_bytes().await {
            let Some(sent) = Sent::read(&bytes) else { return };
            let question = ByteBuf::from(sent.bytes(self.shape.request));
            let reply: Result<TableReply, _> = self.bus.request(subject.clone(), &question, PATIENCE).await;
            if reply.is_err() {
                return;
            }
            outbox.push(&Got::Answer.bytes(self.shape.answer));
        }
    }

    /// Passes the feed's messages on until the subscription ends.
    async fn hear(self: Arc<Self>, mut feed: Subscription) {
        let mut batch = Batch::default();
        loop {
            let due = batch.due();
            let due = async move {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                message = feed.next() => match message.map(|message| codec::decode(&message.payload)) {
                    Some(Ok(FeedMessage { told })) => told.iter().for_each(|told| self.tell(told, &mut batch)),
                    Some(Err(error)) => tracing::error!(%error, "a feed message cannot be decoded: it is skipped"),
                    None => return,
                },
                () = due => batch.flush(),
            }
        }
    }

    /// Passes one table's news on, in the order and with the urgency of a gateway.
    fn tell(&self, told: &TableNews, batch: &mut Batch) {
        let question = told.answers.as_deref().and_then(|inbox| self.bus.question(inbox));
        let watched = self.watched();
        let viewers = watched.get(&told.table).map_or(&[][..], Vec::as_slice);
        for (_, outbox) in viewers {
            batch.push(outbox, &told.frame);
        }
        let outbox_of = |player| viewers.iter().find(|(seat, _)| *seat == Sent::seat_of(player));
        for dealt in &told.cards {
            if let Some((_, outbox)) = outbox_of(dealt.player) {
                batch.push(outbox, &Got::Cards.bytes(self.shape.cards));
            }
        }
        if let Some((_, outbox)) = told.turn.and_then(outbox_of) {
            outbox.flush();
        }
        drop(watched);
        if let Some(question) = question
            && let Err(error) = self.bus.answered(question, &TableReply::Done { event_no: 0 })
        {
            tracing::error!(%error, "an answer cannot be encoded: its player gets none");
        }
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<TableId, Viewers>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
