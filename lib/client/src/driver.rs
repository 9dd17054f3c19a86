//! The task of a client: connects, passes frames between the link and the core, reconnects.

use crate::{
    Address, Down, Ended, Options,
    backoff::{self, Backoff},
    core::{ConnectionStep, Core, Greeting, ProgramRequest},
    frame::Received,
    link::{self, Reader, SendError, Writer},
    shared::Shared,
};
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};
use tls::Trust;
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, sleep_until, timeout},
};
use wire::client::ServerMessage;

/// A connection that held this long resets the pauses.
const HELD: Duration = Duration::from_secs(5);

/// Requests of the program on their way to the connection's task.
type Requests = mpsc::Receiver<ProgramRequest>;

/// The state of the client's task.
#[derive(Debug)]
pub(crate) struct Driver {
    options: Options,
    core: Core,
    asked: Requests,
    gone: oneshot::Receiver<()>,
    /// Signals that the first session is open; dropped when no session will open.
    first: Option<oneshot::Sender<()>>,
    shared: Arc<Shared>,
    /// Addresses that a gateway named, tried before those of the options.
    preferred: VecDeque<Address>,
    next_address: usize,
}

/// The end of a connection.
struct Over {
    down: Down,
    elsewhere: Vec<String>,
}

impl Driver {
    pub(crate) fn new(
        options: Options,
        core: Core,
        asked: Requests,
        gone: oneshot::Receiver<()>,
        first: oneshot::Sender<()>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            options,
            core,
            asked,
            gone,
            first: Some(first),
            shared,
            preferred: VecDeque::new(),
            next_address: 0,
        }
    }

    /// Runs until the client is dropped or there will be no further connection.
    pub(crate) async fn run(mut self) {
        let mut backoff = Backoff::default();
        let why = loop {
            let address = self.next_address();
            let started = Instant::now();
            let over = match self.one_connection(&address).await {
                Ok(over) => over,
                Err(why) => break why,
            };
            tracing::debug!(%address, down = ?over.down, "connection is over");
            if self.core.is_ready() && started.elapsed() >= HELD {
                backoff.reset();
            }
            self.core.lost(over.down, Instant::now());
            self.prefer(&address, &over.elsewhere);
            let pause = backoff.next(backoff::draw());
            if let Err(why) = self.meanwhile(sleep(pause)).await {
                break why;
            }
        };
        self.core.end(&why);
    }

    fn next_address(&mut self) -> Address {
        if let Some(address) = self.preferred.pop_front() {
            return address;
        }
        let list = &self.options.addresses;
        let address = list[self.next_address % list.len()].clone();
        self.next_address += 1;
        address
    }

    fn prefer(&mut self, from: &Address, elsewhere: &[String]) {
        if !elsewhere.is_empty() && !self.options.stay {
            self.preferred = elsewhere.iter().take(8).filter_map(|text| from.sibling(text)).collect();
        }
    }

    /// Runs one connection from its beginning to its end. `Err` means that there will be no further
    /// one.
    async fn one_connection(&mut self, address: &Address) -> Result<Over, Ended> {
        let patience = self.options.handshake_patience;
        let trust = self.options.trust.clone();
        let greeted = self.meanwhile(timeout(patience, greet(address, trust.as_ref()))).await?;
        let greeted = greeted.unwrap_or_else(|_| Err(broken(format!("{address}: no answer"))));
        let (mut reader, mut writer) = match greeted {
            Ok((reader, writer, greeting)) => {
                let now = Instant::now();
                self.core.connected(greeting, address.clone(), now);
                (reader, writer)
            }
            Err(over) => {
                let text = match &over.down {
                    Down::Broken(text) => text.clone(),
                    Down::ByNode(reason) => format!("{address}: {reason}"),
                };
                self.shared.trouble_is(text);
                return Ok(over);
            }
        };
        let result = self.converse(&mut reader, &mut writer).await;
        writer.close().await;
        result
    }

    /// Passes frames in both directions until the connection ends.
    async fn converse(&mut self, reader: &mut Reader, writer: &mut Writer) -> Result<Over, Ended> {
        loop {
            for frame in self.core.frames(Instant::now()) {
                match writer.send(&frame).await {
                    Ok(()) => {}
                    Err(SendError::TooLarge(size)) => self.core.too_large(frame.id, size),
                    Err(SendError::Link(why)) => return self.last_words(reader, why.0).await,
                }
            }
            if self.core.is_ready()
                && let Some(first) = self.first.take()
            {
                let _ = first.send(());
            }
            let verdict = self.step(reader).await;
            match verdict {
                ConnectionStep::Stay => {}
                ConnectionStep::Leave { down, elsewhere } => return Ok(Over { down, elsewhere }),
                ConnectionStep::End(why) => return Err(why),
            }
        }
    }

    /// Waits for the next frame, request or deadline, and handles it.
    async fn step(&mut self, reader: &mut Reader) -> ConnectionStep {
        let deadline = self.core.next_deadline();
        let deadline = deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(1));
        tokio::select! {
            received = reader.next() => match received {
                Ok(received) => self.core.receive(received, Instant::now()),
                Err(why) => ConnectionStep::Leave { down: Down::Broken(why.0), elsewhere: Vec::new() },
            },
            Some(ask) = self.asked.recv(), if self.core.has_room() => {
                self.core.request(ask, Instant::now());
                ConnectionStep::Stay
            }
            () = self.shared.queue.drained() => {
                self.core.room(Instant::now());
                ConnectionStep::Stay
            }
            () = sleep_until(deadline.into()) => self.core.tick(Instant::now()),
            _ = &mut self.gone => ConnectionStep::End(Ended::ByUs),
        }
    }

    /// Reads the gateway's frames from before sending failed: they may have the reason why the
    /// connection was closed.
    async fn last_words(&mut self, reader: &mut Reader, why: String) -> Result<Over, Ended> {
        let until = Instant::now() + Duration::from_millis(500);
        while let Ok(Ok(received)) = tokio::time::timeout_at(until.into(), reader.next()).await {
            match self.core.receive(received, Instant::now()) {
                ConnectionStep::Stay => {}
                ConnectionStep::Leave { down, elsewhere } => return Ok(Over { down, elsewhere }),
                ConnectionStep::End(why) => return Err(why),
            }
        }
        Ok(broken(why))
    }

    /// Awaits a future while no frame can be sent. The program may send requests or drop the client
    /// meanwhile.
    async fn meanwhile<T>(&mut self, wanted: impl Future<Output = T>) -> Result<T, Ended> {
        let mut wanted = std::pin::pin!(wanted);
        loop {
            tokio::select! {
                done = &mut wanted => return Ok(done),
                Some(ask) = self.asked.recv(), if self.core.has_room() => {
                    self.core.request(ask, Instant::now());
                }
                _ = &mut self.gone => return Err(Ended::ByUs),
            }
        }
    }
}

fn broken(why: String) -> Over {
    Over { down: Down::Broken(why), elsewhere: Vec::new() }
}

/// Connects and waits for the gateway's hello.
async fn greet(address: &Address, trust: Option<&Trust>) -> Result<(Reader, Writer, Greeting), Over> {
    let (mut reader, writer) = link::connect(address, None, trust).await.map_err(|why| broken(why.0))?;
    loop {
        let received = reader.next().await.map_err(|why| broken(format!("{address}: {why}")))?;
        let Received::Frame(frame) = received else {
            continue;
        };
        match frame.m {
            ServerMessage::Hello { .. } if frame.v != wire::VERSION => {
                let theirs = frame.v;
                return Err(broken(format!(
                    "{address} uses version {theirs} of the protocol, which this program does not support"
                )));
            }
            ServerMessage::Hello { node, idle_ms, now_ms, .. } => {
                return Ok((reader, writer, Greeting { node, idle_ms, now_ms }));
            }
            ServerMessage::Closing { reason, elsewhere } => {
                return Err(Over { down: Down::ByNode(reason), elsewhere });
            }
            // No gateway sends these before `Hello`; events that are missed so are asked for later.
            ServerMessage::Welcome { .. }
            | ServerMessage::Done
            | ServerMessage::Refused { .. }
            | ServerMessage::Pong
            | ServerMessage::Time { .. }
            | ServerMessage::Lobby { .. }
            | ServerMessage::LobbyPage { .. }
            | ServerMessage::Balance { .. }
            | ServerMessage::Sessions(_)
            | ServerMessage::SecondFactor(_)
            | ServerMessage::Seats(_)
            | ServerMessage::Standings(_)
            | ServerMessage::Seated { .. }
            | ServerMessage::Table { .. }
            | ServerMessage::Events(_)
            | ServerMessage::Cards(_)
            | ServerMessage::GivenSeat { .. }
            | ServerMessage::LostSeat { .. }
            | ServerMessage::TimedOut { .. }
            | ServerMessage::Placed { .. }
            | ServerMessage::Service(_) => {}
        }
    }
}
