//! In place of a connection node: passes on what players send and what tables and players are told.

use super::{Got, Sent, Shape};
use bus::{Bus, Patience, Subscription};
use bytes::Bytes;
use client::link::{self, Reader};
use futures::StreamExt;
use serde_bytes::ByteBuf;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream, tcp::OwnedWriteHalf},
    sync::mpsc,
};
use wire::{TableId, fleet::Role, subject};

/// Never repeated: who stands in for a table worker does not know a repeat, and would write it once more.
const PATIENCE: Patience = Patience { each: Duration::from_secs(60), total: Duration::from_secs(60) };
/// Frames that are written together at most.
const TOGETHER: usize = 64;

/// Options of `raw-node`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    bus: bus::Args,
    /// Sizes, as JSON
    #[arg(long, value_parser = super::worker::shape)]
    shape: Shape,
}

type Outbox = mpsc::UnboundedSender<Bytes>;

struct Node {
    bus: Bus,
    shape: Shape,
    viewers: Mutex<HashMap<TableId, Arc<Mutex<Vec<Outbox>>>>>,
}

/// Runs until it is killed. Prints its address first.
///
/// # Errors
/// When it cannot listen or the server does not let it in.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let bus = args.bus.connect(Role::Gateway).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("tcp://{}", listener.local_addr()?);
    let node = Arc::new(Node { bus, shape: args.shape, viewers: Mutex::default() });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(Arc::clone(&node).connection(stream));
    }
}

impl Node {
    async fn connection(self: Arc<Self>, stream: TcpStream) {
        let (mut reader, write) = link::over(stream);
        let (outbox, frames) = mpsc::unbounded_channel();
        tokio::spawn(send(frames, write));
        if let Some(hello) = self.hello(&mut reader, &outbox).await {
            self.pass_on(reader, hello, outbox).await;
        }
    }

    /// The first frame says who it is.
    async fn hello(&self, reader: &mut Reader, outbox: &Outbox) -> Option<Sent> {
        let hello = Sent::read(&reader.next_bytes().await.ok()?)?;
        let (viewers, first) = {
            let mut tables = self.viewers.lock().unwrap_or_else(PoisonError::into_inner);
            let first = !tables.contains_key(&hello.table);
            (Arc::clone(tables.entry(hello.table).or_default()), first)
        };
        viewers.lock().unwrap_or_else(PoisonError::into_inner).push(outbox.clone());
        if first {
            let feed = self.bus.subscribe(Sent::table_feed(hello.table)).await.ok()?;
            tokio::spawn(show(feed, viewers));
        }
        let feed = self.bus.subscribe(subject::player_feed(hello.player())).await.ok()?;
        tokio::spawn(tell(feed, outbox.clone()));
        self.bus.flush().await;
        outbox.send(Got::Ready.bytes(0).into()).ok()?;
        Some(hello)
    }

    async fn pass_on(&self, mut reader: Reader, hello: Sent, outbox: Outbox) {
        let subject = subject::table_commands(subject::table_partition(hello.table));
        while let Ok(bytes) = reader.next_bytes().await {
            let Some(sent) = Sent::read(&bytes) else { return };
            let question = ByteBuf::from(sent.bytes(self.shape.request));
            let answer: Result<ByteBuf, _> = self.bus.request(subject.clone(), &question, PATIENCE).await;
            if answer.is_err() || outbox.send(Got::Answer.bytes(self.shape.answer).into()).is_err() {
                return;
            }
        }
    }
}

/// Everybody at the table gets it.
async fn show(mut feed: Subscription, viewers: Arc<Mutex<Vec<Outbox>>>) {
    while let Some(message) = feed.next().await {
        let viewers = viewers.lock().unwrap_or_else(PoisonError::into_inner);
        for viewer in viewers.iter() {
            let _ = viewer.send(message.payload.clone());
        }
    }
}

async fn tell(mut feed: Subscription, player: Outbox) {
    while let Some(message) = feed.next().await {
        if player.send(message.payload).is_err() {
            return;
        }
    }
}

/// Writes what waits, together.
async fn send(mut frames: mpsc::UnboundedReceiver<Bytes>, mut stream: OwnedWriteHalf) {
    let (mut taken, mut bytes) = (Vec::new(), Vec::new());
    while frames.recv_many(&mut taken, TOGETHER).await > 0 {
        for frame in taken.drain(..) {
            bytes.extend((frame.len() as u32).to_be_bytes());
            bytes.extend_from_slice(&frame);
        }
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
        bytes.clear();
    }
}
