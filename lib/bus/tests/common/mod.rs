//! A proxy that can be disturbed, between a client and a stage's server.

#![allow(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]
#![allow(dead_code, reason = "each test file uses its own part")]

use bus::{Bus, Options};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use testkit::Stage;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::Notify,
};

/// A TCP proxy between a client and the server.
pub struct Proxy {
    pub port: u16,
    state: Arc<State>,
}

struct State {
    /// Whether bytes to the client are held back.
    deaf: AtomicBool,
    /// Whether bytes to the server are held back.
    mute: AtomicBool,
    /// Bytes that came from the client.
    sent: AtomicU64,
    changed: Notify,
    /// Closes all connections.
    cut: Notify,
}

impl Proxy {
    /// Listens on a free port, and passes connections on to the server.
    pub async fn start(stage: &Stage) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            deaf: AtomicBool::new(false),
            mute: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            changed: Notify::new(),
            cut: Notify::new(),
        });
        let (server, shared) = (stage.nats.port(), Arc::clone(&state));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    tokio::select! {
                        () = pass(from_client, to_server, (&state, &state.mute), Some(&state.sent)) => {}
                        () = pass(from_server, to_client, (&state, &state.deaf), None) => {}
                        () = state.cut.notified() => {}
                    }
                });
            }
        });
        Self { port, state }
    }

    /// Connects as a NATS user, through this proxy.
    pub async fn bus(&self, stage: &Stage, user: &str) -> Bus {
        let urls = vec![format!("nats://127.0.0.1:{}", self.port)];
        Bus::connect(Options { urls, ..stage.options(user) }).await.unwrap()
    }

    /// Returns the bytes that the client has sent so far.
    pub fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::SeqCst)
    }

    /// Holds back all bytes to the client from now on.
    pub fn deafen(&self) {
        self.state.deaf.store(true, Ordering::SeqCst);
    }

    /// Holds back all bytes from now on, as if the client were stopped.
    pub fn freeze(&self) {
        self.deafen();
        self.state.mute.store(true, Ordering::SeqCst);
    }

    /// Passes all held bytes on, and further ones.
    pub fn thaw(&self) {
        self.state.deaf.store(false, Ordering::SeqCst);
        self.state.mute.store(false, Ordering::SeqCst);
        self.state.changed.notify_waiters();
    }

    /// Closes the connections; held bytes are lost. New connections pass.
    pub fn cut(&self) {
        self.state.cut.notify_waiters();
        self.thaw();
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    (state, held_back): (&State, &AtomicBool),
    counted: Option<&AtomicU64>,
) {
    let mut buffer = vec![0; 65_536];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        counted.map(|counted| counted.fetch_add(read as u64, Ordering::SeqCst));
        while held_back.load(Ordering::SeqCst) {
            let changed = state.changed.notified();
            let _ = tokio::time::timeout(Duration::from_millis(20), changed).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

/// Waits until a condition holds.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    testkit::eventually(what, || holds().then_some(())).await;
}
